//! The period of a report: half-open `[from, to)`, open on either side.

use chrono::{DateTime, Days, Duration, Months, NaiveDate, NaiveDateTime, Utc};
use domain::moment::{self, Moment};

use super::Invalid;
use super::invalid::Wrong;

/// Longest period if both ends are given.
const YEARS_MAX: u32 = 5;
/// Numbers with so many digits are read as milliseconds since 1970: the years 1973 to 5138.
const MILLISECOND_DIGITS: std::ops::RangeInclusive<usize> = 11..=14;

/// A period. Days begin at midnight in the report's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Range {
    /// First day or instant of the period; without it everything before `to`.
    pub from: Option<Moment>,
    /// First day or instant after the period; without it everything from `from` on.
    pub to: Option<Moment>,
}

impl Range {
    /// Parses the two ends of a period.
    pub fn parse(from: Option<&str>, to: Option<&str>) -> Result<Self, Invalid> {
        let mut wrong = Wrong::default();
        let from = wrong.take(from.map(|text| parse_bound("from", text)).transpose());
        let to = wrong.take(to.map(|text| parse_bound("to", text)).transpose());
        wrong.check()?;
        Range::new(from.flatten(), to.flatten())
    }

    /// Checks the two ends of a period.
    pub fn new(from: Option<Moment>, to: Option<Moment>) -> Result<Self, Invalid> {
        if let (Some(from), Some(to)) = (from, to) {
            let (first, last) = (approximate(from), approximate(to));
            if last < first {
                return Err(Invalid::not_allowed("to", "The period ends before it begins."));
            }
            if first.checked_add_months(Months::new(12 * YEARS_MAX)).is_some_and(|most| last > most) {
                let detail = format!(
                    "A period has at most {YEARS_MAX} years; leave out from or to for the whole history."
                );
                return Err(Invalid::not_allowed("to", detail));
            }
        }
        Ok(Range { from, to })
    }
}

/// Rejects bounds of a report on the ledger that are no days.
pub(super) fn check_days(range: Range, as_of: Option<Moment>) -> Result<(), Invalid> {
    let bounds = [("from", range.from), ("to", range.to), ("as_of", as_of)];
    let mut wrong = Wrong::default();
    for (parameter, bound) in bounds {
        if matches!(bound, Some(Moment::Instant(_))) {
            let detail = "The ledger has days and no instants: send a day such as 2026-11-22.";
            wrong.take::<()>(Err(Invalid::not_allowed(parameter, detail)));
        }
    }
    wrong.check()
}

/// Returns a bound as two SQL parameters: an instant, or a midnight without time zone.
pub(super) fn parameters(bound: Option<Moment>) -> (Option<DateTime<Utc>>, Option<NaiveDateTime>) {
    match bound {
        None => (None, None),
        Some(Moment::Instant(at)) => (Some(at), None),
        Some(Moment::Day(day)) => (None, Some(day.and_time(chrono::NaiveTime::MIN))),
    }
}

/// Returns the next moment: the next microsecond after an instant, the next midnight after a day.
pub(super) fn after(moment: Option<Moment>) -> (Option<DateTime<Utc>>, Option<NaiveDateTime>) {
    match moment {
        None => (None, None),
        Some(Moment::Instant(at)) => (Some(at + Duration::microseconds(1)), None),
        Some(Moment::Day(day)) => (None, Some((day + Days::new(1)).and_time(chrono::NaiveTime::MIN))),
    }
}

/// Returns a bound as the response repeats it.
pub(super) fn echo(bound: Moment) -> String {
    match bound {
        Moment::Day(day) => day.to_string(),
        Moment::Instant(at) => moment::text(at),
    }
}

/// Returns a moment in UTC, a day at its midnight.
pub(super) fn approximate(moment: Moment) -> NaiveDateTime {
    match moment {
        Moment::Instant(at) => at.naive_utc(),
        Moment::Day(day) => day.and_time(chrono::NaiveTime::MIN),
    }
}

/// Parses a day, an RFC 3339 instant, or milliseconds since 1970, which dashboards send.
pub(super) fn parse_bound(parameter: &'static str, text: &str) -> Result<Moment, Invalid> {
    let milliseconds =
        MILLISECOND_DIGITS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    // A plus sign that is not percent-encoded arrives as a space.
    let text = text.replacen(' ', "+", 1);
    let moment = if milliseconds {
        text.parse().ok().and_then(DateTime::from_timestamp_millis).map(Moment::Instant)
    } else {
        text.parse().ok()
    };
    match moment {
        Some(moment) if is_in_sql_range(moment) => Ok(moment),
        Some(_) => {
            let detail = "Send a day or an instant from 0001-01-03 to 9999-12-31.";
            Err(Invalid::not_allowed(parameter, detail))
        }
        None if has_form(&text) => {
            let detail = "There is no such day or time of day. Send one of the calendar, such as 2026-11-22.";
            Err(Invalid::not_allowed(parameter, detail))
        }
        None => {
            let detail = "Send a day such as 2026-11-22, an instant such as 2026-11-22T01:20:00Z, or milliseconds since 1970.";
            Err(Invalid::unreadable(parameter, detail))
        }
    }
}

/// Whether a text has the form of a day or an instant, although the calendar may have none.
fn has_form(text: &str) -> bool {
    let shape: String =
        text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    let Some(time) = shape.strip_prefix("0000-00-00") else { return false };
    let time = time.to_ascii_uppercase();
    let Some(rest) = time.strip_prefix("T00:00:00") else { return time.is_empty() };
    let zone = match rest.strip_prefix(".0") {
        Some(decimals) => decimals.trim_start_matches('0'),
        None => rest,
    };
    matches!(zone, "Z" | "+00:00" | "-00:00")
}

pub(super) fn is_in_sql_range(moment: Moment) -> bool {
    let day = approximate(moment).date();
    NaiveDate::from_ymd_opt(1, 1, 3).is_some_and(|first| day >= first)
        && NaiveDate::from_ymd_opt(9999, 12, 31).is_some_and(|last| day <= last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_days_instants_and_milliseconds() {
        let range = Range::parse(Some("2011-01-01"), Some("1320192000000")).expect("a range");
        assert_eq!(range.from.map(echo).as_deref(), Some("2011-01-01"));
        assert_eq!(range.to.map(echo).as_deref(), Some("2011-11-02T00:00:00Z"));
        let range = Range::parse(Some("2011-01-01T02:00:00 01:00"), None).expect("a range");
        assert_eq!(range.from.map(echo).as_deref(), Some("2011-01-01T01:00:00Z"));
        assert_eq!(Range::parse(None, None).expect("a range"), Range::default());
    }

    #[test]
    fn refuses_what_is_no_moment() {
        for text in
            ["", "yesterday", "2011", "20110101", "2011-1-1", "2011-01-01T00:00:00", "1e12", "-1320192000000"]
        {
            let invalid = Range::parse(Some(text), None).expect_err(text);
            assert_eq!((invalid.parameter, invalid.readable), ("from", false), "{text}");
        }
    }

    /// A text of the described form is read, so it is not allowed rather than unreadable.
    #[test]
    fn what_no_calendar_has_is_not_allowed() {
        for text in [
            "0000-01-01",
            "0001-01-02",
            "9999-12-31T23:59:59-23:59",
            "2026-02-30",
            "2026-13-01",
            "2026-11-22T24:00:00Z",
            "2026-11-22t01:20:61.5z",
            "2026-11-22T01:20:00+24:00",
            "2026-11-22T01:20:00 99:99",
        ] {
            let invalid = Range::parse(Some(text), None).expect_err(text);
            assert_eq!((invalid.parameter, invalid.readable), ("from", true), "{text}");
        }
        for text in ["0001-01-03", "9999-12-31", "2026-11-22t01:20:60.1234567891z", "00000000000"] {
            assert!(Range::parse(Some(text), None).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_period_runs_forward_and_has_at_most_five_years() {
        assert!(Range::parse(Some("2011-01-01"), Some("2011-01-01")).is_ok());
        assert!(Range::parse(Some("2011-01-01"), Some("2016-01-01")).is_ok());
        assert!(Range::parse(Some("1990-01-01"), None).is_ok());
        for (from, to) in [("2011-01-02", "2011-01-01"), ("2011-01-01", "2016-01-02")] {
            assert!(Range::parse(Some(from), Some(to)).expect_err("a refusal").readable);
        }
    }
}
