//! The list of routes.

use actix_web::web::Data;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::posting::Rendering;
use crate::{
    attachment, audit, auth, bank, bi_login, bill, catalog, close, count, customer, customer_session, errors,
    event, exchange_rate, foreign_valuation, health, integrity, job, journal, landed_cost, ledger, limits,
    location, lot, openapi, order, payment_intent, payment_provider, period_lock, pos, pricing,
    purchase_order, reconciliation, recurring_entry, refusal, register, render, replenish, request_log,
    settings, stock, stream, supplier, supplier_payment, tax, voucher, webhook,
};

/// Mounts every route of this crate, one line per area. The busiest areas come first, because routes are tried in
/// order.
pub fn mount(cfg: &mut ServiceConfig) {
    cfg.app_data(Data::new(Rendering(render::render)))
        .configure(pos::routes)
        .configure(voucher::routes)
        .configure(payment_intent::routes)
        .configure(payment_provider::routes)
        .configure(order::routes)
        .configure(bank::routes)
        .configure(stock::routes)
        .configure(lot::routes)
        .configure(count::routes)
        .configure(journal::routes)
        .configure(auth::routes)
        .configure(bi_login::routes)
        .configure(webhook::routes)
        .configure(catalog::routes)
        .configure(attachment::routes)
        .configure(customer::routes)
        .configure(customer_session::routes)
        .configure(supplier::routes)
        .configure(purchase_order::routes)
        .configure(landed_cost::routes)
        .configure(bill::routes)
        .configure(supplier_payment::routes)
        .configure(pricing::routes)
        .configure(tax::routes)
        .configure(location::routes)
        .configure(settings::routes)
        .configure(register::routes)
        .configure(ledger::routes)
        .configure(period_lock::routes)
        .configure(close::routes)
        .configure(recurring_entry::routes)
        .configure(exchange_rate::routes)
        .configure(foreign_valuation::routes)
        .configure(reconciliation::routes)
        .configure(replenish::routes)
        .configure(integrity::routes)
        .configure(limits::routes)
        .configure(audit::routes)
        .configure(refusal::routes)
        .configure(request_log::routes)
        .configure(job::routes)
        .configure(event::routes)
        .configure(stream::routes)
        .configure(health::routes)
        .configure(errors::routes)
        .configure(openapi::routes);
}
