//! The past of a product at a location, which a back-test runs over.

use chrono::{NaiveDate, Weekday};

use crate::number::Quantity;
use crate::replenish::history::{DemandHistory, days_between};
use crate::replenish::lead_time::LeadTime;
use crate::replenish::micro::Micro;
use crate::replenish::plan::Plan;
use crate::replenish::position::OrderSize;
use crate::replenish::target::{Item, Settings};

/// The days of a back-test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First simulated day. The days before `from` are not counted.
    pub start: NaiveDate,
    /// First day that counts.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

impl Window {
    /// Returns the number of days that count.
    pub fn days(&self) -> u32 {
        u32::try_from(days_between(self.from, self.to) + 1).unwrap_or(u32::MAX)
    }
}

/// A product at a location in the past.
#[derive(Debug, Clone)]
pub struct Past {
    /// Recorded demand, up to the last day of the window.
    pub history: DemandHistory,
    /// Planned factors.
    pub planned: Plan,
    /// Rate a week of a similar product, if the product was new.
    pub analogue: Option<Micro>,
    /// Lead time that the rule knows.
    pub lead_time: LeadTime,
    /// Days that supply takes in the simulation: those of the receipts of the window. None: the known lead time, rounded up.
    pub arrival_days: Option<u32>,
    /// Weekday of the reviews.
    pub review_weekday: Weekday,
    /// Settings of the rule. The policy states the service level.
    pub settings: Settings,
    /// Step and cost.
    pub item: Item,
    /// Smallest order and pack.
    pub size: OrderSize,
    /// Sales price of one unit at tills, at which lost sales are valued.
    pub price: Micro,
    /// Units on hand when the first day opens.
    pub opening: Quantity,
    /// Units that orders wait for then.
    pub backordered: Quantity,
    /// Supply that was open then, with the day on which it came.
    pub incoming: Vec<(NaiveDate, Quantity)>,
}

/// The real course of a window.
#[derive(Debug, Clone, Default)]
pub struct Happened {
    /// Units on hand at the end of days, in any order. Days between two of them have the figure of the earlier one.
    pub closing: Vec<(NaiveDate, Quantity)>,
    /// Order lines: the day and the units.
    pub bought: Vec<(NaiveDate, Quantity)>,
    /// Units that were backordered, by day.
    pub backordered: Vec<(NaiveDate, Quantity)>,
}
