//! A turn of a tenant: takes events after the cursors as deliveries, and leases the deliveries that are due.
//!
//! A turn holds the lock on the cursors that it moves, so two workers take no event twice. It waits for no receiver.
//!
//! - **Order.** A delivery is not due while an earlier one about the same document waits.
//! - **A failing endpoint** gets one attempt at a time, and pauses after several failures. Meanwhile its events stay in the feed.
//! - **A worker that dies** leaves leases. Others see its end ([`holder`](super::holder)), end them, and send these deliveries again.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CommandId, EventId, TenantId, WebhookDeliveryId, WebhookEndpointId};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde_json::Value;
use tokio::time::timeout;
use uuid::Uuid;

use super::endpoint::Payload;
use super::holder::{Holder, new_lease};
use super::pace::Paces;
use super::secret::Secret;
use super::{Settings, TEST, WAITING_MAX, object};
use crate::columns::Columns;
use crate::event::{self, Event, FeedPosition, Filter};
use crate::listing::word;
use crate::{Db, Error, Tx};

/// Most events that a turn takes for an endpoint.
const EVENTS_MAX: usize = 250;
/// Most deliveries that wait for an endpoint for which a turn takes more events.
const WAITING_BEFORE_MAX: i64 = WAITING_MAX - EVENTS_MAX as i64;
/// Most messages at a time of an endpoint that wants whole objects. Those that wait are in memory, each with up to 128 KiB.
const WHOLE_AT_ONCE_MAX: i64 = 16;
/// Time after which another worker may send a leased delivery, although the worker with the lease has not ended. It is longer than the wait
/// for a place, the attempt and the record of its outcome together.
pub const LEASE: TimeDelta = TimeDelta::seconds(110);
/// Longest time until the next turn of a tenant for which deliveries wait.
const LOOK_AGAIN_MAX: TimeDelta = TimeDelta::seconds(60);
/// Shortest time until that turn.
const LOOK_AGAIN_MIN: TimeDelta = TimeDelta::seconds(1);

/// The work that a turn found.
#[derive(Debug, Default)]
pub struct Turn {
    /// Messages to send now.
    pub messages: Vec<Message>,
    /// Whether more events can be taken at once.
    pub has_more: bool,
    /// Time until the next turn, if deliveries wait.
    pub look_again: Option<TimeDelta>,
}

/// A delivery under a lease.
#[derive(Debug)]
pub struct Message {
    pub tenant_id: TenantId,
    pub delivery_id: WebhookDeliveryId,
    pub endpoint_id: WebhookEndpointId,
    /// Address of the endpoint.
    pub url: String,
    /// The secret, and during a rotation the one before. Empty if they can't be opened.
    pub secrets: Vec<Secret>,
    pub event: Event,
    /// The object of the event, for an endpoint that wants it whole.
    pub object: Option<Value>,
    /// When the attempt begins.
    pub at: DateTime<Utc>,
    /// Number of the attempt.
    pub attempt: i32,
    /// Attempts since the beginning of the schedule.
    pub(super) tries: i32,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) lease: Uuid,
}

impl Message {
    /// Whether it tests the endpoint.
    pub fn is_test(&self) -> bool {
        self.event.kind == TEST
    }
}

/// An endpoint whose cursor is locked.
struct Endpoint {
    id: WebhookEndpointId,
    place: FeedPosition,
    url: String,
    filter: Filter,
    payload: Payload,
    is_active: bool,
    is_failing: bool,
    is_paused: bool,
    paused_until: Option<DateTime<Utc>>,
    secrets: Vec<Secret>,
    waiting: i64,
    under_way: i64,
    /// Most attempts at a time while it does not fail.
    pace: i64,
}

impl Endpoint {
    /// Whether events are sent. Otherwise only a test is.
    fn is_open(&self) -> bool {
        self.is_active && !self.is_paused
    }

    /// Returns the most attempts that it may have at a time.
    fn at_once(&self) -> i64 {
        let most = match self.payload {
            Payload::Thin => self.pace,
            Payload::Full => self.pace.min(WHOLE_AT_ONCE_MAX),
        };
        if self.is_failing { 1 } else { most }
    }
}

/// Makes a turn of a tenant, with leases of `holder`.
pub async fn take(
    db: &Db,
    settings: &Settings,
    paces: &Paces,
    holder: Option<Holder>,
    tenant_id: TenantId,
) -> Result<Turn, Error> {
    let tx = db.begin(tenant_id).await?;
    let making = timeout(db.write_time().work, make(&tx, settings, paces, holder));
    let turn = making.await.unwrap_or(Err(Error::Deadline))?;
    tx.commit().await?;
    Ok(turn)
}

async fn make(tx: &Tx, settings: &Settings, paces: &Paces, holder: Option<Holder>) -> Result<Turn, Error> {
    let mut turn = Turn::default();
    for row in tx.rows(sqlx::query(ENDPOINTS).bind(tx.tenant_id.0).bind(tx.now)).await? {
        let mut endpoint = read_endpoint(tx, settings, paces, &row)?;
        if endpoint.is_open() && endpoint.waiting <= WAITING_BEFORE_MAX {
            turn.has_more |= take_events(tx, &mut endpoint).await?;
        }
        if endpoint.waiting == 0 {
            continue;
        }
        let leased = lease(tx, &endpoint, holder, &mut turn.messages).await?;
        endpoint.under_way += leased;
        let next = look_again(tx, &endpoint).await?;
        turn.look_again = turn.look_again.into_iter().chain(next).min();
    }
    Ok(turn)
}

/// Returns whether a message that waited for a place is still to be sent. Its lease must be the same. Its endpoint must have the same address,
/// and must not be switched off or deleted.
pub async fn is_wanted(db: &Db, message: &Message) -> Result<bool, Error> {
    let tx = db.begin(message.tenant_id).await?;
    let query = "select from webhook_delivery d \
         join webhook_endpoint e on e.tenant_id = d.tenant_id and e.id = d.endpoint_id \
         where d.tenant_id = $1 and e.tenant_id = $1 and d.id = $2 and d.leased_by = $3 and e.url = $4 and e.deleted_at is null \
           and (e.active or d.kind = 'ping')";
    let query = sqlx::query(query).bind(tx.tenant_id.0).bind(message.delivery_id.0).bind(message.lease);
    let reading = timeout(db.write_time().work, tx.row(query.bind(message.url.as_str())));
    let row = reading.await.unwrap_or(Err(Error::Deadline))?;
    tx.commit().await?;
    Ok(row.is_some())
}

/// Gives back the lease of a message that was not sent. Its next attempt has the number of this one.
pub async fn give_back(db: &Db, message: &Message) -> Result<(), Error> {
    let tx = db.begin(message.tenant_id).await?;
    let statement = "update webhook_delivery set leased_by = null, lease_until = null, attempts = attempts - 1, tries = tries - 1, \
             updated_at = $4, version = version + 1 \
         where tenant_id = $1 and id = $2 and leased_by = $3";
    let statement =
        sqlx::query(statement).bind(tx.tenant_id.0).bind(message.delivery_id.0).bind(message.lease);
    let giving = timeout(db.write_time().work, tx.execute(statement.bind(tx.now)));
    giving.await.unwrap_or(Err(Error::Deadline))?;
    tx.commit().await
}

/// Locks the cursors of a tenant. One that another worker has locked is left to it.
const ENDPOINTS: &str = "select c.endpoint_id, c.position, c.written, c.event_id as id, c.failures, c.paused_until, e.url, \
        e.event_types, e.payload, e.active, e.secret, e.previous_secret, e.previous_until, \
        (select count(*) from webhook_delivery d where d.tenant_id = $1 and d.endpoint_id = c.endpoint_id \
            and d.status = 'pending') as waiting, \
        (select count(*) from webhook_delivery d where d.tenant_id = $1 and d.endpoint_id = c.endpoint_id \
            and d.status = 'pending' and d.lease_until > $2) as under_way \
     from webhook_cursor c join webhook_endpoint e on e.tenant_id = c.tenant_id and e.id = c.endpoint_id \
     where c.tenant_id = $1 and e.tenant_id = $1 and e.deleted_at is null \
     order by c.endpoint_id for update of c skip locked";

const MOVE: &str = "update webhook_cursor set position = $3, written = $4, event_id = $5 where tenant_id = $1 and endpoint_id = $2";

const INSERT: &str = "insert into webhook_delivery (tenant_id, endpoint_id, next_at, created_at, updated_at, id, event_id, kind, \
        command_id, document_kind, document_id, position, written, occurred_at, recorded_at) \
     select $1, $2, $3, $3, $3, v.* from unnest($4::uuid[], $5::uuid[], $6::text[], $7::uuid[], $8::text[], $9::uuid[], \
        $10::bigint[], $11::bigint[], $12::timestamptz[], $13::timestamptz[]) \
        as v (id, event_id, kind, command_id, document_kind, document_id, position, written, occurred_at, recorded_at)";

/// Leases what is due. If the endpoint is switched off or pauses, that is only a test.
const LEASED: &str = "with due as ( \
         select d.id from webhook_delivery d \
         where d.tenant_id = $1 and d.endpoint_id = $2 and d.status = 'pending' and d.next_at <= $3 \
           and (d.lease_until is null or d.lease_until <= $3) and (d.kind = 'ping' or $4 = 'all') \
           and not exists (select from webhook_delivery p \
                           where p.tenant_id = $1 and p.endpoint_id = $2 and p.status = 'pending' \
                             and p.document_id = d.document_id \
                             and (p.position, p.written, p.id) < (d.position, d.written, d.id)) \
         order by d.position, d.written, d.id limit $5), \
     leased as ( \
         update webhook_delivery d set leased_by = $6, lease_until = $7, expires_at = coalesce(d.expires_at, $8), \
             attempts = d.attempts + 1, tries = d.tries + 1, updated_at = $3, version = d.version + 1 \
         from due where d.tenant_id = $1 and d.id = due.id \
         returning d.id as delivery_id, d.event_id as id, d.kind, d.command_id, d.document_kind, d.document_id, d.position, \
             d.written, d.occurred_at, d.recorded_at, d.attempts, d.tries, d.expires_at) \
     select * from leased order by position, written, delivery_id";

/// Finds when a place is free, for an endpoint that has all attempts that it may have at a time.
const FREE: &str = "select min(d.lease_until) as next_at from webhook_delivery d \
     where d.tenant_id = $1 and d.endpoint_id = $2 and d.status = 'pending' and d.lease_until > $3";

/// Finds when a delivery is due that waits for no earlier one. If the endpoint is switched off, that is only a test; in a pause, others
/// wait for its end.
const NEXT: &str = "select min(greatest(d.next_at, d.lease_until, case when d.kind <> 'ping' then $3::timestamptz end)) as next_at \
     from webhook_delivery d \
     where d.tenant_id = $1 and d.endpoint_id = $2 and d.status = 'pending' and (d.kind = 'ping' or $4) \
       and not exists (select from webhook_delivery p \
                       where p.tenant_id = $1 and p.endpoint_id = $2 and p.status = 'pending' \
                         and p.document_id = d.document_id \
                         and (p.position, p.written, p.id) < (d.position, d.written, d.id))";

fn read_endpoint(tx: &Tx, settings: &Settings, paces: &Paces, row: &PgRow) -> Result<Endpoint, Error> {
    let id = WebhookEndpointId(row.try_get("endpoint_id")?);
    let paused_until: Option<DateTime<Utc>> = row.try_get("paused_until")?;
    let previous_until: Option<DateTime<Utc>> = row.try_get("previous_until")?;
    let previous: Option<Vec<u8>> = row.try_get("previous_secret")?;
    let sealed: Vec<u8> = row.try_get("secret")?;
    let in_use = previous.filter(|_| previous_until.is_some_and(|until| until > tx.now));
    let secrets = std::iter::once(sealed).chain(in_use);
    let secrets = secrets.filter_map(|sealed| settings.vault.open(tx.tenant_id, id, &sealed)).collect();
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
        secrets,
        waiting: row.try_get("waiting")?,
        under_way: row.try_get("under_way")?,
        pace: paces.at_once(id),
    })
}

/// Takes the next events of the feed as deliveries, and moves the cursor behind them. Returns whether there are more.
async fn take_events(tx: &Tx, endpoint: &mut Endpoint) -> Result<bool, Error> {
    let feed = event::list(tx, &endpoint.filter, endpoint.place, EVENTS_MAX).await?;
    if !feed.events.is_empty() {
        let (events, ids): (_, Vec<Uuid>) =
            (&feed.events, feed.events.iter().map(|_| tx.next_id()).collect());
        let statement = Columns::of(INSERT)
            .bind(tx.tenant_id.0)
            .bind(endpoint.id.0)
            .bind(tx.now)
            .column("id", &ids, |id| *id)
            .column("event_id", events, |event| event.id.0)
            .column("kind", events, |event| event.kind.clone())
            .column("command_id", events, |event| event.command_id.0)
            .column("document_kind", events, |event| event.document_kind.clone())
            .column("document_id", events, |event| event.document_id)
            .column("position", events, |event| event.place.0)
            .column("written", events, |event| event.place.1)
            .column("occurred_at", events, |event| event.occurred_at)
            .column("recorded_at", events, |event| event.recorded_at);
        endpoint.waiting += statement.execute(tx).await?.cast_signed();
    }
    // It also moves over events of other types, so that no turn reads them again.
    if feed.end > endpoint.place {
        let FeedPosition(position, written, id) = feed.end;
        let query = sqlx::query(MOVE).bind(tx.tenant_id.0).bind(endpoint.id.0);
        tx.execute(query.bind(position).bind(written).bind(id)).await?;
    }
    Ok(feed.has_more)
}

/// Leases deliveries of an endpoint that are due: several, or one if the last attempt failed. Returns their number.
async fn lease(
    tx: &Tx,
    endpoint: &Endpoint,
    holder: Option<Holder>,
    messages: &mut Vec<Message>,
) -> Result<i64, Error> {
    let free = (endpoint.at_once() - endpoint.under_way).max(0);
    let lease = new_lease(holder);
    let query = Columns::of(LEASED)
        .bind(tx.tenant_id.0)
        .bind(endpoint.id.0)
        .bind(tx.now)
        .bind(if endpoint.is_open() { "all" } else { TEST })
        .bind(free)
        .bind(lease)
        .bind(tx.now + LEASE)
        .bind(tx.now + super::schedule::TRIED_FOR);
    let rows = query.rows(tx).await?;
    let events = rows.iter().map(read_event).collect::<Result<Vec<Event>, Error>>()?;
    let objects = match endpoint.payload {
        Payload::Full => object::find(tx, &events).await?,
        Payload::Thin => vec![None; events.len()],
    };
    for ((row, event), object) in rows.iter().zip(events).zip(objects) {
        messages.push(Message {
            tenant_id: tx.tenant_id,
            delivery_id: WebhookDeliveryId(row.try_get("delivery_id")?),
            endpoint_id: endpoint.id,
            url: endpoint.url.clone(),
            secrets: endpoint.secrets.clone(),
            event,
            object,
            at: tx.now,
            attempt: row.try_get("attempts")?,
            tries: row.try_get("tries")?,
            expires_at: row.try_get("expires_at")?,
            lease,
        });
    }
    Ok(rows.len() as i64)
}

/// Returns the time until something of an endpoint may be due again. A delivery that is due and waits for a place or for an earlier
/// one is no reason for a turn: the end of an attempt brings one.
async fn look_again(tx: &Tx, endpoint: &Endpoint) -> Result<Option<TimeDelta>, Error> {
    let query = match endpoint.under_way >= endpoint.at_once() {
        true => sqlx::query(FREE).bind(tx.tenant_id.0).bind(endpoint.id.0).bind(tx.now),
        false => {
            let query = sqlx::query(NEXT).bind(tx.tenant_id.0).bind(endpoint.id.0);
            query.bind(endpoint.paused_until).bind(endpoint.is_active)
        }
    };
    let row = tx.row(query).await?.ok_or_else(|| Error::invariant("an aggregate returns one row"))?;
    let next: Option<DateTime<Utc>> = row.try_get("next_at")?;
    Ok(next.map(|next| (next - tx.now).clamp(LOOK_AGAIN_MIN, LOOK_AGAIN_MAX)))
}

fn read_event(row: &PgRow) -> Result<Event, Error> {
    let command_id: Option<Uuid> = row.try_get("command_id")?;
    Ok(Event {
        id: EventId(row.try_get("id")?),
        place: FeedPosition::read(row)?,
        kind: row.try_get("kind")?,
        command_id: CommandId(command_id.unwrap_or_default()),
        document_kind: row.try_get("document_kind")?,
        document_id: row.try_get("document_id")?,
        occurred_at: row.try_get("occurred_at")?,
        recorded_at: row.try_get("recorded_at")?,
    })
}
