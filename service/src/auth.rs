//! Authentication: API keys for programs, access tokens for people.
//!
//! A valid credential is cached for at most [`CREDENTIAL_CACHE_TTL`]. A revocation by this process takes effect at once; one by
//! another process when its announcement arrives, or after that time.

mod attempts;
mod current;
pub mod custom_role;
pub mod customer_session;
mod hidden;
pub mod invitation;
pub mod keys;
mod network;
pub mod new_password;
pub mod oidc;
mod one_time;
pub mod own_session;
mod password;
mod power;
pub mod provider;
mod provider_account;
mod remote;
mod role;
pub mod second_factor;
mod secret;
mod session;
mod shared_count;
mod tokens;
mod unknown;
pub mod users;
mod vault;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{ApiKeyId, PaymentProviderId, TenantId, UserId};
use moka::future::Cache;
use sea_orm::sqlx;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use tokio::sync::broadcast;

use crate::caller::ActorKind;
use crate::outbound::Reach;
use crate::refusal::{Refusals, Refused};
use crate::tx::Move;
use crate::{Caller, Db, Error};

use attempts::Attempts;
pub use attempts::Guess;
pub use current::require_present;
pub(crate) use keys::insert as insert_key;
pub use keys::{ApiKeyCreate, NewKey, PUBLISHABLE, make_key};
use oidc::States;
pub(crate) use password::DUMMY_HASH;
use password::Hashers;
use power::{Chain, FIND_CHAIN};
use remote::Remote;
pub use role::Role;
pub use secret::{KeyKind, KeyMode, is_well_formed};
pub use session::{Login, Tokens, USER_AGENT_MAX};
use shared_count::Counted;
pub use tokens::{ACCESS_TOKEN_SECONDS, SigningKey, SigningKeyError};
use unknown::UnknownKeys;
pub use users::UserCreate;
pub use vault::Vault;

/// Longest time that a valid credential is cached.
pub const CREDENTIAL_CACHE_TTL: Duration = Duration::from_secs(5);
/// Most credentials in the cache.
const CACHED_CREDENTIALS_MAX: u64 = 50_000;
/// Most changes of powers that a stream or the link to the other processes may lag behind. More, and all are looked up again.
const NOTICES_MAX: usize = 256;
/// Shortest time between two notes of a key's use.
const USE_NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);
/// The reason why authentication failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AuthError {
    /// No credential was sent.
    #[error("no credential")]
    Missing,
    /// The API key is unknown, mistyped or revoked.
    #[error("invalid API key")]
    InvalidKey,
    /// The API key has expired.
    #[error("expired API key")]
    ExpiredKey,
    /// The access or refresh token is not valid.
    #[error("invalid token")]
    InvalidToken,
    /// The ticket of a stream is unknown, was used or has ended.
    #[error("invalid ticket")]
    InvalidTicket,
    /// The tenant, the address or the password is wrong.
    #[error("wrong login")]
    WrongLogin,
    /// The password is right, and a code of the second factor is needed: with the challenge, if there is one.
    #[error("second factor needed")]
    MfaRequired(Option<SecretString>),
    /// The key may not be used from this address.
    #[error("address not allowed")]
    IpNotAllowed,
    /// The publishable key may not be used by a page of this origin.
    #[error("origin not allowed")]
    OriginNotAllowed,
    /// The tenant is suspended.
    #[error("tenant suspended")]
    TenantSuspended,
    /// The tenant was moved to another database.
    #[error("tenant moved")]
    TenantMoved,
    /// Too many attempts with wrong secrets came from this network; try again after so many seconds.
    #[error("too many failed attempts")]
    TooManyAttempts(u64),
    /// Too many unknown keys came from this network; try again after so many seconds.
    #[error("too many unknown keys")]
    TooManyUnknownKeys(u64),
    /// Authentication could not be carried out.
    #[error(transparent)]
    Failed(Arc<Error>),
}

impl AuthError {
    /// Whether the secret was wrong, and not the server or the right of its owner.
    fn is_wrong_secret(&self) -> bool {
        match self {
            AuthError::InvalidToken | AuthError::InvalidTicket | AuthError::WrongLogin => true,
            AuthError::Failed(error) => error.code().is_some(),
            AuthError::Missing
            | AuthError::InvalidKey
            | AuthError::ExpiredKey
            | AuthError::MfaRequired(_)
            | AuthError::IpNotAllowed
            | AuthError::OriginNotAllowed
            | AuthError::TenantSuspended
            | AuthError::TenantMoved
            | AuthError::TooManyAttempts(_)
            | AuthError::TooManyUnknownKeys(_) => false,
        }
    }
}

impl From<Error> for AuthError {
    fn from(error: Error) -> Self {
        AuthError::Failed(Arc::new(error))
    }
}

/// A caller with its tenant and name.
#[derive(Debug)]
pub struct Identity {
    pub tenant: entity::tenant::Model,
    /// Name of the API key, user or customer.
    pub name: String,
    /// The server's clock.
    pub at: DateTime<Utc>,
}

/// A valid credential in the cache.
#[derive(Debug)]
struct CachedCredential {
    caller: Caller,
    /// When it ends, by the clock of this process.
    ends: Option<Instant>,
}

impl CachedCredential {
    fn has_ended(&self) -> bool {
        self.ends.is_some_and(|end| end <= Instant::now())
    }
}

/// Authenticates callers.
#[derive(Debug)]
pub struct Auth {
    db: Db,
    signing_key: SigningKey,
    known: Cache<[u8; 32], Arc<CachedCredential>>,
    /// Tenants whose credentials lost or changed powers in this process, to be announced to the others.
    revocations: broadcast::Sender<TenantId>,
    /// Counts how often the cache was cleared, in whole or for a tenant.
    times_forgotten: AtomicU64,
    /// The tenant for which the cache was cleared; none if it was cleared for all.
    forgotten: broadcast::Sender<Option<TenantId>>,
    attempts: Attempts,
    hashers: Hashers,
    /// Seals the secrets of second factors.
    vault: Vault,
    /// Seals the secrets of providers of sign-ins.
    providers: Vault,
    /// Signs the states of sign-ins with providers.
    states: States,
    /// Reaches providers of sign-ins.
    remote: Remote,
    unknown: UnknownKeys,
    /// Counts refused requests, for the tenant.
    pub refusals: Refusals,
}

/// Limits of attempts with secrets that anyone can make up, for one network on one server.
#[derive(Debug, Clone, Copy)]
pub struct AttemptLimits {
    /// Most keys that are looked up and not found in a minute.
    pub unknown_keys_max: u32,
    /// Most wrong passwords, links or codes within 15 minutes.
    pub failures_max: u32,
}

impl Auth {
    /// Authenticates against `db`; signs access tokens with `signing_key`.
    /// Attempts with secrets are bound by `limits`. Providers of sign-ins are reached at the addresses of `reach`.
    pub fn new(db: Db, signing_key: SigningKey, limits: AttemptLimits, reach: Reach) -> Self {
        Auth {
            refusals: Refusals::new(db.clone()),
            vault: Vault::new(&signing_key, "second factors"),
            providers: Vault::new(&signing_key, "secrets of providers"),
            states: States::new(&signing_key),
            remote: Remote::new(reach),
            db,
            signing_key,
            known: Cache::builder()
                .max_capacity(CACHED_CREDENTIALS_MAX)
                .time_to_live(CREDENTIAL_CACHE_TTL)
                .support_invalidation_closures()
                .build(),
            revocations: broadcast::Sender::new(NOTICES_MAX),
            times_forgotten: AtomicU64::new(0),
            forgotten: broadcast::Sender::new(NOTICES_MAX),
            attempts: Attempts::new(limits.failures_max),
            hashers: Hashers::start(),
            unknown: UnknownKeys::new(limits.unknown_keys_max),
        }
    }

    /// Returns the most keys of one network that are looked up and not found in a minute.
    pub fn unknown_keys_max(&self) -> u32 {
        self.unknown.most()
    }

    /// Carries out an attempt with a secret that anyone can make up. Counts it as failed if the secret is wrong. Rejects it
    /// before it costs anything if too many from its network failed.
    pub async fn guess<T>(
        &self,
        guess: Guess,
        address: Option<IpAddr>,
        work: impl Future<Output = Result<T, AuthError>>,
    ) -> Result<T, AuthError> {
        let attempt = self.attempts.begin(guess, address).await?;
        let outcome = work.await;
        attempt.end(&outcome);
        outcome
    }

    /// Carries out an attempt with a code of a user's second factor. Counts it as failed if `is_wrong` says so. Failures from all
    /// networks and on all servers count together, because they come from callers who know the password. A right code ends the count.
    pub async fn guess_code<T, E: From<AuthError>>(
        &self,
        tenant_id: TenantId,
        user_id: UserId,
        address: Option<IpAddr>,
        work: impl Future<Output = Result<T, E>>,
        is_wrong: impl Fn(&E) -> bool,
    ) -> Result<T, E> {
        let counted = Counted::codes(tenant_id, user_id);
        let outcome = self.count_code(counted, user_id, address, work, is_wrong).await;
        if outcome.is_ok() {
            self.attempts.forget_codes(user_id).await;
            note_lost(counted.forget(&self.db).await);
        }
        outcome
    }

    /// Carries out a write for which a user with a second factor states a code. Counts it as failed if `is_wrong` says so. A write that
    /// succeeds does not end the count, because it may have needed no code.
    pub async fn guard<T, E: From<AuthError>>(
        &self,
        caller: &Caller,
        address: Option<IpAddr>,
        work: impl Future<Output = Result<T, E>>,
        is_wrong: impl Fn(&E) -> bool,
    ) -> Result<T, E> {
        if caller.actor_kind != ActorKind::User {
            return work.await;
        }
        let user_id = UserId(caller.actor_id);
        self.count_code(Counted::codes(caller.tenant_id, user_id), user_id, address, work, is_wrong).await
    }

    /// Like [`guess_code`](Auth::guess_code), for a secret that is no code: the count of wrong codes goes on after a right one.
    async fn count_code<T, E: From<AuthError>>(
        &self,
        counted: Counted,
        user_id: UserId,
        address: Option<IpAddr>,
        work: impl Future<Output = Result<T, E>>,
        is_wrong: impl Fn(&E) -> bool,
    ) -> Result<T, E> {
        let attempt = self.attempts.begin_code(address, user_id).await?;
        if let Err(error) = counted.add(&self.db).await {
            attempt.settle(false);
            return Err(error.into());
        }
        let outcome = work.await;
        let has_failed = outcome.as_ref().is_err_and(is_wrong);
        attempt.settle(has_failed);
        if !has_failed {
            note_lost(counted.take_back(&self.db).await);
        }
        outcome
    }

    /// Returns the public half of the signing key as a JWK set, in JSON.
    pub fn jwks(&self) -> &str {
        self.signing_key.jwks()
    }

    /// Authenticates `credential`, an API key, an access token or the token of a customer session, sent from `address`.
    pub async fn authenticate(&self, credential: &str, address: Option<IpAddr>) -> Result<Caller, AuthError> {
        let hash: [u8; 32] = Sha256::digest(credential.as_bytes()).into();
        if let Some(known) = self.known.get(&hash).await.filter(|known| !known.has_ended()) {
            return self.admit(&known, address);
        }
        let forgotten = self.times_forgotten.load(Ordering::SeqCst);
        let known = if credential.starts_with(secret::PREFIX) {
            if !is_well_formed(credential) {
                return Err(AuthError::InvalidKey);
            }
            self.unknown.admit(&hash, address).await?;
            let found = self.find_key(&hash).await;
            self.unknown.note(hash, address, &found).await;
            found?
        } else if customer_session::is_token(credential) {
            self.check_customer_session(credential, hash, address).await?
        } else {
            self.check_token(credential).await?
        };
        let known = Arc::new(known);
        self.known.insert(hash, Arc::clone(&known)).await;
        // A credential that was read before a revocation must not be cached after it.
        if self.times_forgotten.load(Ordering::SeqCst) != forgotten {
            self.known.invalidate(&hash).await;
        }
        self.admit(&known, address)
    }

    /// Returns the caller, if the credential may be used from this address.
    fn admit(&self, known: &CachedCredential, address: Option<IpAddr>) -> Result<Caller, AuthError> {
        let caller = &known.caller;
        if caller.limits.admit(address) {
            return Ok(caller.clone());
        }
        self.note_refusal(caller, address, "ip_not_allowed");
        Err(AuthError::IpNotAllowed)
    }

    /// Counts a refused request of a caller, for the tenant.
    pub fn note_refusal(&self, caller: &Caller, address: Option<IpAddr>, code: &str) {
        let Caller { tenant_id, actor_kind, actor_id, .. } = *caller;
        self.refusals.note(Refused { tenant_id, actor_kind: actor_kind.into(), actor_id, address, code });
    }

    /// Counts a message that a payment provider did not sign, or not lately, for the tenant.
    pub(crate) fn note_unsigned(&self, tenant_id: TenantId, id: PaymentProviderId, address: Option<IpAddr>) {
        let (actor_kind, actor_id, code) = ("payment_provider", id.0, "invalid_token");
        self.refusals.note(Refused { tenant_id, actor_kind, actor_id, address, code });
    }

    /// Authenticates without the cache, and renews what is cached.
    pub async fn authenticate_again(
        &self,
        credential: &str,
        address: Option<IpAddr>,
    ) -> Result<Caller, AuthError> {
        let hash: [u8; 32] = Sha256::digest(credential.as_bytes()).into();
        self.known.invalidate(&hash).await;
        self.authenticate(credential, address).await
    }

    pub async fn identify(&self, caller: &Caller) -> Result<Identity, Error> {
        let identity = self.db.read(caller.tenant_id, async |tx| {
            let tenant = tx.select::<entity::tenant::Entity>().one(tx).await?;
            let tenant = tenant.ok_or_else(|| Error::invariant("the caller's tenant is gone"))?;
            let name = match caller.actor_kind {
                ActorKind::ApiKey => keys::find(tx, ApiKeyId(caller.actor_id)).await?.name,
                ActorKind::User => users::find(tx, UserId(caller.actor_id)).await?.name,
                ActorKind::Customer => customer_session::customer_name(tx, caller.actor_id).await?,
                ActorKind::Operator | ActorKind::Worker => String::new(),
            };
            Ok(Identity { tenant, name, at: tx.now })
        });
        identity.await
    }

    /// Clears the cache, so that every credential is looked up again.
    pub fn forget(&self) {
        self.times_forgotten.fetch_add(1, Ordering::SeqCst);
        self.unknown.forget();
        self.known.invalidate_all();
        // Without a stream there is no receiver.
        let _ = self.forgotten.send(None);
    }

    /// Removes the credentials of a tenant from the cache, so that they are looked up again.
    pub fn forget_tenant(&self, tenant_id: TenantId) {
        self.times_forgotten.fetch_add(1, Ordering::SeqCst);
        self.unknown.forget();
        let is_its = move |_: &[u8; 32], known: &Arc<CachedCredential>| known.caller.tenant_id == tenant_id;
        if self.known.invalidate_entries_if(is_its).is_err() {
            self.known.invalidate_all();
        }
        let _ = self.forgotten.send(Some(tenant_id));
    }

    /// Receives the tenant for which the cache is cleared; none if it is cleared for all.
    pub fn forgotten(&self) -> broadcast::Receiver<Option<TenantId>> {
        self.forgotten.subscribe()
    }

    /// Receives each tenant whose credentials lost or changed powers in this process, to announce it to the others.
    pub fn revocations(&self) -> broadcast::Receiver<TenantId> {
        self.revocations.subscribe()
    }

    /// Makes a change of powers take effect at once, here and in the other processes. To be called after its commit.
    pub fn revoked(&self, tenant_id: TenantId) {
        self.forget_tenant(tenant_id);
        // Without Redis there is no receiver.
        let _ = self.revocations.send(tenant_id);
    }

    async fn find_key(&self, hash: &[u8; 32]) -> Result<CachedCredential, AuthError> {
        let row = self.db.ask(|| sqlx::query(FIND_CHAIN).bind(hash.as_slice())).await?;
        let found = row.as_ref().map(Chain::read).transpose()?.flatten();
        let (chain, now) = found.ok_or(AuthError::InvalidKey)?;
        chain.check(now)?;
        if chain.is_moving() {
            self.db.note_move(chain.tenant_id(), Move::Moving);
        }
        if chain.last_used_at().is_none_or(|at| at < now - USE_NOTED_EVERY) {
            self.note_use(chain.tenant_id(), chain.id());
        }
        let limits = chain.limits();
        let left = limits.ends_at.map(|end| (end - now).to_std().unwrap_or_default());
        let caller = Caller {
            limits: Arc::new(limits),
            ..Caller::new(chain.tenant_id(), ActorKind::ApiKey, chain.id().0, chain.scopes())
        };
        // A far end overflows no clock: the cache forgets the key long before.
        let ends = left.filter(|left| *left <= CREDENTIAL_CACHE_TTL).map(|left| Instant::now() + left);
        Ok(CachedCredential { caller, ends })
    }

    /// Records the use of a key, in the background.
    fn note_use(&self, tenant_id: TenantId, id: ApiKeyId) {
        let db = self.db.clone();
        tokio::spawn(async move {
            let noted: Result<(), Error> = async {
                let tx = db.begin(tenant_id).await?;
                let note = sqlx::query(NOTE_USE).bind(tenant_id.0).bind(id.0).bind(tx.now);
                tx.execute(note.bind(tx.now - USE_NOTED_EVERY)).await?;
                tx.commit().await
            }
            .await;
            if let Err(error) = noted {
                tracing::warn!(%error, key = %id, "the use of a key was not noted");
            }
        });
    }
}

/// Logs that a count of failures was not taken back: the user has fewer attempts then, until the count ends.
fn note_lost(taken_back: Result<(), Error>) {
    if let Err(error) = taken_back {
        tracing::warn!(%error, "a count of failed attempts was not taken back");
    }
}

const NOTE_USE: &str = "
    update api_key set last_used_at = $3
    where tenant_id = $1 and id = $2 and (last_used_at is null or last_used_at < $4)";
