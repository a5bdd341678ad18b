//! Prices of a basket, each with its trace.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use chrono::{DateTime, Utc};
use domain::id::{PriceRuleId, ProductId};
use domain::number::{Price, Quantity};
use domain::pricing::{Source, Trace};
use domain::tag;
use serde::Serialize;
use service::pricing::quote::{self, QuoteInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resolve);
}

/// The prices of a basket.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Prices {
    object: tag::Prices,
    /// ISO 4217 code of every price.
    #[schema(max_length = 3, example = "EUR")]
    currency: String,
    /// Instant whose prices apply.
    at: DateTime<Utc>,
    /// Lines, in the order of the request.
    #[schema(max_items = 200)]
    lines: Vec<PriceLine>,
}

/// The price of one line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct PriceLine {
    /// The product.
    product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: String,
    /// Unit that the price is for.
    #[schema(max_length = 3, example = "C62")]
    uom: String,
    /// Quantity in that unit.
    quantity: Quantity,
    /// Stock units per unit.
    factor: Quantity,
    /// Price of one unit before discounts given at the sale. It includes tax if the tenant's list prices do.
    unit_price: Price,
    /// List price of one unit. Null: there is none.
    list_price: Option<Price>,
    /// Source of the price.
    source: Source,
    /// Rule that gave the price. Null for a list price.
    rule_id: Option<PriceRuleId>,
    /// Trace of the price: the rule that won, and why every other one lost.
    trace: Trace,
}

impl From<quote::QuoteLine> for PriceLine {
    fn from(line: quote::QuoteLine) -> Self {
        PriceLine {
            product_id: line.product_id,
            sku: line.sku,
            uom: line.uom,
            quantity: line.quantity,
            factor: line.factor,
            unit_price: line.resolved.unit_price,
            list_price: line.resolved.list_price,
            source: line.resolved.source,
            rule_id: line.resolved.rule_id,
            trace: line.trace,
        }
    }
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
    let quote = app.db.read(caller.tenant_id, async |tx| quote::resolve(tx, &input).await).await?;
    Ok(HttpResponse::Ok().json(Prices {
        object: tag::Prices,
        currency: quote.currency,
        at: quote.at,
        lines: quote.lines.into_iter().map(PriceLine::from).collect(),
    }))
}
