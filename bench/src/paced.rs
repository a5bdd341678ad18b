//! Sales at a pace that does not depend on how fast they are made.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::Failure;
use crate::stand::{self, Shop};

/// Times of sales, and statuses other than 201.
#[derive(Debug, Default)]
pub struct Sold {
    /// Times of those that were made, sorted.
    pub latencies: Vec<Duration>,
    /// Statuses of the others.
    pub rejected: BTreeMap<u16, usize>,
}

impl Sold {
    /// Adds the sales of another run.
    pub fn add(&mut self, other: Sold) {
        self.latencies.extend(other.latencies);
        self.latencies.sort_unstable();
        for (status, count) in other.rejected {
            *self.rejected.entry(status).or_default() += count;
        }
    }

    /// Returns the time below which `percent` of them stayed, in milliseconds.
    pub fn percentile_ms(&self, percent: usize) -> f64 {
        let at = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(at).map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    }
}

/// Sells at every till once in 100 ms, whether or not the sale before it was fast.
pub async fn sell(shop: &Shop, tills: usize, duration: Duration) -> Result<Sold, Failure> {
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

/// Sends a write. Returns its status.
pub async fn post(http: &Client, shop: &Shop, path: &str, body: &Value) -> Result<u16, reqwest::Error> {
    let request = http.post(shop.url(path)).bearer_auth(&shop.key);
    let answer = request.header("Idempotency-Key", Uuid::new_v4().to_string()).json(body).send().await?;
    let status = answer.status().as_u16();
    answer.bytes().await?;
    Ok(status)
}

/// Returns a sale of three products.
pub fn sale(shop: &Shop) -> Value {
    let line = |_| json!({ "sku": stand::random_sku(), "quantity": "1" });
    let lines: Vec<Value> = (0..3).map(line).collect();
    json!({ "register_id": shop.register_id, "lines": lines, "tenders": [{ "kind": "cash" }] })
}

/// Returns a client.
pub fn client() -> Result<Client, reqwest::Error> {
    Client::builder().no_proxy().build()
}
