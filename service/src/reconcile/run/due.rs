//! Runs that the worker makes: one after new input has been quiet for a while.

use chrono::Duration;
use domain::id::TenantId;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::{Run, RunInput, compute, store};
use crate::caller::ActorKind;
use crate::command::{self, Written};
use crate::scope::{Scope, Scopes};
use crate::{Caller, Db, Error};

/// Time for which input must have been quiet.
const QUIET: Duration = Duration::seconds(60);

/// Whether a tenant needs a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// The latest run has all input.
    No,
    /// Input has changed less than a minute ago.
    Soon,
    /// Input has changed, and has been quiet since.
    Now,
}

/// Returns whether a tenant needs a run. Input that changed while a run was reading counts as later than the run.
pub async fn is_due(db: &Db, tenant_id: TenantId) -> Result<Due, Error> {
    let statement = "select i.changed_at <= $2 as quiet from reconcile_input i \
         where i.tenant_id = $1 and i.changed_at is not null and not exists ( \
             select 1 from reconcile_run r where r.tenant_id = $1 \
                 and r.recorded_at - make_interval(secs => r.duration_ms / 1000.0) > i.changed_at)";
    db.read(tenant_id, async |tx| {
        let query = sqlx::query(statement).bind(tenant_id.0).bind(tx.now - QUIET);
        let Some(row) = tx.row(query).await? else { return Ok(Due::No) };
        Ok(if row.try_get("quiet")? { Due::Now } else { Due::Soon })
    })
    .await
}

/// Makes a run of a tenant, as the worker.
pub async fn make(db: &Db, tenant_id: TenantId) -> Result<Run, Error> {
    let computed = compute(db, tenant_id, &RunInput::default()).await?;
    let scopes: Scopes = [Scope::ReconciliationWrite].into_iter().collect();
    let worker = Caller::new(tenant_id, ActorKind::Worker, Uuid::nil(), scopes);
    db.job(tenant_id, async |tx| {
        let run = store(tx, &computed).await?;
        let written = Written::created(run.id.0);
        command::record(tx, &worker, "reconcile_run.completed", None, &written).await?;
        Ok(run)
    })
    .await
}
