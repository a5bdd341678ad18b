//! Stock valuation: quantity and value of stock at any instant, as known now or as known then.
//!
//! - `as_of` limits by the time of the event: everything up to that instant, or to the end of that day in the
//!   report's time zone. `known_at` limits by the time of recording. Both default to now.
//! - The figures are sums of movements, shortened by checkpoints (`service::stock::checkpoint`): the last checkpoint
//!   before the instant, the movements since, and those that came in late. A group with zero quantity and zero value
//!   has no row, unless it is everything or the filter names its product. By location, a named product has a row at each named
//!   location. Without products, each combination of named locations and categories has a row. The totals are always there.
//! - A comparison is with the end of the month before, or with the same day of the year before. Both days are as known at the same
//!   time.
//! - A document that comes in late counts when it happened, at the cost that it had when it was recorded.
//! - Ties to the ledger: the sum of `value` is the balance of 1200 and 1210 over entries that occurred up to the end
//!   of that day.

use async_graphql::{Enum, SimpleObject};
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, sum};
use super::compared::Compared;
use super::stock::{Known, LOCATIONS, PRODUCTS, Rows};
use super::{Dimension, Request, Row, dimension, grouping};
use crate::scalar::{Amount, UnitCost, Units};

/// A dimension of the stock valuation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum StockDimension {
    /// Stock locations.
    Location,
    /// Products.
    Product,
    /// Categories that the products have now.
    Category,
    /// One group for everything. It cannot be combined.
    None,
}

impl From<StockDimension> for Dimension {
    fn from(dimension: StockDimension) -> Self {
        match dimension {
            StockDimension::Location => Dimension::Location,
            StockDimension::Product => Dimension::Product,
            StockDimension::Category => Dimension::Category,
            StockDimension::None => Dimension::None,
        }
    }
}

/// The stock of one group; in the totals, all of it.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct StockValuationRow {
    /// SKU of the product, case-sensitive; null if the report is not grouped by product.
    pub sku: Option<String>,
    /// Name of the product; null if the report is not grouped by product.
    pub product_name: Option<String>,
    /// Code of the category that the product has now; null if it has none, or if the report is not grouped by
    /// category.
    pub category_code: Option<String>,
    /// Name of the category that the product has now; null if it has none, or if the report is not grouped by
    /// category.
    pub category_name: Option<String>,
    /// Code of the location; null if the report is not grouped by location.
    pub location_code: Option<String>,
    /// Name of the location; null if the report is not grouped by location.
    pub location_name: Option<String>,
    /// UN/ECE Recommendation 20 code of the unit that the quantities are in; null if the report is not grouped by
    /// product.
    pub uom: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row.
    pub currency: String,
    /// Stock units on hand at that time, including reserved units. Additive over products of one unit.
    pub on_hand: Units,
    /// Cost of the stock on hand at that time. Additive.
    pub value: Amount,
    /// value ÷ on_hand, 6 decimals; null if nothing was on hand. Not additive: divide the sums.
    pub unit_cost: Option<UnitCost>,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<StockValuationRow>,
}

/// The movements that had happened and were known, as three short sums: the last checkpoint, movements since, and
/// movements from before it that were recorded after its last run. Without a checkpoint, the second is all of them.
/// Every bound is a plain value: behind row-level security the index takes no other expression.
const PIECES: &str = "moment as materialized (
    select
        coalesce(:as_of_at::timestamptz, public.day_begin(:as_of_day, coalesce(:time_zone, time_zone)), 'infinity') as before,
        coalesce(:known_at::timestamptz, public.day_begin(:known_day, coalesce(:time_zone, time_zone)), 'infinity') as known_before
    from public.tenant where tenant_id = :tenant_id
), base as materialized (
    select c.as_of, c.known_until
    from public.stock_checkpoint c join moment on c.as_of <= moment.before and c.known_until <= moment.known_before
    where c.tenant_id = :tenant_id
    order by c.as_of desc, c.known_until desc limit 1
), start as materialized (
    select coalesce((select as_of from base), '-infinity') as as_of
), part as (
    select location_id, product_id, quantity, value from public.stock_checkpoint_level
    where tenant_id = :tenant_id and as_of = (select as_of from base) and known_until <= (select known_until from base)
    union all
    select location_id, product_id, quantity, value from public.stock_movement
    where tenant_id = :tenant_id and occurred_at >= (select as_of from start)
        and occurred_at < (select before from moment) and recorded_at < (select known_before from moment)
    union all
    select location_id, product_id, quantity, value from public.stock_movement
    where tenant_id = :tenant_id and occurred_at < (select as_of from base)
        and recorded_at >= (select known_until from base) and recorded_at < (select known_before from moment)
)";

/// No location or category.
const NONE: &str = "select null::uuid as id where false";
/// The one group of everything, if nothing had units or value.
const NOTHING: &str = "select null::uuid as product_id, null::uuid as location_id, null::uuid as category_id
    where not exists (select from known)";

/// Returns SQL of products that the filter names and that had neither units nor value. By location, that is so at each one that the
/// filter names.
fn absent_products(category: &str, locations: &str) -> String {
    format!(
        "select s.product_id, named.id as location_id, {category} as category_id
    from (select id as product_id, category_id, kind from public.product where tenant_id = :tenant_id) s
    left join ({locations}) named on true
    where s.kind = 'stocked' and cardinality(:product_codes::text[]) + cardinality(:product_ids::uuid[]) > 0
        and not exists (
            select from known
            where known.product_id = s.product_id and (named.id is null or known.location_id = named.id)) and {PRODUCTS}"
    )
}

/// Returns SQL of locations and categories that the filter names and that had neither units nor value. By both, each one has a row
/// with each other.
fn absent_places(locations: &str, categories: &str) -> String {
    format!(
        "select null::uuid as product_id, place.id as location_id, kind.id as category_id
    from ({locations}) place full join ({categories}) kind on true
    where not exists (
        select from known
        where (place.id is null or known.location_id = place.id) and (kind.id is null or known.category_id = kind.id))"
    )
}

impl Row for StockValuationRow {
    fn measures() -> Vec<Measure> {
        vec![sum("on_hand", Kind::Units), sum("value", Kind::Amount), sum("unit_cost", Kind::Average)]
    }

    fn dimensions(group_by: &[Dimension]) -> Vec<&'static str> {
        let mut names = dimension::column_names(group_by);
        if group_by.contains(&Dimension::Product) {
            names.push("uom");
        }
        names
    }

    fn statement(request: &Request) -> String {
        let by = |dimension: Dimension| request.group_by.contains(&dimension);
        let key = |is_wanted: bool, column: &'static str| if is_wanted { column } else { "null::uuid" };
        // As few groups as possible: adding up millions of rows is cheap, grouping them is not.
        let (product, location) = (by(Dimension::Product), by(Dimension::Location));
        let of_product = key(product || by(Dimension::Category), "s.product_id");
        let of_location = key(location, "s.location_id");
        let category_of_absent = key(by(Dimension::Category), "s.category_id");
        let (product, category) =
            (key(product, "l.product_id"), key(by(Dimension::Category), "p.category_id"));
        let locations = if location { grouping::NAMED_LOCATIONS } else { NONE };
        let categories = if by(Dimension::Category) { grouping::NAMED_CATEGORIES } else { NONE };
        let absent = if by(Dimension::Product) {
            absent_products(category_of_absent, locations)
        } else if by(Dimension::None) {
            NOTHING.to_owned()
        } else {
            absent_places(locations, categories)
        };
        let with = format!(
            "{PIECES}, lying as materialized (
    select {of_product} as product_id, {of_location} as location_id, sum(s.quantity) as on_hand, sum(s.value) as value
    from part s where {LOCATIONS} and {PRODUCTS}
    group by 1, 2
), known as materialized (
    select
        {product} as product_id, l.location_id, {category} as category_id, sum(l.on_hand) as on_hand,
        sum(l.value) as value, round(sum(l.value) / nullif(sum(l.on_hand), 0), 6) as unit_cost
    from lying l left join public.product p on p.tenant_id = :tenant_id and p.id = l.product_id
    group by 1, 2, 3 having sum(l.on_hand) <> 0 or sum(l.value) <> 0
)"
        );
        let known = Known {
            keys: &["product_id", "location_id", "category_id"],
            described: &[],
            absent: Some(absent),
            measures: Self::measures(),
        };
        Rows {
            with,
            category: "m.category_id",
            attributes: &[],
            figures: &[
                ("on_hand", "sum(m.on_hand)"),
                ("value", "sum(m.value)"),
                ("unit_cost", "round(sum(m.value) / nullif(sum(m.on_hand), 0), 6)"),
            ],
            order: "m.value desc, p.sku, ca.code, lo.code",
        }
        .by_day(known, request)
    }
}
