//! Narrows a group to the item, category, person or hours that hold most of its faults.
#![expect(clippy::disallowed_types, clippy::float_arithmetic, reason = "rates are estimates: none is shown")]

use std::collections::{BTreeMap, BTreeSet};

use super::{Evidence, Fault, Group, Movement, process_of};
use crate::names::{NO_NAME, NameNo};
use crate::statistics::binomial_tail;
use crate::term::{Class, EventType};

/// Probability by chance below which faults concentrate on a value.
const NARROW_CHANCE: f64 = 1e-3;
/// The same for hours, of which 300 ranges are tried.
const HOURS_CHANCE: f64 = 1e-5;
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
    let documents = one_each(&faults);
    let one_of = |faults: &[&Fault], of_fault: fn(&Fault) -> NameNo, of_movement: fn(&Movement) -> NameNo| {
        let hits: Vec<NameNo> = faults.iter().map(|fault| of_fault(fault)).collect();
        let all: Vec<NameNo> = moved.iter().map(|one| of_movement(one)).collect();
        concentrated(&hits, &all)
    };
    let item = one_of(&faults, |fault| fault.item, |one| one.item);
    let category = one_of(&faults, |fault| fault.category, |one| one.category).filter(|_| item.is_none());
    let actor = one_of(&documents, |fault| fault.actor, |one| one.actor);
    let is_timed = documents.iter().filter(|one| one.actor != NO_NAME).count() * 5 >= documents.len() * 4;
    let hours = hours(&documents, &moved).filter(|_| is_timed && !is_wide && !is_each);
    (group.item, group.category, group.actor, group.hours) = (item, category, actor, hours);
}

/// Returns the first fault of each document: its lines have one person and one hour.
fn one_each<'a>(faults: &[&'a Fault]) -> Vec<&'a Fault> {
    let mut seen = BTreeSet::new();
    let is_first = |fault: &&'a Fault| fault.document == NO_NAME || seen.insert(fault.document);
    faults.iter().copied().filter(is_first).collect()
}

/// Returns the value that holds most of the hits, beyond its share of all.
fn concentrated(hits: &[NameNo], all: &[NameNo]) -> Option<NameNo> {
    let count = |list: &[NameNo], value: NameNo| list.iter().filter(|one| **one == value).count();
    let mut values: BTreeMap<NameNo, usize> = BTreeMap::new();
    hits.iter().filter(|value| **value != NO_NAME).for_each(|value| *values.entry(*value).or_default() += 1);
    let (value, held) = values.into_iter().max_by_key(|(value, held)| (*held, std::cmp::Reverse(*value)))?;
    let share = count(all, value) as f64 / all.len().max(1) as f64;
    is_concentrated((held, hits.len()), share, NARROW_CHANCE).then_some(value)
}

/// Returns whether hits concentrate beyond a share, with less than this probability by chance.
fn is_concentrated((held, all): (usize, usize), share: f64, chance: f64) -> bool {
    let part = held as f64 / all.max(1) as f64;
    part >= NARROW_SHARE
        && part >= NARROW_RATIO * share
        && binomial_tail(held as u64, all as u64, share.max(1e-6)) < chance
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
            if !is_concentrated((held, of_hits), share, HOURS_CHANCE) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Process;

    fn lost(document: NameNo, hour: u8) -> Fault {
        Fault {
            from: 0,
            to: 1,
            class: Class::BundleExplosion,
            event_type: Some(EventType::Sale),
            place: 1,
            item: 1,
            category: 1,
            actor: 1,
            document,
            hour,
            at: 0,
            units: 1,
            confidence: 900,
            seconds: 240,
        }
    }

    /// Sales from 9 to 19, the same number in each hour.
    fn sold() -> Vec<Movement> {
        let at = |hour| Movement {
            from: 0,
            to: 1,
            process: Process::Sale,
            place: 1,
            item: 1,
            category: 1,
            actor: 1,
            hour,
        };
        (9..20).flat_map(|hour| std::iter::repeat_n(at(hour), 40)).collect()
    }

    /// Returns the hours named for lost documents of two lines each, of which some are between 10 and 15 and the others later.
    fn named(early: u8, late: u8) -> Option<[u8; 2]> {
        let (early_hours, late_hours) = ((0..early).map(|number| 10 + number % 5), (0..late).map(|_| 17));
        let documents = (10..).zip(early_hours.chain(late_hours));
        let faults: Vec<Fault> =
            documents.flat_map(|(document, hour)| [lost(document, hour), lost(document, hour)]).collect();
        let faults: Vec<&Fault> = faults.iter().collect();
        let moved = sold();
        let moved: Vec<&Movement> = moved.iter().collect();
        hours(&one_each(&faults), &moved)
    }

    #[test]
    fn hours_that_chance_explains_are_not_named() {
        assert_eq!(named(23, 5), None, "half of the sales are in these hours");
        assert_eq!(named(28, 0), Some([10, 15]));
    }

    #[test]
    fn the_lines_of_one_document_are_one_fault() {
        let faults = [lost(1, 17), lost(1, 17), lost(2, 18), lost(NO_NAME, 18), lost(NO_NAME, 19)];
        let faults: Vec<&Fault> = faults.iter().collect();
        let hours: Vec<u8> = one_each(&faults).iter().map(|fault| fault.hour).collect();
        assert_eq!(hours, [17, 18, 18, 19]);
    }
}
