//! The results of the classification in the words of the contract.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::align::{World, align};
use super::answer::{Answer, ClassCount, Discrepancy, Explanation, FirstFix, Health, Seen};
use super::context::Context;
use super::episode::{Episodes, confidence, permille};
use super::fix::evidence;
use super::health::share;
use super::input::{Input, ROWS_MAX, SystemNo};
use super::names::NO_NAME;
use super::row::{Classified, Row};
use super::rows::UNITS_MAX;
use super::term::{Basis, Class, InputKind, Outcome, Trend};

/// Returns the results of a run whose reference is not registered.
pub(super) fn nothing(input: &Input) -> Answer {
    let world = align(input, BTreeMap::new());
    Answer {
        inputs: inputs(&world),
        classes: Vec::new(),
        explained_share: Decimal::ONE,
        discrepancies: Vec::new(),
        episodes: Vec::new(),
        exceptions: Vec::new(),
        flow_maps: Vec::new(),
        first_fix: FirstFix {
            verdict: Outcome::NotEnoughData,
            basis: Basis::Snapshots,
            headline: "Not enough data: register the reference system.".to_owned(),
            fix: None,
            next: Vec::new(),
            naive: None,
            owner_conflicts: Vec::new(),
            settle_with: Vec::new(),
            notes: Vec::new(),
        },
        health: Health { weeks: Vec::new(), trend: Trend::Unknown, trend_text: "No data.".to_owned() },
        proofs: Vec::new(),
    }
}

/// Returns the rows seen per system and kind.
pub(super) fn inputs(world: &World) -> Vec<Seen> {
    let mut seen: BTreeMap<(usize, InputKind), (u64, i64, i64)> = BTreeMap::new();
    let mut add = |system: SystemNo, kind: InputKind, at: i64| {
        let of = seen.entry((world.position(system), kind)).or_insert((0, at, at));
        *of = (of.0 + 1, of.1.min(at), of.2.max(at));
    };
    for event in world.events.iter().filter(|event| event.of_set == NO_NAME && event.at >= world.from) {
        add(event.system, InputKind::Events, event.at);
    }
    let read = |system: SystemNo, at: DateTime<Utc>| {
        let is_known = usize::from(system) < world.input.systems.len();
        is_known.then(|| world.clocks.read(system, at))
    };
    let is_in = |at: &i64| (world.from..=world.through).contains(at);
    for line in &world.input.snapshots {
        if let Some(at) = read(line.system, line.taken_at).filter(is_in) {
            add(line.system, InputKind::Snapshots, at);
        }
    }
    for touch in &world.input.touchpoints {
        if let Some(at) = read(touch.system, touch.at).filter(is_in) {
            add(touch.system, InputKind::Touchpoints, at);
        }
    }
    let show = |((place, kind), (rows, first, last)): ((usize, InputKind), (u64, i64, i64))| Seen {
        system: world.code(world.order[place]).to_owned(),
        kind,
        rows,
        first_at: world.instant(first),
        last_at: world.instant(last),
    };
    seen.into_iter().map(show).collect()
}

/// Returns the facts about the inputs that the reader should know.
pub(super) fn notes(world: &World) -> Vec<String> {
    let note = |(system, seconds): (&SystemNo, &i64)| {
        let (minutes, word) = ((seconds.abs() + 30) / 60, if *seconds > 0 { "ahead of" } else { "behind" });
        format!(
            "The clock of {} is {minutes} minutes {word} what it declares; its instants were corrected.",
            world.code(*system)
        )
    };
    let mut notes: Vec<String> = world.shifts.iter().map(note).collect();
    if world.cut > 0 {
        let most = world.quantity(UNITS_MAX);
        notes.push(format!("Quantities above {most} count as {most}: {} of them.", world.cut));
    }
    if world.whole_sets > 0 {
        notes.push(format!(
            "Sold sets have more than {ROWS_MAX} components: {} events of sets are compared without them.",
            world.whole_sets
        ));
    }
    notes
}

/// Returns the changes of differences within the window, by system, SKU, place and instant.
pub(super) fn discrepancies(
    context: &Context,
    classified: &Classified,
    episodes: &Episodes,
) -> Vec<Discrepancy> {
    let mut all = Vec::new();
    for (number, row) in classified.rows.iter().enumerate() {
        if row.increment != 0 && row.at >= context.world.from {
            all.push(discrepancy(
                context,
                row,
                (&episodes.of_cause[number], episodes.of_rest[number]),
                episodes,
            ));
        }
    }
    all.sort_by(|one: &Discrepancy, other: &Discrepancy| {
        (&one.system, &one.sku, &one.place, one.taken_at).cmp(&(
            &other.system,
            &other.sku,
            &other.place,
            other.taken_at,
        ))
    });
    all
}

fn discrepancy(
    context: &Context,
    row: &Row,
    (of_cause, of_rest): (&[Option<usize>], Option<usize>),
    episodes: &Episodes,
) -> Discrepancy {
    let world = context.world;
    let id = |number: Option<usize>| number.map(|number| episodes.all[number].id.clone());
    let mut explanations: Vec<Explanation> = Vec::new();
    for (cause, number) in row.causes.iter().zip(of_cause) {
        explanations.push(Explanation {
            class: cause.class,
            quantity: world.quantity(cause.quantity),
            confidence: permille(confidence(context, row, cause)),
            heals: cause.heals,
            from: world.code(cause.from).to_owned(),
            to: world.code(cause.to).to_owned(),
            event_type: cause.event_type,
            evidence: cause.evidence.iter().map(|at| evidence(context, *at)).collect(),
            episode_id: id(*number),
        });
    }
    if explanations.is_empty() {
        explanations.push(Explanation {
            class: Class::Unexplained,
            quantity: world.quantity(row.residual),
            confidence: Decimal::ZERO,
            heals: false,
            from: world.code(context.reference).to_owned(),
            to: world.code(row.system).to_owned(),
            event_type: None,
            evidence: Vec::new(),
            episode_id: id(of_rest),
        });
    }
    let largest = row.causes.iter().zip(of_cause).max_by_key(|(cause, _)| cause.quantity.unsigned_abs());
    Discrepancy {
        system: world.code(row.system).to_owned(),
        sku: world.names.text(row.key.0).to_owned(),
        place: world.names.text(row.key.1).to_owned(),
        taken_at: world.written(row.system, row.at),
        theirs: row.theirs.map(|units| world.quantity(units)),
        ours: row.ours.map(|units| world.quantity(units)),
        delta: world.quantity(row.delta),
        increment: world.quantity(row.increment),
        explanations,
        residual: world.quantity(row.residual),
        episode_id: id(largest.and_then(|(_, number)| *number).or(of_rest)),
        level: None,
    }
}

/// Returns the explanations per class, in the order in which classes are tested.
pub(super) fn classes(context: &Context, classified: &Classified, episodes: &Episodes) -> Vec<ClassCount> {
    let mut counts: BTreeMap<Class, (u64, u64, i64)> = BTreeMap::new();
    for row in &classified.rows {
        for cause in row.causes.iter().filter(|cause| !cause.heals) {
            let of = counts.entry(cause.class).or_default();
            *of = (of.0 + 1, of.1, of.2.saturating_add(cause.quantity.abs()));
        }
        if row.residual != 0 {
            let of = counts.entry(Class::Unexplained).or_default();
            *of = (of.0 + 1, of.1, of.2.saturating_add(row.residual.abs()));
        }
    }
    for draft in &episodes.all {
        counts.entry(draft.class).or_default().1 += 1;
    }
    let show = |(class, (count, episodes, units)): (Class, (u64, u64, i64))| ClassCount {
        class,
        count,
        episodes,
        units: context.world.quantity(units),
    };
    counts.into_iter().map(show).collect()
}

/// Returns the share of the differences that have a cause.
pub(super) fn explained(classified: &Classified) -> Decimal {
    let changed = classified.rows.iter().filter(|row| row.increment != 0);
    let (all, explained) =
        changed.fold((0, 0), |(all, explained), row| (all + 1, explained + u64::from(row.residual == 0)));
    share(explained, all).unwrap_or(Decimal::ONE)
}
