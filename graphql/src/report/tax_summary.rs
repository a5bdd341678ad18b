//! Tax summary: base and amount of each tax at each rate, by month, quarter, year, channel or country.
//!
//! - One row per tax and rate in each group. A line with one tax counts at its own rate, one with several taxes at each of them.
//! - Sales are positive and returns negative. A till sale counts when it was made, a wholesale sale when it was invoiced.
//! - A late document counts in the month in which it happened. `known_at` leaves out what was recorded later, so a return that was made
//!   then can be repeated.
//! - Ties to the ledger: `tax` is credits less debits of 2200 and of the accounts of further taxes.
//! - No roll-up has rates: it reads each line of the period.

use async_graphql::{Enum, SimpleObject};
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::Measure;
use super::compared::Compared;
use super::ledger::{Figure, Figures, measures};
use super::sort::Sort;
use super::{Dimension, Request, Row, beside, dimension, sales};
use crate::scalar::{Amount, Date};

/// A dimension of the tax summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum TaxDimension {
    /// Calendar months in the report's time zone, named by their first day.
    Month,
    /// Calendar quarters in the report's time zone, named by their first day.
    Quarter,
    /// Calendar years in the report's time zone, named by their first day.
    Year,
    /// Sales channels.
    Channel,
    /// Countries of sale.
    Country,
    /// One group for everything. It cannot be combined.
    None,
}

impl From<TaxDimension> for Dimension {
    fn from(dimension: TaxDimension) -> Self {
        match dimension {
            TaxDimension::Month => Dimension::Month,
            TaxDimension::Quarter => Dimension::Quarter,
            TaxDimension::Year => Dimension::Year,
            TaxDimension::Channel => Dimension::Channel,
            TaxDimension::Country => Dimension::Country,
            TaxDimension::None => Dimension::None,
        }
    }
}

/// One tax at one rate in one group; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct TaxSummaryRow {
    /// First day of the calendar month; null if the report is not grouped by month.
    pub month: Option<Date>,
    /// First day of the calendar quarter; null if the report is not grouped by quarter.
    pub quarter: Option<Date>,
    /// First day of the calendar year; null if the report is not grouped by year.
    pub year: Option<Date>,
    /// Sales channel: `wholesale` or `retail`; null if the report is not grouped by channel. New values may appear.
    pub channel: Option<String>,
    /// ISO 3166-1 alpha-2 code of the country of sale; null if the report is not grouped by country.
    pub country: Option<String>,
    /// Code of one of several taxes of a line; null for the tax of a line that has one, and in the totals.
    pub tax_code: Option<String>,
    /// Name of that tax at the time; null as the code is.
    pub tax_name: Option<String>,
    /// Rate in percent of tax_base; null for a tax per unit, and in the totals.
    pub tax_rate: Option<String>,
    /// Amount for each stock unit; null for a tax in percent, and in the totals.
    pub amount_per_unit: Option<String>,
    /// Code of the account of the tax; null in the totals.
    pub account_code: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row.
    pub currency: String,
    /// Amount that the rate is of: the net, and for a tax on a tax those before it. 0 for a tax per unit. Additive over the rates of one
    /// tax.
    pub tax_base: Amount,
    /// Tax on sales, less that on returns. Additive.
    pub tax: Amount,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<TaxSummaryRow>,
}

/// Figures over the taxes `c` of lines, of one side of a comparison.
const FIGURES: [Figure; 2] = [
    ("tax_base", "coalesce(sum(c.tax_base) filter (where SIDE), 0)"),
    ("tax", "coalesce(sum(c.tax) filter (where SIDE), 0)"),
];
const COLUMNS: [&str; 10] = [
    "month",
    "quarter",
    "year",
    "channel",
    "country",
    "tax_code",
    "tax_name",
    "tax_rate",
    "amount_per_unit",
    "account_code",
];
/// Those that name a tax.
const OF_TAX: [&str; 5] = ["tax_code", "tax_name", "tax_rate", "amount_per_unit", "account_code"];

/// Taxes of lines, each with its day.
const TAXES: &str = "
    l.channel, l.country, l.currency, x.code as tax_code, x.name as tax_name,
    trim_scale(case when x.code is null then l.tax_rate else x.rate end)::text as tax_rate,
    trim_scale(x.amount_per_unit)::text as amount_per_unit, coalesce(x.account_code, '2200') as account_code,
    coalesce(x.base, l.net) as tax_base, coalesce(x.amount, l.tax) as tax";
const LINES: &str = "
    from public.sales_line l
    left join public.sales_line_tax x on x.tenant_id = :tenant_id and x.document_id = l.document_id
        and x.document_kind = l.document_kind and x.line_no = l.line_no
    where l.tenant_id = :tenant_id
        and (:from_at::timestamptz is null or l.occurred_at >= :from_at)
        and (:to_at::timestamptz is null or l.occurred_at < :to_at)";
const DAY: &str = "(l.occurred_at at time zone :zone)::date";
/// The day that a line of the earlier period is compared with. It is within the period.
const MOVED_DAY: &str = "greatest(least(
        ((l.occurred_at at time zone :zone) + :shift)::date,
        ((:to_at::timestamptz - interval '1 microsecond') at time zone :zone)::date),
        (:from_at::timestamptz at time zone :zone)::date)";

/// Returns the SQL of a key of taxes `c`; null if the report is not grouped by it.
fn key(request: &Request, dimension: Dimension, sql: &'static str, kind: &'static str) -> String {
    if request.group_by.contains(&dimension) { sql.to_owned() } else { format!("null::{kind}") }
}

/// Returns common table expressions: `change`, the taxes of the lines, and `level`, those of each group.
fn grouped(request: &Request, figures: &Figures) -> String {
    let filters = sales::filters(false, request);
    let earlier = match request.compare {
        Some(_) => {
            let lines = beside::of_earlier_period(&format!("{LINES}{filters}"));
            format!("\n    union all\n    select {MOVED_DAY}, true,{TAXES}{lines}")
        }
        None => String::new(),
    };
    let month = key(request, Dimension::Month, "date_trunc('month', c.day::timestamp)::date", "date");
    let quarter = key(request, Dimension::Quarter, "date_trunc('quarter', c.day::timestamp)::date", "date");
    let year = key(request, Dimension::Year, "date_trunc('year', c.day::timestamp)::date", "date");
    let channel = key(request, Dimension::Channel, "c.channel", "text");
    let country = key(request, Dimension::Country, "c.country", "text");
    format!(
        "change as (
    select {DAY} as day, false as is_before,{TAXES}{LINES}{filters}{earlier}
), level as materialized (
    select
        {month} as month, {quarter} as quarter, {year} as year, {channel} as channel, {country} as country, c.tax_code,
        c.tax_name, c.tax_rate, c.amount_per_unit, c.account_code, c.currency{}
    from change c
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
)",
        figures.sums
    )
}

impl Row for TaxSummaryRow {
    fn measures() -> Vec<Measure> {
        measures(&FIGURES)
    }

    fn dimensions(group_by: &[Dimension]) -> Vec<&'static str> {
        let mut names = dimension::column_names(group_by);
        names.extend(OF_TAX);
        names
    }

    fn statement(request: &Request) -> String {
        let side = |is_before: bool| if is_before { "c.is_before" } else { "not c.is_before" };
        let figures = Figures::of(&FIGURES, request.compare.is_some(), |sql, is_before| {
            sql.replace("SIDE", side(is_before))
        });
        let sorted = request.sort.map(Sort::order).unwrap_or_default();
        let columns: Vec<String> = COLUMNS.iter().map(|name| format!("m.{name}")).collect();
        let (described, no_columns) = (columns.join(", "), "null, ".repeat(COLUMNS.len()));
        let Figures { totals, shown, names, none, .. } = &figures;
        format!(
            "with {}, total as (
    select coalesce(m.currency, t.currency) as currency{totals}
    from public.tenant t left join level m on true where t.tenant_id = :tenant_id
    group by 1
)
(select 0 as level, null::text as time_zone, {described}, m.currency{names}
from (select {described}, m.currency{shown} from level m) m
order by {sorted}m.year, m.quarter, m.month, m.channel, m.country, m.tax_code nulls first, m.tax_rate::numeric desc nulls last,
    m.account_code, m.currency
limit :limit)
union all
select 1, null, {no_columns}m.currency{shown} from total m
union all
select 2, :zone, {no_columns}null{none}",
            grouped(request, &figures),
        )
    }
}
