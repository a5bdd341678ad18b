//! Relays beside writers, and relays that end at any point.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use rand::RngExt;
use sea_orm::sqlx::{self, Connection};
use tests::environment;

use super::PATIENCE;
use super::house::{House, INSERT, LONG, Log, hand_on, take, without_repeats};

/// A lease that a test can wait for.
const SHORT: Duration = Duration::from_millis(200);

/// Runs relays until everything was handed on. With `kills`, each is ended now and then, at any point.
async fn work(
    house: &House,
    lease: Duration,
    log: &Mutex<Log>,
    is_over: &AtomicBool,
    kills: Option<&AtomicUsize>,
) {
    // The first one always ends, so that one has.
    let is_chosen =
        |kills: &AtomicUsize| kills.load(Ordering::Relaxed) == 0 || rand::rng().random_ratio(1, 6);
    let ends = || kills.filter(|kills| is_chosen(kills));
    'life: loop {
        let mut consumer = house.consumer(lease).await;
        while !is_over.load(Ordering::Relaxed) {
            let batches = take(&mut consumer).await;
            for batch in &batches {
                if let Some(kills) = ends() {
                    kills.fetch_add(1, Ordering::Relaxed);
                    continue 'life;
                }
                hand_on(&mut log.lock().expect("a log"), std::slice::from_ref(batch));
                tokio::task::yield_now().await;
                if let Some(kills) = ends() {
                    kills.fetch_add(1, Ordering::Relaxed);
                    continue 'life;
                }
                consumer.advance(batch).await.expect("the cursor");
            }
            if batches.is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        return;
    }
}

/// Runs writers beside relays until every event was handed on.
async fn together(name: &str, lease: Duration, kills: Option<&AtomicUsize>) -> (Log, Log) {
    let mut house = House::new(name, 8).await;
    let (log, is_over) = (Mutex::new(Log::new()), AtomicBool::new(false));
    let writing = async {
        let mut connections = Vec::new();
        for _ in 0..4 {
            connections.push(house.connect().await);
        }
        join_all(connections.iter_mut().map(async |connection| {
            for _ in 0..60 {
                let mut open = connection.begin().await.expect("a transaction");
                let (tenant, pause_ms) =
                    (rand::rng().random_range(0..house.tenants.len()), rand::rng().random_range(0..8));
                let insert = sqlx::query(INSERT).bind(house.tenants[tenant].0).bind(5);
                insert.execute(&mut *open).await.expect("events");
                tokio::time::sleep(Duration::from_millis(pause_ms)).await;
                open.commit().await.expect("it commits");
            }
        }))
        .await;
        let deadline = Instant::now() + PATIENCE;
        let handed_on = || without_repeats(&log.lock().expect("a log")).values().map(Vec::len).sum::<usize>();
        while handed_on() < 4 * 60 * 5 {
            assert!(Instant::now() < deadline, "{} events were handed on", handed_on());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let working = join_all((0..3).map(|_| work(&house, lease, &log, &is_over, kills)));
    join(writing, working).await;
    (log.into_inner().expect("a log"), house.feed().await)
}

#[test]
fn relays_beside_writers_hand_everything_on_once() {
    environment().runtime.block_on(async {
        let (log, feed) = together("relay_beside", LONG, None).await;
        assert_eq!(log, feed);
    });
}

#[test]
fn relays_that_end_at_random_lose_nothing() {
    environment().runtime.block_on(async {
        let kills = AtomicUsize::new(0);
        let (log, feed) = together("relay_random", SHORT, Some(&kills)).await;
        assert_eq!(without_repeats(&log), feed, "everything, in the order of the feed");
        let (kills, handed_on) = (kills.into_inner(), log.values().map(Vec::len).sum::<usize>());
        println!(
            "{kills} relays ended; {handed_on} events were handed on, {} of them again",
            handed_on - 1200
        );
        assert!(kills > 0);
    });
}
