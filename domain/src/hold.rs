//! Holds: goods that are kept back for a while, for someone or for a reason.
//!
//! A hold lowers what is available as an order does. One that expires does so by itself: from that instant it counts
//! for nothing, whether or not anybody has swept it away. Till leases and channel allotments are holds that some may draw on
//! without naming them: see [`crate::allotment`].

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::allotment::{self, Owner};
use crate::book::{Book, Demand, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::id::{CustomerId, HoldId, LocationId, LotId, ProductId, RegisterId};
use crate::line_item::GoodsLine;
use crate::lot;
use crate::needs::Needs;
use crate::number::Quantity;
use crate::refusal::{Code, Problems, Refusal};
use crate::stock::{LevelKey, Reservation, ReservationKind};
use crate::tenant::Channel;

/// How far ahead a hold may expire.
const LENGTH_MAX: Duration = Duration::days(366);

/// Why goods are held back.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum HoldKind {
    /// For someone, until an instant.
    Hold,
    /// Until somebody has decided about them; it does not expire.
    Quarantine,
    /// For the sales of a till, until an instant: they take from it first, and nobody else can.
    TillAllotment,
    /// For a channel, until an instant: the other one can't take it.
    ChannelAllotment,
}

impl HoldKind {
    /// What its goods are reserved for.
    pub(crate) fn reservation(self) -> ReservationKind {
        match self {
            HoldKind::Hold => ReservationKind::Hold,
            HoldKind::Quarantine => ReservationKind::Quarantine,
            HoldKind::TillAllotment => ReservationKind::TillAllotment,
            HoldKind::ChannelAllotment => ReservationKind::ChannelAllotment,
        }
    }

    /// Whether some may take of it without naming it.
    pub(crate) fn is_allotment(self) -> bool {
        matches!(self, HoldKind::TillAllotment | HoldKind::ChannelAllotment)
    }
}

/// Where a hold stands. One that is open and has expired holds nothing.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum HoldStatus {
    /// It holds, until it expires.
    Open,
    /// It was given up.
    Released,
    /// A later hold with the same reference took its place.
    Replaced,
    /// An order or a sale took its goods.
    Used,
    /// Its time has passed.
    Expired,
}

/// Goods to hold back.
#[derive(Debug, Clone)]
pub struct PlaceHold {
    /// The caller's own id of the hold; ours where it has none.
    pub id: Option<HoldId>,
    /// Why.
    pub kind: HoldKind,
    /// The caller's name for it. An open hold of that name is replaced; they never add up.
    pub reference: Option<String>,
    /// Where; the default location where none is named.
    pub location_id: Option<LocationId>,
    /// For whom; for anybody who knows the hold where nobody is named.
    pub customer_id: Option<CustomerId>,
    /// The till of a lease.
    pub register_id: Option<RegisterId>,
    /// The channel of a floor.
    pub channel: Option<Channel>,
    /// A remark.
    pub note: Option<String>,
    /// Until when; required but for a quarantine, where it is not allowed.
    pub expires_at: Option<DateTime<Utc>>,
    /// What.
    pub lines: Vec<GoodsLine>,
}

/// Goods that are held back.
#[derive(Debug, Clone)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// Why.
    pub kind: HoldKind,
    /// The caller's name for it.
    pub reference: Option<String>,
    /// Where.
    pub location_id: LocationId,
    /// For whom.
    pub customer_id: Option<CustomerId>,
    /// Whose till or channel it is for: of a till allotment or channel allotment.
    pub owner: Option<Owner>,
    /// A remark.
    pub note: Option<String>,
    /// Where it stands, as it was last written: `Open` even where its time has passed since.
    pub status: HoldStatus,
    /// Until when.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// Grows with each change.
    pub version: i32,
    /// Whether its reservations were ended already by a transaction whose clock says that its time has passed. Known
    /// only on a [`Book`], whose levels are locked.
    pub is_swept: bool,
    /// Its lines.
    pub lines: Vec<HeldLine>,
}

/// A line of a hold.
#[derive(Debug, Clone, Copy)]
pub struct HeldLine {
    /// From 1.
    pub line_no: i32,
    /// What.
    pub product_id: ProductId,
    /// In which lot; nil where the product is not tracked.
    pub lot_id: LotId,
    /// Stock units.
    pub quantity: Quantity,
    /// Stock units that it still holds: fewer where a till or a channel took of them.
    pub left: Quantity,
}

impl HeldLine {
    /// The level that it holds at a location.
    pub fn key(&self, location_id: LocationId) -> LevelKey {
        LevelKey { location_id, product_id: self.product_id, lot_id: self.lot_id }
    }
}

/// What a line of a hold holds of a level.
pub(crate) type Held = (LevelKey, i32, Quantity);

impl Hold {
    /// Where it stands at `now`.
    pub fn status_at(&self, now: DateTime<Utc>) -> HoldStatus {
        match (self.status, self.expires_at) {
            (HoldStatus::Open, Some(end)) if end <= now || self.is_swept => HoldStatus::Expired,
            (status, _) => status,
        }
    }

    /// Where and how much it was placed to hold, line by line.
    pub(crate) fn placed(&self) -> Vec<Held> {
        self.lines.iter().map(|line| (line.key(self.location_id), line.line_no, line.quantity)).collect()
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

    fn decide(&self, book: &mut Book) -> Decision {
        place(book, self).map(|(hold, posting)| (Outcome::Hold(hold), posting))
    }
}

/// Holds goods back. A hold of the same reference makes way, and what it held is there for this one.
fn place(book: &mut Book, command: &PlaceHold) -> Result<(Hold, Posting), Refusal> {
    if command.id.is_some_and(|id| book.holds.contains_key(&id)) {
        return Err(Problems::one("/id", Code::AlreadyExists, "Another hold has this id."));
    }
    let (location_id, owner) = allotment::owner(book, command)?;
    if command.customer_id.is_some_and(|id| !book.customers.contains_key(&id)) {
        return Err(Problems::one("/customer_id", Code::NotFound, "There is no customer with this id."));
    }
    check_end(book, command.kind, command.expires_at)?;
    let goods = book.goods(&command.lines)?;
    let named = |hold: &&Hold| hold.status == HoldStatus::Open && hold.reference == command.reference;
    let old = command.reference.as_ref().and_then(|_| book.holds.values().find(named)).map(|hold| hold.id);
    let mut demand = Demand::default();
    if let Some(old) = old {
        demand.own(book, &book.holds[&old]);
    }
    let lines = lot::held_lines(book, (command, location_id), &goods, &mut demand)?;
    book.check_available(&demand)?;

    // Nothing can refuse it any more.
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

/// Puts goods that are free into quarantine, until somebody has decided about them.
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

/// Reserves what a new hold holds.
fn begin(book: &mut Book, hold: &Hold, posting: &mut Posting) {
    let held = hold.placed();
    for (key, _, quantity) in &held {
        book.level_mut(*key).reserved += *quantity;
    }
    posting.reservations.extend(hold.reservations(&held, true));
    allotment::note(book, hold);
    keep(book, hold.clone(), posting);
}
/// Change the end of a hold.
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

/// Moves the instant at which an open hold expires.
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
/// Release a hold.
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

/// Gives an open hold up.
fn release(book: &mut Book, id: HoldId) -> Result<(Hold, Posting), Refusal> {
    open(book, id, "released")?;
    let mut posting = Posting::default();
    end(book, id, HoldStatus::Released, &mut posting);
    Ok((book.holds[&id].clone(), posting))
}

/// The hold whose goods a document of `customer_id` takes.
pub(crate) fn usable(book: &Book, id: HoldId, customer_id: Option<CustomerId>) -> Result<&Hold, Refusal> {
    let pointer = "/hold_id";
    let Some(hold) = book.holds.get(&id) else {
        return Err(Problems::one(pointer, Code::NotFound, "There is no hold with this id."));
    };
    match hold.kind {
        HoldKind::Hold => {}
        HoldKind::Quarantine => {
            return Err(Refusal::invalid(pointer, "Goods in quarantine can't be sold: release them first."));
        }
        HoldKind::TillAllotment | HoldKind::ChannelAllotment => {
            let detail =
                "A till allotment or channel allotment is not named: who may take of it does so by itself.";
            return Err(Refusal::invalid(pointer, detail));
        }
    }
    if hold.customer_id.is_some() && hold.customer_id != customer_id {
        return Err(Refusal::invalid(pointer, "The hold is for another customer."));
    }
    open(book, id, "used")
}

/// Ends a hold whose goods a document takes.
pub(crate) fn use_up(book: &mut Book, id: HoldId, posting: &mut Posting) {
    end(book, id, HoldStatus::Used, posting);
}

fn open<'a>(book: &'a Book, id: HoldId, verb: &str) -> Result<&'a Hold, Refusal> {
    let hold = book.holds.get(&id).ok_or_else(|| Refusal::not_found("hold"))?;
    let status = hold.status_at(book.now);
    if status == HoldStatus::Open {
        return Ok(hold);
    }
    let status: &str = status.into();
    Err(Refusal::state(format!("The hold is {status}; it can't be {verb}.")))
}

fn check_end(book: &Book, kind: HoldKind, end: Option<DateTime<Utc>>) -> Result<(), Refusal> {
    let detail = match (kind, end) {
        (HoldKind::Quarantine, None) => return Ok(()),
        (HoldKind::Quarantine, Some(_)) => "A quarantine does not expire: leave expires_at out.",
        (_, None) => "Say when the hold expires.",
        (_, Some(end)) if end <= book.now => "A hold expires in the future.",
        (_, Some(end)) if end > book.now + LENGTH_MAX => "A hold expires within 366 days.",
        (_, Some(_)) => return Ok(()),
    };
    Err(Refusal::invalid("/expires_at", detail))
}

/// Ends an open hold. What has expired meanwhile holds nothing any more: the reservations of expired holds are swept
/// before anything is decided on a level.
fn end(book: &mut Book, id: HoldId, status: HoldStatus, posting: &mut Posting) {
    let hold = book.holds[&id].clone();
    if hold.status_at(book.now) == HoldStatus::Open {
        let held = allotment::held(book, &hold);
        for (key, _, quantity) in &held {
            book.level_mut(*key).reserved -= *quantity;
        }
        posting.reservations.extend(hold.reservations(&held, false));
        allotment::forget(book, &hold);
    }
    keep(book, Hold { status, version: hold.version + 1, ..hold }, posting);
}

fn keep(book: &mut Book, hold: Hold, posting: &mut Posting) {
    posting.holds.push(hold.clone());
    book.holds.insert(hold.id, hold);
}
