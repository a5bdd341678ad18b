//! `bench reports`: reports over HTTP on millions of sales lines, with roll-ups and without, in one run. Both must have the
//! same figures. Then sales beside the worker's folds, reports beside sales, and DuckDB over the same lines. Other tenants have
//! lines in the same tables.

mod beside_sales;
mod duckdb;
mod made;

use std::time::{Duration, Instant};

use chrono::{Datelike, Days, Months, NaiveDate};
use clap::Args;
use domain::id::TenantId;
use reqwest::Client;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection};
use serde_json::Value;
use service::tx::PoolOptions;
use service::{Db, rollup};
use uuid::Uuid;

use crate::stand::{self, Shop, Stand, StandOptions};
use crate::{Failure, cpu, paced};

/// Requests, and the median in milliseconds that each may take.
const REQUESTS: [(&str, Option<f64>); 20] = [
    ("revenue?group_by=month,channel", Some(20.0)),
    ("channel_summary", Some(20.0)),
    ("margin?group_by=day,channel&from=:quarter&to=:next_quarter", Some(20.0)),
    ("revenue?group_by=month,location,country", Some(20.0)),
    ("revenue?group_by=hour&from=:week&to=:next_week", Some(20.0)),
    ("revenue?group_by=month,channel&tz=Asia/Kathmandu", None),
    ("product_performance?limit=100", Some(150.0)),
    ("product_performance?limit=100&from=:quarter&to=:next_quarter", Some(150.0)),
    ("abc?limit=100", Some(150.0)),
    ("customer_value?limit=100", Some(150.0)),
    ("margin?group_by=category,month", None),
    ("product_performance?limit=100&from=:cut", None),
    ("revenue?group_by=product,customer&limit=100&from=:quarter&to=:next_quarter", None),
    ("channel_summary?trade=true", None),
    ("best_customers?limit=100", Some(150.0)),
    ("weak_margins?limit=100&from=:quarter&to=:next_quarter", None),
    ("revenue?group_by=month,channel&from=:quarter&to=:next_quarter&compare=previous_period", None),
    ("revenue?group_by=country,month&channel=wholesale&from=:quarter&to=:next_quarter", None),
    ("revenue?group_by=category&country=DE,AT&from=:quarter&to=:next_quarter", None),
    ("margin?group_by=product&channel=retail&limit=100&from=:quarter&to=:next_quarter", None),
];
/// Lines that are folded at once to measure the cost of one.
const FOLDED: i64 = 30_000;

/// Arguments of `bench reports`.
#[derive(Debug, Args)]
pub struct ReportsArgs {
    /// Sales lines of the tenant.
    #[arg(long, default_value_t = 10_000_000)]
    lines: i64,
    /// Sales lines that are not folded while the reports are measured.
    #[arg(long, default_value_t = 1_000)]
    tail: i64,
    /// Other tenants, with 2,000 lines each.
    #[arg(long, default_value_t = 50)]
    others: i64,
    /// Repetitions of each request.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Seconds of each run of sales.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// A Python that may have the package `duckdb`.
    #[arg(long, default_value = "python3")]
    python: String,
}

/// Measures, prints the table and the gates.
pub async fn run(args: &ReportsArgs) -> Result<(), Failure> {
    let stand = Stand::start(StandOptions { workers: 2, connections: 8, rate_limits: false }).await?;
    let outcome = measure(&stand, args).await;
    stand.stop().await?;
    outcome
}

async fn measure(stand: &Stand, args: &ReportsArgs) -> Result<(), Failure> {
    let mut root = PgConnection::connect(&stand.database_url(stand::DATABASE)).await?;
    let tenant_id: Uuid =
        sqlx::query_scalar("select tenant_id from tenant where slug = 'bench'").fetch_one(&mut root).await?;
    made::records(&stand.shop, made::LARGE).await?;
    let started = Instant::now();
    made::add(&mut root, tenant_id, (args.lines, 0), 730).await?;
    let others = made::others(stand, &mut root, args.others).await?;
    stand.settle(stand::DATABASE)?;
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{} sales lines, and those of {} other tenants, made in {seconds:.1} s",
        args.lines,
        others.len()
    );
    let options = PoolOptions { connections_max: 1, ..PoolOptions::default() };
    let db = Db::connect(&stand.postgres.url("stockwell_app", stand::DATABASE), &options).await?;
    let started = Instant::now();
    let built = rollup::run_all(&db, TenantId(tenant_id)).await?;
    println!("roll-ups of {built} lines built in {:.1} s", started.elapsed().as_secs_f64());
    for other in &others {
        rollup::run_all(&db, TenantId(*other)).await?;
    }
    made::add(&mut root, tenant_id, (FOLDED, args.lines), 1).await?;
    fold(stand, &db, tenant_id).await?;
    stand.settle(stand::DATABASE)?;
    made::add(&mut root, tenant_id, (args.tail, args.lines + FOLDED), 1).await?;
    made::add_tails(&mut root, &others).await?;
    for table in rollup::TABLES {
        let table = table.name();
        let count = format!("select count(*), pg_total_relation_size('{table}') / 1000000 from {table}");
        let row = sqlx::query_as::<_, (i64, i64)>(sqlx::AssertSqlSafe(count)).fetch_one(&mut root).await?;
        println!("{table}: {} rows, {} MB", row.0, row.1);
    }
    let medians_ms = table(stand, &mut root, (tenant_id, args.rounds)).await?;
    let is_counted = counts_a_sale(&stand.shop).await?;
    let is_near = duckdb::measure(stand, args, tenant_id, &medians_ms)?;
    let is_beside = beside_sales::measure(stand, &mut root, &db, (tenant_id, args.seconds)).await?;
    let mut gates = REQUESTS.iter().zip(medians_ms);
    let is_fast = gates.all(|((_, gate_ms), median_ms)| gate_ms.is_none_or(|gate_ms| median_ms <= gate_ms));
    if is_fast && is_counted && is_near && is_beside { Ok(()) } else { Err("a gate was missed".into()) }
}

/// Folds the new lines of a tenant, and prints the cost of one.
async fn fold(stand: &Stand, db: &Db, tenant_id: Uuid) -> Result<(), Failure> {
    let (before, started) = (cpu::of_tree(stand.postmaster)?, Instant::now());
    let folded = rollup::run_all(db, TenantId(tenant_id)).await?;
    let time_us = started.elapsed().as_secs_f64() * 1e6;
    let cpu_us = (cpu::of_tree(stand.postmaster)? - before) * 1e6;
    let lines = f64::from(i32::try_from(folded.max(1))?);
    println!(
        "{folded} more lines folded: a line takes {:.1} µs of time, {:.1} µs of processor time of the database",
        time_us / lines,
        cpu_us / lines
    );
    Ok(())
}

/// Prints whether a report counts a sale that was acknowledged just before.
async fn counts_a_sale(shop: &Shop) -> Result<bool, Failure> {
    let before = orders(shop).await?;
    shop.ask("/v1/pos/sales", &paced::sale(shop)).await?;
    let is_counted = orders(shop).await? == before + 1;
    println!("a sale acknowledged just before is in the report: {}", word(is_counted));
    Ok(is_counted)
}

/// Returns the number of orders of the channel summary.
async fn orders(shop: &Shop) -> Result<i64, Failure> {
    let summary = shop.get("/v1/reports/channel_summary").await?;
    Ok(summary["totals"][0]["orders"].as_i64().ok_or("a total without orders")?)
}

/// Prints a line for each request, and returns the medians. Fails if a figure differs.
async fn table(
    stand: &Stand,
    root: &mut PgConnection,
    (tenant_id, rounds): (Uuid, usize),
) -> Result<Vec<f64>, Failure> {
    let http = Client::builder().no_proxy().build()?;
    let hide =
        "update sales_rollup set generation = null, layout = null, time_zone = null where tenant_id = $1";
    let show = "update sales_rollup set generation = 1, layout = $2, time_zone = 'Europe/Berlin' where tenant_id = $1";
    println!(
        "\n{:<84}{:>10}{:>10}{:>12}{:>8}  gate ms",
        "report", "median ms", "p99 ms", "lines ms", "÷ lines"
    );
    let today = today(root).await?;
    let mut medians_ms = Vec::with_capacity(REQUESTS.len());
    for (request, gate_ms) in REQUESTS {
        let request = dated(request, today);
        let url = stand.shop.url(&format!("/v1/reports/{request}"));
        let (mut times, mut with) = (Vec::new(), Value::Null);
        for _ in 0..rounds {
            let started = Instant::now();
            with = ask(&http, &stand.shop, &url).await?;
            times.push(started.elapsed());
        }
        sqlx::query(hide).bind(tenant_id).execute(&mut *root).await?;
        let started = Instant::now();
        let without = ask(&http, &stand.shop, &url).await?;
        let lines_ms = started.elapsed().as_secs_f64() * 1e3;
        sqlx::query(show).bind(tenant_id).bind(rollup::LAYOUT).execute(&mut *root).await?;
        if (&with["rows"], &with["totals"]) != (&without["rows"], &without["totals"]) {
            return Err(format!("{request}: the figures differ").into());
        }
        let (median_ms, p99_ms) = (percentile_ms(&mut times, 50), percentile_ms(&mut times, 99));
        let passed = gate_ms.is_none_or(|gate_ms| median_ms <= gate_ms);
        medians_ms.push(median_ms);
        println!(
            "{request:<84}{median_ms:>10.1}{p99_ms:>10.1}{lines_ms:>12.1}{:>8.3}  {}",
            median_ms / lines_ms,
            gate_ms.map_or_else(String::new, |gate| format!("{gate} {}", word(passed)))
        );
    }
    Ok(medians_ms)
}

async fn today(root: &mut PgConnection) -> Result<NaiveDate, Failure> {
    Ok(sqlx::query_scalar("select current_date").fetch_one(root).await?)
}

/// Puts days into a request: whole ones of the last year, and one within a month.
fn dated(request: &str, today: NaiveDate) -> String {
    let quarter = today.with_day(1).unwrap_or(today) - Months::new(6);
    let cut = quarter + Days::new(9);
    request
        .replace(":next_quarter", &(quarter + Months::new(3)).to_string())
        .replace(":quarter", &quarter.to_string())
        .replace(":next_week", &(cut + Days::new(7)).to_string())
        .replace(":week", &cut.to_string())
        .replace(":cut", &cut.to_string())
}

async fn ask(http: &Client, shop: &Shop, url: &str) -> Result<Value, Failure> {
    let response = http.get(url).bearer_auth(&shop.key).send().await?;
    if !response.status().is_success() {
        return Err(format!("{url}: {}", response.text().await?).into());
    }
    Ok(response.json().await?)
}

fn percentile_ms(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    let at = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}

fn word(passed: bool) -> &'static str {
    if passed { "passed" } else { "MISSED" }
}
