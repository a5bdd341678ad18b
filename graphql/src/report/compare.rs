//! The comparison of a period with an earlier one.
//!
//! - `previous_period` is the same number of days, directly before. Whole calendar months are compared with as many whole
//!   months: March with February, the first quarter with the last one of the year before.
//! - `previous_year` has the same dates, one year before. A period that begins on 29 February is compared from 28 February on,
//!   and one that ends there up to the end of 28 February.
//! - An instant at which a day begins in the report's time zone counts as that day. `previous_period` moves other instants by the
//!   exact length of the period, `previous_year` by a year on the clock of the time zone.
//! - Rows of the earlier period stand at the time that they are compared with: 5 October at 5 November, and always within the
//!   period. A day that the later month does not have counts with its last day: 31 October with 30 November. If the period
//!   moves by its exact length, each line moves by that, before it is grouped.

use async_graphql::Enum;
use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use domain::moment::Moment;
use sea_orm::sqlx::postgres::types::PgInterval;
use service::rollup::{Bound, Calendar, Local};
use service::{Error, Tx};
use strum::IntoEnumIterator;

use super::{Invalid, Range, range};

const YEAR: Months = Months::new(12);
const QUARTER_HOUR_US: i64 = 15 * 60 * 1_000_000;

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
    /// The exact length of the period.
    Length(Duration),
}

/// A bound of the earlier period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    Day(NaiveDate),
    Instant(DateTime<Utc>),
    /// The time that a clock of the report's time zone shows.
    Clock(NaiveDateTime),
}

/// A bound of the period.
#[derive(Debug, Clone, Copy)]
struct End {
    at: DateTime<Utc>,
    local: Local,
}

type Earlier = (Point, Point, Shift);

impl CompareTo {
    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        text.parse().map_err(|_| {
            let known: Vec<&str> = CompareTo::iter().map(Into::into).collect();
            Invalid::unreadable("compare", format!("`{text}` is not one of {}.", known.join(", ")))
        })
    }
}

impl Comparison {
    /// Checks that a period has an earlier one, and finds it as if the time zone were UTC. [`Comparison::read`] knows the zone.
    pub(super) fn new(to: CompareTo, range: Range) -> Result<Self, Invalid> {
        let (Some(from), Some(end)) = (range.from, range.to) else {
            let detail = "A comparison needs both ends of the period: send from and to.";
            return Err(Invalid::not_allowed("compare", detail));
        };
        let is_mixed = matches!(from, Moment::Day(_)) != matches!(end, Moment::Day(_));
        if to == CompareTo::PreviousPeriod && is_mixed {
            let detail =
                "previous_period needs two ends of one form: send from and to as days, or both as instants.";
            return Err(Invalid::not_allowed("compare", detail));
        }
        earlier(to, End::in_utc(from), End::in_utc(end))
            .map(|(first, last, shift)| Comparison {
                to,
                range: Range { from: Some(first.in_utc()), to: Some(last.in_utc()) },
                shift,
                calendar: Calendar::default(),
            })
            .filter(|found| found.range.from.is_some_and(range::is_in_sql_range))
            .ok_or_else(|| Invalid::not_allowed("compare", "The earlier period begins before year 1."))
    }

    /// Returns the earlier day that a report of a day is compared with, as the end of a period: the end of the month before, or
    /// the same day of the year before.
    pub(super) fn of_day(to: CompareTo, as_of: Option<Moment>) -> Result<Self, Invalid> {
        let month = match as_of {
            Some(Moment::Day(day)) => day.with_day(1).zip(day.succ_opt()),
            Some(Moment::Instant(_)) | None => None,
        };
        let Some((first, after)) = month else {
            let detail = "A comparison needs the day that the report shows: send as_of, as a day.";
            return Err(Invalid::not_allowed("compare", detail));
        };
        Comparison::new(to, Range { from: Some(Moment::Day(first)), to: Some(Moment::Day(after)) })
    }

    /// Returns the days that a report of a day and some days before it is compared with: as many directly before, or as many up to
    /// the same day of the year before.
    pub(super) fn of_last_days(to: CompareTo, as_of: Option<Moment>, days: u16) -> Result<Self, Invalid> {
        let comparison = Comparison::of_day(to, as_of)?;
        let days = u64::from(days);
        // The last day counts as well as the days before it.
        let (bound, distance) = match to {
            CompareTo::PreviousPeriod => (as_of, days),
            CompareTo::PreviousYear => (comparison.range.to, 0),
        };
        let end = match bound {
            Some(Moment::Day(day)) => day.checked_sub_days(Days::new(distance)),
            Some(Moment::Instant(_)) | None => None,
        };
        let first = end.and_then(|end| end.checked_sub_days(Days::new(days + 1)));
        let range = Range { from: first.map(Moment::Day), to: end.map(Moment::Day) };
        if !range.from.is_some_and(range::is_in_sql_range) {
            return Err(Invalid::not_allowed("compare", "The earlier period begins before year 1."));
        }
        Ok(Comparison { range, ..comparison })
    }

    /// Returns the earlier period in the time zone of the period, with its bounds and roll-ups.
    pub(super) async fn read(
        &self,
        tx: &Tx,
        time_zone: Option<&str>,
        period: &Calendar,
    ) -> Result<Self, Error> {
        let from = period.from.map(|from| End { at: from.at, local: from.local });
        let to = period.to.map(|to| End { at: to.at, local: to.local });
        let (first, last, shift) = from
            .zip(to)
            .and_then(|(from, to)| earlier(self.to, from, to))
            .ok_or_else(|| Error::invariant("a comparison without an earlier period"))?;
        let calendar = service::rollup::calendar(tx, time_zone, first.bound(), last.bound()).await?;
        let range = Range {
            from: calendar.from.map(|from| first.at(from.at)),
            to: calendar.to.map(|to| last.at(to.at)),
        };
        Ok(Comparison { to: self.to, range, shift, calendar })
    }
}

impl End {
    fn in_utc(moment: Moment) -> Self {
        match moment {
            Moment::Day(day) => {
                let clock = day.and_time(NaiveTime::MIN);
                End { at: clock.and_utc(), local: Local { clock, day: Some(day) } }
            }
            Moment::Instant(at) => End { at, local: Local { clock: at.naive_utc(), day: None } },
        }
    }
}

impl Point {
    fn bound(self) -> Bound {
        match self {
            Point::Day(day) => (None, Some(day.and_time(NaiveTime::MIN))),
            Point::Clock(clock) => (None, Some(clock)),
            Point::Instant(at) => (Some(at), None),
        }
    }

    /// Returns the bound, of which the instant is known.
    fn at(self, at: DateTime<Utc>) -> Moment {
        match self {
            Point::Day(day) => Moment::Day(day),
            Point::Clock(_) | Point::Instant(_) => Moment::Instant(at),
        }
    }

    fn in_utc(self) -> Moment {
        match self {
            Point::Day(day) => Moment::Day(day),
            Point::Clock(clock) => Moment::Instant(clock.and_utc()),
            Point::Instant(at) => Moment::Instant(at),
        }
    }
}

impl Shift {
    pub(super) fn interval(self) -> PgInterval {
        let (months, days, microseconds) = match self {
            Shift::Months(months) => (months, 0, 0),
            Shift::Days(days) => (0, days, 0),
            Shift::Length(length) => (0, 0, length.num_microseconds().unwrap_or(i64::MAX)),
        };
        PgInterval { months, days, microseconds }
    }

    /// Whether it is an exact length of whole quarters of an hour.
    pub(super) fn is_of_quarter_hours(self) -> bool {
        matches!(self, Shift::Length(length)
            if length.num_microseconds().is_some_and(|length| length % QUARTER_HOUR_US == 0))
    }
}

fn earlier(to: CompareTo, from: End, end: End) -> Option<Earlier> {
    match (to, from.local.day, end.local.day) {
        (CompareTo::PreviousYear, ..) => {
            // A period that ends with the begin of 29 February ends with 28 February.
            let last = match end.local.day {
                Some(day) if (day.month(), day.day()) == (2, 29) => {
                    Point::Day(day.succ_opt()?.checked_sub_months(YEAR)?)
                }
                _ => year_before(end.local)?,
            };
            Some((year_before(from.local)?, last, Shift::Months(12)))
        }
        (CompareTo::PreviousPeriod, Some(from), Some(end)) => days_before(from, end),
        (CompareTo::PreviousPeriod, ..) => {
            let length = end.at - from.at;
            let first = from.at.checked_sub_signed(length)?;
            Some((Point::Instant(first), Point::Instant(from.at), Shift::Length(length)))
        }
    }
}

fn year_before(local: Local) -> Option<Point> {
    match local.day {
        Some(day) => day.checked_sub_months(YEAR).map(Point::Day),
        None => local.clock.checked_sub_months(YEAR).map(Point::Clock),
    }
}

fn days_before(from: NaiveDate, end: NaiveDate) -> Option<Earlier> {
    let whole_months = from.day() == 1 && end.day() == 1 && from < end;
    let (first, shift) = if whole_months {
        let month = |day: NaiveDate| 12 * day.year() + i32::try_from(day.month0()).unwrap_or_default();
        let months = month(end) - month(from);
        (from.checked_sub_months(Months::new(u32::try_from(months).ok()?))?, Shift::Months(months))
    } else {
        let days = (end - from).num_days();
        (from.checked_sub_days(Days::new(u64::try_from(days).ok()?))?, Shift::Days(i32::try_from(days).ok()?))
    };
    Some((Point::Day(first), Point::Day(from), shift))
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

    /// Returns an instant and the clock of a zone that is some hours before UTC, or after it.
    fn end(at: &str, offset_hours: i64) -> End {
        let at: DateTime<Utc> = at.parse().expect("an instant");
        let clock = at.naive_utc() + Duration::hours(offset_hours);
        let day = (clock.time() == NaiveTime::MIN).then(|| clock.date());
        End { at, local: Local { clock, day } }
    }

    #[test]
    fn a_period_of_instants_has_its_length() {
        for (from, end, first, shift) in [
            ("2026-03-02T06:00:00Z", "2026-03-02T09:00:00Z", "2026-03-02T03:00:00Z", Duration::hours(3)),
            ("2026-03-02T06:00:00Z", "2026-03-03T05:00:00Z", "2026-03-01T07:00:00Z", Duration::hours(23)),
            ("2026-03-02T10:00:00Z", "2026-03-02T10:20:00Z", "2026-03-02T09:40:00Z", Duration::minutes(20)),
            ("2026-03-20T06:00:00Z", "2026-04-19T06:00:00Z", "2026-02-18T06:00:00Z", Duration::days(30)),
        ] {
            let (begin, last, found) = before(CompareTo::PreviousPeriod, from, end);
            assert_eq!((begin.as_str(), last.as_str()), (first, from), "{from} to {end}");
            assert_eq!(found, Shift::Length(shift), "{from} to {end}");
        }
        assert!(Shift::Length(Duration::minutes(45)).is_of_quarter_hours());
        assert!(!Shift::Length(Duration::minutes(20)).is_of_quarter_hours());
    }

    #[test]
    fn an_instant_that_begins_a_day_counts_as_the_day() {
        let day = |text: &str| Point::Day(text.parse().expect("a day"));
        // Two days of Berlin, of which the second has 23 hours.
        let (from, to) = (end("2026-03-27T23:00:00Z", 1), end("2026-03-29T22:00:00Z", 2));
        let found = earlier(CompareTo::PreviousPeriod, from, to);
        assert_eq!(found, Some((day("2026-03-26"), day("2026-03-28"), Shift::Days(2))));
        let found = earlier(CompareTo::PreviousYear, from, to);
        assert_eq!(found, Some((day("2025-03-28"), day("2025-03-30"), Shift::Months(12))));
        // 29 February of Tokyo.
        let (from, to) = (end("2024-02-27T15:00:00Z", 9), end("2024-02-28T15:00:00Z", 9));
        let found = earlier(CompareTo::PreviousYear, from, to);
        assert_eq!(found, Some((day("2023-02-28"), day("2023-03-01"), Shift::Months(12))));
        // Another instant moves by a year on the clock.
        let clock = Point::Clock("2023-02-28T12:00:00".parse().expect("a time"));
        let found = earlier(CompareTo::PreviousYear, from, end("2024-02-29T03:00:00Z", 9));
        assert_eq!(found, Some((day("2023-02-28"), clock, Shift::Months(12))));
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
    fn a_day_is_compared_with_the_end_of_the_month_or_the_day_of_the_year_before() {
        let before = |to: CompareTo, as_of: &str| {
            let as_of = as_of.parse().expect("a day");
            Comparison::of_day(to, Some(as_of)).expect("an earlier day").range.to.map(range::echo)
        };
        for (as_of, to, first_after) in [
            ("2026-03-31", CompareTo::PreviousPeriod, "2026-03-01"),
            ("2026-03-15", CompareTo::PreviousPeriod, "2026-03-01"),
            ("2026-03-31", CompareTo::PreviousYear, "2025-04-01"),
            ("2026-03-15", CompareTo::PreviousYear, "2025-03-16"),
            ("2024-02-29", CompareTo::PreviousYear, "2023-03-01"),
        ] {
            assert_eq!(before(to, as_of).as_deref(), Some(first_after), "{as_of} {to:?}");
        }
        assert_eq!(
            Comparison::of_day(CompareTo::PreviousYear, None).expect_err("a refusal").parameter,
            "compare"
        );
    }

    #[test]
    fn the_last_days_are_compared_with_those_before_or_of_the_year_before() {
        let before = |to: CompareTo, as_of: &str, days: u16| {
            let as_of = as_of.parse().expect("a day");
            let range = Comparison::of_last_days(to, Some(as_of), days).expect("earlier days").range;
            (range.from.map(range::echo).expect("a day"), range.to.map(range::echo).expect("a day"))
        };
        for (to, as_of, days, first, end) in [
            (CompareTo::PreviousPeriod, "2026-03-31", 31, "2026-01-27", "2026-02-28"),
            (CompareTo::PreviousPeriod, "2026-03-11", 10, "2026-02-18", "2026-03-01"),
            (CompareTo::PreviousYear, "2026-03-10", 10, "2025-02-28", "2025-03-11"),
            (CompareTo::PreviousYear, "2024-02-29", 1, "2023-02-27", "2023-03-01"),
        ] {
            let expected = (first.to_owned(), end.to_owned());
            assert_eq!(before(to, as_of, days), expected, "{days} days to {as_of}, {to:?}");
        }
        let refused = |as_of: Option<&str>, days| {
            let as_of = as_of.map(|text| text.parse().expect("a moment"));
            let refusal = Comparison::of_last_days(CompareTo::PreviousPeriod, as_of, days);
            refusal.expect_err("a refusal").parameter
        };
        assert_eq!(refused(None, 90), "compare");
        assert_eq!(refused(Some("2026-03-31T12:00:00Z"), 90), "compare");
        assert_eq!(refused(Some("0005-01-01"), 3_650), "compare");
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
