//! Made-up API keys: few lookups for each network, and no harm for keys that are valid.

use reqwest::Method;
use serde_json::json;
use tests::{Client, Reply, environment, with_tenant};

/// Returns a key that does not exist, with a right checksum (CRC-32 in base 62).
fn made_up(number: usize) -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut key = format!("sw_live_sk_{number:032}");
    let mut rest = !key.bytes().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg()))
    });
    let mut sum = [0; 6];
    for letter in sum.iter_mut().rev() {
        *letter = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    key.extend(sum.map(char::from));
    assert!(service::auth::is_well_formed(&key), "{key}");
    key
}

async fn from(network: &str, client: &Client) -> Reply {
    client.call(Method::GET, "/v1/me").header("x-forwarded-for", network).send().await
}

#[test]
fn a_network_that_makes_keys_up_is_stopped_and_valid_keys_are_not() {
    with_tenant(async |tenant| {
        let node = environment()
            .node_with(|config| {
                config.rates.rate_unknown_keys = 10;
                config.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
            })
            .await;
        let here = tenant.at(&node.base_url);
        let (here_address, elsewhere) = ("192.0.2.1", "192.0.2.2");
        let body = json!({ "name": "Shop", "mode": "test", "scopes": ["catalog:read"] });
        from(here_address, &here).await.ok();
        let before = node.app.db.statements();
        let mut stopped = 0;
        for number in 0..60 {
            let reply = from(here_address, &here.with_key(&made_up(number))).await;
            match reply.status {
                401 => assert_eq!(reply.refused(401, "invalid_api_key").0["status"], 401),
                _ => {
                    reply.refused(429, "rate_limited");
                    let wait: u64 = reply.header("retry-after").expect("a time").parse().expect("seconds");
                    assert!((1..=60).contains(&wait), "{wait}");
                    stopped += 1;
                }
            }
        }
        // One lookup comes back every 6 seconds.
        assert!((40..=50).contains(&stopped), "{stopped}");
        let lookups = node.app.db.statements() - before;
        assert!(lookups <= 30, "{lookups}");
        from(here_address, &here).await.ok();
        node.app.auth.forget();
        from(here_address, &here).await.ok();
        let mut refused = None;
        for number in 60..80 {
            let made = tenant.post("/v1/api-keys", &body).await.created();
            let new = here.with_key(made["secret"].as_str().expect("a key"));
            // This uses a lookup up that has come back. Another one may come back before the next request.
            from(here_address, &here.with_key(&made_up(number))).await;
            let reply = from(here_address, &new).await;
            if reply.status == 429 {
                reply.refused(429, "rate_limited");
                refused = Some(new);
                break;
            }
            reply.ok();
        }
        let new = refused.expect("a key that the server does not know yet waits for a lookup");
        from(elsewhere, &new).await.ok();
        from(here_address, &new).await.ok();
        assert_eq!(here.get("/v1/limits").await.ok()["unknown_keys_per_minute"], 10);
    });
}

#[test]
fn a_key_that_was_not_found_is_not_looked_up_again_at_once() {
    with_tenant(async |tenant| {
        let node = environment().own_node().await;
        let wrong = tenant.at(&node.base_url).with_key(&made_up(7));
        let before = node.app.db.statements();
        for _ in 0..200 {
            wrong.get("/v1/me").await.refused(401, "invalid_api_key");
        }
        let lookups = node.app.db.statements() - before;
        assert!(lookups < 50, "{lookups}");
    });
}
