//! Refunds to a card: how much a till may ask a terminal to pay back, and the refund that uses it.
//!
//! A till asks first, then the terminal pays back, then the till writes the refund. So the amounts that are asked for count from the
//! beginning: two tills at once can't pay back more than the card paid.

use super::{Intent, IntentKind, IntentStatus, Original, TenderOf};
use crate::number::Money;
use crate::refusal::{Code, Problems, Refusal};

/// The amounts that limit a refund which a till asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Sum of the refund intents of the same payment, without those that ended without money.
    pub of_payment: Money,
    /// Sum of the refund intents of all payments of the sale that no refund names yet, without those that ended without money.
    pub of_sale: Money,
    /// The part of the card tenders of the sale that no refund has paid back, at most what is left of the whole sale.
    pub card_left: Money,
}

/// Lets a till ask a terminal to pay back a part of a payment.
///
/// Rejects a payment that took no money or paid no sale. Rejects more than is left of the payment. Rejects more than is left of the card
/// tenders of its sale, because refunds without a payment intent pay these back too.
pub fn check_refund(original: &Intent, asked: &Asked, amount: Money) -> Result<(), Refusal> {
    let state = |detail: &str| Err(Problems::one("/original_id", Code::InvalidStateTransition, detail));
    if original.kind() == IntentKind::Refund {
        return state("The payment intent is a refund. Name the payment.");
    }
    let Some(captured) = original.captured_amount.filter(|_| original.status == IntentStatus::Captured)
    else {
        return state("The payment intent took no money. Only a captured one is paid back.");
    };
    if original.sale_id.is_none() {
        return state("No sale names the payment intent. Record its sale first.");
    }
    let left = (captured - asked.of_payment).min(asked.card_left - asked.of_sale).max(Money::ZERO);
    if amount > left {
        let detail = format!(
            "At most {left} of this payment can be paid back. The amounts of refunds that terminals were asked for count."
        );
        return Err(Problems::one("/amount", Code::TenderMismatch, detail));
    }
    Ok(())
}

/// Returns the payment that a tender pays back, and nothing for a tender of a sale. Rejects an intent of the other kind or of another sale:
/// the error is the detail of the problem.
pub(super) fn original_of(intent: &Intent, of: TenderOf) -> Result<Option<&Original>, &'static str> {
    match (&intent.original, of) {
        (None, TenderOf::Sale) => Ok(None),
        (Some(_), TenderOf::Sale) => Err("The payment intent pays back. A sale names one that takes money."),
        (None, TenderOf::Refund(_)) => {
            Err("The payment intent takes money. A refund names one that was created with original_id.")
        }
        (Some(_), TenderOf::Refund(None)) => {
            Err("A refund without a sale names no payment intent. Name the sale as original_id.")
        }
        (Some(original), TenderOf::Refund(Some(sale_id))) if original.sale_id == Some(sale_id) => {
            Ok(Some(original))
        }
        (Some(_), TenderOf::Refund(Some(_))) => Err("The payment intent pays back another sale."),
    }
}

/// Rejects a tender if refunds would then pay back more than the card paid. This happens if a terminal pays back an intent that was already
/// cancelled or expired here.
pub(super) fn check_sum(original: &Original, amount: Money, pointer: &str) -> Result<(), Refusal> {
    let captured = original.captured_amount.unwrap_or(Money::ZERO);
    if original.back + amount > captured {
        let detail = format!(
            "The card paid {captured}, of which {} were paid back. Refunds pay back no more.",
            original.back
        );
        return Err(Problems::one(format!("{pointer}/amount"), Code::TenderMismatch, detail));
    }
    Ok(())
}
