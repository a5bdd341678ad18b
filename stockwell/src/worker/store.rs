//! Objects of the store that no file has: they are deleted, of every tenant, when the worker starts and every 10 minutes.

use std::time::Duration;

use domain::id::TenantId;
use service::attachment::stored::{GRACE, sweep};
use service::relay::Outbox;
use service::store::Store;
use service::{Db, Error};
use tokio::sync::watch;

use super::rest;

/// Pause between two sweeps.
const SWEEPS: Duration = Duration::from_secs(600);

/// Deletes objects until the worker stops. Two workers delete an object once.
pub(super) async fn keep(outbox: Outbox, db: Db, store: Store, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        match outbox.tenants().await {
            Ok(tenants) => sweep_each(&db, &store, tenants, &stopping).await,
            Err(error) => tracing::warn!(%error, "the tenants could not be listed; trying again"),
        }
        rest(&mut stopping, SWEEPS).await;
    }
}

/// Sweeps each tenant. A failure for one tenant does not stop the others.
async fn sweep_each(db: &Db, store: &Store, tenants: Vec<TenantId>, stopping: &watch::Receiver<bool>) {
    for tenant_id in tenants {
        if *stopping.borrow() {
            return;
        }
        match sweep(db, store, tenant_id, GRACE).await {
            Ok(0) => {}
            Ok(swept) => tracing::info!(%tenant_id, swept, "objects without a file were deleted"),
            Err(Error::TenantMoving) => {
                tracing::info!(%tenant_id, "objects of a tenant that moves are not deleted")
            }
            Err(error) => tracing::warn!(%error, %tenant_id, "objects were not deleted; trying again"),
        }
    }
}
