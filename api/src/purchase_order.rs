//! Purchase orders: written as a draft, sent, confirmed, received, closed or cancelled. Received goods may go back to the supplier.

mod form;
mod print;
mod read;

use actix_web::post;
use chrono::{DateTime, NaiveDate, Utc};
use domain::exchange::Quote;
use domain::id::{LocationId, ProductId, PurchaseOrderId, StockDocumentId, SupplierId};
use domain::number::{
    ExchangeRate, Factor, Money, MoneyInCurrency, Percent, Price, PriceInCurrency, Quantity,
};
use domain::purchase_order::{
    self, ForeignOrder, ForeignOrderLine, MovedGoods, PurchaseLine, PurchaseOrder, PurchaseOrderStatus,
};
use domain::tag;
use serde::Serialize;
use service::posting::Command;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::Answer;
use crate::body::Nothing;
use crate::idempotency::{BatchHeaders, PostHeaders};
use crate::line::Skus;
use crate::params::PathId;
use crate::posting::{BatchIn, BatchOut, Post};

use form::{ConfirmIn, PurchaseOrderIn, ReceiveIn, ReverseReturnIn, SendIn, SupplierReturnIn};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create).service(create_batch).configure(read::routes).configure(print::routes);
    cfg.service(send).service(confirm).service(receive).service(cancel).service(close);
    cfg.service(send_back).service(reverse_return);
}

const PURCHASE_ORDERS: &str = "/v1/purchase-orders";

/// A purchase order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PurchaseOrderOut<'a> {
    /// Id of the purchase order.
    id: PurchaseOrderId,
    object: tag::PurchaseOrder,
    /// Number of the purchase order.
    #[schema(max_length = 64, example = "PO-2026-000123")]
    number: &'a str,
    /// The supplier.
    supplier_id: SupplierId,
    /// Status.
    status: PurchaseOrderStatus,
    /// A remark.
    #[schema(max_length = 200, example = "Quote 4711")]
    reference: Option<&'a str>,
    /// Percentage by which the received units of a line may exceed the ordered units.
    over_receipt_percent: Percent,
    /// Lead time in days, as the supplier stated it when the order was written. Null if it stated none.
    #[schema(minimum = 0, maximum = 730, example = 14)]
    lead_time_days: Option<u32>,
    /// Tenant's currency. All amounts have it, except those of `foreign`.
    #[schema(max_length = 3, example = "GBP")]
    currency: &'a str,
    /// Cost of all lines as ordered, before tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    value: Money,
    /// Amounts in the currency of the order. Null if the order is in the tenant's currency.
    foreign: Option<ForeignOrderOut<'a>>,
    /// When the supplier got it. Null for a draft.
    sent_at: Option<DateTime<Utc>>,
    /// When it was written.
    created_at: DateTime<Utc>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// Stock document that the request posted. Only in the response to a receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_id: Option<StockDocumentId>,
    /// Stock document that the request posted. Only in the response to a return, or to its reversal.
    #[serde(skip_serializing_if = "Option::is_none")]
    return_id: Option<StockDocumentId>,
    /// Lines of the purchase order. Lists omit them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 2000)]
    lines: Option<Vec<PurchaseLineOut<'a>>>,
}

/// Value of a purchase order in another currency than the tenant's, with its rate.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ForeignOrderOut<'a> {
    /// Currency of the order (ISO 4217).
    #[schema(max_length = 3, example = "USD")]
    currency: &'a str,
    /// Exchange rate: units of the tenant's currency in one unit of `currency`.
    exchange_rate: ExchangeRate,
    /// Cost of all lines as ordered, before tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    value: MoneyInCurrency,
}

/// Costs of a line of a purchase order in the currency of the order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ForeignOrderLineOut {
    /// Cost of one unit, before tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Price>)]
    unit_cost: PriceInCurrency,
    /// Cost of the line as ordered, before tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    value: MoneyInCurrency,
}

/// A line of a purchase order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct PurchaseLineOut<'a> {
    /// Line number, from 1.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// The product.
    product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: &'a str,
    /// Supplier's own code of the product when the order was written.
    #[schema(max_length = 64, example = "ST-0840")]
    supplier_sku: Option<&'a str>,
    /// Location that gets it.
    location_id: LocationId,
    /// Unit in which it is ordered.
    #[schema(max_length = 8, example = "XBX")]
    uom: &'a str,
    /// Stock units in one `uom`.
    factor: Factor,
    /// Quantity in that unit.
    entered: Quantity,
    /// Cost of one such unit, before tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Price>)]
    unit_cost: Price,
    /// Cost of the line as ordered, before tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    value: Money,
    /// Costs in the currency of the order. Null if the order is in the tenant's currency.
    foreign: Option<ForeignOrderLineOut>,
    /// Stock units ordered.
    quantity: Quantity,
    /// Stock units received. They may exceed the ordered units. Returned units that the supplier replaces do not count.
    received: Quantity,
    /// Received stock units that were returned to the supplier without replacement.
    returned: Quantity,
    /// Stock units that were cancelled.
    cancelled: Quantity,
    /// Stock units that are still to come.
    open: Quantity,
    /// Stock units that the supplier billed, less what credit notes and reversals took back.
    billed: Quantity,
    /// Day on which the line is expected. Null if it is not known: then no promise uses the line.
    #[schema(example = "2026-12-02")]
    expected_on: Option<NaiveDate>,
}

impl<'a> PurchaseOrderOut<'a> {
    pub(crate) fn new(order: &'a PurchaseOrder, currency: &'a str) -> Self {
        PurchaseOrderOut {
            id: order.id,
            object: tag::PurchaseOrder,
            number: &order.number,
            supplier_id: order.supplier_id,
            status: order.status,
            reference: order.reference.as_deref(),
            over_receipt_percent: order.over_receipt_percent,
            lead_time_days: order.lead_time_days,
            currency,
            value: order.value,
            foreign: order.foreign.as_ref().map(ForeignOrderOut::new),
            sent_at: order.sent_at,
            created_at: order.recorded_at,
            version: order.version,
            receipt_id: None,
            return_id: None,
            lines: None,
        }
    }

    pub(crate) fn with_lines(order: &'a PurchaseOrder, currency: &'a str, skus: Skus<'_, 'a>) -> Self {
        let quote = order.foreign.as_ref().map(|foreign| &foreign.quote);
        let line = |line: &'a PurchaseLine| PurchaseLineOut {
            line_no: line.line_no,
            product_id: line.product_id,
            sku: skus(line.product_id),
            supplier_sku: line.supplier_sku.as_deref(),
            location_id: line.location_id,
            uom: &line.uom,
            factor: line.factor,
            entered: line.entered,
            unit_cost: line.unit_cost,
            value: line.value,
            foreign: quote.zip(line.foreign).map(|(quote, foreign)| ForeignOrderLineOut::new(quote, foreign)),
            quantity: line.quantity,
            received: line.received,
            returned: line.returned,
            cancelled: line.cancelled,
            open: line.open(),
            billed: line.billed,
            expected_on: line.expected_on,
        };
        let lines = Some(order.lines.iter().map(line).collect());
        PurchaseOrderOut { lines, ..PurchaseOrderOut::new(order, currency) }
    }

    /// Names the stock document of the goods that a command moved.
    pub(crate) fn moved_by(self, goods: Option<&MovedGoods>) -> Self {
        let id = goods.map(|goods| goods.document().id);
        match goods {
            Some(MovedGoods::Received(_)) => PurchaseOrderOut { receipt_id: id, ..self },
            Some(MovedGoods::Returned(_) | MovedGoods::TakenBack(..)) => {
                PurchaseOrderOut { return_id: id, ..self }
            }
            None => self,
        }
    }
}

impl<'a> ForeignOrderOut<'a> {
    fn new(foreign: &'a ForeignOrder) -> Self {
        ForeignOrderOut {
            currency: &foreign.quote.currency,
            exchange_rate: foreign.quote.rate,
            value: foreign.quote.shown(foreign.value),
        }
    }
}

impl ForeignOrderLineOut {
    fn new(quote: &Quote, foreign: ForeignOrderLine) -> Self {
        let ForeignOrderLine { unit_cost, value } = foreign;
        ForeignOrderLineOut { unit_cost: quote.shown(unit_cost), value: quote.shown(value) }
    }
}

/// Write a purchase order
///
/// Writes a draft. A line without `unit_cost` has the supplier's price of today for its quantity. If the supplier has
/// no such price, the line is rejected (`price_missing`). In another currency than the supplier's, each line needs `unit_cost`.
/// A draft does not count as supply until you send it.
#[utoipa::path(
    operation_id = "purchase_orders_create",
    security(("bearer" = ["purchasing:write"])),
    params(PostHeaders),
    request_body = PurchaseOrderIn,
    responses((status = 201, description = "The purchase order.", body = PurchaseOrderOut))
)]
#[post("/v1/purchase-orders")]
async fn create(post: Post) -> Answer {
    post.create::<PurchaseOrderId, _, _>(PURCHASE_ORDERS, form::to_place).await
}

/// Write many purchase orders at once
///
/// Takes up to 500 purchase orders. Each is carried out on its own: a rejected one does not affect the others.
#[utoipa::path(
    operation_id = "purchase_orders_create_batch",
    security(("bearer" = ["purchasing:write"])),
    params(BatchHeaders),
    request_body = BatchIn,
    responses((status = 207, description = "One result per purchase order, in order.", body = BatchOut))
)]
#[post("/v1/purchase-orders/batch")]
async fn create_batch(post: Post) -> Answer {
    post.batch(PURCHASE_ORDERS, form::to_place).await
}

/// Send a purchase order
///
/// Records that the supplier has the order. From then on the open units of each line count as supply on its day, and
/// promises use them. A line without a day is expected after the supplier's lead time, if the supplier states one. If the
/// supplier got the order earlier, send `occurred_at`: lead times count from that day. The server sends no message to the supplier.
#[utoipa::path(
    operation_id = "purchase_orders_send",
    security(("bearer" = ["purchasing:write"])),
    params(("id" = PurchaseOrderId, Path, description = "The purchase order."), PostHeaders),
    request_body = SendIn,
    responses((status = 200, description = "The purchase order.", body = PurchaseOrderOut))
)]
#[post("/v1/purchase-orders/{id}/send")]
async fn send(post: Post, id: PathId<PurchaseOrderId>) -> Answer {
    post.send(|input: SendIn, _| Ok(form::to_send(id.0, input))).await
}

/// Confirm a purchase order
///
/// Records the day that the supplier confirms for each open line. If the supplier delivers fewer units of a line, send `open`:
/// the other units are cancelled. Confirm the order again when a day changes. Each
/// customer order whose promise no longer holds gets an event `order.promise_broken`, and `GET
/// /v1/purchase-orders/{id}/broken-promises` lists it.
#[utoipa::path(
    operation_id = "purchase_orders_confirm",
    security(("bearer" = ["purchasing:write"])),
    params(("id" = PurchaseOrderId, Path, description = "The purchase order."), PostHeaders),
    request_body = ConfirmIn,
    responses((status = 200, description = "The purchase order.", body = PurchaseOrderOut))
)]
#[post("/v1/purchase-orders/{id}/confirm")]
async fn confirm(post: Post, id: PathId<PurchaseOrderId>) -> Answer {
    post.send(|input: ConfirmIn, _| Ok(form::to_confirm(id.0, input))).await
}

/// Receive a purchase order
///
/// Receives goods of the order, in full or in part, by a stock document of the kind `receipt`. Lines have the cost of
/// the order unless they state another. A line may exceed the ordered units by `over_receipt_percent`; more is rejected
/// (`receipt_exceeds_order`). All lines of a request go to one location.
#[utoipa::path(
    operation_id = "purchase_orders_receive",
    security(("bearer" = ["purchasing:write"]), ("bearer" = ["stock:write"])),
    params(("id" = PurchaseOrderId, Path, description = "The purchase order."), PostHeaders),
    request_body = ReceiveIn,
    responses((status = 200, description = "The purchase order.", body = PurchaseOrderOut))
)]
#[post("/v1/purchase-orders/{id}/receive")]
async fn receive(post: Post, id: PathId<PurchaseOrderId>) -> Answer {
    post.send(|input: ReceiveIn, _| Ok(form::to_receive(id.0, input))).await
}

/// Return goods to the supplier
///
/// Returns goods of a receipt by a stock document of the kind `supplier_return`. A line returns at most the units that
/// the receipt received, less earlier returns. The supplier owes the cost as received, which is debited to *goods
/// received not invoiced*. The goods leave at the cost of their cost layer while it is held, else at the current cost.
/// The difference is a price variance. With `replace`, the returned units are open on the order again.
#[utoipa::path(
    operation_id = "purchase_orders_return",
    security(("bearer" = ["purchasing:write"]), ("bearer" = ["stock:write"])),
    params(("id" = PurchaseOrderId, Path, description = "The purchase order."), PostHeaders),
    request_body = SupplierReturnIn,
    responses((status = 200, description = "The purchase order.", body = PurchaseOrderOut))
)]
#[post("/v1/purchase-orders/{id}/return")]
async fn send_back(post: Post, id: PathId<PurchaseOrderId>) -> Answer {
    post.send(|input: SupplierReturnIn, _| Ok(form::to_send_back(id.0, input))).await
}

/// Reverse a return to the supplier
///
/// Reverses a whole return. The goods are in stock again with their former cost and cost layers, by a stock document of
/// the kind `supplier_return` with units above zero. A return is reversed once.
#[utoipa::path(
    operation_id = "purchase_orders_reverse_return",
    security(("bearer" = ["purchasing:write"]), ("bearer" = ["stock:write"])),
    params(("id" = PurchaseOrderId, Path, description = "The purchase order."), PostHeaders),
    request_body = ReverseReturnIn,
    responses((status = 200, description = "The purchase order.", body = PurchaseOrderOut))
)]
#[post("/v1/purchase-orders/{id}/reverse-return")]
async fn reverse_return(post: Post, id: PathId<PurchaseOrderId>) -> Answer {
    post.send(|input: ReverseReturnIn, _| Ok(form::to_take_back(id.0, input))).await
}

/// Cancel a purchase order
///
/// Cancels the units that are still to come. If some units were received, the status becomes `closed`, else
/// `cancelled`. Promises on the cancelled units are broken, as after a change of the day.
#[utoipa::path(
    operation_id = "purchase_orders_cancel",
    security(("bearer" = ["purchasing:write"])),
    params(("id" = PurchaseOrderId, Path, description = "The purchase order."), PostHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The purchase order.", body = PurchaseOrderOut))
)]
#[post("/v1/purchase-orders/{id}/cancel")]
async fn cancel(post: Post, id: PathId<PurchaseOrderId>) -> Answer {
    post.empty(Command::CancelPurchaseOrder(purchase_order::Cancel(id.0))).await
}

/// Close a purchase order
///
/// Closes an order with received goods. Units that are still to come are cancelled, and later receipts are rejected.
#[utoipa::path(
    operation_id = "purchase_orders_close",
    security(("bearer" = ["purchasing:write"])),
    params(("id" = PurchaseOrderId, Path, description = "The purchase order."), PostHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The purchase order.", body = PurchaseOrderOut))
)]
#[post("/v1/purchase-orders/{id}/close")]
async fn close(post: Post, id: PathId<PurchaseOrderId>) -> Answer {
    post.empty(Command::ClosePurchaseOrder(purchase_order::Close(id.0))).await
}
