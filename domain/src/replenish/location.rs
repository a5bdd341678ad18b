//! One location: its demand, target and position, and whether an order is due there.

use chrono::{NaiveDate, Weekday};
use serde::Serialize;

use super::analogue::{Analogue, AnalogueSource};
use super::demand::{self, Demand, DemandClass, Week, clean, review_day, week_count};
use super::history::{DemandHistory, Timeline, WEEK, days_between};
use super::lead_time::LeadTime;
use super::micro::{Micro, Overflow, mul};
use super::plan::Plan;
use super::position::{OrderSize, Position, Stock, need};
use super::season::Season;
use super::target::{Item, Rate, Settings, Target, horizon};
use super::trial::{SeasonTrial, TRIAL_WEEKS_MIN};
use crate::id::LocationId;
use crate::number::Quantity;

/// Newest weeks without demand after which a product is asleep.
const ASLEEP_WEEKS: usize = 26;

/// Weeks below which the flag `few_weeks` is set, and below which the median of the category stands in for the missing ones.
const FEW_WEEKS: usize = 8;

/// Weeks below which the own weeks of a product say nothing.
const OWN_WEEKS_MIN: usize = 2;

/// Share of one customer from which the flag `one_customer` is set, in percent.
const ONE_CUSTOMER_PERCENT: i128 = 60;

/// The way in which the reorder point is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// The rule computes it.
    #[default]
    Computed,
    /// The buyer sets it: ordered below the minimum, up to the maximum.
    MinMax {
        /// Position below which an order is due.
        min: Quantity,
        /// Position that an order fills up to, not below the minimum.
        max: Quantity,
    },
    /// The product is not reordered.
    Never,
    /// Another product supersedes this one, and is ordered instead.
    Superseded,
}

/// A product at a location, with all that its suggestion depends on.
#[derive(Debug, Clone)]
pub struct AtLocation {
    /// The location.
    pub location_id: LocationId,
    /// Its code, which decides between locations with equal figures.
    pub code: String,
    /// Recorded demand.
    pub history: DemandHistory,
    /// Planned factors of the past and of the horizon.
    pub planned: Plan,
    /// Season of the category, if it has one.
    pub season: Option<Season>,
    /// Rate of a similar product, for a new one.
    pub analogue: Option<Analogue>,
    /// Lead time from the supplier, or from the location that feeds this one.
    pub lead_time: LeadTime,
    /// Weekday on which orders are reviewed.
    pub review_weekday: Weekday,
    /// Settings of the rule.
    pub settings: Settings,
    /// Step and cost of the product.
    pub item: Item,
    /// The way in which the reorder point is set.
    pub method: Method,
    /// Smallest order and pack.
    pub size: OrderSize,
    /// Stock, supply and open demand.
    pub stock: Stock,
    /// The location that feeds this one, if it is not supplied from outside.
    pub fed_by: Option<LocationId>,
}

/// A fact that a buyer should know before following a suggestion.
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
pub enum Flag {
    /// Fewer than eight weeks of demand are known.
    FewWeeks,
    /// One customer took at least 60 % of the quantity: agree a blanket order.
    OneCustomer,
    /// Large orders count only up to the cap.
    LargeOrdersCapped,
    /// No day of the weeks opened with stock, and no till sold any.
    NeverInStock,
    /// The supplier states no lead time, and there was no receipt.
    LeadTimeAssumed,
    /// A supply is overdue. It counts as due today.
    OverdueSupply,
    /// A supply comes after the horizon: too late to help.
    LateSupply,
    /// More was returned than ordered and sold.
    ReturnsExceedSales,
    /// A similar product stands in for missing weeks.
    Analogue,
    /// Some stock expires before it would be sold.
    Expiring,
    /// Rounding lifts the cover past 182 days.
    PackOverHalfYear,
}

/// The reason why there is no suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Unsuggested {
    /// Another product supersedes this one. Its suggestion counts demand, stock and supply of both.
    Superseded,
    /// There was no demand in the newest 26 weeks.
    Asleep,
    /// No demand is expected.
    NoDemand,
    /// The product is new, and no similar product stands in for it.
    TooFewWeeks,
    /// More was returned than ordered and sold.
    ReturnsExceedSales,
    /// The product is not reordered.
    Never,
    /// The figures are too large to compute with.
    TooLarge,
}

/// The figures of a product at a location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// Weeks of demand that count. For a location that feeds others, with theirs.
    pub demand: Demand,
    /// Pattern of the weeks.
    pub class: DemandClass,
    /// Trial of the season of the category, if there is one.
    pub season: Option<SeasonTrial>,
    /// Rate of the similar product that stands in for missing weeks, if one does.
    pub analogue: Option<Analogue>,
    /// Demand of a usual week.
    pub rate: Rate,
    /// Lead time.
    pub lead_time: LeadTime,
    /// Reorder point, economic lot and the rest. None without demand.
    pub target: Option<Target>,
    /// Position. For a location that feeds others, with theirs.
    pub position: Position,
    /// Stock units available at the location that expire before they would be sold, without those of locations that it feeds.
    pub own_expiring: Micro,
    /// Minimum and maximum that the buyer set, instead of the computed point and level.
    pub min_max: Option<(Micro, Micro)>,
    /// Stock units that are due to be ordered. None if nothing is due.
    pub need: Option<Micro>,
    /// Reason why there is no suggestion, if there is none.
    pub unsuggested: Option<Unsuggested>,
    /// Facts to know, in the order of [`Flag`].
    pub flags: Vec<Flag>,
}

impl Assessment {
    /// Returns the position at which an order is due.
    pub fn reorder_point(&self) -> Option<Micro> {
        match self.min_max {
            Some((min, _)) => Some(min),
            None => self.target.as_ref().map(|target| target.reorder_point),
        }
    }

    /// Returns the position that an order fills up to. Stock of a product that is asleep is not needed.
    pub(super) fn fill_to(&self) -> Option<Micro> {
        match (self.unsuggested, self.min_max, &self.target) {
            (Some(Unsuggested::Asleep), ..) => Some(Micro::ZERO),
            (Some(_), ..) | (None, None, None) => None,
            (None, Some((_, max)), _) => Some(max),
            (None, None, Some(target)) => Some(target.fill_to),
        }
    }
}

/// Computes the figures of a location. `fed` are the locations that it feeds: their weeks and positions are added to its own.
pub(super) fn assess(
    as_of: NaiveDate,
    location: &AtLocation,
    fed: &[&AtLocation],
) -> Result<Assessment, Overflow> {
    let (demand, season) = seasonal_demand(as_of, location, fed)?;
    let demands: Vec<Micro> = demand.weeks.iter().map(|week| week.demand).collect();
    let analogue = location.analogue.filter(|analogue| is_counted(*analogue, demands.len()));
    let rate = Rate::of(&demands, analogue.map(|analogue| analogue.rate), location.settings.smoothing)?;
    let days = horizon(&location.lead_time, location.settings.review_days)?;
    let ahead = u32::try_from(days.whole_above()).unwrap_or(u32::MAX);
    let planned = location.planned.mean(as_of, ahead)?;
    let seasonal = match season.filter(|trial| trial.is_passed) {
        Some(trial) => trial.season.mean(as_of, ahead)?,
        None => Micro::ONE,
    };
    let target = Target::of(rate, planned, seasonal, &location.lead_time, location.item, &location.settings)?;
    let mut position = Position::of(&location.stock, as_of, days, rate)?;
    let own_expiring = position.expiring;
    for other in fed {
        position.add(&Position::of(&other.stock, as_of, days, rate)?)?;
    }
    let min_max = match location.method {
        Method::MinMax { min, max } => Some((Micro::from(min), Micro::from(max).max(min.into()))),
        Method::Computed | Method::Never | Method::Superseded => None,
    };
    let unsuggested = unsuggested(location, &demand, target.as_ref());
    let need = match &target {
        Some(target) if unsuggested.is_none() => need(position.total, position.late, target, min_max)?,
        _ => None,
    };
    let mut assessment = Assessment {
        class: demand::class(demands.iter().copied())?,
        demand,
        season,
        analogue,
        rate,
        lead_time: location.lead_time,
        target,
        position,
        own_expiring,
        min_max,
        need,
        unsuggested,
        flags: Vec::new(),
    };
    assessment.flags = flags(location, fed, &assessment)?;
    Ok(assessment)
}

/// Returns whether the rate of a similar product counts beside so many known weeks.
const fn is_counted(analogue: Analogue, weeks: usize) -> bool {
    match analogue.source {
        AnalogueSource::Stated | AnalogueSource::Product => true,
        AnalogueSource::Category => weeks < FEW_WEEKS,
    }
}

/// Returns the rate that a location has from its own weeks alone, with those of the locations that it feeds, if it has one.
pub(super) fn own_rate(
    as_of: NaiveDate,
    location: &AtLocation,
    fed: &[&AtLocation],
) -> Result<Option<Micro>, Overflow> {
    let demand = demand_with(as_of, location, fed, None)?;
    if demand.weeks.len() < OWN_WEEKS_MIN || demand.is_returned_in_excess || is_asleep(&demand.weeks) {
        return Ok(None);
    }
    let demands: Vec<Micro> = demand.weeks.iter().map(|week| week.demand).collect();
    let rate = Rate::of(&demands, None, location.settings.smoothing)?.week;
    Ok(Some(rate).filter(|rate| rate.is_positive()))
}

/// Returns the demand of a location and of those that it feeds: of usual weeks if the season of the category counts, else as it was.
/// The trial decides that.
fn seasonal_demand(
    as_of: NaiveDate,
    location: &AtLocation,
    fed: &[&AtLocation],
) -> Result<(Demand, Option<SeasonTrial>), Overflow> {
    let demand = demand_with(as_of, location, fed, None)?;
    let Some(season) = location.season.filter(|_| demand.weeks.len() >= TRIAL_WEEKS_MIN) else {
        return Ok((demand, None));
    };
    let usual = demand_with(as_of, location, fed, Some(&season))?;
    let trial = SeasonTrial::of(season, location.settings.smoothing, &demand.weeks, &usual.weeks)?;
    let is_passed = trial.is_some_and(|trial| trial.is_passed);
    Ok((if is_passed { usual } else { demand }, trial))
}

/// Returns the demand of a location and of those that it feeds, in the same weeks. Demand of each day is divided by the factor of a
/// season.
fn demand_with(
    as_of: NaiveDate,
    location: &AtLocation,
    fed: &[&AtLocation],
    season: Option<&Season>,
) -> Result<Demand, Overflow> {
    let end = review_day(as_of, location.review_weekday);
    let mut demand = weeks(end, location, season)?;
    for other in fed {
        let theirs = weeks(end, other, season)?;
        demand::add_weeks(&mut demand.weeks, &theirs.weeks)?;
        demand.capped.extend(theirs.capped);
        demand.returned = demand.returned.plus(theirs.returned)?;
        demand.total = demand.total.plus(theirs.total)?;
        demand.is_returned_in_excess |= theirs.is_returned_in_excess;
        demand.is_never_in_stock &= theirs.is_never_in_stock;
    }
    Ok(demand)
}

/// Returns the cleaned weeks of a location before `end`.
fn weeks(end: NaiveDate, location: &AtLocation, season: Option<&Season>) -> Result<Demand, Overflow> {
    let history = &location.history;
    let count = week_count(history.known_from, history.first_day, end);
    let days = count * WEEK;
    let start = end.checked_sub_days(chrono::Days::new(days as u64)).unwrap_or(end);
    let timeline = Timeline::of(history, &location.planned, season, (start, end))?;
    clean(&timeline, days_between(start, end), count)
}

/// Returns the reason why a location gets no suggestion.
fn unsuggested(location: &AtLocation, demand: &Demand, target: Option<&Target>) -> Option<Unsuggested> {
    let weeks = &demand.weeks;
    if location.method == Method::Superseded {
        Some(Unsuggested::Superseded)
    } else if location.method == Method::Never {
        Some(Unsuggested::Never)
    } else if demand.is_returned_in_excess {
        Some(Unsuggested::ReturnsExceedSales)
    } else if is_asleep(weeks) {
        Some(Unsuggested::Asleep)
    } else if weeks.len() < OWN_WEEKS_MIN && location.analogue.is_none() {
        Some(Unsuggested::TooFewWeeks)
    } else if target.is_none() {
        Some(Unsuggested::NoDemand)
    } else {
        None
    }
}

/// Returns whether the newest 26 weeks had no demand.
pub(super) fn is_asleep(weeks: &[Week]) -> bool {
    weeks.len() >= ASLEEP_WEEKS
        && weeks[weeks.len() - ASLEEP_WEEKS..].iter().all(|week| week.demand.is_zero())
}

/// Returns the flags that concern demand and position.
fn flags(location: &AtLocation, fed: &[&AtLocation], assessment: &Assessment) -> Result<Vec<Flag>, Overflow> {
    let Assessment { demand, position, lead_time, .. } = assessment;
    let locations = std::iter::once(location).chain(fed.iter().copied());
    let largest =
        locations.map(|location| Micro::from(location.history.largest_customer)).max().unwrap_or_default();
    let share = mul(largest.get(), 100)?;
    let flags = [
        (Flag::FewWeeks, demand.weeks.len() < FEW_WEEKS),
        (
            Flag::OneCustomer,
            demand.total.is_positive() && share >= mul(demand.total.get(), ONE_CUSTOMER_PERCENT)?,
        ),
        (Flag::LargeOrdersCapped, !demand.capped.is_empty()),
        (Flag::NeverInStock, demand.is_never_in_stock),
        (Flag::LeadTimeAssumed, lead_time.is_assumed),
        (Flag::OverdueSupply, position.is_overdue),
        (Flag::LateSupply, position.late.is_positive()),
        (Flag::ReturnsExceedSales, demand.is_returned_in_excess),
        (Flag::Analogue, assessment.analogue.is_some()),
        (Flag::Expiring, position.expiring.is_positive()),
    ];
    Ok(flags.into_iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| flag).collect())
}
