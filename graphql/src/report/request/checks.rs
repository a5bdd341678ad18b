//! The checks of the parameters of a report. Each parameter that is wrong is named.

use chrono::NaiveDate;
use chrono_tz::Tz;
use domain::moment::Moment;
use domain::number::{Percent, Quantity};
use strum::IntoEnumIterator;

use super::super::compare::{CompareTo, Comparison};
use super::super::invalid::Wrong;
use super::super::place::Place;
use super::super::{Dimension, Invalid, LIMIT_MAX, Name, Range, buckets, range};
use super::{AbcMeasure, Input};

/// Days that a report looks back if the caller does not say.
const DAYS_DEFAULT: u16 = 90;
/// A margin below this is weak if the caller does not say, in percent.
const BELOW_PCT_DEFAULT: &str = "10";
/// Most days that a report looks back.
const DAYS_MAX: u16 = 3_650;

/// The time that a report covers. What is wrong is absent.
pub(super) struct Span {
    pub(super) range: Option<Range>,
    pub(super) as_of: Option<Moment>,
    pub(super) known_at: Option<Moment>,
    pub(super) days: u16,
    pub(super) compare: Option<Comparison>,
}

impl Span {
    pub(super) fn of(name: Name, input: &Input, wrong: &mut Wrong) -> Self {
        let moment =
            |parameter, text: Option<&str>| text.map(|text| range::parse_bound(parameter, text)).transpose();
        let range = wrong.take_unless_named(Range::parse(input.from.as_deref(), input.to.as_deref()));
        let as_of = wrong.take_unless_named(moment("as_of", input.as_of.as_deref()));
        let known_at = wrong.take_unless_named(moment("known_at", input.known_at.as_deref()));
        if name.has_days() {
            wrong.take_unless_named(range::check_days(range.unwrap_or_default(), as_of.flatten()));
        }
        let days = wrong.take_unless_named(input.days.map_or(Ok(DAYS_DEFAULT), check_days));
        let compare_to = input.compare.as_deref().map(CompareTo::parse).transpose();
        let compare_to = wrong.take_unless_named(compare_to).flatten().filter(|_| !wrong.has("compare"));
        let compare = match (compare_to, range, as_of, days) {
            (Some(to), Some(range), Some(as_of), Some(days)) => {
                wrong.take_unless_named(comparison(name, to, range, (as_of, days)))
            }
            _ => None,
        };
        Span {
            range,
            as_of: as_of.flatten(),
            known_at: known_at.flatten(),
            days: days.unwrap_or(DAYS_DEFAULT),
            compare,
        }
    }
}

/// The figures and texts that only some reports take. What is wrong has its default.
pub(super) struct Figures {
    pub(super) time_zone: Option<Tz>,
    pub(super) threshold: Quantity,
    pub(super) measure: AbcMeasure,
    pub(super) below_pct: Percent,
    pub(super) within_days: Option<u16>,
    pub(super) expires_before: Option<NaiveDate>,
    pub(super) cursor: Option<Place>,
}

impl Figures {
    pub(super) fn of(input: &Input, wrong: &mut Wrong) -> Self {
        let time_zone = wrong.take_unless_named(input.time_zone.as_deref().map(parse_zone).transpose());
        let threshold = input.threshold.clone().map_or(Ok(Quantity::ZERO), parse_threshold);
        let measure = input.measure.clone().map_or(Ok(AbcMeasure::default()), parse_measure);
        let below_pct = parse_percent(input.below_pct.as_deref().unwrap_or(BELOW_PCT_DEFAULT));
        let expires_before = input.expires_before.as_deref().map(parse_expires_before).transpose();
        let cursor = match (&input.cursor, &input.sort) {
            (Some(_), Some(_)) => {
                let detail = "Pages are in the order of the report: leave out sort.";
                Err(Invalid::not_allowed("cursor", detail))
            }
            (cursor, _) => cursor.as_deref().map(Place::parse).transpose(),
        };
        Figures {
            time_zone: time_zone.flatten(),
            threshold: wrong.take_unless_named(threshold).unwrap_or(Quantity::ZERO),
            measure: wrong.take_unless_named(measure).unwrap_or_default(),
            below_pct: wrong.take_unless_named(below_pct).unwrap_or(Percent::ZERO),
            within_days: wrong
                .take_unless_named(input.within_days.map(check_within_days).transpose())
                .flatten(),
            expires_before: wrong.take_unless_named(expires_before).flatten(),
            cursor: wrong.take_unless_named(cursor).flatten(),
        }
    }
}

/// Returns the dimensions that the caller names, or the report's own.
pub(super) fn grouping(name: Name, group_by: Option<&[Dimension]>) -> Result<Vec<Dimension>, Invalid> {
    let group_by = group_by.unwrap_or_else(|| name.dimensions_default());
    if name.is_grouped() {
        Dimension::check(group_by)?;
        reject_other_dimensions(name, group_by)?;
    }
    Ok(group_by.to_vec())
}

fn comparison(
    name: Name,
    to: CompareTo,
    range: Range,
    (as_of, days): (Option<Moment>, u16),
) -> Result<Comparison, Invalid> {
    if name.has_period() {
        Comparison::new(to, range)
    } else if name.looks_back() {
        Comparison::of_last_days(to, as_of, days)
    } else {
        Comparison::of_day(to, as_of)
    }
}

pub(super) fn reject_unused_parameters(name: Name, input: &Input) -> Result<(), Invalid> {
    let values = &input.values;
    let given = [
        ("group_by", input.group_by.is_some() || input.misread.is_some(), name.is_grouped()),
        ("from", input.from.is_some(), name.has_period()),
        ("to", input.to.is_some(), name.has_period()),
        ("compare", input.compare.is_some(), name.is_compared()),
        ("below_pct", input.below_pct.is_some(), name == Name::WeakMargins),
        ("tz", input.time_zone.is_some(), name.has_zone()),
        ("cursor", input.cursor.is_some(), name == Name::GeneralLedger),
        ("account", !values.account.is_empty(), name == Name::GeneralLedger),
        ("channel", !values.channel.is_empty(), name.has_channels()),
        ("country", !values.country.is_empty(), name.is_of_sales()),
        ("currency", !values.currency.is_empty(), name.is_of_sales()),
        ("customer", !values.customer.is_empty(), name.has_customers()),
        ("location", !values.location.is_empty(), name.has_goods()),
        ("product", !values.product.is_empty(), name.has_goods()),
        ("category", !values.category.is_empty(), name.has_goods()),
        ("as_of", input.as_of.is_some(), name.has_as_of()),
        ("known_at", input.known_at.is_some(), name.has_known_at()),
        ("trade", input.trade.is_some(), name.is_of_sales()),
        ("product_kind", !values.product_kind.is_empty(), name.is_of_sales()),
        ("fill", input.fill.is_some(), matches!(name, Name::Revenue | Name::Margin)),
        ("ties", input.ties.is_some(), name.is_tied()),
        ("days", input.days.is_some(), name.looks_back()),
        ("threshold", input.threshold.is_some(), name == Name::LowStock),
        ("measure", input.measure.is_some(), name == Name::Abc),
        ("within_days", input.within_days.is_some(), name == Name::LotExpiry),
        ("expires_before", input.expires_before.is_some(), name == Name::LotExpiry),
        ("include_expired", input.include_expired.is_some(), name == Name::LotExpiry),
    ];
    let mut wrong = Wrong::default();
    for (parameter, ..) in given.into_iter().filter(|(_, is_given, applies)| *is_given && !applies) {
        let instead = match parameter {
            "as_of" if name.has_period() => " It covers a period: send to.",
            "as_of" | "known_at" if name.is_of_ledger() => " It shows the present.",
            "as_of" => " It shows the present; stock_valuation shows the stock of any time.",
            "known_at" => " stock_valuation shows the stock as it was known at any time.",
            _ => "",
        };
        let detail = format!("{name} does not take this parameter.{instead}");
        wrong.take::<()>(Err(Invalid::not_allowed(parameter, detail)));
    }
    wrong.check()
}

fn reject_other_dimensions(name: Name, group_by: &[Dimension]) -> Result<(), Invalid> {
    let allowed = name.dimensions();
    if group_by.iter().all(|dimension| allowed.contains(dimension)) {
        return Ok(());
    }
    let names: Vec<&str> = allowed.into_iter().map(Into::into).collect();
    Err(Invalid::not_allowed("group_by", format!("{name} can be grouped by {}.", names.join(", "))))
}

fn check_days(days: i64) -> Result<u16, Invalid> {
    u16::try_from(days)
        .ok()
        .filter(|days| (1..=DAYS_MAX).contains(days))
        .ok_or_else(|| Invalid::unreadable("days", format!("Expected a whole number from 1 to {DAYS_MAX}.")))
}

fn check_within_days(days: i64) -> Result<u16, Invalid> {
    u16::try_from(days).ok().filter(|days| *days <= DAYS_MAX).ok_or_else(|| {
        Invalid::unreadable("within_days", format!("Expected a whole number from 0 to {DAYS_MAX}."))
    })
}

fn parse_expires_before(text: &str) -> Result<NaiveDate, Invalid> {
    match range::parse_bound("expires_before", text)? {
        Moment::Day(day) => Ok(day),
        Moment::Instant(_) => Err(Invalid::unreadable(
            "expires_before",
            "Lots expire by days: expected a day such as 2026-11-22.",
        )),
    }
}

fn parse_threshold(text: String) -> Result<Quantity, Invalid> {
    let threshold: Quantity = text.parse().map_err(|error: domain::number::InvalidNumber| {
        Invalid::unreadable("threshold", error.to_string())
    })?;
    if threshold.is_negative() {
        return Err(Invalid::not_allowed("threshold", "A threshold is zero or more."));
    }
    Ok(threshold)
}

fn parse_percent(text: &str) -> Result<Percent, Invalid> {
    text.parse()
        .map_err(|error: domain::number::InvalidNumber| Invalid::unreadable("below_pct", error.to_string()))
}

fn parse_measure(text: String) -> Result<AbcMeasure, Invalid> {
    text.parse().map_err(|_| {
        let known: Vec<&str> = AbcMeasure::iter().map(Into::into).collect();
        Invalid::unreadable("measure", format!("`{text}` is not one of {}.", known.join(", ")))
    })
}

fn parse_zone(text: &str) -> Result<Tz, Invalid> {
    text.parse().map_err(|_| {
        Invalid::unreadable("tz", "Expected the IANA name of a time zone, such as Europe/Berlin.")
    })
}

/// Returns whether rows are filled.
pub(super) fn parse_fill(fill: Option<&str>) -> Result<bool, Invalid> {
    match fill {
        None => Ok(false),
        Some("zero") => Ok(true),
        Some(other) => Err(Invalid::unreadable("fill", format!("`{other}` is not one of zero."))),
    }
}

/// Rejects filled rows for which there is no unit of time or no period, or that are more than the limit.
pub(super) fn check_fill(group_by: &[Dimension], range: Range, limit: u32) -> Result<(), Invalid> {
    let unit = match group_by {
        [only] => only.unit(),
        _ => None,
    };
    let Some(unit) = unit else {
        let detail = "Filling needs a grouping by one unit of time, such as group_by=day.";
        return Err(Invalid::not_allowed("fill", detail));
    };
    let Some((from, to)) = range.from.zip(range.to) else {
        return Err(Invalid::not_allowed("fill", "Filling needs both ends of the period: send from and to."));
    };
    let rows = buckets::count(unit, from, to);
    if rows > i64::from(limit) {
        let detail = format!(
            "The period has at least {rows} units of time, each of which is a row, and the limit is {limit}. Send a greater limit \
             (at most {LIMIT_MAX}), a shorter period or a larger unit of time."
        );
        return Err(Invalid::not_allowed("limit", detail));
    }
    Ok(())
}

pub(super) fn check_limit(limit: i64) -> Result<u32, Invalid> {
    u32::try_from(limit).ok().filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(|| {
        Invalid::unreadable("limit", format!("Expected a whole number from 1 to {LIMIT_MAX}."))
    })
}
