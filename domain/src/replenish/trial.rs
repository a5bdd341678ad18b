//! The trial that decides whether the season of its category counts for a product at a location.

use chrono::Days;

use super::demand::Week;
use super::micro::{Micro, Overflow, mul};
use super::season::Season;
use super::target::{Level, Smoothing};

/// Newest weeks whose forecasts decide whether a season counts.
const TRIAL_WEEKS: usize = 26;

/// Fewest weeks with which there is a trial: two more, from which the first forecast follows.
pub(super) const TRIAL_WEEKS_MIN: usize = TRIAL_WEEKS + 2;

/// Error of the forecasts with a season up to which it counts, in percent of the error without it.
const ERROR_PERCENT_MAX: i128 = 98;

/// The trial of a season on the newest 26 weeks of a product at a location. Each is forecast from the weeks before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeasonTrial {
    /// The season.
    pub season: Season,
    /// Sum of the differences between forecast and demand without the season, in stock units.
    pub error_without: Micro,
    /// The same with the season.
    pub error_with: Micro,
    /// Whether the season lowers the error by at least 2 percent. Only then it counts.
    pub is_passed: bool,
}

impl SeasonTrial {
    /// Tries a season on the same weeks without it and with it. There is no trial with fewer than 28 weeks.
    pub(super) fn of(
        season: Season,
        smoothing: Smoothing,
        without: &[Week],
        with: &[Week],
    ) -> Result<Option<Self>, Overflow> {
        if without.len() < TRIAL_WEEKS_MIN {
            return Ok(None);
        }
        let begin = without.len() - TRIAL_WEEKS;
        let (mut level, mut usual) = (Level::default(), Level::default());
        let (mut error_without, mut error_with) = (Micro::ZERO, Micro::ZERO);
        for (index, (week, usual_week)) in without.iter().zip(with).enumerate() {
            if index >= begin {
                let first = week.ends.checked_sub_days(Days::new(6)).unwrap_or(week.ends);
                let expected = usual.week.product(season.mean(first, 7)?)?;
                error_without = error_without.plus(distance(week.demand, level.week)?)?;
                error_with = error_with.plus(distance(week.demand, expected)?)?;
            }
            level.follow(week.demand, smoothing)?;
            usual.follow(usual_week.demand, smoothing)?;
        }
        let most = mul(error_without.get(), ERROR_PERCENT_MAX)?;
        let is_passed = error_with < error_without && mul(error_with.get(), 100)? <= most;
        Ok(Some(SeasonTrial { season, error_without, error_with, is_passed }))
    }
}

/// Returns the difference of two numbers without its sign.
fn distance(one: Micro, other: Micro) -> Result<Micro, Overflow> {
    one.max(other).minus(one.min(other))
}
