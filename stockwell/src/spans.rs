//! Spans of requests and of the phases of batches, for an OpenTelemetry collector (OTLP over HTTP, in protobuf).
//!
//! They are sent only if `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector. Finished spans wait in memory, at most 2,048, and a thread of
//! its own sends them. If the collector is away, the spans that find no room are dropped, and nothing waits for it. The SDK reads the other
//! variables of OpenTelemetry, such as `OTEL_TRACES_SAMPLER`.

use std::env;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
/// Name of the service if the environment has none, and of the source of the spans.
const NAME: &str = "stockwell";
/// Longest time in which the last spans are sent.
const LAST_SPANS: Duration = Duration::from_secs(5);

/// The export of spans.
#[derive(Debug)]
pub struct Export(SdkTracerProvider);

impl Export {
    /// Starts the export if the environment asks for it.
    pub(crate) fn wanted() -> Option<Result<Self, ExporterBuildError>> {
        is_set(ENDPOINT).then(Export::start)
    }

    fn start() -> Result<Self, ExporterBuildError> {
        let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).build()?;
        let resource = Resource::builder();
        let resource = if is_set(SERVICE_NAME) { resource } else { resource.with_service_name(NAME) };
        let provider = SdkTracerProvider::builder().with_resource(resource.build());
        Ok(Export(provider.with_batch_exporter(exporter).build()))
    }

    pub(crate) fn tracer(&self) -> SdkTracer {
        self.0.tracer(NAME)
    }

    /// Sends the spans that wait, at most for 5 seconds.
    pub async fn end(self) {
        let ended = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(LAST_SPANS)).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::warn!("the last spans were not sent");
        }
    }
}

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty())
}
