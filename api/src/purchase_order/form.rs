//! Bodies of requests about purchase orders, and the commands that they make.

use chrono::NaiveDate;
use domain::id::{LocationId, ProductId, PurchaseOrderId, StockDocumentId, SupplierId};
use domain::moment::Instant;
use domain::number::{ExchangeRate, Percent, Price, Quantity};
use domain::purchase_order::{
    Confirm, ConfirmLine, Place, PlaceLine, Receive, ReceiveLine, SendBack, SendBackLine, SendToSupplier,
    TakeBack,
};
use domain::refusal::Problems;
use domain::text::{self, Filled100, Reference200, is_blank};
use serde::Deserialize;
use service::posting::{Command, Stated};

use crate::line::named_item;
use crate::lot::line::{self as lots, LotIn, ReceivedLotIn};
use crate::{ApiError, Caller};

/// A purchase order to write as a draft.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PurchaseOrderIn {
    /// Your own id of the document. The server chooses one if absent.
    id: Option<PurchaseOrderId>,
    /// Supplier that gets the order.
    supplier_id: SupplierId,
    /// Location of lines without `location_id`. If absent, the oldest warehouse.
    location_id: Option<LocationId>,
    /// Day of lines without `expected_on`, today or later.
    #[schema(example = "2026-12-02")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    expected_on: Option<NaiveDate>,
    /// Currency of the costs (ISO 4217). The supplier's currency if absent. In another currency than the supplier's, each line
    /// needs `unit_cost`.
    #[schema(min_length = 3, max_length = 3, example = "GBP")]
    currency: Option<String>,
    /// Exchange rate: units of the tenant's currency in one unit of `currency`. If absent, the latest recorded rate on
    /// or before today.
    #[schema(example = json!(null))]
    exchange_rate: Option<ExchangeRate>,
    /// Supplier's quote or a remark.
    reference: Option<Reference200>,
    /// Percentage by which the received units of a line may exceed the ordered units: 0 to 100. If absent, the
    /// supplier's.
    over_receipt_percent: Option<Percent>,
    /// Whether a line may be below the supplier's `min_order_quantity`, or not a multiple of its `order_multiple`.
    #[serde(default)]
    any_quantity: bool,
    /// Lines of the purchase order, at most 10 locations in all.
    #[schema(min_items = 1, max_items = 2000)]
    lines: Vec<PurchaseLineIn>,
}

/// A line of a purchase order. Name the product by exactly one of `product_id`, `sku` and `barcode`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PurchaseLineIn {
    /// Id of the product.
    product_id: Option<ProductId>,
    /// SKU of the product.
    #[schema(min_length = 1, max_length = 64, example = "BOLT-M8")]
    sku: Option<String>,
    /// Barcode of the product and its unit.
    #[schema(min_length = 1, max_length = 64, example = "4006381333931")]
    barcode: Option<String>,
    /// Unit. If absent: the unit of the barcode, else the unit that the supplier sells, else the stock unit.
    #[schema(min_length = 1, max_length = 8, example = "XBX")]
    uom: Option<String>,
    /// Quantity in that unit, above zero.
    quantity: Quantity,
    /// Cost of one such unit, before tax. If absent, the supplier's price of today for the quantity.
    unit_cost: Option<Price>,
    /// Location that gets the line.
    location_id: Option<LocationId>,
    /// Day on which the line is wanted, today or later.
    #[schema(example = "2026-12-02")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    expected_on: Option<NaiveDate>,
}

/// A purchase order to send.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendIn {
    /// When the supplier got the order: now or earlier. It may be before the order was recorded here. Now if absent.
    #[schema(example = "2026-12-01T09:00:00Z")]
    occurred_at: Option<Instant>,
}

/// The days that a supplier confirms.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmIn {
    /// Day of all open lines that `lines` does not name, today or later. If absent, these lines keep their day.
    #[schema(example = "2026-12-09")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    expected_on: Option<NaiveDate>,
    /// Days of single lines.
    #[serde(default)]
    #[schema(max_items = 2000)]
    lines: Vec<ConfirmLineIn>,
}

/// The day that a supplier confirms for a line.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmLineIn {
    /// Line of the purchase order.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// Day on which it is expected, today or later.
    #[schema(example = "2026-12-09")]
    #[serde(deserialize_with = "domain::day::required")]
    expected_on: NaiveDate,
    /// Stock units that are still to come, if the supplier delivers fewer: at most the `open` units of the line. The others are
    /// cancelled. If absent, all open units are still to come.
    #[schema(example = json!(null))]
    open: Option<Quantity>,
}

/// Goods of a purchase order to receive.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveIn {
    /// Your own id of the stock document. The server chooses one if absent.
    document_id: Option<StockDocumentId>,
    /// Delivery note or remark. The number of the purchase order if absent.
    reference: Option<Reference200>,
    /// When the goods were received: not on a day before the order was sent, and not in the future. Now if absent.
    #[schema(example = "2026-12-02T09:00:00Z")]
    occurred_at: Option<Instant>,
    /// Lines to receive, each named once. If absent, all open units are received.
    #[serde(default)]
    #[schema(max_items = 2000)]
    lines: Vec<ReceiveLineIn>,
}

/// A line to receive.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReceiveLineIn {
    /// Line of the purchase order.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// Unit of the quantity. If absent, the unit of the order line.
    #[schema(min_length = 1, max_length = 8, example = "XBX")]
    uom: Option<String>,
    /// Quantity received, above zero.
    quantity: Quantity,
    /// Cost of one such unit, before tax, in the currency of the order. If absent, the cost of the order line.
    unit_cost: Option<Price>,
    /// Lots of a tracked product. Required if it is tracked.
    #[serde(default)]
    #[schema(max_items = 2000)]
    lots: Vec<ReceivedLotIn>,
}

/// Goods of a receipt that go back to the supplier.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierReturnIn {
    /// Your own id of the stock document. The server chooses one if absent.
    document_id: Option<StockDocumentId>,
    /// Stock document of the receipt that received the goods.
    receipt_id: StockDocumentId,
    /// Location that the goods leave. If absent, the location of the receipt.
    location_id: Option<LocationId>,
    /// Supplier's number of the return, or a remark. The number of the receipt if absent.
    reference: Option<Reference200>,
    /// When the goods left: not before their receipt, and not in the future. Now if absent.
    #[schema(example = "2026-12-03T09:00:00Z")]
    occurred_at: Option<Instant>,
    /// Whether the supplier replaces the goods. The returned units are then open on the order again. Rejected if it is
    /// closed.
    #[serde(default)]
    replace: bool,
    /// Lines that go back, each named once.
    #[schema(min_items = 1, max_items = 2000)]
    lines: Vec<SupplierReturnLineIn>,
}

/// A line that goes back to the supplier.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SupplierReturnLineIn {
    /// Line of the purchase order.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// Unit of the quantity. If absent, the unit of the order line.
    #[schema(min_length = 1, max_length = 8, example = "XBX")]
    uom: Option<String>,
    /// Quantity that goes back, above zero.
    quantity: Quantity,
    /// Lots of a tracked product that came with the receipt. Required if it is tracked.
    #[serde(default)]
    #[schema(max_items = 2000)]
    lots: Vec<LotIn>,
}

/// A return to the supplier to reverse.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReverseReturnIn {
    /// Stock document of the return.
    return_id: StockDocumentId,
    /// Reason of the reversal. The stock document has it as its reference.
    reason: Filled100,
}

pub fn to_place(input: PurchaseOrderIn, _: &Caller) -> Result<Stated, ApiError> {
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference);
    let mut lines = Vec::with_capacity(input.lines.len());
    for (index, line) in input.lines.into_iter().enumerate() {
        let names = (line.product_id, line.sku, line.barcode);
        lines.push(PlaceLine {
            item: named_item(&mut problems, &format!("/lines/{index}"), names),
            uom: line.uom,
            quantity: line.quantity,
            unit_cost: line.unit_cost,
            location_id: line.location_id,
            expected_on: line.expected_on,
        });
    }
    let command = Command::PlacePurchaseOrder(Place {
        id: input.id,
        supplier_id: input.supplier_id,
        location_id: input.location_id,
        expected_on: input.expected_on,
        currency: input.currency,
        exchange_rate: input.exchange_rate,
        reference,
        over_receipt_percent: input.over_receipt_percent,
        any_quantity: input.any_quantity,
        lines,
    });
    Ok(Stated { command, wrong: problems })
}

pub fn to_send(id: PurchaseOrderId, input: SendIn) -> Command {
    let occurred_at = input.occurred_at.map(Instant::get);
    Command::SendPurchaseOrder(SendToSupplier { id, occurred_at })
}

pub fn to_confirm(id: PurchaseOrderId, input: ConfirmIn) -> Command {
    let line = |line: ConfirmLineIn| {
        let ConfirmLineIn { line_no, expected_on, open } = line;
        ConfirmLine { line_no, expected_on, open }
    };
    let lines = input.lines.into_iter().map(line).collect();
    Command::ConfirmPurchaseOrder(Confirm { id, expected_on: input.expected_on, lines })
}

pub fn to_receive(id: PurchaseOrderId, input: ReceiveIn) -> Stated {
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference);
    let mut lines = Vec::with_capacity(input.lines.len());
    for (index, line) in input.lines.into_iter().enumerate() {
        lines.push(ReceiveLine {
            line_no: line.line_no,
            uom: line.uom,
            quantity: line.quantity,
            unit_cost: line.unit_cost,
            lots: lots::received(&mut problems, &format!("/lines/{index}"), line.lots),
        });
    }
    let command = Command::ReceivePurchaseOrder(Receive {
        id,
        document_id: input.document_id,
        reference,
        occurred_at: input.occurred_at.map(Instant::get),
        lines,
    });
    Stated { command, wrong: problems }
}

pub fn to_send_back(id: PurchaseOrderId, input: SupplierReturnIn) -> Stated {
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference);
    let mut lines = Vec::with_capacity(input.lines.len());
    for (index, line) in input.lines.into_iter().enumerate() {
        lines.push(SendBackLine {
            line_no: line.line_no,
            uom: line.uom,
            quantity: line.quantity,
            lots: lots::named(&mut problems, &format!("/lines/{index}"), line.lots),
        });
    }
    let command = Command::SendGoodsBack(SendBack {
        id,
        receipt_id: input.receipt_id,
        document_id: input.document_id,
        location_id: input.location_id,
        reference,
        occurred_at: input.occurred_at.map(Instant::get),
        replace: input.replace,
        lines,
    });
    Stated { command, wrong: problems }
}

pub fn to_take_back(id: PurchaseOrderId, input: ReverseReturnIn) -> Stated {
    let mut problems = Problems::default();
    if is_blank(&input.reason) {
        problems.invalid("/reason", "Say why the return is reversed.");
    }
    let reason = input.reason.checked(&mut problems, "/reason");
    let command = Command::TakeReturnBack(TakeBack { id, return_id: input.return_id, reason });
    Stated { command, wrong: problems }
}
