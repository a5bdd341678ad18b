//! The first fix and the next ones.

use async_graphql::SimpleObject;
use reconcile::answer;
use service::reconcile::run::part::FirstFixOfRun;

use super::exception::{Edge, Scope};
use crate::scalar::{Decimal, Instant};

/// The first fix, or the reason why there is none.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationFirstFix")]
pub struct FirstFix {
    /// Id of the run that found it.
    run_id: String,
    /// `fix`, `none` if no cause recurs, or `not_enough_data`. New values may appear.
    verdict: String,
    /// `events` if the reference and another system have sent events. Otherwise `snapshots`: the result is then a hypothesis.
    basis: String,
    /// The answer in one sentence.
    headline: String,
    /// The fix. Null if there is none.
    fix: Option<Fix>,
    /// The next fixes, at most four, each with the episodes that the ones before leave.
    next: Vec<Fix>,
    /// The largest single difference, and why it is not the first fix.
    naive: Option<Naive>,
    /// Processes that two systems begin at one place.
    owner_conflicts: Vec<OwnerConflict>,
    /// Exports that would settle a hypothesis.
    settle_with: Vec<SettleWith>,
    /// Facts about the inputs, such as a clock that differs.
    notes: Vec<String>,
}

/// A fix of a recurring cause.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationFix")]
struct Fix {
    /// Id of the fix.
    id: String,
    /// Class, such as `missed_return`. New values may appear.
    class: String,
    /// Type of the events, if it is one.
    #[graphql(name = "type")]
    event_type: Option<String>,
    /// Edge.
    edge: Edge,
    /// Scope.
    scope: Scope,
    /// Action, such as `turn_on_event`. New values may appear.
    action: String,
    /// Advice in words.
    advice: String,
    /// Mean confidence: 0 to 1. Not additive.
    confidence: Decimal,
    /// Days of work. Additive.
    effort_days: Decimal,
    /// Episodes.
    episodes: i64,
    /// Episodes of the run.
    episodes_of_all: i64,
    /// Weeks with an episode.
    weeks: i64,
    /// Weeks of the window that have data.
    weeks_observed: i64,
    /// Sum of the sizes of the differences. Additive.
    units: Decimal,
    /// Minutes of manual work per week. Additive.
    minutes_per_week: Decimal,
    /// Cost of the manual work per week, in the currency of the settings. Additive.
    value_per_week: Decimal,
    /// Episodes per week that no longer begin.
    expected_exceptions_per_week: Interval,
    /// Minutes of manual work per week that are no longer needed.
    expected_minutes_per_week: Interval,
    /// At most three examples.
    examples: Vec<Example>,
    /// Causes that stay.
    will_not_fix: Vec<String>,
}

/// An estimate with its interval.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationInterval")]
struct Interval {
    /// Lower end. Not additive.
    low: Decimal,
    /// Estimate. Additive.
    mid: Decimal,
    /// Upper end. Not additive.
    high: Decimal,
}

/// An episode with its event on both sides.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationExample")]
struct Example {
    /// Item.
    sku: String,
    /// Place.
    place: String,
    /// Event where it began.
    here: Option<Evidence>,
    /// Event on the other side. Null if it never arrived.
    there: Option<Evidence>,
}

/// An event that proves a cause.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationEvidence")]
struct Evidence {
    /// Code of the system that reports it.
    system: String,
    /// Id of the event there.
    external_id: Option<String>,
    /// Id of the movement, if the system is `stockwell`.
    movement_id: Option<String>,
    /// Type, such as `return`. New values may appear.
    #[graphql(name = "type")]
    event_type: String,
    /// Change of stock: positive if it adds units, negative if it takes units. In units of the reference. Additive.
    quantity: Decimal,
    /// When it happened, as the system wrote it.
    occurred_at: Instant,
    /// The own level that it concerns. Null if it concerns none.
    level: Option<Level>,
}

/// An own level that a difference is about.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationLevel")]
struct Level {
    /// Id of its location.
    location_id: String,
    /// Id of its product.
    product_id: String,
    /// Path of its history: its movements with the balance after each.
    explain: String,
    /// Path of the count plan of its location.
    count_plan: String,
}

/// The largest single difference.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationNaive")]
struct Naive {
    /// The rule that picks it.
    what: String,
    /// Item.
    sku: String,
    /// Place.
    place: String,
    /// Size of the difference. Not additive.
    units: Decimal,
    /// Reason why it is not the first fix.
    why_not: String,
}

/// A process that two systems begin at one place.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationOwnerConflict")]
struct OwnerConflict {
    /// Process.
    process: String,
    /// Place.
    place: String,
    /// Codes of the systems.
    systems: Vec<String>,
}

/// An export that would settle a hypothesis.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationSettleWith")]
struct SettleWith {
    /// Code of the system.
    system: String,
    /// Kind of the export: `events`, `snapshots` or `touchpoints`.
    input: String,
}

impl FirstFix {
    pub fn of(found: FirstFixOfRun) -> Self {
        let FirstFixOfRun { run_id, told, .. } = found;
        FirstFix {
            run_id: run_id.to_string(),
            verdict: told.verdict.word().to_owned(),
            basis: told.basis.word().to_owned(),
            headline: told.headline,
            fix: told.fix.map(Fix::of),
            next: told.next.into_iter().map(Fix::of).collect(),
            naive: told.naive.map(Naive::of),
            owner_conflicts: told.owner_conflicts.into_iter().map(OwnerConflict::of).collect(),
            settle_with: told.settle_with.into_iter().map(SettleWith::of).collect(),
            notes: told.notes,
        }
    }
}

impl Fix {
    fn of(fix: answer::Fix) -> Self {
        Fix {
            id: fix.id,
            class: fix.class.word().to_owned(),
            event_type: fix.event_type.map(|event_type| event_type.word().to_owned()),
            edge: Edge::of(fix.edge),
            scope: Scope::of(fix.scope),
            action: fix.action.word().to_owned(),
            advice: fix.advice,
            confidence: Decimal(fix.confidence.to_string()),
            effort_days: Decimal(fix.effort_days.to_string()),
            episodes: fix.episodes.into(),
            episodes_of_all: fix.episodes_of_all.into(),
            weeks: fix.weeks.into(),
            weeks_observed: fix.weeks_observed.into(),
            units: Decimal(fix.units.to_string()),
            minutes_per_week: Decimal(fix.minutes_per_week.to_string()),
            value_per_week: Decimal(fix.value_per_week.to_string()),
            expected_exceptions_per_week: Interval::of(fix.expected.exceptions_per_week),
            expected_minutes_per_week: Interval::of(fix.expected.minutes_per_week),
            examples: fix.examples.into_iter().map(Example::of).collect(),
            will_not_fix: fix.will_not_fix,
        }
    }
}

impl Interval {
    fn of(interval: answer::Interval) -> Self {
        let answer::Interval { low, mid, high } = interval;
        Interval {
            low: Decimal(low.to_string()),
            mid: Decimal(mid.to_string()),
            high: Decimal(high.to_string()),
        }
    }
}

impl Example {
    fn of(example: answer::Example) -> Self {
        let answer::Example { sku, place, here, there } = example;
        Example { sku, place, here: here.map(Evidence::of), there: there.map(Evidence::of) }
    }
}

impl Evidence {
    fn of(evidence: answer::Evidence) -> Self {
        Evidence {
            system: evidence.system,
            external_id: evidence.external_id,
            movement_id: evidence.movement_id,
            event_type: evidence.event_type.word().to_owned(),
            quantity: Decimal(evidence.quantity.to_string()),
            occurred_at: Instant(evidence.occurred_at.fixed_offset()),
            level: evidence.level.map(Level::of),
        }
    }
}

impl Level {
    fn of(level: answer::OwnLevel) -> Self {
        let answer::OwnLevel { location_id, product_id, explain, count_plan } = level;
        Level {
            location_id: location_id.to_string(),
            product_id: product_id.to_string(),
            explain,
            count_plan,
        }
    }
}

impl Naive {
    fn of(naive: answer::Naive) -> Self {
        let answer::Naive { what, sku, place, units, why_not } = naive;
        Naive { what, sku, place, units: Decimal(units.to_string()), why_not }
    }
}

impl OwnerConflict {
    fn of(conflict: answer::OwnerConflict) -> Self {
        let answer::OwnerConflict { process, place, systems } = conflict;
        OwnerConflict { process: process.word().to_owned(), place, systems }
    }
}

impl SettleWith {
    fn of(wanted: answer::SettleWith) -> Self {
        SettleWith { system: wanted.system, input: wanted.input.word().to_owned() }
    }
}
