//! Demand by week, cleaned of returns, one-off orders, days without stock and planned promotions.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::Serialize;

use super::history::{Timeline, WEEK};
use super::micro::{Micro, Overflow, mul, sub};
use crate::id::OrderId;

/// Weeks that count at most.
pub const WEEKS_MAX: usize = 52;

/// Newest weeks from which the sales of a day with stock are taken.
const RATE_WEEKS: usize = 13;

/// Open days of these weeks that are enough. With fewer, the sales of all weeks are taken.
const OPEN_DAYS_MIN: u32 = 21;

/// Orders below which no order is capped.
const CAPPED_FROM: usize = 20;

/// A week of demand: seven whole days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Week {
    /// Its last day.
    pub ends: NaiveDate,
    /// Stock units that wholesale orders asked for, each order up to the cap.
    pub wholesale: Micro,
    /// Stock units that tills sold.
    pub retail_sold: Micro,
    /// Days that opened with stock or sold something.
    pub open_days: u32,
    /// Mean planned and seasonal factor of its days, by which their demand was divided.
    pub factor: Micro,
    /// Demand that counts.
    pub demand: Micro,
}

/// An order above the cap, of which only a part counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CappedOrder {
    /// The order.
    pub order_id: OrderId,
    /// Stock units ordered.
    pub ordered: Micro,
    /// Stock units that count.
    pub counted: Micro,
}

/// Cleaned weeks, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// The weeks.
    pub weeks: Vec<Week>,
    /// Stock units up to which an order counts. None with fewer than twenty orders.
    pub cap: Option<Micro>,
    /// Orders of which only a part counts.
    pub capped: Vec<CappedOrder>,
    /// Stock units returned without a sale.
    pub returned: Micro,
    /// Stock units ordered and sold, less returns that name their sale, before all other cleaning.
    pub total: Micro,
    /// Whether more was returned than was ordered and sold.
    pub is_returned_in_excess: bool,
    /// Whether no day of the weeks was open.
    pub is_never_in_stock: bool,
}

/// Returns the latest day of a weekday on or before a day.
pub fn review_day(as_of: NaiveDate, weekday: Weekday) -> NaiveDate {
    as_of.checked_sub_days(Days::new(as_of.weekday().days_since(weekday).into())).unwrap_or(as_of)
}

/// Returns the number of weeks before `end` that count: from the one in which the product was first sold or received, at
/// most 52, and none that begins before all demand is known.
pub(super) fn week_count(known_from: NaiveDate, first_day: Option<NaiveDate>, end: NaiveDate) -> usize {
    let Some(first_day) = first_day.filter(|first| *first < end) else { return 0 };
    let since_first = super::history::days_between(first_day, end).div_ceil(WEEK);
    let known = super::history::days_between(known_from, end) / WEEK;
    since_first.min(known).min(WEEKS_MAX)
}

/// Cleans the `count` weeks before day `end` of a timeline.
pub(super) fn clean(timeline: &Timeline, end: usize, count: usize) -> Result<Demand, Overflow> {
    let start = end.saturating_sub(count * WEEK);
    let orders = timeline.orders(start, end);
    let cap = cap(orders.iter().map(|order| order.quantity).collect())?;
    let mut demand = Demand {
        weeks: Vec::with_capacity(count),
        cap,
        capped: Vec::new(),
        returned: timeline.returned(start, end)?,
        total: timeline.retail(start, end)?.sold,
        is_returned_in_excess: false,
        is_never_in_stock: false,
    };
    let mut wholesale = vec![Micro::ZERO; count];
    for order in orders {
        let counted = cap.map_or(order.quantity, |cap| order.quantity.min(cap));
        if counted < order.quantity {
            let (order_id, ordered) = (order.order_id, order.quantity);
            demand.capped.push(CappedOrder { order_id, ordered, counted });
        }
        demand.total = demand.total.plus(order.quantity)?;
        let week = &mut wholesale[(order.day - start) / WEEK];
        *week = week.plus(timeline.usual(order.day, counted)?)?;
    }
    let newest = timeline.retail(end - count.min(RATE_WEEKS) * WEEK, end)?;
    let usual = if newest.open < OPEN_DAYS_MIN { timeline.retail(start, end)? } else { newest };
    demand.is_never_in_stock = count > 0 && usual.open == 0;
    for (index, wholesale) in wholesale.into_iter().enumerate() {
        let (from, to) = (start + index * WEEK, start + (index + 1) * WEEK);
        let retail = timeline.retail(from, to)?;
        let estimated = match (WEEK as u32 - retail.open, usual.open) {
            (0, _) | (_, 0) => retail.sold,
            (empty, open) => {
                let units = retail.sold.times(open)?.plus(usual.sold.times(empty)?)?;
                units.part(open)?
            }
        };
        demand.weeks.push(Week {
            ends: timeline.date(to - 1),
            wholesale,
            retail_sold: retail.sold,
            open_days: retail.open,
            factor: timeline.factor(from, to)?,
            demand: wholesale.plus(estimated)?,
        });
    }
    demand.is_returned_in_excess = take_off_returns(&mut demand.weeks, demand.returned)?;
    Ok(demand)
}

/// Returns the units up to which an order counts: twice the size that 95 of 100 orders do not exceed.
fn cap(mut sizes: Vec<Micro>) -> Result<Option<Micro>, Overflow> {
    if sizes.len() < CAPPED_FROM {
        return Ok(None);
    }
    let rank = (sizes.len() * 95).div_ceil(100);
    let (_, size, _) = sizes.select_nth_unstable(rank - 1);
    size.times(2).map(Some)
}

/// Lowers all weeks by the share that was returned without a sale. Returns whether more was returned than was demanded.
fn take_off_returns(weeks: &mut [Week], returned: Micro) -> Result<bool, Overflow> {
    let mut total = Micro::ZERO;
    for week in weeks.iter() {
        total = total.plus(week.demand)?;
    }
    if !returned.is_positive() {
        return Ok(false);
    }
    let kept = total.minus(returned)?.max(Micro::ZERO);
    for week in weeks.iter_mut().filter(|_| total.is_positive()) {
        week.demand = Micro::ratio(week.demand.wide(kept)?, total.get())?;
    }
    Ok(returned > total)
}

/// Adds the weeks of locations that one location feeds to its own. All end on the same days.
pub(super) fn add_weeks(own: &mut Vec<Week>, fed: &[Week]) -> Result<(), Overflow> {
    if fed.len() > own.len() {
        let missing = fed.len() - own.len();
        let none = |week: &Week| Week {
            wholesale: Micro::ZERO,
            retail_sold: Micro::ZERO,
            open_days: 0,
            demand: Micro::ZERO,
            ..*week
        };
        drop(own.splice(0..0, fed[..missing].iter().map(none)));
    }
    let skipped = own.len() - fed.len();
    for (own, fed) in own[skipped..].iter_mut().zip(fed) {
        own.wholesale = own.wholesale.plus(fed.wholesale)?;
        own.retail_sold = own.retail_sold.plus(fed.retail_sold)?;
        own.open_days = own.open_days.max(fed.open_days);
        own.demand = own.demand.plus(fed.demand)?;
    }
    Ok(())
}

/// The pattern of a product's weekly demand. It is shown, and results of the back-test are grouped by it. All patterns have the
/// same rule.
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
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DemandClass {
    /// Demand in most weeks, of similar size.
    Smooth,
    /// Demand in most weeks, of varying size.
    Erratic,
    /// Demand in few weeks, of similar size.
    Intermittent,
    /// Demand in few weeks, of varying size.
    Lumpy,
    /// Demand in fewer than two weeks.
    TooFewWeeks,
}

/// Returns the class of weekly demands. They are intermittent from 1.32 weeks between two weeks with demand on, and vary from
/// a squared coefficient of variation of 0.49 on, of the weeks with demand and with their sample variance.
pub fn class(demands: impl IntoIterator<Item = Micro>) -> Result<DemandClass, Overflow> {
    let (mut weeks, mut positive, mut sum, mut squares) = (0_i128, 0_i128, Micro::ZERO, 0_i128);
    for demand in demands {
        weeks = weeks.saturating_add(1);
        if demand.is_positive() {
            positive = positive.saturating_add(1);
            sum = sum.plus(demand)?;
            squares = squares.checked_add(demand.wide(demand)?).ok_or(Overflow)?;
        }
    }
    if positive < 2 {
        return Ok(DemandClass::TooFewWeeks);
    }
    let square = sum.wide(sum)?;
    let spread = sub(mul(positive, squares)?, square)?;
    let varies = mul(mul(spread, positive)?, 100)? >= mul(mul(square, positive.saturating_sub(1))?, 49)?;
    let has_gaps = mul(weeks, 100)? >= mul(positive, 132)?;
    Ok(match (has_gaps, varies) {
        (false, false) => DemandClass::Smooth,
        (false, true) => DemandClass::Erratic,
        (true, false) => DemandClass::Intermittent,
        (true, true) => DemandClass::Lumpy,
    })
}
