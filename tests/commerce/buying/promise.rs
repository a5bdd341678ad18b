//! Purchase orders as supply: promises are made on them, and broken when they slip.

use chrono::{Days, Utc};
use serde_json::{Value, json};
use tests::{Tenant, environment, lines, with_tenant_as};

use super::{PURCHASES, order, path, step, supplier};

/// Runs a test with a tenant whose day is the day of the tests.
fn in_utc(test: impl AsyncFnOnce(&Tenant)) {
    with_tenant_as(|tenant| tenant.time_zone = "UTC".to_owned(), test);
}

/// Returns the day `days` from today.
async fn day(days: u64) -> String {
    (environment().today(&Utc).await + Days::new(days)).to_string()
}

/// Returns day and quantity of every step of what may be promised.
async fn steps(tenant: &Tenant, sku: &str) -> Vec<(String, String)> {
    let shown = tenant.get(&format!("/v1/stock/availability?steps=true&sku={sku}")).await.ok();
    let text = |step: &Value, name: &str| step[name].as_str().expect("a text").to_owned();
    let steps = shown["data"][0]["steps"].as_array().expect("steps").clone();
    steps.iter().map(|step| (text(step, "on"), text(step, "available"))).collect()
}

/// Returns order, old day and new day of every promise that a purchase order broke.
async fn broken(tenant: &Tenant, purchase: &Value) -> Vec<[Value; 3]> {
    let page = tenant.get(&format!("{}/broken-promises", path(purchase))).await.ok();
    let row = |row: &Value| ["order_id", "promised_on", "due_on"].map(|name| row[name].clone());
    page["data"].as_array().expect("rows").iter().map(row).collect()
}

#[test]
fn what_is_on_order_may_be_promised_from_its_day_on() {
    in_utc(async |tenant| {
        tenant.stocked("MUG", "10.00", ("2", "4.00")).await;
        let pottery = supplier(tenant, "POTTERY", json!({ "lead_time_days": 20 })).await;
        let line = |quantity: &str, on: Value| json!({ "sku": "MUG", "quantity": quantity, "unit_cost": "4", "expected_on": on });
        let body = json!({ "supplier_id": pottery, "lines": [line("5", json!(day(10).await)), line("6", Value::Null)] });
        let made = order(tenant, body, &[]).await;
        let today = (day(0).await, "2".to_owned());
        let rows = steps(tenant, "MUG").await;
        assert_eq!(rows, std::slice::from_ref(&today), "a draft is no supply");
        step(tenant, &made, "send", json!({})).await.ok();
        let expected = |first: (String, &str), second: (String, &str)| {
            [today.clone(), (first.0, first.1.to_owned()), (second.0, second.1.to_owned())]
        };
        assert_eq!(steps(tenant, "MUG").await, expected((day(10).await, "7"), (day(20).await, "13")));
        let moved = json!({ "lines": [{ "line_no": 1, "expected_on": day(30).await }] });
        step(tenant, &made, "confirm", moved).await.ok();
        assert_eq!(steps(tenant, "MUG").await, expected((day(20).await, "8"), (day(30).await, "13")));
        let part = json!({ "lines": [{ "line_no": 2, "quantity": "4" }] });
        step(tenant, &made, "receive", part).await.ok();
        let today = (day(0).await, "6".to_owned());
        let left = [today.clone(), (day(20).await, "8".to_owned()), (day(30).await, "13".to_owned())];
        assert_eq!(steps(tenant, "MUG").await, left);
        step(tenant, &made, "cancel", json!({})).await.ok();
        assert_eq!(steps(tenant, "MUG").await, [today]);
    });
}

#[test]
fn a_refusal_names_the_day_of_the_purchase_order() {
    in_utc(async |tenant| {
        tenant.stocked("MUG", "10.00", ("2", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let line = json!({ "sku": "MUG", "quantity": "5", "unit_cost": "4" });
        let body = json!({ "supplier_id": pottery, "expected_on": day(10).await, "lines": [line] });
        order(tenant, body, &["send"]).await;
        let refused = tenant.order(&customer, &[("MUG", "7")], "confirmed").await;
        let problem = refused.refused(409, "insufficient_stock");
        assert_eq!(problem.params("#/lines/0/quantity")["next_available_on"], json!(day(10).await));
    });
}

#[test]
fn a_purchase_order_that_slips_breaks_the_promises_made_on_it() {
    in_utc(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let customer = tenant.customer("Nordwind Supply").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let line = json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" });
        let body = json!({ "supplier_id": pottery, "expected_on": day(10).await, "lines": [line] });
        let purchase = order(tenant, body.clone(), &["send"]).await;
        let waiting = json!({ "customer_id": customer, "policy": "backorder", "advance_to": "confirmed",
            "lines": lines(&[("MUG", "8")]) });
        let waiting = tenant.post("/v1/orders", &waiting).await.created();
        assert_eq!(waiting["lines"][0]["promised_on"], json!(day(10).await));
        assert!(broken(tenant, &purchase).await.is_empty());

        step(tenant, &purchase, "confirm", json!({ "expected_on": day(15).await })).await.ok();
        let row = |due: Value| [waiting["id"].clone(), waiting["lines"][0]["promised_on"].clone(), due];
        assert_eq!(broken(tenant, &purchase).await, [row(json!(day(15).await))]);
        let told = tenant.events("type=order.promise_broken").await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0]["data"]["object"]["id"], waiting["id"]);
        step(tenant, &purchase, "cancel", json!({})).await.ok();
        assert_eq!(broken(tenant, &purchase).await, [row(Value::Null)]);

        // A new promise stands on another order, whose goods end the wait.
        let second = order(tenant, body, &["send"]).await;
        let promise = format!("/v1/orders/{}/promise", waiting["id"].as_str().expect("an id"));
        let promised = tenant.post(&promise, &json!({})).await.ok();
        assert_eq!(promised["lines"][0]["promised_on"], json!(day(10).await));
        assert!(broken(tenant, &purchase).await.is_empty());
        step(tenant, &second, "receive", json!({})).await.ok();
        let served = tenant.get(&format!("/v1/orders/{}", waiting["id"].as_str().expect("an id"))).await.ok();
        assert_eq!(
            (&served["lines"][0]["reserved"], &served["lines"][0]["backordered"]),
            (&json!("8"), &json!("0"))
        );
        let unknown = format!("{PURCHASES}/por_01h455vb4pex5vsknk084sn02q/broken-promises");
        tenant.get(&unknown).await.refused(404, "not_found");
    });
}
