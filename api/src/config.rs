//! Settings of the server, as flags or as environment variables.
//!
//! A secret is given as it is, or as `file:PATH`: then its file is read, so that no list of processes and no environment
//! shows it.

mod store;

use std::fs::File;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use secrecy::SecretString;

use crate::connection::ConnectionLimits;
use crate::rate::RateLimits;

pub use store::{StoreArgs, StoreFaults};

/// Longest file of a secret.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// Parses a secret: its text, or `file:` and the path of the file that has it in its only line.
pub fn secret(text: &str) -> Result<SecretString, String> {
    let Some(path) = text.strip_prefix("file:") else { return Ok(text.into()) };
    let read = || -> io::Result<String> {
        let mut content = String::new();
        File::open(path)?.take(SECRET_BYTES_MAX).read_to_string(&mut content)?;
        Ok(content)
    };
    let content = read().map_err(|error| format!("reading {path}: {error}"))?;
    match content.trim_end() {
        "" => Err(format!("{path} is empty")),
        secret => Ok(secret.into()),
    }
}

/// The requests that the log of requests keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LoggedRequests {
    /// All of known callers.
    #[default]
    All,
    /// Those that were rejected or failed.
    Rejected,
    /// None.
    None,
}

impl LoggedRequests {
    /// Whether a request is kept.
    pub(crate) fn keep(self, is_rejected: bool) -> bool {
        match self {
            LoggedRequests::All => true,
            LoggedRequests::Rejected => is_rejected,
            LoggedRequests::None => false,
        }
    }
}

/// Settings of the API server.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// The database, as a role behind the tenant wall (stockwell_app).
    #[arg(long, env = "STOCKWELL_DATABASE_URL", hide_env_values = true, value_parser = secret)]
    pub database_url: SecretString,
    /// Redis, to learn of revoked keys and of events at other nodes at once, and to share rate limits; optional.
    #[arg(long, env = "STOCKWELL_REDIS_URL", hide_env_values = true, value_parser = secret)]
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
    /// The most connections to the database for work. Of 16, commands have 6, reads 5, reports 3 and jobs 2. A tenant has at most
    /// half of those for commands, reads and jobs; for its reports see --reports-max. Two more find credentials, two more
    /// write the log of requests, and one more for each 16, at least 2, sends exports.
    #[arg(long, env = "STOCKWELL_DB_CONNECTIONS", default_value_t = 16, value_parser = clap::value_parser!(u32).range(4..=1_000))]
    pub db_connections: u32,
    /// The most reports at once, of which a tenant runs a quarter, and at least one. Each keeps a processor of the database busy.
    /// Half of the processors of this machine if absent, and at least 2; never more than the connections for reports.
    #[arg(long, env = "STOCKWELL_REPORTS_MAX", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub reports_max: Option<u32>,
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
    /// The requests that the log of requests keeps for 7 days. A request takes about 500 bytes of the database.
    #[arg(long, env = "STOCKWELL_LOGGED_REQUESTS", value_enum, default_value_t = LoggedRequests::All)]
    pub logged_requests: LoggedRequests,
    /// Limits of connections.
    #[command(flatten)]
    pub connections: ConnectionLimits,
    /// Limits by time.
    #[command(flatten)]
    pub rates: RateLimits,
    /// The most streams of changes of all tenants; a tenant may have a quarter of them, and at least 10. The last quarter is for
    /// tenants with few streams.
    #[arg(long, env = "STOCKWELL_STREAMS_MAX", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub streams_max: u32,
    /// Seconds for which browsers that reached this server by HTTPS use nothing else (Strict-Transport-Security); 0 sends no such
    /// header. Set it when the name of the server will not be served without TLS again.
    #[arg(long, env = "STOCKWELL_HSTS_SECONDS", default_value_t = 0)]
    pub hsts_seconds: u32,
    /// Networks of our own proxies. Their X-Forwarded-For is trusted, their connections count only in all, and they alone
    /// may speak HTTP/2 without TLS.
    #[arg(long, env = "STOCKWELL_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpNet>,
    /// Networks that webhooks and sign-ins with a provider may reach although they are not public, such as 10.1.0.0/16 for an ERP in the
    /// same house. Addresses in them may also be named by http. The worker needs the same.
    #[arg(long, env = "STOCKWELL_WEBHOOK_NETWORKS", value_delimiter = ',')]
    pub webhook_networks: Vec<IpNet>,
    /// The store of the contents of files.
    #[command(flatten)]
    pub store: StoreArgs,
    /// The folder of the pages' files (`web` of the sources), for work on them: a change shows when the page is loaded again. The
    /// files built into the program are served if absent.
    #[arg(long, env = "STOCKWELL_WEB_FOLDER")]
    pub web_folder: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_is_a_text_or_a_file() {
        assert_eq!(secret("postgres://a:b@c/d").expect("a secret").expose_secret(), "postgres://a:b@c/d");
        let file = std::env::temp_dir().join(format!("stockwell-secret-{}", std::process::id()));
        let named = format!("file:{}", file.display());
        assert!(secret(&named).expect_err("no file").contains("reading"));
        std::fs::write(&file, "postgres://a:b@c/d\n").expect("a file");
        assert_eq!(secret(&named).expect("a secret").expose_secret(), "postgres://a:b@c/d");
        std::fs::write(&file, "\n").expect("a file");
        assert!(secret(&named).expect_err("nothing").contains("empty"));
        std::fs::remove_file(&file).expect("the file goes");
    }
}
