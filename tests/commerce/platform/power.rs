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
