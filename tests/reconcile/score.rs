//! Compares the engine's results with the truth of a run.

use std::collections::{BTreeMap, BTreeSet};

use reconcile::Answer;
use reconcile::answer::{Discrepancy, Fix};
use reconcile::term::{Basis, Class, Outcome};

use crate::fault::{Defect, Fault};
use crate::feed::{Exports, instant, owner};
use crate::naive;
use crate::run::Run;
use crate::truth::{Reason, Row, dirty_keys};
use crate::world::{REFERENCE, START};

/// Found, wrongly named, and not found.
#[derive(Default, Clone, Copy, Debug)]
pub struct Tally {
    pub hits: u64,
    pub wrong: u64,
    pub missed: u64,
}

/// Figures of one run, or their sums over runs.
#[derive(Default, Clone, Debug)]
pub struct Figures {
    pub runs: u64,
    pub classes: BTreeMap<Class, Tally>,
    pub losses: u64,
    pub losses_as_lag: u64,
    /// The planted fault is the first fix.
    pub first: u64,
    /// It is the first fix, apart from hours, category, person and item.
    pub first_edge: u64,
    /// It is among the first three.
    pub among_three: u64,
    /// A fix is named.
    pub named: u64,
    /// Results that are marked as they must be.
    pub marked: u64,
    pub naive: [u64; 3],
    /// Seeds without the right first fix, each with the planted and the named one.
    pub failures: Vec<String>,
}

impl Figures {
    pub fn add(&mut self, other: &Figures) {
        self.runs += other.runs;
        for (class, tally) in &other.classes {
            let sum = self.classes.entry(*class).or_default();
            sum.hits += tally.hits;
            sum.wrong += tally.wrong;
            sum.missed += tally.missed;
        }
        self.losses += other.losses;
        self.losses_as_lag += other.losses_as_lag;
        self.first += other.first;
        self.first_edge += other.first_edge;
        self.among_three += other.among_three;
        self.named += other.named;
        self.marked += other.marked;
        for (sum, more) in self.naive.iter_mut().zip(other.naive) {
            *sum += more;
        }
        self.failures.extend(other.failures.iter().cloned());
    }

    /// Returns the mean of the classes' F1, in thousandths. Classes that hardly occur are left out.
    pub fn macro_f1(&self) -> u64 {
        const LEAST: u64 = 20;
        let common = self.classes.values().filter(|tally| tally.hits + tally.missed >= LEAST);
        let scores: Vec<u64> = common.map(Tally::f1).collect();
        scores.iter().sum::<u64>() / (scores.len() as u64).max(1)
    }
}

impl Tally {
    /// Returns the F1 in thousandths.
    pub fn f1(&self) -> u64 {
        2000 * self.hits / (2 * self.hits + self.wrong + self.missed).max(1)
    }
}

pub fn score(run: &Run, exports: Exports, answer: &Answer) -> Figures {
    let mut figures = Figures { runs: 1, ..Figures::default() };
    score_classes(run, exports, answer, &mut figures);
    score_dirt(run, answer, &mut figures);
    score_fix(run, exports, answer, &mut figures);
    figures.naive = naive::hits(run);
    figures
}

type Named<'a> = (&'a str, &'a str, &'a str, i64);

/// Returns whether a row is of the first snapshot of its system.
fn is_first(run: &Run, row: &Discrepancy) -> bool {
    let mut systems = run.world.systems.iter();
    systems.any(|system| {
        system.code == row.system && row.taken_at.timestamp() == START + 6 * 3600 + system.offset
    })
}

/// Names a row as the engine does: instants are those of the system's clock.
fn named(found: &Discrepancy) -> Named<'_> {
    (&found.system, &found.sku, &found.place, found.taken_at.timestamp())
}

/// Returns the classes that begin with a row. Parts that heal are none.
fn classes(exports: Exports, found: &Discrepancy) -> BTreeSet<Class> {
    let begins =
        found.explanations.iter().filter(|explanation| !explanation.heals && !explanation.quantity.is_zero());
    begins
        .map(|explanation| known(exports, explanation.class))
        .filter(|class| *class != Class::Unexplained)
        .collect()
}

fn score_classes(run: &Run, exports: Exports, answer: &Answer, figures: &mut Figures) {
    let mut found: BTreeMap<Named<'_>, &Discrepancy> =
        answer.discrepancies.iter().map(|found| (named(found), found)).collect();
    for row in &run.truth.rows {
        let (system, place, item) = row.key;
        let key = (
            run.world.systems[system].code,
            run.world.items[item].sku.as_str(),
            run.world.places[place].code.as_str(),
            row.at + run.world.systems[system].offset,
        );
        let said = found.remove(&key).map(|row| classes(exports, row)).unwrap_or_default();
        score_row(row, exports, &said, figures);
    }
    // The rest are rows without a true change.
    let dirty = dirty_keys(&run.world, &run.dirt);
    for row in found.into_values() {
        if !is_first(run, row) && !is_dirty(run, &dirty, row) {
            for class in classes(exports, row) {
                figures.classes.entry(class).or_default().wrong += 1;
            }
        }
    }
}

/// Returns a class as far as it can be known. Snapshots alone do not tell a count from another correction.
fn known(exports: Exports, class: Class) -> Class {
    match (exports, class) {
        (Exports::Snapshots, Class::CountVariance) => Class::ManualAdjustment,
        (_, class) => class,
    }
}

fn score_row(row: &Row, exports: Exports, said: &BTreeSet<Class>, figures: &mut Figures) {
    let mut causes = BTreeSet::new();
    let mut is_open = false;
    for part in &row.parts {
        match part.reason {
            Reason::Cause(class) => _ = causes.insert(known(exports, class)),
            Reason::Either => is_open = true,
            Reason::Heals => {}
        }
    }
    for class in &causes {
        let tally = figures.classes.entry(*class).or_default();
        if said.contains(class) {
            tally.hits += 1;
        } else {
            tally.missed += 1;
        }
        if is_loss(*class) {
            figures.losses += 1;
            let is_lag = said.contains(&Class::TimingLag) && !causes.contains(&Class::TimingLag);
            figures.losses_as_lag += u64::from(is_lag && !said.contains(class));
        }
    }
    for class in said.difference(&causes) {
        if !is_open || ![Class::MissedSale, Class::TimingLag].contains(class) {
            figures.classes.entry(*class).or_default().wrong += 1;
        }
    }
}

fn is_loss(class: Class) -> bool {
    [Class::MissedReturn, Class::UnrecordedTransfer, Class::MissedSale, Class::MissedReceipt].contains(&class)
}

/// Returns whether a row concerns a key that is wrong as such.
fn is_dirty(run: &Run, dirty: &BTreeSet<(Class, usize, Vec<String>)>, row: &Discrepancy) -> bool {
    dirty.iter().any(|(class, system, names)| {
        *class != Class::UnmappedLocation
            && run.world.systems[*system].code == row.system
            && names.contains(&row.sku)
    }) || row.place == "returns-cage"
}

/// A dirty key is found if any row of it has its class.
fn score_dirt(run: &Run, answer: &Answer, figures: &mut Figures) {
    for (class, system, names) in dirty_keys(&run.world, &run.dirt) {
        let code = run.world.systems[system].code;
        let is_found = answer.discrepancies.iter().any(|row| {
            row.system == code
                && names.contains(&row.sku)
                && row.explanations.iter().any(|explanation| explanation.class == class)
        });
        let tally = figures.classes.entry(class).or_default();
        tally.hits += u64::from(is_found);
        tally.missed += u64::from(!is_found);
    }
}

fn score_fix(run: &Run, exports: Exports, answer: &Answer, figures: &mut Figures) {
    let first = &answer.first_fix;
    figures.named = u64::from(first.verdict == Outcome::Fix);
    figures.marked = u64::from(is_marked(exports, answer));
    let fixes: Vec<&Fix> = first.fix.iter().chain(&first.next).take(3).collect();
    let Some(main) = &run.plan.main else {
        if let Some(fix) = &first.fix {
            figures.failures.push(format!("seed {}: nothing planted, named {}", run.seed, shown(fix)));
        }
        return;
    };
    let is_right = |fix: &&&Fix| {
        is_edge(run, main, exports, fix) && (exports == Exports::Snapshots || is_narrow(run, main, fix))
    };
    figures.first = u64::from(fixes.first().is_some_and(|fix| is_right(&fix)));
    figures.first_edge = u64::from(fixes.first().is_some_and(|fix| is_edge(run, main, exports, fix)));
    figures.among_three = u64::from(fixes.iter().any(|fix| is_right(&fix)));
    if figures.first == 0 {
        let named: Vec<String> = fixes.iter().map(|fix| shown(fix)).collect();
        figures.failures.push(format!(
            "seed {}: planted {}, named {}",
            run.seed,
            planted(run, main),
            named.join(" | ")
        ));
    }
}

/// An answer from snapshots alone says so, and names the export that would settle it.
fn is_marked(exports: Exports, answer: &Answer) -> bool {
    let first = &answer.first_fix;
    match exports {
        Exports::Events => first.basis == Basis::Events && !first.headline.starts_with("Hypothesis:"),
        Exports::Snapshots if first.verdict == Outcome::Fix => {
            first.basis == Basis::Snapshots
                && first.headline.starts_with("Hypothesis:")
                && !first.settle_with.is_empty()
        }
        Exports::Snapshots => first.basis == Basis::Snapshots,
    }
}

/// Returns whether class, edge and place are right. From snapshots alone, nothing tells where an event began: its
/// process's owner and the reference are then as right as the true origin.
fn is_edge(run: &Run, main: &Fault, exports: Exports, fix: &Fix) -> bool {
    let code = |system: usize| run.world.systems[system].code;
    let mut origins = vec![code(main.from)];
    if exports == Exports::Snapshots {
        origins.push(code(REFERENCE));
        origins.extend(main.event_type.map(|event_type| code(owner(&run.world, event_type.process()))));
    }
    Some(fix.class) == main.class()
        && fix.edge.to == code(main.to)
        && origins.contains(&fix.edge.from.as_str())
        && is_place(run, main, fix)
}

/// On an edge with one place, and for a person of one place, the place may be named or not.
fn is_place(run: &Run, main: &Fault, fix: &Fix) -> bool {
    let named = fix.scope.place.as_deref();
    let only = only_place(run, main).or(main.reach.actor.as_ref().and(main.reach.place));
    let code = |place: usize| Some(run.world.places[place].code.as_str());
    match (main.reach.place, only) {
        (_, Some(only)) => named.is_none() || named == code(only),
        (Some(place), None) => named == code(place),
        (None, None) => named.is_none(),
    }
}

/// Returns the place of an edge's movements of a type, if there is but one.
fn only_place(run: &Run, main: &Fault) -> Option<usize> {
    let is_on_edge = |unit: &&crate::spread::Unit| {
        unit.from == main.from
            && main.event_type == Some(unit.event_type)
            && run.world.systems[main.to].keeps[unit.place]
    };
    let places: BTreeSet<usize> = run.books.units.iter().filter(is_on_edge).map(|unit| unit.place).collect();
    places.first().copied().filter(|_| places.len() == 1)
}

/// Returns whether category, person, hours and item are right.
fn is_narrow(run: &Run, main: &Fault, fix: &Fix) -> bool {
    let reach = &main.reach;
    let category = reach.category.map(|category| crate::world::CATEGORIES[category]);
    let hours = match (reach.hours, fix.scope.hours) {
        (None, None) => true,
        // The stores close at 20.
        (Some((from, _)), Some([first, last])) => i64::from(first) == from && (last >= 20 || last == 0),
        _ => false,
    };
    let is_misread = main.defect == Defect::Misread;
    hours
        && fix.scope.sku.is_none()
        && (is_misread || fix.scope.category.as_deref() == category)
        && fix.scope.actor.as_deref() == reach.actor.as_deref()
        && run.world.end() > main.since
}

fn shown(fix: &Fix) -> String {
    let scope = &fix.scope;
    let parts = [&scope.place, &scope.sku, &scope.category, &scope.actor];
    let parts: Vec<&str> = parts.into_iter().filter_map(|part| part.as_deref()).collect();
    let hours = scope.hours.map(|[first, last]| format!(" {first}-{last} h")).unwrap_or_default();
    format!(
        "{} {}->{} [{}{hours}] {} episodes, {} weeks",
        fix.class.word(),
        fix.edge.from,
        fix.edge.to,
        parts.join(" "),
        fix.episodes,
        fix.weeks
    )
}

fn planted(run: &Run, main: &Fault) -> String {
    let code = |system: usize| run.world.systems[system].code;
    let place = main.reach.place.map(|place| run.world.places[place].code.clone()).unwrap_or_default();
    let category = main.reach.category.map(|category| crate::world::CATEGORIES[category]).unwrap_or_default();
    let actor = main.reach.actor.clone().unwrap_or_default();
    let hours = main.reach.hours.map(|(first, last)| format!("{first}-{last} h")).unwrap_or_default();
    let hits = run.books.units.iter().filter(|unit| is_hit(run, main, unit)).count();
    format!(
        "{:?} {} {}->{} [{place} {category} {actor} {hours}] from {}, {hits} hits",
        main.defect,
        main.class().map(Class::word).unwrap_or_default(),
        code(main.from),
        code(main.to),
        instant(main.since).date_naive()
    )
}

/// Returns whether a unit has the class of a fault on its edge. Noise on the same edge is counted as well.
pub fn is_hit(run: &Run, main: &Fault, unit: &crate::spread::Unit) -> bool {
    let is_class = matches!(unit.label, crate::spread::Label::Cause(class) if Some(class) == main.class());
    is_class
        && unit.from == main.from
        && unit.to == main.to
        && main.reach.place.is_none_or(|place| place == unit.place)
        && run.world.systems[main.to].keeps[unit.place]
}
