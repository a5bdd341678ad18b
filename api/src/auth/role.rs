//! Roles: what each may do.

use actix_web::{HttpResponse, get};
use domain::number::Percent;
use domain::tag;
use serde::Serialize;
use service::auth::Role;
use service::auth::users::role_schema;
use service::scope::Scope;
use strum::IntoEnumIterator;
use utoipa_actix_web::service_config::ServiceConfig;

use super::form::scopes_schema;
use crate::list::OnlyPage;
use crate::{Answer, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list);
}

/// A role of users.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Role)]
struct RoleOut {
    /// The role, as users have it.
    #[schema(schema_with = role_schema)]
    id: &'static str,
    object: tag::Role,
    /// Use of the role, in one line.
    #[schema(value_type = String, max_length = 200, example = "Sales at a till.")]
    description: &'static str,
    /// Scopes of the role.
    #[schema(schema_with = scopes_schema)]
    scopes: Vec<&'static str>,
    /// Largest discount that a user with the role may give, in percent.
    discount_max: Percent,
    /// Whether the caller may make users with this role, and change users who have it.
    #[schema(example = false)]
    grantable: bool,
}

/// All roles.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct RoleList {
    object: tag::List,
    /// The roles.
    #[schema(max_items = 20)]
    data: Vec<RoleOut>,
    /// The only page.
    page: OnlyPage,
}

/// List roles
///
/// Returns every role with its scopes. `grantable` says whether the caller may give the role to a user.
#[utoipa::path(
    operation_id = "roles_list",
    security(("bearer" = ["users:read"])),
    responses((status = 200, description = "The roles.", body = RoleList))
)]
#[get("/v1/roles")]
async fn list(caller: Caller) -> Answer {
    let may_change = caller.scopes.contains(Scope::UsersWrite);
    let role = |role: Role| RoleOut {
        id: role.into(),
        object: tag::Role,
        description: role.description(),
        scopes: role.scopes().iter().map(Scope::as_str).collect(),
        discount_max: role.discount_max(),
        grantable: may_change && role.is_grantable_by(&caller),
    };
    let data = Role::iter().map(role).collect();
    Ok(HttpResponse::Ok().json(RoleList { object: tag::List, data, page: OnlyPage::of(20) }))
}
