//! Makes events at a pace: till sales in batches, each with one event, and changes of categories, which have an order.

use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::text;
use crate::Failure;
use crate::paced::client;
use crate::stand::{self, Shop};

/// Type of the event of a sale.
pub const SOLD: &str = "pos_sale.completed";
/// Type of the event of a change.
pub const CHANGED: &str = "category.updated";
/// Categories that are changed.
const CATEGORIES: usize = 200;
/// Tasks that change categories, each its own part of them.
const CHANGERS: usize = 4;
/// Pause between two batches of sales.
const BATCH_EVERY: Duration = Duration::from_millis(100);

/// Time after the end of the load within which a batch must have been admitted. Also the longest time of a request.
const ADMITTED_WITHIN: Duration = Duration::from_secs(60);

/// The events that were made.
#[derive(Debug)]
pub struct Made {
    pub sales: usize,
    pub changes: usize,
    /// Sales that were not accepted.
    pub refused: usize,
    /// Seconds that it took.
    pub seconds: f64,
}

impl Made {
    pub fn events(&self) -> usize {
        self.sales + self.changes
    }
}

/// Makes the categories. Their names differ from those of the changes: a change to the same name has no event. Returns their ids.
pub async fn categories(shop: &Shop) -> Result<Vec<String>, Failure> {
    let mut ids = Vec::with_capacity(CATEGORIES);
    for number in 0..CATEGORIES {
        let category = json!({ "code": format!("C{number}"), "name": "new" });
        ids.push(text(&shop.ask("/v1/categories", &category).await?["id"])?.to_owned());
    }
    Ok(ids)
}

/// Makes events for a duration, at the same rate also if earlier ones were slow.
pub async fn make(
    shop: &Shop,
    categories: &[String],
    (rate, duration): (usize, Duration),
) -> Result<Made, Failure> {
    let begun = Instant::now();
    let changes = rate / 10;
    let (sold, changed) =
        tokio::join!(sell(shop, rate - changes, duration), change(shop, categories, changes, duration));
    let ((sales, refused), changes) = (sold?, changed?);
    Ok(Made { sales, changes, refused, seconds: begun.elapsed().as_secs_f64() })
}

/// Sends `rate` sales per second. Returns the number of sales, and of those that were not accepted.
async fn sell(shop: &Shop, rate: usize, duration: Duration) -> Result<(usize, usize), Failure> {
    let (http, begun) = (client()?, tokio::time::Instant::now());
    let batches = usize::try_from(duration.as_millis() / BATCH_EVERY.as_millis())?;
    let whole = rate * usize::try_from(duration.as_secs())?;
    let (mut tasks, mut asked, until) = (JoinSet::new(), 0, begun + duration + ADMITTED_WITHIN);
    for batch in 1..=batches {
        let size = whole * batch / batches - asked;
        asked += size;
        if size == 0 {
            continue;
        }
        let at = begun + BATCH_EVERY * u32::try_from(batch - 1)?;
        let (http, shop) = (http.clone(), shop.clone());
        tasks.spawn(async move {
            tokio::time::sleep_until(at).await;
            sell_batch(&http, &shop, (size, until)).await.map_err(|error| error.to_string())
        });
    }
    let (mut sales, mut refused) = (0, 0);
    while let Some(task) = tasks.join_next().await {
        let (accepted, others) = task??;
        sales += accepted;
        refused += others;
    }
    Ok((sales, refused))
}

/// Sends a batch, again and again until it is admitted, at most until an instant. Returns the number of sales, and of those that were not
/// accepted.
async fn sell_batch(
    http: &Client,
    shop: &Shop,
    (size, until): (usize, tokio::time::Instant),
) -> Result<(usize, usize), Failure> {
    let sale = |_| {
        let lines = json!([{ "sku": stand::random_sku(), "quantity": "1" }]);
        let body =
            json!({ "register_id": shop.register_id, "lines": lines, "tenders": [{ "kind": "cash" }] });
        json!({ "idempotency_key": Uuid::new_v4().to_string(), "body": body })
    };
    let items: Vec<Value> = (0..size).map(sale).collect();
    let body = json!({ "items": items });
    loop {
        let request = http.post(shop.url("/v1/pos/sales/batch")).bearer_auth(&shop.key);
        let request = request.timeout(ADMITTED_WITHIN);
        let response = request.header("Prefer", "return=minimal").json(&body).send().await?;
        let status = response.status().as_u16();
        if (status == 429 || status == 503) && tokio::time::Instant::now() < until {
            tokio::time::sleep(BATCH_EVERY).await;
            continue;
        }
        let out: Value = response.json().await?;
        let accepted = out["accepted"].as_u64().ok_or_else(|| format!("{status} {out:.300}"))?;
        let accepted = usize::try_from(accepted)?;
        return Ok((accepted, size - accepted));
    }
}

/// Makes `rate` changes of categories per second. The changes of one category follow each other. Returns their number.
async fn change(
    shop: &Shop,
    categories: &[String],
    rate: usize,
    duration: Duration,
) -> Result<usize, Failure> {
    let begun = tokio::time::Instant::now();
    let whole = rate * usize::try_from(duration.as_secs())?;
    let mut tasks = JoinSet::new();
    for (number, own) in categories.chunks(CATEGORIES / CHANGERS).enumerate() {
        let (shop, own) = (shop.clone(), own.to_vec());
        tasks.spawn(async move {
            let http = client().map_err(|error| error.to_string())?;
            let mut changed = 0;
            for turn in (number..whole).step_by(CHANGERS) {
                let at = duration.mul_f64(turn as f64 / whole as f64);
                tokio::time::sleep_until(begun + at).await;
                let id = &own[(turn / CHANGERS) % own.len()];
                let url = shop.url(&format!("/v1/categories/{id}"));
                let request = http.patch(url).bearer_auth(&shop.key).timeout(ADMITTED_WITHIN);
                let request = request.json(&json!({ "name": turn.to_string() }));
                let response = request.send().await.map_err(|error| error.to_string())?;
                let status = response.status();
                let body = response.text().await.map_err(|error| error.to_string())?;
                if !status.is_success() {
                    return Err(format!("a category was not changed: {status} {body:.300}"));
                }
                changed += 1;
            }
            Ok::<usize, String>(changed)
        });
    }
    let mut changed = 0;
    while let Some(task) = tasks.join_next().await {
        changed += task??;
    }
    Ok(changed)
}
