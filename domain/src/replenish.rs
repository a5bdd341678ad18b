//! Replenishment: what to order, how much, when, and why.
//!
//! One rule serves all products ([`suggest`]): the cleaned demand of the last 52 weeks over both channels ([`Demand`]) gives a
//! weekly rate and its spread ([`Rate`]). With the lead time they give the reorder point, the economic lot and the level to fill up to
//! ([`Target`]). An order is due when the position at the end of the horizon ([`Position`]) is at or below the point.
//!
//! Every figure is computed in whole millionths ([`Micro`]), with six decimals after each step, so the same input has the same
//! figures everywhere. [`backtest`] runs the same functions over the past.
//!
//! > 8 weeks of 70 mugs each, lead time 14 days, review every 7 days: 210 will be asked for within the horizon of 21 days, and
//! > 149 are kept for a service level of 95 %. So the point is 359. With an economic lot of 270.19 an order fills up to 630. 150 are
//! > available: order 480.

mod analogue;
pub mod backtest;
mod demand;
mod history;
mod lead_time;
mod location;
mod micro;
mod plan;
mod position;
mod reason;
mod season;
mod service_level;
mod suggestion;
mod target;
mod trial;

pub use analogue::{Analogue, AnalogueSource};
pub use demand::{CappedOrder, Demand, DemandClass, WEEKS_MAX, Week, class, review_day};
pub use history::{DayRange, DemandHistory, OrderDemand, RetailDemand, Returned};
pub use lead_time::{ASSUMED_DAYS, LeadTime, MeasuredTime, RECEIPTS_MAX, RECEIPTS_MIN, TRANSFER_DAYS};
pub use location::{Assessment, AtLocation, Flag, Method, Unsuggested};
pub use micro::{Micro, Overflow};
pub use plan::{InvalidPlan, Plan, PlannedFactor};
pub use position::{ExpiringLot, OpenDemand, OrderSize, Position, Rounded, Stock};
pub use reason::reason;
pub use season::{MonthSales, SEASON_MONTHS, Season};
pub use service_level::ServiceLevel;
pub use suggestion::{Action, SourceCircle, Suggestion, TransferTimes, own_rates, suggest};
pub use target::{Item, Rate, Settings, Smoothing, Target};
pub use trial::SeasonTrial;

/// Version of the rule. It rises with each change that alters a figure.
pub const RULE_VERSION: u32 = 4;

#[cfg(test)]
mod tests;
