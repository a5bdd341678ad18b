//! The simulator's own tests: its rows say what its truth says.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use reconcile::Input;
use reconcile::term::QuantityMeaning;
use rust_decimal::Decimal;

use crate::fault::{Course, Defect, Fault};
use crate::feed::{Exports, input, instant};
use crate::run::Run;
use crate::score::is_hit;
use crate::truth::{Reason, dirty_keys};
use crate::world::REFERENCE;

/// A reader of the rows who resolves spellings, packs and clocks as the contract says.
struct Reader {
    items: BTreeMap<(u16, String), (String, Decimal)>,
    places: BTreeMap<(u16, String), String>,
    offsets: Vec<i64>,
}

impl Reader {
    fn new(input: &Input) -> Self {
        let sku = |row: &reconcile::input::SkuMapping| {
            ((row.system, row.external_sku.to_string()), (row.item.to_string(), row.factor))
        };
        let place = |row: &reconcile::input::LocationMapping| {
            ((row.system, row.external_location.to_string()), row.location.to_string())
        };
        Self {
            items: input.sku_mappings.iter().map(sku).collect(),
            places: input.location_mappings.iter().map(place).collect(),
            offsets: input.systems.iter().map(|system| system.clock_offset_seconds).collect(),
        }
    }

    fn item(&self, system: u16, sku: &str) -> (String, Decimal) {
        self.items.get(&(system, sku.to_owned())).cloned().unwrap_or((sku.to_owned(), Decimal::ONE))
    }

    fn place(&self, system: u16, location: &str) -> String {
        self.places.get(&(system, location.to_owned())).cloned().unwrap_or(location.to_owned())
    }

    fn time(&self, system: u16, stated: DateTime<Utc>) -> i64 {
        stated.timestamp() - self.offsets[usize::from(system)]
    }
}

/// The reference's levels: by item and place, the first level, the changes and the reserved quantities.
#[derive(Default)]
struct Ours {
    first: Option<Decimal>,
    changes: Vec<(i64, Decimal)>,
    reserved: Vec<(i64, Decimal)>,
}

fn ours(input: &Input, reader: &Reader) -> BTreeMap<(String, String), Ours> {
    let reference = u16::try_from(REFERENCE).expect("the first system");
    let mut ours: BTreeMap<(String, String), Ours> = BTreeMap::new();
    for line in input.snapshots.iter().filter(|line| line.system == reference) {
        let level =
            ours.entry((line.external_sku.to_string(), line.external_location.to_string())).or_default();
        level.first = level.first.or(Some(line.quantity.get()));
        let reserved = line.reserved.expect("the reference states it").get();
        level.reserved.push((reader.time(reference, line.taken_at), reserved));
    }
    for event in input.events.iter().filter(|event| event.system == reference) {
        let level =
            ours.entry((event.external_sku.to_string(), event.external_location.to_string())).or_default();
        level.changes.push((reader.time(reference, event.occurred_at), event.quantity.get()));
    }
    ours
}

/// Returns the changes of theirs minus ours by system code, item, place and time, as the rows alone show them.
fn increments(input: &Input) -> BTreeMap<(String, String, String, i64), Decimal> {
    let reader = Reader::new(input);
    let ours = ours(input, &reader);
    let mut before: BTreeMap<(u16, String, String), Decimal> = BTreeMap::new();
    let mut increments = BTreeMap::new();
    for line in input.snapshots.iter().filter(|line| usize::from(line.system) != REFERENCE) {
        let system = &input.systems[usize::from(line.system)];
        let (item, factor) = reader.item(line.system, &line.external_sku);
        let place = reader.place(line.system, &line.external_location);
        let at = reader.time(line.system, line.taken_at);
        let Some(level) = ours.get(&(item.clone(), place.clone())).filter(|level| level.first.is_some())
        else {
            continue;
        };
        let moved = level.changes.iter().filter(|(time, _)| *time <= at).map(|(_, quantity)| quantity);
        let nearest = level.reserved.iter().min_by_key(|(time, _)| (time - at).abs()).expect("a line").1;
        let hidden =
            if system.quantity_meaning == QuantityMeaning::Available { nearest } else { Decimal::ZERO };
        let delta =
            line.quantity.get() * factor + hidden - level.first.unwrap_or_default() - moved.sum::<Decimal>();
        let last = before.insert((line.system, item.clone(), place.clone()), delta);
        let increment = delta - last.unwrap_or(delta);
        if !increment.is_zero() {
            increments.insert((system.code.to_string(), item, place, at), increment);
        }
    }
    increments
}

#[test]
fn the_rows_change_as_the_truth_says() {
    for (seed, course) in [(1, Course::Steady), (2, Course::Late), (3, Course::Null), (8, Course::Steady)] {
        let run = Run::new(seed, course);
        let mut shown = increments(&input(&run, Exports::Events));
        assert!(run.truth.rows.len() > 50, "a run has differences");
        for row in &run.truth.rows {
            let (system, place, item) = row.key;
            let name = (
                run.world.systems[system].code.to_owned(),
                run.world.items[item].sku.clone(),
                run.world.places[place].code.clone(),
                row.at,
            );
            let increment = shown.remove(&name);
            assert_eq!(increment, Some(Decimal::from(row.increment)), "seed {seed}, {name:?}: {row:?}");
        }
        let dirty = dirty_keys(&run.world, &run.dirt);
        for (name, increment) in shown {
            let is_dirty = dirty.iter().any(|(_, _, names)| names.contains(&name.1));
            assert!(is_dirty, "seed {seed}: the rows change by {increment} at {name:?}, the truth does not");
        }
    }
}

#[test]
fn a_planted_fault_recurs_and_the_weak_one_is_weaker() {
    for seed in 1..=20 {
        for course in [Course::Steady, Course::Late] {
            let run = Run::new(seed, course);
            let main = run.plan.main.as_ref().expect("a fault is planted");
            let weak = run.plan.weak.as_ref().expect("a weak fault is planted");
            let hits = |fault| run.books.units.iter().filter(|unit| is_hit(&run, fault, unit)).count() as i64;
            if ![Defect::Late, Defect::Misread].contains(&main.defect) {
                assert!(hits(main) >= 12, "seed {seed}, {course:?}: {} hits of {main:?}", hits(main));
                let time = |fault: &Fault| fault.until - fault.since;
                // The main fault hits at least half as often again per week.
                let is_weaker = 2 * hits(main) * time(weak) > 3 * hits(weak) * time(main);
                assert!(is_weaker, "seed {seed}, {course:?}: {} hits, weak {}", hits(main), hits(weak));
            }
        }
    }
}

#[test]
fn runs_have_all_classes_and_a_seed_gives_one_run() {
    let mut classes = BTreeSet::new();
    for seed in 1..=40 {
        let run = Run::new(seed, Course::Steady);
        let parts = run.truth.rows.iter().flat_map(|row| &row.parts);
        classes.extend(parts.filter_map(|part| match part.reason {
            Reason::Cause(class) => Some(class.word()),
            Reason::Heals | Reason::Either => None,
        }));
        classes.extend(dirty_keys(&run.world, &run.dirt).iter().map(|(class, _, _)| class.word()));
    }
    assert_eq!(classes.len(), 15, "every class but unexplained: {classes:?}");
    let events = |seed| format!("{:?}", input(&Run::new(seed, Course::Late), Exports::Events).events);
    assert!(events(5) == events(5), "a seed gives one run");
    assert!(events(5) != events(6), "another seed gives another run");
    assert_eq!(instant(crate::world::START).to_rfc3339(), "2026-01-04T23:00:00+00:00", "local midnight");
}
