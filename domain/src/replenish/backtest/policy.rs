//! Policies of a back-test: each decides on a review day how much to order.

use super::past::Past;
use crate::replenish::demand::{clean, week_count};
use crate::replenish::history::{Timeline, WEEK};
use crate::replenish::location::is_asleep;
use crate::replenish::micro::{Micro, Overflow, mul};
use crate::replenish::position::need;
use crate::replenish::service_level::ServiceLevel;
use crate::replenish::target::{Rate, Settings, Target, horizon};

/// Days of demand that a buyer's minimum keeps beyond the lead time and the review period.
pub const MIN_MAX_SAFETY_DAYS: u32 = 14;

/// Days of demand between a buyer's minimum and maximum.
const MIN_MAX_LOT_DAYS: u32 = 28;

/// Fewest days that an average is taken over.
const AVERAGE_DAYS_MIN: usize = 28;

/// A policy of reordering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The rule.
    Rule(ServiceLevel),
    /// A minimum and a maximum, made of average daily demand.
    MinMax {
        /// Days before each review that the average is taken over. None: all days before the first review, and the figures
        /// stay as they are.
        average_days: Option<usize>,
        /// Days of demand that the minimum keeps beyond lead time and review period.
        safety_days: u32,
    },
}

/// Stock and supply of a simulated day, before it opens.
#[derive(Debug, Clone, Copy)]
pub(super) struct SimulatedPosition {
    /// On hand, less backorders, with supply that comes within the horizon.
    pub total: Micro,
    /// Supply that comes later.
    pub late: Micro,
}

/// Sums of units before each day, as they were sold and ordered.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    /// Units sold at tills and ordered, less units returned without a sale.
    taken: Vec<Micro>,
}

impl Sums {
    /// Begins with no day.
    pub fn begin() -> Self {
        Sums { taken: vec![Micro::ZERO] }
    }

    /// Adds a day.
    pub fn push(&mut self, sold: Micro, ordered: Micro, returned: Micro) -> Result<(), Overflow> {
        let before = self.taken[self.taken.len() - 1];
        self.taken.push(before.plus(sold)?.plus(ordered)?.minus(returned)?);
        Ok(())
    }
}

/// A minimum and a maximum.
#[derive(Debug, Clone, Copy)]
pub(super) struct MinMax {
    min: Micro,
    max: Micro,
}

impl MinMax {
    /// Computes them from the days from `from` to the day before `end`. `first` is the day of the first sale.
    pub fn of(
        past: &Past,
        sums: &Sums,
        (from, end): (usize, usize),
        first: usize,
        safety_days: u32,
    ) -> Result<Self, Overflow> {
        let taken = sums.taken[end].minus(sums.taken[from])?.max(Micro::ZERO);
        let days = end.saturating_sub(from.max(first)).max(AVERAGE_DAYS_MIN);
        let covered = past.lead_time.days.plus(Micro::whole(past.settings.review_days + safety_days))?;
        // Both products have twelve decimals; the average is not rounded.
        let least = taken.wide(covered)?;
        let lot = taken.wide(Micro::whole(MIN_MAX_LOT_DAYS))?;
        let step = mul(past.item.step.wide(Micro::ONE)?, days as i128)?;
        let divisor = mul(days as i128, Micro::ONE.get())?;
        let most = least.checked_add(lot.max(step)).ok_or(Overflow)?;
        Ok(MinMax {
            min: Micro::floor(least, divisor)?.down_to(past.item.step)?,
            max: ceiling(most, divisor)?.up_to(past.item.step)?,
        })
    }

    /// Returns the units to order.
    pub fn need(self, position: SimulatedPosition) -> Result<Option<Micro>, Overflow> {
        let total = position.total.plus(position.late)?;
        let is_due = total <= self.min && self.max > total;
        Ok(if is_due { Some(self.max.minus(total)?) } else { None })
    }
}

/// Returns a fraction of millionths, rounded up.
fn ceiling(numerator: i128, divisor: i128) -> Result<Micro, Overflow> {
    let down = Micro::floor(numerator, divisor)?;
    let is_whole = numerator.checked_rem_euclid(divisor) == Some(0);
    if is_whole { Ok(down) } else { down.plus(Micro::millionths(1)) }
}

/// Returns the target of the rule on the review day `day` of the timeline.
pub(super) fn target(
    past: &Past,
    timeline: &Timeline,
    day: usize,
    service: ServiceLevel,
) -> Result<Option<Target>, Overflow> {
    let as_of = timeline.date(day);
    let count = week_count(past.history.known_from, past.history.first_day, as_of).min(day / WEEK);
    let demand = clean(timeline, day, count)?;
    let is_new = count < 2 && past.analogue.is_none();
    if is_new || demand.is_returned_in_excess || is_asleep(&demand.weeks) {
        return Ok(None);
    }
    let settings = Settings { service, ..past.settings };
    let demands: Vec<Micro> = demand.weeks.iter().map(|week| week.demand).collect();
    let rate = Rate::of(&demands, past.analogue, settings.smoothing)?;
    let until_next = horizon(&past.lead_time, settings.review_days)?;
    let days = u32::try_from(until_next.whole_above()).unwrap_or(u32::MAX);
    let factor = past.planned.mean(as_of, days)?;
    // The sales of two years that a season needs are not read for each past day.
    Target::of(rate, factor, Micro::ONE, &past.lead_time, past.item, &settings)
}

/// Returns the units that the rule orders on a review day.
pub(super) fn rule_need(
    past: &Past,
    timeline: &Timeline,
    day: usize,
    service: ServiceLevel,
    position: SimulatedPosition,
) -> Result<Option<Micro>, Overflow> {
    match target(past, timeline, day, service)? {
        Some(target) => need(position.total, position.late, &target, None),
        None => Ok(None),
    }
}
