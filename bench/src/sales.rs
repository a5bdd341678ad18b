//! `bench sales`: till sales of three lines over HTTP, interleaved with the two floors on the same cluster.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection, Row};

use crate::floor::{self, Floor};
use crate::load::{self, Spread};
use crate::stand::{self, Stand, StandOptions};
use crate::{Failure, cpu};

/// Arguments of `bench sales`.
#[derive(Debug, Args)]
pub struct SalesArgs {
    /// Seconds of each run.
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// Repetitions of each run.
    #[arg(long, default_value_t = 2)]
    rounds: usize,
    /// Folder with the floor's pgbench scripts; without it only Stockwell is measured.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/floor"))]
    floor: PathBuf,
    /// Threads of the server that serve requests.
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// Connections of the server to the database.
    #[arg(long, default_value_t = 16)]
    connections: u32,
}

/// One case, measured on all sides.
#[derive(Debug)]
struct Case {
    name: &'static str,
    connections: usize,
    spread: Spread,
    ours: Side,
    floor: Side,
    own_rows: Side,
    /// Number of transactions with each number of commands.
    batches: BTreeMap<i64, i64>,
}

/// The figures of one side, summed over rounds.
#[derive(Debug, Default)]
struct Side {
    rounds: f64,
    rate: f64,
    p50_ms: f64,
    p99_ms: f64,
    sales: f64,
    api_seconds: f64,
    database_seconds: f64,
    log_bytes: f64,
}

impl Side {
    fn mean(&self, sum: f64) -> f64 {
        sum / self.rounds.max(1.0)
    }

    fn rate(&self) -> f64 {
        self.mean(self.rate)
    }

    fn p50_ms(&self) -> f64 {
        self.mean(self.p50_ms)
    }

    fn p99_ms(&self) -> f64 {
        self.mean(self.p99_ms)
    }

    fn per_sale(&self, sum: f64) -> f64 {
        sum / self.sales.max(1.0)
    }

    /// Returns milliseconds of processor time per sale.
    fn cpu_ms(&self) -> f64 {
        self.per_sale(self.api_seconds + self.database_seconds) * 1e3
    }

    /// Returns kilobytes of write-ahead log per sale.
    fn log_kb(&self) -> f64 {
        self.per_sale(self.log_bytes) / 1e3
    }

    fn add(&mut self, outcome: &floor::Outcome) {
        self.rounds += 1.0;
        self.rate += outcome.rate;
        self.sales += outcome.sales;
        self.p50_ms += outcome.p50_ms;
        self.p99_ms += outcome.p99_ms;
    }
}

/// Resources that the servers had used at an instant.
struct Meter {
    api_seconds: f64,
    database_seconds: f64,
    log_bytes: i64,
}

impl Meter {
    async fn read(stand: &Stand, root: &mut PgConnection) -> Result<Self, Failure> {
        // A backend whose client has disconnected is counted once, when the postmaster has seen its end.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let statement = "select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint";
        Ok(Meter {
            log_bytes: sqlx::query(statement).fetch_one(root).await?.try_get(0)?,
            api_seconds: cpu::of_process(stand.server())?,
            database_seconds: cpu::of_tree(stand.postmaster)?,
        })
    }

    /// Adds the resources used since `before`.
    fn add_to(&self, side: &mut Side, before: &Meter) {
        side.api_seconds += self.api_seconds - before.api_seconds;
        side.database_seconds += self.database_seconds - before.database_seconds;
        side.log_bytes += (self.log_bytes - before.log_bytes) as f64;
    }
}

/// Measures, prints the tables and the gates, and checks the books.
pub async fn run(args: &SalesArgs) -> Result<(), Failure> {
    let stand = Stand::start(StandOptions {
        workers: args.workers,
        connections: args.connections,
        rate_limits: false,
    })
    .await?;
    let floors = if args.floor.join("schema.sql").exists() {
        let own_rows = Floor::prepare_own_rows(&stand).await?;
        Some([Floor::prepare(&stand, &args.floor)?, own_rows])
    } else {
        println!("No floor scripts in {}: only Stockwell is measured.", args.floor.display());
        None
    };
    load::sell(&stand.shop, 8, Duration::from_secs(2), Spread::Wide).await?;
    stand.settle(stand::DATABASE)?;
    for floor in floors.iter().flatten() {
        floor.sell(8, Duration::from_secs(2), Spread::Wide)?;
        stand.settle(floor.database)?;
    }
    let mut cases = [
        ("1 connection", 1, Spread::Wide),
        ("8 connections", 8, Spread::Wide),
        ("32 connections", 32, Spread::Wide),
        ("32, hot (3 products)", 32, Spread::Hot),
    ]
    .map(Case::new);
    for case in &mut cases {
        case.measure(&stand, floors.as_ref(), args).await?;
    }
    print_rates(&cases);
    print_costs(&cases);
    print_batches(&cases);
    let passed = floors.is_none() || print_gates(&cases);
    let memory = std::fs::read_to_string(format!("/proc/{}/status", stand.server()))?;
    let peak = memory.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    println!("server memory: {}", peak.trim_start_matches("VmHWM:").trim());
    let books = stand.shop.get("/v1/integrity").await;
    stand.stop().await?;
    let books = books?;
    let holds = books["holds"] == true;
    println!("books: {}", if holds { "all facts hold" } else { "DIFFER" });
    match (passed, holds) {
        (true, true) => Ok(()),
        (_, false) => Err("the books differ".into()),
        (false, true) => Err("a gate was missed".into()),
    }
}

impl Case {
    fn new((name, connections, spread): (&'static str, usize, Spread)) -> Self {
        let side = Side::default;
        Case {
            name,
            connections,
            spread,
            ours: side(),
            floor: side(),
            own_rows: side(),
            batches: BTreeMap::new(),
        }
    }

    /// Runs every side in turns, as many rounds as the arguments say.
    async fn measure(
        &mut self,
        stand: &Stand,
        floors: Option<&[Floor; 2]>,
        args: &SalesArgs,
    ) -> Result<(), Failure> {
        let duration = Duration::from_secs(args.seconds);
        let mut root = PgConnection::connect(&stand.database_url(stand::DATABASE)).await?;
        for _ in 0..args.rounds {
            for (floor, side) in floors.into_iter().flatten().zip([&mut self.floor, &mut self.own_rows]) {
                let before = Meter::read(stand, &mut root).await?;
                side.add(&floor.sell(self.connections, duration, self.spread)?);
                Meter::read(stand, &mut root).await?.add_to(side, &before);
            }
            let before = Meter::read(stand, &mut root).await?;
            let since: DateTime<Utc> =
                sqlx::query("select clock_timestamp()").fetch_one(&mut root).await?.try_get(0)?;
            let sold = load::sell(&stand.shop, self.connections, duration, self.spread).await?;
            Meter::read(stand, &mut root).await?.add_to(&mut self.ours, &before);
            self.ours.add(&floor::Outcome {
                rate: sold.rate(),
                sales: sold.sales as f64,
                p50_ms: sold.percentile_ms(50),
                p99_ms: sold.percentile_ms(99),
            });
            self.count_batches(&mut root, since).await?;
        }
        Ok(root.close().await?)
    }

    /// Counts the batches since an instant. The commands of a batch have the same time.
    async fn count_batches(&mut self, root: &mut PgConnection, since: DateTime<Utc>) -> Result<(), Failure> {
        let statement = "select size, count(*) from (select count(*) as size from command \
             where recorded_at >= $1 and name = 'pos_sale.completed' group by tenant_id, recorded_at) batch \
             group by size";
        for row in sqlx::query(statement).bind(since).fetch_all(root).await? {
            *self.batches.entry(row.try_get(0)?).or_default() += row.try_get::<i64, _>(1)?;
        }
        Ok(())
    }
}

fn print_rates(cases: &[Case]) {
    println!("{:<22}{:>10}{:>10}{:>10}{:>8}{:>8}", "case", "sales/s", "F1/s", "F2/s", "÷ F1", "÷ F2");
    for Case { name, ours, floor, own_rows, .. } in cases {
        println!(
            "{name:<22}{:>10.0}{:>10.0}{:>10.0}{:>8.2}{:>8.2}",
            ours.rate(),
            floor.rate(),
            own_rows.rate(),
            ours.rate() / floor.rate(),
            ours.rate() / own_rows.rate()
        );
    }
}

/// Prints the costs of a sale: ours / F1 / F2.
fn print_costs(cases: &[Case]) {
    println!("\nours / F1 / F2");
    println!(
        "{:<22}{:>22}{:>24}{:>32}{:>22}",
        "case", "p50 ms", "p99 ms", "processor ms (api + db)", "log kB"
    );
    let three = |ours: f64, floor: f64, own_rows: f64| format!("{ours:.2} / {floor:.2} / {own_rows:.2}");
    for Case { name, ours, floor, own_rows, .. } in cases {
        let cpu = format!(
            "{:.3} + {:.3} / {:.3} / {:.3}",
            ours.per_sale(ours.api_seconds) * 1e3,
            ours.per_sale(ours.database_seconds) * 1e3,
            floor.cpu_ms(),
            own_rows.cpu_ms()
        );
        println!(
            "{name:<22}{:>22}{:>24}{cpu:>32}{:>22}",
            three(ours.p50_ms(), floor.p50_ms(), own_rows.p50_ms()),
            three(ours.p99_ms(), floor.p99_ms(), own_rows.p99_ms()),
            three(ours.log_kb(), floor.log_kb(), own_rows.log_kb())
        );
    }
}

/// Prints the number of sales in one transaction: the mean, and the share of transactions of each size.
fn print_batches(cases: &[Case]) {
    const SIZES: [(i64, i64); 7] = [(1, 1), (2, 3), (4, 7), (8, 15), (16, 31), (32, 63), (64, i64::MAX)];
    print!("\n{:<22}{:>14}{:>8}", "sales a transaction", "transactions", "mean");
    for (from, to) in SIZES {
        print!("{:>8}", if from == to || to == i64::MAX { from.to_string() } else { format!("{from}–{to}") });
    }
    println!();
    for Case { name, batches, .. } in cases {
        let all = batches.values().sum::<i64>().max(1) as f64;
        let sales: i64 = batches.iter().map(|(size, count)| size * count).sum();
        print!("{name:<22}{all:>14.0}{:>8.1}", sales as f64 / all);
        for (from, to) in SIZES {
            let count: i64 = batches.range(from..=to).map(|(_, count)| count).sum();
            print!("{:>7.0}%", count as f64 * 100.0 / all);
        }
        println!();
    }
    println!();
}

/// Prints the gates of the design. Returns whether this run passed all of them.
fn print_gates(cases: &[Case]) -> bool {
    let [one, eight, many, hot] = cases else { return false };
    let mut all = true;
    let mut gate = |name: &str, value: f64, at_least: bool, limit: f64| {
        let passed = if at_least { value >= limit } else { value <= limit };
        all &= passed;
        let sign = if at_least { "≥" } else { "≤" };
        println!(
            "{:<44}{value:>8.2}  gate {sign} {limit:<5} {}",
            name,
            if passed { "passed" } else { "MISSED" }
        );
    };
    gate("rate at 32 connections ÷ F1", many.ours.rate() / many.floor.rate(), true, 0.5);
    gate("hot rate at 32 ÷ hot F1", hot.ours.rate() / hot.floor.rate(), true, 2.0);
    gate("hot rate ÷ own spread rate", hot.ours.rate() / many.ours.rate(), true, 0.5);
    gate("processor time per sale ÷ F1 (32)", many.ours.cpu_ms() / many.floor.cpu_ms(), false, 1.6);
    gate("p50 at 1 connection ÷ F1", one.ours.p50_ms() / one.floor.p50_ms(), false, 6.0);
    gate("p99 at 8 connections ÷ F1", eight.ours.p99_ms() / eight.floor.p99_ms(), false, 3.0);
    all
}
