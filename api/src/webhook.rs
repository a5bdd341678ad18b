//! Webhooks: endpoints, their secrets, and what was sent to them.

mod delivery;

use actix_web::web::Data;
use actix_web::{delete, get, patch, post};
use domain::id::{WebhookDeliveryId, WebhookEndpointId};
use domain::moment::Instant;
use domain::refusal::Refusal;
use serde::{Deserialize, Serialize};
use service::Tx;
use service::listing::{Age, Slice};
use service::webhook::delivery::WebhookDelivery;
use service::webhook::endpoint::{self, EndpointInput, Start, WebhookEndpoint};
use service::webhook::secret::Revealed;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::body::{Body, Input};
use crate::event;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::patch::Patch;
use crate::record::record;
use crate::signing_secret::{RotateSecretIn, secret_schema};
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{MergePatch, Secret, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(create).service(get).service(update).service(remove);
    cfg.service(rotate).service(test).service(replay);
    cfg.configure(delivery::routes);
}

record!(WebhookEndpoint, WebhookEndpointId);
record!(WebhookDelivery, WebhookDeliveryId);

/// An endpoint with a new secret. Only this response contains the secret.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct WebhookEndpointSecret {
    /// Record of the endpoint.
    webhook_endpoint: WebhookEndpoint,
    /// The secret, with which you check the signatures of messages.
    #[schema(schema_with = secret_schema)]
    secret: Option<String>,
}

impl WebhookEndpointSecret {
    fn of(new: Revealed<WebhookEndpoint>) -> Secret<Self> {
        let secret = Some(new.reveal());
        let webhook_endpoint = new.record;
        Secret {
            id: webhook_endpoint.id.0,
            kept: WebhookEndpointSecret { webhook_endpoint: webhook_endpoint.clone(), secret: None },
            shown_once: WebhookEndpointSecret { webhook_endpoint, secret },
        }
    }
}

fn location(id: Uuid) -> String {
    format!("/v1/webhook-endpoints/{}", WebhookEndpointId(id))
}

/// Which endpoints to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    sort: Option<Age>,
}

/// The place in the feed from which events are sent again. Send exactly one of the two fields.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookReplayIn {
    /// Events after this place: a cursor of the feed, such as `resume_cursor` of `GET /v1/events`.
    #[serde(default)]
    #[schema(max_length = 1024, example = json!(null))]
    cursor: Option<String>,
    /// Events that were recorded at this instant or later. Events of up to five minutes before may be sent too.
    #[serde(default)]
    #[schema(example = "2026-11-22T00:00:00Z")]
    since: Option<Instant>,
}

/// List webhook endpoints
///
/// Returns one page of endpoints. Secrets are not shown.
#[utoipa::path(
    operation_id = "webhook_endpoints_list",
    security(("bearer" = ["webhooks:read"])),
    params(Filters),
    responses((status = 200, description = "One page of endpoints.", body = Page<WebhookEndpoint>))
)]
#[get("/v1/webhook-endpoints")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let sort = list.filters.sort;
    let read = async |tx: &Tx, slice: &Slice| endpoint::list(tx, slice).await;
    list.serve_documents(caller, sort, read, |endpoint: &WebhookEndpoint| endpoint.id.0).await
}

/// Create a webhook endpoint
///
/// Creates an endpoint and returns its secret, which is shown only once. The endpoint gets all later events. The caller
/// also needs `events:read`, and for `full` the scopes to read the objects. A tenant has at most 20 endpoints. An
/// endpoint outlives the credential that made it, so a credential with `expires_at` or `ip_allowlist` can neither create nor
/// change one.
#[utoipa::path(
    operation_id = "webhook_endpoints_create",
    security(("bearer" = ["webhooks:write"])),
    request_body = EndpointInput,
    responses((status = 201, description = "The endpoint.", body = WebhookEndpointSecret))
)]
#[post("/v1/webhook-endpoints")]
async fn create(app: Data<App>, write: Write, body: Body<EndpointInput>) -> Answer {
    let Input { value: input, raw, schema } = body.read().await?;
    let caller = write.caller();
    endpoint::check_powers(&caller, input.payload)?;
    let make = async |tx: &Tx| {
        Ok(WebhookEndpointSecret::of(endpoint::create(tx, &caller, &app.webhooks, &input).await?))
    };
    let created = write.create_secret("webhook_endpoint.created", &raw, location, make).await;
    created.map_err(|error| schema.explain(&raw, error))
}

/// Get a webhook endpoint
///
/// Returns one endpoint, without its secret.
#[utoipa::path(
    operation_id = "webhook_endpoints_get",
    security(("bearer" = ["webhooks:read"])),
    params(("id" = WebhookEndpointId, Path, description = "The endpoint's id."), ReadHeaders),
    responses((status = 200, description = "The endpoint.", body = WebhookEndpoint))
)]
#[get("/v1/webhook-endpoints/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<WebhookEndpointId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| endpoint::get(tx, id.0).await).await?;
    // Failed attempts are no changes of its version, and neither is the end of a pause or of the old secret.
    seen.answer_content(row.version, row)
}

/// Change a webhook endpoint
///
/// Takes a merge patch. Events that wait are sent to the new URL. Switching an endpoint on ends its pause; it continues where it
/// stopped. The caller also needs `events:read`, and for `full` the scopes to read the objects.
#[utoipa::path(
    operation_id = "webhook_endpoints_update",
    security(("bearer" = ["webhooks:write"])),
    params(("id" = WebhookEndpointId, Path, description = "The endpoint's id.")),
    request_body = Patch<EndpointInput>,
    responses((status = 200, description = "The endpoint as it is now.", body = WebhookEndpoint))
)]
#[patch("/v1/webhook-endpoints/{id}")]
async fn update(
    app: Data<App>,
    write: Write,
    id: PathId<WebhookEndpointId>,
    body: Body<MergePatch>,
) -> Answer {
    let caller = write.caller();
    write
        .patch("webhook_endpoint.updated", body, async |tx, expected, change| {
            endpoint::update(tx, (id.0, &caller, &app.webhooks), expected, change).await
        })
        .await
}

/// Delete a webhook endpoint
///
/// Deletes the endpoint: no later event is sent to it, and waiting deliveries are given up. A message under way may
/// still arrive. Its deliveries can be read for 30 days.
#[utoipa::path(
    operation_id = "webhook_endpoints_delete",
    security(("bearer" = ["webhooks:write"])),
    params(("id" = WebhookEndpointId, Path, description = "The endpoint's id.")),
    responses((status = 204, description = "The endpoint is deleted."))
)]
#[delete("/v1/webhook-endpoints/{id}")]
async fn remove(write: Write, id: PathId<WebhookEndpointId>) -> Answer {
    let end = async |tx: &Tx, expected| endpoint::delete(tx, id.0, expected).await;
    write.delete("webhook_endpoint.deleted", Some(id.0.0), end).await
}

/// Rotate the secret of a webhook endpoint
///
/// Returns a new secret, which is shown only once. For `overlap_seconds` each message has two signatures, so that the
/// receiver can change over at any time.
#[utoipa::path(
    operation_id = "webhook_endpoints_rotate_secret",
    security(("bearer" = ["webhooks:write"])),
    params(("id" = WebhookEndpointId, Path, description = "The endpoint's id.")),
    request_body = RotateSecretIn,
    responses((status = 201, description = "The endpoint with its new secret.", body = WebhookEndpointSecret))
)]
#[post("/v1/webhook-endpoints/{id}/rotate-secret")]
async fn rotate(
    app: Data<App>,
    write: Write,
    id: PathId<WebhookEndpointId>,
    body: Body<RotateSecretIn>,
) -> Answer {
    let input = body.read().await?;
    let seconds = input.value.overlap_seconds;
    let make = async |tx: &Tx| {
        Ok(WebhookEndpointSecret::of(endpoint::rotate(tx, &app.webhooks, id.0, seconds).await?))
    };
    let rotated = write.create_secret("webhook_endpoint.secret_rotated", &input.raw, location, make).await;
    rotated.map_err(|error| input.explain(error))
}

/// Test a webhook endpoint
///
/// Sends a message of the type `ping`, in one attempt, also if the endpoint is switched off. Read the delivery to see the response.
/// Rejected if 1,000 deliveries wait for the endpoint (409).
#[utoipa::path(
    operation_id = "webhook_endpoints_test",
    security(("bearer" = ["webhooks:write"])),
    params(("id" = WebhookEndpointId, Path, description = "The endpoint's id.")),
    responses((status = 200, description = "The delivery of the test.", body = WebhookDelivery))
)]
#[post("/v1/webhook-endpoints/{id}/test")]
async fn test(write: Write, id: PathId<WebhookEndpointId>) -> Answer {
    let send = async |tx: &Tx| service::webhook::delivery::test(tx, id.0).await;
    write.change("webhook_delivery.tested", send).await
}

/// Send events again
///
/// Moves the endpoint to a place of the feed. It gets every event after that place, in order. Events that it got before
/// have the same `webhook-id` again. A later place skips events.
#[utoipa::path(
    operation_id = "webhook_endpoints_replay",
    security(("bearer" = ["webhooks:write"])),
    params(("id" = WebhookEndpointId, Path, description = "The endpoint's id.")),
    request_body = WebhookReplayIn,
    responses((status = 200, description = "The endpoint.", body = WebhookEndpoint))
)]
#[post("/v1/webhook-endpoints/{id}/replay")]
async fn replay(
    app: Data<App>,
    write: Write,
    id: PathId<WebhookEndpointId>,
    body: Body<WebhookReplayIn>,
) -> Answer {
    let caller = write.caller();
    let start = async |tx: &Tx, input: &WebhookReplayIn| {
        let start = start(&app, &caller, input)?;
        Ok((Some(id.0.0), endpoint::replay(tx, id.0, start).await?))
    };
    write.step("webhook_endpoint.replayed", body, start).await
}

fn start(app: &App, caller: &service::Caller, input: &WebhookReplayIn) -> Result<Start, Refusal> {
    match (&input.cursor, input.since) {
        (Some(cursor), None) => {
            let place = event::open(&app.cursor_key, caller.tenant_id, cursor);
            place.map(Start::After).ok_or_else(|| {
                let detail =
                    "This is no cursor of the feed: send next_cursor or resume_cursor of GET /v1/events.";
                Refusal::invalid("/cursor", detail)
            })
        }
        (None, Some(since)) => Ok(Start::Since(since.get())),
        _ => {
            let detail = "Send either cursor or since.";
            Err(Refusal::invalid("/since", detail))
        }
    }
}
