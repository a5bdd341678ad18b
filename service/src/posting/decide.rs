//! One command on the book, and what its failures mean.

use std::collections::BTreeSet;

use domain::book::{Book, Posting};
use domain::count::{self, Count};
use domain::document::DocumentKind;
use domain::expected_receipt::{self, ExpectedReceipt};
use domain::hold::{self, Hold};
use domain::refusal::{Code, Problems, Refusal};
use domain::transfer::{self, Transfer};
use domain::{journal, lot, order, payment, pos, promise, revaluation, stock_document};
use strum::VariantArray;

use super::{Command, Outcome, counts, load};
use crate::{Error, Tx};

/// One command on the book. A refusal for want of stock is decided once more with what is on its way at hand, so that
/// it says when there will be enough.
pub(super) async fn decide_naming_supply_date(
    tx: &Tx,
    book: &mut Book,
    command: &Command,
) -> Result<Result<(Outcome, Posting), Refusal>, Error> {
    counts::look(tx, book, command).await?;
    let is_short = |refusal: &Refusal| refusal.code == Code::InsufficientStock;
    let decided = match decide_and_allocate(book, command) {
        Err(refusal) if is_short(&refusal) && book.supplies.is_none() => {
            book.supplies = Some(load::supplies(tx, book).await?);
            expected_receipt::note_all(book);
            decide_and_allocate(book, command)
        }
        decided => decided,
    };
    Ok(decided)
}

/// One command on the book with what follows from it; what it left free goes to the orders that wait for it.
fn decide_and_allocate(book: &mut Book, command: &Command) -> Result<(Outcome, Posting), Refusal> {
    // Whether promises hold can only be told where it is known what is on its way.
    let is_known = book.supplies.is_some() && !book.waiting.is_empty();
    let before = if is_known { promise::broken(book) } else { BTreeSet::new() };
    let (mut outcome, mut posting) = decide(book, command)?;
    book.post_consequences(&mut posting);
    promise::serve(book, &mut posting);
    // The order itself may be one that waited.
    if let Outcome::Order(ordered) = &mut outcome
        && let Some(order) = book.orders.get(&ordered.order.id)
    {
        ordered.order.clone_from(order);
    }
    if is_known {
        posting.broken = promise::broken(book).difference(&before).copied().collect();
    }
    Ok((outcome, posting))
}

fn decide(book: &mut Book, command: &Command) -> Result<(Outcome, Posting), Refusal> {
    fn order((ordered, posting): (order::Ordered, Posting)) -> (Outcome, Posting) {
        (Outcome::Order(Box::new(ordered)), posting)
    }
    fn held((hold, posting): (Hold, Posting)) -> (Outcome, Posting) {
        (Outcome::Hold(hold), posting)
    }
    fn transfer((transfer, posting): (Transfer, Posting)) -> (Outcome, Posting) {
        (Outcome::Transfer(transfer), posting)
    }
    fn expected((expected, posting): (ExpectedReceipt, Posting)) -> (Outcome, Posting) {
        (Outcome::Expected(expected), posting)
    }
    fn counted((count, posting): (Count, Posting)) -> (Outcome, Posting) {
        (Outcome::Count(Box::new(count), None), posting)
    }
    Ok(match command {
        Command::Sell(sell) => pos::sell(book, sell).map(|(sale, posting)| (Outcome::Sale(sale), posting))?,
        Command::Refund(refund) => {
            pos::refund(book, refund).map(|(sale, posting)| (Outcome::Sale(sale), posting))?
        }
        Command::OpenSession(open) => pos::open(book, open)
            .map(|(session, cash, posting)| (Outcome::Session(session, cash), posting))?,
        Command::CloseSession(close) => pos::close(book, close)
            .map(|(session, cash, posting)| (Outcome::Session(session, cash), posting))?,
        Command::MoveCash(change) => {
            pos::move_cash(book, change).map(|(change, posting)| (Outcome::CashMove(change), posting))?
        }
        Command::PlaceOrder(place) => order(order::place(book, place)?),
        Command::ConfirmOrder(id) => order(order::confirm(book, *id)?),
        Command::ReleaseOrder(id) => order(order::release(book, *id)?),
        Command::CancelOrder(id) => order(order::cancel(book, *id)?),
        Command::CloseOrder(id) => order(order::close(book, *id)?),
        Command::AllocateOrder(id) => order(order::allocate(book, *id)?),
        Command::PromiseOrder(id) => order(order::promise_anew(book, *id)?),
        Command::ShipOrder(ship) => order(order::ship(book, ship)?),
        Command::InvoiceOrder(id) => order(order::invoice(book, *id)?),
        Command::Return(back) => {
            order::give_back(book, back).map(|(note, posting)| (Outcome::CreditNote(note), posting))?
        }
        Command::ReceivePayment(receive) => {
            payment::receive(book, receive).map(|(payment, posting)| (Outcome::Payment(payment), posting))?
        }
        Command::MoveStock(change) => stock_document::post(book, change)
            .map(|(document, posting)| (Outcome::StockDocument(document), posting))?,
        Command::Revalue(revalue) => revaluation::revalue(book, revalue)
            .map(|(document, posting)| (Outcome::StockDocument(document), posting))?,
        Command::PlaceHold(place) => held(hold::place(book, place)?),
        Command::ExtendHold(id, expires_at) => held(hold::extend(book, *id, *expires_at)?),
        Command::ReleaseHold(id) => held(hold::release(book, *id)?),
        Command::DispatchTransfer(dispatch) => transfer(transfer::dispatch(book, dispatch)?),
        Command::ReceiveTransfer(arrive) => transfer(transfer::arrive(book, arrive)?),
        Command::ExpectReceipt(expect) => expected(expected_receipt::expect(book, expect)?),
        Command::RescheduleReceipt(id, day) => expected(expected_receipt::reschedule(book, *id, *day)?),
        Command::CancelExpectedReceipt(id) => expected(expected_receipt::cancel(book, *id)?),
        Command::RecallLot(recall) => {
            lot::recall(book, recall).map(|(recall, posting)| (Outcome::Recall(Box::new(recall)), posting))?
        }
        Command::OpenCount(open) => counted(count::open(book, open)?),
        Command::EnterCount(enter) => counted(count::enter(book, enter)?),
        Command::CompleteCount(complete) => counted(count::complete(book, complete)?),
        Command::RecountLines(recount) => counted(count::recount(book, recount)?),
        Command::PostCount(post) => count::post(book, post)
            .map(|(count, document, posting)| (Outcome::Count(Box::new(count), document), posting))?,
        Command::CancelCount(id) => counted(count::cancel(book, *id)?),
        Command::PostEntry(post) => {
            journal::post(book, post).map(|(entry, posting)| (Outcome::Entry(entry), posting))?
        }
    })
}

/// Named constraints that a single command can run into, as refusals that the caller can act on.
pub(super) fn map_constraint(error: Error) -> Error {
    let mut error = error.on_constraint("sales_order_external_ref_key", || {
        Problems::one("/external_ref", Code::DuplicateExternalRef, "Another order has this external_ref.")
    });
    // The rows of a document are written in no particular order: its lines may meet those of the first one before its
    // header does.
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
