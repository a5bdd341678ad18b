//! The lock on closed periods: entries of a closed day are posted on the first open one.
//!
//! A document keeps the time at which it happened. Only the day of its posting moves, which `post_batch_2` decides where it
//! writes the entry (ADR 19): a server that has not yet seen a move of the lock can't post in a closed period.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::PeriodLockId;
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::text::{Filled200, is_blank};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::columns::Columns;
use crate::listing::{Listing, Slice};
use crate::posting::setup;
use crate::{Error, Tx};

/// Most rounds to take the lock. A round is some attempts and then a place in the queue: 0.5 seconds.
const HOLD_ROUNDS_MAX: u32 = 4;
/// Attempts of a round. Postings pass meanwhile.
const HOLD_ATTEMPTS: u32 = 12;
/// Pause after an attempt.
const HOLD_PAUSE: Duration = Duration::from_millis(20);

/// A move of the lock.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PeriodLockInput {
    /// Last closed day, before today in the tenant's time zone. Null opens every day again.
    #[schema(example = "2026-09-30")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    pub locked_through: Option<NaiveDate>,
    /// Reason of the move.
    pub reason: Filled200,
}

/// A move of the lock on closed periods. The newest holds.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PeriodLock {
    /// Id of the move.
    pub id: PeriodLockId,
    /// Always `period_lock`.
    pub object: tag::PeriodLock,
    /// Last closed day. Null: every day is open.
    #[schema(example = "2026-09-30")]
    pub locked_through: Option<NaiveDate>,
    /// Reason of the move.
    #[schema(max_length = 200, example = "Third quarter reported")]
    pub reason: String,
    /// When it was moved.
    pub created_at: DateTime<Utc>,
    /// Always 1, because it never changes.
    #[schema(minimum = 1, maximum = 1, example = 1)]
    pub version: i32,
}

/// Moves the lock, after every posting that has begun.
pub async fn create(tx: &Tx, input: &PeriodLockInput) -> Result<PeriodLock, Error> {
    let mut problems = Problems::default();
    check_reason(&mut problems, "/reason", &input.reason);
    let today = setup::settings(tx).await?.day(tx.now);
    if input.locked_through.is_some_and(|last| last >= today) {
        problems.invalid("/locked_through", format!("The last closed day is before today, {today}."));
    }
    problems.check()?;
    hold(tx).await?;
    record(tx, input.locked_through, input.reason.as_str()).await
}

/// Checks the reason of a move.
pub(crate) fn check_reason(problems: &mut Problems, pointer: &str, reason: &Filled200) {
    reason.check(problems, pointer);
    if is_blank(reason) {
        problems.invalid(pointer, "A move of the lock needs a reason.");
    }
}

/// Waits for every posting that has begun, for at most 2 seconds. Then later ones, and other moves, wait until the end of the
/// transaction.
///
/// - Postings share the lock, and those of a busy tenant overlap, so it may never be free when it is tried. So each round ends in the
///   queue for the lock: postings that begin then wait behind it, and it is free once those before have ended.
/// - A place in the queue is given up after a quarter of a second, and postings pass for as long again. So a slow posting stops no till
///   for longer.
/// - If a posting takes longer than all rounds, the error is that of a row that stays locked: nothing has changed, and the request can be
///   repeated.
pub(crate) async fn hold(tx: &Tx) -> Result<(), Error> {
    let attempt =
        "select pg_try_advisory_xact_lock(hashtextextended('period_lock ' || $1::uuid, 0)) as is_held";
    for _ in 0..HOLD_ROUNDS_MAX {
        for _ in 0..HOLD_ATTEMPTS {
            if is_held(tx, attempt).await? {
                return Ok(());
            }
            tokio::time::sleep(HOLD_PAUSE).await;
        }
        if is_held(tx, "select queue_for_period_lock_1($1) as is_held").await? {
            return Ok(());
        }
    }
    Err(Error::LockTimeout)
}

/// Returns whether a statement took the lock.
async fn is_held(tx: &Tx, statement: &'static str) -> Result<bool, Error> {
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0)).await?;
    Ok(row.ok_or_else(|| Error::invariant("a lock without a row"))?.try_get("is_held")?)
}

/// Returns the last closed day. Nothing if every day is open.
pub(crate) async fn locked_through(tx: &Tx) -> Result<Option<NaiveDate>, Error> {
    let select = "select locked_through from period_lock where tenant_id = $1 order by id desc limit 1";
    let row = tx.row(sqlx::query(select).bind(tx.tenant_id.0)).await?;
    Ok(row.map(|row| row.try_get("locked_through")).transpose()?.flatten())
}

/// Writes a move of the lock, which the transaction holds. The newest move holds, so its id is greater than that of a move that was
/// made while this transaction waited.
pub(crate) async fn record(
    tx: &Tx,
    locked_through: Option<NaiveDate>,
    reason: &str,
) -> Result<PeriodLock, Error> {
    let newest = "select id from period_lock where tenant_id = $1 order by id desc limit 1";
    let newest = tx.row(sqlx::query(newest).bind(tx.tenant_id.0)).await?;
    let newest: Option<Uuid> = newest.map(|row| row.try_get("id")).transpose()?;
    let after = newest.map_or(Uuid::nil(), |newest| Uuid::from_u128(newest.as_u128().saturating_add(1)));
    let id = PeriodLockId(tx.next_id().max(after));
    let statement = Columns::of(
        "insert into period_lock (tenant_id, id, locked_through, reason, recorded_at, command_id) \
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(tx.tenant_id.0)
    .value("id", id.0)
    .value("locked_through", locked_through)
    .value("reason", reason)
    .value("recorded_at", tx.now)
    .value("command_id", tx.command_id().0);
    statement.execute(tx).await?;
    Ok(PeriodLock {
        id,
        object: tag::PeriodLock,
        locked_through,
        reason: reason.to_owned(),
        created_at: tx.now,
        version: 1,
    })
}

const SELECT: &str = "select id, locked_through, reason, recorded_at from period_lock where tenant_id = ";

pub async fn list(tx: &Tx, slice: &Slice) -> Result<Vec<PeriodLock>, Error> {
    Listing::new(tx, SELECT).page(tx, "id", slice).await?.iter().map(read).collect()
}

pub async fn get(tx: &Tx, id: PeriodLockId) -> Result<PeriodLock, Error> {
    let rows = Listing::new(tx, SELECT).with("id = ", Some(id.0)).rows(tx).await?;
    read(rows.first().ok_or_else(|| Refusal::not_found("move of the lock"))?)
}

fn read(row: &PgRow) -> Result<PeriodLock, Error> {
    Ok(PeriodLock {
        id: PeriodLockId(row.try_get("id")?),
        object: tag::PeriodLock,
        locked_through: row.try_get("locked_through")?,
        reason: row.try_get("reason")?,
        created_at: row.try_get("recorded_at")?,
        version: 1,
    })
}
