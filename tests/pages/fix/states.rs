//! /fix while it waits, without a run, when something fails, and for callers with fewer rights.

use serde_json::json;
use tests::{Browser, with_tenant};

use super::{compare, enter, run, visit, visit_first};
use crate::visit::{READY, key, problem, shown};

#[test]
fn without_a_run_it_asks_for_exports() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        visit_first(&mut browser, tenant);
        let lead = browser.text(&shown(".lead"));
        assert_eq!(lead, "Nothing has been compared yet. Drop the exports of your systems below.");
        assert_eq!(
            browser.eval("document.querySelectorAll('.panel').length"),
            1,
            "nothing else is asked for"
        );
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.check();
    });
}

#[test]
fn without_enough_data_it_says_so() {
    with_tenant(async |tenant| {
        let told = run(tenant).await;
        assert_eq!(told["verdict"], "not_enough_data");
        let mut browser = Browser::start();
        visit(&mut browser, tenant);
        assert_eq!(Some(browser.text(&shown(".lead")).as_str()), told["headline"].as_str());
        assert!(
            browser
                .text(&shown("section[aria-labelledby=first] .empty"))
                .starts_with("There is not enough data yet.")
        );
        assert_eq!(
            browser.text(&shown("section[aria-labelledby=flow] .empty")),
            "No event of this process was seen."
        );
        assert_eq!(browser.eval("document.querySelectorAll('.figures').length"), 0);
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.check();
    });
}

#[test]
fn it_shows_that_it_waits() {
    with_tenant(async |tenant| {
        compare(tenant).await;
        let mut browser = Browser::start();
        browser.hold("flow-map");
        enter(&mut browser, tenant, &tenant.key);
        browser.until("document.querySelector('section[aria-labelledby=flow][aria-busy=true] .skeleton')");
        browser.until("document.querySelector('section[aria-labelledby=next][aria-busy=false] .next')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.release();
        browser.until(READY);
        assert_eq!(browser.eval("document.querySelectorAll('.skeleton').length"), 0);
        browser.check();
    });
}

#[test]
fn a_card_fails_alone_and_is_tried_again() {
    with_tenant(async |tenant| {
        compare(tenant).await;
        let mut browser = Browser::start();
        browser.refuse("flow-map", 503, problem());
        visit(&mut browser, tenant);
        let failed = browser.eval("[...document.querySelectorAll('.failed')].map((one) => one.closest('section').getAttribute('aria-labelledby'))");
        assert_eq!(failed, json!(["flow"]), "the other cards have their content");
        let text = browser.text(&shown(".failed"));
        for part in ["Took too long", "Ask again later.", "req_of_the_test", "Try again"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.release();
        browser.eval("document.querySelector('.failed button').focus()");
        browser.press("Enter");
        browser.until("document.querySelector('.flow .edge.broken')");
        assert_eq!(browser.eval("document.activeElement.matches('section[aria-labelledby=flow]')"), true);
        browser.until(READY);
        browser.check();
    });
}

#[test]
fn without_the_runs_there_is_no_answer_and_a_way_to_try_again() {
    with_tenant(async |tenant| {
        compare(tenant).await;
        let mut browser = Browser::start();
        browser.refuse("/runs?", 503, problem());
        enter(&mut browser, tenant, &tenant.key);
        browser.until("document.querySelector('.lead-failed button')");
        assert_eq!(
            browser.eval("document.querySelectorAll('.lead').length"),
            0,
            "it does not say that there is no run"
        );
        browser.release();
        browser.eval("document.querySelector('.lead-failed button').click()");
        browser.until(READY);
        browser.until("document.querySelector('.lead')");
        browser.check();
    });
}

#[test]
fn a_note_that_fails_says_so() {
    with_tenant(async |tenant| {
        compare(tenant).await;
        let mut browser = Browser::start();
        visit(&mut browser, tenant);
        browser.refuse("/applied", 503, problem());
        browser.eval("document.querySelector('form.done').requestSubmit()");
        browser.until("document.querySelector('form.done [role=alert]')");
        let said = browser.text(&shown("form.done [role=alert]"));
        assert!(said.starts_with("That was not noted. Took too long"), "{said}");
        assert_eq!(browser.eval("document.querySelectorAll('.done-on').length"), 0);
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.release();
        browser.eval("document.querySelector('form.done').requestSubmit()");
        browser.until("document.querySelector('.done-on')");
        browser.check();
    });
}

#[test]
fn a_key_that_only_reads_sees_the_answer_and_what_it_lacks() {
    with_tenant(async |tenant| {
        let told = compare(tenant).await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &key(tenant, &["reconciliation:read"]).await);
        browser.until(READY);
        assert_eq!(Some(browser.text(&shown(".lead")).as_str()), told["headline"].as_str());
        let files = browser.text(&shown("#files").replace(".textContent", ".closest('section').textContent"));
        assert!(files.contains("reconciliation:write"), "{files}");
        assert!(browser.text(&shown("p.done")).contains("reconciliation:write"));
        assert_eq!(browser.eval("document.querySelectorAll('.drop, form.done').length"), 0);
        assert_eq!(
            browser.eval("document.querySelectorAll('.failed').length"),
            0,
            "nothing refused is asked for"
        );
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.check();
    });
}

#[test]
fn a_key_without_the_reconciliation_learns_which_scope_it_needs() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &key(tenant, &["catalog:read"]).await);
        browser.until("document.querySelector('main [role=alert]')");
        let text = browser.text(&shown("main [role=alert]"));
        assert!(text.contains("reconciliation:read") && text.contains("Wall screen"), "{text}");
        assert_eq!(browser.eval("document.querySelectorAll('.panel').length"), 0);
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.check();
    });
}
