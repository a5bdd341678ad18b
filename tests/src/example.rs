//! The example of four systems that stopped agreeing, as a tenant sends it.

use std::path::PathBuf;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Client, Tenant};

/// The folder of the example.
pub fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/data/reconciliation"))
}

/// Returns a file of the example as JSON.
pub fn json_of(file: &str) -> Value {
    let text = std::fs::read_to_string(folder().join(file)).expect("a file");
    serde_json::from_str(&text).expect("JSON")
}

/// Returns the files of what the tenant states, and those of what its systems say.
pub fn files() -> (Vec<Value>, Vec<Value>) {
    let manifest = json_of("manifest.json");
    let entries = manifest.as_array().expect("entries").clone();
    entries.into_iter().partition(|entry| entry["query"]["system"].is_null())
}

/// Returns the content of a file of the manifest.
pub fn content(entry: &Value) -> Vec<u8> {
    std::fs::read(folder().join(entry["file"].as_str().expect("a name"))).expect("a file")
}

/// Sends one file of the manifest. Returns the response.
pub async fn send_file(client: &Client, entry: &Value) -> Value {
    send_body(client, entry, content(entry)).await
}

/// Sends a body as a file of the manifest is sent. Returns the response.
pub async fn send_body(client: &Client, entry: &Value, body: Vec<u8>) -> Value {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let (method, file) = (text(&entry["method"]), text(&entry["file"]));
    let pairs = entry["query"].as_object().expect("a query").iter().map(|(name, value)| (name, text(value)));
    let url = format!("http://localhost{}", text(&entry["path"]));
    let url = reqwest::Url::parse_with_params(&url, pairs).expect("a URL");
    let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let reply =
        client.call(method, path.trim_end_matches('?')).body(&text(&entry["type"]), body).send().await;
    assert!((200..300).contains(&reply.status), "{file}: {}", reply.text);
    let answer = reply.json();
    let rejected = answer["rejected"].as_array().map(Vec::as_slice).unwrap_or_default();
    assert!(rejected.is_empty(), "{file}: {rejected:?}");
    answer
}

/// Sends the whole example in the order of its manifest.
pub async fn send(tenant: &Tenant) {
    let (stated, said) = files();
    for entry in stated.iter().chain(&said) {
        send_file(tenant, entry).await;
    }
}

/// Makes a run and returns it.
pub async fn run(tenant: &Tenant) -> Value {
    tenant.post("/v1/reconciliation/runs", &json!({})).await.created()
}
