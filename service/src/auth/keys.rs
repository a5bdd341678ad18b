//! API keys. Only a hash of a key is stored.
//!
//! A key acts for the key or user that made it: it never has more than that one has now, and ends with it.

use chrono::{DateTime, TimeDelta, Utc};
use domain::bounds::Bounds;
use domain::id::{ApiKeyId, LocationId, UserId};
use domain::number::{Money, Percent};
use domain::refusal::{Problems, Refusal};
use domain::tenant::Channel;
use entity::api_key;
use ipnet::IpNet;
use sea_orm::sqlx::Row;
use sea_orm::{ActiveModelTrait, ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Set, sqlx};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::current::{Target, current};
use super::network::{self, parse_network};
use super::power::{CHAIN_MAX, Chain, Powers};
use super::secret::{KeyKind, KeyMode};
use super::{Auth, secret};
use crate::caller::{ActorKind, discount_of};
use crate::command::{self, Written};
use crate::input::each_once;
use crate::rows::parsed;
use crate::scope::Scope;
use crate::{Caller, Db, Error, Tx, input};

/// Most networks of a key.
const NETWORKS_MAX: usize = 50;
/// Most origins of a publishable key.
const ORIGINS_MAX: usize = 50;
/// Most locations that a key is bound to.
const LOCATIONS_MAX: usize = 500;

/// Scopes that a publishable key may have.
pub const PUBLISHABLE: [Scope; 3] = [Scope::CatalogRead, Scope::StockRead, Scope::PricesRead];

#[derive(Debug, Clone)]
pub struct ApiKeyCreate {
    /// Purpose of the key.
    pub name: String,
    pub kind: KeyKind,
    pub mode: KeyMode,
    pub scopes: Vec<Scope>,
    /// Networks from which it may be used, as CIDR or single addresses; all if empty.
    pub ip_allowlist: Vec<String>,
    pub expires_at: Option<DateTime<Utc>>,
    /// Locations of its documents; all if absent.
    pub locations: Option<Vec<LocationId>>,
    /// Channels of its documents; all if absent.
    pub channels: Option<Vec<Channel>>,
    /// Largest amount of one document; none if absent.
    pub amount_max: Option<Money>,
    /// Largest discount in percent. If absent, it follows from the scopes.
    pub discount_max: Option<Percent>,
    /// Origins of the web pages that may use a publishable key, or `*`.
    pub origins: Vec<String>,
}

impl ApiKeyCreate {
    /// Returns a key for servers without bounds.
    pub fn unbounded(name: &str, mode: KeyMode, scopes: Vec<Scope>) -> Self {
        ApiKeyCreate {
            name: name.to_owned(),
            kind: KeyKind::Sk,
            mode,
            scopes,
            ip_allowlist: Vec::new(),
            expires_at: None,
            locations: None,
            channels: None,
            amount_max: None,
            discount_max: None,
            origins: Vec::new(),
        }
    }

    fn powers(&self) -> Powers {
        let scopes = self.scopes.iter().copied().collect();
        Powers {
            scopes,
            discount_max: self.discount_max.unwrap_or_else(|| discount_of(scopes)),
            networks: self.ip_allowlist.iter().filter_map(|network| parse_network(network)).collect(),
            ends_at: self.expires_at,
            bounds: Bounds {
                locations: self.locations.as_ref().map(|ids| ids.iter().copied().collect()),
                channels: self.channels.as_ref().map(|channels| channels.iter().copied().collect()),
                amount_max: self.amount_max,
            },
        }
    }

    /// Fills bounds that are not stated with those of the caller.
    fn inherit(mut self, caller: &Caller) -> Self {
        let limits = &caller.limits;
        self.expires_at = self.expires_at.or(limits.ends_at);
        if self.ip_allowlist.is_empty() {
            self.ip_allowlist = limits.networks.first().into_iter().flatten().map(IpNet::to_string).collect();
        }
        let Bounds { locations, channels, amount_max } = &limits.bounds;
        let listed = |ids: &std::collections::BTreeSet<LocationId>| ids.iter().copied().collect();
        self.locations = self.locations.or_else(|| locations.as_ref().map(listed));
        self.channels =
            self.channels.or_else(|| channels.as_ref().map(|channels| channels.iter().copied().collect()));
        self.amount_max = self.amount_max.or(*amount_max);
        self.discount_max = self.discount_max.or(limits.discount_max);
        self
    }
}

/// The key or user that a key acts for; the operator if there is neither.
#[derive(Debug, Clone, Copy, Default)]
struct Maker {
    key: Option<ApiKeyId>,
    user: Option<UserId>,
}

impl Maker {
    fn of(caller: &Caller) -> Self {
        match caller.actor_kind {
            ActorKind::ApiKey => Maker { key: Some(ApiKeyId(caller.actor_id)), user: None },
            ActorKind::User => Maker { key: None, user: Some(UserId(caller.actor_id)) },
            ActorKind::Customer | ActorKind::Operator | ActorKind::Worker => Maker::default(),
        }
    }
}

/// A key that was just created. Its secret is shown only once.
#[derive(Debug)]
pub struct NewKey {
    /// The stored row.
    pub row: api_key::Model,
    pub secret: SecretString,
}

/// Returns keys by id, after the id `after`.
pub async fn list(tx: &Tx, after: Option<ApiKeyId>, limit: u64) -> Result<Vec<api_key::Model>, Error> {
    let mut keys = tx.select::<api_key::Entity>().order_by_asc(api_key::Column::Id).limit(limit);
    if let Some(after) = after {
        keys = keys.filter(api_key::Column::Id.gt(after));
    }
    Ok(keys.all(tx).await?)
}

impl Auth {
    pub async fn get_key(&self, caller: &Caller, id: ApiKeyId) -> Result<api_key::Model, Error> {
        self.db.read(caller.tenant_id, async |tx| find(tx, id).await).await
    }
}

/// Rejects a key with powers that the caller does not have, also before a replay is returned.
pub fn check_powers(caller: &Caller, wanted: &ApiKeyCreate) -> Result<(), Refusal> {
    check(wanted)?;
    wanted.clone().inherit(caller).powers().require_of(caller)
}

/// Creates a key. Rejects powers that the caller does not have. Bounds that are not stated are the caller's.
pub async fn create(tx: &Tx, caller: &Caller, wanted: &ApiKeyCreate) -> Result<NewKey, Error> {
    check(wanted)?;
    if wanted.expires_at.is_some_and(|end| end <= tx.now) {
        return Err(Refusal::invalid("/expires_at", "This must be in the future.").into());
    }
    let caller = &current(tx, caller, Target::default()).await?;
    check_locations(tx, wanted).await?;
    check_amount(tx, wanted).await?;
    let wanted = wanted.clone().inherit(caller);
    wanted.powers().require_of(caller)?;
    check_depth(caller)?;
    store(tx, caller, Maker::of(caller), &wanted).await
}

/// Creates a key in its own transaction, for the operator.
pub async fn make_key(db: &Db, caller: &Caller, wanted: &ApiKeyCreate) -> Result<NewKey, Error> {
    let make = async |tx: &Tx| {
        let new = create(tx, caller, wanted).await?;
        command::record(tx, caller, CREATED, None, &Written::created(new.row.id.0)).await?;
        Ok(new)
    };
    db.write(caller, make).await
}

/// Revokes a key, and with it all keys that act for it. Rejects a key with powers that the caller does not have, unless
/// it acts for the caller. Revoking it again changes nothing. Returns whether it changed something; [`Auth::revoked`] must
/// be called after the commit then.
pub async fn revoke(tx: &Tx, caller: &Caller, id: ApiKeyId, expected: Option<i32>) -> Result<bool, Error> {
    let caller = &current(tx, caller, Target { key: Some(id), user: None }).await?;
    let key = find(tx, id).await?;
    input::check_version(key.version, expected)?;
    let chain = chain(tx, &key).await?;
    if !chain.acts_for(caller) {
        chain.powers().require_of(caller)?;
    }
    Ok(tx.execute(sqlx::query(REVOKE).bind(tx.tenant_id.0).bind(id.0).bind(tx.now)).await? > 0)
}

async fn chain(tx: &Tx, key: &api_key::Model) -> Result<Chain, Error> {
    let found = Chain::find(tx, &key.hash).await?;
    let (chain, _) = found.ok_or_else(|| Error::invariant(format!("key {} has no chain", key.id)))?;
    Ok(chain)
}

/// Name of the command that creates a key.
pub const CREATED: &str = "api_key.created";

const REVOKE: &str = "
    update api_key set revoked_at = $3, updated_at = $3, version = version + 1
    where tenant_id = $1 and id = $2 and revoked_at is null";

const REPLACE: &str = "
    update api_key set rotated_to = $3, updated_at = $4, version = version + 1,
        expires_at = least(expires_at, $5),
        revoked_at = case when $5 <= $4 then $4 else revoked_at end
    where tenant_id = $1 and id = $2";

pub(super) async fn find(tx: &Tx, id: ApiKeyId) -> Result<api_key::Model, Error> {
    let key = tx.select::<api_key::Entity>().filter(api_key::Column::Id.eq(id)).one(tx).await?;
    Ok(key.ok_or_else(|| Refusal::not_found("API key"))?)
}

/// Inserts a key without checking `wanted`.
pub(crate) async fn insert(tx: &Tx, caller: &Caller, wanted: &ApiKeyCreate) -> Result<NewKey, Error> {
    store(tx, caller, Maker::of(caller), wanted).await
}

async fn store(tx: &Tx, caller: &Caller, maker: Maker, wanted: &ApiKeyCreate) -> Result<NewKey, Error> {
    let secret = secret::generate(wanted.mode, wanted.kind);
    let random_at = secret.len() - secret::SECRET_LETTERS;
    let kind: &str = wanted.kind.into();
    let mode: &str = wanted.mode.into();
    let row = api_key::ActiveModel {
        tenant_id: Set(tx.tenant_id),
        id: Set(ApiKeyId(tx.next_id())),
        name: Set(wanted.name.clone()),
        kind: Set(kind.to_owned()),
        mode: Set(mode.to_owned()),
        prefix: Set(secret[..random_at].to_owned()),
        last4: Set(secret[secret.len() - 4..].to_owned()),
        hash: Set(Sha256::digest(secret.as_bytes()).to_vec()),
        scopes: Set(each_once(&wanted.scopes).iter().map(Scope::to_string).collect()),
        ip_allowlist: Set(each_once(&wanted.ip_allowlist)),
        created_by: Set((!caller.actor_id.is_nil()).then_some(caller.actor_id)),
        parent_id: Set(maker.key),
        user_id: Set(maker.user),
        locations: Set(wanted.locations.as_ref().map(|ids| each_once(ids).iter().map(|id| id.0).collect())),
        channels: Set(wanted
            .channels
            .as_ref()
            .map(|channels| each_once(channels).iter().map(channel_text).collect())),
        amount_max: Set(wanted.amount_max),
        discount_max: Set(wanted.discount_max),
        origins: Set(each_once(&wanted.origins)),
        expires_at: Set(wanted.expires_at),
        revoked_at: Set(None),
        rotated_to: Set(None),
        last_used_at: Set(None),
        version: Set(1),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
    };
    Ok(NewKey { row: row.insert(tx).await?, secret: secret.into() })
}

/// Checks the origins of a publishable key: at least one, or `*`, which stands alone.
fn check_origins(problems: &mut Problems, wanted: &ApiKeyCreate) {
    let origins = &wanted.origins;
    match wanted.kind {
        KeyKind::Sk if !origins.is_empty() => {
            problems.invalid("/origins", "Only a publishable key has origins: leave them out.");
        }
        KeyKind::Pk if origins.is_empty() || origins.len() > ORIGINS_MAX => {
            let detail = format!(
                "Name the 1 to {ORIGINS_MAX} origins whose pages may use the key, such as https://shop.example, or * for all."
            );
            problems.invalid("/origins", detail);
        }
        KeyKind::Sk | KeyKind::Pk => {}
    }
    network::check_origins(problems, origins);
}

fn channel_text(channel: &Channel) -> String {
    let text: &str = channel.into();
    text.to_owned()
}

/// Creates a key that replaces the key `id`, which stays valid for `overlap_seconds`. The new key acts for the caller; if
/// a key rotates itself, for the same one as before. [`Auth::revoked`] must be called after the commit.
pub async fn rotate(tx: &Tx, caller: &Caller, id: ApiKeyId, overlap_seconds: u32) -> Result<NewKey, Error> {
    input::check_overlap(overlap_seconds)?;
    let caller = &current(tx, caller, Target { key: Some(id), user: None }).await?;
    let old = find(tx, id).await?;
    let chain = chain(tx, &old).await?;
    let powers = chain.powers();
    powers.require_of(caller)?;
    if caller.actor_id != id.0 && caller_chain_has(tx, caller, id).await? {
        let detail = "The credential acts for this key and ends with it, and so would the new key: rotate the key with \
                      itself, or with a credential that does not act for it.";
        return Err(Refusal::state(detail).into());
    }
    if chain.is_nowhere() {
        return Err(Refusal::state("The key can be used from no network: create a new one.").into());
    }
    if old.revoked_at.is_some() || old.expires_at.is_some_and(|end| end <= tx.now) {
        return Err(Refusal::state("The key has expired or was revoked; create a new one.").into());
    }
    if old.rotated_to.is_some() {
        return Err(Refusal::state("The key was rotated before; rotate the key that replaced it.").into());
    }
    let maker = if caller.actor_id == id.0 {
        Maker { key: old.parent_id, user: old.user_id }
    } else {
        check_depth(caller)?;
        Maker::of(caller)
    };
    let Bounds { locations, channels, amount_max } = powers.bounds;
    let wanted = ApiKeyCreate {
        name: old.name,
        kind: parsed(old.kind)?,
        mode: parsed(old.mode)?,
        scopes: powers.scopes.iter().collect(),
        ip_allowlist: powers.networks.iter().map(IpNet::to_string).collect(),
        expires_at: powers.ends_at,
        locations: locations.map(|ids| ids.into_iter().collect()),
        channels: channels.map(|channels| channels.into_iter().collect()),
        amount_max,
        discount_max: chain.discount_max(),
        origins: old.origins,
    };
    let new = store(tx, caller, maker, &wanted).await?;
    let end = tx.now + TimeDelta::seconds(i64::from(overlap_seconds));
    let replace =
        sqlx::query(REPLACE).bind(tx.tenant_id.0).bind(id.0).bind(new.row.id.0).bind(tx.now).bind(end);
    tx.execute(replace).await?;
    Ok(new)
}

/// Whether the caller acts for the key `id`.
async fn caller_chain_has(tx: &Tx, caller: &Caller, id: ApiKeyId) -> Result<bool, Error> {
    if caller.actor_kind != ActorKind::ApiKey {
        return Ok(false);
    }
    let own = find(tx, ApiKeyId(caller.actor_id)).await?;
    Ok(chain(tx, &own).await?.has(id))
}

fn check_depth(caller: &Caller) -> Result<(), Refusal> {
    if caller.actor_kind == ActorKind::ApiKey && caller.limits.ancestors + 2 > CHAIN_MAX {
        let detail = format!("Keys can make keys in at most {CHAIN_MAX} steps: use a key further up.");
        return Err(Refusal::state(detail));
    }
    Ok(())
}

/// Rejects a location that does not exist.
async fn check_locations(tx: &Tx, wanted: &ApiKeyCreate) -> Result<(), Error> {
    let Some(wanted) = &wanted.locations else { return Ok(()) };
    let ids: Vec<uuid::Uuid> = wanted.iter().map(|id| id.0).collect();
    let query = sqlx::query("select id from location where tenant_id = $1 and id = any($2)");
    let rows = tx.rows(query.bind(tx.tenant_id.0).bind(ids)).await?;
    let known: Vec<uuid::Uuid> = rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?;
    let mut problems = Problems::default();
    for (index, _) in wanted.iter().enumerate().filter(|(_, id)| !known.contains(&id.0)) {
        input::add_unknown(&mut problems, format!("/locations/{index}"), "location");
    }
    Ok(problems.check()?)
}

/// Rejects a largest amount that is finer than the currency.
async fn check_amount(tx: &Tx, wanted: &ApiKeyCreate) -> Result<(), Error> {
    if wanted.amount_max.is_none() {
        return Ok(());
    }
    let decimals = input::tenant_defaults(tx).await?.decimals;
    let mut problems = Problems::default();
    input::check_decimals(&mut problems, "/amount_max", wanted.amount_max, decimals);
    Ok(problems.check()?)
}

fn check(wanted: &ApiKeyCreate) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    input::check_name(&mut problems, &wanted.name);
    if wanted.scopes.is_empty() {
        problems.invalid("/scopes", "Name at least one scope.");
    }
    for (index, scope) in wanted.scopes.iter().enumerate() {
        if wanted.kind == KeyKind::Pk && !PUBLISHABLE.contains(scope) {
            let detail = "A publishable key may only have catalog:read, prices:read and stock:read.";
            problems.invalid(format!("/scopes/{index}"), detail);
        }
    }
    if wanted.ip_allowlist.len() > NETWORKS_MAX {
        problems.invalid("/ip_allowlist", format!("A key may have at most {NETWORKS_MAX} networks."));
    }
    for (index, network) in wanted.ip_allowlist.iter().enumerate() {
        if parse_network(network).is_none() {
            let detail = "Expected a network such as 192.0.2.0/24 or an address such as 2001:db8::1.";
            problems.invalid(format!("/ip_allowlist/{index}"), detail);
        }
    }
    let (locations, channels) = (wanted.locations.as_ref(), wanted.channels.as_ref());
    if locations.is_some_and(|ids| ids.is_empty() || ids.len() > LOCATIONS_MAX) {
        let detail = format!("Name 1 to {LOCATIONS_MAX} locations, or leave the field out for all.");
        problems.invalid("/locations", detail);
    }
    if channels.is_some_and(Vec::is_empty) {
        problems.invalid("/channels", "Name a channel, or leave the field out for both.");
    }
    input::check_not_negative(&mut problems, "/amount_max", wanted.amount_max);
    input::check_share(&mut problems, "/discount_max", wanted.discount_max);
    check_origins(&mut problems, wanted);
    problems.check()
}

impl NewKey {
    /// Returns the key in plain text, to be shown once.
    pub fn reveal(&self) -> &str {
        self.secret.expose_secret()
    }
}
