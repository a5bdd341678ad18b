//! Pages in a browser that keeps nothing for them.

use serde_json::json;
use tests::{Browser, with_tenant};

use crate::visit::{READY, Trade, enter_at, shown, sign_out};

/// A reader has forbidden that pages keep anything.
pub const FORBIDDEN: &str = "for (const area of ['localStorage', 'sessionStorage']) \
    Object.defineProperty(window, area, { get() { throw new DOMException('Access is denied.', 'SecurityError'); } });";
/// There is no room left.
pub const FULL: &str =
    "Storage.prototype.setItem = () => { throw new DOMException('No room.', 'QuotaExceededError'); };";

/// Starts a browser in which a script runs before those of each page.
pub fn browser_with(script: &str) -> Browser {
    let mut browser = Browser::start();
    browser.call("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": script }));
    browser
}

/// Chooses dark, and German.
#[track_caller]
fn choose_look(browser: &mut Browser) {
    for (place, value) in ["dark", "de"].iter().enumerate() {
        browser.eval(&format!(
            "(() => {{ const choice = document.querySelectorAll('.who select')[{place}]; choice.value = '{value}'; \
             choice.dispatchEvent(new Event('change', {{ bubbles: true }})); }})()"
        ));
    }
    browser
        .until("document.documentElement.lang === 'de' && document.documentElement.dataset.theme === 'dark'");
}

#[test]
fn the_query_editor_needs_no_store() {
    with_tenant(async |tenant| {
        for script in [FORBIDDEN, FULL] {
            let mut browser = browser_with(script);
            browser.open(&format!("{}/graphql#key={}", tenant.base_url(), tenant.key));
            browser.until(
                "document.querySelector('form.key input') && document.querySelector('.graphiql-container')",
            );
            assert_eq!(browser.text("document.querySelector('form.key input').value"), tenant.key);
            browser.eval("document.querySelector('form.key').requestSubmit()");
            browser.until("document.querySelector('.graphiql-container')");
        }
    });
}

#[test]
fn a_page_needs_no_store() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        for script in [FORBIDDEN, FULL] {
            let mut browser = browser_with(script);
            enter_at(&mut browser, tenant, &tenant.key, "/insights");
            browser.until(READY);
            assert_eq!(browser.text(&shown(".figures .value")), "£280.00");
            choose_look(&mut browser);
            sign_out(&mut browser);
            browser.check();
        }
    });
}
