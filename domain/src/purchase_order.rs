//! Purchase orders: ordered quantities, expected days and received units.
//!
//! A draft is sent to the supplier, who confirms the day of each line. From the moment it is sent, the open units of a
//! line with a day are a supply, on which promises are made. Its goods are received by stock documents.

mod end;
mod foreign;
mod place;
mod receive;
mod send_back;
mod step;
mod take_back;

use chrono::{DateTime, NaiveDate, Utc};

use crate::book::{Book, Posting};
use crate::command::Outcome;
use crate::expected_receipt;
use crate::id::{BillId, LocationId, ProductId, PurchaseOrderId, StockDocumentId, SupplierId};
use crate::number::{Factor, Money, Percent, Price, Quantity};
use crate::refusal::Refusal;
use crate::stock::LayerUse;
use crate::stock_document::{MovedLine, StockDocument};
use crate::text_enum;

pub use end::{Cancel, Close};
pub use foreign::{ForeignOrder, ForeignOrderLine};
pub use place::{Place, PlaceLine};
pub use receive::{Receive, ReceiveLine};
pub use send_back::{SendBack, SendBackLine};
pub use step::{Confirm, ConfirmLine, SendToSupplier};
pub use take_back::TakeBack;

/// Most locations of one purchase order.
pub const LOCATIONS_MAX: usize = 10;

text_enum! {
    /// The status of a purchase order.
    pub enum PurchaseOrderStatus {
        /// The order is written, and not sent yet.
        Draft,
        /// The order was sent to the supplier.
        Sent,
        /// The supplier confirmed the day of each line.
        Confirmed,
        /// A part of the units was received.
        PartlyReceived,
        /// All units were received.
        Received,
        /// Units were received, and no more are to come.
        Closed,
        /// No unit was received, and none is to come.
        Cancelled,
    }
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
    /// The percentage by which the received units of a line may exceed the ordered units.
    pub over_receipt_percent: Percent,
    /// The lead time in days, as the supplier stated it when the order was placed.
    pub lead_time_days: Option<u32>,
    /// The value of its lines as ordered, before tax.
    pub value: Money,
    /// Its currency, rate and value in it; none if it is in the tenant's currency.
    pub foreign: Option<ForeignOrder>,
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
    /// The costs in the currency of the order; none if it is in the tenant's currency.
    pub foreign: Option<ForeignOrderLine>,
    /// Stock units ordered.
    pub quantity: Quantity,
    /// Stock units received, without returned units that the supplier replaces. They may exceed the ordered units.
    pub received: Quantity,
    /// Received stock units that were returned to the supplier, when the order was read.
    pub returned: Quantity,
    /// Stock units that were cancelled.
    pub cancelled: Quantity,
    /// Stock units that the supplier billed, less what credit notes and reversals took back, as the order was read.
    pub billed: Quantity,
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

/// The part of a line of a purchase order that one receipt received, or that one return sent back.
#[derive(Debug, Clone, Copy)]
pub struct ReceivedLine {
    /// The line of the purchase order.
    pub line_no: i32,
    /// Stock units.
    pub quantity: Quantity,
    /// Their cost, as the supplier charges or credits it.
    pub value: Money,
}

/// Received goods that went back to the supplier.
#[derive(Debug)]
pub struct SupplierReturn {
    /// The stock document that issued the goods.
    pub document: StockDocument,
    /// The receipt that had received them.
    pub receipt_id: StockDocumentId,
    /// Whether the supplier sends others in their place.
    pub replaces: bool,
    /// The part of each line that went back.
    pub lines: Vec<ReceivedLine>,
}

/// Goods that a command moved for a purchase order.
#[derive(Debug)]
pub enum MovedGoods {
    /// They came.
    Received(PurchaseReceipt),
    /// They went back to the supplier.
    Returned(SupplierReturn),
    /// A return, by its id, is taken back by a stock document.
    TakenBack(StockDocument, StockDocumentId),
}

impl MovedGoods {
    /// Returns the stock document that moved them.
    pub fn document(&self) -> &StockDocument {
        match self {
            MovedGoods::Received(receipt) => &receipt.document,
            MovedGoods::Returned(back) => &back.document,
            MovedGoods::TakenBack(document, _) => document,
        }
    }
}

/// A receipt of a purchase order, and the part of it that went back.
#[derive(Debug, Clone)]
pub struct KnownReceipt {
    /// The purchase order.
    pub purchase_id: PurchaseOrderId,
    /// The number of its stock document.
    pub number: String,
    /// The location that got the goods.
    pub location_id: LocationId,
    /// The time at which they came.
    pub occurred_at: DateTime<Utc>,
    /// Its parts of the lines of the order.
    pub lines: Vec<KnownReceiptLine>,
    /// The lines of its stock document.
    pub came: Vec<MovedLine>,
    /// The lines of the stock documents of its returns and of their reversals.
    pub back: Vec<MovedLine>,
}

/// The part of a line of a purchase order that a receipt received, and the part of it that went back.
#[derive(Debug, Clone, Copy)]
pub struct KnownReceiptLine {
    /// The part that the receipt received.
    pub received: ReceivedLine,
    /// Stock units of it that went back.
    pub returned: Quantity,
    /// Their cost, as the supplier credits it.
    pub returned_value: Money,
}

/// A return to a supplier, as it was posted.
#[derive(Debug, Clone)]
pub struct KnownReturn {
    /// The purchase order.
    pub purchase_id: PurchaseOrderId,
    /// The receipt that had received the goods.
    pub receipt_id: StockDocumentId,
    /// The number of its stock document.
    pub number: String,
    /// The location that the goods left.
    pub location_id: LocationId,
    /// The time at which they left.
    pub occurred_at: DateTime<Utc>,
    /// Whether the supplier sends others in their place.
    pub replaces: bool,
    /// Whether it was taken back.
    pub is_taken_back: bool,
    /// The part of each line that went back.
    pub lines: Vec<ReceivedLine>,
    /// The lines of its stock document, each with the cost layers that it used.
    pub moved: Vec<(MovedLine, Vec<LayerUse>)>,
    /// The billed units whose match with the receipt it undid.
    pub unmatched: Vec<Unmatched>,
}

/// Billed units whose match with a receipt a return undid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unmatched {
    /// The bill.
    pub bill_id: BillId,
    /// The line of the bill.
    pub line_no: i32,
    /// Stock units; zero if only cents of rounding were undone.
    pub quantity: Quantity,
    /// The billed value less the received value, which is posted to price variance.
    pub difference: Money,
}

impl KnownReceipt {
    /// Notes a receipt that is posted now.
    fn of(purchase_id: PurchaseOrderId, receipt: &PurchaseReceipt) -> Self {
        let line = |received: &ReceivedLine| KnownReceiptLine {
            received: *received,
            returned: Quantity::ZERO,
            returned_value: Money::ZERO,
        };
        KnownReceipt {
            purchase_id,
            number: receipt.document.number.clone(),
            location_id: receipt.document.location_id,
            occurred_at: receipt.document.occurred_at,
            lines: receipt.lines.iter().map(line).collect(),
            came: receipt.document.lines.clone(),
            back: Vec::new(),
        }
    }
}

impl PurchaseLine {
    /// Returns the stock units that are still to come.
    pub fn open(&self) -> Quantity {
        (self.quantity - self.received - self.cancelled).max(Quantity::ZERO)
    }

    /// Returns the received stock units that were not returned.
    pub fn kept(&self) -> Quantity {
        self.received - self.returned
    }
}

impl PurchaseOrder {
    /// Returns whether the order was sent and units are still to come.
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

    /// Sets the status that follows from the received units.
    fn follow_received(&mut self) {
        use PurchaseOrderStatus::{Cancelled, Closed, Confirmed, Draft, PartlyReceived, Received, Sent};
        let is_empty = self.lines.iter().all(|line| line.received.is_zero());
        let is_complete = self.lines.iter().all(|line| line.open().is_zero());
        self.status = match self.status {
            Draft | Closed => self.status,
            Cancelled if is_empty => Cancelled,
            Cancelled => Closed,
            Confirmed if is_empty => Confirmed,
            Sent | Confirmed | PartlyReceived | Received if is_empty => Sent,
            Sent | Confirmed | PartlyReceived | Received if is_complete => Received,
            Sent | Confirmed | PartlyReceived | Received => PartlyReceived,
        };
    }

    /// Cancels the units that are still to come.
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
        Some(on) if on < today => Err(format!("The day has passed: send {today} or a later day.")),
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
