//! Passwords: argon2id, few at a time, on threads that serve no requests.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};

use super::Auth;
use crate::Error;

/// Hash of no password. If there is no user, the password is compared with it, so that the response takes as long.
pub(super) const DUMMY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c3RvY2t3ZWxsLW5vYm9keQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

impl Auth {
    /// Hashes a password with argon2id, on a thread that serves no requests.
    pub(super) async fn hash(&self, password: SecretString) -> Result<String, Error> {
        let hashed = self.hashing(move || {
            let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|error| Error::invariant(error.to_string()))
        });
        hashed.await?
    }

    pub(super) async fn verify(&self, password: SecretString, hash: String) -> Result<bool, Error> {
        let verified = self.hashing(move || {
            let hash = PasswordHash::new(&hash).map_err(|error| Error::invariant(error.to_string()))?;
            Ok(Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok())
        });
        verified.await?
    }

    async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let _permit = self.hashing.acquire().await.map_err(|error| Error::invariant(error.to_string()))?;
        tokio::task::spawn_blocking(work).await.map_err(|error| Error::invariant(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dummy_hash_is_as_slow_as_a_real_one() {
        let hash = PasswordHash::new(DUMMY_HASH).expect("a hash");
        let real = Argon2::default().hash_password(b"correct horse battery staple").expect("a hash");
        assert_eq!(hash.params, real.params);
        assert!(Argon2::default().verify_password(b"", &hash).is_err());
    }
}
