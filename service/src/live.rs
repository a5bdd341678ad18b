//! The live stream: changes of a tenant's levels, and its events, for listeners.
//!
//! The database is the only source. Each tenant with listeners has one follower. It polls for what was committed
//! since its last poll and sends it to every listener. A commit only notifies the follower, so it never delays a
//! write. If another process commits, the notification may be missing, and the change arrives a second later.
//!
//! The follower finds a changed level by the transaction that wrote its row, which the previous snapshot did not see.
//! So a level is sent as soon as it is committed, and none is lost, however long another transaction stays open.
//! Events come in the order of the feed, below its horizon.
//!
//! Some levels change without a write: a hold expires, or a lot expires at midnight. Each poll reads what has expired
//! since the previous one and sends it like any other change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::id::TenantId;
use tokio::runtime::Handle;
use tokio::sync::{Notify, OnceCell, Semaphore, broadcast, watch};

use crate::event::{self, Event, FeedPosition, Filter};
use crate::stock::level::{self, ChangedLevel};
use crate::{Db, Error};

mod snapshot;

pub use snapshot::Snapshot;

/// Most changes that wait for a listener before it is disconnected.
pub const WAITING_MAX: usize = 256;
/// Most events of one poll.
const EVENTS_MAX: usize = 200;
/// Most concurrent polls of one process, so that writes never wait for a connection.
const POLLS_MAX: usize = 2;
/// Interval of polls without a notification: another process may have nothing to notify this one with.
const TICK: Duration = Duration::from_secs(1);
/// Least time between two polls. Several changes within it are sent as one.
const PACE: Duration = Duration::from_millis(20);
/// A poll is followed by a pause of so many times its own length.
const PACE_FACTOR: u32 = 10;

/// The changes between two polls.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Levels that changed, with their present figures.
    pub levels: Vec<ChangedLevel>,
    /// Levels on which a hold or a lot expired, with their present figures.
    pub ended: Vec<ChangedLevel>,
    /// In the order of the feed.
    pub events: Vec<Event>,
    /// Place to continue from after this change.
    pub end: FeedPosition,
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

/// The state that a follower or a listener has seen.
#[derive(Debug, Clone)]
struct Seen {
    place: FeedPosition,
    snapshot: Snapshot,
}

/// The levels that a poll reads.
enum Levels<'a> {
    /// Levels changed since this snapshot.
    UnseenBy(&'a Snapshot),
    /// Levels that may have changed since this place.
    WrittenSince(FeedPosition),
    None,
}

/// The result of one poll.
struct Poll {
    change: Change,
    snapshot: Snapshot,
    has_more: bool,
}

impl Change {
    /// Whether there is nothing to send.
    fn is_empty(&self) -> bool {
        self.levels.is_empty() && self.ended.is_empty() && self.events.is_empty()
    }
}

impl Live {
    /// Starts followers on the current runtime. A listener is disconnected when `waiting_max` changes wait for it.
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

    /// Notifies the follower of a tenant that another process has committed.
    pub fn notify(&self, tenant_id: TenantId) {
        self.0.db.notifier.notify(tenant_id);
    }

    /// Ends every listener, because this process stops.
    pub fn close(&self) {
        self.0.closing.send_replace(true);
    }

    /// Listens to a tenant: from `from` on, after catching up, or from now on.
    pub async fn listen(&self, tenant_id: TenantId, from: Option<FeedPosition>) -> Result<Listener, Error> {
        let (follower, changes) = self.0.follower(tenant_id);
        // The follower polls before the listener does. A change in between arrives twice rather than never.
        follower.started.get_or_try_init(|| self.0.start(tenant_id, &follower)).await?;
        let first = match from {
            Some(place) => self.0.poll(tenant_id, place, Levels::WrittenSince(place)).await?,
            None => self.0.read_start(tenant_id).await?,
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

    /// Returns the tenant's follower, with a receiver of its changes.
    fn follower(&self, tenant_id: TenantId) -> (Arc<Follower>, broadcast::Receiver<Arc<Change>>) {
        let mut followers = self.followers();
        let new = || {
            Arc::new(Follower { changes: broadcast::Sender::new(self.waiting_max), started: OnceCell::new() })
        };
        let follower = Arc::clone(followers.entry(tenant_id).or_insert_with(new));
        let changes = follower.changes.subscribe();
        (follower, changes)
    }

    /// Removes the follower if there is no listener left, and returns whether it did.
    fn remove_if_unused(&self, tenant_id: TenantId, follower: &Arc<Follower>) -> bool {
        let mut followers = self.followers();
        if follower.changes.receiver_count() > 0 {
            return false;
        }
        followers.remove(&tenant_id);
        self.db.notifier.unsubscribe(tenant_id);
        true
    }

    async fn start(self: &Arc<Self>, tenant_id: TenantId, follower: &Arc<Follower>) -> Result<(), Error> {
        let wake = self.db.notifier.subscribe(tenant_id);
        let first = self.read_start(tenant_id).await?;
        let seen = Seen { place: first.change.end, snapshot: first.snapshot };
        self.runtime.spawn(Arc::clone(self).follow(tenant_id, Arc::clone(follower), wake, seen));
        Ok(())
    }

    /// Polls on every notification until there is no listener left.
    async fn follow(
        self: Arc<Self>,
        tenant_id: TenantId,
        follower: Arc<Follower>,
        wake: Arc<Notify>,
        mut seen: Seen,
    ) {
        let mut closing = self.closing.subscribe();
        while !*closing.borrow() && !self.remove_if_unused(tenant_id, &follower) {
            let began = Instant::now();
            let has_more = match self.poll(tenant_id, seen.place, Levels::UnseenBy(&seen.snapshot)).await {
                Ok(poll) => {
                    seen = Seen { place: poll.change.end, snapshot: poll.snapshot };
                    if !poll.change.is_empty() {
                        // Sending fails only if there is no listener left.
                        _ = follower.changes.send(Arc::new(poll.change));
                    }
                    poll.has_more
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
                    () = wake.notified() => {}
                    () = tokio::time::sleep(TICK) => {}
                    _ = closing.wait_for(|closing| *closing) => {}
                }
            }
        }
    }

    /// Returns the present state, from which changes are counted.
    async fn read_start(&self, tenant_id: TenantId) -> Result<Poll, Error> {
        let _permit = self.polls.acquire().await.map_err(|_| Error::Busy)?;
        let tx = self.db.begin_read(tenant_id).await?;
        let snapshot = Snapshot::read(&tx).await?;
        tx.rollback().await?;
        let end = FeedPosition::before(snapshot.position());
        Ok(Poll { change: Change { end, ..Change::default() }, snapshot, has_more: false })
    }

    /// Reads what changed after `place`.
    async fn poll(
        &self,
        tenant_id: TenantId,
        place: FeedPosition,
        levels: Levels<'_>,
    ) -> Result<Poll, Error> {
        let _permit = self.polls.acquire().await.map_err(|_| Error::Busy)?;
        let tx = self.db.begin_read(tenant_id).await?;
        let snapshot = Snapshot::read(&tx).await?;
        let ended = match &levels {
            Levels::UnseenBy(before) => level::find_expired(&tx, &snapshot, before.at()).await?,
            Levels::WrittenSince(place) => {
                level::find_expired(&tx, &snapshot, event::expiries_unsent_since(&tx, *place).await?).await?
            }
            Levels::None => Vec::new(),
        };
        // A transaction that changes a level also writes an event.
        let (change, has_more) = if event::has_events_from(&tx, place.0).await? {
            let levels = match levels {
                Levels::UnseenBy(before) => {
                    let mut levels = level::find_changed(&tx, &snapshot, before.position()).await?;
                    levels.retain(|level| !before.sees(level.transaction));
                    levels
                }
                Levels::WrittenSince(place) => level::find_changed(&tx, &snapshot, place.0).await?,
                Levels::None => Vec::new(),
            };
            let feed = event::list(&tx, &Filter::default(), place, EVENTS_MAX).await?;
            (Change { levels, ended, events: feed.events, end: feed.end }, feed.has_more)
        } else {
            (Change { ended, end: place, ..Change::default() }, false)
        };
        tx.rollback().await?;
        Ok(Poll { change, snapshot, has_more })
    }
}

/// A message to a listener.
#[derive(Debug)]
pub enum Message {
    /// A change.
    Change(Change),
    /// The listener was too slow; it must reconnect at its place.
    TooSlow,
    /// The process stops.
    Closing,
}

/// A listener to a tenant's changes.
#[derive(Debug)]
pub struct Listener {
    live: Live,
    tenant_id: TenantId,
    changes: broadcast::Receiver<Arc<Change>>,
    closing: watch::Receiver<bool>,
    /// Everything up to here was delivered.
    place: FeedPosition,
    /// The snapshot of its own poll, which delivered everything before it.
    seen: Snapshot,
    /// Whether it still has to catch up on the feed.
    is_behind: bool,
    first: Option<Change>,
}

impl Listener {
    /// Returns the place up to which everything was delivered.
    pub fn place(&self) -> FeedPosition {
        self.place
    }

    /// Returns the next change. The future may be dropped while it waits.
    pub async fn next(&mut self) -> Result<Message, Error> {
        if let Some(first) = self.first.take() {
            self.place = first.end;
            return Ok(Message::Change(first));
        }
        if self.is_behind {
            // After the first poll the follower delivers the levels.
            let poll = self.live.0.poll(self.tenant_id, self.place, Levels::None).await?;
            self.is_behind = poll.has_more;
            self.place = poll.change.end;
            return Ok(Message::Change(poll.change));
        }
        loop {
            let change = tokio::select! {
                biased;
                _ = self.closing.wait_for(|closing| *closing) => return Ok(Message::Closing),
                change = self.changes.recv() => change,
            };
            let change = match change {
                Ok(change) => self.unseen_part(&change),
                Err(broadcast::error::RecvError::Lagged(_)) => return Ok(Message::TooSlow),
                Err(broadcast::error::RecvError::Closed) => return Ok(Message::Closing),
            };
            self.place = change.end;
            if !change.is_empty() {
                return Ok(Message::Change(change));
            }
        }
    }

    /// Returns the part of a change that the listener has not read itself.
    fn unseen_part(&self, change: &Change) -> Change {
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
