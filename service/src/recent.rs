//! A value that is found again at most once in a while, however many requests want it.
//!
//! Two connections find the callers of all tenants and tell the health of the server. Requests that need no more than a recent
//! value from them must not keep them busy.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// Time for which a value is used again.
const KEPT_FOR: Duration = Duration::from_secs(1);

/// The value that was found last, and when its search began and ended.
#[derive(Debug)]
pub struct Recent<T>(Mutex<Option<Found<T>>>);

#[derive(Debug)]
struct Found<T> {
    begun: Instant,
    ended: Instant,
    value: T,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Recent(Mutex::new(None))
    }
}

impl<T: Clone> Recent<T> {
    /// Returns a value of the last second, or what `find` finds. Requests that come together share one search, however long it
    /// takes. `find` gets the value of before.
    pub async fn get<E>(&self, find: impl AsyncFnOnce(Option<T>) -> Result<T, E>) -> Result<T, E> {
        let asked = Instant::now();
        let mut last = self.0.lock().await;
        if let Some(Found { begun, ended, value }) = &*last
            && (begun.elapsed() < KEPT_FOR || *ended >= asked)
        {
            return Ok(value.clone());
        }
        let begun = Instant::now();
        let value = find(last.as_ref().map(|found| found.value.clone())).await?;
        *last = Some(Found { begun, ended: Instant::now(), value: value.clone() });
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn many_requests_share_one_search() {
        let (recent, searches) = (Recent::default(), AtomicU32::new(0));
        let get = async || {
            let find = async |_: Option<u32>| {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Ok::<_, Infallible>(searches.fetch_add(1, Ordering::Relaxed))
            };
            recent.get(find).await.expect("a value")
        };
        let all = futures_util::future::join_all((0..50).map(|_| get())).await;
        assert_eq!(all, [0; 50]);
        assert_eq!(searches.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_slow_search_is_shared_too() {
        let (recent, searches) = (Recent::default(), AtomicU32::new(0));
        let get = async || {
            let find = async |_: Option<u32>| {
                tokio::time::sleep(KEPT_FOR + Duration::from_millis(50)).await;
                Ok::<_, Infallible>(searches.fetch_add(1, Ordering::Relaxed))
            };
            recent.get(find).await.expect("a value")
        };
        assert_eq!(futures_util::future::join_all((0..50).map(|_| get())).await, [0; 50]);
        assert_eq!(get().await, 1, "a request that comes later has a search of its own");
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let recent = Recent::<u32>::default();
        assert_eq!(recent.get(async |_| Err("lost")).await, Err("lost"));
        assert_eq!(
            recent.get(async |before| Ok::<_, &str>(before.map_or(1, |before| before + 1))).await,
            Ok(1)
        );
    }
}
