//! Request bodies: one JSON document.
//!
//! A handler takes a [`Body`] and calls [`Body::read`]. Extracting it reads nothing, so that a caller without
//! permission can't make the server read. A problem has a pointer to the wrong field.

use std::marker::PhantomData;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::refusal::Code;
use futures_util::StreamExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Path;
use std::future::{Ready, ready};
use tokio::time::{Instant, timeout_at};

use crate::app::App;
use crate::connection::{BYTES_A_SECOND_MIN, time_for};
use crate::context::Context;
use crate::problem::{ApiError, ErrorCode, shorten};
use crate::schema::BodySchema;
use crate::schema::json::{self, pointer};
use crate::turn::{Numbers, Turns};

/// Most bytes of an ordinary body.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// Most bytes of a body of a login, which needs no credential.
pub const LOGIN_BYTES_MAX: usize = 8 * 1024;
/// Most bytes of a body of a batch route.
pub const BATCH_BYTES_MAX: usize = 5 * 1024 * 1024;

/// Bodies longer than an ordinary one that a process holds in memory at once, from their first byte to their response.
const LONG_BODIES: Numbers = Numbers { of_process: 8, of_tenant: 4, spare: 2 };
/// Lowest speed at which a long body may arrive: others wait for its turn.
const LONG_BYTES_A_SECOND_MIN: usize = 128 * 1024;

static LONG_BODY_TURNS: Turns = Turns::new(LONG_BODIES);

/// A JSON body that has not been read yet. `T` should reject unknown fields (`#[serde(deny_unknown_fields)]`).
pub struct Body<T, const BYTES_MAX: usize = BODY_BYTES_MAX> {
    unread: Unread,
    form: PhantomData<T>,
}

/// The body of a route that takes many documents at once.
pub type BatchBody<T> = Body<T, BATCH_BYTES_MAX>;

/// A body that was read.
#[derive(Debug)]
pub struct Input<T> {
    /// The parsed document.
    pub value: T,
    /// Its bytes.
    pub raw: Bytes,
    /// Its schema, for a rejection that lists all faults.
    pub schema: BodySchema,
}

impl<T, const BYTES_MAX: usize> FromRequest for Body<T, BYTES_MAX> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Body { unread: Unread::of(request, payload), form: PhantomData }))
    }
}

impl<T: DeserializeOwned, const BYTES_MAX: usize> Body<T, BYTES_MAX> {
    /// Reads and parses the body.
    pub async fn read(self) -> Result<Input<T>, ApiError> {
        self.unread.read(BYTES_MAX).await
    }
}

/// A JSON body that has not been read yet, of a type that is not known yet.
pub struct Unread {
    request: HttpRequest,
    payload: Payload,
    pause: Duration,
    announced: Option<usize>,
    is_json: bool,
}

impl Unread {
    /// Takes the body of a request.
    pub fn of(request: &HttpRequest, payload: &mut Payload) -> Self {
        Unread {
            request: request.clone(),
            payload: payload.take(),
            pause: pause(request),
            announced: announced(request.headers()),
            is_json: is_json(request.headers()),
        }
    }

    /// Returns the schema of the body.
    pub fn schema(&self) -> BodySchema {
        BodySchema::of(&self.request)
    }

    /// Reads at most `bytes_max` bytes and parses them. A body that may be longer than an ordinary one waits for its turn,
    /// which ends with the request. The media type counts only if there is a body.
    pub async fn read<T: DeserializeOwned>(self, bytes_max: usize) -> Result<Input<T>, ApiError> {
        let announced = self.announced;
        if !self.is_json && announced.is_some_and(|length| length > 0) {
            return Err(not_json());
        }
        let length = announced.unwrap_or(bytes_max);
        let mut patience = Patience { pause: self.pause, bytes_a_second_min: BYTES_A_SECOND_MIN };
        if BODY_BYTES_MAX < length && length <= bytes_max {
            let tenant_id = self.request.extensions().get::<Context>().and_then(Context::tenant_id);
            let turn = LONG_BODY_TURNS.take(tenant_id.unwrap_or_default()).await?;
            self.request.extensions_mut().insert(turn);
            patience.bytes_a_second_min = LONG_BYTES_A_SECOND_MIN;
        }
        let raw = collect(self.payload, announced, bytes_max, patience).await?;
        if !self.is_json && !raw.is_empty() {
            return Err(not_json());
        }
        let schema = BodySchema::of(&self.request);
        match parse_object(&raw) {
            Ok(value) => Ok(Input { value, raw, schema }),
            Err(error) => Err(schema.explain_unread(&raw, error)),
        }
    }
}

impl<T> Input<T> {
    /// Adds to a rejection everything that is wrong with the fields of the body.
    pub fn explain(&self, error: ApiError) -> ApiError {
        self.schema.explain(&self.raw, error)
    }
}

/// Whether the headers announce JSON that is not compressed.
fn is_json(headers: &HeaderMap) -> bool {
    let essence = essence(headers);
    let is_json = essence.eq_ignore_ascii_case("application/json")
        || essence.eq_ignore_ascii_case("application/merge-patch+json");
    is_json && !headers.contains_key(header::CONTENT_ENCODING)
}

fn not_json() -> ApiError {
    ApiError::of(ErrorCode::UnsupportedMediaType).with_header(header::ACCEPT, "application/json")
}

/// Returns the media type of the body, without parameters.
pub(crate) fn essence(headers: &HeaderMap) -> &str {
    let media_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media_type.split(';').next().unwrap_or_default().trim()
}

/// Returns the announced length of the body.
pub(crate) fn announced(headers: &HeaderMap) -> Option<usize> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|length| length.parse().ok())
}

/// Returns the longest pause of a body.
pub(crate) fn pause(request: &HttpRequest) -> Duration {
    App::of(request).map_or(Duration::from_secs(10), |app| app.body_timeout)
}

/// Longest waits for a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Longest time without a byte.
    pub pause: Duration,
    /// Lowest speed. The time in all is the pause, and what the bytes that arrived take at this speed.
    pub bytes_a_second_min: usize,
}

impl Patience {
    /// Returns the moment at which a body that began at `begun` has taken too long.
    fn end(self, begun: Instant, received: usize) -> Instant {
        begun + self.pause + time_for(received, self.bytes_a_second_min)
    }
}

/// Reads a body of at most `bytes_max`.
pub(crate) async fn collect(
    mut payload: Payload,
    announced: Option<usize>,
    bytes_max: usize,
    patience: Patience,
) -> Result<Bytes, ApiError> {
    if announced.is_some_and(|length| length > bytes_max) {
        return Err(too_large(bytes_max));
    }
    let capacity = announced.unwrap_or(1024).min(bytes_max);
    let begun = Instant::now();
    let (mut first, mut body): (Option<Bytes>, _) = (None, BytesMut::new());
    loop {
        let received = body.len() + first.as_ref().map_or(0, Bytes::len);
        let end = patience.end(begun, received).min(Instant::now() + patience.pause);
        let chunk = timeout_at(end, payload.next()).await;
        let Some(chunk) = chunk.map_err(|_| ApiError::of(ErrorCode::RequestTimeout))? else { break };
        let chunk = chunk.map_err(|_| ApiError::new(ErrorCode::MalformedJson, "The body is incomplete."))?;
        if received + chunk.len() > bytes_max {
            return Err(too_large(bytes_max));
        }
        // Most bodies arrive in one chunk, which is used without a copy.
        match (first.take(), body.is_empty()) {
            (None, true) => first = Some(chunk),
            (previous, _) => {
                body.reserve(capacity.saturating_sub(body.len()));
                body.extend_from_slice(previous.as_deref().unwrap_or_default());
                body.extend_from_slice(&chunk);
            }
        }
    }
    Ok(first.unwrap_or_else(|| body.freeze()))
}

fn too_large(bytes_max: usize) -> ApiError {
    ApiError::new(ErrorCode::PayloadTooLarge, format!("The body may have at most {bytes_max} bytes."))
}

/// Parses one JSON object. An empty body counts as an empty object: a route without required fields is often called
/// without a body.
pub fn parse_object<'de, T: Deserialize<'de>>(raw: &'de [u8]) -> Result<T, ApiError> {
    match without_mark(raw).trim_ascii_start().first() {
        None => parse(b"{}"),
        // Serde would read an array as fields by position.
        Some(b'[') if json::check(without_mark(raw)).is_ok() => {
            Err(ApiError::new(Code::ValidationFailed, "Send an object: { … }.").at_pointer(""))
        }
        Some(_) => parse(raw),
    }
}

/// Returns a text without the byte order mark that some programs write before UTF-8.
pub(crate) fn without_mark(raw: &[u8]) -> &[u8] {
    raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw)
}

/// Parses one JSON document. Every error points at its field.
pub fn parse<'de, T: Deserialize<'de>>(raw: &'de [u8]) -> Result<T, ApiError> {
    let raw = without_mark(raw);
    let mut reader = serde_json::Deserializer::from_slice(raw);
    let parsed = serde_path_to_error::deserialize(&mut reader);
    if parsed.is_err() || reader.end().is_err() {
        check_json(raw)?;
    }
    parsed.map_err(|error| refuse(error.path(), error.inner()))
}

/// Rejects a text that is no JSON, with the place of the first fault.
fn check_json(raw: &[u8]) -> Result<(), ApiError> {
    if let Err(error) = std::str::from_utf8(raw) {
        let place = error.valid_up_to() + 1;
        let detail = format!("The body is not UTF-8: byte {place} is not part of a character.");
        return Err(ApiError::new(ErrorCode::MalformedJson, detail));
    }
    json::check(raw).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let detail = match error.classify() {
            Category::Eof => {
                format!("The JSON ends too early, at {place}. Close every quote, bracket and brace.")
            }
            Category::Syntax | Category::Data | Category::Io => {
                format!("The body is no JSON at {place}. Check the quotes, commas and brackets there.")
            }
        };
        ApiError::new(ErrorCode::MalformedJson, detail)
    })
}

fn refuse(path: &Path, error: &serde_json::Error) -> ApiError {
    // A type may reject JSON in the words of the grammar, such as an empty object for one of several members.
    if error.classify() != Category::Data {
        return ApiError::new(Code::ValidationFailed, "This value is not allowed here.")
            .at_pointer(&pointer(path));
    }
    // serde_json ends its messages with " at line 1 column 2". The pointer replaces that.
    let text = error.to_string();
    let text = &shorten(text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text));
    let mut pointer = pointer(path);
    if text.starts_with("unknown field `") {
        let mut named = String::new();
        json::push(&mut named, quoted(text).unwrap_or_default());
        if !pointer.ends_with(&named) {
            pointer.push_str(&named);
        }
        return ApiError::new(ErrorCode::UnknownField, "There is no such field here. Leave it out.")
            .at_pointer(&pointer);
    }
    if text.starts_with("missing field `") {
        json::push(&mut pointer, quoted(text).unwrap_or_default());
        return ApiError::new(Code::ValidationFailed, "This field is required.").at_pointer(&pointer);
    }
    ApiError::new(Code::ValidationFailed, explained(text)).at_pointer(&pointer)
}

/// Returns a message of the parser in words for the caller.
fn explained(text: &str) -> String {
    const TIMES: [&str; 4] = [
        "premature end of input",
        "input contains invalid characters",
        "trailing input",
        "input is out of range",
    ];
    if TIMES.iter().any(|known| text.contains(known)) {
        return "Send a day such as 2026-11-22, or an instant such as 2026-11-22T01:20:00Z.".to_owned();
    }
    sentence(&of_values(text))
}

/// Returns a message of the parser about a value in words for the caller. Messages of our own types stay as they are.
pub(crate) fn of_values(text: &str) -> String {
    const FOUND: [&str; 5] =
        ["invalid type", "invalid value", "invalid length", "unknown variant", "invalid digit"];
    if text.starts_with("duplicate field") {
        return "this field is sent twice: send it once".to_owned();
    }
    if !FOUND.iter().any(|found| text.starts_with(found)) && text.contains(' ') {
        return text.to_owned();
    }
    match text.rsplit_once("expected ").map(|(_, expected)| expected) {
        Some(expected) if expected.starts_with(['`', 'o']) => format!("send {expected}"),
        Some(expected) if expected.starts_with("a ") || expected.starts_with("an ") => {
            format!("send {expected}")
        }
        Some("u8" | "u16" | "u32" | "u64" | "usize") => "send a whole number, zero or more".to_owned(),
        Some("i16" | "i32" | "i64") => "send a whole number".to_owned(),
        Some(_) | None => "this value is not allowed here".to_owned(),
    }
}

/// Returns the text between the first two backticks.
fn quoted(text: &str) -> Option<&str> {
    text.split('`').nth(1)
}

/// Returns a message of the parser as a sentence.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// An empty object. The route takes no fields.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

#[cfg(test)]
mod tests {
    use domain::id::ProductId;
    use domain::number::Quantity;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the parsing is of interest")]
    struct Line {
        product_id: ProductId,
        quantity: Quantity,
        note: Option<String>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the parsing is of interest")]
    struct Sale {
        lines: Vec<Line>,
    }

    fn refused(text: &str) -> (String, Option<String>) {
        let error = parse::<Sale>(text.as_bytes()).expect_err("a refusal");
        (error.code().to_string(), error.errors().first().and_then(|field| field.pointer.clone()))
    }

    fn at(code: &str, pointer: &str) -> (String, Option<String>) {
        (code.to_owned(), Some(pointer.to_owned()))
    }

    #[test]
    fn points_at_the_exact_field() {
        let product = "prd_01h455vb4pex5vsknk084sn02q";
        let line = |quantity: &str| {
            format!(
                r#"{{"lines":[{{"product_id":"{product}","quantity":"1"}},{{"product_id":"{product}",{quantity}}}]}}"#
            )
        };
        assert_eq!(refused(&line(r#""quantity":1.5"#)), at("validation_failed", "#/lines/1/quantity"));
        assert_eq!(refused(&line(r#""quantity":"1e5""#)), at("validation_failed", "#/lines/1/quantity"));
        assert_eq!(refused(&line(r#""quanttiy":"1""#)), at("unknown_field", "#/lines/1/quanttiy"));
        assert_eq!(refused(&line(r#""a/b~c":"1""#)), at("unknown_field", "#/lines/1/a~1b~0c"));
        assert_eq!(refused(&line(r#""note":null"#)), at("validation_failed", "#/lines/1/quantity"));
        let foreign = r#"{"lines":[{"product_id":"cus_01h455vb4pex5vsknk084sn02q","quantity":"1"}]}"#;
        assert_eq!(refused(foreign), at("validation_failed", "#/lines/0/product_id"));
        assert_eq!(refused(r#"{"lines":{}}"#), at("validation_failed", "#/lines"));
        assert_eq!(refused(r#"{"line":[]}"#), at("unknown_field", "#/line"));
    }

    #[test]
    fn tells_where_json_ends_to_be_json() {
        for text in ["", "{", r#"{"lines":[}"#, r#"{"lines":[]} x"#] {
            let error = parse::<Sale>(text.as_bytes()).expect_err("a refusal");
            assert_eq!(error.code(), ErrorCode::MalformedJson, "{text}");
            assert!(error.detail().contains("line 1, column"), "{}", error.detail());
        }
    }
}
