//! Margin: revenue and the cost of sales, by any dimensions.
//!
//! - `gross_margin` = `net_revenue` − `cost`; `gross_margin_pct` is the same in percent of `net_revenue`.
//! - `cost` is the cost of the stock when it was issued, by the tenant's costing method. A return takes the cost of
//!   the sale that it names. Signs as in `revenue`.
//! - Ties to the ledger: revenue as in `revenue`; debits less credits of 5000 and 5010 are `cost`.

use async_graphql::SimpleObject;
use chrono_tz::Tz;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, formula, sum};
use super::compared::Compared;
use super::dimension::Greatest;
use super::figure::{COST, GROSS_REVENUE, LINES, NET_REVENUE, ORDERS, RETURNS, Sum, TAX, UNITS};
use super::revenue::{self, RevenueFigures};
use super::sales;
use super::{Dimension, Dimensions, Request, Row, dimension};
use crate::scalar::{Amount, Percentage};

/// Revenue, cost and margin of one group.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct MarginRow {
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub dimensions: Dimensions,
    /// ISO 4217 code of the currency of every amount in the row. Amounts in different currencies are never added.
    pub currency: String,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub figures: MarginFigures,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<MarginRow>,
}

/// Sales less returns, and their cost.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct MarginFigures {
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub revenue: RevenueFigures,
    /// Cost of sales, less the cost of returns. Additive.
    pub cost: Amount,
    /// net_revenue − cost. Additive.
    pub gross_margin: Amount,
    /// gross_margin in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.
    pub gross_margin_pct: Option<Percentage>,
}

/// Sums that margin is computed from.
pub(super) const SUMS: [Sum; 8] = [ORDERS, LINES, UNITS, RETURNS, GROSS_REVENUE, NET_REVENUE, TAX, COST];

/// Margin in percent of revenue.
pub(super) const MARGIN_PCT: &str = "round(100 * (net_revenue - cost) / nullif(net_revenue, 0), 4)";

/// Figures in addition to those of revenue.
pub(super) const COST_MEASURES: [Measure; 3] = [
    sum("cost", Kind::Amount),
    formula("gross_margin", Kind::Amount, "net_revenue - cost"),
    formula("gross_margin_pct", Kind::Percentage, MARGIN_PCT),
];

impl Row for MarginRow {
    fn measures() -> Vec<Measure> {
        [revenue::MEASURES.as_slice(), &COST_MEASURES, &[revenue::RETURN_RATE_PCT]].concat()
    }

    fn dimensions(group_by: &[Dimension]) -> Vec<&'static str> {
        dimension::column_names(group_by)
    }

    fn statement(request: &Request) -> String {
        let figure = Greatest { name: "gross_margin", first: "gross_margin desc" };
        let grouping = dimension::grouping(&request.group_by, request.fill, figure);
        sales::statement(&grouping, &SUMS, &Self::measures(), request)
    }

    fn in_zone(&mut self, zone: Tz) {
        self.dimensions.in_zone(zone);
    }
}
