//! Purchase orders: what is ordered from a supplier, when it is expected, and what has come of it.
//!
//! A draft is sent to the supplier, who confirms the day of each line. From the moment it is sent, the open units of a
//! line with a day are a supply, on which promises are made. Its goods are received by stock documents.

mod end;
mod place;
mod receive;
mod step;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::book::{Book, Posting};
use crate::command::Outcome;
use crate::expected_receipt;
use crate::id::{LocationId, ProductId, PurchaseOrderId, SupplierId};
use crate::number::{Factor, Money, Percent, Price, Quantity};
use crate::refusal::Refusal;
use crate::stock_document::StockDocument;

pub use end::{Cancel, Close};
pub use place::{Place, PlaceLine};
pub use receive::{Receive, ReceiveLine};
pub use step::{Confirm, ConfirmLine, SendToSupplier};

/// Most locations of one purchase order.
pub const LOCATIONS_MAX: usize = 10;

/// The status of a purchase order.
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
pub enum PurchaseOrderStatus {
    /// It is written, and the supplier does not have it.
    Draft,
    /// The supplier has it.
    Sent,
    /// The supplier confirmed the day of each line.
    Confirmed,
    /// A part of it has come.
    PartlyReceived,
    /// All of it has come.
    Received,
    /// A part or all of it has come, and nothing more will.
    Closed,
    /// Nothing of it has come, and nothing will.
    Cancelled,
}

/// A purchase order.
#[derive(Debug, Clone)]
pub struct PurchaseOrder {
    /// Its id.
    pub id: PurchaseOrderId,
    /// Its number.
    pub number: String,
    /// The supplier.
    pub supplier_id: SupplierId,
    /// Its status.
    pub status: PurchaseOrderStatus,
    /// A remark, such as the number of the supplier's quote.
    pub reference: Option<String>,
    /// The percentage by which the units received of a line may exceed those ordered.
    pub over_receipt_percent: Percent,
    /// Days from its sending to its delivery, as the supplier stated them when it was placed.
    pub lead_time_days: Option<u32>,
    /// The value of its lines as ordered, before tax.
    pub value: Money,
    /// The time at which it was sent; none for a draft.
    pub sent_at: Option<DateTime<Utc>>,
    /// The time at which it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The version. It grows with each change.
    pub version: i32,
    /// Its lines.
    pub lines: Vec<PurchaseLine>,
}

/// A line of a purchase order.
#[derive(Debug, Clone)]
pub struct PurchaseLine {
    /// The number of the line, from 1.
    pub line_no: i32,
    /// The product.
    pub product_id: ProductId,
    /// The supplier's code of the product when the order was placed.
    pub supplier_sku: Option<String>,
    /// The location that gets it.
    pub location_id: LocationId,
    /// The unit in which it is ordered.
    pub uom: String,
    /// The number of stock units in one of it.
    pub factor: Factor,
    /// The quantity in that unit.
    pub entered: Quantity,
    /// The cost of one such unit, before tax.
    pub unit_cost: Price,
    /// The cost of the line, before tax.
    pub value: Money,
    /// Stock units ordered.
    pub quantity: Quantity,
    /// Stock units received; more than ordered if the supplier sent more.
    pub received: Quantity,
    /// Stock units that will not come.
    pub cancelled: Quantity,
    /// The day on which it is expected, if it is known.
    pub expected_on: Option<NaiveDate>,
}

/// A receipt of a purchase order.
#[derive(Debug)]
pub struct PurchaseReceipt {
    /// The stock document that received the goods.
    pub document: StockDocument,
    /// The part of each line that it received.
    pub lines: Vec<ReceivedLine>,
}

/// The part of a line of a purchase order that one receipt received.
#[derive(Debug, Clone, Copy)]
pub struct ReceivedLine {
    /// The line of the purchase order.
    pub line_no: i32,
    /// Stock units.
    pub quantity: Quantity,
    /// Their cost.
    pub value: Money,
}

impl PurchaseLine {
    /// Returns the stock units that are still to come.
    pub fn open(&self) -> Quantity {
        (self.quantity - self.received - self.cancelled).max(Quantity::ZERO)
    }
}

impl PurchaseOrder {
    /// Returns whether the supplier has it and more is to come.
    pub fn is_awaited(&self) -> bool {
        use PurchaseOrderStatus::{Confirmed, PartlyReceived, Sent};
        matches!(self.status, Sent | Confirmed | PartlyReceived)
    }

    /// Rejects a step that its status does not allow.
    fn require(&self, allowed: &[PurchaseOrderStatus], done: &str) -> Result<(), Refusal> {
        if allowed.contains(&self.status) {
            return Ok(());
        }
        let allowed: Vec<&str> = allowed.iter().map(|status| (*status).into()).collect();
        Err(Refusal::status(&self.number, self.status.into(), done, &allowed))
    }

    /// Cancels what has not come.
    fn cancel_rest(&mut self) {
        for line in &mut self.lines {
            line.cancelled += line.open();
        }
    }
}

/// Returns a copy of a purchase order of the book, to change it.
fn find(book: &Book, id: PurchaseOrderId) -> Result<PurchaseOrder, Refusal> {
    book.purchases.get(&id).cloned().ok_or_else(|| Refusal::not_found("purchase order"))
}

/// Rejects a day before today.
fn check_not_past(book: &Book, on: Option<NaiveDate>) -> Result<(), String> {
    let today = book.setup.settings.day(book.now);
    match on {
        Some(on) if on < today => Err(format!("The day has passed; today is {today}.")),
        _ => Ok(()),
    }
}

/// Puts the next version of a purchase order into the book, and its supplies with it.
fn keep(book: &mut Book, mut order: PurchaseOrder) -> PurchaseOrder {
    order.version += 1;
    put(book, &order);
    order
}

fn put(book: &mut Book, order: &PurchaseOrder) {
    book.purchases.insert(order.id, order.clone());
    expected_receipt::note_purchase(book, order);
}

/// Returns an outcome that posts nothing but the order itself.
fn alone(order: PurchaseOrder) -> (Outcome, Posting) {
    (Outcome::PurchaseOrder(Box::new(order), None), Posting::default())
}
