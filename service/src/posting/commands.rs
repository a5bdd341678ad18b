//! Every write that posts stock, cost or ledger, and what each one makes.

use chrono::{DateTime, NaiveDate, Utc};
use domain::count::{self, Count};
use domain::document::DocumentKind;
use domain::expected_receipt::{self, ExpectedReceipt};
use domain::hold::{self, Hold};
use domain::id::{CountId, ExpectedReceiptId, HoldId, OrderId};
use domain::ledger::Entry;
use domain::transfer::{self, Transfer};
use domain::{journal, lot, order, payment, pos, revaluation, stock_document};
use uuid::Uuid;

/// A write that posts stock, cost or ledger.
#[derive(Debug, Clone, strum::VariantNames)]
pub enum Command {
    /// Sell at a till.
    Sell(pos::Sell),
    /// Take back at a till.
    Refund(pos::Refund),
    /// Open a till session.
    OpenSession(pos::OpenSession),
    /// Put cash into a till or take it out.
    MoveCash(pos::MoveCash),
    /// Close a till session.
    CloseSession(pos::CloseSession),
    /// Place an order.
    PlaceOrder(order::Place),
    /// Reserve an order's goods.
    ConfirmOrder(OrderId),
    /// Release an order from its hold.
    ReleaseOrder(OrderId),
    /// Give an order up.
    CancelOrder(OrderId),
    /// Give up what has not left of an order.
    CloseOrder(OrderId),
    /// Serve an order that waits with what is free.
    AllocateOrder(OrderId),
    /// Make new promises for what an order waits for.
    PromiseOrder(OrderId),
    /// Ship an order's goods.
    ShipOrder(order::Ship),
    /// Invoice what left.
    InvoiceOrder(OrderId),
    /// Take wholesale goods back.
    Return(order::Return),
    /// Record a payment.
    ReceivePayment(payment::Receive),
    /// Receive, open or adjust stock.
    MoveStock(stock_document::Move),
    /// Give stock another value.
    Revalue(revaluation::Revalue),
    /// Hold goods back.
    PlaceHold(hold::PlaceHold),
    /// Move the end of a hold.
    ExtendHold(HoldId, DateTime<Utc>),
    /// Give a hold up.
    ReleaseHold(HoldId),
    /// Send goods to another location.
    DispatchTransfer(transfer::Dispatch),
    /// Take goods in from another location.
    ReceiveTransfer(transfer::Arrive),
    /// Note that goods are expected.
    ExpectReceipt(expected_receipt::Expect),
    /// Move the day on which goods are expected.
    RescheduleReceipt(ExpectedReceiptId, NaiveDate),
    /// Give up what was expected.
    CancelExpectedReceipt(ExpectedReceiptId),
    /// Recall a lot.
    RecallLot(lot::RecallLot),
    /// Open a count sheet.
    OpenCount(count::Open),
    /// Enter what was counted.
    EnterCount(count::Enter),
    /// Declare a sheet counted.
    CompleteCount(count::Complete),
    /// Have lines counted once more.
    RecountLines(count::Recount),
    /// Post what a count found.
    PostCount(count::Post),
    /// Give a count up.
    CancelCount(CountId),
    /// Post an entry by hand.
    PostEntry(journal::Post),
}

impl Command {
    /// How many lines it brings: what a transaction's size is measured by.
    pub fn weight(&self) -> usize {
        match self {
            Command::Sell(sell) => sell.lines.len(),
            Command::Refund(refund) => refund.lines.len(),
            Command::PlaceOrder(place) => place.lines.len(),
            Command::Return(back) => back.lines.len(),
            Command::MoveStock(change) => change.lines.len(),
            Command::Revalue(revalue) => revalue.lines.len(),
            Command::PlaceHold(place) => place.lines.len(),
            Command::DispatchTransfer(dispatch) => dispatch.lines.len(),
            Command::ExpectReceipt(expect) => expect.lines.len(),
            Command::OpenCount(open) => open.lines.len(),
            Command::EnterCount(enter) => enter.entries.len(),
            _ => 1,
        }
    }

    /// The name in the audit log, and the kind of its event.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Sell(_) => "pos_sale.completed",
            Command::Refund(_) => "pos_sale.refunded",
            Command::OpenSession(_) => "pos_session.opened",
            Command::MoveCash(_) => "pos_session.cash_moved",
            Command::CloseSession(_) => "pos_session.closed",
            Command::PlaceOrder(_) => "order.created",
            Command::ConfirmOrder(_) => "order.confirmed",
            Command::ReleaseOrder(_) => "order.released",
            Command::CancelOrder(_) => "order.cancelled",
            Command::CloseOrder(_) => "order.closed",
            Command::AllocateOrder(_) => "order.allocated",
            Command::PromiseOrder(_) => "order.promised",
            Command::ShipOrder(_) => "order.shipped",
            Command::InvoiceOrder(_) => "order.invoiced",
            Command::Return(_) => "return.received",
            Command::ReceivePayment(_) => "payment.received",
            Command::MoveStock(_) => "stock.moved",
            Command::Revalue(_) => "stock.revalued",
            Command::PlaceHold(_) => "hold.placed",
            Command::ExtendHold(..) => "hold.extended",
            Command::ReleaseHold(_) => "hold.released",
            Command::DispatchTransfer(_) => "transfer.dispatched",
            Command::ReceiveTransfer(_) => "transfer.received",
            Command::ExpectReceipt(_) => "expected_receipt.created",
            Command::RescheduleReceipt(..) => "expected_receipt.rescheduled",
            Command::CancelExpectedReceipt(_) => "expected_receipt.cancelled",
            Command::RecallLot(_) => "lot.recalled",
            Command::OpenCount(_) => "count.opened",
            Command::EnterCount(_) => "count.entered",
            Command::CompleteCount(_) => "count.completed",
            Command::RecountLines(_) => "count.recount_asked",
            Command::PostCount(_) => "count.posted",
            Command::CancelCount(_) => "count.cancelled",
            Command::PostEntry(_) => "journal_entry.posted",
        }
    }
}

/// What an accepted command made.
#[derive(Debug)]
pub enum Outcome {
    /// A till sale or refund.
    Sale(pos::Sale),
    /// A session, and the cash that its opening or closing moved.
    Session(pos::Session, Option<pos::CashMove>),
    /// Cash that moved.
    CashMove(pos::CashMove),
    /// An order, with what the command made of it.
    Order(Box<order::Ordered>),
    /// A credit note.
    CreditNote(order::Invoice),
    /// A payment.
    Payment(payment::Payment),
    /// A stock document.
    StockDocument(stock_document::StockDocument),
    /// A hold.
    Hold(Hold),
    /// A transfer.
    Transfer(Transfer),
    /// An expected receipt.
    Expected(ExpectedReceipt),
    /// A recall.
    Recall(Box<lot::Recall>),
    /// A count sheet, and the adjustment that its posting made.
    Count(Box<Count>, Option<stock_document::StockDocument>),
    /// A journal entry.
    Entry(Entry),
}

impl Outcome {
    /// The document that the command made or changed.
    pub fn document(&self) -> (DocumentKind, Uuid) {
        match self {
            Outcome::Sale(sale) => (sale.kind.into(), sale.id.0),
            Outcome::Session(session, _) => (DocumentKind::Session, session.id.0),
            Outcome::CashMove(change) => (DocumentKind::CashMove, change.id.0),
            Outcome::Order(ordered) => (DocumentKind::Order, ordered.order.id.0),
            Outcome::CreditNote(note) => (DocumentKind::CreditNote, note.id.0),
            Outcome::Payment(payment) => (DocumentKind::Payment, payment.id.0),
            Outcome::StockDocument(document) => (document.kind.into(), document.id.0),
            Outcome::Hold(hold) => (DocumentKind::Hold, hold.id.0),
            Outcome::Transfer(transfer) => (DocumentKind::Transfer, transfer.id.0),
            Outcome::Expected(expected) => (DocumentKind::ExpectedReceipt, expected.id.0),
            Outcome::Recall(recall) => (DocumentKind::Lot, recall.lot.id.0),
            Outcome::Count(count, _) => (DocumentKind::Count, count.id.0),
            Outcome::Entry(entry) => (DocumentKind::JournalEntry, entry.id.0),
        }
    }

    /// The number of the document, or the code of the lot; absent if it has none.
    pub fn number(&self) -> Option<&str> {
        match self {
            Outcome::Sale(sale) => Some(&sale.number),
            Outcome::Order(ordered) => Some(&ordered.order.number),
            Outcome::CreditNote(note) => Some(&note.number),
            Outcome::Payment(payment) => Some(&payment.number),
            Outcome::StockDocument(document) => Some(&document.number),
            Outcome::Transfer(transfer) => Some(&transfer.number),
            Outcome::Expected(expected) => Some(&expected.number),
            Outcome::Recall(recall) => Some(&recall.lot.code),
            Outcome::Count(count, _) => Some(&count.number),
            Outcome::Session(..) | Outcome::CashMove(_) | Outcome::Hold(_) | Outcome::Entry(_) => None,
        }
    }

    /// The number of lines of the document.
    pub fn line_count(&self) -> usize {
        match self {
            Outcome::Sale(sale) => sale.lines.len(),
            Outcome::Order(ordered) => ordered.order.lines.len(),
            Outcome::CreditNote(note) => note.lines.len(),
            Outcome::StockDocument(document) => document.lines.len(),
            Outcome::Hold(hold) => hold.lines.len(),
            Outcome::Transfer(transfer) => transfer.lines.len(),
            Outcome::Expected(expected) => expected.lines.len(),
            Outcome::Count(count, _) => count.lines.len(),
            Outcome::Entry(entry) => entry.lines.len(),
            Outcome::Session(..) | Outcome::CashMove(_) | Outcome::Payment(_) | Outcome::Recall(_) => 0,
        }
    }
}
