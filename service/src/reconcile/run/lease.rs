//! The lease of a tenant's run: over all servers and workers, one run of a tenant is computed at a time.
//!
//! A run holds no connection while it computes, so no lock of a session can stand for it. A process that dies leaves its lease,
//! which ends.

use std::time::Duration;

use chrono::TimeDelta;
use domain::id::TenantId;
use sea_orm::sqlx;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::{Db, Error};

/// Time after which another process may compute a run of the tenant, although this one has not said that it has ended. It is longer
/// than a run.
const LEASE: TimeDelta = TimeDelta::seconds(90);
/// Longest wait for the run of another process.
const WAIT: Duration = Duration::from_secs(10);
/// Pause between two looks whether it has ended.
const LOOK: Duration = Duration::from_millis(200);

/// A lease. If it is dropped before its end, a task ends it.
#[derive(Debug)]
pub(super) struct Lease {
    db: Db,
    tenant_id: TenantId,
    id: Uuid,
    has_ended: bool,
    /// Ends it. The thread on which it is dropped may have no runtime.
    runtime: Handle,
}

impl Lease {
    /// Waits for the lease of a tenant. Fails as [`Error::OverShare`] if another process computes a run for too long.
    pub(super) async fn take(db: &Db, tenant_id: TenantId) -> Result<Self, Error> {
        let (id, until) = (Uuid::new_v4(), Instant::now() + WAIT);
        // Made before it is taken: if the outcome stays unknown, or the caller goes meanwhile, its drop gives back what was taken.
        let mut lease = Lease { db: db.clone(), tenant_id, id, has_ended: false, runtime: Handle::current() };
        while !take_now(db, tenant_id, id).await? {
            if Instant::now() + LOOK > until {
                lease.has_ended = true;
                return Err(Error::OverShare);
            }
            sleep(LOOK).await;
        }
        Ok(lease)
    }

    /// Ends the lease.
    pub(super) async fn end(mut self) {
        self.has_ended = true;
        end(&self.db, self.tenant_id, self.id).await;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let (db, tenant_id, id) = (self.db.clone(), self.tenant_id, self.id);
        self.runtime.spawn(async move { end(&db, tenant_id, id).await });
    }
}

/// Takes the lease if no other run has it. Returns whether it did.
async fn take_now(db: &Db, tenant_id: TenantId, id: Uuid) -> Result<bool, Error> {
    let tx = db.begin(tenant_id).await?;
    let statement = "insert into reconcile_lease as l (tenant_id, leased_by, lease_until) values ($1, $2, $4) \
                     on conflict (tenant_id) do update set leased_by = excluded.leased_by, lease_until = excluded.lease_until \
                     where l.lease_until <= $3";
    let statement = sqlx::query(statement).bind(tx.tenant_id.0).bind(id).bind(tx.now).bind(tx.now + LEASE);
    let taking = timeout(db.write_time().work, tx.execute(statement));
    let taken = taking.await.unwrap_or(Err(Error::Deadline))?;
    tx.commit().await?;
    Ok(taken > 0)
}

async fn give_back(db: &Db, tenant_id: TenantId, id: Uuid) -> Result<(), Error> {
    let tx = db.begin(tenant_id).await?;
    let statement = "update reconcile_lease set lease_until = $3 where tenant_id = $1 and leased_by = $2 and lease_until > $3";
    let statement = sqlx::query(statement).bind(tx.tenant_id.0).bind(id).bind(tx.now);
    let giving = timeout(db.write_time().work, tx.execute(statement));
    giving.await.unwrap_or(Err(Error::Deadline))?;
    tx.commit().await
}

/// Gives a lease back. If that fails, it ends in its time.
async fn end(db: &Db, tenant_id: TenantId, id: Uuid) {
    if let Err(error) = give_back(db, tenant_id, id).await {
        tracing::warn!(%error, %tenant_id, "the lease of a run waits for its end");
    }
}
