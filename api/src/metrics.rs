//! Figures of the running server, as Prometheus reads them, on a port of their own.
//!
//! The port has no credential, so it must be reachable for the operator alone. No figure names a tenant.

use std::io;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::web::{self, Data};
use actix_web::{HttpResponse, HttpServer};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use strum::IntoEnumIterator;

use crate::app::App;
use crate::rate::Policy;
use crate::trace::known_method;

/// Upper ends of the classes of durations, in seconds.
#[expect(clippy::disallowed_types, reason = "the ends of classes, by which nothing is counted or paid")]
const SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// Upper ends of the classes of batches.
#[expect(clippy::disallowed_types, reason = "the ends of classes, by which nothing is counted or paid")]
const COMMANDS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
/// Interval in which samples are put into their classes, also if the figures are not read.
const UPKEEP: Duration = Duration::from_secs(5);

/// The figures of the process, once they are wanted.
static FIGURES: LazyLock<Result<PrometheusHandle, String>> =
    LazyLock::new(|| install().map_err(|error| error.to_string()));

static ARE_KEPT: AtomicBool = AtomicBool::new(false);

fn install() -> Result<PrometheusHandle, BuildError> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .set_buckets_for_metric(Matcher::Full("stockwell_batch_commands".to_owned()), COMMANDS)?;
    let handle = builder.install_recorder()?;
    describe();
    ARE_KEPT.store(true, Ordering::Relaxed);
    Ok(handle)
}

fn describe() {
    metrics::describe_counter!("stockwell_requests_total", "Requests by method, route and status.");
    metrics::describe_histogram!("stockwell_request_seconds", "Durations of requests by method and route.");
    metrics::describe_counter!("stockwell_refusals_total", "Problems of responses by code.");
    metrics::describe_gauge!("stockwell_requests_in_progress", "Requests in progress.");
    metrics::describe_gauge!("stockwell_streams_open", "Open streams.");
    metrics::describe_gauge!("stockwell_streams_max", "Most open streams.");
    metrics::describe_gauge!("stockwell_queue_waiting", "Commands that wait for their turn.");
    metrics::describe_histogram!("stockwell_queue_wait_seconds", "Waits of commands for their turn.");
    metrics::describe_histogram!("stockwell_batch_commands", "Commands of a transaction.");
    metrics::describe_histogram!("stockwell_phase_seconds", "Durations of the phases of a batch.");
    metrics::describe_gauge!(
        "stockwell_event_lag_seconds",
        "Age of the oldest event that was not handed on to a consumer; 0 if there is none."
    );
    metrics::describe_counter!("stockwell_events_handed_on_total", "Events handed on by consumer.");
    metrics::describe_counter!("stockwell_retries_total", "Transactions that lost a race and ran again.");
    metrics::describe_counter!("stockwell_statements_total", "Statements sent to the database.");
    metrics::describe_histogram!("stockwell_connection_wait_seconds", "Waits for a connection by share.");
    metrics::describe_counter!(
        "stockwell_connection_refusals_total",
        "Work that got no connection in time, by share and by the one who used it up: the tenant or all."
    );
    metrics::describe_counter!(
        "stockwell_request_log_dropped_total",
        "Requests that were not written to the log of requests."
    );
    metrics::describe_counter!("stockwell_report_points_total", "Points of reports.");
    metrics::describe_counter!("stockwell_rate_limited_total", "Requests over a rate limit, by policy.");
}

/// Kinds of work that have a share of the connections.
const SHARES: [&str; 7] = ["lookup", "write", "read", "report", "export", "job", "log"];

/// Shows rare counters from the start: Prometheus sees no increase of a counter that was not there before.
fn begin_at_zero(serves: bool) {
    if !serves {
        metrics::counter!("stockwell_lines_folded_total").increment(0);
        metrics::counter!("stockwell_webhook_attempts_total", "outcome" => "delivered").increment(0);
        return;
    }
    metrics::counter!("stockwell_retries_total").increment(0);
    metrics::counter!("stockwell_request_log_dropped_total").increment(0);
    metrics::counter!("stockwell_report_points_total").increment(0);
    for policy in Policy::iter().map(Policy::name).chain(["unknown_keys", "unreadable"]) {
        metrics::counter!("stockwell_rate_limited_total", "policy" => policy).increment(0);
    }
    for share in SHARES {
        for used_up_by in ["tenant", "all"] {
            let labels = [("share", share), ("used_up_by", used_up_by)];
            metrics::counter!("stockwell_connection_refusals_total", &labels).increment(0);
        }
    }
}

/// The endpoint of the figures.
#[derive(Debug)]
pub struct Endpoint {
    /// Address that it listens on.
    pub addr: SocketAddr,
    handle: ServerHandle,
}

impl Endpoint {
    /// Binds the address and serves the figures of the process, and those of `app`, if it serves requests.
    pub fn start(addr: SocketAddr, app: Option<&Data<App>>) -> io::Result<Self> {
        let figures = FIGURES.as_ref().map_err(|error| io::Error::other(error.clone()))?;
        begin_at_zero(app.is_some());
        let app = Data::new(app.cloned());
        let server = HttpServer::new(move || {
            actix_web::App::new().app_data(app.clone()).route("/metrics", web::get().to(read))
        });
        let server = server.workers(1).disable_signals().bind(addr)?;
        let addr = server.addrs().first().copied().unwrap_or(addr);
        let server: Server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                figures.run_upkeep();
            }
        });
        tracing::info!(%addr, "metrics");
        Ok(Endpoint { addr, handle })
    }

    /// Stops at once.
    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

async fn read(app: Data<Option<Data<App>>>) -> HttpResponse {
    let Ok(figures) = FIGURES.as_ref() else { return HttpResponse::ServiceUnavailable().finish() };
    if let Some(app) = app.as_ref() {
        measure(app);
    }
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(figures.render())
}

/// Takes the figures that nothing counts as it happens.
fn measure(app: &App) {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    metrics::gauge!("stockwell_requests_in_progress").set(count(app.requests_in_flight()));
    metrics::gauge!("stockwell_streams_open").set(count(app.streams.open()));
    metrics::gauge!("stockwell_streams_max").set(count(app.streams.seats_max()));
    metrics::gauge!("stockwell_queue_waiting").set(count(app.poster.waiting()));
    metrics::counter!("stockwell_statements_total").absolute(app.db.statements());
}

/// Counts a request that was served.
pub(crate) fn count_request(method: &str, route: &str, status: u16, duration: Duration) {
    let (method, route) = (known_method(method).to_owned(), route.to_owned());
    let labels = [("method", method), ("route", route)];
    metrics::histogram!("stockwell_request_seconds", &labels).record(duration);
    let [method, route] = labels;
    metrics::counter!("stockwell_requests_total", &[method, route, ("status", status.to_string())])
        .increment(1);
}

/// Whether figures are kept.
pub(crate) fn are_kept() -> bool {
    ARE_KEPT.load(Ordering::Relaxed)
}
