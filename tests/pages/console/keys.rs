//! API keys in /console: a new one, another secret for one, and the end of one.

use serde_json::{Value, json};
use tests::{Browser, Tenant, with_tenant};

use super::{ASKED, CLOSED, copied_secret, enter, fill, press, row_with, submit};
use crate::visit::{key, shown, tab_to};

/// Makes a key that reads the catalogue. Returns its record and the key itself.
async fn made(tenant: &Tenant, name: &str) -> (Value, String) {
    let body = json!({ "name": name, "mode": "test", "scopes": ["catalog:read"] });
    let made = tenant.post("/v1/api-keys", &body).await.created();
    (made["api_key"].clone(), made["secret"].as_str().expect("a secret").to_owned())
}

#[test]
fn a_key_is_created_with_the_scopes_of_a_role_and_is_copied() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "keys");
        press(&mut browser, ".actions", "Create a key");
        browser.until("document.querySelector('dialog[open] #role')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        fill(&mut browser, "name", "Till of the shop");
        fill(&mut browser, "mode", "test");
        fill(&mut browser, "role", "cashier");
        browser.until("document.querySelector('dialog input[value=\"pos:write\"]').checked");
        fill(&mut browser, "discount_max", "5");
        submit(&mut browser);
        let secret = copied_secret(&mut browser);
        assert!(secret.starts_with("sw_test_sk_"), "{secret}");
        browser.until("document.activeElement.closest('.secret')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        let caller = tenant.with_key(&secret).get("/v1/me").await.ok();
        assert_eq!(caller["actor_name"], "Till of the shop");
        assert_eq!(caller["bounds"]["discount_max"], "5");
        let scopes = caller["scopes"].as_array().expect("scopes");
        assert!(
            scopes.contains(&json!("pos:write")) && !scopes.contains(&json!("ledger:read")),
            "{scopes:?}"
        );
        press(&mut browser, "dialog", "I have kept it");
        browser.until(&format!("{CLOSED} && {}", row_with("Till of the shop")));
        let row = browser.text(&row_with("Till of the shop"));
        assert!(row.contains("Works") && row.contains("discounts up to 5%"), "{row}");
        assert_eq!(browser.eval(&format!("document.documentElement.innerHTML.includes('{secret}')")), false);
        browser.check();
    });
}

#[test]
fn a_key_that_is_rejected_says_why_at_its_field() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "keys");
        press(&mut browser, ".actions", "Create a key");
        browser.until("document.querySelector('dialog[open] #role')");
        fill(&mut browser, "name", "Web shop");
        submit(&mut browser);
        browser.until("document.querySelector('dialog .scopes .wrong')");
        let alert = browser.text(&shown("dialog [role=alert]"));
        assert!(alert.starts_with("Validation failed") && alert.contains("req_"), "{alert}");
        fill(&mut browser, "role", "cashier");
        fill(&mut browser, "discount_max", "900");
        submit(&mut browser);
        browser.until("document.querySelector('dialog details[open] #discount_max[aria-invalid=true]')");
        assert!(browser.text(&shown("#discount_max-wrong")).contains("from 0 to 100"));
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.press("Escape");
        browser.until(CLOSED);
        assert_eq!(browser.text("document.activeElement.textContent"), "Create a key");
        browser.check();
    });
}

#[test]
fn a_key_is_revoked_after_a_question() {
    with_tenant(async |tenant| {
        let (record, secret) = made(tenant, "Old shop").await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "keys");
        press(&mut browser, ".panel", "Revoke: Old shop");
        browser.until(ASKED);
        let question = browser.text(&shown("dialog"));
        assert!(question.contains(record["last4"].as_str().expect("an end")), "{question}");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        press(&mut browser, "dialog", "Cancel");
        browser.until(CLOSED);
        tenant.with_key(&secret).get("/v1/me").await.ok();
        press(&mut browser, ".panel", "Revoke: Old shop");
        browser.until(ASKED);
        press(&mut browser, "dialog", "Revoke");
        browser.until(&format!("{CLOSED} && {}.includes('Revoked')", row_with("Old shop")));
        tenant.with_key(&secret).get("/v1/me").await.refused(401, "invalid_api_key");
        browser.until("document.activeElement.matches('section[aria-labelledby=keys]')");
        assert!(!browser.text(&row_with("Old shop")).contains("Rotate"), "it can't be rotated");
        browser.check();
    });
}

#[test]
fn a_revocation_that_is_rejected_says_why() {
    with_tenant(async |tenant| {
        made(tenant, "Old shop").await;
        let mut browser = Browser::start();
        let few = key(tenant, &["api_keys:read", "api_keys:write"]).await;
        enter(&mut browser, tenant, &few, "keys");
        press(&mut browser, ".panel", "Revoke: Old shop");
        browser.until(ASKED);
        press(&mut browser, "dialog", "Revoke");
        browser.until("document.querySelector('dialog [role=alert]')");
        let alert = browser.text(&shown("dialog [role=alert]"));
        assert!(alert.contains("catalog:read") && alert.contains("req_"), "{alert}");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.check();
    });
}

#[test]
fn a_rotated_key_has_another_secret() {
    with_tenant(async |tenant| {
        let (_, old) = made(tenant, "Web shop").await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "keys");
        press(&mut browser, ".panel", "Rotate: Web shop");
        browser.until(ASKED);
        fill(&mut browser, "overlap", "0");
        submit(&mut browser);
        let new = copied_secret(&mut browser);
        tenant.with_key(&new).get("/v1/me").await.ok();
        let refused = tenant.with_key(&old).get("/v1/me").await;
        assert_eq!(refused.status, 401, "the old key has ended: {}", refused.text);
        press(&mut browser, "dialog", "I have kept it");
        browser.until(&format!("{CLOSED} && {}.includes('Replaced')", row_with("Web shop")));
        browser.check();
    });
}

#[test]
fn a_keyboard_is_enough_for_a_key() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "keys");
        tab_to(&mut browser, ".actions button");
        browser.press("Enter");
        browser.until("document.activeElement.id === 'name'");
        browser.write("Stock finder");
        tab_to(&mut browser, "dialog .checks input");
        browser.press(" ");
        browser.until("document.activeElement.checked");
        tab_to(&mut browser, "dialog form button.main");
        browser.press("Enter");
        browser.until("document.activeElement.matches('dialog .secret code')");
        tab_to(&mut browser, "dialog .buttons button.main");
        browser.press("Enter");
        browser.until(&format!("{CLOSED} && {}", row_with("Stock finder")));
        browser.check();
    });
}

#[test]
fn a_reader_of_keys_changes_none() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        let few = key(tenant, &["api_keys:read"]).await;
        enter(&mut browser, tenant, &few, "keys");
        assert!(browser.text(&shown(".actions")).contains("api_keys:write"));
        assert_eq!(
            browser.eval("document.querySelectorAll('.panel .actions button, .panel td button').length"),
            0
        );
        assert!(browser.text(&row_with("Wall screen")).contains("1 scope"));
        browser.check();
    });
}
