//! Unknown API keys: few lookups for each network, and none for a key that was just not found.
//!
//! Anyone can make up a key with a right checksum, and each costs a lookup. A key that was valid lately is always looked up,
//! so that a stranger in the same network can't lock it out.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ipnet::IpNet;
use moka::future::Cache;

use super::{AuthError, CachedCredential};
use crate::network;

/// Time in which the lookups of a network that has used all come back.
const WINDOW: Duration = Duration::from_secs(60);
/// Time for which a key that was not found is not looked up again.
const NOT_FOUND_TTL: Duration = Duration::from_secs(5);
/// Time for which a key that was valid is always looked up.
const VALID_TTL: Duration = Duration::from_secs(3_600);
/// Most keys that are remembered as not found, and as valid.
const KEYS_MAX: u64 = 50_000;
/// Most networks whose lookups are counted.
const NETWORKS_MAX: u64 = 100_000;

/// Counts the lookups that found no key, by network, on this server.
#[derive(Debug)]
pub(super) struct UnknownKeys {
    most: u32,
    begun: Instant,
    /// Microsecond since `begun` at which a network has all its lookups again.
    networks: Cache<IpNet, Arc<AtomicU64>>,
    not_found: Cache<[u8; 32], ()>,
    valid: Cache<[u8; 32], ()>,
}

impl UnknownKeys {
    /// Allows `most` in a minute.
    pub fn new(most: u32) -> Self {
        UnknownKeys {
            most,
            begun: Instant::now(),
            networks: Cache::builder().max_capacity(NETWORKS_MAX).time_to_idle(WINDOW * 10).build(),
            not_found: Cache::builder().max_capacity(KEYS_MAX).time_to_live(NOT_FOUND_TTL).build(),
            valid: Cache::builder().max_capacity(KEYS_MAX).time_to_live(VALID_TTL).build(),
        }
    }

    pub fn most(&self) -> u32 {
        self.most
    }

    /// Rejects a key that was just not found, and one of a network that has no lookup left.
    pub async fn admit(&self, hash: &[u8; 32], address: Option<IpAddr>) -> Result<(), AuthError> {
        if self.not_found.contains_key(hash) {
            return Err(AuthError::InvalidKey);
        }
        if self.valid.contains_key(hash) {
            return Ok(());
        }
        let Some(full_at) = self.networks.get(&network::of_any(address)).await else { return Ok(()) };
        let full_at = full_at.load(Ordering::Relaxed).max(self.now()) + self.step();
        let late = full_at.saturating_sub(self.now() + micros(WINDOW));
        if late == 0 {
            return Ok(());
        }
        metrics::counter!("stockwell_rate_limited_total", "policy" => "unknown_keys").increment(1);
        Err(AuthError::TooManyUnknownKeys(late.div_ceil(1_000_000)))
    }

    /// Remembers the outcome of a lookup. Lookups that run together are counted when they end, so a network may exceed its
    /// limit by those; it then waits as much longer.
    pub async fn note(
        &self,
        hash: [u8; 32],
        address: Option<IpAddr>,
        found: &Result<CachedCredential, AuthError>,
    ) {
        match found {
            Ok(_) => self.valid.insert(hash, ()).await,
            Err(AuthError::InvalidKey) => {
                self.valid.invalidate(&hash).await;
                self.not_found.insert(hash, ()).await;
                let counts = self.networks.get_with(network::of_any(address), async { Arc::default() }).await;
                let (now, step) = (self.now(), self.step());
                let taken = |full_at: u64| Some(full_at.max(now).saturating_add(step));
                // The closure never returns None.
                _ = counts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken);
            }
            // A key that ended, or whose tenant is suspended, is no invention; a failed lookup says nothing.
            Err(_) => {}
        }
    }

    /// Forgets which keys were not found: a user may be active again.
    pub fn forget(&self) {
        self.not_found.invalidate_all();
    }

    fn now(&self) -> u64 {
        micros(self.begun.elapsed())
    }

    /// Returns the microseconds in which one lookup comes back.
    fn step(&self) -> u64 {
        micros(WINDOW) / u64::from(self.most.max(1))
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
