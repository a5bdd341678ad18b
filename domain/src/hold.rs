//! Holds: documents that reserve stock for someone, or for a reason, until they end.
//!
//! A hold lowers what is available, as an order does. From the time at which it expires it reserves nothing,
//! also if no batch has ended its reservations yet. Till and channel allotments are holds that some documents
//! use without naming them: see [`crate::allocation`].

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::allocation::{self, Demand, Owner, allotment};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::id::{CustomerId, HoldId, LocationId, LotId, ProductId, RegisterId};
use crate::line_item::GoodsLine;
use crate::needs::Needs;
use crate::number::Quantity;
use crate::refusal::{Code, Faults, Problems, Refusal};
use crate::stock::{LevelKey, Reservation, ReservationKind};
use crate::tenant::Channel;
use crate::text_enum;

/// The longest time until a hold expires.
const LENGTH_MAX: Duration = Duration::days(366);

text_enum! {
    /// The kind of a hold.
    pub enum HoldKind {
        /// For someone, until it expires.
        Hold,
        /// For stock that must not be sold until its state is decided. It does not expire.
        Quarantine,
        /// For the sales of one till, until it expires. They take from it first, and no other document can use
        /// it.
        TillAllotment,
        /// For one channel, until it expires. The other channel can't use it.
        ChannelAllotment,
    }
}

impl HoldKind {
    /// Returns the kind of its reservations.
    pub(crate) fn reservation(self) -> ReservationKind {
        match self {
            HoldKind::Hold => ReservationKind::Hold,
            HoldKind::Quarantine => ReservationKind::Quarantine,
            HoldKind::TillAllotment => ReservationKind::TillAllotment,
            HoldKind::ChannelAllotment => ReservationKind::ChannelAllotment,
        }
    }

    /// Returns whether some documents use it without naming it.
    pub(crate) fn is_allotment(self) -> bool {
        matches!(self, HoldKind::TillAllotment | HoldKind::ChannelAllotment)
    }
}

text_enum! {
    /// The status of a hold. An open hold that has expired reserves nothing.
    pub enum HoldStatus {
        /// It reserves stock until it expires.
        Open,
        /// It was released.
        Released,
        /// A later hold with the same reference replaced it.
        Replaced,
        /// An order or a sale used its stock.
        Used,
        /// It expired.
        Expired,
    }
}

/// A hold to place.
#[derive(Debug, Clone)]
pub struct PlaceHold {
    /// The id of the hold, if the caller chose one.
    pub id: Option<HoldId>,
    /// Its kind.
    pub kind: HoldKind,
    /// The caller's name for it. An open hold of the same name is replaced.
    pub reference: Option<String>,
    /// The location; the default one if absent.
    pub location_id: Option<LocationId>,
    /// The customer who may use it; anyone if absent.
    pub customer_id: Option<CustomerId>,
    /// The till of a till allotment.
    pub register_id: Option<RegisterId>,
    /// The channel of a channel allotment.
    pub channel: Option<Channel>,
    /// A remark.
    pub note: Option<String>,
    /// The time at which it expires. Required, but not allowed for a quarantine.
    pub expires_at: Option<DateTime<Utc>>,
    /// Its lines, 1 to 2,000.
    pub lines: Vec<GoodsLine>,
}

/// A hold.
#[derive(Debug, Clone)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// Its kind.
    pub kind: HoldKind,
    /// The caller's name for it.
    pub reference: Option<String>,
    /// The location.
    pub location_id: LocationId,
    /// The customer who may use it; anyone if absent.
    pub customer_id: Option<CustomerId>,
    /// The till or channel, if it is an allotment.
    pub owner: Option<Owner>,
    /// A remark.
    pub note: Option<String>,
    /// Its status as last written: still `Open` if it has expired since.
    pub status: HoldStatus,
    /// The time at which it expires, if it does.
    pub expires_at: Option<DateTime<Utc>>,
    /// The time at which it was placed.
    pub placed_at: DateTime<Utc>,
    /// The version. It grows with each change.
    pub version: i32,
    /// Whether a transaction with a later clock reading has already ended some of its reservations, because it
    /// had expired. Known only on a [`Book`], whose levels are locked.
    pub is_swept: bool,
    /// Its lines.
    pub lines: Vec<HeldLine>,
}

/// A line of a hold.
#[derive(Debug, Clone, Copy)]
pub struct HeldLine {
    /// The number of the line, from 1.
    pub line_no: i32,
    /// The product.
    pub product_id: ProductId,
    /// The lot; nil if the product is not tracked.
    pub lot_id: LotId,
    /// Stock units.
    pub quantity: Quantity,
    /// Stock units that it still reserves: fewer after a till or channel used some, none after it expired. In a
    /// [`Book`], it is the figure at the time when the levels were locked.
    pub left: Quantity,
}

impl HeldLine {
    /// Returns the level of the line at a location.
    pub fn key(&self, location_id: LocationId) -> LevelKey {
        LevelKey { location_id, product_id: self.product_id, lot_id: self.lot_id }
    }
}

/// A level, the number of a hold's line on it, and the units that it reserves.
pub(crate) type Held = (LevelKey, i32, Quantity);

impl Hold {
    /// Returns its status at `now`.
    pub fn status_at(&self, now: DateTime<Utc>) -> HoldStatus {
        match (self.status, self.expires_at) {
            (HoldStatus::Open, Some(end)) if end <= now || self.is_swept => HoldStatus::Expired,
            (status, _) => status,
        }
    }

    /// Returns what it was placed to reserve, line by line.
    pub(crate) fn placed(&self) -> Vec<Held> {
        self.lines.iter().map(|line| (line.key(self.location_id), line.line_no, line.quantity)).collect()
    }

    /// Returns what it still reserves, line by line. Not for an allotment, whose lines may have several lots.
    pub(crate) fn left(&self) -> Vec<Held> {
        let reserving = self.lines.iter().filter(|line| line.left.is_positive());
        reserving.map(|line| (line.key(self.location_id), line.line_no, line.left)).collect()
    }

    fn reservations(&self, held: &[Held], is_held: bool) -> impl Iterator<Item = Reservation> {
        held.iter().map(move |(key, line_no, quantity)| Reservation {
            document_id: self.id.0,
            line_no: *line_no,
            kind: self.kind.reservation(),
            key: *key,
            quantity: if is_held { *quantity } else { Quantity::ZERO },
            expires_at: self.expires_at,
        })
    }
}
impl Rule for PlaceHold {
    fn name(&self) -> &'static str {
        "hold.placed"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.lines.len()
    }

    fn needs(&self, needs: &mut Needs) {
        needs.hold_ids.extend(self.id);
        needs.hold_references.extend(self.reference.clone());
        needs.customer_ids.extend(self.customer_id);
        match self.register_id {
            Some(id) => _ = needs.leasing.insert(id),
            None => needs.location(self.location_id),
        }
        needs.goods(&self.lines);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        faults.take(check_id(book, self));
        faults.take(allotment::owner(book, self));
        if self.location_id.is_some() {
            faults.take(book.place(self.location_id, "/location_id"));
        }
        faults.take(check_customer(book, self));
        faults.take(check_end(book, self.kind, self.expires_at));
        book.note_unknown_lots(&self.lines, faults);
        book.note_faults_of_goods(&self.lines, faults);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        place(book, self).map(|(hold, posting)| (Outcome::Hold(hold), posting))
    }
}

/// Rejects an id that another hold has.
fn check_id(book: &Book, command: &PlaceHold) -> Result<(), Refusal> {
    if command.id.is_none_or(|id| !book.holds.contains_key(&id)) {
        return Ok(());
    }
    Err(Problems::one("/id", Code::AlreadyExists, "Another hold has this id."))
}

/// Rejects a customer who is not known.
fn check_customer(book: &Book, command: &PlaceHold) -> Result<(), Refusal> {
    if command.customer_id.is_none_or(|id| book.customers.contains_key(&id)) {
        return Ok(());
    }
    Err(Problems::one("/customer_id", Code::NotFound, "There is no customer with this id."))
}

/// Places a hold. It replaces the open hold of the same reference, whose units are available to it.
fn place(book: &mut Book, command: &PlaceHold) -> Result<(Hold, Posting), Refusal> {
    check_id(book, command)?;
    let (location_id, owner) = allotment::owner(book, command)?;
    check_customer(book, command)?;
    check_end(book, command.kind, command.expires_at)?;
    let goods = book.goods(&command.lines)?;
    let old = command.reference.as_deref().and_then(|reference| of_reference(book, reference));
    let old = old.map(|hold| hold.id);
    let mut demand = Demand::default();
    if let Some(old) = old {
        demand.own(book, &book.holds[&old]);
    }
    let lines = allocation::held_lines(book, command, location_id, &goods, &mut demand)?;
    book.check_available(&demand)?;

    // Nothing rejects the command from here on.
    let mut posting = Posting::default();
    if let Some(old) = old {
        end(book, old, HoldStatus::Replaced, &mut posting);
    }
    let hold = Hold {
        id: command.id.unwrap_or_else(|| HoldId(book.ids.next_id())),
        kind: command.kind,
        reference: command.reference.clone(),
        location_id,
        customer_id: command.customer_id,
        owner,
        note: command.note.clone(),
        status: HoldStatus::Open,
        expires_at: command.expires_at,
        placed_at: book.now,
        version: 1,
        is_swept: false,
        lines,
    };
    begin(book, &hold, &mut posting);
    Ok((hold, posting))
}

/// Returns the open hold of a reference, which a new hold of this reference replaces.
pub(crate) fn of_reference<'a>(book: &'a Book, reference: &str) -> Option<&'a Hold> {
    let is_it =
        |hold: &&Hold| hold.status == HoldStatus::Open && hold.reference.as_deref() == Some(reference);
    book.holds.values().find(is_it)
}

/// Puts available stock into quarantine.
pub(crate) fn quarantine(
    book: &mut Book,
    (key, quantity): (LevelKey, Quantity),
    note: String,
    posting: &mut Posting,
) -> Hold {
    let (product_id, lot_id) = (key.product_id, key.lot_id);
    let hold = Hold {
        id: HoldId(book.ids.next_id()),
        kind: HoldKind::Quarantine,
        reference: None,
        location_id: key.location_id,
        customer_id: None,
        owner: None,
        note: Some(note),
        status: HoldStatus::Open,
        expires_at: None,
        placed_at: book.now,
        is_swept: false,
        version: 1,
        lines: vec![HeldLine { line_no: 1, product_id, lot_id, quantity, left: quantity }],
    };
    begin(book, &hold, posting);
    hold
}

/// Reserves the stock of a new hold.
fn begin(book: &mut Book, hold: &Hold, posting: &mut Posting) {
    let held = hold.placed();
    for (key, _, quantity) in &held {
        book.level_mut(*key).reserve(*quantity);
    }
    posting.reservations.extend(hold.reservations(&held, true));
    allotment::note(book, hold);
    keep(book, hold.clone(), posting);
}
/// A new end for a hold.
#[derive(Debug, Clone, Copy)]
pub struct Extend {
    pub hold_id: HoldId,
    pub expires_at: DateTime<Utc>,
}

impl Rule for Extend {
    fn name(&self) -> &'static str {
        "hold.extended"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.hold_ids.insert(self.hold_id);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        extend(book, self.hold_id, self.expires_at).map(|(hold, posting)| (Outcome::Hold(hold), posting))
    }
}

/// Changes the time at which an open hold expires.
fn extend(book: &mut Book, id: HoldId, expires_at: DateTime<Utc>) -> Result<(Hold, Posting), Refusal> {
    let hold = open(book, id, "extended")?.clone();
    check_end(book, hold.kind, Some(expires_at))?;
    let hold = Hold { expires_at: Some(expires_at), version: hold.version + 1, ..hold };
    let held = allotment::held(book, &hold);
    let reservations = hold.reservations(&held, true).collect();
    let mut posting = Posting { reservations, ..Posting::default() };
    allotment::extend(book, &hold);
    keep(book, hold.clone(), &mut posting);
    Ok((hold, posting))
}
/// A hold to release.
#[derive(Debug, Clone, Copy)]
pub struct Release(pub HoldId);

impl Rule for Release {
    fn name(&self) -> &'static str {
        "hold.released"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.hold_ids.insert(self.0);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        release(book, self.0).map(|(hold, posting)| (Outcome::Hold(hold), posting))
    }
}

/// Releases an open hold.
fn release(book: &mut Book, id: HoldId) -> Result<(Hold, Posting), Refusal> {
    open(book, id, "released")?;
    let mut posting = Posting::default();
    end(book, id, HoldStatus::Released, &mut posting);
    Ok((book.holds[&id].clone(), posting))
}

/// Returns the hold that a document of `customer_id` uses. Rejects a quarantine, an allotment, a hold for
/// another customer, and one that is not open.
pub(crate) fn usable(book: &Book, id: HoldId, customer_id: Option<CustomerId>) -> Result<&Hold, Refusal> {
    let pointer = "/hold_id";
    let Some(hold) = book.holds.get(&id) else {
        return Err(Problems::one(pointer, Code::NotFound, "There is no hold with this id."));
    };
    match hold.kind {
        HoldKind::Hold => {}
        HoldKind::Quarantine => {
            return Err(Refusal::invalid(
                pointer,
                "Stock in quarantine can't be sold: release the hold first.",
            ));
        }
        HoldKind::TillAllotment | HoldKind::ChannelAllotment => {
            let detail =
                "A till or channel allotment can't be named: its till or channel uses it automatically.";
            return Err(Refusal::invalid(pointer, detail));
        }
    }
    if hold.customer_id.is_some() && hold.customer_id != customer_id {
        return Err(Refusal::invalid(pointer, "The hold is for another customer."));
    }
    open(book, id, "used")
}

/// Rejects a named time before the hold was placed: it held nothing then.
pub(crate) fn check_begun(book: &Book, hold: &Hold, named: Option<DateTime<Utc>>) -> Result<(), Refusal> {
    book.occurred_after(named, ("the hold", hold.placed_at)).map(|_| ())
}

/// Ends a hold whose stock a document uses.
pub(crate) fn use_up(book: &mut Book, id: HoldId, posting: &mut Posting) {
    end(book, id, HoldStatus::Used, posting);
}

fn open<'a>(book: &'a Book, id: HoldId, verb: &str) -> Result<&'a Hold, Refusal> {
    let hold = book.holds.get(&id).ok_or_else(|| Refusal::not_found("hold"))?;
    let status = hold.status_at(book.now);
    if status == HoldStatus::Open {
        return Ok(hold);
    }
    Err(Refusal::status("The hold", status.into(), verb, &["open"]))
}

fn check_end(book: &Book, kind: HoldKind, end: Option<DateTime<Utc>>) -> Result<(), Refusal> {
    let detail = match (kind, end) {
        (HoldKind::Quarantine, None) => return Ok(()),
        (HoldKind::Quarantine, Some(_)) => "A quarantine does not expire: leave expires_at out.",
        (_, None) => "A hold needs the time at which it expires.",
        (_, Some(end)) if end <= book.now => "A hold must expire in the future.",
        (_, Some(end)) if end > book.now + LENGTH_MAX => "A hold must expire within 366 days.",
        (_, Some(_)) => return Ok(()),
    };
    Err(Refusal::invalid("/expires_at", detail))
}

/// Ends a hold and the reservations that it still has. An expired hold has none, except where a transaction with
/// a later clock reading has ended those of some levels only.
fn end(book: &mut Book, id: HoldId, status: HoldStatus, posting: &mut Posting) {
    let hold = book.holds[&id].clone();
    let held = allotment::held(book, &hold);
    for (key, _, quantity) in &held {
        book.level_mut(*key).release(*quantity);
    }
    posting.reservations.extend(hold.reservations(&held, false));
    allotment::forget(book, &hold);
    keep(book, Hold { status, version: hold.version + 1, ..hold }, posting);
}

fn keep(book: &mut Book, hold: Hold, posting: &mut Posting) {
    posting.holds.push(hold.clone());
    book.holds.insert(hold.id, hold);
}
