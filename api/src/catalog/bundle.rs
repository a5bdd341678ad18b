//! Components of bundles.

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

/// Get the components of a bundle
///
/// Returns the components with their quantities.
#[utoipa::path(
    operation_id = "bundles_get",
    security(("bearer" = ["catalog:read"])),
    params(("id" = ProductId, Path, description = "The bundle.")),
    responses((status = 200, description = "The components.", body = Bundle))
)]
#[get("/v1/products/{id}/components")]
async fn show(app: Data<App>, caller: Caller, id: PathId<ProductId>) -> Answer {
    let found = app.db.read(caller.tenant_id, async |tx| bundle::get(tx, id.0).await).await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Replace the components of a bundle
///
/// A bundle is sold as one product, at its own price. Its stock, tax, cost and margin are those of its components. Its
/// price is shared among them by their list prices. Lines that were sold keep their components.
#[utoipa::path(
    operation_id = "bundles_put",
    security(("bearer" = ["catalog:write"])),
    params(("id" = ProductId, Path, description = "The bundle.")),
    request_body = BundleInput,
    responses((status = 200, description = "The components.", body = Bundle))
)]
#[put("/v1/products/{id}/components")]
async fn set(write: Write, id: PathId<ProductId>, body: Body<BundleInput>) -> Answer {
    write
        .step("bundle.stated", body, async |tx, input| {
            Ok((Some(id.0.0), bundle::set(tx, id.0, input).await?))
        })
        .await
}
