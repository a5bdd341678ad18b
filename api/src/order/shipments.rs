//! Routes that read shipments.

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use domain::address::Address;
use domain::id::{CustomerId, LocationId, OrderId, ShipmentId};
use domain::moment::Instant;
use domain::order::ShipmentStatus;
use serde::{Deserialize, Serialize};
use service::Tx;
use service::listing::{Age, Period, Slice};
use service::shipment::{Filter, ShipmentSummary};
use utoipa_actix_web::service_config::ServiceConfig;

use super::ShipmentOut;
use crate::line::{PrintedCustomerOut, SellerOut};
use crate::list::{List, Page};
use crate::params::{PathId, listed};
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show);
}

/// Which shipments to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only these statuses, separated by commas or sent repeatedly.
    #[serde(default, deserialize_with = "listed")]
    #[param(style = Form, explode = false, max_items = 10)]
    status: Vec<ShipmentStatus>,
    /// Only this number.
    #[param(max_length = 64, example = "SH-2026-000123")]
    number: Option<String>,
    /// Only this order.
    order_id: Option<OrderId>,
    /// Only orders of this customer.
    customer_id: Option<CustomerId>,
    /// Only from this location.
    location_id: Option<LocationId>,
    /// Only the parcel with this number of the carrier.
    #[param(max_length = 100, example = "1Z999AA10123456784")]
    tracking_number: Option<String>,
    /// Left at this instant or later.
    #[serde(rename = "occurred_at[gte]")]
    occurred_from: Option<Instant>,
    /// Left before this instant.
    #[serde(rename = "occurred_at[lt]")]
    occurred_to: Option<Instant>,
    sort: Option<Age>,
}

/// List shipments
///
/// Returns one page of shipments of all orders, without their lines.
#[utoipa::path(
    operation_id = "shipments_list",
    security(("bearer" = ["orders:read"])),
    params(Filters),
    responses((status = 200, description = "One page of shipments.", body = Page<ShipmentSummary>))
)]
#[get("/v1/shipments")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        statuses: filters.status.clone(),
        number: filters.number.clone(),
        order_id: filters.order_id,
        customer_id: filters.customer_id,
        location_id: filters.location_id,
        tracking_number: filters.tracking_number.clone(),
        occurred: Period::new(filters.occurred_from, filters.occurred_to),
    };
    let sort = filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| service::shipment::list(tx, &filter, slice).await;
    list.serve_documents(caller, sort, read, |shipment: &ShipmentSummary| shipment.id.0).await
}

/// A shipment on its own.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ShipmentOfOrder<'a> {
    /// Status of the shipment.
    status: ShipmentStatus,
    /// Order of the shipment.
    order_id: OrderId,
    /// Customer of the order.
    customer_id: CustomerId,
    /// The customer when the order was placed.
    customer: PrintedCustomerOut<'a>,
    /// Location that the stock left.
    location_id: LocationId,
    /// Address that it was shipped to.
    ship_to: Option<&'a Address>,
    /// The tenant when the order was placed.
    seller: SellerOut<'a>,
    /// When it was recorded.
    created_at: DateTime<Utc>,
    /// When its parcel last changed, or it was invoiced or undone.
    updated_at: DateTime<Utc>,
    /// The shipment.
    #[serde(flatten)]
    shipment: ShipmentOut<'a>,
}

/// Get a shipment
///
/// Returns the shipment with its order and its invoice.
#[utoipa::path(
    operation_id = "shipments_get",
    security(("bearer" = ["orders:read"])),
    params(("id" = ShipmentId, Path, description = "The shipment's id."), ReadHeaders),
    responses((status = 200, description = "The shipment.", body = ShipmentOfOrder))
)]
#[get("/v1/shipments/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<ShipmentId>, seen: IfNoneMatch) -> Answer {
    let read = async |tx: &Tx| service::shipment::get(tx, id.0).await;
    let read = app.db.read(caller.tenant_id, read).await?;
    let ShipmentSummary { status, order_id, customer_id, location_id, created_at, updated_at, .. } =
        read.summary;
    let shipment = ShipmentOfOrder {
        status,
        order_id,
        customer_id,
        customer: PrintedCustomerOut::from(&*read.customer),
        location_id,
        ship_to: read.addresses.ship_to.as_deref(),
        seller: SellerOut::from(&*read.seller),
        created_at,
        updated_at,
        shipment: ShipmentOut::new(&read.shipment),
    };
    // The invoice of a shipment is no change of its version.
    seen.answer_content(read.shipment.version, &shipment)
}
