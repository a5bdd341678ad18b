//! The trace that a request belongs to (W3C Trace Context), and the timing of its response.

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Response header with the trace of the request.
pub const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");
/// Response header with the times of the request, in milliseconds.
pub const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Returns the trace id of a `traceparent` of version 00: 32 hexadecimal digits, not all zero.
pub fn trace_id(headers: &HeaderMap) -> Option<String> {
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
    is_valid.then(|| trace.to_owned())
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
    fn times_are_in_milliseconds() {
        let timing = timing(Duration::from_micros(12_034), Duration::from_micros(7)).expect("a header");
        assert_eq!(timing, "total;dur=12.034, db;dur=0.007");
    }
}
