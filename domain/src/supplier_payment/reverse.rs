//! Reversals of payments and of applications of advances. A reversal takes back the amounts of its original in both
//! currencies.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{ForeignPayment, PARTS_MAX, PaidBill, SupplierPayment, SupplierPaymentKind, post};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::SupplierPaymentId;
use crate::needs::Needs;
use crate::number::Money;
use crate::refusal::{Faults, Refusal};
use crate::text::is_blank;

/// A payment to a supplier to take back.
#[derive(Debug, Clone)]
pub struct Reverse {
    /// The payment.
    pub original_id: SupplierPaymentId,
    /// The id of the reversal, if the caller chose one.
    pub id: Option<SupplierPaymentId>,
    /// The reason. It must not be empty.
    pub reason: String,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

impl Rule for Reverse {
    fn name(&self) -> &'static str {
        "supplier_payment_reversal.recorded"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    /// Returns the most bills of a payment. Those of the original are known only after it is loaded.
    fn lines(&self) -> usize {
        PARTS_MAX
    }

    fn needs(&self, needs: &mut Needs) {
        needs.supplier_payment_ids.insert(self.original_id);
        needs.numbered.insert(DocumentKind::SupplierPaymentReversal);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let Some(original) = book.supplier_payments.get(&self.original_id) else { return };
        faults.take(book.occurred_after(self.occurred_at, (original.number.as_str(), original.occurred_at)));
    }

    fn decide(&self, book: &mut Book) -> Decision {
        reverse(book, self).map(|(payment, posting)| (Outcome::SupplierPayment(Box::new(payment)), posting))
    }
}

/// Takes a payment back. The bills that it had paid are open again.
fn reverse(book: &mut Book, command: &Reverse) -> Result<(SupplierPayment, Posting), Refusal> {
    let original = book.supplier_payments.get(&command.original_id).cloned();
    let original = original.ok_or_else(|| Refusal::not_found("payment"))?;
    if original.kind == SupplierPaymentKind::Reversal {
        return Err(Refusal::state(format!("{} is a reversal: record a payment instead.", original.number)));
    }
    if original.reversed_by.is_some() {
        return Err(Refusal::state(format!("{} is reversed already.", original.number)));
    }
    let (advance, left) = (original.in_advance(), original.left());
    if left != advance {
        let detail = format!(
            "{} of the advance of {} is applied to bills: reverse its applications first.",
            advance.stated() - left.stated(),
            original.number
        );
        return Err(Refusal::state(detail));
    }
    if is_blank(&command.reason) {
        return Err(Refusal::invalid("/reason", "A reversal needs a reason."));
    }
    let occurred_at =
        book.occurred_after(command.occurred_at, (original.number.as_str(), original.occurred_at))?;

    // Nothing rejects the command from here on.
    let id = command.id.unwrap_or_else(|| SupplierPaymentId(book.ids.next_id()));
    let reversal = SupplierPayment {
        id,
        number: book.number(DocumentKind::SupplierPaymentReversal),
        kind: SupplierPaymentKind::Reversal,
        supplier_id: original.supplier_id,
        amount: -original.amount,
        foreign: original.foreign.as_ref().map(ForeignPayment::negative),
        discount: -original.discount,
        advance: -original.advance,
        unapplied: Money::ZERO,
        advance_id: original.advance_id,
        difference: -original.difference,
        parts: original.parts.iter().map(PaidBill::negative).collect(),
        original_id: Some(original.id),
        reversed_by: None,
        reason: Some(command.reason.clone()),
        reference: original.reference.clone(),
        occurred_at,
    };
    if let Some(known) = book.supplier_payments.get_mut(&original.id) {
        known.reversed_by = Some(id);
        known.take_off(left.base, left.foreign.unwrap_or_default());
    }
    Ok(post(book, reversal))
}
