//! `bench webhooks`: events to 20 endpoints of a tenant, of which 5 are dead, slow or lying, while the worker is killed at random.
//!
//! The delay of a message is the time from the beginning of the transaction that wrote its event to its receipt. A worker that is
//! killed leaves leases, which the next one ends: the messages that it had are in the delays too. If a gate is missed, the delays of each
//! second, the transactions that wrote for long and the warnings of the worker are printed too.

mod check;
mod produce;
mod receiver;
mod stretch;
mod writers;

use std::fmt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use clap::Args;
use rand::RngExt;
use serde_json::{Value, json};

use crate::Failure;
use crate::stand::{self, Stand, StandOptions};
use check::{Feed, Outcome};
use produce::Made;
use receiver::{Behaviour, Receiver};
use writers::Writers;

/// Endpoints that respond at once.
const HEALTHY: usize = 15;
/// Longest 99th percentile of the delays of a healthy endpoint.
const DELAY_MAX: Duration = Duration::from_secs(2);
/// Smallest part of the wanted events that are made, in percent. Otherwise another rate was measured.
const MADE_MIN: usize = 95;
/// Pause between two looks whether everything has arrived.
const LOOK: Duration = Duration::from_secs(1);

/// Arguments of `bench webhooks`.
#[derive(Debug, Args)]
pub struct WebhooksArgs {
    /// Events of a second: a tenth are changes of categories, the others till sales.
    #[arg(long, default_value_t = 1_000)]
    rate: usize,
    /// Seconds for which events are made.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Number of times that the worker is killed meanwhile.
    #[arg(long, default_value_t = 2)]
    kills: usize,
    /// Most seconds to wait afterwards until everything has arrived.
    #[arg(long, default_value_t = 600)]
    patience: u64,
}

/// A worker process.
struct Worker(Child);

impl Worker {
    fn start(stand: &Stand) -> Result<Self, Failure> {
        let log = std::fs::File::options().create(true).append(true).open(stand.folder.join("worker.log"))?;
        let child = Command::new(std::env::current_exe()?.with_file_name("stockwell"))
            .arg("worker")
            .env("STOCKWELL_RELAY_DATABASE_URL", stand.postgres.url("stockwell_relay", stand::DATABASE))
            .env("STOCKWELL_DATABASE_URL", stand.postgres.url("stockwell_app", stand::DATABASE))
            .env("STOCKWELL_SIGNING_KEY_FILE", stand.folder.join("signing-key.pem"))
            .env("STOCKWELL_WEBHOOK_NETWORKS", stand::LOOPBACK)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        Ok(Worker(child))
    }

    fn kill(&mut self) -> Result<(), Failure> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended.
        _ = self.kill();
    }
}

/// The receivers of the endpoints.
struct Receivers {
    healthy: Vec<Receiver>,
    others: Vec<Receiver>,
}

impl Receivers {
    /// Starts the receivers, and makes an endpoint for each.
    async fn start(stand: &Stand) -> Result<Self, Failure> {
        let mut receivers = Receivers { healthy: Vec::new(), others: Vec::new() };
        for _ in 0..HEALTHY {
            receivers.healthy.push(Receiver::start(Behaviour::Good).await?);
        }
        for behaviour in Behaviour::BAD {
            receivers.others.push(Receiver::start(behaviour).await?);
        }
        for receiver in receivers.healthy.iter().chain(&receivers.others) {
            let endpoint = json!({ "url": receiver.url, "event_types": [produce::SOLD, produce::CHANGED] });
            stand.shop.ask("/v1/webhook-endpoints", &endpoint).await?;
        }
        Ok(receivers)
    }

    /// Returns how many different events the healthy receivers got.
    fn received(&self) -> usize {
        self.healthy.iter().map(Receiver::events).sum()
    }
}

/// Measures, prints the table and the gates, and checks the books. Fails if a gate was missed.
pub async fn run(args: &WebhooksArgs) -> Result<(), Failure> {
    let stand = Stand::start(StandOptions { workers: 2, connections: 16, rate_limits: false }).await?;
    let outcome = measure(&stand, args).await;
    let books = stand.shop.get("/v1/integrity").await;
    stand.stop().await?;
    let passed = outcome?;
    if books?["holds"] != true {
        return Err("the books differ".into());
    }
    if passed { Ok(()) } else { Err("a gate was missed".into()) }
}

async fn measure(stand: &Stand, args: &WebhooksArgs) -> Result<bool, Failure> {
    let categories = produce::categories(&stand.shop).await?;
    let receivers = Receivers::start(stand).await?;
    stand.settle(stand::DATABASE)?;
    let duration = Duration::from_secs(args.seconds);
    println!(
        "{} events a second for {} s to {} endpoints, {} of them bad; the worker is killed {} times",
        args.rate,
        args.seconds,
        HEALTHY + Behaviour::BAD.len(),
        Behaviour::BAD.len(),
        args.kills
    );
    let (begun, begun_at) = (Instant::now(), SystemTime::now());
    let url = stand.database_url(stand::DATABASE);
    let (made, worker, writers) = tokio::join!(
        produce::make(&stand.shop, &categories, (args.rate, duration)),
        kill_at_random(stand, args.kills, duration),
        Writers::watch(&url, duration)
    );
    let (made, worker, writers) = (made?, worker?, writers?);
    println!("{} sales and {} changes made, {} refused", made.sales, made.changes, made.refused);
    let during = receivers.received();
    let until = Instant::now() + Duration::from_secs(args.patience);
    while receivers.received() < HEALTHY * made.events() && Instant::now() < until {
        tokio::time::sleep(LOOK).await;
    }
    let all_after = begun.elapsed();
    drop(worker);
    let feed = Feed::read(&stand.shop).await?;
    if feed.count() != made.events() {
        return Err(format!("the feed has {} events instead of {}", feed.count(), made.events()).into());
    }
    println!(
        "messages to healthy endpoints: {} during the load, {:.0} a second; {} after {:.0} s\n",
        during,
        during as f64 / made.seconds,
        receivers.received(),
        all_after.as_secs_f64()
    );
    let outcomes = receivers.healthy.iter().map(|receiver| receiver.with(|got| check::outcome(&feed, got)));
    let outcomes = outcomes.collect::<Result<Vec<Outcome>, Failure>>()?;
    print_table(&outcomes, &receivers.others);
    let has_passed = print_gates(&outcomes, &made, args);
    if !has_passed {
        stretch::print(begun_at, &outcomes, &receivers.others);
        writers.print();
        stretch::print_warnings(&stand.folder.join("worker.log"))?;
    }
    Ok(has_passed)
}

/// Keeps a worker, and kills it at random moments. Returns the last one.
async fn kill_at_random(stand: &Stand, kills: usize, duration: Duration) -> Result<Worker, Failure> {
    let begun = tokio::time::Instant::now();
    let mut moments: Vec<Duration> =
        (0..kills).map(|_| duration.mul_f64(rand::rng().random_range(0.1..0.9))).collect();
    moments.sort();
    let mut worker = Worker::start(stand)?;
    for moment in moments {
        tokio::time::sleep_until(begun + moment).await;
        worker.kill()?;
        println!("the worker was killed after {:.1} s", moment.as_secs_f64());
        worker = Worker::start(stand)?;
    }
    tokio::time::sleep_until(begun + duration).await;
    Ok(worker)
}

fn print_table(outcomes: &[Outcome], others: &[Receiver]) {
    println!(
        "{:<12}{:>10}{:>12}{:>12}{:>12}{:>12}{:>8}{:>12}{:>10}",
        "endpoint", "events", "p50 ms", "p99 ms", "max ms", "over 2 s", "lost", "duplicates", "disorder"
    );
    for (number, outcome) in (1..).zip(outcomes) {
        let name = format!("healthy {number}");
        let late = outcome.delays.iter().filter(|delay| **delay > DELAY_MAX).count();
        println!(
            "{name:<12}{:>10}{:>12.0}{:>12.0}{:>12.0}{late:>12}{:>8}{:>12}{:>10}",
            outcome.delays.len(),
            outcome.percentile(50).as_secs_f64() * 1e3,
            outcome.percentile(99).as_secs_f64() * 1e3,
            outcome.percentile(100).as_secs_f64() * 1e3,
            outcome.lost,
            outcome.duplicates,
            outcome.disorder
        );
    }
    for receiver in others {
        println!("{:<12}{:>10}", receiver.behaviour, receiver.events());
    }
}

/// Prints the gates. Returns whether all were passed.
fn print_gates(outcomes: &[Outcome], made: &Made, args: &WebhooksArgs) -> bool {
    let slowest = outcomes.iter().map(|outcome| outcome.percentile(99)).max().unwrap_or_default();
    let sum = |figure: fn(&Outcome) -> usize| -> usize { outcomes.iter().map(figure).sum() };
    let wanted = args.rate * usize::try_from(args.seconds).unwrap_or(usize::MAX);
    let mut all_passed = true;
    let mut gate = |name: &str, value: &dyn fmt::Display, passed: bool, limit: &dyn fmt::Display| {
        all_passed &= passed;
        println!("{name:<44}{value:>12}  gate {limit:<10} {}", if passed { "passed" } else { "MISSED" });
    };
    println!();
    let percent = made.events() * 100 / wanted.max(1);
    gate("events made, in percent of those wanted", &percent, percent >= MADE_MIN, &MADE_MIN);
    let (slowest_ms, max_ms) = (slowest.as_millis(), DELAY_MAX.as_millis());
    gate("slowest p99 of a healthy endpoint, in ms", &slowest_ms, slowest <= DELAY_MAX, &max_ms);
    let (lost, disorder) = (sum(|outcome| outcome.lost), sum(|outcome| outcome.disorder));
    gate("events that did not arrive", &lost, lost == 0, &0);
    gate("events of a document in the wrong order", &disorder, disorder == 0, &0);
    println!(
        "{:<44}{:>12}  (each event arrives at least once)",
        "duplicates",
        sum(|outcome| outcome.duplicates)
    );
    all_passed
}

/// Returns a text of a JSON value.
fn text(value: &Value) -> Result<&str, Failure> {
    value.as_str().ok_or_else(|| format!("{value} is no text").into())
}
