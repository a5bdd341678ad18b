use proptest::prelude::*;
use uuid::Uuid;

use super::enter::enter;
use super::post::post;
use super::*;
use crate::location::LocationKind;
use crate::lot::tests::product;
use crate::negative_stock::AlreadyCounted;
use crate::negative_stock::tests::book;
use crate::product::{ItemRef, Tracking};
use crate::stock::{CostingMethod, StoredLevel};

/// A lot: stock units on record, units counted, and units moved since.
type Figures = (i64, i64, i64);

fn units(number: i64) -> Quantity {
    Quantity::new(number.into())
}

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + chrono::Duration::minutes(minute)
}

fn code(number: usize) -> String {
    format!("L{number}")
}

/// Returns a book with a product in lots, of which the first `known` exist, and one empty count sheet.
fn counted(lots: &[Figures], known: usize) -> (Book, CountId) {
    let mut book = book(CostingMethod::MovingAverage);
    book.now = at(60);
    let product = product(Tracking::Lot);
    let location = crate::book::Location {
        id: LocationId::default(),
        code: "MAIN".to_owned(),
        kind: LocationKind::Warehouse,
        channels: Vec::new(),
    };
    let setup = std::sync::Arc::get_mut(&mut book.setup).expect("nobody else has it");
    setup.locations.push(location);
    book.products.insert(product.id, product.clone());
    for (number, (there, _, since)) in lots.iter().enumerate().take(known) {
        let arrival = crate::lot::Arrival::found(code(number), None);
        let lot_id = crate::lot::enter(&mut book, product.id, &arrival, at(0), &mut Posting::default());
        let key = LevelKey { location_id: LocationId::default(), product_id: product.id, lot_id };
        let value = Money::new((*there).into());
        let stored = StoredLevel { on_hand: units(*there), value, ..StoredLevel::default() };
        *book.level_mut(key) = stored.into();
        book.moved_since.insert((key, at(number as i64)), units(*since));
    }
    let open = Open {
        id: None,
        location_id: None,
        lines: Vec::new(),
        blind: false,
        tolerance_percent: None,
        tolerance_value: None,
        reference: None,
    };
    let (count, _) = super::open(&mut book, &open).expect("a sheet is opened");
    (book, count.id)
}

proptest! {
    /// Each lot ends at its counted quantity and what moved since, for any counts of the others. The value of
    /// the stock changes by what is posted. A sheet is rejected and changes nothing if more of a lot left
    /// since than was found.
    #[test]
    fn each_lot_is_left_at_what_was_counted_and_moved_since(
        lots in prop::collection::vec((0..20_i64, 0..20_i64, -10..10_i64), 1..6),
        known in 0..6_usize,
    ) {
        let known = known.min(lots.len());
        let (mut book, id) = counted(&lots, known);
        let entry = |(number, (_, found, _)): (usize, &Figures)| EntryInput {
            item: ItemRef::Id(ProductId(Uuid::from_u128(1))),
            lot: Some(CountedLot { code: code(number), expires_on: None }),
            uom: None,
            quantity: units(*found),
            counted_at: Some(at(number as i64)),
            replaces: false,
        };
        let entries = lots.iter().enumerate().map(entry).collect();
        enter(&mut book, &Enter { count_id: id, entries }).expect("figures are entered");
        complete(&mut book, &Complete { count_id: id, skip_uncounted: false }).expect("all are counted");
        let worth = |book: &Book| book.levels().values().map(|level| level.value()).sum::<Money>();
        let (old, before) = (book.levels().clone(), worth(&book));
        let posted = post(&mut book, &Post { count_id: id, is_approver: true });
        let left = |(number, (_, found, since)): (usize, &Figures)| found + if number < known { *since } else { 0 };
        let is_contradiction = |(at, lot): (usize, &Figures)| at < known && left((at, lot)) < 0;
        if lots.iter().enumerate().any(is_contradiction) {
            prop_assert!(posted.is_err());
            prop_assert_eq!(book.levels(), &old);
            return Ok(());
        }
        let (count, document, posting) = posted.expect("it is posted");
        for (number, lot) in lots.iter().enumerate() {
            let known = book.lots.find(ProductId(Uuid::from_u128(1)), &code(number));
            let level = known.map(|_| book.level(&count.key(&book.lots, &count.lines[number])));
            prop_assert_eq!(level.map_or(Quantity::ZERO, |level| level.on_hand()), units(left((number, lot))));
            prop_assert_eq!(level.and_then(|level| level.counted_at()), level.map(|_| at(number as i64)));
            prop_assert!(known.is_some() || lot.1 == 0, "what was found has a lot");
        }
        prop_assert_eq!(worth(&book) - before, posting.movements.iter().map(|row| row.value).sum());
        prop_assert_eq!(document.map_or(Money::ZERO, |document| document.value), worth(&book) - before);
        prop_assert_eq!(posting.lots.len(), lots[known..].iter().filter(|(_, found, _)| *found > 0).count());
    }
}

#[test]
fn a_piece_that_is_seen_twice_is_one() {
    let (mut book, id) = counted(&[], 0);
    let product = product(Tracking::Serial);
    book.products.insert(product.id, product.clone());
    let seen = |quantity: i64| EntryInput {
        item: ItemRef::Id(product.id),
        lot: Some(CountedLot { code: code(1), expires_on: None }),
        uom: None,
        quantity: units(quantity),
        counted_at: None,
        replaces: false,
    };
    for (entries, expected) in [(vec![seen(0)], 0), (vec![seen(1), seen(1)], 1), (vec![seen(0)], 1)] {
        let (count, _) = enter(&mut book, &Enter { count_id: id, entries }).expect("it is entered");
        assert_eq!(count.lines[0].counted, Some(units(expected)));
    }
    let refused = enter(&mut book, &Enter { count_id: id, entries: vec![seen(2)] });
    assert_eq!(refused.expect_err("it is one piece").code, Code::ValidationFailed);
}

#[test]
fn sheets_of_one_batch_are_reversed_down_to_the_stock_without_counts() {
    let (mut book, first) = counted(&[(10, 0, 0)], 1);
    let lot = CountedLot { code: code(0), expires_on: None };
    let open = Open {
        id: None,
        location_id: None,
        lines: vec![Listed { product_id: ProductId(Uuid::from_u128(1)), lot_code: Some(lot.code.clone()) }],
        blind: false,
        tolerance_percent: None,
        tolerance_value: None,
        reference: None,
    };
    let (second, _) = super::open(&mut book, &open).expect("a sheet is opened");
    for (count_id, found, minute) in [(first, 9, 1), (second.id, 5, 10)] {
        let entry = EntryInput {
            item: ItemRef::Id(ProductId(Uuid::from_u128(1))),
            lot: Some(lot.clone()),
            uom: None,
            quantity: units(found),
            counted_at: Some(at(minute)),
            replaces: false,
        };
        enter(&mut book, &Enter { count_id, entries: vec![entry] }).expect("a figure is entered");
        complete(&mut book, &Complete { count_id, skip_uncounted: false }).expect("all are counted");
        post(&mut book, &Post { count_id, is_approver: true }).expect("it is posted");
    }
    let key = *book.levels().keys().next().expect("a level");
    // One unit left before the first sheet was counted, one before the second. Both are recorded after them.
    let late = [0, 5].map(|minute| AlreadyCounted {
        happened_at: at(minute),
        quantity: Quantity::ONE,
        value: Money::new(1.into()),
    });
    book.already_counted.insert(key, late.to_vec());
    for (count_id, left, stands) in [(second.id, 8, Some(at(1))), (first, 8, None)] {
        let reverse = Reverse { count_id, reason: "The wrong shelf".to_owned() };
        reverse.decide(&mut book).expect("it is reversed");
        assert_eq!((book.level(&key).on_hand(), book.level(&key).counted_at()), (units(left), stands));
    }
}
