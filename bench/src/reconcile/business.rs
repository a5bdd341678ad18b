//! A business of five systems over 60 days, the same in every run. The web shop loses four in ten returns at one place, and the
//! marketplace one event in a thousand.

use chrono::{DateTime, TimeDelta, Utc};

/// Codes and kinds of the systems. The first is the reference.
pub const CODES: [(&str, &str); 5] = [
    ("erp", "erp"),
    ("pos", "pos"),
    ("storefront", "storefront"),
    ("wms", "wms"),
    ("marketplace", "marketplace"),
];
/// Minutes until a system has an event.
const LAGS: [u32; 5] = [2, 0, 9, 4, 17];
/// The system that loses returns, and the place at which it does.
pub const FAULTY_SYSTEM: &str = "storefront";
pub const FAULTY_PLACE: &str = "P2";

pub const EVENT_HEADER: &str = "external_id,type,external_sku,external_location,quantity,occurred_at,recorded_at,reference,actor,entry_mode";
pub const SNAPSHOT_HEADER: &str = "taken_at,external_sku,external_location,quantity";

const DAYS: u32 = 60;
const ITEMS: u32 = 250;
const PLACES: u32 = 4;
/// Units of each item at each place at the beginning.
const START: i64 = 1_000;
/// The first day, 1 January 2025, in seconds.
const EPOCH: i64 = 1_735_689_600;

/// The exports of a system, as rows of CSV.
#[derive(Debug, Default)]
pub struct Export {
    pub events: Vec<String>,
    pub snapshots: Vec<String>,
}

/// The exports of all systems, in the order of [`CODES`].
pub struct Business {
    pub exports: Vec<Export>,
}

/// A generator of numbers that are the same in every run.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(limit)).unwrap_or_default()
    }
}

/// An event as it happened.
struct Real {
    number: u32,
    kind: &'static str,
    item: u32,
    place: u32,
    quantity: i64,
    /// Minute since the first day.
    minute: u32,
}

impl Business {
    /// Makes the exports. All systems together have at least this number of events: one in 300 is lost, so 2 % more are made.
    pub fn of(events: u32) -> Self {
        let mut numbers = Numbers(11);
        let mut exports: Vec<Export> = CODES.iter().map(|_| Export::default()).collect();
        let keys = (ITEMS * PLACES) as usize;
        let mut levels = vec![vec![START; keys]; CODES.len()];
        let a_day = (events + events / 50).div_ceil(5 * DAYS);
        for day in 0..DAYS {
            for (export, levels) in exports.iter_mut().zip(&levels) {
                export.snapshots.extend(nightly(day, levels));
            }
            for number in day * a_day..(day + 1) * a_day {
                let real = Real::of(number, day, &mut numbers);
                for (system, (export, levels)) in exports.iter_mut().zip(&mut levels).enumerate() {
                    if !is_lost(&real, CODES[system].0, &mut numbers) {
                        levels[(real.item * PLACES + real.place) as usize] += real.quantity;
                        export.events.push(real.row(CODES[system].0, LAGS[system]));
                    }
                }
            }
        }
        for (export, levels) in exports.iter_mut().zip(&levels) {
            export.snapshots.extend(nightly(DAYS, levels));
        }
        Business { exports }
    }
}

fn is_lost(real: &Real, system: &str, numbers: &mut Numbers) -> bool {
    let chance = numbers.below(1_000);
    match system {
        FAULTY_SYSTEM => real.kind == "return" && place(real.place) == FAULTY_PLACE && chance < 400,
        "marketplace" => chance < 1,
        _ => false,
    }
}

impl Real {
    /// Makes an event between 8 and 20 o'clock.
    fn of(number: u32, day: u32, numbers: &mut Numbers) -> Self {
        let units = i64::from(1 + numbers.below(3));
        let (kind, quantity) = match numbers.below(100) {
            0..70 => ("sale", -units),
            70..85 => ("return", units),
            85..95 => ("receipt", units * 10),
            _ => ("adjustment", -1),
        };
        let minute = day * 1_440 + 480 + numbers.below(720);
        Real { number, kind, item: numbers.below(ITEMS), place: numbers.below(PLACES), quantity, minute }
    }

    /// Returns the row of a system that has the event so many minutes later.
    fn row(&self, system: &str, lag: u32) -> String {
        let Real { number, kind, item, place: at, quantity, minute } = self;
        format!(
            "{system}-{number},{kind},R{item:05},{},{quantity},{},{},D{number},{},api\n",
            place(*at),
            instant(*minute),
            instant(minute + lag),
            if system == "pos" { "till" } else { "connector" }
        )
    }
}

fn place(number: u32) -> String {
    format!("P{number}")
}

fn instant(minute: u32) -> String {
    let begun = DateTime::<Utc>::from_timestamp(EPOCH, 0).unwrap_or_default();
    (begun + TimeDelta::minutes(i64::from(minute))).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Returns the lines of a snapshot at 4 o'clock of a day.
fn nightly(day: u32, levels: &[i64]) -> Vec<String> {
    let taken_at = instant(day * 1_440 + 240);
    let line = |(key, quantity): (u32, &i64)| {
        format!("{taken_at},R{:05},{},{quantity}\n", key / PLACES, place(key % PLACES))
    };
    (0..).zip(levels).map(line).collect()
}

/// Returns the lines of a snapshot of other items, in the second night.
pub fn broad_snapshot(lines: usize) -> Vec<String> {
    let taken_at = instant(1_440 + 180);
    let line = |number: usize| format!("{taken_at},B{:06},P{},{}\n", number / 4, number % 4, 5 + number % 90);
    (0..lines).map(line).collect()
}
