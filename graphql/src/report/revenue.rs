//! Revenue: sales less returns, by any dimensions.
//!
//! - `net_revenue` = `gross_revenue` − `discount` = `gross_sales` + `returns`; without tax.
//! - Signs: sales are positive and returns negative in every column, including `returns` itself.
//! - A till sale counts when it was made. A wholesale sale counts when it was invoiced.
//! - `orders` counts till sales and invoices, not refunds or credit notes. Grouped by product or category, an order
//!   counts in each group in which it has a line, so the groups do not add up to the total.
//! - Ties to the ledger: credits less debits of 4000 and 4010 (sales) and of 4100 and 4110 (returns), less 4200
//!   (discounts), are `net_revenue`; 2200 is `tax`.

use async_graphql::SimpleObject;
use chrono_tz::Tz;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, formula, sum};
use super::compared::Compared;
use super::dimension::Greatest;
use super::figure::{GROSS_REVENUE, LINES, NET_REVENUE, ORDERS, RETURNS, Sum, TAX, UNITS};
use super::sales;
use super::{Dimension, Dimensions, Request, Row, dimension};
use crate::scalar::{Amount, Percentage, Units};

/// Revenue of one group.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct RevenueRow {
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub dimensions: Dimensions,
    /// ISO 4217 code of the currency of every amount in the row. Amounts in different currencies are never added.
    pub currency: String,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub figures: RevenueFigures,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<RevenueRow>,
}

/// Sales less returns.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct RevenueFigures {
    /// Number of sales documents: till sales and invoices, not refunds or credit notes. Additive, except over
    /// products and categories, which share orders.
    pub orders: i64,
    /// Number of document lines, including returns. Additive.
    pub lines: i64,
    /// Stock units sold, less units returned. Additive over products of one unit.
    pub units: Units,
    /// Net value of the lines sold, before returns: after discounts, without tax. Additive.
    pub gross_sales: Amount,
    /// Net value of the lines returned: negative, without tax. Additive.
    pub returns: Amount,
    /// Sales less returns before the discounts given at the sale, without tax. Additive.
    pub gross_revenue: Amount,
    /// Discounts given at the sale, less those on returned lines: positive lowers revenue. Additive.
    pub discount: Amount,
    /// gross_revenue − discount, which equals gross_sales + returns; without tax. Additive.
    pub net_revenue: Amount,
    /// Output tax on net_revenue, which does not include it. Additive.
    pub tax: Amount,
    /// gross_sales ÷ orders, 4 decimals; null without orders. Not additive: divide the sums.
    pub average_order_value: Option<Amount>,
    /// −returns in percent of gross_sales, 4 decimals; null without sales. Not additive: divide the sums.
    pub return_rate_pct: Option<Percentage>,
}

/// Sums that revenue is computed from.
pub(super) const SUMS: [Sum; 7] = [ORDERS, LINES, UNITS, RETURNS, GROSS_REVENUE, NET_REVENUE, TAX];

/// Figures in their order.
pub(super) const MEASURES: [Measure; 10] = [
    sum("orders", Kind::Count),
    sum("lines", Kind::Count),
    sum("units", Kind::Units),
    formula("gross_sales", Kind::Amount, "net_revenue - returns"),
    sum("returns", Kind::Amount),
    sum("gross_revenue", Kind::Amount),
    formula("discount", Kind::Amount, "gross_revenue - net_revenue"),
    sum("net_revenue", Kind::Amount),
    sum("tax", Kind::Amount),
    formula("average_order_value", Kind::Average, "round((net_revenue - returns) / nullif(orders, 0), 4)"),
];

/// The share of sales that came back. It is the last column of the reports that have it.
pub(super) const RETURN_RATE_PCT: Measure = formula(
    "return_rate_pct",
    Kind::Percentage,
    "round(-100 * returns / nullif(net_revenue - returns, 0), 4)",
);

/// The main figure.
pub(super) const NET_REVENUE_FIRST: Greatest = Greatest { name: "net_revenue", first: "net_revenue desc" };

impl Row for RevenueRow {
    fn measures() -> Vec<Measure> {
        [MEASURES.as_slice(), &[RETURN_RATE_PCT]].concat()
    }

    fn dimensions(group_by: &[Dimension]) -> Vec<&'static str> {
        dimension::column_names(group_by)
    }

    fn statement(request: &Request) -> String {
        let grouping = dimension::grouping(&request.group_by, request.fill, NET_REVENUE_FIRST);
        sales::statement(&grouping, &SUMS, &Self::measures(), request)
    }

    fn in_zone(&mut self, zone: Tz) {
        self.dimensions.in_zone(zone);
    }
}
