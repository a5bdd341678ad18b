//! Stock turnover: how often the stock was sold, and how long it will last. As of now, or of `as_of`, as known now or at `known_at`.
//!
//! - One row per product and location that has stock, or sold some in the last `days` (90 if absent), the greatest value first.
//!   A product that the filter names and that has no such row has a row of zeros without a location.
//! - `average_value` is the mean of the value at the beginning of the days and now. `turnover` is the cost of what was sold in a year
//!   at that pace, divided by it: 4 means that the stock is sold four times a year. `cover_days` says how long the stock on hand
//!   lasts at that pace.
//! - As of a past instant the movements up to then count, and the days are those before it. `known_at` leaves out those that were
//!   recorded later. Stock and value are then those of `stock_valuation`.
//! - A comparison is with the days directly before, or with as many days up to the same day of the year before.
//! - Units that were returned lower what was sold. Stock that left by a transfer or an adjustment was not sold.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, sum};
use super::compared::Compared;
use super::stock::{Known, LOCATIONS, MOMENT, NAMES, PRODUCTS, Rows, WITHOUT_STOCK, past};
use super::{Dimension, Request, Row};
use crate::scalar::{Amount, Units};

/// One product in one location; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct StockTurnoverRow {
    /// SKU of the product, case-sensitive; null in the totals.
    pub sku: Option<String>,
    /// Name of the product; null in the totals.
    pub product_name: Option<String>,
    /// Code of the product's category; null if it has none.
    pub category_code: Option<String>,
    /// Name of the product's category; null if it has none.
    pub category_name: Option<String>,
    /// Code of the location; null in the totals.
    pub location_code: Option<String>,
    /// Name of the location; null in the totals.
    pub location_name: Option<String>,
    /// UN/ECE Recommendation 20 code of the unit that the quantities are in; null in the totals.
    pub uom: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row.
    pub currency: String,
    /// Stock units on hand in the location, including reserved units. Additive over products of one unit.
    pub on_hand: Units,
    /// Cost of the stock on hand. Additive.
    pub value: Amount,
    /// Mean of the value at the beginning and at the end of the days, which is now or `as_of`. Additive.
    pub average_value: Amount,
    /// Stock units sold in the days, less units returned. Additive over products of one unit.
    pub units_sold: Units,
    /// Cost of the units sold, less the cost of units returned. Additive.
    pub cost: Amount,
    /// cost of a year at that pace ÷ average_value, 4 decimals; null if average_value is not above 0. Not additive: divide the sums.
    pub turnover: Option<Units>,
    /// Days until the stock on hand is sold at that pace, 1 decimal; null if nothing was sold. Not additive.
    pub cover_days: Option<Units>,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<StockTurnoverRow>,
}

const MOVED: &str = ", since as materialized (
    select public.day_begin(day - :days, zone) as at from moment
), part as (
    select
        s.product_id, s.location_id, 0 as on_hand, 0 as value, s.value as change,
        case when s.kind in ('sale', 'return') then -s.quantity else 0 end as units_sold,
        case when s.kind in ('sale', 'return') then -s.value else 0 end as cost
    from public.stock_movement s
    where s.tenant_id = :tenant_id and s.occurred_at >= (select at from since) and";
/// The stock of now.
const HELD: &str = "
    union all
    select s.product_id, s.location_id, s.on_hand, s.value, 0, 0, 0
    from public.stock_level s where s.tenant_id = :tenant_id and";
/// The stock of then.
const ADDED_UP: &str = "
    union all
    select s.product_id, s.location_id, s.quantity, s.value, 0, 0, 0
    from public.stock_movement s where s.tenant_id = :tenant_id and";
const KNOWN: &str = "
), known as materialized (
    select
        n.*, round(n.cost * 365 / :days / nullif(greatest(n.average_value, 0), 0), 4) as turnover,
        round(n.on_hand * :days / nullif(greatest(n.units_sold, 0), 0), 1) as cover_days
    from (
        select
            product_id, location_id, sum(on_hand) as on_hand, sum(value) as value, sum(units_sold) as units_sold, sum(cost) as cost,
            round(sum(value) - sum(change) / 2, 4) as average_value
        from part group by product_id, location_id
    ) n
    where n.on_hand <> 0 or n.value <> 0 or n.units_sold <> 0
)";

impl Row for StockTurnoverRow {
    fn measures() -> Vec<Measure> {
        vec![
            sum("on_hand", Kind::Units),
            sum("value", Kind::Amount),
            sum("average_value", Kind::Amount),
            sum("units_sold", Kind::Units),
            sum("cost", Kind::Amount),
            sum("turnover", Kind::Times),
            sum("cover_days", Kind::Days),
        ]
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        NAMES.to_vec()
    }

    fn statement(request: &Request) -> String {
        let past = past(request);
        let held = if past.is_some() { ADDED_UP } else { HELD };
        let counted = format!("{}{LOCATIONS} and {PRODUCTS}", past.unwrap_or_default());
        let figures = &[
            ("on_hand", "sum(m.on_hand)"),
            ("value", "sum(m.value)"),
            ("average_value", "sum(m.average_value)"),
            ("units_sold", "sum(m.units_sold)"),
            ("cost", "sum(m.cost)"),
            (
                "turnover",
                "round(sum(m.cost) * 365 / :days / nullif(greatest(sum(m.average_value), 0), 0), 4)",
            ),
            ("cover_days", "null::numeric"),
        ];
        let known = Known {
            keys: &["product_id", "location_id"],
            described: &[],
            absent: Some(format!("{WITHOUT_STOCK} and {PRODUCTS}")),
            measures: Self::measures(),
        };
        Rows {
            with: format!("{MOMENT}{MOVED}{counted}{held}{counted}{KNOWN}"),
            category: "p.category_id",
            attributes: &[],
            figures,
            order: "m.value desc, p.sku, lo.code",
        }
        .by_day(known, request)
    }
}
