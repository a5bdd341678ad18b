//! The log line of a request, its count, and its row in the log that the tenant reads.

use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use domain::id::{ApiKeyId, CustomerSessionId, UserId};
use service::caller::ActorKind;
use service::request_log::Served;

use super::Asked;
use crate::app::App;
use crate::metrics;
use crate::problem::ErrorCode;
use crate::trace::{self, SERVER_TIMING, TRACERESPONSE};

/// Log line of a request.
pub(super) struct Log {
    pub(super) started: Instant,
    pub(super) request_id: HeaderValue,
    pub(super) caller: Option<service::Caller>,
    /// Trace that the request belongs to.
    pub(super) trace_id: Option<String>,
    /// Time that its handler spent on the database.
    pub(super) on_database: Duration,
}

impl Log {
    pub(super) fn id(&self) -> &str {
        self.request_id.to_str().unwrap_or_default()
    }

    /// Adds the trace, and for a known caller the times.
    pub(super) fn write_headers(&self, headers: &mut HeaderMap) {
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
    pub(super) fn line(&self, method: &str, route: impl Fn() -> Option<String>, status: StatusCode) {
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

/// Notes the request of a known caller for the log that its tenant reads. `body` is that of the request, if it was read.
pub(super) fn note_request(
    app: &App,
    log: &Log,
    asked: &Asked,
    response: &HttpResponse,
    body: Option<Bytes>,
) {
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
