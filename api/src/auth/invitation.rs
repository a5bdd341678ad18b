//! Invitations: by an admin, with a role. The person sets a password and is a user then.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use chrono::{DateTime, Utc};
use domain::id::{CustomRoleId, InvitationId, UserId};
use domain::tag;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use service::Tx;
use service::auth::Role;
use service::auth::invitation::{self, Invitation, Invited, NewInvitation, Status};
use service::auth::users::role_schema;
use service::listing::{Age, Slice};
use utoipa_actix_web::service_config::ServiceConfig;

use super::password::{check_url, link_to};
use super::provider::is_wrong_code;
use crate::body::{Body, LOGIN_BYTES_MAX};
use crate::list::{List, Page};
use crate::params::PathId;
use crate::write::{Secret, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(make).service(get).service(revoke).service(accept);
}

/// Which invitations to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only invitations in this state.
    #[param(example = "open")]
    status: Option<Status>,
    sort: Option<Age>,
}

/// List invitations
///
/// Returns one page of invitations, without their tokens. One that ended more than 30 days ago is deleted.
#[utoipa::path(
    operation_id = "invitations_list",
    security(("bearer" = ["users:read"])),
    params(Filters),
    responses((status = 200, description = "One page of invitations.", body = Page<Invitation>))
)]
#[get("/v1/invitations")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let (status, sort) = (list.filters.status, list.filters.sort);
    let read = async move |tx: &Tx, slice: &Slice| invitation::list(tx, status, slice).await;
    list.serve_documents(caller, sort, read, |invitation: &Invitation| invitation.id.0).await
}

/// A person to invite.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct InvitationIn {
    /// E-mail address that the person will log in with.
    #[schema(max_length = 254, example = "till-3@shop.example")]
    email: String,
    /// The person's name.
    #[schema(min_length = 1, max_length = 200, example = "Till 3")]
    name: String,
    /// Role that the user will have. It has at most the scopes of the caller.
    #[schema(schema_with = role_schema)]
    role: Role,
    /// Custom role that the user will have, whose `base` is the role: it takes scopes of the role away.
    #[serde(default)]
    custom_role_id: Option<CustomRoleId>,
    /// Your own page for new users, from which `link` is made. It sends the token to `POST /v1/auth/invitation`.
    #[serde(default)]
    #[schema(max_length = 500, pattern = "^https://", example = "https://shop.example/welcome")]
    url: Option<String>,
    /// A code of the caller's second factor, or a recovery code. A caller who has a second factor needs one if the role is that of an
    /// admin or an owner.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 64, example = "287082")]
    code: Option<SecretString>,
}

/// A new invitation. Only this response has the token.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct InvitationLink {
    /// Id of the invitation.
    id: InvitationId,
    object: tag::Invitation,
    /// Address that is invited.
    #[schema(max_length = 254, example = "till-3@shop.example")]
    email: String,
    /// Name of the person.
    #[schema(max_length = 200, example = "Till 3")]
    name: String,
    /// Role that the user will have.
    #[schema(schema_with = role_schema)]
    role: String,
    /// Custom role that the user will have, which takes scopes of the role away. Null: the user will have all of them.
    #[schema(example = json!(null))]
    custom_role_id: Option<CustomRoleId>,
    /// `open`, `accepted`, `revoked` or `expired`.
    status: Status,
    /// User that the acceptance created. Null: it was not accepted.
    user_id: Option<UserId>,
    /// Token for `POST /v1/auth/invitation`, only this once. Null in the replay of a response.
    #[schema(max_length = 128, example = "swi_01h455vb4pex5vsknk084sn02q_x")]
    token: Option<String>,
    /// Your page with the token behind `#`, which browsers do not send to servers. Null without `url`.
    #[schema(
        max_length = 700,
        example = "https://shop.example/welcome#token=swi_01h455vb4pex5vsknk084sn02q_x"
    )]
    link: Option<String>,
    /// When the invitation was made.
    created_at: DateTime<Utc>,
    /// When the invitation ends, if it was not accepted.
    expires_at: DateTime<Utc>,
    /// When it was accepted. Null: it was not.
    #[schema(example = json!(null))]
    accepted_at: Option<DateTime<Utc>>,
    /// When it was revoked or replaced. Null: it was not.
    #[schema(example = json!(null))]
    revoked_at: Option<DateTime<Utc>>,
}

impl InvitationLink {
    fn of(made: &Invitation, token: &SecretString, url: Option<&str>) -> Secret<Self> {
        let out = |token: Option<&str>| InvitationLink {
            id: made.id,
            object: tag::Invitation,
            email: made.email.clone(),
            name: made.name.clone(),
            role: made.role.clone(),
            custom_role_id: made.custom_role_id,
            status: made.status,
            user_id: made.user_id,
            token: token.map(str::to_owned),
            link: link_to(url, token),
            created_at: made.created_at,
            expires_at: made.expires_at,
            accepted_at: made.accepted_at,
            revoked_at: made.revoked_at,
        };
        Secret { id: made.id.0, kept: out(None), shown_once: out(Some(token.expose_secret())) }
    }
}

/// Invite a person
///
/// Returns a token with which the person becomes a user, once, within 7 days. Send it, or `link`, to the person yourself. An open
/// invitation to the address ends. So does this one if you, or the key that you use, end or may no longer give the role. The caller
/// needs all scopes of the role, and of the role of the invitation that ends: only an owner invites an owner. A key with bounds invites
/// no one. With `custom_role_id` the user gets the scopes that the custom role has when the person accepts. If the custom role is deleted
/// before, the invitation can't be accepted. At most 200 invitations may be open. A caller who has a second factor sends a `code` to invite
/// an admin or an owner. Without a code the response is 409. An API key that acts for such a caller gets 409 too.
#[utoipa::path(
    operation_id = "invitations_create",
    security(("bearer" = ["users:write"])),
    request_body = InvitationIn,
    responses((status = 201, description = "The invitation.", body = InvitationLink))
)]
#[post("/v1/invitations")]
async fn make(request: HttpRequest, app: Data<App>, write: Write, body: Body<InvitationIn>) -> Answer {
    let input = body.read().await?;
    let InvitationIn { email, name, role, custom_role_id, url, code } = &input.value;
    let (caller, url) = (write.caller(), url.as_deref());
    let (email, name) = (email.clone(), name.clone());
    let invited = Invited { email, name, role: *role, custom_role_id: *custom_role_id };
    let made = async |tx: &Tx| {
        check_url(url)?;
        let NewInvitation { id, token } = invitation::make(tx, &caller, &invited).await?;
        app.auth.require_code_of_role(tx, &caller, *role, code.as_ref()).await?;
        Ok(InvitationLink::of(&invitation::get(tx, id).await?, &token, url))
    };
    let location = |id| format!("/v1/invitations/{}", InvitationId(id));
    let made = write.create_secret("invitation.created", &input.raw, location, made);
    let made = app.auth.guard(&caller, app.address_of(&request), made, is_wrong_code).await;
    made.map_err(|error| input.explain(error))
}

/// Get an invitation
///
/// Returns one invitation, without its token.
#[utoipa::path(
    operation_id = "invitations_get",
    security(("bearer" = ["users:read"])),
    params(("id" = InvitationId, Path, description = "The invitation's id.")),
    responses((status = 200, description = "The invitation.", body = Invitation))
)]
#[get("/v1/invitations/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<InvitationId>) -> Answer {
    let read = async |tx: &Tx| invitation::get(tx, id.0).await;
    Ok(HttpResponse::Ok().json(app.db.read(caller.tenant_id, read).await?))
}

/// Revoke an invitation
///
/// Its token does not work any more. The caller needs all scopes of its role. Revoking it again changes nothing. One that was
/// accepted is rejected (409): disable the user.
#[utoipa::path(
    operation_id = "invitations_revoke",
    security(("bearer" = ["users:write"])),
    params(("id" = InvitationId, Path, description = "The invitation's id.")),
    responses((status = 204, description = "The invitation is revoked."))
)]
#[delete("/v1/invitations/{id}")]
async fn revoke(write: Write, id: PathId<InvitationId>) -> Answer {
    let caller = write.caller();
    let revoked = async |tx: &Tx, _| invitation::revoke(tx, &caller, id.0).await;
    write.delete("invitation.revoked", Some(id.0.0), revoked).await
}

/// The acceptance of an invitation.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct AcceptanceIn {
    /// Token of the invitation.
    #[schema(value_type = String, max_length = 128, example = "swi_01h455vb4pex5vsknk084sn02q_x")]
    token: SecretString,
    /// Your password.
    #[schema(value_type = String, min_length = 12, max_length = 200, example = "correct horse battery staple")]
    password: SecretString,
}

/// Accept an invitation
///
/// Takes the token of `POST /v1/invitations`. You are a user then, with the address, the name and the role of the invitation: log in
/// with the password. Tokens that do not work count with those of `POST /v1/auth/password`: after 100 within 15 minutes from one
/// network, a token from there returns 429. The body may have at most 8 KiB.
#[utoipa::path(
    operation_id = "auth_accept_invitation",
    security(()),
    request_body = AcceptanceIn,
    responses((status = 204, description = "You are a user."))
)]
#[post("/v1/auth/invitation")]
async fn accept(request: HttpRequest, app: Data<App>, body: Body<AcceptanceIn, LOGIN_BYTES_MAX>) -> Answer {
    let input = body.read().await?;
    let AcceptanceIn { token, password } = &input.value;
    let accepted = app.auth.accept_invitation(token, password.clone(), app.address_of(&request)).await;
    accepted.map_err(|error| input.explain(error.into()))?;
    Ok(HttpResponse::NoContent().finish())
}
