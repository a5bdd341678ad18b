//! Authority: keys, logins and how they end.

use std::time::Duration;

use futures_util::StreamExt;
use local::Redis;
use reqwest::Method;
use sea_orm::sqlx;
use secrecy::SecretString;
use serde_json::{Value, json};
use tests::{Client, Route, Tenant, environment, with_tenant, with_tenants};
use tokio::time::{sleep, timeout};

const PASSWORD: &str = "correct horse battery staple";

/// Makes a key of a tenant with these scopes.
pub async fn key(tenant: &Tenant, scopes: &[&str]) -> String {
    key_with(tenant, json!({ "scopes": scopes })).await.1
}

/// Makes a key with further fields. Returns its id and secret.
pub async fn key_with(tenant: &Client, more: Value) -> (String, String) {
    let mut body = json!({ "name": "A key with few scopes", "mode": "test", "scopes": ["catalog:read"] });
    more.as_object().into_iter().flatten().for_each(|(name, value)| body[name] = value.clone());
    let made = tenant.post("/v1/api-keys", &body).await.created();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&made["api_key"]["id"]), text(&made["secret"]))
}

/// Runs a statement as the superuser, with the tenant as `$1`.
pub async fn outside(tenant: &Tenant, statement: &'static str) {
    sqlx::query(statement).bind(tenant.id.0).execute(&environment().root).await.expect("the statement runs");
}

#[test]
fn the_first_call_tells_who_calls() {
    with_tenant(async |tenant| {
        let me = tenant.get("/v1/me").await.ok();
        assert_eq!(me["actor_kind"], "api_key");
        assert_eq!(me["tenant"]["slug"], json!(tenant.slug));
        assert_eq!(me["tenant"]["currency"], "GBP");
        assert_eq!(me["tenant"]["time_zone"], "Europe/London");
        let few = tenant.with_key(&key(tenant, &["orders:write", "catalog:read"]).await);
        assert_eq!(few.get("/v1/me").await.ok()["scopes"], json!(["catalog:read", "orders:write"]));
    });
}

#[test]
fn a_key_and_an_endpoint_have_each_entry_once() {
    with_tenant(async |tenant| {
        let place = &tenant.shop;
        let twice = json!({ "scopes": ["orders:write", "catalog:read", "orders:write"], "locations": [place, place],
            "channels": ["retail", "wholesale", "retail"], "ip_allowlist": ["0.0.0.0/0", "::/0", "0.0.0.0/0"] });
        let (id, _) = key_with(tenant, twice).await;
        let key = tenant.get(&format!("/v1/api-keys/{id}")).await.ok();
        assert_eq!(key["scopes"], json!(["orders:write", "catalog:read"]));
        assert_eq!(key["locations"], json!([place]));
        assert_eq!(key["channels"], json!(["retail", "wholesale"]));
        assert_eq!(key["ip_allowlist"], json!(["0.0.0.0/0", "::/0"]));
        let shop = json!({ "kind": "pk", "origins": ["https://a.example", "https://a.example"] });
        let (id, _) = key_with(tenant, shop).await;
        let key = tenant.get(&format!("/v1/api-keys/{id}")).await.ok();
        assert_eq!(key["origins"], json!(["https://a.example"]));
        let types = json!(["order.created", "order.*", "order.created"]);
        let endpoint = json!({ "url": "https://hooks.invalid/", "event_types": types });
        let made = tenant.post("/v1/webhook-endpoints", &endpoint).await.created();
        assert_eq!(made["webhook_endpoint"]["event_types"], json!(["order.created", "order.*"]));
    });
}

#[test]
fn a_key_is_presented_in_three_ways_but_never_in_the_address() {
    with_tenant(async |tenant| {
        let anonymous = tenant.anonymous();
        let basic = data_encoding(&format!("{}:", tenant.key));
        for (name, value) in [
            ("authorization", format!("Bearer {}", tenant.key)),
            ("authorization", format!("bearer {}", tenant.key)),
            ("authorization", format!("Basic {basic}")),
            ("x-api-key", tenant.key.clone()),
        ] {
            anonymous.call(Method::GET, "/v1/me").header(name, &value).send().await.ok();
        }
        let missing = anonymous.get("/v1/me").await;
        missing.refused(401, "authentication_required");
        assert_eq!(missing.header("www-authenticate"), Some("Bearer realm=\"stockwell\""));
        for parameter in ["api_key", "key", "access_token"] {
            let reply = tenant.get(&format!("/v1/me?{parameter}={}", tenant.key)).await;
            reply.refused(400, "invalid_parameter");
            assert!(!reply.text.contains(&tenant.key), "a key is not repeated");
        }
    });
}

/// Returns Base 64 for HTTP Basic.
pub fn data_encoding(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits =
            (0..3).fold(0_u32, |bits, place| bits << 8 | u32::from(chunk.get(place).copied().unwrap_or(0)));
        for place in 0..4 {
            let sextet = (bits >> (18 - 6 * place) & 63) as usize;
            encoded.push(if place <= chunk.len() { char::from(ALPHABET[sextet]) } else { '=' });
        }
    }
    encoded
}

#[test]
fn a_wrong_key_is_nobody() {
    with_tenant(async |tenant| {
        let mut mistyped = tenant.key.clone();
        let last = if mistyped.ends_with('0') { '1' } else { '0' };
        mistyped.pop();
        mistyped.push(last);
        let unknown = "sw_live_sk_abcdefghijklmnopqrstuvwxyz0123452ZtbCx";
        for wrong in [mistyped.as_str(), unknown, "sw_live_sk_x", "x"] {
            let reply = tenant.with_key(wrong).get("/v1/me").await;
            assert_eq!(reply.status, 401, "{wrong}: {}", reply.text);
            assert!(reply.header("www-authenticate").is_some_and(|value| value.contains("invalid_token")));
        }
    });
}

#[test]
fn a_revocation_without_a_link_to_redis_is_announced_when_it_is_back() {
    with_tenant(async |tenant| {
        let redis = Redis::start().await.expect("Redis starts").expect("redis-server is installed");
        let url: reqwest::Url = redis.url().parse().expect("a URL");
        let port = url.port().expect("a port");
        let route = Route::to(port).await;
        let through = redis.url().replace(&format!(":{port}/"), &format!(":{}/", route.port()));
        let node =
            environment().node_with(|config| config.redis_url = Some(SecretString::from(through))).await;
        let linked = async |is: bool| {
            let changed = async {
                while node.app.broadcast.as_ref().expect("a link").is_connected() != is {
                    sleep(Duration::from_millis(20)).await;
                }
            };
            timeout(Duration::from_secs(30), changed).await.expect("the link changes");
        };
        linked(true).await;
        let client = redis::Client::open(redis.url()).expect("a URL");
        let mut others = client.get_async_pubsub().await.expect("Redis answers");
        others.subscribe("stockwell:revoked").await.expect("it is subscribed");
        let (id, _) = key_with(tenant, json!({ "scopes": ["catalog:read"] })).await;
        route.lead(None);
        linked(false).await;
        let here = tenant.at(&node.base_url);
        assert_eq!(here.delete(&format!("/v1/api-keys/{id}")).await.status, 204);
        route.lead(Some(port));
        let mut messages = others.on_message();
        let message = timeout(Duration::from_secs(30), messages.next()).await.expect("a message in time");
        let text: String = message.expect("a message").get_payload().expect("text");
        assert_eq!(text, tenant.id.to_string());
    });
}

#[test]
fn a_key_ends_at_once_when_it_is_revoked() {
    with_tenant(async |tenant| {
        let (id, secret) = key_with(tenant, json!({})).await;
        let caller = tenant.with_key(&secret);
        caller.get("/v1/products").await.ok();
        assert_eq!(tenant.delete(&format!("/v1/api-keys/{id}")).await.status, 204);
        caller.get("/v1/products").await.refused(401, "invalid_api_key");
        assert_eq!(
            tenant.delete(&format!("/v1/api-keys/{id}")).await.status,
            204,
            "revoking again changes nothing"
        );
        let kept = tenant.get(&format!("/v1/api-keys/{id}")).await.ok();
        assert!(kept["revoked_at"].is_string());
        assert!(!kept.to_string().contains(&secret), "the key itself is not kept");
    });
}

#[test]
fn a_rotated_key_works_for_the_overlap_and_no_longer() {
    with_tenant(async |tenant| {
        let (id, old) = key_with(tenant, json!({})).await;
        let rotate = format!("/v1/api-keys/{id}/rotate");
        let made = tenant.post(&rotate, &json!({ "overlap_seconds": 3600 })).await.created();
        let new = made["secret"].as_str().expect("a key");
        for key in [old.as_str(), new] {
            tenant.with_key(key).get("/v1/products").await.ok();
        }
        let new_id = made["api_key"]["id"].as_str().expect("an id");
        let made = tenant.post(&format!("/v1/api-keys/{new_id}/rotate"), &json!({})).await.created();
        tenant.with_key(new).get("/v1/products").await.refused(401, "invalid_api_key");
        tenant.with_key(made["secret"].as_str().expect("a key")).get("/v1/products").await.ok();
    });
}

#[test]
fn a_key_can_not_grant_more_than_it_has() {
    with_tenant(async |tenant| {
        let keeper = tenant.with_key(&key(tenant, &["api_keys:write", "catalog:read"]).await);
        let body = |scopes: &[&str]| json!({ "name": "More", "mode": "test", "scopes": scopes });
        keeper.post("/v1/api-keys", &body(&["catalog:read"])).await.created();
        keeper
            .post("/v1/api-keys", &body(&["catalog:read", "orders:write"]))
            .await
            .refused(403, "insufficient_scope");
        let unknown = tenant.post("/v1/api-keys", &body(&["everything:write"])).await;
        assert_eq!(unknown.status, 422, "{}", unknown.text);
        let owner = tenant.post("/v1/api-keys", &body(&["orders:write"])).await.created();
        let rotate = format!("/v1/api-keys/{}/rotate", owner["api_key"]["id"].as_str().expect("an id"));
        let reply = keeper.post(&rotate, &json!({})).await;
        reply.refused(403, "insufficient_scope");
        let user =
            json!({ "email": "boss@shop.example", "name": "Boss", "role": "owner", "password": PASSWORD });
        let keeper = tenant.with_key(&key(tenant, &["users:write"]).await);
        keeper.post("/v1/users", &user).await.refused(403, "insufficient_scope");
    });
}

#[test]
fn a_publishable_key_only_reads_what_customers_may_see() {
    with_tenant(async |tenant| {
        let body = json!({ "name": "Shop window", "kind": "pk", "mode": "test", "scopes": ["catalog:read", "orders:write"] });
        let reply = tenant.post("/v1/api-keys", &body).await;
        assert!(matches!(reply.status, 403 | 422), "{}", reply.text);
        let (_, secret) = key_with(tenant, json!({ "kind": "pk", "origins": ["*"] })).await;
        assert!(secret.starts_with("sw_test_pk_"));
        tenant.with_key(&secret).get("/v1/products").await.ok();
        tenant.with_key(&secret).get("/v1/customers").await.refused(403, "not_publishable");
    });
}

#[test]
fn a_key_ends_and_is_bound_to_its_networks() {
    with_tenant(async |tenant| {
        let (_, elsewhere) =
            key_with(tenant, json!({ "ip_allowlist": ["192.0.2.0/24", "2001:db8::1"] })).await;
        tenant.with_key(&elsewhere).get("/v1/products").await.refused(403, "ip_not_allowed");
        let forged = tenant
            .with_key(&elsewhere)
            .call(Method::GET, "/v1/products")
            .header("x-forwarded-for", "192.0.2.7");
        forged.send().await.refused(403, "ip_not_allowed");
        let (_, here) = key_with(tenant, json!({ "ip_allowlist": ["127.0.0.0/8"] })).await;
        tenant.with_key(&here).get("/v1/products").await.ok();
        let wrong =
            json!({ "name": "x", "mode": "test", "scopes": ["catalog:read"], "ip_allowlist": ["here"] });
        assert_eq!(tenant.post("/v1/api-keys", &wrong).await.status, 422);
        let (_, ended) = key_with(tenant, json!({ "expires_at": "2999-01-01T00:00:00Z" })).await;
        outside(tenant, "update api_key set expires_at = now() - interval '1 s' where tenant_id = $1 and expires_at is not null").await;
        tenant.with_key(&ended).get("/v1/products").await.refused(401, "expired_api_key");
    });
}

#[test]
fn a_suspended_tenant_is_let_in_no_more() {
    with_tenant(async |tenant| {
        let fresh = key(tenant, &["catalog:read"]).await;
        outside(tenant, "update tenant set status = 'suspended' where tenant_id = $1").await;
        tenant.with_key(&fresh).get("/v1/products").await.refused(403, "tenant_suspended");
        outside(tenant, "update tenant set status = 'active' where tenant_id = $1").await;
    });
}

/// Makes a user. Returns the id and the body of a login.
async fn user(tenant: &Tenant, role: &str) -> (String, Value) {
    let email = format!("{role}@shop.example");
    let body = json!({ "email": email, "name": "Till 3", "role": role, "password": PASSWORD });
    let id = tenant.make("/v1/users", body).await;
    (id, json!({ "tenant": tenant.slug, "email": email, "password": PASSWORD }))
}

fn text<'v>(tokens: &'v Value, name: &str) -> &'v str {
    tokens[name].as_str().expect("a token")
}

#[test]
fn a_person_logs_in_and_stays_logged_in() {
    with_tenant(async |tenant| {
        let (_, login) = user(tenant, "cashier").await;
        let anonymous = tenant.anonymous();
        let tokens = anonymous.post("/v1/auth/login", &login).await.ok();
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(tokens["expires_in"], 900);
        let cashier = tenant.with_key(text(&tokens, "access_token"));
        let me = cashier.get("/v1/me").await.ok();
        assert_eq!(me["actor_kind"], "user");
        assert_eq!(me["actor_name"], "Till 3");
        cashier.get("/v1/api-keys").await.refused(403, "insufficient_scope");
        cashier.get("/v1/products").await.ok();

        let refresh = |tokens: &Value| json!({ "refresh_token": tokens["refresh_token"] });
        let next = anonymous.post("/v1/auth/refresh", &refresh(&tokens)).await.ok();
        tenant.with_key(text(&next, "access_token")).get("/v1/me").await.ok();
        anonymous.post("/v1/auth/refresh", &refresh(&tokens)).await.refused(401, "invalid_token");
        let stolen = anonymous.post("/v1/auth/refresh", &refresh(&next)).await;
        stolen.refused(401, "invalid_token");

        let again = anonymous.post("/v1/auth/login", &login).await.ok();
        assert_eq!(anonymous.post("/v1/auth/logout", &refresh(&again)).await.status, 204);
        anonymous.post("/v1/auth/refresh", &refresh(&again)).await.refused(401, "invalid_token");
    });
}

#[test]
fn a_wrong_login_tells_nothing() {
    with_tenant(async |tenant| {
        let (_, login) = user(tenant, "manager").await;
        let anonymous = tenant.anonymous();
        let mut bodies = Vec::new();
        for (field, value) in
            [("password", "wrong horse"), ("email", "nobody@shop.example"), ("tenant", "nowhere")]
        {
            let mut wrong = login.clone();
            wrong[field] = json!(value);
            let mut problem =
                anonymous.post("/v1/auth/login", &wrong).await.refused(401, "invalid_credentials").0;
            problem.as_object_mut().expect("a problem").remove("request_id");
            bodies.push(problem);
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    });
}

#[test]
fn guessing_passwords_is_stopped() {
    with_tenant(async |tenant| {
        let (_, login) = user(tenant, "analyst").await;
        let mut wrong = login.clone();
        wrong["password"] = json!("wrong horse");
        let anonymous = tenant.anonymous();
        for _ in 0..10 {
            anonymous.post("/v1/auth/login", &wrong).await.refused(401, "invalid_credentials");
        }
        let stopped = anonymous.post("/v1/auth/login", &login).await;
        stopped.refused(429, "rate_limited");
        let seconds = stopped.header("retry-after").and_then(|value| value.parse::<u64>().ok());
        assert!(seconds.is_some_and(|seconds| (1..=120).contains(&seconds)), "{seconds:?}");
    });
}

#[test]
fn credentials_that_are_too_long_are_rejected_before_they_cost_anything() {
    with_tenant(async |tenant| {
        let (_, login) = user(tenant, "cashier").await;
        let anonymous = tenant.anonymous();
        for (field, max) in [("tenant", 63), ("email", 254), ("password", 200)] {
            let mut long = login.clone();
            long[field] = json!("x".repeat(max));
            anonymous.post("/v1/auth/login", &long).await.refused(401, "invalid_credentials");
            for length in [max + 1, 4_000] {
                long[field] = json!("x".repeat(length));
                let answer = anonymous.post("/v1/auth/login", &long).await;
                assert_eq!(answer.refused(422, "validation_failed").pointers(), [format!("#/{field}")]);
            }
        }
        anonymous.post("/v1/auth/login", &login).await.ok();
    });
}

#[test]
fn a_disabled_user_is_locked_out_at_once() {
    with_tenant(async |tenant| {
        let (id, login) = user(tenant, "buyer").await;
        let anonymous = tenant.anonymous();
        let tokens = anonymous.post("/v1/auth/login", &login).await.ok();
        let caller = tenant.with_key(text(&tokens, "access_token"));
        caller.get("/v1/me").await.ok();
        let disabled = tenant.post(&format!("/v1/users/{id}/disable"), &json!({})).await.ok();
        assert_eq!(disabled["status"], "disabled");
        caller.get("/v1/me").await.refused(401, "invalid_token");
        anonymous.post("/v1/auth/login", &login).await.refused(401, "invalid_credentials");
        let refresh = json!({ "refresh_token": tokens["refresh_token"] });
        anonymous.post("/v1/auth/refresh", &refresh).await.refused(401, "invalid_token");
    });
}

#[test]
fn a_forged_token_is_nobody() {
    with_tenant(async |tenant| {
        let (_, login) = user(tenant, "cashier").await;
        let tokens = tenant.anonymous().post("/v1/auth/login", &login).await.ok();
        let token = text(&tokens, "access_token");
        let parts: Vec<&str> = token.split('.').collect();
        let none = url_safe(r#"{"typ":"at+jwt","alg":"none"}"#);
        let hmac = url_safe(r#"{"typ":"at+jwt","alg":"HS256"}"#);
        let flipped = if parts[2].starts_with('A') { "B" } else { "A" };
        for forged in [
            format!("{none}.{}.", parts[1]),
            format!("{none}.{}.{}", parts[1], parts[2]),
            format!("{hmac}.{}.{}", parts[1], parts[2]),
            format!("{}.{}.{flipped}{}", parts[0], parts[1], &parts[2][1..]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}", parts[0], parts[1]),
        ] {
            tenant.with_key(&forged).get("/v1/me").await.refused(401, "invalid_token");
        }
        let keys = tenant.anonymous().get("/.well-known/jwks.json").await.ok();
        assert_eq!(keys["keys"][0]["alg"], "ES256");
        assert_eq!(keys["keys"][0].get("d"), None);
    });
}

fn url_safe(text: &str) -> String {
    data_encoding(text).replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned()
}

#[test]
fn a_user_is_known_in_one_tenant_only() {
    with_tenants(async |one, other| {
        let (_, login) = user(one, "cashier").await;
        let mut elsewhere = login.clone();
        elsewhere["tenant"] = json!(other.slug);
        one.anonymous().post("/v1/auth/login", &elsewhere).await.refused(401, "invalid_credentials");
        user(other, "cashier").await;
        one.anonymous().post("/v1/auth/login", &login).await.ok();
        let twice = json!({ "email": "CASHIER@shop.example", "name": "Again", "role": "cashier", "password": PASSWORD });
        one.post("/v1/users", &twice).await.refused(409, "already_exists");
        let weak =
            json!({ "email": "new@shop.example", "name": "New", "role": "cashier", "password": "short" });
        one.post("/v1/users", &weak).await.refused(422, "validation_failed");
    });
}

#[test]
fn a_refresh_token_that_is_too_long_is_refused_by_its_form() {
    with_tenant(async |tenant| {
        let stranger = tenant.anonymous();
        for path in ["/v1/auth/refresh", "/v1/auth/logout"] {
            let token = |length: usize| json!({ "refresh_token": "x".repeat(length) });
            let problem = stranger.post(path, &token(129)).await.refused(422, "validation_failed");
            assert_eq!(problem.pointers(), ["#/refresh_token"], "{path}");
            assert_ne!(stranger.post(path, &token(128)).await.status, 422, "{path}");
        }
    });
}

#[test]
fn a_long_login_is_not_read() {
    with_tenant(async |tenant| {
        for path in ["/v1/auth/login", "/v1/auth/refresh", "/v1/auth/logout"] {
            let long = json!({ "tenant": tenant.slug, "email": "x".repeat(9_000), "password": "x" });
            tenant
                .anonymous()
                .call(Method::POST, path)
                .json(&long)
                .send()
                .await
                .refused(413, "payload_too_large");
        }
    });
}
