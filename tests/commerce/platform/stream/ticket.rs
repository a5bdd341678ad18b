//! A ticket opens a stream for a client that can't send a header: once, within a minute, with the powers of who made it.

use api::config::Config;
use local::Redis;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::json;
use tests::{Client, environment, with_tenant};

use super::browser::Stream;

const TICKETS: &str = "/v1/stream-tickets";

async fn ticket(client: &Client) -> String {
    let made = client.call(Method::POST, TICKETS).send().await.created();
    assert_eq!((&made["object"], &made["expires_in"]), (&json!("stream_ticket"), &json!(60)));
    made["ticket"].as_str().expect("a ticket").to_owned()
}

/// Opens a stream as `EventSource` does: without a header of its own.
async fn open(client: &Client, query: &str) -> reqwest::Response {
    let path = format!("/v1/stream?{query}");
    client.anonymous().call(Method::GET, &path).header("accept", "text/event-stream").open().await
}

#[test]
fn a_ticket_opens_one_stream() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let till = tenant.till().await;
        let ticket = ticket(tenant).await;
        let query = format!("type=pos_sale.*&ticket={ticket}");
        let mut stream = Stream::of(open(tenant, &query).await, "").await;
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        assert_eq!(stream.expect("stock_level").await["on_hand"], "99");
        assert_eq!(stream.expect("event").await["type"], "pos_sale.completed");
        assert_eq!(open(tenant, &query).await.status(), 401, "it is used up");
        let path = format!("/v1/stream?{query}");
        let refused = tenant.anonymous().get(&path).await.refused(401, "invalid_token");
        let detail = "This ticket was used or has ended. Get another one with POST /v1/stream-tickets.";
        assert_eq!(refused.0["detail"], detail);
        for query in ["ticket=", "ticket=tkt_nonsense", &format!("ticket={}", tenant.key)] {
            assert!(matches!(open(tenant, query).await.status().as_u16(), 400 | 401), "{query}");
        }
        // The stream goes on from its last id with another ticket.
        let next = self::ticket(tenant).await;
        let query = format!("type=pos_sale.*&ticket={next}&cursor={}", stream.last_id);
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        let mut stream = Stream::of(open(tenant, &query).await, "").await;
        while stream.expect("stock_level").await["on_hand"] != "98" {}
    });
}

#[test]
fn a_ticket_opens_nothing_else_and_has_the_powers_of_its_maker() {
    with_tenant(async |tenant| {
        let ticket = ticket(tenant).await;
        let anonymous = tenant.anonymous();
        anonymous.get(&format!("/v1/products?ticket={ticket}")).await.refused(401, "authentication_required");
        let levels = tenant.with_key(&crate::platform::auth::key(tenant, &["stock:read"]).await);
        let ticket = self::ticket(&levels).await;
        assert_eq!(open(tenant, &format!("type=order.*&ticket={ticket}")).await.status(), 403);
        let ticket = self::ticket(&levels).await;
        Stream::of(open(tenant, &format!("ticket={ticket}")).await, "").await;
        let neither = tenant.with_key(&crate::platform::auth::key(tenant, &["catalog:read"]).await);
        neither.call(Method::POST, TICKETS).send().await.refused(403, "insufficient_scope");
        anonymous.call(Method::POST, TICKETS).send().await.refused(401, "authentication_required");
    });
}

#[test]
fn a_stream_of_a_ticket_ends_with_the_key_that_made_it() {
    with_tenant(async |tenant| {
        let (id, secret) = crate::platform::auth::key_with(tenant, json!({ "scopes": ["stock:read"] })).await;
        let screen = tenant.with_key(&secret);
        let ticket = ticket(&screen).await;
        let stream = Stream::of(open(tenant, &format!("ticket={ticket}")).await, "").await;
        let unused = self::ticket(&screen).await;
        tenant.delete(&format!("/v1/api-keys/{id}")).await.expect(204);
        stream.ends_with("credential_ended").await;
        assert_eq!(open(tenant, &format!("ticket={unused}")).await.status(), 401);
    });
}

#[test]
fn with_redis_any_server_takes_a_ticket_once() {
    with_tenant(async |tenant| {
        let redis = Redis::start().await.expect("Redis starts").expect("redis-server is installed");
        let url = redis.url();
        let with_redis = |config: &mut Config| config.redis_url = Some(SecretString::from(url.clone()));
        let (one, other) =
            (environment().node_with(with_redis).await, environment().node_with(with_redis).await);
        let (here, there) = (tenant.at(&one.base_url), tenant.at(&other.base_url));
        let made = ticket(&here).await;
        Stream::of(open(&there, &format!("ticket={made}")).await, "").await;
        assert_eq!(open(&here, &format!("ticket={made}")).await.status(), 401, "it is used up everywhere");
        redis.stop().await;
        let made = ticket(&here).await;
        let elsewhere = open(&there, &format!("ticket={made}")).await.status();
        assert_eq!(elsewhere, 503, "Redis can't say whether there is such a ticket");
        Stream::of(open(&here, &format!("ticket={made}")).await, "").await;
    });
}
