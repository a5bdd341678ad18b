//! A cost of received goods that changes after their receipt, such as by a bill that differs from it.
//!
//! The share of the goods that are still held takes its part of the change as value. The part of the goods that are gone is the
//! rest, which the caller posts to cost variance. No movement of the past changes.
//!
//! - Cost layers name the receipt of their units, also after a transfer to another location.
//! - A level without layers does not: there, the units that came last count as those on hand, as if the oldest had left first. The
//!   level of a lot is one. Units that left such a level for another location are gone.
//! - Units that an issue took below zero are gone.

use std::sync::Arc;

use uuid::Uuid;

use super::LevelKey;
use crate::book::Book;
use crate::number::{Money, Quantity};

/// Units that one line of a stock document received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceivedPart {
    /// The level that got them.
    pub key: LevelKey,
    /// The line of the stock document.
    pub line_no: i32,
    /// Stock units, above zero.
    pub quantity: Quantity,
    /// Stock units that a level without cost layers got after them.
    pub later: Quantity,
}

impl Book {
    /// Changes the cost of all units that `parts` of a document received by `change`. Returns the change of value of each
    /// level that still holds units of them. The rest of `change` belongs to the units that are gone. No value falls below zero.
    ///
    /// # Panics
    ///
    /// If there are no parts.
    pub(crate) fn spread_cost(
        &mut self,
        document_id: Uuid,
        parts: &[ReceivedPart],
        change: Money,
    ) -> Vec<(LevelKey, Money)> {
        let setup = Arc::clone(&self.setup);
        let whole: Quantity = parts.iter().map(|part| part.quantity).sum();
        let mut passed = Quantity::ZERO;
        let mut changed = Vec::new();
        for part in parts {
            let of_part = setup.settings.slice(change, passed, part.quantity, whole);
            passed += part.quantity;
            let mut done = Quantity::ZERO;
            for (key, units) in self.held_of(document_id, part) {
                let of_level = setup.settings.slice(of_part, done, units, part.quantity);
                done += units;
                let value = self.change_held_cost(key, (document_id, part.line_no), of_level);
                if !value.is_zero() {
                    changed.push((key, value));
                }
            }
        }
        changed
    }

    /// Returns the levels that hold units of a received line, and how many. Together they are at most those of the line.
    fn held_of(&self, document_id: Uuid, part: &ReceivedPart) -> Vec<(LevelKey, Quantity)> {
        let level = self.level(&part.key);
        if !level.is_layered() {
            let units = (level.on_hand() - part.later).min(part.quantity);
            return if units.is_positive() { vec![(part.key, units)] } else { Vec::new() };
        }
        let mut left = part.quantity;
        let mut held = Vec::new();
        for (key, layers) in self.layers() {
            if (key.product_id, key.lot_id) != (part.key.product_id, part.key.lot_id) {
                continue;
            }
            let units = layers.units_of((document_id, part.line_no)).min(left);
            if units.is_positive() {
                left -= units;
                held.push((*key, units));
            }
        }
        held
    }

    /// Changes the value of what a level holds of a received line. Returns the change, which leaves no value below zero.
    fn change_held_cost(&mut self, key: LevelKey, line: (Uuid, i32), change: Money) -> Money {
        let setup = Arc::clone(&self.setup);
        let level = self.level(&key);
        let value = if level.is_layered() {
            self.layers_mut(key).change_cost(line, change, &setup.settings)
        } else {
            change.max(-level.value())
        };
        if !value.is_zero() {
            self.level_mut(key).revalue(level.value() + value);
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;
    use crate::document::DocumentKind;
    use crate::id::{LocationId, ProductId};
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
        ReceivedPart { key: key(), line_no: 1, quantity: units(quantity), later: Quantity::ZERO }
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
            let held = book.spread_cost(RECEIPT, &[part(100)], money(1_000));
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
            let held = book.spread_cost(RECEIPT, &[part], money(1_000));
            assert_eq!(held, [(key(), money(300))], "{method:?}");
            assert_eq!(book.level(&key()).value(), money(7_500), "{method:?}");
        }
    }

    #[test]
    fn goods_that_are_gone_take_nothing_and_value_never_falls_below_zero() {
        for method in [CostingMethod::MovingAverage, CostingMethod::Fifo] {
            let mut book = book(method);
            bring(&mut book, RECEIPT, (100, 4_000));
            let held = book.spread_cost(RECEIPT, &[part(100)], money(-5_000));
            assert_eq!(held, [(key(), money(-4_000))], "{method:?}");
            assert_eq!(book.level(&key()).value(), Money::ZERO, "{method:?}");
            take(&mut book, 100);
            assert!(book.spread_cost(RECEIPT, &[part(100)], money(1_000)).is_empty(), "{method:?}");
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
                book.spread_cost(RECEIPT, &[part(received)], money(change)).iter().map(|(_, value)| *value).sum();
            prop_assert!(!held.is_negative() && held <= money(change));
            prop_assert_eq!(book.level(&key()).value(), before + held);
            prop_assert!(!fifo || layered_value(&book) == before + held);
            book.spread_cost(RECEIPT, &[part(received)], money(-change));
            prop_assert_eq!(book.level(&key()).value(), before);
            prop_assert!(!fifo || layered_value(&book) == before);
        }
    }
}
