//! Planned factors: promotions and events that buyers expect, as percentages of the usual demand.

use chrono::{Days, NaiveDate};

use super::micro::{Micro, Overflow};
use crate::number::Percent;

/// A promotion or event of a product at a location, from a day to a day, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedFactor {
    from: NaiveDate,
    to: NaiveDate,
    percent: Micro,
}

/// A planned factor is not usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlan {
    /// It ends before it begins.
    #[error("The last day lies before the first: state `to` on or after `from`.")]
    EndsBeforeItBegins,
    /// The percentage is zero or less.
    #[error("A planned factor is above zero: 100 is the usual demand, 250 is two and a half times as much.")]
    NotPositive,
}

impl PlannedFactor {
    /// Makes a planned factor: 100 is the usual demand.
    pub fn new(from: NaiveDate, to: NaiveDate, percent: Percent) -> Result<Self, InvalidPlan> {
        if to < from {
            return Err(InvalidPlan::EndsBeforeItBegins);
        }
        if !percent.is_positive() {
            return Err(InvalidPlan::NotPositive);
        }
        Ok(PlannedFactor { from, to, percent: Micro::from(percent) })
    }

    /// Returns whether it covers a day.
    fn covers(&self, day: NaiveDate) -> bool {
        self.from <= day && day <= self.to
    }
}

/// The planned factors of days.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calendar<'facts> {
    /// Planned factors. Those that overlap multiply.
    pub planned: &'facts [PlannedFactor],
}

impl Calendar<'_> {
    /// Returns whether every day is usual.
    pub fn is_usual(&self) -> bool {
        self.planned.is_empty()
    }

    /// Returns the factor of a day.
    pub fn factor(&self, day: NaiveDate) -> Result<Micro, Overflow> {
        let mut factor = Micro::ONE;
        for one in self.planned.iter().filter(|one| one.covers(day)) {
            factor = factor.product(one.percent)?.part(100)?;
        }
        // A product of many small percentages would round to zero, and demand is divided by it.
        Ok(factor.max(Micro::millionths(1)))
    }

    /// Returns the mean factor of the days from `from` on.
    pub fn mean(&self, from: NaiveDate, days: u32) -> Result<Micro, Overflow> {
        if self.is_usual() || days == 0 {
            return Ok(Micro::ONE);
        }
        let mut sum = Micro::ZERO;
        for day in (0..days).filter_map(|ahead| from.checked_add_days(Days::new(ahead.into()))) {
            sum = sum.plus(self.factor(day)?)?;
        }
        sum.part(days)
    }
}

/// Returns whether a planned factor covers one of the days from `from` to `to`.
pub(super) fn covers_any(planned: &[PlannedFactor], from: NaiveDate, to: NaiveDate) -> bool {
    planned.iter().any(|one| one.from <= to && from <= one.to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replenish::micro::tests::micro;

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 6, number).expect("a day")
    }

    fn planned(from: u32, to: u32, percent: &str) -> PlannedFactor {
        PlannedFactor::new(day(from), day(to), percent.parse().expect("a percentage")).expect("a plan")
    }

    #[test]
    fn overlapping_factors_multiply() {
        let plan = [planned(1, 10, "200"), planned(5, 5, "150")];
        let calendar = Calendar { planned: &plan };
        let at = |number| calendar.factor(day(number)).expect("in range");
        assert_eq!((at(1), at(5), at(11)), (micro("2"), micro("3"), micro("1")));
        assert_eq!(calendar.mean(day(4), 2), Ok(micro("2.5")));
        assert_eq!(calendar.mean(day(10), 4), Ok(micro("1.25")));
        assert!(covers_any(&plan, day(10), day(20)) && !covers_any(&plan, day(11), day(20)));
    }

    #[test]
    fn a_plan_without_days_or_demand_is_rejected() {
        let percent = |text: &str| text.parse::<Percent>().expect("a percentage");
        assert_eq!(PlannedFactor::new(day(2), day(1), percent("150")), Err(InvalidPlan::EndsBeforeItBegins));
        assert_eq!(PlannedFactor::new(day(1), day(1), percent("0")), Err(InvalidPlan::NotPositive));
    }
}
