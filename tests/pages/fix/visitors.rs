//! Visitors of /fix who follow each other in one tab: nothing of the first reaches the second.

use serde_json::json;
use tests::{Browser, Tenant, with_tenants};

use super::{SEND, choose, systems, visit_first};
use crate::visit::{DRAWN, NOTE_REQUESTS, sign_in, sign_out};

const LIST: &str = "taken_at,external_sku,external_location,quantity\n2026-01-05T05:00:00Z,SECRET-1,MAIN,5\n";
/// Lets another tenant sign in in the same tab.
#[track_caller]
fn change_visitor(browser: &mut Browser, other: &Tenant) {
    sign_out(browser);
    sign_in(browser, &other.key);
    browser.until("document.querySelector('.drop') && !document.querySelector('[aria-busy=true]')");
}

/// Makes a method of files wait until `proceed` is called with its result.
#[track_caller]
fn hold(browser: &mut Browser, method: &str) {
    browser.eval(&format!(
        "Blob.prototype.{method} = () => new Promise((proceed) => {{ window.proceed = proceed; }})"
    ));
}

#[test]
fn files_that_were_being_read_are_not_shown_to_the_next() {
    with_tenants(async |one, other| {
        systems(one).await;
        let mut browser = Browser::start();
        for text in [json!(LIST), json!({})] {
            visit_first(&mut browser, one);
            hold(&mut browser, "text");
            choose(&mut browser, &[("till.full.csv", LIST)]);
            browser.until("window.proceed");
            change_visitor(&mut browser, other);
            // The second result is no text: reading it fails.
            browser.eval(&format!("proceed({text})"));
            browser.eval(DRAWN);
            assert_eq!(
                browser.eval("document.querySelectorAll('.files .list, .files [role=alert]').length"),
                0
            );
            sign_out(&mut browser);
        }
        browser.check();
    });
}

#[test]
fn files_that_were_being_sent_do_not_go_to_the_next() {
    with_tenants(async |one, other| {
        for tenant in [one, other] {
            systems(tenant).await;
        }
        let mut browser = Browser::start();
        visit_first(&mut browser, one);
        choose(&mut browser, &[("till.full.csv", LIST)]);
        browser.until(&format!("document.querySelector('{SEND}:enabled')"));
        hold(&mut browser, "arrayBuffer");
        browser.eval(&format!("document.querySelector('{SEND}').click()"));
        browser.until("window.proceed");
        change_visitor(&mut browser, other);
        browser.eval(NOTE_REQUESTS);
        browser.eval(&format!("proceed(new TextEncoder().encode({}).buffer)", json!(LIST)));
        browser.eval(DRAWN);
        assert_eq!(browser.eval("asked.filter((request) => !request.startsWith('GET '))"), json!([]));
        assert_eq!(browser.eval("document.querySelectorAll('.files table').length"), 0);
        browser.check();
    });
}

#[test]
fn a_comparison_whose_reference_was_being_stated_makes_no_run_of_the_next() {
    with_tenants(async |one, other| {
        for tenant in [one, other] {
            systems(tenant).await;
        }
        let mut browser = Browser::start();
        visit_first(&mut browser, one);
        browser.until("document.querySelector('#reference')?.value === 'erp'");
        browser.hold("/v1/reconciliation/settings");
        browser.eval(
            "(() => { const choice = document.querySelector('#reference'); choice.value = 'till'; \
             choice.dispatchEvent(new Event('change', { bubbles: true })); choice.form.requestSubmit(); })()",
        );
        browser.until_held();
        sign_out(&mut browser);
        sign_in(&mut browser, &other.key);
        browser.until("document.querySelector('.drop')");
        browser.eval(NOTE_REQUESTS);
        browser.release();
        browser.until("document.querySelector('#reference') && !document.querySelector('[aria-busy=true]')");
        browser.eval(DRAWN);
        assert_eq!(browser.eval("asked.filter((request) => !request.startsWith('GET '))"), json!([]));
        assert_eq!(other.get("/v1/reconciliation/runs").await.ok()["data"], json!([]));
        browser.check();
    });
}

#[test]
fn a_comparison_that_fails_is_not_shown_to_the_next() {
    with_tenants(async |one, other| {
        systems(one).await;
        let mut browser = Browser::start();
        visit_first(&mut browser, one);
        browser.until("document.querySelector('form.reference')");
        browser.hold("/v1/reconciliation/runs");
        browser.eval("document.querySelector('form.reference').requestSubmit()");
        browser.until_held();
        sign_out(&mut browser);
        sign_in(&mut browser, &other.key);
        browser.until("document.querySelector('.drop')");
        browser.release();
        browser.until("!document.querySelector('[aria-busy=true]')");
        browser.eval(DRAWN);
        assert_eq!(browser.text("document.querySelector('.files .progress').textContent"), "");
        assert_eq!(
            browser.eval("document.querySelectorAll('.files .failed, .files a[href=\"#main\"]').length"),
            0
        );
        browser.check();
    });
}
