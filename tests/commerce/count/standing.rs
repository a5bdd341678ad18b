//! The place of a posted count on its level: what it has seen, and the count before it.

use chrono::{DateTime, Duration, Utc};
use futures_util::future::join;
use sea_orm::sqlx::{self, Connection};
use serde_json::{Value, json};
use tests::{Level, environment, sale, until_waiting, with_tenant};

use super::reverse::{ago, counted, mugs, reverse, shop, sold_at};
use super::{enter, posted, sheet, text};

#[test]
fn a_sale_that_waited_for_its_till_while_a_count_was_posted_is_late_whatever_its_id() {
    with_tenant(async |tenant| {
        let till = shop(tenant).await;
        let count = sheet(tenant, json!({ "skus": ["MUG"] })).await;
        let node = tenant.at(&environment().other_node().await.base_url);
        node.get("/v1/me").await.ok();
        let mut connection = environment().connect().await;
        let mut first = connection.begin().await.expect("a transaction");
        let lock = "select 1 from pos_session where tenant_id = $1 and status = 'open' for update";
        sqlx::query(lock).bind(tenant.id.0).fetch_one(&mut *first).await.expect("the session");
        // The server of the sale reads its clock, and waits for the session. The count takes the level meanwhile.
        let body = sale(&till, &[("MUG", "1")]);
        let waiting = node.post("/v1/pos/sales", &body);
        let counting = async {
            until_waiting(&mut first, 1).await;
            enter(tenant, &count, json!([mugs("7")])).await;
            let count = posted(tenant, &count).await;
            first.rollback().await.expect("it ends");
            count
        };
        let (sold, count) = join(waiting, counting).await;
        let at = |record: &Value, name: &str| text(record, name).parse::<DateTime<Utc>>().expect("a time");
        let (happened_at, counted_at) =
            (at(&sold.created(), "occurred_at"), at(&count["lines"][0], "counted_at"));
        assert!(happened_at < counted_at, "the sale happened before the counting");
        assert_eq!(tenant.level("MUG").await.on_hand, "7", "the count has seen it");
        reverse(tenant, &count).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("9", "0", "36"));
        assert_eq!(tenant.balance("5100").await, "0.00");
    });
}

#[test]
fn a_lot_that_was_unknown_and_not_found_was_not_counted() {
    with_tenant(async |tenant| {
        tenant.tracked("MILK", "lot").await;
        let till = tenant.till().await;
        let milk = |quantity: &str| json!({ "sku": "MILK", "lot_code": "NEW", "quantity": quantity });
        let at = async |kind: &str, minutes: i64, mut body: Value| {
            body["occurred_at"] = json!(ago(minutes).await);
            tenant.post(kind, &body).await.created();
        };
        let missing = sheet(tenant, json!({ "skus": ["MILK"] })).await;
        let mut entry = milk("0");
        entry["counted_at"] = json!(ago(10).await);
        enter(tenant, &missing, json!([entry])).await;
        let missing = posted(tenant, &missing).await;
        let receipt = json!({ "kind": "receipt", "lines": [{ "sku": "MILK", "quantity": "5", "unit_cost": "2.00",
            "lots": [{ "code": "NEW", "quantity": "5", "expires_on": "2998-01-01" }] }] });
        at("/v1/stock/documents", 20, receipt).await;
        let found = counted(tenant, milk("3"), ago(5).await).await;
        at("/v1/pos/sales", 15, sale(&till, &[("MILK", "1")])).await;
        let on_hand = async || {
            let levels = tenant.get("/v1/stock/levels?sku=MILK").await.ok();
            let of_lot =
                levels["data"].as_array().expect("levels").iter().find(|level| level["lot_code"] == "NEW");
            text(of_lot.expect("the lot"), "on_hand").to_owned()
        };
        assert_eq!(on_hand().await, "3", "the second count has seen the sale");
        reverse(tenant, &found).await.ok();
        assert_eq!(on_hand().await, "4", "five less one that was sold");
        reverse(tenant, &missing).await.ok();
        assert_eq!(on_hand().await, "4", "the first count had no level");
        at("/v1/pos/sales", 12, sale(&till, &[("MILK", "1")])).await;
        assert_eq!(on_hand().await, "3", "no count stands that has seen it");
    });
}

#[test]
fn counts_that_the_version_before_posted_are_reversed() {
    with_tenant(async |tenant| {
        let till = shop(tenant).await;
        let first = counted(tenant, mugs("9"), ago(30).await).await;
        let second = counted(tenant, mugs("7"), ago(10).await).await;
        let mut connection = environment().connect().await;
        let forget = "update stock_count_line set stands = null, earlier_counted_at = null, taken_off_quantity = null, \
                             taken_off_value = null where tenant_id = $1";
        sqlx::query(forget).bind(tenant.id.0).execute(&mut connection).await.expect("they are forgotten");
        for minutes in [40, 20] {
            sold_at(tenant, &till, ago(minutes).await).await;
        }
        assert_eq!(tenant.level("MUG").await.on_hand, "7", "the second count has seen both");
        reverse(tenant, &second).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("8", "0", "32"), "the first one has seen one");
        reverse(tenant, &first).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("8", "0", "32"), "ten less two that were sold");
    });
}

#[test]
fn a_count_on_one_of_the_version_before_takes_back_its_own_only() {
    with_tenant(async |tenant| {
        let till = shop(tenant).await;
        counted(tenant, mugs("9"), ago(30).await).await;
        let mut connection = environment().connect().await;
        let forget = "update stock_count_line set stands = null, taken_off_quantity = null, taken_off_value = null \
                      where tenant_id = $1";
        sqlx::query(forget).bind(tenant.id.0).execute(&mut connection).await.expect("they are forgotten");
        let wrong = counted(tenant, mugs("5"), ago(20).await).await;
        sold_at(tenant, &till, ago(25).await).await;
        reverse(tenant, &wrong).await.ok();
        assert_eq!(tenant.level("MUG").await.on_hand, "8", "nine less one that was sold");
        // The sum of what counts took off has the sale of before already.
        let right = counted(tenant, mugs("6"), environment().now().await - Duration::minutes(10)).await;
        reverse(tenant, &right).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("8", "0", "32"));
    });
}
