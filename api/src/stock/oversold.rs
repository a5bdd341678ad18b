//! Stock that left below zero.

use actix_web::get;
use domain::id::{LocationId, ProductId};
use domain::moment::Instant;
use serde::Deserialize;
use service::Tx;
use service::listing::{Age, Period, Slice};
use service::stock::oversold::{self, CostStatus, CostToSettle, Filter};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::list::{List, Page};
use crate::{Answer, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list);
}

/// Which costs to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only open or only settled ones. Both if absent.
    status: Option<CostStatus>,
    /// Only this location.
    location_id: Option<LocationId>,
    /// Only this product.
    product_id: Option<ProductId>,
    /// Only the product with this SKU.
    #[param(max_length = 64, example = "BOLT-M8")]
    sku: Option<String>,
    /// Left at this instant or later.
    #[serde(rename = "occurred_at[gte]")]
    occurred_from: Option<Instant>,
    /// Left before this instant.
    #[serde(rename = "occurred_at[lt]")]
    occurred_to: Option<Instant>,
    sort: Option<Age>,
}

/// List costs to settle
///
/// Returns one page of units that left below zero (`forced`), each with its cost to settle. While one is open, the
/// level is below zero, and its value is minus its open costs.
#[utoipa::path(
    operation_id = "stock_oversold_list",
    security(("bearer" = ["stock:read", "reports:read", "costs:read"])),
    params(Filters),
    responses((status = 200, description = "One page of costs to settle.", body = Page<CostToSettle>))
)]
#[get("/v1/stock/oversold")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let Filters { status, location_id, product_id, sku, occurred_from, occurred_to, sort } = &list.filters;
    let filter = Filter {
        status: *status,
        location_id: *location_id,
        product_id: *product_id,
        sku: sku.clone(),
        occurred: Period::new(*occurred_from, *occurred_to),
    };
    let sort = *sort;
    let read = async move |tx: &Tx, slice: &Slice| oversold::list(tx, &filter, slice).await;
    list.serve_documents(caller, sort, read, |row: &CostToSettle| row.id.0).await
}
