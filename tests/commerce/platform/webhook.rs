//! Webhooks: every event reaches its receivers, signed and in order, and nothing inside the network is reached.

use std::fmt::Debug;
use std::str::FromStr;

use api::config::StoreArgs;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::Sha256;
use stockwell::webhook::WebhookConfig;
use stockwell::worker::{Worker, WorkerConfig};
use tests::{Apart, Got, Tenant, environment};
use tokio::sync::OnceCell;

mod batches;
mod endpoints;
mod failures;
mod inside;
mod messages;
mod old;
mod turns;

/// Seconds that a receiver has in these tests.
const TIMEOUT_SECONDS: u32 = 2;

/// Returns a database server of these tests, whose worker may reach loopback. On the shared one, workers of other tests would take
/// the messages.
async fn house() -> &'static Apart {
    static HOUSE: OnceCell<Apart> = OnceCell::const_new();
    HOUSE
        .get_or_init(|| async {
            let apart = environment().tenant_apart(|config| config.webhook_networks = loopback()).await;
            let worker = Worker::start(&worker_config(&apart)).await;
            // It works until the process ends.
            std::mem::forget(worker.expect("the worker starts"));
            apart
        })
        .await
}

/// Returns the networks that may be reached.
fn loopback<T: FromStr<Err: Debug>>() -> Vec<T> {
    vec!["127.0.0.0/8".parse().expect("a network")]
}

/// Returns the configuration of a worker that sends webhooks of a database server.
fn worker_config(apart: &Apart) -> WorkerConfig {
    WorkerConfig {
        relay_database_url: SecretString::from(apart.relay_database_url()),
        database_url: Some(SecretString::from(apart.database_url())),
        metrics_addr: None,
        redis_url: None,
        store: StoreArgs::default(),
        webhooks: WebhookConfig {
            signing_key_file: Some(environment().signing_key_file.clone()),
            webhook_networks: loopback(),
            webhook_timeout_seconds: Some(TIMEOUT_SECONDS),
        },
    }
}

/// Runs a test with a fresh tenant, to whose receivers a worker sends.
fn with_receivers(test: impl AsyncFnOnce(&Tenant)) {
    environment().runtime.block_on(async {
        let tenant = house().await.another_tenant().await;
        test(&tenant).await;
    });
}

/// An endpoint with its secret.
struct Endpoint {
    id: String,
    secret: String,
}

impl Endpoint {
    fn path(&self, rest: &str) -> String {
        format!("/v1/webhook-endpoints/{}{rest}", self.id)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Makes an endpoint for the events of categories.
async fn endpoint(tenant: &Tenant, url: &str) -> Endpoint {
    endpoint_with(tenant, json!({ "url": url, "event_types": ["category.*"] })).await
}

async fn endpoint_with(tenant: &Tenant, body: Value) -> Endpoint {
    let made = tenant.post("/v1/webhook-endpoints", &body).await.created();
    Endpoint { id: text(&made["webhook_endpoint"]["id"]), secret: text(&made["secret"]) }
}

/// Makes a category, which is one event. Returns its id.
async fn category(tenant: &Tenant, code: &str) -> String {
    let made = tenant.post("/v1/categories", &json!({ "code": code, "name": code })).await.created();
    text(&made["id"])
}

/// Changes a category, which is one event.
async fn rename(tenant: &Tenant, id: &str, name: &str) {
    tenant.patch(&format!("/v1/categories/{id}"), &json!({ "name": name })).await.ok();
}

/// Returns the signature of a message, computed with another library than the product's.
fn signature(secret: &str, got: &Got) -> String {
    let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
    mac.update(got.header("webhook-id").as_bytes());
    mac.update(b".");
    mac.update(got.header("webhook-timestamp").as_bytes());
    mac.update(b".");
    mac.update(got.body.as_bytes());
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// Waits until the only delivery of an endpoint is as `is_there` says, and returns it with its log.
async fn delivery(tenant: &Tenant, endpoint: &Endpoint, is_there: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/v1/webhook-deliveries?endpoint_id={}", endpoint.id);
    for _ in 0..600 {
        let page = tenant.get(&path).await.ok();
        if let Some(found) = page["data"].as_array().and_then(|rows| rows.iter().find(|row| is_there(row))) {
            return tenant.get(&format!("/v1/webhook-deliveries/{}", text(&found["id"]))).await.ok();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no such delivery: {}", tenant.get(&path).await.text);
}
