//! Parts that reports on stock share: filters, names, and bound values.
//!
//! All text is constant, chosen by enums. The caller's values are bound by name. `:as_of_at` or `:as_of_day` is the
//! instant after `as_of`, `:known_at` or `:known_day` the one after `known_at`. `:before_to_at` or `:before_to_day` is the
//! instant after the earlier day or period of a comparison.

use std::fmt::Write as _;

use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Postgres};
use service::Tx;

use super::by_day::{ByDay, Figure, Figures};
use super::column::Measure;
use super::named::Named;
use super::sort::Sort;
use super::{Request, range};

/// Levels or movements `s` in the locations of the filter.
pub const LOCATIONS: &str = "
        (cardinality(:location_codes::text[]) + cardinality(:location_ids::uuid[]) = 0 or s.location_id in (
            select id from public.location where tenant_id = :tenant_id and (code = any(:location_codes) or id = any(:location_ids))))";
/// Levels or movements `s` of the products and categories of the filter.
pub const PRODUCTS: &str = "
        (cardinality(:product_codes::text[]) + cardinality(:product_ids::uuid[]) = 0 or s.product_id in (
            select id from public.product where tenant_id = :tenant_id and (sku = any(:product_codes) or id = any(:product_ids))))
        and (cardinality(:category_codes::text[]) + cardinality(:category_ids::uuid[]) = 0 or s.product_id in (
            select p.id from public.product p
            join public.category c on c.tenant_id = :tenant_id and c.id = p.category_id
            where p.tenant_id = :tenant_id and c.lineage && (
                select array_agg(id) from public.category where tenant_id = :tenant_id and (code = any(:category_codes) or id = any(:category_ids)))))";
/// Products `p` of which the report may have no level, but a row: those that the filter names, and every
/// active one if all locations count. `s` has the id of the product.
pub const EXPECTED: &str = "
        from (select id as product_id, kind, status from public.product where tenant_id = :tenant_id) s
        where s.kind = 'stocked' and (
            cardinality(:product_codes::text[]) + cardinality(:product_ids::uuid[]) > 0
            or s.status = 'active' and cardinality(:location_codes::text[]) + cardinality(:location_ids::uuid[]) = 0) and";

/// Products that the filter names and that have no row in `known`. `s` has the id of the product.
pub const WITHOUT_STOCK: &str = "select s.product_id, null::uuid as location_id
    from (select id as product_id, kind from public.product where tenant_id = :tenant_id) s
    where s.kind = 'stocked' and cardinality(:product_codes::text[]) + cardinality(:product_ids::uuid[]) > 0
        and not exists (select from known where known.product_id = s.product_id)";

/// The time zone, the instants after `as_of` and `known_at` if the report has them, and the day that it shows.
pub const MOMENT: &str = "moment as materialized (
    select
        zone, before, known_before,
        (coalesce(before - interval '1 microsecond', :now) at time zone zone)::date as day
    from (
        select
            coalesce(:time_zone, time_zone) as zone,
            coalesce(:as_of_at::timestamptz, public.day_begin(:as_of_day, coalesce(:time_zone, time_zone))) as before,
            coalesce(:known_at::timestamptz, public.day_begin(:known_day, coalesce(:time_zone, time_zone))) as known_before
        from public.tenant where tenant_id = :tenant_id) t
)";
/// Movements `s` that had happened by `as_of`.
const HAPPENED: &str = " s.occurred_at < (select before from moment) and";
/// Movements `s` that were recorded by `known_at`.
const RECORDED: &str = " s.recorded_at < (select known_before from moment) and";

/// Returns the condition of the movements `s` that count, if not all of them do. Levels have one state, so they are not read then.
pub fn past(request: &Request) -> Option<String> {
    let conditions = [request.as_of.map(|_| HAPPENED), request.known_at.map(|_| RECORDED)];
    let past: String = conditions.into_iter().flatten().collect();
    (!past.is_empty()).then_some(past)
}

/// Columns that name a product in a location.
pub const NAMES: [&str; 7] =
    ["sku", "product_name", "category_code", "category_name", "location_code", "location_name", "uom"];

/// The parts of a statement for a report on stock.
#[derive(Debug)]
pub struct Rows {
    /// Common table expressions; the last one is `level`, with `product_id`, `location_id` and the figures. For
    /// [`Rows::by_day`] it is `known`.
    pub with: String,
    /// SQL of the category's id.
    pub category: &'static str,
    /// Further columns that describe a row: name, SQL over `level m` and `tenant t`, type.
    pub attributes: &'static [(&'static str, &'static str, &'static str)],
    /// Figures, and SQL of their totals over `level m`.
    pub figures: &'static [(&'static str, &'static str)],
    pub order: &'static str,
}

/// The rows of a report that can be compared with those of an earlier day.
#[derive(Debug)]
pub struct Known {
    /// Ids that name a row.
    pub keys: &'static [&'static str],
    /// Further columns that the attributes need.
    pub described: &'static [&'static str],
    /// SQL of the keys of rows without stock. It may read `known`.
    pub absent: Option<String>,
    pub measures: Vec<Measure>,
}

impl Rows {
    /// Returns the statement. Level 0 of its rows are products in locations, level 1 the total, level 2 the time
    /// zone.
    pub fn statement(&self, request: &Request) -> String {
        self.showing(&self.with, &Figures::of(self.figures.iter().copied()), request)
    }

    /// Returns the statement of a report whose last common table expression is `known`.
    pub fn by_day(&self, known: Known, request: &Request) -> String {
        let Known { keys, described, absent, measures } = known;
        // A ratio of nothing has no value.
        let nothing = |total: &str| if total.starts_with("sum(") { "0" } else { "null" };
        let figures = self.figures.iter();
        let figures = figures
            .map(|&(name, total)| Figure { name, total: total.to_owned(), nothing: nothing(total) })
            .collect();
        let days = ByDay { with: self.with.clone(), keys, described, absent, figures, measures };
        let (with, figures) = days.levels(request.compare.is_some());
        self.showing(&with, &figures, request)
    }

    fn showing(&self, with: &str, figures: &Figures, request: &Request) -> String {
        let sorted = request.sort.map(Sort::order).unwrap_or_default();
        let Rows { category, order, .. } = self;
        let Figures { shown, totals, none, total_from } = figures;
        let (mut described, mut no_attributes) = (String::new(), String::new());
        for (name, value, kind) in self.attributes {
            let _ = write!(described, "({value})::{kind} as {name}, ");
            no_attributes.push_str("null, ");
        }
        // Product, category and location: SKU, names, codes and unit.
        let no_dimensions = "null, null, null, null, null, null, null";
        format!(
            "with {with}
(select
    0 as level, null::text as time_zone, p.sku, p.name as product_name, ca.code as category_code,
    ca.name as category_name, lo.code as location_code, lo.name as location_name, p.stock_uom as uom,
    {described}t.currency{shown}
from level m
join public.tenant t on t.tenant_id = :tenant_id
left join public.product p on p.tenant_id = :tenant_id and p.id = m.product_id
left join public.location lo on lo.tenant_id = :tenant_id and lo.id = m.location_id
left join public.category ca on ca.tenant_id = :tenant_id and ca.id = {category}
order by {sorted}{order} limit :limit)
union all
select 1, null, {no_dimensions}, {no_attributes}t.currency{totals}
{total_from}
union all
select 2, coalesce(:time_zone, t.time_zone), {no_dimensions}, {no_attributes}null{none}
from public.tenant t where t.tenant_id = :tenant_id"
        )
    }
}

/// Binds the values of a request.
pub fn bind<'q>(
    sql: String,
    tx: &Tx,
    request: &Request,
) -> Result<Query<'q, Postgres, PgArguments>, sqlx::Error> {
    let (as_of_at, as_of_day) = range::after(request.as_of);
    let (known_at, known_day) = range::after(request.known_at);
    let earlier = request.compare.as_ref().map(|comparison| comparison.range).unwrap_or_default();
    let (before_from_at, before_from_day) = range::parameters(earlier.from);
    let (before_to_at, before_to_day) = range::parameters(earlier.to);
    request
        .bind(Named::of(sql), tx.tenant_id)
        .value("before_from_at", before_from_at)
        .value("before_from_day", before_from_day)
        .value("before_to_at", before_to_at)
        .value("before_to_day", before_to_day)
        .value("as_of_at", as_of_at)
        .value("as_of_day", as_of_day)
        .value("known_at", known_at)
        .value("known_day", known_day)
        .value("now", tx.now)
        .value("days", i32::from(request.days))
        .value("threshold", request.threshold.get())
        .value("within_days", request.within_days.map(i32::from))
        .value("expires_before", request.expires_before)
        .value("include_expired", request.include_expired)
        .value("reorder", request.reorder.as_deref())
        .query()
}
