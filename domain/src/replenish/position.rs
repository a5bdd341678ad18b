//! Position: stock and supply that an order would add to, what is due, and how much of it.

use chrono::{Days, NaiveDate, Weekday};

use super::demand::review_day;
use super::history::days_between;
use super::micro::{Micro, Overflow};
use super::target::{Rate, Target};
use crate::expected_receipt::Supply;
use crate::number::Quantity;

/// Units of open orders that are not reserved, on the day for which the customer wants them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenDemand {
    /// The day.
    pub on: NaiveDate,
    /// Stock units.
    pub quantity: Quantity,
}

/// Available units of a lot that expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpiringLot {
    /// The last day on which it may be sold.
    pub expires_on: NaiveDate,
    /// Stock units available.
    pub available: Quantity,
}

/// Stock, supply and open demand of a product at a location, now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stock {
    /// Stock units on hand that are not reserved; below zero if more is reserved than is on hand.
    pub available: Quantity,
    /// Stock units among them of products that this one supersedes. They are sold in its place here, and no transfer takes them.
    pub of_predecessors: Quantity,
    /// Lots among the available units that expire.
    pub lots: Vec<ExpiringLot>,
    /// Open orders that are not reserved.
    pub open_demand: Vec<OpenDemand>,
    /// Supply that was ordered, or is in transit.
    pub incoming: Vec<Supply>,
}

/// The position at the end of the horizon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Stock units available that will be sold before they expire.
    pub available: Micro,
    /// Stock units available that expire before they would be sold.
    pub expiring: Micro,
    /// Stock units of open orders that are not reserved and are due within the horizon.
    pub unreserved: Micro,
    /// Stock units of supply that is due within the horizon.
    pub incoming: Micro,
    /// Stock units of supply that is due later.
    pub late: Micro,
    /// available − unreserved + incoming.
    pub total: Micro,
    /// Whether a supply is overdue. It counts as due today.
    pub is_overdue: bool,
}

impl Position {
    /// Returns the position on `as_of`, with what is due within the horizon.
    pub fn of(stock: &Stock, as_of: NaiveDate, horizon: Micro, rate: Rate) -> Result<Self, Overflow> {
        let until = last_day(as_of, horizon);
        let expiring = unsold(&stock.lots, as_of, rate)?;
        let mut position = Position {
            available: Micro::from(stock.available).minus(expiring)?,
            expiring,
            ..Position::default()
        };
        for open in stock.open_demand.iter().filter(|open| open.on <= until) {
            position.unreserved = position.unreserved.plus(open.quantity.into())?;
        }
        for supply in &stock.incoming {
            position.is_overdue |= supply.on < as_of;
            let sum = if supply.on <= until { &mut position.incoming } else { &mut position.late };
            *sum = sum.plus(supply.quantity.into())?;
        }
        position.total = position.available.minus(position.unreserved)?.plus(position.incoming)?;
        Ok(position)
    }

    /// Adds the position of a location that this one feeds.
    pub(super) fn add(&mut self, fed: &Position) -> Result<(), Overflow> {
        for (own, fed) in [
            (&mut self.available, fed.available),
            (&mut self.expiring, fed.expiring),
            (&mut self.unreserved, fed.unreserved),
            (&mut self.incoming, fed.incoming),
            (&mut self.late, fed.late),
            (&mut self.total, fed.total),
        ] {
            *own = own.plus(fed)?;
        }
        self.is_overdue |= fed.is_overdue;
        Ok(())
    }
}

/// Returns the last day of the horizon.
pub(super) fn last_day(as_of: NaiveDate, horizon: Micro) -> NaiveDate {
    let days = u64::try_from(horizon.whole_below()).unwrap_or(0);
    as_of.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
}

/// Returns the units of lots that will not be sold before they expire. The lot that expires first is sold first.
fn unsold(lots: &[ExpiringLot], as_of: NaiveDate, rate: Rate) -> Result<Micro, Overflow> {
    let mut lots: Vec<&ExpiringLot> = lots.iter().collect();
    lots.sort_by_key(|lot| lot.expires_on);
    let (mut sold, mut unsold) = (Micro::ZERO, Micro::ZERO);
    for lot in lots {
        // A lot may be sold on its last day too.
        let days = if lot.expires_on < as_of { 0 } else { days_between(as_of, lot.expires_on) + 1 };
        let days = Micro::whole(u32::try_from(days).unwrap_or(u32::MAX));
        let room = rate.over(days)?.minus(sold)?.max(Micro::ZERO);
        let available = Micro::from(lot.available).max(Micro::ZERO);
        let taken = available.min(room);
        sold = sold.plus(taken)?;
        unsold = unsold.plus(available.minus(taken)?)?;
    }
    Ok(unsold)
}

/// The smallest order of a product and the multiple in which it comes, in stock units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrderSize {
    /// Smallest quantity.
    pub minimum: Micro,
    /// Units of a pack. Zero if single steps can be ordered.
    pub pack: Micro,
}

/// A quantity to order, with what rounding added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rounded {
    /// Stock units to order.
    pub quantity: Micro,
    /// Stock units that the minimum added.
    pub minimum: Micro,
    /// Stock units that rounding up to the pack added.
    pub pack: Micro,
}

impl OrderSize {
    /// Rounds a need up to the minimum, then to whole packs, or to whole steps without a pack.
    pub fn rounded(self, need: Micro, step: Micro) -> Result<Rounded, Overflow> {
        let raised = need.max(self.minimum);
        let multiple = if self.pack.is_positive() { self.pack } else { step };
        let quantity = raised.up_to(multiple)?;
        Ok(Rounded { quantity, minimum: raised.minus(need)?, pack: quantity.minus(raised)? })
    }
}

/// Returns the need of a position that is due for an order. Supply that comes after the horizon is not bought twice.
pub(super) fn need(
    total: Micro,
    late: Micro,
    target: &Target,
    min_max: Option<(Micro, Micro)>,
) -> Result<Option<Micro>, Overflow> {
    let (is_low, point, fill_to) = match min_max {
        Some((min, max)) => (total < min, min, max),
        None => (total <= target.reorder_point, target.reorder_point, target.fill_to),
    };
    let fill_to = point.max(fill_to.minus(late)?);
    Ok((is_low && fill_to > total).then_some(fill_to.minus(total)?))
}

/// Returns the days that a quantity lasts at a rate, before rounding to whole days. Nothing without demand.
pub(super) fn cover(quantity: Micro, rate: Rate) -> Result<Option<Micro>, Overflow> {
    if !rate.week.is_positive() {
        return Ok(None);
    }
    quantity.times(7)?.quotient(rate.week).map(Some)
}

/// Returns the whole days that a quantity lasts at a rate, rounded down.
pub(super) fn whole_days(quantity: Micro, rate: Rate) -> Result<i64, Overflow> {
    if !rate.week.is_positive() {
        return Ok(0);
    }
    let days = Micro::floor(quantity.times(7)?.get(), rate.week.get())?.get();
    Ok(i64::try_from(days).unwrap_or(i64::MAX))
}

/// Returns the day on which a position that is not due yet is to be ordered: the review day on or before the one on which it
/// reaches the point, and not before `as_of`.
pub(super) fn order_day(
    as_of: NaiveDate,
    weekday: Weekday,
    above_point: Micro,
    rate: Rate,
) -> Result<NaiveDate, Overflow> {
    let days = u64::try_from(whole_days(above_point, rate)?).unwrap_or(0);
    let reached = as_of.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX);
    Ok(review_day(reached, weekday).max(as_of))
}
