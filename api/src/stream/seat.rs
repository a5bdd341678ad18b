//! Seats: the number of streams that may be open, and the one that ends for a new one.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

/// Most streams that one key or user may have open at once, on one server.
pub const STREAMS_PER_ACTOR_MAX: usize = 10;
/// Most streams that one server has open at once.
pub const STREAMS_MAX: usize = 2_000;

/// Open streams by actor.
#[derive(Debug)]
pub struct Streams {
    seats: Arc<Mutex<Seats>>,
    seats_max: usize,
}

#[derive(Debug, Default)]
struct Seats {
    taken: usize,
    /// Streams of each actor, oldest first.
    by_actor: HashMap<Uuid, VecDeque<Arc<Notify>>>,
}

/// Seat of an open stream, until it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Arc<Mutex<Seats>>,
    actor_id: Uuid,
    /// Notified when a newer stream of the actor takes the seat.
    pub(crate) given_up: Arc<Notify>,
}

impl Default for Streams {
    fn default() -> Self {
        Streams { seats: Arc::default(), seats_max: STREAMS_MAX }
    }
}

impl Streams {
    /// Takes a seat for one more stream. Returns nothing if the server is full. If the actor has as many streams as it
    /// may, its oldest one ends: a client that lost its connection unnoticed, as in a train, must not keep itself out.
    pub(crate) fn take(&self, actor_id: Uuid) -> Option<Seat> {
        let mut seats = lock(&self.seats);
        if seats.taken >= self.seats_max {
            return None;
        }
        seats.taken += 1;
        let own = seats.by_actor.entry(actor_id).or_default();
        if own.len() >= STREAMS_PER_ACTOR_MAX
            && let Some(oldest) = own.pop_front()
        {
            oldest.notify_one();
        }
        let given_up = Arc::new(Notify::new());
        own.push_back(Arc::clone(&given_up));
        Some(Seat { seats: Arc::clone(&self.seats), actor_id, given_up })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = lock(&self.seats);
        seats.taken -= 1;
        if let Entry::Occupied(mut own) = seats.by_actor.entry(self.actor_id) {
            own.get_mut().retain(|seat| !Arc::ptr_eq(seat, &self.given_up));
            if own.get().is_empty() {
                own.remove();
            }
        }
    }
}

fn lock(seats: &Mutex<Seats>) -> MutexGuard<'_, Seats> {
    seats.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_stream_makes_room() {
        let (streams, actor, other) = (Streams::default(), Uuid::from_u128(1), Uuid::from_u128(2));
        let mut seats: Vec<Seat> = (0..STREAMS_PER_ACTOR_MAX).filter_map(|_| streams.take(actor)).collect();
        seats.extend(streams.take(other));
        let is_told = |seat: &Seat| futures_util::FutureExt::now_or_never(seat.given_up.notified()).is_some();
        assert!(!seats.iter().any(is_told));
        seats.extend(streams.take(actor));
        let told: Vec<bool> = seats.iter().map(is_told).collect();
        assert_eq!(told.iter().position(|told| *told), Some(0));
        assert_eq!(told.iter().filter(|told| **told).count(), 1);
        drop(seats);
        assert!(lock(&streams.seats).by_actor.is_empty() && lock(&streams.seats).taken == 0);
    }

    #[test]
    fn a_server_has_so_many_streams_and_no_more() {
        let streams = Streams { seats_max: 3, ..Streams::default() };
        let seats: Vec<Seat> = (0..9).filter_map(|actor| streams.take(Uuid::from_u128(actor))).collect();
        assert_eq!(seats.len(), 3);
        drop(seats);
        assert!(streams.take(Uuid::nil()).is_some());
    }
}
