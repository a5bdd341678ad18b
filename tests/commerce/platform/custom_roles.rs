//! Custom roles: they take scopes of a built-in role away, at once and for keys as well, and none is deleted while a user has it.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Tenant, with_tenant, with_tenants};

use super::auth::key;

const PASSWORD: &str = "correct horse battery staple";
const PATH: &str = "/v1/custom-roles";

fn body(name: &str, base: &str, scopes: &[&str]) -> Value {
    json!({ "name": name, "base": base, "scopes": scopes })
}

/// Makes a user with a role and logs the user in. Returns the path of the user, and a client with the access token.
async fn person(tenant: &Tenant, role: &str, name: &str) -> (String, Client) {
    let user =
        json!({ "email": format!("{name}@shop.example"), "name": name, "role": role, "password": PASSWORD });
    let id = tenant.make("/v1/users", user).await;
    (format!("/v1/users/{id}"), log_in(tenant, name).await)
}

async fn log_in(tenant: &Tenant, name: &str) -> Client {
    let login =
        json!({ "tenant": tenant.slug, "email": format!("{name}@shop.example"), "password": PASSWORD });
    let tokens = tenant.anonymous().post("/v1/auth/login", &login).await.ok();
    tenant.with_key(tokens["access_token"].as_str().expect("a token"))
}

async fn scopes(client: &Client) -> Value {
    client.get("/v1/me").await.ok()["scopes"].clone()
}

#[test]
fn a_custom_role_takes_scopes_away_at_once() {
    with_tenant(async |tenant| {
        let (user, buyer) = person(tenant, "buyer", "bea").await;
        buyer.get("/v1/products").await.ok();
        buyer.get("/v1/suppliers").await.ok();
        let role = tenant.make(PATH, body("Catalogue", "buyer", &["stock:read", "catalog:read"])).await;
        let changed = tenant.patch(&user, &json!({ "custom_role_id": role })).await.ok();
        assert_eq!((&changed["role"], &changed["custom_role_id"]), (&json!("buyer"), &json!(role)));
        // The token of before loses scopes at once, and a new one has the same.
        assert_eq!(scopes(&buyer).await, json!(["catalog:read", "stock:read"]));
        buyer.get("/v1/suppliers").await.refused(403, "insufficient_scope");
        let again = log_in(tenant, "bea").await;
        assert_eq!(scopes(&again).await, json!(["catalog:read", "stock:read"]));
        let path = format!("{PATH}/{role}");
        tenant.patch(&path, &json!({ "scopes": ["purchasing:read"] })).await.ok();
        again.get("/v1/products").await.refused(403, "insufficient_scope");
        // A token never has more than the user had when it was issued.
        again.get("/v1/suppliers").await.refused(403, "insufficient_scope");
        let later = log_in(tenant, "bea").await;
        assert_eq!(scopes(&later).await, json!(["purchasing:read"]));
        later.get("/v1/suppliers").await.ok();
        let back = tenant.patch(&user, &json!({ "custom_role_id": null })).await.ok();
        assert!(back["custom_role_id"].is_null());
        log_in(tenant, "bea").await.get("/v1/products").await.ok();
    });
}

#[test]
fn a_new_user_has_a_custom_role_from_the_first_login() {
    with_tenant(async |tenant| {
        let role = tenant.make(PATH, body("Stock", "buyer", &["stock:read"])).await;
        let user = json!({ "email": "bea@shop.example", "name": "Bea", "role": "buyer", "password": PASSWORD,
            "custom_role_id": role });
        let made = tenant.post_as("/v1/users", "bea", &user).await;
        assert_eq!(made.created()["custom_role_id"], json!(role));
        assert!(tenant.post_as("/v1/users", "bea", &user).await.is_replayed());
        assert_eq!(scopes(&log_in(tenant, "bea").await).await, json!(["stock:read"]));
        let mut whole = user;
        whole["custom_role_id"] = Value::Null;
        tenant.post_as("/v1/users", "bea", &whole).await.refused(422, "idempotency_key_reused");
    });
}

#[test]
fn a_key_has_no_more_than_the_custom_role_of_its_maker() {
    with_tenant(async |tenant| {
        let (user, admin) = person(tenant, "admin", "ada").await;
        let made = json!({ "name": "Sync", "mode": "test", "scopes": ["catalog:read", "orders:read", "users:read"] });
        let made = admin.post("/v1/api-keys", &made).await.created();
        let program = tenant.with_key(made["secret"].as_str().expect("a secret"));
        program.get("/v1/orders").await.ok();
        let role =
            tenant.make(PATH, body("Few", "admin", &["catalog:read", "users:read", "users:write"])).await;
        tenant.patch(&user, &json!({ "custom_role_id": role })).await.ok();
        program.get("/v1/orders").await.refused(403, "insufficient_scope");
        program.get("/v1/products").await.ok();
        // With fewer scopes than its base, the user changes neither the own role nor that of a manager.
        admin.patch(&user, &json!({ "custom_role_id": null })).await.refused(403, "insufficient_scope");
        let wider = json!({ "scopes": ["orders:read"] });
        admin.patch(&format!("{PATH}/{role}"), &wider).await.refused(403, "insufficient_scope");
        admin.post(PATH, &body("More", "manager", &["orders:read"])).await.refused(403, "insufficient_scope");
        let manager =
            json!({ "email": "max@shop.example", "name": "Max", "role": "manager", "password": PASSWORD });
        admin.post("/v1/users", &manager).await.refused(403, "insufficient_scope");
    });
}

#[test]
fn a_custom_role_in_use_is_not_deleted() {
    with_tenant(async |tenant| {
        let role = tenant.make(PATH, body("Prices", "buyer", &["prices:read"])).await;
        let path = format!("{PATH}/{role}");
        let (user, _) = person(tenant, "buyer", "bea").await;
        tenant.patch(&user, &json!({ "custom_role_id": role })).await.ok();
        tenant.post(&format!("{user}/disable"), &json!({})).await.ok();
        tenant.delete(&path).await.refused(409, "invalid_state_transition");
        tenant.patch(&user, &json!({ "custom_role_id": null })).await.ok();
        let stale = tenant.call(Method::DELETE, &path).header("if-match", "\"7\"").send().await;
        stale.refused(412, "version_mismatch");
        assert_eq!(tenant.delete(&path).await.status, 204);
        tenant.get(&path).await.refused(404, "not_found");
        tenant.patch(&user, &json!({ "custom_role_id": role })).await.refused(404, "not_found");
    });
}

#[test]
fn bad_custom_roles_name_their_fields() {
    with_tenants(async |tenant, other| {
        let wrong = body(" ", "buyer", &["catalog:read", "everything:write", "ledger:write"]);
        let problem = tenant.post(PATH, &wrong).await.refused(422, "validation_failed");
        let mut pointers = problem.pointers();
        pointers.sort_unstable();
        assert_eq!(pointers, ["#/name", "#/scopes/1", "#/scopes/2"]);
        for (wrong, pointer) in
            [(body("Owner", "owner", &["catalog:read"]), "#/base"), (body("None", "buyer", &[]), "#/scopes")]
        {
            let problem = tenant.post(PATH, &wrong).await.refused(422, "validation_failed");
            assert_eq!(problem.pointers(), [pointer]);
        }
        let many = tenant.post(PATH, &body("Many", "buyer", &["stock:read"; 65])).await;
        assert_eq!(many.refused(422, "validation_failed").pointers(), ["#/scopes"]);
        let role = tenant.make(PATH, body("Prices", "buyer", &["prices:read"])).await;
        tenant.post(PATH, &body("Prices", "analyst", &["prices:read"])).await.refused(409, "already_exists");
        let moved = tenant.patch(&format!("{PATH}/{role}"), &json!({ "base": "manager" })).await;
        assert_eq!(moved.refused(422, "validation_failed").pointers(), ["#/base"]);
        let (user, _) = person(tenant, "cashier", "carl").await;
        let problem = tenant.patch(&user, &json!({ "custom_role_id": role })).await;
        assert_eq!(problem.refused(422, "validation_failed").pointers(), ["#/custom_role_id"]);
        let made = json!({ "email": "new@shop.example", "name": "New", "role": "cashier", "password": PASSWORD,
            "custom_role_id": role });
        let problem = tenant.post("/v1/users", &made).await.refused(422, "validation_failed");
        assert_eq!(problem.pointers(), ["#/custom_role_id"]);
        other.get(&format!("{PATH}/{role}")).await.refused(404, "not_found");
        let few = tenant.with_key(&key(tenant, &["users:read"]).await);
        few.post(PATH, &body("Few", "buyer", &["prices:read"])).await.refused(403, "insufficient_scope");
    });
}
