//! The log: one JSON line per event on standard error.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// Levels of the server and of migrations, unless `STOCKWELL_LOG` sets others.
pub const SERVICE: &str = "info,sqlx=warn,actix_server=warn";
/// Levels of the other commands, unless `STOCKWELL_LOG` sets others.
pub const PERSON: &str = "warn";

/// Starts the log of the process. `STOCKWELL_LOG` replaces `levels`; examples are `warn` and
/// `info,stockwell::request=warn`. With `service::timing=debug,sqlx=debug` it has the phases of each batch with their times,
/// and their statements.
pub fn start(levels: &str) {
    let filter = EnvFilter::try_from_env("STOCKWELL_LOG").unwrap_or_else(|_| EnvFilter::new(levels));
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_events(FmtSpan::CLOSE)
        .with_span_list(false)
        .with_writer(std::io::stderr)
        .with_env_filter(filter);
    if subscriber.try_init().is_err() {
        tracing::debug!("the log was started before");
    }
}
