//! Requests that arrive for a tenant while its last batch is in the database form the next batch. An idle tenant's
//! request starts at once.
//!
//! One batch of many commands costs far less than two of half as many that run side by side, so a tenant has one lane.
//! It has a second one only while the batch in the first is slow: sales don't wait for the end of an import.

use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::id::TenantId;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::setup::Setups;
use super::{BATCH_MAX, Request, run};
use crate::command::Answer;
use crate::timing::on_database;
use crate::{Db, Error};

/// Batches of one tenant that may run at the same time.
const LANES: usize = 2;
/// Time after which a batch is slow. A batch of 64 till sales takes less.
const SLOW: Duration = Duration::from_millis(40);
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
    queues: Mutex<HashMap<TenantId, Queue>>,
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
    answer: oneshot::Sender<Result<Answer, Error>>,
}

impl Poster {
    /// Makes a poster. Its batches run on the current runtime and go on if a request is dropped.
    pub fn new(db: Db) -> Self {
        let inner =
            Inner { db, setups: Setups::default(), runtime: Handle::current(), queues: Mutex::default() };
        Poster(Arc::new(inner))
    }

    /// Returns the cached setups of the tenants.
    pub fn setups(&self) -> &Setups {
        &self.0.setups
    }

    /// Returns the number of requests that wait for their turn.
    pub fn waiting(&self) -> usize {
        let queues = self.0.queues();
        queues.values().map(|queue| queue.waiting.len()).sum()
    }

    /// Carries out one request. It is carried out even if the caller stops waiting, unless its turn comes too late.
    pub async fn post(&self, request: Request) -> Result<Answer, Error> {
        let tenant_id = request.caller.tenant_id;
        let (answer, answered) = oneshot::channel();
        {
            let mut queues = self.0.queues();
            let queue = queues.entry(tenant_id).or_default();
            if queue.waiting.len() >= WAITING_MAX {
                return Err(Error::Busy);
            }
            queue.waiting.push_back(Waiting { request, since: Instant::now(), answer });
            if queue.open_lane() {
                self.0.runtime.spawn(drain(Arc::clone(&self.0), tenant_id));
            }
        }
        on_database(answered)
            .await
            .unwrap_or_else(|_| Err(Error::invariant("a batch ended without a response")))
    }

    /// Carries out the documents of a batch route in as few transactions as possible. Returns one result for each, in
    /// order.
    pub async fn post_all(&self, requests: Vec<Request>) -> Vec<Result<Answer, Error>> {
        let inner = Arc::clone(&self.0);
        let asked = requests.len();
        let work = self.0.runtime.spawn(async move {
            let mut answers = Vec::with_capacity(requests.len());
            let mut rest = requests.as_slice();
            while !rest.is_empty() {
                let (batch, later) = rest.split_at(fitting(rest.iter()));
                let part = run(&inner.db, &inner.setups, batch).await;
                // If the database failed for all of a part, the others need not wait as long.
                let is_lost =
                    part.iter().all(|one| one.as_ref().is_err_and(|error| error.unavailable().is_some()));
                answers.extend(part);
                rest = if is_lost { &[] } else { later };
                if is_lost {
                    answers.extend(later.iter().map(|_| Err(Error::Deadline)));
                }
            }
            answers
        });
        let failed = |error: tokio::task::JoinError| {
            (0..asked).map(|_| Err(Error::invariant(error.to_string()))).collect()
        };
        on_database(work).await.unwrap_or_else(failed)
    }
}

/// Returns the number of requests that fit into one transaction, at least 1.
fn fitting<'a>(requests: impl Iterator<Item = &'a Request>) -> usize {
    let mut lines = 0;
    let fits = |request: &&'a Request| {
        lines += request.command.lines();
        lines <= LINES_MAX
    };
    requests.take(BATCH_MAX).take_while(fits).count().max(1)
}

impl Inner {
    fn queues(&self) -> MutexGuard<'_, HashMap<TenantId, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
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
        let Some(queue) = queues.get_mut(&self.tenant_id) else { return };
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
        let queue = queues.get_mut(&self.tenant_id)?;
        // A slow batch has ended, and the lane that was opened meanwhile goes on.
        let is_spare = queue.lanes - queue.slow > 1;
        if is_spare || queue.waiting.is_empty() {
            return None;
        }
        let is_late = |waiting: &&Waiting| waiting.since.elapsed() > self.inner.db.write_time().queue;
        let late = queue.waiting.iter().take_while(is_late).count();
        let late = queue.waiting.drain(..late).collect();
        let size = fitting(queue.waiting.iter().map(|waiting| &waiting.request)).min(queue.waiting.len());
        Some((late, queue.waiting.drain(..size).collect()))
    }

    /// Runs a batch.
    async fn run(&mut self, requests: &[Request]) -> Vec<Result<Answer, Error>> {
        let inner = Arc::clone(&self.inner);
        let mut batch = pin!(run(&inner.db, &inner.setups, requests));
        if let Ok(results) = timeout(SLOW, &mut batch).await {
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
        let Some(queue) = queues.get_mut(&self.tenant_id) else { return };
        queue.lanes -= 1;
        queue.slow -= usize::from(self.is_slow);
        if queue.open_lane() {
            // A request arrived after the lane had found the queue empty.
            self.inner.runtime.spawn(drain(Arc::clone(&self.inner), self.tenant_id));
        } else if queue.lanes == 0 {
            queues.remove(&self.tenant_id);
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
        let (requests, answers): (Vec<Request>, Vec<_>) =
            batch.into_iter().map(|waiting| (waiting.request, waiting.answer)).unzip();
        let results = lane.run(&requests).await;
        for (answer, result) in answers.into_iter().zip(results) {
            // The client may have disconnected. The work is done all the same.
            _ = answer.send(result);
        }
    }
}
