//! Receivers that fail: they are tried again, they pause, and they delay no other receiver.

use std::time::Duration;

use reqwest::Method;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection};
use serde_json::{Value, json};
use stockwell::worker::Worker;
use tests::{Behaviour, Receiver, Tenant, environment};

use super::{
    TIMEOUT_SECONDS, category, delivery, endpoint, house, loopback, rename, text, with_receivers,
    worker_config,
};

/// Seconds that a receiver has where a test must not meet their end. A busy machine takes some of them.
const LONG_SECONDS: u32 = 30;
/// Milliseconds that a receiver has if the configuration names no time.
const USUAL_MS: u64 = 15_000;

/// The last message arrives while the receivers that never respond still have messages.
#[test]
fn a_dead_endpoint_delays_no_other() {
    environment().runtime.block_on(async {
        let apart = environment().tenant_apart(|config| config.webhook_networks = loopback()).await;
        let mut config = worker_config(&apart);
        config.webhooks.webhook_timeout_seconds = Some(LONG_SECONDS);
        let _worker = Worker::start(&config).await.expect("the worker starts");
        let tenant = &apart.tenant;
        let dead = Receiver::start(Behaviour::Silent).await;
        let good = Receiver::good().await;
        for _ in 0..3 {
            endpoint(tenant, &dead.url).await;
        }
        endpoint(tenant, &good.url).await;
        for number in 0..10 {
            category(tenant, &format!("C{number}")).await;
        }
        good.expect(10).await;
        // The silent receiver has all the messages that it may have at a time.
        let had = dead.until(|got| got.len() >= 3).await.len();
        category(tenant, "LAST").await;
        good.expect(11).await;
        assert!(dead.given_up() < had, "a message waits until all those to dead endpoints have ended");
    });
}

#[test]
fn a_slow_receiver_is_cut() {
    with_receivers(async |tenant| {
        let slow = Receiver::start(Behaviour::Silent).await;
        let made = endpoint(tenant, &slow.url).await;
        category(tenant, "ONE").await;
        let seen = delivery(tenant, &made, |row| row["error"] == "timeout").await;
        assert_eq!(seen["status"], "pending");
        assert_eq!(seen["log"][0]["response_status"], Value::Null);
        let duration_ms = seen["log"][0]["duration_ms"].as_u64().expect("a duration");
        let limit = u64::from(TIMEOUT_SECONDS) * 1_000;
        assert!((limit..USUAL_MS).contains(&duration_ms), "{duration_ms}");
    });
}

/// Otherwise a tenant could take every place of the worker by retries.
#[test]
fn a_retry_ends_the_attempt_before() {
    with_receivers(async |tenant| {
        let silent = Receiver::start(Behaviour::Silent).await;
        let made = endpoint(tenant, &silent.url).await;
        category(tenant, "ONE").await;
        silent.expect(1).await;
        let waits = delivery(tenant, &made, |row| row["status"] == "pending").await;
        let path = format!("/v1/webhook-deliveries/{}", text(&waits["id"]));
        // An attempt may end in its time before the retry ends it.
        for retries in 1..=20 {
            tenant.post(&format!("{path}/retry"), &json!({})).await.ok();
            silent.expect(1 + retries).await;
            let log = tenant.get(&path).await.ok()["log"].clone();
            let ended = log.as_array().into_iter().flatten().find(|one| one["error"] == "sent_again");
            if let Some(ended) = ended {
                assert!(text(&ended["request"]).starts_with("POST /hook"), "{log}");
                return;
            }
        }
        panic!("no attempt gave its place up: {}", tenant.get(&path).await.text);
    });
}

#[test]
fn a_response_without_an_end_is_cut() {
    with_receivers(async |tenant| {
        let endless = Receiver::start(Behaviour::Endless).await;
        let made = endpoint(tenant, &endless.url).await;
        category(tenant, "ONE").await;
        let seen = delivery(tenant, &made, |row| row["status"] == "delivered").await;
        let attempt = &seen["log"][0];
        assert_eq!(text(&attempt["response"]).len(), 4_096);
        assert_eq!(attempt["is_cut"], true);
        // The receiver sends until the connection is closed.
        endless.until_given_up(1).await;
        let sent = endless.sent();
        // Buffers of the two systems take some megabytes at most.
        assert!(sent < 16 * 1024 * 1024, "{sent}");
    });
}

#[test]
fn a_response_is_cut_after_4096_bytes() {
    with_receivers(async |tenant| {
        let receiver = Receiver::good().await;
        let made = endpoint(tenant, &receiver.url).await;
        for (code, length, is_cut) in [("ONE", 4_096, false), ("TWO", 4_097, true), ("THREE", 5_000, true)] {
            let body: &'static str = Box::leak("x".repeat(length).into_boxed_str());
            receiver.script(&[Behaviour::Status(200, body)]);
            let before = receiver.got().len();
            category(tenant, code).await;
            let got = receiver.expect(before + 1).await.remove(before);
            let event = got.header("webhook-id");
            let seen =
                delivery(tenant, &made, |row| row["event_id"] == event && row["status"] == "delivered").await;
            let attempt = &seen["log"][0];
            assert_eq!((text(&attempt["response"]).len(), &attempt["is_cut"]), (4_096, &json!(is_cut)));
        }
    });
}

#[test]
fn a_redirect_is_a_failure() {
    with_receivers(async |tenant| {
        let target = Receiver::good().await;
        let receiver = Receiver::good().await;
        let location: &'static str = Box::leak(format!("Location: {}\r\n", target.url).into_boxed_str());
        receiver.script(&[Behaviour::Headers(302, location)]);
        let made = endpoint(tenant, &receiver.url).await;
        category(tenant, "ONE").await;
        let seen = delivery(tenant, &made, |row| row["status"] == "delivered").await;
        assert_eq!(seen["log"][0]["error"], "redirected");
        assert_eq!(seen["log"][0]["response_status"], 302);
        assert!(target.got().is_empty(), "the target is not requested");
    });
}

/// Returns the first event of a type, once the feed has it. Transactions of other tests on the same database hold the feed up.
async fn first_event(tenant: &Tenant, kind: &str) -> Value {
    for _ in 0..600 {
        let feed = tenant.get(&format!("/v1/events?type={kind}")).await.ok();
        if !feed["data"][0].is_null() {
            return feed["data"][0].clone();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no event {kind} came");
}

#[test]
fn a_receiver_that_is_gone_is_switched_off() {
    with_receivers(async |tenant| {
        let receiver = Receiver::good().await;
        receiver.script(&[Behaviour::Status(410, "")]);
        let made = endpoint(tenant, &receiver.url).await;
        category(tenant, "ONE").await;
        delivery(tenant, &made, |row| row["attempts"] == 1 && row["error"] == "rejected").await;
        let seen = tenant.get(&made.path("")).await.ok();
        assert_eq!((&seen["active"], &seen["disabled_reason"]), (&json!(false), &json!("gone")));
        let second = category(tenant, "TWO").await;
        let told = first_event(tenant, "webhook_endpoint.disabled").await;
        assert_eq!(told["data"]["object"]["id"], json!(made.id));
        tokio::time::sleep(Duration::from_millis(800)).await;
        assert_eq!(receiver.got().len(), 1, "nothing is sent to an endpoint that is off");
        tenant.patch(&made.path(""), &json!({ "active": true })).await.ok();
        let got = receiver.until(|got| got.len() >= 3).await;
        assert!(got.iter().any(|got| got.object_id() == second), "it goes on where it stopped");
    });
}

/// Waits until no message of a tenant is on its way to a receiver. Those that were sent before a pause began may arrive after that.
async fn until_none_is_under_way(tenant: &Tenant) {
    let migrator = PgConnection::connect(&house().await.migrator_url()).await;
    let mut migrator = migrator.expect("the migrator connects");
    let query = "select exists (select from webhook_delivery where tenant_id = $1 and leased_by is not null)";
    for _ in 0..600 {
        let query = sqlx::query_scalar(query).bind(tenant.id.0);
        let is_under_way: bool = query.fetch_one(&mut migrator).await.expect("leases are read");
        if !is_under_way {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a message has no outcome");
}

#[test]
fn an_endpoint_that_fails_pauses() {
    with_receivers(async |tenant| {
        let receiver = Receiver::start(Behaviour::Status(503, "")).await;
        let made = endpoint(tenant, &receiver.url).await;
        let fresh = tenant.get(&made.path("")).await;
        for number in 0..30 {
            category(tenant, &format!("C{number}")).await;
        }
        let paused = async |minimum: u64| {
            for _ in 0..300 {
                let seen = tenant.get(&made.path("")).await.ok();
                if seen["failures"].as_u64().expect("a number") >= minimum {
                    return seen;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            panic!("no pause: {}", tenant.get(&made.path("")).await.text);
        };
        let seen = paused(5).await;
        assert!(seen["paused_until"].is_string(), "{seen}");
        let known = fresh.header("etag").expect("an ETag");
        let next = tenant.call(Method::GET, &made.path("")).header("if-none-match", known).send().await;
        assert_eq!((next.ok()["version"].clone(), next.status), (fresh.ok()["version"].clone(), 200));
        until_none_is_under_way(tenant).await;
        let before = receiver.got().len();
        // The first messages go out together: before one has failed, nothing is known of the receiver.
        assert!(before <= 8, "{before}");
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(receiver.got().len(), before, "nothing is sent in the pause");
    });
}

#[test]
fn a_test_is_one_attempt() {
    with_receivers(async |tenant| {
        let receiver = Receiver::good().await;
        receiver.script(&[Behaviour::Status(500, "not yet")]);
        let made = endpoint(tenant, &receiver.url).await;
        tenant.patch(&made.path(""), &json!({ "active": false })).await.ok();
        let first = tenant.post(&made.path("/test"), &json!({})).await.ok();
        assert_eq!((&first["type"], &first["status"]), (&json!("ping"), &json!("pending")));
        let seen = delivery(tenant, &made, |row| row["status"] == "dead").await;
        assert_eq!((&seen["attempts"], &seen["log"][0]["response"]), (&json!(1), &json!("not yet")));
        tenant.post(&made.path("/test"), &json!({})).await.ok();
        let seen = delivery(tenant, &made, |row| row["status"] == "delivered").await;
        assert_eq!(seen["attempts"], 1);
        let got = receiver.expect(2).await;
        assert_eq!(got[1].kind(), "ping");
        assert_eq!(got[1].object_id(), made.id);
        let command = tenant.get(&format!("/v1/commands/{}", text(&got[1].json()["command_id"]))).await.ok();
        assert_eq!(command["name"], "webhook_delivery.tested");
        assert_eq!(
            tenant.get(&made.path("")).await.ok()["failures"],
            0,
            "a test is no failure of the endpoint"
        );
    });
}

#[test]
fn a_message_is_given_up_after_72_hours_and_the_next_one_is_sent() {
    with_receivers(async |tenant| {
        let receiver = Receiver::good().await;
        receiver.script(&[
            Behaviour::Status(500, "no"),
            Behaviour::Status(500, "no"),
            Behaviour::Status(500, "no"),
        ]);
        let made = endpoint(tenant, &receiver.url).await;
        let id = category(tenant, "TOOLS").await;
        rename(tenant, &id, "Tools").await;
        let is_first = |row: &Value| row["type"] == "category.created";
        delivery(tenant, &made, |row| is_first(row) && row["error"].is_string()).await;
        // As if the first attempt had been 72 hours ago. An attempt that is under way fails too.
        let mut migrator =
            PgConnection::connect(&house().await.migrator_url()).await.expect("the migrator connects");
        let aged = "update webhook_delivery set expires_at = now() where tenant_id = $1 and attempts > 0";
        let aged = sqlx::query(aged).bind(tenant.id.0).execute(&mut migrator).await.expect("an update");
        assert_eq!(aged.rows_affected(), 1, "the next event waits for the first one");
        let dead = delivery(tenant, &made, |row| is_first(row) && row["status"] == "dead").await;
        assert!(dead["next_attempt_at"].is_null() && dead["error"].is_string(), "{dead}");
        let next = |row: &Value| row["type"] == "category.updated" && row["status"] == "delivered";
        delivery(tenant, &made, next).await;
        let again =
            tenant.post(&format!("/v1/webhook-deliveries/{}/retry", text(&dead["id"])), &json!({})).await;
        again.ok();
        delivery(tenant, &made, |row| is_first(row) && row["status"] == "delivered").await;
    });
}
