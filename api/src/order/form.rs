//! The forms of orders, shipments and invoices.

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{CustomerId, HoldId, InvoiceId, LocationId, OrderId, ProductId, ShipmentId};
use domain::number::{Money, Quantity};
use domain::order::{self, AdvanceTo, InvoiceKind, OrderStatus, Policy};
use domain::promise::PRIORITY_MAX;
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::text::{self, Filled100, Text100};
use serde::{Deserialize, Serialize};

use crate::line::{DiscountIn, LineIn, LineOut, Skus, country_code, lines};
use crate::lot::line::{self as lots, LotIn, LotShareOut};

/// An order.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderIn {
    /// Your own id of the order, made before it is sent; ours where absent.
    pub id: Option<OrderId>,
    /// Who buys.
    pub customer_id: CustomerId,
    /// Where the goods come from; the oldest warehouse where absent.
    pub location_id: Option<LocationId>,
    /// The country it goes to; the customer's where absent.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "GB")]
    pub country: Option<String>,
    /// The customer's reference.
    pub reference: Option<Text100>,
    /// Your own number, unique among orders.
    pub external_ref: Option<Filled100>,
    /// When the goods are wanted.
    #[schema(example = "2026-12-01")]
    pub requested_on: Option<NaiveDate>,
    /// When it was placed; now where absent, never in the future.
    pub occurred_at: Option<DateTime<Utc>>,
    /// What is ordered.
    #[schema(min_items = 1, max_items = 2000)]
    pub lines: Vec<LineIn>,
    /// A discount over all lines.
    pub discount: Option<DiscountIn>,
    /// How far to take it in the same transaction.
    #[serde(default)]
    pub advance_to: AdvanceTo,
    /// The hold whose goods it takes, where it is confirmed at once.
    pub hold_id: Option<HoldId>,
    /// What becomes of it where it wants more than there is when it is confirmed.
    #[serde(default)]
    pub policy: Policy,
    /// Of the orders that wait for goods, which one is served first: from 0, the default, to 9, the highest first, and
    /// among equals the one that has waited longest.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 9, example = 0)]
    pub priority: i16,
}

impl OrderIn {
    /// The order to place, every wrong text and line named at once.
    pub fn place(self, overrider: Option<String>) -> Result<order::Place, Refusal> {
        let mut problems = Problems::default();
        let reference = text::checked(&mut problems, "/reference", self.reference);
        let external_ref = text::checked(&mut problems, "/external_ref", self.external_ref);
        country_code(&mut problems, "/country", self.country.as_deref());
        if !(0..=PRIORITY_MAX).contains(&self.priority) {
            problems.invalid("/priority", format!("The priority is a number from 0 to {PRIORITY_MAX}."));
        }
        problems.check()?;
        Ok(order::Place {
            id: self.id,
            customer_id: self.customer_id,
            location_id: self.location_id,
            country: self.country,
            reference,
            external_ref,
            requested_on: self.requested_on,
            occurred_at: self.occurred_at,
            lines: lines(self.lines)?,
            discount: self.discount.map(Into::into),
            advance_to: self.advance_to,
            hold_id: self.hold_id,
            policy: self.policy,
            priority: self.priority,
            overrider,
        })
    }
}

/// What to ship.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipIn {
    /// Lines and quantities; all that is reserved where empty.
    #[serde(default)]
    #[schema(max_items = 2000)]
    pub lines: Vec<ShipLineIn>,
    /// When the goods left; now where absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// A line to ship.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipLineIn {
    /// Its number in the order.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// Stock units; all that is reserved where absent.
    quantity: Option<Quantity>,
    /// The lots that leave, of a tracked product; those that are reserved for the line where absent.
    #[serde(default)]
    #[schema(max_items = 2000)]
    lots: Vec<LotIn>,
}

/// The lines to ship, every wrong lot named.
pub fn shipped(lines: Vec<ShipLineIn>) -> Result<Vec<order::ShipLine>, Refusal> {
    let (mut problems, mut shipped) = (Problems::default(), Vec::with_capacity(lines.len()));
    for (index, line) in lines.into_iter().enumerate() {
        let lots = lots::named(&mut problems, &format!("/lines/{index}"), line.lots);
        shipped.push(order::ShipLine { line_no: line.line_no, quantity: line.quantity, lots });
    }
    problems.check()?;
    Ok(shipped)
}

/// An order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OrderOut<'a> {
    /// Its id.
    id: OrderId,
    object: tag::Order,
    /// Its number.
    #[schema(max_length = 64, example = "SO-2026-000123")]
    number: &'a str,
    /// Where it stands.
    status: OrderStatus,
    /// Who buys.
    customer_id: CustomerId,
    /// Where the goods come from.
    location_id: LocationId,
    /// The currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    currency: &'a str,
    /// The country it goes to.
    #[schema(max_length = 60, example = "GB")]
    country: &'a str,
    /// The customer's reference.
    #[schema(max_length = 100, example = "PO 4711")]
    reference: Option<&'a str>,
    /// Your own number.
    #[schema(max_length = 100, example = "shop-10023")]
    external_ref: Option<&'a str>,
    /// When the goods are wanted.
    #[schema(example = "2026-12-01")]
    requested_on: Option<NaiveDate>,
    /// What becomes of it where it wants more than there is.
    policy: Policy,
    /// Of the orders that wait for goods, the highest is served first.
    #[schema(minimum = 0, maximum = 9, example = 0)]
    priority: i16,
    /// Why it is on hold.
    #[schema(max_items = 10)]
    hold_reasons: &'a [String],
    /// When it was placed.
    occurred_at: DateTime<Utc>,
    /// Grows with each change.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 3)]
    version: i32,
    /// Its lines.
    #[schema(max_items = 2000)]
    lines: Vec<OrderLineOut<'a>>,
    /// After discounts, before tax.
    net: Money,
    /// Tax.
    tax: Money,
    /// Net plus tax.
    total: Money,
    /// Its shipments; in the answer to a write, those that are new or were not invoiced before.
    #[schema(max_items = 2000)]
    shipments: Vec<ShipmentOut<'a>>,
    /// Its invoices; in the answer to a write, those that it made.
    #[schema(max_items = 2000)]
    invoices: Vec<InvoiceOut<'a>>,
}

/// A line of an order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct OrderLineOut<'a> {
    /// What, and at which price.
    #[serde(flatten)]
    line: LineOut<'a>,
    /// Stock units reserved.
    reserved: Quantity,
    /// Stock units that left.
    shipped: Quantity,
    /// Stock units invoiced.
    invoiced: Quantity,
    /// Stock units that it waits for.
    backordered: Quantity,
    /// Stock units that were given up and will not come.
    cancelled: Quantity,
    /// The day for which what it waited for was promised, on what was on its way then; null where nothing was. Whether
    /// the promise still holds is told by `GET /v1/orders/broken-promises`.
    #[schema(example = "2026-12-02")]
    promised_on: Option<NaiveDate>,
}

/// Goods that left.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ShipmentOut<'a> {
    /// Its id.
    id: ShipmentId,
    object: tag::Shipment,
    /// Its number.
    #[schema(max_length = 64, example = "SH-2026-000123")]
    number: &'a str,
    /// When the goods left.
    occurred_at: DateTime<Utc>,
    /// The invoice that bills it.
    invoice_id: Option<InvoiceId>,
    /// Its lines.
    #[schema(max_items = 2000)]
    lines: Vec<ShipmentLineOut<'a>>,
}

/// A line of a shipment.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ShipmentLineOut<'a> {
    /// From 1.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// The order's line.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    order_line_no: i32,
    /// The product.
    product_id: ProductId,
    /// Its SKU.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: &'a str,
    /// Stock units.
    quantity: Quantity,
    /// The lots of its goods; left out where the product is not tracked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 2000)]
    lots: Vec<LotShareOut<'a>>,
}

impl<'a> ShipmentOut<'a> {
    /// The answer's form of a shipment.
    pub fn new(shipment: &'a order::Shipment, skus: Skus<'_, 'a>) -> Self {
        let line = |line: &'a order::ShipmentLine| ShipmentLineOut {
            line_no: line.line_no,
            order_line_no: line.order_line_no,
            product_id: line.product_id,
            sku: skus(line.product_id),
            quantity: line.quantity,
            lots: lots::shown(&line.lots),
        };
        ShipmentOut {
            id: shipment.id,
            object: tag::Shipment,
            number: &shipment.number,
            occurred_at: shipment.occurred_at,
            invoice_id: shipment.invoice_id,
            lines: shipment.lines.iter().map(line).collect(),
        }
    }
}

/// An invoice, or a credit note, whose amounts are negative.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvoiceOut<'a> {
    /// Its id.
    id: InvoiceId,
    /// `invoice` or `credit_note`.
    #[schema(value_type = String, max_length = 11, example = "invoice")]
    object: &'static str,
    /// Its number, gap-free per year.
    #[schema(max_length = 64, example = "INV-2026-000123")]
    number: &'a str,
    /// Invoice or credit note.
    kind: InvoiceKind,
    /// Who owes, or is owed.
    customer_id: CustomerId,
    /// The order.
    order_id: Option<OrderId>,
    /// The invoice that a credit note takes back.
    original_id: Option<InvoiceId>,
    /// The currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    currency: &'a str,
    /// The country of the sale.
    #[schema(max_length = 60, example = "GB")]
    country: &'a str,
    /// When it was issued.
    occurred_at: DateTime<Utc>,
    /// When it is due.
    #[schema(example = "2026-12-22")]
    due_on: NaiveDate,
    /// Its lines.
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
    /// Net plus tax.
    total: Money,
    /// What is still to be paid; of a credit note, what is still to be given back, negative.
    open: Money,
    /// Why goods came back.
    #[schema(max_length = 200, example = json!(null))]
    reason: Option<&'a str>,
}

impl<'a> InvoiceOut<'a> {
    /// The answer's form of an invoice or credit note.
    pub fn new(invoice: &'a order::Invoice, currency: &'a str, skus: Skus<'_, 'a>) -> Self {
        InvoiceOut {
            id: invoice.id,
            object: invoice.kind.into(),
            number: &invoice.number,
            kind: invoice.kind,
            customer_id: invoice.customer_id,
            order_id: invoice.order_id,
            original_id: invoice.original_id,
            currency,
            country: &invoice.country,
            occurred_at: invoice.occurred_at,
            due_on: invoice.due_on,
            lines: invoice.lines.iter().map(|(line, _)| LineOut::new(line, skus)).collect(),
            gross: invoice.totals.gross,
            discount: invoice.totals.discount,
            net: invoice.totals.net,
            tax: invoice.totals.tax,
            total: invoice.totals.total(),
            open: invoice.open,
            reason: invoice.reason.as_deref(),
        }
    }
}

impl<'a> OrderOut<'a> {
    /// The answer's form of an order.
    pub fn new(
        order: &'a order::Order,
        invoices: &'a [order::Invoice],
        currency: &'a str,
        skus: Skus<'_, 'a>,
    ) -> Self {
        let totals = order.totals();
        let line = |line: &'a order::OrderLine| OrderLineOut {
            line: LineOut::new(&line.line, skus),
            reserved: line.reserved,
            shipped: line.shipped,
            invoiced: line.invoiced,
            backordered: line.backordered,
            cancelled: line.cancelled,
            promised_on: line.promised_on,
        };
        OrderOut {
            id: order.id,
            object: tag::Order,
            number: &order.number,
            status: order.status,
            customer_id: order.customer_id,
            location_id: order.location_id,
            currency,
            country: &order.country,
            reference: order.reference.as_deref(),
            external_ref: order.external_ref.as_deref(),
            requested_on: order.requested_on,
            policy: order.policy,
            priority: order.priority,
            hold_reasons: &order.hold_reasons,
            occurred_at: order.occurred_at,
            version: order.version,
            lines: order.lines.iter().map(line).collect(),
            net: totals.net,
            tax: totals.tax,
            total: totals.total(),
            shipments: order.shipments.iter().map(|shipment| ShipmentOut::new(shipment, skus)).collect(),
            invoices: invoices.iter().map(|invoice| InvoiceOut::new(invoice, currency, skus)).collect(),
        }
    }
}
