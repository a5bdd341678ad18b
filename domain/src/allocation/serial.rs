//! Serial numbers: one piece each, which is in one place or with a customer.

use crate::book::Book;
use crate::id::LotId;
use crate::lot::{Lot, problem};
use crate::number::Quantity;
use crate::product::{Product, Tracking};
use crate::refusal::{Code, Problem};
use crate::stock::LevelKey;

/// Rejects a serial number that comes in while its piece is in stock, or that `came_before` and may not come in again.
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
        (true, _) => format!("{code} of {} is in stock already: a serial number is one piece.", product.sku),
        (false, true) => format!(
            "{code} of {} came in before: take it back with a return, or as found with an adjustment.",
            product.sku
        ),
    };
    Err(problem(product, format!("{pointer}/code"), Code::AlreadyExists, detail))
}

/// Rejects a serial number that left before its level was counted, if the record still has the piece: the count saw the
/// piece later, or it is at another place. `taken` is what the document took of it already.
pub(crate) fn check_gone(book: &Book, key: &LevelKey, taken: Quantity, pointer: &str) -> Result<(), Problem> {
    let product = &book.products[&key.product_id];
    let Some(lot) = book.lots.get(key.lot_id).filter(|_| product.tracking == Tracking::Serial) else {
        return Ok(());
    };
    if (on_hand(book, lot.id) + taken).is_zero() {
        return Ok(());
    }
    let detail = format!(
        "{} of {} was counted after it is said to have left, and is in stock: correct the number, or when it left.",
        lot.code, product.sku
    );
    Err(problem(product, pointer.to_owned(), Code::ValidationFailed, detail))
}

/// Returns the stock units of a lot over every level in the book. For a serial number that comes in, these are all.
pub(crate) fn on_hand(book: &Book, id: LotId) -> Quantity {
    book.levels().iter().filter(|(key, _)| key.lot_id == id).map(|(_, level)| level.on_hand()).sum()
}
