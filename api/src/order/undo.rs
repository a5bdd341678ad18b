//! The undoing of a shipment that did not leave.

use actix_web::post;
use domain::id::ShipmentId;
use domain::moment::Instant;
use domain::order;
use serde::Deserialize;
use service::posting::Command;
use utoipa_actix_web::service_config::ServiceConfig;

use super::OrderOut;
use crate::idempotency::PostHeaders;
use crate::params::PathId;
use crate::posting::Post;
use crate::{Answer, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(undo);
}

/// The undoing of a shipment.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ShipmentUndoIn {
    /// When its stock was put back, not before the shipment. Now if absent. Never in the future.
    #[schema(example = "2026-11-23T09:00:00Z")]
    occurred_at: Option<Instant>,
}

/// Undo a shipment
///
/// Takes back a shipment that did not leave. Its stock is on hand again, in its lots, at the cost and in the cost layers
/// with which it was shipped, and reserved for the order, which can be shipped again. An invoiced shipment can't be undone: take the goods back with
/// `POST /v1/returns`.
#[utoipa::path(
    operation_id = "shipments_undo",
    security(("bearer" = ["orders:write"])),
    params(("id" = ShipmentId, Path, description = "The shipment."), PostHeaders),
    request_body = ShipmentUndoIn,
    responses((status = 200, description = "The order.", body = OrderOut))
)]
#[post("/v1/shipments/{id}/undo")]
async fn undo(post: Post, id: PathId<ShipmentId>) -> Answer {
    let command = |input: ShipmentUndoIn, _: &Caller| {
        let occurred_at = input.occurred_at.map(Instant::get);
        Ok(Command::UndoShipment(order::UndoShipment { shipment_id: id.0, occurred_at }))
    };
    post.send(command).await
}
