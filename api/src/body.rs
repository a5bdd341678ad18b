//! Request bodies: one JSON document.
//!
//! A handler takes a [`Body`] and calls [`Body::read`]. Extracting it reads nothing, so that a caller without
//! permission can't make the server read. A problem has a pointer to the wrong field.

mod at_most;
mod incoming;

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::refusal::Code;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Path;
use service::request_log::BODY_BYTES_MAX as LOGGED_BYTES_MAX;

use crate::admission::Admitted;
use crate::aside::aside;
use crate::connection::BYTES_A_SECOND_MIN;
use crate::problem::{ApiError, ErrorCode, shorten};
use crate::room::{Place, Room, Sizes};
use crate::schema::BodySchema;
use crate::schema::json::{self, pointer};

pub use at_most::AtMost;
pub(crate) use incoming::Incoming;

/// Most bytes of an ordinary body.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// Most bytes of a body of a login, which needs no credential.
pub const LOGIN_BYTES_MAX: usize = 8 * 1024;
/// Most bytes of a body of a batch route.
pub const BATCH_BYTES_MAX: usize = 5 * 1024 * 1024;

/// Bodies of more bytes take room in memory, from their first byte to their response.
pub const SHORT_BYTES_MAX: usize = 16 * 1024;
/// Room for them in this process.
pub const LONG_BODIES: Sizes =
    Sizes { of_process: 24 * 1024 * 1024, of_tenant: 8 * 1024 * 1024, spare: 8 * 1024 * 1024 };
/// Lowest speed at which a body longer than an ordinary one may arrive: others wait for its room.
const LONG_BYTES_A_SECOND_MIN: usize = 128 * 1024;
/// Bodies of more bytes are parsed outside the threads that serve requests.
pub(crate) const IN_PLACE_BYTES_MAX: usize = 32 * 1024;

static ROOM: Room = Room::new(LONG_BODIES);

/// A JSON body that has not been read yet. `T` should reject unknown fields (`#[serde(deny_unknown_fields)]`). The request is a
/// batch request if the route says so with `IS_BATCH`.
pub struct Body<T, const BYTES_MAX: usize = BODY_BYTES_MAX, const IS_BATCH: bool = false> {
    unread: Unread,
    form: PhantomData<T>,
}

/// The body of a route that takes many documents at once.
pub type BatchBody<T> = Body<T, BATCH_BYTES_MAX, true>;

/// A short body that was read, as it was received. The log of requests may keep it if the request is rejected.
pub(crate) struct Received(pub(crate) Bytes);

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

impl<T, const BYTES_MAX: usize, const IS_BATCH: bool> FromRequest for Body<T, BYTES_MAX, IS_BATCH> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Body { unread: Unread::of(request, payload), form: PhantomData }))
    }
}

impl<T, const BYTES_MAX: usize, const IS_BATCH: bool> Body<T, BYTES_MAX, IS_BATCH>
where
    T: DeserializeOwned + Send + 'static,
{
    /// Reads and parses the body.
    pub async fn read(self) -> Result<Input<T>, ApiError> {
        self.unread.read_as(BYTES_MAX, IS_BATCH).await
    }
}

/// A JSON body that has not been read yet, of a type that is not known yet.
pub struct Unread {
    request: HttpRequest,
    incoming: Incoming,
    is_json: bool,
}

impl Unread {
    /// Takes the body of a request.
    pub fn of(request: &HttpRequest, payload: &mut Payload) -> Self {
        Unread {
            request: request.clone(),
            incoming: Incoming::of(request, payload),
            is_json: is_json(request.headers()),
        }
    }

    /// Returns the schema of the body.
    pub fn schema(&self) -> BodySchema {
        BodySchema::of(&self.request)
    }

    /// Reads an ordinary body and parses it.
    pub async fn read<T: DeserializeOwned + Send + 'static>(self) -> Result<Input<T>, ApiError> {
        self.read_as(BODY_BYTES_MAX, false).await
    }

    /// Reads the body of a batch request and parses it.
    pub async fn read_batch<T: DeserializeOwned + Send + 'static>(self) -> Result<Input<T>, ApiError> {
        self.read_as(BATCH_BYTES_MAX, true).await
    }

    /// Reads at most `bytes_max` bytes and parses them. A long body waits for room, which it has until the request ends. A
    /// batch request is taken in before its body is read, and waits for its turn before the body is parsed. The media type
    /// counts only if there is a body.
    async fn read_as<T: DeserializeOwned + Send + 'static>(
        self,
        bytes_max: usize,
        is_batch: bool,
    ) -> Result<Input<T>, ApiError> {
        let Unread { request, mut incoming, is_json } = self;
        let announced = incoming.announced();
        if !is_json && announced.is_some_and(|length| length > 0) {
            return Err(not_json());
        }
        let length = announced.unwrap_or(bytes_max);
        let admitted = is_batch.then(|| Admitted::of(incoming.tenant_id())).transpose()?;
        incoming.admit(bytes_max)?;
        if SHORT_BYTES_MAX < length {
            let place = ROOM.take(incoming.tenant_id(), length).await?;
            request.extensions_mut().insert(place);
        }
        let is_longer = BODY_BYTES_MAX < length;
        let bytes_a_second_min = if is_longer { LONG_BYTES_A_SECOND_MIN } else { BYTES_A_SECOND_MIN };
        let raw = incoming.collect(bytes_max, bytes_a_second_min).await?;
        if (1..=LOGGED_BYTES_MAX).contains(&raw.len()) {
            request.extensions_mut().insert(Received(raw.clone()));
        }
        if !is_json && !raw.is_empty() {
            return Err(not_json());
        }
        if let Some(mut batch) = admitted {
            batch.begin().await?;
            request.extensions_mut().insert(batch);
        }
        let schema = BodySchema::of(&request);
        let parsed = if raw.len() <= IN_PLACE_BYTES_MAX {
            parse_or_explain(&raw, &schema)
        } else {
            let (raw, schema) = (raw.clone(), schema.clone());
            aside(async move { parse_or_explain(&raw, &schema) }).await?
        };
        match parsed {
            Ok(value) => Ok(Input { value, raw, schema }),
            Err(error) => {
                incoming.note_unreadable(raw.len());
                Err(error)
            }
        }
    }
}

/// Gives back the room and the turn of a request whose handler has ended.
pub(crate) fn give_back(request: &HttpRequest) {
    let mut extensions = request.extensions_mut();
    extensions.remove::<Admitted>();
    extensions.remove::<Place>();
}

fn parse_or_explain<T: DeserializeOwned>(raw: &[u8], schema: &BodySchema) -> Result<T, ApiError> {
    parse_object(raw).map_err(|error| schema.explain_unread(raw, error))
}

impl<T> Input<T> {
    /// Rejects a body that its type can hold and the description does not allow, such as one with a text that is too long. A route
    /// calls it if no rule checks the fields of its body.
    pub async fn check(&self) -> Result<(), ApiError> {
        let (raw, schema) = (self.raw.clone(), self.schema.clone());
        let check = move || schema.check(without_mark(&raw));
        if self.raw.len() <= IN_PLACE_BYTES_MAX { check() } else { aside(async move { check() }).await? }
    }

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
    use actix_web::test::TestRequest;
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

    /// The limit of its body makes no request a batch request.
    #[actix_web::test]
    async fn only_a_batch_request_is_taken_in_as_one() {
        let parts = || {
            let request = TestRequest::post().insert_header(("content-type", "application/json"));
            request.insert_header(("content-length", "2")).set_payload("{}").to_http_parts()
        };
        let is_admitted = |request: &HttpRequest| {
            let is_admitted = request.extensions().get::<Admitted>().is_some();
            give_back(request);
            is_admitted
        };
        let (request, mut payload) = parts();
        let body =
            Body::<Nothing, BATCH_BYTES_MAX>::from_request(&request, &mut payload).await.expect("a body");
        body.read().await.expect("a body");
        assert!(!is_admitted(&request));
        let (request, mut payload) = parts();
        let body = BatchBody::<Nothing>::from_request(&request, &mut payload).await.expect("a body");
        body.read().await.expect("a body");
        assert!(is_admitted(&request));
        let (request, mut payload) = parts();
        Unread::of(&request, &mut payload).read_batch::<Nothing>().await.expect("a body");
        assert!(is_admitted(&request));
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
