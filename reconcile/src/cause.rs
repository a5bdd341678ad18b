//! Candidate causes: each has a signed quantity and the events that prove it.

use rust_decimal::Decimal;

use super::context::Context;
use super::input::SystemNo;
use super::levels::times;
use super::matching::Occurrence;
use super::names::NO_NAME;
use super::resolve::State;
use super::term::{Class, EntryMode, EventType};
use super::unit::Series;

/// Most events that are named as evidence of one cause.
const EVIDENCE_MAX: usize = 8;

/// The strength of the evidence for a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grade {
    /// Events of both sides were compared.
    Event,
    /// Quantities fit one side's events, or a rule that holds for the key.
    Pattern,
    /// Something happened nearby.
    Proximity,
}

impl Grade {
    /// Returns its share of the confidence, out of 1,000.
    pub fn weight(self) -> u32 {
        match self {
            Grade::Event => 1_000,
            Grade::Pattern => 600,
            Grade::Proximity => 300,
        }
    }
}

/// A cause of a part of a difference.
#[derive(Debug, Clone)]
pub(super) struct Cause {
    pub class: Class,
    /// Signed part of the difference, theirs minus ours.
    pub quantity: i64,
    /// System where the event began.
    pub from: SystemNo,
    /// System that lost, doubled or misread it.
    pub to: SystemNo,
    pub event_type: Option<EventType>,
    /// Events, as indices of the aligned events.
    pub evidence: Vec<usize>,
    pub grade: Grade,
    /// Whether it undoes an earlier difference.
    pub heals: bool,
    /// The occurrence that it concerns.
    pub occurrence: Option<usize>,
    /// The instant at which it happened.
    pub at: i64,
    /// Its cost in the search.
    pub cost: u32,
}

/// The systems compared, and whether this is the last snapshot of the key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compared {
    pub system: SystemNo,
    /// The instant of the snapshot.
    pub at: i64,
    /// The factor of the system's quantities, if it differs.
    pub factor: Option<Decimal>,
    /// Whether no later snapshot can show that it healed.
    pub is_last: bool,
}

impl Compared {
    pub fn new(series: &Series, at: i64, factor: Option<Decimal>) -> Self {
        let is_last = series.observations.last().is_some_and(|last| last.at == at);
        Compared { system: series.system, at, factor, is_last }
    }
}

/// Returns whether a system has the occurrence itself, and not only a set that contains it.
pub(super) fn has_real(context: &Context, one: &Occurrence, system: SystemNo) -> bool {
    one.of(context.world, system).any(|at| context.world.events[at].of_set == NO_NAME)
}

/// Returns the sum of a system's events of an occurrence.
pub(super) fn total(context: &Context, one: &Occurrence, system: SystemNo) -> i64 {
    let real = one.of(context.world, system).map(|at| &context.world.events[at]);
    real.filter(|event| event.of_set == NO_NAME).map(|event| event.quantity).sum()
}

/// Returns the cause of a net difference of one occurrence. `left` is the difference that stays after it.
pub(super) fn of_occurrence(
    context: &Context,
    compared: Compared,
    number: usize,
    (net, left): (i64, i64),
) -> Cause {
    let one = &context.occurrences[number];
    let (system, reference) = (compared.system, context.reference);
    let mut cause = Cause {
        class: one.event_type.missed(),
        quantity: net,
        from: context.from(one, system),
        to: system,
        event_type: Some(one.event_type),
        evidence: evidence(one),
        grade: Grade::Event,
        heals: false,
        occurrence: Some(number),
        at: one.at,
        cost: 10,
    };
    match (has_real(context, one, system), has_real(context, one, reference)) {
        (true, true) => set_both(context, compared, &mut cause, left),
        (true, false) => {
            cause.to = reference;
            if one.has(context.world, reference) {
                cause.class = Class::BundleExplosion;
            }
            if cause.from == reference {
                (cause.from, cause.to) = (reference, system);
            }
        }
        (false, true) => set_lacking(context, system, &mut cause),
        (false, false) => {}
    }
    let process = one.event_type.process();
    let is_young = compared.at - one.at < context.latency(process, cause.from, cause.to);
    if compared.is_last && is_young && !cause.heals && is_missed(cause.class) {
        cause.class = Class::TimingLag;
    }
    cause
}

/// Both have the event: one had it later, or with another quantity.
fn set_both(context: &Context, compared: Compared, cause: &mut Cause, left: i64) {
    let Some(one) = cause.occurrence.map(|number| &context.occurrences[number]) else { return };
    let (system, reference) = (compared.system, context.reference);
    let theirs = total(context, one, system);
    let theirs = compared.factor.map_or(theirs, |factor| times(theirs, factor));
    let ours = total(context, one, reference);
    if cause.from == system {
        cause.to = reference;
    }
    if theirs == ours {
        let late = is_told_late(context, one);
        cause.class = if late { one.event_type.missed() } else { Class::TimingLag };
        cause.heals = left == 0;
    } else if is_pack(context, one, theirs, ours) {
        cause.class = Class::UnitMismatch;
        (cause.from, cause.to) = (reference, system);
    }
}

/// The system lacks the event that the reference has.
fn set_lacking(context: &Context, system: SystemNo, cause: &mut Cause) {
    let Some(one) = cause.occurrence.map(|number| &context.occurrences[number]) else { return };
    let unknown =
        one.unknown.iter().map(|at| &context.world.events[*at]).find(|event| event.system == system);
    if let Some(event) = unknown {
        cause.class = of_state(event.state);
        cause.from = context.reference;
    } else if one.has(context.world, system) {
        cause.class = Class::BundleExplosion;
        if cause.from == system {
            cause.from = context.reference;
        }
    }
}

/// Returns the class of an unknown key.
pub(super) fn of_state(state: State) -> Class {
    match state {
        State::UnknownLocation => Class::UnmappedLocation,
        State::Ambiguous => Class::AmbiguousMap,
        State::UnknownSku | State::Known => Class::UnmappedSku,
    }
}

/// Returns the cause of an event that a system has once too often.
pub(super) fn of_extra(context: &Context, system: SystemNo, number: usize, event: usize) -> Cause {
    let one = &context.occurrences[number];
    let extra = &context.world.events[event];
    let is_theirs = extra.system == system;
    let other = if is_theirs { context.reference } else { system };
    let from = if one.origin == extra.system { other } else { one.origin };
    let mut evidence = evidence(one);
    evidence.insert(0, event);
    evidence.truncate(EVIDENCE_MAX);
    Cause {
        class: Class::DuplicateEvent,
        quantity: if is_theirs { extra.quantity } else { -extra.quantity },
        from,
        to: extra.system,
        event_type: Some(extra.event_type),
        evidence,
        grade: Grade::Event,
        heals: false,
        occurrence: Some(number),
        at: extra.seen.max(extra.at),
        cost: 10,
    }
}

fn evidence(one: &Occurrence) -> Vec<usize> {
    let all = one.members.iter().chain(&one.unknown).copied();
    all.take(EVIDENCE_MAX).collect()
}

/// Returns whether the class says that an event never arrived.
pub(super) fn is_missed(class: Class) -> bool {
    matches!(
        class,
        Class::MissedSale
            | Class::MissedReturn
            | Class::MissedReceipt
            | Class::UnrecordedTransfer
            | Class::ManualAdjustment
    )
}

/// Returns whether the system where the event began knew of it so late that others could not have it.
pub(super) fn is_told_late(context: &Context, one: &Occurrence) -> bool {
    let events = || one.members.iter().map(|at| &context.world.events[*at]);
    let first = &context.world.events[one.first(context.world)];
    events().any(|event| event.mode == Some(EntryMode::OfflineSync)) || first.seen - first.at > context.late()
}

/// Returns whether two quantities differ by a known pack.
fn is_pack(context: &Context, one: &Occurrence, theirs: i64, ours: i64) -> bool {
    if theirs == 0 || ours == 0 || theirs == ours {
        return false;
    }
    let packs = context.world.packs.get(&one.key.0).into_iter().flatten();
    let mut pairs = packs.flat_map(|pack| [(theirs, ours, *pack), (ours, theirs, *pack)]);
    pairs.any(|(small, large, pack)| times(small, pack) == large)
}
