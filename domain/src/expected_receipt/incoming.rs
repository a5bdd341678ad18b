//! Changes that a batch makes to the supplies, so that its later commands see them.

use chrono::NaiveDate;

use super::{ExpectedReceipt, ExpectedStatus, Source, Supply};
use crate::book::Book;
use crate::number::Quantity;
use crate::purchase_order::PurchaseOrder;
use crate::transfer::Transfer;

/// Updates the supplies with the documents of the batch, whose changes the database does not have yet.
pub fn note_all(book: &mut Book) {
    for expected in book.expected.clone().values() {
        note(book, expected);
    }
    for transfer in book.transfers.clone().values() {
        note_transfer(book, transfer);
    }
    for order in book.purchases.clone().values() {
        note_purchase(book, order);
    }
}

/// Updates the supplies with an expected receipt, if they were read.
pub(super) fn note(book: &mut Book, expected: &ExpectedReceipt) {
    let Some(supplies) = &mut book.supplies else { return };
    for line in &expected.lines {
        let source = Source::Expected(expected.id, line.line_no);
        let quantity = if expected.status == ExpectedStatus::Open { line.open() } else { Quantity::ZERO };
        let there = supplies.entry((expected.location_id, line.product_id)).or_default();
        put(there, Supply { source, on: expected.expected_on, quantity });
    }
}

/// Updates the supplies with a transfer, if they were read and its day is known.
pub(crate) fn note_transfer(book: &mut Book, transfer: &Transfer) {
    let (Some(supplies), Some(on)) = (&mut book.supplies, transfer.expected_on) else { return };
    for line in &transfer.lines {
        let there = supplies.entry((transfer.to_location_id, line.product_id)).or_default();
        let source = Source::Transfer(transfer.id, line.line_no);
        put(there, Supply { source, on, quantity: line.open() });
    }
}

/// Updates the supplies with a purchase order, if they were read. A line without a day is no supply.
pub(crate) fn note_purchase(book: &mut Book, order: &PurchaseOrder) {
    let Some(supplies) = &mut book.supplies else { return };
    for line in &order.lines {
        let source = Source::Purchase(order.id, line.line_no);
        let (on, quantity) = match line.expected_on {
            Some(on) if order.is_awaited() => (on, line.open()),
            _ => (NaiveDate::default(), Quantity::ZERO),
        };
        let there = supplies.entry((line.location_id, line.product_id)).or_default();
        put(there, Supply { source, on, quantity });
    }
}

/// Replaces the supply of a document line, or removes it if nothing more is to come.
fn put(there: &mut Vec<Supply>, supply: Supply) {
    there.retain(|known| known.source != supply.source);
    if supply.quantity.is_positive() {
        there.push(supply);
        there.sort_by_key(|supply| (supply.on, supply.source));
    }
}
