//! Paces of endpoints: the most messages that an endpoint may have at a time. The pace grows while the receiver responds fast.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::id::WebhookEndpointId;

/// Most messages at a time of an endpoint of which nothing is known, or that was slow.
pub const AT_ONCE_FIRST: i64 = 4;
/// Most messages at a time of an endpoint.
pub const AT_ONCE_MAX: i64 = 64;
/// Longest time of a response that is fast.
const FAST_MS: i32 = 1_000;
/// Most endpoints that are remembered.
const ENDPOINTS_MAX: usize = 10_000;

/// The paces that a worker has seen. Another worker has its own.
#[derive(Debug, Default)]
pub struct Paces(Mutex<HashMap<WebhookEndpointId, i64>>);

impl Paces {
    /// Returns the most messages at a time of an endpoint that does not fail.
    pub fn at_once(&self, id: WebhookEndpointId) -> i64 {
        self.endpoints().get(&id).copied().unwrap_or(AT_ONCE_FIRST)
    }

    /// Notes an attempt. Each fast success adds one message; a failure or a slow response takes all of them back.
    pub fn note(&self, id: WebhookEndpointId, is_accepted: bool, duration_ms: i32) {
        let mut endpoints = self.endpoints();
        if !is_accepted || duration_ms > FAST_MS {
            endpoints.remove(&id);
            return;
        }
        if endpoints.len() >= ENDPOINTS_MAX && !endpoints.contains_key(&id) {
            endpoints.clear();
        }
        let pace = endpoints.entry(id).or_insert(AT_ONCE_FIRST);
        *pace = (*pace + 1).min(AT_ONCE_MAX);
    }

    fn endpoints(&self) -> MutexGuard<'_, HashMap<WebhookEndpointId, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn endpoint(number: u128) -> WebhookEndpointId {
        WebhookEndpointId(Uuid::from_u128(number))
    }

    #[test]
    fn a_fast_receiver_gets_more_until_it_fails_or_is_slow() {
        let paces = Paces::default();
        assert_eq!(paces.at_once(endpoint(1)), AT_ONCE_FIRST);
        for (is_accepted, duration_ms) in [(false, 0), (true, FAST_MS + 1)] {
            paces.note(endpoint(1), true, FAST_MS);
            assert_eq!(paces.at_once(endpoint(1)), AT_ONCE_FIRST + 1);
            for _ in 0..AT_ONCE_MAX {
                paces.note(endpoint(1), true, 1);
            }
            assert_eq!(paces.at_once(endpoint(1)), AT_ONCE_MAX);
            assert_eq!(paces.at_once(endpoint(2)), AT_ONCE_FIRST, "another endpoint");
            paces.note(endpoint(1), is_accepted, duration_ms);
            assert_eq!(paces.at_once(endpoint(1)), AT_ONCE_FIRST);
        }
    }

    #[test]
    fn many_endpoints_take_no_memory() {
        let paces = Paces::default();
        for number in 0..=ENDPOINTS_MAX as u128 {
            paces.note(endpoint(number), true, 1);
        }
        assert!(paces.endpoints().len() <= ENDPOINTS_MAX);
    }
}
