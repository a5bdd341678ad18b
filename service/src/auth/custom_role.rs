//! Custom roles: a built-in role with fewer scopes.
//!
//! A user keeps a built-in role, which decides who may change the user. A custom role takes scopes of it away and never adds one. Each user
//! who has it has a copy of its scopes, which every check of a credential reads with the user.
//!
//! A change of a custom role locks its users before the role, as a change of a user locks the user before the role.

use chrono::{DateTime, Utc};
use domain::id::CustomRoleId;
use domain::refusal::{Code, Problems, Refusal};
use domain::tag;
use domain::text::Name;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::current::{Target, current};
use super::hidden::{check_code_length, hidden};
use super::power::require_role;
use super::{Auth, Role};
use crate::columns::Columns;
use crate::input::{Change, Patched};
use crate::listing::{Listing, Slice, word};
use crate::scope::{Scope, Scopes};
use crate::{Caller, Error, Tx, input, room};

/// Most custom roles of a tenant.
const CUSTOM_ROLES_MAX: usize = 50;
/// Most scopes of a custom role.
const SCOPES_MAX: usize = 64;

/// A built-in role with fewer scopes.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CustomRole {
    /// Id of the custom role.
    pub id: CustomRoleId,
    /// Always `custom_role`.
    pub object: tag::CustomRole,
    /// Name of the custom role.
    #[schema(max_length = 200, example = "Stock only")]
    pub name: String,
    /// Built-in role that has all of the scopes. Users with the custom role have it as their role.
    #[schema(value_type = String, max_length = 16, example = "buyer")]
    pub base: Role,
    /// Scopes of the users who have the custom role.
    #[schema(max_items = 64, example = json!(["catalog:read", "stock:read"]))]
    pub scopes: Vec<String>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// The fields of a new custom role.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CustomRoleCreate)]
pub struct CustomRoleInput {
    /// Name of the custom role, unique among custom roles.
    pub name: Name,
    /// Built-in role that has all of the scopes: any but owner. It can't be changed later.
    #[schema(value_type = String, max_length = 16, example = "buyer")]
    pub base: Role,
    /// Scopes of the users who have the custom role. Each is a scope of `base`.
    #[schema(min_items = 1, max_items = 64, example = json!(["catalog:read", "stock:read"]))]
    pub scopes: Vec<String>,
}

/// The fields of a custom role that can be changed.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CustomRoleUpdate)]
pub struct CustomRoleChange {
    /// Name of the custom role, unique among custom roles.
    pub name: Name,
    /// Built-in role that has all of the scopes. It can't be changed.
    #[schema(value_type = String, max_length = 16, example = "buyer")]
    pub base: Role,
    /// Scopes of the users who have the custom role. Each is a scope of `base`.
    #[schema(min_items = 1, max_items = 64, example = json!(["catalog:read", "stock:read"]))]
    pub scopes: Vec<String>,
    /// A code of the caller's second factor, or a recovery code. A caller who has a second factor needs one to add scopes if `base` is admin.
    #[serde(default, serialize_with = "hidden")]
    #[schema(value_type = Option<String>, max_length = 64, example = "287082")]
    pub code: Option<SecretString>,
}

/// Returns one page of custom roles.
pub async fn list(tx: &Tx, slice: &Slice) -> Result<Vec<CustomRole>, Error> {
    Listing::new(tx, SELECT).page(tx, "id", slice).await?.iter().map(read).collect()
}

pub async fn get(tx: &Tx, id: CustomRoleId) -> Result<CustomRole, Error> {
    let rows = Listing::new(tx, SELECT).with("id = ", Some(id.0)).rows(tx).await?;
    read(rows.first().ok_or_else(not_found)?)
}

/// Creates a custom role. Rejects a caller who lacks a scope of its base.
pub async fn create(tx: &Tx, caller: &Caller, wanted: &CustomRoleInput) -> Result<CustomRole, Error> {
    require_role(wanted.base, &current(tx, caller, Target::default()).await?)?;
    let scopes = check_scopes(wanted)?;
    let detail = format!("A tenant may have at most {CUSTOM_ROLES_MAX} custom roles: delete one first.");
    room::check_room(tx, "custom roles", COUNT, CUSTOM_ROLES_MAX, detail).await?;
    let id = CustomRoleId(tx.next_id());
    let base: &str = wanted.base.into();
    let insert = "insert into custom_role (tenant_id, id, name, base, scopes, created_at, updated_at) \
                  values ($1, $2, $3, $4, $5, $6, $6)";
    let statement = Columns::of(insert)
        .value("tenant_id", tx.tenant_id.0)
        .value("id", id.0)
        .value("name", wanted.name.to_string())
        .value("base", base)
        .value("scopes", scopes)
        .value("created_at", tx.now);
    statement.execute(tx).await.map_err(reject_taken_name)?;
    get(tx, id).await
}

/// Changes a custom role that is still at version `expected`, and the scopes of its users with it. Rejects a caller who lacks a scope of
/// its base. Rejects a caller who has a second factor, and gives admins more scopes without a code.
pub async fn update(
    auth: &Auth,
    tx: &Tx,
    caller: &Caller,
    id: CustomRoleId,
    expected: Option<i32>,
    change: Change<'_, CustomRoleChange>,
) -> Result<Patched<CustomRole>, Error> {
    let caller = current(tx, caller, Target::default()).await?;
    tx.rows(sqlx::query(LOCK_USERS).bind(tx.tenant_id.0).bind(id.0)).await?;
    let before = lock(tx, id).await?;
    input::check_version(before.version, expected)?;
    require_role(before.base, &caller)?;
    let held = Scopes::parse(&before.scopes);
    let present = CustomRoleChange {
        name: Name::stored(&before.name),
        base: before.base,
        scopes: before.scopes,
        code: None,
    };
    let Some(CustomRoleChange { name, base, scopes, code }) = change(&present)? else {
        return Ok(Patched::unchanged(get(tx, id).await?));
    };
    let next = CustomRoleInput { name, base, scopes };
    let scopes = check_scopes(&next)?;
    let mut problems = Problems::default();
    check_code_length(&mut problems, code.as_ref());
    if next.base != before.base {
        problems.invalid("/base", "The base of a custom role can't be changed. Create another custom role.");
    }
    problems.check()?;
    if scopes == present.scopes && next.name.as_str() == before.name && code.is_none() {
        // The scopes are stored in one order, each once: the patch states the present ones in another form.
        return Ok(Patched::unchanged(get(tx, id).await?));
    }
    if !held.covers(Scopes::parse(&scopes)) {
        auth.require_code_of_role(tx, &caller, next.base, code.as_ref()).await?;
    }
    let update = sqlx::query(UPDATE).bind(tx.tenant_id.0).bind(id.0).bind(next.name.to_string());
    tx.execute(update.bind(scopes.clone()).bind(tx.now)).await.map_err(reject_taken_name)?;
    tx.execute(sqlx::query(NARROW_USERS).bind(tx.tenant_id.0).bind(id.0).bind(scopes)).await?;
    Ok(Patched::changed(get(tx, id).await?))
}

/// Deletes a custom role that no user has. Rejects a caller who lacks a scope of its base.
pub async fn delete(tx: &Tx, caller: &Caller, id: CustomRoleId, expected: Option<i32>) -> Result<(), Error> {
    let caller = current(tx, caller, Target::default()).await?;
    let before = lock(tx, id).await?;
    input::check_version(before.version, expected)?;
    require_role(before.base, &caller)?;
    let users = tx.rows(sqlx::query(FIND_USERS).bind(tx.tenant_id.0).bind(id.0)).await?.len();
    if users > 0 {
        let detail = format!(
            "Users have this custom role, enabled or disabled ones: {users}. Give them another role first, with PATCH /v1/users/{{id}}."
        );
        return Err(Refusal::state(detail).into());
    }
    tx.execute(sqlx::query(DELETE).bind(tx.tenant_id.0).bind(id.0)).await?;
    Ok(())
}

/// Returns the scopes that a custom role leaves a user with this role. Locks the custom role against changes until the transaction ends.
pub(super) async fn scopes_for(tx: &Tx, id: CustomRoleId, role: Role) -> Result<Vec<String>, Error> {
    let row = tx.row(sqlx::query(SHARE).bind(tx.tenant_id.0).bind(id.0)).await?;
    let Some(row) = row else {
        return Err(Problems::one("/custom_role_id", Code::NotFound, "There is no such custom role.").into());
    };
    let base: Role = word(&row, "base")?;
    if base != role {
        let (base, role): (&str, &str) = (base.into(), role.into());
        let detail = format!("The base of this custom role is {base}, and the role of the user is {role}.");
        return Err(Refusal::invalid("/custom_role_id", detail).into());
    }
    Ok(row.try_get("scopes")?)
}

/// Returns the scopes in their order. Rejects a scope that does not exist, and one that the base lacks.
fn check_scopes(wanted: &CustomRoleInput) -> Result<Vec<String>, Refusal> {
    let mut problems = Problems::default();
    wanted.name.check(&mut problems, "/name");
    if wanted.base == Role::Owner {
        problems.invalid("/base", "An owner has every scope. Name another role.");
    }
    if wanted.scopes.is_empty() || wanted.scopes.len() > SCOPES_MAX {
        problems.invalid("/scopes", format!("Name at least one scope, and at most {SCOPES_MAX}."));
    }
    let of_base = wanted.base.scopes();
    for (index, text) in wanted.scopes.iter().enumerate().take(SCOPES_MAX) {
        match text.parse::<Scope>() {
            Ok(scope) if of_base.contains(scope) => {}
            Ok(_) => problems.invalid(format!("/scopes/{index}"), "The base lacks this scope."),
            Err(_) => problems.invalid(format!("/scopes/{index}"), "There is no such scope."),
        }
    }
    problems.check()?;
    Ok(Scopes::parse(&wanted.scopes).iter().map(|scope| scope.as_str().to_owned()).collect())
}

async fn lock(tx: &Tx, id: CustomRoleId) -> Result<CustomRole, Error> {
    tx.row(sqlx::query(LOCK).bind(tx.tenant_id.0).bind(id.0)).await?;
    get(tx, id).await
}

fn read(row: &PgRow) -> Result<CustomRole, Error> {
    Ok(CustomRole {
        id: CustomRoleId(row.try_get("id")?),
        object: tag::CustomRole,
        name: row.try_get("name")?,
        base: word(row, "base")?,
        scopes: row.try_get("scopes")?,
        version: row.try_get("version")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

fn not_found() -> Refusal {
    Refusal::not_found("custom role")
}

fn reject_taken_name(error: Error) -> Error {
    error.on_constraint("custom_role_name_key", || {
        Problems::one("/name", Code::AlreadyExists, "Another custom role has this name.")
    })
}

const SELECT: &str =
    "select id, name, base, scopes, version, created_at, updated_at from custom_role where tenant_id = ";

const COUNT: &str = "select count(*) as records from custom_role where tenant_id = $1";

const LOCK: &str = "select 1 from custom_role where tenant_id = $1 and id = $2 for update";

const SHARE: &str = "select base, scopes from custom_role where tenant_id = $1 and id = $2 for share";

const LOCK_USERS: &str = "
    select id from app_user where tenant_id = $1 and custom_role_id = $2 order by id for no key update";

const FIND_USERS: &str = "select id from app_user where tenant_id = $1 and custom_role_id = $2";

const UPDATE: &str = "
    update custom_role set name = $3, scopes = $4, updated_at = $5, version = version + 1
    where tenant_id = $1 and id = $2";

const NARROW_USERS: &str = "update app_user set scopes = $3 where tenant_id = $1 and custom_role_id = $2";

const DELETE: &str = "delete from custom_role where tenant_id = $1 and id = $2";
