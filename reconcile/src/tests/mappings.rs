//! Mappings of external texts, in any number and any order.

use std::time::Duration;

use super::speed::within;
use super::*;
use crate::input::{LocationMapping, SkuMapping};
use crate::resolve::{Resolver, State};

fn mapping(sku: &str, place: Option<&str>, item: &str) -> SkuMapping {
    SkuMapping {
        system: SHOP,
        external_sku: text(sku),
        external_location: place.map(text),
        item: text(item),
        factor: Decimal::ONE,
        valid_from: None,
        valid_until: None,
    }
}

#[test]
fn a_mapping_of_a_location_wins_in_any_order() {
    let rows = [mapping("S", None, "A"), mapping("S", None, "B"), mapping("S", Some("10"), "C")];
    let (sku, here, there) = (text("S"), text("10"), text("20"));
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut input = empty();
        input.snapshots = PLACES.map(|place| line(ERP, 0, ("A", place), 1)).to_vec();
        input.sku_mappings = order.map(|number| rows[number].clone()).to_vec();
        let resolver = Resolver::new(&input, Some(ERP));
        let found = resolver.resolve(SHOP, &sku, &here, 0);
        assert_eq!((&**found.item, found.state), ("C", State::Known), "{order:?}");
        assert_eq!(resolver.resolve(SHOP, &sku, &there, 0).state, State::Ambiguous, "{order:?}");
    }
}

#[test]
fn a_sku_with_a_mapping_for_each_location_and_each_minute_is_looked_up_quickly() {
    const MANY: i64 = 40_000;
    let mut input = empty();
    for number in 0..MANY {
        let (from, until) = (Some(at(number)), Some(at(number + 1)));
        let mut timed = mapping("S", None, &format!("I{number}"));
        (timed.valid_from, timed.valid_until) = (from, until);
        input.sku_mappings.push(timed);
        input.sku_mappings.push(mapping("L", Some(&format!("P{number}")), &format!("I{number}")));
        input.location_mappings.push(LocationMapping {
            system: SHOP,
            external_location: text("shelf"),
            location: text(&format!("P{number}")),
            valid_from: from,
            valid_until: until,
        });
    }
    let places: Vec<Text> = (0..MANY).map(|number| text(&format!("P{number}"))).collect();
    let (timed, located, shelf) = (text("S"), text("L"), text("shelf"));
    within(Duration::from_secs(1), || {
        let resolver = Resolver::new(&input, Some(ERP));
        for (number, place) in (0..).zip(&places) {
            let minute = at(number).timestamp_micros();
            let item = format!("I{number}");
            let found = resolver.resolve(SHOP, &timed, &shelf, minute);
            assert_eq!((&**found.item, found.place, found.state), (item.as_str(), place, State::Known));
            let found = resolver.resolve(SHOP, &located, place, minute);
            assert_eq!((&**found.item, found.state), (item.as_str(), State::Known));
        }
    });
}
