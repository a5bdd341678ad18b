//! `bench availability`: asks for the availability of 1,000 products at 4 locations, now and by day, in one request
//! over HTTP. The floor is hand-written SQL by a superuser, to whom row-level security does not apply, on the same
//! cluster.

use std::time::{Duration, Instant};

use clap::Args;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, Row};
use serde_json::{Value, json};

use crate::Failure;
use crate::gate::{Limits, judge};
use crate::stand::{self, Stand, StandOptions};

/// Most products of one request.
const SKUS_MAX: usize = 1_000;
/// Limits for 1,000 products, also by day: the gate of a release, and the aim.
const LIMITS: Limits = Limits { gate_ms: 250.0, aim_ms: 100.0 };

/// Arguments of `bench availability`.
#[derive(Debug, Args)]
pub struct AvailabilityArgs {
    /// Products of one request, at most 1,000.
    #[arg(long, default_value_t = SKUS_MAX)]
    skus: usize,
    /// Repetitions of each request: the median counts.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
}

/// The floor: on hand and available, by product and location.
const FLOOR: &str = "select p.sku, l.location_id, sum(l.on_hand), sum(l.on_hand - l.reserved) \
     from product p \
     join stock_level l on l.tenant_id = p.tenant_id and l.product_id = p.id \
     join location o on o.tenant_id = l.tenant_id and o.id = l.location_id and o.channels <> '{}' \
     where p.tenant_id = $1 and p.sku = any($2) group by 1, 2";

/// The floor by day: includes expected receipts, summed from day to day.
const FLOOR_BY_DAY: &str = "select sku, location_id, day, sum(sum(quantity)) over (partition by sku, location_id order by day) \
     from ( \
         select p.sku, l.location_id, current_date as day, l.on_hand - l.reserved as quantity \
         from product p \
         join stock_level l on l.tenant_id = p.tenant_id and l.product_id = p.id \
         join location o on o.tenant_id = l.tenant_id and o.id = l.location_id and o.channels <> '{}' \
         where p.tenant_id = $1 and p.sku = any($2) \
         union all \
         select p.sku, d.location_id, d.expected_on, e.quantity - e.received \
         from product p \
         join expected_receipt_line e on e.tenant_id = p.tenant_id and e.product_id = p.id \
         join expected_receipt d on d.tenant_id = e.tenant_id and d.id = e.expected_receipt_id and d.status = 'open' \
         where p.tenant_id = $1 and p.sku = any($2)) flow \
     group by sku, location_id, day";

/// Measures, prints the table and the gate, and checks that both sides agree. Fails if the gate was missed.
pub async fn run(args: &AvailabilityArgs) -> Result<(), Failure> {
    if !(1..=SKUS_MAX).contains(&args.skus) {
        return Err(format!("ask for 1 to {SKUS_MAX} products").into());
    }
    let stand = Stand::start(StandOptions { workers: 2, connections: 4, rate_limits: false }).await?;
    let outcome = measure(&stand, args).await;
    stand.stop().await?;
    outcome
}

async fn measure(stand: &Stand, args: &AvailabilityArgs) -> Result<(), Failure> {
    let skus: Vec<String> = (1..=args.skus).map(|number| format!("P{number:05}")).collect();
    spread(stand, &skus).await?;
    stand.settle(stand::DATABASE)?;
    let mut root = PgConnection::connect(&stand.database_url(stand::DATABASE)).await?;
    root.execute("set jit = off").await?;
    println!("{} products at 4 locations in one request, median of {}\n", args.skus, args.rounds);
    println!("{:<12} {:>9} {:>9} {:>7}", "asked", "ours ms", "floor ms", "ratio");
    let mut slowest_ms: f64 = 0.0;
    for (asked, by_day, floor) in [("now", false, FLOOR), ("by day", true, FLOOR_BY_DAY)] {
        let question = json!({ "skus": skus, "steps": by_day });
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..args.rounds.max(1) {
            let started = Instant::now();
            let answer = stand.shop.ask("/v1/stock/availability", &question).await?;
            ours.push(started.elapsed());
            let started = Instant::now();
            let rows = rows(&mut root, floor, &skus).await?;
            theirs.push(started.elapsed());
            let shown = shown(&answer, by_day)?;
            if shown != rows {
                return Err(format!("{asked}: the answer has {shown} figures, the floor {rows}").into());
            }
        }
        let (ours_ms, floor_ms) = (median_ms(&mut ours), median_ms(&mut theirs));
        println!("{asked:<12} {ours_ms:>9.1} {floor_ms:>9.1} {:>7.2}", ours_ms / floor_ms.max(0.001));
        slowest_ms = slowest_ms.max(ours_ms);
    }
    judge("the slower one", slowest_ms, LIMITS)
}

/// Puts the products in four locations, and expects more of them at each on two days.
async fn spread(stand: &Stand, skus: &[String]) -> Result<(), Failure> {
    for code in ["NORTH", "SOUTH"] {
        let depot = json!({ "code": code, "name": code, "kind": "warehouse" });
        stand.shop.ask("/v1/locations", &depot).await?;
    }
    let locations = stand.shop.get("/v1/locations").await?;
    let places: Vec<&Value> = locations["data"]
        .as_array()
        .ok_or("no locations")?
        .iter()
        .filter(|place| ["MAIN", "SHOP", "NORTH", "SOUTH"].iter().any(|code| place["code"] == *code))
        .collect();
    for place in &places {
        let line = |sku: &String| json!({ "sku": sku, "quantity": "40", "unit_cost": "12" });
        let lines: Vec<Value> = skus.iter().map(line).collect();
        let opening = json!({ "kind": "opening", "location_id": place["id"], "lines": lines });
        stand.shop.ask("/v1/stock/documents", &opening).await?;
        for day in ["2999-01-01", "2999-02-01"] {
            let line = |sku: &String| json!({ "sku": sku, "quantity": "10" });
            let lines: Vec<Value> = skus.iter().map(line).collect();
            let coming = json!({ "expected_on": day, "location_id": place["id"], "lines": lines });
            stand.shop.ask("/v1/stock/expected-receipts", &coming).await?;
        }
    }
    if places.len() == 4 { Ok(()) } else { Err(format!("{} places instead of 4", places.len()).into()) }
}

/// Returns the number of figures of the floor: rows of product and location, or of product, location and day.
async fn rows(root: &mut PgConnection, floor: &'static str, skus: &[String]) -> Result<usize, Failure> {
    let tenant_id: uuid::Uuid =
        sqlx::query("select tenant_id from tenant").fetch_one(&mut *root).await?.try_get(0)?;
    let query = sqlx::query(AssertSqlSafe(floor)).bind(tenant_id).bind(skus);
    Ok(query.fetch_all(&mut *root).await?.len())
}

/// Returns the number of figures in the response. Fails if its sums are wrong.
fn shown(answer: &Value, by_day: bool) -> Result<usize, Failure> {
    let mut figures = 0;
    for product in answer["data"].as_array().ok_or("no products")? {
        for place in product["locations"].as_array().ok_or("no places")? {
            let steps = place["steps"].as_array();
            figures += if by_day { steps.map_or(0, Vec::len) } else { 1 };
            let last = steps.and_then(|steps| steps.last());
            let right = match (by_day, place["available"].as_str(), last) {
                (true, Some(now), Some(last)) => last["available"] == more(now, 20),
                (false, Some(_), None) => true,
                _ => false,
            };
            if !right {
                return Err(format!("{place} is not what is there and what comes").into());
            }
        }
    }
    Ok(figures)
}

/// Adds units to a whole quantity.
fn more(quantity: &str, units: i64) -> String {
    quantity.parse::<i64>().map_or_else(|_| quantity.to_owned(), |number| (number + units).to_string())
}

fn median_ms(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}
