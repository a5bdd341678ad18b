//! The log: one JSON line per event on standard error. It also starts the [export of spans](crate::spans).

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use crate::spans::Export;

/// Levels of the server and of migrations, unless `STOCKWELL_LOG` sets others.
pub const SERVICE: &str = "info,sqlx=warn,actix_server=warn";
/// Levels of the other commands, unless `STOCKWELL_LOG` sets others.
pub const PERSON: &str = "warn";

/// Starts the log of the process. `STOCKWELL_LOG` replaces `levels`; examples are `warn` and
/// `info,stockwell::request=warn`. With `service::timing=debug,sqlx=debug` it has the phases of each batch with their times,
/// and their statements. Returns the export of spans, if the environment asks for one.
pub fn start(levels: &str) -> Option<Export> {
    let filter = EnvFilter::try_from_env("STOCKWELL_LOG").unwrap_or_else(|_| EnvFilter::new(levels));
    // Spans of requests are for a collector: the log has a line for each request.
    let filter = filter.add_directive("stockwell::span=off".parse().expect("a directive"));
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_events(FmtSpan::CLOSE)
        .with_span_list(false)
        .with_writer(std::io::stderr)
        .with_filter(filter);
    let (export, failed) = match Export::wanted().transpose() {
        Ok(export) => (export, None),
        Err(error) => (None, Some(error)),
    };
    let spans = export.as_ref().map(|export| {
        let exported = Targets::new()
            .with_target("stockwell::span", Level::INFO)
            .with_target("service::timing", Level::DEBUG);
        let layer = tracing_opentelemetry::layer().with_location(false).with_threads(false);
        layer.with_tracer(export.tracer()).with_filter(exported)
    });
    if tracing_subscriber::registry().with(lines).with(spans).try_init().is_err() {
        tracing::debug!("the log was started before");
    }
    if let Some(error) = failed {
        tracing::warn!(%error, "spans are not exported: check OTEL_EXPORTER_OTLP_ENDPOINT");
    }
    export
}
