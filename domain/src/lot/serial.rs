//! Serial numbers: one piece each, which is in one place or with a customer.

use super::{Lot, problem};
use crate::book::Book;
use crate::id::LotId;
use crate::number::Quantity;
use crate::product::{Product, Tracking};
use crate::refusal::{Code, Problem};
use crate::stock::LevelKey;

/// A serial number is one piece: it can't come in while it is here.
pub(super) fn check_serial(
    book: &Book,
    product: &Product,
    (known, came_before): (Option<&Lot>, bool),
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

/// Refuses a serial number that is said to have left before its level was counted, but that the record has: the count saw
/// the piece after that, or it is elsewhere, and it would be two. `taken` is what the document took of it already.
pub(crate) fn check_gone(
    book: &Book,
    (key, taken): (&LevelKey, Quantity),
    pointer: &str,
) -> Result<(), Problem> {
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

/// Stock units of a lot, over every level that the book holds: of a serial number that comes in, all there are.
pub(crate) fn on_hand(book: &Book, id: LotId) -> Quantity {
    book.levels.iter().filter(|(key, _)| key.lot_id == id).map(|(_, level)| level.on_hand).sum()
}
