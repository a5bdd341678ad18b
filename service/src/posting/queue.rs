//! Requests that arrive for a tenant while its last batch is in the database form the next batch. An idle tenant's
//! request starts at once.
//!
//! One batch of many commands costs far less than two of half as many that run side by side, so a tenant has one lane.
//! It has a second one only while the batch in the first is slow: sales don't wait for the end of an import.
//!
//! The parts of batch requests take turns of their own, and are short beside another tenant. While others work, a lane whose tenant sends without a pause rests after
//! each batch for as long as the batch took, and so does a turn ([`Queues::rest`]). So each works at most half of the time, as long
//! as its batches take less than [`REST_MAX`]. A longer batch has a shorter rest than that. A tenant has up to [`LANES`] lanes and
//! the turns of its batch requests, so it may have more than one processor.

use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::id::TenantId;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tracing::{Instrument, Span};

use super::parts::Parts;
use super::setup::Setups;
use super::{BATCH_MAX, Request, run};
use crate::command::Answer;
use crate::tenant_places::TenantPlaces;
use crate::timing::on_database;
use crate::tx::processors;
use crate::{Db, Error};

/// Batches of one tenant that may run at the same time.
const LANES: usize = 2;
/// Time after which a batch is slow. A batch of 64 till sales takes less.
const SLOW: Duration = Duration::from_millis(40);
/// The same while the tenant rests beside others. Their work makes its batches longer, so a second lane would take more of the
/// processors because they are short.
const SLOW_BESIDE_OTHERS: Duration = Duration::from_millis(100);
/// Time for which a tenant counts as one that works, after its last request.
const ACTIVE: Duration = Duration::from_millis(500);
/// Longest rest of a lane or a turn after a batch.
const REST_MAX: Duration = Duration::from_millis(100);
/// Longest wait of a batch request for its turn.
const TURN_WAIT: Duration = Duration::from_secs(10);
/// Most documents of a part of a batch request beside another tenant, whose sales wait for the end of a part at most.
const BESIDE_OTHERS_MAX: usize = 16;
/// Most lines that the documents of one transaction may have together.
const LINES_MAX: usize = 4_000;
/// Most requests of one tenant that may wait.
const WAITING_MAX: usize = 2_000;

/// Carries out requests in batches.
#[derive(Debug, Clone)]
pub struct Poster(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    setups: Setups,
    runtime: Handle,
    queues: Mutex<Queues>,
    /// Turns of the parts of batch requests.
    turns: TenantPlaces,
}

/// The queues of all tenants.
#[derive(Debug, Default)]
struct Queues {
    of_tenants: HashMap<TenantId, Queue>,
    /// Parts of batch requests that run.
    parts: usize,
    /// The two tenants that asked last, the latest in front.
    latest: [Option<(TenantId, Instant)>; 2],
}

impl Queues {
    /// Notes that a tenant asks for something.
    fn note(&mut self, tenant_id: TenantId) {
        if self.latest[0].is_none_or(|(latest, _)| latest != tenant_id) {
            self.latest.swap(0, 1);
        }
        self.latest[0] = Some((tenant_id, Instant::now()));
    }

    /// Returns the time for which a tenant starts no other batch in the lane or turn whose batch took so long: as long again, at most
    /// [`REST_MAX`], if it [leaves time to others](Self::leaves_time).
    fn rest(&self, tenant_id: TenantId, took: Duration) -> Duration {
        if self.leaves_time(tenant_id) { took.min(REST_MAX) } else { Duration::ZERO }
    }

    /// Returns the time after which a batch of a tenant is slow.
    fn slow_after(&self, tenant_id: TenantId) -> Duration {
        if self.leaves_time(tenant_id) { SLOW_BESIDE_OTHERS } else { SLOW }
    }

    /// Whether another tenant asked for something lately, and there are at least half as many lanes and parts as processors. A lane
    /// that rests counts.
    fn leaves_time(&self, tenant_id: TenantId) -> bool {
        let lanes = self.of_tenants.values().map(|queue| queue.lanes).sum::<usize>() + self.parts;
        lanes.saturating_mul(2) >= processors() as usize && self.others_work(tenant_id)
    }

    /// Returns the most documents of a tenant's next part of a batch request.
    fn part_max(&self, tenant_id: TenantId) -> usize {
        if self.others_work(tenant_id) { BESIDE_OTHERS_MAX } else { BATCH_MAX }
    }

    /// Whether another tenant asked for something lately.
    fn others_work(&self, tenant_id: TenantId) -> bool {
        let works = |(other, at): &(TenantId, Instant)| *other != tenant_id && at.elapsed() < ACTIVE;
        self.latest.iter().flatten().any(works)
    }
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// Open lanes.
    lanes: usize,
    /// Open lanes whose batch is slow.
    slow: usize,
}

impl Queue {
    /// Counts one more lane if requests wait and no lane will take them soon.
    fn open_lane(&mut self) -> bool {
        let opens = !self.waiting.is_empty() && self.lanes == self.slow && self.lanes < LANES;
        self.lanes += usize::from(opens);
        opens
    }
}

#[derive(Debug)]
struct Waiting {
    request: Request,
    since: Instant,
    /// Span of the request.
    span: Span,
    answer: oneshot::Sender<Result<Answer, Error>>,
}

impl Poster {
    /// Makes a poster. Its batches run on the current runtime and go on if a request is dropped.
    pub fn new(db: Db) -> Self {
        Poster(Arc::new(Inner {
            db,
            setups: Setups::default(),
            runtime: Handle::current(),
            queues: Mutex::default(),
            turns: TenantPlaces::new((processors() as usize / 4).max(1)),
        }))
    }

    /// Returns the cached setups of the tenants.
    pub fn setups(&self) -> &Setups {
        &self.0.setups
    }

    /// Returns the number of requests that wait for their turn.
    pub fn waiting(&self) -> usize {
        let queues = self.0.queues();
        queues.of_tenants.values().map(|queue| queue.waiting.len()).sum()
    }

    /// Carries out one request. It is carried out even if the caller stops waiting, unless its turn comes too late.
    pub async fn post(&self, request: Request) -> Result<Answer, Error> {
        let tenant_id = request.caller.tenant_id;
        let (answer, answered) = oneshot::channel();
        {
            let mut queues = self.0.queues();
            queues.note(tenant_id);
            let queue = queues.of_tenants.entry(tenant_id).or_default();
            if queue.waiting.len() >= WAITING_MAX {
                return Err(Error::Busy);
            }
            queue.waiting.push_back(Waiting {
                request,
                since: Instant::now(),
                span: Span::current(),
                answer,
            });
            if queue.open_lane() {
                self.0.runtime.spawn(drain(Arc::clone(&self.0), tenant_id));
            }
        }
        on_database(answered)
            .await
            .unwrap_or_else(|_| Err(Error::invariant("a batch ended without a response")))
    }

    /// Carries out the next documents of a batch request in as few transactions as possible. Returns one result for each, in
    /// order.
    pub async fn post_all(&self, parts: &mut Parts, requests: Vec<Request>) -> Vec<Result<Answer, Error>> {
        let inner = Arc::clone(&self.0);
        let asked = requests.len();
        let mut own = std::mem::take(parts);
        let work = async move {
            let mut answers = Vec::with_capacity(requests.len());
            let mut rest = requests.as_slice();
            while !rest.is_empty() {
                let most = inner.queues().part_max(rest[0].caller.tenant_id);
                let (batch, later) = rest.split_at(fitting(rest.iter(), most));
                answers.extend(own.run(batch.len(), inner.run_part(batch)).await);
                rest = later;
            }
            (answers, own)
        };
        match on_database(self.0.runtime.spawn(work.in_current_span())).await {
            Ok((answers, own)) => {
                *parts = own;
                answers
            }
            Err(error) => (0..asked).map(|_| Err(Error::invariant(error.to_string()))).collect(),
        }
    }
}

/// Returns the number of requests that fit into one transaction, at most `most` and at least 1. A command that runs alone is the
/// only one.
fn fitting<'a>(requests: impl Iterator<Item = &'a Request>, most: usize) -> usize {
    let (mut lines, mut last_is_alone) = (0, None::<bool>);
    let fits = |request: &&'a Request| {
        lines += request.command.lines();
        let is_alone = request.command.is_alone();
        let joins = last_is_alone.replace(is_alone).is_none_or(|last| !last && !is_alone);
        joins && lines <= LINES_MAX
    };
    requests.take(most).take_while(fits).count().max(1)
}

impl Inner {
    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a part of a batch request when it is the tenant's turn. The next turn begins after the rest.
    async fn run_part(self: &Arc<Self>, requests: &[Request]) -> Vec<Result<Answer, Error>> {
        let Some(tenant_id) = requests.first().map(|request| request.caller.tenant_id) else {
            return Vec::new();
        };
        let Ok(turn) = self.turns.enter(tenant_id, tokio::time::Instant::now() + TURN_WAIT).await else {
            return requests.iter().map(|_| Err(Error::OverShare)).collect();
        };
        let part = Part::begin(self, tenant_id);
        let begun = Instant::now();
        let answers = run(&self.db, &self.setups, requests).await;
        let rest = self.queues().rest(tenant_id, begun.elapsed());
        drop(part);
        self.runtime.spawn(async move {
            sleep(rest).await;
            drop(turn);
        });
        answers
    }
}

/// A part of a batch request that runs, until it is dropped.
struct Part<'i>(&'i Inner);

impl<'i> Part<'i> {
    fn begin(inner: &'i Inner, tenant_id: TenantId) -> Self {
        let mut queues = inner.queues();
        queues.note(tenant_id);
        queues.parts += 1;
        Part(inner)
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        self.0.queues().parts -= 1;
    }
}

/// One of a tenant's lanes. Dropping it frees the lane, so a panic does not block the lane for good.
struct Lane {
    inner: Arc<Inner>,
    tenant_id: TenantId,
    is_slow: bool,
}

impl Lane {
    /// Says whether the lane's batch is slow, and opens another lane if one is needed.
    fn set_slow(&mut self, is_slow: bool) {
        let mut queues = self.inner.queues();
        let Some(queue) = queues.of_tenants.get_mut(&self.tenant_id) else { return };
        queue.slow = queue.slow + usize::from(is_slow) - usize::from(self.is_slow);
        self.is_slow = is_slow;
        if queue.open_lane() {
            self.inner.runtime.spawn(drain(Arc::clone(&self.inner), self.tenant_id));
        }
    }

    /// Takes the requests of the next batch, and those that have waited too long. Returns nothing if the lane is not
    /// needed any more.
    fn take(&self) -> Option<(Vec<Waiting>, Vec<Waiting>)> {
        let mut queues = self.inner.queues();
        let queue = queues.of_tenants.get_mut(&self.tenant_id)?;
        // A slow batch has ended, and the lane that was opened meanwhile goes on.
        let is_spare = queue.lanes - queue.slow > 1;
        if is_spare || queue.waiting.is_empty() {
            return None;
        }
        let is_late = |waiting: &&Waiting| waiting.since.elapsed() > self.inner.db.write_time().queue;
        let late = queue.waiting.iter().take_while(is_late).count();
        let late = queue.waiting.drain(..late).collect();
        let waiting = queue.waiting.iter().map(|waiting| &waiting.request);
        let size = fitting(waiting, BATCH_MAX).min(queue.waiting.len());
        Some((late, queue.waiting.drain(..size).collect()))
    }

    /// Rests after a batch that took so long, if other requests of the tenant wait.
    async fn rest(&self, took: Duration) {
        let rest = {
            let queues = self.inner.queues();
            let waits = queues.of_tenants.get(&self.tenant_id).is_some_and(|queue| !queue.waiting.is_empty());
            if waits { queues.rest(self.tenant_id, took) } else { Duration::ZERO }
        };
        if !rest.is_zero() {
            sleep(rest).await;
        }
    }

    /// Runs a batch.
    async fn run(&mut self, requests: &[Request]) -> Vec<Result<Answer, Error>> {
        let inner = Arc::clone(&self.inner);
        let slow_after = inner.queues().slow_after(self.tenant_id);
        let mut batch = pin!(run(&inner.db, &inner.setups, requests));
        if let Ok(results) = timeout(slow_after, &mut batch).await {
            return results;
        }
        self.set_slow(true);
        let results = batch.await;
        self.set_slow(false);
        results
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let mut queues = self.inner.queues();
        let Some(queue) = queues.of_tenants.get_mut(&self.tenant_id) else { return };
        queue.lanes -= 1;
        queue.slow -= usize::from(self.is_slow);
        if queue.open_lane() {
            // A request arrived after the lane had found the queue empty.
            self.inner.runtime.spawn(drain(Arc::clone(&self.inner), self.tenant_id));
        } else if queue.lanes == 0 {
            queues.of_tenants.remove(&self.tenant_id);
        }
    }
}

/// Carries out batches of a tenant until nothing waits.
async fn drain(inner: Arc<Inner>, tenant_id: TenantId) {
    let mut lane = Lane { inner, tenant_id, is_slow: false };
    while let Some((late, batch)) = lane.take() {
        for waiting in late {
            _ = waiting.answer.send(Err(Error::Deadline));
        }
        if batch.is_empty() {
            continue;
        }
        let commands = u32::try_from(batch.len()).unwrap_or(u32::MAX);
        metrics::histogram!("stockwell_batch_commands").record(commands);
        for waiting in &batch {
            metrics::histogram!("stockwell_queue_wait_seconds").record(waiting.since.elapsed());
        }
        // The phases of a batch belong to the span of its first request.
        let span = batch.first().map_or_else(Span::none, |waiting| waiting.span.clone());
        let (requests, answers): (Vec<Request>, Vec<_>) =
            batch.into_iter().map(|waiting| (waiting.request, waiting.answer)).unzip();
        let begun = Instant::now();
        let results = lane.run(&requests).instrument(span).await;
        let took = begun.elapsed();
        for (answer, result) in answers.into_iter().zip(results) {
            // The client may have disconnected. The work is done all the same.
            _ = answer.send(result);
        }
        lane.rest(took).await;
    }
}

#[cfg(test)]
mod tests {
    use domain::id::{LandedCostId, PurchaseOrderId};
    use domain::landed_cost::Reverse;
    use domain::purchase_order::Close;
    use domain::refusal::Problems;
    use uuid::Uuid;

    use super::*;
    use crate::Caller;
    use crate::caller::{ActorKind, EntryMode};
    use crate::posting::Command;
    use crate::scope::Scopes;

    fn request(command: Command) -> Request {
        let tenant_id = TenantId(Uuid::from_u128(1));
        let caller = Caller::new(tenant_id, ActorKind::Worker, Uuid::from_u128(2), Scopes::default());
        let entry_mode = EntryMode::Api;
        let wrong = Problems::default();
        Request { caller, command, wrong, idempotency: None, entry_mode, render: |_, _| (200, String::new()) }
    }

    #[test]
    fn a_command_that_runs_alone_shares_no_transaction() {
        let close = || request(Command::ClosePurchaseOrder(Close(PurchaseOrderId::default())));
        let reverse = || {
            let original_id = LandedCostId::default();
            let reverse =
                Reverse { original_id, id: None, reason: "Billed twice".to_owned(), reference: None };
            request(Command::ReverseLandedCost(reverse))
        };
        let fits = |requests: &[Request], most| fitting(requests.iter(), most);
        assert_eq!(fits(&[close(), close(), reverse(), close()], BATCH_MAX), 2);
        assert_eq!(fits(&[reverse(), reverse()], BATCH_MAX), 1);
        assert_eq!(fits(&[reverse(), close()], BATCH_MAX), 1);
        assert_eq!(fits(&[close(), close(), close()], 2), 2);
    }

    #[test]
    fn a_tenant_rests_while_others_work() {
        let (one, other) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let took = Duration::from_millis(20);
        let mut queues = Queues { parts: 1_000, ..Queues::default() };
        for _ in 0..3 {
            queues.note(one);
        }
        assert_eq!(queues.rest(one, took), Duration::ZERO, "it is alone");
        assert_eq!(queues.part_max(one), BATCH_MAX);
        assert_eq!(queues.slow_after(one), SLOW);
        queues.note(other);
        queues.note(one);
        assert_eq!(queues.rest(one, took), took);
        assert_eq!(queues.rest(other, took), took);
        assert_eq!(queues.part_max(one), BESIDE_OTHERS_MAX);
        assert_eq!(queues.slow_after(one), SLOW_BESIDE_OTHERS);
        assert_eq!(queues.rest(one, Duration::from_secs(1)), REST_MAX);
        queues.parts = 0;
        assert_eq!(queues.rest(one, took), Duration::ZERO, "processors are free");
        assert_eq!(queues.slow_after(one), SLOW);
        queues.parts = 1_000;
        queues.latest[1] = queues.latest[1].map(|(tenant_id, at)| (tenant_id, at - ACTIVE));
        assert_eq!(queues.rest(one, took), Duration::ZERO, "the other one asked long ago");
        for number in 3..6 {
            queues.note(TenantId(Uuid::from_u128(number)));
        }
        assert_eq!(queues.rest(one, took), took);
    }
}
