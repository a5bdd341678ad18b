//! Bills of suppliers: the match with orders and receipts, stock, cost and ledger.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Level, Tenant, environment, with_tenant};

use super::{order, path, step, supplier};

mod advance;
mod beside;
mod early;
mod foreign;
mod foreign_paid;
mod paid;
mod proposal;
mod rejected;
mod sent_back;
mod taken_back;

const BILLS: &str = "/v1/bills";

/// Writes, sends and receives an order of one product.
async fn received(tenant: &Tenant, supplier: &str, line: Value) -> Value {
    order(tenant, json!({ "supplier_id": supplier, "lines": [line] }), &["send", "receive"]).await
}

/// Returns a line of a bill for the first line of an order.
fn of(order: &Value, quantity: &str, unit_cost: &str) -> Value {
    json!({ "purchase_order_id": order["id"], "order_line_no": 1, "quantity": quantity, "unit_cost": unit_cost })
}

fn bill(supplier: &str, number: &str, lines: &Value) -> Value {
    json!({ "supplier_id": supplier, "supplier_number": number, "dated": "2026-01-02", "lines": lines })
}

fn bill_path(bill: &Value) -> String {
    format!("{BILLS}/{}", bill["id"].as_str().expect("an id"))
}

fn id(document: &Value) -> &str {
    document["id"].as_str().expect("an id")
}

fn entry(lines: &[(&str, &str)]) -> Vec<(String, String)> {
    lines.iter().map(|(account, amount)| ((*account).to_owned(), (*amount).to_owned())).collect()
}

/// Takes units of a product off its stock.
async fn lose(tenant: &Tenant, sku: &str, quantity: &str) {
    let lost =
        json!({ "kind": "adjustment", "reason": "lost", "lines": [{ "sku": sku, "quantity": quantity }] });
    tenant.post("/v1/stock/documents", &lost).await.created();
}

#[test]
fn a_bill_of_what_came_clears_goods_received() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({ "payment_days": 45 })).await;
        let made =
            received(tenant, &pottery, json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" })).await;
        assert_eq!(tenant.balance("2100").await, "-40.00");
        let mut line = of(&made, "10", "4.00");
        line["tax_value"] = json!("8.00");
        let recorded = tenant.post(BILLS, &bill(&pottery, "RE-1", &json!([line]))).await.created();
        assert_eq!(
            (&recorded["total_value"], &recorded["open_value"], &recorded["due_on"], &recorded["status"]),
            (&json!("48.00"), &json!("48.00"), &json!("2026-02-16"), &json!("open"))
        );
        let shown = &recorded["lines"][0];
        assert_eq!((&shown["match_status"], &shown["reasons"]), (&json!("matched"), &json!([])));
        assert_eq!(
            (&shown["ordered"], &shown["received"], &shown["billed"], &shown["expected_value"]),
            (&json!("10"), &json!("10"), &json!("10"), &json!("40.00"))
        );
        let expected = entry(&[("1400", "8.00"), ("2000", "-48.00"), ("2100", "40.00")]);
        assert_eq!(tenant.entry(id(&recorded)).await, expected);
        assert_eq!(tenant.balance("2100").await, "0.00");
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "40"));
        assert_eq!(tenant.get(&bill_path(&recorded)).await.ok(), recorded);
        assert_eq!(tenant.get(&path(&made)).await.ok()["lines"][0]["billed"], "10");
        for query in [
            format!("supplier_id={pottery}&status=open"),
            format!("purchase_order_id={}&mismatched=false", id(&made)),
            "supplier_number=RE-1&due_on%5Blt%5D=2026-02-17&sort=due_on".to_owned(),
            "unreceived=false&kind=bill".to_owned(),
        ] {
            let listed = tenant.get(&format!("{BILLS}?{query}")).await.ok();
            assert_eq!(listed["data"][0]["id"], recorded["id"], "{query}");
            assert_eq!(listed["data"][0]["lines"], Value::Null, "{query}");
        }
        for query in ["status=settled", "mismatched=true", "unreceived=true", "due_on%5Bgte%5D=2026-02-17"] {
            assert_eq!(tenant.get(&format!("{BILLS}?{query}")).await.ok()["data"], json!([]), "{query}");
        }
        assert_eq!(tenant.events("type=bill.recorded").await.len(), 1);
        let entries = tenant.get(&format!("/v1/journal-entries?document_id={}", id(&recorded))).await.ok();
        let lines = entries["data"][0]["lines"].as_array().expect("lines").clone();
        let owed = lines.iter().find(|line| line["account"] == "2000").expect("a payable");
        assert_eq!((&owed["supplier_id"], &owed["customer_id"]), (&json!(pottery), &Value::Null));
    });
}

/// 10 are received at 4 and billed at 5, when some of them are gone.
#[test]
fn a_difference_goes_to_inventory_as_far_as_the_goods_are_held() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        for (sku, method) in [("AVERAGE", "moving_average"), ("LAYERS", "fifo")] {
            tenant.product_with(sku, json!({ "list_price": "10.00", "costing_method": method })).await;
            tenant.open_stock(&[(sku, "5", "1.00")]).await;
            let line = json!({ "sku": sku, "quantity": "10", "unit_cost": "4" });
            let made = received(tenant, &pottery, line).await;
            lose(tenant, sku, "-7").await;
            let before = tenant.level(sku).await;
            let recorded =
                tenant.post(BILLS, &bill(&pottery, sku, &json!([of(&made, "10", "5.00")]))).await.created();
            assert_eq!(recorded["lines"][0]["reasons"], json!(["price_above_order"]), "{sku}");
            let expected =
                entry(&[("1200", "8.00"), ("2000", "-50.00"), ("2100", "40.00"), ("5200", "2.00")]);
            assert_eq!(tenant.entry(id(&recorded)).await, expected, "{sku}");
            let after = tenant.level(sku).await;
            let values = match method {
                // 45 for 15 units, of which 8 are left.
                "moving_average" => ("24", "32"),
                // 8 units of the receipt are left, the opening is gone.
                _ => ("32", "40"),
            };
            assert_eq!((before.value.as_str(), after.value.as_str()), values, "{sku}");
        }
        assert_eq!(tenant.balance("2100").await, "0.00");
    });
}

/// 10 are received at 4. 4 of them go to the shop, and 10 others come at 6 before the bill at 5.
#[test]
fn layers_are_found_where_they_went_and_later_goods_are_others() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        for (sku, method, held, in_shop) in
            [("AVERAGE", "moving_average", "3.00", "16.00"), ("LAYERS", "fifo", "7.00", "20.00")]
        {
            tenant.product_with(sku, json!({ "list_price": "10.00", "costing_method": method })).await;
            let line = json!({ "sku": sku, "quantity": "10", "unit_cost": "4" });
            let made = received(tenant, &pottery, line).await;
            let send = json!({ "to_location_id": tenant.shop, "lines": [{ "sku": sku, "quantity": "4" }] });
            let sent = tenant.post("/v1/stock/transfers", &send).await.created();
            tenant.post(&format!("/v1/stock/transfers/{}/receive", id(&sent)), &json!({})).await.ok();
            lose(tenant, sku, "-3").await;
            tenant.open_stock(&[(sku, "10", "6.00")]).await;
            let recorded =
                tenant.post(BILLS, &bill(&pottery, sku, &json!([of(&made, "10", "5")]))).await.created();
            let posted = tenant.entry(id(&recorded)).await;
            assert_eq!(posted[0], ("1200".to_owned(), held.to_owned()), "{sku}: {posted:?}");
            let shop =
                tenant.get(&format!("/v1/stock/levels?location_id={}&sku={sku}", tenant.shop)).await.ok();
            assert_eq!(shop["data"][0]["value"], in_shop, "{sku}");
            // 3 of the receipt, now at 5, and the 10 that came later.
            assert_eq!(tenant.level(sku).await, Level::of("13", "0", "75"), "{sku}");
        }
    });
}

#[test]
fn a_lower_price_of_goods_in_lots_takes_off_what_their_lots_hold() {
    with_tenant(async |tenant| {
        tenant.tracked("MILK", "lot").await;
        let dairy = supplier(tenant, "DAIRY", json!({})).await;
        let line = json!({ "sku": "MILK", "quantity": "10", "unit_cost": "1.00" });
        let made = order(tenant, json!({ "supplier_id": dairy, "lines": [line] }), &["send"]).await;
        let lots = json!([{ "code": "L1", "quantity": "4" }, { "code": "L2", "quantity": "6" }]);
        let body = json!({ "lines": [{ "line_no": 1, "quantity": "10", "lots": lots }] });
        step(tenant, &made, "receive", body).await.ok();
        let lost = json!({ "kind": "adjustment", "reason": "lost", "lines": [
            { "sku": "MILK", "quantity": "-4", "lots": [{ "code": "L1", "quantity": "4" }] },
            { "sku": "MILK", "quantity": "-3", "lots": [{ "code": "L2", "quantity": "3" }] }] });
        tenant.post("/v1/stock/documents", &lost).await.created();
        let recorded =
            tenant.post(BILLS, &bill(&dairy, "1", &json!([of(&made, "10", "0.90")]))).await.created();
        assert_eq!(recorded["lines"][0]["reasons"], json!(["price_below_order"]));
        // 1.00 less for all: 0.40 for the lot that is gone, and 0.60 for the other, of which a half is left.
        let expected = entry(&[("1200", "-0.30"), ("2000", "-9.00"), ("2100", "10.00"), ("5200", "-0.70")]);
        assert_eq!(tenant.entry(id(&recorded)).await, expected);
        assert_eq!(tenant.level("MILK").await, Level::of("3", "0", "2.7"));
    });
}

#[test]
fn a_bill_before_its_goods_waits_until_they_come() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let line = json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" });
        let made = order(tenant, json!({ "supplier_id": pottery, "lines": [line] }), &["send"]).await;
        let recorded =
            tenant.post(BILLS, &bill(&pottery, "1", &json!([of(&made, "10", "5.00")]))).await.created();
        assert_eq!(
            recorded["lines"][0]["reasons"],
            json!(["billed_more_than_received", "price_above_order"])
        );
        assert_eq!(tenant.balance("2100").await, "50.00");
        let waiting = tenant.get(&format!("{BILLS}?unreceived=true&mismatched=true")).await.ok();
        assert_eq!(waiting["data"][0]["id"], recorded["id"]);
        let part = json!({ "lines": [{ "line_no": 1, "quantity": "4" }] });
        let came = step(tenant, &made, "receive", part).await.ok();
        let expected = entry(&[("1200", "20.00"), ("2100", "-20.00")]);
        assert_eq!(tenant.entry(came["receipt_id"].as_str().expect("a receipt")).await, expected);
        assert_eq!(tenant.level("MUG").await, Level::of("4", "0", "20"));
        let document = format!("/v1/stock/documents/{}", came["receipt_id"].as_str().expect("a receipt"));
        let document = tenant.get(&document).await.ok();
        assert_eq!(
            (&document["value"], document["lines"].as_array().map(Vec::len)),
            (&json!("16.00"), Some(1))
        );
        step(tenant, &made, "receive", json!({})).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "50"));
        assert_eq!(tenant.balance("2100").await, "0.00");
        let now = tenant.get(&bill_path(&recorded)).await.ok();
        assert_eq!(now["lines"][0]["reasons"], json!(["price_above_order"]));
        assert_eq!(tenant.get(&format!("{BILLS}?unreceived=true")).await.ok()["data"], json!([]));
    });
}

/// The goods that come settle a sale below zero, and the bill says what they cost.
#[test]
fn what_settles_stock_below_zero_leaves_the_whole_difference_to_cost_variance() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let gone = json!({ "kind": "adjustment", "reason": "lost", "forced": true,
            "occurred_at": environment().now().await, "lines": [{ "sku": "MUG", "quantity": "-10" }] });
        tenant.post("/v1/stock/documents", &gone).await.created();
        let made =
            received(tenant, &pottery, json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" })).await;
        let recorded =
            tenant.post(BILLS, &bill(&pottery, "1", &json!([of(&made, "10", "5")]))).await.created();
        let expected = entry(&[("2000", "-50.00"), ("2100", "40.00"), ("5200", "10.00")]);
        assert_eq!(tenant.entry(id(&recorded)).await, expected);
        assert_eq!(tenant.level("MUG").await, Level::of("0", "0", "0"));
    });
}

#[test]
fn bills_in_parts_take_each_receipt_once() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({ "over_receipt_percent": "10" })).await;
        let line = json!({ "sku": "MUG", "quantity": "10", "unit_cost": "0.33" });
        let made = order(tenant, json!({ "supplier_id": pottery, "lines": [line] }), &["send"]).await;
        for quantity in ["3", "4", "4"] {
            let part = json!({ "lines": [{ "line_no": 1, "quantity": quantity }] });
            step(tenant, &made, "receive", part).await.ok();
        }
        for (number, quantity, reasons) in [
            ("1", "5", json!([])),
            ("2", "5", json!([])),
            ("3", "1", json!(["billed_more_than_ordered"])),
            ("4", "2", json!(["billed_more_than_received", "billed_more_than_ordered"])),
        ] {
            let lines = json!([of(&made, quantity, "0.33")]);
            let recorded = tenant.post(BILLS, &bill(&pottery, number, &lines)).await.created();
            assert_eq!(recorded["lines"][0]["reasons"], reasons, "{number}");
        }
        assert_eq!(tenant.balance("2100").await, "0.66", "two units are billed that did not come");
        let first = tenant.get(&format!("{BILLS}?supplier_number=1")).await.ok();
        assert_eq!(first["data"][0]["match_status"], "mismatched", "all bills of the line count together");
        let settings = json!({ "bill_quantity_percent": "30" });
        tenant.patch("/v1/settings", &settings).await.ok();
        let lines = json!([of(&made, "0.5", "0.33")]);
        let refused = tenant.post(BILLS, &bill(&pottery, "5", &lines)).await;
        refused.refused(422, "validation_failed").names(&["#/lines/0/quantity"]);
    });
}

#[test]
fn a_difference_within_the_tolerance_matches() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let settings = tenant.get("/v1/settings").await.ok();
        assert_eq!(
            (&settings["bill_quantity_percent"], &settings["bill_price_percent"], &settings["bill_amount"]),
            (&json!("0"), &json!("0"), &json!("0.00"))
        );
        for wrong in [
            json!({ "bill_quantity_percent": "-1" }),
            json!({ "bill_price_percent": "101" }),
            json!({ "bill_amount": "-0.01" }),
        ] {
            tenant.patch("/v1/settings", &wrong).await.refused(422, "validation_failed");
        }
        let set = json!({ "bill_quantity_percent": "10", "bill_price_percent": "5", "bill_amount": "1" });
        tenant.patch("/v1/settings", &set).await.ok();
        let line = json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" });
        for (number, quantity, unit_cost, reasons) in [
            ("1", "11", "4", json!([])),
            ("2", "12", "4", json!(["billed_more_than_received", "billed_more_than_ordered"])),
            ("3", "10", "4.20", json!([])),
            ("4", "10", "4.21", json!(["price_above_order"])),
            ("5", "1", "5", json!([])),
        ] {
            let made = received(tenant, &pottery, line.clone()).await;
            let lines = json!([of(&made, quantity, unit_cost)]);
            let recorded = tenant.post(BILLS, &bill(&pottery, number, &lines)).await.created();
            assert_eq!(recorded["lines"][0]["reasons"], reasons, "{number}");
        }
    });
}

#[test]
fn a_receipt_without_an_order_is_billed_by_its_line() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let receipt = json!({ "kind": "receipt", "lines": [
            { "sku": "MUG", "quantity": "2", "unit_cost": "3" }, { "sku": "MUG", "quantity": "5", "unit_cost": "4" }] });
        let receipt = tenant.post("/v1/stock/documents", &receipt).await.created();
        let line = |number: i32, quantity: &str| json!({ "receipt_id": receipt["id"], "receipt_line_no": number, "quantity": quantity, "unit_cost": "5" });
        let recorded = tenant.post(BILLS, &bill(&pottery, "1", &json!([line(2, "5")]))).await.created();
        let shown = &recorded["lines"][0];
        assert_eq!((&shown["reasons"], &shown["ordered"]), (&json!(["price_above_receipt"]), &Value::Null));
        assert_eq!((&shown["received"], &shown["sku"]), (&json!("5"), &json!("MUG")));
        assert_eq!(tenant.get(&bill_path(&recorded)).await.ok(), recorded);
        assert_eq!(tenant.level("MUG").await, Level::of("7", "0", "31"));
        assert_eq!(tenant.balance("2100").await, "-6.00");
        // An order has its receipts itself.
        let made =
            received(tenant, &pottery, json!({ "sku": "MUG", "quantity": "1", "unit_cost": "4" })).await;
        let mut ordered = line(1, "1");
        ordered["receipt_id"] =
            tenant.get(&format!("{}/receipts", path(&made))).await.ok()["data"][0]["stock_document_id"]
                .clone();
        let refused = tenant.post(BILLS, &bill(&pottery, "2", &json!([ordered, line(3, "1")]))).await;
        assert!(refused.text.contains(made["number"].as_str().expect("a number")), "{}", refused.text);
        assert_eq!(refused.json()["errors"][0]["pointer"], "#/lines/0/receipt_id");
        assert_eq!(refused.json()["errors"][1]["pointer"], "#/lines/1/receipt_id");
    });
}

/// Bills at once, and the goods with them: each unit is matched once.
#[test]
fn bills_and_receipts_at_once_match_each_unit_once() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let line = json!({ "sku": "MUG", "quantity": "12", "unit_cost": "4" });
        let made = order(tenant, json!({ "supplier_id": pottery, "lines": [line] }), &["send"]).await;
        let second = environment().other_node().await;
        let here_and_there = [tenant.at(tenant.base_url()), tenant.at(&second.base_url)];
        let receive = format!("{}/receive", path(&made));
        let part = json!({ "lines": [{ "line_no": 1, "quantity": "3" }] });
        let bills: Vec<Value> =
            (0..4).map(|number| bill(&pottery, &number.to_string(), &json!([of(&made, "3", "5")]))).collect();
        let received = (0..4).map(|number: usize| here_and_there[number % 2].post(&receive, &part));
        let billed = (0..4).map(|number: usize| here_and_there[number % 2].post(BILLS, &bills[number]));
        let (received, billed) = futures_util::join!(join_all(received), join_all(billed));
        assert!(received.iter().all(|reply| reply.status == 200), "{received:?}");
        assert!(billed.iter().all(|reply| reply.status == 201), "{billed:?}");
        assert_eq!(tenant.level("MUG").await, Level::of("12", "0", "60"));
        assert_eq!(tenant.balance("2100").await, "0.00");
        assert_eq!(tenant.get(&format!("{BILLS}?unreceived=true")).await.ok()["data"], json!([]));
    });
}

#[test]
fn a_bill_of_a_closed_period_is_posted_on_the_first_open_day() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let lock = json!({ "locked_through": "2026-01-31", "reason": "January is done" });
        tenant.post("/v1/period-locks", &lock).await.created();
        let lines = json!([{ "account": "5300", "unit_cost": "10" }]);
        let recorded = tenant.post(BILLS, &bill(&pottery, "1", &lines)).await.created();
        assert_eq!(recorded["dated"], "2026-01-02");
        let entries = tenant.get(&format!("/v1/journal-entries?document_id={}", id(&recorded))).await.ok();
        let posted = &entries["data"][0];
        assert_eq!(
            (&posted["occurred_on"], &posted["posted_on"]),
            (&json!("2026-01-02"), &json!("2026-02-01"))
        );
    });
}

#[test]
fn the_checklist_of_a_month_has_bills_without_goods_and_goods_without_bills() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let period = environment().today(&chrono_tz::Europe::London).await.format("%Y-%m").to_string();
        let open = async || -> (i64, i64) {
            let close = tenant.get(&format!("/v1/close/{period}")).await.ok();
            let count = async |item: &str| -> i64 {
                let items = close["items"].as_array().expect("items");
                let found = items.iter().find(|found| found["item"] == item).expect("an item");
                let rows = tenant.get(found["href"].as_str().expect("a path")).await.ok();
                let shown = rows["data"].as_array().expect("rows").len();
                assert_eq!(i64::try_from(shown).ok(), found["count"].as_i64(), "{found}");
                found["count"].as_i64().expect("a number")
            };
            (count("bills_without_receipts").await, count("unmatched_receipts").await)
        };
        assert_eq!(open().await, (0, 0));
        let line = json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" });
        let made = order(tenant, json!({ "supplier_id": pottery, "lines": [line] }), &["send"]).await;
        tenant.post(BILLS, &bill(&pottery, "1", &json!([of(&made, "6", "4")]))).await.created();
        assert_eq!(open().await, (1, 0));
        step(tenant, &made, "receive", json!({})).await.ok();
        assert_eq!(open().await, (0, 1));
        let unbilled = tenant.get("/v1/purchase-orders?unbilled=true").await.ok();
        assert_eq!(unbilled["data"][0]["id"], made["id"]);
        tenant.post(BILLS, &bill(&pottery, "2", &json!([of(&made, "4", "4")]))).await.created();
        assert_eq!(open().await, (0, 0));
        assert_eq!(tenant.get("/v1/purchase-orders?unbilled=true").await.ok()["data"], json!([]));
        assert_eq!(tenant.get("/v1/purchase-orders?unbilled=false").await.ok()["data"][0]["id"], made["id"]);
    });
}
