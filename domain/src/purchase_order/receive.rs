//! The receipt of ordered goods, in whole or in part, by a stock document.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::PurchaseOrderStatus::{Confirmed, PartlyReceived, Received, Sent};
use super::{
    KnownReceipt, MovedGoods, PurchaseLine, PurchaseOrder, PurchaseReceipt, ReceivedLine, find, foreign, keep,
};
use crate::bill;
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{LocationId, PurchaseOrderId, StockDocumentId};
use crate::line_item::{LINES_MAX, invalid};
use crate::lot::{self, NamedLot};
use crate::needs::Needs;
use crate::number::{Price, Quantity, share};
use crate::product::{ItemRef, Product};
use crate::refusal::{Code, Faults, Problem, Problems, QUANTITY_ABOVE_ZERO, Refusal};
use crate::stock_document::{self, Move, MoveLine, StockDocumentKind};

/// Goods of a purchase order to receive.
#[derive(Debug, Clone)]
pub struct Receive {
    /// The purchase order.
    pub id: PurchaseOrderId,
    /// The id of the stock document, if the caller chose one.
    pub document_id: Option<StockDocumentId>,
    /// A remark, such as the number of the delivery note; the number of the order if absent.
    pub reference: Option<String>,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
    /// The lines to receive; all open units if empty.
    pub lines: Vec<ReceiveLine>,
}

/// A line to receive, as the caller states it.
#[derive(Debug, Clone)]
pub struct ReceiveLine {
    /// The line of the purchase order.
    pub line_no: i32,
    /// The unit; the unit of the order line if absent.
    pub uom: Option<String>,
    /// The quantity in that unit.
    pub quantity: Quantity,
    /// The cost of one such unit; the cost of the order line if absent.
    pub unit_cost: Option<Price>,
    /// The lots received.
    pub lots: Vec<NamedLot>,
}

/// A line to receive, with its place in the order.
struct Arriving {
    at: usize,
    quantity: Quantity,
    line: MoveLine,
}

impl Rule for Receive {
    fn name(&self) -> &'static str {
        "purchase_order.received"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.document_id.map(|id| id.0)
    }

    /// Returns the number of lines that it may have: all lines of the order if it names none.
    fn lines(&self) -> usize {
        if self.lines.is_empty() { LINES_MAX } else { self.lines.len() }
    }

    fn needs(&self, needs: &mut Needs) {
        needs.purchase_ids.insert(self.id);
        needs.billing = true;
        needs.numbered.insert(DocumentKind::Receipt);
        needs.coming_in = true;
        needs.units = true;
        needs.add_issue(self.occurred_at, false);
        for line in &self.lines {
            needs.lots(&line.lots);
        }
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let Ok(order) = find(book, self.id) else { return };
        faults.take(check_time(book, &order, self));
        if self.lines.len() > LINES_MAX {
            return;
        }
        faults.take(check_lines(book, &order, self.lines.clone()));
        for (index, line) in self.lines.iter().enumerate() {
            note_faults_of_line(book, &order, line, &format!("/lines/{index}"), faults);
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        receive(book, self).map(|(order, receipt, posting)| {
            let goods = MovedGoods::Received(receipt);
            (Outcome::PurchaseOrder(Box::new(order), Some(Box::new(goods))), posting)
        })
    }
}

/// Notes the faults of a line of which `check_line` returns the first one.
fn note_faults_of_line(
    book: &Book,
    order: &PurchaseOrder,
    line: &ReceiveLine,
    pointer: &str,
    faults: &mut Faults,
) {
    if !line.quantity.is_positive() {
        faults.invalid(format!("{pointer}/quantity"), QUANTITY_ABOVE_ZERO);
    }
    if line.unit_cost.is_some_and(Price::is_negative) {
        faults.invalid(format!("{pointer}/unit_cost"), "The cost must not be negative.");
    }
    lot::note_faults(&line.lots, pointer, faults);
    let Some((_, ordered)) = find_ordered(order, line.line_no) else { return };
    let uom = line.uom.as_deref().unwrap_or(&ordered.uom);
    faults.keep(book.find_stocked(&ItemRef::Id(ordered.product_id), Some(uom), pointer));
    if let Some(stated) = line.unit_cost {
        faults.keep(foreign::received_at(order, stated, &book.setup.settings, pointer));
    }
}

/// Returns a line of the order by its number, and its place.
fn find_ordered(order: &PurchaseOrder, line_no: i32) -> Option<(usize, &PurchaseLine)> {
    let at = usize::try_from(line_no).ok()?.checked_sub(1)?;
    Some((at, order.lines.get(at)?))
}

/// Receives goods. Rejects more than the tolerance of the order allows.
fn receive(book: &mut Book, command: &Receive) -> Result<(PurchaseOrder, PurchaseReceipt, Posting), Refusal> {
    let mut order = find(book, command.id)?;
    order.require(&[Sent, Confirmed, PartlyReceived, Received], "received")?;
    check_time(book, &order, command)?;
    if command.lines.len() > LINES_MAX {
        return Err(Refusal::invalid("/lines", format!("Name at most {LINES_MAX} lines.")));
    }
    let lines = if command.lines.is_empty() { all_open(book, &order)? } else { command.lines.clone() };
    let arriving = check_lines(book, &order, lines)?;
    let goods = Move {
        id: command.document_id,
        kind: StockDocumentKind::Receipt,
        location_id: Some(one_location(&order, &arriving)?),
        reason: None,
        reference: command.reference.clone().or_else(|| Some(order.number.clone())),
        occurred_at: command.occurred_at,
        forced: false,
        expected_receipt_id: None,
        lines: arriving.iter().map(|arriving| arriving.line.clone()).collect(),
    };
    let (document, mut posting) = stock_document::post(book, &goods)?;

    // Nothing rejects the command from here on.
    let received = |arriving: &Arriving| ReceivedLine {
        line_no: order.lines[arriving.at].line_no,
        quantity: arriving.quantity,
        value: book
            .setup
            .settings
            .money(arriving.line.unit_cost.unwrap_or_default().times(arriving.line.quantity)),
    };
    let receipt = PurchaseReceipt { document, lines: arriving.iter().map(received).collect() };
    for Arriving { at, quantity, .. } in &arriving {
        order.lines[*at].received += *quantity;
    }
    let is_complete = order.lines.iter().all(|line| line.open().is_zero());
    order.status = if is_complete { Received } else { PartlyReceived };
    book.purchase_receipts.insert(receipt.document.id, KnownReceipt::of(order.id, &receipt));
    let order = keep(book, order);
    bill::match_receipt(book, &order, (&receipt.document, &receipt.lines), &mut posting);
    Ok((order, receipt, posting))
}

/// Rejects goods that came on a day before the order was sent.
fn check_time(book: &Book, order: &PurchaseOrder, command: &Receive) -> Result<(), Refusal> {
    let occurred_at = book.occurred_at(command.occurred_at)?;
    // It may have been sent earlier on the day on which that was recorded.
    let sent_on = book.setup.settings.day(order.sent_at.unwrap_or(order.recorded_at));
    if book.setup.settings.day(occurred_at) < sent_on {
        let detail = format!("{} was sent on {sent_on}: send that day or a later one.", order.number);
        return Err(Refusal::invalid("/occurred_at", detail));
    }
    Ok(())
}

/// Returns a line for each order line with open units. A part of a unit is received in stock units, and so is a unit
/// that has changed since the order.
fn all_open(book: &Book, order: &PurchaseOrder) -> Result<Vec<ReceiveLine>, Refusal> {
    let line = |line: &PurchaseLine| {
        let product = book.products.get(&line.product_id);
        let unit = product.and_then(|product| product.unit(Some(&line.uom)));
        let is_whole = line.received.is_zero()
            && line.cancelled.is_zero()
            && unit.is_some_and(|unit| unit.factor == line.factor);
        let stock_uom = product.map(|product| product.stock_uom.clone());
        ReceiveLine {
            line_no: line.line_no,
            uom: if is_whole { None } else { stock_uom },
            quantity: if is_whole { line.entered } else { line.open() },
            unit_cost: None,
            lots: Vec::new(),
        }
    };
    let open: Vec<ReceiveLine> =
        order.lines.iter().filter(|line| line.open().is_positive()).map(line).collect();
    if open.is_empty() {
        let detail =
            format!("Nothing more of {} is expected: name the lines that came beyond it.", order.number);
        return Err(Refusal::invalid("/lines", detail));
    }
    Ok(open)
}

/// Returns the lines to receive. A rejection names every wrong line.
fn check_lines(
    book: &Book,
    order: &PurchaseOrder,
    lines: Vec<ReceiveLine>,
) -> Result<Vec<Arriving>, Refusal> {
    let mut problems = Problems::default();
    let mut named = HashSet::with_capacity(lines.len());
    let mut arriving = Vec::with_capacity(lines.len());
    for (index, line) in lines.into_iter().enumerate() {
        let pointer = format!("/lines/{index}");
        if !named.insert(line.line_no) {
            problems.invalid(format!("{pointer}/line_no"), "Name each line once.");
            continue;
        }
        match check_line(book, order, line, &pointer) {
            Ok(line) => arriving.push(line),
            Err(problem) => problems.push(problem),
        }
    }
    problems.check()?;
    Ok(arriving)
}

fn check_line(
    book: &Book,
    order: &PurchaseOrder,
    line: ReceiveLine,
    pointer: &str,
) -> Result<Arriving, Problem> {
    let Some((at, ordered)) = find_ordered(order, line.line_no) else {
        return Err(Problem {
            pointer: format!("{pointer}/line_no"),
            code: Code::NotFound,
            detail: "The purchase order has no such line.".to_owned(),
            params: Vec::new(),
        });
    };
    let item = ItemRef::Id(ordered.product_id);
    let uom = line.uom.as_deref().unwrap_or(&ordered.uom);
    let (product, unit) = book.find_stocked(&item, Some(uom), pointer)?;
    let problem = |detail: String| invalid(product, format!("{pointer}/quantity"), detail);
    let quantity = product.in_stock_units(&unit, line.quantity).map_err(problem)?;
    if !quantity.is_positive() {
        return Err(problem(QUANTITY_ABOVE_ZERO.to_owned()));
    }
    check_tolerance(order, ordered, (product, quantity), pointer)?;
    let in_unit = || {
        let (part, whole) = (unit.factor.of(Quantity::ONE), ordered.factor.of(Quantity::ONE));
        let is_same = unit.uom == ordered.uom && unit.factor == ordered.factor;
        if is_same { ordered.unit_cost } else { Price::rounded(share(ordered.unit_cost.get(), part, whole)) }
    };
    let unit_cost = match line.unit_cost {
        Some(stated) => foreign::received_at(order, stated, &book.setup.settings, pointer)?,
        None => in_unit(),
    };
    let unit_cost = Some(unit_cost);
    let (uom, entered, lots) = (Some(unit.uom), line.quantity, line.lots);
    Ok(Arriving { at, quantity, line: MoveLine { item, uom, quantity: entered, unit_cost, lots } })
}

/// Rejects more units of a line than were ordered and not cancelled, with the tolerance.
fn check_tolerance(
    order: &PurchaseOrder,
    line: &PurchaseLine,
    (product, quantity): (&Product, Quantity),
    pointer: &str,
) -> Result<(), Problem> {
    let percent = order.over_receipt_percent;
    let ordered = line.quantity - line.cancelled;
    let extra = Quantity::new(percent.of(ordered.get())).truncated(product.stock_decimals.into());
    let most = (ordered + extra - line.received).max(Quantity::ZERO);
    if quantity <= most {
        return Ok(());
    }
    let (number, uom) = (&order.number, &product.stock_uom);
    let way = match most.is_zero() {
        true => "leave the line out, and order the rest".to_owned(),
        false => format!("receive {most} {uom}, and order the rest"),
    };
    Err(Problem {
        pointer: format!("{pointer}/quantity"),
        code: Code::ReceiptExceedsOrder,
        detail: format!(
            "At most {most} {uom} more of line {} of {number} may come: {} are ordered and {} received, with a tolerance of \
             {percent} %. To take {quantity} {uom}, {way}.",
            line.line_no, ordered, line.received
        ),
        params: vec![
            ("sku", product.sku.clone()),
            ("ordered", ordered.to_string()),
            ("received", line.received.to_string()),
            ("requested", quantity.to_string()),
            ("most", most.to_string()),
        ],
    })
}

/// Returns the location of the lines. A stock document has one.
fn one_location(order: &PurchaseOrder, arriving: &[Arriving]) -> Result<LocationId, Refusal> {
    let mut places = arriving.iter().map(|arriving| &order.lines[arriving.at]);
    let first = places.next().ok_or_else(|| Refusal::invalid("/lines", "Name at least one line."))?;
    match places.find(|line| line.location_id != first.location_id) {
        None => Ok(first.location_id),
        Some(other) => {
            let detail = format!(
                "Lines {} and {} go to different locations: receive those of each location on its own.",
                first.line_no, other.line_no
            );
            Err(Refusal::invalid("/lines", detail))
        }
    }
}
