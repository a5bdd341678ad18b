//! Every kind of document and record has one id, one name and one address, wherever it is read.

use std::collections::BTreeSet;

use domain::document::DocumentKind;
use serde_json::{Value, json};
use strum::VariantArray;
use tests::{Tenant, with_tenant};

use super::world::{MARK, world};

/// Kinds without events: the order stands for its invoices, and the others are no documents.
const WITHOUT_EVENT: [DocumentKind; 5] = [
    DocumentKind::Invoice,
    DocumentKind::EarlierStock,
    DocumentKind::Manual,
    DocumentKind::OpeningBalances,
    DocumentKind::YearClose,
];

/// Writes what the world of the isolation tests leaves out.
async fn rest_of_the_world(tenant: &Tenant) {
    let worth = json!({ "reason": "write_down", "lines": [{ "sku": MARK, "unit_cost": "3" }] });
    tenant.post("/v1/stock/revaluations", &worth).await.created();
    tenant.patch("/v1/settings", &json!({ "costing_method": "fifo" })).await.ok();
    let lists = tenant.get("/v1/price-lists").await.ok();
    let of_channel = json!({ "price_list_id": lists["data"][0]["id"] });
    tenant.put("/v1/channel-price-lists/wholesale", &of_channel).await.ok();
    tenant.put("/v1/counts/settings", &json!({ "approval_value": "11.99" })).await.ok();
    tenant.put("/v1/account-mapping", &json!({ "rules": [] })).await.ok();
    let purchases = tenant.get("/v1/purchase-orders").await.ok();
    let purchase = format!("/v1/purchase-orders/{}", text(&purchases["data"][0]["id"]));
    tenant.post(&format!("{purchase}/send"), &json!({})).await.ok();
    let came = tenant.post(&format!("{purchase}/receive"), &json!({})).await.ok();
    let goods = json!({ "receipt_id": came["receipt_id"], "lines": [{ "line_no": 1, "quantity": "1" }] });
    tenant.post(&format!("{purchase}/return"), &goods).await.ok();
    let sales = tenant.get("/v1/pos/sales").await.ok();
    let sale = &sales["data"][0];
    let line = json!({ "line_no": 1, "quantity": "1" });
    let back = json!({ "register_id": sale["register_id"], "original_id": sale["id"], "original_lines": [line],
        "tenders": [{ "kind": "cash" }] });
    tenant.post("/v1/pos/refunds", &back).await.created();
    // A receipt with a price that is not ours is an exception, until it is resolved.
    let late = json!({ "register_id": sale["register_id"], "forced": true, "occurred_at": sale["occurred_at"],
        "lines": [{ "sku": MARK, "quantity": "1", "unit_price": "0.01" }], "tenders": [{ "kind": "cash" }] });
    tenant.post("/v1/pos/sales", &late).await.created();
    let exceptions = tenant.get("/v1/pos/exceptions").await.ok();
    let exception = format!("/v1/pos/exceptions/{}/resolve", text(&exceptions["data"][0]["id"]));
    tenant.post(&exception, &json!({ "resolution": "Old price tag" })).await.ok();
    let orders = tenant.get("/v1/orders").await.ok();
    let order = tenant.get(&format!("/v1/orders/{}", text(&orders["data"][0]["id"]))).await.ok();
    let shipment = format!("/v1/shipments/{}", text(&order["shipments"][0]["id"]));
    tenant.patch(&shipment, &json!({ "carrier": "Parcel Express" })).await.ok();
    let systems = tenant.get("/v1/reconciliation/systems").await.ok();
    let system = format!("/v1/reconciliation/systems/{}", text(&systems["data"][0]["id"]));
    tenant.patch(&system, &json!({ "clock_offset_seconds": 240 })).await.ok();
    let episodes = tenant.get("/v1/reconciliation/episodes?limit=1").await.ok();
    let resolve = format!("/v1/reconciliation/episodes/{}/resolve", text(&episodes["data"][0]["id"]));
    tenant.post(&resolve, &json!({ "class": "missed_sale" })).await.ok();
    let told = tenant.get("/v1/reconciliation/first-fix").await.ok();
    let applied = format!("/v1/reconciliation/fixes/{}/applied", text(&told["fix"]["id"]));
    tenant.post(&applied, &json!({})).await.ok();
    let credit = json!({ "customer_id": orders["data"][0]["customer_id"], "lines": [{ "sku": MARK, "quantity": "1" }] });
    tenant.post("/v1/returns", &credit).await.created();
    bills(tenant).await;
    let memo = json!({ "memo": MARK, "lines": [
        { "account": "6000", "debit": "1" }, { "account": "1010", "credit": "1" }] });
    tenant.post("/v1/journal-entries", &memo).await.created();
    tenant.product_with("PARTS", json!({ "kind": "bundle" })).await;
    let bundles = tenant.get("/v1/products?sku=PARTS").await.ok();
    let parts = json!({ "components": [{ "sku": MARK, "quantity": "1" }] });
    tenant.put(&format!("/v1/products/{}/components", text(&bundles["data"][0]["id"])), &parts).await.ok();
}

/// Takes the bill and the payment of the world back.
async fn bills(tenant: &Tenant) {
    let payments = tenant.get("/v1/supplier-payments").await.ok();
    let reverse = format!("/v1/supplier-payments/{}/reverse", text(&payments["data"][0]["id"]));
    tenant.post(&reverse, &json!({ "reason": MARK })).await.created();
    let bills = tenant.get("/v1/bills").await.ok();
    let bill = format!("/v1/bills/{}", text(&bills["data"][0]["id"]));
    let credit = json!({ "supplier_number": "GS-1", "dated": "2026-01-02", "lines": [{ "line_no": 1, "value": "1" }] });
    tenant.post(&format!("{bill}/credit"), &credit).await.created();
    tenant.post(&format!("{bill}/reverse"), &json!({ "reason": MARK })).await.created();
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// Returns every record of a list, page by page.
async fn all(tenant: &Tenant, path: &str) -> Vec<Value> {
    let mut records = Vec::new();
    let mut next = Some(String::new());
    while let Some(cursor) = next {
        let page = tenant.get(&format!("{path}?limit=200&cursor={cursor}")).await.ok();
        records.extend(page["data"].as_array().expect("records").clone());
        next = page["page"]["next_cursor"].as_str().map(str::to_owned);
    }
    records
}

#[track_caller]
fn check_id(id: &Value, place: &Value) {
    assert!(DocumentKind::decode(text(id)).is_some(), "{id} is no id as the API writes it: {place}");
}

#[test]
fn every_kind_is_named_alike_in_events_audit_ledger_and_movements() {
    with_tenant(async |tenant| {
        world(tenant).await;
        rest_of_the_world(tenant).await;

        tenant.complete_feed().await;
        let mut seen = BTreeSet::new();
        for event in all(tenant, "/v1/events").await {
            let object = &event["data"]["object"];
            check_id(&object["id"], &event);
            seen.insert(text(&object["object"]).to_owned());
            let found = tenant.get(&format!("/v1/events?document_id={}", text(&object["id"]))).await.ok();
            assert!(
                found["data"].as_array().is_some_and(|found| found.contains(&event)),
                "{event} is not found"
            );
            if let Some(url) = object["url"].as_str() {
                tenant.get(url).await.ok();
            }
        }
        let kinds = DocumentKind::VARIANTS.iter().filter(|kind| !WITHOUT_EVENT.contains(kind));
        let expected: BTreeSet<String> = kinds.map(|kind| kind.object().to_owned()).collect();
        assert_eq!(seen, expected, "the test has to make each kind, and each event has to name its kind");

        for command in all(tenant, "/v1/commands").await {
            if command["document_id"].is_null() {
                continue;
            }
            check_id(&command["document_id"], &command);
            let path = format!("/v1/commands?limit=200&document_id={}", text(&command["document_id"]));
            let found = tenant.get(&path).await.ok();
            assert!(
                found["data"].as_array().is_some_and(|found| found.contains(&command)),
                "{command} is not found"
            );
        }

        for list in ["/v1/journal-entries", "/v1/stock/movements"] {
            let records = all(tenant, list).await;
            assert!(!records.is_empty());
            for record in records {
                check_id(&record["document_id"], &record);
                let found =
                    tenant.get(&format!("{list}?document_id={}", text(&record["document_id"]))).await.ok();
                assert!(
                    found["data"].as_array().is_some_and(|found| found.contains(&record)),
                    "{record} is not found"
                );
            }
        }

        for movement in all(tenant, "/v1/stock/movements").await {
            let (location, product) = (text(&movement["location_id"]), text(&movement["product_id"]));
            let lot = movement["lot_id"].as_str().map_or_else(String::new, |lot| format!("?lot_id={lot}"));
            let path = format!("/v1/stock/levels/{location}/{product}/explain{lot}");
            let explained = tenant.get(&path).await.ok();
            for line in explained["data"].as_array().into_iter().flatten() {
                check_id(&line["document_id"], line);
            }
        }
    });
}
