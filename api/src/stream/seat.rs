//! Seats: the number of streams that may be open, and the one that ends for a new one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::id::TenantId;
use tokio::sync::Notify;
use uuid::Uuid;

/// Most streams that one key or user may have open at once, on one server.
pub const STREAMS_PER_ACTOR_MAX: usize = 10;
/// Most streams that one server has open at once, unless it is configured.
pub const STREAMS_MAX: usize = 2_000;
/// A tenant may have one of so many seats, and at least as many as one key.
const TENANT_SHARE: usize = 4;
/// One of so many seats is kept for tenants that have fewer streams than one key may have.
const SMALL_SHARE: usize = 4;
/// One of so many seats is kept for tenants that have no stream. It is a part of those kept for small tenants.
const NEW_SHARE: usize = 8;

/// Open streams by tenant and actor.
#[derive(Debug)]
pub struct Streams {
    seats: Arc<Mutex<Seats>>,
    seats_max: usize,
}

#[derive(Debug, Default)]
struct Seats {
    taken: usize,
    by_tenant: HashMap<TenantId, OfTenant>,
}

#[derive(Debug, Default)]
struct OfTenant {
    /// All that are open, those that make room for others among them.
    taken: usize,
    /// Streams of each actor that keep their seat, oldest first.
    by_actor: HashMap<Uuid, Vec<Arc<Notify>>>,
}

/// Seat of an open stream, until it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Arc<Mutex<Seats>>,
    tenant_id: TenantId,
    actor_id: Uuid,
    /// Notified when a newer stream of the actor takes the seat.
    pub(crate) given_up: Arc<Notify>,
}

/// The reason why there is no seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// The tenant has its share.
    Tenant,
    /// The server has as many streams as it may.
    Server,
}

impl Streams {
    /// Creates the seats of a server.
    pub(crate) fn new(seats_max: usize) -> Self {
        Streams { seats: Arc::default(), seats_max }
    }

    /// Returns the number of open streams.
    pub fn open(&self) -> usize {
        lock(&self.seats).taken
    }

    /// Returns the most streams of the server.
    pub fn seats_max(&self) -> usize {
        self.seats_max
    }

    /// Returns the most streams of a tenant.
    pub fn of_tenant_max(&self) -> usize {
        (self.seats_max / TENANT_SHARE).max(STREAMS_PER_ACTOR_MAX)
    }

    /// Takes a seat for one more stream. If the actor has as many streams as it may, its oldest one ends: a client that
    /// lost its connection unnoticed, as in a train, must not keep itself out.
    pub(crate) fn take(&self, tenant_id: TenantId, actor_id: Uuid) -> Result<Seat, Full> {
        let mut seats = lock(&self.seats);
        if seats.taken >= self.seats_max {
            return Err(Full::Server);
        }
        let of_tenant_max = self.of_tenant_max();
        let free = self.seats_max - seats.taken;
        let (of_tenant, of_actor) = seats.by_tenant.get(&tenant_id).map_or((0, 0), |of_tenant| {
            (of_tenant.taken, of_tenant.by_actor.get(&actor_id).map_or(0, Vec::len))
        });
        // A stream that makes room counts until it has ended.
        let makes_room = if of_actor >= STREAMS_PER_ACTOR_MAX { STREAMS_PER_ACTOR_MAX } else { 0 };
        if of_tenant >= of_tenant_max + makes_room
            || free <= left_to_others(of_tenant, makes_room > 0, self.seats_max)
        {
            return Err(Full::Tenant);
        }
        let of_tenant = seats.by_tenant.entry(tenant_id).or_default();
        of_tenant.taken += 1;
        let own = of_tenant.by_actor.entry(actor_id).or_default();
        if own.len() >= STREAMS_PER_ACTOR_MAX {
            own.remove(0).notify_one();
        }
        let given_up = Arc::new(Notify::new());
        own.push(Arc::clone(&given_up));
        seats.taken += 1;
        Ok(Seat { seats: Arc::clone(&self.seats), tenant_id, actor_id, given_up })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = lock(&self.seats);
        seats.taken -= 1;
        let Entry::Occupied(mut of_tenant) = seats.by_tenant.entry(self.tenant_id) else { return };
        of_tenant.get_mut().taken -= 1;
        if let Entry::Occupied(mut own) = of_tenant.get_mut().by_actor.entry(self.actor_id) {
            own.get_mut().retain(|seat| !Arc::ptr_eq(seat, &self.given_up));
            if own.get().is_empty() {
                own.remove();
            }
        }
        if of_tenant.get().taken == 0 {
            of_tenant.remove();
        }
    }
}

/// Returns the number of free seats that a tenant with `taken` streams leaves to others. A stream that replaces one of its key may take
/// the seats for small tenants.
fn left_to_others(taken: usize, replaces: bool, seats_max: usize) -> usize {
    if taken == 0 {
        0
    } else if taken < STREAMS_PER_ACTOR_MAX || replaces {
        seats_max / NEW_SHARE
    } else {
        seats_max / SMALL_SHARE
    }
}

fn lock(seats: &Mutex<Seats>) -> MutexGuard<'_, Seats> {
    seats.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: TenantId = TenantId(Uuid::from_u128(1));
    const OTHER: TenantId = TenantId(Uuid::from_u128(2));

    fn take(streams: &Streams, tenant_id: TenantId, actor: u128) -> Option<Seat> {
        streams.take(tenant_id, Uuid::from_u128(actor)).ok()
    }

    #[test]
    fn the_oldest_stream_makes_room() {
        let streams = Streams::new(STREAMS_MAX);
        let mut seats: Vec<Seat> =
            (0..STREAMS_PER_ACTOR_MAX).filter_map(|_| take(&streams, ONE, 1)).collect();
        seats.extend(take(&streams, ONE, 2));
        let is_told = |seat: &Seat| futures_util::FutureExt::now_or_never(seat.given_up.notified()).is_some();
        assert!(!seats.iter().any(is_told));
        seats.extend(take(&streams, ONE, 1));
        let told: Vec<bool> = seats.iter().map(is_told).collect();
        assert_eq!(told.iter().position(|told| *told), Some(0));
        assert_eq!(told.iter().filter(|told| **told).count(), 1);
        drop(seats);
        assert!(lock(&streams.seats).by_tenant.is_empty() && streams.open() == 0);
    }

    #[test]
    fn a_server_has_so_many_streams_and_no_more() {
        let streams = Streams::new(3);
        let seats: Vec<Seat> = (0..9).filter_map(|actor| take(&streams, ONE, actor)).collect();
        assert_eq!(seats.len(), 3);
        assert_eq!(streams.take(OTHER, Uuid::nil()).err(), Some(Full::Server));
        drop(seats);
        assert!(take(&streams, OTHER, 1).is_some());
    }

    #[test]
    fn a_tenant_has_its_share_and_no_more() {
        let streams = Streams::new(80);
        let mut seats: Vec<Seat> = (0..80).filter_map(|actor| take(&streams, ONE, actor)).collect();
        assert_eq!(seats.len(), 20);
        assert_eq!(streams.take(ONE, Uuid::from_u128(99)).err(), Some(Full::Tenant));
        assert!(take(&streams, OTHER, 1).is_some());
        seats.pop();
        assert!(take(&streams, ONE, 99).is_some());
    }

    #[test]
    fn a_tenant_leaves_seats_to_those_with_fewer_streams() {
        for (taken, replaces, kept) in [
            (0, false, 0),
            (1, false, 250),
            (9, false, 250),
            (10, false, 500),
            (499, false, 500),
            (500, true, 250),
        ] {
            assert_eq!(left_to_others(taken, replaces, STREAMS_MAX), kept, "{taken} streams");
        }
    }

    #[test]
    fn tenants_that_take_all_they_can_leave_a_seat_for_a_newcomer() {
        let streams = Streams::new(STREAMS_MAX);
        let tenant = |number: u128| TenantId(Uuid::from_u128(number));
        let mut seats = Vec::new();
        for greedy in 0..4 {
            seats.extend((0..STREAMS_MAX as u128).filter_map(|actor| take(&streams, tenant(greedy), actor)));
        }
        let of_each = |number| lock(&streams.seats).by_tenant.get(&tenant(number)).map_or(0, |of| of.taken);
        assert_eq!((0..4).map(of_each).collect::<Vec<_>>(), [500, 500, 500, 10]);
        assert_eq!(streams.take(tenant(3), Uuid::nil()).err(), Some(Full::Tenant));
        // As many small tenants as fit take ten streams each, and each tenant after them has one.
        for small in 4..1_000 {
            seats.extend((0..20).filter_map(|actor| take(&streams, tenant(small), actor)));
        }
        assert_eq!((4..28).map(of_each).collect::<Vec<_>>(), [10; 24]);
        assert_eq!(of_each(29), 1);
        let with_a_stream = (0..1_000).filter(|number| of_each(*number) > 0).count();
        assert!(with_a_stream > 250, "{with_a_stream} tenants");
        // A tenant that was refused has no entry.
        assert_eq!(lock(&streams.seats).by_tenant.len(), with_a_stream);
    }

    /// Streams that were asked to end but don't must not add up.
    #[test]
    fn streams_that_make_room_count_until_they_end() {
        let streams = Streams::new(40);
        let seats: Vec<Seat> = (0..40).filter_map(|_| take(&streams, ONE, 1)).collect();
        assert_eq!(seats.len(), 2 * STREAMS_PER_ACTOR_MAX);
        assert!(take(&streams, OTHER, 1).is_some());
    }
}
