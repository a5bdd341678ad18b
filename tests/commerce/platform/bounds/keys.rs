//! Bounds of a key over other keys and users, and its end. Keys that it makes inherit its time, networks, locations, channels and amounts.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::with_tenant;

use super::bound;
use crate::platform::auth::{key_with, outside};

fn key_body(bounds: &Value) -> Value {
    let mut body = json!({ "name": "Child", "mode": "test", "scopes": ["catalog:read"] });
    bounds.as_object().into_iter().flatten().for_each(|(name, value)| body[name] = value.clone());
    body
}

#[test]
fn children_have_every_bound_of_their_parent() {
    with_tenant(async |tenant| {
        let bounds = json!({ "expires_at": "2090-01-01T00:00:00Z", "ip_allowlist": ["127.0.0.0/8", "::1"],
            "locations": [tenant.shop], "channels": ["retail"], "amount_max": "100.00" });
        let parent = bound(tenant, bounds.clone()).await;
        let child = parent.post("/v1/api-keys", &key_body(&json!({}))).await.created()["api_key"].clone();
        assert_eq!(child["expires_at"], bounds["expires_at"]);
        assert_eq!(child["ip_allowlist"], json!(["127.0.0.0/8", "::1/128"]));
        for field in ["locations", "channels", "amount_max"] {
            assert_eq!(child[field], bounds[field], "{field}");
        }
        for (field, wider) in [
            ("expires_at", json!("2090-01-01T00:00:01Z")),
            ("ip_allowlist", json!(["127.0.0.1", "0.0.0.0/0"])),
            ("ip_allowlist", json!(["10.0.0.1"])),
            ("locations", json!([tenant.shop, tenant.main])),
            ("locations", json!([tenant.main])),
            ("channels", json!(["retail", "wholesale"])),
            ("amount_max", json!("100.01")),
        ] {
            let reply = parent.post("/v1/api-keys", &key_body(&json!({ field: wider }))).await;
            let problem = reply.refused(403, "bound_exceeded").names(&[&format!("#/{field}")]);
            assert_eq!(problem.params(&format!("#/{field}"))["bound"], json!(field));
        }
        let narrower = json!({ "expires_at": "2089-01-01T00:00:00Z", "ip_allowlist": ["127.0.0.1"],
            "locations": [tenant.shop], "channels": ["retail"], "amount_max": "99.99" });
        parent.post("/v1/api-keys", &key_body(&narrower)).await.created();
        for (field, wrong, status) in [
            ("locations", json!([]), 422),
            ("channels", json!([]), 422),
            ("amount_max", json!("-1"), 422),
            ("locations", json!(["loc_01h455vb4pex5vsknk084sn02q"]), 404),
        ] {
            let reply = tenant.post("/v1/api-keys", &key_body(&json!({ field: wrong }))).await;
            assert_eq!(reply.status, status, "{}", reply.text);
        }
    });
}

#[test]
fn a_key_with_bounds_ends_no_key_and_makes_no_user_without() {
    with_tenant(async |tenant| {
        let (free, _) = key_with(tenant, json!({ "scopes": ["catalog:read"] })).await;
        let cashier = json!({ "email": "c@shop.example", "name": "C", "role": "cashier", "password": "correct horse battery" });
        let user = tenant.make("/v1/users", cashier.clone()).await;
        for bounds in [
            json!({ "expires_at": "2090-01-01T00:00:00Z" }),
            json!({ "ip_allowlist": ["127.0.0.1"] }),
            json!({ "locations": [tenant.shop] }),
            json!({ "channels": ["retail"] }),
            json!({ "amount_max": "1000000" }),
        ] {
            let client = bound(tenant, bounds).await;
            client.delete(&format!("/v1/api-keys/{free}")).await.refused(403, "bound_exceeded");
            client
                .post(&format!("/v1/api-keys/{free}/rotate"), &json!({}))
                .await
                .refused(403, "bound_exceeded");
            client.post("/v1/users", &cashier).await.refused(403, "bound_exceeded");
            client
                .post(&format!("/v1/users/{user}/disable"), &json!({}))
                .await
                .refused(403, "bound_exceeded");
            client
                .patch(&format!("/v1/users/{user}"), &json!({ "name": "D" }))
                .await
                .refused(403, "bound_exceeded");
        }
    });
}

#[test]
fn a_key_that_ends_soon_is_not_kept_longer_by_a_cache() {
    with_tenant(async |tenant| {
        // On a busy machine, a key may end before its first request has its response. Then a further key is made.
        let client = loop {
            let client = bound(tenant, json!({ "expires_at": "2090-01-01T00:00:00Z" })).await;
            let soon = "update api_key set expires_at = clock_timestamp() + interval '3 seconds' \
                 where tenant_id = $1 and expires_at > clock_timestamp() + interval '1 day'";
            let begun = Instant::now();
            outside(tenant, soon).await;
            let reply = client.get("/v1/me").await;
            if begun.elapsed() < Duration::from_millis(2_900) {
                reply.ok();
                break client;
            }
        };
        tokio::time::sleep(Duration::from_millis(3_100)).await;
        client.get("/v1/me").await.refused(401, "expired_api_key");
    });
}
