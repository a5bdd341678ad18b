//! Runs of the reconciliation: one of each tenant whose new input has been quiet for a minute.
//!
//! A few tenants have a turn at a time, each as a task of its own. So a slow run holds up the others only if as many are slow, and
//! then for [`MAKE_TIME`](due::MAKE_TIME) at most.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::id::TenantId;
use service::reconcile::run::due::{self, Due};
use service::relay::Outbox;
use service::{Db, Error};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::MOVES;
use crate::stopping::stopped;

/// Turns at a time. Each may have the rows of a run in memory.
pub(super) const AT_ONCE: u8 = 2;
/// Pause between two looks for new input, and after the first run of a tenant that failed.
const INPUTS: Duration = Duration::from_secs(10);
/// Longest pause of a tenant whose runs fail. A run may read millions of rows before it is rejected.
const PAUSE_MAX: Duration = Duration::from_secs(3600);

/// Makes the runs that are due, until the worker stops. A run that is under way then ends without a result: nothing of it is stored,
/// and the next worker makes it.
pub(super) async fn keep(outbox: Outbox, db: Db, mut stopping: watch::Receiver<bool>) {
    let mut written_until = None;
    let mut turns = Turns::default();
    while !*stopping.borrow() {
        let listed = tokio::select! {
            listed = outbox.writers(written_until) => listed,
            () = stopped(&mut stopping) => break,
        };
        match listed {
            Ok((tenants, until)) => {
                written_until = Some(until);
                turns.waiting.add(tenants, Instant::now());
            }
            Err(error) => tracing::warn!(%error, "the tenants that wrote could not be listed; trying again"),
        }
        let look = |tenant_id, failed| look_at(db.clone(), tenant_id, failed);
        tokio::select! {
            () = turns.take(Instant::now() + INPUTS, look) => {}
            () = stopped(&mut stopping) => {}
        }
    }
    turns.tasks.shutdown().await;
}

/// The end of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The latest run has all input.
    Done,
    /// Input has changed less than a minute ago.
    Soon,
    /// The turn found no place, or the input is not known.
    Later,
    /// The tenant is moving to another database, or was moved.
    Moving,
    /// Input is still that of the run that failed.
    Unchanged,
    /// The run of the input that last changed at this instant failed.
    Failed(Option<DateTime<Utc>>),
}

/// Makes the run of a tenant if it is due, but not that of the input that failed.
async fn look_at(db: Db, tenant_id: TenantId, failed: Option<DateTime<Utc>>) -> Outcome {
    let need = match due::need(&db, tenant_id).await {
        Ok(need) => need,
        Err(error) => {
            tracing::warn!(%error, %tenant_id, "new input was not looked for; trying again");
            return Outcome::Later;
        }
    };
    match need.due {
        Due::No => Outcome::Done,
        Due::Soon => Outcome::Soon,
        Due::Now if failed.is_some() && need.changed_at == failed => Outcome::Unchanged,
        Due::Now => make(&db, tenant_id, need.changed_at).await,
    }
}

async fn make(db: &Db, tenant_id: TenantId, input: Option<DateTime<Utc>>) -> Outcome {
    match due::make(db, tenant_id).await {
        Ok(run) => {
            if let Some(run) = run {
                tracing::info!(%tenant_id, run = %run.id, "a run of the reconciliation was made");
            }
            Outcome::Done
        }
        Err(Error::TenantMoving) => {
            tracing::info!(%tenant_id, "no run of the reconciliation is made for a tenant that moves");
            Outcome::Moving
        }
        Err(error) => {
            tracing::warn!(%error, %tenant_id, "no run of the reconciliation was made; trying again");
            // Another process makes one, or there is no connection: the input is not the cause.
            if matches!(error, Error::OverShare | Error::Busy) {
                Outcome::Later
            } else {
                Outcome::Failed(input)
            }
        }
    }
}

/// The turns of tenants: those that wait, and those under way.
#[derive(Debug, Default)]
struct Turns {
    waiting: Waiting,
    tasks: JoinSet<Outcome>,
    /// The tenants of the tasks.
    tenants: HashMap<Id, TenantId>,
}

impl Turns {
    /// Begins the turns that are due, a few at a time, and notes how each ends, until an instant. `look` makes a turn: it gets the tenant,
    /// and in a pause the instant at which the input that failed last changed.
    async fn take<F>(&mut self, until: Instant, look: impl Fn(TenantId, Option<DateTime<Utc>>) -> F)
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        loop {
            self.begin(&look);
            tokio::select! {
                Some(ended) = self.tasks.join_next_with_id() => self.note(ended),
                () = sleep_until(until) => return,
            }
        }
    }

    fn begin<F>(&mut self, look: impl Fn(TenantId, Option<DateTime<Utc>>) -> F)
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let free = usize::from(AT_ONCE).saturating_sub(self.tasks.len());
        for (tenant_id, failed) in self.waiting.begin(Instant::now(), free) {
            let task = self.tasks.spawn(look(tenant_id, failed));
            self.tenants.insert(task.id(), tenant_id);
        }
    }

    fn note(&mut self, ended: Result<(Id, Outcome), JoinError>) {
        let (id, outcome) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                tracing::error!(%error, "a turn of the reconciliation failed");
                (error.id(), Outcome::Failed(None))
            }
        };
        if let Some(tenant_id) = self.tenants.remove(&id) {
            self.waiting.end(tenant_id, outcome, Instant::now());
        }
    }
}

/// The tenants that may need a run, with their turns.
#[derive(Debug, Default)]
struct Waiting(BTreeMap<TenantId, Turn>);

/// The next turn of a tenant.
#[derive(Debug, Clone, Copy)]
struct Turn {
    /// It comes at this instant or later, unless the tenant has written.
    at: Instant,
    /// Runs of the same input that failed one after another.
    failures: u32,
    /// When that input last changed.
    failed: Option<DateTime<Utc>>,
    /// Whether the tenant has written since the last turn began.
    has_written: bool,
    is_under_way: bool,
}

impl Turn {
    fn at(at: Instant) -> Self {
        Turn { at, failures: 0, failed: None, has_written: false, is_under_way: false }
    }

    fn is_due(&self, now: Instant) -> bool {
        // In a pause, what was written may be a correction of the input that failed.
        let may_be_corrected = self.has_written && (self.failures == 0 || self.failed.is_some());
        !self.is_under_way && (self.at <= now || may_be_corrected)
    }
}

impl Waiting {
    /// Adds tenants that wrote something.
    fn add(&mut self, tenants: Vec<TenantId>, now: Instant) {
        for tenant_id in tenants {
            self.0.entry(tenant_id).and_modify(|turn| turn.has_written = true).or_insert(Turn::at(now));
        }
    }

    /// Begins turns that are due, at most so many, those first that wait for the longest time. Returns their tenants, in a pause each with
    /// the instant at which the input that failed last changed.
    fn begin(&mut self, now: Instant, most: usize) -> Vec<(TenantId, Option<DateTime<Utc>>)> {
        let mut due: Vec<(Instant, TenantId)> =
            self.0.iter().filter(|(_, turn)| turn.is_due(now)).map(|(id, turn)| (turn.at, *id)).collect();
        due.sort_unstable();
        due.truncate(most);
        let begun = due.into_iter().filter_map(|(_, tenant_id)| {
            let turn = self.0.get_mut(&tenant_id)?;
            turn.is_under_way = true;
            turn.has_written = false;
            Some((tenant_id, turn.failed.filter(|_| turn.at > now)))
        });
        begun.collect()
    }

    /// Notes how the turn of a tenant ended. After a failure there is a pause, which doubles with each failure of the same input.
    fn end(&mut self, tenant_id: TenantId, outcome: Outcome, now: Instant) {
        let Some(turn) = self.0.get_mut(&tenant_id) else { return };
        turn.is_under_way = false;
        match outcome {
            Outcome::Done if turn.has_written => *turn = Turn::at(now),
            Outcome::Done => _ = self.0.remove(&tenant_id),
            Outcome::Soon => *turn = Turn { has_written: turn.has_written, ..Turn::at(now + INPUTS) },
            Outcome::Later => turn.at = now + INPUTS,
            Outcome::Moving => turn.at = now + MOVES,
            Outcome::Unchanged => {}
            Outcome::Failed(input) => {
                turn.failures = if turn.failed == input { turn.failures.saturating_add(1) } else { 1 };
                turn.failed = input;
                turn.at = now + pause(turn.failures);
            }
        }
    }
}

/// Returns the pause after so many failures.
fn pause(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
    INPUTS.saturating_mul(doubled).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use uuid::Uuid;

    use super::*;

    fn tenant(number: u128) -> TenantId {
        TenantId(Uuid::from_u128(number))
    }

    fn changed_at(second: i64) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(second, 0)
    }

    #[test]
    fn a_pause_doubles_up_to_an_hour() {
        let seconds = [1, 2, 3, 9, 10, 40, u32::MAX].map(|failures| pause(failures).as_secs());
        assert_eq!(seconds, [10, 20, 40, 2_560, 3_600, 3_600, 3_600]);
    }

    #[test]
    fn a_tenant_whose_run_failed_has_a_pause_although_it_writes() {
        let (failing, other) = (tenant(1), tenant(2));
        let begun = Instant::now();
        let after = |seconds: u64| begun + Duration::from_secs(seconds);
        let mut waiting = Waiting::default();
        waiting.add(vec![failing], begun);
        assert_eq!(waiting.begin(begun, 9), [(failing, None)]);
        assert!(waiting.begin(begun, 9).is_empty(), "it is under way");
        waiting.end(failing, Outcome::Failed(changed_at(1)), begun);
        waiting.add(vec![other], after(5));
        assert_eq!(waiting.begin(after(5), 9), [(other, None)]);
        waiting.end(other, Outcome::Done, after(5));
        waiting.add(vec![failing], after(6));
        assert_eq!(
            waiting.begin(after(6), 9),
            [(failing, changed_at(1))],
            "only a run of other input is made"
        );
        waiting.end(failing, Outcome::Unchanged, after(6));
        assert!(waiting.begin(after(9), 9).is_empty());
        assert_eq!(waiting.begin(after(10), 9), [(failing, None)], "the pause has ended");
        waiting.end(failing, Outcome::Failed(changed_at(1)), after(10));
        assert!(waiting.begin(after(29), 9).is_empty());
        assert_eq!(waiting.begin(after(30), 9), [(failing, None)], "it was twice as long");
        waiting.end(failing, Outcome::Done, after(30));
        assert!(waiting.begin(after(9_000), 9).is_empty());
    }

    #[test]
    fn a_tenant_that_moves_has_a_turn_each_minute_and_no_failure() {
        let begun = Instant::now();
        let after = |seconds: u64| begun + Duration::from_secs(seconds);
        let mut waiting = Waiting::default();
        waiting.add(vec![tenant(1)], begun);
        for minute in 0..4 {
            assert_eq!(waiting.begin(after(60 * minute), 9), [(tenant(1), None)]);
            waiting.end(tenant(1), Outcome::Moving, after(60 * minute));
            assert!(waiting.begin(after(60 * minute + 59), 9).is_empty());
        }
    }

    #[test]
    fn a_correction_of_the_input_ends_the_pause() {
        let begun = Instant::now();
        let after = |seconds: u64| begun + Duration::from_secs(seconds);
        let mut waiting = Waiting::default();
        waiting.add(vec![tenant(1)], begun);
        for failure in 0..9 {
            // The pauses together last less than 5,120 seconds.
            assert_eq!(waiting.begin(after(failure * 10_000), 9), [(tenant(1), None)]);
            waiting.end(tenant(1), Outcome::Failed(changed_at(1)), after(failure * 10_000));
        }
        waiting.add(vec![tenant(1)], after(80_010));
        assert_eq!(waiting.begin(after(80_010), 9), [(tenant(1), changed_at(1))]);
        waiting.end(tenant(1), Outcome::Soon, after(80_010));
        assert_eq!(waiting.begin(after(80_020), 9), [(tenant(1), None)], "the failures are forgotten");
        waiting.end(tenant(1), Outcome::Failed(changed_at(2)), after(80_020));
        assert!(waiting.begin(after(80_029), 9).is_empty());
        assert_eq!(waiting.begin(after(80_030), 9), [(tenant(1), None)]);
        // A correction that has been quiet for a minute when it is looked at fails as other input.
        waiting.end(tenant(1), Outcome::Failed(changed_at(3)), after(80_030));
        assert_eq!(waiting.begin(after(80_040), 9), [(tenant(1), None)]);
    }

    #[test]
    fn what_is_written_during_a_turn_brings_another_one() {
        let now = Instant::now();
        let mut waiting = Waiting::default();
        waiting.add(vec![tenant(1)], now);
        assert_eq!(waiting.begin(now, 9), [(tenant(1), None)]);
        waiting.add(vec![tenant(1)], now);
        waiting.end(tenant(1), Outcome::Done, now);
        assert_eq!(waiting.begin(now, 9), [(tenant(1), None)]);
        waiting.end(tenant(1), Outcome::Done, now);
        assert!(waiting.begin(now, 9).is_empty());
    }

    #[tokio::test]
    async fn a_slow_tenant_holds_up_no_other() {
        let mut turns = Turns::default();
        let tenants: Vec<TenantId> = (0..20).map(tenant).collect();
        turns.waiting.add(tenants, Instant::now());
        let look = |tenant_id: TenantId, _| async move {
            if tenant_id == tenant(0) {
                pending::<()>().await;
            }
            Outcome::Done
        };
        // As often as a busy machine needs.
        for _ in 0..600 {
            turns.take(Instant::now() + Duration::from_millis(100), look).await;
            if turns.waiting.0.len() == 1 {
                break;
            }
        }
        let left: Vec<TenantId> = turns.waiting.0.keys().copied().collect();
        assert_eq!(left, [tenant(0)], "all others had their turns");
        turns.tasks.shutdown().await;
    }

    async fn fails(_: TenantId, _: Option<DateTime<Utc>>) -> Outcome {
        panic!("a turn of a test")
    }

    #[tokio::test]
    async fn a_turn_that_panics_is_a_failure() {
        let mut turns = Turns::default();
        turns.waiting.add(vec![tenant(1)], Instant::now());
        for _ in 0..600 {
            turns.take(Instant::now() + Duration::from_millis(100), fails).await;
            if !turns.waiting.0[&tenant(1)].is_under_way {
                break;
            }
        }
        assert_eq!(turns.waiting.0[&tenant(1)].failures, 1);
        assert!(!turns.waiting.0[&tenant(1)].is_under_way);
    }
}
