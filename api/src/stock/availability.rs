//! Available stock by product and location.

use std::collections::HashSet;

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use domain::id::{HoldId, LocationId, ProductId};
use domain::refusal::Code;
use domain::tag;
use domain::tenant::Channel;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::stock::availability::{self, Lookup, ProductAvailability};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::params::{Codes, Params, listed};
use crate::problem::{ApiError, ErrorCode};
use crate::{Answer, App, Caller, own};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(show).service(query);
}

/// Most products of one request.
const PRODUCTS_MAX: usize = 1_000;

/// Products, location and channel. Name the products by exactly one of `product_id`, `sku` and `barcode`.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Question {
    /// Up to 1000 ids, separated by commas or sent repeatedly.
    #[serde(default, deserialize_with = "listed")]
    #[param(style = Form, explode = false, max_items = 1000)]
    product_id: Vec<ProductId>,
    /// Up to 1000 SKUs, separated by commas or sent repeatedly. A SKU with commas is found as a whole if it exists.
    #[serde(default)]
    #[param(style = Form, explode = false, value_type = Vec<String>, max_items = 1000, example = json!(["BOLT-M8"]))]
    sku: Codes,
    /// Up to 1000 barcodes, separated by commas or sent repeatedly.
    #[serde(default)]
    #[param(style = Form, explode = false, value_type = Vec<String>, max_items = 1000,
        example = json!(["4006381333931"]))]
    barcode: Codes,
    /// Only at this location.
    location_id: Option<LocationId>,
    /// Only locations that this channel may take stock from. Its channel allotments count as available.
    channel: Option<Channel>,
    /// Your own hold: what it reserves counts as available.
    hold_id: Option<HoldId>,
    /// Whether to return by day how much can be promised.
    #[serde(default)]
    steps: bool,
}

/// The parameters of `GET /v1/stock/availability`, for lists that are too long for a URL. Name products by exactly one
/// of `product_ids`, `skus` and `barcodes`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct QuestionIn {
    /// Ids of products.
    #[serde(default)]
    #[schema(max_items = 1000)]
    product_ids: Vec<ProductId>,
    /// SKUs of products.
    #[serde(default)]
    #[schema(max_items = 1000, example = json!(["BOLT-M8"]))]
    skus: Vec<String>,
    /// Barcodes of products.
    #[serde(default)]
    #[schema(max_items = 1000, example = json!([]))]
    barcodes: Vec<String>,
    /// Only at this location.
    location_id: Option<LocationId>,
    /// Only locations that this channel may take stock from. Its channel allotments count as available.
    channel: Option<Channel>,
    /// Your own hold: what it reserves counts as available.
    hold_id: Option<HoldId>,
    /// Whether to return by day how much can be promised.
    #[serde(default)]
    steps: bool,
}

impl From<QuestionIn> for Question {
    fn from(input: QuestionIn) -> Self {
        let QuestionIn { product_ids, skus, barcodes, location_id, channel, hold_id, steps } = input;
        Question {
            product_id: product_ids,
            sku: skus.into(),
            barcode: barcodes.into(),
            location_id,
            channel,
            hold_id,
            steps,
        }
    }
}

/// Stock that is available now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Availability {
    object: tag::Availability,
    /// Products that were found, in the order of the request, each once.
    #[schema(max_items = 1000)]
    data: Vec<ProductAvailability>,
    /// Values of the request that match no product.
    #[schema(max_items = 1000, example = json!(["BOLT-M9"]))]
    unknown: Vec<String>,
}

impl Codes {
    /// Returns the codes that were asked for. If the whole text is the code of a product, only that product is meant.
    fn answered(&self, data: &mut Vec<ProductAvailability>) -> Vec<String> {
        match self.whole.as_ref().filter(|whole| data.iter().any(|product| product.asked == **whole)) {
            Some(whole) => {
                data.retain(|product| product.asked == *whole);
                vec![whole.clone()]
            }
            None => self.parts.clone(),
        }
    }
}

/// The part of the request that has the question.
#[derive(Debug, Clone, Copy)]
enum Sent {
    Query,
    Body,
}

impl Sent {
    /// Names a field of the question in a rejection.
    fn name(self, error: ApiError, field: &str) -> ApiError {
        match self {
            Sent::Query => error.at_parameter(field),
            Sent::Body => error.at_pointer(&format!("/{field}")),
        }
    }

    /// Rejects a question that names no products, or names them in several ways.
    fn refuse_products(self) -> ApiError {
        match self {
            Sent::Query => {
                let detail = "Name products by exactly one of product_id, sku and barcode.";
                ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("product_id")
            }
            Sent::Body => {
                let detail = "Name products by exactly one of product_ids, skus and barcodes.";
                ApiError::new(Code::ValidationFailed, detail).at_pointer("/product_ids")
            }
        }
    }
}

impl Question {
    fn wanted(&self, sent: Sent) -> Result<Lookup, ApiError> {
        let with_whole = |codes: &Codes| codes.parts.iter().chain(&codes.whole).cloned().collect();
        let (skus, barcodes) = (&self.sku.parts, &self.barcode.parts);
        let wanted = match (self.product_id.len(), skus.len(), barcodes.len()) {
            (_, 0, 0) if !self.product_id.is_empty() => Lookup::Ids(self.product_id.clone()),
            (0, _, 0) if !skus.is_empty() => Lookup::Skus(with_whole(&self.sku)),
            (0, 0, _) if !barcodes.is_empty() => Lookup::Barcodes(with_whole(&self.barcode)),
            _ => return Err(sent.refuse_products()),
        };
        let (length, parameter) = match &wanted {
            Lookup::Ids(ids) => (ids.len(), "product_id"),
            Lookup::Skus(_) => (skus.len(), "sku"),
            Lookup::Barcodes(_) => (barcodes.len(), "barcode"),
        };
        if length > PRODUCTS_MAX {
            let detail = format!("Ask for at most {PRODUCTS_MAX} products at once.");
            return Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter(parameter));
        }
        Ok(wanted)
    }
}

/// Get availability
///
/// Returns on hand less reserved, as of now, in total and by location. A location that no channel may take stock from,
/// such as a transit location, does not count. Neither does a lot that has expired or is recalled.
///
/// With `steps`, the response also has by day how much can be promised. That is what is available now, plus supply,
/// less what confirmed orders wait for, because they get stock first. Supply is expected receipts, and transfers with a
/// day. A transfer without a day does not count, nor does supply that is overdue. No step promises what a later day
/// needs. A rejection with `insufficient_stock` takes its day from the same steps.
///
/// A publishable key sees only the available quantities: no steps, lots, reservations or quantities on hand.
#[utoipa::path(
    operation_id = "stock_availability_get",
    extensions(("x-publishable" = json!(true))),
    security(("bearer" = ["stock:read"])),
    params(Question),
    responses((status = 200, description = "The availability.", body = Availability))
)]
#[get("/v1/stock/availability")]
async fn show(app: Data<App>, caller: Caller, question: Params<Question>) -> Answer {
    answer(&app, &caller, &question, Sent::Query).await
}

/// Get availability of many products
///
/// Same as `GET /v1/stock/availability`, with the products in the body. Nothing is written.
#[utoipa::path(
    operation_id = "stock_availability_query",
    extensions(("x-publishable" = json!(true))),
    security(("bearer" = ["stock:read"])),
    request_body = QuestionIn,
    responses((status = 200, description = "The availability.", body = Availability))
)]
#[post("/v1/stock/availability")]
async fn query(app: Data<App>, caller: Caller, body: Body<QuestionIn>) -> Answer {
    let input = body.read().await?;
    input.check().await?;
    answer(&app, &caller, &input.value.into(), Sent::Body).await
}

async fn answer(app: &App, caller: &Caller, question: &Question, sent: Sent) -> Answer {
    let wanted = question.wanted(sent)?;
    let Question { location_id, channel, mut hold_id, steps, .. } = *question;
    let is_visitor = caller.is_publishable() && caller.customer_id.is_none();
    for (field, is_refused) in
        [("steps", steps && caller.is_publishable()), ("hold_id", hold_id.is_some() && is_visitor)]
    {
        if is_refused {
            return Err(sent.name(ApiError::of(ErrorCode::NotPublishable), field));
        }
    }
    if let Some(id) = hold_id {
        hold_id = Some(own::hold(app, caller, id).await?);
    }
    let scope = availability::Scope { location_id, channel, hold_id, steps };
    let read = async |tx: &service::Tx| availability::find(tx, &wanted, &scope).await;
    let mut data = app.db.read(caller.tenant_id, read).await?;
    let asked: Vec<String> = match wanted {
        Lookup::Ids(ids) => ids.iter().map(ProductId::to_string).collect(),
        Lookup::Skus(_) => question.sku.answered(&mut data),
        Lookup::Barcodes(_) => question.barcode.answered(&mut data),
    };
    let mut answered: HashSet<String> = data.iter().map(|product| product.asked.clone()).collect();
    let unknown = asked.into_iter().filter(|asked| answered.insert(asked.clone())).collect();
    let answer = Availability { object: tag::Availability, data, unknown };
    if caller.is_publishable() {
        return Ok(HttpResponse::Ok().json(for_visitors(&answer)?));
    }
    Ok(HttpResponse::Ok().json(answer))
}

/// Returns what a visitor may know: the quantities that can be sold, and nothing from which they follow.
fn for_visitors(answer: &Availability) -> Result<Value, ApiError> {
    let mut value = serde_json::to_value(answer).map_err(ApiError::internal)?;
    for product in value["data"].as_array_mut().into_iter().flatten() {
        for location in product["locations"].as_array_mut().into_iter().flatten() {
            if let Some(members) = location.as_object_mut() {
                let seen = ["location_id", "location_code", "available"];
                members.retain(|name, _| seen.contains(&name.as_str()));
            }
        }
        if let Some(members) = product.as_object_mut() {
            members.remove("steps");
        }
    }
    Ok(value)
}
