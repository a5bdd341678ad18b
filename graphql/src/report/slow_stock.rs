//! Slow stock: stock that sells slowly or not at all, the greatest value first. As of now, or of `as_of`, as known now or at
//! `known_at`.
//!
//! - A product is slow in a location if fewer units were sold in the last `days` (90 by default) than are on hand: at
//!   that pace the stock lasts longer than `days`. It is dead if none were sold (`units_sold` is 0).
//! - A product that first came to the location within those days is left out. If a transfer brought it, it keeps its past:
//!   its first day, its last sale and its pace are those of all locations.
//! - Units sold are sales of both channels less returns. Days begin at midnight in the report's time zone; today
//!   counts up to now.
//! - `cover_days` = `on_hand` × `days` ÷ `units_sold`.
//! - As of a past instant the movements up to then count, and the days are those before it. `known_at` leaves out those that were
//!   recorded later. Stock and value are then those of `stock_valuation`.
//! - A comparison is with the days directly before, or with as many days up to the same day of the year before. Stock that was not
//!   slow then has zeros there.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, sum};
use super::compared::Compared;
use super::stock::{Known, LOCATIONS, MOMENT, NAMES, PRODUCTS, Rows, past};
use super::{Dimension, Request, Row};
use crate::scalar::{Amount, Date, Units};

/// One product in one location; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct SlowStockRow {
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
    /// Day on which the product first came to the location, in the report's time zone; null in the totals. If a transfer
    /// first brought it within the days, when it first came to any location.
    pub first_moved_on: Option<Date>,
    /// Day on which it was last sold from the location, in the report's time zone; null if it was never sold. If a
    /// transfer first brought it within the days, from any location.
    pub last_sold_on: Option<Date>,
    /// ISO 4217 code of the currency of every amount in the row.
    pub currency: String,
    /// Stock units on hand in the location, including reserved units. Additive over products of one unit.
    pub on_hand: Units,
    /// Cost of the stock on hand. Additive.
    pub value: Amount,
    /// Stock units sold from the location in the last days, less units returned. Additive over products of one unit.
    pub units_sold: Units,
    /// Days until the stock on hand is sold at that pace, 1 decimal; null if nothing was sold. Not additive.
    pub cover_days: Option<Units>,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<SlowStockRow>,
}

const MOVED: &str = ", since as materialized (
    select zone, public.day_begin(day - :days, zone) as at from moment
), moved as materialized (
    select
        s.location_id, s.product_id, min(s.occurred_at) as first_moved_at,
        min(s.occurred_at) filter (where s.document_kind = 'transfer') as first_transfer_at,
        max(s.occurred_at) filter (where s.kind = 'sale') as last_sold_at,";
/// The stock that the movements add up to.
const ADDED_UP: &str = "
        sum(s.quantity) as on_hand, sum(s.value) as value,";
const SOLD: &str = "
        coalesce(-sum(s.quantity) filter (
            where s.kind in ('sale', 'return') and s.occurred_at >= (select at from since)), 0) as units_sold
    from public.stock_movement s
    where s.tenant_id = :tenant_id and";
/// A location to which a transfer first brought the product within the days has the past of all locations.
const LYING: &str = "
    group by s.location_id, s.product_id
), product_moved as materialized (
    select
        product_id, min(first_moved_at) as first_moved_at, max(last_sold_at) as last_sold_at,
        sum(units_sold) as units_sold
    from moved group by product_id
), past as (
    select
        m.location_id, m.product_id, m.units_sold,
        case when n.is_new then p.first_moved_at else m.first_moved_at end as first_moved_at,
        case when n.is_new then p.last_sold_at else m.last_sold_at end as last_sold_at,
        case when n.is_new then p.units_sold else m.units_sold end as units_sold_of_past
    from moved m
    join product_moved p on p.product_id = m.product_id
    cross join since
    cross join lateral (
        select m.first_moved_at >= since.at and m.first_transfer_at is not distinct from m.first_moved_at as is_new) n
), lying as (";
/// The stock of now.
const LEVELS: &str = "
    select s.location_id, s.product_id, sum(s.on_hand) as on_hand, sum(s.value) as value
    from public.stock_level s where s.tenant_id = :tenant_id and";
const POSITIVE: &str = "
    group by s.location_id, s.product_id having sum(s.on_hand) > 0";
/// The stock of then.
const MOVEMENTS: &str = "
    select s.location_id, s.product_id, s.on_hand, s.value from moved s where s.on_hand > 0 and";
const SLOW: &str = "
), known as materialized (
    select
        l.product_id, l.location_id, l.on_hand, l.value, m.units_sold, since.zone, m.first_moved_at, m.last_sold_at,
        round(l.on_hand * :days / nullif(greatest(m.units_sold, 0), 0), 1) as cover_days
    from lying l
    join past m on m.location_id = l.location_id and m.product_id = l.product_id
    join since on m.first_moved_at < since.at
    where m.units_sold_of_past < l.on_hand
)";

impl Row for SlowStockRow {
    fn measures() -> Vec<Measure> {
        vec![
            sum("on_hand", Kind::Units),
            sum("value", Kind::Amount),
            sum("units_sold", Kind::Units),
            sum("cover_days", Kind::Days),
        ]
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        [NAMES.as_slice(), &["first_moved_on", "last_sold_on"]].concat()
    }

    fn statement(request: &Request) -> String {
        let (added_up, counted, lying) = match past(request) {
            Some(past) => (ADDED_UP, past, format!("{MOVEMENTS}{LOCATIONS}")),
            None => ("", String::new(), format!("{LEVELS}{LOCATIONS} and {PRODUCTS}{POSITIVE}")),
        };
        let known = Known {
            keys: &["product_id", "location_id"],
            described: &["zone", "first_moved_at", "last_sold_at"],
            absent: None,
            measures: Self::measures(),
        };
        Rows {
            with: format!("{MOMENT}{MOVED}{added_up}{SOLD}{counted} {PRODUCTS}{LYING}{lying}{SLOW}"),
            category: "p.category_id",
            attributes: &[
                ("first_moved_on", "m.first_moved_at at time zone m.zone", "date"),
                ("last_sold_on", "m.last_sold_at at time zone m.zone", "date"),
            ],
            figures: &[
                ("on_hand", "sum(m.on_hand)"),
                ("value", "sum(m.value)"),
                ("units_sold", "sum(m.units_sold)"),
                ("cover_days", "null::numeric"),
            ],
            order: "m.value desc, p.sku, lo.code",
        }
        .by_day(known, request)
    }
}
