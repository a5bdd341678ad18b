//! Stock position: what lies where, what of it is promised, and what it is worth. As it is now.
//!
//! One row per product and location, lots added up. `available` = `on_hand` − `reserved` is what either channel may
//! still sell. `value` is at cost. Ties to the ledger: the sum of `value` is the balance of 1200 and 1210.

use async_graphql::SimpleObject;
use domain::id::TenantId;
use sea_orm::FromQueryResult;
use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Postgres};
use serde::Serialize;

use super::column::{Kind, Measure, sum};
use super::{Dimension, Request, Row};
use crate::scalar::{Amount, UnitCost, Units};

/// One product in one location; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct StockPositionRow {
    /// The product's stock keeping unit, case-sensitive; null in the totals.
    pub sku: Option<String>,
    /// Name of the product; null in the totals.
    pub product_name: Option<String>,
    /// Code of the product's category; null where it has none.
    pub category_code: Option<String>,
    /// Name of the product's category; null where it has none.
    pub category_name: Option<String>,
    /// Code of the location; null in the totals.
    pub location_code: Option<String>,
    /// Name of the location; null in the totals.
    pub location_name: Option<String>,
    /// UN/ECE Recommendation 20 code of the unit that the quantities are in; null in the totals.
    pub uom: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row.
    pub currency: String,
    /// Stock units in the location, reserved ones included. Additive over products of one unit.
    pub on_hand: Units,
    /// Stock units on hand that are promised. Additive over products of one unit.
    pub reserved: Units,
    /// on_hand − reserved: what may still be sold. Additive over products of one unit.
    pub available: Units,
    /// Cost of what is on hand. Additive.
    pub value: Amount,
    /// value ÷ on_hand, 6 decimals; null where nothing is on hand. Not additive: divide the sums.
    pub unit_cost: Option<UnitCost>,
}

impl Row for StockPositionRow {
    const LEDGER_ACCOUNTS: &'static [&'static str] = &["1200", "1210"];

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
        vec!["sku", "product_name", "category_code", "category_name", "location_code", "location_name", "uom"]
    }

    fn statement(_: &Request) -> String {
        SQL.to_owned()
    }
}

const SQL: &str = "
with level as materialized (
    select
        s.product_id, s.location_id,
        sum(s.on_hand) as on_hand, sum(s.reserved) as reserved, sum(s.on_hand) - sum(s.reserved) as available,
        sum(s.value) as value, round(sum(s.value) / nullif(sum(s.on_hand), 0), 6) as unit_cost
    from public.stock_level s
    where s.tenant_id = $1
        and (cardinality($3::text[]) + cardinality($4::uuid[]) = 0 or s.location_id in (
            select id from public.location where tenant_id = $1 and (code = any($3) or id = any($4))))
        and (cardinality($5::text[]) + cardinality($6::uuid[]) = 0 or s.product_id in (
            select id from public.product where tenant_id = $1 and (sku = any($5) or id = any($6))))
        and (cardinality($7::text[]) + cardinality($8::uuid[]) = 0 or s.product_id in (
            select p.id from public.product p
            join public.category c on c.tenant_id = $1 and c.id = p.category_id
            where p.tenant_id = $1 and c.lineage && (
                select array_agg(id) from public.category where tenant_id = $1 and (code = any($7) or id = any($8)))))
    group by s.product_id, s.location_id
)
(select
    0 as level, null::text as time_zone, p.sku, p.name as product_name, ca.code as category_code,
    ca.name as category_name, lo.code as location_code, lo.name as location_name, p.stock_uom as uom, t.currency,
    m.on_hand, m.reserved, m.available, m.value, m.unit_cost
from level m
join public.tenant t on t.tenant_id = $1
join public.product p on p.tenant_id = $1 and p.id = m.product_id
join public.location lo on lo.tenant_id = $1 and lo.id = m.location_id
left join public.category ca on ca.tenant_id = $1 and ca.id = p.category_id
order by p.sku, lo.code limit $2)
union all
select
    1, null, null, null, null, null, null, null, null, t.currency,
    sum(m.on_hand), sum(m.reserved), sum(m.available), sum(m.value),
    round(sum(m.value) / nullif(sum(m.on_hand), 0), 6)
from level m join public.tenant t on t.tenant_id = $1
group by t.currency
union all
select 2, t.time_zone, null, null, null, null, null, null, null, null, null, null, null, null, null
from public.tenant t where t.tenant_id = $1";

/// Binds what a request asks for.
pub(super) fn bound<'q>(
    sql: String,
    tenant_id: TenantId,
    request: &Request,
) -> Query<'q, Postgres, PgArguments> {
    let filter = &request.filter;
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .persistent(false)
        .bind(tenant_id.0)
        .bind(i64::from(request.limit) + 1)
        .bind(filter.locations.codes.clone())
        .bind(filter.locations.ids.clone())
        .bind(filter.products.codes.clone())
        .bind(filter.products.ids.clone())
        .bind(filter.categories.codes.clone())
        .bind(filter.categories.ids.clone())
}
