//! Routes that change what callers added to orders and shipments.

use actix_web::patch;
use domain::id::{OrderId, ShipmentId};
use service::posting::annotations::{
    OrderAnnotations, OrderChange, ParcelChange, ShipmentParcel, change_order, change_shipment,
};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::Answer;
use crate::body::Body;
use crate::params::PathId;
use crate::patch::Patch;
use crate::record::record;
use crate::write::{MergePatch, Write};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(update_order).service(update_shipment);
}

record!(OrderAnnotations, OrderId);

record!(ShipmentParcel, ShipmentId);

/// Change the notes of an order
///
/// Takes a merge patch of what callers add to an order, in any status. Nothing that an order prints can change.
#[utoipa::path(
    operation_id = "orders_update",
    security(("bearer" = ["orders:write"])),
    params(("id" = OrderId, Path, description = "The order.")),
    request_body = Patch<OrderChange>,
    responses((status = 200, description = "The order with the additions of callers.", body = OrderAnnotations))
)]
#[patch("/v1/orders/{id}")]
async fn update_order(write: Write, id: PathId<OrderId>, body: Body<MergePatch>) -> Answer {
    let caller = write.caller();
    write
        .patch("order.updated", body, async |tx, expected, change| {
            change_order(tx, (id.0, &caller.limits), expected, change).await
        })
        .await
}

/// Change the parcel of a shipment
///
/// Takes a merge patch: the carrier and the number of the parcel, once they are known.
#[utoipa::path(
    operation_id = "shipments_update",
    security(("bearer" = ["orders:write"])),
    params(("id" = ShipmentId, Path, description = "The shipment.")),
    request_body = Patch<ParcelChange>,
    responses((status = 200, description = "The shipment, without its lines.", body = ShipmentParcel))
)]
#[patch("/v1/shipments/{id}")]
async fn update_shipment(write: Write, id: PathId<ShipmentId>, body: Body<MergePatch>) -> Answer {
    let caller = write.caller();
    write
        .patch("shipment.updated", body, async |tx, expected, change| {
            change_shipment(tx, (id.0, &caller.limits), expected, change).await
        })
        .await
}
