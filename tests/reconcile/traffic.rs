//! The true movements of a business: who sold, returned, moved, received, corrected and counted, and when.

use crate::random::Random;
use crate::world::{DAY, Kind, REFERENCE, START, World};
use reconcile::term::EventType;

/// A true movement of one item at one place.
#[derive(Clone)]
pub struct Movement {
    pub event_type: EventType,
    pub place: usize,
    pub item: usize,
    /// Effect on stock, in pieces.
    pub quantity: i64,
    /// True time.
    pub at: i64,
    /// The system that sees it first.
    pub origin: usize,
    pub actor: String,
    pub document: String,
    /// The set that was sold, and how many: all movements of one document are its components.
    pub bundle: Option<(usize, i64)>,
    /// Seconds until the origin itself learns of it: a till that was offline.
    pub offline: i64,
}

/// Sales at tills, by hour from 9 to 19.
const STORE_HOURS: [u64; 11] = [4, 7, 9, 12, 9, 7, 8, 10, 12, 13, 10];
/// Orders in the web, by hour from 7 to 23.
const WEB_HOURS: [u64; 17] = [2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 6, 7, 9, 10, 10, 7, 3];
/// Volume in percent, by weekday from Monday. Stores are closed on Sundays.
const WEEKDAYS: [u64; 7] = [85, 90, 95, 100, 125, 160, 0];
/// Work in a warehouse, by hour from 7 to 17.
const WORK_HOURS: [u64; 11] = [4, 8, 10, 10, 8, 4, 8, 10, 8, 6, 4];

struct Writer<'a> {
    world: &'a World,
    random: Random,
    movements: Vec<Movement>,
    documents: u64,
}

/// Returns all movements in the order of time.
pub fn movements(world: &World, seed: u64) -> Vec<Movement> {
    let random = Random::of(seed, "traffic");
    let mut writer = Writer { world, random, movements: Vec::new(), documents: 0 };
    let busy = writer.random.between(85, 115);
    let feast = writer.random.between(10, world.days - 5);
    for day in 0..world.days {
        let boost = if day == feast { 180 } else { 100 };
        let weekday = WEEKDAYS[usize::try_from(day % 7).expect("a weekday")];
        let share = u64::try_from(busy).expect("positive") * boost / 100;
        writer.sell_in_stores(day, weekday * share / 100);
        writer.sell_in_web(day, share);
        if weekday > 0 {
            writer.work(day, weekday * share / 100);
        }
    }
    let mut movements = writer.movements;
    movements.sort_by(|one, other| one.at.cmp(&other.at).then_with(|| one.document.cmp(&other.document)));
    movements
}

/// The goods of a movement: pieces of an item at a place.
#[derive(Clone, Copy)]
struct Goods {
    place: usize,
    item: usize,
    quantity: i64,
}

/// The system that saw a movement first, and the minute.
#[derive(Clone)]
struct Sighting {
    at: i64,
    origin: usize,
    actor: String,
}

impl Writer<'_> {
    /// Returns a count around `mean_per_cent` / 100, with some spread.
    fn count(&mut self, mean_per_cent: u64) -> u64 {
        let spread = self.random.between(75, 125);
        let scaled = mean_per_cent * u64::try_from(spread).expect("positive") / 100;
        scaled / 100 + u64::from(self.random.below(100) < scaled % 100)
    }

    fn time(&mut self, day: i64, first_hour: i64, hours: &[u64]) -> i64 {
        let hour = i64::try_from(self.random.weighted(hours)).expect("an hour");
        START + day * DAY + (first_hour + hour) * 3600 + self.random.between(0, 3599)
    }

    fn document(&mut self, prefix: &str) -> String {
        self.documents += 1;
        format!("{prefix}{}", 100_000 + self.documents)
    }

    /// Returns an item in the range of a place, by how often it sells.
    fn item(&mut self, place: usize) -> usize {
        let weight = |item: &crate::world::Item| if item.ranged[place] { item.weight } else { 0 };
        let weights: Vec<u64> = self.world.items.iter().map(weight).collect();
        self.random.weighted(&weights)
    }

    fn pieces(&mut self, item: usize, low: i64, high: i64) -> i64 {
        let pack = self.world.items[item].pack;
        if pack > 1 {
            pack * self.random.between(1, (high / pack).clamp(1, 3))
        } else {
            self.random.between(low, high)
        }
    }

    fn store(&mut self) -> usize {
        let weights: Vec<u64> = self.world.places.iter().map(|place| place.weight).collect();
        1 + self.random.weighted(&weights[1..])
    }

    fn till(&mut self, place: usize) -> String {
        format!("till-{place}-{}", 1 + self.random.weighted(&[45, 35, 20]))
    }

    fn sell_in_stores(&mut self, day: i64, share: u64) {
        if share == 0 {
            return;
        }
        let origin = self.world.system(Kind::Pos).expect("every business has tills");
        for _ in 0..self.count(62 * share) {
            let (place, at) = (self.store(), self.time(day, 9, &STORE_HOURS));
            let actor = self.till(place);
            self.sale(place, Sighting { at, origin, actor });
        }
        for _ in 0..self.count(13 * share) {
            let (place, at) = (self.store(), self.time(day, 9, &STORE_HOURS));
            let (actor, item) = (self.till(place), self.item(place));
            let quantity = self.pieces(item, 1, 2);
            self.push(EventType::Return, Goods { place, item, quantity }, Sighting { at, origin, actor });
        }
        let documents: [(EventType, u64, i64, i64); 3] = [
            (EventType::Adjustment, 4, -4, -1),
            (EventType::Count, 2, -3, 3),
            (EventType::Receipt, 3, 6, 24),
        ];
        for (event_type, mean, low, high) in documents {
            for _ in 0..self.count(mean * share) {
                let (place, at) = (self.store(), self.time(day, 9, &STORE_HOURS));
                let (actor, item) = (self.till(place), self.item(place));
                let quantity = self.signed(item, low, high);
                self.push(event_type, Goods { place, item, quantity }, Sighting { at, origin, actor });
            }
        }
    }

    /// Returns a quantity between two bounds that is not 0, in whole packs.
    fn signed(&mut self, item: usize, low: i64, high: i64) -> i64 {
        let quantity = self.random.between(low, high);
        let pack = self.world.items[item].pack;
        match quantity {
            0 => pack,
            _ if pack > 1 => pack * quantity.signum() * (1 + quantity.abs() / 16),
            _ => quantity,
        }
    }

    fn sale(&mut self, place: usize, seen: Sighting) {
        let in_range = |bundle: &usize| {
            let parts = &self.world.bundles[*bundle].parts;
            parts.iter().all(|(item, _)| self.world.items[*item].ranged[place])
        };
        let sets: Vec<usize> = (0..self.world.bundles.len()).filter(in_range).collect();
        if !sets.is_empty() && self.random.chance(90) {
            let (bundle, sold) = (*self.random.pick(&sets), 1 + i64::from(self.random.chance(150)));
            let document = self.document("S");
            for (item, each) in self.world.bundles[bundle].parts.clone() {
                let goods = Goods { place, item, quantity: -each * sold };
                let part = movement(EventType::Sale, goods, seen.clone(), document.clone());
                self.movements.push(Movement { bundle: Some((bundle, sold)), ..part });
            }
            return;
        }
        let item = self.item(place);
        let most = *self.random.pick(&[1, 1, 1, 2, 3, 5]);
        let quantity = -self.pieces(item, 1, most);
        self.push(EventType::Sale, Goods { place, item, quantity }, seen);
    }

    fn sell_in_web(&mut self, day: i64, share: u64) {
        let shop = self.world.system(Kind::Storefront).expect("every business has a web shop");
        let market = self.world.system(Kind::Marketplace);
        for _ in 0..self.count(24 * share) {
            let at = self.time(day, 7, &WEB_HOURS);
            let origin = market.filter(|_| self.random.chance(350)).unwrap_or(shop);
            let actor = if origin == shop { "checkout" } else { "orders" };
            self.sale(0, Sighting { at, origin, actor: actor.to_owned() });
        }
    }

    /// Does the work of a day in the warehouse: goods in, moves to the stores, returns by post, corrections, counts.
    fn work(&mut self, day: i64, share: u64) {
        let warehouse = self.world.system(Kind::Wms).unwrap_or(REFERENCE);
        let documents: [(EventType, u64, i64, i64); 4] = [
            (EventType::Receipt, 4, 12, 60),
            (EventType::Return, 5, 1, 2),
            (EventType::Adjustment, 3, -6, -1),
            (EventType::Count, 1, -3, 3),
        ];
        for (event_type, mean, low, high) in documents {
            for _ in 0..self.count(mean * share) {
                let (at, item) = (self.time(day, 7, &WORK_HOURS), self.item(0));
                let quantity = self.signed(item, low, high);
                let actor = format!("scanner-{}", 1 + self.random.below(3));
                let goods = Goods { place: 0, item, quantity };
                self.push(event_type, goods, Sighting { at, origin: warehouse, actor });
            }
        }
        for _ in 0..self.count(8 * share) {
            self.move_to_store(day, warehouse);
        }
    }

    fn move_to_store(&mut self, day: i64, warehouse: usize) {
        let till = self.world.system(Kind::Pos).expect("every business has tills");
        let (to, sent) = (self.store(), self.time(day, 7, &WORK_HOURS));
        let item = self.item(to);
        let (quantity, document) = (self.pieces(item, 4, 20), self.document("T"));
        let received = sent.max(START + day * DAY + 9 * 3600) + self.random.between(1800, 3 * 3600);
        let out = Goods { place: 0, item, quantity: -quantity };
        let sent = Sighting { at: sent, origin: warehouse, actor: "scanner-1".to_owned() };
        self.movements.push(movement(EventType::TransferOut, out, sent, document.clone()));
        let received = Sighting { at: received, origin: till, actor: self.till(to) };
        let goods = Goods { place: to, item, quantity };
        self.movements.push(movement(EventType::TransferIn, goods, received, document));
    }

    fn push(&mut self, event_type: EventType, goods: Goods, seen: Sighting) {
        let prefix = match event_type {
            EventType::Sale => "S",
            EventType::Return => "R",
            EventType::Receipt => "G",
            EventType::Count => "C",
            EventType::TransferIn | EventType::TransferOut => "T",
            EventType::Adjustment | EventType::Overwrite => "K",
        };
        let document = self.document(prefix);
        // A few tills lose their connection for a day or two.
        let is_offline = event_type == EventType::Sale && goods.place > 0 && self.random.below(1500) == 0;
        let offline = if is_offline { self.random.between(30, 50) * 3600 } else { 0 };
        self.movements.push(Movement { offline, ..movement(event_type, goods, seen, document) });
    }
}

fn movement(event_type: EventType, goods: Goods, seen: Sighting, document: String) -> Movement {
    let Goods { place, item, quantity } = goods;
    let Sighting { at, origin, actor } = seen;
    Movement { event_type, place, item, quantity, at, origin, actor, document, bundle: None, offline: 0 }
}
