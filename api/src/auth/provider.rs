//! External providers of sign-ins, as an admin configures them.

use actix_web::web::Data;
use actix_web::{HttpRequest, delete, get, patch, post};
use domain::id::IdentityProviderId;
use domain::refusal::Code;
use serde::Deserialize;
use service::Tx;
use service::auth::provider::{self, IdentityProvider, ProviderInput};
use service::listing::{Age, Slice};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::patch::Patch;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{MergePatch, Write};
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(create).service(get).service(update).service(remove);
}

record!(IdentityProvider, IdentityProviderId);

/// Which providers to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    sort: Option<Age>,
}

/// List identity providers
///
/// Returns one page of the providers with which users sign in. Secrets are not shown.
#[utoipa::path(
    operation_id = "identity_providers_list",
    security(("bearer" = ["users:read"])),
    params(Filters),
    responses((status = 200, description = "One page of providers.", body = Page<IdentityProvider>))
)]
#[get("/v1/identity-providers")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let sort = list.filters.sort;
    let read = async |tx: &Tx, slice: &Slice| provider::list(tx, slice).await;
    list.serve_documents(caller, sort, read, |provider: &IdentityProvider| provider.id.0).await
}

/// Whether the code of the second factor was wrong, and not the request.
pub(super) fn is_wrong_code(error: &ApiError) -> bool {
    let wrong = Code::ValidationFailed.to_string();
    error.errors().iter().any(|field| field.pointer.as_deref() == Some("#/code") && field.code == wrong)
}

/// Create an identity provider
///
/// Users sign in with it at `GET /v1/auth/oidc/{tenant}/{provider}/start`. At the first sign-in a user is known by the e-mail address,
/// which the provider must have verified, and then by the account there: so name a provider, and domains, that you trust with every user.
/// The caller needs all scopes of an admin, and of `role`; owners can sign in only if the caller has all scopes of an owner. A user who
/// has a second factor states a code of it: without one the response is 409, and wrong codes count as those of a login. A key with bounds,
/// or one that acts for a user, makes no provider. A tenant has at most 10.
#[utoipa::path(
    operation_id = "identity_providers_create",
    security(("bearer" = ["users:write"])),
    request_body = ProviderInput,
    responses((status = 201, description = "The provider.", body = IdentityProvider))
)]
#[post("/v1/identity-providers")]
async fn create(request: HttpRequest, app: Data<App>, write: Write, body: Body<ProviderInput>) -> Answer {
    let caller = write.caller();
    let made = async |tx: &Tx, input: &ProviderInput| app.auth.create_provider(tx, &caller, input).await;
    let made = write.create("identity_provider.created", body, made);
    app.auth.guard(&caller, app.address_of(&request), made, is_wrong_code).await
}

/// Get an identity provider
///
/// Returns one provider, without its secret.
#[utoipa::path(
    operation_id = "identity_providers_get",
    security(("bearer" = ["users:read"])),
    params(("id" = IdentityProviderId, Path, description = "The provider's id."), ReadHeaders),
    responses((status = 200, description = "The provider.", body = IdentityProvider))
)]
#[get("/v1/identity-providers/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<IdentityProviderId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| provider::get(tx, id.0).await).await?;
    Ok(seen.answer(row.version, row))
}

/// Change an identity provider
///
/// Takes a merge patch. Without `client_secret` the secret stays; another `issuer` needs one. Sessions of users go on. Another issuer or
/// `client_id` unties users from their accounts there: the next sign-in goes by the e-mail address. The caller needs the same
/// scopes and the same code as for a new provider. `admits_owners` follows from the scopes of this caller.
#[utoipa::path(
    operation_id = "identity_providers_update",
    security(("bearer" = ["users:write"])),
    params(("id" = IdentityProviderId, Path, description = "The provider's id.")),
    request_body = Patch<ProviderInput>,
    responses((status = 200, description = "The provider as it is now.", body = IdentityProvider))
)]
#[patch("/v1/identity-providers/{id}")]
async fn update(
    request: HttpRequest,
    app: Data<App>,
    write: Write,
    id: PathId<IdentityProviderId>,
    body: Body<MergePatch>,
) -> Answer {
    let caller = write.caller();
    let changed = write.patch("identity_provider.updated", body, async |tx, expected, change| {
        app.auth.update_provider(tx, &caller, id.0, expected, change).await
    });
    app.auth.guard(&caller, app.address_of(&request), changed, is_wrong_code).await
}

/// Delete an identity provider
///
/// Deletes the provider, so no user signs in with it. Users and their sessions stay. A user without a password needs a
/// link for one: `POST /v1/users/{id}/password-link`. The caller needs all scopes of an admin.
#[utoipa::path(
    operation_id = "identity_providers_delete",
    security(("bearer" = ["users:write"])),
    params(("id" = IdentityProviderId, Path, description = "The provider's id.")),
    responses((status = 204, description = "The provider is deleted."))
)]
#[delete("/v1/identity-providers/{id}")]
async fn remove(write: Write, id: PathId<IdentityProviderId>) -> Answer {
    let caller = write.caller();
    let end = async |tx: &Tx, expected| provider::delete(tx, &caller, id.0, expected).await;
    write.delete("identity_provider.deleted", Some(id.0.0), end).await
}
