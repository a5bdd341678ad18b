//! A list with a largest number of entries. A longer one is rejected before the rest of it is read.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

/// A list of at most `MAX` entries. Its error has the place of the list.
#[derive(Debug)]
pub struct AtMost<T, const MAX: usize>(pub Vec<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for AtMost<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Entries::<T, MAX>(PhantomData)).map(AtMost)
    }
}

struct Entries<T, const MAX: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Entries<T, MAX> {
    type Value = Vec<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a list of at most {MAX} entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Vec<T>, A::Error> {
        let mut read = Vec::new();
        while read.len() < MAX {
            match entries.next_element()? {
                Some(entry) => read.push(entry),
                None => return Ok(read),
            }
        }
        match entries.next_element::<IgnoredAny>()? {
            None => Ok(read),
            Some(_) => Err(A::Error::custom(format!("send 1 to {MAX} entries"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Two {
        items: AtMost<u8, 2>,
    }

    #[test]
    fn a_longer_list_is_rejected_at_its_place() {
        assert_eq!(parse::<Two>(br#"{"items":[1,2]}"#).expect("two").items.0, [1, 2]);
        assert_eq!(parse::<Two>(br#"{"items":[]}"#).expect("none").items.0, [0_u8; 0]);
        let error = parse::<Two>(br#"{"items":[1,2,{"x":[]}]}"#).expect_err("three");
        assert_eq!(error.errors()[0].pointer.as_deref(), Some("#/items"));
        assert_eq!(error.errors()[0].detail, "Send 1 to 2 entries.");
    }
}
