//! The causes that still hold while the snapshots of a key are walked through.

use std::collections::{BTreeMap, BTreeSet};

use crate::cause::Cause;

/// A cause that still holds.
#[derive(Debug)]
pub(super) struct Open {
    pub cause: Cause,
    /// The row that lists it, and its place there.
    pub row: usize,
    pub index: usize,
}

/// The causes that still hold, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Opens {
    all: BTreeMap<usize, Open>,
    /// Sizes, each with the number of its cause.
    sizes: BTreeSet<(u64, usize)>,
    /// Occurrences, each with the number of its cause.
    occurrences: BTreeSet<(usize, usize)>,
    /// Quantities, each with the numbers of its causes.
    quantities: BTreeMap<i64, BTreeSet<usize>>,
    sum: i64,
    next: usize,
}

impl Opens {
    pub fn add(&mut self, open: Open) {
        let number = self.next;
        self.next += 1;
        self.sizes.insert((open.cause.quantity.unsigned_abs(), number));
        self.occurrences.extend(open.cause.occurrence.map(|occurrence| (occurrence, number)));
        self.quantities.entry(open.cause.quantity).or_default().insert(number);
        self.sum = self.sum.saturating_add(open.cause.quantity);
        self.all.insert(number, open);
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Returns the sum of the quantities.
    pub fn sum(&self) -> i64 {
        self.sum
    }

    /// Returns how many causes have a quantity.
    pub fn count(&self, quantity: i64) -> usize {
        self.quantities.get(&quantity).map_or(0, BTreeSet::len)
    }

    /// Returns the largest cause; of equal ones, the newest.
    pub fn largest(&self) -> Option<&Cause> {
        let (_, number) = self.sizes.last()?;
        self.all.get(number).map(|open| &open.cause)
    }

    /// Returns the causes, the newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Cause> {
        self.all.values().rev().map(|open| &open.cause)
    }

    /// Removes and returns the causes of an occurrence.
    pub fn close_occurrence(&mut self, occurrence: usize) -> Vec<Open> {
        let of_occurrence = self.occurrences.range((occurrence, 0)..=(occurrence, usize::MAX));
        let numbers: Vec<usize> = of_occurrence.map(|one| one.1).collect();
        numbers.into_iter().filter_map(|number| self.remove(number)).collect()
    }

    /// Removes and returns the oldest cause of exactly some units. Without one: the oldest causes until they add up.
    pub fn close_units(&mut self, units: i64) -> Vec<Open> {
        let exact = self.quantities.get(&units).and_then(BTreeSet::first).copied();
        if let Some(open) = exact.and_then(|number| self.remove(number)) {
            return vec![open];
        }
        let (mut left, mut closed) = (units, Vec::new());
        while left != 0 {
            let Some(number) = self.all.keys().next().copied() else { break };
            let Some(open) = self.remove(number) else { break };
            left = left.saturating_sub(open.cause.quantity);
            closed.push(open);
        }
        closed
    }

    fn remove(&mut self, number: usize) -> Option<Open> {
        let open = self.all.remove(&number)?;
        self.sizes.remove(&(open.cause.quantity.unsigned_abs(), number));
        if let Some(occurrence) = open.cause.occurrence {
            self.occurrences.remove(&(occurrence, number));
        }
        if let Some(numbers) = self.quantities.get_mut(&open.cause.quantity) {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.quantities.remove(&open.cause.quantity);
            }
        }
        self.sum = self.sum.saturating_sub(open.cause.quantity);
        Some(open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Grade;
    use crate::term::Class;

    fn open(row: usize, quantity: i64, occurrence: Option<usize>) -> Open {
        let cause = Cause {
            class: Class::MissedSale,
            quantity,
            from: 0,
            to: 1,
            event_type: None,
            evidence: Vec::new(),
            grade: Grade::Event,
            heals: false,
            occurrence,
            at: 0,
            cost: 0,
        };
        Open { cause, row, index: 0 }
    }

    fn filled() -> Opens {
        let mut opens = Opens::default();
        for (row, (quantity, occurrence)) in
            [(3, Some(7)), (-5, None), (5, Some(7)), (1, Some(8))].into_iter().enumerate()
        {
            opens.add(open(row, quantity, occurrence));
        }
        opens
    }

    fn rows(closed: &[Open]) -> Vec<usize> {
        closed.iter().map(|open| open.row).collect()
    }

    #[test]
    fn the_oldest_are_closed_until_they_add_up() {
        let mut opens = filled();
        assert_eq!((opens.len(), opens.sum()), (4, 4));
        assert_eq!(rows(&opens.close_units(-2)), [0, 1]);
        assert_eq!((opens.len(), opens.sum()), (2, 6));
        assert_eq!(rows(&opens.close_units(0)), [] as [usize; 0]);
        assert_eq!(rows(&opens.close_units(100)), [2, 3], "all, if they don't");
        assert_eq!((opens.len(), opens.sum()), (0, 0));
    }

    #[test]
    fn a_cause_of_exactly_the_units_is_closed_alone() {
        let mut opens = filled();
        assert_eq!((opens.count(5), opens.count(-5), opens.count(2)), (1, 1, 0));
        assert_eq!(rows(&opens.close_units(5)), [2]);
        assert_eq!((opens.len(), opens.sum(), opens.count(5)), (3, -1, 0));
        assert_eq!(rows(&opens.close_units(1)), [3], "a newer one that is exact comes first");
    }

    #[test]
    fn those_of_an_occurrence_are_closed_together() {
        let mut opens = filled();
        assert_eq!(rows(&opens.close_occurrence(7)), [0, 2]);
        assert_eq!(rows(&opens.close_occurrence(7)), [] as [usize; 0]);
        assert_eq!((opens.len(), opens.sum()), (2, -4));
    }

    #[test]
    fn the_largest_is_the_newest_of_equal_ones() {
        let mut opens = filled();
        assert_eq!(opens.largest().map(|cause| cause.quantity), Some(5));
        assert_eq!(opens.newest().map(|cause| cause.quantity).collect::<Vec<_>>(), [1, 5, -5, 3]);
        opens.close_occurrence(7);
        assert_eq!(opens.largest().map(|cause| cause.quantity), Some(-5));
    }
}
