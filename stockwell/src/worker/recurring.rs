//! Recurring entries: those that are due are posted, soon after a tenant has written something, and of every tenant once an hour.

use std::time::Duration;

use domain::id::TenantId;
use service::posting::Poster;
use service::recurring_entry;
use service::relay::Outbox;
use service::{Db, Error};
use tokio::sync::watch;

use super::rest;
use super::writers::Writers;

/// Pause between two looks at the tenants that wrote something.
const LOOKS: Duration = Duration::from_secs(30);
/// Time after which tenants that wrote nothing are looked at too: a day may have begun.
const QUIET: Duration = Duration::from_secs(3600);

/// Posts the entries that are due, until the worker stops. Two workers post an entry once.
pub(super) async fn keep(outbox: Outbox, db: Db, mut stopping: watch::Receiver<bool>) {
    let poster = Poster::new(db.clone());
    let mut writers = Writers::new(outbox, QUIET);
    while !*stopping.borrow() {
        if let Some(listed) = writers.next().await {
            post(&db, &poster, listed.tenants, &stopping).await;
        }
        rest(&mut stopping, LOOKS).await;
    }
}

/// Posts what is due of each tenant. A failure for one tenant does not stop the others; it is tried again within the hour.
async fn post(db: &Db, poster: &Poster, tenants: Vec<TenantId>, stopping: &watch::Receiver<bool>) {
    for tenant_id in tenants {
        if *stopping.borrow() {
            return;
        }
        match recurring_entry::post_due(db, poster, tenant_id).await {
            Ok(0) => {}
            Ok(posted) => tracing::info!(%tenant_id, posted, "recurring entries were posted"),
            Err(Error::TenantMoving) => {
                tracing::info!(%tenant_id, "recurring entries of a tenant that moves are not posted")
            }
            Err(error) => {
                tracing::warn!(%error, %tenant_id, "recurring entries were not posted; trying again")
            }
        }
    }
}
