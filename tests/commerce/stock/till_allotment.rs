//! Till allotments: stock that one till may sell, independent of the others.

use chrono::Duration;
use futures_util::future::join_all;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Level, Tenant, Till, environment, lines, sale, with_tenant};

const HOLDS: &str = "/v1/stock/holds";

async fn until(milliseconds: i64) -> String {
    (environment().now().await + Duration::milliseconds(milliseconds)).to_rfc3339()
}

async fn lease(till: &Till, wanted: &[(&str, &str)]) -> Value {
    json!({ "kind": "till_allotment", "register_id": till.register_id, "expires_at": until(3_600_000).await,
        "lines": lines(wanted) })
}

async fn left(tenant: &Tenant, lease: &Value) -> Value {
    let path = format!("{HOLDS}/{}", lease["id"].as_str().expect("an id"));
    tenant.get(&path).await.ok()["lines"][0]["left"].clone()
}

async fn second_till(tenant: &Tenant) -> Till {
    tenant.till_with(json!({ "code": "SECOND", "name": "Second" })).await
}

#[test]
fn a_till_sells_from_its_lease_first_and_nobody_else_can() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let (till, other) = (tenant.till().await, second_till(tenant).await);
        let customer = tenant.customer("Nordwind Supply").await;
        let leased = tenant.post(HOLDS, &lease(&till, &[("MUG", "6")]).await).await.created();
        assert_eq!(leased["kind"], "till_allotment");
        assert_eq!(leased["register_id"], json!(till.register_id));
        assert_eq!(tenant.level("MUG").await, Level::of("10", "6", "40"));
        // The other till and wholesale have four.
        let refused = tenant.sell(&other, &[("MUG", "5")]).await.refused(409, "insufficient_stock");
        assert_eq!(refused.params("#/lines/0/quantity")["available"], "4");
        tenant.order(&customer, &[("MUG", "5")], "confirmed").await.refused(409, "insufficient_stock");
        let out = json!({ "kind": "adjustment", "reason": "damage", "lines": lines(&[("MUG", "-5")]) });
        tenant.post("/v1/stock/documents", &out).await.refused(409, "insufficient_stock");

        tenant.sell(&till, &[("MUG", "1"), ("MUG", "1")]).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("8", "4", "32"));
        assert_eq!(left(tenant, &leased).await, "4");
        tenant.order(&customer, &[("MUG", "3")], "confirmed").await.created();
        // Its allotment and the rest that is available, and not one more.
        let refused = tenant.sell(&till, &[("MUG", "6")]).await.refused(409, "insufficient_stock");
        assert_eq!(refused.params("#/lines/0/quantity")["available"], "5");
        tenant.sell(&till, &[("MUG", "5")]).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("3", "3", "12"));
        assert_eq!(left(tenant, &leased).await, "0");
        let path = format!("{HOLDS}/{}/release", leased["id"].as_str().expect("an id"));
        assert_eq!(tenant.post(&path, &json!({})).await.ok()["status"], "released");
        assert_eq!(tenant.level("MUG").await.reserved, "3", "what was sold of it is not released again");
    });
}

#[test]
fn a_lease_is_extended_and_released_with_what_is_left_of_it() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let till = tenant.till().await;
        let leased = tenant.post(HOLDS, &lease(&till, &[("MUG", "6")]).await).await.created();
        tenant.sell(&till, &[("MUG", "2")]).await.created();
        let path = format!("{HOLDS}/{}", leased["id"].as_str().expect("an id"));
        let extended = tenant
            .post(&format!("{path}/extend"), &json!({ "expires_at": until(7_200_000).await }))
            .await
            .ok();
        assert_eq!(extended["lines"][0]["left"], "4");
        assert_eq!(tenant.level("MUG").await.reserved, "4");
        let released = tenant.post(&format!("{path}/release"), &json!({})).await.ok();
        assert_eq!(released["status"], "released");
        assert_eq!(released["lines"][0]["left"], "0");
        assert_eq!(tenant.level("MUG").await.reserved, "0");
        tenant.post(&format!("{path}/release"), &json!({})).await.refused(409, "invalid_state_transition");

        // An allotment with the same reference is replaced, out of what is left of it and what is available.
        let mut named = lease(&till, &[("MUG", "8")]).await;
        named["reference"] = json!("offline-pack");
        tenant.post(HOLDS, &named).await.created();
        tenant.sell(&till, &[("MUG", "3")]).await.created();
        named["lines"] = lines(&[("MUG", "5")]);
        let next = tenant.post(HOLDS, &named).await.created();
        assert_eq!(left(tenant, &next).await, json!("5"));
        assert_eq!(tenant.level("MUG").await.reserved.as_str(), "5");
        let listed = tenant
            .get(&format!("{HOLDS}?kind=till_allotment&status=open&register_id={}", till.register_id))
            .await;
        assert_eq!(listed.ok()["data"].as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn a_lease_that_has_expired_counts_for_nothing() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("4", "4.00")).await;
        let (till, other) = (tenant.till().await, second_till(tenant).await);
        let brief = lease(&till, &[("MUG", "4")]).await;
        let leased = tenant.post(HOLDS, &brief).await.created();
        tenant.sell(&other, &[("MUG", "1")]).await.refused(409, "insufficient_stock");
        tenant.age_holds(Duration::hours(1)).await;
        tenant.sell(&other, &[("MUG", "4")]).await.created();
        let path = format!("{HOLDS}/{}", leased["id"].as_str().expect("an id"));
        assert_eq!(tenant.get(&path).await.ok()["status"], "expired");
        let late = json!({ "expires_at": until(60_000).await });
        tenant.post(&format!("{path}/extend"), &late).await.refused(409, "invalid_state_transition");
        tenant.sell(&till, &[("MUG", "1")]).await.refused(409, "insufficient_stock");
    });
}

#[test]
fn a_lease_that_makes_no_sense_is_refused() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("4", "4.00")).await;
        let till = tenant.till().await;
        let customer = tenant.customer("Nordwind Supply").await;
        let sound = lease(&till, &[("MUG", "1")]).await;
        let refused = async |change: Value, pointer: &str| {
            let mut body = sound.clone();
            for (name, value) in change.as_object().expect("fields") {
                body[name] = value.clone();
            }
            tenant.post(HOLDS, &body).await.refused(422, "validation_failed").names(&[pointer]);
        };
        refused(json!({ "register_id": null }), "#/register_id").await;
        refused(json!({ "kind": "hold" }), "#/register_id").await;
        refused(json!({ "channel": "retail" }), "#/channel").await;
        refused(json!({ "customer_id": customer }), "#/customer_id").await;
        refused(json!({ "location_id": tenant.shop }), "#/location_id").await;
        refused(json!({ "expires_at": null }), "#/expires_at").await;
        refused(json!({ "expires_at": "2020-01-01T00:00:00Z" }), "#/expires_at").await;
        refused(json!({ "lines": [] }), "#/lines").await;
        let mut unknown = sound.clone();
        unknown["register_id"] = json!("reg_01h455vb4pex5vsknk084sn02q");
        tenant.post(HOLDS, &unknown).await.refused(404, "not_found").names(&["#/register_id"]);
        let too_much = lease(&till, &[("MUG", "5")]).await;
        tenant.post(HOLDS, &too_much).await.refused(409, "insufficient_stock");
        let leased = tenant.post(HOLDS, &sound).await.created();
        let mut named = sale(&till, &[("MUG", "1")]);
        named["hold_id"] = leased["id"].clone();
        tenant.post("/v1/pos/sales", &named).await.refused(422, "validation_failed").names(&["#/hold_id"]);
    });
}

#[test]
fn leases_orders_and_tills_race_for_the_same_goods() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("30", "4.00")).await;
        let (till, other) = (tenant.till().await, second_till(tenant).await);
        let customer = tenant.customer("Nordwind Supply").await;
        let node = tenant.at(&environment().other_node().await.base_url);
        let body = lease(&till, &[("MUG", "3")]).await;
        let replies = join_all((0..40).map(async |number: usize| {
            let client = if number.is_multiple_of(2) { &**tenant } else { &node };
            let order = json!({ "customer_id": customer, "advance_to": "confirmed", "lines": lines(&[("MUG", "2")]) });
            let reply = match number % 4 {
                0 => client.post(HOLDS, &body).await,
                1 => client.post("/v1/orders", &order).await,
                2 => client.post("/v1/pos/sales", &sale(&till, &[("MUG", "1")])).await,
                _ => client.post("/v1/pos/sales", &sale(&other, &[("MUG", "1")])).await,
            };
            assert!(matches!(reply.status, 201 | 409), "{}", reply.text);
            reply.status
        }));
        assert!(replies.await.contains(&409), "there was not enough for all");
        let level = tenant.level("MUG").await;
        // All allotted stock is on hand: the till can sell it.
        while tenant.sell(&till, &[("MUG", "1")]).await.status == 201 {}
        let after = tenant.level("MUG").await;
        assert_eq!(after.on_hand, after.reserved, "only the orders' reservations are left of {level:?}");
    });
}

#[test]
fn a_level_forgets_a_lease_that_ended() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let (till, other) = (tenant.till().await, second_till(tenant).await);
        let short = lease(&till, &[("MUG", "5")]).await;
        tenant.post(HOLDS, &short).await.created();
        let allotted = async || -> bool {
            sqlx::query_scalar("select allotted from stock_level where tenant_id = $1")
                .bind(tenant.id.0)
                .fetch_one(&environment().root)
                .await
                .expect("the level")
        };
        assert!(allotted().await);
        tenant.age_holds(Duration::hours(1)).await;
        tenant.sell(&other, &[("MUG", "1")]).await.created();
        assert!(!allotted().await, "otherwise every sale would read allotments for ever");
    });
}
