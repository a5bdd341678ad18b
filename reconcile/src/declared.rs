//! The owners of processes and the hops of their events, as they are declared.

use std::collections::{BTreeMap, HashMap};

use super::input::{Input, SystemNo};
use super::term::{Concern, Process};

/// The owners of the quantities of processes, and the hops of their events.
#[derive(Debug)]
pub(super) struct Declared {
    owners: BTreeMap<Process, SystemNo>,
    /// Shortest minutes by process, owner and receiver.
    hops: BTreeMap<(Process, SystemNo, SystemNo), u32>,
    /// Shortest minutes by process and receiver.
    hops_to: BTreeMap<(Process, SystemNo), u32>,
}

impl Declared {
    /// Reads the ownership. `order` has the systems in the order of their codes: of several owners, the first counts.
    pub fn new(input: &Input, order: &[SystemNo]) -> Self {
        let codes = order.iter().map(|system| &*input.systems[usize::from(*system)].code);
        let places: HashMap<&str, usize> = codes.zip(0..).collect();
        let mut owners: BTreeMap<Process, usize> = BTreeMap::new();
        let (mut hops, mut hops_to) = (BTreeMap::new(), BTreeMap::new());
        for one in input.ownership.iter().filter(|one| one.concern == Concern::Quantity) {
            let owner = places.get(&*one.owner).copied();
            if let Some(owner) = owner {
                let first = owners.entry(one.process).or_insert(owner);
                *first = owner.min(*first);
            }
            for hop in &one.next_hops {
                let Some(to) = places.get(&*hop.system).map(|place| order[*place]) else { continue };
                let shorten = |minutes: &mut u32| *minutes = hop.latency_minutes.min(*minutes);
                shorten(hops_to.entry((one.process, to)).or_insert(u32::MAX));
                if let Some(owner) = owner {
                    shorten(hops.entry((one.process, order[owner], to)).or_insert(u32::MAX));
                }
            }
        }
        let owners = owners.into_iter().map(|(process, place)| (process, order[place])).collect();
        Declared { owners, hops, hops_to }
    }

    /// Returns the owner of the quantity of a process.
    pub fn owner(&self, process: Process) -> Option<SystemNo> {
        self.owners.get(&process).copied()
    }

    /// Returns the minutes of a hop, if it is declared.
    pub fn hop(&self, process: Process, from: SystemNo, to: SystemNo) -> Option<u32> {
        self.hops.get(&(process, from, to)).copied()
    }

    /// Returns the shortest minutes of the hops of a process to a system, from any owner.
    pub fn hop_to(&self, process: Process, to: SystemNo) -> Option<u32> {
        self.hops_to.get(&(process, to)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Hop;
    use crate::tests::{ERP, POS, SHOP, empty, text};

    #[test]
    fn the_first_owner_and_the_shortest_hop_count() {
        let mut input = empty();
        let sale = input.ownership.iter().position(|one| one.process == Process::Sale).expect("sales");
        let mut other = input.ownership[sale].clone();
        other.owner = text("erp");
        other.next_hops = [("shop", 20), ("shop", 50), ("none", 1)]
            .map(|(system, latency_minutes)| Hop { system: text(system), latency_minutes })
            .to_vec();
        let mut unknown = other.clone();
        (unknown.owner, unknown.next_hops[0].latency_minutes) = (text("none"), 5);
        let mut financial = unknown.clone();
        (financial.concern, financial.next_hops[0].latency_minutes) = (Concern::Financial, 1);
        input.ownership.extend([financial, unknown, other]);
        let declared = Declared::new(&input, &[ERP, POS, SHOP]);
        assert_eq!(declared.owner(Process::Sale), Some(ERP));
        assert_eq!(declared.owner(Process::Return), Some(POS));
        assert_eq!(declared.hop(Process::Sale, ERP, SHOP), Some(20));
        assert_eq!(declared.hop(Process::Sale, POS, SHOP), Some(60));
        assert_eq!(declared.hop(Process::Sale, SHOP, POS), None);
        assert_eq!(declared.hop_to(Process::Sale, SHOP), Some(5));
        assert_eq!(declared.hop_to(Process::Return, SHOP), Some(60));
    }
}
