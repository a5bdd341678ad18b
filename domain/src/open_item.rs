//! Open items of customers: invoices to be paid, and the payments and credit notes that can be applied to them.
//!
//! An application is a document: it applies credits to invoices, or takes that back. It posts nothing to the ledger but an
//! exchange difference, because both sides are the receivable of one customer. Both have one currency.
//!
//! A payment and an application may come before an invoice that they name. The invoice is settled on the later of the two days,
//! and the payment is unapplied until then.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::exchange::{ForeignDocument, Open, Quote};
use crate::id::{ApplicationId, CustomerId, InvoiceId, PaymentId};
use crate::needs::Needs;
use crate::number::Money;
use crate::refusal::{Code, Faults, Problem, Problems, Refusal};
use crate::tenant::Settings;
use crate::text_enum;

mod amount;
mod difference;
mod oldest;

use amount::check_amount;
use difference::post_difference;
use oldest::oldest_first;

pub(crate) use difference::{difference_entries, differences};
pub(crate) use oldest::{credits_of, invoices_of};

/// Detail of a line that names no payment and no credit note, or both.
pub const NAME_CREDIT: &str = "Name either a payment_id or a credit_note_id.";

/// An invoice, with what an application needs.
#[derive(Debug, Clone)]
pub struct OpenInvoice {
    /// The customer.
    pub customer_id: CustomerId,
    /// The amount still to be paid.
    pub open: Money,
    /// Its amounts in its own currency; none if that is the tenant's.
    pub foreign: Option<ForeignDocument>,
    /// The day on which it is due.
    pub due_on: NaiveDate,
    /// The time at which it was made.
    pub occurred_at: DateTime<Utc>,
    /// The amount that rounding added to its total, less what its credit notes took back.
    pub rounding: Money,
}

impl OpenInvoice {
    /// Returns its own currency; none if that is the tenant's.
    pub(crate) fn currency(&self) -> Option<&str> {
        self.foreign.as_ref().map(|foreign| foreign.quote.currency.as_str())
    }

    /// Returns the amount still to be paid.
    pub(crate) fn remaining(&self) -> Open {
        Open { base: self.open, foreign: self.foreign.as_ref().map(|foreign| foreign.open) }
    }

    /// Sets the amount still to be paid.
    pub(crate) fn keep(&mut self, open: Open) {
        self.open = open.base;
        if let (Some(foreign), Some(open)) = (&mut self.foreign, open.foreign) {
            foreign.open = open;
        }
    }
}

/// A credit: something that can be applied to an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CreditRef {
    /// A payment.
    Payment(PaymentId),
    /// A credit note.
    CreditNote(InvoiceId),
}

impl CreditRef {
    /// Returns the payment, if it is one.
    pub fn payment_id(self) -> Option<PaymentId> {
        match self {
            CreditRef::Payment(id) => Some(id),
            CreditRef::CreditNote(_) => None,
        }
    }

    /// Returns the credit note, if it is one.
    pub fn credit_note_id(self) -> Option<InvoiceId> {
        match self {
            CreditRef::Payment(_) => None,
            CreditRef::CreditNote(id) => Some(id),
        }
    }
}

/// A payment or credit note, with what an application needs.
#[derive(Debug, Clone)]
pub struct Credit {
    /// The customer.
    pub customer_id: CustomerId,
    /// The amount that is not applied, from zero.
    pub left: Money,
    /// The same in its own currency; none if that is the tenant's.
    pub foreign: Option<ForeignCredit>,
    /// The time at which it was received or made.
    pub occurred_at: DateTime<Utc>,
    /// The amount that is applied to each invoice, if a command needs it.
    pub applied: BTreeMap<InvoiceId, Used>,
    /// The time of the last application to each invoice, if a command needs it.
    pub applied_at: BTreeMap<InvoiceId, DateTime<Utc>>,
    /// The amount that payouts and a reversal took of it, if a command needs it.
    pub paid_out: Money,
}

/// The part of a credit that is not applied, in the currency of the credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignCredit {
    /// The currency and the rate of the credit.
    pub quote: Quote,
    /// The amount, from zero.
    pub left: Money,
}

impl Credit {
    /// Returns its own currency; none if that is the tenant's.
    pub(crate) fn currency(&self) -> Option<&str> {
        self.foreign.as_ref().map(|foreign| foreign.quote.currency.as_str())
    }

    /// Returns the amount that is not applied.
    pub(crate) fn remaining(&self) -> Open {
        Open { base: self.left, foreign: self.foreign.as_ref().map(|foreign| foreign.left) }
    }

    /// Returns the decimals of its currency.
    pub(crate) fn decimals(&self, settings: &Settings) -> u32 {
        self.foreign.as_ref().map_or(settings.exponent, |foreign| foreign.quote.decimals)
    }
}

/// A use of a credit for an invoice. The two may have been recorded at different rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// The amount taken off the invoice, in the tenant's currency.
    pub amount: Money,
    /// The amount taken off the credit, less that taken off the invoice: the exchange difference, above zero a gain.
    pub difference: Money,
    /// The amount taken off both in their own currency; none if that is the tenant's.
    pub foreign: Option<Money>,
}

impl Used {
    /// Takes an amount off a credit and an invoice. It is stated in their currency.
    pub(crate) fn of(credit: &mut Open, invoice: &mut Open, stated: Money, settings: &Settings) -> Self {
        let foreign = invoice.foreign.map(|_| stated);
        let amount = invoice.take(stated, settings);
        Used { amount, difference: credit.take(stated, settings) - amount, foreign }
    }

    /// Returns whether something is applied.
    pub(crate) fn is_positive(&self) -> bool {
        self.of_invoice().is_open()
    }

    /// Takes as much as possible off a credit and an invoice. If one of them has nothing in its own currency, that is what is open
    /// in the tenant's: a small part of a line may come to nothing in the other one. Returns nothing if there is nothing to take.
    pub(crate) fn of_most(credit: &mut Open, invoice: &mut Open, settings: &Settings) -> Option<Self> {
        let stated = credit.stated().min(invoice.stated());
        if stated.is_positive() {
            return Some(Used::of(credit, invoice, stated, settings));
        }
        let amount = credit.base.min(invoice.base);
        credit.base -= amount;
        invoice.base -= amount;
        let foreign = invoice.foreign.map(|_| Money::ZERO);
        amount.is_positive().then_some(Used { amount, difference: Money::ZERO, foreign })
    }

    /// Returns the opposite.
    fn negative(self) -> Self {
        Used {
            amount: -self.amount,
            difference: -self.difference,
            foreign: self.foreign.map(|amount| -amount),
        }
    }

    /// Returns what is taken off the credit.
    fn of_credit(self) -> Open {
        Open { base: self.amount + self.difference, foreign: self.foreign }
    }

    /// Returns what is taken off the invoice.
    fn of_invoice(self) -> Open {
        Open { base: self.amount, foreign: self.foreign }
    }

    fn include(&mut self, other: Used) {
        self.amount += other.amount;
        self.difference += other.difference;
        self.foreign = other.foreign.map(|amount| self.foreign.unwrap_or_default() + amount).or(self.foreign);
    }
}

/// A change of what is applied of a credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// The payment or credit note.
    pub credit: CreditRef,
    /// The invoice. None if the document itself takes the amount: a payout or a reversal.
    pub invoice_id: Option<InvoiceId>,
    /// The amount that is taken off the invoice; negative if it is taken back.
    pub amount: Money,
    /// The amount taken off the credit, less that taken off the invoice: the exchange difference, above zero a gain.
    pub difference: Money,
    /// The amount taken off both in their own currency; none if that is the tenant's.
    pub foreign: Option<Money>,
}

impl Applied {
    /// Returns a change of what is applied of a credit to an invoice, or of what the document itself takes.
    pub(crate) fn new(credit: CreditRef, invoice_id: Option<InvoiceId>, used: Used) -> Self {
        let Used { amount, difference, foreign } = used;
        Applied { credit, invoice_id, amount, difference, foreign }
    }

    /// Returns the opposite change.
    pub(crate) fn negative(&self) -> Self {
        Applied::new(self.credit, self.invoice_id, self.used().negative())
    }

    /// Returns the amount in the currency of the credit.
    pub fn stated(&self) -> Money {
        self.foreign.unwrap_or(self.amount)
    }

    /// Returns what it takes off.
    pub fn used(&self) -> Used {
        Used { amount: self.amount, difference: self.difference, foreign: self.foreign }
    }
}

text_enum! {
    /// The direction of an application.
    #[derive(Default)]
    pub enum ApplicationKind {
        /// Applies payments and credit notes to invoices.
        #[default]
        Apply,
        /// Takes back what was applied.
        Unapply,
    }
}

/// Payments and credit notes to apply to invoices, or to take back.
#[derive(Debug, Clone)]
pub struct Apply {
    /// The id of the application, if the caller chose one.
    pub id: Option<ApplicationId>,
    /// Whether it applies or takes back.
    pub kind: ApplicationKind,
    /// The customer.
    pub customer_id: CustomerId,
    /// Its lines. If empty, all credits of the customer are applied to the invoices due first, the oldest credit first.
    pub lines: Vec<ApplyLine>,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// A line of an application to make.
#[derive(Debug, Clone, Copy)]
pub struct ApplyLine {
    /// The payment or credit note. A line without one is rejected.
    pub credit: Option<CreditRef>,
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// The amount, above zero; as much as possible if absent.
    pub amount: Option<Money>,
}

/// An application.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// Its number.
    pub number: String,
    /// Whether it applies or takes back.
    pub kind: ApplicationKind,
    /// The customer.
    pub customer_id: CustomerId,
    /// Its lines. Amounts of one that takes back are negative.
    pub lines: Vec<Applied>,
    /// Decimals of the currencies of its credits. Those in the tenant's currency may be left out.
    pub decimals: BTreeMap<CreditRef, u32>,
    /// The time at which it was made.
    pub occurred_at: DateTime<Utc>,
    /// The time at which it was recorded.
    pub recorded_at: DateTime<Utc>,
}

impl Application {
    /// Returns the sum of its lines, without the sign.
    pub fn amount(&self) -> Money {
        self.lines.iter().map(|line| line.amount.abs()).sum()
    }

    /// Returns the exchange difference that it realised, above zero a gain; none if all lines are in the tenant's currency.
    pub fn difference(&self) -> Option<Money> {
        let is_foreign = self.lines.iter().any(|line| line.foreign.is_some());
        is_foreign.then(|| self.lines.iter().map(|line| line.difference).sum())
    }
}

impl Rule for Apply {
    fn name(&self) -> &'static str {
        match self.kind {
            ApplicationKind::Apply => "application.applied",
            ApplicationKind::Unapply => "application.taken_back",
        }
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.lines.len().max(1)
    }

    fn needs(&self, needs: &mut Needs) {
        needs.customer_ids.insert(self.customer_id);
        if self.lines.is_empty() {
            needs.paying.insert(self.customer_id);
            needs.crediting.insert(self.customer_id);
        }
        needs.invoice_ids.extend(self.lines.iter().map(|line| line.invoice_id));
        needs.credits.extend(self.lines.iter().filter_map(|line| line.credit));
        needs.numbered.insert(DocumentKind::Application);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let is_known = faults.take(require_customer(book, self.customer_id)).is_some();
        let named = if is_known { self.lines.as_slice() } else { &[] };
        let lines = faults.take(check_lines(book, self, named)).unwrap_or_default();
        let credits = named.iter().filter_map(|line| line.credit).filter(|credit| {
            book.credits.get(credit).is_some_and(|known| known.customer_id == self.customer_id)
        });
        faults.take(time_of_use(book, self.occurred_at, credits, &lines));
        faults.take(check_not_empty(self));
    }

    fn decide(&self, book: &mut Book) -> Decision {
        settle(book, self).map(|(application, posting)| (Outcome::Application(application), posting))
    }
}

fn settle(book: &mut Book, command: &Apply) -> Result<(Application, Posting), Refusal> {
    require_customer(book, command.customer_id)?;
    check_not_empty(command)?;
    let lines = match command.lines.as_slice() {
        [] => oldest_first(book, command.customer_id),
        named => check_lines(book, command, named)?,
    };
    if lines.is_empty() {
        return Err(Refusal::state(
            "The customer has no open invoice, or nothing that can be applied to one.",
        ));
    }

    let credits = lines.iter().map(|line| line.credit);
    let occurred_at = time_of_use(book, command.occurred_at, credits, &lines)?;

    let settings = &book.setup.settings;
    let decimals = |line: &Applied| Some((line.credit, book.credits.get(&line.credit)?.decimals(settings)));
    let decimals = lines.iter().filter_map(decimals).collect();

    // Nothing rejects the command from here on.
    for line in &lines {
        apply(book, line);
        note_time(book, line, occurred_at);
    }
    let application = Application {
        id: command.id.unwrap_or_else(|| ApplicationId(book.ids.next_id())),
        number: book.number(DocumentKind::Application),
        kind: command.kind,
        customer_id: command.customer_id,
        lines,
        decimals,
        occurred_at,
        recorded_at: book.now,
    };
    let posting = post_difference(book, &application);
    Ok((application, posting))
}

/// Rejects a document that takes back and names no line.
fn check_not_empty(command: &Apply) -> Result<(), Refusal> {
    if command.kind == ApplicationKind::Unapply && command.lines.is_empty() {
        return Err(Refusal::invalid("/lines", "Name what is to be taken back."));
    }
    Ok(())
}

/// Returns the time of a document that uses payments or credit notes. Rejects a named time before one of them, or before an
/// application that it takes back. An invoice that it names may be later: it is settled from its own time on.
pub(crate) fn time_of_use(
    book: &Book,
    named: Option<DateTime<Utc>>,
    credits: impl Iterator<Item = CreditRef>,
    lines: &[Applied],
) -> Result<DateTime<Utc>, Refusal> {
    let credits = credits.filter_map(|credit| {
        let at = book.credits.get(&credit)?.occurred_at;
        Some(("a payment or credit note that it uses", at))
    });
    let taken_back = lines.iter().filter(|line| line.amount.is_negative());
    let applications = taken_back.filter_map(|line| {
        let at = book.credits.get(&line.credit)?.applied_at.get(&line.invoice_id?)?;
        Some(("an application that it takes back", *at))
    });
    match credits.chain(applications).max_by_key(|(_, at)| *at) {
        Some(latest) => book.occurred_after(named, latest),
        None => book.occurred_at(named),
    }
}

/// Rejects a customer that does not exist.
pub(crate) fn require_customer(book: &Book, id: CustomerId) -> Result<(), Refusal> {
    if book.customers.contains_key(&id) {
        return Ok(());
    }
    Err(Problems::one("/customer_id", Code::NotFound, "There is no customer with this id."))
}

/// Changes the open amounts of a credit and an invoice, and what the customer owes.
pub(crate) fn apply(book: &mut Book, line: &Applied) {
    let Applied { credit, invoice_id, amount, difference, foreign } = *line;
    let Some(known) = book.credits.get_mut(&credit) else { return };
    known.left -= amount + difference;
    if let (Some(known), Some(foreign)) = (&mut known.foreign, foreign) {
        known.left -= foreign;
    }
    let exposure = book.customers.get_mut(&known.customer_id).map(|customer| &mut customer.exposure);
    match invoice_id {
        Some(id) => {
            known.applied.entry(id).or_default().include(line.used());
            if let Some(invoice) = book.invoices.get_mut(&id) {
                invoice.open -= amount;
                if let (Some(invoice), Some(foreign)) = (&mut invoice.foreign, foreign) {
                    invoice.open -= foreign;
                }
            }
        }
        None => known.paid_out += amount,
    }
    let Some(exposure) = exposure else { return };
    // An open credit note lowers the receivable, an open payment is unapplied.
    match credit {
        CreditRef::Payment(_) => exposure.unapplied -= amount + difference,
        CreditRef::CreditNote(_) => exposure.receivable += amount + difference,
    }
    if invoice_id.is_some() {
        exposure.receivable -= amount;
    }
}

/// Notes the time of an application. A later command of the batch can't take it back before that time.
fn note_time(book: &mut Book, line: &Applied, at: DateTime<Utc>) {
    let Some(invoice_id) = line.invoice_id.filter(|_| line.amount.is_positive()) else { return };
    let Some(credit) = book.credits.get_mut(&line.credit) else { return };
    let last = credit.applied_at.entry(invoice_id).or_insert(at);
    *last = (*last).max(at);
}

/// The credits and invoices of an application, with what its lines so far have left of them.
#[derive(Default)]
struct Left {
    credits: BTreeMap<CreditRef, Open>,
    invoices: BTreeMap<InvoiceId, Open>,
}

fn check_lines(book: &Book, command: &Apply, named: &[ApplyLine]) -> Result<Vec<Applied>, Refusal> {
    let mut problems = Problems::default();
    let mut left = Left::default();
    let mut seen = BTreeSet::new();
    let mut lines = Vec::with_capacity(named.len());
    for (index, line) in named.iter().enumerate() {
        let pointer = format!("/lines/{index}");
        let ours = |customer_id: CustomerId| customer_id == command.customer_id;
        let of_customer = |id: CreditRef| {
            book.credits.get(&id).filter(|credit| ours(credit.customer_id)).map(|known| (id, known))
        };
        let credit = line.credit.and_then(of_customer);
        let invoice = book.invoices.get(&line.invoice_id).filter(|invoice| ours(invoice.customer_id));
        if credit.is_none() {
            problems.push(unknown_credit(line.credit, &pointer));
        }
        if invoice.is_none() {
            let detail = "The customer has no such invoice.";
            problems.add(format!("{pointer}/invoice_id"), Code::NotFound, detail);
        }
        let (Some((id, credit)), Some(invoice)) = (credit, invoice) else { continue };
        if !seen.insert((id, line.invoice_id)) {
            problems.invalid(
                format!("{pointer}/invoice_id"),
                "Name each invoice once for one payment or credit note.",
            );
        } else if let Err(detail) = check_currency(book, credit.currency(), invoice) {
            problems.invalid(format!("{pointer}/invoice_id"), detail);
        } else {
            match use_line(book, command.kind, (id, line), (credit, invoice), &mut left) {
                Ok(applied) => lines.push(applied),
                Err(detail) => problems.invalid(format!("{pointer}/amount"), detail),
            }
        }
    }
    problems.check()?;
    Ok(lines)
}

/// Returns the problem of a line whose payment or credit note the customer does not have, or that names none.
fn unknown_credit(named: Option<CreditRef>, pointer: &str) -> Problem {
    let (field, code, detail) = match named {
        None => ("", Code::ValidationFailed, NAME_CREDIT),
        Some(CreditRef::Payment(_)) => ("/payment_id", Code::NotFound, "The customer has no such payment."),
        Some(CreditRef::CreditNote(_)) => {
            ("/credit_note_id", Code::NotFound, "The customer has no such credit note.")
        }
    };
    Problem { pointer: format!("{pointer}{field}"), code, detail: detail.to_owned(), params: Vec::new() }
}

/// Rejects an invoice in another currency than the payment or credit note.
pub(crate) fn check_currency(
    book: &Book,
    of_credit: Option<&str>,
    invoice: &OpenInvoice,
) -> Result<(), String> {
    if invoice.currency() == of_credit {
        return Ok(());
    }
    let own = book.setup.settings.currency.as_str();
    Err(format!(
        "The invoice is in {}, and the payment or credit note in {}: name an invoice in the same currency.",
        invoice.currency().unwrap_or(own),
        of_credit.unwrap_or(own)
    ))
}

/// Returns what a line applies or takes back. The error says how much it can be.
fn use_line(
    book: &Book,
    kind: ApplicationKind,
    (id, line): (CreditRef, &ApplyLine),
    (credit, invoice): (&Credit, &OpenInvoice),
    left: &mut Left,
) -> Result<Applied, String> {
    let settings = &book.setup.settings;
    let applied = credit.applied.get(&line.invoice_id).copied().unwrap_or_default();
    let (mut of_credit, mut of_invoice) = (applied.of_credit(), applied.of_invoice());
    let (credit_left, invoice_left) = match kind {
        ApplicationKind::Apply => (
            left.credits.entry(id).or_insert_with(|| credit.remaining()),
            left.invoices.entry(line.invoice_id).or_insert_with(|| invoice.remaining()),
        ),
        ApplicationKind::Unapply => (&mut of_credit, &mut of_invoice),
    };
    let most = credit_left.stated().min(invoice_left.stated());
    let amount = check_amount(credit.decimals(settings), line.amount, most, kind)?;
    let used = Used::of(credit_left, invoice_left, amount, settings);
    let used = if kind == ApplicationKind::Apply { used } else { used.negative() };
    Ok(Applied::new(id, Some(line.invoice_id), used))
}

#[cfg(test)]
mod tests;
