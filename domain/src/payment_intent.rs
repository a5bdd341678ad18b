//! Payments on a card terminal and their refunds: the reports of a provider, and the till document that uses them.
//!
//! Reports arrive late, twice and out of order. Each status has a rank and a report never lowers it, so every order of
//! the same reports ends in the same status.

mod card;
mod refund;

use chrono::{DateTime, Utc};

use crate::id::{PaymentIntentId, RegisterId, SaleId};
use crate::number::Money;
use crate::refusal::{Code, Problems, Refusal};
use crate::text_enum;

pub use card::CardFacts;
pub use refund::{Asked, check_refund};

text_enum! {
    /// The direction of the money of a payment intent.
    pub enum IntentKind {
        /// The card pays.
        Payment,
        /// The card gets back a part of a payment, or all of it.
        Refund,
    }
}

text_enum! {
    /// The status of a payment intent.
    #[derive(::strum::VariantArray)]
    pub enum IntentStatus {
        /// The terminal has the amount. The card has not paid.
        Created,
        /// The issuer holds the amount. It is not taken yet.
        Authorised,
        /// The customer or the till gave it up, or the hold was released.
        Cancelled,
        /// The card was declined, or the hold could not be taken.
        Failed,
        /// Its time ended before the card paid, or the hold lapsed.
        Expired,
        /// The amount is taken. This is final.
        Captured,
    }
}

impl IntentStatus {
    /// Returns the rank, which a report never lowers. `Captured` is the highest: money that was taken is recorded, even if
    /// the intent had ended here before.
    fn rank(self) -> u8 {
        match self {
            IntentStatus::Created => 0,
            IntentStatus::Authorised => 1,
            IntentStatus::Expired => 2,
            IntentStatus::Cancelled => 3,
            IntentStatus::Failed => 4,
            IntentStatus::Captured => 5,
        }
    }
}

/// A payment intent as its row has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intent {
    /// The status.
    pub status: IntentStatus,
    /// The amount that the terminal asks for, above zero.
    pub amount: Money,
    /// The amount that the issuer holds. Null: no report has named it.
    pub authorised_amount: Option<Money>,
    /// The amount that was taken. Null: none was.
    pub captured_amount: Option<Money>,
    /// The till that made it.
    pub register_id: RegisterId,
    /// The sale or refund whose tender names it. Null: none does yet.
    pub sale_id: Option<SaleId>,
    /// When it ends, if the card has not paid until then.
    pub expires_at: DateTime<Utc>,
    /// The payment that a refund pays back. Null: it is a payment.
    pub original: Option<Original>,
}

impl Intent {
    /// Returns the direction of its money.
    pub fn kind(&self) -> IntentKind {
        if self.original.is_some() { IntentKind::Refund } else { IntentKind::Payment }
    }
}

/// The payment that a refund pays back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Original {
    /// The payment intent.
    pub id: PaymentIntentId,
    /// The sale that it paid. Null: none.
    pub sale_id: Option<SaleId>,
    /// The amount that was taken. Null: none was.
    pub captured_amount: Option<Money>,
    /// The amount that refunds have paid back with refund intents of this payment.
    pub back: Money,
}

/// A report of a provider. The caller has checked its signature and skipped ids of events that it has handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// The issuer holds this amount, above zero.
    Authorised(Money),
    /// This amount was taken, above zero.
    Captured(Money),
    /// The payment was given up.
    Cancelled,
    /// The payment failed.
    Failed,
    /// The hold lapsed.
    Expired,
}

impl Report {
    fn status(self) -> IntentStatus {
        match self {
            Report::Authorised(_) => IntentStatus::Authorised,
            Report::Captured(_) => IntentStatus::Captured,
            Report::Cancelled => IntentStatus::Cancelled,
            Report::Failed => IntentStatus::Failed,
            Report::Expired => IntentStatus::Expired,
        }
    }

    fn amount(self) -> Option<Money> {
        match self {
            Report::Authorised(amount) | Report::Captured(amount) => Some(amount),
            Report::Cancelled | Report::Failed | Report::Expired => None,
        }
    }
}

/// The document of a card tender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenderOf {
    /// A sale.
    Sale,
    /// The refund of this sale, or one without a sale.
    Refund(Option<SaleId>),
}

/// A card tender that names a payment intent.
#[derive(Debug, Clone, Copy)]
pub struct CardTender {
    /// Its document.
    pub of: TenderOf,
    /// The till of the document.
    pub register_id: RegisterId,
    /// The sale or refund.
    pub sale_id: SaleId,
    /// The amount that it pays or pays back, above zero.
    pub amount: Money,
}

/// Returns the intent after a report, or nothing if the report changes nothing.
///
/// Rejects an amount that is not above zero, because such a report is a mistake of the provider.
pub fn apply(intent: &Intent, report: Report) -> Result<Option<Intent>, Refusal> {
    if report.amount().is_some_and(|amount| !amount.is_positive()) {
        return Err(Refusal::invalid("/amount", "The amount of a report is above zero."));
    }
    let reported = report.status();
    let mut after = *intent;
    if reported.rank() > intent.status.rank() {
        after.status = reported;
    }
    // A first amount is kept in every order of the reports. A later one of the same kind changes nothing.
    match report {
        Report::Authorised(amount) => {
            after.authorised_amount = intent.authorised_amount.or(Some(amount));
        }
        Report::Captured(amount) => after.captured_amount = intent.captured_amount.or(Some(amount)),
        Report::Cancelled | Report::Failed | Report::Expired => {}
    }
    Ok(Some(after).filter(|after| after != intent))
}

/// Returns the status at an instant: an intent that the card has not paid ends with its time.
pub fn status_at(intent: &Intent, at: DateTime<Utc>) -> IntentStatus {
    if intent.status == IntentStatus::Created && at >= intent.expires_at {
        IntentStatus::Expired
    } else {
        intent.status
    }
}

/// Lets a card tender use the intent. `pointer` names the tender in the body, such as `/tenders/0`.
///
/// Rejects an intent of another till, of another document, or of the other kind. Rejects one that is not paid, or with another amount. The
/// same document may name it again: a repeat of the request changes nothing.
pub fn check_tender(
    intent: &Intent,
    tender: &CardTender,
    at: DateTime<Utc>,
    pointer: &str,
) -> Result<(), Refusal> {
    let field = format!("{pointer}/payment_intent_id");
    if intent.register_id != tender.register_id {
        let detail = "The payment intent belongs to another till. Name one of this till.";
        return Err(Refusal::invalid(field, detail));
    }
    let original =
        refund::original_of(intent, tender.of).map_err(|detail| Refusal::invalid(&*field, detail))?;
    if intent.sale_id.is_some_and(|sale_id| sale_id != tender.sale_id) {
        let detail = "Another sale or refund uses the payment intent. Create one for this document.";
        return Err(Problems::one(field, Code::InvalidStateTransition, detail));
    }
    let paid = match (status_at(intent, at), original) {
        (IntentStatus::Authorised, None) => intent.authorised_amount,
        (IntentStatus::Captured, None | Some(_)) => intent.captured_amount,
        (IntentStatus::Authorised, Some(_)) => {
            let detail =
                "The payment intent is authorised. A refund names one whose money was paid back: captured.";
            return Err(Problems::one(field, Code::InvalidStateTransition, detail));
        }
        (
            status @ (IntentStatus::Created
            | IntentStatus::Cancelled
            | IntentStatus::Failed
            | IntentStatus::Expired),
            None | Some(_),
        ) => {
            let status: &str = status.into();
            let detail = format!("The payment intent is {status}. Only an authorised or captured one pays.");
            return Err(Problems::one(field, Code::InvalidStateTransition, detail));
        }
    };
    if paid != Some(tender.amount) {
        let detail = "The amount differs from what the card paid. Send the amount of the payment intent.";
        return Err(Problems::one(format!("{pointer}/amount"), Code::TenderMismatch, detail));
    }
    original.map_or(Ok(()), |original| refund::check_sum(original, tender.amount, pointer))
}

#[cfg(test)]
mod tests;
