//! The rule: weekly rate and spread, reorder point, lot, and the level to fill up to.

use super::lead_time::LeadTime;
use super::micro::{Micro, Overflow, add, mul, sub};
use super::service_level::ServiceLevel;

use crate::text_enum;

/// Weeks that an analogue counts for.
const ANALOGUE_WEEKS: u32 = 2;

/// Weeks of typical spread that are added to the weeks seen.
const SPREAD_WEEKS: i128 = 3;

/// Typical variance of a week, in squares of its rate.
const TYPICAL_VARIANCE: i128 = 4;

/// Most deviations to the expected demand of the horizon.
const RATIO_MAX: u32 = 4;

/// Days of demand in the smallest and in the largest economic lot.
const LOT_DAYS: (u32, u32) = (14, 182);

text_enum! {
    /// The share of a week's surprise that moves the rate.
    #[derive(Default)]
    pub enum Smoothing {
        /// A fifth.
        #[default]
        Fifth,
        /// A tenth: the reorder point moves half as much, and follows an upswing later.
        Tenth,
    }
}

impl Smoothing {
    /// Returns the weeks whose mean comes before the smoothing.
    const fn weeks(self) -> u32 {
        match self {
            Smoothing::Fifth => 5,
            Smoothing::Tenth => 10,
        }
    }
}

/// The demand of a usual week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rate {
    /// Stock units a week.
    pub week: Micro,
    /// Variance of a week.
    pub spread: Micro,
}

impl Rate {
    /// Computes the rate from weekly demands, the oldest first. An analogue, the rate of a similar product, counts as two weeks
    /// before them.
    pub fn of(demands: &[Micro], analogue: Option<Micro>, smoothing: Smoothing) -> Result<Self, Overflow> {
        let week = level(demands, analogue, smoothing)?;
        let (mut sum, mut squares) = (Micro::ZERO, 0);
        for demand in demands {
            sum = sum.plus(*demand)?;
            squares = add(squares, demand.wide(*demand)?)?;
        }
        let typical = mul(TYPICAL_VARIANCE, week.wide(week)?)?;
        let one = Micro::ONE.get();
        let count = demands.len() as i128;
        let spread = if count == 0 {
            week.product(week)?
        } else {
            let seen = sub(mul(squares, count)?, sum.wide(sum)?)?;
            let weeks = mul(count, add(count, SPREAD_WEEKS)?)?;
            Micro::ratio(add(seen, mul(typical, count)?)?, mul(weeks, one)?)?
        };
        Ok(Rate { week, spread })
    }

    /// Returns the demand of some days, rounded to six decimals.
    pub fn over(self, days: Micro) -> Result<Micro, Overflow> {
        Micro::ratio(self.week.wide(days)?, mul(7, Micro::ONE.get())?)
    }
}

/// The rate after some weeks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Level {
    /// Stock units a week.
    pub week: Micro,
    /// Weeks seen, at most those whose mean comes before the smoothing.
    seen: u32,
}

impl Level {
    /// Takes the demand of the next week.
    pub fn follow(&mut self, demand: Micro, smoothing: Smoothing) -> Result<(), Overflow> {
        self.seen = (self.seen + 1).min(smoothing.weeks());
        self.week = self.week.plus(demand.minus(self.week)?.part(self.seen)?)?;
        Ok(())
    }
}

/// Returns the rate after all weeks.
fn level(demands: &[Micro], analogue: Option<Micro>, smoothing: Smoothing) -> Result<Micro, Overflow> {
    let mut level = analogue.map_or_else(Level::default, |week| Level { week, seen: ANALOGUE_WEEKS });
    for demand in demands {
        level.follow(*demand, smoothing)?;
    }
    Ok(level.week)
}

/// Settings of the rule for a product at a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Share of order cycles without a shortage.
    pub service: ServiceLevel,
    /// Days from one review to the next.
    pub review_days: u32,
    /// Cost of one order line, in the currency of the unit cost.
    pub order_cost: Micro,
    /// Cost of keeping stock for a year, in percent of its value.
    pub holding_percent: Micro,
    /// Days of demand in an economic lot if the unit cost is unknown.
    pub cover_days: u32,
    /// Days that the product may lie before it is sold, if that is limited.
    pub shelf_days: Option<u32>,
    /// Smoothing of the rate.
    pub smoothing: Smoothing,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            service: ServiceLevel::P95,
            review_days: 7,
            order_cost: Micro::whole(5),
            holding_percent: Micro::whole(25),
            cover_days: 28,
            shelf_days: None,
            smoothing: Smoothing::Fifth,
        }
    }
}

/// Step and cost of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Smallest quantity of the stock unit: 1 for pieces.
    pub step: Micro,
    /// Cost of one stock unit, if known.
    pub unit_cost: Option<Micro>,
}

/// The reorder point and the level to fill up to, with each number that leads to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Share of order cycles without a shortage.
    pub service: ServiceLevel,
    /// Mean planned factor of the days of the horizon.
    pub planned: Micro,
    /// Mean seasonal factor of these days; 1 if no season counts.
    pub seasonal: Micro,
    /// Days until an order of the next review could arrive: lead time and review period.
    pub horizon: Micro,
    /// Demand of the horizon.
    pub expected: Micro,
    /// Standard deviation of that demand.
    pub sd: Micro,
    /// Deviation to demand.
    pub ratio: Micro,
    /// Deviations that the service level takes.
    pub factor: Micro,
    /// Stock units beyond the expected demand.
    pub safety: Micro,
    /// Position at or below which an order is due.
    pub reorder_point: Micro,
    /// Economic lot: the quantity for which ordering and keeping cost the least together.
    pub economic_lot: Micro,
    /// Position that an order fills up to.
    pub fill_to: Micro,
}

impl Target {
    /// Computes the target. `planned` and `seasonal` are the mean factors of the days of the horizon. Without demand there is none.
    pub fn of(
        rate: Rate,
        planned: Micro,
        seasonal: Micro,
        lead: &LeadTime,
        item: Item,
        settings: &Settings,
    ) -> Result<Option<Self>, Overflow> {
        let horizon = horizon(lead, settings.review_days)?;
        let planned_spread = rate.spread.product(planned)?.product(planned)?;
        let at_horizon = Rate {
            week: rate.week.product(planned)?.product(seasonal)?,
            spread: planned_spread.product(seasonal)?.product(seasonal)?,
        };
        let expected = at_horizon.over(horizon)?;
        if !expected.is_positive() {
            return Ok(None);
        }
        let sd = deviation(at_horizon, horizon, lead.variance)?.min(expected.times(RATIO_MAX)?);
        let ratio = sd.quotient(expected)?;
        let factor = settings.service.factor(ratio)?;
        let point = expected.plus(factor.product(sd)?)?.max(Micro::ZERO).up_to(item.step)?;
        let lot = bounded_lot(rate, item, settings)?;
        let mut target = Target {
            service: settings.service,
            planned,
            seasonal,
            horizon,
            expected,
            sd,
            ratio,
            factor,
            safety: Micro::ZERO,
            reorder_point: point,
            economic_lot: lot,
            fill_to: point.plus(lot)?.up_to(item.step)?,
        };
        if let Some(days) = settings.shelf_days {
            let sold_in_time = rate.over(Micro::whole(days))?.down_to(item.step)?;
            target.fill_to = target.fill_to.min(sold_in_time);
            target.reorder_point = target.reorder_point.min(target.fill_to.minus(item.step)?);
        }
        target.safety = target.reorder_point.minus(expected)?;
        Ok(Some(target))
    }
}

/// Returns the days until an order of the next review could arrive.
pub(super) fn horizon(lead: &LeadTime, review_days: u32) -> Result<Micro, Overflow> {
    lead.days.plus(Micro::whole(review_days))
}

/// Returns the standard deviation of the demand of the horizon: that of its weeks, and that of a varying lead time.
fn deviation(rate: Rate, horizon: Micro, variance_days: Micro) -> Result<Micro, Overflow> {
    let one = Micro::ONE.get();
    let of_weeks = rate.over_spread(horizon)?;
    // (l/7)²·V: the product has eighteen decimals.
    let square = mul(rate.week.wide(rate.week)?, variance_days.get())?;
    let of_lead_time = Micro::ratio(square, mul(49, mul(one, one)?)?)?;
    let variance = of_weeks.plus(of_lead_time)?;
    Ok(Micro::root(variance.wide(Micro::ONE)?))
}

impl Rate {
    /// Returns the variance of some days.
    fn over_spread(self, days: Micro) -> Result<Micro, Overflow> {
        Micro::ratio(self.spread.wide(days)?, mul(7, Micro::ONE.get())?)
    }
}

/// Returns the economic lot: the demand of two weeks to half a year, and at least one step.
fn bounded_lot(rate: Rate, item: Item, settings: &Settings) -> Result<Micro, Overflow> {
    let lot = match item.unit_cost.filter(|cost| cost.is_positive()) {
        Some(cost) => {
            let lot = economic_lot(rate, cost, settings)?;
            let (least, most) = LOT_DAYS;
            lot.max(rate.over(Micro::whole(least))?).min(rate.over(Micro::whole(most))?)
        }
        None => rate.over(Micro::whole(settings.cover_days))?,
    };
    Ok(lot.max(item.step))
}

/// Returns √(2 · order cost · yearly demand ÷ yearly cost of keeping one unit), rounded down.
fn economic_lot(rate: Rate, unit_cost: Micro, settings: &Settings) -> Result<Micro, Overflow> {
    let yearly = rate.over(Micro::whole(365))?;
    let keeping = settings.holding_percent.wide(unit_cost)?;
    if keeping <= 0 {
        return rate.over(Micro::whole(LOT_DAYS.1));
    }
    // Both terms have twelve decimals, and the square of a number with six decimals has twelve more.
    let ordering = mul(settings.order_cost.wide(yearly)?, 200)?;
    let scale = mul(Micro::ONE.get(), Micro::ONE.get())?;
    Ok(Micro::root(mul_div(ordering, scale, keeping)?))
}

/// Returns a product divided by a divisor, rounded down, where the product may be too large for 128 bits.
fn mul_div(value: i128, factor: i128, divisor: i128) -> Result<i128, Overflow> {
    if let Some(product) = value.checked_mul(factor) {
        return Ok(Micro::floor(product, divisor)?.get());
    }
    let whole = mul(Micro::floor(value, divisor)?.get(), factor)?;
    let rest = value.checked_rem_euclid(divisor).ok_or(Overflow)?;
    add(whole, Micro::floor(mul(rest, factor)?, divisor)?.get())
}
