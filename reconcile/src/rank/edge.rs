//! Faults of whole edges that are too thin at each place to be in excess there.
#![expect(clippy::disallowed_types, clippy::float_arithmetic, reason = "rates are estimates: none is shown")]

use std::collections::{BTreeMap, BTreeSet};

use super::background::Background;
use super::regular::Regular;
use super::{BACKGROUND, Evidence, Group, Leaf, Passed, group, judge, movements, span, widen};
use crate::input::SystemNo;
use crate::term::Class;

/// All that is known of the leaves.
pub(super) struct Known<'a> {
    pub evidence: &'a Evidence<'a>,
    pub leaves: &'a BTreeMap<Leaf, Vec<usize>>,
    pub regular: &'a BTreeMap<Leaf, Regular>,
    /// Regular faults of each leaf.
    pub counts: &'a BTreeMap<Leaf, usize>,
    pub days: &'a BTreeMap<Leaf, Vec<i64>>,
    pub passed: &'a Passed,
    pub background: &'a Background,
}

/// An eligible group of all places of an edge.
pub(super) struct Whole {
    pub members: Vec<Leaf>,
    pub group: Group,
}

/// Judges each edge and class of which no place is in a group: all its places together, if most of them share the faults.
pub(super) fn wholes(known: &Known, taken: &BTreeSet<Leaf>) -> Vec<Whole> {
    let mut edges: BTreeMap<(SystemNo, SystemNo, Class), Vec<Leaf>> = BTreeMap::new();
    for leaf in known.leaves.keys().filter(|leaf| is_of_movements(leaf.2)) {
        edges.entry((leaf.0, leaf.1, leaf.2)).or_default().push(*leaf);
    }
    let free = edges.into_values().filter(|members| members.iter().all(|leaf| !taken.contains(leaf)));
    free.filter_map(|members| whole(known, members)).collect()
}

/// Returns whether movements give rise to a class. Levels and counts differ as often as they are taken: no rate per movement tells what
/// is usual.
fn is_of_movements(class: Class) -> bool {
    !class.is_of_level() && class != Class::CountVariance
}

fn whole(known: &Known, members: Vec<Leaf>) -> Option<Whole> {
    let most = members.iter().max_by_key(|leaf| (known.counts[*leaf], std::cmp::Reverse(leaf.3)))?;
    if members.len() < 2 || widen(most, known.counts, known.passed).len() < 2 {
        return None;
    }
    let mut faults: Vec<usize> = members.iter().flat_map(|leaf| known.leaves[leaf].iter().copied()).collect();
    faults.sort_by_key(|number| (known.evidence.faults[*number].at, *number));
    let regular = Regular::joined(members.iter().map(|leaf| &known.regular[leaf]), span(known.evidence));
    let of_edges = known.background.of_edges(most);
    let expected = |leaf: &Leaf| {
        let usual = known.background.of(leaf, known.days, known.passed).max(of_edges);
        BACKGROUND * usual * f64::from(movements(known.passed, *leaf))
    };
    let expected: f64 = members.iter().map(expected).sum();
    let judged = judge(known.evidence, most, &faults, (&regular, expected));
    if judged.why_not.is_some() {
        return None;
    }
    let group = group(known.evidence, most, faults, regular.since());
    Some(Whole { members, group })
}
