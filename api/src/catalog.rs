//! The catalogue: products, barcodes and categories have a file each.

mod barcode;
mod bundle;
mod category;
mod product;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.configure(product::routes).configure(barcode::routes).configure(category::routes);
    cfg.configure(bundle::routes);
}
