//! The reversal of a return to the supplier: the goods did not leave, or came back as they were.

use super::send_back::{movement, post};
use super::{KnownReturn, MovedGoods, PurchaseOrder, ReceivedLine, find, keep};
use crate::allocation::on_hand;
use crate::bill;
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{PurchaseOrderId, StockDocumentId};
use crate::line_item::LINES_MAX;
use crate::needs::Needs;
use crate::number::{Money, Quantity};
use crate::product::Tracking;
use crate::refusal::{Code, Faults, Problems, Refusal};
use crate::stock::{LayerUse, LevelKey, Source};
use crate::stock_document::{MovedLine, StockDocument, StockDocumentKind};

/// A return to a supplier to take back.
#[derive(Debug, Clone)]
pub struct TakeBack {
    /// The purchase order.
    pub id: PurchaseOrderId,
    /// The stock document of the return.
    pub return_id: StockDocumentId,
    /// The reason, a remark of the stock document.
    pub reason: String,
}

impl Rule for TakeBack {
    fn name(&self) -> &'static str {
        "purchase_order.return_reversed"
    }

    /// Returns the limit of lines, because the lines of the original are known only after it is loaded.
    fn lines(&self) -> usize {
        LINES_MAX
    }

    fn needs(&self, needs: &mut Needs) {
        needs.purchase_ids.insert(self.id);
        needs.supplier_return_ids.insert(self.return_id);
        needs.coming_in = true;
        needs.billing = true;
        needs.numbered.insert(DocumentKind::SupplierReturn);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        if let Ok(order) = find(book, self.id) {
            faults.take(find_return(book, &order, self.return_id));
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        take_back(book, self).map(|(order, document, posting)| {
            let goods = MovedGoods::TakenBack(document, self.return_id);
            (Outcome::PurchaseOrder(Box::new(order), Some(Box::new(goods))), posting)
        })
    }
}

/// Reverses the movements and postings of a return, with its cost and cost layers.
fn take_back(
    book: &mut Book,
    command: &TakeBack,
) -> Result<(PurchaseOrder, StockDocument, Posting), Refusal> {
    let mut order = find(book, command.id)?;
    let mut back = find_return(book, &order, command.return_id)?;
    if back.replaces {
        check_tolerance(&order, &back)?;
    }
    check_serials(book, &back)?;
    let occurred_at = book.occurred_after(None, (back.number.as_str(), back.occurred_at))?;

    // Nothing rejects the command from here on.
    let mut document = StockDocument {
        id: StockDocumentId(book.ids.next_id()),
        number: book.number(DocumentKind::SupplierReturn),
        kind: StockDocumentKind::SupplierReturn,
        location_id: back.location_id,
        reason: None,
        reference: Some(format!("{} reversed: {}", back.number, command.reason)),
        value: Money::ZERO,
        occurred_at,
        recorded_at: book.now,
        lines: Vec::with_capacity(back.moved.len()),
    };
    let mut posting = Posting::default();
    for (line, layer_uses) in &back.moved {
        receive(book, &mut document, (line, layer_uses.as_slice()), &mut posting);
    }
    let credited: Money = back.lines.iter().map(|line| line.value).sum();
    post(book, &document, credited, &mut posting);
    note(book, &back, &document);
    back.is_taken_back = true;
    for ReceivedLine { line_no, quantity, .. } in &back.lines {
        let Some(line) = order.lines.iter_mut().find(|line| line.line_no == *line_no) else { continue };
        match back.replaces {
            true => line.received += *quantity,
            false => line.returned -= *quantity,
        }
    }
    if back.replaces {
        order.follow_received();
    }
    let order = keep(book, order);
    bill::match_taken_back(book, &back, &document, &mut posting);
    book.supplier_returns.insert(command.return_id, back);
    Ok((order, document, posting))
}

/// Returns a copy of a return of a purchase order, to change it. Rejects one that was taken back.
fn find_return(book: &Book, order: &PurchaseOrder, id: StockDocumentId) -> Result<KnownReturn, Refusal> {
    let known = book.supplier_returns.get(&id).filter(|back| back.purchase_id == order.id);
    let back = known.cloned().ok_or_else(|| {
        let detail = format!(
            "{} has no return with this id; see GET /v1/purchase-orders/{{id}}/returns.",
            order.number
        );
        Problems::one("/return_id", Code::NotFound, detail)
    })?;
    if back.is_taken_back {
        let detail = format!("{} is reversed already.", back.number);
        return Err(Problems::one("/return_id", Code::InvalidStateTransition, detail));
    }
    Ok(back)
}

/// Rejects a reversal if the replacements have come and the received units would exceed the tolerance of the order.
fn check_tolerance(order: &PurchaseOrder, back: &KnownReturn) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for ReceivedLine { line_no, quantity, .. } in &back.lines {
        let Some(line) = order.lines.iter().find(|line| line.line_no == *line_no) else { continue };
        let most = line.quantity + Quantity::new(order.over_receipt_percent.of(line.quantity.get()));
        if line.received + *quantity > most {
            let detail = format!(
                "{} of line {line_no} are received, and {quantity} would come back: more than the {most} of {} with its \
                 tolerance. Send the surplus back instead.",
                line.received, order.number
            );
            problems.add("/return_id", Code::ReceiptExceedsOrder, detail);
        }
    }
    problems.check()
}

/// Rejects serial numbers that are in stock by now.
fn check_serials(book: &Book, back: &KnownReturn) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for (line, _) in &back.moved {
        let product = &book.products[&line.product_id];
        if product.tracking == Tracking::Serial && on_hand(book, line.lot_id).is_positive() {
            let code = book.lots.get(line.lot_id).map_or("", |lot| &lot.code);
            let detail = format!("Serial number {code} of {} is in stock already.", product.sku);
            problems.add("/return_id", Code::AlreadyExists, detail);
        }
    }
    problems.check()
}

/// Receives the units of a line of the return into the cost layers that it used.
fn receive(
    book: &mut Book,
    document: &mut StockDocument,
    (line, layer_uses): (&MovedLine, &[LayerUse]),
    posting: &mut Posting,
) {
    let (location_id, product_id, lot_id) = (document.location_id, line.product_id, line.lot_id);
    let key = LevelKey { location_id, product_id, lot_id };
    let came = MovedLine { quantity: -line.quantity, value: -line.value, ..*line };
    let source = Source::new(DocumentKind::SupplierReturn, document.id.0, line.line_no, document.occurred_at);
    if layer_uses.is_empty() {
        book.receive(key, came.quantity, came.value, &source);
    } else {
        book.receive_into_layers(key, layer_uses, &source);
    }
    posting.movements.push(movement(book, (document.id, document.occurred_at), key, &came));
    document.value += came.value;
    document.lines.push(came);
}

/// Notes in the receipt, if it is known, that its goods did not go back.
fn note(book: &mut Book, back: &KnownReturn, document: &StockDocument) {
    let Some(receipt) = book.purchase_receipts.get_mut(&back.receipt_id) else { return };
    receipt.back.extend(&document.lines);
    for ReceivedLine { line_no, quantity, value } in &back.lines {
        if let Some(known) = receipt.lines.iter_mut().find(|known| known.received.line_no == *line_no) {
            known.returned -= *quantity;
            known.returned_value -= *value;
        }
    }
}
