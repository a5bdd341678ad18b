//! Parts that the ageing of receivables and that of payables share: the day, the rows with their totals, and bound values.
//!
//! A comparison is with the end of the month before, or with the same day of the year before.

use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Postgres};
use service::Tx;

use super::by_day::{ByDay, Figure, Figures};
use super::column::{Kind, Measure};
use super::named::Named;
use super::sort::Sort;
use super::{Request, range};

/// The day, the instant after it if it is past, and the time zone.
const DAY: &str = "moment as materialized (
    select
        zone, currency, coalesce(before, 'infinity') as before, known_before,
        (coalesce(before - interval '1 microsecond', :now) at time zone zone)::date as day
    from (
        select
            coalesce(:time_zone, time_zone) as zone, currency,
            coalesce(:as_of_at::timestamptz, public.day_begin(:as_of_day, coalesce(:time_zone, time_zone))) as before,
            coalesce(
                :known_at::timestamptz, public.day_begin(:known_day, coalesce(:time_zone, time_zone)), 'infinity') as known_before
        from public.tenant where tenant_id = :tenant_id) t
)";

/// The parties that owe, or are owed: customers or suppliers.
pub(super) struct Parties {
    /// Two columns, which name the party.
    pub columns: &'static str,
    /// Columns of `known` that name a row: the party, and the currency of its documents.
    pub keys: &'static [&'static str; 2],
    /// Join of their table to a row `m`.
    pub join: &'static str,
    /// Order of the rows after that of the request.
    pub order: &'static str,
}

impl Parties {
    /// Returns the statement of a report. `items` are the common table expressions of the open items up to `known`, which has a row
    /// for each party and currency with the figures; its parenthesis is open. They may read `moment`: the day, and the instants
    /// before which documents count. `absent` selects the keys of parties without open items.
    pub(super) fn statement(
        &self,
        measures: Vec<Measure>,
        (items, absent): (&str, Option<String>),
        request: &Request,
    ) -> String {
        let Parties { columns, keys, join, order } = *self;
        let [_, document_currency] = *keys;
        let sorted = request.sort.map(Sort::order).unwrap_or_default();
        let days = ByDay {
            with: format!("{DAY}{items}\n)"),
            keys,
            described: &[],
            absent,
            figures: measures.iter().map(figure).collect(),
            measures,
        };
        let (with, figures) = days.levels(request.compare.is_some());
        let Figures { shown, totals, none, total_from } = figures;
        format!(
            "with {with}
(select 0 as level, null::text as time_zone, {columns}, m.{document_currency}, t.currency{shown}
from level m
join public.tenant t on t.tenant_id = :tenant_id
{join}
order by {sorted}{order} limit :limit)
union all
select 1, null, null, null, null, t.currency{totals}
{total_from}
union all
select 2, coalesce(:time_zone, t.time_zone), null, null, null, null{none}
from public.tenant t where t.tenant_id = :tenant_id"
        )
    }
}

/// Returns a figure of a row. Amounts in the currency of documents have no total.
fn figure(measure: &Measure) -> Figure {
    let Measure { name, kind, .. } = *measure;
    let total = if kind == Kind::Amount { format!("sum(m.{name})") } else { "null::numeric".to_owned() };
    Figure { name, total, nothing: "0" }
}

/// Binds the values of a request.
pub(super) fn bind<'q>(
    sql: String,
    tx: &Tx,
    request: &Request,
) -> Result<Query<'q, Postgres, PgArguments>, sqlx::Error> {
    let (as_of_at, as_of_day) = range::after(request.as_of);
    let (known_at, known_day) = range::after(request.known_at);
    let earlier = request.compare.as_ref().and_then(|comparison| comparison.range.to);
    let (before_to_at, before_to_day) = range::parameters(earlier);
    let customers = &request.filter.customers;
    request
        .bind(Named::of(sql), tx.tenant_id)
        .value("as_of_at", as_of_at)
        .value("as_of_day", as_of_day)
        .value("before_to_at", before_to_at)
        .value("before_to_day", before_to_day)
        .value("known_at", known_at)
        .value("known_day", known_day)
        .value("now", tx.now)
        .value("customer_numbers", &customers.codes)
        .value("customer_ids", &customers.ids)
        .query()
}
