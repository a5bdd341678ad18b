//! The one middleware: request id, caller, common headers, problem bodies, compression, and one log line per request.
//!
//! It is one and not several because every request pays for it. It adds everything that all responses have in common.

use std::borrow::Cow;
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::uri::{PathAndQuery, Uri};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use domain::id::{ApiKeyId, CustomerSessionId, UserId};
use domain::number::shown_decimals;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use indexmap::IndexMap;
use secrecy::ExposeSecret;
use serde_json::value::{RawValue, to_raw_value};
use service::auth::AuthError;
use service::caller::{ActorKind, Pages};
use service::request_log::Served;
use tracing::{Instrument, Span};
use uuid::Uuid;

use crate::app::App;
use crate::body;
use crate::compress;
use crate::connection::{Connection, OpenRequest};
use crate::context::Context;
use crate::credential;
use crate::currency::showing_while;
use crate::list::WholeList;
use crate::metrics;
use crate::problem::{ApiError, ErrorCode, PROBLEM_JSON};
use crate::stream;
use crate::trace::{self, SERVER_TIMING, TRACERESPONSE};

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

/// Wraps the whole application.
#[derive(Debug, Clone)]
pub struct Common {
    /// The state of the application.
    pub app: Data<App>,
}

impl<S> Transform<S, ServiceRequest> for Common
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error> + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Transform = CommonService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(CommonService { inner: Rc::new(inner), app: self.app.clone() }))
    }
}

/// The middleware around a service.
#[derive(Debug)]
pub struct CommonService<S> {
    inner: Rc<S>,
    app: Data<App>,
}

impl<S> Service<ServiceRequest> for CommonService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error> + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    actix_web::dev::forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let inner = Rc::clone(&self.inner);
        let app = self.app.clone();
        let open = request.conn_data::<Rc<Connection>>().map(Connection::enter);
        let route = || app.table.template(request.path().trim_end_matches('/')).map(str::to_owned);
        let span = trace::span(request.method().as_str(), request.headers(), route);
        let own = span.clone();
        let handled = async move {
            let is_one_too_many = open.as_ref().is_some_and(OpenRequest::is_one_too_many);
            let response = handle(inner, app, request, is_one_too_many).await;
            let status = match &response {
                Ok(response) => response.status(),
                Err(error) => error.as_response_error().status_code(),
            };
            trace::note_status(&own, status);
            match open {
                Some(open) => response.map(|response| open.until_sent(response)),
                None => response,
            }
        };
        Box::pin(handled.instrument(span))
    }
}

async fn handle<S>(
    inner: Rc<S>,
    app: Data<App>,
    mut request: ServiceRequest,
    is_one_too_many: bool,
) -> Result<ServiceResponse, Error>
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error> + 'static,
{
    let _in_flight = app.enter();
    let started = Instant::now();
    let request_id = request_id(request.headers());
    Span::current().record("request_id", request_id.to_str().unwrap_or_default());
    let caller = identify(&app, &request).await.and_then(|caller| check_origin(caller, request.headers()));
    let address = app.address_of(request.request());
    let mut log = Log {
        started,
        request_id: request_id.clone(),
        caller: caller.as_ref().ok().cloned(),
        trace_id: trace::trace_id(request.headers()),
        on_database: Duration::ZERO,
    };
    let admitted = log.caller.as_ref().map_or(Ok(()), |caller| app.rates.admit(caller));
    let wants = Wants::of(&request, app.is_stopping());
    request.extensions_mut().insert(Context::new(request_id, caller));
    if request.method() == Method::HEAD {
        // HEAD is served like GET. The server omits the body.
        request.head_mut().method = Method::GET;
    }
    trim_slash(&mut request);
    let refused = match refuse(&app, &request, &wants, &log, is_one_too_many) {
        Ok(()) if !wants.preflight => admitted.and_then(|()| refuse_method(&app, &request)),
        other => other,
    };
    if let Err(refused) = refused {
        let response = refused.render(Some(log.id()));
        return Ok(finish(request.into_response(response), &app, &wants, &log).await);
    }
    if wants.preflight {
        let response = HttpResponse::NoContent().finish();
        return Ok(finish(request.into_response(response), &app, &wants, &log).await);
    }
    let decimals = decimals(&app, log.caller.as_ref()).await;
    let asked = Asked::of(request.request());
    let served = showing_while(decimals, service::timing::measured(inner.call(request)));
    match AssertUnwindSafe(served).catch_unwind().await {
        Ok((Ok(response), on_database)) => {
            log.on_database = on_database;
            let response = finish(response, &app, &wants, &log).await;
            note_refusal(&app, &response, &log, address);
            Ok(response)
        }
        Ok((Err(error), _)) => Err(error),
        Err(_) => Err(panicked(&app, &wants, &log, &asked)),
    }
}

/// The part of a request that is kept while its handler has the request.
struct Asked {
    method: Method,
    uri: Uri,
    /// Whether the request counts the points of reports.
    of_reports: bool,
}

impl Asked {
    fn of(request: &HttpRequest) -> Self {
        let of_reports = is_of_reports(request.path()) || request.extensions().contains::<WholeList>();
        Asked { method: request.method().clone(), uri: request.uri().clone(), of_reports }
    }
}

/// Returns the response to a request whose handler panicked. It is an error, because the request is gone with its handler.
fn panicked(app: &App, wants: &Wants, log: &Log, asked: &Asked) -> Error {
    let (method, path) = (asked.method.as_str(), asked.uri.path());
    tracing::error!(request_id = log.id(), method, path, "a handler panicked");
    let mut response = ApiError::of(ErrorCode::InternalError).render(Some(log.id()));
    write_headers(&mut response, asked, app, wants, log);
    log.line(method, || app.table.template(path).map(str::to_owned), response.status());
    note_request(app, log, asked, &response, None);
    InternalError::from_response("a handler panicked", response).into()
}

/// Rejects a request that shows its credential, or that this server does not take.
fn refuse(
    app: &App,
    request: &ServiceRequest,
    wants: &Wants,
    log: &Log,
    is_one_too_many: bool,
) -> Result<(), ApiError> {
    if credential::exposed_in_query(request.query_string()) {
        tracing::warn!(
            request_id = log.id(),
            "a credential was sent in the query string and should be rotated"
        );
        let detail = "A credential was sent in the query string. Send it as a header, and rotate it: URLs end up in logs.";
        return Err(ApiError::new(ErrorCode::InvalidParameter, detail));
    }
    if !wants.preflight && (app.is_closed() || is_one_too_many) {
        return Err(ApiError::of(ErrorCode::TemporarilyUnavailable).with_retry_after(1));
    }
    Ok(())
}

/// Rejects a method that the path does not serve.
fn refuse_method(app: &App, request: &ServiceRequest) -> Result<(), ApiError> {
    match app.table.refused(request.method(), request.path()) {
        Some(allowed) => Err(ApiError::of(ErrorCode::MethodNotAllowed).with_header(header::ALLOW, allowed)),
        None => Ok(()),
    }
}

/// Returns the decimals of the amounts in a response.
async fn decimals(app: &App, caller: Option<&service::Caller>) -> u32 {
    match caller {
        Some(caller) => app.currencies.decimals(&app.db, caller.tenant_id).await,
        None => shown_decimals(),
    }
}

/// Takes a slash off the end of a path of the API, so that both forms reach the same route.
fn trim_slash(request: &mut ServiceRequest) {
    let path = request.path();
    let trimmed = path.trim_end_matches('/');
    if trimmed.len() == path.len()
        || !["/v1/", "/graphql", "/openapi.json", "/errors"].iter().any(|start| path.starts_with(start))
    {
        return;
    }
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(format!("{trimmed}{query}")).ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
}

/// Properties of the request that its response needs.
struct Wants {
    gzip: bool,
    /// The origin of the page that sent it.
    origin: Option<HeaderValue>,
    preflight: bool,
    /// Whether the connection ends with this response.
    last: bool,
}

impl Wants {
    fn of(request: &ServiceRequest, last: bool) -> Self {
        let headers = request.headers();
        let origin = headers.get(header::ORIGIN).cloned();
        Wants {
            gzip: compress::accepts_gzip(headers),
            last,
            preflight: origin.is_some()
                && request.method() == Method::OPTIONS
                && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD),
            origin,
        }
    }
}

async fn identify(app: &App, request: &ServiceRequest) -> Result<service::Caller, AuthError> {
    let address = app.address_of(request.request());
    let taken = match credential::presented(request.headers()) {
        Some(_) => None,
        None => {
            stream::take_ticket(app, request.path(), request.query_string(), address).await.transpose()?
        }
    };
    let credential = match &taken {
        Some(text) => Cow::Borrowed(text.expose_secret()),
        None => credential::presented(request.headers()).ok_or(AuthError::Missing)?,
    };
    let caller = app.auth.authenticate(&credential, address).await;
    if let Some(text) = taken {
        request.extensions_mut().insert(stream::Taken(text));
    }
    caller
}

/// Counts a refused right of a known caller, for the tenant.
fn note_refusal(app: &App, response: &ServiceResponse, log: &Log, address: Option<IpAddr>) {
    let Some(caller) = log.caller.as_ref().filter(|_| response.status() == StatusCode::FORBIDDEN) else {
        return;
    };
    let code = response.response().extensions().get::<ErrorCode>().copied();
    app.auth.note_refusal(caller, address, code.map_or("forbidden", ErrorCode::as_str));
}

/// Rejects a publishable key on a page of another origin. A request without an origin is not sent by a page.
fn check_origin(caller: service::Caller, headers: &HeaderMap) -> Result<service::Caller, AuthError> {
    let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
    match (&caller.limits.pages, origin) {
        (Some(pages), Some(origin)) if !pages.admit(origin) => Err(AuthError::OriginNotAllowed),
        _ => Ok(caller),
    }
}

/// Returns the caller's own request id if its form is valid, otherwise a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let sensible = |id: &&HeaderValue| {
        let known = |letter: &u8| letter.is_ascii_alphanumeric() || b"._-".contains(letter);
        (8..=128).contains(&id.len()) && id.as_bytes().iter().all(known)
    };
    if let Some(id) = headers.get(X_REQUEST_ID).filter(sensible) {
        return id.clone();
    }
    let id = domain::id::encode("req", Uuid::now_v7());
    HeaderValue::from_maybe_shared(Bytes::from(id)).unwrap_or(HeaderValue::from_static("req_unknown"))
}

async fn finish(response: ServiceResponse, app: &App, wants: &Wants, log: &Log) -> ServiceResponse {
    let response = explain(response, log.id());
    let (request, mut response) = response.into_parts();
    let asked = Asked::of(&request);
    write_headers(&mut response, &asked, app, wants, log);
    if wants.gzip {
        response = compress::gzip(response).await;
    }
    hold_back(app, log.caller.as_ref(), &request, &response).await;
    log.line(request.method().as_str(), || request.match_pattern(), response.status());
    let body = request.extensions().get::<body::Received>().map(|body| body.0.clone());
    note_request(app, log, &asked, &response, body);
    ServiceResponse::new(request, response)
}

/// Adds the headers that all responses have in common.
fn write_headers(response: &mut HttpResponse, asked: &Asked, app: &App, wants: &Wants, log: &Log) {
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

/// Notes the request of a known caller for the log that its tenant reads. `body` is that of the request, if it was read.
fn note_request(app: &App, log: &Log, asked: &Asked, response: &HttpResponse, body: Option<Bytes>) {
    let Some(caller) = &log.caller else { return };
    let status = response.status();
    let is_rejected = status.is_client_error() || status.is_server_error();
    if !app.logged_requests.keep(is_rejected) {
        return;
    }
    let code = response.extensions().get::<ErrorCode>().copied();
    app.request_log.note(Served {
        tenant_id: caller.tenant_id,
        actor_kind: caller.actor_kind,
        actor_id: caller.actor_id,
        request_id: log.id().to_owned(),
        method: asked.method.as_str().to_owned(),
        path: asked.uri.path().to_owned(),
        status: status.as_u16(),
        duration: log.started.elapsed(),
        response_bytes: match response.body().size() {
            BodySize::None => Some(0),
            BodySize::Sized(bytes) => Some(bytes),
            BodySize::Stream => None,
        },
        code: code.map(ErrorCode::as_str),
        body: body.filter(|_| is_rejected).map(|body| body.to_vec()),
    });
}

/// Waits before a rejection of a caller who did not wait as long as the one before said.
async fn hold_back<B>(
    app: &App,
    caller: Option<&service::Caller>,
    request: &HttpRequest,
    response: &HttpResponse<B>,
) {
    let Some(caller) = caller.filter(|_| response.status() == StatusCode::TOO_MANY_REQUESTS) else { return };
    let wait = response.headers().get(header::RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
    if let Some(held) = app.patience.note(caller.actor_id, Duration::from_secs(wait.unwrap_or_default())) {
        body::give_back(request);
        tokio::time::sleep(held.time).await;
    }
}

/// Whether a route counts the points of reports. A list does if it is read [whole](WholeList).
fn is_of_reports(path: &str) -> bool {
    path.starts_with("/v1/reports")
        || path.starts_with("/graphql")
        || path == "/v1/reconciliation/runs"
        || path.starts_with("/v1/replenishment/")
            && !["/v1/replenishment/settings", "/v1/replenishment/category-settings"].contains(&path)
}

/// Allows every origin, because the credential is a header that the page must have, never a cookie. The response to a
/// publishable key that is bound to origins names the one that asks.
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

/// Gives a rejected request its problem body with the request id.
fn explain(response: ServiceResponse, request_id: &str) -> ServiceResponse {
    let rendered = match response.response().error() {
        None => return identified(response, request_id),
        Some(error) => match error.as_error::<ApiError>() {
            Some(refused) => refused.render(Some(request_id)),
            None => foreign(error, response.status()).render(Some(request_id)),
        },
    };
    let (request, _) = response.into_parts();
    ServiceResponse::new(request, rendered)
}

/// Adds the request id to a problem that was rendered without it: a rejection that is stored for replays.
fn identified(response: ServiceResponse, request_id: &str) -> ServiceResponse {
    let is_problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM_JSON);
    if !is_problem {
        return response;
    }
    response.map_body(|_, body| match body.try_into_bytes() {
        Ok(text) => BoxBody::new(with_request_id(&text, request_id).map_or(text, Bytes::from)),
        Err(body) => body,
    })
}

/// Returns a problem with the request id as its first member.
fn with_request_id(problem: &[u8], request_id: &str) -> serde_json::Result<Vec<u8>> {
    let mut members: IndexMap<String, Box<RawValue>> = serde_json::from_slice(problem)?;
    members.shift_insert(0, "request_id".to_owned(), to_raw_value(request_id)?);
    serde_json::to_vec(&members)
}

/// Returns the problem for an error of the framework, such as a path that is not UTF-8.
fn foreign(error: &Error, status: StatusCode) -> ApiError {
    match status {
        StatusCode::NOT_FOUND => ApiError::of(ErrorCode::RouteNotFound),
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::of(ErrorCode::PayloadTooLarge),
        status if status.is_client_error() => ApiError::new(ErrorCode::InvalidParameter, error.to_string()),
        _ => ApiError::internal(error),
    }
}

/// Returns the id of the API key, user or customer session.
fn actor(caller: &service::Caller) -> String {
    let prefix = match caller.actor_kind {
        ActorKind::ApiKey => ApiKeyId::PREFIX,
        ActorKind::User => UserId::PREFIX,
        ActorKind::Customer => CustomerSessionId::PREFIX,
        ActorKind::Operator => "operator",
        ActorKind::Worker => "worker",
    };
    domain::id::encode(prefix, caller.actor_id)
}

/// Log line of a request.
struct Log {
    started: Instant,
    request_id: HeaderValue,
    caller: Option<service::Caller>,
    /// Trace that the request belongs to.
    trace_id: Option<String>,
    /// Time that its handler spent on the database.
    on_database: Duration,
}

impl Log {
    fn id(&self) -> &str {
        self.request_id.to_str().unwrap_or_default()
    }

    /// Adds the trace, and for a known caller the times.
    fn write_headers(&self, headers: &mut HeaderMap) {
        if let Some(trace) = self.trace_id.as_deref().and_then(trace::response) {
            headers.insert(TRACERESPONSE, trace);
        }
        let timing =
            self.caller.as_ref().and_then(|_| trace::timing(self.started.elapsed(), self.on_database));
        if let Some(timing) = timing {
            headers.insert(SERVER_TIMING, timing);
        }
    }

    /// Counts the request and logs it. `route` returns the template of its path, if there is such a route.
    fn line(&self, method: &str, route: impl Fn() -> Option<String>, status: StatusCode) {
        if metrics::are_kept() {
            let route = route();
            let route = route.as_deref().unwrap_or("none");
            metrics::count_request(method, route, status.as_u16(), self.started.elapsed());
        }
        if !tracing::enabled!(target: "stockwell::request", tracing::Level::INFO) {
            return;
        }
        let route = route();
        let duration_us = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::info!(
            target: "stockwell::request",
            method,
            route = route.as_deref().unwrap_or("none"),
            status = status.as_u16(),
            duration_us,
            request_id = self.id(),
            trace_id = self.trace_id.as_deref(),
            tenant = self.caller.as_ref().map(|caller| tracing::field::display(caller.tenant_id)),
            actor = self.caller.as_ref().map(actor),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_one_request_id() {
        for problem in [r#"{"type":"t","status":409}"#, r#"{"type":"t","status":409,"request_id":"req_0"}"#] {
            let text = with_request_id(problem.as_bytes(), "req_1").expect("a problem");
            assert_eq!(String::from_utf8_lossy(&text), r#"{"request_id":"req_1","type":"t","status":409}"#);
        }
    }
}
