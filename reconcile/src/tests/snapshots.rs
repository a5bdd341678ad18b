//! Snapshots alone show faults of the reference and faults that are thin at each place.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::*;
use crate::input::BundlePart;
use crate::term::Class;

/// Leaves only the events of the reference.
fn silent(mut input: Input) -> Input {
    input.events.retain(|event| event.system == ERP);
    input
}

/// Returns the class, the receiving system and the place of the first fix.
fn first(input: &Input) -> Option<(Class, String, Option<String>)> {
    named(input).map(|(_, to, class, place)| (class, to, place))
}

fn is_third_sale(real: &Real) -> bool {
    real.event_type == EventType::Sale && real.place == 1 && real.number.is_multiple_of(3)
}

#[test]
fn a_sale_that_the_reference_has_twice_is_its_duplicate_under_any_ids() {
    for has_one_id in [false, true] {
        let mut input =
            silent(business(
                |real, system| {
                    if system == ERP && is_third_sale(real) { Effect::Twice } else { Effect::Keep }
                },
            ));
        for event in input.events.iter_mut().filter(|_| has_one_id) {
            let id = event.external_id.strip_suffix("-1").map(|id| text(&format!("{id}-0")));
            event.external_id = id.unwrap_or_else(|| event.external_id.clone());
        }
        let expected = (Class::DuplicateEvent, "erp".to_owned(), Some("20".to_owned()));
        assert_eq!(first(&input), Some(expected), "one id: {has_one_id}");
    }
}

#[test]
fn a_sale_that_one_system_of_two_lacks_is_no_duplicate_of_the_reference() {
    let input = silent(business(|real, system| {
        let is_lost = system == SHOP && is_third_sale(real);
        if is_lost { Effect::Lose } else { Effect::Keep }
    }));
    assert_eq!(first(&input), Some((Class::MissedSale, "shop".to_owned(), Some("20".to_owned()))));
}

#[test]
fn a_set_that_the_reference_books_as_such_lacks_its_components_there() {
    let mut input = business(|_, _| Effect::Keep);
    let part = |component: &str, units: i64| BundlePart {
        item: text("SET"),
        component: text(component),
        quantity: Decimal::from(units),
    };
    input.bundles = vec![part("A", 70), part("B", 90)];
    for day in 1..DAYS {
        let minute = day * 1440 + 12 * 60;
        let number = u32::try_from(20_000 + day).expect("a number");
        for (item, units) in [(0, -70), (1, -90)] {
            let later = |line: &&mut SnapshotLine| {
                line.system != ERP
                    && line.taken_at > at(minute)
                    && (&*line.external_sku, &*line.external_location) == (ITEMS[item], "10")
            };
            input.snapshots.iter_mut().filter(later).for_each(|line| line.quantity += quantity(units));
        }
        let real = Real { number, event_type: EventType::Sale, item: 0, place: 0, quantity: -1, minute };
        let mut set = event(ERP, &format!("set-{day}"), &real, minute + 3);
        set.external_sku = text("SET");
        input.events.push(set);
    }
    let expected = (Class::BundleExplosion, "erp".to_owned(), Some("10".to_owned()));
    assert_eq!(first(&silent(input)), Some(expected));
}

#[test]
fn corrections_that_equal_an_event_by_chance_are_no_duplicates() {
    let mut input = business(|_, _| Effect::Keep);
    let mut numbers = Numbers(5);
    for day in 1..DAYS {
        for units in [-1, -40] {
            let item = usize::try_from(numbers.below(6)).expect("an item");
            let later = |line: &&mut SnapshotLine| {
                line.system == SHOP
                    && line.taken_at > at(day * 1440 + 12 * 60)
                    && (&*line.external_sku, &*line.external_location) == (ITEMS[item], "30")
            };
            input.snapshots.iter_mut().filter(later).for_each(|line| line.quantity += quantity(units));
        }
    }
    let found = named(&silent(input));
    let expected = ("shop".to_owned(), "erp".to_owned(), Class::ManualAdjustment, Some("30".to_owned()));
    assert_eq!(found, Some(expected));
}

/// The shop loses every sixth receipt of each place: too few to tell one place from chance.
#[test]
fn a_fault_that_is_thin_at_each_place_is_the_edges() {
    let mut lost: BTreeSet<u32> = BTreeSet::new();
    for place in 0..PLACES.len() {
        let receipts: Vec<u32> = happened()
            .iter()
            .filter(|real| real.event_type == EventType::Receipt && real.place == place)
            .map(|real| real.number)
            .collect();
        let some = receipts.iter().step_by(6);
        assert!((4..=7).contains(&some.len()), "{} are lost at one place", some.len());
        lost.extend(some);
    }
    let input =
        business(
            |real, system| {
                if system == SHOP && lost.contains(&real.number) { Effect::Lose } else { Effect::Keep }
            },
        );
    assert_eq!(first(&input), Some((Class::MissedReceipt, "shop".to_owned(), None)));
}
