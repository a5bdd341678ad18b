//! The results of a run. Lists are in a fixed order, so equal inputs give equal bytes.
#![expect(
    clippy::disallowed_types,
    reason = "the code that reads a flattened field names every kind of number"
)]

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use domain::id::{EpisodeId, FixId, LocationId, ProductId};
use domain::number::Quantity;

use super::term::{
    Action, Basis, Class, EventType, FindingKind, InputKind, Outcome, Process, ProofVerdict, Trend,
};

/// All results of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// Inputs seen.
    pub inputs: Vec<Seen>,
    /// Explanations per class.
    pub classes: Vec<ClassCount>,
    /// Share of the differences that have a cause: 0 to 1.
    pub explained_share: Decimal,
    /// Differences that changed, by system, SKU, place and instant.
    pub discrepancies: Vec<Discrepancy>,
    /// Episodes, by system, SKU, place, class and instant.
    pub episodes: Vec<Episode>,
    /// Recurring groups, the best first.
    pub exceptions: Vec<Exception>,
    /// The observed flow, one map per process that has events.
    pub flow_maps: Vec<FlowMap>,
    /// The first fix.
    pub first_fix: FirstFix,
    /// Health.
    pub health: Health,
    /// Counts before and after the fixes that were applied, in the order of their keys.
    pub proofs: Vec<FixProof>,
}

/// Rows of one kind that a system sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Seen {
    /// Code of the system.
    pub system: String,
    /// Kind of the rows.
    pub kind: InputKind,
    /// Rows in the window.
    pub rows: u64,
    /// First instant, in true time.
    pub first_at: DateTime<Utc>,
    /// Last instant, in true time.
    pub last_at: DateTime<Utc>,
}

/// Explanations of one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClassCount {
    /// Class.
    pub class: Class,
    /// Explanations with it.
    pub count: u64,
    /// Episodes with it.
    pub episodes: u64,
    /// Sum of the sizes of the explained quantities.
    pub units: Quantity,
}

/// A difference that changed between two snapshots of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Discrepancy {
    /// Code of the system.
    pub system: String,
    /// Item. If the external SKU is mapped to no item, the external SKU.
    pub sku: String,
    /// Place. If the external location is mapped to no place, the external location.
    pub place: String,
    /// Instant of the snapshot, as the system wrote it.
    pub taken_at: DateTime<Utc>,
    /// Quantity of the system, in units of the reference. Null if a full snapshot lacks the key.
    pub theirs: Option<Quantity>,
    /// Quantity of the reference at that instant, in the meaning of the system. Null for an unmapped key.
    pub ours: Option<Quantity>,
    /// Theirs minus ours.
    pub delta: Quantity,
    /// Change of `delta` since the snapshot before.
    pub increment: Quantity,
    /// Causes. Their quantities and `residual` add up to `increment`, or for a class of levels to `delta`. A difference without a cause has
    /// one explanation of the class `unexplained`, whose quantity is `residual`.
    pub explanations: Vec<Explanation>,
    /// Part without a cause.
    pub residual: Quantity,
    /// Key of the episode of the largest explanation.
    #[schema(value_type = Option<EpisodeId>)]
    pub episode_id: Option<String>,
    /// The own level that differs, if the reference is `stockwell`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub level: Option<OwnLevel>,
}

/// A level of your own records, with the paths of its history and of the count plan of its location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReconcileLevel)]
pub struct OwnLevel {
    /// Location.
    pub location_id: LocationId,
    /// Product.
    pub product_id: ProductId,
    /// Path of the history of the level: its movements with the balance after each.
    #[schema(
        max_length = 200,
        example = "/v1/stock/levels/loc_01h455vb4pex5vsknk084sn02q/prd_01h455vb4pex5vsknk084sn02q/explain"
    )]
    pub explain: String,
    /// Path of the count plan of the location.
    #[schema(max_length = 200, example = "/v1/counts/plan?location_id=loc_01h455vb4pex5vsknk084sn02q")]
    pub count_plan: String,
}

/// A cause of a part of a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// Class.
    pub class: Class,
    /// Signed part of the difference.
    pub quantity: Quantity,
    /// Confidence: 0 to 1.
    pub confidence: Decimal,
    /// Whether it undoes an earlier difference: a lag that ended, or a correction by hand.
    pub heals: bool,
    /// System where the event was seen first.
    pub from: String,
    /// System that lost, doubled or misread it.
    pub to: String,
    /// Type of the event.
    #[serde(rename = "type")]
    pub event_type: Option<EventType>,
    /// Events that prove it, on both sides.
    pub evidence: Vec<Evidence>,
    /// Key of its episode.
    #[schema(value_type = Option<EpisodeId>)]
    pub episode_id: Option<String>,
}

/// An event that proves a cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// Code of the system that reports it.
    pub system: String,
    /// Id of the event there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub external_id: Option<String>,
    /// Id of the movement, for Stockwell.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub movement_id: Option<String>,
    /// Type.
    #[serde(rename = "type")]
    pub event_type: EventType,
    /// Change of stock: positive if it adds units, negative if it takes units. In units of the reference.
    pub quantity: Quantity,
    /// Instant, as the system wrote it.
    pub occurred_at: DateTime<Utc>,
    /// The own level that the event concerns: that of its movement, or the one that differs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub level: Option<OwnLevel>,
}

/// A difference with one cause, from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Episode {
    /// Key that is the same in every run over the same history.
    #[schema(value_type = EpisodeId)]
    pub id: String,
    /// Code of the system.
    pub system: String,
    /// Item.
    pub sku: String,
    /// Place.
    pub place: String,
    /// Class.
    pub class: Class,
    /// Type of the events.
    #[serde(rename = "type")]
    pub event_type: Option<EventType>,
    /// System where the events were seen first.
    pub from: String,
    /// System that lost, doubled or misread them.
    pub to: String,
    /// Snapshot in which it was first seen.
    pub opened_at: DateTime<Utc>,
    /// Snapshot in which it was seen to have ended.
    pub healed_at: Option<DateTime<Utc>>,
    /// Days from its beginning to its end, or to the end of the window.
    pub days_open: u32,
    /// Signed quantity that is still different.
    pub residual: Quantity,
    /// Number of times that it began or grew.
    pub occurrences: u32,
    /// Sum of the sizes of its differences.
    pub units: Quantity,
    /// Mean confidence: 0 to 1.
    pub confidence: Decimal,
}

/// The part of the business to which a group of episodes belongs. Null: all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema)]
pub struct Scope {
    /// Place.
    pub place: Option<String>,
    /// Item.
    pub sku: Option<String>,
    /// Category.
    pub category: Option<String>,
    /// Person or program.
    pub actor: Option<String>,
    /// Hours of the day in the tenant's zone, from the first inclusive to the last exclusive.
    pub hours: Option<[u8; 2]>,
}

/// An edge from the system where an event began to the one that should have it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub struct Edge {
    /// Code of the system where the event was seen first.
    pub from: String,
    /// Code of the system that lost, doubled or misread it.
    pub to: String,
}

/// Most groups of a run, the best first.
pub const EXCEPTIONS_MAX: usize = 1_000;

/// A group of episodes with one cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exception {
    /// Key that is the same in every run over the same history.
    #[schema(value_type = FixId)]
    pub id: String,
    /// Class.
    pub class: Class,
    /// Type of the events, if it is one.
    #[serde(rename = "type")]
    pub event_type: Option<EventType>,
    /// Edge.
    pub edge: Edge,
    /// Scope.
    pub scope: Scope,
    /// Episodes.
    pub episodes: u32,
    /// Weeks with an episode.
    pub weeks: u32,
    /// Sum of the sizes of the differences.
    pub units: Quantity,
    /// Manual work per week.
    pub minutes_per_week: Decimal,
    /// Cost of the manual work per week.
    pub value_per_week: Decimal,
    /// Benefit per week of removing the cause.
    pub benefit: Decimal,
    /// Days of work of the fix.
    pub effort_days: Decimal,
    /// Mean confidence: 0 to 1.
    pub confidence: Decimal,
    /// Whether it recurs enough to be a fix.
    pub eligible: bool,
    /// Reason why it does not.
    pub why_not: Option<String>,
}

/// The observed flow of one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlowMap {
    /// Process.
    pub process: Process,
    /// Systems.
    pub nodes: Vec<FlowNode>,
    /// Edges.
    pub edges: Vec<FlowEdge>,
    /// Defects.
    pub findings: Vec<Finding>,
    /// The map as a Mermaid diagram.
    pub mermaid: String,
}

/// A system in a flow map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlowNode {
    /// Code of the system.
    pub system: String,
    /// Events of the process that it reports.
    pub events: u64,
    /// Events that began there.
    pub origins: u64,
}

/// A flow of events from one system to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlowEdge {
    /// Code of the system where the events began.
    pub from: String,
    /// Code of the receiving system.
    pub to: String,
    /// Median minutes until an event arrived. Null if none did.
    pub p50_minutes: Option<Decimal>,
    /// Minutes until 95 of 100 events had arrived.
    pub p95_minutes: Option<Decimal>,
    /// Events that should have arrived.
    pub events: u64,
    /// Share of them that never did: 0 to 1.
    pub loss: Decimal,
    /// Events that arrived more than once.
    pub duplicates: u64,
    /// Share that people carried: 0 to 1.
    pub manual_share: Decimal,
    /// Whether the owner declares this hop.
    pub declared: bool,
}

/// A defect of a flow map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// Kind.
    pub kind: FindingKind,
    /// Edge.
    pub edge: Option<Edge>,
    /// Place, if it concerns one.
    pub place: Option<String>,
    /// Sentence.
    pub detail: String,
}

/// The first fix, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FirstFix {
    /// Outcome.
    pub verdict: Outcome,
    /// Inputs on which it rests.
    pub basis: Basis,
    /// One sentence.
    pub headline: String,
    /// The fix.
    pub fix: Option<Fix>,
    /// Next fixes, at most four, each with the episodes that the ones before leave.
    pub next: Vec<Fix>,
    /// The largest single difference, and why it is not the first fix.
    pub naive: Option<Naive>,
    /// Processes that two systems begin at one place.
    pub owner_conflicts: Vec<OwnerConflict>,
    /// Exports that would settle a hypothesis.
    pub settle_with: Vec<SettleWith>,
    /// Facts about the inputs that the reader should know: a clock that differs, quantities that were too large.
    pub notes: Vec<String>,
}

/// A fix of a recurring cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fix {
    /// Key that is the same in every run over the same history.
    #[schema(value_type = FixId)]
    pub id: String,
    /// Class.
    pub class: Class,
    /// Type of the events, if it is one.
    #[serde(rename = "type")]
    pub event_type: Option<EventType>,
    /// Edge.
    pub edge: Edge,
    /// Scope.
    pub scope: Scope,
    /// Action.
    pub action: Action,
    /// Advice in words.
    pub advice: String,
    /// Mean confidence: 0 to 1.
    pub confidence: Decimal,
    /// Days of work.
    pub effort_days: Decimal,
    /// Episodes.
    pub episodes: u32,
    /// Episodes of the run.
    pub episodes_of_all: u32,
    /// Weeks with an episode.
    pub weeks: u32,
    /// Weeks of the window that have data.
    pub weeks_observed: u32,
    /// Sum of the sizes of the differences.
    pub units: Quantity,
    /// Manual work per week.
    pub minutes_per_week: Decimal,
    /// Cost of the manual work per week.
    pub value_per_week: Decimal,
    /// Expected savings.
    pub expected: Expected,
    /// At most three examples.
    pub examples: Vec<Example>,
    /// Causes that stay.
    pub will_not_fix: Vec<String>,
}

/// Savings per week that a fix lets expect, with their 90 % intervals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Expected {
    /// Episodes that no longer begin.
    pub exceptions_per_week: Interval,
    /// Manual work that is no longer needed.
    pub minutes_per_week: Interval,
}

/// An estimate with the ends of its interval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Interval {
    /// Lower end.
    pub low: Decimal,
    /// Estimate.
    pub mid: Decimal,
    /// Upper end.
    pub high: Decimal,
}

/// An episode with its event on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Example {
    /// Item.
    pub sku: String,
    /// Place.
    pub place: String,
    /// Event where it began.
    pub here: Option<Evidence>,
    /// Event on the other side. Null if it never arrived.
    pub there: Option<Evidence>,
}

/// The largest single difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Naive {
    /// The rule that picks it.
    pub what: String,
    /// Item.
    pub sku: String,
    /// Place.
    pub place: String,
    /// Size of the difference.
    pub units: Quantity,
    /// Reason why it is not the first fix.
    pub why_not: String,
}

/// A process that two systems begin at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnerConflict {
    /// Process.
    pub process: Process,
    /// Place.
    pub place: String,
    /// Codes of the systems.
    pub systems: Vec<String>,
}

/// An export that would settle a hypothesis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettleWith {
    /// Code of the system.
    pub system: String,
    /// Kind of the export.
    pub input: InputKind,
}

/// Health over the weeks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Weeks, the earliest first.
    pub weeks: Vec<HealthWeek>,
    /// Direction of exceptions per 1,000 movements.
    pub trend: Trend,
    /// The trend as a sentence.
    pub trend_text: String,
}

/// Health in one week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthWeek {
    /// First instant of the week.
    pub from: DateTime<Utc>,
    /// First instant after it.
    pub until: DateTime<Utc>,
    /// Movements of the systems.
    pub movements: u64,
    /// Episodes that began or grew.
    pub exceptions: u64,
    /// Exceptions per 1,000 movements.
    pub exceptions_per_1000: Option<Decimal>,
    /// Manual work.
    pub manual_minutes: Decimal,
    /// Share of the differences that have a cause: 0 to 1.
    pub explained_share: Option<Decimal>,
    /// Median of the days that open episodes had been open.
    pub median_days_open: Option<Decimal>,
    /// Number of pairs of a process and a place at which two systems began that process.
    pub open_dual_owners: u32,
}

/// Counts before and after a fix was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BeforeAfter {
    /// Episodes before.
    pub episodes_before: u64,
    /// Movements before.
    pub movements_before: u64,
    /// Episodes after.
    pub episodes_after: u64,
    /// Movements after.
    pub movements_after: u64,
}

/// The comparison of the rates before and after a fix was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Proof {
    /// Counts.
    #[serde(flatten)]
    pub counts: BeforeAfter,
    /// Rate after, divided by the rate before, with its 95 % interval. Null if nothing happened before.
    pub rate_ratio: Option<Interval>,
    /// Probability of a difference as large or larger by chance.
    pub p_value: Decimal,
    /// Verdict.
    pub verdict: ProofVerdict,
}

/// The comparison for one fix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FixProof {
    /// Key of the fix.
    #[schema(value_type = FixId)]
    pub id: String,
    /// Instant from which it holds.
    pub applied_at: DateTime<Utc>,
    /// Comparison.
    #[serde(flatten)]
    pub proof: Proof,
}
