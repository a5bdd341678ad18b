//! Prices of a basket, each with its trace.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use service::pricing::quote::{self, Prices, QuoteInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::problem::{ApiError, ErrorCode};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resolve);
}

/// Resolve prices
///
/// Returns the prices of a basket, for any customer, channel, location and instant, past or future, each with its
/// trace. Nothing is written. A publishable key gets the prices of now for an unknown customer, without trace. A line whose
/// product has no price has `error` in place of one, and the other lines have theirs. A sale or an order rejects such a
/// line: nothing is free by omission.
#[utoipa::path(
    operation_id = "prices_resolve",
    extensions(("x-publishable" = json!(true))),
    security(("bearer" = ["prices:read"])),
    request_body = QuoteInput,
    responses((status = 200, description = "The price of every line.", body = Prices))
)]
#[post("/v1/prices/resolve")]
async fn resolve(app: Data<App>, caller: Caller, body: Body<QuoteInput>) -> Answer {
    let body = body.read().await?;
    let input = &body.value;
    if caller.is_publishable() {
        check_visitor(input)?;
    }
    let prices = app.db.read(caller.tenant_id, async |tx| quote::resolve(tx, input).await).await;
    let prices = prices.map_err(|error| body.explain(error.into()))?;
    Ok(HttpResponse::Ok().json(shown(&caller, prices)))
}

/// Rejects a publishable key that asks for the prices of a customer, or of another instant than now.
fn check_visitor(input: &QuoteInput) -> Result<(), ApiError> {
    let refuse = |pointer| Err(ApiError::of(ErrorCode::NotPublishable).at_pointer(pointer));
    match (input.customer_id, input.at) {
        (Some(_), _) => refuse("/customer_id"),
        (None, Some(_)) => refuse("/at"),
        (None, None) => Ok(()),
    }
}

/// Returns prices as the caller may see them. A trace names other rules, such as those of next month.
fn shown(caller: &Caller, mut prices: Prices) -> Prices {
    for line in prices.lines.iter_mut().filter(|_| caller.is_publishable()) {
        line.rule_id = None;
        line.trace = None;
    }
    prices
}
