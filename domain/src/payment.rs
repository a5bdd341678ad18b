//! Payments of wholesale customers.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{CustomerId, EntryId, InvoiceId, PaymentId};
use crate::ledger::{Dimensions, EntryHead, Lines, account};
use crate::needs::Needs;
use crate::number::Money;
use crate::refusal::{Code, Problems, Refusal};

/// The method of a payment.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PaymentMethod {
    /// Bank transfer.
    Bank,
    /// Card.
    Card,
}

impl PaymentMethod {
    fn account(self) -> &'static str {
        match self {
            PaymentMethod::Bank => account::BANK,
            PaymentMethod::Card => account::CARD_CLEARING,
        }
    }
}

/// A payment to record.
#[derive(Debug, Clone)]
pub struct Receive {
    /// The id of the payment, if the caller chose one.
    pub id: Option<PaymentId>,
    /// The customer.
    pub customer_id: CustomerId,
    /// The method.
    pub method: PaymentMethod,
    /// The amount, above zero.
    pub amount: Money,
    /// The invoices that it pays. If absent, those due first.
    pub allocations: Option<Vec<Allocation>>,
    /// The bank's reference.
    pub reference: Option<String>,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// The part of a payment that is applied to an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocation {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// The amount, above zero.
    pub amount: Money,
}

/// A payment.
#[derive(Debug, Clone)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// Its number.
    pub number: String,
    /// The customer.
    pub customer_id: CustomerId,
    /// The method.
    pub method: PaymentMethod,
    /// The amount.
    pub amount: Money,
    /// The part that is applied to no invoice yet.
    pub unapplied: Money,
    /// The parts that are applied to invoices.
    pub allocations: Vec<Allocation>,
    /// The bank's reference.
    pub reference: Option<String>,
    /// The time at which it was received.
    pub occurred_at: DateTime<Utc>,
}

/// An invoice, with what a payment needs.
#[derive(Debug, Clone, Copy)]
pub struct OpenInvoice {
    /// The customer.
    pub customer_id: CustomerId,
    /// The amount still to be paid.
    pub open: Money,
    /// The day on which it is due.
    pub due_on: NaiveDate,
}
impl Rule for Receive {
    fn name(&self) -> &'static str {
        "payment.received"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.customer_ids.insert(self.customer_id);
        match &self.allocations {
            None => _ = needs.paying.insert(self.customer_id),
            Some(named) => needs.invoice_ids.extend(named.iter().map(|allocation| allocation.invoice_id)),
        }
        needs.numbered.insert(DocumentKind::Payment);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        receive(book, self).map(|(payment, posting)| (Outcome::Payment(payment), posting))
    }
}

/// Records a payment and applies it to invoices. The rest stays unapplied.
fn receive(book: &mut Book, command: &Receive) -> Result<(Payment, Posting), Refusal> {
    let occurred_at = book.occurred_at(command.occurred_at)?;
    if !book.customers.contains_key(&command.customer_id) {
        return Err(Problems::one("/customer_id", Code::NotFound, "There is no customer with this id."));
    }
    let amount = command.amount;
    if !amount.is_positive() || amount != book.setup.settings.money(amount.get()) {
        let detail = format!(
            "The amount must be above zero and have at most {} decimals.",
            book.setup.settings.exponent
        );
        return Err(Refusal::invalid("/amount", detail));
    }
    let allocations = match &command.allocations {
        Some(named) => check_allocations(book, command, named)?,
        None => oldest_first(book, command),
    };

    // Nothing rejects the command from here on.
    let applied: Money = allocations.iter().map(|allocation| allocation.amount).sum();
    for allocation in &allocations {
        if let Some(invoice) = book.invoices.get_mut(&allocation.invoice_id) {
            invoice.open -= allocation.amount;
        }
    }
    let unapplied = amount - applied;
    if let Some(customer) = book.customers.get_mut(&command.customer_id) {
        customer.exposure.receivable -= applied;
        customer.exposure.unapplied += unapplied;
    }
    let payment = Payment {
        id: command.id.unwrap_or_else(|| PaymentId(book.ids.next_id())),
        number: book.number(DocumentKind::Payment),
        customer_id: command.customer_id,
        method: command.method,
        amount,
        unapplied,
        allocations,
        reference: command.reference.clone(),
        occurred_at,
    };
    let mut entry = Lines::default();
    entry.debit(command.method.account(), amount, Dimensions::default());
    let owed = Dimensions { party_id: Some(command.customer_id.0), ..Dimensions::default() };
    entry.credit(account::RECEIVABLE, amount, owed);
    let head = EntryHead {
        id: EntryId(book.ids.next_id()),
        document_kind: DocumentKind::Payment,
        document_id: payment.id.0,
        occurred_on: book.setup.settings.day(occurred_at),
    };
    let entry = entry.into_entry(head).expect("both sides are the same amount");
    Ok((payment, Posting { entries: entry.into_iter().collect(), ..Posting::default() }))
}

fn check_allocations(
    book: &Book,
    command: &Receive,
    named: &[Allocation],
) -> Result<Vec<Allocation>, Refusal> {
    let mut problems = Problems::default();
    let mut left = command.amount;
    for (index, allocation) in named.iter().enumerate() {
        let pointer = format!("/allocations/{index}");
        let invoice = book.invoices.get(&allocation.invoice_id);
        let Some(invoice) = invoice.filter(|invoice| invoice.customer_id == command.customer_id) else {
            problems.add(
                format!("{pointer}/invoice_id"),
                Code::NotFound,
                "The customer has no such invoice.",
            );
            continue;
        };
        left -= allocation.amount;
        if named[..index].iter().any(|other| other.invoice_id == allocation.invoice_id) {
            problems.invalid(format!("{pointer}/invoice_id"), "Name each invoice once.");
        } else if allocation.amount != book.setup.settings.money(allocation.amount.get()) {
            let detail = format!("An amount has at most {} decimals.", book.setup.settings.exponent);
            problems.invalid(format!("{pointer}/amount"), detail);
        } else if !allocation.amount.is_positive() || allocation.amount > invoice.open {
            let detail = format!(
                "{} of this invoice is open: {} can't be applied to it.",
                invoice.open, allocation.amount
            );
            problems.invalid(format!("{pointer}/amount"), detail);
        }
    }
    if left.is_negative() {
        problems.invalid("/allocations", format!("The allocations exceed the payment by {}.", -left));
    }
    problems.check()?;
    Ok(named.to_vec())
}

fn oldest_first(book: &Book, command: &Receive) -> Vec<Allocation> {
    let mut open: Vec<_> = book
        .invoices
        .iter()
        .filter(|(_, invoice)| invoice.customer_id == command.customer_id && invoice.open.is_positive())
        .collect();
    open.sort_by_key(|(id, invoice)| (invoice.due_on, **id));
    let mut left = command.amount;
    let mut allocations = Vec::new();
    for (id, invoice) in open {
        let amount = left.min(invoice.open);
        if !amount.is_positive() {
            break;
        }
        allocations.push(Allocation { invoice_id: *id, amount });
        left -= amount;
    }
    allocations
}
