//! The buckets of all servers, in Redis.
//!
//! Four times a second a server reports to Redis what it let through, for all its buckets in one call of a script, and
//! learns what the others let through. The script has the clock of Redis. So the rate over time is exact. A burst may
//! exceed its limit once, by as much as the other servers let through in that quarter of a second; it then takes as much
//! longer until the caller may go on.

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
                rates.0.forget_full();
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
        rates.report();
        rates.forget_full();
    }
}

/// Reports until Redis fails.
async fn together(
    rates: &Inner,
    url: &str,
    is_away: &mut bool,
) -> Result<std::convert::Infallible, redis::RedisError> {
    let mut connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    if std::mem::take(is_away) {
        tracing::info!("rate limits are shared through Redis again");
    }
    let script = Script::new(ADD);
    let mut tick = interval(REPORT);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let taken = rates.report();
        for part in taken.chunks(BUCKETS_MAX) {
            if let Err(error) = tell(rates, &script, &mut connection, part).await {
                rates.unreport(part);
                return Err(error);
            }
        }
        rates.forget_full();
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
    let called = tokio::time::timeout(PATIENCE, call.invoke_async::<Vec<String>>(connection)).await;
    let missing =
        called.map_err(|_| redis::RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut)))??;
    let now = now();
    let mut buckets = rates.buckets();
    for ((bucket, _), missing) in taken.iter().zip(missing) {
        if let (Some(bucket), Ok(missing)) = (buckets.get_mut(bucket), missing.parse()) {
            bucket.learn(missing, now);
        }
    }
    Ok(())
}

impl Inner {
    /// Returns the microseconds that were taken from each bucket that is not full. A server also learns of the buckets
    /// from which it took nothing meanwhile.
    fn report(&self) -> Vec<Taken> {
        let now = now();
        let mut buckets = self.buckets();
        let open = buckets.iter_mut().filter(|(_, bucket)| !bucket.is_full(now));
        open.map(|(key, bucket)| (*key, bucket.report())).collect()
    }

    fn unreport(&self, taken: &[Taken]) {
        let mut buckets = self.buckets();
        for (key, time) in taken {
            buckets.entry(*key).or_default().unreport(*time);
        }
    }

    fn forget_full(&self) {
        let now = now();
        self.buckets().retain(|_, bucket| !bucket.is_full(now));
    }
}
