//! Powers that a user with a second factor uses with a code, and keys that must not take the factor off.

use serde_json::{Value, json};
use tests::{Client, Tenant, with_tenant};

use super::{PASSWORD, challenge, code, complete, enrol, forget_used_codes, person, wrong_code};

/// A stolen access token would add a provider, and sign in past the second factor of its user.
#[test]
fn a_user_with_a_second_factor_states_a_code_to_change_a_provider() {
    with_tenant(async |tenant| {
        let path = "/v1/identity-providers";
        let admin = person(tenant, "admin").await;
        let mut wanted = json!({ "name": "Company account", "issuer": "https://login.example", "client_id": "stockwell",
            "client_secret": "a secret of a client", "email_domains": ["shop.example"],
            "redirect_url": "https://erp.example/v1/auth/oidc/callback" });
        admin.client.post(path, &wanted).await.created();
        let (secret, recovery) = enrol(&admin).await;
        let missing = admin.client.post(path, &wanted).await;
        missing.refused(409, "invalid_state_transition").names(&["#/code"]);
        wanted["code"] = json!(wrong_code(&secret));
        admin.client.post(path, &wanted).await.refused(422, "validation_failed").names(&["#/code"]);
        forget_used_codes(tenant).await;
        wanted["code"] = json!(code(&secret, 0));
        let made = admin.client.post(path, &wanted).await.created();
        assert_eq!(made.get("code"), None);
        let path = format!("{path}/{}", made["id"].as_str().expect("an id"));
        let mut patch = json!({ "enabled": false });
        admin.client.patch(&path, &patch).await.refused(409, "invalid_state_transition").names(&["#/code"]);
        patch["code"] = json!(recovery[0]);
        admin.client.patch(&path, &patch).await.ok();
        // A wrong code counts as one of a login, and a missing one does not.
        patch["code"] = json!(wrong_code(&secret));
        for _ in 1..10 {
            admin.client.patch(&path, &patch).await.refused(422, "validation_failed").names(&["#/code"]);
        }
        admin.client.patch(&path, &patch).await.refused(429, "rate_limited");
        assert_eq!(admin.client.delete(&path).await.status, 204);
    });
}

/// A stolen access token would make an admin, or take one over, who then adds a provider.
#[test]
fn a_user_with_a_second_factor_states_a_code_to_make_an_admin() {
    with_tenant(async |tenant| {
        let (admin, carl) = (person(tenant, "admin").await, person(tenant, "cashier").await);
        let other =
            json!({ "email": "other@shop.example", "name": "Other", "role": "admin", "password": PASSWORD });
        let other = tenant.make("/v1/users", other).await;
        let (_, recovery) = enrol(&admin).await;
        let user = |code: Value| json!({ "email": "second@shop.example", "name": "Second", "role": "admin", "password": PASSWORD, "code": code });
        let invited = |code: Value| json!({ "email": "third@shop.example", "name": "Third", "role": "admin", "code": code });
        let raised = format!("/v1/users/{}", carl.id);
        let moved = format!("/v1/users/{other}");
        let link = format!("{moved}/password-link");
        let send = async |act: usize, code: Value| match act {
            0 => admin.client.post("/v1/users", &user(code)).await,
            1 => admin.client.post("/v1/invitations", &invited(code)).await,
            2 => admin.client.patch(&raised, &json!({ "role": "admin", "code": code })).await,
            3 => admin.client.patch(&moved, &json!({ "email": "moved@shop.example", "code": code })).await,
            _ => admin.client.post(&link, &json!({ "code": code })).await,
        };
        for (act, good) in recovery.iter().take(5).enumerate() {
            send(act, json!(null)).await.refused(409, "invalid_state_transition").names(&["#/code"]);
            send(act, json!("swc_abcd-efgh-ijkl-mnop"))
                .await
                .refused(422, "validation_failed")
                .names(&["#/code"]);
            let done = send(act, json!(good)).await;
            assert!(matches!(done.status, 200 | 201), "{act}: {}", done.text);
            assert!(!done.text.contains(good.as_str()), "{}", done.text);
        }
        for act in [1, 2] {
            let refused = send(act, json!("9".repeat(65))).await;
            refused.refused(422, "validation_failed").names(&["#/code"]);
            assert!(refused.text.contains("64 characters"), "{}", refused.text);
        }
        // One who is enabled again is an admin again.
        tenant.post(&format!("{moved}/disable"), &json!({})).await.ok();
        let enable = format!("{moved}/enable");
        let refused = admin.client.post(&enable, &json!({})).await;
        refused.refused(409, "invalid_state_transition");
        assert!(refused.text.contains("PATCH /v1/users/{id}"), "{}", refused.text);
        let active = |code: Value| json!({ "status": "active", "code": code });
        admin
            .client
            .patch(&moved, &active(json!(null)))
            .await
            .refused(409, "invalid_state_transition")
            .names(&["#/code"]);
        admin.client.patch(&moved, &active(json!(recovery[6]))).await.ok();
        // Other roles need no code, and no key of this user makes an admin.
        let cashier =
            json!({ "email": "till@shop.example", "name": "Till", "role": "cashier", "password": PASSWORD });
        admin.client.post("/v1/users", &cashier).await.created();
        admin.client.patch(&moved, &json!({ "name": "Another name" })).await.ok();
        let key = json!({ "name": "Own", "mode": "test", "scopes": admin.client.get("/v1/me").await.ok()["scopes"] });
        let key = admin.client.post("/v1/api-keys", &key).await.created();
        let key = tenant.with_key(key["secret"].as_str().expect("a secret"));
        let mut body = user(json!(recovery[5]));
        body["email"] = json!("fourth@shop.example");
        key.post("/v1/users", &body).await.refused(409, "invalid_state_transition");
        let link = format!("/v1/users/{other}/password-link");
        key.post(&link, &json!({})).await.refused(409, "invalid_state_transition");
        tenant.post(&format!("{moved}/disable"), &json!({})).await.ok();
        key.post(&enable, &json!({})).await.refused(409, "invalid_state_transition");
    });
}

/// A stolen access token would give back to an admin the scopes that a custom role takes away.
#[test]
fn a_user_with_a_second_factor_states_a_code_to_give_an_admin_more_scopes() {
    with_tenant(async |tenant| {
        let (owner, admin) = (person(tenant, "owner").await, person(tenant, "admin").await);
        let role = |name: &str, base: &str| json!({ "name": name, "base": base, "scopes": ["catalog:read"] });
        let of_admins = tenant.make("/v1/custom-roles", role("Readers", "admin")).await;
        let of_buyers = tenant.make("/v1/custom-roles", role("Buyers", "buyer")).await;
        let path = format!("/v1/custom-roles/{of_admins}");
        let (_, recovery) = enrol(&owner).await;
        let key = own_key(tenant, &owner.client).await;
        let user = format!("/v1/users/{}", admin.id);
        // Fewer scopes need no code.
        owner.client.patch(&user, &json!({ "custom_role_id": of_admins })).await.ok();
        let wider = |code: Value| json!({ "scopes": ["catalog:read", "users:write"], "code": code });
        let whole = |code: Value| json!({ "custom_role_id": null, "code": code });
        let acts = [(&path, wider as fn(Value) -> Value), (&user, whole as fn(Value) -> Value)];
        for ((path, act), good) in acts.iter().zip(&recovery) {
            let missing = owner.client.patch(path, &act(json!(null))).await;
            missing.refused(409, "invalid_state_transition").names(&["#/code"]);
            let wrong = owner.client.patch(path, &act(json!("swc_abcd-efgh-ijkl-mnop"))).await;
            wrong.refused(422, "validation_failed").names(&["#/code"]);
            key.patch(path, &act(json!(good))).await.refused(409, "invalid_state_transition");
            let done = owner.client.patch(path, &act(json!(good))).await;
            done.ok();
            assert!(!done.text.contains(good.as_str()), "{}", done.text);
        }
        let narrower = json!({ "name": "Few", "scopes": ["catalog:read"] });
        owner.client.patch(&path, &narrower).await.ok();
        let wider = json!({ "scopes": ["catalog:read", "stock:read"] });
        owner.client.patch(&format!("/v1/custom-roles/{of_buyers}"), &wider).await.ok();
    });
}

/// Makes a key with all scopes of the user who calls.
async fn own_key(tenant: &Tenant, client: &Client) -> Client {
    let me = client.get("/v1/me").await.ok();
    let key = json!({ "name": "Own key", "mode": "test", "scopes": me["scopes"] });
    let made = client.post("/v1/api-keys", &key).await.created();
    tenant.with_key(made["secret"].as_str().expect("a secret"))
}

#[test]
fn a_key_can_not_remove_the_second_factor_of_its_maker() {
    with_tenant(async |tenant| {
        let owner = person(tenant, "owner").await;
        let (_, codes) = enrol(&owner).await;
        let key = own_key(tenant, &owner.client).await;
        let path = format!("/v1/users/{}", owner.id);
        let (factor, link) = (format!("{path}/second-factor"), format!("{path}/password-link"));
        for caller in [&key, &own_key(tenant, &key).await, &owner.client] {
            caller.delete(&factor).await.refused(409, "invalid_state_transition");
            caller.post(&link, &json!({})).await.refused(409, "invalid_state_transition");
        }
        let moved = key.patch(&path, &json!({ "email": "thief@shop.example" })).await;
        moved.refused(409, "invalid_state_transition");
        key.patch(&path, &json!({ "name": "The owner" })).await.ok();
        let challenge = challenge(tenant, &owner.email).await;
        complete(tenant, &challenge, &codes[0]).await.ok();
        // Others may, with the powers.
        tenant.post(&link, &json!({})).await.created();
        assert_eq!(tenant.delete(&factor).await.status, 204);
    });
}
