//! Users: people with a role and a password.

use domain::id::UserId;
use domain::refusal::{Code, Problems, Refusal};
use entity::app_user;
use sea_orm::{ActiveModelTrait, ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Set, sqlx};
use secrecy::{ExposeSecret, SecretString};

use super::{Auth, Role, keys};
use crate::caller::ActorKind;
use crate::{Caller, Error, Tx, input};

/// Shortest password.
const PASSWORD_LENGTH_MIN: usize = 12;
/// Longest password.
const PASSWORD_LENGTH_MAX: usize = 200;
/// Longest e-mail address.
const EMAIL_LENGTH_MAX: usize = 254;

#[derive(Debug, Clone)]
pub struct UserCreate {
    /// Address for logins.
    pub email: String,
    pub name: String,
    pub role: Role,
    /// First password.
    pub password: SecretString,
}

impl Auth {
    /// Returns users by id, after the id `after`.
    pub async fn list_users(
        &self,
        caller: &Caller,
        after: Option<UserId>,
        limit: u64,
    ) -> Result<Vec<app_user::Model>, Error> {
        let users = self.db.read(caller.tenant_id, async |tx| {
            let mut users = tx.select::<app_user::Entity>().order_by_asc(app_user::Column::Id).limit(limit);
            if let Some(after) = after {
                users = users.filter(app_user::Column::Id.gt(after));
            }
            Ok(users.all(tx).await?)
        });
        users.await
    }

    pub async fn get_user(&self, caller: &Caller, id: UserId) -> Result<app_user::Model, Error> {
        self.db.read(caller.tenant_id, async |tx| find(tx, id).await).await
    }

    /// Hashes a password for storage. Hashing is slow, so it is done before a transaction is opened.
    pub async fn password_hash(&self, caller: &Caller, wanted: &UserCreate) -> Result<String, Error> {
        check_user(wanted, &address(wanted))?;
        keys::cover(caller, wanted.role.scopes())?;
        self.hash(wanted.password.clone()).await
    }
}

/// Returns the address as it is stored.
fn address(wanted: &UserCreate) -> String {
    wanted.email.trim().to_lowercase()
}

/// Creates a user with the hash from [`Auth::password_hash`]. Rejects a role with scopes that the caller does not
/// have.
pub async fn create(
    tx: &Tx,
    caller: &Caller,
    wanted: &UserCreate,
    password_hash: &str,
) -> Result<app_user::Model, Error> {
    if wanted.role == Role::Owner && caller.actor_kind == ActorKind::User {
        require_owner(tx, caller).await?;
    }
    let role: &str = wanted.role.into();
    let user = app_user::ActiveModel {
        tenant_id: Set(tx.tenant_id),
        id: Set(UserId(tx.next_id())),
        email: Set(address(wanted)),
        name: Set(wanted.name.clone()),
        role: Set(role.to_owned()),
        password_hash: Set(password_hash.to_owned()),
        status: Set("active".to_owned()),
        version: Set(1),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
    };
    user.insert(tx).await.map_err(|error| {
        Error::from(error).on_constraint("app_user_email_key", || {
            Problems::one("/email", Code::AlreadyExists, "Another user has this address.")
        })
    })
}

/// Disables a user: logins fail, and issued tokens are no longer valid. [`Auth::revoked`] must be called after the
/// commit.
pub async fn disable(tx: &Tx, caller: &Caller, id: UserId) -> Result<app_user::Model, Error> {
    let user = find(tx, id).await?;
    if user.id.0 == caller.actor_id {
        return Err(Refusal::state("You cannot disable yourself.").into());
    }
    if user.role == "owner" && caller.actor_kind == ActorKind::User {
        require_owner(tx, caller).await?;
    }
    tx.execute(sqlx::query(DISABLE_USER).bind(tx.tenant_id.0).bind(id.0).bind(tx.now)).await?;
    tx.execute(sqlx::query(END_LOGINS).bind(tx.tenant_id.0).bind(id.0).bind(tx.now)).await?;
    find(tx, id).await
}

const DISABLE_USER: &str = "
    update app_user set status = 'disabled', updated_at = $3, version = version + 1
    where tenant_id = $1 and id = $2 and status <> 'disabled'";

const END_LOGINS: &str = "
    update refresh_token set revoked_at = $3
    where tenant_id = $1 and user_id = $2 and revoked_at is null";

async fn require_owner(tx: &Tx, caller: &Caller) -> Result<(), Error> {
    let actor = find(tx, UserId(caller.actor_id)).await?;
    if actor.role == "owner" {
        return Ok(());
    }
    Err(Refusal::new(Code::InsufficientScope, "Only an owner can make or disable an owner.").into())
}

pub(super) async fn find(tx: &Tx, id: UserId) -> Result<app_user::Model, Error> {
    let user = tx.select::<app_user::Entity>().filter(app_user::Column::Id.eq(id)).one(tx).await?;
    Ok(user.ok_or_else(|| Refusal::not_found("user"))?)
}

fn check_user(wanted: &UserCreate, email: &str) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    let (name, host) = email.split_once('@').unwrap_or_default();
    let odd = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '@';
    if name.is_empty()
        || host.is_empty()
        || host.contains(odd)
        || name.contains(odd)
        || email.len() > EMAIL_LENGTH_MAX
    {
        problems.invalid("/email", "Expected an e-mail address.");
    }
    input::check_line(&mut problems, "/name", &wanted.name, input::NAME_LENGTH_MAX);
    let length = wanted.password.expose_secret().chars().count();
    if !(PASSWORD_LENGTH_MIN..=PASSWORD_LENGTH_MAX).contains(&length) {
        let detail = format!("A password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters.");
        problems.invalid("/password", detail);
    }
    problems.check()
}
