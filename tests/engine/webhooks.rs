//! The worker is killed while a receiver has its messages. Every event arrives at least once, with one id, and those about one record in
//! the order of the feed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join;
use rand::RngExt;
use serde_json::{Value, json};
use tests::{Apart, Behaviour, Got, Receiver, Tenant, environment};
use tokio::time::sleep;

use crate::process::Process;

/// Records that are changed, in turn.
const RECORDS: usize = 3;
/// Number of times that the worker is killed between an attempt and its outcome.
const KILLS: usize = 4;
/// Longest life of the worker before it is killed at a random moment as well.
const LIFE_MAX_MS: u64 = 600;
/// Pause between two changes.
const PAUSE: Duration = Duration::from_millis(60);

/// Makes records and changes them, until the worker was killed often enough. Returns the number of events.
async fn write(tenant: &Tenant, is_over: &AtomicBool) -> usize {
    let mut ids = Vec::new();
    for number in 0..RECORDS {
        let body = json!({ "code": format!("C{number}"), "name": "0" });
        ids.push(tenant.make("/v1/categories", body).await);
    }
    let mut written = RECORDS;
    while !is_over.load(Ordering::Relaxed) {
        let path = format!("/v1/categories/{}", ids[written % RECORDS]);
        tenant.patch(&path, &json!({ "name": written.to_string() })).await.ok();
        written += 1;
        sleep(PAUSE).await;
    }
    written
}

/// Kills the worker while a message has no response, and at a random moment, again and again. Returns the ids of those messages, and the
/// last worker.
async fn kill_again_and_again(
    apart: &Apart,
    receiver: &Receiver,
    is_over: &AtomicBool,
) -> (Vec<String>, Process) {
    let unanswered = |got: &[Got]| -> Vec<String> {
        let silent = got.iter().filter(|got| matches!(got.behaviour, Behaviour::Silent));
        silent.map(|got| got.header("webhook-id").to_owned()).collect()
    };
    let mut worker = Process::worker(apart).await;
    for kill in 1..=KILLS {
        receiver.script(&[Behaviour::Silent]);
        receiver.until(|got| unanswered(got).len() == kill).await;
        worker = replace(worker, apart).await;
        let life_ms = rand::rng().random_range(0..LIFE_MAX_MS);
        sleep(Duration::from_millis(life_ms)).await;
        worker = replace(worker, apart).await;
    }
    is_over.store(true, Ordering::Relaxed);
    (unanswered(&receiver.got()), worker)
}

/// Kills a worker and starts another one, which takes over what the first had leased.
async fn replace(worker: Process, apart: &Apart) -> Process {
    worker.kill().await;
    Process::worker(apart).await
}

/// Waits until the feed has so many events about categories. Returns them.
async fn complete_feed(tenant: &Tenant, count: usize) -> Vec<(String, String)> {
    for _ in 0..600 {
        let events = events(tenant).await;
        if events.len() >= count {
            return events;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("the feed has no {count} events");
}

/// Returns the events about categories, oldest first, as pairs of the record and the event.
async fn events(tenant: &Tenant) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let (mut events, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = tenant.get(&format!("/v1/events?type=category.*&limit=200&cursor={cursor}")).await.ok();
        let rows = page["data"].as_array().expect("events").iter();
        events.extend(rows.map(|event| (text(&event["data"]["object"]["id"]), text(&event["id"]))));
        let next = &page["page"]["next_cursor"];
        if next.is_null() {
            return events;
        }
        cursor = text(next);
    }
}

/// Returns the ids of each record's events in their order, without repeats of the one before.
fn by_record(pairs: impl Iterator<Item = (String, String)>) -> BTreeMap<String, Vec<String>> {
    let mut records: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (record, event) in pairs {
        let events = records.entry(record).or_default();
        if events.last() != Some(&event) {
            events.push(event);
        }
    }
    records
}

/// Waits until no delivery is pending.
async fn until_delivered(tenant: &Tenant) {
    for _ in 0..600 {
        if tenant.get("/v1/webhook-deliveries?status=pending").await.ok()["data"] == json!([]) {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("deliveries wait: {}", tenant.get("/v1/webhook-deliveries?status=pending").await.text);
}

#[test]
fn every_event_arrives_although_the_worker_is_killed() {
    environment().runtime.block_on(async {
        let loopback = || vec!["127.0.0.0/8".parse().expect("a network")];
        let apart = environment().tenant_apart(|config| config.webhook_networks = loopback()).await;
        let (tenant, receiver, is_over) = (&apart.tenant, Receiver::good().await, AtomicBool::new(false));
        let endpoint = json!({ "url": receiver.url, "event_types": ["category.*"] });
        tenant.post("/v1/webhook-endpoints", &endpoint).await.created();
        let killing = kill_again_and_again(&apart, &receiver, &is_over);
        let (written, (unanswered, _worker)) = join(write(tenant, &is_over), killing).await;
        let feed = complete_feed(tenant, written).await;
        assert_eq!(feed.len(), written);
        let ids = |got: &[Got]| -> BTreeSet<String> {
            got.iter().map(|got| got.header("webhook-id").to_owned()).collect()
        };
        let all: BTreeSet<String> = feed.iter().map(|(_, event)| event.clone()).collect();
        let got = receiver.until(|got| ids(got).is_superset(&all)).await;
        until_delivered(tenant).await;
        println!("{written} events, {} messages, {} of them without a response", got.len(), unanswered.len());
        assert_eq!(ids(&got), all, "no message is of another event");
        let arrived = got.iter().map(|got| (got.object_id(), got.header("webhook-id").to_owned()));
        assert_eq!(by_record(arrived), by_record(feed.into_iter()));
        let mut bodies: BTreeMap<&str, &str> = BTreeMap::new();
        for got in &got {
            let body = *bodies.entry(got.header("webhook-id")).or_insert(&got.body);
            assert_eq!(body, got.body, "a repeat has the same body");
        }
        for id in unanswered {
            let times = got.iter().filter(|got| got.header("webhook-id") == id).count();
            assert!(times > 1, "{id} came {times} times");
        }
        let dead = tenant.get("/v1/webhook-deliveries?status=dead").await.ok();
        assert_eq!(dead["data"], json!([]));
    });
}
