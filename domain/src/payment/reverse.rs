//! Reversals: a payment that bounced, or a payout that came back.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Drawer, ForeignPayment, KnownPayment, Payment, PaymentKind, PaymentMethod, post};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{PaymentId, RegisterId};
use crate::needs::Needs;
use crate::number::Money;
use crate::open_item::{self, Applied, Credit, CreditRef, Used};
use crate::refusal::{Faults, Problems, Refusal};
use crate::text::{check_no_card, is_blank};

/// A payment or payout to take back.
#[derive(Debug, Clone)]
pub struct Reverse {
    /// The payment or payout.
    pub original_id: PaymentId,
    /// The id of the reversal, if the caller chose one.
    pub id: Option<PaymentId>,
    /// The till through whose drawer cash goes. Only for cash.
    pub register_id: Option<RegisterId>,
    /// The reason. It must not be empty.
    pub reason: String,
    /// The bank's reference.
    pub reference: Option<String>,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

impl Rule for Reverse {
    fn name(&self) -> &'static str {
        "payment_reversal.recorded"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn needs(&self, needs: &mut Needs) {
        needs.reversed.insert(self.original_id);
        needs.credits.insert(CreditRef::Payment(self.original_id));
        if let Some(id) = self.register_id {
            needs.cash(id);
        }
        needs.numbered.insert(DocumentKind::PaymentReversal);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let Some(original) = book.payments.get(&self.original_id) else { return };
        faults.take(book.occurred_after(self.occurred_at, (original.number.as_str(), original.occurred_at)));
        faults.take(Drawer::of(book, original.method, self.register_id));
        faults.take(check_reference(original, self));
    }

    fn decide(&self, book: &mut Book) -> Decision {
        reverse(book, self).map(|(payment, posting)| (Outcome::Payment(Box::new(payment)), posting))
    }
}

/// Rejects a card number as the reference of what was paid by card.
fn check_reference(original: &KnownPayment, command: &Reverse) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    if original.method == PaymentMethod::Card {
        check_no_card(&mut problems, "/reference", command.reference.as_deref());
    }
    problems.check()
}

/// Takes a payment or a payout back. The invoices that a payment had settled are open again; the credits that a payout had
/// paid out are there again.
fn reverse(book: &mut Book, command: &Reverse) -> Result<(Payment, Posting), Refusal> {
    let original = book.payments.get(&command.original_id).cloned();
    let original = original.ok_or_else(|| Refusal::not_found("payment"))?;
    check(&original)?;
    check_reference(&original, command)?;
    if is_blank(&command.reason) {
        return Err(Refusal::invalid("/reason", "A reversal needs a reason."));
    }
    let occurred_at =
        book.occurred_after(command.occurred_at, (original.number.as_str(), original.occurred_at))?;
    let changes = match original.kind {
        PaymentKind::Payout => original.changes.iter().map(Applied::negative).collect(),
        PaymentKind::Payment | PaymentKind::Reversal => taken_back(book, command.original_id, &original)?,
    };
    let drawer = Drawer::of(book, original.method, command.register_id)?;
    Drawer::check(drawer, book, original.amount, "/register_id")?;

    // Nothing rejects the command from here on.
    for line in &changes {
        open_item::apply(book, line);
    }
    if let Some(known) = book.payments.get_mut(&command.original_id) {
        known.is_reversed = true;
    }
    let payment = Payment {
        id: command.id.unwrap_or_else(|| PaymentId(book.ids.next_id())),
        number: book.number(DocumentKind::PaymentReversal),
        kind: PaymentKind::Reversal,
        customer_id: original.customer_id,
        method: original.method,
        session_id: None,
        amount: -original.amount,
        unapplied: Default::default(),
        foreign: original.foreign.as_ref().map(|foreign| ForeignPayment {
            quote: foreign.quote.clone(),
            amount: -foreign.amount,
            unapplied: Default::default(),
        }),
        allocations: Vec::new(),
        changes,
        original_id: Some(command.original_id),
        reversed_by: None,
        reason: Some(command.reason.clone()),
        reference: command.reference.clone(),
        cash: None,
        occurred_at,
        recorded_at: book.now,
    };
    Ok(post(book, payment, drawer))
}

fn check(original: &KnownPayment) -> Result<(), Refusal> {
    if original.kind == PaymentKind::Reversal {
        let detail = format!("{} is a reversal itself: record the payment again.", original.number);
        return Err(Refusal::state(detail));
    }
    if original.is_reversed {
        return Err(Refusal::state(format!("{} was reversed already.", original.number)));
    }
    Ok(())
}

/// Returns what takes back all that is applied of a payment, and then the payment itself.
fn taken_back(book: &Book, id: PaymentId, original: &KnownPayment) -> Result<Vec<Applied>, Refusal> {
    let credit = CreditRef::Payment(id);
    let known = book.credits.get(&credit).ok_or_else(|| Refusal::not_found("payment"))?;
    let paid_out = paid_out(known, original);
    if paid_out.is_positive() {
        let paid_out = paid_out.in_currency(known.decimals(&book.setup.settings));
        let detail = format!("{paid_out} of {} was paid out: reverse the payout first.", original.number);
        return Err(Refusal::state(detail));
    }
    let applied = known.applied.iter().filter(|(_, used)| used.is_positive());
    let mut lines: Vec<Applied> =
        applied.map(|(invoice_id, used)| Applied::new(credit, Some(*invoice_id), *used).negative()).collect();
    let foreign = original.foreign.as_ref().map(|foreign| foreign.amount);
    let used = Used { amount: original.amount, difference: Default::default(), foreign };
    lines.push(Applied::new(credit, None, used));
    Ok(lines)
}

/// Returns the part of a payment that was paid out, in the currency of the payment. A small part may come to nothing in the tenant's.
fn paid_out(known: &Credit, original: &KnownPayment) -> Money {
    let (Some(foreign), Some(credit)) = (&original.foreign, &known.foreign) else { return known.paid_out };
    let applied: Money = known.applied.values().filter_map(|used| used.foreign).sum();
    foreign.amount - credit.left - applied
}
