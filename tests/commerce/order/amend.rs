//! Amendments: lines, prices, stock and credit of an order that is changed before it ships.

use chrono::TimeDelta;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tests::{Level, Reply, Tenant, environment, with_tenant, with_tenant_as};

use crate::lot::{day, received, tracked};

const ORDERS: &str = "/v1/orders";

fn id(document: &Value) -> &str {
    document["id"].as_str().expect("an id")
}

fn path(order: &Value) -> String {
    format!("{ORDERS}/{}/amend", id(order))
}

async fn amend(tenant: &Tenant, order: &Value, lines: Value) -> Reply {
    tenant.post(&path(order), &json!({ "lines": lines })).await
}

async fn shown(tenant: &Tenant, order: &Value) -> Value {
    tenant.get(&format!("{ORDERS}/{}", id(order))).await.ok()
}

/// Returns fields of each line.
fn fields<const N: usize>(order: &Value, names: [&str; N]) -> Vec<[Value; N]> {
    let lines = order["lines"].as_array().expect("lines");
    lines.iter().map(|line| names.map(|name| line[name].clone())).collect()
}

/// Returns reserved, backordered and cancelled of each line.
fn stock(order: &Value) -> Vec<[String; 3]> {
    let text = |value: Value| value.as_str().expect("a quantity").to_owned();
    let lines = fields(order, ["reserved", "backordered", "cancelled"]);
    lines.into_iter().map(|line| line.map(text)).collect()
}

fn sums(order: &Value) -> [&str; 3] {
    ["net", "tax", "total"].map(|name| order[name].as_str().expect("an amount"))
}

/// Returns a confirmed order of one line of bolts.
async fn of_bolts(tenant: &Tenant, customer: &str, policy: &str, quantity: &str) -> Value {
    let order = json!({ "customer_id": customer, "policy": policy, "advance_to": "confirmed",
        "lines": [{ "sku": "BOLT", "quantity": quantity }] });
    tenant.post(ORDERS, &order).await.created()
}

fn first(quantity: &str) -> Value {
    json!([{ "line_no": 1, "quantity": quantity }])
}

async fn receive(tenant: &Tenant, sku: &str, quantity: &str) {
    let line = json!({ "sku": sku, "quantity": quantity, "unit_cost": "1" });
    tenant.post("/v1/stock/documents", &json!({ "kind": "receipt", "lines": [line] })).await.created();
}

#[test]
fn lines_are_changed_removed_and_added_with_their_reservations_and_sums() {
    with_tenant(async |tenant| {
        let bolt = tenant.stocked("BOLT", "2.50", ("100", "1.00")).await;
        for (sku, price) in [("NUT", "1.00"), ("NAIL", "4.00"), ("SCREW", "2.00")] {
            tenant.stocked(sku, price, ("50", "1.00")).await;
        }
        let customer = tenant.customer("Nordwind Supply").await;
        let wanted = [("BOLT", "10"), ("NUT", "5"), ("NAIL", "2")];
        let order = tenant.order(&customer, &wanted, "confirmed").await.created();
        tenant.patch(&format!("/v1/products/{}", bolt.id), &json!({ "list_price": "3.00" })).await.ok();

        let lines = json!([{ "line_no": 1, "quantity": "15" }, { "sku": "SCREW", "quantity": "4" },
            { "line_no": 3, "product_id": order["lines"][2]["product_id"], "quantity": "2" },
            { "sku": "BOLT", "quantity": "1" }]);
        let amended = amend(tenant, &order, lines).await.ok();
        assert_eq!((&amended["status"], &amended["version"]), (&json!("confirmed"), &json!(2)));
        let named = fields(&amended, ["line_no", "sku", "quantity", "reserved", "unit_price", "net"]);
        let expected = [
            [json!(1), json!("BOLT"), json!("15"), json!("15"), json!("2.50"), json!("37.50")],
            [json!(3), json!("NAIL"), json!("2"), json!("2"), json!("4.00"), json!("8.00")],
            [json!(4), json!("SCREW"), json!("4"), json!("4"), json!("2.00"), json!("8.00")],
            [json!(5), json!("BOLT"), json!("1"), json!("1"), json!("3.00"), json!("3.00")],
        ];
        assert_eq!(named, expected, "a line that is kept has its price, a new one that of now");
        assert_eq!(sums(&amended), ["56.50", "11.30", "67.80"]);
        let read = shown(tenant, &order).await;
        assert_eq!((&read["lines"], sums(&read)), (&amended["lines"], sums(&amended)));
        let mut reserved = Vec::new();
        for sku in ["BOLT", "NUT", "NAIL", "SCREW"] {
            reserved.push(tenant.level(sku).await.reserved);
        }
        assert_eq!(reserved, ["16", "0", "2", "4"]);
        assert_eq!(tenant.events(&format!("type=order.amended&document_id={}", id(&order))).await.len(), 1);
        assert_eq!(tenant.check_now().await, Vec::<String>::new());

        let fewer = amend(tenant, &order, first("4")).await.ok();
        assert_eq!(sums(&fewer), ["10.00", "2.00", "12.00"]);
        assert_eq!(tenant.level("BOLT").await, Level::of("100", "4", "100"));
        assert_eq!(tenant.level("SCREW").await.reserved, "0");
        tenant.step(id(&order), "ship").await.ok();
        let invoiced = tenant.step(id(&order), "invoice").await.ok();
        assert_eq!((&invoiced["status"], sums(&invoiced["invoices"][0])), (&json!("invoiced"), sums(&fewer)));
        assert_eq!(tenant.level("BOLT").await, Level::of("96", "0", "96"));
    });
}

#[test]
fn a_draft_stays_a_draft_and_a_repeat_and_a_dry_run_change_nothing() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("100", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let draft = tenant.order(&customer, &[("BOLT", "10")], "draft").await.created();
        let body = json!({ "version": 1, "reference": "PO 4712", "requested_on": "2999-01-01", "lines": first("500") });
        let amended = tenant.post_as(&path(&draft), "amend-1", &body).await.ok();
        assert_eq!((&amended["status"], sums(&amended)[0]), (&json!("draft"), "1250.00"));
        assert_eq!(tenant.level("BOLT").await.reserved, "0");
        let again = tenant.post_as(&path(&draft), "amend-1", &body).await;
        assert!(again.is_replayed(), "{}", again.text);
        assert_eq!(again.ok(), amended);
        let read = shown(tenant, &draft).await;
        assert_eq!((&read["reference"], &read["requested_on"]), (&json!("PO 4712"), &json!("2999-01-01")));
        let later = amend(tenant, &draft, first("5")).await.ok();
        assert_eq!((&later["reference"], &later["requested_on"]), (&json!("PO 4712"), &json!("2999-01-01")));

        let order = of_bolts(tenant, &customer, "ship_complete", "10").await;
        let before = (tenant.footprint().await, shown(tenant, &order).await);
        let run = tenant.dry_run(&path(&order), &json!({ "lines": first("15") })).await.ok();
        assert_eq!(run["document"]["lines"][0]["reserved"], "15");
        assert_eq!(run["effects"]["reservations"][0]["quantity"], "15");
        assert_eq!((tenant.footprint().await, shown(tenant, &order).await), before);
        assert_eq!(tenant.level("BOLT").await.reserved, "10");
    });
}

#[test]
fn a_line_keeps_what_was_agreed_until_another_price_or_discount_is_stated() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("100", "0.50")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let line = json!({ "sku": "BOLT", "quantity": "10", "discount": { "percent": "10" }, "description": "For the gate" });
        let order = json!({ "customer_id": customer, "advance_to": "confirmed", "lines": [line] });
        let order = tenant.post(ORDERS, &order).await.created();
        let figures = |order: &Value| {
            let text = |value: Value| value.as_str().expect("an amount").to_owned();
            fields(order, ["unit_price", "gross", "discount", "net"])[0].clone().map(text)
        };
        let mut seen = Vec::new();
        for more in [
            json!({}),
            json!({ "discount": { "percent": "0" } }),
            json!({ "unit_price": "2.00", "price_reason": "Offer of a competitor" }),
        ] {
            let mut line = json!({ "line_no": 1, "quantity": "4" });
            more.as_object().into_iter().flatten().for_each(|(name, value)| line[name] = value.clone());
            let amended = amend(tenant, &order, json!([line])).await.ok();
            assert_eq!(amended["lines"][0]["description"], "For the gate");
            seen.push(figures(&amended));
        }
        let expected = [
            ["2.50", "10.00", "1.00", "9.00"],
            ["2.50", "10.00", "0.00", "10.00"],
            ["2.00", "8.00", "0.00", "8.00"],
        ];
        assert_eq!(seen, expected);
    });
    with_tenant_as(
        |tenant| tenant.prices_include_tax = true,
        async |tenant| {
            tenant.stocked("BOLT", "9.99", ("100", "0.50")).await;
            let customer = tenant.customer("Nordwind Supply").await;
            let order = of_bolts(tenant, &customer, "ship_complete", "1").await;
            assert_eq!(amend(tenant, &order, first("3")).await.ok()["total"], "29.97");
            let line = json!({ "line_no": 1, "quantity": "1", "discount": { "percent": "10" } });
            assert_eq!(amend(tenant, &order, json!([line])).await.ok()["total"], "8.99");
            assert_eq!(amend(tenant, &order, first("3")).await.ok()["total"], "26.97");
        },
    );
}

#[test]
fn a_tax_is_rounded_once_for_kept_and_new_lines() {
    let line = |line_no: i32| json!({ "line_no": line_no, "quantity": "1" });
    let with = |include: bool, expected: [[&'static str; 3]; 4]| {
        with_tenant_as(
            move |tenant| tenant.prices_include_tax = include,
            async |tenant| {
                tenant.stocked("PIN", "0.02", ("100", "0.01")).await;
                let customer = tenant.customer("Nordwind Supply").await;
                let pins = [("PIN", "1"); 3];
                let order = tenant.order(&customer, &pins, "confirmed").await.created();
                assert_eq!(sums(&order), expected[0]);
                let lines = [
                    json!([line(1), line(2), line(3)]),
                    json!([line(2), line(3)]),
                    json!([line(2), line(3), { "sku": "PIN", "quantity": "2" }]),
                ];
                for (lines, expected) in lines.into_iter().zip(&expected[1..]) {
                    let amended = amend(tenant, &order, lines).await.ok();
                    assert_eq!(sums(&amended), *expected);
                    assert_eq!(sums(&shown(tenant, &order).await), *expected);
                }
            },
        );
    };
    let three = ["0.06", "0.01", "0.07"];
    with(false, [three, three, ["0.04", "0.01", "0.05"], ["0.08", "0.02", "0.10"]]);
    let three = ["0.05", "0.01", "0.06"];
    with(true, [three, three, ["0.03", "0.01", "0.04"], ["0.07", "0.01", "0.08"]]);
}

#[test]
fn a_low_price_that_another_agreed_is_not_extended_by_a_caller_with_limits() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("100", "0.50")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let line = json!({ "sku": "BOLT", "quantity": "5", "unit_price": "1.00", "price_reason": "Sample" });
        let order = json!({ "customer_id": customer, "advance_to": "confirmed", "lines": [line] });
        let order = tenant.post(ORDERS, &order).await.created();
        let limited = json!({ "scopes": ["orders:write"], "discount_max": "10" });
        let clerk = tenant.with_key(&crate::platform::auth::key_with(tenant, limited).await.1);
        let more = json!({ "lines": first("50") });
        let refused = clerk.post(&path(&order), &more).await.refused(403, "discount_exceeded");
        refused.names(&["#/lines/0/discount"]);
        let stated = json!({ "lines": [{ "line_no": 1, "quantity": "5", "unit_price": "0.90" }] });
        let refused = clerk.post(&path(&order), &stated).await.refused(403, "insufficient_scope");
        refused.names(&["#/lines/0/unit_price"]);
        let fewer = clerk.post(&path(&order), &json!({ "lines": first("2") })).await.ok();
        assert_eq!((&fewer["lines"][0]["unit_price"], sums(&fewer)[0]), (&json!("1.00"), "2.00"));
    });
}

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
        assert_eq!(stock(&amend(tenant, &order, first("7")).await.ok()), [["7", "0", "0"]]);
        tenant.step(id(&other), "cancel").await.ok();

        let partial = of_bolts(tenant, &customer, "partial", "8").await;
        assert_eq!(stock(&partial), [["3", "0", "5"]]);
        receive(tenant, "BOLT", "5").await;
        assert_eq!(stock(&amend(tenant, &partial, first("7")).await.ok()), [["7", "0", "0"]]);
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
        assert_eq!(stock(&amend(tenant, &order, first("7")).await.ok()), [["7", "0", "0"]]);
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
        assert_eq!(stock(&amended), [["7", "0", "0"], ["3", "0", "0"]]);
        let grown = amend(tenant, &order, json!([line(1, "9"), line(2, "3")])).await.ok();
        assert_eq!(stock(&grown), [["7", "0", "2"], ["3", "0", "0"]]);
        assert_eq!(tenant.level("BOLT").await, Level::of("6", "10", "6"));
        let less = amend(tenant, &order, json!([line(1, "5"), line(2, "3")])).await.ok();
        assert_eq!(stock(&less), [["5", "0", "0"], ["3", "0", "0"]]);
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
                waiting.push(stock(&shown(tenant, order).await)[0][1].clone());
            }
            waiting
        };
        assert_eq!(waiting().await, ["2", "3", "1"]);
        assert_eq!(stock(&amend(tenant, &orders[0], first("7")).await.ok()), [["6", "1", "0"]]);
        assert_eq!(stock(&amend(tenant, &orders[1], first("4")).await.ok()), [["0", "4", "0"]]);
        receive(tenant, "BOLT", "1").await;
        assert_eq!(waiting().await, ["0", "4", "1"], "the first one was not longer and is first");
        receive(tenant, "BOLT", "1").await;
        assert_eq!(waiting().await, ["0", "4", "0"], "the second one grew and is last");
        assert_eq!(stock(&amend(tenant, &orders[0], first("5")).await.ok()), [["5", "0", "0"]]);
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
fn more_than_the_credit_limit_holds_the_order() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = tenant.customer_with("Nordwind Supply", json!({ "credit_limit": "100" })).await;
        let order = of_bolts(tenant, &customer, "ship_complete", "5").await;
        let held = amend(tenant, &order, first("9")).await.ok();
        let reasons = json!(["The credit limit is exceeded by 8.00."]);
        assert_eq!((&held["status"], &held["hold_reasons"]), (&json!("on_hold"), &reasons));
        assert_eq!(tenant.level("BOLT").await.reserved, "0");
        let less = amend(tenant, &order, first("8")).await.ok();
        assert_eq!((&less["status"], &less["hold_reasons"]), (&json!("confirmed"), &json!([])));
        assert_eq!(tenant.level("BOLT").await.reserved, "8");
        tenant.patch(&format!("/v1/customers/{customer}"), &json!({ "credit_limit": "50" })).await.ok();
        let less = amend(tenant, &order, first("7")).await.ok();
        assert_eq!(less["status"], "confirmed", "an order that does not grow is not judged again");

        // A release is for the order as it was.
        assert_eq!(amend(tenant, &order, first("8")).await.ok()["status"], "on_hold");
        let released = tenant.step(id(&order), "release").await.ok();
        assert!(released["released_at"].is_string(), "{released}");
        let grown = amend(tenant, &order, first("20")).await.ok();
        assert_eq!((&grown["status"], &grown["released_at"]), (&json!("on_hold"), &json!(null)));
        tenant.step(id(&order), "ship").await.refused(409, "invalid_state_transition");
        tenant.step(id(&order), "release").await.ok();
        tenant.patch(&format!("/v1/customers/{customer}"), &json!({ "credit_limit": "1000" })).await.ok();
        let less = amend(tenant, &order, first("19")).await.ok();
        assert!(less["released_at"].is_string(), "{less}");
        let grown = amend(tenant, &order, first("21")).await.ok();
        assert_eq!((&grown["status"], &grown["released_at"]), (&json!("confirmed"), &json!(null)));
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn what_was_shipped_or_ended_or_is_in_another_currency_is_not_amended() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let partly = of_bolts(tenant, &customer, "ship_complete", "5").await;
        let part = json!({ "lines": [{ "line_no": 1, "quantity": "1" }] });
        tenant.post(&format!("{ORDERS}/{}/ship", id(&partly)), &part).await.ok();
        let shipped = tenant.order(&customer, &[("BOLT", "1")], "shipped").await.created();
        let invoiced = tenant.order(&customer, &[("BOLT", "1")], "invoiced").await.created();
        let cancelled = of_bolts(tenant, &customer, "ship_complete", "5").await;
        tenant.step(id(&cancelled), "cancel").await.ok();
        let line = json!({ "sku": "BOLT", "quantity": "1", "unit_price": "10.00" });
        let foreign =
            json!({ "customer_id": customer, "currency": "USD", "exchange_rate": "0.8", "lines": [line] });
        let foreign = tenant.post(ORDERS, &foreign).await.created();
        for (order, told) in [
            (partly, "is partially shipped"),
            (shipped, "is shipped"),
            (invoiced, "is invoiced"),
            (cancelled, "is cancelled"),
            (foreign, "is in USD"),
        ] {
            let problem = amend(tenant, &order, first("2")).await.refused(409, "invalid_state_transition");
            let detail = problem.0["detail"].as_str().expect("a text");
            assert!(detail.contains(told) && detail.contains("place a new"), "{detail}");
        }
        assert_eq!(tenant.level("BOLT").await, Level::of("97", "4", "97"));
    });
}

#[test]
fn wrong_lines_are_named_and_change_nothing() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        tenant.stocked("NUT", "1.00", ("100", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = tenant.order(&customer, &[("BOLT", "5"), ("NUT", "5")], "confirmed").await.created();
        let lines = json!([{ "line_no": 1, "quantity": "1" }, { "line_no": 1, "quantity": "1" },
            { "line_no": 9, "quantity": "1" }, { "line_no": 2, "sku": "BOLT", "quantity": "1" }]);
        let problem = amend(tenant, &order, lines).await.refused(422, "validation_failed");
        problem.names(&["#/lines/1/line_no", "#/lines/2/line_no", "#/lines/3/line_no"]);
        let lines = json!([{ "line_no": 1, "quantity": "0" }, { "line_no": 2, "quantity": "0.5" },
            { "sku": "BOLT", "quantity": "1", "uom": "XPX" }]);
        let problem = amend(tenant, &order, lines).await.refused(422, "validation_failed");
        problem.names(&["#/lines/0/quantity", "#/lines/1/quantity", "#/lines/2/uom"]);
        for (lines, pointer) in [
            (json!([]), "#/lines"),
            (json!([{ "quantity": "1" }]), "#/lines/0"),
            (json!([{ "line_no": 1, "barcode": "4006381333931", "quantity": "1" }]), "#/lines/0/barcode"),
            (
                json!([{ "line_no": 1, "quantity": "1", "discount": { "amount": "0.001" } }]),
                "#/lines/0/discount",
            ),
        ] {
            amend(tenant, &order, lines).await.refused(422, "validation_failed").names(&[pointer]);
        }
        let late = json!({ "version": 7, "lines": first("1") });
        tenant.post(&path(&order), &late).await.refused(412, "version_mismatch").names(&["#/version"]);
        assert_eq!(shown(tenant, &order).await["lines"], order["lines"]);

        // A problem of a later step names the place of a line, not its number.
        let draft = tenant.order(&customer, &[("BOLT", "5"), ("NUT", "500")], "draft").await.created();
        amend(tenant, &draft, json!([{ "line_no": 2, "quantity": "500" }])).await.ok();
        let short = tenant.step(id(&draft), "confirm").await.refused(409, "insufficient_stock");
        short.names(&["#/lines/0/quantity"]);
    });
}

#[test]
fn lines_of_bundles_and_of_undone_shipments_are_not_lost() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "3.00", ("50", "1.00")).await;
        tenant.stocked("LID", "1.00", ("50", "1.00")).await;
        let set = tenant.product_with("SET", json!({ "kind": "bundle", "list_price": "3.50" })).await;
        let parts =
            json!({ "components": [{ "sku": "MUG", "quantity": "1" }, { "sku": "LID", "quantity": "1" }] });
        tenant.put(&format!("/v1/products/{}/components", set.id), &parts).await.ok();
        let customer = tenant.customer("Nordwind Supply").await;
        let order = tenant.order(&customer, &[("SET", "2"), ("MUG", "1")], "confirmed").await.created();
        let line = |line_no: i32, quantity: &str| json!({ "line_no": line_no, "quantity": quantity });
        let all = json!([line(1, "2"), line(2, "2"), line(3, "4")]);
        let kept = amend(tenant, &order, all).await.ok();
        assert_eq!(sums(&kept)[0], "19.00", "7.00 and 12.00");
        for (lines, pointer) in [
            (json!([line(1, "3"), line(2, "2")]), "#/lines/0/line_no"),
            (json!([line(1, "2"), line(3, "4")]), "#/lines"),
            (
                json!([{ "line_no": 1, "quantity": "2", "lots": [{ "code": "A" }] }, line(2, "2")]),
                "#/lines/0/lots",
            ),
        ] {
            amend(tenant, &order, lines).await.refused(422, "validation_failed").names(&[pointer]);
        }
        let renewed = json!([line(3, "4"), { "sku": "SET", "quantity": "3" }]);
        let renewed = amend(tenant, &order, renewed).await.ok();
        assert_eq!(
            fields(&renewed, ["line_no", "sku"]),
            [[json!(3), json!("MUG")], [json!(4), json!("MUG")], [json!(5), json!("LID")]]
        );
        assert_eq!((sums(&renewed)[0], tenant.level("MUG").await.reserved.as_str()), ("22.50", "7"));

        let twice = tenant.order(&customer, &[("SET", "1"), ("SET", "2")], "confirmed").await.created();
        let one = amend(tenant, &twice, json!([line(3, "2"), line(4, "2")])).await.ok();
        assert_eq!(fields(&one, ["line_no"]), [[json!(3)], [json!(4)]], "one bundle is left out");

        let order = tenant.order(&customer, &[("MUG", "2"), ("LID", "2")], "shipped").await.created();
        tenant.post(&format!("/v1/shipments/{}/undo", id(&order["shipments"][0])), &json!({})).await.ok();
        let lost =
            amend(tenant, &order, json!([line(1, "2")])).await.refused(409, "invalid_state_transition");
        assert!(lost.0["detail"].as_str().is_some_and(|detail| detail.contains("Line 2")), "{}", lost.0);
        amend(tenant, &order, json!([line(1, "3"), line(2, "1")])).await.ok();
        let again = tenant.step(id(&order), "ship").await.ok();
        assert_eq!(again["status"], "shipped");
        assert_eq!(shown(tenant, &order).await["shipments"].as_array().map(Vec::len), Some(2));
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
        assert_eq!(stock(&amended), [["0", "0", "2"], ["0", "0", "2"], ["4", "0", "0"]]);
    });
}

#[test]
fn of_steps_at_once_one_comes_first() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("200", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let mut on_hand = 200;
        for _ in 0..5 {
            let order = of_bolts(tenant, &customer, "ship_complete", "5").await;
            let (amended, shipped) =
                join(amend(tenant, &order, first("8")), tenant.step(id(&order), "ship")).await;
            let left = if amended.status == 200 { 8 } else { 5 };
            if left == 5 {
                amended.refused(409, "invalid_state_transition");
            }
            assert_eq!(shipped.ok()["lines"][0]["shipped"], left.to_string());
            on_hand -= left;

            let order = of_bolts(tenant, &customer, "ship_complete", "5").await;
            let (amended, cancelled) =
                join(amend(tenant, &order, first("8")), tenant.step(id(&order), "cancel")).await;
            assert!(matches!(amended.status, 200 | 409), "{}", amended.text);
            assert_eq!(cancelled.ok()["status"], "cancelled");
        }
        let units = on_hand.to_string();
        assert_eq!(tenant.level("BOLT").await, Level::of(&units, "0", &units));

        let order = of_bolts(tenant, &customer, "ship_complete", "5").await;
        let bodies: Vec<Value> =
            ["6", "7", "8", "9"].map(|quantity| json!({ "version": 1, "lines": first(quantity) })).into();
        let address = path(&order);
        let replies = join_all(bodies.iter().map(|body| tenant.post(&address, body))).await;
        let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412, 412, 412]);
        let now = shown(tenant, &order).await;
        assert_eq!(now["lines"][0]["reserved"], now["lines"][0]["quantity"]);
        assert_eq!(tenant.level("BOLT").await.reserved, now["lines"][0]["reserved"].as_str().expect("units"));
    });
}
