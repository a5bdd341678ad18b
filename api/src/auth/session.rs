//! Logins of people: log in, refresh, log out, and the public key of their tokens.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use domain::refusal::{Problems, Refusal};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use service::auth::{ACCESS_TOKEN_SECONDS, Login, Tokens, USER_AGENT_MAX};
use service::scope::Scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::{Body, LOGIN_BYTES_MAX};
use crate::{Answer, App};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(login).service(refresh).service(logout).service(jwks);
}

/// Most characters of a tenant's name in logins, as in [`LoginIn`].
pub(super) const TENANT_MAX: usize = 63;
/// Most characters of an e-mail address (RFC 5321, 4.5.3.1.3).
const EMAIL_MAX: usize = 254;
/// Most characters of a password.
const PASSWORD_MAX: usize = 200;

/// Credentials of a login.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginIn {
    /// Name of the tenant in logins.
    #[schema(max_length = 63, example = "nordwind")]
    pub(super) tenant: String,
    /// E-mail address of the user.
    #[schema(max_length = 254, example = "till-3@shop.example")]
    pub(super) email: String,
    /// Password of the user.
    #[schema(value_type = String, max_length = 200, example = "correct horse battery staple")]
    pub(super) password: SecretString,
}

impl LoginIn {
    /// Returns the login, with the address that it comes from.
    pub(super) fn from(self, request: &HttpRequest, app: &App) -> Login {
        let LoginIn { tenant, email, password } = self;
        Login { tenant, email, password, address: app.address_of(request), user_agent: user_agent(request) }
    }

    /// Rejects credentials that are too long to be right, before they cost anything.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let mut problems = Problems::default();
        for (pointer, text, max) in [
            ("/tenant", self.tenant.as_str(), TENANT_MAX),
            ("/email", self.email.as_str(), EMAIL_MAX),
            ("/password", self.password.expose_secret(), PASSWORD_MAX),
        ] {
            if text.chars().nth(max).is_some() {
                problems.invalid(pointer, format!("Use at most {max} characters."));
            }
        }
        problems.check()
    }
}

/// Returns the program that sends a request, as it names itself.
pub(super) fn user_agent(request: &HttpRequest) -> Option<String> {
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    user_agent.map(|agent| agent.chars().take(USER_AGENT_MAX).collect())
}

/// A refresh token.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RefreshIn {
    /// Refresh token of the last login or refresh.
    #[schema(value_type = String, max_length = 128, example = "swr_01h455vb4pex5vsknk084sn02q_x")]
    refresh_token: SecretString,
}

/// The tokens of a login.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct TokensOut {
    /// Access token, to send as `Authorization: Bearer`.
    #[schema(max_length = 4096, example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiJ9.e30.c2ln")]
    access_token: String,
    /// Always `Bearer`.
    #[schema(value_type = String, max_length = 6, example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(minimum = 1, maximum = 3600, example = 900)]
    expires_in: i64,
    /// Refresh token for the next pair of tokens. It works once. A second use ends the login.
    #[schema(max_length = 128, example = "swr_01h455vb4pex5vsknk084sn02q_x")]
    refresh_token: String,
    /// Scopes of the access token, separated by spaces.
    #[schema(max_length = 2000, example = "catalog:read pos:write")]
    scope: String,
}

/// Public keys of access tokens, as a JWK set (RFC 7517).
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Jwks {
    /// The keys.
    #[schema(max_items = 8)]
    keys: Vec<serde_json::Value>,
}

/// Log in
///
/// Returns an access token for 15 minutes and a refresh token. An unknown tenant, an unknown user and a wrong password
/// return the same problem. After 10 failures of one user within 15 minutes from one network, or 100 of any users, a login
/// from there returns 429. If the user has a second factor, the problem is `mfa_required` (401): its member `challenge` goes with a code to
/// `POST /v1/auth/second-factor`. The body may have at most 8 KiB.
#[utoipa::path(
    operation_id = "auth_login",
    security(()),
    request_body = LoginIn,
    responses((status = 200, description = "The tokens.", body = TokensOut))
)]
#[post("/v1/auth/login")]
async fn login(request: HttpRequest, app: Data<App>, body: Body<LoginIn, LOGIN_BYTES_MAX>) -> Answer {
    let input = body.read().await?.value;
    input.check()?;
    Ok(tokens(app.auth.login(input.from(&request, &app)).await?))
}

/// Refresh an access token
///
/// Exchanges a refresh token for the next pair of tokens. A second use of a refresh token ends the login with its access tokens,
/// because two parties have it. After 1,000 tokens within 15 minutes from one network that do not work, here and at `POST
/// /v1/auth/logout`, tokens from there return 429. The body may have at most 8 KiB.
#[utoipa::path(
    operation_id = "auth_refresh",
    security(()),
    request_body = RefreshIn,
    responses((status = 200, description = "The next tokens.", body = TokensOut))
)]
#[post("/v1/auth/refresh")]
async fn refresh(request: HttpRequest, app: Data<App>, body: Body<RefreshIn, LOGIN_BYTES_MAX>) -> Answer {
    let input = body.read().await?;
    input.check().await?;
    let token = &input.value.refresh_token;
    Ok(tokens(app.auth.refresh(token, app.address_of(&request)).await?))
}

/// Log out
///
/// Ends the login of the refresh token: its access tokens stop working at once. Without Redis, another server may accept an access token
/// for 5 seconds more. A token that does not work counts as in `POST /v1/auth/refresh`.
#[utoipa::path(
    operation_id = "auth_logout",
    security(()),
    request_body = RefreshIn,
    responses((status = 204, description = "The login has ended, or there was none."))
)]
#[post("/v1/auth/logout")]
async fn logout(request: HttpRequest, app: Data<App>, body: Body<RefreshIn, LOGIN_BYTES_MAX>) -> Answer {
    let input = body.read().await?;
    input.check().await?;
    app.auth.logout(&input.value.refresh_token, app.address_of(&request)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Get the public key of access tokens
///
/// Returns a JWK set. It lets a program check access tokens without calling this server.
#[utoipa::path(
    operation_id = "auth_jwks",
    security(()),
    responses((status = 200, description = "The key set.", body = Jwks))
)]
#[get("/.well-known/jwks.json")]
async fn jwks(app: Data<App>) -> Answer {
    let public = (header::CACHE_CONTROL, "public, max-age=300");
    let keys = app.auth.jwks().to_owned();
    Ok(HttpResponse::Ok().insert_header(public).content_type("application/json").body(keys))
}

pub(super) fn tokens(tokens: Tokens) -> HttpResponse {
    let scope: Vec<&str> = tokens.scopes.iter().map(Scope::as_str).collect();
    HttpResponse::Ok().json(TokensOut {
        access_token: tokens.access_token,
        token_type: "Bearer",
        expires_in: ACCESS_TOKEN_SECONDS,
        refresh_token: tokens.refresh_token.expose_secret().to_owned(),
        scope: scope.join(" "),
    })
}
