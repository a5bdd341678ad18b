//! A storm of duplicates against a server that is killed again and again: one effect each, identical responses, and
//! nothing stuck.
//!
//! The server is a separate process. It is ended by SIGKILL at random moments and comes back on the same port. Clients send
//! every write up to five times at once with one key, and repeat what got no response.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use rand::RngExt;
use serde_json::Value;
use tests::{Client, with_tenant};
use tokio::sync::watch;

use crate::process::{Process, quiet_addr};

mod trade;

use trade::{Trader, ledger_of};

/// Few connections, because this server restarts every second.
const CONNECTIONS: u32 = 6;
/// Number of times that the server is killed.
const KILLS: u64 = 50;
/// Longest life of the server.
const LIFE_MAX: Duration = Duration::from_secs(2);
/// Time for which a client repeats a request after the last kill before it gives up. Until then a request may meet its end in each
/// life of the server, which are few on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// State that the clients of a storm share.
#[derive(Debug, Default)]
pub struct Storm {
    /// Whether the server has been killed often enough.
    over: AtomicBool,
    /// Requests that got no response.
    broken: AtomicU64,
    /// Number of writes that got their responses.
    settled: watch::Sender<u64>,
}

/// A write: path, key and body.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The path.
    pub path: String,
    /// The idempotency key.
    pub key: String,
    /// The body.
    pub body: Value,
}

impl Storm {
    /// Whether traders go on.
    pub fn rages(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
    }

    /// Sends a write one to five times at once until each has a response. All responses of accepted copies must be the same.
    /// A rejected copy had no effect, and was decided on the stock of its own moment.
    pub async fn settle(&self, client: &Client, intent: &Intent) -> (u16, Value) {
        let copies = rand::rng().random_range(1..=5);
        let answers = join_all((0..copies).map(|_| self.until_answered(client, intent))).await;
        self.settled.send_modify(|count| *count += 1);
        answers.into_iter().reduce(|one, other| agreed(intent, one, other)).expect("at least one was sent")
    }

    async fn until_answered(&self, client: &Client, intent: &Intent) -> (u16, Value) {
        let mut calm = None;
        loop {
            if !self.rages() {
                let since = *calm.get_or_insert_with(Instant::now);
                assert!(since.elapsed() < PATIENCE, "{intent:?} got no response within {PATIENCE:?}");
            }
            let call = client.call(reqwest::Method::POST, &intent.path).key(&intent.key).json(&intent.body);
            match call.try_send().await {
                Err(_) => _ = self.broken.fetch_add(1, Ordering::Relaxed),
                Ok(reply) => {
                    reply.check();
                    let unfinished = reply.status == 409 && reply.json()["code"] == "idempotency_in_progress";
                    if reply.status != 503 && !unfinished {
                        return (reply.status, comparable(reply.json()));
                    }
                }
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }
}

/// Returns what came of two copies of a write: the response of the accepted one. Of a batch, that of each document.
fn agreed(intent: &Intent, one: (u16, Value), other: (u16, Value)) -> (u16, Value) {
    if one.0 != 207 || other.0 != 207 {
        let accepted = [&one, &other].into_iter().filter(|(status, _)| *status < 300).collect::<Vec<_>>();
        if let [first, second] = accepted.as_slice() {
            assert_eq!(first, second, "responses to {intent:?} differ");
        }
        return accepted.first().copied().unwrap_or(&one).clone();
    }
    let mut answer = one.1.clone();
    let others = other.1["results"].as_array().cloned().unwrap_or_default();
    let results = answer["results"].as_array_mut().expect("results");
    let is_accepted = |result: &Value| result["status"].as_u64().is_some_and(|status| status < 300);
    for (result, other) in results.iter_mut().zip(others) {
        match (is_accepted(result), is_accepted(&other)) {
            (true, true) => assert_eq!(*result, other, "responses to {intent:?} differ"),
            (false, true) => *result = other,
            (true | false, false) => {}
        }
    }
    let accepted = results.iter().filter(|result| is_accepted(result)).count();
    let refused = results.len() - accepted;
    (answer["accepted"], answer["refused"]) = (accepted.into(), refused.into());
    (207, answer)
}

/// Returns a response without the fields that differ between equal requests.
fn comparable(mut answer: Value) -> Value {
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("request_id");
    }
    for result in answer["results"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        result.remove("replayed");
    }
    answer
}

/// Kills the server a random moment after a random number of writes, so that the storm works on a slow machine too.
/// Kills it as well if no write gets through.
async fn kill_again_and_again(storm: &Storm, addr: &str) -> Process {
    let mut settled = storm.settled.subscribe();
    let mut server = Process::server(addr, CONNECTIONS).await;
    for _ in 0..KILLS {
        let enough = *settled.borrow_and_update() + rand::rng().random_range(0..12);
        let moment_ms = rand::rng().random_range(0..60);
        let _ = tokio::time::timeout(LIFE_MAX, settled.wait_for(|count| *count >= enough)).await;
        tokio::time::sleep(Duration::from_millis(moment_ms)).await;
        server.kill().await;
        server = Process::server(addr, CONNECTIONS).await;
    }
    storm.over.store(true, Ordering::Relaxed);
    server
}

#[test]
fn every_write_has_one_effect_although_the_server_is_killed() {
    with_tenant(async |tenant| {
        let (storm, addr) = (Storm::default(), quiet_addr());
        let client = tenant.at(&format!("http://{addr}"));
        let mut traders = Vec::new();
        for number in 0..10 {
            traders.push(Trader::new(tenant, &client, number).await);
        }
        let before = ledger_of(tenant).await;
        let trade = join_all(traders.into_iter().map(|trader| trader.trade(&storm)));
        let (done, _server) = join(trade, kill_again_and_again(&storm, &addr)).await;
        let (broken, settled) = (storm.broken.into_inner(), *storm.settled.borrow());
        println!("{KILLS} kills, {settled} writes, {broken} requests broken off");
        assert!(broken > KILLS, "the kills hit no request");
        let mut expected = before;
        for made in done {
            expected.add(&made);
        }
        assert_eq!(ledger_of(tenant).await, expected);
        trade::nothing_is_locked(tenant).await;
    });
}
