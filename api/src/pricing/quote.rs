//! Prices of a basket, each with its trace.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use service::pricing::quote::{self, Prices, QuoteInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resolve);
}

/// Resolve prices
///
/// Returns the prices of a basket, for any customer, channel, location and instant, past or future, each with its
/// trace. Nothing is written. A product without a price is rejected: nothing is free by omission.
#[utoipa::path(
    operation_id = "prices_resolve",
    security(("bearer" = ["prices:read"])),
    request_body = QuoteInput,
    responses((status = 200, description = "The price of every line.", body = Prices))
)]
#[post("/v1/prices/resolve")]
async fn resolve(app: Data<App>, caller: Caller, body: Body<QuoteInput>) -> Answer {
    let input = body.read().await?.value;
    let prices = app.db.read(caller.tenant_id, async |tx| quote::resolve(tx, &input).await).await?;
    Ok(HttpResponse::Ok().json(prices))
}
