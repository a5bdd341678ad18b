//! The number of whole lists that a server sends at once. A part of each is in memory until its client has read it.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use domain::id::TenantId;

use crate::problem::{ApiError, ErrorCode};

/// Most whole lists of a tenant that a server sends at once, exports of products among them.
pub const WHOLE_LISTS_MAX: usize = 4;
/// Seconds after which a request is repeated that found no place.
const RETRY_SECONDS: u64 = 5;

/// Whole lists of each tenant that has one.
static OPEN: LazyLock<Mutex<HashMap<TenantId, usize>>> = LazyLock::new(Mutex::default);

/// A place for a whole list, until it is dropped.
#[derive(Debug)]
pub struct Place(TenantId);

impl Place {
    /// Takes a place. Rejects the request if its tenant has as many whole lists as it may.
    pub fn take(tenant_id: TenantId) -> Result<Self, ApiError> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(tenant_id).or_default();
        if *count >= WHOLE_LISTS_MAX {
            return Err(too_many());
        }
        *count += 1;
        Ok(Place(tenant_id))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.0) {
            Some(count) if *count > 1 => *count -= 1,
            _ => _ = open.remove(&self.0),
        }
    }
}

fn too_many() -> ApiError {
    let detail = format!(
        "Your tenant reads {WHOLE_LISTS_MAX} whole lists from this server. Read one of them to its end before the next one."
    );
    ApiError::new(ErrorCode::RateLimited, detail).with_retry_after(RETRY_SECONDS)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_tenant_has_so_many_places_and_gives_them_back() {
        let (one, other) = (TenantId(Uuid::from_u128(11)), TenantId(Uuid::from_u128(12)));
        let mut taken: Vec<Place> = (0..WHOLE_LISTS_MAX).filter_map(|_| Place::take(one).ok()).collect();
        assert_eq!(taken.len(), WHOLE_LISTS_MAX);
        assert!(Place::take(one).is_err());
        assert!(Place::take(other).is_ok());
        taken.pop();
        taken.push(Place::take(one).expect("the place that was given back"));
        drop(taken);
        let open = OPEN.lock().expect("no test panicked");
        assert!(!open.contains_key(&one) && !open.contains_key(&other), "nothing is kept of them");
    }
}
