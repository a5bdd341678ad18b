//! Stock that moves between one's own locations keeps its past: its age, and the days since it was sold.

use serde_json::json;
use tests::{Tenant, lines, sale, with_tenant};

use super::stock::{columns, days_ago, in_london, receive, report};

/// Sends stock from one location to another some days ago, and receives it in parts a day later.
async fn send(tenant: &Tenant, days: u64, (from, to): (&str, &str), sku: &str, parts: &[&str]) {
    let units: u32 = parts.iter().map(|part| part.parse::<u32>().expect("a number")).sum();
    let body = json!({ "from_location_id": from, "to_location_id": to, "occurred_at": days_ago(tenant, days).await,
        "lines": lines(&[(sku, &units.to_string())]) });
    let transfer = tenant.post("/v1/stock/transfers", &body).await.created();
    let path = format!("/v1/stock/transfers/{}/receive", transfer["id"].as_str().expect("an id"));
    for part in parts {
        let body = json!({ "occurred_at": days_ago(tenant, days - 1).await,
            "lines": [{ "line_no": 1, "quantity": part }] });
        tenant.post(&path, &body).await.ok();
    }
}

const BANDS: [&str; 7] = [
    "location_code",
    "units_to_30_days",
    "units_to_60_days",
    "units_to_90_days",
    "units_to_365_days",
    "units_over_365_days",
    "value",
];

async fn ages(tenant: &Tenant, query: &str) -> Vec<String> {
    let table = report(tenant, &format!("stock_ageing{query}")).await;
    columns(&table, &BANDS).iter().map(|row| row.join(" ")).collect()
}

#[test]
fn a_transfer_makes_nothing_younger() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.00").await;
        receive(tenant, 400, &tenant.main, ("BOLT", "10", "1.00")).await;
        receive(tenant, 70, &tenant.main, ("BOLT", "10", "1.00")).await;
        receive(tenant, 40, &tenant.shop, ("BOLT", "4", "1.00")).await;
        // Ten of 400 days and two of 70, in three parts.
        send(tenant, 5, (&tenant.main, &tenant.shop), "BOLT", &["7", "4", "1"]).await;
        assert_eq!(ages(tenant, "").await, ["SHOP 0 4 2 0 10 16.00", "MAIN 0 0 8 0 0 8.00"]);
        assert_eq!(ages(tenant, "?location=SHOP").await, ["SHOP 0 4 2 0 10 16.00"]);
        let oldest = in_london(&days_ago(tenant, 400).await);
        let table = report(tenant, "stock_ageing?location=SHOP").await;
        assert_eq!(table["rows"][0]["oldest_on"].as_str(), Some(oldest.as_str()));
        // And back: four of 40 days came to the shop first, then one of 400 days.
        send(tenant, 2, (&tenant.shop, &tenant.main), "BOLT", &["5"]).await;
        assert_eq!(ages(tenant, "").await, ["MAIN 0 4 8 0 1 13.00", "SHOP 0 0 2 0 9 11.00"]);
    });
}

#[test]
fn stock_in_transit_and_in_lots_keeps_its_age() {
    with_tenant(async |tenant| {
        tenant.product_with("MILK", json!({ "list_price": "1.00", "tracking": "lot" })).await;
        for (days, code) in [(200, "OLD"), (10, "YOUNG")] {
            let line =
                json!({ "sku": "MILK", "quantity": "5", "unit_cost": "1.00", "lots": [{ "code": code }] });
            let body =
                json!({ "kind": "receipt", "occurred_at": days_ago(tenant, days).await, "lines": [line] });
            tenant.post("/v1/stock/documents", &body).await.created();
        }
        let line = json!({ "sku": "MILK", "quantity": "3", "lots": [{ "code": "OLD", "quantity": "3" }] });
        let body = json!({ "to_location_id": tenant.shop, "lines": [line] });
        tenant.post("/v1/stock/transfers", &body).await.created();
        assert_eq!(ages(tenant, "").await, ["MAIN 5 0 0 2 0 7.00", "TRANSIT 0 0 0 3 0 3.00"]);
    });
}

#[test]
fn cost_layers_are_as_old_after_a_transfer_as_before() {
    with_tenant(async |tenant| {
        tenant.product_with("BOLT", json!({ "list_price": "2.00", "costing_method": "fifo" })).await;
        receive(tenant, 400, &tenant.main, ("BOLT", "10", "1.00")).await;
        receive(tenant, 70, &tenant.main, ("BOLT", "10", "3.00")).await;
        send(tenant, 5, (&tenant.main, &tenant.shop), "BOLT", &["7", "5"]).await;
        assert_eq!(ages(tenant, "").await, ["MAIN 0 0 8 0 0 24.00", "SHOP 0 0 2 0 10 16.00"]);
    });
}

#[test]
fn goods_in_transit_have_the_costs_of_the_layers_that_they_left() {
    with_tenant(async |tenant| {
        tenant.product_with("BOLT", json!({ "list_price": "2.00", "costing_method": "fifo" })).await;
        // No goods are in the second one.
        let sea = json!({ "code": "SEA", "name": "At sea", "kind": "transit" });
        tenant.post("/v1/locations", &sea).await.created();
        receive(tenant, 330, &tenant.main, ("BOLT", "1", "1.00")).await;
        receive(tenant, 22, &tenant.main, ("BOLT", "1", "9.00")).await;
        let body = json!({ "from_location_id": tenant.main, "to_location_id": tenant.shop, "lines": lines(&[("BOLT", "2")]) });
        let transfer = tenant.post("/v1/stock/transfers", &body).await.created();
        let values = async || -> Vec<String> {
            let table = report(tenant, "stock_ageing").await;
            let shown = ["location_code", "value_to_30_days", "value_to_365_days", "value"];
            columns(&table, &shown).iter().map(|row| row.join(" ")).collect()
        };
        assert_eq!(values().await, ["TRANSIT 9.00 1.00 10.00"]);
        let path = format!("/v1/stock/transfers/{}/receive", transfer["id"].as_str().expect("an id"));
        let one = json!({ "lines": [{ "line_no": 1, "quantity": "1" }] });
        tenant.post(&path, &one).await.ok();
        assert_eq!(values().await, ["TRANSIT 9.00 0.00 9.00", "SHOP 0.00 1.00 1.00"]);
        tenant.post(&path, &one).await.ok();
        assert_eq!(values().await, ["SHOP 9.00 1.00 10.00"]);
    });
}

#[test]
fn moved_stock_is_as_slow_as_it_was() {
    with_tenant(async |tenant| {
        for sku in ["BRISK", "DEAD"] {
            tenant.product(sku, "5.00").await;
            receive(tenant, 200, &tenant.main, (sku, "40", "1.00")).await;
        }
        let till = tenant.till().await;
        for (days, sku, quantity) in [(150, "DEAD", "2"), (10, "BRISK", "25")] {
            let mut body = sale(&till, &[(sku, quantity)]);
            body["occurred_at"] = json!(days_ago(tenant, days).await);
            tenant.post("/v1/pos/sales", &body).await.created();
        }
        let places = (tenant.main.as_str(), tenant.shop.as_str());
        send(tenant, 5, places, "DEAD", &["38"]).await;
        send(tenant, 5, places, "BRISK", &["10"]).await;
        let table = report(tenant, "slow_stock").await;
        let shown = columns(
            &table,
            &["sku", "location_code", "on_hand", "units_sold", "first_moved_on", "last_sold_on"],
        );
        let (first, last) =
            (in_london(&days_ago(tenant, 200).await), in_london(&days_ago(tenant, 150).await));
        assert_eq!(shown, [["DEAD", "SHOP", "38", "0", first.as_str(), last.as_str()]]);
        let table = report(tenant, "slow_stock?location=SHOP&days=199").await;
        assert_eq!(columns(&table, &["sku"]), [["DEAD"]]);
    });
}
