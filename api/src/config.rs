//! Settings of the server, as flags or as environment variables.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use secrecy::SecretString;

use crate::connection::ConnectionLimits;
use crate::rate::RateLimits;

/// Settings of the API server.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// The database, as a role behind the tenant wall (stockwell_app).
    #[arg(long, env = "STOCKWELL_DATABASE_URL", hide_env_values = true)]
    pub database_url: SecretString,
    /// Redis, to learn of revoked keys and of events at other nodes at once, and to share rate limits; optional.
    #[arg(long, env = "STOCKWELL_REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<SecretString>,
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, env = "STOCKWELL_ADDR", default_value_t = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080))]
    pub addr: SocketAddr,
    /// The PEM file of the key that signs access tokens; the same on every node.
    #[arg(long, env = "STOCKWELL_SIGNING_KEY_FILE")]
    pub signing_key_file: PathBuf,
    /// Threads that serve requests.
    #[arg(long, env = "STOCKWELL_WORKERS", default_value_t = 2)]
    pub workers: usize,
    /// The most connections to the database for work. Of 16, commands have 6, reads 5, reports 3 and jobs 2; a tenant has
    /// at most half of each. Two more find credentials.
    #[arg(long, env = "STOCKWELL_DB_CONNECTIONS", default_value_t = 16, value_parser = clap::value_parser!(u32).range(4..=1_000))]
    pub db_connections: u32,
    /// Milliseconds that a command or a read waits for a connection before it is rejected: with 429 if its tenant has all
    /// that it may have, else with 503. Reports wait 10 seconds.
    #[arg(long, env = "STOCKWELL_DB_WAIT_MS", default_value_t = 300)]
    pub db_wait_ms: u64,
    /// Milliseconds that a write may take in all, and one more for each line of its documents. After that it is rejected with
    /// 503, and nothing is done; or its commit was sent, and the code is `outcome_unknown`.
    #[arg(long, env = "STOCKWELL_DB_WRITE_MS", default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(100..))]
    pub db_write_ms: u64,
    /// The address of /metrics, which Prometheus reads; port 0 takes a free one. Off if absent. It asks for no credential:
    /// let only the operator reach it.
    #[arg(long, env = "STOCKWELL_METRICS_ADDR")]
    pub metrics_addr: Option<SocketAddr>,
    /// Limits of connections.
    #[command(flatten)]
    pub connections: ConnectionLimits,
    /// Limits by time.
    #[command(flatten)]
    pub rates: RateLimits,
    /// The most streams of changes of all tenants; a tenant may have a quarter of them, and at least 10.
    #[arg(long, env = "STOCKWELL_STREAMS_MAX", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub streams_max: u32,
    /// Networks of our own proxies. Their X-Forwarded-For is trusted, their connections count only in all, and they alone
    /// may speak HTTP/2 without TLS.
    #[arg(long, env = "STOCKWELL_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpNet>,
}
