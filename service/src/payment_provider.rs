//! Providers of card terminals, and the check of the messages with which they report.

mod senders;

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use domain::id::{PaymentProviderId, TenantId};
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::text::Name;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};

use crate::auth::{Auth, AuthError, Vault};
use crate::caller::ActorKind;
use crate::columns::Columns;
use crate::listing::{Listing, Slice};
use crate::scope::Scopes;
use crate::webhook::inbound::{self, Headers};
use crate::webhook::secret::{Revealed, Secret, overlap_end};
use crate::{Caller, Db, Error, Tx, input, network, room};

use self::senders::Verdict;

pub use self::senders::Senders;

/// Most providers of a tenant.
pub const PROVIDERS_MAX: usize = 10;

/// A provider of card terminals, without its secret.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PaymentProvider {
    /// Id of the provider.
    pub id: PaymentProviderId,
    /// Always `payment_provider`.
    pub object: tag::PaymentProvider,
    /// Name of the provider.
    #[schema(max_length = 200, example = "Terminals of the shop")]
    pub name: String,
    /// Time until which messages signed with the old secret are accepted too. Null: only the present one is.
    #[schema(example = json!(null))]
    pub previous_secret_until: Option<DateTime<Utc>>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A provider to create.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PaymentProviderInput)]
pub struct ProviderInput {
    /// Name of the provider.
    pub name: Name,
}

/// The sender of a message whose signature is right.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The provider.
    pub provider_id: PaymentProviderId,
    /// Id of the message. A repeat has the same.
    pub event_id: String,
}

impl Sender {
    /// Returns the caller as which its messages are counted: each provider has the limits of a key.
    pub fn caller(&self) -> Caller {
        Caller::new(self.tenant_id, ActorKind::Worker, self.provider_id.0, Scopes::default())
    }
}

/// A message that may be of a provider.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The signed headers.
    pub headers: Headers<'a>,
    /// The body, as it came.
    pub body: &'a [u8],
    /// The address that it came from.
    pub address: Option<IpAddr>,
}

/// The tenant of a provider.
struct Place {
    tenant_id: TenantId,
    status: String,
}

/// Creates a provider.
pub async fn create(
    tx: &Tx,
    vault: &Vault,
    input: &ProviderInput,
) -> Result<Revealed<PaymentProvider>, Error> {
    let mut problems = Problems::default();
    input.name.check(&mut problems, "/name");
    problems.check()?;
    check_room(tx).await?;
    let (id, secret) = (PaymentProviderId(tx.next_id()), Secret::generate());
    let statement = "insert into payment_provider (tenant_id, id, name, secret, created_at, updated_at) \
                     values ($1, $2, $3, $4, $5, $5)";
    let statement = Columns::of(statement)
        .value("tenant_id", tx.tenant_id.0)
        .value("id", id.0)
        .value("name", input.name.as_str())
        .value("secret", secret.seal(vault, tx.tenant_id, id.0)?)
        .value("created_at", tx.now);
    statement.execute(tx).await?;
    Ok(Revealed { record: get(tx, id).await?, secret })
}

/// Returns one page of providers.
pub async fn list(tx: &Tx, slice: &Slice) -> Result<Vec<PaymentProvider>, Error> {
    Listing::new(tx, SELECT).page(tx, "p.id", slice).await?.iter().map(read).collect()
}

/// Returns a provider.
pub async fn get(tx: &Tx, id: PaymentProviderId) -> Result<PaymentProvider, Error> {
    let rows = Listing::new(tx, SELECT).with("p.id = ", Some(id.0)).rows(tx).await?;
    read(rows.first().ok_or_else(|| Refusal::not_found("payment provider"))?)
}

/// Returns whether a provider exists.
pub(crate) async fn exists(tx: &Tx, id: PaymentProviderId) -> Result<bool, Error> {
    let query = "select from payment_provider where tenant_id = $1 and id = $2";
    Ok(tx.row(sqlx::query(query).bind(tx.tenant_id.0).bind(id.0)).await?.is_some())
}

/// Gives a provider a new secret. For `overlap_seconds` messages signed with the old one are accepted too.
pub async fn rotate(
    tx: &Tx,
    vault: &Vault,
    id: PaymentProviderId,
    overlap_seconds: u32,
) -> Result<Revealed<PaymentProvider>, Error> {
    let until = overlap_end(tx.now, overlap_seconds)?;
    lock(tx, id).await?;
    let secret = Secret::generate();
    let statement = "update payment_provider set previous_secret = case when $4::timestamptz is null then null else secret end, \
             previous_until = $4, secret = $3, updated_at = $5, version = version + 1 \
         where tenant_id = $1 and id = $2";
    let sealed = secret.seal(vault, tx.tenant_id, id.0)?;
    let statement =
        sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(sealed).bind(until).bind(tx.now);
    tx.execute(statement).await?;
    Ok(Revealed { record: get(tx, id).await?, secret })
}

/// Deletes a provider. Its payment intents stay, and no message reports on them any more.
pub async fn delete(tx: &Tx, id: PaymentProviderId, expected: Option<i32>) -> Result<(), Error> {
    lock(tx, id).await?;
    input::check_version(get(tx, id).await?.version, expected)?;
    let statement = "delete from payment_provider where tenant_id = $1 and id = $2";
    tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await?;
    Ok(())
}

/// Checks that a provider signed a message, and that its time is near enough. All rejections have the same response. The log has the
/// reason, and the tenant of the provider reads how many there were.
///
/// After many wrong messages of the provider from one network, messages are first checked against secrets of the last seconds, so wrong ones
/// cost no look at the database. Right ones are still accepted: another terminal of the same shop may have sent the wrong ones.
pub async fn verify(
    db: &Db,
    (auth, vault): (&Auth, &Vault),
    senders: &Senders,
    id: PaymentProviderId,
    message: &Message<'_>,
) -> Result<Sender, AuthError> {
    if senders.is_unknown(id) {
        tracing::info!(provider = %id, "a message was rejected: the provider is unknown");
        return Err(AuthError::InvalidToken);
    }
    let network = network::of_any(message.address);
    let attempt = match senders.begin(id, network).await {
        Ok(attempt) => Some(attempt),
        Err(rejected) => {
            if !senders.is_known(id) || !looks_signed(db, vault, senders, id, message).await? {
                return Err(rejected);
            }
            None
        }
    };
    let checked = check(db, (auth, vault), id, message).await;
    let verdict = checked.as_ref().map_or(Verdict::Open, |(verdict, _)| *verdict);
    senders.end(attempt, id, network, verdict).await;
    checked?.1.ok_or(AuthError::InvalidToken)
}

/// Returns whether a message is signed with a secret of the last seconds. Does not check its time.
async fn looks_signed(
    db: &Db,
    vault: &Vault,
    senders: &Senders,
    id: PaymentProviderId,
    message: &Message<'_>,
) -> Result<bool, AuthError> {
    let read = async {
        let Some(place) = find(db, id).await? else { return Ok(Vec::new()) };
        db.read(place.tenant_id, async |tx: &Tx| secrets(tx, vault, id).await).await
    };
    let secrets = senders.recent_secrets(id, read).await?;
    let said_at =
        message.headers.timestamp.parse::<i64>().ok().and_then(|at| DateTime::from_timestamp(at, 0));
    let fits = |at| inbound::verify(&secrets, &message.headers, message.body, at).is_ok();
    Ok(said_at.is_some_and(fits))
}

/// Checks a message. Returns its sender if it is right.
async fn check(
    db: &Db,
    (auth, vault): (&Auth, &Vault),
    id: PaymentProviderId,
    message: &Message<'_>,
) -> Result<(Verdict, Option<Sender>), AuthError> {
    let Some(place) = find(db, id).await? else {
        tracing::info!(provider = %id, "a message was rejected: the provider is unknown");
        return Ok((Verdict::Unknown, None));
    };
    let Message { headers, body, .. } = message;
    let read = async |tx: &Tx| Ok(inbound::verify(&secrets(tx, vault, id).await?, headers, body, tx.now));
    if let Err(reason) = db.read(place.tenant_id, read).await? {
        tracing::info!(provider = %id, %reason, "a message was rejected");
        auth.note_unsigned(place.tenant_id, id, message.address);
        return Ok((Verdict::Wrong, None));
    }
    match place.status.as_str() {
        "active" => {
            let event_id = headers.id.to_owned();
            let sender = Sender { tenant_id: place.tenant_id, provider_id: id, event_id };
            Ok((Verdict::Right, Some(sender)))
        }
        "moved" => Err(AuthError::TenantMoved),
        _ => Err(AuthError::TenantSuspended),
    }
}

/// Finds the tenant of a provider.
async fn find(db: &Db, id: PaymentProviderId) -> Result<Option<Place>, Error> {
    let query = || sqlx::query("select tenant_id, status from auth.find_payment_provider($1)").bind(id.0);
    let Some(row) = db.ask(query).await? else { return Ok(None) };
    Ok(Some(Place { tenant_id: TenantId(row.try_get("tenant_id")?), status: row.try_get("status")? }))
}

/// Returns the secrets of a provider that are valid now.
async fn secrets(tx: &Tx, vault: &Vault, id: PaymentProviderId) -> Result<Vec<Secret>, Error> {
    let query = "select secret, case when previous_until > $3 then previous_secret end as previous_secret \
                 from payment_provider where tenant_id = $1 and id = $2";
    let row = tx.row(sqlx::query(query).bind(tx.tenant_id.0).bind(id.0).bind(tx.now)).await?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let sealed: Vec<u8> = row.try_get("secret")?;
    let previous: Option<Vec<u8>> = row.try_get("previous_secret")?;
    let sealed = std::iter::once(sealed).chain(previous);
    Ok(sealed.filter_map(|bytes| Secret::open(vault, tx.tenant_id, id.0, &bytes)).collect())
}

async fn lock(tx: &Tx, id: PaymentProviderId) -> Result<(), Error> {
    let lock = "select from payment_provider where tenant_id = $1 and id = $2 for update";
    tx.row(sqlx::query(lock).bind(tx.tenant_id.0).bind(id.0)).await?;
    Ok(())
}

/// Rejects a further provider if the tenant has the most that it may have.
async fn check_room(tx: &Tx) -> Result<(), Error> {
    let count = "select count(*) as records from payment_provider where tenant_id = $1";
    let detail = format!("A tenant may have at most {PROVIDERS_MAX} payment providers: delete one first.");
    room::check_room(tx, "payment providers", count, PROVIDERS_MAX, detail).await
}

const SELECT: &str = "select p.id, p.name, case when p.previous_until > now() then p.previous_until end as previous_until, \
        p.version, p.created_at, p.updated_at \
     from payment_provider p where p.tenant_id = ";

fn read(row: &PgRow) -> Result<PaymentProvider, Error> {
    Ok(PaymentProvider {
        id: PaymentProviderId(row.try_get("id")?),
        object: tag::PaymentProvider,
        name: row.try_get("name")?,
        previous_secret_until: row.try_get("previous_until")?,
        version: row.try_get("version")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}
