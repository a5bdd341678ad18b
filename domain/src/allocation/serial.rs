//! Serial numbers: one unit each, at one location or with a customer.

use crate::book::Book;
use crate::id::LotId;
use crate::lot::{Lot, problem};
use crate::number::Quantity;
use crate::product::{Product, Tracking};
use crate::refusal::{Code, Problem};
use crate::stock::LevelKey;

/// Rejects a serial number that is received while it is in stock, or that `came_before` and may not be
/// received again.
pub(crate) fn check_serial(
    book: &Book,
    product: &Product,
    known: Option<&Lot>,
    came_before: bool,
    code: &str,
    pointer: &str,
) -> Result<(), Problem> {
    let is_here = known.is_some_and(|lot| on_hand(book, lot.id).is_positive());
    let detail = match (is_here, came_before) {
        (false, false) => return Ok(()),
        (true, _) => format!("Serial number {code} of {} is in stock already.", product.sku),
        (false, true) => format!(
            "Serial number {code} of {} was received before: post a return, or an adjustment if it was found.",
            product.sku
        ),
    };
    Err(problem(product, format!("{pointer}/code"), Code::AlreadyExists, detail))
}

/// Rejects the issue of a serial number, dated before a count of its level, if the record still has the unit:
/// the count saw it later, or it is at another location. `taken` is what the document took of it so far.
pub(crate) fn check_gone(book: &Book, key: &LevelKey, taken: Quantity, pointer: &str) -> Result<(), Problem> {
    let product = &book.products[&key.product_id];
    let Some(lot) = book.lots.get(key.lot_id).filter(|_| product.tracking == Tracking::Serial) else {
        return Ok(());
    };
    if (on_hand(book, lot.id) + taken).is_zero() {
        return Ok(());
    }
    let detail = format!(
        "Serial number {} of {} is in stock, and its level was counted after this issue: correct the number or the time.",
        lot.code, product.sku
    );
    Err(problem(product, pointer.to_owned(), Code::ValidationFailed, detail))
}

/// Returns the stock units of a lot on all levels in the book. For a serial number that is received, these
/// are all its levels.
pub(crate) fn on_hand(book: &Book, id: LotId) -> Quantity {
    book.levels().iter().filter(|(key, _)| key.lot_id == id).map(|(_, level)| level.on_hand()).sum()
}
