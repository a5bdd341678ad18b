//! The state of a sign-in that is under way. The browser carries it, signed, so strangers who begin sign-ins take no room.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::id::{IdentityProviderId, TenantId};
use rand::RngExt;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::auth::SigningKey;

/// Seconds within which the provider must send the person back.
pub const SECONDS: i64 = 10 * 60;
/// Prefix of a state.
const PREFIX: &str = "swn_";
/// Random bytes of a state.
const RANDOM_BYTES: usize = 32;
/// Bytes before the page: tenant, provider, end, random bytes.
const FIXED_BYTES: usize = 16 + 16 + 8 + RANDOM_BYTES;
/// Bytes of the signature.
const SIGNATURE_BYTES: usize = 32;
/// Longest text of a state.
pub const LENGTH_MAX: usize = 500;

/// The content of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub tenant_id: TenantId,
    pub provider_id: IdentityProviderId,
    /// Unix time in seconds.
    pub expires_at: i64,
    /// Path of the page that began the sign-in.
    pub page: String,
}

/// A secret that follows from a state, and is sent apart from it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    /// It ties the id token to the state.
    Nonce,
    /// It ties the exchange of the code to the state (PKCE, RFC 7636).
    Verifier,
    /// It ties the state to the browser that began the sign-in.
    Cookie,
    /// It ties our code, which stands here in place of the state, to the same browser.
    Page,
}

/// Signs states.
#[derive(Debug)]
pub(in crate::auth) struct States(hmac::Key);

impl States {
    pub(in crate::auth) fn new(signing_key: &SigningKey) -> Self {
        States(hmac::Key::new(hmac::HMAC_SHA256, &signing_key.derive("sign-ins with providers")))
    }

    /// Makes the text of a state.
    pub(super) fn write(&self, state: &State) -> String {
        let mut bytes = Vec::with_capacity(FIXED_BYTES + state.page.len() + SIGNATURE_BYTES);
        bytes.extend_from_slice(state.tenant_id.0.as_bytes());
        bytes.extend_from_slice(state.provider_id.0.as_bytes());
        bytes.extend_from_slice(&state.expires_at.to_be_bytes());
        bytes.extend_from_slice(&rand::rng().random::<[u8; RANDOM_BYTES]>());
        bytes.extend_from_slice(state.page.as_bytes());
        let signature = hmac::sign(&self.0, &bytes);
        bytes.extend_from_slice(signature.as_ref());
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads a state that this installation signed, and that has not ended.
    pub(super) fn read(&self, text: &str, now: DateTime<Utc>) -> Option<State> {
        if text.len() > LENGTH_MAX {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        let signed = bytes.len().checked_sub(SIGNATURE_BYTES)?;
        let (signed, signature) = bytes.split_at_checked(signed)?;
        hmac::verify(&self.0, signed, signature).ok()?;
        let (fixed, page) = signed.split_at_checked(FIXED_BYTES)?;
        let expires_at = i64::from_be_bytes(<[u8; 8]>::try_from(fixed.get(32..40)?).ok()?);
        let state = State {
            tenant_id: TenantId(Uuid::from_slice(fixed.get(..16)?).ok()?),
            provider_id: IdentityProviderId(Uuid::from_slice(fixed.get(16..32)?).ok()?),
            expires_at,
            page: String::from_utf8(page.to_vec()).ok()?,
        };
        (expires_at > now.timestamp()).then_some(state)
    }

    /// Returns a secret that follows from the text of a state.
    pub(super) fn derive(&self, part: Part, text: &str) -> String {
        let purpose = match part {
            Part::Nonce => "nonce",
            Part::Verifier => "verifier",
            Part::Cookie => "cookie",
            Part::Page => "page",
        };
        let signed = hmac::sign(&self.0, format!("{purpose} {text}").as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(signed.as_ref())
    }
}

/// Returns the hash under which the use of a state is stored.
pub(super) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a time")
    }

    #[test]
    fn a_state_is_read_by_its_installation_until_it_ends() {
        let states = States::new(&SigningKey::generate().expect("a key"));
        let state = State {
            tenant_id: TenantId(Uuid::from_u128(1)),
            provider_id: IdentityProviderId(Uuid::from_u128(2)),
            expires_at: 1_000,
            page: "/console".to_owned(),
        };
        let text = states.write(&state);
        assert_eq!(states.read(&text, at(999)), Some(state.clone()));
        assert_eq!(states.read(&text, at(1_000)), None);
        let other = States::new(&SigningKey::generate().expect("a key"));
        assert_eq!(other.read(&text, at(999)), None);
        for odd in ["", "swn_", "swn_AAAA", &text[1..], &text[..text.len() - 2], &format!("{text}A")] {
            assert_eq!(states.read(odd, at(999)), None, "{odd}");
        }
        assert_ne!(text, states.write(&state), "each has random bytes");
        let longest = State { page: "/".repeat(100), ..state };
        assert!(states.write(&longest).len() <= LENGTH_MAX);
    }

    #[test]
    fn the_parts_of_a_state_differ() {
        let states = States::new(&SigningKey::generate().expect("a key"));
        let of = |part| states.derive(part, "swn_x");
        assert_eq!(of(Part::Verifier), of(Part::Verifier));
        assert_eq!(of(Part::Verifier).len(), 43);
        assert!(of(Part::Verifier) != of(Part::Nonce) && of(Part::Nonce) != of(Part::Cookie));
        assert_ne!(of(Part::Cookie), of(Part::Page));
        assert_ne!(states.derive(Part::Nonce, "swn_y"), of(Part::Nonce));
    }
}
