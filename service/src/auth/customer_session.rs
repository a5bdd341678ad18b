//! Sessions in which customers of a web shop act for themselves.
//!
//! The server of the shop opens a session with an API key and gives its token to the page of the customer. The caller is the customer
//! then: routes are open to it that say so, and show it records of this customer alone. The session acts for the key: it keeps to the
//! bounds of the key on documents and ends with the key. It ends also when the customer may not buy any more, and at its time.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use domain::customer::CustomerStatus;
use domain::id::{ApiKeyId, CustomerId, CustomerSessionId};
use domain::number::Percent;
use domain::refusal::{Problems, Refusal};
use domain::tag;
use rust_decimal::Decimal;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use secrecy::SecretString;
use serde::Serialize;
use uuid::Uuid;

use super::current::{Target, current};
use super::network::{self, ANY_ORIGIN};
use super::one_time::{Prefix, hash};
use super::power::Chain;
use super::{Auth, AuthError, CREDENTIAL_CACHE_TTL, CachedCredential};
use crate::caller::{ActorKind, Limits, Pages};
use crate::columns::Columns;
use crate::listing::{Listing, Slice};
use crate::rows::parsed;
use crate::scope::Scope;
use crate::{Caller, Error, Tx, input};

const PREFIX: Prefix = Prefix("sws");
/// Beginning of every token.
const TOKEN_BEGINNING: &str = "sws_";
/// Shortest lifetime of a session, in seconds.
const SECONDS_MIN: u32 = 60;
/// Longest lifetime of a session, in seconds.
const SECONDS_MAX: u32 = 86_400;
/// Lifetime of a session in seconds, if none is stated.
pub const SECONDS_DEFAULT: u32 = 3_600;
/// Most open sessions of a customer.
pub const OPEN_MAX: usize = 50;
/// Most origins of a session.
const ORIGINS_MAX: usize = 50;
/// Scopes of a session. Only the routes that are open to customers use them.
const SCOPES: [Scope; 8] = [
    Scope::CatalogRead,
    Scope::CustomersRead,
    Scope::CustomersWrite,
    Scope::PricesRead,
    Scope::StockRead,
    Scope::StockWrite,
    Scope::OrdersRead,
    Scope::OrdersWrite,
];

/// A session in which a customer of a web shop acts for itself, without its token.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CustomerSession {
    /// Id of the session. The audit log names it as the caller.
    pub id: CustomerSessionId,
    pub object: tag::CustomerSession,
    /// The customer who acts in it.
    pub customer_id: CustomerId,
    /// The API key that opened it. The session ends with the key.
    pub api_key_id: ApiKeyId,
    /// Origins of the web pages that may use it, or `*` alone for all. Empty: programs only.
    #[schema(max_items = 50, example = json!(["https://shop.example"]))]
    pub origins: Vec<String>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// When it was ended early. Null if it was not.
    #[schema(example = json!(null))]
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A session to open.
#[derive(Debug, Clone)]
pub struct SessionWanted {
    pub customer_id: CustomerId,
    /// Lifetime in seconds.
    pub seconds: u32,
    /// Origins of the web pages that may use it, or `*`; none for programs only.
    pub origins: Vec<String>,
}

/// A new session. Its token is shown only once.
#[derive(Debug)]
pub struct NewSession {
    pub session: CustomerSession,
    pub token: SecretString,
}

/// Opens a session. Rejects a caller that is no API key, and a customer who may not buy.
pub async fn open(tx: &Tx, caller: &Caller, wanted: &SessionWanted) -> Result<NewSession, Error> {
    check(wanted)?;
    if caller.actor_kind != ActorKind::ApiKey {
        let detail = "Open customer sessions with an API key: a session ends with the key that opened it.";
        return Err(Refusal::state(detail).into());
    }
    let caller = &current(tx, caller, Target::default()).await?;
    check_customer(tx, wanted.customer_id).await?;
    check_room(tx, wanted.customer_id).await?;
    let token = PREFIX.make(tx.tenant_id);
    let session = CustomerSession {
        id: CustomerSessionId(tx.next_id()),
        object: tag::CustomerSession,
        customer_id: wanted.customer_id,
        api_key_id: ApiKeyId(caller.actor_id),
        origins: wanted.origins.clone(),
        created_at: tx.now,
        expires_at: tx.now + TimeDelta::seconds(i64::from(wanted.seconds)),
        revoked_at: None,
    };
    let statement = Columns::of(
        "insert into customer_session (tenant_id, id, customer_id, api_key_id, hash, origins, created_at, expires_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .value("tenant_id", tx.tenant_id.0)
    .value("id", session.id.0)
    .value("customer_id", session.customer_id.0)
    .value("api_key_id", session.api_key_id.0)
    .value("hash", hash(&token).to_vec())
    .value("origins", session.origins.clone())
    .value("created_at", session.created_at)
    .value("expires_at", session.expires_at);
    statement.execute(tx).await?;
    Ok(NewSession { session, token })
}

/// Ends a session. Ending it again changes nothing. Returns whether it changed something; [`Auth::revoked`] must be called after the
/// commit then.
pub async fn end(tx: &Tx, id: CustomerSessionId) -> Result<bool, Error> {
    get(tx, id).await?;
    let end = sqlx::query(END).bind(tx.tenant_id.0).bind(id.0).bind(tx.now);
    Ok(tx.execute(end).await? > 0)
}

/// Returns one page of sessions, of those of a customer if one is given.
pub async fn list(
    tx: &Tx,
    customer_id: Option<CustomerId>,
    slice: &Slice,
) -> Result<Vec<CustomerSession>, Error> {
    let listing = Listing::new(tx, SELECT).with("customer_id = ", customer_id.map(|id| id.0));
    listing.page(tx, "id", slice).await?.iter().map(read).collect()
}

pub async fn get(tx: &Tx, id: CustomerSessionId) -> Result<CustomerSession, Error> {
    let rows = Listing::new(tx, SELECT).with("id = ", Some(id.0)).rows(tx).await?;
    read(rows.first().ok_or_else(|| Refusal::not_found("customer session"))?)
}

/// Returns the name of the customer of a session.
pub(super) async fn customer_name(tx: &Tx, session_id: Uuid) -> Result<String, Error> {
    let row = tx.row(sqlx::query(NAME).bind(tx.tenant_id.0).bind(session_id)).await?;
    let row = row.ok_or_else(|| Refusal::not_found("customer session"))?;
    Ok(row.try_get("name")?)
}

/// Whether a text has the beginning of a token.
pub fn is_token(credential: &str) -> bool {
    credential.starts_with(TOKEN_BEGINNING)
}

/// A session that a token belongs to, with the keys that it acts for.
struct Found {
    session: CustomerSession,
    is_open: bool,
    chain: Chain,
    now: DateTime<Utc>,
}

impl Found {
    /// Returns the caller, unless the session has ended, or the key that opened it has, or may open none any more.
    fn credential(self) -> Result<CachedCredential, AuthError> {
        let Found { session, is_open, chain, now } = self;
        let may_open = match chain.check(now) {
            Ok(()) => chain.scopes().contains(Scope::CustomerSessionsWrite),
            Err(error @ (AuthError::TenantSuspended | AuthError::TenantMoved)) => return Err(error),
            Err(_) => false,
        };
        if !is_open || !may_open || session.revoked_at.is_some() || session.expires_at <= now {
            return Err(AuthError::InvalidToken);
        }
        let of_key = chain.limits();
        let ends_at = of_key.ends_at.map_or(session.expires_at, |end| end.min(session.expires_at));
        let is_any = session.origins.iter().any(|origin| origin == ANY_ORIGIN);
        let limits = Limits {
            ends_at: Some(ends_at),
            bounds: of_key.bounds,
            discount_max: Some(Percent::new(Decimal::ZERO)),
            pages: Some(if is_any { Pages::Any } else { Pages::Of(session.origins) }),
            ..Limits::default()
        };
        let scopes = SCOPES.into_iter().collect();
        let caller = Caller {
            limits: Arc::new(limits),
            customer_id: Some(session.customer_id),
            ..Caller::new(chain.tenant_id(), ActorKind::Customer, session.id.0, scopes)
        };
        let left = (ends_at - now).to_std().unwrap_or_default();
        // A far end overflows no clock: the cache forgets the session long before.
        let ends = (left <= CREDENTIAL_CACHE_TTL).then(|| Instant::now() + left);
        Ok(CachedCredential { caller, ends })
    }
}

impl Auth {
    /// Authenticates the token of a customer session. Tokens that are not found count like API keys that are not found.
    pub(super) async fn check_customer_session(
        &self,
        token: &str,
        hash: [u8; 32],
        address: Option<IpAddr>,
    ) -> Result<CachedCredential, AuthError> {
        let found = match self.unknown.admit(&hash, address).await {
            Ok(()) => {
                let found = self.find_customer_session(token).await;
                self.unknown.note(hash, address, &found).await;
                found
            }
            Err(error) => Err(error),
        };
        found.map_err(
            |error| {
                if matches!(error, AuthError::InvalidKey) { AuthError::InvalidToken } else { error }
            },
        )
    }

    async fn find_customer_session(&self, token: &str) -> Result<CachedCredential, AuthError> {
        let token = SecretString::from(token.to_owned());
        let (tenant_id, hash) = PREFIX.read(&token).ok_or(AuthError::InvalidToken)?;
        let found = self.db.read(tenant_id, async |tx: &Tx| find(tx, &hash).await).await?;
        found.ok_or(AuthError::InvalidKey)?.credential()
    }
}

async fn find(tx: &Tx, hash: &[u8; 32]) -> Result<Option<Found>, Error> {
    let row = tx.row(sqlx::query(FIND).bind(tx.tenant_id.0).bind(hash.to_vec())).await?;
    let Some(row) = row else { return Ok(None) };
    let status: CustomerStatus = parsed(row.try_get("customer_status")?)?;
    let key_hash: Vec<u8> = row.try_get("key_hash")?;
    let Some((chain, now)) = Chain::find(tx, &key_hash).await? else { return Ok(None) };
    Ok(Some(Found { session: read(&row)?, is_open: status == CustomerStatus::Active, chain, now }))
}

fn check(wanted: &SessionWanted) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    if !(SECONDS_MIN..=SECONDS_MAX).contains(&wanted.seconds) {
        let detail = format!("A session lasts from {SECONDS_MIN} to {SECONDS_MAX} seconds.");
        problems.invalid("/expires_in", detail);
    }
    if wanted.origins.len() > ORIGINS_MAX {
        problems.invalid("/origins", format!("A session may have at most {ORIGINS_MAX} origins."));
    }
    network::check_origins(&mut problems, wanted.origins.get(..ORIGINS_MAX).unwrap_or(&wanted.origins));
    problems.check()
}

/// Rejects a customer who does not exist or may not buy.
async fn check_customer(tx: &Tx, id: CustomerId) -> Result<(), Error> {
    let Some(row) = tx.row(sqlx::query(STATUS).bind(tx.tenant_id.0).bind(id.0)).await? else {
        let mut problems = Problems::default();
        input::add_unknown(&mut problems, "/customer_id", "customer");
        return Ok(problems.check()?);
    };
    let status: CustomerStatus = parsed(row.try_get("status")?)?;
    if status != CustomerStatus::Active {
        return Err(Refusal::state("The customer may not buy: set the status active first.").into());
    }
    Ok(())
}

/// Rejects a further session of a customer that has the most that may be open.
async fn check_room(tx: &Tx, id: CustomerId) -> Result<(), Error> {
    // Two keys at once would both see the last free place.
    tx.execute(sqlx::query(LOCK_ROOM).bind(tx.tenant_id.0).bind(id.0)).await?;
    let row = tx.row(sqlx::query(COUNT_OPEN).bind(tx.tenant_id.0).bind(id.0).bind(tx.now)).await?;
    let row = row.ok_or_else(|| Error::invariant("an aggregate returns one row"))?;
    if usize::try_from(row.try_get::<i64, _>("open")?).unwrap_or_default() >= OPEN_MAX {
        let detail = format!("At most {OPEN_MAX} sessions of a customer may be open: end one first.");
        return Err(Refusal::state(detail).into());
    }
    Ok(())
}

fn read(row: &PgRow) -> Result<CustomerSession, Error> {
    Ok(CustomerSession {
        id: CustomerSessionId(row.try_get("id")?),
        object: tag::CustomerSession,
        customer_id: CustomerId(row.try_get("customer_id")?),
        api_key_id: ApiKeyId(row.try_get("api_key_id")?),
        origins: row.try_get("origins")?,
        created_at: row.try_get("created_at")?,
        expires_at: row.try_get("expires_at")?,
        revoked_at: row.try_get("revoked_at")?,
    })
}

const SELECT: &str = "select id, customer_id, api_key_id, origins, created_at, expires_at, revoked_at \
                      from customer_session where tenant_id = ";

const FIND: &str = "
    select s.id, s.customer_id, s.api_key_id, s.origins, s.created_at, s.expires_at, s.revoked_at,
        c.status as customer_status, k.hash as key_hash
    from customer_session s
    join customer c on c.tenant_id = s.tenant_id and c.id = s.customer_id
    join api_key k on k.tenant_id = s.tenant_id and k.id = s.api_key_id
    where s.tenant_id = $1 and s.hash = $2";

const STATUS: &str = "select status from customer where tenant_id = $1 and id = $2";

const NAME: &str = "
    select c.name from customer_session s
    join customer c on c.tenant_id = s.tenant_id and c.id = s.customer_id
    where s.tenant_id = $1 and s.id = $2";

const LOCK_ROOM: &str =
    "select pg_advisory_xact_lock(hashtextextended('customer sessions ' || $1::uuid || ' ' || $2::uuid, 0))";

const COUNT_OPEN: &str = "
    select count(*) as open from customer_session
    where tenant_id = $1 and customer_id = $2 and revoked_at is null and expires_at > $3";

const END: &str = "
    update customer_session set revoked_at = $3
    where tenant_id = $1 and id = $2 and revoked_at is null";
