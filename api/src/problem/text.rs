//! Texts of a problem. They may repeat what the caller sent, which may be long: each is cut at its stated length.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::ser::{SerializeMap, Serializer};

/// Longest figure.
const FIGURE_LENGTH_MAX: usize = 200;

/// Returns at most `length_max` bytes of a text. The mark of the cut is part of them.
fn cut(text: &str, length_max: usize) -> Cow<'_, str> {
    const MARK: &str = "…";
    if text.len() <= length_max {
        return text.into();
    }
    let end = (0..=length_max - MARK.len()).rev().find(|end| text.is_char_boundary(*end));
    format!("{}{MARK}", &text[..end.unwrap_or_default()]).into()
}

/// Serializes at most `LENGTH_MAX` bytes of a text.
pub fn short<const LENGTH_MAX: usize, S: Serializer>(
    text: impl AsRef<str>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&cut(text.as_ref(), LENGTH_MAX))
}

/// Serializes at most `LENGTH_MAX` bytes of a text that may be absent.
pub fn short_if_any<const LENGTH_MAX: usize, S: Serializer>(
    text: &Option<String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match text {
        Some(text) => short::<LENGTH_MAX, S>(text, serializer),
        None => serializer.serialize_none(),
    }
}

/// Serializes figures by name.
pub fn short_figures<S: Serializer>(
    figures: &BTreeMap<&'static str, String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(figures.len()))?;
    for (name, figure) in figures {
        map.serialize_entry(name, &cut(figure, FIGURE_LENGTH_MAX))?;
    }
    map.end()
}

/// Returns a message of a parser without most of the caller's text that it repeats, but with all that it expected.
pub fn shorten(message: &str) -> Cow<'_, str> {
    const LENGTH_MAX: usize = 500;
    const REPEATED_MAX: usize = 100;
    if message.len() <= LENGTH_MAX {
        return message.into();
    }
    match message.rsplit_once("`, expected ") {
        Some((start, expected)) => format!("{}`, expected {expected}", cut(start, REPEATED_MAX)).into(),
        None => cut(message, REPEATED_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_letters() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("longer", 5), "lo…");
        assert_eq!(cut("aéééé", 7), "aé…");
    }

    #[test]
    fn a_message_keeps_what_was_expected() {
        let message = format!("unknown variant `{}`, expected `a` or `b`", "x".repeat(200_000));
        let short = shorten(&message);
        assert!(short.len() < 200 && short.ends_with("…`, expected `a` or `b`"), "{short}");
        assert!(shorten(&"x".repeat(200_000)).len() <= 100);
    }
}
