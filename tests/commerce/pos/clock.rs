//! A till whose clock is ahead: nothing is rejected, all is dated now, and what the till said is kept.

use chrono::{DateTime, Duration, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Tenant, environment, sale, with_tenant};

/// Returns the time of a clock that is two days ahead.
async fn ahead() -> DateTime<Utc> {
    environment().now().await + Duration::days(2)
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no time: {value}"))
}

/// Checks that a document is dated as it was recorded, and says what the till said.
async fn is_dated_now(tenant: &Tenant, document: &Value, said: DateTime<Utc>) {
    let now = environment().now().await;
    let path = format!("/v1/pos/sales/{}", document["id"].as_str().expect("an id"));
    for seen in [document.clone(), tenant.get(&path).await.ok()] {
        assert_eq!(time(&seen["said_at"]), said, "{seen}");
        let occurred = time(&seen["occurred_at"]);
        assert!(occurred <= now && occurred > now - Duration::minutes(10), "{seen}");
    }
    let listed = tenant.get("/v1/pos/sales").await.ok();
    let listed = listed["data"].as_array().expect("sales").iter().find(|sale| sale["id"] == document["id"]);
    assert_eq!(time(&listed.expect("it is listed")["said_at"]), said);
    let events = tenant.events("type=pos_sale.clock_ahead").await;
    let told = events.iter().filter(|event| event["data"]["object"]["id"] == document["id"]).count();
    assert_eq!(told, 1, "one event tells of it");
}

#[test]
fn sales_and_refunds_of_a_till_that_is_ahead_are_dated_now_and_flagged() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let (till, said) = (tenant.till().await, ahead().await);
        let mut body = sale(&till, &[("MUG", "1")]);
        body["occurred_at"] = json!(said);
        let alone = tenant.post("/v1/pos/sales", &body).await.created();
        is_dated_now(tenant, &alone, said).await;
        let mut forced = body.clone();
        forced["forced"] = json!(true);
        is_dated_now(tenant, &tenant.post("/v1/pos/sales", &forced).await.created(), said).await;
        let many = json!({ "items": [{ "idempotency_key": "ahead-1", "body": body }] });
        let many = tenant.call(Method::POST, "/v1/pos/sales/batch").json(&many).send().await.expect(207);
        is_dated_now(tenant, &many["results"][0]["body"], said).await;
        let refund = json!({ "register_id": till.register_id, "original_id": alone["id"], "occurred_at": said,
            "tenders": [{ "kind": "cash" }] });
        is_dated_now(tenant, &tenant.post("/v1/pos/refunds", &refund).await.created(), said).await;
        let blind = json!({ "register_id": till.register_id, "occurred_at": said, "tenders": [{ "kind": "cash" }],
            "lines": [{ "sku": "MUG", "quantity": "1" }] });
        let items = json!({ "items": [{ "idempotency_key": "ahead-2", "body": blind }] });
        let many = tenant.call(Method::POST, "/v1/pos/refunds/batch").json(&items).send().await.expect(207);
        is_dated_now(tenant, &many["results"][0]["body"], said).await;
        assert_eq!(tenant.level("MUG").await.on_hand, "99");
    });
}

#[test]
fn a_clock_that_is_right_is_not_flagged() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let till = tenant.till().await;
        let now = environment().now().await;
        for said in [None, Some(now), Some(now - Duration::days(2)), Some(now + Duration::minutes(2))] {
            let mut body = sale(&till, &[("MUG", "1")]);
            if let Some(said) = said {
                body["occurred_at"] = json!(said);
            }
            assert_eq!(tenant.post("/v1/pos/sales", &body).await.created()["said_at"], Value::Null);
        }
        assert_eq!(tenant.count("till_clock").await, 0);
        assert!(tenant.events("type=pos_sale.clock_ahead").await.is_empty());
    });
}

#[test]
fn a_repeat_of_a_flagged_sale_is_the_same_sale() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let mut body = sale(&tenant.till().await, &[("MUG", "1")]);
        body["occurred_at"] = json!(ahead().await);
        let first = tenant.post_as("/v1/pos/sales", "ahead", &body).await;
        let again = tenant.post_as("/v1/pos/sales", "ahead", &body).await;
        assert!(again.is_replayed());
        assert_eq!(again.text, first.text);
        assert_eq!(tenant.count("till_clock").await, 1);
    });
}
