//! Forced documents: never short, below zero at a provisional cost, settled by the next receipt.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Level, Tenant, Till, environment, lines, sale, with_tenant};

const YESTERDAY: &str = "2026-01-02T10:00:00Z";

/// Returns a sale that a till made while it was offline.
fn offline(till: &Till, wanted: &[(&str, &str)]) -> Value {
    let mut sale = sale(till, wanted);
    sale["forced"] = json!(true);
    sale["occurred_at"] = json!(YESTERDAY);
    sale
}

fn receipt(sku: &str, quantity: &str, unit_cost: &str) -> Value {
    json!({ "kind": "receipt", "lines": [{ "sku": sku, "quantity": quantity, "unit_cost": unit_cost }] })
}

async fn received(tenant: &Tenant, sku: &str, quantity: &str, unit_cost: &str) -> Value {
    tenant.post("/v1/stock/documents", &receipt(sku, quantity, unit_cost)).await.created()
}

async fn costs(tenant: &Tenant, filter: &str) -> Vec<Value> {
    let page = tenant.get(&format!("/v1/stock/oversold?{filter}")).await.ok();
    page["data"].as_array().expect("costs").clone()
}

fn id(document: &Value) -> &str {
    document["id"].as_str().expect("an id")
}

#[test]
fn a_forced_sale_goes_below_zero_and_receipts_in_parts_settle_it_to_the_penny() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("3", "3.333333")).await;
        let till = tenant.till().await;
        tenant.post("/v1/pos/sales", &sale(&till, &[("MUG", "5")])).await.refused(409, "insufficient_stock");
        let sold = tenant.post("/v1/pos/sales", &offline(&till, &[("MUG", "5")])).await.created();
        // Three leave at their cost of 10.00, and two at the last known unit cost.
        assert_eq!(tenant.level("MUG").await, Level::of("-2", "0", "-6.67"));
        assert_eq!(tenant.balance("5010").await, "16.67");
        assert_eq!(tenant.balance("1200").await, "-6.67");
        let open = costs(tenant, "status=open").await;
        assert_eq!(open.len(), 1, "{open:?}");
        let of = |cost: &Value, name: &str| cost[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(of(&open[0], "quantity"), "2");
        assert_eq!(of(&open[0], "value"), "6.67");
        assert_eq!(open[0]["document_id"], sold["id"]);
        assert_eq!(open[0]["channel"], "retail");
        assert_eq!(tenant.check_now().await, Vec::<String>::new(), "while the cost is provisional");
        // One comes in at 5.00. Its provisional cost was half of 6.67.
        let first = received(tenant, "MUG", "1", "5.00").await;
        assert_eq!(tenant.level("MUG").await, Level::of("-1", "0", "-3.33"));
        assert_eq!(tenant.balance("5200").await, "1.66");
        assert_eq!(
            first["lines"].as_array().map(Vec::len),
            Some(1),
            "the variance is no line of the receipt"
        );
        let entry = tenant.entry(id(&first)).await;
        assert_eq!(
            entry,
            [("1200", "3.34"), ("2100", "-5.00"), ("5200", "1.66")].map(|(a, b)| (a.into(), b.into()))
        );
        assert_eq!(tenant.check_now().await, Vec::<String>::new(), "while a part is provisional");
        // Four come in at 2.00 each: one of them had left, three stay at their cost.
        received(tenant, "MUG", "4", "2.00").await;
        assert_eq!(tenant.level("MUG").await, Level::of("3", "0", "6"));
        assert_eq!(tenant.balance("5200").await, "0.33", "5.00 and 2.00 instead of 6.67");
        assert_eq!(costs(tenant, "status=open").await.len(), 0);
        let settled = costs(tenant, "status=settled&sku=MUG").await;
        assert_eq!(of(&settled[0], "open_value"), "0.00");
        assert_eq!(of(&settled[0], "variance"), "0.33");
        assert!(settled[0]["settled_at"].is_string());
        let explained = format!("/v1/stock/documents/{}", id(&first));
        assert_eq!(tenant.get(&explained).await.ok()["lines"].as_array().map(Vec::len), Some(1));
        let moved = tenant.get("/v1/stock/movements?kind=settlement&sku=MUG").await.ok();
        assert_eq!(moved["data"].as_array().map(Vec::len), Some(2), "both variances can be seen");
    });
}

#[test]
fn a_return_takes_back_the_provisional_cost_and_its_settlement() {
    for method in ["moving_average", "fifo"] {
        with_tenant(async |tenant| {
            tenant.product_with("MUG", json!({ "list_price": "10.00", "costing_method": method })).await;
            tenant.open_stock(&[("MUG", "1", "1.00")]).await;
            let till = tenant.till().await;
            tenant.sell(&till, &[("MUG", "1")]).await.created();
            let sold = tenant.post("/v1/pos/sales", &offline(&till, &[("MUG", "10")])).await.created();
            received(tenant, "MUG", "10", "2.00").await;
            assert_eq!(tenant.level("MUG").await, Level::of("0", "0", "0"));
            assert_eq!(tenant.balance("5200").await, "10.00");
            let refund = |quantity: &str| {
                json!({ "register_id": till.register_id, "original_id": sold["id"], "tenders": [{ "kind": "cash" }],
                    "original_lines": [{ "line_no": 1, "quantity": quantity }] })
            };
            let mut values = Vec::new();
            for quantity in ["3", "3", "4"] {
                tenant.post("/v1/pos/refunds", &refund(quantity)).await.created();
                values.push(tenant.level("MUG").await.value);
                assert_eq!(tenant.check_now().await, Vec::<String>::new(), "{method}");
            }
            assert_eq!(values, ["6", "12", "20"], "{method}");
            assert_eq!(tenant.balance("5200").await, "0.00", "{method}");
            assert_eq!(tenant.balance("5010").await, "1.00", "{method}: only the first one is sold");
        });
    }
}

#[test]
fn units_that_come_back_close_what_is_open_of_their_own_cost_first() {
    for method in ["moving_average", "fifo"] {
        with_tenant(async |tenant| {
            tenant.product_with("MUG", json!({ "list_price": "10.00", "costing_method": method })).await;
            tenant.open_stock(&[("MUG", "1", "1.00")]).await;
            let till = tenant.till().await;
            tenant.sell(&till, &[("MUG", "1")]).await.created();
            let back = |sold: &Value| json!({ "register_id": till.register_id, "original_id": sold["id"] });
            // Four of ten are settled at 2.00 when all ten come back. The other six never cost more than 1.00.
            let sold = tenant.post("/v1/pos/sales", &offline(&till, &[("MUG", "10")])).await.created();
            received(tenant, "MUG", "4", "2.00").await;
            tenant.post("/v1/pos/refunds", &back(&sold)).await.created();
            assert_eq!(tenant.level("MUG").await, Level::of("4", "0", "8"), "{method}");
            assert_eq!(tenant.balance("5200").await, "0.00", "{method}");
            received(tenant, "MUG", "6", "3.00").await;
            assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "26"), "{method}");
            assert_eq!(costs(tenant, "status=open").await, Vec::<Value>::new(), "{method}");
        });
    }
}

#[test]
fn a_return_does_not_close_the_cost_of_another_sale() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("1", "1.00")).await;
        let till = tenant.till().await;
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        let back = |sold: &Value| json!({ "register_id": till.register_id, "original_id": sold["id"] });
        let first = tenant.post("/v1/pos/sales", &offline(&till, &[("MUG", "10")])).await.created();
        let second = tenant.post("/v1/pos/sales", &offline(&till, &[("MUG", "10")])).await.created();
        tenant.post("/v1/pos/refunds", &back(&second)).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("-10", "0", "-10"));
        let open = costs(tenant, "status=open").await;
        assert_eq!(open.len(), 1, "{open:?}");
        assert_eq!(open[0]["document_id"], first["id"]);
        received(tenant, "MUG", "10", "2.00").await;
        tenant.post("/v1/pos/refunds", &back(&first)).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "20"), "10 came in at 2.00");
        assert_eq!(tenant.balance("5200").await, "0.00");
    });
}

#[test]
fn units_that_come_back_before_they_are_settled_share_what_is_settled_later() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("1", "1.00")).await;
        let till = tenant.till().await;
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        let sold = tenant.post("/v1/pos/sales", &offline(&till, &[("MUG", "10")])).await.created();
        let refund = |quantity: &str| {
            json!({ "register_id": till.register_id, "original_id": sold["id"], "tenders": [{ "kind": "cash" }],
                "original_lines": [{ "line_no": 1, "quantity": quantity }] })
        };
        // Four are settled at 2.00, then five come back, one is settled at 3.00, then the rest comes back.
        received(tenant, "MUG", "4", "2.00").await;
        tenant.post("/v1/pos/refunds", &refund("5")).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("-1", "0", "-1"));
        received(tenant, "MUG", "1", "3.00").await;
        tenant.post("/v1/pos/refunds", &refund("5")).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("5", "0", "11"), "8.00 and 3.00 came in");
        assert_eq!(tenant.balance("5200").await, "0.00");
        assert_eq!(tenant.balance("1200").await, "11.00");
    });
}

#[test]
fn it_is_told_as_stock_oversold() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("2", "4.00")).await;
        let till = tenant.till().await;
        tenant.post("/v1/pos/sales", &offline(&till, &[("MUG", "2")])).await.created();
        let told = async || tenant.events("type=stock.oversold").await;
        assert_eq!(told().await, Vec::<Value>::new(), "there was enough");
        let sold = tenant.post("/v1/pos/sales", &offline(&till, &[("MUG", "1")])).await.created();
        let events = told().await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["data"]["object"]["id"], sold["id"]);
    });
}

#[test]
fn a_level_that_an_expired_hold_uncovered_keeps_its_constraints() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let till = tenant.till().await;
        let ends = environment().now().await + chrono::Duration::hours(1);
        let hold = json!({ "expires_at": ends.to_rfc3339(), "lines": lines(&[("MUG", "10")]) });
        tenant.post("/v1/stock/holds", &hold).await.created();
        tenant.post("/v1/pos/sales", &offline(&till, &[("MUG", "3")])).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("7", "10", "28"));
        tenant.age_holds(chrono::Duration::hours(1)).await;
        // The sale is refused, and ends the hold all the same.
        tenant.sell(&till, &[("MUG", "8")]).await.refused(409, "insufficient_stock");
        assert_eq!(tenant.level("MUG").await, Level::of("7", "0", "28"));
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn it_needs_its_scope_and_the_instant_and_only_forces_goods_out() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("2", "4.00")).await;
        let till = tenant.till().await;
        let mut unsaid = offline(&till, &[("MUG", "5")]);
        unsaid.as_object_mut().expect("a sale").remove("occurred_at");
        let at = ["#/occurred_at"];
        tenant.post("/v1/pos/sales", &unsaid).await.refused(422, "validation_failed").names(&at);
        let adjustment = |kind: &str| {
            json!({ "kind": kind, "forced": true, "reason": "damage", "occurred_at": YESTERDAY,
                "lines": [{ "sku": "MUG", "quantity": "-5" }] })
        };
        let mut unsaid = adjustment("adjustment");
        unsaid.as_object_mut().expect("a document").remove("occurred_at");
        tenant.post("/v1/stock/documents", &unsaid).await.refused(422, "validation_failed").names(&at);
        let mut inward = receipt("MUG", "1", "1");
        inward["forced"] = json!(true);
        inward["occurred_at"] = json!(YESTERDAY);
        let forced = ["#/forced"];
        tenant.post("/v1/stock/documents", &inward).await.refused(422, "validation_failed").names(&forced);
        let mut both = adjustment("adjustment");
        both["lines"] = lines(&[("MUG", "-5"), ("MUG", "5")]);
        let came = ["#/lines/1/quantity"];
        tenant.post("/v1/stock/documents", &both).await.refused(422, "validation_failed").names(&came);
        let clerk = crate::platform::auth::key(tenant, &["pos:write", "stock:write"]).await;
        let clerk = tenant.with_key(&clerk);
        let sold = offline(&till, &[("MUG", "5")]);
        clerk.post("/v1/pos/sales", &sold).await.refused(403, "insufficient_scope");
        clerk.post("/v1/stock/documents", &adjustment("adjustment")).await.refused(403, "insufficient_scope");
        assert_eq!(tenant.level("MUG").await, Level::of("2", "0", "8"));
        let gone = tenant.post("/v1/stock/documents", &adjustment("adjustment")).await.created();
        assert_eq!(gone["value"], "-20.00", "two at their cost, three at the last known one");
        assert_eq!(tenant.level("MUG").await, Level::of("-3", "0", "-12"));
    });
}

#[test]
fn nothing_else_goes_wrong_while_a_level_is_below_zero() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("2", "4.00")).await;
        let shop = json!({ "kind": "opening", "location_id": tenant.shop,
            "lines": [{ "sku": "MUG", "quantity": "6", "unit_cost": "4" }] });
        tenant.post("/v1/stock/documents", &shop).await.created();
        let till = tenant.till().await;
        tenant.post("/v1/pos/sales", &offline(&till, &[("MUG", "5")])).await.created();
        // The other location sells what it has. The one below zero takes nothing from it.
        let answer = tenant.get("/v1/stock/availability?sku=MUG").await.ok();
        assert_eq!(answer["data"][0]["available"], "6", "{answer}");
        let customer = tenant.customer("Nordwind Supply").await;
        let order = |place: &str, quantity: &str| {
            json!({ "customer_id": customer, "location_id": place, "lines": lines(&[("MUG", quantity)]),
                "advance_to": "shipped" })
        };
        tenant.post("/v1/orders", &order(&tenant.shop, "6")).await.created();
        let refused = tenant.post("/v1/orders", &order(&tenant.main, "1")).await;
        let short = refused.refused(409, "insufficient_stock");
        assert_eq!(short.params("#/lines/0/quantity")["available"], "0");
        tenant.post("/v1/pos/sales", &sale(&till, &[("MUG", "1")])).await.refused(409, "insufficient_stock");
        let hold = json!({ "kind": "quarantine", "lines": lines(&[("MUG", "1")]) });
        tenant.post("/v1/stock/holds", &hold).await.refused(409, "insufficient_stock");
        // An expected receipt first covers what is below zero: of four, one can be promised.
        let expected = json!({ "expected_on": "2999-01-01", "lines": lines(&[("MUG", "4")]) });
        tenant.post("/v1/stock/expected-receipts", &expected).await.created();
        let refused = tenant.post("/v1/orders", &order(&tenant.main, "2")).await;
        let short = refused.refused(409, "insufficient_stock");
        assert!(short.params("#/lines/0/quantity")["next_available_on"].is_null());
        let refused = tenant.post("/v1/orders", &order(&tenant.main, "1")).await;
        let short = refused.refused(409, "insufficient_stock");
        assert_eq!(short.params("#/lines/0/quantity")["next_available_on"], "2999-01-01");
        // Every receipt settles: a customer's return, a transfer.
        let refund = json!({ "register_id": till.register_id, "lines": lines(&[("MUG", "1")]), "tenders": [{ "kind": "cash" }] });
        tenant.post("/v1/pos/refunds", &refund).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("-2", "0", "-8"));
        let again = json!({ "kind": "opening", "location_id": tenant.shop,
            "lines": [{ "sku": "MUG", "quantity": "3", "unit_cost": "5" }] });
        tenant.post("/v1/stock/documents", &again).await.created();
        let transfer = json!({ "from_location_id": tenant.shop, "to_location_id": tenant.main,
            "lines": lines(&[("MUG", "3")]) });
        let transfer = tenant.post("/v1/stock/transfers", &transfer).await.created();
        tenant.post(&format!("/v1/stock/transfers/{}/receive", id(&transfer)), &json!({})).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("1", "0", "5"));
        assert_eq!(tenant.balance("5200").await, "2.00", "two cost 5.00 instead of 4.00");
    });
}

#[test]
fn goods_promised_to_an_order_may_be_gone_and_then_can_not_be_shipped() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let order =
            json!({ "customer_id": customer, "lines": lines(&[("MUG", "4")]), "advance_to": "confirmed" });
        let order = tenant.post("/v1/orders", &order).await.created();
        tenant.post("/v1/pos/sales", &offline(&till, &[("MUG", "3")])).await.created();
        // Nothing is below zero, but more is reserved than is on hand.
        assert_eq!(tenant.level("MUG").await, Level::of("2", "4", "8"));
        assert_eq!(costs(tenant, "").await.len(), 0);
        let answer = tenant.get("/v1/stock/availability?sku=MUG").await.ok();
        assert_eq!(answer["data"][0]["available"], "0");
        let page = tenant.get("/v1/stock/levels?sku=MUG").await.ok();
        assert_eq!(page["data"][0]["available"], "0");
        let refused = tenant.step(id(&order), "ship").await;
        let short = refused.refused(409, "insufficient_stock");
        assert_eq!(short.params("#/lines/0/quantity")["available"], "2");
        let part = json!({ "lines": [{ "line_no": 1, "quantity": "2" }] });
        tenant.post(&format!("/v1/orders/{}/ship", id(&order)), &part).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("0", "2", "0"));
        received(tenant, "MUG", "10", "4.00").await;
        tenant.step(id(&order), "ship").await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("8", "0", "32"));
    });
}

#[test]
fn what_was_never_there_has_no_cost_until_it_comes() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        tenant.product("CUP", "10.00").await;
        let set = tenant.product_with("SET", json!({ "kind": "bundle", "list_price": "15.00" })).await;
        let components =
            json!({ "components": [{ "sku": "MUG", "quantity": "2" }, { "sku": "CUP", "quantity": "1" }] });
        tenant.put(&format!("/v1/products/{}/components", set.id), &components).await.ok();
        let till = tenant.till().await;
        tenant.post("/v1/pos/sales", &offline(&till, &[("SET", "1"), ("MUG", "1")])).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("-3", "0", "0"));
        assert_eq!(tenant.level("CUP").await, Level::of("-1", "0", "0"));
        assert_eq!(costs(tenant, "status=open&sku=MUG").await.len(), 2, "one for each line");
        // One receipt at two prices: the oldest cost is settled first.
        let lines = json!([{ "sku": "MUG", "quantity": "1", "unit_cost": "1.00" },
            { "sku": "CUP", "quantity": "3", "unit_cost": "0.333333" },
            { "sku": "MUG", "quantity": "4", "unit_cost": "2.00" }]);
        tenant.post("/v1/stock/documents", &json!({ "kind": "receipt", "lines": lines })).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("2", "0", "4"));
        assert_eq!(tenant.level("CUP").await, Level::of("2", "0", "0.67"));
        assert_eq!(tenant.balance("5200").await, "5.33", "1.00 + 2 x 2.00 + 0.33");
        let settled = costs(tenant, "status=settled&sku=MUG&sort=created_at").await;
        let variances: Vec<&Value> = settled.iter().map(|cost| &cost["variance"]).collect();
        assert_eq!(variances, [&json!("3.00"), &json!("2.00")]);
    });
}

#[test]
fn a_dry_run_shows_it_and_leaves_nothing() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("2", "4.00")).await;
        let till = tenant.till().await;
        let before = tenant.footprint().await;
        let shown = tenant.dry_run("/v1/pos/sales", &offline(&till, &[("MUG", "5")])).await.ok();
        assert_eq!(shown["effects"]["totals"]["stock_value"], "-20.00");
        assert_eq!(tenant.footprint().await, before);
    });
}

#[test]
fn many_forced_sales_and_receipts_at_once_settle_all_of_it() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        tenant.stocked("CUP", "10.00", ("5", "2.00")).await;
        let till = tenant.till().await;
        let work = (0..60).map(async |number: u32| match number % 3 {
            0 => tenant.post("/v1/pos/sales", &offline(&till, &[("CUP", "2"), ("MUG", "3")])).await.created(),
            1 => received(tenant, "MUG", "1", "4.37").await,
            _ => received(tenant, "CUP", "1", "1.99").await,
        });
        join_all(work).await;
        assert_eq!(tenant.level("MUG").await.on_hand, "-35", "5 + 20 - 60");
        assert_eq!(tenant.level("CUP").await.on_hand, "-15", "5 + 20 - 40");
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
        received(tenant, "MUG", "40", "4.00").await;
        received(tenant, "CUP", "15", "2.00").await;
        assert_eq!(tenant.level("MUG").await, Level::of("5", "0", "20"));
        assert_eq!(tenant.level("CUP").await, Level::of("0", "0", "0"));
        assert_eq!(costs(tenant, "status=open").await.len(), 0);
    });
}
