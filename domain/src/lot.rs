//! Lots: units of one product that were made or received together, and are traced from the supplier to every
//! customer. A serial number is a lot of one unit.
//!
//! All stock of a tracked product lies in lots, and each movement or reservation of it names the lot. A
//! caller names lots, or gets those that expire first.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::id::{CustomerId, LotId, ProductId};
use crate::number::{Money, Quantity};
use crate::text_enum;

mod back;
mod incoming;
mod named;
mod recall;
mod share;

pub use back::SoldLot;
pub(crate) use back::{BackTo, named_back, shares_back};
pub(crate) use incoming::{Arrival, Incoming, enter};
pub(crate) use named::{
    NamedLots, divided, note_faults, note_unknown, of_other_product, problem, unknown, unnamed,
};
pub use recall::{Affected, AffectedCustomer, AffectedParty, OpenReservation, Recall, RecallLot};
pub(crate) use share::{check_line_count, issue, joined, moves};

text_enum! {
    /// The status of a lot.
    pub enum LotStatus {
        /// It may be sold until it expires.
        Open,
        /// It must not be sold.
        Recalled,
    }
}

/// Units of one product that were made or received together.
#[derive(Debug, Clone)]
pub struct Lot {
    /// Its id.
    pub id: LotId,
    /// Its product.
    pub product_id: ProductId,
    /// The code printed on the units, unique per product.
    pub code: String,
    /// The last day on which it may be sold; none if it does not expire.
    pub expires_on: Option<NaiveDate>,
    /// The supplier's own code for it.
    pub supplier_lot: Option<String>,
    /// The name of the sender.
    pub received_from: Option<String>,
    /// The time of its first receipt.
    pub received_at: DateTime<Utc>,
    /// Its status.
    pub status: LotStatus,
    /// The version. It grows with each change.
    pub version: i32,
}

impl Lot {
    /// Returns whether it may be sold on a day to a customer that requires `life_days` of remaining life.
    pub fn is_sellable(&self, on: NaiveDate, life_days: u32) -> bool {
        let last = on.checked_add_days(chrono::Days::new(life_days.into())).unwrap_or(NaiveDate::MAX);
        self.status == LotStatus::Open && self.expires_on.is_none_or(|end| end >= last)
    }

    /// Returns the details that its first receipt stated.
    fn details(&self) -> LotDetails {
        LotDetails {
            expires_on: self.expires_on,
            supplier_lot: self.supplier_lot.clone(),
            received_from: self.received_from.clone(),
        }
    }

    /// Returns the sort key of first expired, first out; for equal days, first received, first out. A lot
    /// that does not expire comes last.
    pub(crate) fn rank(&self) -> (NaiveDate, DateTime<Utc>, &str) {
        (self.expires_on.unwrap_or(NaiveDate::MAX), self.received_at, &self.code)
    }
}

/// A lot as a caller names it on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedLot {
    /// Its code.
    pub code: String,
    /// Stock units of it. If absent: one unit of a serial number, else the whole line.
    pub quantity: Option<Quantity>,
    /// The details that a receipt states.
    pub details: LotDetails,
}

/// The details of a lot that a receipt states. A later receipt must state the same or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LotDetails {
    /// The last day on which it may be sold.
    pub expires_on: Option<NaiveDate>,
    /// The supplier's own code for it.
    pub supplier_lot: Option<String>,
    /// The name of the sender.
    pub received_from: Option<String>,
}

/// The part of a line in one lot. Quantity and cost have the sign of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotShare {
    /// The lot.
    pub lot_id: LotId,
    /// Its code.
    pub code: String,
    /// Stock units.
    pub quantity: Quantity,
    /// Their cost; zero before they are issued.
    pub cost: Money,
}

/// The lots that a batch of commands touches.
#[derive(Debug, Clone, Default)]
pub struct Lots {
    by_id: HashMap<LotId, Lot>,
    by_code: HashMap<(ProductId, String), LotId>,
    /// Documents and customers that a recall affects, by lot.
    pub affected: HashMap<LotId, Affected>,
    /// Units of a lot that a customer got and did not return, as far as a command needs them. Till sales without a
    /// customer count together.
    pub out: HashMap<(LotId, Option<CustomerId>), Quantity>,
    /// Products that have a lot with a code, with their SKUs, if units of it were found.
    pub products: HashMap<String, Vec<(ProductId, String)>>,
}

impl Lots {
    /// Adds a lot, or replaces it.
    pub fn insert(&mut self, lot: Lot) {
        self.by_code.insert((lot.product_id, lot.code.clone()), lot.id);
        self.by_id.insert(lot.id, lot);
    }

    /// Returns the lot with this id.
    pub fn get(&self, id: LotId) -> Option<&Lot> {
        self.by_id.get(&id)
    }

    /// Returns the lot of a product with this code.
    pub fn find(&self, product_id: ProductId, code: &str) -> Option<&Lot> {
        self.by_code.get(&(product_id, code.to_owned())).and_then(|id| self.by_id.get(id))
    }

    /// Returns the SKU of another product that has a lot with this code, if `product_id` has none.
    pub(crate) fn other_product(&self, product_id: ProductId, code: &str) -> Option<&str> {
        let products = self.products.get(code)?;
        if products.iter().any(|(id, _)| *id == product_id) || self.find(product_id, code).is_some() {
            return None;
        }
        products.first().map(|(_, sku)| sku.as_str())
    }

    /// Returns the units of a lot that a customer can return.
    pub(crate) fn out_with(&self, lot_id: LotId, customer_id: Option<CustomerId>) -> Quantity {
        self.out.get(&(lot_id, customer_id)).copied().unwrap_or_default()
    }

    /// Takes units that came back off what a customer can return. `lots` are negative.
    pub(crate) fn note_back(&mut self, lots: &[LotShare], customer_id: Option<CustomerId>) {
        for share in lots {
            *self.out.entry((share.lot_id, customer_id)).or_default() += share.quantity;
        }
    }

    /// Iterates over all lots, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Lot> {
        self.by_id.values()
    }
}

#[cfg(test)]
pub(crate) mod tests;
