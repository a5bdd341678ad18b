//! The return of received goods to the supplier, by a stock document.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::PurchaseOrderStatus::{Cancelled, Closed};
use super::{
    KnownReceipt, KnownReceiptLine, KnownReturn, MovedGoods, PurchaseOrder, ReceivedLine, SupplierReturn,
    Unmatched, find, keep,
};
use crate::allocation::{Demand, Departure, LineRequest, PickRule, Purpose};
use crate::bill;
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{LocationId, LotId, MovementId, ProductId, PurchaseOrderId, StockDocumentId};
use crate::ledger::mapping::EntryPurpose;
use crate::ledger::{Dimensions, Lines, account};
use crate::line_item::{LINES_MAX, invalid};
use crate::lot::{self, NamedLot};
use crate::needs::Needs;
use crate::negative_stock::Issue;
use crate::number::{Money, Quantity};
use crate::product::{ItemRef, Product};
use crate::refusal::{Code, Faults, Problem, Problems, QUANTITY_ABOVE_ZERO, Refusal};
use crate::stock::{self, LayerUse, LevelKey, Movement, MovementKind};
use crate::stock_document::{MovedLine, StockDocument, StockDocumentKind};
use crate::tenant::Settings;

/// Received goods to send back to the supplier.
#[derive(Debug, Clone)]
pub struct SendBack {
    /// The purchase order.
    pub id: PurchaseOrderId,
    /// The receipt that received the goods.
    pub receipt_id: StockDocumentId,
    /// The id of the stock document, if the caller chose one.
    pub document_id: Option<StockDocumentId>,
    /// The location that the goods leave; the location of the receipt if absent.
    pub location_id: Option<LocationId>,
    /// A remark, such as the supplier's number of the return; the number of the receipt if absent.
    pub reference: Option<String>,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Whether the supplier replaces the goods, so that the returned units are open on the order again.
    pub replace: bool,
    /// The lines that go back, 1 to 2,000.
    pub lines: Vec<SendBackLine>,
}

/// A line that goes back.
#[derive(Debug, Clone)]
pub struct SendBackLine {
    /// The line of the purchase order.
    pub line_no: i32,
    /// The unit; the unit of the order line if absent.
    pub uom: Option<String>,
    /// The quantity in that unit.
    pub quantity: Quantity,
    /// The lots that go back. Required if the product is tracked.
    pub lots: Vec<NamedLot>,
}

/// A checked line, with its places in the order and in the receipt.
struct Leaving {
    at: usize,
    of: usize,
    product_id: ProductId,
    quantity: Quantity,
    /// Its lots, or the nil lot.
    parts: Vec<(LotId, Quantity)>,
    /// The lines of the receipt's stock document that may have received it.
    sources: Vec<i32>,
}

/// The stock document of a return.
struct Journey {
    id: StockDocumentId,
    receipt_id: StockDocumentId,
    location_id: LocationId,
    occurred_at: DateTime<Utc>,
}

impl Rule for SendBack {
    fn name(&self) -> &'static str {
        "purchase_order.returned"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.document_id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.lines.len().max(1)
    }

    fn needs(&self, needs: &mut Needs) {
        needs.purchase_ids.insert(self.id);
        needs.receipt_ids.insert(self.receipt_id);
        needs.location_ids.extend(self.location_id);
        needs.billing = true;
        needs.numbered.insert(DocumentKind::SupplierReturn);
        needs.units = true;
        needs.add_issue(self.occurred_at, false);
        for line in &self.lines {
            needs.lots(&line.lots);
        }
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let Ok(order) = find(book, self.id) else { return };
        faults.take(check_replace(&order, self));
        faults.take(check_line_count(self));
        if self.lines.len() <= LINES_MAX {
            for (index, line) in self.lines.iter().enumerate() {
                note_faults_of_line(book, &order, line, &format!("/lines/{index}"), faults);
            }
        }
        let Some(receipt) = faults.take(find_receipt(book, &order, self.receipt_id)) else {
            faults.take(book.occurred_at(self.occurred_at));
            faults.take(self.location_id.map(|id| book.place(Some(id), "/location_id")).transpose());
            return;
        };
        let at = faults.take(check_time(book, &receipt, self));
        let location_id = faults.take(origin(book, &receipt, self));
        if let (Some(at), Some(id)) = (at, location_id)
            && self.lines.len() <= LINES_MAX
        {
            faults.take(Check::of(&order, &receipt, id, at).lines(book, &self.lines));
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        send_back(book, self).map(|(order, back, posting)| {
            let goods = MovedGoods::Returned(back);
            (Outcome::PurchaseOrder(Box::new(order), Some(Box::new(goods))), posting)
        })
    }
}

/// Notes the faults that a line has with any receipt of the order.
fn note_faults_of_line(
    book: &Book,
    order: &PurchaseOrder,
    line: &SendBackLine,
    pointer: &str,
    faults: &mut Faults,
) {
    if !line.quantity.is_positive() {
        faults.invalid(format!("{pointer}/quantity"), QUANTITY_ABOVE_ZERO);
    }
    lot::note_faults(&line.lots, pointer, faults);
    match order.lines.iter().find(|ordered| ordered.line_no == line.line_no) {
        Some(ordered) => {
            let uom = line.uom.as_deref().unwrap_or(&ordered.uom);
            faults.keep(book.find_stocked(&ItemRef::Id(ordered.product_id), Some(uom), pointer));
        }
        None => {
            let detail = format!("{} has no such line: leave it out.", order.number);
            faults.note(Problem {
                pointer: format!("{pointer}/line_no"),
                code: Code::NotFound,
                detail,
                params: Vec::new(),
            });
        }
    }
}

/// Sends goods back. Rejects more than the receipt received, less what went back before.
fn send_back(
    book: &mut Book,
    command: &SendBack,
) -> Result<(PurchaseOrder, SupplierReturn, Posting), Refusal> {
    let mut order = find(book, command.id)?;
    let mut receipt = find_receipt(book, &order, command.receipt_id)?;
    check_replace(&order, command)?;
    check_line_count(command)?;
    let occurred_at = check_time(book, &receipt, command)?;
    let location_id = origin(book, &receipt, command)?;
    let leaving = Check::of(&order, &receipt, location_id, occurred_at).lines(book, &command.lines)?;

    // Nothing rejects the command from here on.
    let id = command.document_id.unwrap_or_else(|| StockDocumentId(book.ids.next_id()));
    let number = book.number(DocumentKind::SupplierReturn);
    let journey = Journey { id, receipt_id: command.receipt_id, location_id, occurred_at };
    let setup = Arc::clone(&book.setup);
    let mut posting = Posting::default();
    let (mut moved, mut lines) = (Vec::new(), Vec::with_capacity(leaving.len()));
    for line in &leaving {
        journey.issue(book, line, &mut moved, &mut posting);
        lines.push(credit(&mut receipt.lines[line.of], line.quantity, &setup.settings));
        let ordered = &mut order.lines[line.at];
        match command.replace {
            true => ordered.received -= line.quantity,
            false => ordered.returned += line.quantity,
        }
    }
    let document = StockDocument {
        id,
        number,
        kind: StockDocumentKind::SupplierReturn,
        location_id,
        reason: None,
        reference: command.reference.clone().or_else(|| Some(receipt.number.clone())),
        value: moved.iter().map(|(line, _)| line.value).sum(),
        occurred_at,
        recorded_at: book.now,
        lines: moved.iter().map(|(line, _)| *line).collect(),
    };
    let credited: Money = lines.iter().map(|line| line.value).sum();
    post(book, &document, -credited, &mut posting);
    receipt.back.extend(&document.lines);
    book.purchase_receipts.insert(command.receipt_id, receipt);
    let back = SupplierReturn { document, receipt_id: command.receipt_id, replaces: command.replace, lines };
    if command.replace {
        order.follow_received();
    }
    let order = keep(book, order);
    let unmatched = bill::match_return(book, &order, &back, &mut posting);
    book.supplier_returns.insert(id, known(order.id, &back, moved, unmatched));
    Ok((order, back, posting))
}

/// Returns a copy of a receipt of a purchase order, to change it.
fn find_receipt(book: &Book, order: &PurchaseOrder, id: StockDocumentId) -> Result<KnownReceipt, Refusal> {
    let known = book.purchase_receipts.get(&id).filter(|receipt| receipt.purchase_id == order.id);
    known.cloned().ok_or_else(|| {
        let detail = format!(
            "{} has no receipt with this id; see GET /v1/purchase-orders/{{id}}/receipts.",
            order.number
        );
        Problems::one("/receipt_id", Code::NotFound, detail)
    })
}

/// Rejects a replacement for an order that receives no more goods.
fn check_replace(order: &PurchaseOrder, command: &SendBack) -> Result<(), Refusal> {
    if command.replace && matches!(order.status, Closed | Cancelled) {
        let status: &str = order.status.into();
        let detail = format!("{} is {status}, so nothing more of it comes: leave replace out.", order.number);
        return Err(Problems::one("/replace", Code::InvalidStateTransition, detail));
    }
    Ok(())
}

fn check_line_count(command: &SendBack) -> Result<(), Refusal> {
    if command.lines.is_empty() || command.lines.len() > LINES_MAX {
        return Err(Refusal::invalid("/lines", format!("A return has 1 to {LINES_MAX} lines.")));
    }
    Ok(())
}

/// Returns the time of a return. Rejects a time before its receipt.
fn check_time(book: &Book, receipt: &KnownReceipt, command: &SendBack) -> Result<DateTime<Utc>, Refusal> {
    book.occurred_after(command.occurred_at, (receipt.number.as_str(), receipt.occurred_at))
}

/// Returns the location that the goods leave.
fn origin(book: &Book, receipt: &KnownReceipt, command: &SendBack) -> Result<LocationId, Refusal> {
    let location_id = command.location_id.unwrap_or(receipt.location_id);
    Ok(book.place(Some(location_id), "/location_id")?.id)
}

/// Checks the lines of a return.
struct Check<'a> {
    order: &'a PurchaseOrder,
    receipt: &'a KnownReceipt,
    rule: PickRule,
    /// The stock that leaves.
    demand: Demand,
    /// Units of each lot that the lines so far send back.
    sent: HashMap<(ProductId, LotId), Quantity>,
}

impl<'a> Check<'a> {
    fn of(
        order: &'a PurchaseOrder,
        receipt: &'a KnownReceipt,
        location_id: LocationId,
        occurred_at: DateTime<Utc>,
    ) -> Self {
        let left = Some(Departure { occurred_at, forced: false });
        let rule = PickRule { location_id, purpose: Purpose::WriteOff, left };
        Check { order, receipt, rule, demand: Demand::default(), sent: HashMap::new() }
    }

    /// Returns the lines to return. A rejection names every wrong line, and every line whose stock is short.
    fn lines(mut self, book: &Book, lines: &[SendBackLine]) -> Result<Vec<Leaving>, Refusal> {
        let mut problems = Problems::default();
        let mut named = HashSet::with_capacity(lines.len());
        let mut leaving = Vec::with_capacity(lines.len());
        for (index, line) in lines.iter().enumerate() {
            let pointer = format!("/lines/{index}");
            if !named.insert(line.line_no) {
                problems.invalid(format!("{pointer}/line_no"), "Name each line once.");
                continue;
            }
            match self.line(book, line, &pointer) {
                Ok(line) => leaving.push(line),
                Err(problem) => problems.push(problem),
            }
        }
        problems.check()?;
        lot::check_line_count(leaving.iter().map(|line| line.parts.len()).sum())?;
        book.check_available(&self.demand)?;
        Ok(leaving)
    }

    fn line(&mut self, book: &Book, line: &SendBackLine, pointer: &str) -> Result<Leaving, Problem> {
        let at = self.order.lines.iter().position(|ordered| ordered.line_no == line.line_no);
        let of = self.receipt.lines.iter().position(|known| known.received.line_no == line.line_no);
        let (Some(at), Some(of)) = (at, of) else {
            return Err(Problem {
                pointer: format!("{pointer}/line_no"),
                code: Code::NotFound,
                detail: format!("{} received nothing of this line: leave it out.", self.receipt.number),
                params: Vec::new(),
            });
        };
        let ordered = &self.order.lines[at];
        let uom = line.uom.as_deref().unwrap_or(&ordered.uom);
        let (product, unit) = book.find_stocked(&ItemRef::Id(ordered.product_id), Some(uom), pointer)?;
        let problem = |detail: String| invalid(product, format!("{pointer}/quantity"), detail);
        let quantity = product.in_stock_units(&unit, line.quantity).map_err(problem)?;
        if !quantity.is_positive() {
            return Err(problem(QUANTITY_ABOVE_ZERO.to_owned()));
        }
        let known = &self.receipt.lines[of];
        check_left(self.receipt, known, (product, quantity), pointer)?;
        let sources = sources(self.receipt, known, product.id);
        let parts = self.parts(book, (product, quantity), line, pointer)?;
        Ok(Leaving { at, of, product_id: product.id, quantity, parts, sources })
    }

    /// Returns the lots of a line. Rejects one that did not come with the receipt.
    fn parts(
        &mut self,
        book: &Book,
        (product, quantity): (&Product, Quantity),
        line: &SendBackLine,
        pointer: &str,
    ) -> Result<Vec<(LotId, Quantity)>, Problem> {
        if product.is_tracked() && line.lots.is_empty() {
            return Err(lot::unnamed(product, pointer));
        }
        let named = &line.lots;
        let request = LineRequest { product, quantity, named, covered: Quantity::ZERO, pointer };
        let shares = self.demand.allocate(book, &self.rule, &request)?;
        for share in &shares {
            let moved = self.receipt.came.iter().chain(&self.receipt.back);
            let of_lot = moved.filter(|line| (line.product_id, line.lot_id) == (product.id, share.lot_id));
            let sent = self.sent.entry((product.id, share.lot_id)).or_default();
            let here = of_lot.map(|line| line.quantity).sum::<Quantity>() - *sent;
            *sent += share.quantity;
            if share.quantity > here {
                let place = named.iter().position(|lot| lot.code == share.code).unwrap_or_default();
                let detail = format!(
                    "{} brought {here} of lot {} that did not go back: {} can't go back.",
                    self.receipt.number, share.code, share.quantity
                );
                return Err(invalid(product, format!("{pointer}/lots/{place}/quantity"), detail));
            }
        }
        if shares.is_empty() {
            return Ok(vec![(LotId::default(), quantity)]);
        }
        Ok(shares.into_iter().map(|share| (share.lot_id, share.quantity)).collect())
    }
}

/// Rejects more units of a line than the receipt received, less those that went back.
fn check_left(
    receipt: &KnownReceipt,
    known: &KnownReceiptLine,
    (product, quantity): (&Product, Quantity),
    pointer: &str,
) -> Result<(), Problem> {
    let received = known.received.quantity;
    let most = received - known.returned;
    if quantity <= most {
        return Ok(());
    }
    let (number, uom, line_no) = (&receipt.number, &product.stock_uom, known.received.line_no);
    let way = match most.is_positive() {
        true => format!("send at most {most} {uom} back"),
        false => "leave the line out".to_owned(),
    };
    Err(Problem {
        pointer: format!("{pointer}/quantity"),
        code: Code::ValidationFailed,
        detail: format!(
            "{number} received {received} {uom} of line {line_no}, and {} went back: {quantity} {uom} can't go back; {way}.",
            known.returned
        ),
        params: vec![
            ("sku", product.sku.clone()),
            ("received", received.to_string()),
            ("returned", known.returned.to_string()),
            ("requested", quantity.to_string()),
            ("most", most.to_string()),
        ],
    })
}

/// Returns the lines of the receipt's stock document that may have received a line of the order. Lines with the same
/// quantity and cost can't be told apart.
fn sources(receipt: &KnownReceipt, known: &KnownReceiptLine, product_id: ProductId) -> Vec<i32> {
    let came = receipt.came.iter().filter(|line| line.product_id == product_id);
    let (quantity, value) = (known.received.quantity, known.received.value);
    let same = came.filter(|line| (line.quantity, line.value) == (quantity, value));
    same.map(|line| line.line_no).collect()
}

/// Notes units of a received line that go back. Returns them with the part of the line's cost that the supplier credits. All
/// parts of a line add up to its cost.
fn credit(known: &mut KnownReceiptLine, quantity: Quantity, settings: &Settings) -> ReceivedLine {
    let ReceivedLine { line_no, quantity: whole, value } = known.received;
    known.returned += quantity;
    let credited = settings.share(value, known.returned, whole) - known.returned_value;
    let credited = credited.max(Money::ZERO);
    known.returned_value += credited;
    ReceivedLine { line_no, quantity, value: credited }
}

fn known(
    purchase_id: PurchaseOrderId,
    back: &SupplierReturn,
    moved: Vec<(MovedLine, Vec<LayerUse>)>,
    unmatched: Vec<Unmatched>,
) -> KnownReturn {
    KnownReturn {
        purchase_id,
        receipt_id: back.receipt_id,
        number: back.document.number.clone(),
        location_id: back.document.location_id,
        occurred_at: back.document.occurred_at,
        replaces: back.replaces,
        is_taken_back: false,
        lines: back.lines.clone(),
        moved,
        unmatched,
    }
}

impl Journey {
    /// Issues the lots of a line, each as a line of the stock document: out of the cost layer of its receipt while that is held.
    fn issue(
        &self,
        book: &mut Book,
        line: &Leaving,
        moved: &mut Vec<(MovedLine, Vec<LayerUse>)>,
        posting: &mut Posting,
    ) {
        let Journey { id, receipt_id, location_id, occurred_at } = *self;
        for (lot_id, quantity) in &line.parts {
            let line_no = moved.len() as i32 + 1;
            let key = LevelKey { location_id, product_id: line.product_id, lot_id: *lot_id };
            let issue = Issue { key, quantity: *quantity, line_no, occurred_at, forced: false };
            let cost = book.issue_back(&issue, |source| {
                source.document_id == receipt_id.0 && line.sources.contains(&source.line_no)
            });
            let (product_id, lot_id) = (key.product_id, key.lot_id);
            let left = MovedLine { line_no, product_id, lot_id, quantity: -*quantity, value: -cost };
            posting.movements.push(movement(book, (id, occurred_at), key, &left));
            moved.push((left, book.layer_uses_of(&issue)));
        }
    }
}

/// Returns the movement of a line of a return or of its reversal.
pub(super) fn movement(
    book: &mut Book,
    (id, occurred_at): (StockDocumentId, DateTime<Utc>),
    key: LevelKey,
    line: &MovedLine,
) -> Movement {
    Movement {
        id: MovementId(book.ids.next_id()),
        kind: MovementKind::SupplierReturn,
        key,
        quantity: line.quantity,
        value: line.value,
        unit_cost: stock::unit_cost(line.value, line.quantity),
        document_kind: DocumentKind::SupplierReturn,
        document_id: id.0,
        line_no: line.line_no,
        channel: None,
        reason: None,
        occurred_at,
    }
}

/// Posts a return or its reversal. `credited` is the amount that the supplier credits: below zero for a return, like
/// the value of the document. The difference is a price variance.
pub(super) fn post(book: &mut Book, document: &StockDocument, credited: Money, posting: &mut Posting) {
    let place = Dimensions { location_id: Some(document.location_id), ..Dimensions::default() };
    let mut entry = Lines::default();
    entry.debit(account::INVENTORY, document.value, place);
    entry.credit(account::RECEIVED_NOT_INVOICED, credited, place);
    let varied = book.setup.mapping.account_at(EntryPurpose::PriceVariance, document.location_id);
    entry.credit(varied, document.value - credited, place);
    let head = book.entry_head(DocumentKind::SupplierReturn, document.id.0, document.occurred_at);
    posting.entries.extend(entry.into_entry(head).expect("both sides are the same amount"));
}
