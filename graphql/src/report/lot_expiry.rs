//! Lot expiry: lots by expiry date, and how much may still be sold. As of now.
//!
//! - One row per lot and location with stock on hand; the earliest expiry comes first. Lots without an expiry date
//!   are left out.
//! - A lot may be sold to the end of its expiry date: `days_left` is 0 on that day and negative afterwards. Today is
//!   a day in the report's time zone; sales use the tenant's own.
//! - Expired lots are included, because they must be written off, unless the caller excludes them.
//! - `lot_status` is the first that applies: `recalled`, `expired`, `quarantined` (in a quarantine location, or
//!   quarantined as a whole), `in_transit`, otherwise `sellable`.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, sum};
use super::stock::{LOCATIONS, NAMES, PRODUCTS, Rows};
use super::{Dimension, Request, Row};
use crate::scalar::{Amount, Date, Units};

/// One lot in one location; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct LotExpiryRow {
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
    /// Code of the lot, or the serial number; null in the totals.
    pub lot_code: Option<String>,
    /// The supplier's own code for the lot; null if it is not known.
    pub supplier_lot: Option<String>,
    /// Whether the lot may be sold from the location, or why not: recalled, expired, quarantined, in_transit or
    /// sellable; null in the totals.
    pub lot_status: Option<String>,
    /// Last day on which the lot may be sold; null in the totals.
    pub expires_on: Option<Date>,
    /// ISO 4217 code of the currency of every amount in the row.
    pub currency: String,
    /// Days from today to expires_on: 0 on the last day, negative after it; null in the totals. Not additive.
    pub days_left: Option<i64>,
    /// Stock units on hand in the location, including reserved units. Additive over products of one unit.
    pub on_hand: Units,
    /// Stock units on hand that are reserved. Additive over products of one unit.
    pub reserved: Units,
    /// on_hand − reserved: what may still be sold. Expired and recalled lots count as zero. Additive over products of
    /// one unit.
    pub available: Units,
    /// Cost of the stock on hand. Additive.
    pub value: Amount,
}

impl Row for LotExpiryRow {
    fn measures() -> Vec<Measure> {
        vec![
            sum("days_left", Kind::DaysLeft),
            sum("on_hand", Kind::Units),
            sum("reserved", Kind::Units),
            sum("available", Kind::Units),
            sum("value", Kind::Amount),
        ]
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        [NAMES.as_slice(), &["lot_code", "supplier_lot", "lot_status", "expires_on"]].concat()
    }

    fn statement(request: &Request) -> String {
        let with = format!(
            "today as materialized (
    select (:now at time zone coalesce(:time_zone, time_zone))::date as day from public.tenant where tenant_id = :tenant_id
), lying as materialized (
    select
        s.product_id, s.location_id, s.lot_id, s.lot_code, s.expires_on, lt.supplier_lot,
        (s.expires_on - d.day)::bigint as days_left, s.on_hand, s.reserved, s.value,
        case
            when lt.status = 'recalled' then 'recalled'
            when s.expires_on < d.day then 'expired'
            when lo.kind = 'quarantine' or s.on_hand <= (
                select coalesce(sum(r.quantity), 0) from public.reservation r
                where r.tenant_id = :tenant_id and r.location_id = s.location_id and r.product_id = s.product_id
                    and r.lot_id = s.lot_id and r.kind = 'quarantine') then 'quarantined'
            when lo.kind = 'transit' then 'in_transit'
            else 'sellable'
        end as lot_status
    from today d
    cross join bi.stock_level s
    join public.lot lt on lt.tenant_id = :tenant_id and lt.id = s.lot_id
    join public.location lo on lo.tenant_id = :tenant_id and lo.id = s.location_id
    where s.tenant_id = :tenant_id and s.on_hand > 0 and s.expires_on <= coalesce(d.day + :within_days, 'infinity')
        and s.expires_on < coalesce(:expires_before, 'infinity') and (s.expires_on >= d.day or :include_expired) and {LOCATIONS} and {PRODUCTS}
), level as materialized (
    select *, case when lot_status in ('recalled', 'expired') then 0 else on_hand - reserved end as available
    from lying
)"
        );
        let attributes = &[
            ("lot_code", "m.lot_code", "text"),
            ("supplier_lot", "m.supplier_lot", "text"),
            ("lot_status", "m.lot_status", "text"),
            ("expires_on", "m.expires_on", "date"),
        ];
        let figures = &[
            ("days_left", "null"),
            ("on_hand", "sum(m.on_hand)"),
            ("reserved", "sum(m.reserved)"),
            ("available", "sum(m.available)"),
            ("value", "sum(m.value)"),
        ];
        let order = "m.expires_on, p.sku, m.lot_code, lo.code";
        Rows { with, category: "p.category_id", attributes, figures, order }.statement(request)
    }
}
