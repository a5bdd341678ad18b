//! The feed of events, read page by page in an order that never changes.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::document::DocumentKind;
use domain::id::{CommandId, EventId, TenantId};
use domain::tag;
use serde::{Deserialize, Serialize};
use service::event::{self, FeedPosition, Filter};
use service::known;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::cursor::CursorKey;
use crate::document::parse_document_id;
use crate::list::{LIMIT_DEFAULT, LIMIT_MAX, invalid_cursor, invalid_limit};
use crate::params::{Params, listed};
use crate::problem::{ApiError, ErrorCode};
use crate::{Answer, App, Caller};

/// Most types of a request.
const TYPES_MAX: usize = 20;
/// Most characters of a type.
const TYPE_LENGTH_MAX: usize = 64;
/// The form of a type, as the description states it. [`checked_types`] checks the same.
pub(crate) const TYPE_PATTERN: &str = r"^[a-z_.*]{1,64}$";

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list);
}

/// An event. It never changes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Event {
    /// Id of the event. An event may reach you more than once, always with the same id.
    id: EventId,
    object: tag::Event,
    /// Type of the event. New values may appear.
    #[serde(rename = "type")]
    #[schema(max_length = 64, example = "order.confirmed")]
    kind: String,
    /// When it happened. It is before `created_at` if it was recorded late.
    occurred_at: DateTime<Utc>,
    /// When it was recorded.
    created_at: DateTime<Utc>,
    /// The command that caused it. The audit log has its caller.
    command_id: CommandId,
    /// Subject of the event.
    data: EventData,
}

/// Subject of an event.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct EventData {
    /// The document or record. Read it for its present state.
    object: EventSubject,
    /// Path of a list that begins with what the command wrote, if it wrote several records, as an import does. Null otherwise.
    #[schema(max_length = 200, example = json!(null))]
    changes: Option<String>,
}

/// Returns the list of the records that a command of this name wrote at an instant, in the order of their changes.
fn changes(command: &str, at: DateTime<Utc>) -> Option<String> {
    let path = DocumentKind::of_command(command)?.synced_list()?;
    let at = at.to_rfc3339_opts(SecondsFormat::Micros, true);
    Some(format!("{path}?updated_at%5Bgte%5D={at}&sort=updated_at"))
}

/// A document or record. If one command made many records, it is the command.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct EventSubject {
    /// Id of the object.
    #[schema(max_length = 64, example = "ord_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// Type of the object.
    #[schema(max_length = 32, example = "order")]
    object: String,
    /// Path to read it. Null: nothing more can be read.
    #[schema(max_length = 200, example = "/v1/orders/ord_01h455vb4pex5vsknk084sn02q")]
    url: Option<String>,
}

impl From<&event::Event> for Event {
    fn from(event: &event::Event) -> Self {
        Event {
            id: event.id,
            object: tag::Event,
            kind: event.kind.clone(),
            occurred_at: event.occurred_at,
            created_at: event.recorded_at,
            command_id: event.command_id,
            data: EventData {
                object: EventSubject::of(&event.document_kind, event.document_id),
                changes: (event.document_kind == DocumentKind::Command.word())
                    .then(|| changes(&event.kind, event.recorded_at))
                    .flatten(),
            },
        }
    }
}

/// Returns an event as the feed shows it.
pub fn shown(event: &event::Event) -> serde_json::Result<serde_json::Value> {
    serde_json::to_value(Event::from(event))
}

impl EventSubject {
    fn of(document_kind: &str, document_id: Uuid) -> Self {
        let Ok(kind) = document_kind.parse::<DocumentKind>() else {
            // A newer version wrote it.
            return EventSubject { id: document_id.to_string(), object: document_kind.to_owned(), url: None };
        };
        let (id, url) = (kind.encode(document_id), kind.path(document_id));
        EventSubject { id, object: kind.object().to_owned(), url }
    }
}

/// One page of the feed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct EventPage {
    object: tag::List,
    /// The events, oldest first.
    #[schema(max_items = 200)]
    data: Vec<Event>,
    /// Position of the page in the feed.
    page: EventPageInfo,
}

/// Position of a page in the feed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct EventPageInfo {
    /// Most events of a page, as requested.
    #[schema(minimum = 1, maximum = 200, example = 50)]
    limit: u32,
    /// Whether more events can be read now. A page may be short or empty although more events follow.
    #[schema(example = false)]
    has_more: bool,
    /// Cursor of the next page. Null at the present end of the feed.
    #[schema(max_length = 1024, required = true, example = json!(null))]
    next_cursor: Option<String>,
    /// Cursor of the end of this page, never null. Store it with the results of the page, and send it as `cursor` to
    /// continue at any later time. It is also valid as `Last-Event-ID` of the stream.
    #[schema(max_length = 1024, example = "AmX2Ow")]
    resume_cursor: String,
}

/// Parameters of the feed.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FeedParams {
    /// Most events of the page.
    #[param(minimum = 1, maximum = 200, default = 50, example = 50)]
    limit: Option<u32>,
    /// `next_cursor` or `resume_cursor` of a page, or the id of a message of the stream. It fits any filter.
    #[param(max_length = 1024, example = "")]
    cursor: Option<String>,
    /// Types, separated by commas or sent repeatedly. `*` matches anything: `order.*`, `*.deleted`.
    #[serde(default, rename = "type", deserialize_with = "listed")]
    #[param(style = Form, explode = false, value_type = Vec<String>, max_items = 20, example = json!(["order.*"]))]
    kinds: Vec<String>,
    /// Only events about this document or record.
    #[param(max_length = 64, example = "ord_01h455vb4pex5vsknk084sn02q")]
    document_id: Option<String>,
}

/// Returns the position in a cursor of the feed.
pub(crate) fn open(key: &CursorKey, tenant_id: TenantId, cursor: &str) -> Option<FeedPosition> {
    serde_json::from_slice(&key.open(&feed_of(tenant_id), cursor)?).ok()
}

/// Returns the cursor of a position in the feed.
pub(crate) fn seal(key: &CursorKey, tenant_id: TenantId, place: FeedPosition) -> Result<String, ApiError> {
    key.seal(&feed_of(tenant_id), &serde_json::to_vec(&place).map_err(ApiError::internal)?)
}

/// Returns what a cursor of the feed is bound to.
fn feed_of(tenant_id: TenantId) -> String {
    format!("{tenant_id} feed")
}

/// Checks types with stars, which the caller sent as `parameter`.
pub(crate) fn checked_types(types: Vec<String>, parameter: &str) -> Result<Vec<String>, ApiError> {
    let known = |letter: u8| letter.is_ascii_lowercase() || b"_.*".contains(&letter);
    let sound = |name: &String| name.len() <= TYPE_LENGTH_MAX && name.bytes().all(known);
    if types.len() <= TYPES_MAX && types.iter().all(sound) {
        return Ok(types);
    }
    let detail = format!(
        "Send at most {TYPES_MAX} types of at most {TYPE_LENGTH_MAX} letters, such as order.confirmed, order.* or *.deleted."
    );
    Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter(parameter))
}

/// Checks types with stars, which the caller sent as `parameter`, and rejects those that no event has.
pub(crate) fn known_types(types: Vec<String>, parameter: &str) -> Result<Vec<String>, ApiError> {
    let types = checked_types(types, parameter)?;
    if let Some(name) = types.iter().find(|name| !event::is_known(name)) {
        let detail = format!(
            "No event has the type `{name}`. Send one of docs/events.md, or a pattern such as order.*."
        );
        return Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter(parameter));
    }
    Ok(types)
}

/// Read the feed of events
///
/// Returns all events, oldest first, from the first day on. The order never changes, and no event is inserted before
/// one that was read. If you continue from `resume_cursor`, each event comes exactly once. An event appears when every
/// write that began before its own has ended, usually at once.
#[utoipa::path(
    operation_id = "events_list",
    security(("bearer" = ["events:read"])),
    params(FeedParams),
    responses((status = 200, description = "One page of events.", body = EventPage))
)]
#[get("/v1/events")]
async fn list(app: Data<App>, caller: Caller, params: Params<FeedParams>) -> Answer {
    let (key, tenant_id) = (&app.cursor_key, caller.tenant_id);
    let Params(FeedParams { limit, cursor, kinds, document_id }) = params;
    let limit = limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(invalid_limit());
    }
    let cursor = cursor.filter(|cursor| !cursor.is_empty());
    let after = cursor.map(|cursor| open(key, tenant_id, &cursor).ok_or_else(invalid_cursor)).transpose()?;
    let filter = Filter {
        kinds: known_types(kinds, "type")?,
        document_id: document_id.as_deref().map(|id| parse_document_id(id, "document_id")).transpose()?,
    };
    // A reader who continues may wait for the next event.
    let begins = after.is_none();
    let after = after.unwrap_or_default();
    let read = async |tx: &service::Tx| {
        let feed = event::list(tx, &filter, after, limit as usize).await?;
        let is_empty = feed.events.is_empty() && !feed.has_more;
        // A record that was deleted has events, which the types may leave out.
        if let Some(id) = filter.document_id.filter(|_| begins && is_empty)
            && !event::has_events_about(tx, id).await?
        {
            known::check_id(tx, "document_id", document_id.clone()).await?;
        }
        Ok(feed)
    };
    let feed = app.db.read(tenant_id, read).await.map_err(|error| ApiError::from(error).in_query())?;
    let resume_cursor = seal(key, tenant_id, feed.end)?;
    Ok(HttpResponse::Ok().json(EventPage {
        object: tag::List,
        data: feed.events.iter().map(Event::from).collect(),
        page: EventPageInfo {
            limit,
            has_more: feed.has_more,
            next_cursor: feed.has_more.then(|| resume_cursor.clone()),
            resume_cursor,
        },
    }))
}
