//! Events and snapshots in true time and in units of the reference.

use super::input::SystemNo;
use super::names::NameNo;
use super::resolve::State;
use super::term::{EntryMode, EventType, QuantityMeaning};

/// Microseconds of a second.
pub(super) const SECOND: i64 = 1_000_000;
/// Microseconds of a minute.
pub(super) const MINUTE: i64 = 60 * SECOND;
/// Microseconds of an hour.
pub(super) const HOUR: i64 = 60 * MINUTE;
/// Microseconds of a day.
pub(super) const DAY: i64 = 24 * HOUR;
/// Snapshots of two systems within this time show the same change.
pub(super) const TOGETHER: i64 = 36 * HOUR;

/// An item at a place.
pub(super) type Key = (NameNo, NameNo);

/// An event in true time and units of the reference.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aligned {
    /// System that reports it.
    pub system: SystemNo,
    /// Type.
    pub event_type: EventType,
    /// Item, or the external SKU.
    pub item: NameNo,
    /// Place, or the external location.
    pub place: NameNo,
    /// Whether item and place are known.
    pub state: State,
    /// Signed effect in units.
    pub quantity: i64,
    /// The instant at which it happened.
    pub at: i64,
    /// The instant at which the system knew of it.
    pub seen: i64,
    /// The document.
    pub reference: NameNo,
    /// The person or program.
    pub actor: NameNo,
    /// The way in which it was entered.
    pub mode: Option<EntryMode>,
    /// The set of which this is a component, if the system reported the set.
    pub of_set: NameNo,
    /// Index in [`Input::events`].
    pub row: usize,
}

/// The quantity of a key in a snapshot.
#[derive(Debug, Clone)]
pub(super) struct Observation {
    /// True time of the snapshot.
    pub at: i64,
    /// Units; none if a full snapshot lacks the key.
    pub quantity: Option<i64>,
    /// Units of each external key, if more than one is mapped to the item and the place.
    pub parts: Vec<i64>,
}

/// The snapshots of one key in one system, by time.
#[derive(Debug, Clone)]
pub(super) struct Series {
    /// System.
    pub system: SystemNo,
    /// Item and place, or external texts.
    pub key: Key,
    /// Whether they are known.
    pub state: State,
    /// Quantities.
    pub observations: Vec<Observation>,
}

/// Units of the reference's line that another meaning leaves out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// True time.
    pub at: i64,
    /// Reserved units.
    pub reserved: i64,
    /// Quarantined units.
    pub quarantined: i64,
    /// Units on the way.
    pub incoming: i64,
    /// Expired units.
    pub expired: i64,
}

/// Returns our quantity in the meaning of a system, with what the reference holds back at the nearest line in time.
pub(super) fn in_meaning(on_hand: i64, held: Held, meaning: QuantityMeaning) -> i64 {
    match meaning {
        QuantityMeaning::OnHand => on_hand,
        QuantityMeaning::Available => on_hand - held.reserved,
        QuantityMeaning::Sellable => on_hand - held.reserved - held.quarantined - held.expired,
    }
}
