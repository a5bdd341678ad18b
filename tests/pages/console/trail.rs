//! The log of requests and the audit trail in /console.

use reqwest::Method;
use serde_json::json;
use tests::{Browser, with_tenant};

use super::{ASKED, CLOSED, READY, enter, fill, press};
use crate::visit::{key, shown};

#[test]
fn a_rejected_request_is_found_and_opened() {
    with_tenant(async |tenant| {
        let call = tenant.call(Method::POST, "/v1/products").header("x-request-id", "my-request.7");
        call.json(&json!({ "sku": "MUG" })).send().await.refused(422, "validation_failed");
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "log");
        fill(&mut browser, "status", "4xx");
        fill(&mut browser, "request_id", "my-request.7");
        browser.eval("document.querySelector('.filters').requestSubmit()");
        browser.until("location.search.includes('request_id')");
        // It is listed about a second after its response: each search reads once more.
        let listed = "document.querySelector('.panel tbody')?.textContent.includes('validation_failed')";
        let search = "document.querySelector('.filters').requestSubmit()";
        browser.until(&format!("{listed} || ({search}, false)"));
        browser.until(READY);
        assert_eq!(
            browser.eval("Object.fromEntries(new URLSearchParams(location.search))"),
            json!({ "view": "log", "status": "4xx", "request_id": "my-request.7" })
        );
        let row = browser.text(&shown(".panel tbody tr"));
        assert!(row.contains("POST /v1/products") && row.contains("422"), "{row}");
        press(&mut browser, ".panel tbody", "Details: my-request.7");
        browser.until(ASKED);
        let detail = browser.text(&shown("dialog"));
        assert!(detail.contains("my-request.7") && detail.contains("log_rejected_bodies"), "{detail}");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.press("Escape");
        browser.until(CLOSED);
        assert!(browser.text("document.activeElement.textContent").starts_with("Details"));
        browser.check();
    });
}

#[test]
fn a_search_of_the_log_that_is_rejected_says_why() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "log&actor_id=nothing");
        browser.until("document.querySelector('.failed')");
        let text = browser.text(&shown(".failed"));
        assert!(text.contains("actor_id") || text.contains("key_"), "{text}");
        assert_eq!(browser.text("document.querySelector('#actor_id').value"), "nothing");
        browser.check();
    });
}

#[test]
fn commands_are_found_by_record_and_name() {
    with_tenant(async |tenant| {
        let mug = tenant.product("MUG", "10.00").await;
        tenant.product("CUP", "10.00").await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "audit");
        fill(&mut browser, "document_id", &mug.id);
        browser.eval("document.querySelector('.filters').requestSubmit()");
        let one = "document.querySelectorAll('.panel tbody tr').length === 1";
        browser.until(&format!("location.search.includes('document_id') && {READY} && {one}"));
        let row = browser.text(&shown(".panel tbody tr"));
        assert!(
            row.contains("product.created") && row.contains("Accepted") && row.contains(&mug.id),
            "{row}"
        );
        let customer = tenant.customer("Nordwind Supply").await;
        let customer = tenant.get(&format!("/v1/customers/{customer}")).await.ok();
        fill(&mut browser, "document_id", "");
        fill(&mut browser, "number", customer["number"].as_str().expect("a number"));
        browser.eval("document.querySelector('.filters').requestSubmit()");
        browser
            .until(&format!("{}.includes('customer.created') && {READY} && {one}", shown(".panel tbody tr")));
        browser.open(&format!("{}/console?view=audit&name=product.created", tenant.base_url()));
        browser.until(READY);
        assert_eq!(browser.eval("document.querySelectorAll('.panel tbody tr').length"), 2);
        browser.check();
    });
}

#[test]
fn records_lead_to_who_changed_them() {
    with_tenant(async |tenant| {
        let north = json!({ "code": "NORTH", "name": "North", "kind": "store" });
        tenant.post("/v1/locations", &north).await.created();
        let carla = json!({ "email": "carla@shop.example", "name": "Carla", "role": "cashier",
            "password": "correct horse battery staple" });
        tenant.post("/v1/users", &carla).await.created();
        key(tenant, &["catalog:read"]).await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "start");
        for (section, name, command) in [
            ("locations", "North", "location.created"),
            ("users", "Carla", "user.created"),
            ("keys", "Wall screen", "api_key.created"),
        ] {
            browser.open(&format!("{}/console?view={section}", tenant.base_url()));
            browser.until(READY);
            press(&mut browser, ".panel tbody", &format!("History: {name}"));
            browser.until(&format!("document.querySelector('h1').textContent === 'Audit trail' && {READY}"));
            let rows = browser.text("document.querySelector('.panel tbody').textContent");
            assert!(rows.contains(command), "{section}: {rows}");
        }
        browser.check();
    });
}
