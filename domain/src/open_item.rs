//! Open items of customers: invoices to be paid, and the payments and credit notes that can be applied to them.
//!
//! An application is a document: it applies credits to invoices, or takes that back. It posts nothing to the ledger, because
//! both sides are the receivable of one customer.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{ApplicationId, CustomerId, InvoiceId, PaymentId};
use crate::needs::Needs;
use crate::number::Money;
use crate::refusal::{Code, Problems, Refusal};
use crate::text_enum;

/// An invoice, with what an application needs.
#[derive(Debug, Clone, Copy)]
pub struct OpenInvoice {
    /// The customer.
    pub customer_id: CustomerId,
    /// The amount still to be paid.
    pub open: Money,
    /// The day on which it is due.
    pub due_on: NaiveDate,
    /// The amount that rounding added to its total, less what its credit notes took back.
    pub rounding: Money,
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
    /// The time at which it was received or made.
    pub occurred_at: DateTime<Utc>,
    /// The amount that is applied to each invoice, if a command needs it.
    pub applied: BTreeMap<InvoiceId, Money>,
    /// The amount that payouts and a reversal took of it, if a command needs it.
    pub paid_out: Money,
}

/// A change of what is applied of a credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// The payment or credit note.
    pub credit: CreditRef,
    /// The invoice. None if the document itself takes the amount: a payout or a reversal.
    pub invoice_id: Option<InvoiceId>,
    /// The amount; negative if it is taken back.
    pub amount: Money,
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
    /// The payment or credit note.
    pub credit: CreditRef,
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
    /// The time at which it was made.
    pub occurred_at: DateTime<Utc>,
}

impl Application {
    /// Returns the sum of its lines, without the sign.
    pub fn amount(&self) -> Money {
        self.lines.iter().map(|line| line.amount.abs()).sum()
    }
}

impl Rule for Apply {
    fn name(&self) -> &'static str {
        match self.kind {
            ApplicationKind::Apply => "application.applied",
            ApplicationKind::Unapply => "application.taken_back",
        }
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
        needs.credits.extend(self.lines.iter().map(|line| line.credit));
        needs.numbered.insert(DocumentKind::Application);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        settle(book, self).map(|application| (Outcome::Application(application), Posting::default()))
    }
}

fn settle(book: &mut Book, command: &Apply) -> Result<Application, Refusal> {
    require_customer(book, command.customer_id)?;
    let lines = match (command.kind, command.lines.as_slice()) {
        (ApplicationKind::Apply, []) => oldest_first(book, command.customer_id),
        (ApplicationKind::Unapply, []) => {
            return Err(Refusal::invalid("/lines", "Name what is to be taken back."));
        }
        (_, named) => check_lines(book, command, named)?,
    };
    if lines.is_empty() {
        return Err(Refusal::state(
            "The customer has no open invoice, or nothing that can be applied to one.",
        ));
    }

    let occurred_at = time_of_use(book, command.occurred_at, &lines)?;

    // Nothing rejects the command from here on.
    for line in &lines {
        apply(book, line);
    }
    Ok(Application {
        id: command.id.unwrap_or_else(|| ApplicationId(book.ids.next_id())),
        number: book.number(DocumentKind::Application),
        kind: command.kind,
        customer_id: command.customer_id,
        lines,
        occurred_at,
    })
}

/// Returns the time of a document that uses payments or credit notes. Rejects a named time before one of them.
pub(crate) fn time_of_use(
    book: &Book,
    named: Option<DateTime<Utc>>,
    lines: &[Applied],
) -> Result<DateTime<Utc>, Refusal> {
    let times = lines.iter().filter_map(|line| Some(book.credits.get(&line.credit)?.occurred_at));
    match times.max() {
        Some(latest) => book.occurred_after(named, ("a payment or credit note that it uses", latest)),
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
    let Applied { credit, invoice_id, amount } = *line;
    let Some(known) = book.credits.get_mut(&credit) else { return };
    known.left -= amount;
    let exposure = book.customers.get_mut(&known.customer_id).map(|customer| &mut customer.exposure);
    match invoice_id {
        Some(id) => {
            *known.applied.entry(id).or_default() += amount;
            if let Some(invoice) = book.invoices.get_mut(&id) {
                invoice.open -= amount;
            }
        }
        None => known.paid_out += amount,
    }
    let Some(exposure) = exposure else { return };
    // An open credit note lowers the receivable, an open payment is unapplied.
    match credit {
        CreditRef::Payment(_) => exposure.unapplied -= amount,
        CreditRef::CreditNote(_) => exposure.receivable += amount,
    }
    if invoice_id.is_some() {
        exposure.receivable -= amount;
    }
}

fn check_lines(book: &Book, command: &Apply, named: &[ApplyLine]) -> Result<Vec<Applied>, Refusal> {
    let mut problems = Problems::default();
    let (mut taken, mut paid): (BTreeMap<CreditRef, Money>, BTreeMap<InvoiceId, Money>) = Default::default();
    let mut seen = BTreeSet::new();
    let mut lines = Vec::with_capacity(named.len());
    for (index, line) in named.iter().enumerate() {
        let pointer = format!("/lines/{index}");
        let ours = |customer_id: CustomerId| customer_id == command.customer_id;
        let credit = book.credits.get(&line.credit).filter(|credit| ours(credit.customer_id));
        let invoice = book.invoices.get(&line.invoice_id).filter(|invoice| ours(invoice.customer_id));
        if credit.is_none() {
            let (field, what) = match line.credit {
                CreditRef::Payment(_) => ("payment_id", "payment"),
                CreditRef::CreditNote(_) => ("credit_note_id", "credit note"),
            };
            let detail = format!("The customer has no such {what}.");
            problems.add(format!("{pointer}/{field}"), Code::NotFound, detail);
        }
        if invoice.is_none() {
            let detail = "The customer has no such invoice.";
            problems.add(format!("{pointer}/invoice_id"), Code::NotFound, detail);
        }
        let (Some(credit), Some(invoice)) = (credit, invoice) else { continue };
        if !seen.insert((line.credit, line.invoice_id)) {
            problems.invalid(
                format!("{pointer}/invoice_id"),
                "Name each invoice once for one payment or credit note.",
            );
            continue;
        }
        let (used, settled) =
            (taken.entry(line.credit).or_default(), paid.entry(line.invoice_id).or_default());
        let most = match command.kind {
            ApplicationKind::Apply => (credit.left - *used).min(invoice.open - *settled),
            ApplicationKind::Unapply => credit.applied.get(&line.invoice_id).copied().unwrap_or_default(),
        };
        match check_amount(book, line.amount.unwrap_or(most), most, command.kind) {
            Ok(amount) => {
                *used += amount;
                *settled += amount;
                let amount = if command.kind == ApplicationKind::Apply { amount } else { -amount };
                lines.push(Applied { credit: line.credit, invoice_id: Some(line.invoice_id), amount });
            }
            Err(detail) => problems.invalid(format!("{pointer}/amount"), detail),
        }
    }
    problems.check()?;
    Ok(lines)
}

fn check_amount(book: &Book, amount: Money, most: Money, kind: ApplicationKind) -> Result<Money, String> {
    if amount != book.setup.settings.money(amount.get()) {
        return Err(format!("An amount has at most {} decimals.", book.setup.settings.exponent));
    }
    if amount.is_positive() && amount <= most {
        return Ok(amount);
    }
    Err(match kind {
        ApplicationKind::Apply => format!("At most {most} can be applied here, not {amount}."),
        ApplicationKind::Unapply => format!("{most} is applied here: {amount} can't be taken back."),
    })
}

/// Returns the credits of a customer, the oldest first.
pub(crate) fn credits_of(book: &Book, customer_id: CustomerId) -> Vec<(CreditRef, Money)> {
    let open = |credit: &&Credit| credit.customer_id == customer_id && credit.left.is_positive();
    let mut credits: Vec<_> = book.credits.iter().filter(|(_, credit)| open(credit)).collect();
    credits.sort_by_key(|(id, credit)| (credit.occurred_at, **id));
    credits.into_iter().map(|(id, credit)| (*id, credit.left)).collect()
}

/// Returns the open invoices of a customer, those due first at the beginning.
pub(crate) fn invoices_of(book: &Book, customer_id: CustomerId) -> Vec<(InvoiceId, Money)> {
    let open = |invoice: &&OpenInvoice| invoice.customer_id == customer_id && invoice.open.is_positive();
    let mut invoices: Vec<_> = book.invoices.iter().filter(|(_, invoice)| open(invoice)).collect();
    invoices.sort_by_key(|(id, invoice)| (invoice.due_on, **id));
    invoices.into_iter().map(|(id, invoice)| (*id, invoice.open)).collect()
}

fn oldest_first(book: &Book, customer_id: CustomerId) -> Vec<Applied> {
    let mut invoices = invoices_of(book, customer_id).into_iter().peekable();
    let mut lines = Vec::new();
    for (credit, mut left) in credits_of(book, customer_id) {
        while let Some((id, open)) = invoices.peek_mut().filter(|_| left.is_positive()) {
            let amount = left.min(*open);
            lines.push(Applied { credit, invoice_id: Some(*id), amount });
            left -= amount;
            *open -= amount;
            if open.is_zero() {
                invoices.next();
            }
        }
    }
    lines
}
