//! Paces of endpoints: the most messages that an endpoint may have at a time, those that wait for a place of the worker included. The pace grows
//! while the receiver responds fast and the worker has places.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::id::WebhookEndpointId;

/// Most messages at a time of an endpoint of which nothing is known, or that was slow.
pub const AT_ONCE_FIRST: i64 = 4;
/// Most messages at a time of an endpoint with fast responses.
const AT_ONCE_FAST_MAX: i64 = 64;
/// Most messages at a time of an endpoint with quick responses. It has them in reserve until the next turn.
const AT_ONCE_QUICK_MAX: i64 = 256;
/// Longest time of a response that is fast.
const FAST_MS: i32 = 1_000;
/// Longest time of a response that is quick.
const QUICK_MS: i32 = 100;
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

    /// Notes an attempt. Each fast success adds one message; a failure or a slow response takes all of them back. If the pace is above that of
    /// fast responses, one that is not quick takes one message back.
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
        let most = if duration_ms <= QUICK_MS { AT_ONCE_QUICK_MAX } else { AT_ONCE_FAST_MAX };
        *pace += (most - *pace).signum();
    }

    /// Notes that a message of a noted attempt waited long for a place. It takes the message of the attempt back, and one more.
    pub fn note_wait(&self, id: WebhookEndpointId) {
        if let Some(pace) = self.endpoints().get_mut(&id) {
            *pace = (*pace - 2).max(AT_ONCE_FIRST);
        }
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
            for _ in 0..AT_ONCE_QUICK_MAX {
                paces.note(endpoint(1), true, 1);
            }
            assert_eq!(paces.at_once(endpoint(1)), AT_ONCE_QUICK_MAX);
            assert_eq!(paces.at_once(endpoint(2)), AT_ONCE_FIRST, "another endpoint");
            paces.note(endpoint(1), is_accepted, duration_ms);
            assert_eq!(paces.at_once(endpoint(1)), AT_ONCE_FIRST);
        }
    }

    #[test]
    fn only_quick_responses_get_messages_in_reserve() {
        let paces = Paces::default();
        for _ in 0..AT_ONCE_QUICK_MAX {
            paces.note(endpoint(1), true, QUICK_MS + 1);
        }
        assert_eq!(paces.at_once(endpoint(1)), AT_ONCE_FAST_MAX);
        paces.note(endpoint(1), true, QUICK_MS);
        assert_eq!(paces.at_once(endpoint(1)), AT_ONCE_FAST_MAX + 1);
        for _ in 0..2 {
            paces.note(endpoint(1), true, QUICK_MS + 1);
        }
        assert_eq!(paces.at_once(endpoint(1)), AT_ONCE_FAST_MAX, "the reserve is given back, and no more");
    }

    #[test]
    fn a_worker_without_places_takes_the_reserve_back() {
        let paces = Paces::default();
        paces.note_wait(endpoint(1));
        assert_eq!(paces.at_once(endpoint(1)), AT_ONCE_FIRST);
        for _ in 0..10 {
            paces.note(endpoint(1), true, 1);
        }
        paces.note(endpoint(1), true, 1);
        paces.note_wait(endpoint(1));
        assert_eq!(paces.at_once(endpoint(1)), AT_ONCE_FIRST + 9);
        for _ in 0..AT_ONCE_FAST_MAX {
            paces.note(endpoint(1), true, 1);
            paces.note_wait(endpoint(1));
        }
        assert_eq!(paces.at_once(endpoint(1)), AT_ONCE_FIRST, "its own places are left");
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
