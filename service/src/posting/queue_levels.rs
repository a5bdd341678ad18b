//! The heads of tracked products: where goods lie in lots, the level without a lot never has any. It carries what waits for
//! the product, whatever lot it will be of, and comes first of the product's levels, so that whoever moves or reserves
//! something of a lot locks it before.

use std::collections::{BTreeMap, BTreeSet};

use domain::book::Book;
use domain::stock::{Level, LevelKey};

use super::{places, waiting};
use domain::needs::Needs;

/// The heads whose lots must be read once more, now that they are locked. A statement that waits for a lock does not see
/// lots that came meanwhile: whoever begins to wait must, or there were goods that nobody gets; and so must an order that
/// waited, for they may be its own. What else is done under the lock needs no more than it saw: who brought goods has
/// served the lines that waited then.
pub(super) fn unseen(needs: &Needs, book: &Book) -> BTreeSet<LevelKey> {
    if !needs.promises && !book.orders.values().any(waiting::waits) {
        return BTreeSet::new();
    }
    let is_tracked = |key: &LevelKey| book.is_tracked(key.product_id);
    places::level_keys(needs, book).into_iter().filter(is_tracked).collect()
}

/// The heads that are missing of the levels that a batch writes. Two batches that meet no head both open it, and the later
/// one is tried again.
pub(super) fn missing(
    known: &BTreeMap<LevelKey, Level>,
    written: &[(LevelKey, Level)],
) -> Vec<(LevelKey, Level)> {
    let heads: BTreeSet<LevelKey> = written.iter().map(|(key, _)| key.without_lot()).collect();
    let is_missing =
        |head: &LevelKey| !known.contains_key(head) && !written.iter().any(|(key, _)| key == head);
    heads.into_iter().filter(is_missing).map(|head| (head, Level::default())).collect()
}
