//! Product performance: units, revenue and margin of each product, in total and by channel.
//!
//! One row per product and currency, the greatest revenue first. The margin of the product stands beside its margin
//! in each channel. One row shows where the product sells better, and where it only seems to pay. The category is the
//! product's current one. Ties to the same accounts as `margin`.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, formula, sum};
use super::compared::Compared;
use super::figure::{COST, Figure, NET_REVENUE, Sum, UNITS};
use super::grouping::{self, Attribute, Grouping, Key};
use super::margin::MARGIN_PCT;
use super::sales;
use super::{Dimension, Request, Row};
use crate::scalar::{Amount, Percentage, Units};

/// One product; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct ProductPerformanceRow {
    /// SKU of the product, case-sensitive; null in the totals.
    pub sku: Option<String>,
    /// Name of the product; null in the totals.
    pub product_name: Option<String>,
    /// Code of the category that the product has now; null if it has none.
    pub category_code: Option<String>,
    /// Name of the category that the product has now; null if it has none.
    pub category_name: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row. Amounts in different currencies are never added.
    pub currency: String,
    /// Stock units sold, less units returned, in both channels. Additive over products of one unit.
    pub units: Units,
    /// Sales less returns after discounts, without tax, in both channels. Additive.
    pub net_revenue: Amount,
    /// Cost of sales, less the cost of returns, in both channels. Additive.
    pub cost: Amount,
    /// net_revenue − cost, over both channels. Additive.
    pub gross_margin: Amount,
    /// gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.
    pub gross_margin_pct: Option<Percentage>,
    /// units of the wholesale channel. Additive over products of one unit.
    pub wholesale_units: Units,
    /// net_revenue of the wholesale channel. Additive.
    pub wholesale_net_revenue: Amount,
    /// cost of the wholesale channel. Additive.
    pub wholesale_cost: Amount,
    /// wholesale_net_revenue − wholesale_cost. Additive.
    pub wholesale_gross_margin: Amount,
    /// wholesale_gross_margin in percent of wholesale_net_revenue; null without revenue. Not additive: divide the sums.
    pub wholesale_gross_margin_pct: Option<Percentage>,
    /// units of the retail channel. Additive over products of one unit.
    pub retail_units: Units,
    /// net_revenue of the retail channel. Additive.
    pub retail_net_revenue: Amount,
    /// cost of the retail channel. Additive.
    pub retail_cost: Amount,
    /// retail_net_revenue − retail_cost. Additive.
    pub retail_gross_margin: Amount,
    /// retail_gross_margin in percent of retail_net_revenue; null without revenue. Not additive: divide the sums.
    pub retail_gross_margin_pct: Option<Percentage>,
    /// wholesale_net_revenue in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums. Compare it
    /// with that of the totals. A product with a greater share sells better in wholesale than the others.
    pub wholesale_net_revenue_share_pct: Option<Percentage>,
    /// retail_net_revenue in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.
    pub retail_net_revenue_share_pct: Option<Percentage>,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<ProductPerformanceRow>,
}

/// A line is of one of the two channels, so the figures of retail are the rest: PostgreSQL adds up fewer.
const SUMS: [Sum; 6] = [
    UNITS,
    NET_REVENUE,
    COST,
    Sum::of_channel("wholesale_units", Figure::Units, "wholesale"),
    Sum::of_channel("wholesale_net_revenue", Figure::NetRevenue, "wholesale"),
    Sum::of_channel("wholesale_cost", Figure::Cost, "wholesale"),
];

const WHOLESALE_MARGIN_PCT: &str =
    "round(100 * (wholesale_net_revenue - wholesale_cost) / nullif(wholesale_net_revenue, 0), 4)";
const RETAIL_UNITS: &str = "units - wholesale_units";
const RETAIL_NET_REVENUE: &str = "net_revenue - wholesale_net_revenue";
const RETAIL_COST: &str = "cost - wholesale_cost";
const RETAIL_GROSS_MARGIN: &str = "(net_revenue - wholesale_net_revenue) - (cost - wholesale_cost)";
const RETAIL_MARGIN_PCT: &str = "round(100 * ((net_revenue - wholesale_net_revenue) \
     - (cost - wholesale_cost)) / nullif(net_revenue - wholesale_net_revenue, 0), 4)";

const WHOLESALE_SHARE_PCT: &str = "round(100 * wholesale_net_revenue / nullif(net_revenue, 0), 4)";
const RETAIL_SHARE_PCT: &str =
    "round(100 * (net_revenue - wholesale_net_revenue) / nullif(net_revenue, 0), 4)";

impl Row for ProductPerformanceRow {
    fn measures() -> Vec<Measure> {
        vec![
            sum("units", Kind::Units),
            sum("net_revenue", Kind::Amount),
            sum("cost", Kind::Amount),
            formula("gross_margin", Kind::Amount, "net_revenue - cost"),
            formula("gross_margin_pct", Kind::Percentage, MARGIN_PCT),
            sum("wholesale_units", Kind::Units),
            sum("wholesale_net_revenue", Kind::Amount),
            sum("wholesale_cost", Kind::Amount),
            formula("wholesale_gross_margin", Kind::Amount, "wholesale_net_revenue - wholesale_cost"),
            formula("wholesale_gross_margin_pct", Kind::Percentage, WHOLESALE_MARGIN_PCT),
            formula("retail_units", Kind::Units, RETAIL_UNITS),
            formula("retail_net_revenue", Kind::Amount, RETAIL_NET_REVENUE),
            formula("retail_cost", Kind::Amount, RETAIL_COST),
            formula("retail_gross_margin", Kind::Amount, RETAIL_GROSS_MARGIN),
            formula("retail_gross_margin_pct", Kind::Percentage, RETAIL_MARGIN_PCT),
            formula("wholesale_net_revenue_share_pct", Kind::Percentage, WHOLESALE_SHARE_PCT),
            formula("retail_net_revenue_share_pct", Kind::Percentage, RETAIL_SHARE_PCT),
        ]
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        vec!["sku", "product_name", "category_code", "category_name"]
    }

    fn statement(request: &Request) -> String {
        let text = |name, value| Attribute { name, value: Some(value), kind: "text" };
        let grouping = Grouping {
            keys: vec![Key::column("by_product_id", "product_id")],
            attributes: vec![
                text("sku", "p.sku"),
                text("product_name", "p.name"),
                text("category_code", "ca.code"),
                text("category_name", "ca.name"),
            ],
            joins: vec![
                "left join public.product p on p.tenant_id = :tenant_id and p.id = m.by_product_id",
                "left join public.category ca on ca.tenant_id = :tenant_id and ca.id = p.category_id",
            ],
            order: vec!["net_revenue desc", "sku"],
            kept_by: None,
            expected: vec![grouping::PRODUCTS],
            only: None,
            customers_only: false,
            splits_documents: true,
        };
        sales::statement(&grouping, &SUMS, &Self::measures(), request)
    }
}
