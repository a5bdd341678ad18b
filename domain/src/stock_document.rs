//! Stock documents: receipts, openings and adjustments. Revaluations and returns to suppliers have rules of their own.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::allocation::{Demand, Departure, LineRequest, PickRule, Purpose};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::expected_receipt;
use crate::id::{ExpectedReceiptId, LocationId, LotId, MovementId, ProductId, StockDocumentId};
use crate::ledger::{Dimensions, Lines, account};
use crate::line_item::invalid;
use crate::line_item::{AMOUNT_MAX, LINES_MAX};
use crate::lot::{self, Arrival, Incoming, NamedLot, NamedLots};
use crate::needs::Needs;
use crate::negative_stock::{COUNT_REASON, Issue};
use crate::number::{Money, Price, Quantity};
use crate::product::{ItemRef, Product};
use crate::refusal::{Faults, Problem, Problems, QUANTITY_ABOVE_ZERO, Refusal};
use crate::stock::{self, LevelKey, Movement, MovementKind, Source};
use crate::text_enum;

text_enum! {
    /// The kind of a stock document.
    pub enum StockDocumentKind {
        /// Stock received from a supplier.
        Receipt,
        /// Stock that was on hand when the books began.
        Opening,
        /// A correction of a level, with a reason code.
        Adjustment,
        /// A new value for stock; no unit moves.
        Revaluation,
        /// Stock that went back to its supplier. Its units are positive if such a return is taken back.
        SupplierReturn,
    }
}

impl From<StockDocumentKind> for DocumentKind {
    fn from(kind: StockDocumentKind) -> Self {
        match kind {
            StockDocumentKind::Receipt => DocumentKind::Receipt,
            StockDocumentKind::Opening => DocumentKind::Opening,
            StockDocumentKind::Adjustment => DocumentKind::Adjustment,
            StockDocumentKind::Revaluation => DocumentKind::Revaluation,
            StockDocumentKind::SupplierReturn => DocumentKind::SupplierReturn,
        }
    }
}

impl StockDocumentKind {
    fn movement(self) -> MovementKind {
        match self {
            StockDocumentKind::Receipt => MovementKind::Receipt,
            StockDocumentKind::Opening => MovementKind::Opening,
            StockDocumentKind::Adjustment => MovementKind::Adjustment,
            StockDocumentKind::Revaluation => MovementKind::Revaluation,
            StockDocumentKind::SupplierReturn => MovementKind::SupplierReturn,
        }
    }
}

/// A receipt, an opening or an adjustment to post.
#[derive(Debug, Clone)]
pub struct Move {
    /// The id of the document, if the caller chose one.
    pub id: Option<StockDocumentId>,
    /// Its kind.
    pub kind: StockDocumentKind,
    /// The location; the default one if absent.
    pub location_id: Option<LocationId>,
    /// The reason code; required for an adjustment.
    pub reason: Option<String>,
    /// A remark, such as the number of the supplier's delivery note.
    pub reference: Option<String>,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Whether the stock has left already, so that a shortage does not reject it.
    pub forced: bool,
    /// The expected receipt that this receipt fulfils.
    pub expected_receipt_id: Option<ExpectedReceiptId>,
    /// Its lines, 1 to 2,000.
    pub lines: Vec<MoveLine>,
}

/// A line of a stock document.
#[derive(Debug, Clone)]
pub struct MoveLine {
    /// The product.
    pub item: ItemRef,
    /// The unit. If absent: the unit of the barcode, else the stock unit.
    pub uom: Option<String>,
    /// The quantity in that unit; below zero only in an adjustment.
    pub quantity: Quantity,
    /// The cost of one such unit. Required unless the document is an adjustment. An adjustment that adds
    /// stock without it uses the current cost.
    pub unit_cost: Option<Price>,
    /// The lots received or issued.
    pub lots: Vec<NamedLot>,
}

/// A posted stock document.
#[derive(Debug, Clone)]
pub struct StockDocument {
    /// Its id.
    pub id: StockDocumentId,
    /// Its number.
    pub number: String,
    /// Its kind.
    pub kind: StockDocumentKind,
    /// The location.
    pub location_id: LocationId,
    /// The reason code.
    pub reason: Option<String>,
    /// A remark.
    pub reference: Option<String>,
    /// The change of the stock's value.
    pub value: Money,
    /// The time at which it happened.
    pub occurred_at: DateTime<Utc>,
    /// The time at which it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Its lines.
    pub lines: Vec<MovedLine>,
}

/// A line of a posted stock document.
#[derive(Debug, Clone, Copy)]
pub struct MovedLine {
    /// The number of the line, from 1.
    pub line_no: i32,
    /// The product.
    pub product_id: ProductId,
    /// The lot; nil if the product is not tracked.
    pub lot_id: LotId,
    /// Stock units: positive in, negative out, zero in a revaluation.
    pub quantity: Quantity,
    /// The change of the stock's value.
    pub value: Money,
}

struct Checked {
    product_id: ProductId,
    quantity: Quantity,
    value: Option<Money>,
    lot: LotPart,
}

/// The lot of a checked line. A line in several lots was split into one line for each.
enum LotPart {
    /// A lot in stock, or nil if the product is not tracked.
    Known(LotId),
    /// A lot that is received.
    Arriving(Arrival),
}
impl Rule for Move {
    fn name(&self) -> &'static str {
        "stock.moved"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.lines.len()
    }

    fn needs(&self, needs: &mut Needs) {
        needs.location(self.location_id);
        needs.numbered.extend([DocumentKind::Receipt, DocumentKind::Opening, DocumentKind::Adjustment]);
        needs.reasons.extend(self.reason.clone());
        needs.expected_ids.extend(self.expected_receipt_id);
        needs.coming_in = true;
        needs.add_issue(self.occurred_at, self.forced);
        for line in &self.lines {
            needs.item(&line.item, line.uom.is_some());
            needs.lots(&line.lots);
            if self.kind == StockDocumentKind::Adjustment && line.quantity.is_positive() {
                needs.found(&line.lots);
            }
        }
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let at = faults.take(book.occurred_at(self.occurred_at));
        let place = faults.take(book.place(self.location_id, "/location_id"));
        if let Some((at, place)) = at.zip(place) {
            faults.take(check_expected(book, self, (place.id, at)));
        }
        faults.take(contra_account(book, self));
        faults.take(account_of_reason(book, self));
        faults.take(check_forced(self));
        if self.lines.len() > LINES_MAX {
            return;
        }
        let is_adjustment = self.kind == StockDocumentKind::Adjustment;
        for (index, line) in self.lines.iter().enumerate() {
            let pointer = format!("/lines/{index}");
            faults.keep(check_line(book, self.kind, line, &pointer));
            if line.quantity.is_zero() || (line.quantity.is_negative() && !is_adjustment) {
                faults.invalid(format!("{pointer}/quantity"), quantity_rule(self.kind));
            }
            if line.unit_cost.is_some_and(Price::is_negative) {
                faults.invalid(format!("{pointer}/unit_cost"), COST_NOT_NEGATIVE);
            }
            if line.unit_cost.is_none() && !is_adjustment {
                faults.invalid(format!("{pointer}/unit_cost"), "State the cost of one unit.");
            }
            if line.unit_cost.is_some() && line.quantity.is_negative() && is_adjustment {
                faults.invalid(format!("{pointer}/unit_cost"), CURRENT_COST);
            }
            if let Ok((product, _)) = book.find_stocked(&line.item, None, &pointer) {
                note_faults_of_lots(book, product, (self.kind, line), &pointer, faults);
            }
            lot::note_faults(&line.lots, &pointer, faults);
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        post(book, self).map(|(document, posting)| (Outcome::StockDocument(document), posting))
    }
}

/// Notes the faults of a line's lots that do not follow from its quantity.
fn note_faults_of_lots(
    book: &Book,
    product: &Product,
    (kind, line): (StockDocumentKind, &MoveLine),
    pointer: &str,
    faults: &mut Faults,
) {
    let is_adjustment = kind == StockDocumentKind::Adjustment;
    let is_received = !is_adjustment || line.quantity.is_positive();
    if is_adjustment && line.quantity.is_negative() {
        lot::note_unknown(book, product, &line.lots, pointer, faults);
    } else if is_received && product.is_tracked() && line.lots.is_empty() {
        faults.note(lot::unnamed(product, pointer));
    }
}

/// Posts a stock document. Rejects an issue of more than is available, unless it is forced.
pub(crate) fn post(book: &mut Book, command: &Move) -> Result<(StockDocument, Posting), Refusal> {
    let occurred_at = book.occurred_at(command.occurred_at)?;
    let location_id = book.place(command.location_id, "/location_id")?.id;
    check_expected(book, command, (location_id, occurred_at))?;
    let against = contra_account(book, command)?;
    check_forced(command)?;
    if command.lines.is_empty() || command.lines.len() > LINES_MAX {
        return Err(Refusal::invalid("/lines", format!("A document has 1 to {LINES_MAX} lines.")));
    }
    let mut problems = Problems::default();
    let mut checked = Vec::with_capacity(command.lines.len());
    let mut lots = LotCheck::new(command, location_id, occurred_at);
    for (index, line) in command.lines.iter().enumerate() {
        let pointer = format!("/lines/{index}");
        let parts = check_line(book, command.kind, line, &pointer)
            .and_then(|goods| lots.divide(book, line, goods, &pointer));
        match parts {
            Ok(parts) => checked.extend(parts),
            Err(problem) => problems.push(problem),
        }
    }
    problems.check()?;
    lot::check_line_count(checked.len())?;
    book.check_available(&lots.demand)?;

    // Nothing rejects the command from here on.
    let id = command.id.unwrap_or_else(|| StockDocumentId(book.ids.next_id()));
    let number = book.number(command.kind.into());
    let mut posting = Posting::default();
    let mut lines = Vec::with_capacity(checked.len());
    for (index, line) in checked.into_iter().enumerate() {
        let line_no = index as i32 + 1;
        let lot_id = match &line.lot {
            LotPart::Known(lot_id) => *lot_id,
            LotPart::Arriving(arrival) => {
                lot::enter(book, line.product_id, arrival, occurred_at, &mut posting)
            }
        };
        let key = LevelKey { location_id, product_id: line.product_id, lot_id };
        let movement = move_goods(book, command, Moving { id, line_no, key, line, occurred_at });
        let (product_id, quantity, value) = (key.product_id, movement.quantity, movement.value);
        lines.push(MovedLine { line_no, product_id, lot_id, quantity, value });
        posting.movements.push(movement);
    }
    let document = StockDocument {
        id,
        number,
        kind: command.kind,
        location_id,
        reason: command.reason.clone(),
        reference: command.reference.clone(),
        value: lines.iter().map(|line| line.value).sum(),
        occurred_at,
        recorded_at: book.now,
        lines,
    };
    post_value(book, &document, against, &mut posting);
    if let Some(id) = command.expected_receipt_id {
        let goods: Vec<_> = document.lines.iter().map(|line| (line.product_id, line.quantity)).collect();
        expected_receipt::arrive(book, id, &goods, &mut posting);
    }
    Ok((document, posting))
}

/// The rule that a stated cost breaks.
const COST_NOT_NEGATIVE: &str = "The cost must not be negative.";

/// The rule that an issue with a stated cost breaks.
const CURRENT_COST: &str = "An issue has the current cost: leave unit_cost out.";

/// Rejects an expected receipt that the document can't fulfil.
fn check_expected(book: &Book, command: &Move, at: (LocationId, DateTime<Utc>)) -> Result<(), Refusal> {
    let Some(id) = command.expected_receipt_id else { return Ok(()) };
    if command.kind != StockDocumentKind::Receipt {
        let detail = "Only a receipt can name an expected receipt.";
        return Err(Refusal::invalid("/expected_receipt_id", detail));
    }
    expected_receipt::check_arrival(book, id, at)
}

/// Rejects `forced` unless every line is an issue of an adjustment, and the time is named.
fn check_forced(command: &Move) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    if command.forced && command.kind != StockDocumentKind::Adjustment {
        problems.invalid("/forced", "Only an adjustment can be forced: name kind adjustment.");
    }
    if command.forced && command.occurred_at.is_none() {
        problems.invalid("/occurred_at", "A forced adjustment needs the time at which the stock left.");
    }
    let came = command.lines.iter().enumerate().filter(|(_, line)| line.quantity.is_positive());
    for (index, _) in came.filter(|_| command.forced && command.kind == StockDocumentKind::Adjustment) {
        let detail = "Only an issue can be forced: send stock that came in as a document of its own.";
        problems.invalid(format!("/lines/{index}/quantity"), detail);
    }
    problems.check()
}

/// Returns the account on the other side of the entry.
fn contra_account(book: &Book, command: &Move) -> Result<String, Refusal> {
    let of_reason = account_of_reason(book, command);
    match command.kind {
        StockDocumentKind::Receipt => of_reason.map(|_| account::RECEIVED_NOT_INVOICED.to_owned()),
        StockDocumentKind::Opening => of_reason.map(|_| account::OPENING_BALANCES.to_owned()),
        StockDocumentKind::Revaluation => {
            Err(Refusal::invalid("/kind", "Send a revaluation to POST /v1/stock/revaluations."))
        }
        StockDocumentKind::SupplierReturn => {
            let detail = "Send a return to POST /v1/purchase-orders/{id}/return, with the receipt that brought the goods.";
            Err(Refusal::invalid("/kind", detail))
        }
        StockDocumentKind::Adjustment => of_reason?.ok_or_else(|| {
            Refusal::invalid("/reason", "An adjustment needs a reason code; see GET /v1/reason-codes.")
        }),
    }
}

/// Returns the account of the reason, if one is named. A reason is one that exists, for any kind.
fn account_of_reason(book: &Book, command: &Move) -> Result<Option<String>, Refusal> {
    let Some(reason) = command.reason.as_deref() else { return Ok(None) };
    if reason == COUNT_REASON {
        return Err(Refusal::invalid("/reason", "Counts are posted by a count sheet; see POST /v1/counts."));
    }
    let unknown = || format!("There is no reason code {reason}; see GET /v1/reason-codes.");
    let account = book.setup.reasons.get(reason);
    Ok(Some(account.cloned().ok_or_else(|| Refusal::invalid("/reason", unknown()))?))
}

/// Returns what a quantity must be. Only an adjustment takes units away as well.
fn quantity_rule(kind: StockDocumentKind) -> &'static str {
    match kind {
        StockDocumentKind::Adjustment => "The quantity of an adjustment must not be zero.",
        StockDocumentKind::Receipt
        | StockDocumentKind::Opening
        | StockDocumentKind::Revaluation
        | StockDocumentKind::SupplierReturn => QUANTITY_ABOVE_ZERO,
    }
}

fn check_line(
    book: &Book,
    kind: StockDocumentKind,
    line: &MoveLine,
    pointer: &str,
) -> Result<Checked, Problem> {
    let (product, unit) = book.find_stocked(&line.item, line.uom.as_deref(), pointer)?;
    let problem = |field: &str, detail: String| invalid(product, format!("{pointer}/{field}"), detail);
    let quantity =
        product.in_stock_units(&unit, line.quantity).map_err(|detail| problem("quantity", detail))?;
    if quantity.is_zero() || (quantity.is_negative() && kind != StockDocumentKind::Adjustment) {
        return Err(problem("quantity", quantity_rule(kind).to_owned()));
    }
    let worth = line.unit_cost.unwrap_or_default().times(line.quantity);
    if quantity.abs().get() > AMOUNT_MAX || worth.abs() > AMOUNT_MAX {
        let detail =
            format!("A line may have at most {AMOUNT_MAX} stock units, and a value of at most {AMOUNT_MAX}.");
        return Err(problem("quantity", detail));
    }
    let value = match line.unit_cost {
        Some(cost) if cost.is_negative() => {
            return Err(problem("unit_cost", COST_NOT_NEGATIVE.to_owned()));
        }
        Some(_) if quantity.is_negative() => {
            return Err(problem("unit_cost", CURRENT_COST.to_owned()));
        }
        Some(cost) => Some(book.setup.settings.money(cost.times(line.quantity))),
        None if kind != StockDocumentKind::Adjustment => {
            return Err(problem(
                "unit_cost",
                format!("State the cost of one {} of {}.", unit.uom, product.sku),
            ));
        }
        None => None,
    };
    Ok(Checked { product_id: product.id, quantity, value, lot: LotPart::Known(LotId::default()) })
}

/// Checks the lots of a document's lines.
struct LotCheck {
    location_id: LocationId,
    /// The issue of the lines that issue stock.
    left: Departure,
    incoming: Incoming,
    /// The stock to issue.
    demand: Demand,
}

impl LotCheck {
    fn new(command: &Move, location_id: LocationId, occurred_at: DateTime<Utc>) -> Self {
        let incoming = match command.kind {
            // It may find a unit that was lost.
            StockDocumentKind::Adjustment => Incoming::returning(),
            StockDocumentKind::Receipt
            | StockDocumentKind::Opening
            | StockDocumentKind::Revaluation
            | StockDocumentKind::SupplierReturn => Incoming::default(),
        };
        let left = Departure { occurred_at, forced: command.forced };
        LotCheck { location_id, left, incoming, demand: Demand::default() }
    }

    /// Splits a checked line by lot. The parts of its value add up to the whole.
    fn divide(
        &mut self,
        book: &Book,
        line: &MoveLine,
        goods: Checked,
        pointer: &str,
    ) -> Result<Vec<Checked>, Problem> {
        let product = &book.products[&goods.product_id];
        let parts: Vec<(Quantity, LotPart)> = if goods.quantity.is_negative() {
            let (location_id, left) = (self.location_id, Some(self.left));
            let rule = PickRule { location_id, purpose: Purpose::WriteOff, left };
            let covered = Quantity::ZERO;
            let request =
                LineRequest { product, quantity: -goods.quantity, named: &line.lots, covered, pointer };
            let shares = self.demand.allocate(book, &rule, &request)?;
            shares.into_iter().map(|share| (-share.quantity, LotPart::Known(share.lot_id))).collect()
        } else {
            let named = NamedLots { product, quantity: goods.quantity, named: &line.lots, pointer };
            let arrivals = self.incoming.add(book, &named)?;
            arrivals.into_iter().map(|arrival| (arrival.quantity, LotPart::Arriving(arrival))).collect()
        };
        if parts.is_empty() {
            return Ok(vec![goods]);
        }
        let mut done = Quantity::ZERO;
        let mut divided = Vec::with_capacity(parts.len());
        for (quantity, lot) in parts {
            let slice = |value| book.setup.settings.slice(value, done, quantity, goods.quantity);
            divided.push(Checked { quantity, value: goods.value.map(slice), lot, ..goods });
            done += quantity;
        }
        Ok(divided)
    }
}

/// A line that moves, with its document and its level.
struct Moving {
    id: StockDocumentId,
    line_no: i32,
    key: LevelKey,
    line: Checked,
    occurred_at: DateTime<Utc>,
}

fn move_goods(book: &mut Book, command: &Move, moving: Moving) -> Movement {
    let Moving { id, line_no, key, line, occurred_at } = moving;
    let value = if line.quantity.is_negative() {
        let (quantity, forced) = (-line.quantity, command.forced);
        -book.issue(&Issue { key, quantity, line_no, occurred_at, forced })
    } else {
        let value = line.value.unwrap_or_else(|| book.cost_at(&key, line.quantity, occurred_at));
        let source = Source::new(command.kind.into(), id.0, line_no, occurred_at);
        book.receive(key, line.quantity, value, &source);
        value
    };
    Movement {
        id: MovementId(book.ids.next_id()),
        kind: command.kind.movement(),
        key,
        quantity: line.quantity,
        value,
        unit_cost: stock::unit_cost(value, line.quantity),
        document_kind: command.kind.into(),
        document_id: id.0,
        line_no,
        channel: None,
        reason: command.reason.clone(),
        occurred_at,
    }
}

/// Posts the change of value of a stock document against an account.
pub(crate) fn post_value(book: &mut Book, document: &StockDocument, against: String, posting: &mut Posting) {
    let mut entry = Lines::default();
    let place = Dimensions { location_id: Some(document.location_id), ..Dimensions::default() };
    entry.debit(account::INVENTORY, document.value, place);
    entry.credit(against, document.value, place);
    let head = book.entry_head(document.kind.into(), document.id.0, document.occurred_at);
    posting.entries.extend(entry.into_entry(head).expect("both sides are the same amount"));
}
