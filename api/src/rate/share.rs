//! The buckets of all servers, in Redis.
//!
//! Four times a second a server reports to Redis what it let through, for all its buckets in one call of a script, and
//! learns what the others let through. The script has the clock of Redis. So the rate over time is exact. A burst may
//! exceed its limit once, by as much as the other servers let through in that quarter of a second; it then takes as much
//! longer until the caller may go on.
//!
//! While Redis is away, points that come back are no longer reported ([`Bucket::settle`](super::bucket::Bucket::settle)).
//! So the first report after an outage has at most what is missing from each bucket. A report whose response came too
//! late is sent again, though Redis may have added it: then points are counted twice, at most those that were missing from
//! the bucket.

use std::time::Duration;

use redis::Script;
use redis::aio::MultiplexedConnection;
use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use super::{Inner, Policy, Rates, now};

/// Interval of the reports.
const REPORT: Duration = Duration::from_millis(250);
/// Longest time for Redis to respond.
const PATIENCE: Duration = Duration::from_secs(1);
/// Pause before the next attempt to reach Redis.
const PAUSE: Duration = Duration::from_secs(1);
/// Most buckets of one call.
const BUCKETS_MAX: usize = 500;

/// Adds what was taken to each bucket. Returns the microseconds until each is full.
const ADD: &str = "
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local missing = {}
    for i, key in ipairs(KEYS) do
        local full_at = math.max(tonumber(redis.call('GET', key) or 0), now) + tonumber(ARGV[i])
        if full_at > now then
            redis.call('SET', key, string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000))
        end
        missing[i] = string.format('%.0f', full_at - now)
    end
    return missing";

/// Reports to Redis until it is dropped.
#[derive(Debug)]
pub struct Share(JoinHandle<()>);

impl Share {
    /// Shares `rates` through the Redis at `url`, or lets buckets be forgotten if there is none.
    pub fn start(rates: &Rates, url: Option<SecretString>) -> Self {
        let rates = rates.clone();
        Share(tokio::spawn(async move {
            let Some(url) = url else { return alone(&rates.0).await };
            let mut is_away = false;
            loop {
                let Err(error) = together(&rates.0, url.expose_secret(), &mut is_away).await;
                if !is_away {
                    tracing::warn!(%error, "rate limits count for this server alone until Redis is back");
                }
                is_away = true;
                rates.0.settle(now());
                tokio::time::sleep(PAUSE).await;
            }
        }))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn alone(rates: &Inner) {
    let mut tick = interval(PAUSE);
    loop {
        tick.tick().await;
        let now = now();
        rates.report(now);
        rates.settle(now);
    }
}

/// Reports until Redis fails.
async fn together(
    rates: &Inner,
    url: &str,
    is_away: &mut bool,
) -> Result<std::convert::Infallible, redis::RedisError> {
    let client = redis::Client::open(url)?;
    let mut connection = in_time(client.get_multiplexed_async_connection()).await?;
    rates.settle(now());
    if std::mem::take(is_away) {
        tracing::info!("rate limits are shared through Redis again");
    }
    let script = Script::new(ADD);
    let mut tick = interval(REPORT);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let taken = rates.report(now());
        let mut left = taken.as_slice();
        while !left.is_empty() {
            let (part, rest) = left.split_at(BUCKETS_MAX.min(left.len()));
            if let Err(error) = tell(rates, &script, &mut connection, part).await {
                rates.unreport(left);
                return Err(error);
            }
            left = rest;
        }
        rates.forget_full(now());
    }
}

type Taken = ((Policy, Uuid), u64);

async fn tell(
    rates: &Inner,
    script: &Script,
    connection: &mut MultiplexedConnection,
    taken: &[Taken],
) -> Result<(), redis::RedisError> {
    let mut call = script.prepare_invoke();
    for ((policy, owner), time) in taken {
        call.key(format!("stockwell:{{rate}}:{}:{owner}", policy.name())).arg(*time);
    }
    let missing = in_time(call.invoke_async::<Vec<String>>(connection)).await?;
    let now = now();
    let mut buckets = rates.buckets();
    for ((bucket, _), missing) in taken.iter().zip(missing) {
        if let (Some(bucket), Ok(missing)) = (buckets.get_mut(bucket), missing.parse()) {
            bucket.learn(missing, now);
        }
    }
    Ok(())
}

/// Waits for Redis no longer than [`PATIENCE`].
async fn in_time<T>(
    work: impl Future<Output = Result<T, redis::RedisError>>,
) -> Result<T, redis::RedisError> {
    let late = |_| redis::RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
    tokio::time::timeout(PATIENCE, work).await.map_err(late)?
}

impl Inner {
    /// Returns the microseconds that were taken from each bucket that is not full. A server also learns of the buckets
    /// from which it took nothing meanwhile.
    fn report(&self, now: u64) -> Vec<Taken> {
        let mut buckets = self.buckets();
        let open = buckets.iter_mut().filter(|(_, bucket)| !bucket.is_full(now));
        open.map(|(key, bucket)| (*key, bucket.report())).collect()
    }

    fn unreport(&self, taken: &[Taken]) {
        let mut buckets = self.buckets();
        for (key, time) in taken {
            // A bucket that was forgotten is full: nothing of it is left to report.
            if let Some(bucket) = buckets.get_mut(key) {
                bucket.unreport(*time);
            }
        }
    }

    /// Forgets what came back since it was taken, and the buckets that are full.
    fn settle(&self, now: u64) {
        self.buckets().values_mut().for_each(|bucket| bucket.settle(now));
        self.forget_full(now);
    }

    fn forget_full(&self, now: u64) {
        self.buckets().retain(|_, bucket| !bucket.is_full(now));
    }
}

#[cfg(test)]
mod tests {
    use domain::id::TenantId;

    use super::super::RateLimits;
    use super::*;

    const SECOND: u64 = 1_000_000;

    #[test]
    fn a_caller_within_its_quota_is_served_after_an_outage() {
        let rates = Rates::new(&RateLimits::defaults());
        let (caller, mut now) = (Uuid::from_u128(1), 0);
        let key = (Policy::Minute, caller);
        let quota = rates.0.quota(TenantId::default(), Policy::Minute);
        for _ in 0..3_600 {
            now += SECOND;
            rates.0.buckets().entry(key).or_default().take(quota, 90, now);
            let lost = rates.0.report(now);
            rates.0.unreport(&lost);
            rates.0.settle(now);
        }
        let reported = rates.0.report(now);
        assert_eq!(reported, [(key, 3 * SECOND / 10)], "90 of 300 points a second");
        rates.0.unreport(&reported);
        rates.0.settle(now + SECOND);
        assert!(rates.0.buckets().is_empty(), "a full bucket is forgotten, though it was not reported");
        rates.0.unreport(&reported);
        assert!(rates.0.buckets().is_empty());
    }
}
