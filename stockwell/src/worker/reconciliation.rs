//! Runs of the reconciliation: one of each tenant whose new input has been quiet for a minute.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::id::TenantId;
use service::Db;
use service::reconcile::run::due::{self, Due};
use service::relay::Outbox;
use tokio::sync::watch;
use tokio::time::Instant;

use super::rest;

/// Pause between two looks for new input, and after the first run of a tenant that failed.
const INPUTS: Duration = Duration::from_secs(10);
/// Longest pause of a tenant whose runs fail. A run may read millions of rows before it is rejected.
const PAUSE_MAX: Duration = Duration::from_secs(3600);

/// Makes the runs that are due, until the worker stops.
pub(super) async fn keep(outbox: Outbox, db: Db, mut stopping: watch::Receiver<bool>) {
    let mut written_until = None;
    let mut waiting = Waiting::default();
    while !*stopping.borrow() {
        match outbox.writers(written_until).await {
            Ok((tenants, until)) => {
                written_until = Some(until);
                waiting.add(tenants, Instant::now());
            }
            Err(error) => tracing::warn!(%error, "the tenants that wrote could not be listed; trying again"),
        }
        for tenant_id in waiting.due(Instant::now()) {
            if *stopping.borrow() {
                return;
            }
            look_at(&db, tenant_id, &mut waiting).await;
        }
        rest(&mut stopping, INPUTS).await;
    }
}

/// Makes the run of a tenant if it is due.
async fn look_at(db: &Db, tenant_id: TenantId, waiting: &mut Waiting) {
    match due::is_due(db, tenant_id).await {
        Ok(Due::No) => waiting.end(tenant_id),
        Ok(Due::Soon) => waiting.begin_again(tenant_id),
        Ok(Due::Now) => match due::make(db, tenant_id).await {
            Ok(run) => {
                waiting.end(tenant_id);
                if let Some(run) = run {
                    tracing::info!(%tenant_id, run = %run.id, "a run of the reconciliation was made");
                }
            }
            Err(error) => {
                let pause = waiting.fail(tenant_id, Instant::now());
                tracing::warn!(%error, %tenant_id, ?pause, "no run of the reconciliation was made; trying again");
            }
        },
        Err(error) => tracing::warn!(%error, %tenant_id, "new input was not looked for; trying again"),
    }
}

/// The tenants that may need a run, with their turns.
#[derive(Debug, Default)]
struct Waiting(BTreeMap<TenantId, Turn>);

/// The next turn of a tenant.
#[derive(Debug, Clone, Copy)]
struct Turn {
    /// It comes at this instant or later.
    at: Instant,
    /// Runs that failed one after another.
    failures: u32,
}

impl Waiting {
    /// Adds tenants that wrote something. One that waits already keeps its turn: a run that failed would fail again.
    fn add(&mut self, tenants: Vec<TenantId>, now: Instant) {
        for tenant_id in tenants {
            self.0.entry(tenant_id).or_insert(Turn { at: now, failures: 0 });
        }
    }

    /// Returns the tenants whose turn it is. They wait until another call says how the turn ended.
    fn due(&self, now: Instant) -> Vec<TenantId> {
        self.0.iter().filter(|(_, turn)| turn.at <= now).map(|(tenant_id, _)| *tenant_id).collect()
    }

    /// Notes that a tenant needs no run.
    fn end(&mut self, tenant_id: TenantId) {
        self.0.remove(&tenant_id);
    }

    /// Notes that the input of a tenant has changed: a run of it has not failed yet.
    fn begin_again(&mut self, tenant_id: TenantId) {
        if let Some(turn) = self.0.get_mut(&tenant_id) {
            turn.failures = 0;
        }
    }

    /// Notes that the run of a tenant failed. Returns its pause, which doubles with each failure.
    fn fail(&mut self, tenant_id: TenantId, now: Instant) -> Duration {
        let failures = self.0.get(&tenant_id).map_or(0, |turn| turn.failures).saturating_add(1);
        let pause = pause(failures);
        self.0.insert(tenant_id, Turn { at: now + pause, failures });
        pause
    }
}

/// Returns the pause after so many failures.
fn pause(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
    INPUTS.saturating_mul(doubled).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_pause_doubles_up_to_an_hour() {
        let seconds = [1, 2, 3, 9, 10, 40, u32::MAX].map(|failures| pause(failures).as_secs());
        assert_eq!(seconds, [10, 20, 40, 2_560, 3_600, 3_600, 3_600]);
    }

    #[test]
    fn a_tenant_whose_run_failed_has_a_pause_although_it_writes() {
        let (failing, other) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let begun = Instant::now();
        let after = |seconds: u64| begun + Duration::from_secs(seconds);
        let mut waiting = Waiting::default();
        waiting.add(vec![failing], begun);
        assert_eq!(waiting.due(begun), [failing]);
        assert_eq!(waiting.fail(failing, begun), Duration::from_secs(10));
        waiting.add(vec![failing, other], after(5));
        assert_eq!(waiting.due(after(5)), [other]);
        waiting.end(other);
        assert_eq!(waiting.due(after(10)), [failing]);
        assert_eq!(waiting.fail(failing, after(10)), Duration::from_secs(20));
        assert_eq!(waiting.due(after(29)), []);
        assert_eq!(waiting.due(after(30)), [failing]);
        waiting.begin_again(failing);
        assert_eq!(waiting.fail(failing, after(30)), Duration::from_secs(10), "its input has changed");
        waiting.end(failing);
        assert_eq!(waiting.due(after(9_000)), []);
    }
}
