//! Cursors: a place in a list, sealed so that a caller can send it back but neither read nor make one.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::problem::ApiError;

/// First byte of every cursor.
const CURSOR_VERSION: u8 = 3;

/// Seals cursors: a caller can neither make one nor read it. Every node of an installation has the same key.
#[derive(Debug)]
pub struct CursorKey(RandomizedNonceKey);

impl CursorKey {
    /// Creates a key from a secret.
    pub fn new(secret: &[u8; 32]) -> Self {
        let key = RandomizedNonceKey::new(&AES_256_GCM, secret);
        CursorKey(key.expect("AES-256 takes keys of 32 bytes"))
    }

    /// Returns the cursor of a position in the list described by `list`.
    pub(crate) fn seal(&self, list: &str, position: &[u8]) -> Result<String, ApiError> {
        let mut sealed = position.to_vec();
        let nonce = self.0.seal_in_place_append_tag(bound(list), &mut sealed).map_err(ApiError::internal)?;
        let mut bytes = vec![CURSOR_VERSION];
        bytes.extend_from_slice(nonce.as_ref());
        bytes.append(&mut sealed);
        Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Returns the position in a cursor that was made for the list described by `list`.
    pub(crate) fn open(&self, list: &str, cursor: &str) -> Option<Vec<u8>> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut position = sealed.to_vec();
        let length = self.0.open_in_place(nonce, bound(list), &mut position).ok()?.len();
        position.truncate(length);
        (*version == CURSOR_VERSION).then_some(position)
    }
}

/// Returns the data that binds a cursor to its list.
fn bound(list: &str) -> Aad<&[u8]> {
    Aad::from(list.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_key_opens_a_cursor() {
        let (key, list) = (CursorKey::new(&[1; 32]), "a list");
        let cursor = key.seal(list, b"[1]").expect("a cursor");
        assert_eq!(key.open(list, &cursor).as_deref(), Some(b"[1]".as_slice()));
        assert_eq!(key.open("another list", &cursor), None);
        assert_eq!(CursorKey::new(&[2; 32]).open(list, &cursor), None);
        let mut forged = BASE64_URL_SAFE_NO_PAD.decode(&cursor).expect("base64");
        *forged.last_mut().expect("a byte") ^= 1;
        for cursor in ["", "x", "AQ", "ä", &BASE64_URL_SAFE_NO_PAD.encode(forged)] {
            assert_eq!(key.open(list, cursor), None, "{cursor}");
        }
    }
}
