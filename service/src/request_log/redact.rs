//! Texts and bodies without secrets.

use domain::text::holds_card_number;
use serde_json::Value;

/// The text in the place of a secret.
const REDACTED: &str = "[redacted]";
/// Parts of the names of members whose values are secrets.
const SECRET_NAMES: [&str; 9] = [
    "password",
    "secret",
    "token",
    "authorization",
    "api_key",
    "apikey",
    "credential",
    "cookie",
    "signature",
];
/// Parts of secrets: of API keys, of refresh tokens, of links for a new password, and of secrets of webhooks.
const SECRET_PARTS: [&str; 5] = ["sw_live_", "sw_test_", "swr_", "swp_", "whsec_"];
/// The beginning of an access token: `{"` in base64.
const ACCESS_TOKEN: &str = "eyJ";

/// Returns a JSON body without secrets and card numbers. Returns nothing for a body that is no JSON, because its secrets can't be
/// found.
pub(super) fn body(raw: &[u8]) -> Option<String> {
    let mut value: Value = serde_json::from_slice(raw).ok()?;
    redact(&mut value);
    Some(value.to_string())
}

/// Returns a path without segments that are secrets.
pub(super) fn path(path: &str) -> String {
    let segments: Vec<&str> =
        path.split('/').map(|segment| if is_secret(segment) { REDACTED } else { segment }).collect();
    segments.join("/")
}

/// Returns a text, unless it is a secret.
pub(super) fn text(text: String) -> String {
    if is_secret(&text) { REDACTED.to_owned() } else { text }
}

fn redact(value: &mut Value) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => {
            if holds_card_number(&number.to_string()) {
                *value = REDACTED.into();
            }
        }
        Value::String(text) => {
            if is_secret(text) {
                *value = REDACTED.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Object(members) => {
            for (name, mut value) in std::mem::take(members) {
                if names_secret(&name) {
                    value = REDACTED.into();
                } else {
                    redact(&mut value);
                }
                members.insert(text(name), value);
            }
        }
    }
}

fn names_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRET_NAMES.iter().any(|part| name.contains(part))
}

fn is_secret(text: &str) -> bool {
    text.starts_with(ACCESS_TOKEN)
        || SECRET_PARTS.iter().any(|part| text.contains(part))
        || holds_card_number(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_no_secrets() {
        let raw = br#"{"name":"A","password":"p","Client-Secret":["s"],"lines":[{"note":"key sw_live_sk_x"},
            {"reference":"4111 1111 1111 1111","card":4111111111111111,"quantity":2}],"swr_x":1,"jwt":"eyJhbGciOi"}"#;
        let body = body(raw).expect("JSON");
        let value: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(value["name"], "A");
        assert_eq!(value["lines"][1]["quantity"], 2);
        for secret in ["\"p\"", "\"s\"", "sw_live", "4111", "swr_x", "eyJ"] {
            assert!(!body.contains(secret), "{secret}: {body}");
        }
        assert_eq!(body.matches(REDACTED).count(), 7, "{body}");
    }

    #[test]
    fn a_body_that_is_no_json_is_not_kept() {
        assert_eq!(body(br#"{"password":"p""#), None);
        assert_eq!(body(b""), None);
    }

    #[test]
    fn a_path_has_no_secrets() {
        assert_eq!(path("/v1/api-keys/sw_live_sk_abc/rotate"), "/v1/api-keys/[redacted]/rotate");
        assert_eq!(path("/v1/orders"), "/v1/orders");
    }
}
