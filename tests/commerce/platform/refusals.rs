//! Refused rights and failed logins, as the tenant sees them.

use serde_json::{Value, json};
use service::relay::Outbox;
use tests::{Tenant, environment, sale, with_tenant, with_tenants};

use super::auth::{key, key_with, outside};

/// Waits until so many refusals are counted, and returns the rows. Those of one kind have a row for each minute and for each time at
/// which the server writes them.
async fn refusals(tenant: &Tenant, times: i64) -> Vec<Value> {
    for _ in 0..600 {
        let list = tenant.get("/v1/access-refusals").await.ok();
        let list = list["data"].as_array().expect("a list").clone();
        if list.iter().map(|row| row["times"].as_i64().expect("a number")).sum::<i64>() >= times {
            return list;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{times} refusals were not written within a minute");
}

#[test]
fn a_tenant_sees_its_refused_rights_and_failed_logins() {
    with_tenants(async |tenant, other| {
        tenant.stocked("MUG", "10.00", ("10", "4")).await;
        let till = tenant.till().await;
        let (id, secret) = key_with(tenant, json!({ "scopes": ["pos:write"] })).await;
        let few = tenant.with_key(&secret);
        few.get("/v1/orders").await.refused(403, "insufficient_scope");
        few.get("/v1/customers").await.refused(403, "insufficient_scope");
        let mut below = sale(&till, &[("MUG", "1")]);
        below["discount"] = json!({ "percent": "90" });
        let batch = json!({ "items": [{ "idempotency_key": "a", "body": below }, { "idempotency_key": "b", "body": below }] });
        few.call(reqwest::Method::POST, "/v1/pos/sales/batch").json(&batch).send().await.expect(207);
        let password = "correct horse battery staple";
        let user = json!({ "email": "c@shop.example", "name": "C", "role": "cashier", "password": password });
        let user = tenant.make("/v1/users", user).await;
        let login = json!({ "tenant": tenant.slug, "email": "c@shop.example", "password": "wrong horse" });
        tenant.anonymous().post("/v1/auth/login", &login).await.refused(401, "invalid_credentials");
        let elsewhere = key_with(tenant, json!({ "ip_allowlist": ["192.0.2.1"] })).await.1;
        tenant.with_key(&elsewhere).get("/v1/products").await.refused(403, "ip_not_allowed");

        let list = refusals(tenant, 6).await;
        let times = |code: &str, actor: &str| -> i64 {
            let of = list.iter().filter(|row| row["code"] == code && row["actor_id"] == actor);
            of.map(|row| row["times"].as_i64().expect("a number")).sum()
        };
        assert_eq!(times("insufficient_scope", &id), 2, "{list:?}");
        assert_eq!(times("discount_exceeded", &id), 2, "{list:?}");
        assert_eq!(times("invalid_credentials", &user), 1, "{list:?}");
        assert_eq!(list.iter().filter(|row| row["code"] == "ip_not_allowed").count(), 1, "{list:?}");
        assert!(list.iter().any(|row| row["network"] == "127.0.0.1/32"), "{list:?}");
        let is_of_kind =
            |row: &Value| row["id"].as_str().is_some_and(|id| id.starts_with("arf_") && id.len() == 30);
        assert!(list.iter().all(is_of_kind), "{list:?}");
        assert_eq!(other.get("/v1/access-refusals").await.ok()["data"], json!([]));
        let blind = tenant.with_key(&key(tenant, &["catalog:read"]).await);
        blind.get("/v1/access-refusals").await.refused(403, "insufficient_scope");
    });
}

#[test]
fn a_tenant_sees_the_messages_that_its_payment_provider_did_not_sign() {
    with_tenants(async |tenant, other| {
        let made = tenant.post("/v1/payment-providers", &json!({ "name": "Terminals" })).await.created();
        let id = made["payment_provider"]["id"].as_str().expect("an id");
        let forged = async || {
            let now = environment().now().await.timestamp().to_string();
            let call =
                tenant.anonymous().call(reqwest::Method::POST, &format!("/v1/payment-providers/{id}/events"));
            let call = call.header("webhook-id", "msg_1").header("webhook-timestamp", &now);
            let report = json!({ "type": "failed", "payment_intent_id": "pin_01h455vb4pex5vsknk084sn02q" });
            call.header("webhook-signature", "v1,Zm9yZ2Vk").json(&report).send().await
        };
        for _ in 0..2 {
            forged().await.refused(401, "invalid_token");
        }
        let list = refusals(tenant, 1).await;
        assert!(
            list.iter().all(|row| row["actor_kind"] == "payment_provider" && row["actor_id"] == id),
            "{list:?}"
        );
        assert!(list.iter().all(|row| row["code"] == "invalid_token"), "{list:?}");
        assert_eq!(other.get("/v1/access-refusals").await.ok()["data"], json!([]));
    });
}

#[test]
fn refusals_are_kept_for_ninety_days() {
    with_tenant(async |tenant| {
        let _turn = environment().relays.lock().await;
        let add = "insert into access_refusal (tenant_id, id, minute, actor_kind, actor_id, network, code, times) \
            select $1, gen_random_uuid(), now() - n * interval '1 day', 'user', $1, '', 'old', 1 \
            from unnest(array[0, 89, 91, 400]) n";
        outside(tenant, add).await;
        let outbox = Outbox::connect(&environment().relay_database_url()).await;
        let outbox = outbox.expect("the relay connects");
        assert!(outbox.forget_refusals().await.expect("old refusals are deleted") >= 2);
        assert_eq!(tenant.count("access_refusal").await, 2);
    });
}
