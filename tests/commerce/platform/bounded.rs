//! The operations that post no document and whose body names a place or an amount. Each checks the bounds of the key, or does not for a
//! stated reason. Documents need no list: `domain::bounds` matches over all commands.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::with_tenant;

use super::auth::key_with;
use super::hostile_texts::{Place, find_texts};
use super::isolation::operation::{operations, resolve};

/// Fields that name a place or an amount.
const FIELDS: [&str; 14] = [
    "amount",
    "amount_max",
    "approval_value",
    "credit",
    "credit_limit",
    "debit",
    "discount_max",
    "exchange_rate",
    "from_location_id",
    "location_id",
    "locations",
    "rate",
    "source_location_id",
    "to_location_id",
];
/// The rule of a record that documents read: its scope decides, because it has no place or amount of a document.
const RECORD: &str = "a record that documents read";
/// The rule of an operation that writes nothing.
const READ: &str = "writes nothing";
/// The rule of an operation that checks the bounds.
const CHECKED: &str = "checks the bounds";

/// The operations, and the rule of each.
const KNOWN: [(&str, &str); 21] = [
    ("account_mapping_put", RECORD),
    ("api_keys_create", CHECKED),
    ("channel_price_lists_put", RECORD),
    ("count_settings_put", RECORD),
    ("customers_create", RECORD),
    ("customers_create_batch", RECORD),
    ("customers_update", RECORD),
    ("exchange_rates_create", CHECKED),
    ("exchange_rates_import", CHECKED),
    ("payment_intents_create", CHECKED),
    (
        "payment_providers_report",
        "the provider has no key: its message changes the status of its own intents alone",
    ),
    ("prices_resolve", READ),
    ("products_import", RECORD),
    ("recurring_entries_create", CHECKED),
    ("registers_create", CHECKED),
    ("registers_update", CHECKED),
    ("reorder_settings_put", RECORD),
    ("replenishment_backtest", READ),
    ("replenishment_settings_put", RECORD),
    ("stock_availability_query", READ),
    ("tax_rates_create", RECORD),
];

/// Whether an operation posts documents.
fn posts(operation: &Value) -> bool {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let mut names = parameters.filter_map(|own| own["$ref"].as_str()?.rsplit('/').next());
    names.any(|name| name == "IdempotencyKey" || name == "BatchPrefer")
}

#[test]
fn each_operation_with_a_place_or_an_amount_has_a_rule_for_the_bounds_of_a_key() {
    let document = stockwell::routes().document();
    let mut found = BTreeMap::new();
    for operation in operations().iter().filter(|operation| operation.has_body) {
        let described = &document["paths"][&operation.path][&operation.method];
        if posts(described) {
            continue;
        }
        let content = &resolve(document, &described["requestBody"])["content"]["application/json"];
        let mut texts = Vec::new();
        find_texts(document, &content["schema"], &Place::new(), &mut texts);
        let names = texts.iter().flat_map(|text| &text.place);
        let mut fields: Vec<&String> = names.filter(|name| FIELDS.contains(&name.as_str())).collect();
        fields.sort_unstable();
        fields.dedup();
        if !fields.is_empty() {
            found.insert(operation.id.as_str().to_owned(), json!(fields));
        }
    }
    let known = KNOWN.map(|(id, _)| id);
    let new: Vec<_> = found.iter().filter(|(id, _)| !known.contains(&id.as_str())).collect();
    assert!(new.is_empty(), "check the bounds, or say here why not: {new:?}");
    let gone: Vec<_> = known.into_iter().filter(|id| !found.contains_key(*id)).collect();
    assert!(gone.is_empty(), "there are no such operations: {gone:?}");
}

#[test]
fn a_key_that_ends_or_has_networks_makes_nothing_that_goes_on_without_it() {
    with_tenant(async |tenant| {
        let scopes = tenant.get("/v1/me").await.ok()["scopes"].clone();
        let lines = json!([{ "account": "6100", "debit": "1.00" }, { "account": "1010", "credit": "1.00" }]);
        let endpoint = json!({ "url": "https://hooks.invalid/" });
        let provider = json!({ "name": "Terminals" });
        let template =
            json!({ "memo": "Rent", "rhythm": "monthly", "starts_on": "2999-01-31", "lines": lines });
        let made = tenant.post("/v1/payment-providers", &provider).await.created();
        let rotate = made["payment_provider"]["id"].as_str().expect("an id");
        let rotate = format!("/v1/payment-providers/{rotate}/rotate-secret");
        for (mut bounds, named) in [
            (json!({ "expires_at": "2090-01-01T00:00:00Z" }), "expires_at"),
            (json!({ "ip_allowlist": ["127.0.0.0/8", "::1"] }), "ip_allowlist"),
        ] {
            bounds["scopes"] = scopes.clone();
            let client = tenant.with_key(&key_with(tenant, bounds).await.1);
            for (path, body) in [
                ("/v1/webhook-endpoints", &endpoint),
                ("/v1/payment-providers", &provider),
                ("/v1/recurring-entries", &template),
                (rotate.as_str(), &json!({})),
            ] {
                let problem = client.post(path, body).await.refused(403, "bound_exceeded").0;
                let bound = problem["errors"][0]["params"]["bound"].as_str().or(problem["bound"].as_str());
                assert_eq!(bound, Some(named), "{path}: {problem}");
            }
        }
        tenant.post("/v1/webhook-endpoints", &endpoint).await.created();
        tenant.post("/v1/recurring-entries", &template).await.created();
    });
}

#[test]
fn a_bill_for_little_settles_no_goods_above_the_amount_of_the_key() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "MILL", "name": "Mill" })).await;
        let lines = json!([{ "sku": "MUG", "quantity": "10", "unit_cost": "10" }]);
        let order =
            tenant.make("/v1/purchase-orders", json!({ "supplier_id": supplier, "lines": lines })).await;
        for step in ["send", "receive"] {
            tenant.post(&format!("/v1/purchase-orders/{order}/{step}"), &json!({})).await.ok();
        }
        let bill = |number: &str, quantity: &str| {
            let line = json!({ "purchase_order_id": order, "order_line_no": 1, "quantity": quantity, "unit_cost": "0.01" });
            json!({ "supplier_id": supplier, "supplier_number": number, "dated": "2026-01-02", "lines": [line] })
        };
        let bounds = json!({ "scopes": ["purchasing:write"], "amount_max": "60.00" });
        let client = tenant.with_key(&key_with(tenant, bounds).await.1);
        let rejected = client.post("/v1/bills", &bill("F-1", "10")).await;
        rejected.refused(403, "bound_exceeded").names(&["#/lines"]);
        assert!(!rejected.text.contains("100.00"), "no cost is said: {}", rejected.text);
        client.post("/v1/bills", &bill("F-2", "5")).await.created();
    });
}
