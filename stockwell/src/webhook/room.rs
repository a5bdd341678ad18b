//! The room of a worker for messages that are sent at a time.
//!
//! Each endpoint has few places of its own, so that silent receivers leave places to others. Those of fast receivers share more, as
//! long as any are free.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::id::WebhookEndpointId;
use service::webhook::pace::AT_ONCE_FIRST;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

/// Most messages at a time.
const MESSAGES_MAX: usize = 256;
/// Places that all endpoints share beside their own. With the own places of the 20 endpoints of a tenant they leave some free.
const SHARED_MAX: usize = 128;
/// Most endpoints whose own places are remembered while no message has one.
const ENDPOINTS_MAX: usize = 1_000;

/// The places for messages.
#[derive(Debug)]
pub struct Room {
    places: Semaphore,
    shared: Arc<Semaphore>,
    own: Mutex<HashMap<WebhookEndpointId, Arc<Semaphore>>>,
}

/// The place of a message.
#[derive(Debug)]
#[must_use]
pub struct Place<'r> {
    _place: SemaphorePermit<'r>,
    _of_endpoint: OwnedSemaphorePermit,
}

impl Default for Room {
    fn default() -> Self {
        Room::new(MESSAGES_MAX, SHARED_MAX)
    }
}

impl Room {
    fn new(places: usize, shared: usize) -> Self {
        Room {
            places: Semaphore::new(places),
            shared: Arc::new(Semaphore::new(shared)),
            own: Mutex::default(),
        }
    }

    /// Returns whether every place is taken.
    pub fn is_full(&self) -> bool {
        self.places.available_permits() == 0
    }

    /// Lets no further message in.
    pub fn close(&self) {
        self.places.close();
        self.shared.close();
    }

    /// Waits for a place to send a message of an endpoint. Returns nothing if none is free until an instant, or if the worker stops.
    pub async fn enter(&self, id: WebhookEndpointId, until: Instant) -> Option<Place<'_>> {
        let own = self.own(id);
        let entering = async {
            let of_endpoint = tokio::select! {
                biased;
                permit = own.acquire_owned() => permit,
                permit = Arc::clone(&self.shared).acquire_owned() => permit,
            };
            Some(Place { _of_endpoint: of_endpoint.ok()?, _place: self.places.acquire().await.ok()? })
        };
        timeout_at(until, entering).await.ok()?
    }

    fn own(&self, id: WebhookEndpointId) -> Arc<Semaphore> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if own.len() >= ENDPOINTS_MAX && !own.contains_key(&id) {
            // Another holder is a message that waits or is sent.
            own.retain(|_, places| Arc::strong_count(places) > 1);
        }
        let places = || Arc::new(Semaphore::new(usize::try_from(AT_ONCE_FIRST).unwrap_or(1)));
        Arc::clone(own.entry(id).or_insert_with(places))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    const OWN: usize = 4;

    fn endpoint(number: u128) -> WebhookEndpointId {
        WebhookEndpointId(Uuid::from_u128(number))
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    #[tokio::test]
    async fn an_endpoint_leaves_places_to_others() {
        let room = Room::new(20, 2);
        let mut taken = Vec::new();
        while let Some(place) = room.enter(endpoint(1), soon()).await {
            taken.push(place);
        }
        assert_eq!(taken.len(), OWN + 2, "its own and the shared ones");
        let mut others = Vec::new();
        while let Some(place) = room.enter(endpoint(2), soon()).await {
            others.push(place);
        }
        assert_eq!(others.len(), OWN, "its own");
        assert!(!room.is_full());
    }

    #[tokio::test]
    async fn a_message_waits_for_a_place_until_its_instant() {
        let later = || Instant::now() + Duration::from_secs(60);
        let room = Room::new(1, 0);
        let first = room.enter(endpoint(1), soon()).await;
        assert!(first.is_some() && room.is_full());
        assert!(room.enter(endpoint(2), soon()).await.is_none(), "the room is full");
        drop(first);
        assert!(room.enter(endpoint(2), later()).await.is_some());
        room.close();
        assert!(room.enter(endpoint(2), later()).await.is_none(), "the worker stops");
    }

    #[tokio::test]
    async fn own_places_of_many_endpoints_take_no_memory() {
        let room = Room::new(20, 2);
        let held = room.enter(endpoint(0), soon()).await;
        for number in 1..2 * ENDPOINTS_MAX as u128 {
            drop(room.enter(endpoint(number), soon()).await);
        }
        assert!(room.own.lock().expect("the places").len() <= ENDPOINTS_MAX);
        assert!(room.own.lock().expect("the places").contains_key(&endpoint(0)) && held.is_some());
    }
}
