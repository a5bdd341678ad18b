//! `bench sales`: till sales of three lines over HTTP, interleaved with the floor on the same cluster.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::floor::{self, Floor};
use crate::load::{self, Spread};
use crate::stand::{self, Stand};
use crate::{Failure, cpu};

/// How to measure.
#[derive(Debug, Args)]
pub struct SalesArgs {
    /// Seconds of each run.
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// How often each run is repeated.
    #[arg(long, default_value_t = 2)]
    rounds: usize,
    /// Folder with the floor's pgbench scripts; without it only Stockwell is measured.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/floor"))]
    floor: PathBuf,
    /// Threads of the server that answer requests.
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// Connections of the server to the database.
    #[arg(long, default_value_t = 16)]
    connections: u32,
}

/// One case, measured on both sides.
#[derive(Debug, Default)]
struct Case {
    name: String,
    ours: Side,
    floor: Side,
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
}

impl Side {
    fn mean(&self, sum: f64) -> f64 {
        sum / self.rounds.max(1.0)
    }

    /// Milliseconds of processor time per sale.
    fn cpu_ms(&self) -> f64 {
        (self.api_seconds + self.database_seconds) * 1e3 / self.sales.max(1.0)
    }
}

/// Measures, prints the table and the gates, and checks the books.
pub async fn run(args: &SalesArgs) -> Result<(), Failure> {
    let stand = Stand::start(args.workers, args.connections).await?;
    let floor = if args.floor.join("schema.sql").exists() {
        Some(Floor::prepare(&stand, &args.floor)?)
    } else {
        println!("No floor scripts in {}: only Stockwell is measured.", args.floor.display());
        None
    };
    let duration = Duration::from_secs(args.seconds);
    load::sell(&stand, 8, Duration::from_secs(2), Spread::Wide).await?;
    stand.settle(stand::DATABASE)?;
    if let Some(floor) = &floor {
        floor.sell(8, Duration::from_secs(2), Spread::Wide)?;
        stand.settle(floor::DATABASE)?;
    }
    let mut cases = Vec::new();
    for (name, connections, spread) in [
        ("1 connection", 1, Spread::Wide),
        ("8 connections", 8, Spread::Wide),
        ("32 connections", 32, Spread::Wide),
        ("32, hot (3 products)", 32, Spread::Hot),
    ] {
        let mut case = Case { name: name.to_owned(), ..Case::default() };
        for _ in 0..args.rounds {
            if let Some(floor) = &floor {
                measure_floor(&stand, floor, &mut case.floor, (connections, duration, spread))?;
            }
            measure_ours(&stand, &mut case.ours, (connections, duration, spread)).await?;
        }
        cases.push(case);
    }
    print_table(&cases);
    let passed = floor.is_none() || print_gates(&cases);
    let memory = std::fs::read_to_string(format!("/proc/{}/status", stand.server()))?;
    let peak = memory.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    println!("server memory: {}", peak.trim_start_matches("VmHWM:").trim());
    let books = stand.integrity().await;
    stand.stop().await?;
    let books = books?;
    let holds = books["holds"] == true;
    println!("books: {}", if holds { "all six facts hold" } else { "DIFFER" });
    match (passed, holds) {
        (true, true) => Ok(()),
        (_, false) => Err("the books differ".into()),
        (false, true) => Err("a gate was missed".into()),
    }
}

fn measure_floor(
    stand: &Stand,
    floor: &Floor,
    side: &mut Side,
    (clients, duration, spread): (usize, Duration, Spread),
) -> Result<(), Failure> {
    let before = cpu::of_tree(stand.postmaster)?;
    let floor::Outcome { rate, sales, p50_ms, p99_ms } = floor.sell(clients, duration, spread)?;
    side.database_seconds += cpu::of_tree(stand.postmaster)? - before;
    side.rounds += 1.0;
    side.rate += rate;
    side.sales += sales;
    side.p50_ms += p50_ms;
    side.p99_ms += p99_ms;
    Ok(())
}

async fn measure_ours(
    stand: &Stand,
    side: &mut Side,
    (connections, duration, spread): (usize, Duration, Spread),
) -> Result<(), Failure> {
    let before = (cpu::of_process(stand.server())?, cpu::of_tree(stand.postmaster)?);
    let outcome = load::sell(stand, connections, duration, spread).await?;
    side.api_seconds += cpu::of_process(stand.server())? - before.0;
    side.database_seconds += cpu::of_tree(stand.postmaster)? - before.1;
    side.rounds += 1.0;
    side.rate += outcome.rate();
    side.sales += outcome.sales as f64;
    side.p50_ms += outcome.percentile_ms(50);
    side.p99_ms += outcome.percentile_ms(99);
    Ok(())
}

fn print_table(cases: &[Case]) {
    println!(
        "{:<22}{:>10}{:>10}{:>8}{:>17}{:>17}{:>20}{:>10}",
        "case",
        "sales/s",
        "floor/s",
        "ratio",
        "p50 ms / floor",
        "p99 ms / floor",
        "cpu ms api + db",
        "floor db"
    );
    for Case { name, ours, floor } in cases {
        let per_sale = |seconds: f64| seconds * 1e3 / ours.sales.max(1.0);
        println!(
            "{name:<22}{:>10.0}{:>10.0}{:>8.2}{:>17}{:>17}{:>20}{:>10.3}",
            ours.mean(ours.rate),
            floor.mean(floor.rate),
            ours.rate / floor.rate,
            format!("{:.2} / {:.2}", ours.mean(ours.p50_ms), floor.mean(floor.p50_ms)),
            format!("{:.2} / {:.2}", ours.mean(ours.p99_ms), floor.mean(floor.p99_ms)),
            format!("{:.3} + {:.3}", per_sale(ours.api_seconds), per_sale(ours.database_seconds)),
            floor.cpu_ms(),
        );
    }
}

/// Prints the gates of the design; answers whether this run passed all of them.
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
    gate("rate at 32 connections ÷ floor", many.ours.rate / many.floor.rate, true, 0.5);
    gate("hot rate at 32 ÷ hot floor", hot.ours.rate / hot.floor.rate, true, 2.0);
    gate("hot rate ÷ own spread rate", hot.ours.rate / many.ours.rate, true, 0.5);
    gate("processor time per sale ÷ floor (32)", many.ours.cpu_ms() / many.floor.cpu_ms(), false, 2.0);
    gate("p50 at 1 connection ÷ floor", one.ours.p50_ms / one.floor.p50_ms, false, 3.0);
    gate("p99 at 8 connections ÷ floor", eight.ours.p99_ms / eight.floor.p99_ms, false, 3.0);
    all
}
