//! Persisted queries: a client sends the SHA-256 of a document in the place of the document. The protocol is that of Apollo's
//! clients (automatic persisted queries).
//!
//! A server keeps documents in memory, for each tenant its own. A client whose document is not known sends it once more, so a
//! server may forget any of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::id::TenantId;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Most documents of a tenant.
const DOCUMENTS_MAX: usize = 100;
/// Most bytes of the documents of a tenant.
const BYTES_MAX: usize = 256 * 1024;
/// Most bytes of the documents of all tenants.
const ALL_BYTES_MAX: usize = 16 * 1024 * 1024;

/// SHA-256 of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// Returns the hash of a document.
    pub fn of(document: &str) -> Self {
        Hash(Sha256::digest(document.as_bytes()).into())
    }

    /// Reads the member `persistedQuery` of a request's `extensions`. Nothing if there is none.
    pub fn read(extensions: &Value) -> Result<Option<Self>, &'static str> {
        let named = match extensions {
            Value::Null => return Ok(None),
            Value::Object(members) => members.get("persistedQuery").unwrap_or(&Value::Null),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Err("extensions must be an object");
            }
        };
        if named.is_null() {
            return Ok(None);
        }
        if named["version"] != 1 {
            return Err("extensions.persistedQuery.version must be 1");
        }
        let hash = named["sha256Hash"].as_str().and_then(Hash::parse);
        hash.map(Some).ok_or("extensions.persistedQuery.sha256Hash must be 64 hexadecimal digits")
    }

    fn parse(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
        }
        text.bytes().all(|letter| letter.is_ascii_hexdigit()).then_some(Hash(bytes))
    }
}

/// Documents of all tenants.
#[derive(Debug, Default)]
pub struct Store(Mutex<Documents>);

#[derive(Debug, Default)]
struct Documents {
    by_tenant: HashMap<TenantId, OfTenant>,
    bytes: usize,
    /// Counts uses. What was used longest ago has the smallest number.
    uses: u64,
}

#[derive(Debug, Default)]
struct OfTenant {
    by_hash: HashMap<Hash, Document>,
    bytes: usize,
    used: u64,
}

#[derive(Debug)]
struct Document {
    text: Arc<str>,
    used: u64,
}

impl Store {
    /// Returns a document that the tenant has sent before.
    pub fn get(&self, tenant_id: TenantId, hash: Hash) -> Option<Arc<str>> {
        let mut documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        documents.uses += 1;
        let used = documents.uses;
        let own = documents.by_tenant.get_mut(&tenant_id)?;
        let document = own.by_hash.get_mut(&hash)?;
        (own.used, document.used) = (used, used);
        Some(Arc::clone(&document.text))
    }

    /// Keeps a document of the tenant. Forgets those that were used longest ago if there are too many.
    pub fn put(&self, tenant_id: TenantId, hash: Hash, text: &str) {
        if text.len() > BYTES_MAX {
            return;
        }
        let mut documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        documents.uses += 1;
        let used = documents.uses;
        let own = documents.by_tenant.entry(tenant_id).or_default();
        let before = own.bytes;
        own.used = used;
        own.put(hash, Document { text: text.into(), used });
        let after = own.bytes;
        documents.bytes = documents.bytes + after - before;
        while documents.bytes > ALL_BYTES_MAX {
            let oldest =
                documents.by_tenant.iter().min_by_key(|(_, own)| own.used).map(|(tenant_id, _)| *tenant_id);
            let Some(own) = oldest.and_then(|oldest| documents.by_tenant.remove(&oldest)) else { break };
            documents.bytes -= own.bytes;
        }
    }
}

impl OfTenant {
    fn put(&mut self, hash: Hash, document: Document) {
        self.bytes += document.text.len();
        if let Some(before) = self.by_hash.insert(hash, document) {
            self.bytes -= before.text.len();
        }
        while self.by_hash.len() > DOCUMENTS_MAX || self.bytes > BYTES_MAX {
            let oldest = self.by_hash.iter().min_by_key(|(_, document)| document.used).map(|(hash, _)| *hash);
            let Some(document) = oldest.and_then(|oldest| self.by_hash.remove(&oldest)) else { break };
            self.bytes -= document.text.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn tenant(number: u128) -> TenantId {
        TenantId(Uuid::from_u128(number))
    }

    fn put(store: &Store, tenant_id: TenantId, text: &str) -> Hash {
        let hash = Hash::of(text);
        store.put(tenant_id, hash, text);
        hash
    }

    #[test]
    fn a_hash_is_read_as_apollo_sends_it() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let named = |value: Value| Hash::read(&json!({ "persistedQuery": value }));
        assert_eq!(named(json!({ "version": 1, "sha256Hash": empty })), Ok(Some(Hash::of(""))));
        assert_eq!(Hash::read(&Value::Null), Ok(None));
        assert_eq!(Hash::read(&json!({ "clientLibrary": {} })), Ok(None));
        for wrong in [
            json!({ "version": 2, "sha256Hash": empty }),
            json!({ "sha256Hash": empty }),
            json!({ "version": 1 }),
            json!({ "version": 1, "sha256Hash": &empty[1..] }),
            json!({ "version": 1, "sha256Hash": format!("+{}", &empty[1..]) }),
            json!({ "version": 1, "sha256Hash": "é".repeat(32) }),
            json!(7),
        ] {
            assert!(named(wrong.clone()).is_err(), "{wrong}");
        }
        assert!(Hash::read(&json!([])).is_err());
    }

    #[test]
    fn a_tenant_finds_its_own_documents_only() {
        let store = Store::default();
        let hash = put(&store, tenant(1), "{ a }");
        assert_eq!(store.get(tenant(1), hash).as_deref(), Some("{ a }"));
        assert_eq!(store.get(tenant(2), hash), None);
    }

    #[test]
    fn the_documents_used_longest_ago_are_forgotten() {
        let store = Store::default();
        let first = put(&store, tenant(1), "{ first }");
        let second = put(&store, tenant(1), "{ second }");
        let other = put(&store, tenant(2), "{ other }");
        for number in 0..DOCUMENTS_MAX - 2 {
            put(&store, tenant(1), &format!("{{ a{number} }}"));
        }
        assert!(store.get(tenant(1), first).is_some());
        put(&store, tenant(1), "{ one_more }");
        assert!(store.get(tenant(1), first).is_some() && store.get(tenant(1), second).is_none());
        assert!(store.get(tenant(2), other).is_some(), "a tenant pushes out another one's documents");
    }

    #[test]
    fn the_bytes_of_a_tenant_and_of_all_are_bounded() {
        let store = Store::default();
        for number in 0..200 {
            for part in 0..10 {
                put(&store, tenant(number), &format!("{number} {part} {}", "x".repeat(30_000)));
            }
        }
        let documents = store.0.lock().expect("no test panicked");
        assert!(documents.bytes <= ALL_BYTES_MAX && documents.bytes > ALL_BYTES_MAX / 2);
        assert_eq!(documents.bytes, documents.by_tenant.values().map(|own| own.bytes).sum::<usize>());
        assert!(documents.by_tenant.values().all(|own| own.bytes <= BYTES_MAX && own.bytes > BYTES_MAX / 2));
        assert!(
            documents.by_tenant.contains_key(&tenant(199)) && !documents.by_tenant.contains_key(&tenant(0))
        );
    }
}
