//! What bundles are made of.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, put};
use domain::id::ProductId;
use service::catalog::bundle::{self, Bundle, BundleInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::params::PathId;
use crate::write::Write;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(show).service(set);
}

/// Get what a bundle is made of
///
/// Its components, with how many of each.
#[utoipa::path(
    operation_id = "bundles_get",
    security(("bearer" = ["catalog:read"])),
    params(("id" = ProductId, Path, description = "The bundle.")),
    responses((status = 200, description = "What it is made of.", body = Bundle))
)]
#[get("/v1/products/{id}/components")]
async fn show(app: Data<App>, caller: Caller, id: PathId<ProductId>) -> Answer {
    let found = app.db.read(caller.tenant_id, async |tx| bundle::get(tx, id.0).await).await?;
    Ok(HttpResponse::Ok().json(found))
}

/// State what a bundle is made of
///
/// A bundle is sold as one, at its own price; its stock, tax, cost and margin are those of its components, which share
/// its price by their list prices. Lines that were sold keep what they were made of.
#[utoipa::path(
    operation_id = "bundles_put",
    security(("bearer" = ["catalog:write"])),
    params(("id" = ProductId, Path, description = "The bundle.")),
    request_body = BundleInput,
    responses((status = 200, description = "What it is made of.", body = Bundle))
)]
#[put("/v1/products/{id}/components")]
async fn set(write: Write, id: PathId<ProductId>, body: Body<BundleInput>) -> Answer {
    write
        .put("bundle.stated", body, async |tx, input| Ok((Some(id.0.0), bundle::set(tx, id.0, input).await?)))
        .await
}
