//! Lot expiry: lots by expiry date, and how much may still be sold. As of now, or of `as_of`, as known now or at `known_at`.
//!
//! - One row per lot and location with stock on hand; the earliest expiry comes first. Lots without an expiry date
//!   are left out.
//! - A lot may be sold to the end of its expiry date: `days_left` is 0 on that day and negative afterwards. Today is
//!   a day in the report's time zone; sales use the tenant's own. As of a past instant its day counts as today.
//! - Expired lots are included, because they must be written off, unless the caller excludes them.
//! - `lot_status` is the first that applies: `recalled`, `expired`, `quarantined` (in a quarantine location, or
//!   quarantined as a whole), `in_transit`, otherwise `sellable`.
//! - As of a past instant the movements up to then count, and so do recalls. `known_at` leaves out movements and recalls that were
//!   recorded later. Reservations have no history: `reserved` and `available` are null then, and a lot that was quarantined as a whole
//!   counts as `sellable`. The expiry date is that of now.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, sum};
use super::stock::{LOCATIONS, MOMENT, NAMES, PRODUCTS, Rows, past};
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
    /// Days from today, or from the day of `as_of`, to expires_on: 0 on the last day, negative after it; null in the totals. Not additive.
    pub days_left: Option<i64>,
    /// Stock units on hand in the location, including reserved units. Additive over products of one unit.
    pub on_hand: Units,
    /// Stock units on hand that are reserved; null as of a past instant, because reservations have no history. Additive over products
    /// of one unit.
    pub reserved: Option<Units>,
    /// on_hand − reserved: what may still be sold. Expired and recalled lots count as zero; null as of a past instant. Additive over
    /// products of one unit.
    pub available: Option<Units>,
    /// Cost of the stock on hand. Additive.
    pub value: Amount,
}

/// The SQL of the stock that lies somewhere, and of its state.
struct Lying {
    /// Common table expressions that `levels` needs.
    with: String,
    /// The levels `s`: stock, reservations and value of lots in locations.
    levels: &'static str,
    is_recalled: &'static str,
    is_quarantined: &'static str,
    available: &'static str,
    figures: &'static [(&'static str, &'static str)],
}

/// The stock of now.
const NOW: Lying = Lying {
    with: String::new(),
    levels: "(select * from bi.stock_level where tenant_id = :tenant_id)",
    is_recalled: "lt.status = 'recalled'",
    is_quarantined: "lo.kind = 'quarantine' or s.on_hand <= (
                select coalesce(sum(r.quantity), 0) from public.reservation r
                where r.tenant_id = :tenant_id and r.location_id = s.location_id and r.product_id = s.product_id
                    and r.lot_id = s.lot_id and r.kind = 'quarantine')",
    available: "case when lot_status in ('recalled', 'expired') then 0 else on_hand - reserved end",
    figures: &[
        ("days_left", "null"),
        ("on_hand", "sum(m.on_hand)"),
        ("reserved", "sum(m.reserved)"),
        ("available", "sum(m.available)"),
        ("value", "sum(m.value)"),
    ],
};
/// The stock of then, which movements add up to.
const THEN: Lying = Lying {
    with: String::new(),
    levels: "held",
    is_recalled: "exists (
                select from public.lot_recall r
                where r.tenant_id = :tenant_id and r.lot_id = s.lot_id and r.recalled_at < coalesce(d.before, 'infinity')
                    and r.recalled_at < coalesce(d.known_before, 'infinity'))",
    is_quarantined: "lo.kind = 'quarantine'",
    available: "null::numeric",
    figures: &[
        ("days_left", "null"),
        ("on_hand", "sum(m.on_hand)"),
        ("reserved", "null::numeric"),
        ("available", "null::numeric"),
        ("value", "sum(m.value)"),
    ],
};
const HELD: &str = ", held as materialized (
    select
        s.product_id, s.location_id, s.lot_id, sum(s.quantity) as on_hand, null::numeric as reserved, sum(s.value) as value
    from public.stock_movement s
    where s.tenant_id = :tenant_id and s.lot_id <> '00000000-0000-0000-0000-000000000000' and";
const BY_LOT: &str = "
    group by s.product_id, s.location_id, s.lot_id
)";

impl Lying {
    fn of(request: &Request) -> Self {
        match past(request) {
            Some(past) => Lying { with: format!("{HELD}{past}{LOCATIONS} and {PRODUCTS}{BY_LOT}"), ..THEN },
            None => NOW,
        }
    }
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
        let Lying { with, levels, is_recalled, is_quarantined, available, figures } = Lying::of(request);
        let with = format!(
            "{MOMENT}{with}, lying as materialized (
    select
        s.product_id, s.location_id, s.lot_id, lt.code as lot_code, lt.expires_on, lt.supplier_lot,
        (lt.expires_on - d.day)::bigint as days_left, s.on_hand, s.reserved, s.value,
        case
            when {is_recalled} then 'recalled'
            when lt.expires_on < d.day then 'expired'
            when {is_quarantined} then 'quarantined'
            when lo.kind = 'transit' then 'in_transit'
            else 'sellable'
        end as lot_status
    from moment d
    cross join {levels} s
    join public.lot lt on lt.tenant_id = :tenant_id and lt.id = s.lot_id
    join public.location lo on lo.tenant_id = :tenant_id and lo.id = s.location_id
    where s.on_hand > 0 and lt.expires_on <= coalesce(d.day + :within_days, 'infinity')
        and lt.expires_on < coalesce(:expires_before, 'infinity') and (lt.expires_on >= d.day or :include_expired) and {LOCATIONS} and {PRODUCTS}
), level as materialized (
    select *, {available} as available
    from lying
)"
        );
        let attributes = &[
            ("lot_code", "m.lot_code", "text"),
            ("supplier_lot", "m.supplier_lot", "text"),
            ("lot_status", "m.lot_status", "text"),
            ("expires_on", "m.expires_on", "date"),
        ];
        let order = "m.expires_on, p.sku, m.lot_code, lo.code";
        Rows { with, category: "p.category_id", attributes, figures, order }.statement(request)
    }
}
