//! Causes of a key as such: the systems count different things, in different units, or a mapping is ambiguous.
//!
//! They are tested on the level and hold for a system at a place, or for a system's item, so one equal number proves
//! nothing.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use domain::number;

use super::context::Context;
use super::input::SystemNo;
use super::names::NameNo;
use super::resolve::State;
use super::term::Class;
use super::unit::{Held, Key, Observation, Series, in_meaning};

/// Units that a system counts beside those that it declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Beside {
    Reserved,
    Quarantined,
    Incoming,
    Expired,
    QuarantinedAndExpired,
    AllHeld,
}

const BESIDE: [Beside; 6] = [
    Beside::Reserved,
    Beside::Quarantined,
    Beside::Incoming,
    Beside::Expired,
    Beside::QuarantinedAndExpired,
    Beside::AllHeld,
];

impl Beside {
    fn units(self, held: Held) -> i64 {
        match self {
            Beside::Reserved => held.reserved,
            Beside::Quarantined => held.quarantined,
            Beside::Incoming => held.incoming,
            Beside::Expired => held.expired,
            Beside::QuarantinedAndExpired => held.quarantined + held.expired,
            Beside::AllHeld => held.reserved + held.quarantined + held.expired,
        }
    }
}

/// A hypothesis on a system at a place: it adds (1) or leaves out (-1) units.
type Meaning = (Beside, i64);

/// Observations for and against a hypothesis.
#[derive(Debug, Clone, Copy, Default)]
struct Votes {
    agree: u32,
    equal: u32,
    other: u32,
}

impl Votes {
    /// Returns whether the hypothesis holds: most observations agree, few show no difference at all.
    fn holds(self) -> bool {
        let repeated = self.agree >= 3 && self.agree > 2 * self.equal && 2 * self.agree >= self.other;
        repeated || (self.agree >= 1 && self.equal == 0 && self.other == 0)
    }
}

/// A vote at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Vote {
    Agree,
    Equal,
    Other,
}

/// Returns the instant since which a hypothesis holds best, with the votes since then.
fn since(mut votes: Vec<(i64, Vote)>) -> (i64, Votes) {
    votes.sort_unstable();
    let (mut sum, mut best) = (0_i64, (0_i64, i64::MAX));
    for at in (0..votes.len()).rev() {
        sum += match votes[at].1 {
            Vote::Agree => 1,
            Vote::Equal => -2,
            Vote::Other => 0,
        };
        // Votes of one instant belong together.
        let is_first = at == 0 || votes[at - 1].0 != votes[at].0;
        if is_first && sum >= best.0 {
            best = (sum, votes[at].0);
        }
    }
    let mut held = Votes::default();
    for (_, vote) in votes.iter().filter(|(at, _)| *at >= best.1) {
        match vote {
            Vote::Agree => held.agree += 1,
            Vote::Equal => held.equal += 1,
            Vote::Other => held.other += 1,
        }
    }
    (best.1, held)
}

/// The causes of levels that hold.
#[derive(Debug, Default)]
pub(super) struct Levels {
    /// The meaning of a system at a place, and the instant since which it holds.
    meanings: BTreeMap<(SystemNo, NameNo), (Meaning, i64)>,
    factors: BTreeMap<(SystemNo, NameNo), Decimal>,
}

impl Levels {
    /// Finds the causes that hold.
    pub fn find(context: &Context) -> Self {
        let mut levels = Levels::default();
        levels.factors = factors(context);
        levels.meanings = meanings(context, &levels.factors);
        levels
    }

    /// Returns the factor that makes a system's quantities of an item equal to the reference's.
    pub fn factor(&self, system: SystemNo, item: NameNo) -> Option<Decimal> {
        self.factors.get(&(system, item)).copied()
    }

    /// Returns the parts of a difference that hold for the key as such.
    pub fn parts(
        &self,
        context: &Context,
        series: &Series,
        one: &Observation,
        ours: i64,
    ) -> Vec<(Class, i64)> {
        let Some(mut theirs) = one.quantity else { return Vec::new() };
        let mut parts = Vec::new();
        if let Some(factor) = self.factor(series.system, series.key.0) {
            let right = if is_packed(theirs, ours, factor) { ours } else { times(theirs, factor) };
            parts.push((Class::UnitMismatch, theirs - right));
            theirs = right;
        }
        let meaning = self.meanings.get(&(series.system, series.key.1));
        if let Some(((beside, sign), _)) = meaning.filter(|(_, since)| *since <= one.at) {
            let units = sign * beside.units(context.held(series.key, one.at));
            parts.push((Class::MeaningMismatch, units));
            theirs -= units;
        }
        if theirs != ours && one.parts.len() > 1 && one.parts.contains(&ours) {
            parts.push((Class::AmbiguousMap, theirs - ours));
        }
        parts
    }
}

/// Returns units times a factor. A product that is too large is cut.
pub(super) fn times(units: i64, factor: Decimal) -> i64 {
    const MOST: i128 = i64::MAX as i128 / 4;
    let product = Decimal::from(units).checked_mul(factor).map(|product| number::round(product, 0));
    let product =
        product.map_or(i128::from(units.signum()).saturating_mul(MOST), |product| product.mantissa());
    i64::try_from(product.clamp(-MOST, MOST)).unwrap_or(units)
}

/// Returns our quantity in the meaning of the system.
pub(super) fn ours(context: &Context, system: SystemNo, key: Key, at: i64) -> Option<i64> {
    let on_hand = context.on_hand(key, at)?;
    Some(in_meaning(on_hand, context.held(key, at), context.world.system(system).quantity_meaning))
}

/// Votes of snapshots, each with its instant.
type TimedVotes = Vec<(i64, Vote)>;

/// Finds the systems that count other things than they declare, per place.
fn meanings(
    context: &Context,
    factors: &BTreeMap<(SystemNo, NameNo), Decimal>,
) -> BTreeMap<(SystemNo, NameNo), (Meaning, i64)> {
    let mut votes: BTreeMap<(SystemNo, NameNo), BTreeMap<Meaning, TimedVotes>> = BTreeMap::new();
    let others = context.world.series.iter().filter(|one| one.system != context.reference);
    for series in others.filter(|one| one.state == State::Known && context.is_counted(one.key)) {
        let factor = factors.get(&(series.system, series.key.0));
        let mut before: Option<(i64, Held)> = None;
        for one in &series.observations {
            let (Some(theirs), Some(ours)) = (one.quantity, ours(context, series.system, series.key, one.at))
            else {
                continue;
            };
            let theirs = factor.map_or(theirs, |factor| times(theirs, *factor));
            let (delta, held) = (theirs - ours, context.held(series.key, one.at));
            let of_place = votes.entry((series.system, series.key.1)).or_default();
            vote(of_place, one.at, (delta, held), before);
            before = Some((delta, held));
        }
    }
    let best = |list: BTreeMap<Meaning, Vec<(i64, Vote)>>| {
        let judged = list.into_iter().map(|(meaning, votes)| (meaning, since(votes)));
        let holding = judged.filter(|(_, (_, votes))| votes.holds());
        holding
            .min_by_key(|(meaning, (_, votes))| (std::cmp::Reverse(votes.agree), votes.other, *meaning))
            .map(|(meaning, (since, _))| (meaning, since))
    };
    votes.into_iter().filter_map(|(place, list)| Some((place, best(list)?))).collect()
}

/// Counts one observation for and against each hypothesis.
fn vote(
    votes: &mut BTreeMap<Meaning, Vec<(i64, Vote)>>,
    at: i64,
    (delta, held): (i64, Held),
    before: Option<(i64, Held)>,
) {
    let of = |found: i64, wanted: i64| match found {
        _ if found == wanted => Vote::Agree,
        0 => Vote::Equal,
        _ => Vote::Other,
    };
    for beside in BESIDE {
        for sign in [-1, 1] {
            let units = sign * beside.units(held);
            let stepped = before.map_or(0, |(_, before)| units - sign * beside.units(before));
            if units == 0 && stepped == 0 {
                continue;
            }
            let list = votes.entry((beside, sign)).or_default();
            if units != 0 {
                list.push((at, of(delta, units)));
            }
            if let Some((before, _)) = before.filter(|_| stepped != 0) {
                list.push((at, of(delta - before, stepped)));
            }
        }
    }
}

/// Finds the items that a system counts in another unit.
fn factors(context: &Context) -> BTreeMap<(SystemNo, NameNo), Decimal> {
    let mut votes: BTreeMap<(SystemNo, NameNo), BTreeMap<Decimal, Votes>> = BTreeMap::new();
    let others = context.world.series.iter().filter(|one| one.system != context.reference);
    for series in others.filter(|one| one.state == State::Known && context.is_counted(one.key)) {
        let Some(packs) = context.world.packs.get(&series.key.0) else { continue };
        for one in &series.observations {
            let (Some(theirs), Some(ours)) = (one.quantity, ours(context, series.system, series.key, one.at))
            else {
                continue;
            };
            if theirs == 0 || ours == 0 {
                continue;
            }
            for factor in packs.iter().flat_map(|pack| [*pack, number::round(inverse(*pack), 12)]) {
                let of = votes.entry((series.system, series.key.0)).or_default().entry(factor).or_default();
                if theirs == ours {
                    of.equal += 1;
                } else if is_packed(theirs, ours, factor) {
                    of.agree += 1;
                } else {
                    of.other += 1;
                }
            }
        }
    }
    let best = |list: BTreeMap<Decimal, Votes>| {
        let holding = list.into_iter().filter(|(_, votes)| {
            let most = votes.agree >= 2 && votes.agree > votes.other && votes.agree > 2 * votes.equal;
            most || (votes.agree >= 1 && votes.other + votes.equal == 0)
        });
        holding.min_by_key(|(factor, votes)| (std::cmp::Reverse(votes.agree), *factor))
    };
    votes.into_iter().filter_map(|(item, list)| Some((item, best(list)?.0))).collect()
}

/// Returns whether the system counts whole packs: a begun pack is left out.
fn is_packed(theirs: i64, ours: i64, factor: Decimal) -> bool {
    let (full, next) = (times(theirs, factor), times(theirs.saturating_add(1), factor));
    full == ours || (full < ours && ours < next)
}

fn inverse(factor: Decimal) -> Decimal {
    Decimal::ONE.checked_div(factor).unwrap_or(Decimal::ONE)
}
