//! The faults and movements that are ranked: each lost, doubled or misread event once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::cause::{self, Cause, Grade};
use super::context::Context;
use super::episode::{confidence, weighted};
use super::input::{Settings, SystemNo};
use super::matching::Occurrence;
use super::names::{NO_NAME, NameNo};
use super::rank::{Fault, Movement};
use super::row::Classified;
use super::term::{Class, EntryMode, Process, TouchpointKind};
use super::unit::{DAY, Key, MINUTE, TOGETHER};

/// Manual work this long after an episode belongs to it.
const LINKED: i64 = 7 * DAY;

/// A fault with the row and cause that showed it, if a snapshot did.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub fault: Fault,
    /// Events that prove it, as indices of the aligned events.
    pub evidence: Vec<usize>,
}

/// Returns the default minutes of a kind of manual work.
pub(super) fn minutes(settings: &Settings, kind: TouchpointKind) -> Decimal {
    let default = match kind {
        TouchpointKind::CsvExport | TouchpointKind::CopyPaste | TouchpointKind::Other => 5,
        TouchpointKind::CsvImport => 10,
        TouchpointKind::ManualAdjustment | TouchpointKind::AbsoluteOverwrite => 4,
        TouchpointKind::ManualTransfer => 6,
        TouchpointKind::EmailApproval | TouchpointKind::Approval => 8,
    };
    settings.minutes.get(&kind).copied().unwrap_or(Decimal::from(default))
}

/// Returns minutes as seconds.
pub(super) fn seconds(minutes: Decimal) -> u32 {
    let seconds = minutes.checked_mul(Decimal::from(60)).and_then(|seconds| seconds.to_i64()).unwrap_or(0);
    u32::try_from(seconds.clamp(0, 7 * 24 * 3_600)).unwrap_or(0)
}

/// Collects the faults, by time.
pub(super) fn collect(context: &Context, classified: &Classified) -> Vec<Found> {
    let mut all = Collected {
        context,
        found: Vec::new(),
        seen: BTreeSet::new(),
        guessed: BTreeMap::new(),
        shown: BTreeSet::new(),
    };
    for row in &classified.rows {
        for one in &row.causes {
            let confidence = confidence(context, row, one);
            all.add((row.system, row.key), one, confidence);
        }
    }
    for (system, one) in &classified.silent {
        let key = one.occurrence.map(|number| context.occurrences[number].key);
        let confidence = weighted(1_000, one.grade, context.prior(*system, one.class));
        if let Some(key) = key {
            all.add((*system, key), one, confidence);
        }
    }
    all.add_unshown();
    all.add_late();
    let mut found = all.found;
    found.sort_by_key(|one| {
        let fault = &one.fault;
        (fault.at, fault.class, fault.from, fault.to, fault.place, fault.item, fault.units, fault.event_type)
    });
    add_minutes(context, &mut found);
    found
}

struct Collected<'a, 'b> {
    context: &'a Context<'b>,
    found: Vec<Found>,
    seen: BTreeSet<(usize, Class, SystemNo, SystemNo, i64)>,
    /// Guessed losses of the reference: the instants at which a system shows units of a key to be lost.
    guessed: BTreeMap<(Key, i64, SystemNo), BTreeSet<i64>>,
    /// Occurrences that snapshots of a system show to be lost.
    shown: BTreeSet<(usize, SystemNo)>,
}

impl Collected<'_, '_> {
    /// Adds the fault of a cause. Several systems show one loss of the reference: it is one fault.
    fn add(&mut self, (system, key): (SystemNo, Key), one: &Cause, confidence: u32) {
        if one.heals || one.class == Class::Unexplained {
            return;
        }
        if let Some(number) = one.occurrence {
            self.shown.insert((number, one.to));
            let part = if one.class == Class::DuplicateEvent { one.quantity.abs() } else { 0 };
            if !self.seen.insert((number, one.class, one.from, one.to, part)) {
                return;
            }
        } else if one.to == self.context.reference && one.class != Class::ManualAdjustment {
            // A guess on the reference: two systems show one loss at snapshots of about the same time.
            let around = one.at - TOGETHER..=one.at + TOGETHER;
            let mut systems =
                self.guessed.range((key, one.quantity, SystemNo::MIN)..=(key, one.quantity, SystemNo::MAX));
            if systems.any(|((.., other), instants)| {
                *other != system && instants.range(around.clone()).next().is_some()
            }) {
                return;
            }
            self.guessed.entry((key, one.quantity, system)).or_default().insert(one.at);
        }
        let occurrence = one.occurrence.map(|number| &self.context.occurrences[number]);
        let mut fault = self.fault(one, key, occurrence);
        fault.confidence = confidence;
        self.found.push(Found { fault, evidence: one.evidence.clone() });
    }

    fn fault(&self, one: &Cause, key: Key, occurrence: Option<&Occurrence>) -> Fault {
        let world = self.context.world;
        let first = occurrence.map(|found| &world.events[found.first(world)]);
        let at = if one.class.is_of_level() && occurrence.is_none() {
            one.at
        } else {
            first.map_or(one.at, |event| event.at)
        };
        Fault {
            from: one.from,
            to: one.to,
            class: one.class,
            event_type: one.event_type,
            place: key.1,
            item: key.0,
            category: world.categories.get(&key.0).copied().unwrap_or(NO_NAME),
            actor: first.map_or(NO_NAME, |event| event.actor),
            document: first.map_or(NO_NAME, |event| event.reference),
            hour: self.context.hour(at),
            at,
            units: one.quantity.abs(),
            confidence: 0,
            seconds: 0,
        }
    }

    /// Adds losses that no snapshot can show: the reference lacks the event as well, or the system sends no snapshots.
    fn add_unshown(&mut self) {
        let context = self.context;
        for (number, one) in context.occurrences.iter().enumerate() {
            let process = one.event_type.process();
            for to in context.world.order.iter().copied().filter(|to| *to != one.origin) {
                let lacks = !one.has(context.world, to) && !self.shown.contains(&(number, to));
                if !lacks || !context.carries(to, process, one.key.1) || !context.is_logged(to, one.at) {
                    continue;
                }
                let from = context.from(one, to);
                let is_young = context.world.through - one.at < context.latency(process, from, to);
                let compared = one.members.len() > 1 || one.event_type.missed() != Class::ManualAdjustment;
                if is_young || !compared || from == to || !self.is_unseen(one, to) {
                    continue;
                }
                self.add_event(number, (one.event_type.missed(), (from, to)));
            }
        }
    }

    /// Returns whether no snapshot could show the loss.
    fn is_unseen(&self, one: &Occurrence, to: SystemNo) -> bool {
        let context = self.context;
        let reference = context.reference;
        if to == reference {
            // Any system with snapshots and the event would have shown it.
            let holders = one.members.iter().map(|at| context.world.events[*at].system);
            return holders.into_iter().all(|system| !context.has_snapshots(system));
        }
        !context.has_snapshots(to) || !cause::has_real(context, one, reference)
    }

    /// Adds the events that arrived later than twice the declared latency, on edges that are slow at their place.
    fn add_late(&mut self) {
        let context = self.context;
        let slow = slow(context);
        for (number, one) in context.occurrences.iter().enumerate() {
            for (to, latency) in latencies(context, one) {
                let edge = (one.origin, to, one.key.1);
                let limit = limit(context, one, to);
                if slow.contains(&edge) && limit.is_some_and(|limit| latency > limit) {
                    let kind = (Class::TimingLag, (one.origin, to));
                    self.add_event(number, kind);
                }
            }
        }
    }

    fn add_event(&mut self, number: usize, (class, (from, to)): (Class, (SystemNo, SystemNo))) {
        let one = &self.context.occurrences[number];
        let cause = Cause {
            class,
            quantity: one.quantity,
            from,
            to,
            event_type: Some(one.event_type),
            evidence: one.members.clone(),
            grade: Grade::Event,
            heals: false,
            occurrence: Some(number),
            at: one.at,
            cost: 0,
        };
        let confidence = weighted(1_000, Grade::Event, self.context.prior(to, class));
        self.add((to, one.key), &cause, confidence);
    }
}

/// Returns the systems that had an occurrence later than its origin, with the latency.
fn latencies(context: &Context, one: &Occurrence) -> Vec<(SystemNo, i64)> {
    let world = context.world;
    let seen = world.events[one.first(world)].seen;
    let events = one.members.iter().map(|at| &world.events[*at]);
    let others = events.filter(|event| event.system != one.origin);
    others.map(|event| (event.system, event.seen - seen)).collect()
}

/// Returns twice the declared latency of an edge; if it is not declared, of the process to that system.
fn limit(context: &Context, one: &Occurrence, to: SystemNo) -> Option<i64> {
    let process = one.event_type.process();
    let declared = context.world.declared.hop(process, one.origin, to);
    let declared = declared.or_else(|| context.world.declared.hop_to(process, to))?;
    Some(2 * i64::from(declared) * MINUTE)
}

/// Returns the edges that are slow at a place: more than 5 of 100 events of a process arrive after twice the declared
/// latency.
pub(super) fn slow(context: &Context) -> BTreeSet<(SystemNo, SystemNo, NameNo)> {
    let mut counts: BTreeMap<(SystemNo, SystemNo, NameNo, Process), (u32, u32)> = BTreeMap::new();
    for one in context.occurrences.iter().filter(|one| one.at >= context.world.from) {
        for (to, latency) in latencies(context, one) {
            if let Some(limit) = limit(context, one, to) {
                let count = counts.entry((one.origin, to, one.key.1, one.event_type.process())).or_default();
                *count = (count.0 + u32::from(latency > limit), count.1 + 1);
            }
        }
    }
    let is_slow = |(late, all): (u32, u32)| all >= 8 && late * 20 > all;
    counts.into_iter().filter(|(_, count)| is_slow(*count)).map(|(key, _)| (key.0, key.1, key.2)).collect()
}

/// Returns the edges into systems without events that are slow at a place, as snapshots show it: more than 5 of 100 events of a process are
/// missing in a snapshot after twice the declared latency, and are there in the next.
pub(super) fn slow_in_snapshots(
    context: &Context,
    classified: &Classified,
    movements: &[(i64, Movement)],
) -> BTreeSet<(SystemNo, SystemNo, NameNo)> {
    let mut late: BTreeMap<(SystemNo, SystemNo, NameNo, Process), BTreeSet<usize>> = BTreeMap::new();
    for row in classified.rows.iter().filter(|row| !context.is_logged(row.system, row.at)) {
        for cause in row.causes.iter().filter(|cause| cause.class == Class::TimingLag && !cause.heals) {
            let Some(number) = cause.occurrence else { continue };
            let one = &context.occurrences[number];
            if limit(context, one, cause.to).is_some_and(|limit| row.at - one.at > limit) {
                let edge = (cause.from, cause.to, one.key.1, one.event_type.process());
                late.entry(edge).or_default().insert(number);
            }
        }
    }
    let mut all: BTreeMap<(SystemNo, SystemNo, NameNo, Process), usize> = BTreeMap::new();
    for (_, one) in movements {
        *all.entry((one.from, one.to, one.place, one.process)).or_default() += 1;
    }
    let is_slow = |edge: &(SystemNo, SystemNo, NameNo, Process), late: usize| {
        all.get(edge).is_some_and(|all| *all >= 8 && late * 20 > *all)
    };
    let slow = late.into_iter().filter(|(edge, late)| is_slow(edge, late.len()));
    slow.map(|(edge, _)| (edge.0, edge.1, edge.2)).collect()
}

/// Adds the manual work that faults cost: the work linked to them, else the default of their class.
fn add_minutes(context: &Context, found: &mut [Found]) {
    let settings = &context.world.input.settings;
    let mut of_key: HashMap<Key, Vec<(i64, usize)>> = HashMap::new();
    for (number, one) in found.iter().enumerate() {
        of_key.entry((one.fault.item, one.fault.place)).or_default().push((one.fault.at, number));
    }
    let linked = linked(context, &of_key);
    for (number, one) in found.iter_mut().enumerate() {
        let is_transfer = one.fault.class == Class::UnrecordedTransfer;
        let kind =
            if is_transfer { TouchpointKind::ManualTransfer } else { TouchpointKind::ManualAdjustment };
        let default = || seconds(minutes(settings, kind));
        one.fault.seconds = linked.get(&number).copied().unwrap_or_else(default);
    }
}

/// Returns the seconds of the manual work that faults have, by the number of the fault. `of_key` has the instants and numbers of
/// the faults of each key, by time. The faults of the days before a work share it.
fn linked(context: &Context, of_key: &HashMap<Key, Vec<(i64, usize)>>) -> HashMap<usize, u32> {
    let mut linked = HashMap::new();
    for works_of_key in touches(context).chunk_by(|one, other| one.0 == other.0) {
        let Some(list) = of_key.get(&works_of_key[0].0) else { continue };
        // At each fault: the seconds and the works that begin to count, less those that no longer do.
        let mut changes = vec![(0_i64, 0_i64); list.len() + 1];
        for (_, at, seconds) in works_of_key {
            let from = list.partition_point(|(time, _)| *time < at - LINKED);
            let until = list.partition_point(|(time, _)| *time <= *at);
            let share = i64::from(*seconds) / i64::try_from(until - from).unwrap_or(1).max(1);
            changes[from] = (changes[from].0 + share, changes[from].1 + 1);
            changes[until] = (changes[until].0 - share, changes[until].1 - 1);
        }
        let (mut seconds, mut works) = (0, 0);
        for ((_, number), change) in list.iter().zip(changes) {
            (seconds, works) = (seconds + change.0, works + change.1);
            if works > 0 {
                linked.insert(*number, u32::try_from(seconds).unwrap_or(u32::MAX));
            }
        }
    }
    linked
}

/// Returns key, true time and seconds of the manual work on single keys, by time.
fn touches(context: &Context) -> Vec<(Key, i64, u32)> {
    let world = context.world;
    let settings = &world.input.settings;
    let resolver = super::resolve::Resolver::new(world.input, Some(context.reference));
    let mut touches = Vec::new();
    for one in &world.input.touchpoints {
        let (Some(sku), Some(location)) = (&one.external_sku, &one.external_location) else { continue };
        let at = world.clocks.read(one.system, one.at);
        let found = resolver.resolve(one.system, sku, location, at);
        let key = (world.names.find(found.item), world.names.find(found.place));
        if let (Some(item), Some(place)) = key {
            let minutes = one.minutes.unwrap_or_else(|| minutes(settings, one.kind));
            touches.push(((item, place), at, seconds(minutes)));
        }
    }
    touches.sort_unstable();
    touches
}

/// Collects the movements that passed, or should have passed, an edge, with their instants.
pub(super) fn movements(context: &Context) -> Vec<(i64, Movement)> {
    let world = context.world;
    let mut all = Vec::with_capacity(context.occurrences.len());
    for one in context.occurrences.iter().filter(|one| one.at >= world.from) {
        let process = one.event_type.process();
        let event = &world.events[one.first(world)];
        for to in world.order.iter().copied().filter(|to| context.carries(*to, process, one.key.1)) {
            let from = context.from(one, to);
            if from == to {
                continue;
            }
            all.push((
                one.at,
                Movement {
                    from,
                    to,
                    process,
                    place: one.key.1,
                    item: one.key.0,
                    category: world.categories.get(&one.key.0).copied().unwrap_or(NO_NAME),
                    actor: event.actor,
                    hour: context.hour(event.at),
                },
            ));
        }
    }
    all
}

/// Returns whether people carried an event.
pub(super) fn is_manual(mode: Option<EntryMode>) -> bool {
    matches!(mode, Some(EntryMode::Csv | EntryMode::Ui))
}

/// Returns the name of an actor or item, if there is one.
pub(super) fn named(context: &Context, name: Option<NameNo>) -> Option<String> {
    name.filter(|name| *name != NO_NAME).map(|name| context.world.names.text(name).to_owned())
}
