//! What both channels share: lines with their price and tax, the facts that reports read, and what a return takes back.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::book::Book;
use crate::customer::Customer;
use crate::document::DocumentKind;
use crate::id::{CategoryId, CustomerId, LocationId, OrderId, PriceRuleId, ProductId};
use crate::ledger::{Dimensions, Lines, account, cost_account, returns_account, sales_account};
use crate::line_item::check_part;
use crate::lot::{self, LotShare, NamedLot, SoldLot};
use crate::number::{Money, Percent, Price, Quantity};
use crate::pricing::Source;
use crate::product::ItemRef;
use crate::refusal::{Code, Problems, Refusal};
use crate::stock::LevelKey;
use crate::tenant::{Channel, Settings};

mod bundle;
mod lots;
mod price;

pub(crate) use lots::{allot, given_back, mark_returned};
pub use price::price;

/// A discount given at the sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discount {
    /// Off the resolved price.
    Percent(Percent),
    /// Off the line, or spread over the basket.
    Amount(Money),
}

/// A line as a caller asks for it.
#[derive(Debug, Clone)]
pub struct LineInput {
    /// What.
    pub item: ItemRef,
    /// In which unit; the stock unit, or the barcode's, where none is named.
    pub uom: Option<String>,
    /// How many of that unit.
    pub quantity: Quantity,
    /// A price per unit that no rule gave.
    pub unit_price: Option<Price>,
    /// Why.
    pub price_reason: Option<String>,
    /// A discount on the resolved price.
    pub discount: Option<Discount>,
    /// Text in place of the product's name.
    pub description: Option<String>,
    /// The lots that they are of.
    pub lots: Vec<NamedLot>,
}

/// What is asked for, by whom, where and when.
#[derive(Debug)]
pub struct Basket<'a> {
    /// Its lines.
    pub lines: &'a [LineInput],
    /// A discount over all lines.
    pub discount: Option<Discount>,
    /// The channel.
    pub channel: Channel,
    /// Where the goods come from.
    pub location_id: LocationId,
    /// The customer, unless it is a walk-in sale.
    pub customer: Option<&'a Customer>,
    /// The country in which the buyer gets the goods; taxes are those of this place.
    pub country: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// Who set the prices that no rule gave; `None` where the caller may not.
    pub overrider: Option<&'a str>,
    /// Whether goods come back: what is archived can't be sold, but can be given back.
    pub is_return: bool,
}

/// A line with its price and tax. Amounts exclude tax, whatever the prices do.
#[derive(Debug, Clone)]
pub struct Line {
    /// From 1.
    pub line_no: i32,
    /// The line of the request that it came of, from 0.
    pub input: usize,
    /// What.
    pub product_id: ProductId,
    /// The bundle that it was sold in.
    pub bundle_id: Option<ProductId>,
    /// Its category at the time.
    pub category_id: Option<CategoryId>,
    /// Whether it moves stock.
    pub stocked: bool,
    /// Text in place of the product's name.
    pub description: Option<String>,
    /// The unit.
    pub uom: String,
    /// Stock units in it.
    pub factor: Quantity,
    /// How many of the unit.
    pub entered: Quantity,
    /// How many stock units.
    pub quantity: Quantity,
    /// Price of one unit.
    pub unit_price: Price,
    /// List price of one unit.
    pub list_price: Option<Price>,
    /// Where the price comes from.
    pub source: Source,
    /// The rule that gave it.
    pub rule_id: Option<PriceRuleId>,
    /// How it came about, unless it is the plain list price.
    pub trace: Option<serde_json::Value>,
    /// Before discounts given at the sale.
    pub gross: Money,
    /// Discounts given at the sale.
    pub discount: Money,
    /// Gross less discount.
    pub net: Money,
    /// Percent.
    pub tax_rate: Percent,
    /// Tax on the net.
    pub tax: Money,
    /// The lots of its goods, once they are known: of an order's line, those that are reserved for it.
    pub lots: Vec<LotShare>,
}

/// What a part of a line's units comes to.
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
    /// Net plus tax.
    pub fn total(&self) -> Money {
        self.net + self.tax
    }
}

impl Line {
    /// What `step` of the line's units come to after `done` of them: the parts of all steps add up to the line, and
    /// every document that carries the same step out comes to the same.
    pub fn part(&self, done: Quantity, step: Quantity, settings: &Settings) -> Part {
        let slice = |amount| settings.slice(amount, done, step, self.quantity);
        let (gross, discount) = (slice(self.gross), slice(self.discount));
        Part { gross, discount, net: gross - discount, tax: slice(self.tax) }
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
    /// Net plus tax.
    pub fn total(&self) -> Money {
        self.net + self.tax
    }

    /// The sums of `lines`.
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

/// A line that was sold (positive) or taken back (negative): the fact that every revenue report reads.
#[derive(Debug, Clone)]
pub struct SalesLine {
    /// What kind of document: `sale`, `refund`, `invoice` or `credit_note`.
    pub document_kind: DocumentKind,
    /// The document.
    pub document_id: Uuid,
    /// The channel.
    pub channel: Channel,
    /// Where the goods came from or went to.
    pub location_id: LocationId,
    /// The customer, unless it was a walk-in sale.
    pub customer_id: Option<CustomerId>,
    /// The country of the sale.
    pub country: String,
    /// The line, negative where goods came back.
    pub line: Line,
    /// Cost of the goods, of the same sign.
    pub cost: Money,
    /// The wholesale order.
    pub order_id: Option<OrderId>,
    /// The document and line that this takes back.
    pub original: Option<(Uuid, i32)>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

/// A line that was sold before, with what already came back of it.
#[derive(Debug, Clone)]
pub struct SoldLine {
    /// The line as it was sold.
    pub line: Line,
    /// Where its goods came from.
    pub location_id: LocationId,
    /// The channel it was sold in.
    pub channel: Channel,
    /// Who bought it.
    pub customer_id: Option<CustomerId>,
    /// The country of the sale.
    pub country: String,
    /// What its goods cost.
    pub cost: Money,
    /// Stock units that already came back.
    pub returned: Quantity,
    /// The lots that it was sold in; none where the product is not tracked.
    pub lots: Vec<SoldLot>,
}

impl SoldLine {
    /// The part of this line that `quantity` stock units take back into `lots`, negative, with its cost.
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
            entered: -Quantity::rounded(quantity.get() / self.line.factor.get()),
            quantity: -quantity,
            gross: -part.gross,
            discount: -part.discount,
            net: -part.net,
            tax: -part.tax,
            lots,
            ..self.line.clone()
        };
        let cost = match line.lots.as_slice() {
            [] => -settings.slice(self.cost, self.returned, quantity, self.line.quantity),
            lots => lots.iter().map(|share| share.cost).sum(),
        };
        (line, cost)
    }
}

/// A customer who may buy; the same answer for one who is blocked as for one who does not exist.
pub(crate) fn buyer(book: &Book, id: CustomerId) -> Result<&Customer, Refusal> {
    let customer = book.customers.get(&id).filter(|customer| customer.may_buy());
    customer.ok_or_else(|| {
        Problems::one("/customer_id", Code::NotFound, "There is no active customer with this id.")
    })
}

/// The levels that stocked lines rule from.
pub fn level_key(location_id: LocationId, line: &Line) -> LevelKey {
    LevelKey::untracked(location_id, line.product_id)
}

/// Adds the revenue side of a document to its entry: sales, discounts and tax. Negative totals are a return.
pub fn credit_revenue(entry: &mut Lines, totals: &Totals, channel: Channel, location_id: LocationId) {
    let dimensions = Dimensions { channel: Some(channel), location_id: Some(location_id), party_id: None };
    let account = if totals.gross.is_negative() { returns_account(channel) } else { sales_account(channel) };
    entry.credit(account, totals.gross, dimensions);
    entry.debit(account::SALES_DISCOUNTS, totals.discount, dimensions);
    entry.credit(account::OUTPUT_TAX, totals.tax, dimensions);
}

/// Adds the cost side: cost of goods against `from`, which the goods left. A negative cost is a return.
pub fn debit_cost(
    entry: &mut Lines,
    cost: Money,
    from: &'static str,
    channel: Channel,
    location_id: LocationId,
) {
    let place = Dimensions { location_id: Some(location_id), ..Dimensions::default() };
    let sold = Dimensions { channel: Some(channel), ..place };
    entry.debit(cost_account(channel), cost, sold);
    entry.credit(from, cost, place);
}

/// A line of an original to take back: its number, how many stock units (all where none are named), and their lots.
pub type Back<'a> = (i32, Option<Quantity>, &'a [NamedLot]);

/// Lines that come back, negative, with their cost; and the document and line that each takes back.
pub type TakenBack = (Vec<(Line, Money)>, Vec<(Uuid, i32)>);

/// Refuses a return that names lines of an original and goods of its own, or lines of an original that it does not name.
pub fn check_return_lines(has_original: bool, original_lines: usize, lines: usize) -> Result<(), Refusal> {
    match has_original {
        true if lines > 0 => Err(Refusal::invalid(
            "/lines",
            "With an original, name its lines in original_lines, and leave lines out.",
        )),
        false if original_lines > 0 => {
            let detail =
                "Without original_id there is nothing that these lines could be of: name goods in lines.";
            Err(Refusal::invalid("/original_lines", detail))
        }
        _ => Ok(()),
    }
}

/// Takes lines of a sold document back, by number and quantity: never more than is still out. All that is out comes
/// back where no line is named.
pub fn take_back(
    book: &Book,
    (document_id, sold): (Uuid, &[SoldLine]),
    wanted: &[Back<'_>],
) -> Result<TakenBack, Refusal> {
    let everything: Vec<Back<'_>> = sold
        .iter()
        .filter(|line| line.returned < line.line.quantity)
        .map(|line| (line.line.line_no, None, &[][..]))
        .collect();
    let wanted = if wanted.is_empty() { everything.as_slice() } else { wanted };
    let mut problems = Problems::default();
    let mut lines: Vec<(Line, Money)> = Vec::with_capacity(wanted.len());
    let mut originals = Vec::with_capacity(wanted.len());
    for (index, (line_no, quantity, lots)) in wanted.iter().enumerate() {
        let pointer = format!("/original_lines/{index}");
        let Some(line) = sold.iter().find(|line| line.line.line_no == *line_no) else {
            problems.add(format!("{pointer}/line_no"), Code::NotFound, "The original has no such line.");
            continue;
        };
        let out = line.line.quantity - line.returned;
        let quantity = quantity.unwrap_or(out);
        if !quantity.is_positive() || quantity > out {
            let detail = format!("{out} of line {line_no} can still come back, not {quantity}.");
            problems.add(format!("{pointer}/quantity"), Code::ReturnExceedsSale, detail);
        } else if originals.contains(&(document_id, *line_no)) {
            problems.invalid(format!("{pointer}/line_no"), "Name each line once.");
        } else if let Err(problem) = check_part(book, line.line.product_id, (quantity, out), &pointer) {
            problems.push(problem);
        } else {
            match lot::shares_back(book, line, quantity, lots, &pointer) {
                Ok(lots) => {
                    let line_no = lines.len() as i32 + 1;
                    lines.push(line.take_back(quantity, lots, line_no, &book.setup.settings));
                }
                Err(problem) => problems.push(problem),
            }
            originals.push((document_id, *line_no));
        }
    }
    problems.check()?;
    if lines.is_empty() {
        return Err(Refusal::new(
            Code::ReturnExceedsSale,
            "Everything of this document has come back already.",
        ));
    }
    Ok((lines, originals))
}
