//! Channel allotments: stock that one channel may sell and the other can't, until it is released.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Level, Tenant, environment, lines, sale, with_tenant};

const HOLDS: &str = "/v1/stock/holds";

async fn floor(channel: &str, wanted: &[(&str, &str)], seconds: i64) -> Value {
    let ends = environment().now().await + Duration::seconds(seconds);
    json!({ "kind": "channel_allotment", "channel": channel, "expires_at": ends.to_rfc3339(), "lines": lines(wanted) })
}

async fn available(tenant: &Tenant, query: &str) -> Value {
    let answer = tenant.get(&format!("/v1/stock/availability?sku=MUG{query}")).await.ok();
    answer["data"][0]["available"].clone()
}

#[test]
fn the_other_channel_sees_a_floor_as_reserved() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let kept = tenant.post(HOLDS, &floor("retail", &[("MUG", "6")], 3600).await).await.created();
        assert_eq!(kept["kind"], "channel_allotment");
        assert_eq!(kept["channel"], "retail");
        assert_eq!(tenant.level("MUG").await, Level::of("10", "6", "40"));
        assert_eq!(available(tenant, "&channel=wholesale").await, "4");
        assert_eq!(available(tenant, "&channel=retail").await, "10");
        assert_eq!(available(tenant, "").await, "4");
        let refused =
            tenant.order(&customer, &[("MUG", "5")], "confirmed").await.refused(409, "insufficient_stock");
        assert_eq!(refused.params("#/lines/0/quantity")["available"], "4");
        let transfer = json!({ "to_location_id": tenant.shop, "lines": lines(&[("MUG", "5")]) });
        tenant.post("/v1/stock/transfers", &transfer).await.refused(409, "insufficient_stock");

        let left = async || {
            let path = format!("{HOLDS}/{}", kept["id"].as_str().expect("an id"));
            tenant.get(&path).await.ok()["lines"][0]["left"].clone()
        };
        // Its own channel takes other available stock first.
        tenant.sell(&till, &[("MUG", "3")]).await.created();
        assert_eq!(left().await, json!("6"));
        assert_eq!(tenant.level("MUG").await, Level::of("7", "6", "28"));
        tenant.sell(&till, &[("MUG", "3")]).await.created();
        assert_eq!(left().await, json!("4"));
        assert_eq!(tenant.level("MUG").await, Level::of("4", "4", "16"));
        // A used-up allotment is not filled up again.
        tenant.open_stock(&[("MUG", "2", "4")]).await;
        assert_eq!(left().await, json!("4"));
        assert_eq!(available(tenant, "&channel=wholesale").await, json!("2"));
        let refused = tenant.sell(&till, &[("MUG", "7")]).await.refused(409, "insufficient_stock");
        assert_eq!(refused.params("#/lines/0/quantity")["available"], "6");
        tenant
            .post(&format!("{HOLDS}/{}/release", kept["id"].as_str().expect("an id")), &json!({}))
            .await
            .ok();
        tenant.order(&customer, &[("MUG", "6")], "confirmed").await.created();
    });
}

#[test]
fn an_order_takes_of_the_floor_of_wholesale() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        tenant.post(HOLDS, &floor("wholesale", &[("MUG", "8")], 3600).await).await.created();
        tenant.sell(&till, &[("MUG", "3")]).await.refused(409, "insufficient_stock");
        let order = tenant.order(&customer, &[("MUG", "4"), ("MUG", "1")], "confirmed").await.created();
        assert_eq!(
            tenant.level("MUG").await,
            Level::of("10", "10", "40"),
            "two were free, three are the floor's"
        );
        tenant.order(&customer, &[("MUG", "6")], "confirmed").await.refused(409, "insufficient_stock");
        let body = json!({ "customer_id": customer, "policy": "backorder", "advance_to": "confirmed",
            "lines": lines(&[("MUG", "7")]) });
        let waits = tenant.post("/v1/orders", &body).await.created();
        assert_eq!(waits["lines"][0]["reserved"], "5");
        assert_eq!(waits["lines"][0]["backordered"], "2");
        tenant.step(order["id"].as_str().expect("an id"), "cancel").await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("10", "7", "40"));
        tenant.sell(&till, &[("MUG", "3")]).await.created();
        tenant.order(&customer, &[("MUG", "1")], "invoiced").await.refused(409, "insufficient_stock");
    });
}

#[test]
fn a_floor_is_free_for_all_at_its_release_time() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("4", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        tenant.post(HOLDS, &floor("retail", &[("MUG", "4")], 3600).await).await.created();
        tenant.order(&customer, &[("MUG", "1")], "confirmed").await.refused(409, "insufficient_stock");
        tenant.age_holds(Duration::hours(1)).await;
        assert_eq!(available(tenant, "&channel=retail").await, "4", "it is not counted twice");
        assert_eq!(available(tenant, "&channel=wholesale").await, "4");
        tenant.order(&customer, &[("MUG", "4")], "confirmed").await.created();
    });
}

#[test]
fn a_floor_that_makes_no_sense_is_refused() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("4", "4.00")).await;
        let only =
            json!({ "code": "DEPOT", "name": "Depot", "kind": "warehouse", "channels": ["wholesale"] });
        let depot = tenant.make("/v1/locations", only).await;
        let sound = floor("retail", &[("MUG", "1")], 3600).await;
        for (change, pointer) in [
            (json!({ "channel": null }), "#/channel"),
            (json!({ "kind": "quarantine", "expires_at": null }), "#/channel"),
            (json!({ "location_id": depot }), "#/channel"),
            (json!({ "expires_at": null }), "#/expires_at"),
        ] {
            let mut body = sound.clone();
            for (name, value) in change.as_object().expect("fields") {
                body[name] = value.clone();
            }
            tenant.post(HOLDS, &body).await.refused(422, "validation_failed").names(&[pointer]);
        }
        let mut strange = sound.clone();
        strange["channel"] = json!("online");
        assert_eq!(tenant.post(HOLDS, &strange).await.status, 422);
        tenant
            .post(HOLDS, &floor("retail", &[("MUG", "5")], 3600).await)
            .await
            .refused(409, "insufficient_stock");
    });
}

#[test]
fn both_channels_race_over_a_floor() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("20", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        tenant.post(HOLDS, &floor("retail", &[("MUG", "12")], 3600).await).await.created();
        let node = tenant.at(&environment().other_node().await.base_url);
        let replies = join_all((0..30).map(async |number: usize| {
            let client = if number.is_multiple_of(2) { &**tenant } else { &node };
            let order =
                json!({ "customer_id": customer, "advance_to": "invoiced", "lines": lines(&[("MUG", "1")]) });
            match number % 3 {
                0 => (0, client.post("/v1/pos/sales", &sale(&till, &[("MUG", "1")])).await.status),
                _ => (1, client.post("/v1/orders", &order).await.status),
            }
        }));
        let done = replies.await;
        let of = |channel: i32| done.iter().filter(|(of, status)| (*of, *status) == (channel, 201)).count();
        assert_eq!(of(0), 10, "every sale of the channel that is kept for");
        assert!(of(1) <= 8, "the other channel never gets the allotted stock");
        let level = tenant.level("MUG").await;
        assert_eq!(level.on_hand, (20 - of(0) - of(1)).to_string());
    });
}
