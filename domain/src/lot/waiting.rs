//! The lots of those who wait: what is free for them, and what they have.

use super::pick::levels_of;
use super::{Lot, LotShare, LotStatus, Lots};
use crate::book::Book;
use crate::id::LotId;
use crate::number::{Money, Quantity};
use crate::promise::Free;
use crate::stock::LevelKey;

/// What is free of the lots of a product at a location that may be sold, in the order in which it is taken.
pub(crate) fn free_at(book: &Book, head: &LevelKey) -> Vec<Free> {
    let lots = levels_of(book, head.location_id, head.product_id)
        .filter_map(|(key, level)| Some((book.lots.get(key.lot_id)?, *key, level.available())));
    let mut lots: Vec<(&Lot, LevelKey, Quantity)> =
        lots.filter(|(lot, ..)| lot.status == LotStatus::Open).collect();
    lots.sort_by(|(one, ..), (other, ..)| one.rank().cmp(&other.rank()));
    lots.into_iter().map(|(lot, key, quantity)| Free { key, quantity, expires_on: lot.expires_on }).collect()
}

/// The shares of a line with `quantity` more of a lot, those first that expire first.
pub(crate) fn joined(
    lots: &Lots,
    shares: &[LotShare],
    (lot_id, quantity): (LotId, Quantity),
) -> Vec<LotShare> {
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
