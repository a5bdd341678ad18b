//! Cost layers of a stock level.

use actix_web::get;
use actix_web::web::Path;
use domain::id::{LocationId, ProductId};
use service::Tx;
use service::stock::layer::{self, CostLayer, Position};
use service::stock::level;
use utoipa_actix_web::service_config::ServiceConfig;

use super::level::{OfLot, key};
use crate::list::{List, Page};
use crate::{Answer, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list);
}

/// List the cost layers of a stock level
///
/// Returns one page of the level's cost layers in the order of their use: first in, first out. They add up to its on
/// hand and its value. A level that is valued at a moving average has none.
#[utoipa::path(
    operation_id = "stock_level_layers_list",
    security(("bearer" = ["stock:read", "reports:read", "costs:read"])),
    params(("location_id" = LocationId, Path, description = "The location."),
        ("product_id" = ProductId, Path, description = "The product."),
        OfLot),
    responses((status = 200, description = "One page of layers.", body = Page<CostLayer>))
)]
#[get("/v1/stock/levels/{location_id}/{product_id}/layers")]
async fn list(caller: Caller, path: Path<(String, String)>, list: List<OfLot>) -> Answer {
    let key = key(&path, list.filters.lot_id)?;
    let read = async move |tx: &Tx, after: Option<Position>, rows: u64| {
        level::get(tx, key).await?;
        layer::list(tx, key, after, rows).await
    };
    list.serve(caller, read, |row: &CostLayer| (row.received_at, row.id.0)).await
}
