//! The reversal of posted counts: levels, ledger and late movements are as if there had been no count.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use tests::{Level, Tenant, Till, environment, sale, with_tenant};

use super::{enter, posted, sheet, text};
use crate::platform::auth::key;

pub(super) async fn ago(minutes: i64) -> DateTime<Utc> {
    environment().now().await - Duration::minutes(minutes)
}

pub(super) async fn counted(tenant: &Tenant, entry: Value, at: DateTime<Utc>) -> Value {
    let mut entry = entry;
    entry["counted_at"] = json!(at);
    let count = sheet(tenant, json!({ "skus": [entry["sku"]] })).await;
    enter(tenant, &count, json!([entry])).await;
    posted(tenant, &count).await
}

pub(super) async fn reverse(tenant: &Tenant, count: &Value) -> tests::Reply {
    let path = format!("/v1/counts/{}/reverse", count["id"].as_str().expect("an id"));
    tenant.post(&path, &json!({ "reason": "The wrong shelf was counted" })).await
}

pub(super) fn mugs(quantity: &str) -> Value {
    json!({ "sku": "MUG", "quantity": quantity })
}

/// Opens ten mugs at 4.00, an hour ago, and a till.
pub(super) async fn shop(tenant: &Tenant) -> Till {
    tenant.product("MUG", "10.00").await;
    let opening = json!({ "kind": "opening", "occurred_at": ago(60).await,
        "lines": [{ "sku": "MUG", "quantity": "10", "unit_cost": "4.00" }] });
    tenant.post("/v1/stock/documents", &opening).await.created();
    tenant.till().await
}

pub(super) async fn sold_at(tenant: &Tenant, till: &Till, at: DateTime<Utc>) {
    let mut body = sale(till, &[("MUG", "1")]);
    body["occurred_at"] = json!(at);
    tenant.post("/v1/pos/sales", &body).await.created();
}

#[test]
fn what_a_count_lost_or_found_is_taken_back_at_its_value() {
    for (found, level) in [("7", Level::of("7", "0", "28")), ("12", Level::of("12", "0", "48"))] {
        with_tenant(async |tenant| {
            shop(tenant).await;
            let count = counted(tenant, mugs(found), ago(10).await).await;
            assert_eq!(tenant.level("MUG").await, level);
            let reversed = reverse(tenant, &count).await.ok();
            assert_eq!(reversed["status"], "reversed");
            assert_eq!(reversed["document_id"], count["document_id"]);
            let adjustment = reversed["reversal_id"].as_str().expect("an adjustment");
            let adjustment = tenant.get(&format!("/v1/stock/documents/{adjustment}")).await.ok();
            let reference = format!("{} reversed: The wrong shelf was counted", text(&count, "number"));
            assert_eq!(
                (&adjustment["reason"], &adjustment["reference"]),
                (&json!("count"), &json!(reference))
            );
            assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "40"));
            assert_eq!(
                (tenant.balance("1200").await, tenant.balance("5100").await),
                ("40.00".into(), "0.00".into())
            );
            let id = count["id"].as_str().expect("an id");
            assert_eq!(tenant.get(&format!("/v1/counts/{id}")).await.ok()["status"], "reversed");
            assert_eq!(tenant.events("type=count.reversed").await.len(), 1);
            reverse(tenant, &count).await.refused(409, "invalid_state_transition");
        });
    }
}

#[test]
fn a_count_that_found_no_difference_is_reversed_without_an_adjustment() {
    with_tenant(async |tenant| {
        let till = shop(tenant).await;
        let count = counted(tenant, mugs("10"), ago(10).await).await;
        let reversed = reverse(tenant, &count).await.ok();
        assert_eq!((&reversed["status"], &reversed["reversal_id"]), (&json!("reversed"), &Value::Null));
        sold_at(tenant, &till, ago(20).await).await;
        assert_eq!(tenant.level("MUG").await.on_hand, "9", "the level is not counted any more");
    });
}

#[test]
fn late_movements_that_the_count_left_out_change_the_level_again() {
    with_tenant(async |tenant| {
        let till = shop(tenant).await;
        let count = counted(tenant, mugs("7"), ago(10).await).await;
        sold_at(tenant, &till, ago(20).await).await;
        assert_eq!(tenant.level("MUG").await.on_hand, "7", "the count has seen it");
        reverse(tenant, &count).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("9", "0", "36"));
        assert_eq!(tenant.balance("5100").await, "0.00");
        sold_at(tenant, &till, ago(15).await).await;
        assert_eq!(tenant.level("MUG").await, Level::of("8", "0", "32"));
    });
}

#[test]
fn the_latest_count_is_reversed_first_and_the_one_before_stands_again() {
    with_tenant(async |tenant| {
        let till = shop(tenant).await;
        let first = counted(tenant, mugs("9"), ago(30).await).await;
        let second = counted(tenant, mugs("5"), ago(10).await).await;
        reverse(tenant, &first).await.refused(409, "invalid_state_transition").names(&["#/lines/0"]);
        reverse(tenant, &second).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("9", "0", "36"));
        sold_at(tenant, &till, ago(40).await).await;
        assert_eq!(tenant.level("MUG").await.on_hand, "9", "the first count has seen it");
        sold_at(tenant, &till, ago(20).await).await;
        assert_eq!(tenant.level("MUG").await.on_hand, "8", "the first count has not seen it");
        reverse(tenant, &first).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("8", "0", "32"));
    });
}

#[test]
fn what_an_earlier_count_has_seen_stays_when_later_ones_are_reversed() {
    with_tenant(async |tenant| {
        let till = shop(tenant).await;
        let first = counted(tenant, mugs("9"), ago(30).await).await;
        let second = counted(tenant, mugs("7"), ago(20).await).await;
        let third = counted(tenant, mugs("5"), ago(10).await).await;
        for minutes in [40, 25, 15] {
            sold_at(tenant, &till, ago(minutes).await).await;
        }
        assert_eq!(tenant.level("MUG").await.on_hand, "5", "the third count has seen all of them");
        reverse(tenant, &third).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("6", "0", "24"), "the second one has seen two");
        reverse(tenant, &second).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("7", "0", "28"), "the first one has seen one");
        reverse(tenant, &first).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("7", "0", "28"), "ten less three that were sold");
        assert_eq!(tenant.balance("5100").await, "0.00");
    });
}

#[test]
fn a_movement_that_was_taken_back_once_is_not_taken_back_again() {
    with_tenant(async |tenant| {
        let till = shop(tenant).await;
        let wrong = counted(tenant, mugs("5"), ago(10).await).await;
        sold_at(tenant, &till, ago(30).await).await;
        reverse(tenant, &wrong).await.ok();
        assert_eq!(tenant.level("MUG").await.on_hand, "9");
        let earlier = counted(tenant, mugs("7"), ago(20).await).await;
        reverse(tenant, &earlier).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("9", "0", "36"));
    });
}

#[test]
fn a_count_that_was_superseded_does_not_stand_again() {
    with_tenant(async |tenant| {
        let till = shop(tenant).await;
        let first = counted(tenant, mugs("9"), ago(10).await).await;
        let late = counted(tenant, mugs("3"), ago(30).await).await;
        assert_eq!(late["lines"][0]["superseded"], true);
        reverse(tenant, &first).await.ok();
        sold_at(tenant, &till, ago(40).await).await;
        assert_eq!(tenant.level("MUG").await.on_hand, "9", "no count stands that has seen it");
    });
}

#[test]
fn a_count_of_the_same_time_as_a_reversed_one_takes_back_its_own_only() {
    with_tenant(async |tenant| {
        shop(tenant).await;
        let at = ago(10).await;
        for found in ["7", "8"] {
            let count = counted(tenant, mugs(found), at).await;
            reverse(tenant, &count).await.ok();
            assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "40"), "{found}");
        }
    });
}

#[test]
fn found_units_that_have_left_can_not_be_taken_back() {
    with_tenant(async |tenant| {
        let till = shop(tenant).await;
        let count = counted(tenant, mugs("12"), ago(10).await).await;
        tenant.sell(&till, &[("MUG", "11")]).await.created();
        reverse(tenant, &count).await.refused(409, "invalid_state_transition").names(&["#/lines/0"]);
        assert_eq!(tenant.level("MUG").await.on_hand, "1");
    });
}

#[test]
fn lots_are_reversed_each_on_its_own_level() {
    with_tenant(async |tenant| {
        tenant.tracked("MILK", "lot").await;
        let receipt = json!({ "kind": "receipt", "occurred_at": ago(60).await, "lines": [{ "sku": "MILK", "quantity": "5",
            "unit_cost": "2.00", "lots": [{ "code": "A", "quantity": "5", "expires_on": "2998-01-01" }] }] });
        tenant.post("/v1/stock/documents", &receipt).await.created();
        let entry = json!({ "sku": "MILK", "lot_code": "A", "quantity": "3" });
        let count = counted(tenant, entry, ago(10).await).await;
        let on_hand =
            async || tenant.get("/v1/stock/levels?sku=MILK").await.ok()["data"][0]["on_hand"].clone();
        assert_eq!(on_hand().await, "3");
        reverse(tenant, &count).await.ok();
        assert_eq!(on_hand().await, "5");
    });
}

#[test]
fn only_an_approver_reverses_and_only_what_was_posted() {
    with_tenant(async |tenant| {
        shop(tenant).await;
        let open = sheet(tenant, json!({ "skus": ["MUG"] })).await;
        reverse(tenant, &open).await.refused(409, "invalid_state_transition");
        let count = counted(tenant, mugs("7"), ago(10).await).await;
        let counter = tenant.with_key(&key(tenant, &["counts:write", "stock:write"]).await);
        let path = format!("/v1/counts/{}/reverse", count["id"].as_str().expect("an id"));
        counter.post(&path, &json!({ "reason": "Wrong" })).await.refused(403, "insufficient_scope");
        tenant
            .post(&path, &json!({ "reason": " " }))
            .await
            .refused(422, "validation_failed")
            .names(&["#/reason"]);
        let seen = tenant.dry_run(&path, &json!({ "reason": "Wrong" })).await.ok();
        assert_eq!(seen["effects"]["stock"][0]["quantity"], "3");
        assert_eq!(tenant.level("MUG").await.on_hand, "7", "a dry run changes nothing");
    });
}

#[test]
fn a_reversed_count_gives_back_the_layers_that_it_took() {
    with_tenant(async |tenant| {
        let mut ids = Vec::new();
        for sku in ["JUG", "POT", "MUG"] {
            let more = json!({ "list_price": "10.00", "costing_method": "fifo" });
            ids.push(tenant.product_with(sku, more).await.id);
            for (day, cost) in [("01", "2.00"), ("02", "4.00")] {
                let line = json!({ "sku": sku, "quantity": "10", "unit_cost": cost });
                let at = format!("2026-01-{day}T09:00:00Z");
                let body = json!({ "kind": "receipt", "occurred_at": at, "lines": [line] });
                tenant.post("/v1/stock/documents", &body).await.created();
            }
        }
        let layers = async |place: usize| {
            let path = format!("/v1/stock/levels/{}/{}/layers", tenant.main, ids[place]);
            tenant.get(&path).await.ok()["data"].clone()
        };
        let values = |layers: &Value| -> Vec<String> {
            let all = layers.as_array().expect("layers").iter();
            all.map(|layer| format!("{} for {}", text(layer, "quantity"), text(layer, "value"))).collect()
        };
        let whole = layers(0).await;
        let lost = counted(tenant, json!({ "sku": "JUG", "quantity": "5" }), ago(10).await).await;
        assert_eq!(values(&layers(0).await), ["5 for 20.00"]);
        reverse(tenant, &lost).await.ok();
        assert_eq!(layers(0).await, whole);
        let sample = |sku: &str, quantity: &str| {
            let line = json!({ "sku": sku, "quantity": quantity });
            json!({ "kind": "adjustment", "reason": "lost", "lines": [line] })
        };
        let issued = tenant.post("/v1/stock/documents", &sample("JUG", "-5")).await.created();
        assert_eq!(issued["value"], "-10.00");

        // Two are found at the cost of the youngest, and leave again as they came.
        let whole = layers(1).await;
        let found = counted(tenant, json!({ "sku": "POT", "quantity": "22" }), ago(10).await).await;
        assert_eq!(values(&layers(1).await), ["10 for 20.00", "10 for 40.00", "2 for 8.00"]);
        reverse(tenant, &found).await.ok();
        assert_eq!(layers(1).await, whole);

        // A sale that the count had seen is recorded late, at the average of its time. It stays when the count is reversed.
        let till = tenant.till().await;
        let lost = counted(tenant, mugs("5"), ago(10).await).await;
        sold_at(tenant, &till, ago(20).await).await;
        assert_eq!(tenant.balance("5010").await, "3.00");
        reverse(tenant, &lost).await.ok();
        assert_eq!(values(&layers(2).await), ["9 for 17.00", "10 for 40.00"]);
        assert_eq!(tenant.level("MUG").await, Level::of("19", "0", "57"));
        assert_eq!(tenant.balance("5100").await, "10.00", "the jugs that were lost");
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn a_reversed_count_takes_back_the_value_that_it_posted() {
    with_tenant(async |tenant| {
        // Found at 2.00, and 15 more came at 6.00 since: 10.00 go back, not five at the average.
        shop_of(tenant, "CUP", "2.00").await;
        let found = counted(tenant, json!({ "sku": "CUP", "quantity": "15" }), ago(10).await).await;
        let line = json!({ "sku": "CUP", "quantity": "15", "unit_cost": "6.00" });
        tenant.post("/v1/stock/documents", &json!({ "kind": "receipt", "lines": [line] })).await.created();
        reverse(tenant, &found).await.ok();
        assert_eq!(tenant.level("CUP").await, Level::of("25", "0", "110"));
        assert_eq!(tenant.balance("5100").await, "0.00");
        // The level was written down to less than the count posted: the units go back at their share of it.
        shop_of(tenant, "JAR", "2.00").await;
        let found = counted(tenant, json!({ "sku": "JAR", "quantity": "40" }), ago(10).await).await;
        let line = json!({ "sku": "JAR", "unit_cost": "0.50" });
        let body = json!({ "reason": "write_down", "lines": [line] });
        tenant.post("/v1/stock/revaluations", &body).await.created();
        reverse(tenant, &found).await.ok();
        assert_eq!(tenant.level("JAR").await, Level::of("10", "0", "5"));
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

/// Ten at 4.00 are written down to 0.10. Four of them are lost for 0.40. One of these was sold before, for 4.00: that is more than the
/// count posted.
#[test]
fn units_that_cost_less_than_a_late_sale_come_back_without_a_value() {
    with_tenant(async |tenant| {
        let till = shop(tenant).await;
        let body = json!({ "reason": "write_down", "occurred_at": ago(30).await,
            "lines": [{ "sku": "MUG", "unit_cost": "0.10" }] });
        tenant.post("/v1/stock/revaluations", &body).await.created();
        let lost = counted(tenant, mugs("6"), ago(10).await).await;
        sold_at(tenant, &till, ago(50).await).await;
        assert_eq!(tenant.level("MUG").await, Level::of("6", "0", "0.6"));
        reverse(tenant, &lost).await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("9", "0", "0.6"));
        assert_eq!(tenant.balance("1200").await, "0.60");
    });
}

/// Receives ten units an hour ago.
async fn shop_of(tenant: &Tenant, sku: &str, cost: &str) {
    tenant.product(sku, "10.00").await;
    let line = json!({ "sku": sku, "quantity": "10", "unit_cost": cost });
    let body = json!({ "kind": "receipt", "occurred_at": ago(60).await, "lines": [line] });
    tenant.post("/v1/stock/documents", &body).await.created();
}
