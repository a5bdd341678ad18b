//! Commands: every write that posts stock, cost or ledger.
//!
//! A command is a struct beside its rule. Its [`Rule`] states its name, the rows it needs, its size and what
//! it does. Here it is one variant of [`Command`] and one line of `Command::rule`. What it makes is an
//! [`Outcome`]. Every match is exhaustive: the compiler finds the places where a new variant is missing.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::bill::Bill;
use crate::book::{Book, Posting};
use crate::count::Count;
use crate::document::DocumentKind;
use crate::expected_receipt::ExpectedReceipt;
use crate::hold::Hold;
use crate::landed_cost::LandedCost;
use crate::ledger::Entry;
use crate::needs::Needs;
use crate::purchase_order::{MovedGoods, PurchaseOrder};
use crate::refusal::{Faults, Refusal};
use crate::supplier_payment::SupplierPayment;
use crate::transfer::Transfer;
use crate::{
    bill, count, expected_receipt, hold, journal, landed_cost, lot, open_item, order, payment, pos, promise,
    purchase_order, revaluation, stock_document, supplier_payment, transfer,
};

/// The outcome and the posting of an accepted command, or its rejection.
pub type Decision = Result<(Outcome, Posting), Refusal>;

/// The facts and the rule of one command.
pub trait Rule {
    /// Returns the name in the audit log, which is also the type of its event.
    fn name(&self) -> &'static str;

    /// Returns the id that its caller chose for the document which it makes.
    fn own_id(&self) -> Option<Uuid> {
        None
    }

    /// Returns its number of lines. The size of a transaction is measured in lines.
    fn lines(&self) -> usize {
        1
    }

    /// Returns whether no other command joins its batch. Such a command reads sums of what is recorded, which lack what other
    /// commands of the batch did.
    fn is_alone(&self) -> bool {
        false
    }

    /// Adds the rows that it reads or changes.
    fn needs(&self, needs: &mut Needs);

    /// Rejects what its caller may not ask for, as far as that shows without any row. A stored response is returned only to a
    /// caller who may ask for it.
    fn check_stated(&self) -> Result<(), Refusal> {
        Ok(())
    }

    /// Notes the faults of its fields, each without the others: of each value, of what each field names, and of each line. It is
    /// called only for a command that is rejected, so it may repeat checks of the decision.
    fn note_faults(&self, _book: &Book, _faults: &mut Faults) {}

    /// Decides it on the locked rows. A rejection leaves the book unchanged.
    fn decide(&self, book: &mut Book) -> Decision;
}

/// A write that posts stock, cost or ledger.
#[derive(Debug, Clone, strum::VariantNames)]
pub enum Command {
    /// Sell at a till.
    Sell(pos::Sell),
    /// Refund at a till.
    Refund(pos::Refund),
    /// Open a till session.
    OpenSession(pos::OpenSession),
    /// Put cash into a till or take it out.
    MoveCash(pos::MoveCash),
    /// Close a till session.
    CloseSession(pos::CloseSession),
    /// Place an order.
    PlaceOrder(order::Place),
    /// Amend an order: replace its lines.
    AmendOrder(order::Amend),
    /// Confirm an order: reserve its stock.
    ConfirmOrder(order::Confirm),
    /// Release an order from its credit hold.
    ReleaseOrder(order::Release),
    /// Cancel an order.
    CancelOrder(order::Cancel),
    /// Close an order: cancel what is not shipped.
    CloseOrder(order::Close),
    /// Allocate available stock to a backordered order.
    AllocateOrder(order::Allocate),
    /// Make new promises for the backordered lines of an order.
    PromiseOrder(order::Promise),
    /// Ship the stock of an order.
    ShipOrder(order::Ship),
    /// Undo a shipment that did not leave.
    UndoShipment(order::UndoShipment),
    /// Invoice what was shipped.
    InvoiceOrder(order::Bill),
    /// Receive a wholesale return.
    Return(order::Return),
    /// Record a payment.
    ReceivePayment(payment::Receive),
    /// Take a payment or a payout back.
    ReversePayment(payment::Reverse),
    /// Pay a credit out.
    PayOut(payment::PayOut),
    /// Issue a voucher.
    IssueVoucher(payment::IssueVoucher),
    /// Apply payments and credit notes to invoices, or take that back.
    Apply(open_item::Apply),
    /// Post a receipt, an opening or an adjustment.
    MoveStock(stock_document::Move),
    /// Revalue stock.
    Revalue(revaluation::Revalue),
    /// Place a hold.
    PlaceHold(hold::PlaceHold),
    /// Change the end of a hold.
    ExtendHold(hold::Extend),
    /// Release a hold.
    ReleaseHold(hold::Release),
    /// Dispatch a transfer.
    DispatchTransfer(transfer::Dispatch),
    /// Receive a transfer.
    ReceiveTransfer(transfer::Arrive),
    /// Cancel a transfer under way.
    CancelTransfer(transfer::Cancel),
    /// Record an expected receipt.
    ExpectReceipt(expected_receipt::Expect),
    /// Change the day of an expected receipt.
    RescheduleReceipt(expected_receipt::Reschedule),
    /// Cancel an expected receipt.
    CancelExpectedReceipt(expected_receipt::Cancel),
    /// Write a purchase order as a draft.
    PlacePurchaseOrder(purchase_order::Place),
    /// Send a purchase order to its supplier.
    SendPurchaseOrder(purchase_order::SendToSupplier),
    /// Confirm the days of a purchase order, or change them.
    ConfirmPurchaseOrder(purchase_order::Confirm),
    /// Receive goods of a purchase order.
    ReceivePurchaseOrder(purchase_order::Receive),
    /// Send received goods of a purchase order back to the supplier.
    SendGoodsBack(purchase_order::SendBack),
    /// Take a return to a supplier back.
    TakeReturnBack(purchase_order::TakeBack),
    /// Cancel what has not come of a purchase order.
    CancelPurchaseOrder(purchase_order::Cancel),
    /// Close a purchase order of which goods have come.
    ClosePurchaseOrder(purchase_order::Close),
    /// Post a landed cost.
    PostLandedCost(landed_cost::Post),
    /// Take a landed cost back.
    ReverseLandedCost(landed_cost::Reverse),
    /// Record a bill of a supplier.
    RecordBill(bill::Record),
    /// Record a credit note of a supplier.
    CreditBill(bill::Credit),
    /// Take a bill of a supplier back.
    ReverseBill(bill::Reverse),
    /// Record a payment to a supplier.
    PaySupplier(supplier_payment::Pay),
    /// Apply an advance to bills of a supplier.
    ApplySupplierAdvance(supplier_payment::Apply),
    /// Take a payment to a supplier back.
    ReverseSupplierPayment(supplier_payment::Reverse),
    /// Recall a lot.
    RecallLot(lot::RecallLot),
    /// Open a count sheet.
    OpenCount(count::Open),
    /// Enter counted quantities.
    EnterCount(count::Enter),
    /// Complete a count sheet.
    CompleteCount(count::Complete),
    /// Ask for a recount of lines.
    RecountLines(count::Recount),
    /// Post the differences that a count found.
    PostCount(count::Post),
    /// Reverse a posted count sheet.
    ReverseCount(count::Reverse),
    /// Cancel a count sheet.
    CancelCount(count::Cancel),
    /// Post a journal entry by hand.
    PostEntry(journal::Post),
    /// Post opening balances.
    OpenBooks(journal::OpenBooks),
    /// Close a year.
    CloseYear(journal::CloseYear),
    /// Value items that are open in other currencies.
    ValueForeign(journal::ValueForeign),
    /// Reverse a journal entry.
    ReverseEntry(journal::Reverse),
}

impl Command {
    fn rule(&self) -> &dyn Rule {
        match self {
            Command::Sell(command) => command,
            Command::Refund(command) => command,
            Command::OpenSession(command) => command,
            Command::MoveCash(command) => command,
            Command::CloseSession(command) => command,
            Command::PlaceOrder(command) => command,
            Command::AmendOrder(command) => command,
            Command::ConfirmOrder(command) => command,
            Command::ReleaseOrder(command) => command,
            Command::CancelOrder(command) => command,
            Command::CloseOrder(command) => command,
            Command::AllocateOrder(command) => command,
            Command::PromiseOrder(command) => command,
            Command::ShipOrder(command) => command,
            Command::UndoShipment(command) => command,
            Command::InvoiceOrder(command) => command,
            Command::Return(command) => command,
            Command::ReceivePayment(command) => command,
            Command::ReversePayment(command) => command,
            Command::PayOut(command) => command,
            Command::IssueVoucher(command) => command,
            Command::Apply(command) => command,
            Command::MoveStock(command) => command,
            Command::Revalue(command) => command,
            Command::PlaceHold(command) => command,
            Command::ExtendHold(command) => command,
            Command::ReleaseHold(command) => command,
            Command::DispatchTransfer(command) => command,
            Command::ReceiveTransfer(command) => command,
            Command::CancelTransfer(command) => command,
            Command::ExpectReceipt(command) => command,
            Command::RescheduleReceipt(command) => command,
            Command::CancelExpectedReceipt(command) => command,
            Command::PlacePurchaseOrder(command) => command,
            Command::SendPurchaseOrder(command) => command,
            Command::ConfirmPurchaseOrder(command) => command,
            Command::ReceivePurchaseOrder(command) => command,
            Command::SendGoodsBack(command) => command,
            Command::TakeReturnBack(command) => command,
            Command::CancelPurchaseOrder(command) => command,
            Command::ClosePurchaseOrder(command) => command,
            Command::PostLandedCost(command) => command,
            Command::ReverseLandedCost(command) => command,
            Command::RecordBill(command) => command,
            Command::CreditBill(command) => command,
            Command::ReverseBill(command) => command,
            Command::PaySupplier(command) => command,
            Command::ApplySupplierAdvance(command) => command,
            Command::ReverseSupplierPayment(command) => command,
            Command::RecallLot(command) => command,
            Command::OpenCount(command) => command,
            Command::EnterCount(command) => command,
            Command::CompleteCount(command) => command,
            Command::RecountLines(command) => command,
            Command::PostCount(command) => command,
            Command::ReverseCount(command) => command,
            Command::CancelCount(command) => command,
            Command::PostEntry(command) => command,
            Command::OpenBooks(command) => command,
            Command::CloseYear(command) => command,
            Command::ValueForeign(command) => command,
            Command::ReverseEntry(command) => command,
        }
    }

    /// Returns the name in the audit log, which is also the type of its event.
    pub fn name(&self) -> &'static str {
        self.rule().name()
    }

    /// Returns the id that its caller chose for the document which it makes.
    pub fn own_id(&self) -> Option<Uuid> {
        self.rule().own_id()
    }

    /// Returns its number of lines.
    pub fn lines(&self) -> usize {
        self.rule().lines()
    }

    /// Returns whether no other command joins its batch.
    pub fn is_alone(&self) -> bool {
        self.rule().is_alone()
    }

    /// Adds the rows that it reads or changes.
    pub fn needs(&self, needs: &mut Needs) {
        self.rule().needs(needs);
    }

    /// Rejects what its caller may not ask for, as far as that shows without any row.
    pub fn check_stated(&self) -> Result<(), Refusal> {
        self.rule().check_stated()
    }

    /// Adds to a rejection of fields the faults of all others.
    #[must_use]
    pub fn with_faults(&self, refusal: Refusal, book: &Book) -> Refusal {
        refusal.with_faults(|faults| self.rule().note_faults(book, faults))
    }

    /// Decides it on the locked rows, posts the consequences, and allocates the stock that it leaves
    /// available to backordered lines. A rejection leaves the book unchanged.
    pub fn decide(&self, book: &mut Book) -> Decision {
        // Promises can be judged only if the supplies were loaded.
        let is_known = book.supplies.is_some() && !book.waiting.is_empty();
        let before = if is_known { promise::find_broken(book) } else { BTreeSet::new() };
        let decided = self.rule().decide(book);
        let (mut outcome, mut posting) = decided.map_err(|refusal| self.with_faults(refusal, book))?;
        book.post_consequences(&mut posting);
        promise::allocate(book, &mut posting);
        // The allocation may have changed the order of the command itself.
        if let Outcome::Order(ordered) = &mut outcome {
            if let Some(order) = book.orders.get(&ordered.order.id) {
                ordered.order.clone_from(order);
            }
            if ordered.change != order::Change::Unchanged {
                book.served.remove(&ordered.order.id);
            }
        }
        for changed in &mut posting.orders {
            if let Some(order) = book.orders.get(&changed.id) {
                changed.clone_from(order);
            }
        }
        if is_known {
            posting.broken = promise::find_broken(book).difference(&before).copied().collect();
        }
        Ok((outcome, posting))
    }
}

/// The document that an accepted command made or changed.
#[derive(Debug)]
pub enum Outcome {
    /// A till sale or refund.
    Sale(pos::Sale),
    /// A session, and the cash move of its opening or closing.
    Session(pos::Session, Option<pos::CashMove>),
    /// A cash move.
    CashMove(pos::CashMove),
    /// An order, with the invoices that the command made.
    Order(Box<order::Ordered>),
    /// A credit note.
    CreditNote(order::Invoice),
    /// A payment, reversal or payout.
    Payment(Box<payment::Payment>),
    /// A voucher that was issued.
    Voucher(Box<payment::IssuedVoucher>),
    /// An application.
    Application(open_item::Application),
    /// A stock document.
    StockDocument(stock_document::StockDocument),
    /// A hold.
    Hold(Hold),
    /// A transfer.
    Transfer(Transfer),
    /// An expected receipt.
    Expected(ExpectedReceipt),
    /// A purchase order, and the goods that the command moved.
    PurchaseOrder(Box<PurchaseOrder>, Option<Box<MovedGoods>>),
    /// A landed cost, or the reversal of one.
    LandedCost(Box<LandedCost>),
    /// A bill of a supplier, or a credit note or reversal of one.
    Bill(Box<Bill>),
    /// A payment to a supplier, or the reversal of one.
    SupplierPayment(Box<SupplierPayment>),
    /// A recall.
    Recall(Box<lot::Recall>),
    /// A count sheet, and the adjustment that its posting made.
    Count(Box<Count>, Option<stock_document::StockDocument>),
    /// A journal entry.
    Entry(Entry),
}

/// The facts about the document of an outcome that do not depend on its kind.
struct Made<'a> {
    kind: DocumentKind,
    id: Uuid,
    /// The number of the document, or the code of the lot.
    number: Option<&'a str>,
    lines: usize,
}

impl<'a> Made<'a> {
    fn of(kind: DocumentKind, id: Uuid, number: Option<&'a str>, lines: usize) -> Self {
        Made { kind, id, number, lines }
    }
}

impl Outcome {
    fn made(&self) -> Made<'_> {
        use DocumentKind as Kind;
        match self {
            Outcome::Sale(sale) => {
                Made::of(sale.kind.into(), sale.id.0, Some(&sale.number), sale.lines.len())
            }
            Outcome::Session(session, _) => Made::of(Kind::Session, session.id.0, None, 0),
            Outcome::CashMove(change) => Made::of(Kind::CashMove, change.id.0, None, 0),
            Outcome::Order(ordered) => {
                let order = &ordered.order;
                Made::of(Kind::Order, order.id.0, Some(&order.number), order.lines.len())
            }
            Outcome::CreditNote(note) => {
                Made::of(Kind::CreditNote, note.id.0, Some(&note.number), note.lines.len())
            }
            Outcome::Payment(payment) => {
                Made::of(payment.kind.into(), payment.id.0, Some(&payment.number), 0)
            }
            Outcome::Voucher(issued) => Made::of(Kind::Voucher, issued.voucher.id.0, None, 0),
            Outcome::Application(application) => {
                let lines = application.lines.len();
                Made::of(Kind::Application, application.id.0, Some(&application.number), lines)
            }
            Outcome::StockDocument(document) => {
                let lines = document.lines.len();
                Made::of(document.kind.into(), document.id.0, Some(&document.number), lines)
            }
            Outcome::Hold(hold) => Made::of(Kind::Hold, hold.id.0, None, hold.lines.len()),
            Outcome::Transfer(transfer) => {
                Made::of(Kind::Transfer, transfer.id.0, Some(&transfer.number), transfer.lines.len())
            }
            Outcome::Expected(expected) => {
                Made::of(Kind::ExpectedReceipt, expected.id.0, Some(&expected.number), expected.lines.len())
            }
            Outcome::PurchaseOrder(order, _) => {
                Made::of(Kind::PurchaseOrder, order.id.0, Some(&order.number), order.lines.len())
            }
            Outcome::LandedCost(landed) => {
                Made::of(Kind::LandedCost, landed.id.0, Some(&landed.number), landed.lines.len())
            }
            Outcome::Bill(bill) => {
                Made::of(bill.kind.into(), bill.id.0, Some(&bill.number), bill.lines.len())
            }
            Outcome::SupplierPayment(payment) => {
                Made::of(payment.kind.into(), payment.id.0, Some(&payment.number), 0)
            }
            Outcome::Recall(recall) => Made::of(Kind::Lot, recall.lot.id.0, Some(&recall.lot.code), 0),
            Outcome::Count(count, _) => {
                Made::of(Kind::Count, count.id.0, Some(&count.number), count.lines.len())
            }
            Outcome::Entry(entry) => Made::of(Kind::JournalEntry, entry.id.0, None, entry.lines.len()),
        }
    }

    /// Returns the kind and id of the document that the command made or changed.
    pub fn document(&self) -> (DocumentKind, Uuid) {
        let made = self.made();
        (made.kind, made.id)
    }

    /// Returns the number of the document, or the code of the lot; nothing if it has none.
    pub fn number(&self) -> Option<&str> {
        self.made().number
    }

    /// Returns the number of lines of the document.
    pub fn line_count(&self) -> usize {
        self.made().lines
    }

    /// Returns whether the command was accepted and left its document as it was.
    pub fn is_unchanged(&self) -> bool {
        matches!(self, Outcome::Order(ordered) if ordered.change == order::Change::Unchanged)
    }
}
