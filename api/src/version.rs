//! Versions of records: `ETag`, `If-Match` and `If-None-Match` (RFC 9110).

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderName};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;

use crate::problem::{ApiError, ErrorCode};

/// The header `If-Match`, not checked yet. A handler calls [`IfMatch::required`] or [`IfMatch::optional`].
#[derive(Debug, Clone)]
pub struct IfMatch(Option<String>);

impl FromRequest for IfMatch {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(IfMatch::of(request)))
    }
}

impl IfMatch {
    /// Reads the header of a request.
    pub fn of(request: &HttpRequest) -> Self {
        IfMatch(text(request, header::IF_MATCH))
    }

    /// Returns the version that the record must have, or nothing if any is allowed.
    pub fn optional(&self) -> Result<Option<i32>, ApiError> {
        match self.0.as_deref().map(str::trim) {
            None | Some("*") => Ok(None),
            Some(tag) => parse(tag).map(Some).ok_or_else(|| {
                let detail = "Send the ETag as the API returned it, such as \"7\" with its quotes.";
                ApiError::new(ErrorCode::InvalidParameter, detail).at_header("If-Match")
            }),
        }
    }

    /// Like [`IfMatch::optional`], but rejects a request without the header.
    pub fn required(&self) -> Result<Option<i32>, ApiError> {
        if self.0.is_none() {
            return Err(ApiError::of(ErrorCode::PreconditionRequired).at_header("If-Match"));
        }
        self.optional()
    }
}

/// The header `If-None-Match`: the version that the caller has.
#[derive(Debug, Clone)]
pub struct IfNoneMatch(Option<String>);

impl FromRequest for IfNoneMatch {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(IfNoneMatch(text(request, header::IF_NONE_MATCH))))
    }
}

impl IfNoneMatch {
    /// Returns the record with its version as ETag, or 304 to a caller who has that version.
    pub fn answer(&self, version: i32, record: impl Serialize) -> HttpResponse {
        let has = |tag: &str| tag.trim().trim_start_matches("W/") == etag(version);
        let mut response = match &self.0 {
            Some(tags) if tags.split(',').any(has) => HttpResponse::NotModified().finish(),
            _ => HttpResponse::Ok().json(record),
        };
        tag(&mut response, version);
        response
    }
}

/// Adds the version to a response.
pub fn tag(response: &mut HttpResponse, version: i32) {
    if let Ok(value) = etag(version).try_into() {
        response.headers_mut().insert(header::ETAG, value);
    }
}

fn etag(version: i32) -> String {
    format!("\"{version}\"")
}

fn parse(tag: &str) -> Option<i32> {
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

fn text(request: &HttpRequest, name: HeaderName) -> Option<String> {
    request.headers().get(name).map(|value| value.to_str().unwrap_or_default().to_owned())
}

/// Headers of a route that takes `If-Match`, for `params(ChangeHeaders)` in its description.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documentation only: the extractors read the headers")]
pub struct ChangeHeaders {
    /// ETag of the record as you read it. The change is rejected if the record was changed since.
    #[param(rename = "If-Match", max_length = 40, required = false, example = "\"1\"")]
    if_match: Option<String>,
    /// A value of your own, unique per intended write. Send it if you may have to retry. Kept for 7 days.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 257,
        required = false,
        example = "8e03978e-40d5-43e8-bc93-6894a57f9324"
    )]
    idempotency_key: Option<String>,
    /// `dry-run`: returns the response without the effect.
    #[param(rename = "Prefer", max_length = 100, example = "dry-run", required = false)]
    prefer: Option<String>,
}

/// Headers of a route that needs `If-Match`, for `params(GuardedHeaders)` in its description.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documentation only: the extractors read the headers")]
pub struct GuardedHeaders {
    /// ETag of the record as you read it: the change is rejected if the record was changed since. Or `*` for any
    /// version.
    #[param(rename = "If-Match", max_length = 40, example = "\"1\"")]
    if_match: String,
    /// A value of your own, unique per intended write. Send it if you may have to retry. Kept for 7 days.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 257,
        required = false,
        example = "8e03978e-40d5-43e8-bc93-6894a57f9324"
    )]
    idempotency_key: Option<String>,
    /// `dry-run`: returns the response without the effect.
    #[param(rename = "Prefer", max_length = 100, example = "dry-run", required = false)]
    prefer: Option<String>,
}

/// Headers of a route that returns one record, for `params(ReadHeaders)` in its description.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documentation only: the extractors read the headers")]
pub struct ReadHeaders {
    /// ETag that you have. If the record has not changed since, the response is 304.
    #[param(rename = "If-None-Match", max_length = 200, required = false, example = "\"1\"")]
    if_none_match: Option<String>,
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::test::TestRequest;

    use super::*;

    fn if_match(tag: Option<&str>) -> IfMatch {
        IfMatch(tag.map(str::to_owned))
    }

    #[test]
    fn if_match_names_a_version() {
        assert_eq!(if_match(Some("\"7\"")).required().ok(), Some(Some(7)));
        assert_eq!(if_match(Some("*")).required().ok(), Some(None));
        assert_eq!(if_match(None).optional().ok(), Some(None));
        assert_eq!(
            if_match(None).required().err().map(|error| error.code()),
            Some(ErrorCode::PreconditionRequired)
        );
        for tag in ["7", "\"\"", "\"x\"", "W/\"7\"", "\"-1\"", "\"99999999999\"", ""] {
            let code = if_match(Some(tag)).optional().err().map(|error| error.code());
            assert_eq!(code, Some(ErrorCode::InvalidParameter), "{tag}");
        }
    }

    #[actix_web::test]
    async fn a_known_version_is_not_sent_again() {
        for (tags, status) in [
            ("\"7\"", StatusCode::NOT_MODIFIED),
            ("\"6\", W/\"7\"", StatusCode::NOT_MODIFIED),
            ("\"6\"", StatusCode::OK),
        ] {
            let request = TestRequest::get().insert_header((header::IF_NONE_MATCH, tags)).to_http_request();
            let seen = IfNoneMatch::extract(&request).await.expect("a header");
            let response = seen.answer(7, "record");
            assert_eq!(response.status(), status, "{tags}");
            assert_eq!(response.headers().get(header::ETAG).expect("an ETag"), "\"7\"");
        }
    }
}
