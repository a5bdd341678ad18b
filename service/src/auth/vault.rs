//! Secrets that the program must read again, sealed for the database by a key that is derived from the signing key of the
//! installation. A copy of the database alone reveals none.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use domain::id::TenantId;
use uuid::Uuid;

use super::SigningKey;
use crate::Error;

/// Seals secrets for the database.
#[derive(Debug)]
pub struct Vault(RandomizedNonceKey);

impl Vault {
    /// Derives the key of a vault. Each purpose has its own.
    pub fn new(signing_key: &SigningKey, purpose: &str) -> Self {
        let key = RandomizedNonceKey::new(&AES_256_GCM, &signing_key.derive(purpose));
        Vault(key.expect("AES-256 takes keys of 32 bytes"))
    }

    /// Seals a secret of the record `id`.
    pub fn seal(&self, tenant_id: TenantId, id: Uuid, secret: &[u8]) -> Result<Vec<u8>, Error> {
        let mut sealed = secret.to_vec();
        let nonce = self.0.seal_in_place_append_tag(owner(tenant_id, id), &mut sealed);
        let nonce = nonce.map_err(|_| Error::invariant("a secret can't be sealed"))?;
        let nonce: &[u8; NONCE_LEN] = nonce.as_ref();
        let mut bytes = nonce.to_vec();
        bytes.append(&mut sealed);
        Ok(bytes)
    }

    /// Returns the secret. Returns nothing if it belongs to another record, or the installation has another signing key now.
    pub fn open(&self, tenant_id: TenantId, id: Uuid, bytes: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut secret = sealed.to_vec();
        let length = self.0.open_in_place(nonce, owner(tenant_id, id), &mut secret).ok()?.len();
        secret.truncate(length);
        Some(secret)
    }
}

/// Returns the data that binds a secret to its record.
fn owner(tenant_id: TenantId, id: Uuid) -> Aad<[u8; 32]> {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(tenant_id.0.as_bytes());
    bytes[16..].copy_from_slice(id.as_bytes());
    Aad::from(bytes)
}
