//! Jobs in /console: an import that is followed, and the list of jobs.

use reqwest::Method;
use serde_json::json;
use tests::{Browser, Screen, with_tenant};

use super::catalogue::{choose, said};
use super::{ASKED, CLOSED, READY, enter, press, row_with};
use crate::visit::{key, problem, shown, sign_in, sign_out};

const FILE: &str = "sku,name,list_price\nMUG,Mug,4.50\n";

#[test]
fn an_import_is_followed_and_listed() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "products");
        choose(&mut browser, "list.csv", FILE);
        browser.until(&format!("{}.startsWith('list.csv is checked') && {READY}", said()));
        browser.hold("/v1/jobs/");
        press(&mut browser, ".import", "Import 1 row");
        browser.until_held();
        browser.until("document.querySelector('.import .progress')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.release();
        browser.until(&format!("{}.startsWith('list.csv is imported') && {READY}", said()));
        assert_eq!(browser.eval("document.querySelector('.import .progress')"), json!(null));
        press(&mut browser, ".console nav", "Jobs");
        browser.until(&format!("{READY} && {}", row_with("Import of products")));
        let row = browser.text(&row_with("Import of products"));
        assert!(row.contains("Done") && row.contains("1 of 1 row") && row.contains("An API key"), "{row}");
        for screen in [
            Screen { width: 390, is_phone: true, is_dark: true },
            Screen { width: 320, is_phone: true, is_dark: false },
        ] {
            browser.look(screen);
            assert_eq!(browser.barriers(), Vec::<String>::new(), "{screen:?}");
            let wide = browser.eval("Math.max(innerWidth, document.documentElement.scrollWidth)");
            assert_eq!(wide, screen.width, "{screen:?} scrolls sideways");
        }
        press(&mut browser, ".panel", "Details: Import of products");
        browser.until(&format!("{ASKED} && {}.includes('1 created')", shown("dialog")));
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.press("Escape");
        browser.until(CLOSED);
        assert!(browser.text("document.activeElement.textContent").starts_with("Details"));
        browser.check();
    });
}

#[test]
fn a_lost_import_is_repeated_and_writes_nothing_twice() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "products");
        choose(&mut browser, "list.csv", FILE);
        browser.until(&format!("{}.startsWith('list.csv is checked') && {READY}", said()));
        let lost = json!({ "id": "job_x", "kind": "product_import", "status": "lost", "rows_done": 0, "problem": null });
        browser.refuse("/v1/jobs/", 200, lost);
        press(&mut browser, ".import", "Import 1 row");
        browser.until("document.querySelector('.import [role=alert]')");
        assert!(browser.text(&shown(".import [role=alert]")).starts_with("The job is lost."));
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.release();
        press(&mut browser, ".import", "Import 1 row");
        browser.until(&format!("{}.includes('1 created') && {READY}", said()));
        assert_eq!(
            tenant.get("/v1/commands?name=product.imported").await.ok()["data"].as_array().map(Vec::len),
            Some(1)
        );
        browser.check();
    });
}

#[test]
fn a_rejected_job_says_why() {
    with_tenant(async |tenant| {
        let body = json!({ "items": [{ "sku": "MUG", "list_price": "-1" }] });
        let call = tenant.call(Method::POST, "/v1/products/import").header("prefer", "respond-async");
        call.json(&body).send().await.expect(202);
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "jobs");
        // The list is read again while the job runs.
        browser.until(&format!("{}.includes('Rejected')", row_with("Import of products")));
        browser.refuse("/v1/jobs/", 503, problem());
        press(&mut browser, ".panel", "Details: Import of products");
        browser.until("document.querySelector('dialog .failed')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.release();
        press(&mut browser, "dialog", "Try again");
        browser.until("document.querySelector('dialog .wrong[role=alert]')");
        assert!(browser.text(&shown("dialog .wrong")).starts_with("Validation failed"));
        assert_eq!(browser.barriers(), Vec::<String>::new());
        press(&mut browser, "dialog", "Close");
        browser.until(CLOSED);
        browser.check();
    });
}

#[test]
fn jobs_are_shown_to_readers_of_their_kind() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &key(tenant, &["users:read"]).await, "jobs");
        assert!(browser.text(&shown(".panel")).contains("catalog:read"));
        sign_out(&mut browser);
        sign_in(&mut browser, &key(tenant, &["reconciliation:read"]).await);
        browser.until(&format!("{READY} && {} === 'There is no job.'", shown(".panel .empty")));
        browser.check();
    });
}
