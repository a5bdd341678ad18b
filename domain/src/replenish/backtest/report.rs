//! The table of a back-test: what happened, the rule, and minimum and maximum.

use super::past::{Happened, Past, Window};
use super::policy::{MIN_MAX_SAFETY_DAYS, Policy};
use super::simulate::{class_of, really_happened, simulate};
use super::tally::Tally;
use crate::replenish::demand::DemandClass;
use crate::replenish::micro::{Micro, Overflow};
use crate::replenish::service_level::ServiceLevel;

/// Days that a buyer's average is taken over.
const AVERAGE_DAYS: usize = 90;

/// Most safety days that the fair comparison tries.
const SAFETY_DAYS_MAX: u32 = 730;

/// Figures of one product at one location, by policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// Class of its demand before the window.
    pub class: DemandClass,
    /// The real course.
    pub really: Tally,
    /// The rule, at its own service level.
    pub rule: Tally,
    /// Minimum and maximum with 14 safety days.
    pub min_max: Tally,
    /// Minimum and maximum at the average stock value of the rule.
    pub equal_stock: Tally,
    /// The rule at each service level, from the lowest.
    pub services: [Tally; 5],
}

/// The safety days at which minimum and maximum hold as much stock as the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EqualStock {
    /// Fewest days with at least the average stock value of the rule.
    pub safety_days: u32,
    /// Whether even the most days that are tried hold less.
    pub is_out_of_reach: bool,
}

/// Figures of many products and locations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// The real course.
    pub really: Tally,
    /// The rule.
    pub rule: Tally,
    /// Minimum and maximum with 14 safety days.
    pub min_max: Tally,
    /// Minimum and maximum at the average stock value of the rule.
    pub equal_stock: Tally,
    /// The rule at each service level, from the lowest.
    pub services: [Tally; 5],
    /// Products and locations with fewer days without stock under the rule than at equal stock.
    pub better: u64,
    /// Those with as many.
    pub equal: u64,
    /// Those with more.
    pub worse: u64,
}

/// Returns the fewest safety days at which minimum and maximum hold at least the stock of the rule. `stock` returns the sum of
/// the daily stock values at a number of days; more days hold more stock.
///
/// The fair comparison never holds less stock than the rule, so the rule does not look better than it is.
pub fn equal_stock_days(
    of_rule: Micro,
    mut stock: impl FnMut(u32) -> Result<Micro, Overflow>,
) -> Result<EqualStock, Overflow> {
    let mut reaches = |days: u32| Ok(stock(days)? >= of_rule);
    if reaches(0)? {
        return Ok(EqualStock { safety_days: 0, is_out_of_reach: false });
    }
    let (mut too_few, mut enough) = (0, MIN_MAX_SAFETY_DAYS);
    while !reaches(enough)? {
        if enough >= SAFETY_DAYS_MAX {
            return Ok(EqualStock { safety_days: SAFETY_DAYS_MAX, is_out_of_reach: true });
        }
        (too_few, enough) = (enough, (enough * 2).min(SAFETY_DAYS_MAX));
    }
    while enough - too_few > 1 {
        let between = too_few.midpoint(enough);
        if reaches(between)? { enough = between } else { too_few = between }
    }
    Ok(EqualStock { safety_days: enough, is_out_of_reach: false })
}

/// Runs all policies for one product at one location. `safety_days` are those of the fair comparison, found over all products.
pub fn columns(
    past: &Past,
    happened: &Happened,
    window: &Window,
    safety_days: u32,
) -> Result<Columns, Overflow> {
    let min_max = |safety_days| {
        let average_days = Some(AVERAGE_DAYS);
        simulate(past, Policy::MinMax { average_days, safety_days }, window)
    };
    let mut services = [Tally::default(); 5];
    let mut rule = None;
    for (service, tally) in ServiceLevel::ALL.into_iter().zip(&mut services) {
        *tally = simulate(past, Policy::Rule(service), window)?;
        if service == past.settings.service {
            rule = Some(*tally);
        }
    }
    Ok(Columns {
        class: class_of(past, window)?,
        really: really_happened(past, happened, window)?,
        rule: rule.expect("the service level of the settings is one of all"),
        min_max: min_max(MIN_MAX_SAFETY_DAYS)?,
        equal_stock: min_max(safety_days)?,
        services,
    })
}

/// Adds the figures of many products and locations: all of them, those of a class, a category or a supplier.
pub fn report<'columns>(all: impl IntoIterator<Item = &'columns Columns>) -> Result<Report, Overflow> {
    let mut report = Report::default();
    for one in all {
        report.really.add(&one.really)?;
        report.rule.add(&one.rule)?;
        report.min_max.add(&one.min_max)?;
        report.equal_stock.add(&one.equal_stock)?;
        for (sum, tally) in report.services.iter_mut().zip(&one.services) {
            sum.add(tally)?;
        }
        let side = match one.rule.empty_days.cmp(&one.equal_stock.empty_days) {
            std::cmp::Ordering::Less => &mut report.better,
            std::cmp::Ordering::Equal => &mut report.equal,
            std::cmp::Ordering::Greater => &mut report.worse,
        };
        *side += 1;
    }
    Ok(report)
}
