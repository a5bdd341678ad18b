//! Forced documents on tracked products: which lots they take, and which events they write.

use serde_json::{Value, json};
use tests::{Level, Tenant, Till, sale, with_tenant};

use crate::lot::{available, day, lot, lots_of, pairs, posted, received, sale_of, tracked};

const SALES: &str = "/v1/pos/sales";

/// An hour ago, on the same day.
async fn earlier() -> Value {
    json!(tests::environment().now().await - chrono::Duration::minutes(1))
}

/// Returns a sale that a till made while it was offline.
async fn forced(mut body: Value) -> Value {
    body["forced"] = json!(true);
    body["occurred_at"] = earlier().await;
    body
}

async fn offline(till: &Till, sku: &str, quantity: &str) -> Value {
    forced(sale(till, &[(sku, quantity)])).await
}

async fn named(till: &Till, (sku, quantity): (&str, &str), code: &str) -> Value {
    forced(sale_of(till, sku, quantity, json!([{ "code": code }]))).await
}

async fn on_hand(tenant: &Tenant, code: &str) -> String {
    lot(tenant, code).await["on_hand"].as_str().expect("a quantity").to_owned()
}

/// Returns the documents of events of a type.
async fn told(tenant: &Tenant, kind: &str) -> Vec<Value> {
    let events = tenant.events(&format!("type={kind}")).await;
    events.iter().map(|event| event["data"]["object"]["id"].clone()).collect()
}

/// Makes two lots: three units that expire first, and two that were received last.
async fn two_lots(tenant: &Tenant) -> Till {
    tracked(tenant, "MILK", "lot").await;
    received(tenant, "MILK", "EARLY", ("3", &day(20).await)).await;
    received(tenant, "MILK", "LATE", ("2", &day(60).await)).await;
    tenant.till().await
}

#[test]
fn a_return_of_a_lot_takes_back_what_was_settled_of_its_cost() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        let receipt = |quantity: &str, unit_cost: &str| {
            json!({ "kind": "receipt", "lines": [{ "sku": "MILK", "quantity": quantity, "unit_cost": unit_cost,
                "lots": [{ "code": "A" }] }] })
        };
        tenant.post("/v1/stock/documents", &receipt("2", "1.00")).await.created();
        let till = tenant.till().await;
        let sold = tenant.post(SALES, &offline(&till, "MILK", "6").await).await.created();
        tenant.post("/v1/stock/documents", &receipt("4", "3.00")).await.created();
        assert_eq!(tenant.balance("5200").await, "8.00");
        let refund = |quantity: &str| {
            json!({ "register_id": till.register_id, "original_id": sold["id"], "tenders": [{ "kind": "cash" }],
                "original_lines": [{ "line_no": 1, "quantity": quantity }] })
        };
        for (quantity, value) in [("3", "7"), ("3", "14")] {
            tenant.post("/v1/pos/refunds", &refund(quantity)).await.created();
            assert_eq!(tenant.level("MILK").await.value, value);
        }
        assert_eq!(tenant.balance("5200").await, "0.00");
    });
}

#[test]
fn what_is_free_goes_first_and_the_lot_that_came_last_lacks_the_rest() {
    with_tenant(async |tenant| {
        let till = two_lots(tenant).await;
        tenant.sell(&till, &[("MILK", "7")]).await.refused(409, "insufficient_stock");
        let sold = tenant.post(SALES, &offline(&till, "MILK", "7").await).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("EARLY", "3"), ("LATE", "4")]));
        let read = tenant.get(&format!("{SALES}/{}", sold["id"].as_str().expect("an id"))).await.ok();
        assert_eq!(read["lines"], sold["lines"]);
        assert_eq!(on_hand(tenant, "EARLY").await, "0");
        assert_eq!(on_hand(tenant, "LATE").await, "-2");
        assert_eq!(tenant.level("MILK").await, Level::of("-2", "0", "-8"), "at the last known cost");
        let costs = tenant.get("/v1/stock/oversold?status=open").await.ok();
        let cost = &costs["data"][0];
        assert_eq!(cost["quantity"], "2");
        assert_eq!(cost["document_id"], sold["id"]);
        assert_eq!(told(tenant, "stock.oversold").await, [sold["id"].clone()]);
        assert_eq!(tenant.check_now().await, Vec::<String>::new(), "while the cost is provisional");
        // The rest of that delivery is recorded late. It settles what was taken before.
        let line =
            json!({ "sku": "MILK", "quantity": "5", "unit_cost": "5.00", "lots": [{ "code": "LATE" }] });
        tenant.post("/v1/stock/documents", &json!({ "kind": "receipt", "lines": [line] })).await.created();
        assert_eq!(tenant.level("MILK").await, Level::of("3", "0", "15"));
        assert_eq!(tenant.balance("5200").await, "2.00", "two cost 5.00 and not 4.00");
        assert_eq!(tenant.get("/v1/stock/oversold?status=open").await.ok()["data"], json!([]));
    });
}

#[test]
fn what_one_lot_lacks_is_not_there_of_another() {
    with_tenant(async |tenant| {
        let till = two_lots(tenant).await;
        tenant.post(SALES, &offline(&till, "MILK", "8").await).await.created();
        received(tenant, "MILK", "NEXT", ("10", &day(90).await)).await;
        // Three of these had left under the name of another lot. Until a count shows it, they are not available.
        assert_eq!(available(tenant, "MILK").await["available"], "7");
        let refused = tenant.sell(&till, &[("MILK", "8")]).await.refused(409, "insufficient_stock");
        assert_eq!(refused.params("#/lines/0/quantity")["available"], "7");
        tenant.sell(&till, &[("MILK", "7")]).await.created();
        let count = crate::count::sheet(tenant, json!({ "skus": ["MILK"] })).await;
        let entries = json!([{ "sku": "MILK", "lot_code": "LATE", "quantity": "0" },
            { "sku": "MILK", "lot_code": "NEXT", "quantity": "0" }]);
        crate::count::enter(tenant, &count, entries).await;
        crate::count::posted(tenant, &count).await;
        assert_eq!(tenant.level("MILK").await, Level::of("0", "0", "0"));
        assert_eq!(tenant.get("/v1/stock/oversold?status=open").await.ok()["data"], json!([]));
    });
}

#[test]
fn a_named_lot_is_the_one_whatever_is_left_of_it() {
    with_tenant(async |tenant| {
        let till = two_lots(tenant).await;
        tenant.post(SALES, &named(&till, ("MILK", "4"), "EARLY").await).await.created();
        assert_eq!(on_hand(tenant, "EARLY").await, "-1");
        assert_eq!(on_hand(tenant, "LATE").await, "2");
        let unknown = tenant.post(SALES, &named(&till, ("MILK", "1"), "OTHER").await).await;
        unknown.refused(404, "not_found").names(&["#/lines/0/lots/0/code"]);
        // A forced adjustment takes stock that has left as well.
        let gone = json!({ "kind": "adjustment", "reason": "damage", "forced": true, "occurred_at": earlier().await,
            "lines": [{ "sku": "MILK", "quantity": "-2", "lots": [{ "code": "EARLY" }] },
                { "sku": "MILK", "quantity": "-5" }] });
        let gone = tenant.post("/v1/stock/documents", &gone).await.created();
        let of: Vec<_> = gone["lines"]
            .as_array()
            .expect("lines")
            .iter()
            .map(|line| (line["lot_code"].as_str().unwrap_or("-"), line["quantity"].as_str().unwrap_or("-")))
            .collect();
        assert_eq!(of, [("EARLY", "-2"), ("LATE", "-5")]);
        assert_eq!(on_hand(tenant, "EARLY").await, "-3");
        assert_eq!(on_hand(tenant, "LATE").await, "-3");
        tenant.sell(&till, &[("MILK", "1")]).await.refused(409, "insufficient_stock");
    });
}

#[test]
fn lines_of_one_document_do_not_take_the_same_goods() {
    with_tenant(async |tenant| {
        let till = two_lots(tenant).await;
        let body = forced(sale(&till, &[("MILK", "2"), ("MILK", "2"), ("MILK", "2")])).await;
        let sold = tenant.post(SALES, &body).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("EARLY", "2")]));
        assert_eq!(lots_of(&sold["lines"][1]), pairs(&[("EARLY", "1"), ("LATE", "1")]));
        assert_eq!(lots_of(&sold["lines"][2]), pairs(&[("LATE", "2")]));
        assert_eq!(tenant.level("MILK").await, Level::of("-1", "0", "-4"));
    });
}

#[test]
fn promised_goods_go_before_any_lot_falls_below_zero() {
    with_tenant(async |tenant| {
        let till = two_lots(tenant).await;
        let customer = tenant.customer("Hansa Foods").await;
        let order = tenant.order(&customer, &[("MILK", "3")], "confirmed").await.created();
        let sold = tenant.post(SALES, &offline(&till, "MILK", "4").await).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("EARLY", "2"), ("LATE", "2")]));
        assert_eq!(tenant.level("MILK").await, Level::of("1", "3", "4"));
        assert_eq!(told(tenant, "stock.oversold").await, [sold["id"].clone()]);
        let id = order["id"].as_str().expect("an id");
        tenant.step(id, "ship").await.refused(409, "insufficient_stock");
        received(tenant, "MILK", "EARLY", ("2", &day(20).await)).await;
        tenant.step(id, "ship").await.ok();
        assert_eq!(tenant.level("MILK").await, Level::of("0", "0", "0"));
    });
}

#[test]
fn a_product_that_has_no_lot_here_takes_one_that_came_elsewhere() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        let till = tenant.till().await;
        let never = tenant.post(SALES, &offline(&till, "MILK", "2").await).await;
        never.refused(422, "validation_failed").names(&["#/lines/0/lots"]);
        for (code, days) in [("OLD", 90), ("NEW", 30)] {
            let line = json!({ "sku": "MILK", "quantity": "5", "unit_cost": "4.00",
                "lots": [{ "code": code, "expires_on": day(days).await }] });
            let opening = json!({ "kind": "opening", "location_id": tenant.shop, "lines": [line] });
            tenant.post("/v1/stock/documents", &opening).await.created();
        }
        let sold = tenant.post(SALES, &offline(&till, "MILK", "2").await).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("NEW", "2")]));
        assert_eq!(tenant.level("MILK").await, Level::of("-2", "0", "0"), "no cost is known here");
        // The transfer that brought them is recorded late, and settles them.
        let transfer = json!({ "from_location_id": tenant.shop, "to_location_id": tenant.main,
            "lines": [{ "sku": "MILK", "quantity": "3", "lots": [{ "code": "NEW" }] }] });
        let transfer = tenant.post("/v1/stock/transfers", &transfer).await.created();
        let receive = format!("/v1/stock/transfers/{}/receive", transfer["id"].as_str().expect("an id"));
        tenant.post(&receive, &json!({})).await.ok();
        assert_eq!(tenant.level("MILK").await, Level::of("1", "0", "4"));
        assert_eq!(tenant.balance("5200").await, "8.00");
    });
}

#[test]
fn what_was_not_to_be_sold_and_was_is_recorded_and_told() {
    with_tenant(async |tenant| {
        let till = two_lots(tenant).await;
        received(tenant, "MILK", "OLD", ("5", &day(-1).await)).await;
        let bad = lot(tenant, "EARLY").await;
        let recall = format!("/v1/lots/{}/recall", bad["id"].as_str().expect("an id"));
        tenant.post(&recall, &json!({ "reason": "Glass in the jar" })).await.ok();
        let plain = async |code: &str| {
            tenant.post(SALES, &sale_of(&till, "MILK", "1", json!([{ "code": code }]))).await
        };
        plain("OLD").await.refused(409, "lot_expired");
        plain("EARLY").await.refused(409, "lot_recalled");
        let expired = tenant.post(SALES, &named(&till, ("MILK", "1"), "OLD").await).await.created();
        let recalled = tenant.post(SALES, &named(&till, ("MILK", "1"), "EARLY").await).await.created();
        let fine = tenant.post(SALES, &named(&till, ("MILK", "1"), "LATE").await).await.created();
        let both = [expired["id"].clone(), recalled["id"].clone()];
        assert_eq!(told(tenant, "stock.unsellable_sold").await, both);
        assert!(fine["id"].is_string());
        // The recalled lot was kept back, but its units have left: the recall lists who has them.
        assert_eq!(told(tenant, "stock.oversold").await, [recalled["id"].clone()]);
        let affected = tenant.post(&recall, &json!({ "reason": "Glass in the jar" })).await.ok();
        assert_eq!(affected["walk_ins"][0]["document_id"], recalled["id"], "{affected}");
        // A sale without a named lot never counts as a sale of unsellable stock.
        let sold = tenant.post(SALES, &offline(&till, "MILK", "2").await).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("LATE", "2")]), "one of them is not recorded yet");
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn goods_that_have_left_were_not_too_old_for_their_customer() {
    with_tenant(async |tenant| {
        let till = two_lots(tenant).await;
        let fussy = tenant.customer_with("Hansa Foods", json!({ "min_remaining_life_days": 40 })).await;
        let mut body = sale(&till, &[("MILK", "3")]);
        body["customer_id"] = json!(fussy);
        tenant.post(SALES, &body).await.refused(409, "insufficient_stock");
        let sold = tenant.post(SALES, &forced(body).await).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("EARLY", "3")]));
    });
}

#[test]
fn a_serial_number_leaves_once_and_from_where_it_is() {
    with_tenant(async |tenant| {
        tracked(tenant, "PHONE", "serial").await;
        for code in ["S1", "S2"] {
            posted(tenant, "receipt", ("PHONE", "1"), json!([{ "code": code }])).await.created();
        }
        let till = tenant.till().await;
        let at = &["#/lines/0/lots/0/code"];
        let unnamed = tenant.post(SALES, &offline(&till, "PHONE", "1").await).await;
        unnamed.refused(422, "validation_failed").names(&["#/lines/0/lots"]);
        // Reserved for an order, it has left all the same.
        let customer = tenant.customer("Hansa Foods").await;
        let order = tenant.order(&customer, &[("PHONE", "2")], "confirmed").await.created();
        let sold = tenant.post(SALES, &named(&till, ("PHONE", "1"), "S1").await).await.created();
        let twice = tenant.post(SALES, &named(&till, ("PHONE", "1"), "S1").await).await;
        twice.refused(422, "validation_failed").names(at);
        let mut both = forced(sale(&till, &[("PHONE", "1"), ("PHONE", "1")])).await;
        for line in [0, 1] {
            both["lines"][line]["lots"] = json!([{ "code": "S2" }]);
        }
        let both = tenant.post(SALES, &both).await;
        both.refused(422, "validation_failed").names(&["#/lines/1/lots/0/code"]);
        tenant.step(order["id"].as_str().expect("an id"), "ship").await.refused(409, "insufficient_stock");
        assert_eq!(tenant.level("PHONE").await, Level::of("1", "2", "4"));
        // A returned unit may leave again. One that is recorded elsewhere must be moved first.
        let refund = json!({ "register_id": till.register_id, "original_id": sold["id"],
            "original_lines": [{ "line_no": 1, "quantity": "1" }], "tenders": [{ "kind": "cash" }] });
        tenant.post("/v1/pos/refunds", &refund).await.created();
        let shop = tenant.till_with(json!({ "location_id": tenant.shop })).await;
        let elsewhere = tenant.post(SALES, &named(&shop, ("PHONE", "1"), "S1").await).await;
        elsewhere.refused(422, "validation_failed").names(at);
        tenant.post(SALES, &named(&till, ("PHONE", "1"), "S1").await).await.created();
        assert_eq!(on_hand(tenant, "S1").await, "0");
    });
}

#[test]
fn what_the_count_has_seen_leave_goes_below_nothing() {
    with_tenant(async |tenant| {
        let till = two_lots(tenant).await;
        let body = offline(&till, "MILK", "6").await;
        let mut plain = sale(&till, &[("MILK", "4")]);
        plain["occurred_at"] = body["occurred_at"].clone();
        let count = crate::count::sheet(tenant, json!({ "skus": ["MILK"] })).await;
        let entries = json!([{ "sku": "MILK", "lot_code": "EARLY", "quantity": "0" },
            { "sku": "MILK", "lot_code": "LATE", "quantity": "0" }]);
        crate::count::enter(tenant, &count, entries).await;
        crate::count::posted(tenant, &count).await;
        let sold = tenant.post(SALES, &body).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("EARLY", "6")]), "the one that expires first");
        let plain = tenant.post(SALES, &plain).await.created();
        assert_eq!(lots_of(&plain["lines"][0]), pairs(&[("EARLY", "4")]), "it need not be forced");
        tenant.sell(&till, &[("MILK", "1")]).await.refused(409, "insufficient_stock");
        assert_eq!(tenant.level("MILK").await, Level::of("0", "0", "0"));
        assert_eq!(tenant.count("cost_to_settle").await, 0);
    });
}
