//! Stock of an order that is amended: reservations, lots, allotments, and lines that wait.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tests::{Level, environment, with_tenant};

use super::{ORDERS, amend, fields, first, id, of_bolts, receive, shown, stock_of};
use crate::lot::{day, received, tracked};

#[test]
fn an_order_keeps_its_stock_and_gets_more_by_its_policy() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("10", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = of_bolts(tenant, &customer, "ship_complete", "6").await;
        let other = of_bolts(tenant, &customer, "ship_complete", "3").await;
        let problem = amend(tenant, &order, first("8")).await.refused(409, "insufficient_stock");
        let params = problem.params("#/lines/0/quantity");
        assert_eq!((&params["requested"], &params["available"]), (&json!("8"), &json!("7")));
        assert_eq!(tenant.level("BOLT").await.reserved, "9");
        assert_eq!(stock_of(&amend(tenant, &order, first("7")).await.ok()), [["7", "0", "0"]]);
        tenant.step(id(&other), "cancel").await.ok();

        let partial = of_bolts(tenant, &customer, "partial", "8").await;
        assert_eq!(stock_of(&partial), [["3", "0", "5"]]);
        receive(tenant, "BOLT", "5").await;
        assert_eq!(stock_of(&amend(tenant, &partial, first("7")).await.ok()), [["7", "0", "0"]]);
        assert_eq!(tenant.level("BOLT").await, Level::of("15", "14", "15"));
    });
}

#[test]
fn other_lots_give_no_more_for_the_units_that_a_lot_lacks() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        received(tenant, "MILK", "EARLY", ("5", &day(20).await)).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = json!({ "customer_id": customer, "advance_to": "confirmed",
            "lines": [{ "sku": "MILK", "quantity": "5" }] });
        let order = tenant.post(ORDERS, &order).await.created();
        received(tenant, "MILK", "LATE", ("5", &day(60).await)).await;
        let lost = json!({ "kind": "adjustment", "forced": true, "reason": "damage", "occurred_at": "2026-01-02T10:00:00Z",
            "lines": [{ "sku": "MILK", "quantity": "-3", "lots": [{ "code": "EARLY" }] }] });
        tenant.post("/v1/stock/documents", &lost).await.created();
        assert_eq!(tenant.level("MILK").await, Level::of("7", "5", "28"));
        amend(tenant, &order, first("8")).await.refused(409, "insufficient_stock");
        assert_eq!(stock_of(&amend(tenant, &order, first("7")).await.ok()), [["7", "0", "0"]]);
        assert_eq!(tenant.level("MILK").await, Level::of("7", "7", "28"));
    });
}

#[test]
fn an_order_keeps_what_is_reserved_for_it_beyond_the_stock_on_hand() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("10", "1.00")).await;
        tenant.stocked("NUT", "1.00", ("10", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let lines = json!([{ "sku": "BOLT", "quantity": "7" }, { "sku": "NUT", "quantity": "2" }]);
        let order = json!({ "customer_id": customer, "policy": "partial", "advance_to": "confirmed", "lines": lines });
        let order = tenant.post(ORDERS, &order).await.created();
        of_bolts(tenant, &customer, "ship_complete", "3").await;
        let lost = json!({ "kind": "adjustment", "forced": true, "reason": "damage", "occurred_at": "2026-01-02T10:00:00Z",
            "lines": [{ "sku": "BOLT", "quantity": "-4" }] });
        tenant.post("/v1/stock/documents", &lost).await.created();
        assert_eq!(tenant.level("BOLT").await, Level::of("6", "10", "6"));
        let line = |line_no: i32, quantity: &str| json!({ "line_no": line_no, "quantity": quantity });
        let amended = amend(tenant, &order, json!([line(1, "7"), line(2, "3")])).await.ok();
        assert_eq!(stock_of(&amended), [["7", "0", "0"], ["3", "0", "0"]]);
        let grown = amend(tenant, &order, json!([line(1, "9"), line(2, "3")])).await.ok();
        assert_eq!(stock_of(&grown), [["7", "0", "2"], ["3", "0", "0"]]);
        assert_eq!(tenant.level("BOLT").await, Level::of("6", "10", "6"));
        let less = amend(tenant, &order, json!([line(1, "5"), line(2, "3")])).await.ok();
        assert_eq!(stock_of(&less), [["5", "0", "0"], ["3", "0", "0"]]);
        assert_eq!(tenant.level("BOLT").await, Level::of("6", "8", "6"));
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn a_waiting_line_keeps_its_place_unless_it_grows() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("6", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let mut orders = Vec::new();
        for quantity in ["8", "3", "1"] {
            orders.push(of_bolts(tenant, &customer, "backorder", quantity).await);
        }
        let waiting = async || {
            let mut waiting = Vec::new();
            for order in &orders {
                waiting.push(stock_of(&shown(tenant, order).await)[0][1].clone());
            }
            waiting
        };
        assert_eq!(waiting().await, ["2", "3", "1"]);
        assert_eq!(stock_of(&amend(tenant, &orders[0], first("7")).await.ok()), [["6", "1", "0"]]);
        assert_eq!(stock_of(&amend(tenant, &orders[1], first("4")).await.ok()), [["0", "4", "0"]]);
        receive(tenant, "BOLT", "1").await;
        assert_eq!(waiting().await, ["0", "4", "1"], "the first one was not longer and is first");
        receive(tenant, "BOLT", "1").await;
        assert_eq!(waiting().await, ["0", "4", "0"], "the second one grew and is last");
        assert_eq!(stock_of(&amend(tenant, &orders[0], first("5")).await.ok()), [["5", "0", "0"]]);
        assert_eq!(waiting().await, ["0", "2", "0"], "what is not wanted is for those who wait");
        assert_eq!(tenant.check_now().await, Vec::<String>::new());

        // A line that waits and has a promise can be left out.
        let expected = json!({ "expected_on": "2999-01-01", "lines": [{ "sku": "BOLT", "quantity": "50" }] });
        tenant.post("/v1/stock/expected-receipts", &expected).await.created();
        tenant.step(id(&orders[1]), "promise").await.ok();
        tenant.stocked("NUT", "1.00", ("5", "1.00")).await;
        let nuts = amend(tenant, &orders[1], json!([{ "sku": "NUT", "quantity": "2" }])).await.ok();
        assert_eq!(fields(&nuts, ["line_no", "sku", "reserved"]), [[json!(2), json!("NUT"), json!("2")]]);
        assert_eq!(tenant.level("BOLT").await, Level::of("8", "6", "8"));
    });
}

#[test]
fn a_channel_allotment_is_lowered_by_the_difference() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("10", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let ends = (environment().now().await + TimeDelta::hours(1)).to_rfc3339();
        let allotment = json!({ "kind": "channel_allotment", "channel": "wholesale", "expires_at": ends,
            "lines": [{ "sku": "BOLT", "quantity": "6" }] });
        tenant.post("/v1/stock/holds", &allotment).await.created();
        let order = of_bolts(tenant, &customer, "ship_complete", "8").await;
        let mut reserved = vec![tenant.level("BOLT").await.reserved];
        for quantity in ["9", "5"] {
            amend(tenant, &order, first(quantity)).await.ok();
            reserved.push(tenant.level("BOLT").await.reserved);
        }
        assert_eq!(reserved, ["10", "10", "6"], "8 and 2, 9 and 1, 5 and 1");
    });
}

#[test]
fn lots_that_are_reserved_stay() {
    with_tenant(async |tenant| {
        tenant.tracked("MILK", "lot").await;
        let lots = json!([{ "code": "A", "quantity": "3", "expires_on": "2998-01-01" },
            { "code": "B", "quantity": "7", "expires_on": "2999-01-01" }]);
        let receipt = json!({ "kind": "receipt", "lines": [{ "sku": "MILK", "quantity": "10", "unit_cost": "2.00", "lots": lots }] });
        tenant.post("/v1/stock/documents", &receipt).await.created();
        let customer = tenant.customer("Nordwind Supply").await;
        let line = json!({ "sku": "MILK", "quantity": "4", "lots": [{ "code": "B" }] });
        let order = json!({ "customer_id": customer, "advance_to": "confirmed", "lines": [line] });
        let order = tenant.post(ORDERS, &order).await.created();
        let lots = |order: &Value| {
            let shares = order["lines"][0]["lots"].as_array().expect("lots").clone();
            shares.iter().map(|share| [share["code"].clone(), share["quantity"].clone()]).collect::<Vec<_>>()
        };
        assert_eq!(lots(&order), [[json!("B"), json!("4")]]);
        let fewer = amend(tenant, &order, first("3")).await.ok();
        assert_eq!(lots(&fewer), [[json!("B"), json!("3")]]);
        let more = amend(tenant, &order, first("8")).await.ok();
        assert_eq!(lots(&more), [[json!("A"), json!("3")], [json!("B"), json!("5")]]);
        let named = json!([{ "line_no": 1, "quantity": "2", "lots": [{ "code": "A" }] }]);
        assert_eq!(lots(&amend(tenant, &order, named).await.ok()), [[json!("A"), json!("2")]]);
        assert_eq!(tenant.level("MILK").await.reserved, "2");
        let shipped = tenant.step(id(&order), "ship").await.ok();
        assert_eq!(shipped["shipments"][0]["lines"][0]["lots"][0]["code"], "A");
    });
}

#[test]
fn a_bundle_that_is_kept_is_reserved_in_whole_or_not_at_all() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "3.00", ("5", "1.00")).await;
        tenant.stocked("LID", "1.00", ("1", "1.00")).await;
        let set = tenant.product_with("SET", json!({ "kind": "bundle", "list_price": "3.50" })).await;
        let parts =
            json!({ "components": [{ "sku": "MUG", "quantity": "1" }, { "sku": "LID", "quantity": "1" }] });
        tenant.put(&format!("/v1/products/{}/components", set.id), &parts).await.ok();
        let customer = tenant.customer("Nordwind Supply").await;
        let wanted = json!([{ "sku": "SET", "quantity": "2" }, { "sku": "MUG", "quantity": "5" }]);
        let order = json!({ "customer_id": customer, "policy": "partial", "advance_to": "confirmed", "lines": wanted });
        let order = tenant.post(ORDERS, &order).await.created();
        let line = |line_no: i32, quantity: &str| json!({ "line_no": line_no, "quantity": quantity });
        let kept = json!([line(1, "2"), line(2, "2"), line(3, "4")]);
        let amended = amend(tenant, &order, kept).await.ok();
        assert_eq!(stock_of(&amended), [["0", "0", "2"], ["0", "0", "2"], ["4", "0", "0"]]);
    });
}

#[test]
fn a_channel_allotment_on_a_short_level_gives_no_more_than_the_order_has() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("10", "1.00")).await;
        tenant.stocked("NUT", "1.00", ("10", "0.50")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let ends = (environment().now().await + TimeDelta::hours(1)).to_rfc3339();
        let allotment = json!({ "kind": "channel_allotment", "channel": "wholesale", "expires_at": ends,
            "lines": [{ "sku": "BOLT", "quantity": "4" }] });
        tenant.post("/v1/stock/holds", &allotment).await.created();
        let order = of_bolts(tenant, &customer, "ship_complete", "7").await;
        let lost = json!({ "kind": "adjustment", "forced": true, "reason": "damage", "occurred_at": "2026-01-02T10:00:00Z",
            "lines": [{ "sku": "BOLT", "quantity": "-5" }] });
        tenant.post("/v1/stock/documents", &lost).await.created();
        assert_eq!(
            tenant.level("BOLT").await,
            Level::of("5", "10", "5"),
            "7 of the order and 3 of the allotment"
        );
        let more = amend(tenant, &order, first("8")).await.refused(409, "insufficient_stock");
        let params = more.params("#/lines/0/quantity");
        assert_eq!((&params["requested"], &params["available"]), (&json!("8"), &json!("7")));
        let kept = json!([{ "line_no": 1, "quantity": "7" }, { "sku": "NUT", "quantity": "2" }]);
        assert_eq!(stock_of(&amend(tenant, &order, kept).await.ok()), [["7", "0", "0"], ["2", "0", "0"]]);
        assert_eq!(
            tenant.level("BOLT").await.reserved,
            "10",
            "the allotment keeps what the order does not need"
        );
        amend(tenant, &order, first("8")).await.refused(409, "insufficient_stock");
        assert_eq!(stock_of(&amend(tenant, &order, first("6")).await.ok()), [["6", "0", "0"]]);
        assert_eq!(tenant.level("BOLT").await.reserved, "9");
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn a_line_that_no_longer_waits_has_no_promise() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("6", "1.00")).await;
        let expected = json!({ "expected_on": "2999-01-01", "lines": [{ "sku": "BOLT", "quantity": "50" }] });
        tenant.post("/v1/stock/expected-receipts", &expected).await.created();
        let customer = tenant.customer("Nordwind Supply").await;
        let first_one = of_bolts(tenant, &customer, "ship_complete", "6").await;
        let filled = of_bolts(tenant, &customer, "backorder", "4").await;
        let cancelled = of_bolts(tenant, &customer, "backorder", "5").await;
        let promises = async || {
            let mut promises = Vec::new();
            for order in [&filled, &cancelled] {
                promises.push(fields(&shown(tenant, order).await, ["backordered", "promised_on"])[0].clone());
            }
            promises
        };
        let (day, none) = (json!("2999-01-01"), json!(null));
        assert_eq!(promises().await, [[json!("4"), day.clone()], [json!("5"), day.clone()]]);
        tenant.step(id(&first_one), "cancel").await.ok();
        assert_eq!(promises().await, [[json!("0"), none.clone()], [json!("3"), day]]);
        let ended = tenant.step(id(&cancelled), "cancel").await.ok();
        assert_eq!(ended["lines"][0]["promised_on"], none);
        assert_eq!(promises().await, [[json!("0"), none.clone()], [json!("0"), none]]);
    });
}
