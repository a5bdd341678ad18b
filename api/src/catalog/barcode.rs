//! Barcodes.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use domain::number::Quantity;
use domain::tag;
use serde::Serialize;
use service::catalog::product;
use utoipa_actix_web::service_config::ServiceConfig;

use super::product::Product;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get);
}

/// A barcode with its product and unit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Barcode {
    /// The code.
    #[schema(max_length = 64, example = "4006381333931")]
    id: String,
    object: tag::Barcode,
    /// The code.
    #[schema(max_length = 64, example = "4006381333931")]
    code: String,
    /// Unit that the code stands for.
    #[schema(max_length = 3, example = "C62")]
    uom: String,
    /// Stock units per unit.
    factor: Quantity,
    /// The product.
    product: Product,
}

/// Look up a barcode
///
/// Returns the product and the unit that a scanned code stands for.
#[utoipa::path(
    operation_id = "barcodes_get",
    security(("bearer" = ["catalog:read"])),
    params(("code" = String, Path, description = "The code as it was scanned.", max_length = 64,
        example = "4006381333931")),
    responses((status = 200, description = "The barcode with its product.", body = Barcode))
)]
#[get("/v1/barcodes/{code}")]
async fn get(app: Data<App>, caller: Caller, code: Path<String>) -> Answer {
    let found = app.db.read(caller.tenant_id, async |tx| product::by_barcode(tx, &code).await).await?;
    let (barcode, product) = found;
    let unit = product.units.iter().find(|unit| unit.uom == barcode.uom);
    Ok(HttpResponse::Ok().json(Barcode {
        id: barcode.code.clone(),
        object: tag::Barcode,
        code: barcode.code,
        uom: barcode.uom,
        factor: unit.map_or(Quantity::ONE, |unit| unit.factor),
        product: product.into(),
    }))
}
