//! Wire type of invoices and credit notes.

use chrono::{DateTime, NaiveDate, Utc};
use domain::address::Address;
use domain::id::{CustomerId, InvoiceId, OrderId};
use domain::number::Money;
use domain::order::{self, InvoiceKind};
use serde::Serialize;
use service::invoice::ForeignInvoice;

use crate::line::{LineOut, LineTaxOut, PrintedCustomerOut, SellerOut};

/// An invoice or a credit note. The amounts of a credit note are negative.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvoiceOut<'a> {
    /// Id of the invoice.
    id: InvoiceId,
    /// `invoice` or `credit_note`.
    #[schema(value_type = String, max_length = 11, example = "invoice")]
    object: &'static str,
    /// Number, gap-free per year.
    #[schema(max_length = 64, example = "INV-2026-000123")]
    number: &'a str,
    /// Invoice or credit note.
    kind: InvoiceKind,
    /// Customer of the invoice.
    customer_id: CustomerId,
    /// The customer when the invoice was issued.
    customer: PrintedCustomerOut<'a>,
    /// Address that is billed: that of the order.
    bill_to: Option<&'a Address>,
    /// Address that was shipped to: that of the order.
    ship_to: Option<&'a Address>,
    /// The tenant when the invoice was issued.
    seller: SellerOut<'a>,
    /// Order of the invoice.
    order_id: Option<OrderId>,
    /// Invoice that a credit note belongs to.
    original_id: Option<InvoiceId>,
    /// Currency of all amounts but those in `foreign`.
    #[schema(max_length = 3, example = "GBP")]
    currency: &'a str,
    /// Amounts in the currency of the order. Left out if that is the tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    foreign: Option<ForeignInvoice>,
    /// The country of the sale.
    #[schema(max_length = 60, example = "GB")]
    country: &'a str,
    /// When it was issued.
    occurred_at: DateTime<Utc>,
    /// When it was recorded.
    created_at: DateTime<Utc>,
    /// When `open` last changed.
    updated_at: DateTime<Utc>,
    /// Increases with each change of `open`.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 1)]
    version: i32,
    /// When it is due.
    #[schema(example = "2026-12-22")]
    due_on: NaiveDate,
    /// Lines of the invoice.
    #[schema(max_items = 2000)]
    lines: Vec<LineOut<'a>>,
    /// Before discounts.
    gross: Money,
    /// Discounts.
    discount: Money,
    /// After discounts, before tax.
    net: Money,
    /// Tax.
    tax: Money,
    /// Sums of the taxes of lines that have several, by code and rate. Left out if no line has several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1000)]
    taxes: Vec<LineTaxOut<'a>>,
    /// Amount that rounding the total added to it; zero unless `invoice_rounding` is set.
    rounding: Money,
    /// Net plus tax plus rounding.
    total: Money,
    /// Amount still to be paid. For a credit note, the amount still to be given back, negative.
    open: Money,
    /// Reason of a return.
    #[schema(max_length = 200, example = json!(null))]
    reason: Option<&'a str>,
}

impl<'a> InvoiceOut<'a> {
    /// Returns the wire form of an invoice or credit note.
    pub fn new(invoice: &'a order::Invoice, currency: &'a str) -> Self {
        InvoiceOut {
            id: invoice.id,
            object: invoice.kind.into(),
            number: &invoice.number,
            kind: invoice.kind,
            customer_id: invoice.customer_id,
            customer: PrintedCustomerOut::from(&*invoice.customer),
            bill_to: invoice.addresses.bill_to.as_deref(),
            ship_to: invoice.addresses.ship_to.as_deref(),
            seller: SellerOut::from(&*invoice.seller),
            order_id: invoice.order_id,
            original_id: invoice.original_id,
            currency,
            foreign: invoice.foreign.as_ref().map(ForeignInvoice::from),
            country: &invoice.country,
            occurred_at: invoice.occurred_at,
            created_at: invoice.recorded_at,
            updated_at: invoice.updated_at,
            version: invoice.version,
            due_on: invoice.due_on,
            lines: invoice.lines.iter().map(|(line, _)| LineOut::new(line)).collect(),
            gross: invoice.totals.gross,
            discount: invoice.totals.discount,
            net: invoice.totals.net,
            tax: invoice.totals.tax,
            taxes: LineTaxOut::sums(invoice.lines.iter().map(|(line, _)| line)),
            rounding: invoice.rounding,
            total: invoice.total(),
            open: invoice.open,
            reason: invoice.reason.as_deref(),
        }
    }
}
