//! Deliveries of webhooks: list, get, send again.

use actix_web::web::Data;
use actix_web::{get, post};
use domain::id::{WebhookDeliveryId, WebhookEndpointId};
use serde::Deserialize;
use service::Tx;
use service::listing::{Age, Slice};
use service::webhook::delivery::{self, Filter, Status, WebhookDelivery};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::list::{List, Page};
use crate::params::PathId;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::Write;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(get).service(retry);
}

/// Which deliveries to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only deliveries to this endpoint.
    endpoint_id: Option<WebhookEndpointId>,
    /// Only deliveries in this state.
    #[param(example = "dead")]
    status: Option<Status>,
    sort: Option<Age>,
}

/// List deliveries of webhooks
///
/// Returns one page of deliveries, without their logs. They are kept for 30 days after they ended.
#[utoipa::path(
    operation_id = "webhook_deliveries_list",
    security(("bearer" = ["webhooks:read"])),
    params(Filters),
    responses((status = 200, description = "One page of deliveries.", body = Page<WebhookDelivery>))
)]
#[get("/v1/webhook-deliveries")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filter = Filter { endpoint_id: list.filters.endpoint_id, status: list.filters.status };
    let sort = list.filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| delivery::list(tx, &filter, slice).await;
    list.serve_documents(caller, sort, read, |delivery: &WebhookDelivery| delivery.id.0).await
}

/// Get a delivery of a webhook
///
/// Returns one delivery with the log of its attempts: each request without its signatures, and the beginning of each response.
#[utoipa::path(
    operation_id = "webhook_deliveries_get",
    security(("bearer" = ["webhooks:read"])),
    params(("id" = WebhookDeliveryId, Path, description = "The delivery's id."), ReadHeaders),
    responses((status = 200, description = "The delivery.", body = WebhookDelivery))
)]
#[get("/v1/webhook-deliveries/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<WebhookDeliveryId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| delivery::get(tx, id.0).await).await?;
    Ok(seen.answer(row.version, row))
}

/// Send a delivery again
///
/// Sends the message at once, also if it was delivered or given up, or an attempt is under way. If that fails, it is tried again for
/// 72 hours. Rejected if 1,000 deliveries wait for the endpoint (409).
#[utoipa::path(
    operation_id = "webhook_deliveries_retry",
    security(("bearer" = ["webhooks:write"])),
    params(("id" = WebhookDeliveryId, Path, description = "The delivery's id.")),
    responses((status = 200, description = "The delivery, which waits now.", body = WebhookDelivery))
)]
#[post("/v1/webhook-deliveries/{id}/retry")]
async fn retry(write: Write, id: PathId<WebhookDeliveryId>) -> Answer {
    write.change("webhook_delivery.retried", async |tx: &Tx| delivery::retry(tx, id.0).await).await
}
