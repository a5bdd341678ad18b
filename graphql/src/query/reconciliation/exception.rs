//! A group of episodes with one cause.

use async_graphql::SimpleObject;
use reconcile::answer;

use crate::scalar::Decimal;

/// A flow from the system where an event began to the one that should have it.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationEdge")]
pub struct Edge {
    /// Code of the system where the event was seen first.
    pub from: String,
    /// Code of the system that lost, doubled or misread it.
    pub to: String,
}

impl Edge {
    pub fn of(edge: answer::Edge) -> Self {
        Edge { from: edge.from, to: edge.to }
    }
}

/// The part of the business to which a group of episodes belongs. Null: all.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationScope")]
pub struct Scope {
    /// Place.
    pub place: Option<String>,
    /// Item.
    pub sku: Option<String>,
    /// Category.
    pub category: Option<String>,
    /// Person or program.
    pub actor: Option<String>,
    /// Hours of the day in the tenant's time zone: from the first inclusive to the second exclusive.
    pub hours: Option<Vec<i32>>,
}

impl Scope {
    pub fn of(scope: answer::Scope) -> Self {
        let answer::Scope { place, sku, category, actor, hours } = scope;
        Scope { place, sku, category, actor, hours: hours.map(|hours| hours.map(i32::from).to_vec()) }
    }
}

/// A group of episodes with one cause.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationException")]
pub struct Exception {
    /// Id. It is that of the fix, if a run proposed one for the group.
    pub id: String,
    /// Class, such as `missed_return`. New values may appear.
    pub class: String,
    /// Type of the events, if it is one.
    #[graphql(name = "type")]
    pub event_type: Option<String>,
    /// Edge.
    pub edge: Edge,
    /// Scope.
    pub scope: Scope,
    /// Episodes.
    pub episodes: i64,
    /// Weeks with an episode.
    pub weeks: i64,
    /// Sum of the sizes of the differences. Additive.
    pub units: Decimal,
    /// Minutes of manual work per week. Additive.
    pub minutes_per_week: Decimal,
    /// Cost of the manual work per week, in the currency of the settings. Additive.
    pub value_per_week: Decimal,
    /// Benefit per week of removing the cause, in the currency of the settings. Additive.
    pub benefit: Decimal,
    /// Days of work of the fix. Additive.
    pub effort_days: Decimal,
    /// Mean confidence: 0 to 1. Not additive.
    pub confidence: Decimal,
    /// Whether it recurs enough to be a fix.
    pub eligible: bool,
    /// Reason why it does not.
    pub why_not: Option<String>,
}

impl Exception {
    pub fn of(found: answer::Exception) -> Self {
        Exception {
            id: found.id,
            class: found.class.word().to_owned(),
            event_type: found.event_type.map(|event_type| event_type.word().to_owned()),
            edge: Edge::of(found.edge),
            scope: Scope::of(found.scope),
            episodes: found.episodes.into(),
            weeks: found.weeks.into(),
            units: Decimal(found.units.to_string()),
            minutes_per_week: Decimal(found.minutes_per_week.to_string()),
            value_per_week: Decimal(found.value_per_week.to_string()),
            benefit: Decimal(found.benefit.to_string()),
            effort_days: Decimal(found.effort_days.to_string()),
            confidence: Decimal(found.confidence.to_string()),
            eligible: found.eligible,
            why_not: found.why_not,
        }
    }
}
