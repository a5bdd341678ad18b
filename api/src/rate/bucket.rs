//! One bucket, by the generic cell rate algorithm: a bucket is one instant, at which it is full again.

/// Points that a bucket has in a window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Most points at once.
    pub points: u32,
    /// Seconds in which an empty bucket fills.
    pub window_seconds: u32,
}

/// The state of a bucket after a look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Points that are left.
    pub remaining: u32,
    /// Seconds until the bucket is full, rounded up.
    pub reset_seconds: u32,
}

/// A bucket, which is full at first.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bucket {
    /// Microsecond at which it is full again.
    full_at: u64,
    /// Microseconds that were taken since the other servers learned of them.
    unreported: u64,
}

impl Quota {
    fn window(self) -> u64 {
        u64::from(self.window_seconds) * 1_000_000
    }

    /// Returns the microseconds in which so many points come back.
    fn time_of(self, points: u64) -> u64 {
        (points.saturating_mul(self.window()) / u64::from(self.points.max(1))).max(points.min(1))
    }
}

impl Bucket {
    /// Whether there are `points`. If not, returns the microseconds until there are.
    pub fn has(&self, quota: Quota, points: u64, now: u64) -> Result<(), u64> {
        // More points than half of the bucket are there when it is half full: then it owes some. Otherwise a caller that goes on
        // with small requests would never have room for a long one.
        let wanted = quota.time_of(points).min((quota.window() / 2).max(quota.time_of(1)));
        let full_at = self.full_at.max(now) + wanted;
        let late = full_at.saturating_sub(now + quota.window());
        if late == 0 { Ok(()) } else { Err(late) }
    }

    /// Takes `points`, also if they are not there. Then it takes longer until there are some.
    pub fn take(&mut self, quota: Quota, points: u64, now: u64) {
        let time = quota.time_of(points);
        self.full_at = self.full_at.max(now).saturating_add(time);
        self.unreported = self.unreported.saturating_add(time);
    }

    /// Returns the points that are left.
    pub fn left(&self, quota: Quota, now: u64) -> Left {
        let missing = self.full_at.saturating_sub(now);
        let there = quota.window().saturating_sub(missing);
        let remaining = there.saturating_mul(u64::from(quota.points)) / quota.window().max(1);
        Left {
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            reset_seconds: u32::try_from(missing.div_ceil(1_000_000)).unwrap_or(u32::MAX),
        }
    }

    /// Whether it is full and has nothing to report, so that it can be forgotten.
    pub fn is_full(&self, now: u64) -> bool {
        self.full_at <= now && self.unreported == 0
    }

    /// Returns the microseconds that were taken since the last report, and counts them as reported.
    pub fn report(&mut self) -> u64 {
        std::mem::take(&mut self.unreported)
    }

    /// Takes the report back, because it was lost.
    pub fn unreport(&mut self, time: u64) {
        self.unreported = self.unreported.saturating_add(time);
    }

    /// Forgets what was taken without a report and came back since. Otherwise the first report after a long outage
    /// would take it all at once.
    pub fn settle(&mut self, now: u64) {
        self.unreported = self.unreported.min(self.full_at.saturating_sub(now));
    }

    /// Learns that the bucket of all servers is full in `missing` microseconds, without those not reported yet.
    pub fn learn(&mut self, missing: u64, now: u64) {
        self.full_at = self.full_at.max(now.saturating_add(missing).saturating_add(self.unreported));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { points: 100, window_seconds: 10 };
    const SECOND: u64 = 1_000_000;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let (mut bucket, now) = (Bucket::default(), 1_000 * SECOND);
        assert_eq!(bucket.left(QUOTA, now), Left { remaining: 100, reset_seconds: 0 });
        for _ in 0..100 {
            assert_eq!(bucket.has(QUOTA, 1, now), Ok(()));
            bucket.take(QUOTA, 1, now);
        }
        assert_eq!(bucket.left(QUOTA, now), Left { remaining: 0, reset_seconds: 10 });
        assert_eq!(bucket.has(QUOTA, 1, now), Err(SECOND / 10));
        assert_eq!(bucket.has(QUOTA, 20, now), Err(2 * SECOND));
        assert_eq!(bucket.has(QUOTA, 1, now + SECOND / 10), Ok(()));
        assert_eq!(bucket.left(QUOTA, now + 5 * SECOND), Left { remaining: 50, reset_seconds: 5 });
        assert!(!bucket.is_full(now + 20 * SECOND), "it has something to report");
        assert_eq!(bucket.report(), 10 * SECOND);
        assert!(bucket.is_full(now + 20 * SECOND));
    }

    #[test]
    fn a_bucket_may_owe() {
        let (mut bucket, now) = (Bucket::default(), 1_000 * SECOND);
        bucket.take(QUOTA, 150, now);
        assert_eq!(bucket.left(QUOTA, now), Left { remaining: 0, reset_seconds: 15 });
        assert_eq!(bucket.has(QUOTA, 1, now), Err(5 * SECOND + SECOND / 10));
        assert_eq!(bucket.has(QUOTA, 1_000, now + 9 * SECOND), Err(SECOND));
        assert_eq!(
            bucket.has(QUOTA, 1_000, now + 10 * SECOND),
            Ok(()),
            "more than it holds, when it is half full"
        );
    }

    #[test]
    fn what_came_back_during_an_outage_is_not_reported() {
        let (mut bucket, begun) = (Bucket::default(), 1_000 * SECOND);
        for second in 0..3_600 {
            let now = begun + second * SECOND;
            bucket.take(QUOTA, 3, now);
            bucket.settle(now);
        }
        let now = begun + 3_599 * SECOND;
        let reported = bucket.report();
        assert_eq!(reported, 3 * SECOND / 10, "the last three points");
        bucket.learn(reported, now);
        assert_eq!(bucket.left(QUOTA, now).remaining, 97);
        bucket.unreport(reported);
        bucket.settle(now + SECOND);
        assert!(bucket.is_full(now + SECOND), "a server alone forgets it once it is full");
    }

    #[test]
    fn servers_learn_from_each_other() {
        let (mut one, mut other, now) = (Bucket::default(), Bucket::default(), 1_000 * SECOND);
        one.take(QUOTA, 60, now);
        other.take(QUOTA, 30, now);
        let mut of_all = one.report();
        one.learn(of_all, now);
        of_all += other.report();
        other.take(QUOTA, 5, now);
        other.learn(of_all, now);
        assert_eq!(one.left(QUOTA, now).remaining, 40);
        assert_eq!(other.left(QUOTA, now).remaining, 5, "60 of the other, 30 reported, 5 not yet");
    }
}
