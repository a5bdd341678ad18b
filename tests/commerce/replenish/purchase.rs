//! Purchase orders as supply, and the terms of preferred suppliers.

use chrono::{DateTime, Days, Utc};
use serde_json::{Value, json};
use tests::{Tenant, with_tenant, with_tenants};

use super::{Calendar, SETTINGS, explained, steady, weekly};

const PURCHASES: &str = "/v1/purchase-orders";

async fn supplier(tenant: &Tenant, more: Value) -> String {
    let mut body = json!({ "code": "POTTERY", "name": "Pottery" });
    for (name, value) in more.as_object().expect("fields") {
        body[name] = value.clone();
    }
    tenant.make("/v1/suppliers", body).await
}

/// Writes a draft of 200 mugs for the warehouse. Returns its path and its id.
async fn draft(tenant: &Tenant, supplier: &str, expected_on: Option<String>) -> (String, Value) {
    let line = json!({ "sku": "MUG", "quantity": "200", "unit_cost": "2", "expected_on": expected_on });
    let body = json!({ "supplier_id": supplier, "location_id": tenant.main, "lines": [line] });
    let id = tenant.post(PURCHASES, &body).await.created()["id"].clone();
    (format!("{PURCHASES}/{}", id.as_str().expect("an id")), id)
}

#[test]
fn what_is_open_of_a_sent_purchase_order_is_supply() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = steady(tenant, calendar, 150).await;
        let pottery = supplier(tenant, json!({})).await;
        let (path, id) = draft(tenant, &pottery, Some(calendar.ahead(21))).await;
        let row = explained(tenant, &mug).await;
        assert_eq!((&row["position"]["incoming"], &row["need"]), (&json!("0"), &json!("480")), "a draft");

        tenant.post(&format!("{path}/send"), &json!({})).await.ok();
        let row = explained(tenant, &mug).await;
        assert_eq!((&row["position"]["incoming"], &row["position"]["total"]), (&json!("200"), &json!("350")));
        let supply = json!({ "document_id": id, "expected_on": calendar.ahead(21), "quantity": "200" });
        assert_eq!((&row["position"]["supplies"], &row["need"]), (&json!([supply]), &json!("280")));

        // After the horizon it is to come earlier, and is not bought twice.
        tenant.post(&format!("{path}/confirm"), &json!({ "expected_on": calendar.ahead(22) })).await.ok();
        let row = explained(tenant, &mug).await;
        assert_eq!((&row["position"]["late"], &row["need"]), (&json!("200"), &json!("280")));
        let first = &row["actions"][0];
        assert_eq!((&first["action"], &first["document_id"]), (&json!("expedite"), &id));

        let part = json!({ "lines": [{ "line_no": 1, "quantity": "50" }] });
        tenant.post(&format!("{path}/receive"), &part).await.ok();
        let row = explained(tenant, &mug).await;
        assert_eq!((&row["position"]["available"], &row["position"]["late"]), (&json!("200"), &json!("150")));
        assert_eq!(row["lead_time"]["receipts"], 0, "the line is still open");

        tenant.post(&format!("{path}/close"), &json!({})).await.ok();
        let row = explained(tenant, &mug).await;
        assert_eq!((&row["position"]["late"], &row["position"]["total"]), (&json!("0"), &json!("200")));
        // It took no day, beside the stated 14, which count as two receipts.
        let lead_time = &row["lead_time"];
        assert_eq!((&lead_time["receipts"], &lead_time["days"]), (&json!(1), &json!("9.333333")));
    });
}

#[test]
fn goods_that_the_supplier_replaces_are_supply_again() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = steady(tenant, calendar, 150).await;
        let pottery = supplier(tenant, json!({})).await;
        let (path, id) = draft(tenant, &pottery, Some(calendar.ahead(21))).await;
        tenant.post(&format!("{path}/send"), &json!({})).await.ok();
        let came = tenant.post(&format!("{path}/receive"), &json!({})).await.ok();
        let position = async || -> Value { explained(tenant, &mug).await["position"].clone() };
        let send_back = async |replace: bool| -> Value {
            let back = json!({ "receipt_id": came["receipt_id"], "replace": replace,
                "lines": [{ "line_no": 1, "quantity": "40" }] });
            tenant.post(&format!("{path}/return"), &back).await.ok()
        };
        send_back(false).await;
        let row = position().await;
        assert_eq!((&row["available"], &row["incoming"]), (&json!("310"), &json!("0")));
        let replaced = send_back(true).await;
        let row = position().await;
        assert_eq!((&row["available"], &row["incoming"]), (&json!("270"), &json!("40")));
        let supply = json!({ "document_id": id, "expected_on": calendar.ahead(21), "quantity": "40" });
        assert_eq!(row["supplies"], json!([supply]));
        let taken_back = json!({ "return_id": replaced["return_id"], "reason": "Not sent" });
        tenant.post(&format!("{path}/reverse-return"), &taken_back).await.ok();
        let row = position().await;
        assert_eq!((&row["available"], &row["incoming"]), (&json!("310"), &json!("0")));
    });
}

#[test]
fn a_purchase_order_without_a_day_counts_after_the_time_that_is_assumed() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = steady(tenant, calendar, 150).await;
        let pottery = supplier(tenant, json!({})).await;
        let (path, _) = draft(tenant, &pottery, None).await;
        tenant.post(&format!("{path}/send"), &json!({})).await.ok();
        let row = explained(tenant, &mug).await;
        assert_eq!(row["position"]["supplies"][0]["expected_on"], calendar.ahead(14));
        assert_eq!((&row["position"]["incoming"], &row["need"]), (&json!("200"), &json!("280")));
    });
}

#[test]
fn the_preferred_supplier_states_what_no_settings_do() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let units = json!([{ "uom": "XBX", "factor": "12" }]);
        let mug = tenant.product_with("MUG", json!({ "list_price": "5.00", "units": units })).await.id;
        weekly(tenant, calendar, 150).await;
        let row = explained(tenant, &mug).await;
        assert_eq!(
            (&row["lead_time"]["source"], &row["lead_time"]["stated"]),
            (&json!("assumed"), &Value::Null)
        );

        let pottery = supplier(tenant, json!({ "lead_time_days": 14 })).await;
        let terms = format!("/v1/suppliers/{pottery}/products/{mug}");
        let mut stated = json!({ "uom": "XBX", "min_order_quantity": "41", "order_multiple": "2" });
        tenant.put(&terms, &stated).await.ok();
        assert_eq!(explained(tenant, &mug).await["settings"], json!({}), "it is not preferred");
        stated["preferred"] = json!(true);
        tenant.put(&terms, &stated).await.ok();
        let row = explained(tenant, &mug).await;
        assert_eq!(
            (&row["lead_time"]["source"], &row["lead_time"]["stated"]),
            (&json!("supplier"), &json!(14))
        );
        let origins = json!({ "lead_time_days": "supplier", "minimum": "supplier", "pack": "supplier" });
        assert_eq!((&row["settings"], &row["need"]), (&origins, &json!("480")));
        // At least 492, in packs of 24.
        let buy = &row["actions"][0];
        assert_eq!((&buy["quantity"], &buy["packs"]), (&json!("504"), &json!("21")));
        assert_eq!(buy["rounding"], json!({ "minimum": "12", "pack": "12" }));

        let own = json!({ "product_id": mug, "lead_time_days": 20, "pack": "10" });
        tenant.put(SETTINGS, &own).await.ok();
        let row = explained(tenant, &mug).await;
        assert_eq!(
            (&row["lead_time"]["source"], &row["lead_time"]["stated"]),
            (&json!("settings"), &json!(20))
        );
        let origins = json!({ "lead_time_days": "product", "minimum": "supplier", "pack": "product" });
        assert_eq!(row["settings"], origins);

        tenant.patch(&format!("/v1/suppliers/{pottery}"), &json!({ "status": "archived" })).await.ok();
        let row = explained(tenant, &mug).await;
        assert_eq!(row["settings"], json!({ "lead_time_days": "product", "pack": "product" }));
    });
}

#[test]
fn purchase_orders_and_terms_of_another_tenant_count_nothing() {
    with_tenants(async |owner, stranger| {
        let calendar = Calendar::now().await;
        let mug = steady(owner, calendar, 150).await;
        let other = steady(stranger, calendar, 150).await;
        let pottery = supplier(stranger, json!({ "lead_time_days": 3 })).await;
        let terms = json!({ "min_order_quantity": "100", "preferred": true });
        stranger.put(&format!("/v1/suppliers/{pottery}/products/{other}"), &terms).await.ok();
        let (path, _) = draft(stranger, &pottery, Some(calendar.ahead(7))).await;
        stranger.post(&format!("{path}/send"), &json!({})).await.ok();
        assert_eq!(explained(stranger, &other).await["position"]["incoming"], "200");
        let row = explained(owner, &mug).await;
        assert_eq!((&row["position"]["incoming"], &row["need"]), (&json!("0"), &json!("480")));
        assert_eq!(row["settings"], json!({ "lead_time_days": "product" }));
    });
}

/// Sends an order as of 30 days ago, and receives it as of 9 days ago.
async fn come_after_21_days(tenant: &Tenant, calendar: Calendar, path: &str) {
    let noon = |days: u64| -> DateTime<Utc> {
        let on = calendar.today - Days::new(days);
        on.and_hms_opt(12, 0, 0).expect("noon").and_utc()
    };
    tenant.post(&format!("{path}/send"), &json!({ "occurred_at": noon(30) })).await.ok();
    tenant.post(&format!("{path}/receive"), &json!({ "occurred_at": noon(9) })).await.ok();
}

/// The order was sent 30 days ago, and the goods came 9 days ago. The stated 14 days count as two receipts.
#[test]
fn the_lead_time_counts_from_the_day_on_which_the_order_was_sent() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = steady(tenant, calendar, 150).await;
        let pottery = supplier(tenant, json!({})).await;
        let (path, _) = draft(tenant, &pottery, None).await;
        come_after_21_days(tenant, calendar, &path).await;
        let lead_time = &explained(tenant, &mug).await["lead_time"];
        assert_eq!((&lead_time["receipts"], &lead_time["days"]), (&json!(1), &json!("16.333333")));
    });
}

/// Three lines took 21 days each. The stated 14 days count as two more.
#[test]
fn receipts_of_the_preferred_supplier_stand_in_for_few_of_the_product() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = steady(tenant, calendar, 150).await;
        let pottery = supplier(tenant, json!({})).await;
        let mut lines = Vec::new();
        for sku in ["CUP", "BOWL", "PLATE"] {
            tenant.product(sku, "4.00").await;
            lines.push(json!({ "sku": sku, "quantity": "10", "unit_cost": "2" }));
        }
        let body = json!({ "supplier_id": pottery, "location_id": tenant.main, "lines": lines });
        let path = format!("{PURCHASES}/{}", tenant.make(PURCHASES, body).await);
        come_after_21_days(tenant, calendar, &path).await;
        let lead_time = async || -> Value { explained(tenant, &mug).await["lead_time"].clone() };
        assert_eq!(lead_time().await["receipts"], 0, "it is not preferred");

        let terms = format!("/v1/suppliers/{pottery}/products/{mug}");
        tenant.put(&terms, &json!({ "preferred": true })).await.ok();
        let found = lead_time().await;
        assert_eq!((&found["receipts"], &found["days"]), (&json!(3), &json!("18.2")));

        // Three lines of its own are enough, from any supplier.
        for _ in 0..3 {
            let (path, _) = draft(tenant, &pottery, None).await;
            tenant.post(&format!("{path}/send"), &json!({})).await.ok();
            tenant.post(&format!("{path}/receive"), &json!({})).await.ok();
        }
        let found = lead_time().await;
        assert_eq!((&found["receipts"], &found["days"]), (&json!(3), &json!("5.6")));
    });
}
