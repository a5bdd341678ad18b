//! Reorder settings of products.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, put};
use domain::id::ProductId;
use service::catalog::reorder::{self, Reorder, ReorderInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::params::PathId;
use crate::write::Write;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(show).service(set);
}

/// Get the reorder settings of a product
///
/// Returns reorder point and reorder quantity, for all locations and for single ones.
#[utoipa::path(
    operation_id = "reorder_settings_get",
    security(("bearer" = ["catalog:read"])),
    params(("id" = ProductId, Path, description = "The product.")),
    responses((status = 200, description = "The settings.", body = Reorder))
)]
#[get("/v1/products/{id}/reorder")]
async fn show(app: Data<App>, caller: Caller, id: PathId<ProductId>) -> Answer {
    let found = app.db.read(caller.tenant_id, async |tx| reorder::get(tx, id.0).await).await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Replace the reorder settings of a product
///
/// Replaces all of them. An absent field is not set. The report `low_stock` uses them.
#[utoipa::path(
    operation_id = "reorder_settings_put",
    security(("bearer" = ["catalog:write"])),
    params(("id" = ProductId, Path, description = "The product.")),
    request_body = ReorderInput,
    responses((status = 200, description = "The settings.", body = Reorder))
)]
#[put("/v1/products/{id}/reorder")]
async fn set(write: Write, id: PathId<ProductId>, body: Body<ReorderInput>) -> Answer {
    write
        .step("product.reorder_stated", body, async |tx, input| {
            Ok((Some(id.0.0), reorder::set(tx, id.0, input).await?))
        })
        .await
}
