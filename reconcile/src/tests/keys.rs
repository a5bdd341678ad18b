//! Keys that are wrong as such: a location without a mapping, two texts for one item, an item that a full snapshot lacks, and quantities
//! of another meaning. And a count that one system alone knows.

use std::collections::BTreeSet;

use super::faults::{classes, fix};
use super::*;
use crate::answer::{Answer, Discrepancy};
use crate::input::{LocationMapping, SkuMapping};
use crate::run;
use crate::term::{Class, QuantityMeaning, SystemKind};

/// Returns whether a line is one of the shop's for an item at a place, after the twentieth day.
fn is_late(line: &SnapshotLine, key: (&str, &str)) -> bool {
    line.system == SHOP
        && line.taken_at > at(20 * 1440)
        && (&*line.external_sku, &*line.external_location) == key
}

/// Returns the only difference.
#[track_caller]
fn only(answer: &Answer) -> &Discrepancy {
    let [row] = answer.discrepancies.as_slice() else { panic!("one row: {:?}", answer.discrepancies) };
    row
}

#[test]
fn a_location_without_mapping_is_listed_by_its_external_text() {
    let mut input = business(|_, _| Effect::Keep);
    let cage = |location: &mut Text| {
        if &**location == "30" {
            *location = text("cage");
        }
    };
    let events = input.events.iter_mut().filter(|event| event.system == SHOP);
    events.for_each(|event| cage(&mut event.external_location));
    let lines = input.snapshots.iter_mut().filter(|line| line.system == SHOP);
    lines.for_each(|line| cage(&mut line.external_location));
    let answer = run(&input);
    let rows: Vec<&Discrepancy> = answer.discrepancies.iter().filter(|one| one.place == "cage").collect();
    let skus: BTreeSet<&str> = rows.iter().map(|one| one.sku.as_str()).collect();
    assert_eq!(skus, BTreeSet::from(ITEMS), "each item is listed");
    assert!(
        rows.iter().all(|one| one.ours.is_none() && one.explanations[0].class == Class::UnmappedLocation),
        "{rows:?}"
    );
    assert_eq!(classes(&answer, "shop").into_keys().collect::<Vec<_>>(), [Class::UnmappedLocation]);
    input.location_mappings = vec![LocationMapping {
        system: SHOP,
        external_location: text("cage"),
        location: text("30"),
        valid_from: None,
        valid_until: None,
    }];
    assert_eq!(run(&input).discrepancies, [], "with a mapping, the systems agree");
}

/// Lists seven units of an item of the shop under other texts as well, after the twentieth day.
fn list_twice(input: &mut Input, sku: &str, location: &str) {
    let of_key = input.snapshots.iter().filter(|line| is_late(line, ("F", "10")));
    let mut twice: Vec<SnapshotLine> = of_key.cloned().collect();
    for line in &mut twice {
        (line.external_sku, line.external_location) = (text(sku), text(location));
        line.quantity = quantity(7);
    }
    input.snapshots.extend(twice);
}

#[track_caller]
fn assert_ambiguous(input: &Input) {
    let answer = run(input);
    let row = only(&answer);
    assert_eq!((&*row.system, &*row.sku, &*row.place), ("shop", "F", "10"));
    assert_eq!((row.increment, row.residual), (quantity(7), quantity(0)));
    assert_eq!(row.explanations[0].class, Class::AmbiguousMap, "{row:?}");
}

#[test]
fn two_skus_of_one_item_are_ambiguous() {
    let mut input = business(|_, _| Effect::Keep);
    list_twice(&mut input, "f-old", "10");
    input.sku_mappings = vec![SkuMapping {
        system: SHOP,
        external_sku: text("f-old"),
        external_location: None,
        item: text("F"),
        factor: Decimal::ONE,
        valid_from: None,
        valid_until: None,
    }];
    assert_ambiguous(&input);
}

#[test]
fn two_locations_of_one_place_are_ambiguous() {
    let mut input = business(|_, _| Effect::Keep);
    list_twice(&mut input, "F", "10-old");
    input.location_mappings = vec![LocationMapping {
        system: SHOP,
        external_location: text("10-old"),
        location: text("10"),
        valid_from: None,
        valid_until: None,
    }];
    assert_ambiguous(&input);
}

#[test]
fn an_item_that_a_full_snapshot_lacks_is_listed_once() {
    let mut input = business(|_, _| Effect::Keep);
    input.snapshots.retain(|line| !is_late(line, ("C", "30")));
    let answer = run(&input);
    let row = only(&answer);
    assert_eq!((&*row.system, &*row.sku, &*row.place, row.theirs), ("shop", "C", "30", None));
    assert_eq!(row.explanations[0].class, Class::UnmappedSku, "{row:?}");
    for line in input.snapshots.iter_mut().filter(|line| line.system == SHOP) {
        line.full = false;
    }
    assert_eq!(run(&input).discrepancies, [], "a partial snapshot says nothing of what it lacks");
}

#[test]
fn an_item_that_no_full_snapshot_has_is_listed_at_places_that_the_system_reports() {
    let mut input = business(|_, _| Effect::Keep);
    let is_of = |line: &SnapshotLine, sku: &str| {
        line.system == SHOP && &*line.external_location == "30" && &*line.external_sku == sku
    };
    input.snapshots.retain(|line| !is_of(line, "C"));
    let answer = run(&input);
    let row = only(&answer);
    assert_eq!((&*row.system, &*row.sku, &*row.place, row.theirs), ("shop", "C", "30", None));
    assert_eq!((row.ours, row.explanations[0].class), (Some(quantity(START)), Class::UnmappedSku));
    input.snapshots.retain(|line| !ITEMS.iter().any(|sku| is_of(line, sku)));
    assert_eq!(run(&input).discrepancies, [], "the shop has never reported the place");
}

#[test]
fn quarantined_incoming_and_expired_units_are_a_meaning() {
    for (kind, sign) in [("quarantined", -1), ("incoming", 1), ("expired", -1)] {
        let mut input = business(|_, _| Effect::Keep);
        for line in input.snapshots.iter_mut().filter(|line| &*line.external_location == "20") {
            let day = (line.taken_at - at(0)).num_days();
            let units = (day + i64::from(line.external_sku.as_bytes()[0])) % 5;
            match (line.system, kind) {
                (ERP, "quarantined") => line.quarantined = Some(quantity(units)),
                (ERP, "incoming") => line.incoming = Some(quantity(units)),
                (ERP, _) => line.expired = Some(quantity(units)),
                (SHOP, _) => line.quantity += quantity(sign * units),
                _ => {}
            }
        }
        let answer = run(&input);
        let found: Vec<Class> = classes(&answer, "shop").into_keys().collect();
        assert_eq!(found, [Class::MeaningMismatch], "{kind}");
        assert_eq!(named(&input), fix("erp", "shop", Class::MeaningMismatch, Some("20")), "{kind}");
    }
}

#[test]
fn a_count_that_one_system_alone_knows_is_a_variance() {
    let mut input = business(|_, _| Effect::Keep);
    let minute = 20 * 1440 + 21 * 60;
    let real = Real { number: 40, event_type: EventType::Count, item: 0, place: 1, quantity: -3, minute };
    let mut count = event(SHOP, "count-1", &real, minute);
    count.reference = None;
    input.events.push(count);
    for line in input.snapshots.iter_mut().filter(|line| is_late(line, ("A", "20"))) {
        line.quantity -= quantity(3);
    }
    let answer = run(&input);
    let row = only(&answer);
    assert_eq!((&*row.system, row.increment), ("shop", quantity(-3)));
    let [cause] = row.explanations.as_slice() else { panic!("one cause: {row:?}") };
    assert_eq!((cause.class, &*cause.from), (Class::CountVariance, "shop"));
    assert_eq!(cause.evidence[0].external_id.as_deref(), Some("count-1"));
}

/// The own books tell what is reserved now, and not what was reserved in the past.
#[test]
fn reserved_units_of_the_own_books_are_those_of_the_nearest_level_that_states_them() {
    let mut input = business(|_, _| Effect::Keep);
    input.systems[usize::from(ERP)].kind = SystemKind::Stockwell;
    input.systems[usize::from(SHOP)].quantity_meaning = QuantityMeaning::Available;
    let last = input.snapshots.iter().map(|line| line.taken_at).max().expect("a snapshot");
    for line in input.snapshots.iter_mut().filter(|line| &*line.external_sku == "A") {
        match line.system {
            ERP if line.taken_at == last => line.reserved = Some(quantity(3)),
            SHOP => line.quantity -= quantity(3),
            _ => {}
        }
    }
    assert_eq!(run(&input).discrepancies, []);
    // An empty cell of another system is 0, so that its last line changes the difference.
    input.systems[usize::from(ERP)].kind = SystemKind::Erp;
    let answer = run(&input);
    assert_eq!(answer.discrepancies.len(), PLACES.len());
    assert!(answer.discrepancies.iter().all(|row| row.increment == quantity(3)), "{answer:?}");
}
