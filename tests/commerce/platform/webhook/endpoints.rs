//! Endpoints: who may make them, what is shown, and their limits.

use serde_json::{Value, json};
use tests::with_tenant;

use super::{category, text};
use crate::platform::auth::key;

const PATH: &str = "/v1/webhook-endpoints";

#[test]
fn a_secret_is_shown_once() {
    with_tenant(async |tenant| {
        let body = json!({ "url": "https://hooks.invalid/", "description": "ERP" });
        let made = tenant.post_as(PATH, "webhook-endpoint-1", &body).await.created();
        let secret = text(&made["secret"]);
        assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
        let again = tenant.post_as(PATH, "webhook-endpoint-1", &body).await;
        assert!(again.is_replayed());
        let again = again.created();
        assert_eq!((&again["secret"], &again["webhook_endpoint"]), (&Value::Null, &made["webhook_endpoint"]));
        let path = format!("{PATH}/{}", text(&made["webhook_endpoint"]["id"]));
        for shown in [tenant.get(PATH).await, tenant.get(&path).await, tenant.get("/v1/events").await] {
            assert!(!shown.text.contains(&secret[6..]), "{}", shown.what);
        }
        let seen = tenant.get(&path).await.ok();
        assert_eq!((&seen["event_types"], &seen["payload"]), (&json!(["*"]), &json!("thin")));
    });
}

#[test]
fn an_endpoint_is_changed_and_deleted() {
    with_tenant(async |tenant| {
        let made = tenant.post(PATH, &json!({ "url": "https://hooks.invalid/" })).await.created();
        let path = format!("{PATH}/{}", text(&made["webhook_endpoint"]["id"]));
        let change = json!({ "url": "https://other.invalid/", "event_types": ["order.*"], "active": false });
        let seen = tenant.patch(&path, &change).await.ok();
        assert_eq!(
            (&seen["url"], &seen["active"], &seen["version"]),
            (&json!("https://other.invalid/"), &json!(false), &json!(2))
        );
        for (types, pointer) in [
            (json!([]), "#/event_types"),
            (json!(["ORDER"]), "#/event_types/0"),
            (json!(["order.*", "nix"]), "#/event_types/1"),
            (json!(["nix.*"]), "#/event_types/0"),
            (json!(["order.*", "x".repeat(65)]), "#/event_types/1"),
            (json!(["order.*", "*".repeat(63) + "q"]), "#/event_types/1"),
        ] {
            let refused = tenant.patch(&path, &json!({ "event_types": types })).await;
            refused.refused(422, "validation_failed").names(&[pointer]);
        }
        tenant.delete(&path).await.expect(204);
        tenant.get(&path).await.refused(404, "not_found");
        assert_eq!(tenant.get(PATH).await.ok()["data"], json!([]));
    });
}

#[test]
fn a_tenant_has_at_most_twenty_endpoints() {
    with_tenant(async |tenant| {
        let body = json!({ "url": "https://hooks.invalid/", "active": false });
        let mut last = Value::Null;
        for _ in 0..20 {
            last = tenant.post(PATH, &body).await.created();
        }
        tenant.post(PATH, &body).await.expect(409);
        tenant.delete(&format!("{PATH}/{}", text(&last["webhook_endpoint"]["id"]))).await.expect(204);
        tenant.post(PATH, &body).await.created();
    });
}

#[test]
fn an_endpoint_gets_no_more_than_its_maker_may_read() {
    with_tenant(async |tenant| {
        let body = json!({ "url": "https://hooks.invalid/" });
        let blind = tenant.with_key(&key(tenant, &["webhooks:write"]).await);
        let refused = blind.post(PATH, &body).await.refused(403, "insufficient_scope");
        assert_eq!(refused.0["required_scope"], "events:read");
        let sees_events = tenant.with_key(&key(tenant, &["webhooks:write", "events:read"]).await);
        let made = sees_events.post(PATH, &body).await.created();
        let whole = json!({ "url": "https://hooks.invalid/", "payload": "full" });
        sees_events.post(PATH, &whole).await.refused(403, "insufficient_scope");
        let path = format!("{PATH}/{}", text(&made["webhook_endpoint"]["id"]));
        sees_events.patch(&path, &json!({ "payload": "full" })).await.refused(403, "insufficient_scope");
        sees_events.get(&path).await.refused(403, "insufficient_scope");
        tenant.post(PATH, &whole).await.created();
        category(tenant, "ONE").await;
        let reads = ["catalog:read", "customers:read", "pos:read", "prices:read", "stock:read"];
        for missing in reads {
            let scopes = ["webhooks:write", "events:read"].into_iter().chain(reads);
            let scopes: Vec<&str> = scopes.filter(|scope| *scope != missing).collect();
            let refused = tenant.with_key(&key(tenant, &scopes).await).post(PATH, &whole).await;
            assert_eq!(refused.refused(403, "insufficient_scope").0["required_scope"], missing);
        }
    });
}
