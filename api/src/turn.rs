//! Turns of long bodies: few are in memory at once, and fewer of one tenant. Some stay free for tenants that have none.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::id::TenantId;
use tokio::sync::Notify;

use crate::problem::{ApiError, ErrorCode};

/// Longest time that a body waits for its turn.
const TURN_DEADLINE: Duration = Duration::from_secs(10);

/// Numbers of turns.
#[derive(Debug, Clone, Copy)]
pub struct Numbers {
    /// Most turns at once in all.
    pub of_process: usize,
    /// Most turns at once of a tenant.
    pub of_tenant: usize,
    /// Turns that only a tenant without another one takes.
    pub spare: usize,
}

/// The turns of one kind of bodies, in this process.
#[derive(Debug)]
pub struct Turns {
    numbers: Numbers,
    /// Turns of the tenants that have some.
    taken: LazyLock<Mutex<HashMap<TenantId, usize>>>,
    given_back: Notify,
}

/// The right to hold a body in memory, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    turns: &'static Turns,
    tenant_id: TenantId,
}

impl Turns {
    pub const fn new(numbers: Numbers) -> Self {
        Turns { numbers, taken: LazyLock::new(Default::default), given_back: Notify::const_new() }
    }

    /// Waits for a turn. Rejects a body that waits too long.
    pub async fn take(&'static self, tenant_id: TenantId) -> Result<Turn, ApiError> {
        let turn = tokio::time::timeout(TURN_DEADLINE, self.next(tenant_id)).await;
        turn.map_err(|_| ApiError::of(ErrorCode::TemporarilyUnavailable).with_retry_after(10))
    }

    async fn next(&'static self, tenant_id: TenantId) -> Turn {
        loop {
            let given_back = self.given_back.notified();
            if let Some(turn) = self.try_take(tenant_id) {
                return turn;
            }
            given_back.await;
        }
    }

    fn try_take(&'static self, tenant_id: TenantId) -> Option<Turn> {
        let Numbers { of_process, of_tenant, spare } = self.numbers;
        let mut taken = self.taken();
        let own = taken.get(&tenant_id).copied().unwrap_or_default();
        let left = of_process.saturating_sub(taken.values().sum());
        let has_room = if own == 0 { left > 0 } else { own < of_tenant && left > spare };
        has_room.then(|| {
            taken.insert(tenant_id, own + 1);
            Turn { turns: self, tenant_id }
        })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<TenantId, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut taken = self.turns.taken();
        match taken.get_mut(&self.tenant_id) {
            Some(own) if *own > 1 => *own -= 1,
            _ => _ = taken.remove(&self.tenant_id),
        }
        drop(taken);
        self.turns.given_back.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use uuid::Uuid;

    use super::*;

    fn turn(turns: &'static Turns, number: u128) -> Option<Turn> {
        turns.next(TenantId(Uuid::from_u128(number))).now_or_never()
    }

    #[test]
    fn a_tenant_waits_for_itself_and_not_for_others() {
        static TURNS: Turns = Turns::new(Numbers { of_process: 4, of_tenant: 1, spare: 0 });
        let first = turn(&TURNS, 1).expect("a turn");
        assert!(turn(&TURNS, 1).is_none(), "one body of a tenant at a time");
        let second = turn(&TURNS, 2).expect("another tenant's turn");
        let rest = (turn(&TURNS, 3).expect("a turn"), turn(&TURNS, 4).expect("a turn"));
        assert!(turn(&TURNS, 5).is_none(), "few bodies of a process at a time");
        drop(first);
        assert!(turn(&TURNS, 1).is_some());
        drop((second, rest));
        assert!(TURNS.taken().is_empty(), "nothing is kept of a tenant without a body");
    }

    #[test]
    fn two_tenants_leave_turns_to_others() {
        static TURNS: Turns = Turns::new(Numbers { of_process: 8, of_tenant: 4, spare: 2 });
        let held: Vec<Turn> =
            [1, 1, 1, 1, 1, 2, 2, 2, 2].into_iter().filter_map(|tenant| turn(&TURNS, tenant)).collect();
        assert_eq!(held.len(), 6);
        let others = (turn(&TURNS, 3).expect("a turn"), turn(&TURNS, 4).expect("a turn"));
        assert!(turn(&TURNS, 5).is_none());
        drop(others);
        assert!(turn(&TURNS, 3).is_some());
    }

    #[actix_web::test]
    async fn a_body_that_waits_gets_the_next_turn() {
        static TURNS: Turns = Turns::new(Numbers { of_process: 1, of_tenant: 1, spare: 0 });
        let held = turn(&TURNS, 1);
        let mut waiting = Box::pin(TURNS.next(TenantId(Uuid::from_u128(2))));
        assert!((&mut waiting).now_or_never().is_none());
        drop(held);
        assert!(waiting.now_or_never().is_some());
    }
}
