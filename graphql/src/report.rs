//! The reports. Each is defined once and served as GraphQL, JSON, CSV, NDJSON and XLSX. A view in the schema `bi`, in SQL of its
//! own, has the same figures.
//!
//! A report is one SQL statement on one snapshot. Revenue and cost come from `bi.sales_fact`, a view over the one
//! table of sales lines, and from the roll-ups of its lines. Rows are flat: the columns and their order do not depend on the data. An amount is a decimal
//! in a string, in one currency. A ratio stands beside its numerator and its denominator.

mod abc;
mod added;
mod ageing;
mod beside;
mod best_customers;
mod buckets;
mod by_day;
mod channel_summary;
mod column;
mod compare;
mod compared;
mod customer_value;
mod dimension;
mod figure;
mod filter;
mod grouping;
mod invalid;
mod ledger;
mod lot_expiry;
mod low_stock;
mod margin;
mod named;
mod payable_ageing;
mod place;
mod product_performance;
mod range;
mod receivable_ageing;
pub mod reconciled;
mod registry;
mod reorder;
mod request;
mod revenue;
mod rollup;
pub mod rows;
mod sales;
mod selected;
mod shrinkage;
mod slow_stock;
mod sort;
mod stock;
mod stock_ageing;
mod stock_position;
mod stock_turnover;
mod stock_valuation;
mod table;
mod tax_summary;
mod tie;
mod weak_margins;
mod workbook;

use async_graphql::{OutputType, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::id::TenantId;
use domain::moment::Moment;
use sea_orm::FromQueryResult;
use sea_orm::sqlx::Row as _;
use sea_orm::sqlx::postgres::PgRow;
use serde::Serialize;
use service::{Db, Error, Tx};

pub use abc::AbcRow;
pub use best_customers::BestCustomersRow;
pub use channel_summary::ChannelRow;
pub use column::{Column, Kind, Measure, Role, camel_case, is_cost, snake_case};
pub use compare::CompareTo;
pub use customer_value::CustomerValueRow;
pub use dimension::{Dimension, Dimensions};
pub use filter::{Filter, Selector, Values};
pub use invalid::Invalid;
pub use ledger::balance_sheet::BalanceSheetRow;
pub use ledger::customer_statement::CustomerStatementRow;
pub use ledger::general_ledger::GeneralLedgerRow;
pub use ledger::profit_and_loss::{ProfitAndLossRow, StatementDimension};
pub use ledger::tie_out::TieOutRow;
pub use ledger::trial_balance::TrialBalanceRow;
pub use lot_expiry::LotExpiryRow;
pub use low_stock::LowStockRow;
pub use margin::MarginRow;
pub use payable_ageing::PayableAgeingRow;
pub use place::Place;
pub use product_performance::ProductPerformanceRow;
pub use range::Range;
pub use receivable_ageing::ReceivableAgeingRow;
pub use reorder::ReorderRow;
pub use request::{AbcMeasure, Input, Request};
pub use revenue::RevenueRow;
pub use shrinkage::ShrinkageRow;
pub use slow_stock::SlowStockRow;
pub use stock_ageing::StockAgeingRow;
pub use stock_position::StockPositionRow;
pub use stock_turnover::StockTurnoverRow;
pub use stock_valuation::{StockDimension, StockValuationRow};
pub use table::{Format, Table};
pub use tax_summary::{TaxDimension, TaxSummaryRow};
pub use tie::Tie;
pub use weak_margins::WeakMarginsRow;

use crate::scalar::{Date, Instant};

/// Most rows of a report.
pub const LIMIT_MAX: u32 = 50_000;
/// Rows of a report if the caller sets no limit.
pub const LIMIT_DEFAULT: u32 = 10_000;

/// The name of a report.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    strum::EnumIter,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::Display,
)]
#[strum(serialize_all = "snake_case")]
pub enum Name {
    /// Revenue by any dimensions.
    Revenue,
    /// Revenue, cost and margin by any dimensions.
    Margin,
    /// Wholesale and retail side by side.
    ChannelSummary,
    /// Each product, in total and by channel.
    ProductPerformance,
    /// Each customer, over both channels.
    CustomerValue,
    /// Stock and its value now.
    StockPosition,
    /// Stock and its value at any instant.
    StockValuation,
    /// Products at or below their reorder point.
    LowStock,
    /// Lots by expiry date.
    LotExpiry,
    /// Age of the stock on hand.
    StockAgeing,
    /// Stock that sells slowly or not at all.
    SlowStock,
    /// Products ranked by revenue or margin.
    Abc,
    /// Stock lost and found.
    Shrinkage,
    /// Open invoices of each customer by days after their due date.
    ReceivableAgeing,
    /// Open bills of each supplier by days after their due date.
    PayableAgeing,
    /// Documents of customers with what is owed after each.
    CustomerStatement,
    /// Customers by recency, frequency and value.
    BestCustomers,
    /// Products with a low margin, and those sold below cost.
    WeakMargins,
    /// Turns of the stock in a year, and days of cover.
    StockTurnover,
    /// Accounts before, in and after a period.
    TrialBalance,
    /// Lines of accounts with their balance.
    GeneralLedger,
    /// Revenue less costs and expenses.
    ProfitAndLoss,
    /// Assets, liabilities and equity at the end of a day.
    BalanceSheet,
    /// Control accounts beside their sub-ledgers.
    TieOut,
    /// Taxes by rate and period.
    TaxSummary,
    /// Orders and transfers that are to be made, how much and when.
    Reorder,
}

/// A report.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(concrete(name = "RevenueReport", params(RevenueRow)))]
#[graphql(concrete(name = "MarginReport", params(MarginRow)))]
#[graphql(concrete(name = "ChannelSummary", params(ChannelRow)))]
#[graphql(concrete(name = "ProductPerformance", params(ProductPerformanceRow)))]
#[graphql(concrete(name = "CustomerValue", params(CustomerValueRow)))]
#[graphql(concrete(name = "StockPosition", params(StockPositionRow)))]
#[graphql(concrete(name = "StockValuation", params(StockValuationRow)))]
#[graphql(concrete(name = "LowStock", params(LowStockRow)))]
#[graphql(concrete(name = "LotExpiry", params(LotExpiryRow)))]
#[graphql(concrete(name = "StockAgeing", params(StockAgeingRow)))]
#[graphql(concrete(name = "SlowStock", params(SlowStockRow)))]
#[graphql(concrete(name = "Abc", params(AbcRow)))]
#[graphql(concrete(name = "Shrinkage", params(ShrinkageRow)))]
#[graphql(concrete(name = "ReceivableAgeing", params(ReceivableAgeingRow)))]
#[graphql(concrete(name = "PayableAgeing", params(PayableAgeingRow)))]
#[graphql(concrete(name = "CustomerStatement", params(CustomerStatementRow)))]
#[graphql(concrete(name = "BestCustomers", params(BestCustomersRow)))]
#[graphql(concrete(name = "WeakMargins", params(WeakMarginsRow)))]
#[graphql(concrete(name = "StockTurnover", params(StockTurnoverRow)))]
#[graphql(concrete(name = "TrialBalance", params(TrialBalanceRow)))]
#[graphql(concrete(name = "GeneralLedger", params(GeneralLedgerRow)))]
#[graphql(concrete(name = "ProfitAndLoss", params(ProfitAndLossRow)))]
#[graphql(concrete(name = "BalanceSheet", params(BalanceSheetRow)))]
#[graphql(concrete(name = "TieOut", params(TieOutRow)))]
#[graphql(concrete(name = "TaxSummary", params(TaxSummaryRow)))]
#[graphql(concrete(name = "Reorder", params(ReorderRow)))]
pub struct Report<R: OutputType> {
    /// The columns in the order of the rows, with unit and meaning.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<R>,
    /// One row for each currency, over everything that the report covers, including rows beyond the limit.
    pub totals: Vec<R>,
    /// Period, time zone and age of the data.
    pub meta: Meta,
}

/// The period of a report and the age of its data.
#[derive(Debug, Clone, Serialize, SimpleObject, utoipa::ToSchema)]
#[graphql(name = "ReportMeta")]
#[schema(as = ReportMeta)]
pub struct Meta {
    /// IANA name of the time zone in which days begin.
    #[schema(max_length = 64, example = "Europe/Berlin")]
    pub time_zone: String,
    /// First day or instant of the period; null if the period has no beginning.
    #[schema(max_length = 32, example = "2026-11-01")]
    pub from: Option<String>,
    /// First day or instant after the period; null if the period has no end.
    #[schema(max_length = 32, example = "2026-12-01")]
    pub to: Option<String>,
    /// The earlier period with which the figures are compared. Null without a comparison.
    pub compared_with: Option<EarlierPeriod>,
    /// The report includes everything that had happened by this day or instant. Null means now, or that the report
    /// has no such parameter.
    #[schema(max_length = 32, example = json!(null))]
    pub as_of: Option<String>,
    /// The report includes everything that was recorded by this day or instant. Null as in `as_of`.
    #[schema(max_length = 32, example = json!(null))]
    pub known_at: Option<String>,
    /// When the report was made.
    #[schema(value_type = chrono::DateTime<Utc>, example = "2026-11-22T01:20:00.123456Z")]
    pub generated_at: Instant,
    /// The report includes everything that was committed before this instant.
    #[schema(value_type = chrono::DateTime<Utc>, example = "2026-11-22T01:20:00.123456Z")]
    pub data_as_of: Instant,
    /// Number of rows, without totals.
    #[schema(maximum = 50000, example = 1)]
    pub row_count: u64,
    /// Whether more rows exist than the limit allows.
    #[schema(example = false)]
    pub truncated: bool,
    /// The cursor of the next page. Null if there is none, if the rows are sorted by a figure, and in every report but
    /// `general_ledger`.
    #[schema(max_length = 200, example = json!(null))]
    pub next_cursor: Option<String>,
    /// Codes of the ledger accounts that the report agrees with, in the default chart of accounts.
    #[schema(value_type = Vec<String>, max_items = 20, example = json!(["4000", "4010"]))]
    pub ledger_accounts: Vec<&'static str>,
    /// The totals beside those accounts, if the caller asks for it with `ties=true`. Null otherwise, and if the ledger has no such
    /// total. It has none if the report is filtered by product, product kind, category, customer, country or currency, if a bound
    /// is an instant, or if its days are not those of the tenant. Figures of cost need the scope `costs:read`.
    #[schema(max_items = 3)]
    pub ties_to: Option<Vec<Tie>>,
    /// The first and the last day with a line that the report counts, if the caller asks for it: `trade=true`. Null otherwise.
    pub trade: Option<Trade>,
}

/// The days between which there was trade.
#[derive(Debug, Clone, Copy, Serialize, SimpleObject, utoipa::ToSchema)]
pub struct Trade {
    /// Day of the first line within period and filter, in the report's time zone; null if there is none.
    #[schema(value_type = Option<chrono::NaiveDate>, example = "2026-11-02")]
    pub first_on: Option<Date>,
    /// Day of the last line within period and filter, in the report's time zone; null if there is none.
    #[schema(value_type = Option<chrono::NaiveDate>, example = "2026-11-28")]
    pub last_on: Option<Date>,
}

impl Trade {
    async fn read(tx: &Tx, request: &Request) -> Result<Self, Error> {
        let row = tx.row(sales::bind(sales::trade(request), tx, request)?).await?;
        let row = row.ok_or_else(|| Error::invariant("an aggregate without a row"))?;
        let day = |name: &str| -> Result<Option<Date>, Error> {
            Ok(row.try_get::<Option<NaiveDate>, _>(name)?.map(|day| Date(Moment::Day(day))))
        };
        Ok(Trade { first_on: day("first_on")?, last_on: day("last_on")? })
    }
}

/// The earlier period of a comparison.
#[derive(Debug, Clone, Serialize, SimpleObject, utoipa::ToSchema)]
pub struct EarlierPeriod {
    /// `previous_period` or `previous_year`.
    #[schema(value_type = String, max_length = 32, example = "previous_year")]
    pub name: &'static str,
    /// First day or instant of the earlier period.
    #[schema(max_length = 32, example = "2025-11-01")]
    pub from: String,
    /// First day or instant after the earlier period.
    #[schema(max_length = 32, example = "2025-12-01")]
    pub to: String,
}

impl EarlierPeriod {
    fn of(comparison: &compare::Comparison) -> Option<Self> {
        let (from, to) = comparison.range.from.zip(comparison.range.to)?;
        Some(EarlierPeriod { name: comparison.to.into(), from: range::echo(from), to: range::echo(to) })
    }
}

impl Meta {
    /// Returns it without the instants at which the report was made.
    #[must_use]
    pub fn undated(&self) -> Self {
        let at = Instant(DateTime::UNIX_EPOCH.fixed_offset());
        Meta { generated_at: at, data_as_of: at, ..self.clone() }
    }
}

/// A row type, which defines its report.
pub trait Row: FromQueryResult + Serialize + OutputType {
    /// Columns that describe a row, in their order.
    fn dimensions(group_by: &[Dimension]) -> Vec<&'static str>;

    /// Columns of figures, in their order.
    fn measures() -> Vec<Measure>;

    fn statement(request: &Request) -> String;

    /// Converts instants to the report's time zone.
    fn in_zone(&mut self, _zone: Tz) {}

    /// Writes ids as the API has them.
    fn with_ids(&mut self) {}

    /// Returns the place after which the next page begins, if the report has pages.
    fn place(&self) -> Option<Place> {
        None
    }
}

/// The rows that the database returned for a [`Request`], not decoded yet.
#[derive(Debug)]
pub struct RawReport {
    rows: Vec<PgRow>,
    as_of: DateTime<Utc>,
    balances: Option<Vec<tie::Balance>>,
    trade: Option<Trade>,
    compared_with: Option<EarlierPeriod>,
}

/// Runs the report's one statement, after the records that its filters name and the roll-ups were found, and suggestions were
/// computed.
pub async fn fetch(tx: &Tx, request: &Request) -> Result<RawReport, Error> {
    let filter = selected::find(tx, &request.filter).await?;
    let mut request = Request { filter, ..request.clone() };
    if request.name.is_of_ledger() {
        // The sums do not know when their lines were recorded.
        let folded = service::rollup::ledger::position(tx).await?;
        request.folded = folded.filter(|_| request.known_at.is_none());
    } else if request.name.is_of_sales() || request.name.has_period() && request.compare.is_some() {
        let (from, to) = (range::parameters(request.range.from), range::parameters(request.range.to));
        let time_zone = request.time_zone.map(|zone| zone.name());
        request.calendar = service::rollup::calendar(tx, time_zone, from, to).await?;
        // A roll-up does not know when its lines were recorded.
        let has_rollups = request.known_at.is_none();
        request.calendar.rollup = request.calendar.rollup.take().filter(|_| has_rollups);
        if let Some(comparison) = &mut request.compare {
            *comparison = comparison.read(tx, time_zone, &request.calendar).await?;
            comparison.calendar.rollup = comparison.calendar.rollup.take().filter(|_| has_rollups);
        }
    }
    if request.name == Name::Reorder {
        let named = request.filter.products.ids.as_slice();
        let products = (!named.is_empty()).then_some(named);
        let rows = service::replenish::reorder::rows(tx, products, request.sees_costs).await?;
        request.reorder = Some(rows);
    }
    let rows = tx.rows(request.name.query(tx, &request)?).await?;
    let balances = if request.ties { tie::read(tx, &request).await? } else { None };
    let trade = if request.trade { Some(Trade::read(tx, &request).await?) } else { None };
    let compared_with = request.compare.as_ref().and_then(EarlierPeriod::of);
    Ok(RawReport { rows, as_of: tx.now, balances, trade, compared_with })
}

/// Runs a report on a snapshot of its own. `finish` makes the response of its table: until then the report counts as running,
/// because that keeps a processor busy as well.
pub async fn run<T>(
    db: &Db,
    tenant_id: TenantId,
    request: &Request,
    finish: impl FnOnce(Table) -> T,
) -> Result<T, Error> {
    db.report(tenant_id, async |tx| Ok(finish(registry::table(request, fetch(tx, request).await?)?))).await
}

/// Decodes the rows of a report.
pub fn decode<R: Row>(request: &Request, raw: RawReport) -> Result<Report<R>, Error> {
    let ties_to = ties(request, &raw.rows, raw.balances)?;
    let (mut rows, mut totals): (Vec<R>, Vec<R>) = (Vec::new(), Vec::new());
    let mut time_zone = String::new();
    for row in raw.rows {
        let level: i32 = row.try_get("level")?;
        match level {
            0 => rows.push(R::from_query_result(&row.into(), "")?),
            1 => totals.push(R::from_query_result(&row.into(), "")?),
            _ => time_zone = row.try_get("time_zone")?,
        }
    }
    let zone: Tz = time_zone.parse().unwrap_or(Tz::UTC);
    let truncated = rows.len() > request.limit as usize;
    rows.truncate(request.limit as usize);
    for row in &mut rows {
        row.in_zone(zone);
        row.with_ids();
    }
    let has_next = truncated && request.sort.is_none();
    let last = rows.last().filter(|_| has_next).and_then(R::place);
    let as_of = Instant(raw.as_of.fixed_offset());
    let meta = Meta {
        time_zone,
        from: request.range.from.map(range::echo),
        to: request.range.to.map(range::echo),
        compared_with: raw.compared_with,
        as_of: request.as_of.map(range::echo),
        known_at: request.known_at.map(range::echo),
        generated_at: as_of,
        data_as_of: as_of,
        row_count: rows.len() as u64,
        truncated,
        next_cursor: last.map(|place| place.text()),
        ledger_accounts: request.name.ledger_accounts(),
        ties_to,
        trade: raw.trade,
    };
    let measures = match request.compare {
        Some(_) => added::measures(&R::measures()),
        None => R::measures(),
    };
    Ok(Report {
        columns: column::columns::<R>(&request.group_by, request.fill, measures),
        rows,
        totals,
        meta,
    })
}

/// Returns the totals beside the ledger, without costs that the caller may not see.
fn ties(
    request: &Request,
    rows: &[PgRow],
    balances: Option<Vec<tie::Balance>>,
) -> Result<Option<Vec<Tie>>, Error> {
    let Some(balances) = balances else { return Ok(None) };
    let mut totals = Vec::new();
    for row in rows {
        if row.try_get::<i32, _>("level")? == 1 {
            totals.push(row);
        }
    }
    let ties = tie::beside(balances, &totals)?;
    let is_seen = |tie: &Tie| request.sees_costs || !is_cost(&tie.figure);
    Ok(ties.map(|ties| ties.into_iter().filter(is_seen).collect()))
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    /// All parts of a report have one clock, that of its transaction.
    #[test]
    fn no_report_reads_the_clock_of_the_database() {
        let period =
            || Input { from: Some("2026-01-01".into()), to: Some("2026-02-01".into()), ..Input::default() };
        let filled = |name| {
            let units = Dimension::iter().filter(|dimension| dimension.unit().is_some());
            units.map(move |unit| {
                (name, Input { group_by: Some(vec![unit]), fill: Some("zero".into()), ..period() })
            })
        };
        let plain = Name::iter().map(|name| (name, Input::default()));
        let mut seen = 0;
        for (name, input) in plain.chain(filled(Name::Revenue)).chain(filled(Name::Margin)) {
            let statement = name.statement(&Request::new(name, input).expect("a request"));
            let has_clock =
                ["now()", "current_", "localtime", "clock_"].iter().any(|clock| statement.contains(clock));
            assert!(!has_clock, "{name}: {statement}");
            seen += 1;
        }
        assert!(seen > 30, "{seen} statements are looked at");
    }
}
