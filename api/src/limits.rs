//! All limits of a caller, so that a client can keep to them before it is rejected.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use domain::tag;
use serde::Serialize;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::admission::{AT_ONCE, OPEN_MAX};
use crate::background::JOBS_MAX;
use crate::body::{BATCH_BYTES_MAX, BODY_BYTES_MAX, LOGIN_BYTES_MAX, LONG_BODIES};
use crate::list::{LIMIT_DEFAULT, LIMIT_MAX, WHOLE_LISTS_MAX};
use crate::posting::BATCH_DOCUMENTS_MAX;
use crate::rate::{BYTES_PER_REQUEST, HELD_BACK, Policy, UNREADABLE_FACTOR};
use crate::stream::seat::STREAMS_PER_ACTOR_MAX;
use crate::stream::ticket;
use crate::upload::UPLOAD_BYTES_MAX;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get);
}

/// All limits of a caller.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Limits {
    object: tag::Limits,
    /// Limits by time.
    #[schema(max_items = 10)]
    policies: Vec<RatePolicy>,
    /// Limits of a page of a list.
    page: PageLimits,
    /// Limits of a request's body, in bytes.
    body: BodyLimits,
    /// Most documents of a batch.
    #[schema(minimum = 1, example = 500)]
    batch_documents: usize,
    /// Most batch requests of a tenant that a server has at once. The next one is rejected (429 `rate_limited`) before its body
    /// is read.
    #[schema(minimum = 1, example = 32)]
    batches_open: usize,
    /// Most batch requests of a tenant that a server carries out at a time. Further ones wait for up to 10 seconds, then they are rejected
    /// (429 `rate_limited`).
    #[schema(minimum = 1, example = 2)]
    batches_at_once: usize,
    /// Most jobs (`Prefer: respond-async`) of a tenant that a server carries out at once. The next request is rejected (429 `rate_limited`).
    #[schema(minimum = 1, example = 4)]
    jobs_at_once: usize,
    /// Longest time in milliseconds for which a rejection (429) is held back, if the caller did not wait as long as the one
    /// before said in `Retry-After`.
    #[schema(minimum = 0, example = 500)]
    held_back_ms: u64,
    /// Limits of streams.
    streams: StreamLimits,
    /// Most connections of one address.
    #[schema(minimum = 1, example = 200)]
    connections_per_address: u32,
    /// Most API keys from one network in a minute that are not found, on one server. Then a key that was not valid within
    /// the last hour is rejected (429 `rate_limited`). A network is an IPv4 address, or 64 bits of IPv6.
    #[schema(minimum = 1, example = 100)]
    unknown_keys_per_minute: u32,
    /// Most bodies without a credential from one network in a minute that can't be read, on one server. Then bodies without a
    /// credential are rejected from there (429 `rate_limited`).
    #[schema(minimum = 1, example = 300)]
    unreadable_per_minute: u32,
}

/// A limit by time: so many points in a window. Points come back evenly over the window.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct RatePolicy {
    /// Name, as in the header `RateLimit-Policy`.
    #[schema(value_type = String, max_length = 32, example = "burst")]
    name: &'static str,
    /// Callers who share it. `caller`: each key or user has its own. `tenant`: all callers of a tenant share one.
    #[schema(value_type = String, max_length = 16, example = "caller")]
    shared_by: &'static str,
    /// Unit of a point. `requests`: a request counts as one, and one more for every `body.bytes_per_request` of its body or
    /// every 10 documents of a batch, whichever is more. `points`: a report costs 10 and one more for every 100 values, a
    /// GraphQL query what its response states, and at least 10.
    #[schema(value_type = String, max_length = 16, example = "requests")]
    unit: &'static str,
    /// Points of a full window.
    #[schema(minimum = 1, example = 5000)]
    quota: u32,
    /// Seconds of the window.
    #[schema(minimum = 1, example = 10)]
    window_seconds: u32,
    /// Points that are left now.
    #[schema(minimum = 0, example = 4999)]
    remaining: u32,
    /// Seconds until all points are back.
    #[schema(minimum = 0, example = 1)]
    reset_seconds: u32,
}

/// Limits of a page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct PageLimits {
    /// Rows of a page if the request names no `limit`.
    #[schema(minimum = 1, example = 50)]
    default: u32,
    /// Most rows of a page.
    #[schema(minimum = 1, example = 200)]
    max: u32,
    /// Most whole lists (NDJSON, CSV and exports of products) of a tenant that a server sends at once. The next request is rejected (429
    /// `rate_limited`).
    #[schema(minimum = 1, example = 4)]
    whole_lists: usize,
}

/// Limits of a request's body, in bytes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct BodyLimits {
    /// Most bytes of an ordinary request.
    #[schema(minimum = 1, example = 262144)]
    request: usize,
    /// Most bytes of a login or a refresh.
    #[schema(minimum = 1, example = 8192)]
    login: usize,
    /// Most bytes of a batch.
    #[schema(minimum = 1, example = 5242880)]
    batch: usize,
    /// Most bytes of an import.
    #[schema(minimum = 1, example = 33554432)]
    import: usize,
    /// A body counts as one request more for every so many bytes. They are counted before it is parsed.
    #[schema(minimum = 1, example = 4096)]
    bytes_per_request: usize,
    /// Factor by which a body counts that can't be read. A document or record of a batch that can't be read counts as one
    /// request more.
    #[schema(minimum = 1, example = 10)]
    unreadable_factor: u64,
    /// Most bytes of the bodies of a tenant that a server reads and carries out at once. Bodies of at most 16384 bytes don't
    /// count, imports run one at a time. The next body waits for up to 10 seconds, then it is rejected: with 429 if its own
    /// tenant has all that it may have, else with 503.
    #[schema(minimum = 1, example = 8388608)]
    at_once: usize,
}

/// Limits of streams, on one server.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct StreamLimits {
    /// Most open streams of a key or user.
    #[schema(minimum = 1, example = 10)]
    per_caller: usize,
    /// Most open streams of a tenant. It may open fewer while the server has few free ones.
    #[schema(minimum = 1, example = 500)]
    per_tenant: usize,
    /// Most unused tickets of a tenant that a server keeps without Redis. The next one is rejected (429 `rate_limited`).
    #[schema(minimum = 1, example = 2500)]
    tickets_per_tenant: usize,
}

/// Get the limits
///
/// Returns the rate limits of the caller with what is left of each, and the limits of pages, bodies, batches, streams and
/// connections. With several servers, they share their counts a few times a second, so a burst may exceed a limit once.
#[utoipa::path(
    operation_id = "limits_get",
    security(("bearer" = [])),
    responses((status = 200, description = "The limits.", body = Limits))
)]
#[get("/v1/limits")]
async fn get(app: Data<App>, caller: Caller) -> Answer {
    let policy = |policy: Policy| {
        let ((quota, window_seconds), left) =
            (app.rates.quota(&caller, policy), app.rates.left(&caller, policy));
        RatePolicy {
            name: policy.name(),
            shared_by: if policy.is_of_tenant() { "tenant" } else { "caller" },
            unit: policy.unit(),
            quota,
            window_seconds,
            remaining: left.remaining,
            reset_seconds: left.reset_seconds,
        }
    };
    Ok(HttpResponse::Ok().json(Limits {
        object: tag::Limits,
        policies: Policy::all().into_iter().map(policy).collect(),
        page: PageLimits { default: LIMIT_DEFAULT, max: LIMIT_MAX, whole_lists: WHOLE_LISTS_MAX },
        body: BodyLimits {
            request: BODY_BYTES_MAX,
            login: LOGIN_BYTES_MAX,
            batch: BATCH_BYTES_MAX,
            import: UPLOAD_BYTES_MAX,
            bytes_per_request: BYTES_PER_REQUEST,
            unreadable_factor: UNREADABLE_FACTOR,
            at_once: LONG_BODIES.of_tenant,
        },
        batch_documents: BATCH_DOCUMENTS_MAX,
        batches_open: OPEN_MAX,
        batches_at_once: *AT_ONCE,
        jobs_at_once: JOBS_MAX,
        held_back_ms: u64::try_from(HELD_BACK.as_millis()).unwrap_or(u64::MAX),
        streams: StreamLimits {
            per_caller: STREAMS_PER_ACTOR_MAX,
            per_tenant: app.streams.of_tenant_max(),
            tickets_per_tenant: ticket::OF_TENANT_MAX,
        },
        connections_per_address: app.connections_per_address,
        unknown_keys_per_minute: app.auth.unknown_keys_max(),
        unreadable_per_minute: app.strangers.most(),
    }))
}
