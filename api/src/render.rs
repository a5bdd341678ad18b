//! Renders outcomes of commands: the document that was made or changed, in the form of its area.

use std::collections::HashMap;

use domain::book::Book;
use domain::order::Change;
use domain::refusal::Refusal;
use serde::Serialize;
use service::Caller;
use service::posting::Outcome;
use service::stock::recall::LotRecall;

use crate::bill::BillOut;
use crate::count::{self, CountOut};
use crate::journal;
use crate::landed_cost::LandedCostOut;
use crate::line::skus_of;
use crate::lot::line::codes_of;
use crate::order::{ApplicationOut, InvoiceOut, OrderOut, PaymentOut};
use crate::pos::SaleOut;
use crate::posting::{refused, rendered};
use crate::purchase_order::PurchaseOrderOut;
use crate::stock::{ExpectedReceiptOut, HoldOut, StockDocumentOut, TransferOut};
use crate::supplier_payment::SupplierPaymentOut;
use crate::voucher::VoucherOut;

/// Renders the outcome of a command as status and JSON, or the problem that rejected it.
pub fn render(caller: &Caller, decided: Result<(&Outcome, &Book), &Refusal>) -> (u16, String) {
    let (outcome, book) = match decided {
        Ok(accepted) => accepted,
        Err(refusal) => return refused(refusal),
    };
    let (skus, codes) = (skus_of(book), codes_of(book));
    let currency = &book.setup.settings.currency;
    match outcome {
        Outcome::Sale(sale) => created(&SaleOut::new(sale, currency).less(&HashMap::new())),
        Outcome::Session(session, _) => shown(session.closed_at.is_none(), session),
        Outcome::CashMove(change) => created(change),
        Outcome::Order(ordered) => {
            let order = OrderOut::new(&ordered.order, &ordered.invoices, currency);
            shown(ordered.change == Change::Placed, &order)
        }
        Outcome::CreditNote(note) => created(&InvoiceOut::new(note, currency)),
        Outcome::Payment(payment) => created(&PaymentOut::new(payment, currency)),
        Outcome::Voucher(issued) => created(&VoucherOut::new(issued, currency)),
        Outcome::Application(application) => created(&ApplicationOut::new(application, currency)),
        Outcome::StockDocument(document) => {
            created(&StockDocumentOut::new(document, currency, &skus, &codes))
        }
        Outcome::Hold(hold) => shown(hold.version == 1, &HoldOut::with_lines(hold, book.now, &skus, &codes)),
        Outcome::Transfer(transfer) => {
            shown(transfer.version == 1, &TransferOut::with_lines(transfer, &skus, &codes))
        }
        Outcome::Expected(expected) => {
            shown(expected.version == 1, &ExpectedReceiptOut::with_lines(expected, &skus))
        }
        Outcome::PurchaseOrder(order, goods) => {
            let shown_order = PurchaseOrderOut::with_lines(order, currency, &skus);
            shown(order.version == 1, &shown_order.moved_by(goods.as_deref()))
        }
        Outcome::LandedCost(landed) => created(&LandedCostOut::with_lines(landed, currency, &skus)),
        Outcome::Bill(bill) => created(&BillOut::with_lines(bill, currency, &skus)),
        Outcome::SupplierPayment(payment) => created(&SupplierPaymentOut::with_bills(payment, currency)),
        Outcome::Recall(recall) => shown(false, &LotRecall::of(recall)),
        Outcome::Count(count, _) => {
            shown(count.version == 1, &CountOut::with_lines(count, &skus, count::sees_all(caller)))
        }
        Outcome::Entry(entry) => created(&journal::posted_entry(entry, book)),
    }
}

fn created<T: Serialize>(document: &T) -> (u16, String) {
    shown(true, document)
}

/// Renders 201 if the command made the document, 200 if it changed it.
fn shown<T: Serialize>(is_new: bool, document: &T) -> (u16, String) {
    rendered(if is_new { 201 } else { 200 }, document)
}
