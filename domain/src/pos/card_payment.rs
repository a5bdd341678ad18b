//! Payments on card terminals as tenders of sales.

use std::collections::BTreeSet;

use super::exception::{ExceptionReason, SaleException};
use super::{Sale, Sell, Tender, TenderInput};
use crate::book::Book;
use crate::id::PaymentIntentId;
use crate::needs::Needs;
use crate::payment_intent::{self, CardTender};
use crate::refusal::{Code, Problems, Refusal};

/// Adds the payment intents that tenders name.
pub(super) fn need(needs: &mut Needs, inputs: &[TenderInput]) {
    needs.intent_ids.extend(inputs.iter().filter_map(|input| input.payment_intent_id));
}

/// Rejects a tender whose payment intent does not pay it. The goods of a forced sale have left: it is recorded without the
/// payment intent, with an exception.
pub(super) fn check(
    book: &Book,
    command: &Sell,
    tenders: &mut [Tender],
) -> Result<Vec<SaleException>, Refusal> {
    let mut exceptions = Vec::new();
    let mut seen = BTreeSet::new();
    for tender in tenders {
        let Some(id) = tender.payment_intent_id else { continue };
        let is_first = seen.insert(id);
        let Err(refusal) = check_one(book, command, (id, &*tender), is_first) else { continue };
        if !command.forced {
            return Err(refusal);
        }
        tender.payment_intent_id = None;
        let detail = refusal.problems.first().map_or(&refusal.detail, |problem| &problem.detail);
        let exception = SaleException::new(ExceptionReason::CardPayment, detail.as_str());
        exceptions.push(exception.with(None, tender.amount));
    }
    Ok(exceptions)
}

fn check_one(
    book: &Book,
    command: &Sell,
    (id, tender): (PaymentIntentId, &Tender),
    is_first: bool,
) -> Result<(), Refusal> {
    let index = command.tenders.iter().position(|input| input.payment_intent_id == Some(id));
    let pointer = format!("/tenders/{}", index.unwrap_or_default());
    if !is_first {
        let detail = "Two tenders name the payment intent. Name it once.";
        return Err(Refusal::invalid(format!("{pointer}/payment_intent_id"), detail));
    }
    let Some(intent) = book.intents.get(&id) else {
        let detail = "There is no payment intent with this id.";
        return Err(Problems::one(format!("{pointer}/payment_intent_id"), Code::NotFound, detail));
    };
    // A sale whose id the server chooses uses none yet.
    let sale_id = command.id.unwrap_or_default();
    let used = CardTender { register_id: command.register_id, sale_id, amount: tender.amount };
    payment_intent::check_tender(intent, &used, book.now, &pointer)
}

/// Notes that the sale uses its payment intents. A later command of the batch sees it.
pub(super) fn post(book: &mut Book, sale: &Sale) {
    for id in sale.tenders.iter().filter_map(|tender| tender.payment_intent_id) {
        if let Some(intent) = book.intents.get_mut(&id) {
            intent.sale_id = Some(sale.id);
        }
    }
}
