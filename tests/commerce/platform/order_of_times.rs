//! A document that follows another one does not happen before it.

use serde_json::{Value, json};
use tests::{Level, Tenant, lines, sale, with_tenant};

const EARLIER: &str = "2026-03-09T10:00:00Z";
const AT: &str = "2026-03-10T10:00:00Z";
const LATER: &str = "2026-03-11T10:00:00Z";

async fn opened(tenant: &Tenant) {
    tenant.product("MUG", "10.00").await;
    let line = json!({ "sku": "MUG", "quantity": "50", "unit_cost": "4.00" });
    let body = json!({ "kind": "opening", "occurred_at": "2026-03-01T10:00:00Z", "lines": [line] });
    tenant.post("/v1/stock/documents", &body).await.created();
}

/// Sends a document that happened before the one it follows, then one that did not. `send` adds `occurred_at`.
async fn follows(tenant: &Tenant, path: &str, mut body: Value) -> Value {
    // The audit log and the series are written all the same.
    let footprint = async || {
        let rows = tenant.footprint().await.into_iter();
        rows.filter(|(table, _)| !["command", "number_series"].contains(table)).collect::<Vec<_>>()
    };
    let before = footprint().await;
    for early in [EARLIER, "2026-03-10T09:59:59.999999Z"] {
        body["occurred_at"] = json!(early);
        let refused = tenant.post(path, &body).await;
        refused.refused(422, "validation_failed").names(&["#/occurred_at"]);
        assert!(refused.text.contains("2026-03-10T10:00:00Z"), "{}", refused.text);
    }
    assert_eq!(before, footprint().await, "{path}: nothing is written");
    body["occurred_at"] = json!(AT);
    let reply = tenant.post(path, &body).await;
    assert!(reply.status < 300, "{path}: {}", reply.text);
    reply.json()
}

#[test]
fn goods_do_not_come_back_before_they_left() {
    with_tenant(async |tenant| {
        opened(tenant).await;
        let till = tenant.till().await;
        let mut sold = sale(&till, &[("MUG", "5")]);
        sold["occurred_at"] = json!(AT);
        let sold = tenant.post("/v1/pos/sales", &sold).await.created();
        let refund = json!({ "register_id": till.register_id, "original_id": sold["id"],
            "original_lines": [{ "line_no": 1, "quantity": "1" }], "tenders": [{ "kind": "cash" }] });
        follows(tenant, "/v1/pos/refunds", refund.clone()).await;
        let mut later = refund.clone();
        later["occurred_at"] = json!(LATER);
        tenant.post("/v1/pos/refunds", &later).await.created();
        tenant.post("/v1/pos/refunds", &refund).await.created();

        let customer = tenant.customer("Nordwind Supply").await;
        let order = json!({ "customer_id": customer, "occurred_at": AT, "advance_to": "invoiced",
            "lines": lines(&[("MUG", "5")]) });
        let ordered = tenant.post("/v1/orders", &order).await.created();
        let invoice = ordered["invoices"][0].clone();
        let back = json!({ "customer_id": customer, "original_id": invoice["id"],
            "original_lines": [{ "line_no": 1, "quantity": "1" }] });
        follows(tenant, "/v1/returns", back).await;
    });
}

#[test]
fn nothing_is_shipped_before_it_was_ordered() {
    with_tenant(async |tenant| {
        opened(tenant).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = json!({ "customer_id": customer, "occurred_at": AT, "advance_to": "confirmed",
            "lines": lines(&[("MUG", "5")]) });
        let order = tenant.post("/v1/orders", &order).await.created();
        let path = format!("/v1/orders/{}/ship", order["id"].as_str().expect("an id"));
        let part = json!({ "lines": [{ "line_no": 1, "quantity": "2" }] });
        follows(tenant, &path, part).await;
        assert_eq!(tenant.post(&path, &json!({})).await.ok()["status"], "shipped");
    });
}

#[test]
fn nothing_arrives_before_it_was_sent() {
    with_tenant(async |tenant| {
        opened(tenant).await;
        let sent =
            json!({ "to_location_id": tenant.shop, "occurred_at": AT, "lines": lines(&[("MUG", "5")]) });
        let mut backwards = sent.clone();
        backwards["expected_on"] = json!("2026-03-09");
        let refused = tenant.post("/v1/stock/transfers", &backwards).await;
        refused.refused(422, "validation_failed").names(&["#/expected_on"]);
        let transfer = tenant.post("/v1/stock/transfers", &sent).await.created();
        let path = format!("/v1/stock/transfers/{}/receive", transfer["id"].as_str().expect("an id"));
        follows(tenant, &path, json!({ "lines": [{ "line_no": 1, "quantity": "2" }] })).await;
        tenant.post(&path, &json!({})).await.ok();
        for (day, units) in [("2026-03-09", "50"), ("2026-03-10", "50"), ("2026-03-11", "50")] {
            let table =
                tenant.get(&format!("/v1/reports/stock_valuation?as_of={day}&group_by=location")).await.ok();
            for row in table["rows"].as_array().expect("rows") {
                assert!(!row["on_hand"].as_str().expect("a quantity").starts_with('-'), "{day}: {row}");
            }
            let whole =
                tenant.get(&format!("/v1/reports/stock_valuation?as_of={day}&group_by=none")).await.ok();
            assert_eq!(whole["rows"][0]["on_hand"], units, "{day}");
        }
        assert_eq!(tenant.level("MUG").await, Level::of("45", "0", "180"));
    });
}

#[test]
fn nothing_is_received_before_the_day_on_which_it_was_expected_at_all() {
    with_tenant(async |tenant| {
        opened(tenant).await;
        let expected = json!({ "expected_on": "2126-01-10", "lines": lines(&[("MUG", "5")]) });
        let expected = tenant.post("/v1/stock/expected-receipts", &expected).await.created();
        let line = json!({ "sku": "MUG", "quantity": "5", "unit_cost": "4.00" });
        let mut receipt =
            json!({ "kind": "receipt", "expected_receipt_id": expected["id"], "lines": [line] });
        receipt["occurred_at"] = json!(AT);
        let refused = tenant.post("/v1/stock/documents", &receipt).await;
        refused.refused(422, "validation_failed").names(&["#/occurred_at"]);
        receipt.as_object_mut().expect("a receipt").remove("occurred_at");
        tenant.post("/v1/stock/documents", &receipt).await.created();
    });
}
