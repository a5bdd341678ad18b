//! Failed attempts with secrets that anyone can make up: so many from each network, on this server. Those of one user are also counted
//! by all servers together (`shared_count`).
//!
//! An attempt counts as failed before its result is known, so that attempts that run together count too. One that succeeds, or
//! that the server failed, is taken back.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::id::UserId;
use ipnet::IpNet;
use moka::future::Cache;

use super::AuthError;
use crate::network;

/// Time after which failures no longer count.
pub(super) const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Most failed logins of one user from one network within [`WINDOW`]. Failures from other networks don't count, so that no
/// stranger can lock a user out. Also the most wrong codes of one user, from all networks: who enters them knows the password.
pub(super) const OF_USER_MAX: u32 = 10;
/// Most counts that are remembered.
const COUNTS_MAX: u64 = 100_000;

/// A secret that comes without any other credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumIter)]
pub enum Guess {
    /// A password, with the user's address.
    Password,
    /// The token of a link for a new password.
    Link,
    /// A code of a second factor, with the challenge or the credential of its user.
    Code,
    /// A refresh token.
    RefreshToken,
    /// A ticket for a stream.
    Ticket,
    /// A step of a sign-in with a provider: a name of a tenant, a state or a code.
    Provider,
    /// A look at the providers of a tenant, or the begin of a sign-in with one. Each counts, whether it fails or not, because anyone
    /// who knows the name of a tenant can make the server read the database.
    Look,
}

impl Guess {
    /// Returns how many times as many failures as passwords it may have. Programs send used refresh tokens and tickets again, many
    /// of them behind one address, and these are too long to be guessed.
    fn factor(self) -> u32 {
        match self {
            Guess::Password | Guess::Link | Guess::Code | Guess::Provider => 1,
            Guess::RefreshToken | Guess::Ticket | Guess::Look => 10,
        }
    }
}

/// Failures that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Network(Guess, IpNet),
    User { network: IpNet, tenant: String, email: String },
    Codes(UserId),
}

/// The counts of this server.
#[derive(Debug)]
pub(super) struct Attempts {
    counts: Cache<Key, Arc<AtomicU32>>,
    /// Most wrong passwords from one network within [`WINDOW`].
    failures_max: u32,
}

/// An attempt that counts as failed, unless it is taken back.
#[derive(Debug)]
#[must_use]
pub(super) struct Attempt(Vec<Arc<AtomicU32>>);

impl Attempts {
    pub(super) fn new(failures_max: u32) -> Self {
        let counts = Cache::builder().max_capacity(COUNTS_MAX).time_to_live(WINDOW).build();
        Attempts { counts, failures_max }
    }

    /// Returns the most failures from one network within [`WINDOW`].
    fn most(&self, guess: Guess) -> u32 {
        self.failures_max.saturating_mul(guess.factor())
    }

    /// Counts an attempt, or rejects it. A rejected one does not count.
    pub(super) async fn begin(&self, guess: Guess, address: Option<IpAddr>) -> Result<Attempt, AuthError> {
        let key = Key::Network(guess, network::of_any(address));
        Ok(Attempt(vec![self.count(key, self.most(guess)).await?]))
    }

    /// Counts a login of a user, or rejects it.
    pub(super) async fn begin_login(
        &self,
        address: Option<IpAddr>,
        tenant: &str,
        email: &str,
    ) -> Result<Attempt, AuthError> {
        self.begin_of(Guess::Password, address, of_user(address, tenant, email)).await
    }

    /// Counts an attempt with a code of a user, or rejects it. Failures from all networks count together.
    pub(super) async fn begin_code(
        &self,
        address: Option<IpAddr>,
        user_id: UserId,
    ) -> Result<Attempt, AuthError> {
        self.begin_of(Guess::Code, address, Key::Codes(user_id)).await
    }

    /// Counts an attempt for a network and for a user, or rejects it.
    async fn begin_of(
        &self,
        guess: Guess,
        address: Option<IpAddr>,
        of_user: Key,
    ) -> Result<Attempt, AuthError> {
        let mut attempt = self.begin(guess, address).await?;
        match self.count(of_user, OF_USER_MAX).await {
            Ok(count) => {
                attempt.0.push(count);
                Ok(attempt)
            }
            Err(error) => {
                attempt.take_back();
                Err(error)
            }
        }
    }

    /// Forgets the failed logins of a user who has logged in.
    pub(super) async fn forget_user(&self, address: Option<IpAddr>, tenant: &str, email: &str) {
        self.counts.invalidate(&of_user(address, tenant, email)).await;
    }

    /// Forgets the wrong codes of a user whose code was right.
    pub(super) async fn forget_codes(&self, user_id: UserId) {
        self.counts.invalidate(&Key::Codes(user_id)).await;
    }

    async fn count(&self, key: Key, most: u32) -> Result<Arc<AtomicU32>, AuthError> {
        let count = self.counts.get_with(key, async { Arc::default() }).await;
        if count.fetch_add(1, Ordering::Relaxed) >= most {
            count.fetch_sub(1, Ordering::Relaxed);
            return Err(AuthError::TooManyAttempts(WINDOW.as_secs()));
        }
        Ok(count)
    }
}

impl Attempt {
    fn take_back(self) {
        for count in self.0 {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Takes the attempt back unless its secret was wrong.
    pub(super) fn end<T>(self, outcome: &Result<T, AuthError>) {
        self.settle(outcome.as_ref().is_err_and(AuthError::is_wrong_secret));
    }

    /// Takes the attempt back unless it failed.
    pub(super) fn settle(self, failed: bool) {
        if !failed {
            self.take_back();
        }
    }
}

fn of_user(address: Option<IpAddr>, tenant: &str, email: &str) -> Key {
    Key::User { network: network::of_any(address), tenant: tenant.to_owned(), email: email.to_owned() }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    /// Most failures from one network.
    const MOST: u32 = 100;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().expect("an address"))
    }

    #[tokio::test]
    async fn a_network_has_so_many_failures_of_each_kind() {
        let (attempts, here) = (Attempts::new(MOST), address("192.0.2.7"));
        for guess in Guess::iter() {
            for _ in 0..attempts.most(guess) {
                attempts.begin(guess, here).await.expect("an attempt").take_back();
                _ = attempts.begin(guess, here).await.expect("an attempt that fails");
            }
            let rejected = attempts.begin(guess, here).await;
            assert!(matches!(rejected, Err(AuthError::TooManyAttempts(900))), "{guess:?}: {rejected:?}");
            assert!(attempts.begin(guess, address("192.0.2.8")).await.is_ok(), "{guess:?} elsewhere");
        }
    }

    #[tokio::test]
    async fn rejected_logins_of_one_user_take_none_from_the_network() {
        let (attempts, here) = (Attempts::new(MOST), address("192.0.2.7"));
        for number in 0..2 * MOST {
            let begun = attempts.begin_login(here, "nordwind", "a@shop.example").await;
            assert_eq!(begun.is_ok(), number < OF_USER_MAX);
        }
        assert!(attempts.begin_login(here, "nordwind", "b@shop.example").await.is_ok());
    }

    #[tokio::test]
    async fn wrong_codes_of_a_user_count_from_all_networks() {
        let (attempts, user) = (Attempts::new(MOST), UserId::default());
        for number in 0..OF_USER_MAX {
            let from = address(&format!("192.0.2.{number}"));
            attempts.begin_code(from, user).await.expect("an attempt").settle(true);
        }
        let elsewhere = address("198.51.100.1");
        let rejected = attempts.begin_code(elsewhere, user).await;
        assert!(matches!(rejected, Err(AuthError::TooManyAttempts(900))), "{rejected:?}");
        attempts.forget_codes(user).await;
        assert!(attempts.begin_code(elsewhere, user).await.is_ok());
    }

    #[tokio::test]
    async fn a_user_who_logs_in_has_all_attempts_again() {
        let (attempts, here) = (Attempts::new(MOST), address("192.0.2.7"));
        let begin = async || attempts.begin_login(here, "nordwind", "a@shop.example").await;
        for _ in 0..OF_USER_MAX {
            _ = begin().await.expect("an attempt that fails");
        }
        assert!(begin().await.is_err());
        assert!(attempts.begin_login(here, "nordwind", "b@shop.example").await.is_ok());
        attempts.forget_user(here, "nordwind", "a@shop.example").await;
        assert!(begin().await.is_ok());
    }
}
