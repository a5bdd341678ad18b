//! Parts that the ageing of receivables and that of payables share: the day, the rows with their totals, and bound values.

use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Postgres};
use service::Tx;

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
    /// More columns of a row `m`, which are null in the totals.
    pub more: &'static [&'static str],
    /// Join of their table to a row `m`.
    pub join: &'static str,
    /// Order of the rows after that of the request.
    pub order: &'static str,
}

impl Parties {
    /// Returns the statement of a report. `levels` are the common table expressions of the open items up to `level`, which has a row
    /// for each party with the figures; its parenthesis is open. They may read `moment`: the day, and the instants before which
    /// documents count.
    pub(super) fn statement(&self, figures: &[&str], levels: &str, request: &Request) -> String {
        let Parties { columns, more, join, order } = self;
        let sorted = request.sort.map(Sort::order).unwrap_or_default();
        let shown = figures.iter().map(|name| format!(", m.{name}")).collect::<Vec<_>>().concat();
        let of_row = more.iter().map(|name| format!(", m.{name}")).collect::<Vec<_>>().concat();
        let no_more = ", null".repeat(more.len());
        let totals = figures.iter().map(|name| format!(", coalesce(sum(m.{name}), 0)"));
        let totals = totals.collect::<Vec<_>>().concat();
        let nothing = ", null".repeat(figures.len());
        format!(
            "with {DAY}{levels}
)
(select 0 as level, null::text as time_zone, {columns}{of_row}, t.currency{shown}
from level m
cross join moment t
{join}
order by {sorted}{order} limit :limit)
union all
select 1, null, null, null{no_more}, t.currency{totals}
from moment t left join level m on true group by t.currency
union all
select 2, t.zone, null, null{no_more}, null{nothing} from moment t"
        )
    }
}

/// Binds the values of a request.
pub(super) fn bind<'q>(
    sql: String,
    tx: &Tx,
    request: &Request,
) -> Result<Query<'q, Postgres, PgArguments>, sqlx::Error> {
    let (as_of_at, as_of_day) = range::after(request.as_of);
    let (known_at, known_day) = range::after(request.known_at);
    let customers = &request.filter.customers;
    request
        .bind(Named::of(sql), tx.tenant_id)
        .value("as_of_at", as_of_at)
        .value("as_of_day", as_of_day)
        .value("known_at", known_at)
        .value("known_day", known_day)
        .value("now", tx.now)
        .value("customer_numbers", &customers.codes)
        .value("customer_ids", &customers.ids)
        .query()
}
