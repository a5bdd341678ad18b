//! The back-test: the rule beside a buyer's minimum and maximum, over the past.
//!
//! Each day: supply arrives, backorders are filled, and the day opens with what is left. Demand of both channels is served.
//! If stock is short, an order waits for the rest, and a till loses the sale. On review days, before the day opens, the policy sees only what
//! was known by then: all wholesale orders, and of the sales at tills those that its own stock allowed. There is no chance in
//! it: the same past has the same figures.
//!
//! It is a test of the past. It knows nothing of customers who took another product or did not come back, or of how much a
//! supplier could deliver.

mod distrust;
mod past;
mod policy;
mod report;
mod simulate;
mod tally;

pub use distrust::{Distrust, Evidence, distrust};
pub use past::{Happened, Past, Window};
pub use policy::{MIN_MAX_SAFETY_DAYS, Policy};
pub use report::{
    Columns, EqualStock, EqualStockSearch, EqualStockStep, Report, columns, equal_stock_days, report,
};
pub use simulate::{class_of, really_happened, simulate};
pub use tally::Tally;

#[cfg(test)]
mod tests;
