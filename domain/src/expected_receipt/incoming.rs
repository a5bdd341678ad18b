//! What a batch itself does to what is on its way: the commands after one that changes a supply see it as it is then.

use super::{ExpectedReceipt, ExpectedStatus, Source, Supply};
use crate::book::Book;
use crate::number::Quantity;
use crate::transfer::Transfer;

/// Keeps what is on its way up with the documents of the batch: the database does not know yet what became of them.
pub fn note_all(book: &mut Book) {
    for expected in book.expected.clone().values() {
        note(book, expected);
    }
    for transfer in book.transfers.clone().values() {
        note_transfer(book, transfer);
    }
}

/// Keeps what is on its way up with an expected receipt, where it was read.
pub(super) fn note(book: &mut Book, expected: &ExpectedReceipt) {
    let Some(supplies) = &mut book.supplies else { return };
    for line in &expected.lines {
        let source = Source::Expected(expected.id, line.line_no);
        let quantity = if expected.status == ExpectedStatus::Open { line.open() } else { Quantity::ZERO };
        let there = supplies.entry((expected.location_id, line.product_id)).or_default();
        put(there, Supply { source, on: expected.expected_on, quantity });
    }
}

/// As [`note`], of a transfer.
pub(crate) fn note_transfer(book: &mut Book, transfer: &Transfer) {
    let (Some(supplies), Some(on)) = (&mut book.supplies, transfer.expected_on) else { return };
    for line in &transfer.lines {
        let there = supplies.entry((transfer.to_location_id, line.product_id)).or_default();
        let source = Source::Transfer(transfer.id, line.line_no);
        put(there, Supply { source, on, quantity: line.open() });
    }
}

/// Puts a supply in the place of what was known of its line.
fn put(there: &mut Vec<Supply>, supply: Supply) {
    there.retain(|known| known.source != supply.source);
    if supply.quantity.is_positive() {
        there.push(supply);
        there.sort_by_key(|supply| (supply.on, supply.source));
    }
}
