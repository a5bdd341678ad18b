//! Reasons to distrust a back-test, which its answer states beside the figures.

use serde::Serialize;

use super::past::{Past, Window};
use super::tally::Tally;
use crate::replenish::history::recorded_days;
use crate::replenish::micro::{Micro, Overflow, mul};

/// Fewest days of a window.
const DAYS_MIN: u32 = 56;

/// Fewest days with demand.
const DEMAND_DAYS_MIN: u64 = 30;

/// Largest share of days without stock, in percent.
const EMPTY_PERCENT_MAX: u64 = 30;

/// Fewest receipts.
const RECEIPTS_MIN: u32 = 5;

/// Share of one customer, in percent.
const ONE_CUSTOMER_PERCENT: i128 = 60;

/// A reason to distrust a back-test.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    utoipa::ToSchema,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Distrust {
    /// The window has fewer than 56 days.
    FewDays,
    /// Fewer than 30 days had demand.
    FewDemandDays,
    /// More than 30 % of the days opened without stock: the demand is mostly an estimate.
    MostlyEstimated,
    /// The opening stock covered more than half of the demand of the window.
    OpeningStock,
    /// A planned factor fell into the window.
    Planned,
    /// Fewer than five receipts are known.
    FewReceipts,
    /// One customer took at least 60 %.
    OneCustomer,
    /// Prices or the assortment changed in the window.
    Changed,
}

/// Facts about a window that the demand does not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Evidence {
    /// Receipts from the supplier that are known.
    pub receipts: u32,
    /// Whether prices or the assortment changed in the window.
    pub is_changed: bool,
}

/// Returns the reasons to distrust the back-test of a product at a location. `rule` are its figures under the rule.
pub fn distrust(
    past: &Past,
    window: &Window,
    rule: &Tally,
    evidence: Evidence,
) -> Result<Vec<Distrust>, Overflow> {
    let days = window.days();
    let recorded = recorded_days(&past.history, window.from, days as usize)?;
    let empty = recorded.iter().filter(|day| !day.has_stock && !day.sold.is_positive()).count() as u64;
    let demanded = rule.wholesale.demanded.plus(rule.retail.demanded)?;
    let opening = Micro::from(past.opening);
    let total = total(past)?;
    let largest = mul(Micro::from(past.history.largest_customer).get(), 100)?;
    let reasons = [
        (Distrust::FewDays, days < DAYS_MIN),
        (Distrust::FewDemandDays, rule.demand_days < DEMAND_DAYS_MIN),
        (Distrust::MostlyEstimated, empty * 100 > EMPTY_PERCENT_MAX * u64::from(days)),
        (Distrust::OpeningStock, opening.times(2)? > demanded),
        (Distrust::Planned, past.planned.covers_any(window.from, window.to)),
        (Distrust::FewReceipts, evidence.receipts < RECEIPTS_MIN),
        (Distrust::OneCustomer, total.is_positive() && largest >= mul(total.get(), ONE_CUSTOMER_PERCENT)?),
        (Distrust::Changed, evidence.is_changed),
    ];
    Ok(reasons.into_iter().filter(|(_, applies)| *applies).map(|(reason, _)| reason).collect())
}

/// Returns the units of the whole history.
fn total(past: &Past) -> Result<Micro, Overflow> {
    let mut total = Micro::ZERO;
    for order in &past.history.orders {
        total = total.plus((order.ordered - order.returned).into())?;
    }
    for sale in &past.history.retail {
        total = total.plus((sale.sold - sale.returned).into())?;
    }
    Ok(total)
}
