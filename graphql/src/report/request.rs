//! The parameters of a report, and their checks.

use async_graphql::Enum;
use chrono::NaiveDate;
use chrono_tz::Tz;
use domain::id::TenantId;
use domain::moment::Moment;
use domain::number::{Percent, Quantity};
use service::rollup::Calendar;
use strum::IntoEnumIterator;

use super::compare::{CompareTo, Comparison};
use super::filter::Values;
use super::named::Named;
use super::place::Place;
use super::sort::Sort;
use super::{Dimension, Filter, Invalid, LIMIT_DEFAULT, LIMIT_MAX, Name, Range, added, buckets, range};

/// Days that a report looks back if the caller does not say.
const DAYS_DEFAULT: u16 = 90;
/// A margin below this is weak if the caller does not say, in percent.
const BELOW_PCT_DEFAULT: &str = "10";
/// Most days that a report looks back.
const DAYS_MAX: u16 = 3_650;

/// The checked parameters of a report.
#[derive(Debug, Clone)]
pub struct Request {
    pub name: Name,
    pub range: Range,
    /// The earlier period that the figures are compared with, if any.
    pub compare: Option<Comparison>,
    /// Time zone in which days begin; the tenant's if absent.
    pub time_zone: Option<Tz>,
    /// Grouping, if the report lets the caller choose.
    pub group_by: Vec<Dimension>,
    pub filter: Filter,
    /// Only what had happened by then counts; everything if absent.
    pub as_of: Option<Moment>,
    /// Only what was recorded by then counts; everything if absent.
    pub known_at: Option<Moment>,
    /// Days of sales to look back.
    pub days: u16,
    /// Stock units at or below which a product is low.
    pub threshold: Quantity,
    pub measure: AbcMeasure,
    /// A margin below this is weak, in percent.
    pub below_pct: Percent,
    /// Lots expire in at most so many days from today; no limit if absent.
    pub within_days: Option<u16>,
    /// Lots expire before this day; no limit if absent.
    pub expires_before: Option<NaiveDate>,
    pub include_expired: bool,
    pub limit: u32,
    /// The line of the general ledger after which the rows begin; the first one if absent.
    pub cursor: Option<Place>,
    /// The order of the rows; the report's own if absent.
    pub sort: Option<Sort>,
    /// Whether a unit of time without trade has a row of zeros.
    pub fill: bool,
    /// Whether the totals are put beside the ledger.
    pub ties: bool,
    /// Whether the first and the last day with trade are read.
    pub trade: bool,
    /// Time zone, bounds and roll-ups of the snapshot that a report on sales reads; empty until then.
    pub calendar: Calendar,
    /// Position below which the sums of the journal have every line, in the snapshot that a report on the ledger reads; nothing if
    /// it reads all lines.
    pub folded: Option<i64>,
    /// Rows of the report `reorder`, computed on the snapshot; empty until then.
    pub reorder: Option<String>,
    /// Whether the caller may see costs. If not, no order of rows follows from them.
    pub sees_costs: bool,
}

impl Request {
    /// Binds the parameters that reports of sales and of stock have in common. One more row than the limit shows whether
    /// the report is cut.
    pub(super) fn bind(&self, named: Named, tenant_id: TenantId) -> Named {
        let (from_at, from_day) = range::parameters(self.range.from);
        let (to_at, to_day) = range::parameters(self.range.to);
        let Filter { locations, products, categories, .. } = &self.filter;
        named
            .value("tenant_id", tenant_id.0)
            .value("limit", i64::from(self.limit) + 1)
            .value("time_zone", self.time_zone.map(|zone| zone.name()))
            .value("from_at", from_at)
            .value("from_day", from_day)
            .value("to_at", to_at)
            .value("to_day", to_day)
            .value("location_codes", &locations.codes)
            .value("location_ids", &locations.ids)
            .value("product_codes", &products.codes)
            .value("product_ids", &products.ids)
            .value("category_codes", &categories.codes)
            .value("category_ids", &categories.ids)
    }
}

/// Unchecked parameters of a report; [`Request`] has the checked ones.
#[derive(Debug, Clone, Default)]
pub struct Input {
    pub from: Option<String>,
    pub to: Option<String>,
    /// `previous_period` or `previous_year`.
    pub compare: Option<String>,
    /// IANA name of a time zone.
    pub time_zone: Option<String>,
    pub group_by: Option<Vec<Dimension>>,
    pub values: Values,
    /// A day or an instant.
    pub as_of: Option<String>,
    /// A day or an instant.
    pub known_at: Option<String>,
    pub days: Option<i64>,
    /// A decimal number of stock units.
    pub threshold: Option<String>,
    pub measure: Option<String>,
    /// A decimal number in percent.
    pub below_pct: Option<String>,
    pub within_days: Option<i64>,
    pub expires_before: Option<String>,
    pub include_expired: Option<bool>,
    pub ties: Option<bool>,
    pub trade: Option<bool>,
    /// A figure, with a minus in front if the greatest comes first.
    pub sort: Option<String>,
    /// `zero`.
    pub fill: Option<String>,
    pub limit: Option<i64>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The figure by which products are ranked.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Enum, strum::EnumIter, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum AbcMeasure {
    /// Sales less returns after discounts, without tax.
    #[default]
    NetRevenue,
    /// Net revenue less the cost of sales.
    GrossMargin,
}

impl Request {
    /// Checks the parameters of a report, for a caller who may not see costs. The period defaults to the whole history, the
    /// grouping to the report's own.
    pub fn new(name: Name, input: Input) -> Result<Self, Invalid> {
        reject_unused_parameters(name, &input)?;
        let group_by = match input.group_by {
            Some(dimensions) => dimensions,
            None => name.dimensions_default().to_vec(),
        };
        if name.is_grouped() {
            Dimension::check(&group_by)?;
            reject_other_dimensions(name, &group_by)?;
        }
        let moment = |parameter, text: Option<String>| {
            text.map(|text| range::parse_bound(parameter, &text)).transpose()
        };
        let range = Range::parse(input.from.as_deref(), input.to.as_deref())?;
        let as_of = moment("as_of", input.as_of)?;
        if name.has_days() {
            range::check_days(range, as_of)?;
        }
        let compare_to = input.compare.as_deref().map(CompareTo::parse).transpose()?;
        let days = input.days.map_or(Ok(DAYS_DEFAULT), check_days)?;
        let compare = |to| {
            if name.has_period() {
                Comparison::new(to, range)
            } else if name.looks_back() {
                Comparison::of_last_days(to, as_of, days)
            } else {
                Comparison::of_day(to, as_of)
            }
        };
        let own = name.measures();
        let sortable = if compare_to.is_some() { added::measures(&own) } else { own };
        let limit = input.limit.map_or(Ok(LIMIT_DEFAULT), check_limit)?;
        let fill = check_fill(input.fill.as_deref(), &group_by, range, limit)?;
        if input.cursor.is_some() && input.sort.is_some() {
            return Err(Invalid::not_allowed(
                "cursor",
                "Pages are in the order of the report: leave out sort.",
            ));
        }
        Ok(Request {
            name,
            range,
            compare: compare_to.map(compare).transpose()?,
            time_zone: input.time_zone.as_deref().map(parse_zone).transpose()?,
            fill,
            group_by,
            filter: Filter::new(input.values)?,
            as_of,
            known_at: moment("known_at", input.known_at)?,
            days,
            threshold: input.threshold.map_or(Ok(Quantity::ZERO), parse_threshold)?,
            measure: input.measure.map_or(Ok(AbcMeasure::default()), parse_measure)?,
            below_pct: parse_percent(input.below_pct.as_deref().unwrap_or(BELOW_PCT_DEFAULT))?,
            within_days: input.within_days.map(check_within_days).transpose()?,
            expires_before: input.expires_before.as_deref().map(parse_expires_before).transpose()?,
            include_expired: input.include_expired.unwrap_or(true),
            limit,
            cursor: input.cursor.as_deref().map(Place::parse).transpose()?,
            sort: input.sort.map(|text| Sort::parse(&text, &sortable)).transpose()?,
            ties: input.ties.unwrap_or_default(),
            trade: input.trade.unwrap_or_default(),
            calendar: Calendar::default(),
            folded: None,
            reorder: None,
            sees_costs: false,
        })
    }
}

fn reject_unused_parameters(name: Name, input: &Input) -> Result<(), Invalid> {
    let values = &input.values;
    let given = [
        ("group_by", input.group_by.is_some(), name.is_grouped()),
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
    match given.into_iter().find(|(_, is_given, applies)| *is_given && !applies) {
        Some((parameter, ..)) => {
            let instead = match parameter {
                "as_of" if name.has_period() => " It covers a period: send to.",
                "as_of" | "known_at" if name.is_of_ledger() => " It shows the present.",
                "as_of" => " It shows the present; stock_valuation shows the stock of any time.",
                "known_at" => " stock_valuation shows the stock as it was known at any time.",
                _ => "",
            };
            Err(Invalid::not_allowed(parameter, format!("{name} does not take this parameter.{instead}")))
        }
        None => Ok(()),
    }
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

/// Rejects a fill that is not `zero`, or for which there is no unit of time or no period, or that has more rows than the limit.
/// Returns whether rows are filled.
fn check_fill(fill: Option<&str>, group_by: &[Dimension], range: Range, limit: u32) -> Result<bool, Invalid> {
    match fill {
        None => return Ok(false),
        Some("zero") => {}
        Some(other) => return Err(Invalid::unreadable("fill", format!("`{other}` is not one of zero."))),
    }
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
    Ok(true)
}

fn check_limit(limit: i64) -> Result<u32, Invalid> {
    u32::try_from(limit).ok().filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(|| {
        Invalid::unreadable("limit", format!("Expected a whole number from 1 to {LIMIT_MAX}."))
    })
}

impl Name {
    /// Returns the dimensions that the caller may choose; none if the report is not grouped.
    pub fn dimensions(self) -> Vec<Dimension> {
        match self {
            Name::Revenue | Name::Margin => Dimension::iter().collect(),
            Name::StockValuation => {
                vec![Dimension::Location, Dimension::Product, Dimension::Category, Dimension::None]
            }
            Name::ProfitAndLoss => {
                vec![
                    Dimension::Month,
                    Dimension::Quarter,
                    Dimension::Year,
                    Dimension::Channel,
                    Dimension::None,
                ]
            }
            Name::TaxSummary => vec![
                Dimension::Month,
                Dimension::Quarter,
                Dimension::Year,
                Dimension::Channel,
                Dimension::Country,
                Dimension::None,
            ],
            Name::ChannelSummary
            | Name::ProductPerformance
            | Name::CustomerValue
            | Name::StockPosition
            | Name::LowStock
            | Name::LotExpiry
            | Name::StockAgeing
            | Name::SlowStock
            | Name::Abc
            | Name::Shrinkage
            | Name::ReceivableAgeing
            | Name::PayableAgeing
            | Name::CustomerStatement
            | Name::BestCustomers
            | Name::WeakMargins
            | Name::StockTurnover
            | Name::TrialBalance
            | Name::GeneralLedger
            | Name::BalanceSheet
            | Name::TieOut
            | Name::Reorder => Vec::new(),
        }
    }

    /// Grouping if the caller names none.
    fn dimensions_default(self) -> &'static [Dimension] {
        match self {
            Name::Revenue | Name::Margin => &[Dimension::Day],
            Name::StockValuation => &[Dimension::Product, Dimension::Location],
            Name::ProfitAndLoss | Name::TaxSummary => &[Dimension::Month],
            Name::ChannelSummary
            | Name::ProductPerformance
            | Name::CustomerValue
            | Name::StockPosition
            | Name::LowStock
            | Name::LotExpiry
            | Name::StockAgeing
            | Name::SlowStock
            | Name::Abc
            | Name::Shrinkage
            | Name::ReceivableAgeing
            | Name::PayableAgeing
            | Name::CustomerStatement
            | Name::BestCustomers
            | Name::WeakMargins
            | Name::StockTurnover
            | Name::TrialBalance
            | Name::GeneralLedger
            | Name::BalanceSheet
            | Name::TieOut
            | Name::Reorder => &[],
        }
    }

    /// Whether the caller chooses the dimensions.
    pub fn is_grouped(self) -> bool {
        !self.dimensions_default().is_empty()
    }

    /// Whether the report covers a period; otherwise it shows one instant.
    pub fn has_period(self) -> bool {
        self.is_of_sales()
            || matches!(
                self,
                Name::Shrinkage
                    | Name::CustomerStatement
                    | Name::TrialBalance
                    | Name::GeneralLedger
                    | Name::ProfitAndLoss
            )
    }

    /// Whether the report can show a past instant. The others cover a period, or read levels, which have one state.
    pub fn has_as_of(self) -> bool {
        match self {
            Name::StockValuation
            | Name::LotExpiry
            | Name::ReceivableAgeing
            | Name::PayableAgeing
            | Name::StockAgeing
            | Name::SlowStock
            | Name::StockTurnover
            | Name::BalanceSheet => true,
            Name::Revenue
            | Name::Margin
            | Name::ChannelSummary
            | Name::ProductPerformance
            | Name::CustomerValue
            | Name::Abc
            | Name::BestCustomers
            | Name::WeakMargins
            | Name::StockPosition
            | Name::LowStock
            | Name::Shrinkage
            | Name::CustomerStatement
            | Name::TrialBalance
            | Name::GeneralLedger
            | Name::ProfitAndLoss
            | Name::TieOut
            | Name::TaxSummary
            | Name::Reorder => false,
        }
    }

    /// Whether the report can leave out what was recorded later than some instant. The others read levels, which have one state.
    pub fn has_known_at(self) -> bool {
        self.has_period() || self.has_as_of()
    }

    /// Whether the report is of stock and of the sales of some days before.
    fn looks_back(self) -> bool {
        matches!(self, Name::SlowStock | Name::StockTurnover)
    }

    pub(crate) fn is_of_sales(self) -> bool {
        match self {
            Name::Revenue
            | Name::Margin
            | Name::ChannelSummary
            | Name::ProductPerformance
            | Name::CustomerValue
            | Name::Abc
            | Name::BestCustomers
            | Name::WeakMargins
            | Name::TaxSummary => true,
            Name::StockPosition
            | Name::StockValuation
            | Name::LowStock
            | Name::LotExpiry
            | Name::StockAgeing
            | Name::SlowStock
            | Name::Shrinkage
            | Name::ReceivableAgeing
            | Name::PayableAgeing
            | Name::CustomerStatement
            | Name::StockTurnover
            | Name::TrialBalance
            | Name::GeneralLedger
            | Name::ProfitAndLoss
            | Name::BalanceSheet
            | Name::TieOut
            | Name::Reorder => false,
        }
    }

    /// Whether the report can show some channels only.
    fn has_channels(self) -> bool {
        self.is_of_sales() || matches!(self, Name::GeneralLedger | Name::ProfitAndLoss)
    }

    /// Whether the report is of goods, which have products and locations.
    fn has_goods(self) -> bool {
        !matches!(self, Name::ReceivableAgeing | Name::PayableAgeing) && !self.has_days()
    }

    /// Whether the report can show some customers only.
    fn has_customers(self) -> bool {
        self.is_of_sales() || matches!(self, Name::ReceivableAgeing | Name::CustomerStatement)
    }

    /// Whether sales without a customer are left out.
    pub(super) fn is_of_customers(self) -> bool {
        matches!(self, Name::CustomerValue | Name::BestCustomers)
    }

    /// Whether the figures can be compared with those of an earlier period or day. The rows of the others are single lines, documents
    /// and lots, or levels of now.
    pub fn is_compared(self) -> bool {
        (self.has_period() || self.has_as_of())
            && !matches!(self, Name::GeneralLedger | Name::CustomerStatement | Name::LotExpiry)
    }

    /// Whether the time zone has an effect on the report.
    fn has_zone(self) -> bool {
        (self.has_period() && !self.has_days())
            || matches!(
                self,
                Name::StockValuation
                    | Name::StockAgeing
                    | Name::SlowStock
                    | Name::StockTurnover
                    | Name::LotExpiry
                    | Name::ReceivableAgeing
                    | Name::PayableAgeing
            )
    }
}

#[cfg(test)]
mod tests;
