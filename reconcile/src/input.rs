//! The inputs of a run, as plain values. Their order does not matter, nor their division into files.
//!
//! Quantities are signed by their effect on stock: the caller has applied [`Sign`](super::term::Sign). Instants are as the
//! system wrote them: the run applies `clock_offset_seconds`.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;

use domain::number::Quantity;

use super::answer::{Edge, Scope};
use super::term::{
    Class, Concern, EntryMode, EventType, Process, QuantityMeaning, SystemKind, TouchpointKind,
};

/// A text that many rows share: a SKU, a place, an actor.
pub type Text = Arc<str>;

/// All that a run computes over.
#[derive(Debug, Clone)]
pub struct Input {
    /// The end of the window: what is later is left out.
    pub through: DateTime<Utc>,
    /// The tenant's time zone: hours and days are counted in it.
    pub zone: Tz,
    /// Settings of the tenant.
    pub settings: Settings,
    /// The systems, the reference among them. Rows name them by their index.
    pub systems: Vec<System>,
    /// Owners of processes, and the next hops of their events.
    pub ownership: Vec<Ownership>,
    /// External locations and their places.
    pub location_mappings: Vec<LocationMapping>,
    /// External SKUs and their items.
    pub sku_mappings: Vec<SkuMapping>,
    /// Items with their category.
    pub items: Vec<Item>,
    /// Components of sets.
    pub bundles: Vec<BundlePart>,
    /// Lines of snapshots. Rows of one system with one `taken_at` are one snapshot.
    pub snapshots: Vec<SnapshotLine>,
    /// Events.
    pub events: Vec<Event>,
    /// Manual work.
    pub touchpoints: Vec<Touchpoint>,
    /// Resolutions of episodes of earlier runs.
    pub resolutions: Vec<Resolution>,
    /// Fixes that were applied: the run counts before and after.
    pub applied: Vec<Applied>,
}

/// Most rows of snapshots, events and touchpoints of a run.
pub const ROWS_MAX: usize = 2_000_000;

/// The index of a system in [`Input::systems`].
pub type SystemNo = u16;

/// Settings of a tenant.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The code of the system against which the others are held.
    pub reference: Text,
    /// Days of the window: 30 to 60.
    pub window_days: u32,
    /// The cost of an hour of work, in the currency of all costs.
    pub wage_per_hour: Decimal,
    /// Minutes per kind of manual work, where they differ from the defaults.
    pub minutes: BTreeMap<TouchpointKind, Decimal>,
    /// The probable harm of one episode of a class.
    pub harm: BTreeMap<Class, Harm>,
}

/// The probable harm of one episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Harm {
    /// The probability that an episode does harm: 0 to 1.
    pub probability: Decimal,
    /// The cost of that harm.
    pub cost: Decimal,
}

/// A system that keeps quantities of stock.
#[derive(Debug, Clone)]
pub struct System {
    /// Its code.
    pub code: Text,
    /// Its kind.
    pub kind: SystemKind,
    /// The quantity that it reports.
    pub quantity_meaning: QuantityMeaning,
    /// Minutes between two transports of its data.
    pub sync_interval_minutes: u32,
    /// Its clock minus true time, in seconds.
    pub clock_offset_seconds: i64,
}

/// The owner of a concern of a process.
#[derive(Debug, Clone)]
pub struct Ownership {
    /// The process.
    pub process: Process,
    /// The concern.
    pub concern: Concern,
    /// The code of the owning system.
    pub owner: Text,
    /// The systems to which the owner sends the events.
    pub next_hops: Vec<Hop>,
}

/// A declared next hop.
#[derive(Debug, Clone)]
pub struct Hop {
    /// The code of the receiving system.
    pub system: Text,
    /// Minutes within which an event arrives.
    pub latency_minutes: u32,
}

/// The place of an external location.
#[derive(Debug, Clone)]
pub struct LocationMapping {
    /// The system.
    pub system: SystemNo,
    /// The location as the system writes it.
    pub external_location: Text,
    /// The place: the reference's code, or our location.
    pub location: Text,
    /// The instant from which it is valid.
    pub valid_from: Option<DateTime<Utc>>,
    /// The instant until which it is valid, exclusive.
    pub valid_until: Option<DateTime<Utc>>,
}

/// The item of an external SKU.
#[derive(Debug, Clone)]
pub struct SkuMapping {
    /// The system.
    pub system: SystemNo,
    /// The SKU as the system writes it.
    pub external_sku: Text,
    /// The location as the system writes it, if the mapping holds only there.
    pub external_location: Option<Text>,
    /// The item: the reference's SKU, or our product's.
    pub item: Text,
    /// Reference units in one external unit.
    pub factor: Decimal,
    /// The instant from which it is valid.
    pub valid_from: Option<DateTime<Utc>>,
    /// The instant until which it is valid, exclusive.
    pub valid_until: Option<DateTime<Utc>>,
}

/// An item of the reference.
#[derive(Debug, Clone)]
pub struct Item {
    /// The reference's SKU.
    pub item: Text,
    /// Its category.
    pub category: Option<Text>,
    /// Further pack sizes of it, in reference units. Factors of mappings are known without them.
    pub packs: Vec<Decimal>,
}

/// A component of a set.
#[derive(Debug, Clone)]
pub struct BundlePart {
    /// The set.
    pub item: Text,
    /// The component.
    pub component: Text,
    /// Units of the component in one set.
    pub quantity: Decimal,
}

/// A line of a snapshot.
#[derive(Debug, Clone)]
pub struct SnapshotLine {
    /// The system.
    pub system: SystemNo,
    /// The instant of the snapshot, by the system's clock.
    pub taken_at: DateTime<Utc>,
    /// Whether the snapshot lists all that the system has.
    pub full: bool,
    /// The SKU as the system writes it.
    pub external_sku: Text,
    /// The location as the system writes it.
    pub external_location: Text,
    /// Units, in the meaning and the unit of the system. Lines of one key, such as those of its lots, are summed.
    pub quantity: Quantity,
    /// Reserved units, part of the quantity on hand.
    pub reserved: Option<Quantity>,
    /// Quarantined units, part of the quantity on hand.
    pub quarantined: Option<Quantity>,
    /// Units on the way, no part of the quantity.
    pub incoming: Option<Quantity>,
    /// Expired units, part of the quantity on hand.
    pub expired: Option<Quantity>,
}

/// An event that changes stock.
#[derive(Debug, Clone)]
pub struct Event {
    /// The system that reports it.
    pub system: SystemNo,
    /// Its id there. For the kind `stockwell`, the id of the movement.
    pub external_id: Text,
    /// Its type.
    pub event_type: EventType,
    /// The SKU as the system writes it.
    pub external_sku: Text,
    /// The location as the system writes it.
    pub external_location: Text,
    /// The signed effect on stock, in the unit of the system.
    pub quantity: Quantity,
    /// The instant at which it happened, by the system's clock.
    pub occurred_at: DateTime<Utc>,
    /// The instant at which the system recorded it, by its clock.
    pub recorded_at: Option<DateTime<Utc>>,
    /// The document that both sides may share.
    pub reference: Option<Text>,
    /// The person or program that entered it.
    pub actor: Option<Text>,
    /// The way in which it was entered.
    pub entry_mode: Option<EntryMode>,
}

/// Manual work between systems.
#[derive(Debug, Clone)]
pub struct Touchpoint {
    /// The system in which it was done.
    pub system: SystemNo,
    /// The instant, by the system's clock.
    pub at: DateTime<Utc>,
    /// Its kind.
    pub kind: TouchpointKind,
    /// Minutes that it took. Without them, those of its kind.
    pub minutes: Option<Decimal>,
    /// The SKU as the system writes it.
    pub external_sku: Option<Text>,
    /// The location as the system writes it.
    pub external_location: Option<Text>,
}

/// A person's decision on an episode of an earlier run.
#[derive(Debug, Clone)]
pub struct Resolution {
    /// The code of the episode's system.
    pub system: Text,
    /// The class that the run found.
    pub found: Class,
    /// The class that the person stated.
    pub class: Class,
}

/// A fix that was applied.
#[derive(Debug, Clone)]
pub struct Applied {
    /// Its key, [`Fix::id`](super::answer::Fix::id).
    pub id: String,
    /// Its class.
    pub class: Class,
    /// Type of its events.
    pub event_type: Option<EventType>,
    /// Its edge.
    pub edge: Edge,
    /// Its scope.
    pub scope: Scope,
    /// The instant from which it holds, in true time.
    pub applied_at: DateTime<Utc>,
}
