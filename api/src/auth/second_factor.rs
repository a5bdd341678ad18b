//! The second factor of a user: set up an authenticator app, log in with its code, remove it.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use chrono::{DateTime, Utc};
use domain::id::UserId;
use domain::refusal::Code;
use domain::tag;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use service::Tx;
use service::auth::second_factor::{self, Begun, Confirmed, RECOVERY_CODES, State};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::session::{TokensOut, tokens, user_agent};
use crate::body::{Body, LOGIN_BYTES_MAX};
use crate::params::PathId;
use crate::problem::ErrorCode;
use crate::write::{Secret, Write};
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get).service(begin).service(confirm).service(remove).service(remove_of).service(log_in);
}

/// Path of the caller's second factor.
const HERE: &str = "/v1/me/second-factor";

/// Your second factor: an authenticator app whose codes logins ask for.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
struct SecondFactor {
    object: tag::SecondFactor,
    /// Since when logins ask for a code. Null: they do not.
    confirmed_at: Option<DateTime<Utc>>,
    /// Recovery codes that were not used.
    #[schema(minimum = 0, maximum = 10, example = 10)]
    recovery_codes_left: i32,
    /// Secret in base32, for an app that can't read `url`. Only in the response that makes it, and null in its replay.
    #[schema(max_length = 64, example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: Option<String>,
    /// Secret as an `otpauth` URL: show it as a QR code. Only in the response that makes it, and null in its replay.
    #[schema(
        max_length = 1200,
        example = "otpauth://totp/Stockwell%20nordwind:ada%40nordwind.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Stockwell%20nordwind&algorithm=SHA1&digits=6&period=30"
    )]
    url: Option<String>,
    /// Recovery codes, of which each takes the place of a code once. Only in the response that makes them, and null in its replay.
    #[schema(max_items = 10, example = json!(["swc_abcd-efgh-ijkl-mnop"]))]
    recovery_codes: Option<Vec<String>>,
}

impl SecondFactor {
    fn begun(id: Uuid, begun: &Begun) -> Secret<Self> {
        let shown_once = SecondFactor {
            secret: Some(begun.secret.expose_secret().to_owned()),
            url: Some(begun.url.expose_secret().to_owned()),
            ..SecondFactor::default()
        };
        Secret { id, kept: SecondFactor::default(), shown_once }
    }

    fn confirmed(id: Uuid, confirmed: &Confirmed) -> Secret<Self> {
        let out = |recovery_codes: Option<Vec<String>>| SecondFactor {
            confirmed_at: Some(confirmed.confirmed_at),
            recovery_codes_left: RECOVERY_CODES,
            recovery_codes,
            ..SecondFactor::default()
        };
        let codes = confirmed.recovery_codes.iter().map(|code| code.expose_secret().to_owned());
        Secret { id, kept: out(None), shown_once: out(Some(codes.collect())) }
    }
}

impl From<State> for SecondFactor {
    fn from(state: State) -> Self {
        let State { confirmed_at, recovery_codes_left } = state;
        SecondFactor { confirmed_at, recovery_codes_left, ..SecondFactor::default() }
    }
}

/// Whether a code or a password was wrong, and not the request.
fn is_wrong(error: &ApiError) -> bool {
    error.code() == ErrorCode::Domain(Code::ValidationFailed)
}

/// Get your second factor
///
/// Returns whether your logins ask for a code, and how many recovery codes are left. A key has no second factor.
#[utoipa::path(
    operation_id = "me_second_factor_get",
    security(("bearer" = [])),
    responses((status = 200, description = "The second factor.", body = SecondFactor))
)]
#[get("/v1/me/second-factor")]
async fn get(app: Data<App>, caller: Caller) -> Answer {
    let read = app.db.read(caller.tenant_id, async |tx: &Tx| second_factor::state(tx, &caller).await);
    Ok(HttpResponse::Ok().json(SecondFactor::from(read.await?)))
}

/// The password of the user who calls.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct OwnPasswordIn {
    /// Your present password.
    #[schema(value_type = String, max_length = 200, example = "correct horse battery staple")]
    password: SecretString,
}

/// Set up your second factor
///
/// Returns a secret for an authenticator app (TOTP, RFC 6238: SHA-1, 6 digits, 30 seconds), only this once. Logins do not ask for a code
/// until `POST /v1/me/second-factor/confirm`. A second call replaces a secret that was not confirmed. After 10 wrong passwords or codes
/// of you within 15 minutes, the response is 429. Rejected for a key (409).
#[utoipa::path(
    operation_id = "me_second_factor_begin",
    security(("bearer" = [])),
    request_body = OwnPasswordIn,
    responses((status = 201, description = "The secret.", body = SecondFactor))
)]
#[post("/v1/me/second-factor")]
async fn begin(request: HttpRequest, app: Data<App>, write: Write, body: Body<OwnPasswordIn>) -> Answer {
    let input = body.read().await?;
    let (caller, password) = (write.caller(), input.value.password.clone());
    let checked = app.auth.check_own_password(&caller, password, app.address_of(&request)).await;
    checked.map_err(|error| input.explain(error.into()))?;
    let made = async |tx: &Tx| {
        let begun = app.auth.begin_second_factor(tx, &caller).await?;
        Ok(SecondFactor::begun(caller.actor_id, &begun))
    };
    // The fingerprint is kept for a week. It does not cover the password.
    write.create_secret("user.second_factor_begun", &Bytes::new(), |_| HERE.to_owned(), made).await
}

/// A code of the second factor.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CodeIn {
    /// The 6 digits that the app shows, or a recovery code. Each works once.
    #[schema(max_length = 64, example = "287082")]
    code: String,
}

/// Confirm your second factor
///
/// Takes the code that the app shows. From now on logins ask for one. Returns 10 recovery codes, only this once: keep them where you
/// find them without the app. Your sessions go on: `DELETE /v1/me/sessions` ends the others.
#[utoipa::path(
    operation_id = "me_second_factor_confirm",
    security(("bearer" = [])),
    request_body = CodeIn,
    responses((status = 201, description = "The recovery codes.", body = SecondFactor))
)]
#[post("/v1/me/second-factor/confirm")]
async fn confirm(request: HttpRequest, app: Data<App>, write: Write, body: Body<CodeIn>) -> Answer {
    let input = body.read().await?;
    let caller = write.caller();
    let made = async |tx: &Tx| {
        let confirmed = app.auth.confirm_second_factor(tx, &caller, &input.value.code).await?;
        Ok(SecondFactor::confirmed(caller.actor_id, &confirmed))
    };
    let made = write.create_secret("user.second_factor_confirmed", &input.raw, |_| HERE.to_owned(), made);
    let (user_id, address) = (UserId(caller.actor_id), app.address_of(&request));
    let made = app.auth.guess_code(caller.tenant_id, user_id, address, made, is_wrong).await;
    made.map_err(|error| input.explain(error))
}

/// Remove your second factor
///
/// Takes a code of the app, or a recovery code. Logins do not ask for a code any more. If you have neither, a caller with `users:write` removes it:
/// `DELETE /v1/users/{id}/second-factor`.
#[utoipa::path(
    operation_id = "me_second_factor_remove",
    security(("bearer" = [])),
    request_body = CodeIn,
    responses((status = 204, description = "You have no second factor now."))
)]
#[post("/v1/me/second-factor/remove")]
async fn remove(request: HttpRequest, app: Data<App>, write: Write, body: Body<CodeIn>) -> Answer {
    let input = body.read().await?;
    let caller = write.caller();
    let removed = async |tx: &Tx, _| app.auth.remove_second_factor(tx, &caller, &input.value.code).await;
    let removed = write.delete("user.second_factor_removed", Some(caller.actor_id), removed);
    let (user_id, address) = (UserId(caller.actor_id), app.address_of(&request));
    let removed = app.auth.guess_code(caller.tenant_id, user_id, address, removed, is_wrong).await;
    removed.map_err(|error| input.explain(error))
}

/// Remove the second factor of a user
///
/// For a user who lost the app and the recovery codes. Make sure that it is the user who asks. The caller needs all scopes of the user's
/// role. A user without one is rejected (404), and so are you yourself, and the user for whom your key acts (409). The password and the logins of the user stay.
#[utoipa::path(
    operation_id = "users_remove_second_factor",
    security(("bearer" = ["users:write"])),
    params(("id" = UserId, Path, description = "The user's id.")),
    responses((status = 204, description = "The user has no second factor now."))
)]
#[delete("/v1/users/{id}/second-factor")]
async fn remove_of(write: Write, id: PathId<UserId>) -> Answer {
    let caller = write.caller();
    let removed = async |tx: &Tx, _| second_factor::remove_of(tx, &caller, id.0).await;
    write.delete("user.second_factor_removed", Some(id.0.0), removed).await
}

/// A login whose password was right, and a code.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SecondFactorLoginIn {
    /// `challenge` of the problem `mfa_required`, which works for 5 minutes.
    #[schema(value_type = String, max_length = 128, example = "swm_AZ")]
    challenge: SecretString,
    /// The 6 digits that the app shows, or a recovery code. Each works once.
    #[schema(value_type = String, max_length = 64, example = "287082")]
    code: SecretString,
}

/// Complete a login with a code
///
/// Takes the challenge of `POST /v1/auth/login` and a code. A code of the 30 seconds before or after is valid too. A used code is not. After
/// 10 wrong codes of one user within 15 minutes from all networks, or 100 of any users from one network, the response is 429. The body
/// may have at most 8 KiB.
#[utoipa::path(
    operation_id = "auth_second_factor",
    security(()),
    request_body = SecondFactorLoginIn,
    responses((status = 200, description = "The tokens.", body = TokensOut))
)]
#[post("/v1/auth/second-factor")]
async fn log_in(
    request: HttpRequest,
    app: Data<App>,
    body: Body<SecondFactorLoginIn, LOGIN_BYTES_MAX>,
) -> Answer {
    let input = body.read().await?;
    let SecondFactorLoginIn { challenge, code } = &input.value;
    let (code, address) = (code.expose_secret(), app.address_of(&request));
    let done = app.auth.login_with_code(challenge, code, address, user_agent(&request)).await;
    Ok(tokens(done.map_err(|error| input.explain(error.into()))?))
}
