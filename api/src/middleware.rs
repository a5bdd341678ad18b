//! The one middleware: request id, caller, common headers, problem bodies, compression, and one log line per request.
//!
//! It is one and not several because every request pays for it. It adds everything that all responses have in common.

mod explain;
mod headers;
mod log;

use std::borrow::Cow;
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::uri::{PathAndQuery, Uri};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use domain::number::shown_decimals;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use secrecy::ExposeSecret;
use service::auth::AuthError;
use tracing::{Instrument, Span};
use uuid::Uuid;

use self::explain::explain;
use self::log::{Log, note_request};
use crate::access::Access;
use crate::app::App;
use crate::body;
use crate::compress;
use crate::connection::{Connection, OpenRequest};
use crate::context::Context;
use crate::credential;
use crate::currency::showing_while;
use crate::idempotency::Preferences;
use crate::list::CountedAsReport;
use crate::problem::{ApiError, ErrorCode};
use crate::schema::unknown_parameters;
use crate::sending;
use crate::stream;
use crate::trace;
use crate::version::IfMatch;

pub use self::headers::X_REQUEST_ID;

/// Paths whose POST changes nothing: its body has what a URL could not hold.
const READ_BY_POST: [&str; 4] =
    ["/graphql", "/v1/prices/resolve", "/v1/replenishment/backtest", "/v1/stock/availability"];

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
        Ok(()) if !wants.preflight => admitted
            .and_then(|()| refuse_method(&app, &request))
            .and_then(|()| refuse_parameters(&app, request.request(), log.caller.as_ref()))
            .and_then(|()| refuse_dry_run(&app, request.request(), log.caller.as_ref()))
            .and_then(|()| refuse_if_match(&app, request.request(), log.caller.as_ref())),
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
    /// Whether the request changes nothing, so that it can be rejected after its work.
    only_reads: bool,
    /// Whether the request counts the points of reports.
    of_reports: bool,
}

impl Asked {
    fn of(request: &HttpRequest) -> Self {
        // The path as the router compares it: `/%67raphql` is `/graphql`.
        let path = request.match_info().get_ref().path();
        let only_reads = only_reads(request.method(), path);
        let of_reports = is_of_reports(path) || request.extensions().contains::<CountedAsReport>();
        Asked { method: request.method().clone(), uri: request.uri().clone(), only_reads, of_reports }
    }
}

fn only_reads(method: &Method, path: &str) -> bool {
    *method == Method::GET || (*method == Method::POST && READ_BY_POST.contains(&path))
}

/// Returns the response to a request whose handler panicked. It is an error, because the request is gone with its handler.
fn panicked(app: &App, wants: &Wants, log: &Log, asked: &Asked) -> Error {
    let (method, path) = (asked.method.as_str(), asked.uri.path());
    tracing::error!(request_id = log.id(), method, path, "a handler panicked");
    let mut response = ApiError::of(ErrorCode::InternalError).render(Some(log.id()));
    headers::write(&mut response, asked, app, wants, log);
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
    match app.table.refused(request.method(), request.match_info().get_ref().path()) {
        Some(allowed) => Err(ApiError::of(ErrorCode::MethodNotAllowed).with_header(header::ALLOW, allowed)),
        None => Ok(()),
    }
}

/// Rejects a query with a parameter that the operation does not have, before anything is read or written. Paths and methods that do not
/// exist and callers who may not call the operation are rejected by the router and the handler, with 404, 405, 401 or 403.
fn refuse_parameters(
    app: &App,
    request: &HttpRequest,
    caller: Option<&service::Caller>,
) -> Result<(), ApiError> {
    // The path as the router compares it.
    let path = request.match_info().get_ref().path();
    if request.query_string().is_empty() || !path.starts_with("/v1/") {
        return Ok(());
    }
    let Some(pattern) = app.table.template(path) else { return Ok(()) };
    let admits = |access: &Data<Access>| access.admits(pattern, request.method(), caller);
    match unknown_parameters(request, pattern) {
        Some(error) if request.app_data::<Data<Access>>().is_some_and(admits) => Err(error),
        Some(_) | None => Ok(()),
    }
}

/// Rejects a dry run of a write that has none, before anything is read or written. A request that changes nothing is served: it is a
/// dry run of itself. Callers who may not call the operation are rejected by the handler, with 401 or 403.
fn refuse_dry_run(
    app: &App,
    request: &HttpRequest,
    caller: Option<&service::Caller>,
) -> Result<(), ApiError> {
    let path = request.match_info().get_ref().path();
    if only_reads(request.method(), path) || !app.table.ignores_preferences(request.method(), path) {
        return Ok(());
    }
    let refused = match Preferences::of(request.headers()) {
        Ok(preferences) if !preferences.dry_run => return Ok(()),
        Ok(_) => {
            let detail = "This operation has no dry run, so nothing was done. Send the request without \
                          Prefer: dry-run to carry it out.";
            ApiError::new(ErrorCode::InvalidParameter, detail).at_header("Prefer")
        }
        Err(error) => error,
    };
    refuse_admitted(app, request, caller, refused)
}

/// Rejects a version in `If-Match` if the operation does not compare it, before anything is read or written. A request that changes
/// nothing is served. Callers who may not call the operation are rejected by the handler, with 401 or 403.
fn refuse_if_match(
    app: &App,
    request: &HttpRequest,
    caller: Option<&service::Caller>,
) -> Result<(), ApiError> {
    let path = request.match_info().get_ref().path();
    if only_reads(request.method(), path) || !app.table.ignores_if_match(request.method(), path) {
        return Ok(());
    }
    match IfMatch::of(request).refused() {
        Ok(()) => Ok(()),
        Err(refused) => refuse_admitted(app, request, caller, refused),
    }
}

/// Rejects a request of a caller who may call the operation. The handler rejects any other.
fn refuse_admitted(
    app: &App,
    request: &HttpRequest,
    caller: Option<&service::Caller>,
    refused: ApiError,
) -> Result<(), ApiError> {
    let path = request.match_info().get_ref().path();
    let pattern = app.table.template(path).unwrap_or(path);
    let admits = |access: &Data<Access>| access.admits(pattern, request.method(), caller);
    match request.app_data::<Data<Access>>().is_none_or(admits) {
        true => Err(refused),
        false => Ok(()),
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
    headers::write(&mut response, &asked, app, wants, log);
    // What strangers ask for is compressed before, or is not: it would take the threads of reports.
    if wants.gzip && (log.caller.is_some() || !sending::is_long(&response)) {
        response = compress::gzip(response).await;
    }
    if asked.only_reads {
        let address = app.address_of(&request);
        response = match sending::limited(response, log.caller.as_ref(), address).await {
            Ok(response) => response,
            Err(refused) => {
                let mut refused = refused.render(Some(log.id()));
                headers::write(&mut refused, &asked, app, wants, log);
                refused
            }
        };
    }
    hold_back(app, log.caller.as_ref(), &request, &response).await;
    log.line(request.method().as_str(), || request.match_pattern(), response.status());
    let body = request.extensions().get::<body::Received>().map(|body| body.0.clone());
    note_request(app, log, &asked, &response, body);
    ServiceResponse::new(request, response)
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

/// Whether a route counts the points of reports. Others do for some requests ([`CountedAsReport`]).
fn is_of_reports(path: &str) -> bool {
    path.starts_with("/v1/reports")
        || path.starts_with("/graphql")
        || path == "/v1/reconciliation/runs"
        || path.starts_with("/v1/replenishment/")
            && ![
                "/v1/replenishment/settings",
                "/v1/replenishment/category-settings",
                "/v1/replenishment/supplier-settings",
            ]
            .contains(&path)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn an_escaped_path_is_that_of_the_router() {
        let asked = |request: TestRequest| Asked::of(&request.to_http_request());
        for path in READ_BY_POST {
            let escaped = path.replace('e', "%65").replace('g', "%67");
            for uri in [path, escaped.as_str()] {
                assert!(asked(TestRequest::post().uri(uri)).only_reads, "{uri}");
                assert!(!asked(TestRequest::put().uri(uri)).only_reads, "{uri}");
            }
        }
        assert!(asked(TestRequest::post().uri("/%67raphql")).of_reports);
        assert!(asked(TestRequest::get().uri("/v1/r%65ports/revenue")).of_reports);
        let other = asked(TestRequest::post().uri("/v1/products"));
        assert!(!other.only_reads && !other.of_reports);
    }
}
