//! The floors: one server-side function call per sale, driven by pgbench, on the same cluster. F1 writes the smallest
//! set of rows that could record a sale, F2 exactly the rows that Stockwell writes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection, Executor, Row};
use uuid::Uuid;

use crate::Failure;
use crate::load::Spread;
use crate::stand::{self, PRODUCTS, Stand};

/// The database of F1.
pub const DATABASE: &str = "floor";
/// The database of F2, with the schema of the product.
pub const OWN_ROWS_DATABASE: &str = "own_rows";

/// Result of a run of pgbench.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Sales per second.
    pub rate: f64,
    /// Number of sales.
    pub sales: f64,
    /// Median latency in milliseconds.
    pub p50_ms: f64,
    /// 99th percentile in milliseconds.
    pub p99_ms: f64,
}

/// A database with a function that sells, and a pgbench script for each spread.
pub struct Floor {
    /// Its database.
    pub database: &'static str,
    wide: PathBuf,
    hot: PathBuf,
    pgbench: PathBuf,
    url: String,
    log: PathBuf,
}

impl Floor {
    /// Makes F1 with the scripts in `scripts`.
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
        let (wide, hot) = (scripts.join("w1_function.sql"), scripts.join("w1_function_hot.sql"));
        Ok(Self::new(stand, DATABASE, url, (wide, hot)))
    }

    /// Makes F2: the product's schema with its own shop. The product's role sells from it, with row-level security.
    pub async fn prepare_own_rows(stand: &Stand) -> Result<Self, Failure> {
        let database = OWN_ROWS_DATABASE;
        stand::migrated(&stand.postgres, database).await?;
        let mut connection = PgConnection::connect(&stand.database_url(database)).await?;
        connection.execute(include_str!("../sql/own_rows.sql")).await?;
        let tenant_id: Uuid =
            sqlx::query("select tenant_id from tenant").fetch_one(&mut connection).await?.try_get(0)?;
        connection.close().await?;
        let third = PRODUCTS / 3;
        let script = |name: &str, ranges: [(usize, usize); 3]| -> Result<PathBuf, Failure> {
            let path = stand.folder.join(name);
            let mut text = String::new();
            for (variable, (first, last)) in ["a", "b", "c"].into_iter().zip(ranges) {
                text.push_str(&format!("\\set {variable} random({first}, {last})\n"));
            }
            text.push_str(&format!("select floor.sell('{tenant_id}', :a, :b, :c);\n"));
            std::fs::write(&path, text)?;
            Ok(path)
        };
        let part = |number: usize| (number * third + 1, (number + 1) * third);
        let wide = script("own_rows.sql", [part(0), part(1), part(2)])?;
        let hot = script("own_rows_hot.sql", [(1, 1), (2, 2), (3, 3)])?;
        let url = stand.postgres.url("stockwell_app", database);
        Ok(Self::new(stand, database, url, (wide, hot)))
    }

    fn new(stand: &Stand, database: &'static str, url: String, (wide, hot): (PathBuf, PathBuf)) -> Self {
        let log = stand.folder.join(format!("{database}-log"));
        Floor { database, wide, hot, pgbench: stand.postgres.program("pgbench"), url, log }
    }

    /// Sells on `clients` connections for `duration`.
    pub fn sell(&self, clients: usize, duration: Duration, spread: Spread) -> Result<Outcome, Failure> {
        let script = match spread {
            Spread::Wide => &self.wide,
            Spread::Hot => &self.hot,
        };
        let seconds = duration.as_secs().max(1).to_string();
        let output = Command::new(&self.pgbench)
            .args(["-n", "-M", "prepared", "-j", "2", "-c", &clients.to_string(), "-T", &seconds, "-l"])
            .arg(format!("--log-prefix={}", self.log.display()))
            .arg("-f")
            .arg(script)
            .arg(&self.url)
            .output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
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
