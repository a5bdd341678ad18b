//! The time that a request spends on the database, waits for a turn and for a connection among it; and the time of each
//! phase of a batch.

use std::cell::Cell;
use std::time::{Duration, Instant};

use tracing::Instrument;

tokio::task_local! {
    static SPENT: Cell<Duration>;
}

/// Runs `work`. Returns the time that it spent on the database besides its result.
pub async fn measured<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let measured = async {
        let result = work.await;
        (result, SPENT.with(Cell::get))
    };
    SPENT.scope(Cell::default(), measured).await
}

/// Counts the time of `work` for the request that does it.
pub(crate) async fn on_database<T>(work: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let result = work.await;
    add(begun.elapsed());
    result
}

/// Counts time for the request that runs here. Jobs belong to none.
pub fn add(time: Duration) {
    _ = SPENT.try_with(|spent| spent.set(spent.get() + time));
}

/// Runs a phase of a batch in a span, in which its statements are logged, and records its duration.
pub(crate) async fn phase<T>(name: &'static str, work: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let result = work.instrument(tracing::debug_span!("phase", phase = name)).await;
    metrics::histogram!("stockwell_phase_seconds", "phase" => name).record(begun.elapsed());
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_counts_its_own_time() {
        let pause = Duration::from_millis(20);
        on_database(tokio::time::sleep(pause)).await;
        let work = async {
            tokio::time::sleep(pause * 50).await;
            on_database(tokio::time::sleep(pause)).await;
            on_database(async { 7 }).await
        };
        let begun = Instant::now();
        let (result, spent) = measured(work).await;
        assert_eq!(result, 7);
        assert!(spent >= pause && spent + pause * 50 <= begun.elapsed(), "{spent:?}");
    }
}
