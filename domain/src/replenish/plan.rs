//! Planned factors: promotions and events that buyers expect, as percentages of the usual demand.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;

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

/// The planned factors of days. Factors that overlap are multiplied once, so that each day costs the same, however many there are.
/// Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Plan(Arc<[Period]>);

/// Days with one factor, until the next period begins.
#[derive(Debug, Clone, Copy)]
struct Period {
    from: NaiveDate,
    factor: Result<Micro, Overflow>,
    is_planned: bool,
}

impl Plan {
    /// Makes the plan of some factors. Those that overlap multiply, in their order.
    pub fn new(planned: &[PlannedFactor]) -> Self {
        let begins = planned.iter().map(|one| one.from);
        let ends = planned.iter().filter_map(|one| one.to.succ_opt());
        let begins: BTreeSet<NaiveDate> = begins.chain(ends).collect();
        let period = |from| Period {
            from,
            factor: product(planned, from),
            is_planned: planned.iter().any(|one| one.covers(from)),
        };
        Plan(begins.into_iter().map(period).collect())
    }

    /// Returns whether every day is usual.
    pub(super) fn is_usual(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the factors of the days from `from` on.
    pub(super) fn factors(
        &self,
        from: NaiveDate,
        days: usize,
    ) -> impl Iterator<Item = Result<Micro, Overflow>> {
        let mut begun = self.0.partition_point(|period| period.from <= from);
        from.iter_days().take(days).map(move |day| {
            while self.0.get(begun).is_some_and(|period| period.from <= day) {
                begun += 1;
            }
            begun.checked_sub(1).map_or(Ok(Micro::ONE), |latest| self.0[latest].factor)
        })
    }

    /// Returns the mean factor of the days from `from` on.
    pub(super) fn mean(&self, from: NaiveDate, days: u32) -> Result<Micro, Overflow> {
        if self.is_usual() || days == 0 {
            return Ok(Micro::ONE);
        }
        let mut sum = Micro::ZERO;
        for factor in self.factors(from, usize::try_from(days).unwrap_or(usize::MAX)) {
            sum = sum.plus(factor?)?;
        }
        sum.part(days)
    }

    /// Returns whether a planned factor covers one of the days from `from` to `to`.
    pub(super) fn covers_any(&self, from: NaiveDate, to: NaiveDate) -> bool {
        let ends = self.0.iter().skip(1).map(|next| Some(next.from)).chain([None]);
        self.0
            .iter()
            .zip(ends)
            .any(|(period, end)| period.is_planned && period.from <= to && end.is_none_or(|end| from < end))
    }
}

/// Returns the product of the factors that cover a day.
fn product(planned: &[PlannedFactor], day: NaiveDate) -> Result<Micro, Overflow> {
    let mut factor = Micro::ONE;
    for one in planned.iter().filter(|one| one.covers(day)) {
        factor = factor.product(one.percent)?.part(100)?;
    }
    // A product of many small percentages would round to zero, and demand is divided by it.
    Ok(factor.max(Micro::millionths(1)))
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
        let plan = Plan::new(&[planned(1, 10, "200"), planned(5, 5, "150")]);
        let at = |number| plan.factors(day(number), 1).next().expect("a day").expect("in range");
        assert_eq!((at(1), at(5), at(6), at(11)), (micro("2"), micro("3"), micro("2"), micro("1")));
        assert_eq!(plan.mean(day(4), 2), Ok(micro("2.5")));
        assert_eq!(plan.mean(day(10), 4), Ok(micro("1.25")));
        assert!(plan.covers_any(day(10), day(20)) && !plan.covers_any(day(11), day(20)));
    }

    #[test]
    fn each_day_has_the_product_of_the_factors_that_cover_it() {
        let planned: Vec<PlannedFactor> =
            (0..50).map(|number| planned(number % 17 + 1, number % 13 + 17, "103")).collect();
        let plan = Plan::new(&planned);
        assert!(plan.0.len() <= 30, "the days cost no more with more factors: {}", plan.0.len());
        let days = day(1).iter_days().take(30).map(|day| product(&planned, day));
        assert!(plan.factors(day(1), 30).eq(days));
        assert_eq!(Plan::default().mean(day(1), 30), Ok(Micro::ONE));
        let two = Plan::new(&planned[..2]);
        assert!(two.covers_any(day(18), day(30)) && !two.covers_any(day(19), day(30)));
    }

    #[test]
    fn a_plan_without_days_or_demand_is_rejected() {
        let percent = |text: &str| text.parse::<Percent>().expect("a percentage");
        assert_eq!(PlannedFactor::new(day(2), day(1), percent("150")), Err(InvalidPlan::EndsBeforeItBegins));
        assert_eq!(PlannedFactor::new(day(1), day(1), percent("0")), Err(InvalidPlan::NotPositive));
    }
}
