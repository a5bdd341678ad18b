//! Runs: read the inputs of a window, let the engine find the first fix, and keep what it says.
//!
//! The engine is pure, so equal inputs give equal results. A run reads one snapshot in a transaction, computes outside of any, and
//! is stored by another. Ids of episodes and fixes follow from their keys, so that a later run finds the same ones.

mod apart;
pub mod due;
pub mod episode;
pub mod fix;
mod key;
mod lease;
mod level;
pub mod list;
mod load;
pub mod part;
mod store;

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::id::{ReconcileRunId, TenantId};
use domain::moment::Instant;
use domain::refusal::Refusal;
use domain::tag;
use reconcile::answer::{ClassCount, Seen};
use reconcile::{Answer, Input};
use rust_decimal::Decimal;
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;
use serde::{Deserialize, Serialize};
use tokio::time::timeout_at;

use self::lease::Lease;
use crate::listing::{Listing, Slice};
use crate::tx::shares::Place;
use crate::{Db, Error, Tx};

pub use store::store;

/// Longest time of a run, without that in which it is stored.
const RUN_TIME: Duration = Duration::from_secs(65);

/// The wishes of the caller for a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReconcileRunCreate)]
pub struct RunInput {
    /// End of the window. Absent: the newest instant of the inputs, at most now.
    #[serde(default)]
    #[schema(example = "2026-02-03T00:00:00Z")]
    pub through: Option<Instant>,
}

/// A run: the inputs of a window that were compared, and how much of the differences has a cause. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ReconcileRun)]
pub struct Run {
    /// Id of the run.
    pub id: ReconcileRunId,
    /// Always `reconcile_run`.
    pub object: tag::ReconcileRun,
    /// Beginning of the window.
    pub window_from: DateTime<Utc>,
    /// End of the window.
    pub through: DateTime<Utc>,
    /// Code of the system that the others are compared with.
    #[schema(max_length = 64, example = "erp")]
    pub reference: String,
    /// Rows that were seen, by system and kind.
    #[schema(max_items = 10000)]
    pub inputs: Vec<Seen>,
    /// Explanations, by class.
    #[schema(max_items = 100)]
    pub classes: Vec<ClassCount>,
    /// Share of the differences that have a cause: 0 to 1.
    #[schema(value_type = String, max_length = 32, pattern = r"^\d(\.\d{1,28})?$", example = "0.98")]
    pub explained_share: Decimal,
    /// Number of differences in the list of discrepancies.
    #[schema(minimum = 0, example = 64)]
    pub discrepancies: i32,
    /// Number of episodes.
    #[schema(minimum = 0, example = 57)]
    pub episodes: i32,
    /// Time that the run took, in milliseconds.
    #[schema(minimum = 0, example = 840)]
    pub duration_ms: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Always 1, because it never changes.
    #[schema(minimum = 1, maximum = 1, example = 1)]
    pub version: i32,
}

/// The part of a run that its row keeps as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Summary {
    inputs: Vec<Seen>,
    classes: Vec<ClassCount>,
    explained_share: Decimal,
    discrepancies: i32,
    episodes: i32,
}

/// Results of a run that are not stored yet.
#[derive(Debug, Clone)]
pub struct Computed {
    pub window_from: DateTime<Utc>,
    pub through: DateTime<Utc>,
    pub reference: String,
    pub answer: Answer,
    pub duration_ms: i32,
    /// When input had last changed, as the run saw it. Nothing if its window ends at a stated instant.
    pub input_changed_at: Option<DateTime<Utc>>,
}

/// Inputs of a run that were read, with the place and the lease of the run. It has no connection.
#[derive(Debug)]
pub struct Prepared {
    tenant_id: TenantId,
    kept: (Place, Lease),
    input: Input,
    /// When input had last changed, as in [`Computed`].
    changed_at: Option<DateTime<Utc>>,
    begun: tokio::time::Instant,
}

/// Reads the inputs on one snapshot, closes it, and computes over them on a thread of its own. One run of a tenant is computed at a time,
/// over all servers and workers: a further one waits for up to 10 seconds, and fails as [`Error::OverShare`].
pub async fn compute(db: &Db, tenant_id: TenantId, input: &RunInput) -> Result<Computed, Error> {
    prepare(db, tenant_id, input).await?.compute().await
}

/// Does the first half of [`compute`]: takes the place and the lease of a run, and reads its inputs.
pub async fn prepare(db: &Db, tenant_id: TenantId, input: &RunInput) -> Result<Prepared, Error> {
    let place = apart::enter(tenant_id).await?;
    let lease = Lease::take(db, tenant_id).await?;
    let begun = tokio::time::Instant::now();
    let through = input.through.map(Instant::get);
    let read = db.report(tenant_id, async move |tx| {
        Ok((load::input(tx, through).await?, due::input_state(tx).await?.changed_at))
    });
    let (input, changed_at) = timeout_at(begun + RUN_TIME, read).await.unwrap_or(Err(Error::Deadline))?;
    // A run up to an earlier instant does not see the newest input.
    let changed_at = changed_at.filter(|_| through.is_none());
    Ok(Prepared { tenant_id, kept: (place, lease), input, changed_at, begun })
}

impl Prepared {
    /// Does the second half of [`compute`]: computes, and ends the lease.
    pub async fn compute(self) -> Result<Computed, Error> {
        let Prepared { tenant_id, kept, input, changed_at, begun } = self;
        let (through, days) = (input.through, i64::from(input.settings.window_days));
        let reference = input.settings.reference.to_string();
        let work = apart::work(kept, begun + RUN_TIME, move || reconcile::run(&input));
        let (mut answer, (_place, lease)) = work.await?;
        key::name(tenant_id, &mut answer);
        lease.end().await;
        let duration_ms = i32::try_from(begun.elapsed().as_millis()).unwrap_or(i32::MAX);
        let window_from = through - chrono::Duration::days(days);
        Ok(Computed { window_from, through, reference, answer, duration_ms, input_changed_at: changed_at })
    }
}

const SELECT: &str = "select id, window_from, through, reference, summary, duration_ms, recorded_at from reconcile_run \
                      where tenant_id = ";

/// Lists runs.
pub async fn list(tx: &Tx, slice: &Slice) -> Result<Vec<Run>, Error> {
    Listing::new(tx, SELECT).page(tx, "id", slice).await?.iter().map(read).collect()
}

/// Returns one run.
pub async fn get(tx: &Tx, id: ReconcileRunId) -> Result<Run, Error> {
    let rows = Listing::new(tx, SELECT).with("id = ", Some(id.0)).rows(tx).await?;
    read(rows.first().ok_or_else(|| Refusal::not_found("run"))?)
}

/// Returns the id of a run that exists: the one that is wanted, or the latest. Rejects a tenant without a run.
pub async fn wanted(tx: &Tx, run: Option<ReconcileRunId>) -> Result<ReconcileRunId, Error> {
    let rows = Listing::new(tx, "select id from reconcile_run where tenant_id = ")
        .with("id = ", run.map(|id| id.0))
        .sql(" order by id desc limit 1")
        .rows(tx)
        .await?;
    let Some(row) = rows.first() else {
        return Err(match run {
            Some(_) => Refusal::not_found("run"),
            None => no_run(),
        }
        .into());
    };
    Ok(ReconcileRunId(row.try_get("id")?))
}

fn no_run() -> Refusal {
    let detail = "There is no run yet: make one by POST /v1/reconciliation/runs.";
    Refusal::new(domain::refusal::Code::NotFound, detail)
}

fn read(row: &PgRow) -> Result<Run, Error> {
    let Summary { inputs, classes, explained_share, discrepancies, episodes } =
        parsed(row.try_get("summary")?)?;
    Ok(Run {
        id: ReconcileRunId(row.try_get("id")?),
        object: tag::ReconcileRun,
        window_from: row.try_get("window_from")?,
        through: row.try_get("through")?,
        reference: row.try_get("reference")?,
        inputs,
        classes,
        explained_share,
        discrepancies,
        episodes,
        duration_ms: row.try_get("duration_ms")?,
        created_at: row.try_get("recorded_at")?,
        version: 1,
    })
}

/// Reads what a run has stored as JSON.
fn parsed<T: serde::de::DeserializeOwned>(json: serde_json::Value) -> Result<T, Error> {
    serde_json::from_value(json).map_err(|error| Error::invariant(format!("a stored result: {error}")))
}

/// Returns the JSON of a result, to store it.
fn stored(result: &impl Serialize) -> Result<serde_json::Value, Error> {
    serde_json::to_value(result).map_err(|error| Error::invariant(format!("a result: {error}")))
}
