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

use super::cursor::{self, Endpoint};
use super::endpoint::Payload;
use super::holder::{Holder, new_lease};
use super::intake::{self, Lease};
use super::pace::Paces;
use super::schedule::TRIED_FOR;
use super::secret::Secret;
use super::{Settings, TEST, object};
use crate::columns::Columns;
use crate::event::{Event, FeedPosition};
use crate::{Db, Error, Tx};

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
    /// Whether the end of an attempt may let another begin: something waits for a place, or for an earlier delivery.
    pub is_waiting: bool,
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

/// Makes a turn of a tenant, with leases of `holder`.
pub async fn take(
    db: &Db,
    settings: &Settings,
    paces: &Paces,
    holder: Option<Holder>,
    tenant_id: TenantId,
) -> Result<Turn, Error> {
    let tx = db.begin_bulk(tenant_id).await?;
    let making = timeout(db.write_time().work, make(&tx, settings, paces, holder));
    let turn = making.await.unwrap_or(Err(Error::Deadline))?;
    tx.commit().await?;
    Ok(turn)
}

async fn make(tx: &Tx, settings: &Settings, paces: &Paces, holder: Option<Holder>) -> Result<Turn, Error> {
    let mut endpoints = cursor::lock(tx, settings, paces).await?;
    let lease = Lease { id: new_lease(holder), until: tx.now + LEASE, expires_at: tx.now + TRIED_FOR };
    let mut messages = lease_due(tx, &mut endpoints, lease).await?;
    let intake = intake::take(tx, &mut endpoints, lease).await?;
    for taken in intake.leased {
        let first = Attempt {
            delivery_id: taken.delivery_id,
            event: taken.event,
            number: 1,
            tries: 1,
            expires_at: lease.expires_at,
        };
        messages.push(message(tx, &endpoints[taken.endpoint], first, lease));
    }
    add_objects(tx, &endpoints, &mut messages).await?;
    let look_again = look_again(tx, &endpoints).await?;
    let is_waiting = intake.has_rest || endpoints.iter().any(Endpoint::has_unleased);
    Ok(Turn { messages, has_more: intake.has_more, is_waiting, look_again })
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

/// Gives back the leases of messages of a tenant that were not sent. Their next attempts have the numbers of these. A lease that has ended is
/// left as it is.
pub async fn give_back(db: &Db, tenant_id: TenantId, unsent: &[Message]) -> Result<(), Error> {
    let tx = db.begin_bulk(tenant_id).await?;
    let giving = timeout(db.write_time().work, end_leases(&tx, unsent));
    giving.await.unwrap_or(Err(Error::Deadline))?;
    tx.commit().await
}

async fn end_leases(tx: &Tx, unsent: &[Message]) -> Result<(), Error> {
    // A deletion of an endpoint changes the same deliveries: it waits for these locks.
    let mut ids: Vec<Uuid> = unsent.iter().map(|message| message.endpoint_id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let lock = "select from webhook_endpoint where tenant_id = $1 and id = any($2) order by id for share";
    tx.rows(sqlx::query(lock).bind(tx.tenant_id.0).bind(ids)).await?;
    let statement = "update webhook_delivery d set leased_by = null, lease_until = null, attempts = d.attempts - 1, \
             tries = d.tries - 1, updated_at = $2, version = d.version + 1 \
         from unnest($3::uuid[], $4::uuid[]) as v (id, lease) \
         where d.tenant_id = $1 and d.id = v.id and d.leased_by = v.lease";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", unsent, |message| message.delivery_id.0)
        .column("lease", unsent, |message| message.lease);
    query.execute(tx).await?;
    Ok(())
}

/// Leases what is due. If an endpoint is switched off or pauses, that is only a test.
const LEASED: &str = "with due as ( \
         select n.id \
         from unnest($6::uuid[], $7::bigint[], $8::boolean[]) as v (endpoint_id, free, is_open) \
         cross join lateral ( \
             select d.id from webhook_delivery d \
             where d.tenant_id = $1 and d.endpoint_id = v.endpoint_id and d.status = 'pending' and d.next_at <= $2 \
               and (d.lease_until is null or d.lease_until <= $2) and (d.kind = 'ping' or v.is_open) \
               and not exists (select from webhook_delivery p \
                               where p.tenant_id = $1 and p.endpoint_id = v.endpoint_id and p.status = 'pending' \
                                 and p.document_id = d.document_id \
                                 and (p.position, p.written, p.id) < (d.position, d.written, d.id)) \
             order by d.position, d.written, d.id limit v.free) n), \
     leased as ( \
         update webhook_delivery d set leased_by = $3, lease_until = $4, expires_at = coalesce(d.expires_at, $5), \
             attempts = d.attempts + 1, tries = d.tries + 1, updated_at = $2, version = d.version + 1 \
         from due where d.tenant_id = $1 and d.id = due.id \
         returning d.endpoint_id, d.id as delivery_id, d.event_id as id, d.kind, d.command_id, d.document_kind, d.document_id, \
             d.position, d.written, d.occurred_at, d.recorded_at, d.attempts, d.tries, d.expires_at) \
     select * from leased order by endpoint_id, position, written, delivery_id";

/// Finds when a delivery is due that waits for no earlier one. If its endpoint is switched off, that is only a test; in a pause, others
/// wait for its end.
const NEXT: &str = "select min(n.next_at) as next_at \
     from unnest($2::uuid[], $3::timestamptz[], $4::boolean[]) as v (endpoint_id, paused_until, is_active) \
     cross join lateral ( \
         select min(greatest(d.next_at, d.lease_until, case when d.kind <> 'ping' then v.paused_until end)) as next_at \
         from webhook_delivery d \
         where d.tenant_id = $1 and d.endpoint_id = v.endpoint_id and d.status = 'pending' and (d.kind = 'ping' or v.is_active) \
           and not exists (select from webhook_delivery p \
                           where p.tenant_id = $1 and p.endpoint_id = v.endpoint_id and p.status = 'pending' \
                             and p.document_id = d.document_id \
                             and (p.position, p.written, p.id) < (d.position, d.written, d.id))) n";

/// Leases deliveries that wait and are due: several for each endpoint, or one if its last attempt failed.
async fn lease_due(tx: &Tx, endpoints: &mut [Endpoint], lease: Lease) -> Result<Vec<Message>, Error> {
    let wanted: Vec<&Endpoint> = endpoints.iter().filter(|endpoint| endpoint.may_have_due()).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let query = Columns::of(LEASED)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .bind(lease.id)
        .bind(lease.until)
        .bind(lease.expires_at)
        .column("endpoint_id", &wanted, |endpoint| endpoint.id.0)
        .column("free", &wanted, |endpoint| endpoint.free())
        .column("is_open", &wanted, |endpoint| endpoint.is_open());
    let rows = query.rows(tx).await?;
    let mut messages = Vec::with_capacity(rows.len());
    for row in rows {
        let id = WebhookEndpointId(row.try_get("endpoint_id")?);
        let endpoint = endpoints.iter_mut().find(|endpoint| endpoint.id == id);
        let endpoint = endpoint.ok_or_else(|| Error::invariant("a leased delivery is of an endpoint"))?;
        endpoint.note_leased(1, lease.until);
        let attempt = Attempt {
            delivery_id: WebhookDeliveryId(row.try_get("delivery_id")?),
            event: read_event(&row)?,
            number: row.try_get("attempts")?,
            tries: row.try_get("tries")?,
            expires_at: row.try_get("expires_at")?,
        };
        messages.push(message(tx, endpoint, attempt, lease));
    }
    Ok(messages)
}

/// An attempt that begins now.
struct Attempt {
    delivery_id: WebhookDeliveryId,
    event: Event,
    number: i32,
    /// Attempts since the beginning of the schedule.
    tries: i32,
    expires_at: DateTime<Utc>,
}

/// Returns the message of an attempt, without its object.
fn message(tx: &Tx, endpoint: &Endpoint, attempt: Attempt, lease: Lease) -> Message {
    Message {
        tenant_id: tx.tenant_id,
        delivery_id: attempt.delivery_id,
        endpoint_id: endpoint.id,
        url: endpoint.url.clone(),
        secrets: endpoint.secrets.clone(),
        event: attempt.event,
        object: None,
        at: tx.now,
        attempt: attempt.number,
        tries: attempt.tries,
        expires_at: attempt.expires_at,
        lease: lease.id,
    }
}

/// Adds the objects of the messages to endpoints that want them whole.
async fn add_objects(tx: &Tx, endpoints: &[Endpoint], messages: &mut [Message]) -> Result<(), Error> {
    let wants_whole = |message: &Message| {
        let endpoint = endpoints.iter().find(|endpoint| endpoint.id == message.endpoint_id);
        endpoint.is_some_and(|endpoint| match endpoint.payload {
            Payload::Full => true,
            Payload::Thin => false,
        })
    };
    let whole: Vec<usize> = (0..messages.len()).filter(|at| wants_whole(&messages[*at])).collect();
    let events: Vec<&Event> = whole.iter().map(|at| &messages[*at].event).collect();
    let objects = object::find(tx, &events).await?;
    for (at, object) in whole.into_iter().zip(objects) {
        messages[at].object = object;
    }
    Ok(())
}

/// Returns the time until something may be due again. A delivery that is due and waits for a place or for an earlier one is no reason for a
/// turn: the end of an attempt brings one.
async fn look_again(tx: &Tx, endpoints: &[Endpoint]) -> Result<Option<TimeDelta>, Error> {
    let mut next: Option<DateTime<Utc>> = None;
    let mut unleased: Vec<&Endpoint> = Vec::new();
    for endpoint in endpoints.iter().filter(|endpoint| endpoint.waiting > 0) {
        if endpoint.free() == 0 || endpoint.waiting == endpoint.under_way {
            next = next.into_iter().chain(endpoint.lease_ends).min();
        } else if endpoint.is_active || endpoint.tests > 0 {
            unleased.push(endpoint);
        }
    }
    if !unleased.is_empty() {
        let query = Columns::of(NEXT)
            .bind(tx.tenant_id.0)
            .column("endpoint_id", &unleased, |endpoint| endpoint.id.0)
            .column("paused_until", &unleased, |endpoint| endpoint.paused_until)
            .column("is_active", &unleased, |endpoint| endpoint.is_active);
        let rows = query.rows(tx).await?;
        let row = rows.first().ok_or_else(|| Error::invariant("an aggregate returns one row"))?;
        next = next.into_iter().chain(row.try_get::<Option<DateTime<Utc>>, _>("next_at")?).min();
    }
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
