//! The example of the module page: ten units of milk in two lots.

use chrono::{DateTime, Days, NaiveDate, Utc};
use uuid::Uuid;

use super::*;
use crate::book::{Book, Posting};
use crate::id::{HoldId, LocationId, LotId, ProductId, RegisterId};
use crate::lot::tests::product;
use crate::lot::{Lot, LotDetails, LotShare, LotStatus, NamedLot};
use crate::negative_stock::tests::book;
use crate::number::{Money, Quantity};
use crate::product::Tracking;
use crate::stock::{CostingMethod, LevelKey, StoredLevel};
use crate::tenant::Channel;

fn units(number: i64) -> Quantity {
    Quantity::new(number.into())
}

fn day(number: u64) -> NaiveDate {
    DateTime::<Utc>::UNIX_EPOCH.date_naive() + Days::new(number)
}

fn key(lot: u128) -> LevelKey {
    let product_id = ProductId(Uuid::from_u128(1));
    LevelKey { location_id: LocationId::default(), product_id, lot_id: LotId(Uuid::from_u128(lot)) }
}

const A: u128 = 1;
const B: u128 = 2;

fn till(number: u128) -> Requester {
    Requester::till(RegisterId(Uuid::from_u128(number)))
}

/// Adds a lot that was received on one day and expires on another, and its level.
fn stock(book: &mut Book, lot: u128, came: u64, expires: u64, on_hand: i64, reserved: i64) {
    let key = key(lot);
    book.lots.insert(Lot {
        id: key.lot_id,
        product_id: key.product_id,
        code: if lot == A { "A" } else { "B" }.to_owned(),
        expires_on: Some(day(expires)),
        supplier_lot: None,
        received_from: None,
        received_at: DateTime::UNIX_EPOCH + chrono::Duration::days(came as i64),
        status: LotStatus::Open,
        version: 1,
    });
    let value = Money::new(on_hand.into());
    let stored = StoredLevel {
        on_hand: units(on_hand),
        reserved: units(reserved),
        value,
        allotted: true,
        ..StoredLevel::default()
    };
    *book.level_mut(key) = stored.into();
}

fn keep(book: &mut Book, lot: u128, owner: Owner, left: i64) {
    // The till allotment is one hold, the channel allotment another.
    let hold = match owner {
        Owner::Till(_) => 1,
        Owner::Channel(_) => 2,
    };
    let (hold_id, line_no) = (HoldId(Uuid::from_u128(hold)), lot as i32);
    let allotment = Allotment { hold_id, line_no, owner, left: units(left), expires_at: None };
    book.allotments.entry(key(lot)).or_default().push(allotment);
}

/// The shop of the example.
fn shop() -> Book {
    let mut book = book(CostingMethod::MovingAverage);
    let product = product(Tracking::Lot);
    book.products.insert(product.id, product);
    stock(&mut book, A, 1, 10, 3, 3);
    stock(&mut book, B, 2, 20, 7, 4);
    let t1 = Owner::Till(RegisterId(Uuid::from_u128(1)));
    keep(&mut book, A, t1, 1);
    keep(&mut book, B, t1, 1);
    keep(&mut book, B, Owner::Channel(Channel::Retail), 3);
    book
}

fn sale() -> Purpose {
    Purpose::Sale { on: day(5), life_days: 0, at_hand: false }
}

/// Returns the units of A and of B that a line of `wanted` units gets, or nothing if it is rejected.
fn gets(mut demand: Demand, rule: &PickRule, wanted: i64, named: &[NamedLot]) -> Option<(i64, i64)> {
    let book = shop();
    let product = &book.products[&key(A).product_id];
    let quantity = units(wanted);
    let request = LineRequest { product, quantity, named, covered: Quantity::ZERO, pointer: "/lines/0" };
    let shares = demand.allocate(&book, rule, &request).ok()?;
    book.check_available(&demand).ok()?;
    let of = |lot| -> Quantity {
        let its = |share: &&LotShare| share.lot_id == key(lot).lot_id;
        shares.iter().filter(its).map(|share| share.quantity).sum()
    };
    let number = |quantity: Quantity| quantity.to_string().parse().expect("whole units");
    Some((number(of(A)), number(of(B))))
}

fn rule(purpose: Purpose, forced: bool) -> PickRule {
    let at = DateTime::UNIX_EPOCH + chrono::Duration::days(5);
    PickRule {
        location_id: LocationId::default(),
        purpose,
        left: Some(Departure { occurred_at: at, forced }),
    }
}

fn sold_at(number: u128, wanted: i64) -> Option<(i64, i64)> {
    gets(Demand::of(till(number)), &rule(sale(), false), wanted, &[])
}

fn ordered(wanted: i64) -> Option<(i64, i64)> {
    let rule = PickRule { left: None, ..rule(sale(), false) };
    gets(Demand::of(Requester::ORDER), &rule, wanted, &[])
}

#[test]
fn a_till_takes_its_allotment_then_what_is_free_and_of_retail() {
    assert_eq!(sold_at(1, 4), Some((1, 3)));
    assert_eq!(sold_at(1, 8), Some((1, 7)));
    assert_eq!(sold_at(1, 9), None);
    let named = |quantity| {
        let (code, details) = ("A".to_owned(), LotDetails::default());
        [NamedLot { code, quantity: Some(units(quantity)), details }]
    };
    let of_a = |wanted| gets(Demand::of(till(1)), &rule(sale(), false), wanted, &named(wanted));
    assert_eq!(of_a(1), Some((1, 0)));
    assert_eq!(of_a(2), None);
}

#[test]
fn another_till_takes_what_is_free_and_of_retail() {
    assert_eq!(sold_at(2, 4), Some((0, 4)));
    assert_eq!(sold_at(2, 6), Some((0, 6)));
    assert_eq!(sold_at(2, 7), None);
}

#[test]
fn an_order_and_a_transfer_take_what_is_free() {
    assert_eq!(ordered(3), Some((0, 3)));
    assert_eq!(ordered(4), None);
    let sent = |wanted| gets(Demand::default(), &rule(Purpose::Transfer { on: day(5) }, false), wanted, &[]);
    assert_eq!(sent(3), Some((0, 3)));
    assert_eq!(sent(4), None);
}

#[test]
fn a_document_takes_its_own_reservation_first() {
    let reserved = |wanted| {
        let mut demand = Demand::default();
        demand.promised(key(A), units(2));
        gets(demand, &rule(sale(), false), wanted, &[])
    };
    assert_eq!(reserved(2), Some((2, 0)));
    assert_eq!(reserved(5), Some((2, 3)));
    assert_eq!(reserved(6), None);
}

#[test]
fn a_forced_sale_takes_everything_and_then_the_lot_that_came_last() {
    let forced = |number| gets(Demand::of(till(number)), &rule(sale(), true), 12, &[]);
    assert_eq!(forced(1), Some((3, 9)));
    assert_eq!(forced(2), Some((3, 9)));
}

/// Returns what is left of the allotments after a sale: of the till on A and on B, and of retail.
fn left_after(number: u128, (of_a, of_b): (i64, i64)) -> [Quantity; 3] {
    let mut book = shop();
    for (lot, quantity) in [(A, of_a), (B, of_b)].into_iter().filter(|(_, quantity)| *quantity > 0) {
        let quantity = units(quantity);
        let consumed = consume(&mut book, key(lot), quantity, till(number), false, &mut Posting::default());
        assert!(quantity <= book.level(&key(lot)).available(), "what is taken is free then");
        book.issue_layers(key(lot), quantity);
        rebalance(&mut book, &consumed, &mut Posting::default());
    }
    let left = |lot, is_till| -> Quantity {
        let its = |one: &&Allotment| matches!(one.owner, Owner::Till(_)) == is_till;
        book.allotments[&key(lot)].iter().filter(its).map(|one| one.left).sum()
    };
    [left(A, true), left(B, true), left(B, false)]
}

#[test]
fn a_sale_lowers_the_channel_allotment_only_by_what_is_not_free() {
    assert_eq!(left_after(1, (1, 3)), [units(0), units(0), units(3)]);
    assert_eq!(left_after(1, (1, 7)), [units(0), units(0), units(0)]);
    assert_eq!(left_after(2, (0, 4)), [units(1), units(1), units(2)]);
}
