//! Stock ageing: age of the stock on hand, first in, first out. As of now, or of `as_of`, as known now or at `known_at`.
//!
//! - The stock on hand is what came in last: the newest receipts, as many as cover the quantity on hand. Every
//!   movement that brought stock counts as a receipt: from a supplier, returned by a customer, or found in a count. Each
//!   lot is aged on its own.
//! - A transfer makes nothing younger: what it brought is as old as it was where it came from.
//! - With FIFO costing, the cost layers say what is left of each receipt and what it cost. As of a past instant, and with `known_at`, the
//!   layers are those of now with what was taken of them since. If these do not come to the units and the value of then, as after a
//!   revaluation or a return, the value of the level is divided by quantity.
//! - Goods in transit have the ages and the costs of the layers that they left. These are known as of now only: as of a past instant
//!   their value is divided by quantity.
//! - As of a past instant the movements up to then count. `known_at` leaves out those that were recorded later. Stock and value are
//!   then those of `stock_valuation`.
//! - A comparison is with the end of the month before, or with the same day of the year before.
//! - The age of a receipt is the number of midnights since it happened, in the report's time zone.
//! - The value of a level without cost layers is divided by quantity. Each part is rounded to the decimals of the currency, so that the
//!   newest units up to it have their rounded share of the value; the parts add up to the value.
//! - Negative stock has no age and is left out. A product that the filter names and that has no stock has a row of zeros
//!   without a location. Apart from that, the sum of `value` is the balance of 1200 and 1210.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, sum};
use super::compared::Compared;
use super::stock::{Known, LOCATIONS, MOMENT, NAMES, PRODUCTS, Rows, WITHOUT_STOCK, past};
use super::{Dimension, Request, Row};
use crate::scalar::{Amount, Date, Units};

/// One product in one location; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct StockAgeingRow {
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
    /// Day on which the oldest units on hand came in, in the report's time zone; null in the totals.
    pub oldest_on: Option<Date>,
    /// ISO 4217 code of the currency of every amount in the row.
    pub currency: String,
    /// Stock units on hand in the location, including reserved units. Additive over products of one unit.
    pub on_hand: Units,
    /// Cost of the stock on hand. Additive.
    pub value: Amount,
    /// Units on hand that came in 0 to 30 days ago. Additive over products of one unit.
    pub units_to_30_days: Units,
    /// Units on hand that came in 31 to 60 days ago. Additive over products of one unit.
    pub units_to_60_days: Units,
    /// Units on hand that came in 61 to 90 days ago. Additive over products of one unit.
    pub units_to_90_days: Units,
    /// Units on hand that came in 91 to 180 days ago. Additive over products of one unit.
    pub units_to_180_days: Units,
    /// Units on hand that came in 181 to 365 days ago. Additive over products of one unit.
    pub units_to_365_days: Units,
    /// Units on hand that came in more than 365 days ago. Additive over products of one unit.
    pub units_over_365_days: Units,
    /// Value of the units that came in 0 to 30 days ago. Additive.
    pub value_to_30_days: Amount,
    /// Value of the units that came in 31 to 60 days ago. Additive.
    pub value_to_60_days: Amount,
    /// Value of the units that came in 61 to 90 days ago. Additive.
    pub value_to_90_days: Amount,
    /// Value of the units that came in 91 to 180 days ago. Additive.
    pub value_to_180_days: Amount,
    /// Value of the units that came in 181 to 365 days ago. Additive.
    pub value_to_365_days: Amount,
    /// Value of the units that came in more than 365 days ago. Additive.
    pub value_over_365_days: Amount,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<StockAgeingRow>,
}

/// Figures and their totals.
const FIGURES: [(&str, &str); 14] = [
    ("on_hand", "sum(m.on_hand)"),
    ("value", "sum(m.value)"),
    ("units_to_30_days", "sum(m.units_to_30_days)"),
    ("units_to_60_days", "sum(m.units_to_60_days)"),
    ("units_to_90_days", "sum(m.units_to_90_days)"),
    ("units_to_180_days", "sum(m.units_to_180_days)"),
    ("units_to_365_days", "sum(m.units_to_365_days)"),
    ("units_over_365_days", "sum(m.units_over_365_days)"),
    ("value_to_30_days", "sum(m.value_to_30_days)"),
    ("value_to_60_days", "sum(m.value_to_60_days)"),
    ("value_to_90_days", "sum(m.value_to_90_days)"),
    ("value_to_180_days", "sum(m.value_to_180_days)"),
    ("value_to_365_days", "sum(m.value_to_365_days)"),
    ("value_over_365_days", "sum(m.value_over_365_days)"),
];

/// Every receipt of the products, also in other locations: a transfer has brought their stock. `high` is what came to the
/// level with it or earlier, `total` what ever came. `passed` is what came with it or earlier of its line of a transfer.
const RECEIPTS: &str = ", received as materialized (
    select
        s.id, s.location_id, s.product_id, s.lot_id, s.quantity, s.occurred_at, s.document_kind, s.document_id, s.line_no,
        sum(s.quantity) over (
            partition by s.location_id, s.product_id, s.lot_id order by s.occurred_at, s.id) as high,
        sum(s.quantity) over (partition by s.location_id, s.product_id, s.lot_id) as total,
        sum(s.quantity) over (
            partition by s.document_id, s.line_no, s.lot_id, lo.kind = 'transit' order by s.id) as passed
    from public.stock_movement s
    join public.location lo on lo.tenant_id = :tenant_id and lo.id = s.location_id
    where s.tenant_id = :tenant_id and s.quantity > 0 and";
/// The units that each dispatch of a transfer took of its level. `high` is what left the level with it or earlier.
const SENT: &str = "
), sent as materialized (
    select s.*
    from (
        select
            s.location_id, s.product_id, s.lot_id, s.document_kind, s.document_id, s.line_no, s.quantity,
            -sum(s.quantity) over (
                partition by s.location_id, s.product_id, s.lot_id order by s.occurred_at, s.id) as high
        from public.stock_movement s
        where s.tenant_id = :tenant_id and s.quantity < 0 and";
const TRANSFERRED: &str = " s.product_id in (
            select product_id from public.stock_movement where tenant_id = :tenant_id and document_kind = 'transfer')
    ) s
    join public.transfer t on t.tenant_id = :tenant_id and t.id = s.document_id and t.from_location_id = s.location_id
    where s.document_kind = 'transfer'";
/// The decimals of the tenant's currency.
const MONEY: &str = "
), money as materialized (
    select public.currency_decimals(currency) as decimals from public.tenant where tenant_id = :tenant_id";
/// Remaining units of each cost layer. Goods in transit have no layers: `carried` has what is
/// left in transit of the layers that their dispatch took, in the order of the layers, as the receipt of the transfer will take it.
/// A line counts if that is the value that it has in transit. A tenant may have several locations of kind transit: one has the goods.
const LAYERS: &str = "
), dispatched as (
    select
        l.transfer_id, l.line_no, l.product_id, l.lot_id, l.quantity, l.received + l.missing + l.returned as gone, l.open_value,
        u.quantity as units, u.value, u.received_at, u.document_kind = 'earlier_stock' as earlier,
        sum(u.quantity) over (partition by l.transfer_id, l.line_no order by u.received_at, u.layer_id) as high,
        sum(u.quantity) over (partition by l.transfer_id, l.line_no) as known
    from public.transfer t
    join public.transfer_line l on l.tenant_id = :tenant_id and l.transfer_id = t.id
    join public.stock_movement m on m.tenant_id = :tenant_id and m.document_kind = 'transfer' and m.document_id = t.id
        and m.line_no = l.line_no and m.location_id = t.from_location_id
    join public.layer_use u on u.tenant_id = :tenant_id and u.movement_id = m.id
    where t.tenant_id = :tenant_id and t.status = 'in_transit'
), carried as (
    select *, sum(left_value) over (partition by transfer_id, line_no) as left_of_line
    from (
        select
            d.*, d.high - greatest(d.high - d.units, d.gone) as left_units,
            round(d.value, y.decimals)
            - round(d.value * greatest(d.gone - d.high + d.units, 0) / d.units, y.decimals) as left_value
        from dispatched d cross join money y
        where d.known = d.quantity and d.high > d.gone) d
), layer as materialized (
    select s.location_id, s.product_id, s.lot_id, s.quantity, s.value, s.received_at, s.earlier
    from (
        select
            tenant_id, location_id, product_id, lot_id, quantity, value, received_at,
            document_kind = 'earlier_stock' as earlier
        from public.cost_layer
        union all
        select
            lo.tenant_id, lo.id, c.product_id, c.lot_id, c.left_units, c.left_value, c.received_at, c.earlier
        from carried c
        join public.location lo on lo.tenant_id = :tenant_id and lo.kind = 'transit'
        join public.stock_level v on v.tenant_id = :tenant_id and v.location_id = lo.id and v.product_id = c.product_id
            and v.lot_id = c.lot_id and v.on_hand > 0
        where c.left_of_line = c.open_value
    ) s
    where s.tenant_id = :tenant_id and";
/// Cost layers carry their receipt date. Levels without layers, and stock from before a level had them, are aged by
/// receipts.
const UNLAYERED: &str = "
), unlayered as materialized (
    select
        s.location_id, s.product_id, s.lot_id, coalesce(sum(y.quantity), 0) as newer,
        s.on_hand - coalesce(sum(y.quantity), 0) as units, s.value - coalesce(sum(y.value), 0) as value
    from public.stock_level s
    left join layer y on y.location_id = s.location_id and y.product_id = s.product_id and y.lot_id = s.lot_id
        and not y.earlier
    where s.tenant_id = :tenant_id and s.on_hand > 0 and";
const OF_LEVEL: &str = "
    group by s.location_id, s.product_id, s.lot_id, s.on_hand, s.value";
/// The levels of then.
const HELD: &str = "
), held as materialized (
    select s.location_id, s.product_id, s.lot_id, sum(s.quantity) as units, sum(s.value) as value
    from public.stock_movement s
    where s.tenant_id = :tenant_id and";
const POSITIVE: &str = "
    group by s.location_id, s.product_id, s.lot_id having sum(s.quantity) > 0";
/// The layers of then: those of now, with the units that issues took which do not count. The costs of layers may have changed
/// meanwhile, and units may have come back, without a record of each layer. So the layers of a level count if together they are its
/// units and its value of then.
const TAKEN: &str = "
), standing as (
    select s.location_id, s.product_id, s.lot_id, u.layer_id, u.quantity, u.value, u.received_at, u.document_kind
    from public.layer_use u
    join public.stock_movement s on s.tenant_id = :tenant_id and s.id = u.movement_id
    where u.tenant_id = :tenant_id and";
const STANDING: &str = "
    union all
    select s.location_id, s.product_id, s.lot_id, s.id, s.quantity, s.value, s.received_at, s.document_kind
    from public.cost_layer s
    where s.tenant_id = :tenant_id and";
const THEN: &str = "
), then_layer as (
    select
        s.location_id, s.product_id, s.lot_id, sum(s.quantity) as quantity, sum(s.value) as value, s.received_at,
        bool_or(s.document_kind = 'earlier_stock') as earlier
    from standing s
    where s.received_at < coalesce((select before from moment), 'infinity')
    group by s.location_id, s.product_id, s.lot_id, s.layer_id, s.received_at
), layer as materialized (
    select l.*
    from then_layer l
    join (
        select y.location_id, y.product_id, y.lot_id
        from then_layer y
        join held h on h.location_id = y.location_id and h.product_id = y.product_id and h.lot_id = y.lot_id
        group by y.location_id, y.product_id, y.lot_id, h.units, h.value
        having sum(y.quantity) = h.units and sum(y.value) = h.value and not bool_or(y.earlier)
    ) k on k.location_id = l.location_id and k.product_id = l.product_id and k.lot_id = l.lot_id
), unlayered as materialized (
    select h.location_id, h.product_id, h.lot_id, 0::numeric as newer, h.units, h.value
    from held h
    where not exists (
        select from layer y where y.location_id = h.location_id and y.product_id = h.product_id and y.lot_id = h.lot_id)";
/// `low` and `high` are the first and last units of a receipt that are meant. Those that a transfer brought are looked up
/// where they came from, at most 20 transfers back. If a level was below zero, some may not be found: they came with the
/// transfer.
const AGED: &str = "
), came as materialized (
    select
        row_number() over () as no, l.location_id, l.product_id, l.lot_id, r.id as receipt_id, r.occurred_at,
        greatest(r.high - r.quantity, r.total - l.newer - l.units) - (r.high - r.quantity) as low,
        least(r.high, r.total - l.newer) - (r.high - r.quantity) as high
    from unlayered l
    join received r on r.location_id = l.location_id and r.product_id = l.product_id and r.lot_id = l.lot_id
        and r.high > r.total - l.newer - l.units and r.high - r.quantity < r.total - l.newer
    where l.units > 0
), origin as (
    select
        c.no, 0 as transfers, r.document_kind, r.document_id, r.line_no, r.product_id, r.lot_id, r.occurred_at,
        r.passed - r.quantity as before, c.low, c.high
    from came c join received r on r.id = c.receipt_id
    union all
    select
        o.no, o.transfers + 1, r.document_kind, r.document_id, r.line_no, r.product_id, r.lot_id, r.occurred_at,
        r.passed - r.quantity, greatest(r.high - r.quantity, s.high + s.quantity + o.before + o.low) - (r.high - r.quantity),
        least(r.high, s.high + s.quantity + o.before + o.high) - (r.high - r.quantity)
    from origin o
    join sent s on s.document_id = o.document_id and s.line_no = o.line_no and s.product_id = o.product_id
        and s.lot_id = o.lot_id
    join received r on r.location_id = s.location_id and r.product_id = s.product_id and r.lot_id = s.lot_id
        and r.high > s.high + s.quantity + o.before + o.low
        and r.high - r.quantity < s.high + s.quantity + o.before + o.high
    where o.document_kind = 'transfer' and o.transfers < 20
), found as materialized (
    select no, high - low as units, occurred_at as came_at from origin where document_kind <> 'transfer'
), dated as (
    select c.location_id, c.product_id, c.lot_id, f.units, f.came_at from found f join came c on c.no = f.no
    union all
    select c.location_id, c.product_id, c.lot_id, c.high - c.low - coalesce(f.units, 0), c.occurred_at
    from came c left join (select no, sum(units) as units from found group by no) f on f.no = c.no
    where c.high - c.low > coalesce(f.units, 0)
), part as (
    select location_id, product_id, quantity as units, value, received_at as came_at from layer where not earlier
    union all
    select
        d.location_id, d.product_id, d.units,
        case when d.younger = l.units then l.value else round(l.value * d.younger / l.units, y.decimals) end
        - round(l.value * (d.younger - d.units) / l.units, y.decimals), d.came_at
    from (
        select *, sum(units) over (
            partition by location_id, product_id, lot_id order by came_at desc rows unbounded preceding) as younger
        from dated) d
    join unlayered l on l.location_id = d.location_id and l.product_id = d.product_id and l.lot_id = d.lot_id
    cross join money y
), rest as materialized (
    select
        part.location_id, part.product_id, part.units, part.value,
        (part.came_at at time zone t.zone)::date as came_on,
        t.day - (part.came_at at time zone t.zone)::date as days
    from moment t cross join part
), known as materialized (
    select
        product_id, location_id, min(came_on) as oldest_on, sum(units) as on_hand, sum(value) as value,
        coalesce(sum(units) filter (where days <= 30), 0) as units_to_30_days,
        coalesce(sum(units) filter (where days between 31 and 60), 0) as units_to_60_days,
        coalesce(sum(units) filter (where days between 61 and 90), 0) as units_to_90_days,
        coalesce(sum(units) filter (where days between 91 and 180), 0) as units_to_180_days,
        coalesce(sum(units) filter (where days between 181 and 365), 0) as units_to_365_days,
        coalesce(sum(units) filter (where days > 365), 0) as units_over_365_days,
        coalesce(sum(value) filter (where days <= 30), 0) as value_to_30_days,
        coalesce(sum(value) filter (where days between 31 and 60), 0) as value_to_60_days,
        coalesce(sum(value) filter (where days between 61 and 90), 0) as value_to_90_days,
        coalesce(sum(value) filter (where days between 91 and 180), 0) as value_to_180_days,
        coalesce(sum(value) filter (where days between 181 and 365), 0) as value_to_365_days,
        coalesce(sum(value) filter (where days > 365), 0) as value_over_365_days
    from rest group by product_id, location_id
)";

impl Row for StockAgeingRow {
    fn measures() -> Vec<Measure> {
        let kind = |name: &str| {
            if name.starts_with("value") { Kind::Amount } else { Kind::Units }
        };
        FIGURES.iter().map(|(name, _)| sum(name, kind(name))).collect()
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        [NAMES.as_slice(), &["oldest_on"]].concat()
    }

    fn statement(request: &Request) -> String {
        let past = past(request);
        let counted = past.clone().unwrap_or_default();
        let levels = match past {
            Some(past) => format!(
                "{HELD}{past}{LOCATIONS} and {PRODUCTS}{POSITIVE}\
                 {TAKEN} not ({past} true) and {LOCATIONS} and {PRODUCTS}{STANDING}{LOCATIONS} and {PRODUCTS}{THEN}"
            ),
            None => {
                format!("{LAYERS}{LOCATIONS} and {PRODUCTS}{UNLAYERED}{LOCATIONS} and {PRODUCTS}{OF_LEVEL}")
            }
        };
        let known = Known {
            keys: &["product_id", "location_id"],
            described: &["oldest_on"],
            absent: Some(format!("{WITHOUT_STOCK} and {PRODUCTS}")),
            measures: Self::measures(),
        };
        Rows {
            with: format!(
                "recursive {MOMENT}{RECEIPTS}{counted} {PRODUCTS}{SENT}{counted}{TRANSFERRED}{MONEY}{levels}{AGED}"
            ),
            category: "p.category_id",
            attributes: &[("oldest_on", "m.oldest_on", "date")],
            figures: &FIGURES,
            order: "m.value desc, p.sku, lo.code",
        }
        .by_day(known, request)
    }
}
