//! Everything at once: many writers, a transaction that is held open, readers with cursors, and relays that are killed.
//!
//! A relay is a separate process: this program, started again with [`REDIS_URL`] set, and ended by SIGKILL.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use api::broadcast::EVENTS_CHANNEL;
use api::config::StoreArgs;
use futures_util::StreamExt;
use futures_util::future::{join, join_all};
use local::Redis;
use rand::RngExt;
use sea_orm::sqlx::{self, Connection, Row};
use secrecy::SecretString;
use serde_json::{Value, json};
use stockwell::webhook::WebhookConfig;
use stockwell::worker::{SERVERS, Worker, WorkerConfig};
use tests::{Tenant, Till, environment, with_tenant};
use tokio::process::{Child, Command};

use super::PATIENCE;

/// The Redis to which the child process hands events on. Set for the child alone.
const REDIS_URL: &str = "STOCKWELL_TEST_RELAY_REDIS_URL";
/// The database of the child process.
const DATABASE_URL: &str = "STOCKWELL_TEST_RELAY_DATABASE_URL";
/// Time for which an event stays with a relay that was killed.
const LEASE: Duration = Duration::from_millis(400);
const WRITERS: usize = 16;
const ROUNDS: usize = 6;
const READERS: usize = 4;
/// Published behind the last event.
const END: &str = "the end";
/// Time for which a transaction is held open, again and again.
const HELD: Duration = Duration::from_millis(700);

/// Not a test: the body of the process that the next test kills.
#[test]
fn relay() {
    let Ok(redis_url) = std::env::var(REDIS_URL) else { return };
    let config = WorkerConfig {
        metrics_addr: None,
        relay_database_url: SecretString::from(std::env::var(DATABASE_URL).expect("the parent sets it")),
        database_url: None,
        redis_url: Some(SecretString::from(redis_url)),
        store: StoreArgs::default(),
        webhooks: WebhookConfig::default(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime starts").block_on(async {
        let _worker = Worker::start_with(&config, LEASE).await.expect("the worker starts");
        // The parent never writes: its end closes the pipe.
        let ended = tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin()));
        ended.await.expect("the pipe is read").expect("the pipe is text");
        std::process::exit(0);
    });
}

fn start_relay(redis: &Redis) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program has a file"));
    command.args(["platform::events::together::relay", "--exact"]).env(REDIS_URL, redis.url());
    command.env(DATABASE_URL, environment().relay_database_url());
    command.stdin(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true).spawn().expect("a relay starts")
}

/// Takes orders step by step, and makes till sales.
async fn write(tenant: &Tenant, (till, customer): (&Till, &str), number: usize) {
    for round in 0..ROUNDS {
        match (number + round) % 2 {
            0 => _ = tenant.sell(till, &[("MUG", "1")]).await.created(),
            _ => {
                let order = tenant.order(customer, &[("MUG", "1")], "draft").await.created();
                let id = order["id"].as_str().expect("an id");
                for verb in ["confirm", "ship", "invoice"] {
                    let reply = tenant.step(id, verb).await;
                    assert!(reply.status < 300, "{verb}: {}", reply.text);
                }
            }
        }
    }
}

/// Holds a transaction open that has written an event, and commits it late, until the writers are done.
async fn hold(tenant: &Tenant, are_done: &AtomicBool) -> usize {
    let mut connection = environment().connect().await;
    let mut late = 0;
    while !are_done.load(Ordering::Relaxed) {
        let mut slow = connection.begin().await.expect("a transaction");
        let insert = "insert into event (tenant_id, id, kind, command_id, document_kind, document_id, occurred_at) \
             values ($1, gen_random_uuid(), 'late.told', gen_random_uuid(), 'order', gen_random_uuid(), now())";
        sqlx::query(insert).bind(tenant.id.0).execute(&mut *slow).await.expect("an event");
        tokio::time::sleep(HELD).await;
        slow.commit().await.expect("it commits");
        late += 1;
    }
    late
}

/// Reads with cursors, in pages of random size, until `last` has come.
async fn read(tenant: &Tenant, last: &str) -> Vec<Value> {
    let deadline = Instant::now() + PATIENCE;
    let (mut events, mut cursor): (Vec<Value>, String) = Default::default();
    while events.last().is_none_or(|event| event["type"] != last) {
        assert!(Instant::now() < deadline, "the last event did not come; {} did", events.len());
        let limit = rand::rng().random_range(1..=40);
        let page = tenant.get(&format!("/v1/events?limit={limit}&cursor={cursor}")).await.ok();
        events.extend(page["data"].as_array().expect("events").iter().cloned());
        cursor = page["page"]["resume_cursor"].as_str().expect("a cursor").to_owned();
    }
    events
}

/// Runs two relays until the writers are done. One at a time is killed at a random moment and starts again.
async fn kill_relays(redis: &Redis, are_done: &AtomicBool) -> (usize, [Child; 2]) {
    let mut relays = [start_relay(redis), start_relay(redis)];
    let mut kills = 0;
    while !are_done.load(Ordering::Relaxed) {
        let life_ms = rand::rng().random_range(100..500);
        tokio::time::sleep(Duration::from_millis(life_ms)).await;
        let killed = &mut relays[kills % 2];
        killed.kill().await.expect("the relay is killed");
        *killed = start_relay(redis);
        kills += 1;
    }
    (kills, relays)
}

/// Subscribes to the tenant's channel.
async fn subscribe(redis: &Redis, tenant: &Tenant) -> redis::aio::PubSub {
    let client = redis::Client::open(redis.url()).expect("a client");
    let mut subscriber = client.get_async_pubsub().await.expect("Redis answers");
    subscriber.subscribe(format!("{EVENTS_CHANNEL}{}", tenant.id)).await.expect("a subscription");
    subscriber
}

/// Returns every event that was published up to [`END`], with the number of times.
async fn hear(mut subscriber: redis::aio::PubSub) -> BTreeMap<String, usize> {
    let mut messages = subscriber.on_message();
    let mut heard = BTreeMap::new();
    loop {
        let message = messages.next().await.expect("the subscription goes on");
        let id = message.get_payload::<String>().expect("an id");
        if id == END {
            return heard;
        }
        *heard.entry(id).or_default() += 1;
    }
}

/// Publishes [`END`] on the tenant's channel. A subscriber gets it after what was published before.
async fn publish_end(redis: &Redis, tenant: &Tenant) {
    let client = redis::Client::open(redis.url()).expect("a client");
    let mut publisher = client.get_multiplexed_async_connection().await.expect("Redis answers");
    let channel = format!("{EVENTS_CHANNEL}{}", tenant.id);
    let published = redis::cmd("PUBLISH").arg(channel).arg(END).exec_async(&mut publisher).await;
    published.expect("the end is published");
}

async fn unsent(tenant: &Tenant) -> i64 {
    let query = sqlx::query(
        "select count(*) from event e where e.tenant_id = $1 and not exists ( \
             select 1 from event_cursor c where c.tenant_id = $1 and c.consumer = $2 \
               and (c.position, c.written, c.event_id) >= (e.position, e.written, e.id))",
    );
    query.bind(tenant.id.0).bind(SERVERS).fetch_one(&environment().root).await.expect("a count").get(0)
}

#[test]
fn nothing_is_skipped_repeated_or_lost() {
    with_tenant(async |tenant| {
        let _turn = environment().relays.lock().await;
        let redis = Redis::start().await.expect("Redis starts").expect("redis-server is installed");
        tenant.stocked("MUG", "10.00", ("1000", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let are_done = AtomicBool::new(false);
        // It listens before the first relay starts.
        let subscriber = subscribe(&redis, tenant).await;
        let writing = async {
            join_all((0..WRITERS).map(|number| write(tenant, (&till, &customer), number))).await;
            are_done.store(true, Ordering::Relaxed);
        };
        let working = async {
            let (_, late, (kills, relays)) =
                futures_util::join!(writing, hold(tenant, &are_done), kill_relays(&redis, &are_done));
            tenant.make("/v1/categories", json!({ "code": "END", "name": "The end" })).await;
            let deadline = Instant::now() + PATIENCE;
            while unsent(tenant).await > 0 {
                assert!(Instant::now() < deadline, "the relays do not get done");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            drop(relays);
            publish_end(&redis, tenant).await;
            (late, kills)
        };
        let reading = join_all((0..READERS).map(|_| read(tenant, "category.created")));
        let ((late, kills), (heard, read)) = join(working, join(hear(subscriber), reading)).await;
        check_order(&read[0], late);
        for other in &read[1..] {
            assert!(other == &read[0], "readers do not read the same");
        }
        let written = tenant.count("event").await as usize;
        assert_eq!(read[0].len(), written, "every event once");
        let repeated = heard.values().filter(|times| **times > 1).count();
        println!("{written} events, {late} of them late; {kills} kills, {repeated} events handed on again");
        assert!(late > 0 && kills > 0);
        let missed = read[0].iter().filter(|event| !heard.contains_key(event["id"].as_str().expect("an id")));
        let missed: Vec<&Value> = missed.collect();
        assert!(missed.is_empty(), "never handed on: {missed:?}");
        redis.stop().await;
    });
}

/// Checks that every event came once, and those of each order in the order of its life.
fn check_order(events: &[Value], late: usize) {
    let ids: BTreeSet<&str> = events.iter().map(|event| event["id"].as_str().expect("an id")).collect();
    assert_eq!(ids.len(), events.len(), "an event came twice");
    let mut lives: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for event in events {
        let kind = event["type"].as_str().expect("a type");
        if kind.starts_with("order.") {
            let order = event["data"]["object"]["id"].as_str().expect("an id");
            lives.entry(order).or_default().push(kind);
        }
    }
    assert_eq!(lives.len(), WRITERS * ROUNDS / 2);
    for (order, life) in lives {
        let expected = ["order.created", "order.confirmed", "order.shipped", "order.invoiced"];
        assert_eq!(life, expected, "{order}");
    }
    let count = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
    assert_eq!(count("pos_sale.completed"), WRITERS * ROUNDS / 2);
    assert_eq!(count("late.told"), late);
}
