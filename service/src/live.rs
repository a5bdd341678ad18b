//! What changes, as it changes: for those who listen.
//!
//! The database is the only source. A tenant with listeners has one follower. The follower polls: it reads what was
//! committed since its last poll and hands it to every listener. A commit only notifies the follower, so a write waits
//! for nothing here. A notification in another process is not received: the follower then polls within a second.
//!
//! A level that changed is found by the transaction that wrote its row: the snapshot of the last poll did not see it.
//! So a level is sent as soon as it is committed, and none is lost, however long another transaction stays open.
//! Events come in the order of the feed, below its horizon.
//!
//! Some levels change without a write: a hold ends, a lot expires at midnight. Each poll reads what has ended since the
//! last one and sends it like any other change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::id::TenantId;
use tokio::runtime::Handle;
use tokio::sync::{Notify, OnceCell, Semaphore, broadcast, watch};

use crate::event::{self, Event, Filter, Place};
use crate::stock::level::{self, ChangedLevel};
use crate::{Db, Error};

mod snapshot;

pub use snapshot::Snapshot;

/// How many changes wait for a listener before it is given up.
pub const WAITING_MAX: usize = 256;
/// How many events one poll reads.
const EVENTS_MAX: usize = 200;
/// How many polls of one process may use the database at once, so that writes never wait for a connection.
const POLLS_MAX: usize = 2;
/// How often a follower polls without a notification: another process can't notify it without Redis.
const TICK: Duration = Duration::from_secs(1);
/// The least time between two polls; what changes meanwhile is sent once.
const PACE: Duration = Duration::from_millis(20);
/// A poll is followed by a pause of so many times its own length.
const PACE_FACTOR: u32 = 10;

/// What changed between two polls.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The levels that changed, as they are now.
    pub levels: Vec<ChangedLevel>,
    /// The levels on which something ended by itself, as they are now.
    pub ended: Vec<ChangedLevel>,
    /// What happened, in the order of the feed.
    pub events: Vec<Event>,
    /// Where to go on, once all of it was heard.
    pub end: Place,
}

/// The followers of this process.
#[derive(Debug, Clone)]
pub struct Live(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    runtime: Handle,
    followers: Mutex<HashMap<TenantId, Arc<Follower>>>,
    polls: Semaphore,
    waiting_max: usize,
    closing: watch::Sender<bool>,
}

#[derive(Debug)]
struct Follower {
    changes: broadcast::Sender<Arc<Change>>,
    started: OnceCell<()>,
}

/// What a follower or a listener has seen.
#[derive(Debug, Clone)]
struct Seen {
    place: Place,
    snapshot: Snapshot,
}

/// Which levels a poll reads.
enum Levels<'a> {
    /// Those that changed since this snapshot.
    UnseenBy(&'a Snapshot),
    /// Those that may have changed since this place was reached.
    WrittenSince(Place),
    None,
}

/// What one poll read.
struct Polled {
    change: Change,
    snapshot: Snapshot,
    has_more: bool,
}

impl Change {
    /// Whether it tells nothing.
    fn is_empty(&self) -> bool {
        self.levels.is_empty() && self.ended.is_empty() && self.events.is_empty()
    }
}

impl Live {
    /// Followers that work on the current runtime, and give a listener up for whom `waiting_max` changes wait.
    pub fn new(db: Db, waiting_max: usize) -> Self {
        Live(Arc::new(Inner {
            db,
            runtime: Handle::current(),
            followers: Mutex::default(),
            polls: Semaphore::new(POLLS_MAX),
            waiting_max,
            closing: watch::Sender::new(false),
        }))
    }

    /// Another process has committed something of the tenant.
    pub fn notify(&self, tenant_id: TenantId) {
        self.0.db.notifier.notify(tenant_id);
    }

    /// Ends every listener: this process stops.
    pub fn close(&self) {
        self.0.closing.send_replace(true);
    }

    /// Listens to a tenant: from `from` on, which is caught up with first, or from now on.
    pub async fn listen(&self, tenant_id: TenantId, from: Option<Place>) -> Result<Listener, Error> {
        let (follower, changes) = self.0.follower(tenant_id);
        // The follower polls before this listener does: what is committed in between comes twice, and is never lost.
        follower.started.get_or_try_init(|| self.0.start(tenant_id, &follower)).await?;
        let first = match from {
            Some(place) => self.0.poll(tenant_id, place, Levels::WrittenSince(place)).await?,
            None => self.0.begin(tenant_id).await?,
        };
        Ok(Listener {
            live: self.clone(),
            tenant_id,
            changes,
            closing: self.0.closing.subscribe(),
            place: from.unwrap_or(first.change.end),
            seen: first.snapshot,
            is_behind: first.has_more,
            first: Some(first.change),
        })
    }
}

impl Inner {
    fn followers(&self) -> MutexGuard<'_, HashMap<TenantId, Arc<Follower>>> {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tenant's follower, with a listener's end of it.
    fn follower(&self, tenant_id: TenantId) -> (Arc<Follower>, broadcast::Receiver<Arc<Change>>) {
        let mut followers = self.followers();
        let new = || {
            let changes = broadcast::Sender::new(self.waiting_max);
            Arc::new(Follower { changes, started: OnceCell::new() })
        };
        let follower = Arc::clone(followers.entry(tenant_id).or_insert_with(new));
        let changes = follower.changes.subscribe();
        (follower, changes)
    }

    /// Removes the follower if no listener is left; returns whether it did.
    fn remove_if_deserted(&self, tenant_id: TenantId, follower: &Arc<Follower>) -> bool {
        let mut followers = self.followers();
        if follower.changes.receiver_count() > 0 {
            return false;
        }
        followers.remove(&tenant_id);
        self.db.notifier.unsubscribe(tenant_id);
        true
    }

    async fn start(self: &Arc<Self>, tenant_id: TenantId, follower: &Arc<Follower>) -> Result<(), Error> {
        let notified = self.db.notifier.subscribe(tenant_id);
        let first = self.begin(tenant_id).await?;
        let seen = Seen { place: first.change.end, snapshot: first.snapshot };
        self.runtime.spawn(Arc::clone(self).follow(tenant_id, Arc::clone(follower), notified, seen));
        Ok(())
    }

    /// Polls after every notification, until no listener is left.
    async fn follow(
        self: Arc<Self>,
        tenant_id: TenantId,
        follower: Arc<Follower>,
        notified: Arc<Notify>,
        mut seen: Seen,
    ) {
        let mut closing = self.closing.subscribe();
        while !*closing.borrow() && !self.remove_if_deserted(tenant_id, &follower) {
            let began = Instant::now();
            let has_more = match self.poll(tenant_id, seen.place, Levels::UnseenBy(&seen.snapshot)).await {
                Ok(polled) => {
                    seen = Seen { place: polled.change.end, snapshot: polled.snapshot };
                    if !polled.change.is_empty() {
                        // It fails when no listener is left.
                        _ = follower.changes.send(Arc::new(polled.change));
                    }
                    polled.has_more
                }
                Err(error) => {
                    tracing::warn!(%error, "what changed could not be read; trying again");
                    tokio::time::sleep(TICK).await;
                    true
                }
            };
            tokio::time::sleep(PACE.max(began.elapsed() * PACE_FACTOR)).await;
            if !has_more {
                tokio::select! {
                    () = notified.notified() => {}
                    () = tokio::time::sleep(TICK) => {}
                    _ = closing.wait_for(|closing| *closing) => {}
                }
            }
        }
    }

    /// Where everything stands now.
    async fn begin(&self, tenant_id: TenantId) -> Result<Polled, Error> {
        let _permit = self.polls.acquire().await.map_err(|_| Error::Busy)?;
        let tx = self.db.begin_read(tenant_id).await?;
        let snapshot = Snapshot::of(&tx).await?;
        tx.rollback().await?;
        let end = Place::before(snapshot.position());
        Ok(Polled { change: Change { end, ..Change::default() }, snapshot, has_more: false })
    }

    /// Reads what was committed after `place`.
    async fn poll(&self, tenant_id: TenantId, place: Place, levels: Levels<'_>) -> Result<Polled, Error> {
        let _permit = self.polls.acquire().await.map_err(|_| Error::Busy)?;
        let tx = self.db.begin_read(tenant_id).await?;
        let snapshot = Snapshot::of(&tx).await?;
        let ended = match &levels {
            Levels::UnseenBy(before) => level::ended(&tx, &snapshot, before.at()).await?,
            Levels::WrittenSince(place) => {
                level::ended(&tx, &snapshot, event::told_by(&tx, *place).await?).await?
            }
            Levels::None => Vec::new(),
        };
        // Whatever changes a level tells an event in the same transaction.
        let (change, has_more) = if event::any_from(&tx, place.0).await? {
            let levels = match levels {
                Levels::UnseenBy(before) => {
                    let mut levels = level::changed(&tx, &snapshot, before.position()).await?;
                    levels.retain(|level| !before.sees(level.transaction));
                    levels
                }
                Levels::WrittenSince(place) => level::changed(&tx, &snapshot, place.0).await?,
                Levels::None => Vec::new(),
            };
            let feed = event::list(&tx, &Filter::default(), place, EVENTS_MAX).await?;
            (Change { levels, ended, events: feed.events, end: feed.end }, feed.has_more)
        } else {
            (Change { ended, end: place, ..Change::default() }, false)
        };
        tx.rollback().await?;
        Ok(Polled { change, snapshot, has_more })
    }
}

/// What a listener hears.
#[derive(Debug)]
pub enum Heard {
    /// Something changed.
    Change(Change),
    /// It was too slow: it has to begin anew where it was.
    TooSlow,
    /// The process stops.
    Closing,
}

/// Somebody who listens to a tenant.
#[derive(Debug)]
pub struct Listener {
    live: Live,
    tenant_id: TenantId,
    changes: broadcast::Receiver<Arc<Change>>,
    closing: watch::Receiver<bool>,
    /// Up to where it has heard everything.
    place: Place,
    /// What its own poll saw: a follower that polled earlier has nothing new about that.
    seen: Snapshot,
    /// Whether it still has to read the feed by itself.
    is_behind: bool,
    first: Option<Change>,
}

impl Listener {
    /// Up to where it has heard everything.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The next change. It may be dropped while it waits.
    pub async fn next(&mut self) -> Result<Heard, Error> {
        if let Some(first) = self.first.take() {
            self.place = first.end;
            return Ok(Heard::Change(first));
        }
        if self.is_behind {
            // Levels come from the follower after the first poll.
            let polled = self.live.0.poll(self.tenant_id, self.place, Levels::None).await?;
            self.is_behind = polled.has_more;
            self.place = polled.change.end;
            return Ok(Heard::Change(polled.change));
        }
        loop {
            let change = tokio::select! {
                biased;
                _ = self.closing.wait_for(|closing| *closing) => return Ok(Heard::Closing),
                change = self.changes.recv() => change,
            };
            let change = match change {
                Ok(change) => self.news(&change),
                Err(broadcast::error::RecvError::Lagged(_)) => return Ok(Heard::TooSlow),
                Err(broadcast::error::RecvError::Closed) => return Ok(Heard::Closing),
            };
            self.place = change.end;
            if !change.is_empty() {
                return Ok(Heard::Change(change));
            }
        }
    }

    /// What of a change it has not heard by itself.
    fn news(&self, change: &Change) -> Change {
        let levels = change.levels.iter().filter(|level| !self.seen.sees(level.transaction));
        let events = change.events.iter().filter(|event| event.place > self.place);
        Change {
            levels: levels.cloned().collect(),
            ended: change.ended.clone(),
            events: events.cloned().collect(),
            end: self.place.max(change.end),
        }
    }
}
