//! Forms of parameters that a handler reads from a text: ids of several kinds, and words of a list in the code.

use std::collections::BTreeSet;

use domain::document::DocumentKind;
use domain::id::{ApiKeyId, CustomerSessionId, UserId};
use serde_json::Value;
use strum::VariantArray;

use crate::event::TYPE_PATTERN;
use crate::problem::ErrorCode;

/// The form of a bound of a report: a day, an RFC 3339 instant, or milliseconds since 1970. A plus sign that is not percent-encoded
/// arrives as a space.
const BOUND_PATTERN: &str =
    r"^(\d{4}-\d{2}-\d{2}([Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[-+ ]\d{2}:\d{2}))?|\d{11,14})$";

/// Returns a parameter of the operations at `path`, with the form that its handler checks.
pub fn with_form(path: &str, parameter: &Value) -> Value {
    let mut parameter = parameter.clone();
    let of_kinds = || DocumentKind::VARIANTS.iter();
    match (parameter["name"].as_str().unwrap_or_default(), path) {
        ("document_id", _) => {
            parameter["schema"]["pattern"] = id_of(of_kinds().map(|kind| kind.prefix())).into();
        }
        ("actor_id", _) => {
            parameter["schema"]["pattern"] =
                id_of([ApiKeyId::PREFIX, UserId::PREFIX, CustomerSessionId::PREFIX].into_iter()).into();
        }
        ("document_kind", _) => {
            parameter["schema"]["pattern"] = one_of(of_kinds().map(|kind| kind.word())).into();
        }
        ("code", "/v1/access-refusals" | "/v1/request-log") => {
            parameter["schema"]["pattern"] = one_of(ErrorCode::all().map(ErrorCode::as_str)).into();
        }
        ("from" | "to" | "as_of" | "known_at", path) if path.starts_with("/v1/reports/") => {
            parameter["schema"]["pattern"] = BOUND_PATTERN.into();
        }
        ("type", "/v1/events" | "/v1/stream") => {
            parameter["schema"]["items"]["pattern"] = TYPE_PATTERN.into();
        }
        _ => {}
    }
    parameter
}

fn one_of<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let words: BTreeSet<&str> = words.collect();
    format!("^({})$", words.into_iter().collect::<Vec<_>>().join("|"))
}

fn id_of(prefixes: impl Iterator<Item = &'static str>) -> String {
    format!("{}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$", one_of(prefixes).trim_end_matches('$'))
}

#[cfg(test)]
mod tests {
    use regex_lite::Regex;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::document::{parse_document_id, parse_document_kind};
    use crate::event::checked_types;

    fn form(name: &str, path: &str) -> Regex {
        let own = with_form(path, &json!({ "name": name, "schema": { "type": "string", "items": {} } }));
        let pattern = own["schema"]["pattern"].as_str().or(own["schema"]["items"]["pattern"].as_str());
        Regex::new(pattern.expect("a pattern")).expect("a regular expression")
    }

    #[test]
    fn the_described_form_is_the_one_that_is_checked() {
        let (id, word) = (form("document_id", "/v1/events"), form("document_kind", "/v1/journal-entries"));
        for kind in DocumentKind::VARIANTS {
            assert!(id.is_match(&kind.encode(Uuid::max())) && word.is_match(kind.word()), "{}", kind.word());
        }
        for text in [
            "ord_01h455vb4pex5vsknk084sn02q",
            "ord_81h455vb4pex5vsknk084sn02q",
            "xyz_01h455vb4pex5vsknk084sn02q",
            "",
        ] {
            assert_eq!(parse_document_id(text, "document_id").is_ok(), id.is_match(text), "{text}");
        }
        for text in ["sale", "sales", "Sale", ""] {
            assert_eq!(parse_document_kind(text).is_ok(), word.is_match(text), "{text}");
        }
        let kind = form("type", "/v1/events");
        for text in ["order.*", "*", "Order", "a-b", &"a".repeat(64), &"a".repeat(65)] {
            assert_eq!(checked_types(vec![text.to_owned()], "type").is_ok(), kind.is_match(text), "{text}");
        }
        let bound = form("from", "/v1/reports/rows/movements");
        for text in [
            "2026-11-22",
            "2026-11-22T01:20:00Z",
            "2026-11-22t01:20:60.5z",
            "2026-11-22T01:20:00+01:00",
            "2026-11-22T01:20:00.123456789-09:30",
            "2026-11-22T01:20:00 01:00",
            "1320192000000",
        ] {
            assert!(bound.is_match(text), "{text}");
        }
        for text in [
            "",
            "soon",
            "2026",
            "20261122",
            "2026-1-1",
            "2026-11-22T01:20:00",
            "2026-11-22 01:20:00Z",
            "1e12",
        ] {
            assert!(!bound.is_match(text), "{text}");
        }
        let code = form("code", "/v1/access-refusals");
        assert!(code.is_match("insufficient_scope") && !code.is_match("insufficient"));
    }
}
