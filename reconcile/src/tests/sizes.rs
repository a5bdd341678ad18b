//! Inputs that grow in one direction: many lines of one document, many snapshots of one key, numbers with many digits.

use std::time::Duration;

use super::speed::within;
use super::*;
use crate::align::{World, align, expand_sets};
use crate::classify::classify;
use crate::context::Context;
use crate::input::{BundlePart, Touchpoint};
use crate::levels::Levels;
use crate::names::NO_NAME;
use crate::row::{Priors, Row};
use crate::term::{Class, TouchpointKind};
use crate::{clock, fault, guess, matching, run};

/// Many rows, so that a number of steps that is the square of it takes minutes.
const MANY: i64 = 40_000;

/// A sale of one piece of an item at the first place.
fn sale(system: SystemNo, id: i64, minute: i64, units: i64) -> Event {
    let real = Real { number: 0, event_type: EventType::Sale, item: 0, place: 0, quantity: units, minute };
    let told = event(system, &format!("{system}-{id}"), &real, minute);
    Event { reference: None, recorded_at: None, ..told }
}

fn world(input: &Input) -> World<'_> {
    align(input, BTreeMap::new())
}

/// Asserts that each of many events is paired with one of the other system.
#[track_caller]
fn assert_pairs(input: &Input) {
    let world = world(input);
    let found = within(Duration::from_secs(1), || matching::find(&world));
    assert_eq!(found.len(), usize::try_from(MANY).expect("a number"));
    assert!(found.iter().all(|one| one.members.len() == 2 && one.extras.is_empty()));
}

#[test]
fn lines_of_one_document_with_other_quantities_are_paired() {
    let mut input = empty();
    for number in 0..MANY {
        for (system, units) in [(ERP, -1 - number), (SHOP, -1 - MANY - number)] {
            let reference = Some(text("D"));
            input.events.push(Event { reference, ..sale(system, number, 600, units) });
        }
    }
    assert_pairs(&input);
}

#[test]
fn equal_sales_without_document_are_paired() {
    let mut input = empty();
    for number in 0..MANY {
        for (system, late) in [(ERP, 0), (SHOP, 1)] {
            let mut sold = sale(system, number, 600, -1);
            sold.occurred_at += chrono::Duration::seconds(2 * number + late);
            input.events.push(sold);
        }
    }
    assert_pairs(&input);
}

#[test]
fn copies_within_a_second_are_each_in_one_occurrence() {
    let mut input = empty();
    for number in 0..MANY {
        let reference = Some(text(&format!("D{number}")));
        let mut named = Event { reference, ..sale(ERP, number, 600, -1) };
        named.occurred_at += chrono::Duration::microseconds(20 * number);
        let mut bare = sale(SHOP, number, 600, -1);
        bare.occurred_at += chrono::Duration::milliseconds(900);
        input.events.extend([named, bare]);
    }
    let world = world(&input);
    let found = within(Duration::from_secs(1), || matching::find(&world));
    let all = found.iter().flat_map(|one| one.members.iter().chain(&one.extras));
    let mut events: Vec<usize> = all.copied().collect();
    events.sort_unstable();
    assert_eq!(events, (0..input.events.len()).collect::<Vec<_>>());
}

#[test]
fn unknown_skus_of_one_document_are_joined_by_quantity() {
    let mut input = empty();
    for number in 0..MANY {
        for (system, sku, units) in [(ERP, "I", -1 - number), (SHOP, "x", number - MANY)] {
            let external_sku = text(&format!("{sku}{number}"));
            let reference = Some(text("D"));
            input.events.push(Event { external_sku, reference, ..sale(system, number, 600, units) });
        }
    }
    let world = world(&input);
    let found = within(Duration::from_secs(1), || matching::find(&world));
    assert_eq!(found.len(), usize::try_from(MANY).expect("a number"));
    for one in &found {
        let [unknown] = one.unknown.as_slice() else { panic!("one unknown event: {one:?}") };
        assert_eq!(world.events[*unknown].quantity, one.quantity);
    }
}

#[test]
fn a_line_in_many_parts_says_once_that_a_clock_differs() {
    let mut input = empty();
    let of_document = |document: &str, sold: Event| Event { reference: Some(text(document)), ..sold };
    for part in 0..12 {
        input.events.push(of_document("D", sale(ERP, part, 600, -1)));
    }
    input.events.push(of_document("D", sale(SHOP, 0, 720, -12)));
    let shifts = |input: &Input| {
        let world = world(input);
        clock::shifts(&world, ERP, &matching::find(&world))
    };
    assert_eq!(shifts(&input), BTreeMap::new(), "one document is no evidence");
    for number in 1..10 {
        let (document, minute) = (format!("D{number}"), 600 + 100 * number);
        input.events.push(of_document(&document, sale(ERP, 100 + number, minute, -2)));
        input.events.push(of_document(&document, sale(SHOP, 100 + number, minute + 120, -2)));
    }
    assert_eq!(shifts(&input), BTreeMap::from([(SHOP, 7_200)]), "ten documents are");
}

#[test]
fn a_line_of_many_parts_is_no_split() {
    let members = |parts: i64| {
        let mut input = empty();
        for (system, parts, units) in [(ERP, parts, -1), (SHOP, 1, -parts)] {
            for part in 0..parts {
                input.events.push(Event { reference: Some(text("D")), ..sale(system, part, 600, units) });
            }
        }
        let found = matching::find(&world(&input));
        found.iter().map(|one| one.members.len()).max().expect("an occurrence")
    };
    assert_eq!(members(99), 100, "99 parts and the whole are one line");
    assert_eq!(members(100), 2);
}

/// Two systems, of which the reference has one snapshot, and the shop one of each minute.
fn watched(units: impl Fn(i64) -> i64) -> Input {
    let mut input = empty();
    input.systems.remove(usize::from(POS));
    let shop = SHOP - 1;
    input.snapshots.push(line(ERP, 0, ("A", "10"), START));
    input.snapshots.extend((0..=MANY).map(|minute| line(shop, minute, ("A", "10"), units(minute))));
    input
}

#[test]
fn as_many_losses_as_snapshots_are_classified() {
    let mut input = watched(|_| START);
    let shop = SHOP - 1;
    for minute in 1..=MANY {
        input
            .events
            .push(Event { reference: Some(text(&minute.to_string())), ..sale(ERP, minute, minute, -1) });
    }
    // The shop sends events, though none of these.
    for minute in [1, MANY] {
        for system in [ERP, shop] {
            let external_sku = text("B");
            input.events.push(Event { external_sku, ..sale(system, -minute, minute, -1) });
        }
    }
    let world = world(&input);
    let occurrences = matching::find(&world);
    let context = Context::new(&world, ERP, &occurrences);
    let levels = Levels::find(&context);
    let found = within(Duration::from_secs(1), || classify(&context, &levels, &Priors::new()));
    assert_eq!(found.rows.len(), usize::try_from(MANY).expect("a number"));
    // The last sale may still arrive.
    for row in found.rows.iter().filter(|row| row.at < at(MANY).timestamp_micros()) {
        let [cause] = row.causes.as_slice() else { panic!("one cause: {row:?}") };
        assert_eq!((cause.class, cause.quantity, row.residual), (Class::MissedSale, 1, 0));
    }
}

#[test]
fn as_many_guesses_as_snapshots_are_made() {
    let mut input = watched(|minute| START + 5 * minute);
    input.events.push(Event { external_sku: text("B"), ..sale(ERP, 1, 1, -1) });
    let world = world(&input);
    let occurrences = matching::find(&world);
    let context = Context::new(&world, ERP, &occurrences);
    let mut found = classify(&context, &Levels::find(&context), &Priors::new());
    within(Duration::from_millis(250), || guess::fill(&context, &mut found));
    assert_eq!(found.rows.len(), usize::try_from(MANY).expect("a number"));
    // There is no third system: each change is an event that the reference lacks.
    let is_missed = |row: &Row| row.causes.iter().all(|cause| cause.class == Class::MissedReturn);
    assert!(found.rows.iter().all(|row| row.residual == 0 && row.causes.len() == 1 && is_missed(row)));
}

#[test]
fn the_manual_work_of_a_key_is_shared_by_its_losses() {
    const LOSSES: i64 = 20_000;
    let mut input = empty();
    input.systems.remove(usize::from(POS));
    let shop = SHOP - 1;
    for minute in 1..=LOSSES {
        // A thousand losses an hour, and the shop has one sale of each.
        let (reference, lost_at) = (Some(text(&minute.to_string())), minute / 1_000 * 60);
        input.events.push(Event { reference, ..sale(ERP, minute, lost_at, -1) });
    }
    for minute in [0, 50_000] {
        for system in [ERP, shop] {
            let external_sku = text("B");
            input.events.push(Event { external_sku, ..sale(system, -minute, minute, -1) });
        }
    }
    for number in 0..LOSSES {
        input.touchpoints.push(Touchpoint {
            system: ERP,
            at: at(2 * 1_440) + chrono::Duration::seconds(number),
            kind: TouchpointKind::Other,
            // 40,000 minutes are more than a week: a week of 604,800 seconds counts.
            minutes: Some(Decimal::from(40_000)),
            external_sku: Some(text("A")),
            external_location: Some(text("10")),
        });
    }
    let world = world(&input);
    let occurrences = matching::find(&world);
    let context = Context::new(&world, ERP, &occurrences);
    let classified = classify(&context, &Levels::find(&context), &Priors::new());
    let found = within(Duration::from_secs(1), || fault::collect(&context, &classified));
    assert_eq!(found.len(), usize::try_from(LOSSES).expect("a number"));
    // Each loss has 30 seconds of each work: 604,800 of 20,000.
    assert!(found.iter().all(|one| one.fault.seconds == 600_000), "{:?}", found.first());
}

#[test]
fn a_quantity_that_is_too_large_is_cut_and_said() {
    let mut input = business(|_, _| Effect::Keep);
    let is_last = |line: &&mut SnapshotLine| line.system == SHOP && line.taken_at == at(DAYS * 1440 - 120);
    let last = input.snapshots.iter_mut().find(is_last).expect("a line");
    last.quantity = "999999999999.000001".parse().expect("a quantity");
    let answer = run(&input);
    let [note] = answer.first_fix.notes.as_slice() else { panic!("one note: {:?}", answer.first_fix.notes) };
    assert_eq!(note, "Quantities above 1152921.504606 count as 1152921.504606: 1 of them.");
    assert_eq!(answer.discrepancies.len(), 1);
}

#[test]
fn sets_are_expanded_up_to_a_limit() {
    let mut input = empty();
    let part = |component: &str| BundlePart {
        item: text("SET"),
        component: text(component),
        quantity: Decimal::from(2),
    };
    input.bundles = ["A", "B", "C"].map(part).to_vec();
    for day in 0..3 {
        input.events.push(Event { external_sku: text("SET"), ..sale(ERP, day, day * 1440, -1) });
    }
    let mut world = world(&input);
    let parts = |world: &World| world.events.iter().filter(|event| event.of_set != NO_NAME).count();
    assert_eq!((parts(&world), world.whole_sets), (9, 0));
    world.events.retain(|event| event.of_set == NO_NAME);
    expand_sets(&mut world, 7);
    assert_eq!((parts(&world), world.whole_sets), (6, 1));
    let last = world.events.iter().filter(|event| event.of_set != NO_NAME).map(|event| event.at).max();
    assert_eq!(last, Some(at(1440).timestamp_micros()), "the first sets are expanded");
}
