//! Amendments: an order that is changed before it ships.

mod prices;
mod stock;

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tests::{Level, Reply, Tenant, with_tenant};

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
fn stock_of(order: &Value) -> Vec<[String; 3]> {
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
fn an_amendment_that_changes_nothing_writes_nothing() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("100", "1.00")).await;
        tenant.stocked("NUT", "1.00", ("3", "0.50")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let bolts = json!({ "sku": "BOLT", "quantity": "10", "discount": { "percent": "10" }, "description": "For the gate" });
        let order = json!({ "customer_id": customer, "reference": "PO 4711", "advance_to": "confirmed",
            "lines": [bolts, { "sku": "NUT", "quantity": "1" }] });
        let order = tenant.post(ORDERS, &order).await.created();
        let before = shown(tenant, &order).await;
        let lines = json!([{ "line_no": 2, "quantity": "1" },
            { "line_no": 1, "sku": "BOLT", "quantity": "10.0", "discount": { "percent": "10" } }]);
        let same = json!({ "version": 1, "reference": "PO 4711", "lines": lines });
        let kept = tenant.post_as(&path(&order), "same", &same).await.ok();
        assert_eq!((&kept, &shown(tenant, &order).await), (&before, &before));
        assert!(tenant.post_as(&path(&order), "same", &same).await.is_replayed());
        let run = tenant.dry_run(&path(&order), &same).await.ok();
        assert_eq!((&run["effects"]["events"], &run["effects"]["reservations"]), (&json!([]), &json!([])));
        let draft = tenant.order(&customer, &[("BOLT", "5")], "draft").await.created();
        assert_eq!(amend(tenant, &draft, first("5")).await.ok()["version"], 1);
        assert_eq!(tenant.events("type=order.amended").await, Vec::<Value>::new());
        let log = tenant.get("/v1/commands?limit=100").await;
        assert!(!log.text.contains("order.amended") && !log.text.contains("unchanged"), "{}", log.text);
        let other = json!({ "reference": "PO 4712", "lines": lines });
        assert_eq!(tenant.post(&path(&order), &other).await.ok()["version"], 2);

        // An order that is judged again or gets more stock changes, although its lines stay.
        let wanted = json!({ "customer_id": customer, "policy": "partial", "advance_to": "confirmed",
            "lines": [{ "sku": "NUT", "quantity": "5" }] });
        let partial = tenant.post(ORDERS, &wanted).await.created();
        assert_eq!(amend(tenant, &partial, first("5")).await.ok()["version"], 1);
        receive(tenant, "NUT", "10").await;
        let filled = amend(tenant, &partial, first("5")).await.ok();
        assert_eq!(
            (&filled["version"], stock_of(&filled)),
            (&json!(2), vec![["5", "0", "0"].map(str::to_owned)])
        );
        let limited = tenant.customer_with("Hansa Foods", json!({ "credit_limit": "10" })).await;
        let held = of_bolts(tenant, &limited, "ship_complete", "10").await;
        let still = amend(tenant, &held, first("10")).await.ok();
        assert_eq!((&still["status"], &still["version"]), (&json!("on_hold"), &json!(1)));
        tenant.patch(&format!("/v1/customers/{limited}"), &json!({ "credit_limit": "1000" })).await.ok();
        let free = amend(tenant, &held, first("10")).await.ok();
        assert_eq!((&free["status"], &free["version"]), (&json!("confirmed"), &json!(2)));
    });
}

#[test]
fn an_order_does_not_grow_at_a_location_that_no_longer_serves_wholesale() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("100", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = of_bolts(tenant, &customer, "ship_complete", "5").await;
        let path = format!("/v1/locations/{}", tenant.main);
        tenant.patch(&path, &json!({ "channels": ["retail"] })).await.ok();
        let kept = json!({ "line_no": 1, "quantity": "5" });
        for (lines, pointer) in [
            (first("6"), "#/lines/0/quantity"),
            (json!([kept, { "sku": "BOLT", "quantity": "1" }]), "#/lines/1/quantity"),
        ] {
            let refused = amend(tenant, &order, lines).await.refused(409, "invalid_state_transition");
            refused.names(&[pointer]);
        }
        assert_eq!(stock_of(&amend(tenant, &order, first("3")).await.ok()), [["3", "0", "0"]]);
    });
}

#[test]
fn a_line_of_an_archived_product_stays_or_shrinks() {
    with_tenant(async |tenant| {
        let bolt = tenant.stocked("BOLT", "2.50", ("100", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = of_bolts(tenant, &customer, "ship_complete", "5").await;
        let draft = tenant.order(&customer, &[("BOLT", "5")], "draft").await.created();
        tenant.patch(&format!("/v1/products/{}", bolt.id), &json!({ "status": "archived" })).await.ok();
        let more = json!([{ "line_no": 1, "quantity": "5" }, { "sku": "BOLT", "quantity": "1" }]);
        for order in [&order, &draft] {
            let refused = amend(tenant, order, first("6")).await.refused(409, "invalid_state_transition");
            assert!(refused.0["detail"].as_str().is_some_and(|detail| detail.contains("archived")));
            refused.names(&["#/lines/0/quantity"]);
            let refused = amend(tenant, order, more.clone()).await.refused(422, "validation_failed");
            refused.names(&["#/lines/1/sku"]);
            amend(tenant, order, first("5")).await.ok();
            assert_eq!(amend(tenant, order, first("3")).await.ok()["lines"][0]["quantity"], "3");
        }
        assert_eq!(tenant.level("BOLT").await, Level::of("100", "3", "100"));
    });
}

#[test]
fn an_order_of_a_blocked_customer_shrinks_and_does_not_grow() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        tenant.stocked("NUT", "10.00", ("100", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = tenant.order(&customer, &[("BOLT", "5"), ("NUT", "5")], "confirmed").await.created();
        let poor = tenant.customer_with("Alder Wholesale", json!({ "credit_limit": "10.00" })).await;
        let held = of_bolts(tenant, &poor, "ship_complete", "5").await;
        assert_eq!(held["status"], "on_hold");
        for customer in [&customer, &poor] {
            let blocked = json!({ "status": "blocked", "credit_limit": null });
            tenant.patch(&format!("/v1/customers/{customer}"), &blocked).await.ok();
        }
        let (bolts, nuts) =
            (json!({ "line_no": 1, "quantity": "5" }), json!({ "line_no": 2, "quantity": "5" }));
        for (lines, pointers) in [
            (json!([{ "line_no": 1, "quantity": "6" }, nuts]), &["#/lines/0/quantity"][..]),
            (json!([bolts, nuts, { "sku": "NUT", "quantity": "1" }]), &["#/lines/2/quantity"][..]),
            (json!([{ "line_no": 1, "quantity": "5", "unit_price": "11.00" }, nuts]), &[][..]),
        ] {
            let refused = amend(tenant, &order, lines).await.refused(409, "invalid_state_transition");
            assert!(refused.0["detail"].as_str().is_some_and(|detail| detail.contains("is blocked")));
            refused.names(pointers);
        }
        let fewer = amend(tenant, &order, first("3")).await.ok();
        assert_eq!(fewer["status"], "confirmed");
        assert_eq!(stock_of(&fewer), [["3", "0", "0"]]);
        assert_eq!(tenant.level("BOLT").await, Level::of("100", "3", "100"));

        // Its credit would do, but nothing is confirmed for a blocked customer.
        amend(tenant, &held, first("6")).await.refused(409, "invalid_state_transition");
        let fewer = amend(tenant, &held, first("4")).await.ok();
        assert_eq!((&fewer["status"], &fewer["lines"][0]["quantity"]), (&json!("on_hold"), &json!("4")));
        assert_eq!(fewer["hold_reasons"], held["hold_reasons"]);
        assert_eq!(tenant.level("BOLT").await, Level::of("100", "3", "100"));
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
            (json!([{ "line_no": 0, "quantity": "1" }]), "#/lines/0/line_no"),
            (json!([{ "line_no": -1, "quantity": "1" }]), "#/lines/0/line_no"),
            (json!([{ "line_no": 2001, "quantity": "1" }]), "#/lines/0/line_no"),
            (json!([{ "line_no": 1, "barcode": "4006381333931", "quantity": "1" }]), "#/lines/0/barcode"),
            (
                json!([{ "line_no": 1, "quantity": "1", "discount": { "amount": "0.001" } }]),
                "#/lines/0/discount",
            ),
        ] {
            amend(tenant, &order, lines).await.refused(422, "validation_failed").names(&[pointer]);
        }
        let late = json!({ "version": 7, "lines": first("1") });
        let problem = tenant.post(&path(&order), &late).await.refused(412, "version_mismatch");
        assert_eq!(problem.0["current_version"], order["version"].to_string(), "{}", problem.0);
        assert_eq!(problem.params("#/version")["current_version"], problem.0["current_version"]);
        problem.names(&["#/version"]);
        let none = json!({ "version": 0, "lines": first("1") });
        tenant.post(&path(&order), &none).await.refused(422, "validation_failed").names(&["#/version"]);
        amend(tenant, &order, json!([{ "line_no": 2000, "quantity": "1" }])).await.refused(404, "not_found");
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
