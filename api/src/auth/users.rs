//! Users: list, create, change, disable.

use actix_web::web::Data;
use actix_web::{HttpRequest, get, patch, post};
use chrono::{DateTime, Utc};
use domain::id::{CustomRoleId, UserId};
use domain::tag;
use entity::app_user;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service::auth::users::{UserChange, role_schema};
use service::auth::{Role, UserCreate, users};
use service::{Error, Tx};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::provider::is_wrong_code;
use crate::body::Body;
use crate::list::{List, NoFilters, Page};
use crate::params::PathId;
use crate::patch::Patch;
use crate::personal::Personal;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{MergePatch, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(create).service(get).service(update).service(disable).service(enable);
}

/// A person who logs in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct User {
    /// Id of the user.
    id: UserId,
    object: tag::User,
    /// E-mail address to log in with.
    #[schema(max_length = 254, example = "till-3@shop.example")]
    email: String,
    /// The user's name.
    #[schema(max_length = 200, example = "Till 3")]
    name: String,
    /// Role of the user, which gives the scopes.
    #[schema(schema_with = role_schema)]
    role: String,
    /// Custom role of the user, which takes scopes of the role away. Null: the user has all of them.
    #[schema(example = json!(null))]
    custom_role_id: Option<CustomRoleId>,
    /// `active` or `disabled`.
    #[schema(max_length = 16, example = "active")]
    status: String,
    /// Since when logins ask for a code of the user's authenticator app. Null: they do not.
    second_factor_since: Option<DateTime<Utc>>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// When the user was created.
    created_at: DateTime<Utc>,
    /// When the user was last changed.
    updated_at: DateTime<Utc>,
}

impl From<app_user::Model> for User {
    fn from(row: app_user::Model) -> Self {
        User {
            email: row.address().to_owned(),
            id: row.id,
            object: tag::User,
            name: row.name,
            role: row.role,
            custom_role_id: row.custom_role_id,
            status: row.status,
            second_factor_since: row.second_factor_since,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

record!(User, UserId);

impl Personal for User {
    async fn find(tx: &Tx, ids: &[Uuid]) -> Result<Vec<Self>, Error> {
        Ok(users::find_all(tx, ids).await?.into_iter().map(User::from).collect())
    }
}

/// A user to create.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct UserIn {
    /// E-mail address to log in with.
    #[schema(max_length = 254, pattern = r"^\s*[^\s@]+@[^\s@]+\s*$", example = "till-3@shop.example")]
    email: String,
    /// The user's name.
    #[schema(min_length = 1, max_length = 200, example = "Till 3")]
    name: String,
    /// Role of the user. It has at most the scopes of the caller.
    #[schema(schema_with = role_schema)]
    role: Role,
    /// Custom role of the user, whose `base` is the role: it takes scopes of the role away.
    #[serde(default)]
    custom_role_id: Option<CustomRoleId>,
    /// The first password.
    #[schema(value_type = String, min_length = 12, max_length = 200, example = "correct horse battery staple")]
    password: SecretString,
    /// A code of the caller's second factor, or a recovery code. A caller who has a second factor needs one if the role is that of an
    /// admin or an owner.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 64, example = "287082")]
    code: Option<SecretString>,
}

/// List users
///
/// Returns every user of the tenant, oldest first, also disabled ones.
#[utoipa::path(
    operation_id = "users_list",
    security(("bearer" = ["users:read"])),
    responses((status = 200, description = "One page of users.", body = Page<User>))
)]
#[get("/v1/users")]
async fn list(caller: Caller, list: List<NoFilters>) -> Answer {
    let read = async |tx: &Tx, after: Option<UserId>, rows: u64| {
        let users = users::list(tx, after, rows).await?;
        Ok(users.into_iter().map(User::from).collect::<Vec<_>>())
    };
    list.serve(caller, read, |user: &User| user.id).await
}

/// Create a user
///
/// The role has at most the scopes of the caller: only an owner makes an owner. A key with bounds makes no users. The address
/// may be that of a disabled user. A caller who has a second factor states a code of it to make an admin or an owner. Without a
/// code the response is 409. A key that acts for such a user gets 409 too.
#[utoipa::path(
    operation_id = "users_create",
    security(("bearer" = ["users:write"])),
    request_body = UserIn,
    responses((status = 201, description = "The user.", body = User))
)]
#[post("/v1/users")]
async fn create(request: HttpRequest, app: Data<App>, write: Write, body: Body<UserIn>) -> Answer {
    let UserIn { email, name, role, custom_role_id, password, code } = body.read().await?.value;
    // The fingerprint is kept for a week. It covers everything but the password and the code.
    let mut said = vec![json!(email), json!(name), json!(role)];
    said.extend(custom_role_id.map(|id| json!(id)));
    let said = Value::from(said).to_string().into();
    let wanted = UserCreate { email, name, role, custom_role_id, password };
    let caller = write.caller();
    let hash = app.auth.password_hash(&caller, &wanted).await?;
    let made = write.of_persons::<User>().create_as("user.created", &said, async |tx| {
        app.auth.require_code_of_role(tx, &caller, wanted.role, code.as_ref()).await?;
        Ok(User::from(users::create(tx, &caller, &wanted, &hash).await?))
    });
    app.auth.guard(&caller, app.address_of(&request), made, is_wrong_code).await
}

/// Get a user
///
/// Returns one user.
#[utoipa::path(
    operation_id = "users_get",
    security(("bearer" = ["users:read"])),
    params(("id" = UserId, Path, description = "The user's id."), ReadHeaders),
    responses((status = 200, description = "The user.", body = User))
)]
#[get("/v1/users/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<UserId>, seen: IfNoneMatch) -> Answer {
    let user = User::from(app.auth.get_user(&caller, id.0).await?);
    Ok(seen.answer(user.version, user))
}

/// Change a user
///
/// Takes a merge patch with an address, a name, a role or a status. The caller needs all scopes of the present role and of the new
/// one. So only an owner changes an owner, and a user who lacks a scope of another user can't change that user. A key with
/// bounds changes no user. No key changes the address of the user for whom it acts (409). The last active owner can't be changed to another role or disabled.
///
/// A caller who has a second factor sends a `code` to make a user an admin or an owner. The same applies to an admin or an owner who is
/// enabled, or gets another address or more scopes. Without a code the response is 409. An API key that acts for such a caller gets 409 too.
///
/// API keys that act for the user have the new scopes at once. Access tokens of the user lose removed scopes at once; the next token has the
/// added ones.
#[utoipa::path(
    operation_id = "users_update",
    security(("bearer" = ["users:write"])),
    params(("id" = UserId, Path, description = "The user's id.")),
    request_body = Patch<UserChange>,
    responses((status = 200, description = "The user as it is now.", body = User))
)]
#[patch("/v1/users/{id}")]
async fn update(
    request: HttpRequest,
    app: Data<App>,
    write: Write,
    id: PathId<UserId>,
    body: Body<MergePatch>,
) -> Answer {
    let (caller, changed_powers) = (write.caller(), write.changed_powers());
    let change =
        async |tx: &service::Tx, expected: Option<i32>, change: service::input::Change<'_, UserChange>| {
            let changed = users::update(&app.auth, tx, &caller, id.0, expected, change).await?;
            changed_powers.note(changed.record.powers);
            Ok(changed.map(|changed| User::from(changed.user)))
        };
    let changed = write.of_persons::<User>().patch("user.updated", body, change);
    app.auth.guard(&caller, app.address_of(&request), changed, is_wrong_code).await
}

/// Disable a user
///
/// The user can't log in any more, and all tokens of the user and all keys that act for the user stop working. The caller
/// needs all scopes of the user's role. The last active owner can't be disabled. Disabling again changes nothing.
#[utoipa::path(
    operation_id = "users_disable",
    security(("bearer" = ["users:write"])),
    params(("id" = UserId, Path, description = "The user's id.")),
    responses((status = 200, description = "The disabled user.", body = User))
)]
#[post("/v1/users/{id}/disable")]
async fn disable(write: Write, id: PathId<UserId>) -> Answer {
    let (caller, changed_powers) = (write.caller(), write.changed_powers());
    let disable = async |tx: &service::Tx| {
        let changed = users::disable(tx, &caller, id.0).await?;
        changed_powers.note(changed.record.powers);
        Ok(changed.map(|changed| User::from(changed.user)))
    };
    write.of_persons::<User>().change_or_leave("user.disabled", disable).await
}

/// Enable a user
///
/// A disabled user can log in again, with the password of before, and keys that act for the user work again. The caller needs
/// all scopes of the user's role. If another user has the address meanwhile, state another one in `PATCH /v1/users/{id}`
/// with `"status": "active"`. A caller who has a second factor enables an admin or an owner there, with a code (409 here). Enabling again
/// changes nothing.
#[utoipa::path(
    operation_id = "users_enable",
    security(("bearer" = ["users:write"])),
    params(("id" = UserId, Path, description = "The user's id.")),
    responses((status = 200, description = "The enabled user.", body = User))
)]
#[post("/v1/users/{id}/enable")]
async fn enable(write: Write, id: PathId<UserId>) -> Answer {
    let (caller, changed_powers) = (write.caller(), write.changed_powers());
    let enable = async |tx: &service::Tx| {
        let changed = users::enable(tx, &caller, id.0).await?;
        changed_powers.note(changed.record.powers);
        Ok(changed.map(|changed| User::from(changed.user)))
    };
    write.of_persons::<User>().change_or_leave("user.enabled", enable).await
}
