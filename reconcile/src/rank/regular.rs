//! The regular part of a leaf's faults: outages and bursts left out, and the day since which they recur.
#![expect(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "probabilities are estimates: none is shown"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Leaf;
use crate::input::SystemNo;
use crate::names::NameNo;
use crate::statistics::binomial_tail;
use crate::term::Class;

/// Most days of an outage or burst.
const BURST_DAYS: i64 = 7;
/// Probability below which the faults of some days are a burst. All windows of up to seven days are tried.
const BURST_CHANCE: f64 = 0.05;
/// The same for an outage, which concerns all classes of an edge at a place.
const OUTAGE_CHANCE: f64 = 1e-3;
/// Probability below which faults began later than the first of them. All days are tried.
const ONSET_CHANCE: f64 = 0.05;
/// Fewest days since then: shorter is a burst, or the traffic of a weekend.
const ONSET_DAYS: i64 = 15;
/// Least ratio of the rate since that day to the rate before.
const ONSET_RATIO: f64 = 2.0;
/// Least ratio of the rate of a burst to the rate of the other days.
const BURST_RATIO: f64 = 3.0;
/// Fewest faults since a day on which a cause began.
const ONSET_MIN: usize = 5;

/// An edge at a place.
pub(super) type Spot = (SystemNo, SystemNo, NameNo);

/// The days of the faults of a leaf, and those that are no part of a recurring cause.
#[derive(Debug, Clone)]
pub(super) struct Regular {
    /// Days that are observed.
    pub span: i64,
    /// All days, in order.
    pub all: Vec<i64>,
    /// Days outside of outages and bursts, in order.
    pub days: Vec<i64>,
    outage: Range<i64>,
    burst: Range<i64>,
    /// The day on which the faults began, if chance hardly divides them so.
    pub onset: Option<i64>,
}

impl Regular {
    /// Leaves out an outage and the burst of a leaf.
    pub fn new(days: &[i64], span: i64, outage: Range<i64>) -> Self {
        let without: Vec<i64> = days.iter().copied().filter(|day| !outage.contains(day)).collect();
        let burst = burst(&without, 0..span, BURST_CHANCE).unwrap_or(0..0);
        // Compared with the time before it, a late fault may look like a burst.
        if let Some(onset) = onset(&without, span).filter(|onset| is_steady_since(*onset, &without, span)) {
            let (all, onset) = (days.to_vec(), Some(onset));
            return Regular { span, all, days: without, outage, burst: 0..0, onset };
        }
        let left: Vec<i64> = without.into_iter().filter(|day| !burst.contains(day)).collect();
        let onset = onset(&left, span);
        Regular { span, all: days.to_vec(), days: left, outage, burst, onset }
    }

    /// Joins the regular days of leaves.
    pub fn joined<'a>(parts: impl Iterator<Item = &'a Regular>, span: i64) -> Self {
        let mut days: Vec<i64> = parts.flat_map(|part| part.days.iter().copied()).collect();
        days.sort_unstable();
        let onset = onset(&days, span);
        Regular { span, all: days.clone(), days, outage: 0..0, burst: 0..0, onset }
    }

    /// Returns the faults since a day without the worst seven days, and the days observed.
    pub fn without_worst_week(&self, start: i64) -> (usize, i64) {
        let since = &self.all[self.all.partition_point(|day| *day < start)..];
        (since.len() - most(since, BURST_DAYS).0, self.span - start - BURST_DAYS)
    }

    /// Returns the weeks with a fault, counted from a day.
    pub fn weeks_since(&self, start: i64) -> usize {
        let since = self.days.iter().filter(|day| **day >= start);
        since.map(|day| (day - start) / 7).collect::<BTreeSet<i64>>().len()
    }

    /// Returns whether a day is of an outage or burst.
    pub fn leaves_out(&self, day: i64) -> bool {
        self.outage.contains(&day) || self.burst.contains(&day)
    }

    /// Returns the regular faults since a day, and the days observed since then.
    pub fn since_day(&self, start: i64) -> (usize, i64) {
        let since: Vec<i64> =
            self.all.iter().copied().filter(|day| *day >= start && !self.outage.contains(day)).collect();
        let burst = burst(&since, start..self.span, BURST_CHANCE).unwrap_or(0..0);
        let left = since.iter().filter(|day| !burst.contains(day)).count();
        let out = (start..self.span).filter(|day| self.outage.contains(day) || burst.contains(day)).count();
        (left, self.span - start - i64::try_from(out).unwrap_or(0))
    }

    /// Returns the day on which the faults began, as far as it is known.
    pub fn since(&self) -> i64 {
        self.onset.or(self.days.first().copied()).or(self.all.first().copied()).unwrap_or(0)
    }
}

/// Returns the day since which faults are more frequent: the one that chance explains least, if it hardly does. `days` are in order.
fn onset(days: &[i64], span: i64) -> Option<i64> {
    let mut best: Option<(f64, i64)> = None;
    for (before, day) in days.iter().enumerate() {
        let after = days.len() - before;
        let is_new = before == 0 || days[before - 1] != *day;
        let left = (span - day) as f64;
        let is_faster = after as f64 * *day as f64 >= ONSET_RATIO * before as f64 * left;
        if is_new && *day > 0 && *day <= span - ONSET_DAYS && after >= ONSET_MIN && is_faster {
            let chance = binomial_tail(after as u64, days.len() as u64, left / span as f64) * span as f64;
            if chance < ONSET_CHANCE && best.is_none_or(|(other, _)| chance < other) {
                best = Some((chance, *day));
            }
        }
    }
    best.map(|one| one.1)
}

/// Returns whether no burst stands out among the faults since a day.
fn is_steady_since(day: i64, days: &[i64], span: i64) -> bool {
    let since = &days[days.partition_point(|one| *one < day)..];
    burst(since, day..span, BURST_CHANCE).is_none()
}

/// Returns the days of the outage of each edge at each place: those on which it lost far more than on others.
pub(super) fn outages(days: &BTreeMap<Leaf, Vec<i64>>, span: i64) -> BTreeMap<Spot, Range<i64>> {
    let mut of_spot: BTreeMap<Spot, Vec<i64>> = BTreeMap::new();
    for ((from, to, class, place), days) in days {
        if is_loss(*class) {
            of_spot.entry((*from, *to, *place)).or_default().extend(days);
        }
    }
    let outage = |(spot, mut days): (Spot, Vec<i64>)| {
        days.sort_unstable();
        Some((spot, burst(&days, 0..span, OUTAGE_CHANCE)?))
    };
    of_spot.into_iter().filter_map(outage).collect()
}

fn is_loss(class: Class) -> bool {
    match class {
        Class::MissedSale
        | Class::MissedReturn
        | Class::MissedReceipt
        | Class::UnrecordedTransfer
        | Class::BundleExplosion
        | Class::ManualAdjustment
        | Class::CountVariance
        | Class::DuplicateEvent
        | Class::TimingLag => true,
        Class::UnmappedSku
        | Class::UnmappedLocation
        | Class::AmbiguousMap
        | Class::MeaningMismatch
        | Class::UnitMismatch
        | Class::ClampedNegative
        | Class::Unexplained => false,
    }
}

/// Returns the days of a burst: at most seven in a row, with more faults than chance puts there. `days` are in order.
fn burst(days: &[i64], within: Range<i64>, chance: f64) -> Option<Range<i64>> {
    let span = (within.end - within.start).max(1);
    let tries = (BURST_DAYS * span) as f64;
    let mut best: Option<(f64, Range<i64>)> = None;
    for length in 1..=BURST_DAYS.min(span - 1) {
        let (most, last) = most(days, length);
        let rest = (days.len() - most) as f64;
        let is_faster = most as f64 * (span - length) as f64 >= BURST_RATIO * rest * length as f64;
        let found = binomial_tail(most as u64, days.len() as u64, length as f64 / span as f64) * tries;
        if is_faster && found < chance && best.as_ref().is_none_or(|(other, _)| found < *other) {
            best = Some((found, last + 1 - length..last + 1));
        }
    }
    best.map(|one| one.1)
}

/// Returns the most faults within some days in a row, and the last of these days.
fn most(days: &[i64], length: i64) -> (usize, i64) {
    let (mut start, mut most, mut last) = (0, 0, 0);
    for (end, day) in days.iter().enumerate() {
        while days[start] <= day - length {
            start += 1;
        }
        if end + 1 - start > most {
            (most, last) = (end + 1 - start, *day);
        }
    }
    (most, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_days_of_an_outage_are_left_out() {
        let mut days: Vec<i64> = (0..45).step_by(3).collect();
        days.extend([20; 15].iter().chain(&[21; 12]));
        days.sort_unstable();
        let regular = Regular::new(&days, 45, 0..0);
        assert_eq!(regular.days, (0..45).step_by(3).filter(|day| *day != 21).collect::<Vec<i64>>());
        assert!(regular.leaves_out(20) && regular.leaves_out(21) && !regular.leaves_out(22));
        assert_eq!((regular.onset, regular.since()), (None, 0));
    }

    #[test]
    fn a_cause_begins_on_the_day_since_which_its_faults_are_frequent() {
        let days = [15, 25, 26, 28, 29, 31, 32, 33, 36, 38, 39, 41, 43];
        let regular = Regular::new(&days, 45, 0..0);
        assert_eq!(regular.onset, Some(25));
        assert_eq!(regular.since_day(25), (12, 20));
        assert_eq!(regular.weeks_since(25), 3);
    }

    #[test]
    fn a_busy_day_of_a_late_cause_is_no_burst() {
        let days = [12, 30, 33, 33, 33, 33, 36, 38, 41, 43, 44, 47, 50, 52, 55];
        assert_eq!(burst(&days, 0..58, BURST_CHANCE), Some(33..34), "beside the days before");
        let regular = Regular::new(&days, 58, 0..0);
        assert_eq!((regular.onset, regular.since_day(30)), (Some(30), (14, 28)));
        assert_eq!((regular.weeks_since(30), regular.leaves_out(33)), (4, false));
    }

    #[test]
    fn a_cause_of_the_last_days_has_no_beginning() {
        let days = [3, 15, 38, 39, 40, 40, 41, 42, 43, 44, 44];
        assert_eq!(Regular::new(&days, 45, 0..0).onset, None);
    }
}
