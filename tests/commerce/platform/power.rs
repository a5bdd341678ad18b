//! No credential grants, changes or ends a power that it lacks.

use serde_json::{Value, json};
use tests::{Client, Tenant, with_tenant};

use super::auth::{key_with, outside};

const PASSWORD: &str = "correct horse battery staple";

/// A user of a tenant, logged in.
struct Person {
    id: String,
    client: Client,
}

fn user_body(role: &str, name: &str) -> Value {
    json!({ "email": format!("{name}@shop.example"), "name": name, "role": role, "password": PASSWORD })
}

/// Makes a user with a role and logs the user in.
async fn person(tenant: &Tenant, role: &str, name: &str) -> Person {
    let id = tenant.make("/v1/users", user_body(role, name)).await;
    let login =
        json!({ "tenant": tenant.slug, "email": format!("{name}@shop.example"), "password": PASSWORD });
    let tokens = tenant.anonymous().post("/v1/auth/login", &login).await.ok();
    Person { id, client: tenant.with_key(tokens["access_token"].as_str().expect("a token")) }
}

/// Returns all scopes of a caller.
async fn scopes(client: &Client) -> Value {
    client.get("/v1/me").await.ok()["scopes"].clone()
}

/// Makes a key with all scopes of the caller.
async fn own_key(client: &Client) -> (String, Client) {
    let (id, secret) = key_with(client, json!({ "scopes": scopes(client).await })).await;
    (id, client.with_key(&secret))
}

async fn disable(client: &Client, id: &str) -> tests::Reply {
    client.post(&format!("/v1/users/{id}/disable"), &json!({})).await
}

async fn change(client: &Client, id: &str, patch: Value) -> tests::Reply {
    client.patch(&format!("/v1/users/{id}"), &patch).await
}

#[test]
fn an_admin_is_no_owner_neither_as_a_person_nor_by_an_own_key() {
    with_tenant(async |tenant| {
        let owner = person(tenant, "owner", "olga").await;
        person(tenant, "owner", "otto").await;
        let admin = person(tenant, "admin", "anna").await;
        let cashier = person(tenant, "cashier", "carl").await;
        let (_, key) = own_key(&admin.client).await;
        let (_, key_of_key) = own_key(&key).await;
        for client in [&admin.client, &key, &key_of_key] {
            client.post("/v1/users", &user_body("owner", "ben")).await.refused(403, "insufficient_scope");
            disable(client, &owner.id).await.refused(403, "insufficient_scope");
            for (id, patch) in [
                (&owner.id, json!({ "name": "Less" })),
                (&owner.id, json!({ "role": "cashier" })),
                (&owner.id, json!({ "status": "disabled" })),
                (&admin.id, json!({ "role": "owner" })),
                (&cashier.id, json!({ "role": "owner" })),
            ] {
                change(client, id, patch).await.refused(403, "insufficient_scope");
            }
            let wanted = json!({ "name": "More", "mode": "test", "scopes": ["owners:write"] });
            client.post("/v1/api-keys", &wanted).await.refused(403, "insufficient_scope");
        }
        assert_eq!(owner.client.get("/v1/me").await.status, 200);
        change(&key, &cashier.id, json!({ "role": "manager" })).await.ok();
        change(&key, &cashier.id, json!({ "role": "cashier", "name": "Carl C." })).await.ok();
        disable(&key_of_key, &cashier.id).await.ok();
        change(&owner.client, &admin.id, json!({ "role": "owner" })).await.ok();
    });
}

#[test]
fn one_scope_touches_no_one_who_has_more() {
    with_tenant(async |tenant| {
        let owner = person(tenant, "owner", "olga").await;
        person(tenant, "owner", "otto").await;
        let cashier = person(tenant, "cashier", "carl").await;
        let (_, secret) = key_with(tenant, json!({ "scopes": ["users:write"] })).await;
        let clerk = tenant.with_key(&secret);
        for id in [&owner.id, &cashier.id] {
            disable(&clerk, id).await.refused(403, "insufficient_scope");
            change(&clerk, id, json!({ "status": "disabled" })).await.refused(403, "insufficient_scope");
        }
        let (_, secret) = key_with(tenant, json!({ "scopes": ["api_keys:write", "catalog:read"] })).await;
        let keeper = tenant.with_key(&secret);
        let (rich, rich_secret) = key_with(tenant, json!({ "scopes": ["orders:write"] })).await;
        let (poor, poor_secret) = key_with(tenant, json!({ "scopes": ["catalog:read"] })).await;
        keeper.delete(&format!("/v1/api-keys/{rich}")).await.refused(403, "insufficient_scope");
        keeper
            .post(&format!("/v1/api-keys/{rich}/rotate"), &json!({}))
            .await
            .refused(403, "insufficient_scope");
        tenant.with_key(&rich_secret).get("/v1/me").await.ok();
        assert_eq!(keeper.delete(&format!("/v1/api-keys/{poor}")).await.status, 204);
        tenant.with_key(&poor_secret).get("/v1/me").await.refused(401, "invalid_api_key");
    });
}

#[test]
fn the_last_active_owner_stays() {
    with_tenant(async |tenant| {
        let one = person(tenant, "owner", "olga").await;
        let other = person(tenant, "owner", "otto").await;
        let ends = [disable(&one.client, &other.id), disable(&other.client, &one.id)];
        let ends = futures_util::future::join_all(ends).await;
        let done = ends.iter().filter(|reply| reply.status == 200).count();
        assert_eq!(done, 1, "{ends:?}");
        let left = if ends[0].status == 200 { &one } else { &other };
        for reply in [
            disable(tenant, &left.id).await,
            change(tenant, &left.id, json!({ "role": "admin" })).await,
            change(tenant, &left.id, json!({ "status": "disabled" })).await,
        ] {
            reply.refused(409, "invalid_state_transition");
        }
        change(&left.client, &left.id, json!({ "name": "The owner" })).await.ok();
    });
}

#[test]
fn a_key_has_what_its_user_has_now_and_ends_with_the_user() {
    with_tenant(async |tenant| {
        let admin = person(tenant, "admin", "anna").await;
        let (_, key) = own_key(&admin.client).await;
        let (_, child) = own_key(&key).await;
        for client in [&key, &child] {
            client.get("/v1/api-keys").await.ok();
        }
        change(tenant, &admin.id, json!({ "role": "cashier" })).await.ok();
        for client in [&key, &child, &admin.client] {
            client.get("/v1/products").await.ok();
            client.get("/v1/api-keys").await.refused(403, "insufficient_scope");
            client.get("/v1/orders").await.refused(403, "insufficient_scope");
        }
        disable(tenant, &admin.id).await.ok();
        for client in [&key, &child] {
            client.get("/v1/products").await.refused(401, "invalid_api_key");
        }
        change(tenant, &admin.id, json!({ "status": "active", "role": "admin" })).await.ok();
        child.get("/v1/api-keys").await.ok();
    });
}

#[test]
fn keys_end_with_the_key_that_made_them() {
    with_tenant(async |tenant| {
        let (id, parent) = own_key(tenant).await;
        let (child_id, child) = own_key(&parent).await;
        let (_, grandchild) = own_key(&child).await;
        grandchild.get("/v1/me").await.ok();
        let listed = tenant.get(&format!("/v1/api-keys/{child_id}")).await.ok();
        assert_eq!((&listed["parent_id"], &listed["user_id"]), (&json!(id), &Value::Null));
        assert_eq!(tenant.delete(&format!("/v1/api-keys/{id}")).await.status, 204);
        for client in [&parent, &child, &grandchild] {
            client.get("/v1/me").await.refused(401, "invalid_api_key");
        }
        let (id, parent) = own_key(tenant).await;
        let (_, child) = own_key(&parent).await;
        tenant
            .post(&format!("/v1/api-keys/{id}/rotate"), &json!({ "overlap_seconds": 3600 }))
            .await
            .created();
        child.get("/v1/me").await.ok();
        outside(tenant, "update api_key set expires_at = now() - interval '1 s' where tenant_id = $1 and rotated_to is not null").await;
        let (_, fresh) = own_key(tenant).await;
        fresh.get("/v1/me").await.ok();
        let server = tests::environment().own_node().await;
        child.at(&server.base_url).get("/v1/me").await.refused(401, "expired_api_key");
    });
}

#[test]
fn a_key_that_rotates_itself_goes_on() {
    with_tenant(async |tenant| {
        let (parent_id, parent) = own_key(tenant).await;
        let (id, child) = own_key(&parent).await;
        let made = child.post(&format!("/v1/api-keys/{id}/rotate"), &json!({})).await.created();
        assert_eq!(made["api_key"]["parent_id"], json!(parent_id));
        let next = tenant.with_key(made["secret"].as_str().expect("a key"));
        next.get("/v1/me").await.ok();
        assert_eq!(parent.delete(&format!("/v1/api-keys/{parent_id}")).await.status, 204);
        next.get("/v1/me").await.refused(401, "invalid_api_key");
    });
}

#[test]
fn a_key_can_end_what_it_made_and_itself() {
    with_tenant(async |tenant| {
        let (id, secret) = key_with(tenant, json!({ "scopes": ["api_keys:write", "catalog:read"] })).await;
        let keeper = tenant.with_key(&secret);
        let (child, _) = key_with(&keeper, json!({ "scopes": ["catalog:read"] })).await;
        for id in [child, id] {
            assert_eq!(keeper.delete(&format!("/v1/api-keys/{id}")).await.status, 204);
        }
        keeper.get("/v1/me").await.refused(401, "invalid_api_key");
    });
}

#[test]
fn keys_make_keys_in_eight_steps_at_most() {
    with_tenant(async |tenant| {
        let mut last = tenant.with_key(&tenant.key);
        for _ in 0..7 {
            last = own_key(&last).await.1;
        }
        last.get("/v1/me").await.ok();
        let body = json!({ "name": "Too deep", "mode": "test", "scopes": ["catalog:read"] });
        last.post("/v1/api-keys", &body).await.refused(409, "invalid_state_transition");
    });
}

#[test]
fn a_caller_that_ended_after_it_was_read_grants_nothing() {
    with_tenant(async |tenant| {
        let owner = person(tenant, "owner", "olga").await;
        let cashier = person(tenant, "cashier", "carl").await;
        let (key_id, key) = own_key(&owner.client).await;
        let (child_id, _) = own_key(&key).await;
        // Both are in the cache now, and this change does not clear it: as if the body had still been on its way.
        key.get("/v1/me").await.ok();
        owner.client.get("/v1/me").await.ok();
        outside(tenant, "update app_user set status = 'disabled' where tenant_id = $1 and role = 'owner'")
            .await;
        let wanted = json!({ "name": "More", "mode": "test", "scopes": ["catalog:read"] });
        for client in [&owner.client, &key] {
            for reply in [
                client.post("/v1/api-keys", &wanted).await,
                client.post(&format!("/v1/api-keys/{child_id}/rotate"), &json!({})).await,
                client.delete(&format!("/v1/api-keys/{key_id}")).await,
                change(client, &cashier.id, json!({ "role": "owner" })).await,
                disable(client, &cashier.id).await,
                client.post("/v1/users", &user_body("owner", "ben")).await,
            ] {
                // 401 if the cache had to look it up again, on a slow machine.
                assert!(matches!(reply.status, 401 | 403), "{}", reply.text);
            }
        }
        assert_eq!(tenant.get(&format!("/v1/users/{}", cashier.id)).await.ok()["role"], "cashier");
        let kept = tenant.get(&format!("/v1/api-keys/{key_id}")).await.ok();
        assert_eq!(kept["revoked_at"], Value::Null);
    });
}

#[test]
fn a_key_does_not_rotate_the_key_that_it_acts_for() {
    with_tenant(async |tenant| {
        let (top_id, top) = own_key(tenant).await;
        let (middle_id, middle) = own_key(&top).await;
        let (_, low) = own_key(&middle).await;
        for id in [&top_id, &middle_id] {
            let reply = low.post(&format!("/v1/api-keys/{id}/rotate"), &json!({})).await;
            reply.refused(409, "invalid_state_transition");
        }
        low.get("/v1/me").await.ok();
        let made = top.post(&format!("/v1/api-keys/{middle_id}/rotate"), &json!({})).await.created();
        tenant.with_key(made["secret"].as_str().expect("a key")).get("/v1/me").await.ok();
    });
}

#[test]
fn a_rotated_key_keeps_the_bounds_of_its_whole_chain() {
    with_tenant(async |tenant| {
        let (_, parent) = own_key(tenant).await;
        let (id, _) = own_key(&parent).await;
        // The parent got these bounds later, so the row of its child has none.
        outside(
            tenant,
            "update api_key set locations = '{}', channels = '{retail}', amount_max = 5, discount_max = 3, \
                expires_at = '2090-01-01T00:00:00Z', ip_allowlist = '{127.0.0.0/8,::1}' \
             where tenant_id = $1 and exists (select from api_key c where c.tenant_id = $1 and c.parent_id = api_key.id) \
                and parent_id is not null",
        )
        .await;
        let made =
            tenant.post(&format!("/v1/api-keys/{id}/rotate"), &json!({})).await.created()["api_key"].clone();
        assert_eq!(made["locations"], json!([]));
        assert_eq!(made["channels"], json!(["retail"]));
        assert_eq!(made["amount_max"], json!("5.00"));
        assert_eq!(made["discount_max"], json!("3"));
        assert_eq!(made["expires_at"], json!("2090-01-01T00:00:00Z"));
        assert_eq!(made["ip_allowlist"], json!(["127.0.0.0/8", "::1/128"]));
    });
}

#[test]
fn only_a_committed_change_of_powers_is_announced() {
    with_tenant(async |tenant| {
        let server = tests::environment().own_node().await;
        let mut announced = server.app.auth.revocations();
        let client = tenant.at(&server.base_url);
        let cashier = client.post("/v1/users", &user_body("cashier", "carl")).await.created();
        let cashier = cashier["id"].as_str().expect("an id");
        let (key, _) = key_with(&client, json!({})).await;
        change(&client, cashier, json!({ "name": "Carl C." })).await.ok();
        client.dry_run(&format!("/v1/users/{cashier}/disable"), &json!({})).await.ok();
        client.dry_run(&format!("/v1/api-keys/{key}/rotate"), &json!({})).await.ok();
        assert!(announced.try_recv().is_err(), "no power changed");

        change(&client, cashier, json!({ "role": "buyer" })).await.ok();
        assert_eq!(announced.try_recv(), Ok(tenant.id));
        let path = format!("/v1/users/{cashier}/disable");
        for _ in 0..2 {
            client.post_as(&path, "once", &json!({})).await.ok();
        }
        assert_eq!(announced.try_recv(), Ok(tenant.id));
        assert!(announced.try_recv().is_err(), "a replay and a user who is disabled change nothing");
        for _ in 0..2 {
            assert_eq!(client.delete(&format!("/v1/api-keys/{key}")).await.status, 204);
        }
        assert_eq!(announced.try_recv(), Ok(tenant.id));
        assert!(announced.try_recv().is_err(), "a revoked key can't be revoked again");
    });
}
