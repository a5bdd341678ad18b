//! Jobs: requests whose work goes on after the response. The row has the progress of the work, and at the end the response that the
//! request would have had.
//!
//! The work is done by the server that took the request, and writes a sign of life every second. If that server is killed, the job is lost:
//! the work was one transaction, which was committed or not. A repeat with the same idempotency key returns its response, or does the work.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::JobId;
use domain::refusal::Refusal;
use domain::{tag, text_enum};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use serde_json::Value;

use crate::audit::actor_id;
use crate::columns::Columns;
use crate::listing::{Listing, Slice, word};
use crate::scope::Scope;
use crate::{Caller, Error, Tx};

/// Time without a sign of life after which a job is lost.
const LOST_AFTER: TimeDelta = TimeDelta::seconds(60);
/// Time for which a job that ended or was lost is kept.
const KEPT: TimeDelta = TimeDelta::days(7);
/// Most jobs of a tenant that are kept. A job that has not ended is always kept.
const KEPT_MAX: i64 = 1_000;

text_enum! {
    /// Kind of the work. New values may appear.
    #[derive(strum::VariantArray)]
    #[schema(as = JobKind)]
    pub enum Kind {
        /// An import of products.
        ProductImport,
        /// A run of the reconciliation.
        ReconciliationRun,
    }
}

impl Kind {
    /// Returns the scope that shows jobs of this kind.
    pub fn scope(self) -> Scope {
        match self {
            Kind::ProductImport => Scope::CatalogRead,
            Kind::ReconciliationRun => Scope::ReconciliationRead,
        }
    }
}

text_enum! {
    /// State of a job.
    #[schema(as = JobStatus)]
    pub enum Status {
        /// The work goes on.
        Running,
        /// The work was done: `result` has the response.
        Succeeded,
        /// The request was rejected and had no effect: `problem` says why. Only with the code `outcome_unknown` it may have had an effect:
        /// repeat the request with the same idempotency key.
        Failed,
        /// The server ended before it said how the work ended. Repeat the request with the same idempotency key: if the work was done,
        /// you get its response.
        Lost,
    }
}

/// Work that goes on after the response to its request.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Job {
    /// Id of the job.
    pub id: JobId,
    /// Always `job`.
    pub object: tag::Job,
    /// Kind of the work.
    pub kind: Kind,
    /// State of the work.
    pub status: Status,
    /// Rows that were processed so far. Nothing is stored before the job has succeeded.
    #[schema(minimum = 0, example = 1500)]
    pub rows_done: i64,
    /// Rows of the upload. Null: it has none, or they were not counted yet.
    #[schema(minimum = 0, example = 3000)]
    pub rows_total: Option<i64>,
    /// `api_key` or `user`.
    #[schema(max_length = 16, example = "api_key")]
    pub actor_kind: String,
    /// Id of the API key or user that sent the request.
    #[schema(max_length = 64, example = "key_01h455vb4pex5vsknk084sn02q")]
    pub actor_id: String,
    /// HTTP status of the response to the request. Null while the work goes on, or if the job was lost.
    #[schema(minimum = 200, maximum = 599, example = 200)]
    pub http_status: Option<i16>,
    /// Response of the request, if it succeeded. Null in a list: `GET /v1/jobs/{id}` has it.
    #[schema(value_type = Option<Object>)]
    pub result: Option<Value>,
    /// Problem that rejected the request, if it failed. Null in a list: `GET /v1/jobs/{id}` has it.
    #[schema(value_type = Option<Object>)]
    pub problem: Option<Value>,
    /// When the request was accepted.
    pub created_at: DateTime<Utc>,
    /// When the work ended. Null while it goes on, or if it was lost.
    pub finished_at: Option<DateTime<Utc>>,
}

/// The progress of the work of a job.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    pub done: i64,
    /// Absent: not known.
    pub total: Option<i64>,
}

/// Begins a job, and deletes old ones of the tenant.
pub async fn begin(tx: &Tx, caller: &Caller, kind: Kind) -> Result<Job, Error> {
    let old = sqlx::query(DELETE_OLD).bind(tx.tenant_id.0).bind(tx.now - KEPT).bind(tx.now - LOST_AFTER);
    tx.execute(old.bind(KEPT_MAX - 1)).await?;
    let id = JobId(tx.next_id());
    let (kind, actor): (&str, &str) = (kind.into(), caller.actor_kind.into());
    let insert = "insert into job (tenant_id, id, kind, actor_kind, actor_id, created_at, seen_at, rows_done) \
                  values ($1, $2, $3, $4, $5, $6, $7, 0)";
    let statement = Columns::of(insert)
        .value("tenant_id", tx.tenant_id.0)
        .value("id", id.0)
        .value("kind", kind)
        .value("actor_kind", actor)
        .value("actor_id", caller.actor_id)
        .value("created_at", tx.now)
        .value("seen_at", tx.now);
    statement.execute(tx).await?;
    get(tx, id, &[]).await
}

/// Notes how far the work is.
pub async fn note(tx: &Tx, id: JobId, counts: Counts) -> Result<(), Error> {
    let statement = "update job set seen_at = $3, rows_done = $4, rows_total = $5 \
                     where tenant_id = $1 and id = $2 and finished_at is null";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(tx.now);
    tx.execute(query.bind(counts.done).bind(counts.total)).await?;
    Ok(())
}

/// Ends a job with the response that its request would have had.
pub async fn finish(
    tx: &Tx,
    id: JobId,
    counts: Counts,
    (http_status, response): (i16, &str),
) -> Result<(), Error> {
    let statement = "update job set seen_at = $3, finished_at = $3, rows_done = $4, rows_total = $5, http_status = $6, \
                         response = $7 \
                     where tenant_id = $1 and id = $2";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(tx.now);
    tx.execute(query.bind(counts.done).bind(counts.total).bind(http_status).bind(response)).await?;
    Ok(())
}

const SELECT: &str = "select id, kind, actor_kind, actor_id, created_at, seen_at, finished_at, rows_done, rows_total, http_status, \
        response from job where tenant_id = ";

/// A response may have some 100 KiB, so a page of jobs has none.
const SELECT_WITHOUT_RESPONSE: &str = "select id, kind, actor_kind, actor_id, created_at, seen_at, finished_at, rows_done, rows_total, \
        http_status, null::text as response from job where tenant_id = ";

/// Deletes jobs that ended long ago, and the oldest if there are too many. A lost job ended with its last sign of life.
const DELETE_OLD: &str = "
    delete from job
    where tenant_id = $1 and (
        coalesce(finished_at, seen_at) < $2
        or (finished_at is not null or seen_at < $3)
            and id <= (select id from job where tenant_id = $1 order by id desc offset $4 limit 1)
    )";

/// Lists jobs of these kinds, without their results and problems.
pub async fn list(tx: &Tx, kinds: &[Kind], slice: &Slice) -> Result<Vec<Job>, Error> {
    let rows = Listing::new(tx, SELECT_WITHOUT_RESPONSE).among("kind", kinds).page(tx, "id", slice).await?;
    rows.iter().map(|row| read(row, tx.now)).collect()
}

/// Returns a job of one of these kinds. Without kinds, returns a job of any kind.
pub async fn get(tx: &Tx, id: JobId, kinds: &[Kind]) -> Result<Job, Error> {
    let rows = Listing::new(tx, SELECT).with("id = ", Some(id.0)).among("kind", kinds).rows(tx).await?;
    read(rows.first().ok_or_else(|| Refusal::not_found("job"))?, tx.now)
}

fn read(row: &PgRow, now: DateTime<Utc>) -> Result<Job, Error> {
    let actor_kind: String = row.try_get("actor_kind")?;
    let http_status: Option<i16> = row.try_get("http_status")?;
    let status = status(http_status, row.try_get("seen_at")?, now);
    let response: Option<String> = row.try_get("response")?;
    // A problem is JSON as well.
    let said = response.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let (result, problem) = match status {
        Status::Failed => (None, said),
        Status::Running | Status::Succeeded | Status::Lost => (said, None),
    };
    Ok(Job {
        id: JobId(row.try_get("id")?),
        object: tag::Job,
        kind: word(row, "kind")?,
        status,
        rows_done: row.try_get("rows_done")?,
        rows_total: row.try_get("rows_total")?,
        actor_id: actor_id(&actor_kind, row.try_get("actor_id")?),
        actor_kind,
        http_status,
        result,
        problem,
        created_at: row.try_get("created_at")?,
        finished_at: row.try_get("finished_at")?,
    })
}

fn status(http_status: Option<i16>, seen_at: DateTime<Utc>, now: DateTime<Utc>) -> Status {
    match http_status {
        Some(status) if status < 400 => Status::Succeeded,
        Some(_) => Status::Failed,
        None if now - seen_at > LOST_AFTER => Status::Lost,
        None => Status::Running,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_without_a_sign_of_life_is_lost() {
        let now: DateTime<Utc> = "2026-11-22T10:00:00Z".parse().expect("an instant");
        assert_eq!(status(None, now - LOST_AFTER, now), Status::Running);
        assert_eq!(status(None, now - LOST_AFTER - TimeDelta::seconds(1), now), Status::Lost);
        assert_eq!(status(Some(201), now - TimeDelta::days(1), now), Status::Succeeded);
        assert_eq!(status(Some(422), now, now), Status::Failed);
    }
}
