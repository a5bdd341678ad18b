//! Sales of both channels: priced and taxed lines, the sales lines that reports read, and returns.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::book::Book;
use crate::customer::Customer;
use crate::document::DocumentKind;
use crate::id::{CategoryId, CustomerId, LocationId, OrderId, PriceRuleId, ProductId};
use crate::ledger::mapping::{Case, EntryPurpose, Mapping};
use crate::ledger::{Dimensions, Lines, account};
use crate::lot::{LotShare, NamedLot, SoldLot};
use crate::negative_stock::SettledCost;
use crate::number::{self, Money, Percent, Price, Quantity};
use crate::pricing::Source;
use crate::printed::PrintedProduct;
use crate::product::{ItemRef, Product};
use crate::refusal::{Code, Problems, Refusal};
use crate::stock::{LayerUse, LevelKey};
use crate::tax::{self, LineTax};
use crate::tenant::{Channel, Settings};

mod amend;
mod authority;
mod bundle;
mod foreign;
mod layer;
mod lots;
mod original;
mod price;

pub(crate) use amend::{is_alike, is_judged, note_faults_of_prices, price_amended};
pub use authority::Authority;
pub use foreign::{Foreign, ForeignLine, foreign_amounts};
pub(crate) use layer::layers_back;
pub(crate) use lots::{allot, given_back, mark_returned};
pub use original::{OriginalLine, TakenBack, check_return_lines, take_back};
pub(crate) use original::{check_country, note_faults_of_original_lines, returned_at};
pub use price::price;
pub(crate) use price::{Judged, named_uom, note_faults, price_noting_excess};

/// Half of the last decimal of a quantity.
const HALF_OF_LAST: Decimal = Decimal::from_parts(5, 0, 0, false, 7);

/// A discount given at the sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discount {
    /// A percentage off the resolved price.
    Percent(Percent),
    /// An amount off the line, or spread over the basket.
    Amount(Money),
}

impl Discount {
    /// Returns the percentage; none if it is an amount, or takes nothing off.
    pub(crate) fn percent(self) -> Option<Percent> {
        match self {
            Discount::Percent(percent) => Some(percent).filter(|percent| !percent.is_zero()),
            Discount::Amount(_) => None,
        }
    }

    /// Returns the amount; none if it is a percentage, or takes nothing off.
    fn amount(self) -> Option<Money> {
        match self {
            Discount::Amount(amount) => Some(amount).filter(|amount| !amount.is_zero()),
            Discount::Percent(_) => None,
        }
    }
}

/// A line as a caller sends it.
#[derive(Debug, Clone)]
pub struct LineInput {
    /// The product.
    pub item: ItemRef,
    /// A barcode that a line of a sale that has happened has beside `item`. It tells the unit.
    pub barcode: Option<String>,
    /// The unit. If absent: the unit of the barcode, else the stock unit.
    pub uom: Option<String>,
    /// The quantity in that unit.
    pub quantity: Quantity,
    /// A price per unit that overrides the resolved one.
    pub unit_price: Option<Price>,
    /// The reason of the override.
    pub price_reason: Option<String>,
    /// A discount on the resolved price.
    pub discount: Option<Discount>,
    /// Text in place of the product's name.
    pub description: Option<String>,
    /// The lots that the caller names.
    pub lots: Vec<NamedLot>,
}

/// The lines to price, with channel, location, customer and time.
#[derive(Debug)]
pub struct Basket<'a> {
    /// Its lines.
    pub lines: &'a [LineInput],
    /// A discount over all lines.
    pub discount: Option<Discount>,
    /// The channel.
    pub channel: Channel,
    /// The location that issues or receives the stock.
    pub location_id: LocationId,
    /// The customer, unless it is a walk-in sale.
    pub customer: Option<&'a Customer>,
    /// The country in which the buyer gets the goods. Its taxes apply.
    pub country: &'a str,
    /// The instant whose prices and taxes apply.
    pub at: DateTime<Utc>,
    /// The caller who may override prices; `None` if the caller may not.
    pub overrider: Option<&'a str>,
    /// The largest discount, if it is limited.
    pub discount_max: Option<Percent>,
    /// Whether it is a return: an archived product can't be sold, but can be returned.
    pub is_return: bool,
    /// Whether the sale has happened, so that nothing about its prices rejects it.
    pub forced: bool,
    /// The currency of its prices and discounts; none if that is the tenant's.
    pub foreign: Option<&'a Foreign>,
}

impl Basket<'_> {
    /// Returns the settings with the decimals of the currency of its prices.
    fn settings<'s>(&'s self, book: &'s Book) -> &'s Settings {
        self.foreign.map_or(&book.setup.settings, |foreign| &foreign.settings)
    }

    /// Returns what a line prints of a product. A till prints its receipt at the time of the sale, and may send the sale later.
    /// An order is printed first after it is recorded.
    fn printed(&self, book: &Book, product: &Product) -> Arc<PrintedProduct> {
        match self.channel {
            Channel::Retail => book.printed_at(product, self.at),
            Channel::Wholesale => book.printed(product),
        }
    }
}

/// A line with its price and tax. Amounts exclude tax, also if prices include it.
#[derive(Debug, Clone)]
pub struct Line {
    /// The number of the line, from 1.
    pub line_no: i32,
    /// The line of the request from which it was made, from 0.
    pub input: usize,
    /// The product.
    pub product_id: ProductId,
    /// The product, as the line prints it.
    pub printed: Arc<PrintedProduct>,
    /// The bundle of which it is a component, if it is one.
    pub bundle_id: Option<ProductId>,
    /// Its category at the time.
    pub category_id: Option<CategoryId>,
    /// Whether it moves stock.
    pub stocked: bool,
    /// Text in place of the product's name.
    pub description: Option<String>,
    /// The unit.
    pub uom: String,
    /// Stock units in one of that unit, with 6 decimals.
    pub factor: Quantity,
    /// The quantity in that unit.
    pub entered: Quantity,
    /// The quantity in stock units.
    pub quantity: Quantity,
    /// Price of one unit.
    pub unit_price: Price,
    /// List price of one unit.
    pub list_price: Option<Price>,
    /// The source of the price.
    pub source: Source,
    /// The rule that gave the price, if one did.
    pub rule_id: Option<PriceRuleId>,
    /// The price trace; none for a plain list price.
    pub trace: Option<serde_json::Value>,
    /// Amount before discounts given at the sale.
    pub gross: Money,
    /// Discounts given at the sale.
    pub discount: Money,
    /// The percentage of the line's own discount, without its part of a discount of the document. None if it has no such discount, or
    /// one by amount. Only lines of orders keep it.
    pub discount_percent: Option<Percent>,
    /// The line's own discount if it is an amount, with tax if the unit price contains that. Only lines of orders keep it.
    pub discount_amount: Option<Money>,
    /// Gross less discount.
    pub net: Money,
    /// Whether the unit price contains the tax. The amounts contain it only until the line is taxed.
    pub includes_tax: bool,
    /// Tax rate in percent of the net. With several taxes: the sum of those in percent.
    pub tax_rate: Percent,
    /// Tax on the net.
    pub tax: Money,
    /// Its taxes, if there are several. They add up to the tax.
    pub taxes: Vec<LineTax>,
    /// Its lots, once they are known. For an order line, the reserved lots.
    pub lots: Vec<LotShare>,
    /// Its amounts in the currency of the document; none if that is the tenant's.
    pub foreign: Option<ForeignLine>,
}

/// The amounts of a part of a line's units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Before discounts.
    pub gross: Money,
    /// Discounts.
    pub discount: Money,
    /// Gross less discount.
    pub net: Money,
    /// Tax on the net.
    pub tax: Money,
}

impl Part {
    /// Returns net plus tax.
    pub fn total(&self) -> Money {
        self.net + self.tax
    }
}

impl Line {
    /// Returns the amounts of `step` units of the line after `done` of them. The parts of all steps add up to
    /// the line. Documents that carry out the same step get the same amounts.
    pub fn part(&self, done: Quantity, step: Quantity, settings: &Settings) -> Part {
        let slice = |amount| settings.slice(amount, done, step, self.quantity);
        // What is to pay is rounded, not the discount, as on the whole line.
        let (gross, net) = (slice(self.gross), slice(self.net));
        Part { gross, discount: gross - net, net, tax: slice(self.tax) }
    }

    /// Returns the amounts of the same part in the currency of the document.
    pub fn foreign_part(&self, done: Quantity, step: Quantity) -> Option<ForeignLine> {
        self.foreign.map(|foreign| foreign.part((done, step, self.quantity)))
    }

    /// Returns stock units of the line in its unit. Its factor has 6 decimals. If that is not what its quantities say, the unit
    /// has a fraction as its factor, and the units are in the proportion of the quantities.
    pub fn in_unit(&self, quantity: Quantity) -> Quantity {
        let off = (Quantity::rounded(self.entered.times(self.factor)) - self.quantity).abs();
        // The entered quantity of a part of a line is rounded, which may change the product by half of its last decimal.
        let of_rounding = Quantity::rounded(number::share(self.factor.get(), HALF_OF_LAST, Decimal::ONE));
        let exact = if off <= of_rounding {
            quantity.per(self.factor)
        } else {
            number::share(self.entered.get(), quantity.get(), self.quantity.get())
        };
        Quantity::rounded(exact)
    }

    /// Returns the taxes of the same part, if the line has several. They add up to its tax.
    pub fn part_taxes(&self, done: Quantity, step: Quantity, settings: &Settings) -> Vec<LineTax> {
        tax::part(&self.taxes, (done, step, self.quantity), settings)
    }
}

/// The sums of a document's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Before discounts.
    pub gross: Money,
    /// Discounts.
    pub discount: Money,
    /// After discounts, before tax.
    pub net: Money,
    /// Tax.
    pub tax: Money,
}

impl Totals {
    /// Returns net plus tax.
    pub fn total(&self) -> Money {
        self.net + self.tax
    }

    /// Sums up `lines`.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Self {
        let mut totals = Totals::default();
        for line in lines {
            totals.gross += line.gross;
            totals.discount += line.discount;
            totals.net += line.net;
            totals.tax += line.tax;
        }
        totals
    }
}

/// A line that was sold (positive) or returned (negative). Every revenue report reads these lines.
#[derive(Debug, Clone)]
pub struct SalesLine {
    /// The kind of the document: `sale`, `refund`, `invoice` or `credit_note`.
    pub document_kind: DocumentKind,
    /// The document.
    pub document_id: Uuid,
    /// The channel.
    pub channel: Channel,
    /// The location that issued or received the stock.
    pub location_id: LocationId,
    /// The customer, unless it was a walk-in sale.
    pub customer_id: Option<CustomerId>,
    /// The country of the sale.
    pub country: String,
    /// The line, negative in a return.
    pub line: Line,
    /// Cost of the line, of the same sign.
    pub cost: Money,
    /// The wholesale order, if there is one.
    pub order_id: Option<OrderId>,
    /// The original document and line, in a return that names them.
    pub original: Option<(Uuid, i32)>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

/// A line that was sold before, with what was returned of it.
#[derive(Debug, Clone)]
pub struct SoldLine {
    /// The line as it was sold.
    pub line: Line,
    /// The location that issued its stock.
    pub location_id: LocationId,
    /// The channel of the sale.
    pub channel: Channel,
    /// The customer, unless it was a walk-in sale.
    pub customer_id: Option<CustomerId>,
    /// The country of the sale.
    pub country: String,
    /// The cost of the line.
    pub cost: Money,
    /// The time of the sale.
    pub occurred_at: DateTime<Utc>,
    /// Stock units returned before.
    pub returned: Quantity,
    /// The cost with which they came back.
    pub returned_cost: Money,
    /// The lots in which it was sold; none if the product is not tracked.
    pub lots: Vec<SoldLot>,
    /// The settlement of its cost, as far as it was provisional.
    pub settled: Vec<SettledCost>,
    /// Its layer uses, the oldest layer first.
    pub layer_uses: Vec<LayerUse>,
}

impl SoldLine {
    /// Returns net and tax of what was returned before.
    pub fn returned_total(&self, settings: &Settings) -> Money {
        self.line.part(Quantity::ZERO, self.returned, settings).total()
    }

    /// Makes the line of a return of `quantity` stock units into `lots`, with negative amounts, and its cost.
    pub fn take_back(
        &self,
        quantity: Quantity,
        lots: Vec<LotShare>,
        line_no: i32,
        settings: &Settings,
    ) -> (Line, Money) {
        let part = self.line.part(self.returned, quantity, settings);
        let line = Line {
            line_no,
            entered: -self.line.in_unit(quantity),
            quantity: -quantity,
            gross: -part.gross,
            discount: -part.discount,
            net: -part.net,
            tax: -part.tax,
            taxes: tax::reversed(self.line.part_taxes(self.returned, quantity, settings)),
            lots,
            foreign: self.line.foreign_part(self.returned, quantity).map(|part| part.negative()),
            ..self.line.clone()
        };
        let cost = match line.lots.as_slice() {
            [] => -self.cost_back(quantity, settings),
            lots => lots.iter().map(|share| share.cost).sum(),
        };
        (line, cost)
    }
}

/// Returns the customer named at `/customer_id`, who may buy.
pub(crate) fn buyer(book: &Book, id: CustomerId) -> Result<&Customer, Refusal> {
    let pointer = "/customer_id";
    let customer = book
        .customers
        .get(&id)
        .ok_or_else(|| Problems::one(pointer, Code::NotFound, "There is no customer with this id."))?;
    customer
        .check_may_buy()
        .map_err(|detail| Problems::one(pointer, Code::InvalidStateTransition, detail))?;
    Ok(customer)
}

/// Returns the level of a line without lots.
pub fn level_key(location_id: LocationId, line: &Line) -> LevelKey {
    LevelKey::untracked(location_id, line.product_id)
}

/// The lines of a document of sale or return, with their costs and sums, and the place of the sale.
#[derive(Debug)]
pub struct Sold<'a> {
    /// The channel.
    pub channel: Channel,
    /// The location that issued or received the stock.
    pub location_id: LocationId,
    /// Its lines with their costs. All are negative in a return.
    pub lines: &'a [(Line, Money)],
    /// The sums of its lines.
    pub totals: &'a Totals,
}

impl Sold<'_> {
    /// Returns the account to which a line is posted for a purpose. A return is posted by the rules of its own day, with the category that
    /// the line had when it was sold.
    fn account(&self, mapping: &Mapping, purpose: EntryPurpose, line: &Line) -> Cow<'static, str> {
        mapping.account(&Case {
            purpose,
            channel: Some(self.channel),
            location_id: Some(self.location_id),
            category_id: line.category_id,
            tax_rate: Some(line.tax_rate),
        })
    }
}

/// Adds the revenue side of a document to its entry: sales, discounts and taxes. Negative totals are a return.
pub fn credit_revenue(entry: &mut Lines, mapping: &Mapping, sold: &Sold<'_>) {
    let &Sold { channel, location_id, lines, totals } = sold;
    let dimensions = Dimensions { channel: Some(channel), location_id: Some(location_id), party_id: None };
    let purpose = if totals.gross.is_negative() { EntryPurpose::Returns } else { EntryPurpose::Revenue };
    if mapping.is_empty() {
        entry.credit(purpose.default_account(Some(channel)), totals.gross, dimensions);
        entry.debit(account::SALES_DISCOUNTS, totals.discount, dimensions);
    } else {
        for (line, _) in lines {
            entry.credit(sold.account(mapping, purpose, line), line.gross, dimensions);
            entry.debit(sold.account(mapping, EntryPurpose::Discount, line), line.discount, dimensions);
        }
    }
    let elsewhere = tax::by_account(lines.iter().flat_map(|(line, _)| &line.taxes));
    entry.credit(account::OUTPUT_TAX, totals.tax - elsewhere.values().copied().sum(), dimensions);
    for (account, tax) in elsewhere {
        entry.credit(account, tax, dimensions);
    }
}

/// Adds the cost side of a document to its entry: cost of goods sold, against the account `from`. A negative
/// cost is a return.
pub fn debit_cost(entry: &mut Lines, mapping: &Mapping, sold: &Sold<'_>, from: &'static str) {
    let &Sold { channel, location_id, lines, .. } = sold;
    let place = Dimensions { location_id: Some(location_id), ..Dimensions::default() };
    let dimensions = Dimensions { channel: Some(channel), ..place };
    let cost = lines.iter().map(|(_, cost)| *cost).sum();
    if mapping.is_empty() {
        entry.debit(EntryPurpose::CostOfGoods.default_account(Some(channel)), cost, dimensions);
    } else {
        for (line, cost) in lines {
            entry.debit(sold.account(mapping, EntryPurpose::CostOfGoods, line), *cost, dimensions);
        }
    }
    entry.credit(from, cost, place);
}
