//! A cost of received goods that comes after their receipt: a bill that differs from it, or a landed cost.
//!
//! The share of the goods that are still held takes its part of the change as value. The part of the goods that are gone is the
//! rest, which the caller posts to cost variance. No movement of the past changes. Bills and landed costs have this one rule.
//!
//! - Cost layers name the receipt of their units, also after a transfer to another location.
//! - A level without layers does not: there, the units that came last count as those on hand, as if the oldest had left first. The
//!   level of a lot is one. Units that left such a level for another location are gone. So are units in transit.
//! - Units that an issue took below zero are gone.
//! - A level that changed from an average to layers since does not know the receipt: its units are gone.

use uuid::Uuid;

use super::LevelKey;
use crate::book::Book;
use crate::id::{LotId, ProductId};
use crate::number::{Money, Quantity};

/// Units that one line of a stock document received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceivedPart {
    /// The level that got them.
    pub key: LevelKey,
    /// The stock document and its line, as cost layers name them.
    pub line: (Uuid, i32),
    /// Stock units that came.
    pub came: Quantity,
    /// Stock units of them that did not go back to the supplier.
    pub quantity: Quantity,
    /// Stock units that a level without cost layers got after them: of receipts, openings and transfers, less what went back of
    /// these receipts.
    pub later: Quantity,
}

/// Units of a receipt that went back to the supplier.
#[derive(Debug, Clone, Copy)]
pub struct ReturnedGoods {
    /// The product.
    pub product_id: ProductId,
    /// The lot; nil if the product is not tracked.
    pub lot_id: LotId,
    /// Stock units.
    pub quantity: Quantity,
    /// Stock units and cost of the line that had received them, if it is known.
    pub received: Option<(Quantity, Money)>,
}

/// The share of a change of cost that the units of a received line have at a level.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeldShare {
    key: LevelKey,
    line: (Uuid, i32),
    value: Money,
}

/// Returns how many units of each line of a receipt went back to the supplier. Each line has its level, its stock units and their
/// cost. Units of a product and lot are of the lines that received what the line of the return did, and then of others.
pub fn went_back(lines: &[(LevelKey, Quantity, Money)], returned: &[ReturnedGoods]) -> Vec<Quantity> {
    let mut gone = vec![Quantity::ZERO; lines.len()];
    for back in returned {
        let is_of = |at: &usize| {
            let (key, ..) = lines[*at];
            (key.product_id, key.lot_id) == (back.product_id, back.lot_id)
        };
        let mut places: Vec<usize> = (0..lines.len()).filter(is_of).collect();
        places.sort_by_key(|at| back.received != Some((lines[*at].1, lines[*at].2)));
        let mut left = back.quantity;
        for at in places {
            let part = left.min(lines[at].1 - gone[at]);
            gone[at] += part;
            left -= part;
        }
    }
    gone
}

impl Book {
    /// Returns the shares of a change of the cost of all units of `parts`, by the levels that still hold units of them. The rest of
    /// `change` belongs to the units that are gone.
    pub(crate) fn shares_of(&self, parts: &[ReceivedPart], change: Money) -> Vec<HeldShare> {
        let whole: Quantity = parts.iter().map(|part| part.quantity).sum();
        let mut passed = Quantity::ZERO;
        let mut found = Vec::new();
        for part in parts.iter().filter(|part| part.quantity.is_positive()) {
            let of_part = self.setup.settings.slice(change, passed, part.quantity, whole);
            passed += part.quantity;
            let (_, shares) = self.held_shares(part, (of_part, part.quantity));
            found.extend(shares.into_iter().map(|(key, value)| HeldShare { key, line: part.line, value }));
        }
        found
    }

    /// Changes the value of levels by shares. Returns the change of value of each level, which leaves no value below zero. A change
    /// may change the costing method of its level, so all shares are found before.
    pub(crate) fn change_costs(&mut self, shares: Vec<HeldShare>) -> Vec<(LevelKey, Money)> {
        let change =
            |share: HeldShare| (share.key, self.change_held_cost(share.key, share.line, share.value));
        shares.into_iter().map(change).filter(|(_, value)| !value.is_zero()).collect()
    }

    /// Returns how many units of a received line are held, and their share of `value` by level. The whole value belongs to
    /// `whole` units, of which more are not held.
    pub(crate) fn held_shares(
        &self,
        part: &ReceivedPart,
        (value, whole): (Money, Quantity),
    ) -> (Quantity, Vec<(LevelKey, Money)>) {
        let mut done = Quantity::ZERO;
        let mut shares = Vec::new();
        for (key, units) in self.held_of(part, whole) {
            shares.push((key, self.setup.settings.slice(value, done, units, whole)));
            done += units;
        }
        (done, shares)
    }

    /// Returns the levels that hold units of a received line, and how many. Together they are at most those of the line, and at most
    /// `most`.
    pub(crate) fn held_of(&self, part: &ReceivedPart, most: Quantity) -> Vec<(LevelKey, Quantity)> {
        let level = self.level(&part.key);
        let mut left = part.quantity.min(most);
        if !level.is_layered() {
            let units = (level.on_hand() - part.later).min(left);
            return if units.is_positive() { vec![(part.key, units)] } else { Vec::new() };
        }
        let mut held = Vec::new();
        for (key, layers) in self.layers() {
            if (key.product_id, key.lot_id) != (part.key.product_id, part.key.lot_id) {
                continue;
            }
            let units = layers.left_of(part.line).0.min(left);
            if units.is_positive() {
                left -= units;
                held.push((*key, units));
            }
        }
        held
    }

    /// Changes the value of what a level holds of a received line, of all its layers together. Returns the change, which leaves
    /// no value below zero.
    pub(crate) fn change_held_cost(&mut self, key: LevelKey, line: (Uuid, i32), change: Money) -> Money {
        let change = change.max(-self.value_left(&key, line));
        if !change.is_zero() {
            self.add_cost(key, change, line);
        }
        change
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::DateTime;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;
    use crate::document::DocumentKind;
    use crate::id::LocationId;
    use crate::negative_stock::Issue;
    use crate::negative_stock::tests::book;
    use crate::stock::{CostingMethod, Layer, Layers, Source};

    const OPENING: Uuid = Uuid::from_u128(1);
    const RECEIPT: Uuid = Uuid::from_u128(2);

    fn key() -> LevelKey {
        LevelKey::untracked(LocationId::default(), ProductId::default())
    }

    fn money(cents: i64) -> Money {
        Money::new(Decimal::new(cents, 2))
    }

    fn units(tenths: i64) -> Quantity {
        Quantity::new(Decimal::new(tenths, 1))
    }

    fn bring(book: &mut Book, id: Uuid, (quantity, value): (i64, i64)) {
        let source = Source::new(DocumentKind::Receipt, id, 1, DateTime::UNIX_EPOCH);
        book.receive(key(), units(quantity), money(value), &source);
    }

    fn take(book: &mut Book, quantity: i64) {
        let at = DateTime::UNIX_EPOCH;
        book.issue(&Issue {
            key: key(),
            quantity: units(quantity),
            line_no: 1,
            occurred_at: at,
            forced: false,
        });
    }

    fn part(quantity: i64) -> ReceivedPart {
        let quantity = units(quantity);
        ReceivedPart { key: key(), line: (RECEIPT, 1), came: quantity, quantity, later: Quantity::ZERO }
    }

    fn spread_cost(book: &mut Book, parts: &[ReceivedPart], change: Money) -> Vec<(LevelKey, Money)> {
        let shares = book.shares_of(parts, change);
        book.change_costs(shares)
    }

    fn layered_value(book: &Book) -> Money {
        book.layers().get(&key()).into_iter().flat_map(Layers::iter).map(Layer::value).sum()
    }

    /// 5 units at 1.00 were there, and 10 came at 4.00.
    #[test]
    fn the_share_that_is_held_takes_its_part() {
        for (method, value) in [(CostingMethod::MovingAverage, 3_200), (CostingMethod::Fifo, 4_000)] {
            let mut book = book(method);
            bring(&mut book, OPENING, (50, 500));
            bring(&mut book, RECEIPT, (100, 4_000));
            take(&mut book, 70);
            let held = spread_cost(&mut book, &[part(100)], money(1_000));
            assert_eq!(held, [(key(), money(800))], "{method:?}");
            assert_eq!(book.level(&key()).value(), money(value), "{method:?}");
        }
    }

    /// 10 units came at 4.00, 7 left, and 10 came at 6.00.
    #[test]
    fn units_that_came_later_are_others() {
        for (method, later) in [(CostingMethod::MovingAverage, 100), (CostingMethod::Fifo, 0)] {
            let mut book = book(method);
            bring(&mut book, RECEIPT, (100, 4_000));
            take(&mut book, 70);
            bring(&mut book, OPENING, (100, 6_000));
            let part = ReceivedPart { later: units(later), ..part(100) };
            let held = spread_cost(&mut book, &[part], money(1_000));
            assert_eq!(held, [(key(), money(300))], "{method:?}");
            assert_eq!(book.level(&key()).value(), money(7_500), "{method:?}");
        }
    }

    #[test]
    fn goods_that_are_gone_take_nothing_and_value_never_falls_below_zero() {
        for method in [CostingMethod::MovingAverage, CostingMethod::Fifo] {
            let mut book = book(method);
            bring(&mut book, RECEIPT, (100, 4_000));
            let held = spread_cost(&mut book, &[part(100)], money(-5_000));
            assert_eq!(held, [(key(), money(-4_000))], "{method:?}");
            assert_eq!(book.level(&key()).value(), Money::ZERO, "{method:?}");
            take(&mut book, 100);
            assert!(spread_cost(&mut book, &[part(100)], money(1_000)).is_empty(), "{method:?}");
        }
    }

    /// 10 units of a receipt lie in two layers, one of them without value.
    #[test]
    fn a_layer_without_value_leaves_its_part_to_the_others_of_the_receipt() {
        let mut book = book(CostingMethod::Fifo);
        bring(&mut book, OPENING, (100, 9_000));
        bring(&mut book, RECEIPT, (50, 0));
        bring(&mut book, RECEIPT, (50, 4_000));
        let held = spread_cost(&mut book, &[part(100)], money(-3_000));
        assert_eq!(held, [(key(), money(-3_000))]);
        let held = spread_cost(&mut book, &[part(100)], money(-3_000));
        assert_eq!(held, [(key(), money(-1_000))], "the receipt has no more value");
        assert_eq!((book.level(&key()).value(), layered_value(&book)), (money(9_000), money(9_000)));
    }

    /// The first change makes the level one without cost layers. A line whose units are gone gets nothing all the same.
    #[test]
    fn shares_are_found_before_a_change_of_the_costing_method() {
        let mut book = book(CostingMethod::Fifo);
        bring(&mut book, RECEIPT, (100, 1_000));
        bring(&mut book, OPENING, (100, 1_000));
        take(&mut book, 100);
        let setup = Arc::get_mut(&mut book.setup).expect("no one else has it");
        setup.settings.costing_method = CostingMethod::MovingAverage;
        let parts = [ReceivedPart { line: (OPENING, 1), ..part(100) }, part(100)];
        assert_eq!(spread_cost(&mut book, &parts, money(2_000)), [(key(), money(1_000))]);
        assert_eq!(book.level(&key()).value(), money(2_000));
    }

    /// Two lines received 10 units each, at 1.00 and 2.00.
    #[test]
    fn units_that_went_back_are_of_the_line_that_received_them() {
        let lines = [(key(), units(100), money(1_000)), (key(), units(100), money(2_000))];
        let back = |quantity, received| ReturnedGoods {
            product_id: key().product_id,
            lot_id: key().lot_id,
            quantity: units(quantity),
            received,
        };
        let dear = Some((units(100), money(2_000)));
        assert_eq!(went_back(&lines, &[back(30, dear)]), [units(0), units(30)]);
        assert_eq!(went_back(&lines, &[back(120, dear), back(20, None)]), [units(40), units(100)]);
    }

    /// 4 of 10 units went back to the supplier: the others have all of a change.
    #[test]
    fn units_that_went_back_bear_nothing() {
        for method in [CostingMethod::MovingAverage, CostingMethod::Fifo] {
            let mut book = book(method);
            bring(&mut book, RECEIPT, (100, 4_000));
            take(&mut book, 40);
            assert_eq!(spread_cost(&mut book, &[part(60)], money(600)), [(key(), money(600))], "{method:?}");
            assert!(spread_cost(&mut book, &[part(0)], money(600)).is_empty(), "{method:?}");
            assert!(spread_cost(&mut book, &[], money(600)).is_empty(), "{method:?}");
        }
    }

    proptest! {
        /// A change that is taken back at once leaves every value as it was, and cost layers add up to their level.
        #[test]
        fn a_change_and_its_contrary_leave_nothing(
            fifo in any::<bool>(),
            received in 1..500_i64,
            cents in 0..100_000_i64,
            taken in 0..500_i64,
            change in 0..100_000_i64,
        ) {
            let method = if fifo { CostingMethod::Fifo } else { CostingMethod::MovingAverage };
            let mut book = book(method);
            bring(&mut book, OPENING, (10, 123));
            bring(&mut book, RECEIPT, (received, cents));
            let taken = taken.min(received);
            if taken > 0 {
                take(&mut book, taken);
            }
            let before = book.level(&key()).value();
            let held: Money =
                spread_cost(&mut book, &[part(received)], money(change)).iter().map(|(_, value)| *value).sum();
            prop_assert!(!held.is_negative() && held <= money(change));
            prop_assert_eq!(book.level(&key()).value(), before + held);
            prop_assert!(!fifo || layered_value(&book) == before + held);
            spread_cost(&mut book, &[part(received)], money(-change));
            prop_assert_eq!(book.level(&key()).value(), before);
            prop_assert!(!fifo || layered_value(&book) == before);
        }
    }
}
