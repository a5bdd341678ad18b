//! Finds the events of all systems that are one and the same: by document, else by item, place, type, quantity and time.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::align::World;
use super::input::SystemNo;
use super::names::{NO_NAME, NameNo};
use super::resolve::State;
use super::term::EventType;
use super::unit::{Aligned, DAY, HOUR, Key, MINUTE, SECOND};

/// Events without document are matched within this time.
const WINDOW: i64 = DAY;
/// Events with different documents are matched within this time.
const ALONE: i64 = 3 * HOUR;
/// Systems that saw an event within this time may both be its origin.
const TIE: i64 = 2 * MINUTE;
/// Candidates on either side in time that an event without document is compared with.
const NEIGHBOURS: usize = 6;
/// Most events into which systems split one line.
const SPLIT_MAX: usize = 100;
/// Most combinations of systems among which the parts of a document are joined.
const COMBINATIONS_MAX: usize = 100;

/// One event, as the systems have it.
#[derive(Debug, Clone)]
pub(super) struct Occurrence {
    /// Type where it began.
    pub event_type: EventType,
    /// Item and place.
    pub key: Key,
    /// Signed effect in units, as most systems have it.
    pub quantity: i64,
    /// The instant at which it happened, by the system where it began.
    pub at: i64,
    /// System where it began.
    pub origin: SystemNo,
    /// The document.
    pub reference: NameNo,
    /// Events of the systems, as indices of [`World::events`]. A system has several if it split the line.
    pub members: Vec<usize>,
    /// Events that repeat a member.
    pub extras: Vec<usize>,
    /// Events that name it by an unknown SKU or location.
    pub unknown: Vec<usize>,
}

impl Occurrence {
    /// Returns the events of a system.
    pub fn of(&self, world: &World, system: SystemNo) -> impl Iterator<Item = usize> {
        self.members.iter().copied().filter(move |at| world.events[*at].system == system)
    }

    /// Returns whether a system has it.
    pub fn has(&self, world: &World, system: SystemNo) -> bool {
        self.of(world, system).next().is_some()
    }

    /// Returns the event where it began.
    pub fn first(&self, world: &World) -> usize {
        self.of(world, self.origin).next().unwrap_or(self.members[0])
    }
}

/// Finds the occurrences, by time.
pub(super) fn find(world: &World) -> Vec<Occurrence> {
    let is_set = |event: &Aligned| world.bundles.contains_key(&event.item);
    let known = |event: &Aligned| event.state == State::Known && !is_set(event);
    let (mut repeated, mut ids) = (HashMap::new(), HashMap::new());
    let (mut named, mut bare, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for (at, event) in world.events.iter().enumerate() {
        if !known(event) {
            if event.state != State::Known {
                unknown.push(at);
            }
            continue;
        }
        let id = &world.input.events[event.row].external_id;
        let same = (event.system, id, event.event_type, event.item, event.place, event.quantity);
        if let Some(first) = ids.get(&same) {
            repeated.insert(at, *first);
            continue;
        }
        ids.insert(same, at);
        if event.reference == NO_NAME { bare.push(at) } else { named.push(at) }
    }
    let mut all = by_document(world, named);
    join_types(world, &mut all);
    join_bare(world, &mut all, bare);
    join_alone(world, &mut all);
    join_unknown(world, &mut all, unknown);
    add_repeated(&mut all, &repeated);
    set_origins(world, &mut all);
    all.sort_by_key(|one| (one.at, one.event_type, one.key, one.quantity, one.members[0]));
    all
}

fn new(world: &World, members: Vec<usize>, quantity: i64) -> Occurrence {
    let first = &world.events[members[0]];
    Occurrence {
        event_type: first.event_type,
        key: (first.item, first.place),
        quantity,
        at: first.at,
        origin: first.system,
        reference: first.reference,
        members,
        extras: Vec::new(),
        unknown: Vec::new(),
    }
}

/// Groups events by document, type, item and place.
fn by_document(world: &World, mut named: Vec<usize>) -> Vec<Occurrence> {
    let of = |at: &usize| {
        let event = &world.events[*at];
        (event.reference, event.event_type, event.item, event.place)
    };
    named.sort_by_key(|at| (of(at), world.events[*at].quantity, *at));
    let mut all = Vec::new();
    for group in named.chunk_by(|one, other| of(one) == of(other)) {
        if let [one] = group {
            all.push(new(world, vec![*one], world.events[*one].quantity));
            continue;
        }
        let totals = totals(world, group);
        let equal = totals.windows(2).all(|pair| pair[0].1 == pair[1].1);
        if equal && totals.len() > 1 && totals.len() < group.len() && group.len() <= SPLIT_MAX {
            let counts: HashSet<usize> = totals.iter().map(|(_, _, count)| *count).collect();
            if counts.len() > 1 {
                all.push(new(world, group.to_vec(), totals[0].1));
                continue;
            }
        }
        let mut parts = Vec::new();
        for copies in
            group.chunk_by(|one, other| world.events[*one].quantity == world.events[*other].quantity)
        {
            pair_copies(world, copies, &mut parts);
        }
        join_disjoint(world, parts, &mut all);
    }
    all
}

/// Returns system, sum and number of the events of a group.
fn totals(world: &World, group: &[usize]) -> Vec<(SystemNo, i64, usize)> {
    let mut totals: BTreeMap<SystemNo, (i64, usize)> = BTreeMap::new();
    for at in group {
        let event = &world.events[*at];
        let total = totals.entry(event.system).or_default();
        *total = (total.0 + event.quantity, total.1 + 1);
    }
    totals.into_iter().map(|(system, (sum, count))| (system, sum, count)).collect()
}

/// Pairs equal events of the systems. A system with more copies than most others has repeated them.
fn pair_copies(world: &World, copies: &[usize], parts: &mut Vec<Occurrence>) {
    let mut of_system: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in copies {
        of_system.entry(world.position(world.events[*at].system)).or_default().push(*at);
    }
    let mut numbers: BTreeMap<usize, usize> = BTreeMap::new();
    for list in of_system.values() {
        *numbers.entry(list.len()).or_default() += 1;
    }
    // The most frequent number wins, then the smallest.
    let number = numbers.iter().max_by_key(|(number, systems)| (**systems, std::cmp::Reverse(**number)));
    let number = number.map_or(1, |(number, _)| *number);
    let start = parts.len();
    for copy in 0..number {
        let members: Vec<usize> = of_system.values().filter_map(|list| list.get(copy).copied()).collect();
        parts.push(new(world, members, world.events[copies[0]].quantity));
    }
    for list in of_system.values() {
        for extra in list.iter().skip(number) {
            parts[start].extras.push(*extra);
        }
    }
}

/// Returns the systems that have an occurrence, in order.
fn systems(world: &World, one: &Occurrence) -> Vec<SystemNo> {
    let mut systems: Vec<SystemNo> = one.members.iter().map(|at| world.events[*at].system).collect();
    systems.sort_unstable();
    systems.dedup();
    systems
}

/// Joins parts of one document whose systems differ: their quantities differ, as packs and pieces do. A part is joined to the
/// first one without its systems.
fn join_disjoint(world: &World, mut parts: Vec<Occurrence>, all: &mut Vec<Occurrence>) {
    parts.sort_by_key(|one| std::cmp::Reverse(one.members.len()));
    let mut kept: Vec<Occurrence> = Vec::new();
    let mut hosts: BTreeMap<Vec<SystemNo>, BTreeSet<usize>> = BTreeMap::new();
    for part in parts {
        let of_part = systems(world, &part);
        let free = hosts.iter().take(COMBINATIONS_MAX);
        let free = free.filter(|(of_host, _)| of_host.iter().all(|system| !of_part.contains(system)));
        let first = free.filter_map(|(of_host, numbers)| Some((*numbers.first()?, of_host)));
        let Some((number, of_host)) = first.min().map(|(number, of_host)| (number, of_host.clone())) else {
            hosts.entry(of_part).or_default().insert(kept.len());
            kept.push(part);
            continue;
        };
        if let Some(numbers) = hosts.get_mut(&of_host) {
            numbers.remove(&number);
            if numbers.is_empty() {
                hosts.remove(&of_host);
            }
        }
        let host = &mut kept[number];
        host.members.extend(part.members);
        host.extras.extend(part.extras);
        hosts.entry(systems(world, host)).or_default().insert(number);
    }
    all.append(&mut kept);
}

/// Joins events of one document that the systems book as different types.
fn join_types(world: &World, all: &mut Vec<Occurrence>) {
    all.sort_by_key(|one| (one.reference, one.key, one.quantity, one.event_type, one.members[0]));
    let parts = std::mem::take(all);
    let mut group: Vec<Occurrence> = Vec::new();
    let mut key = None;
    for part in parts {
        let of_part = (part.reference, part.key, part.quantity);
        if key != Some(of_part) {
            join_disjoint(world, std::mem::take(&mut group), all);
            key = Some(of_part);
        }
        group.push(part);
    }
    join_disjoint(world, group, all);
}

/// Type, item, place and quantity of an event, in which all systems that saw it agree.
type Content = (EventType, NameNo, NameNo, i64);

fn content(event: &Aligned) -> Content {
    (event.event_type, event.item, event.place, event.quantity)
}

/// Returns the instant and the number of each occurrence, by the content of its first event and in the order of time.
fn by_content(world: &World, all: &[Occurrence]) -> HashMap<Content, Vec<(i64, usize)>> {
    let mut index: HashMap<Content, Vec<(i64, usize)>> = HashMap::new();
    for (number, one) in all.iter().enumerate() {
        let event = &world.events[one.members[0]];
        index.entry(content(event)).or_default().push((event.at, number));
    }
    index.values_mut().for_each(|list| list.sort_unstable());
    index
}

/// Joins events without document to occurrences that lack their system: the nearest in time first.
fn join_bare(world: &World, all: &mut Vec<Occurrence>, bare: Vec<usize>) {
    let index = by_content(world, all);
    let mut pairs: Vec<(i64, usize, usize)> = Vec::new();
    for at in &bare {
        let event = &world.events[*at];
        let Some(list) = index.get(&content(event)) else { continue };
        let middle = list.partition_point(|(time, _)| *time < event.at);
        let lacks = |number: usize| !all[number].has(world, event.system);
        let near = |(time, number): &&(i64, usize)| {
            event.at.abs_diff(*time) <= WINDOW.unsigned_abs() && lacks(*number)
        };
        let before = list[..middle].iter().rev().take(4 * NEIGHBOURS).filter(near).take(NEIGHBOURS);
        let after = list[middle..].iter().take(4 * NEIGHBOURS).filter(near).take(NEIGHBOURS);
        pairs.extend(before.chain(after).map(|(time, number)| ((event.at - time).abs(), *at, *number)));
    }
    pairs.sort_unstable();
    let mut joined: HashSet<usize> = HashSet::new();
    for (_, at, number) in pairs {
        if !joined.contains(&at) && !all[number].has(world, world.events[at].system) {
            all[number].members.push(at);
            joined.insert(at);
        }
    }
    let mut open: HashMap<Content, Waiting> = HashMap::new();
    for at in bare.into_iter().filter(|at| !joined.contains(at)) {
        let event = &world.events[at];
        if let Some(number) = copied(world, all, index.get(&content(event)), at) {
            all[number].extras.push(at);
            continue;
        }
        let waiting = open.entry(content(event)).or_default();
        let next = waiting.next.entry(event.system).or_default();
        let is_over =
            |number: usize| event.at - all[number].at > WINDOW || all[number].has(world, event.system);
        while waiting.numbers.get(*next).is_some_and(|number| is_over(*number)) {
            *next += 1;
        }
        match waiting.numbers.get(*next).copied() {
            Some(number) => all[number].members.push(at),
            None => {
                waiting.numbers.push(all.len());
                all.push(new(world, vec![at], event.quantity));
            }
        }
    }
}

/// Occurrences of equal events without document, by time.
#[derive(Default)]
struct Waiting {
    numbers: Vec<usize>,
    /// The first one that a system may lack. Those before it are too old, or the system has them.
    next: HashMap<SystemNo, usize>,
}

/// Joins events that one system alone has under their document: some systems write a document's text in another way.
fn join_alone(world: &World, all: &mut Vec<Occurrence>) {
    let index = by_content(world, all);
    let mut pairs: Vec<(i64, bool, usize, usize)> = Vec::new();
    for (number, one) in
        all.iter().enumerate().filter(|(_, one)| one.members.len() == 1 && one.extras.is_empty())
    {
        let event = &world.events[one.members[0]];
        let Some(list) = index.get(&content(event)) else { continue };
        let from = list.partition_point(|(time, _)| *time < event.at - ALONE);
        let near = list[from..].iter().take_while(|(time, _)| *time <= event.at + ALONE).take(4 * NEIGHBOURS);
        for (time, other) in near.filter(|(_, other)| !all[*other].has(world, event.system)) {
            let differs = !alike(world, one.reference, all[*other].reference);
            pairs.push(((event.at - time).abs(), differs, number, *other));
        }
    }
    pairs.sort_unstable_by_key(|(apart, differs, number, other)| (*differs, *apart, *number, *other));
    let mut joined: HashSet<usize> = HashSet::new();
    for (_, _, number, other) in pairs {
        let event = all[number].members[0];
        let is_free = !joined.contains(&number) && !joined.contains(&other) && all[number].members.len() == 1;
        if is_free && !all[other].has(world, world.events[event].system) {
            all[other].members.push(event);
            joined.insert(number);
        }
    }
    let mut number = 0;
    all.retain(|_| {
        number += 1;
        !joined.contains(&(number - 1))
    });
}

/// Returns whether one document's text contains the other's.
fn alike(world: &World, one: NameNo, other: NameNo) -> bool {
    let (one, other) = (world.names.text(one), world.names.text(other));
    !one.is_empty() && !other.is_empty() && (one.contains(other) || other.contains(one))
}

/// Returns the occurrence of which an event without document is a copy: same system, same second.
fn copied(world: &World, all: &[Occurrence], list: Option<&Vec<(i64, usize)>>, at: usize) -> Option<usize> {
    let (list, event) = (list?, &world.events[at]);
    let from = list.partition_point(|(time, _)| *time < event.at - SECOND);
    let near = list[from..].iter().take_while(|(time, _)| *time <= event.at + SECOND).take(4 * NEIGHBOURS);
    near.map(|(_, number)| *number).find(|number| all[*number].has(world, event.system))
}

/// Joins events with an unknown SKU or location to occurrences of the same document that lack their system.
fn join_unknown(world: &World, all: &mut [Occurrence], unknown: Vec<usize>) {
    if unknown.is_empty() {
        return;
    }
    let mut index: HashMap<(NameNo, EventType), Vec<usize>> = HashMap::new();
    for (number, one) in all.iter().enumerate().filter(|(_, one)| one.reference != NO_NAME) {
        index.entry((one.reference, one.event_type)).or_default().push(number);
    }
    let mut lacking: HashMap<(NameNo, EventType, SystemNo), BTreeSet<(i64, usize)>> = HashMap::new();
    for at in unknown {
        let event = &world.events[at];
        let Some(list) = index.get(&(event.reference, event.event_type)) else { continue };
        let free = lacking.entry((event.reference, event.event_type, event.system)).or_insert_with(|| {
            let lacks = list.iter().filter(|number| !all[**number].has(world, event.system));
            lacks.map(|number| (all[*number].quantity, *number)).collect()
        });
        let same = free.range((event.quantity, 0)..=(event.quantity, usize::MAX)).next();
        let only = free.first().filter(|_| free.len() == 1);
        if let Some(one) = same.or(only).copied() {
            free.remove(&one);
            all[one.1].unknown.push(at);
        }
    }
}

fn add_repeated(all: &mut [Occurrence], repeated: &HashMap<usize, usize>) {
    if repeated.is_empty() {
        return;
    }
    let mut of_event: HashMap<usize, usize> = HashMap::new();
    for (number, one) in all.iter().enumerate() {
        of_event.extend(one.members.iter().chain(&one.extras).map(|at| (*at, number)));
    }
    let mut sorted: Vec<(usize, usize)> = repeated.iter().map(|(at, first)| (*at, *first)).collect();
    sorted.sort_unstable();
    for (at, first) in sorted {
        if let Some(number) = of_event.get(&first) {
            all[*number].extras.push(at);
        }
    }
}

/// Sets the system where each occurrence began: the one that saw it first. Within two minutes, it is the one where such
/// events at such places mostly begin.
fn set_origins(world: &World, all: &mut [Occurrence]) {
    let earliest = |one: &Occurrence| one.members.iter().map(|at| world.events[*at].seen).min().unwrap_or(0);
    let mut usual: HashMap<(EventType, NameNo, SystemNo), usize> = HashMap::new();
    for one in all.iter().filter(|one| one.members.len() > 1) {
        let first = one.members.iter().min_by_key(|at| (world.events[**at].seen, **at));
        if let Some(event) = first.map(|at| &world.events[*at]) {
            *usual.entry((event.event_type, event.place, event.system)).or_default() += 1;
        }
    }
    for one in all.iter_mut() {
        one.members.sort_unstable();
        one.extras.sort_unstable();
        let until = earliest(one) + TIE;
        let early = one.members.iter().filter(|at| world.events[**at].seen <= until);
        let first = early.min_by_key(|at| {
            let event = &world.events[**at];
            let often = usual.get(&(event.event_type, event.place, event.system)).copied().unwrap_or(0);
            (std::cmp::Reverse(often), event.seen, world.position(event.system))
        });
        if let Some(event) = first.map(|at| &world.events[*at]) {
            (one.origin, one.event_type, one.at) = (event.system, event.event_type, event.at);
            one.quantity = agreed(world, one);
        }
    }
}

/// Returns the quantity that most systems have; of two, the one where it began.
fn agreed(world: &World, one: &Occurrence) -> i64 {
    let totals = totals(world, &one.members);
    let of_origin =
        totals.iter().find(|(system, ..)| *system == one.origin).map_or(one.quantity, |total| total.1);
    let votes = |quantity: i64| totals.iter().filter(|total| total.1 == quantity).count();
    let best = totals.iter().map(|total| total.1).max_by_key(|sum| (votes(*sum), *sum == of_origin, *sum));
    best.unwrap_or(of_origin)
}
