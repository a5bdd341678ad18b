//! Bodies of requests about bills, and the commands that they make.

use chrono::NaiveDate;
use domain::bill::{
    self, BillDiscount, BilledGoods, Credit, CreditLine, Record, RecordLine, Reverse, Subject,
};
use domain::id::{BillId, PurchaseOrderId, StockDocumentId, SupplierId};
use domain::number::{ExchangeRate, Money, Price, Quantity};
use domain::refusal::Problems;
use domain::text::{self, Filled200, Label200, Line64, Reference200, label};
use serde::Deserialize;
use service::posting::{Command, Stated};

use crate::{ApiError, Caller};

/// A bill to record.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BillIn {
    /// Your own id of the document. The server chooses one if absent.
    id: Option<BillId>,
    /// The supplier.
    supplier_id: SupplierId,
    /// Supplier's own number of the bill, used once for each supplier.
    supplier_number: Line64,
    /// Day of the bill, today or earlier.
    #[schema(example = "2026-11-20")]
    #[serde(deserialize_with = "domain::day::required")]
    dated: NaiveDate,
    /// Day on which the bill is due. If absent: `dated` and the supplier's `payment_days`.
    #[schema(example = "2026-12-20")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    due_on: Option<NaiveDate>,
    /// Discounts for early payment. If absent, the supplier's `discounts` apply. Send an empty list for a bill without
    /// one.
    #[schema(max_items = 2)]
    discounts: Option<Vec<BillDiscount>>,
    /// Currency of all amounts of the bill (ISO 4217). If absent, the tenant's currency.
    #[schema(min_length = 3, max_length = 3, example = "GBP")]
    currency: Option<String>,
    /// Exchange rate: units of the tenant's currency in one unit of `currency`. If absent, the latest recorded rate on
    /// or before `dated`.
    #[schema(example = json!(null))]
    exchange_rate: Option<ExchangeRate>,
    /// A remark.
    reference: Option<Reference200>,
    /// Lines of the bill.
    #[schema(min_items = 1, max_items = 2000)]
    lines: Vec<BillLineIn>,
}

/// A line of a bill. It names a line of a purchase order, a line of a receipt, or an account.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct BillLineIn {
    /// Purchase order of the goods. Send `order_line_no` with it.
    purchase_order_id: Option<PurchaseOrderId>,
    /// Line of the purchase order.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    order_line_no: Option<i32>,
    /// Receipt of goods without a purchase order. Send `receipt_line_no` with it.
    #[schema(example = json!(null))]
    receipt_id: Option<StockDocumentId>,
    /// Line of the receipt.
    #[schema(minimum = 1, maximum = 2000, example = json!(null))]
    receipt_line_no: Option<i32>,
    /// Code of the account of a line without goods.
    #[schema(max_length = 64, example = json!(null))]
    account: Option<String>,
    /// Text of the line. A blank one counts as none, and line breaks are kept as blanks.
    description: Option<Label200>,
    /// Unit of the quantity. If absent, the unit of the purchase order line, or the stock unit for a receipt.
    #[schema(min_length = 1, max_length = 8, example = "XBX")]
    uom: Option<String>,
    /// Quantity in that unit, above zero. Required for goods. A line on an account has 1 if absent.
    quantity: Option<Quantity>,
    /// Price of one such unit, before tax.
    unit_cost: Price,
    /// Tax of the line, as the bill states it. Zero if absent.
    #[serde(default)]
    tax_value: Money,
}

/// A credit note of a supplier to record.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BillCreditIn {
    /// Your own id of the document. The server chooses one if absent.
    id: Option<BillId>,
    /// Supplier's own number of the credit note, used once for each supplier.
    supplier_number: Line64,
    /// Day of the credit note: the day of the bill or later, not in the future.
    #[schema(example = "2026-11-25")]
    #[serde(deserialize_with = "domain::day::required")]
    dated: NaiveDate,
    /// A remark.
    reference: Option<Reference200>,
    /// Lines to credit, each named once.
    #[schema(min_items = 1, max_items = 2000)]
    lines: Vec<BillCreditLineIn>,
}

/// A line to credit. Send either `quantity` or `value`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct BillCreditLineIn {
    /// Line of the bill.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// Quantity to credit, in the unit of the line, at the price of the bill.
    quantity: Option<Quantity>,
    /// Amount to credit, before tax, in the currency of the bill.
    #[schema(example = json!(null))]
    value: Option<Money>,
    /// Tax to credit, in the currency of the bill. If absent, the tax that belongs to the credited amount.
    tax_value: Option<Money>,
}

/// A bill to take back.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BillReversalIn {
    /// Your own id of the reversal. The server chooses one if absent.
    id: Option<BillId>,
    /// Reason of the reversal.
    reason: Filled200,
    /// Day of the reversal: the day of the bill or later, not in the future. Today if absent.
    #[schema(example = "2026-11-25")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    dated: Option<NaiveDate>,
}

pub fn to_record(input: BillIn, _: &Caller) -> Result<Stated, ApiError> {
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference);
    let supplier_number = input.supplier_number.checked(&mut problems, "/supplier_number");
    let mut lines = Vec::with_capacity(input.lines.len());
    for (index, line) in input.lines.into_iter().enumerate() {
        let pointer = format!("/lines/{index}");
        let subject = subject(&line);
        if subject.is_none() {
            problems.push(bill::bills_nothing(&pointer));
        }
        lines.push(RecordLine {
            subject,
            description: text::checked(
                &mut problems,
                &format!("{pointer}/description"),
                label(line.description),
            ),
            uom: line.uom,
            quantity: line.quantity,
            unit_cost: line.unit_cost,
            tax: line.tax_value,
        });
    }
    let command = Command::RecordBill(Record {
        id: input.id,
        supplier_id: input.supplier_id,
        supplier_number,
        dated: input.dated,
        due_on: input.due_on,
        discounts: input.discounts,
        currency: input.currency,
        exchange_rate: input.exchange_rate,
        reference,
        lines,
    });
    Ok(Stated { command, wrong: problems })
}

/// Returns the subject of a line. None if it names none or several.
fn subject(line: &BillLineIn) -> Option<Subject> {
    let order = (line.purchase_order_id, line.order_line_no);
    let receipt = (line.receipt_id, line.receipt_line_no);
    match (order, receipt, &line.account) {
        ((Some(id), Some(line_no)), (None, None), None) => {
            Some(Subject::Goods(BilledGoods::Order(id, line_no)))
        }
        ((None, None), (Some(id), Some(line_no)), None) => {
            Some(Subject::Goods(BilledGoods::Receipt(id, line_no)))
        }
        ((None, None), (None, None), Some(account)) => Some(Subject::Account(account.clone())),
        _ => None,
    }
}

pub fn to_credit(bill_id: BillId, input: BillCreditIn, sees_costs: bool) -> Stated {
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference);
    let supplier_number = input.supplier_number.checked(&mut problems, "/supplier_number");
    let line = |line: BillCreditLineIn| CreditLine {
        line_no: line.line_no,
        quantity: line.quantity,
        value: line.value,
        tax: line.tax_value,
    };
    let command = Command::CreditBill(Credit {
        bill_id,
        id: input.id,
        supplier_number,
        dated: input.dated,
        reference,
        lines: input.lines.into_iter().map(line).collect(),
        sees_costs,
    });
    Stated { command, wrong: problems }
}

pub fn to_reverse(bill_id: BillId, input: BillReversalIn) -> Stated {
    let mut problems = Problems::default();
    let reason = input.reason.checked(&mut problems, "/reason");
    let command = Command::ReverseBill(Reverse { bill_id, id: input.id, dated: input.dated, reason });
    Stated { command, wrong: problems }
}
