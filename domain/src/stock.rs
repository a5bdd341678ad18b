//! The stock record: levels, movements, reservations and costs.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::document::DocumentKind;
use crate::id::MovementId;
use crate::number::{Money, Price, Quantity};
use crate::tenant::Channel;
use crate::text_enum;

mod cost;
mod costing_method;
mod level;
mod spread;

pub use cost::{Carried, Issued, Layer, LayerUse, Layers, Source, Spread};
pub(crate) use cost::{at_value, last_units};
pub use costing_method::CostingMethod;
pub use level::{Level, LevelKey, StoredLevel};
pub(crate) use spread::HeldShare;
pub use spread::{ReceivedPart, ReturnedGoods, went_back};

text_enum! {
    /// The reason of a movement.
    pub enum MovementKind {
        /// Received from a supplier.
        Receipt,
        /// On hand when the books began.
        Opening,
        /// Issued to a customer.
        Sale,
        /// Returned by a customer.
        Return,
        /// Adjusted.
        Adjustment,
        /// Dispatched to another location.
        TransferOut,
        /// Received from another location.
        TransferIn,
        /// Changed by a count.
        Count,
        /// Revalued, or changed by a landed cost: no unit moved.
        Revaluation,
        /// Returned to a supplier.
        SupplierReturn,
        /// Settled: the value by which the real cost of units differs from an earlier one, such as the provisional cost of
        /// units below zero, or the cost of a receipt that a bill corrects. No unit moved.
        Settlement,
    }
}

/// A change of one level. Never changed after it was written.
#[derive(Debug, Clone)]
pub struct Movement {
    /// Its id.
    pub id: MovementId,
    /// The reason.
    pub kind: MovementKind,
    /// The level that changed.
    pub key: LevelKey,
    /// Stock units, positive in, negative out; zero if only the value changed.
    pub quantity: Quantity,
    /// Cost, of the same sign. If no unit moved, the change of value.
    pub value: Money,
    /// Cost of one stock unit.
    pub unit_cost: Price,
    /// The kind of the document that moved it.
    pub document_kind: DocumentKind,
    /// That document.
    pub document_id: Uuid,
    /// Its line.
    pub line_no: i32,
    /// The channel, if a customer is involved.
    pub channel: Option<Channel>,
    /// The reason code of an adjustment.
    pub reason: Option<String>,
    /// The time at which it happened.
    pub occurred_at: DateTime<Utc>,
}

/// Returns the cost of one unit in a movement of `quantity` at `value`, or zero if no unit moved.
pub fn unit_cost(value: Money, quantity: Quantity) -> Price {
    if quantity.is_zero() { Price::ZERO } else { Price::rounded(value.per(quantity).abs()) }
}

text_enum! {
    /// The kind of document that reserves stock.
    pub enum ReservationKind {
        /// A confirmed order.
        Order,
        /// A hold.
        Hold,
        /// A hold on stock that must not be sold until its state is decided. It has no end.
        Quarantine,
        /// A hold for the sales of one till.
        TillAllotment,
        /// A hold for one channel.
        ChannelAllotment,
    }
}

/// The new open quantity that a line of a document reserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reservation {
    /// The order or the hold.
    pub document_id: Uuid,
    /// The line of the document.
    pub line_no: i32,
    /// Its kind.
    pub kind: ReservationKind,
    /// The level on which it is reserved.
    pub key: LevelKey,
    /// Stock units still reserved; zero ends it.
    pub quantity: Quantity,
    /// The time at which it expires, if it does.
    pub expires_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::tenant::{BillTolerance, Settings, TaxRounding};

    pub(crate) fn settings() -> Settings {
        Settings {
            currency: "GBP".to_owned(),
            exponent: 2,
            time_zone: chrono_tz::Europe::London,
            country: "GB".to_owned(),
            prices_include_tax: false,
            tax_rounding: TaxRounding::Document,
            costing_method: CostingMethod::MovingAverage,
            hold_unpaid: true,
            invoice_rounding: Money::ZERO,
            bill_tolerance: BillTolerance::default(),
        }
    }
}
