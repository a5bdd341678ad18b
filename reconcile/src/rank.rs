//! Ranks recurring causes: from single faults up to the edge, then down to a product, an hour or a person.
//!
//! Faults are counted per edge, class and place. A group is eligible only if it recurs over weeks and stays in excess of the
//! background without its worst days, so that neither an outage nor random losses are named.
#![expect(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "rates and benefits are estimates: each is rounded once, when it is shown"
)]

use std::collections::{BTreeMap, BTreeSet};

use super::input::SystemNo;
use super::names::{NO_NAME, NameNo};
use super::statistics::{median, poisson_tail};
use super::term::{Class, EventType, Process};
use super::unit::DAY;

mod background;
mod edge;
mod narrow;
mod regular;

use background::Background;
use edge::{Known, Whole, wholes};
use narrow::{ByPlace, narrow};
use regular::{Regular, outages};

/// Fewest faults of an eligible group.
const FAULTS_MIN: usize = 5;
/// Fewest weeks with a fault.
const WEEKS_MIN: usize = 3;
/// Least mean confidence, out of 1,000.
const CONFIDENCE_MIN: u64 = 600;
/// Probability by chance below which a group is in excess.
const CHANCE_MAX: f64 = 1e-5;
/// The same for a group that is only listed among the next.
const NEXT_CHANCE_MAX: f64 = 1e-3;
/// Factor on the background rate.
const BACKGROUND: f64 = 1.3;
/// Faults that may happen anywhere.
const BACKGROUND_FLOOR: f64 = 0.5;
/// The same for guesses without the other side's events.
const GUESS_FLOOR: f64 = 7.0;
/// The same for counts: they differ as often as they are taken, and no rate per movement tells what is usual.
const COUNT_FLOOR: f64 = 3.0;
/// Mean confidence of events that were compared on both sides, out of 1,000.
const COMPARED: u64 = 900;
/// Share of the leaf's rate that another place must show.
const SIBLING_RATE: f64 = 0.4;
/// Faults that a place must let expect before its rate is compared.
const SIBLING_EXPECTED: f64 = 2.0;
/// Most places of an edge from which a class is compared with the other places: those with the most benefit.
const WIDENED_MAX: usize = 50;
/// Most groups that one run names.
const FIXES_MAX: usize = 5;

/// One fault: an event that one system lost, doubled or misread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// System where the event began.
    pub from: SystemNo,
    /// System that lost, doubled or misread it.
    pub to: SystemNo,
    /// Class.
    pub class: Class,
    /// Type of the event.
    pub event_type: Option<EventType>,
    /// Place.
    pub place: NameNo,
    /// Item.
    pub item: NameNo,
    /// Category of the item.
    pub category: NameNo,
    /// Person or program.
    pub actor: NameNo,
    /// Document.
    pub document: NameNo,
    /// Local hour of the day.
    pub hour: u8,
    /// Microseconds of the instant.
    pub at: i64,
    /// Size of the difference in units.
    pub units: i64,
    /// Confidence, out of 1,000.
    pub confidence: u32,
    /// Seconds of manual work that it costs.
    pub seconds: u32,
}

/// A movement that passed, or should have passed, an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement {
    /// System where it began.
    pub from: SystemNo,
    /// System that should have it.
    pub to: SystemNo,
    /// Process.
    pub process: Process,
    /// Place.
    pub place: NameNo,
    /// Item.
    pub item: NameNo,
    /// Category of the item.
    pub category: NameNo,
    /// Person or program.
    pub actor: NameNo,
    /// Local hour of the day.
    pub hour: u8,
}

/// Costs of an episode of a class, and the effort of its fix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Expected cost of the harm.
    pub harm: f64,
    /// Days of work of the fix.
    pub effort_days: f64,
}

/// All that the ranking looks at.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    /// Faults.
    pub faults: &'a [Fault],
    /// Movements.
    pub movements: &'a [Movement],
    /// Edges, with their place, whose latency exceeds twice the declared one.
    pub slow: &'a BTreeSet<(SystemNo, SystemNo, NameNo)>,
    /// Costs per class.
    pub costs: &'a BTreeMap<Class, Cost>,
    /// Cost of an hour of work.
    pub wage: f64,
    /// First instant that is observed.
    pub from: i64,
    /// End of the window.
    pub through: i64,
}

/// A ranked group.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// System where the events began.
    pub from: SystemNo,
    /// System that lost, doubled or misread them.
    pub to: SystemNo,
    /// Class.
    pub class: Class,
    /// Most frequent type.
    pub event_type: Option<EventType>,
    /// Place, if the fault is that place's.
    pub place: Option<NameNo>,
    /// Item, if it concerns one.
    pub item: Option<NameNo>,
    /// Category, if it concerns one.
    pub category: Option<NameNo>,
    /// Person or program, if it concerns one.
    pub actor: Option<NameNo>,
    /// Local hours, half-open.
    pub hours: Option<[u8; 2]>,
    /// Indices of its faults, by time.
    pub faults: Vec<usize>,
    /// Weeks with a fault.
    pub weeks: usize,
    /// Begin of the first day of the cause, as far as its faults tell it.
    pub since: i64,
    /// Median weekly count since the first, damped at the beginning.
    pub recurrence: f64,
    /// Benefit per week.
    pub benefit: f64,
    /// Benefit per day of work.
    pub score: f64,
    /// Minutes of manual work per week.
    pub minutes: f64,
    /// Mean confidence, out of 1,000.
    pub confidence: u32,
    /// Reason why it is not eligible; none if it is.
    pub why_not: Option<&'static str>,
    /// Whether it recurs enough to be listed among the next.
    pub is_candidate: bool,
}

type Leaf = (SystemNo, SystemNo, Class, NameNo);

/// Counts of movements.
#[derive(Debug, Default)]
struct Passed {
    /// Per edge, place and process.
    of_process: BTreeMap<(SystemNo, SystemNo, NameNo, Process), u32>,
    /// Per edge and place.
    of_edge: BTreeMap<(SystemNo, SystemNo, NameNo), u32>,
    /// Into a system, per place.
    into: BTreeMap<(SystemNo, NameNo), u32>,
}

/// Ranks the groups: the eligible first, by benefit per day of work.
pub fn rank(evidence: &Evidence) -> Vec<Group> {
    let leaves = leaves(evidence);
    let passed = passed(evidence);
    let days: BTreeMap<Leaf, Vec<i64>> =
        leaves.iter().map(|(leaf, faults)| (*leaf, documents(evidence, faults))).collect();
    let background = Background::new(&days, &passed);
    let span = span(evidence);
    let outages = outages(&days, span);
    let mut regular: BTreeMap<Leaf, Regular> = BTreeMap::new();
    let mut judged: BTreeMap<Leaf, Group> = BTreeMap::new();
    for (leaf, faults) in &leaves {
        let usual = BACKGROUND * background.of(leaf, &days, &passed);
        let expected = usual * f64::from(movements(&passed, *leaf));
        let outage = outages.get(&(leaf.0, leaf.1, leaf.3)).cloned().unwrap_or(0..0);
        let of_leaf = Regular::new(&days[leaf], span, outage);
        judged.insert(*leaf, judge(evidence, leaf, faults, (&of_leaf, expected)));
        regular.insert(*leaf, of_leaf);
    }
    let counts: BTreeMap<Leaf, usize> =
        regular.iter().map(|(leaf, regular)| (*leaf, regular.days.len())).collect();
    let mut order: Vec<&Leaf> =
        judged.iter().filter(|(_, group)| group.why_not.is_none()).map(|one| one.0).collect();
    order.sort_by(|one, other| compare(&judged[*one], &judged[*other]));
    let by_place = ByPlace::new(evidence.movements);
    let mut groups: Vec<Group> = Vec::new();
    let mut taken: BTreeSet<Leaf> = BTreeSet::new();
    let mut widened: BTreeMap<(SystemNo, SystemNo, Class), usize> = BTreeMap::new();
    for leaf in order {
        if taken.contains(leaf) {
            continue;
        }
        let tries = widened.entry((leaf.0, leaf.1, leaf.2)).or_default();
        *tries += 1;
        let members = if *tries <= WIDENED_MAX { widen(leaf, &counts, &passed) } else { vec![*leaf] };
        let members: Vec<Leaf> = members.into_iter().filter(|one| !taken.contains(one)).collect();
        let mut group = join(evidence, &members, (&leaves, &regular), &judged[leaf]);
        let faults = usual(evidence, &members, (&leaves, &regular), group.since);
        narrow(evidence, &by_place, &mut group, &faults);
        taken.extend(members);
        groups.push(group);
    }
    let known = Known {
        evidence,
        leaves: &leaves,
        regular: &regular,
        counts: &counts,
        days: &days,
        passed: &passed,
        background: &background,
    };
    for Whole { members, mut group } in wholes(&known, &taken) {
        let faults = usual(evidence, &members, (&leaves, &regular), group.since);
        narrow(evidence, &by_place, &mut group, &faults);
        taken.extend(members);
        groups.push(group);
    }
    groups.extend(judged.into_iter().filter(|(leaf, _)| !taken.contains(leaf)).map(|(_, group)| group));
    groups.sort_by(compare);
    groups
}

/// Returns the groups to name: the first fix, then the next.
pub fn fixes(groups: &[Group]) -> Vec<&Group> {
    let eligible = groups.iter().filter(|group| group.why_not.is_none());
    let mut named: Vec<&Group> = eligible.take(FIXES_MAX).collect();
    if !named.is_empty() {
        let candidates = groups.iter().filter(|group| group.why_not.is_some() && group.is_candidate);
        named.extend(candidates.take(FIXES_MAX.saturating_sub(named.len())));
    }
    named
}

/// Compares groups: the better first.
fn compare(one: &Group, other: &Group) -> std::cmp::Ordering {
    let rank = |group: &Group| (group.why_not.is_some(), !group.is_candidate);
    let place = |group: &Group| (group.class, group.from, group.to, group.place);
    rank(one)
        .cmp(&rank(other))
        .then_with(|| other.score.total_cmp(&one.score))
        .then_with(|| other.faults.len().cmp(&one.faults.len()))
        .then_with(|| place(one).cmp(&place(other)))
}

fn leaves(evidence: &Evidence) -> BTreeMap<Leaf, Vec<usize>> {
    let mut order: Vec<(Leaf, i64, usize)> = Vec::with_capacity(evidence.faults.len());
    for (number, fault) in evidence.faults.iter().enumerate() {
        let counts = fault.class != Class::Unexplained
            && (fault.class != Class::TimingLag
                || evidence.slow.contains(&(fault.from, fault.to, fault.place)))
            && (evidence.from..=evidence.through).contains(&fault.at);
        if counts {
            order.push(((fault.from, fault.to, fault.class, fault.place), fault.at, number));
        }
    }
    order.sort_unstable();
    let mut leaves: BTreeMap<Leaf, Vec<usize>> = BTreeMap::new();
    for group in order.chunk_by(|one, other| one.0 == other.0) {
        leaves.insert(group[0].0, group.iter().map(|one| one.2).collect());
    }
    leaves
}

fn passed(evidence: &Evidence) -> Passed {
    let mut keys: Vec<(SystemNo, SystemNo, NameNo, Process)> =
        evidence.movements.iter().map(|one| (one.from, one.to, one.place, one.process)).collect();
    keys.sort_unstable();
    let mut passed = Passed::default();
    for group in keys.chunk_by(|one, other| one == other) {
        let (from, to, place, _) = group[0];
        let count = u32::try_from(group.len()).unwrap_or(u32::MAX);
        passed.of_process.insert(group[0], count);
        *passed.of_edge.entry((from, to, place)).or_default() += count;
        *passed.into.entry((to, place)).or_default() += count;
    }
    passed
}

/// Returns the processes whose movements a class concerns. None: all.
fn process_of(class: Class) -> Option<Process> {
    match class {
        Class::MissedSale | Class::BundleExplosion => Some(Process::Sale),
        Class::MissedReturn => Some(Process::Return),
        Class::MissedReceipt => Some(Process::Receipt),
        Class::UnrecordedTransfer => Some(Process::Transfer),
        Class::UnmappedSku
        | Class::UnmappedLocation
        | Class::AmbiguousMap
        | Class::MeaningMismatch
        | Class::UnitMismatch
        | Class::DuplicateEvent
        | Class::ManualAdjustment
        | Class::ClampedNegative
        | Class::TimingLag
        | Class::CountVariance
        | Class::Unexplained => None,
    }
}

/// Returns the movements of an edge at a place that a class concerns. Classes of keys concern all that moves at the place.
fn movements(passed: &Passed, (from, to, class, place): Leaf) -> u32 {
    let into = |system: SystemNo| passed.into.get(&(system, place)).copied().unwrap_or(0);
    if is_wide(class) {
        return into(from) + into(to);
    }
    let found = match process_of(class) {
        Some(process) => passed.of_process.get(&(from, to, place, process)),
        None => passed.of_edge.get(&(from, to, place)),
    };
    found.copied().unwrap_or(0)
}

/// Returns whether a class concerns all that moves in the systems.
fn is_wide(class: Class) -> bool {
    class.is_of_level() || matches!(class, Class::ManualAdjustment | Class::CountVariance)
}

/// Returns the days of the faults, one for each document: the lines of one document are lost together.
fn documents(evidence: &Evidence, faults: &[usize]) -> Vec<i64> {
    let mut seen = BTreeSet::new();
    let mut days = Vec::new();
    for number in faults {
        let fault = &evidence.faults[*number];
        if fault.document == NO_NAME || seen.insert(fault.document) {
            days.push((fault.at - evidence.from) / DAY);
        }
    }
    days.sort_unstable();
    days
}

/// Returns the days that are observed.
fn span(evidence: &Evidence) -> i64 {
    ((evidence.through - evidence.from) / DAY).max(1)
}

/// Judges one leaf by the days of its faults. `expected` is the number of faults that the background lets expect.
fn judge(evidence: &Evidence, leaf: &Leaf, faults: &[usize], (regular, expected): (&Regular, f64)) -> Group {
    let days = &regular.all;
    let weeks: BTreeSet<i64> = days.iter().map(|day| day / 7).collect();
    let confidence: u64 = faults.iter().map(|number| u64::from(evidence.faults[*number].confidence)).sum();
    let confidence = confidence / faults.len().max(1) as u64;
    let floor = if confidence < COMPARED {
        GUESS_FLOOR
    } else if leaf.2 == Class::CountVariance {
        COUNT_FLOOR
    } else {
        BACKGROUND_FLOOR
    };
    let is_in_excess = is_in_excess(regular, expected, floor);
    let why_not = if faults.len() < FAULTS_MIN {
        Some("fewer than 5 episodes")
    } else if weeks.len() < WEEKS_MIN {
        Some("episodes in fewer than 3 weeks")
    } else if confidence < CONFIDENCE_MIN {
        Some("mean confidence below 0.6")
    } else if !is_in_excess {
        Some("no excess over the background without its worst week")
    } else {
        None
    };
    let distinct: BTreeSet<i64> = days.iter().copied().collect();
    let is_candidate = weeks.len() >= WEEKS_MIN
        && distinct.len() >= 4
        && poisson_tail(distinct.len() as u64, expected + BACKGROUND_FLOOR / 2.0) < NEXT_CHANCE_MAX;
    let mut group = group(evidence, leaf, faults.to_vec(), regular.since());
    group.place = Some(leaf.3);
    (group.why_not, group.is_candidate) = (why_not, is_candidate);
    group
}

/// Returns whether faults exceed the background: without their worst week since the first day or since a later week, or since the day on
/// which they began.
fn is_in_excess(regular: &Regular, expected: f64, floor: f64) -> bool {
    let is_beyond_chance = |faults: usize, observed: i64| {
        let share = observed.max(1) as f64 / regular.span as f64;
        poisson_tail(faults as u64, expected * share + floor) < CHANCE_MAX
    };
    let mut starts = (0..=(regular.span / 7 - WEEKS_MIN as i64).max(0)).map(|week| week * 7);
    starts.any(|start| {
        let (left, observed) = regular.without_worst_week(start);
        is_beyond_chance(left, observed)
    }) || regular.onset.is_some_and(|onset| {
        let (left, observed) = regular.since_day(onset);
        regular.weeks_since(onset) >= WEEKS_MIN && is_beyond_chance(left, observed)
    })
}

/// Makes a group of faults, with its recurrence and its benefit.
fn group(evidence: &Evidence, leaf: &Leaf, faults: Vec<usize>, since: i64) -> Group {
    let of = |number: &usize| &evidence.faults[*number];
    let weeks: BTreeSet<i64> =
        faults.iter().map(|number| (of(number).at - evidence.from) / (7 * DAY)).collect();
    let confidence: u64 = faults.iter().map(|number| u64::from(of(number).confidence)).sum();
    let seconds: u64 = faults.iter().map(|number| u64::from(of(number).seconds)).sum();
    let count = faults.len().max(1) as f64;
    let since = evidence.from + since * DAY;
    let recurrence = recurrence(evidence, &faults, since);
    let minutes = seconds as f64 / 60.0 / count;
    let cost = evidence.costs.get(&leaf.2).copied().unwrap_or(Cost { harm: 0.0, effort_days: 1.0 });
    let units = faults.iter().map(|number| of(number).units).fold(0, i64::saturating_add);
    let carrying = (1.0 + units.unsigned_abs() as f64 / count).ln() * 0.01;
    let benefit = recurrence * (minutes * evidence.wage / 60.0 + cost.harm + carrying);
    let mut types: BTreeMap<EventType, usize> = BTreeMap::new();
    for event_type in faults.iter().filter_map(|number| of(number).event_type) {
        *types.entry(event_type).or_default() += 1;
    }
    Group {
        from: leaf.0,
        to: leaf.1,
        class: leaf.2,
        event_type: types
            .iter()
            .max_by_key(|(kind, count)| (**count, std::cmp::Reverse(**kind)))
            .map(|one| *one.0),
        place: None,
        item: None,
        category: None,
        actor: None,
        hours: None,
        weeks: weeks.len(),
        since,
        recurrence,
        benefit,
        score: benefit / cost.effort_days.max(0.01),
        minutes: minutes * recurrence,
        confidence: u32::try_from(confidence / faults.len().max(1) as u64).unwrap_or(0),
        why_not: None,
        is_candidate: true,
        faults,
    }
}

/// Returns the median weekly count since the cause began, over at least 3 weeks.
fn recurrence(evidence: &Evidence, faults: &[usize], since: i64) -> f64 {
    let week = 7 * DAY;
    let instants = || faults.iter().map(|number| evidence.faults[*number].at).filter(|at| *at >= since);
    let Some(first) = instants().min() else { return 0.0 };
    let since = evidence.through - first;
    let weeks = (since / week + i64::from(since % week > week / 2)).max(3);
    let mut counts = vec![0.0; usize::try_from(weeks).unwrap_or(3)];
    for instant in instants() {
        let at = usize::try_from((instant - first) / week).unwrap_or(0);
        let last = counts.len() - 1;
        counts[at.min(last)] += 1.0;
    }
    let damped = (counts.len() as f64 / 4.0).min(1.0);
    median(&mut counts) * damped
}

/// Returns the leaves of the edge and the class of a leaf, the leaf among them.
fn siblings(counts: &BTreeMap<Leaf, usize>, (from, to, class, _): Leaf) -> Vec<Leaf> {
    let of_edge = counts.range((from, to, class, NameNo::MIN)..=(from, to, class, NameNo::MAX));
    of_edge.map(|(one, _)| *one).collect()
}

/// Returns the leaves that share the fault: all places if at least half of the others show it too. `counts` has the faults of each
/// leaf without their worst week.
fn widen(leaf: &Leaf, counts: &BTreeMap<Leaf, usize>, passed: &Passed) -> Vec<Leaf> {
    let (from, to, class, place) = *leaf;
    let siblings = siblings(counts, *leaf);
    let count = |leaf: &Leaf| counts.get(leaf).copied().unwrap_or(0);
    let (mut judged, mut alike) = (0_usize, 0_usize);
    if class.is_of_level() {
        // A level can occur where it did: its rate per movement says nothing.
        judged = siblings.len() - 1;
        alike = siblings.iter().filter(|one| *one != leaf && count(one) >= FAULTS_MIN).count();
    } else {
        let rate = count(leaf) as f64 / f64::from(movements(passed, *leaf).max(1));
        let of_edge = passed.of_edge.range((from, to, NameNo::MIN)..=(from, to, NameNo::MAX));
        let places: BTreeSet<NameNo> =
            of_edge.map(|(one, _)| one.2).chain(siblings.iter().map(|one| one.3)).collect();
        for other in places.into_iter().filter(|other| *other != place) {
            let sibling = (from, to, class, other);
            let moved = f64::from(movements(passed, sibling));
            if rate * moved >= SIBLING_EXPECTED {
                judged += 1;
                alike += usize::from(count(&sibling) as f64 >= SIBLING_RATE * rate * moved);
            }
        }
    }
    if judged == 0 || 2 * alike < judged { vec![*leaf] } else { siblings }
}

/// The faults of each leaf, and its regular part.
type Parts<'a> = (&'a BTreeMap<Leaf, Vec<usize>>, &'a BTreeMap<Leaf, Regular>);

/// Joins leaves to one group. With more than one, the fault is the edge's and not the place's.
fn join(evidence: &Evidence, members: &[Leaf], (leaves, regular): Parts, first: &Group) -> Group {
    if let [_] = members {
        return first.clone();
    }
    let mut faults: Vec<usize> = members.iter().flat_map(|leaf| leaves[leaf].iter().copied()).collect();
    faults.sort_by_key(|number| (evidence.faults[*number].at, *number));
    let since = Regular::joined(members.iter().map(|leaf| &regular[leaf]), span(evidence)).since();
    group(evidence, &members[0], faults, since)
}

/// Returns the faults of leaves since an instant, without outages and bursts; if they are too few, all.
fn usual(evidence: &Evidence, members: &[Leaf], (leaves, regular): Parts, since: i64) -> Vec<usize> {
    let is_usual = |leaf: &Leaf, number: usize| {
        let at = evidence.faults[number].at;
        at >= since && !regular[leaf].leaves_out((at - evidence.from) / DAY)
    };
    let of_leaf =
        |leaf: &Leaf| leaves[leaf].iter().copied().filter(|number| is_usual(leaf, *number)).collect();
    let usual: Vec<usize> = members.iter().flat_map(|leaf| -> Vec<usize> { of_leaf(leaf) }).collect();
    if usual.len() >= FAULTS_MIN {
        usual
    } else {
        members.iter().flat_map(|leaf| leaves[leaf].iter().copied()).collect()
    }
}
