//! Shrinkage: stock lost and found, by reason and location.
//!
//! - Adjustments and counts that lower stock are losses; those that raise it are finds. Losses are positive, and so
//!   is `shrinkage_value` = `lost_value` − `found_value`, at cost.
//! - A line counts when it happened. `known_at` leaves out those that were recorded later. A difference found by a count has no reason if none was given.
//! - Ties to the ledger: debits less credits of the accounts of the reasons (5100 and 5110 by default) are
//!   `shrinkage_value`.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::column::{Kind, Measure, sum};
use super::sort::Sort;
use super::stock::{LOCATIONS, PRODUCTS};
use super::{Dimension, Request, Row};
use crate::scalar::{Amount, Units};

/// One reason in one location; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct ShrinkageRow {
    /// Reason code of the adjustment; null if none was given, and in the totals.
    pub reason: Option<String>,
    /// Name of the reason; null if none was given, and in the totals.
    pub reason_name: Option<String>,
    /// Code of the location; null in the totals.
    pub location_code: Option<String>,
    /// Name of the location; null in the totals.
    pub location_name: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row.
    pub currency: String,
    /// Number of lines of adjustments and counts. Additive.
    pub lines: i64,
    /// Stock units lost: positive. Additive over rows of one unit.
    pub lost_units: Units,
    /// Cost of the units lost: positive. Additive.
    pub lost_value: Amount,
    /// Stock units found: positive. Additive over rows of one unit.
    pub found_units: Units,
    /// Cost of the units found: positive. Additive.
    pub found_value: Amount,
    /// lost_value − found_value: positive is a loss. Additive.
    pub shrinkage_value: Amount,
}

const FIGURES: [(&str, Kind); 6] = [
    ("lines", Kind::Count),
    ("lost_units", Kind::Units),
    ("lost_value", Kind::Amount),
    ("found_units", Kind::Units),
    ("found_value", Kind::Amount),
    ("shrinkage_value", Kind::Amount),
];

const WITH: &str = "with period as materialized (
    select
        coalesce(:time_zone, time_zone) as zone,
        coalesce(:from_at::timestamptz, public.day_begin(:from_day, coalesce(:time_zone, time_zone)), '-infinity') as from_at,
        coalesce(:to_at::timestamptz, public.day_begin(:to_day, coalesce(:time_zone, time_zone)), 'infinity') as to_at,
        coalesce(:known_at::timestamptz, public.day_begin(:known_day, coalesce(:time_zone, time_zone)), 'infinity') as known_before
    from public.tenant where tenant_id = :tenant_id
), level as materialized (
    select
        s.reason, s.location_id, count(*) as lines,
        coalesce(-sum(s.quantity) filter (where s.quantity < 0), 0) as lost_units,
        coalesce(-sum(s.value) filter (where s.quantity < 0), 0) as lost_value,
        coalesce(sum(s.quantity) filter (where s.quantity > 0), 0) as found_units,
        coalesce(sum(s.value) filter (where s.quantity > 0), 0) as found_value,
        -sum(s.value) as shrinkage_value
    from public.stock_movement s
    where s.tenant_id = :tenant_id and s.kind in ('adjustment', 'count')
        and s.occurred_at >= (select from_at from period) and s.occurred_at < (select to_at from period)
        and s.recorded_at < (select known_before from period) and";

const ROWS: &str = "
    group by s.reason, s.location_id
)
(select
    0 as level, null::text as time_zone, m.reason, rc.name as reason_name, lo.code as location_code,
    lo.name as location_name, t.currency, m.lines, m.lost_units, m.lost_value, m.found_units, m.found_value,
    m.shrinkage_value
from level m
join public.tenant t on t.tenant_id = :tenant_id
left join public.reason_code rc on rc.tenant_id = :tenant_id and rc.code = m.reason
left join public.location lo on lo.tenant_id = :tenant_id and lo.id = m.location_id
order by ";
const TOTALS: &str = "m.shrinkage_value desc, m.reason, lo.code limit :limit)
union all
select
    1, null, null, null, null, null, t.currency, coalesce(sum(m.lines), 0)::bigint, coalesce(sum(m.lost_units), 0),
    coalesce(sum(m.lost_value), 0), coalesce(sum(m.found_units), 0), coalesce(sum(m.found_value), 0),
    coalesce(sum(m.shrinkage_value), 0)
from public.tenant t left join level m on true where t.tenant_id = :tenant_id
group by t.currency
union all
select 2, period.zone, null, null, null, null, null, null, null, null, null, null, null from period";

impl Row for ShrinkageRow {
    const LEDGER_ACCOUNTS: &'static [&'static str] = &["5100", "5110"];

    fn measures() -> Vec<Measure> {
        FIGURES.iter().map(|(name, kind)| sum(name, *kind)).collect()
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        vec!["reason", "reason_name", "location_code", "location_name"]
    }

    fn statement(request: &Request) -> String {
        let sorted = request.sort.map(Sort::order).unwrap_or_default();
        format!("{WITH}{LOCATIONS} and {PRODUCTS}{ROWS}{sorted}{TOTALS}")
    }
}
