//! Rate limits: each caller and each tenant has its own, every response shows what is left, servers share them.

use std::time::{Duration, Instant};

use api::config::Config;
use api::rate::{HELD_BACK, RateLimits};
use futures_util::future::join_all;
use local::Redis;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use service::tenant::rates::{self, Rates};
use tests::{Client, Node, Reply, Tenant, environment, sale, with_tenant, with_tenants};
use tokio::time::{sleep, timeout};

/// Time for servers to learn from each other, shorter than the time in which what one of them let through comes back.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts a server with the limits that hold without settings, except those that `settings` changes.
async fn strict(settings: impl FnOnce(&mut Config)) -> Node {
    let node = environment().node_with(|config| {
        config.rates = RateLimits::defaults();
        settings(config);
    });
    node.await
}

/// Returns what is left of a policy by the header of a response.
fn left(reply: &Reply, policy: &str) -> u32 {
    let header = reply.header("ratelimit").expect("a header");
    let item =
        header.split(", ").find(|item| item.starts_with(&format!("\"{policy}\";r="))).expect("a policy");
    let figure = item.split(";r=").nth(1).and_then(|rest| rest.split(';').next()).expect("a figure");
    figure.parse().expect("a number")
}

async fn key(tenant: &Tenant, node: &Node) -> Client {
    let scopes = json!(["catalog:read", "catalog:write", "pos:write", "reports:read", "stock:read"]);
    let body = json!({ "name": "Shop", "mode": "test", "scopes": scopes });
    let made = tenant.post("/v1/api-keys", &body).await.created();
    tenant.with_key(made["secret"].as_str().expect("a key")).at(&node.base_url)
}

/// Checks a rejection by one policy. Returns the seconds to wait.
fn refused(reply: &Reply, policies: &[&str]) -> u64 {
    let problem = reply.refused(429, "rate_limited");
    assert_eq!(problem.0["violated_policies"], json!(policies), "{}", reply.text);
    let wait = reply.header("retry-after").expect("a time").parse().expect("whole seconds");
    assert!((1..=120).contains(&wait), "{wait}");
    wait
}

#[test]
fn a_key_has_so_many_requests_and_another_has_its_own() {
    with_tenant(async |tenant| {
        let node = strict(|config| config.rates.rate_minute = 3).await;
        let (one, other) = (key(tenant, &node).await, key(tenant, &node).await);
        for remaining in [2, 1, 0] {
            let reply = one.get("/v1/products").await;
            reply.ok();
            assert_eq!(left(&reply, "minute"), remaining);
            let stated = "\"burst\";q=5000;w=10, \"minute\";q=3;w=60, \"tenant\";q=60000;w=60";
            assert_eq!(reply.header("ratelimit-policy"), Some(stated));
        }
        let reply = one.get("/v1/products").await;
        assert!(refused(&reply, &["minute"]) <= 20, "one comes back every 20 seconds");
        assert_eq!(left(&reply, "minute"), 0);
        other.get("/v1/products").await.ok();
        let wrong = other.with_key("sw_test_sk_wrong").get("/v1/products").await;
        wrong.refused(401, "invalid_api_key");
        assert_eq!(wrong.header("ratelimit"), None, "no limit of an unknown caller");
        let from_page = other.call(Method::GET, "/v1/products").header("origin", "https://shop.example");
        let exposed = from_page.send().await;
        let exposed = exposed.header("access-control-expose-headers").expect("a list");
        assert!(exposed.contains("RateLimit-Policy, RateLimit,"), "{exposed}");
    });
}

#[test]
fn a_route_that_counts_points_of_reports_states_their_limit() {
    with_tenant(async |tenant| {
        let node = strict(|_| {}).await;
        // A key that may read the ledger.
        let key = tenant.at(&node.base_url);
        for (path, states_it) in [
            ("/v1/products", false),
            ("/v1/replenishment/settings", false),
            ("/v1/replenishment/category-settings", false),
            ("/v1/replenishment/supplier-settings", false),
            ("/v1/products?format=ndjson", true),
            ("/v1/products/export", true),
            ("/v1/journal-export?from=2026-01-01&to=2026-02-01", true),
            ("/v1/replenishment/suggestions", true),
            ("/v1/reports/revenue?group_by=channel", true),
        ] {
            let reply = key.get(path).await;
            assert_eq!(reply.status, 200, "{path}: {}", reply.text);
            let policies = reply.header("ratelimit-policy").expect("a header");
            assert_eq!(policies.contains("\"reports\";q=30000;w=60"), states_it, "{path}: {policies}");
        }
    });
}

#[test]
fn who_comes_back_too_soon_waits_for_the_rejection() {
    with_tenant(async |tenant| {
        let node = strict(|config| config.rates.rate_minute = 1).await;
        let caller = key(tenant, &node).await;
        caller.get("/v1/products").await.ok();
        refused(&caller.get("/v1/products").await, &["minute"]);
        let begun = Instant::now();
        join_all((0..8).map(async |_| refused(&caller.get("/v1/products").await, &["minute"]))).await;
        assert!(begun.elapsed() >= HELD_BACK, "{:?}", begun.elapsed());
    });
}

#[test]
fn a_tenant_has_so_many_requests_and_another_has_its_own() {
    with_tenants(async |tenant, neighbour| {
        let node = strict(|config| config.rates.rate_tenant = 4).await;
        let (one, other) = (key(tenant, &node).await, key(tenant, &node).await);
        for _ in 0..2 {
            one.get("/v1/products").await.ok();
            other.get("/v1/products").await.ok();
        }
        refused(&one.get("/v1/products").await, &["tenant"]);
        refused(&other.get("/v1/products").await, &["tenant"]);
        key(neighbour, &node).await.get("/v1/products").await.ok();
    });
}

#[test]
fn a_batch_counts_by_its_documents() {
    with_tenant(async |tenant| {
        let node = strict(|config| config.rates.rate_minute = 16).await;
        tenant.stocked("MUG", "10.00", ("500", "4.00")).await;
        let (till, caller) = (tenant.till().await, key(tenant, &node).await);
        let sold = sale(&till, &[("MUG", "1")]);
        let batch = |documents: usize| {
            let item = |_| json!({ "idempotency_key": uuid::Uuid::new_v4().to_string(), "body": sold });
            json!({ "items": (0..documents).map(item).collect::<Vec<Value>>() })
        };
        let send = async |documents: usize| {
            caller.call(Method::POST, "/v1/pos/sales/batch").json(&batch(documents)).send().await
        };
        // So many came back at most while a request was served.
        let back = |begun: Instant| u32::try_from(begun.elapsed().as_secs() * 16 / 60).expect("a number") + 1;
        let begun = Instant::now();
        let reply = send(45).await;
        assert_eq!(reply.expect(207)["accepted"], 45);
        // One request and four more.
        assert!((11..=11 + back(begun)).contains(&left(&reply, "minute")), "{:?}", reply.headers);
        refused(&send(200).await, &["minute"]);
        let names =
            (0..20).map(|number| json!({ "sku": format!("P{number}"), "name": "Cup", "list_price": "1" }));
        let body = json!({ "items": names.collect::<Vec<Value>>() });
        let fresh = key(tenant, &node).await;
        let begun = Instant::now();
        let reply = fresh.post("/v1/products/batch", &body).await;
        reply.expect(207);
        let remaining = 13..=13 + back(begun);
        assert!(remaining.contains(&left(&reply, "minute")), "one request and two more: {:?}", reply.headers);
    });
}

#[test]
fn a_body_counts_by_its_bytes_before_it_is_parsed() {
    with_tenant(async |tenant| {
        let node = strict(|config| config.rates.rate_minute = 100).await;
        let caller = key(tenant, &node).await;
        let customer = |bytes: usize| format!(r#"{{"kind":"retail","name":"Ada"{}}}"#, " ".repeat(bytes));
        let send = async |path: &str, body: String| caller.call(Method::POST, path).raw(body).send().await;
        let before = left(&caller.get("/v1/limits").await, "minute");
        let reply = send("/v1/customers", customer(40 * 1024)).await;
        reply.refused(403, "insufficient_scope");
        assert!(left(&reply, "minute") >= before - 1, "a body that is not read counts nothing");
        let product =
            |bytes: usize| format!(r#"{{"sku":"CUP","name":"Cup","list_price":"1"{}}}"#, " ".repeat(bytes));
        let before = left(&caller.get("/v1/limits").await, "minute");
        let reply = send("/v1/products", product(40 * 1024)).await;
        reply.created();
        let counted = before - left(&reply, "minute");
        assert!((8..=12).contains(&counted), "one, and one for each 4 KiB: {counted}");
        // Until the limit is used up: then the next body is not parsed, though it has one fault only.
        for _ in 0..12 {
            let reply = send("/v1/products", "[".repeat(80 * 1024)).await;
            if reply.status == 429 {
                refused(&reply, &["minute"]);
                assert_eq!(left(&reply, "minute"), 0);
                return;
            }
            reply.refused(400, "malformed_json");
        }
        panic!("unreadable bodies were not limited");
    });
}

#[test]
fn an_unreadable_body_counts_ten_times() {
    with_tenant(async |tenant| {
        let node = strict(|config| (config.rates.rate_minute, config.rates.rate_tenant) = (60, 400)).await;
        // What a new key has used after one request.
        let used = async |path: &str, body: &str, status: u16| {
            let caller = key(tenant, &node).await;
            let reply = caller.call(Method::POST, path).key("unreadable").raw(body).send().await;
            assert_eq!(reply.status, status, "{}", reply.text);
            60 - left(&reply, "minute")
        };
        for (wrong, status) in [("{", 400), (r#"{"sku":1}"#, 422), (r#"{"wrong":true}"#, 400)] {
            let count = used("/v1/products", wrong, status).await;
            assert!((8..=10).contains(&count), "{wrong}: {count}");
        }
        let items = [r#"{"idempotency_key":"a","body":{"lines":7}}"#; 50].join(",");
        let count = used("/v1/pos/sales/batch", &format!(r#"{{"items":[{items}]}}"#), 207).await;
        assert!((50..=56).contains(&count), "six, and one for each document: {count}");
        let items = [r#"{"sku":1}"#; 50].join(",");
        let count = used("/v1/products/batch", &format!(r#"{{"items":[{items}]}}"#), 207).await;
        assert!((50..=56).contains(&count), "six, and one for each record: {count}");
        let of_tenant = left(&key(tenant, &node).await.get("/v1/limits").await, "tenant");
        assert!(of_tenant < 350, "the tenant has used as much: {of_tenant}");
    });
}

#[test]
fn unreadable_bodies_without_a_credential_are_counted_by_network() {
    with_tenant(async |tenant| {
        let node = strict(|config| config.rates.rate_unreadable = 5).await;
        let stranger = tenant.anonymous().at(&node.base_url);
        let login = async |body: &str| stranger.call(Method::POST, "/v1/auth/login").raw(body).send().await;
        for _ in 0..5 {
            login("{").await.refused(400, "malformed_json");
        }
        let reply = login("{").await;
        reply.refused(429, "rate_limited");
        assert!(reply.header("retry-after").is_some());
        login(r#"{"tenant":"a","email":"b","password":"c"}"#).await.refused(429, "rate_limited");
        key(tenant, &node).await.get("/v1/products").await.ok();
    });
}

#[test]
fn reports_cost_points() {
    with_tenant(async |tenant| {
        let node = strict(|config| config.rates.rate_reports = 21).await;
        let caller = key(tenant, &node).await;
        let reply = caller.get("/v1/reports/revenue?group_by=channel").await;
        reply.ok();
        assert!((11..=16).contains(&left(&reply, "reports")), "{:?}", reply.headers);
        let query = json!({ "query": "{ channelSummary { rows { channel netRevenue } } }" });
        let reply = caller.call(Method::POST, "/graphql").json(&query).send().await;
        reply.ok();
        assert!(left(&reply, "reports") < 10, "{:?}", reply.headers);
        refused(&caller.get("/v1/reports/revenue?group_by=channel").await, &["reports"]);
        refused(&caller.call(Method::POST, "/graphql").json(&query).send().await, &["reports"]);
        for path in ["/v1/products/export", "/v1/journal-export?from=2026-01-01&to=2026-02-01"] {
            refused(&tenant.at(&node.base_url).get(path).await, &["reports"]);
        }
        caller.get("/v1/products").await.ok();
    });
}

/// A page of HTML is written at once, and costs none.
#[test]
fn a_pdf_costs_as_many_points_as_a_report_of_its_values() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "MILL", "name": "Mill" })).await;
        let lines: Vec<_> =
            (0..100).map(|_| json!({ "sku": "MUG", "quantity": "1", "unit_cost": "3.25" })).collect();
        let order = json!({ "supplier_id": supplier, "lines": lines });
        let order = tenant.make("/v1/purchase-orders", order).await;
        let node = strict(|config| config.rates.rate_reports = 40).await;
        let caller = tenant.at(&node.base_url);
        let print = async |format: &str| {
            caller.get(&format!("/v1/purchase-orders/{order}/document?format={format}")).await
        };
        for _ in 0..3 {
            assert_eq!(print("html").await.status, 200);
        }
        // 10, and one for every 100 of 800 values. Some come back meanwhile.
        let first = print("pdf").await;
        assert_eq!(first.status, 200);
        assert!((22..=30).contains(&left(&first, "reports")), "{:?}", first.headers);
        assert_eq!(print("pdf").await.status, 200);
        refused(&print("pdf").await, &["reports"]);
        assert_eq!(print("html").await.status, 200);
    });
}

#[test]
fn a_run_of_the_reconciliation_costs_as_many_points_as_a_report_and_a_replay_none() {
    with_tenant(async |tenant| {
        let node = strict(|config| config.rates.rate_reports = 21).await;
        let caller = tenant.at(&node.base_url);
        let run = async |key: &str| caller.post_as("/v1/reconciliation/runs", key, &json!({})).await;
        let first = run("run-1").await;
        assert!(left(&first, "reports") <= 12, "{:?}", first.headers);
        run("run-2").await.created();
        refused(&run("run-3").await, &["reports"]);
        let again = run("run-1").await;
        assert!(again.is_replayed());
        assert_eq!(again.created()["id"], first.created()["id"]);
    });
}

#[test]
fn a_caller_reads_its_limits() {
    with_tenant(async |tenant| {
        let node = strict(|_| {}).await;
        let caller = key(tenant, &node).await;
        let reply = caller.get("/v1/limits").await;
        let limits = reply.ok();
        let named = |name: &str| {
            let policies = limits["policies"].as_array().expect("policies");
            policies.iter().find(|policy| policy["name"] == name).expect("a policy").clone()
        };
        assert_eq!(named("minute")["quota"], 18_000);
        assert_eq!(named("reports")["unit"], "points");
        assert_eq!(named("tenant")["shared_by"], "tenant");
        assert_eq!(limits["page"], json!({ "default": 50, "max": 200, "whole_lists": 4 }));
        assert_eq!(
            limits["streams"],
            json!({ "per_caller": 10, "per_tenant": 500, "tickets_per_tenant": 2_500 })
        );
        assert_eq!(limits["batch_documents"], 500);
        assert_eq!(limits["batches_open"], 32);
        assert!(limits["batches_at_once"].as_u64() >= Some(2));
        assert_eq!(limits["jobs_at_once"], 4);
        assert_eq!(limits["held_back_ms"], 500);
        assert_eq!(limits["body"]["bytes_per_request"], 4_096);
        assert_eq!(limits["body"]["unreadable_factor"], 10);
        assert_eq!(limits["unreadable_per_minute"], 300);
        caller.anonymous().get("/v1/limits").await.refused(401, "authentication_required");
        // So few come back so slowly that none does between the body and the header of a response.
        let slow = strict(|config| config.rates.rate_minute = 3).await;
        let reply = key(tenant, &slow).await.get("/v1/limits").await;
        let minute = reply.ok()["policies"]
            .as_array()
            .expect("policies")
            .iter()
            .find_map(|policy| (policy["name"] == "minute").then(|| policy["remaining"].clone()));
        assert_eq!((minute, left(&reply, "minute")), (Some(json!(2)), 2));
    });
}

#[test]
fn servers_share_their_counts_through_redis() {
    with_tenant(async |tenant| {
        let redis = Redis::start().await.expect("Redis starts").expect("redis-server is installed");
        let url = redis.url();
        let settings = |config: &mut Config| {
            config.redis_url = Some(SecretString::from(url.clone()));
            config.rates.rate_minute = 30;
        };
        let (one, other) = (strict(settings).await, strict(settings).await);
        let caller = key(tenant, &one).await;
        let elsewhere = caller.at(&other.base_url);
        for _ in 0..20 {
            caller.get("/v1/limits").await.ok();
        }
        let shared = async {
            loop {
                let (here, there) = (caller.get("/v1/limits").await, elsewhere.get("/v1/limits").await);
                if left(&there, "minute") <= left(&here, "minute") + 2 {
                    break;
                }
                sleep(Duration::from_millis(200)).await;
            }
        };
        timeout(PATIENCE, shared).await.expect("the other server learns of it");
        redis.stop().await;
        key(tenant, &one).await.get("/v1/limits").await.ok();
    });
}

#[test]
fn a_redis_that_was_emptied_or_is_frozen_holds_no_request_and_opens_no_limit() {
    with_tenant(async |tenant| {
        let redis = Redis::start().await.expect("Redis starts").expect("redis-server is installed");
        let node = strict(|config| {
            config.redis_url = Some(SecretString::from(redis.url()));
            config.rates.rate_minute = 60;
        });
        let node = node.await;
        let client = redis::Client::open(redis.url()).expect("a URL");
        let mut link = client.get_multiplexed_async_connection().await.expect("Redis answers");
        let caller = key(tenant, &node).await;
        for _ in 0..20 {
            caller.get("/v1/limits").await.ok();
        }
        redis::cmd("FLUSHALL").exec_async(&mut link).await.expect("Redis is emptied");
        caller.get("/v1/limits").await.ok();
        redis::cmd("CLIENT").arg("PAUSE").arg(60_000).exec_async(&mut link).await.expect("Redis is frozen");
        // If each request waited for Redis, the limit would not be reached in time.
        let limited = async {
            loop {
                let reply = caller.get("/v1/limits").await;
                if reply.status != 200 {
                    return reply;
                }
            }
        };
        let limited = timeout(PATIENCE, limited).await.expect("the limit holds, and no request waits");
        refused(&limited, &["minute"]);
        key(tenant, &node).await.get("/v1/limits").await.ok();
        redis.stop().await;
    });
}

#[test]
fn a_tenant_has_limits_of_its_own() {
    with_tenants(async |one, other| {
        let node = strict(|_| {}).await;
        let db = &environment().db;
        let own = Rates { minute: Some(7), reports: Some(11), ..Rates::default() };
        rates::set(db, &one.slug, own).await.expect("limits are set");
        assert_eq!(rates::get(db, &one.slug).await.expect("limits are read"), own);
        let quotas = async |client: Client| {
            let limits = client.get("/v1/limits").await.ok();
            let quota = |policy: &Value| policy["quota"].as_u64().expect("a quota");
            limits["policies"].as_array().expect("policies").iter().map(quota).collect::<Vec<u64>>()
        };
        let own_ones = async {
            // The limits of before hold until the server has read the new ones.
            while quotas(one.at(&node.base_url)).await != [5_000, 7, 60_000, 11] {
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(2 * PATIENCE, own_ones).await.expect("the server has read them");
        assert_eq!(quotas(other.at(&node.base_url)).await, [5_000, 18_000, 60_000, 30_000]);
        let here = one.at(&node.base_url);
        let limited = async {
            loop {
                let reply = here.get("/v1/products").await;
                if reply.status == 429 {
                    return refused(&reply, &["minute"]);
                }
            }
        };
        timeout(PATIENCE, limited).await.expect("the limit is used up");
        other.at(&node.base_url).get("/v1/products").await.ok();
    });
}
