//! Messages that another system sends to Stockwell, signed as Standard Webhooks 1.0 describes.
//!
//! The sender has no API key, so the signature is its credential. A caller of [`verify`] keeps the ids of messages that it has
//! handled: a repeat within [`TOLERANCE_SECONDS`] has a valid signature.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};

use super::secret::Secret;

/// Most bytes of a body.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Most seconds between the time of a message and the time of the server, in both directions.
pub const TOLERANCE_SECONDS: u64 = 300;
/// Most bytes of a message's id.
const ID_BYTES_MAX: usize = 100;
/// Most bytes of the header with the signatures.
const SIGNATURES_BYTES_MAX: usize = 1_000;
/// Most signatures that are checked. A sender that rotates its secret sends two.
const SIGNATURES_MAX: usize = 4;

/// The headers of a message.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a> {
    /// `webhook-id`
    pub id: &'a str,
    /// `webhook-timestamp`
    pub timestamp: &'a str,
    /// `webhook-signature`
    pub signatures: &'a str,
}

/// The reason why a message is rejected. It is for the log: the response to the sender is the same for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The id is empty, too long, or has other characters than letters, digits, `_` and `-`.
    #[error("webhook-id is no id of a message")]
    Id,
    /// The timestamp is no whole number of seconds.
    #[error("webhook-timestamp is no time in seconds")]
    Timestamp,
    /// The timestamp is more than five minutes away.
    #[error("webhook-timestamp is more than five minutes away")]
    Late,
    /// The body is too long.
    #[error("the body has more than 64 KiB")]
    Body,
    /// No signature matches.
    #[error("no signature matches")]
    Signature,
}

/// Checks that a message was made with one of the secrets, and lately. Two secrets are valid while one is rotated.
///
/// An id has no point: otherwise the parts of a signed message could be divided in another way, with a new time.
pub fn verify(
    secrets: &[Secret],
    headers: &Headers<'_>,
    body: &[u8],
    at: DateTime<Utc>,
) -> Result<(), Rejected> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if headers.id.is_empty() || headers.id.len() > ID_BYTES_MAX || !headers.id.bytes().all(is_plain) {
        return Err(Rejected::Id);
    }
    let timestamp: i64 = headers.timestamp.parse().map_err(|_| Rejected::Timestamp)?;
    // The signature is over the shortest text of the number.
    if timestamp.to_string() != headers.timestamp {
        return Err(Rejected::Timestamp);
    }
    if at.timestamp().abs_diff(timestamp) > TOLERANCE_SECONDS {
        return Err(Rejected::Late);
    }
    if body.len() > BODY_BYTES_MAX {
        return Err(Rejected::Body);
    }
    if headers.signatures.len() > SIGNATURES_BYTES_MAX {
        return Err(Rejected::Signature);
    }
    let signatures = headers.signatures.split(' ').filter_map(|signature| signature.strip_prefix("v1,"));
    for signature in signatures.take(SIGNATURES_MAX) {
        let Ok(signature) = BASE64_STANDARD.decode(signature) else { continue };
        if secrets.iter().any(|secret| secret.has_signed(headers.id, timestamp, body, &signature)) {
            return Ok(());
        }
    }
    Err(Rejected::Signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 1_795_334_535;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("an instant")
    }

    /// Checks a message with the id `msg_1`, the time [`AT`] and the body `{}`.
    fn checked(secrets: &[Secret], signatures: &str, seconds: i64) -> Result<(), Rejected> {
        let timestamp = AT.to_string();
        let headers = Headers { id: "msg_1", timestamp: &timestamp, signatures };
        verify(secrets, &headers, b"{}", at(seconds))
    }

    #[test]
    fn a_signed_message_is_accepted_for_five_minutes() {
        let secret = Secret::generate();
        let signature = secret.sign("msg_1", AT, b"{}");
        let secrets = [secret];
        for seconds in [AT, AT + 300, AT - 300] {
            assert_eq!(checked(&secrets, &signature, seconds), Ok(()));
        }
        for seconds in [AT + 301, AT - 301] {
            assert_eq!(checked(&secrets, &signature, seconds), Err(Rejected::Late));
        }
    }

    #[test]
    fn a_signature_of_another_secret_or_message_is_rejected() {
        let (secret, other) = (Secret::generate(), Secret::generate());
        let wrong = [
            other.sign("msg_1", AT, b"{}"),
            secret.sign("msg_2", AT, b"{}"),
            secret.sign("msg_1", AT + 1, b"{}"),
            secret.sign("msg_1", AT, b"{ }"),
            secret.sign("msg_1", AT, b"{}").replace("v1,", "v2,"),
            "v1,".to_owned(),
            "v1,???".to_owned(),
            String::new(),
        ];
        for signature in &wrong {
            let result = checked(std::slice::from_ref(&secret), signature, AT);
            assert_eq!(result, Err(Rejected::Signature), "{signature}");
        }
        assert_eq!(checked(&[], &secret.sign("msg_1", AT, b"{}"), AT), Err(Rejected::Signature));
    }

    #[test]
    fn a_rotated_secret_is_accepted_beside_the_new_one() {
        let (old, new, other) = (Secret::generate(), Secret::generate(), Secret::generate());
        let right = old.sign("msg_1", AT, b"{}");
        let wrong = other.sign("msg_1", AT, b"{}");
        let secrets = [new, old];
        assert_eq!(checked(&secrets, &format!("{wrong} {right}"), AT), Ok(()));
        let beyond = format!("{} {right}", [wrong.as_str(); SIGNATURES_MAX].join(" "));
        assert_eq!(checked(&secrets, &beyond, AT), Err(Rejected::Signature));
        let long = format!("{right} {}", "x".repeat(SIGNATURES_BYTES_MAX));
        assert_eq!(checked(&secrets, &long, AT), Err(Rejected::Signature));
    }

    #[test]
    fn headers_and_body_have_limits() {
        let secret = Secret::generate();
        let of = |id: &str, timestamp: &str, body: &[u8]| {
            let signature = secret.sign(id, AT, body);
            let headers = Headers { id, timestamp, signatures: &signature };
            verify(std::slice::from_ref(&secret), &headers, body, at(AT))
        };
        let now = AT.to_string();
        for id in ["", "a.1", "a b", "a".repeat(ID_BYTES_MAX + 1).as_str()] {
            assert_eq!(of(id, &now, b"{}"), Err(Rejected::Id), "{id}");
        }
        for timestamp in ["", "soon", "1795334535.0", "+1795334535", "01795334535", "99999999999999999999"] {
            assert_eq!(of("msg_1", timestamp, b"{}"), Err(Rejected::Timestamp), "{timestamp}");
        }
        assert_eq!(of("msg_1", &i64::MIN.to_string(), b"{}"), Err(Rejected::Late));
        assert_eq!(of("msg_1", &now, &[b' '; BODY_BYTES_MAX]), Ok(()));
        assert_eq!(of("msg_1", &now, &[b' '; BODY_BYTES_MAX + 1]), Err(Rejected::Body));
    }
}
