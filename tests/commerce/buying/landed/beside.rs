//! Landed costs beside what happens to the goods of their receipts meanwhile: arrivals, receipts and returns.

use futures_util::future::{join, join_all};
use sea_orm::sqlx::{self, Connection};
use serde_json::json;
use tests::{Level, environment, lines, until_waiting, with_tenant};

use super::{
    DOCUMENTS, LANDED, METHODS, accounts, freight, in_shop, of_lines, product, receive, reverse, text,
};
use crate::buying::{order, step, supplier};

#[test]
fn units_that_arrive_while_a_landed_cost_waits_have_their_share() {
    with_tenant(async |tenant| {
        let sku = product(tenant, "fifo").await;
        let receipt = receive(tenant, "05", &[(&sku, "10", "1.00")]).await;
        let sent = json!({ "to_location_id": tenant.shop, "lines": lines(&[(&sku, "4")]) });
        let transfer = tenant.make("/v1/stock/transfers", sent).await;
        let mut connection = environment().connect().await;
        let mut lock = connection.begin().await.expect("a transaction");
        let level = "select 1 from stock_level where tenant_id = $1 \
             and location_id = (select id from location where tenant_id = $1 and code = 'MAIN') for update";
        sqlx::query(level).bind(tenant.id.0).fetch_one(&mut *lock).await.expect("the level");
        let arrival = async {
            until_waiting(&mut lock, 1).await;
            tenant.post(&format!("/v1/stock/transfers/{transfer}/receive"), &json!({})).await.ok();
            lock.rollback().await.expect("it ends");
        };
        let body = freight("10.00", "quantity", &[&receipt]);
        let landed = join(tenant.post(LANDED, &body), arrival).await.0.created();
        assert_eq!((of_lines(&landed, "held"), of_lines(&landed, "gone_value")), (vec!["10"], vec!["0.00"]));
        assert_eq!(tenant.level(&sku).await, Level::of("6", "0", "12"));
        assert_eq!(in_shop(tenant, &sku).await, "8.00");
    });
}

#[test]
fn receipts_beside_a_landed_cost_are_not_held_for_it() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let sku = product(tenant, "moving_average").await;
        let receipt = receive(tenant, "05", &[(&sku, "10", "1.00")]).await;
        tenant.sell(&till, &[(&sku, "10")]).await.created();
        // Those that arrive at once share a transaction, and a landed cost has one of its own.
        let more =
            json!({ "kind": "receipt", "lines": [{ "sku": sku, "quantity": "5", "unit_cost": "1.00" }] });
        let came = (0..30).map(async |_| tenant.post(DOCUMENTS, &more).await.status);
        let body = freight("1.00", "quantity", &[&receipt]);
        let bills = (0..15).map(async |_| tenant.post(LANDED, &body).await.created());
        let (came, landed) = join(join_all(came), join_all(bills)).await;
        assert_eq!(came, [201; 30]);
        for landed in &landed {
            assert_eq!(of_lines(landed, "held"), ["0"], "the goods of the receipt were sold before");
        }
        assert_eq!(tenant.level(&sku).await, Level::of("150", "0", "150"));
    });
}

#[test]
fn what_went_back_of_a_later_receipt_did_not_come_last() {
    with_tenant(async |tenant| {
        let sku = product(tenant, "moving_average").await;
        let nordbolt = supplier(tenant, "NORDBOLT", json!({})).await;
        let line = json!({ "sku": sku, "quantity": "10", "unit_cost": "4" });
        let body = json!({ "supplier_id": nordbolt, "lines": [line] });
        let mut came = Vec::new();
        for _ in 0..2 {
            let sent = order(tenant, body.clone(), &["send"]).await;
            came.push(step(tenant, &sent, "receive", json!({})).await.ok());
        }
        let back =
            json!({ "receipt_id": came[1]["receipt_id"], "lines": [{ "line_no": 1, "quantity": "7" }] });
        let back = step(tenant, &came[1], "return", back).await.ok();
        let body = freight("10.00", "quantity", &[text(&came[0]["receipt_id"])]);
        let landed = tenant.post(LANDED, &body).await.created();
        assert_eq!((of_lines(&landed, "held"), of_lines(&landed, "held_value")), (vec!["10"], vec!["10.00"]));
        // A return that was taken back changes nothing again.
        let undone = json!({ "return_id": back["return_id"], "reason": "The carrier brought it back" });
        step(tenant, &came[1], "reverse-return", undone).await.ok();
        let landed = tenant.post(LANDED, &body).await.created();
        assert_eq!(of_lines(&landed, "held"), ["10"]);
        // 5 of the 20 units leave, the oldest first.
        let gone = json!({ "kind": "adjustment", "reason": "sample", "lines": lines(&[(&sku, "-5")]) });
        tenant.post(DOCUMENTS, &gone).await.created();
        let landed = tenant.post(LANDED, &body).await.created();
        assert_eq!(of_lines(&landed, "held"), ["5"]);
    });
}

#[test]
fn the_line_that_went_back_has_no_share_and_the_other_of_its_product_has_all() {
    with_tenant(async |tenant| {
        for method in METHODS {
            let sku = product(tenant, method).await;
            let nordbolt = supplier(tenant, method, json!({})).await;
            let line = |cost: &str| json!({ "sku": sku, "quantity": "10", "unit_cost": cost });
            let body = json!({ "supplier_id": nordbolt, "lines": [line("4"), line("6")] });
            let sent = order(tenant, body, &["send"]).await;
            let came = step(tenant, &sent, "receive", json!({})).await.ok();
            let back = |line_no: i32, quantity: &str| {
                let lines = json!([{ "line_no": line_no, "quantity": quantity }]);
                json!({ "receipt_id": came["receipt_id"], "lines": lines })
            };
            step(tenant, &sent, "return", back(2, "10")).await.ok();
            let body = freight("10.00", "value", &[text(&came["receipt_id"])]);
            let landed = tenant.post(LANDED, &body).await.created();
            assert_eq!((of_lines(&landed, "basis"), of_lines(&landed, "held")), (vec!["40"], vec!["10"]));
            assert_eq!(of_lines(&landed, "gone_value"), ["0.00"], "{method}");
            step(tenant, &sent, "return", back(1, "4")).await.ok();
            let landed = tenant.post(LANDED, &body).await.created();
            assert_eq!((of_lines(&landed, "basis"), of_lines(&landed, "held")), (vec!["24"], vec!["6"]));
        }
    });
}

#[test]
fn units_that_go_back_take_their_share_along_and_a_reversal_gives_the_rest() {
    with_tenant(async |tenant| {
        for method in METHODS {
            let sku = product(tenant, method).await;
            let nordbolt = supplier(tenant, method, json!({})).await;
            let line = json!({ "sku": sku, "quantity": "10", "unit_cost": "4" });
            let sent = order(tenant, json!({ "supplier_id": nordbolt, "lines": [line] }), &["send"]).await;
            let came = step(tenant, &sent, "receive", json!({})).await.ok();
            let body = freight("10.00", "quantity", &[text(&came["receipt_id"])]);
            let landed = tenant.post(LANDED, &body).await.created();
            let back =
                json!({ "receipt_id": came["receipt_id"], "lines": [{ "line_no": 1, "quantity": "4" }] });
            let back = step(tenant, &sent, "return", back).await.ok();
            // The supplier credits 4.00 for each unit, and each leaves with 1.00 of freight.
            let entry = accounts(&[("1200", "-20.00"), ("2100", "16.00"), ("5300", "4.00")]);
            assert_eq!(tenant.entry(text(&back["return_id"])).await, entry, "{method}");
            let reversal = reverse(tenant, &landed).await.created();
            assert_eq!(
                (of_lines(&reversal, "held"), of_lines(&reversal, "held_value")),
                (vec!["6"], vec!["-6.00"])
            );
            let entry = accounts(&[("1200", "-6.00"), ("2110", "10.00"), ("5200", "-4.00")]);
            assert_eq!(tenant.entry(text(&reversal["id"])).await, entry, "{method}");
            assert_eq!(tenant.level(&sku).await, Level::of("6", "0", "24"), "{method}");
        }
    });
}
