//! The check of an id token (OpenID Connect Core 1.0, 3.1.3.7).

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

/// Longest id token.
const LENGTH_MAX: usize = 16 * 1024;
/// Longest name of a person at a provider (OpenID Connect Core 1.0, 2).
const SUBJECT_LENGTH_MAX: usize = 255;
/// Most by which clocks may differ.
const LEEWAY_SECONDS: u64 = 60;
/// Algorithms that are accepted: signatures with a public key. The secret of Stockwell at the provider signs nothing.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// The values that an id token must have.
#[derive(Debug)]
pub(super) struct Expected<'e> {
    pub issuer: &'e str,
    pub client_id: &'e str,
    pub nonce: &'e str,
}

/// The person of an id token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    /// Name of the person's account at the provider. It never names another account.
    pub subject: String,
    /// E-mail address in lower case. The provider has verified that it is the person's.
    pub email: String,
    pub name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    sub: Option<String>,
    aud: Value,
    azp: Option<String>,
    nonce: Option<String>,
    email: Option<String>,
    email_verified: Option<Value>,
    name: Option<String>,
}

/// Reads the head of an id token. Rejects one that is not signed with a public key.
pub(super) fn head(token: &str) -> Result<Header, &'static str> {
    let header = (token.len() <= LENGTH_MAX).then(|| decode_header(token).ok()).flatten();
    let header = header.ok_or("The id token of the provider can't be read.")?;
    if ALGORITHMS.contains(&header.alg) {
        return Ok(header);
    }
    Err("The id token of the provider is not signed with a public key.")
}

/// Returns the person of an id token, if it is signed by `key`, in force and meant for us.
pub(super) fn check(
    token: &str,
    algorithm: Algorithm,
    key: &Jwk,
    expected: &Expected<'_>,
) -> Result<Person, &'static str> {
    let key = DecodingKey::from_jwk(key).map_err(|_| "The key of the provider can't be read.")?;
    let mut validation = Validation::new(algorithm);
    validation.leeway = LEEWAY_SECONDS;
    validation.validate_nbf = true;
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let decoded = decode::<Claims>(token, &key, &validation);
    let claims = decoded.map_err(
        |_| "The id token of the provider is not valid: its signature, issuer, audience or time is wrong.",
    )?;
    read(claims.claims, expected)
}

fn read(claims: Claims, expected: &Expected<'_>) -> Result<Person, &'static str> {
    let is_for_several = claims.aud.as_array().is_some_and(|audiences| audiences.len() > 1);
    let is_ours = match &claims.azp {
        Some(azp) => azp == expected.client_id,
        None => !is_for_several,
    };
    if !is_ours {
        return Err("The id token of the provider was issued to another program.");
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err("The id token of the provider belongs to another sign-in.");
    }
    let subject = claims.sub.filter(|subject| (1..=SUBJECT_LENGTH_MAX).contains(&subject.len()));
    let subject = subject.ok_or("The id token of the provider names no account.")?;
    let is_verified = match &claims.email_verified {
        Some(Value::Bool(is_verified)) => *is_verified,
        Some(Value::String(text)) => text == "true",
        Some(Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_)) | None => false,
    };
    let email = claims.email.filter(|_| is_verified);
    let email = email.ok_or("The provider has not verified your e-mail address.")?;
    let email = in_lower_case(&email)
        .ok_or("Your e-mail address at the provider has a letter that may not be used.")?;
    Ok(Person { subject, email, name: claims.name })
}

/// Returns an address in lower case. Returns nothing if a letter outside of ASCII would become one of ASCII, as the Kelvin sign becomes
/// `k`: the address would become that of another person.
fn in_lower_case(email: &str) -> Option<String> {
    let changes = |letter: char| !letter.is_ascii() && letter.to_lowercase().any(|lower| lower.is_ascii());
    (!email.contains(changes)).then(|| email.trim().to_lowercase())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EXPECTED: Expected<'static> =
        Expected { issuer: "https://login.example", client_id: "stockwell", nonce: "n" };

    fn person(changed: Value) -> Result<Person, &'static str> {
        let mut claims = json!({ "aud": "stockwell", "sub": "1", "nonce": "n", "email": " Ada@Shop.example", "email_verified": true });
        for (name, value) in changed.as_object().expect("members") {
            claims[name] = value.clone();
        }
        read(serde_json::from_value(claims).expect("claims"), &EXPECTED)
    }

    #[test]
    fn a_token_for_another_program_or_sign_in_is_rejected() {
        assert_eq!(person(json!({})).map(|person| person.email).as_deref(), Ok("ada@shop.example"));
        assert!(person(json!({ "aud": ["stockwell"] })).is_ok());
        assert!(person(json!({ "aud": ["stockwell", "other"], "azp": "stockwell" })).is_ok());
        assert!(person(json!({ "email_verified": "true" })).is_ok());
        for wrong in [
            json!({ "aud": ["stockwell", "other"] }),
            json!({ "azp": "other" }),
            json!({ "nonce": "m" }),
            json!({ "nonce": null }),
            json!({ "sub": null }),
            json!({ "sub": "" }),
            json!({ "sub": "x".repeat(SUBJECT_LENGTH_MAX + 1) }),
            json!({ "email": "mi\u{212a}e@shop.example" }),
            json!({ "email": null }),
            json!({ "email_verified": false }),
            json!({ "email_verified": null }),
            json!({ "email_verified": "yes" }),
            json!({ "email_verified": 1 }),
        ] {
            assert!(person(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_signatures_with_a_public_key_are_read() {
        use base64::Engine;
        for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS256","kid":"1"}"#, "{}", ""] {
            let header = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(header);
            assert!(head(&format!("{header}.e30.")).is_err());
        }
        let header = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","kid":"1"}"#);
        assert_eq!(head(&format!("{header}.e30.c2ln")).map(|header| header.kid), Ok(Some("1".to_owned())));
        assert!(head(&format!("{header}.{}.c2ln", "a".repeat(LENGTH_MAX))).is_err());
    }
}
