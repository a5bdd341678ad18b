//! What tills and channels keep for themselves: reservations that only some may draw on.
//!
//! A *till lease* is for the sales of one register: they take from it first, and nobody else can. A *channel floor* is
//! for one channel, until its release time: the other sees it as reserved. A sale of its own channel takes what is free
//! first and then from the floor, which is not filled up again. Both are holds that end by themselves; what moves or
//! corrects goods without selling them, such as a transfer, may draw on neither.
//!
//! Goods in lots are kept lot by lot, as by any other hold. A lease stays in its lots. A floor is a quantity: what its
//! channel takes of it in one lot is kept in another one as long as one is free.

use chrono::{DateTime, Utc};

use crate::book::{Book, Demand, Posting};
use crate::hold::{Held, Hold, HoldKind, PlaceHold};
use crate::id::{HoldId, LocationId, RegisterId};
use crate::lot;
use crate::number::Quantity;
use crate::promise::Free;
use crate::refusal::{Code, Problems, Refusal};
use crate::stock::{LevelKey, Reservation};
use crate::tenant::Channel;

/// Whom goods are kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// The sales of a till.
    Till(RegisterId),
    /// The sales and orders of a channel.
    Channel(Channel),
}

/// What is left of a line of a till lease or channel floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The lease or floor.
    pub hold_id: HoldId,
    /// Its line.
    pub line_no: i32,
    /// Whom it is for.
    pub holder: Holder,
    /// Stock units.
    pub left: Quantity,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What a channel took of its floor on a level.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawn {
    key: LevelKey,
    claim: Claim,
    taken: Quantity,
}

/// Who takes goods: a till, or an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taker {
    /// In which channel.
    pub channel: Channel,
    /// At which till.
    pub register_id: Option<RegisterId>,
}

impl Taker {
    /// A wholesale order.
    pub const ORDER: Taker = Taker { channel: Channel::Wholesale, register_id: None };

    /// A sale at a till.
    pub fn till(register_id: RegisterId) -> Self {
        Taker { channel: Channel::Retail, register_id: Some(register_id) }
    }

    fn may_use(self, holder: Holder) -> bool {
        match holder {
            Holder::Till(register_id) => self.register_id == Some(register_id),
            Holder::Channel(channel) => self.channel == channel,
        }
    }
}

impl Book {
    /// What is kept on a level for the taker.
    pub(crate) fn claimed_for(&self, key: &LevelKey, taker: Taker) -> Quantity {
        let claims = self.claims.get(key).into_iter().flatten();
        claims.filter(|claim| taker.may_use(claim.holder)).map(|claim| claim.left).sum()
    }

    /// What is kept on a level for the till of whoever asks.
    pub(crate) fn leased_to(&self, key: &LevelKey, demand: &Demand) -> Quantity {
        let till = demand.taker.and_then(|taker| taker.register_id);
        let is_its = |claim: &&Claim| till.is_some_and(|id| claim.holder == Holder::Till(id));
        self.claims.get(key).into_iter().flatten().filter(is_its).map(|claim| claim.left).sum()
    }
}

/// Makes `wanted` units of a level free that a taker is about to take: of its till's lease whatever there is, and of its
/// channel's floor what is not free otherwise; nothing of that where a count has seen that the goods are gone. That they are
/// there was checked before. Answers what it took of floors.
pub(crate) fn draw(
    book: &mut Book,
    (key, wanted): (LevelKey, Quantity),
    (taker, is_gone): (Taker, bool),
    posting: &mut Posting,
) -> Vec<Drawn> {
    let Some(claims) = book.claims.get(&key) else { return Vec::new() };
    let mut lease = wanted;
    let mut floor =
        if is_gone { Quantity::ZERO } else { (wanted - book.level(&key).available()).min(wanted) };
    let mut drawn = Vec::new();
    for claim in claims.iter().filter(|claim| matches!(claim.holder, Holder::Till(_))) {
        let taken = lease.min(claim.left);
        if taker.may_use(claim.holder) && taken.is_positive() {
            lease -= taken;
            floor -= taken;
            drawn.push((*claim, taken));
        }
    }
    for claim in claims.iter().filter(|claim| matches!(claim.holder, Holder::Channel(_))) {
        let taken = floor.min(claim.left);
        if taker.may_use(claim.holder) && taken.is_positive() {
            floor -= taken;
            drawn.push((*claim, taken));
        }
    }
    for (claim, taken) in &drawn {
        change(book, (key, -*taken), *claim, posting);
    }
    let of_floor = drawn.into_iter().filter(|(claim, _)| matches!(claim.holder, Holder::Channel(_)));
    of_floor.map(|(claim, taken)| Drawn { key, claim, taken }).collect()
}

/// Keeps what was taken of floors in one lot in others that are free and may be sold, those first that expire first: a
/// floor is a quantity, whatever lots it is of. To be asked once the goods are gone or reserved.
pub(crate) fn keep_elsewhere(book: &mut Book, drawn: &[Drawn], posting: &mut Posting) {
    let today = book.setup.settings.day(book.now);
    for Drawn { key, claim, taken } in drawn.iter().filter(|drawn| drawn.key.is_of_lot()) {
        let lots: Vec<Free> =
            lot::free_at(book, &key.head()).into_iter().filter(|free| free.lasts(today, 0)).collect();
        // What one lot lacks left in the name of another: so much of the others is not there.
        let mut wanted = (*taken).min(lots.iter().map(|free| free.quantity).sum());
        for free in lots {
            let quantity = wanted.min(free.quantity);
            if quantity.is_positive() {
                wanted -= quantity;
                change(book, (free.key, quantity), *claim, posting);
            }
        }
    }
}

/// Where goods are held and, of a till lease or channel floor, for whom.
pub(crate) fn holder(book: &Book, command: &PlaceHold) -> Result<(LocationId, Option<Holder>), Refusal> {
    let only = |pointer, kind| Err(Refusal::invalid(pointer, format!("Only a {kind} has one.")));
    if command.register_id.is_some() && command.kind != HoldKind::TillLease {
        return only("/register_id", "till lease");
    }
    if command.channel.is_some() && command.kind != HoldKind::ChannelFloor {
        return only("/channel", "channel floor");
    }
    if command.customer_id.is_some() && command.kind.is_claim() {
        return only("/customer_id", "hold or a quarantine");
    }
    match (command.kind, command.register_id, command.channel) {
        (HoldKind::TillLease, None, _) => Err(Refusal::invalid("/register_id", "Say which till leases.")),
        (HoldKind::ChannelFloor, _, None) => {
            Err(Refusal::invalid("/channel", "Say which channel it is kept for."))
        }
        (HoldKind::TillLease, Some(id), _) => {
            let register = book.setup.registers.get(&id).ok_or_else(|| {
                Problems::one("/register_id", Code::NotFound, "There is no register with this id.")
            })?;
            if command.location_id.is_some_and(|location_id| location_id != register.location_id) {
                let detail = "A till leases what it sells: leave the location out, or name the till's.";
                return Err(Refusal::invalid("/location_id", detail));
            }
            Ok((register.location_id, Some(Holder::Till(id))))
        }
        (HoldKind::ChannelFloor, _, Some(channel)) => {
            let place = book.place(command.location_id, "/location_id")?;
            if !place.channels.contains(&channel) {
                let detail = "The location does not serve this channel.";
                return Err(Refusal::invalid("/channel", detail));
            }
            Ok((place.id, Some(Holder::Channel(channel))))
        }
        _ => Ok((book.place(command.location_id, "/location_id")?.id, None)),
    }
}

/// What an open hold holds now: of a lease or floor, what is left of it, where it is.
pub(crate) fn held(book: &Book, hold: &Hold) -> Vec<Held> {
    if !hold.kind.is_claim() {
        return hold.placed();
    }
    let of_level = |(key, claims): (&LevelKey, &Vec<Claim>)| {
        let its = claims.iter().filter(|claim| claim.hold_id == hold.id);
        its.map(|claim| (*key, claim.line_no, claim.left)).collect::<Vec<_>>()
    };
    book.claims.iter().flat_map(of_level).collect()
}

/// Notes on the levels what a new lease or floor holds.
pub(crate) fn note(book: &mut Book, hold: &Hold) {
    let Some(holder) = hold.holder else { return };
    for (key, line_no, left) in hold.placed() {
        let claim = Claim { hold_id: hold.id, line_no, holder, left, expires_at: hold.expires_at };
        book.claims.entry(key).or_default().push(claim);
    }
}

/// Notes until when a lease or floor holds.
pub(crate) fn extend(book: &mut Book, hold: &Hold) {
    let of_hold = book.claims.values_mut().flatten().filter(|claim| claim.hold_id == hold.id);
    of_hold.for_each(|claim| claim.expires_at = hold.expires_at);
}

/// Takes an ended lease or floor off the levels.
pub(crate) fn forget(book: &mut Book, hold: &Hold) {
    book.claims.values_mut().for_each(|claims| claims.retain(|claim| claim.hold_id != hold.id));
}

/// Adds to what a lease or floor holds of a level, or takes off it.
fn change(book: &mut Book, (key, by): (LevelKey, Quantity), claim: Claim, posting: &mut Posting) {
    book.level_mut(key).reserved += by;
    let claims = book.claims.entry(key).or_default();
    let is_it = |other: &Claim| (other.hold_id, other.line_no) == (claim.hold_id, claim.line_no);
    let at = claims.iter().position(is_it).unwrap_or_else(|| {
        claims.push(Claim { left: Quantity::ZERO, ..claim });
        claims.len() - 1
    });
    claims[at].left += by;
    let left = claims[at].left;
    if let Some(hold) = book.holds.get_mut(&claim.hold_id) {
        hold.lines.iter_mut().filter(|line| line.line_no == claim.line_no).for_each(|line| line.left += by);
    }
    let kind = match claim.holder {
        Holder::Till(_) => HoldKind::TillLease,
        Holder::Channel(_) => HoldKind::ChannelFloor,
    };
    posting.reservations.push(Reservation {
        document_id: claim.hold_id.0,
        line_no: claim.line_no,
        kind: kind.reservation(),
        key,
        quantity: left,
        expires_at: claim.expires_at,
    });
}

#[cfg(test)]
mod tests;
