//! Cursors of a tenant's endpoints. A turn locks them, and moves them behind the events that it takes.

use chrono::{DateTime, Utc};
use domain::id::{TenantId, WebhookEndpointId};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};

use super::endpoint::Payload;
use super::pace::Paces;
use super::secret::Secret;
use super::{Settings, WAITING_MAX};
use crate::columns::Columns;
use crate::event::{FeedPosition, Filter};
use crate::listing::word;
use crate::{Error, Tx};

/// Most events that a turn takes for an endpoint.
pub(super) const EVENTS_MAX: usize = 250;
/// Most deliveries that wait for an endpoint for which a turn takes more events.
const WAITING_BEFORE_MAX: i64 = WAITING_MAX - EVENTS_MAX as i64;
/// Most messages at a time of an endpoint that wants whole objects. Those that wait are in memory, each with up to 128 KiB.
const WHOLE_AT_ONCE_MAX: i64 = 16;

/// An endpoint whose cursor is locked.
pub(super) struct Endpoint {
    pub id: WebhookEndpointId,
    pub place: FeedPosition,
    pub url: String,
    pub filter: Filter,
    pub payload: Payload,
    pub is_active: bool,
    pub is_failing: bool,
    pub is_paused: bool,
    pub paused_until: Option<DateTime<Utc>>,
    /// The secret, and during a rotation the one before. Empty if they can't be opened.
    pub secrets: Vec<Secret>,
    /// Deliveries that are not ended.
    pub waiting: i64,
    /// Tests among them.
    pub tests: i64,
    /// Deliveries among them under a lease.
    pub under_way: i64,
    /// When the first of these leases ends.
    pub lease_ends: Option<DateTime<Utc>>,
    /// Most attempts at a time while it does not fail.
    pub pace: i64,
}

impl Endpoint {
    /// Whether events are sent. Otherwise only a test is.
    pub fn is_open(&self) -> bool {
        self.is_active && !self.is_paused
    }

    /// Returns the most attempts that it may have at a time.
    pub fn at_once(&self) -> i64 {
        let most = match self.payload {
            Payload::Thin => self.pace,
            Payload::Full => self.pace.min(WHOLE_AT_ONCE_MAX),
        };
        if self.is_failing { 1 } else { most }
    }

    /// Returns the attempts that it may have besides those under way.
    pub fn free(&self) -> i64 {
        (self.at_once() - self.under_way).max(0)
    }

    /// Whether a delivery without a lease may be due.
    pub fn may_have_due(&self) -> bool {
        self.free() > 0 && self.waiting > self.under_way && (self.is_open() || self.tests > 0)
    }

    /// Whether a delivery waits without a lease, also if it is not due. In a pause, and while the endpoint is switched off, none is sent.
    pub fn has_unleased(&self) -> bool {
        self.is_open() && self.waiting > self.under_way
    }

    /// Whether it may get further events. While it has no attempt left, they stay in the feed.
    pub fn may_take(&self) -> bool {
        self.is_open() && self.free() > 0 && self.waiting <= WAITING_BEFORE_MAX
    }

    /// Notes deliveries that were leased in this turn.
    pub fn note_leased(&mut self, count: i64, until: DateTime<Utc>) {
        if count > 0 {
            self.under_way += count;
            self.lease_ends = Some(self.lease_ends.map_or(until, |ends| ends.min(until)));
        }
    }
}

/// Locks the cursors of a tenant, in the order of their endpoints, and counts the deliveries that wait. One that another worker has locked
/// is left to it.
const LOCK: &str = "select c.endpoint_id, c.position, c.written, c.event_id as id, c.failures, c.paused_until, e.url, \
        e.event_types, e.payload, e.active, e.secret, e.previous_secret, e.previous_until, \
        w.waiting, w.tests, w.under_way, w.lease_ends \
     from webhook_cursor c \
     join webhook_endpoint e on e.tenant_id = c.tenant_id and e.id = c.endpoint_id \
     cross join lateral ( \
         select count(*) as waiting, count(*) filter (where d.kind = 'ping') as tests, \
             count(*) filter (where d.lease_until > $2) as under_way, \
             min(d.lease_until) filter (where d.lease_until > $2) as lease_ends \
         from webhook_delivery d \
         where d.tenant_id = $1 and d.endpoint_id = c.endpoint_id and d.status = 'pending') w \
     where c.tenant_id = $1 and e.tenant_id = $1 and e.deleted_at is null \
     order by c.endpoint_id for update of c skip locked";

const MOVE: &str = "update webhook_cursor c set position = v.position, written = v.written, event_id = v.event_id \
     from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::uuid[]) as v (endpoint_id, position, written, event_id) \
     where c.tenant_id = $1 and c.endpoint_id = v.endpoint_id";

/// Locks the cursors of a tenant. Returns their endpoints.
pub(super) async fn lock(tx: &Tx, settings: &Settings, paces: &Paces) -> Result<Vec<Endpoint>, Error> {
    let rows = tx.rows(sqlx::query(LOCK).bind(tx.tenant_id.0).bind(tx.now)).await?;
    rows.iter().map(|row| read(tx, settings, paces, row)).collect()
}

fn read(tx: &Tx, settings: &Settings, paces: &Paces, row: &PgRow) -> Result<Endpoint, Error> {
    let id = WebhookEndpointId(row.try_get("endpoint_id")?);
    let paused_until: Option<DateTime<Utc>> = row.try_get("paused_until")?;
    Ok(Endpoint {
        id,
        place: FeedPosition::read(row)?,
        url: row.try_get("url")?,
        filter: Filter { kinds: row.try_get("event_types")?, document_id: None },
        payload: word(row, "payload")?,
        is_active: row.try_get("active")?,
        is_failing: row.try_get::<i32, _>("failures")? > 0,
        is_paused: paused_until.is_some_and(|until| until > tx.now),
        paused_until,
        secrets: read_secrets(settings, tx.tenant_id, row, tx.now)?,
        waiting: row.try_get("waiting")?,
        tests: row.try_get("tests")?,
        under_way: row.try_get("under_way")?,
        lease_ends: row.try_get("lease_ends")?,
        pace: paces.at_once(id),
    })
}

fn read_secrets(
    settings: &Settings,
    tenant_id: TenantId,
    row: &PgRow,
    now: DateTime<Utc>,
) -> Result<Vec<Secret>, Error> {
    let id = WebhookEndpointId(row.try_get("endpoint_id")?);
    let previous_until: Option<DateTime<Utc>> = row.try_get("previous_until")?;
    let previous: Option<Vec<u8>> = row.try_get("previous_secret")?;
    let sealed: Vec<u8> = row.try_get("secret")?;
    let in_use = previous.filter(|_| previous_until.is_some_and(|until| until > now));
    let secrets = std::iter::once(sealed).chain(in_use);
    Ok(secrets.filter_map(|sealed| settings.vault.open(tenant_id, id, &sealed)).collect())
}

/// Moves cursors to their new places.
pub(super) async fn move_to(tx: &Tx, moved: &[(WebhookEndpointId, FeedPosition)]) -> Result<(), Error> {
    if moved.is_empty() {
        return Ok(());
    }
    let statement = Columns::of(MOVE)
        .bind(tx.tenant_id.0)
        .column("endpoint_id", moved, |(id, _)| id.0)
        .column("position", moved, |(_, place)| place.0)
        .column("written", moved, |(_, place)| place.1)
        .column("event_id", moved, |(_, place)| place.2);
    statement.execute(tx).await?;
    Ok(())
}
