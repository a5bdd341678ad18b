//! Parts that reports on stock share: filters, names, and bound values.
//!
//! All text is constant, chosen by enums. The caller's values are bound, always at the same places: $1 tenant, $2
//! limit, $3 to $8 filters, $9 time zone, $10 and $11 beginning and $12 and $13 end of the period, $14 and $15 the
//! instant after `as_of`, $16 and $17 the one after `known_at`, $18 now, $19 days, $20 threshold, $21 days until and
//! $22 day before which a lot expires, $23 whether expired lots count.

use std::fmt::Write as _;

use chrono::{DateTime, Days, Duration, NaiveDateTime, NaiveTime, Utc};
use domain::moment::Moment;
use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Postgres};
use service::Tx;

use super::{Request, range};

/// Levels or movements `s` that pass the filters.
pub const FILTER: &str = "
        (cardinality($3::text[]) + cardinality($4::uuid[]) = 0 or s.location_id in (
            select id from public.location where tenant_id = $1 and (code = any($3) or id = any($4))))
        and (cardinality($5::text[]) + cardinality($6::uuid[]) = 0 or s.product_id in (
            select id from public.product where tenant_id = $1 and (sku = any($5) or id = any($6))))
        and (cardinality($7::text[]) + cardinality($8::uuid[]) = 0 or s.product_id in (
            select p.id from public.product p
            join public.category c on c.tenant_id = $1 and c.id = p.category_id
            where p.tenant_id = $1 and c.lineage && (
                select array_agg(id) from public.category where tenant_id = $1 and (code = any($7) or id = any($8)))))";

/// Columns that name a product in a location.
pub const NAMES: [&str; 7] =
    ["sku", "product_name", "category_code", "category_name", "location_code", "location_name", "uom"];

/// The parts of a statement for a report on stock.
#[derive(Debug)]
pub struct Rows {
    /// Common table expressions; the last one is `level`, with `product_id`, `location_id` and the figures.
    pub with: String,
    /// SQL of the category's id.
    pub category: &'static str,
    /// Further columns that describe a row: name, SQL over `level m` and `tenant t`, type.
    pub attributes: &'static [(&'static str, &'static str, &'static str)],
    /// Figures, and SQL of their totals over `level m`.
    pub figures: &'static [(&'static str, &'static str)],
    pub order: &'static str,
}

impl Rows {
    /// Returns the statement. Level 0 of its rows are products in locations, level 1 the total, level 2 the time
    /// zone.
    pub fn statement(&self) -> String {
        let Rows { with, category, order, .. } = self;
        let (mut described, mut nothing) = (String::new(), String::new());
        for (name, value, kind) in self.attributes {
            let _ = write!(described, "({value})::{kind} as {name}, ");
            nothing.push_str("null, ");
        }
        let (mut shown, mut totals, mut unknown) = (String::new(), String::new(), String::new());
        for (name, total) in self.figures {
            let _ = write!(shown, ", m.{name}");
            let _ = write!(totals, ", {total}");
            unknown.push_str(", null");
        }
        let nobody = "null, null, null, null, null, null, null";
        format!(
            "with {with}
(select
    0 as level, null::text as time_zone, p.sku, p.name as product_name, ca.code as category_code,
    ca.name as category_name, lo.code as location_code, lo.name as location_name, p.stock_uom as uom,
    {described}t.currency{shown}
from level m
join public.tenant t on t.tenant_id = $1
left join public.product p on p.tenant_id = $1 and p.id = m.product_id
left join public.location lo on lo.tenant_id = $1 and lo.id = m.location_id
left join public.category ca on ca.tenant_id = $1 and ca.id = {category}
order by {order} limit $2)
union all
select 1, null, {nobody}, {nothing}t.currency{totals}
from level m join public.tenant t on t.tenant_id = $1
group by t.currency
union all
select 2, coalesce($9, t.time_zone), {nobody}, {nothing}null{unknown} from public.tenant t where t.tenant_id = $1"
        )
    }
}

/// Binds the values of a request.
pub fn bind<'q>(sql: String, tx: &Tx, request: &Request) -> Query<'q, Postgres, PgArguments> {
    let filter = &request.filter;
    let (from_at, from_day) = range::parameters(request.range.from);
    let (to_at, to_day) = range::parameters(request.range.to);
    let (as_of_at, as_of_day) = after(request.as_of);
    let (known_at, known_day) = after(request.known_at);
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .persistent(false)
        .bind(tx.tenant_id.0)
        .bind(i64::from(request.limit) + 1)
        .bind(filter.locations.codes.clone())
        .bind(filter.locations.ids.clone())
        .bind(filter.products.codes.clone())
        .bind(filter.products.ids.clone())
        .bind(filter.categories.codes.clone())
        .bind(filter.categories.ids.clone())
        .bind(request.time_zone.map(|zone| zone.name()))
        .bind(from_at)
        .bind(from_day)
        .bind(to_at)
        .bind(to_day)
        .bind(as_of_at)
        .bind(as_of_day)
        .bind(known_at)
        .bind(known_day)
        .bind(tx.now)
        .bind(i32::from(request.days))
        .bind(request.threshold.get())
        .bind(request.within_days.map(i32::from))
        .bind(request.expires_before)
        .bind(request.include_expired)
}

/// Returns the next moment: the next microsecond after an instant, the next midnight after a day.
fn after(moment: Option<Moment>) -> (Option<DateTime<Utc>>, Option<NaiveDateTime>) {
    match moment {
        None => (None, None),
        Some(Moment::Instant(at)) => (Some(at + Duration::microseconds(1)), None),
        Some(Moment::Day(day)) => (None, Some((day + Days::new(1)).and_time(NaiveTime::MIN))),
    }
}
