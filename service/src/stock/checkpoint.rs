//! Checkpoints: stock at an instant of the past, so that a report need not add up all movements since the books
//! began.
//!
//! A checkpoint has, for each level, the sum of the movements that happened before `as_of` and were recorded before
//! `known_until`. A document that comes in late changes no row: the next run adds what was recorded since the last
//! run to every checkpoint that it belongs to, as rows of their own. So the stock of an instant A, as known at K, is
//! three short sums. They equal the sum of all movements that happened by A and were recorded by K:
//!
//! 1. the rows of the latest checkpoint up to A that were known by K,
//! 2. the movements that happened since that checkpoint, up to A,
//! 3. the movements that happened before it and were recorded since its last run, up to K.
//!
//! This holds only if nothing is recorded before `known_until` after a run has passed. The instant of a movement is
//! the clock reading when its transaction opened; it becomes visible when that commits. A run therefore stays an hour
//! behind the oldest open transaction. No node's clock is off by that much, and no transaction of the service lasts
//! that long: its role limits a statement to 15 s, and a pause between statements to 30 s.

use chrono::{DateTime, Duration, Utc};
use domain::id::TenantId;
use domain::refusal::Refusal;
use sea_orm::sqlx::{self, Row};

use crate::{Db, Error, Tx};

/// Minutes that a run stays behind the oldest open transaction.
const BEHIND_MINUTES: i64 = 60;
/// Fewest movements from one checkpoint to the next. A checkpoint has a row for each level, so with many levels it
/// waits for twice as many movements: in-order movements then cost at most one row per two movements.
const SPACING_MIN: i64 = 50_000;

/// The rule of a run.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Movements recorded before this instant count. No older transaction may still be open.
    pub known_until: DateTime<Utc>,
    /// Fewest movements from one checkpoint to the next.
    pub spacing: i64,
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Every checkpoint now includes the movements that were recorded before this instant.
    pub known_until: DateTime<Utc>,
    /// Instants of the new checkpoints.
    pub made: Vec<DateTime<Utc>>,
    /// Number of earlier checkpoints that were updated.
    pub extended: usize,
}

/// Makes the checkpoints that are due; none if too little happened since the last run. Fails and rolls back if
/// another run is active, or if a checkpoint differs from its movements.
pub async fn run(db: &Db, tenant_id: TenantId) -> Result<Option<Run>, Error> {
    db.job(tenant_id, async |tx| {
        let rule = Rule { known_until: settled_until(tx).await?, spacing: default_spacing(tx).await? };
        build(tx, &rule).await
    })
    .await
}

/// Makes the checkpoints that are due by another rule.
pub async fn run_by(db: &Db, tenant_id: TenantId, rule: Rule) -> Result<Option<Run>, Error> {
    db.job(tenant_id, async |tx| build(tx, &rule).await).await
}

/// Returns the instant before which nothing more can be recorded.
pub async fn settled_until(tx: &Tx) -> Result<DateTime<Utc>, Error> {
    let statement =
        "select least($1, min(xact_start)) from pg_stat_activity where datname = current_database()";
    let row = tx.row(sqlx::query(statement).bind(tx.now)).await?;
    let oldest: DateTime<Utc> = row.ok_or_else(|| Error::invariant("no oldest transaction"))?.try_get(0)?;
    Ok(oldest - Duration::minutes(BEHIND_MINUTES))
}

async fn default_spacing(tx: &Tx) -> Result<i64, Error> {
    let statement = "select greatest(2 * count(*), $2) from stock_level where tenant_id = $1";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(SPACING_MIN)).await?;
    Ok(row.ok_or_else(|| Error::invariant("a count without a row"))?.try_get(0)?)
}

async fn build(tx: &Tx, rule: &Rule) -> Result<Option<Run>, Error> {
    assert!(rule.known_until <= tx.now && rule.spacing > 0, "what is still to come is not settled");
    let (known, known_from) = load_existing(tx).await?;
    if count_recorded(tx, known_from, rule.known_until).await? < rule.spacing {
        return Ok(None);
    }
    let days = count_by_day(tx, rule.known_until).await?;
    let made = find_due(&days, &known, rule);
    if let (Some(known_from), false) = (known_from, known.is_empty()) {
        insert_checkpoints(tx, &known, Some(known_from), rule.known_until).await?;
        extend(tx, &known, known_from, rule.known_until).await?;
    }
    insert_checkpoints(tx, &made, None, rule.known_until).await?;
    let mut before: Vec<DateTime<Utc>> = known.clone();
    for as_of in &made {
        let base = before.iter().copied().filter(|earlier| earlier < as_of).max();
        fill(tx, *as_of, base, rule.known_until).await?;
        before.push(*as_of);
    }
    if let Some(newest) = before.iter().max() {
        check(tx, *newest, rule.known_until).await?;
    }
    Ok(Some(Run { known_until: rule.known_until, made, extended: known.len() }))
}

/// Returns the instants of all checkpoints, and until when all of them are known.
async fn load_existing(tx: &Tx) -> Result<(Vec<DateTime<Utc>>, Option<DateTime<Utc>>), Error> {
    let statement =
        "select as_of, max(known_until) from stock_checkpoint where tenant_id = $1 group by 1 order by 1";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0)).await?;
    let (mut instants, mut known_until) = (Vec::with_capacity(rows.len()), None);
    for row in rows {
        instants.push(row.try_get(0)?);
        known_until = known_until.max(Some(row.try_get(1)?));
    }
    Ok((instants, known_until))
}

/// Counts the movements that were recorded in a period.
async fn count_recorded(tx: &Tx, from: Option<DateTime<Utc>>, until: DateTime<Utc>) -> Result<i64, Error> {
    let statement = "select count(*) from stock_movement \
         where tenant_id = $1 and recorded_at >= coalesce($2, '-infinity') and recorded_at < $3";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(from).bind(until)).await?;
    Ok(row.ok_or_else(|| Error::invariant("a count without a row"))?.try_get(0)?)
}

/// Returns the days with movements, and the number of each. Days are those of UTC: a checkpoint may be at any
/// instant, and the end of a day is easy to name.
async fn count_by_day(tx: &Tx, until: DateTime<Utc>) -> Result<Vec<(DateTime<Utc>, i64)>, Error> {
    let statement = "select date_trunc('day', occurred_at, 'UTC'), count(*) from stock_movement \
         where tenant_id = $1 and recorded_at < $2 group by 1 order by 1";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(until)).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Returns the instants at which checkpoints are due: the end of each day on which enough movements have happened
/// since the last checkpoint.
fn find_due(days: &[(DateTime<Utc>, i64)], known: &[DateTime<Utc>], rule: &Rule) -> Vec<DateTime<Utc>> {
    let mut known = known.iter().peekable();
    let (mut due, mut since) = (Vec::new(), 0);
    for (day, movements) in days {
        while known.next_if(|as_of| *as_of <= day).is_some() {
            since = 0;
        }
        since += movements;
        let end = *day + Duration::days(1);
        if since >= rule.spacing && end <= rule.known_until && known.peek() != Some(&&end) {
            due.push(end);
            since = 0;
        }
    }
    due
}

/// Inserts the checkpoints. A conflict means that another run was faster.
async fn insert_checkpoints(
    tx: &Tx,
    instants: &[DateTime<Utc>],
    known_from: Option<DateTime<Utc>>,
    known_until: DateTime<Utc>,
) -> Result<(), Error> {
    let statement = "insert into stock_checkpoint (tenant_id, as_of, known_from, known_until, made_at) \
         select $1, as_of, coalesce($3, '-infinity'), $4, $5 from unnest($2) as v (as_of) order by as_of \
         on conflict do nothing";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(instants).bind(known_from);
    let written = tx.execute(query.bind(known_until).bind(tx.now)).await?;
    if written == instants.len() as u64 {
        return Ok(());
    }
    Err(Refusal::state("Another run makes the same checkpoints; this one did nothing.").into())
}

/// Adds to every checkpoint the earlier movements that were recorded since the last run.
async fn extend(
    tx: &Tx,
    instants: &[DateTime<Utc>],
    known_from: DateTime<Utc>,
    known_until: DateTime<Utc>,
) -> Result<(), Error> {
    let statement = "with late as materialized ( \
             select width_bucket(occurred_at, $2) as earlier, location_id, product_id, lot_id, \
                 sum(quantity) as quantity, sum(value) as value \
             from stock_movement \
             where tenant_id = $1 and recorded_at >= $3 and recorded_at < $4 \
             group by 1, 2, 3, 4 \
         ) \
         insert into stock_checkpoint_level \
             (tenant_id, as_of, known_until, location_id, product_id, lot_id, quantity, value) \
         select $1, c.as_of, $4, l.location_id, l.product_id, l.lot_id, sum(l.quantity), sum(l.value) \
         from unnest($2) with ordinality as c (as_of, place) join late l on l.earlier < c.place \
         group by c.as_of, l.location_id, l.product_id, l.lot_id \
         having sum(l.quantity) <> 0 or sum(l.value) <> 0 \
         order by c.as_of, l.location_id, l.product_id, l.lot_id";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(instants).bind(known_from);
    tx.execute(query.bind(known_until)).await?;
    Ok(())
}

/// Fills a checkpoint: the one before it, plus the movements since.
async fn fill(
    tx: &Tx,
    as_of: DateTime<Utc>,
    base: Option<DateTime<Utc>>,
    known_until: DateTime<Utc>,
) -> Result<(), Error> {
    let statement = "insert into stock_checkpoint_level \
             (tenant_id, as_of, known_until, location_id, product_id, lot_id, quantity, value) \
         select $1, $2, $4, location_id, product_id, lot_id, sum(quantity), sum(value) \
         from ( \
             select location_id, product_id, lot_id, quantity, value \
             from stock_checkpoint_level where tenant_id = $1 and as_of = $3 \
             union all \
             select location_id, product_id, lot_id, quantity, value \
             from stock_movement \
             where tenant_id = $1 and occurred_at >= coalesce($3, '-infinity') and occurred_at < $2 \
                 and recorded_at < $4 \
         ) part \
         group by location_id, product_id, lot_id having sum(quantity) <> 0 or sum(value) <> 0 \
         order by location_id, product_id, lot_id";
    tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(as_of).bind(base).bind(known_until)).await?;
    Ok(())
}

/// Fails unless a checkpoint is the plain sum of its movements. Checking the newest one checks all, because it builds
/// on them.
async fn check(tx: &Tx, as_of: DateTime<Utc>, known_until: DateTime<Utc>) -> Result<(), Error> {
    let statement = "select count(*) from ( \
             select location_id, product_id, lot_id, sum(quantity) as quantity, sum(value) as value \
             from ( \
                 select location_id, product_id, lot_id, quantity, value \
                 from stock_checkpoint_level where tenant_id = $1 and as_of = $2 \
                 union all \
                 select location_id, product_id, lot_id, -quantity, -value \
                 from stock_movement where tenant_id = $1 and occurred_at < $2 and recorded_at < $3 \
             ) part \
             group by 1, 2, 3 having sum(quantity) <> 0 or sum(value) <> 0 \
         ) difference";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(as_of).bind(known_until)).await?;
    let differences: i64 = row.ok_or_else(|| Error::invariant("a count without a row"))?.try_get(0)?;
    if differences == 0 {
        return Ok(());
    }
    Err(Error::invariant(format!(
        "{differences} levels of the checkpoint of {as_of} are not their movements"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::days(number)
    }

    fn instants(days: &[(i64, i64)], known: &[i64], until: i64) -> Vec<i64> {
        let days: Vec<(DateTime<Utc>, i64)> =
            days.iter().map(|(number, movements)| (day(*number), *movements)).collect();
        let known: Vec<DateTime<Utc>> = known.iter().map(|number| day(*number)).collect();
        let rule = Rule { known_until: day(until), spacing: 10 };
        find_due(&days, &known, &rule)
            .iter()
            .map(|as_of| (*as_of - DateTime::UNIX_EPOCH).num_days())
            .collect()
    }

    #[test]
    fn a_checkpoint_follows_as_many_movements_as_the_rule_wants() {
        assert_eq!(instants(&[(0, 4), (1, 6), (2, 3), (5, 25), (6, 9)], &[], 100), [2, 6]);
        assert!(instants(&[], &[], 100).is_empty());
    }

    #[test]
    fn what_is_covered_is_not_covered_again() {
        let days = [(0, 10), (1, 4), (2, 10), (3, 6), (9, 4)];
        assert_eq!(instants(&days, &[], 100), [1, 3, 10]);
        assert!(instants(&days, &[1, 3, 10], 100).is_empty());
        assert_eq!(instants(&[(0, 10), (1, 14), (2, 10)], &[1, 3], 100), [2], "late documents filled a gap");
    }

    #[test]
    fn a_day_that_is_not_settled_has_to_wait() {
        assert_eq!(instants(&[(0, 10), (1, 10)], &[], 1), [1]);
        assert_eq!(instants(&[(0, 10), (1, 10)], &[], 2), [1, 2]);
    }
}
