//! The observed flow of a process.

use async_graphql::SimpleObject;
use reconcile::answer;
use service::reconcile::run::part::FlowMapOfRun;

use super::exception::Edge;
use crate::scalar::Decimal;

/// The observed flow of one process.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationFlowMap")]
pub struct FlowMap {
    /// Process.
    process: String,
    /// Systems.
    nodes: Vec<FlowNode>,
    /// Edges.
    edges: Vec<FlowEdge>,
    /// Defects.
    findings: Vec<Finding>,
    /// The map as a Mermaid diagram.
    mermaid: String,
}

/// A system in a flow map.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationFlowNode")]
struct FlowNode {
    /// Code of the system.
    system: String,
    /// Events of the process that it reports.
    events: i64,
    /// Events that began there.
    origins: i64,
}

/// A flow of events from one system to another.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationFlowEdge")]
struct FlowEdge {
    /// Code of the system where the events began.
    from: String,
    /// Code of the receiving system.
    to: String,
    /// Median minutes until an event arrived; null if none did. Not additive.
    p50_minutes: Option<Decimal>,
    /// Minutes until 95 of 100 events had arrived. Not additive.
    p95_minutes: Option<Decimal>,
    /// Events that should have arrived.
    events: i64,
    /// Share of them that never did: 0 to 1. Not additive.
    loss: Decimal,
    /// Events that arrived more than once.
    duplicates: i64,
    /// Share that people carried: 0 to 1. Not additive.
    manual_share: Decimal,
    /// Whether the owner declares this hop.
    declared: bool,
}

/// A defect of a flow map.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationFinding")]
struct Finding {
    /// Kind, such as `lossy_edge`. New values may appear.
    kind: String,
    /// Edge.
    edge: Option<Edge>,
    /// Place, if it concerns one.
    place: Option<String>,
    /// Sentence.
    detail: String,
}

impl FlowMap {
    pub fn of(found: FlowMapOfRun) -> Self {
        let answer::FlowMap { process, nodes, edges, findings, mermaid } = found.map;
        FlowMap {
            process: process.word().to_owned(),
            nodes: nodes.into_iter().map(FlowNode::of).collect(),
            edges: edges.into_iter().map(FlowEdge::of).collect(),
            findings: findings.into_iter().map(Finding::of).collect(),
            mermaid,
        }
    }
}

impl FlowNode {
    fn of(node: answer::FlowNode) -> Self {
        FlowNode { system: node.system, events: whole(node.events), origins: whole(node.origins) }
    }
}

impl FlowEdge {
    fn of(edge: answer::FlowEdge) -> Self {
        FlowEdge {
            from: edge.from,
            to: edge.to,
            p50_minutes: edge.p50_minutes.map(|minutes| Decimal(minutes.to_string())),
            p95_minutes: edge.p95_minutes.map(|minutes| Decimal(minutes.to_string())),
            events: whole(edge.events),
            loss: Decimal(edge.loss.to_string()),
            duplicates: whole(edge.duplicates),
            manual_share: Decimal(edge.manual_share.to_string()),
            declared: edge.declared,
        }
    }
}

impl Finding {
    fn of(finding: answer::Finding) -> Self {
        let answer::Finding { kind, edge, place, detail } = finding;
        Finding { kind: kind.word().to_owned(), edge: edge.map(Edge::of), place, detail }
    }
}

/// Returns a count, which fits.
pub fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
