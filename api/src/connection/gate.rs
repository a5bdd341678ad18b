//! The number of connections, in all and by address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

use super::ConnectionLimits;

/// Counts the connections of all workers.
#[derive(Debug)]
pub struct Gate {
    count: Mutex<Count>,
    in_all_max: usize,
    of_address_max: usize,
    trusted_proxies: Vec<IpNet>,
}

#[derive(Debug, Default)]
struct Count {
    in_all: usize,
    by_network: HashMap<IpNet, usize>,
}

/// A connection that was let in, until it is dropped.
#[derive(Debug)]
pub struct Pass {
    gate: Arc<Gate>,
    /// Absent for a proxy of our own, which has no limit.
    network: Option<IpNet>,
}

impl Gate {
    /// Creates the gate of a server without connections.
    pub fn new(limits: &ConnectionLimits, trusted_proxies: &[IpNet]) -> Self {
        Gate {
            count: Mutex::default(),
            in_all_max: limits.connections_max as usize,
            of_address_max: limits.connections_per_address as usize,
            trusted_proxies: trusted_proxies.to_vec(),
        }
    }

    /// Whether an address is one of our own proxies.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted_proxies.iter().any(|network| network.contains(&address))
    }

    /// Counts one more connection of `address`. Returns nothing if there are too many.
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Pass> {
        let network = (!self.trusts(address)).then(|| service::network::of(address));
        let mut count = self.count();
        if count.in_all >= self.in_all_max {
            return None;
        }
        if let Some(network) = network {
            let of_network = count.by_network.entry(network).or_default();
            if *of_network >= self.of_address_max {
                return None;
            }
            *of_network += 1;
        }
        count.in_all += 1;
        Some(Pass { gate: Arc::clone(self), network })
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut count = self.gate.count();
        count.in_all -= 1;
        let Some(network) = self.network else { return };
        if let Some(of_network) = count.by_network.get_mut(&network) {
            *of_network -= 1;
            if *of_network == 0 {
                count.by_network.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(in_all: usize, of_address: usize) -> Arc<Gate> {
        let trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
        Arc::new(Gate {
            count: Mutex::default(),
            in_all_max: in_all,
            of_address_max: of_address,
            trusted_proxies,
        })
    }

    fn enter(gate: &Arc<Gate>, address: &str) -> Option<Pass> {
        gate.enter(address.parse().expect("an address"))
    }

    #[test]
    fn an_address_has_its_share() {
        let gate = gate(5, 2);
        let mut first = vec![enter(&gate, "192.0.2.1"), enter(&gate, "::ffff:192.0.2.1")];
        assert!(first.iter().all(Option::is_some));
        assert!(enter(&gate, "192.0.2.1").is_none());
        let second = [enter(&gate, "2001:db8::1"), enter(&gate, "2001:db8::2")];
        assert!(second.iter().all(Option::is_some));
        assert!(enter(&gate, "2001:db8::3").is_none(), "one network of 64 bits");
        first.pop();
        assert!(enter(&gate, "192.0.2.1").is_some());
        drop((first, second));
        assert!(gate.count().by_network.is_empty() && gate.count().in_all == 0);
    }

    #[test]
    fn a_proxy_counts_in_all_only() {
        let gate = gate(3, 1);
        let passes: Vec<_> = (0..3).map(|_| enter(&gate, "10.1.2.3")).collect();
        assert!(passes.iter().all(Option::is_some));
        assert!(enter(&gate, "10.1.2.3").is_none() && enter(&gate, "192.0.2.1").is_none());
    }
}
