//! The periods of mappings of one code, which never overlap.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::number::Quantity;
use domain::refusal::{Code, Problems, Refusal};
use uuid::Uuid;

/// System, code, and the location that it is limited to.
pub(super) type Key = (Uuid, String, String);

/// The meaning of a code in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) target: String,
    pub(super) factor: Quantity,
    pub(super) valid_from: Option<DateTime<Utc>>,
    pub(super) valid_until: Option<DateTime<Utc>>,
}

/// The result of placing a mapping that competes with no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// It is new.
    New,
    /// It is there already.
    Held,
}

/// The reason why a mapping has no place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Clash {
    /// It ends before it begins.
    Reversed,
    /// Another mapping of the code, to this target, is valid at the same time.
    Taken(String),
}

impl Clash {
    pub(super) fn refusal(&self, what: &str) -> Refusal {
        match self {
            Clash::Reversed => Refusal::invalid("/valid_until", "The mapping must end after it begins."),
            Clash::Taken(target) => {
                let detail = format!(
                    "Another mapping of this {what}, to {target}, is valid at the same time. Delete that one, or give each its \
                     own period."
                );
                Problems::one("/valid_from", Code::AlreadyExists, detail)
            }
        }
    }
}

/// The mappings by code, and those of a code by their beginning.
#[derive(Debug, Default)]
pub(super) struct Slots(HashMap<Key, BTreeMap<DateTime<Utc>, Stated>>);

impl Slots {
    /// Notes a mapping that is there.
    pub(super) fn hold(&mut self, key: Key, stated: Stated) {
        self.0.entry(key).or_default().insert(begin(&stated), stated);
    }

    /// Gives a mapping its place. The time grows with the logarithm of the mappings of the code.
    pub(super) fn place(&mut self, key: Key, stated: Stated) -> Result<Fit, Clash> {
        let (from, until) = (begin(&stated), end(&stated));
        if from >= until {
            return Err(Clash::Reversed);
        }
        let held = self.0.entry(key).or_default();
        // Held periods do not overlap, so only the last one that begins before the end can share an instant.
        if let Some((_, last)) = held.range(..until).next_back() {
            if *last == stated {
                return Ok(Fit::Held);
            }
            if end(last) > from {
                return Err(Clash::Taken(last.target.clone()));
            }
        }
        held.insert(from, stated);
        Ok(Fit::New)
    }
}

fn begin(stated: &Stated) -> DateTime<Utc> {
    stated.valid_from.unwrap_or(DateTime::<Utc>::MIN_UTC)
}

fn end(stated: &Stated) -> DateTime<Utc> {
    stated.valid_until.unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: i64) -> Option<DateTime<Utc>> {
        Some(DateTime::UNIX_EPOCH + chrono::Duration::days(day))
    }

    fn stated(target: &str, valid_from: Option<DateTime<Utc>>, valid_until: Option<DateTime<Utc>>) -> Stated {
        Stated { target: target.to_owned(), factor: Quantity::ONE, valid_from, valid_until }
    }

    #[test]
    fn periods_of_a_code_do_not_overlap() {
        let key = || (Uuid::nil(), "Store 01".to_owned(), String::new());
        let mut slots = Slots::default();
        slots.hold(key(), stated("A", at(10), at(20)));
        let taken = |target: &str| Err(Clash::Taken(target.to_owned()));
        assert_eq!(slots.place(key(), stated("A", at(10), at(20))), Ok(Fit::Held));
        assert_eq!(slots.place(key(), stated("B", at(10), at(20))), taken("A"));
        assert_eq!(slots.place(key(), stated("B", at(19), None)), taken("A"));
        assert_eq!(slots.place(key(), stated("B", None, at(11))), taken("A"));
        assert_eq!(slots.place(key(), stated("B", None, None)), taken("A"));
        assert_eq!(slots.place(key(), stated("B", at(12), at(13))), taken("A"));
        assert_eq!(slots.place(key(), stated("B", at(9), at(9))), Err(Clash::Reversed));
        assert_eq!(slots.place(key(), stated("B", at(20), None)), Ok(Fit::New));
        assert_eq!(slots.place(key(), stated("C", None, at(10))), Ok(Fit::New));
        assert_eq!(slots.place(key(), stated("D", at(30), None)), taken("B"), "of the same request");
        let other = (Uuid::nil(), "Store 02".to_owned(), String::new());
        assert_eq!(slots.place(other, stated("A", None, None)), Ok(Fit::New));
    }
}
