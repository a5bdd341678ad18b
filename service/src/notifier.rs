//! Tells the followers of a tenant that something was committed.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use domain::id::TenantId;
use tokio::sync::Notify;

/// Wakes the follower of a tenant after a commit. A transaction knows this and not the followers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notifier(Arc<RwLock<HashMap<TenantId, Arc<Notify>>>>);

impl Notifier {
    /// Wakes the follower of a tenant, if there is one.
    pub(crate) fn notify(&self, tenant_id: TenantId) {
        let subscriptions = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(subscription) = subscriptions.get(&tenant_id) {
            subscription.notify_one();
        }
    }

    /// What wakes the follower of a tenant from now on.
    pub(crate) fn subscribe(&self, tenant_id: TenantId) -> Arc<Notify> {
        let mut subscriptions = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(subscriptions.entry(tenant_id).or_default())
    }

    /// Forgets the follower of a tenant.
    pub(crate) fn unsubscribe(&self, tenant_id: TenantId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&tenant_id);
    }
}
