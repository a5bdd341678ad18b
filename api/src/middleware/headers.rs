//! Headers that all responses have in common.

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, StatusCode};
use service::caller::Pages;

use super::log::Log;
use super::{Asked, Wants};
use crate::app::App;

/// Header with the request's id, in requests and responses.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const STOCKWELL_VERSION: HeaderName = HeaderName::from_static("stockwell-version");

/// Response headers that a browser of another origin may read.
const EXPOSED: &str = "X-Request-Id, Retry-After, RateLimit-Policy, RateLimit, ETag, Link, Location, \
                       Idempotency-Replayed, Preference-Applied, Stockwell-Version, Stockwell-Report-Truncated, Stockwell-Report-Next-Cursor, Stockwell-Row-Count, Content-Disposition, WWW-Authenticate, \
                       Server-Timing, traceresponse";
/// Request headers that a browser of another origin may send.
const ACCEPTED: &str = "Authorization, Content-Type, Accept, Idempotency-Key, If-Match, If-None-Match, Prefer, \
                        Last-Event-ID, X-Api-Key, X-Request-Id, traceparent";
/// Sources of a page's parts: this server alone. It is for the explorers, which set styles in their markup. Other pages set
/// a policy of their own.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                           img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; \
                           frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// Seconds for which a browser may cache that.
const PREFLIGHT_SECONDS: &str = "7200";

/// Adds the headers that all responses have in common.
pub(super) fn write(response: &mut HttpResponse, asked: &Asked, app: &App, wants: &Wants, log: &Log) {
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, log.request_id.clone());
    headers.insert(STOCKWELL_VERSION, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        }
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
    if let Some(hsts) = &app.hsts {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    headers
        .append(header::VARY, HeaderValue::from_static("Authorization, X-Api-Key, Accept, Accept-Encoding"));
    if let Some(caller) = &log.caller {
        app.rates.write_headers(caller, asked.of_reports, headers);
    }
    log.write_headers(headers);
    if let Some(origin) = &wants.origin {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let pages = log.caller.as_ref().and_then(|caller| caller.limits.pages.as_ref());
        let named = pages.filter(|pages| **pages != Pages::Any).map(|_| origin);
        allow_origin(headers, named, wants.preflight);
    }
    if asked.uri.path().starts_with("/v1/reports") && response.status() == StatusCode::UNAUTHORIZED {
        // A spreadsheet sends a key only after a challenge. On other routes a browser would show a dialog.
        let challenge = HeaderValue::from_static(r#"Basic realm="stockwell", charset="UTF-8""#);
        response.headers_mut().append(header::WWW_AUTHENTICATE, challenge);
    }
    if wants.last {
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
}

/// Allows every origin, because the credential is a header that the page must have, never a cookie. The response to a
/// publishable key that is bound to origins names the one that asks.
///
/// The crate `actix-cors` can't say that: it decides by settings of the server, before the key is known.
fn allow_origin(headers: &mut HeaderMap, named: Option<&HeaderValue>, preflight: bool) {
    let origin = named.cloned().unwrap_or(HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if preflight {
        let methods = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ACCEPTED));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_SECONDS));
    } else {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
}
