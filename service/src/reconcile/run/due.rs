//! Runs that the worker makes: one after new input has been quiet for a while.

use chrono::{DateTime, Duration, Utc};
use domain::id::TenantId;
use sea_orm::sqlx::{self, Row};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Run, RunInput, compute, store};
use crate::caller::ActorKind;
use crate::command::{self, Written};
use crate::scope::{Scope, Scopes};
use crate::{Caller, Db, Error, Tx};

/// Time for which input must have been quiet.
const QUIET: Duration = Duration::seconds(60);
/// Longest time of a run that the worker makes: 20 seconds until it begins, 65 until it is computed, the rest to store it.
pub const MAKE_TIME: std::time::Duration = std::time::Duration::from_secs(180);

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

/// The need of a tenant for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Whether a run is due.
    pub due: Due,
    /// When input last changed. Each change has an instant of its own. Nothing if there is none.
    pub changed_at: Option<DateTime<Utc>>,
}

/// The input of a tenant beside that of its latest run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct InputState {
    /// When input last changed. Each change has an instant of its own.
    pub(super) changed_at: Option<DateTime<Utc>>,
    /// When it had last changed for the latest run up to now.
    seen: Option<DateTime<Utc>>,
}

impl InputState {
    fn due(self, now: DateTime<Utc>) -> Due {
        match self.changed_at {
            Some(changed_at) if self.seen != Some(changed_at) => {
                if changed_at <= now - QUIET {
                    Due::Now
                } else {
                    Due::Soon
                }
            }
            Some(_) | None => Due::No,
        }
    }

    /// Whether the latest run has seen all input that another run has seen.
    fn includes(self, seen: Option<DateTime<Utc>>) -> bool {
        seen.is_some() && self.seen >= seen
    }
}

/// Returns whether a tenant needs a run, and of which input.
pub async fn need(db: &Db, tenant_id: TenantId) -> Result<Need, Error> {
    db.read(tenant_id, async |tx| {
        let input = input_state(tx).await?;
        Ok(Need { due: input.due(tx.now), changed_at: input.changed_at })
    })
    .await
}

/// Makes a run of a tenant, as the worker, in at most [`MAKE_TIME`]. Returns nothing if another worker has made one of the same input
/// meanwhile. Rejects a tenant that is moving to another database, or was moved.
pub async fn make(db: &Db, tenant_id: TenantId) -> Result<Option<Run>, Error> {
    timeout(MAKE_TIME, compute_and_store(db, tenant_id)).await.unwrap_or(Err(Error::Deadline))
}

async fn compute_and_store(db: &Db, tenant_id: TenantId) -> Result<Option<Run>, Error> {
    // A tenant that moves is rejected before its rows are read, and once more when the run is stored.
    db.job(tenant_id, async |_: &Tx| Ok(())).await?;
    let computed = compute(db, tenant_id, &RunInput::default()).await?;
    let scopes: Scopes = [Scope::ReconciliationWrite].into_iter().collect();
    let worker = Caller::new(tenant_id, ActorKind::Worker, Uuid::nil(), scopes);
    db.job(tenant_id, async |tx| {
        lock(tx).await?;
        if input_state(tx).await?.includes(computed.input_changed_at) {
            return Ok(None);
        }
        let run = store(tx, &computed).await?;
        let written = Written::created(run.id.0);
        command::record(tx, &worker, "reconcile_run.completed", None, &written).await?;
        Ok(Some(run))
    })
    .await
}

/// Waits for another worker that stores a run of the tenant.
async fn lock(tx: &Tx) -> Result<(), Error> {
    tx.execute(sqlx::query("select set_config('lock_timeout', '30s', true)")).await?;
    let lock = "select pg_advisory_xact_lock(hashtextextended('reconcile_run ' || $1::uuid, 0))";
    tx.execute(sqlx::query(lock).bind(tx.tenant_id.0)).await?;
    Ok(())
}

pub(super) async fn input_state(tx: &Tx) -> Result<InputState, Error> {
    let statement = "select i.changed_at, (select r.input_changed_at from reconcile_run r where r.tenant_id = $1 \
                                           and r.input_changed_at is not null order by r.id desc limit 1) as seen \
                     from reconcile_input i where i.tenant_id = $1";
    let Some(row) = tx.row(sqlx::query(statement).bind(tx.tenant_id.0)).await? else {
        return Ok(InputState::default());
    };
    Ok(InputState { changed_at: row.try_get("changed_at")?, seen: row.try_get("seen")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Option<DateTime<Utc>> {
        Some(DateTime::UNIX_EPOCH + Duration::seconds(second))
    }

    #[test]
    fn input_that_the_latest_run_has_not_seen_is_due() {
        let due = |changed_at, seen| {
            InputState { changed_at, seen }.due(DateTime::UNIX_EPOCH + Duration::seconds(100))
        };
        assert_eq!(due(None, None), Due::No);
        assert_eq!(due(at(10), at(10)), Due::No);
        assert_eq!(due(at(10), None), Due::Now, "the first run, or one of a version before");
        assert_eq!(due(at(40), at(10)), Due::Now);
        assert_eq!(due(at(41), at(10)), Due::Soon);
        assert_eq!(due(at(10), at(11)), Due::Now, "any other input than that of the run");
    }

    #[test]
    fn a_run_of_the_same_input_is_made_once() {
        let includes = |seen, other| InputState { changed_at: at(10), seen }.includes(other);
        assert!(includes(at(10), at(10)) && includes(at(10), at(9)));
        assert!(!includes(at(9), at(10)) && !includes(None, at(10)));
        assert!(!includes(None, None), "no run and no input");
    }
}
