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
//!
//! All listeners of a tenant share what its follower read. A listener that continues from an earlier place reads the levels that
//! changed since in parts, so the memory does not grow with the listeners or with what they missed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::id::TenantId;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::{Notify, OnceCell, broadcast, watch};
use tokio::task::JoinSet;

use crate::event::{self, Event, FeedPosition, Filter};
use crate::stock::level::{self, ChangedLevel};
use crate::tx::shares::Share;
use crate::{Db, Error, Tx};

mod missed;
mod news;
mod snapshot;

pub use news::News;
pub use snapshot::Snapshot;

use missed::{Missed, MissedPart};
use news::Seen;

/// Most changes that wait for a listener before it is disconnected.
pub const WAITING_MAX: usize = 256;
/// Most events of one poll.
const EVENTS_MAX: usize = 200;
/// Most concurrent polls of one process, so that writes never wait for a connection.
const POLLS_MAX: usize = 2;
/// Most concurrent polls of a tenant: however many streams it has, the other one is for others.
const POLLS_OF_TENANT_MAX: usize = 1;
/// Longest wait for a poll: those of many streams of one tenant come one after the other.
const POLL_WAIT: Duration = Duration::from_secs(60);
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
    /// Time of the snapshot that it was read from.
    pub read_at: DateTime<Utc>,
}

/// The followers of this process.
#[derive(Debug, Clone)]
pub struct Live(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    runtime: Handle,
    followers: Mutex<HashMap<TenantId, Arc<Follower>>>,
    polls: Share,
    waiting_max: usize,
    closing: watch::Sender<bool>,
}

#[derive(Debug)]
struct Follower {
    changes: broadcast::Sender<Arc<Change>>,
    started: OnceCell<()>,
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
            polls: Share::new(POLLS_MAX, POLLS_OF_TENANT_MAX, POLL_WAIT),
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
        let (place, seen, first) = match from {
            Some(place) => (place, Seen::default(), None),
            None => {
                let Poll { change, snapshot, .. } = self.0.read_start(tenant_id).await?;
                (change.end, Seen::all(snapshot), Some(change))
            }
        };
        Ok(Listener {
            live: self.clone(),
            tenant_id,
            changes,
            closing: self.0.closing.subscribe(),
            place,
            seen: Arc::new(seen),
            missed: from.map(|_| Missed::default()),
            behind: None,
            reading: JoinSet::new(),
            first,
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
        let Poll { change, snapshot, .. } = self.read_start(tenant_id).await?;
        let seen = (change.end, snapshot);
        self.runtime.spawn(Arc::clone(self).follow(tenant_id, Arc::clone(follower), wake, seen));
        Ok(())
    }

    /// Polls on every notification until there is no listener left.
    async fn follow(
        self: Arc<Self>,
        tenant_id: TenantId,
        follower: Arc<Follower>,
        wake: Arc<Notify>,
        mut seen: (FeedPosition, Snapshot),
    ) {
        let mut closing = self.closing.subscribe();
        while !*closing.borrow() && !self.remove_if_unused(tenant_id, &follower) {
            let began = Instant::now();
            let has_more = match self.poll(tenant_id, seen.0, Some(&seen.1)).await {
                Ok(poll) => {
                    seen = (poll.change.end, poll.snapshot);
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
        let start = async |tx: &Tx| -> Result<Poll, Error> {
            let snapshot = Snapshot::read(tx).await?;
            let end = FeedPosition::before(snapshot.position());
            let change = Change { end, read_at: snapshot.at(), ..Change::default() };
            Ok(Poll { change, snapshot, has_more: false })
        };
        self.read(tenant_id, start).await
    }

    /// Reads the events after `place`, and the levels that the snapshot `before` does not see, if there is one.
    async fn poll(
        &self,
        tenant_id: TenantId,
        place: FeedPosition,
        before: Option<&Snapshot>,
    ) -> Result<Poll, Error> {
        self.read(tenant_id, async |tx: &Tx| poll(tx, place, before).await).await
    }

    /// Reads from one snapshot, when it is the tenant's turn.
    async fn read<T>(
        &self,
        tenant_id: TenantId,
        work: impl AsyncFnOnce(&Tx) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let _turn = self.polls.enter(Some(tenant_id)).await?;
        self.db.read(tenant_id, work).await
    }
}

async fn poll(tx: &Tx, place: FeedPosition, before: Option<&Snapshot>) -> Result<Poll, Error> {
    let snapshot = Snapshot::read(tx).await?;
    let read_at = snapshot.at();
    let ended = match before {
        Some(before) => level::find_expired(tx, &snapshot, before.at(), None).await?,
        None => Vec::new(),
    };
    // A transaction that changes a level also writes an event.
    if !event::has_events_from(tx, place.0).await? {
        let change = Change { ended, end: place, read_at, ..Change::default() };
        return Ok(Poll { change, snapshot, has_more: false });
    }
    let mut levels = match before {
        Some(before) => level::find_changed(tx, &snapshot, before.position(), None).await?,
        None => Vec::new(),
    };
    levels.retain(|level| before.is_none_or(|before| !before.sees(level.transaction)));
    let feed = event::list(tx, &Filter::default(), place, EVENTS_MAX).await?;
    let change = Change { levels, ended, events: feed.events, end: feed.end, read_at };
    Ok(Poll { change, snapshot, has_more: feed.has_more })
}

/// A message to a listener.
#[derive(Debug)]
pub enum Message {
    /// A change.
    Change(News),
    /// The listener was too slow; it must reconnect at its place.
    TooSlow,
    /// The process stops.
    Closing,
}

/// The result of one read of a listener that catches up.
enum CaughtUp {
    Levels(MissedPart),
    Events(Poll),
}

/// A listener to a tenant's changes.
pub struct Listener {
    live: Live,
    tenant_id: TenantId,
    changes: broadcast::Receiver<Arc<Change>>,
    closing: watch::Receiver<bool>,
    /// Everything up to here was delivered.
    place: FeedPosition,
    /// The snapshots of its own reads, which delivered everything before them.
    seen: Arc<Seen>,
    /// The levels that it still has to catch up on.
    missed: Option<Missed>,
    /// The place up to which it still has to catch up on the feed. Its first read of levels saw those of all events before.
    behind: Option<FeedPosition>,
    /// The read that has begun. It is a task: it keeps its place in the order of arrival while its caller looks elsewhere, and gives
    /// back the tenant's turn although a slow client takes nothing.
    reading: JoinSet<Result<CaughtUp, Error>>,
    first: Option<Change>,
}

impl Listener {
    /// Returns the place up to which everything was delivered.
    pub fn place(&self) -> FeedPosition {
        self.place
    }

    /// Returns the next change. The future may be dropped while it waits: the next one goes on with the same read.
    pub async fn next(&mut self) -> Result<Message, Error> {
        if *self.closing.borrow() {
            return Ok(Message::Closing);
        }
        if let Some(first) = self.first.take() {
            self.place = first.end;
            return Ok(Message::Change(News::whole(first)));
        }
        if self.reading.is_empty()
            && let Some(read) = self.next_read()
        {
            self.reading.spawn_on(read, &self.live.0.runtime);
        }
        let read = tokio::select! {
            biased;
            _ = self.closing.wait_for(|closing| *closing) => return Ok(Message::Closing),
            read = self.reading.join_next() => read,
        };
        if let Some(read) = read {
            let read = read.map_err(|error| Error::invariant(format!("a read has no end: {error}")))??;
            return Ok(Message::Change(News::whole(self.take(read))));
        }
        loop {
            let change = tokio::select! {
                biased;
                _ = self.closing.wait_for(|closing| *closing) => return Ok(Message::Closing),
                change = self.changes.recv() => change,
            };
            let change = match change {
                Ok(change) => change,
                Err(broadcast::error::RecvError::Lagged(_)) => return Ok(Message::TooSlow),
                Err(broadcast::error::RecvError::Closed) => return Ok(Message::Closing),
            };
            let news = News::of(change, Arc::clone(&self.seen), self.place);
            self.place = news.end();
            if !news.is_empty() {
                return Ok(Message::Change(news));
            }
        }
    }

    /// Returns the next read of what it missed: the levels, then the events. A client that continues after an event must not miss the
    /// levels of the events before.
    fn next_read(&self) -> Option<BoxFuture<'static, Result<CaughtUp, Error>>> {
        let (live, tenant_id, place) = (Arc::clone(&self.live.0), self.tenant_id, self.place);
        if let Some(missed) = self.missed {
            return Some(Box::pin(async move {
                let read = async |tx: &Tx| missed.read(tx, place).await;
                live.read(tenant_id, read).await.map(CaughtUp::Levels)
            }));
        }
        self.behind?;
        Some(Box::pin(async move { live.poll(tenant_id, place, None).await.map(CaughtUp::Events) }))
    }

    /// Notes what a read found, and returns it.
    fn take(&mut self, read: CaughtUp) -> Change {
        match read {
            CaughtUp::Levels(MissedPart { change, seen, rest }) => {
                self.missed = rest;
                if let Some((last, snapshot)) = seen {
                    self.behind.get_or_insert(FeedPosition::before(snapshot.position()));
                    Arc::make_mut(&mut self.seen).push(last, snapshot);
                }
                change
            }
            CaughtUp::Events(Poll { mut change, has_more, .. }) => {
                let Some(until) = self.behind else { return change };
                // The follower delivers later events, with the levels that changed since the first read of levels.
                change.events.retain(|event| event.place < until);
                if !has_more || change.end >= until {
                    change.end = until.max(self.place);
                    self.behind = None;
                }
                self.place = change.end;
                change
            }
        }
    }
}
