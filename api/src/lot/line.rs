//! The lots of a document's lines, as they are taken and answered.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::book::Book;
use domain::id::LotId;
use domain::line_item::LINES_MAX;
use domain::lot::{LotDetails, LotShare, NamedLot};
use domain::number::Quantity;
use domain::refusal::Problems;
use domain::text::{self, Line64, Line200};
use serde::{Deserialize, Serialize};

/// A lot of a line, by its code.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LotIn {
    /// The lot's code, or the serial number.
    code: Line64,
    /// Stock units of it; the whole line, or one piece of a serial number, where absent.
    quantity: Option<Quantity>,
}

/// A lot that comes in. What is said of a lot that came in before must be what was said then.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivedLotIn {
    /// What is printed on the goods: the lot's code, or the serial number.
    code: Line64,
    /// Stock units of it; the whole line, or one piece of a serial number, where absent.
    quantity: Option<Quantity>,
    /// The last day on which it may be sold.
    #[schema(example = "2027-03-31")]
    expires_on: Option<NaiveDate>,
    /// The supplier's own code for it.
    supplier_lot: Option<Line64>,
    /// Who sent it.
    received_from: Option<Line200>,
}

/// The part of a line that is of one lot.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LotShareOut<'a> {
    /// The lot.
    lot_id: LotId,
    /// Its code, or the serial number.
    #[schema(max_length = 64, example = "L-2026-117")]
    code: &'a str,
    /// Stock units, of the line's sign.
    quantity: Quantity,
}

/// Finds the code of a lot that a line is of; none where the product is not tracked.
pub type Codes<'f, 'a> = &'f (dyn Fn(LotId) -> Option<&'a str> + 'f);

/// The codes of a book's lots.
pub fn codes_of<'a>(book: &'a Book) -> impl Fn(LotId) -> Option<&'a str> {
    |id| book.lots.get(id).map(|lot| lot.code.as_str())
}

/// The codes of lots that were looked up.
pub fn codes_in<'a>(codes: &'a HashMap<LotId, String>) -> impl Fn(LotId) -> Option<&'a str> {
    |id| codes.get(&id).map(String::as_str)
}

/// The id of a lot, where there is one.
pub fn known(id: LotId) -> Option<LotId> {
    (!id.0.is_nil()).then_some(id)
}

/// The lots that a line names, every wrong one noted.
pub fn named(problems: &mut Problems, pointer: &str, lots: Vec<LotIn>) -> Vec<NamedLot> {
    check_count(problems, pointer, lots.len());
    let lot = |(index, lot): (usize, LotIn)| {
        let code = lot.code.checked(problems, &format!("{pointer}/lots/{index}/code"));
        NamedLot { code, quantity: lot.quantity, details: LotDetails::default() }
    };
    lots.into_iter().enumerate().map(lot).collect()
}

/// The lots that a line brings in, every wrong one noted.
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
    lots.into_iter().enumerate().map(lot).collect()
}

/// The lots of a line, to show.
pub fn shown(shares: &[LotShare]) -> Vec<LotShareOut<'_>> {
    let used = shares.iter().filter(|share| !share.quantity.is_zero());
    used.map(|share| LotShareOut { lot_id: share.lot_id, code: &share.code, quantity: share.quantity })
        .collect()
}

fn check_count(problems: &mut Problems, pointer: &str, lots: usize) {
    if lots > LINES_MAX {
        problems.invalid(format!("{pointer}/lots"), format!("A line is of at most {LINES_MAX} lots."));
    }
}
