//! People: roles, new passwords, disabled users and their addresses.

use serde_json::{Value, json};
use tests::{Client, Reply, Tenant, with_tenant};

const PASSWORD: &str = "correct horse battery staple";
const NEXT: &str = "eight brown bottles of ink";

struct Person {
    id: String,
    email: String,
    client: Client,
    refresh_token: String,
}

async fn login(tenant: &Tenant, email: &str, password: &str) -> Reply {
    let login = json!({ "tenant": tenant.slug, "email": email, "password": password });
    tenant.anonymous().post("/v1/auth/login", &login).await
}

async fn person(tenant: &Tenant, role: &str, name: &str) -> Person {
    let email = format!("{name}@shop.example");
    let body = json!({ "email": email, "name": name, "role": role, "password": PASSWORD });
    let id = tenant.make("/v1/users", body).await;
    let tokens = login(tenant, &email, PASSWORD).await.ok();
    let token = |name: &str| tokens[name].as_str().expect("a token").to_owned();
    Person {
        id,
        email,
        client: tenant.with_key(&token("access_token")),
        refresh_token: token("refresh_token"),
    }
}

async fn link(client: &Client, id: &str) -> Reply {
    client.post(&format!("/v1/users/{id}/password-link"), &json!({})).await
}

async fn redeem(tenant: &Tenant, token: &Value, password: &str) -> Reply {
    let body = json!({ "token": token, "password": password });
    tenant.anonymous().post("/v1/auth/password", &body).await
}

#[test]
fn each_role_says_what_it_may_do_and_who_may_give_it() {
    with_tenant(async |tenant| {
        let roles = tenant.get("/v1/roles").await.ok();
        let roles = roles["data"].as_array().expect("a list").clone();
        let names: Vec<&Value> = roles.iter().map(|role| &role["id"]).collect();
        assert_eq!(
            json!(names),
            json!(["owner", "admin", "manager", "cashier", "buyer", "accountant", "analyst"])
        );
        for role in &roles {
            let name = role["id"].as_str().expect("a role");
            let person = person(tenant, name, name).await;
            let me = person.client.get("/v1/me").await.ok();
            assert_eq!(me["scopes"], role["scopes"], "{name}");
            assert_eq!(me["bounds"]["discount_max"], role["discount_max"], "{name}");
            assert_eq!(role["grantable"], json!(true), "the key of the tenant may give every role");
            let shown = person.client.get("/v1/roles").await;
            match name {
                "owner" | "admin" | "manager" => {
                    let shown = shown.ok();
                    let given: Vec<&Value> = shown["data"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter(|role| role["grantable"] == json!(true))
                        .map(|role| &role["id"])
                        .collect();
                    let most = match name {
                        "owner" => 7,
                        "admin" => 6,
                        _ => 0,
                    };
                    assert_eq!(given.len(), most, "{name}: {given:?}");
                }
                _ => _ = shown.refused(403, "insufficient_scope"),
            }
        }
    });
}

#[test]
fn a_link_sets_a_password_once() {
    with_tenant(async |tenant| {
        let person = person(tenant, "cashier", "carl").await;
        let path = format!("/v1/users/{}/password-link", person.id);
        let body = json!({ "url": "https://shop.example/password" });
        let made = tenant.post_as(&path, "link-1", &body).await;
        let made_link = made.created();
        let token = &made_link["token"];
        let text = token.as_str().expect("a token");
        assert_eq!(made_link["link"], json!(format!("https://shop.example/password#token={text}")));
        assert!(made_link["expires_at"].is_string());
        let again = tenant.post_as(&path, "link-1", &body).await;
        assert!(again.is_replayed() && again.created()["token"] == Value::Null, "{}", again.text);
        redeem(tenant, token, "short").await.refused(422, "validation_failed").names(&["#/password"]);
        assert_eq!(redeem(tenant, token, NEXT).await.status, 204);
        redeem(tenant, token, PASSWORD).await.refused(422, "validation_failed").names(&["#/token"]);
        // Every login of before is over: refresh tokens and access tokens.
        person.client.get("/v1/me").await.refused(401, "invalid_token");
        let old = json!({ "refresh_token": person.refresh_token });
        tenant.anonymous().post("/v1/auth/refresh", &old).await.refused(401, "invalid_token");
        login(tenant, &person.email, PASSWORD).await.refused(401, "invalid_credentials");
        let tokens = login(tenant, &person.email, NEXT).await.ok();
        let client = tenant.with_key(tokens["access_token"].as_str().expect("a token"));
        client.get("/v1/me").await.ok();
        let log = tenant.get("/v1/commands?name=user.password_changed").await.ok();
        assert_eq!(log["data"].as_array().map(Vec::len), Some(1), "{log}");
        for url in ["http://shop.example", "https://shop.example/#a", "javascript:alert(1)"] {
            let refused = tenant.post(&path, &json!({ "url": url })).await;
            refused.refused(422, "validation_failed").names(&["#/url"]);
        }
    });
}

#[test]
fn a_link_ends_with_the_next_one_and_with_a_change_of_the_user() {
    with_tenant(async |tenant| {
        let person = person(tenant, "cashier", "carl").await;
        let first = link(tenant, &person.id).await.created();
        let second = link(tenant, &person.id).await.created();
        redeem(tenant, &first["token"], NEXT).await.refused(422, "validation_failed").names(&["#/token"]);
        let path = format!("/v1/users/{}", person.id);
        tenant.patch(&path, &json!({ "name": "Carl C." })).await.ok();
        tenant.patch(&path, &json!({ "role": "manager" })).await.ok();
        redeem(tenant, &second["token"], NEXT).await.refused(422, "validation_failed");
        tenant.patch(&path, &json!({ "role": "cashier" })).await.ok();
        redeem(tenant, &second["token"], NEXT).await.refused(422, "validation_failed");
        let third = link(tenant, &person.id).await.created();
        tenant.post(&format!("{path}/disable"), &json!({})).await.ok();
        redeem(tenant, &third["token"], NEXT).await.refused(422, "validation_failed");
        link(tenant, &person.id).await.refused(409, "invalid_state_transition");
        tenant.post(&format!("{path}/enable"), &json!({})).await.ok();
        redeem(tenant, &third["token"], NEXT).await.refused(422, "validation_failed");
        for token in ["", "swp_x", "swp_01h455vb4pex5vsknk084sn02q_x"] {
            redeem(tenant, &json!(token), NEXT).await.refused(422, "validation_failed").names(&["#/token"]);
        }
    });
}

#[test]
fn a_user_who_is_enabled_or_disabled_already_has_no_entry_in_the_audit_log() {
    with_tenant(async |tenant| {
        let path = format!("/v1/users/{}", person(tenant, "cashier", "carl").await.id);
        for (verb, name) in [("enable", "user.enabled"), ("disable", "user.disabled")] {
            let log = async || {
                let page = tenant.get(&format!("/v1/commands?name={name}")).await.ok();
                page["data"].as_array().map(Vec::len)
            };
            let step =
                async |key: &str| tenant.post_as(&format!("{path}/{verb}"), key, &json!({})).await.ok();
            let first = step(&format!("first-{verb}")).await;
            let entries = log().await;
            assert_eq!(entries, Some(usize::from(verb == "disable")), "{verb}");
            let again = step(&format!("again-{verb}")).await;
            assert_eq!(again["version"], first["version"], "{verb}");
            assert_eq!(step(&format!("again-{verb}")).await, again, "a repeat has the stored response");
            assert_eq!(log().await, entries, "{verb}");
            assert_eq!(tenant.events(&format!("type={name}")).await.len(), entries.unwrap_or_default());
        }
    });
}

#[test]
fn nobody_becomes_someone_with_more_by_a_link() {
    with_tenant(async |tenant| {
        let owner = person(tenant, "owner", "olga").await;
        let admin = person(tenant, "admin", "anna").await;
        let manager = person(tenant, "manager", "max").await;
        link(&admin.client, &owner.id).await.refused(403, "insufficient_scope");
        link(&manager.client, &admin.id).await.refused(403, "insufficient_scope");
        link(&manager.client, &manager.id).await.refused(403, "insufficient_scope");
        link(&owner.client, &admin.id).await.created();
        let (_, secret) = super::auth::key_with(tenant, json!({ "scopes": ["users:write"] })).await;
        link(&tenant.with_key(&secret), &manager.id).await.refused(403, "insufficient_scope");
        let path = format!("/v1/users/{}", owner.id);
        let patch = json!({ "email": "mine@shop.example" });
        admin.client.patch(&path, &patch).await.refused(403, "insufficient_scope");
        tenant.post(&format!("{path}/disable"), &json!({})).await.refused(409, "invalid_state_transition");
        person(tenant, "owner", "otto").await;
        tenant.post(&format!("{path}/disable"), &json!({})).await.ok();
        admin.client.post(&format!("{path}/enable"), &json!({})).await.refused(403, "insufficient_scope");
        tenant.post(&format!("{path}/enable"), &json!({})).await.ok();
    });
}

#[test]
fn a_user_changes_the_own_password() {
    with_tenant(async |tenant| {
        let person = person(tenant, "cashier", "carl").await;
        let body = |present: &str, next: &str| json!({ "tenant": tenant.slug, "email": person.email, "password": present, "new_password": next });
        let path = "/v1/auth/change-password";
        let anonymous = tenant.anonymous();
        let short = anonymous.post(path, &body(PASSWORD, "short")).await;
        short.refused(422, "validation_failed").names(&["#/new_password"]);
        anonymous.post(path, &body("wrong wrong wrong", NEXT)).await.refused(401, "invalid_credentials");
        let tokens = anonymous.post(path, &body(PASSWORD, NEXT)).await.ok();
        person.client.get("/v1/me").await.refused(401, "invalid_token");
        let client = tenant.with_key(tokens["access_token"].as_str().expect("a token"));
        client.get("/v1/me").await.ok();
        let refresh = json!({ "refresh_token": tokens["refresh_token"] });
        anonymous.post("/v1/auth/refresh", &refresh).await.ok();
        login(tenant, &person.email, PASSWORD).await.refused(401, "invalid_credentials");
        // Guesses count as failed logins.
        for _ in 0..12 {
            _ = anonymous.post(path, &body("wrong wrong wrong", PASSWORD)).await;
        }
        anonymous.post(path, &body(NEXT, PASSWORD)).await.refused(429, "rate_limited");
    });
}

#[test]
fn the_address_of_a_disabled_user_can_be_used_again() {
    with_tenant(async |tenant| {
        let first = person(tenant, "cashier", "till").await;
        let again =
            json!({ "email": "TILL@shop.example", "name": "Second", "role": "cashier", "password": NEXT });
        tenant.post("/v1/users", &again).await.refused(409, "already_exists").names(&["#/email"]);
        let path = format!("/v1/users/{}", first.id);
        tenant.post(&format!("{path}/disable"), &json!({})).await.ok();
        let second = tenant.post("/v1/users", &again).await.created();
        assert_eq!(second["email"], "till@shop.example");
        let shown = tenant.get(&path).await.ok();
        assert_eq!((&shown["email"], &shown["status"]), (&json!("till@shop.example"), &json!("disabled")));
        login(tenant, "till@shop.example", PASSWORD).await.refused(401, "invalid_credentials");
        login(tenant, "till@shop.example", NEXT).await.ok();
        // A change of the disabled one needs no other address, to enable it does.
        assert_eq!(tenant.patch(&path, &json!({ "name": "First" })).await.ok()["email"], "till@shop.example");
        let refused = tenant.post(&format!("{path}/enable"), &json!({})).await;
        refused.refused(409, "already_exists").names(&["#/email"]);
        let moved = json!({ "status": "active", "email": "till-1@shop.example" });
        assert_eq!(tenant.patch(&path, &moved).await.ok()["email"], "till-1@shop.example");
        login(tenant, "till-1@shop.example", PASSWORD).await.ok();
        // The first one may have the address back after the second one is disabled.
        let second = format!("/v1/users/{}", second["id"].as_str().expect("an id"));
        tenant.patch(&second, &json!({ "status": "disabled" })).await.ok();
        tenant.patch(&path, &json!({ "email": "till@shop.example" })).await.ok();
        login(tenant, "till@shop.example", PASSWORD).await.ok();
        let bad = tenant.patch(&path, &json!({ "email": "nowhere" })).await;
        bad.refused(422, "validation_failed").names(&["#/email"]);
    });
}
