//! The ids of episodes and fixes, which follow from the keys that the engine gives them.

use domain::id::{EpisodeId, FixId, TenantId};
use reconcile::Answer;
use reconcile::answer::Fix;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Puts ids in the place of the engine's keys.
pub fn name(tenant_id: TenantId, answer: &mut Answer) {
    let episode = |key: &str| EpisodeId(hashed(tenant_id, "episode", key)).to_string();
    for found in &mut answer.episodes {
        found.id = episode(&found.id);
    }
    for discrepancy in &mut answer.discrepancies {
        discrepancy.episode_id = discrepancy.episode_id.as_deref().map(episode);
        for explanation in &mut discrepancy.explanations {
            explanation.episode_id = explanation.episode_id.as_deref().map(episode);
        }
    }
    let fix = |key: &str| FixId(hashed(tenant_id, "fix", key)).to_string();
    for exception in &mut answer.exceptions {
        exception.id = fix(&exception.id);
    }
    for told in fixes(answer) {
        told.id = fix(&told.id);
    }
}

/// Returns the first fix and the next ones.
fn fixes(answer: &mut Answer) -> impl Iterator<Item = &mut Fix> {
    answer.first_fix.fix.iter_mut().chain(answer.first_fix.next.iter_mut())
}

/// Returns the same id for the same key of a tenant, and another one for another tenant.
fn hashed(tenant_id: TenantId, kind: &str, key: &str) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(tenant_id.0.as_bytes());
    hash.update(kind.as_bytes());
    hash.update([0]);
    hash.update(key.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_id_in_each_tenant() {
        let (one, other) = (TenantId(Uuid::nil()), TenantId(Uuid::max()));
        assert_eq!(hashed(one, "fix", "a"), hashed(one, "fix", "a"));
        assert_ne!(hashed(one, "fix", "a"), hashed(other, "fix", "a"));
        assert_ne!(hashed(one, "fix", "a"), hashed(one, "episode", "a"));
        assert_eq!(hashed(one, "fix", "a").get_version_num(), 8);
    }
}
