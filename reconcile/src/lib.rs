//! Reconciliation: finds the first operational fix for stock that differs between systems.
//!
//! A run takes all inputs of a tenant as plain values ([`input::Input`]) and returns all results
//! ([`answer::Answer`]). It reads no clock and draws no number: equal inputs give equal results, in any order of rows.
//!
//! 1. `align` brings all rows to true time, to items and places of the reference, and to whole units.
//! 2. `matching` finds the events of all systems that are one and the same.
//! 3. `levels` finds causes that hold for a key as such, and `classify` the causes of each change of a difference.
//! 4. `episode` joins changes to episodes; `fault` lists each lost, doubled or misread event once.
//! 5. [`rank`] finds the groups that recur, `flow` draws the observed flow, `fix` and `health` state the results.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod answer;
pub mod input;
pub mod proof;
pub mod rank;
pub mod term;

mod align;
mod cause;
mod classify;
mod clock;
mod context;
mod declared;
mod episode;
mod fault;
mod fix;
mod flow;
mod guess;
mod health;
mod levels;
mod matching;
mod names;
mod resolve;
mod row;
mod rows;
mod shown;
mod statistics;
mod subset;
mod timeline;
mod unit;
mod walk;
mod wording;

use std::collections::BTreeMap;

pub use answer::Answer;
pub use input::Input;

use rust_decimal::Decimal;

use align::{World, align};
use context::Context;
use input::SystemNo;
use levels::Levels;
use rank::Movement;
use term::Basis;

/// Computes all results of a run.
pub fn run(input: &Input) -> Answer {
    if input.systems.is_sorted_by(|one, other| one.code <= other.code) {
        run_in_order(input)
    } else {
        run_in_order(&by_code(input))
    }
}

/// Returns the inputs with the systems in the order of their codes, so that their numbers decide nothing.
fn by_code(input: &Input) -> Input {
    let mut order: Vec<usize> = (0..input.systems.len()).collect();
    order.sort_by_key(|old| &input.systems[*old].code);
    let numbers: BTreeMap<usize, SystemNo> = order
        .iter()
        .enumerate()
        .filter_map(|(new, old)| Some((*old, SystemNo::try_from(new).ok()?)))
        .collect();
    let number = |old: &mut SystemNo| *old = numbers.get(&usize::from(*old)).copied().unwrap_or(*old);
    let mut sorted = input.clone();
    sorted.systems = order.iter().map(|old| input.systems[*old].clone()).collect();
    sorted.location_mappings.iter_mut().for_each(|row| number(&mut row.system));
    sorted.sku_mappings.iter_mut().for_each(|row| number(&mut row.system));
    sorted.snapshots.iter_mut().for_each(|row| number(&mut row.system));
    sorted.events.iter_mut().for_each(|row| number(&mut row.system));
    sorted.touchpoints.iter_mut().for_each(|row| number(&mut row.system));
    sorted
}

fn run_in_order(input: &Input) -> Answer {
    let mut world = align(input, BTreeMap::new());
    let Some(reference) = world.reference else { return shown::nothing(input) };
    let mut occurrences = matching::find(&world);
    let shifts = clock::shifts(&world, reference, &occurrences);
    if !shifts.is_empty() {
        world = align(input, shifts);
        occurrences = matching::find(&world);
    }
    let context = Context::new(&world, reference, &occurrences);
    let levels = Levels::find(&context);
    let mut classified = classify::classify(&context, &levels, &row::Priors::new());
    if world.order.iter().any(|system| !context.has_log(*system)) {
        let priors = classify::priors(&classified.rows);
        classified = classify::classify(&context, &levels, &priors);
        guess::fill(&context, &mut classified);
    }
    let episodes = episode::build(&context, &classified);
    let found = fault::collect(&context, &classified);
    let faults: Vec<rank::Fault> = found.iter().map(|one| one.fault).collect();
    let timed = fault::movements(&context);
    let movements: Vec<Movement> = timed.iter().map(|(_, movement)| *movement).collect();
    let observed = observed(&world);
    let mut slow = fault::slow(&context);
    slow.extend(fault::slow_in_snapshots(&context, &classified, &timed));
    let groups = rank::rank(&rank::Evidence {
        faults: &faults,
        movements: &movements,
        slow: &slow,
        costs: &fix::costs(&input.settings),
        wage: statistics::float(wage(input)),
        from: observed.0,
        through: world.through,
    });
    let findings = fix::Findings {
        context: &context,
        found: &found,
        groups: &groups,
        rows: &classified.rows,
        conflicts: flow::conflicts(&context),
        notes: shown::notes(&world),
        basis: basis(&context),
        observed,
    };
    let counted = health::Counted { found: &found, rows: &classified.rows, episodes: &episodes, observed };
    let discrepancies = shown::discrepancies(&context, &classified, &episodes);
    Answer {
        inputs: shown::inputs(&world),
        classes: shown::classes(&context, &classified, &episodes),
        explained_share: shown::explained(&classified),
        discrepancies,
        episodes: episode::shown(&context, &episodes),
        exceptions: fix::exceptions(&findings),
        flow_maps: flow::maps(&context),
        first_fix: fix::first(&findings),
        health: health::health(&context, &counted),
        proofs: health::proofs(&context, &found, &timed),
    }
}

/// Returns the cost of an hour of work. Without a stated one, groups are compared by their hours.
fn wage(input: &Input) -> Decimal {
    let stated = input.settings.wage_per_hour;
    if stated.is_zero() { Decimal::ONE } else { stated }
}

/// Returns the first and the last instant of the window that has data.
fn observed(world: &World) -> (i64, i64) {
    let events = world.events.iter().map(|event| event.at);
    let snapshots = world.series.iter().flat_map(|series| &series.observations).map(|one| one.at);
    let instants = || events.clone().chain(snapshots.clone()).filter(|at| *at >= world.from);
    let first = instants().min().unwrap_or(world.from);
    (first, instants().max().unwrap_or(first))
}

/// Returns whether the reference and another system have sent events. Without those of the reference, no event is compared.
fn basis(context: &Context) -> Basis {
    let mut others = context.world.order.iter().filter(|system| **system != context.reference);
    let has_both = context.has_events() && others.any(|system| context.has_log(*system));
    if has_both { Basis::Events } else { Basis::Snapshots }
}

#[cfg(test)]
mod tests;
