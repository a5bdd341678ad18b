//! Allotments: reservations that only one till or one channel may use.
//!
//! A *till allotment* is for the sales of one till. They take from it first, and no other document can use
//! it. A *channel allotment* is for one channel until its release time. The other channel sees it as
//! reserved. A sale of its own channel takes available stock first, then from the allotment, which is not
//! filled up again. Both are holds that expire. A document that moves or corrects stock without selling it,
//! such as a transfer, can use neither.
//!
//! Stock in lots is reserved lot by lot, as by any other hold. A till allotment stays in its lots. A channel
//! allotment is a quantity: what its channel takes of it in one lot moves to another lot that has available
//! units.

use chrono::{DateTime, Utc};

use super::demand::Demand;
use super::shelf::{Free, free_lots};
use crate::book::{Book, Posting};
use crate::hold::{Held, Hold, HoldKind, PlaceHold};
use crate::id::{HoldId, LocationId, RegisterId};
use crate::number::Quantity;
use crate::refusal::{Code, Problems, Refusal};
use crate::stock::{LevelKey, Reservation};
use crate::tenant::Channel;

/// The owner of an allotment: a till or a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The sales of a till.
    Till(RegisterId),
    /// The sales and orders of a channel.
    Channel(Channel),
}

/// The rest of a line of a till or channel allotment, on one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allotment {
    /// The hold that is the allotment.
    pub hold_id: HoldId,
    /// Its line.
    pub line_no: i32,
    /// Its till or channel.
    pub owner: Owner,
    /// Stock units left.
    pub left: Quantity,
    /// The time at which it expires.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Units that a channel took of its allotment on a level.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Consumed {
    key: LevelKey,
    allotment: Allotment,
    taken: Quantity,
}

/// The document that asks for stock: a sale at a till, or an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requester {
    /// Its channel.
    pub channel: Channel,
    /// Its till, for a sale.
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
    /// Returns what is left on a level of the allotments that the requester may use.
    pub(super) fn allotted_to(&self, key: &LevelKey, requester: Requester) -> Quantity {
        let allotments = self.allotments.get(key).into_iter().flatten();
        allotments
            .filter(|allotment| requester.may_use(allotment.owner))
            .map(|allotment| allotment.left)
            .sum()
    }

    /// Returns what is left on a level of the allotments for the till of the document.
    pub(super) fn allotted_to_till(&self, key: &LevelKey, demand: &Demand) -> Quantity {
        let till = demand.requester.and_then(|requester| requester.register_id);
        let is_its = |allotment: &&Allotment| till.is_some_and(|id| allotment.owner == Owner::Till(id));
        self.allotments.get(key).into_iter().flatten().filter(is_its).map(|allotment| allotment.left).sum()
    }
}

/// Releases allotments for the `wanted` units of a level that a requester is about to take: first what its
/// till allotment has, then from its channel allotment what is not available otherwise. Leaves the channel
/// allotment as it is if the units are gone already (`is_gone`), because a count includes that. The command
/// has checked before that the units are available to the requester. Returns what it took from channel
/// allotments.
pub(crate) fn consume(
    book: &mut Book,
    key: LevelKey,
    wanted: Quantity,
    requester: Requester,
    is_gone: bool,
    posting: &mut Posting,
) -> Vec<Consumed> {
    let Some(allotments) = book.allotments.get(&key) else { return Vec::new() };
    let mut of_till = wanted;
    let mut of_channel =
        if is_gone { Quantity::ZERO } else { (wanted - book.level(&key).available()).min(wanted) };
    let mut consumed = Vec::new();
    for allotment in allotments.iter().filter(|allotment| matches!(allotment.owner, Owner::Till(_))) {
        let taken = of_till.min(allotment.left);
        if requester.may_use(allotment.owner) && taken.is_positive() {
            of_till -= taken;
            of_channel -= taken;
            consumed.push((*allotment, taken));
        }
    }
    for allotment in allotments.iter().filter(|allotment| matches!(allotment.owner, Owner::Channel(_))) {
        let taken = of_channel.min(allotment.left);
        if requester.may_use(allotment.owner) && taken.is_positive() {
            of_channel -= taken;
            consumed.push((*allotment, taken));
        }
    }
    for (allotment, taken) in &consumed {
        change(book, key, -*taken, *allotment, posting);
    }
    let channels = consumed.into_iter().filter(|(allotment, _)| matches!(allotment.owner, Owner::Channel(_)));
    channels.map(|(allotment, taken)| Consumed { key, allotment, taken }).collect()
}

/// Moves what was taken of channel allotments in one lot to other sellable lots that have available units,
/// first to those that expire first. Call it after the units were issued or reserved.
pub(crate) fn rebalance(book: &mut Book, consumed: &[Consumed], posting: &mut Posting) {
    let today = book.setup.settings.day(book.now);
    for Consumed { key, allotment, taken } in consumed.iter().filter(|consumed| consumed.key.is_of_lot()) {
        let lots: Vec<Free> =
            free_lots(book, &key.without_lot()).into_iter().filter(|free| free.lasts(today, 0)).collect();
        // Units that one lot has below zero came out of another lot, so all lots together have less than the
        // others show.
        let mut wanted = (*taken).min(lots.iter().map(|free| free.quantity).sum());
        for free in lots {
            let quantity = wanted.min(free.quantity);
            if quantity.is_positive() {
                wanted -= quantity;
                change(book, free.key, quantity, *allotment, posting);
            }
        }
    }
}

/// Returns the location of a new hold and, for an allotment, its till or channel.
pub(crate) fn owner(book: &Book, command: &PlaceHold) -> Result<(LocationId, Option<Owner>), Refusal> {
    check_fields(command)?;
    match (command.kind, command.register_id, command.channel) {
        (HoldKind::TillAllotment, None, _) => {
            Err(Refusal::invalid("/register_id", "A till allotment needs a till."))
        }
        (HoldKind::ChannelAllotment, _, None) => {
            Err(Refusal::invalid("/channel", "A channel allotment needs a channel."))
        }
        (HoldKind::TillAllotment, Some(id), _) => {
            let register = book.setup.registers.get(&id).ok_or_else(|| {
                Problems::one("/register_id", Code::NotFound, "There is no register with this id.")
            })?;
            if command.location_id.is_some_and(|location_id| location_id != register.location_id) {
                let detail = "A till allotment is at the location of its till: leave the location out, or name that one.";
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

/// Rejects fields that only a hold of another kind has.
fn check_fields(command: &PlaceHold) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    let mut only = |pointer: &str, kind: &str| {
        problems.invalid(pointer, format!("Only a {kind} can have this field."));
    };
    if command.register_id.is_some() && command.kind != HoldKind::TillAllotment {
        only("/register_id", "till allotment");
    }
    if command.channel.is_some() && command.kind != HoldKind::ChannelAllotment {
        only("/channel", "channel allotment");
    }
    if command.customer_id.is_some() && command.kind.is_allotment() {
        only("/customer_id", "hold or a quarantine");
    }
    problems.check()
}

/// Returns the units that a hold reserves now, by level.
pub(crate) fn held(book: &Book, hold: &Hold) -> Vec<Held> {
    if !hold.kind.is_allotment() {
        return hold.left();
    }
    let of_level = |(key, allotments): (&LevelKey, &Vec<Allotment>)| {
        let its = allotments.iter().filter(|allotment| allotment.hold_id == hold.id);
        its.map(|allotment| (*key, allotment.line_no, allotment.left)).collect::<Vec<_>>()
    };
    book.allotments.iter().flat_map(of_level).collect()
}

/// Adds a new allotment to the levels.
pub(crate) fn note(book: &mut Book, hold: &Hold) {
    let Some(owner) = hold.owner else { return };
    for (key, line_no, left) in hold.placed() {
        let allotment = Allotment { hold_id: hold.id, line_no, owner, left, expires_at: hold.expires_at };
        book.allotments.entry(key).or_default().push(allotment);
    }
}

/// Sets the new end of an allotment on the levels.
pub(crate) fn extend(book: &mut Book, hold: &Hold) {
    let of_hold = book.allotments.values_mut().flatten().filter(|allotment| allotment.hold_id == hold.id);
    of_hold.for_each(|allotment| allotment.expires_at = hold.expires_at);
}

/// Removes an ended allotment from the levels.
pub(crate) fn forget(book: &mut Book, hold: &Hold) {
    book.allotments
        .values_mut()
        .for_each(|allotments| allotments.retain(|allotment| allotment.hold_id != hold.id));
}

/// Adds `by` to the units that an allotment reserves on a level, or takes them off if it is negative.
fn change(book: &mut Book, key: LevelKey, by: Quantity, allotment: Allotment, posting: &mut Posting) {
    let level = book.level_mut(key);
    if by.is_negative() {
        level.release(-by);
    } else {
        level.reserve(by);
    }
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
