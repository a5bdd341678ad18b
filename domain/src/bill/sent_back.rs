//! Returns to the supplier, and the bills of the returned units.
//!
//! Returned units do not count as received. A returned unit without a bill is matched with no later bill. A billed unit
//! loses its match with the receipt, and waits like goods that are billed before they are received. A credit note takes
//! it off the bill at the price of the bill, or a replacement is matched with it. The difference between bill and
//! receipt is in goods received not invoiced again, so the supplier owes the price of the bill. The other side is a
//! price variance, because the goods left at their cost of the day.
//!
//! The reversal of a return matches the same units again, as far as they still wait, and reverses the price variance.
//! Units that a credit note took off their bill no longer wait: they have no bill. They come back at the cost that the
//! bill had given them. So their value loses the difference of that bill, and the next bill adds its own difference.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::matching::{judge_again, match_goods, pair, unbilled};
use super::{BilledGoods, BilledLine, Billing, Match, Matched, ReceivedGoods, post_differences};
use crate::book::{Book, Posting};
use crate::document::DocumentKind;
use crate::id::{LocationId, PurchaseOrderId, StockDocumentId};
use crate::number::{Money, Quantity};
use crate::purchase_order::{KnownReturn, PurchaseOrder, ReceivedLine, SupplierReturn, Unmatched};
use crate::stock_document::{MovedLine, StockDocument};

/// The receipt of goods that went back, with its purchase order.
type Origin = (PurchaseOrderId, StockDocumentId);

/// Undoes the matches of units that go back, and judges their bills again. The book has the order with the return. Returns the
/// undone parts.
pub(crate) fn match_return(
    book: &mut Book,
    order: &PurchaseOrder,
    back: &SupplierReturn,
    posting: &mut Posting,
) -> Vec<Unmatched> {
    let made_by = (DocumentKind::SupplierReturn, back.document.id.0);
    let goods = goods_of(order.id, &back.lines);
    note_moved(book, (order.id, back.receipt_id), (&back.lines, &back.document.lines), false);
    let mut matches: Vec<Match> = Vec::new();
    for goods in &goods {
        matches.extend(undo_matches(book, *goods, back.receipt_id, made_by));
    }
    let undone = |undone: &Match| Unmatched {
        bill_id: undone.bill_id,
        line_no: undone.line_no,
        quantity: -undone.part.quantity,
        difference: -undone.sent_back,
    };
    let unmatched: Vec<Unmatched> = matches.iter().map(undone).collect();
    // Another receipt may have units for a bill that waits now.
    for goods in &goods {
        matches.extend(match_goods(book, *goods, made_by));
    }
    post_differences(book, matches, posting);
    judge_again(book, &goods, posting);
    unmatched
}

/// Restores the matches of a return that `document` reverses, and judges the bills again. The book has the order
/// without the return.
pub(crate) fn match_taken_back(
    book: &mut Book,
    back: &KnownReturn,
    document: &StockDocument,
    posting: &mut Posting,
) {
    let made_by = (DocumentKind::SupplierReturn, document.id.0);
    let goods = goods_of(back.purchase_id, &back.lines);
    note_moved(book, (back.purchase_id, back.receipt_id), (&back.lines, &document.lines), true);
    let mut matches: Vec<Match> = Vec::new();
    for goods in &goods {
        for found in restore(book, *goods, back, made_by) {
            join(&mut matches, found);
        }
    }
    for goods in &goods {
        for found in match_goods(book, *goods, made_by) {
            join(&mut matches, found);
        }
    }
    post_differences(book, matches, posting);
    judge_again(book, &goods, posting);
}

fn goods_of(id: PurchaseOrderId, lines: &[ReceivedLine]) -> BTreeSet<BilledGoods> {
    lines.iter().map(|line| BilledGoods::Order(id, line.line_no)).collect()
}

/// Subtracts the lines of a return from the units of its receipt, or adds them again if the return is reversed. `moved`
/// has the lines of the stock document that moved the goods.
fn note_moved(
    book: &mut Book,
    (order_id, receipt_id): Origin,
    (lines, moved): (&[ReceivedLine], &[MovedLine]),
    is_taken_back: bool,
) {
    for received in book.billing.received.iter_mut().filter(|received| received.document_id == receipt_id) {
        let goods = received.goods;
        for line in lines.iter().filter(|line| goods == BilledGoods::Order(order_id, line.line_no)) {
            let (quantity, value) =
                if is_taken_back { (line.quantity, line.value) } else { (-line.quantity, -line.value) };
            received.quantity += quantity;
            received.value += value;
        }
        for line in moved {
            received.take_returned((line.product_id, line.lot_id), -line.quantity);
        }
    }
}

/// Undoes matches until a receipt has no more matched units than it has left, the latest bills first. If all units that
/// are left have bills, the received values of the matches add up to their value.
fn undo_matches(
    book: &mut Book,
    goods: BilledGoods,
    receipt_id: StockDocumentId,
    made_by: (DocumentKind, Uuid),
) -> Vec<Match> {
    let Billing { mut lines, received, of_orders } = std::mem::take(&mut book.billing);
    let settings = &book.setup.settings;
    let mut matches: Vec<Match> = Vec::new();
    let receipt = received.iter().find(|receipt| receipt.goods == goods && receipt.document_id == receipt_id);
    if let Some(receipt) = receipt {
        let (free, worth) = unbilled(&lines, receipt);
        let (mut excess, mut value) = (-free, -worth);
        for line in lines.iter_mut().rev().filter(|line| line.goods == goods && !free.is_positive()) {
            let is_known = |part: &&Matched| part.document_id == receipt_id && part.quantity.is_positive();
            let Some(known) = line.matched.iter().find(is_known).copied() else { continue };
            if excess.is_zero() && value.is_zero() {
                break;
            }
            let taken = excess.min(known.quantity);
            let is_last = taken == excess;
            let received_value =
                if is_last { value } else { settings.share(known.received_value, taken, known.quantity) };
            let part = Matched {
                document_id: receipt_id,
                quantity: -taken,
                received_value: -received_value,
                billed_value: -settings.share(known.billed_value, taken, known.quantity),
            };
            excess -= taken;
            value -= received_value;
            line.add(part);
            matches.push(sent_back(line, part, receipt.location_id, made_by));
        }
    }
    book.billing = Billing { lines, received, of_orders };
    matches
}

/// Restores matches that a return undid, as far as the billed units still wait. The last part has the difference of the
/// units that do not wait.
fn restore(
    book: &mut Book,
    goods: BilledGoods,
    back: &KnownReturn,
    made_by: (DocumentKind, Uuid),
) -> Vec<Match> {
    let lines = &book.billing.lines;
    let is_of_goods = |undone: &Unmatched| {
        let is_its = |line: &BilledLine| (line.bill_id, line.line_no) == (undone.bill_id, undone.line_no);
        lines.iter().any(|line| line.goods == goods && is_its(line))
    };
    let unmatched: Vec<Unmatched> = back.unmatched.iter().copied().filter(is_of_goods).collect();
    let mut matches = Vec::with_capacity(unmatched.len());
    for undone in &unmatched {
        matches.extend(match_again(book, undone, back.receipt_id, made_by));
    }
    let taken: Money = unmatched.iter().map(|undone| undone.difference).sum();
    let restored: Money = matches.iter().map(|found| found.sent_back).sum();
    let rest = taken - restored;
    if let Some(last) = unmatched.last().filter(|_| !rest.is_zero()) {
        matches.extend(without_bill(book, last, (back.receipt_id, rest), made_by));
    }
    matches
}

/// Records that goods came back after their bill was credited: their value loses `rest`, the difference of that bill.
fn without_bill(
    book: &Book,
    undone: &Unmatched,
    (receipt_id, rest): (StockDocumentId, Money),
    made_by: (DocumentKind, Uuid),
) -> Option<Match> {
    let is_its = |line: &&BilledLine| (line.bill_id, line.line_no) == (undone.bill_id, undone.line_no);
    let line = book.billing.lines.iter().find(is_its)?;
    let of_line = |receipt: &&ReceivedGoods| receipt.goods == line.goods && receipt.document_id == receipt_id;
    let receipt = book.billing.received.iter().find(of_line)?;
    let nothing = Matched {
        document_id: receipt_id,
        quantity: Quantity::ZERO,
        received_value: Money::ZERO,
        billed_value: Money::ZERO,
    };
    Some(Match { sent_back: rest, ..sent_back(line, nothing, receipt.location_id, made_by) })
}

/// Restores matches that a return undid, as far as the billed units still wait.
fn match_again(
    book: &mut Book,
    undone: &Unmatched,
    receipt_id: StockDocumentId,
    made_by: (DocumentKind, Uuid),
) -> Option<Match> {
    let Billing { mut lines, received, of_orders } = std::mem::take(&mut book.billing);
    let is_undone = |line: &BilledLine| (line.bill_id, line.line_no) == (undone.bill_id, undone.line_no);
    let at = lines.iter().position(is_undone);
    let found = at.and_then(|at| {
        let goods = lines[at].goods;
        let of_line = |receipt: &&ReceivedGoods| receipt.goods == goods && receipt.document_id == receipt_id;
        let receipt = received.iter().find(of_line)?;
        let part = pair(&mut lines, at, (receipt, undone.quantity), &book.setup.settings)?;
        Some(sent_back(&lines[at], part, receipt.location_id, made_by))
    });
    book.billing = Billing { lines, received, of_orders };
    found
}

/// Records a change of a match by a return to the supplier or by its reversal.
fn sent_back(
    line: &BilledLine,
    part: Matched,
    location_id: LocationId,
    (document_kind, document_id): (DocumentKind, Uuid),
) -> Match {
    Match {
        document_kind,
        document_id,
        bill_id: line.bill_id,
        line_no: line.line_no,
        goods: line.goods,
        location_id,
        part,
        held: Vec::new(),
        sent_back: part.billed_value - part.received_value,
    }
}

/// Adds a change of a match. A document has one change for each billed line and receipt.
fn join(matches: &mut Vec<Match>, found: Match) {
    let key = (found.bill_id, found.line_no, found.part.document_id);
    let same = matches.iter_mut().find(|known| (known.bill_id, known.line_no, known.part.document_id) == key);
    match same {
        Some(known) => {
            known.part.quantity += found.part.quantity;
            known.part.received_value += found.part.received_value;
            known.part.billed_value += found.part.billed_value;
            known.sent_back += found.sent_back;
        }
        None => matches.push(found),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;
    use crate::id::{BillId, LotId, ProductId};
    use crate::negative_stock::tests::book;
    use crate::stock::{CostingMethod, LevelKey, ReceivedPart};

    const ORDER: PurchaseOrderId = PurchaseOrderId(Uuid::from_u128(1));
    const RECEIPT: StockDocumentId = StockDocumentId(Uuid::from_u128(2));
    const GOODS: BilledGoods = BilledGoods::Order(ORDER, 1);
    const MADE_BY: (DocumentKind, Uuid) = (DocumentKind::SupplierReturn, Uuid::from_u128(3));

    fn units(tenths: i64) -> Quantity {
        Quantity::new(Decimal::new(tenths, 1))
    }

    fn money(cents: i64) -> Money {
        Money::new(Decimal::new(cents, 2))
    }

    /// Returns a book with one receipt, whose units two bills have.
    fn billed(first: i64, second: i64, received: Money, of_bill: Money) -> Book {
        let mut book = book(CostingMethod::Fifo);
        book.billing.received.push(ReceivedGoods {
            goods: GOODS,
            document_id: RECEIPT,
            location_id: LocationId::default(),
            quantity: units(first + second),
            value: received,
            parts: Vec::new(),
        });
        for (number, quantity) in [(1, first), (2, second)] {
            book.billing.lines.push(BilledLine {
                bill_id: BillId(Uuid::from_u128(number)),
                line_no: 1,
                goods: GOODS,
                quantity: units(quantity),
                value: of_bill,
                matched: Vec::new(),
                reasons: Vec::new(),
            });
        }
        match_goods(&mut book, GOODS, MADE_BY);
        book
    }

    /// Returns what of the receipt has no bill.
    fn left(book: &Book) -> (Quantity, Money) {
        unbilled(&book.billing.lines, &book.billing.received[0])
    }

    /// Returns the billed units that have no receipt, and their amount.
    fn waiting(book: &Book) -> (Quantity, Money) {
        let ahead = || book.billing.lines.iter().map(BilledLine::ahead);
        (ahead().map(|(units, _)| units).sum(), ahead().map(|(_, amount)| amount).sum())
    }

    #[test]
    fn units_come_back_to_the_parts_that_they_left() {
        let (product_id, lot_id) = (ProductId::default(), LotId::default());
        let key = LevelKey { location_id: LocationId::default(), product_id, lot_id };
        let part = |line_no: i32, came: Quantity| ReceivedPart {
            key,
            line: (RECEIPT.0, line_no),
            came,
            quantity: came,
            later: Quantity::ZERO,
        };
        let mut received = ReceivedGoods {
            goods: GOODS,
            document_id: RECEIPT,
            location_id: LocationId::default(),
            quantity: units(100),
            value: money(4000),
            parts: vec![part(1, units(40)), part(2, units(60))],
        };
        let held = |received: &ReceivedGoods| -> Vec<Quantity> {
            received.parts.iter().map(|part| part.quantity).collect()
        };
        received.take_returned((product_id, lot_id), units(70));
        assert_eq!(held(&received), [Quantity::ZERO, units(30)]);
        received.take_returned((product_id, lot_id), units(-50));
        assert_eq!(held(&received), [units(40), units(40)]);
        received.take_returned((product_id, lot_id), units(-20));
        assert_eq!(held(&received), [units(40), units(60)]);
    }

    proptest! {
        /// After a return, as many billed units have no receipt, and all units of the receipt have a bill. After its
        /// reversal, all units are matched as before, and no price variance is left.
        #[test]
        fn a_return_and_its_reversal_leave_nothing(
            first in 1..50_i64,
            second in 1..50_i64,
            back in 1..100_i64,
            received in 0..10_000_i64,
            of_bill in 0..10_000_i64,
        ) {
            let nothing = (Quantity::ZERO, Money::ZERO);
            let mut book = billed(first, second, money(received), money(of_bill));
            prop_assert_eq!((left(&book), waiting(&book)), (nothing, nothing));
            let (back, whole) = (units(back.min(first + second)), units(first + second));
            let value = book.setup.settings.share(money(received), back, whole);
            let lines = [ReceivedLine { line_no: 1, quantity: back, value }];
            note_moved(&mut book, (ORDER, RECEIPT), (&lines, &[]), false);
            let undone = undo_matches(&mut book, GOODS, RECEIPT, MADE_BY);
            prop_assert_eq!((left(&book), waiting(&book).0), (nothing, back));
            note_moved(&mut book, (ORDER, RECEIPT), (&lines, &[]), true);
            let mut variance: Money = undone.iter().map(|found| found.sent_back).sum();
            for Match { bill_id, line_no, part, .. } in &undone {
                let quantity = -part.quantity;
                let undone =
                    Unmatched { bill_id: *bill_id, line_no: *line_no, quantity, difference: Money::ZERO };
                let again = match_again(&mut book, &undone, RECEIPT, MADE_BY);
                variance += again.expect("the units wait").sent_back;
            }
            prop_assert_eq!((left(&book), waiting(&book)), (nothing, nothing));
            prop_assert_eq!(variance, Money::ZERO);
        }
    }
}
