//! The recording of a bill.

use std::collections::{BTreeSet, HashSet};

use chrono::{Days, NaiveDate};
use uuid::Uuid;

use super::discount::{self, BillDiscount};
use super::matching::{figures, judge_again, match_goods};
use super::{
    Bill, BillKind, BillLine, BilledGoods, BilledLine, Figures, KnownBill, Left, Payee, foreign, post,
    post_differences,
};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::exchange::{Quote, Stated};
use crate::id::{BillId, LocationId, ProductId, PurchaseOrderId, StockDocumentId, SupplierId};
use crate::ledger::control;
use crate::line_item::{AMOUNT_MAX, LINES_MAX, invalid};
use crate::needs::Needs;
use crate::number::{ExchangeRate, Money, Price, Quantity};
use crate::product::ItemRef;
use crate::purchase_order::PurchaseOrderStatus;
use crate::refusal::{Code, Faults, Problem, Problems, Refusal};

const NAMED_TWICE: &str = "Name each line of an order or a receipt once.";

/// A bill to record.
#[derive(Debug, Clone)]
pub struct Record {
    /// The id of the document, if the caller chose one.
    pub id: Option<BillId>,
    /// The supplier.
    pub supplier_id: SupplierId,
    /// The supplier's own number of the bill, which only one bill of the supplier has.
    pub supplier_number: String,
    /// The day that the bill states, from 1970 to today.
    pub dated: NaiveDate,
    /// The day on which it is due. If absent, the supplier's terms decide.
    pub due_on: Option<NaiveDate>,
    /// Its discounts for early payment; by the terms of the supplier if absent.
    pub discounts: Option<Vec<BillDiscount>>,
    /// The currency of the bill; the tenant's currency if absent.
    pub currency: Option<String>,
    /// The rate of that currency; the recorded one of the day of the bill if absent.
    pub exchange_rate: Option<ExchangeRate>,
    /// A remark.
    pub reference: Option<String>,
    /// Its lines, 1 to 2,000.
    pub lines: Vec<RecordLine>,
}

/// A line of a bill to record.
#[derive(Debug, Clone)]
pub struct RecordLine {
    /// The goods or the account. A line without one is rejected.
    pub subject: Option<Subject>,
    /// The unit. If absent: the unit of the purchase order line, or the stock unit for a line of a receipt.
    pub uom: Option<String>,
    /// The quantity in that unit, above zero. Goods need it; without goods it is 1 if absent.
    pub quantity: Option<Quantity>,
    /// The price of one such unit, before tax.
    pub unit_cost: Price,
    /// The tax of the line, as the bill states it.
    pub tax: Money,
    /// The text of the line.
    pub description: Option<String>,
}

/// The subject of a billed line.
#[derive(Debug, Clone)]
pub enum Subject {
    /// Goods.
    Goods(BilledGoods),
    /// A charge without goods, by the account that it debits.
    Account(String),
}

impl Rule for Record {
    fn name(&self) -> &'static str {
        "bill.recorded"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.lines.len()
    }

    fn is_alone(&self) -> bool {
        true
    }

    fn needs(&self, needs: &mut Needs) {
        needs.payees.insert(self.supplier_id);
        needs.bill_numbers.insert((self.supplier_id, self.supplier_number.clone()));
        needs.numbered.insert(DocumentKind::Bill);
        needs.billing = true;
        needs.units = true;
        needs.exchange.extend(self.currency.clone().map(|currency| (currency, self.dated)));
        for line in &self.lines {
            match &line.subject {
                Some(Subject::Goods(BilledGoods::Order(id, _))) => _ = needs.purchase_ids.insert(*id),
                Some(Subject::Goods(BilledGoods::Receipt(id, _))) => _ = needs.billed_receipt_ids.insert(*id),
                Some(Subject::Account(code)) => _ = needs.accounts.insert(code.clone()),
                None => {}
            }
        }
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let payee = faults.take(payee(book, self));
        let mut problems = Problems::default();
        judge_head(book, self, payee, &mut problems);
        faults.take(problems.check());
        let (settings, stated) = (&book.setup.settings, (self.currency.as_deref(), self.exchange_rate));
        book.exchange.note_faults(stated, Some(self.dated), settings, faults);
        if self.lines.len() <= LINES_MAX {
            note_faults_of_lines(book, self, payee, faults);
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        record(book, self).map(|(bill, posting)| (Outcome::Bill(Box::new(bill)), posting))
    }
}

/// Notes the faults of all lines. Of a line of an unknown supplier, its account and its amounts are judged.
fn note_faults_of_lines(book: &Book, command: &Record, payee: Option<&Payee>, faults: &mut Faults) {
    let quote = quote(book, command).ok();
    let decimals = book.exchange.known_decimals(command.currency.as_deref(), &book.setup.settings);
    let mut named = HashSet::with_capacity(command.lines.len());
    for (index, (line, line_no)) in command.lines.iter().zip(1..).enumerate() {
        let pointer = format!("/lines/{index}");
        let wrong = wrong_amounts(line, decimals, &pointer);
        let quote = quote.as_ref().filter(|_| wrong.is_empty());
        wrong.into_iter().for_each(|problem| faults.note(problem));
        let Some(payee) = payee else {
            if let Some(Subject::Account(code)) = &line.subject {
                faults.keep(check_account(book, code, &pointer));
            }
            continue;
        };
        let Some(made) = faults.keep(check_line(book, payee, (line, line_no), &pointer)) else { continue };
        let Some(quote) = quote else { continue };
        let priced = faults.keep(price(book, made, quote.as_ref(), &pointer));
        if priced.and_then(|line| line.goods).is_some_and(|goods| !named.insert(goods)) {
            faults.invalid(pointer, NAMED_TWICE);
        }
    }
}

/// Records a bill and matches it with receipts. A rejection names every wrong line.
fn record(book: &mut Book, command: &Record) -> Result<(Bill, Posting), Refusal> {
    let payee = payee(book, command)?.clone();
    let head = check_head(book, command, &payee)?;
    let lines = check_lines(book, command, &payee, head.quote.as_ref())?;

    // Nothing rejects the command from here on.
    let mut bill = Bill {
        id: command.id.unwrap_or_else(|| BillId(book.ids.next_id())),
        number: book.number(DocumentKind::Bill),
        kind: BillKind::Bill,
        supplier_id: payee.id,
        supplier_number: Some(command.supplier_number.clone()),
        dated: command.dated,
        due_on: head.due_on,
        discounts: head.discounts,
        value: lines.iter().map(|line| line.value).sum(),
        tax: lines.iter().map(|line| line.tax).sum(),
        open: Money::ZERO,
        foreign: head.quote.map(|quote| foreign::of_lines(quote, &lines)),
        reference: command.reference.clone(),
        original_id: None,
        reversed_by: None,
        recorded_at: book.now,
        version: 1,
        lines,
    };
    bill.open = bill.total();
    let mut posting = Posting::default();
    post(book, &bill, &mut posting);
    let goods: BTreeSet<BilledGoods> = bill.lines.iter().filter_map(|line| line.goods).collect();
    add_lines(book, &bill);
    let mut matches = Vec::new();
    for goods in &goods {
        matches.extend(match_goods(book, *goods, (DocumentKind::Bill, bill.id.0)));
    }
    post_differences(book, matches, &mut posting);
    judge_again(book, &goods, &mut posting);
    posting.judged.retain(|(id, ..)| *id != bill.id);
    note_judgement(book, &mut bill);
    book.bills.insert(bill.id, known(&bill));
    Ok((bill, posting))
}

/// Returns the discounts of a bill: those that it states, or by the terms of its supplier.
fn discounts(command: &Record, payee: &Payee) -> Vec<BillDiscount> {
    match &command.discounts {
        Some(stated) => stated.clone(),
        None => BillDiscount::of_terms(&payee.discounts, command.dated),
    }
}

/// Adds the goods of a new bill to those that are billed.
fn add_lines(book: &mut Book, bill: &Bill) {
    for line in &bill.lines {
        if let Some(goods) = line.goods {
            book.billing.lines.push(BilledLine {
                bill_id: bill.id,
                line_no: line.line_no,
                goods,
                quantity: line.quantity,
                value: line.value,
                matched: Vec::new(),
                reasons: Vec::new(),
            });
        }
    }
}

/// Puts the differences and the compared figures on the lines of a bill.
fn note_judgement(book: &Book, bill: &mut Bill) {
    let lines = &book.billing.lines;
    for line in &mut bill.lines {
        let known = lines.iter().find(|known| known.bill_id == bill.id && known.line_no == line.line_no);
        if let Some(known) = known {
            line.reasons.clone_from(&known.reasons);
            line.figures = figures(book, lines, known);
        }
    }
}

fn known(bill: &Bill) -> KnownBill {
    let left = |line: &BillLine| Left {
        quantity: line.quantity,
        value: line.value,
        tax: line.tax,
        foreign: line.foreign.map(|foreign| foreign.amounts),
    };
    let left = bill.lines.iter().map(left).collect();
    KnownBill { bill: bill.clone(), credited: Money::ZERO, left }
}

/// The head of a bill, as its rule found it.
struct Head {
    /// The day on which it is due.
    due_on: NaiveDate,
    /// Its discounts for early payment.
    discounts: Vec<BillDiscount>,
    /// The currency and the rate; none if the bill is in the tenant's currency.
    quote: Option<Quote>,
}

/// Returns the supplier of a bill.
fn payee<'b>(book: &'b Book, command: &Record) -> Result<&'b Payee, Refusal> {
    let payee = book.payees.get(&command.supplier_id);
    payee.ok_or_else(|| Problems::one("/supplier_id", Code::NotFound, "There is no such supplier."))
}

/// Returns the currency and the rate of a bill; none if it is in the tenant's currency.
fn quote(book: &Book, command: &Record) -> Result<Option<Quote>, Problem> {
    let (currency, rate) = (command.currency.as_deref(), command.exchange_rate);
    book.exchange.quote(Stated { currency, rate, day: command.dated }, &book.setup.settings)
}

/// Checks all but the lines.
fn check_head(book: &Book, command: &Record, payee: &Payee) -> Result<Head, Refusal> {
    let mut problems = Problems::default();
    let (quote, due_on) = judge_head(book, command, Some(payee), &mut problems);
    problems.check()?;
    let discounts = discounts(command, payee);
    Ok(Head { due_on, discounts, quote })
}

/// Returns the rate of a bill and the day on which it is due, and adds what is wrong with all but its lines. Without its supplier,
/// terms and number are not judged.
fn judge_head(
    book: &Book,
    command: &Record,
    payee: Option<&Payee>,
    problems: &mut Problems,
) -> (Option<Quote>, NaiveDate) {
    if command.lines.is_empty() || command.lines.len() > LINES_MAX {
        problems.invalid("/lines", format!("A document has 1 to {LINES_MAX} lines."));
    }
    let quote = quote(book, command).unwrap_or_else(|problem| {
        problems.push(problem);
        None
    });
    if let Err(detail) = check_day(book, command.dated) {
        problems.invalid("/dated", detail);
    }
    let days = payee.map(|payee| Days::new(payee.payment_days.into()));
    let by_terms = days.and_then(|days| command.dated.checked_add_days(days));
    let due_on = command.due_on.or(by_terms).unwrap_or(command.dated);
    if due_on < command.dated {
        problems.invalid("/due_on", "The bill can't be due before its day: send that day or a later one.");
    }
    let stated = command.discounts.as_deref().unwrap_or_default();
    discount::check(problems, stated, command.dated);
    let other = with_number(book, command.supplier_id, &command.supplier_number);
    if let Some((payee, other)) = payee.zip(other) {
        let detail = format!(
            "{} has a bill {} already: {} ({}). Correct the number, or reverse that bill first.",
            payee.code, command.supplier_number, other.bill.number, other.bill.id
        );
        problems.push(Problem {
            pointer: "/supplier_number".to_owned(),
            code: Code::AlreadyExists,
            detail,
            params: vec![("bill_id", other.bill.id.to_string()), ("number", other.bill.number.clone())],
        });
    }
    (quote, due_on)
}

/// Rejects a day after today or before 1970.
pub(super) fn check_day(book: &Book, day: NaiveDate) -> Result<(), String> {
    let today = book.setup.settings.day(book.now);
    if day > today {
        return Err(format!("The day lies in the future: send {today} or an earlier day."));
    }
    if day < NaiveDate::default() {
        return Err("The day lies before 1970.".to_owned());
    }
    Ok(())
}

/// Returns the bill or credit note of a supplier that has a number and was not reversed.
pub(super) fn with_number<'a>(book: &'a Book, id: SupplierId, number: &str) -> Option<&'a KnownBill> {
    book.bills.values().find(|known| {
        let bill = &known.bill;
        bill.supplier_id == id
            && bill.reversed_by.is_none()
            && bill.supplier_number.as_deref() == Some(number)
    })
}

fn check_lines(
    book: &Book,
    command: &Record,
    payee: &Payee,
    quote: Option<&Quote>,
) -> Result<Vec<BillLine>, Refusal> {
    let mut problems = Problems::default();
    let decimals = Some(decimals(book, quote));
    let mut named = HashSet::with_capacity(command.lines.len());
    let mut lines = Vec::with_capacity(command.lines.len());
    for (index, (line, line_no)) in command.lines.iter().zip(1..).enumerate() {
        let pointer = format!("/lines/{index}");
        let wrong = wrong_amounts(line, decimals, &pointer).into_iter().next();
        let checked = wrong
            .map_or(Ok(()), Err)
            .and_then(|()| check_line(book, payee, (line, line_no), &pointer))
            .and_then(|made| price(book, made, quote, &pointer));
        match checked {
            Ok(checked) if checked.goods.is_some_and(|goods| !named.insert(goods)) => {
                problems.invalid(pointer, NAMED_TWICE);
            }
            Ok(checked) => lines.push(checked),
            Err(problem) => problems.push(problem),
        }
    }
    problems.check()?;
    Ok(lines)
}

/// The goods of a line, as the book has them.
struct Found {
    product_id: ProductId,
    location_id: LocationId,
    uom: Option<String>,
}

fn check_line(
    book: &Book,
    payee: &Payee,
    (line, line_no): (&RecordLine, i32),
    pointer: &str,
) -> Result<BillLine, Problem> {
    let mut made = BillLine {
        line_no,
        original_line_no: None,
        goods: None,
        product_id: None,
        location_id: None,
        account: None,
        description: line.description.clone(),
        uom: None,
        entered: line.quantity.unwrap_or(Quantity::ONE),
        unit_cost: line.unit_cost,
        quantity: Quantity::ZERO,
        value: Money::ZERO,
        tax: line.tax,
        foreign: None,
        reasons: Vec::new(),
        figures: Figures::default(),
    };
    match &line.subject {
        None => return Err(bills_nothing(pointer)),
        Some(Subject::Account(code)) => {
            check_account(book, code, pointer)?;
            if line.uom.is_some() {
                return Err(problem(pointer, "uom", "A line without goods has no unit: leave uom out."));
            }
            made.account = Some(code.clone());
        }
        Some(Subject::Goods(goods)) => {
            let found = match goods {
                BilledGoods::Order(id, number) => ordered(book, payee, (*id, *number), pointer)?,
                BilledGoods::Receipt(id, number) => received(book, (*id, *number), pointer)?,
            };
            if line.quantity.is_none() {
                return Err(problem(pointer, "quantity", "State the quantity that is billed."));
            }
            let uom = line.uom.as_deref().or(found.uom.as_deref());
            let (product, unit) = book.find_stocked(&ItemRef::Id(found.product_id), uom, pointer)?;
            made.quantity = product
                .in_stock_units(&unit, made.entered)
                .map_err(|detail| invalid(product, format!("{pointer}/quantity"), detail))?;
            made.goods = Some(*goods);
            made.product_id = Some(found.product_id);
            made.location_id = Some(found.location_id);
            made.uom = Some(unit.uom);
        }
    }
    Ok(made)
}

/// Sets the value of a line. The price and the tax are in the currency of the bill before, and in the tenant's after.
fn price(book: &Book, mut made: BillLine, quote: Option<&Quote>, pointer: &str) -> Result<BillLine, Problem> {
    let worth = made.unit_cost.times(made.entered);
    if made.quantity.get() > AMOUNT_MAX || worth > AMOUNT_MAX {
        let detail =
            format!("A line may have at most {AMOUNT_MAX} stock units, and a value of at most {AMOUNT_MAX}.");
        return Err(problem(pointer, "quantity", detail));
    }
    let settings = &book.setup.settings;
    match quote {
        None => made.value = settings.money(worth),
        Some(quote) => foreign::convert(&mut made, quote, worth, settings)
            .map_err(|detail| problem(pointer, "unit_cost", detail))?,
    }
    Ok(made)
}

/// Returns the decimals of the amounts of a bill: those of its currency.
fn decimals(book: &Book, quote: Option<&Quote>) -> u32 {
    quote.map_or(book.setup.settings.exponent, |quote| quote.decimals)
}

/// Returns the problems with the quantity, the price and the tax of a line, without its goods. `decimals` are those of the currency, if
/// it is known.
fn wrong_amounts(line: &RecordLine, decimals: Option<u32>, pointer: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    if line.quantity.is_some_and(|quantity| !quantity.is_positive()) {
        let detail = "The quantity must be above zero; record a credit note with POST /v1/bills/{id}/credit.";
        problems.push(problem(pointer, "quantity", detail));
    }
    if line.unit_cost.is_negative() {
        problems.push(problem(pointer, "unit_cost", "The price must not be negative."));
    }
    let has_more = decimals.is_some_and(|most| line.tax != Money::rounded_to(line.tax.get(), most));
    if line.tax.is_negative() || line.tax.get() > AMOUNT_MAX || has_more {
        let of_currency =
            decimals.map_or_else(String::new, |most| format!(" and have at most {most} decimals"));
        let detail = format!("The tax must be from 0 to {AMOUNT_MAX}{of_currency}.");
        problems.push(problem(pointer, "tax_value", detail));
    }
    problems
}

fn check_account(book: &Book, code: &str, pointer: &str) -> Result<(), Problem> {
    if !book.setup.accounts.iter().any(|known| known == code) {
        let detail = format!("There is no account {code}; see GET /v1/accounts.");
        let pointer = format!("{pointer}/account");
        return Err(Problem { pointer, code: Code::NotFound, detail, params: Vec::new() });
    }
    control::check(code, book.setup.facts(code), control::Use::Bill)
        .map_err(|detail| problem(pointer, "account", detail))
}

/// Returns the goods of a line of a purchase order.
fn ordered(
    book: &Book,
    payee: &Payee,
    (id, line_no): (PurchaseOrderId, i32),
    pointer: &str,
) -> Result<Found, Problem> {
    let order = book.purchases.get(&id).filter(|order| order.supplier_id == payee.id);
    let Some(order) = order else {
        let detail = format!("{} has no such purchase order.", payee.code);
        let pointer = format!("{pointer}/purchase_order_id");
        return Err(Problem { pointer, code: Code::NotFound, detail, params: Vec::new() });
    };
    if order.status == PurchaseOrderStatus::Draft {
        let detail = format!("{} is a draft: send it before its bill is recorded.", order.number);
        let pointer = format!("{pointer}/purchase_order_id");
        return Err(Problem { pointer, code: Code::InvalidStateTransition, detail, params: Vec::new() });
    }
    let Some(line) = order.lines.iter().find(|line| line.line_no == line_no) else {
        let detail = format!("{} has no line {line_no}.", order.number);
        let pointer = format!("{pointer}/order_line_no");
        return Err(Problem { pointer, code: Code::NotFound, detail, params: Vec::new() });
    };
    let (product_id, location_id) = (line.product_id, line.location_id);
    Ok(Found { product_id, location_id, uom: Some(line.uom.clone()) })
}

/// Returns the goods of a line of a receipt without a purchase order.
fn received(book: &Book, (id, line_no): (StockDocumentId, i32), pointer: &str) -> Result<Found, Problem> {
    if let Some(number) = book.billing.of_orders.get(&id) {
        let detail = format!(
            "The receipt belongs to the purchase order {number}: name purchase_order_id and order_line_no instead."
        );
        return Err(problem(pointer, "receipt_id", detail));
    }
    let goods = BilledGoods::Receipt(id, line_no);
    let found = book.billing.received.iter().find(|received| received.goods == goods);
    let part = found.and_then(|received| received.parts.first());
    let Some(part) = part else {
        let detail = format!("There is no receipt with this id that has a line {line_no}.");
        let pointer = format!("{pointer}/receipt_id");
        return Err(Problem { pointer, code: Code::NotFound, detail, params: Vec::new() });
    };
    Ok(Found { product_id: part.key.product_id, location_id: part.key.location_id, uom: None })
}

/// Returns the problem of a line that names neither goods nor an account, or several of them.
pub fn bills_nothing(pointer: &str) -> Problem {
    let detail = "Name one of these: purchase_order_id with order_line_no, receipt_id with receipt_line_no, or account.";
    let (pointer, detail) = (pointer.to_owned(), detail.to_owned());
    Problem { pointer, code: Code::ValidationFailed, detail, params: Vec::new() }
}

/// Makes a problem for a wrong field of a line.
pub(super) fn problem(pointer: &str, field: &str, detail: impl Into<String>) -> Problem {
    let pointer = format!("{pointer}/{field}");
    Problem { pointer, code: Code::ValidationFailed, detail: detail.into(), params: Vec::new() }
}
