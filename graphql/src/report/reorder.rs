//! Reorder: what to order or transfer, how much and when, for each product and location. As of now.
//!
//! - One row per product and location with a reorder point, those to be ordered first in front. `order_by` is today if something is
//!   due. Otherwise it is the review day on or before the day on which the position reaches the point.
//! - The rule computes the figures (`docs/replenishment.md`), so no view has them.
//!   `GET /v1/replenishment/suggestions/{id}` shows the numbers that led to them.
//! - Products that are asleep, are not reordered or have no demand have no row.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, sum};
use super::stock::{LOCATIONS, NAMES, PRODUCTS, Rows};
use super::{Dimension, Request, Row};
use crate::scalar::{Amount, Date, Units};

/// One product in one location; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct ReorderRow {
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
    /// Day on which to order; null in the totals.
    pub order_by: Option<Date>,
    /// ISO 4217 code of the currency of every amount in the row.
    pub currency: String,
    /// Stock units available that will be sold before they expire. Additive over products of one unit.
    pub available: Units,
    /// Available, less orders that wait, with supply that is due within the horizon. Additive over products of one unit.
    pub position: Units,
    /// Stock units of demand in a usual week, of both channels. Additive over products of one unit.
    pub rate_week: Units,
    /// Position at or below which an order is due. Additive over products of one unit.
    pub reorder_point: Units,
    /// Position that an order fills up to. Additive over products of one unit.
    pub fill_to: Units,
    /// Stock units to transfer from other locations now. Additive over products of one unit.
    pub transfer_units: Units,
    /// Stock units to order now, rounded to minimum and pack. Additive over products of one unit.
    pub order_units: Units,
    /// Days that the position lasts now; null without demand. Not additive.
    pub cover_days: Option<i64>,
    /// Days that it lasts after the order and the transfers; null without demand. Not additive.
    pub cover_days_after: Option<i64>,
    /// Cost of the units to order; null if the cost of a unit is unknown. Additive.
    pub value: Option<Amount>,
}

/// The rows were computed before. Their columns are those that the service writes.
const COMPUTED: &str = "level as materialized (
    select s.*
    from jsonb_to_recordset(:reorder::jsonb) as s (
        product_id uuid, location_id uuid, order_by date, available numeric, position numeric, rate_week numeric,
        reorder_point numeric, fill_to numeric, transfer_units numeric, order_units numeric, cover_days bigint,
        cover_days_after bigint, value numeric)
    where";

impl Row for ReorderRow {
    fn measures() -> Vec<Measure> {
        let units = [
            "available",
            "position",
            "rate_week",
            "reorder_point",
            "fill_to",
            "transfer_units",
            "order_units",
        ];
        let mut measures = units.map(|name| sum(name, Kind::Units)).to_vec();
        measures.extend(["cover_days", "cover_days_after"].map(|name| sum(name, Kind::DaysLeft)));
        measures.push(sum("value", Kind::Amount));
        measures
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        [NAMES.as_slice(), &["order_by"]].concat()
    }

    fn statement(request: &Request) -> String {
        let figures = &[
            ("available", "sum(m.available)"),
            ("position", "sum(m.position)"),
            ("rate_week", "sum(m.rate_week)"),
            ("reorder_point", "sum(m.reorder_point)"),
            ("fill_to", "sum(m.fill_to)"),
            ("transfer_units", "sum(m.transfer_units)"),
            ("order_units", "sum(m.order_units)"),
            ("cover_days", "null::bigint"),
            ("cover_days_after", "null::bigint"),
            ("value", "sum(m.value)"),
        ];
        let with = format!("{COMPUTED}{LOCATIONS} and {PRODUCTS}\n)");
        let attributes = &[("order_by", "m.order_by", "date")];
        let order = "m.order_by, m.cover_days, p.sku, lo.code";
        Rows { with, category: "p.category_id", attributes, figures, order }.statement(request)
    }
}
