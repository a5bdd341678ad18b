//! The units of time of a period, so that one without trade has a row of zeros.

use super::{Dimension, Invalid, Range};

const HOURS: &str = "select bucket as id from generate_series(
            date_trunc('hour', :from_at::timestamptz, :zone), :to_at::timestamptz - interval '1 microsecond', interval '1 hour') bucket";
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

/// Returns SQL that selects the units of time of the period; nothing if the dimension is none of time.
pub fn of(dimension: Dimension) -> Option<&'static str> {
    match dimension {
        Dimension::Hour => Some(HOURS),
        Dimension::Day => Some(DAYS),
        Dimension::Week => Some(WEEKS),
        Dimension::Month => Some(MONTHS),
        Dimension::Quarter => Some(QUARTERS),
        Dimension::Year => Some(YEARS),
        Dimension::HourOfDay => Some(HOURS_OF_DAY),
        Dimension::Weekday => Some(WEEKDAYS),
        Dimension::Channel
        | Dimension::Location
        | Dimension::Product
        | Dimension::Category
        | Dimension::Customer
        | Dimension::Country
        | Dimension::PriceSource
        | Dimension::DiscountBand
        | Dimension::None => None,
    }
}

/// Rejects a fill that is not `zero`, or that has no bounds. Returns whether rows are filled.
pub fn check(fill: Option<&str>, group_by: &[Dimension], range: Range) -> Result<bool, Invalid> {
    match fill {
        None => Ok(false),
        Some("zero") => match group_by {
            [only] if of(*only).is_some() && range.from.is_some() && range.to.is_some() => Ok(true),
            [only] if of(*only).is_some() => {
                Err(Invalid::not_allowed("fill", "Filling needs both ends of the period: send from and to."))
            }
            _ => Err(Invalid::not_allowed(
                "fill",
                "Filling needs a grouping by one unit of time, such as group_by=day.",
            )),
        },
        Some(other) => Err(Invalid::unreadable("fill", format!("`{other}` is not one of zero."))),
    }
}
