//! Late sales of a session that is closed, or that was never opened.

use chrono::{DateTime, Duration, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Tenant, Till, sale};

use super::{SALES, card, cash, exceptions, now, offline, shop, with_shop};

async fn close(tenant: &Tenant, till: &Till, counted: &str) -> Value {
    let path = format!("/v1/pos/sessions/{}/close", till.session_id);
    tenant.post(&path, &json!({ "counted": counted })).await.ok()
}

async fn session(tenant: &Tenant, till: &Till) -> [String; 3] {
    let session = tenant.get(&format!("/v1/pos/sessions/{}", till.session_id)).await.ok();
    ["counted", "expected", "difference"].map(|name| session[name].as_str().expect("an amount").to_owned())
}

#[test]
fn the_cash_of_a_late_sale_explains_the_count_of_its_closed_session() {
    with_shop(async |tenant| {
        let (_, till) = shop(tenant).await;
        let at = now().await;
        close(tenant, &till, "10.00").await;
        assert_eq!(session(tenant, &till).await, ["10.00", "0.00", "10.00"]);
        assert_eq!(
            (tenant.balance("1000").await, tenant.balance("6000").await),
            ("10.00".into(), "-10.00".into())
        );
        let sold =
            tenant.post(SALES, &offline(&till, at, &json!({ "tenders": cash("10.00") }))).await.created();
        assert_eq!(sold["session_id"], json!(till.session_id));
        assert_eq!(exceptions(tenant, &sold).await, ["session_closed - 10.00"]);
        assert_eq!(session(tenant, &till).await, ["10.00", "10.00", "0.00"]);
        assert_eq!(
            (tenant.balance("1000").await, tenant.balance("6000").await),
            ("10.00".into(), "0.00".into())
        );
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
        // A later session is open: the sale of the first one stays out of its drawer.
        let next = json!({ "register_id": till.register_id });
        let session_id = tenant.make("/v1/pos/sessions", next).await;
        let later = Till { session_id, ..till.clone() };
        let sold =
            tenant.post(SALES, &offline(&till, at, &json!({ "tenders": cash("10.00") }))).await.created();
        assert_eq!(sold["session_id"], json!(till.session_id));
        assert_eq!(session(tenant, &till).await, ["10.00", "20.00", "-10.00"], "it was not in the drawer");
        let by_card =
            tenant.post(SALES, &offline(&till, at, &json!({ "tenders": card("10.00") }))).await.created();
        assert_eq!(exceptions(tenant, &by_card).await, ["session_closed - 0.00"]);
        let of_now = tenant.post(SALES, &offline(&till, now().await, &json!({}))).await.created();
        assert_eq!(of_now["session_id"], json!(later.session_id));
        assert_eq!(close(tenant, &later, "20.00").await["difference"], "0.00");
    });
}

#[test]
fn cash_of_a_sale_after_the_closing_is_in_the_drawer() {
    with_shop(async |tenant| {
        let (_, till) = shop(tenant).await;
        close(tenant, &till, "0").await;
        let at = now().await;
        let sold =
            tenant.post(SALES, &offline(&till, at, &json!({ "tenders": cash("10.00") }))).await.created();
        assert_eq!(exceptions(tenant, &sold).await, ["session_closed - 10.00"]);
        assert_eq!(session(tenant, &till).await, ["10.00", "10.00", "0.00"]);
        assert_eq!(tenant.balance("1000").await, "10.00");
        let next =
            tenant.post("/v1/pos/sessions", &json!({ "register_id": till.register_id })).await.created();
        assert_eq!(next["opening_float"], "10.00");
    });
}

#[test]
fn a_till_that_was_offline_in_its_first_shift_sends_its_sales() {
    with_shop(async |tenant| {
        let (_, till) = shop(tenant).await;
        let never_opened = async |code: &str| {
            let body = json!({ "code": code, "name": "Never opened", "location_id": tenant.main });
            Till { register_id: tenant.make("/v1/registers", body).await, ..till.clone() }
        };
        let mut never = never_opened("NEVER").await;
        let at = now().await;
        let paid = |at: DateTime<Utc>, tenders: Value| offline(&never, at, &json!({ "tenders": tenders }));
        tenant.post(SALES, &sale(&never, &[("MUG", "1")])).await.refused(409, "invalid_state_transition");
        let first = tenant.post(SALES, &paid(at, cash("10.00"))).await.created();
        assert_eq!(exceptions(tenant, &first).await, ["no_session - 10.00"]);
        let by_card = tenant.post(SALES, &paid(at - Duration::minutes(1), card("10.00"))).await.created();
        assert_eq!(exceptions(tenant, &by_card).await, ["no_session - 0.00"]);
        let earlier = tenant.post(SALES, &paid(at - Duration::minutes(2), cash("10.00"))).await.created();
        let later = tenant.post(SALES, &paid(now().await, cash("20.00"))).await.created();
        for sold in [&by_card, &earlier, &later] {
            assert_eq!(sold["session_id"], first["session_id"], "the till has one such session");
        }
        never.session_id = first["session_id"].as_str().expect("an id").to_owned();
        assert_eq!(session(tenant, &never).await, ["30.00", "30.00", "0.00"]);
        assert_eq!(
            (tenant.balance("1000").await, tenant.balance("6000").await),
            ("30.00".into(), "0.00".into()),
            "the drawer has what the sales brought"
        );
        let next =
            tenant.post("/v1/pos/sessions", &json!({ "register_id": never.register_id })).await.created();
        assert_eq!(next["opening_float"], "30.00", "what the sales left");
        assert_eq!(tenant.balance("1000").await, "30.00");
        let after =
            tenant.post(SALES, &offline(&never, at, &json!({ "tenders": cash("10.00") }))).await.created();
        assert_eq!(
            (&after["session_id"], &after["exceptions"]),
            (&next["id"], &json!([])),
            "one is open now"
        );
        never.session_id = next["id"].as_str().expect("an id").to_owned();
        assert_eq!(close(tenant, &never, "40.00").await["difference"], "0.00");
        // The cash of one more sale of before was in the drawer when that was counted.
        let missed =
            tenant.post(SALES, &offline(&never, at, &json!({ "tenders": cash("10.00") }))).await.created();
        assert_eq!(exceptions(tenant, &missed).await, ["session_closed - 10.00"]);
        assert_eq!(missed["session_id"], next["id"], "the last session");
        assert_eq!(session(tenant, &never).await, ["40.00", "50.00", "-10.00"]);
        assert_eq!(tenant.balance("1000").await, "40.00");
        // Two sales of one batch make one session, and the first of them may be without cash.
        let other = never_opened("OTHER").await;
        let item = |(key, tenders): (usize, Value)| json!({ "idempotency_key": key.to_string(), "body": offline(&other, at, &json!({ "tenders": tenders })) });
        let items: Vec<Value> = [card("10.00"), cash("10.00")].into_iter().enumerate().map(item).collect();
        let done = tenant
            .call(Method::POST, &format!("{SALES}/batch"))
            .json(&json!({ "items": items }))
            .send()
            .await;
        assert_eq!(done.expect(207)["accepted"], 2);
        let next =
            tenant.post("/v1/pos/sessions", &json!({ "register_id": other.register_id })).await.created();
        assert_eq!(next["opening_float"], "10.00");
    });
}
