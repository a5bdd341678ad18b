//! Prices. Lists, rules, tiers, channel price lists and quotes have a file each.

mod channel;
mod list;
mod quote;
mod rule;
mod tier;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.configure(quote::routes).configure(rule::routes).configure(list::routes);
    cfg.configure(tier::routes).configure(channel::routes);
}
