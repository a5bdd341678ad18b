//! Threads for work that keeps a processor busy for long: reports, long bodies, compression. The threads that serve
//! requests stay free for short ones, and the operating system prefers them.

use std::sync::LazyLock;
use std::thread::available_parallelism;

use domain::number::shown_decimals;
use service::timing::{self, measured};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::currency::showing_while;
use crate::problem::ApiError;

/// Fewest threads.
const THREADS_MIN: usize = 2;

/// None if the threads can't be started.
static THREADS: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    let threads = available_parallelism().map_or(THREADS_MIN, |count| count.get().max(THREADS_MIN));
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(threads).thread_name("aside").on_thread_start(yield_to_others).enable_all();
    builder.build().inspect_err(|error| tracing::error!(%error, "no threads for long work")).ok()
});

/// Carries out `work` on a thread of its own kind. It ends early if the caller gives it up.
pub async fn aside<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, ApiError> {
    let Some(threads) = THREADS.as_ref() else { return Ok(work.await) };
    let work = showing_while(shown_decimals(), measured(work));
    let mut task = Task(threads.spawn(work.in_current_span()));
    let (answer, on_database) = (&mut task.0).await.map_err(ApiError::internal)?;
    timing::add(on_database);
    Ok(answer)
}

/// Work that ends when this is dropped.
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Gives this thread a lower priority.
fn yield_to_others() {
    // Elsewhere the priority belongs to the whole process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::getpriority_process(None)
        .and_then(|niceness| rustix::process::setpriority_process(None, lower(niceness)))
    {
        tracing::warn!(%error, "long work has the priority of short work");
    }
}

/// Returns the niceness of these threads beside one of the others: a tenth of its weight.
#[cfg(target_os = "linux")]
fn lower(niceness: i32) -> i32 {
    (niceness + 10).min(19)
}

/// Takes every thread until what is returned is dropped.
#[cfg(test)]
pub(crate) fn take_all() -> Vec<std::sync::mpsc::Sender<()>> {
    let threads = THREADS.as_ref().expect("threads");
    let (begun, taken) = std::sync::mpsc::channel();
    let take = |_| {
        let (held, free) = std::sync::mpsc::channel();
        let begun = begun.clone();
        threads.spawn(async move {
            begun.send(()).expect("the test waits");
            free.recv()
        });
        held
    };
    let held: Vec<_> = (0..threads.metrics().num_workers()).map(take).collect();
    held.iter().for_each(|_| taken.recv().expect("a thread begins"));
    held
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[cfg(target_os = "linux")]
    #[actix_web::test]
    async fn the_threads_give_way() {
        let niceness = || rustix::process::getpriority_process(None).expect("a priority");
        assert_eq!(aside(async move { niceness() }).await.expect("it ends"), lower(niceness()));
    }

    #[actix_web::test]
    async fn work_that_is_given_up_ends() {
        let (alive, ended) = oneshot::channel::<()>();
        let (begun, begins) = oneshot::channel();
        let work = Box::pin(aside(async move {
            _ = begun.send(());
            std::future::pending::<()>().await;
            drop(alive);
        }));
        let given_up = tokio::time::timeout(Duration::from_millis(50), work);
        assert!(given_up.await.is_err());
        begins.await.expect("it began");
        assert!(ended.await.is_err(), "its state is gone");
    }
}
