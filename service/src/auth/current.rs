//! A caller as the database has it now, read in the transaction that uses the caller's powers.
//!
//! A caller is authenticated when the head of a request arrives, or is found in a cache. Its user may be disabled, or its
//! key revoked, before the body is complete.

use std::sync::Arc;

use domain::id::{ApiKeyId, UserId};
use domain::refusal::{Code, Refusal};
use entity::app_user;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use sea_orm::{ColumnTrait, QueryFilter};
use uuid::Uuid;

use super::Role;
use super::power::Chain;
use super::role::scopes_of;
use super::tokens::FIND_SESSION;
use crate::caller::ActorKind;
use crate::{Caller, Error, Tx};

/// The key or the user that a write concerns, besides those of its caller.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Target {
    pub key: Option<ApiKeyId>,
    pub user: Option<UserId>,
}

/// Locks the target and all that the caller acts for, and returns the caller with the powers that it has now. Rejects a
/// caller that has ended. If the target is a user, all active owners are locked: two of them can't end each other.
///
/// Keys are locked before users, each by id, so two such writes never wait for each other.
pub(super) async fn current(tx: &Tx, caller: &Caller, target: Target) -> Result<Caller, Error> {
    let is_key = caller.actor_kind == ActorKind::ApiKey;
    let by_key = is_key.then_some(caller.actor_id);
    let keys = sqlx::query(LOCK_KEYS).bind(tx.tenant_id.0).bind(by_key);
    let keys = tx.rows(keys.bind(target.key.map(|id| id.0))).await?;
    let mut users: Vec<Uuid> = target.user.map(|id| id.0).into_iter().collect();
    let mut hash: Option<Vec<u8>> = None;
    for row in keys {
        users.extend(row.try_get::<Option<Uuid>, _>("user_id")?);
        if by_key == Some(row.try_get("id")?) {
            hash = row.try_get("hash")?;
        }
    }
    users.extend((caller.actor_kind == ActorKind::User).then_some(caller.actor_id));
    let lock = sqlx::query(LOCK_USERS).bind(tx.tenant_id.0).bind(users);
    tx.rows(lock.bind(target.user.is_some())).await?;
    match caller.actor_kind {
        ActorKind::ApiKey => of_key(tx, caller, &hash.ok_or_else(ended)?).await,
        ActorKind::User => of_user(tx, caller).await,
        // No route that hands on powers is open to a customer session.
        ActorKind::Customer => Err(ended().into()),
        ActorKind::Operator | ActorKind::Worker => Ok(caller.clone()),
    }
}

/// Rejects a caller whose key or login has ended since its request came, or has lost a scope. A write that takes long calls this at its
/// end. What ends the key or the login from then on waits for the commit of the write.
pub async fn require_present(tx: &Tx, caller: &Caller) -> Result<(), Error> {
    if caller.actor_kind == ActorKind::Customer {
        // No write that takes long is open to a customer session.
        return Ok(());
    }
    let now = current(tx, caller, Target::default()).await?;
    if now.scopes.covers(caller.scopes) && goes_on(tx, caller).await? { Ok(()) } else { Err(ended().into()) }
}

/// Whether the login of the caller goes on. A caller without a login has none that ends.
async fn goes_on(tx: &Tx, caller: &Caller) -> Result<bool, Error> {
    let Some(session_id) = caller.session_id else { return Ok(true) };
    let find = sqlx::query(FIND_SESSION).bind(tx.tenant_id.0).bind(session_id).bind(caller.actor_id);
    Ok(tx.row(find).await?.is_some())
}

/// Whether the caller is the user, or a key that acts for the user, directly or through other keys.
pub(super) async fn acts_for(tx: &Tx, caller: &Caller, user_id: UserId) -> Result<bool, Error> {
    match caller.actor_kind {
        ActorKind::User => Ok(caller.actor_id == user_id.0),
        ActorKind::ApiKey => {
            let makers = makers(tx, caller.actor_id).await?;
            Ok(makers.iter().any(|maker| maker.user_id == user_id.0))
        }
        ActorKind::Customer | ActorKind::Operator | ActorKind::Worker => Ok(false),
    }
}

/// Whether the caller is a user, or a key that acts for a user.
pub(super) async fn has_user(tx: &Tx, caller: &Caller) -> Result<bool, Error> {
    match caller.actor_kind {
        ActorKind::User => Ok(true),
        ActorKind::ApiKey => Ok(!makers(tx, caller.actor_id).await?.is_empty()),
        ActorKind::Customer | ActorKind::Operator | ActorKind::Worker => Ok(false),
    }
}

/// Whether the caller is a key that acts for a user with a second factor.
pub(super) async fn has_guarded_user(tx: &Tx, caller: &Caller) -> Result<bool, Error> {
    if caller.actor_kind != ActorKind::ApiKey {
        return Ok(false);
    }
    Ok(makers(tx, caller.actor_id).await?.iter().any(|maker| maker.is_guarded))
}

/// A user for whom a key acts, directly or through other keys.
struct Maker {
    user_id: Uuid,
    /// Whether the user has a second factor.
    is_guarded: bool,
}

/// Returns the users for whom a key acts.
async fn makers(tx: &Tx, key_id: Uuid) -> Result<Vec<Maker>, Error> {
    let rows = tx.rows(sqlx::query(FIND_MAKERS).bind(tx.tenant_id.0).bind(key_id)).await?;
    let maker = |row: &PgRow| -> Result<Maker, Error> {
        Ok(Maker { user_id: row.try_get("id")?, is_guarded: row.try_get("is_guarded")? })
    };
    rows.iter().map(maker).collect()
}

/// Whether the caller is a user with a second factor.
pub(super) async fn is_guarded(tx: &Tx, caller: &Caller) -> Result<bool, Error> {
    if caller.actor_kind != ActorKind::User {
        return Ok(false);
    }
    let users = tx.select::<app_user::Entity>().filter(app_user::Column::Id.eq(caller.actor_id));
    Ok(users.one(tx).await?.is_some_and(|user| user.second_factor_since.is_some()))
}

async fn of_key(tx: &Tx, caller: &Caller, hash: &[u8]) -> Result<Caller, Error> {
    let (chain, now) = Chain::find(tx, hash).await?.ok_or_else(ended)?;
    chain.check(now).map_err(|_| ended())?;
    let scopes = chain.scopes().intersection(caller.scopes);
    Ok(Caller { scopes, limits: Arc::new(chain.limits()), ..caller.clone() })
}

async fn of_user(tx: &Tx, caller: &Caller) -> Result<Caller, Error> {
    let users = tx.select::<app_user::Entity>().filter(app_user::Column::Id.eq(caller.actor_id));
    let user = users.one(tx).await?.filter(|user| user.status == "active").ok_or_else(ended)?;
    let role: Role = user.role.parse().map_err(|_| ended())?;
    let scopes = scopes_of(role, user.scopes.as_deref());
    Ok(Caller { scopes: scopes.intersection(caller.scopes), ..caller.clone() })
}

fn ended() -> Refusal {
    let detail =
        "The credential ended, or lost a scope, while the request was on its way: use one that is valid.";
    Refusal::new(Code::InsufficientScope, detail)
}

const LOCK_KEYS: &str = "
    with recursive chain as (
        select id, parent_id, 1 as place from api_key where tenant_id = $1 and id = $2
        union all
        select k.id, k.parent_id, c.place + 1
        from chain c join api_key k on k.tenant_id = $1 and k.id = c.parent_id
        where c.place < 16
    )
    select id, hash, user_id from api_key
    where tenant_id = $1 and id in (select id from chain union all select $3::uuid)
    order by id for no key update";

const FIND_MAKERS: &str = "
    with recursive chain as (
        select parent_id, user_id, 1 as place from api_key where tenant_id = $1 and id = $2
        union all
        select k.parent_id, k.user_id, c.place + 1
        from chain c join api_key k on k.tenant_id = $1 and k.id = c.parent_id
        where c.place < 16
    )
    select u.id, u.second_factor_since is not null as is_guarded
    from chain c join app_user u on u.tenant_id = $1 and u.id = c.user_id";

const LOCK_USERS: &str = "
    select id from app_user
    where tenant_id = $1 and (id = any($2) or $3 and role = 'owner' and status = 'active')
    order by id for no key update";
