//! Sizes: a large input is linear.

use super::*;
use crate::reconcile::rank::{Cost, Evidence, Fault, Movement, fixes, rank};
use crate::reconcile::term::Class;

#[test]
fn a_hundred_thousand_episodes_are_ranked() {
    let mut numbers = Numbers(3);
    let mut below = |limit: u64| u32::try_from(numbers.below(limit)).expect("small");
    let day = 24 * 60 * 60 * 1_000_000;
    let (mut faults, mut movements) = (Vec::new(), Vec::new());
    for number in 0..100_000_u32 {
        let place = if number % 2 == 0 { 7 } else { below(50) };
        faults.push(Fault {
            from: 0,
            to: u16::try_from(1 + below(4)).expect("a system"),
            class: Class::MissedReturn,
            event_type: Some(EventType::Return),
            place,
            item: below(5_000),
            category: 1,
            actor: below(20),
            document: number,
            hour: u8::try_from(below(24)).expect("an hour"),
            at: i64::from(below(45)) * day,
            units: 1,
            confidence: 1_000,
            seconds: 240,
        });
        movements.push(Movement {
            from: 0,
            to: u16::try_from(1 + below(4)).expect("a system"),
            process: Process::Return,
            place: below(50),
            item: below(5_000),
            category: 1,
            actor: below(20),
            hour: u8::try_from(below(24)).expect("an hour"),
        });
    }
    let costs = BTreeMap::from([(Class::MissedReturn, Cost { harm: 1.0, effort_days: 1.0 })]);
    let slow = std::collections::BTreeSet::new();
    let evidence = Evidence {
        faults: &faults,
        movements: &movements,
        slow: &slow,
        costs: &costs,
        wage: 30.0,
        from: 0,
        through: 45 * day,
    };
    let groups = rank(&evidence);
    assert_eq!(
        groups.iter().map(|group| group.faults.len()).sum::<usize>(),
        faults.len(),
        "each fault is in one group"
    );
    let first = fixes(&groups)[0];
    assert_eq!((first.class, first.place), (Class::MissedReturn, Some(7)));
}
