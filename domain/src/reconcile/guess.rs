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
    let sources = Sources {
        departed: alone(context, EventType::TransferOut),
        arrived: alone(context, EventType::TransferIn),
        sizes: sizes(context),
        rests,
    };
    for row in classified.rows.iter_mut().filter(|row| is_open(row) && is_silent(row)) {
        let (system, key, at) = (row.system, row.key, row.at);
        for cause in row.causes.iter_mut().filter(|cause| is_guessed(cause)) {
            if sources.is_shared((system, key, at), cause.quantity) {
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
    rests: Rests,
}

impl Sources {
    /// Returns whether another system shows the same change at about the same time.
    fn is_shared(&self, (system, key, at): Spot, units: i64) -> bool {
        let systems = self.rests.get(&(key, units)).into_iter().flatten();
        let mut others = systems.filter(|(other, _)| **other != system);
        others.any(|(_, instants)| has_within(instants, (at - TOGETHER, at + TOGETHER)))
    }
}

/// Returns whether any of the sorted instants lies within a time, its ends included.
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
    // Goods that went out arrive later. Goods that came in from nowhere may have arrived before the snapshot of the place that they left.
    let departed = sources.departed.get(&(key.0, units));
    let arrived = sources.arrived.get(&(key.0, -units));
    let has_departed = departed.is_some_and(|instants| has_within(instants, (at - TRANSIT, at)));
    let has_arrived = arrived.is_some_and(|instants| has_within(instants, (at - 2 * DAY, at + TRANSIT)));
    let is_transfer = has_departed || has_arrived;
    let is_shared = sources.is_shared((system, key, at), units);
    let usual = if units > 0 { EventType::Return } else { EventType::Sale };
    let event_type = match (is_transfer, is_shared) {
        (true, _) if has_departed => EventType::TransferIn,
        (true, _) => EventType::TransferOut,
        (false, true) => sources.sizes.get(&units).copied().unwrap_or(usual),
        (false, false) => EventType::Adjustment,
    };
    let (class, reference) = (event_type.missed(), context.reference);
    let from = if class == Class::ManualAdjustment {
        system
    } else {
        match context.presumed(event_type.process(), (key.1, NO_NAME, None), reference) {
            found if found == reference => system,
            found => found,
        }
    };
    Cause {
        class,
        quantity: units,
        from,
        to: reference,
        event_type: Some(event_type),
        evidence: Vec::new(),
        grade: if is_transfer { Grade::Pattern } else { Grade::Proximity },
        heals: false,
        occurrence: None,
        at,
        cost: 0,
    }
}
