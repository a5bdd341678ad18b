//! Batch requests: how many of a tenant a server takes in, and how many of them it parses and carries out at a time.
//!
//! A request is counted before its body is read. So a tenant that sends more than the server carries out is rejected at once,
//! and its bodies are neither read nor parsed.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

use domain::id::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::problem::{ApiError, ErrorCode};

/// Most batch requests of a tenant that a server has at once: those that arrive, that wait and that are carried out.
pub const OPEN_MAX: usize = 32;
/// Longest time that a request whose body was read waits.
const DEADLINE: Duration = Duration::from_secs(10);
/// Seconds after which a request is repeated that was not taken in.
const RETRY_SECONDS: u64 = 1;

/// Most batch requests of a tenant that are parsed and carried out at a time: those whose documents are posted (a quarter of
/// the processors, at least one), and one that is parsed meanwhile.
pub static AT_ONCE: LazyLock<usize> =
    LazyLock::new(|| available_parallelism().map_or(1, |count| (count.get() / 4).max(1)) + 1);

static TENANTS: LazyLock<Tenants> = LazyLock::new(Tenants::default);

type Tenants = Mutex<HashMap<TenantId, Open>>;

/// The batch requests of a tenant.
#[derive(Debug)]
struct Open {
    count: usize,
    turns: Arc<Semaphore>,
}

/// A batch request that was taken in, until it is dropped.
#[derive(Debug)]
pub struct Admitted {
    tenant_id: TenantId,
    turns: Arc<Semaphore>,
    turn: Option<OwnedSemaphorePermit>,
}

impl Admitted {
    /// Takes a batch request in. Rejects it if its tenant has as many as it may.
    pub fn of(tenant_id: TenantId) -> Result<Self, ApiError> {
        let mut tenants = TENANTS.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Open { count: 0, turns: Arc::new(Semaphore::new(*AT_ONCE)) };
        let open = tenants.entry(tenant_id).or_insert_with(new);
        if open.count >= OPEN_MAX {
            return Err(too_many(RETRY_SECONDS));
        }
        open.count += 1;
        Ok(Admitted { tenant_id, turns: Arc::clone(&open.turns), turn: None })
    }

    /// Waits until it is the turn of this request.
    pub async fn begin(&mut self) -> Result<(), ApiError> {
        let turn = timeout(DEADLINE, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| too_many(DEADLINE.as_secs()))?;
        self.turn = Some(turn.map_err(ApiError::internal)?);
        Ok(())
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut tenants = TENANTS.lock().unwrap_or_else(PoisonError::into_inner);
        match tenants.get_mut(&self.tenant_id) {
            Some(open) if open.count > 1 => open.count -= 1,
            _ => _ = tenants.remove(&self.tenant_id),
        }
    }
}

fn too_many(retry_seconds: u64) -> ApiError {
    let detail = format!(
        "Your tenant has {OPEN_MAX} batch requests open on this server, or the ones before take too long. Send the next one after \
         the response to one of them."
    );
    ApiError::new(ErrorCode::RateLimited, detail).with_retry_after(retry_seconds)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use uuid::Uuid;

    use super::*;

    #[actix_web::test]
    async fn a_tenant_has_so_many_and_another_has_its_own() {
        let (one, other) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let mut open: Vec<Admitted> = (0..OPEN_MAX).filter_map(|_| Admitted::of(one).ok()).collect();
        assert_eq!(open.len(), OPEN_MAX);
        assert!(Admitted::of(one).is_err());
        assert!(Admitted::of(other).is_ok());
        for request in open.iter_mut().take(*AT_ONCE) {
            request.begin().await.expect("a turn");
        }
        let mut next = open.pop().expect("one that waits");
        assert!(next.begin().now_or_never().is_none(), "its turn comes later");
        drop(open.remove(0));
        next.begin().await.expect("the turn that was given back");
        assert!(Admitted::of(one).is_ok());
        drop((open, next));
        let tenants = TENANTS.lock().expect("the tenants");
        assert!(!tenants.contains_key(&one), "nothing is kept of a tenant without a batch request");
    }
}
