//! Stock movements.

use actix_web::get;
use domain::id::{LocationId, ProductId};
use domain::moment::Instant;
use domain::stock::MovementKind;
use serde::Deserialize;
use service::Tx;
use service::listing::{Age, Period, Slice};
use service::stock::movement::{self, Filter, StockMovement};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::costs::Shown;
use crate::document::parse_document_id;
use crate::list::{List, Page};
use crate::{Answer, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list);
}

/// Which movements to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this product.
    product_id: Option<ProductId>,
    /// Only the product with this SKU.
    #[param(max_length = 64, example = "BOLT-M8")]
    sku: Option<String>,
    /// Only this location.
    location_id: Option<LocationId>,
    /// Only this sale, refund, shipment, credit note or stock document.
    #[param(max_length = 64, example = "sal_01h455vb4pex5vsknk084sn02q")]
    document_id: Option<String>,
    /// Only this kind.
    kind: Option<MovementKind>,
    /// Happened at this instant or later.
    #[serde(rename = "occurred_at[gte]")]
    occurred_from: Option<Instant>,
    /// Happened before this instant.
    #[serde(rename = "occurred_at[lt]")]
    occurred_to: Option<Instant>,
    sort: Option<Age>,
}

/// List stock movements
///
/// Returns one page of all movements, in the order of recording.
#[utoipa::path(
    operation_id = "stock_movements_list",
    security(("bearer" = ["stock:read", "reports:read"])),
    params(Filters),
    responses((status = 200, description = "One page of movements.", body = Page<StockMovement>))
)]
#[get("/v1/stock/movements")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let document_id = filters.document_id.as_deref();
    let document_id = document_id.map(|id| parse_document_id(id, "document_id")).transpose()?;
    let filter = Filter {
        product_id: filters.product_id,
        sku: filters.sku.clone(),
        location_id: filters.location_id,
        document_id,
        kind: filters.kind,
        occurred: Period::new(filters.occurred_from, filters.occurred_to),
    };
    let (sort, viewer) = (filters.sort, caller.clone());
    let read = async move |tx: &Tx, slice: &Slice| {
        let rows = movement::list(tx, &filter, slice).await?;
        Ok(rows.into_iter().map(|row| Shown::to(&viewer, row)).collect::<Vec<_>>())
    };
    list.serve_documents(caller, sort, read, |row: &Shown<StockMovement>| row.id.0).await
}
