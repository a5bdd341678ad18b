//! Cursors on the feed: each event at least once, those of a tenant in the order of the feed, even if a relay dies.

use std::collections::BTreeSet;

use domain::id::{EventId, TenantId};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, Row};
use service::relay::{SHARE_MAX, WITH_EVENTS};
use tests::environment;

use super::house::{House, INSERT, LONG, Log, advance, drain, hand_on, take, without_repeats};

/// The migration step that added the cursors.
const STEP: &str = "0031_event_cursor";

#[test]
fn two_relays_share_the_tenants_and_each_event_is_handed_on_once() {
    environment().runtime.block_on(async {
        let mut house = House::new("relay_shares", 3).await;
        let events = 2 * SHARE_MAX as i32 + 7;
        house.write(events).await;
        house.settle().await;
        let (mut one, mut other) = (house.consumer(LONG).await, house.consumer(LONG).await);
        // A tenant without a cursor gets one at the beginning of its feed.
        assert!(take(&mut one).await.is_empty());
        let batches = take(&mut one).await;
        let sizes: Vec<usize> = batches.iter().map(|batch| batch.events.len()).collect();
        assert_eq!(sizes, [SHARE_MAX; 3], "some of each tenant");
        assert!(take(&mut other).await.is_empty(), "all of it is the first one's");
        let mut log = Log::new();
        hand_on(&mut log, &batches);
        advance(&mut one, &batches[..1]).await;
        let rest = take(&mut other).await;
        assert_eq!(rest.len(), 1, "what the first one is done with");
        assert_eq!(rest[0].tenant_id, batches[0].tenant_id);
        hand_on(&mut log, &rest);
        advance(&mut one, &batches[1..]).await;
        advance(&mut other, &rest).await;
        drain(&mut one, &mut log).await;
        assert_eq!(log, house.feed().await);
        assert!(take(&mut other).await.is_empty());
        house.write(1).await;
        house.settle().await;
        drain(&mut other, &mut log).await;
        drain(&mut one, &mut log).await;
        assert_eq!(log, house.feed().await, "new events are found");
    });
}

/// The place at which a relay ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    BeforeHandingOn,
    BeforeAdvancing,
    BetweenAdvancing,
    AfterAdvancing,
}

#[test]
fn a_relay_that_ends_anywhere_loses_nothing_and_repeats_what_was_under_way() {
    environment().runtime.block_on(async {
        let mut house = House::new("relay_ends", 2).await;
        house.write(1).await;
        house.settle().await;
        let (mut log, mut repeated) = (Log::new(), Vec::new());
        for end in [End::BeforeHandingOn, End::BeforeAdvancing, End::BetweenAdvancing, End::AfterAdvancing] {
            let mut next = house.consumer(LONG).await;
            drain(&mut next, &mut log).await;
            drain(&mut next, &mut log).await;
            house.write(SHARE_MAX as i32 + 3).await;
            house.settle().await;
            let mut dying = house.consumer(LONG).await;
            let batches = take(&mut dying).await;
            assert_eq!(batches.len(), 2);
            if end != End::BeforeHandingOn {
                hand_on(&mut log, &batches);
            }
            let advanced = match end {
                End::BeforeHandingOn | End::BeforeAdvancing => 0,
                End::BetweenAdvancing => 1,
                End::AfterAdvancing => 2,
            };
            advance(&mut dying, &batches[..advanced]).await;
            drop(dying);
            let held: Vec<TenantId> = batches[advanced..].iter().map(|batch| batch.tenant_id).collect();
            let mut before = Log::new();
            drain(&mut next, &mut before).await;
            assert!(held.iter().all(|tenant_id| !before.contains_key(tenant_id)), "{end:?}: under a lease");
            for (tenant_id, events) in before {
                log.entry(tenant_id).or_default().extend(events);
            }
            house.end_leases().await;
            drain(&mut next, &mut log).await;
            if end != End::BeforeHandingOn {
                repeated.extend(batches[advanced..].iter().flat_map(|batch| batch.events.clone()));
            }
        }
        let feed = house.feed().await;
        assert_eq!(without_repeats(&log), feed, "everything, in the order of the feed");
        let twice: Vec<EventId> = feed
            .keys()
            .flat_map(|tenant_id| {
                let mut seen = BTreeSet::new();
                log[tenant_id].iter().filter(move |event| !seen.insert(**event)).copied()
            })
            .collect();
        assert_eq!(twice.len(), 3 * SHARE_MAX);
        assert_eq!(BTreeSet::from_iter(twice), BTreeSet::from_iter(repeated), "only what was under way");
    });
}

#[test]
fn a_relay_whose_lease_ran_out_moves_no_cursor() {
    environment().runtime.block_on(async {
        let mut house = House::new("relay_late", 1).await;
        house.write(SHARE_MAX as i32 + 1).await;
        house.settle().await;
        let (mut slow, mut quick) = (house.consumer(LONG).await, house.consumer(LONG).await);
        take(&mut slow).await;
        let late = take(&mut slow).await;
        assert_eq!(take(&mut slow).await[0].events, late[0].events, "what it has not handed on is its own");
        house.end_leases().await;
        let again = take(&mut quick).await;
        assert_eq!(again[0].events, late[0].events);
        assert!(!slow.advance(&late[0]).await.expect("the cursor"), "another one has the lease");
        advance(&mut quick, &again).await;
        assert!(!slow.advance(&late[0]).await.expect("the cursor"), "the cursor is there already");
        let mut log = Log::new();
        drain(&mut slow, &mut log).await;
        assert_eq!(log[&house.tenants[0]].len(), 1, "the one that was left");
    });
}

#[test]
fn what_came_between_two_takes_is_handed_on() {
    environment().runtime.block_on(async {
        let mut house = House::new("relay_takes_twice", 1).await;
        house.write(2).await;
        house.settle().await;
        let mut consumer = house.consumer(LONG).await;
        take(&mut consumer).await;
        let first = take(&mut consumer).await;
        assert_eq!(first[0].events.len(), 2);
        house.write(1).await;
        house.settle().await;
        let second = take(&mut consumer).await;
        assert_eq!(second[0].events.len(), 3, "the first two again, and the new one");
        let mut log = Log::new();
        hand_on(&mut log, &first);
        advance(&mut consumer, &first).await;
        assert!(!consumer.advance(&second[0]).await.expect("the cursor"), "the lease ended with the first");
        drain(&mut consumer, &mut log).await;
        assert_eq!(log, house.feed().await);
    });
}

#[test]
fn a_batch_that_is_late_does_not_move_the_cursor_back() {
    environment().runtime.block_on(async {
        let mut house = House::new("relay_goes_on", 1).await;
        house.write(2).await;
        house.settle().await;
        let mut consumer = house.consumer(LONG).await;
        take(&mut consumer).await;
        let late = take(&mut consumer).await;
        house.write(1).await;
        house.settle().await;
        let batches = take(&mut consumer).await;
        let mut log = Log::new();
        hand_on(&mut log, &batches);
        advance(&mut consumer, &batches).await;
        house.write(1).await;
        house.settle().await;
        // It holds the lease again, for the events after those.
        let next = take(&mut consumer).await;
        assert!(!consumer.advance(&late[0]).await.expect("the cursor"), "the cursor has passed it");
        hand_on(&mut log, &next);
        advance(&mut consumer, &next).await;
        drain(&mut consumer, &mut log).await;
        assert_eq!(log, house.feed().await, "each event once");
    });
}

#[test]
fn an_event_that_commits_late_is_not_passed() {
    environment().runtime.block_on(async {
        let mut house = House::new("relay_waits", 1).await;
        house.write(1).await;
        house.settle().await;
        let mut consumer = house.consumer(LONG).await;
        let mut log = Log::new();
        drain(&mut consumer, &mut log).await;
        drain(&mut consumer, &mut log).await;
        let mut connection = house.connect().await;
        let mut slow = connection.begin().await.expect("a transaction");
        let insert = sqlx::query(INSERT).bind(house.tenants[0].0).bind(1);
        insert.execute(&mut *slow).await.expect("an event");
        house.write(1).await;
        assert!(take(&mut consumer).await.is_empty(), "what was committed meanwhile waits as well");
        slow.commit().await.expect("it commits");
        house.settle().await;
        drain(&mut consumer, &mut log).await;
        assert_eq!(log, house.feed().await);
        assert_eq!(log[&house.tenants[0]].len(), 3);
    });
}

#[test]
fn the_tenants_with_new_events_are_read_off_the_end() {
    environment().runtime.block_on(async {
        let mut house = House::new("relay_lists", 1).await;
        house.write(100_000).await;
        house.root.execute("vacuum analyze event").await.expect("statistics");
        let query = "select max(position), (pg_relation_size('event') / 8192)::bigint from event";
        let row = sqlx::query(query).fetch_one(&mut house.root).await.expect("the size");
        let (last, pages): (i64, i64) = (row.get(0), row.get(1));
        house.write(10).await;
        let explain = WITH_EVENTS.replace("$1", &(last + 1).to_string()).replace("$2", &i64::MAX.to_string());
        let explain = format!("explain (analyze, buffers, format json) {explain}");
        let plan = sqlx::query(AssertSqlSafe(explain)).fetch_one(&mut house.root).await.expect("a plan");
        let plan: serde_json::Value = plan.get(0);
        let read =
            plan[0]["Plan"]["Shared Hit Blocks"].as_i64().zip(plan[0]["Plan"]["Shared Read Blocks"].as_i64());
        let (hit, read) = read.expect("the pages that were read");
        assert!(hit + read < pages / 4, "{} of {pages} pages: {plan}", hit + read);
    });
}

/// Which of five events were marked before there were cursors, and the number that is handed on afterwards, in the
/// order of the feed.
const MARKED: [(&str, usize); 5] = [("11111", 0), ("11000", 3), ("00000", 5), ("10110", 4), ("01111", 5)];

#[test]
fn marks_become_cursors_and_cursors_marks() {
    environment().runtime.block_on(async {
        let mut house = House::new("relay_moves", MARKED.len()).await;
        house.write(5).await;
        while migration::down(&house.migrator_url).await.expect("down") != Some(STEP) {}
        let feed = house.feed().await;
        for (tenant_id, (marked, _)) in house.tenants.iter().zip(MARKED) {
            for (event, _) in feed[tenant_id].iter().zip(marked.chars()).filter(|(_, mark)| *mark == '1') {
                let mark = sqlx::query("update event set sent_at = now() where tenant_id = $1 and id = $2");
                mark.bind(tenant_id.0).bind(event.0).execute(&mut house.root).await.expect("a mark");
            }
        }
        migration::up(&house.migrator_url).await.expect("up");
        house.settle().await;
        house.root.execute("update event_cursor set consumer = 'test'").await.expect("the consumer of the tests");
        let mut consumer = house.consumer(LONG).await;
        let mut log = Log::new();
        drain(&mut consumer, &mut log).await;
        drain(&mut consumer, &mut log).await;
        for (tenant_id, (marked, left)) in house.tenants.iter().zip(MARKED) {
            let handed_on = log.get(tenant_id).cloned().unwrap_or_default();
            assert_eq!(handed_on, feed[tenant_id][5 - left..], "{marked}");
        }
        house.write(2).await;
        house.root.execute("update event_cursor set consumer = 'servers'").await.expect("as it was");
        while migration::down(&house.migrator_url).await.expect("down") != Some(STEP) {}
        let query = "select count(*) filter (where sent_at is not null), count(*) filter (where sent_at is null) from event";
        let row = sqlx::query(query).fetch_one(&mut house.root).await.expect("the marks");
        assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1)), (25, 10));
    });
}
