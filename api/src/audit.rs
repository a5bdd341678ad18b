//! The audit log: commands with their callers and times.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use domain::id::{ApiKeyId, CommandId, CustomerSessionId, UserId};
use domain::moment::Instant;
use serde::Deserialize;
use service::Tx;
use service::audit::{self, Command, Filter};
use service::listing::{Age, Period, Slice};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::document::parse_document_id;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::problem::{ApiError, ErrorCode};
use crate::{Answer, App, Caller};

pub use service::audit::actor_id;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show);
}

/// Which commands to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only commands that created or changed this document or record, also beside their own, such as payments of an invoice. An import or a
    /// batch of records is not found by its records: use `name`, such as `product.imported`.
    #[param(max_length = 64, example = "ord_01h455vb4pex5vsknk084sn02q")]
    document_id: Option<String>,
    /// Only commands that created or changed the document or customer with this number.
    #[param(max_length = 64, example = "SO-2026-000123")]
    number: Option<String>,
    /// Only commands with this name.
    #[param(max_length = 64, example = "order.confirmed")]
    name: Option<String>,
    /// Only commands of this API key, user or customer session.
    #[param(max_length = 64, example = "key_01h455vb4pex5vsknk084sn02q")]
    actor_id: Option<String>,
    /// Recorded at this instant or later.
    #[serde(rename = "created_at[gte]")]
    created_from: Option<Instant>,
    /// Recorded before this instant.
    #[serde(rename = "created_at[lt]")]
    created_to: Option<Instant>,
    sort: Option<Age>,
}

/// Returns the UUID of the API key, user or customer session that the parameter `actor_id` names.
pub(crate) fn parse_actor_id(text: &str) -> Result<Uuid, ApiError> {
    let mut prefixes = [ApiKeyId::PREFIX, UserId::PREFIX, CustomerSessionId::PREFIX].into_iter();
    prefixes.find_map(|prefix| domain::id::decode(prefix, text).ok()).ok_or_else(|| {
        ApiError::new(
            ErrorCode::InvalidParameter,
            "Expected the id of an API key, user or customer session, such as key_01h455vb4pex5vsknk084sn02q.",
        )
        .at_parameter("actor_id")
    })
}

/// List commands
///
/// Returns one page of the audit log: every accepted command, and rejected commands that post a document, each with its caller.
///
/// With `document_id` the page has the commands that created or changed the document or record. A receipt that is allocated to a waiting
/// order is among the commands of the order, and payments, applications and their reversals are among those of the invoices, credit notes
/// and bills that they settle. A voucher has its sales and refunds, a journal entry the command that posted it. A till sale is not found by
/// its refunds, a till session not by its sales, a receipt not by later bills and landed costs, and a payment not by matches with the
/// bank. With `number` the page has the same of a document or customer that is known by its number, such
/// as an order, an invoice or a till sale. An import or a batch of records is one command without a `document_id`, and the log does not
/// list its records. So `document_id` of a product does not find the import that changed it: `name=product.imported` lists all imports of
/// products, and `name=product.batch_created` all batches.
#[utoipa::path(
    operation_id = "commands_list",
    security(("bearer" = ["ledger:read"])),
    params(Filters),
    responses((status = 200, description = "One page of commands.", body = Page<Command>))
)]
#[get("/v1/commands")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let document_id = filters.document_id.as_deref();
    let actor_id = filters.actor_id.as_deref();
    if let Some(name) = filters.name.as_deref().filter(|name| !domain::event::is_command(name)) {
        let detail = format!("No command has the name `{name}`. Send one such as order.confirmed.");
        return Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("name"));
    }
    let filter = Filter {
        document_id: document_id.map(|text| parse_document_id(text, "document_id")).transpose()?,
        number: filters.number.clone(),
        name: filters.name.clone(),
        actor_id: actor_id.map(parse_actor_id).transpose()?,
        recorded: Period::new(filters.created_from, filters.created_to),
    };
    let sort = filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| audit::list(tx, &filter, slice).await;
    list.serve_documents(caller, sort, read, |command: &Command| command.id.0).await
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
    Ok(HttpResponse::Ok().json(entry))
}
