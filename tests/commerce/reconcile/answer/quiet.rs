//! Systems that agree: no cause is named.

use std::fmt::Write as _;

use serde_json::json;
use tests::{Tenant, with_tenant};

use super::{BASE, part, text};

const ITEMS: [&str; 3] = ["BOLT", "NUT", "RING"];

async fn send(tenant: &Tenant, path: &str, rows: String) {
    let path = format!("{BASE}/{path}");
    let sent = tenant.call(reqwest::Method::POST, &path).body("text/csv", rows).send().await;
    assert!(sent.status < 300, "{}", sent.text);
    assert_eq!(sent.json()["rejected"], json!([]), "{}", sent.text);
}

/// Registers two systems, of which the first is the reference.
pub(super) async fn register(tenant: &Tenant) {
    for (code, kind) in [("erp", "erp"), ("shop", "storefront")] {
        let system = json!({ "code": code, "kind": kind, "name": code });
        let made = tenant.post(&format!("{BASE}/systems"), &system).await;
        assert!(made.status < 300, "{}", made.text);
    }
    tenant.put(&format!("{BASE}/settings"), &json!({ "reference": "erp" })).await.ok();
}

/// Sends 30 days of items that are sold each day, as one system tells it.
pub(super) async fn days(tenant: &Tenant, system: &str, items: &[&str]) {
    evenings(tenant, system, items).await;
    let mut events =
        "external_id,type,external_sku,external_location,quantity,occurred_at,reference\n".to_owned();
    for day in 1..=30 {
        for (place, sku) in items.iter().enumerate() {
            let minute = place % 60;
            let _ = writeln!(
                events,
                "{system}-{day}-{place},sale,{sku},MAIN,-{},2026-01-{day:02}T10:{minute:02}:00Z,S{day}-{place}",
                place + 1
            );
        }
    }
    send(tenant, &format!("events?system={system}"), events).await;
}

/// Sends the snapshots of these days.
async fn evenings(tenant: &Tenant, system: &str, items: &[&str]) {
    let mut levels = "taken_at,external_sku,external_location,quantity\n".to_owned();
    for day in 1..=30 {
        for (place, sku) in items.iter().enumerate() {
            let left = 100_000 - day * (place + 1);
            let _ = writeln!(levels, "2026-01-{day:02}T20:00:00Z,{sku},MAIN,{left}");
        }
    }
    send(tenant, &format!("snapshots?system={system}&full=true"), levels).await;
}

#[test]
fn systems_that_agree_have_no_recurring_cause() {
    with_tenant(async |tenant| {
        register(tenant).await;
        for system in ["erp", "shop"] {
            days(tenant, system, &ITEMS).await;
        }
        let made = tenant.post(&format!("{BASE}/runs"), &json!({})).await.created();
        assert_eq!(made["discrepancies"], 0, "{made}");
        assert_eq!(made["through"], "2026-01-30T20:00:00Z", "the window ends with the newest input");
        let told = part(tenant, "first-fix").await;
        assert_eq!(told["verdict"], "none", "{told}");
        assert!(text(&told, "headline").to_lowercase().contains("no recurring cause"), "{told}");
        let events = made["inputs"].as_array().expect("inputs").iter();
        let of_shop = events.clone().find(|seen| seen["system"] == "shop" && seen["kind"] == "events");
        assert_eq!(of_shop.expect("the events of the shop")["rows"], 90, "{made}");
    });
}

#[test]
fn without_events_of_the_others_no_recurring_cause_is_a_hypothesis() {
    with_tenant(async |tenant| {
        register(tenant).await;
        days(tenant, "erp", &ITEMS).await;
        evenings(tenant, "shop", &ITEMS).await;
        tenant.post(&format!("{BASE}/runs"), &json!({})).await.created();
        let told = part(tenant, "first-fix").await;
        assert_eq!((&told["verdict"], &told["basis"]), (&json!("none"), &json!("snapshots")), "{told}");
        assert!(text(&told, "headline").starts_with("Hypothesis: No recurring cause"), "{told}");
        assert_eq!(told["settle_with"], json!([{ "system": "shop", "input": "events" }]));
    });
}

#[test]
fn a_window_ends_where_the_caller_says() {
    with_tenant(async |tenant| {
        let system = json!({ "code": "erp", "kind": "erp", "name": "erp" });
        let made = tenant.post(&format!("{BASE}/systems"), &system).await;
        assert!(made.status < 300, "{}", made.text);
        tenant.put(&format!("{BASE}/settings"), &json!({ "reference": "erp", "window_days": 30 })).await.ok();
        days(tenant, "erp", &ITEMS).await;
        let through = json!({ "through": "2026-01-10T21:00:00+01:00" });
        let made = tenant.post(&format!("{BASE}/runs"), &through).await.created();
        assert_eq!(made["through"], "2026-01-10T20:00:00Z");
        assert_eq!(made["window_from"], "2025-12-11T20:00:00Z");
        let seen = made["inputs"].as_array().expect("inputs").iter().find(|seen| seen["kind"] == "events");
        assert_eq!(seen.expect("events")["rows"], 30, "{made}");
    });
}
