//! /fix: exports that are dropped, and the answer that they lead to.

mod answer;
mod files;
mod states;

use std::path::{Path, PathBuf};

use reqwest::{Method, Url};
use serde_json::{Value, json};
use tests::{Browser, Tenant};

use crate::visit::enter_at;

const BASE: &str = "/v1/reconciliation";
/// Every card is there, and none is waiting.
const READY: &str =
    "document.querySelectorAll('.panel').length === 7 && !document.querySelector('[aria-busy=true]')";
/// The button that sends what was dropped.
const SEND: &str = "form.send .button";

/// Returns the folder of the four systems that stopped agreeing.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/reconciliation")
}

/// Returns the files of the example with their requests.
fn manifest() -> Vec<Value> {
    let text = std::fs::read_to_string(folder().join("manifest.json")).expect("a file");
    serde_json::from_str(&text).expect("entries")
}

/// Sends the example over the API and compares it. Returns the answer.
async fn compare(tenant: &Tenant) -> Value {
    for entry in manifest() {
        let text = |name: &str| entry[name].as_str().expect("a text").to_owned();
        let query = entry["query"].as_object().expect("a query").iter();
        let pairs = query.map(|(name, value)| (name, value.as_str().expect("a text")));
        let url = format!("http://localhost{}", text("path"));
        let url = Url::parse_with_params(&url, pairs).expect("a URL");
        let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let method = Method::from_bytes(text("method").as_bytes()).expect("a method");
        let body = std::fs::read(folder().join(text("file"))).expect("a file");
        let call = tenant.call(method, path.trim_end_matches('?')).body(&text("type"), body);
        call.send().await.ok();
    }
    run(tenant).await
}

/// Compares what is there. Returns the answer.
async fn run(tenant: &Tenant) -> Value {
    tenant.post(&format!("{BASE}/runs"), &json!({})).await.created();
    tenant.get(&format!("{BASE}/first-fix")).await.ok()
}

/// Opens the page and signs in with a key. Does not wait for its content.
fn enter(browser: &mut Browser, tenant: &Tenant, key: &str) {
    enter_at(browser, tenant, key, "/fix");
}

/// Opens the page, signs in with the key of the tenant, and waits for its cards.
fn visit(browser: &mut Browser, tenant: &Tenant) {
    enter(browser, tenant, &tenant.key);
    browser.until(READY);
}

/// Opens the page for a tenant without a run.
fn visit_first(browser: &mut Browser, tenant: &Tenant) {
    enter(browser, tenant, &tenant.key);
    browser.until("document.querySelector('.drop') && !document.querySelector('[aria-busy=true]')");
}

/// Drags files and folders onto the page and drops them.
fn drop_on(browser: &mut Browser, paths: &[PathBuf]) {
    let place = browser.eval(
        "(() => { const area = document.querySelector('.drop'); area.scrollIntoView({ block: 'center' }); \
         const box = area.getBoundingClientRect(); return [box.x + box.width / 2, box.y + 8]; })()",
    );
    let data = json!({ "items": [], "files": paths, "dragOperationsMask": 1 });
    for kind in ["dragEnter", "dragOver", "drop"] {
        let event = json!({ "type": kind, "x": place[0], "y": place[1], "data": data });
        browser.call("Input.dispatchDragEvent", &event);
    }
}

/// Chooses files by their names and texts, as the button does.
fn choose(browser: &mut Browser, files: &[(&str, &str)]) {
    let files = json!(files);
    browser.eval(&format!(
        "(() => {{ const chosen = new DataTransfer(); \
         for (const [name, text] of {files}) chosen.items.add(new File([text], name)); \
         const input = document.querySelector('input[name=files]'); input.files = chosen.files; \
         input.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()"
    ));
}

/// Presses the button that sends, and waits for the end.
fn send(browser: &mut Browser) {
    browser.until(&format!("document.querySelector('{SEND}:enabled')"));
    browser.eval(&format!("document.querySelector('{SEND}').click()"));
    browser.until("document.querySelector('#files').closest('section').ariaBusy === 'false' && document.querySelector('.files table')");
}

/// Returns the rows of the table with a caption, each with its cells.
fn rows(browser: &mut Browser, caption: &str) -> Vec<Value> {
    let rows = browser.eval(&format!(
        "[...document.querySelectorAll('table')].filter((table) => table.caption.textContent.startsWith('{caption}'))\
         .flatMap((table) => [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim())))"
    ));
    rows.as_array().cloned().unwrap_or_default()
}
