//! Limits wrongly signed messages. Those of a known provider are counted by provider and network, those with an unknown id by network.
//!
//! A terminal with an old secret sends again and again, and so does one whose provider was deleted. Neither keeps out others behind the
//! same address, nor terminals of the same provider that sign with the present secret. Messages with unknown ids use up only their own limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::id::PaymentProviderId;
use ipnet::IpNet;
use moka::future::Cache;

use crate::Error;
use crate::auth::AuthError;
use crate::webhook::secret::Secret;

/// Most wrongly signed messages of a provider from one network within [`WINDOW`]. Further ones are rejected without a look at the database.
/// Also the most unknown ids that a network may name.
const FAILURES_MAX: u32 = 100;
/// Time after which failures no longer count, and an unknown id is looked up again.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Time for which a provider that was found counts as known: unknown ids from its network don't keep it out.
const KNOWN_TTL: Duration = Duration::from_secs(24 * 3600);
/// Time for which secrets are kept to recognise a rightly signed message among many wrong ones.
const SECRETS_TTL: Duration = Duration::from_secs(5);
/// Most counts, and most providers, that are remembered.
const REMEMBERED_MAX: u64 = 50_000;

/// The counts of this server.
#[derive(Debug)]
pub struct Senders {
    counts: Cache<Counted, Arc<AtomicU32>>,
    known: Cache<PaymentProviderId, ()>,
    unknown: Cache<PaymentProviderId, ()>,
    secrets: Cache<PaymentProviderId, Arc<Vec<Secret>>>,
}

/// Failures that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Counted {
    Provider(PaymentProviderId, IpNet),
    Strangers(IpNet),
}

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The provider signed it, and its time is near enough.
    Right,
    /// The signature or the time is wrong.
    Wrong,
    /// There is no such provider.
    Unknown,
    /// The check failed, or its tenant is not served: the message may be right.
    Open,
}

/// A message that counts as failed until its check has ended, so that messages that are checked together count too.
#[derive(Debug)]
#[must_use]
pub(super) struct Attempt {
    counted: Counted,
    count: Arc<AtomicU32>,
}

impl Default for Senders {
    fn default() -> Self {
        Senders {
            counts: Cache::builder().max_capacity(REMEMBERED_MAX).time_to_live(WINDOW).build(),
            known: Cache::builder().max_capacity(REMEMBERED_MAX).time_to_live(KNOWN_TTL).build(),
            unknown: Cache::builder().max_capacity(REMEMBERED_MAX).time_to_live(WINDOW).build(),
            secrets: Cache::builder().max_capacity(REMEMBERED_MAX).time_to_live(SECRETS_TTL).build(),
        }
    }
}

impl Senders {
    /// Returns whether the id was looked up lately, and there is no such provider.
    pub(super) fn is_unknown(&self, id: PaymentProviderId) -> bool {
        self.unknown.contains_key(&id)
    }

    /// Returns whether the provider was found lately.
    pub(super) fn is_known(&self, id: PaymentProviderId) -> bool {
        self.known.contains_key(&id)
    }

    /// Counts a message, or rejects it. A rejected one does not count.
    pub(super) async fn begin(&self, id: PaymentProviderId, network: IpNet) -> Result<Attempt, AuthError> {
        let counted =
            if self.is_known(id) { Counted::Provider(id, network) } else { Counted::Strangers(network) };
        self.count(counted).await
    }

    /// Takes a message back unless its check says that it is wrong. A wrong one of a provider that was not known yet counts for the
    /// provider.
    pub(super) async fn end(
        &self,
        attempt: Option<Attempt>,
        id: PaymentProviderId,
        network: IpNet,
        verdict: Verdict,
    ) {
        match verdict {
            Verdict::Right | Verdict::Wrong => self.known.insert(id, ()).await,
            Verdict::Unknown => {
                self.known.invalidate(&id).await;
                self.unknown.insert(id, ()).await;
            }
            Verdict::Open => {}
        }
        let Some(attempt) = attempt else { return };
        match (verdict, attempt.counted) {
            (Verdict::Unknown, Counted::Provider(..) | Counted::Strangers(_))
            | (Verdict::Wrong, Counted::Provider(..)) => {}
            (Verdict::Wrong, Counted::Strangers(_)) => {
                attempt.take_back();
                // Beyond the most it need not count.
                _ = self.count(Counted::Provider(id, network)).await;
            }
            (Verdict::Right | Verdict::Open, Counted::Provider(..) | Counted::Strangers(_)) => {
                attempt.take_back();
            }
        }
    }

    /// Returns the secrets of a provider as they were within the last seconds.
    pub(super) async fn recent_secrets(
        &self,
        id: PaymentProviderId,
        read: impl Future<Output = Result<Vec<Secret>, Error>>,
    ) -> Result<Arc<Vec<Secret>>, AuthError> {
        let read = async { read.await.map(Arc::new) };
        self.secrets.try_get_with(id, read).await.map_err(AuthError::Failed)
    }

    async fn count(&self, counted: Counted) -> Result<Attempt, AuthError> {
        let count = self.counts.get_with(counted, async { Arc::default() }).await;
        if count.fetch_add(1, Ordering::Relaxed) >= FAILURES_MAX {
            count.fetch_sub(1, Ordering::Relaxed);
            return Err(AuthError::TooManyAttempts(WINDOW.as_secs()));
        }
        Ok(Attempt { counted, count })
    }
}

impl Attempt {
    fn take_back(self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn provider(number: u128) -> PaymentProviderId {
        PaymentProviderId(Uuid::from_u128(number))
    }

    fn network(text: &str) -> IpNet {
        text.parse().expect("a network")
    }

    /// Checks a message. Returns whether it was admitted.
    async fn sent(senders: &Senders, id: u128, network: IpNet, verdict: Verdict) -> bool {
        match senders.begin(provider(id), network).await {
            Ok(attempt) => {
                senders.end(Some(attempt), provider(id), network, verdict).await;
                true
            }
            Err(_) => false,
        }
    }

    #[tokio::test]
    async fn wrong_messages_of_a_provider_do_not_block_others() {
        let (senders, here, elsewhere) =
            (Senders::default(), network("192.0.2.7/32"), network("192.0.2.8/32"));
        for _ in 0..FAILURES_MAX {
            assert!(sent(&senders, 1, here, Verdict::Wrong).await);
        }
        assert!(!sent(&senders, 1, here, Verdict::Wrong).await);
        assert!(sent(&senders, 2, here, Verdict::Right).await, "another provider at the same address");
        assert!(sent(&senders, 1, elsewhere, Verdict::Right).await, "the provider at another address");
    }

    #[tokio::test]
    async fn right_and_unchecked_messages_do_not_count() {
        let (senders, here) = (Senders::default(), network("192.0.2.7/32"));
        for _ in 0..FAILURES_MAX {
            assert!(sent(&senders, 1, here, Verdict::Right).await);
            assert!(sent(&senders, 1, here, Verdict::Open).await);
        }
        assert!(sent(&senders, 1, here, Verdict::Right).await);
    }

    #[tokio::test]
    async fn unknown_ids_use_up_only_their_own_limit() {
        let (senders, here) = (Senders::default(), network("192.0.2.7/32"));
        assert!(sent(&senders, 1, here, Verdict::Right).await);
        for number in 0..u128::from(FAILURES_MAX) {
            assert!(sent(&senders, 100 + number, here, Verdict::Unknown).await);
        }
        assert!(!sent(&senders, 2, here, Verdict::Right).await, "it is not known on this server");
        assert!(sent(&senders, 1, here, Verdict::Right).await);
        assert!(senders.is_unknown(provider(100)) && !senders.is_unknown(provider(1)));
        // A provider that was deleted is unknown from its next message on.
        assert!(sent(&senders, 1, here, Verdict::Unknown).await);
        assert!(senders.is_unknown(provider(1)) && !senders.is_known(provider(1)));
    }
}
