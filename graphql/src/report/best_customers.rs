//! Best customers: recency, frequency and value of each customer who bought in the period.
//!
//! - Each customer has three scores from 1 to 5, for the latest order, the number of orders and the net revenue. A score is the
//!   fifth of the customers of the currency that the customer is in; 5 is the best. Equal customers have equal scores. `rfm` has the
//!   three digits: 555 are the best customers, 155 were good ones and have not come back.
//! - Recency counts days up to today, or to the end of the period if that is earlier.
//! - A customer without a sales document in the period, who only returned goods, is no row, and lowers no score. The totals hold
//!   the returns of such customers too.
//! - Walk-in sales have no customer and are left out. The totals tie to the same accounts as `margin`, less walk-in sales.
//! - A comparison adds figures of the earlier period. The scores stay those of the period, and a customer who bought in the earlier
//!   period only is no row.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, formula, sum};
use super::compared::Compared;
use super::figure::{COST, Figure, Merge, NET_REVENUE, ORDERS, RETURNS, Sum};
use super::grouping::{Attribute, Grouping, Key};
use super::margin::MARGIN_PCT;
use super::sales;
use super::{Dimension, Request, Row};
use crate::scalar::{Amount, Date, Percentage};

/// One customer who bought in the period. The totals hold all customers, also those who only returned goods.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct BestCustomersRow {
    /// Number of the customer; null in the totals.
    pub customer_number: Option<String>,
    /// Name of the customer; null in the totals.
    pub customer_name: Option<String>,
    /// Kind of the customer: `wholesale` or `retail`; null in the totals.
    pub customer_kind: Option<String>,
    /// ISO 3166-1 alpha-2 code of the customer's country; null in the totals.
    pub country: Option<String>,
    /// Day of the latest sales document in the period, in the report's time zone; null in the totals.
    pub last_order_on: Option<Date>,
    /// Days from last_order_on to today, or to the end of the period if that is earlier; null in the totals.
    pub recency_days: Option<i32>,
    /// 1 to 5: 5 is the fifth of the customers who bought last.
    pub recency_score: Option<i32>,
    /// 1 to 5: 5 is the fifth of the customers with the most orders.
    pub frequency_score: Option<i32>,
    /// 1 to 5: 5 is the fifth of the customers with the greatest net_revenue.
    pub value_score: Option<i32>,
    /// The three scores as digits, such as 545; null in the totals.
    pub rfm: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row. Amounts in different currencies are never added.
    pub currency: String,
    /// Number of sales documents: till sales and invoices, not refunds and credit notes. Additive.
    pub orders: i64,
    /// Sales less returns after discounts, without tax. Additive.
    pub net_revenue: Amount,
    /// Cost of sales, less the cost of returns. Additive.
    pub cost: Amount,
    /// net_revenue − cost. Additive.
    pub contribution: Amount,
    /// contribution in percent of net_revenue, 4 decimals; null without revenue. Not additive: divide the sums.
    pub contribution_pct: Option<Percentage>,
    /// Value of the lines sold ÷ orders, 4 decimals; null without orders. Not additive: divide the sums.
    pub average_order_value: Option<Amount>,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<BestCustomersRow>,
}

const SUMS: [Sum; 5] = [
    ORDERS,
    RETURNS,
    NET_REVENUE,
    COST,
    Sum { name: "last_order_at", of: Figure::LastOrder, channel: None, merge: Merge::Never },
];

const RECENCY_DAYS: &str = "((least(:to_at::timestamptz - interval '1 microsecond', :now::timestamptz) at time zone :zone)::date \
    - (m.last_order_at at time zone :zone)::date)";

/// The fifth of the customers of a currency that a customer is in, by one of the three figures: 5 is the best.
macro_rules! score {
    (recency) => {
        score!("m.last_order_at desc nulls last")
    };
    (frequency) => {
        score!("m.orders desc")
    };
    (value) => {
        score!("m.net_revenue desc")
    };
    ($order:literal) => {
        concat!(
            "(5 - 5 * (rank() over (partition by m.currency order by ",
            $order,
            ") - 1) / count(*) over (partition by m.currency))"
        )
    };
}

const RECENCY: &str = score!(recency);
const FREQUENCY: &str = score!(frequency);
const VALUE: &str = score!(value);
const RFM: &str = concat!("concat(", score!(recency), ", ", score!(frequency), ", ", score!(value), ")");

impl Row for BestCustomersRow {
    fn measures() -> Vec<Measure> {
        vec![
            sum("orders", Kind::Count),
            sum("net_revenue", Kind::Amount),
            sum("cost", Kind::Amount),
            formula("contribution", Kind::Amount, "net_revenue - cost"),
            formula("contribution_pct", Kind::Percentage, MARGIN_PCT),
            formula(
                "average_order_value",
                Kind::Average,
                "round((net_revenue - returns) / nullif(orders, 0), 4)",
            ),
        ]
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        vec![
            "customer_number",
            "customer_name",
            "customer_kind",
            "country",
            "last_order_on",
            "recency_days",
            "recency_score",
            "frequency_score",
            "value_score",
            "rfm",
        ]
    }

    fn statement(request: &Request) -> String {
        let column = |name, value, kind| Attribute { name, value: Some(value), kind };
        let grouping = Grouping {
            keys: vec![Key::column("by_customer_id", "customer_id")],
            attributes: vec![
                column("customer_number", "cu.number", "text"),
                column("customer_name", "cu.name", "text"),
                column("customer_kind", "cu.kind", "text"),
                column("country", "cu.country", "text"),
                column("last_order_on", "(m.last_order_at at time zone :zone)", "date"),
                column("recency_days", RECENCY_DAYS, "integer"),
                column("recency_score", RECENCY, "integer"),
                column("frequency_score", FREQUENCY, "integer"),
                column("value_score", VALUE, "integer"),
                column("rfm", RFM, "text"),
            ],
            joins: vec![
                "left join public.customer cu on cu.tenant_id = :tenant_id and cu.id = m.by_customer_id",
            ],
            order: vec!["rfm desc", "net_revenue desc", "customer_number"],
            kept_by: None,
            expected: Vec::new(),
            only: Some("m.orders > 0"),
            customers_only: true,
            splits_documents: false,
        };
        sales::statement(&grouping, &SUMS, &Self::measures(), request)
    }
}
