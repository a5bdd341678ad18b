//! Low stock: products at or below their reorder point, in locations that serve a channel. As of now.
//!
//! One row per product and location that has ever had it or has a reorder point for it, the greatest shortage first. A
//! product of which this is true for no location has one row, without a location: nothing of it is available. Only
//! active stocked products count. Locations without a channel, such as transit, are left out. A reorder point of the location overrides that
//! of the product. A product without a reorder point is compared to the requested threshold, or to zero.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, sum};
use super::stock::{EXPECTED, LOCATIONS, NAMES, PRODUCTS, Rows};
use super::{Dimension, Request, Row};
use crate::scalar::Units;

/// One product in one location; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct LowStockRow {
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
    /// ISO 4217 code of the currency of the books.
    pub currency: String,
    /// Stock units on hand in the location, including reserved units. Additive over products of one unit.
    pub on_hand: Units,
    /// Stock units on hand that are reserved. Additive over products of one unit.
    pub reserved: Units,
    /// on_hand − reserved: what may still be sold. Expired and recalled lots count as zero. Additive over products of
    /// one unit.
    pub available: Units,
    /// Stock units at or below which the product is low: its reorder point in the location, otherwise the requested
    /// threshold. Additive over products of one unit.
    pub reorder_point: Units,
    /// Stock units to order when the product is low; zero if nothing is set. Additive over products of one unit.
    pub reorder_quantity: Units,
    /// reorder_point − available: units short of the reorder point. Additive over products of one unit.
    pub shortage: Units,
}

impl Row for LowStockRow {
    fn measures() -> Vec<Measure> {
        ["on_hand", "reserved", "available", "reorder_point", "reorder_quantity", "shortage"]
            .map(|name| sum(name, Kind::Units))
            .to_vec()
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        NAMES.to_vec()
    }

    fn statement(request: &Request) -> String {
        let with = format!(
            "known as materialized (
    select
        s.product_id, s.location_id, sum(s.on_hand) as on_hand, sum(s.reserved) as reserved,
        sum(s.available) as available
    from bi.stock_level s
    join public.location lo on lo.tenant_id = :tenant_id and lo.id = s.location_id and lo.channels <> '{{}}'
    where s.tenant_id = :tenant_id and {LOCATIONS} and {PRODUCTS}
    group by s.product_id, s.location_id
), wanted as materialized (
    select s.product_id, s.location_id, 0 as on_hand, 0 as reserved, 0 as available
    from public.reorder_setting s
    join public.location lo on lo.tenant_id = :tenant_id and lo.id = s.location_id and lo.channels <> '{{}}'
    where s.tenant_id = :tenant_id and {LOCATIONS} and {PRODUCTS} and not exists (
        select from known where known.product_id = s.product_id and known.location_id = s.location_id)
), place as (
    select * from known
    union all
    select * from wanted
    union all
    select s.product_id, null, 0, 0, 0{EXPECTED} {PRODUCTS}
        and not exists (select from known where known.product_id = s.product_id)
        and not exists (select from wanted where wanted.product_id = s.product_id)
), level as materialized (
    select
        s.product_id, s.location_id, s.on_hand, s.reserved, s.available,
        coalesce(r.reorder_point, :threshold::numeric) as reorder_point,
        coalesce(r.reorder_quantity, 0) as reorder_quantity,
        coalesce(r.reorder_point, :threshold::numeric) - s.available as shortage
    from place s
    join public.product p on p.tenant_id = :tenant_id and p.id = s.product_id and p.status = 'active' and p.kind = 'stocked'
    left join lateral (
        select rs.reorder_point, rs.reorder_quantity from public.reorder_setting rs
        where rs.tenant_id = :tenant_id and rs.product_id = s.product_id
            and rs.location_id in (s.location_id, '00000000-0000-0000-0000-000000000000')
        order by rs.location_id desc limit 1) r on true
    where s.available <= coalesce(r.reorder_point, :threshold)
)"
        );
        let figures = &[
            ("on_hand", "sum(m.on_hand)"),
            ("reserved", "sum(m.reserved)"),
            ("available", "sum(m.available)"),
            ("reorder_point", "sum(m.reorder_point)"),
            ("reorder_quantity", "sum(m.reorder_quantity)"),
            ("shortage", "sum(m.shortage)"),
        ];
        let order = "m.shortage desc, p.sku, lo.code";
        Rows { with, category: "p.category_id", attributes: &[], figures, order }.statement(request)
    }
}
