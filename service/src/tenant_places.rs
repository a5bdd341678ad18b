//! Places of which each tenant has the same number, so that none takes those of another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::id::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::Error;

/// The places of the tenants that have or want one.
#[derive(Debug, Clone)]
pub(crate) struct TenantPlaces {
    of_tenant_max: usize,
    tenants: Tenants,
}

type Tenants = Arc<Mutex<HashMap<TenantId, Arc<Semaphore>>>>;

/// A tenant's place, until it is dropped.
#[derive(Debug)]
pub(crate) struct TenantPlace {
    tenants: Tenants,
    tenant_id: TenantId,
    permit: Option<OwnedSemaphorePermit>,
}

impl TenantPlaces {
    pub(crate) fn new(of_tenant_max: usize) -> Self {
        TenantPlaces { of_tenant_max, tenants: Tenants::default() }
    }

    /// Waits for a place of the tenant, in the order of arrival. Fails as [`Error::OverShare`] if there is none until `end`.
    pub(crate) async fn enter(&self, tenant_id: TenantId, end: Instant) -> Result<TenantPlace, Error> {
        let semaphore = {
            let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(Semaphore::new(self.of_tenant_max));
            Arc::clone(tenants.entry(tenant_id).or_insert_with(new))
        };
        // Made before the wait, so that a tenant that gives up waiting is forgotten as well.
        let mut place = TenantPlace { tenants: Arc::clone(&self.tenants), tenant_id, permit: None };
        let permit = timeout_at(end, semaphore.acquire_owned()).await;
        place.permit = Some(permit.map_err(|_| Error::OverShare)?.map_err(|_| Error::Busy)?);
        Ok(place)
    }

    /// Returns the number of tenants that have or want a place.
    #[cfg(test)]
    pub(crate) fn tenants(&self) -> usize {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Drop for TenantPlace {
    fn drop(&mut self) {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.permit.take());
        // Semaphores are cloned under the lock only: one that the map alone refers to has neither user nor waiter.
        if tenants.get(&self.tenant_id).is_some_and(|semaphore| Arc::strong_count(semaphore) == 1) {
            tenants.remove(&self.tenant_id);
        }
    }
}
