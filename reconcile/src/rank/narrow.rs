//! Narrows a group to the item, category, person or hours that hold most of its faults.
#![expect(clippy::disallowed_types, clippy::float_arithmetic, reason = "rates are estimates: none is shown")]

use std::collections::BTreeMap;

use super::{Evidence, Fault, Group, Movement, process_of};
use crate::names::{NO_NAME, NameNo};
use crate::statistics::binomial_tail;
use crate::term::{Class, EventType};

/// Probability by chance below which faults concentrate on a value.
const NARROW_CHANCE: f64 = 1e-3;
/// Ratio to its share of the movements.
const NARROW_RATIO: f64 = 1.5;
/// Share of the faults that one value must hold.
const NARROW_SHARE: f64 = 0.8;

/// Movements in the order of their places.
pub(super) struct ByPlace<'a> {
    movements: Vec<&'a Movement>,
}

impl<'a> ByPlace<'a> {
    pub fn new(movements: &'a [Movement]) -> Self {
        let mut movements: Vec<&Movement> = movements.iter().collect();
        movements.sort_by_key(|one| one.place);
        ByPlace { movements }
    }

    /// Returns the movements at a place. None: all.
    fn at(&self, place: Option<NameNo>) -> &[&'a Movement] {
        let Some(place) = place else { return &self.movements };
        let from = self.movements.partition_point(|one| one.place < place);
        let until = self.movements.partition_point(|one| one.place <= place);
        &self.movements[from..until]
    }
}

/// Narrows a group to the item, category, person or hours that hold most of its faults.
pub(super) fn narrow(evidence: &Evidence, by_place: &ByPlace, group: &mut Group, usual: &[usize]) {
    if group.class == Class::MeaningMismatch {
        return;
    }
    let is_wide = group.class.is_of_level();
    let process = process_of(group.class).or(group.event_type.map(EventType::process).filter(|_| !is_wide));
    let concerns = |one: &&Movement| {
        let of_edge = (one.from, one.to) == (group.from, group.to)
            || (is_wide && (one.to == group.to || one.to == group.from));
        of_edge && process.is_none_or(|process| process == one.process)
    };
    let faults: Vec<&Fault> = usual.iter().map(|number| &evidence.faults[*number]).collect();
    let at_place = by_place.at(group.place);
    let mut moved: Vec<&Movement> = at_place.iter().copied().filter(concerns).collect();
    // If every movement is a fault, only the movements of all processes show a concentration.
    let is_each = moved.len() * 10 <= group.faults.len() * 11;
    if is_each {
        moved = at_place.to_vec();
    }
    let one_of = |of_fault: fn(&Fault) -> NameNo, of_movement: fn(&Movement) -> NameNo| {
        let hits: Vec<NameNo> = faults.iter().map(|fault| of_fault(fault)).collect();
        let all: Vec<NameNo> = moved.iter().map(|one| of_movement(one)).collect();
        concentrated(&hits, &all)
    };
    let item = one_of(|fault| fault.item, |one| one.item);
    let category = one_of(|fault| fault.category, |one| one.category).filter(|_| item.is_none());
    let actor = one_of(|fault| fault.actor, |one| one.actor);
    let is_timed = faults.iter().filter(|fault| fault.actor != NO_NAME).count() * 5 >= faults.len() * 4;
    let hours = hours(&faults, &moved).filter(|_| is_timed && !is_wide && !is_each);
    (group.item, group.category, group.actor, group.hours) = (item, category, actor, hours);
}

/// Returns the value that holds most of the hits, beyond its share of all.
fn concentrated(hits: &[NameNo], all: &[NameNo]) -> Option<NameNo> {
    let count = |list: &[NameNo], value: NameNo| list.iter().filter(|one| **one == value).count();
    let mut values: BTreeMap<NameNo, usize> = BTreeMap::new();
    hits.iter().filter(|value| **value != NO_NAME).for_each(|value| *values.entry(*value).or_default() += 1);
    let (value, held) = values.into_iter().max_by_key(|(value, held)| (*held, std::cmp::Reverse(*value)))?;
    let share = count(all, value) as f64 / all.len().max(1) as f64;
    is_concentrated((held, hits.len()), share, 20).then_some(value)
}

/// Returns whether hits concentrate beyond a share. `tries` values were compared.
fn is_concentrated((held, all): (usize, usize), share: f64, tries: u32) -> bool {
    let part = held as f64 / all.max(1) as f64;
    part >= NARROW_SHARE
        && part >= NARROW_RATIO * share
        && binomial_tail(held as u64, all as u64, share.max(1e-6)) * f64::from(tries) < NARROW_CHANCE * 20.0
}

/// Returns the hours that hold most of the faults beyond their share of the movements.
fn hours(faults: &[&Fault], moved: &[&Movement]) -> Option<[u8; 2]> {
    let (mut hits, mut all) = ([0_usize; 24], [0_usize; 24]);
    faults.iter().for_each(|fault| hits[usize::from(fault.hour) % 24] += 1);
    moved.iter().for_each(|one| all[usize::from(one.hour) % 24] += 1);
    let (of_hits, of_all) = (faults.len(), moved.len());
    let mut best: Option<(f64, [u8; 2])> = None;
    for from in 0..24_u8 {
        for until in from + 1..=24 {
            let range = usize::from(from)..usize::from(until);
            let held: usize = hits[range.clone()].iter().sum();
            let share = all[range].iter().sum::<usize>() as f64 / of_all as f64;
            if !is_concentrated((held, of_hits), share, 100) {
                continue;
            }
            let fit = fit((held, of_hits), share);
            if best.is_none_or(|(other, _)| fit > other) {
                best = Some((fit, [from, until]));
            }
        }
    }
    best.map(|(_, hours)| widened(hours, &all))
}

/// Returns the logarithm of the likelihood ratio of a concentration.
fn fit((held, all): (usize, usize), share: f64) -> f64 {
    let part = held as f64 / all as f64;
    let term = |count: usize, part: f64, share: f64| {
        if count == 0 { 0.0 } else { count as f64 * (part / share.max(1e-6)).ln() }
    };
    term(held, part, share) + term(all - held, 1.0 - part, 1.0 - share)
}

/// Extends hours to the end and the beginning of the day over hours without movement.
fn widened([mut from, mut until]: [u8; 2], all: &[usize; 24]) -> [u8; 2] {
    if all[usize::from(until)..].iter().all(|count| *count == 0) {
        until = 24;
    }
    if all[..usize::from(from)].iter().all(|count| *count == 0) {
        from = 0;
    }
    [from, until]
}
