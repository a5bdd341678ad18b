//! Bodies of messages that were written last. An event goes to each endpoint of its tenant, with the same body.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::id::{EventId, TenantId};

/// Most bodies that are kept. One that only names its object has less than 1 KiB.
const BODIES_MAX: usize = 4_096;

/// The bodies that are kept.
#[derive(Debug, Default)]
pub struct Bodies(Mutex<HashMap<(TenantId, EventId), Arc<str>>>);

impl Bodies {
    /// Returns the body of an event of a tenant. Writes it if it is not kept.
    pub fn shared(
        &self,
        event: (TenantId, EventId),
        write: impl FnOnce() -> serde_json::Result<String>,
    ) -> serde_json::Result<Arc<str>> {
        if let Some(body) = self.kept().get(&event) {
            return Ok(Arc::clone(body));
        }
        // Two threads may write the same body at a time.
        let body: Arc<str> = write()?.into();
        let mut kept = self.kept();
        if kept.len() >= BODIES_MAX {
            kept.clear();
        }
        kept.insert(event, Arc::clone(&body));
        Ok(body)
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<(TenantId, EventId), Arc<str>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn event(tenant: u128, number: u128) -> (TenantId, EventId) {
        (TenantId(Uuid::from_u128(tenant)), EventId(Uuid::from_u128(number)))
    }

    #[test]
    fn the_body_of_an_event_is_written_once() {
        let bodies = Bodies::default();
        let first = bodies.shared(event(1, 1), || Ok("first".to_owned())).expect("a body");
        let again = bodies.shared(event(1, 1), || Ok("again".to_owned())).expect("a body");
        assert!(Arc::ptr_eq(&first, &again));
        let other = bodies.shared(event(2, 1), || Ok("other".to_owned())).expect("a body");
        assert_eq!(&*other, "other", "another tenant has its own");
    }

    #[test]
    fn bodies_of_many_events_take_no_memory() {
        let bodies = Bodies::default();
        for number in 0..=BODIES_MAX as u128 {
            let body = bodies.shared(event(1, number), || Ok(number.to_string())).expect("a body");
            assert_eq!(&*body, number.to_string());
        }
        assert!(bodies.kept().len() <= BODIES_MAX);
    }
}
