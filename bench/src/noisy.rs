//! `bench noisy`: sales of one tenant while another one sends as much as it can. Rate limits are the ones that
//! hold without settings. *Refused* counts the quiet tenant's sales that were not made.
//!
//! Quiet and flooded turns alternate, and a factor compares all sales of both. The first row is without a flood: its factor
//! shows how far the figure moves without it. The flood is sent by threads of its own, so no measured sale waits for them in
//! this program.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use reqwest::Client;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection};
use serde_json::{Value, json};
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

use crate::Failure;
use crate::paced::{Sold, client, post, sale, sell};
use crate::stand::{self, Shop, Stand, StandOptions};

/// Factor by which the other tenant may raise the 99th percentile.
const GATE: f64 = 1.5;
/// Customers of the noisy tenant.
const CUSTOMERS: i32 = 500;
/// Sales of one batch request.
const BATCH: usize = 100;
/// Time of the sales before each turn, which are not measured.
const LEAD: Duration = Duration::from_secs(2);
/// Threads that send the flood.
const SENDERS: usize = 2;

/// Arguments of `bench noisy`.
#[derive(Debug, Args)]
pub struct NoisyArgs {
    /// Seconds of each turn.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Turns beside each flood, and as many quiet ones.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Sales lines of the noisy tenant.
    #[arg(long, default_value_t = 1_500_000)]
    lines: i64,
    /// Tills of the quiet tenant, each with a sale every 100 ms.
    #[arg(long, default_value_t = 8)]
    tills: usize,
    /// Connections of the server to the database.
    #[arg(long, default_value_t = 16)]
    connections: u32,
}

/// A year of sales of every product to every customer.
const LINES: &str = "
insert into sales_line (
    tenant_id, document_id, line_no, document_kind, channel, location_id, customer_id, country, currency, product_id,
    uom, factor, entered, quantity, unit_price, price_source, gross, discount, net, tax_rate, tax, cost, occurred_at,
    recorded_at)
select
    $1, gen_random_uuid(), 1, 'invoice', 'wholesale', l.id, c.ids[1 + (number / 7) % cardinality(c.ids)], 'DE', 'EUR',
    p.ids[1 + (number * 7919) % cardinality(p.ids)], 'piece', 1, 2, 2, 20, 'list', 40, 0, 40, 0.19, 7.60, 24, at, at
from (
    select number, now() - interval '365 days' * (1 - number::numeric / $2) as at from generate_series(1, $2) number
) as happened,
    (select array_agg(id order by id) as ids from product where tenant_id = $1) p,
    (select array_agg(id order by id) as ids from customer where tenant_id = $1) c,
    (select id from location where tenant_id = $1 and code = 'MAIN') l";

/// Requests of the noisy tenant, and its connections.
#[derive(Debug, Clone, Copy)]
enum Flood {
    Nothing,
    Batches(usize),
    /// Batches of which no document can be read.
    Unreadable(usize),
    Sales(usize),
    Reports(usize),
}

const FLOODS: [Flood; 8] = [
    Flood::Nothing,
    Flood::Batches(16),
    Flood::Unreadable(16),
    Flood::Sales(16),
    Flood::Reports(2),
    Flood::Reports(4),
    Flood::Reports(8),
    Flood::Reports(16),
];

impl Flood {
    fn connections(self) -> usize {
        match self {
            Flood::Nothing => 0,
            Flood::Batches(count)
            | Flood::Unreadable(count)
            | Flood::Sales(count)
            | Flood::Reports(count) => count,
        }
    }
}

impl fmt::Display for Flood {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Flood::Nothing => return out.pad("nothing"),
            Flood::Batches(_) => "batches",
            Flood::Unreadable(_) => "unreadable",
            Flood::Sales(_) => "sales",
            Flood::Reports(_) => "reports",
        };
        out.pad(&format!("{} x {kind}", self.connections()))
    }
}

/// Measures, prints the table and the gate, and checks the books.
pub async fn run(args: &NoisyArgs) -> Result<(), Failure> {
    let options = StandOptions { workers: 2, connections: args.connections, rate_limits: true };
    let stand = Stand::start(options).await?;
    let outcome = measure(&stand, args).await;
    let books = stand.shop.get("/v1/integrity").await;
    stand.stop().await?;
    if books?["holds"] != true {
        return Err("the books differ".into());
    }
    outcome
}

async fn measure(stand: &Stand, args: &NoisyArgs) -> Result<(), Failure> {
    let noisy = stand.other_shop("noisy").await?;
    fill(stand, &noisy, args.lines).await?;
    println!(
        "{:<16}{:>8}{:>12}{:>12}{:>8}{:>14}{:>9}{:>8}  responses to the flood",
        "flood", "sales", "quiet p99", "flood p99", "factor", "of the turns", "refused", "gate"
    );
    let mut all_passed = true;
    for flood in FLOODS {
        let beside = Beside::measured(stand, &noisy, flood, args).await?;
        all_passed &= beside.passed(flood);
        beside.print(flood);
    }
    if all_passed { Ok(()) } else { Err("a gate was missed".into()) }
}

/// Statuses of the flood's requests, with how many had each.
type Statuses = BTreeMap<u16, usize>;

/// The sales of all turns of one flood.
#[derive(Debug, Default)]
struct Beside {
    quiet: Sold,
    flooded: Sold,
    /// Factor of each pair of turns.
    factors: Vec<f64>,
    statuses: Statuses,
}

impl Beside {
    async fn measured(stand: &Stand, noisy: &Shop, flood: Flood, args: &NoisyArgs) -> Result<Self, Failure> {
        let mut beside = Beside::default();
        for _ in 0..args.rounds {
            // Otherwise the database would still write in the quiet turn what the flood before it has changed.
            stand.settle(stand::DATABASE)?;
            let quiet = turn(&stand.shop, args).await?;
            let sending = Sending::begin(noisy, flood);
            let flooded = turn(&stand.shop, args).await?;
            for (status, count) in sending.end().await? {
                *beside.statuses.entry(status).or_default() += count;
            }
            beside.factors.push(flooded.percentile_ms(99) / quiet.percentile_ms(99));
            beside.quiet.add(quiet);
            beside.flooded.add(flooded);
        }
        Ok(beside)
    }

    fn factor(&self) -> f64 {
        self.flooded.percentile_ms(99) / self.quiet.percentile_ms(99)
    }

    fn refused(&self) -> usize {
        self.flooded.rejected.values().sum()
    }

    fn passed(&self, flood: Flood) -> bool {
        matches!(flood, Flood::Nothing) || (self.factor() <= GATE && self.refused() == 0)
    }

    fn print(&self, flood: Flood) {
        let verdict = match (flood, self.passed(flood)) {
            (Flood::Nothing, _) => "-",
            (_, true) => "passed",
            (_, false) => "MISSED",
        };
        let lowest = self.factors.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = self.factors.iter().copied().fold(0.0, f64::max);
        println!(
            "{flood:<16}{:>8}{:>9.1} ms{:>9.1} ms{:>8.2}{:>14}{:>9}{verdict:>8}  {:?}",
            self.flooded.latencies.len(),
            self.quiet.percentile_ms(99),
            self.flooded.percentile_ms(99),
            self.factor(),
            format!("{lowest:.2}-{highest:.2}"),
            self.refused(),
            self.statuses,
        );
    }
}

/// Sells for one turn, after a lead that is not measured.
async fn turn(shop: &Shop, args: &NoisyArgs) -> Result<Sold, Failure> {
    sell(shop, args.tills, LEAD).await?;
    sell(shop, args.tills, Duration::from_secs(args.seconds)).await
}

/// Gives the noisy tenant customers and its sales lines.
async fn fill(stand: &Stand, noisy: &Shop, lines: i64) -> Result<(), Failure> {
    let customer =
        |number: i32| json!({ "kind": "wholesale", "name": format!("Customer {number}"), "country": "DE" });
    let items: Vec<Value> = (1..=CUSTOMERS).map(customer).collect();
    let made = noisy.ask("/v1/customers/batch", &json!({ "items": items })).await?;
    if made["accepted"] != CUSTOMERS {
        return Err(format!("the customers were not made: {made:.300}").into());
    }
    let mut root = PgConnection::connect(&stand.database_url(stand::DATABASE)).await?;
    let tenant_id: Uuid =
        sqlx::query_scalar("select tenant_id from tenant where slug = 'noisy'").fetch_one(&mut root).await?;
    let started = Instant::now();
    sqlx::query(LINES).bind(tenant_id).bind(lines).execute(&mut root).await?;
    root.close().await?;
    stand.settle(stand::DATABASE)?;
    println!("{lines} sales lines made in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// A flood that is being sent, until this is dropped.
struct Sending {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Result<Statuses, String>>,
}

impl Sending {
    /// Sends as much as the flood has connections for.
    fn begin(shop: &Shop, flood: Flood) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (shop, until) = (shop.clone(), Arc::clone(&stop));
        let task = tokio::task::spawn_blocking(move || {
            let mut threads = tokio::runtime::Builder::new_multi_thread();
            let threads = threads.worker_threads(SENDERS).enable_all().build();
            let threads = threads.map_err(|error| error.to_string())?;
            threads.block_on(send_all(&shop, flood, &until))
        });
        Sending { stop, task }
    }

    /// Ends the flood. Returns its statuses.
    async fn end(mut self) -> Result<Statuses, Failure> {
        self.stop.store(true, Ordering::Relaxed);
        Ok((&mut self.task).await??)
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Sends on all connections of a flood until `stop`. Returns the statuses.
async fn send_all(shop: &Shop, flood: Flood, stop: &Arc<AtomicBool>) -> Result<Statuses, String> {
    let mut tasks = JoinSet::new();
    for _ in 0..flood.connections() {
        let (shop, stop) = (shop.clone(), Arc::clone(stop));
        tasks.spawn(async move {
            let http = client().map_err(|error| error.to_string())?;
            let mut statuses = Statuses::new();
            while !stop.load(Ordering::Relaxed) {
                let status = send(&http, &shop, flood).await.map_err(|error| error.to_string())?;
                *statuses.entry(status).or_default() += 1;
                if status == 429 || status == 503 {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
            Ok::<_, String>(statuses)
        });
    }
    let mut statuses = Statuses::new();
    while let Some(task) = tasks.join_next().await {
        for (status, count) in task.map_err(|error| error.to_string())?? {
            *statuses.entry(status).or_default() += count;
        }
    }
    Ok(statuses)
}

async fn send(http: &Client, shop: &Shop, flood: Flood) -> Result<u16, reqwest::Error> {
    match flood {
        // It has no connections.
        Flood::Nothing => Ok(0),
        Flood::Sales(_) => post(http, shop, "/v1/pos/sales", &sale(shop)).await,
        Flood::Batches(_) | Flood::Unreadable(_) => {
            let is_wrong = matches!(flood, Flood::Unreadable(_));
            let body = || if is_wrong { json!({ "lines": [sale(shop)] }) } else { sale(shop) };
            let item = |_| json!({ "idempotency_key": Uuid::new_v4().to_string(), "body": body() });
            let sales: Vec<Value> = (0..BATCH).map(item).collect();
            post(http, shop, "/v1/pos/sales/batch", &json!({ "items": sales })).await
        }
        Flood::Reports(_) => {
            let path = "/v1/reports/revenue?group_by=product,customer&limit=50000";
            let answer = http.get(shop.url(path)).bearer_auth(&shop.key).send().await?;
            let status = answer.status().as_u16();
            answer.bytes().await?;
            Ok(status)
        }
    }
}
