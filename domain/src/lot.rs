//! Lots: goods of one making, followed from the supplier to every customer. A serial number is a lot of one unit.
//!
//! Goods of a tracked product always lie in a lot, and whatever moves or reserves them says in which: there is no stock
//! of such a product outside its lots. A caller names lots, or gets those that expire first.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::id::{LotId, ProductId};
use crate::number::{Money, Quantity};

mod back;
mod incoming;
mod named;
mod recall;
mod share;

pub use back::SoldLot;
pub(crate) use back::{named_back, shares_back};
pub(crate) use incoming::{Arrival, Incoming, enter};
pub(crate) use named::{NamedLots, divided, problem, unknown, unnamed};
pub use recall::{Affected, AffectedCustomer, AffectedParty, OpenReservation, Recall, RecallLot};
pub(crate) use share::{check_line_count, issue, joined, moves};

/// Whether goods of a lot may be sold, as far as that is a decision of somebody.
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
pub enum LotStatus {
    /// They may, until they expire.
    Open,
    /// They may not: whoever has some is called.
    Recalled,
}

/// Goods of one making.
#[derive(Debug, Clone)]
pub struct Lot {
    /// Its id.
    pub id: LotId,
    /// What it is a lot of.
    pub product_id: ProductId,
    /// What is printed on the goods, unique per product.
    pub code: String,
    /// The last day on which they may be sold.
    pub expires_on: Option<NaiveDate>,
    /// The supplier's own code for it.
    pub supplier_lot: Option<String>,
    /// Who sent it.
    pub received_from: Option<String>,
    /// When the first goods of it came.
    pub received_at: DateTime<Utc>,
    /// Whether it may be sold.
    pub status: LotStatus,
    /// Grows with each change.
    pub version: i32,
}

impl Lot {
    /// Whether it may be sold on a day to somebody who needs it to last so many days more.
    pub fn is_sellable(&self, on: NaiveDate, life_days: u32) -> bool {
        let last = on.checked_add_days(chrono::Days::new(life_days.into())).unwrap_or(NaiveDate::MAX);
        self.status == LotStatus::Open && self.expires_on.is_none_or(|end| end >= last)
    }

    /// What its first receipt said of it.
    fn details(&self) -> LotDetails {
        LotDetails {
            expires_on: self.expires_on,
            supplier_lot: self.supplier_lot.clone(),
            received_from: self.received_from.clone(),
        }
    }

    /// What is sold first: what expires first, then what came first. Goods without an end come last.
    pub(crate) fn rank(&self) -> (NaiveDate, DateTime<Utc>, &str) {
        (self.expires_on.unwrap_or(NaiveDate::MAX), self.received_at, &self.code)
    }
}

/// A lot as a caller names it on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedLot {
    /// Its code.
    pub code: String,
    /// Stock units of it; the whole line, or one piece of a serial, where none are named.
    pub quantity: Option<Quantity>,
    /// What a receipt says of it.
    pub details: LotDetails,
}

/// What a receipt says of a lot. A later receipt says the same or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LotDetails {
    /// The last day on which it may be sold.
    pub expires_on: Option<NaiveDate>,
    /// The supplier's own code for it.
    pub supplier_lot: Option<String>,
    /// Who sent it.
    pub received_from: Option<String>,
}

/// The part of a line that is of one lot. Signs are those of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotShare {
    /// The lot.
    pub lot_id: LotId,
    /// Its code.
    pub code: String,
    /// Stock units.
    pub quantity: Quantity,
    /// What they cost, once they have moved.
    pub cost: Money,
}

/// The lots that a batch of commands touches.
#[derive(Debug, Default)]
pub struct Lots {
    by_id: HashMap<LotId, Lot>,
    by_code: HashMap<(ProductId, String), LotId>,
    /// Who has goods of the lots that are recalled.
    pub affected: HashMap<LotId, Affected>,
}

impl Lots {
    /// Adds a lot, or states it anew.
    pub fn insert(&mut self, lot: Lot) {
        self.by_code.insert((lot.product_id, lot.code.clone()), lot.id);
        self.by_id.insert(lot.id, lot);
    }

    /// The lot with this id.
    pub fn get(&self, id: LotId) -> Option<&Lot> {
        self.by_id.get(&id)
    }

    /// The lot of a product with this code.
    pub fn find(&self, product_id: ProductId, code: &str) -> Option<&Lot> {
        self.by_code.get(&(product_id, code.to_owned())).and_then(|id| self.by_id.get(id))
    }

    /// Every lot.
    pub fn iter(&self) -> impl Iterator<Item = &Lot> {
        self.by_id.values()
    }
}

#[cfg(test)]
pub(crate) mod tests;
