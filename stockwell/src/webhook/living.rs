//! The workers that run. After one has ended, this worker ends its leases, tenant by tenant.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use domain::id::TenantId;
use service::Error;
use service::relay::{Presence, Present};
use service::webhook::holder::Holder;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// Pause between two reads of the workers that run.
const BEAT: Duration = Duration::from_secs(1);
/// Longest read. After that the connection counts as lost.
const LOOK_MAX: Duration = Duration::from_secs(10);
/// Time within which the database ends the statements of a killed worker. After it, leases are ended once more.
const SETTLED: Duration = Duration::from_secs(3);
/// Time after which the leases of a tenant are checked again, because a worker may have ended before this one saw it.
const UNSEEN: Duration = Duration::from_secs(60);

/// The workers, as this one sees them.
#[derive(Debug)]
pub struct Living {
    present: watch::Receiver<Option<Present>>,
    ends: Ends,
    /// Shows this worker to others. It ends with the worker.
    _beats: JoinSet<()>,
}

impl Living {
    /// Shows this worker to others from now on.
    pub async fn start(mut presence: Presence) -> Result<Self, Error> {
        let (tell, present) = watch::channel(Some(presence.show().await?));
        let mut beats = JoinSet::new();
        beats.spawn(async move {
            loop {
                tokio::time::sleep(BEAT).await;
                let shown = timeout(LOOK_MAX, presence.show()).await.unwrap_or(Err(Error::Deadline));
                if let Err(error) = &shown {
                    tracing::warn!(%error, "other workers do not see this one; trying again");
                }
                tell.send_replace(shown.ok());
            }
        });
        Ok(Living { present, ends: Ends::new(Instant::now()), _beats: beats })
    }

    /// Returns the number of this worker. Returns nothing while others do not see it.
    pub fn holder(&self) -> Option<Holder> {
        self.present.borrow().as_ref().map(|present| present.this)
    }

    /// Returns whether every tenant needs a turn, because a worker has ended.
    pub fn has_one_ended(&mut self, now: Instant) -> bool {
        let present = self.present.borrow().as_ref().map(|present| present.all.clone());
        self.ends.has_one_ended(present, now)
    }

    /// Returns whether the leases of a tenant must be checked now. Notes the time of the check.
    pub fn should_take_over(&mut self, tenant_id: TenantId, now: Instant) -> bool {
        self.ends.should_take_over(tenant_id, now)
    }

    /// Notes that the leases of a tenant could not be checked, so that they are checked in the next turn.
    pub fn forget(&mut self, tenant_id: TenantId) {
        self.ends.looked.remove(&tenant_id);
    }

    /// Forgets tenants that have no endpoints any more.
    pub fn retain(&mut self, tenants: &BTreeSet<TenantId>) {
        self.ends.looked.retain(|tenant_id, _| tenants.contains(tenant_id));
    }
}

/// The ends of workers, and the tenants whose leases were looked at since.
#[derive(Debug)]
struct Ends {
    seen: BTreeSet<Holder>,
    /// When the last end was seen. First the beginning of this worker: others may have ended before.
    ended_at: Instant,
    /// Whether [`SETTLED`] has passed since.
    is_settled: bool,
    looked: HashMap<TenantId, Instant>,
}

impl Ends {
    fn new(now: Instant) -> Self {
        Ends { seen: BTreeSet::new(), ended_at: now, is_settled: false, looked: HashMap::new() }
    }

    /// Returns whether a worker has ended since the last call, or [`SETTLED`] ago. Without `present`, no further end is known.
    fn has_one_ended(&mut self, present: Option<BTreeSet<Holder>>, now: Instant) -> bool {
        let has_ended = present.is_some_and(|present| {
            let has_ended = !self.seen.is_subset(&present);
            self.seen = present;
            has_ended
        });
        if has_ended {
            (self.ended_at, self.is_settled) = (now, false);
            return true;
        }
        let settles = !self.is_settled && now >= self.ended_at + SETTLED;
        self.is_settled |= settles;
        settles
    }

    fn should_take_over(&mut self, tenant_id: TenantId, now: Instant) -> bool {
        let settled_at = self.ended_at + SETTLED;
        let since = if now >= settled_at { settled_at } else { self.ended_at };
        let is_looked_at = |at: &Instant| *at >= since && now < *at + UNSEEN;
        if self.looked.get(&tenant_id).is_some_and(is_looked_at) {
            return false;
        }
        self.looked.insert(tenant_id, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn workers(numbers: &[i64]) -> Option<BTreeSet<Holder>> {
        Some(numbers.iter().map(|number| Holder::of_lock(*number).expect("a number")).collect())
    }

    #[test]
    fn each_end_of_a_worker_is_looked_at_twice() {
        let tenant = TenantId(Uuid::from_u128(1));
        let begun = Instant::now();
        let at = |ms| begun + Duration::from_millis(ms);
        let mut ends = Ends::new(begun);
        // Others may have ended before this one began.
        assert!(ends.should_take_over(tenant, begun) && !ends.should_take_over(tenant, at(2_900)));
        assert!(!ends.has_one_ended(workers(&[1, 2]), at(10)));
        assert!(ends.has_one_ended(workers(&[1, 2]), at(3_000)) && ends.should_take_over(tenant, at(3_001)));
        assert!(!ends.has_one_ended(workers(&[1, 2, 3]), at(3_100)));
        assert!(!ends.has_one_ended(None, at(9_000)), "nothing is known");
        assert!(!ends.should_take_over(tenant, at(9_000)));
        assert!(ends.has_one_ended(workers(&[1, 3]), at(10_000)), "the second one has ended");
        assert!(!ends.has_one_ended(workers(&[1, 3]), at(10_200)));
        assert!(ends.should_take_over(tenant, at(10_000)) && !ends.should_take_over(tenant, at(12_999)));
        assert!(
            ends.has_one_ended(workers(&[1, 3]), at(13_000)) && ends.should_take_over(tenant, at(13_001))
        );
        assert!(!ends.should_take_over(tenant, at(73_000)) && ends.should_take_over(tenant, at(73_001)));
    }
}
