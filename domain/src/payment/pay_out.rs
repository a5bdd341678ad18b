//! Payouts: a credit of a customer is paid out.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{Drawer, Payment, PaymentKind, PaymentMethod, check_amount, post};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{CustomerId, PaymentId, RegisterId};
use crate::needs::Needs;
use crate::number::Money;
use crate::open_item::{self, Applied, CreditRef};
use crate::refusal::{Code, Problems, Refusal};

/// A credit to pay out.
#[derive(Debug, Clone)]
pub struct PayOut {
    /// The id of the payout, if the caller chose one.
    pub id: Option<PaymentId>,
    /// The customer.
    pub customer_id: CustomerId,
    /// The method.
    pub method: PaymentMethod,
    /// The till out of whose drawer cash goes. Only for cash.
    pub register_id: Option<RegisterId>,
    /// The amount, above zero; all that is there if absent.
    pub amount: Option<Money>,
    /// The payments and credit notes that are paid out. If absent, the oldest.
    pub parts: Option<Vec<PayOutPart>>,
    /// The bank's reference.
    pub reference: Option<String>,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// A payment or credit note to pay out.
#[derive(Debug, Clone, Copy)]
pub struct PayOutPart {
    /// The payment or credit note.
    pub credit: CreditRef,
    /// The amount, above zero; all that is left if absent.
    pub amount: Option<Money>,
}

impl Rule for PayOut {
    fn name(&self) -> &'static str {
        "payout.paid"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.customer_ids.insert(self.customer_id);
        match &self.parts {
            None => _ = needs.crediting.insert(self.customer_id),
            Some(parts) => needs.credits.extend(parts.iter().map(|part| part.credit)),
        }
        if let Some(id) = self.register_id {
            needs.cash(id);
        }
        needs.numbered.insert(DocumentKind::Payout);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        pay_out(book, self).map(|(payment, posting)| (Outcome::Payment(Box::new(payment)), posting))
    }
}

/// Pays out what is not applied of payments and credit notes. Rejects more than there is.
fn pay_out(book: &mut Book, command: &PayOut) -> Result<(Payment, Posting), Refusal> {
    open_item::require_customer(book, command.customer_id)?;
    if let Some(amount) = command.amount {
        check_amount(book, amount)?;
    }
    let changes = match &command.parts {
        None => oldest_first(book, command)?,
        Some(parts) => named(book, command, parts)?,
    };
    let occurred_at = open_item::time_of_use(book, command.occurred_at, &changes)?;
    let amount: Money = changes.iter().map(|line| line.amount).sum();
    let drawer = Drawer::of(book, command.method, command.register_id)?;
    Drawer::check(drawer, book, amount, "/register_id")?;

    // Nothing rejects the command from here on.
    for line in &changes {
        open_item::apply(book, line);
    }
    let payment = Payment {
        id: command.id.unwrap_or_else(|| PaymentId(book.ids.next_id())),
        number: book.number(DocumentKind::Payout),
        kind: PaymentKind::Payout,
        customer_id: command.customer_id,
        method: command.method,
        session_id: None,
        amount: -amount,
        unapplied: Money::ZERO,
        allocations: Vec::new(),
        changes,
        original_id: None,
        reversed_by: None,
        reason: None,
        reference: command.reference.clone(),
        cash: None,
        occurred_at,
    };
    Ok(post(book, payment, drawer))
}

fn oldest_first(book: &Book, command: &PayOut) -> Result<Vec<Applied>, Refusal> {
    let credits = open_item::credits_of(book, command.customer_id);
    let there: Money = credits.iter().map(|(_, left)| *left).sum();
    let mut rest = command.amount.unwrap_or(there);
    if rest > there || rest.is_zero() {
        let detail = format!("The customer has {there} that can be paid out.");
        return Err(Refusal::invalid("/amount", detail));
    }
    let mut lines = Vec::new();
    for (credit, left) in credits {
        let amount = rest.min(left);
        if amount.is_positive() {
            lines.push(Applied { credit, invoice_id: None, amount });
        }
        rest -= amount;
    }
    Ok(lines)
}

fn named(book: &Book, command: &PayOut, parts: &[PayOutPart]) -> Result<Vec<Applied>, Refusal> {
    let mut problems = Problems::default();
    let mut lines: Vec<Applied> = Vec::with_capacity(parts.len());
    let mut seen = BTreeSet::new();
    if parts.is_empty() {
        problems.invalid("/parts", "Name at least one payment or credit note, or leave parts out.");
    }
    for (index, part) in parts.iter().enumerate() {
        let pointer = format!("/parts/{index}");
        let known = book.credits.get(&part.credit).filter(|credit| credit.customer_id == command.customer_id);
        let Some(known) = known else {
            problems.add(pointer, Code::NotFound, "The customer has no such payment or credit note.");
            continue;
        };
        let amount = part.amount.unwrap_or(known.left);
        if !seen.insert(part.credit) {
            problems.invalid(pointer, "Name each payment and credit note once.");
        } else if amount != book.setup.settings.money(amount.get()) {
            let detail = format!("An amount has at most {} decimals.", book.setup.settings.exponent);
            problems.invalid(format!("{pointer}/amount"), detail);
        } else if !amount.is_positive() || amount > known.left {
            let detail = format!("{} of this can be paid out, not {amount}.", known.left);
            problems.invalid(format!("{pointer}/amount"), detail);
        }
        lines.push(Applied { credit: part.credit, invoice_id: None, amount });
    }
    let sum: Money = lines.iter().map(|line| line.amount).sum();
    if command.amount.is_some_and(|amount| amount != sum) {
        problems.invalid("/amount", format!("The parts are {sum}: leave amount out, or send the same."));
    }
    problems.check()?;
    Ok(lines)
}
