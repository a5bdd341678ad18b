//! Lots of a document's lines, in input and output.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::book::Book;
use domain::id::LotId;
use domain::line_item::LINES_MAX;
use domain::lot::{LotDetails, LotShare, NamedLot};
use domain::number::Quantity;
use domain::refusal::Problems;
use domain::text::{self, Code64, Line64, Name};
use serde::{Deserialize, Serialize};

/// A lot of a line, by its code.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LotIn {
    /// Lot code or serial number.
    code: Code64,
    /// Stock units of the lot. If absent, the whole line, or 1 for a serial number.
    quantity: Option<Quantity>,
}

/// A lot that is received. For a lot that was received before, the data must be the same as then.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivedLotIn {
    /// Lot code or serial number on the label.
    code: Code64,
    /// Stock units of the lot. If absent, the whole line, or 1 for a serial number.
    quantity: Option<Quantity>,
    /// Last day on which it may be sold.
    #[schema(example = "2027-03-31")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    expires_on: Option<NaiveDate>,
    /// Supplier's own code of the lot.
    supplier_lot: Option<Line64>,
    /// Name of the supplier.
    received_from: Option<Name>,
}

/// Part of a line that belongs to one lot.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LotShareOut<'a> {
    /// The lot.
    lot_id: LotId,
    /// Lot code or serial number.
    #[schema(max_length = 64, example = "L-2026-117")]
    code: &'a str,
    /// Stock units, with the sign of the line.
    quantity: Quantity,
}

/// Finds the code of a lot. Returns nothing if the product is not tracked.
pub type Codes<'f, 'a> = &'f (dyn Fn(LotId) -> Option<&'a str> + 'f);

/// Returns a function that finds the code of a book's lot.
pub fn codes_of<'a>(book: &'a Book) -> impl Fn(LotId) -> Option<&'a str> {
    |id| book.lots.get(id).map(|lot| lot.code.as_str())
}

/// Returns a function that finds the code of a lot in a map.
pub fn codes_in<'a>(codes: &'a HashMap<LotId, String>) -> impl Fn(LotId) -> Option<&'a str> {
    |id| codes.get(&id).map(String::as_str)
}

/// Returns the id of a lot, or nothing for the nil id.
pub fn known(id: LotId) -> Option<LotId> {
    (!id.0.is_nil()).then_some(id)
}

/// Parses the lots that a line names. Reports every wrong one.
pub fn named(problems: &mut Problems, pointer: &str, lots: Vec<LotIn>) -> Vec<NamedLot> {
    check_count(problems, pointer, lots.len());
    let lot = |(index, lot): (usize, LotIn)| {
        let code = lot.code.checked(problems, &format!("{pointer}/lots/{index}/code"));
        NamedLot { code, quantity: lot.quantity, details: LotDetails::default() }
    };
    // A line with more is rejected, so the rest is not compared.
    lots.into_iter().take(LINES_MAX).enumerate().map(lot).collect()
}

/// Parses the lots that a line receives. Reports every wrong one.
pub fn received(problems: &mut Problems, pointer: &str, lots: Vec<ReceivedLotIn>) -> Vec<NamedLot> {
    check_count(problems, pointer, lots.len());
    let lot = |(index, lot): (usize, ReceivedLotIn)| {
        let at = |field: &str| format!("{pointer}/lots/{index}/{field}");
        NamedLot {
            code: lot.code.checked(problems, &at("code")),
            quantity: lot.quantity,
            details: LotDetails {
                expires_on: lot.expires_on,
                supplier_lot: text::checked(problems, &at("supplier_lot"), lot.supplier_lot),
                received_from: text::checked(problems, &at("received_from"), lot.received_from),
            },
        }
    };
    // A line with more is rejected, so the rest is not compared.
    lots.into_iter().take(LINES_MAX).enumerate().map(lot).collect()
}

/// Returns the wire form of the lots of a line, without those of quantity zero.
pub fn shown(shares: &[LotShare]) -> Vec<LotShareOut<'_>> {
    let used = shares.iter().filter(|share| !share.quantity.is_zero());
    used.map(|share| LotShareOut { lot_id: share.lot_id, code: &share.code, quantity: share.quantity })
        .collect()
}

fn check_count(problems: &mut Problems, pointer: &str, lots: usize) {
    if lots > LINES_MAX {
        problems.invalid(format!("{pointer}/lots"), format!("A line can have at most {LINES_MAX} lots."));
    }
}
