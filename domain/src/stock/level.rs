//! One level: its stock on hand, how much of it is reserved, and its value.
//!
//! A level keeps its own rules. Its fields are private, and only the methods here change them. After each change:
//!
//! - reserved and backordered are never below zero;
//! - stock on hand has a value of zero or more, and an empty level has a value of exactly zero;
//! - a level below zero has a value of zero or less: the provisional cost of the units that it lacks.
//!
//! A document reserves and releases here. It issues and receives through `Book::issue` and `Book::receive`, which
//! choose the cost layers, settle what is below zero, and call the methods here; so does `Book::revalue`.
//!
//! Reserved may exceed on hand: a forced issue leaves reservations uncovered. A command checks what is
//! available before it changes a level, so a broken rule is a fault of the program and panics.

use chrono::{DateTime, Utc};

use crate::id::{LocationId, LotId, ProductId};
use crate::number::{Money, Price, Quantity};
use crate::stock::unit_cost;
use crate::tenant::Settings;

/// The key of a level: one product, in one lot or without, at one location. Levels are locked in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LevelKey {
    /// The location.
    pub location_id: LocationId,
    /// The product.
    pub product_id: ProductId,
    /// The lot; nil for the level without a lot.
    pub lot_id: LotId,
}

impl LevelKey {
    /// Returns the level of a product without a lot.
    pub fn untracked(location_id: LocationId, product_id: ProductId) -> Self {
        LevelKey { location_id, product_id, lot_id: LotId::default() }
    }

    /// Returns the level on which orders wait for the product. For a tracked product it never has stock, and
    /// is locked before the levels of the lots.
    pub fn without_lot(&self) -> Self {
        LevelKey { lot_id: LotId::default(), ..*self }
    }

    /// Returns whether it is the level of a lot.
    pub fn is_of_lot(&self) -> bool {
        *self != self.without_lot()
    }
}

/// The figures of a level as they are stored.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoredLevel {
    /// Stock units on hand; below zero if more left than the record had.
    pub on_hand: Quantity,
    /// Stock units reserved.
    pub reserved: Quantity,
    /// Value of the stock on hand.
    pub value: Money,
    /// Last known cost of one stock unit.
    pub last_cost: Price,
    /// Whether the level has cost layers.
    pub layered: bool,
    /// Time of the last count.
    pub counted_at: Option<DateTime<Utc>>,
    /// Stock units that confirmed orders wait for.
    pub backordered: Quantity,
    /// Whether a till or a channel may have an allotment on the level.
    pub allotted: bool,
}

/// The figures of a level. Only its methods change them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Level {
    on_hand: Quantity,
    reserved: Quantity,
    value: Money,
    last_cost: Price,
    layered: bool,
    counted_at: Option<DateTime<Utc>>,
    backordered: Quantity,
    allotted: bool,
}

impl From<StoredLevel> for Level {
    fn from(stored: StoredLevel) -> Self {
        let StoredLevel { on_hand, reserved, value, last_cost, layered, counted_at, backordered, allotted } =
            stored;
        Level { on_hand, reserved, value, last_cost, layered, counted_at, backordered, allotted }
    }
}

impl Level {
    /// Returns the stock units on hand; below zero if more left than the record had.
    pub fn on_hand(&self) -> Quantity {
        self.on_hand
    }

    /// Returns the stock units reserved for orders, holds and allotments.
    pub fn reserved(&self) -> Quantity {
        self.reserved
    }

    /// Returns what may still be sold or reserved; below zero if more is reserved than is on hand.
    pub fn available(&self) -> Quantity {
        self.on_hand - self.reserved
    }

    /// Returns whether less than zero is on hand, or less than is reserved.
    pub fn is_short(&self) -> bool {
        self.on_hand.is_negative() || self.reserved > self.on_hand
    }

    /// Returns the stock units that confirmed orders wait for. Stock that becomes available is allocated to
    /// them first.
    pub fn backordered(&self) -> Quantity {
        self.backordered
    }

    /// Returns whether a till or a channel may have an allotment on the level.
    pub fn is_allotted(&self) -> bool {
        self.allotted
    }

    /// Returns the value of the stock on hand.
    pub fn value(&self) -> Money {
        self.value
    }

    /// Returns the last known cost of one stock unit.
    pub fn last_cost(&self) -> Price {
        self.last_cost
    }

    /// Returns the average cost of one stock unit, or the last known cost if none is on hand.
    pub fn unit_cost(&self) -> Price {
        if self.on_hand.is_positive() { Price::rounded(self.value.per(self.on_hand)) } else { self.last_cost }
    }

    /// Returns what `quantity` costs at the current average, or at the last known cost if none is on hand.
    pub(crate) fn cost_of(&self, quantity: Quantity, settings: &Settings) -> Money {
        if self.on_hand.is_positive() {
            settings.share(self.value, quantity, self.on_hand)
        } else {
            settings.money(self.last_cost.times(quantity))
        }
    }

    /// Returns whether the level has cost layers.
    pub fn is_layered(&self) -> bool {
        self.layered
    }

    /// Returns the time of the last count. The count includes what is dated until then, also if it is
    /// recorded later.
    pub fn counted_at(&self) -> Option<DateTime<Utc>> {
        self.counted_at
    }
}

/// Receipts and issues.
impl Level {
    /// Issues `quantity` at the average cost, and returns its cost. The last unit takes the rest of the
    /// value, so that an empty level has no value.
    pub(super) fn issue(&mut self, quantity: Quantity, settings: &Settings) -> Money {
        self.check_issue(quantity);
        let cost = if quantity == self.on_hand {
            self.value
        } else {
            settings.share(self.value, quantity, self.on_hand).min(self.value)
        };
        self.issue_at(quantity, cost, self.unit_cost());
        cost
    }

    /// Issues `quantity` at a known cost: that of its layers, or that with which it left its origin.
    /// `last_cost` is the unit cost of the last layer, or of the level.
    pub(super) fn issue_at(&mut self, quantity: Quantity, cost: Money, last_cost: Price) {
        self.check_issue(quantity);
        self.on_hand -= quantity;
        self.value -= cost;
        self.last_cost = last_cost;
        self.check();
    }

    fn check_issue(&self, quantity: Quantity) {
        assert!(quantity.is_positive() && quantity <= self.on_hand, "an issue stays within what is on hand");
    }

    /// Issues `quantity` below zero at a provisional cost.
    pub(crate) fn issue_below_zero(&mut self, quantity: Quantity, provisional: Money) {
        assert!(
            quantity.is_positive() && !self.on_hand.is_positive(),
            "goods go below zero only after everything on hand"
        );
        self.on_hand -= quantity;
        self.value -= provisional;
        self.check();
    }

    /// Receives `quantity` at a total cost of `value`. The level must not be below zero.
    pub(super) fn receive(&mut self, quantity: Quantity, value: Money) {
        assert!(quantity.is_positive() && !value.is_negative(), "a receipt brings goods at a cost");
        assert!(!self.on_hand.is_negative(), "a receipt settles what is below zero first");
        self.on_hand += quantity;
        self.value += value;
        self.last_cost = if self.layered { unit_cost(value, quantity) } else { self.unit_cost() };
        self.check();
    }

    /// Receives `quantity` of what is below zero, and reverses its provisional cost. `last_cost` is the real
    /// cost of one unit.
    pub(crate) fn settle_below_zero(&mut self, quantity: Quantity, provisional: Money, last_cost: Price) {
        assert!(
            quantity.is_positive() && quantity <= -self.on_hand,
            "a settlement stays within what is below zero"
        );
        self.on_hand += quantity;
        self.value += provisional;
        self.last_cost = last_cost;
        self.check();
    }

    /// Sets the value of the stock on hand, and returns the change.
    pub(super) fn revalue(&mut self, value: Money) -> Money {
        assert!(self.on_hand.is_positive() && !value.is_negative(), "only goods on hand have a value");
        let change = value - self.value;
        self.value = value;
        self.last_cost = self.unit_cost();
        self.check();
        change
    }

    /// Sets whether the level has cost layers.
    pub(super) fn set_layered(&mut self, layered: bool) {
        self.layered = layered;
    }

    /// Sets the time of the last count.
    pub(crate) fn note_count(&mut self, counted_at: DateTime<Utc>) {
        self.counted_at = Some(counted_at);
    }

    /// Notes the count that stands after a later one was reversed.
    pub(crate) fn restore_count(&mut self, counted_at: Option<DateTime<Utc>>) {
        self.counted_at = counted_at;
    }
}

/// Reservations and backorders.
impl Level {
    /// Reserves `quantity`.
    pub(crate) fn reserve(&mut self, quantity: Quantity) {
        assert!(!quantity.is_negative(), "a reservation adds to what is reserved");
        self.reserved += quantity;
    }

    /// Releases `quantity` of the reserved units.
    pub(crate) fn release(&mut self, quantity: Quantity) {
        assert!(!quantity.is_negative(), "a release takes off what is reserved");
        self.reserved -= quantity;
        self.check();
    }

    /// Adds `quantity` to the backordered units.
    pub(crate) fn backorder(&mut self, quantity: Quantity) {
        assert!(!quantity.is_negative(), "a backorder adds to what is waited for");
        self.backordered += quantity;
    }

    /// Takes `quantity` off the backordered units: it was allocated, or the order no longer wants it.
    pub(crate) fn end_backorder(&mut self, quantity: Quantity) {
        assert!(!quantity.is_negative(), "the end of a backorder takes off what is waited for");
        self.backordered -= quantity;
        self.check();
    }

    /// Panics if a rule of the level is broken.
    fn check(&self) {
        assert!(!self.reserved.is_negative(), "no more is released than was reserved");
        assert!(!self.backordered.is_negative(), "no more is allocated than was backordered");
        let is_sound = if self.on_hand.is_positive() {
            !self.value.is_negative()
        } else if self.on_hand.is_negative() {
            !self.value.is_positive()
        } else {
            self.value.is_zero()
        };
        assert!(is_sound, "the value of a level has the sign of what is on hand");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;
    use crate::stock::tests::settings;

    fn units(number: i64) -> Quantity {
        Quantity::new(number.into())
    }

    #[test]
    #[should_panic(expected = "no more is released than was reserved")]
    fn no_more_is_released_than_was_reserved() {
        let mut level = Level::from(StoredLevel { reserved: units(2), ..StoredLevel::default() });
        level.release(units(3));
    }

    #[test]
    #[should_panic(expected = "an issue stays within what is on hand")]
    fn an_issue_stays_within_what_is_on_hand() {
        let stored = StoredLevel { on_hand: units(2), value: Money::ONE, ..StoredLevel::default() };
        Level::from(stored).issue(units(3), &settings());
    }

    #[test]
    #[should_panic(expected = "goods go below zero only after everything on hand")]
    fn goods_go_below_zero_only_after_everything_on_hand() {
        let stored = StoredLevel { on_hand: units(2), value: Money::ONE, ..StoredLevel::default() };
        Level::from(stored).issue_below_zero(units(3), Money::ONE);
    }

    #[test]
    #[should_panic(expected = "the value of a level has the sign of what is on hand")]
    fn an_empty_level_is_worth_nothing() {
        let stored = StoredLevel { on_hand: units(2), value: Money::ONE, ..StoredLevel::default() };
        Level::from(stored).issue_at(units(2), Money::ZERO, Price::ZERO);
    }

    proptest! {
        /// After any receipts and issues, the cost issued plus the value left is the cost received.
        #[test]
        fn cost_is_conserved(steps in prop::collection::vec((1..500_i64, 0..100_000_i64, any::<bool>()), 1..60)) {
            let (mut level, mut came, mut left) = (Level::default(), Money::ZERO, Money::ZERO);
            for (quantity, cents, inward) in steps {
                let quantity = Quantity::new(Decimal::new(quantity, 1));
                if inward {
                    let value = Money::new(Decimal::new(cents, 2));
                    level.receive(quantity, value);
                    came += value;
                } else if level.on_hand.is_positive() {
                    left += level.issue(quantity.min(level.on_hand), &settings());
                }
                prop_assert_eq!(level.value + left, came);
                prop_assert!(!level.value.is_negative());
                prop_assert!(!level.on_hand.is_zero() || level.value.is_zero());
            }
        }
    }
}
