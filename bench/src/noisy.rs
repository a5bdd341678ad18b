//! `bench noisy`: sales of one tenant, alone and while another one sends as much as it can. Rate limits are the ones that
//! hold without settings.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use reqwest::Client;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::Failure;
use crate::stand::{self, Shop, Stand, StandOptions};

/// Factor by which the other tenant may raise the 99th percentile.
const GATE: f64 = 1.5;
/// Sales of one batch request.
const BATCH: usize = 100;

/// Arguments of `bench noisy`.
#[derive(Debug, Args)]
pub struct NoisyArgs {
    /// Seconds of each run.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
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
    Batches(usize),
    Sales(usize),
    Reports(usize),
}

/// Times of the quiet tenant's sales, and statuses other than 201.
#[derive(Debug, Default)]
struct Sold {
    latencies: Vec<Duration>,
    rejected: BTreeMap<u16, usize>,
}

impl Sold {
    fn percentile_ms(&self, percent: usize) -> f64 {
        let at = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(at).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
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
    let duration = Duration::from_secs(args.seconds);
    sell(&stand.shop, args.tills, Duration::from_secs(3)).await?;
    println!(
        "{:<22}{:>8}{:>10}{:>10}{:>10}{:>8}  other responses",
        "flood", "sales", "p50 ms", "p99 ms", "÷ quiet", "gate"
    );
    let (mut quiet_ms, mut all_passed): (f64, bool) = (0.0, true);
    let floods = [
        None,
        Some(Flood::Batches(16)),
        Some(Flood::Sales(16)),
        Some(Flood::Reports(2)),
        Some(Flood::Reports(4)),
        Some(Flood::Reports(8)),
        Some(Flood::Reports(16)),
        None,
    ];
    for flood in floods {
        let (stop, mut tasks) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
        if let Some(flood) = flood {
            start(&noisy, flood, &stop, &mut tasks);
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        let sold = sell(&stand.shop, args.tills, duration).await?;
        stop.store(true, Ordering::Relaxed);
        let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
        while let Some(task) = tasks.join_next().await {
            for (status, count) in task?? {
                *statuses.entry(status).or_default() += count;
            }
        }
        let p99_ms = sold.percentile_ms(99);
        if quiet_ms == 0.0 {
            quiet_ms = p99_ms;
        }
        let ratio = p99_ms / quiet_ms;
        let passed = ratio <= GATE && sold.rejected.is_empty();
        all_passed &= passed;
        println!(
            "{:<22}{:>8}{:>10.1}{p99_ms:>10.1}{ratio:>10.2}{:>8}  quiet {:?}, noisy {statuses:?}",
            flood.map_or_else(|| "none".to_owned(), |flood| format!("{flood:?}")),
            sold.latencies.len(),
            sold.percentile_ms(50),
            if passed { "passed" } else { "MISSED" },
            sold.rejected,
        );
    }
    if all_passed { Ok(()) } else { Err("a gate was missed".into()) }
}

/// Gives the noisy tenant customers and its sales lines.
async fn fill(stand: &Stand, noisy: &Shop, lines: i64) -> Result<(), Failure> {
    let customer =
        |number: i32| json!({ "kind": "business", "name": format!("Customer {number}"), "country": "DE" });
    noisy
        .ask("/v1/customers/batch", &json!({ "items": (1..=500).map(customer).collect::<Vec<_>>() }))
        .await?;
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

/// Sells at every till once in 100 ms, whether or not the sale before it was fast.
async fn sell(shop: &Shop, tills: usize, duration: Duration) -> Result<Sold, Failure> {
    const EVERY: Duration = Duration::from_millis(100);
    let (http, start) = (client()?, Instant::now());
    let mut tasks = JoinSet::new();
    for till in 0..tills {
        let mut at = EVERY * u32::try_from(till)? / u32::try_from(tills)?;
        while at < duration {
            let (http, shop) = (http.clone(), shop.clone());
            tasks.spawn(async move {
                tokio::time::sleep_until((start + at).into()).await;
                let begun = Instant::now();
                let status = post(&http, &shop, "/v1/pos/sales", &sale(&shop)).await?;
                Ok::<_, reqwest::Error>((status, begun.elapsed()))
            });
            at += EVERY;
        }
    }
    let mut sold = Sold::default();
    while let Some(task) = tasks.join_next().await {
        match task?? {
            (201, latency) => sold.latencies.push(latency),
            (status, _) => *sold.rejected.entry(status).or_default() += 1,
        }
    }
    sold.latencies.sort_unstable();
    Ok(sold)
}

/// Sends as much as the flood has connections for, until `stop`. Each task returns its statuses.
fn start(
    shop: &Shop,
    flood: Flood,
    stop: &Arc<AtomicBool>,
    tasks: &mut JoinSet<Result<BTreeMap<u16, usize>, String>>,
) {
    let (Flood::Batches(connections) | Flood::Sales(connections) | Flood::Reports(connections)) = flood;
    for _ in 0..connections {
        let (shop, stop) = (shop.clone(), Arc::clone(stop));
        tasks.spawn(async move {
            let http = client().map_err(|error| error.to_string())?;
            let mut statuses = BTreeMap::new();
            while !stop.load(Ordering::Relaxed) {
                let status = send(&http, &shop, flood).await.map_err(|error| error.to_string())?;
                *statuses.entry(status).or_default() += 1;
                if status == 429 || status == 503 {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
            Ok(statuses)
        });
    }
}

async fn send(http: &Client, shop: &Shop, flood: Flood) -> Result<u16, reqwest::Error> {
    match flood {
        Flood::Sales(_) => post(http, shop, "/v1/pos/sales", &sale(shop)).await,
        Flood::Batches(_) => {
            let item = |_| json!({ "idempotency_key": Uuid::new_v4().to_string(), "body": sale(shop) });
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

async fn post(http: &Client, shop: &Shop, path: &str, body: &Value) -> Result<u16, reqwest::Error> {
    let request = http.post(shop.url(path)).bearer_auth(&shop.key);
    let answer = request.header("Idempotency-Key", Uuid::new_v4().to_string()).json(body).send().await?;
    let status = answer.status().as_u16();
    answer.bytes().await?;
    Ok(status)
}

fn sale(shop: &Shop) -> Value {
    let line = |_| json!({ "sku": stand::random_sku(), "quantity": "1" });
    let lines: Vec<Value> = (0..3).map(line).collect();
    json!({ "register_id": shop.register_id, "lines": lines, "tenders": [{ "kind": "cash" }] })
}

fn client() -> Result<Client, reqwest::Error> {
    Client::builder().no_proxy().build()
}
