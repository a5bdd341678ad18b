//! Webhooks in /console: endpoints, their deliveries, and what is sent again.

use serde_json::json;
use tests::{Browser, Tenant, with_tenant};

use super::{ASKED, CLOSED, READY, copied_secret, enter, fill, press, submit};
use crate::visit::shown;

const PATH: &str = "/v1/webhook-endpoints";

/// Makes an endpoint. Returns its path.
async fn endpoint(tenant: &Tenant) -> String {
    let body =
        json!({ "url": "https://hooks.example/stockwell", "description": "ERP", "event_types": ["order.*"] });
    let made = tenant.post(PATH, &body).await.created();
    format!("{PATH}/{}", made["webhook_endpoint"]["id"].as_str().expect("an id"))
}

#[test]
fn an_endpoint_is_added_once_its_address_is_public() {
    with_tenant(async |tenant| {
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "webhooks");
        press(&mut browser, ".actions", "Add an endpoint");
        browser.until(ASKED);
        fill(&mut browser, "url", "http://hooks.example/stockwell");
        submit(&mut browser);
        browser.until("document.querySelector('dialog #url[aria-invalid=true]')");
        assert!(browser.text(&shown("#url-wrong")).contains("https"), "it says how to mend it");
        assert_eq!(browser.barriers(), Vec::<String>::new());
        fill(&mut browser, "url", "https://hooks.example/stockwell");
        fill(&mut browser, "description", "ERP");
        fill(&mut browser, "types", "order.*, *.deleted");
        submit(&mut browser);
        let secret = copied_secret(&mut browser);
        assert!(secret.starts_with("whsec_"), "{secret}");
        press(&mut browser, "dialog", "I have kept it");
        browser.until(&format!("{CLOSED} && document.querySelector('.endpoints li')"));
        let card = browser.text(&shown(".endpoints li"));
        assert!(card.contains("Switched on.") && card.contains("order.*, *.deleted"), "{card}");
        let kept = tenant.get(PATH).await.ok();
        assert_eq!(kept["data"][0]["event_types"], json!(["order.*", "*.deleted"]));
        browser.check();
    });
}

#[test]
fn a_test_is_among_the_deliveries() {
    with_tenant(async |tenant| {
        endpoint(tenant).await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "webhooks");
        press(&mut browser, ".endpoints", "Test: ERP");
        browser.until(&format!(
            "document.querySelector('section[aria-labelledby=deliveries] tbody tr') && {READY}"
        ));
        let row = browser.text(&shown("section[aria-labelledby=deliveries] tbody tr"));
        assert!(row.contains("ping") && row.contains("ERP"), "{row}");
        press(&mut browser, "section[aria-labelledby=deliveries] tbody", "Details");
        browser.until("document.querySelector('dialog[open] .attempts')");
        assert!(browser.text(&shown("dialog")).contains("ping"));
        assert_eq!(browser.barriers(), Vec::<String>::new());
        press(&mut browser, "dialog", "Close");
        browser.until(CLOSED);
        browser.check();
    });
}

#[test]
fn an_endpoint_is_switched_off_replayed_and_deleted() {
    with_tenant(async |tenant| {
        let path = endpoint(tenant).await;
        let mut browser = Browser::start();
        enter(&mut browser, tenant, &tenant.key, "webhooks");
        press(&mut browser, ".endpoints", "Switch off: ERP");
        browser.until(ASKED);
        press(&mut browser, "dialog", "Switch off");
        browser.until(&format!(
            "{CLOSED} && document.querySelector('.endpoints').textContent.includes('Switched off.')"
        ));
        assert_eq!(tenant.get(&path).await.ok()["active"], false);
        press(&mut browser, ".endpoints", "Replay: ERP");
        browser.until(ASKED);
        fill(&mut browser, "since", "2026-01-01T00:00");
        submit(&mut browser);
        browser.until(CLOSED);
        press(&mut browser, ".endpoints", "New secret: ERP");
        browser.until(ASKED);
        press(&mut browser, "dialog", "New secret");
        assert!(copied_secret(&mut browser).starts_with("whsec_"));
        press(&mut browser, "dialog", "I have kept it");
        browser.until(CLOSED);
        press(&mut browser, ".endpoints", "Delete: ERP");
        browser.until(ASKED);
        press(&mut browser, "dialog", "Delete");
        browser.until(&format!("{CLOSED} && !document.querySelector('.endpoints')"));
        assert_eq!(
            browser.text(&shown("section[aria-labelledby=endpoints] .empty")),
            "There is no endpoint."
        );
        tenant.get(&path).await.refused(404, "not_found");
        browser.check();
    });
}
