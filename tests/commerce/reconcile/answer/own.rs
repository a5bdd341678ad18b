//! The own ledger as the reference: its movements are events, its levels snapshots, and manual work on it touchpoints.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use tests::with_tenant;

use super::{BASE, rows, run, text};

/// Returns the millisecond after a movement.
fn just_after(movement: &Value) -> String {
    let at: DateTime<Utc> = text(movement, "occurred_at").parse().expect("an instant");
    (at + Duration::milliseconds(1)).to_rfc3339()
}

#[test]
fn a_sale_that_another_system_lacks_is_found_by_its_movement() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let till = tenant.till().await;
        let received = tenant.get("/v1/stock/movements?sku=MUG").await.ok()["data"][0].clone();
        let system = json!({ "code": "webshop", "kind": "storefront", "name": "Web shop", "sync_interval_minutes": 1 });
        let made = tenant.post(&format!("{BASE}/systems"), &system).await;
        assert!(made.status < 300, "{}", made.text);
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        let moved = tenant.get("/v1/stock/movements?sku=MUG").await.ok()["data"][0].clone();
        assert_eq!(moved["kind"], "sale");
        let place = tenant.get("/v1/locations").await.ok();
        let place = place["data"]
            .as_array()
            .expect("places")
            .iter()
            .find(|place| place["id"] == moved["location_id"]);
        let place = text(place.expect("the place of the sale"), "code").to_owned();
        assert_eq!(received["location_id"], moved["location_id"], "the till sells what was received");
        let lines = format!(
            "taken_at,external_sku,external_location,quantity\n{},MUG,{place},50\n{},MUG,{place},50\n",
            just_after(&received),
            just_after(&moved)
        );
        let path = format!("{BASE}/snapshots?system=webshop&full=true");
        let sent = tenant.call(reqwest::Method::POST, &path).body("text/csv", lines).send().await;
        assert_eq!(sent.json()["accepted"], 2, "{}", sent.text);
        let made = run(tenant).await;
        assert_eq!(made["reference"], "stockwell");
        let found = rows(tenant, "discrepancies?system=webshop").await;
        assert_eq!(found.len(), 1, "{found:?}");
        let row = &found[0];
        assert_eq!((&row["sku"], &row["place"]), (&json!("MUG"), &json!(place)));
        assert_eq!(
            [text(row, "theirs"), text(row, "ours"), text(row, "delta"), text(row, "increment")],
            ["50", "49", "1", "1"]
        );
        let evidence = row["explanations"][0]["evidence"].as_array().expect("evidence");
        let own = evidence.iter().find(|event| event["system"] == "stockwell").expect("the own movement");
        assert_eq!(own["movement_id"], moved["id"], "{row}");
        assert_eq!((&own["type"], &own["quantity"]), (&json!("sale"), &json!("-1")));
        assert_eq!(own["level"], row["level"], "the evidence leads where the difference leads");
        let history = tenant.get(text(&row["level"], "explain")).await.ok();
        let movements = history["data"].as_array().expect("movements");
        assert!(movements.iter().any(|movement| movement["id"] == moved["id"]), "{history}");
        let plan = tenant.get(text(&row["level"], "count_plan")).await.ok();
        assert_eq!(plan["location_id"], moved["location_id"]);
    });
}

#[test]
fn movements_levels_and_manual_work_are_inputs() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let email = "mia@shop.example";
        let password = "correct horse battery staple";
        let user = json!({ "email": email, "name": "Mia", "role": "manager", "password": password });
        tenant.make("/v1/users", user).await;
        let login = json!({ "tenant": tenant.slug, "email": email, "password": password });
        let tokens = tenant.anonymous().post("/v1/auth/login", &login).await.ok();
        let person = tenant.with_key(text(&tokens, "access_token"));
        let lines = json!([{ "sku": "MUG", "quantity": "-1" }]);
        let lost = json!({ "kind": "adjustment", "reason": "lost", "lines": lines });
        person.post("/v1/stock/documents", &lost).await.created();
        // By a program, the same is no manual work.
        tenant.post("/v1/stock/documents", &lost).await.created();
        let items = json!({ "items": [{ "sku": "PEN", "name": "Pen" }] });
        tenant.post("/v1/products/import", &items).await.ok();
        tenant.stocked("CUP", "5.00", ("10", "2.00")).await;
        let made = run(tenant).await;
        let seen = |kind: &str| {
            let mut inputs = made["inputs"].as_array().expect("inputs").iter();
            let of_kind = inputs.find(|row| row["system"] == "stockwell" && row["kind"] == kind);
            of_kind.unwrap_or_else(|| panic!("no {kind}: {made}"))["rows"].as_u64()
        };
        assert_eq!(seen("events"), Some(4), "two openings and two adjustments: {made}");
        assert_eq!(seen("snapshots"), Some(4), "two levels at the beginning and now: {made}");
        assert_eq!(seen("touchpoints"), Some(2), "an adjustment by a person, and an import: {made}");
    });
}
