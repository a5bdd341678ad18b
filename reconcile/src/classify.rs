//! Classifies the increments of the differences of all keys.

use std::collections::{BTreeMap, HashSet};

use super::cause::{self, Grade};
use super::context::Context;
use super::input::SystemNo;
use super::levels::{self, Levels};
use super::names::NameNo;
use super::resolve::State;
use super::row::{Classified, Priors, Row, absence, key_cause};
use super::term::Class;
use super::unit::{Key, Series};
use super::walk::Walk;

/// Classifies all keys.
pub(super) fn classify(context: &Context, levels: &Levels, priors: &Priors) -> Classified {
    let mut all = Classified::default();
    let once = only_snapshot(context);
    for series in context.world.series.iter().filter(|one| one.system != context.reference) {
        match series.state {
            State::Known => {
                if context.world.bundles.contains_key(&series.key.0) && !context.is_counted(series.key) {
                    continue;
                }
                let lists_once = once.contains(&series.system);
                Walk::new(context, levels, priors, series).run(&mut all, lists_once);
            }
            State::UnknownSku | State::UnknownLocation | State::Ambiguous => {
                unknown(context, series, &mut all)
            }
        }
    }
    never_listed(context, &mut all);
    all
}

/// Lists the keys of the reference that a full snapshot lacks from the beginning, at places that the system reports.
fn never_listed(context: &Context, all: &mut Classified) {
    let mut listed: BTreeMap<SystemNo, (HashSet<Key>, HashSet<NameNo>)> = BTreeMap::new();
    for series in context.world.series.iter().filter(|one| one.state == State::Known) {
        let of = listed.entry(series.system).or_default();
        of.0.insert(series.key);
        of.1.insert(series.key.1);
    }
    let counted: Vec<Key> = listed.get(&context.reference).map_or(Vec::new(), |of| {
        let mut keys: Vec<Key> = of.0.iter().copied().collect();
        keys.sort_unstable();
        keys
    });
    for (system, at) in &context.world.full {
        let Some((keys, places)) = listed.get(system).filter(|_| *system != context.reference) else {
            continue;
        };
        for key in counted.iter().filter(|key| places.contains(&key.1) && !keys.contains(*key)) {
            let ours = levels::ours(context, *system, *key, *at).unwrap_or(0);
            if ours != 0 && !context.world.bundles.contains_key(&key.0) {
                all.rows.push(absence(context, (*system, *key), *at, ours));
            }
        }
    }
}

/// Returns the systems with one snapshot only: their first difference is all there is to say.
fn only_snapshot(context: &Context) -> Vec<SystemNo> {
    let mut instants: BTreeMap<SystemNo, (i64, bool)> = BTreeMap::new();
    for series in &context.world.series {
        for one in &series.observations {
            let of = instants.entry(series.system).or_insert((one.at, true));
            of.1 &= of.0 == one.at;
        }
    }
    instants.into_iter().filter(|(_, (_, once))| *once).map(|(system, _)| system).collect()
}

/// Lists a key that nothing is mapped to.
fn unknown(context: &Context, series: &Series, all: &mut Classified) {
    let mut before = None;
    for one in &series.observations {
        let Some(theirs) = one.quantity.filter(|theirs| before != Some(*theirs)) else { continue };
        let increment = theirs - before.unwrap_or(0);
        let class = cause::of_state(series.state);
        let cause = key_cause(context, series.system, (class, increment), one.at);
        all.rows.push(Row {
            system: series.system,
            key: series.key,
            state: series.state,
            at: one.at,
            theirs: Some(theirs),
            ours: None,
            delta: theirs,
            increment,
            causes: vec![cause],
            residual: 0,
        });
        before = Some(theirs);
    }
}

/// Returns how often each class explains differences, from the rows that one cause explains alone.
pub(super) fn priors(rows: &[Row]) -> Priors {
    let mut counts: BTreeMap<(SystemNo, NameNo), BTreeMap<Class, u32>> = BTreeMap::new();
    for row in rows {
        if let [one] = row.causes.as_slice()
            && !one.heals
            && row.residual == 0
            && one.grade != Grade::Event
        {
            *counts.entry((row.system, row.key.1)).or_default().entry(one.class).or_default() += 1;
        }
    }
    let mut priors = Priors::new();
    for ((system, place), classes) in counts {
        let all: u32 = classes.values().sum::<u32>() + 4;
        for (class, count) in classes {
            priors.insert((system, place, class), 40 * count / all);
        }
    }
    priors
}
