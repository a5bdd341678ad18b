//! Health over the weeks.

use async_graphql::SimpleObject;
use reconcile::answer;
use service::reconcile::run::part::HealthOfRun;

use super::flow::whole;
use crate::scalar::{Decimal, Instant};

/// Health over the weeks of the window.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationHealth")]
pub struct Health {
    /// Weeks, the earliest first.
    weeks: Vec<Week>,
    /// Direction of exceptions per 1,000 movements: `falling`, `steady`, `rising` or `unknown`.
    trend: String,
    /// The trend as a sentence.
    trend_text: String,
}

/// Health in one week.
#[derive(SimpleObject)]
#[graphql(name = "ReconciliationWeek")]
struct Week {
    /// First instant of the week.
    from: Instant,
    /// First instant after it.
    until: Instant,
    /// Movements of the systems.
    movements: i64,
    /// Exceptions that began.
    exceptions: i64,
    /// Exceptions per 1,000 movements; null without movements. Not additive.
    exceptions_per_1000: Option<Decimal>,
    /// Minutes of manual work. Additive.
    manual_minutes: Decimal,
    /// Share of the differences that have a cause: 0 to 1. Not additive.
    explained_share: Option<Decimal>,
    /// Median of the days that open episodes had been open. Not additive.
    median_days_open: Option<Decimal>,
    /// Number of pairs of a process and a place at which two systems began that process.
    open_dual_owners: i64,
}

impl Health {
    pub fn of(found: HealthOfRun) -> Self {
        let HealthOfRun { weeks, trend, trend_text, .. } = found;
        Health {
            weeks: weeks.into_iter().map(Week::of).collect(),
            trend: trend.word().to_owned(),
            trend_text,
        }
    }
}

impl Week {
    fn of(week: answer::HealthWeek) -> Self {
        Week {
            from: Instant(week.from.fixed_offset()),
            until: Instant(week.until.fixed_offset()),
            movements: whole(week.movements),
            exceptions: whole(week.exceptions),
            exceptions_per_1000: week.exceptions_per_1000.map(|rate| Decimal(rate.to_string())),
            manual_minutes: Decimal(week.manual_minutes.to_string()),
            explained_share: week.explained_share.map(|share| Decimal(share.to_string())),
            median_days_open: week.median_days_open.map(|days| Decimal(days.to_string())),
            open_dual_owners: week.open_dual_owners.into(),
        }
    }
}
