//! /fix: exports that are dropped, and the answer that they lead to.

mod answer;
mod csv;
mod files;
mod focus;
mod own;
mod states;
mod store;
mod visitors;

use std::path::PathBuf;

use serde_json::{Value, json};
use tests::{Browser, Tenant, example};

use crate::visit::{READY, enter_at};

const BASE: &str = "/v1/reconciliation";
/// The button that sends the files that were dropped.
const SEND: &str = "form.send .button";
/// The table of the rows that were sent.
const RESULTS: &str = "What became of the rows";

/// Sends the example and compares it. Returns the first fix.
async fn compare(tenant: &Tenant) -> Value {
    example::send(tenant).await;
    run(tenant).await
}

/// Makes a run. Returns its first fix.
async fn run(tenant: &Tenant) -> Value {
    example::run(tenant).await;
    tenant.get(&format!("{BASE}/first-fix")).await.ok()
}

/// Registers the systems of an example with two of them.
async fn systems(tenant: &Tenant) {
    let systems = json!([{ "code": "erp", "kind": "erp" }, { "code": "till", "kind": "pos" }]);
    tenant.post(&format!("{BASE}/systems"), &systems).await.ok();
    tenant.put(&format!("{BASE}/settings"), &json!({ "reference": "erp" })).await.ok();
}

/// Opens the page and signs in with a key. Does not wait for its content.
#[track_caller]
fn enter(browser: &mut Browser, tenant: &Tenant, key: &str) {
    enter_at(browser, tenant, key, "/fix");
}

/// Opens the page, signs in with the key of the tenant, and waits for its cards.
#[track_caller]
fn visit(browser: &mut Browser, tenant: &Tenant) {
    enter(browser, tenant, &tenant.key);
    browser.until(READY);
}

/// Opens the page for a tenant without a run.
#[track_caller]
fn visit_first(browser: &mut Browser, tenant: &Tenant) {
    enter(browser, tenant, &tenant.key);
    browser.until("document.querySelector('.drop') && !document.querySelector('[aria-busy=true]')");
}

/// Drags files and folders onto the page and drops them.
#[track_caller]
fn drop_on(browser: &mut Browser, paths: &[PathBuf]) {
    // The type face moves the place when it is loaded.
    let place = browser.eval(
        "document.fonts.ready.then(() => { const area = document.querySelector('.drop'); area.scrollIntoView({ block: 'center' }); \
         const box = area.getBoundingClientRect(); return [box.x + box.width / 2, box.y + 8]; })",
    );
    let data = json!({ "items": [], "files": paths, "dragOperationsMask": 1 });
    for kind in ["dragEnter", "dragOver", "drop"] {
        let event = json!({ "type": kind, "x": place[0], "y": place[1], "data": data });
        browser.call("Input.dispatchDragEvent", &event);
    }
}

/// Chooses files by their names and texts, as the button does.
#[track_caller]
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
#[track_caller]
fn send(browser: &mut Browser) {
    browser.until(&format!("document.querySelector('{SEND}:enabled:not([aria-disabled=true])')"));
    browser.eval(&format!("document.querySelector('{SEND}').click()"));
    browser.until("document.querySelector('#files').closest('section').ariaBusy === 'false' && document.querySelector('.files table')");
}

/// Returns the rows of the table with a caption, each with its cells.
#[track_caller]
fn rows(browser: &mut Browser, caption: &str) -> Vec<Value> {
    let rows = browser.eval(&format!(
        "[...document.querySelectorAll('table')].filter((table) => table.caption.textContent.startsWith('{caption}'))\
         .flatMap((table) => [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim())))"
    ));
    rows.as_array().cloned().unwrap_or_default()
}

/// Chooses an option of a form, as a reader does.
#[track_caller]
fn pick(browser: &mut Browser, name: &str, value: &str) {
    browser.eval(&format!(
        "(() => {{ const choice = document.querySelector(`form.by-hand select[name='{name}']`); choice.value = '{value}'; \
         choice.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()"
    ));
}

/// Returns an expression of the page's words for a file.
fn said_of(file: &str) -> String {
    format!(
        "([...document.querySelectorAll('.files .list li')].find((one) => one.querySelector('b').textContent.endsWith('{file}'))\
         ?.querySelector('span').textContent ?? '')"
    )
}
