//! The ranking of many episodes, without a database.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use reconcile::rank::{Cost, Evidence, Fault, Movement, fixes, rank};
use reconcile::term::{Class, EventType, Process};

use super::business::Numbers;
use crate::Failure;

/// Microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;
/// The place of every other episode.
const FAULTY: u32 = 7;

/// Ranks so many episodes of lost returns in 45 days, several times. Returns the seconds of the slowest time.
pub fn slowest(episodes: u32, rounds: u32) -> Result<f64, Failure> {
    let (faults, movements) = evidence(episodes);
    let costs = BTreeMap::from([(Class::MissedReturn, Cost { harm: 1.0, effort_days: 1.0 })]);
    let evidence = Evidence {
        faults: &faults,
        movements: &movements,
        slow: &BTreeSet::new(),
        costs: &costs,
        wage: 30.0,
        from: 0,
        through: 45 * DAY,
    };
    let mut slowest: f64 = 0.0;
    for _ in 0..rounds.max(1) {
        let begun = Instant::now();
        let groups = rank(&evidence);
        slowest = slowest.max(begun.elapsed().as_secs_f64());
        let first = fixes(&groups).first().and_then(|group| group.place);
        if first != Some(FAULTY) {
            return Err(format!("the ranking names place {first:?}, not {FAULTY}").into());
        }
    }
    Ok(slowest)
}

/// Makes a movement for each episode. Half of the episodes are at one place of 50.
fn evidence(episodes: u32) -> (Vec<Fault>, Vec<Movement>) {
    let mut numbers = Numbers(3);
    let (mut faults, mut movements) = (Vec::new(), Vec::new());
    for number in 0..episodes {
        let place = if number % 2 == 0 { FAULTY } else { numbers.below(50) };
        faults.push(Fault {
            from: 0,
            to: system(&mut numbers),
            class: Class::MissedReturn,
            event_type: Some(EventType::Return),
            place,
            item: numbers.below(5_000),
            category: 1,
            actor: numbers.below(20),
            document: number,
            hour: hour(&mut numbers),
            at: i64::from(numbers.below(45)) * DAY,
            units: 1,
            confidence: 1_000,
            seconds: 240,
        });
        movements.push(Movement {
            from: 0,
            to: system(&mut numbers),
            process: Process::Return,
            place: numbers.below(50),
            item: numbers.below(5_000),
            category: 1,
            actor: numbers.below(20),
            hour: hour(&mut numbers),
        });
    }
    (faults, movements)
}

fn system(numbers: &mut Numbers) -> u16 {
    u16::try_from(1 + numbers.below(4)).unwrap_or_default()
}

fn hour(numbers: &mut Numbers) -> u8 {
    u8::try_from(numbers.below(24)).unwrap_or_default()
}
