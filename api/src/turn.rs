//! Turns of long bodies: few are in memory at once, and fewer of one tenant.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use domain::id::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::problem::{ApiError, ErrorCode};

/// Longest time that a body waits for its turn.
const TURN_DEADLINE: Duration = Duration::from_secs(10);

/// The turns of one kind of bodies, in this process.
#[derive(Debug)]
pub struct Turns {
    of_process: Semaphore,
    of_tenant: usize,
    lanes: LazyLock<Mutex<HashMap<TenantId, Arc<Semaphore>>>>,
}

/// The right to hold a body in memory, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    _of_tenant: OwnedSemaphorePermit,
    _of_process: SemaphorePermit<'static>,
}

impl Turns {
    /// Allows so many bodies at once in all, and of one tenant.
    pub const fn new(of_process: usize, of_tenant: usize) -> Self {
        Turns {
            of_process: Semaphore::const_new(of_process),
            of_tenant,
            lanes: LazyLock::new(Default::default),
        }
    }

    /// Waits for the tenant's turn, and then for one of the process. Rejects a body that waits too long.
    pub async fn take(&'static self, tenant_id: TenantId) -> Result<Turn, ApiError> {
        match tokio::time::timeout(TURN_DEADLINE, self.next(tenant_id)).await {
            Ok(Some(turn)) => Ok(turn),
            _ => Err(ApiError::of(ErrorCode::TemporarilyUnavailable).with_retry_after(10)),
        }
    }

    async fn next(&'static self, tenant_id: TenantId) -> Option<Turn> {
        let lane = {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
            let lane = lanes.entry(tenant_id).or_insert_with(|| Arc::new(Semaphore::new(self.of_tenant)));
            Arc::clone(lane)
        };
        let of_tenant = lane.acquire_owned().await.ok()?;
        let of_process = self.of_process.acquire().await.ok()?;
        Some(Turn { _of_tenant: of_tenant, _of_process: of_process })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use uuid::Uuid;

    use super::*;

    static TURNS: Turns = Turns::new(4, 1);

    fn turn(number: u128) -> impl Future<Output = Option<Turn>> {
        TURNS.next(TenantId(Uuid::from_u128(number)))
    }

    #[actix_web::test]
    async fn a_tenant_waits_for_itself_and_not_for_others() {
        let first = turn(1).await.expect("a turn");
        assert!(turn(1).now_or_never().is_none(), "one body of a tenant at a time");
        let second = turn(2).now_or_never().flatten().expect("another tenant's turn");
        let rest = (turn(3).await, turn(4).await);
        assert!(turn(5).now_or_never().is_none(), "few bodies of a process at a time");
        drop(first);
        assert!(turn(1).now_or_never().flatten().is_some());
        drop((second, rest));
        drop(turn(6).await);
        let waiting = TURNS.lanes.lock().unwrap_or_else(PoisonError::into_inner).len();
        assert!(waiting <= 1, "no lane is kept for a tenant without a body");
    }
}
