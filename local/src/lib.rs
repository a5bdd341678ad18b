//! Private servers for the demo, the tests and the bench: a PostgreSQL and a Redis on loopback and free ports.
//!
//! [`Postgres::start`] finds server binaries, makes a cluster if there is none, starts it and waits until it takes
//! connections. [`Redis::start`] does the same for the optional Redis. Both servers end with this process, in whichever
//! way it ends (see `tether`). `serve` and `worker` use none of this in production.

mod binaries;
mod folder;
mod postgres;
mod process;
mod redis;
#[cfg(test)]
mod tests;
mod tether;

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

pub use postgres::{Postgres, PostgresOptions};
pub use redis::Redis;

/// A private server could not be started. Every message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// No folder with `initdb`, `postgres` and `pg_ctl` that the server's user may run.
    #[error(
        "no PostgreSQL server binaries found: run `./run demo` once (it installs them), install the package `postgresql`, \
         or set STOCKWELL_POSTGRES_BIN to the folder that holds initdb"
    )]
    NoPostgres,
    /// PostgreSQL does not run as root, and there is no user to step down to.
    #[error(
        "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it: start as an ordinary user"
    )]
    NoServerUser,
    /// Another live process uses the same folder.
    #[error("another Stockwell process uses {}: stop it, or choose another folder with --data-dir", .0.display())]
    InUse(PathBuf),
    /// The folder holds something other than a cluster made here.
    #[error("{} is not empty and holds no cluster of Stockwell: choose another folder with --data-dir", .0.display())]
    NotOurs(PathBuf),
    /// The cluster was made by a major version of PostgreSQL that is not installed.
    #[error("the cluster in {} was made by PostgreSQL {found}: install that version, or start afresh with --reset", folder.display())]
    Version {
        /// The cluster's folder.
        folder: PathBuf,
        /// Its major version, as in `PG_VERSION`.
        found: String,
    },
    /// The port asked for is taken.
    #[error("port {0} on 127.0.0.1 is taken: choose another one, or none to get a free one")]
    PortTaken(u16),
    /// `initdb` failed. Its output.
    #[error(
        "initdb could not make a cluster; look for the cause in its output (disk full? no passwd entry for this user?):\n{0}"
    )]
    Initdb(String),
    /// The server ended or hung while starting. The end of its log.
    #[error("{server} did not start; look for the cause in its log:\n{log}")]
    Start {
        /// `PostgreSQL` or `Redis`.
        server: &'static str,
        /// The last lines of the log.
        log: String,
    },
    /// A file or a process could not be handled.
    #[error("cannot {what} {}: {source}; check its permissions and the space left", path.display())]
    Io {
        /// The verb of the failed step.
        what: &'static str,
        /// The file or program.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

impl LocalError {
    /// Makes an error for `map_err`: the failed step and its path.
    fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { what, path, source }
    }
}

/// Runs a blocking launch step away from the async workers.
async fn blocking<T, F>(step: F) -> Result<T, LocalError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, LocalError> + Send + 'static,
{
    let joined = tokio::task::spawn_blocking(step).await;
    joined.unwrap_or_else(|error| Err(LocalError::io("wait for", Path::new("the launch step"))(error.into())))
}

/// Returns a TCP port of 127.0.0.1 that is free now. Another process may take it before the caller does.
fn free_port() -> Result<u16, LocalError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    Ok(listener.map_err(LocalError::io("bind a port of", Path::new("127.0.0.1")))?.port())
}

/// Whether `port` of 127.0.0.1 can be bound.
fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Returns the last 20 lines of a log file, for an error message.
fn log_end(path: &Path) -> String {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
