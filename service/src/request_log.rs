//! The log of requests, which the tenant can read: each request of a known caller, with its outcome.
//!
//! Requests wait in memory and are written in the background, those of a tenant with one statement, on connections that nothing else
//! uses. So no request waits for its entry, and none costs a statement of its own. What waits is bounded: under a flood the oldest
//! entries are dropped and counted. Entries that were not written when the process ends without a stop are lost.

mod redact;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{IdSequence, LoggedRequestId, TenantId};
use domain::tag;
use futures_util::{StreamExt, stream};
use rand::RngExt;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::audit::actor_id;
use crate::caller::ActorKind;
use crate::columns::Columns;
use crate::listing::{Listing, Period, Slice};
use crate::relay::first_id;
use crate::tx::shares::LOGS;
use crate::{Db, Error, Tx};

/// Pause between two writes.
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// Longest time of the last write of a server that stops.
const LAST_WRITE: Duration = Duration::from_secs(5);
/// Most requests of one tenant that wait to be written. Of more, the oldest are dropped.
const OF_TENANT_MAX: usize = 500;
/// Most requests of all tenants that wait.
const WAITING_MAX: usize = 2_000;
/// Most bytes of a body that is kept.
pub const BODY_BYTES_MAX: usize = 8 * 1024;
/// Most bytes of all bodies that wait. A request that finds no room for its body is logged without it.
const BODIES_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Most by which the id of an entry is later than its time: two requests at once, or a clock that was set back.
const IDS_LATE_MAX: TimeDelta = TimeDelta::minutes(1);
/// Most characters of a path that are kept.
const PATH_MAX: usize = 500;
/// Most characters of a method that are kept.
pub const METHOD_MAX: usize = 32;
/// Most characters of a body without its secrets. A longer one is not kept.
const BODY_MAX: usize = 16_384;

/// A request of a known caller that was served.
#[derive(Debug, Clone)]
pub struct Served {
    pub tenant_id: TenantId,
    pub actor_kind: ActorKind,
    pub actor_id: Uuid,
    pub request_id: String,
    pub method: String,
    /// The path, without the query.
    pub path: String,
    pub status: u16,
    pub duration: Duration,
    /// Length of the body of the response, if it is known.
    pub response_bytes: Option<u64>,
    /// Code of the problem.
    pub code: Option<&'static str>,
    /// Body of the request, if it was rejected and is not too long.
    pub body: Option<Vec<u8>>,
}

/// A request that waits to be written.
#[derive(Debug)]
struct Entry {
    id: Uuid,
    at: DateTime<Utc>,
    served: Served,
}

impl Entry {
    fn body_bytes(&self) -> usize {
        self.served.body.as_ref().map_or(0, Vec::len)
    }
}

/// Requests that wait to be written.
#[derive(Debug, Default)]
struct Waiting {
    by_tenant: HashMap<TenantId, VecDeque<Entry>>,
    /// Number of requests of all tenants.
    requests: usize,
    /// Bytes of their bodies.
    body_bytes: usize,
}

impl Waiting {
    /// Adds a request. Returns whether one was dropped: the oldest of its tenant, or the request if its tenant has none.
    fn add(&mut self, mut entry: Entry) -> bool {
        if self.body_bytes + entry.body_bytes() > BODIES_BYTES_MAX {
            entry.served.body = None;
        }
        let free = WAITING_MAX - self.requests;
        let tenant_id = entry.served.tenant_id;
        if free == 0 && !self.by_tenant.contains_key(&tenant_id) {
            return true;
        }
        let of_tenant = self.by_tenant.entry(tenant_id).or_default();
        // A tenant has at most as many places as are free, so a few that flood the log leave places for the others.
        let oldest = if of_tenant.len() >= free.min(OF_TENANT_MAX) { of_tenant.pop_front() } else { None };
        self.body_bytes += entry.body_bytes();
        of_tenant.push_back(entry);
        match &oldest {
            Some(oldest) => self.body_bytes -= oldest.body_bytes(),
            None => self.requests += 1,
        }
        oldest.is_some()
    }
}

/// Ids of entries, which rise from request to request.
#[derive(Debug)]
struct Ids {
    millis: i64,
    sequence: IdSequence,
}

impl Ids {
    fn new(at: DateTime<Utc>) -> Self {
        Ids { millis: at.timestamp_millis(), sequence: IdSequence::new(at, rand::rng().random()) }
    }

    /// Returns the next id, of the millisecond of `at`, or of a later one if an entry has that already.
    fn next_id(&mut self, at: DateTime<Utc>) -> Uuid {
        if at.timestamp_millis() > self.millis {
            *self = Ids::new(at);
        }
        self.sequence.next_id()
    }
}

/// Writes the requests that wait.
#[derive(Debug)]
struct Writer {
    db: Db,
    ids: Mutex<Ids>,
    waiting: Mutex<Waiting>,
    /// Held during a write.
    turn: tokio::sync::Mutex<()>,
}

impl Writer {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn write(&self) {
        let _turn = self.turn.lock().await;
        let waiting = std::mem::take(&mut *self.waiting());
        let written =
            |(tenant_id, entries): (TenantId, VecDeque<Entry>)| self.write_of(tenant_id, Vec::from(entries));
        stream::iter(waiting.by_tenant).for_each_concurrent(LOGS, written).await;
    }

    /// Writes the requests of a tenant, or counts them as dropped.
    async fn write_of(&self, tenant_id: TenantId, entries: Vec<Entry>) {
        if let Err(error) = save(&self.db, tenant_id, &entries).await {
            tracing::warn!(%error, %tenant_id, "requests were not logged");
            count_dropped(entries.len());
        }
    }
}

fn count_dropped(requests: usize) {
    metrics::counter!("stockwell_request_log_dropped_total").increment(requests as u64);
}

/// The log of a server. Dropping it stops the writing.
#[derive(Debug)]
pub struct RequestLog {
    writer: Arc<Writer>,
    task: JoinHandle<()>,
}

impl RequestLog {
    /// Writes into `db` every second, on the current runtime.
    pub fn start(db: &Db) -> Self {
        let writer = Arc::new(Writer {
            db: db.for_server(),
            ids: Mutex::new(Ids::new(crate::tx::now())),
            waiting: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        });
        let own = Arc::clone(&writer);
        let task = tokio::spawn(async move {
            loop {
                sleep(WRITE_EVERY).await;
                own.write().await;
            }
        });
        RequestLog { writer, task }
    }

    /// Notes a request. It is written within about a second.
    pub fn note(&self, served: Served) {
        let at = crate::tx::now();
        let id = self.writer.ids.lock().unwrap_or_else(PoisonError::into_inner).next_id(at);
        let is_one_dropped = self.writer.waiting().add(Entry { id, at, served });
        if is_one_dropped {
            count_dropped(1);
        }
    }

    /// Writes what waits, before the server stops.
    pub async fn finish(&self) {
        if timeout(LAST_WRITE, self.writer.write()).await.is_err() {
            tracing::warn!("the last requests were not logged in time");
        }
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn save(db: &Db, tenant_id: TenantId, entries: &[Entry]) -> Result<(), Error> {
    let tx = db.begin_log(tenant_id).await?;
    timeout(db.write_time().work, insert(&tx, entries)).await.unwrap_or(Err(Error::Deadline))?;
    tx.commit().await
}

const INSERT: &str = "insert into request_log (tenant_id, id, created_at, request_id, actor_kind, actor_id, method, path, status, \
        duration_ms, response_bytes, code, body) \
     select $1, v.id, v.created_at, v.request_id, v.actor_kind, v.actor_id, v.method, v.path, v.status, v.duration_ms, \
        v.response_bytes, v.code, v.body \
     from unnest($2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::smallint[], \
            $10::integer[], $11::bigint[], $12::text[], $13::text[]) \
         as v (id, created_at, request_id, actor_kind, actor_id, method, path, status, duration_ms, response_bytes, code, body)";

async fn insert(tx: &Tx, entries: &[Entry]) -> Result<(), Error> {
    let has_bodies = entries.iter().any(|entry| entry.served.body.is_some());
    let keeps_bodies = has_bodies && keeps_bodies(tx).await?;
    let kept = |entry: &Entry| {
        let raw = entry.served.body.as_deref().filter(|_| keeps_bodies)?;
        kept_body(&entry.served.path, raw)
    };
    let statement = Columns::of(INSERT)
        .bind(tx.tenant_id.0)
        .column("id", entries, |entry| entry.id)
        .column("created_at", entries, |entry| entry.at)
        .column("request_id", entries, |entry| redact::text(entry.served.request_id.clone()))
        .column("actor_kind", entries, |entry| -> &'static str { entry.served.actor_kind.into() })
        .column("actor_id", entries, |entry| entry.served.actor_id)
        .column("method", entries, |entry| kept_method(&entry.served.method))
        .column("path", entries, |entry| kept_path(&entry.served.path))
        .column("status", entries, |entry| i16::try_from(entry.served.status).unwrap_or(i16::MAX))
        .column("duration_ms", entries, |entry| {
            i32::try_from(entry.served.duration.as_millis()).unwrap_or(i32::MAX)
        })
        .column("response_bytes", entries, |entry| {
            entry.served.response_bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX))
        })
        .column("code", entries, |entry| entry.served.code)
        .column("body", entries, kept);
    statement.execute(tx).await?;
    Ok(())
}

/// Whether the tenant keeps the bodies of rejected requests.
async fn keeps_bodies(tx: &Tx) -> Result<bool, Error> {
    let query = sqlx::query("select log_rejected_bodies from tenant where tenant_id = $1");
    let row = tx.row(query.bind(tx.tenant_id.0)).await?;
    Ok(row.map(|row| row.try_get("log_rejected_bodies")).transpose()?.unwrap_or(false))
}

/// Whether the log can hold a method: a token (RFC 9110, section 5.6.2) of a length that is kept.
pub fn is_method(text: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=METHOD_MAX).contains(&text.len()) && text.bytes().all(is_token)
}

fn kept_method(method: &str) -> String {
    method.chars().take(METHOD_MAX).collect()
}

fn kept_path(path: &str) -> String {
    let path: String = path.chars().take(PATH_MAX).collect();
    redact::path(&path)
}

fn kept_body(path: &str, raw: &[u8]) -> Option<String> {
    redact::body(path, raw).filter(|body| body.chars().count() <= BODY_MAX)
}

/// The class of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub enum StatusClass {
    /// Accepted.
    #[serde(rename = "2xx")]
    Accepted,
    /// Not changed, or elsewhere.
    #[serde(rename = "3xx")]
    Redirected,
    /// Rejected because of the request.
    #[serde(rename = "4xx")]
    Rejected,
    /// Failed at the server.
    #[serde(rename = "5xx")]
    Failed,
}

impl StatusClass {
    /// Returns the first status of the class. It has 100.
    fn first(self) -> i16 {
        match self {
            StatusClass::Accepted => 200,
            StatusClass::Redirected => 300,
            StatusClass::Rejected => 400,
            StatusClass::Failed => 500,
        }
    }
}

/// Which requests to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub request_id: Option<String>,
    pub actor_id: Option<Uuid>,
    pub status: Option<StatusClass>,
    /// The beginning of the path.
    pub path: Option<String>,
    /// The method, in capitals or not.
    pub method: Option<String>,
    /// Code of the problem.
    pub code: Option<String>,
    pub created: Period,
}

/// A request in the log.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct LoggedRequest {
    /// Id of the entry.
    pub id: LoggedRequestId,
    pub object: tag::LoggedRequest,
    /// Id of the request, as in the header X-Request-Id of its response. A caller may send the same id twice.
    #[schema(max_length = 128, example = "req_01h455vb4pex5vsknk084sn02q")]
    pub request_id: String,
    /// `api_key`, `user` or `customer`.
    #[schema(max_length = 16, example = "api_key")]
    pub actor_kind: String,
    /// Id of the API key, user or customer session.
    #[schema(max_length = 64, example = "key_01h455vb4pex5vsknk084sn02q")]
    pub actor_id: String,
    /// Method of the request, at most 32 characters.
    #[schema(max_length = 32, example = "POST")]
    pub method: String,
    /// Path of the request, at most 500 characters, without the query.
    #[schema(max_length = 2000, example = "/v1/orders")]
    pub path: String,
    /// HTTP status of the response.
    #[schema(minimum = 100, maximum = 999, example = 409)]
    pub status: i16,
    /// Milliseconds from the request to the head of its response.
    #[schema(minimum = 0, example = 12)]
    pub duration_ms: i32,
    /// Bytes of the body of the response, as it was sent. Null if it was streamed.
    #[schema(minimum = 0, example = 412)]
    pub response_bytes: Option<i64>,
    /// Code of the problem, such as `insufficient_stock`. Null if the request was accepted.
    #[schema(max_length = 64, example = "insufficient_stock")]
    pub code: Option<String>,
    /// Body of a rejected request with `[redacted]` in the place of secrets, codes of vouchers and card numbers. Null: the setting
    /// `log_rejected_bodies` is off, the request was accepted, its body was not read, no JSON, or longer than 8 KiB, or the caller
    /// lacks the scope `costs:read` or `customers:read`.
    #[schema(max_length = 16384, example = json!(null))]
    pub body: Option<String>,
    /// When the response began.
    pub created_at: DateTime<Utc>,
}

const SELECT: &str = "select id, created_at, request_id, actor_kind, actor_id, method, path, status, duration_ms, response_bytes, \
        code, body from request_log where tenant_id = ";

pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<LoggedRequest>, Error> {
    let first = filter.status.map(StatusClass::first);
    // An id begins with the millisecond of its request or a later one, so the bounds of time bound the primary key.
    let from = filter.created.from.map(first_id);
    let to = filter.created.to.map(|to| first_id(to + IDS_LATE_MAX));
    let listing = Listing::new(tx, SELECT)
        .with("request_id = ", filter.request_id.clone())
        .with("actor_id = ", filter.actor_id)
        .with("status >= ", first)
        .with("status < ", first.map(|first| first + 100))
        .with("path ^@ ", filter.path.clone())
        .with("upper(method) = ", filter.method.as_deref().map(str::to_ascii_uppercase))
        .with("code = ", filter.code.clone())
        .with("id >= ", from)
        .with("id < ", to)
        .within("created_at", filter.created);
    listing.page(tx, "id", slice).await?.iter().map(read).collect()
}

fn read(row: &PgRow) -> Result<LoggedRequest, Error> {
    let actor_kind: String = row.try_get("actor_kind")?;
    Ok(LoggedRequest {
        id: LoggedRequestId(row.try_get("id")?),
        object: tag::LoggedRequest,
        request_id: row.try_get("request_id")?,
        actor_id: actor_id(&actor_kind, row.try_get("actor_id")?),
        actor_kind,
        method: row.try_get("method")?,
        path: row.try_get("path")?,
        status: row.try_get("status")?,
        duration_ms: row.try_get("duration_ms")?,
        response_bytes: row.try_get("response_bytes")?,
        code: row.try_get("code")?,
        body: row.try_get("body")?,
        created_at: row.try_get("created_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(tenant: usize, number: usize, body: usize) -> Entry {
        let served = Served {
            tenant_id: TenantId(Uuid::from_u128(tenant as u128)),
            actor_kind: ActorKind::ApiKey,
            actor_id: Uuid::nil(),
            request_id: format!("request-{number}"),
            method: "GET".to_owned(),
            path: "/v1/orders".to_owned(),
            status: 200,
            duration: Duration::ZERO,
            response_bytes: None,
            code: None,
            body: (body > 0).then(|| vec![0; body]),
        };
        Entry { id: Uuid::nil(), at: DateTime::UNIX_EPOCH, served }
    }

    fn held(waiting: &Waiting) -> (usize, usize) {
        let entries = || waiting.by_tenant.values().flatten();
        (entries().count(), entries().map(Entry::body_bytes).sum())
    }

    #[test]
    fn a_flood_of_one_tenant_drops_its_own_oldest_requests() {
        let mut waiting = Waiting::default();
        assert!(!waiting.add(entry(2, 0, 0)));
        let dropped = (0..10 * OF_TENANT_MAX).filter(|number| waiting.add(entry(1, *number, 1))).count();
        assert_eq!(dropped, 9 * OF_TENANT_MAX);
        let of_tenant = &waiting.by_tenant[&TenantId(Uuid::from_u128(1))];
        assert_eq!(of_tenant.len(), OF_TENANT_MAX);
        assert_eq!(of_tenant[0].served.request_id, format!("request-{}", 9 * OF_TENANT_MAX));
        assert_eq!(held(&waiting), (waiting.requests, waiting.body_bytes));
        assert_eq!(waiting.requests, OF_TENANT_MAX + 1, "the other tenant's request is still there");
    }

    #[test]
    fn a_flood_of_several_tenants_leaves_places_for_another_one() {
        let mut waiting = Waiting::default();
        for number in 0..10 * WAITING_MAX {
            waiting.add(entry(number % 9, number, 0));
        }
        assert!(waiting.requests < WAITING_MAX, "{}", waiting.requests);
        let dropped = (0..90).filter(|number| waiting.add(entry(9, *number, 0))).count();
        assert_eq!(dropped, 0, "no request of the tenth tenant is dropped");
        assert_eq!(held(&waiting), (waiting.requests, waiting.body_bytes));
    }

    #[test]
    fn all_tenants_together_have_a_bounded_number_of_requests_and_bytes() {
        let mut waiting = Waiting::default();
        for number in 0..3 * WAITING_MAX {
            waiting.add(entry(number % (2 * WAITING_MAX), number, BODY_BYTES_MAX));
        }
        assert_eq!(waiting.requests, WAITING_MAX);
        assert!(waiting.body_bytes <= BODIES_BYTES_MAX);
        assert_eq!(held(&waiting), (waiting.requests, waiting.body_bytes));
    }

    #[test]
    fn ids_rise_also_within_a_millisecond() {
        let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(1);
        let mut ids = Ids::new(at);
        let earlier = at - TimeDelta::milliseconds(5);
        let made = [at, at, earlier, at + TimeDelta::milliseconds(1), at].map(|at| ids.next_id(at));
        assert!(made.is_sorted_by(|one, next| one < next), "{made:?}");
        assert!(made[0] >= first_id(at) && made[4] < first_id(at + IDS_LATE_MAX));
    }

    #[test]
    fn a_long_path_is_cut() {
        assert_eq!(kept_path(&"/a".repeat(PATH_MAX)).len(), PATH_MAX);
    }
}
