//! The histories of locked levels since the earliest time that a command names.

use std::collections::{BTreeMap, HashMap};

use domain::id::{LocationId, LotId, ProductId};
use domain::needs::Needs;
use domain::negative_stock::{History, Step};
use domain::number::Price;
use domain::stock::{self, Level, LevelKey};
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;

use crate::columns::Columns;
use crate::listing::number;
use crate::stock::movement::first_of;
use crate::{Error, Tx};

/// Most instants that are read of one level. A document that is dated before more of them costs what the stock costs now.
const STEPS_MAX: i64 = 20_000;

/// No movement is recorded before it happens, so only ids that begin with the earliest time or later are read. The last row of a
/// level is its last movement before.
const STEPS: &str = "
    select l.location_id, l.product_id, l.lot_id, m.occurred_at, m.quantity, m.value
    from unnest($2::uuid[], $3::uuid[], $4::uuid[]) as v (location_id, product_id, lot_id)
    join stock_level l on l.tenant_id = $1 and l.location_id = v.location_id and l.product_id = v.product_id
        and l.lot_id = v.lot_id and coalesce(l.latest_at, l.moved_at) > $5
    cross join lateral (
        select * from (
            select m.occurred_at, sum(m.quantity) as quantity, sum(m.value) as value
            from stock_movement m
            where m.tenant_id = $1 and m.product_id = l.product_id and m.location_id = l.location_id
              and m.lot_id = l.lot_id and m.id >= $6 and m.occurred_at > $5
            group by m.occurred_at order by m.occurred_at limit $7
        ) later
        union all
        select * from (
            select m.occurred_at, m.quantity, m.value
            from stock_movement m
            where m.tenant_id = $1 and m.product_id = l.product_id and m.location_id = l.location_id
              and m.lot_id = l.lot_id and m.occurred_at <= $5 and m.quantity <> 0
            order by m.id desc limit 1
        ) last
    ) m";

/// Reads the histories of locked levels. Runs no statement if no command names a time in the past.
pub(super) async fn load(
    tx: &Tx,
    needs: &Needs,
    levels: &BTreeMap<LevelKey, Level>,
) -> Result<Option<HashMap<LevelKey, History>>, Error> {
    let Some(earliest) = needs.earliest.filter(|at| *at < tx.now) else { return Ok(None) };
    let keys: Vec<LevelKey> = levels.keys().copied().collect();
    let query = Columns::of(STEPS)
        .bind(tx.tenant_id.0)
        .column("location_id", &keys, |key| key.location_id.0)
        .column("product_id", &keys, |key| key.product_id.0)
        .column("lot_id", &keys, |key| key.lot_id.0)
        .bind(earliest)
        .bind(first_of(earliest))
        .bind(STEPS_MAX + 1);
    let mut read: HashMap<LevelKey, (Option<Price>, Vec<Step>)> = HashMap::new();
    for row in query.rows(tx).await? {
        let (key, step) = step(&row)?;
        let (cost_before, steps) = read.entry(key).or_default();
        if step.at <= earliest {
            *cost_before = Some(stock::unit_cost(step.value, step.quantity));
        } else {
            steps.push(step);
        }
    }
    let history = |(key, (cost_before, steps)): (LevelKey, (Option<Price>, Vec<Step>))| {
        let is_short = i64::try_from(steps.len()).is_ok_and(|count| count <= STEPS_MAX);
        (key, if is_short { History::new(cost_before, steps) } else { History::too_long() })
    };
    Ok(Some(read.into_iter().map(history).collect()))
}

fn step(row: &PgRow) -> Result<(LevelKey, Step), Error> {
    let key = LevelKey {
        location_id: LocationId(row.try_get("location_id")?),
        product_id: ProductId(row.try_get("product_id")?),
        lot_id: LotId(row.try_get("lot_id")?),
    };
    let step = Step {
        at: row.try_get("occurred_at")?,
        quantity: number(row, "quantity")?,
        value: number(row, "value")?,
    };
    Ok((key, step))
}
