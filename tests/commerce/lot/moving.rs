//! Tracked products on the move: orders, holds, transfers, returns, and both channels at once.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Reply, Tenant, lines, with_tenant};

use crate::lot::{available, day, lot, lots_of, pairs, posted, received, sale_of, tracked};

/// Makes milk: 3 units that expire soon, 10 that expire late.
async fn milk(tenant: &Tenant) {
    tracked(tenant, "MILK", "lot").await;
    received(tenant, "MILK", "EARLY", ("3", &day(20).await)).await;
    received(tenant, "MILK", "LATE", ("10", &day(60).await)).await;
}

fn id(document: &Value) -> &str {
    document["id"].as_str().expect("an id")
}

async fn ship(tenant: &Tenant, order: &Value, lines: Value) -> Reply {
    tenant.post(&format!("/v1/orders/{}/ship", id(order)), &json!({ "lines": lines })).await
}

#[test]
fn an_order_reserves_lots_and_ships_them() {
    with_tenant(async |tenant| {
        milk(tenant).await;
        let (customer, till) = (tenant.customer("Hansa Foods").await, tenant.till().await);
        let order = tenant.order(&customer, &[("MILK", "5")], "confirmed").await.created();
        assert_eq!(lots_of(&order["lines"][0]), pairs(&[("EARLY", "3"), ("LATE", "2")]));
        // A reserved lot is not available to others, although there is more of the product.
        let body = sale_of(&till, "MILK", "1", json!([{ "code": "EARLY" }]));
        tenant.post("/v1/pos/sales", &body).await.refused(409, "insufficient_stock");
        assert_eq!(available(tenant, "MILK").await["available"], "8");
        let first = ship(tenant, &order, json!([{ "line_no": 1, "quantity": "2" }])).await.ok();
        assert_eq!(lots_of(&first["shipments"][0]["lines"][0]), pairs(&[("EARLY", "2")]));
        assert_eq!(lots_of(&first["lines"][0]), pairs(&[("EARLY", "1"), ("LATE", "2")]));
        let second = ship(tenant, &order, json!([])).await.ok();
        assert_eq!(lots_of(&second["lines"][0]), [], "nothing is reserved any more");
        let shown = tenant.get(&format!("/v1/orders/{}", id(&order))).await.ok();
        assert_eq!(lots_of(&shown["shipments"][1]["lines"][0]), pairs(&[("EARLY", "1"), ("LATE", "2")]));
        let invoiced = tenant.step(id(&order), "invoice").await.ok();
        assert_eq!(lots_of(&invoiced["invoices"][1]["lines"][0]), pairs(&[("EARLY", "1"), ("LATE", "2")]));
        let invoice = tenant.get(&format!("/v1/invoices/{}", id(&invoiced["invoices"][1]))).await.ok();
        assert_eq!(lots_of(&invoice["lines"][0]), pairs(&[("EARLY", "1"), ("LATE", "2")]));
        assert_eq!(lot(tenant, "LATE").await["on_hand"], "8");
        // A cancelled order releases its lots.
        let order = tenant.order(&customer, &[("MILK", "8")], "confirmed").await.created();
        assert_eq!(lot(tenant, "LATE").await["reserved"], "8");
        tenant.step(id(&order), "cancel").await.ok();
        assert_eq!(lot(tenant, "LATE").await["reserved"], "0");
    });
}

#[test]
fn a_shipment_may_take_other_lots_than_those_reserved() {
    with_tenant(async |tenant| {
        milk(tenant).await;
        let customer = tenant.customer("Hansa Foods").await;
        let order = tenant.order(&customer, &[("MILK", "5")], "confirmed").await.created();
        let swap = |code: &str, quantity: &str| json!([{ "line_no": 1, "quantity": quantity, "lots": [{ "code": code }] }]);
        ship(tenant, &order, swap("LATE", "11"))
            .await
            .refused(422, "validation_failed")
            .names(&["#/lines/0/quantity"]);
        ship(tenant, &order, swap("NONE", "1"))
            .await
            .refused(404, "not_found")
            .names(&["#/lines/0/lots/0/code"]);
        // Two of LATE are its own, and two more are available. As many of EARLY are released.
        let shipped = ship(tenant, &order, swap("LATE", "4")).await.ok();
        assert_eq!(lots_of(&shipped["shipments"][0]["lines"][0]), pairs(&[("LATE", "4")]));
        assert_eq!(lots_of(&shipped["lines"][0]), pairs(&[("EARLY", "1")]));
        assert_eq!(lot(tenant, "EARLY").await["reserved"], "1");
        // What another order has reserved can't be swapped.
        let other = tenant.order(&customer, &[("MILK", "8")], "confirmed").await.created();
        assert_eq!(lots_of(&other["lines"][0]), pairs(&[("EARLY", "2"), ("LATE", "6")]));
        ship(tenant, &order, swap("LATE", "1"))
            .await
            .refused(409, "insufficient_stock")
            .names(&["#/lines/0/lots/0/quantity"]);
        ship(tenant, &order, json!([])).await.ok();
        ship(tenant, &other, json!([])).await.ok();
    });
}

#[test]
fn an_order_may_name_lots_where_it_reserves_them() {
    with_tenant(async |tenant| {
        milk(tenant).await;
        tenant.product_with("POST", json!({ "list_price": "5.00", "kind": "service" })).await;
        let customer = tenant.customer("Hansa Foods").await;
        let body = |sku: &str, advance_to: &str| {
            json!({ "customer_id": customer, "advance_to": advance_to,
                "lines": [{ "sku": sku, "quantity": "2", "lots": [{ "code": "LATE" }] }] })
        };
        let order =
            async |sku: &str, advance_to: &str| tenant.post("/v1/orders", &body(sku, advance_to)).await;
        order("MILK", "draft").await.refused(422, "validation_failed").names(&["#/lines/0/lots"]);
        order("POST", "invoiced").await.refused(422, "validation_failed").names(&["#/lines/0/lots"]);
        let placed = order("MILK", "invoiced").await.created();
        assert_eq!(lots_of(&placed["shipments"][0]["lines"][0]), pairs(&[("LATE", "2")]));
        assert_eq!(lots_of(&placed["invoices"][0]["lines"][0]), pairs(&[("LATE", "2")]));
        // A draft gets its lots when it is confirmed.
        let draft = tenant.order(&customer, &[("MILK", "4")], "draft").await.created();
        let confirmed = tenant.step(id(&draft), "confirm").await.ok();
        assert_eq!(lots_of(&confirmed["lines"][0]), pairs(&[("EARLY", "3"), ("LATE", "1")]));
    });
}

#[test]
fn a_lot_that_expires_while_it_is_reserved_is_not_shipped() {
    with_tenant(async |tenant| {
        milk(tenant).await;
        let customer = tenant.customer("Hansa Foods").await;
        let order = tenant.order(&customer, &[("MILK", "3")], "confirmed").await.created();
        let early = lot(tenant, "EARLY").await;
        let path = format!("/v1/lots/{}", id(&early));
        tenant.patch(&path, &json!({ "expires_on": day(-1).await })).await.ok();
        let named = json!([{ "line_no": 1, "quantity": "1", "lots": [{ "code": "EARLY" }] }]);
        ship(tenant, &order, named).await.refused(409, "lot_expired");
        let shipped = ship(tenant, &order, json!([])).await.ok();
        assert_eq!(lots_of(&shipped["shipments"][0]["lines"][0]), pairs(&[("LATE", "3")]));
        let early = lot(tenant, "EARLY").await;
        assert_eq!(early["on_hand"], "3");
        assert_eq!(early["reserved"], "0");
    });
}

#[test]
fn a_hold_keeps_lots_and_a_document_that_uses_it_gets_them() {
    with_tenant(async |tenant| {
        milk(tenant).await;
        let till = tenant.till().await;
        let holds = "/v1/stock/holds";
        let until = (tests::environment().now().await + chrono::Duration::hours(1)).to_rfc3339();
        let body = json!({ "reference": "cart-1", "expires_at": until,
            "lines": [{ "sku": "MILK", "quantity": "4", "lots": [{ "code": "LATE" }] }] });
        let hold = tenant.post(holds, &body).await.created();
        assert_eq!(hold["lines"][0]["lot_code"], "LATE");
        assert_eq!(hold["lines"][0]["quantity"], "4");
        assert_eq!(lot(tenant, "LATE").await["reserved"], "4");
        let mut sale = sale_of(&till, "MILK", "5", json!([]));
        sale["hold_id"] = hold["id"].clone();
        let sold = tenant.post("/v1/pos/sales", &sale).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("EARLY", "1"), ("LATE", "4")]));
        assert_eq!(lot(tenant, "LATE").await["reserved"], "0");
        // Without named lots, the hold reserves what would be sold first: a line for each lot.
        let any = json!({ "expires_at": until, "lines": lines(&[("MILK", "4")]) });
        let hold = tenant.post(holds, &any).await.created();
        let shown = tenant.get(&format!("{holds}/{}", id(&hold))).await.ok();
        assert_eq!(shown["lines"][0]["lot_code"], "EARLY");
        assert_eq!(shown["lines"][1]["lot_code"], "LATE");
        tenant.post(&format!("{holds}/{}/release", id(&hold)), &json!({})).await.ok();
        // A quarantine must name its lots.
        let quarantine = |lots: Value| json!({ "kind": "quarantine", "lines": [{ "sku": "MILK", "quantity": "2", "lots": lots }] });
        tenant
            .post(holds, &quarantine(json!([])))
            .await
            .refused(422, "validation_failed")
            .names(&["#/lines/0/lots"]);
        tenant.post(holds, &quarantine(json!([{ "code": "EARLY" }]))).await.created();
        assert_eq!(available(tenant, "MILK").await["available"], "6");
        let expected = json!({ "expected_on": day(5).await,
            "lines": [{ "sku": "MILK", "quantity": "2", "lots": [{ "code": "EARLY" }] }] });
        let refused = tenant.post("/v1/stock/expected-receipts", &expected).await;
        refused.refused(422, "validation_failed").names(&["#/lines/0/lots"]);
    });
}

#[test]
fn a_transfer_carries_lots() {
    with_tenant(async |tenant| {
        milk(tenant).await;
        received(tenant, "MILK", "OLD", ("2", &day(-3).await)).await;
        let transfers = "/v1/stock/transfers";
        let send = async |quantity: &str, lots: Value| {
            let line = json!({ "sku": "MILK", "quantity": quantity, "lots": lots });
            tenant.post(transfers, &json!({ "to_location_id": tenant.shop, "lines": [line] })).await
        };
        let transfer = send("5", json!([])).await.created();
        let codes: Vec<&Value> = [0, 1].map(|at| &transfer["lines"][at]["lot_code"]).to_vec();
        assert_eq!(codes, ["EARLY", "LATE"], "an expired lot goes only if it is named");
        let receive = format!("{transfers}/{}/receive", id(&transfer));
        let part = json!({ "lines": [{ "line_no": 2, "quantity": "1" }] });
        tenant.post(&receive, &part).await.ok();
        let late = lot(tenant, "LATE").await;
        let shown = tenant.get(&format!("/v1/lots/{}", id(&late))).await.ok();
        let places: Vec<(&Value, &Value)> = shown["levels"]
            .as_array()
            .expect("levels")
            .iter()
            .map(|level| (&level["on_hand"], &level["in_transit"]))
            .collect();
        assert_eq!(places.len(), 3);
        assert!(
            places.contains(&(&json!("1"), &json!(true))) && places.contains(&(&json!("8"), &json!(false)))
        );
        tenant
            .post(
                &receive,
                &json!({ "missing_reason": "damage", "lines": [{ "line_no": 1, "quantity": "2" }] }),
            )
            .await
            .ok();
        assert_eq!(lot(tenant, "EARLY").await["on_hand"], "2");
        let shown = tenant.get(&format!("{transfers}/{}", id(&transfer))).await.ok();
        assert_eq!(shown["status"], "received");
        assert_eq!(shown["lines"][0]["missing"], "1");
        // An expired lot may be transferred. So may another part of a lot that is in transit already.
        send("2", json!([{ "code": "OLD" }])).await.created();
        let again = send("1", json!([{ "code": "LATE" }])).await.created();
        tenant.post(&format!("{transfers}/{}/receive", id(&again)), &json!({})).await.ok();
        // A used-up lot comes back to the location that it left.
        let rest = send("7", json!([{ "code": "LATE" }])).await.created();
        tenant.post(&format!("{transfers}/{}/receive", id(&rest)), &json!({})).await.ok();
        let back = json!({ "from_location_id": tenant.shop, "to_location_id": tenant.main,
            "lines": [{ "sku": "MILK", "quantity": "7", "lots": [{ "code": "LATE" }] }] });
        let back = tenant.post(transfers, &back).await.created();
        tenant.post(&format!("{transfers}/{}/receive", id(&back)), &json!({})).await.ok();
        tracked(tenant, "PHONE", "serial").await;
        posted(tenant, "receipt", ("PHONE", "1"), json!([{ "code": "S1" }])).await.created();
        let phone = json!({ "to_location_id": tenant.shop, "lines": lines(&[("PHONE", "1")]) });
        tenant.post(transfers, &phone).await.refused(422, "validation_failed").names(&["#/lines/0/lots"]);
    });
}

#[test]
fn goods_come_back_into_the_lot_they_left_in() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        let cost = |code: &str, quantity: &str, unit_cost: &str, day: &str| {
            json!({ "kind": "receipt", "lines": [{ "sku": "MILK", "quantity": quantity, "unit_cost": unit_cost,
                "lots": [{ "code": code, "expires_on": day }] }] })
        };
        for (code, unit_cost, days) in [("EARLY", "1.00", 20), ("LATE", "5.00", 60)] {
            tenant.post("/v1/stock/documents", &cost(code, "4", unit_cost, &day(days).await)).await.created();
        }
        let till = tenant.till().await;
        let sold = tenant.sell(&till, &[("MILK", "6")]).await.created();
        let refund = |lines: Value| {
            json!({ "register_id": till.register_id, "original_id": sold["id"], "original_lines": lines,
                "tenders": [{ "kind": "cash" }] })
        };
        let refunds = "/v1/pos/refunds";
        let back = async |line: Value| tenant.post(refunds, &refund(json!([line]))).await;
        let at = "#/original_lines/0/lots";
        back(json!({ "line_no": 1, "quantity": "3" })).await.refused(422, "validation_failed").names(&[at]);
        let late = json!({ "line_no": 1, "quantity": "3", "lots": [{ "code": "LATE" }] });
        back(late).await.refused(422, "return_exceeds_sale").names(&["#/original_lines/0/lots/0/quantity"]);
        let none = json!({ "line_no": 1, "quantity": "1", "lots": [{ "code": "OTHER" }] });
        back(none).await.refused(404, "not_found").names(&["#/original_lines/0/lots/0/code"]);
        let one = json!({ "line_no": 1, "quantity": "1", "lots": [{ "code": "LATE" }] });
        assert_eq!(lots_of(&back(one).await.created()["lines"][0]), pairs(&[("LATE", "-1")]));
        let levels = tenant.get("/v1/stock/levels?sku=MILK").await.ok();
        let worth = |code: &str| {
            let all = levels["data"].as_array().expect("levels");
            let level = all.iter().find(|level| level["lot_code"] == code).expect("a level");
            level["value"].as_str().expect("a value").to_owned()
        };
        assert_eq!(worth("EARLY"), "0.00".to_owned(), "at the cost they left with");
        assert_eq!(worth("LATE"), "15.00".to_owned(), "at the cost they left with");
        // A refund of everything that is left needs no lot.
        let rest = tenant.post(refunds, &refund(json!([]))).await.created();
        assert_eq!(lots_of(&rest["lines"][0]), pairs(&[("EARLY", "-4"), ("LATE", "-1")]));
        assert_eq!(lot(tenant, "EARLY").await["on_hand"], "4");
        assert_eq!(lot(tenant, "LATE").await["on_hand"], "4");
    });
}

#[test]
fn wholesale_goods_come_back_into_their_lots() {
    with_tenant(async |tenant| {
        milk(tenant).await;
        let customer = tenant.customer("Hansa Foods").await;
        let order = tenant.order(&customer, &[("MILK", "5")], "invoiced").await.created();
        let back = |condition: &str, code: &str| {
            json!({ "customer_id": customer, "original_id": order["invoices"][0]["id"], "condition": condition,
                "original_lines": [{ "line_no": 1, "quantity": "1", "lots": [{ "code": code }] }] })
        };
        tenant.post("/v1/returns", &back("resellable", "LATE")).await.created();
        assert_eq!(lot(tenant, "LATE").await["on_hand"], "9");
        // A damaged return is written off, but the lot records that it came back.
        tenant.post("/v1/returns", &back("damaged", "EARLY")).await.created();
        let early = lot(tenant, "EARLY").await;
        assert_eq!(early["on_hand"], "0");
        let trace = tenant.get(&format!("/v1/lots/{}/trace", id(&early))).await.ok();
        let sums = &trace["sums"];
        assert_eq!(sums["sold"], "3");
        assert_eq!(sums["returned"], "1");
        assert_eq!(sums["adjusted"], "-1");
        assert_eq!(sums["adds_up"], true);
        let rest = json!({ "customer_id": customer, "original_id": order["invoices"][0]["id"] });
        let note = tenant.post("/v1/returns", &rest).await.created();
        assert_eq!(lots_of(&note["lines"][0]), pairs(&[("EARLY", "-2"), ("LATE", "-1")]));
        let blind = json!({ "customer_id": customer,
            "lines": [{ "sku": "MILK", "quantity": "1", "lots": [{ "code": "LATE" }] }] });
        let again = tenant.post("/v1/returns", &blind).await;
        again.refused(422, "return_exceeds_sale").names(&["#/lines/0/lots"]);
        let mut more = json!({ "customer_id": customer, "advance_to": "shipped", "lines": blind["lines"] });
        more["lines"][0]["quantity"] = json!("2");
        tenant.post("/v1/orders", &more).await.created();
        tenant.post("/v1/returns", &blind).await.created();
        assert_eq!(lot(tenant, "LATE").await["on_hand"], "9");
    });
}

#[test]
fn goods_in_lots_are_counted_by_lot() {
    with_tenant(async |tenant| {
        milk(tenant).await;
        let sheet = tenant.post("/v1/counts", &json!({})).await.created();
        let entries = json!({ "entries": [{ "sku": "MILK", "quantity": "2" }] });
        let entered = tenant.post(&format!("/v1/counts/{}/entries", id(&sheet)), &entries).await;
        entered.refused(422, "validation_failed").names(&["#/entries/0/lot_code"]);
    });
}

#[test]
fn a_bundle_is_made_of_what_expires_first() {
    with_tenant(async |tenant| {
        milk(tenant).await;
        let set = tenant.product_with("BREAKFAST", json!({ "list_price": "15.00", "kind": "bundle" })).await;
        let parts = json!({ "components": [{ "sku": "MILK", "quantity": "2" }] });
        tenant.put(&format!("/v1/products/{}/components", set.id), &parts).await.ok();
        let till = tenant.till().await;
        let sold = tenant.sell(&till, &[("BREAKFAST", "2")]).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("EARLY", "3"), ("LATE", "1")]));
        let named = sale_of(&till, "BREAKFAST", "1", json!([{ "code": "LATE" }]));
        tenant
            .post("/v1/pos/sales", &named)
            .await
            .refused(422, "validation_failed")
            .names(&["#/lines/0/lots"]);
        assert_eq!(available(tenant, "BREAKFAST").await["available"], "4");
    });
}

#[test]
fn the_last_units_of_lots_are_sold_once_over_both_channels() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        tracked(tenant, "PHONE", "serial").await;
        for (code, days) in [("A", 10), ("B", 20), ("C", 30), ("D", -1)] {
            received(tenant, "MILK", code, ("5", &day(days).await)).await;
        }
        posted(tenant, "receipt", ("PHONE", "1"), json!([{ "code": "S1" }])).await.created();
        let customer = tenant.customer("Hansa Foods").await;
        let tills = [tenant.till().await, tenant.till().await];
        let attempts = join_all((0..40).map(async |turn: usize| {
            if turn.is_multiple_of(2) {
                tenant.sell(&tills[turn % 4 / 2], &[("MILK", "1")]).await.status
            } else {
                tenant
                    .order(&customer, &[("MILK", "1")], ["confirmed", "invoiced"][turn % 4 / 2])
                    .await
                    .status
            }
        }))
        .await;
        assert_eq!(attempts.iter().filter(|status| **status == 201).count(), 15, "{attempts:?}");
        assert!(attempts.iter().all(|status| [201, 409].contains(status)), "{attempts:?}");
        assert_eq!(available(tenant, "MILK").await["available"], "0");
        let body = sale_of(&tills[0], "PHONE", "1", json!([{ "code": "S1" }]));
        let sold = join_all((0..8).map(async |_| tenant.post("/v1/pos/sales", &body).await.status)).await;
        assert_eq!(sold.iter().filter(|status| **status == 201).count(), 1, "{sold:?}");
        // A serial number that is received many times at once comes in once.
        let receipts = join_all((0..8).map(async |_| {
            posted(tenant, "receipt", ("PHONE", "1"), json!([{ "code": "S2" }])).await.status
        }))
        .await;
        assert_eq!(receipts.iter().filter(|status| **status == 201).count(), 1, "{receipts:?}");
        let found = join_all([&tenant.main, &tenant.shop].map(async |place| {
            let body = json!({ "kind": "adjustment", "reason": "found", "location_id": place,
                "lines": [{ "sku": "PHONE", "quantity": "1", "lots": [{ "code": "S1" }] }] });
            tenant.post("/v1/stock/documents", &body).await.status
        }))
        .await;
        assert_eq!(found.iter().filter(|status| **status == 201).count(), 1, "{found:?}");
    });
}
