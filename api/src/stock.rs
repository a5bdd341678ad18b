//! Stock: receipts, openings and adjustments.

mod availability;
mod document;
mod expected;
pub(crate) mod explain;
mod goods;
mod hold;
mod layer;
mod level;
mod movement;
mod oversold;
mod revaluation;
mod transfer;

use actix_web::post;
use chrono::{DateTime, Utc};
use domain::id::{ExpectedReceiptId, LocationId, LotId, ProductId, StockDocumentId};
use domain::moment::Instant;
use domain::number::{Money, Price, Quantity};
use domain::refusal::Problems;
use domain::stock_document::{self, StockDocumentKind};
use domain::tag;
use domain::text::{self, Reference200};
use serde::{Deserialize, Serialize};
use service::posting::{Command, Stated};
use service::scope::Scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::idempotency::{BatchHeaders, PostHeaders};
use crate::line::{Skus, named_item};
use crate::lot::line::{self as lots, Codes, ReceivedLotIn};
use crate::posting::{BatchIn, BatchOut, Post};
use crate::{Answer, ApiError, Caller};

pub use expected::ExpectedReceiptOut;
pub use hold::HoldOut;
pub use transfer::TransferOut;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.configure(availability::routes).service(create).service(create_batch).configure(document::routes);
    cfg.configure(level::routes)
        .configure(explain::routes)
        .configure(movement::routes)
        .configure(hold::routes);
    cfg.configure(transfer::routes)
        .configure(expected::routes)
        .configure(oversold::routes)
        .configure(layer::routes)
        .configure(revaluation::routes);
}

const DOCUMENTS: &str = "/v1/stock/documents";

/// A receipt, an opening or an adjustment. A revaluation and a return to a supplier have paths of their own.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct StockDocumentIn {
    /// Your own id of the document. The server chooses one if absent.
    id: Option<StockDocumentId>,
    /// Kind of the document.
    kind: StockDocumentKind,
    /// Location. The oldest warehouse if absent.
    location_id: Option<LocationId>,
    /// The reason code of an adjustment (`GET /v1/reason-codes`).
    #[schema(max_length = 64, example = "damage")]
    reason: Option<String>,
    /// Delivery note or remark.
    reference: Option<Reference200>,
    /// When it happened. Now if absent. Never in the future. A late document costs what the stock cost then.
    occurred_at: Option<Instant>,
    /// Whether the stock has left already, so that it may go below zero. Only for an adjustment. Needs the scope
    /// `stock:force` and `occurred_at`. The lots are those named, else those that expire first, then the one received
    /// last. A serial number can leave only where the record has it.
    #[serde(default)]
    forced: bool,
    /// Expected receipt that the stock belongs to. Only for a receipt.
    expected_receipt_id: Option<ExpectedReceiptId>,
    /// Lines of the document.
    #[schema(min_items = 1, max_items = 2000)]
    lines: Vec<StockLineIn>,
}

/// A line of a stock document. Name the product by exactly one of `product_id`, `sku` and `barcode`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct StockLineIn {
    /// Id of the product.
    product_id: Option<ProductId>,
    /// SKU of the product.
    #[schema(min_length = 1, max_length = 64, example = "BOLT-M8")]
    sku: Option<String>,
    /// Barcode of the product and its unit.
    #[schema(min_length = 1, max_length = 64, example = "4006381333931")]
    barcode: Option<String>,
    /// Unit. If absent, that of the barcode, else the stock unit.
    #[schema(min_length = 1, max_length = 8, example = "C62")]
    uom: Option<String>,
    /// Quantity in that unit. Only an adjustment may be negative.
    quantity: Quantity,
    /// Cost of one such unit. Required for a receipt or an opening. Not allowed for stock that leaves.
    unit_cost: Option<Price>,
    /// Lots of a tracked product. Required for stock that comes in. For stock that leaves, those that expire first if
    /// absent.
    #[serde(default)]
    #[schema(max_items = 2000)]
    lots: Vec<ReceivedLotIn>,
}

/// A posted stock document.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StockDocumentOut<'a> {
    /// Id of the document.
    id: StockDocumentId,
    object: tag::StockDocument,
    /// Number of the document.
    #[schema(max_length = 64, example = "GR-2026-000123")]
    number: &'a str,
    /// Kind of the document.
    kind: StockDocumentKind,
    /// Location of the stock.
    location_id: LocationId,
    /// Reason code of an adjustment.
    #[schema(max_length = 64, example = "damage")]
    reason: Option<&'a str>,
    /// A remark.
    #[schema(max_length = 200, example = "Delivery note 8812")]
    reference: Option<&'a str>,
    /// When it happened.
    occurred_at: DateTime<Utc>,
    /// When it was recorded.
    created_at: DateTime<Utc>,
    /// Currency of all amounts.
    #[schema(max_length = 3, example = "GBP")]
    currency: &'a str,
    /// Change of the stock's value. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    value: Money,
    /// Lines of the document.
    #[schema(max_items = 2000)]
    lines: Vec<StockLineOut<'a>>,
}

/// A line of a posted stock document.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct StockLineOut<'a> {
    /// Line number, from 1.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// The product.
    product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: &'a str,
    /// Lot of a tracked product.
    lot_id: Option<LotId>,
    /// Lot code or serial number.
    #[schema(max_length = 64, example = json!(null))]
    lot_code: Option<&'a str>,
    /// Stock units, negative for an issue and for a return to a supplier. Zero in a revaluation.
    quantity: Quantity,
    /// Cost of the units, with the same sign. In a revaluation, the change of their value. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    value: Money,
}

impl<'a> StockDocumentOut<'a> {
    pub(crate) fn new(
        document: &'a stock_document::StockDocument,
        currency: &'a str,
        skus: Skus<'_, 'a>,
        codes: Codes<'_, 'a>,
    ) -> Self {
        let line = |line: &stock_document::MovedLine| StockLineOut {
            line_no: line.line_no,
            product_id: line.product_id,
            sku: skus(line.product_id),
            lot_id: lots::known(line.lot_id),
            lot_code: codes(line.lot_id),
            quantity: line.quantity,
            value: line.value,
        };
        StockDocumentOut {
            id: document.id,
            object: tag::StockDocument,
            number: &document.number,
            kind: document.kind,
            location_id: document.location_id,
            reason: document.reason.as_deref(),
            reference: document.reference.as_deref(),
            occurred_at: document.occurred_at,
            created_at: document.recorded_at,
            currency,
            value: document.value,
            lines: document.lines.iter().map(line).collect(),
        }
    }
}

/// Post a stock document
///
/// Receives stock, records an opening, or adjusts the record. An adjustment needs a reason code, which names the
/// account that it is posted to. An issue of more than is available is rejected, unless it is `forced`. What leaves
/// below zero has the last known cost, raises `stock.oversold`, and is settled by the next receipt
/// (`GET /v1/stock/oversold`).
///
/// A movement dated before the last count of its level no longer changes the level: a second movement reverses it.
#[utoipa::path(
    operation_id = "stock_documents_create",
    security(("bearer" = ["stock:write"])),
    params(PostHeaders),
    request_body = StockDocumentIn,
    responses((status = 201, description = "The document.", body = StockDocumentOut))
)]
#[post("/v1/stock/documents")]
async fn create(post: Post) -> Answer {
    post.create::<StockDocumentId, _, _>(DOCUMENTS, to_command).await
}

/// Post many stock documents at once
///
/// Takes up to 500 documents. Each is carried out on its own: a rejected document does not affect the others.
#[utoipa::path(
    operation_id = "stock_documents_create_batch",
    security(("bearer" = ["stock:write"])),
    params(BatchHeaders),
    request_body = BatchIn,
    responses((status = 207, description = "One result per document, in order.", body = BatchOut))
)]
#[post("/v1/stock/documents/batch")]
async fn create_batch(post: Post) -> Answer {
    post.batch(DOCUMENTS, to_command).await
}

fn to_command(input: StockDocumentIn, caller: &Caller) -> Result<Stated, ApiError> {
    if input.forced {
        caller.require(Scope::StockForce)?;
    }
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference);
    let mut lines = Vec::with_capacity(input.lines.len());
    for (index, line) in input.lines.into_iter().enumerate() {
        let pointer = format!("/lines/{index}");
        let item = named_item(&mut problems, &pointer, (line.product_id, line.sku, line.barcode));
        let lots = lots::received(&mut problems, &pointer, line.lots);
        let (uom, quantity, unit_cost) = (line.uom, line.quantity, line.unit_cost);
        lines.push(stock_document::MoveLine { item, uom, quantity, unit_cost, lots });
    }
    let command = Command::MoveStock(stock_document::Move {
        id: input.id,
        kind: input.kind,
        location_id: input.location_id,
        reason: input.reason,
        reference,
        occurred_at: input.occurred_at.map(Instant::get),
        forced: input.forced,
        expected_receipt_id: input.expected_receipt_id,
        lines,
    });
    Ok(Stated { command, wrong: problems })
}
