//! Credit notes of suppliers, and reversals of bills.
//!
//! Both reverse postings of a bill at its prices. Matched units have no bill afterwards. The difference between bill
//! and receipt is reversed too: from inventory for units that are held now, from cost variance for the others.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use uuid::Uuid;

use super::matching::{judge_again, match_goods, take_off};
use super::record::{check_day, problem, with_number};
use super::{
    Bill, BillKind, BillLine, BilledGoods, BilledLine, Figures, ForeignLine, KnownBill, Left, find, foreign,
    post, post_differences,
};
use crate::book::{Book, ChangedBill, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::exchange::{Amounts, ForeignDocument};
use crate::id::BillId;
use crate::line_item::{LINES_MAX, check_part};
use crate::needs::Needs;
use crate::number::{Money, MoneyInCurrency, Quantity, share};
use crate::refusal::{Code, Faults, Problem, Problems, QUANTITY_ABOVE_ZERO, Refusal};
use crate::text::is_blank;

/// A bill to take back, because it was recorded by mistake.
#[derive(Debug, Clone)]
pub struct Reverse {
    /// The bill.
    pub bill_id: BillId,
    /// The id of the reversal, if the caller chose one.
    pub id: Option<BillId>,
    /// The day of the reversal, not before that of the bill; today if absent.
    pub dated: Option<NaiveDate>,
    /// The reason. It must not be empty.
    pub reason: String,
}

/// A credit note of a supplier to record.
#[derive(Debug, Clone)]
pub struct Credit {
    /// The bill that it takes back in part.
    pub bill_id: BillId,
    /// The id of the document, if the caller chose one.
    pub id: Option<BillId>,
    /// The supplier's own number of the credit note.
    pub supplier_number: String,
    /// The day that the credit note states, not before that of the bill.
    pub dated: NaiveDate,
    /// A remark.
    pub reference: Option<String>,
    /// Its lines, 1 to 2,000.
    pub lines: Vec<CreditLine>,
    /// Whether the caller may see costs, which needs the scope `costs:read`. Rejections name no amounts without it.
    pub sees_costs: bool,
}

/// A line of a credit note. It states a quantity or a value.
#[derive(Debug, Clone)]
pub struct CreditLine {
    /// The line of the bill.
    pub line_no: i32,
    /// The quantity to credit, in the unit of the line, at the price of the bill.
    pub quantity: Option<Quantity>,
    /// The amount to credit, before tax.
    pub value: Option<Money>,
    /// The tax; the share of the line's tax if absent.
    pub tax: Option<Money>,
}

/// The part of a line that is taken back.
#[derive(Debug, Clone, Copy)]
struct Taken {
    /// The place of the line in the bill.
    at: usize,
    part: Left,
}

impl Rule for Reverse {
    fn name(&self) -> &'static str {
        "bill_reversal.recorded"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    /// Returns the limit of lines, because the lines of the original are known only after it is loaded.
    fn lines(&self) -> usize {
        LINES_MAX
    }

    fn is_alone(&self) -> bool {
        true
    }

    fn needs(&self, needs: &mut Needs) {
        needs.bill_ids.insert(self.bill_id);
        needs.bill_lines = true;
        needs.billing = true;
        needs.numbered.insert(DocumentKind::BillReversal);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        if let (Ok(known), Some(dated)) = (find(book, self.bill_id), self.dated) {
            faults.take(check_dated(book, known, dated));
        }
        faults.take(check_reason(self));
    }

    fn decide(&self, book: &mut Book) -> Decision {
        reverse(book, self).map(|(bill, posting)| (Outcome::Bill(Box::new(bill)), posting))
    }
}

impl Rule for Credit {
    fn name(&self) -> &'static str {
        "bill_credit.recorded"
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
        needs.bill_ids.insert(self.bill_id);
        needs.bill_lines = true;
        needs.credit_numbers.insert((self.bill_id, self.supplier_number.clone()));
        needs.billing = true;
        needs.numbered.insert(DocumentKind::BillCredit);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let Ok(known) = find(book, self.bill_id) else { return };
        faults.take(check_dated(book, known, self.dated));
        faults.take(check_number(book, self, known));
        if faults.take(check_count(self)).is_some() {
            faults.take(check_lines(book, self, known));
            note_values(book, self, &known.bill, faults);
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        credit(book, self).map(|(bill, posting)| (Outcome::Bill(Box::new(bill)), posting))
    }
}

/// Reverses a bill, less its credit notes. Rejects a bill that is paid in part.
fn reverse(book: &mut Book, command: &Reverse) -> Result<(Bill, Posting), Refusal> {
    let known = find(book, command.bill_id)?.clone();
    check_not_reversed(book, &known)?;
    let dated = command.dated.unwrap_or_else(|| book.setup.settings.day(book.now));
    check_dated(book, &known, dated)?;
    check_reason(command)?;
    let paid = match &known.bill.foreign {
        Some(foreign) => known.left.iter().map(|left| left.stated().total()).sum::<Money>() - foreign.open,
        None => known.bill.total() + known.credited - known.bill.open,
    };
    if !paid.is_zero() {
        let paid = paid.in_currency(known.bill.decimals(&book.setup.settings));
        let detail = format!(
            "{paid} of {} is paid: reverse the payments first (POST /v1/supplier-payments/{{id}}/reverse).",
            known.bill.number
        );
        return Err(Refusal::state(detail));
    }
    let taken = known.left.iter().enumerate().map(|(at, part)| Taken { at, part: *part }).collect();

    // Nothing rejects the command from here on.
    let id = command.id.unwrap_or_else(|| BillId(book.ids.next_id()));
    let number = book.number(DocumentKind::BillReversal);
    let reversal = Bill {
        id,
        number,
        kind: BillKind::Reversal,
        supplier_number: None,
        reference: Some(command.reason.clone()),
        ..head(book, &known, dated)
    };
    Ok(take_back(book, known, reversal, taken))
}

fn check_reason(command: &Reverse) -> Result<(), Refusal> {
    if is_blank(&command.reason) {
        return Err(Refusal::invalid("/reason", "A reversal needs a reason."));
    }
    Ok(())
}

/// Records a credit note, which the open amount of the bill must cover. A rejection names every wrong line.
fn credit(book: &mut Book, command: &Credit) -> Result<(Bill, Posting), Refusal> {
    let known = find(book, command.bill_id)?.clone();
    check_not_reversed(book, &known)?;
    check_dated(book, &known, command.dated)?;
    check_count(command)?;
    check_number(book, command, &known)?;
    let mut taken = check_lines(book, command, &known)?;
    let total: Money = taken.iter().map(|taken| taken.part.stated().total()).sum();
    if total > known.bill.stated_open() {
        let number = &known.bill.number;
        let detail = if command.sees_costs {
            let decimals = known.bill.decimals(&book.setup.settings);
            let [open, total] = [known.bill.stated_open(), total].map(|amount| amount.in_currency(decimals));
            format!(
                "{open} of {number} is open, and the credit note takes {total} back: reverse payments first, or credit less."
            )
        } else {
            format!(
                "The credit note takes back more than is open of {number}: reverse payments first, or credit less."
            )
        };
        return Err(Refusal::invalid("/lines", detail));
    }
    foreign::settle(&known, &mut taken.iter_mut().map(|taken| &mut taken.part).collect::<Vec<_>>());

    // Nothing rejects the command from here on.
    let id = command.id.unwrap_or_else(|| BillId(book.ids.next_id()));
    let number = book.number(DocumentKind::BillCredit);
    let note = Bill {
        id,
        number,
        kind: BillKind::Credit,
        supplier_number: Some(command.supplier_number.clone()),
        reference: command.reference.clone(),
        ..head(book, &known, command.dated)
    };
    Ok(take_back(book, known, note, taken))
}

/// Returns the head of a document that takes a bill back.
fn head(book: &Book, known: &KnownBill, dated: NaiveDate) -> Bill {
    Bill {
        dated,
        due_on: dated,
        discounts: Vec::new(),
        value: Money::ZERO,
        tax: Money::ZERO,
        open: Money::ZERO,
        foreign: known.bill.foreign.as_ref().map(ForeignDocument::without_lines),
        original_id: Some(known.bill.id),
        reversed_by: None,
        recorded_at: book.now,
        version: 1,
        lines: Vec::new(),
        ..known.bill.clone()
    }
}

fn check_not_reversed(book: &Book, known: &KnownBill) -> Result<(), Refusal> {
    let Some(id) = known.bill.reversed_by else { return Ok(()) };
    let by = book.bills.get(&id).map_or_else(|| id.to_string(), |by| by.bill.number.clone());
    Err(Refusal::state(format!("{} is reversed already, by {by}.", known.bill.number)))
}

/// Rejects a day in the future, and one before the bill.
fn check_dated(book: &Book, known: &KnownBill, dated: NaiveDate) -> Result<(), Refusal> {
    check_day(book, dated).map_err(|detail| Refusal::invalid("/dated", detail))?;
    if dated < known.bill.dated {
        let detail =
            format!("{} is dated {}: send that day or a later one.", known.bill.number, known.bill.dated);
        return Err(Refusal::invalid("/dated", detail));
    }
    Ok(())
}

/// Rejects a document without lines, and one with too many.
fn check_count(command: &Credit) -> Result<(), Refusal> {
    if command.lines.is_empty() || command.lines.len() > LINES_MAX {
        return Err(Refusal::invalid("/lines", format!("A document has 1 to {LINES_MAX} lines.")));
    }
    Ok(())
}

/// Rejects a number that another document of the supplier has.
fn check_number(book: &Book, command: &Credit, known: &KnownBill) -> Result<(), Refusal> {
    let Some(other) = with_number(book, known.bill.supplier_id, &command.supplier_number) else {
        return Ok(());
    };
    let detail = format!(
        "The supplier has a document {} already: {} ({}). Correct the number.",
        command.supplier_number, other.bill.number, other.bill.id
    );
    Err(Problems::one("/supplier_number", Code::AlreadyExists, detail))
}

fn check_lines(book: &Book, command: &Credit, known: &KnownBill) -> Result<Vec<Taken>, Refusal> {
    let mut problems = Problems::default();
    let mut named = BTreeSet::new();
    let mut taken = Vec::with_capacity(command.lines.len());
    for (index, line) in command.lines.iter().enumerate() {
        let pointer = format!("/lines/{index}");
        if !named.insert(line.line_no) {
            problems.invalid(format!("{pointer}/line_no"), "Name each line once.");
            continue;
        }
        match check_line(book, known, line, Place { pointer: &pointer, sees_costs: command.sees_costs }) {
            Ok(line) => taken.push(line),
            Err(problem) => problems.push(problem),
        }
    }
    problems.check()?;
    Ok(taken)
}

/// Notes the quantities and amounts that are wrong for any line of the bill.
fn note_values(book: &Book, command: &Credit, bill: &Bill, faults: &mut Faults) {
    let settings = &book.setup.settings;
    for (index, line) in command.lines.iter().enumerate() {
        let pointer = format!("/lines/{index}");
        if line.quantity.is_some_and(|quantity| !quantity.is_positive()) {
            faults.note(problem(&pointer, "quantity", QUANTITY_ABOVE_ZERO));
        }
        for (field, amount) in [("value", line.value), ("tax_value", line.tax)] {
            let Some(amount) = amount else { continue };
            if amount.is_negative() || !foreign::is_amount(bill, amount, settings) {
                let decimals = bill.decimals(settings);
                let detail = format!("An amount must not be negative, and has at most {decimals} decimals.");
                faults.note(problem(&pointer, field, detail));
            }
        }
    }
}

/// The place of a line in the request, and whether the caller may see what is left of the line.
#[derive(Clone, Copy)]
struct Place<'a> {
    pointer: &'a str,
    sees_costs: bool,
}

impl Place<'_> {
    /// Rejects an amount that is not from zero to what is left of the line.
    fn beyond(self, field: &str, left: MoneyInCurrency) -> Problem {
        let detail = match self.sees_costs {
            true => format!("Send a {field} from 0 to {left}, which is left of the line."),
            false => format!("Send a {field} from 0 to what is left of the line."),
        };
        problem(self.pointer, field, detail)
    }
}

fn check_line(book: &Book, known: &KnownBill, line: &CreditLine, place: Place<'_>) -> Result<Taken, Problem> {
    let pointer = place.pointer;
    let at = known.bill.lines.iter().position(|billed| billed.line_no == line.line_no);
    let Some(at) = at else {
        let detail = format!("{} has no line {}.", known.bill.number, line.line_no);
        return Err(Problem {
            pointer: format!("{pointer}/line_no"),
            code: Code::NotFound,
            detail,
            params: Vec::new(),
        });
    };
    let (billed, left) = (&known.bill.lines[at], known.left[at]);
    let settings = &book.setup.settings;
    let (bill, open) = (&known.bill, left.stated());
    let (quantity, of_units) = match (line.quantity, line.value) {
        (Some(entered), None) => units(book, (bill.id, billed, left), entered, pointer)?,
        (None, Some(_)) => (Quantity::ZERO, Money::ZERO),
        (Some(_), Some(_)) | (None, None) => {
            return Err(problem(
                pointer,
                "value",
                "Send either quantity or value: the units or the amount to credit.",
            ));
        }
    };
    let value = match (line.value, &bill.foreign) {
        (Some(value), _) => value,
        (None, Some(foreign)) => foreign.quote.share(open.value, quantity, left.quantity),
        (None, None) => of_units,
    };
    if !foreign::is_amount(bill, value, settings) || value.is_negative() || value > open.value {
        return Err(place.beyond("value", open.value.in_currency(bill.decimals(settings))));
    }
    if billed.goods.is_some() && !left.quantity.is_positive() {
        return Err(problem(
            pointer,
            "line_no",
            "All units of the line are credited already: leave the line out.",
        ));
    }
    let by_share = foreign::share(bill, open.tax, (value, open.value), settings);
    let tax = line.tax.unwrap_or(by_share);
    if !foreign::is_amount(bill, tax, settings) || tax.is_negative() || tax > open.tax {
        return Err(place.beyond("tax_value", open.tax.in_currency(bill.decimals(settings))));
    }
    if quantity.is_zero() && value.is_zero() && tax.is_zero() {
        return Err(problem(pointer, "value", "The line credits nothing: leave it out."));
    }
    Ok(Taken { at, part: foreign::part(&left, (quantity, of_units), Amounts { value, tax }, settings) })
}

/// Returns the stock units of a quantity of a line, and their amount.
fn units(
    book: &Book,
    (id, billed, left): (BillId, &BillLine, Left),
    entered: Quantity,
    pointer: &str,
) -> Result<(Quantity, Money), Problem> {
    let known = billed_line(book, id, billed.line_no);
    let (Some(known), Some(product_id)) = (known, billed.product_id) else {
        return Err(problem(pointer, "quantity", "The line has no goods: send value instead of quantity."));
    };
    let part = share(billed.quantity.get(), entered.get(), billed.entered.get());
    let quantity = Quantity::rounded(part);
    if !quantity.is_positive() || quantity > left.quantity {
        let detail =
            format!("Send a quantity above 0 and of at most {} stock units, which are left.", left.quantity);
        return Err(problem(pointer, "quantity", detail));
    }
    check_part(book, product_id, (quantity, left.quantity), pointer)?;
    Ok((quantity, known.value_of(quantity, &book.setup.settings)))
}

fn billed_line(book: &Book, id: BillId, line_no: i32) -> Option<&BilledLine> {
    book.billing.lines.iter().find(|known| known.bill_id == id && known.line_no == line_no)
}

/// Takes parts of a bill back with the document whose head is `document`.
fn take_back(
    book: &mut Book,
    mut known: KnownBill,
    mut document: Bill,
    taken: Vec<Taken>,
) -> (Bill, Posting) {
    let made_by = (DocumentKind::from(document.kind), document.id.0);
    let bill_id = known.bill.id;
    let mut posting = Posting::default();
    let mut goods: BTreeSet<BilledGoods> = BTreeSet::new();
    let mut matches = Vec::new();
    for (Taken { at, part }, line_no) in taken.into_iter().zip(1..) {
        let line = &known.bill.lines[at];
        document.lines.push(negative(line, part, line_no));
        if let Some(of_line) = line.goods {
            let change = (part.quantity, part.value);
            matches.extend(take_off(book, (bill_id, line.line_no), change, made_by));
            goods.insert(of_line);
        }
        let left = &mut known.left[at];
        left.quantity -= part.quantity;
        left.value -= part.value;
        left.tax -= part.tax;
        left.foreign = left.foreign.zip(part.foreign).map(|(left, taken)| left.less(taken));
    }
    // Another bill of these goods may wait for the units that have no bill now.
    for goods in &goods {
        matches.extend(match_goods(book, *goods, made_by));
    }
    document.value = document.lines.iter().map(|line| line.value).sum();
    document.tax = document.lines.iter().map(|line| line.tax).sum();
    foreign::take_back(&mut known.bill, &mut document);
    post(book, &document, &mut posting);
    post_differences(book, matches, &mut posting);
    judge_again(book, &goods, &mut posting);

    known.credited += document.stated().total();
    known.bill.open += document.total();
    if document.kind == BillKind::Reversal {
        known.bill.reversed_by = Some(document.id);
    }
    known.bill.version += 1;
    posting.bills.push(ChangedBill {
        id: bill_id,
        open: known.bill.open,
        foreign_open: known.bill.foreign.as_ref().map(|foreign| foreign.open),
        reversed_by: known.bill.reversed_by,
        version: known.bill.version,
    });
    book.bills.insert(bill_id, known);
    let own = KnownBill { bill: document.clone(), credited: Money::ZERO, left: Vec::new() };
    book.bills.insert(document.id, own);
    (document, posting)
}

/// Returns the line of the credit note or reversal for a part of a billed line.
fn negative(line: &BillLine, part: Left, line_no: i32) -> BillLine {
    let entered = match line.quantity.is_zero() {
        true => Quantity::ZERO,
        false => Quantity::rounded(share(line.entered.get(), part.quantity.get(), line.quantity.get())),
    };
    BillLine {
        line_no,
        original_line_no: Some(line.line_no),
        entered: -entered,
        quantity: -part.quantity,
        value: -part.value,
        tax: -part.tax,
        foreign: line
            .foreign
            .zip(part.foreign)
            .map(|(line, taken)| ForeignLine { amounts: taken.negative(), ..line }),
        reasons: Vec::new(),
        figures: Figures::default(),
        ..line.clone()
    }
}
