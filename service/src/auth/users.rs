//! Users: people with a role and a password.

use domain::id::{CustomRoleId, UserId};
use domain::refusal::{Code, Problems, Refusal};
use domain::text_enum;
use entity::app_user;
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, QueryFilter, QueryOrder, QuerySelect, Set, Unchanged, sqlx};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use strum::IntoEnumIterator;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use uuid::Uuid;

use super::current::{Target, acts_for, current, has_guarded_user, is_guarded};
use super::hidden::{check_code_length, hidden};
use super::power::require_role;
use super::provider_account::untie_user;
use super::role::scopes_of;
use super::{Auth, Role, custom_role};
use crate::caller::ActorKind;
use crate::input::{Change, Patched};
use crate::rows::parsed;
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
    /// Custom role whose base is the role.
    pub custom_role_id: Option<CustomRoleId>,
    /// First password.
    pub password: SecretString,
}

/// Returns users by id, after the id `after`.
pub async fn list(tx: &Tx, after: Option<UserId>, limit: u64) -> Result<Vec<app_user::Model>, Error> {
    let mut users = tx.select::<app_user::Entity>().order_by_asc(app_user::Column::Id).limit(limit);
    if let Some(after) = after {
        users = users.filter(app_user::Column::Id.gt(after));
    }
    Ok(users.all(tx).await?)
}

impl Auth {
    pub async fn get_user(&self, caller: &Caller, id: UserId) -> Result<app_user::Model, Error> {
        self.db.read(caller.tenant_id, async |tx| find(tx, id).await).await
    }

    /// Hashes a password for storage. Hashing is slow, so it is done before a transaction is opened.
    pub async fn password_hash(&self, caller: &Caller, wanted: &UserCreate) -> Result<String, Error> {
        check_user(wanted, &address(&wanted.email))?;
        require_role(wanted.role, caller)?;
        self.hash(wanted.password.clone()).await
    }
}

/// Returns an address as it is stored.
fn address(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Reads an address as it is stored, so that a patch with the present address changes nothing.
fn read_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map(|email| address(&email))
}

/// Creates a user with the hash from [`Auth::password_hash`]. Checks again what the caller may grant.
pub async fn create(
    tx: &Tx,
    caller: &Caller,
    wanted: &UserCreate,
    password_hash: &str,
) -> Result<app_user::Model, Error> {
    require_role(wanted.role, &current(tx, caller, Target::default()).await?)?;
    let email = address(&wanted.email);
    let custom_role = custom_role_of(tx, wanted.role, wanted.custom_role_id).await?;
    let user = NewUser { email: &email, name: &wanted.name, role: wanted.role, custom_role };
    insert(tx, &user, password_hash).await
}

/// An active user to insert.
pub(super) struct NewUser<'u> {
    /// Address as it is stored.
    pub email: &'u str,
    pub name: &'u str,
    pub role: Role,
    /// The custom role, with the scopes that it leaves.
    pub custom_role: Option<(CustomRoleId, Vec<String>)>,
}

/// Inserts a user. Rejects an address that another active user has.
pub(super) async fn insert(
    tx: &Tx,
    wanted: &NewUser<'_>,
    password_hash: &str,
) -> Result<app_user::Model, Error> {
    let role: &str = wanted.role.into();
    let (custom_role_id, scopes) = wanted.custom_role.clone().unzip();
    free_address(tx, wanted.email).await?;
    let user = app_user::ActiveModel {
        tenant_id: Set(tx.tenant_id),
        id: Set(UserId(tx.next_id())),
        email: Set(wanted.email.to_owned()),
        former_email: Set(None),
        name: Set(wanted.name.to_owned()),
        role: Set(role.to_owned()),
        custom_role_id: Set(custom_role_id),
        scopes: Set(scopes),
        password_hash: Set(password_hash.to_owned()),
        logins_ended_at: Set(None),
        second_factor_since: Set(None),
        status: Set("active".to_owned()),
        version: Set(1),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
    };
    user.insert(tx).await.map_err(reject_taken_address)
}

/// Returns whether an active user has an address.
pub(super) async fn is_taken(tx: &Tx, email: &str) -> Result<bool, Error> {
    Ok(tx.row(sqlx::query(FIND_ADDRESS).bind(tx.tenant_id.0).bind(email)).await?.is_some())
}

/// Takes an address from a disabled user, so that another user can have it.
async fn free_address(tx: &Tx, email: &str) -> Result<(), Error> {
    tx.execute(sqlx::query(FREE_ADDRESS).bind(tx.tenant_id.0).bind(email)).await?;
    Ok(())
}

fn reject_taken_address(error: sea_orm::DbErr) -> Error {
    Error::from(error).on_constraint("app_user_email_key", || {
        let detail = "Another active user has this address. State another one, or disable that user.";
        Problems::one("/email", Code::AlreadyExists, detail)
    })
}

/// The fields of a user that can be changed.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UserUpdate)]
pub struct UserChange {
    /// E-mail address to log in with. It may be that of a disabled user, who then needs another one to be enabled.
    #[serde(deserialize_with = "read_address")]
    #[schema(
        min_length = 3,
        max_length = 254,
        pattern = r"^\s*[^\s@]+@[^\s@]+\s*$",
        example = "till-3@shop.example"
    )]
    pub email: String,
    /// The user's name.
    #[schema(min_length = 1, max_length = 200, example = "Till 3")]
    pub name: String,
    /// Role of the user. The caller needs all scopes of the present role and of the new one.
    #[schema(schema_with = role_schema)]
    pub role: Role,
    /// Custom role of the user, whose `base` is the role: it takes scopes of the role away. Null: the user has all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_role_id: Option<CustomRoleId>,
    /// `active`, or `disabled`: the user can't log in, and the user's tokens and keys don't work.
    pub status: UserStatus,
    /// A code of the caller's second factor, or a recovery code. A caller who has a second factor needs one to make a user an admin or an
    /// owner. The same applies to an admin or an owner who is enabled, or gets another address or more scopes.
    #[serde(default, serialize_with = "hidden")]
    #[schema(value_type = Option<String>, max_length = 64, example = "287082")]
    pub code: Option<SecretString>,
}

text_enum! {
    /// Whether a user can log in.
    pub enum UserStatus {
        /// The user can log in.
        Active,
        /// The user can't log in. Tokens of the user and keys that act for the user don't work.
        Disabled,
    }
}

/// Schema of a role.
pub fn role_schema() -> Object {
    let roles: Vec<&'static str> = Role::iter().map(Into::into).collect();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("A role. New ones may appear."))
        .examples([serde_json::json!(roles[0])])
        .enum_values(Some(roles))
        .build()
}

/// A user after a change.
#[derive(Debug)]
pub struct Changed {
    pub user: app_user::Model,
    /// Whether the user's powers changed. [`Auth::revoked`] must be called after the commit then.
    pub powers: bool,
}

/// Changes a user. Rejects a caller who lacks a scope of the present or the new role. Rejects a caller who has a second factor, and makes
/// an admin or gives one more scopes without a code.
pub async fn update(
    auth: &Auth,
    tx: &Tx,
    caller: &Caller,
    id: UserId,
    expected: Option<i32>,
    change: Change<'_, UserChange>,
) -> Result<Patched<Changed>, Error> {
    apply(Some(auth), tx, caller, id, expected, change).await
}

/// Returns whether a change gives the user more powers: another role, more scopes, another address, or logins again. `before` and `after`
/// are the scopes that a custom role leaves.
fn gives_more(
    present: &UserChange,
    next: &UserChange,
    before: Option<&[String]>,
    after: Option<&[String]>,
) -> bool {
    next.role != present.role
        || !scopes_of(present.role, before).covers(scopes_of(next.role, after))
        || address(&next.email) != present.email
        || (next.status == UserStatus::Active && present.status == UserStatus::Disabled)
}

/// Rejects a caller with a second factor who gives an admin or an owner more, without a code.
async fn check_code(
    auth: Option<&Auth>,
    tx: &Tx,
    caller: &Caller,
    next: &UserChange,
    gains: bool,
) -> Result<(), Error> {
    match auth {
        Some(auth) if gains => auth.require_code_of_role(tx, caller, next.role, next.code.as_ref()).await,
        Some(_) | None => Ok(()),
    }
}

/// Rejects an API key that changes the address of the user for whom it acts. Users log in with the address, so a stolen key must not change it.
async fn check_mover(tx: &Tx, caller: &Caller, id: UserId) -> Result<(), Error> {
    if caller.actor_kind == ActorKind::ApiKey && acts_for(tx, caller, id).await? {
        let detail = "A key does not change the address of the user for whom it acts. Send the access token of a login.";
        return Err(Refusal::state(detail).into());
    }
    Ok(())
}

/// Returns the custom role of a user with this role, with the scopes that it leaves, if the user has one.
pub(super) async fn custom_role_of(
    tx: &Tx,
    role: Role,
    id: Option<CustomRoleId>,
) -> Result<Option<(CustomRoleId, Vec<String>)>, Error> {
    match id {
        Some(id) => Ok(Some((id, custom_role::scopes_for(tx, id, role).await?))),
        None => Ok(None),
    }
}

/// Changes a user. `auth` checks the code of the caller, if the change can state one.
async fn apply(
    auth: Option<&Auth>,
    tx: &Tx,
    caller: &Caller,
    id: UserId,
    expected: Option<i32>,
    change: Change<'_, UserChange>,
) -> Result<Patched<Changed>, Error> {
    let caller = &current(tx, caller, Target { key: None, user: Some(id) }).await?;
    let before = find(tx, id).await?;
    input::check_version(before.version, expected)?;
    let present = input_of(&before)?;
    require_role(present.role, caller)?;
    let Some(next) = change(&present)? else {
        return Ok(Patched::unchanged(Changed { user: before, powers: false }));
    };
    require_role(next.role, caller)?;
    let email = address(&next.email);
    let mut problems = Problems::default();
    check_address(&mut problems, &email);
    input::check_name(&mut problems, &next.name);
    check_code_length(&mut problems, next.code.as_ref());
    problems.check()?;
    if email != present.email {
        check_mover(tx, caller, id).await?;
    }
    let (_, scopes) = custom_role_of(tx, next.role, next.custom_role_id).await?.unzip();
    let gains = gives_more(&present, &next, before.scopes.as_deref(), scopes.as_deref());
    check_code(auth, tx, caller, &next, gains).await?;
    if next.role != Role::Owner || next.status == UserStatus::Disabled {
        keep_an_owner(tx, &before).await?;
    }
    if next.status == UserStatus::Disabled {
        end(tx, caller, id).await?;
    }
    if email != present.email {
        untie_user(tx, id).await?;
    }
    let powers = (next.role, next.status) != (present.role, present.status) || scopes != before.scopes;
    if powers {
        end_links(tx, id).await?;
    }
    // A disabled user whose address another one has keeps it as the former one, until it is enabled or gets a new one.
    let keeps = next.status == UserStatus::Disabled && email == present.email;
    if !keeps && email != before.email {
        free_address(tx, &email).await?;
    }
    let (email, former_email) = if keeps { (before.email, before.former_email) } else { (email, None) };
    let (role, status): (&str, &str) = (next.role.into(), next.status.into());
    let after = app_user::ActiveModel {
        tenant_id: Unchanged(tx.tenant_id),
        id: Unchanged(id),
        email: Set(email),
        former_email: Set(former_email),
        name: Set(next.name),
        role: Set(role.to_owned()),
        custom_role_id: Set(next.custom_role_id),
        scopes: Set(scopes),
        status: Set(status.to_owned()),
        version: Set(before.version + 1),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    let user = after.update(tx).await.map_err(reject_taken_address)?;
    Ok(Patched::changed(Changed { user, powers }))
}

/// Returns the change that would give the user its present fields.
fn input_of(user: &app_user::Model) -> Result<UserChange, Error> {
    Ok(UserChange {
        email: user.address().to_owned(),
        name: user.name.clone(),
        role: parsed(user.role.clone())?,
        custom_role_id: user.custom_role_id,
        status: parsed(user.status.clone())?,
        code: None,
    })
}

/// Enables a disabled user, with the address and the role of before. Rejects a caller who lacks a scope of the user's role, and one with a
/// second factor if the user is an admin: only [`update`] takes a code. An active user stays as it is.
pub async fn enable(tx: &Tx, caller: &Caller, id: UserId) -> Result<Patched<Changed>, Error> {
    let user = find(tx, id).await?;
    if user.status == "active" {
        require_role(parsed(user.role.clone())?, &current(tx, caller, Target::default()).await?)?;
        return Ok(Patched::unchanged(Changed { user, powers: false }));
    }
    let role: Role = parsed(user.role)?;
    require_role(role, caller)?;
    if role.is_admin() && (is_guarded(tx, caller).await? || has_guarded_user(tx, caller).await?) {
        let detail = "You have a second factor, or the user for whom your key acts: to enable an admin or an owner, log in, and send \
                      PATCH /v1/users/{id} with `\"status\": \"active\"` and a `code` of the factor.";
        return Err(Refusal::state(detail).into());
    }
    let active =
        |present: &UserChange| Ok(Some(UserChange { status: UserStatus::Active, ..present.clone() }));
    apply(None, tx, caller, id, None, &active).await
}

/// Disables a user: logins fail, and issued tokens are no longer valid. Rejects a caller who lacks a scope of the user's
/// role. A disabled user stays as it is.
pub async fn disable(tx: &Tx, caller: &Caller, id: UserId) -> Result<Patched<Changed>, Error> {
    let caller = &current(tx, caller, Target { key: None, user: Some(id) }).await?;
    let user = find(tx, id).await?;
    require_role(parsed(user.role.clone())?, caller)?;
    keep_an_owner(tx, &user).await?;
    end(tx, caller, id).await?;
    let disable = sqlx::query(DISABLE_USER).bind(tx.tenant_id.0).bind(id.0).bind(tx.now);
    let powers = tx.execute(disable).await? > 0;
    end_links(tx, id).await?;
    let changed = Changed { user: find(tx, id).await?, powers };
    Ok(if powers { Patched::changed(changed) } else { Patched::unchanged(changed) })
}

/// Ends the logins of a user who is disabled, and the ties to accounts at providers.
async fn end(tx: &Tx, caller: &Caller, id: UserId) -> Result<(), Error> {
    if id.0 == caller.actor_id {
        return Err(Refusal::state("You cannot disable yourself.").into());
    }
    untie_user(tx, id).await?;
    end_logins(tx, id).await
}

/// Ends all logins of a user, whom the transaction has locked: refresh tokens, and access tokens that were issued before.
pub(super) async fn end_logins(tx: &Tx, id: UserId) -> Result<(), Error> {
    for statement in [END_REFRESH_TOKENS, END_ACCESS_TOKENS] {
        tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(tx.now)).await?;
    }
    Ok(())
}

/// Ends the links by which a user could set a new password.
pub(super) async fn end_links(tx: &Tx, id: UserId) -> Result<(), Error> {
    tx.execute(sqlx::query(END_LINKS).bind(tx.tenant_id.0).bind(id.0).bind(tx.now)).await?;
    Ok(())
}

/// Rejects a change after which no active owner would be left. [`current`] has locked the owners.
async fn keep_an_owner(tx: &Tx, user: &app_user::Model) -> Result<(), Error> {
    if user.role != "owner" || user.status != "active" {
        return Ok(());
    }
    let others = tx.rows(sqlx::query(FIND_OTHER_OWNERS).bind(tx.tenant_id.0).bind(user.id.0)).await?;
    if others.is_empty() {
        return Err(Refusal::state("This is the last active owner: make another user an owner first.").into());
    }
    Ok(())
}

const FIND_OTHER_OWNERS: &str = "
    select id from app_user
    where tenant_id = $1 and id <> $2 and role = 'owner' and status = 'active'
    limit 1";

const FIND_ADDRESS: &str = "select from app_user where tenant_id = $1 and email = $2 and status = 'active'";

/// The text that is left in `email` has a space, so it is no address.
const FREE_ADDRESS: &str = "
    update app_user set former_email = email, email = email || ' ' || id
    where tenant_id = $1 and email = $2 and status = 'disabled'";

const DISABLE_USER: &str = "
    update app_user set status = 'disabled', updated_at = $3, version = version + 1
    where tenant_id = $1 and id = $2 and status <> 'disabled'";

const END_REFRESH_TOKENS: &str = "
    update refresh_token set revoked_at = $3
    where tenant_id = $1 and user_id = $2 and revoked_at is null";

const END_ACCESS_TOKENS: &str = "update app_user set logins_ended_at = $3 where tenant_id = $1 and id = $2";

const END_LINKS: &str = "
    update password_link set ended_at = $3
    where tenant_id = $1 and user_id = $2 and ended_at is null";

/// Locks a user, and returns the user as it is now. What makes or ends logins of a user holds this lock.
pub(super) async fn lock(tx: &Tx, id: UserId) -> Result<app_user::Model, Error> {
    let users = tx.select::<app_user::Entity>().filter(app_user::Column::Id.eq(id));
    let user = users.lock(LockType::NoKeyUpdate).one(tx).await?;
    Ok(user.ok_or_else(|| Refusal::not_found("user"))?)
}

pub(super) async fn find(tx: &Tx, id: UserId) -> Result<app_user::Model, Error> {
    let user = tx.select::<app_user::Entity>().filter(app_user::Column::Id.eq(id)).one(tx).await?;
    Ok(user.ok_or_else(|| Refusal::not_found("user"))?)
}

/// Returns the users with these ids that exist.
pub async fn find_all(tx: &Tx, ids: &[Uuid]) -> Result<Vec<app_user::Model>, Error> {
    let ids = ids.iter().copied().map(UserId);
    Ok(tx.select::<app_user::Entity>().filter(app_user::Column::Id.is_in(ids)).all(tx).await?)
}

/// Checks the address and the name of a person. Returns the address as it is stored.
pub(super) fn check_new_user(email: &str, name: &str) -> Result<String, Refusal> {
    let email = address(email);
    let mut problems = Problems::default();
    check_address(&mut problems, &email);
    input::check_name(&mut problems, name);
    problems.check()?;
    Ok(email)
}

fn check_user(wanted: &UserCreate, email: &str) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    check_address(&mut problems, email);
    input::check_name(&mut problems, &wanted.name);
    check_password(&mut problems, "/password", &wanted.password);
    problems.check()
}

fn check_address(problems: &mut Problems, email: &str) {
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
}

pub(super) fn check_password(problems: &mut Problems, pointer: &str, password: &SecretString) {
    let length = password.expose_secret().chars().count();
    if !(PASSWORD_LENGTH_MIN..=PASSWORD_LENGTH_MAX).contains(&length) {
        let detail = format!("A password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters.");
        problems.invalid(pointer, detail);
    }
}
