//! Limits how much work of one kind a server carries out for a tenant at once.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use domain::id::TenantId;

/// The places of one kind of work, in this process.
#[derive(Debug)]
pub struct Places {
    /// Most of a tenant at once.
    most: usize,
    /// Places of each tenant that has one.
    taken: LazyLock<Mutex<HashMap<TenantId, usize>>>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub struct Place {
    places: &'static Places,
    tenant_id: TenantId,
}

impl Places {
    pub const fn new(most: usize) -> Self {
        Places { most, taken: LazyLock::new(Default::default) }
    }

    /// Takes a place for a tenant. Returns nothing if all places of the tenant are taken.
    pub fn take(&'static self, tenant_id: TenantId) -> Option<Place> {
        let mut taken = self.taken();
        let count = taken.entry(tenant_id).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place { places: self, tenant_id })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<TenantId, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        match taken.get_mut(&self.tenant_id) {
            Some(count) if *count > 1 => *count -= 1,
            _ => _ = taken.remove(&self.tenant_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const MOST: usize = 4;

    static PLACES: Places = Places::new(MOST);

    #[test]
    fn a_tenant_takes_places_up_to_the_limit_and_gives_them_back() {
        let (one, other) = (TenantId(Uuid::from_u128(11)), TenantId(Uuid::from_u128(12)));
        let mut taken: Vec<Place> = (0..MOST).filter_map(|_| PLACES.take(one)).collect();
        assert_eq!(taken.len(), MOST);
        assert!(PLACES.take(one).is_none());
        assert!(PLACES.take(other).is_some());
        taken.pop();
        taken.push(PLACES.take(one).expect("the place that was given back"));
        drop(taken);
        assert!(PLACES.taken().is_empty(), "nothing is kept of the tenants");
    }
}
