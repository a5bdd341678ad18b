//! The one stock record: levels, movements, reservations, and what goods cost.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::document::DocumentKind;
use crate::id::{LocationId, LotId, MovementId, ProductId};
use crate::number::{Money, Price, Quantity};
use crate::tenant::{Channel, Settings};

mod cost;
mod costing_method;

pub use cost::{Issued, Layer, LayerUse, Layers, Source};
pub use costing_method::CostingMethod;

/// Where a stock level is kept: one product, in one lot, at one location. Levels are locked in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LevelKey {
    /// The location.
    pub location_id: LocationId,
    /// The product.
    pub product_id: ProductId,
    /// The lot; nil where the product is not tracked by lot.
    pub lot_id: LotId,
}

impl LevelKey {
    /// The level of a product that is not tracked by lot.
    pub fn untracked(location_id: LocationId, product_id: ProductId) -> Self {
        LevelKey { location_id, product_id, lot_id: LotId::default() }
    }

    /// The level on which lines wait for the product: its own where the product is not tracked by lot, else one that never
    /// has goods and is locked before those of the lots.
    pub fn without_lot(&self) -> Self {
        LevelKey { lot_id: LotId::default(), ..*self }
    }

    /// Whether it is the level of a lot.
    pub fn is_of_lot(&self) -> bool {
        *self != self.without_lot()
    }
}

/// How much there is, how much of it is promised, and what it cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Level {
    /// Stock units physically there.
    pub on_hand: Quantity,
    /// Stock units promised to someone.
    pub reserved: Quantity,
    /// Cost of what is there; exactly zero when nothing is.
    pub value: Money,
    /// Cost of one stock unit when there last was one.
    pub last_cost: Price,
    /// Whether its cost is kept in layers, first in, first out.
    pub layered: bool,
    /// When it was last counted: what happened by then is in it, whenever we learn of it.
    pub counted_at: Option<DateTime<Utc>>,
    /// Stock units that confirmed orders wait for: whatever becomes free here is theirs first.
    pub backordered: Quantity,
    /// Whether tills or channels may keep something of it for themselves.
    pub allotted: bool,
}

impl Level {
    /// What may still be sold or promised.
    pub fn available(&self) -> Quantity {
        self.on_hand - self.reserved
    }

    /// The average cost of one stock unit; the last known one while nothing is there.
    pub fn unit_cost(&self) -> Price {
        if self.on_hand.is_positive() {
            Price::rounded(self.value.get() / self.on_hand.get())
        } else {
            self.last_cost
        }
    }

    /// Takes `quantity` out; answers its cost. The last unit takes what is left of the value, so that rounding
    /// never leaves a value without goods.
    fn issue(&mut self, quantity: Quantity, settings: &Settings) -> Money {
        assert!(quantity.is_positive() && quantity <= self.on_hand, "an issue stays within what is there");
        let cost = if quantity == self.on_hand {
            self.value
        } else {
            settings.money(self.value.get() * quantity.get() / self.on_hand.get()).min(self.value)
        };
        self.last_cost = self.unit_cost();
        self.on_hand -= quantity;
        self.value -= cost;
        cost
    }

    /// Takes `quantity` out at a cost that is known from where the goods came.
    fn remove(&mut self, quantity: Quantity, value: Money) {
        assert!(
            quantity <= self.on_hand && value <= self.value,
            "what is removed came in before at this cost"
        );
        self.last_cost = self.unit_cost();
        self.on_hand -= quantity;
        self.value -= value;
    }

    /// Brings `quantity` in at a total cost of `value`.
    fn receive(&mut self, quantity: Quantity, value: Money) {
        assert!(quantity.is_positive() && !value.is_negative(), "a receipt brings goods at a cost");
        self.on_hand += quantity;
        self.value += value;
        self.last_cost = self.unit_cost();
    }

    /// What `quantity` costs at the current average.
    fn cost_of(&self, quantity: Quantity, settings: &Settings) -> Money {
        if self.on_hand.is_positive() {
            settings.money(self.value.get() * quantity.get() / self.on_hand.get())
        } else {
            settings.money(self.last_cost.get() * quantity.get())
        }
    }
}

/// Why goods moved.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MovementKind {
    /// Came from a supplier.
    Receipt,
    /// Was there when the books began.
    Opening,
    /// Left to a customer.
    Sale,
    /// Came back from a customer.
    Return,
    /// Was corrected.
    Adjustment,
    /// Left for another location.
    TransferOut,
    /// Came from another location.
    TransferIn,
    /// Was counted.
    Count,
    /// Stayed, at another value.
    Revaluation,
    /// Went back to a supplier.
    SupplierReturn,
    /// Had left below zero at another cost than it came in at later: value without goods.
    Settlement,
}

/// Goods that moved. Never changed after it was written.
#[derive(Debug, Clone)]
pub struct Movement {
    /// Its id.
    pub id: MovementId,
    /// Why.
    pub kind: MovementKind,
    /// Which level changed.
    pub key: LevelKey,
    /// Stock units, positive in, negative out; zero in a revaluation.
    pub quantity: Quantity,
    /// Cost, of the same sign; in a revaluation by how much it changed.
    pub value: Money,
    /// Cost of one stock unit.
    pub unit_cost: Price,
    /// What kind of document moved them.
    pub document_kind: DocumentKind,
    /// The document.
    pub document_id: Uuid,
    /// Its line.
    pub line_no: i32,
    /// The channel, where a customer is involved.
    pub channel: Option<Channel>,
    /// The reason code of an adjustment.
    pub reason: Option<String>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

/// The cost of one unit in a movement of `quantity` at `value`.
pub fn unit_cost(value: Money, quantity: Quantity) -> Price {
    if quantity.is_zero() { Price::ZERO } else { Price::rounded((value.get() / quantity.get()).abs()) }
}

/// What goods are reserved for.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ReservationKind {
    /// An order that was confirmed.
    Order,
    /// Someone, until an instant.
    Hold,
    /// Nobody, until somebody has decided about them.
    Quarantine,
    /// The sales of a till.
    TillAllotment,
    /// A channel.
    ChannelAllotment,
}

/// The new open quantity that a line of a document reserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reservation {
    /// The order or the hold.
    pub document_id: Uuid,
    /// Its line.
    pub line_no: i32,
    /// What for.
    pub kind: ReservationKind,
    /// Where it is reserved.
    pub key: LevelKey,
    /// Stock units still reserved; zero ends it.
    pub quantity: Quantity,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;
    use crate::tenant::TaxRounding;

    pub(crate) fn settings() -> Settings {
        Settings {
            currency: "GBP".to_owned(),
            exponent: 2,
            time_zone: chrono_tz::Europe::London,
            country: "GB".to_owned(),
            prices_include_tax: false,
            tax_rounding: TaxRounding::Document,
            costing_method: CostingMethod::MovingAverage,
        }
    }

    proptest! {
        /// Whatever comes and goes, the cost that left plus the value that stayed is the cost that came.
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
