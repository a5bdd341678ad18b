//! Work that goes on after its response (`Prefer: respond-async`, RFC 7240), with a job that shows how far it is.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::body::to_bytes;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, ResponseError, rt};
use domain::id::JobId;
use domain::number::shown_decimals;
use futures_util::FutureExt;
use futures_util::future::join;
use service::job::{self, Counts, Kind};
use service::{Error, Tx};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tracing::Instrument;

use crate::currency::showing_while;
use crate::idempotency::PREFERENCE_APPLIED;
use crate::places::Places;
use crate::problem::{Answer, ApiError, ErrorCode};
use crate::{App, Caller};

/// Time after which the progress of a job is written again.
const NOTED_EVERY: Duration = Duration::from_secs(1);
/// Most attempts to write the end of a job.
const ATTEMPTS_MAX: u32 = 10;
/// Most jobs of a tenant that a server carries out at once. Requests are limited by the connections of clients; jobs hold none.
pub const JOBS_MAX: usize = 4;
/// Seconds after which a client repeats a request that was rejected because too many jobs were running.
const RETRY_SECONDS: u64 = 5;

static JOBS: Places = Places::new(JOBS_MAX);

/// The number of rows that were processed so far, and of all rows.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Rows>);

#[derive(Debug, Default)]
struct Rows {
    done: AtomicUsize,
    /// Zero: not known.
    total: AtomicUsize,
}

impl Progress {
    /// Sets the number of rows of the work.
    pub fn expect(&self, total: usize) {
        self.0.total.store(total, Ordering::Relaxed);
    }

    /// Sets the number of rows that were processed so far.
    pub fn reach(&self, done: usize) {
        self.0.done.store(done, Ordering::Relaxed);
    }

    fn counts(&self) -> Counts {
        let count = |rows: &AtomicUsize| i64::try_from(rows.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
        Counts { done: count(&self.0.done), total: Some(count(&self.0.total)).filter(|total| *total > 0) }
    }
}

/// Begins a job, and carries out `work` after the response. Returns 202 with the job. Rejects the request if its tenant has as many jobs as
/// it may.
pub async fn begin(
    app: Data<App>,
    caller: Caller,
    kind: Kind,
    work: impl AsyncFnOnce(Progress) -> Answer + 'static,
) -> Answer {
    let place = JOBS.take(caller.tenant_id).ok_or_else(too_many)?;
    let job = app.db.write(&caller, async |tx: &Tx| job::begin(tx, &caller, kind).await).await?;
    let location = format!("/v1/jobs/{}", job.id);
    let (id, progress) = (job.id, Progress::default());
    // A server that stops waits for it, as for a request: without a gap between the two.
    let in_flight = app.enter();
    let followed = async move {
        let _held = (place, in_flight);
        let follower = Follower { app: Data::clone(&app), caller, id, progress: progress.clone() };
        follower.follow(work(progress)).await;
    };
    rt::spawn(showing_while(shown_decimals(), followed.in_current_span()));
    Ok(HttpResponse::Accepted()
        .insert_header((header::LOCATION, location))
        .insert_header((PREFERENCE_APPLIED, "respond-async"))
        .json(job))
}

fn too_many() -> ApiError {
    let detail =
        format!("This server carries out {JOBS_MAX} jobs of your tenant. Wait for the end of one of them.");
    ApiError::new(ErrorCode::RateLimited, detail).with_retry_after(RETRY_SECONDS)
}

/// Writes the progress and the end of a job.
struct Follower {
    app: Data<App>,
    caller: Caller,
    id: JobId,
    progress: Progress,
}

impl Follower {
    async fn follow(self, work: impl Future<Output = Answer>) {
        let answer = run_with_notes(NOTED_EVERY, caught(work), async || self.note().await).await;
        let response = answer.unwrap_or_else(|error| error.error_response());
        let status = i16::try_from(response.status().as_u16()).unwrap_or_default();
        let body = match to_bytes(response.into_body()).await {
            Ok(body) => String::from_utf8_lossy(&body).into_owned(),
            Err(error) => {
                return tracing::error!(%error, id = %self.id, "the response of a job can't be read");
            }
        };
        for _ in 0..ATTEMPTS_MAX {
            match self.finish(status, &body).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, id = %self.id, "the end of a job was not written"),
            }
            sleep(NOTED_EVERY).await;
        }
    }

    async fn note(&self) {
        let note = async |tx: &Tx| job::note(tx, self.id, self.progress.counts()).await;
        if let Err(error) = self.app.db.for_server().write(&self.caller, note).await {
            tracing::warn!(%error, id = %self.id, "the progress of a job was not written");
        }
    }

    async fn finish(&self, status: i16, body: &str) -> Result<(), Error> {
        let counts = self.progress.counts();
        let finish = async |tx: &Tx| job::finish(tx, self.id, counts, (status, body)).await;
        self.app.db.for_server().write(&self.caller, finish).await
    }
}

/// Carries out `work`. A panic is its error, as in a request, so that the job ends.
async fn caught(work: impl Future<Output = Answer>) -> Answer {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("the work of a job panicked");
        Err(ApiError::of(ErrorCode::InternalError))
    })
}

/// Carries out `work`, and calls `note` beside it after each `every`. The work goes on while a note waits. Otherwise the two could block each
/// other: the note may wait for a connection of a write that waits for the work.
async fn run_with_notes<T>(every: Duration, work: impl Future<Output = T>, note: impl AsyncFn()) -> T {
    let ended = Notify::new();
    let work = async {
        let result = work.await;
        ended.notify_one();
        result
    };
    let notes = async {
        while timeout(every, ended.notified()).await.is_err() {
            note().await;
        }
    };
    join(work, notes).await.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn work_that_panics_ends_with_an_error() {
        let work = async |is_mistaken: bool| -> Answer {
            assert!(!is_mistaken, "a mistake");
            Ok(HttpResponse::Ok().finish())
        };
        let error = caught(work(true)).await.expect_err("it panicked");
        assert_eq!(error.error_response().status(), 500);
        caught(work(false)).await.expect("a response");
    }

    #[actix_web::test]
    async fn work_goes_on_while_a_note_waits() {
        let (noted, done) = (Notify::new(), Notify::new());
        let work = async {
            noted.notified().await;
            done.notify_one();
            7
        };
        let note = async || {
            noted.notify_one();
            done.notified().await;
        };
        let noting = run_with_notes(Duration::from_millis(1), work, note);
        assert_eq!(timeout(Duration::from_secs(10), noting).await, Ok(7));
    }
}
