//! Deliveries: events that are being sent to an endpoint, were sent, or could not be sent, with the log of their attempts.

use chrono::{DateTime, Utc};
use domain::id::{EventId, WebhookDeliveryId, WebhookEndpointId};
use domain::refusal::Refusal;
use domain::tag;
use domain::text_enum;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;

use super::{TEST, WAITING_MAX, endpoint};
use crate::columns::Columns;
use crate::listing::{Listing, Slice, word};
use crate::{Error, Tx};

/// Most attempts that a delivery shows.
const LOG_MAX: i64 = 50;

text_enum! {
    /// The state of a delivery.
    #[schema(as = WebhookDeliveryStatus)]
    pub enum Status {
        /// It is sent, or will be sent again.
        Pending,
        /// The receiver has accepted it.
        Delivered,
        /// It was given up: it failed for 72 hours, it was a test that failed, or its endpoint was deleted.
        Dead,
    }
}

/// The delivery of an event to an endpoint.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WebhookDelivery {
    /// Id of the delivery.
    pub id: WebhookDeliveryId,
    /// Always `webhook_delivery`.
    pub object: tag::WebhookDelivery,
    /// The endpoint.
    pub endpoint_id: WebhookEndpointId,
    /// The event, which is `webhook-id` of the message.
    pub event_id: EventId,
    /// Type of the event; `ping` for a test.
    #[serde(rename = "type")]
    #[schema(max_length = 64, example = "order.confirmed")]
    pub kind: String,
    /// `pending`, `delivered`, or `dead` if it was given up.
    pub status: Status,
    /// Number of attempts.
    #[schema(minimum = 0, example = 1)]
    pub attempts: i32,
    /// Time of the next attempt at the earliest. Null: there is none.
    #[schema(example = json!(null))]
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// HTTP status of the last response. Null: there was none.
    #[schema(minimum = 100, maximum = 999, example = 204)]
    pub response_status: Option<i16>,
    /// Reason of the last failure. Null: the last attempt succeeded, or there was none.
    #[schema(max_length = 40, example = json!(null))]
    pub error: Option<String>,
    /// The last 50 attempts, oldest first. Absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 50)]
    pub log: Option<Vec<WebhookAttempt>>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 3)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// One attempt to send a message.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WebhookAttempt {
    /// Number of the attempt.
    #[schema(minimum = 1, example = 1)]
    pub number: i32,
    /// When it began.
    pub attempted_at: DateTime<Utc>,
    /// Milliseconds that it took.
    #[schema(minimum = 0, example = 84)]
    pub duration_ms: i32,
    /// HTTP status of the response. Null: there was none.
    #[schema(minimum = 100, maximum = 999, example = 204)]
    pub response_status: Option<i16>,
    /// Reason of the failure: `rejected`, `redirected`, `timeout`, `connection_failed`, `name_not_resolved`,
    /// `address_not_allowed`, `url_not_allowed`, `secret_unreadable`, `not_writable`, or `sent_again` if it was sent again before a
    /// response came. New values may appear. Null: it succeeded.
    #[schema(max_length = 40, example = json!(null))]
    pub error: Option<String>,
    /// Line and headers of the request, without the signatures, and the length of its body. Empty if no request was made:
    /// `url_not_allowed`, `secret_unreadable`, `not_writable`.
    #[schema(max_length = 4000, example = "POST /stockwell")]
    pub request: String,
    /// Beginning of the response: at most 4,096 bytes. Null: there was none.
    #[schema(max_length = 4096, example = "")]
    pub response: Option<String>,
    /// Whether the response was longer, or did not end in time.
    #[schema(example = false)]
    pub is_cut: bool,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub endpoint_id: Option<WebhookEndpointId>,
    pub status: Option<Status>,
}

pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<WebhookDelivery>, Error> {
    let query = Listing::new(tx, SELECT).with("endpoint_id = ", filter.endpoint_id.map(|id| id.0));
    let query = match filter.status {
        Some(status) => query.sql(of_status(status)),
        None => query,
    };
    query.page(tx, "id", slice).await?.iter().map(read).collect()
}

/// Returns the condition that a delivery has a status. It names the status, because an index has only the deliveries of one.
fn of_status(status: Status) -> &'static str {
    match status {
        Status::Pending => " and status = 'pending'",
        Status::Delivered => " and status = 'delivered'",
        Status::Dead => " and status = 'dead'",
    }
}

/// Returns a delivery with its log.
pub async fn get(tx: &Tx, id: WebhookDeliveryId) -> Result<WebhookDelivery, Error> {
    let mut delivery = find(tx, id).await?;
    let query = "select number, attempted_at, duration_ms, http_status, error, request, response, is_cut from webhook_attempt \
                 where tenant_id = $1 and delivery_id = $2 order by number desc limit $3";
    let rows = tx.rows(sqlx::query(query).bind(tx.tenant_id.0).bind(id.0).bind(LOG_MAX)).await?;
    delivery.log = Some(rows.iter().rev().map(read_attempt).collect::<Result<_, Error>>()?);
    Ok(delivery)
}

/// Sends a message of the type `ping` to an endpoint, in one attempt.
pub async fn test(tx: &Tx, id: WebhookEndpointId) -> Result<WebhookDelivery, Error> {
    endpoint::locked(tx, id).await?;
    check_room(tx, id).await?;
    let delivery_id = WebhookDeliveryId(tx.next_id());
    let statement = Columns::of(
        "insert into webhook_delivery (tenant_id, id, endpoint_id, event_id, kind, command_id, document_kind, document_id, \
             position, written, occurred_at, recorded_at, next_at, expires_at, created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $3, 0, 0, $8, $8, $8, $8, $8, $8)",
    )
    .value("tenant_id", tx.tenant_id.0)
    .value("id", delivery_id.0)
    .value("endpoint_id", id.0)
    .value("event_id", tx.next_id())
    .value("kind", TEST)
    .value("command_id", tx.next_command_id().0)
    .value("document_kind", "webhook_endpoint")
    .value("occurred_at", tx.now);
    statement.execute(tx).await?;
    find(tx, delivery_id).await
}

/// Sends a delivery again, from the beginning of its schedule. An attempt under way loses its lease, so its outcome is only logged.
pub async fn retry(tx: &Tx, id: WebhookDeliveryId) -> Result<WebhookDelivery, Error> {
    let endpoint_id = find(tx, id).await?.endpoint_id;
    endpoint::locked(tx, endpoint_id).await?;
    if find(tx, id).await?.status != Status::Pending {
        check_room(tx, endpoint_id).await?;
    }
    let statement = "update webhook_delivery set status = 'pending', tries = 0, next_at = $3, leased_by = null, lease_until = null, \
             expires_at = case when kind = 'ping' then expires_at end, updated_at = $3, version = version + 1 \
         where tenant_id = $1 and id = $2";
    tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(tx.now)).await?;
    find(tx, id).await
}

/// Rejects a further delivery if the most that may wait for an endpoint already do. The endpoint is locked.
async fn check_room(tx: &Tx, id: WebhookEndpointId) -> Result<(), Error> {
    let query = "select count(*) as waiting from (select from webhook_delivery \
                     where tenant_id = $1 and endpoint_id = $2 and status = 'pending' limit $3) w";
    let row = tx.row(sqlx::query(query).bind(tx.tenant_id.0).bind(id.0).bind(WAITING_MAX)).await?;
    let row = row.ok_or_else(|| Error::invariant("an aggregate returns one row"))?;
    if row.try_get::<i64, _>("waiting")? >= WAITING_MAX {
        let detail = format!(
            "{WAITING_MAX} deliveries wait for this endpoint, which is the most: try again when some have ended."
        );
        return Err(Refusal::state(detail).into());
    }
    Ok(())
}

const SELECT: &str = "select id, endpoint_id, event_id, kind, status, attempts, case when status = 'pending' then next_at end as next_at, \
        http_status, error, version, created_at, updated_at \
     from webhook_delivery where tenant_id = ";

async fn find(tx: &Tx, id: WebhookDeliveryId) -> Result<WebhookDelivery, Error> {
    let rows = Listing::new(tx, SELECT).with("id = ", Some(id.0)).rows(tx).await?;
    read(rows.first().ok_or_else(|| Refusal::not_found("webhook delivery"))?)
}

fn read(row: &PgRow) -> Result<WebhookDelivery, Error> {
    Ok(WebhookDelivery {
        id: WebhookDeliveryId(row.try_get("id")?),
        object: tag::WebhookDelivery,
        endpoint_id: WebhookEndpointId(row.try_get("endpoint_id")?),
        event_id: EventId(row.try_get("event_id")?),
        kind: row.try_get("kind")?,
        status: word(row, "status")?,
        attempts: row.try_get("attempts")?,
        next_attempt_at: row.try_get("next_at")?,
        response_status: row.try_get("http_status")?,
        error: row.try_get("error")?,
        log: None,
        version: row.try_get("version")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

fn read_attempt(row: &PgRow) -> Result<WebhookAttempt, Error> {
    Ok(WebhookAttempt {
        number: row.try_get("number")?,
        attempted_at: row.try_get("attempted_at")?,
        duration_ms: row.try_get("duration_ms")?,
        response_status: row.try_get("http_status")?,
        error: row.try_get("error")?,
        request: row.try_get("request")?,
        response: row.try_get("response")?,
        is_cut: row.try_get("is_cut")?,
    })
}
