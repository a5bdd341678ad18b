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
    levels_taken: usize,
    events_taken: usize,
}

impl News {
    /// A change that is new as a whole.
    pub(super) fn whole(change: Change) -> Self {
        let end = change.end;
        let (change, seen) = (Arc::new(change), Arc::default());
        News { change, seen, after: None, end, levels_taken: 0, events_taken: 0 }
    }

    /// The part of a change that a listener at `after`, who has seen these levels, does not know.
    pub(super) fn of(change: Arc<Change>, seen: Arc<Seen>, after: FeedPosition) -> Self {
        let end = after.max(change.end);
        News { change, seen, after: Some(after), end, levels_taken: 0, events_taken: 0 }
    }

    /// Returns the place to continue from after the change.
    pub fn end(&self) -> FeedPosition {
        self.end
    }

    /// Whether nothing is new.
    pub(super) fn is_empty(&self) -> bool {
        let Change { levels, ended, events, .. } = &*self.change;
        ended.is_empty()
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
