//! Replenishment: suggestions of what to order or to transfer, and the settings of the rule.

mod accept;
mod backtest;
mod category;
mod order;
mod setting;
mod suggestion;
mod supplier;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.configure(suggestion::routes)
        .configure(accept::routes)
        .configure(order::routes)
        .configure(backtest::routes)
        .configure(setting::routes)
        .configure(category::routes)
        .configure(supplier::routes);
}
