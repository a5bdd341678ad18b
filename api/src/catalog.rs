//! The catalogue. Products, groups, barcodes, categories and SKU mappings have a file each.

mod barcode;
mod bundle;
mod category;
mod group;
pub(crate) mod product;
mod reorder;
mod sku_map;
mod unmapped;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.configure(product::routes)
        .configure(barcode::routes)
        .configure(bundle::routes)
        .configure(reorder::routes)
        .configure(category::routes)
        .configure(group::routes)
        .configure(sku_map::routes)
        .configure(unmapped::routes);
}
