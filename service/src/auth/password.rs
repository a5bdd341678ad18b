//! Passwords: argon2id, on threads of their own.
//!
//! A hash takes 19 MiB and a core for some 20 ms. Few are made at a time, always on the same threads. Each thread keeps the
//! memory in which it verifies: allocators give such pieces back late, or lose them between others. Few may wait, so that a flood
//! of logins is rejected before it costs anything.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{mpsc, oneshot};

use super::Auth;
use crate::Error;

/// Threads that hash passwords.
const THREADS: usize = 2;
/// Passwords that may wait for a thread. The last of them waits for about half a second.
const WAITING_MAX: usize = 32;

/// Hash of no password. If there is no user, the password is compared with it, so that the response takes as long.
pub(crate) const DUMMY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c3RvY2t3ZWxsLW5vYm9keQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Memory of a thread, as long as the longest hash needed so far.
type Memory = Vec<Block>;

type Job = Box<dyn FnOnce(&mut Memory) + Send>;

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
                let mut memory = Memory::new();
                while let Some(job) = next() {
                    job(&mut memory);
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
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (result, finished) = oneshot::channel();
        // A caller that is gone needs no hash.
        let job: Job = Box::new(move |memory| {
            if !result.is_closed() {
                _ = result.send(work(memory));
            }
        });
        self.0.try_send(job).map_err(|_| Error::Busy)?;
        finished.await.map_err(|_| Error::invariant("a hash was not finished"))
    }
}

impl Auth {
    /// Hashes a password with argon2id.
    pub(super) async fn hash(&self, password: SecretString) -> Result<String, Error> {
        let hashed = self.hashers.run(move |_| {
            let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|error| Error::invariant(error.to_string()))
        });
        hashed.await?
    }

    pub(super) async fn verify(&self, password: SecretString, hash: String) -> Result<bool, Error> {
        let verified =
            self.hashers.run(move |memory| matches(memory, password.expose_secret().as_bytes(), &hash));
        verified.await?
    }
}

/// Whether a password has this hash.
fn matches(memory: &mut Memory, password: &[u8], hash: &str) -> Result<bool, Error> {
    let unreadable = |error: &dyn std::fmt::Display| Error::invariant(format!("a stored hash: {error}"));
    let hash = PasswordHash::new(hash).map_err(|error| unreadable(&error))?;
    let params = Params::try_from(&hash).map_err(|error| unreadable(&error))?;
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(|error| unreadable(&error))?;
    let version = hash.version.map(Version::try_from).transpose().map_err(|error| unreadable(&error))?;
    let (Some(salt), Some(wanted)) = (&hash.salt, &hash.hash) else {
        return Err(unreadable(&"it has no salt"));
    };
    let blocks = params.block_count();
    if memory.len() < blocks {
        *memory = vec![Block::new(); blocks];
    }
    let mut made = vec![0; wanted.len()];
    Argon2::new(algorithm, version.unwrap_or_default(), params)
        .hash_password_into_with_memory(password, salt, &mut made, memory.as_mut_slice())
        .map_err(|error| unreadable(&error))?;
    // Outputs are compared in constant time.
    Ok(Output::new(&made).is_ok_and(|made| made == *wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dummy_hash_is_as_slow_as_a_real_one() {
        let hash = PasswordHash::new(DUMMY_HASH).expect("a hash");
        let real = Argon2::default().hash_password(b"correct horse battery staple").expect("a hash");
        assert_eq!(hash.params, real.params);
        let mut memory = Memory::new();
        assert!(!matches(&mut memory, b"", DUMMY_HASH).expect("a hash"));
        assert!(matches(&mut memory, b"correct horse battery staple", &real.to_string()).expect("a hash"));
        assert!(!matches(&mut memory, b"correct horse battery stapler", &real.to_string()).expect("a hash"));
        assert!(matches(&mut memory, b"", "secret").is_err());
    }

    #[tokio::test]
    async fn few_hashes_wait_and_the_rest_is_rejected() {
        let hashers = Hashers::start();
        let (open, gate) = std::sync::mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let wait = || {
            let gate = Arc::clone(&gate);
            move |_: &mut Memory| _ = gate.lock().expect("the gate").recv()
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
