//! The digest of a row: equal if every field is equal.

use chrono::{DateTime, Utc};
use domain::number::Quantity;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A digest that takes the fields of a row in order.
#[derive(Debug, Default)]
pub(super) struct Content(Sha256);

impl Content {
    /// Takes a text. Its length keeps it apart from the next one.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
        self
    }

    pub(super) fn instant(mut self, at: DateTime<Utc>) -> Self {
        self.0.update(at.timestamp_micros().to_be_bytes());
        self
    }

    pub(super) fn optional_instant(mut self, at: Option<DateTime<Utc>>) -> Self {
        self.0.update([u8::from(at.is_some())]);
        match at {
            Some(at) => self.instant(at),
            None => self,
        }
    }

    /// Takes a number by its value: `2.0` is `2`.
    pub(super) fn number(self, number: Quantity) -> Self {
        self.text(&number.to_string())
    }

    pub(super) fn optional_number(self, number: Option<Quantity>) -> Self {
        self.text(&number.map(|number| number.to_string()).unwrap_or_default())
    }

    pub(super) fn finish(self) -> Uuid {
        let digest: [u8; 32] = self.0.finalize().into();
        let (half, _) = digest.split_at(16);
        Uuid::from_slice(half).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Quantity {
        text.parse().expect("a quantity")
    }

    #[test]
    fn a_row_is_equal_by_the_value_of_its_fields() {
        let row =
            |quantity: &str, note: &str| Content::default().number(number(quantity)).text(note).finish();
        assert_eq!(row("2.000", "a"), row("2", "a"));
        assert_ne!(row("2", "a"), row("-2", "a"));
        assert_ne!(row("2", "a"), row("2", ""));
    }

    #[test]
    fn texts_do_not_flow_into_each_other() {
        let row = |first: &str, second: &str| Content::default().text(first).text(second).finish();
        assert_ne!(row("ab", "c"), row("a", "bc"));
        assert_ne!(row("", "a"), row("a", ""));
        let absent = Content::default().optional_instant(None).text("a").finish();
        let zero = Content::default().optional_instant(Some(DateTime::UNIX_EPOCH)).text("a").finish();
        assert_ne!(absent, zero);
    }
}
