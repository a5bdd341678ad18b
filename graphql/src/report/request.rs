//! The parameters of a report.

mod checks;

use async_graphql::Enum;
use chrono::NaiveDate;
use chrono_tz::Tz;
use domain::id::TenantId;
use domain::moment::Moment;
use domain::number::{Percent, Quantity};
use service::rollup::Calendar;
use strum::IntoEnumIterator;

use super::compare::Comparison;
use super::filter::Values;
use super::invalid::Wrong;
use super::named::Named;
use super::place::Place;
use super::sort::Sort;
use super::{Dimension, Filter, Invalid, LIMIT_DEFAULT, Name, Range, added, range};
use checks::{Figures, Span};

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
    /// The fault of a grouping that could not be parsed.
    pub misread: Option<Invalid>,
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
        let mut wrong = Wrong::default();
        wrong.take(checks::reject_unused_parameters(name, &input));
        let group_by = match &input.misread {
            Some(misread) => Err(misread.clone()),
            None => checks::grouping(name, input.group_by.as_deref()),
        };
        let group_by = wrong.take_unless_named(group_by);
        let span = Span::of(name, &input, &mut wrong);
        let limit = wrong.take_unless_named(input.limit.map_or(Ok(LIMIT_DEFAULT), checks::check_limit));
        let own = name.measures();
        let sortable = if input.compare.is_some() { added::measures(&own) } else { own };
        let sort = input.sort.as_deref().map(|text| Sort::parse(text, &sortable)).transpose();
        let sort = wrong.take_unless_named(sort).flatten();
        let fill = wrong.take_unless_named(checks::parse_fill(input.fill.as_deref())).unwrap_or_default();
        if let (true, Some(group_by), Some(range), Some(limit)) = (fill, &group_by, span.range, limit)
            && !wrong.has("fill")
        {
            wrong.take_unless_named(checks::check_fill(group_by, range, limit));
        }
        let figures = Figures::of(&input, &mut wrong);
        let filter = wrong.take_unless_named(Filter::new(input.values));
        wrong.check()?;
        Ok(Request {
            name,
            range: span.range.unwrap_or_default(),
            compare: span.compare,
            time_zone: figures.time_zone,
            fill,
            group_by: group_by.unwrap_or_default(),
            filter: filter.unwrap_or_default(),
            as_of: span.as_of,
            known_at: span.known_at,
            days: span.days,
            threshold: figures.threshold,
            measure: figures.measure,
            below_pct: figures.below_pct,
            within_days: figures.within_days,
            expires_before: figures.expires_before,
            include_expired: input.include_expired.unwrap_or(true),
            limit: limit.unwrap_or(LIMIT_DEFAULT),
            cursor: figures.cursor,
            sort,
            ties: input.ties.unwrap_or_default(),
            trade: input.trade.unwrap_or_default(),
            calendar: Calendar::default(),
            folded: None,
            reorder: None,
            sees_costs: false,
        })
    }
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
