//! Neither the order of rows nor their division into files makes a difference.

use reconcile::Input;
use reconcile::input::{Applied, Resolution};
use reconcile::term::Class;

use crate::fault::Course;
use crate::feed::{Exports, input};
use crate::random::Random;
use crate::run::Run;

fn bytes(input: &Input) -> String {
    serde_json::to_string(&reconcile::run(input)).expect("an answer is serialised")
}

fn shuffle(input: &mut Input, random: &mut Random) {
    random.shuffle(&mut input.ownership);
    random.shuffle(&mut input.location_mappings);
    random.shuffle(&mut input.sku_mappings);
    random.shuffle(&mut input.items);
    random.shuffle(&mut input.bundles);
    random.shuffle(&mut input.snapshots);
    random.shuffle(&mut input.events);
    random.shuffle(&mut input.touchpoints);
    random.shuffle(&mut input.resolutions);
    random.shuffle(&mut input.applied);
}

/// Adds people's decisions on the episodes and groups of a first run, each group's fix applied twice.
fn decide(input: &mut Input) {
    let answer = reconcile::run(input);
    for (number, episode) in answer.episodes.iter().take(200).enumerate() {
        let class = if number % 3 == 0 { Class::ManualAdjustment } else { episode.class };
        let system = episode.system.as_str().into();
        input.resolutions.push(Resolution { system, found: episode.class, class });
    }
    for days in [10, 20] {
        input.applied.extend(answer.exceptions.iter().take(10).map(|group| Applied {
            id: group.id.clone(),
            class: group.class,
            event_type: group.event_type,
            edge: group.edge.clone(),
            scope: group.scope.clone(),
            applied_at: input.through - chrono::Duration::days(days),
        }));
    }
    assert!(input.resolutions.len() > 50 && input.applied.len() > 2, "decisions are made");
}

/// Splits rows into files at drawn places and joins the files in another order.
fn regroup<T: Clone>(rows: &mut Vec<T>, random: &mut Random) {
    let mut files: Vec<Vec<T>> = vec![Vec::new(); random.index(9) + 2];
    for row in rows.drain(..) {
        let file = random.index(files.len());
        files[file].push(row);
    }
    random.shuffle(&mut files);
    rows.extend(files.into_iter().flatten());
}

#[test]
fn the_order_of_rows_makes_no_difference() {
    let run = Run::new(3, Course::Steady);
    let mut random = Random::of(3, "order");
    for exports in [Exports::Events, Exports::Snapshots] {
        let mut rows = input(&run, exports);
        decide(&mut rows);
        let first = bytes(&rows);
        assert_eq!(first, bytes(&rows), "the same input gives the same bytes");
        for _ in 0..3 {
            shuffle(&mut rows, &mut random);
            assert!(bytes(&rows) == first, "another order gives other bytes");
        }
    }
}

#[test]
fn the_division_into_files_makes_no_difference() {
    for seed in 4..7 {
        let run = Run::new(seed, Course::Late);
        let mut random = Random::of(seed, "files");
        let mut rows = input(&run, Exports::Events);
        let first = bytes(&rows);
        regroup(&mut rows.events, &mut random);
        regroup(&mut rows.snapshots, &mut random);
        regroup(&mut rows.touchpoints, &mut random);
        assert!(bytes(&rows) == first, "other files give other bytes");
    }
}

/// The systems are named by their position: another order of them renames every row.
#[test]
fn the_order_of_systems_makes_no_difference() {
    let run = Run::new(7, Course::Steady);
    let mut rows = input(&run, Exports::Events);
    let first = bytes(&rows);
    let last = u16::try_from(rows.systems.len() - 1).expect("a few systems");
    rows.systems.reverse();
    rows.location_mappings.iter_mut().for_each(|row| row.system = last - row.system);
    rows.sku_mappings.iter_mut().for_each(|row| row.system = last - row.system);
    rows.snapshots.iter_mut().for_each(|row| row.system = last - row.system);
    rows.events.iter_mut().for_each(|row| row.system = last - row.system);
    rows.touchpoints.iter_mut().for_each(|row| row.system = last - row.system);
    assert!(bytes(&rows) == first, "another order of systems gives other bytes");
}
