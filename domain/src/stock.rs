//! The one stock record: levels, movements, reservations, and what goods cost.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::document::DocumentKind;
use crate::id::MovementId;
use crate::number::{Money, Price, Quantity};
use crate::tenant::Channel;

mod cost;
mod costing_method;
mod level;

pub use cost::{Issued, Layer, LayerUse, Layers, Source};
pub use costing_method::CostingMethod;
pub use level::{Level, LevelKey, StoredLevel};

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
    use super::*;
    use crate::tenant::{Settings, TaxRounding};

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
}
