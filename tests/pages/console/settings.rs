//! Settings in /console.

use serde_json::json;
use tests::{Browser, with_tenant};

use super::{READY, enter, fill};
use crate::visit::{DRAWN, HOLD_READS, NOTE_REQUESTS, key, shown};

const PATH: &str = "/v1/settings";
const SEND: &str = "document.querySelector('section[aria-labelledby=settings] form').requestSubmit()";
const SAVED: &str =
    "document.querySelector('section[aria-labelledby=settings] form [role=status]').textContent === 'Saved.'";

#[test]
fn what_the_reader_changed_is_saved() {
    with_tenant(async |tenant| {
        let before = tenant.get(PATH).await.ok();
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "settings");
        browser.eval(HOLD_READS);
        fill(&mut browser, "tax_number", "GB 123 4567 89");
        browser.eval("document.querySelector('[name=log_rejected_bodies]').click()");
        browser.eval(SEND);
        browser.until(SAVED);
        let after = tenant.get(PATH).await.ok();
        assert_eq!(after["tax_number"], "GB 123 4567 89");
        assert_eq!(after["log_rejected_bodies"], true);
        assert_eq!(after["name"], before["name"]);
        // An empty text removes the value. The page knows the new version before it has read the settings again.
        fill(&mut browser, "tax_number", "");
        browser.eval(SEND);
        browser.eval(DRAWN);
        browser.until(SAVED);
        assert_eq!(tenant.get(PATH).await.ok()["tax_number"], json!(null));
        browser.eval("proceed()");
        browser.until(&format!("{SAVED} && {READY}"));
        fill(&mut browser, "tax_number", "GB 987 6543 21");
        browser.eval(SEND);
        browser.eval(DRAWN);
        browser.until(&format!("{SAVED} && {READY}"));
        assert_eq!(tenant.get(PATH).await.ok()["tax_number"], "GB 987 6543 21");
        // Without a change nothing is sent.
        browser.eval(NOTE_REQUESTS);
        browser.eval(SEND);
        browser.eval(DRAWN);
        browser.until(&format!("{SAVED} && asked.length > 0 && {READY}"));
        assert_eq!(browser.eval("asked.filter((request) => request.startsWith('PATCH '))"), json!([]));
        browser.check();
    });
}

#[test]
fn a_setting_that_is_rejected_says_why_at_its_field() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "settings");
        fill(&mut browser, "country", "Atlantis");
        browser.eval(SEND);
        browser.until("document.querySelector('#country[aria-invalid=true]')");
        assert!(browser.text(&shown("main [role=alert]")).starts_with("Validation failed"));
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.check();
    });
}

#[test]
fn a_reader_of_settings_changes_none() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        let few = key(tenant, &["ledger:read"]).await;
        enter(&mut browser, tenant, &few, "settings");
        let card = browser.text(&shown("section[aria-labelledby=settings]"));
        assert!(card.contains("settings:write"), "{card}");
        assert_eq!(browser.eval("document.querySelectorAll('.panel form button').length"), 0);
        browser.check();
    });
}
