//! Custom roles: list, create, get, change, delete.

use actix_web::web::Data;
use actix_web::{HttpRequest, delete, get, patch, post};
use domain::id::CustomRoleId;
use serde::Deserialize;
use service::Tx;
use service::auth::custom_role::{self, CustomRole, CustomRoleChange, CustomRoleInput};
use service::input::Change;
use service::listing::{Age, Slice};
use utoipa_actix_web::service_config::ServiceConfig;

use super::provider::is_wrong_code;
use crate::body::Body;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::patch::Patch;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{MergePatch, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(create).service(get).service(update).service(remove);
}

record!(CustomRole, CustomRoleId);

/// Which custom roles to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    sort: Option<Age>,
}

/// List custom roles
///
/// Returns one page of the custom roles of the tenant. `GET /v1/roles` has the built-in ones.
#[utoipa::path(
    operation_id = "custom_roles_list",
    security(("bearer" = ["users:read"])),
    params(Filters),
    responses((status = 200, description = "One page of custom roles.", body = Page<CustomRole>))
)]
#[get("/v1/custom-roles")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let sort = list.filters.sort;
    let read = async |tx: &Tx, slice: &Slice| custom_role::list(tx, slice).await;
    list.serve_documents(caller, sort, read, |role: &CustomRole| role.id.0).await
}

/// Create a custom role
///
/// A custom role is a built-in role, its `base`, with fewer scopes. `PATCH /v1/users/{id}` with `custom_role_id` gives it to a user whose
/// role is `base`. The caller needs all scopes of `base`. A tenant has at most 50 custom roles.
#[utoipa::path(
    operation_id = "custom_roles_create",
    security(("bearer" = ["users:write"])),
    request_body = CustomRoleInput,
    responses((status = 201, description = "The custom role.", body = CustomRole))
)]
#[post("/v1/custom-roles")]
async fn create(write: Write, body: Body<CustomRoleInput>) -> Answer {
    let caller = write.caller();
    let made = async |tx: &Tx, input: &CustomRoleInput| custom_role::create(tx, &caller, input).await;
    write.create("custom_role.created", body, made).await
}

/// Get a custom role
///
/// Returns one custom role.
#[utoipa::path(
    operation_id = "custom_roles_get",
    security(("bearer" = ["users:read"])),
    params(("id" = CustomRoleId, Path, description = "The custom role's id."), ReadHeaders),
    responses((status = 200, description = "The custom role.", body = CustomRole))
)]
#[get("/v1/custom-roles/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<CustomRoleId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| custom_role::get(tx, id.0).await).await?;
    Ok(seen.answer(row.version, row))
}

/// Change a custom role
///
/// Takes a merge patch. `base` can't be changed. The caller needs all scopes of `base`. API keys that act for users of the role have the new
/// scopes at once. Access tokens of these users lose removed scopes at once; their next token has the added ones. If `base` is admin, a
/// caller who has a second factor sends a `code` to add scopes. Without a code the response is 409. An API key that acts for such a caller
/// gets 409 too.
#[utoipa::path(
    operation_id = "custom_roles_update",
    security(("bearer" = ["users:write"])),
    params(("id" = CustomRoleId, Path, description = "The custom role's id.")),
    request_body = Patch<CustomRoleChange>,
    responses((status = 200, description = "The custom role as it is now.", body = CustomRole))
)]
#[patch("/v1/custom-roles/{id}")]
async fn update(
    request: HttpRequest,
    app: Data<App>,
    write: Write,
    id: PathId<CustomRoleId>,
    body: Body<MergePatch>,
) -> Answer {
    let (caller, changed_powers) = (write.caller(), write.changed_powers());
    let change = async |tx: &Tx, expected: Option<i32>, change: Change<'_, CustomRoleChange>| {
        let changed = custom_role::update(&app.auth, tx, &caller, id.0, expected, change).await?;
        changed_powers.note(changed.is_changed);
        Ok(changed)
    };
    let changed = write.patch("custom_role.updated", body, change);
    app.auth.guard(&caller, app.address_of(&request), changed, is_wrong_code).await
}

/// Delete a custom role
///
/// Deletes a custom role. While a user has it, also a disabled one, the request is rejected (409): give these users another role first.
/// The caller needs all scopes of its `base`.
#[utoipa::path(
    operation_id = "custom_roles_delete",
    security(("bearer" = ["users:write"])),
    params(("id" = CustomRoleId, Path, description = "The custom role's id.")),
    responses((status = 204, description = "The custom role is deleted."))
)]
#[delete("/v1/custom-roles/{id}")]
async fn remove(write: Write, id: PathId<CustomRoleId>) -> Answer {
    let caller = write.caller();
    let end = async |tx: &Tx, expected| custom_role::delete(tx, &caller, id.0, expected).await;
    write.delete("custom_role.deleted", Some(id.0.0), end).await
}
