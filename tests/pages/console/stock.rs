//! Stock in /console: why a level is what it is.

use serde_json::Value;
use tests::{Browser, with_tenant};

use super::{READY, enter, fill, press};
use crate::visit::{Trade, copied, key, run_copied, shown};

/// The cells of the running balance: change and balance of each row.
const BALANCES: &str = "[...document.querySelectorAll('.running tbody tr')]\
    .map((row) => [row.cells[1].textContent, row.cells[2].textContent])";

#[test]
fn a_level_is_explained_as_a_running_balance() {
    with_tenant(async |tenant| {
        let trade = Trade::of(tenant).await;
        let levels = tenant.get("/v1/stock/levels?sku=MUG").await.ok();
        let level = &levels["data"][0];
        let on_hand = level["on_hand"].as_str().expect("a quantity").to_owned();
        let path = format!(
            "/v1/stock/levels/{}/{}/explain",
            level["location_id"].as_str().expect("an id"),
            trade.mug.id
        );
        let told = tenant.get(&path).await.ok();
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "stock");
        fill(&mut browser, "sku", "MUG");
        browser.eval("document.querySelector('.filters').requestSubmit()");
        let one = "document.querySelectorAll('.panel tbody tr').length === 1";
        browser.until(&format!("location.search.includes('sku=MUG') && {READY} && {one}"));
        press(&mut browser, ".panel", &format!("Why {on_hand}?"));
        browser.until(&format!("document.querySelector('.running') && {READY}"));
        browser.until("document.activeElement.matches('section[aria-labelledby=steps]')");
        assert!(browser.text(&shown("#steps")).starts_with(&format!("Why MUG is {on_hand} at ")));
        let shown_rows = browser.eval(BALANCES);
        let shown_rows = shown_rows.as_array().expect("rows");
        let moves = told["data"].as_array().expect("movements");
        assert_eq!(shown_rows.len(), moves.len() + 1, "each movement, after the balance before it");
        for (row, step) in shown_rows.iter().skip(1).zip(moves) {
            let change = row[0].as_str().expect("a change").replace('−', "-").replace('+', "");
            assert_eq!(
                (change.as_str(), &row[1]),
                (step["quantity"].as_str().expect("a quantity"), &step["balance"]["on_hand"])
            );
        }
        assert_eq!(shown_rows.last().map(|row| &row[1]), Some(&Value::from(on_hand)));
        assert_eq!(browser.barriers(), Vec::<String>::new());
        let printed = run_copied(&copied(&mut browser, "steps", 1), &tenant.key);
        let printed: Value = serde_json::from_slice(&printed).expect("an explanation");
        assert_eq!(printed["closing"], told["closing"], "the copied command reads the same");
        browser.check();
    });
}

#[test]
fn a_movement_leads_to_who_did_it() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "stock&sku=MUG");
        press(&mut browser, ".panel", "Why ");
        browser.until(&format!("document.querySelector('.running') && {READY}"));
        press(&mut browser, ".running tbody tr:nth-child(2)", "");
        browser.until(&format!("document.querySelector('h1').textContent === 'Audit trail' && {READY}"));
        let document = browser.text("document.querySelector('#document_id').value");
        let found = tenant.get(&format!("/v1/commands?document_id={document}")).await.ok();
        let name = found["data"][0]["name"].as_str().expect("a command");
        let row = browser.text(&shown(".panel tbody tr"));
        assert!(row.contains(name) && row.contains("Accepted"), "{row}");
        browser.check();
    });
}

#[test]
fn an_explanation_needs_the_costs() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &key(tenant, &["stock:read"]).await, "stock&sku=MUG");
        press(&mut browser, ".panel", "Why ");
        browser.until("document.querySelector('#steps')");
        let card = browser.text(&shown("section[aria-labelledby=steps]"));
        assert!(card.contains("reports:read"), "{card}");
        assert_eq!(
            browser.eval("document.querySelectorAll('.failed').length"),
            0,
            "nothing refused is asked for"
        );
        browser.check();
    });
}
