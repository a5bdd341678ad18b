//! Sentences about fixes.

use super::answer::{Edge, Scope};
use super::term::{Action, Class, EventType};

/// Returns the action that removes a recurring cause of a class.
pub(super) fn action(class: Class) -> Action {
    match class {
        Class::UnmappedSku => Action::MapSku,
        Class::UnmappedLocation => Action::MapLocation,
        Class::AmbiguousMap => Action::ResolveMap,
        Class::MeaningMismatch => Action::ChangeCountingRule,
        Class::UnitMismatch => Action::SetPackFactor,
        Class::DuplicateEvent => Action::DeduplicateEvents,
        Class::MissedReturn | Class::UnrecordedTransfer | Class::MissedSale | Class::MissedReceipt => {
            Action::TurnOnEvent
        }
        Class::BundleExplosion => Action::ExplodeBundles,
        Class::ManualAdjustment => Action::ChangeOwner,
        Class::ClampedNegative => Action::AllowNegative,
        Class::TimingLag => Action::SpeedUpEdge,
        Class::CountVariance | Class::Unexplained => Action::CountStock,
    }
}

/// Returns the effort of an action in quarters of a day.
pub(super) fn effort_quarters(action: Action) -> u32 {
    match action {
        Action::MapSku | Action::MapLocation | Action::ResolveMap | Action::SetPackFactor => 1,
        Action::TurnOnEvent | Action::DeduplicateEvents | Action::ExplodeBundles | Action::SpeedUpEdge => 4,
        Action::ChangeCountingRule | Action::ChangeOwner | Action::AllowNegative | Action::CountStock => 8,
    }
}

/// Returns a kind of events in the plural.
fn events(event_type: Option<EventType>) -> &'static str {
    match event_type {
        Some(EventType::Sale) => "Sales",
        Some(EventType::Return) => "Returns",
        Some(EventType::TransferIn) => "Incoming transfers",
        Some(EventType::TransferOut) => "Outgoing transfers",
        Some(EventType::Adjustment) => "Adjustments",
        Some(EventType::Receipt) => "Receipts",
        Some(EventType::Count) => "Counts",
        Some(EventType::Overwrite) => "Overwritten quantities",
        None => "Events",
    }
}

/// Returns a scope in words, with a space before it. Empty for all.
pub(super) fn scope(scope: &Scope) -> String {
    let mut text = String::new();
    let mut add = |before: &str, value: &Option<String>| {
        if let Some(value) = value {
            text.push_str(before);
            text.push_str(value);
        }
    };
    add(" of ", &scope.sku);
    add(" of the category ", &scope.category);
    add(" at ", &scope.place);
    add(" entered by ", &scope.actor);
    match scope.hours {
        Some([from, 24]) => text.push_str(&format!(" after {from}:00")),
        Some([0, until]) => text.push_str(&format!(" before {until}:00")),
        Some([from, until]) => text.push_str(&format!(" between {from}:00 and {until}:00")),
        None => {}
    }
    text
}

/// Returns the fault as a clause.
pub(super) fn clause(class: Class, event_type: Option<EventType>, edge: &Edge, of: &Scope) -> String {
    let (events, scope) = (events(event_type), scope(of));
    let Edge { from, to } = edge;
    match class {
        Class::UnmappedSku => format!("{to} names SKUs{scope} that no mapping knows"),
        Class::UnmappedLocation => format!("{to} names locations{scope} that no mapping knows"),
        Class::AmbiguousMap => format!("Two mappings{scope} of {to} hold at once"),
        Class::MeaningMismatch => format!("{to} counts other units{scope} than {from}"),
        Class::UnitMismatch => format!("{to} counts{scope} in another unit than {from}"),
        Class::DuplicateEvent => format!("{events}{scope} from {from} are booked twice in {to}"),
        Class::MissedReturn | Class::UnrecordedTransfer | Class::MissedSale | Class::MissedReceipt => {
            format!("{events}{scope} in {from} do not reach {to}")
        }
        Class::BundleExplosion => format!("Sets sold{scope} in {from} do not lower their components in {to}"),
        Class::ManualAdjustment => format!("Corrections{scope} in {from} do not reach {to}"),
        Class::ClampedNegative => format!("{to} stops at zero{scope} where {from} goes below"),
        Class::TimingLag => format!("{events}{scope} from {from} reach {to} late"),
        Class::CountVariance => format!("Counts{scope} in {from} find other quantities than {to}"),
        Class::Unexplained => format!("Differences{scope} between {from} and {to} have no known cause"),
    }
}

/// Returns the advice for an action.
pub(super) fn advice(action: Action, event_type: Option<EventType>, edge: &Edge) -> String {
    let Edge { from, to } = edge;
    let events = events(event_type).to_lowercase();
    match action {
        Action::MapSku => format!("Map the SKUs that {to} names to items of the reference."),
        Action::MapLocation => format!("Map the locations that {to} names to places of the reference."),
        Action::ResolveMap => format!("End one of the two mappings of {to}."),
        Action::ChangeCountingRule => {
            format!("Declare the quantity that {to} reports, or let it report the same as {from}.")
        }
        Action::SetPackFactor => format!("State the pack factor in the SKU mapping of {to}."),
        Action::DeduplicateEvents => {
            format!(
                "Let {to} refuse an event whose document, SKU, place and quantity it already has from {from}."
            )
        }
        Action::TurnOnEvent => format!(
            "Turn on the {events} in the connector from {from} to {to}; until then send the file of each day."
        ),
        Action::ExplodeBundles => format!("Let {to} book the components of each set."),
        Action::ChangeOwner => {
            format!("Let the owner of the quantity make corrections, and send those of {from} to {to}.")
        }
        Action::AllowNegative => format!("Let {to} go below zero, or count the stock before it sells more."),
        Action::SpeedUpEdge => format!("Run the transport from {from} to {to} more often."),
        Action::CountStock => format!("Count the stock again, and book the result in {from} and {to}."),
    }
}
