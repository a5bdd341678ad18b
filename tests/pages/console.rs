//! /console: sections for admins, on the public API alone.

mod catalogue;
mod customers;
mod files;
mod frame;
mod jobs;
mod keys;
mod ledger;
mod people;
mod prices;
mod providers;
mod roles;
mod settings;
mod states;
mod stock;
mod trail;
mod webhooks;

use serde_json::json;
use tests::{Browser, Tenant};

use crate::visit::enter_at;

/// The sections, as the address names them.
const SECTIONS: [&str; 17] = [
    "start",
    "products",
    "prices",
    "customers",
    "locations",
    "stock",
    "users",
    "providers",
    "keys",
    "webhooks",
    "log",
    "jobs",
    "audit",
    "integrity",
    "rates",
    "accounts",
    "settings",
];
/// The cards of a section are there, and none is waiting.
const READY: &str =
    "document.querySelector('.console .panel') && !document.querySelector('[aria-busy=true]')";
/// A dialog is open.
const ASKED: &str = "document.querySelector('dialog[open]')";
/// No dialog is open, and no card is waiting.
const CLOSED: &str = "!document.querySelector('dialog') && !document.querySelector('[aria-busy=true]')";

/// Opens a section and signs in with a key. Waits for its cards.
#[track_caller]
fn enter(browser: &mut Browser, tenant: &Tenant, key: &str, section: &str) {
    enter_at(browser, tenant, key, &format!("/console?view={section}"));
    browser.until(READY);
}

/// Presses the first button or link whose text begins with a label, below the element that a selector names.
#[track_caller]
fn press(browser: &mut Browser, inside: &str, label: &str) {
    let pressed = browser.eval(&format!(
        "(() => {{ const found = [...document.querySelectorAll(`{inside} :is(button, a)`)]\
         .find((one) => one.textContent.replace(/\\s+/g, ' ').trim().startsWith({label})); \
         found?.focus(); found?.click(); return found != null; }})()",
        label = json!(label)
    ));
    assert_eq!(pressed, true, "{inside} has no {label:?}");
}

/// Fills a field of the dialog or of the page in, as a reader does.
#[track_caller]
fn fill(browser: &mut Browser, name: &str, value: &str) {
    browser.eval(&format!(
        "(() => {{ const field = document.querySelector(`[name='{name}']`); field.value = {}; \
         field.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()",
        json!(value)
    ));
}

/// Sends the form of the dialog.
#[track_caller]
fn submit(browser: &mut Browser) {
    browser.eval("document.querySelector('dialog form').requestSubmit()");
}

/// Waits for the secret of the dialog. Returns it, as the button copies it.
#[track_caller]
fn copied_secret(browser: &mut Browser) -> String {
    browser.until("document.querySelector('dialog .secret button')");
    let copied = browser.text(
        "new Promise((proceed) => { navigator.clipboard.writeText = async (text) => proceed(text); \
         document.querySelector('dialog .secret button').click(); })",
    );
    assert_eq!(browser.text("document.querySelector('dialog .secret code').textContent"), copied);
    copied
}

/// Returns an expression of the text of the first row of a table that has a text.
fn row_with(text: &str) -> String {
    format!(
        "([...document.querySelectorAll('.panel tbody tr')].find((row) => row.textContent.includes({}))?.textContent ?? '')",
        json!(text)
    )
}
