//! JSON as a tree that keeps what serde's own drops: members that are sent twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_path_to_error::{Path, Segment};

/// A JSON value.
#[derive(Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// A number without a decimal point that fits 128 bits.
    Whole(i128),
    /// Any other number.
    Number,
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// A value that has the grammar of JSON and can't be read: its pointer, and the fix.
#[derive(Debug, PartialEq)]
pub(super) struct Unreadable {
    pub(super) pointer: String,
    pub(super) fix: &'static str,
    /// Whether it is a number that no type holds.
    pub(super) is_number: bool,
}

/// Checks that a text has the grammar of JSON.
pub fn check(raw: &[u8]) -> serde_json::Result<()> {
    serde_json::from_slice::<IgnoredAny>(raw).map(drop)
}

/// Reads a text that has the grammar of JSON.
pub(super) fn read(raw: &[u8]) -> Result<Json, Unreadable> {
    let mut reader = serde_json::Deserializer::from_slice(raw);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let cause = error.inner().to_string();
        let is_number = cause.contains("number");
        let fix = if is_number {
            "This number is too large. Send a smaller one."
        } else if cause.contains("recursion") {
            "This is nested too deeply. Send at most 127 levels."
        } else {
            "This text has half of a character (an unpaired surrogate such as \\ud800). Send whole characters."
        };
        Unreadable { pointer: pointer(error.path()), fix, is_number }
    })
}

/// Returns a path as a JSON pointer (RFC 6901).
pub fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push(&mut pointer, &index.to_string()),
            Segment::Map { key } => push(&mut pointer, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// Adds a step to a pointer.
pub fn push(pointer: &mut String, step: &str) {
    pointer.push('/');
    for letter in step.chars() {
        match letter {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            letter => pointer.push(letter),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Tree)
    }
}

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Json;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Whole(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Whole(value.into()))
    }

    #[expect(clippy::disallowed_types, reason = "the name of the method that gets any other number")]
    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_are_sent_twice_are_kept() {
        let twice = read(br#"{"a":1,"a":null}"#).expect("JSON");
        let member = |value| ("a".to_owned(), value);
        assert_eq!(twice, Json::Object(vec![member(Json::Whole(1)), member(Json::Null)]));
    }

    #[test]
    fn what_the_grammar_allows_and_no_type_holds_is_named() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
        for (text, pointer, word) in [
            (r#"{"a":[1e400]}"#, "/a/0", "number"),
            (r#"{"a":"\ud800"}"#, "/a", "half of a character"),
            (r#"{"b":1,"a":"x\udc00y"}"#, "/a", "half of a character"),
        ] {
            assert!(check(text.as_bytes()).is_ok(), "{text}");
            let unreadable = read(text.as_bytes()).expect_err("unreadable");
            assert_eq!(unreadable.pointer, pointer);
            assert!(unreadable.fix.contains(word), "{}", unreadable.fix);
        }
        assert!(check(deep.as_bytes()).is_ok());
        let unreadable = read(deep.as_bytes()).expect_err("unreadable");
        assert!(unreadable.pointer.starts_with("/a/0/0") && unreadable.fix.contains("127 levels"));
        for text in ["", "{", "{\"a\":}", "{\"a\":1,}", "{'a':1}", "nul", "\"\u{1}\""] {
            assert!(check(text.as_bytes()).is_err(), "{text}");
        }
    }
}
