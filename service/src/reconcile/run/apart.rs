//! Threads for the engine: few at a time, and each has its place until it has ended.

use std::sync::LazyLock;
use std::time::Duration;

use domain::id::TenantId;
use domain::refusal::{Code, Refusal};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::Error;
use crate::tx::processors;
use crate::tx::shares::{Place, Share};

/// Fewest runs at a time in this process, on a machine with few processors.
const RUNS_MIN: u32 = 2;
/// Most runs of a tenant at a time in this process.
const OF_TENANT_MAX: usize = 1;
/// Longest wait for a place.
const WAIT: Duration = Duration::from_secs(10);

/// The places of this process. A run has the memory of all its rows, so there are few.
static SHARE: LazyLock<Share> =
    LazyLock::new(|| Share::new((processors() / 2).max(RUNS_MIN) as usize, OF_TENANT_MAX, WAIT));

/// Waits for a place for a run of a tenant.
pub(super) async fn enter(tenant_id: TenantId) -> Result<Place, Error> {
    SHARE.enter(Some(tenant_id)).await
}

/// Does `work` on a thread of its own, and waits for it until `until`. Returns its result with what was kept for it. A thread can't be
/// ended from outside: what is kept stays with it as long as it works, also after that. It is no thread of the runtime, because a
/// process that stops waits for those.
pub(super) async fn work<K: Send + 'static, T: Send + 'static>(
    kept: K,
    until: Instant,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<(T, K), Error> {
    let (end, ended) = oneshot::channel();
    let thread = std::thread::Builder::new().name("reconcile".to_owned());
    let begun = thread.spawn(move || {
        // An error means that the caller has gone: what is kept is dropped.
        _ = end.send((work(), kept));
    });
    begun.map_err(|error| Error::invariant(format!("the engine has no thread: {error}")))?;
    let ended = timeout_at(until, ended).await.map_err(|_| too_long())?;
    ended.map_err(|_| Error::invariant("the engine failed"))
}

fn too_long() -> Refusal {
    let detail = "The run took longer than it may. Choose a smaller window_days in the settings, or an earlier through.";
    Refusal::new(Code::ValidationFailed, detail)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn a_place_is_taken_until_its_work_has_ended() {
        let share = Share::new(1, 1, Duration::from_millis(500));
        let tenant_id = Some(TenantId(Uuid::from_u128(1)));
        let place = share.enter(tenant_id).await.expect("a place");
        let (go, goes) = mpsc::channel::<()>();
        let until = Instant::now() + Duration::from_millis(20);
        let late = work(place, until, move || goes.recv()).await;
        assert!(matches!(late, Err(Error::Refused(_))), "it is not waited for any longer");
        assert!(matches!(share.enter(tenant_id).await, Err(Error::OverShare)), "it goes on");
        go.send(()).expect("the thread waits");
        assert!(share.enter(tenant_id).await.is_ok(), "it has ended");
    }

    #[tokio::test]
    async fn work_that_ends_in_time_has_its_result() {
        let share = Share::new(1, 1, Duration::from_millis(500));
        let place = share.enter(None).await.expect("a place");
        let until = Instant::now() + Duration::from_secs(60);
        let (result, place) = work(place, until, || 17).await.expect("a result");
        assert_eq!(result, 17);
        drop(place);
        assert!(share.enter(None).await.is_ok());
    }
}
