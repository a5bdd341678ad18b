//! The business of a run: its systems, places, items and sets, and how each system spells and counts them.

use crate::random::Random;

/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// The first local midnight, 2026-01-05 (a Monday) in Europe/Berlin. No clock changes within 60 days.
pub const START: i64 = 1_767_567_600;

/// The reference is the first system of every run.
pub const REFERENCE: usize = 0;

/// Kinds of systems. The name is also the code of the system.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    Erp,
    Pos,
    Storefront,
    Wms,
    Marketplace,
}

pub struct System {
    pub kind: Kind,
    pub code: &'static str,
    /// Theirs minus the true time, in seconds.
    pub offset: i64,
    /// Shows available instead of on hand.
    pub shows_available: bool,
    /// Lists only what changed, except on the first day and every seventh.
    pub is_partial: bool,
    /// Counts pack items in packs.
    pub counts_packs: bool,
    /// Writes the moment it heard of an event into `occurred_at`.
    pub dates_by_hearing: bool,
    /// By place: whether the system keeps stock there.
    pub keeps: Vec<bool>,
    /// Seconds after local midnight of its daily snapshot.
    pub snapshot_at: i64,
    pub sync_minutes: i64,
}

pub struct Item {
    pub sku: String,
    pub category: usize,
    /// Its share of all sales, against the others.
    pub weight: u64,
    /// Pieces of a pack; 1 = not sold in packs.
    pub pack: i64,
    /// By place: whether it is in the range.
    pub ranged: Vec<bool>,
}

pub struct Bundle {
    pub sku: String,
    /// Components: item and pieces of each set.
    pub parts: Vec<(usize, i64)>,
}

pub struct Place {
    pub code: String,
    pub is_warehouse: bool,
    pub weight: u64,
}

pub struct World {
    pub days: i64,
    pub systems: Vec<System>,
    pub places: Vec<Place>,
    pub items: Vec<Item>,
    pub bundles: Vec<Bundle>,
}

/// Items that hardly sell.
const QUIET: usize = 8;

pub const CATEGORIES: [&str; 5] = ["tools", "garden", "paint", "lighting", "household"];

const STORES: [&str; 5] = ["northgate", "harbour", "old-town", "riverside", "station"];

impl World {
    pub fn new(seed: u64) -> Self {
        let mut random = Random::of(seed, "world");
        let days = random.between(45, 60);
        let places = places(&mut random);
        let systems = systems(&mut random, &places);
        let items = items(&mut random, places.len());
        let bundles = bundles(&mut random, &items);
        Self { days, systems, places, items, bundles }
    }

    pub fn system(&self, kind: Kind) -> Option<usize> {
        self.systems.iter().position(|system| system.kind == kind)
    }

    /// Returns the systems that keep stock at a place.
    pub fn keepers(&self, place: usize) -> Vec<usize> {
        (0..self.systems.len()).filter(|system| self.systems[*system].keeps[place]).collect()
    }

    /// Returns the items that hardly sell.
    pub fn quiet_items(&self) -> Vec<usize> {
        (0..self.items.len()).filter(|item| self.items[*item].weight == 8).collect()
    }

    pub fn end(&self) -> i64 {
        START + self.days * DAY
    }

    /// Returns a system's spelling of an item.
    pub fn spelled(&self, system: usize, item: usize) -> String {
        let Item { sku, pack, .. } = &self.items[item];
        match self.systems[system].kind {
            Kind::Erp => sku.clone(),
            Kind::Pos if item.is_multiple_of(3) => sku.replace("A-", "000"),
            Kind::Pos => sku.clone(),
            Kind::Storefront if *pack > 1 => format!("{}-{pack}pk", sku.to_lowercase().replace('-', "")),
            Kind::Storefront => format!("{}-std", sku.to_lowercase().replace('-', "")),
            Kind::Wms if *pack > 1 => format!("{}/CS{pack}", sku.trim_start_matches("A-")),
            Kind::Wms => sku.clone(),
            Kind::Marketplace => format!("MP{}", sku.replace("A-", "7")),
        }
    }

    pub fn spelled_bundle(&self, system: usize, bundle: usize) -> String {
        let sku = &self.bundles[bundle].sku;
        match self.systems[system].kind {
            Kind::Pos => sku.replace("B-", "SET"),
            Kind::Storefront => format!("{}-set", sku.to_lowercase()),
            Kind::Erp | Kind::Wms | Kind::Marketplace => sku.clone(),
        }
    }

    pub fn spelled_place(&self, system: usize, place: usize) -> String {
        let Place { code, is_warehouse, .. } = &self.places[place];
        match self.systems[system].kind {
            Kind::Erp => code.clone(),
            Kind::Pos => format!("Store {place:02}"),
            Kind::Storefront if *is_warehouse => "warehouse".to_owned(),
            Kind::Storefront => STORES[place - 1].to_owned(),
            Kind::Wms => "DC1".to_owned(),
            Kind::Marketplace => format!("FC-{code}"),
        }
    }

    /// Returns the pieces of one unit of a system.
    pub fn factor(&self, system: usize, item: usize) -> i64 {
        if self.systems[system].counts_packs { self.items[item].pack } else { 1 }
    }

    /// Returns when a system takes its snapshots, in true time. The first is before the first movement.
    pub fn snapshot_times(&self, system: usize) -> Vec<i64> {
        let at = self.systems[system].snapshot_at;
        let daily = (0..self.days).map(|day| START + day * DAY + at);
        let first = START + 6 * 3600;
        std::iter::once(first).chain(daily.filter(|time| *time > first)).collect()
    }
}

fn places(random: &mut Random) -> Vec<Place> {
    let stores = random.index(3) + 3;
    let mut places = vec![Place { code: "1000".to_owned(), is_warehouse: true, weight: 10 }];
    for number in 1..=stores {
        let weight = [14, 9, 7, 6, 5][number - 1];
        places.push(Place { code: (2000 + number * 10).to_string(), is_warehouse: false, weight });
    }
    places
}

fn systems(random: &mut Random, places: &[Place]) -> Vec<System> {
    let mut kinds = vec![Kind::Erp, Kind::Pos, Kind::Storefront];
    if random.chance(550) {
        kinds.push(Kind::Wms);
    }
    if random.chance(400) {
        kinds.push(Kind::Marketplace);
    }
    kinds.into_iter().map(|kind| system(random, kind, places)).collect()
}

fn system(random: &mut Random, kind: Kind, places: &[Place]) -> System {
    let offset = if kind == Kind::Erp { 0 } else { random.between(-8, 8) * 60 + random.between(-20, 20) };
    let keeps = |(number, place): (usize, &Place)| match kind {
        Kind::Erp | Kind::Storefront => true,
        Kind::Pos => !place.is_warehouse,
        Kind::Wms => place.is_warehouse,
        Kind::Marketplace => number <= 1,
    };
    let (code, hour) = match kind {
        Kind::Erp => ("erp", 21),
        Kind::Pos => ("pos", 21),
        Kind::Storefront => ("storefront", 22),
        Kind::Wms => ("wms", 21),
        Kind::Marketplace => ("marketplace", 5),
    };
    System {
        kind,
        code,
        offset,
        shows_available: kind == Kind::Storefront || (kind == Kind::Marketplace && random.chance(500)),
        is_partial: (kind == Kind::Storefront && random.chance(600)) || kind == Kind::Marketplace,
        counts_packs: matches!(kind, Kind::Storefront | Kind::Wms),
        dates_by_hearing: kind == Kind::Wms && random.chance(600),
        keeps: places.iter().enumerate().map(keeps).collect(),
        snapshot_at: hour * 3600 + random.between(0, 50) * 60,
        sync_minutes: *random.pick(&[5, 15, 30, 60]),
    }
}

fn items(random: &mut Random, places: usize) -> Vec<Item> {
    let count = random.index(16) + 60;
    let mut ranks: Vec<u64> = (0..count as u64).collect();
    random.shuffle(&mut ranks);
    let item = |(number, rank): (usize, &u64)| Item {
        sku: format!("A-{}", 10_002 + number * 7),
        category: number % CATEGORIES.len(),
        // The last ones hardly sell: keys that are dirty as such are made of them.
        weight: if *rank + QUIET as u64 >= count as u64 { 8 } else { 6000 / (rank + 6) },
        pack: if random.chance(180) { *random.pick(&[6, 12, 24]) } else { 1 },
        ranged: (0..places).map(|place| place == 0 || random.chance(800)).collect(),
    };
    ranks.iter().enumerate().map(item).collect()
}

/// Makes sets of single items, so that a set is never a part of a pack.
fn bundles(random: &mut Random, items: &[Item]) -> Vec<Bundle> {
    let mut singles: Vec<usize> =
        (0..items.len()).filter(|item| items[*item].pack == 1 && items[*item].weight > 8).collect();
    random.shuffle(&mut singles);
    let bundle = |(number, pair): (usize, &[usize])| Bundle {
        sku: format!("B-{}", 700 + number),
        parts: pair.iter().map(|item| (*item, random.between(1, 3))).collect(),
    };
    singles.chunks_exact(2).take(5).enumerate().map(bundle).collect()
}
