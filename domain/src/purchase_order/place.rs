//! The placing of a purchase order.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{
    LOCATIONS_MAX, PurchaseLine, PurchaseOrder, PurchaseOrderStatus, alone, check_not_past, foreign, put,
};
use crate::book::Book;
use crate::command::{Decision, Rule};
use crate::document::DocumentKind;
use crate::id::{LocationId, PurchaseOrderId, SupplierId};
use crate::line_item::{AMOUNT_MAX, LINES_MAX, invalid};
use crate::needs::Needs;
use crate::number::{ExchangeRate, Percent, Price, Quantity, share};
use crate::product::{ItemRef, Product, Unit};
use crate::refusal::{Code, Faults, Problem, Problems, QUANTITY_ABOVE_ZERO, Refusal};
use crate::supplier::{Supplier, SupplierStatus, Terms, price_on};

/// A purchase order to write as a draft.
#[derive(Debug, Clone)]
pub struct Place {
    /// The id of the document, if the caller chose one.
    pub id: Option<PurchaseOrderId>,
    /// The supplier.
    pub supplier_id: SupplierId,
    /// The location of lines without one; the default location if absent.
    pub location_id: Option<LocationId>,
    /// The day of lines without one.
    pub expected_on: Option<NaiveDate>,
    /// The currency of its costs; the supplier's currency if absent.
    pub currency: Option<String>,
    /// The rate of that currency; the recorded one of today if absent.
    pub exchange_rate: Option<ExchangeRate>,
    /// A remark.
    pub reference: Option<String>,
    /// The tolerance of its receipts; the supplier's tolerance if absent.
    pub over_receipt_percent: Option<Percent>,
    /// Whether a line may be below the supplier's smallest quantity, or off its multiple.
    pub any_quantity: bool,
    /// Its lines, 1 to 2,000.
    pub lines: Vec<PlaceLine>,
}

/// A line of a purchase order as a caller names it.
#[derive(Debug, Clone)]
pub struct PlaceLine {
    /// The product.
    pub item: ItemRef,
    /// The unit. If absent: the unit of the barcode, else the supplier's unit, else the stock unit.
    pub uom: Option<String>,
    /// The quantity in that unit.
    pub quantity: Quantity,
    /// The cost of one such unit; the supplier's price of today if absent.
    pub unit_cost: Option<Price>,
    /// The location that gets it.
    pub location_id: Option<LocationId>,
    /// The day on which it is wanted.
    pub expected_on: Option<NaiveDate>,
}

impl Rule for Place {
    fn name(&self) -> &'static str {
        "purchase_order.created"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.lines.len()
    }

    fn needs(&self, needs: &mut Needs) {
        needs.purchase_ids.extend(self.id);
        needs.supplier_ids.insert(self.supplier_id);
        needs.named_places.extend(self.location_id);
        needs.named_places.extend(self.lines.iter().filter_map(|line| line.location_id));
        needs.numbered.insert(DocumentKind::PurchaseOrder);
        needs.exchange_today.extend(self.currency.clone());
        for line in &self.lines {
            needs.item(&line.item, true);
        }
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        faults.take(check_id(book, self));
        let supplier = faults.take(supplier(book, self.supplier_id));
        let tolerance = self.over_receipt_percent.unwrap_or_default();
        faults.take(check_lines(self));
        faults.take(check_place(book, self));
        faults.take(check_terms(book, self, tolerance));
        let currency =
            self.currency.as_deref().or(supplier.as_ref().map(|supplier| supplier.currency.as_str()));
        foreign::note_faults(book, currency, self.exchange_rate, faults);
        if self.lines.len() <= LINES_MAX {
            for (line, line_no) in self.lines.iter().zip(1_i32..) {
                note_faults_of_line(book, self, supplier.as_ref(), (line, line_no), faults);
            }
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        place(book, self).map(alone)
    }
}

/// The rule that a stated cost breaks.
const NOT_NEGATIVE: &str = "The cost must not be negative.";

/// Writes a draft. A rejection names every wrong line.
fn place(book: &mut Book, command: &Place) -> Result<PurchaseOrder, Refusal> {
    check_id(book, command)?;
    let supplier = supplier(book, command.supplier_id)?;
    let tolerance = command.over_receipt_percent.unwrap_or(supplier.over_receipt_percent);
    check_lines(command)?;
    check_place(book, command)?;
    check_terms(book, command, tolerance)?;
    let currency = command.currency.as_deref().unwrap_or(&supplier.currency);
    let quote = foreign::quote(book, Some(currency), command.exchange_rate)?;
    let settings = &book.setup.settings;
    let mut problems = Problems::default();
    let mut lines = Vec::with_capacity(command.lines.len());
    for (line, line_no) in command.lines.iter().zip(1_i32..) {
        let pointer = format!("/lines/{}", line_no.saturating_sub(1));
        let checked = book
            .product(&line.item, &pointer)
            .and_then(|_| foreign::check_stated(line.unit_cost, currency, &supplier, &pointer))
            .and_then(|()| check_line(book, command, &supplier, (line, line_no)))
            .and_then(|line| foreign::convert(line, quote.as_ref(), settings, &pointer));
        match checked {
            Ok(line) => lines.push(line),
            Err(problem) => problems.push(problem),
        }
    }
    problems.check()?;
    let locations: BTreeSet<LocationId> = lines.iter().map(|line| line.location_id).collect();
    if locations.len() > LOCATIONS_MAX {
        let detail = format!("A purchase order goes to at most {LOCATIONS_MAX} locations: place several.");
        return Err(Refusal::invalid("/lines", detail));
    }

    // Nothing rejects the command from here on.
    let order = PurchaseOrder {
        id: command.id.unwrap_or_else(|| PurchaseOrderId(book.ids.next_id())),
        number: book.number(DocumentKind::PurchaseOrder),
        supplier_id: supplier.id,
        status: PurchaseOrderStatus::Draft,
        reference: command.reference.clone(),
        over_receipt_percent: tolerance,
        lead_time_days: supplier.lead_time_days,
        value: lines.iter().map(|line| line.value).sum(),
        foreign: quote.map(|quote| foreign::of_lines(quote, &lines)),
        sent_at: None,
        recorded_at: book.now,
        version: 1,
        lines,
    };
    put(book, &order);
    Ok(order)
}

fn supplier(book: &Book, id: SupplierId) -> Result<Supplier, Refusal> {
    let pointer = "/supplier_id";
    let Some(supplier) = book.suppliers.get(&id) else {
        return Err(Problems::one(pointer, Code::NotFound, "There is no such supplier."));
    };
    if supplier.status == SupplierStatus::Archived {
        let detail =
            format!("{} is archived: make it active again, or name another supplier.", supplier.code);
        return Err(Problems::one(pointer, Code::InvalidStateTransition, detail));
    }
    Ok(supplier.clone())
}

/// Notes the faults of a line. Its supplier's terms are judged if the supplier is known.
fn note_faults_of_line(
    book: &Book,
    command: &Place,
    supplier: Option<&Supplier>,
    (line, line_no): (&PlaceLine, i32),
    faults: &mut Faults,
) {
    let pointer = format!("/lines/{}", line_no.saturating_sub(1));
    match supplier {
        Some(supplier) => {
            let currency = command.currency.as_deref().unwrap_or(&supplier.currency);
            let settings = &book.setup.settings;
            let is_currency = currency == settings.currency || book.exchange.decimals_of(currency).is_ok();
            // The price of an unknown product, or in an unknown currency, can't be judged.
            if is_currency && book.product(&line.item, &pointer).is_ok() {
                faults.keep(foreign::check_stated(line.unit_cost, currency, supplier, &pointer));
            }
            let checked = check_line(book, command, supplier, (line, line_no));
            let is_of_currency = |problem: &Problem| !is_currency && problem.code == Code::PriceMissing;
            // A line without a location has that of the order, whose fault is noted once.
            let is_of_order = |problem: &Problem| {
                line.location_id.is_none() && problem.pointer == format!("{pointer}/location_id")
            };
            if !checked.as_ref().is_err_and(|problem| is_of_order(problem) || is_of_currency(problem)) {
                faults.keep(checked);
            }
        }
        None => _ = faults.keep(book.find_stocked(&line.item, line.uom.as_deref(), &pointer)),
    }
    if !line.quantity.is_positive() {
        faults.invalid(format!("{pointer}/quantity"), QUANTITY_ABOVE_ZERO);
    }
    if line.unit_cost.is_some_and(Price::is_negative) {
        faults.invalid(format!("{pointer}/unit_cost"), NOT_NEGATIVE);
    }
    if line.location_id.is_some() {
        faults.take(book.place(line.location_id, &format!("{pointer}/location_id")));
    }
    if let Err(detail) = check_not_past(book, line.expected_on) {
        faults.invalid(format!("{pointer}/expected_on"), detail);
    }
}

/// Rejects an id that another purchase order has.
fn check_id(book: &Book, command: &Place) -> Result<(), Refusal> {
    if command.id.is_none_or(|id| !book.purchases.contains_key(&id)) {
        return Ok(());
    }
    Err(Problems::one("/id", Code::AlreadyExists, "Another purchase order has this id."))
}

/// Rejects a location that is not known.
fn check_place(book: &Book, command: &Place) -> Result<(), Refusal> {
    if command.location_id.is_some() {
        book.place(command.location_id, "/location_id")?;
    }
    Ok(())
}

/// Rejects a number of lines that a document can't have.
fn check_lines(command: &Place) -> Result<(), Refusal> {
    if command.lines.is_empty() || command.lines.len() > LINES_MAX {
        return Err(Refusal::invalid("/lines", format!("A document has 1 to {LINES_MAX} lines.")));
    }
    Ok(())
}

/// Rejects a tolerance that is no percentage, and a day that has passed.
fn check_terms(book: &Book, command: &Place, tolerance: Percent) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    if tolerance.is_negative() || tolerance.get() > Decimal::ONE_HUNDRED {
        problems.invalid("/over_receipt_percent", "Expected a percentage from 0 to 100.");
    }
    if let Err(detail) = check_not_past(book, command.expected_on) {
        problems.invalid("/expected_on", detail);
    }
    problems.check()
}

/// Prices a line. The supplier's quantities and prices are for the unit that it sells.
fn check_line(
    book: &Book,
    command: &Place,
    supplier: &Supplier,
    (line, line_no): (&PlaceLine, i32),
) -> Result<PurchaseLine, Problem> {
    let pointer = format!("/lines/{}", line_no.saturating_sub(1));
    let terms = book.product(&line.item, &pointer).map(|product| supplier.terms.get(&product.id))?;
    let stated = line.uom.as_deref().or_else(|| book.uom_of_barcode(&line.item));
    let uom = stated.or_else(|| terms.and_then(|terms| terms.uom.as_deref()));
    let (product, unit) = book.find_stocked(&line.item, uom, &pointer)?;
    let problem = |field: &str, detail: String| invalid(product, format!("{pointer}/{field}"), detail);
    let quantity =
        product.in_stock_units(&unit, line.quantity).map_err(|detail| problem("quantity", detail))?;
    if !quantity.is_positive() {
        return Err(problem("quantity", QUANTITY_ABOVE_ZERO.to_owned()));
    }
    // The supplier's quantities and prices do not apply if the product no longer has their unit.
    let sold = terms.and_then(|terms| Some((terms, product.unit(terms.uom.as_deref())?)));
    if let Some((terms, sold_in)) = &sold
        && !command.any_quantity
    {
        check_quantity(terms, sold_in, (line.quantity, &unit, quantity))
            .map_err(|detail| problem("quantity", format!("{} {detail}", supplier.code)))?;
    }
    let today = book.setup.settings.day(book.now);
    let priced = sold.as_ref().and_then(|(terms, sold_in)| {
        let reaches = |least: Quantity| sold_in.factor.of(least) <= quantity.get();
        Some(unit_price(price_on(&terms.prices, today, reaches)?, sold_in, &unit))
    });
    let unit_cost = line.unit_cost.or(priced).ok_or_else(|| unpriced(product, supplier, &pointer))?;
    if unit_cost.is_negative() {
        return Err(problem("unit_cost", NOT_NEGATIVE.to_owned()));
    }
    if quantity.get() > AMOUNT_MAX || unit_cost.times(line.quantity) > AMOUNT_MAX {
        let detail =
            format!("A line may have at most {AMOUNT_MAX} stock units, and a value of at most {AMOUNT_MAX}.");
        return Err(problem("quantity", detail));
    }
    let place = book.place(line.location_id.or(command.location_id), &format!("{pointer}/location_id"));
    let location_id = place.map_err(|refusal| first(refusal, &pointer))?.id;
    check_not_past(book, line.expected_on).map_err(|detail| problem("expected_on", detail))?;
    Ok(PurchaseLine {
        line_no,
        product_id: product.id,
        supplier_sku: terms.and_then(|terms| terms.supplier_sku.clone()),
        location_id,
        uom: unit.uom,
        factor: unit.factor,
        entered: line.quantity,
        unit_cost,
        value: book.setup.settings.money(unit_cost.times(line.quantity)),
        foreign: None,
        quantity,
        received: Quantity::ZERO,
        returned: Quantity::ZERO,
        cancelled: Quantity::ZERO,
        billed: Quantity::ZERO,
        expected_on: line.expected_on.or(command.expected_on),
    })
}

/// Rejects a quantity that the supplier does not sell. The text follows the code of the supplier.
fn check_quantity(
    terms: &Terms,
    sold_in: &Unit,
    (entered, unit, quantity): (Quantity, &Unit, Quantity),
) -> Result<(), String> {
    let uom = &sold_in.uom;
    let way = "or send any_quantity if it agrees to less.";
    if sold_in.factor.of(terms.min_order_quantity) > quantity.get() {
        let least = terms.min_order_quantity;
        return Err(format!("sells at least {least} {uom}: order {least} {uom} or more, {way}"));
    }
    let Some(multiple) = terms.order_multiple else { return Ok(()) };
    let is_multiple = if unit.uom == *uom {
        entered.is_multiple_of(multiple)
    } else {
        let sold = share(quantity.get(), Decimal::ONE, sold_in.factor.of(Quantity::ONE));
        Quantity::rounded(sold).is_multiple_of(multiple)
    };
    if is_multiple {
        return Ok(());
    }
    Err(format!("sells multiples of {multiple} {uom}: correct the quantity, {way}"))
}

/// Converts the price of one unit in which the supplier sells into the price of one unit of the line.
fn unit_price(price: Price, sold_in: &Unit, unit: &Unit) -> Price {
    if sold_in.uom == unit.uom {
        return price;
    }
    let stock_units = |unit: &Unit| unit.factor.of(Quantity::ONE);
    Price::rounded(share(price.get(), stock_units(unit), stock_units(sold_in)))
}

fn unpriced(product: &Product, supplier: &Supplier, pointer: &str) -> Problem {
    let (sku, code) = (&product.sku, &supplier.code);
    Problem {
        pointer: format!("{pointer}/unit_cost"),
        code: Code::PriceMissing,
        detail: format!(
            "{code} states no price of {sku} for today and this quantity: send unit_cost, or state the price with PUT \
             /v1/suppliers/{{id}}/products/{{product_id}}."
        ),
        params: vec![("sku", sku.clone())],
    }
}

/// Returns the first problem of a rejection.
fn first(refusal: Refusal, pointer: &str) -> Problem {
    let Refusal { code, detail, problems } = refusal;
    let whole = Problem { pointer: pointer.to_owned(), code, detail, params: Vec::new() };
    problems.into_iter().next().unwrap_or(whole)
}
