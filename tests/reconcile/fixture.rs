//! Small cases with one cause each, written out.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::number::Quantity;
use reconcile::Answer;
use reconcile::answer::{Discrepancy, Episode};
use reconcile::input::{
    BundlePart, Event, Hop, Input, Item, Ownership, Settings, SnapshotLine, System, SystemNo,
};
use reconcile::term::{
    Class, Concern, EntryMode, EventType, FindingKind, Process, QuantityMeaning, SystemKind,
};
use rust_decimal::Decimal;
use strum::VariantArray;

use crate::feed::instant;
use crate::world::{DAY, START};

const ERP: SystemNo = 0;
const SHOP: SystemNo = 1;
const DAYS: i64 = 30;

/// An event of one item.
#[derive(Clone, Copy)]
struct Line {
    event_type: EventType,
    sku: &'static str,
    place: &'static str,
    quantity: i64,
}

fn line(event_type: EventType, sku: &'static str, place: &'static str, quantity: i64) -> Line {
    Line { event_type, sku, place, quantity }
}

/// Two systems that report the levels of every evening.
struct Desk {
    input: Input,
    /// By system, SKU and place.
    levels: BTreeMap<(SystemNo, &'static str, &'static str), i64>,
    rows: u64,
}

impl Desk {
    fn new() -> Self {
        let system = |code: &str, kind| System {
            code: Arc::from(code),
            kind,
            quantity_meaning: QuantityMeaning::OnHand,
            sync_interval_minutes: 15,
            clock_offset_seconds: 0,
        };
        let owned = |process: &Process| Ownership {
            process: *process,
            concern: Concern::Quantity,
            owner: Arc::from("erp"),
            next_hops: vec![Hop { system: Arc::from("shop"), latency_minutes: 60 }],
        };
        let item = |sku: &str| Item { item: Arc::from(sku), category: None, packs: Vec::new() };
        let input = Input {
            through: instant(START + DAYS * DAY),
            zone: chrono_tz::Europe::Berlin,
            settings: Settings {
                reference: Arc::from("erp"),
                window_days: 30,
                wage_per_hour: Decimal::from(30),
                minutes: BTreeMap::new(),
                harm: BTreeMap::new(),
            },
            systems: vec![system("erp", SystemKind::Erp), system("shop", SystemKind::Marketplace)],
            ownership: Process::VARIANTS.iter().map(owned).collect(),
            location_mappings: Vec::new(),
            sku_mappings: Vec::new(),
            items: ["CUP", "JAR", "POT", "SET"].map(item).to_vec(),
            bundles: vec![BundlePart {
                item: Arc::from("SET"),
                component: Arc::from("JAR"),
                quantity: Decimal::from(2),
            }],
            snapshots: Vec::new(),
            events: Vec::new(),
            touchpoints: Vec::new(),
            resolutions: Vec::new(),
            applied: Vec::new(),
        };
        let mut levels = BTreeMap::new();
        for system in [ERP, SHOP] {
            for sku in ["CUP", "JAR", "POT"] {
                levels.extend(["A", "B"].map(|place| ((system, sku, place), 100)));
            }
        }
        let mut desk = Self { input, levels, rows: 0 };
        desk.photograph(START + 6 * 3600);
        desk
    }

    /// Writes the levels of both systems.
    fn photograph(&mut self, at: i64) {
        for ((system, sku, place), level) in &self.levels {
            self.input.snapshots.push(SnapshotLine {
                system: *system,
                taken_at: instant(at),
                full: true,
                external_sku: Arc::from(*sku),
                external_location: Arc::from(*place),
                quantity: Quantity::new(Decimal::from(*level)),
                reserved: None,
                quarantined: None,
                incoming: None,
                expired: None,
            });
        }
    }

    /// Books an event that a system heard `late` seconds after it happened.
    fn book(&mut self, system: SystemNo, document: &str, line: Line, at: i64, late: i64) {
        let Line { event_type, sku, place, quantity } = line;
        self.rows += 1;
        if let Some(level) = self.levels.get_mut(&(system, sku, place)) {
            *level += quantity;
        }
        self.input.events.push(Event {
            system,
            external_id: Arc::from(format!("{system}-{}", self.rows)),
            event_type,
            external_sku: Arc::from(sku),
            external_location: Arc::from(place),
            quantity: Quantity::new(Decimal::from(quantity)),
            occurred_at: instant(at),
            recorded_at: Some(instant(at + late)),
            reference: Some(Arc::from(document)),
            actor: None,
            entry_mode: Some(EntryMode::Api),
        });
    }

    fn run(&self) -> Answer {
        reconcile::run(&self.input)
    }
}

fn noon(day: i64) -> i64 {
    START + day * DAY + 12 * 3600
}

fn evening(day: i64) -> i64 {
    START + day * DAY + 21 * 3600
}

/// Sells one piece of each item in both systems, so that the edge is known to work.
fn trade(desk: &mut Desk, day: i64) {
    for sku in ["CUP", "POT"] {
        let document = format!("S{day}{sku}");
        for (system, late) in [(ERP, 0), (SHOP, 600)] {
            desk.book(system, &document, line(EventType::Sale, sku, "A", -1), noon(day), late);
        }
    }
}

/// Runs all days. `fault` books the events that one system lacks, and returns nothing.
fn month(mut fault: impl FnMut(&mut Desk, i64)) -> Desk {
    let mut desk = Desk::new();
    for day in 0..DAYS {
        trade(&mut desk, day);
        fault(&mut desk, day);
        desk.photograph(evening(day));
    }
    desk
}

fn of_class(answer: &Answer, class: Class) -> Vec<&Episode> {
    answer.episodes.iter().filter(|episode| episode.class == class).collect()
}

/// Returns the rows of an item apart from those that heal, each with its classes.
fn rows<'a>(answer: &'a Answer, sku: &str) -> Vec<(&'a Discrepancy, Vec<Class>)> {
    let classes = |row: &Discrepancy| -> Vec<Class> {
        let begins = row.explanations.iter().filter(|explanation| !explanation.heals);
        begins.map(|explanation| explanation.class).collect()
    };
    let of_item = answer.discrepancies.iter().filter(|row| row.sku == sku);
    of_item.map(|row| (row, classes(row))).filter(|(_, classes)| !classes.is_empty()).collect()
}

#[test]
fn an_item_three_units_off_for_30_days_is_one_episode() {
    let desk = month(|desk, day| {
        if day == 0 {
            desk.book(ERP, "S-lost", line(EventType::Sale, "JAR", "A", -3), noon(day), 0);
        }
    });
    let answer = desk.run();
    let rows = rows(&answer, "JAR");
    assert_eq!(rows.len(), 1, "one change, not thirty lines: {rows:?}");
    assert_eq!(rows[0].1, [Class::MissedSale]);
    let episodes = of_class(&answer, Class::MissedSale);
    assert_eq!(episodes.len(), 1);
    assert_eq!((episodes[0].occurrences, episodes[0].healed_at), (1, None));
    assert!((29..=30).contains(&episodes[0].days_open), "{} days open", episodes[0].days_open);
    assert_eq!(episodes[0].residual.get(), Decimal::from(3));
}

#[test]
fn an_item_newly_wrong_nine_times_counts_nine_times() {
    let desk = month(|desk, day| {
        if day % 3 == 0 && day < 27 {
            desk.book(ERP, &format!("R{day}"), line(EventType::Return, "JAR", "A", 1), noon(day), 0);
        }
    });
    let answer = desk.run();
    let rows = rows(&answer, "JAR");
    assert_eq!(rows.len(), 9);
    assert!(rows.iter().all(|(_, classes)| classes == &[Class::MissedReturn]), "{rows:?}");
    let occurrences: u32 =
        of_class(&answer, Class::MissedReturn).iter().map(|episode| episode.occurrences).sum();
    assert_eq!(occurrences, 9);
}

#[test]
fn a_transfer_that_one_system_books_on_one_side_only_is_an_unrecorded_transfer() {
    let desk = month(|desk, day| {
        if day % 4 == 1 {
            let document = format!("T{day}");
            for system in [ERP, SHOP] {
                desk.book(system, &document, line(EventType::TransferOut, "JAR", "A", -5), noon(day), 60);
            }
            desk.book(ERP, &document, line(EventType::TransferIn, "JAR", "B", 5), noon(day) + 3600, 0);
        }
    });
    let answer = desk.run();
    let rows = rows(&answer, "JAR");
    assert_eq!(rows.len(), 8);
    assert!(
        rows.iter().all(|(row, classes)| row.place == "B" && classes == &[Class::UnrecordedTransfer]),
        "{rows:?}"
    );
}

#[test]
fn a_set_booked_without_its_components_is_a_bundle_explosion() {
    let desk = month(|desk, day| {
        if day % 3 == 1 {
            let document = format!("S{day}SET");
            desk.book(ERP, &document, line(EventType::Sale, "JAR", "A", -4), noon(day), 0);
            desk.book(SHOP, &document, line(EventType::Sale, "SET", "A", -2), noon(day), 300);
        }
    });
    let answer = desk.run();
    let rows = rows(&answer, "JAR");
    assert_eq!(rows.len(), 10);
    assert!(rows.iter().all(|(_, classes)| classes == &[Class::BundleExplosion]), "{rows:?}");
}

#[test]
fn a_marketplace_that_lags_the_storefront_is_a_slow_edge_that_heals() {
    // Each sale of the afternoon arrives the next morning: after the snapshot of its evening.
    let mut desk = Desk::new();
    for day in 0..DAYS - 1 {
        let at = noon(day) + 4 * 3600;
        let sold: &[&'static str] = if day % 2 == 0 { &["CUP", "JAR", "POT"] } else { &[] };
        for sku in sold {
            desk.book(ERP, &format!("S{day}{sku}"), line(EventType::Sale, sku, "A", -1), at, 0);
        }
        desk.photograph(evening(day));
        for sku in sold {
            desk.book(SHOP, &format!("S{day}{sku}"), line(EventType::Sale, sku, "A", -1), at, 16 * 3600);
        }
    }
    let answer = desk.run();
    let first = rows(&answer, "JAR");
    assert!(
        !first.is_empty() && first.iter().all(|(_, classes)| classes == &[Class::TimingLag]),
        "{first:?}"
    );
    let sales = answer.flow_maps.iter().find(|map| map.process == Process::Sale).expect("sales flow");
    assert!(
        sales.findings.iter().any(|finding| finding.kind == FindingKind::SlowEdge),
        "{:?}",
        sales.findings
    );
    assert!(of_class(&answer, Class::MissedSale).is_empty(), "a late sale is no lost sale");
}

#[test]
fn a_reserved_quantity_that_is_not_declared_is_a_mismatch_of_meaning() {
    let mut desk = Desk::new();
    for day in 0..DAYS {
        trade(&mut desk, day);
        desk.photograph(evening(day));
    }
    // From the tenth day on, three cups are promised, and the shop leaves them out.
    for line in desk.input.snapshots.iter_mut().filter(|line| &*line.external_sku == "CUP") {
        let is_promised = line.taken_at > instant(START + 10 * DAY) && &*line.external_location == "A";
        let promised = if is_promised { Decimal::from(3) } else { Decimal::ZERO };
        match line.system {
            ERP => line.reserved = Some(Quantity::new(promised)),
            _ => line.quantity = Quantity::new(line.quantity.get() - promised),
        }
    }
    let answer = desk.run();
    let rows = rows(&answer, "CUP");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].1, [Class::MeaningMismatch]);
}
