use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::id::{LotId, ProductId};
use crate::lot::{Lot, LotStatus};
use crate::negative_stock::tests::book;
use crate::stock::{CostingMethod, StoredLevel};

fn units(number: i64) -> Quantity {
    Quantity::new(number.into())
}

/// The level of a lot, by its number.
fn key(number: usize) -> LevelKey {
    let lot_id = LotId(Uuid::from_u128(number as u128 + 1));
    LevelKey { lot_id, ..LevelKey::untracked(LocationId::default(), ProductId::default()) }
}

/// Returns a book with lots that never expire: of each, the available units and those allotted to retail.
fn shelf(lots: &[(i64, i64)]) -> Book {
    let mut book = book(CostingMethod::MovingAverage);
    for (number, (free, kept)) in lots.iter().enumerate() {
        let key = key(number);
        book.lots.insert(Lot {
            id: key.lot_id,
            product_id: key.product_id,
            code: format!("L{number}"),
            expires_on: None,
            supplier_lot: None,
            received_from: None,
            received_at: DateTime::UNIX_EPOCH,
            status: LotStatus::Open,
            version: 1,
        });
        let stored =
            StoredLevel { on_hand: units(free + kept), reserved: units(*kept), ..StoredLevel::default() };
        *book.level_mut(key) = stored.into();
        let (hold_id, owner) = (HoldId::default(), Owner::Channel(Channel::Retail));
        let allotment = Allotment { hold_id, line_no: 1, owner, left: units(*kept), expires_at: None };
        if *kept > 0 {
            book.allotments.insert(key, vec![allotment]);
        }
    }
    book
}

fn kept(book: &Book) -> Quantity {
    book.allotments.values().flatten().map(|allotment| allotment.left).sum()
}

proptest! {
    /// A channel allotment shrinks only if no other unit is available, in any order of sales and lots. Each
    /// level has reserved what is left of its allotments.
    #[test]
    fn a_channel_allotment_keeps_its_quantity_while_goods_are_free(
        lots in prop::collection::vec((0..10_i64, 0..10_i64), 1..6),
        sales in prop::collection::vec(prop::collection::btree_map(0..6_usize, 1..12_i64, 1..4), 1..8),
    ) {
        let mut book = shelf(&lots);
        let requester = Requester::till(RegisterId::default());
        for sale in sales {
            let (before, mut posting) = (kept(&book), Posting::default());
            let (mut taken, mut consumed) = (Vec::new(), Vec::new());
            for (number, wanted) in sale.into_iter().filter(|(number, _)| *number < lots.len()) {
                let key = key(number);
                let usable = book.level(&key).available() + book.allotted_to(&key, requester);
                let quantity = units(wanted).min(usable);
                consumed.extend(consume(&mut book, key, quantity, requester, false, &mut posting));
                prop_assert!(quantity <= book.level(&key).available(), "what is taken is free then");
                taken.push((key, quantity));
            }
            for (key, quantity) in taken {
                if quantity.is_positive() {
                    book.issue_layers(key, quantity);
                }
            }
            rebalance(&mut book, &consumed, &mut posting);
            let free: Quantity = book.levels().values().map(|level| level.available()).sum();
            prop_assert!(kept(&book) <= before);
            prop_assert!(kept(&book) == before || free.is_zero());
            for (key, level) in book.levels() {
                prop_assert!(!level.available().is_negative());
                prop_assert_eq!(level.reserved(), book.allotted_to(key, requester));
            }
            for reservation in &posting.reservations {
                let last = posting.reservations.iter().rfind(|other| other.key == reservation.key);
                let last = last.expect("it is one of them");
                prop_assert_eq!(last.quantity, book.allotted_to(&last.key, requester));
            }
        }
    }
}
