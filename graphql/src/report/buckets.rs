//! The units of time of a period, so that one without trade has a row of zeros.

use chrono::{Datelike, Duration, NaiveDateTime};
use domain::moment::Moment;

use super::grouping::Unit;
use super::range::approximate;

const HOUR_S: i64 = 60 * 60;

/// Steps of half an hour, because clocks may change by half an hour: then hours begin half an hour later or earlier.
const HOURS: &str = "select distinct date_trunc('hour', step, :zone) as id from generate_series(
            date_trunc('hour', :from_at::timestamptz, :zone), :to_at::timestamptz - interval '1 microsecond',
            interval '30 minutes') step";
const DAYS: &str = "select bucket::date as id from generate_series(
            date_trunc('day', :from_at::timestamptz at time zone :zone),
            (:to_at::timestamptz - interval '1 microsecond') at time zone :zone, interval '1 day') bucket";
const WEEKS: &str = "select bucket::date as id from generate_series(
            date_trunc('week', :from_at::timestamptz at time zone :zone),
            (:to_at::timestamptz - interval '1 microsecond') at time zone :zone, interval '1 week') bucket";
const MONTHS: &str = "select bucket::date as id from generate_series(
            date_trunc('month', :from_at::timestamptz at time zone :zone),
            (:to_at::timestamptz - interval '1 microsecond') at time zone :zone, interval '1 month') bucket";
const QUARTERS: &str = "select bucket::date as id from generate_series(
            date_trunc('quarter', :from_at::timestamptz at time zone :zone),
            (:to_at::timestamptz - interval '1 microsecond') at time zone :zone, interval '3 months') bucket";
const YEARS: &str = "select bucket::date as id from generate_series(
            date_trunc('year', :from_at::timestamptz at time zone :zone),
            (:to_at::timestamptz - interval '1 microsecond') at time zone :zone, interval '1 year') bucket";
const HOURS_OF_DAY: &str = "select id from generate_series(0, 23) id";
const WEEKDAYS: &str = "select id from generate_series(1, 7) id";

/// The units that the period cuts, or that are not over yet.
const PARTIAL_HOUR: &str = "(m.by_hour < :from_at::timestamptz \
    or m.by_hour + interval '1 hour' > least(:to_at::timestamptz, :now::timestamptz))";
const PARTIAL_DAY: &str = "(m.by_day < :from_at::timestamptz at time zone :zone \
    or m.by_day + interval '1 day' > least(:to_at::timestamptz, :now::timestamptz) at time zone :zone)";
const PARTIAL_WEEK: &str = "(m.by_week < :from_at::timestamptz at time zone :zone \
    or m.by_week + interval '1 week' > least(:to_at::timestamptz, :now::timestamptz) at time zone :zone)";
const PARTIAL_MONTH: &str = "(m.by_month < :from_at::timestamptz at time zone :zone \
    or m.by_month + interval '1 month' > least(:to_at::timestamptz, :now::timestamptz) at time zone :zone)";
const PARTIAL_QUARTER: &str = "(m.by_quarter < :from_at::timestamptz at time zone :zone \
    or m.by_quarter + interval '3 months' > least(:to_at::timestamptz, :now::timestamptz) at time zone :zone)";
const PARTIAL_YEAR: &str = "(m.by_year < :from_at::timestamptz at time zone :zone \
    or m.by_year + interval '1 year' > least(:to_at::timestamptz, :now::timestamptz) at time zone :zone)";

/// Returns SQL that selects the units of time of the period.
pub fn of(unit: Unit) -> &'static str {
    match unit {
        Unit::Hour => HOURS,
        Unit::Day => DAYS,
        Unit::Week => WEEKS,
        Unit::Month => MONTHS,
        Unit::Quarter => QUARTERS,
        Unit::Year => YEARS,
        Unit::HourOfDay => HOURS_OF_DAY,
        Unit::Weekday => WEEKDAYS,
    }
}

/// Returns the SQL of whether a row `m` is a part of its unit of time. Nothing for hours of the day and weekdays, which recur.
pub fn is_partial(unit: Unit) -> Option<&'static str> {
    match unit {
        Unit::Hour => Some(PARTIAL_HOUR),
        Unit::Day => Some(PARTIAL_DAY),
        Unit::Week => Some(PARTIAL_WEEK),
        Unit::Month => Some(PARTIAL_MONTH),
        Unit::Quarter => Some(PARTIAL_QUARTER),
        Unit::Year => Some(PARTIAL_YEAR),
        Unit::HourOfDay | Unit::Weekday => None,
    }
}

/// Returns the least number of units of time that a period has in any time zone. Between two days, the number of days and of
/// longer units is the same everywhere. Hours, and units between two instants, are one less than in UTC: an instant may lie in
/// another unit, and the clocks may skip an hour.
pub fn count(unit: Unit, from: Moment, to: Moment) -> i64 {
    let (first, last) = (approximate(from), approximate(to) - Duration::microseconds(1));
    if last < first {
        return 0;
    }
    let number = |at: NaiveDateTime| match unit {
        Unit::Hour => at.and_utc().timestamp().div_euclid(HOUR_S),
        Unit::Day => i64::from(at.num_days_from_ce()),
        // The first day of the calendar is a Monday.
        Unit::Week => i64::from(at.num_days_from_ce() - 1).div_euclid(7),
        Unit::Month => 12 * i64::from(at.year()) + i64::from(at.month0()),
        Unit::Quarter => 4 * i64::from(at.year()) + i64::from(at.month0() / 3),
        Unit::Year => i64::from(at.year()),
        Unit::HourOfDay | Unit::Weekday => 0,
    };
    let whole = number(last) - number(first) + 1;
    let are_days = matches!((from, to), (Moment::Day(_), Moment::Day(_)));
    match unit {
        Unit::HourOfDay => 24,
        Unit::Weekday => 7,
        Unit::Hour => whole - 1,
        Unit::Day | Unit::Week | Unit::Month | Unit::Quarter | Unit::Year if are_days => whole,
        Unit::Day | Unit::Week | Unit::Month | Unit::Quarter | Unit::Year => whole - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_units_of_time() {
        for (unit, from, to, count_of) in [
            (Unit::Day, "2026-11-01", "2026-12-01", 30),
            (Unit::Week, "2026-11-22", "2026-11-24", 2),
            (Unit::Week, "2026-11-23", "2026-11-30", 1),
            (Unit::Month, "2026-01-31", "2026-03-01", 2),
            (Unit::Quarter, "2026-03-31", "2026-04-02", 2),
            (Unit::Year, "2025-12-31", "2027-01-01", 2),
            (Unit::Hour, "2026-03-29", "2026-03-30", 23),
            (Unit::Day, "2026-11-01T12:00:00Z", "2026-11-03T12:00:00Z", 2),
            (Unit::Hour, "2026-11-01T12:30:00Z", "2026-11-01T13:30:00Z", 1),
            (Unit::HourOfDay, "2026-11-01", "2026-11-02", 24),
            (Unit::Weekday, "2026-11-01", "2026-11-02", 7),
            (Unit::Day, "2026-11-01", "2026-11-01", 0),
        ] {
            let moment = |text: &str| text.parse::<Moment>().expect("a moment");
            assert_eq!(count(unit, moment(from), moment(to)), count_of, "{unit:?} from {from} to {to}");
        }
    }
}
