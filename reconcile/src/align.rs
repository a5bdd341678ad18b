//! Brings the inputs of all systems to one form: true time, items and places of the reference, whole units.
//!
//! The rows are sorted first, so their order and their division into files change nothing.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Duration, Utc};
use rust_decimal::Decimal;

use domain::number::Quantity;

use super::declared::Declared;
use super::input::{Input, ROWS_MAX, System, SystemNo, Text};
use super::names::{NO_NAME, NameNo, Names};
use super::resolve::Resolver;
use super::rows::{Clocks, Line, Rows, cut, decimals, held, scaled, series};
use super::unit::{Aligned, Held, Key, Series};

/// Most pack factors of an item that are tried: the smallest.
const PACKS_MAX: usize = 50;

/// The inputs in one form.
#[derive(Debug)]
pub(super) struct World<'a> {
    /// The inputs.
    pub input: &'a Input,
    /// Texts.
    pub names: Names,
    /// Systems in order of their code, as indices of [`Input::systems`].
    pub order: Vec<SystemNo>,
    /// The reference.
    pub reference: Option<SystemNo>,
    /// Owners and hops.
    pub declared: Declared,
    /// Decimals of a unit.
    pub scale: u32,
    /// Events by time.
    pub events: Vec<Aligned>,
    /// Snapshots by system, item and place.
    pub series: Vec<Series>,
    /// First full snapshot of each system.
    pub full: BTreeMap<SystemNo, i64>,
    /// Units that the reference holds back, by key and time.
    pub held: BTreeMap<Key, Vec<Held>>,
    /// Pack factors known for an item, without 1, in order.
    pub packs: BTreeMap<NameNo, Vec<Decimal>>,
    /// Components of sets.
    pub bundles: BTreeMap<NameNo, Vec<(NameNo, Decimal)>>,
    /// Categories of items.
    pub categories: BTreeMap<NameNo, NameNo>,
    /// First instant of the window.
    pub from: i64,
    /// End of the window.
    pub through: i64,
    /// The clocks of the systems.
    pub clocks: Clocks,
    /// Seconds that a system's clock is ahead of what it declares, where that was found.
    pub shifts: BTreeMap<SystemNo, i64>,
    /// Quantities that were too large and were cut.
    pub cut: u64,
    /// Events of sets whose components are left out, because there are too many.
    pub whole_sets: u64,
}

impl World<'_> {
    /// Returns a system.
    pub fn system(&self, number: SystemNo) -> &System {
        &self.input.systems[usize::from(number)]
    }

    /// Returns the code of a system.
    pub fn code(&self, number: SystemNo) -> &str {
        &self.system(number).code
    }

    /// Returns the position of a system by code.
    pub fn position(&self, number: SystemNo) -> usize {
        self.order.iter().position(|one| *one == number).unwrap_or(0)
    }

    /// Returns the number of a code.
    pub fn number(&self, code: &str) -> Option<SystemNo> {
        self.order.iter().copied().find(|number| self.code(*number) == code)
    }

    /// Returns units as a quantity.
    pub fn quantity(&self, units: i64) -> Quantity {
        Quantity::new(Decimal::new(units, self.scale).normalize())
    }

    /// Returns an instant.
    pub fn instant(&self, at: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(at).unwrap_or_default()
    }

    /// Returns an instant as a system wrote it, by its own clock.
    pub fn written(&self, system: SystemNo, at: i64) -> DateTime<Utc> {
        self.instant(self.clocks.write(system, at))
    }
}

/// Brings the inputs to one form. `shifts` are the seconds by which clocks are ahead of what they declare.
pub(super) fn align<'a>(input: &'a Input, shifts: BTreeMap<SystemNo, i64>) -> World<'a> {
    let mut order: Vec<SystemNo> =
        (0..input.systems.len()).filter_map(|at| SystemNo::try_from(at).ok()).collect();
    order.sort_by(|one, other| code(input, *one).cmp(code(input, *other)));
    let reference = order.iter().copied().find(|number| code(input, *number) == &*input.settings.reference);
    let mut names = Names::default();
    let resolver = Resolver::new(input, reference);
    let scale = decimals(input);
    let through = input.through.timestamp_micros();
    let from = (input.through - Duration::days(i64::from(input.settings.window_days))).timestamp_micros();
    let clocks = Clocks::new(input, &shifts);
    let rows = Rows { input, resolver: &resolver, clocks: &clocks, scale, through, cut: Cell::new(0) };
    let events = rows.events(&mut names);
    let lines = rows.lines(&mut names, reference);
    let cut = rows.cut.get();
    let bundles = bundles(input, &mut names);
    let packs = packs(input, &mut names);
    let categories = categories(input, &mut names);
    let declared = Declared::new(input, &order);
    let mut world = World {
        input,
        names,
        order,
        reference,
        declared,
        scale,
        events,
        series: Vec::new(),
        full: BTreeMap::new(),
        held: BTreeMap::new(),
        packs,
        bundles,
        categories,
        from,
        through,
        clocks,
        shifts,
        cut,
        whole_sets: 0,
    };
    sort_names(&mut world, lines);
    world
}

fn code(input: &Input, number: SystemNo) -> &str {
    &input.systems[usize::from(number)].code
}

fn bundles(input: &Input, names: &mut Names) -> BTreeMap<NameNo, Vec<(NameNo, Decimal)>> {
    let mut bundles: BTreeMap<NameNo, Vec<(NameNo, Decimal)>> = BTreeMap::new();
    for part in input.bundles.iter().filter(|part| part.quantity > Decimal::ZERO) {
        let component = (names.number(&part.component), part.quantity);
        bundles.entry(names.number(&part.item)).or_default().push(component);
    }
    bundles
}

fn packs(input: &Input, names: &mut Names) -> BTreeMap<NameNo, Vec<Decimal>> {
    let mut packs: BTreeMap<NameNo, Vec<Decimal>> = BTreeMap::new();
    let mut add = |item: NameNo, factor: Decimal| {
        if factor > Decimal::ZERO && factor != Decimal::ONE {
            packs.entry(item).or_default().push(factor.normalize());
        }
    };
    for mapping in &input.sku_mappings {
        add(names.number(&mapping.item), mapping.factor);
    }
    for item in &input.items {
        let number = names.number(&item.item);
        item.packs.iter().for_each(|factor| add(number, *factor));
    }
    packs
}

fn categories(input: &Input, names: &mut Names) -> BTreeMap<NameNo, NameNo> {
    let mut of_items: BTreeSet<(&Text, &Text)> = BTreeSet::new();
    for item in &input.items {
        if let Some(category) = &item.category {
            of_items.insert((&item.item, category));
        }
    }
    of_items.into_iter().map(|(item, category)| (names.number(item), names.number(category))).collect()
}

/// Numbers the texts in their own order, and sorts all rows by it.
fn sort_names(world: &mut World, mut lines: Vec<Line>) {
    let moved = world.names.sort();
    let to = |number: &mut NameNo| {
        if *number != NO_NAME {
            *number = moved[*number as usize];
        }
    };
    for event in &mut world.events {
        [&mut event.item, &mut event.place, &mut event.reference, &mut event.actor].into_iter().for_each(to);
    }
    for line in &mut lines {
        let (sku, location) = &mut line.external;
        [&mut line.item, &mut line.place, sku, location].into_iter().for_each(to);
    }
    move_names(world, &moved);
    let positions: HashMap<SystemNo, usize> = world.order.iter().copied().zip(0..).collect();
    sort_events(world, &positions);
    expand_sets(world, ROWS_MAX);
    sort_events(world, &positions);
    lines.sort_by_key(|line| {
        let place = positions.get(&line.system).copied().unwrap_or(0);
        (place, line.state, line.item, line.place, line.at, line.external, line.quantity)
    });
    for line in lines.iter().filter(|line| line.full) {
        let first = world.full.entry(line.system).or_insert(line.at);
        *first = line.at.min(*first);
    }
    world.held = held(&lines);
    world.series = series(&positions, &lines);
}

fn sort_events(world: &mut World, positions: &HashMap<SystemNo, usize>) {
    let input = world.input;
    world.events.sort_by(|one, other| {
        let rank = |event: &Aligned| {
            let place = positions.get(&event.system).copied().unwrap_or(0);
            (
                event.at,
                event.seen,
                place,
                event.event_type,
                event.item,
                event.place,
                event.quantity,
                event.of_set,
            )
        };
        let id = |event: &Aligned| &input.events[event.row].external_id;
        let more = |event: &Aligned| (event.reference, event.state, event.actor, event.mode);
        rank(one)
            .cmp(&rank(other))
            .then_with(|| id(one).cmp(id(other)))
            .then_with(|| more(one).cmp(&more(other)))
    });
}

/// Gives the names of sets, packs and categories their new numbers.
fn move_names(world: &mut World, moved: &[NameNo]) {
    let moved_to = |number: NameNo| moved[number as usize];
    world.bundles = std::mem::take(&mut world.bundles)
        .into_iter()
        .map(|(item, mut parts)| {
            parts.iter_mut().for_each(|(component, _)| *component = moved_to(*component));
            parts.sort_unstable();
            parts.dedup();
            (moved_to(item), parts)
        })
        .collect();
    world.packs = std::mem::take(&mut world.packs)
        .into_iter()
        .map(|(item, mut factors)| {
            factors.sort_unstable();
            factors.dedup();
            factors.truncate(PACKS_MAX);
            (moved_to(item), factors)
        })
        .collect();
    world.categories = std::mem::take(&mut world.categories)
        .into_iter()
        .map(|(item, category)| (moved_to(item), moved_to(category)))
        .collect();
}

/// Adds the components of the sets that events name, unless the system reports the components of that document as well. The
/// first events are expanded, to at most `most` components in all.
pub(super) fn expand_sets(world: &mut World, most: usize) {
    if world.bundles.is_empty() {
        return;
    }
    let is_set = |item: NameNo| world.bundles.contains_key(&item);
    let sets: Vec<Aligned> = world.events.iter().filter(|event| is_set(event.item)).copied().collect();
    let documents: BTreeSet<(SystemNo, NameNo)> =
        sets.iter().map(|event| (event.system, event.reference)).collect();
    let of_sets = |event: &&Aligned| documents.contains(&(event.system, event.reference));
    let listed: BTreeSet<(SystemNo, NameNo, NameNo)> = world
        .events
        .iter()
        .filter(of_sets)
        .filter(|event| event.reference != NO_NAME)
        .map(|event| (event.system, event.reference, event.item))
        .collect();
    let mut added = Vec::new();
    for set in sets {
        let parts = &world.bundles[&set.item];
        if added.len() + parts.len() > most {
            world.whole_sets += 1;
            continue;
        }
        for (component, required) in parts {
            if listed.contains(&(set.system, set.reference, *component)) {
                continue;
            }
            let required = scaled(*required, world.scale);
            let one = scaled(Decimal::ONE, world.scale).max(1);
            let product = i128::from(set.quantity).saturating_mul(i128::from(required));
            let quantity = cut(product.checked_div(i128::from(one)).unwrap_or(0));
            added.push(Aligned { item: *component, quantity, of_set: set.item, ..set });
        }
    }
    world.events.extend(added);
}
