//! Versions of records: `ETag`, `If-Match` and `If-None-Match` (RFC 9110).

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, EntityTag, Header, HeaderValue, TryIntoHeaderValue};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder};
use domain::refusal::Problems;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::problem::{Answer, ApiError, ErrorCode};

/// Most characters of the header `If-Match`.
pub(crate) const IF_MATCH_LENGTH_MAX: usize = 40;
/// Most characters of the header `If-None-Match`. If it is sent repeatedly, of all values together.
pub(crate) const IF_NONE_MATCH_LENGTH_MAX: usize = 1000;
/// Most digits of a version, and most of the digest that may follow it.
const VERSION_DIGITS_MAX: usize = 10;
const DIGEST_DIGITS_MAX: usize = 16;

/// Reports a version in a body that no record can have.
pub fn check_stated(problems: &mut Problems, pointer: &str, version: Option<i32>) {
    if version.is_some_and(|version| version < 1) {
        let detail = "A version is 1 or more: send the one that you read, or leave it out.";
        problems.invalid(pointer, detail);
    }
}

/// The header `If-Match`, not checked yet. A handler calls [`IfMatch::required`] or [`IfMatch::optional`].
#[derive(Debug, Clone)]
pub struct IfMatch(Option<header::IfMatch>);

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
        let parse = || header::IfMatch::parse(request).unwrap_or(header::IfMatch::Items(Vec::new()));
        IfMatch(request.headers().contains_key(header::IF_MATCH).then(parse))
    }

    /// Returns the version that the record must have, or nothing if any is allowed.
    pub fn optional(&self) -> Result<Option<i32>, ApiError> {
        let version = match &self.0 {
            None | Some(header::IfMatch::Any) => return Ok(None),
            Some(header::IfMatch::Items(tags)) => match tags.as_slice() {
                [tag] => version(tag),
                _ => None,
            },
        };
        version.map(Some).ok_or_else(|| {
            let detail = "Send the ETag as it was answered, such as \"7\" with its quotes.";
            ApiError::new(ErrorCode::InvalidParameter, detail).at_header("If-Match")
        })
    }

    /// Rejects a version, because the operation compares none. `*` is allowed.
    pub fn refused(&self) -> Result<(), ApiError> {
        match self.0 {
            None | Some(header::IfMatch::Any) => Ok(()),
            Some(header::IfMatch::Items(_)) => {
                let detail = "This operation does not compare If-Match, so nothing was done: leave it out. If the body takes a \
                              `version`, send the version there.";
                Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_header("If-Match"))
            }
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

/// The header `If-None-Match`: which versions the caller has.
#[derive(Debug, Clone)]
pub struct IfNoneMatch(header::IfNoneMatch);

impl FromRequest for IfNoneMatch {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(IfNoneMatch::of(request))
    }
}

impl IfNoneMatch {
    /// Reads the header of a request. A text that is no list of ETags names none. Rejects a header that is too long.
    pub fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let values = request.headers().get_all(header::IF_NONE_MATCH);
        if values.map(HeaderValue::len).sum::<usize>() > IF_NONE_MATCH_LENGTH_MAX {
            let detail = format!(
                "Send at most {IF_NONE_MATCH_LENGTH_MAX} characters, such as the ETag that you have."
            );
            return Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_header("If-None-Match"));
        }
        let tags = header::IfNoneMatch::parse(request);
        Ok(IfNoneMatch(tags.unwrap_or(header::IfNoneMatch::Items(Vec::new()))))
    }

    /// Whether the caller has the response with this ETag.
    pub fn knows(&self, own: &EntityTag) -> bool {
        match &self.0 {
            header::IfNoneMatch::Any => true,
            header::IfNoneMatch::Items(tags) => tags.iter().any(|tag| tag.weak_eq(own)),
        }
    }

    /// Returns a response with a body and its ETag, or 304 without the body to a caller who has it.
    pub fn answer_body(
        &self,
        response: &mut HttpResponseBuilder,
        own: EntityTag,
        content_type: &str,
        body: impl FnOnce() -> Result<Vec<u8>, ApiError>,
    ) -> Answer {
        let mut response = match self.knows(&own) {
            true => response.status(StatusCode::NOT_MODIFIED).finish(),
            false => response.content_type(content_type).body(body()?),
        };
        put(&mut response, own);
        Ok(response)
    }

    /// Returns the record with its version as ETag, or 304 to a caller who has that version.
    pub fn answer(&self, version: i32, record: impl Serialize) -> HttpResponse {
        let mut response = if self.knows(&entity_tag(version)) {
            HttpResponse::NotModified().finish()
        } else {
            HttpResponse::Ok().json(record)
        };
        tag(&mut response, version);
        response
    }
}

impl IfNoneMatch {
    /// Like [`answer`](IfNoneMatch::answer), for a record that shows more than its version covers. The ETag is the version
    /// and a digest of the response. `If-Match` compares the version only.
    pub fn answer_content(&self, version: i32, record: impl Serialize) -> Answer {
        let body = serde_json::to_vec(&record).map_err(ApiError::internal)?;
        let digest: String = Sha256::digest(&body).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let own = EntityTag::new_strong(format!("{version}-{digest}"));
        let mut response = match self.knows(&own) {
            true => HttpResponse::NotModified().finish(),
            false => HttpResponse::Ok().content_type("application/json").body(body),
        };
        put(&mut response, own);
        Ok(response)
    }
}

/// Returns the weak ETag of a response that these parts determine.
pub fn weak_tag<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> EntityTag {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    EntityTag::new_weak(digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}

/// Adds the version to a response.
pub fn tag(response: &mut HttpResponse, version: i32) {
    put(response, entity_tag(version));
}

fn put(response: &mut HttpResponse, tag: EntityTag) {
    if let Ok(value) = tag.try_into_value() {
        response.headers_mut().insert(header::ETAG, value);
    }
}

fn entity_tag(version: i32) -> EntityTag {
    EntityTag::new_strong(version.to_string())
}

/// Returns the version in an ETag. No record has one above the largest that this returns.
fn version(tag: &EntityTag) -> Option<i32> {
    let (text, digest) = match tag.tag().split_once('-') {
        // The digest of a response may follow the version.
        Some((text, digest)) => (text, Some(digest)),
        None => (tag.tag(), None),
    };
    let is_digit = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    let is_digest =
        |digest: &str| (1..=DIGEST_DIGITS_MAX).contains(&digest.len()) && digest.bytes().all(is_digit);
    let version: i64 = text.parse().ok().filter(|version: &i64| *version >= 0)?;
    let is_sound =
        text.len() <= VERSION_DIGITS_MAX && text == version.to_string() && digest.is_none_or(is_digest);
    (is_sound && !tag.weak).then(|| i32::try_from(version).unwrap_or(i32::MAX))
}

/// Header of a route that needs `If-Match`, for `params(GuardedHeaders)` in its description.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Header, names("If-Match"))]
#[expect(dead_code, reason = "documentation only: the extractors read the headers")]
pub struct GuardedHeaders(String);

/// Header of a route that returns one record or 304, for `params(ReadHeaders)` in its description.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Header, names("If-None-Match"))]
#[expect(dead_code, reason = "documentation only: the extractors read the headers")]
pub struct ReadHeaders(String);

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::test::TestRequest;

    use super::*;

    fn if_match(tag: Option<&str>) -> IfMatch {
        let request = tag
            .into_iter()
            .fold(TestRequest::default(), |request, tag| request.insert_header((header::IF_MATCH, tag)));
        IfMatch::of(&request.to_http_request())
    }

    #[test]
    fn if_match_names_a_version() {
        assert_eq!(if_match(Some("\"7\"")).required().ok(), Some(Some(7)));
        assert_eq!(if_match(Some("\"7-0a1b\"")).required().ok(), Some(Some(7)));
        assert_eq!(if_match(Some("*")).required().ok(), Some(None));
        assert_eq!(if_match(None).optional().ok(), Some(None));
        assert!(if_match(None).refused().is_ok() && if_match(Some("*")).refused().is_ok());
        assert_eq!(
            if_match(Some("\"7\"")).refused().err().map(|error| error.code()),
            Some(ErrorCode::InvalidParameter)
        );
        assert_eq!(
            if_match(None).required().err().map(|error| error.code()),
            Some(ErrorCode::PreconditionRequired)
        );
        for tag in ["*", "\"7\"", "\"0\"", "\"7-0a1b\"", "\"2147483648\"", "\"9999999999-0123456789abcdef\""]
        {
            assert!(if_match(Some(tag)).optional().is_ok(), "{tag}");
            assert!(tag.len() <= IF_MATCH_LENGTH_MAX, "{tag}");
        }
        for tag in [
            "7",
            "\"\"",
            "\"x\"",
            "\"7-x\"",
            "\"7-\"",
            "\"7-0A\"",
            "\"7-0123456789abcdef0\"",
            "\"07\"",
            "\"+7\"",
            "W/\"7\"",
            "\"-1\"",
            "\"99999999999\"",
            "",
            "\"7\", \"8\"",
        ] {
            let code = if_match(Some(tag)).optional().err().map(|error| error.code());
            assert_eq!(code, Some(ErrorCode::InvalidParameter), "{tag}");
        }
    }

    #[actix_web::test]
    async fn a_long_if_none_match_is_refused() {
        for (length, is_taken) in [(1000, true), (1001, false)] {
            let tags = (header::IF_NONE_MATCH, "7".repeat(length));
            let request = TestRequest::get().insert_header(tags).to_http_request();
            let refused = IfNoneMatch::extract(&request).await.err();
            assert_eq!(refused.is_none(), is_taken);
            let named = refused.and_then(|error| error.errors()[0].header.clone());
            assert!(named.is_none_or(|header| header == "If-None-Match"));
        }
    }

    #[actix_web::test]
    async fn a_known_version_is_not_sent_again() {
        for (tags, status) in [
            ("\"7\"", StatusCode::NOT_MODIFIED),
            ("\"6\", W/\"7\"", StatusCode::NOT_MODIFIED),
            ("*", StatusCode::NOT_MODIFIED),
            ("\"6\"", StatusCode::OK),
            ("7", StatusCode::OK),
        ] {
            let request = TestRequest::get().insert_header((header::IF_NONE_MATCH, tags)).to_http_request();
            let seen = IfNoneMatch::extract(&request).await.expect("a header");
            let response = seen.answer(7, "record");
            assert_eq!(response.status(), status, "{tags}");
            assert_eq!(response.headers().get(header::ETAG).expect("an ETag"), "\"7\"");
        }
    }
}
