//! Wholesale orders: reserve, ship, invoice, cancel, and rejections.

mod addresses;
mod amend;
mod backorder;
mod held;
mod returns;
mod shipments;
mod undo;

use serde_json::{Value, json};
use tests::{Level, lines, with_tenant};

const ORDERS: &str = "/v1/orders";

fn id(document: &Value) -> String {
    document["id"].as_str().expect("an id").to_owned()
}

fn sum(values: impl IntoIterator<Item = Value>) -> i64 {
    let pennies =
        |value: Value| value.as_str().expect("an amount").replace('.', "").parse::<i64>().expect("an amount");
    values.into_iter().map(pennies).sum()
}

fn posted(entry: &[(String, String)]) -> Vec<(&str, &str)> {
    entry.iter().map(|(code, amount)| (code.as_str(), amount.as_str())).collect()
}

#[test]
fn an_order_goes_from_draft_to_invoice() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("200", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let reply = tenant.order(&customer, &[("BOLT", "150")], "draft").await;
        let order = reply.created();
        let order_id = id(&order);
        assert_eq!(reply.header("location"), Some(format!("/v1/orders/{order_id}").as_str()));
        assert_eq!(order["status"], "draft");
        assert_eq!(order["net"], "375.00");
        assert_eq!(order["total"], "450.00");
        assert_eq!(tenant.level("BOLT").await, Level::of("200", "0", "200"));
        assert_eq!(tenant.count("journal_entry").await, 1, "a draft posts nothing");

        let confirmed = tenant.step(&order_id, "confirm").await.ok();
        assert_eq!(confirmed["status"], "confirmed");
        assert_eq!(confirmed["lines"][0]["reserved"], "150");
        assert_eq!(tenant.level("BOLT").await, Level::of("200", "150", "200"));

        let shipped = tenant.step(&order_id, "ship").await.ok();
        assert_eq!(shipped["status"], "shipped");
        assert_eq!(shipped["lines"][0]["shipped"], "150");
        assert_eq!(tenant.level("BOLT").await, Level::of("50", "0", "50"));
        let entry = tenant.entry(&id(&shipped["shipments"][0])).await;
        assert_eq!(posted(&entry), [("1200", "-150.00"), ("1300", "150.00")]);

        let invoiced = tenant.step(&order_id, "invoice").await.ok();
        let invoice = &invoiced["invoices"][0];
        assert_eq!(invoiced["status"], "invoiced");
        assert_eq!(invoice["open"], "450.00");
        let entry = tenant.entry(&id(invoice)).await;
        let expected = [
            ("1100", "450.00"),
            ("1300", "-150.00"),
            ("2200", "-75.00"),
            ("4000", "-375.00"),
            ("5000", "150.00"),
        ];
        assert_eq!(posted(&entry), expected);
        let versions = [&order, &confirmed, &shipped, &invoiced].map(|order| order["version"].clone());
        assert_eq!(versions, [1, 2, 3, 4].map(Value::from));
    });
}

#[test]
fn an_order_can_be_taken_all_the_way_at_once() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("200", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        for (advance_to, level) in [
            ("draft", Level::of("200", "0", "200")),
            ("confirmed", Level::of("200", "10", "200")),
            ("shipped", Level::of("190", "10", "190")),
            ("invoiced", Level::of("180", "10", "180")),
        ] {
            let order = tenant.order(&customer, &[("BOLT", "10")], advance_to).await.created();
            assert_eq!(order["status"], advance_to);
            assert_eq!(tenant.level("BOLT").await, level, "{advance_to}");
        }
        let mut body =
            json!({ "customer_id": customer, "lines": lines(&[("BOLT", "1")]), "advance_to": "invoiced" });
        body["occurred_at"] = json!("2011-12-01T08:26:00Z");
        let order = tenant.post(ORDERS, &body).await.created();
        assert_eq!(order["invoices"][0]["occurred_at"], "2011-12-01T08:26:00Z");
        assert_eq!(order["invoices"][0]["due_on"], "2011-12-31", "net 30 days");
    });
}

#[test]
fn what_is_short_is_named_and_nothing_is_reserved() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("10", "1.00")).await;
        tenant.stocked("NUT", "2.50", ("10", "1.00")).await;
        tenant.stocked("NAIL", "2.50", ("10", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let wanted = [("BOLT", "6"), ("NUT", "11"), ("NAIL", "10"), ("BOLT", "5")];
        let draft = id(&tenant.order(&customer, &wanted, "draft").await.created());
        let problem = tenant.step(&draft, "confirm").await.refused(409, "insufficient_stock");
        let mut pointers = problem.pointers();
        pointers.sort_unstable();
        assert_eq!(pointers, ["#/lines/0/quantity", "#/lines/1/quantity", "#/lines/3/quantity"]);
        assert_eq!(problem.params("#/lines/3/quantity")["requested"], "11");
        assert_eq!(problem.params("#/lines/1/quantity")["available"], "10");
        for advance_to in ["confirmed", "shipped", "invoiced"] {
            tenant.order(&customer, &wanted, advance_to).await.refused(409, "insufficient_stock");
        }
        assert_eq!(tenant.count("reservation").await, 0);
        assert_eq!(tenant.count("sales_order").await, 1);
        tenant.open_stock(&[("BOLT", "1", "1"), ("NUT", "1", "1")]).await;
        tenant.step(&draft, "confirm").await.ok();
    });
}

#[test]
fn both_channels_draw_from_one_stock() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("10", "1.00")).await;
        let (customer, till) = (tenant.customer("Nordwind Supply").await, tenant.till().await);
        let order = id(&tenant.order(&customer, &[("BOLT", "7")], "confirmed").await.created());
        let problem = tenant.sell(&till, &[("BOLT", "4")]).await.refused(409, "insufficient_stock");
        assert_eq!(problem.params("#/lines/0/quantity")["available"], "3");
        tenant.sell(&till, &[("BOLT", "3")]).await.created();
        let problem =
            tenant.order(&customer, &[("BOLT", "1")], "confirmed").await.refused(409, "insufficient_stock");
        assert_eq!(problem.params("#/lines/0/quantity")["available"], "0");
        assert_eq!(tenant.step(&order, "cancel").await.ok()["status"], "cancelled");
        assert_eq!(tenant.level("BOLT").await, Level::of("7", "0", "7"));
        tenant.sell(&till, &[("BOLT", "7")]).await.created();
    });
}

#[test]
fn partial_shipments_and_their_invoices_add_up_to_the_order() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "0.333333", ("10", "0.123457")).await;
        tenant.stocked("NUT", "9.99", ("7", "3.33")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let lines = json!([
            { "sku": "BOLT", "quantity": "10", "discount": { "percent": "7.5" } },
            { "sku": "NUT", "quantity": "7" },
        ]);
        let body = json!({ "customer_id": customer, "lines": lines, "advance_to": "confirmed", "discount": { "amount": "1.00" } });
        let order = tenant.post(ORDERS, &body).await.created();
        let (order_id, ship) = (id(&order), format!("{ORDERS}/{}/ship", id(&order)));
        let first =
            json!({ "lines": [{ "line_no": 1, "quantity": "3" }, { "line_no": 2, "quantity": "2" }] });
        let partly = tenant.post(&ship, &first).await.ok();
        assert_eq!(partly["status"], "partially_shipped");
        let mut invoices =
            tenant.step(&order_id, "invoice").await.ok()["invoices"].as_array().expect("invoices").clone();
        let second = json!({ "lines": [{ "line_no": 1, "quantity": "4" }] });
        tenant.post(&ship, &second).await.ok();
        let rest = tenant.step(&order_id, "ship").await.ok();
        assert_eq!(rest["status"], "shipped");
        let last = tenant.step(&order_id, "invoice").await.ok();
        assert_eq!(last["status"], "invoiced");
        invoices.extend(last["invoices"].as_array().expect("invoices").iter().cloned());
        assert_eq!(invoices.len(), 3, "one invoice a shipment");
        for amount in ["net", "tax", "total"] {
            let billed = sum(invoices.iter().map(|invoice| invoice[amount].clone()));
            assert_eq!(billed, sum([order[amount].clone()]), "{amount}");
        }
        assert_eq!(tenant.level("BOLT").await, Level::of("0", "0", "0"));
        assert_eq!(tenant.balance("1300").await, "0.00");
    });
}

#[test]
fn shipping_is_checked_line_by_line() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("10", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = id(&tenant.order(&customer, &[("BOLT", "6")], "confirmed").await.created());
        let ship = format!("{ORDERS}/{order}/ship");
        for (lines, status, code, pointer) in [
            (json!([{ "line_no": 1, "quantity": "7" }]), 422, "validation_failed", "#/lines/0/quantity"),
            (json!([{ "line_no": 1, "quantity": "0" }]), 422, "validation_failed", "#/lines/0/quantity"),
            (json!([{ "line_no": 1, "quantity": "-1" }]), 422, "validation_failed", "#/lines/0/quantity"),
            (json!([{ "line_no": 2 }]), 404, "not_found", "#/lines/0/line_no"),
            (
                json!([{ "line_no": 1, "quantity": "1" }, { "line_no": 1, "quantity": "1" }]),
                422,
                "validation_failed",
                "#/lines/1/line_no",
            ),
        ] {
            tenant.post(&ship, &json!({ "lines": lines })).await.refused(status, code).names(&[pointer]);
        }
        let early = json!({ "occurred_at": "2999-01-01T00:00:00Z" });
        tenant.post(&ship, &early).await.refused(422, "validation_failed").names(&["#/occurred_at"]);
        tenant.post(&ship, &json!({ "lines": [{ "line_no": 1, "quantity": "6" }] })).await.ok();
        tenant.post(&ship, &json!({})).await.refused(409, "invalid_state_transition");
    });
}

#[test]
fn a_step_out_of_order_is_refused() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("100", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        for (advance_to, refused) in [
            ("draft", vec!["release", "ship", "invoice"]),
            ("confirmed", vec!["confirm", "release", "invoice"]),
            ("shipped", vec!["confirm", "release", "cancel", "ship"]),
            ("invoiced", vec!["confirm", "release", "cancel", "ship", "invoice"]),
        ] {
            let order = id(&tenant.order(&customer, &[("BOLT", "1")], advance_to).await.created());
            for verb in refused {
                tenant.step(&order, verb).await.refused(409, "invalid_state_transition");
            }
        }
        let order = id(&tenant.order(&customer, &[("BOLT", "1")], "draft").await.created());
        tenant.step(&order, "cancel").await.ok();
        for verb in ["confirm", "release", "cancel", "ship", "invoice"] {
            tenant.step(&order, verb).await.refused(409, "invalid_state_transition");
        }
        let unknown = "ord_01h455vb4pex5vsknk084sn02q";
        for verb in ["confirm", "release", "cancel", "ship", "invoice"] {
            tenant.step(unknown, verb).await.refused(404, "not_found");
        }
        tenant.step("ord_1", "confirm").await.refused(400, "invalid_id");
    });
}

#[test]
fn over_the_credit_limit_an_order_waits_for_someone_who_may_release_it() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = tenant.customer_with("Nordwind Supply", json!({ "credit_limit": "120" })).await;
        let within = id(&tenant.order(&customer, &[("BOLT", "10")], "confirmed").await.created());
        let order = tenant.order(&customer, &[("BOLT", "1")], "confirmed").await.created();
        assert_eq!(order["status"], "on_hold");
        assert_eq!(order["hold_reasons"].as_array().map(Vec::len), Some(1));
        assert_eq!(tenant.level("BOLT").await.reserved, "10", "an order on hold reserves nothing");
        let order = id(&order);
        tenant.step(&order, "ship").await.refused(409, "invalid_state_transition");
        let key = crate::platform::auth::key(tenant, &["orders:write"]).await;
        let release = format!("{ORDERS}/{order}/release");
        let problem =
            tenant.with_key(&key).post(&release, &json!({})).await.refused(403, "insufficient_scope");
        assert_eq!(problem.0["required_scope"], "credit:approve");
        let released = tenant.step(&order, "release").await.ok();
        assert_eq!(released["status"], "confirmed");
        assert_eq!(released["hold_reasons"], json!([]));
        assert_eq!(tenant.level("BOLT").await.reserved, "11");
        for advance_to in ["shipped", "invoiced"] {
            tenant.order(&customer, &[("BOLT", "1")], advance_to).await.refused(409, "credit_exceeded");
        }
        tenant.step(&within, "cancel").await.ok();
        tenant.order(&customer, &[("BOLT", "9")], "invoiced").await.created();
        let account = tenant.get(&format!("/v1/customers/{customer}/account")).await.ok();
        let figures = ["receivable", "ordered", "shipped", "exposure", "credit_available"]
            .map(|name| account[name].clone());
        assert_eq!(figures, ["108.00", "12.00", "0.00", "120.00", "0.00"].map(Value::from));
    });
}

#[test]
fn a_payment_makes_room_and_prepaid_uses_no_credit() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = tenant.customer_with("Nordwind Supply", json!({ "credit_limit": "120" })).await;
        tenant.order(&customer, &[("BOLT", "10")], "invoiced").await.created();
        tenant.order(&customer, &[("BOLT", "10")], "invoiced").await.refused(409, "credit_exceeded");
        let payment = json!({ "customer_id": customer, "method": "bank", "amount": "200" });
        tenant.post("/v1/payments", &payment).await.created();
        tenant.order(&customer, &[("BOLT", "16")], "invoiced").await.created();
        tenant.order(&customer, &[("BOLT", "1")], "invoiced").await.refused(409, "credit_exceeded");
        let prepaid = json!({ "credit_limit": "0", "payment_terms": "prepaid" });
        let prepaid = tenant.customer_with("Kontor Vorkasse", prepaid).await;
        tenant.order(&prepaid, &[("BOLT", "10")], "invoiced").await.refused(409, "credit_exceeded");
        tenant.patch("/v1/settings", &json!({ "hold_unpaid": false })).await.ok();
        tenant.order(&prepaid, &[("BOLT", "10")], "invoiced").await.created();
    });
}

#[test]
fn who_may_not_buy_is_refused() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let blocked = tenant.customer_with("Nordwind Supply", json!({ "status": "blocked" })).await;
        let number = tenant.get(&format!("/v1/customers/{blocked}")).await.ok()["number"].clone();
        let reply = tenant.order(&blocked, &[("BOLT", "1")], "draft").await;
        let problem = reply.refused(409, "invalid_state_transition").names(&["#/customer_id"]).0;
        let expected = format!("Customer {} is blocked.", number.as_str().expect("a number"));
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.starts_with(&expected)), "{problem}");
        let reply = tenant.order("cus_01h455vb4pex5vsknk084sn02q", &[("BOLT", "1")], "draft").await;
        reply.refused(404, "not_found").names(&["#/customer_id"]);
    });
}

#[test]
fn an_order_of_a_customer_who_was_blocked_meanwhile_does_not_go_on() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let draft = id(&tenant.order(&customer, &[("BOLT", "1")], "draft").await.created());
        let path = format!("/v1/customers/{customer}");
        tenant.patch(&path, &json!({ "credit_limit": "0" })).await.ok();
        let held = tenant.order(&customer, &[("BOLT", "1")], "confirmed").await.created();
        assert_eq!(held["status"], "on_hold");
        let held = id(&held);
        tenant.patch(&path, &json!({ "status": "blocked" })).await.ok();
        let number = tenant.get(&path).await.ok()["number"].clone();
        let expected = format!("Customer {} is blocked.", number.as_str().expect("a number"));
        let refuses = async |order: &str, verb: &str| {
            // The body has no customer, so the rejection points to no field.
            let problem =
                tenant.step(order, verb).await.refused(409, "invalid_state_transition").names(&[]).0;
            assert!(problem["detail"].as_str().is_some_and(|text| text.starts_with(&expected)), "{problem}");
        };
        refuses(&draft, "confirm").await;
        refuses(&held, "confirm").await;
        refuses(&held, "release").await;
    });
}

#[test]
fn a_number_of_the_callers_own_is_used_once() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let body = json!({ "customer_id": customer, "external_ref": "shop-10023", "lines": lines(&[("BOLT", "1")]) });
        let order = tenant.post(ORDERS, &body).await.created();
        assert_eq!(order["external_ref"], "shop-10023");
        let problem = tenant.post(ORDERS, &body).await.refused(409, "duplicate_external_ref");
        problem.names(&["#/external_ref"]);
        let item = |key: &str, reference: &str| {
            let mut body = body.clone();
            body["external_ref"] = json!(reference);
            json!({ "idempotency_key": key, "body": body })
        };
        let items = json!({ "items": [item("a", "new-1"), item("b", "shop-10023"), item("c", "new-2"), item("d", "new-1")] });
        let answer =
            tenant.call(reqwest::Method::POST, "/v1/orders/batch").json(&items).send().await.expect(207);
        let results = answer["results"].as_array().expect("results");
        let statuses: Vec<&Value> = results.iter().map(|result| &result["status"]).collect();
        assert_eq!(statuses, [201, 409, 201, 409], "{answer}");
        assert_eq!(tenant.count("sales_order").await, 3);
    });
}

#[test]
fn an_order_in_cases_reserves_pieces() {
    with_tenant(async |tenant| {
        let units = json!([{ "uom": "XCS", "factor": "24" }]);
        tenant.product_with("BOLT", json!({ "list_price": "0.105", "units": units })).await;
        tenant.open_stock(&[("BOLT", "100", "0.05")]).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let lines =
            json!([{ "sku": "BOLT", "uom": "XCS", "quantity": "2" }, { "sku": "BOLT", "quantity": "2" }]);
        let body = json!({ "customer_id": customer, "lines": lines, "advance_to": "confirmed" });
        let order = tenant.post(ORDERS, &body).await.created();
        let line = &order["lines"][0];
        assert_eq!(line["quantity"], "2");
        assert_eq!(line["stock_quantity"], "48");
        assert_eq!(line["unit_price"], "2.52");
        assert_eq!(line["reserved"], "48");
        assert_eq!(order["net"], "5.25");
        assert_eq!(tenant.level("BOLT").await.reserved, "50");
        let more = json!({ "customer_id": customer, "lines": [{ "sku": "BOLT", "uom": "XCS", "quantity": "3" }], "advance_to": "confirmed" });
        let problem = tenant.post(ORDERS, &more).await.refused(409, "insufficient_stock");
        assert_eq!(
            problem.params("#/lines/0/quantity"),
            &json!({ "sku": "BOLT", "requested": "72", "available": "50", "uom": "C62" })
        );
    });
}

#[test]
fn a_dry_run_of_an_order_leaves_nothing() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let draft = id(&tenant.order(&customer, &[("BOLT", "5")], "draft").await.created());
        let before = tenant.footprint().await;
        let body =
            json!({ "customer_id": customer, "lines": lines(&[("BOLT", "2")]), "advance_to": "invoiced" });
        let shown = tenant.dry_run(ORDERS, &body).await.ok();
        assert_eq!(shown["document"]["status"], "invoiced");
        assert_eq!(shown["effects"]["stock"][0]["quantity"], "-2");
        let shown = tenant.dry_run(&format!("{ORDERS}/{draft}/confirm"), &json!({})).await.ok();
        assert_eq!(shown["effects"]["reservations"][0]["quantity"], "5");
        assert_eq!(tenant.footprint().await, before);
        assert_eq!(tenant.level("BOLT").await, Level::of("100", "0", "100"));
    });
}
