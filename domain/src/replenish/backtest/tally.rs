//! Figures of a back-test. Those of several products and locations add up.

use crate::replenish::micro::{Micro, Overflow, add, mul};

/// Units that one channel asked for, and those that it got on the same day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Served {
    /// Stock units asked for.
    pub demanded: Micro,
    /// Stock units served on the day.
    pub served: Micro,
}

/// Figures of a window of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Wholesale orders.
    pub wholesale: Served,
    /// Sales at tills.
    pub retail: Served,
    /// Days of a product at a location on which something was asked for.
    pub demand_days: u64,
    /// Those on which all of it was served.
    pub served_days: u64,
    /// Days of a product at a location.
    pub location_days: u64,
    /// Those that closed with nothing on hand.
    pub empty_days: u64,
    /// Sum of the value of the stock at the end of each day. The average is this, divided by the days of the window.
    pub stock_value: Micro,
    /// Order lines.
    pub order_lines: u64,
    /// Stock units ordered.
    pub bought: Micro,
    /// Value of the sales that tills lost, at the sales price.
    pub lost: Micro,
    /// Stock units that orders had to wait for.
    pub backordered: Micro,
}

impl Tally {
    /// Adds the figures of another product or location.
    pub fn add(&mut self, other: &Tally) -> Result<(), Overflow> {
        for (own, other) in [
            (&mut self.wholesale.demanded, other.wholesale.demanded),
            (&mut self.wholesale.served, other.wholesale.served),
            (&mut self.retail.demanded, other.retail.demanded),
            (&mut self.retail.served, other.retail.served),
            (&mut self.stock_value, other.stock_value),
            (&mut self.bought, other.bought),
            (&mut self.lost, other.lost),
            (&mut self.backordered, other.backordered),
        ] {
            *own = own.plus(other)?;
        }
        self.demand_days += other.demand_days;
        self.served_days += other.served_days;
        self.location_days += other.location_days;
        self.empty_days += other.empty_days;
        self.order_lines += other.order_lines;
        Ok(())
    }

    /// Returns the share of the units that were served on the day, of both channels. None without demand.
    pub fn fill_rate(&self) -> Result<Option<Micro>, Overflow> {
        let both = Served {
            demanded: self.wholesale.demanded.plus(self.retail.demanded)?,
            served: self.wholesale.served.plus(self.retail.served)?,
        };
        both.fill_rate()
    }

    /// Returns the share of the days with demand on which all of it was served. None without demand.
    pub fn days_served(&self) -> Result<Option<Micro>, Overflow> {
        share(self.served_days, self.demand_days)
    }

    /// Returns the share of the days that closed with nothing on hand.
    pub fn days_empty(&self) -> Result<Option<Micro>, Overflow> {
        share(self.empty_days, self.location_days)
    }

    /// Returns the average value of the stock over the days of the window.
    pub fn average_stock(&self, days: u32) -> Result<Micro, Overflow> {
        if days == 0 { Ok(Micro::ZERO) } else { self.stock_value.part(days) }
    }
}

impl Served {
    /// Returns the share of the units that were served on the day. None without demand.
    pub fn fill_rate(&self) -> Result<Option<Micro>, Overflow> {
        if self.demanded.is_positive() { self.served.quotient(self.demanded).map(Some) } else { Ok(None) }
    }

    /// Adds the units of a day.
    pub(super) fn serve(&mut self, demanded: Micro, served: Micro) -> Result<(), Overflow> {
        self.demanded = self.demanded.plus(demanded)?;
        self.served = self.served.plus(served)?;
        Ok(())
    }
}

fn share(part: u64, whole: u64) -> Result<Option<Micro>, Overflow> {
    if whole == 0 {
        return Ok(None);
    }
    Micro::ratio(mul(part.into(), Micro::ONE.get())?, add(whole.into(), 0)?).map(Some)
}
