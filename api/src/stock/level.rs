//! Stock levels.

use actix_web::get;
use domain::id::{LocationId, LotId, ProductId};
use domain::stock::LevelKey;
use serde::Deserialize;
use service::Tx;
use service::stock::level::{self, Filter, Position, StockLevel};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::sentence;
use crate::list::{List, Page};
use crate::problem::{ApiError, ErrorCode};
use crate::{Answer, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list);
}

/// Which levels to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this location.
    location_id: Option<LocationId>,
    /// Only this product.
    product_id: Option<ProductId>,
    /// Only the product with this SKU.
    #[param(max_length = 64, example = "BOLT-M8")]
    sku: Option<String>,
    /// `true`: only levels that are below zero, or have more reserved than on hand. `false`: only the others.
    #[param(example = true)]
    forced: Option<bool>,
}

/// List stock levels
///
/// Returns one page of levels by location, product and lot. Their cost is shown with the scope `costs:read`.
#[utoipa::path(
    operation_id = "stock_levels_list",
    security(("bearer" = ["stock:read"])),
    params(Filters),
    responses((status = 200, description = "One page of levels.", body = Page<StockLevel>))
)]
#[get("/v1/stock/levels")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let Filters { location_id, product_id, sku, forced } = &list.filters;
    let filter =
        Filter { location_id: *location_id, product_id: *product_id, sku: sku.clone(), forced: *forced };
    let sees_costs = caller.sees_costs();
    let read = async move |tx: &Tx, after: Option<Position>, rows: u64| {
        let levels = level::list(tx, &filter, after, rows).await?;
        Ok(match sees_costs {
            true => levels,
            false => levels.into_iter().map(StockLevel::without_cost).collect(),
        })
    };
    list.serve(caller, read, StockLevel::position).await
}

/// Lot of a level.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OfLot {
    /// Lot of a tracked product.
    pub(super) lot_id: Option<LotId>,
}

/// Parses the level that a path and a lot name.
pub(super) fn key(path: &(String, String), lot_id: Option<LotId>) -> Result<LevelKey, ApiError> {
    let refused = |name: &'static str, error: domain::id::InvalidId| {
        ApiError::new(ErrorCode::InvalidId, sentence(&error.to_string())).at_parameter(name)
    };
    Ok(LevelKey {
        location_id: path.0.parse().map_err(|error| refused("location_id", error))?,
        product_id: path.1.parse().map_err(|error| refused("product_id", error))?,
        lot_id: lot_id.unwrap_or_default(),
    })
}
