//! The truth of a run: how each difference changed between two snapshots of a key, and why.

use std::collections::{BTreeMap, BTreeSet};

use crate::dirt::{Dirt, Key};
use crate::fault::Plan;
use crate::level::{Levels, Line, Step};
use crate::spread::{Books, Label};
use crate::world::{REFERENCE, World};
use reconcile::term::Class;

/// The reason of a part of a change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    Cause(Class),
    /// An earlier difference ended.
    Heals,
    /// More than one name is right.
    Either,
}

#[derive(Clone, Debug)]
pub struct Part {
    pub reason: Reason,
    pub quantity: i64,
    /// The unit that made it, unless it is of levels.
    pub unit: Option<usize>,
}

/// A change of a difference between two snapshots of a key.
#[derive(Clone, Debug)]
pub struct Row {
    pub key: Key,
    /// True time.
    pub at: i64,
    pub increment: i64,
    pub parts: Vec<Part>,
}

pub struct Truth {
    /// Rows with an increment, without the first snapshot of a key and without keys that are dirty as such.
    pub rows: Vec<Row>,
    /// By key and time: all rows that a report of differences would list.
    pub lines: Vec<(Key, i64, i64)>,
}

/// A part of a difference over the snapshots of a key: snapshot, quantity.
type Parts = BTreeMap<usize, Vec<Part>>;

/// All that was made before the truth of a run.
#[derive(Clone, Copy)]
pub struct Made<'a> {
    pub world: &'a World,
    pub plan: &'a Plan,
    pub dirt: &'a Dirt,
    pub books: &'a Books,
    pub levels: &'a Levels,
}

impl Truth {
    pub fn new(made: Made<'_>) -> Self {
        let Made { dirt, books, levels, .. } = made;
        let mut by_key: BTreeMap<Key, Vec<&Line>> = BTreeMap::new();
        for line in levels.lines.iter().filter(|line| line.key.0 != REFERENCE) {
            by_key.entry(line.key).or_default().push(line);
        }
        let ours = reference_steps(books);
        let mut truth = Self { rows: Vec::new(), lines: Vec::new() };
        for (key, lines) in by_key.into_iter().filter(|(key, _)| !dirt.touches(*key)) {
            let times: Vec<i64> = lines.iter().map(|line| line.at).collect();
            let empty = Vec::new();
            let reference = ours.get(&(key.1, key.2)).unwrap_or(&empty);
            let theirs = levels.steps.get(&key).unwrap_or(&empty);
            let mut parts = parts(books, &times, theirs, reference);
            add_meaning(&mut parts, &times, &lines, made);
            truth.add_rows(key, &times, parts, dirt.old.get(&key).copied().unwrap_or_default());
        }
        truth
    }

    fn add_rows(&mut self, key: Key, times: &[i64], mut parts: Parts, old: i64) {
        let mut delta = old;
        for (number, at) in times.iter().enumerate() {
            let parts = parts.remove(&number).unwrap_or_default();
            let increment: i64 = parts.iter().map(|part| part.quantity).sum();
            delta += increment;
            if delta != 0 {
                self.lines.push((key, *at, delta));
            }
            if increment != 0 && number > 0 {
                self.rows.push(Row { key, at: *at, increment, parts });
            }
        }
    }
}

/// Returns the reference's changes by place and item, at the time that it states for each event.
fn reference_steps(books: &Books) -> BTreeMap<(usize, usize), Vec<Step>> {
    let mut steps: BTreeMap<(usize, usize), Vec<Step>> = BTreeMap::new();
    for booking in books.bookings.iter().filter(|booking| booking.system == REFERENCE) {
        if let crate::spread::Thing::Item(item) = booking.thing {
            let step = Step { at: booking.occurred, quantity: -booking.quantity, unit: booking.unit };
            steps.entry((booking.place, item)).or_default().push(step);
        }
    }
    steps
}

/// Splits the changes of theirs minus ours by unit. A unit that is equal at both ends of an interval leaves no part.
fn parts(books: &Books, times: &[i64], theirs: &[Step], ours: &[Step]) -> Parts {
    let mut by_unit: BTreeMap<usize, (i64, BTreeMap<usize, i64>)> = BTreeMap::new();
    for step in theirs.iter().chain(ours) {
        let seen = times.partition_point(|time| *time < step.at);
        let (last, changes) = by_unit.entry(step.unit).or_default();
        *last += step.quantity;
        *changes.entry(seen).or_default() += step.quantity;
    }
    let mut parts = Parts::new();
    for (unit, (last, changes)) in by_unit {
        let mut path = Path { label: books.units[unit].label, level: 0, last, is_given: false };
        for (seen, change) in changes.into_iter().filter(|(seen, change)| *change != 0 && *seen < times.len())
        {
            for (reason, quantity) in path.reasons(change) {
                parts.entry(seen).or_default().push(Part { reason, quantity, unit: Some(unit) });
            }
        }
    }
    parts
}

/// The part of one unit in a difference, from snapshot to snapshot.
struct Path {
    label: Label,
    level: i64,
    /// The part that stays.
    last: i64,
    /// Whether the cause was named.
    is_given: bool,
}

impl Path {
    /// Names a change.
    fn reasons(&mut self, change: i64) -> Vec<(Reason, i64)> {
        let before = self.level;
        self.level += change;
        match self.label {
            Label::Corrects => vec![(Reason::Heals, change)],
            Label::Offline => vec![(Reason::Either, change)],
            Label::Cause(class) if self.last != 0 && !self.is_given && self.holds_last() => {
                self.is_given = true;
                let rest = change - self.last;
                let reason = if before == 0 { Reason::Cause(Class::TimingLag) } else { Reason::Heals };
                let cause = (Reason::Cause(class), self.last);
                if rest == 0 { vec![cause] } else { vec![cause, (reason, rest)] }
            }
            Label::Fine | Label::Cause(_) if self.level == 0 || self.level == self.last => {
                vec![(Reason::Heals, change)]
            }
            Label::Fine | Label::Cause(_) => vec![(Reason::Cause(Class::TimingLag), change)],
        }
    }

    /// Returns whether the part that stays is within the present one.
    fn holds_last(&self) -> bool {
        self.level.signum() == self.last.signum() && self.level.abs() >= self.last.abs()
    }
}

/// Adds the reserved pieces of a system that declares on hand and shows available.
fn add_meaning(parts: &mut Parts, times: &[i64], lines: &[&Line], made: Made<'_>) {
    let Made { world, levels, dirt, plan, .. } = made;
    let key = lines[0].key;
    if !is_misread(plan, key.0) {
        return;
    }
    let mut before = 0;
    for (number, at) in times.iter().enumerate() {
        let now = -levels.hidden(world, dirt, plan, key, *at);
        if now != before {
            let reason = if now == 0 { Reason::Heals } else { Reason::Cause(Class::MeaningMismatch) };
            parts.entry(number).or_default().push(Part { reason, quantity: now - before, unit: None });
        }
        before = now;
    }
}

pub fn is_misread(plan: &Plan, system: usize) -> bool {
    plan.main.as_ref().is_some_and(|main| main.defect == crate::fault::Defect::Misread && main.to == system)
}

/// Returns the systems with a dirty key of a class, with the SKUs under which it may be reported.
pub fn dirty_keys(world: &World, dirt: &Dirt) -> BTreeSet<(Class, usize, Vec<String>)> {
    let mut keys = BTreeSet::new();
    let named = |system: usize, item: usize, more: Option<String>| {
        let mut names = vec![world.items[item].sku.clone(), world.spelled(system, item)];
        names.extend(more);
        names
    };
    for (system, item) in &dirt.unmapped {
        keys.insert((
            Class::UnmappedSku,
            *system,
            named(*system, *item, Some(format!("X{}", world.spelled(*system, *item)))),
        ));
    }
    for (system, _, item) in &dirt.doubled {
        let second = Some(format!("{}-old", world.spelled(*system, *item)));
        keys.insert((Class::AmbiguousMap, *system, named(*system, *item, second)));
    }
    for (system, item) in &dirt.unscaled {
        keys.insert((Class::UnitMismatch, *system, named(*system, *item, None)));
    }
    for (system, _, item) in &dirt.clamped {
        keys.insert((Class::ClampedNegative, *system, named(*system, *item, None)));
    }
    for (system, item) in &dirt.caged {
        keys.insert((Class::UnmappedLocation, *system, named(*system, *item, None)));
    }
    keys
}
