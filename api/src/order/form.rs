//! Wire types of orders, shipments and invoices.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use domain::address::{Address, AddressChoice};
use domain::annotation::{self, Annotations, Notes, Tag};
use domain::exchange::Quote;
use domain::id::{CustomerId, HoldId, InvoiceId, LocationId, OrderId, ProductId, ShipmentId};
use domain::metadata::{self, Metadata};
use domain::moment::Instant;
use domain::number::{ExchangeRate, Money, MoneyInCurrency, Percent, Quantity};
use domain::order::{self, AdvanceTo, OrderStatus, Policy};
use domain::promise::PRIORITY_MAX;
use domain::refusal::{Problems, Refusal};
use domain::sales::{self, Authority};
use domain::tag;
use domain::text::{self, Line64, Name, Reference100};
use serde::{Deserialize, Serialize};

use super::invoice_out::InvoiceOut;
use crate::line::{
    DiscountIn, LineIn, LineOut, LineTaxOut, PrintedCustomerOut, SellerOut, country_code, lines,
};
use crate::lot::line::{self as lots, LotIn, LotShareOut};
use crate::own::NOT_SET;

/// An order to place.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderIn {
    /// Your own id of the order, made before it is sent. The server chooses one if absent.
    pub id: Option<OrderId>,
    /// Customer of the order.
    pub customer_id: CustomerId,
    /// Location that ships. The oldest warehouse if absent.
    pub location_id: Option<LocationId>,
    /// Address to bill: one of the customer's, by its code, or another one. The customer's first for billing if absent.
    pub bill_to: Option<AddressIn>,
    /// Address to ship to. The customer's first for shipping if absent.
    pub ship_to: Option<AddressIn>,
    /// Country that it ships to, whose taxes apply. If absent, that of a `ship_to` that is sent, else the customer's.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "GB")]
    pub country: Option<String>,
    /// The customer's reference.
    pub reference: Option<Reference100>,
    /// Your own number, unique among orders.
    pub external_ref: Option<Reference100>,
    /// Currency of the prices and discounts (ISO 4217). If absent, the tenant's. Price lists are in the tenant's currency, so
    /// each line of an order in another one states its `unit_price`.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = json!(null))]
    pub currency: Option<String>,
    /// Exchange rate: units of the tenant's currency in one unit of `currency`. If absent, the latest recorded rate on the
    /// day of the order or before. Invoices and credit notes have the rate of their order.
    #[schema(example = json!(null))]
    pub exchange_rate: Option<ExchangeRate>,
    /// Day for which the customer wants the products.
    #[schema(example = "2026-12-01")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    pub requested_on: Option<NaiveDate>,
    /// Your own notes by name: at most 50, each of at most 500 characters.
    #[serde(default)]
    #[schema(schema_with = metadata::schema)]
    pub metadata: Metadata,
    /// Notes for the people who read the order.
    #[serde(default)]
    pub notes: Notes,
    /// Tags: at most 50, each once.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub tags: Vec<Tag>,
    /// When it was placed. Now if absent. Never in the future.
    pub occurred_at: Option<Instant>,
    /// Lines of the order.
    #[schema(min_items = 1, max_items = 2000)]
    pub lines: Vec<LineIn>,
    /// A discount over all lines.
    pub discount: Option<DiscountIn>,
    /// State to take it to in the same transaction.
    #[serde(default)]
    pub advance_to: AdvanceTo,
    /// Hold whose stock it takes, if it is confirmed at once.
    pub hold_id: Option<HoldId>,
    /// Treatment of lines that are short when it is confirmed.
    #[serde(default)]
    pub policy: Policy,
    /// Priority among waiting orders, from 0, the default, to 9. The highest is first. Among equals, the one that has
    /// waited longest is first.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 9, example = 0)]
    pub priority: i16,
}

/// An address of an order: one of the customer's, or another one.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum AddressIn {
    /// Code of an address of the customer.
    Code(Line64),
    /// An address for this order alone.
    Address(Box<Address>),
}

impl AddressIn {
    /// Returns the choice. Reports everything that is wrong with it.
    fn choice(self, problems: &mut Problems, pointer: &str) -> AddressChoice {
        match self {
            AddressIn::Code(code) => AddressChoice::Code(code.checked(problems, &format!("{pointer}/code"))),
            AddressIn::Address(address) => {
                address.check(problems, &format!("{pointer}/address"));
                AddressChoice::Address(Arc::from(address))
            }
        }
    }
}

impl OrderIn {
    /// Rejects what a customer can't set: prices and discounts follow from the rules, and the rest is the tenant's own.
    pub fn check_customer(&self) -> Result<(), Refusal> {
        let mut problems = Problems::default();
        let goes_further = match self.advance_to {
            AdvanceTo::Draft | AdvanceTo::Confirmed => false,
            AdvanceTo::Shipped | AdvanceTo::Invoiced => true,
        };
        for (pointer, is_set) in [
            ("/id", self.id.is_some()),
            ("/country", self.country.is_some()),
            ("/external_ref", self.external_ref.is_some()),
            ("/currency", self.currency.is_some()),
            ("/exchange_rate", self.exchange_rate.is_some()),
            ("/metadata", !self.metadata.is_empty()),
            ("/notes", self.notes != Notes::default()),
            ("/tags", !self.tags.is_empty()),
            ("/occurred_at", self.occurred_at.is_some()),
            ("/discount", self.discount.is_some()),
            ("/priority", self.priority != 0),
        ] {
            if is_set {
                problems.invalid(pointer, NOT_SET);
            }
        }
        if goes_further {
            problems.invalid("/advance_to", "A customer session takes an order to draft or confirmed.");
        }
        for (index, line) in self.lines.iter().enumerate() {
            for (field, is_set) in [
                ("unit_price", line.unit_price.is_some()),
                ("price_reason", line.price_reason.is_some()),
                ("discount", line.discount.is_some()),
                ("description", line.description.is_some()),
                ("lots", !line.lots.is_empty()),
            ] {
                if is_set {
                    problems.invalid(format!("/lines/{index}/{field}"), NOT_SET);
                }
            }
        }
        problems.check()
    }

    /// Parses the order. Reports every wrong text and line.
    pub fn place(self, problems: &mut Problems, authority: Authority) -> order::Place {
        let reference = text::checked(problems, "/reference", self.reference);
        let external_ref = text::checked(problems, "/external_ref", self.external_ref);
        country_code(problems, "/country", self.country.as_deref());
        if !(0..=PRIORITY_MAX).contains(&self.priority) {
            problems.invalid("/priority", format!("The priority is a number from 0 to {PRIORITY_MAX}."));
        }
        let bill_to = self.bill_to.map(|address| address.choice(problems, "/bill_to"));
        let ship_to = self.ship_to.map(|address| address.choice(problems, "/ship_to"));
        metadata::check(problems, &self.metadata);
        let notes = self.notes.checked(problems, "/notes");
        annotation::check_tags(problems, &self.tags);
        let lines = lines(problems, self.lines);
        order::Place {
            bill_to,
            ship_to,
            annotations: Annotations { metadata: self.metadata, notes, tags: self.tags },
            id: self.id,
            customer_id: self.customer_id,
            location_id: self.location_id,
            country: self.country,
            reference,
            external_ref,
            currency: self.currency,
            exchange_rate: self.exchange_rate,
            requested_on: self.requested_on,
            occurred_at: self.occurred_at.map(Instant::get),
            lines,
            discount: self.discount.map(Into::into),
            advance_to: self.advance_to,
            hold_id: self.hold_id,
            policy: self.policy,
            priority: self.priority,
            authority,
        }
    }
}

/// A shipment to make.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipIn {
    /// Lines and quantities. If empty, all that is reserved, with the services. Nothing is shipped then while all goods wait.
    #[serde(default)]
    #[schema(max_items = 2000)]
    pub lines: Vec<ShipLineIn>,
    /// When it left, not before the order. Now if absent.
    pub occurred_at: Option<Instant>,
    /// Carrier of the shipment.
    pub carrier: Option<Name>,
    /// The carrier's number of the parcel.
    pub tracking_number: Option<Reference100>,
    /// The carrier's page of the parcel: `https://…` or `http://…`.
    #[schema(min_length = 8, max_length = 2000, example = "https://carrier.example/track/1Z999")]
    pub tracking_url: Option<String>,
}

/// Returns where a shipment can be followed. Reports everything that is wrong with it.
fn parcel(
    problems: &mut Problems,
    carrier: Option<Name>,
    tracking_number: Option<Reference100>,
    tracking_url: Option<String>,
) -> order::Parcel {
    if let Some(url) = &tracking_url {
        annotation::check_url(problems, "/tracking_url", url);
    }
    order::Parcel {
        carrier: text::checked(problems, "/carrier", carrier),
        tracking_number: text::checked(problems, "/tracking_number", tracking_number),
        tracking_url,
    }
}

/// A line to ship.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipLineIn {
    /// Line of the order.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// Stock units. If absent, all that is reserved.
    quantity: Option<Quantity>,
    /// Lots of a tracked product that leave. If absent, those that are reserved for the line.
    #[serde(default)]
    #[schema(max_items = 2000)]
    lots: Vec<LotIn>,
}

impl ShipIn {
    /// Parses the shipment of an order. Reports every wrong text and lot.
    pub fn ship(self, problems: &mut Problems, order_id: OrderId) -> order::Ship {
        let ShipIn { lines, occurred_at, carrier, tracking_number, tracking_url } = self;
        let mut shipped = Vec::with_capacity(lines.len());
        for (index, line) in lines.into_iter().enumerate() {
            let lots = lots::named(problems, &format!("/lines/{index}"), line.lots);
            shipped.push(order::ShipLine { line_no: line.line_no, quantity: line.quantity, lots });
        }
        let parcel = parcel(problems, carrier, tracking_number, tracking_url);
        order::Ship { order_id, lines: shipped, occurred_at: occurred_at.map(Instant::get), parcel }
    }
}

/// An order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OrderOut<'a> {
    /// Id of the order.
    id: OrderId,
    object: tag::Order,
    /// Number of the order.
    #[schema(max_length = 64, example = "SO-2026-000123")]
    number: &'a str,
    /// Status.
    status: OrderStatus,
    /// Customer of the order.
    customer_id: CustomerId,
    /// The customer when the order was placed.
    customer: PrintedCustomerOut<'a>,
    /// Location that ships.
    location_id: LocationId,
    /// Currency of all amounts but those in `foreign`.
    #[schema(max_length = 3, example = "GBP")]
    currency: &'a str,
    /// Amounts in the currency of the order. Left out if that is the tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    foreign: Option<ForeignSalesOrderOut<'a>>,
    /// Address that is billed.
    bill_to: Option<&'a Address>,
    /// Address that it ships to.
    ship_to: Option<&'a Address>,
    /// The tenant when the order was placed.
    seller: SellerOut<'a>,
    /// Country that it ships to.
    #[schema(max_length = 60, example = "GB")]
    country: &'a str,
    /// The customer's reference.
    #[schema(max_length = 100, example = "PO 4711")]
    reference: Option<&'a str>,
    /// Your own number.
    #[schema(max_length = 100, example = "shop-10023")]
    external_ref: Option<&'a str>,
    /// Day for which the customer wants the products.
    #[schema(example = "2026-12-01")]
    requested_on: Option<NaiveDate>,
    /// Your own notes by name.
    #[schema(schema_with = metadata::schema)]
    metadata: &'a Metadata,
    /// Notes for the people who read the order.
    #[schema(max_length = 5000, example = "Call before delivery.")]
    notes: &'a str,
    /// Tags.
    #[schema(max_items = 50)]
    tags: &'a [Tag],
    /// Treatment of lines that are short.
    policy: Policy,
    /// Priority among waiting orders. The highest is first.
    #[schema(minimum = 0, maximum = 9, example = 0)]
    priority: i16,
    /// Percentage of the discount over all lines. An amendment takes it off the lines that it changes or adds. Null: the order has no such
    /// discount, or one by amount.
    #[schema(example = json!(null))]
    discount_percent: Option<Percent>,
    /// Reasons for its credit hold.
    #[schema(max_items = 10)]
    hold_reasons: &'a [String],
    /// When it was released from its credit hold: it may be shipped unpaid. Null if it was not.
    released_at: Option<DateTime<Utc>>,
    /// When it was placed.
    occurred_at: DateTime<Utc>,
    /// When it was recorded.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 3)]
    version: i32,
    /// Lines of the order.
    #[schema(max_items = 2000)]
    lines: Vec<OrderLineOut<'a>>,
    /// After discounts, before tax.
    net: Money,
    /// Tax.
    tax: Money,
    /// Sums of the taxes of lines that have several, by code and rate. Left out if no line has several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 1000)]
    taxes: Vec<LineTaxOut<'a>>,
    /// Net plus tax.
    total: Money,
    /// Shipments of the order. The response to a command has only those that are new or were not invoiced before.
    #[schema(max_items = 2000)]
    shipments: Vec<ShipmentOut<'a>>,
    /// Invoices of the order. The response to a command has only those that it made.
    #[schema(max_items = 2000)]
    invoices: Vec<InvoiceOut<'a>>,
}

/// The amounts of an order in another currency than the tenant's.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ForeignSalesOrderOut<'a> {
    /// ISO 4217 code.
    #[schema(max_length = 3, example = "USD")]
    currency: &'a str,
    /// Exchange rate: units of the tenant's currency in one unit of `currency`.
    exchange_rate: ExchangeRate,
    /// After discounts, before tax.
    net: MoneyInCurrency,
    /// Tax.
    tax: MoneyInCurrency,
    /// Net plus tax.
    total: MoneyInCurrency,
}

impl<'a> ForeignSalesOrderOut<'a> {
    fn new(quote: &'a Quote, lines: &[order::OrderLine]) -> Self {
        let amounts = sales::foreign_amounts(lines.iter().map(|line| &line.line));
        ForeignSalesOrderOut {
            currency: &quote.currency,
            exchange_rate: quote.rate,
            net: quote.shown(amounts.value),
            tax: quote.shown(amounts.tax),
            total: quote.shown(amounts.total()),
        }
    }
}

/// A line of an order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct OrderLineOut<'a> {
    /// Product, quantity and price.
    #[serde(flatten)]
    line: LineOut<'a>,
    /// Percentage of the line's own discount. An amendment computes the discount of another quantity by it. Null: the line has no such
    /// discount, or one by amount. `discount` has also the line's part of a discount over all lines.
    #[schema(example = json!(null))]
    discount_percent: Option<Percent>,
    /// Stock units reserved.
    reserved: Quantity,
    /// Stock units shipped.
    shipped: Quantity,
    /// Stock units invoiced.
    invoiced: Quantity,
    /// Stock units backordered.
    backordered: Quantity,
    /// Stock units that were cancelled and will not be shipped.
    cancelled: Quantity,
    /// Day promised for the backordered units, by the supply that was known then. Null: no units are backordered, or no day
    /// was promised.
    /// `GET /v1/orders/broken-promises` lists promises that no longer hold.
    #[schema(example = "2026-12-02")]
    promised_on: Option<NaiveDate>,
}

/// A shipment.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ShipmentOut<'a> {
    /// Id of the shipment.
    id: ShipmentId,
    object: tag::Shipment,
    /// Number of the shipment.
    #[schema(max_length = 64, example = "SH-2026-000123")]
    number: &'a str,
    /// When it left.
    occurred_at: DateTime<Utc>,
    /// Invoice of the shipment. Null: not invoiced yet.
    invoice_id: Option<InvoiceId>,
    /// Carrier.
    #[schema(max_length = 200, example = "Parcel Express")]
    carrier: Option<&'a str>,
    /// The carrier's number of the parcel.
    #[schema(max_length = 100, example = "1Z999AA10123456784")]
    tracking_number: Option<&'a str>,
    /// The carrier's page of the parcel.
    #[schema(max_length = 2000, example = "https://carrier.example/track/1Z999")]
    tracking_url: Option<&'a str>,
    /// Version number. Each change of the parcel adds 1.
    #[schema(minimum = 1, maximum = 2_147_483_647, example = 1)]
    pub version: i32,
    /// When its stock was put back, if it was undone. Null otherwise.
    #[schema(example = json!(null))]
    undone_at: Option<DateTime<Utc>>,
    /// Lines of the shipment.
    #[schema(max_items = 2000)]
    lines: Vec<ShipmentLineOut<'a>>,
}

/// A line of a shipment.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ShipmentLineOut<'a> {
    /// Line number, from 1.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// Line of the order.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    order_line_no: i32,
    /// The product.
    product_id: ProductId,
    /// SKU of the product when the order was placed.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: &'a str,
    /// Name of the product when the order was placed.
    #[schema(max_length = 200, example = "Bolt M8 x 40")]
    name: &'a str,
    /// Stock units.
    quantity: Quantity,
    /// Lots of the line. Omitted if the product is not tracked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 2000)]
    lots: Vec<LotShareOut<'a>>,
}

impl<'a> ShipmentOut<'a> {
    /// Returns the wire form of a shipment.
    pub fn new(shipment: &'a order::Shipment) -> Self {
        let line = |line: &'a order::ShipmentLine| ShipmentLineOut {
            line_no: line.line_no,
            order_line_no: line.order_line_no,
            product_id: line.product_id,
            sku: &line.printed.sku,
            name: &line.printed.name,
            quantity: line.quantity,
            lots: lots::shown(&line.lots),
        };
        ShipmentOut {
            id: shipment.id,
            object: tag::Shipment,
            number: &shipment.number,
            occurred_at: shipment.occurred_at,
            invoice_id: shipment.invoice_id,
            carrier: shipment.parcel.carrier.as_deref(),
            tracking_number: shipment.parcel.tracking_number.as_deref(),
            tracking_url: shipment.parcel.tracking_url.as_deref(),
            version: shipment.version,
            undone_at: shipment.undone_at,
            lines: shipment.lines.iter().map(line).collect(),
        }
    }
}

impl<'a> OrderOut<'a> {
    /// Returns the wire form of an order.
    pub fn new(order: &'a order::Order, invoices: &'a [order::Invoice], currency: &'a str) -> Self {
        let totals = order.totals();
        let line = |line: &'a order::OrderLine| OrderLineOut {
            line: LineOut::new(&line.line),
            discount_percent: line.line.discount_percent,
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
            customer: PrintedCustomerOut::from(&*order.customer),
            bill_to: order.addresses.bill_to.as_deref(),
            ship_to: order.addresses.ship_to.as_deref(),
            seller: SellerOut::from(&*order.seller),
            metadata: &order.annotations.metadata,
            notes: &order.annotations.notes,
            tags: &order.annotations.tags,
            location_id: order.location_id,
            currency,
            foreign: order.foreign.as_ref().map(|quote| ForeignSalesOrderOut::new(quote, &order.lines)),
            country: &order.country,
            reference: order.reference.as_deref(),
            external_ref: order.external_ref.as_deref(),
            requested_on: order.requested_on,
            policy: order.policy,
            priority: order.priority,
            discount_percent: order.discount_percent,
            hold_reasons: &order.hold_reasons,
            released_at: order.released_at,
            occurred_at: order.occurred_at,
            created_at: order.recorded_at,
            updated_at: order.updated_at,
            version: order.version,
            lines: order.lines.iter().map(line).collect(),
            net: totals.net,
            tax: totals.tax,
            taxes: LineTaxOut::sums(order.lines.iter().map(|line| &line.line)),
            total: totals.total(),
            shipments: order.shipments.iter().map(ShipmentOut::new).collect(),
            invoices: invoices.iter().map(|invoice| InvoiceOut::new(invoice, currency)).collect(),
        }
    }
}
