//! Reads the rows of the inputs: true time, items and places of the reference, whole units.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use domain::number::{self, Quantity, QuantityKind};

use super::input::{Event, Input, ROWS_MAX, SnapshotLine, System, SystemNo};
use super::names::{NO_NAME, NameNo, Names};
use super::resolve::{Resolved, Resolver, State};
use super::term::SystemKind;
use super::unit::{Aligned, Held, Key, Observation, SECOND, Series};

/// Largest size of a quantity, in units of the last decimal. The sum of the quantities of all rows has room for the difference
/// of two such sums.
pub(super) const UNITS_MAX: i64 = i64::MAX / (4 * ROWS_MAX as i64);

/// The clocks of the systems.
#[derive(Debug)]
pub(super) struct Clocks {
    /// Microseconds ahead of true time.
    offsets: Vec<i64>,
}

impl Clocks {
    pub fn new(input: &Input, shifts: &BTreeMap<SystemNo, i64>) -> Self {
        let of = |(at, system): (usize, &System)| {
            let number = SystemNo::try_from(at).unwrap_or(SystemNo::MAX);
            let shift = shifts.get(&number).copied().unwrap_or(0);
            system.clock_offset_seconds.saturating_add(shift).saturating_mul(SECOND)
        };
        Clocks { offsets: input.systems.iter().enumerate().map(of).collect() }
    }

    fn offset(&self, system: SystemNo) -> i64 {
        self.offsets.get(usize::from(system)).copied().unwrap_or(0)
    }

    /// Returns the true time of an instant that a system wrote.
    pub fn read(&self, system: SystemNo, at: DateTime<Utc>) -> i64 {
        at.timestamp_micros().saturating_sub(self.offset(system))
    }

    /// Returns an instant of true time as a system writes it.
    pub fn write(&self, system: SystemNo, at: i64) -> i64 {
        at.saturating_add(self.offset(system))
    }
}

/// Returns the most decimals of any quantity, in units of the reference.
pub(super) fn decimals(input: &Input) -> u32 {
    let factors = input.sku_mappings.iter().map(|mapping| mapping.factor);
    let of_factors = factors.map(|factor| factor.normalize().scale()).max().unwrap_or(0);
    let mut most = of_factors;
    let mut see = |value: Decimal| {
        if value.scale() > 0 {
            most = most.max(value.normalize().scale().saturating_add(of_factors));
        }
    };
    input.events.iter().for_each(|event| see(event.quantity.get()));
    for line in &input.snapshots {
        see(line.quantity.get());
        for held in [line.reserved, line.quarantined, line.incoming, line.expired].into_iter().flatten() {
            see(held.get());
        }
    }
    input.bundles.iter().for_each(|part| see(part.quantity));
    most.min(<QuantityKind as number::Kind>::DECIMALS as u32)
}

/// Returns a value in units of 10^-`scale`, cut to [`UNITS_MAX`].
pub(super) fn scaled(value: Decimal, scale: u32) -> i64 {
    cut(units(value, scale))
}

fn units(value: Decimal, scale: u32) -> i128 {
    let mut value = number::round(value, scale);
    value.rescale(scale);
    value.mantissa()
}

/// Returns a number of units within [`UNITS_MAX`].
pub(super) fn cut(units: i128) -> i64 {
    const MOST: i128 = UNITS_MAX as i128;
    i64::try_from(units.clamp(-MOST, MOST)).unwrap_or(0)
}

/// A line of a snapshot in true time and units of the reference.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub system: SystemNo,
    pub item: NameNo,
    pub place: NameNo,
    pub state: State,
    pub at: i64,
    pub full: bool,
    /// The SKU and the location as the system writes them.
    pub external: (NameNo, NameNo),
    pub quantity: i64,
    /// Units that the reference holds back; none if that is not known, and for the other systems.
    pub held: Option<Held>,
}

/// The rows of the inputs and the way in which they are read.
pub(super) struct Rows<'a> {
    pub input: &'a Input,
    pub resolver: &'a Resolver<'a>,
    pub clocks: &'a Clocks,
    pub scale: u32,
    pub through: i64,
    /// Quantities that were larger than [`UNITS_MAX`].
    pub cut: Cell<u64>,
}

impl Rows<'_> {
    fn is_known(&self, system: SystemNo) -> bool {
        usize::from(system) < self.input.systems.len()
    }

    fn factored(&self, quantity: Quantity, factor: Decimal) -> i64 {
        let value = quantity.get();
        let product = if factor == Decimal::ONE { Some(value) } else { value.checked_mul(factor) };
        let units = match product {
            Some(product) => units(product, self.scale),
            None if value.is_sign_negative() == factor.is_sign_negative() => i128::MAX,
            None => i128::MIN,
        };
        let found = cut(units);
        if i128::from(found) != units {
            self.cut.set(self.cut.get() + 1);
        }
        found
    }

    pub fn events(&self, names: &mut Names) -> Vec<Aligned> {
        let mut events = Vec::with_capacity(self.input.events.len());
        for (row, event) in self.input.events.iter().enumerate() {
            if !self.is_known(event.system) {
                continue;
            }
            let at = self.clocks.read(event.system, event.occurred_at);
            if at > self.through {
                continue;
            }
            events.push(self.event(names, event, at, row));
        }
        events
    }

    fn event(&self, names: &mut Names, event: &Event, at: i64, row: usize) -> Aligned {
        let found = self.resolver.resolve(event.system, &event.external_sku, &event.external_location, at);
        let seen = event.recorded_at.map_or(at, |recorded| self.clocks.read(event.system, recorded));
        let reference = event.reference.as_ref().filter(|text| !text.trim().is_empty());
        Aligned {
            system: event.system,
            event_type: event.event_type,
            item: names.number(found.item),
            place: names.number(found.place),
            state: found.state,
            quantity: self.factored(event.quantity, found.factor),
            at,
            seen,
            reference: reference.map_or(NO_NAME, |text| names.normal(text)),
            actor: event.actor.as_ref().map_or(NO_NAME, |text| names.number(text)),
            mode: event.entry_mode,
            of_set: NO_NAME,
            row,
        }
    }

    pub fn lines(&self, names: &mut Names, reference: Option<SystemNo>) -> Vec<Line> {
        let mut lines = Vec::with_capacity(self.input.snapshots.len());
        for line in self.input.snapshots.iter().filter(|line| self.is_known(line.system)) {
            let at = self.clocks.read(line.system, line.taken_at);
            if at > self.through {
                continue;
            }
            let found = self.resolver.resolve(line.system, &line.external_sku, &line.external_location, at);
            let held = if Some(line.system) == reference { self.held(line, &found, at) } else { None };
            lines.push(Line {
                system: line.system,
                item: names.number(found.item),
                place: names.number(found.place),
                state: found.state,
                at,
                full: line.full,
                external: (names.number(&line.external_sku), names.number(&line.external_location)),
                quantity: self.factored(line.quantity, found.factor),
                held,
            });
        }
        lines
    }

    /// Returns what a line says that is held back. Own levels of the past do not say it; for other systems an empty cell is 0.
    fn held(&self, line: &SnapshotLine, found: &Resolved, at: i64) -> Option<Held> {
        let stated = [line.reserved, line.quarantined, line.incoming, line.expired];
        let is_own = self.input.systems[usize::from(line.system)].kind == SystemKind::Stockwell;
        if is_own && stated.iter().all(Option::is_none) {
            return None;
        }
        let [reserved, quarantined, incoming, expired] =
            stated.map(|told| told.map_or(0, |quantity| self.factored(quantity, found.factor)));
        Some(Held { at, reserved, quarantined, incoming, expired })
    }
}

/// Collects what the reference holds back, by key and time. Lines of one key and instant are summed.
pub(super) fn held(lines: &[Line]) -> BTreeMap<Key, Vec<Held>> {
    let mut held: BTreeMap<Key, Vec<Held>> = BTreeMap::new();
    for (line, told) in lines.iter().filter_map(|line| Some((line, line.held?))) {
        let of_key = held.entry((line.item, line.place)).or_default();
        match of_key.last_mut().filter(|last| last.at == told.at) {
            Some(last) => {
                last.reserved += told.reserved;
                last.quarantined += told.quarantined;
                last.incoming += told.incoming;
                last.expired += told.expired;
            }
            None => of_key.push(told),
        }
    }
    held
}

/// Collects the snapshots of each key, and the full snapshots that lack it at a place that the system reports.
pub(super) fn series(positions: &HashMap<SystemNo, usize>, lines: &[Line]) -> Vec<Series> {
    let mut full: BTreeMap<SystemNo, BTreeSet<i64>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.full) {
        full.entry(line.system).or_default().insert(line.at);
    }
    let mut all: Vec<Series> = Vec::new();
    for group in lines.chunk_by(|one, other| {
        (one.system, one.state, one.item, one.place) == (other.system, other.state, other.item, other.place)
    }) {
        let first = group[0];
        let mut observations: Vec<Observation> =
            group.chunk_by(|one, other| one.at == other.at).map(observe).collect();
        if first.state == State::Known {
            add_absences(&mut observations, full.get(&first.system));
        }
        all.push(Series {
            system: first.system,
            key: (first.item, first.place),
            state: first.state,
            observations,
        });
    }
    all.sort_by_key(|one| (positions.get(&one.system).copied().unwrap_or(0), one.state, one.key));
    all
}

/// Sums the lines of one key in one snapshot.
fn observe(lines: &[Line]) -> Observation {
    let of_external = lines.chunk_by(|one, other| one.external == other.external);
    let parts: Vec<i64> = of_external.map(|part| part.iter().map(|line| line.quantity).sum()).collect();
    let quantity = parts.iter().sum();
    let parts = if parts.len() > 1 { parts } else { Vec::new() };
    Observation { at: lines[0].at, quantity: Some(quantity), parts }
}

/// Adds the first full snapshot after each observation, if it lacks the key. Later ones that lack it say nothing more.
fn add_absences(observations: &mut Vec<Observation>, full: Option<&BTreeSet<i64>>) {
    let Some(full) = full else { return };
    let mut absent: Vec<Observation> = Vec::new();
    for (number, one) in observations.iter().enumerate() {
        let next = full.range((Bound::Excluded(one.at), Bound::Unbounded)).next();
        let listed = observations.get(number + 1).map_or(i64::MAX, |later| later.at);
        if let Some(at) = next.filter(|at| **at < listed) {
            absent.push(Observation { at: *at, quantity: None, parts: Vec::new() });
        }
    }
    if !absent.is_empty() {
        observations.extend(absent);
        observations.sort_by_key(|one| one.at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_full_snapshot_without_a_key_is_added() {
        let full: BTreeSet<i64> = (1..=1_000).map(|day| 10 * day).collect();
        let listed = |at: i64| Observation { at, quantity: Some(1), parts: Vec::new() };
        let mut observations = vec![listed(10), listed(20), listed(55), listed(60)];
        add_absences(&mut observations, Some(&full));
        let found: Vec<(i64, Option<i64>)> = observations.iter().map(|one| (one.at, one.quantity)).collect();
        let expected = [(10, Some(1)), (20, Some(1)), (30, None), (55, Some(1)), (60, Some(1)), (70, None)];
        assert_eq!(found, expected);
    }

    #[test]
    fn all_rows_of_a_run_have_a_sum() {
        let largest = scaled(Decimal::from(999_999_999_999_i64), 6);
        assert_eq!(largest, UNITS_MAX);
        let rows = i64::try_from(ROWS_MAX).expect("a number of rows");
        let sum = largest.checked_mul(rows).expect("a sum");
        assert!(sum.checked_sub(-sum).is_some(), "two sums have a difference");
        assert_eq!(scaled(Decimal::from(-999_999_999_999_i64), 0), -999_999_999_999, "whole units are exact");
    }
}
