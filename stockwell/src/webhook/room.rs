//! Limits how many messages a worker sends at a time.
//!
//! Each endpoint has a few places of its own, so silent receivers don't take the places of others. Endpoints with fast receivers share
//! further places, while any are free. A tenant has at most half of the shared places, so receivers of one tenant that fall silent leave
//! places to other tenants.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use domain::id::{TenantId, WebhookEndpointId};
use service::webhook::pace::AT_ONCE_FIRST;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

/// Most messages at a time.
const MESSAGES_MAX: usize = 256;
/// Places that all endpoints share beside their own. If a tenant uses all shared places and the own places of its 20 endpoints,
/// some of [`MESSAGES_MAX`] are still free.
const SHARED_MAX: usize = 128;
/// A tenant may have one of so many equal parts of the shared places.
const SHARES: usize = 2;
/// Most messages at a time of an endpoint: its own places, and the shared ones of its tenant.
pub const OF_ENDPOINT_MAX: usize = AT_ONCE_FIRST.unsigned_abs() as usize + SHARED_MAX / SHARES;
/// Most endpoints, and most tenants, whose places are remembered while no message has one.
const REMEMBERED_MAX: usize = 1_000;

/// The places of each endpoint, or of each tenant.
type Places<K> = Mutex<HashMap<K, Arc<Semaphore>>>;

/// The places for messages.
#[derive(Debug)]
pub struct Room {
    places: Semaphore,
    shared: Arc<Semaphore>,
    /// Most shared places of a tenant.
    share: usize,
    own: Places<WebhookEndpointId>,
    of_tenants: Places<TenantId>,
}

/// The place of a message.
#[derive(Debug)]
#[must_use]
pub struct Place<'r> {
    _place: SemaphorePermit<'r>,
    /// An own place of the endpoint, or a shared one.
    _of_endpoint: OwnedSemaphorePermit,
    /// The part of the tenant in the shared ones.
    _of_tenant: Option<OwnedSemaphorePermit>,
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
            share: shared / SHARES,
            own: Mutex::default(),
            of_tenants: Mutex::default(),
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
    pub async fn enter(
        &self,
        tenant_id: TenantId,
        id: WebhookEndpointId,
        until: Instant,
    ) -> Option<Place<'_>> {
        let own = places(&self.own, id, usize::try_from(AT_ONCE_FIRST).unwrap_or(1));
        let of_tenant = places(&self.of_tenants, tenant_id, self.share);
        let sharing = async {
            let of_tenant = of_tenant.acquire_owned().await?;
            let shared = Arc::clone(&self.shared).acquire_owned().await?;
            Ok::<_, AcquireError>((shared, Some(of_tenant)))
        };
        let entering = async {
            let permits: Result<_, AcquireError> = tokio::select! {
                biased;
                permit = own.acquire_owned() => permit.map(|permit| (permit, None)),
                permits = sharing => permits,
            };
            let (of_endpoint, of_tenant) = permits.ok()?;
            let place = self.places.acquire().await.ok()?;
            Some(Place { _of_endpoint: of_endpoint, _of_tenant: of_tenant, _place: place })
        };
        timeout_at(until, entering).await.ok()?
    }
}

/// Returns the places of a key: at first `count`.
fn places<K: Copy + Eq + Hash>(all: &Places<K>, key: K, count: usize) -> Arc<Semaphore> {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() >= REMEMBERED_MAX && !all.contains_key(&key) {
        // Another holder is a message that waits or is sent.
        all.retain(|_, places| Arc::strong_count(places) > 1);
    }
    Arc::clone(all.entry(key).or_insert_with(|| Arc::new(Semaphore::new(count))))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    const OWN: usize = 4;
    const TENANT: TenantId = TenantId(Uuid::from_u128(1));

    fn endpoint(number: u128) -> WebhookEndpointId {
        WebhookEndpointId(Uuid::from_u128(number))
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    #[tokio::test]
    async fn an_endpoint_leaves_places_to_others() {
        let room = Room::new(20, 4);
        let mut taken = Vec::new();
        while let Some(place) = room.enter(TENANT, endpoint(1), soon()).await {
            taken.push(place);
        }
        assert_eq!(taken.len(), OWN + 2, "its own and a half of the shared ones");
        let mut others = Vec::new();
        while let Some(place) = room.enter(TENANT, endpoint(2), soon()).await {
            others.push(place);
        }
        assert_eq!(others.len(), OWN, "its own");
        let tenant = TenantId(Uuid::from_u128(2));
        while let Some(place) = room.enter(tenant, endpoint(3), soon()).await {
            others.push(place);
        }
        assert_eq!(others.len(), OWN + OWN + 2, "another tenant has the other half");
        assert!(!room.is_full());
    }

    #[tokio::test]
    async fn a_message_waits_for_a_place_until_its_instant() {
        let later = || Instant::now() + Duration::from_secs(60);
        let room = Room::new(1, 0);
        let first = room.enter(TENANT, endpoint(1), soon()).await;
        assert!(first.is_some() && room.is_full());
        assert!(room.enter(TENANT, endpoint(2), soon()).await.is_none(), "the room is full");
        drop(first);
        assert!(room.enter(TENANT, endpoint(2), later()).await.is_some());
        room.close();
        assert!(room.enter(TENANT, endpoint(2), later()).await.is_none(), "the worker stops");
    }

    #[tokio::test]
    async fn own_places_of_many_endpoints_take_no_memory() {
        let room = Room::new(20, 2);
        let held = room.enter(TENANT, endpoint(0), soon()).await;
        for number in 1..2 * REMEMBERED_MAX as u128 {
            drop(room.enter(TENANT, endpoint(number), soon()).await);
        }
        assert!(room.own.lock().expect("the places").len() <= REMEMBERED_MAX);
        assert!(room.own.lock().expect("the places").contains_key(&endpoint(0)) && held.is_some());
    }
}
