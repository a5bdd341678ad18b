//! A list in /console while it waits, when it fails, and over several pages.

use serde_json::json;
use tests::{Browser, with_tenant, with_tenants};

use super::{READY, enter};
use crate::visit::{enter_at, problem, shown, sign_in, sign_out};

#[test]
fn a_list_shows_that_it_waits() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        browser.hold("/v1/api-keys?");
        enter_at(&mut browser, tenant, &tenant.key, "/console?view=keys");
        browser.until("document.querySelector('section[aria-labelledby=keys][aria-busy=true] .skeleton')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.release();
        browser.until(READY);
        browser.until("document.querySelector('.panel tbody tr')");
        browser.check();
    });
}

#[test]
fn a_list_that_fails_is_tried_again() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        browser.refuse("/v1/api-keys?", 503, problem());
        enter(&mut browser, tenant, &tenant.key, "keys");
        browser.until("document.querySelector('.failed')");
        let text = browser.text(&shown(".failed"));
        assert!(text.starts_with("That could not be read.") && text.contains("req_of_the_test"), "{text}");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.release();
        browser.eval("document.querySelector('.failed button').click()");
        browser.until("document.querySelector('.panel tbody tr')");
        assert_eq!(browser.eval("document.activeElement.matches('section[aria-labelledby=keys]')"), true);
        browser.check();
    });
}

#[test]
fn a_list_without_rows_says_so() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "webhooks");
        let empty =
            browser.eval("[...document.querySelectorAll('.panel .empty')].map((one) => one.textContent)");
        assert_eq!(empty, json!(["There is no endpoint.", "Nothing was sent."]));
        browser.open(&format!("{}/console?view=audit&name=bill.recorded", tenant.base_url()));
        browser.until(READY);
        assert_eq!(browser.text(&shown(".panel .empty")), "There is no such command.");
        browser.check();
    });
}

#[test]
fn more_rows_follow_and_are_not_those_of_the_next_reader() {
    with_tenants(async |one, other| {
        for number in 0..60 {
            let body = json!({ "sku": format!("MUG-{number}"), "name": "Mug" });
            one.post("/v1/products", &body).await.created();
        }
        other.post("/v1/products", &json!({ "sku": "CUP", "name": "Cup" })).await.created();
        let mut browser = Browser::start();
        enter(&mut browser, one, &one.key, "audit");
        let rows = "document.querySelectorAll('.panel tbody tr').length";
        assert_eq!(browser.eval(rows), 50);
        browser.eval("document.querySelector('.more button').click()");
        browser.until(&format!("{rows} > 50 && {READY}"));
        sign_out(&mut browser);
        sign_in(&mut browser, &other.key);
        browser.until(&format!("{READY} && document.querySelector('.panel tbody tr')"));
        assert_eq!(
            browser.eval("document.querySelectorAll('.failed').length"),
            0,
            "no cursor of the first reader is sent"
        );
        assert_eq!(browser.eval(&format!("{rows} < 50")), true);
        browser.check();
    });
}
