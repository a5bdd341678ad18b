//! Health over the weeks, and the counts before and after applied fixes.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use strum::VariantArray;

use domain::number;

use super::align::World;
use super::answer::{BeforeAfter, FixProof, Health, HealthWeek};
use super::context::Context;
use super::episode::Episodes;
use super::fault::{Found, minutes};
use super::flow::dual_origins;
use super::input::{Applied, SystemNo};
use super::names::{NO_NAME, NameNo};
use super::proof;
use super::rank::{Fault, Movement};
use super::row::Row;
use super::term::{Class, Process, Trend};
use super::unit::DAY;

/// Change of the later weeks against the earlier ones that is a trend, out of 100.
const TREND_PERCENT: u64 = 15;
/// Weeks without which there is no trend.
const TREND_WEEKS: usize = 4;

/// The results that health is counted from.
pub(super) struct Counted<'a> {
    pub found: &'a [Found],
    pub rows: &'a [Row],
    pub episodes: &'a Episodes,
    /// First and last instant that is observed.
    pub observed: (i64, i64),
}

/// Returns health per week.
pub(super) fn health(context: &Context, counted: &Counted) -> Health {
    let mut weeks = Vec::new();
    let (mut from, last) = counted.observed;
    while from <= last {
        weeks.push(week(context, counted, (from, from + 7 * DAY)));
        from += 7 * DAY;
    }
    let (trend, trend_text) = trend(&weeks);
    Health { weeks, trend, trend_text }
}

fn week(context: &Context, counted: &Counted, (from, until): (i64, i64)) -> HealthWeek {
    let world = context.world;
    let is_in = |at: i64| (from..until).contains(&at);
    let start = world.events.partition_point(|event| event.at < from);
    let end = world.events.partition_point(|event| event.at < until);
    let movements = world.events[start..end].iter().filter(|event| event.of_set == NO_NAME).count() as u64;
    let begin = counted.found.partition_point(|one| one.fault.at < from);
    let finish = counted.found.partition_point(|one| one.fault.at < until);
    let exceptions = (finish - begin) as u64;
    let rows = || counted.rows.iter().filter(|row| is_in(row.at));
    let (all, explained) = (rows().count() as u64, rows().filter(|row| row.residual == 0).count() as u64);
    let mut open: Vec<i64> = counted
        .episodes
        .all
        .iter()
        .filter(|one| one.opened_at < until && one.healed_at.is_none_or(|healed| healed >= until))
        .map(|one| (until.min(world.through) - one.opened_at) / DAY)
        .collect();
    open.sort_unstable();
    let dual: usize =
        Process::VARIANTS.iter().map(|process| dual_origins(context, *process, (from, until)).len()).sum();
    HealthWeek {
        from: world.instant(from),
        until: world.instant(until),
        movements,
        exceptions,
        exceptions_per_1000: per_thousand(exceptions, movements),
        manual_minutes: manual(context, (from, until)),
        explained_share: share(explained, all),
        median_days_open: open.get(open.len() / 2).map(|days| Decimal::from(*days)),
        open_dual_owners: u32::try_from(dual).unwrap_or(u32::MAX),
    }
}

fn per_thousand(part: u64, whole: u64) -> Option<Decimal> {
    let quotient = Decimal::from(part * 1_000).checked_div(Decimal::from(whole))?;
    Some(number::round(quotient, 2).normalize())
}

/// Returns a share with four decimals. None of nothing.
pub(super) fn share(part: u64, whole: u64) -> Option<Decimal> {
    let quotient = Decimal::from(part).checked_div(Decimal::from(whole))?;
    Some(number::round(quotient, 4).normalize())
}

/// Returns the minutes of manual work in a time.
fn manual(context: &Context, (from, until): (i64, i64)) -> Decimal {
    let World { input, clocks, .. } = context.world;
    let is_in = |at: i64| (from..until).contains(&at);
    let of = input.touchpoints.iter().filter(|one| is_in(clocks.read(one.system, one.at)));
    let minutes = of.map(|one| one.minutes.unwrap_or_else(|| minutes(&input.settings, one.kind)));
    minutes.fold(Decimal::ZERO, Decimal::saturating_add).normalize()
}

/// Compares the later half of the weeks with the earlier.
fn trend(weeks: &[HealthWeek]) -> (Trend, String) {
    if weeks.len() < TREND_WEEKS {
        return (Trend::Unknown, "Too few weeks for a trend.".to_owned());
    }
    let (early, late) = weeks.split_at(weeks.len() / 2);
    let rate = |weeks: &[HealthWeek]| {
        let exceptions: u64 = weeks.iter().map(|week| week.exceptions).sum();
        let movements: u64 = weeks.iter().map(|week| week.movements).sum();
        (exceptions, movements.max(1))
    };
    let ((was, of), (is, over)) = (rate(early), rate(late));
    let (before, after) = (u128::from(was) * u128::from(over) * 100, u128::from(is) * u128::from(of) * 100);
    let margin = before / 100 * u128::from(TREND_PERCENT);
    let shown = |count: u64, movements: u64| per_thousand(count, movements).unwrap_or_default();
    let rates = format!("{} to {} exceptions per 1,000 movements", shown(was, of), shown(is, over));
    if after + margin < before {
        (Trend::Falling, format!("Falling: from {rates}."))
    } else if before + margin < after {
        (Trend::Rising, format!("Rising: from {rates}."))
    } else {
        (Trend::Steady, format!("Steady: {rates}."))
    }
}

/// Returns the comparison for each applied fix. The faults and the movements are looked at once, however many fixes there are.
pub(super) fn proofs(context: &Context, found: &[Found], movements: &[(i64, Movement)]) -> Vec<FixProof> {
    let world = context.world;
    let mut counters: Vec<Counter> =
        world.input.applied.iter().map(|applied| Counter::new(world, applied)).collect();
    let by_place = by_place(&counters);
    for fault in found.iter().map(|one| &one.fault) {
        for number in concerned(&by_place, fault.to, fault.place) {
            counters[number].count_fault(fault);
        }
    }
    for (at, movement) in movements {
        for number in concerned(&by_place, movement.to, movement.place) {
            counters[number].count_movement(*at, movement);
        }
    }
    let mut all: Vec<FixProof> = counters.into_iter().map(Counter::proof).collect();
    all.sort_by(|one, other| (&one.id, one.applied_at).cmp(&(&other.id, other.applied_at)));
    all
}

/// The numbers of fixes, by the system and the place that they concern.
type ByPlace = BTreeMap<(SystemNo, Option<NameNo>), Vec<usize>>;

/// Returns the numbers of the fixes by the system and the place that they concern. A fix without a place concerns all places. A system
/// or a place without a number has no movement.
fn by_place(counters: &[Counter]) -> ByPlace {
    let mut by_place = ByPlace::new();
    for (number, counter) in counters.iter().enumerate() {
        let place = match counter.limits.place {
            None => None,
            Some(Some(place)) => Some(place),
            Some(None) => continue,
        };
        if let Some(to) = counter.edge.1 {
            by_place.entry((to, place)).or_default().push(number);
        }
    }
    by_place
}

/// Returns the numbers of the fixes that concern a system at a place.
fn concerned(by_place: &ByPlace, to: SystemNo, place: NameNo) -> impl Iterator<Item = usize> {
    let keys = [(to, None), (to, Some(place))];
    keys.into_iter().filter_map(move |key| by_place.get(&key)).flatten().copied()
}

/// A scope in numbers.
struct Limits {
    place: Option<Option<NameNo>>,
    sku: Option<Option<NameNo>>,
    category: Option<Option<NameNo>>,
    actor: Option<Option<NameNo>>,
    hours: Option<[u8; 2]>,
}

impl Limits {
    fn new(world: &World, applied: &Applied) -> Self {
        let number = |text: &Option<String>| text.as_ref().map(|text| world.names.find(text));
        let scope = &applied.scope;
        Limits {
            place: number(&scope.place),
            sku: number(&scope.sku),
            category: number(&scope.category),
            actor: number(&scope.actor),
            hours: scope.hours,
        }
    }

    fn hold(&self, one: &Movement) -> bool {
        let fits =
            |limit: Option<Option<NameNo>>, value: NameNo| limit.is_none_or(|limit| limit == Some(value));
        fits(self.place, one.place)
            && fits(self.sku, one.item)
            && fits(self.category, one.category)
            && fits(self.actor, one.actor)
            && self.hours.is_none_or(|[from, until]| (from..until).contains(&one.hour))
    }
}

/// The counts before and after an applied fix.
struct Counter<'a> {
    applied: &'a Applied,
    limits: Limits,
    /// The systems of its edge. Nothing: the input has none with this code.
    edge: (Option<SystemNo>, Option<SystemNo>),
    process: Option<Process>,
    at: i64,
    counts: BeforeAfter,
}

impl<'a> Counter<'a> {
    fn new(world: &World, applied: &'a Applied) -> Self {
        Counter {
            applied,
            limits: Limits::new(world, applied),
            edge: (world.number(&applied.edge.from), world.number(&applied.edge.to)),
            process: applied.event_type.filter(|_| is_of_process(applied.class)).map(|one| one.process()),
            at: applied.applied_at.timestamp_micros(),
            counts: BeforeAfter {
                episodes_before: 0,
                movements_before: 0,
                episodes_after: 0,
                movements_after: 0,
            },
        }
    }

    /// Counts a fault of its class, edge and scope.
    fn count_fault(&mut self, one: &Fault) {
        let moved = Movement {
            from: one.from,
            to: one.to,
            process: Process::Sale,
            place: one.place,
            item: one.item,
            category: one.category,
            actor: one.actor,
            hour: one.hour,
        };
        let is_of_edge = (Some(one.from), Some(one.to)) == self.edge;
        if one.class == self.applied.class && is_of_edge && self.limits.hold(&moved) {
            let counts = &mut self.counts;
            *(if one.at < self.at { &mut counts.episodes_before } else { &mut counts.episodes_after }) += 1;
        }
    }

    /// Counts a movement of its edge, process and scope.
    fn count_movement(&mut self, at: i64, one: &Movement) {
        let is_of_edge = (Some(one.from), Some(one.to)) == self.edge
            || (!is_of_process(self.applied.class) && Some(one.to) == self.edge.1);
        let is_of_its_process = self.process.is_none_or(|process| process == one.process);
        if is_of_edge && is_of_its_process && self.limits.hold(one) {
            let counts = &mut self.counts;
            *(if at < self.at { &mut counts.movements_before } else { &mut counts.movements_after }) += 1;
        }
    }

    fn proof(self) -> FixProof {
        FixProof {
            id: self.applied.id.clone(),
            applied_at: self.applied.applied_at,
            proof: proof::judge(self.counts),
        }
    }
}

/// Returns whether a class concerns events of one process.
fn is_of_process(class: Class) -> bool {
    !class.is_of_level()
        && !matches!(class, Class::ManualAdjustment | Class::CountVariance | Class::Unexplained)
}
