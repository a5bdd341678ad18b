//! `bench reconcile`: the reconciliation of five systems over 60 days. Takes a snapshot of 50,000 lines and all exports over HTTP, makes a
//! run, and ranks 100,000 episodes. The business loses returns at one place, which the answer must name.

mod business;
mod ranking;

use std::time::Instant;

use clap::Args;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::Failure;
use crate::stand::{Shop, Stand, StandOptions};
use business::{Business, CODES};

/// Lines of the snapshot that is measured.
const SNAPSHOT_LINES: usize = 50_000;
/// Rows of a request.
const REQUEST_ROWS: usize = 50_000;
/// Episodes that are ranked.
const EPISODES: u32 = 100_000;
/// Limits in seconds: the snapshot, the run, the ranking.
const SNAPSHOT_SECONDS: f64 = 5.0;
const RUN_SECONDS: f64 = 30.0;
const RANKING_SECONDS: f64 = 0.5;

/// Arguments of `bench reconcile`.
#[derive(Debug, Args)]
pub struct ReconcileArgs {
    /// Events of all five systems together.
    #[arg(long, default_value_t = 500_000)]
    events: u32,
    /// Repetitions of the run and of the ranking: the slowest counts.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// Measures, prints the table and the gates, and checks that the planted fault is named. Fails if a gate was missed.
pub async fn run(args: &ReconcileArgs) -> Result<(), Failure> {
    let stand = Stand::start(StandOptions { workers: 2, connections: 8, rate_limits: false }).await?;
    let outcome = measure(&stand, args).await;
    stand.stop().await?;
    outcome
}

async fn measure(stand: &Stand, args: &ReconcileArgs) -> Result<(), Failure> {
    let sender = Sender { http: Client::builder().no_proxy().build()?, shop: &stand.shop };
    register(&sender).await?;
    let before = memory(stand)?;
    let (first, snapshot) = snapshot(&sender).await?;
    let begun = Instant::now();
    let rows = exports(&sender, args.events).await?;
    println!("{rows} rows of exports taken in {:.1} s\n", begun.elapsed().as_secs_f64());
    stand.settle(crate::stand::DATABASE)?;
    let after_exports = memory(stand)?;
    let mut slowest: f64 = 0.0;
    for _ in 0..args.rounds.max(1) {
        let begun = Instant::now();
        let made = stand.shop.ask("/v1/reconciliation/runs", &json!({})).await?;
        slowest = slowest.max(begun.elapsed().as_secs_f64());
        println!(
            "run: {:.1} s, of them {} ms until it was computed; {} discrepancies, {} episodes",
            begun.elapsed().as_secs_f64(),
            made["duration_ms"],
            made["discrepancies"],
            made["episodes"]
        );
    }
    check(&stand.shop.get("/v1/reconciliation/first-fix").await?)?;
    let ranked = ranking::slowest(EPISODES, args.rounds)?;
    println!("\n{:<52} {:>9} {:>7}", "what", "seconds", "gate");
    let passed = [
        gate(&format!("first snapshot of {SNAPSHOT_LINES} lines"), first, SNAPSHOT_SECONDS),
        gate(&format!("another snapshot of {SNAPSHOT_LINES} lines"), snapshot, SNAPSHOT_SECONDS),
        gate(&format!("run over 60 days, 5 systems, {} events", args.events), slowest, RUN_SECONDS),
        gate(&format!("ranking of {EPISODES} episodes"), ranked, RANKING_SECONDS),
    ];
    println!(
        "\nhighest memory of the server: {before} MB before, {after_exports} MB after the exports, {} MB after the runs",
        memory(stand)?
    );
    if passed.contains(&false) { Err("a gate was missed".into()) } else { Ok(()) }
}

/// Prints the line of a gate. Returns whether it was passed.
fn gate(what: &str, seconds: f64, limit: f64) -> bool {
    let passed = seconds <= limit;
    let verdict = if passed { "passed" } else { "MISSED" };
    println!("{what:<52} {seconds:>9.2} {limit:>7.1} {verdict}");
    passed
}

/// Returns the highest resident memory of the server so far, in MB.
fn memory(stand: &Stand) -> Result<u64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", stand.server()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc")?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes / 1_024)
}

/// The client that sends the exports.
struct Sender<'a> {
    http: Client,
    shop: &'a Shop,
}

impl Sender<'_> {
    /// Sends a body to a path of the reconciliation. Returns the response.
    async fn send(
        &self,
        method: Method,
        path: &str,
        media_type: &str,
        body: String,
    ) -> Result<Value, Failure> {
        let url = self.shop.url(&format!("/v1/reconciliation/{path}"));
        let request = self.http.request(method, url).bearer_auth(&self.shop.key);
        let response = request.header("content-type", media_type).body(body).send().await?;
        let status = response.status();
        let text = response.text().await?;
        if !status.is_success() {
            return Err(format!("{path}: {status} {text}").into());
        }
        Ok(serde_json::from_str(&text)?)
    }

    /// Sends rows of CSV. Fails if one of them is rejected.
    async fn rows(&self, path: &str, header: &str, rows: &[String]) -> Result<(), Failure> {
        let body = format!("{header}\n{}", rows.concat());
        let taken = self.send(Method::POST, path, "text/csv", body).await?;
        if taken["accepted"] == rows.len() {
            return Ok(());
        }
        Err(format!("{path}: {} of {} rows were taken: {taken}", taken["accepted"], rows.len()).into())
    }
}

async fn register(sender: &Sender<'_>) -> Result<(), Failure> {
    let systems: Vec<Value> = CODES
        .iter()
        .map(|(code, kind)| json!({ "code": code, "name": code, "kind": kind, "sync_interval_minutes": 60 }))
        .collect();
    let media_type = "application/json";
    sender.send(Method::POST, "systems", media_type, Value::Array(systems).to_string()).await?;
    let settings = json!({ "reference": CODES[0].0, "window_days": 60, "wage_per_hour": "30" });
    sender.send(Method::PUT, "settings", media_type, settings.to_string()).await?;
    Ok(())
}

/// Sends a snapshot of two systems that agree. Returns the seconds of each.
async fn snapshot(sender: &Sender<'_>) -> Result<(f64, f64), Failure> {
    let lines = business::broad_snapshot(SNAPSHOT_LINES);
    let mut seconds = [0.0; 2];
    for ((code, _), seconds) in CODES.iter().zip(&mut seconds) {
        let begun = Instant::now();
        let path = format!("snapshots?system={code}&full=false");
        sender.rows(&path, business::SNAPSHOT_HEADER, &lines).await?;
        *seconds = begun.elapsed().as_secs_f64();
    }
    Ok((seconds[0], seconds[1]))
}

/// Sends the exports of all systems. Returns the number of rows.
async fn exports(sender: &Sender<'_>, events: u32) -> Result<usize, Failure> {
    let business = Business::of(events);
    let mut sent = 0;
    for ((code, _), export) in CODES.iter().zip(&business.exports) {
        for rows in export.events.chunks(REQUEST_ROWS) {
            sender.rows(&format!("events?system={code}"), business::EVENT_HEADER, rows).await?;
            sent += rows.len();
        }
        for rows in export.snapshots.chunks(REQUEST_ROWS) {
            let path = format!("snapshots?system={code}&full=false");
            sender.rows(&path, business::SNAPSHOT_HEADER, rows).await?;
            sent += rows.len();
        }
    }
    Ok(sent)
}

/// Checks that the first fix is the fault of the business.
fn check(told: &Value) -> Result<(), Failure> {
    let fix = &told["fix"];
    println!("\n{}", told["headline"].as_str().unwrap_or_default());
    let is_right = fix["class"] == "missed_return"
        && fix["edge"]["to"] == business::FAULTY_SYSTEM
        && fix["scope"]["place"] == business::FAULTY_PLACE;
    if is_right { Ok(()) } else { Err(format!("the planted fault is not named: {told}").into()) }
}
