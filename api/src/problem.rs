//! Rejections of the REST API, as [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem details.
//!
//! Handlers return [`Answer`]. `?` turns a [`service::Error`] into an [`ApiError`]. The middleware adds the request id
//! and writes the body. A fault of the server is logged with its cause, which the response does not contain.

mod code;
mod registry;
mod text;

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use domain::refusal::{Code, PROBLEMS_OF_ITEM_MAX, Refusal, describe_first};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use service::auth::AuthError;

pub use code::ErrorCode;
pub use registry::{Entry, REGISTRY};
pub use text::shorten;

/// Result of every handler.
pub type Answer = Result<HttpResponse, ApiError>;

/// Detail of a rejection while the store of files is not available.
const STORE_UNAVAILABLE: &str = "The store of the files does not respond. Nothing was written: send the request again after the seconds in Retry-After.";
/// Media type of a problem.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A problem: why a request was rejected (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Problem<'a> {
    /// Path of the page about the code.
    #[serde(rename = "type")]
    #[schema(rename = "type", max_length = 200, example = "/errors/insufficient_stock")]
    pub kind: String,
    /// Title of the code.
    #[schema(max_length = 200, example = "Not enough stock")]
    pub title: &'a str,
    /// HTTP status of the response.
    #[schema(minimum = 400, maximum = 599, example = 409)]
    pub status: u16,
    /// Stable code, for programs. New codes may appear.
    #[schema(max_length = 64, example = "insufficient_stock")]
    pub code: &'a str,
    /// Description of the problem, in a sentence.
    #[serde(serialize_with = "text::short::<2000, _>")]
    #[schema(max_length = 2000, example = "2 of 3 lines cannot be reserved at warehouse MAIN.")]
    pub detail: &'a str,
    /// Id of the request, as in the header X-Request-Id. Quote it when you report a problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 128, example = "req_01h455vb4pex5vsknk084sn02q")]
    pub request_id: Option<&'a str>,
    /// All fields and lines that are wrong; of an item of a batch, the first 50.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(max_items = 10000)]
    pub errors: &'a [FieldProblem],
    /// Names of the rate limits that are used up.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(max_items = 4, value_type = Option<Vec<String>>, example = json!(["burst"]))]
    pub violated_policies: &'a [&'static str],
    /// Further members by code, such as `required_scope` or `current_version`.
    #[serde(flatten, serialize_with = "text::short_figures")]
    pub more: &'a BTreeMap<&'static str, String>,
}

/// A wrong field, parameter, header or line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldProblem {
    /// JSON pointer into the request body, as a URI fragment.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "text::short_if_any::<500, _>")]
    #[schema(max_length = 500, example = "#/lines/0/quantity")]
    pub pointer: Option<String>,
    /// Query parameter.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "text::short_if_any::<200, _>")]
    #[schema(max_length = 200, example = "limit")]
    pub parameter: Option<String>,
    /// Request header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, example = "If-Match")]
    pub header: Option<String>,
    /// Stable code of this field's problem.
    #[schema(max_length = 64, example = "insufficient_stock")]
    pub code: String,
    /// Description of the field's problem, in a sentence.
    #[serde(serialize_with = "text::short::<2000, _>")]
    #[schema(max_length = 2000, example = "Requested 200, available to promise 140.")]
    pub detail: String,
    /// Figures of the description by name, as strings.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", serialize_with = "text::short_figures")]
    #[schema(example = json!({"requested": "200", "available": "140"}))]
    pub params: BTreeMap<&'static str, String>,
}

/// A rejected request.
pub struct ApiError(Box<Inner>);

struct Inner {
    code: ErrorCode,
    detail: String,
    errors: Vec<FieldProblem>,
    violated_policies: Vec<&'static str>,
    more: BTreeMap<&'static str, String>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl ApiError {
    /// Creates a rejection with its own detail.
    pub fn new(code: impl Into<ErrorCode>, detail: impl Into<String>) -> Self {
        ApiError(Box::new(Inner {
            code: code.into(),
            detail: detail.into(),
            errors: Vec::new(),
            violated_policies: Vec::new(),
            more: BTreeMap::new(),
            headers: Vec::new(),
        }))
    }

    /// Creates a rejection with the detail of the registry.
    pub fn of(code: impl Into<ErrorCode>) -> Self {
        let code = code.into();
        ApiError::new(code, code.entry().cause)
    }

    /// Creates the problem of a fault of the server. `cause` is only logged.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        ApiError::of(ErrorCode::InternalError)
    }

    /// Returns the problem for an error that other requests get too.
    pub fn from_shared(error: &service::Error) -> Self {
        match error {
            service::Error::Refused(refusal) => refusal.clone().into(),
            service::Error::OutcomeUnknown(_) => {
                tracing::warn!(%error, "outcome unknown");
                ApiError::of(ErrorCode::OutcomeUnknown).with_retry_after(1)
            }
            service::Error::Busy
            | service::Error::Deadline
            | service::Error::LockTimeout
            | service::Error::Unreachable(_) => {
                tracing::warn!(%error, "temporarily unavailable");
                ApiError::of(ErrorCode::TemporarilyUnavailable).with_retry_after(1)
            }
            service::Error::StoreUnavailable(_) => {
                tracing::warn!(%error, "the store of files is not available");
                ApiError::new(ErrorCode::TemporarilyUnavailable, STORE_UNAVAILABLE).with_retry_after(5)
            }
            service::Error::TenantMoving => ApiError::of(ErrorCode::TenantMoving).with_retry_after(10),
            service::Error::OverShare => ApiError::of(ErrorCode::RateLimited).with_retry_after(1),
            service::Error::StatementTimeout => {
                tracing::warn!(%error, "statement timeout");
                ApiError::of(ErrorCode::StatementTimeout).with_retry_after(5)
            }
            service::Error::Database(_) if error.is_retryable() => {
                tracing::warn!(%error, "a write lost every race");
                ApiError::of(ErrorCode::TemporarilyUnavailable).with_retry_after(1)
            }
            service::Error::Database(_) | service::Error::Invariant(_) | service::Error::Input(_) => {
                ApiError::internal(error)
            }
        }
    }

    /// Returns the code.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// Returns the detail.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Returns the wrong fields.
    pub fn errors(&self) -> &[FieldProblem] {
        &self.0.errors
    }

    /// Names a field of the body by JSON pointer, such as `/lines/0/quantity`.
    pub fn at_pointer(self, pointer: &str) -> Self {
        let pointer = Some(format!("#{pointer}"));
        self.with(|code, detail| FieldProblem { pointer, code, detail, ..FieldProblem::default() })
    }

    /// Names a query parameter.
    pub fn at_parameter(self, parameter: impl Into<String>) -> Self {
        let parameter = Some(parameter.into());
        self.with(|code, detail| FieldProblem { parameter, code, detail, ..FieldProblem::default() })
    }

    /// Names a request header.
    pub fn at_header(self, header: impl Into<String>) -> Self {
        let header = Some(header.into());
        self.with(|code, detail| FieldProblem { header, code, detail, ..FieldProblem::default() })
    }

    /// Names many fields.
    pub fn with_errors(mut self, errors: Vec<FieldProblem>) -> Self {
        self.0.errors.extend(errors);
        self
    }

    /// Keeps the first wrong fields, if there are more than an item of a batch lists.
    pub fn of_item(mut self) -> Self {
        let count = self.0.errors.len();
        if count > PROBLEMS_OF_ITEM_MAX {
            self.0.errors.truncate(PROBLEMS_OF_ITEM_MAX);
            self.0.detail = describe_first(count);
        }
        self
    }

    /// Names parameters of the query in place of fields of the body.
    pub fn in_query(mut self) -> Self {
        for field in &mut self.0.errors {
            field.parameter = field.pointer.take().map(|pointer| pointer.trim_start_matches("#/").to_owned());
        }
        self
    }

    /// Changes each wrong field. The detail of the only one is that of the rejection.
    pub(crate) fn with_each(mut self, change: impl Fn(&mut FieldProblem)) -> Self {
        self.0.errors.iter_mut().for_each(change);
        if let [only] = self.0.errors.as_slice() {
            self.0.detail = only.detail.clone();
        }
        self
    }

    /// Names these faults in place of those named so far, unless there are none.
    pub fn replaced_by(mut self, faults: Vec<FieldProblem>) -> Self {
        if !faults.is_empty() {
            self.0.errors.clear();
        }
        self.including(faults)
    }

    /// Puts the faults of the form first. They replace what was said about the same fields. The code is that of an unknown
    /// field, if there is one.
    pub fn including(mut self, faults: Vec<FieldProblem>) -> Self {
        let Some(first) = faults.first() else { return self };
        let main =
            faults.iter().find(|fault| fault.code == ErrorCode::UnknownField.as_str()).unwrap_or(first);
        self.0.code = ErrorCode::find(&main.code).unwrap_or(self.0.code);
        let place = |fault: &FieldProblem| (fault.pointer.clone(), fault.parameter.clone());
        let named: HashSet<_> = faults.iter().map(place).collect();
        let others = std::mem::replace(&mut self.0.errors, faults);
        self.0.errors.extend(others.into_iter().filter(|other| !named.contains(&place(other))));
        self.0.detail = match self.0.errors.as_slice() {
            [only] => only.detail.clone(),
            all => format!("{} fields are wrong; each is listed in errors.", all.len()),
        };
        self
    }

    fn with(mut self, problem: impl FnOnce(String, String) -> FieldProblem) -> Self {
        let field = problem(self.0.code.as_str().to_owned(), self.0.detail.clone());
        self.0.errors.push(field);
        self
    }

    /// Adds a further member beside the standard ones.
    pub fn with_member(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.more.insert(name, value.into());
        self
    }

    /// Names the rate limits that are used up.
    pub fn with_violated_policies(mut self, names: Vec<&'static str>) -> Self {
        self.0.violated_policies = names;
        self
    }

    /// Adds a response header.
    pub fn with_header(mut self, name: HeaderName, value: impl TryInto<HeaderValue>) -> Self {
        if let Ok(value) = value.try_into() {
            self.0.headers.push((name, value));
        }
        self
    }

    /// Sets `Retry-After`: whole seconds, at most 120, because some tools accept nothing else.
    pub fn with_retry_after(self, seconds: u64) -> Self {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds.clamp(1, 120)))
    }

    /// Returns the response, with the id of its request.
    pub fn render(&self, request_id: Option<&str>) -> HttpResponse {
        metrics::counter!("stockwell_refusals_total", "code" => self.0.code.as_str()).increment(1);
        let mut response = HttpResponse::build(self.0.code.status());
        response.insert_header((header::CONTENT_TYPE, PROBLEM_JSON));
        // The middleware counts refused rights by it.
        response.extensions_mut().insert(self.0.code);
        for (name, value) in &self.0.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        response.body(self.text(request_id))
    }

    /// Returns the body of the response.
    pub fn text(&self, request_id: Option<&str>) -> String {
        let Inner { code, detail, errors, violated_policies, more, .. } = &*self.0;
        let problem = Problem {
            kind: format!("/errors/{code}"),
            title: code.entry().title,
            status: code.status().as_u16(),
            code: code.as_str(),
            detail,
            request_id,
            errors,
            violated_policies,
            more,
        };
        serde_json::to_string(&problem).unwrap_or_default()
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ApiError")
            .field("code", &self.0.code)
            .field("detail", &self.0.detail)
            .field("errors", &self.0.errors)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.0.code, self.0.detail)
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.0.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.render(None)
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let mut error = ApiError::new(refusal.code, refusal.detail);
        for problem in refusal.problems {
            // A problem of the whole request: its figures become members of the problem.
            if problem.pointer.is_empty() {
                error.0.more.extend(problem.params);
                continue;
            }
            error.0.errors.push(FieldProblem {
                pointer: Some(format!("#{}", problem.pointer)),
                code: problem.code.to_string(),
                detail: problem.detail,
                params: problem.params.into_iter().collect(),
                ..FieldProblem::default()
            });
        }
        if refusal.code == Code::InsufficientScope {
            let scope = error.0.more.get("required_scope").cloned().unwrap_or_default();
            let challenge =
                format!(r#"Bearer realm="stockwell", error="insufficient_scope", scope="{scope}""#);
            error = error.with_header(header::WWW_AUTHENTICATE, challenge);
        }
        if refusal.code == Code::IdempotencyInProgress {
            error = error.with_retry_after(1);
        }
        error
    }
}

impl From<service::Error> for ApiError {
    fn from(error: service::Error) -> Self {
        match error {
            service::Error::Refused(refusal) => refusal.into(),
            service::Error::Input(error) => match error.downcast::<ApiError>() {
                Ok(error) => *error,
                Err(other) => ApiError::internal(other),
            },
            service::Error::Database(_)
            | service::Error::Busy
            | service::Error::OverShare
            | service::Error::Deadline
            | service::Error::OutcomeUnknown(_)
            | service::Error::Unreachable(_)
            | service::Error::StatementTimeout
            | service::Error::LockTimeout
            | service::Error::StoreUnavailable(_)
            | service::Error::TenantMoving
            | service::Error::Invariant(_) => ApiError::from_shared(&error),
        }
    }
}

/// Input that the API rejects within a use case, such as a merge patch that makes no valid record.
impl From<ApiError> for service::Error {
    fn from(error: ApiError) -> Self {
        service::Error::Input(Box::new(error))
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        let code = match error {
            AuthError::Missing => ErrorCode::AuthenticationRequired,
            AuthError::InvalidKey => ErrorCode::InvalidApiKey,
            AuthError::ExpiredKey => ErrorCode::ExpiredApiKey,
            AuthError::InvalidToken => ErrorCode::InvalidToken,
            AuthError::InvalidTicket => {
                let detail =
                    "This ticket was used or has ended. Get another one with POST /v1/stream-tickets.";
                return ApiError::new(ErrorCode::InvalidToken, detail)
                    .with_header(header::WWW_AUTHENTICATE, INVALID_TOKEN);
            }
            AuthError::WrongLogin => ErrorCode::InvalidCredentials,
            AuthError::MfaRequired(challenge) => return mfa_required(challenge.as_ref()),
            AuthError::IpNotAllowed => ErrorCode::IpNotAllowed,
            AuthError::OriginNotAllowed => ErrorCode::OriginNotAllowed,
            AuthError::TenantSuspended => ErrorCode::TenantSuspended,
            AuthError::TenantMoved => ErrorCode::TenantMoved,
            AuthError::TooManyAttempts(seconds) => {
                return ApiError::of(ErrorCode::RateLimited).with_retry_after(seconds);
            }
            AuthError::TooManyUnknownKeys(seconds) => {
                let detail = "Too many unknown API keys came from this network. Wait for the seconds in Retry-After. \
                              Check the key before it is sent again.";
                return ApiError::new(ErrorCode::RateLimited, detail).with_retry_after(seconds);
            }
            AuthError::Failed(error) => return ApiError::from_shared(&error),
        };
        let challenge = match code.status() {
            StatusCode::UNAUTHORIZED if code == ErrorCode::AuthenticationRequired => {
                r#"Bearer realm="stockwell""#
            }
            StatusCode::UNAUTHORIZED => INVALID_TOKEN,
            _ => return ApiError::of(code),
        };
        ApiError::of(code).with_header(header::WWW_AUTHENTICATE, challenge)
    }
}

/// Challenge of a credential that is not valid.
const INVALID_TOKEN: &str = r#"Bearer realm="stockwell", error="invalid_token""#;

fn mfa_required(challenge: Option<&SecretString>) -> ApiError {
    let error = ApiError::of(ErrorCode::MfaRequired);
    let error = error.with_header(header::WWW_AUTHENTICATE, r#"Bearer realm="stockwell""#);
    match challenge {
        Some(challenge) => error.with_member("challenge", challenge.expose_secret()),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use domain::refusal::Problems;

    use super::*;

    async fn body(error: &ApiError) -> serde_json::Value {
        let bytes = to_bytes(error.render(Some("req_12345678")).into_body()).await.expect("a body");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    #[actix_web::test]
    async fn a_refusal_lists_every_line_under_its_pointer() {
        let mut problems = Problems::default();
        problems.add("/lines/0/quantity", Code::InsufficientStock, "Requested 200, available 140.");
        problems.invalid("/lines/1/uom", "There is no such unit.");
        let error = ApiError::from(problems.check().expect_err("a refusal"));
        let body = body(&error).await;
        assert_eq!(error.status_code(), StatusCode::CONFLICT);
        assert_eq!(body["type"], "/errors/insufficient_stock");
        assert_eq!(body["request_id"], "req_12345678");
        assert_eq!(body["errors"][0]["pointer"], "#/lines/0/quantity");
        assert_eq!(body["errors"][1]["code"], "validation_failed");
    }

    #[actix_web::test]
    async fn a_missing_scope_is_named_beside_the_code() {
        let caller = service::Caller::new(
            domain::id::TenantId::default(),
            service::caller::ActorKind::ApiKey,
            uuid::Uuid::nil(),
            service::scope::Scopes::default(),
        );
        let refused = caller.require(service::scope::Scope::OrdersWrite).expect_err("a refusal");
        let error = ApiError::from(refused);
        let body = body(&error).await;
        assert_eq!(body["required_scope"], "orders:write");
        assert_eq!(body.get("errors"), None);
        assert!(error.render(None).headers().contains_key(header::WWW_AUTHENTICATE));
    }

    #[actix_web::test]
    async fn a_fault_does_not_show_its_cause() {
        let error = ApiError::from(service::Error::invariant("select secret from table"));
        assert_eq!(error.status_code(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!body(&error).await.to_string().contains("secret"));
    }
}
