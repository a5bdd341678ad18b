//! Payments on card terminals as tenders of sales, and refunds on them as tenders of refunds.

use std::collections::{BTreeMap, BTreeSet};

use super::exception::{ExceptionReason, SaleException};
use super::{Sale, Tender, TenderInput};
use crate::book::Book;
use crate::id::{PaymentIntentId, RegisterId, SaleId};
use crate::needs::Needs;
use crate::number::Money;
use crate::payment_intent::{self, CardTender, TenderOf};
use crate::refusal::{Code, Problems, Refusal};

/// A sale or a refund whose tenders name payment intents.
pub(super) struct Named<'a> {
    pub of: TenderOf,
    /// The id, if the till chose one.
    pub id: Option<SaleId>,
    pub register_id: RegisterId,
    pub inputs: &'a [TenderInput],
    pub forced: bool,
}

/// Adds the payment intents that tenders name.
pub(super) fn need(needs: &mut Needs, inputs: &[TenderInput]) {
    needs.intent_ids.extend(inputs.iter().filter_map(|input| input.payment_intent_id));
}

/// Rejects a tender whose payment intent does not fit. A forced document has already happened, so it is recorded without the payment intent.
/// Returns an exception for each such tender.
pub(super) fn check(
    book: &Book,
    named: &Named<'_>,
    tenders: &mut [Tender],
) -> Result<Vec<SaleException>, Refusal> {
    let mut exceptions = Vec::new();
    let mut before = Before::default();
    for tender in tenders {
        let Some(id) = tender.payment_intent_id else { continue };
        let Err(refusal) = check_one(book, named, (id, &*tender), &mut before) else { continue };
        if !named.forced {
            return Err(refusal);
        }
        tender.payment_intent_id = None;
        let detail = refusal.problems.first().map_or(&refusal.detail, |problem| &problem.detail);
        let exception = SaleException::new(ExceptionReason::CardPayment, detail.as_str());
        exceptions.push(exception.with(None, tender.amount));
    }
    Ok(exceptions)
}

/// The tenders of a document that were checked before.
#[derive(Default)]
struct Before {
    intents: BTreeSet<PaymentIntentId>,
    /// Amounts that they pay back, by the payment.
    back: BTreeMap<PaymentIntentId, Money>,
}

fn check_one(
    book: &Book,
    named: &Named<'_>,
    (id, tender): (PaymentIntentId, &Tender),
    before: &mut Before,
) -> Result<(), Refusal> {
    let index = named.inputs.iter().position(|input| input.payment_intent_id == Some(id));
    let pointer = format!("/tenders/{}", index.unwrap_or_default());
    if !before.intents.insert(id) {
        let detail = "Two tenders name the payment intent. Name it once.";
        return Err(Refusal::invalid(format!("{pointer}/payment_intent_id"), detail));
    }
    let Some(mut intent) = book.intents.get(&id).copied() else {
        let detail = "There is no payment intent with this id.";
        return Err(Problems::one(format!("{pointer}/payment_intent_id"), Code::NotFound, detail));
    };
    // The amounts of a refund are negative.
    let amount = match named.of {
        TenderOf::Sale => tender.amount,
        TenderOf::Refund(_) => -tender.amount,
    };
    // A document whose id the server chooses uses none yet.
    let sale_id = named.id.unwrap_or_default();
    let used = CardTender { of: named.of, register_id: named.register_id, sale_id, amount };
    if let Some(original) = &mut intent.original {
        original.back += before.back.get(&original.id).copied().unwrap_or(Money::ZERO);
    }
    payment_intent::check_tender(&intent, &used, book.now, &pointer)?;
    if let Some(original) = intent.original {
        *before.back.entry(original.id).or_insert(Money::ZERO) += amount;
    }
    Ok(())
}

/// Notes that the document uses its payment intents, and how much of their payments is paid back. A later command of the batch
/// sees it.
pub(super) fn post(book: &mut Book, sale: &Sale) {
    for tender in &sale.tenders {
        let named = tender.payment_intent_id.and_then(|id| book.intents.get_mut(&id));
        let Some(intent) = named else { continue };
        intent.sale_id = Some(sale.id);
        let Some(payment) = intent.original.map(|original| original.id) else { continue };
        let originals = book.intents.values_mut().filter_map(|intent| intent.original.as_mut());
        for original in originals.filter(|original| original.id == payment) {
            original.back -= tender.amount;
        }
    }
}
