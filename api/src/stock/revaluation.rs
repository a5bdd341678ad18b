//! Revaluations: a new value for stock that does not move.

use actix_web::post;
use domain::id::{LocationId, LotId, ProductId, StockDocumentId};
use domain::moment::Instant;
use domain::number::{Money, Price};
use domain::refusal::Problems;
use domain::revaluation::{Revalue, RevaluedLine, Worth};
use domain::text::{self, Reference200};
use serde::Deserialize;
use service::posting::{Command, Stated};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{DOCUMENTS, StockDocumentOut};
use crate::idempotency::PostHeaders;
use crate::line::named_item;
use crate::posting::Post;
use crate::{Answer, ApiError, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create);
}

/// A revaluation to post.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RevaluationIn {
    /// Your own id of the document. The server chooses one if absent.
    id: Option<StockDocumentId>,
    /// Location. The oldest warehouse if absent.
    location_id: Option<LocationId>,
    /// Reason code (`GET /v1/reason-codes`), such as `revaluation` or `write_down`. The difference is posted to its
    /// account.
    #[schema(max_length = 64, example = "write_down")]
    reason: String,
    /// A remark.
    reference: Option<Reference200>,
    /// When it happened. Now if absent. Never in the future. The units that are on hand now get the value: it is rejected (409)
    /// for a time at which the stock was not there, or that a time without stock followed.
    occurred_at: Option<Instant>,
    /// Lines of the document.
    #[schema(min_items = 1, max_items = 2000)]
    lines: Vec<RevaluationLineIn>,
}

/// A level and its new value: exactly one of `unit_cost` and `value`. Name the product by exactly one of `product_id`,
/// `sku` and `barcode`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RevaluationLineIn {
    /// Id of the product.
    product_id: Option<ProductId>,
    /// SKU of the product.
    #[schema(min_length = 1, max_length = 64, example = "BOLT-M8")]
    sku: Option<String>,
    /// Barcode of the product.
    #[schema(min_length = 1, max_length = 64, example = "4006381333931")]
    barcode: Option<String>,
    /// Lot of a tracked product.
    lot_id: Option<LotId>,
    /// New value of one stock unit, for every cost layer that was on hand at `occurred_at`. Units that were received later keep their cost.
    /// Without cost layers, all units on hand get it if any were issued later.
    unit_cost: Option<Price>,
    /// New value of all units on hand. The change is spread over the cost layers by quantity.
    value: Option<Money>,
}

/// Revalue stock
///
/// Gives stock a new value without moving it, such as a write-down to its market price. Afterwards each unit at the
/// location has the value `unit_cost`, or all units together have `value`. With `unit_cost`, every cost layer gets that
/// cost. With `value`, the change is spread over the cost layers by quantity, and none goes below zero: layers of 10 units
/// at 2.00 and 10 at 4.00 have 60.00, and `value` 80.00 makes 30.00 and 50.00 of them.
///
/// `unit_cost` applies to the units that were on hand at `occurred_at`: units that were received later keep their cost, and so do units that
/// were issued. A level without cost layers can't tell these units apart after an issue: then all units on hand get `unit_cost`. If no unit of
/// that time is left, or the level has no stock, the request is rejected (409).
///
/// A line whose new value is the present one is accepted and changes nothing: its `value` in the document is 0. So a list of values can be
/// sent whole, and once more.
///
/// The difference is posted between inventory and the account of the reason. The document is a stock document of kind `revaluation`. Its
/// lines have the change of each value.
#[utoipa::path(
    operation_id = "stock_revaluations_create",
    security(("bearer" = ["ledger:write"])),
    params(PostHeaders),
    request_body = RevaluationIn,
    responses((status = 201, description = "The document.", body = StockDocumentOut))
)]
#[post("/v1/stock/revaluations")]
async fn create(post: Post) -> Answer {
    post.create::<StockDocumentId, _, _>(DOCUMENTS, to_command).await
}

fn to_command(input: RevaluationIn, _: &Caller) -> Result<Stated, ApiError> {
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference);
    let mut lines = Vec::with_capacity(input.lines.len());
    for (index, line) in input.lines.into_iter().enumerate() {
        let worth = match (line.unit_cost, line.value) {
            (Some(cost), None) => Ok(Worth::Unit(cost)),
            (None, Some(value)) => Ok(Worth::Whole(value)),
            _ => Err("Name exactly one of unit_cost and value."),
        };
        let pointer = format!("/lines/{index}");
        let item = named_item(&mut problems, &pointer, (line.product_id, line.sku, line.barcode));
        let worth = worth.unwrap_or_else(|detail| {
            problems.invalid(pointer, detail);
            Worth::Whole(Money::ZERO)
        });
        lines.push(RevaluedLine { item, lot_id: line.lot_id.unwrap_or_default(), worth });
    }
    let command = Command::Revalue(Revalue {
        id: input.id,
        location_id: input.location_id,
        reason: input.reason,
        reference,
        occurred_at: input.occurred_at.map(Instant::get),
        lines,
    });
    Ok(Stated { command, wrong: problems })
}
