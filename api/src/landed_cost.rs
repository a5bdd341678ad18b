//! Landed costs: freight, duty and the like, spread over receipts, and their reversals.

mod read;

use actix_web::post;
use chrono::{DateTime, Utc};
use domain::id::{LandedCostId, LocationId, LotId, ProductId, StockDocumentId};
use domain::landed_cost::{
    self, Charge, ChargeKind, LandedCost, LandedLine, NamedCharge, NamedReceipt, SpreadBy,
};
use domain::moment::Instant;
use domain::number::{Money, Quantity};
use domain::refusal::Problems;
use domain::tag;
use domain::text::{self, Filled200, Reference200};
use serde::{Deserialize, Serialize};
use service::posting::{Command, Stated};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::idempotency::PostHeaders;
use crate::line::Skus;
use crate::params::PathId;
use crate::posting::Post;
use crate::{Answer, ApiError, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create).service(reverse).configure(read::routes);
}

const LANDED_COSTS: &str = "/v1/landed-costs";

/// A landed cost to post.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct LandedCostIn {
    /// Your own id of the document. The server chooses one if absent.
    id: Option<LandedCostId>,
    /// Charges of the bill, in the tenant's currency, without tax that you can reclaim.
    #[schema(min_items = 1, max_items = 50)]
    charges: Vec<LandedChargeIn>,
    /// Measure by which the charges are spread over the lines.
    spread_by: SpreadBy,
    /// Receipts, or single lines of receipts, that get the charges. At most 500 lines in all, each named once.
    #[schema(min_items = 1, max_items = 100)]
    receipts: Vec<LandedReceiptIn>,
    /// Bill of the carrier or a remark.
    reference: Option<Reference200>,
    /// When it happened: not before the receipts, and not in the future. Now if absent. A time is rejected (409) if the
    /// stock was used up after it, because the units that are held now get the share.
    occurred_at: Option<Instant>,
}

/// A charge.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct LandedChargeIn {
    /// Kind of the charge.
    kind: ChargeKind,
    /// Amount, above zero.
    amount: Money,
    /// Code of the account that is credited. If absent, `2110`, landed cost accrued. A control account, such as
    /// inventory, bank or a tax, is rejected.
    #[schema(min_length = 1, max_length = 32, example = "2110")]
    account: Option<String>,
}

/// A receipt, or one line of it, that gets a share of the charges.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct LandedReceiptIn {
    /// Stock document of the kind `receipt`.
    stock_document_id: StockDocumentId,
    /// Line of the receipt. All its lines if absent.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: Option<i32>,
    /// Weight of the line, above zero, in one unit for all lines, such as kilograms. Required if `spread_by` is `weight`, and
    /// rejected otherwise. A receipt of several lines then needs `line_no`.
    #[schema(example = json!(null))]
    weight: Option<Quantity>,
    /// Volume of the line, above zero, in one unit for all lines, such as cubic metres. Required if `spread_by` is `volume`,
    /// and rejected otherwise. A receipt of several lines then needs `line_no`.
    #[schema(example = json!(null))]
    volume: Option<Quantity>,
}

/// A landed cost to take back.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct LandedReversalIn {
    /// Your own id of the reversal. The server chooses one if absent.
    id: Option<LandedCostId>,
    /// Reason, such as a mistake in the bill.
    reason: Filled200,
    /// Credit note of the carrier or a remark.
    reference: Option<Reference200>,
}

/// A landed cost, or the reversal of one.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LandedCostOut<'a> {
    /// Id of the document.
    id: LandedCostId,
    object: tag::LandedCost,
    /// Number of the document.
    #[schema(max_length = 64, example = "LC-2026-000123")]
    number: &'a str,
    /// Measure by which the charges were spread.
    spread_by: SpreadBy,
    /// Bill of the carrier or a remark.
    #[schema(max_length = 200, example = "Freight bill 20261122-77")]
    reference: Option<&'a str>,
    /// Reason of a reversal.
    #[schema(max_length = 200, example = json!(null))]
    reason: Option<&'a str>,
    /// Landed cost that a reversal takes back. Null for a landed cost.
    #[schema(example = json!(null))]
    original_id: Option<LandedCostId>,
    /// Reversal of this document. Null if there is none.
    #[schema(example = json!(null))]
    reversed_by_id: Option<LandedCostId>,
    /// Currency of all amounts.
    #[schema(max_length = 3, example = "GBP")]
    currency: &'a str,
    /// Sum of the charges, negative in a reversal. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    value: Money,
    /// When it happened.
    occurred_at: DateTime<Utc>,
    /// When it was recorded.
    created_at: DateTime<Utc>,
    /// Version number: 1, and 2 after its reversal.
    #[schema(minimum = 1, maximum = 2, example = 1)]
    version: i32,
    /// Charges.
    #[schema(max_items = 50)]
    charges: Vec<LandedChargeOut<'a>>,
    /// Lines of receipts with their shares, by receipt and line. Lists omit them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 500)]
    lines: Option<Vec<LandedLineOut<'a>>>,
}

/// A charge.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct LandedChargeOut<'a> {
    /// Kind of the charge.
    kind: ChargeKind,
    /// Amount, negative in a reversal. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    amount: Money,
    /// Code of the account that was credited.
    #[schema(max_length = 32, example = "2110")]
    account: &'a str,
}

/// A line of a receipt with its share of the charges.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct LandedLineOut<'a> {
    /// Line number, from 1.
    #[schema(minimum = 1, maximum = 500, example = 1)]
    line_no: i32,
    /// The receipt.
    stock_document_id: StockDocumentId,
    /// Line of the receipt.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    receipt_line_no: i32,
    /// The product.
    product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: &'a str,
    /// Lot of a tracked product.
    #[schema(example = json!(null))]
    lot_id: Option<LotId>,
    /// Location that received it.
    location_id: LocationId,
    /// Stock units received.
    quantity: Quantity,
    /// Cost, stock units, weight or volume of the line. Its share is in proportion to this. Null without the scope
    /// `costs:read`.
    #[schema(value_type = Option<Quantity>)]
    basis: Quantity,
    /// Stock units of the line that were still held when the document was posted.
    held: Quantity,
    /// Share of all charges, negative in a reversal. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    value: Money,
    /// Part of the share that changed the value of the stock. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    held_value: Money,
    /// Part of the share that went to cost variance, because its units were gone. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    gone_value: Money,
}

impl<'a> LandedCostOut<'a> {
    pub(crate) fn new(landed: &'a LandedCost, currency: &'a str) -> Self {
        let charge = |charge: &'a Charge| LandedChargeOut {
            kind: charge.kind,
            amount: charge.amount,
            account: &charge.account,
        };
        LandedCostOut {
            id: landed.id,
            object: tag::LandedCost,
            number: &landed.number,
            spread_by: landed.spread_by,
            reference: landed.reference.as_deref(),
            reason: landed.reason.as_deref(),
            original_id: landed.original_id,
            reversed_by_id: landed.reversed_by,
            currency,
            value: landed.value,
            occurred_at: landed.occurred_at,
            created_at: landed.recorded_at,
            version: landed.version,
            charges: landed.charges.iter().map(charge).collect(),
            lines: None,
        }
    }

    pub(crate) fn with_lines(landed: &'a LandedCost, currency: &'a str, skus: Skus<'_, 'a>) -> Self {
        let line = |line: &LandedLine| LandedLineOut {
            line_no: line.line_no,
            stock_document_id: line.stock_document_id,
            receipt_line_no: line.receipt_line_no,
            product_id: line.product_id,
            sku: skus(line.product_id),
            lot_id: (line.lot_id != LotId::default()).then_some(line.lot_id),
            location_id: line.location_id,
            quantity: line.quantity,
            basis: line.basis,
            held: line.held,
            value: line.value,
            held_value: line.held_value,
            gone_value: line.value - line.held_value,
        };
        let lines = Some(landed.lines.iter().map(line).collect());
        LandedCostOut { lines, ..LandedCostOut::new(landed, currency) }
    }
}

/// Post a landed cost
///
/// Spreads freight, duty, insurance and other charges over the goods of receipts, also months later. The shares of the
/// lines add up to the charges, to the cent. Units that are still held get their share in the value of the stock: in
/// their cost layers at all locations, or in the average at the location that received them. The share of all other
/// units goes to cost variance. The accounts of the charges are credited.
#[utoipa::path(
    operation_id = "landed_costs_create",
    security(("bearer" = ["purchasing:write"])),
    params(PostHeaders),
    request_body = LandedCostIn,
    responses((status = 201, description = "The landed cost.", body = LandedCostOut))
)]
#[post("/v1/landed-costs")]
async fn create(post: Post) -> Answer {
    post.create::<LandedCostId, _, _>(LANDED_COSTS, to_command).await
}

/// Reverse a landed cost
///
/// Reverses all charges by a document of its own, dated now. The value of the stock falls by the share of the units
/// that are still held, at most by the amount that was added. The rest is taken off cost variance. A landed cost is
/// reversed once. A reversal can't be reversed: post the landed cost again.
#[utoipa::path(
    operation_id = "landed_costs_reverse",
    security(("bearer" = ["purchasing:write"])),
    params(("id" = LandedCostId, Path, description = "The landed cost."), PostHeaders),
    request_body = LandedReversalIn,
    responses((status = 201, description = "The reversal.", body = LandedCostOut))
)]
#[post("/v1/landed-costs/{id}/reverse")]
async fn reverse(post: Post, id: PathId<LandedCostId>) -> Answer {
    let command = |input: LandedReversalIn, _: &Caller| {
        let mut problems = Problems::default();
        let reason = input.reason.checked(&mut problems, "/reason");
        let reference = text::checked(&mut problems, "/reference", input.reference);
        let reversal = landed_cost::Reverse { original_id: id.0, id: input.id, reason, reference };
        Ok(Stated { command: Command::ReverseLandedCost(reversal), wrong: problems })
    };
    post.create::<LandedCostId, _, _>(LANDED_COSTS, command).await
}

fn to_command(input: LandedCostIn, _: &Caller) -> Result<Stated, ApiError> {
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference);
    let charge = |charge: LandedChargeIn| NamedCharge {
        kind: charge.kind,
        amount: charge.amount,
        account: charge.account,
    };
    let receipt = |receipt: LandedReceiptIn| NamedReceipt {
        stock_document_id: receipt.stock_document_id,
        line_no: receipt.line_no,
        weight: receipt.weight,
        volume: receipt.volume,
    };
    let command = Command::PostLandedCost(landed_cost::Post {
        id: input.id,
        charges: input.charges.into_iter().map(charge).collect(),
        spread_by: input.spread_by,
        receipts: input.receipts.into_iter().map(receipt).collect(),
        reference,
        occurred_at: input.occurred_at.map(Instant::get),
    });
    Ok(Stated { command, wrong: problems })
}
