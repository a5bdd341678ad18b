//! Rate limits: how many requests a caller and a tenant may send, and how many points of reports.
//!
//! The decision is made in this process, without a round trip. With Redis, the servers tell each other what they let
//! through, a few times a second (`share`). Without it, each server counts alone.

mod bucket;
mod own;
mod patience;
mod share;
mod strangers;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use domain::id::TenantId;
use service::Caller;
use service::auth::AttemptLimits;
use service::tenant::rates::Rates as OwnRates;
use uuid::Uuid;

use crate::problem::{ApiError, ErrorCode};

pub use bucket::Left;
use bucket::{Bucket, Quota};
pub use own::Own;
pub use patience::{HELD_BACK, Patience};
pub use share::Share;
pub use strangers::Strangers;

/// Response header with the policies.
pub const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Response header with what is left of each.
pub const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Requests that a batch counts as: one, and one more for so many documents.
pub const DOCUMENTS_PER_REQUEST: usize = 10;
/// Requests that a body counts as besides its own: one for each so many bytes.
pub const BYTES_PER_REQUEST: usize = 4 * 1024;
/// Factor by which a body counts that can't be parsed: the rejection lists all its faults.
pub const UNREADABLE_FACTOR: u64 = 10;
/// Points of a report before it is read.
const POINTS_OF_REPORT: u64 = 10;
/// Values of a report that cost one point.
const VALUES_PER_POINT: u64 = 100;

/// Limits by time.
#[derive(Debug, Clone, clap::Args)]
pub struct RateLimits {
    /// The most requests of one key or user in 10 seconds. A request counts as one, and one more for every 4 KiB of its body
    /// or every 10 documents of a batch, whichever is more; ten times as much if the body can't be read.
    #[arg(long, env = "STOCKWELL_RATE_BURST", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_burst: u32,
    /// The most requests of one key or user in a minute.
    #[arg(long, env = "STOCKWELL_RATE_MINUTE", default_value_t = 18_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_minute: u32,
    /// The most requests of one tenant in a minute, by all its keys and users.
    #[arg(long, env = "STOCKWELL_RATE_TENANT", default_value_t = 60_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_tenant: u32,
    /// The most points of reports of one tenant in a minute. A report costs 10 points, and one more for every 100 values of
    /// it. A GraphQL query costs the points that its response states, and at least 10.
    #[arg(long, env = "STOCKWELL_RATE_REPORTS", default_value_t = 30_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_reports: u32,
    /// The most API keys from one network (an IPv4 address, or 64 bits of IPv6) in a minute that are looked up and not found,
    /// on one server. Then keys that were not valid before are rejected with 429.
    #[arg(long, env = "STOCKWELL_RATE_UNKNOWN_KEYS", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_unknown_keys: u32,
    /// The most wrong passwords, links for new passwords, codes or steps of a sign-in from one network within 15 minutes, each for itself,
    /// on one server. Refresh tokens and stream tickets have ten times as many. Then all are rejected with 429.
    #[arg(long, env = "STOCKWELL_RATE_FAILURES", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_failures: u32,
    /// The most bodies without a credential from one network in a minute that can't be read, on one server. Then bodies
    /// without a credential are rejected with 429.
    #[arg(long, env = "STOCKWELL_RATE_UNREADABLE", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_unreadable: u32,
}

/// A policy: which requests it counts, and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Policy {
    /// Requests of a key or user in 10 seconds.
    Burst,
    /// Requests of a key or user in a minute.
    Minute,
    /// Requests of a tenant in a minute.
    Tenant,
    /// Points of a tenant's reports in a minute.
    Reports,
}

/// Policies of a request, those that fail first in front.
const OF_REQUEST: [Policy; 3] = [Policy::Burst, Policy::Minute, Policy::Tenant];
const ALL: [Policy; 4] = [Policy::Burst, Policy::Minute, Policy::Tenant, Policy::Reports];

/// The buckets of this process.
#[derive(Debug, Clone)]
pub struct Rates(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    quotas: [Quota; ALL.len()],
    /// Limits of the tenants that have some of their own.
    own: RwLock<HashMap<TenantId, OwnRates>>,
    buckets: Mutex<HashMap<(Policy, Uuid), Bucket>>,
}

impl RateLimits {
    /// Returns the limits that hold without settings.
    pub fn defaults() -> Self {
        RateLimits {
            rate_burst: 5_000,
            rate_minute: 18_000,
            rate_tenant: 60_000,
            rate_reports: 30_000,
            rate_unknown_keys: 100,
            rate_failures: 100,
            rate_unreadable: 300,
        }
    }

    /// Returns the limits of attempts with secrets.
    pub fn of_attempts(&self) -> AttemptLimits {
        AttemptLimits { unknown_keys_max: self.rate_unknown_keys, failures_max: self.rate_failures }
    }
}

impl Policy {
    /// Returns the actor or the tenant whose bucket it is.
    fn owner(self, caller: &Caller) -> Uuid {
        match self {
            Policy::Burst | Policy::Minute => caller.actor_id,
            Policy::Tenant | Policy::Reports => caller.tenant_id.0,
        }
    }

    /// Returns its name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether it counts requests of all callers of a tenant.
    pub fn is_of_tenant(self) -> bool {
        matches!(self, Policy::Tenant | Policy::Reports)
    }

    /// Returns the unit of its points.
    pub fn unit(self) -> &'static str {
        match self {
            Policy::Burst | Policy::Minute | Policy::Tenant => "requests",
            Policy::Reports => "points",
        }
    }

    /// Returns all policies.
    pub fn all() -> [Policy; 4] {
        ALL
    }
}

impl Rates {
    /// Creates full buckets.
    pub fn new(limits: &RateLimits) -> Self {
        let quota = |points: u32, window_seconds: u32| Quota { points, window_seconds };
        Rates(Arc::new(Inner {
            quotas: [
                quota(limits.rate_burst, 10),
                quota(limits.rate_minute, 60),
                quota(limits.rate_tenant, 60),
                quota(limits.rate_reports, 60),
            ],
            own: RwLock::default(),
            buckets: Mutex::default(),
        }))
    }

    /// Counts a request, or rejects it.
    pub fn admit(&self, caller: &Caller) -> Result<(), ApiError> {
        self.take(caller, &OF_REQUEST, 1)
    }

    /// Counts the bytes of a body, besides the request itself, or rejects it.
    pub fn admit_body(&self, caller: &Caller, bytes: usize) -> Result<(), ApiError> {
        self.take(caller, &OF_REQUEST, requests_of(bytes))
    }

    /// Counts a batch of so many documents, besides the request itself and the bytes of its body, or rejects it.
    pub fn admit_batch(&self, caller: &Caller, documents: usize, bytes: usize) -> Result<(), ApiError> {
        let more = ((documents / DOCUMENTS_PER_REQUEST) as u64).saturating_sub(requests_of(bytes));
        self.take(caller, &OF_REQUEST, more)
    }

    /// Counts a body of so many bytes that can't be parsed, besides what it has counted.
    pub fn count_unreadable(&self, caller: &Caller, bytes: usize) {
        self.charge(caller, &OF_REQUEST, (1 + requests_of(bytes)) * (UNREADABLE_FACTOR - 1));
    }

    /// Counts documents of a batch that can't be parsed.
    pub fn count_unreadable_documents(&self, caller: &Caller, documents: usize) {
        self.charge(caller, &OF_REQUEST, documents as u64);
    }

    /// Counts a report before it is read, or rejects it.
    pub fn admit_report(&self, caller: &Caller) -> Result<(), ApiError> {
        metrics::counter!("stockwell_report_points_total").increment(POINTS_OF_REPORT);
        self.take(caller, &[Policy::Reports], POINTS_OF_REPORT)
    }

    /// Counts so many values of a report that was read.
    pub fn count_values(&self, caller: &Caller, values: usize) {
        self.charge_report(caller, values as u64 / VALUES_PER_POINT);
    }

    /// Counts so many values more of a report of which `before` were read. All parts together count as one part would.
    pub fn count_more_values(&self, caller: &Caller, before: usize, more: usize) {
        self.charge_report(caller, points_of_more(before, more));
    }

    /// Counts the points of a query that was executed.
    pub fn count_points(&self, caller: &Caller, points: u64) {
        self.charge_report(caller, points.saturating_sub(POINTS_OF_REPORT));
    }

    /// Returns the quota of a policy: points, and seconds of its window.
    pub fn quota(&self, caller: &Caller, policy: Policy) -> (u32, u32) {
        let Quota { points, window_seconds } = self.0.quota(caller.tenant_id, policy);
        (points, window_seconds)
    }

    /// Returns what a caller has left of a policy.
    pub fn left(&self, caller: &Caller, policy: Policy) -> Left {
        self.0.left(&self.0.buckets(), caller, policy, now())
    }

    /// Writes the headers of a response to `caller`.
    pub fn write_headers(&self, caller: &Caller, of_reports: bool, headers: &mut HeaderMap) {
        let policies = if of_reports { &ALL[..] } else { &OF_REQUEST[..] };
        let (mut stated, mut left) = (String::with_capacity(96), String::with_capacity(96));
        {
            let (buckets, now) = (self.0.buckets(), now());
            for policy in policies {
                let (name, Quota { points, window_seconds }) =
                    (policy.name(), self.0.quota(caller.tenant_id, *policy));
                let Left { remaining, reset_seconds } = self.0.left(&buckets, caller, *policy, now);
                let comma = if stated.is_empty() { "" } else { ", " };
                _ = write!(stated, "{comma}\"{name}\";q={points};w={window_seconds}");
                _ = write!(left, "{comma}\"{name}\";r={remaining};t={reset_seconds}");
            }
        }
        for (name, text) in [(RATELIMIT_POLICY, stated), (RATELIMIT, left)] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        }
    }

    fn take(&self, caller: &Caller, policies: &[Policy], points: u64) -> Result<(), ApiError> {
        if points == 0 {
            return Ok(());
        }
        let now = now();
        let mut buckets = self.0.buckets();
        let late = |policy: &Policy| {
            let bucket = buckets.get(&(*policy, policy.owner(caller))).copied().unwrap_or_default();
            bucket.has(self.0.quota(caller.tenant_id, *policy), points, now).err().map(|wait| (*policy, wait))
        };
        let violated: Vec<(Policy, u64)> = policies.iter().filter_map(late).collect();
        if let Some(wait) = violated.iter().map(|(_, wait)| *wait).max() {
            for (policy, _) in &violated {
                metrics::counter!("stockwell_rate_limited_total", "policy" => policy.name()).increment(1);
            }
            return Err(refused(violated.iter().map(|(policy, _)| policy.name()).collect(), wait));
        }
        for policy in policies {
            let bucket = buckets.entry((*policy, policy.owner(caller))).or_default();
            bucket.take(self.0.quota(caller.tenant_id, *policy), points, now);
        }
        Ok(())
    }

    fn charge_report(&self, caller: &Caller, points: u64) {
        metrics::counter!("stockwell_report_points_total").increment(points);
        self.charge(caller, &[Policy::Reports], points);
    }

    /// Takes points after the work, also if they are not there.
    fn charge(&self, caller: &Caller, policies: &[Policy], points: u64) {
        if points == 0 {
            return;
        }
        let mut buckets = self.0.buckets();
        for policy in policies {
            let bucket = buckets.entry((*policy, policy.owner(caller))).or_default();
            bucket.take(self.0.quota(caller.tenant_id, *policy), points, now());
        }
    }
}

impl Inner {
    fn buckets(&self) -> MutexGuard<'_, HashMap<(Policy, Uuid), Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn quota(&self, tenant_id: TenantId, policy: Policy) -> Quota {
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner).get(&tenant_id).copied();
        let own = own.unwrap_or_default();
        let (quota, points) = match policy {
            Policy::Burst => (self.quotas[0], own.burst),
            Policy::Minute => (self.quotas[1], own.minute),
            Policy::Tenant => (self.quotas[2], own.tenant),
            Policy::Reports => (self.quotas[3], own.reports),
        };
        Quota { points: points.unwrap_or(quota.points), ..quota }
    }

    fn left(
        &self,
        buckets: &HashMap<(Policy, Uuid), Bucket>,
        caller: &Caller,
        policy: Policy,
        now: u64,
    ) -> Left {
        let bucket = buckets.get(&(policy, policy.owner(caller))).copied().unwrap_or_default();
        bucket.left(self.quota(caller.tenant_id, policy), now)
    }
}

/// Returns the requests that the bytes of a body count as, besides the request itself.
fn requests_of(bytes: usize) -> u64 {
    (bytes / BYTES_PER_REQUEST) as u64
}

fn refused(violated: Vec<&'static str>, wait: u64) -> ApiError {
    let detail = format!(
        "The limit {} is used up. Wait for the seconds in Retry-After, or send several documents in a batch. GET \
         /v1/limits has all limits, and what a request counts as.",
        violated.join(", ")
    );
    ApiError::new(ErrorCode::RateLimited, detail)
        .with_violated_policies(violated)
        .with_retry_after(wait.div_ceil(1_000_000))
}

/// Returns the microseconds since the first call, by a clock that never steps back.
fn now() -> u64 {
    static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(FIRST.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Returns the points of so many values more, after `before` others.
fn points_of_more(before: usize, more: usize) -> u64 {
    let points = |values: usize| values as u64 / VALUES_PER_POINT;
    points(before.saturating_add(more)) - points(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_parts_cost_as_much_as_one() {
        let (mut read, mut points) = (0, 0);
        for rows in [10, 75, 75, 99, 500, 1] {
            points += points_of_more(read, rows);
            read += rows;
        }
        assert_eq!((read, points), (760, 7));
    }
}
