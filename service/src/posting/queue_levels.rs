//! The level without a lot of a tracked product. It never has stock. It carries what orders wait for, in any lot. Its
//! key sorts before the product's lots, so a batch that moves or reserves units of a lot locks it first.

use std::collections::{BTreeMap, BTreeSet};

use domain::book::Book;
use domain::stock::{Level, LevelKey};

use super::{places, waiting};
use domain::needs::Needs;

/// Returns the levels without a lot whose lots must be read again, now that these levels are locked. A statement that
/// waits for a lock does not see lots that were received meanwhile. The second read is needed if the batch may start a
/// backorder, because no order would get such a lot; and if it contains a waiting order, because the lot may have been
/// allocated to that order. Other batches need none: the batch that received the lot has already allocated it to the
/// lines that waited.
pub(super) fn unseen(needs: &Needs, book: &Book) -> BTreeSet<LevelKey> {
    if !needs.promises && !book.orders.values().any(waiting::waits) {
        return BTreeSet::new();
    }
    let is_tracked = |key: &LevelKey| book.is_tracked(key.product_id);
    places::level_keys(needs, book).into_iter().filter(is_tracked).collect()
}

/// Returns the levels without a lot that do not exist yet and belong to the levels that the batch writes. If two
/// batches create the same one, the later batch is tried again.
pub(super) fn missing(
    known: &BTreeMap<LevelKey, Level>,
    written: &[(LevelKey, Level)],
) -> Vec<(LevelKey, Level)> {
    let heads: BTreeSet<LevelKey> = written.iter().map(|(key, _)| key.without_lot()).collect();
    let is_missing =
        |head: &LevelKey| !known.contains_key(head) && !written.iter().any(|(key, _)| key == head);
    heads.into_iter().filter(is_missing).map(|head| (head, Level::default())).collect()
}
