//! Decides one command on the book, and turns violated constraints into rejections.

use domain::book::{Book, Posting};
use domain::command::Decision;
use domain::document::DocumentKind;
use domain::expected_receipt;
use domain::number::showing;
use domain::refusal::{Code, Problems, Refusal};
use strum::VariantArray;

use super::{Command, Outcome, Request, counts, load};
use crate::{Error, Tx};

/// Decides a command of a caller on the book. Rejects one that exceeds the bounds of the credential, without a change. The
/// amount of a document is known only after its decision, which is made on a copy of the book for that.
pub(super) async fn decide_within_bounds(
    tx: &Tx,
    book: &mut Book,
    request: &Request,
) -> Result<Decision, Error> {
    if request.caller.limits.bounds.amount_max.is_none() {
        return Ok(try_to_decide(tx, book, request).await?.0);
    }
    let mut trial = book.clone();
    let (decision, _) = try_to_decide(tx, &mut trial, request).await?;
    if decision.is_ok() {
        *book = trial;
    }
    Ok(decision)
}

/// Like [`decide_within_bounds`], without a copy. Returns also whether the document exceeds the largest amount: then it is
/// rejected, and has changed the book.
pub(super) async fn try_to_decide(
    tx: &Tx,
    book: &mut Book,
    request: &Request,
) -> Result<(Decision, bool), Error> {
    let bounds = &request.caller.limits.bounds;
    let checked = bounds.check_place(book, &request.command);
    let checked = checked.and_then(|()| bounds.check_rate(book, &request.command));
    let exponent = book.setup.settings.exponent;
    let checked = checked.and_then(|()| showing(exponent, || bounds.check_before(book, &request.command)));
    if let Err(wrong) = request.wrong.clone().check() {
        // A caller who may not work at that location gets the faults of the form only.
        let (known, is_bound) = (&*book, checked.is_err());
        let judge = || if is_bound { wrong } else { request.command.with_faults(wrong, known) };
        return Ok((Err(showing(known.setup.settings.exponent, judge)), false));
    }
    if let Err(refusal) = checked {
        return Ok((Err(refusal), false));
    }
    let decision = decide_naming_supply_date(tx, book, &request.command).await?;
    let check = |(outcome, posting): &(Outcome, Posting)| bounds.check_amount(outcome, posting);
    match decision.as_ref().map(|decided| showing(book.setup.settings.exponent, || check(decided))) {
        Ok(Err(refusal)) => Ok((Err(refusal), true)),
        Ok(Ok(())) | Err(_) => Ok((decision, false)),
    }
}

/// Decides a command on the book. If it is rejected for a shortage, reads the expected supplies and decides it again: the
/// rejection then names the day on which there will be enough.
async fn decide_naming_supply_date(tx: &Tx, book: &mut Book, command: &Command) -> Result<Decision, Error> {
    counts::look(tx, book, command).await?;
    let is_short = |refusal: &Refusal| refusal.code == Code::InsufficientStock;
    let exponent = book.setup.settings.exponent;
    match showing(exponent, || command.decide(book)) {
        Err(refusal) if is_short(&refusal) && book.supplies.is_none() => {
            book.supplies = Some(load::supplies(tx, book).await?);
            expected_receipt::note_all(book);
            Ok(showing(exponent, || command.decide(book)))
        }
        decision => Ok(decision),
    }
}

/// Turns violations of named constraints that one command can cause into rejections that the caller can act on.
pub(super) fn map_constraint(error: Error) -> Error {
    let mut error = error.on_constraint("sales_order_external_ref_key", || {
        Problems::one("/external_ref", Code::DuplicateExternalRef, "Another order has this external_ref.")
    });
    // The rows of a document are written in no particular order, so its lines may violate a key before its header does.
    let headers = DocumentKind::VARIANTS.iter().map(|kind| kind.primary_key());
    for name in headers.chain(["sales_line_pkey".to_owned(), "tender_pkey".to_owned()]) {
        error = error.on_constraint(&name, || {
            let detail = "A document with this id exists: send its own Idempotency-Key to get its response again, or \
                          use a new id.";
            Problems::one("/id", Code::AlreadyExists, detail)
        });
    }
    error
}
