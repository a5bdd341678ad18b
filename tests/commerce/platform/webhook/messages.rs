//! Messages that reach their receiver: content, signatures, order, replay.

use serde_json::{Value, json};
use tests::{Behaviour, Receiver};

use super::{category, delivery, endpoint, endpoint_with, rename, signature, text, with_receivers};

#[test]
fn a_message_is_the_event_with_a_signature() {
    with_receivers(async |tenant| {
        let receiver = Receiver::good().await;
        let made = endpoint(tenant, &receiver.url).await;
        let id = category(tenant, "TOOLS").await;
        let got = receiver.expect(1).await.remove(0);
        assert_eq!(got.header("webhook-signature"), signature(&made.secret, &got));
        assert_eq!(got.header("content-type"), "application/json");
        let sent = got.json();
        let feed = tenant.get("/v1/events?type=category.created").await.ok();
        let event = &feed["data"][0];
        for member in ["id", "type", "occurred_at", "created_at", "command_id", "data"] {
            assert_eq!(sent[member], event[member], "{member}");
        }
        assert_eq!(sent["timestamp"], event["occurred_at"]);
        assert_eq!(sent["tenant_id"], json!(tenant.id.to_string()));
        assert_eq!(sent["api_version"], "v1");
        assert_eq!(got.header("webhook-id"), text(&event["id"]));
        assert_eq!(sent["data"]["object"]["id"], json!(id));
        let done = delivery(tenant, &made, |row| row["status"] == "delivered").await;
        assert_eq!(done["attempts"], 1);
        assert_eq!(done["log"][0]["response_status"], 204);
        let request = text(&done["log"][0]["request"]);
        assert!(request.contains(got.header("webhook-id")), "{request}");
        assert!(request.contains(&format!("host: {}\n", got.header("host"))), "with the port: {request}");
        assert!(!request.contains(got.header("webhook-signature")), "the log has no signature: {request}");
    });
}

#[test]
fn only_the_types_that_an_endpoint_wants_are_sent() {
    with_receivers(async |tenant| {
        let receiver = Receiver::good().await;
        endpoint_with(tenant, json!({ "url": receiver.url, "event_types": ["*.updated"] })).await;
        let id = category(tenant, "TOOLS").await;
        rename(tenant, &id, "Tools").await;
        let got = receiver.expect(1).await;
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        assert_eq!(receiver.got().len(), 1);
        assert_eq!(got[0].kind(), "category.updated");
    });
}

#[test]
fn a_full_message_has_the_object() {
    with_receivers(async |tenant| {
        let receiver = Receiver::good().await;
        let wanted = json!({ "url": receiver.url, "event_types": ["category.*"], "payload": "full" });
        endpoint_with(tenant, wanted).await;
        let id = category(tenant, "TOOLS").await;
        let got = receiver.expect(1).await.remove(0).json();
        let object = &got["data"]["object"];
        assert_eq!(object["code"], "TOOLS");
        assert_eq!(object["version"], 1);
        assert_eq!(object["url"], json!(format!("/v1/categories/{id}")));
    });
}

#[test]
fn events_of_a_document_come_in_order_also_after_failures() {
    with_receivers(async |tenant| {
        let receiver = Receiver::good().await;
        receiver.script(&[Behaviour::Status(500, "later")]);
        endpoint(tenant, &receiver.url).await;
        let id = category(tenant, "TOOLS").await;
        for name in ["One", "Two", "Three"] {
            rename(tenant, &id, name).await;
        }
        let got = receiver.expect(5).await;
        let ids: Vec<Value> = got.iter().map(|got| got.json()["id"].clone()).collect();
        let feed = tenant.get("/v1/events?type=category.*").await.ok();
        let events: Vec<Value> =
            feed["data"].as_array().expect("events").iter().map(|event| event["id"].clone()).collect();
        assert_eq!(ids[0], events[0], "the first attempt fails");
        assert_eq!(ids[1..], events[..], "each after the one before");
    });
}

#[test]
fn a_failed_message_is_sent_again_with_the_same_id() {
    with_receivers(async |tenant| {
        let receiver = Receiver::good().await;
        receiver.script(&[Behaviour::Status(500, "out of order")]);
        let made = endpoint(tenant, &receiver.url).await;
        category(tenant, "TOOLS").await;
        let got = receiver.expect(2).await;
        assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
        assert_eq!(got[0].body, got[1].body);
        assert!(got[1].at - got[0].at >= std::time::Duration::from_millis(1_500), "after a delay");
        assert_eq!(got[1].header("webhook-signature"), signature(&made.secret, &got[1]));
        let done = delivery(tenant, &made, |row| row["status"] == "delivered").await;
        assert_eq!(done["attempts"], 2);
        assert_eq!(done["log"][0]["error"], "rejected");
        assert_eq!(done["log"][0]["response_status"], 500);
        assert_eq!(done["log"][0]["response"], "out of order");
        assert_eq!(done["log"][1]["error"], Value::Null);
        let seen = tenant.get(&made.path("")).await.ok();
        assert_eq!((&seen["failures"], &seen["failing_since"]), (&json!(0), &Value::Null));
    });
}

#[test]
fn a_rotation_has_two_signatures_until_it_ends() {
    with_receivers(async |tenant| {
        let receiver = Receiver::good().await;
        let made = endpoint(tenant, &receiver.url).await;
        let rotate = made.path("/rotate-secret");
        let rotated = tenant.post(&rotate, &json!({ "overlap_seconds": 3600 })).await.created();
        let new = text(&rotated["secret"]);
        assert_ne!(new, made.secret);
        category(tenant, "ONE").await;
        let got = receiver.expect(1).await.remove(0);
        let both = format!("{} {}", signature(&new, &got), signature(&made.secret, &got));
        assert_eq!(got.header("webhook-signature"), both, "the new one first");
        let last = tenant.post(&rotate, &json!({ "overlap_seconds": 0 })).await.created();
        assert_eq!(last["webhook_endpoint"]["previous_secret_until"], Value::Null);
        category(tenant, "TWO").await;
        let got = receiver.expect(2).await.remove(1);
        assert_eq!(got.header("webhook-signature"), signature(&text(&last["secret"]), &got));
    });
}

#[test]
fn events_are_sent_again_from_a_place_of_the_feed() {
    with_receivers(async |tenant| {
        let receiver = Receiver::good().await;
        let made = endpoint(tenant, &receiver.url).await;
        let first = category(tenant, "ONE").await;
        receiver.expect(1).await;
        let feed = tenant.get("/v1/events?type=category.*").await.ok();
        let cursor = text(&feed["page"]["resume_cursor"]);
        let second = category(tenant, "TWO").await;
        receiver.expect(2).await;
        tenant.post(&made.path("/replay"), &json!({ "cursor": cursor })).await.ok();
        let got = receiver.expect(3).await;
        assert_eq!(got[2].object_id(), second, "only what came after the place");
        assert_eq!(got[2].header("webhook-id"), got[1].header("webhook-id"));
        tenant.post(&made.path("/replay"), &json!({ "since": "2026-01-01T00:00:00Z" })).await.ok();
        let got = receiver.expect(5).await;
        let again: Vec<String> = got[3..].iter().map(|got| got.object_id()).collect();
        assert!(again.contains(&first) && again.contains(&second), "{again:?}");
        let refused = tenant.post(&made.path("/replay"), &json!({ "cursor": "AA" })).await;
        refused.refused(422, "validation_failed").names(&["#/cursor"]);
        tenant
            .post(&made.path("/replay"), &json!({}))
            .await
            .refused(422, "validation_failed")
            .names(&["#/since"]);
    });
}

#[test]
fn a_delivery_is_sent_again_on_request() {
    with_receivers(async |tenant| {
        let receiver = Receiver::good().await;
        let made = endpoint(tenant, &receiver.url).await;
        category(tenant, "ONE").await;
        let done = delivery(tenant, &made, |row| row["status"] == "delivered").await;
        let path = format!("/v1/webhook-deliveries/{}/retry", text(&done["id"]));
        assert_eq!(tenant.post(&path, &json!({})).await.ok()["status"], "pending");
        let got = receiver.expect(2).await;
        assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
        delivery(tenant, &made, |row| row["status"] == "delivered" && row["attempts"] == 2).await;
    });
}

#[test]
fn a_tenant_gets_only_its_own_events() {
    with_receivers(async |tenant| {
        let other = super::house().await.another_tenant().await;
        let (own, theirs) = (Receiver::good().await, Receiver::good().await);
        endpoint(tenant, &own.url).await;
        let foreign = endpoint(&other, &theirs.url).await;
        let id = category(tenant, "ONE").await;
        let their_id = category(&other, "ONE").await;
        let (got, their_got) = (own.expect(1).await, theirs.expect(1).await);
        assert_eq!(got[0].object_id(), id);
        assert_eq!(their_got[0].object_id(), their_id);
        let seen = delivery(&other, &foreign, |_| true).await;
        let path = format!("/v1/webhook-deliveries/{}", text(&seen["id"]));
        tenant.get(&path).await.refused(404, "not_found");
        tenant.post(&format!("{path}/retry"), &json!({})).await.refused(404, "not_found");
        for (rest, body) in [("/test", json!({})), ("/replay", json!({ "since": "2026-01-01T00:00:00Z" }))] {
            tenant.post(&foreign.path(rest), &body).await.refused(404, "not_found");
        }
    });
}
