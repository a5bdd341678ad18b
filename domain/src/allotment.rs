//! What tills and channels keep for themselves: reservations that only some may draw on.
//!
//! A *till allotment* is for the sales of one register: they take from it first, and nobody else can. A *channel allotment* is
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
pub enum Owner {
    /// The sales of a till.
    Till(RegisterId),
    /// The sales and orders of a channel.
    Channel(Channel),
}

/// What is left of a line of a till allotment or channel allotment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allotment {
    /// The lease or floor.
    pub hold_id: HoldId,
    /// Its line.
    pub line_no: i32,
    /// Whom it is for.
    pub owner: Owner,
    /// Stock units.
    pub left: Quantity,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What a channel took of its floor on a level.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Consumed {
    key: LevelKey,
    allotment: Allotment,
    taken: Quantity,
}

/// Who takes goods: a till, or an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requester {
    /// In which channel.
    pub channel: Channel,
    /// At which till.
    pub register_id: Option<RegisterId>,
}

impl Requester {
    /// A wholesale order.
    pub const ORDER: Requester = Requester { channel: Channel::Wholesale, register_id: None };

    /// A sale at a till.
    pub fn till(register_id: RegisterId) -> Self {
        Requester { channel: Channel::Retail, register_id: Some(register_id) }
    }

    fn may_use(self, owner: Owner) -> bool {
        match owner {
            Owner::Till(register_id) => self.register_id == Some(register_id),
            Owner::Channel(channel) => self.channel == channel,
        }
    }
}

impl Book {
    /// What is kept on a level for the requester.
    pub(crate) fn allotted_to(&self, key: &LevelKey, requester: Requester) -> Quantity {
        let allotments = self.allotments.get(key).into_iter().flatten();
        allotments
            .filter(|allotment| requester.may_use(allotment.owner))
            .map(|allotment| allotment.left)
            .sum()
    }

    /// What is kept on a level for the till of whoever asks.
    pub(crate) fn allotted_to_till(&self, key: &LevelKey, demand: &Demand) -> Quantity {
        let till = demand.requester.and_then(|requester| requester.register_id);
        let is_its = |allotment: &&Allotment| till.is_some_and(|id| allotment.owner == Owner::Till(id));
        self.allotments.get(key).into_iter().flatten().filter(is_its).map(|allotment| allotment.left).sum()
    }
}

/// Makes `wanted` units of a level free that a requester is about to take: of its till's lease whatever there is, and of its
/// channel's floor what is not free otherwise; nothing of that where a count has seen that the goods are gone. That they are
/// there was checked before. Answers what it took of floors.
pub(crate) fn consume(
    book: &mut Book,
    (key, wanted): (LevelKey, Quantity),
    (requester, is_gone): (Requester, bool),
    posting: &mut Posting,
) -> Vec<Consumed> {
    let Some(allotments) = book.allotments.get(&key) else { return Vec::new() };
    let mut lease = wanted;
    let mut floor =
        if is_gone { Quantity::ZERO } else { (wanted - book.level(&key).available()).min(wanted) };
    let mut consumed = Vec::new();
    for allotment in allotments.iter().filter(|allotment| matches!(allotment.owner, Owner::Till(_))) {
        let taken = lease.min(allotment.left);
        if requester.may_use(allotment.owner) && taken.is_positive() {
            lease -= taken;
            floor -= taken;
            consumed.push((*allotment, taken));
        }
    }
    for allotment in allotments.iter().filter(|allotment| matches!(allotment.owner, Owner::Channel(_))) {
        let taken = floor.min(allotment.left);
        if requester.may_use(allotment.owner) && taken.is_positive() {
            floor -= taken;
            consumed.push((*allotment, taken));
        }
    }
    for (allotment, taken) in &consumed {
        change(book, (key, -*taken), *allotment, posting);
    }
    let of_floor = consumed.into_iter().filter(|(allotment, _)| matches!(allotment.owner, Owner::Channel(_)));
    of_floor.map(|(allotment, taken)| Consumed { key, allotment, taken }).collect()
}

/// Keeps what was taken of floors in one lot in others that are free and may be sold, those first that expire first: a
/// floor is a quantity, whatever lots it is of. To be asked once the goods are gone or reserved.
pub(crate) fn rebalance(book: &mut Book, consumed: &[Consumed], posting: &mut Posting) {
    let today = book.setup.settings.day(book.now);
    for Consumed { key, allotment, taken } in consumed.iter().filter(|consumed| consumed.key.is_of_lot()) {
        let lots: Vec<Free> =
            lot::free_at(book, &key.without_lot()).into_iter().filter(|free| free.lasts(today, 0)).collect();
        // What one lot lacks left in the name of another: so much of the others is not there.
        let mut wanted = (*taken).min(lots.iter().map(|free| free.quantity).sum());
        for free in lots {
            let quantity = wanted.min(free.quantity);
            if quantity.is_positive() {
                wanted -= quantity;
                change(book, (free.key, quantity), *allotment, posting);
            }
        }
    }
}

/// Where goods are held and, of a till allotment or channel allotment, for whom.
pub(crate) fn owner(book: &Book, command: &PlaceHold) -> Result<(LocationId, Option<Owner>), Refusal> {
    let only = |pointer, kind| Err(Refusal::invalid(pointer, format!("Only a {kind} has one.")));
    if command.register_id.is_some() && command.kind != HoldKind::TillAllotment {
        return only("/register_id", "till allotment");
    }
    if command.channel.is_some() && command.kind != HoldKind::ChannelAllotment {
        return only("/channel", "channel allotment");
    }
    if command.customer_id.is_some() && command.kind.is_allotment() {
        return only("/customer_id", "hold or a quarantine");
    }
    match (command.kind, command.register_id, command.channel) {
        (HoldKind::TillAllotment, None, _) => {
            Err(Refusal::invalid("/register_id", "Say which till allotments."))
        }
        (HoldKind::ChannelAllotment, _, None) => {
            Err(Refusal::invalid("/channel", "Say which channel it is kept for."))
        }
        (HoldKind::TillAllotment, Some(id), _) => {
            let register = book.setup.registers.get(&id).ok_or_else(|| {
                Problems::one("/register_id", Code::NotFound, "There is no register with this id.")
            })?;
            if command.location_id.is_some_and(|location_id| location_id != register.location_id) {
                let detail = "A till allotments what it sells: leave the location out, or name the till's.";
                return Err(Refusal::invalid("/location_id", detail));
            }
            Ok((register.location_id, Some(Owner::Till(id))))
        }
        (HoldKind::ChannelAllotment, _, Some(channel)) => {
            let place = book.place(command.location_id, "/location_id")?;
            if !place.channels.contains(&channel) {
                let detail = "The location does not serve this channel.";
                return Err(Refusal::invalid("/channel", detail));
            }
            Ok((place.id, Some(Owner::Channel(channel))))
        }
        _ => Ok((book.place(command.location_id, "/location_id")?.id, None)),
    }
}

/// What an open hold holds now: of a lease or floor, what is left of it, where it is.
pub(crate) fn held(book: &Book, hold: &Hold) -> Vec<Held> {
    if !hold.kind.is_allotment() {
        return hold.placed();
    }
    let of_level = |(key, allotments): (&LevelKey, &Vec<Allotment>)| {
        let its = allotments.iter().filter(|allotment| allotment.hold_id == hold.id);
        its.map(|allotment| (*key, allotment.line_no, allotment.left)).collect::<Vec<_>>()
    };
    book.allotments.iter().flat_map(of_level).collect()
}

/// Notes on the levels what a new lease or floor holds.
pub(crate) fn note(book: &mut Book, hold: &Hold) {
    let Some(owner) = hold.owner else { return };
    for (key, line_no, left) in hold.placed() {
        let allotment = Allotment { hold_id: hold.id, line_no, owner, left, expires_at: hold.expires_at };
        book.allotments.entry(key).or_default().push(allotment);
    }
}

/// Notes until when a lease or floor holds.
pub(crate) fn extend(book: &mut Book, hold: &Hold) {
    let of_hold = book.allotments.values_mut().flatten().filter(|allotment| allotment.hold_id == hold.id);
    of_hold.for_each(|allotment| allotment.expires_at = hold.expires_at);
}

/// Takes an ended lease or floor off the levels.
pub(crate) fn forget(book: &mut Book, hold: &Hold) {
    book.allotments
        .values_mut()
        .for_each(|allotments| allotments.retain(|allotment| allotment.hold_id != hold.id));
}

/// Adds to what a lease or floor holds of a level, or takes off it.
fn change(book: &mut Book, (key, by): (LevelKey, Quantity), allotment: Allotment, posting: &mut Posting) {
    book.level_mut(key).reserved += by;
    let allotments = book.allotments.entry(key).or_default();
    let is_it = |other: &Allotment| (other.hold_id, other.line_no) == (allotment.hold_id, allotment.line_no);
    let at = allotments.iter().position(is_it).unwrap_or_else(|| {
        allotments.push(Allotment { left: Quantity::ZERO, ..allotment });
        allotments.len() - 1
    });
    allotments[at].left += by;
    let left = allotments[at].left;
    if let Some(hold) = book.holds.get_mut(&allotment.hold_id) {
        hold.lines
            .iter_mut()
            .filter(|line| line.line_no == allotment.line_no)
            .for_each(|line| line.left += by);
    }
    let kind = match allotment.owner {
        Owner::Till(_) => HoldKind::TillAllotment,
        Owner::Channel(_) => HoldKind::ChannelAllotment,
    };
    posting.reservations.push(Reservation {
        document_id: allotment.hold_id.0,
        line_no: allotment.line_no,
        kind: kind.reservation(),
        key,
        quantity: left,
        expires_at: allotment.expires_at,
    });
}

#[cfg(test)]
mod tests;
