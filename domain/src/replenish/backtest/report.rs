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

/// The search for the fewest safety days at which minimum and maximum hold at least the stock of the rule. More days hold more
/// stock. The caller computes the stock of each number of days that it asks for, and may pause between two of them.
///
/// The fair comparison never holds less stock than the rule, so the rule does not look better than it is.
#[derive(Debug, Clone, Copy)]
pub struct EqualStockSearch {
    of_rule: Micro,
    /// Most days that held less.
    too_few: Option<u32>,
    /// Fewest days that held enough.
    enough: Option<u32>,
}

/// The next step of the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EqualStockStep {
    /// Compute the stock at so many safety days.
    Try(u32),
    /// The search has ended.
    Found(EqualStock),
}

impl EqualStockSearch {
    /// Begins a search. `of_rule` is the sum of the daily stock values of the rule.
    pub const fn new(of_rule: Micro) -> Self {
        EqualStockSearch { of_rule, too_few: None, enough: None }
    }

    /// Returns the days to try, or the result.
    pub fn step(&self) -> EqualStockStep {
        let found =
            |safety_days, is_out_of_reach| EqualStockStep::Found(EqualStock { safety_days, is_out_of_reach });
        match (self.too_few, self.enough) {
            (None, None) => EqualStockStep::Try(0),
            (None, Some(enough)) => found(enough, false),
            (Some(too_few), None) if too_few >= SAFETY_DAYS_MAX => found(SAFETY_DAYS_MAX, true),
            (Some(too_few), None) => {
                EqualStockStep::Try((too_few * 2).clamp(MIN_MAX_SAFETY_DAYS, SAFETY_DAYS_MAX))
            }
            (Some(too_few), Some(enough)) if enough - too_few > 1 => {
                EqualStockStep::Try(too_few.midpoint(enough))
            }
            (Some(_), Some(enough)) => found(enough, false),
        }
    }

    /// Notes the sum of the daily stock values at some safety days.
    pub fn note(&mut self, safety_days: u32, stock: Micro) {
        let bound = if stock >= self.of_rule { &mut self.enough } else { &mut self.too_few };
        *bound = Some(safety_days);
    }
}

/// Searches in one go. `stock` returns the sum of the daily stock values at a number of days.
pub fn equal_stock_days(
    of_rule: Micro,
    mut stock: impl FnMut(u32) -> Result<Micro, Overflow>,
) -> Result<EqualStock, Overflow> {
    let mut search = EqualStockSearch::new(of_rule);
    loop {
        match search.step() {
            EqualStockStep::Try(days) => search.note(days, stock(days)?),
            EqualStockStep::Found(found) => return Ok(found),
        }
    }
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
