//! The answer: the first fix with its numbers and examples, the next ones, or the reason why there is none.
#![expect(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "rates and benefits are estimates: each is rounded once, when it is shown"
)]

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::answer::{
    EXCEPTIONS_MAX, Edge, Evidence, Example, Exception, Expected, FirstFix, Fix, Interval, Naive,
    OwnerConflict, Scope, SettleWith,
};
use super::context::Context;
use super::episode::{permille, stable_id};
use super::fault::{Found, named};
use super::input::{Settings, SystemNo};
use super::names::NO_NAME;
use super::rank::{self, Cost, Group};
use super::row::Row;
use super::statistics::{decimal, float, mean_with_tail};
use super::term::{Basis, Class, InputKind, Outcome, SystemKind};
use super::unit::DAY;
use super::wording;

/// Days of data below which nothing can recur.
const DAYS_MIN: i64 = 14;
/// Examples of a fix.
const EXAMPLES: usize = 3;
/// Lines about causes that stay.
const STAYING: usize = 4;

/// All that the answer is made of.
pub(super) struct Findings<'a, 'b> {
    pub context: &'a Context<'b>,
    pub found: &'a [Found],
    pub groups: &'a [Group],
    pub rows: &'a [Row],
    pub conflicts: Vec<OwnerConflict>,
    pub notes: Vec<String>,
    pub basis: Basis,
    /// First and last instant that is observed.
    pub observed: (i64, i64),
}

/// Returns the costs of each class.
pub(super) fn costs(settings: &Settings) -> BTreeMap<Class, Cost> {
    use strum::VariantArray;
    let of = |class: &Class| {
        let harm = settings.harm.get(class);
        let harm = harm.map_or(0.0, |harm| float(harm.probability) * float(harm.cost));
        let quarters = wording::effort_quarters(wording::action(*class));
        (*class, Cost { harm, effort_days: f64::from(quarters) / 4.0 })
    };
    Class::VARIANTS.iter().map(of).collect()
}

/// Returns the ranked groups as results.
pub(super) fn exceptions(findings: &Findings) -> Vec<Exception> {
    findings.groups.iter().take(EXCEPTIONS_MAX).map(|group| exception(findings, group)).collect()
}

fn exception(findings: &Findings, group: &Group) -> Exception {
    let (edge, scope) = (edge(findings, group), scope(findings, group));
    Exception {
        id: id(group.class, &edge, &scope),
        class: group.class,
        event_type: group.event_type,
        edge,
        scope,
        episodes: u32::try_from(group.faults.len()).unwrap_or(u32::MAX),
        weeks: u32::try_from(group.weeks).unwrap_or(u32::MAX),
        units: units(findings, group),
        minutes_per_week: decimal(group.minutes, 1),
        value_per_week: value(findings, group.minutes),
        benefit: decimal(group.benefit, 2),
        effort_days: effort(group.class),
        confidence: permille(group.confidence),
        eligible: group.why_not.is_none(),
        why_not: group.why_not.map(str::to_owned),
    }
}

fn edge(findings: &Findings, group: &Group) -> Edge {
    let code = |system: SystemNo| findings.context.world.code(system).to_owned();
    Edge { from: code(group.from), to: code(group.to) }
}

fn scope(findings: &Findings, group: &Group) -> Scope {
    let name = |name| named(findings.context, name);
    Scope {
        place: name(group.place),
        sku: name(group.item),
        category: name(group.category),
        actor: name(group.actor),
        hours: group.hours,
    }
}

/// Returns the id of a fix: that of the same class, edge and scope in every run.
fn id(class: Class, edge: &Edge, scope: &Scope) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let hours = scope.hours.map_or(String::new(), |[from, until]| format!("{from}-{until}"));
    let parts = [
        class.word().to_owned(),
        edge.from.clone(),
        edge.to.clone(),
        text(&scope.place),
        text(&scope.sku),
        text(&scope.category),
        text(&scope.actor),
        hours,
    ];
    stable_id(&format!("fix\n{}", parts.join("\n")))
}

fn effort(class: Class) -> Decimal {
    Decimal::new(i64::from(wording::effort_quarters(wording::action(class))) * 25, 2).normalize()
}

fn units(findings: &Findings, group: &Group) -> domain::number::Quantity {
    let units = group.faults.iter().map(|number| findings.found[*number].fault.units);
    let sum = units.fold(0, i64::saturating_add);
    findings.context.world.quantity(sum)
}

fn value(findings: &Findings, minutes: f64) -> Decimal {
    decimal(minutes / 60.0 * float(findings.context.world.input.settings.wage_per_hour), 2)
}

/// Returns the answer.
pub(super) fn first(findings: &Findings) -> FirstFix {
    let named = rank::fixes(findings.groups);
    let first = named.first().map(|group| fix(findings, group));
    let next: Vec<Fix> = named.iter().skip(1).map(|group| fix(findings, group)).collect();
    let missing = missing(findings);
    let verdict = match (&first, missing.is_empty()) {
        (Some(_), _) => Outcome::Fix,
        (None, true) => Outcome::None,
        (None, false) => Outcome::NotEnoughData,
    };
    let settle_with = match (verdict, findings.basis) {
        (Outcome::NotEnoughData, _) => missing,
        (_, Basis::Snapshots) => silent(findings, named.first().copied()),
        (_, Basis::Events) => Vec::new(),
    };
    let headline = headline(findings, verdict, first.as_ref(), &settle_with);
    let naive = naive(findings, named.first().copied());
    FirstFix {
        verdict,
        basis: findings.basis,
        headline,
        fix: first,
        next,
        naive,
        owner_conflicts: findings.conflicts.clone(),
        settle_with,
        notes: findings.notes.clone(),
    }
}

/// Returns the exports without which nothing can be said.
fn missing(findings: &Findings) -> Vec<SettleWith> {
    let context = findings.context;
    let world = context.world;
    let need =
        |system: SystemNo, input: InputKind| SettleWith { system: world.code(system).to_owned(), input };
    let mut missing = Vec::new();
    if !context.has_snapshots(context.reference) {
        missing.push(need(context.reference, InputKind::Snapshots));
    }
    if !context.has_events() {
        missing.push(need(context.reference, InputKind::Events));
    }
    let others = || world.order.iter().copied().filter(|system| *system != context.reference);
    let has_any = others().any(|system| context.has_snapshots(system) || context.has_log(system));
    let is_short = findings.observed.1 - findings.observed.0 < DAYS_MIN * DAY;
    if !has_any || (missing.is_empty() && is_short) {
        let wanted = others().filter(|system| world.system(*system).kind != SystemKind::Stockwell);
        for system in wanted {
            if is_short || !context.has_snapshots(system) {
                missing.push(need(system, InputKind::Snapshots));
            }
            if !context.has_log(system) {
                missing.push(need(system, InputKind::Events));
            }
        }
    }
    missing
}

/// Returns the systems whose events would settle a hypothesis: those of the edge first.
fn silent(findings: &Findings, first: Option<&Group>) -> Vec<SettleWith> {
    let context = findings.context;
    let mut silent: Vec<SystemNo> = context.world.order.clone();
    silent.retain(|system| !context.has_log(*system));
    let of_edge = |system: &SystemNo| first.is_some_and(|group| [group.from, group.to].contains(system));
    silent.sort_by_key(|system| !of_edge(system));
    if first.is_some() && silent.iter().any(of_edge) {
        silent.retain(of_edge);
    }
    let settle = |system: SystemNo| SettleWith {
        system: context.world.code(system).to_owned(),
        input: InputKind::Events,
    };
    silent.into_iter().map(settle).collect()
}

fn headline(findings: &Findings, verdict: Outcome, fix: Option<&Fix>, settle_with: &[SettleWith]) -> String {
    let days = findings.context.world.input.settings.window_days;
    let text = match (verdict, fix) {
        (Outcome::Fix, Some(fix)) => format!(
            "{}: {} of {} episodes in {days} days, {} of {} weeks.",
            wording::clause(fix.class, fix.event_type, &fix.edge, &fix.scope),
            fix.episodes,
            fix.episodes_of_all,
            fix.weeks,
            fix.weeks_observed
        ),
        (Outcome::NotEnoughData, _) => {
            let wanted: Vec<String> =
                settle_with.iter().map(|one| format!("{} of {}", one.input.word(), one.system)).collect();
            format!("Not enough data: send {}.", wanted.join(", "))
        }
        (Outcome::Fix | Outcome::None, _) => format!(
            "No recurring cause: {} differences in {} groups were compared over {days} days.",
            findings.found.len(),
            findings.groups.len()
        ),
    };
    let is_hypothesis = match verdict {
        Outcome::Fix | Outcome::None => findings.basis == Basis::Snapshots,
        Outcome::NotEnoughData => false,
    };
    if is_hypothesis { format!("Hypothesis: {text}") } else { text }
}

fn fix(findings: &Findings, group: &Group) -> Fix {
    let listed = exception(findings, group);
    let action = wording::action(group.class);
    let world = findings.context.world;
    let week = 7 * DAY;
    let observed = (findings.observed.1 - findings.observed.0).max(1);
    let weeks_observed = u32::try_from((observed + week - 1) / week).unwrap_or(1);
    let in_window = findings.found.iter().filter(|one| one.fault.at >= world.from);
    Fix {
        id: listed.id,
        class: listed.class,
        event_type: listed.event_type,
        action,
        advice: wording::advice(action, listed.event_type, &listed.edge),
        edge: listed.edge,
        scope: listed.scope,
        confidence: listed.confidence,
        effort_days: listed.effort_days,
        episodes: listed.episodes,
        episodes_of_all: u32::try_from(in_window.count()).unwrap_or(u32::MAX),
        weeks: listed.weeks,
        weeks_observed: weeks_observed.max(listed.weeks),
        units: listed.units,
        minutes_per_week: listed.minutes_per_week,
        value_per_week: listed.value_per_week,
        expected: expected(findings, group),
        examples: examples(findings, group),
        will_not_fix: staying(findings, group),
    }
}

/// Returns the savings with their 90 % interval: the exact bounds of a Poisson mean.
fn expected(findings: &Findings, group: &Group) -> Expected {
    let count = group.faults.len() as u64;
    let first = group.faults.iter().map(|number| findings.found[*number].fault.at).min().unwrap_or(0);
    let weeks = ((findings.context.world.through - first) as f64 / (7 * DAY) as f64).max(1.0);
    let (low, high) = (mean_with_tail(count, 0.05) / weeks, mean_with_tail(count + 1, 0.95) / weeks);
    let mid = count as f64 / weeks;
    let each = if group.recurrence > 0.0 { group.minutes / group.recurrence } else { 0.0 };
    let interval = |times: f64| Interval {
        low: decimal(low * times, 1),
        mid: decimal(mid * times, 1),
        high: decimal(high * times, 1),
    };
    Expected { exceptions_per_week: interval(1.0), minutes_per_week: interval(each) }
}

/// Returns examples from the beginning, the middle and the end.
fn examples(findings: &Findings, group: &Group) -> Vec<Example> {
    let last = group.faults.len().saturating_sub(1);
    let mut at = vec![0, last / 2, last];
    at.dedup();
    at.into_iter()
        .take(EXAMPLES)
        .filter_map(|at| group.faults.get(at))
        .map(|at| example(findings, *at))
        .collect()
}

fn example(findings: &Findings, number: usize) -> Example {
    let context = findings.context;
    let world = context.world;
    let one = &findings.found[number];
    let of = |system: SystemNo| {
        let events = one.evidence.iter().copied();
        events.into_iter().find(|at| world.events[*at].system == system).map(|at| evidence(context, at))
    };
    Example {
        sku: world.names.text(one.fault.item).to_owned(),
        place: world.names.text(one.fault.place).to_owned(),
        here: of(one.fault.from).or_else(|| one.evidence.first().map(|at| evidence(context, *at))),
        there: of(one.fault.to),
    }
}

/// Returns an event as evidence.
pub(super) fn evidence(context: &Context, at: usize) -> Evidence {
    let world = context.world;
    let event = &world.events[at];
    let id = world.input.events[event.row].external_id.to_string();
    let is_own = world.system(event.system).kind == SystemKind::Stockwell;
    Evidence {
        system: world.code(event.system).to_owned(),
        external_id: (!is_own).then(|| id.clone()),
        movement_id: is_own.then_some(id),
        event_type: event.event_type,
        quantity: world.quantity(event.quantity),
        occurred_at: world.written(event.system, event.at),
        level: None,
    }
}

/// Returns the largest other groups in words.
fn staying(findings: &Findings, group: &Group) -> Vec<String> {
    let others = findings.groups.iter().filter(|other| *other != group && !other.faults.is_empty());
    let mut others: Vec<&Group> = others.collect();
    others.sort_by_key(|other| std::cmp::Reverse(other.faults.len()));
    let line = |other: &Group| {
        let (edge, scope) = (edge(findings, other), scope(findings, other));
        let clause = wording::clause(other.class, other.event_type, &edge, &scope);
        format!("{clause} ({} episodes).", other.faults.len())
    };
    others.into_iter().take(STAYING).map(line).collect()
}

/// Returns the largest single difference and the reason why it is not the first fix.
fn naive(findings: &Findings, first: Option<&Group>) -> Option<Naive> {
    let context = findings.context;
    let largest = findings.rows.iter().max_by_key(|row| {
        (
            row.increment.unsigned_abs(),
            std::cmp::Reverse((row.at, context.world.position(row.system), row.key)),
        )
    })?;
    let cause = largest.causes.iter().max_by_key(|cause| cause.quantity.unsigned_abs());
    let is_alike = |group: &&Group| {
        cause.is_some_and(|cause| (group.from, group.to, group.class) == (cause.from, cause.to, cause.class))
            && group.place.is_none_or(|place| place == largest.key.1)
    };
    let group = findings.groups.iter().find(is_alike);
    let why_not = match (group, cause) {
        (Some(group), _) if Some(group) == first => "it is one of the episodes of the first fix".to_owned(),
        (Some(group), _) if group.faults.len() == 1 => "happened once".to_owned(),
        (Some(group), _) => match group.why_not {
            Some(reason) => format!("its cause does not recur enough: {reason}"),
            None => "other causes recur more often for their cost".to_owned(),
        },
        (None, Some(cause)) if cause.heals => "it made an earlier difference equal again".to_owned(),
        (None, _) => "happened once".to_owned(),
    };
    let name = |name| if name == NO_NAME { String::new() } else { context.world.names.text(name).to_owned() };
    Some(Naive {
        what: "largest single difference".to_owned(),
        sku: name(largest.key.0),
        place: name(largest.key.1),
        units: context.world.quantity(largest.increment.abs()),
        why_not,
    })
}
