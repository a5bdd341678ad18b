//! The observed flow of each process: where events begin, where they arrive, and where they get lost.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rust_decimal::Decimal;
use strum::VariantArray;

use domain::number;

use super::answer::{Edge, Finding, FlowEdge, FlowMap, FlowNode, OwnerConflict};
use super::context::Context;
use super::fault::is_manual;
use super::input::SystemNo;
use super::matching::Occurrence;
use super::names::NameNo;
use super::statistics::quantile;
use super::term::{FindingKind, Process};
use super::unit::MINUTE;

/// Events of an edge below which it has no defect.
const EVENTS_MIN: u64 = 10;
/// Share of a second origin at a place, out of 100.
const ORIGIN_PERCENT: u64 = 10;
/// Loss above which an edge is lossy, out of 1,000.
const LOSSY_PERMILLE: u64 = 20;
/// An event is lost if it has not arrived after this many times the p95 latency.
const LOST_AFTER: i64 = 3;

/// Counts of one edge.
#[derive(Debug, Default)]
struct Passed {
    events: u64,
    lost: u64,
    duplicates: u64,
    manual: u64,
    latencies: Vec<i64>,
}

type Edges = BTreeMap<(SystemNo, SystemNo), Passed>;

/// Returns the flow map of each process that has events.
pub(super) fn maps(context: &Context) -> Vec<FlowMap> {
    Process::VARIANTS.iter().filter_map(|process| map(context, *process)).collect()
}

/// Returns the processes that two systems begin at one place.
pub(super) fn conflicts(context: &Context) -> Vec<OwnerConflict> {
    let mut all = Vec::new();
    for process in Process::VARIANTS {
        for (place, systems) in dual_origins(context, *process, (i64::MIN, i64::MAX)) {
            all.push(OwnerConflict {
                process: *process,
                place: context.world.names.text(place).to_owned(),
                systems: systems.into_iter().map(|system| context.world.code(system).to_owned()).collect(),
            });
        }
    }
    all
}

/// Returns the places at which two systems begin a process, within a time.
pub(super) fn dual_origins(
    context: &Context,
    process: Process,
    (from, until): (i64, i64),
) -> Vec<(NameNo, Vec<SystemNo>)> {
    let mut origins: BTreeMap<NameNo, BTreeMap<SystemNo, u64>> = BTreeMap::new();
    for one in of_process(context, process).filter(|one| (from..until).contains(&one.at)) {
        // An event of one system alone may be a correction or a loss: it shows no origin.
        if one.members.len() > 1 {
            *origins.entry(one.key.1).or_default().entry(one.origin).or_default() += 1;
        }
    }
    let mut all = Vec::new();
    for (place, systems) in origins {
        let sum: u64 = systems.values().sum();
        let often = |count: u64| count >= 3 && count * 100 >= sum * ORIGIN_PERCENT;
        let mut frequent: Vec<SystemNo> =
            systems.into_iter().filter(|(_, count)| often(*count)).map(|(system, _)| system).collect();
        frequent.sort_by_key(|system| context.world.position(*system));
        if frequent.len() > 1 {
            all.push((place, frequent));
        }
    }
    all
}

fn of_process<'a>(context: &'a Context, process: Process) -> impl Iterator<Item = &'a Occurrence> {
    let from = context.world.from;
    context.occurrences.iter().filter(move |one| one.event_type.process() == process && one.at >= from)
}

fn map(context: &Context, process: Process) -> Option<FlowMap> {
    let mut nodes: BTreeMap<SystemNo, (u64, u64)> = BTreeMap::new();
    let mut edges = Edges::new();
    for one in of_process(context, process) {
        for at in &one.members {
            nodes.entry(context.world.events[*at].system).or_default().0 += 1;
        }
        nodes.entry(one.origin).or_default().1 += 1;
        count(context, one, &mut edges);
    }
    for (from, to) in edges.keys() {
        nodes.entry(*from).or_default();
        nodes.entry(*to).or_default();
    }
    if nodes.is_empty() {
        return None;
    }
    let mut order: Vec<SystemNo> = nodes.keys().copied().collect();
    order.sort_by_key(|system| context.world.position(*system));
    let shown: Vec<FlowNode> = order
        .iter()
        .map(|system| FlowNode {
            system: context.world.code(*system).to_owned(),
            events: nodes[system].0,
            origins: nodes[system].1,
        })
        .collect();
    let mut keys: Vec<(SystemNo, SystemNo)> = edges.keys().copied().collect();
    keys.sort_by_key(|(from, to)| (context.world.position(*from), context.world.position(*to)));
    let edges: Vec<(FlowEdge, (SystemNo, SystemNo))> = keys
        .into_iter()
        .filter_map(|edge| Some((show(context, process, edge, edges.get_mut(&edge)?), edge)))
        .collect();
    let findings = findings(context, process, &edges);
    let edges: Vec<FlowEdge> = edges.into_iter().map(|(edge, _)| edge).collect();
    let mermaid = mermaid(&shown, &edges, &findings);
    Some(FlowMap { process, nodes: shown, edges, findings, mermaid })
}

/// Counts one occurrence on the edges to all systems that should have it.
fn count(context: &Context, one: &Occurrence, edges: &mut Edges) {
    let world = context.world;
    let process = one.event_type.process();
    let seen = world.events[one.first(world)].seen;
    for to in world.order.iter().copied().filter(|to| *to != one.origin) {
        let arrived = one.of(world, to).next();
        let expected = context.carries(to, process, one.key.1) && context.is_logged(to, one.at);
        if arrived.is_none() && (!expected || one.members.len() < 2 && one.origin == context.reference) {
            continue;
        }
        let passed = edges.entry((one.origin, to)).or_default();
        match arrived {
            Some(at) => {
                passed.events += 1;
                passed.latencies.push((world.events[at].seen - seen).max(0));
                passed.manual += u64::from(is_manual(world.events[at].mode));
                let copies = one.extras.iter().filter(|at| world.events[**at].system == to).count();
                passed.duplicates += copies as u64;
            }
            None if world.through - one.at > LOST_AFTER * context.latency(process, one.origin, to) => {
                passed.events += 1;
                passed.lost += 1;
            }
            None => {}
        }
    }
}

fn ratio(part: u64, whole: u64) -> Decimal {
    let quotient = Decimal::from(part).checked_div(Decimal::from(whole.max(1))).unwrap_or(Decimal::ZERO);
    number::round(quotient, 4).normalize()
}

fn in_minutes(latency: i64) -> Decimal {
    let minutes = Decimal::from(latency).checked_div(Decimal::from(MINUTE)).unwrap_or(Decimal::ZERO);
    number::round(minutes, 1).normalize()
}

fn show(
    context: &Context,
    process: Process,
    (from, to): (SystemNo, SystemNo),
    passed: &mut Passed,
) -> FlowEdge {
    passed.latencies.sort_unstable();
    let arrived = passed.events.saturating_sub(passed.lost);
    FlowEdge {
        from: context.world.code(from).to_owned(),
        to: context.world.code(to).to_owned(),
        p50_minutes: quantile(&passed.latencies, 50).map(in_minutes),
        p95_minutes: quantile(&passed.latencies, 95).map(in_minutes),
        events: passed.events,
        loss: ratio(passed.lost, passed.events),
        duplicates: passed.duplicates,
        manual_share: ratio(passed.manual, arrived),
        declared: context.world.declared.hop(process, from, to).is_some(),
    }
}

/// Returns whether the p95 latency of an edge exceeds twice the declared one.
fn is_slow(context: &Context, process: Process, (from, to): (SystemNo, SystemNo), edge: &FlowEdge) -> bool {
    let declared =
        context.world.declared.hop(process, from, to).map(|minutes| Decimal::from(u64::from(minutes) * 2));
    let p95 = edge.p95_minutes.unwrap_or(Decimal::ZERO);
    edge.events >= EVENTS_MIN && declared.is_some_and(|declared| p95 > declared)
}

fn findings(context: &Context, process: Process, edges: &[(FlowEdge, (SystemNo, SystemNo))]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if context.world.declared.owner(process).is_none() {
        let detail = format!("No system is declared as the owner of the quantity of {}s.", process.word());
        findings.push(Finding { kind: FindingKind::NoOwner, edge: None, place: None, detail });
    }
    for (place, systems) in dual_origins(context, process, (i64::MIN, i64::MAX)) {
        let codes: Vec<&str> = systems.iter().map(|system| context.world.code(*system)).collect();
        let place = context.world.names.text(place);
        findings.push(Finding {
            kind: FindingKind::DualOrigin,
            edge: Some(Edge { from: codes[0].to_owned(), to: codes[1].to_owned() }),
            place: Some(place.to_owned()),
            detail: format!("{} both begin {}s at {place}.", codes.join(" and "), process.word()),
        });
    }
    for (edge, numbers) in edges.iter().filter(|(edge, _)| edge.events >= EVENTS_MIN) {
        let mut add = |kind: FindingKind, detail: String| {
            let ends = Edge { from: edge.from.clone(), to: edge.to.clone() };
            findings.push(Finding { kind, edge: Some(ends), place: None, detail });
        };
        let name = format!("{}s from {} to {}", process.word(), edge.from, edge.to);
        if !edge.declared && context.world.declared.owner(process).is_some() {
            add(FindingKind::UndeclaredEdge, format!("The flow of {name} is not declared."));
        }
        if is_slow(context, process, *numbers, edge) {
            let p95 = edge.p95_minutes.unwrap_or_default();
            add(FindingKind::SlowEdge, format!("5 of 100 {name} take longer than {p95} minutes."));
        }
        if edge.loss > Decimal::new(i64::try_from(LOSSY_PERMILLE).unwrap_or(0), 3) {
            let percent = number::round(edge.loss.checked_mul(Decimal::ONE_HUNDRED).unwrap_or_default(), 1);
            add(FindingKind::LossyEdge, format!("{} % of the {name} never arrive.", percent.normalize()));
        }
        if edge.manual_share > Decimal::new(5, 1) {
            add(FindingKind::ManualEdge, format!("People carry most {name}."));
        }
    }
    findings
}

/// Draws the map. Edges with a loss are dotted.
fn mermaid(nodes: &[FlowNode], edges: &[FlowEdge], findings: &[Finding]) -> String {
    let mut text = String::from("flowchart LR\n");
    let id = |code: &str| {
        let at = nodes.iter().position(|node| node.system == code).unwrap_or(nodes.len());
        format!("n{at}")
    };
    for node in nodes {
        let safe: String =
            node.system.chars().filter(|one| one.is_alphanumeric() || "-_. ".contains(*one)).collect();
        let _ = writeln!(text, "  {}[\"{safe}: {}\"]", id(&node.system), node.events);
    }
    for edge in edges {
        let percent =
            number::round(edge.loss.checked_mul(Decimal::ONE_HUNDRED).unwrap_or_default(), 1).normalize();
        let ends = Some(Edge { from: edge.from.clone(), to: edge.to.clone() });
        let is_broken = findings.iter().any(|one| one.kind == FindingKind::LossyEdge && one.edge == ends);
        let arrow = if is_broken { "-." } else { "--" };
        let end = if is_broken { ".->" } else { "-->" };
        let label = format!("{} events, {percent} % lost", edge.events);
        let _ = writeln!(text, "  {} {arrow} \"{label}\" {end} {}", id(&edge.from), id(&edge.to));
    }
    text
}
