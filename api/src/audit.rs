//! The audit log: commands with their callers and times.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use domain::document::DocumentKind;
use domain::id::{ApiKeyId, CommandId, UserId};
use domain::tag;
use serde::{Deserialize, Serialize};
use service::audit::{self, Entry, Filter};
use service::listing::{Age, Period};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::document::parse_document_id;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::problem::{ApiError, ErrorCode};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show);
}

/// A command in the audit log. It never changes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Command {
    /// Id of the command.
    id: CommandId,
    object: tag::Command,
    /// Name of the command. New values may appear.
    #[schema(max_length = 64, example = "order.confirmed")]
    name: String,
    /// `api_key`, `user`, `operator` or `worker`.
    #[schema(max_length = 16, example = "api_key")]
    actor_kind: String,
    /// Id of the API key or user.
    #[schema(max_length = 64, example = "key_01h455vb4pex5vsknk084sn02q")]
    actor_id: String,
    /// Current name of the API key or user.
    #[schema(max_length = 200, example = "Web shop")]
    actor_name: Option<String>,
    /// HTTP status of the response. From 400 on, the command was rejected and changed nothing.
    #[schema(minimum = 200, maximum = 599, example = 200)]
    status: i16,
    /// Id of the document or record that it created or changed.
    #[schema(max_length = 64, example = "ord_01h455vb4pex5vsknk084sn02q")]
    document_id: Option<String>,
    /// When it was recorded.
    created_at: DateTime<Utc>,
}

impl From<Entry> for Command {
    fn from(entry: Entry) -> Self {
        let kind = DocumentKind::of_command(&entry.name);
        let document_id = |id: Uuid| kind.map_or_else(|| id.to_string(), |kind| kind.encode(id));
        Command {
            id: entry.id,
            object: tag::Command,
            actor_id: actor_id(&entry.actor_kind, entry.actor_id),
            actor_kind: entry.actor_kind,
            actor_name: entry.actor_name,
            status: entry.status,
            document_id: entry.document_id.map(document_id),
            name: entry.name,
            created_at: entry.recorded_at,
        }
    }
}

/// Returns the id of an actor in the API's form.
pub fn actor_id(actor_kind: &str, id: Uuid) -> String {
    let prefix = match actor_kind {
        "api_key" => Some(ApiKeyId::PREFIX),
        "user" => Some(UserId::PREFIX),
        _ => None,
    };
    text(prefix, id)
}

fn text(prefix: Option<&str>, id: Uuid) -> String {
    prefix.map_or_else(|| id.to_string(), |prefix| domain::id::encode(prefix, id))
}

/// Which commands to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only commands that created or changed this document or record.
    #[param(max_length = 64, example = "ord_01h455vb4pex5vsknk084sn02q")]
    document_id: Option<String>,
    /// Only commands with this name.
    #[param(max_length = 64, example = "order.confirmed")]
    name: Option<String>,
    /// Only commands of this API key or user.
    #[param(max_length = 64, example = "key_01h455vb4pex5vsknk084sn02q")]
    actor_id: Option<String>,
    /// Recorded at this instant or later.
    #[serde(rename = "created_at[gte]")]
    created_from: Option<DateTime<Utc>>,
    /// Recorded before this instant.
    #[serde(rename = "created_at[lt]")]
    created_to: Option<DateTime<Utc>>,
    sort: Option<Age>,
}

/// Returns the UUID of an id that has one of `prefixes`.
fn parse_id(
    text: &str,
    mut prefixes: impl Iterator<Item = &'static str>,
    parameter: &str,
) -> Result<Uuid, ApiError> {
    prefixes.find_map(|prefix| domain::id::decode(prefix, text).ok()).ok_or_else(|| {
        ApiError::new(
            ErrorCode::InvalidParameter,
            "Expected the id of an API key or user, such as key_01h455vb4pex5vsknk084sn02q.",
        )
        .at_parameter(parameter)
    })
}

/// List commands
///
/// Returns one page of the audit log: every command, accepted or rejected, with its caller.
#[utoipa::path(
    operation_id = "commands_list",
    security(("bearer" = ["ledger:read"])),
    params(Filters),
    responses((status = 200, description = "One page of commands.", body = Page<Command>))
)]
#[get("/v1/commands")]
async fn list(app: Data<App>, caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let actors = || [ApiKeyId::PREFIX, UserId::PREFIX].into_iter();
    let document_id = filters.document_id.as_deref();
    let actor_id = filters.actor_id.as_deref();
    let filter = Filter {
        document_id: document_id.map(|text| parse_document_id(text, "document_id")).transpose()?,
        name: filters.name.clone(),
        actor_id: actor_id.map(|text| parse_id(text, actors(), "actor_id")).transpose()?,
        recorded: Period { from: filters.created_from, to: filters.created_to },
    };
    let slice = list.slice(filters.sort)?;
    let read = async |tx: &service::Tx| audit::list(tx, &filter, &slice).await;
    let entries = app.db.read(caller.tenant_id, read).await?;
    list.answer(entries.into_iter().map(Command::from).collect(), |command| command.id.0)
}

/// Get a command
///
/// Returns one command with its caller, its time and its document.
#[utoipa::path(
    operation_id = "commands_get",
    security(("bearer" = ["ledger:read"])),
    params(("id" = CommandId, Path, description = "The command's id.")),
    responses((status = 200, description = "The command.", body = Command))
)]
#[get("/v1/commands/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<CommandId>) -> Answer {
    let entry = app.db.read(caller.tenant_id, async |tx| audit::get(tx, id.0).await).await?;
    Ok(HttpResponse::Ok().json(Command::from(entry)))
}
