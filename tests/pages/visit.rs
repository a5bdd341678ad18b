//! A visit of a page: trade to show, a key to sign in with, and the page in a browser.

use std::process::Command;

use serde_json::{Value, json};
use tests::{Browser, Product, Screen, Tenant, Till, environment};

/// A desk: wide and light.
pub const DESK: Screen = Screen { width: 1440, is_phone: false, is_dark: false };
/// Every card is there, and none is waiting.
pub const READY: &str =
    "document.querySelectorAll('.panel').length === 7 && !document.querySelector('[aria-busy=true]')";

/// Seconds that a copied command may take.
const COMMAND_SECONDS: &str = "60";
/// Keeps method and path of each request that the page sends from now on, in `asked`.
pub const NOTE_REQUESTS: &str = "(() => { window.asked = []; const send = window.fetch; \
    window.fetch = (path, options) => { asked.push(`${options?.method ?? 'GET'} ${path}`); return send(path, options); }; })()";
/// Keeps back what the page reads from now on, until `proceed` is called. What it writes is sent.
pub const HOLD_READS: &str = "(() => { const send = window.fetch; const held = []; \
    window.fetch = (path, options) => options?.method ? send(path, options) \
        : new Promise((proceed) => held.push(() => proceed(send(path, options)))); \
    window.proceed = () => { window.fetch = send; for (const read of held) read(); }; })()";
/// Waits until the page has done what a promise led to, and has drawn it.
pub const DRAWN: &str =
    "new Promise((proceed) => setTimeout(() => requestAnimationFrame(() => setTimeout(proceed))))";
/// Most bytes over the network, compressed.
#[derive(Debug, Clone, Copy)]
pub struct BytesMax {
    pub scripts: u64,
    pub all: u64,
}

/// Most bytes of a page when it is opened.
pub const PAGE: BytesMax = BytesMax { scripts: 82_000, all: 120_000 };
/// Most bytes of /console after all of its sections were opened: each loads its files then.
pub const ALL_SECTIONS: BytesMax = BytesMax { scripts: 120_500, all: 158_500 };

/// A little trade in both channels.
///
/// 3 mugs are sold at the till for 30.00. 20 mugs and 10 cups are invoiced for 250.00. Mugs cost 4.00, cups 6.00: revenue is
/// 280.00, cost 152.00, margin 128.00.
pub struct Trade {
    pub till: Till,
    pub mug: Product,
}

impl Trade {
    /// Trades today. The day does not turn while the test runs, and no event of the trade is left that a page asks again for.
    pub async fn of(tenant: &Tenant) -> Self {
        environment().today(&chrono_tz::Europe::London).await;
        let mug = tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        tenant.stocked("CUP", "5.00", ("50", "6.00")).await;
        let till = tenant.till().await;
        tenant.sell(&till, &[("MUG", "3")]).await.created();
        let customer = tenant.customer("Hazel Gifts Ltd").await;
        tenant.order(&customer, &[("MUG", "20"), ("CUP", "10")], "invoiced").await.created();
        tenant.complete_feed().await;
        Trade { till, mug }
    }
}

/// Makes a key of a tenant with these scopes.
pub async fn key(tenant: &Tenant, scopes: &[&str]) -> String {
    let body = json!({ "name": "Wall screen", "mode": "test", "scopes": scopes });
    let made = tenant.post("/v1/api-keys", &body).await.created();
    made["secret"].as_str().expect("a secret").to_owned()
}

/// Returns a problem in place of the server's response.
pub fn problem() -> Value {
    json!({ "type": "/errors/statement_timeout", "status": 503, "code": "statement_timeout",
        "title": "Took too long", "detail": "Ask again later.", "request_id": "req_of_the_test" })
}

/// Opens /insights and signs in with a key. Does not wait for the figures.
#[track_caller]
pub fn enter(browser: &mut Browser, tenant: &Tenant, key: &str) {
    enter_at(browser, tenant, key, "/insights");
}

/// Opens a page and signs in with a key. Does not wait for its content.
#[track_caller]
pub fn enter_at(browser: &mut Browser, tenant: &Tenant, key: &str, page: &str) {
    browser.look(DESK);
    browser.open(&format!("{}{page}", tenant.base_url()));
    sign_in(browser, key);
}

/// Signs out, and leaves the page open.
#[track_caller]
pub fn sign_out(browser: &mut Browser) {
    browser.eval("document.querySelector('.who button').click()");
    browser.until("document.querySelector('#key')");
}

/// Signs in with a key at the open page.
#[track_caller]
pub fn sign_in(browser: &mut Browser, key: &str) {
    browser.until("document.querySelector('#key')");
    browser.eval("document.querySelector('#key').focus()");
    browser.write(key);
    browser.press("Enter");
}

/// Opens /insights, signs in with a key, and waits for the figures.
#[track_caller]
pub fn visit(browser: &mut Browser, tenant: &Tenant, key: &str) {
    enter(browser, tenant, key);
    browser.until(READY);
}

/// Returns an expression of the text of the first element that a selector finds.
pub fn shown(selector: &str) -> String {
    format!("(document.querySelector(`{selector}`)?.textContent ?? '').trim()")
}

/// Presses a button of a card, the last (1) or the last but one (2), and returns what it copies.
#[track_caller]
pub fn copied(browser: &mut Browser, card: &str, from_end: usize) -> String {
    browser.text(&format!(
        "new Promise((proceed) => {{ navigator.clipboard.writeText = async (text) => proceed(text); \
         [...document.querySelectorAll('section[aria-labelledby={card}] footer button')].at(-{from_end}).click(); }})"
    ))
}

/// Runs copied commands in a shell, and returns what they print.
#[track_caller]
pub fn run_copied(commands: &str, key: &str) -> Vec<u8> {
    let ran = Command::new("timeout")
        .args([COMMAND_SECONDS, "sh", "-c", commands])
        .env("STOCKWELL_KEY", key)
        .env("no_proxy", "127.0.0.1")
        .output()
        .expect("a shell runs");
    assert!(ran.status.success(), "{commands}: {} {}", ran.status, String::from_utf8_lossy(&ran.stderr));
    ran.stdout
}

/// Presses Tab until the element that a selector names has the focus.
#[track_caller]
pub fn tab_to(browser: &mut Browser, selector: &str) {
    const PRESSES_MAX: usize = 80;
    for _ in 0..PRESSES_MAX {
        browser.press("Tab");
        if browser.eval(&format!("document.activeElement.matches(`{selector}`)")) == true {
            return;
        }
    }
    panic!("the keyboard does not reach {selector}");
}

/// Checks that the page and the files that it has loaded have few bytes.
#[track_caller]
pub fn check_bytes(browser: &mut Browser, page: &str, most: BytesMax) {
    let files = browser.eval(&format!(
        "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))\
         .map(({{ name, encodedBodySize }}) => [name, encodedBodySize])\
         .filter(([name]) => name.includes('/web/') || name.includes('{page}'))"
    ));
    let sizes: Vec<(&str, u64)> = files
        .as_array()
        .into_iter()
        .flatten()
        .map(|file| (file[0].as_str().expect("a name"), file[1].as_u64().expect("a size")))
        .collect();
    assert!(sizes.len() > 20 && sizes.iter().all(|(_, size)| *size > 0), "{sizes:?}");
    let sum = |of: fn(&str) -> bool| -> u64 {
        sizes.iter().filter(|(name, _)| of(name)).map(|(_, size)| size).sum()
    };
    let (scripts, all) = (sum(|name| name.ends_with(".js")), sum(|_| true));
    assert!(scripts <= most.scripts, "scripts have {scripts} bytes: {sizes:?}");
    assert!(all <= most.all, "the page has {all} bytes: {sizes:?}");
}
