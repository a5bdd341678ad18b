//! The keyboard on /fix: nothing is sent before a button is pressed, and the focus stays where the reader works.

use serde_json::json;
use tests::{Browser, with_tenant};

use super::{BASE, choose, systems, visit_first};
use crate::visit::{NOTE_REQUESTS, tab_to};

#[test]
fn arrow_keys_choose_a_reference_and_a_button_states_it() {
    with_tenant(async |tenant| {
        systems(tenant).await;
        let settings = format!("{BASE}/settings");
        let before = tenant.get(&settings).await.ok();
        let mut browser = Browser::start();
        visit_first(&mut browser, tenant);
        browser.until("document.querySelector('#reference')?.value === 'erp'");
        browser.eval(NOTE_REQUESTS);
        tab_to(&mut browser, "#reference");
        // The choices are stockwell, till and erp.
        for (key, code) in [("ArrowLeft", "till"), ("ArrowLeft", "stockwell"), ("ArrowRight", "till")] {
            browser.press(key);
            browser.until(&format!("document.querySelector('#reference').value === '{code}'"));
        }
        assert_eq!(browser.eval("asked"), json!([]), "nothing is sent");
        tab_to(&mut browser, "form.reference button");
        browser.press("Enter");
        browser.until("/^Compared/.test(document.querySelector('.progress').textContent)");
        assert_eq!(browser.eval("document.activeElement.matches('form.reference button')"), true);
        let stated = browser.eval("asked.filter((request) => !request.startsWith('GET '))");
        assert_eq!(stated, json!([format!("PUT {settings}"), format!("POST {BASE}/runs")]));
        let after = tenant.get(&settings).await.ok();
        assert_eq!(
            (&after["reference"], after["version"].as_u64()),
            (&json!("till"), before["version"].as_u64().map(|version| version + 1))
        );
        // The same choice compares again, and states nothing.
        browser.until("document.querySelector('section[aria-labelledby=files][aria-busy=false]')");
        browser.eval("asked.length = 0");
        browser.press("Enter");
        browser.until("asked.some((request) => request.startsWith('POST ')) && /^Compared/.test(document.querySelector('.progress').textContent)");
        let stated = browser.eval("asked.filter((request) => !request.startsWith('GET '))");
        assert_eq!(stated, json!([format!("POST {BASE}/runs")]));
        browser.check();
    });
}

#[test]
fn a_form_that_closes_leaves_the_focus_at_the_files() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        visit_first(&mut browser, tenant);
        choose(&mut browser, &[("list.csv", "Artikel;Bestand\nA-1;5\n")]);
        browser.until("document.querySelector('form.by-hand')");
        tab_to(&mut browser, "form.by-hand button[type=button]");
        browser.press("Enter");
        browser.until("!document.querySelector('form.by-hand')");
        assert_eq!(browser.eval("document.activeElement.matches('.files .list')"), true);
        browser.check();
    });
}
