//! The trace that a request belongs to (W3C Trace Context), its span, and the timing of its response.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use uuid::Uuid;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Response header with the trace of the request.
pub const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");
/// Response header with the times of the request, in milliseconds.
pub const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// The parts of a `traceparent`, in hexadecimal digits.
struct Parent<'h> {
    trace: &'h str,
    span: &'h str,
    flags: &'h str,
}

/// Returns the trace id of a `traceparent` of version 00: 32 hexadecimal digits, not all zero.
pub fn trace_id(headers: &HeaderMap) -> Option<String> {
    parent(headers).map(|parent| parent.trace.to_owned())
}

/// Returns a method that the API knows, else `_OTHER`. A caller without a key may invent methods: each one would be a series of its own.
pub fn known_method(method: &str) -> &str {
    match method {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => method,
        _ => "_OTHER",
    }
}

/// Returns the span of a request, whose parent is the span that the caller names. Without an export of spans it is none. `route`
/// returns the template of the path.
pub fn span(method: &str, headers: &HeaderMap, route: impl Fn() -> Option<String>) -> Span {
    let method = known_method(method);
    let span = tracing::info_span!(
        target: "stockwell::span",
        "request",
        otel.name = named(method, route().as_deref()).as_str(),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route().as_deref(),
        http.response.status_code = Empty,
        request_id = Empty,
    );
    if !span.is_disabled()
        && let Some(context) = context(headers)
    {
        // It fails only for a span that has begun.
        _ = span.set_parent(context);
    }
    span
}

/// Notes the outcome of a request in its span.
pub fn note_status(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
}

fn named(method: &str, route: Option<&str>) -> String {
    route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"))
}

/// Returns the caller's span, as the parent of another.
fn context(headers: &HeaderMap) -> Option<Context> {
    let parent = parent(headers)?;
    let (trace, span) = (TraceId::from_hex(parent.trace).ok()?, SpanId::from_hex(parent.span).ok()?);
    let flags = TraceFlags::new(u8::from_str_radix(parent.flags, 16).ok()?);
    let caller = SpanContext::new(trace, span, flags, true, TraceState::default());
    Some(Context::new().with_remote_span_context(caller))
}

fn parent(headers: &HeaderMap) -> Option<Parent<'_>> {
    let mut parts = headers.get(TRACEPARENT)?.to_str().ok()?.split('-');
    let [version, trace, parent, flags] = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_valid = version == "00"
        && is_hex(trace, 32)
        && is_hex(parent, 16)
        && is_hex(flags, 2)
        && parts.next().is_none()
        && trace.bytes().any(|byte| byte != b'0');
    is_valid.then_some(Parent { trace, span: parent, flags })
}

/// Returns the value of `traceresponse`: the trace, and a new id of the work of this server.
pub fn response(trace_id: &str) -> Option<HeaderValue> {
    let own = Uuid::new_v4().simple().to_string();
    HeaderValue::try_from(format!("00-{trace_id}-{}-00", &own[..16])).ok()
}

/// Returns the value of `Server-Timing`.
pub fn timing(total: Duration, database: Duration) -> Option<HeaderValue> {
    let ms = |time: Duration| format!("{}.{:03}", time.as_millis(), time.subsec_micros() % 1_000);
    HeaderValue::try_from(format!("total;dur={}, db;dur={}", ms(total), ms(database))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_read_and_continued() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(TRACEPARENT, HeaderValue::from_str(text).expect("a header"));
            trace_id(&headers)
        };
        let trace = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(of(&format!("00-{trace}-b7ad6b7169203331-01")).as_deref(), Some(trace));
        for wrong in [
            "",
            "00",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
        let continued = response(trace).expect("a header");
        assert!(continued.to_str().expect("text").starts_with(&format!("00-{trace}-")));
    }

    #[test]
    fn an_invented_method_has_no_name_of_its_own() {
        assert_eq!(["PATCH", "get", "BREW", ""].map(known_method), ["PATCH", "_OTHER", "_OTHER", "_OTHER"]);
    }

    #[test]
    fn times_are_in_milliseconds() {
        let timing = timing(Duration::from_micros(12_034), Duration::from_micros(7)).expect("a header");
        assert_eq!(timing, "total;dur=12.034, db;dur=0.007");
    }
}
