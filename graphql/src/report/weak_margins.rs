//! Weak margins: products whose margin in a channel is low, and those that were sold below cost.
//!
//! - One row per product and channel whose `gross_margin_pct` is below `below_pct` (10 if absent), or of which a line was sold for
//!   less than it cost. The greatest loss comes first, then the smallest margin.
//! - A line counts as sold below cost if it sold units for a net value less than their cost. Returns do not count.
//! - Roll-ups have sums and no lines, so the report reads every line of the period. The totals are those of its rows.
//! - A comparison adds the figures of the same products and channels in the earlier period, zero if nothing was sold. What was weak
//!   in the earlier period only is no row.

use std::fmt::Write as _;

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::beside::{figured, of_earlier_period};
use super::column::{Kind, Measure, formula, sum};
use super::compared::Compared;
use super::margin::MARGIN_PCT;
use super::sales;
use super::sort::Sort;
use super::{Dimension, Request, Row, added};
use crate::scalar::{Amount, Percentage, Units};

/// One product in one channel; in the totals, all rows.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct WeakMarginsRow {
    /// SKU of the product, case-sensitive; null in the totals.
    pub sku: Option<String>,
    /// Name of the product; null in the totals.
    pub product_name: Option<String>,
    /// Code of the category that the product has now; null if it has none.
    pub category_code: Option<String>,
    /// Name of the category that the product has now; null if it has none.
    pub category_name: Option<String>,
    /// Sales channel: `wholesale` or `retail`; null in the totals. New values may appear.
    pub channel: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row. Amounts in different currencies are never added.
    pub currency: String,
    /// Stock units sold, less units returned. Additive over products of one unit.
    pub units: Units,
    /// Sales less returns after discounts, without tax. Additive.
    pub net_revenue: Amount,
    /// Cost of sales, less the cost of returns. Additive.
    pub cost: Amount,
    /// net_revenue − cost. Additive.
    pub gross_margin: Amount,
    /// gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.
    pub gross_margin_pct: Option<Percentage>,
    /// Number of lines that were sold for less than they cost. Additive.
    pub below_cost_lines: i64,
    /// Stock units of those lines. Additive over products of one unit.
    pub below_cost_units: Units,
    /// Cost of those lines less their net value: positive. Additive.
    pub below_cost_loss: Amount,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<WeakMarginsRow>,
}

const BELOW_COST: &str = "l.units > 0 and l.net_revenue < l.cost";

/// Sums, with their SQL over lines `l` and the type of their total.
const SUMS: [(&str, &str, &str); 6] = [
    ("units", "sum(l.units)", "numeric"),
    ("net_revenue", "sum(l.net_revenue)", "numeric"),
    ("cost", "sum(l.cost)", "numeric"),
    ("below_cost_lines", "count(*) filter (where BELOW_COST)", "bigint"),
    ("below_cost_units", "coalesce(sum(l.units) filter (where BELOW_COST), 0)", "numeric"),
    ("below_cost_loss", "coalesce(sum(l.cost - l.net_revenue) filter (where BELOW_COST), 0)", "numeric"),
];

const IS_WEAK: &str = "s.below_cost_lines > 0
        or s.net_revenue > 0 and 100 * (s.net_revenue - s.cost) < :below_pct::numeric * s.net_revenue";
/// Sums of the earlier period `b` beside those of the period `s`.
const BESIDE: &str = " left join before b on b.product_id = s.product_id and b.channel = s.channel and b.currency = s.currency";
/// The currencies that have a total.
const ASKED: &str = "(
    select distinct unnest(case when cardinality(:currencies::text[]) = 0 then array[t.currency::text] else :currencies end) as currency
    from public.tenant t where t.tenant_id = :tenant_id
    union
    select currency from weak
) asked";

/// The tables from which rows and totals are shown.
struct Tables {
    with: String,
    rows: &'static str,
    totals: &'static str,
}

impl Tables {
    fn of(request: &Request, measures: &[Measure]) -> Self {
        let counted = sales::counted(request);
        let names = SUMS.map(|(name, ..)| name);
        let (mut sums, mut totals) = (String::new(), String::new());
        for (name, _, kind) in SUMS {
            let _ = write!(sums, ", s.{name}");
            let _ = write!(totals, ", coalesce(sum({name}), 0)::{kind} as {name}");
        }
        let (mut before, mut joined) = (String::new(), "");
        if request.compare.is_some() {
            before = format!(", before as materialized ({}\n)", add_up(&of_earlier_period(&counted)));
            joined = BESIDE;
            for (name, _, kind) in SUMS {
                let _ = write!(sums, ", coalesce(b.{name}, 0) as {name}_before");
                let _ = write!(totals, ", coalesce(sum({name}_before), 0)::{kind} as {name}_before");
            }
        }
        let mut with = format!(
            "with sold as materialized ({}
){before}, weak as materialized (
    select row_number() over () as id, s.product_id, s.channel, s.currency{sums}
    from sold s{joined}
    where {IS_WEAK}
), total as materialized (
    select row_number() over () as id, currency{totals} from {ASKED} left join weak using (currency) group by currency
)",
            add_up(&counted)
        );
        if request.compare.is_some() {
            let described = "s.product_id, s.channel, s.currency";
            with.push_str(&figured("compared", "weak", described, &names, measures));
            with.push_str(&figured("compared_total", "total", "s.currency", &names, measures));
            return Tables { with, rows: "compared", totals: "compared_total" };
        }
        Tables { with, rows: "weak", totals: "total" }
    }
}

/// Returns the SQL of the sums of the lines that a report counts.
fn add_up(counted: &str) -> String {
    let sums = SUMS.map(|(name, of_lines, _)| {
        let of_lines = of_lines.replace("BELOW_COST", BELOW_COST);
        format!(", {of_lines} as {name}")
    });
    format!(
        "
    select l.product_id, l.channel, l.currency{}{counted}
    group by l.product_id, l.channel, l.currency",
        sums.concat()
    )
}

impl Row for WeakMarginsRow {
    fn measures() -> Vec<Measure> {
        vec![
            sum("units", Kind::Units),
            sum("net_revenue", Kind::Amount),
            sum("cost", Kind::Amount),
            formula("gross_margin", Kind::Amount, "net_revenue - cost"),
            formula("gross_margin_pct", Kind::Percentage, MARGIN_PCT),
            sum("below_cost_lines", Kind::Count),
            sum("below_cost_units", Kind::Units),
            sum("below_cost_loss", Kind::Amount),
        ]
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        vec!["sku", "product_name", "category_code", "category_name", "channel"]
    }

    fn statement(request: &Request) -> String {
        let sorted = request.sort.map(Sort::order).unwrap_or_default();
        let measures = Self::measures();
        let Tables { with, rows, totals } = Tables::of(request, &measures);
        let shown = if request.compare.is_some() { added::measures(&measures) } else { measures };
        let (mut formulas, mut names, mut none) = (String::new(), String::new(), String::new());
        for Measure { name, formula, .. } in shown {
            if formula != name {
                let _ = write!(formulas, ", {formula} as {name}");
            }
            let _ = write!(names, ", m.{name}");
            none.push_str(", null");
        }
        format!(
            "{with}
(select
    0 as level, null::text as time_zone, p.sku, p.name as product_name, ca.code as category_code, ca.name as category_name,
    m.channel, m.currency{names}
from (select {rows}.*{formulas} from {rows}) m
left join public.product p on p.tenant_id = :tenant_id and p.id = m.product_id
left join public.category ca on ca.tenant_id = :tenant_id and ca.id = p.category_id
order by {sorted}m.below_cost_loss desc, m.gross_margin_pct nulls last, p.sku, m.channel, m.currency limit :limit)
union all
(select 1, null, null, null, null, null, null, m.currency{names}
from (select {totals}.*{formulas} from {totals}) m order by m.currency)
union all
select 2, :zone, null, null, null, null, null, null{none}"
        )
    }
}
