//! Application of advances to bills.
//!
//! An advance keeps the rate at which it was paid, and a bill its own. An application takes the same share off the advance
//! in both currencies; the last one takes the rest. The bill closes at its own rate. The difference is realised.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    ForeignPayment, PARTS_MAX, PaidBill, PartToPay, Payer, SupplierPayment, SupplierPaymentKind, check_moves,
    check_parts, foreign, note_values, post,
};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::SupplierPaymentId;
use crate::needs::Needs;
use crate::number::Money;
use crate::refusal::{Faults, Refusal};

/// An advance to apply to bills.
#[derive(Debug, Clone)]
pub struct Apply {
    /// The payment that was made in advance.
    pub advance_id: SupplierPaymentId,
    /// The id of the application, if the caller chose one.
    pub id: Option<SupplierPaymentId>,
    /// The bills that it settles, 1 to 500.
    pub parts: Vec<PartToPay>,
    /// A remark.
    pub reference: Option<String>,
    /// The time, not before the payment; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Whether the caller may see costs, which needs the scope `costs:read`. Rejections name no open amounts of bills without it.
    pub sees_costs: bool,
}

impl Rule for Apply {
    fn name(&self) -> &'static str {
        "supplier_payment.applied"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.parts.len().max(1)
    }

    fn needs(&self, needs: &mut Needs) {
        needs.supplier_payment_ids.insert(self.advance_id);
        needs.bill_ids.extend(self.parts.iter().map(|part| part.bill_id));
        needs.numbered.insert(DocumentKind::SupplierPayment);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let Some(paid) = book.supplier_payments.get(&self.advance_id) else { return };
        let earlier = (paid.number.as_str(), paid.occurred_at);
        let at = faults.take(book.occurred_after(self.occurred_at, earlier));
        faults.take(check_named(self));
        faults.take(foreign::check_currency(book, paid, &self.parts));
        if let Some(at) = at {
            let payer = Payer { supplier_id: paid.supplier_id, sees_costs: self.sees_costs };
            faults.take(check_parts(book, payer, &self.parts, book.setup.settings.day(at)));
        }
        let settings = &book.setup.settings;
        let stated = paid.foreign.as_ref().map_or(settings.exponent, |foreign| foreign.quote.decimals);
        note_values(book, (paid.supplier_id, &self.parts), Some(stated), faults);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        apply(book, self).map(|(payment, posting)| (Outcome::SupplierPayment(Box::new(payment)), posting))
    }
}

/// Rejects an application that names no bill.
fn check_named(command: &Apply) -> Result<(), Refusal> {
    if command.parts.is_empty() {
        return Err(Refusal::invalid("/bills", format!("Name 1 to {PARTS_MAX} bills.")));
    }
    Ok(())
}

/// Applies an advance to bills. Rejects more than its unapplied amount, and more than the open amount of any bill.
fn apply(book: &mut Book, command: &Apply) -> Result<(SupplierPayment, Posting), Refusal> {
    let paid = book.supplier_payments.get(&command.advance_id).cloned();
    let paid = paid.ok_or_else(|| Refusal::not_found("payment"))?;
    let mut left = paid.left();
    if !left.is_open() {
        return Err(Refusal::state(format!("{} has no advance that can be applied.", paid.number)));
    }
    check_named(command)?;
    let occurred_at = book.occurred_after(command.occurred_at, (paid.number.as_str(), paid.occurred_at))?;
    let day = book.setup.settings.day(occurred_at);
    foreign::check_currency(book, &paid, &command.parts)?;
    let payer = Payer { supplier_id: paid.supplier_id, sees_costs: command.sees_costs };
    let parts = check_parts(book, payer, &command.parts, day)?;
    let applied: Money = parts.iter().map(PaidBill::paid).sum();
    check_moves(applied)?;
    if applied > left.stated() {
        let exponent = book.setup.settings.exponent;
        let decimals = paid.foreign.as_ref().map_or(exponent, |foreign| foreign.quote.decimals);
        let [left, applied] = [left.stated(), applied].map(|amount| amount.in_currency(decimals));
        let detail = format!(
            "{left} of {} is left, and the bills less their discounts come to {applied}: apply less.",
            paid.number
        );
        return Err(Refusal::invalid("/bills", detail));
    }
    let taken = left.take(applied, &book.setup.settings);
    let discount = parts.iter().map(|part| part.discount).sum();
    let foreign = paid.foreign.as_ref().map(|foreign| ForeignPayment {
        quote: foreign.quote.clone(),
        amount: Money::ZERO,
        discount,
        advance: Money::ZERO,
        unapplied: Money::ZERO,
    });
    let parts = foreign::relieve(book, &parts);

    // Nothing rejects the command from here on.
    let application = SupplierPayment {
        id: command.id.unwrap_or_else(|| SupplierPaymentId(book.ids.next_id())),
        number: book.number(DocumentKind::SupplierPayment),
        kind: SupplierPaymentKind::Application,
        supplier_id: paid.supplier_id,
        amount: Money::ZERO,
        foreign,
        discount: parts.iter().map(|part| part.discount).sum(),
        advance: Money::ZERO,
        unapplied: Money::ZERO,
        advance_id: Some(paid.id),
        difference: taken - parts.iter().map(PaidBill::paid).sum::<Money>(),
        parts,
        original_id: None,
        reversed_by: None,
        reason: None,
        reference: command.reference.clone(),
        occurred_at,
    };
    Ok(post(book, application))
}
