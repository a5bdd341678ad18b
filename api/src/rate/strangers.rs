//! Bodies of requests without a credential that can't be parsed: so many for each network, on this server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

use super::bucket::{Bucket, Quota};
use super::now;
use crate::problem::{ApiError, ErrorCode};

/// Fewest networks after which those that have all their bodies again are forgotten.
const FORGET_FROM: usize = 1_000;
/// Most networks that are remembered.
const NETWORKS_MAX: usize = 100_000;

/// The networks that sent such bodies lately.
#[derive(Debug, Clone)]
pub struct Strangers {
    quota: Quota,
    networks: Arc<Mutex<Networks>>,
}

#[derive(Debug, Default)]
struct Networks {
    buckets: HashMap<IpNet, Bucket>,
    /// Number of networks at which some are forgotten next: twice as many as were left. So a body costs the same however many
    /// networks there are.
    forget_at: usize,
}

impl Strangers {
    /// Allows `most` in a minute.
    pub fn new(most: u32) -> Self {
        Strangers { quota: Quota { points: most, window_seconds: 60 }, networks: Arc::default() }
    }

    /// Returns the most in a minute.
    pub fn most(&self) -> u32 {
        self.quota.points
    }

    /// Rejects the next body of a network that has sent too many.
    pub fn admit(&self, network: IpNet) -> Result<(), ApiError> {
        let bucket = self.networks().buckets.get(&network).copied().unwrap_or_default();
        bucket.has(self.quota, 1, now()).map_err(|wait| {
            metrics::counter!("stockwell_rate_limited_total", "policy" => "unreadable").increment(1);
            let detail =
                "Your network sent too many bodies that can't be read. Wait for the seconds in Retry-After.";
            ApiError::new(ErrorCode::RateLimited, detail).with_retry_after(wait.div_ceil(1_000_000))
        })
    }

    /// Counts a body that can't be parsed.
    pub fn note(&self, network: IpNet) {
        let (mut networks, now) = (self.networks(), now());
        networks.forget(now);
        networks.buckets.entry(network).or_default().take(self.quota, 1, now);
    }

    fn networks(&self) -> MutexGuard<'_, Networks> {
        self.networks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Networks {
    /// Forgets networks, if there are many.
    fn forget(&mut self, now: u64) {
        if self.buckets.len() < self.forget_at.clamp(FORGET_FROM, NETWORKS_MAX) {
            return;
        }
        self.buckets.retain(|_, bucket| {
            bucket.settle(now);
            !bucket.is_full(now)
        });
        if self.buckets.len() > NETWORKS_MAX / 2 {
            // More than that are no callers who make mistakes.
            self.buckets.clear();
        }
        self.forget_at = self.buckets.len() * 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_rejected_and_another_is_not() {
        let strangers = Strangers::new(2);
        let network = |text: &str| text.parse::<IpNet>().expect("a network");
        let (one, other) = (network("192.0.2.7/32"), network("192.0.2.8/32"));
        for _ in 0..2 {
            assert!(strangers.admit(one).is_ok());
            strangers.note(one);
        }
        assert_eq!(strangers.admit(one).expect_err("a rejection").code(), ErrorCode::RateLimited);
        assert!(strangers.admit(other).is_ok());
    }

    #[test]
    fn networks_that_sent_nothing_lately_are_forgotten() {
        let strangers = Strangers::new(1_000_000);
        for number in 0..=u16::try_from(FORGET_FROM).expect("it fits") {
            let [high, low] = number.to_be_bytes();
            strangers.note(IpNet::from(std::net::IpAddr::from([192, 0, high, low])));
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
        strangers.note("192.0.2.7/32".parse().expect("a network"));
        assert!(strangers.networks().buckets.len() < FORGET_FROM);
    }

    #[test]
    fn many_networks_take_neither_time_nor_memory() {
        let strangers = Strangers::new(1);
        for number in 0..3 * u32::try_from(NETWORKS_MAX).expect("it fits") {
            strangers.note(IpNet::from(std::net::IpAddr::from(number.to_be_bytes())));
            assert!(strangers.networks().buckets.len() <= NETWORKS_MAX);
        }
    }
}
