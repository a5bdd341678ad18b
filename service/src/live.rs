//! What changes, as it changes: for those who listen.
//!
//! The database is the only source. One tail per tenant, and only while somebody listens, reads what was committed since
//! its last look and hands it to every listener. Who commits only rings a bell, so nothing here is in the way of a write:
//! a bell that was not heard, because it rang in another process, costs a second.
//!
//! A level that changed is found by the transaction that wrote its row: it was not yet seen by the snapshot of the look
//! before. So a level is told as soon as it is committed, and none is lost, however long another transaction stays open.
//! Events come in the order of the feed, below its horizon.
//!
//! Some levels change although nobody writes them: a hold ends, a lot expires at midnight. Each look asks what has ended
//! since the one before and tells it like any other change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
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
/// How many events one look takes.
const EVENTS_MAX: usize = 200;
/// How many looks of one process may be in the database at once, so that writes never wait for a connection.
const LOOKS_MAX: usize = 2;
/// How often a tail looks without being rung for: another process may have nobody to ring for it.
const TICK: Duration = Duration::from_secs(1);
/// The least time between two looks; what changes meanwhile is told once.
const PACE: Duration = Duration::from_millis(20);
/// A look is followed by a pause of so many times its own length.
const PACE_FACTOR: u32 = 10;

/// What rings when a tenant's data changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bells(Arc<RwLock<HashMap<TenantId, Arc<Notify>>>>);

impl Bells {
    /// Wakes the tail of a tenant, if there is one.
    pub(crate) fn ring(&self, tenant_id: TenantId) {
        let bells = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(bell) = bells.get(&tenant_id) {
            bell.notify_one();
        }
    }

    fn hang(&self, tenant_id: TenantId) -> Arc<Notify> {
        let mut bells = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(bells.entry(tenant_id).or_default())
    }

    fn take_down(&self, tenant_id: TenantId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&tenant_id);
    }
}

/// What changed between two looks.
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

/// The tails of this process.
#[derive(Debug, Clone)]
pub struct Live(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    runtime: Handle,
    tails: Mutex<HashMap<TenantId, Arc<Tail>>>,
    looks: Semaphore,
    waiting_max: usize,
    closing: watch::Sender<bool>,
}

#[derive(Debug)]
struct Tail {
    changes: broadcast::Sender<Arc<Change>>,
    started: OnceCell<()>,
}

/// What a tail or a listener has seen.
#[derive(Debug, Clone)]
struct Seen {
    place: Place,
    snapshot: Snapshot,
}

/// Which levels a look is for.
enum Levels<'a> {
    /// Those that changed since this snapshot.
    UnseenBy(&'a Snapshot),
    /// Those that may have changed since this place was reached.
    WrittenSince(Place),
    None,
}

/// One look.
struct Look {
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
    /// Tails that work on the current runtime, and give a listener up for whom `waiting_max` changes wait.
    pub fn new(db: Db, waiting_max: usize) -> Self {
        Live(Arc::new(Inner {
            db,
            runtime: Handle::current(),
            tails: Mutex::default(),
            looks: Semaphore::new(LOOKS_MAX),
            waiting_max,
            closing: watch::Sender::new(false),
        }))
    }

    /// Another process has committed something of the tenant.
    pub fn ring(&self, tenant_id: TenantId) {
        self.0.db.bells.ring(tenant_id);
    }

    /// Ends every listener: this process stops.
    pub fn close(&self) {
        self.0.closing.send_replace(true);
    }

    /// Listens to a tenant: from `from` on, which is caught up with first, or from now on.
    pub async fn listen(&self, tenant_id: TenantId, from: Option<Place>) -> Result<Listener, Error> {
        let (tail, changes) = self.0.tail(tenant_id);
        // The tail has looked before this listener does: what comes in between reaches it twice and never not at all.
        tail.started.get_or_try_init(|| self.0.start(tenant_id, &tail)).await?;
        let first = match from {
            Some(place) => self.0.look(tenant_id, place, Levels::WrittenSince(place)).await?,
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
    fn tails(&self) -> MutexGuard<'_, HashMap<TenantId, Arc<Tail>>> {
        self.tails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tenant's tail, with a listener's end of it.
    fn tail(&self, tenant_id: TenantId) -> (Arc<Tail>, broadcast::Receiver<Arc<Change>>) {
        let mut tails = self.tails();
        let new =
            || Arc::new(Tail { changes: broadcast::Sender::new(self.waiting_max), started: OnceCell::new() });
        let tail = Arc::clone(tails.entry(tenant_id).or_insert_with(new));
        let changes = tail.changes.subscribe();
        (tail, changes)
    }

    /// Whether nobody listens any more; the tail is gone then.
    fn is_deserted(&self, tenant_id: TenantId, tail: &Arc<Tail>) -> bool {
        let mut tails = self.tails();
        if tail.changes.receiver_count() > 0 {
            return false;
        }
        tails.remove(&tenant_id);
        self.db.bells.take_down(tenant_id);
        true
    }

    async fn start(self: &Arc<Self>, tenant_id: TenantId, tail: &Arc<Tail>) -> Result<(), Error> {
        let bell = self.db.bells.hang(tenant_id);
        let first = self.begin(tenant_id).await?;
        let seen = Seen { place: first.change.end, snapshot: first.snapshot };
        self.runtime.spawn(Arc::clone(self).follow(tenant_id, Arc::clone(tail), bell, seen));
        Ok(())
    }

    /// Looks whenever it is rung for, until nobody listens.
    async fn follow(
        self: Arc<Self>,
        tenant_id: TenantId,
        tail: Arc<Tail>,
        bell: Arc<Notify>,
        mut seen: Seen,
    ) {
        let mut closing = self.closing.subscribe();
        while !*closing.borrow() && !self.is_deserted(tenant_id, &tail) {
            let began = Instant::now();
            let has_more = match self.look(tenant_id, seen.place, Levels::UnseenBy(&seen.snapshot)).await {
                Ok(look) => {
                    seen = Seen { place: look.change.end, snapshot: look.snapshot };
                    if !look.change.is_empty() {
                        // Nobody listens any more where it fails.
                        _ = tail.changes.send(Arc::new(look.change));
                    }
                    look.has_more
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
                    () = bell.notified() => {}
                    () = tokio::time::sleep(TICK) => {}
                    _ = closing.wait_for(|closing| *closing) => {}
                }
            }
        }
    }

    /// Where everything stands now.
    async fn begin(&self, tenant_id: TenantId) -> Result<Look, Error> {
        let _permit = self.looks.acquire().await.map_err(|_| Error::Busy)?;
        let tx = self.db.begin_read(tenant_id).await?;
        let snapshot = Snapshot::of(&tx).await?;
        tx.rollback().await?;
        let end = Place::before(snapshot.position());
        Ok(Look { change: Change { end, ..Change::default() }, snapshot, has_more: false })
    }

    /// What is there behind `place`.
    async fn look(&self, tenant_id: TenantId, place: Place, levels: Levels<'_>) -> Result<Look, Error> {
        let _permit = self.looks.acquire().await.map_err(|_| Error::Busy)?;
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
        Ok(Look { change, snapshot, has_more })
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
    /// What its own look saw: a tail that looked earlier tells nothing new about that.
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
            // The levels are the tail's from the first look on.
            let look = self.live.0.look(self.tenant_id, self.place, Levels::None).await?;
            self.is_behind = look.has_more;
            self.place = look.change.end;
            return Ok(Heard::Change(look.change));
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
