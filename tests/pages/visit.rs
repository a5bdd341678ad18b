//! A visit of a page: trade to show, a key to sign in with, and the page in a browser.

use serde_json::json;
use tests::{Browser, Product, Screen, Tenant, Till};

/// A desk: wide and light.
pub const DESK: Screen = Screen { width: 1440, is_phone: false, is_dark: false };
/// Every card is there, and none is waiting.
pub const READY: &str =
    "document.querySelectorAll('.panel').length === 7 && !document.querySelector('[aria-busy=true]')";

/// Most bytes of a page over the network, compressed.
const SCRIPT_BYTES_MAX: u64 = 82_000;
const BYTES_MAX: u64 = 120_000;

/// A little trade in both channels.
///
/// 3 mugs are sold at the till for 30.00. 20 mugs and 10 cups are invoiced for 250.00. Mugs cost 4.00, cups 6.00: revenue is
/// 280.00, cost 152.00, margin 128.00.
pub struct Trade {
    pub till: Till,
    pub mug: Product,
}

impl Trade {
    pub async fn of(tenant: &Tenant) -> Self {
        let mug = tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        tenant.stocked("CUP", "5.00", ("50", "6.00")).await;
        let till = tenant.till().await;
        tenant.sell(&till, &[("MUG", "3")]).await.created();
        let customer = tenant.customer("Hazel Gifts Ltd").await;
        tenant.order(&customer, &[("MUG", "20"), ("CUP", "10")], "invoiced").await.created();
        Trade { till, mug }
    }
}

/// Makes a key of a tenant with these scopes.
pub async fn key(tenant: &Tenant, scopes: &[&str]) -> String {
    let body = json!({ "name": "Wall screen", "mode": "test", "scopes": scopes });
    let made = tenant.post("/v1/api-keys", &body).await.created();
    made["secret"].as_str().expect("a secret").to_owned()
}

/// Opens /insights and signs in with a key. Does not wait for the figures.
pub fn enter(browser: &mut Browser, tenant: &Tenant, key: &str) {
    enter_at(browser, tenant, key, "/insights");
}

/// Opens a page and signs in with a key. Does not wait for its content.
pub fn enter_at(browser: &mut Browser, tenant: &Tenant, key: &str, page: &str) {
    browser.look(DESK);
    browser.open(&format!("{}{page}", tenant.base_url()));
    browser.until("document.querySelector('#key')");
    browser.eval("document.querySelector('#key').focus()");
    browser.write(key);
    browser.press("Enter");
}

/// Opens /insights, signs in with a key, and waits for the figures.
pub fn visit(browser: &mut Browser, tenant: &Tenant, key: &str) {
    enter(browser, tenant, key);
    browser.until(READY);
}

/// Returns an expression of the text of the first element that a selector finds.
pub fn shown(selector: &str) -> String {
    format!("(document.querySelector(`{selector}`)?.textContent ?? '').trim()")
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

/// Checks that the page and its files have few bytes.
#[track_caller]
pub fn check_bytes(browser: &mut Browser, page: &str) {
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
    assert!(scripts <= SCRIPT_BYTES_MAX, "scripts have {scripts} bytes: {sizes:?}");
    assert!(all <= BYTES_MAX, "the page has {all} bytes: {sizes:?}");
}
