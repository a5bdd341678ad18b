//! Stock position: quantity, reservations and value of stock in each location. As of now.
//!
//! One row per product and location, over all lots. An active product that no location ever had has one row of zeros,
//! without a location. So has one that the filter names and none of the locations asked about had. `available` is what either channel may still sell: `on_hand` −
//! `reserved` of sellable lots. `value` is at cost. Ties to the ledger: the sum of `value` is the balance of 1200 and
//! 1210.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, sum};
use super::stock::{EXPECTED, LOCATIONS, NAMES, PRODUCTS, Rows};
use super::{Dimension, Request, Row};
use crate::scalar::{Amount, UnitCost, Units};

/// One product in one location; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct StockPositionRow {
    /// SKU of the product, case-sensitive; null in the totals.
    pub sku: Option<String>,
    /// Name of the product; null in the totals.
    pub product_name: Option<String>,
    /// Code of the product's category; null if it has none.
    pub category_code: Option<String>,
    /// Name of the product's category; null if it has none.
    pub category_name: Option<String>,
    /// Code of the location; null in the totals, and for a product that was in no location.
    pub location_code: Option<String>,
    /// Name of the location; null in the totals, and for a product that was in no location.
    pub location_name: Option<String>,
    /// UN/ECE Recommendation 20 code of the unit that the quantities are in; null in the totals.
    pub uom: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row.
    pub currency: String,
    /// Stock units on hand in the location, including reserved units. Additive over products of one unit.
    pub on_hand: Units,
    /// Stock units on hand that are reserved. Additive over products of one unit.
    pub reserved: Units,
    /// on_hand − reserved: what may still be sold. Expired and recalled lots count as zero. Additive over products of
    /// one unit.
    pub available: Units,
    /// Cost of the stock on hand. Additive.
    pub value: Amount,
    /// value ÷ on_hand, 6 decimals; null if nothing is on hand. Not additive: divide the sums.
    pub unit_cost: Option<UnitCost>,
}

impl Row for StockPositionRow {
    fn measures() -> Vec<Measure> {
        vec![
            sum("on_hand", Kind::Units),
            sum("reserved", Kind::Units),
            sum("available", Kind::Units),
            sum("value", Kind::Amount),
            sum("unit_cost", Kind::Average),
        ]
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        NAMES.to_vec()
    }

    fn statement(request: &Request) -> String {
        let with = format!(
            "known as materialized (
    select
        s.product_id, s.location_id,
        sum(s.on_hand) as on_hand, sum(s.reserved) as reserved, sum(s.available) as available,
        sum(s.value) as value, round(sum(s.value) / nullif(sum(s.on_hand), 0), 6) as unit_cost
    from bi.stock_level s
    where s.tenant_id = :tenant_id and {LOCATIONS} and {PRODUCTS}
    group by s.product_id, s.location_id
), level as materialized (
    select * from known
    union all
    select s.product_id, null, 0, 0, 0, 0, null{EXPECTED} {PRODUCTS}
        and not exists (select from known where known.product_id = s.product_id)
)"
        );
        let figures = &[
            ("on_hand", "sum(m.on_hand)"),
            ("reserved", "sum(m.reserved)"),
            ("available", "sum(m.available)"),
            ("value", "sum(m.value)"),
            ("unit_cost", "round(sum(m.value) / nullif(sum(m.on_hand), 0), 6)"),
        ];
        let order = match request.sees_costs {
            true => "m.value desc, p.sku, lo.code",
            false => "m.on_hand desc, p.sku, lo.code",
        };
        Rows { with, category: "p.category_id", attributes: &[], figures, order }.statement(request)
    }
}
