//! Walks the snapshots of one key and finds the causes of each change.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::cause::{self, Cause, Compared, Grade};
use super::context::Context;
use super::levels::{self, Levels, times};
use super::names::NO_NAME;
use super::resolve::State;
use super::row::{Classified, Priors, Row, absence, key_cause};
use super::subset::{self, Weighted};
use super::term::{Class, EventType};
use super::unit::{DAY, MINUTE, Series};

mod opens;

use opens::{Open, Opens};

/// A snapshot may miss events of this time before it, or have those of this time after it.
const BLUR: i64 = 30 * MINUTE;
/// Snapshots after which a cause that was not needed is forgotten.
const CARRIED_MAX: u32 = 2;
/// Most causes of one increment without the other side's events.
const GUESSES_MAX: usize = 4;
/// Most open differences that one snapshot may heal.
const OPEN_MAX: usize = 8;
/// Most events around a snapshot that are looked at.
const NEAR_MAX: usize = 500;

/// A part of a difference that holds for the key as such.
type Part = (Class, i64);

/// A change of the difference by one event.
#[derive(Debug, Clone, Copy)]
struct Step {
    at: i64,
    units: i64,
    occurrence: usize,
    event: usize,
    is_extra: bool,
    is_theirs: bool,
}

/// The walk through the snapshots of one key.
pub(super) struct Walk<'a, 'b> {
    context: &'a Context<'b>,
    levels: &'a Levels,
    priors: &'a Priors,
    series: &'a Series,
    steps: Vec<Step>,
    next: usize,
    sums: HashMap<usize, i64>,
    carried: Vec<(Cause, u32)>,
    open: Opens,
}

impl<'a, 'b> Walk<'a, 'b> {
    pub fn new(context: &'a Context<'b>, levels: &'a Levels, priors: &'a Priors, series: &'a Series) -> Self {
        let steps = steps(context, levels, series);
        Walk {
            context,
            levels,
            priors,
            series,
            steps,
            next: 0,
            sums: HashMap::new(),
            carried: Vec::new(),
            open: Opens::default(),
        }
    }

    pub fn run(mut self, all: &mut Classified, lists_once: bool) {
        let (system, key) = (self.series.system, self.series.key);
        let mut before: Option<(i64, i64, Vec<Part>)> = None;
        for (number, one) in self.series.observations.iter().enumerate() {
            let ours = levels::ours(self.context, system, key, one.at).unwrap_or(0);
            let Some(theirs) = one.quantity else {
                if before.is_some() && ours != 0 {
                    all.rows.push(absence(self.context, (system, key), one.at, ours));
                }
                (before, self.carried) = (None, Vec::new());
                self.skip(one.at);
                continue;
            };
            let parts = self.levels.parts(self.context, self.series, one, ours);
            let rest = theirs - ours - parts.iter().map(|part| part.1).sum::<i64>();
            let row = Row {
                system,
                key,
                state: State::Known,
                at: one.at,
                theirs: Some(theirs),
                ours: Some(ours),
                delta: theirs - ours,
                increment: 0,
                causes: Vec::new(),
                residual: 0,
            };
            match &before {
                None => {
                    self.skip(one.at);
                    self.begin(all, row, (parts.as_slice(), rest), lists_once && number == 0);
                }
                Some((last, was, old)) => {
                    self.change(all, row, (*last, *was, rest - was), (old.as_slice(), parts.as_slice()));
                }
            }
            before = Some((one.at, rest, parts));
        }
    }

    /// Begins with the first snapshot: what differs as such is listed, an older difference is kept apart.
    fn begin(&mut self, all: &mut Classified, mut row: Row, (parts, rest): (&[Part], i64), lists: bool) {
        let known = parts.iter().filter(|part| part.1 != 0);
        row.causes = known.map(|part| key_cause(self.context, row.system, *part, row.at)).collect();
        row.increment = row.delta - rest;
        if let Some(units) = clamped(row.theirs, row.ours, rest) {
            let cause = key_cause(self.context, row.system, (Class::ClampedNegative, units), row.at);
            self.open.add(Open { cause: cause.clone(), row: all.rows.len(), index: row.causes.len() });
            row.causes.push(cause);
            row.increment += units;
        } else if rest != 0 && lists {
            (row.increment, row.residual) = (row.delta, rest);
        } else if rest != 0 {
            all.old.push((row.system, row.key, row.at, rest));
        }
        if row.increment != 0 || !row.causes.is_empty() {
            all.rows.push(row);
        }
    }

    /// Explains the change since the snapshot before.
    fn change(
        &mut self,
        all: &mut Classified,
        mut row: Row,
        (last, was, increment): (i64, i64, i64),
        (old, new): (&[Part], &[Part]),
    ) {
        let mut changes: BTreeMap<Class, i64> = new.iter().copied().collect();
        old.iter().for_each(|(class, units)| *changes.entry(*class).or_default() -= units);
        changes.retain(|_, units| *units != 0);
        row.increment = increment + changes.values().sum::<i64>();
        for part in changes {
            let mut cause = key_cause(self.context, row.system, part, row.at);
            cause.heals = new.iter().all(|(class, units)| *class != part.0 || *units == 0);
            row.causes.push(cause);
        }
        let compared = Compared::new(self.series, row.at, self.levels.factor(row.system, row.key.0));
        let hidden = clamped(row.theirs, row.ours, increment);
        let hidden =
            hidden.map(|units| key_cause(self.context, row.system, (Class::ClampedNegative, units), row.at));
        let chosen = self.explain(increment, (last, was, hidden), compared);
        row.residual = increment - chosen.iter().map(|cause| cause.quantity).sum::<i64>();
        if increment == 0 {
            let system = row.system;
            all.silent.extend(chosen.into_iter().filter(|cause| !cause.heals).map(|cause| (system, cause)));
        } else {
            self.keep(all, &row, &chosen);
            row.causes.extend(chosen);
        }
        if row.increment != 0 || !row.causes.is_empty() {
            all.rows.push(row);
        }
    }

    /// Remembers open causes, and forgets those that were healed.
    fn keep(&mut self, all: &mut Classified, row: &Row, chosen: &[Cause]) {
        let index = row.causes.len();
        for cause in chosen.iter().filter(|cause| cause.heals) {
            self.heal(all, cause);
        }
        for (at, cause) in chosen.iter().enumerate().filter(|(_, cause)| !cause.heals) {
            self.open.add(Open { cause: cause.clone(), row: all.rows.len(), index: index + at });
        }
        if row.residual != 0 {
            let rest = key_cause(self.context, row.system, (Class::Unexplained, row.residual), row.at);
            self.open.add(Open { cause: rest, row: all.rows.len(), index: usize::MAX });
        }
    }

    /// Closes the open causes that a healing cause undoes.
    fn heal(&mut self, all: &mut Classified, healing: &Cause) {
        let closed = match healing.occurrence {
            Some(number) => self.open.close_occurrence(number),
            None => self.open.close_units(-healing.quantity),
        };
        let all_rows = all.rows.len();
        for open in closed {
            let Some(row) = all.rows.get_mut(open.row) else { continue };
            let Some(cause) = row.causes.get_mut(open.index) else { continue };
            let guessed = cause.grade != Grade::Event && healing.grade == Grade::Pattern;
            // A guess that healed at the next snapshot was a lag.
            let is_lag = open.row + 1 == all_rows || may_arrive(self.context, cause, row.at);
            if guessed && cause::is_missed(cause.class) && is_lag {
                cause.class = Class::TimingLag;
            }
        }
    }

    /// Passes the events up to an instant without a comparison.
    fn skip(&mut self, at: i64) {
        while let Some(step) = self.steps.get(self.next).filter(|step| step.at <= at) {
            if !step.is_extra {
                *self.sums.entry(step.occurrence).or_default() += step.units;
            }
            self.next += 1;
        }
    }

    /// Returns the causes of an increment since `last`. `hidden` are units below zero that one side does not show.
    fn explain(
        &mut self,
        increment: i64,
        (last, level, hidden): (i64, i64, Option<Cause>),
        compared: Compared,
    ) -> Vec<Cause> {
        let is_logged = self.context.is_logged(compared.system, compared.at);
        let mut candidates = self.candidates(compared, level, is_logged);
        let sum: i64 = candidates.iter().map(|cause| cause.quantity).sum();
        if is_logged && sum == increment {
            self.age_carried();
            return candidates;
        }
        let fresh = candidates.len();
        candidates.extend(self.carried.iter().map(|(cause, _)| {
            let mut cause = cause.clone();
            cause.cost += 20;
            cause
        }));
        if increment != 0 {
            self.add_blurred(&mut candidates, compared, is_logged);
            self.add_healing(&mut candidates);
            candidates.extend(hidden.map(|cause| Cause { cost: 50, grade: Grade::Pattern, ..cause }));
            if !is_logged {
                self.add_guesses(&mut candidates, last, compared);
            }
        }
        if !is_logged && candidates.len() > subset::EXACT_MAX {
            candidates.truncate(fresh.max(subset::EXACT_MAX));
        }
        let mut chosen = if increment == 0 { Vec::new() } else { search(increment, &candidates) };
        let rest = increment - chosen.iter().map(|at| candidates[*at].quantity).sum::<i64>();
        if !is_logged && (rest != 0 || chosen.len() > GUESSES_MAX) {
            chosen.clear();
        }
        let mut is_chosen = vec![false; candidates.len()];
        chosen.iter().for_each(|at| is_chosen[*at] = true);
        let (mut kept, mut carried) = (Vec::new(), Vec::new());
        for (at, cause) in candidates.into_iter().enumerate() {
            if is_chosen[at] {
                kept.push(cause);
            } else if at < fresh && (is_logged || may_arrive(self.context, &cause, compared.at)) {
                carried.push((cause, 0));
            }
        }
        self.age_carried();
        let explained: HashSet<Option<usize>> = kept.iter().map(|one| one.occurrence).collect();
        self.carried.retain(|(cause, _)| !explained.contains(&cause.occurrence));
        self.carried.extend(carried);
        kept
    }

    fn age_carried(&mut self) {
        self.carried.iter_mut().for_each(|(_, age)| *age += 1);
        self.carried.retain(|(_, age)| *age < CARRIED_MAX);
    }

    /// Returns the causes that the events since the last snapshot give.
    fn candidates(&mut self, compared: Compared, level: i64, is_logged: bool) -> Vec<Cause> {
        let mut nets: BTreeMap<(usize, Option<usize>), i64> = BTreeMap::new();
        while let Some(step) = self.steps.get(self.next).filter(|step| step.at <= compared.at).copied() {
            let extra = step.is_extra.then_some(step.event);
            *nets.entry((step.occurrence, extra)).or_default() += step.units;
            self.next += 1;
        }
        let mut candidates = Vec::new();
        for ((number, extra), net) in nets {
            let mut cause = match extra {
                Some(event) => cause::of_extra(self.context, compared.system, number, event),
                None => {
                    let left = self.sums.entry(number).or_default();
                    *left += net;
                    cause::of_occurrence(self.context, compared, number, (net, *left))
                }
            };
            cause.quantity = net;
            if net != 0 {
                if !is_logged {
                    cause.grade = Grade::Pattern;
                    cause.cost = self.guess_cost(cause.class);
                }
                candidates.push(cause);
            }
        }
        candidates.sort_by_key(|cause| (cause.at, cause.occurrence));
        self.mark_corrections(&mut candidates, level);
        candidates
    }

    /// Marks events that only make the systems equal again by hand. `level` is the difference of the last snapshot.
    fn mark_corrections(&self, candidates: &mut [Cause], level: i64) {
        let mut open = self.open.sum();
        // A person may have corrected the difference of the last snapshot, before the next event was known.
        let mut listed = open;
        let mut largest = self.open.largest().map(|cause| (cause.quantity.unsigned_abs(), cause.class));
        // The causes that this change began, less those that it ended, by their quantity.
        let mut begun: BTreeMap<i64, i64> = BTreeMap::new();
        for candidate in candidates {
            let quantity = candidate.quantity;
            let corrects = quantity != 0 && [open, listed, level].contains(&-quantity);
            let lowers =
                |of: i64| of.signum() == -quantity.signum() && quantity.unsigned_abs() <= of.unsigned_abs();
            let is_open = || {
                let open = i64::try_from(self.open.count(-quantity)).unwrap_or(i64::MAX);
                open.saturating_add(begun.get(&-quantity).copied().unwrap_or(0)) > 0
            };
            let is_part = self.has_no_document(candidate)
                && (is_open() || [open, listed, level].into_iter().any(lowers));
            if self.is_by_hand(candidate) && (corrects || is_part) {
                listed += quantity;
                *begun.entry(-quantity).or_default() -= 1;
                candidate.class = largest.map_or(Class::Unexplained, |(_, class)| class);
                candidate.heals = true;
                candidate.occurrence = None;
            }
            let size = quantity.unsigned_abs();
            if !candidate.heals {
                *begun.entry(quantity).or_default() += 1;
                if largest.is_none_or(|(most, _)| most <= size) {
                    largest = Some((size, candidate.class));
                }
            }
            open += quantity;
        }
    }

    /// Returns whether one system alone changed its quantity.
    fn is_by_hand(&self, cause: &Cause) -> bool {
        let alone =
            cause.occurrence.is_some_and(|number| self.context.occurrences[number].members.len() == 1);
        alone && matches!(cause.class, Class::ManualAdjustment | Class::CountVariance)
    }

    fn has_no_document(&self, cause: &Cause) -> bool {
        cause.occurrence.is_some_and(|number| self.context.occurrences[number].reference == NO_NAME)
    }

    fn guess_cost(&self, class: Class) -> u32 {
        let key = (self.series.system, self.series.key.1, class);
        100 - self.priors.get(&key).copied().unwrap_or(0)
    }

    /// Adds events so near to the snapshot that it may miss them, or have them already.
    fn add_blurred(&self, candidates: &mut Vec<Cause>, compared: Compared, is_logged: bool) {
        if !is_logged {
            return;
        }
        let from = self.steps.partition_point(|step| step.at <= compared.at - BLUR);
        let near = self.steps[from..].iter().take(NEAR_MAX).take_while(|step| step.at <= compared.at + BLUR);
        for step in near.filter(|step| !step.is_extra && step.is_theirs).take(6) {
            let one = &self.context.occurrences[step.occurrence];
            let units = if step.at <= compared.at { -step.units } else { step.units };
            let mut cause = cause::of_occurrence(self.context, compared, step.occurrence, (units, units));
            (cause.class, cause.quantity) = (Class::TimingLag, units);
            (cause.heals, cause.grade, cause.cost, cause.at) = (false, Grade::Proximity, 60, one.at);
            candidates.push(cause);
        }
    }

    /// Adds the return of open differences to nothing.
    fn add_healing(&self, candidates: &mut Vec<Cause>) {
        let healing = |cause: &Cause, quantity: i64, occurrence: Option<usize>, cost: u32| Cause {
            quantity,
            heals: true,
            occurrence,
            grade: Grade::Pattern,
            cost,
            ..cause.clone()
        };
        let recent = || self.open.newest().take(OPEN_MAX);
        for cause in recent() {
            candidates.push(healing(cause, -cause.quantity, cause.occurrence, 45));
        }
        if let Some(largest) = recent().max_by_key(|cause| cause.quantity.unsigned_abs()) {
            let sum = self.open.sum();
            if self.open.len() > 1 && sum != 0 {
                candidates.push(healing(largest, -sum, None, 50));
            }
        }
    }

    /// Adds guesses for a system without events: a repeated event, a transfer that the reference booked on one side only.
    fn add_guesses(&self, candidates: &mut Vec<Cause>, last: i64, compared: Compared) {
        let from = self.steps.partition_point(|step| step.at <= last - DAY);
        let recent = self.steps[from..].iter().take(NEAR_MAX).take_while(|step| step.at <= compared.at);
        for step in recent.filter(|step| !step.is_theirs && !step.is_extra).take(subset::EXACT_MAX) {
            let cost = self.guess_cost(Class::DuplicateEvent) + 80;
            let mut cause =
                cause::of_occurrence(self.context, compared, step.occurrence, (-step.units, -step.units));
            (cause.class, cause.quantity) = (Class::DuplicateEvent, -step.units);
            (cause.grade, cause.cost, cause.heals) = (Grade::Pattern, cost, false);
            candidates.push(cause);
        }
    }
}

/// Returns whether an event may be too young to be in a snapshot.
fn may_arrive(context: &Context, cause: &Cause, at: i64) -> bool {
    let process = cause.event_type.map(EventType::process);
    let late = process.map_or(0, |process| context.latency(process, cause.from, cause.to));
    at - cause.at <= late.max(BLUR)
}

/// Returns the part of a change that one side hides by stopping at zero.
fn clamped(theirs: Option<i64>, ours: Option<i64>, change: i64) -> Option<i64> {
    let (theirs, ours) = (theirs?, ours?);
    let is_clamped = (theirs == 0 && ours < 0) || (ours == 0 && theirs < 0);
    let hidden = theirs - ours;
    let units = if change.unsigned_abs() < hidden.unsigned_abs() { change } else { hidden };
    (is_clamped && change.signum() == hidden.signum()).then_some(units)
}

/// Searches the causes whose quantities add up to an increment.
fn search(increment: i64, candidates: &[Cause]) -> Vec<usize> {
    let weighted: Vec<Weighted> =
        candidates.iter().map(|cause| Weighted { quantity: cause.quantity, cost: cause.cost }).collect();
    subset::choose(increment, &weighted)
}

/// Returns the changes of a key's difference by single events, by time.
fn steps(context: &Context, levels: &Levels, series: &Series) -> Vec<Step> {
    let factor = levels.factor(series.system, series.key.0);
    let mut steps = Vec::new();
    if !context.has_events() {
        return steps;
    }
    for number in context.by_key.get(&series.key).into_iter().flatten().copied() {
        let one = &context.occurrences[number];
        let members =
            one.members.iter().map(|at| (*at, false)).chain(one.extras.iter().map(|at| (*at, true)));
        for (event, is_extra) in members {
            let found = &context.world.events[event];
            if found.of_set != NO_NAME || (found.item, found.place) != series.key {
                continue;
            }
            let (at, units, is_theirs) = if found.system == context.reference {
                (found.at, -found.quantity, false)
            } else if found.system == series.system {
                let units = factor.map_or(found.quantity, |factor| times(found.quantity, factor));
                (found.seen, units, true)
            } else {
                continue;
            };
            steps.push(Step { at, units, occurrence: number, event, is_extra, is_theirs });
        }
    }
    steps.sort_by_key(|step| (step.at, step.occurrence, step.event));
    steps
}
