//! Endpoints: addresses of other systems, each with the events that it wants and its secret.

use chrono::{DateTime, Utc};
use domain::id::WebhookEndpointId;
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::text::Name;
use domain::text_enum;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};

use super::secret::{Revealed, Secret, overlap_end};
use super::{API_VERSION, Settings, object};
use crate::columns::Columns;
use crate::event::{self, FeedPosition};
use crate::input::{Change, Patched, each_once};
use crate::listing::{Listing, Slice, word};
use crate::scope::Scope;
use crate::{Caller, Error, Tx, input, room};

/// Most endpoints of a tenant.
pub const ENDPOINTS_MAX: usize = 20;
/// Most types of an endpoint.
const TYPES_MAX: usize = 20;
/// Most characters of a type.
const TYPE_LENGTH_MAX: usize = 64;

text_enum! {
    /// The content of a message.
    #[derive(Default)]
    #[schema(as = WebhookPayload)]
    pub enum Payload {
        /// The object is named by its id and path.
        #[default]
        Thin,
        /// A record is whole, as it is when the message is sent. A document is named.
        Full,
    }
}

/// An endpoint of webhooks, without its secret.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WebhookEndpoint {
    /// Id of the endpoint.
    pub id: WebhookEndpointId,
    /// Always `webhook_endpoint`.
    pub object: tag::WebhookEndpoint,
    /// Address that messages are sent to.
    #[schema(max_length = 2000, example = "https://hooks.example/stockwell")]
    pub url: String,
    /// Purpose of the endpoint.
    #[schema(max_length = 200, example = "ERP")]
    pub description: Option<String>,
    /// Types of events that are sent. `*` matches anything.
    #[schema(max_items = 20, example = json!(["order.*"]))]
    pub event_types: Vec<String>,
    /// `thin` names the object of an event, `full` contains it if it is a record.
    pub payload: Payload,
    /// Version of the API in which messages are written.
    #[schema(value_type = String, max_length = 8, example = "v1")]
    pub api_version: &'static str,
    /// Whether events are sent. Otherwise they wait in the feed.
    pub active: bool,
    /// Reason why it was switched off: `failing` or `gone`. Null: the system did not switch it off.
    #[schema(max_length = 16, example = json!(null))]
    pub disabled_reason: Option<String>,
    /// Failed attempts since the last one that succeeded.
    #[schema(minimum = 0, example = 0)]
    pub failures: i32,
    /// Time of the first of these attempts. Null: the last attempt succeeded.
    #[schema(example = json!(null))]
    pub failing_since: Option<DateTime<Utc>>,
    /// End of the pause after failed attempts. Null if there is no pause.
    #[schema(example = json!(null))]
    pub paused_until: Option<DateTime<Utc>>,
    /// Time until which each message also has the signature of the old secret. Null if the secret was not rotated.
    #[schema(example = json!(null))]
    pub previous_secret_until: Option<DateTime<Utc>>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The fields of an endpoint that a caller can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookEndpointInput)]
pub struct EndpointInput {
    /// Address that messages are sent to, by HTTPS. Its host must be public; no redirect is followed.
    #[schema(min_length = 1, max_length = 2000, example = "https://hooks.example/stockwell")]
    pub url: String,
    /// Purpose of the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Name>,
    /// Types of events to send. `*` matches anything: `order.*`, `*.deleted`. All types if absent.
    #[serde(default = "every_type")]
    #[schema(min_items = 1, max_items = 20, example = json!(["order.*"]))]
    pub event_types: Vec<String>,
    /// `thin` names the object of an event. `full` contains it, if it is a product, category, customer, location, till, price
    /// list or price tier; the caller needs the scopes to read all these. Documents, such as orders, are always named.
    #[serde(default)]
    pub payload: Payload,
    /// Whether events are sent. While it is false they wait in the feed.
    #[serde(default = "yes")]
    #[schema(default = true, example = true)]
    pub active: bool,
}

fn every_type() -> Vec<String> {
    vec!["*".to_owned()]
}

fn yes() -> bool {
    true
}

/// The place from which events are sent again.
#[derive(Debug, Clone, Copy)]
pub enum Start {
    /// After this place of the feed.
    After(FeedPosition),
    /// From the first event at this instant or later; events of up to five minutes before may be sent too.
    Since(DateTime<Utc>),
}

/// Rejects a caller without the scopes to read the events and objects of the endpoint.
pub fn check_powers(caller: &Caller, payload: Payload) -> Result<(), Error> {
    caller.require(Scope::EventsRead)?;
    caller.limits.require_endless()?;
    match payload {
        Payload::Thin => Ok(()),
        Payload::Full => object::scopes().try_for_each(|scope| caller.require(scope)),
    }
}

/// Creates an endpoint. It gets the events from now on.
pub async fn create(
    tx: &Tx,
    caller: &Caller,
    settings: &Settings,
    input: &EndpointInput,
) -> Result<Revealed<WebhookEndpoint>, Error> {
    check_powers(caller, input.payload)?;
    check(settings, input, &[])?;
    check_room(tx).await?;
    let (id, secret) = (WebhookEndpointId(tx.next_id()), Secret::generate());
    let payload: &str = input.payload.into();
    let statement = Columns::of(
        "insert into webhook_endpoint (tenant_id, id, url, description, event_types, payload, active, secret, created_at, \
             updated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
    )
    .value("tenant_id", tx.tenant_id.0)
    .value("id", id.0)
    .value("url", input.url.as_str())
    .value("description", input.description.as_ref().map(Name::as_str))
    .value("event_types", each_once(&input.event_types))
    .value("payload", payload)
    .value("active", input.active)
    .value("secret", settings.vault.seal(tx.tenant_id, id, &secret)?)
    .value("created_at", tx.now);
    statement.execute(tx).await?;
    let now = FeedPosition::before(event::horizon(tx).await?);
    let begin = "insert into webhook_cursor (tenant_id, endpoint_id, position, written, event_id) values ($1, $2, $3, $4, $5)";
    let begin = sqlx::query(begin).bind(tx.tenant_id.0).bind(id.0).bind(now.0).bind(now.1).bind(now.2);
    tx.execute(begin).await?;
    Ok(Revealed { record: get(tx, id).await?, secret })
}

/// Changes an endpoint that is still at version `expected`. Switching it on ends its pause.
pub async fn update(
    tx: &Tx,
    (id, caller, settings): (WebhookEndpointId, &Caller, &Settings),
    expected: Option<i32>,
    change: Change<'_, EndpointInput>,
) -> Result<Patched<WebhookEndpoint>, Error> {
    let before = locked(tx, id).await?;
    input::check_version(before.version, expected)?;
    let present = EndpointInput {
        url: before.url,
        description: before.description.as_deref().map(Name::stored),
        event_types: before.event_types,
        payload: before.payload,
        active: before.active,
    };
    let Some(next) = change(&present)? else {
        check_powers(caller, present.payload)?;
        return Ok(Patched::unchanged(get(tx, id).await?));
    };
    check_powers(caller, next.payload)?;
    check(settings, &next, &present.event_types)?;
    let payload: &str = next.payload.into();
    let statement = "update webhook_endpoint set url = $3, description = $4, event_types = $5, payload = $6, active = $7, \
             disabled_reason = case when $7 then null else disabled_reason end, updated_at = $8, version = version + 1 \
         where tenant_id = $1 and id = $2";
    let statement = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(id.0)
        .bind(next.url.as_str())
        .bind(next.description.as_ref().map(Name::as_str))
        .bind(each_once(&next.event_types))
        .bind(payload)
        .bind(next.active)
        .bind(tx.now);
    statement.execute(tx).await?;
    if next.active && !before.active {
        let rested = "update webhook_cursor set failures = 0, failing_since = null, paused_until = null \
                      where tenant_id = $1 and endpoint_id = $2";
        tx.execute(sqlx::query(rested).bind(tx.tenant_id.0).bind(id.0)).await?;
    }
    Ok(Patched::changed(get(tx, id).await?))
}

/// Deletes an endpoint, and ends its deliveries. Nothing more is sent to it. An attempt under way loses its lease, so its outcome is
/// only logged.
pub async fn delete(tx: &Tx, id: WebhookEndpointId, expected: Option<i32>) -> Result<(), Error> {
    input::check_version(locked(tx, id).await?.version, expected)?;
    for statement in [
        "update webhook_endpoint set deleted_at = $3, updated_at = $3, active = false, version = version + 1 \
         where tenant_id = $1 and id = $2",
        "update webhook_delivery set status = 'dead', leased_by = null, lease_until = null, updated_at = $3, version = version + 1 \
         where tenant_id = $1 and endpoint_id = $2 and status = 'pending'",
    ] {
        tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(tx.now)).await?;
    }
    Ok(())
}

/// Gives an endpoint a new secret. For `overlap_seconds` messages have the signatures of both.
pub async fn rotate(
    tx: &Tx,
    settings: &Settings,
    id: WebhookEndpointId,
    overlap_seconds: u32,
) -> Result<Revealed<WebhookEndpoint>, Error> {
    let until = overlap_end(tx.now, overlap_seconds)?;
    locked(tx, id).await?;
    let secret = Secret::generate();
    let statement = "update webhook_endpoint set previous_secret = case when $4::timestamptz is null then null else secret end, \
             previous_until = $4, secret = $3, updated_at = $5, version = version + 1 \
         where tenant_id = $1 and id = $2";
    let sealed = settings.vault.seal(tx.tenant_id, id, &secret)?;
    let statement =
        sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(sealed).bind(until).bind(tx.now);
    tx.execute(statement).await?;
    Ok(Revealed { record: get(tx, id).await?, secret })
}

/// Moves the cursor of an endpoint, so that the events from there on are sent, also those that were sent before.
pub async fn replay(tx: &Tx, id: WebhookEndpointId, start: Start) -> Result<WebhookEndpoint, Error> {
    locked(tx, id).await?;
    let end = FeedPosition::before(event::horizon(tx).await?);
    let place = match start {
        Start::After(place) => place,
        Start::Since(instant) => event::place_before(tx, instant, end).await?,
    };
    let place = place.min(end);
    let statement = "update webhook_cursor set position = $3, written = $4, event_id = $5 \
                     where tenant_id = $1 and endpoint_id = $2";
    let statement = sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0);
    tx.execute(statement.bind(place.0).bind(place.1).bind(place.2)).await?;
    let changed =
        "update webhook_endpoint set updated_at = $3, version = version + 1 where tenant_id = $1 and id = $2";
    tx.execute(sqlx::query(changed).bind(tx.tenant_id.0).bind(id.0).bind(tx.now)).await?;
    get(tx, id).await
}

pub async fn list(tx: &Tx, slice: &Slice) -> Result<Vec<WebhookEndpoint>, Error> {
    Listing::new(tx, SELECT).page(tx, "e.id", slice).await?.iter().map(read).collect()
}

pub async fn get(tx: &Tx, id: WebhookEndpointId) -> Result<WebhookEndpoint, Error> {
    let rows = Listing::new(tx, SELECT).with("e.id = ", Some(id.0)).rows(tx).await?;
    read(rows.first().ok_or_else(|| Refusal::not_found("webhook endpoint"))?)
}

const SELECT: &str = "select e.id, e.url, e.description, e.event_types, e.payload, e.active, e.disabled_reason, c.failures, \
        c.failing_since, c.paused_until, case when e.previous_until > now() then e.previous_until end as previous_until, \
        e.version, e.created_at, e.updated_at \
     from webhook_endpoint e join webhook_cursor c on c.tenant_id = e.tenant_id and c.endpoint_id = e.id \
     where e.deleted_at is null and e.tenant_id = ";

/// Locks an endpoint and its cursor, the cursor first as the worker does, and returns the endpoint.
pub(super) async fn locked(tx: &Tx, id: WebhookEndpointId) -> Result<WebhookEndpoint, Error> {
    for lock in [
        "select from webhook_cursor where tenant_id = $1 and endpoint_id = $2 for update",
        "select from webhook_endpoint where tenant_id = $1 and id = $2 for update",
    ] {
        tx.row(sqlx::query(lock).bind(tx.tenant_id.0).bind(id.0)).await?;
    }
    get(tx, id).await
}

/// Checks an endpoint, which had the types `before`: those need not be known any more.
fn check(settings: &Settings, input: &EndpointInput, before: &[String]) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    if let Err(detail) = settings.reach.read_url(&input.url) {
        problems.invalid("/url", detail);
    }
    if let Some(description) = &input.description {
        description.check(&mut problems, "/description");
    }
    if input.event_types.is_empty() || input.event_types.len() > TYPES_MAX {
        problems
            .invalid("/event_types", format!("Name 1 to {TYPES_MAX} types, or leave the field out for all."));
    }
    let known = |letter: u8| letter.is_ascii_lowercase() || b"_.*".contains(&letter);
    for (index, name) in input.event_types.iter().enumerate().take(TYPES_MAX) {
        if name.is_empty() || name.len() > TYPE_LENGTH_MAX || !name.bytes().all(known) {
            let detail = format!(
                "Expected a type of at most {TYPE_LENGTH_MAX} letters, such as order.confirmed, order.* or *.deleted."
            );
            problems.invalid(format!("/event_types/{index}"), detail);
        } else if !event::is_known(name) && !before.contains(name) {
            let detail = format!(
                "No event has the type {name}. Send one of docs/events.md, or a pattern such as order.*."
            );
            problems.invalid(format!("/event_types/{index}"), detail);
        }
    }
    problems.check()
}

/// Rejects a further endpoint if the tenant has the most that it may have.
async fn check_room(tx: &Tx) -> Result<(), Error> {
    let count =
        "select count(*) as records from webhook_endpoint where tenant_id = $1 and deleted_at is null";
    let detail = format!("A tenant may have at most {ENDPOINTS_MAX} webhook endpoints: delete one first.");
    room::check_room(tx, "webhook endpoints", count, ENDPOINTS_MAX, detail).await
}

fn read(row: &PgRow) -> Result<WebhookEndpoint, Error> {
    Ok(WebhookEndpoint {
        id: WebhookEndpointId(row.try_get("id")?),
        object: tag::WebhookEndpoint,
        url: row.try_get("url")?,
        description: row.try_get("description")?,
        event_types: row.try_get("event_types")?,
        payload: word(row, "payload")?,
        api_version: API_VERSION,
        active: row.try_get("active")?,
        disabled_reason: row.try_get("disabled_reason")?,
        failures: row.try_get("failures")?,
        failing_since: row.try_get("failing_since")?,
        paused_until: row.try_get("paused_until")?,
        previous_secret_until: row.try_get("previous_until")?,
        version: row.try_get("version")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}
