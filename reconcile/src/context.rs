//! Facts that the classification looks up: our quantities over time, logs, latencies, the systems where events begin.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::align::World;
use super::input::SystemNo;
use super::matching::Occurrence;
use super::names::{NO_NAME, NameNo};
use super::resolve::State;
use super::statistics::quantile;
use super::term::{Class, EntryMode, Process, SystemKind};
use super::unit::{DAY, HOUR, Held, Key, MINUTE};

/// A log covers this time beside its first and its last event.
const LOG_SLACK: i64 = 3 * DAY;
/// Fewest latencies that are taken as the edge's own.
const LATENCIES_MIN: usize = 8;

/// Our quantity of a key over time.
#[derive(Debug, Default)]
struct Balance {
    /// First snapshot of the reference: time and units.
    base: Option<(i64, i64)>,
    /// All its snapshots, used if it sends no events.
    levels: Vec<(i64, i64)>,
    /// Time of each event and the sum up to it.
    sums: Vec<(i64, i64)>,
}

impl Balance {
    fn moved(&self, at: i64) -> i64 {
        let after = self.sums.partition_point(|(time, _)| *time <= at);
        after.checked_sub(1).map_or(0, |last| self.sums[last].1)
    }
}

/// Latencies of an edge, for all processes and per process.
#[derive(Debug, Default)]
struct Latency {
    p95: i64,
    count: usize,
}

/// Decisions of people on episodes of a class.
#[derive(Debug, Default)]
struct Resolved {
    confirmed: u32,
    all: u32,
}

/// The facts that the classification looks up.
pub(super) struct Context<'a> {
    /// The inputs in one form.
    pub world: &'a World<'a>,
    /// The reference.
    pub reference: SystemNo,
    /// The events of all systems, each once.
    pub occurrences: &'a [Occurrence],
    /// Occurrences by item and place, in order of time.
    pub by_key: HashMap<Key, Vec<usize>>,
    balances: HashMap<Key, Balance>,
    logs: BTreeMap<SystemNo, (i64, i64)>,
    latencies: BTreeMap<(SystemNo, SystemNo, Option<Process>), Latency>,
    places: BTreeSet<(SystemNo, NameNo)>,
    processes: BTreeSet<(SystemNo, Process)>,
    snapshots: BTreeSet<SystemNo>,
    resolved: BTreeMap<(SystemNo, Class), Resolved>,
    has_events: bool,
}

impl<'a> Context<'a> {
    /// Collects the facts.
    pub fn new(world: &'a World<'a>, reference: SystemNo, occurrences: &'a [Occurrence]) -> Self {
        let mut by_key: HashMap<Key, Vec<usize>> = HashMap::new();
        for (number, one) in occurrences.iter().enumerate() {
            by_key.entry(one.key).or_default().push(number);
        }
        let mut logs: BTreeMap<SystemNo, (i64, i64)> = BTreeMap::new();
        let mut places = BTreeSet::new();
        let mut processes = BTreeSet::new();
        for event in &world.events {
            let log = logs.entry(event.system).or_insert((event.at, event.at));
            *log = (log.0.min(event.at), log.1.max(event.at.max(event.seen)));
            if event.state == State::Known {
                places.insert((event.system, event.place));
                processes.insert((event.system, event.event_type.process()));
            }
        }
        let known = world.series.iter().filter(|series| series.state == State::Known);
        places.extend(known.map(|series| (series.system, series.key.1)));
        let snapshots = world.series.iter().map(|series| series.system).collect();
        let has_events = logs.contains_key(&reference);
        let mut context = Context {
            world,
            reference,
            occurrences,
            by_key,
            balances: HashMap::new(),
            logs,
            latencies: BTreeMap::new(),
            places,
            processes,
            snapshots,
            resolved: resolved(world),
            has_events,
        };
        context.balances = balances(world, reference);
        context.latencies = latencies(world, occurrences);
        context
    }

    /// Returns our quantity on hand. None if the reference has neither snapshot nor event of the key.
    pub fn on_hand(&self, key: Key, at: i64) -> Option<i64> {
        let balance = self.balances.get(&key)?;
        if !self.has_events {
            let after = balance.levels.partition_point(|(time, _)| *time <= at);
            return balance.levels.get(after.saturating_sub(1)).map(|level| level.1);
        }
        let (time, units) = balance.base.unwrap_or((i64::MIN, 0));
        Some(units + balance.moved(at) - balance.moved(time))
    }

    /// Returns whether the reference has a snapshot of the key.
    pub fn is_counted(&self, key: Key) -> bool {
        self.balances.get(&key).is_some_and(|balance| balance.base.is_some())
    }

    /// Returns what the reference holds back at its line nearest in time.
    pub fn held(&self, key: Key, at: i64) -> Held {
        let Some(list) = self.world.held.get(&key) else { return Held::default() };
        let after = list.partition_point(|held| held.at <= at);
        let around = list[after.saturating_sub(1)..list.len().min(after + 1)].iter();
        around.min_by_key(|held| held.at.abs_diff(at)).copied().unwrap_or_default()
    }

    /// Returns whether the reference has sent events.
    pub fn has_events(&self) -> bool {
        self.has_events
    }

    /// Returns whether a system has sent events.
    pub fn has_log(&self, system: SystemNo) -> bool {
        self.logs.contains_key(&system)
    }

    /// Returns whether a system has sent snapshots.
    pub fn has_snapshots(&self, system: SystemNo) -> bool {
        self.snapshots.contains(&system)
    }

    /// Returns whether the events of a system cover a time.
    pub fn is_logged(&self, system: SystemNo, at: i64) -> bool {
        self.has_events
            && self
                .logs
                .get(&system)
                .is_some_and(|(first, last)| first - LOG_SLACK <= at && at <= last + LOG_SLACK)
    }

    /// Returns whether a system reports a place.
    pub fn reports(&self, system: SystemNo, place: NameNo) -> bool {
        self.places.contains(&(system, place))
    }

    /// Returns whether a system should have an event of a process at a place.
    pub fn carries(&self, system: SystemNo, process: Process, place: NameNo) -> bool {
        self.reports(system, place)
            && (self.snapshots.contains(&system) || self.processes.contains(&(system, process)))
    }

    /// Returns the microseconds within which 95 of 100 events arrive, or are declared to arrive if that is longer.
    pub fn latency(&self, process: Process, from: SystemNo, to: SystemNo) -> i64 {
        let observed = [Some(process), None].into_iter().filter_map(|of| self.latencies.get(&(from, to, of)));
        let observed =
            observed.filter(|latency| latency.count >= LATENCIES_MIN).map(|latency| latency.p95).next();
        let declared =
            self.world.declared.hop(process, from, to).map_or(0, |minutes| i64::from(minutes) * MINUTE);
        let interval = i64::from(self.world.system(to).sync_interval_minutes) * MINUTE;
        observed.unwrap_or(0).max(declared).max(interval)
    }

    /// Returns the system where an occurrence began. If its system sends no events, that is the declared owner, or the
    /// system whose kind has such events at such places.
    pub fn from(&self, one: &Occurrence, to: SystemNo) -> SystemNo {
        if one.origin != self.reference || one.members.len() > 1 {
            return one.origin;
        }
        let event = &self.world.events[one.first(self.world)];
        self.presumed(event.event_type.process(), (event.place, event.actor, event.mode), to)
    }

    /// Returns the system where an event probably began that only the reference reports.
    pub fn presumed(
        &self,
        process: Process,
        (place, actor, mode): (NameNo, NameNo, Option<EntryMode>),
        to: SystemNo,
    ) -> SystemNo {
        let silent = |system: &SystemNo| {
            *system != self.reference
                && *system != to
                && !self.has_log(*system)
                && self.reports(*system, place)
        };
        let by_hand = matches!(mode, Some(EntryMode::Ui | EntryMode::Csv | EntryMode::OfflineSync));
        if by_hand || (actor != NO_NAME && self.is_own_actor(actor)) {
            return self.reference;
        }
        let owner = self.world.declared.owner(process);
        if owner == Some(self.reference) {
            return self.reference;
        }
        if let Some(owner) = owner.filter(silent) {
            return owner;
        }
        let kinds: &[SystemKind] = match process {
            Process::Sale => &[SystemKind::Pos, SystemKind::Storefront, SystemKind::Marketplace],
            Process::Return | Process::Transfer | Process::Adjustment | Process::Receipt => {
                &[SystemKind::Wms, SystemKind::Pos, SystemKind::Storefront]
            }
        };
        let of_kind = |kind: &SystemKind| {
            self.world.order.iter().copied().find(|one| self.world.system(*one).kind == *kind && silent(one))
        };
        kinds.iter().find_map(of_kind).unwrap_or(self.reference)
    }

    /// Returns whether an actor of the reference is no transport: transports carry most of its events.
    fn is_own_actor(&self, actor: NameNo) -> bool {
        let text = self.world.names.text(actor).to_lowercase();
        !["connector", "sync", "integration", "import", "interface", "api", "edi"]
            .iter()
            .any(|word| text.contains(word))
    }

    /// Returns the share of resolutions that confirm a class of a system, smoothed, out of 1,000.
    pub fn prior(&self, system: SystemNo, class: Class) -> u32 {
        let (confirmed, all) =
            self.resolved.get(&(system, class)).map_or((0, 0), |found| (found.confirmed, found.all));
        (confirmed + 1) * 1_000 / (all + 2)
    }

    /// Returns the local hour of the day.
    pub fn hour(&self, at: i64) -> u8 {
        use chrono::Timelike;
        u8::try_from(self.world.instant(at).with_timezone(&self.world.input.zone).hour()).unwrap_or(0)
    }

    /// Returns the microseconds after which an event that was told late counts as missed and not as late.
    pub fn late(&self) -> i64 {
        12 * HOUR
    }
}

/// Counts the resolutions by system and by the class that a run had found.
fn resolved(world: &World) -> BTreeMap<(SystemNo, Class), Resolved> {
    let numbers: HashMap<&str, SystemNo> =
        world.order.iter().map(|system| (world.code(*system), *system)).collect();
    let mut resolved: BTreeMap<(SystemNo, Class), Resolved> = BTreeMap::new();
    for one in &world.input.resolutions {
        if let Some(system) = numbers.get(&*one.system) {
            let count = resolved.entry((*system, one.found)).or_default();
            count.all += 1;
            count.confirmed += u32::from(one.class == one.found);
        }
    }
    resolved
}

/// Collects the reference's snapshots and events of each key.
fn balances(world: &World, reference: SystemNo) -> HashMap<Key, Balance> {
    let mut balances: HashMap<Key, Balance> = HashMap::new();
    for series in world.series.iter().filter(|series| series.system == reference) {
        let balance = balances.entry(series.key).or_default();
        let quantities = series.observations.iter().map(|one| (one.at, one.quantity.unwrap_or(0)));
        balance.levels = quantities.collect();
        balance.base = balance.levels.first().copied();
    }
    for event in world.events.iter().filter(|event| event.system == reference && event.of_set == NO_NAME) {
        let balance = balances.entry((event.item, event.place)).or_default();
        let before = balance.sums.last().map_or(0, |sum| sum.1);
        balance.sums.push((event.at, before + event.quantity));
    }
    balances
}

/// Collects the latencies of the edges.
fn latencies(
    world: &World,
    occurrences: &[Occurrence],
) -> BTreeMap<(SystemNo, SystemNo, Option<Process>), Latency> {
    let mut all: BTreeMap<(SystemNo, SystemNo, Option<Process>), Vec<i64>> = BTreeMap::new();
    for one in occurrences {
        let seen = world.events[one.first(world)].seen;
        for event in
            one.members.iter().map(|at| &world.events[*at]).filter(|event| event.system != one.origin)
        {
            let latency = (event.seen - seen).max(0);
            let process = one.event_type.process();
            all.entry((one.origin, event.system, Some(process))).or_default().push(latency);
            all.entry((one.origin, event.system, None)).or_default().push(latency);
        }
    }
    let of = |mut list: Vec<i64>| {
        list.sort_unstable();
        Latency { p95: quantile(&list, 95).unwrap_or(0), count: list.len() }
    };
    all.into_iter().map(|(edge, list)| (edge, of(list))).collect()
}
