//! Planned factors: promotions and events that a buyer expects.

use chrono::NaiveDate;
use domain::day;
use domain::number::Percent;
use domain::refusal::Problems;
use domain::replenish::{InvalidPlan, Plan, PlannedFactor};
use serde::{Deserialize, Serialize};

/// Most planned factors of one settings record.
const PLANNED_MAX: usize = 50;

/// A promotion or an event: demand of its days is a percentage of the usual one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReplenishmentPlannedFactor)]
pub struct Planned {
    /// First day.
    #[schema(example = "2026-11-27")]
    #[serde(deserialize_with = "domain::day::stored")]
    pub from: NaiveDate,
    /// Last day, not before the first.
    #[schema(example = "2026-11-30")]
    #[serde(deserialize_with = "domain::day::stored")]
    pub to: NaiveDate,
    /// Percentage of the usual demand, above zero: 250 is two and a half times as much.
    pub percent: Percent,
}

impl Planned {
    fn factor(&self) -> Result<PlannedFactor, InvalidPlan> {
        PlannedFactor::new(self.from, self.to, self.percent)
    }
}

/// Rejects factors that can't be used, and too many.
pub(super) fn check(problems: &mut Problems, planned: &[Planned]) {
    if planned.len() > PLANNED_MAX {
        return problems.invalid("/planned", format!("Send at most {PLANNED_MAX} planned factors."));
    }
    for (index, one) in planned.iter().enumerate() {
        for (field, day) in [("from", one.from), ("to", one.to)] {
            if !day::is_possible(day) {
                problems.invalid(format!("/planned/{index}/{field}"), "Send a day from 1900-01-01 on.");
            }
        }
        if let Err(invalid) = one.factor() {
            let field = match invalid {
                InvalidPlan::EndsBeforeItBegins => "to",
                InvalidPlan::NotPositive => "percent",
            };
            problems.invalid(format!("/planned/{index}/{field}"), invalid.to_string());
        }
    }
}

/// Returns the factors as the rule takes them. They were checked when they were stated.
pub(super) fn plan(planned: &[Planned]) -> Plan {
    let factors: Vec<PlannedFactor> = planned.iter().filter_map(|one| one.factor().ok()).collect();
    Plan::new(&factors)
}
