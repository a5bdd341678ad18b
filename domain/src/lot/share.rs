//! The parts of a line that are of one lot each, and the levels that they move.

use super::{LotShare, Lots};
use crate::book::Book;
use crate::id::{LocationId, LotId};
use crate::line_item::LINES_MAX;
use crate::negative_stock::Issue;
use crate::number::{Money, Quantity};
use crate::refusal::Refusal;
use crate::sales::Line;
use crate::stock::LevelKey;

/// Rejects a document that has too many lines after they were split by lot.
pub(crate) fn check_line_count(lines: usize) -> Result<(), Refusal> {
    if lines > LINES_MAX {
        let detail = format!("Split by lot, the document has more than {LINES_MAX} lines.");
        return Err(Refusal::invalid("/lines", detail));
    }
    Ok(())
}

/// Returns the levels that a line moves, each with quantity and cost: one per lot, or that of the product
/// without lots. Nothing for a line without stock.
pub(crate) fn moves(location_id: LocationId, line: &Line, cost: Money) -> Vec<(LevelKey, Quantity, Money)> {
    if !line.stocked {
        return Vec::new();
    }
    if line.lots.is_empty() {
        return vec![(LevelKey::untracked(location_id, line.product_id), line.quantity, cost)];
    }
    let product_id = line.product_id;
    let key = |lot_id| LevelKey { location_id, product_id, lot_id };
    line.lots.iter().map(|share| (key(share.lot_id), share.quantity, share.cost)).collect()
}

/// Issues the lots of a line, notes the cost of each, and returns the sum. `line` is the issue of the whole line, from the
/// level without a lot.
pub(crate) fn issue(book: &mut Book, line: &Issue, shares: &mut [LotShare]) -> Money {
    for share in shares.iter_mut() {
        let key = LevelKey { lot_id: share.lot_id, ..line.key };
        share.cost = book.issue(&Issue { key, quantity: share.quantity, ..*line });
    }
    shares.iter().map(|share| share.cost).sum()
}

/// Returns the shares of a line with `quantity` more of a lot, those first that expire first.
pub(crate) fn joined(lots: &Lots, shares: &[LotShare], lot_id: LotId, quantity: Quantity) -> Vec<LotShare> {
    let mut shares = shares.to_vec();
    match shares.iter_mut().find(|share| share.lot_id == lot_id) {
        Some(share) => share.quantity += quantity,
        None => {
            let code = lots.get(lot_id).map(|lot| lot.code.clone()).unwrap_or_default();
            shares.push(LotShare { lot_id, code, quantity, cost: Money::ZERO });
        }
    }
    shares.sort_by_key(|share| lots.get(share.lot_id).map(|lot| lot.rank()));
    shares
}
