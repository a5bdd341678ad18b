//! The levels that a listener missed, read in parts: those that were written since its place, then those on which something expired.

use domain::stock::LevelKey;

use super::{Change, Snapshot};
use crate::event::{self, FeedPosition};
use crate::stock::level::{self, ChangedLevel, Part};
use crate::{Error, Tx};

/// Most levels of a part.
const PART: usize = 500;

/// The levels that are still to be read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Missed {
    /// Those that were written, after this one; then the expired ones. The read that has the last written ones begins with the
    /// expired ones.
    Written(Option<LevelKey>),
    /// Those on which something expired, after this one.
    Expired(Option<LevelKey>),
}

/// The change that one read found, and its place.
pub(super) struct MissedPart {
    pub change: Change,
    /// The last of the written levels that the listener has now, and the snapshot from which they were read. No last one: all that were
    /// left.
    pub seen: Option<(Option<LevelKey>, Snapshot)>,
    /// The levels that are left. None: the listener has all.
    pub rest: Option<Missed>,
}

impl Default for Missed {
    fn default() -> Self {
        Missed::Written(None)
    }
}

impl Missed {
    /// Reads the next part of the levels that a listener at `place` missed.
    pub(super) async fn read(self, tx: &Tx, place: FeedPosition) -> Result<MissedPart, Error> {
        let snapshot = Snapshot::read(tx).await?;
        let nothing = Change { end: place, read_at: snapshot.at(), ..Change::default() };
        match self {
            Missed::Written(after) => {
                // A transaction that changes a level also writes an event.
                let levels = match event::has_events_from(tx, place.0).await? {
                    true => {
                        level::find_changed(tx, &snapshot, place.0, Some(Part { after, rows: PART })).await?
                    }
                    false => Vec::new(),
                };
                let last = last_of_full(&levels);
                let (ended, rest) = match last {
                    Some(last) => (Vec::new(), Some(Missed::Written(Some(last)))),
                    None => expired(tx, &snapshot, place, None).await?,
                };
                let change = Change { levels, ended, ..nothing };
                Ok(MissedPart { change, seen: Some((last, snapshot)), rest })
            }
            Missed::Expired(after) => {
                let (ended, rest) = expired(tx, &snapshot, place, after).await?;
                Ok(MissedPart { change: Change { ended, ..nothing }, seen: None, rest })
            }
        }
    }
}

/// Returns a part of the levels on which something expired since `place`, and those that are left.
async fn expired(
    tx: &Tx,
    snapshot: &Snapshot,
    place: FeedPosition,
    after: Option<LevelKey>,
) -> Result<(Vec<ChangedLevel>, Option<Missed>), Error> {
    let since = event::expiries_unsent_since(tx, place).await?;
    let part = Part { after, rows: PART };
    let ended = level::find_expired(tx, snapshot, since, Some(part)).await?;
    let rest = last_of_full(&ended).map(|last| Missed::Expired(Some(last)));
    Ok((ended, rest))
}

/// Returns the last level of a part after which more may follow.
fn last_of_full(levels: &[ChangedLevel]) -> Option<LevelKey> {
    levels.last().filter(|_| levels.len() == PART).map(ChangedLevel::key)
}
