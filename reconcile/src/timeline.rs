//! The mappings of one external text over time.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::input::Text;

/// A mapping within a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mapping<'a> {
    /// Microseconds of the first instant.
    pub from: Option<i64>,
    /// Microseconds of the first instant after it.
    pub until: Option<i64>,
    /// Item or place.
    pub target: &'a Text,
    /// Units of the reference in one external unit.
    pub factor: Decimal,
}

/// The target of a text at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// No mapping is valid.
    Unknown,
    /// All valid mappings have one target. Of several factors, the smallest counts.
    Known(&'a Text, Decimal),
    /// The valid mappings have several targets.
    Ambiguous,
}

/// The targets of a text over time.
#[derive(Debug, Default)]
pub(super) struct Timeline<'a> {
    /// The instants at which the target changes.
    changes: Vec<(i64, Target<'a>)>,
}

impl<'a> Timeline<'a> {
    /// Builds it from mappings in any order.
    pub fn new(mappings: &[Mapping<'a>]) -> Self {
        let mut ends: Vec<(i64, bool, usize)> = Vec::new();
        for (number, one) in mappings.iter().enumerate() {
            let from = one.from.unwrap_or(i64::MIN);
            if one.until.is_none_or(|until| from < until) {
                ends.push((from, true, number));
                ends.extend(one.until.map(|until| (until, false, number)));
            }
        }
        ends.sort_unstable();
        let mut valid: BTreeSet<(&Text, Decimal, usize)> = BTreeSet::new();
        let mut changes = Vec::new();
        for together in ends.chunk_by(|one, other| one.0 == other.0) {
            for (_, begins, number) in together {
                let one = (mappings[*number].target, mappings[*number].factor, *number);
                if *begins {
                    valid.insert(one);
                } else {
                    valid.remove(&one);
                }
            }
            let target = match (valid.first(), valid.last()) {
                (Some(first), Some(last)) if first.0 == last.0 => Target::Known(first.0, first.1),
                (Some(_), _) => Target::Ambiguous,
                (None, _) => Target::Unknown,
            };
            changes.push((together[0].0, target));
        }
        Timeline { changes }
    }

    /// Returns the target at an instant.
    pub fn at(&self, at: i64) -> Target<'a> {
        let after = self.changes.partition_point(|(from, _)| *from <= at);
        after.checked_sub(1).map_or(Target::Unknown, |last| self.changes[last].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_hold_from_their_first_instant_until_the_next_one() {
        let (one, other) = (Text::from("A"), Text::from("B"));
        let mapping =
            |from, until, target, factor: i64| Mapping { from, until, target, factor: factor.into() };
        let mappings = [
            mapping(None, Some(10), &one, 1),
            mapping(Some(10), Some(20), &other, 6),
            mapping(Some(15), None, &other, 2),
            mapping(Some(18), Some(18), &one, 1),
            mapping(Some(30), Some(40), &one, 1),
        ];
        for order in [[0, 1, 2, 3, 4], [4, 2, 0, 3, 1]] {
            let timeline = Timeline::new(&order.map(|number| mappings[number]));
            let known = |target, factor: i64| Target::Known(target, factor.into());
            assert_eq!(timeline.at(i64::MIN), known(&one, 1));
            assert_eq!(timeline.at(9), known(&one, 1));
            assert_eq!(timeline.at(10), known(&other, 6));
            assert_eq!(timeline.at(18), known(&other, 2), "an empty time counts nothing");
            assert_eq!(timeline.at(30), Target::Ambiguous);
            assert_eq!(timeline.at(40), known(&other, 2));
        }
        assert_eq!(Timeline::new(&[mapping(Some(5), None, &one, 1)]).at(4), Target::Unknown);
        assert_eq!(Timeline::default().at(0), Target::Unknown);
    }
}
