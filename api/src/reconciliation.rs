//! Reconciliation: the systems of a tenant, what they say, and where they stopped agreeing.

mod ingest;
mod ownership;
mod setting;
mod system;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.configure(system::routes)
        .configure(setting::routes)
        .configure(ownership::routes)
        .configure(ingest::routes);
}
