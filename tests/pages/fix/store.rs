//! /fix in a browser that keeps nothing for it.

use tests::with_tenant;

use super::{choose, compare, enter, said_of, systems, visit};
use crate::store::{FORBIDDEN, FULL, browser_with};
use crate::visit::shown;

#[test]
fn a_fix_is_noted_without_room_to_keep_anything() {
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
