//! Transfers between locations: in two steps, in part, and with losses.

use serde_json::{Value, json};
use tests::{Level, Tenant, lines, with_tenant};

const TRANSFERS: &str = "/v1/stock/transfers";

async fn location(tenant: &Tenant, code: &str) -> Value {
    let page = tenant.get("/v1/locations").await.ok();
    let all = page["data"].as_array().expect("locations").clone();
    all.into_iter().find(|location| location["code"] == code).expect("the location")["id"].clone()
}

async fn at(tenant: &Tenant, code: &str, sku: &str) -> Level {
    let location = location(tenant, code).await;
    let location = location.as_str().expect("an id");
    let page = tenant.get(&format!("/v1/stock/levels?sku={sku}&location_id={location}")).await.ok();
    let text = |name: &str| page["data"][0][name].as_str().unwrap_or("0").to_owned();
    let value = text("value");
    Level::of(&text("on_hand"), &text("reserved"), value.trim_end_matches('0').trim_end_matches('.'))
}

async fn dispatched(tenant: &Tenant, wanted: &[(&str, &str)]) -> Value {
    let body = json!({ "to_location_id": location(tenant, "SHOP").await, "lines": lines(wanted) });
    tenant.post(TRANSFERS, &body).await.created()
}

fn receive(transfer: &Value) -> String {
    format!("{TRANSFERS}/{}/receive", transfer["id"].as_str().expect("an id"))
}

#[test]
fn goods_on_their_way_are_nobodys_and_keep_their_cost() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("3", "3.333333")).await;
        let transfer = dispatched(tenant, &[("MUG", "2")]).await;
        assert_eq!(transfer["status"], "in_transit");
        assert_eq!(transfer["lines"][0]["value"], "6.67");
        assert_eq!(at(tenant, "MAIN", "MUG").await, Level::of("1", "0", "3.33"));
        assert_eq!(at(tenant, "TRANSIT", "MUG").await, Level::of("2", "0", "6.67"));
        assert_eq!(tenant.balance("1200").await, "3.33");
        assert_eq!(tenant.balance("1210").await, "6.67");
        let available = tenant.get("/v1/stock/availability?sku=MUG").await.ok();
        assert_eq!(available["data"][0]["available"], "1", "what is on its way can't be sold");
        let arrived = tenant.post(&receive(&transfer), &json!({})).await.ok();
        assert_eq!(arrived["status"], "received");
        assert_eq!(arrived["lines"][0]["in_transit"], "0");
        assert_eq!(at(tenant, "SHOP", "MUG").await, Level::of("2", "0", "6.67"));
        assert_eq!(tenant.balance("1200").await, "10.00");
        assert_eq!(tenant.balance("1210").await, "0.00");
        tenant.post(&receive(&transfer), &json!({})).await.refused(409, "invalid_state_transition");
    });
}

#[test]
fn a_transfer_arrives_in_parts_and_the_rest_is_written_off_with_a_reason() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "1.01")).await;
        tenant.stocked("JUG", "10.00", ("5", "2.00")).await;
        // Another transfer of the same products, at another cost, is in transit at the same time.
        let first = dispatched(tenant, &[("MUG", "7"), ("JUG", "5")]).await;
        tenant.open_stock(&[("MUG", "10", "9.00")]).await;
        let second = dispatched(tenant, &[("MUG", "10")]).await;
        let part = json!({ "lines": [{ "line_no": 1, "quantity": "3" }, { "line_no": 2, "quantity": "0" }] });
        let arrived = tenant.post(&receive(&first), &part).await.ok();
        assert_eq!(arrived["status"], "in_transit");
        assert_eq!(arrived["lines"][0]["in_transit"], "4");
        assert_eq!(at(tenant, "SHOP", "MUG").await, Level::of("3", "0", "3.03"), "at the cost it left with");
        let too_many = json!({ "lines": [{ "line_no": 1, "quantity": "5" }] });
        tenant
            .post(&receive(&first), &too_many)
            .await
            .refused(422, "validation_failed")
            .names(&["#/lines/0/quantity"]);
        let unknown = json!({ "lines": [{ "line_no": 3, "quantity": "1" }] });
        tenant.post(&receive(&first), &unknown).await.refused(404, "not_found").names(&["#/lines/0/line_no"]);
        let no_reason = json!({ "missing_reason": "moths" });
        tenant
            .post(&receive(&first), &no_reason)
            .await
            .refused(422, "validation_failed")
            .names(&["#/missing_reason"]);
        let rest = json!({ "lines": [{ "line_no": 1, "quantity": "2" }], "missing_reason": "damage" });
        let arrived = tenant.post(&receive(&first), &rest).await.ok();
        let line =
            |at: usize, name: &str| arrived["lines"][at][name].as_str().expect("a quantity").to_owned();
        assert_eq!(line(0, "received"), "5");
        assert_eq!(line(0, "missing"), "2");
        assert_eq!(line(1, "received"), "0");
        assert_eq!(line(1, "missing"), "5");
        assert_eq!(arrived["status"], "received");
        assert_eq!(tenant.balance("5100").await, "12.02", "two at 1.01 and five at 2.00");
        tenant.post(&receive(&second), &json!({})).await.ok();
        assert_eq!(at(tenant, "TRANSIT", "MUG").await, Level::of("0", "0", "0"));
        assert_eq!(tenant.balance("1210").await, "0.00");
    });
}

#[test]
fn a_transfer_that_makes_no_sense_is_refused() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let (main, shop) = (location(tenant, "MAIN").await, location(tenant, "SHOP").await);
        let transit = location(tenant, "TRANSIT").await;
        let body = |to: &Value, quantity: &str| json!({ "to_location_id": to, "lines": lines(&[("MUG", quantity)]) });
        let to = "#/to_location_id";
        tenant.post(TRANSFERS, &body(&main, "1")).await.refused(422, "validation_failed").names(&[to]);
        tenant.post(TRANSFERS, &body(&transit, "1")).await.refused(422, "validation_failed").names(&[to]);
        tenant
            .post(TRANSFERS, &body(&json!("loc_01h455vb4pex5vsknk084sn02q"), "1"))
            .await
            .refused(404, "not_found");
        tenant.post(TRANSFERS, &body(&shop, "11")).await.refused(409, "insufficient_stock");
        tenant.post(TRANSFERS, &body(&shop, "0")).await.refused(422, "validation_failed");
        // Only a transfer changes stock in transit.
        let adjustment = json!({ "kind": "adjustment", "reason": "found", "location_id": transit, "lines": lines(&[("MUG", "1")]) });
        tenant
            .post("/v1/stock/documents", &adjustment)
            .await
            .refused(422, "validation_failed")
            .names(&["#/location_id"]);
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "40"));
    });
}

fn cancel(transfer: &Value) -> String {
    format!("{TRANSFERS}/{}/cancel", transfer["id"].as_str().expect("an id"))
}

#[test]
fn a_transfer_under_way_is_cancelled_and_its_stock_comes_back_at_its_cost() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("3", "3.333333")).await;
        let transfer = dispatched(tenant, &[("MUG", "2")]).await;
        let cancelled = tenant.post(&cancel(&transfer), &json!({})).await.ok();
        assert_eq!(cancelled["status"], "cancelled");
        let line = &cancelled["lines"][0];
        assert_eq!((&line["returned"], &line["in_transit"]), (&json!("2"), &json!("0")));
        assert_eq!(at(tenant, "MAIN", "MUG").await, Level::of("3", "0", "10"));
        assert_eq!(
            (tenant.balance("1200").await, tenant.balance("1210").await),
            ("10.00".into(), "0.00".into())
        );
        let id = transfer["id"].as_str().expect("an id");
        assert_eq!(tenant.get(&format!("{TRANSFERS}/{id}")).await.ok()["status"], "cancelled");
        assert_eq!(tenant.events("type=transfer.cancelled").await.len(), 1);
        for path in [cancel(&transfer), receive(&transfer)] {
            tenant.post(&path, &json!({})).await.refused(409, "invalid_state_transition");
        }
        tenant
            .post(&cancel(&transfer), &json!({ "occurred_at": "2020-01-01T00:00:00Z" }))
            .await
            .refused(409, "invalid_state_transition");
    });
}

#[test]
fn what_was_received_or_lost_of_a_cancelled_transfer_stays_so() {
    for method in ["moving_average", "fifo"] {
        with_tenant(async |tenant| {
            tenant.product_with("MUG", json!({ "list_price": "10.00", "costing_method": method })).await;
            for unit_cost in ["1.00", "2.00"] {
                tenant.open_stock(&[("MUG", "5", unit_cost)]).await;
            }
            let transfer = dispatched(tenant, &[("MUG", "6")]).await;
            let some = json!({ "lines": [{ "line_no": 1, "quantity": "2" }] });
            tenant.post(&receive(&transfer), &some).await.ok();
            let early = json!({ "occurred_at": "2020-01-01T00:00:00Z" });
            tenant
                .post(&cancel(&transfer), &early)
                .await
                .refused(422, "validation_failed")
                .names(&["#/occurred_at"]);
            let cancelled = tenant.post(&cancel(&transfer), &json!({})).await.ok();
            let line = &cancelled["lines"][0];
            assert_eq!((&line["received"], &line["returned"]), (&json!("2"), &json!("4")));
            assert_eq!(at(tenant, "MAIN", "MUG").await.on_hand, "8");
            assert_eq!(at(tenant, "SHOP", "MUG").await.on_hand, "2");
            assert_eq!(
                (tenant.balance("1200").await, tenant.balance("1210").await),
                ("15.00".into(), "0.00".into())
            );
        });
    }
}

#[test]
fn a_cancelled_transfer_supplies_nothing_and_its_stock_serves_who_waits() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let mut body =
            json!({ "to_location_id": location(tenant, "SHOP").await, "lines": lines(&[("MUG", "5")]) });
        body["expected_on"] = json!("2999-01-01");
        let transfer = tenant.post(TRANSFERS, &body).await.created();
        let customer = tenant.customer("Nordwind Supply").await;
        let order = json!({ "customer_id": customer, "lines": lines(&[("MUG", "3")]), "policy": "backorder",
            "advance_to": "confirmed" });
        let order = tenant.post("/v1/orders", &order).await.created();
        assert_eq!(order["lines"][0]["backordered"], "3");
        tenant.post(&cancel(&transfer), &json!({})).await.ok();
        assert_eq!(at(tenant, "MAIN", "MUG").await, Level::of("5", "3", "20"));
        let path = format!("/v1/orders/{}", order["id"].as_str().expect("an id"));
        assert_eq!(tenant.get(&path).await.ok()["lines"][0]["reserved"], "3");
    });
}
