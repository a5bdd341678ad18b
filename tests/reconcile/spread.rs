//! Movements on their way: the booking of each system, the lag of each edge, and the faults of the edges.

use std::collections::BTreeMap;

use crate::fault::{Defect, Fault, OneOff, Plan};
use crate::random::Random;
use crate::traffic::Movement;
use crate::world::{DAY, Kind, REFERENCE, START, World};
use reconcile::term::{Class, EntryMode, EventType};

/// An item, or a set that was booked as such.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Thing {
    Item(usize),
    Bundle(usize),
}

/// A row of a system.
#[derive(Clone)]
pub struct Booking {
    pub system: usize,
    pub unit: usize,
    pub event_type: EventType,
    pub place: usize,
    pub thing: Thing,
    /// Pieces, or sets.
    pub quantity: i64,
    /// True time at which the system's level changes.
    pub heard: i64,
    /// As written by the system.
    pub occurred: i64,
    pub recorded: Option<i64>,
    pub document: Option<String>,
    pub actor: String,
    pub entry_mode: EntryMode,
    pub external_id: String,
}

/// The meaning of a difference of a unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Label {
    /// Nothing is wrong with it: a difference is a lag.
    Fine,
    Cause(Class),
    /// A correction by hand of an earlier cause.
    Corrects,
    /// A sale of a till that was offline. It heals, and either name is right.
    Offline,
}

/// A movement or correction with all its bookings.
#[derive(Clone, Debug)]
pub struct Unit {
    pub label: Label,
    pub event_type: EventType,
    pub from: usize,
    /// The system that lost, doubled or misread it.
    pub to: usize,
    pub place: usize,
    pub item: usize,
}

/// Manual work on a key.
pub struct Touch {
    pub system: usize,
    pub at: i64,
    pub place: usize,
    pub item: usize,
    pub is_overwrite: bool,
    pub minutes: Option<i64>,
}

pub struct Books {
    pub units: Vec<Unit>,
    pub bookings: Vec<Booking>,
    pub touches: Vec<Touch>,
}

struct Carrier<'a> {
    world: &'a World,
    seed: u64,
    /// Usual seconds of a hop.
    hops: BTreeMap<(usize, usize), i64>,
    books: Books,
    /// By unit: the position of its first booking. Those of one unit are together.
    first_rows: Vec<usize>,
}

/// Books all movements in all systems.
pub fn spread(world: &World, movements: &[Movement], plan: &Plan, seed: u64) -> Books {
    let mut random = Random::of(seed, "hops");
    let count = world.systems.len();
    let mut hops = BTreeMap::new();
    for (from, to) in (0..count).flat_map(|from| (0..count).map(move |to| (from, to))) {
        hops.insert((from, to), random.between(40, 1500));
    }
    let books = Books { units: Vec::new(), bookings: Vec::new(), touches: Vec::new() };
    let mut carrier = Carrier { world, seed, hops, books, first_rows: Vec::new() };
    for movement in movements {
        carrier.carry(movement, plan);
    }
    carrier.add_one_off(&plan.one_off);
    carrier.correct_by_hand();
    let mut books = carrier.books;
    books.bookings.retain(|booking| booking.heard < world.end());
    books.bookings.sort_by_key(|booking| (booking.system, booking.heard, booking.unit));
    number(world, &mut books.bookings, seed);
    books
}

/// Gives each row its id. Half of the copies have the id of the first.
fn number(world: &World, bookings: &mut [Booking], seed: u64) {
    let mut next = vec![0; world.systems.len()];
    let mut given: BTreeMap<(usize, usize, usize), String> = BTreeMap::new();
    let mut random = Random::of(seed, "ids");
    for booking in bookings {
        let thing = match booking.thing {
            Thing::Item(item) => item,
            Thing::Bundle(bundle) => 1000 + bundle,
        };
        next[booking.system] += 1;
        let prefix = world.systems[booking.system].code[..2].to_uppercase();
        let fresh = format!("{prefix}-{:06}", next[booking.system]);
        let key = (booking.system, booking.unit, thing);
        booking.external_id = match given.get(&key) {
            Some(first) if random.chance(500) => first.clone(),
            _ => fresh,
        };
        given.insert(key, booking.external_id.clone());
    }
}

impl Carrier<'_> {
    fn carry(&mut self, movement: &Movement, plan: &Plan) {
        let hit = if movement.offline > 0 { None } else { self.defect(movement, plan) };
        let label = match hit {
            _ if movement.offline > 0 => Label::Offline,
            None | Some((Defect::Late | Defect::Misread, _)) => Label::Fine,
            Some((Defect::Lost | Defect::Unsent, _)) => Label::Cause(movement.event_type.missed()),
            Some((Defect::Doubled, _)) => Label::Cause(Class::DuplicateEvent),
            Some((Defect::Unexploded, _)) => Label::Cause(Class::BundleExplosion),
        };
        let to = hit.map_or(movement.origin, |(_, to)| to);
        let Movement { event_type, place, item, origin, .. } = *movement;
        let unit = self.books.units.len();
        self.open(Unit { label, event_type, from: origin, to, place, item });
        let origin_row = self.origin_row(movement, unit);
        self.books.bookings.push(origin_row);
        for receiver in self.world.keepers(movement.place) {
            let defect = hit
                .filter(|(defect, to)| *to == receiver || *defect == Defect::Unsent)
                .map(|(defect, _)| defect);
            if receiver != movement.origin {
                self.receive(movement, unit, receiver, defect);
            }
        }
    }

    /// Draws a fault of this movement: at most one, in one receiving system.
    fn defect(&self, movement: &Movement, plan: &Plan) -> Option<(Defect, usize)> {
        // Components of one set share the fate of their document.
        let fate = format!("{}{:?}", movement.document, movement.event_type);
        let mut random = Random::of(self.seed, &fate);
        let faults: [Option<&Fault>; 3] = [plan.main.as_ref(), plan.weak.as_ref(), Some(&plan.outage)];
        for fault in faults.into_iter().flatten() {
            if random.chance(fault.rate)
                && fault.defect != Defect::Misread
                && fault.concerns(self.world, movement)
            {
                return Some((fault.defect, fault.to));
            }
        }
        let receivers: Vec<usize> = self
            .world
            .keepers(movement.place)
            .into_iter()
            .filter(|system| *system != movement.origin)
            .collect();
        let to = *random.pick(&receivers);
        let alone = match movement.event_type {
            EventType::Count => 80,
            EventType::Adjustment => 10,
            EventType::Sale
            | EventType::Return
            | EventType::TransferOut
            | EventType::TransferIn
            | EventType::Receipt
            | EventType::Overwrite => 0,
        };
        match random.below(1000) {
            0..6 => Some((Defect::Lost, to)),
            6..8 => Some((Defect::Doubled, to)),
            8.. if random.chance(alone) && movement.origin != REFERENCE => Some((Defect::Unsent, REFERENCE)),
            _ => None,
        }
    }

    fn origin_row(&self, movement: &Movement, unit: usize) -> Booking {
        let system = movement.origin;
        let heard = movement.at + movement.offline;
        let offset = self.world.systems[system].offset;
        let entry_mode = match self.world.systems[system].kind {
            _ if movement.offline > 0 => EntryMode::OfflineSync,
            Kind::Pos | Kind::Erp => EntryMode::Ui,
            Kind::Wms | Kind::Storefront | Kind::Marketplace => EntryMode::Api,
        };
        Booking {
            system,
            unit,
            event_type: movement.event_type,
            place: movement.place,
            thing: Thing::Item(movement.item),
            quantity: movement.quantity,
            heard,
            occurred: movement.at + offset,
            recorded: Some(heard + offset + 1),
            document: Some(movement.document.clone()),
            actor: movement.actor.clone(),
            entry_mode,
            external_id: String::new(),
        }
    }

    fn receive(&mut self, movement: &Movement, unit: usize, system: usize, defect: Option<Defect>) {
        let mut random = Random::of(self.seed, &format!("{}{}{system}", movement.document, movement.place));
        let usual = self.hops[&(movement.origin, system)];
        let mut lag = usual * random.between(60, 160) / 100;
        if random.chance(30) {
            lag = random.between(usual, 4800);
        }
        if defect == Some(Defect::Late) {
            lag = random.between(5 * 3600, 14 * 3600);
        }
        let row = self.received_row(movement, unit, system, movement.at + movement.offline + lag);
        match defect {
            Some(Defect::Lost | Defect::Unsent) => return,
            Some(Defect::Unexploded) => {
                let (bundle, sold) = movement.bundle.expect("the fault concerns sets");
                // The set is booked once, beside its first component.
                if self.world.bundles[bundle].parts[0].0 == movement.item {
                    let set = Booking { thing: Thing::Bundle(bundle), quantity: -sold, ..row };
                    self.books.bookings.push(set);
                }
                return;
            }
            Some(Defect::Doubled) => {
                let copy = self.received_row(movement, unit, system, row.heard + random.between(20, 900));
                self.books.bookings.push(Booking { document: row.document.clone(), ..copy });
            }
            None | Some(Defect::Late | Defect::Misread) => {}
        }
        self.books.bookings.push(row);
    }

    fn received_row(&self, movement: &Movement, unit: usize, system: usize, heard: i64) -> Booking {
        let mut random =
            Random::of(self.seed, &format!("{}{}{system}{heard}", movement.document, movement.item));
        let receiver = &self.world.systems[system];
        let document = match random.below(1000) {
            0..30 => None,
            30..40 => Some(format!("{}-1", movement.document)),
            _ => Some(movement.document.clone()),
        };
        let (occurred, recorded) = if receiver.dates_by_hearing {
            (heard + receiver.offset, None)
        } else {
            (movement.at + self.world.systems[movement.origin].offset, Some(heard + receiver.offset))
        };
        Booking {
            system,
            unit,
            event_type: movement.event_type,
            place: movement.place,
            thing: Thing::Item(movement.item),
            quantity: movement.quantity,
            heard,
            occurred,
            recorded,
            document,
            actor: "connector".to_owned(),
            entry_mode: EntryMode::Api,
            external_id: String::new(),
        }
    }

    /// Books a change that a person types into one system.
    fn type_in(&mut self, system: usize, unit: usize, event_type: EventType, quantity: i64, at: i64) {
        let Unit { place, item, .. } = self.books.units[unit];
        let offset = self.world.systems[system].offset;
        self.books.bookings.push(Booking {
            system,
            unit,
            event_type,
            place,
            thing: Thing::Item(item),
            quantity,
            heard: at,
            occurred: at + offset,
            recorded: Some(at + offset),
            document: None,
            actor: "office-1".to_owned(),
            entry_mode: EntryMode::Ui,
            external_id: String::new(),
        });
        let mut random = Random::of(self.seed, &format!("touch{unit}"));
        self.books.touches.push(Touch {
            system,
            at,
            place,
            item,
            is_overwrite: event_type == EventType::Overwrite,
            minutes: random.chance(500).then(|| random.between(3, 6)),
        });
    }

    fn add_one_off(&mut self, one_off: &OneOff) {
        let OneOff { system, place, item, quantity, at } = *one_off;
        let unit = self.books.units.len();
        let label = Label::Cause(Class::ManualAdjustment);
        let event_type = EventType::Adjustment;
        self.open(Unit { label, event_type, from: system, to: REFERENCE, place, item });
        self.type_in(system, unit, event_type, quantity, at);
    }

    /// Makes three in ten differences equal again, some days later, by typing into the system that was wrong.
    fn correct_by_hand(&mut self) {
        let mut random = Random::of(self.seed, "corrections");
        for wrong in 0..self.books.units.len() {
            let unit = self.books.units[wrong].clone();
            let Some((missing, last)) = self.missing(wrong, unit.to) else { continue };
            let is_cause = matches!(unit.label, Label::Cause(_));
            if !is_cause || unit.from == unit.to || missing.abs() > 200 || !random.chance(300) {
                continue;
            }
            let day = (last - START) / DAY + random.between(2, 6);
            let at = START + day * DAY + 9 * 3600 + random.between(0, 7200);
            let is_sent_nowhere = self.rows(wrong).iter().all(|booking| booking.system == unit.from);
            if at >= self.world.end() || is_sent_nowhere {
                continue;
            }
            let correction = self.books.units.len();
            self.open(Unit { label: Label::Corrects, ..unit.clone() });
            let event_type = if random.chance(700) { EventType::Overwrite } else { EventType::Adjustment };
            self.type_in(unit.to, correction, event_type, missing, at);
        }
    }

    fn open(&mut self, unit: Unit) {
        self.books.units.push(unit);
        self.first_rows.push(self.books.bookings.len());
    }

    fn rows(&self, unit: usize) -> &[Booking] {
        let end = self.first_rows.get(unit + 1).copied().unwrap_or(self.books.bookings.len());
        &self.books.bookings[self.first_rows[unit]..end]
    }

    /// Returns what a system lacks of a unit, and when it was last told of it.
    fn missing(&self, unit: usize, system: usize) -> Option<(i64, i64)> {
        let rows = self.rows(unit);
        let origin = rows.iter().find(|booking| booking.system == self.books.units[unit].from)?;
        let is_of_item =
            |booking: &&Booking| booking.system == system && matches!(booking.thing, Thing::Item(_));
        let had: i64 = rows.iter().filter(is_of_item).map(|booking| booking.quantity).sum();
        let last = rows.iter().map(|booking| booking.heard).max()?;
        Some((origin.quantity - had, last)).filter(|(missing, _)| *missing != 0)
    }
}
