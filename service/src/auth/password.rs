//! Passwords: argon2id, on threads of their own.
//!
//! A hash takes 19 MiB and a core for some 20 ms. Few are made at a time, always on the same threads: memory that a thread
//! has used stays with it. Few may wait, so that a flood of logins is rejected before it costs anything.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{mpsc, oneshot};

use super::Auth;
use crate::Error;

/// Threads that hash passwords.
const THREADS: usize = 2;
/// Passwords that may wait for a thread. The last of them waits for about half a second.
const WAITING_MAX: usize = 32;

/// Hash of no password. If there is no user, the password is compared with it, so that the response takes as long.
pub(super) const DUMMY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c3RvY2t3ZWxsLW5vYm9keQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

type Job = Box<dyn FnOnce() + Send>;

/// The threads that hash passwords. They end when it is dropped.
#[derive(Debug)]
pub(super) struct Hashers(mpsc::Sender<Job>);

impl Hashers {
    pub(super) fn start() -> Self {
        let (sender, receiver) = mpsc::channel::<Job>(WAITING_MAX);
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 1..=THREADS {
            let receiver = Arc::clone(&receiver);
            let next = move || receiver.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
            let work = move || {
                while let Some(job) = next() {
                    job();
                }
            };
            let thread = std::thread::Builder::new().name(format!("hasher-{number}"));
            if let Err(error) = thread.spawn(work) {
                tracing::error!(%error, "a thread for passwords did not start");
            }
        }
        Hashers(sender)
    }

    /// Runs `work` on one of the threads. Rejects it as busy if too much waits already.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let (result, finished) = oneshot::channel();
        // A caller that is gone needs no hash.
        let job: Job = Box::new(move || {
            if !result.is_closed() {
                _ = result.send(work());
            }
        });
        self.0.try_send(job).map_err(|_| Error::Busy)?;
        finished.await.map_err(|_| Error::invariant("a hash was not finished"))
    }
}

impl Auth {
    /// Hashes a password with argon2id.
    pub(super) async fn hash(&self, password: SecretString) -> Result<String, Error> {
        let hashed = self.hashers.run(move || {
            let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|error| Error::invariant(error.to_string()))
        });
        hashed.await?
    }

    pub(super) async fn verify(&self, password: SecretString, hash: String) -> Result<bool, Error> {
        let verified = self.hashers.run(move || {
            let hash = PasswordHash::new(&hash).map_err(|error| Error::invariant(error.to_string()))?;
            Ok(Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok())
        });
        verified.await?
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

    #[tokio::test]
    async fn few_hashes_wait_and_the_rest_is_rejected() {
        let hashers = Hashers::start();
        let (open, gate) = std::sync::mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let wait = || {
            let gate = Arc::clone(&gate);
            move || _ = gate.lock().expect("the gate").recv()
        };
        let all = THREADS + WAITING_MAX + 10;
        let mut runs = futures_util::future::join_all((0..all).map(|_| hashers.run(wait())));
        assert!(futures_util::future::poll_immediate(&mut runs).await.is_none(), "the gate is closed");
        drop(open);
        let outcomes = runs.await;
        let rejected = outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Busy))).count();
        // A thread may not have taken its first job when the queue is full.
        assert!((10..=10 + THREADS).contains(&rejected), "{rejected}");
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), all - rejected);
    }
}
