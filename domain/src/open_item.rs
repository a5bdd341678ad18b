//! Open items of customers: invoices to be paid, and the payments and credit notes that can be applied to them.
//!
//! An application is a document: it applies credits to invoices, or takes that back. It posts nothing to the ledger but an
//! exchange difference, because both sides are the receivable of one customer. Both have one currency.
//!
//! A payment and an application may come before an invoice that they name. The invoice is settled on the later of the two days,
//! and the payment is unapplied until then.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::exchange::Open;
use crate::id::{ApplicationId, CustomerId, InvoiceId};
use crate::needs::Needs;
use crate::number::Money;
use crate::refusal::{Code, Faults, Problem, Problems, Refusal};
use crate::text_enum;

mod amount;
mod difference;
mod item;
mod oldest;

use amount::check_amount;
use difference::post_difference;
use oldest::oldest_first;

pub(crate) use amount::note_amounts;
pub(crate) use difference::{difference_entries, differences};
pub use item::{Applied, Credit, CreditRef, ForeignCredit, OpenInvoice, Used};
pub(crate) use oldest::{credits_of, invoices_of};

/// Detail of a line that names no payment and no credit note, or both.
pub const NAME_CREDIT: &str = "Name either a payment_id or a credit_note_id.";

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
        let amounts = self.lines.iter().map(|line| (line.amount, decimals_of(book, line)));
        note_amounts("/lines", amounts, faults);
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

/// Returns the decimals of what a line names; none if neither its credit nor its invoice is known.
fn decimals_of(book: &Book, line: &ApplyLine) -> Option<u32> {
    let settings = &book.setup.settings;
    let credit = line.credit.and_then(|credit| book.credits.get(&credit));
    let of_invoice = |invoice: &OpenInvoice| {
        invoice.foreign.as_ref().map_or(settings.exponent, |foreign| foreign.quote.decimals)
    };
    credit
        .map(|credit| credit.decimals(settings))
        .or_else(|| book.invoices.get(&line.invoice_id).map(of_invoice))
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
