//! Bills beside what happens to the goods of their receipts: other receipts at once, and returns of other receipts and lines.

use futures_util::future::{join, join_all};
use sea_orm::sqlx::{self, Connection};
use serde_json::{Value, json};
use tests::{Level, Tenant, environment, lines, until_waiting, with_tenant};

use super::super::{order, step, supplier};
use super::{BILLS, bill, entry, id, lose, of, received};

const METHODS: [(&str, &str); 2] = [("AVERAGE", "moving_average"), ("LAYERS", "fifo")];

async fn product(tenant: &Tenant, (sku, method): (&str, &str)) {
    tenant.product_with(sku, json!({ "list_price": "10.00", "costing_method": method })).await;
}

/// 10 came at 1.00, and 4 of them arrive in the shop while a bill of them at 2.00 waits for the level.
#[test]
fn units_that_arrive_while_a_bill_waits_have_their_share() {
    with_tenant(async |tenant| {
        product(tenant, METHODS[1]).await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let line = json!({ "sku": "LAYERS", "quantity": "10", "unit_cost": "1" });
        let made = received(tenant, &pottery, line).await;
        let sent = json!({ "to_location_id": tenant.shop, "lines": lines(&[("LAYERS", "4")]) });
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
        let body = bill(&pottery, "1", &json!([of(&made, "10", "2")]));
        let recorded = join(tenant.post(BILLS, &body), arrival).await.0.created();
        let expected = entry(&[("1200", "10.00"), ("2000", "-20.00"), ("2100", "10.00")]);
        assert_eq!(tenant.entry(id(&recorded)).await, expected);
        assert_eq!(tenant.level("LAYERS").await, Level::of("6", "0", "12"));
    });
}

/// 10 came at 1.00 and were lost before 10 bills at 2.00.
#[test]
fn receipts_beside_bills_are_not_held_for_them() {
    with_tenant(async |tenant| {
        product(tenant, METHODS[0]).await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let line = json!({ "sku": "AVERAGE", "quantity": "10", "unit_cost": "1" });
        let made = received(tenant, &pottery, line).await;
        lose(tenant, "AVERAGE", "-10").await;
        // Those that arrive at once share a transaction, and a bill has one of its own.
        let line = json!({ "sku": "AVERAGE", "quantity": "5", "unit_cost": "1.00" });
        let more = json!({ "kind": "receipt", "lines": [line] });
        let came = (0..30).map(async |_| tenant.post("/v1/stock/documents", &more).await.status);
        let bills: Vec<Value> = (0..10)
            .map(|number: i32| bill(&pottery, &number.to_string(), &json!([of(&made, "1", "2")])))
            .collect();
        let billed = bills.iter().map(|body| tenant.post(BILLS, body));
        let (came, billed) = join(join_all(came), join_all(billed)).await;
        assert_eq!(came, [201; 30]);
        assert!(billed.iter().all(|reply| reply.status == 201), "{billed:?}");
        assert_eq!(tenant.balance("5200").await, "10.00", "the goods of the bills were lost before");
        assert_eq!(tenant.level("AVERAGE").await, Level::of("150", "0", "150"));
    });
}

/// Two orders of 10 came at 4. 7 of the second go back, and the first is billed at 5.
#[test]
fn what_went_back_of_a_later_receipt_did_not_come_last() {
    with_tenant(async |tenant| {
        product(tenant, METHODS[0]).await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let line = json!({ "sku": "AVERAGE", "quantity": "10", "unit_cost": "4" });
        let first = received(tenant, &pottery, line.clone()).await;
        let second = received(tenant, &pottery, line).await;
        let back =
            json!({ "receipt_id": second["receipt_id"], "lines": [{ "line_no": 1, "quantity": "7" }] });
        step(tenant, &second, "return", back).await.ok();
        let recorded =
            tenant.post(BILLS, &bill(&pottery, "1", &json!([of(&first, "10", "5")]))).await.created();
        let expected = entry(&[("1200", "10.00"), ("2000", "-50.00"), ("2100", "40.00")]);
        assert_eq!(tenant.entry(id(&recorded)).await, expected);
        assert_eq!(tenant.level("AVERAGE").await, Level::of("13", "0", "62"));
    });
}

/// Lines of 10 came at 4 and at 6. The second goes back as a whole, and the first is billed at 5.
#[test]
fn the_line_that_went_back_has_no_share_of_a_difference() {
    with_tenant(async |tenant| {
        for (sku, method) in METHODS {
            product(tenant, (sku, method)).await;
            let pottery = supplier(tenant, sku, json!({})).await;
            let line = |cost: &str| json!({ "sku": sku, "quantity": "10", "unit_cost": cost });
            let body = json!({ "supplier_id": pottery, "lines": [line("4"), line("6")] });
            let sent = order(tenant, body, &["send"]).await;
            let came = step(tenant, &sent, "receive", json!({})).await.ok();
            let back =
                json!({ "receipt_id": came["receipt_id"], "lines": [{ "line_no": 2, "quantity": "10" }] });
            step(tenant, &sent, "return", back).await.ok();
            let recorded =
                tenant.post(BILLS, &bill(&pottery, "1", &json!([of(&sent, "10", "5")]))).await.created();
            let expected = entry(&[("1200", "10.00"), ("2000", "-50.00"), ("2100", "40.00")]);
            assert_eq!(tenant.entry(id(&recorded)).await, expected, "{sku}");
        }
    });
}
