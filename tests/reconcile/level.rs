//! Levels over time, and the snapshots that the systems take of them.

use std::collections::BTreeMap;

use crate::dirt::{Dirt, Key, keys};
use crate::fault::{Defect, Plan};
use crate::random::Random;
use crate::spread::{Books, Thing};
use crate::traffic::Movement;
use crate::world::{DAY, REFERENCE, START, World};

/// A line of a snapshot, in pieces.
pub struct Line {
    pub key: Key,
    /// True time.
    pub at: i64,
    pub is_full: bool,
    pub quantity: i64,
    /// Only the reference writes it.
    pub reserved: Option<i64>,
}

/// A change of a level, and the unit that made it.
#[derive(Clone, Copy)]
pub struct Step {
    pub at: i64,
    pub quantity: i64,
    pub unit: usize,
}

pub struct Levels {
    /// By key, in the order of time.
    pub steps: BTreeMap<Key, Vec<Step>>,
    /// By key.
    pub openings: BTreeMap<Key, i64>,
    /// In the order of systems and time.
    pub lines: Vec<Line>,
    /// Times of the reference's snapshots.
    reference_times: Vec<i64>,
    seed: u64,
}

impl Levels {
    pub fn new(
        world: &World,
        movements: &[Movement],
        books: &Books,
        dirt: &Dirt,
        plan: &Plan,
        seed: u64,
    ) -> Self {
        let mut levels = Self {
            steps: steps(books),
            openings: openings(world, movements, dirt, seed),
            lines: Vec::new(),
            reference_times: world.snapshot_times(REFERENCE),
            seed,
        };
        for system in 0..world.systems.len() {
            levels.photograph(world, dirt, plan, system);
        }
        levels
    }

    /// Writes the snapshots of a system.
    fn photograph(&mut self, world: &World, dirt: &Dirt, plan: &Plan, system: usize) {
        let mut random = Random::of(self.seed, &format!("snapshots{system}"));
        let own: Vec<Key> = keys(world).filter(|key| key.0 == system).collect();
        let mut shown: Vec<Option<i64>> = vec![None; own.len()];
        let mut cursors = vec![0; own.len()];
        let mut on_hand: Vec<i64> = own.iter().map(|key| self.openings[key]).collect();
        for (number, at) in world.snapshot_times(system).into_iter().enumerate() {
            let is_full = number == 0 || !world.systems[system].is_partial || (at - START) / DAY % 7 == 0;
            // A partial snapshot fails once in a while. The next one lists what it missed.
            let fails = !is_full && random.chance(30);
            for (position, key) in own.iter().enumerate() {
                let steps = self.steps.get(key).map(Vec::as_slice).unwrap_or_default();
                while let Some(step) = steps.get(cursors[position]).filter(|step| step.at <= at) {
                    on_hand[position] += step.quantity;
                    cursors[position] += 1;
                }
                let mut quantity = on_hand[position];
                if dirt.clamped.contains(key) {
                    quantity = quantity.max(0);
                }
                quantity -= self.hidden(world, dirt, plan, *key, at);
                let is_listed = is_full || shown[position] != Some(quantity);
                if fails || !is_listed {
                    continue;
                }
                shown[position] = Some(quantity);
                let reserved = (system == REFERENCE).then(|| self.reserved(world, dirt, key.1, key.2, at));
                self.lines.push(Line { key: *key, at, is_full, quantity, reserved });
            }
        }
    }

    /// Returns the reserved pieces that a system does not show: by its declaration, or because it is misdeclared.
    pub fn hidden(&self, world: &World, dirt: &Dirt, plan: &Plan, key: Key, at: i64) -> i64 {
        let (system, place, item) = key;
        let is_shown = world.systems[system].shows_available && !is_honest(plan, system, at);
        if is_shown { self.reserved(world, dirt, place, item, self.nearest(at)) } else { 0 }
    }

    fn nearest(&self, at: i64) -> i64 {
        let distance = |time: &&i64| (**time - at).abs();
        *self.reference_times.iter().min_by_key(distance).expect("the reference takes snapshots")
    }

    /// Returns the promised pieces of a key in the reference's snapshot of this time.
    fn reserved(&self, world: &World, dirt: &Dirt, place: usize, item: usize, at: i64) -> i64 {
        let goods = &world.items[item];
        let period = (at - START) / (2 * DAY);
        let mut random = Random::of(self.seed, &format!("reserved{place}/{item}/{period}"));
        let share = if place == 0 { 260 } else { 70 };
        let is_promised = random.chance(share) && goods.weight > 8 && !dirt.is_clamped(place, item);
        if is_promised { random.between(1, 4) * goods.pack } else { 0 }
    }
}

/// Returns whether a system that will be misread still shows on hand.
fn is_honest(plan: &Plan, system: usize, at: i64) -> bool {
    let misread = plan.main.as_ref().filter(|main| main.defect == Defect::Misread && main.to == system);
    misread.is_some_and(|main| at < main.since)
}

fn steps(books: &Books) -> BTreeMap<Key, Vec<Step>> {
    let mut steps: BTreeMap<Key, Vec<Step>> = BTreeMap::new();
    for booking in &books.bookings {
        if let Thing::Item(item) = booking.thing {
            let step = Step { at: booking.heard, quantity: booking.quantity, unit: booking.unit };
            steps.entry((booking.system, booking.place, item)).or_default().push(step);
        }
    }
    for list in steps.values_mut() {
        list.sort_by_key(|step| (step.at, step.unit));
    }
    steps
}

/// Returns opening levels with which the true level stays above zero, except for the keys that a system clamps.
fn openings(world: &World, movements: &[Movement], dirt: &Dirt, seed: u64) -> BTreeMap<Key, i64> {
    let mut lowest: BTreeMap<(usize, usize), (i64, i64)> = BTreeMap::new();
    for movement in movements {
        let (sum, least) = lowest.entry((movement.place, movement.item)).or_default();
        *sum += movement.quantity;
        *least = (*least).min(*sum);
    }
    let opening = |key: Key| {
        let (_, place, item) = key;
        let (_, least) = lowest.get(&(place, item)).copied().unwrap_or_default();
        let mut random = Random::of(seed, &format!("opening{place}/{item}"));
        let spare =
            if dirt.is_clamped(place, item) { -3 } else { random.between(14, 40) * world.items[item].pack };
        (key, spare - least + dirt.old.get(&key).copied().unwrap_or_default())
    };
    keys(world).map(opening).collect()
}
