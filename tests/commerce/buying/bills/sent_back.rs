//! Bills of goods that go back to the supplier: what is matched, and what the credit note clears.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Level, Reply, Tenant, environment, with_tenant};

use super::super::{order, path, step, supplier};
use super::{BILLS, bill, bill_path, entry, id, of, received};

const METHODS: [(&str, &str); 2] = [("AVERAGE", "moving_average"), ("LAYERS", "fifo")];

async fn product(tenant: &Tenant, sku: &str, method: &str) {
    tenant.product_with(sku, json!({ "list_price": "10.00", "costing_method": method })).await;
}

/// Returns a request to send units of the first line back, which came with the last receipt of `came`.
fn back(came: &Value, quantity: &str) -> Value {
    json!({ "receipt_id": came["receipt_id"], "lines": [{ "line_no": 1, "quantity": quantity }] })
}

async fn reverse(tenant: &Tenant, order: &Value, sent: &Value) -> Reply {
    let body = json!({ "return_id": sent["return_id"], "reason": "The carrier brought it back" });
    step(tenant, order, "reverse-return", body).await
}

fn document(reply: &Value) -> &str {
    reply["return_id"].as_str().expect("a stock document")
}

/// Returns the differences of the first line of a bill, and the units that came of it.
async fn judged(tenant: &Tenant, bill: &Value) -> (Value, Value) {
    let line = tenant.get(&bill_path(bill)).await.ok()["lines"][0].clone();
    (line["reasons"].clone(), line["received"].clone())
}

/// Returns how many records a list has.
async fn count(tenant: &Tenant, list: &str) -> usize {
    tenant.get(list).await.ok()["data"].as_array().expect("rows").len()
}

async fn unreceived(tenant: &Tenant) -> usize {
    count(tenant, &format!("{BILLS}?unreceived=true")).await
}

async fn unbilled(tenant: &Tenant) -> usize {
    count(tenant, "/v1/purchase-orders?unbilled=true").await
}

async fn credit(tenant: &Tenant, bill: &Value, number: &str, quantity: &str) -> Value {
    let lines = json!([{ "line_no": 1, "quantity": quantity }]);
    let note = json!({ "supplier_number": number, "dated": "2026-01-03", "lines": lines });
    tenant.post(&format!("{}/credit", bill_path(bill)), &note).await.created()
}

#[test]
fn goods_that_went_back_are_not_billed() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let made =
            received(tenant, &pottery, json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" })).await;
        let sent = step(tenant, &made, "return", back(&made, "3")).await.ok();
        let line = &sent["lines"][0];
        assert_eq!((&line["received"], &line["returned"]), (&json!("10"), &json!("3")));
        assert_eq!(tenant.get(&path(&made)).await.ok()["lines"][0]["returned"], "3");
        assert_eq!((tenant.balance("2100").await.as_str(), unbilled(tenant).await), ("-28.00", 1));
        let rest = tenant.post(BILLS, &bill(&pottery, "1", &json!([of(&made, "7", "4")]))).await.created();
        assert_eq!(judged(tenant, &rest).await, (json!([]), json!("7")));
        assert_eq!(rest["lines"][0]["received"], "7");
        assert_eq!((tenant.balance("2100").await.as_str(), unbilled(tenant).await), ("0.00", 0));
        assert_eq!(unreceived(tenant).await, 0);
        let more = tenant.post(BILLS, &bill(&pottery, "2", &json!([of(&made, "3", "4")]))).await.created();
        assert_eq!(more["lines"][0]["reasons"], json!(["billed_more_than_received"]));
        assert_eq!((tenant.balance("2100").await.as_str(), unreceived(tenant).await), ("12.00", 1));

        // All of another order goes back before it is billed.
        let other =
            received(tenant, &pottery, json!({ "sku": "MUG", "quantity": "5", "unit_cost": "4" })).await;
        step(tenant, &other, "return", back(&other, "5")).await.ok();
        assert_eq!((tenant.balance("2100").await.as_str(), unbilled(tenant).await), ("12.00", 0));
    });
}

/// 10 are received at 4 beside 10 others at 1, billed at 5, and 3 go back.
#[test]
fn the_credit_note_clears_what_a_return_after_the_bill_left() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        for (sku, method) in METHODS {
            product(tenant, sku, method).await;
            tenant.open_stock(&[(sku, "10", "1.00")]).await;
            let made =
                received(tenant, &pottery, json!({ "sku": sku, "quantity": "10", "unit_cost": "4" })).await;
            let recorded =
                tenant.post(BILLS, &bill(&pottery, sku, &json!([of(&made, "10", "5")]))).await.created();
            let sent = step(tenant, &made, "return", back(&made, "3")).await.ok();
            // The supplier owes the price of the bill. The goods leave at the average of 3, or at the cost of their layer.
            let (posted, left) = match method {
                "moving_average" => (entry(&[("1200", "-9.00"), ("2100", "15.00"), ("5300", "-6.00")]), "51"),
                _ => (entry(&[("1200", "-15.00"), ("2100", "15.00"), ("5300", "0.00")]), "45"),
            };
            assert_eq!(tenant.entry(document(&sent)).await, posted, "{sku}");
            let reasons = json!(["billed_more_than_received", "price_above_order"]);
            assert_eq!(judged(tenant, &recorded).await, (reasons, json!("7")), "{sku}");
            assert_eq!((tenant.balance("2100").await.as_str(), unreceived(tenant).await), ("15.00", 1));
            let note = credit(tenant, &recorded, &format!("GS-{sku}"), "3").await;
            let expected = entry(&[("2000", "15.00"), ("2100", "-15.00")]);
            assert_eq!(tenant.entry(id(&note)).await, expected, "{sku}");
            assert_eq!(judged(tenant, &recorded).await, (json!(["price_above_order"]), json!("7")), "{sku}");
            assert_eq!((tenant.balance("2100").await.as_str(), unreceived(tenant).await), ("0.00", 0));
            assert_eq!(unbilled(tenant).await, 0, "{sku}");
            assert_eq!(tenant.level(sku).await, Level::of("17", "0", left), "{sku}");
            let part = json!({ "bill_id": recorded["id"], "amount": "35.00" });
            let payment = json!({ "supplier_id": pottery, "bills": [part] });
            tenant.post("/v1/supplier-payments", &payment).await.created();
            assert_eq!(tenant.balance("2000").await, "0.00", "{sku}");
        }
    });
}

#[test]
fn a_credit_note_before_the_return_leaves_nothing_either() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let made =
            received(tenant, &pottery, json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" })).await;
        let recorded =
            tenant.post(BILLS, &bill(&pottery, "1", &json!([of(&made, "10", "5")]))).await.created();
        credit(tenant, &recorded, "GS-1", "3").await;
        assert_eq!((tenant.balance("2100").await.as_str(), unbilled(tenant).await), ("-12.00", 1));
        let sent = step(tenant, &made, "return", back(&made, "3")).await.ok();
        // The 10 have a value of 47, because 7 of them are billed at 5.
        let posted = entry(&[("1200", "-14.10"), ("2100", "12.00"), ("5300", "2.10")]);
        assert_eq!(tenant.entry(document(&sent)).await, posted);
        assert_eq!((tenant.balance("2100").await.as_str(), unbilled(tenant).await), ("0.00", 0));
        assert_eq!(judged(tenant, &recorded).await, (json!(["price_above_order"]), json!("7")));
    });
}

/// 10 are received at 4 and billed at 5, and 3 go back.
#[test]
fn a_return_that_is_taken_back_after_the_bill_leaves_no_trace() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        for (sku, method) in METHODS {
            product(tenant, sku, method).await;
            let made =
                received(tenant, &pottery, json!({ "sku": sku, "quantity": "10", "unit_cost": "4" })).await;
            let recorded =
                tenant.post(BILLS, &bill(&pottery, sku, &json!([of(&made, "10", "5")]))).await.created();
            let sent = step(tenant, &made, "return", back(&made, "3")).await.ok();
            assert_eq!(tenant.level(sku).await, Level::of("7", "0", "35"), "{sku}");
            let undone = reverse(tenant, &made, &sent).await.ok();
            let posted = entry(&[("1200", "15.00"), ("2100", "-15.00"), ("5300", "0.00")]);
            assert_eq!(tenant.entry(document(&undone)).await, posted, "{sku}");
            assert_eq!(tenant.level(sku).await, Level::of("10", "0", "50"), "{sku}");
            assert_eq!((tenant.balance("2100").await.as_str(), unreceived(tenant).await), ("0.00", 0));
            assert_eq!(judged(tenant, &recorded).await, (json!(["price_above_order"]), json!("10")), "{sku}");
            let wrong = json!({ "reason": "A quote" });
            tenant.post(&format!("{}/reverse", bill_path(&recorded)), &wrong).await.created();
            assert_eq!(tenant.level(sku).await, Level::of("10", "0", "40"), "{sku}");
            let right = bill(&pottery, &format!("{sku}-2"), &json!([of(&made, "10", "4")]));
            tenant.post(BILLS, &right).await.created();
            assert_eq!(tenant.balance("2100").await, "0.00", "{sku}");
        }
    });
}

/// 10 are received at 4 and billed at 5. 3 go back and are credited, and come back after all: another bill has them.
#[test]
fn goods_that_come_back_after_their_credit_note_have_the_cost_of_another_bill() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        for (sku, method) in METHODS {
            for is_billed_before in [false, true] {
                let sku = format!("{sku}-{is_billed_before}");
                product(tenant, &sku, method).await;
                let made =
                    received(tenant, &pottery, json!({ "sku": sku, "quantity": "10", "unit_cost": "4" }))
                        .await;
                let first =
                    tenant.post(BILLS, &bill(&pottery, &sku, &json!([of(&made, "10", "5")]))).await.created();
                let sent = step(tenant, &made, "return", back(&made, "3")).await.ok();
                credit(tenant, &first, &format!("GS-{sku}"), "3").await;
                let other = bill(&pottery, &format!("{sku}-2"), &json!([of(&made, "3", "6")]));
                if is_billed_before {
                    tenant.post(BILLS, &other).await.created();
                }
                let undone = reverse(tenant, &made, &sent).await.ok();
                if !is_billed_before {
                    // The goods are worth what the supplier delivered them for until they are billed again.
                    let posted = entry(&[("1200", "12.00"), ("2100", "-12.00"), ("5300", "0.00")]);
                    assert_eq!(tenant.entry(document(&undone)).await, posted, "{sku}");
                    assert_eq!(tenant.level(&sku).await, Level::of("10", "0", "47"), "{sku}");
                    tenant.post(BILLS, &other).await.created();
                }
                assert_eq!(tenant.level(&sku).await, Level::of("10", "0", "53"), "{sku}");
                for account in ["2100", "5200", "5300"] {
                    assert_eq!(tenant.balance(account).await, "0.00", "{sku}: {account}");
                }
                assert_eq!((unreceived(tenant).await, unbilled(tenant).await), (0, 0), "{sku}");
            }
        }
    });
}

/// 10 are received at 4, and 3 go back before 10 are billed at 5.
#[test]
fn a_return_before_the_bill_that_is_taken_back_brings_the_goods_of_the_bill() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        for (sku, method) in METHODS {
            product(tenant, sku, method).await;
            let made =
                received(tenant, &pottery, json!({ "sku": sku, "quantity": "10", "unit_cost": "4" })).await;
            let sent = step(tenant, &made, "return", back(&made, "3")).await.ok();
            let recorded =
                tenant.post(BILLS, &bill(&pottery, sku, &json!([of(&made, "10", "5")]))).await.created();
            assert_eq!(tenant.level(sku).await, Level::of("7", "0", "35"), "{sku}");
            assert_eq!((tenant.balance("2100").await.as_str(), unreceived(tenant).await), ("15.00", 1));
            let undone = reverse(tenant, &made, &sent).await.ok();
            let posted = entry(&[("1200", "15.00"), ("2100", "-15.00")]);
            assert_eq!(tenant.entry(document(&undone)).await, posted, "{sku}");
            assert_eq!(tenant.level(sku).await, Level::of("10", "0", "50"), "{sku}");
            assert_eq!((tenant.balance("2100").await.as_str(), unreceived(tenant).await), ("0.00", 0));
            assert_eq!(judged(tenant, &recorded).await, (json!(["price_above_order"]), json!("10")), "{sku}");
        }
    });
}

#[test]
fn what_replaces_returned_goods_belongs_to_their_bill() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let made =
            received(tenant, &pottery, json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" })).await;
        let recorded =
            tenant.post(BILLS, &bill(&pottery, "1", &json!([of(&made, "10", "5")]))).await.created();
        let mut replaced = back(&made, "3");
        replaced["replace"] = json!(true);
        let sent = step(tenant, &made, "return", replaced).await.ok();
        let line = &sent["lines"][0];
        assert_eq!(
            (&line["received"], &line["returned"], &line["open"]),
            (&json!("7"), &json!("0"), &json!("3"))
        );
        assert_eq!((tenant.balance("2100").await.as_str(), unreceived(tenant).await), ("15.00", 1));
        let came = step(tenant, &made, "receive", json!({})).await.ok();
        let posted = entry(&[("1200", "15.00"), ("2100", "-15.00")]);
        assert_eq!(tenant.entry(came["receipt_id"].as_str().expect("a receipt")).await, posted);
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "50"));
        assert_eq!((tenant.balance("2100").await.as_str(), unreceived(tenant).await), ("0.00", 0));
        assert_eq!(judged(tenant, &recorded).await, (json!(["price_above_order"]), json!("10")));
    });
}

/// Two receipts of 5, of which one is billed.
#[test]
fn a_bill_whose_goods_went_back_takes_those_of_another_receipt() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let line = json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" });
        let made = order(tenant, json!({ "supplier_id": pottery, "lines": [line] }), &["send"]).await;
        let part = json!({ "lines": [{ "line_no": 1, "quantity": "5" }] });
        let first = step(tenant, &made, "receive", part.clone()).await.ok();
        step(tenant, &made, "receive", part).await.ok();
        let recorded =
            tenant.post(BILLS, &bill(&pottery, "1", &json!([of(&made, "5", "4")]))).await.created();
        let sent = step(tenant, &made, "return", back(&first, "2")).await.ok();
        assert_eq!((tenant.balance("2100").await.as_str(), unreceived(tenant).await), ("-12.00", 0));
        assert_eq!(judged(tenant, &recorded).await, (json!([]), json!("8")));
        reverse(tenant, &made, &sent).await.ok();
        assert_eq!((tenant.balance("2100").await.as_str(), unreceived(tenant).await), ("-20.00", 0));
        tenant.post(BILLS, &bill(&pottery, "2", &json!([of(&made, "5", "4")]))).await.created();
        assert_eq!((tenant.balance("2100").await.as_str(), unbilled(tenant).await), ("0.00", 0));
    });
}

/// 4 of one lot and 6 of another came at 1.00. The first lot goes back, and the rest is billed at 0.90.
#[test]
fn a_lot_that_went_back_has_no_share_of_a_difference() {
    with_tenant(async |tenant| {
        tenant.tracked("MILK", "lot").await;
        let dairy = supplier(tenant, "DAIRY", json!({})).await;
        let line = json!({ "sku": "MILK", "quantity": "10", "unit_cost": "1.00" });
        let made = order(tenant, json!({ "supplier_id": dairy, "lines": [line] }), &["send"]).await;
        let lots = json!([{ "code": "L1", "quantity": "4" }, { "code": "L2", "quantity": "6" }]);
        let body = json!({ "lines": [{ "line_no": 1, "quantity": "10", "lots": lots }] });
        let came = step(tenant, &made, "receive", body).await.ok();
        let mut first = back(&came, "4");
        first["lines"][0]["lots"] = json!([{ "code": "L1" }]);
        step(tenant, &made, "return", first).await.ok();
        let recorded =
            tenant.post(BILLS, &bill(&dairy, "1", &json!([of(&made, "6", "0.90")]))).await.created();
        let expected = entry(&[("1200", "-0.60"), ("2000", "-5.40"), ("2100", "6.00")]);
        assert_eq!(tenant.entry(id(&recorded)).await, expected);
        assert_eq!(tenant.level("MILK").await, Level::of("6", "0", "5.4"));
        assert_eq!(tenant.balance("2100").await, "0.00");
    });
}

/// 2 units are received for 0.05, so that either of them has a value of 0.03.
#[test]
fn cents_of_rounding_do_not_stay_behind() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let made =
            received(tenant, &pottery, json!({ "sku": "MUG", "quantity": "2", "unit_cost": "0.025" })).await;
        tenant.post(BILLS, &bill(&pottery, "1", &json!([of(&made, "1", "0.03")]))).await.created();
        let sent = step(tenant, &made, "return", back(&made, "1")).await.ok();
        assert_eq!((tenant.balance("2100").await.as_str(), unreceived(tenant).await), ("0.00", 0));
        reverse(tenant, &made, &sent).await.ok();
        tenant.post(BILLS, &bill(&pottery, "2", &json!([of(&made, "1", "0.02")]))).await.created();
        assert_eq!((tenant.balance("2100").await.as_str(), unbilled(tenant).await), ("0.00", 0));
    });
}

/// Bills and returns at once: no unit that went back is matched, and none that is there is matched twice.
#[test]
fn bills_and_returns_at_once_agree() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let made =
            received(tenant, &pottery, json!({ "sku": "MUG", "quantity": "12", "unit_cost": "4" })).await;
        let second = environment().other_node().await;
        let here_and_there = [tenant.at(tenant.base_url()), tenant.at(&second.base_url)];
        let url = format!("{}/return", path(&made));
        let part = back(&made, "2");
        let bills: Vec<Value> =
            (0..4).map(|number| bill(&pottery, &number.to_string(), &json!([of(&made, "3", "5")]))).collect();
        let sent = (0..3).map(|number: usize| here_and_there[number % 2].post(&url, &part));
        let billed = (0..4).map(|number: usize| here_and_there[number % 2].post(BILLS, &bills[number]));
        let (sent, billed) = futures_util::join!(join_all(sent), join_all(billed));
        assert!(sent.iter().all(|reply| reply.status == 200), "{sent:?}");
        assert!(billed.iter().all(|reply| reply.status == 201), "{billed:?}");
        assert_eq!(tenant.level("MUG").await.on_hand, "6");
        // 6 units at 5 are billed that are not there.
        assert_eq!(tenant.balance("2100").await, "30.00");

        let url = format!("{}/reverse-return", path(&made));
        let reversals = sent.iter().map(
            |reply| json!({ "return_id": reply.ok()["return_id"], "reason": "The carrier brought it back" }),
        );
        let reversals: Vec<Value> = reversals.collect();
        let undone =
            (0..6).map(|number: usize| here_and_there[number % 2].post(&url, &reversals[number / 2]));
        let undone = join_all(undone).await;
        assert_eq!(undone.iter().filter(|reply| reply.status == 200).count(), 3, "{undone:?}");
        assert_eq!(tenant.level("MUG").await.on_hand, "12");
        assert_eq!((tenant.balance("2100").await.as_str(), unreceived(tenant).await), ("0.00", 0));
    });
}
