//! Work that goes on after its response (`Prefer: respond-async`, RFC 7240), with a job that shows how far it is.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::body::to_bytes;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, ResponseError, rt};
use domain::id::JobId;
use domain::number::shown_decimals;
use service::job::{self, Counts, Kind};
use service::{Error, Tx};
use tokio::time::{sleep, timeout};
use tracing::Instrument;

use crate::currency::showing_while;
use crate::idempotency::PREFERENCE_APPLIED;
use crate::problem::Answer;
use crate::{App, Caller};

/// Time after which the progress of a job is written again.
const NOTED_EVERY: Duration = Duration::from_secs(1);
/// Most attempts to write the end of a job.
const ATTEMPTS_MAX: u32 = 10;

/// The rows that a piece of work has handled, of how many.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Rows>);

#[derive(Debug, Default)]
struct Rows {
    done: AtomicUsize,
    /// Zero: not known.
    total: AtomicUsize,
}

impl Progress {
    /// States the number of rows of the work.
    pub fn expect(&self, total: usize) {
        self.0.total.store(total, Ordering::Relaxed);
    }

    /// States the number of rows that were handled so far.
    pub fn reach(&self, done: usize) {
        self.0.done.store(done, Ordering::Relaxed);
    }

    fn counts(&self) -> Counts {
        let count = |rows: &AtomicUsize| i64::try_from(rows.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
        Counts { done: count(&self.0.done), total: Some(count(&self.0.total)).filter(|total| *total > 0) }
    }
}

/// Begins a job, and carries out `work` after the response. Returns 202 with the job.
pub async fn begin(
    app: Data<App>,
    caller: Caller,
    kind: Kind,
    work: impl AsyncFnOnce(Progress) -> Answer + 'static,
) -> Answer {
    let job = app.db.write(&caller, async |tx: &Tx| job::begin(tx, &caller, kind).await).await?;
    let location = format!("/v1/jobs/{}", job.id);
    let (id, progress) = (job.id, Progress::default());
    let followed = async move {
        // A server that stops waits for it, as for a request.
        let _in_flight = app.enter();
        let follower = Follower { app: Data::clone(&app), caller, id, progress: progress.clone() };
        follower.follow(work(progress)).await;
    };
    rt::spawn(showing_while(shown_decimals(), followed.in_current_span()));
    Ok(HttpResponse::Accepted()
        .insert_header((header::LOCATION, location))
        .insert_header((PREFERENCE_APPLIED, "respond-async"))
        .json(job))
}

/// Writes how far the work of a job is, and how it ended.
struct Follower {
    app: Data<App>,
    caller: Caller,
    id: JobId,
    progress: Progress,
}

impl Follower {
    async fn follow(self, work: impl Future<Output = Answer>) {
        let mut work = pin!(work);
        let answer = loop {
            match timeout(NOTED_EVERY, &mut work).await {
                Ok(answer) => break answer,
                Err(_) => self.note().await,
            }
        };
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
