//! Room for bodies in memory: so many bytes of all tenants, and fewer of one. Some stay free for tenants that have none. A room may
//! limit one network of a tenant further, so that a slow reader does not hold the room of the others.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::id::TenantId;
use ipnet::IpNet;
use service::network;
use tokio::sync::Notify;

use crate::problem::{ApiError, ErrorCode};

/// Longest time that a body waits for room.
const DEADLINE: Duration = Duration::from_secs(10);

/// Sizes of a room, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Most bytes at once in all.
    pub of_process: usize,
    /// Most bytes at once of a tenant.
    pub of_tenant: usize,
    /// Bytes that only a tenant without a body here takes.
    pub spare: usize,
}

/// The room of one kind of bodies, in this process.
#[derive(Debug)]
pub struct Room {
    sizes: Sizes,
    /// Most bytes at once of a tenant for one network.
    of_reader: usize,
    taken: LazyLock<Mutex<Taken>>,
    given_back: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    in_all: usize,
    /// Bytes of the tenants that have some.
    of_tenants: HashMap<TenantId, usize>,
    /// Bytes of the networks that have some.
    of_readers: HashMap<Holder, usize>,
}

/// The tenant that has a body, and the network that it is sent to, if that is limited: the address, or the /64 of an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Holder {
    tenant_id: TenantId,
    network: Option<IpNet>,
}

/// The right to hold a body in memory, until it is dropped.
#[derive(Debug)]
pub struct Place {
    room: &'static Room,
    holder: Holder,
    bytes: usize,
}

impl Room {
    pub const fn new(sizes: Sizes) -> Self {
        Room::with_readers(sizes, usize::MAX)
    }

    /// Makes a room of which a tenant gets at most `of_reader` bytes for one network. A single body may have more.
    pub const fn with_readers(sizes: Sizes, of_reader: usize) -> Self {
        Room { sizes, of_reader, taken: LazyLock::new(Default::default), given_back: Notify::const_new() }
    }

    /// Waits for room for so many bytes. Rejects a body that waits too long: with 429 if its own tenant has all that it may
    /// have, else with 503.
    pub async fn take(&'static self, tenant_id: TenantId, bytes: usize) -> Result<Place, ApiError> {
        self.take_for(tenant_id, None, bytes).await
    }

    /// Like [`take`](Room::take), for a body that is sent to an address.
    pub async fn take_for(
        &'static self,
        tenant_id: TenantId,
        address: Option<IpAddr>,
        bytes: usize,
    ) -> Result<Place, ApiError> {
        let holder = Holder { tenant_id, network: address.map(network::of) };
        let place = tokio::time::timeout(DEADLINE, self.next(holder, bytes)).await;
        place.map_err(|_| self.refused(holder, bytes))
    }

    /// Like [`take_for`](Room::take_for), without a wait.
    pub fn try_take_for(
        &'static self,
        tenant_id: TenantId,
        address: Option<IpAddr>,
        bytes: usize,
    ) -> Result<Place, ApiError> {
        let holder = Holder { tenant_id, network: address.map(network::of) };
        self.try_take(holder, bytes).ok_or_else(|| self.refused(holder, bytes))
    }

    fn refused(&self, holder: Holder, bytes: usize) -> ApiError {
        let taken = self.taken();
        let own = taken.of_tenants.get(&holder.tenant_id).copied().unwrap_or_default();
        let is_own = own + bytes > self.sizes.of_tenant || !taken.has_room_of(holder, bytes, self.of_reader);
        drop(taken);
        let error = if is_own {
            let detail = "Your tenant, or your address, has as many long bodies at once as it may. Send the next request \
                          after the response to the one before.";
            ApiError::new(ErrorCode::RateLimited, detail)
        } else {
            ApiError::of(ErrorCode::TemporarilyUnavailable)
        };
        error.with_retry_after(DEADLINE.as_secs())
    }

    async fn next(&'static self, holder: Holder, bytes: usize) -> Place {
        loop {
            let given_back = self.given_back.notified();
            if let Some(place) = self.try_take(holder, bytes) {
                return place;
            }
            given_back.await;
        }
    }

    fn try_take(&'static self, holder: Holder, bytes: usize) -> Option<Place> {
        let Sizes { of_process, of_tenant, spare } = self.sizes;
        let mut taken = self.taken();
        let own = taken.of_tenants.get(&holder.tenant_id).copied().unwrap_or_default();
        let left = of_process.saturating_sub(taken.in_all);
        let has_room =
            if own == 0 { bytes <= left } else { own + bytes <= of_tenant && bytes + spare <= left };
        (has_room && taken.has_room_of(holder, bytes, self.of_reader)).then(|| {
            taken.in_all += bytes;
            taken.of_tenants.insert(holder.tenant_id, own + bytes);
            if holder.network.is_some() {
                *taken.of_readers.entry(holder).or_default() += bytes;
            }
            Place { room: self, holder, bytes }
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// Whether a network may have so many bytes more, of the most that it may have at once.
    fn has_room_of(&self, holder: Holder, bytes: usize, most: usize) -> bool {
        self.of_readers.get(&holder).is_none_or(|own| own.saturating_add(bytes) <= most)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.room.taken();
        taken.in_all -= self.bytes;
        match taken.of_tenants.get_mut(&self.holder.tenant_id) {
            Some(own) if *own > self.bytes => *own -= self.bytes,
            _ => _ = taken.of_tenants.remove(&self.holder.tenant_id),
        }
        match taken.of_readers.get_mut(&self.holder) {
            Some(own) if *own > self.bytes => *own -= self.bytes,
            _ => _ = taken.of_readers.remove(&self.holder),
        }
        drop(taken);
        self.room.given_back.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use uuid::Uuid;

    use super::*;

    fn place(room: &'static Room, tenant: u128, bytes: usize) -> Option<Place> {
        room.next(holder(tenant, None), bytes).now_or_never()
    }

    fn holder(tenant: u128, address: Option<IpAddr>) -> Holder {
        Holder { tenant_id: TenantId(Uuid::from_u128(tenant)), network: address.map(network::of) }
    }

    #[test]
    fn a_network_has_a_share_of_the_room_of_its_tenant() {
        static ROOM: Room = Room::with_readers(Sizes { of_process: 40, of_tenant: 24, spare: 0 }, 8);
        let place = |last: u8, bytes| {
            let address = IpAddr::from([192, 0, 2, last]);
            ROOM.next(holder(1, Some(address)), bytes).now_or_never()
        };
        let slow = [place(1, 4).expect("room"), place(1, 4).expect("room")];
        assert!(place(1, 1).is_none(), "8 bytes for a network at a time");
        let others = [place(2, 8).expect("room"), place(3, 8).expect("room")];
        assert!(place(4, 1).is_none(), "24 bytes of a tenant at a time");
        drop(slow);
        let long = place(1, 8).expect("room");
        drop((others, long));
        assert!(place(5, 20).is_some(), "one long body");
        let of_v6 = |text: &str| holder(1, Some(text.parse().expect("an address")));
        assert_eq!(of_v6("2001:db8::1"), of_v6("2001:db8::2"), "one reader has a whole /64");
        assert_ne!(of_v6("2001:db8::1"), of_v6("2001:db8:0:1::1"));
        let taken = ROOM.taken();
        assert!(taken.of_readers.is_empty() && taken.of_tenants.is_empty(), "nothing is kept");
    }

    #[test]
    fn a_tenant_waits_for_itself_and_not_for_others() {
        static ROOM: Room = Room::new(Sizes { of_process: 40, of_tenant: 10, spare: 0 });
        let first = place(&ROOM, 1, 10).expect("room");
        assert!(place(&ROOM, 1, 10).is_none(), "10 bytes of a tenant at a time");
        let second = place(&ROOM, 2, 4).expect("another tenant's room");
        assert!(place(&ROOM, 2, 7).is_none());
        let rest = (place(&ROOM, 2, 6).expect("room"), place(&ROOM, 3, 10).expect("room"));
        let last = place(&ROOM, 4, 10).expect("room");
        assert!(place(&ROOM, 5, 1).is_none(), "40 bytes of a process at a time");
        drop(first);
        assert!(place(&ROOM, 1, 10).is_some());
        drop((second, rest, last));
        let taken = ROOM.taken();
        assert!(taken.of_tenants.is_empty(), "nothing is kept of a tenant without a body");
        assert_eq!(taken.in_all, 0);
    }

    #[test]
    fn two_tenants_leave_room_to_others() {
        static ROOM: Room = Room::new(Sizes { of_process: 24, of_tenant: 10, spare: 8 });
        let held: Vec<Place> = [1, 1, 1, 2, 2, 2].into_iter().filter_map(|it| place(&ROOM, it, 4)).collect();
        assert_eq!(held.len(), 4);
        let others = (place(&ROOM, 3, 4).expect("room"), place(&ROOM, 4, 4).expect("room"));
        assert!(place(&ROOM, 5, 4).is_none());
        drop(others);
        assert!(place(&ROOM, 3, 8).is_some());
    }

    #[actix_web::test]
    async fn a_body_that_waits_gets_the_next_room() {
        static ROOM: Room = Room::new(Sizes { of_process: 1, of_tenant: 1, spare: 0 });
        let held = place(&ROOM, 1, 1);
        let mut waiting = Box::pin(ROOM.next(holder(2, None), 1));
        assert!((&mut waiting).now_or_never().is_none());
        drop(held);
        assert!(waiting.now_or_never().is_some());
    }
}
