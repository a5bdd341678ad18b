//! Weak margins: products whose margin in a channel is low, and those that were sold below cost.
//!
//! - One row per product and channel whose `gross_margin_pct` is below `below_pct` (10 if absent), or of which a line was sold for
//!   less than it cost. The greatest loss comes first, then the smallest margin.
//! - A line counts as sold below cost if it sold units for a net value less than their cost. Returns do not count.
//! - Roll-ups have sums and no lines, so the report reads every line of the period. The totals are those of its rows.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, sum};
use super::sales;
use super::sort::Sort;
use super::{Dimension, Request, Row};
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
}

const FIGURES: [(&str, Kind); 8] = [
    ("units", Kind::Units),
    ("net_revenue", Kind::Amount),
    ("cost", Kind::Amount),
    ("gross_margin", Kind::Amount),
    ("gross_margin_pct", Kind::Percentage),
    ("below_cost_lines", Kind::Count),
    ("below_cost_units", Kind::Units),
    ("below_cost_loss", Kind::Amount),
];

const SOLD: &str = "with sold as materialized (
    select
        l.product_id, l.channel, l.currency, sum(l.units) as units, sum(l.net_revenue) as net_revenue, sum(l.cost) as cost,
        count(*) filter (where l.units > 0 and l.net_revenue < l.cost) as below_cost_lines,
        coalesce(sum(l.units) filter (where l.units > 0 and l.net_revenue < l.cost), 0) as below_cost_units,
        coalesce(sum(l.cost - l.net_revenue) filter (where l.units > 0 and l.net_revenue < l.cost), 0) as below_cost_loss";
const WEAK: &str = "
    group by l.product_id, l.channel, l.currency
), weak as materialized (
    select
        s.*, s.net_revenue - s.cost as gross_margin,
        round(100 * (s.net_revenue - s.cost) / nullif(s.net_revenue, 0), 4) as gross_margin_pct
    from sold s
    where s.below_cost_lines > 0
        or s.net_revenue > 0 and 100 * (s.net_revenue - s.cost) < :below_pct::numeric * s.net_revenue
)
(select
    0 as level, null::text as time_zone, p.sku, p.name as product_name, ca.code as category_code, ca.name as category_name,
    m.channel, m.currency, m.units, m.net_revenue, m.cost, m.gross_margin, m.gross_margin_pct, m.below_cost_lines,
    m.below_cost_units, m.below_cost_loss
from weak m
left join public.product p on p.tenant_id = :tenant_id and p.id = m.product_id
left join public.category ca on ca.tenant_id = :tenant_id and ca.id = p.category_id
order by ";
const TOTALS: &str = "m.below_cost_loss desc, m.gross_margin_pct nulls last, p.sku, m.channel, m.currency limit :limit)
union all
(select
    1, null, null, null, null, null, null, currency, coalesce(sum(units), 0), coalesce(sum(net_revenue), 0), coalesce(sum(cost), 0),
    coalesce(sum(net_revenue - cost), 0), round(100 * sum(net_revenue - cost) / nullif(sum(net_revenue), 0), 4),
    coalesce(sum(below_cost_lines), 0)::bigint, coalesce(sum(below_cost_units), 0), coalesce(sum(below_cost_loss), 0)
from (
    select distinct unnest(case when cardinality(:currencies::text[]) = 0 then array[t.currency::text] else :currencies end) as currency
    from public.tenant t where t.tenant_id = :tenant_id
    union
    select currency from weak
) asked left join weak using (currency)
group by currency order by currency)
union all
select 2, :zone, null, null, null, null, null, null, null, null, null, null, null, null, null, null";

impl Row for WeakMarginsRow {
    fn measures() -> Vec<Measure> {
        FIGURES.iter().map(|(name, kind)| sum(name, *kind)).collect()
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        vec!["sku", "product_name", "category_code", "category_name", "channel"]
    }

    fn statement(request: &Request) -> String {
        let sorted = request.sort.map(Sort::order).unwrap_or_default();
        format!("{SOLD}{}{WEAK}{sorted}{TOTALS}", sales::counted(request))
    }
}
