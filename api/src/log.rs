//! The log: one JSON line per event on standard error.

use tracing_subscriber::EnvFilter;

/// The levels where `STOCKWELL_LOG` says nothing.
const DEFAULT: &str = "info,sqlx=warn,actix_server=warn";

/// Starts the log of the process. `STOCKWELL_LOG` chooses levels, such as `warn` or `info,stockwell::request=warn`.
pub fn start() {
    let filter = EnvFilter::try_from_env("STOCKWELL_LOG").unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(std::io::stderr)
        .with_env_filter(filter);
    if subscriber.try_init().is_err() {
        tracing::debug!("the log was started before");
    }
}
