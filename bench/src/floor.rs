//! The floor: one server-side function call per sale, driven by pgbench, on the same cluster.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Failure;
use crate::load::Spread;
use crate::stand::Stand;

/// The floor's database.
pub const DATABASE: &str = "floor";

/// What pgbench said.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Sales per second.
    pub rate: f64,
    /// How many sales.
    pub sales: f64,
    /// Median latency in milliseconds.
    pub p50_ms: f64,
    /// 99th percentile in milliseconds.
    pub p99_ms: f64,
}

/// The floor's tables and scripts.
pub struct Floor {
    scripts: PathBuf,
    pgbench: PathBuf,
    url: String,
    log: PathBuf,
}

impl Floor {
    /// Makes the floor's database with the scripts in `scripts`.
    pub fn prepare(stand: &Stand, scripts: &Path) -> Result<Self, Failure> {
        let psql = |url: &str, args: &[&str]| -> Result<(), Failure> {
            let status = Command::new(stand.postgres.program("psql"))
                .args(["-q", "-v", "ON_ERROR_STOP=1", "-d", url])
                .args(args)
                .stdout(Stdio::null())
                .status()?;
            if status.success() { Ok(()) } else { Err("psql failed".into()) }
        };
        psql(&stand.postgres.admin_url(), &["-c", "create database floor"])?;
        let url = stand.database_url(DATABASE);
        let schema = scripts.join("schema.sql");
        psql(&url, &["-f", &schema.to_string_lossy()])?;
        let log = std::env::temp_dir().join(format!("stockwell-floor-{}", std::process::id()));
        Ok(Floor { scripts: scripts.to_owned(), pgbench: stand.postgres.program("pgbench"), url, log })
    }

    /// Sells on `clients` connections for `duration`.
    pub fn sell(&self, clients: usize, duration: Duration, spread: Spread) -> Result<Outcome, Failure> {
        let script = match spread {
            Spread::Wide => "w1_function.sql",
            Spread::Hot => "w1_function_hot.sql",
        };
        let seconds = duration.as_secs().max(1).to_string();
        let output = Command::new(&self.pgbench)
            .args(["-n", "-M", "prepared", "-j", "2", "-c", &clients.to_string(), "-T", &seconds, "-l"])
            .arg(format!("--log-prefix={}", self.log.display()))
            .arg("-f")
            .arg(self.scripts.join(script))
            .arg(&self.url)
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let figure = |name: &str| -> Option<f64> {
            let line = text.lines().find(|line| line.starts_with(name))?;
            line.split(['=', ':']).nth(1)?.split_whitespace().next()?.parse().ok()
        };
        let sales = figure("number of transactions actually processed").ok_or("pgbench gave no count")?;
        let rate = figure("tps").ok_or("pgbench gave no rate")?;
        let (p50_ms, p99_ms) = self.latencies()?;
        Ok(Outcome { rate, sales, p50_ms, p99_ms })
    }

    /// Reads and removes the logs of the last run.
    fn latencies(&self) -> Result<(f64, f64), Failure> {
        let folder = self.log.parent().ok_or("a log without a folder")?;
        let prefix = self.log.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut micros: Vec<u64> = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let is_ours = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix));
            if is_ours {
                let text = std::fs::read_to_string(&path)?;
                micros.extend(text.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<u64>().ok()));
                std::fs::remove_file(&path)?;
            }
        }
        micros.sort_unstable();
        let at = |percent: usize| {
            micros.get(micros.len() * percent / 100).map_or(0.0, |micros| *micros as f64 / 1e3)
        };
        Ok((at(50), at(99)))
    }
}
