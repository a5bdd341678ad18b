//! Returns to suppliers: quantity, cost, ledger, lots, replacement and reversal.

use futures_util::future::join_all;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Level, Reply, Tenant, environment, lines, with_tenant};

use super::{PURCHASES, of_lines, order, path, step, supplier};

/// Orders, sends and receives one line. Returns the order and the stock document of the receipt.
async fn received(tenant: &Tenant, supplier: &str, line: Value) -> (Value, String) {
    let body = json!({ "supplier_id": supplier, "over_receipt_percent": "0", "lines": [line] });
    let order = order(tenant, body, &["send"]).await;
    let came = step(tenant, &order, "receive", json!({})).await.ok();
    let receipt = came["receipt_id"].as_str().expect("a receipt").to_owned();
    (came, receipt)
}

/// Receives ten of a product at each of two costs, by two orders.
async fn two_receipts(tenant: &Tenant, sku: &str) -> [(Value, String); 2] {
    let nordbolt = supplier(tenant, &format!("S-{sku}"), json!({})).await;
    let line = |cost: &str| json!({ "sku": sku, "quantity": "10", "unit_cost": cost });
    [received(tenant, &nordbolt, line("4")).await, received(tenant, &nordbolt, line("6")).await]
}

/// Sends a quantity of the first line back.
async fn send_back(tenant: &Tenant, (order, receipt): &(Value, String), quantity: &str) -> Reply {
    let lines = json!([{ "line_no": 1, "quantity": quantity }]);
    step(tenant, order, "return", json!({ "receipt_id": receipt, "lines": lines })).await
}

async fn reverse(tenant: &Tenant, order: &Value, back: &Value) -> Reply {
    let body = json!({ "return_id": back["return_id"], "reason": "The carrier brought it back" });
    step(tenant, order, "reverse-return", body).await
}

fn entry(amounts: &[(&str, &str)]) -> Vec<(String, String)> {
    amounts.iter().map(|(account, amount)| ((*account).to_owned(), (*amount).to_owned())).collect()
}

fn document(reply: &Value) -> &str {
    reply["return_id"].as_str().expect("a stock document")
}

#[test]
fn goods_leave_at_the_average_and_the_supplier_owes_what_they_cost() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let [first, _] = two_receipts(tenant, "MUG").await;
        let back = send_back(tenant, &first, "4").await.ok();
        assert_eq!((&back["status"], of_lines(&back, "received")), (&json!("received"), vec![json!("10")]));
        assert_eq!(tenant.level("MUG").await, Level::of("16", "0", "80"));
        let posted = entry(&[("1200", "-20.00"), ("2100", "16.00"), ("5300", "4.00")]);
        assert_eq!(tenant.entry(document(&back)).await, posted);
        let shown = tenant.get(&format!("/v1/stock/documents/{}", document(&back))).await.ok();
        assert_eq!(
            (&shown["kind"], &shown["value"], of_lines(&shown, "quantity")),
            (&json!("supplier_return"), &json!("-20.00"), vec![json!("-4")])
        );
        assert!(shown["number"].as_str().is_some_and(|number| number.starts_with("SR-")), "{shown}");
        let found = tenant.get("/v1/stock/documents?kind=supplier_return").await.ok();
        assert_eq!(found["data"][0]["id"], back["return_id"]);
        let moved = tenant.get(&format!("/v1/stock/movements?document_id={}", document(&back))).await.ok();
        assert_eq!(moved["data"][0]["kind"], "supplier_return");

        let listed = tenant.get(&format!("{}/returns", path(&first.0))).await.ok();
        let row = &listed["data"][0];
        assert_eq!(
            (&row["receipt_id"], &row["quantity"], &row["value"], &row["replace"], &row["reversal_id"]),
            (&json!(first.1), &json!("4"), &json!("16.00"), &json!(false), &Value::Null)
        );
        let undone = reverse(tenant, &first.0, &back).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("20", "0", "100"));
        let posted = entry(&[("1200", "20.00"), ("2100", "-16.00"), ("5300", "-4.00")]);
        assert_eq!(tenant.entry(document(&undone)).await, posted);
        let listed = tenant.get(&format!("{}/returns", path(&first.0))).await.ok();
        assert_eq!(listed["data"][0]["reversal_id"], undone["return_id"]);
        let again = reverse(tenant, &first.0, &back).await;
        again.refused(409, "invalid_state_transition").names(&["#/return_id"]);
        let kinds: Vec<Value> = tenant
            .events("type=purchase_order.return*")
            .await
            .iter()
            .map(|event| event["type"].clone())
            .collect();
        assert_eq!(kinds, ["purchase_order.returned", "purchase_order.return_reversed"]);
    });
}

#[test]
fn goods_leave_the_layer_of_their_receipt_and_come_back_into_it() {
    with_tenant(async |tenant| {
        let method = json!({ "list_price": "10.00", "costing_method": "fifo" });
        let mug = tenant.product_with("MUG", method).await;
        let [first, second] = two_receipts(tenant, "MUG").await;
        let layers = async || -> Vec<(Value, Value)> {
            let page = tenant.get(&format!("/v1/stock/levels/{}/{}/layers", tenant.main, mug.id)).await.ok();
            let layers = page["data"].as_array().expect("layers").iter();
            layers.map(|layer| (layer["quantity"].clone(), layer["document_id"].clone())).collect()
        };
        let whole = layers().await;
        let back = send_back(tenant, &second, "3").await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("17", "0", "82"));
        assert_eq!(tenant.entry(document(&back)).await, entry(&[("1200", "-18.00"), ("2100", "18.00")]));
        assert_eq!(layers().await, [(json!("10"), json!(first.1)), (json!("7"), json!(second.1))]);
        reverse(tenant, &second.0, &back).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("20", "0", "100"));
        assert_eq!(layers().await, whole, "the layer is as it was");

        // All of the first receipt and a part of the second are sold: what goes back of the first costs the oldest units.
        let sold = json!({ "kind": "adjustment", "reason": "sample", "lines": lines(&[("MUG", "-15")]) });
        tenant.post("/v1/stock/documents", &sold).await.created();
        let late = send_back(tenant, &first, "2").await.ok();
        let posted = entry(&[("1200", "-12.00"), ("2100", "8.00"), ("5300", "4.00")]);
        assert_eq!(tenant.entry(document(&late)).await, posted);
        assert_eq!(tenant.level("MUG").await, Level::of("3", "0", "18"));
    });
}

#[test]
fn no_more_goes_back_than_came_and_every_wrong_field_is_named() {
    with_tenant(async |tenant| {
        for sku in ["MUG", "JUG"] {
            tenant.product(sku, "10.00").await;
        }
        let [first, second] = two_receipts(tenant, "MUG").await;
        let beyond = send_back(tenant, &first, "11").await;
        let problem = beyond.refused(422, "validation_failed").names(&["#/lines/0/quantity"]);
        let params = problem.params("#/lines/0/quantity");
        assert_eq!([&params["received"], &params["returned"], &params["most"]], ["10", "0", "10"]);
        send_back(tenant, &first, "7").await.ok();
        let beyond = send_back(tenant, &first, "4").await;
        assert!(beyond.text.contains("send at most 3 C62 back"), "{}", beyond.text);
        send_back(tenant, &first, "3").await.ok();
        let nothing = send_back(tenant, &first, "1").await;
        nothing.refused(422, "validation_failed").names(&["#/lines/0/quantity"]);
        assert!(nothing.text.contains("leave the line out"), "{}", nothing.text);

        let other = (second.0.clone(), first.1.clone());
        send_back(tenant, &other, "1").await.refused(404, "not_found").names(&["#/receipt_id"]);
        let jug = supplier(tenant, "JUGS", json!({})).await;
        let of_other =
            received(tenant, &jug, json!({ "sku": "JUG", "quantity": "2", "unit_cost": "3" })).await;
        let mixed = (of_other.0.clone(), second.1.clone());
        send_back(tenant, &mixed, "1").await.refused(404, "not_found").names(&["#/receipt_id"]);
        let body = |lines: Value| json!({ "receipt_id": second.1, "lines": lines });
        for (lines, status, code, pointer) in [
            (json!([]), 422, "validation_failed", "#/lines"),
            (json!([{ "line_no": 2, "quantity": "1" }]), 404, "not_found", "#/lines/0/line_no"),
            (json!([{ "line_no": 1, "quantity": "0" }]), 422, "validation_failed", "#/lines/0/quantity"),
            (json!([{ "line_no": 1, "quantity": "-1" }]), 422, "validation_failed", "#/lines/0/quantity"),
            (
                json!([{ "line_no": 1, "quantity": "1", "uom": "XBX" }]),
                422,
                "validation_failed",
                "#/lines/0/uom",
            ),
            (
                json!([{ "line_no": 1, "quantity": "1" }, { "line_no": 1, "quantity": "1" }]),
                422,
                "validation_failed",
                "#/lines/1/line_no",
            ),
        ] {
            let refused = step(tenant, &second.0, "return", body(lines)).await;
            refused.refused(status, code).names(&[pointer]);
        }
        let mut early = body(json!([{ "line_no": 1, "quantity": "1" }]));
        early["occurred_at"] = json!("2026-01-02T10:00:00Z");
        let early = step(tenant, &second.0, "return", early).await;
        early.refused(422, "validation_failed").names(&["#/occurred_at"]);
        let mut elsewhere = body(json!([{ "line_no": 1, "quantity": "1" }]));
        elsewhere["location_id"] = json!(tenant.shop);
        let elsewhere = step(tenant, &second.0, "return", elsewhere).await;
        elsewhere.refused(409, "insufficient_stock").names(&["#/lines/0/quantity"]);
        let direct = json!({ "kind": "supplier_return", "lines": [{ "sku": "MUG", "quantity": "1", "unit_cost": "4" }] });
        tenant
            .post("/v1/stock/documents", &direct)
            .await
            .refused(422, "validation_failed")
            .names(&["#/kind"]);
        tenant
            .get(&format!("{PURCHASES}/por_01h455vb4pex5vsknk084sn02q/returns"))
            .await
            .refused(404, "not_found");
        assert_eq!(tenant.level("MUG").await.on_hand, "10");
    });
}

#[test]
fn goods_that_are_replaced_are_open_again() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let line = json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" });
        let (made, receipt) = received(tenant, &pottery, line).await;
        let body = |quantity: &str| json!({ "receipt_id": receipt, "replace": true, "lines": [{ "line_no": 1, "quantity": quantity }] });
        let back = step(tenant, &made, "return", body("4")).await.ok();
        assert_eq!(
            (&back["status"], of_lines(&back, "received"), of_lines(&back, "open")),
            (&json!("partly_received"), vec![json!("6")], vec![json!("4")])
        );
        let rest = step(tenant, &made, "return", body("6")).await.ok();
        assert_eq!((&rest["status"], of_lines(&rest, "open")), (&json!("sent"), vec![json!("10")]));
        let undone = reverse(tenant, &made, &rest).await.ok();
        assert_eq!(
            (&undone["status"], of_lines(&undone, "received")),
            (&json!("partly_received"), vec![json!("6")])
        );
        let came = step(tenant, &made, "receive", json!({})).await.ok();
        assert_eq!((&came["status"], of_lines(&came, "received")), (&json!("received"), vec![json!("10")]));
        let surplus = reverse(tenant, &made, &back).await;
        surplus.refused(422, "receipt_exceeds_order").names(&["#/return_id"]);
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "40"));
        step(tenant, &made, "close", json!({})).await.ok();
        let closed = step(tenant, &made, "return", body("1")).await;
        closed.refused(409, "invalid_state_transition").names(&["#/replace"]);
        let kept = send_back(tenant, &(made.clone(), receipt.clone()), "1").await.ok();
        assert_eq!((&kept["status"], of_lines(&kept, "received")), (&json!("closed"), vec![json!("10")]));
    });
}

#[test]
fn lots_and_serial_numbers_go_back_as_they_came() {
    with_tenant(async |tenant| {
        tenant.tracked("MILK", "lot").await;
        tenant.tracked("DRILL", "serial").await;
        let dairy = supplier(tenant, "DAIRY", json!({})).await;
        let lines = json!([{ "sku": "MILK", "quantity": "10", "unit_cost": "0.50" }, { "sku": "DRILL", "quantity": "2", "unit_cost": "60" }]);
        let made = order(tenant, json!({ "supplier_id": dairy, "lines": lines }), &["send"]).await;
        let milk =
            |lots: Value, quantity: &str| json!([{ "line_no": 1, "quantity": quantity, "lots": lots }]);
        let both = json!({ "lines": [
            { "line_no": 1, "quantity": "7", "lots": [{ "code": "L1", "quantity": "4" }, { "code": "L2", "quantity": "3" }] },
            { "line_no": 2, "quantity": "2", "lots": [{ "code": "SN-1" }, { "code": "SN-2" }] }] });
        let came = step(tenant, &made, "receive", both).await.ok();
        let later = step(tenant, &made, "receive", json!({ "lines": milk(json!([{ "code": "L1" }]), "3") }))
            .await
            .ok();
        let back = async |receipt: &Value, lines: Value| {
            step(tenant, &made, "return", json!({ "receipt_id": receipt, "lines": lines })).await
        };
        let (first, second) = (&came["receipt_id"], &later["receipt_id"]);
        let unnamed = back(first, milk(json!([]), "1")).await;
        unnamed.refused(422, "validation_failed").names(&["#/lines/0/lots"]);
        let foreign = back(second, milk(json!([{ "code": "L2" }]), "1")).await;
        foreign.refused(422, "validation_failed").names(&["#/lines/0/lots/0/quantity"]);
        let much = back(first, milk(json!([{ "code": "L1" }]), "5")).await;
        much.refused(422, "validation_failed").names(&["#/lines/0/lots/0/quantity"]);
        back(first, milk(json!([{ "code": "L1" }]), "4")).await.ok();
        let gone = back(first, milk(json!([{ "code": "L1" }]), "1")).await;
        gone.refused(422, "validation_failed").names(&["#/lines/0/lots/0/quantity"]);
        assert_eq!(tenant.level("MILK").await, Level::of("6", "0", "3"));

        let drill = json!([{ "line_no": 2, "quantity": "1", "lots": [{ "code": "SN-1" }] }]);
        let sent = back(first, drill.clone()).await.ok();
        assert_eq!(tenant.level("DRILL").await, Level::of("1", "0", "60"));
        back(first, drill.clone())
            .await
            .refused(422, "validation_failed")
            .names(&["#/lines/0/lots/0/quantity"]);
        reverse(tenant, &made, &sent).await.ok();
        assert_eq!(tenant.level("DRILL").await, Level::of("2", "0", "120"));
        back(first, drill).await.ok();
        let lot = tenant.get("/v1/lots?code=SN-1").await.ok()["data"][0]["id"].clone();
        let trace = tenant.get(&format!("/v1/lots/{}/trace", lot.as_str().expect("an id"))).await.ok();
        assert!(trace["adjusted"].to_string().contains("supplier_return"), "{trace}");
    });
}

#[test]
fn lines_that_share_a_lot_send_no_more_of_it_back_than_came() {
    with_tenant(async |tenant| {
        tenant.tracked("MILK", "lot").await;
        let earlier =
            json!({ "sku": "MILK", "quantity": "5", "unit_cost": "0.50", "lots": [{ "code": "L1" }] });
        let earlier = json!({ "kind": "opening", "lines": [earlier] });
        tenant.post("/v1/stock/documents", &earlier).await.created();
        let dairy = supplier(tenant, "DAIRY", json!({})).await;
        let five = json!({ "sku": "MILK", "quantity": "5", "unit_cost": "0.50" });
        let made = order(tenant, json!({ "supplier_id": dairy, "lines": [five, five] }), &["send"]).await;
        let both = |first: &str, second: &str, quantity: &str| {
            json!([{ "line_no": 1, "quantity": quantity, "lots": [{ "code": first }] },
                { "line_no": 2, "quantity": quantity, "lots": [{ "code": second }] }])
        };
        let came = step(tenant, &made, "receive", json!({ "lines": both("L1", "L2", "5") })).await.ok();
        let back = async |lines: Value| {
            let body = json!({ "receipt_id": came["receipt_id"], "lines": lines });
            step(tenant, &made, "return", body).await
        };
        // 10 units of the lot are there, and 5 of them came with the receipt.
        let much = back(both("L1", "L1", "3")).await;
        much.refused(422, "validation_failed").names(&["#/lines/1/lots/0/quantity"]);
        back(both("L1", "L1", "2")).await.ok();
        assert_eq!(tenant.level("MILK").await, Level::of("11", "0", "5.5"));
    });
}

#[test]
fn a_return_and_a_reversal_happen_once_and_are_repeated_as_they_were() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let [first, _] = two_receipts(tenant, "MUG").await;
        let url = format!("{}/return", path(&first.0));
        let body = json!({ "receipt_id": first.1, "document_id": "std_01h455vb4pex5vsknk084sn02q",
            "lines": [{ "line_no": 1, "quantity": "2" }] });
        assert_eq!(tenant.dry_run(&url, &body).await.ok()["document"]["status"], "received");
        assert_eq!(tenant.level("MUG").await.on_hand, "20");
        let done = tenant.post_as(&url, "back", &body).await;
        let again = tenant.post_as(&url, "back", &body).await;
        assert!(again.is_replayed());
        assert_eq!(again.ok(), done.ok());
        assert_eq!(done.ok()["return_id"], body["document_id"]);
        let again = tenant.post(&url, &body).await;
        assert!(again.is_replayed(), "with another key");
        assert_eq!(again.ok(), done.ok());
        let mut other = body.clone();
        other["lines"][0]["quantity"] = json!("1");
        tenant.post(&url, &other).await.refused(409, "already_exists");
        assert_eq!(tenant.level("MUG").await.on_hand, "18");

        let blind = crate::platform::auth::key(tenant, &["purchasing:read", "purchasing:write"]).await;
        let blind = tenant.with_key(&blind);
        let rows = blind.get(&format!("{}/returns", path(&first.0))).await;
        assert_eq!(rows.ok()["data"][0]["value"], Value::Null, "{}", rows.text);
        let unseen = json!({ "receipt_id": first.1, "lines": [{ "line_no": 1, "quantity": "1" }] });
        assert_eq!(blind.post(&url, &unseen).await.ok()["value"], Value::Null);
        let reader = crate::platform::auth::key(tenant, &["purchasing:read"]).await;
        tenant.with_key(&reader).post(&url, &unseen).await.refused(403, "insufficient_scope");
    });
}

#[test]
fn returns_at_once_never_send_back_more_than_came() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let [first, _] = two_receipts(tenant, "MUG").await;
        let second = environment().other_node().await;
        let here_and_there = [tenant.at(tenant.base_url()), tenant.at(&second.base_url)];
        let url = format!("{}/return", path(&first.0));
        let body = json!({ "receipt_id": first.1, "lines": [{ "line_no": 1, "quantity": "3" }] });
        let replies =
            join_all((0..10).map(|number: usize| here_and_there[number % 2].post(&url, &body))).await;
        let accepted: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 200).collect();
        assert_eq!(accepted.len(), 3, "10 units are 3 times 3: {replies:?}");
        for reply in replies.iter().filter(|reply| reply.status != 200) {
            reply.refused(422, "validation_failed");
        }
        assert_eq!(tenant.level("MUG").await.on_hand, "11");
        let reversal = json!({ "return_id": accepted[0].ok()["return_id"], "reason": "Not sent" });
        let url = format!("{}/reverse-return", path(&first.0));
        let replies =
            join_all((0..6).map(|number: usize| here_and_there[number % 2].post(&url, &reversal))).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1, "{replies:?}");
        assert_eq!(tenant.level("MUG").await.on_hand, "14");
    });
}

/// The order was sent forty days ago, and its goods came ten days later. Nothing else lets a test write the past of an order.
#[test]
fn a_return_in_a_closed_period_is_posted_on_the_first_open_day() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let line = json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" });
        let made = order(tenant, json!({ "supplier_id": pottery, "lines": [line] }), &["send"]).await;
        let sent = "update purchase_order set sent_at = sent_at - interval '40 days' where tenant_id = $1";
        sqlx::query(sent).bind(tenant.id.0).execute(&environment().root).await.expect("the order is older");
        let today = environment().today(&chrono::Utc).await;
        let day = |days: u64| today.checked_sub_days(chrono::Days::new(days)).expect("a day");
        let noon = |days: u64| format!("{}T12:00:00Z", day(days));
        let came = step(tenant, &made, "receive", json!({ "occurred_at": noon(30) })).await.ok();
        let lock = json!({ "locked_through": day(10), "reason": "Month reported" });
        tenant.post("/v1/period-locks", &lock).await.created();
        let body = json!({ "receipt_id": came["receipt_id"], "occurred_at": noon(20), "lines": [{ "line_no": 1, "quantity": "1" }] });
        let back = step(tenant, &made, "return", body).await.ok();
        let entries = tenant.get(&format!("/v1/journal-entries?document_id={}", document(&back))).await.ok();
        let entry = &entries["data"][0];
        assert_eq!(
            (&entry["occurred_on"], &entry["posted_on"]),
            (&json!(day(20)), &json!(day(9))),
            "{entries}"
        );
        assert_eq!(tenant.level("MUG").await, Level::of("9", "0", "36"));
    });
}
