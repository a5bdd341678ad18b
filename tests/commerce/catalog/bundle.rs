//! Bundles: sold as one product, with the stock, cost and reports of their components.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tests::{Level, Tenant, environment, lines, sale, with_tenant};

fn components(wanted: &[(&str, &str)]) -> Value {
    let part = |(sku, quantity): &(&str, &str)| json!({ "sku": sku, "quantity": quantity });
    json!({ "components": wanted.iter().map(part).collect::<Vec<_>>() })
}

/// Makes a gift set of two mugs at 10.00 and a jug at 20.00, sold for 30.00. Stocks 10 mugs and 10 jugs.
async fn gift_set(tenant: &Tenant) -> String {
    tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
    tenant.stocked("JUG", "20.00", ("10", "7.00")).await;
    let set = tenant.product_with("SET", json!({ "kind": "bundle", "list_price": "30.00" })).await;
    let path = format!("/v1/products/{}/components", set.id);
    let stated = tenant.put(&path, &components(&[("MUG", "2"), ("JUG", "1")])).await.ok();
    assert_eq!(stated["components"][0]["sku"], "MUG");
    path
}

#[test]
fn a_bundle_is_sold_as_its_components() {
    with_tenant(async |tenant| {
        gift_set(tenant).await;
        let till = tenant.till().await;
        let mut body = sale(&till, &[("SET", "3"), ("MUG", "1")]);
        body["discount"] = json!({ "amount": "10.01" });
        let sold = tenant.post("/v1/pos/sales", &body).await.created();
        let of = |at: usize, name: &str| sold["lines"][at][name].as_str().unwrap_or("-").to_owned();
        let skus: Vec<String> = (0..3).map(|at| of(at, "sku")).collect();
        assert_eq!(skus, ["MUG", "JUG", "MUG"]);
        // 90.00 for three sets. In each, two mugs and one jug have the same list price, so each gets half.
        assert_eq!(of(0, "gross"), "45.00");
        assert_eq!(of(1, "gross"), "45.00");
        assert_eq!(of(2, "gross"), "10.00");
        assert_eq!(sold["discount"], "10.01");
        assert!(sold["lines"][0]["bundle_id"].is_string() && sold["lines"][2]["bundle_id"].is_null());
        assert_eq!(tenant.level("MUG").await, Level::of("3", "0", "12"));
        assert_eq!(tenant.level("JUG").await, Level::of("7", "0", "49"));
        assert_eq!(tenant.balance("5010").await, "49.00", "seven mugs at 4.00 and three jugs at 7.00");
        let table = tenant.get("/v1/reports/margin?group_by=product").await.ok();
        let skus: Vec<&Value> =
            table["rows"].as_array().expect("rows").iter().map(|row| &row["sku"]).collect();
        assert!(skus.contains(&&json!("JUG")) && !skus.contains(&&json!("SET")), "{skus:?}");
        let id = sold["id"].as_str().expect("an id");
        assert_eq!(tenant.get(&format!("/v1/pos/sales/{id}")).await.ok()["lines"], sold["lines"]);
        // A component of a set is refunded at its share of the price.
        let refund = json!({ "register_id": till.register_id, "original_id": id, "tenders": [{ "kind": "cash" }],
            "original_lines": [{ "line_no": 2, "quantity": "3" }] });
        tenant.post("/v1/pos/refunds", &refund).await.created();
        assert_eq!(tenant.level("JUG").await, Level::of("10", "0", "70"));
    });
}

#[test]
fn lines_that_share_a_component_are_summed_before_anything_is_promised() {
    with_tenant(async |tenant| {
        gift_set(tenant).await;
        let customer = tenant.customer("Nordwind Supply").await;
        // Four sets need eight mugs, and the order needs three more: eleven of ten.
        let reply = tenant.order(&customer, &[("SET", "4"), ("MUG", "3")], "confirmed").await;
        let refused =
            reply.refused(409, "insufficient_stock").names(&["#/lines/0/quantity", "#/lines/1/quantity"]);
        let params = refused.params("#/lines/0/quantity");
        assert_eq!(params["sku"], "MUG");
        assert_eq!(params["requested"], "11");
        assert_eq!(params["available"], "10");
        let order = tenant.order(&customer, &[("SET", "4"), ("MUG", "2")], "confirmed").await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("10", "10", "40"));
        let id = order["id"].as_str().expect("an id");
        let shipped = tenant.step(id, "ship").await.ok();
        assert_eq!(shipped["status"], "shipped");
        tenant.step(id, "invoice").await.ok();
        assert_eq!(tenant.balance("4000").await, "-140.00");
        assert_eq!(tenant.balance("5000").await, "68.00");
    });
}

#[test]
fn as_many_sets_are_available_as_the_scarcest_component_makes() {
    with_tenant(async |tenant| {
        gift_set(tenant).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let sets = async || {
            let answer = tenant.get("/v1/stock/availability?sku=SET").await.ok();
            answer["data"][0]["available"].as_str().expect("available").to_owned()
        };
        assert_eq!(sets().await, "5");
        tenant.order(&customer, &[("MUG", "3")], "confirmed").await.created();
        assert_eq!(sets().await, "3", "seven mugs are left");
        tenant.order(&customer, &[("JUG", "9")], "confirmed").await.created();
        assert_eq!(sets().await, "1");
    });
}

#[test]
fn a_bundle_of_services_alone_is_always_available() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("4", "4.00")).await;
        tenant.product_with("HELP", json!({ "kind": "service", "list_price": "5.00" })).await;
        for (sku, wanted) in [("CARE", vec![("HELP", "2")]), ("BOTH", vec![("HELP", "1"), ("MUG", "2")])] {
            let set = tenant.product_with(sku, json!({ "kind": "bundle", "list_price": "9.00" })).await;
            tenant.put(&format!("/v1/products/{}/components", set.id), &components(&wanted)).await.ok();
        }
        tenant.product_with("NONE", json!({ "kind": "bundle", "list_price": "9.00" })).await;
        let body = json!({ "skus": ["CARE", "BOTH", "NONE", "HELP"], "steps": true });
        let answer = tenant.post("/v1/stock/availability", &body).await.ok();
        let available = [0, 1, 2, 3].map(|at: usize| &answer["data"][at]["available"]);
        assert_eq!(available, [&Value::Null, &json!("2"), &json!("0"), &Value::Null]);
        let till = tenant.till().await;
        tenant.sell(&till, &[("CARE", "3")]).await.created();
    });
}

#[test]
fn prices_by_rule_and_prices_with_tax_are_shared_exactly() {
    with_tenant(async |tenant| {
        tenant.product_with("A", json!({ "list_price": "3.33", "stock_decimals": 1 })).await;
        tenant.open_stock(&[("A", "90", "1.00")]).await;
        tenant.stocked("B", "0.07", ("90", "1.00")).await;
        tenant.product_with("WRAP", json!({ "kind": "service" })).await;
        let set = tenant.product_with("SET", json!({ "kind": "bundle", "list_price": "9.99" })).await;
        let path = format!("/v1/products/{}/components", set.id);
        tenant.put(&path, &components(&[("A", "1.5"), ("B", "7"), ("WRAP", "1")])).await.ok();
        let till = tenant.till().await;
        let sold = tenant.post("/v1/pos/sales", &sale(&till, &[("SET", "7")])).await.created();
        assert_eq!(sold["gross"], "69.93");
        let pennies = |line: &Value| {
            line["gross"].as_str().expect("an amount").replace('.', "").parse::<i64>().expect("pennies")
        };
        let shares: i64 = sold["lines"].as_array().expect("lines").iter().map(pennies).sum();
        assert_eq!(shares, 6993);
        assert_eq!(sold["lines"][2]["gross"], "0.00", "a component without a price has no share");
    });
}

#[test]
fn a_bundle_that_makes_no_sense_is_refused() {
    with_tenant(async |tenant| {
        let path = gift_set(tenant).await;
        let till = tenant.till().await;
        let put = async |wanted: &[(&str, &str)], status: u16, code: &str, pointer: &str| {
            tenant.put(&path, &components(wanted)).await.refused(status, code).names(&[pointer]);
        };
        put(&[], 422, "validation_failed", "#/components").await;
        put(&[("MUG", "0")], 422, "validation_failed", "#/components/0/quantity").await;
        put(&[("MUG", "1"), ("MUG", "1")], 422, "validation_failed", "#/components/1/sku").await;
        put(&[("NOPE", "1")], 404, "not_found", "#/components/0/sku").await;
        put(&[("SET", "1")], 422, "validation_failed", "#/components/0/sku").await;
        let mug = tenant.product("CUP", "1.00").await;
        let of_mug = format!("/v1/products/{}/components", mug.id);
        tenant.put(&of_mug, &components(&[("JUG", "1")])).await.refused(409, "invalid_state_transition");
        assert_eq!(tenant.get(&of_mug).await.ok()["components"], json!([]));
        tenant.product_with("EMPTY", json!({ "kind": "bundle", "list_price": "5.00" })).await;
        let empty = tenant.post("/v1/pos/sales", &sale(&till, &[("EMPTY", "1")])).await;
        empty.refused(422, "validation_failed").names(&["#/lines/0/sku"]);
        let hold = json!({ "kind": "quarantine", "lines": lines(&[("SET", "1")]) });
        tenant
            .post("/v1/stock/holds", &hold)
            .await
            .refused(422, "validation_failed")
            .names(&["#/lines/0/sku"]);
    });
}

#[test]
fn the_list_price_of_a_component_is_that_of_the_time_of_the_sale() {
    with_tenant(async |tenant| {
        let mug = tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let set = tenant.product_with("SET", json!({ "kind": "bundle", "list_price": "30.00" })).await;
        let path = format!("/v1/products/{}/components", set.id);
        tenant.put(&path, &components(&[("MUG", "2")])).await.ok();
        let till = tenant.till().await;
        let before = environment().now().await;
        tenant.patch(&format!("/v1/products/{}", mug.id), &json!({ "list_price": "12.00" })).await.ok();
        let mut body = sale(&till, &[("SET", "1"), ("MUG", "1")]);
        body["occurred_at"] = json!(before);
        let sold = tenant.post("/v1/pos/sales", &body).await.created();
        let prices = [0, 1].map(|at: usize| &sold["lines"][at]["list_price"]);
        assert_eq!(prices, [&json!("10.00"), &json!("10.00")]);
    });
}

#[test]
fn a_late_sale_with_a_former_sku_takes_the_components_once() {
    with_tenant(async |tenant| {
        gift_set(tenant).await;
        let bolt = tenant.stocked("BOLT", "2.50", ("10", "1.00")).await;
        let till = tenant.till().await;
        let before = environment().now().await;
        tenant.patch(&format!("/v1/products/{}", bolt.id), &json!({ "sku": "SCREW" })).await.ok();
        let mut body = sale(&till, &[("SET", "1"), ("BOLT", "1")]);
        body["forced"] = json!(true);
        body["occurred_at"] = json!(before);
        let sold = tenant.post("/v1/pos/sales", &body).await.created();
        assert_eq!(sold["lines"].as_array().map(Vec::len), Some(3));
        assert_eq!((&sold["net"], &sold["exceptions"]), (&json!("32.50"), &json!(["product_renamed"])));
        assert_eq!(tenant.level("MUG").await, Level::of("8", "0", "32"));
        assert_eq!(tenant.level("JUG").await, Level::of("9", "0", "63"));
    });
}

#[test]
fn a_late_sale_of_a_bundle_says_that_its_components_were_replaced() {
    with_tenant(async |tenant| {
        let path = gift_set(tenant).await;
        let till = tenant.till().await;
        let late = async |at: DateTime<Utc>| {
            let mut body = sale(&till, &[("SET", "1")]);
            body["forced"] = json!(true);
            body["occurred_at"] = json!(at);
            tenant.post("/v1/pos/sales", &body).await.created()["exceptions"].clone()
        };
        let of_two = environment().now().await;
        assert_eq!(late(of_two).await, json!([]));
        tenant.put(&path, &components(&[("MUG", "3"), ("JUG", "1")])).await.ok();
        let of_three = environment().now().await;
        assert_eq!(late(of_two).await, json!(["components_changed"]));
        assert_eq!(late(of_three).await, json!([]));
        assert_eq!(tenant.level("MUG").await, Level::of("2", "0", "8"));
        let found = tenant.get("/v1/pos/exceptions?reason=components_changed").await.ok();
        assert_eq!(found["data"].as_array().map(Vec::len), Some(1));
    });
}
