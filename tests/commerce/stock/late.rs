//! Documents that happened before what is already recorded: what they cost, and what each day shows.

use serde_json::{Value, json};
use tests::{Level, Tenant, Till, sale, with_tenant};

const DOCUMENTS: &str = "/v1/stock/documents";

fn noon(day: &str) -> String {
    format!("{day}T12:00:00Z")
}

async fn receive(tenant: &Tenant, day: &str, (sku, quantity, unit_cost): (&str, &str, &str)) {
    let line = json!({ "sku": sku, "quantity": quantity, "unit_cost": unit_cost });
    let body = json!({ "kind": "receipt", "occurred_at": noon(day), "lines": [line] });
    tenant.post(DOCUMENTS, &body).await.created();
}

/// Adjusts a level on a day. Returns the change of value.
async fn adjust(tenant: &Tenant, day: &str, (sku, quantity): (&str, &str)) -> String {
    let reason = if quantity.starts_with('-') { "lost" } else { "found" };
    let line = json!({ "sku": sku, "quantity": quantity });
    let body = json!({ "kind": "adjustment", "reason": reason, "occurred_at": noon(day), "lines": [line] });
    tenant.post(DOCUMENTS, &body).await.created()["value"].as_str().expect("a value").to_owned()
}

/// Counts a product on a day, and posts the sheet. Returns the value of the difference.
async fn count(tenant: &Tenant, day: &str, (sku, quantity): (&str, &str)) -> Value {
    let sheet = tenant.make("/v1/counts", json!({ "skus": [sku] })).await;
    let entry = json!({ "entries": [{ "sku": sku, "quantity": quantity, "counted_at": noon(day) }] });
    tenant.post(&format!("/v1/counts/{sheet}/entries"), &entry).await.ok();
    tenant.post(&format!("/v1/counts/{sheet}/complete"), &json!({})).await.ok();
    let posted = tenant.post(&format!("/v1/counts/{sheet}/post"), &json!({})).await.ok();
    posted["lines"][0]["posted_value"].clone()
}

/// Sells at a till on a day. Returns the cost.
async fn sell(tenant: &Tenant, till: &Till, day: &str, (sku, quantity): (&str, &str)) -> String {
    sell_with(tenant, till, day, (sku, quantity, json!(false))).await
}

async fn sell_with(
    tenant: &Tenant,
    till: &Till,
    day: &str,
    (sku, quantity, forced): (&str, &str, Value),
) -> String {
    let mut sold = sale(till, &[(sku, quantity)]);
    sold["occurred_at"] = json!(noon(day));
    sold["forced"] = forced;
    let sold = tenant.post("/v1/pos/sales", &sold).await.created();
    let path = format!("/v1/stock/movements?kind=sale&document_id={}", sold["id"].as_str().expect("an id"));
    let moved = tenant.get(&path).await.ok();
    moved["data"][0]["value"].as_str().expect("a cost").trim_start_matches('-').to_owned()
}

/// Returns quantity and value at the end of a day.
async fn on(tenant: &Tenant, day: &str) -> (String, String) {
    let table = tenant.get(&format!("/v1/reports/stock_valuation?as_of={day}&group_by=none")).await.ok();
    let row = &table["rows"][0];
    let text = |name: &str| row[name].as_str().expect("a figure").to_owned();
    (text("on_hand"), text("value"))
}

fn figures(quantity: &str, value: &str) -> (String, String) {
    (quantity.to_owned(), value.to_owned())
}

async fn product(tenant: &Tenant, sku: &str, method: &str) {
    tenant.product_with(sku, json!({ "list_price": "900.00", "costing_method": method })).await;
}

#[test]
fn a_late_count_of_zero_takes_the_whole_value_of_its_day() {
    for method in ["moving_average", "fifo"] {
        with_tenant(async |tenant| {
            product(tenant, "MUG", method).await;
            receive(tenant, "2025-12-01", ("MUG", "10", "100.00")).await;
            receive(tenant, "2026-01-10", ("MUG", "10", "400.00")).await;
            assert_eq!(count(tenant, "2025-12-31", ("MUG", "0")).await, "-1000.00", "{method}");
            assert_eq!(on(tenant, "2025-12-31").await, figures("0", "0.00"), "{method}");
            assert_eq!(on(tenant, "2026-01-10").await, figures("10", "4000.00"), "{method}");
            assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "4000"), "{method}");
            assert_eq!(tenant.balance("5200").await, "0.00", "{method}");
        });
    }
}

#[test]
fn what_a_late_count_finds_costs_what_it_cost_then() {
    for method in ["moving_average", "fifo"] {
        with_tenant(async |tenant| {
            product(tenant, "MUG", method).await;
            receive(tenant, "2025-12-01", ("MUG", "10", "700.00")).await;
            receive(tenant, "2026-01-10", ("MUG", "10", "1700.00")).await;
            assert_eq!(count(tenant, "2025-12-31", ("MUG", "20")).await, "7000.00", "{method}");
            assert_eq!(on(tenant, "2025-12-31").await, figures("20", "14000.00"), "{method}");
            assert_eq!(tenant.level("MUG").await, Level::of("30", "0", "31000"), "{method}");
        });
    }
}

#[test]
fn found_stock_of_an_empty_day_has_the_last_cost_of_that_day() {
    with_tenant(async |tenant| {
        product(tenant, "MUG", "moving_average").await;
        receive(tenant, "2025-12-01", ("MUG", "10", "7.00")).await;
        assert_eq!(adjust(tenant, "2025-12-20", ("MUG", "-10")).await, "-70.00");
        receive(tenant, "2026-01-10", ("MUG", "10", "12.00")).await;
        assert_eq!(adjust(tenant, "2025-12-31", ("MUG", "3")).await, "21.00");
        assert_eq!(on(tenant, "2025-12-31").await, figures("3", "21.00"));
        // A return without a document, too.
        let till = tenant.till().await;
        let line = json!([{ "sku": "MUG", "quantity": "1" }]);
        let blind = json!({ "register_id": till.register_id, "occurred_at": noon("2025-12-31"), "lines": line,
            "tenders": [{ "kind": "card" }] });
        tenant.post("/v1/pos/refunds", &blind).await.created();
        assert_eq!(on(tenant, "2025-12-31").await, figures("4", "28.00"));
        assert_eq!(tenant.level("MUG").await, Level::of("14", "0", "148"));
    });
}

#[test]
fn a_late_issue_costs_what_the_stock_cost_then_and_its_rest_goes_to_variance() {
    for method in ["moving_average", "fifo"] {
        with_tenant(async |tenant| {
            product(tenant, "MUG", method).await;
            let till = tenant.till().await;
            receive(tenant, "2025-12-01", ("MUG", "10", "100.00")).await;
            receive(tenant, "2026-01-10", ("MUG", "10", "300.00")).await;
            let first = sell(tenant, &till, "2026-01-15", ("MUG", "10")).await;
            assert_eq!(sell(tenant, &till, "2025-12-31", ("MUG", "10")).await, "1000.00", "{method}");
            assert_eq!(on(tenant, "2025-12-31").await, figures("0", "0.00"), "{method}");
            assert_eq!(on(tenant, "2026-01-10").await, figures("10", "3000.00"), "{method}");
            assert_eq!(on(tenant, "2026-01-15").await, figures("0", "0.00"), "{method}");
            assert_eq!(tenant.level("MUG").await, Level::of("0", "0", "0"), "{method}");
            let variance = if first == "1000.00" { "2000.00" } else { "1000.00" };
            assert_eq!(tenant.balance("5200").await, variance, "{method}: 4,000.00 came in");
            assert_eq!(tenant.balance("1200").await, "0.00");
        });
    }
}

#[test]
fn a_level_that_was_empty_in_between_keeps_the_cost_of_what_came_later() {
    for method in ["moving_average", "fifo"] {
        with_tenant(async |tenant| {
            product(tenant, "MUG", method).await;
            let till = tenant.till().await;
            receive(tenant, "2025-12-01", ("MUG", "10", "100.00")).await;
            receive(tenant, "2026-01-10", ("MUG", "10", "300.00")).await;
            sell(tenant, &till, "2026-01-15", ("MUG", "10")).await;
            receive(tenant, "2026-01-20", ("MUG", "10", "400.00")).await;
            assert_eq!(sell(tenant, &till, "2025-12-31", ("MUG", "10")).await, "1000.00", "{method}");
            assert_eq!(on(tenant, "2026-01-15").await, figures("0", "0.00"), "{method}");
            assert_eq!(on(tenant, "2026-01-20").await, figures("10", "4000.00"), "{method}");
            assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "4000"), "{method}");
        });
    }
}

#[test]
fn a_late_issue_of_a_part_leaves_the_rest_its_value() {
    with_tenant(async |tenant| {
        product(tenant, "MUG", "moving_average").await;
        let till = tenant.till().await;
        receive(tenant, "2025-12-01", ("MUG", "10", "1.00")).await;
        receive(tenant, "2026-01-10", ("MUG", "10", "3.00")).await;
        // Two lines of one document, and two documents, each at the cost of December.
        let mut sold = sale(&till, &[("MUG", "2"), ("MUG", "1")]);
        sold["occurred_at"] = json!(noon("2025-12-31"));
        tenant.post("/v1/pos/sales", &sold).await.created();
        assert_eq!(adjust(tenant, "2025-12-30", ("MUG", "-3")).await, "-3.00");
        assert_eq!(on(tenant, "2025-12-31").await, figures("4", "4.00"));
        assert_eq!(tenant.level("MUG").await, Level::of("14", "0", "34"));
        // A dispatch: what is in transit has that cost as well.
        let sent = json!({ "to_location_id": tenant.shop, "occurred_at": noon("2025-12-31"),
            "lines": [{ "sku": "MUG", "quantity": "4" }] });
        let sent = tenant.post("/v1/stock/transfers", &sent).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "30"));
        let path = format!("/v1/stock/transfers/{}/receive", sent["id"].as_str().expect("an id"));
        tenant.post(&path, &json!({ "occurred_at": noon("2026-01-02") })).await.ok();
        assert_eq!(on(tenant, "2026-01-02").await, figures("4", "4.00"));
        assert_eq!(on(tenant, "2026-01-10").await, figures("14", "34.00"));
        assert_eq!(tenant.balance("5200").await, "0.00");
    });
}

#[test]
fn a_late_issue_that_costs_more_than_is_left_does_not_take_a_level_below_zero() {
    with_tenant(async |tenant| {
        product(tenant, "MUG", "moving_average").await;
        let till = tenant.till().await;
        receive(tenant, "2025-12-01", ("MUG", "10", "300.00")).await;
        receive(tenant, "2026-01-02", ("MUG", "90", "1.00")).await;
        sell(tenant, &till, "2026-01-05", ("MUG", "80")).await;
        assert_eq!(tenant.level("MUG").await, Level::of("20", "0", "618"));
        assert_eq!(sell(tenant, &till, "2025-12-31", ("MUG", "5")).await, "1500.00");
        assert_eq!(tenant.level("MUG").await, Level::of("15", "0", "0"));
        assert_eq!(tenant.balance("5200").await, "-882.00");
        assert_eq!(tenant.balance("1200").await, "0.00");
    });
}

#[test]
fn a_late_forced_sale_is_provisional_at_the_cost_known_then() {
    with_tenant(async |tenant| {
        product(tenant, "MUG", "moving_average").await;
        let till = tenant.till().await;
        receive(tenant, "2025-12-01", ("MUG", "2", "7.00")).await;
        assert_eq!(adjust(tenant, "2025-12-20", ("MUG", "-2")).await, "-14.00");
        receive(tenant, "2026-01-10", ("MUG", "1", "12.00")).await;
        adjust(tenant, "2026-01-11", ("MUG", "-1")).await;
        assert_eq!(sell_with(tenant, &till, "2025-12-31", ("MUG", "3", json!(true))).await, "21.00");
        assert_eq!(tenant.level("MUG").await, Level::of("-3", "0", "-21"));
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
        receive(tenant, "2026-01-20", ("MUG", "5", "8.00")).await;
        assert_eq!(tenant.level("MUG").await, Level::of("2", "0", "16"));
        assert_eq!(tenant.balance("5200").await, "3.00");
    });
}

#[test]
fn a_late_sale_before_a_count_shows_no_value_without_quantity() {
    with_tenant(async |tenant| {
        product(tenant, "MUG", "moving_average").await;
        let till = tenant.till().await;
        receive(tenant, "2025-12-01", ("MUG", "10", "1.00")).await;
        receive(tenant, "2026-01-10", ("MUG", "10", "3.00")).await;
        assert_eq!(count(tenant, "2026-01-15", ("MUG", "10")).await, "-20.00");
        // All of the stock of December: the count has seen that it left.
        assert_eq!(sell(tenant, &till, "2025-12-31", ("MUG", "10")).await, "10.00");
        assert_eq!(on(tenant, "2025-12-31").await, figures("0", "0.00"));
        assert_eq!(on(tenant, "2026-01-10").await, figures("10", "30.00"));
        assert_eq!(on(tenant, "2026-01-15").await, figures("10", "20.00"));
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "20"));
    });
}

#[test]
fn a_late_receipt_makes_its_lot_older() {
    with_tenant(async |tenant| {
        tenant.tracked("MILK", "lot").await;
        let receipt = async |day: &str, lot: &str| {
            let line =
                json!({ "sku": "MILK", "quantity": "5", "unit_cost": "1.00", "lots": [{ "code": lot }] });
            let body = json!({ "kind": "receipt", "occurred_at": noon(day), "lines": [line] });
            tenant.post(DOCUMENTS, &body).await.created();
        };
        let lot = async |code: &str| {
            let page = tenant.get("/v1/lots?sku=MILK").await.ok();
            let lots = page["data"].as_array().expect("lots").clone();
            lots.into_iter().find(|lot| lot["code"] == code).expect("a lot")
        };
        receipt("2026-01-10", "A").await;
        receipt("2026-01-05", "B").await;
        receipt("2026-01-02", "A").await;
        let a = lot("A").await;
        assert_eq!((a["received_at"].clone(), a["version"].clone()), (json!(noon("2026-01-02")), json!(2)));
        receipt("2026-01-20", "A").await;
        assert_eq!(lot("A").await["received_at"], noon("2026-01-02"), "a later one changes nothing");
        let till = tenant.till().await;
        let sold = tenant.sell(&till, &[("MILK", "1")]).await.created();
        assert_eq!(sold["lines"][0]["lots"][0]["code"], "A", "first received, first out: {sold}");
    });
}

#[test]
fn a_late_shipment_and_a_late_count_of_a_lot_cost_what_they_cost_then() {
    with_tenant(async |tenant| {
        product(tenant, "MUG", "moving_average").await;
        receive(tenant, "2025-12-01", ("MUG", "10", "1.00")).await;
        receive(tenant, "2026-01-10", ("MUG", "10", "3.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = json!({ "customer_id": customer, "occurred_at": noon("2025-12-30"), "advance_to": "confirmed",
            "lines": [{ "sku": "MUG", "quantity": "10" }] });
        let order = tenant.post("/v1/orders", &order).await.created();
        let id = order["id"].as_str().expect("an id");
        let shipped = json!({ "occurred_at": noon("2025-12-31") });
        tenant.post(&format!("/v1/orders/{id}/ship"), &shipped).await.ok();
        assert_eq!(on(tenant, "2025-12-31").await, figures("0", "0.00"));
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "30"));
        let at_once = json!({ "customer_id": customer, "occurred_at": noon("2026-01-11"), "advance_to": "invoiced",
            "lines": [{ "sku": "MUG", "quantity": "10" }] });
        tenant.post("/v1/orders", &at_once).await.created();
        tenant.step(id, "invoice").await.ok();
        assert_eq!(tenant.balance("5000").await, "40.00", "all that came in was sold");

        tenant.tracked("MILK", "lot").await;
        for (day, unit_cost) in [("2025-12-01", "7.00"), ("2026-01-10", "17.00")] {
            let line =
                json!({ "sku": "MILK", "quantity": "10", "unit_cost": unit_cost, "lots": [{ "code": "A" }] });
            let body = json!({ "kind": "receipt", "occurred_at": noon(day), "lines": [line] });
            tenant.post(DOCUMENTS, &body).await.created();
        }
        let sheet = tenant.make("/v1/counts", json!({ "skus": ["MILK"] })).await;
        let entry =
            json!({ "sku": "MILK", "lot_code": "A", "quantity": "12", "counted_at": noon("2025-12-31") });
        tenant.post(&format!("/v1/counts/{sheet}/entries"), &json!({ "entries": [entry] })).await.ok();
        tenant.post(&format!("/v1/counts/{sheet}/complete"), &json!({})).await.ok();
        let posted = tenant.post(&format!("/v1/counts/{sheet}/post"), &json!({})).await.ok();
        assert_eq!(posted["lines"][0]["posted_value"], "14.00");
        assert_eq!(tenant.level("MILK").await, Level::of("22", "0", "254"));
    });
}

#[test]
fn late_documents_of_one_batch_see_one_another() {
    with_tenant(async |tenant| {
        product(tenant, "MUG", "moving_average").await;
        let till = tenant.till().await;
        receive(tenant, "2025-12-01", ("MUG", "10", "1.00")).await;
        receive(tenant, "2026-01-10", ("MUG", "10", "3.00")).await;
        let sold = |day: &str, quantity: &str| {
            let mut sold = sale(&till, &[("MUG", quantity)]);
            sold["occurred_at"] = json!(noon(day));
            sold
        };
        let items = [sold("2026-01-20", "10"), sold("2025-12-31", "4"), sold("2025-12-30", "6")];
        let item = |(key, body): (usize, &Value)| json!({ "idempotency_key": key.to_string(), "body": body });
        let batch = json!({ "items": items.iter().enumerate().map(item).collect::<Vec<Value>>() });
        let reply = tenant.post("/v1/pos/sales/batch", &batch).await;
        assert!(reply.status < 300, "{}", reply.text);
        for (day, quantity, value) in [
            ("2025-12-30", "4", "4.00"),
            ("2025-12-31", "0", "0.00"),
            ("2026-01-10", "10", "30.00"),
            ("2026-01-20", "0", "0.00"),
        ] {
            assert_eq!(on(tenant, day).await, figures(quantity, value), "{day}");
        }
        assert_eq!(tenant.level("MUG").await, Level::of("0", "0", "0"));
        assert_eq!(tenant.balance("5200").await, "10.00", "40.00 came in: 20.00, 4.00 and 6.00 were sold");
    });
}
