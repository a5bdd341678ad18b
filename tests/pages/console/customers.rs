//! Customers in /console.

use serde_json::json;
use tests::{Browser, with_tenant};

use super::{ASKED, CLOSED, READY, enter, fill, press, row_with, submit};
use crate::visit::{key, shown};

#[test]
fn a_customer_is_created_blocked_and_found() {
    with_tenant(async |tenant| {
        tenant.customer("Hazel Gifts Ltd").await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "customers");
        press(&mut browser, ".actions", "Create a customer");
        browser.until(ASKED);
        fill(&mut browser, "customer-name", "Nordwind Trading");
        fill(&mut browser, "customer-number", "C-7");
        fill(&mut browser, "customer-country", "Atlantis");
        submit(&mut browser);
        browser.until("document.querySelector('dialog #customer-country[aria-invalid=true]')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        fill(&mut browser, "customer-country", "DE");
        fill(&mut browser, "customer-credit_limit", "500");
        submit(&mut browser);
        browser.until(&format!("{CLOSED} && {}", row_with("Nordwind Trading")));
        let row = browser.text(&row_with("Nordwind Trading"));
        assert!(row.contains("C-7") && row.contains("500.00") && row.contains("Active"), "{row}");
        press(&mut browser, ".panel", "Change: Nordwind Trading");
        browser.until(ASKED);
        fill(&mut browser, "customer-status", "blocked");
        fill(&mut browser, "customer-credit_limit", "");
        submit(&mut browser);
        browser.until(&format!("{CLOSED} && {}.includes('Blocked')", row_with("Nordwind Trading")));
        browser.open(&format!("{}/console?view=customers&q=nordwind", tenant.base_url()));
        browser.until(READY);
        assert_eq!(browser.eval("document.querySelectorAll('.panel tbody tr').length"), 1);
        let found = tenant.get("/v1/customers?q=nordwind").await.ok();
        let found = &found["data"][0];
        assert_eq!(
            (&found["status"], &found["credit_limit"], &found["country"]),
            (&json!("blocked"), &json!(null), &json!("DE"))
        );
        browser.check();
    });
}

#[test]
fn a_change_of_a_customer_that_came_between_stays() {
    with_tenant(async |tenant| {
        let path = format!("/v1/customers/{}", tenant.customer("Hazel Gifts Ltd").await);
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "customers");
        press(&mut browser, ".panel", "Change: Hazel Gifts Ltd");
        browser.until(ASKED);
        fill(&mut browser, "customer-name", "Hazel");
        tenant.patch(&path, &json!({ "name": "Hazel Limited" })).await.ok();
        submit(&mut browser);
        browser.until("document.querySelector('dialog [role=alert]')");
        press(&mut browser, "dialog", "Cancel");
        browser.until(CLOSED);
        assert_eq!(tenant.get(&path).await.ok()["name"], "Hazel Limited");
        browser.check();
    });
}

#[test]
fn a_reader_of_customers_changes_none() {
    with_tenant(async |tenant| {
        tenant.customer("Hazel Gifts Ltd").await;
        let mut browser = Browser::start();
        let few = key(tenant, &["customers:read"]).await;
        enter(&mut browser, tenant, &few, "customers");
        assert!(browser.text(&shown(".actions")).contains("customers:write"));
        assert_eq!(browser.eval("document.querySelectorAll('.panel td button').length"), 0);
        assert!(browser.text(&row_with("Hazel Gifts Ltd")).contains("Wholesale"));
        browser.check();
    });
}
