//! Tokens that work once: of links for a new password, and of invitations.

use domain::id::{TenantId, decode, encode};
use rand::RngExt;
use rand::distr::Alphanumeric;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

const LETTERS: usize = 43;

/// The prefix of a kind of token. The tenant follows, because row-level security needs it to find the token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prefix(pub &'static str);

impl Prefix {
    /// Makes a token of a tenant.
    pub(super) fn make(self, tenant_id: TenantId) -> SecretString {
        let mut token = format!("{}_", encode(self.0, tenant_id.0));
        token.extend(rand::rng().sample_iter(Alphanumeric).take(LETTERS).map(char::from));
        token.into()
    }

    /// Returns the tenant of a token, and its hash. Returns nothing if it has another form.
    pub(super) fn read(self, token: &SecretString) -> Option<(TenantId, [u8; 32])> {
        let (tenant, letters) = token.expose_secret().rsplit_once('_')?;
        let tenant_id = TenantId(decode(self.0, tenant).ok()?);
        (letters.len() == LETTERS).then(|| (tenant_id, hash(token)))
    }
}

/// Returns the hash under which a token is stored.
pub(super) fn hash(token: &SecretString) -> [u8; 32] {
    Sha256::digest(token.expose_secret().as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_token_names_its_tenant() {
        let (prefix, tenant) = (Prefix("swp"), TenantId(Uuid::now_v7()));
        let text = format!("{}_{}", encode("swp", tenant.0), "a".repeat(LETTERS));
        assert_eq!(prefix.read(&text.clone().into()).map(|(tenant, _)| tenant), Some(tenant));
        assert_eq!(prefix.read(&format!("{text}a").into()), None);
        assert_eq!(prefix.read(&text.replace("swp", "swr").into()), None);
        assert_eq!(prefix.read(&"swp__".into()), None);
        let made = prefix.make(tenant);
        assert_eq!(prefix.read(&made), Some((tenant, hash(&made))));
    }
}
