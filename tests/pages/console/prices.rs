//! Price lists, their rules, and why a price is what it is, in /console.

use serde_json::json;
use tests::{Browser, with_tenant};

use super::{ASKED, CLOSED, READY, enter, fill, press, row_with, submit};
use crate::visit::{DRAWN, key, shown, tab_to};

const WHY: &str = "section[aria-labelledby=why]";

/// Returns an expression of the sentence that names the price.
fn said() -> String {
    shown(&format!("{WHY} [role=status]"))
}

/// Asks for the price of what the form states, and waits for the sentence.
#[track_caller]
fn ask(browser: &mut Browser) -> String {
    browser.eval(&format!("document.querySelector('{WHY} form').requestSubmit()"));
    browser.eval(DRAWN);
    browser.until(&format!("{READY} && {}", said()));
    browser.text(&said())
}

#[test]
fn a_price_list_and_its_rules_are_made_and_ended() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "prices");
        assert!(browser.text(&shown(".panel .empty")).starts_with("There is no price list."));
        press(&mut browser, ".actions", "Create a price list");
        browser.until(ASKED);
        assert_eq!(browser.barriers(), Vec::<String>::new());
        fill(&mut browser, "list-code", "dealers");
        fill(&mut browser, "list-name", "Dealers");
        submit(&mut browser);
        browser.until(&format!("{CLOSED} && {}", row_with("Dealers")));
        press(&mut browser, ".panel tbody", "Rules: Dealers");
        browser.until(&format!(
            "{READY} && document.querySelector('#rules')?.textContent === 'Rules of “Dealers”'"
        ));
        assert_eq!(browser.text(&shown("section[aria-labelledby=rules] .empty")), "There is no rule.");

        let lists = tenant.get("/v1/price-lists").await.ok();
        let rules = format!("/v1/price-lists/{}/rules", lists["data"][0]["id"].as_str().expect("an id"));
        press(&mut browser, "section[aria-labelledby=rules] .actions", "Add a rule");
        browser.until("document.querySelector('dialog[open] #rule-sku')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        fill(&mut browser, "rule-sku", "NOPE");
        fill(&mut browser, "rule-value", "8.123456");
        fill(&mut browser, "rule-min_quantity", "6");
        fill(&mut browser, "rule-valid_from", "2026-01-01");
        submit(&mut browser);
        browser.until("document.querySelector('dialog #rule-sku[aria-invalid=true]')");
        fill(&mut browser, "rule-sku", "MUG");
        submit(&mut browser);
        browser.until(&format!("{CLOSED} && {}.includes('£8.123456')", row_with("MUG")));
        let row = browser.text(&row_with("MUG"));
        assert!(row.contains("£8.1234566") && row.contains("1 Jan 2026"), "the price, then the break: {row}");
        let made = tenant.get(&rules).await.ok()["data"][0].clone();
        assert_eq!((&made["scope"], &made["method"]), (&json!("product"), &json!("fixed")));

        press(&mut browser, "section[aria-labelledby=rules] tbody", "End: MUG");
        browser.until(ASKED);
        press(&mut browser, "dialog", "End");
        browser
            .until(&format!("{CLOSED} && document.querySelector('section[aria-labelledby=rules] .empty')"));
        assert_eq!(tenant.get(&rules).await.ok()["data"], json!([]));
        press(&mut browser, "section[aria-labelledby=rules]", "Show ended ones, too");
        browser.until(&format!("{READY} && {}", row_with("MUG")));
        assert_eq!(
            browser.eval("document.querySelectorAll('section[aria-labelledby=rules] tbody button').length"),
            0
        );
        browser.check();
    });
}

#[test]
fn a_price_is_explained_for_a_customer_a_quantity_and_a_day() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let list = tenant.make("/v1/price-lists", json!({ "code": "dear", "name": "Dear customers" })).await;
        for rule in [
            json!({ "scope": "product", "sku": "MUG", "method": "percent_off", "value": "15", "min_quantity": "6" }),
            json!({ "scope": "all", "method": "amount_off", "value": "0.50", "valid_from": "2031-01-01" }),
        ] {
            tenant.post(&format!("/v1/price-lists/{list}/rules"), &rule).await.created();
        }
        tenant.customer_with("Hotel am See", json!({ "number": "C-7", "price_list_id": list })).await;
        tenant.customer("Hotel am Wald").await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "prices");
        fill(&mut browser, "why-sku", "MUG");
        assert_eq!(ask(&mut browser), "£10.00 for 1 C62 of MUG: the list price. Without tax.");
        assert_eq!(
            browser.text(
                "document.querySelector('section[aria-labelledby=why] form > p:last-child').textContent"
            ),
            "Nothing else could give a price."
        );

        fill(&mut browser, "why-customer", "hotel");
        browser.eval(&format!("document.querySelector('{WHY} form').requestSubmit()"));
        browser.until("document.querySelector('#why-customer[aria-invalid=true]')");
        let wrong = browser.text(&shown("#why-customer-wrong"));
        assert!(wrong.contains("Hotel am See (C-7)") && wrong.contains("Hotel am Wald"), "{wrong}");
        assert_eq!(browser.barriers(), Vec::<String>::new());

        fill(&mut browser, "why-customer", "C-7");
        fill(&mut browser, "why-quantity", "6");
        assert_eq!(
            ask(&mut browser),
            "£8.50 for 1 C62 of MUG: the customer's own price list, for Hotel am See. Without tax."
        );
        let lost = browser.text(&row_with("begins later"));
        assert!(lost.contains("Dear customers") && lost.contains("£9.50"), "{lost}");
        assert!(browser.text(&row_with("with precedence")).contains("£10.00"));
        assert!(browser.text(&row_with("Percent off")).contains("15 %£8.50"));
        assert_eq!(browser.barriers(), Vec::<String>::new());

        fill(&mut browser, "why-quantity", "1");
        fill(&mut browser, "why-day", "2031-06-01");
        assert!(ask(&mut browser).starts_with("£9.50 for 1 C62 of MUG: the customer's own price list"));
        assert!(browser.text(&row_with("the quantity is too small")).contains("£8.50"));
        browser.check();
    });
}

#[test]
fn a_product_without_a_price_and_one_that_is_not_known_say_so() {
    with_tenant(async |tenant| {
        tenant.product_with("CUP", json!({})).await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "prices");
        fill(&mut browser, "why-sku", "CUP");
        let said = ask(&mut browser);
        assert!(said.starts_with("CUP has no price here."), "{said}");
        fill(&mut browser, "why-sku", "NOPE");
        browser.eval(&format!("document.querySelector('{WHY} form').requestSubmit()"));
        browser.until("document.querySelector('#why-sku[aria-invalid=true]')");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.check();
    });
}

#[test]
fn a_keyboard_asks_for_a_price() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let mut browser = Browser::start();
        let few = key(tenant, &["prices:read"]).await;
        enter(&mut browser, tenant, &few, "prices");
        assert!(browser.text(&shown("section[aria-labelledby=lists]")).contains("prices:write"));
        browser.eval("document.activeElement.blur()");
        tab_to(&mut browser, "#why-sku");
        browser.write("MUG");
        browser.press("Enter");
        browser.until(&format!("{}.startsWith('£10.00')", said()));
        // Without customers:read a customer is named by its id only.
        fill(&mut browser, "why-customer", "hotel");
        browser.eval(&format!("document.querySelector('{WHY} form').requestSubmit()"));
        browser
            .until("document.querySelector('#why-customer-wrong')?.textContent.includes('customers:read')");
        browser.check();
    });
}
