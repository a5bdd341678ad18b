//! The usual rate of each class, against which a group must be in excess.
#![expect(clippy::disallowed_types, clippy::float_arithmetic, reason = "rates are estimates: none is shown")]

use std::collections::{BTreeMap, BTreeSet};

use super::{Leaf, Passed, movements};
use crate::input::SystemNo;
use crate::statistics::{median, median_without};
use crate::term::Class;

/// Movements below which a place's rate says nothing.
const MOVEMENTS_MIN: u32 = 20;

/// The rates of a class at all places of all edges, those without fault included.
#[derive(Debug, Default)]
struct Rates {
    /// In order of size.
    values: Vec<f64>,
    /// The places of the rates of an edge in `values`.
    of_edge: BTreeMap<(SystemNo, SystemNo), Vec<usize>>,
}

/// The rates of all classes.
#[derive(Debug)]
pub(super) struct Background {
    rates: BTreeMap<Class, Rates>,
    /// The rates of whole edges, all places together, in order of size.
    edges: BTreeMap<Class, Vec<EdgeRate>>,
}

/// The faults of an edge per movement.
#[derive(Debug)]
struct EdgeRate {
    rate: f64,
    from: SystemNo,
    to: SystemNo,
}

impl Background {
    /// Collects the rates. `days` has the days of the faults of each leaf.
    pub fn new(days: &BTreeMap<Leaf, Vec<i64>>, passed: &Passed) -> Self {
        let classes: BTreeSet<Class> = days.keys().map(|leaf| leaf.2).collect();
        let of_class = |class: Class| {
            let mut all: Vec<(f64, SystemNo, SystemNo)> = Vec::new();
            for (from, to, place) in passed.of_edge.keys() {
                let leaf = (*from, *to, class, *place);
                all.extend(rate(&leaf, days, passed).map(|rate| (rate, *from, *to)));
            }
            all.sort_by(|one, other| one.0.total_cmp(&other.0));
            let mut rates = Rates::default();
            for (rate, from, to) in all {
                rates.of_edge.entry((from, to)).or_default().push(rates.values.len());
                rates.values.push(rate);
            }
            (class, rates)
        };
        let edges = classes.iter().map(|class| (*class, edges(*class, days, passed))).collect();
        Background { rates: classes.into_iter().map(of_class).collect(), edges }
    }

    /// Returns the median rate of a class on the other edges, each with all its places. It is not 0 where faults are rare: the places of
    /// an edge have some of them together.
    pub fn of_edges(&self, leaf: &Leaf) -> f64 {
        let edges = self.edges.get(&leaf.2).into_iter().flatten();
        let mut others: Vec<f64> =
            edges.filter(|one| (one.from, one.to) != (leaf.0, leaf.1)).map(|one| one.rate).collect();
        median(&mut others)
    }

    /// Returns the median rate of a class on the other edges; if there is none, at the other places.
    pub fn of(&self, leaf: &Leaf, days: &BTreeMap<Leaf, Vec<i64>>, passed: &Passed) -> f64 {
        let Some(rates) = self.rates.get(&leaf.2) else { return 0.0 };
        let of_edge = rates.of_edge.get(&(leaf.0, leaf.1)).map_or(&[] as &[usize], Vec::as_slice);
        if of_edge.len() < rates.values.len() {
            return median_without(&rates.values, of_edge);
        }
        let own = rate(leaf, days, passed);
        let own = own.and_then(|own| rates.values.binary_search_by(|rate| rate.total_cmp(&own)).ok());
        median_without(&rates.values, own.as_slice())
    }
}

/// Returns the faults per movement of a leaf. None if too little moves there.
fn rate(leaf: &Leaf, days: &BTreeMap<Leaf, Vec<i64>>, passed: &Passed) -> Option<f64> {
    let moved = movements(passed, *leaf);
    let count = days.get(leaf).map_or(0, Vec::len);
    (moved >= MOVEMENTS_MIN).then(|| count as f64 / f64::from(moved))
}

/// Returns the faults of a class per movement on each edge.
fn edges(class: Class, days: &BTreeMap<Leaf, Vec<i64>>, passed: &Passed) -> Vec<EdgeRate> {
    let mut sums: BTreeMap<(SystemNo, SystemNo), (usize, u32)> = BTreeMap::new();
    for (from, to, place) in passed.of_edge.keys() {
        let leaf = (*from, *to, class, *place);
        let sum = sums.entry((*from, *to)).or_default();
        sum.0 += days.get(&leaf).map_or(0, Vec::len);
        sum.1 = sum.1.saturating_add(movements(passed, leaf));
    }
    let enough = sums.into_iter().filter(|(_, (_, moved))| *moved >= MOVEMENTS_MIN);
    let rate = |((from, to), (count, moved))| EdgeRate { rate: count as f64 / f64::from(moved), from, to };
    enough.map(rate).collect()
}
