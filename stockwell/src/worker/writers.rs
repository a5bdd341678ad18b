//! Tenants that wrote something, and from time to time every tenant.

use std::time::Duration;

use domain::id::TenantId;
use service::relay::Outbox;
use tokio::time::Instant;

/// The tenants to look at, list after list.
pub(super) struct Writers {
    outbox: Outbox,
    /// Time after which every tenant is listed again.
    quiet: Duration,
    /// The place up to which writes were seen. Without it, every tenant is listed.
    written_until: Option<i64>,
    every_tenant_at: Instant,
}

/// A list of tenants.
pub(super) struct Listed {
    /// The tenants.
    pub(super) tenants: Vec<TenantId>,
    /// Whether it has every tenant, but those that are moving or were moved.
    pub(super) is_every_tenant: bool,
}

impl Writers {
    /// Begins with a list of every tenant. Such a list follows again after `quiet`.
    pub(super) fn new(outbox: Outbox, quiet: Duration) -> Self {
        Writers { outbox, quiet, written_until: None, every_tenant_at: Instant::now() }
    }

    /// Returns the next list. Returns nothing if it can't be read: then the next call tries it again.
    pub(super) async fn next(&mut self) -> Option<Listed> {
        if self.every_tenant_at <= Instant::now() {
            self.written_until = None;
        }
        let is_every_tenant = self.written_until.is_none();
        match self.outbox.writers(self.written_until).await {
            Ok((tenants, until)) => {
                if is_every_tenant {
                    self.every_tenant_at = Instant::now() + self.quiet;
                }
                self.written_until = Some(until);
                Some(Listed { tenants, is_every_tenant })
            }
            Err(error) => {
                tracing::warn!(%error, "the tenants that wrote could not be listed; trying again");
                None
            }
        }
    }
}
