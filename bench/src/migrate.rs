//! `bench migrate`: the longest sale while `stockwell migrate` states every definition and some walls again.

use std::time::{Duration, Instant};

use clap::Args;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{Connection, Executor};

use crate::Failure;
use crate::paced::sell;
use crate::stand::{self, Stand, StandOptions};

/// Longest time of a sale beside a migration.
const STALL_MAX: Duration = Duration::from_millis(200);
/// Makes the noted definitions and the walls of four tables differ. Each statement locks one table, for a moment.
const TAMPER: [&str; 6] = [
    "set role stockwell_owner",
    "delete from schema_replaceable",
    "alter policy tenant_wall on pos_sale rename to other_wall",
    "alter policy tenant_wall on stock_level rename to other_wall",
    "grant delete on journal_line to stockwell_app",
    "reset role",
];

/// Arguments of `bench migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// Number of migrations.
    #[arg(long, default_value_t = 10)]
    migrations: u32,
    /// Tills, each with a sale every 100 ms.
    #[arg(long, default_value_t = 8)]
    tills: usize,
}

/// Measures, prints the longest sale and the gate.
pub async fn run(args: &MigrateArgs) -> Result<(), Failure> {
    let stand = Stand::start(StandOptions { workers: 2, connections: 16, rate_limits: true }).await?;
    let outcome = measure(&stand, args).await;
    stand.stop().await?;
    outcome
}

async fn measure(stand: &Stand, args: &MigrateArgs) -> Result<(), Failure> {
    stand.settle(stand::DATABASE)?;
    let url = stand.postgres.url("stockwell_migrator", stand::DATABASE);
    let duration = Duration::from_secs(2) * args.migrations;
    let quiet = sell(&stand.shop, args.tills, Duration::from_secs(5)).await?;
    let (beside, migrations) =
        tokio::join!(sell(&stand.shop, args.tills, duration), migrate(&url, args.migrations));
    let (beside, longest_migration) = (beside?, migrations?);
    for (name, sold) in [("alone", &quiet), ("beside migrations", &beside)] {
        let (sales, refused) = (sold.latencies.len(), sold.rejected.values().sum::<usize>());
        println!(
            "{name:<18} {sales:>6} sales, p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms, {refused} refused",
            sold.percentile_ms(50),
            sold.percentile_ms(99),
            sold.percentile_ms(100)
        );
    }
    println!(
        "the longest of {} migrations took {:.0} ms",
        args.migrations,
        longest_migration.as_secs_f64() * 1e3
    );
    let stalled = beside.latencies.last().is_some_and(|longest| *longest > STALL_MAX);
    if stalled || !beside.rejected.is_empty() {
        return Err(format!("a sale was refused or took longer than {STALL_MAX:?}").into());
    }
    Ok(())
}

async fn migrate(url: &str, migrations: u32) -> Result<Duration, Failure> {
    let mut migrator = PgConnection::connect(url).await?;
    let mut longest = Duration::ZERO;
    for _ in 0..migrations {
        for statement in TAMPER {
            migrator.execute(statement).await?;
        }
        let started = Instant::now();
        migration::up(url).await?;
        longest = longest.max(started.elapsed());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(longest)
}
