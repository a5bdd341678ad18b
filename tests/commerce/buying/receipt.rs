//! Receipts of purchase orders: stock, cost, ledger, lots, and the tolerance.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Level, Tenant, environment, with_tenant};

use super::{PURCHASES, of_lines, order, path, step, supplier};

/// Writes and sends an order of one product.
async fn sent(tenant: &Tenant, supplier: &str, line: Value) -> Value {
    order(tenant, json!({ "supplier_id": supplier, "lines": [line] }), &["send"]).await
}

/// A box of 12 is ordered. It is one of 10 when the goods come.
#[test]
fn a_unit_that_changed_since_the_order_changes_neither_quantity_nor_cost() {
    with_tenant(async |tenant| {
        let units = |factor: &str| json!({ "units": [{ "uom": "XBX", "factor": factor }] });
        let mug = tenant.product_with("MUG", units("12")).await.id;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let line = json!({ "sku": "MUG", "quantity": "10", "uom": "XBX", "unit_cost": "12.00" });
        let made = sent(tenant, &pottery, line).await;
        tenant.patch(&format!("/v1/products/{mug}"), &units("10")).await.ok();
        let one = json!({ "lines": [{ "line_no": 1, "quantity": "1" }] });
        let first = step(tenant, &made, "receive", one).await.ok();
        assert_eq!(of_lines(&first, "received"), ["10"]);
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "10"));
        let last = step(tenant, &made, "receive", json!({})).await.ok();
        assert_eq!((&last["status"], of_lines(&last, "received")), (&json!("received"), vec![json!("120")]));
        let again = sent(
            tenant,
            &pottery,
            json!({ "sku": "MUG", "quantity": "2", "uom": "XBX", "unit_cost": "12.00" }),
        )
        .await;
        tenant.patch(&format!("/v1/products/{mug}"), &units("40")).await.ok();
        let whole = step(tenant, &again, "receive", json!({})).await.ok();
        assert_eq!((&whole["status"], of_lines(&whole, "received")), (&json!("received"), vec![json!("20")]));
        assert_eq!(tenant.level("MUG").await, Level::of("140", "0", "144"));
    });
}

#[test]
fn a_part_is_received_at_the_cost_of_the_order() {
    with_tenant(async |tenant| {
        let units = json!([{ "uom": "XBX", "factor": "12" }]);
        tenant.product_with("MUG", json!({ "list_price": "10.00", "units": units })).await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let made = sent(
            tenant,
            &pottery,
            json!({ "sku": "MUG", "quantity": "10", "uom": "XBX", "unit_cost": "10.00" }),
        )
        .await;
        let part = json!({ "reference": "DN 1", "lines": [{ "line_no": 1, "quantity": "4" }] });
        let first = step(tenant, &made, "receive", part).await.ok();
        assert_eq!(
            (&first["status"], of_lines(&first, "received"), of_lines(&first, "open")),
            (&json!("partly_received"), vec![json!("48")], vec![json!("72")])
        );
        assert_eq!(tenant.level("MUG").await, Level::of("48", "0", "40"));
        let receipt = first["receipt_id"].as_str().expect("a receipt");
        let expected = [("1200".to_owned(), "40.00".to_owned()), ("2100".to_owned(), "-40.00".to_owned())];
        assert_eq!(tenant.entry(receipt).await, expected);
        let document = tenant.get(&format!("/v1/stock/documents/{receipt}")).await.ok();
        assert_eq!(
            (&document["kind"], &document["reference"], &document["value"]),
            (&json!("receipt"), &json!("DN 1"), &json!("40.00"))
        );
        // 7 pieces of a box, at the cost of a twelfth each; then the rest, which is no whole box.
        let pieces = json!({ "lines": [{ "line_no": 1, "quantity": "7", "uom": "C62" }] });
        let second = step(tenant, &made, "receive", pieces).await.ok();
        assert_eq!(of_lines(&second, "received"), ["55"]);
        assert_eq!(tenant.level("MUG").await, Level::of("55", "0", "45.83"));
        let last = step(tenant, &made, "receive", json!({})).await.ok();
        assert_eq!((&last["status"], of_lines(&last, "received")), (&json!("received"), vec![json!("120")]));
        assert_eq!(tenant.level("MUG").await, Level::of("120", "0", "100"));
        step(tenant, &made, "receive", json!({})).await.refused(422, "validation_failed").names(&["#/lines"]);
        let receipts = tenant.get(&format!("{}/receipts?limit=2", path(&made))).await.ok();
        let quantities: Vec<&Value> =
            receipts["data"].as_array().expect("receipts").iter().map(|row| &row["quantity"]).collect();
        assert_eq!(quantities, ["48", "7"]);
        let cursor = receipts["page"]["next_cursor"].as_str().expect("a cursor");
        let rest = tenant.get(&format!("{}/receipts?limit=2&cursor={cursor}", path(&made))).await.ok();
        assert_eq!(
            (&rest["data"][0]["quantity"], &rest["data"][0]["value"]),
            (&json!("65"), &json!("54.17"))
        );
        assert_eq!(rest["data"][0]["stock_document_id"], last["receipt_id"]);
        let closed = step(tenant, &made, "close", json!({})).await.ok();
        assert_eq!((&closed["status"], of_lines(&closed, "cancelled")), (&json!("closed"), vec![json!("0")]));
    });
}

#[test]
fn more_than_the_tolerance_is_refused_and_says_what_to_do() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({ "over_receipt_percent": "15" })).await;
        let made = sent(tenant, &pottery, json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" })).await;
        let receive = async |quantity: &str| {
            step(tenant, &made, "receive", json!({ "lines": [{ "line_no": 1, "quantity": quantity }] })).await
        };
        receive("8").await.ok();
        let beyond = receive("4").await;
        let problem = beyond.refused(422, "receipt_exceeds_order").names(&["#/lines/0/quantity"]);
        let params = problem.params("#/lines/0/quantity");
        assert_eq!(
            [&params["ordered"], &params["received"], &params["requested"], &params["most"]],
            ["10", "8", "4", "3"],
            "15 % of 10 pieces are one whole piece"
        );
        assert!(beyond.text.contains("line 1") && beyond.text.contains("receive 3 C62"), "{}", beyond.text);
        assert_eq!(tenant.level("MUG").await, Level::of("8", "0", "32"));
        let more = receive("3").await.ok();
        assert_eq!((&more["status"], of_lines(&more, "received")), (&json!("received"), vec![json!("11")]));
        receive("1").await.refused(422, "receipt_exceeds_order");
        // Not even with the number of another line, or named twice.
        for (lines, pointer) in [
            (json!([{ "line_no": 2, "quantity": "1" }]), "#/lines/0/line_no"),
            (json!([{ "line_no": 0, "quantity": "1" }]), "#/lines/0/line_no"),
            (json!([{ "line_no": 1, "quantity": "0" }]), "#/lines/0/quantity"),
        ] {
            let refused = step(tenant, &made, "receive", json!({ "lines": lines })).await;
            assert!(matches!(refused.status, 404 | 422), "{}", refused.text);
            assert_eq!(refused.json()["errors"][0]["pointer"], json!(pointer));
        }
        let strict = json!({ "supplier_id": pottery, "over_receipt_percent": "0",
            "lines": [{ "sku": "MUG", "quantity": "10", "unit_cost": "4" }] });
        let strict = order(tenant, strict, &["send"]).await;
        let twice =
            json!({ "lines": [{ "line_no": 1, "quantity": "6" }, { "line_no": 1, "quantity": "4" }] });
        step(tenant, &strict, "receive", twice)
            .await
            .refused(422, "validation_failed")
            .names(&["#/lines/1/line_no"]);
        let eleven = json!({ "lines": [{ "line_no": 1, "quantity": "11" }] });
        step(tenant, &strict, "receive", eleven).await.refused(422, "receipt_exceeds_order");
    });
}

#[test]
fn receipts_at_once_never_exceed_the_tolerance() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({ "over_receipt_percent": "20" })).await;
        let made = sent(tenant, &pottery, json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" })).await;
        let second = environment().other_node().await;
        let here_and_there = [tenant.at(tenant.base_url()), tenant.at(&second.base_url)];
        let receive = format!("{}/receive", path(&made));
        let part = json!({ "lines": [{ "line_no": 1, "quantity": "3" }] });
        let replies =
            join_all((0..12).map(|number: usize| here_and_there[number % 2].post(&receive, &part))).await;
        let accepted = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!(accepted, 4, "12 units are 4 times 3: {replies:?}");
        for reply in replies.iter().filter(|reply| reply.status != 200) {
            reply.refused(422, "receipt_exceeds_order");
        }
        assert_eq!(tenant.level("MUG").await, Level::of("12", "0", "48"));
        assert_eq!(of_lines(&tenant.get(&path(&made)).await.ok(), "received"), ["12"]);
    });
}

#[test]
fn what_is_cancelled_or_closed_is_not_received() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({ "over_receipt_percent": "50" })).await;
        let line = json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" });
        let cancelled = sent(tenant, &pottery, line.clone()).await;
        step(tenant, &cancelled, "cancel", json!({})).await.ok();
        let one = json!({ "lines": [{ "line_no": 1, "quantity": "1" }] });
        let refused = step(tenant, &cancelled, "receive", one.clone()).await;
        refused.refused(409, "invalid_state_transition");
        assert!(refused.text.contains("is cancelled"), "{}", refused.text);

        let partly = sent(tenant, &pottery, line.clone()).await;
        step(tenant, &partly, "receive", one.clone()).await.ok();
        let rest = step(tenant, &partly, "cancel", json!({})).await.ok();
        assert_eq!(
            (&rest["status"], of_lines(&rest, "received"), of_lines(&rest, "cancelled")),
            (&json!("closed"), vec![json!("1")], vec![json!("9")])
        );
        step(tenant, &partly, "receive", one.clone()).await.refused(409, "invalid_state_transition");

        let whole = sent(tenant, &pottery, line).await;
        step(tenant, &whole, "receive", json!({})).await.ok();
        step(tenant, &whole, "cancel", json!({})).await.refused(409, "invalid_state_transition");
        step(tenant, &whole, "receive", one.clone()).await.ok();
        step(tenant, &whole, "close", json!({})).await.ok();
        step(tenant, &whole, "receive", one).await.refused(409, "invalid_state_transition");
        assert_eq!(tenant.level("MUG").await, Level::of("12", "0", "48"));
    });
}

#[test]
fn lots_serial_numbers_and_expiry_are_received_as_receipts_do() {
    with_tenant(async |tenant| {
        tenant.tracked("MILK", "lot").await;
        tenant.tracked("DRILL", "serial").await;
        let dairy = supplier(tenant, "DAIRY", json!({})).await;
        let lines = json!([{ "sku": "MILK", "quantity": "10", "unit_cost": "0.55" }, { "sku": "DRILL", "quantity": "2", "unit_cost": "60" }]);
        let made = order(tenant, json!({ "supplier_id": dairy, "lines": lines }), &["send"]).await;
        let unnamed = step(tenant, &made, "receive", json!({})).await;
        unnamed.refused(422, "validation_failed").names(&["#/lines/0/lots", "#/lines/1/lots"]);
        let lots = json!([{ "code": "L1", "quantity": "4", "expires_on": "2999-03-01" },
            { "code": "L2", "quantity": "3", "expires_on": "2999-06-01", "supplier_lot": "B-7" }]);
        let body = json!({ "lines": [{ "line_no": 1, "quantity": "7", "lots": lots },
            { "line_no": 2, "quantity": "2", "lots": [{ "code": "SN-1" }, { "code": "SN-2" }] }] });
        let came = step(tenant, &made, "receive", body).await.ok();
        assert_eq!(of_lines(&came, "received"), ["7", "2"]);
        assert_eq!(tenant.level("MILK").await, Level::of("7", "0", "3.85"));
        let lot = tenant.get("/v1/lots?code=L2").await.ok()["data"][0].clone();
        assert_eq!((&lot["expires_on"], &lot["supplier_lot"]), (&json!("2999-06-01"), &json!("B-7")));
        let receipts = tenant.get(&format!("{}/receipts", path(&made))).await.ok();
        let values: Vec<&Value> =
            receipts["data"].as_array().expect("receipts").iter().map(|row| &row["value"]).collect();
        assert_eq!(values, ["3.85", "120.00"]);
        let again = json!({ "lines": [{ "line_no": 1, "quantity": "1", "lots": [{ "code": "L1", "expires_on": "2999-03-02" }] }] });
        let refused = step(tenant, &made, "receive", again).await;
        refused.refused(422, "validation_failed").names(&["#/lines/0/lots/0/expires_on"]);
    });
}

#[test]
fn goods_go_to_the_location_of_their_line_and_came_after_they_were_ordered() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let line =
            |place: &str| json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4", "location_id": place });
        let body = json!({ "supplier_id": pottery, "lines": [line(&tenant.main), line(&tenant.shop)] });
        let made = order(tenant, body, &["send"]).await;
        let both = step(tenant, &made, "receive", json!({})).await;
        both.refused(422, "validation_failed").names(&["#/lines"]);
        assert!(both.text.contains("Lines 1 and 2"), "{}", both.text);
        let one = |number: i32| json!({ "lines": [{ "line_no": number, "quantity": "10" }] });
        let mut early = one(2);
        early["occurred_at"] = json!("2026-01-02T10:00:00Z");
        let refused = step(tenant, &made, "receive", early).await;
        refused.refused(422, "validation_failed").names(&["#/occurred_at"]);
        step(tenant, &made, "receive", one(2)).await.ok();
        let levels = tenant.get(&format!("/v1/stock/levels?location_id={}", tenant.shop)).await.ok();
        assert_eq!(levels["data"][0]["on_hand"], "10");
        assert_eq!(step(tenant, &made, "receive", one(1)).await.ok()["status"], "received");
        let own = json!({ "document_id": "std_01h455vb4pex5vsknk084sn02q", "lines": [{ "line_no": 1, "quantity": "1" }] });
        let free =
            json!({ "supplier_id": pottery, "over_receipt_percent": "100", "lines": [line(&tenant.main)] });
        let free = order(tenant, free, &["send"]).await;
        let came = step(tenant, &free, "receive", own.clone()).await.ok();
        assert_eq!(came["receipt_id"], own["document_id"]);
        assert_eq!(step(tenant, &free, "receive", own.clone()).await.ok(), came, "the first result");
        let mut other = own;
        other["lines"][0]["quantity"] = json!("2");
        step(tenant, &free, "receive", other).await.refused(409, "already_exists");
        tenant
            .get(&format!("{PURCHASES}/por_01h455vb4pex5vsknk084sn02q/receipts"))
            .await
            .refused(404, "not_found");
    });
}

/// An order of the system before was sent on 2 January, and its goods came on the 20th.
#[test]
fn an_order_that_was_sent_earlier_has_the_receipts_of_its_day() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({ "lead_time_days": 14 })).await;
        let line = json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" });
        let draft = order(tenant, json!({ "supplier_id": pottery, "lines": [line] }), &[]).await;
        for (wrong, detail) in [("2999-01-01T00:00:00Z", "future"), ("1969-12-31T00:00:00Z", "before 1970")] {
            let refused = step(tenant, &draft, "send", json!({ "occurred_at": wrong })).await;
            refused.refused(422, "validation_failed").names(&["#/occurred_at"]);
            assert!(refused.text.contains(detail), "{}", refused.text);
        }
        let sent = json!({ "occurred_at": "2026-01-02T10:00:00Z" });
        let sent = step(tenant, &draft, "send", sent).await.ok();
        let sent_at = sent["sent_at"].as_str().expect("an instant");
        assert!(sent_at.starts_with("2026-01-02T10:00:00"), "{sent}");
        assert_eq!(of_lines(&sent, "expected_on"), ["2026-01-16"], "after the lead time from that day");

        let before = json!({ "occurred_at": "2026-01-01T10:00:00Z" });
        let refused = step(tenant, &draft, "receive", before).await;
        refused.refused(422, "validation_failed").names(&["#/occurred_at"]);
        let came = json!({ "occurred_at": "2026-01-20T10:00:00Z" });
        let came = step(tenant, &draft, "receive", came).await.ok();
        assert_eq!(came["status"], "received");
        let entries = tenant.get("/v1/journal-entries?document_kind=receipt").await.ok();
        assert_eq!(entries["data"][0]["posted_on"], "2026-01-20", "{entries}");
    });
}
