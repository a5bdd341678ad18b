//! /fix and the notes that a browser keeps for it, or does not keep.

use serde_json::json;
use tests::{Browser, with_tenant};

use super::{choose, compare, enter, said_of, systems, visit};
use crate::store::{FORBIDDEN, FULL, browser_with};
use crate::visit::{READY, shown};

#[test]
fn a_fix_is_noted_without_room_to_remember_it() {
    with_tenant(async |tenant| {
        compare(tenant).await;
        let mut browser = browser_with(FULL);
        visit(&mut browser, tenant);
        browser.eval("document.querySelector('form.done').requestSubmit()");
        browser.until("document.querySelector('.proofs .verdict')");
        assert_eq!(browser.eval("document.querySelectorAll('form.done [role=alert]').length"), 0);
        assert!(browser.text(&shown(".done-on")).contains("Applied since"));
        browser.check();
    });
}

#[test]
fn columns_are_remembered_until_the_page_is_closed() {
    with_tenant(async |tenant| {
        systems(tenant).await;
        let mut browser = browser_with(FORBIDDEN);
        enter(&mut browser, tenant, &tenant.key);
        browser.until("document.querySelector('#reference')");
        let list = [("till.csv", "Artikel;Filiale;Bestand;Datum\nA-1;Nord;5;2026-01-05T05:00:00Z\n")];
        choose(&mut browser, &list);
        browser.until("document.querySelector('form.by-hand')");
        browser.eval("document.querySelector('form.by-hand').requestSubmit()");
        let known =
            format!("{} === 'Stock list of till, complete (columns as you chose)'", said_of("till.csv"));
        browser.until(&known);
        choose(&mut browser, &[("notes.pdf", "x")]);
        browser.until("document.querySelector('.files .list [data-state=left]')");
        choose(&mut browser, &list);
        browser.until(&known);
        browser.check();
    });
}

#[test]
fn a_note_that_is_no_id_gets_into_no_path() {
    with_tenant(async |tenant| {
        compare(tenant).await;
        let me = tenant.get("/v1/me").await.ok();
        let mut browser = Browser::start();
        visit(&mut browser, tenant);
        // No such path: the card of all applied fixes would fail.
        let notes = json!(["../nothing", 7]).to_string();
        let name = format!("stockwell.fix.applied.{}", me["tenant"]["id"].as_str().expect("an id"));
        browser.eval(&format!("localStorage.setItem('{name}', '{notes}')"));
        browser.open(&format!("{}/fix", tenant.base_url()));
        browser.until(READY);
        let card = shown("section[aria-labelledby=applied] .body");
        assert_eq!(browser.text(&card), "No fix is noted as applied.");
        browser.check();
    });
}
