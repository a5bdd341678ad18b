//! New passwords: by the user, or by a link that works once.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use chrono::{DateTime, Utc};
use domain::id::UserId;
use domain::refusal::Refusal;
use domain::tag;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use service::Tx;
use service::auth::new_password::{self, PasswordLink};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::provider::is_wrong_code;
use super::session::{LoginIn, TokensOut, tokens};
use crate::body::{Body, LOGIN_BYTES_MAX};
use crate::params::PathId;
use crate::write::{Secret, Write};
use crate::{Answer, App};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(make_link).service(redeem).service(change);
}

/// Longest URL of a page.
const URL_LENGTH_MAX: usize = 500;
/// Most characters of a code of a second factor, as in [`PasswordChangeIn`].
const CODE_MAX: usize = 64;

/// The page that the link opens.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordLinkIn {
    /// Your own page for new passwords, from which `link` is made. It sends the token to `POST /v1/auth/password`.
    #[serde(default)]
    #[schema(max_length = 500, pattern = "^https://", example = "https://shop.example/password")]
    url: Option<String>,
    /// A code of the caller's second factor, or a recovery code. A caller who has a second factor needs one if the user is an admin
    /// or an owner.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 64, example = "287082")]
    code: Option<SecretString>,
}

/// A link by which a user sets a new password, once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PasswordLink)]
struct PasswordLinkOut {
    /// The user.
    user_id: UserId,
    object: tag::PasswordLink,
    /// Token for `POST /v1/auth/password`, only this once. Null in the replay of a response.
    #[schema(max_length = 128, example = "swp_01h455vb4pex5vsknk084sn02q_x")]
    token: Option<String>,
    /// Your page with the token behind `#`, which browsers do not send to servers. Null without `url`.
    #[schema(
        max_length = 700,
        example = "https://shop.example/password#token=swp_01h455vb4pex5vsknk084sn02q_x"
    )]
    link: Option<String>,
    /// When the link was made.
    created_at: DateTime<Utc>,
    /// When the link ends, if it was not used.
    expires_at: DateTime<Utc>,
}

impl PasswordLinkOut {
    fn of(made: PasswordLink, url: Option<&str>) -> Secret<Self> {
        let PasswordLink { id, user_id, token, created_at, expires_at } = made;
        let token = token.expose_secret();
        let out = |token: Option<&str>| PasswordLinkOut {
            user_id,
            object: tag::PasswordLink,
            token: token.map(str::to_owned),
            link: link_to(url, token),
            created_at,
            expires_at,
        };
        Secret { id, kept: out(None), shown_once: out(Some(token)) }
    }
}

/// Returns a page with a token.
pub(super) fn link_to(url: Option<&str>, token: Option<&str>) -> Option<String> {
    token.zip(url).map(|(token, url)| format!("{url}#token={token}"))
}

/// Rejects what is no URL of a page.
pub(super) fn check_url(url: Option<&str>) -> Result<(), Refusal> {
    let is_page = |url: &str| {
        url.starts_with("https://")
            && url.chars().nth(URL_LENGTH_MAX).is_none()
            && !url.contains(|letter: char| letter == '#' || letter.is_whitespace() || letter.is_control())
    };
    if url.is_none_or(is_page) {
        return Ok(());
    }
    let detail =
        format!("Expected the URL of a page: https://, without #, at most {URL_LENGTH_MAX} characters.");
    Err(Refusal::invalid("/url", detail))
}

/// Make a link for a new password
///
/// Returns a token with which the user sets a new password, once, within 24 hours. Send it, or `link`, to the user yourself.
/// An earlier link of the user ends. So does this one if the user's role or status changes. The caller needs all scopes of the
/// user's role: who has the token becomes the user. Rejected for yourself, and for the user for whom your key acts (409).
/// A caller who has a second factor states a code of it for an admin or an owner. Without a code the response is 409. A key that acts for
/// such a user gets 409 too.
#[utoipa::path(
    operation_id = "users_make_password_link",
    security(("bearer" = ["users:write"])),
    params(("id" = UserId, Path, description = "The user's id.")),
    request_body = PasswordLinkIn,
    responses((status = 201, description = "The link.", body = PasswordLinkOut))
)]
#[post("/v1/users/{id}/password-link")]
async fn make_link(
    request: HttpRequest,
    app: Data<App>,
    write: Write,
    id: PathId<UserId>,
    body: Body<PasswordLinkIn>,
) -> Answer {
    let input = body.read().await?;
    let (url, code) = (input.value.url.as_deref(), input.value.code.as_ref());
    let caller = write.caller();
    let make = async |tx: &Tx| {
        check_url(url)?;
        let made = new_password::make_link(tx, &caller, id.0).await?;
        app.auth.require_code_for_user(tx, &caller, id.0, code).await?;
        Ok(PasswordLinkOut::of(made, url))
    };
    let location = |_: Uuid| format!("/v1/users/{}", id.0);
    let made = write.create_secret("user.password_link_made", &input.raw, location, make);
    let made = app.auth.guard(&caller, app.address_of(&request), made, is_wrong_code).await;
    made.map_err(|error| input.explain(error))
}

/// A new password by a link.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPasswordIn {
    /// Token of the link.
    #[schema(value_type = String, max_length = 128, example = "swp_01h455vb4pex5vsknk084sn02q_x")]
    token: SecretString,
    /// The new password.
    #[schema(value_type = String, min_length = 12, max_length = 200, example = "correct horse battery staple")]
    password: SecretString,
}

/// Set a new password by a link
///
/// Takes the token of `POST /v1/users/{id}/password-link`. All logins of the user end. Log in with the new password then. After
/// 100 tokens within 15 minutes from one network that do not work, a token from there returns 429. The body may have at most 8
/// KiB.
#[utoipa::path(
    operation_id = "auth_set_password",
    security(()),
    request_body = NewPasswordIn,
    responses((status = 204, description = "The password is set."))
)]
#[post("/v1/auth/password")]
async fn redeem(request: HttpRequest, app: Data<App>, body: Body<NewPasswordIn, LOGIN_BYTES_MAX>) -> Answer {
    let input = body.read().await?;
    let NewPasswordIn { token, password } = &input.value;
    let set = app.auth.redeem_link(token, password.clone(), app.address_of(&request)).await;
    set.map_err(|error| input.explain(error.into()))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Rejects a text that is too long to be a code. A user without a second factor needs none, so nothing else looks at it.
fn check_code(code: Option<&str>) -> Result<(), Refusal> {
    if code.is_some_and(|code| code.chars().nth(CODE_MAX).is_some()) {
        return Err(Refusal::invalid("/code", format!("Use at most {CODE_MAX} characters.")));
    }
    Ok(())
}

/// A change of one's own password.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChangeIn {
    /// Name of the tenant in logins.
    #[schema(max_length = 63, example = "nordwind")]
    tenant: String,
    /// E-mail address of the user.
    #[schema(max_length = 254, example = "till-3@shop.example")]
    email: String,
    /// The present password.
    #[schema(value_type = String, max_length = 200, example = "correct horse battery staple")]
    password: SecretString,
    /// The new password.
    #[schema(value_type = String, min_length = 12, max_length = 200, example = "eight brown bottles of ink")]
    new_password: SecretString,
    /// A code of your second factor, or a recovery code. Leave it out if you have no second factor.
    #[serde(default)]
    #[schema(max_length = 64, example = "287082")]
    code: Option<String>,
}

/// Change your own password
///
/// Logs in with the present password and replaces it. All other logins of the user end; keys that act for the user go on. The
/// response has the tokens of the new login. A user with a second factor also sends `code`; without it, the problem is `mfa_required` (401).
/// Failures count as those of `POST /v1/auth/login`. The body may have at most 8 KiB.
#[utoipa::path(
    operation_id = "auth_change_password",
    security(()),
    request_body = PasswordChangeIn,
    responses((status = 200, description = "The tokens of a new login.", body = TokensOut))
)]
#[post("/v1/auth/change-password")]
async fn change(
    request: HttpRequest,
    app: Data<App>,
    body: Body<PasswordChangeIn, LOGIN_BYTES_MAX>,
) -> Answer {
    let input = body.read().await?;
    let PasswordChangeIn { tenant, email, password, new_password, code } = &input.value;
    let login = LoginIn { tenant: tenant.clone(), email: email.clone(), password: password.clone() };
    login.check().and_then(|()| check_code(code.as_deref())).map_err(|error| input.explain(error.into()))?;
    let login = login.from(&request, &app);
    let changed = app.auth.change_password(login, new_password.clone(), code.as_deref()).await;
    Ok(tokens(changed.map_err(|error| input.explain(error.into()))?))
}
