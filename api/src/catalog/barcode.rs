//! Barcodes.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use domain::product::ProductStatus;
use domain::refusal::Refusal;
use service::catalog::product::{self, Barcode};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::publishable::Seen;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get);
}

/// Look up a barcode
///
/// Returns the product and the unit that a scanned code stands for.
#[utoipa::path(
    operation_id = "barcodes_get",
    extensions(("x-publishable" = json!(true))),
    security(("bearer" = ["catalog:read"])),
    params(("code" = String, Path, description = "The code as it was scanned.", max_length = 64,
        example = "4006381333931")),
    responses((status = 200, description = "The barcode with its product.", body = Barcode))
)]
#[get("/v1/barcodes/{code}")]
async fn get(app: Data<App>, caller: Caller, code: Path<String>) -> Answer {
    let barcode = app.db.read(caller.tenant_id, async |tx| product::by_barcode(tx, &code).await).await?;
    if caller.is_publishable() && barcode.product.status == ProductStatus::Archived {
        return Err(Refusal::not_found("barcode").into());
    }
    Ok(HttpResponse::Ok().json(Seen::by(&caller, barcode)))
}
