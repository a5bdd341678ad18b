//! The part of a change that is new to a listener. Listeners share the change, and each takes it level by level and event by event.

use std::sync::Arc;

use domain::stock::LevelKey;

use super::{Change, Snapshot};
use crate::event::{Event, FeedPosition};
use crate::stock::level::ChangedLevel;

/// The snapshots from which a listener read levels itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Vec<SeenPart>);

/// A part of the levels, in the order of their keys.
#[derive(Debug, Clone)]
struct SeenPart {
    /// The last level of the part. None: all after the part before.
    last: Option<LevelKey>,
    snapshot: Snapshot,
}

impl Seen {
    /// All levels of one snapshot.
    pub(super) fn all(snapshot: Snapshot) -> Self {
        Seen(vec![SeenPart { last: None, snapshot }])
    }

    /// Adds the levels up to `last`.
    pub(super) fn push(&mut self, last: Option<LevelKey>, snapshot: Snapshot) {
        self.0.push(SeenPart { last, snapshot });
    }

    /// Whether the listener has all that expired before a change was read, with the figures of that time or later ones.
    fn has_expiries_of(&self, change: &Change) -> bool {
        let all = self.0.last().filter(|part| part.last.is_none());
        all.is_some_and(|part| change.read_at <= part.snapshot.at())
    }

    /// Whether the listener has the level with these figures, or later ones.
    fn has(&self, level: &ChangedLevel) -> bool {
        let key = level.key();
        let part = self.0.partition_point(|part| part.last.is_some_and(|last| last < key));
        self.0.get(part).is_some_and(|part| part.snapshot.sees(level.transaction))
    }
}

/// A change, of which a listener takes what is new to it.
#[derive(Debug)]
pub struct News {
    change: Arc<Change>,
    seen: Arc<Seen>,
    /// Events up to here were delivered before. None: all are new.
    after: Option<FeedPosition>,
    end: FeedPosition,
    /// Whether the levels on which something expired are known. Their figures may be older than those that the listener has, and no
    /// later change would correct them.
    knows_ended: bool,
    levels_taken: usize,
    events_taken: usize,
}

impl News {
    /// A change that is new as a whole.
    pub(super) fn whole(change: Change) -> Self {
        let end = change.end;
        let (change, seen) = (Arc::new(change), Arc::default());
        News { change, seen, after: None, end, knows_ended: false, levels_taken: 0, events_taken: 0 }
    }

    /// The part of a change that a listener at `after`, who has seen these levels, does not know.
    pub(super) fn of(change: Arc<Change>, seen: Arc<Seen>, after: FeedPosition) -> Self {
        let end = after.max(change.end);
        let knows_ended = seen.has_expiries_of(&change);
        News { change, seen, after: Some(after), end, knows_ended, levels_taken: 0, events_taken: 0 }
    }

    /// Returns the place to continue from after the change.
    pub fn end(&self) -> FeedPosition {
        self.end
    }

    /// Whether nothing is new.
    pub(super) fn is_empty(&self) -> bool {
        let Change { levels, ended, events, .. } = &*self.change;
        (self.knows_ended || ended.is_empty())
            && levels.iter().all(|level| self.seen.has(level))
            && events.iter().all(|event| !self.is_new(event))
    }

    /// Takes the next level: those that were written, then those on which something expired.
    pub fn next_level(&mut self) -> Option<&ChangedLevel> {
        let Change { levels, ended, .. } = &*self.change;
        while let Some(level) = levels.get(self.levels_taken) {
            self.levels_taken += 1;
            if !self.seen.has(level) {
                return Some(level);
            }
        }
        if self.knows_ended {
            return None;
        }
        let level = ended.get(self.levels_taken - levels.len())?;
        self.levels_taken += 1;
        Some(level)
    }

    /// Takes the next event, in the order of the feed.
    pub fn next_event(&mut self) -> Option<&Event> {
        while let Some(event) = self.change.events.get(self.events_taken) {
            self.events_taken += 1;
            if self.is_new(event) {
                return Some(event);
            }
        }
        None
    }

    fn is_new(&self, event: &Event) -> bool {
        self.after.is_none_or(|after| event.place > after)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use domain::id::{LocationId, ProductId};
    use domain::number::Quantity;
    use uuid::Uuid;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    /// Makes a snapshot that sees the transactions below `next`.
    fn snapshot(next: u64, second: i64) -> Snapshot {
        Snapshot::parse(&format!("{next}:{next}:"), 0, at(second)).expect("a snapshot")
    }

    fn level(product: u128, transaction: u64) -> ChangedLevel {
        ChangedLevel {
            location_id: LocationId(Uuid::from_u128(1)),
            product_id: ProductId(Uuid::from_u128(product)),
            sku: product.to_string(),
            lot_id: None,
            sellable: true,
            uom: "C62".to_owned(),
            on_hand: Quantity::ZERO,
            reserved: Quantity::ZERO,
            available: Quantity::ZERO,
            moved_at: at(0),
            transaction,
        }
    }

    /// Returns the SKUs of the levels that are new to a listener.
    fn told(seen: &Seen, change: &Change) -> Vec<String> {
        let mut news = News::of(Arc::new(change.clone()), Arc::new(seen.clone()), FeedPosition::default());
        let skus: Vec<String> = std::iter::from_fn(|| Some(news.next_level()?.sku.clone())).collect();
        assert_eq!(news.is_empty(), skus.is_empty());
        skus
    }

    #[test]
    fn each_part_of_the_levels_has_its_own_snapshot() {
        let mut seen = Seen::default();
        seen.push(Some(level(5, 0).key()), snapshot(10, 1));
        seen.push(None, snapshot(20, 2));
        let levels = [(4, 9), (5, 9), (5, 10), (6, 19), (6, 20)];
        for ((product, transaction), is_new) in levels.into_iter().zip([false, false, true, false, true]) {
            let change = Change { levels: vec![level(product, transaction)], ..Change::default() };
            assert_eq!(told(&seen, &change).len(), usize::from(is_new), "{product} by {transaction}");
        }
    }

    /// An older figure after a newer one would stay: the write in between is known, and comes no second time.
    #[test]
    fn an_expiry_that_was_read_before_the_levels_is_not_told_after_them() {
        let seen = Seen::all(snapshot(10, 5));
        let change = |second| Change { ended: vec![level(1, 3)], read_at: at(second), ..Change::default() };
        assert!(told(&seen, &change(4)).is_empty());
        assert_eq!(told(&seen, &change(6)), ["1"]);
        let mut unfinished = Seen::default();
        unfinished.push(Some(level(5, 0).key()), snapshot(10, 5));
        assert_eq!(told(&unfinished, &change(4)), ["1"]);
    }
}
