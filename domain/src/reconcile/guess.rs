//! Guesses for systems without events: what is left of a change, held against the other systems.
//!
//! If the other systems show the same change, the reference lacks an event. If no other does, the system was changed alone.

use std::collections::HashMap;

use super::cause::{Cause, Grade};
use super::context::Context;
use super::input::SystemNo;
use super::names::{NO_NAME, NameNo};
use super::resolve::State;
use super::row::{Classified, Row};
use super::term::{Class, EventType};
use super::unit::{DAY, HOUR, Key};

/// Snapshots of two systems within this time show the same change.
const TOGETHER: i64 = 36 * HOUR;
/// A transfer arrives within this time.
const TRANSIT: i64 = 6 * DAY;

/// Changes without a cause: by key, the instant, the system and the units.
type Rests = HashMap<Key, Vec<(i64, SystemNo, i64)>>;

/// Fills what no event explains.
pub(super) fn fill(context: &Context, classified: &mut Classified) {
    let is_open = |row: &&Row| row.residual != 0 && row.state == State::Known && row.theirs.is_some();
    let is_silent = |row: &Row| !context.is_logged(row.system, row.at);
    if !context.has_events() || !classified.rows.iter().any(|row| is_open(&row) && is_silent(row)) {
        return;
    }
    let mut rests = Rests::new();
    for row in classified.rows.iter().filter(is_open) {
        rests.entry(row.key).or_default().push((row.at, row.system, row.residual));
    }
    let departed = departed(context);
    for row in classified.rows.iter_mut().filter(|row| is_open(&&**row) && is_silent(row)) {
        let cause = guess(context, row, &rests, &departed);
        row.residual = 0;
        row.causes.push(cause);
    }
}

/// Returns the outgoing transfers of the reference that arrived nowhere, by item: the instant and the units.
fn departed(context: &Context) -> HashMap<NameNo, Vec<(i64, i64)>> {
    let of_reference = |event_type: EventType| {
        context
            .occurrences
            .iter()
            .filter(move |one| one.event_type == event_type && one.has(context.world, context.reference))
    };
    let mut arrived: HashMap<(NameNo, NameNo), i64> = HashMap::new();
    for one in of_reference(EventType::TransferIn).filter(|one| one.reference != NO_NAME) {
        *arrived.entry((one.reference, one.key.0)).or_default() += one.quantity;
    }
    let mut departed: HashMap<NameNo, Vec<(i64, i64)>> = HashMap::new();
    for one in of_reference(EventType::TransferOut) {
        let left = arrived.entry((one.reference, one.key.0)).or_default();
        if one.reference != NO_NAME && *left >= -one.quantity {
            *left += one.quantity;
            continue;
        }
        departed.entry(one.key.0).or_default().push((one.at, -one.quantity));
    }
    departed
}

/// Returns the most probable cause of what is left of a change.
fn guess(context: &Context, row: &Row, rests: &Rests, departed: &HashMap<NameNo, Vec<(i64, i64)>>) -> Cause {
    let units = row.residual;
    let in_transit = departed.get(&row.key.0).into_iter().flatten();
    let transfer = in_transit
        .filter(|(at, sent)| *sent == units && *at <= row.at && row.at - at <= TRANSIT)
        .map(|(at, _)| *at)
        .next_back();
    let same = |other: &&(i64, SystemNo, i64)| {
        other.1 != row.system && other.2 == units && other.0.abs_diff(row.at) <= TOGETHER.unsigned_abs()
    };
    let is_shared = rests.get(&row.key).into_iter().flatten().any(|other| same(&other));
    let reference = context.reference;
    let (class, event_type) = match (transfer.is_some(), is_shared, units > 0) {
        (true, ..) => (Class::UnrecordedTransfer, EventType::TransferIn),
        (false, true, true) => (Class::MissedReturn, EventType::Return),
        (false, true, false) => (Class::MissedSale, EventType::Sale),
        (false, false, _) => (Class::ManualAdjustment, EventType::Adjustment),
    };
    let from = if class == Class::ManualAdjustment {
        row.system
    } else {
        match context.presumed(event_type.process(), (row.key.1, NO_NAME, None), reference) {
            found if found == reference => row.system,
            found => found,
        }
    };
    Cause {
        class,
        quantity: units,
        from,
        to: reference,
        event_type: Some(event_type),
        evidence: Vec::new(),
        grade: if transfer.is_some() { Grade::Pattern } else { Grade::Proximity },
        heals: false,
        occurrence: None,
        at: row.at,
        cost: 0,
    }
}
