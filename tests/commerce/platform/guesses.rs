//! Secrets that anyone can make up are counted by network, on each server.

use futures_util::StreamExt;
use futures_util::stream;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Node, Tenant, environment, with_tenant};

const NEXT: &str = "eight brown bottles of ink";

async fn link(tenant: &Tenant) -> Value {
    let body = json!({ "email": "carl@shop.example", "name": "Carl", "role": "cashier", "password": NEXT });
    let id = tenant.make("/v1/users", body).await;
    tenant.post(&format!("/v1/users/{id}/password-link"), &json!({})).await.created()["token"].clone()
}

async fn redeem(client: &Client, token: &Value) -> tests::Reply {
    client.post("/v1/auth/password", &json!({ "token": token, "password": NEXT })).await
}

/// Starts a server that counts failures as it does without settings.
async fn counting_node() -> Node {
    environment().node_with(|config| config.rates.rate_failures = 100).await
}

#[test]
fn made_up_links_are_counted() {
    with_tenant(async |tenant| {
        let token = link(tenant).await;
        let real = token.as_str().expect("a token");
        let made_up = json!(format!("{}{}", &real[..real.len() - 43], "a".repeat(43)));
        let stranger = tenant.anonymous().at(&counting_node().await.base_url);
        for number in 0..100 {
            let wrong = if number % 2 == 0 { json!("swp_x") } else { made_up.clone() };
            redeem(&stranger, &wrong).await.refused(422, "validation_failed").names(&["#/token"]);
        }
        let rejected = redeem(&stranger, &made_up).await;
        rejected.refused(429, "rate_limited");
        assert!(rejected.header("retry-after").is_some());
        redeem(&stranger, &token).await.refused(429, "rate_limited");
        let short = json!({ "token": token, "password": "short" });
        stranger.post("/v1/auth/password", &short).await.refused(422, "validation_failed");
        let wrong = json!({ "tenant": tenant.slug, "email": "carl@shop.example", "password": "wrong horse" });
        stranger.post("/v1/auth/login", &wrong).await.refused(401, "invalid_credentials");
        assert_eq!(redeem(&tenant.anonymous(), &token).await.status, 204, "each server counts alone");
    });
}

#[test]
fn made_up_refresh_tokens_and_tickets_are_counted() {
    with_tenant(async |tenant| {
        let here = tenant.at(&counting_node().await.base_url);
        let stranger = here.anonymous();
        let token = json!({ "refresh_token": "swr_x" });
        let refresh = async || stranger.post("/v1/auth/refresh", &token).await;
        let wrong = stream::iter(0..1_000).map(async |_| refresh().await.status);
        let wrong: Vec<u16> = wrong.buffer_unordered(8).collect().await;
        assert!(wrong.iter().all(|status| *status == 401));
        refresh().await.refused(429, "rate_limited");
        stranger.post("/v1/auth/logout", &token).await.refused(429, "rate_limited");

        let open = async |ticket: &str| stranger.get(&format!("/v1/stream?ticket={ticket}")).await;
        let made_up = format!("tkt_{}", "A".repeat(43));
        let wrong = stream::iter(0..1_000).map(async |_| open(&made_up).await.status);
        let wrong: Vec<u16> = wrong.buffer_unordered(8).collect().await;
        assert!(wrong.iter().all(|status| *status == 401));
        open(&made_up).await.refused(429, "rate_limited");
        let made = here.call(Method::POST, "/v1/stream-tickets").send().await.created();
        open(made["ticket"].as_str().expect("a ticket")).await.refused(429, "rate_limited");
        // A caller with a credential of its own is not concerned.
        here.get("/v1/me").await.ok();
        assert_eq!(here.get("/v1/limits").await.ok()["streams"]["tickets_per_tenant"], 2_500);
    });
}

#[test]
fn looks_at_the_sign_in_of_a_tenant_are_counted() {
    with_tenant(async |tenant| {
        let here = tenant.at(&counting_node().await.base_url);
        let stranger = here.anonymous();
        let path = format!("/v1/auth/oidc/{}/providers", tenant.slug);
        let look = async || stranger.get(&path).await;
        let looks = stream::iter(0..1_000).map(async |_| look().await.status);
        let looks: Vec<u16> = looks.buffer_unordered(8).collect().await;
        assert!(looks.iter().all(|status| *status == 200));
        let rejected = look().await;
        rejected.refused(429, "rate_limited");
        assert!(rejected.header("retry-after").is_some());
        let unknown = stranger.get("/v1/auth/oidc/no-such-tenant/providers").await;
        unknown.refused(429, "rate_limited");
        // Logins and credentials are not concerned.
        let wrong = json!({ "tenant": tenant.slug, "email": "carl@shop.example", "password": "wrong horse" });
        stranger.post("/v1/auth/login", &wrong).await.refused(401, "invalid_credentials");
        here.get("/v1/me").await.ok();
    });
}
