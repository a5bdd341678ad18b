//! The frame of /console: its sections, the first steps, the keyboard, small screens and the other language.

use tests::{Browser, Screen, with_tenant};

use super::{READY, SECTIONS, enter, press};
use crate::visit::{ALL_SECTIONS, DESK, PAGE, Trade, check_bytes, key, shown, sign_in, tab_to};

#[test]
fn the_root_leads_to_it() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        browser.look(DESK);
        browser.open(&format!("{}/", tenant.base_url()));
        browser.until("location.pathname === '/console'");
        sign_in(&mut browser, &tenant.key);
        browser.until(READY);
        assert_eq!(browser.text(&shown("h1")), "First steps");
        browser.check();
    });
}

#[test]
fn first_steps_say_what_is_there_and_where_to_go_on() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "start");
        let step = |title: &str| {
            format!(
                "[...document.querySelectorAll('.steps > li')].find((one) => one.querySelector('h3').textContent === '{title}').textContent"
            )
        };
        let products = browser.text(&step("Products"));
        assert!(products.starts_with('✓') && products.contains("There are 2."), "{products}");
        let webhooks = browser.text(&step("Webhooks"));
        assert!(webhooks.starts_with('○') && webhooks.contains("Name the address"), "{webhooks}");
        press(&mut browser, ".steps", "See the webhooks");
        browser.until("document.querySelector('h1').textContent === 'Webhooks'");
        browser.until(READY);
        assert_eq!(browser.text("location.search"), "?view=webhooks");
        assert_eq!(browser.text("document.title"), "Webhooks – Stockwell");
        browser.eval("history.back()");
        browser.until("document.querySelector('h1').textContent === 'First steps'");
        browser.until(READY);
        browser.check();
    });
}

#[test]
fn a_key_with_few_scopes_sees_its_part_and_what_it_lacks() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &key(tenant, &["catalog:read"]).await, "start");
        let steps = browser.text(&shown(".steps"));
        assert!(steps.contains("There are 2.") && steps.contains("api_keys:read"), "{steps}");
        for (section, scope) in [
            ("keys", "api_keys:read"),
            ("users", "users:read"),
            ("log", "api_keys:read"),
            ("webhooks", "webhooks:read"),
            ("stock", "stock:read"),
            ("audit", "ledger:read"),
            ("customers", "customers:read"),
            ("locations", "stock:read"),
            ("products", "catalog:write"),
            ("prices", "prices:read"),
            ("providers", "users:read"),
            ("rates", "ledger:read"),
            ("accounts", "ledger:read"),
            ("integrity", "reports:read"),
            ("settings", "ledger:read"),
        ] {
            browser.open(&format!("{}/console?view={section}", tenant.base_url()));
            browser.until(READY);
            let card = browser.text(&shown(".panel"));
            assert!(card.contains(scope), "{section}: {card}");
            assert_eq!(
                browser.eval("document.querySelectorAll('.failed').length"),
                0,
                "nothing refused is asked for"
            );
        }
        assert_eq!(browser.barriers(), Vec::<String>::new());
        browser.check();
    });
}

#[test]
fn no_section_has_barriers_or_is_too_wide() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let hook = serde_json::json!({ "url": "https://hooks.example/stockwell", "description": "ERP" });
        tenant.post("/v1/webhook-endpoints", &hook).await.created();
        let role = serde_json::json!({ "name": "Stock only", "base": "buyer", "scopes": ["stock:read"] });
        tenant.post("/v1/custom-roles", &role).await.created();
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "start");
        for screen in [
            DESK,
            Screen { is_dark: true, ..DESK },
            Screen { width: 390, is_phone: true, is_dark: false },
            Screen { width: 320, is_phone: true, is_dark: true },
        ] {
            browser.look(screen);
            for section in SECTIONS {
                browser.open(&format!("{}/console?view={section}", tenant.base_url()));
                browser.until(READY);
                assert_eq!(browser.barriers(), Vec::<String>::new(), "{section}, {screen:?}");
                // A phone widens its view to what the page needs.
                let wide = browser.eval("Math.max(innerWidth, document.documentElement.scrollWidth)");
                assert_eq!(wide, screen.width, "{section}, {screen:?} scrolls sideways");
            }
        }
        browser.check();
    });
}

/// Whether an element lies wholly between the left and the right edge of the row of sections.
fn is_in_row(selector: &str) -> String {
    format!(
        "(() => {{ const row = document.querySelector('.console nav ul').getBoundingClientRect(); \
         const one = document.querySelector(`{selector}`).getBoundingClientRect(); \
         return one.left >= row.left - 1 && one.right <= row.right + 1; }})()"
    )
}

#[test]
fn a_phone_has_the_sections_in_one_row() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "start");
        browser.look(Screen { width: 360, is_phone: true, is_dark: false });
        for section in ["start", "settings", "keys"] {
            browser.open(&format!("{}/console?view={section}", tenant.base_url()));
            browser.until(READY);
            let height = browser.eval("document.querySelector('.console nav').offsetHeight");
            assert!(height.as_f64().is_some_and(|height| height <= 64.0), "{section}: one row, not {height}");
            browser.until(&is_in_row(".console nav [aria-current=page]"));
        }
        browser.eval("document.activeElement.blur()");
        tab_to(&mut browser, ".console nav a[href='?view=settings']");
        browser.until(&is_in_row(":focus"));
        let outline = "getComputedStyle(document.activeElement)";
        assert_eq!(browser.text(&format!("{outline}.outlineStyle")), "solid");
        assert_eq!(browser.text(&format!("{outline}.outlineOffset")), "-3px", "the row does not cut it off");
        browser.press("Enter");
        browser.until("document.activeElement.matches('h1')");
        assert_eq!(browser.text("document.activeElement.textContent"), "Settings");
        browser.check();
    });
}

#[test]
fn a_keyboard_opens_a_section() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "start");
        browser.eval("document.activeElement.blur()");
        tab_to(&mut browser, ".console nav a[href='?view=users']");
        browser.press("Enter");
        browser.until("document.activeElement.matches('h1')");
        assert_eq!(browser.text("document.activeElement.textContent"), "Users and roles");
        browser.until(READY);
        assert_eq!(browser.text(&shown(".console nav [aria-current=page]")), "Users and roles");
        browser.check();
    });
}

#[test]
fn it_speaks_german() {
    with_tenant(async |tenant| {
        Trade::of(tenant).await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "start");
        browser.eval(
            "(() => { const choice = document.querySelectorAll('.who select')[1]; choice.value = 'de'; \
             choice.dispatchEvent(new Event('change', { bubbles: true })); })()",
        );
        browser.until("document.querySelector('h1').textContent === 'Erste Schritte'");
        assert_eq!(browser.text("document.documentElement.lang"), "de");
        for (section, title) in [
            ("keys", "API-Schlüssel"),
            ("users", "Benutzer und Rollen"),
            ("log", "Anfragen"),
            ("webhooks", "Webhooks"),
            ("stock", "Bestand"),
            ("jobs", "Hintergrundaufgaben"),
            ("audit", "Wer war das?"),
            ("products", "Produkte"),
            ("prices", "Preise"),
            ("providers", "Anmeldung"),
            ("rates", "Wechselkurse"),
            ("accounts", "Kontenzuordnung"),
            ("customers", "Kunden"),
            ("locations", "Standorte"),
            ("integrity", "Stimmigkeit"),
            ("settings", "Einstellungen"),
        ] {
            browser.open(&format!("{}/console?view={section}", tenant.base_url()));
            browser.until(READY);
            assert_eq!(browser.text(&shown("h1")), title);
        }
        browser.check();
    });
}

#[test]
fn the_first_section_and_all_together_have_few_bytes() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "start");
        check_bytes(&mut browser, "/console", PAGE);
        for section in SECTIONS {
            browser
                .eval(&format!("document.querySelector(`.console nav a[href='?view={section}']`).click()"));
            browser.until(&format!(
                "document.querySelector(`.console nav a[href='?view={section}']`).ariaCurrent === 'page'"
            ));
            browser.until(READY);
        }
        check_bytes(&mut browser, "/console", ALL_SECTIONS);
        browser.check();
    });
}
