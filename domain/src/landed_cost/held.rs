//! The units of a receipt that are still held, and their share of a cost that comes after them.

use super::ReceivedGoods;
use crate::book::Book;
use crate::id::LocationId;
use crate::number::{Money, Quantity};
use crate::stock::LevelKey;

/// Returns the levels that hold units of a line of a receipt, and how many. Together they are at most `most`.
///
/// Cost layers name the receipt of their units, also after a transfer to another location. A level without layers does not:
/// there, the units that came last count as those on hand, as if the oldest had left first. Units that left such a level
/// for another location are gone. So are units in transit, and units that an issue took below zero.
fn held(book: &Book, goods: &ReceivedGoods, most: Quantity) -> Vec<(LevelKey, Quantity)> {
    let level = book.level(&goods.key);
    let mut left = goods.quantity.min(most);
    if !level.is_layered() {
        let units = (level.on_hand() - goods.later).min(left);
        return if units.is_positive() { vec![(goods.key, units)] } else { Vec::new() };
    }
    let mut found = Vec::new();
    for (key, layers) in book.layers() {
        if (key.product_id, key.lot_id) != (goods.key.product_id, goods.key.lot_id) {
            continue;
        }
        let units = layers.left_of(goods.source()).0.min(left);
        if units.is_positive() {
            left -= units;
            found.push((*key, units));
        }
    }
    found
}

/// Returns how many units of a line of a receipt are held, and their share of `value` by level. The whole value belongs to
/// `whole` units, of which more are not held.
pub(super) fn held_shares(
    book: &Book,
    goods: &ReceivedGoods,
    (value, whole): (Money, Quantity),
) -> (Quantity, Vec<(LevelKey, Money)>) {
    let mut done = Quantity::ZERO;
    let mut shares = Vec::new();
    for (key, units) in held(book, goods, whole) {
        shares.push((key, book.setup.settings.slice(value, done, units, whole)));
        done += units;
    }
    (done, shares)
}

impl ReceivedGoods {
    /// Returns the location that received it, and those that hold units of it.
    pub(crate) fn places(&self, book: &Book) -> Vec<LocationId> {
        let held = held(book, self, self.quantity).into_iter().map(|(key, _)| key.location_id);
        std::iter::once(self.key.location_id).chain(held).collect()
    }
}
