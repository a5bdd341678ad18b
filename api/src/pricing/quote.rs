//! Prices of a basket, each with its trace.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use service::pricing::quote::{self, Prices, QuoteInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::problem::{ApiError, ErrorCode};
use crate::{Answer, App, Caller, own};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resolve);
}

/// Resolve prices
///
/// Returns the prices of a basket, for any customer, channel, location and instant, past or future, each with its
/// trace. Nothing is written. A publishable key gets the prices of now for an unknown customer, without trace, and a
/// customer session those for its customer. A line whose product has no price has `error` in place of one, and the other
/// lines have theirs. A sale or an order rejects such a line: nothing is free by omission.
///
/// Two facts are those of the instant `at`: the price rules that are valid then, also those that have ended since, and the list price of
/// the product or of its unit. A list price of the future is that of today. All other facts are those of today: the price lists of the
/// customer, its tier, the location and the channel, the category of the product with the categories above it, its units and barcodes,
/// and whether prices include tax. If a customer had another price list then, or a product another category, the present one counts.
#[utoipa::path(
    operation_id = "prices_resolve",
    extensions(("x-publishable" = json!(true))),
    security(("bearer" = ["prices:read"])),
    request_body = QuoteInput,
    responses((status = 200, description = "The price of every line.", body = Prices))
)]
#[post("/v1/prices/resolve")]
async fn resolve(app: Data<App>, caller: Caller, body: Body<QuoteInput>) -> Answer {
    let mut body = body.read().await?;
    if caller.is_publishable() {
        check_visitor(&caller, &mut body.value)?;
    }
    let input = &body.value;
    let prices = app.db.read(caller.tenant_id, async |tx| quote::resolve(tx, input).await).await;
    let prices = prices.map_err(|error| body.explain(error.into()))?;
    Ok(HttpResponse::Ok().json(shown(&caller, prices)))
}

/// Rejects another instant than now, and a customer that a publishable key names. A customer session asks for its own customer.
fn check_visitor(caller: &Caller, input: &mut QuoteInput) -> Result<(), ApiError> {
    let refuse = |pointer| Err(ApiError::of(ErrorCode::NotPublishable).at_pointer(pointer));
    if caller.customer_id.is_none() && input.customer_id.is_some() {
        return refuse("/customer_id");
    }
    if input.at.is_some() {
        return refuse("/at");
    }
    input.customer_id = own::listed(caller, input.customer_id);
    Ok(())
}

/// Returns prices as the caller may see them. A trace names other rules, such as those of next month.
fn shown(caller: &Caller, mut prices: Prices) -> Prices {
    for line in prices.lines.iter_mut().filter(|_| caller.is_publishable()) {
        line.rule_id = None;
        line.trace = None;
    }
    prices
}
