//! Suggestions for a product: transfers between own locations first, and the rest from the supplier.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use chrono::{Days, NaiveDate};

use super::lead_time::LeadTime;
use super::location::{Assessment, AtLocation, Flag, Unsuggested, assess, own_rate};
use super::micro::{Micro, Overflow};
use super::position::{Rounded, cover, last_day, order_day, whole_days};
use super::target::horizon;
use crate::expected_receipt::Supply;
use crate::id::LocationId;

/// Days of cover beyond which rounding to the pack is flagged.
const HALF_YEAR_DAYS: u32 = 182;

/// A step that a suggestion consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Ask for supply that comes after the horizon to come earlier.
    Expedite {
        /// The supply.
        supply: Supply,
    },
    /// Transfer stock from another own location.
    Transfer {
        /// The location that gives.
        from: LocationId,
        /// Stock units.
        quantity: Micro,
        /// Day on which it is expected.
        expected_on: NaiveDate,
    },
    /// Order from the supplier.
    Buy {
        /// Stock units, with what rounding added.
        rounded: Rounded,
        /// Packs; none if single steps can be ordered.
        packs: Option<Micro>,
        /// Day on which it is expected.
        expected_on: NaiveDate,
    },
}

impl Action {
    /// Returns the stock units that it adds.
    fn added(&self) -> Micro {
        match self {
            Action::Expedite { .. } => Micro::ZERO,
            Action::Transfer { quantity, .. } => *quantity,
            Action::Buy { rounded, .. } => rounded.quantity,
        }
    }
}

/// The suggestion for a product at a location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The location.
    pub location_id: LocationId,
    /// The figures. None if they are too large to compute with.
    pub assessment: Option<Assessment>,
    /// Reason why nothing is suggested although a product may be short, if there is one.
    pub unsuggested: Option<Unsuggested>,
    /// Steps to take now. Empty if nothing is due.
    pub actions: Vec<Action>,
    /// Day on which to order: today if something is due. None without a suggestion.
    pub order_by: Option<NaiveDate>,
    /// Whole days that the available stock lasts.
    pub lasts_days: i64,
    /// Whole days that the position lasts now.
    pub cover_before: Option<i64>,
    /// Whole days that it lasts after the actions.
    pub cover_after: Option<i64>,
    /// Facts to know.
    pub flags: Vec<Flag>,
}

/// Locations feed each other in a circle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The locations {} feed each other in a circle: let one of them be supplied from outside.", .0.join(", "))]
pub struct SourceCircle(pub Vec<String>);

/// Lead times of transfers, by the location that gives and the one that takes. A pair without one takes a day.
pub type TransferTimes = HashMap<(LocationId, LocationId), LeadTime>;

/// Suggests orders and transfers of one product for all of its locations.
pub fn suggest(
    as_of: NaiveDate,
    locations: &[AtLocation],
    times: &TransferTimes,
) -> Result<Vec<Suggestion>, SourceCircle> {
    let fed = fed_locations(locations)?;
    let assess_one = |(location, fed): (&AtLocation, &Vec<usize>)| {
        let fed: Vec<&AtLocation> = fed.iter().map(|at| &locations[*at]).collect();
        assess(as_of, location, &fed).ok()
    };
    let assessments: Vec<Option<Assessment>> = locations.iter().zip(&fed).map(assess_one).collect();
    let mut run =
        Run { as_of, locations, times, assessments: &assessments, given: vec![Micro::ZERO; locations.len()] };
    let mut actions: Vec<Vec<Action>> = vec![Vec::new(); locations.len()];
    for at in run.due() {
        // Figures that fit before may be too large with the pack: such a location gets no suggestion either.
        actions[at] = run.actions(at).unwrap_or_default();
    }
    let parts = locations.iter().zip(assessments).zip(actions);
    Ok(parts.map(|((location, assessment), actions)| finish(as_of, location, assessment, actions)).collect())
}

/// Returns the rate of a product at each of its locations, from its own weeks alone. A location has none with fewer than two weeks,
/// without demand, if the product is asleep there, and if more was returned than sold.
pub fn own_rates(as_of: NaiveDate, locations: &[AtLocation]) -> Result<Vec<Option<Micro>>, SourceCircle> {
    let fed = fed_locations(locations)?;
    let rate = |(location, fed): (&AtLocation, &Vec<usize>)| {
        let fed: Vec<&AtLocation> = fed.iter().map(|at| &locations[*at]).collect();
        // Figures that are too large stand in for no other product.
        own_rate(as_of, location, &fed).ok().flatten()
    };
    Ok(locations.iter().zip(&fed).map(rate).collect())
}

/// Returns the locations that each location feeds, directly or through others.
fn fed_locations(locations: &[AtLocation]) -> Result<Vec<Vec<usize>>, SourceCircle> {
    let index: HashMap<LocationId, usize> =
        locations.iter().enumerate().map(|(at, location)| (location.location_id, at)).collect();
    let feeder = |at: usize| locations[at].fed_by.and_then(|from| index.get(&from).copied());
    let mut fed = vec![Vec::new(); locations.len()];
    for at in 0..locations.len() {
        let (mut seen, mut next) = (HashSet::from([at]), feeder(at));
        while let Some(from) = next {
            if !seen.insert(from) {
                let mut codes: Vec<String> = seen.iter().map(|at| locations[*at].code.clone()).collect();
                codes.sort();
                return Err(SourceCircle(codes));
            }
            fed[from].push(at);
            next = feeder(from);
        }
    }
    Ok(fed)
}

/// The run of a product: which locations are due, and the units that each has given so far.
struct Run<'run> {
    as_of: NaiveDate,
    locations: &'run [AtLocation],
    times: &'run TransferTimes,
    assessments: &'run [Option<Assessment>],
    given: Vec<Micro>,
}

impl Run<'_> {
    /// Returns the locations that are due, the smallest cover first.
    fn due(&self) -> Vec<usize> {
        let cover_of = |at: usize| {
            let assessment = self.assessments[at].as_ref().filter(|one| one.need.is_some())?;
            Some((cover(assessment.position.total, assessment.rate).ok()?, at))
        };
        let mut due: Vec<(Option<Micro>, usize)> = (0..self.locations.len()).filter_map(cover_of).collect();
        due.sort_by(|(left, left_at), (right, right_at)| {
            left.cmp(right).then_with(|| self.locations[*left_at].code.cmp(&self.locations[*right_at].code))
        });
        due.into_iter().map(|(_, at)| at).collect()
    }

    /// Returns the steps for a location that is due.
    fn actions(&mut self, at: usize) -> Result<Vec<Action>, Overflow> {
        let location = &self.locations[at];
        let Some((assessment, mut left)) =
            self.assessments[at].as_ref().and_then(|one| Some((one, one.need?)))
        else {
            return Ok(Vec::new());
        };
        let days = horizon(&assessment.lead_time, location.settings.review_days)?;
        let until = last_day(self.as_of, days);
        let late = location.stock.incoming.iter().filter(|supply| supply.on > until);
        let mut actions: Vec<Action> = late.map(|supply| Action::Expedite { supply: *supply }).collect();
        let step = location.item.step;
        if let Some(from) = location.fed_by {
            let wanted = location.size.rounded(left, step)?.quantity;
            if let Some(giver) = self.locations.iter().position(|other| other.location_id == from) {
                actions.extend(self.give(giver, at, wanted, self.own(giver)?)?);
            }
            return Ok(actions);
        }
        for giver in self.givers(at, days)? {
            if left < step {
                break;
            }
            let wanted = left.up_to(step)?;
            if let Some(transfer) = self.give(giver, at, wanted, self.surplus(giver)?)? {
                left = left.minus(transfer.added())?;
                actions.push(transfer);
            }
        }
        if left >= step {
            let rounded = location.size.rounded(left, step)?;
            let pack = location.size.pack;
            let packs = if pack.is_positive() { Some(rounded.quantity.quotient(pack)?) } else { None };
            let expected_on = arrival(self.as_of, &assessment.lead_time);
            actions.push(Action::Buy { rounded, packs, expected_on });
        }
        Ok(actions)
    }

    /// Returns the locations with a surplus that could arrive within `days`: the largest first, then by code.
    fn givers(&self, taker: usize, days: Micro) -> Result<Vec<usize>, Overflow> {
        let mut givers = Vec::new();
        for giver in (0..self.locations.len()).filter(|giver| *giver != taker) {
            let surplus = self.surplus(giver)?;
            if surplus.is_positive() && self.time(giver, taker).days <= days {
                givers.push((Reverse(surplus), &self.locations[giver].code, giver));
            }
        }
        givers.sort();
        Ok(givers.into_iter().map(|(_, _, giver)| giver).collect())
    }

    /// Returns the units that a location can give without falling below the position that its own orders fill up to. Supply
    /// that is still to come is never given.
    fn surplus(&self, at: usize) -> Result<Micro, Overflow> {
        let Some(assessment) = &self.assessments[at] else { return Ok(Micro::ZERO) };
        let Some(fill_to) = assessment.fill_to() else { return Ok(Micro::ZERO) };
        let available = self.available(at)?;
        let spare = available.min(assessment.position.total.minus(self.given[at])?).minus(fill_to)?;
        Ok(spare.min(self.own(at)?))
    }

    /// Returns the available units of the product itself that a location has not given yet. Those of products that it supersedes stay
    /// there.
    fn own(&self, at: usize) -> Result<Micro, Overflow> {
        let of_predecessors = Micro::from(self.locations[at].stock.of_predecessors).max(Micro::ZERO);
        self.available(at)?.minus(of_predecessors)
    }

    /// Returns the available units at a location that it has not given yet, without those of its own that expire unsold.
    fn available(&self, at: usize) -> Result<Micro, Overflow> {
        let location = &self.locations[at];
        let expiring = self.assessments[at].as_ref().map_or(Micro::ZERO, |one| one.own_expiring);
        Micro::from(location.stock.available).minus(expiring)?.minus(self.given[at])
    }

    /// Takes up to `wanted` units from a location that has `available` of them.
    fn give(
        &mut self,
        giver: usize,
        taker: usize,
        wanted: Micro,
        available: Micro,
    ) -> Result<Option<Action>, Overflow> {
        let quantity = wanted.min(available.down_to(self.locations[giver].item.step)?);
        if !quantity.is_positive() {
            return Ok(None);
        }
        self.given[giver] = self.given[giver].plus(quantity)?;
        let expected_on = arrival(self.as_of, &self.time(giver, taker));
        Ok(Some(Action::Transfer { from: self.locations[giver].location_id, quantity, expected_on }))
    }

    /// Returns the lead time of transfers between two locations.
    fn time(&self, giver: usize, taker: usize) -> LeadTime {
        let pair = (self.locations[giver].location_id, self.locations[taker].location_id);
        self.times.get(&pair).copied().unwrap_or_else(LeadTime::of_transfers)
    }
}

/// Returns the day on which an order of today is expected.
fn arrival(as_of: NaiveDate, lead: &LeadTime) -> NaiveDate {
    let days = u64::try_from(lead.days.whole_above()).unwrap_or(0);
    as_of.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
}

/// Completes the suggestion of a location.
fn finish(
    as_of: NaiveDate,
    location: &AtLocation,
    assessment: Option<Assessment>,
    actions: Vec<Action>,
) -> Suggestion {
    let completed = assessment.map(|assessment| completed(as_of, location, assessment, actions));
    completed.and_then(Result::ok).unwrap_or(Suggestion {
        location_id: location.location_id,
        assessment: None,
        unsuggested: Some(Unsuggested::TooLarge),
        actions: Vec::new(),
        order_by: None,
        lasts_days: 0,
        cover_before: None,
        cover_after: None,
        flags: Vec::new(),
    })
}

fn completed(
    as_of: NaiveDate,
    location: &AtLocation,
    assessment: Assessment,
    actions: Vec<Action>,
) -> Result<Suggestion, Overflow> {
    let (rate, position) = (assessment.rate, &assessment.position);
    let (mut after, mut rounding) = (position.total, Micro::ZERO);
    for action in &actions {
        after = after.plus(action.added())?;
        if let Action::Buy { rounded, .. } = action {
            rounding = rounded.minimum.plus(rounded.pack)?;
        }
    }
    let half_year = rate.over(Micro::whole(HALF_YEAR_DAYS))?;
    let mut flags = assessment.flags.clone();
    if after > half_year && after.minus(rounding)? <= half_year {
        flags.push(Flag::PackOverHalfYear);
    }
    let point = assessment.reorder_point().filter(|_| assessment.unsuggested.is_none());
    let order_by = match point {
        Some(_) if assessment.need.is_some() => Some(as_of),
        Some(point) => {
            let above = position.total.minus(point)?.max(Micro::ZERO);
            Some(order_day(as_of, location.review_weekday, above, rate)?)
        }
        None => None,
    };
    let whole = |days: Option<Micro>| days.map(Micro::nearest);
    Ok(Suggestion {
        location_id: location.location_id,
        unsuggested: assessment.unsuggested,
        order_by,
        lasts_days: whole_days(position.available.max(Micro::ZERO), rate)?,
        cover_before: whole(cover(position.total, rate)?),
        cover_after: whole(cover(after, rate)?),
        flags,
        assessment: Some(assessment),
        actions,
    })
}
