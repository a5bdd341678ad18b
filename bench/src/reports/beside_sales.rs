//! Sales with and without the folds of a worker, and reports beside sales and folds.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use domain::id::TenantId;
use sea_orm::sqlx;
use sea_orm::sqlx::postgres::PgConnection;
use service::{Db, rollup};
use uuid::Uuid;

use super::{REQUESTS, ask, dated, percentile_ms, today, word};
use crate::Failure;
use crate::load::{Spread, sell, sell_every};
use crate::stand::{self, Shop, Stand};

/// Connections that sell.
const CONNECTIONS: usize = 8;
/// Pairs of runs, without and with folds.
const PAIRS: usize = 3;
/// Part of the sales rate that must be left beside folds.
const RATE_MIN: f64 = 0.9;
/// Part of the sales rate beside which reports are measured.
const BESIDE: f64 = 0.8;
/// Longest time of 99 in 100 reports beside sales.
const REPORT_P99_MS: f64 = 50.0;
/// Reports with this gate are those of a dashboard.
const DASHBOARD_GATE_MS: f64 = 20.0;
/// Sales a second at which the tail is measured.
const TAIL_RATE: f64 = 1_500.0;
/// Connections that make so many.
const TAIL_CONNECTIONS: usize = 32;
/// Pause between two looks at the tail.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A worker process, which ends with this value.
struct Worker(Child);

impl Worker {
    fn start(stand: &Stand) -> Result<Self, Failure> {
        let worker = Command::new(std::env::current_exe()?.with_file_name("stockwell"))
            .arg("worker")
            .env("STOCKWELL_RELAY_DATABASE_URL", stand.postgres.url("stockwell_relay", stand::DATABASE))
            .env("STOCKWELL_DATABASE_URL", stand.postgres.url("stockwell_app", stand::DATABASE))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(stand.folder.join("worker.log"))?)
            .spawn()
            .map_err(|error| format!("starting stockwell worker (build it with --release): {error}"))?;
        Ok(Worker(worker))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended before.
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Measures both, and prints the gates. Returns whether all were passed.
pub async fn measure(
    stand: &Stand,
    root: &mut PgConnection,
    db: &Db,
    (tenant_id, seconds): (Uuid, u64),
) -> Result<bool, Failure> {
    let duration = Duration::from_secs(seconds);
    let (mut alone, mut beside_folds, mut longest_tail) = (Vec::new(), Vec::new(), 0);
    for _ in 0..PAIRS {
        alone.push(sell(&stand.shop, CONNECTIONS, duration, Spread::Wide).await?.rate());
        println!("\ntail after {seconds} s of sales without folds: {} lines", tail(root, tenant_id).await?);
        rollup::run_all(db, TenantId(tenant_id)).await?;
        let worker = Worker::start(stand)?;
        let sales = sell(&stand.shop, CONNECTIONS, duration, Spread::Wide);
        let (sold, longest) = tokio::join!(sales, watch_tail(root, tenant_id, duration));
        drop(worker);
        beside_folds.push(sold?.rate());
        longest_tail = longest_tail.max(longest?);
        rollup::run_all(db, TenantId(tenant_id)).await?;
    }
    let (alone, beside_folds) = (median(&mut alone), median(&mut beside_folds));
    let kept = beside_folds / alone;
    let rate_passed = kept >= RATE_MIN;
    println!(
        "sales/s on {CONNECTIONS} connections: {alone:.0} without folds, {beside_folds:.0} beside them: {kept:.2} \
         (gate {RATE_MIN} {}); longest tail {longest_tail} lines",
        word(rate_passed)
    );
    longest_tail_at_rate(stand, root, (tenant_id, duration * 3)).await?;
    rollup::run_all(db, TenantId(tenant_id)).await?;
    let p99_passed = reports_beside(stand, root, (alone * BESIDE, duration * 3)).await?;
    Ok(rate_passed && p99_passed)
}

/// Sells at a rate beside a worker, and prints the longest tail.
async fn longest_tail_at_rate(
    stand: &Stand,
    root: &mut PgConnection,
    (tenant_id, duration): (Uuid, Duration),
) -> Result<(), Failure> {
    let every = Duration::from_secs_f64(TAIL_CONNECTIONS as f64 / TAIL_RATE);
    let worker = Worker::start(stand)?;
    let sales = sell_every(&stand.shop, TAIL_CONNECTIONS, (duration, every), Spread::Wide);
    let (sold, longest) = tokio::join!(sales, watch_tail(root, tenant_id, duration));
    let at_end = tail(root, tenant_id).await?;
    drop(worker);
    println!(
        "at {:.0} sales/s ({TAIL_RATE:.0} are tried) beside folds: longest tail {} lines, {at_end} at the end",
        sold?.rate(),
        longest?
    );
    Ok(())
}

/// Reads reports beside sales at a rate, and folds. Returns whether their gate was passed.
async fn reports_beside(
    stand: &Stand,
    root: &mut PgConnection,
    (rate, duration): (f64, Duration),
) -> Result<bool, Failure> {
    let today = today(root).await?;
    let urls: Vec<String> = REQUESTS
        .iter()
        .filter(|(_, gate_ms)| *gate_ms == Some(DASHBOARD_GATE_MS))
        .map(|(request, _)| stand.shop.url(&format!("/v1/reports/{}", dated(request, today))))
        .collect();
    let every = Duration::from_secs_f64(CONNECTIONS as f64 / rate);
    let worker = Worker::start(stand)?;
    let sales = sell_every(&stand.shop, CONNECTIONS, (duration, every), Spread::Wide);
    let (sold, times) = tokio::join!(sales, read(&stand.shop, &urls, duration));
    drop(worker);
    let (sold, mut times) = (sold?, times?);
    let count = times.len();
    let (median_ms, p99_ms) = (percentile_ms(&mut times, 50), percentile_ms(&mut times, 99));
    let p99_passed = p99_ms <= REPORT_P99_MS;
    println!(
        "{count} dashboard reports beside {:.0} sales/s and folds: median {median_ms:.1} ms, p99 {p99_ms:.1} ms \
         (gate {REPORT_P99_MS} {}); the sales: p99 {:.1} ms",
        sold.rate(),
        word(p99_passed),
        sold.percentile_ms(99)
    );
    Ok(p99_passed)
}

/// Reads the reports in turn, one at a time.
async fn read(shop: &Shop, urls: &[String], duration: Duration) -> Result<Vec<Duration>, Failure> {
    let http = crate::paced::client()?;
    let until = Instant::now() + duration;
    let mut times = Vec::new();
    for url in urls.iter().cycle() {
        if Instant::now() >= until {
            break;
        }
        let started = Instant::now();
        ask(&http, shop, url).await?;
        times.push(started.elapsed());
    }
    Ok(times)
}

/// Returns the most lines that were not folded at one time.
async fn watch_tail(root: &mut PgConnection, tenant_id: Uuid, duration: Duration) -> Result<i64, Failure> {
    let until = Instant::now() + duration;
    let mut longest = 0;
    while Instant::now() < until {
        longest = longest.max(tail(root, tenant_id).await?);
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(longest)
}

/// Returns how many lines are not folded.
async fn tail(root: &mut PgConnection, tenant_id: Uuid) -> Result<i64, Failure> {
    let count = "select count(*) from sales_line where tenant_id = $1 \
                 and position >= (select position from sales_rollup where tenant_id = $1)";
    Ok(sqlx::query_scalar(count).bind(tenant_id).fetch_one(root).await?)
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_unstable_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}
