//! Clocks that differ from what their systems declare.
//!
//! A system that passes on an event passes on the instant of its beginning as well. If most events of one document differ by
//! the same large time between two systems, the clock of one of them is wrong, and not the transport slow.

use std::collections::BTreeMap;

use super::align::World;
use super::input::SystemNo;
use super::matching::Occurrence;
use super::unit::{Aligned, MINUTE, SECOND};

/// Least difference of a clock: smaller ones are the clocks of other systems that were passed on.
const SHIFT_MIN: i64 = 30 * MINUTE;
/// Differences within this time of the median agree with it.
const SPREAD: i64 = 3 * MINUTE;
/// Fewest events compared.
const EVENTS_MIN: usize = 10;

/// Returns the seconds by which each system's clock is ahead of what it declares.
///
/// The clock that most systems contradict is wrong. Of two systems, the reference is right.
pub(super) fn shifts(
    world: &World,
    reference: SystemNo,
    occurrences: &[Occurrence],
) -> BTreeMap<SystemNo, i64> {
    let mut apart: BTreeMap<(SystemNo, SystemNo), Vec<i64>> = BTreeMap::new();
    for one in occurrences {
        let mut first: BTreeMap<SystemNo, &Aligned> = BTreeMap::new();
        for event in one.members.iter().map(|at| &world.events[*at]) {
            first.entry(event.system).or_insert(event);
        }
        for (system, event) in &first {
            for (other, against) in first.iter().filter(|(other, _)| *other != system) {
                if event.reference == against.reference {
                    apart.entry((*system, *other)).or_default().push(event.at - against.at);
                }
            }
        }
    }
    let mut votes: BTreeMap<SystemNo, Vec<(SystemNo, i64)>> = BTreeMap::new();
    for ((system, other), mut list) in apart {
        list.sort_unstable();
        let middle = list[list.len() / 2];
        let agree = list.iter().filter(|one| one.abs_diff(middle) <= SPREAD.unsigned_abs()).count();
        let is_shifted =
            list.len() >= EVENTS_MIN && middle.abs() >= SHIFT_MIN && agree * 10 >= list.len() * 8;
        let shift = if is_shifted { middle } else { 0 };
        votes.entry(system).or_default().push((other, shift));
    }
    let mut shifts = BTreeMap::new();
    for (system, votes) in votes.iter().filter(|(system, _)| **system != reference) {
        let against: Vec<i64> =
            votes.iter().filter(|(_, shift)| *shift != 0).map(|(_, shift)| *shift).collect();
        let of_reference = votes.iter().find(|(other, _)| *other == reference).map_or(0, |(_, shift)| *shift);
        if against.len() * 2 > votes.len() && of_reference != 0 {
            shifts.insert(*system, of_reference / SECOND);
        }
    }
    shifts
}
