//! Reconciliation: the systems of a tenant, what they say, and where they stopped agreeing.

mod answer;
mod event;
mod ingest;
mod item;
mod mapping;
mod ownership;
mod run;
mod setting;
mod snapshot;
mod system;
mod touchpoint;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.configure(system::routes)
        .configure(setting::routes)
        .configure(ownership::routes)
        .configure(mapping::routes)
        .configure(item::routes)
        .configure(snapshot::routes)
        .configure(event::routes)
        .configure(touchpoint::routes)
        .configure(run::routes)
        .configure(answer::routes);
}
