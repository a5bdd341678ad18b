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
/// Parts of secrets: of API keys, of refresh tokens, of links for a new password, of invitations, of challenges and recovery codes of a second factor,
/// of codes of sign-ins with a provider, of customer sessions, and of secrets of webhooks.
const SECRET_PARTS: [&str; 10] =
    ["sw_live_", "sw_test_", "swr_", "swp_", "swi_", "swm_", "swc_", "swo_", "sws_", "whsec_"];
/// The beginning of an access token: `{"` in base64.
const ACCESS_TOKEN: &str = "eyJ";
/// The beginnings of the paths whose bodies have secrets as `code`. A caller who has the code of a voucher can redeem it, and a code
/// of a second factor that was rejected for another reason works still.
const WITH_CODES: [&str; 5] =
    ["/v1/vouchers", "/v1/me/second-factor", "/v1/identity-providers", "/v1/users", "/v1/invitations"];

/// Returns the JSON body of a request to `path` without secrets, card numbers, and codes of vouchers and second factors. Returns
/// nothing for a body that is no JSON, because its secrets can't be found.
pub(super) fn body(path: &str, raw: &[u8]) -> Option<String> {
    let mut value: Value = serde_json::from_slice(raw).ok()?;
    redact(&mut value, WITH_CODES.iter().any(|beginning| path.starts_with(beginning)));
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

/// Redacts a value. If it is `with_codes`, each `code` is a secret.
fn redact(value: &mut Value, with_codes: bool) {
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
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, with_codes)),
        Value::Object(members) => {
            // The reference of a tender is the code of its voucher.
            let is_tender = members.get("kind").is_some_and(|kind| kind == "voucher");
            for (name, mut value) in std::mem::take(members) {
                let is_code = (with_codes && name == "code") || (is_tender && name == "reference");
                if is_code || names_secret(&name) {
                    value = REDACTED.into();
                } else {
                    redact(&mut value, with_codes);
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
        || has_login(text)
        || holds_card_number(text)
}

/// Whether a text is a URL with a user name or a password. An endpoint of webhooks is rejected with one.
fn has_login(text: &str) -> bool {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_no_secrets() {
        let raw = br#"{"name":"A","password":"p","Client-Secret":["s"],"lines":[{"note":"key sw_live_sk_x"},
            {"reference":"4111 1111 1111 1111","card":4111111111111111,"quantity":2}],"swr_x":1,"jwt":"eyJhbGciOi"}"#;
        let body = body("/v1/orders", raw).expect("JSON");
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
        assert_eq!(body("/v1/users", br#"{"password":"p""#), None);
        assert_eq!(body("/v1/users", b""), None);
    }

    #[test]
    fn a_body_has_no_codes_of_vouchers_and_no_logins_in_urls() {
        let kept = |path: &str, raw: &str| body(path, raw.as_bytes()).expect("JSON");
        let issued = kept("/v1/vouchers", r#"{"amount":"5","code":"7Q2M-94XK"}"#);
        assert_eq!(issued, r#"{"amount":"5","code":"[redacted]"}"#);
        let batch = kept("/v1/vouchers/batch", r#"{"items":[{"code":"7Q2M-94XK"}]}"#);
        assert_eq!(batch, r#"{"items":[{"code":"[redacted]"}]}"#);
        assert_eq!(kept("/v1/suppliers", r#"{"code":"ACME"}"#), r#"{"code":"ACME"}"#);
        let sale =
            r#"{"tenders":[{"kind":"voucher","reference":"7Q2M-94XK"},{"kind":"card","reference":"A1"}]}"#;
        assert_eq!(kept("/v1/pos/sales", sale), sale.replace("7Q2M-94XK", REDACTED));
        let endpoint = kept("/v1/webhook-endpoints", r#"{"url":"https://carl:hunter2@shop.example/hook"}"#);
        assert_eq!(endpoint, r#"{"url":"[redacted]"}"#);
        let plain = r#"{"url":"https://shop.example/hook?to=carl@shop.example"}"#;
        assert_eq!(kept("/v1/webhook-endpoints", plain), plain);
    }

    #[test]
    fn a_body_has_no_codes_of_second_factors() {
        for code in ["287082", "SWC ABCD-EFGH-IJKL-MNOP"] {
            let raw = format!(r#"{{"code":"{code}"}}"#);
            let kept = body("/v1/me/second-factor/remove", raw.as_bytes()).expect("JSON");
            assert_eq!(kept, r#"{"code":"[redacted]"}"#);
            for path in [
                "/v1/identity-providers/idp_x",
                "/v1/users",
                "/v1/users/usr_x/password-link",
                "/v1/invitations",
            ] {
                assert_eq!(body(path, raw.as_bytes()).expect("JSON"), r#"{"code":"[redacted]"}"#, "{path}");
            }
        }
    }

    #[test]
    fn a_path_has_no_secrets() {
        assert_eq!(path("/v1/api-keys/sw_live_sk_abc/rotate"), "/v1/api-keys/[redacted]/rotate");
        assert_eq!(path("/v1/orders"), "/v1/orders");
    }
}
