//! The units of time of a period, so that one without trade has a row of zeros.

use super::grouping::Unit;

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
const PARTIAL_HOUR: &str = "(m.by_hour < :from_at::timestamptz or m.by_hour + interval '1 hour' > least(:to_at::timestamptz, now()))";
const PARTIAL_DAY: &str = "(m.by_day < :from_at::timestamptz at time zone :zone \
    or m.by_day + interval '1 day' > least(:to_at::timestamptz, now()) at time zone :zone)";
const PARTIAL_WEEK: &str = "(m.by_week < :from_at::timestamptz at time zone :zone \
    or m.by_week + interval '1 week' > least(:to_at::timestamptz, now()) at time zone :zone)";
const PARTIAL_MONTH: &str = "(m.by_month < :from_at::timestamptz at time zone :zone \
    or m.by_month + interval '1 month' > least(:to_at::timestamptz, now()) at time zone :zone)";
const PARTIAL_QUARTER: &str = "(m.by_quarter < :from_at::timestamptz at time zone :zone \
    or m.by_quarter + interval '3 months' > least(:to_at::timestamptz, now()) at time zone :zone)";
const PARTIAL_YEAR: &str = "(m.by_year < :from_at::timestamptz at time zone :zone \
    or m.by_year + interval '1 year' > least(:to_at::timestamptz, now()) at time zone :zone)";

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
