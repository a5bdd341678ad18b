//! API keys: `sw_{live|test}_{sk|pk}_`, 32 random letters, 6 letters of checksum. Only a hash is stored.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::ApiKeyId;
use domain::refusal::{Code, Problem, Problems, Refusal};
use entity::api_key;
use ipnet::IpNet;
use rand::RngExt;
use rand::distr::Alphanumeric;
use sea_orm::{ActiveModelTrait, ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Set, sqlx};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::Auth;
use crate::command::{self, Written};
use crate::scope::{Scope, Scopes};
use crate::{Caller, Db, Error, Tx};

pub(super) const PREFIX: &str = "sw_";
/// Random letters of a key: 190 bits.
const RANDOM_LETTERS: usize = 32;
const CHECKSUM_LETTERS: usize = 6;
/// Longest overlap of a rotation: 30 days.
const OVERLAP_SECONDS_MAX: u32 = 30 * 24 * 3600;
/// Most networks of a key.
const NETWORKS_MAX: usize = 50;

/// Scopes that a publishable key may have.
pub const PUBLISHABLE: [Scope; 3] = [Scope::CatalogRead, Scope::StockRead, Scope::PricesRead];

/// The place where a key may be used.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum KeyKind {
    /// On servers only.
    Sk,
    /// In browsers too: it can only read what every customer may see.
    Pk,
}

/// The data on which a key works.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum KeyMode {
    /// The live tenant.
    Live,
    /// A tenant for trials.
    Test,
}

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
}

/// A key that was just created. Its secret is shown only once.
#[derive(Debug)]
pub struct NewKey {
    /// The stored row.
    pub row: api_key::Model,
    pub secret: SecretString,
}

/// Whether `key` has the form and the checksum of a key.
pub fn is_well_formed(key: &str) -> bool {
    let random_and_checksum = ["sw_live_sk_", "sw_live_pk_", "sw_test_sk_", "sw_test_pk_"]
        .iter()
        .find_map(|prefix| key.strip_prefix(prefix))
        .filter(|rest| rest.len() == RANDOM_LETTERS + CHECKSUM_LETTERS)
        .filter(|rest| rest.bytes().all(|letter| letter.is_ascii_alphanumeric()));
    random_and_checksum.is_some() && {
        let (body, sum) = key.split_at(key.len() - CHECKSUM_LETTERS);
        checksum(body) == sum.as_bytes()
    }
}

/// CRC-32 in base 62, most significant letter first.
fn checksum(body: &str) -> [u8; CHECKSUM_LETTERS] {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut letters = [b'0'; CHECKSUM_LETTERS];
    for letter in letters.iter_mut().rev() {
        *letter = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    letters
}

fn generate(mode: KeyMode, kind: KeyKind) -> String {
    let mode: &str = mode.into();
    let kind: &str = kind.into();
    let mut key = format!("{PREFIX}{mode}_{kind}_");
    key.extend(rand::rng().sample_iter(Alphanumeric).take(RANDOM_LETTERS).map(char::from));
    let sum = checksum(&key);
    key.extend(sum.iter().map(|letter| char::from(*letter)));
    key
}

/// Parses a network in CIDR form, or a single address.
pub(super) fn parse_network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

impl Auth {
    /// Returns keys by id, after the id `after`.
    pub async fn list_keys(
        &self,
        caller: &Caller,
        after: Option<ApiKeyId>,
        limit: u64,
    ) -> Result<Vec<api_key::Model>, Error> {
        let keys = self.db.read(caller.tenant_id, async |tx| {
            let mut keys = tx.select::<api_key::Entity>().order_by_asc(api_key::Column::Id).limit(limit);
            if let Some(after) = after {
                keys = keys.filter(api_key::Column::Id.gt(after));
            }
            Ok(keys.all(tx).await?)
        });
        keys.await
    }

    pub async fn get_key(&self, caller: &Caller, id: ApiKeyId) -> Result<api_key::Model, Error> {
        self.db.read(caller.tenant_id, async |tx| find(tx, id).await).await
    }
}

/// Creates a key. Rejects scopes that the caller does not have.
pub async fn create(tx: &Tx, caller: &Caller, wanted: &ApiKeyCreate) -> Result<NewKey, Error> {
    check(caller, wanted)?;
    if wanted.expires_at.is_some_and(|end| end <= tx.now) {
        return Err(Refusal::invalid("/expires_at", "This must be in the future.").into());
    }
    insert(tx, caller, wanted).await
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

/// Revokes a key. Revoking it again changes nothing. [`Auth::revoked`] must be called after the commit.
pub async fn revoke(tx: &Tx, id: ApiKeyId) -> Result<(), Error> {
    let statement = sqlx::query(REVOKE).bind(tx.tenant_id.0).bind(id.0).bind(tx.now);
    if tx.execute(statement).await? == 0 {
        // The key does not exist, or was revoked before.
        find(tx, id).await?;
    }
    Ok(())
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
    let secret = generate(wanted.mode, wanted.kind);
    let random_at = secret.len() - RANDOM_LETTERS - CHECKSUM_LETTERS;
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
        scopes: Set(wanted.scopes.iter().map(Scope::to_string).collect()),
        ip_allowlist: Set(wanted.ip_allowlist.clone()),
        created_by: Set((!caller.actor_id.is_nil()).then_some(caller.actor_id)),
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

/// Creates a key that replaces the key `id`, which stays valid for `overlap_seconds`. [`Auth::revoked`] must be
/// called after the commit.
pub async fn rotate(tx: &Tx, caller: &Caller, id: ApiKeyId, overlap_seconds: u32) -> Result<NewKey, Error> {
    if overlap_seconds > OVERLAP_SECONDS_MAX {
        let detail = format!("The overlap may last at most {OVERLAP_SECONDS_MAX} seconds.");
        return Err(Refusal::invalid("/overlap_seconds", detail).into());
    }
    let lock = "select 1 from api_key where tenant_id = $1 and id = $2 for update";
    tx.row(sqlx::query(lock).bind(tx.tenant_id.0).bind(id.0)).await?;
    let old = find(tx, id).await?;
    if old.revoked_at.is_some() || old.expires_at.is_some_and(|end| end <= tx.now) {
        return Err(Refusal::state("The key has expired or was revoked; create a new one.").into());
    }
    if old.rotated_to.is_some() {
        return Err(Refusal::state("The key was rotated before; rotate the key that replaced it.").into());
    }
    let parse = |text: &str| text.parse().map_err(|_| Error::invariant(format!("key {id} has {text:?}")));
    let wanted = ApiKeyCreate {
        name: old.name,
        kind: old.kind.parse().map_err(|_| Error::invariant(format!("key {id} has an unknown kind")))?,
        mode: old.mode.parse().map_err(|_| Error::invariant(format!("key {id} has an unknown mode")))?,
        scopes: old.scopes.iter().map(|scope| parse(scope)).collect::<Result<_, _>>()?,
        ip_allowlist: old.ip_allowlist,
        expires_at: old.expires_at,
    };
    check(caller, &wanted)?;
    let new = insert(tx, caller, &wanted).await?;
    let end = tx.now + TimeDelta::seconds(i64::from(overlap_seconds));
    let replace =
        sqlx::query(REPLACE).bind(tx.tenant_id.0).bind(id.0).bind(new.row.id.0).bind(tx.now).bind(end);
    tx.execute(replace).await?;
    Ok(new)
}

fn check(caller: &Caller, wanted: &ApiKeyCreate) -> Result<(), Error> {
    let mut problems = Problems::default();
    crate::input::check_line(&mut problems, "/name", &wanted.name, crate::input::NAME_LENGTH_MAX);
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
    problems.check()?;
    cover(caller, wanted.scopes.iter().copied().collect())
}

/// Rejects a grant of scopes that the caller does not have.
pub(super) fn cover(caller: &Caller, granted: Scopes) -> Result<(), Error> {
    let Some(missing) = granted.iter().find(|scope| !caller.scopes.contains(*scope)) else { return Ok(()) };
    let detail = format!("You can't grant the scope {missing}: you don't have it yourself.");
    let params = vec![("required_scope", missing.to_string())];
    let mut refusal = Refusal::new(Code::InsufficientScope, detail.clone());
    refusal.problems.push(Problem { pointer: String::new(), code: Code::InsufficientScope, detail, params });
    Err(refusal.into())
}

impl NewKey {
    /// Returns the key in plain text, to be shown once.
    pub fn reveal(&self) -> &str {
        self.secret.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_form_and_a_checksum() {
        for (mode, kind, prefix) in [
            (KeyMode::Live, KeyKind::Sk, "sw_live_sk_"),
            (KeyMode::Live, KeyKind::Pk, "sw_live_pk_"),
            (KeyMode::Test, KeyKind::Sk, "sw_test_sk_"),
            (KeyMode::Test, KeyKind::Pk, "sw_test_pk_"),
        ] {
            let key = generate(mode, kind);
            assert!(key.starts_with(prefix) && key.len() == prefix.len() + 38, "{key}");
            assert!(is_well_formed(&key), "{key}");
            assert_ne!(key, generate(mode, kind));
        }
    }

    #[test]
    fn the_checksum_is_crc_32_in_base_62() {
        // CRC-32 of "123456789" is 0xCBF43926, which is 3jZRME in base 62.
        assert_eq!(&checksum("123456789"), b"3jZRME");
        assert!(is_well_formed(&with_sum("sw_live_sk_abcdefghijklmnopqrstuvwxyz012345")));
    }

    fn with_sum(body: &str) -> String {
        let sum: String = checksum(body).iter().map(|letter| char::from(*letter)).collect();
        format!("{body}{sum}")
    }

    #[test]
    fn every_changed_letter_is_noticed() {
        let key = generate(KeyMode::Live, KeyKind::Sk);
        for index in 0..key.len() {
            let mut bytes = key.clone().into_bytes();
            bytes[index] = if bytes[index] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(bytes).expect("text");
            assert!(!is_well_formed(&changed), "{changed}");
        }
        let bodies = [
            "sw_prod_sk_abcdefghijklmnopqrstuvwxyz012345",
            "sw_live_sk_abcdefghijklmnopqrstuvwxyz01234",
            "sw_live_sk_",
            "",
        ];
        for body in bodies {
            assert!(!is_well_formed(&with_sum(body)), "{body}");
        }
        assert!(!is_well_formed("sw_live_sk_äöü"));
    }

    #[test]
    fn networks_are_cidr_or_addresses() {
        for (network, address, inside) in [
            ("192.0.2.0/24", "192.0.2.77", true),
            ("192.0.2.0/24", "192.0.3.77", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::1", "2001:db8::2", false),
        ] {
            let network = parse_network(network).expect("a network");
            let address: IpAddr = address.parse().expect("an address");
            assert_eq!(network.contains(&address), inside, "{network} {address}");
        }
        assert_eq!(parse_network("192.0.2.0/33"), None);
        assert_eq!(parse_network("example"), None);
    }
}
