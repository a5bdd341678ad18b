//! Bills of suppliers: recorded, credited, reversed.

mod form;
mod read;

use actix_web::post;
use chrono::{DateTime, NaiveDate, Utc};
use domain::bill::{
    Bill, BillDiscount, BillKind, BillLine, BillStatus, BilledGoods, ForeignLine, MatchStatus, Mismatch,
};
use domain::exchange::{Amounts, ForeignDocument, Quote};
use domain::id::{BillId, LocationId, ProductId, PurchaseOrderId, StockDocumentId, SupplierId};
use domain::number::{ExchangeRate, Money, MoneyInCurrency, Price, PriceInCurrency, Quantity};
use domain::tag;
use serde::Serialize;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::idempotency::PostHeaders;
use crate::line::Skus;
use crate::params::PathId;
use crate::posting::Post;
use crate::{Answer, Caller};

use form::{BillCreditIn, BillIn, BillReversalIn};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create).configure(read::routes).service(credit).service(reverse);
}

const BILLS: &str = "/v1/bills";

/// A bill of a supplier, or a credit note or reversal of one, whose amounts are negative.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BillOut<'a> {
    /// Id of the bill.
    id: BillId,
    object: tag::Bill,
    /// Number of the document in your books.
    #[schema(max_length = 64, example = "BL-2026-000123")]
    number: &'a str,
    /// Bill, credit note or reversal.
    kind: BillKind,
    /// The supplier.
    supplier_id: SupplierId,
    /// Supplier's own number of the document. Null for a reversal.
    #[schema(max_length = 64, example = "RE-2026-4711")]
    supplier_number: Option<&'a str>,
    /// Whether an amount is still to be paid.
    status: BillStatus,
    /// Whether every line agrees with what was ordered and received, within the tolerance of the settings.
    match_status: MatchStatus,
    /// Day that the document states.
    #[schema(example = "2026-11-20")]
    dated: NaiveDate,
    /// Day on which it is due.
    #[schema(example = "2026-12-20")]
    due_on: NaiveDate,
    /// Discounts for early payment. The bill keeps those with which it was recorded.
    #[schema(max_items = 2)]
    discounts: &'a [BillDiscount],
    /// Tenant's currency. All amounts have it, except those of `foreign`.
    #[schema(max_length = 3, example = "GBP")]
    currency: &'a str,
    /// Amount of all lines, before tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    value: Money,
    /// Tax of all lines. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    tax_value: Money,
    /// Amount with tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    total_value: Money,
    /// Amount still to be paid. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    open_value: Money,
    /// Amounts in the currency of the document. Null if the document is in the tenant's currency.
    foreign: Option<ForeignBillOut<'a>>,
    /// A remark, or the reason of a reversal.
    #[schema(max_length = 200, example = "Delivery of November")]
    reference: Option<&'a str>,
    /// Bill that a credit note or a reversal takes back. Null for a bill.
    original_id: Option<BillId>,
    /// Reversal of this document. Null if there is none.
    reversed_by_id: Option<BillId>,
    /// When it was recorded.
    created_at: DateTime<Utc>,
    /// Version number. Each payment, credit note and reversal adds 1.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// Lines of the document. Lists omit them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 2000)]
    lines: Option<Vec<BillLineOut<'a>>>,
}

/// Amounts of a bill in another currency than the tenant's, with its rate.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ForeignBillOut<'a> {
    /// Currency of the document (ISO 4217).
    #[schema(max_length = 3, example = "USD")]
    currency: &'a str,
    /// Exchange rate: units of the tenant's currency in one unit of `currency`. Credit notes and reversals have the
    /// rate of their bill.
    exchange_rate: ExchangeRate,
    /// Amount of all lines, before tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    value: MoneyInCurrency,
    /// Tax of all lines. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    tax_value: MoneyInCurrency,
    /// Amount with tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    total_value: MoneyInCurrency,
    /// Amount still to be paid. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    open_value: MoneyInCurrency,
}

/// Amounts of a line of a bill in the currency of the bill.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ForeignBillLineOut {
    /// Price of one unit, before tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Price>)]
    unit_cost: PriceInCurrency,
    /// Amount before tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    value: MoneyInCurrency,
    /// Tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    tax_value: MoneyInCurrency,
}

/// A line of a bill. It has goods or an account.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct BillLineOut<'a> {
    /// Line number, from 1.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// Line of the bill that a credit note or a reversal takes back. Null for a bill.
    #[schema(minimum = 1, maximum = 2000, example = json!(null))]
    original_line_no: Option<i32>,
    /// Purchase order of the goods.
    purchase_order_id: Option<PurchaseOrderId>,
    /// Line of the purchase order.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    order_line_no: Option<i32>,
    /// Receipt of the goods, if they belong to no purchase order.
    receipt_id: Option<StockDocumentId>,
    /// Line of the receipt.
    #[schema(minimum = 1, maximum = 2000, example = json!(null))]
    receipt_line_no: Option<i32>,
    /// Account of a line without goods.
    #[schema(max_length = 64, example = json!(null))]
    account: Option<&'a str>,
    /// Text of the line.
    #[schema(max_length = 200, example = "Freight")]
    description: Option<&'a str>,
    /// The product.
    product_id: Option<ProductId>,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: Option<&'a str>,
    /// Location that receives or received the goods.
    location_id: Option<LocationId>,
    /// Unit of the quantity.
    #[schema(max_length = 8, example = "XBX")]
    uom: Option<&'a str>,
    /// Quantity in that unit.
    entered: Quantity,
    /// Price of one such unit, before tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Price>)]
    unit_cost: Price,
    /// Stock units; zero for a line without goods.
    quantity: Quantity,
    /// Amount before tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    value: Money,
    /// Tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    tax_value: Money,
    /// Amounts in the currency of the bill. Null if the bill is in the tenant's currency.
    foreign: Option<ForeignBillLineOut>,
    /// Whether the line agrees with what was ordered and received.
    match_status: MatchStatus,
    /// Differences beyond the tolerance. They are computed again when these goods are billed, received or returned.
    #[schema(max_items = 6)]
    reasons: Vec<Mismatch>,
    /// Stock units ordered. Null if the goods belong to no purchase order.
    ordered: Option<Quantity>,
    /// Stock units received on the line of the order or receipt, less units that were returned to the supplier.
    received: Quantity,
    /// Stock units of the line of the order or receipt that bills have, less those of credit notes and reversals.
    billed: Quantity,
    /// Expected cost of the billed units: by the purchase order or, without one, by the receipt. Null without the scope
    /// `costs:read`.
    #[schema(value_type = Option<Money>)]
    expected_value: Money,
}

impl<'a> BillOut<'a> {
    pub(crate) fn new(bill: &'a Bill, currency: &'a str, is_mismatched: bool) -> Self {
        BillOut {
            id: bill.id,
            object: tag::Bill,
            number: &bill.number,
            kind: bill.kind,
            supplier_id: bill.supplier_id,
            supplier_number: bill.supplier_number.as_deref(),
            status: bill.status(),
            match_status: MatchStatus::of(is_mismatched),
            dated: bill.dated,
            due_on: bill.due_on,
            discounts: &bill.discounts,
            currency,
            value: bill.value,
            tax_value: bill.tax,
            total_value: bill.total(),
            open_value: bill.open,
            foreign: bill.foreign.as_ref().map(ForeignBillOut::new),
            reference: bill.reference.as_deref(),
            original_id: bill.original_id,
            reversed_by_id: bill.reversed_by,
            created_at: bill.recorded_at,
            version: bill.version,
            lines: None,
        }
    }

    pub(crate) fn with_lines(bill: &'a Bill, currency: &'a str, skus: Skus<'_, 'a>) -> Self {
        let quote = bill.foreign.as_ref().map(|foreign| &foreign.quote);
        let lines = bill.lines.iter().map(|line| BillLineOut::new(line, quote, skus)).collect();
        let is_mismatched = bill.lines.iter().any(|line| !line.reasons.is_empty());
        BillOut { lines: Some(lines), ..BillOut::new(bill, currency, is_mismatched) }
    }
}

impl<'a> ForeignBillOut<'a> {
    fn new(foreign: &'a ForeignDocument) -> Self {
        let ForeignDocument { quote, amounts, open } = foreign;
        ForeignBillOut {
            currency: &quote.currency,
            exchange_rate: quote.rate,
            value: quote.shown(amounts.value),
            tax_value: quote.shown(amounts.tax),
            total_value: quote.shown(amounts.total()),
            open_value: quote.shown(*open),
        }
    }
}

impl ForeignBillLineOut {
    fn new(quote: &Quote, foreign: ForeignLine) -> Self {
        let Amounts { value, tax } = foreign.amounts;
        ForeignBillLineOut {
            unit_cost: quote.shown(foreign.unit_cost),
            value: quote.shown(value),
            tax_value: quote.shown(tax),
        }
    }
}

impl<'a> BillLineOut<'a> {
    /// Returns a line of a bill. `quote` has the currency of the bill, if that is not the tenant's.
    fn new(line: &'a BillLine, quote: Option<&Quote>, skus: Skus<'_, 'a>) -> Self {
        let order = line.goods.and_then(BilledGoods::order);
        let receipt = line.goods.and_then(BilledGoods::receipt);
        BillLineOut {
            line_no: line.line_no,
            original_line_no: line.original_line_no,
            purchase_order_id: order.map(|(id, _)| id),
            order_line_no: order.map(|(_, line_no)| line_no),
            receipt_id: receipt.map(|(id, _)| id),
            receipt_line_no: receipt.map(|(_, line_no)| line_no),
            account: line.account.as_deref(),
            description: line.description.as_deref(),
            product_id: line.product_id,
            sku: line.product_id.map(skus),
            location_id: line.location_id,
            uom: line.uom.as_deref(),
            entered: line.entered,
            unit_cost: line.unit_cost,
            quantity: line.quantity,
            value: line.value,
            tax_value: line.tax,
            foreign: quote.zip(line.foreign).map(|(quote, foreign)| ForeignBillLineOut::new(quote, foreign)),
            match_status: MatchStatus::of(!line.reasons.is_empty()),
            reasons: line.reasons.clone(),
            ordered: line.figures.ordered,
            received: line.figures.received,
            billed: line.figures.billed,
            expected_value: line.figures.expected_value,
        }
    }
}

/// Record a bill
///
/// Records a bill with the prices of the supplier. A line names a line of a purchase order, a line of a receipt without
/// a purchase order, or an account. Received goods are matched at once. The difference between bill and receipt goes to
/// inventory for units that are still held, and to cost variance for the others. Goods that are not received yet stay
/// in goods received not invoiced until they are. A bill that differs from its order or receipt is recorded too:
/// `match_status` is `mismatched`, and `reasons` of its lines name the differences. A bill in another currency keeps
/// its exchange rate, and is posted in the tenant's currency. A second bill with the same `supplier_number` is rejected
/// (`already_exists`).
#[utoipa::path(
    operation_id = "bills_create",
    security(("bearer" = ["purchasing:write"])),
    params(PostHeaders),
    request_body = BillIn,
    responses((status = 201, description = "The bill.", body = BillOut))
)]
#[post("/v1/bills")]
async fn create(post: Post) -> Answer {
    post.create::<BillId, _, _>(BILLS, form::to_record).await
}

/// Record a credit note of a supplier
///
/// Records a credit note for a part of a bill. A line credits a quantity at the price of the bill, or an amount. The
/// credit note reduces the open amount of the bill, and is rejected if it exceeds it. It is a document of its own, with
/// negative amounts.
#[utoipa::path(
    operation_id = "bills_credit",
    security(("bearer" = ["purchasing:write"])),
    params(("id" = BillId, Path, description = "The bill."), PostHeaders),
    request_body = BillCreditIn,
    responses((status = 201, description = "The credit note.", body = BillOut))
)]
#[post("/v1/bills/{id}/credit")]
async fn credit(post: Post, id: PathId<BillId>) -> Answer {
    post.create::<BillId, _, _>(BILLS, |input: BillCreditIn, caller: &Caller| {
        Ok(form::to_credit(id.0, input, caller.sees_costs()))
    })
    .await
}

/// Reverse a bill
///
/// Reverses a bill that was recorded by mistake, less its credit notes. A bill that is paid in part is rejected:
/// reverse its payments first. The reversal is a document of its own, with negative amounts. `supplier_number` can be
/// used again.
#[utoipa::path(
    operation_id = "bills_reverse",
    security(("bearer" = ["purchasing:write"])),
    params(("id" = BillId, Path, description = "The bill."), PostHeaders),
    request_body = BillReversalIn,
    responses((status = 201, description = "The reversal.", body = BillOut))
)]
#[post("/v1/bills/{id}/reverse")]
async fn reverse(post: Post, id: PathId<BillId>) -> Answer {
    post.create::<BillId, _, _>(BILLS, |input: BillReversalIn, _| Ok(form::to_reverse(id.0, input))).await
}
