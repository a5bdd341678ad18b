//! The outcome of an attempt: the delivery ends or is tried again, and the endpoint goes on, pauses or is switched off.

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use sea_orm::sqlx::{self, Row};
use tokio::time::timeout;

use super::schedule::{self, FAILING_MAX};
use super::turn::Message;
use super::worker;
use crate::columns::Columns;
use crate::command::{self, Written};
use crate::tx::require_trading;
use crate::{Db, Error, Tx};

/// The status by which a receiver says that it wants no more messages.
const GONE: u16 = 410;

/// The outcome of an attempt.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Status of the response.
    pub status: Option<u16>,
    /// The reason if it failed.
    pub error: Option<&'static str>,
    /// Time that the receiver asked for.
    pub retry_after: Option<TimeDelta>,
    pub duration_ms: i32,
    /// Line and headers of the request, without signatures.
    pub request: String,
    /// Beginning of the response.
    pub response: Option<String>,
    /// Whether the response was longer.
    pub is_cut: bool,
}

/// Records an outcome. If the lease ended meanwhile, only the log shows it.
pub async fn record(db: &Db, message: &Message, outcome: &Outcome) -> Result<(), Error> {
    let tx = db.begin(message.tenant_id).await?;
    let noting = timeout(db.write_time().work, note(&tx, message, outcome));
    noting.await.unwrap_or(Err(Error::Deadline))?;
    tx.commit().await
}

async fn note(tx: &Tx, message: &Message, outcome: &Outcome) -> Result<(), Error> {
    let standing = lock(tx, message).await?;
    log(tx, message, outcome).await?;
    if !end_lease(tx, message, outcome).await? || message.is_test() {
        return Ok(());
    }
    match outcome.error {
        None => note_success(tx, message, standing.failures).await,
        Some(_) => note_failure(tx, message, outcome, &standing).await,
    }
}

/// The failures of an endpoint so far.
struct Standing {
    failures: i32,
    paused_until: Option<DateTime<Utc>>,
}

/// Locks the cursor of the endpoint, before its delivery as a turn does. Returns its failures.
async fn lock(tx: &Tx, message: &Message) -> Result<Standing, Error> {
    let query = "select failures, paused_until from webhook_cursor where tenant_id = $1 and endpoint_id = $2 for update";
    let row = tx.row(sqlx::query(query).bind(tx.tenant_id.0).bind(message.endpoint_id.0)).await?;
    let row = row.ok_or_else(|| Error::invariant("an endpoint has a cursor"))?;
    Ok(Standing { failures: row.try_get("failures")?, paused_until: row.try_get("paused_until")? })
}

async fn log(tx: &Tx, message: &Message, outcome: &Outcome) -> Result<(), Error> {
    let statement = Columns::of(
        "insert into webhook_attempt (tenant_id, delivery_id, number, attempted_at, duration_ms, http_status, error, request, \
             response, is_cut) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing",
    )
    .value("tenant_id", tx.tenant_id.0)
    .value("delivery_id", message.delivery_id.0)
    .value("number", message.attempt)
    .value("attempted_at", message.at)
    .value("duration_ms", outcome.duration_ms)
    .value("http_status", outcome.status.map(u16::cast_signed))
    .value("error", outcome.error)
    .value("request", outcome.request.as_str())
    .value("response", outcome.response.as_deref())
    .value("is_cut", outcome.is_cut);
    statement.execute(tx).await?;
    Ok(())
}

/// Ends the lease of a delivery. Returns false if another worker has it now.
async fn end_lease(tx: &Tx, message: &Message, outcome: &Outcome) -> Result<bool, Error> {
    let luck = rand::rng().random_range(0..=400);
    let next = tx.now + schedule::delay(message.tries, luck, outcome.retry_after);
    let is_given_up = tx.now >= message.expires_at;
    let status = match outcome.error {
        None => "delivered",
        Some(_) if is_given_up => "dead",
        Some(_) => "pending",
    };
    let statement = "update webhook_delivery set status = $4, next_at = $5, http_status = $6, error = $7, leased_by = null, \
             lease_until = null, updated_at = $8, version = version + 1 \
         where tenant_id = $1 and id = $2 and leased_by = $3";
    let statement = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(message.delivery_id.0)
        .bind(message.lease)
        .bind(status)
        // The last attempt is at the end of the time.
        .bind(next.min(message.expires_at).max(tx.now))
        .bind(outcome.status.map(u16::cast_signed))
        .bind(outcome.error)
        .bind(tx.now);
    Ok(statement.execute(tx).await? > 0)
}

async fn note_success(tx: &Tx, message: &Message, failures: i32) -> Result<(), Error> {
    if failures == 0 {
        return Ok(());
    }
    let statement = "update webhook_cursor set failures = 0, failing_since = null, paused_until = null \
                     where tenant_id = $1 and endpoint_id = $2";
    tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(message.endpoint_id.0)).await?;
    if schedule::pause(failures).is_none() {
        // The receiver was not down. A message that it rejects keeps its delay, or each other message would send it again.
        return Ok(());
    }
    // The receiver works again, so deliveries don't wait for the end of their delays.
    let due = "update webhook_delivery set next_at = $3, updated_at = $3, version = version + 1 \
               where tenant_id = $1 and endpoint_id = $2 and status = 'pending' and next_at > $3 and leased_by is null";
    let due = sqlx::query(due).bind(tx.tenant_id.0).bind(message.endpoint_id.0).bind(tx.now);
    tx.execute(due).await?;
    Ok(())
}

async fn note_failure(
    tx: &Tx,
    message: &Message,
    outcome: &Outcome,
    standing: &Standing,
) -> Result<(), Error> {
    // An attempt that ends in a pause began before it. It does not extend the pause.
    let pause = standing.paused_until.filter(|until| *until > tx.now);
    let failures = standing.failures.saturating_add(i32::from(pause.is_none()));
    let paused_until = pause.or_else(|| schedule::pause(failures).map(|pause| tx.now + pause));
    let statement = "update webhook_cursor set failures = $3, failing_since = coalesce(failing_since, $4), paused_until = $5 \
                     where tenant_id = $1 and endpoint_id = $2 returning failing_since";
    let statement = sqlx::query(statement).bind(tx.tenant_id.0).bind(message.endpoint_id.0);
    let row = tx.row(statement.bind(failures).bind(tx.now).bind(paused_until)).await?;
    let since: DateTime<Utc> =
        row.ok_or_else(|| Error::invariant("an endpoint has a cursor"))?.try_get("failing_since")?;
    if outcome.status == Some(GONE) {
        return switch_off(tx, message, "gone").await;
    }
    if tx.now - since >= FAILING_MAX {
        return switch_off(tx, message, "failing").await;
    }
    Ok(())
}

/// Switches an endpoint off, with an event. Its events stay in the feed, and its deliveries wait. While the tenant moves to another
/// database, a later failure switches it off: the event would be a row that the copy has not.
async fn switch_off(tx: &Tx, message: &Message, reason: &str) -> Result<(), Error> {
    match require_trading(tx).await {
        Err(Error::TenantMoving) => return Ok(()),
        other => other?,
    }
    let statement = "update webhook_endpoint set active = false, disabled_reason = $3, updated_at = $4, version = version + 1 \
                     where tenant_id = $1 and id = $2 and active";
    let id = message.endpoint_id.0;
    let statement = sqlx::query(statement).bind(tx.tenant_id.0).bind(id).bind(reason).bind(tx.now);
    if tx.execute(statement).await? > 0 {
        let written = Written { document_id: Some(id), status: 200, ..Written::default() };
        command::record(tx, &worker(tx.tenant_id), "webhook_endpoint.disabled", None, &written).await?;
    }
    Ok(())
}
