//! Shrinkage: stock lost and found, by reason and location.
//!
//! - Adjustments and counts that lower stock are losses; those that raise it are finds. Losses are positive, and so
//!   is `shrinkage_value` = `lost_value` − `found_value`, at cost.
//! - A line counts when it happened. `known_at` leaves out those that were recorded later. A difference found by a count has no reason if none was given.
//! - Ties to the ledger: debits less credits of the accounts of the reasons (5100 and 5110 by default) are
//!   `shrinkage_value`.

use std::fmt::Write as _;

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::added::Added;
use super::column::{Kind, Measure, sum};
use super::compared::Compared;
use super::sort::Sort;
use super::stock::{LOCATIONS, PRODUCTS};
use super::{Dimension, Request, Row, added};
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
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<ShrinkageRow>,
}

/// Figures, with their SQL over the movements `s` of one side of a comparison.
const FIGURES: [(&str, Kind, &str); 6] = [
    ("lines", Kind::Count, "count(*) filter (where SIDE)"),
    ("lost_units", Kind::Units, "coalesce(-sum(s.quantity) filter (where SIDE and s.quantity < 0), 0)"),
    ("lost_value", Kind::Amount, "coalesce(-sum(s.value) filter (where SIDE and s.quantity < 0), 0)"),
    ("found_units", Kind::Units, "coalesce(sum(s.quantity) filter (where SIDE and s.quantity > 0), 0)"),
    ("found_value", Kind::Amount, "coalesce(sum(s.value) filter (where SIDE and s.quantity > 0), 0)"),
    ("shrinkage_value", Kind::Amount, "coalesce(-sum(s.value) filter (where SIDE), 0)"),
];

const PERIOD: &str = "with period as materialized (
    select
        coalesce(:time_zone, time_zone) as zone,
        coalesce(:from_at::timestamptz, public.day_begin(:from_day, coalesce(:time_zone, time_zone)), '-infinity') as from_at,
        coalesce(:to_at::timestamptz, public.day_begin(:to_day, coalesce(:time_zone, time_zone)), 'infinity') as to_at,
        coalesce(:known_at::timestamptz, public.day_begin(:known_day, coalesce(:time_zone, time_zone)), 'infinity') as known_before";
const EARLIER_PERIOD: &str = ",
        coalesce(:before_from_at::timestamptz, public.day_begin(:before_from_day, coalesce(:time_zone, time_zone))) as earlier_from,
        coalesce(:before_to_at::timestamptz, public.day_begin(:before_to_day, coalesce(:time_zone, time_zone))) as earlier_to";
const CHANGES: &str = "
    from public.tenant where tenant_id = :tenant_id
), change as (
    select s.reason, s.location_id, s.quantity, s.value, false as is_before
    from public.stock_movement s
    where s.tenant_id = :tenant_id and s.kind in ('adjustment', 'count')
        and s.occurred_at >= (select from_at from period) and s.occurred_at < (select to_at from period)
        and s.recorded_at < (select known_before from period) and";
const EARLIER_CHANGES: &str = "
    union all
    select s.reason, s.location_id, s.quantity, s.value, true
    from public.stock_movement s
    where s.tenant_id = :tenant_id and s.kind in ('adjustment', 'count')
        and s.occurred_at >= (select earlier_from from period) and s.occurred_at < (select earlier_to from period)
        and s.recorded_at < (select known_before from period) and";

/// The SQL of the figures of one statement.
#[derive(Default)]
struct Figures {
    /// Sums over the movements of a group.
    sums: String,
    /// Sums over the groups.
    totals: String,
    /// Columns of a row `m`.
    shown: String,
    none: String,
}

impl Figures {
    fn of(is_compared: bool) -> Self {
        let mut figures = Figures::default();
        let mut added = String::new();
        for (name, kind, of_movements) in FIGURES {
            let cast = if kind == Kind::Count { "::bigint" } else { "" };
            let sides = Added::of(&sum(name, kind)).filter(|_| is_compared);
            for (column, side) in
                [Some((name, "not s.is_before")), sides.map(|added| (added.before, "s.is_before"))]
                    .into_iter()
                    .flatten()
            {
                let _ = write!(figures.sums, ", {} as {column}", of_movements.replace("SIDE", side));
                let _ = write!(figures.totals, ", coalesce(sum(m.{column}), 0){cast} as {column}");
            }
            let _ = write!(figures.shown, ", m.{name}");
            figures.none.push_str(", null");
            if let Some(sides) = sides {
                added.push_str(&sides.columns(&format!("m.{name}"), &format!("m.{}", sides.before)));
                figures.none.push_str(if sides.pct.is_some() {
                    ", null, null, null"
                } else {
                    ", null, null"
                });
            }
        }
        figures.shown.push_str(&added);
        figures
    }
}

impl Row for ShrinkageRow {
    fn measures() -> Vec<Measure> {
        FIGURES.iter().map(|(name, kind, _)| sum(name, *kind)).collect()
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        vec!["reason", "reason_name", "location_code", "location_name"]
    }

    fn statement(request: &Request) -> String {
        let sorted = request.sort.map(Sort::order).unwrap_or_default();
        let Figures { sums, totals, shown, none } = Figures::of(request.compare.is_some());
        let measures = match request.compare {
            Some(_) => added::measures(&Self::measures()),
            None => Self::measures(),
        };
        let names: Vec<String> = measures.iter().map(|measure| format!("m.{}", measure.name)).collect();
        let names = names.join(", ");
        let (earlier_period, earlier_changes) = match request.compare {
            Some(_) => (EARLIER_PERIOD, format!("{EARLIER_CHANGES}{LOCATIONS} and {PRODUCTS}")),
            None => ("", String::new()),
        };
        format!(
            "{PERIOD}{earlier_period}{CHANGES}{LOCATIONS} and {PRODUCTS}{earlier_changes}
), level as materialized (
    select s.reason, s.location_id{sums} from change s group by s.reason, s.location_id
), total as (
    select t.currency{totals}
    from public.tenant t left join level m on true where t.tenant_id = :tenant_id
    group by t.currency
)
(select
    0 as level, null::text as time_zone, m.reason, rc.name as reason_name, lo.code as location_code,
    lo.name as location_name, t.currency, {names}
from (select m.reason, m.location_id{shown} from level m) m
join public.tenant t on t.tenant_id = :tenant_id
left join public.reason_code rc on rc.tenant_id = :tenant_id and rc.code = m.reason
left join public.location lo on lo.tenant_id = :tenant_id and lo.id = m.location_id
order by {sorted}m.shrinkage_value desc, m.reason, lo.code limit :limit)
union all
select 1, null, null, null, null, null, m.currency{shown} from total m
union all
select 2, period.zone, null, null, null, null, null{none} from period"
        )
    }
}
