//! Connections: how many there may be, and how long each waits for its peer.
//!
//! A peer that sends nothing, too little, or reads nothing costs a connection. So every wait for a peer has a deadline, and
//! there is a limit of connections in all and for each address. A connection whose deadline passes is closed without a
//! response. While a handler works, nothing is due from the peer.

mod gate;
pub(crate) mod listener;
mod transport;
mod watch;

use std::time::Duration;

pub(crate) use watch::{Connection, OpenRequest};

/// Bytes a second at which a peer must send a body and take a response, after the first seconds.
pub(crate) const BYTES_A_SECOND_MIN: usize = 32 * 1024;
/// Most open requests of one HTTP/2 connection.
pub const REQUESTS_OPEN_MAX: usize = 256;
/// Open files that are not connections of clients: the log, the program, Redis, and some to spare.
const OTHER_FILES: u64 = 64;

const CONNECTIONS_MAX: u32 = 4_096;
const CONNECTIONS_PER_ADDRESS: u32 = 200;
const HEAD_TIMEOUT_MS: u64 = 10_000;
const BODY_TIMEOUT_MS: u64 = 10_000;
const KEEP_ALIVE_MS: u64 = 75_000;
const RESPONSE_TIMEOUT_MS: u64 = 30_000;

/// Limits of connections.
#[derive(Debug, Clone, clap::Args)]
pub struct ConnectionLimits {
    /// The most connections of all clients. The server raises its limit of open files at start as far as the system
    /// allows. If that is too few, it accepts fewer connections and logs a warning.
    #[arg(long, env = "STOCKWELL_CONNECTIONS_MAX", default_value_t = CONNECTIONS_MAX, value_parser = clap::value_parser!(u32).range(1..))]
    pub connections_max: u32,
    /// The most connections of one address (IPv6: of one network of 64 bits). Our own proxies may have as many as they
    /// need.
    #[arg(long, env = "STOCKWELL_CONNECTIONS_PER_ADDRESS", default_value_t = CONNECTIONS_PER_ADDRESS, value_parser = clap::value_parser!(u32).range(1..))]
    pub connections_per_address: u32,
    /// Milliseconds for the head of a request to arrive: the first since the connection was opened, a later one since its
    /// first byte.
    #[arg(long, env = "STOCKWELL_HEAD_TIMEOUT_MS", default_value_t = HEAD_TIMEOUT_MS)]
    pub head_timeout_ms: u64,
    /// Milliseconds that a body may pause. In all, it has as long as this and a second for each 32 KiB. An import has 120
    /// seconds.
    #[arg(long, env = "STOCKWELL_BODY_TIMEOUT_MS", default_value_t = BODY_TIMEOUT_MS)]
    pub body_timeout_ms: u64,
    /// Milliseconds that an idle connection is kept after a response.
    #[arg(long, env = "STOCKWELL_KEEP_ALIVE_MS", default_value_t = KEEP_ALIVE_MS)]
    pub keep_alive_ms: u64,
    /// Milliseconds for a client to take a piece of a response, and a second more for each 32 KiB of it.
    #[arg(long, env = "STOCKWELL_RESPONSE_TIMEOUT_MS", default_value_t = RESPONSE_TIMEOUT_MS)]
    pub response_timeout_ms: u64,
}

/// Longest waits for a peer.
#[derive(Debug, Clone, Copy)]
struct Deadlines {
    head: Duration,
    keep_alive: Duration,
    response: Duration,
}

impl ConnectionLimits {
    /// Returns the limits that hold without settings.
    pub fn defaults() -> Self {
        ConnectionLimits {
            connections_max: CONNECTIONS_MAX,
            connections_per_address: CONNECTIONS_PER_ADDRESS,
            head_timeout_ms: HEAD_TIMEOUT_MS,
            body_timeout_ms: BODY_TIMEOUT_MS,
            keep_alive_ms: KEEP_ALIVE_MS,
            response_timeout_ms: RESPONSE_TIMEOUT_MS,
        }
    }

    /// Returns the longest pause of a body.
    pub(crate) fn body_timeout(&self) -> Duration {
        Duration::from_millis(self.body_timeout_ms)
    }

    fn deadlines(&self) -> Deadlines {
        Deadlines {
            head: Duration::from_millis(self.head_timeout_ms),
            keep_alive: Duration::from_millis(self.keep_alive_ms),
            response: Duration::from_millis(self.response_timeout_ms),
        }
    }

    /// Raises the limit of open files, and lowers the limit of connections if it is still too low. `db_connections` are
    /// those to the database.
    pub(crate) fn fit_open_files(&self, db_connections: u32) -> Self {
        let open_files = match rlimit::increase_nofile_limit(u64::MAX) {
            Ok(files) => files,
            Err(error) => {
                tracing::warn!(%error, "the limit of open files is not known");
                return self.clone();
            }
        };
        let connections_max = fitting(self.connections_max, open_files, db_connections);
        if connections_max < self.connections_max {
            tracing::warn!(
                open_files,
                connections_max,
                wanted = self.connections_max,
                "fewer connections than configured: raise the limit of open files"
            );
        }
        tracing::info!(
            open_files,
            connections_max,
            connections_per_address = self.connections_per_address,
            "limits of connections"
        );
        ConnectionLimits { connections_max, ..self.clone() }
    }
}

/// Returns the number of connections for which `open_files` is enough.
fn fitting(connections_max: u32, open_files: u64, db_connections: u32) -> u32 {
    let left = open_files.saturating_sub(OTHER_FILES + u64::from(db_connections)).max(1);
    connections_max.min(u32::try_from(left).unwrap_or(u32::MAX))
}

/// Returns the time for so many bytes at the lowest speed.
pub(crate) fn time_for(bytes: usize, bytes_a_second_min: usize) -> Duration {
    Duration::from_millis((bytes as u64).saturating_mul(1_000) / bytes_a_second_min as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_files_limit_the_connections() {
        assert_eq!(fitting(4_096, 1_048_576, 16), 4_096);
        assert_eq!(fitting(4_096, 1_024, 16), 944);
        assert_eq!(fitting(4_096, 10, 16), 1);
    }

    #[test]
    fn a_long_body_has_longer() {
        assert_eq!(time_for(0, BYTES_A_SECOND_MIN), Duration::ZERO);
        assert_eq!(time_for(5 * 1024 * 1024, BYTES_A_SECOND_MIN), Duration::from_secs(160));
    }
}
