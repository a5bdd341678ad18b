//! Secrets of endpoints, and the signatures that they make.
//!
//! The worker needs the secret to sign, so it is stored: sealed by a key that is derived from the signing key of the installation.
//! A copy of the database alone reveals none.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{TenantId, WebhookEndpointId};
use domain::refusal::Refusal;
use rand::RngExt;
use uuid::Uuid;

use crate::auth::{self, SigningKey};
use crate::{Error, input};

/// Bytes of a secret.
const SECRET_BYTES: usize = 32;
/// The beginning of a secret in its text form.
const PREFIX: &str = "whsec_";

/// A secret in clear.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret")
    }
}

impl Secret {
    /// Makes a random secret.
    pub(crate) fn generate() -> Self {
        Secret(rand::rng().random::<[u8; SECRET_BYTES]>().to_vec())
    }

    /// Returns the text form, which receivers check signatures with: `whsec_` and base64.
    pub(crate) fn reveal(&self) -> String {
        format!("{PREFIX}{}", BASE64_STANDARD.encode(&self.0))
    }

    /// Signs a message (`v1` of Standard Webhooks): HMAC-SHA256 over its id, the time in seconds, and the body.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut signing = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        signing.update(format!("{id}.{timestamp}.").as_bytes());
        signing.update(body);
        format!("v1,{}", BASE64_STANDARD.encode(signing.sign()))
    }

    /// Seals the secret of the record `id`.
    pub(crate) fn seal(&self, vault: &auth::Vault, tenant_id: TenantId, id: Uuid) -> Result<Vec<u8>, Error> {
        vault.seal(tenant_id, id, &self.0)
    }

    /// Returns the secret of the record `id`. Returns nothing if it belongs to another one, or the vault has another key.
    pub(crate) fn open(vault: &auth::Vault, tenant_id: TenantId, id: Uuid, bytes: &[u8]) -> Option<Self> {
        vault.open(tenant_id, id, bytes).map(Secret)
    }

    /// Returns whether the secret made the signature, as [`sign`](Self::sign) makes it. Compares in constant time.
    pub(super) fn has_signed(&self, id: &str, timestamp: i64, body: &[u8], signature: &[u8]) -> bool {
        let mut signed = format!("{id}.{timestamp}.").into_bytes();
        signed.extend_from_slice(body);
        hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), &signed, signature).is_ok()
    }
}

/// A record with its new secret, which is shown only once.
#[derive(Debug)]
pub struct Revealed<R> {
    /// The record.
    pub record: R,
    pub(crate) secret: Secret,
}

impl<R> Revealed<R> {
    /// Returns the secret in its text form, to be shown once.
    pub fn reveal(&self) -> String {
        self.secret.reveal()
    }
}

/// Returns the end of a rotation that begins now: until then the old secret is valid beside the new one. Returns nothing if the old
/// one ends at once. Rejects an overlap that is too long.
pub(crate) fn overlap_end(
    now: DateTime<Utc>,
    overlap_seconds: u32,
) -> Result<Option<DateTime<Utc>>, Refusal> {
    input::check_overlap(overlap_seconds)?;
    Ok((overlap_seconds > 0).then(|| now + TimeDelta::seconds(i64::from(overlap_seconds))))
}

/// Seals secrets of endpoints for the database.
#[derive(Debug)]
pub struct Vault(auth::Vault);

impl Vault {
    /// Derives the key of the vault.
    pub fn new(signing_key: &SigningKey) -> Self {
        Vault(auth::Vault::new(signing_key, "webhook secrets"))
    }

    pub(super) fn seal(
        &self,
        tenant_id: TenantId,
        id: WebhookEndpointId,
        secret: &Secret,
    ) -> Result<Vec<u8>, Error> {
        secret.seal(&self.0, tenant_id, id.0)
    }

    /// Returns the secret. Returns nothing if it belongs to another endpoint, or the installation has another signing key now.
    pub(super) fn open(&self, tenant_id: TenantId, id: WebhookEndpointId, bytes: &[u8]) -> Option<Secret> {
        Secret::open(&self.0, tenant_id, id.0, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification of Standard Webhooks.
    #[test]
    fn signs_as_the_specification_does() {
        let secret = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let body = br#"{"test": 2432232314}"#;
        let signed = Secret(secret).sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn an_old_secret_ends_after_the_overlap() {
        let now = DateTime::UNIX_EPOCH;
        let end = |seconds| overlap_end(now, seconds).expect("an overlap");
        assert_eq!((end(0), end(60)), (None, Some(now + TimeDelta::seconds(60))));
        assert!(overlap_end(now, 30 * 24 * 3600 + 1).is_err());
    }

    #[test]
    fn only_its_own_endpoint_opens_a_secret() {
        let key = SigningKey::generate().expect("a key");
        let (vault, other) = (Vault::new(&key), Vault::new(&SigningKey::generate().expect("a key")));
        let (tenant, id) = (TenantId(Uuid::from_u128(1)), WebhookEndpointId(Uuid::from_u128(2)));
        let secret = Secret::generate();
        let sealed = vault.seal(tenant, id, &secret).expect("a sealed secret");
        assert_eq!(vault.open(tenant, id, &sealed), Some(secret.clone()));
        assert_eq!(other.open(tenant, id, &sealed), None);
        assert_eq!(vault.open(tenant, WebhookEndpointId(Uuid::from_u128(3)), &sealed), None);
        assert_eq!(vault.open(TenantId(Uuid::from_u128(4)), id, &sealed), None);
        assert_eq!(vault.open(tenant, id, &sealed[1..]), None);
        assert_eq!(vault.open(tenant, id, &[]), None);
        assert!(secret.reveal().starts_with("whsec_") && secret.reveal().len() == 50);
    }
}
