//! Customer value: revenue, cost and contribution of each customer over both channels.
//!
//! One row per customer and currency, the greatest contribution first, or the greatest net revenue for a caller who may not
//! see costs. Without a period the report shows the
//! customer's lifetime value. `contribution` = `net_revenue` − `cost` of all wholesale orders and till sales of the
//! customer. Walk-in sales have no customer and are left out: they are the difference to `margin`. Ties to the same
//! accounts as `margin`.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, formula, sum};
use super::compared::Compared;
use super::figure::{COST, Figure, GROSS_REVENUE, Merge, NET_REVENUE, ORDERS, RETURNS, Sum};
use super::grouping::{self, Attribute, Grouping, Key};
use super::margin::MARGIN_PCT;
use super::sales;
use super::{Dimension, Request, Row};
use crate::scalar::{Amount, Date, Percentage};

/// One customer; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct CustomerValueRow {
    /// Number of the customer; null in the totals.
    pub customer_number: Option<String>,
    /// Name of the customer; null in the totals.
    pub customer_name: Option<String>,
    /// Kind of the customer: `wholesale` or `retail`; null in the totals.
    pub customer_kind: Option<String>,
    /// ISO 3166-1 alpha-2 code of the customer's country; null in the totals.
    pub country: Option<String>,
    /// Day of the first sales document in the period, in the report's time zone; null if there is none.
    pub first_order_on: Option<Date>,
    /// Day of the latest sales document in the period, in the report's time zone; null if there is none.
    pub last_order_on: Option<Date>,
    /// ISO 4217 code of the currency of every amount in the row. Amounts in different currencies are never added.
    pub currency: String,
    /// Number of sales documents: till sales and invoices, not refunds and credit notes. Additive.
    pub orders: i64,
    /// Net value of the lines sold, before returns: after discounts, without tax. Additive.
    pub gross_sales: Amount,
    /// Net value of the lines returned: negative, without tax. Additive.
    pub returns: Amount,
    /// Discounts given at the sale, less those on returned lines: positive lowers revenue. Additive.
    pub discount: Amount,
    /// Sales less returns after discounts, without tax. Additive.
    pub net_revenue: Amount,
    /// Cost of sales, less the cost of returns. Additive.
    pub cost: Amount,
    /// net_revenue − cost. Additive.
    pub contribution: Amount,
    /// contribution in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.
    pub contribution_pct: Option<Percentage>,
    /// gross_sales ÷ orders, 4 decimals; null without orders. Not additive: divide the sums.
    pub average_order_value: Option<Amount>,
    /// net_revenue of the wholesale channel. Additive.
    pub wholesale_net_revenue: Amount,
    /// net_revenue of the retail channel. Additive.
    pub retail_net_revenue: Amount,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<CustomerValueRow>,
}

/// A line is of one of the two channels, so the revenue of retail is the rest.
const SUMS: [Sum; 8] = [
    ORDERS,
    RETURNS,
    GROSS_REVENUE,
    NET_REVENUE,
    COST,
    Sum::of_channel("wholesale_net_revenue", Figure::NetRevenue, "wholesale"),
    Sum { name: "first_order_at", of: Figure::FirstOrder, channel: None, merge: Merge::Never },
    Sum { name: "last_order_at", of: Figure::LastOrder, channel: None, merge: Merge::Never },
];

impl Row for CustomerValueRow {
    fn measures() -> Vec<Measure> {
        vec![
            sum("orders", Kind::Count),
            formula("gross_sales", Kind::Amount, "net_revenue - returns"),
            sum("returns", Kind::Amount),
            formula("discount", Kind::Amount, "gross_revenue - net_revenue"),
            sum("net_revenue", Kind::Amount),
            sum("cost", Kind::Amount),
            formula("contribution", Kind::Amount, "net_revenue - cost"),
            formula("contribution_pct", Kind::Percentage, MARGIN_PCT),
            formula(
                "average_order_value",
                Kind::Average,
                "round((net_revenue - returns) / nullif(orders, 0), 4)",
            ),
            sum("wholesale_net_revenue", Kind::Amount),
            formula("retail_net_revenue", Kind::Amount, "net_revenue - wholesale_net_revenue"),
        ]
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        vec![
            "customer_number",
            "customer_name",
            "customer_kind",
            "country",
            "first_order_on",
            "last_order_on",
        ]
    }

    fn statement(request: &Request) -> String {
        let text = |name, value| Attribute { name, value: Some(value), kind: "text" };
        let day = |name, value| Attribute { name, value: Some(value), kind: "date" };
        let grouping = Grouping {
            keys: vec![Key::column("by_customer_id", "customer_id")],
            attributes: vec![
                text("customer_number", "cu.number"),
                text("customer_name", "cu.name"),
                text("customer_kind", "cu.kind"),
                text("country", "cu.country"),
                day("first_order_on", "(m.first_order_at at time zone :zone)"),
                day("last_order_on", "(m.last_order_at at time zone :zone)"),
            ],
            joins: vec![
                "left join public.customer cu on cu.tenant_id = :tenant_id and cu.id = m.by_customer_id",
            ],
            order: vec![
                if request.sees_costs { "contribution desc" } else { "net_revenue desc" },
                "customer_number",
            ],
            kept_by: None,
            expected: vec![grouping::CUSTOMERS],
            only: None,
            customers_only: true,
            splits_documents: false,
        };
        sales::statement(&grouping, &SUMS, &Self::measures(), request)
    }
}
