//! Count sheets of tracked products: a line is of one lot, as a level is.
//!
//! A line names its lot by the code printed on the units. So a lot can be counted that the record does not
//! have. It is made when the sheet is posted, without a sender. A serial number is one unit, however often it
//! is seen.

use chrono::NaiveDate;

use super::{Count, CountLine};
use crate::allocation;
use crate::book::{Book, Posting};
use crate::id::{LotId, ProductId};
use crate::line_item::invalid;
use crate::lot::{self, Arrival, Lots};
use crate::number::Quantity;
use crate::product::{Product, Tracking};
use crate::refusal::{Code, Problem};
use crate::stock::LevelKey;

/// A lot as a sheet names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedLot {
    /// The code printed on the units.
    pub code: String,
    /// The last day on which it may be sold, as printed on the units.
    pub expires_on: Option<NaiveDate>,
}

/// A line of a new sheet: a product, or one of its lots if it is tracked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The product.
    pub product_id: ProductId,
    /// The code of the lot; none if the product is not tracked.
    pub lot_code: Option<String>,
}

impl Listed {
    /// Returns whether the product is still tracked, or still untracked, as when it was chosen.
    pub(super) fn fits(&self, book: &Book) -> bool {
        let product = book.products.get(&self.product_id);
        product.is_some_and(|product| product.is_tracked() == self.lot_code.is_some())
    }

    pub(super) fn line(&self, line_no: i32) -> CountLine {
        let lot = self.lot_code.clone().map(|code| CountedLot { code, expires_on: None });
        CountLine::new(line_no, self.product_id, lot)
    }
}

impl CountLine {
    /// Returns the code of its lot.
    pub fn lot_code(&self) -> Option<&str> {
        self.lot.as_ref().map(|lot| lot.code.as_str())
    }

    /// Returns the product and the lot code that it counts.
    pub(super) fn names(&self) -> (ProductId, Option<&str>) {
        (self.product_id, self.lot_code())
    }
}

impl Count {
    /// Returns the level that a line counts. If its lot is unknown, that is the level without a lot, on which
    /// a tracked product has no stock.
    pub fn key(&self, lots: &Lots, line: &CountLine) -> LevelKey {
        let lot = line.lot_code().and_then(|code| lots.find(line.product_id, code));
        let lot_id = lot.map_or_else(LotId::default, |lot| lot.id);
        LevelKey { location_id: self.location_id, product_id: line.product_id, lot_id }
    }
}

/// Rejects an entry if a tracked product has no lot, an untracked one has a lot, the quantity of a serial
/// number is not 0 or 1, or the expiry date contradicts that of the lot.
pub(super) fn check_entry(
    book: &Book,
    product: &Product,
    (lot, quantity): (Option<&CountedLot>, Quantity),
    pointer: &str,
) -> Result<(), Problem> {
    let refuse = |field: &str, detail: String| Err(invalid(product, format!("{pointer}/{field}"), detail));
    let sku = &product.sku;
    let Some(lot) = lot else {
        return match product.tracking {
            Tracking::None => Ok(()),
            Tracking::Lot => {
                refuse("lot_code", format!("{sku} is tracked by lot: count each lot separately."))
            }
            Tracking::Serial => refuse(
                "lot_code",
                format!("{sku} is tracked by serial number: count each number separately."),
            ),
        };
    };
    if !product.is_tracked() {
        return refuse("lot_code", format!("{sku} is not tracked by lot: leave lot_code out."));
    }
    let is_piece = quantity.is_zero() || quantity == Quantity::ONE;
    if product.tracking == Tracking::Serial && !is_piece {
        return refuse(
            "quantity",
            format!("{} is one unit of {sku}: send 1 if it is there, else 0.", lot.code),
        );
    }
    if let Some(other) = book.lots.other_product(product.id, &lot.code) {
        return refuse("lot_code", lot::of_other_product(product, &lot.code, other));
    }
    let known = book.lots.find(product.id, &lot.code);
    match known {
        Some(known) if lot.expires_on.is_some_and(|day| known.expires_on != Some(day)) => {
            let detail = format!(
                "Lot {} has another expiry date: correct the entry, or the lot with PATCH /v1/lots.",
                lot.code
            );
            refuse("expires_on", detail)
        }
        _ => Ok(()),
    }
}

/// Rejects a line whose product became tracked, or untracked, after it was entered.
pub(super) fn check_tracking(product: &Product, line: &CountLine, pointer: String) -> Result<(), Problem> {
    if product.is_tracked() == line.lot.is_some() {
        return Ok(());
    }
    let how = if product.is_tracked() { "tracked now" } else { "no longer tracked" };
    let detail = format!("{} is {how}: cancel the sheet.", product.sku);
    Err(Problem { pointer, code: Code::InvalidStateTransition, detail, params: Vec::new() })
}

/// Rejects a serial number that was found although the record has it elsewhere: one unit can't be in two
/// places.
pub(super) fn check_piece(
    book: &Book,
    (product, key): (&Product, &LevelKey),
    off: Quantity,
    pointer: String,
) -> Result<(), Problem> {
    let is_found = product.tracking == Tracking::Serial && off.is_positive();
    if !is_found
        || key.lot_id == LotId::default()
        || allocation::on_hand(book, key.lot_id) + off <= Quantity::ONE
    {
        return Ok(());
    }
    let code = book.lots.get(key.lot_id).map_or("", |lot| lot.code.as_str());
    let detail = format!(
        "Serial number {code} of {} was counted here, but the record has it elsewhere: post an adjustment there, or \
         record its transfer.",
        product.sku
    );
    let params = vec![("sku", product.sku.clone())];
    Err(Problem { pointer, code: Code::AlreadyExists, detail, params })
}

/// Returns the level to which a line is posted, and makes its lot if it is unknown. Call it after the last
/// check, and only if the line differs.
pub(super) fn settle_key(
    book: &mut Book,
    key: LevelKey,
    line: &CountLine,
    posting: &mut Posting,
) -> LevelKey {
    let Some(lot) = line.lot.as_ref().filter(|_| key.lot_id == LotId::default()) else { return key };
    let arrival = Arrival::found(lot.code.clone(), lot.expires_on);
    let lot_id = lot::enter(book, key.product_id, &arrival, line.counted_at.unwrap_or(book.now), posting);
    LevelKey { lot_id, ..key }
}
