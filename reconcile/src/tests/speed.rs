//! The time that large inputs take.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::*;
use crate::rank::{Cost, Evidence, Fault, Group, Movement, fixes, rank};
use crate::run;
use crate::term::Class;

/// Microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// Returns how long this thread has computed, on Linux. Time in which other programs had the processor does not count.
fn computed() -> Option<Duration> {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    times.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Does `work`, and asserts that it takes at most this time. A build that is not optimised has four times as long.
#[track_caller]
pub(super) fn within<T>(bar: Duration, work: impl FnOnce() -> T) -> T {
    let (begun, before) = (Instant::now(), computed());
    let done = work();
    let took = begun.elapsed();
    let took = before.zip(computed()).map_or(took, |(before, after)| after.saturating_sub(before));
    let bar = if cfg!(debug_assertions) { 4 * bar } else { bar };
    assert!(took <= bar, "it took {took:?}, the bar is {bar:?}");
    done
}

/// Ranks faults of returns over 45 days, within a time.
#[track_caller]
fn ranked(faults: &[Fault], movements: &[Movement], bar: Duration) -> Vec<Group> {
    let costs = BTreeMap::from([(Class::MissedReturn, Cost { harm: 1.0, effort_days: 1.0 })]);
    let evidence = Evidence {
        faults,
        movements,
        slow: &BTreeSet::new(),
        costs: &costs,
        wage: 30.0,
        from: 0,
        through: 45 * DAY,
    };
    within(bar, || rank(&evidence))
}

/// A lost return of the item with the number of its place.
fn lost(number: u32, to: u16, place: u32, day: i64) -> Fault {
    Fault {
        from: 0,
        to,
        class: Class::MissedReturn,
        event_type: Some(EventType::Return),
        place,
        item: place,
        category: 1,
        actor: 1,
        document: number,
        hour: 12,
        at: day * DAY,
        units: 1,
        confidence: 1_000,
        seconds: 240,
    }
}

fn returned(to: u16, place: u32) -> Movement {
    Movement { from: 0, to, process: Process::Return, place, item: place, category: 1, actor: 1, hour: 12 }
}

#[test]
fn a_hundred_thousand_episodes_are_ranked() {
    let mut numbers = Numbers(3);
    let mut below = |limit: u64| u32::try_from(numbers.below(limit)).expect("small");
    let (mut faults, mut movements) = (Vec::new(), Vec::new());
    for number in 0..100_000_u32 {
        let place = if number % 2 == 0 { 7 } else { below(50) };
        let to = u16::try_from(1 + below(4)).expect("a system");
        let mut fault = lost(number, to, place, i64::from(below(45)));
        (fault.item, fault.actor) = (below(5_000), below(20));
        fault.hour = u8::try_from(below(24)).expect("an hour");
        faults.push(fault);
        let mut movement = returned(u16::try_from(1 + below(4)).expect("a system"), below(50));
        (movement.item, movement.actor) = (below(5_000), below(20));
        movement.hour = u8::try_from(below(24)).expect("an hour");
        movements.push(movement);
    }
    let groups = ranked(&faults, &movements, Duration::from_millis(500));
    assert_eq!(
        groups.iter().map(|group| group.faults.len()).sum::<usize>(),
        faults.len(),
        "each fault is in one group"
    );
    let first = fixes(&groups)[0];
    assert_eq!((first.class, first.place), (Class::MissedReturn, Some(7)));
}

#[test]
fn faults_at_thousands_of_places_are_ranked() {
    const FAULTY: u32 = 4_000;
    let days = || (0..45).step_by(4);
    let faults: Vec<Fault> = (0..FAULTY)
        .flat_map(|place| {
            days().map(move |day| lost(place * 100 + u32::try_from(day).unwrap_or(0), 1, place, day))
        })
        .collect();
    // At most places, nothing is lost.
    let movements: Vec<Movement> =
        (0..3 * FAULTY).flat_map(|place| (0..20).map(move |_| returned(1, place))).collect();
    let groups = ranked(&faults, &movements, Duration::from_secs(1));
    assert_eq!(groups.len(), 4_000);
    for (place, group) in (0..).zip(&groups) {
        assert_eq!((group.place, group.faults.len(), group.why_not), (Some(place), days().count(), None));
    }
}

#[test]
fn a_snapshot_of_50_000_lines_is_compared_within_five_seconds() {
    let mut input = empty();
    let skus: Vec<String> = (0..10_000).map(|number| format!("SKU-{number:05}")).collect();
    for (day, system) in [(0, ERP), (0, SHOP), (1, SHOP)] {
        for (number, sku) in skus.iter().enumerate() {
            for place in ["10", "20", "30", "40", "50"] {
                let is_wrong = day == 1 && number % 10 == 0;
                let units = 20 + i64::from(is_wrong);
                input.snapshots.push(line(system, day * 1440, (sku.as_str(), place), units));
            }
        }
    }
    let answer = within(Duration::from_secs(5), || run(&input));
    assert_eq!(answer.discrepancies.len(), 5_000);
    assert!(answer.discrepancies.iter().all(|one| one.increment.to_string() == "1"));
}
