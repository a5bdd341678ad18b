//! Demand of a product at a location by day, as it was recorded.

use chrono::{Days, NaiveDate};

use super::micro::{Micro, Overflow};
use super::plan::Plan;
use super::season::Season;
use crate::id::OrderId;
use crate::number::Quantity;

/// Days of a week.
pub(super) const WEEK: usize = 7;

/// Units of the product that one wholesale order asked for. Lines of one order are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderDemand {
    /// The order.
    pub order_id: OrderId,
    /// Day on which it was confirmed.
    pub on: NaiveDate,
    /// Stock units ordered, shipped or not.
    pub ordered: Quantity,
    /// Stock units of them that were returned.
    pub returned: Quantity,
}

/// Units of the product that were sold at tills on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetailDemand {
    /// The day.
    pub on: NaiveDate,
    /// Stock units sold.
    pub sold: Quantity,
    /// Stock units of them that were returned.
    pub returned: Quantity,
}

/// Units that were returned on a day and name no sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returned {
    /// The day.
    pub on: NaiveDate,
    /// Stock units.
    pub quantity: Quantity,
}

/// Days in a row, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRange {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

/// The demand of a product at a location over both channels. Each list is in any order.
#[derive(Debug, Clone)]
pub struct DemandHistory {
    /// First day from which all demand is known. Weeks that begin before it are left out.
    pub known_from: NaiveDate,
    /// Day on which the product was first sold or received at the location, if it was.
    pub first_day: Option<NaiveDate>,
    /// Wholesale orders.
    pub orders: Vec<OrderDemand>,
    /// Sales at tills.
    pub retail: Vec<RetailDemand>,
    /// Returns that name no sale.
    pub returned: Vec<Returned>,
    /// Days that opened with nothing on hand.
    pub without_stock: Vec<DayRange>,
    /// Stock units that the customer with the largest quantity ordered.
    pub largest_customer: Quantity,
}

impl DemandHistory {
    /// Returns a history without any demand.
    pub fn empty(known_from: NaiveDate) -> Self {
        DemandHistory {
            known_from,
            first_day: None,
            orders: Vec::new(),
            retail: Vec::new(),
            returned: Vec::new(),
            without_stock: Vec::new(),
            largest_customer: Quantity::ZERO,
        }
    }
}

/// One order on a [`Timeline`].
#[derive(Debug, Clone, Copy)]
pub(super) struct TimedOrder {
    /// Day of the timeline.
    pub day: usize,
    /// The order.
    pub order_id: OrderId,
    /// Units ordered and not returned.
    pub quantity: Micro,
}

/// A history in days from its start. Sums of any days are differences of two entries.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    /// Day 0.
    pub start: NaiveDate,
    /// Orders by day.
    pub orders: Vec<TimedOrder>,
    /// Units sold at tills before each day, divided by the factor of their day.
    sold: Vec<Micro>,
    /// Days before each day that were open: they opened with stock, or something was sold.
    open: Vec<u32>,
    /// Units returned without a sale before each day.
    returned: Vec<Micro>,
    /// Factor of each day; empty if all are usual.
    factors: Vec<Micro>,
}

/// Sums over some days of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RetailSums {
    /// Units sold.
    pub sold: Micro,
    /// Open days.
    pub open: u32,
}

impl Timeline {
    /// Begins a timeline without days.
    pub fn begin(start: NaiveDate) -> Self {
        Timeline {
            start,
            orders: Vec::new(),
            sold: vec![Micro::ZERO],
            open: vec![0],
            returned: vec![Micro::ZERO],
            factors: Vec::new(),
        }
    }

    /// Makes the timeline of the days from `start` to the day before `end`.
    pub fn of(
        history: &DemandHistory,
        plan: &Plan,
        season: Option<&Season>,
        (start, end): (NaiveDate, NaiveDate),
    ) -> Result<Self, Overflow> {
        let days = days_between(start, end);
        let mut timeline = Timeline::begin(start);
        timeline.plan(plan, season, days)?;
        timeline.add_orders(&history.orders, days)?;
        for day in recorded_days(history, start, days)? {
            timeline.push(day.sold, day.has_stock, day.returned)?;
        }
        Ok(timeline)
    }

    /// Notes the factor of each day: the planned one, times that of the season.
    pub fn plan(&mut self, plan: &Plan, season: Option<&Season>, days: usize) -> Result<(), Overflow> {
        if plan.is_usual() && season.is_none() {
            return Ok(());
        }
        let factor = |(day, planned): (NaiveDate, Result<Micro, Overflow>)| -> Result<Micro, Overflow> {
            match season {
                // Demand is divided by it, so it does not round to zero.
                Some(season) => Ok(planned?.product(season.factor(day))?.max(Micro::millionths(1))),
                None => planned,
            }
        };
        let planned = self.start.iter_days().zip(plan.factors(self.start, days));
        self.factors = planned.map(factor).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Adds the orders of the days before day `days`.
    pub fn add_orders(&mut self, orders: &[OrderDemand], days: usize) -> Result<(), Overflow> {
        for order in orders {
            if let Some(day) = day_of(self.start, order.on, days) {
                let quantity = Micro::from((order.ordered - order.returned).max(Quantity::ZERO));
                if quantity.is_positive() {
                    self.orders.push(TimedOrder { day, order_id: order.order_id, quantity });
                }
            }
        }
        self.orders.sort_by_key(|order| (order.day, order.order_id));
        Ok(())
    }

    /// Adds a day: the units sold at tills, whether it opened with stock, and the units returned without a sale.
    pub fn push(&mut self, sold: Micro, has_stock: bool, returned: Micro) -> Result<(), Overflow> {
        let day = self.days();
        let usual = self.usual(day, sold)?;
        self.sold.push(self.sold[day].plus(usual)?);
        self.open.push(self.open[day] + u32::from(has_stock || sold.is_positive()));
        self.returned.push(self.returned[day].plus(returned)?);
        Ok(())
    }

    /// Returns the number of days.
    pub fn days(&self) -> usize {
        self.open.len() - 1
    }

    /// Returns a quantity of a day, divided by the factor of the day.
    pub fn usual(&self, day: usize, quantity: Micro) -> Result<Micro, Overflow> {
        match self.factors.get(day) {
            Some(factor) if *factor != Micro::ONE => quantity.quotient(*factor),
            _ => Ok(quantity),
        }
    }

    /// Returns the mean factor of the days from `from` to the day before `to`.
    pub fn factor(&self, from: usize, to: usize) -> Result<Micro, Overflow> {
        if self.factors.is_empty() || to <= from {
            return Ok(Micro::ONE);
        }
        let mut sum = Micro::ZERO;
        for factor in &self.factors[from..to] {
            sum = sum.plus(*factor)?;
        }
        sum.part((to - from) as u32)
    }

    /// Returns the sales at tills of the days from `from` to the day before `to`.
    pub fn retail(&self, from: usize, to: usize) -> Result<RetailSums, Overflow> {
        Ok(RetailSums { sold: self.sold[to].minus(self.sold[from])?, open: self.open[to] - self.open[from] })
    }

    /// Returns the units that were returned without a sale from `from` to the day before `to`.
    pub fn returned(&self, from: usize, to: usize) -> Result<Micro, Overflow> {
        self.returned[to].minus(self.returned[from])
    }

    /// Returns the orders of the days from `from` to the day before `to`.
    pub fn orders(&self, from: usize, to: usize) -> &[TimedOrder] {
        let at = |day: usize| self.orders.partition_point(|order| order.day < day);
        &self.orders[at(from)..at(to)]
    }

    /// Returns the calendar day of a day.
    pub fn date(&self, day: usize) -> NaiveDate {
        self.start.checked_add_days(Days::new(day as u64)).unwrap_or(NaiveDate::MAX)
    }
}

/// A day as it was recorded.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordedDay {
    /// Units sold at tills and not returned.
    pub sold: Micro,
    /// Whether the day opened with stock.
    pub has_stock: bool,
    /// Units returned without a sale.
    pub returned: Micro,
}

/// Returns `days` days from `start` on.
pub(super) fn recorded_days(
    history: &DemandHistory,
    start: NaiveDate,
    days: usize,
) -> Result<Vec<RecordedDay>, Overflow> {
    let none = RecordedDay { sold: Micro::ZERO, has_stock: true, returned: Micro::ZERO };
    let mut recorded = vec![none; days];
    for one in &history.retail {
        if let Some(day) = day_of(start, one.on, days) {
            let kept = (one.sold - one.returned).max(Quantity::ZERO);
            recorded[day].sold = recorded[day].sold.plus(kept.into())?;
        }
    }
    for one in &history.returned {
        if let Some(day) = day_of(start, one.on, days) {
            recorded[day].returned = recorded[day].returned.plus(one.quantity.into())?;
        }
    }
    for range in history.without_stock.iter().filter(|range| range.to >= start) {
        let (from, to) = (days_between(start, range.from), days_between(start, range.to));
        for day in recorded.iter_mut().take(to + 1).skip(from) {
            day.has_stock = false;
        }
    }
    Ok(recorded)
}

/// Returns the number of a day from `start` on; nothing outside the first `days` days.
fn day_of(start: NaiveDate, on: NaiveDate, days: usize) -> Option<usize> {
    (on >= start).then(|| days_between(start, on)).filter(|day| *day < days)
}

/// Returns the days from one day to a later one, or 0.
pub(super) fn days_between(from: NaiveDate, to: NaiveDate) -> usize {
    usize::try_from(to.signed_duration_since(from).num_days()).unwrap_or(0)
}
