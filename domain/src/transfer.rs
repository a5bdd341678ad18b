//! Transfers: stock sent from one location and received at another. Nothing in transit is sellable.
//!
//! A dispatch moves stock to the in-transit location, at its cost. Each receipt moves a part on. What does
//! not arrive is written off with a reason code, so that nothing stays in transit for ever.
//!
//! Stock keeps its past: the cost layers that a dispatch took are the layers of the destination, each with its own
//! cost and the time of its first receipt, the oldest units first.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::allocation::{Demand, Departure, Part, PickRule, Purpose};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::expected_receipt;
use crate::id::{LocationId, LotId, MovementId, ProductId, TransferId};
use crate::ledger::{Dimensions, Lines, account};
use crate::line_item::{Goods, GoodsLine, check_part};
use crate::location::LocationKind;
use crate::needs::Needs;
use crate::negative_stock::Issue;
use crate::number::{Money, Quantity};
use crate::refusal::{Code, Faults, Problems, Refusal};
use crate::stock::{self, Carried, LayerUse, LevelKey, Movement, MovementKind, Source};
use crate::tenant::Settings;
use crate::text_enum;

mod cancel;

pub use cancel::Cancel;

/// The document of movements and journal entries.
const DOCUMENT: DocumentKind = DocumentKind::Transfer;

text_enum! {
    /// The status of a transfer.
    pub enum TransferStatus {
        /// Some stock is in transit.
        InTransit,
        /// All stock was received or written off.
        Received,
        /// It was cancelled: what was in transit came back to the origin.
        Cancelled,
    }
}

/// A transfer to dispatch.
#[derive(Debug, Clone)]
pub struct Dispatch {
    /// The id of the transfer, if the caller chose one.
    pub id: Option<TransferId>,
    /// The origin; the default location if absent.
    pub from_location_id: Option<LocationId>,
    /// The destination.
    pub to_location_id: LocationId,
    /// The day on which it should arrive. Promises at the destination use it.
    pub expected_on: Option<NaiveDate>,
    /// A remark.
    pub reference: Option<String>,
    /// The time of the dispatch; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Its lines, 1 to 2,000.
    pub lines: Vec<GoodsLine>,
    /// The units of each line's product at the origin, of all lots, that were available when the transfer was decided. If their sum
    /// is another one now, the transfer is rejected. Other stock, such as that of the destination, is not compared. Empty if any
    /// stock will do.
    pub seen: Vec<Quantity>,
}

/// A receipt of a transfer.
#[derive(Debug, Clone)]
pub struct Arrive {
    /// The transfer.
    pub transfer_id: TransferId,
    /// The lines received. If empty, all stock in transit is received.
    pub lines: Vec<ArrivedLine>,
    /// The reason code under which the rest is written off. If absent, the rest stays in transit.
    pub missing_reason: Option<String>,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// A line received.
#[derive(Debug, Clone, Copy)]
pub struct ArrivedLine {
    /// The number of the line in the transfer.
    pub line_no: i32,
    /// Stock units received; zero if nothing of the line arrived.
    pub quantity: Quantity,
}

/// A transfer.
#[derive(Debug, Clone)]
pub struct Transfer {
    /// Its id.
    pub id: TransferId,
    /// Its number.
    pub number: String,
    /// The origin.
    pub from_location_id: LocationId,
    /// The destination.
    pub to_location_id: LocationId,
    /// Its status.
    pub status: TransferStatus,
    /// The day on which it should arrive.
    pub expected_on: Option<NaiveDate>,
    /// A remark.
    pub reference: Option<String>,
    /// The time of the dispatch.
    pub occurred_at: DateTime<Utc>,
    /// The version. It grows with each change.
    pub version: i32,
    /// Its lines.
    pub lines: Vec<TransferLine>,
}

/// A line of a transfer.
#[derive(Debug, Clone)]
pub struct TransferLine {
    /// The number of the line, from 1.
    pub line_no: i32,
    /// The product.
    pub product_id: ProductId,
    /// The lot; nil if the product is not tracked.
    pub lot_id: LotId,
    /// Stock units dispatched.
    pub quantity: Quantity,
    /// Stock units received.
    pub received: Quantity,
    /// Stock units written off.
    pub missing: Quantity,
    /// Stock units that came back to the origin.
    pub returned: Quantity,
    /// Cost of the units dispatched.
    pub value: Money,
    /// Cost of the units in transit.
    pub open_value: Money,
    /// Parts of cost layers that the dispatch took, the oldest first; none if the origin had no layers.
    pub layer_uses: Vec<LayerUse>,
}

impl Transfer {
    /// Rejects a step of a transfer of which nothing is in transit.
    fn require_under_way(&self, done: &str) -> Result<(), Refusal> {
        if self.status == TransferStatus::InTransit {
            return Ok(());
        }
        Err(Refusal::status(&self.number, self.status.into(), done, &["in_transit"]))
    }
}

impl TransferLine {
    /// Makes the line of units that were dispatched.
    fn sent(part: &Part, line_no: i32, value: Money, layer_uses: Vec<LayerUse>) -> Self {
        TransferLine {
            line_no,
            product_id: part.product_id,
            lot_id: part.lot_id,
            quantity: part.quantity,
            received: Quantity::ZERO,
            missing: Quantity::ZERO,
            returned: Quantity::ZERO,
            value,
            open_value: value,
            layer_uses,
        }
    }

    fn key(&self, location_id: LocationId) -> LevelKey {
        LevelKey { location_id, product_id: self.product_id, lot_id: self.lot_id }
    }

    /// Returns the stock units in transit.
    pub fn open(&self) -> Quantity {
        self.quantity - self.received - self.missing - self.returned
    }

    /// Takes `quantity` off the units in transit. Returns them in parts with their cost, each with the line that first
    /// received it: a transfer changes neither the age nor the cost of a unit. If these lines are not known, all units
    /// come from `arrival`. The last unit takes the rest of the open value.
    fn take(&self, quantity: Quantity, arrival: &Source, settings: &Settings) -> Vec<Carried> {
        let done = self.quantity - self.open();
        let parts = self.slice_layers(done, quantity, settings);
        let open: Money = self.slice_layers(done, self.open(), settings).iter().map(|part| part.value).sum();
        if !parts.is_empty() && open == self.open_value {
            return parts;
        }
        let value = if quantity == self.open() {
            self.open_value
        } else {
            settings.share(self.open_value, quantity, self.open()).min(self.open_value)
        };
        vec![Carried { quantity, value, source: arrival.clone(), layer_id: None }]
    }

    /// Returns `step` units after `done` of them, by the cost layers that they came from. Returns nothing if the layers
    /// are not those of all units.
    fn slice_layers(&self, done: Quantity, step: Quantity, settings: &Settings) -> Vec<Carried> {
        let known: Quantity = self.layer_uses.iter().map(|layer| layer.quantity).sum();
        if known != self.quantity {
            return Vec::new();
        }
        let (mut passed, mut parts) = (Quantity::ZERO, Vec::new());
        for LayerUse { layer_id, quantity: whole, value, source } in &self.layer_uses {
            let (from, to) = (done.max(passed) - passed, (done + step).min(passed + *whole) - passed);
            passed += *whole;
            if to > from {
                let value = settings.slice(*value, from, to - from, *whole);
                let (source, layer_id) = (source.clone(), Some(*layer_id));
                parts.push(Carried { quantity: to - from, value, source, layer_id });
            }
        }
        parts
    }
}

impl Rule for Dispatch {
    fn name(&self) -> &'static str {
        "transfer.dispatched"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.lines.len()
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transfer_ids.extend(self.id);
        needs.location(self.from_location_id);
        needs.location_ids.insert(self.to_location_id);
        needs.transit = true;
        needs.numbered.insert(DocumentKind::Transfer);
        needs.add_issue(self.occurred_at, false);
        needs.goods(&self.lines);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        faults.take(check_id(book, self));
        if let Some(at) = faults.take(book.occurred_at(self.occurred_at)) {
            faults.take(check_expected_on(book, self, at));
        }
        let from = faults.take(book.place(self.from_location_id, "/from_location_id"));
        let to = faults.take(book.place(Some(self.to_location_id), "/to_location_id"));
        if let Some((from, to)) = from.zip(to) {
            faults.take(check_route(from.id, to.id));
        }
        book.note_unknown_lots(&self.lines, faults);
        book.note_faults_of_goods(&self.lines, faults);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        dispatch(book, self).map(|(transfer, posting)| (Outcome::Transfer(transfer), posting))
    }
}

/// Rejects an id that another transfer has.
fn check_id(book: &Book, command: &Dispatch) -> Result<(), Refusal> {
    if command.id.is_none_or(|id| !book.transfers.contains_key(&id)) {
        return Ok(());
    }
    Err(Problems::one("/id", Code::AlreadyExists, "Another transfer has this id."))
}

/// Rejects a day of arrival before the dispatch.
fn check_expected_on(book: &Book, command: &Dispatch, at: DateTime<Utc>) -> Result<(), Refusal> {
    if command.expected_on.is_none_or(|expected| expected >= book.setup.settings.day(at)) {
        return Ok(());
    }
    Err(Refusal::invalid("/expected_on", "The transfer can't arrive before the day of its dispatch."))
}

/// Rejects a transfer to where it starts.
fn check_route(from: LocationId, to: LocationId) -> Result<(), Refusal> {
    if from != to {
        return Ok(());
    }
    let detail = "The destination must differ from the origin: name another location.";
    Err(Refusal::invalid("/to_location_id", detail))
}

/// Dispatches a transfer. Rejects more than is available.
fn dispatch(book: &mut Book, command: &Dispatch) -> Result<(Transfer, Posting), Refusal> {
    check_id(book, command)?;
    let occurred_at = book.occurred_at(command.occurred_at)?;
    check_expected_on(book, command, occurred_at)?;
    let from = book.place(command.from_location_id, "/from_location_id")?.id;
    let to = book.place(Some(command.to_location_id), "/to_location_id")?.id;
    check_route(from, to)?;
    let transit = transit(book)?;
    let goods = book.goods(&command.lines)?;
    check_seen(book, from, &goods, &command.seen)?;
    let mut demand = Demand::default();
    let purpose = Purpose::Transfer { on: book.setup.settings.day(occurred_at) };
    let left = Some(Departure { occurred_at, forced: false });
    let rule = PickRule { location_id: from, purpose, left };
    let parts = book.allocate_goods(&mut demand, &rule, &goods, &command.lines)?;
    book.check_available(&demand)?;

    // Nothing rejects the command from here on.
    let mut transfer = Transfer {
        id: command.id.unwrap_or_else(|| TransferId(book.ids.next_id())),
        number: book.number(DocumentKind::Transfer),
        from_location_id: from,
        to_location_id: to,
        status: TransferStatus::InTransit,
        expected_on: command.expected_on,
        reference: command.reference.clone(),
        occurred_at,
        version: 1,
        lines: Vec::with_capacity(parts.len()),
    };
    let mut posting = Posting::default();
    let mut sent = Money::ZERO;
    for (part, line_no) in parts.into_iter().zip(1..) {
        let Part { product_id, lot_id, quantity } = part;
        let at = |location_id| LevelKey { location_id, product_id, lot_id };
        let issue = Issue { key: at(from), quantity, line_no, occurred_at, forced: false };
        let value = book.issue(&issue);
        let source = Source::new(DOCUMENT, transfer.id.0, line_no, occurred_at);
        book.receive(at(transit), quantity, value, &source);
        let step = Step { transfer: &transfer, line_no, occurred_at, reason: None };
        step.add_movement(book, (MovementKind::TransferOut, at(from)), (-quantity, -value), &mut posting);
        step.add_movement(book, (MovementKind::TransferIn, at(transit)), (quantity, value), &mut posting);
        sent += value;
        transfer.lines.push(TransferLine::sent(&part, line_no, value, book.layer_uses_of(&issue)));
    }
    let mut entry = Lines::default();
    entry.debit(account::IN_TRANSIT, sent, at(transit));
    entry.credit(account::INVENTORY, sent, at(from));
    post(book, &transfer, (entry, occurred_at), &mut posting);
    expected_receipt::note_transfer(book, &transfer);
    book.transfers.insert(transfer.id, transfer.clone());
    Ok((transfer, posting))
}
/// Rejects a transfer that was decided on other stock than there is now.
fn check_seen(book: &Book, from: LocationId, goods: &[Goods], seen: &[Quantity]) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for (index, (line, seen)) in goods.iter().zip(seen).enumerate() {
        let key = |lot_id| LevelKey { location_id: from, product_id: line.product_id, lot_id };
        let levels = book.levels().range(key(LotId(Uuid::nil()))..=key(LotId(Uuid::max())));
        let available: Quantity = levels.map(|(_, level)| level.available()).sum();
        if available != *seen {
            let detail = format!(
                "{seen} were available when this was suggested, and now {available} are: read the suggestions again."
            );
            problems.add(format!("/lines/{index}/fingerprint"), Code::InvalidStateTransition, detail);
        }
    }
    problems.check()
}

impl Rule for Arrive {
    fn name(&self) -> &'static str {
        "transfer.received"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transfer_ids.insert(self.transfer_id);
        needs.transit = true;
        needs.add_time(self.occurred_at);
        needs.reasons.extend(self.missing_reason.clone());
        needs.breaks |= self.missing_reason.is_some();
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let Some(transfer) = book.transfers.get(&self.transfer_id) else { return };
        faults.take(book.occurred_after(self.occurred_at, ("the dispatch", transfer.occurred_at)));
        faults.take(missing_account(book, self));
        faults.take(check_arrived(book, transfer, &self.lines));
        for (index, line) in self.lines.iter().enumerate() {
            if line.quantity.is_negative() {
                faults.invalid(format!("/lines/{index}/quantity"), "The quantity must not be negative.");
            }
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        arrive(book, self).map(|(transfer, posting)| (Outcome::Transfer(transfer), posting))
    }
}

/// Receives a transfer in whole or in part. Writes off the rest if a reason is named.
fn arrive(book: &mut Book, command: &Arrive) -> Result<(Transfer, Posting), Refusal> {
    let transfer = book.transfers.get(&command.transfer_id).ok_or_else(|| Refusal::not_found("transfer"))?;
    transfer.require_under_way("received")?;
    let occurred_at = book.occurred_after(command.occurred_at, ("the dispatch", transfer.occurred_at))?;
    let transit = transit(book)?;
    let against = missing_account(book, command)?;
    let arrived = check_arrived(book, transfer, &command.lines)?;

    // Nothing rejects the command from here on.
    let mut transfer = transfer.clone();
    let (mut came, mut lost) = (Money::ZERO, Money::ZERO);
    let mut posting = Posting::default();
    for (index, quantity) in arrived.into_iter().enumerate() {
        let mut line = transfer.lines[index].clone();
        let step = Step { transfer: &transfer, line_no: line.line_no, occurred_at, reason: None };
        if quantity.is_positive() {
            let route = (transit, transfer.to_location_id);
            came += step.carry(book, &mut line, route, quantity, &mut posting);
            line.received += quantity;
        }
        let missing = line.open();
        if against.is_some() && missing.is_positive() {
            let value = line.open_value;
            line.open_value = Money::ZERO;
            line.missing += missing;
            let key = line.key(transit);
            book.issue_from_transit(key, missing, value);
            let step = Step { reason: command.missing_reason.clone(), ..step };
            step.add_movement(book, (MovementKind::Adjustment, key), (-missing, -value), &mut posting);
            lost += value;
        }
        transfer.lines[index] = line;
    }
    if transfer.lines.iter().all(|line| line.open().is_zero()) {
        transfer.status = TransferStatus::Received;
    }
    transfer.version += 1;
    let mut entry = Lines::default();
    entry.debit(account::INVENTORY, came, at(transfer.to_location_id));
    if let Some(against) = against {
        entry.debit(against, lost, at(transfer.to_location_id));
    }
    entry.credit(account::IN_TRANSIT, came + lost, at(transit));
    post(book, &transfer, (entry, occurred_at), &mut posting);
    expected_receipt::note_transfer(book, &transfer);
    book.transfers.insert(transfer.id, transfer.clone());
    Ok((transfer, posting))
}

/// Returns the account against which a reason writes off what is missing. Rejects an unknown reason.
fn missing_account(book: &Book, command: &Arrive) -> Result<Option<String>, Refusal> {
    let Some(reason) = &command.missing_reason else { return Ok(None) };
    let account = book.setup.reasons.get(reason).cloned().ok_or_else(|| {
        let detail = format!("There is no reason code {reason}; see GET /v1/reason-codes.");
        Refusal::invalid("/missing_reason", detail)
    })?;
    Ok(Some(account))
}

/// Returns the stock units received of each line of the transfer.
fn check_arrived(book: &Book, transfer: &Transfer, named: &[ArrivedLine]) -> Result<Vec<Quantity>, Refusal> {
    if named.is_empty() {
        return Ok(transfer.lines.iter().map(TransferLine::open).collect());
    }
    let mut problems = Problems::default();
    let mut arrived = vec![None; transfer.lines.len()];
    for (index, named) in named.iter().enumerate() {
        let pointer = format!("/lines/{index}");
        let Some(at) = transfer.lines.iter().position(|line| line.line_no == named.line_no) else {
            problems.add(format!("{pointer}/line_no"), Code::NotFound, "The transfer has no such line.");
            continue;
        };
        let open = transfer.lines[at].open();
        if named.quantity.is_negative() || named.quantity > open {
            let detail = format!(
                "Line {} has {open} in transit: {} can't be received.",
                named.line_no, named.quantity
            );
            problems.invalid(format!("{pointer}/quantity"), detail);
        } else if arrived[at].is_some() {
            problems.invalid(format!("{pointer}/line_no"), "Name each line once.");
        } else if let Err(problem) =
            check_part(book, transfer.lines[at].product_id, (named.quantity, open), &pointer)
        {
            problems.push(problem);
        } else {
            arrived[at] = Some(named.quantity);
        }
    }
    problems.check()?;
    Ok(arrived.into_iter().map(Option::unwrap_or_default).collect())
}

fn transit(book: &Book) -> Result<LocationId, Refusal> {
    let location = book.setup.locations.iter().find(|location| location.kind == LocationKind::Transit);
    location.map(|location| location.id).ok_or_else(|| {
        Refusal::state("There is no location of kind transit: make one with POST /v1/locations.")
    })
}

fn at(location_id: LocationId) -> Dimensions {
    Dimensions { location_id: Some(location_id), ..Dimensions::default() }
}

/// A line of a transfer whose stock moves.
struct Step<'a> {
    transfer: &'a Transfer,
    line_no: i32,
    occurred_at: DateTime<Utc>,
    reason: Option<String>,
}

impl Step<'_> {
    /// Moves units of a line from transit to the destination, or back to the origin. Returns their cost.
    fn carry(
        &self,
        book: &mut Book,
        line: &mut TransferLine,
        (transit, to): (LocationId, LocationId),
        quantity: Quantity,
        posting: &mut Posting,
    ) -> Money {
        let setup = Arc::clone(&book.setup);
        let (from, to) = (line.key(transit), line.key(to));
        let source = Source::new(DOCUMENT, self.transfer.id.0, self.line_no, self.occurred_at);
        let mut parts = line.take(quantity, &source, &setup.settings);
        // At another location, the units are layers of their own.
        if to.location_id != self.transfer.from_location_id {
            parts.iter_mut().for_each(|part| part.layer_id = None);
        }
        let value: Money = parts.iter().map(|part| part.value).sum();
        line.open_value -= value;
        book.issue_from_transit(from, quantity, value);
        book.receive_carried(to, parts, &source);
        self.add_movement(book, (MovementKind::TransferOut, from), (-quantity, -value), posting);
        self.add_movement(book, (MovementKind::TransferIn, to), (quantity, value), posting);
        value
    }

    fn add_movement(
        &self,
        book: &mut Book,
        (kind, key): (MovementKind, LevelKey),
        (quantity, value): (Quantity, Money),
        posting: &mut Posting,
    ) {
        posting.movements.push(Movement {
            id: MovementId(book.ids.next_id()),
            kind,
            key,
            quantity,
            value,
            unit_cost: stock::unit_cost(value, quantity),
            document_kind: DOCUMENT,
            document_id: self.transfer.id.0,
            line_no: self.line_no,
            channel: None,
            reason: self.reason.clone(),
            occurred_at: self.occurred_at,
        });
    }
}

fn post(book: &mut Book, transfer: &Transfer, (entry, at): (Lines, DateTime<Utc>), posting: &mut Posting) {
    let head = book.entry_head(DOCUMENT, transfer.id.0, at);
    posting.entries.extend(entry.into_entry(head).expect("both sides are the same amount"));
}
