//! Signing in by key and by password, and the end of a sign-in.

use serde_json::{Value, json};
use tests::{Browser, Tenant, with_tenant};

use crate::visit::{DESK, READY, Trade, enter, shown, visit};

const PASSWORD: &str = "correct horse battery staple";

/// Chooses the password, and fills the form in.
fn log_in(browser: &mut Browser, tenant: &Tenant, password: &str) {
    browser.look(DESK);
    browser.open(&format!("{}/insights", tenant.base_url()));
    browser.until("document.querySelectorAll('input[name=way]').length === 2");
    browser.eval("document.querySelectorAll('input[name=way]')[1].click()");
    browser.until("document.querySelector('#tenant')");
    for (field, text) in
        [("tenant", tenant.slug.as_str()), ("email", "ada@shop.example"), ("password", password)]
    {
        browser.eval(&format!("document.querySelector('#{field}').focus()"));
        browser.write(text);
    }
    browser.press("Enter");
}

/// Makes the access token of the tab one that the server rejects.
const SPOIL: &str = "(() => { const kept = JSON.parse(sessionStorage.getItem('stockwell.credential')); \
    sessionStorage.setItem('stockwell.credential', JSON.stringify({ ...kept, secret: kept.secret.slice(0, -4) + 'AAAA' })); })()";

/// Returns an expression of how many requests of the present document to a path are complete.
fn sent(path: &str) -> String {
    format!("performance.getEntriesByType('resource').filter(({{ name }}) => name.endsWith('{path}')).length")
}

async fn user(tenant: &Tenant) {
    let body = json!({ "email": "ada@shop.example", "name": "Ada", "role": "owner", "password": PASSWORD });
    tenant.post("/v1/users", &body).await.created();
}

#[test]
fn a_password_opens_the_page() {
    with_tenant(async |tenant| {
        user(tenant).await;
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        log_in(&mut browser, tenant, "another password");
        browser.until("document.querySelector('.entrance [role=alert]')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        log_in(&mut browser, tenant, PASSWORD);
        browser.until(READY);
        assert_eq!(browser.text(&shown(".figures .value")), "£280.00");
        browser.check();
    });
}

#[test]
fn a_second_factor_asks_for_a_code() {
    with_tenant(async |tenant| {
        user(tenant).await;
        let mut browser = Browser::start();
        let problem = json!({ "status": 401, "code": "mfa_required", "title": "Code needed", "detail": "", "challenge": "swm_x" });
        browser.refuse("/v1/auth/login", 401, problem);
        log_in(&mut browser, tenant, PASSWORD);
        browser.until("document.querySelector('#code') && !document.querySelector('#password')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.release();
        browser.eval("document.querySelector('#code').focus()");
        browser.write("000000");
        browser.press("Enter");
        browser.until("document.querySelector('.entrance [role=alert]')");
        browser.eval("document.querySelector('.entrance button[type=button]').click()");
        browser.until(
            "document.querySelector('#password') && !document.querySelector('.entrance [role=alert]')",
        );
        log_in(&mut browser, tenant, PASSWORD);
        browser.until("document.querySelectorAll('.panel').length > 0");
        browser.check();
    });
}

#[test]
fn an_access_token_that_has_ended_is_renewed() {
    with_tenant(async |tenant| {
        user(tenant).await;
        let mut browser = Browser::start();
        log_in(&mut browser, tenant, PASSWORD);
        browser.until(READY);
        browser.eval(SPOIL);
        browser.open(&format!("{}/insights", tenant.base_url()));
        browser.until(READY);
        assert_eq!(browser.eval(&sent("/v1/auth/refresh")), 1, "several calls need one renewal");
        // The second token works.
        browser.open(&format!("{}/insights", tenant.base_url()));
        browser.until(READY);
        assert_eq!(browser.eval(&sent("/v1/auth/refresh")), 0);
        browser.check();
    });
}

#[test]
fn signing_out_holds_while_a_token_is_renewed() {
    with_tenant(async |tenant| {
        user(tenant).await;
        let mut browser = Browser::start();
        log_in(&mut browser, tenant, PASSWORD);
        browser.until(READY);
        browser.eval(SPOIL);
        browser.hold("/v1/auth/refresh");
        // The server must not learn of the end before the renewal: it would refuse it.
        browser.refuse("/v1/auth/logout", 503, outage());
        browser.open(&format!("{}/insights", tenant.base_url()));
        browser
            .until("document.querySelector('main[aria-busy=true]') && document.querySelector('.who button')");
        browser.until_held();
        browser.eval("document.querySelector('.who button').click()");
        browser.until("document.querySelector('#key')");
        browser.until(&format!("{} === 1", sent("/v1/auth/logout")));
        browser.release();
        // The new pair of tokens is not kept, but ended too.
        browser.until(&format!("{} === 2", sent("/v1/auth/logout")));
        let status =
            browser.eval("performance.getEntriesByType('resource').findLast(({ name }) => name.endsWith('/v1/auth/logout')).responseStatus");
        assert_eq!(status, 204, "the new pair was one that worked");
        assert_eq!(browser.eval("sessionStorage.length"), 0);
        assert_eq!(browser.eval("document.querySelectorAll('.panel').length"), 0);
        browser.check();
    });
}

#[test]
fn an_outage_during_a_renewal_ends_no_visit() {
    with_tenant(async |tenant| {
        user(tenant).await;
        let mut browser = Browser::start();
        log_in(&mut browser, tenant, PASSWORD);
        browser.until(READY);
        for status in [503, 429] {
            browser.eval(SPOIL);
            browser.refuse("/v1/auth/refresh", status, outage());
            browser.open(&format!("{}/insights", tenant.base_url()));
            browser.until("document.querySelector('main .failed')");
            let text = browser.text(&shown("main .failed"));
            assert!(text.contains("Down for a moment"), "{status}: {text}");
            assert_eq!(browser.eval("sessionStorage.length"), 1, "{status}: the credential is kept");
            browser.release();
            browser.eval("document.querySelector('main .failed button').click()");
            browser.until(READY);
        }
        browser.check();
    });
}

#[test]
fn an_outage_during_a_visit_is_a_problem_of_the_cards() {
    with_tenant(async |tenant| {
        user(tenant).await;
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        log_in(&mut browser, tenant, PASSWORD);
        browser.until(READY);
        // The access token ends while the page is open.
        browser.eval(
            "import(document.querySelector('script[type=module]').src.replace('insights/main.js', 'kit/api.js')).then(({ credential }) => {\
             credential.value = { ...credential.value, secret: credential.value.secret.slice(0, -4) + 'AAAA' }; })",
        );
        browser.refuse("/v1/auth/refresh", 503, outage());
        browser.eval("document.querySelector('input[name=span][value=\"30d\"]').click()");
        browser.until("document.querySelectorAll('.panel .failed').length === 7");
        assert!(browser.text(&shown(".panel .failed")).contains("Down for a moment"));
        assert_eq!(browser.eval("sessionStorage.length"), 1, "the credential is kept");
        browser.release();
        browser.eval("document.querySelectorAll('.panel .failed button').forEach((one) => one.click())");
        browser.until("!document.querySelector('.failed')");
        browser.until(READY);
        assert_eq!(browser.text(&shown(".figures .value")), "£280.00");
        browser.check();
    });
}

#[test]
fn a_renewal_that_the_server_rejects_ends_the_visit() {
    with_tenant(async |tenant| {
        user(tenant).await;
        let mut browser = Browser::start();
        log_in(&mut browser, tenant, PASSWORD);
        browser.until(READY);
        browser.eval(SPOIL);
        let problem =
            json!({ "status": 401, "code": "invalid_refresh_token", "title": "Sign in again", "detail": "" });
        browser.refuse("/v1/auth/refresh", 401, problem);
        browser.open(&format!("{}/insights", tenant.base_url()));
        browser.until("document.querySelector('#key')");
        assert_eq!(browser.eval("sessionStorage.length"), 0);
        let text = browser.text(&shown(".entrance [role=alert]"));
        assert!(text.starts_with("You were signed out."), "{text}");
        browser.check();
    });
}

fn outage() -> Value {
    json!({ "status": 503, "code": "unavailable", "title": "Down for a moment", "detail": "Try again soon." })
}

#[test]
fn a_wrong_key_is_rejected_with_the_reason() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, "sw_test_sk_wrong");
        browser.until("document.querySelector('.entrance [role=alert]')");
        let text = browser.text(&shown(".entrance [role=alert]"));
        assert!(text.len() > "That did not work.".len() + 10, "{text}");
        assert_eq!(browser.eval("sessionStorage.getItem('stockwell.credential')"), serde_json::Value::Null);
        browser.check();
    });
}

#[test]
fn a_revoked_key_leads_back_to_the_form() {
    with_tenant(async |tenant| {
        let body =
            json!({ "name": "Wall screen", "mode": "test", "scopes": ["reports:read", "events:read"] });
        let made = tenant.post("/v1/api-keys", &body).await.created();
        let (id, key) =
            (made["api_key"]["id"].as_str().expect("an id"), made["secret"].as_str().expect("a key"));
        let mut browser = Browser::start();
        visit(&mut browser, tenant, key);
        assert_eq!(tenant.delete(&format!("/v1/api-keys/{id}")).await.status, 204);
        // The stream of events may have led to the form already.
        browser.eval("document.querySelector('input[name=span]')?.click()");
        browser.until("document.querySelector('#key') && document.querySelector('.entrance [role=alert]')");
        let text = browser.text(&shown(".entrance [role=alert]"));
        assert!(text.starts_with("You were signed out."), "{text}");
        assert_eq!(browser.eval("document.querySelectorAll('.panel').length"), 0);
        browser.check();
    });
}

#[test]
fn signing_out_leaves_nothing_in_the_tab() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        visit(&mut browser, tenant, &tenant.key);
        // The form that had the focus is gone, so the content has it. The same holds for the button of the bar.
        assert_eq!(browser.eval("document.activeElement.id"), "main");
        browser.eval("document.querySelector('.who button').focus()");
        browser.press("Enter");
        browser.until("document.querySelector('#key')");
        assert_eq!(browser.eval("document.activeElement.id"), "main");
        assert_eq!(browser.eval("sessionStorage.length"), 0);
        let kept = browser.text("JSON.stringify(localStorage)");
        assert!(!kept.contains("sw_"), "{kept}");
        browser.check();
    });
}
