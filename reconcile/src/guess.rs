//! Guesses for systems without events: what is left of a change, held against the other systems.
//!
//! If the other systems show the same change, the reference lacks an event. If no other does, the system was changed alone.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rust_decimal::Decimal;

use super::cause::{Cause, Grade, is_missed};
use super::context::Context;
use super::input::SystemNo;
use super::names::{NO_NAME, NameNo};
use super::resolve::State;
use super::row::{Classified, Row};
use super::term::{Class, EventType};
use super::unit::{DAY, Key, TOGETHER};

/// A transfer arrives within this time.
const TRANSIT: i64 = 6 * DAY;
/// Most sets with one component that a document is compared with.
const SETS_MAX: usize = 100;

/// Fewest changes without an event that make duplicates doubtful.
const CHANCE_MIN: usize = 5;

/// Instants of changes without a cause: by key and units, per system.
type Rests = HashMap<(Key, i64), BTreeMap<SystemNo, Vec<i64>>>;

/// Fills what no event explains.
pub(super) fn fill(context: &Context, classified: &mut Classified) {
    let is_open = |row: &Row| row.state == State::Known && row.theirs.is_some();
    let is_silent = |row: &Row| !context.is_logged(row.system, row.at);
    if !context.has_events() {
        return;
    }
    let mut rests = Rests::new();
    for row in classified.rows.iter().filter(|row| is_open(row) && is_silent(row)) {
        let guessed = row.causes.iter().filter(|cause| is_guessed(cause)).map(|cause| cause.quantity);
        for units in guessed.chain(Some(row.residual).filter(|units| *units != 0)) {
            rests.entry((row.key, units)).or_default().entry(row.system).or_default().push(row.at);
        }
    }
    rests.values_mut().flat_map(BTreeMap::values_mut).for_each(|instants| instants.sort_unstable());
    let mut sources = Sources {
        departed: alone(context, EventType::TransferOut),
        arrived: alone(context, EventType::TransferIn),
        sizes: sizes(context),
        copies: copies(context),
        sets: booked_sets(context),
        chance: HashSet::new(),
        rests,
    };
    sources.chance = by_chance(context, classified, &sources);
    for row in classified.rows.iter_mut().filter(|row| is_open(row) && is_silent(row)) {
        let (system, key, at) = (row.system, row.key, row.at);
        for cause in row.causes.iter_mut().filter(|cause| is_guessed(cause)) {
            if is_own_copy(context, &sources, cause, (system, key, at)) {
                (cause.class, cause.to) = (Class::DuplicateEvent, context.reference);
                cause.from = presumed(context, cause.event_type, (system, key));
            } else if sources.is_doubtful(cause, (system, key, at)) {
                *cause = guess(context, &sources, (system, key, at), cause.quantity);
            }
        }
        if row.residual != 0 {
            row.causes.push(guess(context, &sources, (system, key, at), row.residual));
            row.residual = 0;
        }
    }
    name_sets(context, classified);
}

/// Returns whether a cause rests on the reference's events alone.
fn is_guessed(cause: &Cause) -> bool {
    let is_event = is_missed(cause.class) || cause.class == Class::DuplicateEvent;
    is_event && cause.grade == Grade::Pattern && !cause.heals
}

/// A snapshot of a key in a system: system, key and instant.
type Spot = (SystemNo, Key, i64);

/// The facts that guesses rest on.
struct Sources {
    departed: HashMap<(NameNo, i64), Vec<i64>>,
    arrived: HashMap<(NameNo, i64), Vec<i64>>,
    sizes: HashMap<i64, EventType>,
    /// Lines of documents that the reference has more than once.
    copies: HashSet<LineOf>,
    /// Instants at which the reference booked a set as such: by component and its units.
    sets: HashMap<(Key, i64), Vec<i64>>,
    /// Systems whose changes at a place, upwards or downwards, equal events of the reference by chance.
    chance: HashSet<Side>,
    rests: Rests,
}

/// A system, a place, and whether its changes are upwards.
type Side = (SystemNo, NameNo, bool);

/// A line of a document: document, type, key and units.
type LineOf = (NameNo, EventType, Key, i64);

impl Sources {
    /// Returns whether another system shows the same change at about the same time.
    fn is_shared(&self, (system, key, at): Spot, units: i64) -> bool {
        let systems = self.rests.get(&(key, units)).into_iter().flatten();
        let mut others = systems.filter(|(other, _)| **other != system);
        others.any(|(_, instants)| has_within(instants, (at - TOGETHER, at + TOGETHER)))
    }

    /// Returns whether goods went out that may have arrived here.
    fn has_departed(&self, (_, key, at): Spot, units: i64) -> bool {
        let departed = self.departed.get(&(key.0, units));
        departed.is_some_and(|instants| has_within(instants, (at - TRANSIT, at)))
    }

    /// Returns whether a change is one side of a transfer. Goods that came in from nowhere may have arrived before the snapshot of the place
    /// that they left.
    fn is_transfer(&self, (system, key, at): Spot, units: i64) -> bool {
        let arrived = self.arrived.get(&(key.0, -units));
        let has_arrived = arrived.is_some_and(|instants| has_within(instants, (at - 2 * DAY, at + TRANSIT)));
        has_arrived || self.has_departed((system, key, at), units)
    }

    /// Returns whether another cause is more probable than the one that rests on the reference's events alone.
    fn is_doubtful(&self, cause: &Cause, (system, key, at): Spot) -> bool {
        let is_duplicate = cause.class == Class::DuplicateEvent;
        self.is_shared((system, key, at), cause.quantity)
            || (is_duplicate && self.is_of_set(key, at, cause.quantity))
            || (is_duplicate && self.chance.contains(&(system, key.1, cause.quantity > 0)))
    }

    /// Returns whether the reference booked a set shortly before, whose component of this key has these units.
    fn is_of_set(&self, key: Key, at: i64, units: i64) -> bool {
        self.sets.get(&(key, units)).is_some_and(|instants| has_within(instants, (at - TOGETHER - DAY, at)))
    }
}

/// Returns the lines of documents that the reference has more than once.
fn copies(context: &Context) -> HashSet<LineOf> {
    let (mut seen, mut copies) = (HashSet::new(), HashSet::new());
    let events = context.world.events.iter().filter(|event| event.system == context.reference);
    for event in events.filter(|event| event.reference != NO_NAME && event.of_set == NO_NAME) {
        let line = (event.reference, event.event_type, (event.item, event.place), event.quantity);
        if !seen.insert(line) {
            copies.insert(line);
        }
    }
    copies
}

/// Returns the components of the sets that the reference booked as such, with the instants in order.
fn booked_sets(context: &Context) -> HashMap<(Key, i64), Vec<i64>> {
    let mut sets: HashMap<(Key, i64), Vec<i64>> = HashMap::new();
    let events = context.world.events.iter().filter(|event| event.system == context.reference);
    for event in events.filter(|event| event.of_set != NO_NAME) {
        sets.entry(((event.item, event.place), event.quantity)).or_default().push(event.at);
    }
    sets.values_mut().for_each(|instants| instants.sort_unstable());
    sets
}

/// Returns whether a system lacks a line that the reference has more than once. Its own repetition explains that, if no other system with
/// snapshots has the line as often as the reference.
fn is_own_copy(context: &Context, sources: &Sources, cause: &Cause, spot: Spot) -> bool {
    let (system, key, _) = spot;
    if cause.class == Class::DuplicateEvent {
        return cause.to == context.reference;
    }
    let Some(one) = cause.occurrence.map(|number| &context.occurrences[number]) else { return false };
    let is_copied = sources.copies.contains(&(one.reference, one.event_type, one.key, one.quantity));
    let is_confirmed = !has_witness(context, system, key) || sources.is_shared(spot, cause.quantity);
    is_copied && cause.quantity == -one.quantity && is_confirmed
}

/// Returns whether a third system shows what is at the place of a key.
fn has_witness(context: &Context, system: SystemNo, key: Key) -> bool {
    let mut others = context.world.order.iter().filter(|other| ![system, context.reference].contains(other));
    others.any(|other| context.has_snapshots(*other) && context.reports(*other, key.1))
}

/// Returns the sides on which duplicates are doubtful. A repeated event always equals an event. If every fourth change or more equals none,
/// the changes have another cause, and the others equal an event by chance.
fn by_chance(context: &Context, classified: &Classified, sources: &Sources) -> HashSet<Side> {
    let mut counts: HashMap<Side, (usize, usize)> = HashMap::new();
    let is_silent = |row: &&Row| row.theirs.is_some() && !context.is_logged(row.system, row.at);
    for row in classified.rows.iter().filter(is_silent).filter(|row| row.state == State::Known) {
        let spot = (row.system, row.key, row.at);
        let side = |units: i64| (row.system, row.key.1, units > 0);
        let fits = |cause: &&Cause| cause.class == Class::DuplicateEvent && cause.to == row.system;
        for cause in row.causes.iter().filter(|cause| is_guessed(cause)).filter(fits) {
            counts.entry(side(cause.quantity)).or_default().0 += 1;
        }
        if row.residual != 0
            && !sources.is_shared(spot, row.residual)
            && !sources.is_transfer(spot, row.residual)
        {
            counts.entry(side(row.residual)).or_default().1 += 1;
        }
    }
    let sides = counts.into_iter().filter(|(_, (fit, rest))| *rest >= CHANCE_MIN && 3 * rest >= *fit);
    sides.map(|(side, _)| side).collect()
}

/// Returns the system where an event that the reference lacks or repeats began, as far as it can be known.
fn presumed(context: &Context, event_type: Option<EventType>, (system, key): (SystemNo, Key)) -> SystemNo {
    let process = event_type.unwrap_or(EventType::Sale).process();
    match context.presumed(process, (key.1, NO_NAME, None), context.reference) {
        found if found == context.reference => system,
        found => found,
    }
}

/// Returns whether a sorted instant lies between two instants, both included.
fn has_within(instants: &[i64], (from, until): (i64, i64)) -> bool {
    let next = instants.partition_point(|instant| *instant < from);
    instants.get(next).is_some_and(|instant| *instant <= until)
}

/// Returns the most frequent type of the reference's events of each size.
fn sizes(context: &Context) -> HashMap<i64, EventType> {
    let mut counts: HashMap<i64, std::collections::BTreeMap<EventType, u32>> = HashMap::new();
    for event in context.world.events.iter().filter(|event| event.system == context.reference) {
        if matches!(event.event_type, EventType::Sale | EventType::Return | EventType::Receipt) {
            *counts.entry(event.quantity).or_default().entry(event.event_type).or_default() += 1;
        }
    }
    let most = |types: std::collections::BTreeMap<EventType, u32>| {
        types.into_iter().max_by_key(|(kind, count)| (*count, std::cmp::Reverse(*kind))).map(|one| one.0)
    };
    counts.into_iter().filter_map(|(units, types)| Some((units, most(types)?))).collect()
}

/// Names sets: if the lines of sets are missed far more often than other sales, the system does not explode sets.
fn name_sets(context: &Context, classified: &mut Classified) {
    let of_sets = of_sets(context);
    if of_sets.is_empty() {
        return;
    }
    let is_lost = |cause: &Cause| is_guessed(cause) && cause.class == Class::MissedSale;
    let mut counts: HashMap<SystemNo, (usize, usize)> = HashMap::new();
    for row in &classified.rows {
        for number in row.causes.iter().filter(|cause| is_lost(cause)).filter_map(|cause| cause.occurrence) {
            let count = counts.entry(row.system).or_default();
            *(if of_sets.contains(&number) { &mut count.0 } else { &mut count.1 }) += 1;
        }
    }
    let sales = context.occurrences.iter().filter(|one| one.event_type == EventType::Sale).count();
    let others = sales.saturating_sub(of_sets.len()).max(1);
    let is_unexploded = |(sets, rest): (usize, usize)| sets >= 5 && sets * others > 4 * rest * of_sets.len();
    for row in &mut classified.rows {
        if counts.get(&row.system).is_some_and(|count| is_unexploded(*count)) {
            let of_set = |cause: &&mut Cause| {
                is_lost(cause) && cause.occurrence.is_some_and(|number| of_sets.contains(&number))
            };
            row.causes.iter_mut().filter(of_set).for_each(|cause| cause.class = Class::BundleExplosion);
        }
    }
}

/// Returns the sales whose document has all components of a set.
fn of_sets(context: &Context) -> HashSet<usize> {
    let sets = sets_by_part(context);
    let mut documents: HashMap<(NameNo, NameNo), Vec<usize>> = HashMap::new();
    for (number, one) in context.occurrences.iter().enumerate() {
        if one.event_type == EventType::Sale && one.reference != NO_NAME {
            documents.entry((one.reference, one.key.1)).or_default().push(number);
        }
    }
    let mut found = HashSet::new();
    for lines in documents.values().filter(|lines| lines.len() > 1) {
        let mut first: HashMap<NameNo, usize> = HashMap::new();
        for number in lines {
            first.entry(context.occurrences[*number].key.0).or_insert(*number);
        }
        for parts in first.keys().filter_map(|item| sets.get(item)).flatten() {
            let of_parts: Option<Vec<usize>> = parts.iter().map(|item| first.get(item).copied()).collect();
            found.extend(of_parts.into_iter().flatten());
        }
    }
    found
}

/// Returns the components of each set of several, by the component that the fewest sets have.
fn sets_by_part(context: &Context) -> HashMap<NameNo, Vec<Vec<NameNo>>> {
    let items = |parts: &Vec<(NameNo, Decimal)>| parts.iter().map(|(item, _)| *item).collect();
    let sets: BTreeSet<Vec<NameNo>> = context.world.bundles.values().map(items).collect();
    let mut counts: HashMap<NameNo, usize> = HashMap::new();
    sets.iter().flatten().for_each(|item| *counts.entry(*item).or_default() += 1);
    let mut by_part: HashMap<NameNo, Vec<Vec<NameNo>>> = HashMap::new();
    for set in sets.into_iter().filter(|set| set.len() > 1) {
        let Some(rarest) = set.iter().copied().min_by_key(|item| (counts[item], *item)) else { continue };
        let of_part = by_part.entry(rarest).or_default();
        if of_part.len() < SETS_MAX {
            of_part.push(set);
        }
    }
    by_part
}

/// Returns the instants of the transfers of the reference that have only one side, by item and units: those that went out and arrived
/// nowhere, or those that came in from nowhere.
fn alone(context: &Context, side: EventType) -> HashMap<(NameNo, i64), Vec<i64>> {
    let other = if side == EventType::TransferOut { EventType::TransferIn } else { EventType::TransferOut };
    let of_reference = |event_type: EventType| {
        context
            .occurrences
            .iter()
            .filter(move |one| one.event_type == event_type && one.has(context.world, context.reference))
    };
    let mut met: HashMap<(NameNo, NameNo), i64> = HashMap::new();
    for one in of_reference(other).filter(|one| one.reference != NO_NAME) {
        *met.entry((one.reference, one.key.0)).or_default() += one.quantity.abs();
    }
    let mut alone: HashMap<(NameNo, i64), Vec<i64>> = HashMap::new();
    for one in of_reference(side) {
        let (units, left) = (one.quantity.abs(), met.entry((one.reference, one.key.0)).or_default());
        if one.reference != NO_NAME && *left >= units {
            *left -= units;
            continue;
        }
        alone.entry((one.key.0, units)).or_default().push(one.at);
    }
    alone.values_mut().for_each(|instants| instants.sort_unstable());
    alone
}

/// Returns the most probable cause of a change that no event of the reference explains.
fn guess(context: &Context, sources: &Sources, (system, key, at): Spot, units: i64) -> Cause {
    let has_departed = sources.has_departed((system, key, at), units);
    let is_transfer = sources.is_transfer((system, key, at), units);
    // Without a third system, nothing tells a correction of one system alone from an event that the reference lacks, and events are more
    // frequent than corrections.
    let is_shared = sources.is_shared((system, key, at), units) || !has_witness(context, system, key);
    let usual = if units > 0 { EventType::Return } else { EventType::Sale };
    let event_type = match (is_transfer, is_shared) {
        (true, _) if has_departed => EventType::TransferIn,
        (true, _) => EventType::TransferOut,
        (false, true) => sources.sizes.get(&units).copied().unwrap_or(usual),
        (false, false) => EventType::Adjustment,
    };
    let is_of_set = sources.is_of_set(key, at, units);
    let event_type = if is_of_set { EventType::Sale } else { event_type };
    let class = if is_of_set { Class::BundleExplosion } else { event_type.missed() };
    let reference = context.reference;
    let from = if class == Class::ManualAdjustment {
        system
    } else {
        presumed(context, Some(event_type), (system, key))
    };
    Cause {
        class,
        quantity: units,
        from,
        to: reference,
        event_type: Some(event_type),
        evidence: Vec::new(),
        grade: if is_transfer || is_of_set { Grade::Pattern } else { Grade::Proximity },
        heals: false,
        occurrence: None,
        at,
        cost: 0,
    }
}
