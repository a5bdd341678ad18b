//! A small business with three systems, whose faults each test states.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, TimeZone, Utc};
use rust_decimal::Decimal;

use domain::number::Quantity;

use super::input::{Event, Hop, Input, Item, Ownership, Settings, SnapshotLine, System, SystemNo, Text};
use super::term::{Concern, EntryMode, EventType, Process, QuantityMeaning, SystemKind};

mod example;
mod faults;
mod flow;
mod keys;
mod mappings;
mod sizes;
mod snapshots;
mod speed;
mod states;

pub(super) const ERP: SystemNo = 0;
pub(super) const POS: SystemNo = 1;
pub(super) const SHOP: SystemNo = 2;
const ITEMS: [&str; 6] = ["A", "B", "C", "D", "E", "F"];
const PLACES: [&str; 3] = ["10", "20", "30"];
const DAYS: i64 = 45;
const START: i64 = 200;

pub(super) fn text(text: &str) -> Text {
    Arc::from(text)
}

fn quantity(units: i64) -> Quantity {
    Quantity::new(Decimal::from(units))
}

fn at(minutes: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 0, 0, 0).single().expect("an instant") + Duration::minutes(minutes)
}

/// An event as it happened.
#[derive(Debug, Clone)]
struct Real {
    number: u32,
    event_type: EventType,
    item: usize,
    place: usize,
    quantity: i64,
    minute: i64,
}

impl Real {
    fn day(&self) -> i64 {
        self.minute / 1440
    }

    fn hour(&self) -> i64 {
        self.minute % 1440 / 60
    }
}

/// The way in which a system has an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Keep,
    Lose,
    Twice,
    /// It arrives so many minutes later.
    Late(i64),
}

/// A generator of numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Returns what happened: 30 sales, returns, receipts, transfers and adjustments a day.
fn happened() -> Vec<Real> {
    let mut numbers = Numbers(7);
    let mut all = Vec::new();
    for day in 0..DAYS {
        for _ in 0..30 {
            let minute = day * 1440 + 9 * 60 + i64::try_from(numbers.below(11 * 60)).expect("minutes");
            let item = usize::try_from(numbers.below(6)).expect("an item");
            let place = usize::try_from(numbers.below(3)).expect("a place");
            let units = 1 + i64::try_from(numbers.below(4)).expect("units");
            let kind = numbers.below(100);
            let number = u32::try_from(all.len()).expect("a number");
            let real = |event_type, place, quantity, minute| Real {
                number,
                event_type,
                item,
                place,
                quantity,
                minute,
            };
            match kind {
                0..65 => all.push(real(EventType::Sale, place, -units, minute)),
                65..83 => all.push(real(EventType::Return, place, units, minute)),
                83..90 => all.push(real(EventType::Receipt, place, units * 5, minute)),
                90..96 => {
                    all.push(real(EventType::TransferOut, place, -units, minute));
                    all.push(real(EventType::TransferIn, (place + 1) % 3, units, minute + 30));
                }
                _ => all.push(real(EventType::Adjustment, place, -1, minute)),
            }
        }
    }
    all.sort_by_key(|real| real.minute);
    all
}

fn system(code: &str, kind: SystemKind) -> System {
    System {
        code: text(code),
        kind,
        quantity_meaning: QuantityMeaning::OnHand,
        sync_interval_minutes: 30,
        clock_offset_seconds: 0,
    }
}

fn line(system: SystemNo, minute: i64, key: (&str, &str), units: i64) -> SnapshotLine {
    SnapshotLine {
        system,
        taken_at: at(minute),
        full: true,
        external_sku: text(key.0),
        external_location: text(key.1),
        quantity: quantity(units),
        reserved: None,
        quarantined: None,
        incoming: None,
        expired: None,
    }
}

fn event(system: SystemNo, id: &str, real: &Real, recorded: i64) -> Event {
    Event {
        system,
        external_id: text(id),
        event_type: real.event_type,
        external_sku: text(ITEMS[real.item]),
        external_location: text(PLACES[real.place]),
        quantity: quantity(real.quantity),
        occurred_at: at(real.minute),
        recorded_at: Some(at(recorded)),
        reference: Some(text(&format!("D{}", real.number))),
        actor: Some(text(if system == POS { "till" } else { "connector" })),
        entry_mode: Some(if system == POS { EntryMode::Ui } else { EntryMode::Api }),
    }
}

pub(super) fn empty() -> Input {
    let owned = |process| Ownership {
        process,
        concern: Concern::Quantity,
        owner: text("pos"),
        next_hops: vec![
            Hop { system: text("erp"), latency_minutes: 30 },
            Hop { system: text("shop"), latency_minutes: 60 },
        ],
    };
    Input {
        through: at(DAYS * 1440),
        zone: chrono_tz::UTC,
        settings: Settings {
            reference: text("erp"),
            window_days: 45,
            wage_per_hour: Decimal::from(30),
            minutes: BTreeMap::new(),
            harm: BTreeMap::new(),
        },
        systems: vec![
            system("erp", SystemKind::Erp),
            system("pos", SystemKind::Pos),
            system("shop", SystemKind::Storefront),
        ],
        ownership: [Process::Sale, Process::Return, Process::Transfer, Process::Adjustment, Process::Receipt]
            .map(owned)
            .to_vec(),
        location_mappings: Vec::new(),
        sku_mappings: Vec::new(),
        items: ITEMS
            .iter()
            .map(|item| Item { item: text(item), category: Some(text("all")), packs: Vec::new() })
            .collect(),
        bundles: Vec::new(),
        snapshots: Vec::new(),
        events: Vec::new(),
        touchpoints: Vec::new(),
        resolutions: Vec::new(),
        applied: Vec::new(),
    }
}

/// Minutes and quantities of movements, by item and place.
type Moves = BTreeMap<(usize, usize), Vec<(i64, i64)>>;

/// Returns the inputs of a business in which `change` decides how each system has each event.
fn business(change: impl Fn(&Real, SystemNo) -> Effect) -> Input {
    let mut input = empty();
    let mut levels: Vec<Moves> = vec![BTreeMap::new(); 3];
    for real in happened() {
        for (system, lag) in [(ERP, 3), (POS, 0), (SHOP, 12)] {
            let (copies, late) = match change(&real, system) {
                Effect::Keep => (1, 0),
                Effect::Lose => (0, 0),
                Effect::Twice => (2, 0),
                Effect::Late(minutes) => (1, minutes),
            };
            for copy in 0..copies {
                let recorded = real.minute + lag + late + copy * 20;
                let id = format!("{system}-{}-{:?}-{copy}", real.number, real.event_type);
                input.events.push(event(system, &id, &real, recorded));
                let moves = levels[usize::from(system)].entry((real.item, real.place)).or_default();
                moves.push((recorded, real.quantity));
            }
        }
    }
    for day in -1..DAYS {
        let minute = (day * 1440 + 22 * 60).max(0);
        for system in [ERP, POS, SHOP] {
            for (item, sku) in ITEMS.iter().enumerate() {
                for (place, code) in PLACES.iter().enumerate() {
                    let moves = levels[usize::from(system)].get(&(item, place));
                    let moved: i64 =
                        moves.into_iter().flatten().filter(|one| one.0 <= minute).map(|one| one.1).sum();
                    input.snapshots.push(line(system, minute, (sku, code), START + moved));
                }
            }
        }
    }
    input
}

/// Returns the edge, class and place of the first fix.
fn named(input: &Input) -> Option<(String, String, super::term::Class, Option<String>)> {
    let fix = super::run(input).first_fix.fix?;
    Some((fix.edge.from, fix.edge.to, fix.class, fix.scope.place))
}
