//! Bills of suppliers: what is owed for goods and services, matched line by line with what was ordered and received.
//!
//! A bill debits goods received not invoiced at its own prices. Received units are matched with their receipts at once.
//! The difference between bill and receipt goes to inventory for units that are still held, and to cost variance for
//! the others. Units that are billed before they are received stay in the account until a receipt has them. So its
//! balance is the value of received goods without a bill, less the value of billed goods without a receipt. Units that
//! were returned to the supplier do not count as received: if they are billed, they wait for a credit note or a
//! replacement.
//!
//! A credit note or a reversal takes back what a bill posted. Its amounts are negative.

mod discount;
mod foreign;
mod judge;
mod matching;
mod record;
mod sent_back;
mod take_back;

use chrono::{DateTime, NaiveDate, Utc};

use crate::book::{Book, Posting};
use crate::document::DocumentKind;
use crate::exchange::{Amounts, ForeignDocument};
use crate::id::{BillId, EntryId, LocationId, ProductId, PurchaseOrderId, StockDocumentId, SupplierId};
use crate::ledger::{Dimensions, EntryHead, Lines, account};
use crate::number::{Money, Price, Quantity};
use crate::refusal::Refusal;
use crate::supplier::DiscountTerm;
use crate::tenant::Settings;
use crate::text_enum;

pub use discount::BillDiscount;
pub use foreign::ForeignLine;
pub use judge::{Figures, Mismatch, judge};
pub use matching::{BilledLine, Billing, Match, Matched, ReceivedGoods};
pub(crate) use matching::{match_receipt, post_differences};
pub use record::{Record, RecordLine, Subject, bills_nothing};
pub(crate) use sent_back::{match_return, match_taken_back};
pub use take_back::{Credit, CreditLine, Reverse};

text_enum! {
    /// The kind of a document about a supplier's bill.
    pub enum BillKind {
        /// The supplier bills goods or services.
        Bill,
        /// The supplier takes back a part of a bill.
        Credit,
        /// A bill was recorded by mistake. The reversal takes it back, less its credit notes.
        Reversal,
    }
}

text_enum! {
    /// The status of a bill.
    pub enum BillStatus {
        /// An amount is still to be paid.
        Open,
        /// Nothing is left to be paid. Credit notes and reversals are settled from the beginning.
        Settled,
        /// A reversal took it back.
        Reversed,
    }
}

text_enum! {
    /// Whether a bill, or a line of it, agrees with what was ordered and received.
    pub enum MatchStatus {
        /// It agrees, within the tolerance.
        Matched,
        /// It differs by more than the tolerance.
        Mismatched,
    }
}

impl MatchStatus {
    /// Returns the status of a bill or a line, by whether there is a difference.
    pub fn of(is_different: bool) -> Self {
        if is_different { MatchStatus::Mismatched } else { MatchStatus::Matched }
    }
}

impl From<BillKind> for DocumentKind {
    fn from(kind: BillKind) -> Self {
        match kind {
            BillKind::Bill => DocumentKind::Bill,
            BillKind::Credit => DocumentKind::BillCredit,
            BillKind::Reversal => DocumentKind::BillReversal,
        }
    }
}

/// Goods that a line bills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BilledGoods {
    /// A line of a purchase order.
    Order(PurchaseOrderId, i32),
    /// A line of a receipt without a purchase order.
    Receipt(StockDocumentId, i32),
}

impl BilledGoods {
    /// Returns the purchase order and its line.
    pub fn order(self) -> Option<(PurchaseOrderId, i32)> {
        match self {
            BilledGoods::Order(id, line_no) => Some((id, line_no)),
            BilledGoods::Receipt(..) => None,
        }
    }

    /// Returns the receipt without a purchase order, and its line.
    pub fn receipt(self) -> Option<(StockDocumentId, i32)> {
        match self {
            BilledGoods::Order(..) => None,
            BilledGoods::Receipt(id, line_no) => Some((id, line_no)),
        }
    }
}

/// A bill, or a credit note or reversal of one.
#[derive(Debug, Clone)]
pub struct Bill {
    /// Its id.
    pub id: BillId,
    /// Its number.
    pub number: String,
    /// Its kind.
    pub kind: BillKind,
    /// The supplier.
    pub supplier_id: SupplierId,
    /// The supplier's own number of the document; none for a reversal.
    pub supplier_number: Option<String>,
    /// The day that the document states.
    pub dated: NaiveDate,
    /// The day on which it is due.
    pub due_on: NaiveDate,
    /// Its discounts for early payment; none of a credit note and a reversal.
    pub discounts: Vec<BillDiscount>,
    /// The value of its lines, before tax. Negative in a credit note and a reversal.
    pub value: Money,
    /// Its tax, with the same sign.
    pub tax: Money,
    /// The amount still to be paid; zero for a credit note and a reversal.
    pub open: Money,
    /// Its amounts in its own currency; none if that is the tenant's.
    pub foreign: Option<ForeignDocument>,
    /// A remark, or the reason of a reversal.
    pub reference: Option<String>,
    /// The bill that a credit note or a reversal takes back.
    pub original_id: Option<BillId>,
    /// The reversal that took it back.
    pub reversed_by: Option<BillId>,
    /// The time at which it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The version. It grows with each change of the open amount.
    pub version: i32,
    /// Its lines.
    pub lines: Vec<BillLine>,
}

impl Bill {
    /// Returns the amount with tax.
    pub fn total(&self) -> Money {
        self.value + self.tax
    }

    /// Returns the value and the tax in its own currency.
    pub fn stated(&self) -> Amounts {
        let own = Amounts { value: self.value, tax: self.tax };
        self.foreign.as_ref().map_or(own, |foreign| foreign.amounts)
    }

    /// Returns the decimals of its own currency.
    pub fn decimals(&self, settings: &Settings) -> u32 {
        self.foreign.as_ref().map_or(settings.exponent, |foreign| foreign.quote.decimals)
    }

    /// Returns the amount still to be paid, in its own currency.
    pub fn stated_open(&self) -> Money {
        self.foreign.as_ref().map_or(self.open, |foreign| foreign.open)
    }

    /// Returns its status.
    pub fn status(&self) -> BillStatus {
        if self.reversed_by.is_some() {
            BillStatus::Reversed
        } else if self.open.is_zero() && self.stated_open().is_zero() {
            BillStatus::Settled
        } else {
            BillStatus::Open
        }
    }
}

/// A line of a bill.
#[derive(Debug, Clone)]
pub struct BillLine {
    /// The number of the line, from 1.
    pub line_no: i32,
    /// The line of the bill that a credit note or a reversal takes back.
    pub original_line_no: Option<i32>,
    /// The goods; none for a line without goods.
    pub goods: Option<BilledGoods>,
    /// The product.
    pub product_id: Option<ProductId>,
    /// The location that receives or received the goods.
    pub location_id: Option<LocationId>,
    /// The account of a line without goods.
    pub account: Option<String>,
    /// The text of the line.
    pub description: Option<String>,
    /// The unit of the quantity; none for a line without goods.
    pub uom: Option<String>,
    /// The quantity in that unit.
    pub entered: Quantity,
    /// The price of one such unit, before tax.
    pub unit_cost: Price,
    /// Stock units; zero for a line without goods.
    pub quantity: Quantity,
    /// The amount before tax.
    pub value: Money,
    /// The tax.
    pub tax: Money,
    /// Its amounts in the currency of the bill; none if that is the tenant's.
    pub foreign: Option<ForeignLine>,
    /// The differences from what was ordered and received, beyond the tolerance.
    pub reasons: Vec<Mismatch>,
    /// The figures that were compared.
    pub figures: Figures,
}

/// A bill as later documents find it.
#[derive(Debug, Clone)]
pub struct KnownBill {
    /// The bill, with its lines.
    pub bill: Bill,
    /// The total of its credit notes and of its reversal in the currency of the bill, zero or negative.
    pub credited: Money,
    /// The parts of its lines that were not taken back, in the order of the lines.
    pub left: Vec<Left>,
}

/// The part of a line that was not taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Stock units.
    pub quantity: Quantity,
    /// The amount before tax.
    pub value: Money,
    /// The tax.
    pub tax: Money,
    /// The value and the tax in the currency of the bill; none if that is the tenant's.
    pub foreign: Option<Amounts>,
}

impl Left {
    /// Returns the value and the tax in the currency of the bill.
    pub fn stated(&self) -> Amounts {
        self.foreign.unwrap_or(Amounts { value: self.value, tax: self.tax })
    }
}

/// A supplier whose documents a batch records. Its row is locked.
#[derive(Debug, Clone)]
pub struct Payee {
    /// Its id.
    pub id: SupplierId,
    /// Its code.
    pub code: String,
    /// Days in which a bill is paid.
    pub payment_days: u32,
    /// Its discounts for early payment.
    pub discounts: Vec<DiscountTerm>,
}

/// Returns a bill of the book that can be changed. Rejects a credit note and a reversal.
fn find(book: &Book, id: BillId) -> Result<&KnownBill, Refusal> {
    let known = book.bills.get(&id).ok_or_else(|| Refusal::not_found("bill"))?;
    if known.bill.kind != BillKind::Bill {
        let detail = format!("{} takes back a bill: name the bill.", known.bill.number);
        return Err(Refusal::state(detail));
    }
    Ok(known)
}

/// Posts the amounts of a document: the debits of its lines, input tax, and the payable to the supplier. With negative amounts
/// the sides are exchanged.
fn post(book: &mut Book, bill: &Bill, posting: &mut Posting) {
    let mut entry = Lines::default();
    for line in &bill.lines {
        let place = Dimensions { location_id: line.location_id, ..Dimensions::default() };
        match &line.account {
            Some(account) => entry.debit(account.clone(), line.value, place),
            None => entry.debit(account::RECEIVED_NOT_INVOICED, line.value, place),
        }
    }
    entry.debit(account::INPUT_TAX, bill.tax, Dimensions::default());
    let owed = Dimensions { party_id: Some(bill.supplier_id.0), ..Dimensions::default() };
    entry.credit(account::PAYABLE, bill.total(), owed);
    let head = EntryHead {
        id: EntryId(book.ids.next_id()),
        document_kind: bill.kind.into(),
        document_id: bill.id.0,
        occurred_on: bill.dated,
    };
    posting.entries.extend(entry.into_entry(head).expect("the total is the sum of the lines and the tax"));
}
