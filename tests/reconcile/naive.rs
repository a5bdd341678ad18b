//! The rules of thumb that the engine must beat: the largest difference, the most lines, the most units.

use std::collections::BTreeMap;

use reconcile::term::Class;

use crate::dirt::Key;
use crate::run::Run;
use crate::spread::Label;
use crate::truth::{Reason, Row};

/// A cause as a reader of reports would name it: class, edge and place. None: a difference from before the first day.
type Leaf = Option<(Class, usize, usize, usize)>;

/// Returns, for each rule, 1 if it names the planted fault. The rules get the true cause of each line for nothing.
pub fn hits(run: &Run) -> [u64; 3] {
    let (mut largest, mut lines, mut units) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut rows: BTreeMap<(Key, i64), &Row> = BTreeMap::new();
    for row in &run.truth.rows {
        rows.insert((row.key, row.at), row);
    }
    let mut open: BTreeMap<Key, Vec<Leaf>> = BTreeMap::new();
    for (key, at, delta) in &run.truth.lines {
        let old = run.dirt.old.get(key).copied().unwrap_or_default();
        let leaves = open.entry(*key).or_default();
        if *delta == old {
            leaves.clear();
        }
        for part in rows.get(&(*key, *at)).map(|row| row.parts.as_slice()).unwrap_or_default() {
            let leaf = leaf(run, part.unit, part.reason, *key);
            if leaf.is_some() && !leaves.contains(&leaf) {
                leaves.push(leaf);
            }
        }
        let named: &[Leaf] = if leaves.is_empty() { &[None] } else { leaves.as_slice() };
        for leaf in named {
            *lines.entry(*leaf).or_insert(0_i64) += 1;
            *units.entry(*leaf).or_insert(0) += delta.abs();
            let most: &mut i64 = largest.entry(*leaf).or_insert(0);
            *most = (*most).max(delta.abs());
        }
    }
    [is_planted(run, &largest), is_planted(run, &lines), is_planted(run, &units)].map(u64::from)
}

fn leaf(run: &Run, unit: Option<usize>, reason: Reason, key: Key) -> Leaf {
    let Reason::Cause(class) = reason else { return None };
    match unit.map(|unit| &run.books.units[unit]) {
        Some(unit) if matches!(unit.label, Label::Cause(_)) => Some((class, unit.from, unit.to, unit.place)),
        Some(unit) => Some((class, unit.from, key.0, unit.place)),
        None => Some((class, crate::world::REFERENCE, key.0, key.1)),
    }
}

/// Returns whether the leaf with the most is one of the planted fault. Any of its places will do.
fn is_planted(run: &Run, sums: &BTreeMap<Leaf, i64>) -> bool {
    let Some(main) = &run.plan.main else { return false };
    let Some((Some((class, from, to, place)), _)) = sums.iter().max_by_key(|(_, sum)| **sum) else {
        return false;
    };
    Some(*class) == main.class()
        && (*from, *to) == (main.from, main.to)
        && main.reach.place.is_none_or(|reach| reach == *place)
}
