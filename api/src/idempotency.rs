//! `Idempotency-Key` and `Prefer`: safe retries and dry runs.

use std::borrow::Cow;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use domain::id::CustomerId;
use serde_json::{Value, json};
use service::command::{self, Idempotency};
use sha2::{Digest, Sha256};

use crate::aside::aside;
use crate::body::{BATCH_BYTES_MAX, IN_PLACE_BYTES_MAX, without_mark};
use crate::context::Context;
use crate::problem::{ApiError, ErrorCode, PROBLEM_JSON};

/// Request header with the idempotency key.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Response header that marks a replay.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const PREFER: HeaderName = HeaderName::from_static("prefer");
pub(crate) const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Most characters of a key.
const KEY_LENGTH_MAX: usize = 255;
/// The form of the header with a key, as the description states it. [`parse_key`] checks the same.
pub(crate) const KEY_PATTERN: &str = r#"^([A-Za-z0-9_:.-]{1,255}|"[A-Za-z0-9_:.-]{1,255}")$"#;
/// The preference for a dry run.
const DRY_RUN: &str = "dry-run";
/// Most characters of the header `Prefer`. If it is sent repeatedly, of all values together.
pub(crate) const PREFER_LENGTH_MAX: usize = 100;

/// The header `Idempotency-Key`, not checked yet. A handler calls [`IdempotencyKey::required`] or
/// [`IdempotencyKey::optional`] after it has read the body.
#[derive(Clone)]
pub struct IdempotencyKey {
    header: Option<HeaderValue>,
    prefix: Sha256,
    /// The customer whose session sends it: the keys of each customer are its own.
    owner: Option<CustomerId>,
}

impl FromRequest for IdempotencyKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let path = request.uri().path_and_query().map_or(request.path(), |path| path.as_str());
        let prefix = prefix(request.method().as_str(), path);
        let extensions = request.extensions();
        let caller = extensions.get::<Context>().and_then(Context::caller);
        let owner = caller.and_then(|caller| caller.customer_id);
        ready(Ok(IdempotencyKey { header: request.headers().get(IDEMPOTENCY_KEY).cloned(), prefix, owner }))
    }
}

impl IdempotencyKey {
    /// Returns the key. Rejects a request without one.
    pub async fn required(self, raw: &Bytes) -> Result<Idempotency, ApiError> {
        self.optional(raw).await?.ok_or_else(|| {
            let example = uuid::Uuid::new_v4();
            let detail = format!(
                "Add a header such as \"Idempotency-Key: {example}\": a value of your own, unique per intended write, \
                 and the same when you retry it."
            );
            ApiError::new(ErrorCode::IdempotencyKeyMissing, detail).at_header("Idempotency-Key")
        })
    }

    /// Returns the key, if the request has one. The meaning of a long body is found outside the threads that serve requests.
    pub async fn optional(self, raw: &Bytes) -> Result<Option<Idempotency>, ApiError> {
        let Some(header) = self.header else { return Ok(None) };
        let key = parse_key(header.as_bytes()).ok_or_else(|| {
            let code = ErrorCode::IdempotencyKeyInvalid;
            ApiError::new(code, code.entry().fix).at_header("Idempotency-Key")
        })?;
        if raw.len() <= IN_PLACE_BYTES_MAX {
            return Ok(Some(owned(under(key, &self.prefix, raw), self.owner)));
        }
        let (key, prefix, raw) = (key.to_owned(), self.prefix, raw.clone());
        Ok(Some(owned(aside(async move { under(&key, &prefix, &raw) }).await?, self.owner)))
    }
}

fn prefix(method: &str, path: &str) -> Sha256 {
    let mut prefix = Sha256::new();
    for part in [method, path] {
        prefix.update(part.as_bytes());
        prefix.update([0]);
    }
    prefix
}

/// Returns a key with the fingerprints of a request that begins with `prefix`.
fn under(key: &str, prefix: &Sha256, raw: &[u8]) -> Idempotency {
    let of = |body: &[u8]| prefix.clone().chain_update(body).finalize().into();
    Idempotency { key: key.to_owned(), fingerprint: of(&meaning(raw)), of_bytes: of(raw) }
}

/// Returns the key as it is stored: that of a customer has a form that no other caller can send.
fn owned(sent: Idempotency, owner: Option<CustomerId>) -> Idempotency {
    let Some(owner) = owner else { return sent };
    let digest = Sha256::digest(sent.key.as_bytes());
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Idempotency { key: format!("{owner}/{digits}"), ..sent }
}

/// Returns the meaning of a body: its JSON without blanks, with the members of every object in one order. A body that is not
/// JSON, or longer than a batch request, means its bytes.
fn meaning(raw: &[u8]) -> Cow<'_, [u8]> {
    let raw = without_mark(raw);
    if raw.len() > BATCH_BYTES_MAX {
        return raw.into();
    }
    let read = if raw.trim_ascii().is_empty() { Ok(json!({})) } else { serde_json::from_slice::<Value>(raw) };
    match read {
        Ok(mut value) => {
            value.sort_all_objects();
            value.to_string().into_bytes().into()
        }
        Err(_) => raw.into(),
    }
}

/// Returns the key of a document of a batch, with the fingerprints that the same document has on the single route at `path`.
/// Returns nothing if it has the wrong form.
pub fn of_document(key: &str, path: &str, raw: &[u8]) -> Option<Idempotency> {
    is_key(key).then(|| under(key, &prefix("POST", path), raw))
}

/// Returns the key of a part of a request, by its number.
pub fn of_part(whole: &Idempotency, number: usize) -> Idempotency {
    let said = Sha256::new().chain_update(&whole.key).chain_update(whole.fingerprint);
    let digest: [u8; 32] = said.chain_update(number.to_be_bytes()).finalize().into();
    let half = uuid::Uuid::from_slice(&digest[..16]).unwrap_or_default();
    Idempotency { key: format!("{half}:{number}"), fingerprint: digest, of_bytes: digest }
}

fn is_key(key: &str) -> bool {
    let known = |letter: u8| letter.is_ascii_alphanumeric() || b"_-:.".contains(&letter);
    (1..=KEY_LENGTH_MAX).contains(&key.len()) && key.bytes().all(known)
}

/// Returns the key without its quotes. Returns nothing if it has the wrong form.
fn parse_key(header: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(header).ok()?.trim();
    let key = match text.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => text,
    };
    is_key(key).then_some(key)
}

/// Header of a route that posts one document, for `params(PostHeaders)` in its description. [`crate::posting::Post`] works
/// only on a route that names it, or [`BatchHeaders`].
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Header, names("Idempotency-Key"))]
#[expect(dead_code, reason = "documentation only: the extractors read the headers")]
pub struct PostHeaders(String);

/// Header of a route that posts many documents, for `params(BatchHeaders)` in its description. Each document has a key of
/// its own in the body.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Header, names("Prefer"))]
#[expect(dead_code, reason = "documentation only: the extractors read the headers")]
pub struct BatchHeaders(String);

/// Returns the response to a command, marked if it is a replay. `location` is the path of a document that the command
/// created.
pub fn respond(answer: command::Answer, location: Option<String>) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    if answer.replayed {
        response.insert_header((IDEMPOTENCY_REPLAYED, "true"));
    }
    if let Some(location) = location {
        response.insert_header((header::LOCATION, location));
    }
    // The log of requests and the count of refused rights read the code of a rejection that was stored as text.
    if let Some(code) = problem_code(answer.status, &answer.body) {
        response.extensions_mut().insert(code);
    }
    let is_refusal = status.is_client_error();
    response.content_type(if is_refusal { PROBLEM_JSON } else { "application/json" }).body(answer.body)
}

/// Returns the code of a rendered problem.
pub fn problem_code(status: u16, body: &str) -> Option<ErrorCode> {
    #[derive(serde::Deserialize)]
    struct Coded {
        code: String,
    }
    if status < 400 {
        return None;
    }
    ErrorCode::find(&serde_json::from_str::<Coded>(body).ok()?.code)
}

/// The header `Prefer` (RFC 7240), as far as this API supports it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Preferences {
    /// `dry-run`: returns the response without the effect.
    pub dry_run: bool,
    /// `respond-async`: returns a job, and carries the request out after the response. Only some operations support it.
    pub respond_async: bool,
    /// `return=minimal`: returns only the id, the number and the count of lines of each document of a batch.
    pub minimal: bool,
}

impl Preferences {
    /// Reads `Prefer`. Unknown preferences are ignored, as RFC 7240 requires. Rejects a header that is too long, and a misspelt
    /// `dry-run`: a request that is meant as a dry run must not write.
    pub fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        if headers.get_all(PREFER).map(HeaderValue::len).sum::<usize>() > PREFER_LENGTH_MAX {
            let detail = format!("Send at most {PREFER_LENGTH_MAX} characters, such as dry-run.");
            return Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_header("Prefer"));
        }
        let mut preferences = Preferences::default();
        for value in headers.get_all(PREFER) {
            for wish in String::from_utf8_lossy(value.as_bytes()).split(',') {
                preferences.add(wish)?;
            }
        }
        Ok(preferences)
    }

    fn add(&mut self, wish: &str) -> Result<(), ApiError> {
        if is_misspelt_dry_run(wish) {
            let detail = "Send dry-run for a dry run: with a dash, and without quotes or a value.";
            return Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_header("Prefer"));
        }
        let name = wish.split(';').next().unwrap_or(wish).trim();
        self.dry_run |= name.eq_ignore_ascii_case(DRY_RUN);
        self.respond_async |= name.eq_ignore_ascii_case("respond-async");
        self.minimal |= name.eq_ignore_ascii_case("return=minimal");
        Ok(())
    }

    /// Confirms the preferences that were applied.
    pub fn confirm(self, response: &mut HttpResponse) {
        if self.dry_run {
            response.headers_mut().insert(PREFERENCE_APPLIED, HeaderValue::from_static(DRY_RUN));
        } else if self.minimal && response.status() == StatusCode::MULTI_STATUS {
            response.headers_mut().insert(PREFERENCE_APPLIED, HeaderValue::from_static("return=minimal"));
        }
    }
}

/// Whether a preference or one of its parameters has the letters of `dry-run`, and is not `dry-run`.
fn is_misspelt_dry_run(wish: &str) -> bool {
    wish.split(';').enumerate().any(|(place, part)| {
        let name = part.split('=').next().unwrap_or(part);
        let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect();
        let is_exact = place == 0 && part.trim().eq_ignore_ascii_case(DRY_RUN);
        letters.eq_ignore_ascii_case("dryrun") && !is_exact
    })
}

impl FromRequest for Preferences {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Preferences::of(request.headers()))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_key_is_quoted_or_bare() {
        assert_eq!(parse_key(b"\"8e03:a.b_c-d\""), Some("8e03:a.b_c-d"));
        assert_eq!(parse_key(b"8e03"), Some("8e03"));
        assert_eq!(parse_key(&[b'a'; 255]).map(str::len), Some(255));
        let refused = ["", "\"", "\"\"", "\"a", "a\"", "a b", "a,b", "ä", "\"a\";p=1"];
        for text in refused {
            assert_eq!(parse_key(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse_key(&[b'a'; 256]), None);
    }

    #[test]
    fn the_described_form_of_a_key_is_the_one_that_is_checked() {
        let described = regex_lite::Regex::new(KEY_PATTERN).expect("a pattern");
        let mut texts: Vec<String> = (0..128u8).map(|letter| char::from(letter).to_string()).collect();
        texts.extend(texts.clone().iter().map(|text| format!("\"{text}\"")));
        texts.extend(["", "8e03:a.b_c-d", "\"8e03\"", "\"a", "a\"", "ä", "\"a\"b"].map(str::to_owned));
        texts.extend([255, 256].map(|length| "a".repeat(length)));
        // A server takes blanks around a value off before it is read.
        for text in texts.iter().filter(|text| text.trim() == text.as_str()) {
            assert_eq!(parse_key(text.as_bytes()).is_some(), described.is_match(text), "{text:?}");
        }
    }

    async fn key(request: TestRequest, raw: &[u8]) -> Option<Idempotency> {
        let idempotency = IdempotencyKey::extract(&request.to_http_request()).await.expect("a header");
        idempotency.optional(&Bytes::copy_from_slice(raw)).await.expect("a key")
    }

    /// The threads for long work are taken, so that what needs one is not done at once.
    #[actix_web::test]
    async fn the_meaning_of_a_long_body_is_found_elsewhere() {
        let request =
            TestRequest::post().uri("/v1/a").insert_header((IDEMPOTENCY_KEY, "a")).to_http_request();
        let key = async || IdempotencyKey::extract(&request).await.expect("a header");
        let body = |length: usize| Bytes::from([&vec![b' '; length - 2][..], b"{}"].concat());
        let (short, long) = (body(IN_PLACE_BYTES_MAX), body(IN_PLACE_BYTES_MAX + 1));
        let taken = crate::aside::take_all();
        let mut found = std::pin::pin!(key().await.optional(&short));
        assert!(futures_util::future::poll_immediate(&mut found).await.is_some());
        let mut found = std::pin::pin!(key().await.optional(&long));
        assert!(futures_util::future::poll_immediate(&mut found).await.is_none());
        drop(taken);
        assert!(found.await.expect("a key").is_some());
    }

    #[actix_web::test]
    async fn the_fingerprint_covers_method_path_query_and_body() {
        let with_key = |request: TestRequest| request.insert_header((IDEMPOTENCY_KEY, "a"));
        let first = key(with_key(TestRequest::post().uri("/v1/a")), b"{}").await;
        assert_eq!(first, key(with_key(TestRequest::post().uri("/v1/a")), b"{}").await);
        assert_ne!(first, key(with_key(TestRequest::post().uri("/v1/b")), b"{}").await);
        assert_ne!(first, key(with_key(TestRequest::post().uri("/v1/a?mode=partial")), b"{}").await);
        assert_ne!(first, key(with_key(TestRequest::patch().uri("/v1/a")), b"{}").await);
        let fingerprint = async |body: &[u8]| {
            key(with_key(TestRequest::post().uri("/v1/a")), body).await.map(|key| key.fingerprint)
        };
        let empty = fingerprint(b"{}").await;
        assert_eq!((empty, fingerprint(b" {\r\n} ").await), (fingerprint(b"").await, empty));
        let body = fingerprint(br#"{"a":"1","b":{"c":[1,2],"d":"\u00e4"}}"#).await;
        assert_eq!(
            body,
            fingerprint("\u{feff}{ \"b\": {\"d\":\"ä\", \"c\":[1, 2]},\n\"a\" : \"1\" }".as_bytes()).await
        );
        assert_ne!(body, fingerprint(br#"{"a":"1","b":{"c":[2,1],"d":"\u00e4"}}"#).await);
        assert_ne!(body, empty);
        assert_eq!(key(TestRequest::post().uri("/v1/a"), b"{}").await, None);
    }

    #[test]
    fn reads_prefer() {
        let of = |value: &'static str| {
            let request = TestRequest::get().insert_header((PREFER, value)).to_http_request();
            Preferences::of(request.headers()).expect("preferences").dry_run
        };
        assert!(of("dry-run"));
        assert!(of("return=minimal, Dry-Run;x=1"));
        assert!(!of("dry-runs"));
    }

    #[test]
    fn a_misspelt_dry_run_is_refused() {
        let of = |value: &str| {
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header");
            let request = TestRequest::get().insert_header((PREFER, value)).to_http_request();
            Preferences::of(request.headers())
        };
        for value in [
            "dryrun",
            "DryRun",
            "dry_run",
            "\"dry-run\"",
            "'dry-run'",
            "“dry-run”",
            "dry-run=true",
            "dry run",
            "return=minimal, dryrun",
            "return=minimal; dry-run",
            "\"return=minimal, dry-run\"",
        ] {
            assert!(of(value).is_err(), "{value}");
        }
        for (value, dry_run) in [(" DRY-RUN ", true), ("dry-run; wait=1", true), ("x=dryrun", false)] {
            assert_eq!(of(value).map(|preferences| preferences.dry_run).ok(), Some(dry_run), "{value}");
        }
    }

    #[test]
    fn a_long_prefer_is_refused() {
        let of = |values: &[usize]| {
            let request = values.iter().fold(TestRequest::get(), |request, length| {
                request.append_header((PREFER, "x".repeat(*length)))
            });
            Preferences::of(request.to_http_request().headers()).err()
        };
        assert!(of(&[100]).is_none() && of(&[60, 40]).is_none());
        for values in [&[101][..], &[60, 41]] {
            let refused = of(values).expect("a refusal");
            assert_eq!(refused.errors()[0].header.as_deref(), Some("Prefer"), "{values:?}");
        }
    }
}
