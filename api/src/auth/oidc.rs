//! Sign-ins with an external provider (OpenID Connect).

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use domain::id::IdentityProviderId;
use domain::tag;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use service::auth::oidc::{CODE_SECONDS, Offered, Returned, STATE_SECONDS};
use utoipa_actix_web::service_config::ServiceConfig;

use super::session::{TENANT_MAX, TokensOut, tokens, user_agent};
use crate::body::{Body, LOGIN_BYTES_MAX};
use crate::html::accepts_html;
use crate::list::OnlyPage;
use crate::pages::failed_sign_in;
use crate::params::{Params, parse};
use crate::problem::ErrorCode;
use crate::{Answer, ApiError, App};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(callback).service(exchange).service(list).service(start);
}

/// Name of the cookie that ties a sign-in to the browser.
const COOKIE: &str = "stockwell_sign_in";
/// Path of the requests that get it.
const COOKIE_PATH: &str = "/v1/auth/oidc";

/// Providers with which users of a tenant sign in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SignInProviderList {
    object: tag::List,
    /// The providers that can be used, oldest first: at most 10.
    #[schema(max_items = 10)]
    data: Vec<SignInProvider>,
    /// The only page.
    page: OnlyPage,
}

/// A provider with which users sign in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SignInProvider {
    /// Id of the provider.
    id: IdentityProviderId,
    object: tag::IdentityProvider,
    /// Name of the provider.
    #[schema(max_length = 200, example = "Company account")]
    name: String,
    /// Path to which the browser goes.
    #[schema(max_length = 300, example = "/v1/auth/oidc/nordwind/idp_01h455vb4pex5vsknk084sn02q/start")]
    url: String,
}

/// List the providers of a tenant
///
/// Returns the providers with which users of a tenant can sign in, for a page with a button for each. An unknown tenant has none.
/// After 1,000 requests of this operation and begun sign-ins within 15 minutes from one network, the response is 429.
#[utoipa::path(
    operation_id = "auth_oidc_providers",
    security(()),
    params(("tenant" = String, Path, description = "Name of the tenant in logins.", pattern = "^[a-z][0-9a-z-]{1,62}$", example = "nordwind")),
    responses((status = 200, description = "The providers.", body = SignInProviderList))
)]
#[get("/v1/auth/oidc/{tenant}/providers")]
async fn list(request: HttpRequest, app: Data<App>, tenant: Path<String>) -> Answer {
    check_tenant(&tenant)?;
    let offered = app.auth.offered_providers(&tenant, app.address_of(&request)).await?;
    let shown = |Offered { id, name }: Offered| SignInProvider {
        id,
        object: tag::IdentityProvider,
        name,
        url: format!("{COOKIE_PATH}/{}/{id}/start", tenant.as_str()),
    };
    let data = offered.into_iter().map(shown).collect();
    Ok(HttpResponse::Ok().json(SignInProviderList { object: tag::List, data, page: OnlyPage::of(10) }))
}

/// Rejects a text that can't be the name of a tenant.
fn check_tenant(name: &str) -> Result<(), ApiError> {
    let is_known = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
    let begins_well = name.starts_with(|letter: char| letter.is_ascii_lowercase());
    if begins_well && (2..=TENANT_MAX).contains(&name.len()) && name.bytes().all(is_known) {
        return Ok(());
    }
    let detail = "Expected the name of a tenant: 2 to 63 lower-case letters, digits and hyphens, beginning with a letter.";
    Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("tenant"))
}

/// The page that begins a sign-in.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StartParams {
    /// Path of the page of this server that completes the sign-in. `/console` if absent.
    #[param(max_length = 100, example = "/console")]
    page: Option<String>,
}

/// Start a sign-in with a provider
///
/// Sends the browser to the provider, with a state that works for 10 minutes, and a cookie that ties it to the browser. After 100 unknown
/// tenants or providers, states or codes, or 1,000 begun sign-ins, within 15 minutes from one network, the response is 429. A provider
/// that does not respond within 4 seconds leads to 503. A browser, which accepts `text/html`, gets a rejection as a page with the reason
/// and a link to the sign-in.
#[utoipa::path(
    operation_id = "auth_oidc_start",
    security(()),
    params(
        ("tenant" = String, Path, description = "Name of the tenant in logins.", pattern = "^[a-z][0-9a-z-]{1,62}$", example = "nordwind"),
        ("provider" = IdentityProviderId, Path, description = "The provider's id."),
        StartParams
    ),
    responses((status = 303, description = "The browser goes to the provider."))
)]
#[get("/v1/auth/oidc/{tenant}/{provider}/start")]
async fn start(
    request: HttpRequest,
    app: Data<App>,
    path: Path<(String, String)>,
    params: Params<StartParams>,
) -> Answer {
    let (tenant, provider) = path.into_inner();
    shown(&request, begin(&request, &app, &tenant, &provider, &params).await)
}

async fn begin(
    request: &HttpRequest,
    app: &App,
    tenant: &str,
    provider: &str,
    params: &StartParams,
) -> Answer {
    check_tenant(tenant)?;
    let id: IdentityProviderId = provider.parse().map_err(|_| {
        ApiError::new(ErrorCode::InvalidId, "This is no id of an identity provider.").at_parameter("provider")
    })?;
    let page = params.page.as_deref().unwrap_or("/console");
    let begun = app.auth.begin_provider_login(tenant, id, page, app.address_of(request)).await?;
    Ok(redirect(begun.url, &begun.cookie, STATE_SECONDS, begun.is_secure))
}

/// Shows a failure as a page to a person, and as a problem to a program.
fn shown(request: &HttpRequest, done: Answer) -> Answer {
    match done {
        Err(error) if accepts_html(request.headers()) => Ok(failed_sign_in(&error, reason(&error))),
        done => done,
    }
}

/// Returns the reason of a failure, without text of the request. A detail may repeat the provider's word or the name of a parameter, so
/// these failures have a fixed reason.
fn reason(error: &ApiError) -> &str {
    let is_of_parameter = error.errors().iter().any(|field| field.parameter.is_some());
    let is_of_provider = error.errors().iter().any(|field| field.pointer.as_deref() == Some("#/error"));
    if is_of_provider {
        "The provider signed no person in. Sign in again."
    } else if is_of_parameter {
        error.code().entry().cause
    } else {
        error.detail()
    }
}

/// Sends the browser to a URL, with the cookie for so many seconds.
fn redirect(url: String, cookie: &str, seconds: i64, is_secure: bool) -> HttpResponse {
    let secure = if is_secure { "; Secure" } else { "" };
    let cookie =
        format!("{COOKIE}={cookie}; Path={COOKIE_PATH}; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, url))
        .insert_header((header::SET_COOKIE, cookie))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

/// Returns the value of the cookie of a request.
fn cookie_of(request: &HttpRequest) -> Option<String> {
    let headers = request.headers().get_all(header::COOKIE);
    let mut pairs = headers.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    let value = pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='));
    value.map(str::to_owned)
}

/// The response of a provider. Further parameters are ignored.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct CallbackParams {
    /// The state of the sign-in.
    #[serde(default)]
    #[param(max_length = 500, example = "swn_AZ")]
    state: String,
    /// Code of the provider.
    #[param(max_length = 4096, example = "SplxlOBeZQQYbYS6WxSbIA")]
    code: Option<String>,
    /// Reason why the provider signed no person in.
    #[param(max_length = 64, example = "access_denied")]
    error: Option<String>,
}

impl CallbackParams {
    /// Rejects texts that are longer than those of any provider.
    fn check(&self) -> Result<(), ApiError> {
        let sent = [
            ("state", Some(&self.state), 500),
            ("code", self.code.as_ref(), 4096),
            ("error", self.error.as_ref(), 64),
        ];
        match sent.into_iter().find(|(_, text, most)| text.is_some_and(|text| text.len() > *most)) {
            Some((name, _, most)) => {
                let detail = format!("It has at most {most} characters. Sign in again.");
                Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter(name))
            }
            None => Ok(()),
        }
    }
}

/// Take the response of a provider
///
/// The provider sends the browser here. If it names a user who may sign in, the browser goes to the page that began the sign-in, with a
/// code behind `#sign_in=`, which browsers do not send to servers, and with a cookie that ties the code to the browser. The page exchanges
/// it at `POST /v1/auth/oidc/exchange`. A user who is disabled or signed in with another account of the provider before, an e-mail address
/// that the provider has not verified, and an owner whom the provider does not admit are rejected. A browser, which accepts `text/html`,
/// gets a rejection as a page with the reason and a link to the sign-in.
#[utoipa::path(
    operation_id = "auth_oidc_callback",
    security(()),
    extensions(("x-other-parameters" = json!(true))),
    params(CallbackParams),
    responses((status = 303, description = "The browser goes to the page."))
)]
#[get("/v1/auth/oidc/callback")]
async fn callback(request: HttpRequest, app: Data<App>) -> Answer {
    shown(&request, confirm(&request, &app).await)
}

async fn confirm(request: &HttpRequest, app: &App) -> Answer {
    let params: CallbackParams = parse(request.query_string())?;
    params.check()?;
    let CallbackParams { state, code, error } = params;
    let returned = Returned { state, code, error, cookie: cookie_of(request) };
    let login = app.auth.confirm_provider_login(&returned, app.address_of(request)).await?;
    let page = format!("{}#sign_in={}", login.page, login.code.expose_secret());
    Ok(redirect(page, &login.cookie, CODE_SECONDS, login.is_secure))
}

/// The code of a sign-in with a provider.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SignInCodeIn {
    /// Code behind `#sign_in=`. It works once, within a minute.
    #[schema(value_type = String, max_length = 128, example = "swo_01h455vb4pex5vsknk084sn02q_x")]
    code: SecretString,
}

/// Complete a sign-in with a provider
///
/// Returns the tokens of a login, as `POST /v1/auth/login` does. It works only in the browser that came back from the provider, which sends
/// the cookie of `GET /v1/auth/oidc/callback`. If the provider is set to ask for the second factor, a user who has one gets
/// `mfa_required` (401) with a `challenge` for `POST /v1/auth/second-factor`. The body may have at most 8 KiB.
#[utoipa::path(
    operation_id = "auth_oidc_exchange",
    security(()),
    request_body = SignInCodeIn,
    responses((status = 200, description = "The tokens.", body = TokensOut))
)]
#[post("/v1/auth/oidc/exchange")]
async fn exchange(request: HttpRequest, app: Data<App>, body: Body<SignInCodeIn, LOGIN_BYTES_MAX>) -> Answer {
    let input = body.read().await?;
    let (code, cookie, address) = (&input.value.code, cookie_of(&request), app.address_of(&request));
    let done = app.auth.complete_provider_login(code, cookie.as_deref(), address, user_agent(&request)).await;
    Ok(tokens(done.map_err(|error| input.explain(error.into()))?))
}
