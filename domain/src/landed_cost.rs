//! Landed costs: freight, duty and the like, which goods cost besides the price of their supplier.
//!
//! A bill for them comes later than the goods, often months later. Its charges are spread over lines of receipts. The share
//! of the units that are still held raises the value of the stock. The share of the units that are gone goes to cost
//! variance: they keep the cost with which they left, and nothing that is recorded changes. A reversal is a document of its
//! own, which takes back what a landed cost added, as far as the units are still held.

mod post;
mod reverse;
mod spread;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::book::{Book, Posting};
use crate::document::DocumentKind;
use crate::id::{LandedCostId, LocationId, LotId, MovementId, ProductId, StockDocumentId};
use crate::ledger::{Dimensions, Entry, Lines, account};
use crate::number::{Money, Quantity};
use crate::stock::{LevelKey, Movement, MovementKind, ReceivedPart, ReturnedGoods, went_back};
use crate::stock_document::StockDocumentKind;
use crate::tenant::Settings;
use crate::text_enum;

pub use post::{NamedCharge, NamedReceipt, Post};
pub use reverse::Reverse;

/// Most charges of one landed cost.
pub const CHARGES_MAX: usize = 50;
/// Most receipts, or lines of receipts, that one landed cost names.
pub const RECEIPTS_MAX: usize = 100;
/// Most lines of receipts over which one landed cost is spread.
pub const LINES_MAX: usize = 500;

text_enum! {
    /// The kind of a charge.
    pub enum ChargeKind {
        /// Carriage of the goods.
        Freight,
        /// Customs duty.
        Duty,
        /// Insurance of the goods on their way.
        Insurance,
        /// Any other cost of getting the goods.
        Other,
    }
}

text_enum! {
    /// The measure by which charges are spread over lines of receipts.
    pub enum SpreadBy {
        /// The cost of the line when it was received.
        Value,
        /// The stock units of the line.
        Quantity,
        /// The weight of the line, which the caller states.
        Weight,
        /// The volume of the line, which the caller states.
        Volume,
    }
}

/// A charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// Its kind.
    pub kind: ChargeKind,
    /// Its amount; below zero in a reversal.
    pub amount: Money,
    /// The code of the account that is credited.
    pub account: String,
}

/// A landed cost, or the reversal of one.
#[derive(Debug, Clone)]
pub struct LandedCost {
    /// Its id.
    pub id: LandedCostId,
    /// Its number.
    pub number: String,
    /// The measure by which it was spread.
    pub spread_by: SpreadBy,
    /// A remark, such as the number of the carrier's bill.
    pub reference: Option<String>,
    /// The reason of a reversal.
    pub reason: Option<String>,
    /// The sum of its charges; below zero in a reversal.
    pub value: Money,
    /// The landed cost that a reversal takes back.
    pub original_id: Option<LandedCostId>,
    /// The reversal that took it back.
    pub reversed_by: Option<LandedCostId>,
    /// The time at which it happened.
    pub occurred_at: DateTime<Utc>,
    /// The time at which it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The version: 2 after its reversal.
    pub version: i32,
    /// Its charges.
    pub charges: Vec<Charge>,
    /// The lines of receipts over which it was spread, by receipt and line.
    pub lines: Vec<LandedLine>,
}

/// A line of a receipt with its share of a landed cost.
#[derive(Debug, Clone, Copy)]
pub struct LandedLine {
    /// The number of the line, from 1.
    pub line_no: i32,
    /// The receipt.
    pub stock_document_id: StockDocumentId,
    /// The line of the receipt.
    pub receipt_line_no: i32,
    /// The product.
    pub product_id: ProductId,
    /// The lot; nil if the product is not tracked.
    pub lot_id: LotId,
    /// The location that received it.
    pub location_id: LocationId,
    /// Stock units received.
    pub quantity: Quantity,
    /// Its cost, units, weight or volume, by which it has its share.
    pub basis: Quantity,
    /// Its share of all charges; below zero in a reversal.
    pub value: Money,
    /// Stock units of it that were held.
    pub held: Quantity,
    /// The part of its share that changed the value of the stock.
    pub held_value: Money,
}

/// A receipt over which charges may be spread.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// Its number.
    pub number: String,
    /// Its kind: only goods of a supplier have landed costs.
    pub kind: StockDocumentKind,
    /// The time at which the goods came.
    pub occurred_at: DateTime<Utc>,
    /// Its lines.
    pub lines: Vec<ReceivedGoods>,
}

/// A line of a receipt over which charges may be spread.
#[derive(Debug, Clone, Copy)]
pub struct ReceivedGoods {
    /// The receipt.
    pub document_id: StockDocumentId,
    /// The line.
    pub line_no: i32,
    /// The movement that received it.
    pub movement_id: MovementId,
    /// The level that received it.
    pub key: LevelKey,
    /// Stock units that did not go back to the supplier.
    pub quantity: Quantity,
    /// Their cost.
    pub value: Money,
    /// Stock units that the level got after it: of receipts, openings and transfers.
    pub later: Quantity,
}

impl ReceivedGoods {
    /// Returns the receipt and the line, as cost layers name them.
    fn source(&self) -> (Uuid, i32) {
        (self.document_id.0, self.line_no)
    }

    fn part(&self) -> ReceivedPart {
        let line = self.source();
        ReceivedPart { key: self.key, line, came: self.quantity, quantity: self.quantity, later: self.later }
    }

    /// Returns the location that received it, and those that hold units of it.
    pub(crate) fn places(&self, book: &Book) -> Vec<LocationId> {
        let held = book.held_of(&self.part(), self.quantity).into_iter().map(|(key, _)| key.location_id);
        std::iter::once(self.key.location_id).chain(held).collect()
    }
}

impl Receipt {
    /// Subtracts units that were returned to the supplier from their receipt lines, with their part of the cost. A line
    /// without any units left is dropped.
    pub fn take_returned(&mut self, returned: &[ReturnedGoods], settings: &Settings) {
        let received: Vec<_> =
            self.lines.iter().map(|goods| (goods.key, goods.quantity, goods.value)).collect();
        for (goods, back) in self.lines.iter_mut().zip(went_back(&received, returned)) {
            goods.value -= settings.share(goods.value, back, goods.quantity);
            goods.quantity -= back;
        }
        self.lines.retain(|goods| goods.quantity.is_positive());
    }
}

impl LandedCost {
    /// Returns the part that changed the value of the stock.
    pub fn held_value(&self) -> Money {
        self.lines.iter().map(|line| line.held_value).sum()
    }
}

/// A change of the value of units that a line of a receipt brought to a level.
struct Change {
    key: LevelKey,
    /// The receipt and its line.
    source: (Uuid, i32),
    value: Money,
    line_no: i32,
}

/// Changes the value of a level and adds the movement. Returns the change, which leaves no value below zero. Adds no movement
/// if it is zero.
fn change_value(book: &mut Book, document: &LandedCost, change: &Change, posting: &mut Posting) -> Money {
    let value = book.change_held_cost(change.key, change.source, change.value);
    if value.is_zero() {
        return value;
    }
    posting.movements.push(Movement {
        id: MovementId(book.ids.next_id()),
        kind: MovementKind::Revaluation,
        key: change.key,
        quantity: Quantity::ZERO,
        value,
        unit_cost: book.level(&change.key).unit_cost(),
        document_kind: DocumentKind::LandedCost,
        document_id: document.id.0,
        line_no: change.line_no,
        channel: None,
        reason: None,
        occurred_at: document.occurred_at,
    });
    value
}

/// Posts a landed cost whose values are changed: inventory and cost variance to the accounts of its charges.
fn post_entry(book: &mut Book, document: &LandedCost, memo: Option<String>, posting: &mut Posting) {
    let at = |location_id| Dimensions { location_id: Some(location_id), ..Dimensions::default() };
    let mut entry = Lines::default();
    for row in &posting.movements {
        entry.debit(account::INVENTORY, row.value, at(row.key.location_id));
    }
    for line in &document.lines {
        entry.debit(account::COST_VARIANCE, line.value - line.held_value, at(line.location_id));
    }
    for charge in &document.charges {
        entry.credit(charge.account.clone(), charge.amount, Dimensions::default());
    }
    let head = book.entry_head(DocumentKind::LandedCost, document.id.0, document.occurred_at);
    let entry = entry.into_entry(head).expect("the shares of all lines are the charges");
    posting.entries.extend(entry.map(|entry| Entry { memo, ..entry }));
}

#[cfg(test)]
mod tests;
