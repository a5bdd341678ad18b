//! The comparison of a period with an earlier one.
//!
//! - `previous_period` is the same number of days, directly before. Whole calendar months are compared with as many whole
//!   months: March with February, the first quarter with the last one of the year before.
//! - `previous_year` has the same dates, one year before. A period that begins on 29 February is compared from 28 February on,
//!   and one that ends there up to the end of 28 February.
//! - Instants move by the exact length of the period, or by a year in UTC.
//! - Rows of the earlier period stand at the time that they are compared with: 5 October at 5 November. A day that the later
//!   month does not have counts with its last day: 31 October with 30 November.

use async_graphql::Enum;
use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, Utc};
use domain::moment::Moment;
use sea_orm::sqlx::postgres::types::PgInterval;
use service::rollup::Calendar;
use strum::IntoEnumIterator;

use super::{Invalid, Range, range};

const YEAR: Months = Months::new(12);
const HOUR_S: i64 = 60 * 60;

/// The earlier period that a report is compared with.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Enum, strum::EnumIter, strum::EnumString, strum::IntoStaticStr,
)]
#[graphql(name = "Comparison")]
#[strum(serialize_all = "snake_case")]
pub enum CompareTo {
    /// The same number of days directly before, or of calendar months if the period is whole months.
    PreviousPeriod,
    /// The same dates one year before.
    PreviousYear,
}

/// An earlier period, and its distance.
#[derive(Debug, Clone)]
pub struct Comparison {
    pub to: CompareTo,
    pub range: Range,
    pub shift: Shift,
    /// Bounds and roll-ups of the earlier period; empty until a snapshot is open.
    pub calendar: Calendar,
}

/// The time from an instant of the earlier period to the one that it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    Months(i32),
    Days(i32),
    Hours(i64),
}

impl CompareTo {
    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        text.parse().map_err(|_| {
            let known: Vec<&str> = CompareTo::iter().map(Into::into).collect();
            Invalid::unreadable("compare", format!("`{text}` is not one of {}.", known.join(", ")))
        })
    }
}

impl Comparison {
    /// Finds the earlier period of a period.
    pub(super) fn new(to: CompareTo, range: Range) -> Result<Self, Invalid> {
        let (Some(from), Some(end)) = (range.from, range.to) else {
            let detail = "A comparison needs both ends of the period: send from and to.";
            return Err(Invalid::not_allowed("compare", detail));
        };
        let found = match (to, from, end) {
            (CompareTo::PreviousYear, ..) => year_before(from, end).map(|range| (range, Shift::Months(12))),
            (_, Moment::Day(from), Moment::Day(end)) => days_before(from, end),
            (_, Moment::Instant(from), Moment::Instant(end)) => length_before(from, end),
            (_, Moment::Day(_), Moment::Instant(_)) | (_, Moment::Instant(_), Moment::Day(_)) => {
                let detail = "previous_period needs two ends of one form: send from and to as days, or both as instants.";
                return Err(Invalid::not_allowed("compare", detail));
            }
        };
        let (range, shift) = found
            .filter(|(range, _)| range.from.is_some_and(range::is_in_sql_range))
            .ok_or_else(|| Invalid::not_allowed("compare", "The earlier period begins before year 1."))?;
        Ok(Comparison { to, range, shift, calendar: Calendar::default() })
    }
}

impl Shift {
    pub(super) fn interval(self) -> PgInterval {
        let (months, days, hours) = match self {
            Shift::Months(months) => (months, 0, 0),
            Shift::Days(days) => (0, days, 0),
            Shift::Hours(hours) => (0, 0, hours),
        };
        PgInterval { months, days, microseconds: hours.saturating_mul(HOUR_S).saturating_mul(1_000_000) }
    }
}

fn year_before(from: Moment, end: Moment) -> Option<Range> {
    let from = match from {
        Moment::Day(day) => Moment::Day(day.checked_sub_months(YEAR)?),
        Moment::Instant(at) => Moment::Instant(at.checked_sub_months(YEAR)?),
    };
    let end = match end {
        // The period ends with 28 February.
        Moment::Day(day) if (day.month(), day.day()) == (2, 29) => {
            Moment::Day(day.succ_opt()?.checked_sub_months(YEAR)?)
        }
        Moment::Day(day) => Moment::Day(day.checked_sub_months(YEAR)?),
        Moment::Instant(at) => Moment::Instant(at.checked_sub_months(YEAR)?),
    };
    Some(Range { from: Some(from), to: Some(end) })
}

fn days_before(from: NaiveDate, end: NaiveDate) -> Option<(Range, Shift)> {
    let whole_months = from.day() == 1 && end.day() == 1 && from < end;
    let (first, shift) = if whole_months {
        let month = |day: NaiveDate| 12 * day.year() + i32::try_from(day.month0()).unwrap_or_default();
        let months = month(end) - month(from);
        (from.checked_sub_months(Months::new(u32::try_from(months).ok()?))?, Shift::Months(months))
    } else {
        let days = (end - from).num_days();
        (from.checked_sub_days(Days::new(u64::try_from(days).ok()?))?, Shift::Days(i32::try_from(days).ok()?))
    };
    Some((Range { from: Some(Moment::Day(first)), to: Some(Moment::Day(from)) }, shift))
}

/// Rows move by whole hours, so that they stay rows of an hour, and by whole days if the period has some.
fn length_before(from: DateTime<Utc>, end: DateTime<Utc>) -> Option<(Range, Shift)> {
    let length = end - from;
    let first = from.checked_sub_signed(length)?;
    let hours = (length + Duration::minutes(30)).num_hours();
    let shift = match (hours + 12) / 24 {
        0 => Shift::Hours(hours),
        days if (hours - 24 * days).abs() <= 1 => Shift::Days(i32::try_from(days).ok()?),
        _ => Shift::Hours(hours),
    };
    Some((Range { from: Some(Moment::Instant(first)), to: Some(Moment::Instant(from)) }, shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before(to: CompareTo, from: &str, end: &str) -> (String, String, Shift) {
        let range = Range::parse(Some(from), Some(end)).expect("a period");
        let Comparison { range, shift, .. } = Comparison::new(to, range).expect("an earlier period");
        (range.from.map(range::echo).expect("a day"), range.to.map(range::echo).expect("a day"), shift)
    }

    #[test]
    fn the_period_before_has_as_many_days_or_whole_months() {
        for (from, end, first, last, shift) in [
            ("2026-11-05", "2026-11-12", "2026-10-29", "2026-11-05", Shift::Days(7)),
            ("2026-03-01", "2026-04-01", "2026-02-01", "2026-03-01", Shift::Months(1)),
            ("2026-01-01", "2026-04-01", "2025-10-01", "2026-01-01", Shift::Months(3)),
            ("2024-01-01", "2026-01-01", "2022-01-01", "2024-01-01", Shift::Months(24)),
            ("2026-03-01", "2026-03-31", "2026-01-30", "2026-03-01", Shift::Days(30)),
            ("2026-03-01", "2026-03-01", "2026-03-01", "2026-03-01", Shift::Days(0)),
        ] {
            let found = before(CompareTo::PreviousPeriod, from, end);
            assert_eq!(found, (first.to_owned(), last.to_owned(), shift), "{from} to {end}");
        }
    }

    #[test]
    fn a_period_of_instants_has_its_length() {
        for (from, end, first, shift) in [
            ("2026-03-02T06:00:00Z", "2026-03-02T09:00:00Z", "2026-03-02T03:00:00Z", Shift::Hours(3)),
            ("2026-03-20T00:00:00Z", "2026-04-19T00:00:00Z", "2026-02-18T00:00:00Z", Shift::Days(30)),
            // The clocks went forward in between.
            (
                "2026-03-28T00:00:00+01:00",
                "2026-03-30T00:00:00+02:00",
                "2026-03-26T00:00:00Z",
                Shift::Days(2),
            ),
        ] {
            let (begin, _, found) = before(CompareTo::PreviousPeriod, from, end);
            assert_eq!((begin.as_str(), found), (first, shift), "{from} to {end}");
        }
    }

    #[test]
    fn the_year_before_has_the_same_dates() {
        for (from, end, first, last) in [
            ("2026-11-05", "2026-11-12", "2025-11-05", "2025-11-12"),
            ("2024-02-01", "2024-03-01", "2023-02-01", "2023-03-01"),
            ("2025-02-01", "2025-03-01", "2024-02-01", "2024-03-01"),
            ("2024-02-29", "2024-03-01", "2023-02-28", "2023-03-01"),
            ("2024-02-01", "2024-02-29", "2023-02-01", "2023-03-01"),
        ] {
            let found = before(CompareTo::PreviousYear, from, end);
            assert_eq!(found, (first.to_owned(), last.to_owned(), Shift::Months(12)), "{from} to {end}");
        }
    }

    #[test]
    fn a_comparison_needs_both_ends() {
        let refused = |from, end| {
            let range = Range::parse(from, end).expect("a period");
            Comparison::new(CompareTo::PreviousPeriod, range).expect_err("a refusal").parameter
        };
        assert_eq!(refused(Some("2026-01-01"), None), "compare");
        assert_eq!(refused(None, Some("2026-01-01")), "compare");
        assert_eq!(refused(Some("2026-01-01"), Some("2026-01-02T00:00:00Z")), "compare");
        assert_eq!(refused(Some("0001-02-01"), Some("0001-06-01")), "compare");
    }
}
