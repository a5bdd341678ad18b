//! Turns and outcomes, each made by the test: leases, order, limits, and the time of the next turn. The shared database has no worker
//! that sends webhooks.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::sqlx;
use serde_json::{Value, json};
use service::Db;
use service::auth::SigningKey;
use service::outbound::Reach;
use service::relay::Outbox;
use service::tx::PoolOptions;
use service::webhook::Settings;
use service::webhook::holder::{self, Holder};
use service::webhook::outcome::{self, Outcome};
use service::webhook::pace::Paces;
use service::webhook::secret::Vault;
use service::webhook::together::Ended;
use service::webhook::turn::{self, Message, Turn};
use tests::{Tenant, environment, pool_options, with_tenant};

use super::{Endpoint, category, delivery, endpoint, rename, text};

pub(super) const URL: &str = "https://hooks.invalid/";

pub(super) async fn take_with(db: &Db, tenant: &Tenant) -> Turn {
    take_as(db, tenant, &Paces::default(), None).await
}

/// Makes a turn for endpoints that were fast.
pub(super) async fn take_fast(tenant: &Tenant, paces: &Paces) -> Turn {
    take_as(&environment().db, tenant, paces, None).await
}

async fn take_as(db: &Db, tenant: &Tenant, paces: &Paces, holder: Option<Holder>) -> Turn {
    let key = SigningKey::load(&environment().signing_key_file).expect("the signing key");
    let settings = Settings { vault: Vault::new(&key), reach: Reach::default() };
    tenant.complete_feed().await;
    turn::take(db, &settings, paces, holder, tenant.id).await.expect("a turn")
}

/// Returns the outcome of a message that the receiver accepted.
pub(super) fn accepted(message: Message) -> Ended {
    Ended { message, outcome: Outcome { status: Some(204), ..Outcome::default() } }
}

/// Makes a turn, once the feed has all events of the tenant.
pub(super) async fn take(tenant: &Tenant) -> Turn {
    take_with(&environment().db, tenant).await
}

/// Makes a turn that finds one message.
pub(super) async fn take_one(tenant: &Tenant) -> Message {
    let mut messages = take(tenant).await.messages;
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages.remove(0)
}

/// Records that the receiver accepted a message.
pub(super) async fn accept(message: &Message) {
    let accepted = Outcome { status: Some(204), ..Outcome::default() };
    outcome::record(&environment().db, message, &accepted).await.expect("an outcome");
}

/// Records that the receiver rejected a message, for an hour.
pub(super) async fn reject(message: &Message) {
    let retry_after = Some(TimeDelta::hours(1));
    let rejected = Outcome { status: Some(400), error: Some("rejected"), retry_after, ..Outcome::default() };
    outcome::record(&environment().db, message, &rejected).await.expect("an outcome");
}

/// Gives a message back that was not sent.
async fn give_back(tenant: &Tenant, message: &Message) {
    let unsent = std::slice::from_ref(message);
    turn::give_back(&environment().db, tenant.id, unsent).await.expect("it is given back");
}

/// Changes rows as time would, or as another version.
async fn change(tenant: &Tenant, statement: &'static str) -> u64 {
    let query = sqlx::query(statement).bind(tenant.id.0);
    query.execute(&environment().root).await.expect("rows are changed").rows_affected()
}

pub(super) async fn deliveries(tenant: &Tenant, endpoint: &Endpoint) -> Vec<Value> {
    let page = tenant.get(&format!("/v1/webhook-deliveries?endpoint_id={}", endpoint.id)).await.ok();
    page["data"].as_array().expect("deliveries").clone()
}

#[test]
fn a_rejected_message_keeps_its_delay_when_others_are_accepted() {
    with_tenant(async |tenant| {
        let made = endpoint(tenant, URL).await;
        category(tenant, "ONE").await;
        category(tenant, "TWO").await;
        let turn = take(tenant).await;
        assert_eq!(turn.messages.len(), 2);
        reject(&turn.messages[0]).await;
        accept(&turn.messages[1]).await;
        assert_eq!(tenant.get(&made.path("")).await.ok()["failures"], 0);
        assert!(take(tenant).await.messages.is_empty(), "the first waits for an hour");
    });
}

#[test]
fn the_first_success_after_a_pause_sends_what_waits() {
    with_tenant(async |tenant| {
        endpoint(tenant, URL).await;
        for code in ["ONE", "TWO", "THREE", "FOUR", "FIVE"] {
            category(tenant, code).await;
        }
        let turn = take(tenant).await;
        assert_eq!(turn.messages.len(), 4);
        for message in &turn.messages {
            reject(message).await;
        }
        reject(&take_one(tenant).await).await;
        category(tenant, "SIX").await;
        assert!(take(tenant).await.messages.is_empty(), "the endpoint pauses");
        change(tenant, "update webhook_cursor set paused_until = now() where tenant_id = $1").await;
        accept(&take_one(tenant).await).await;
        assert_eq!(take(tenant).await.messages.len(), 4, "of five that were rejected");
    });
}

#[test]
fn attempts_that_began_before_a_pause_do_not_extend_it() {
    with_tenant(async |tenant| {
        let made = endpoint(tenant, URL).await;
        for number in 0..12 {
            category(tenant, &format!("C{number}")).await;
        }
        let paces = Paces::default();
        let id = made.id.parse().expect("an id");
        (0..6).for_each(|_| paces.note(id, true, 1));
        let messages = take_fast(tenant, &paces).await.messages;
        assert_eq!(messages.len(), 10, "a fast endpoint has more than 4 at a time");
        for message in &messages[..5] {
            reject(message).await;
        }
        let paused = tenant.get(&made.path("")).await.ok();
        assert_eq!((&paused["failures"], paused["paused_until"].is_string()), (&json!(5), true));
        for message in &messages[5..] {
            reject(message).await;
        }
        let after = tenant.get(&made.path("")).await.ok();
        assert_eq!((&after["failures"], &after["paused_until"]), (&json!(5), &paused["paused_until"]));
    });
}

#[test]
fn a_retry_during_an_attempt_is_sent() {
    with_tenant(async |tenant| {
        let made = endpoint(tenant, URL).await;
        category(tenant, "ONE").await;
        let first = take_one(tenant).await;
        let path = format!("/v1/webhook-deliveries/{}", first.delivery_id);
        tenant.post(&format!("{path}/retry"), &json!({})).await.ok();
        accept(&first).await;
        let seen = tenant.get(&path).await.ok();
        assert_eq!(
            (&seen["status"], &seen["attempts"], &seen["log"][0]["response_status"]),
            (&json!("pending"), &json!(1), &json!(204))
        );
        let second = take_one(tenant).await;
        assert_eq!((second.event.id, second.attempt), (first.event.id, 2));
        accept(&second).await;
        let seen = delivery(tenant, &made, |row| row["status"] == "delivered").await;
        assert_eq!((&seen["attempts"], seen["log"].as_array().map(Vec::len)), (&json!(2), Some(2)));
    });
}

#[test]
fn a_message_that_was_not_sent_is_taken_again() {
    with_tenant(async |tenant| {
        let made = endpoint(tenant, URL).await;
        category(tenant, "ONE").await;
        let first = take_one(tenant).await;
        assert!(take(tenant).await.messages.is_empty(), "it is leased");
        give_back(tenant, &first).await;
        let second = take_one(tenant).await;
        assert_eq!((second.event.id, second.attempt), (first.event.id, 1));
        // The lease is another one.
        give_back(tenant, &first).await;
        assert!(take(tenant).await.messages.is_empty(), "it is leased");
        accept(&second).await;
        let seen = delivery(tenant, &made, |row| row["status"] == "delivered").await;
        assert_eq!((&seen["attempts"], seen["log"].as_array().map(Vec::len)), (&json!(1), Some(1)));
    });
}

#[test]
fn only_the_end_of_a_worker_ends_its_leases_at_once() {
    with_tenant(async |tenant| {
        let db = &environment().db;
        let made = endpoint(tenant, URL).await;
        let id = category(tenant, "ONE").await;
        rename(tenant, &id, "One").await;
        let outbox = Outbox::connect(&environment().relay_database_url()).await.expect("the relay connects");
        let (mut ending, mut other) = (outbox.presence(), outbox.presence());
        let present = ending.show().await.expect("a worker");
        assert_eq!(ending.show().await.expect("a worker").this, present.this, "it keeps its number");
        assert!(other.show().await.expect("another worker").all.contains(&present.this));
        let mut messages = take_as(db, tenant, &Paces::default(), Some(present.this)).await.messages;
        let first = messages.pop().expect("a message");
        assert!(messages.is_empty(), "the second is about the same record");
        let ended = holder::take_over(db, tenant.id).await.expect("leases are looked at");
        assert_eq!(
            (ended, take(tenant).await.messages.len()),
            (0, 0),
            "a worker that is slow keeps its lease"
        );
        drop(ending);
        let mut looks = 0;
        while holder::take_over(db, tenant.id).await.expect("leases are looked at") == 0 {
            looks += 1;
            assert!(looks < 1_200, "the end of the worker is not seen");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(!other.show().await.expect("another worker").all.contains(&present.this));
        // The version before leases without a holder.
        let again = take_one(tenant).await;
        assert_eq!((again.event.id, again.attempt), (first.event.id, 2));
        assert_eq!(holder::take_over(db, tenant.id).await.expect("leases are looked at"), 0);
        accept(&first).await;
        assert!(
            take(tenant).await.messages.is_empty(),
            "the outcome of the worker that ended is only logged"
        );
        accept(&again).await;
        assert_ne!(take_one(tenant).await.event.id, first.event.id, "the second follows");
        let seen = delivery(tenant, &made, |row| row["status"] == "delivered").await;
        assert_eq!((&seen["attempts"], seen["log"].as_array().map(Vec::len)), (&json!(2), Some(2)));
    });
}

#[test]
fn a_message_that_waited_is_sent_only_while_it_is_wanted() {
    with_tenant(async |tenant| {
        let db = &environment().db;
        let made = endpoint(tenant, URL).await;
        category(tenant, "ONE").await;
        let mut waiting = take_one(tenant).await;
        for (body, is_wanted) in [
            (json!({ "active": false }), false),
            (json!({ "active": true }), true),
            (json!({ "url": "https://other.invalid/" }), false),
            (json!({ "url": URL }), true),
        ] {
            tenant.patch(&made.path(""), &body).await.ok();
            assert_eq!(turn::is_wanted(db, &waiting).await.expect("a look"), is_wanted, "{body}");
        }
        let path = format!("/v1/webhook-deliveries/{}", waiting.delivery_id);
        tenant.post(&format!("{path}/retry"), &json!({})).await.ok();
        assert!(!turn::is_wanted(db, &waiting).await.expect("a look"), "it has no lease");
        waiting = take_one(tenant).await;
        assert!(turn::is_wanted(db, &waiting).await.expect("a look"));
        tenant.delete(&made.path("")).await.expect(204);
        assert!(!turn::is_wanted(db, &waiting).await.expect("a look"));
    });
}

#[test]
fn no_endpoint_is_switched_off_while_its_tenant_moves() {
    with_tenant(async |tenant| {
        let made = endpoint(tenant, URL).await;
        category(tenant, "ONE").await;
        category(tenant, "TWO").await;
        let messages = take(tenant).await.messages;
        let options = PoolOptions { connections_max: 1, ..pool_options() };
        let worker = Db::connect(&environment().database_url(), &options).await.expect("a worker");
        let gone = Outcome { status: Some(410), error: Some("rejected"), ..Outcome::default() };
        change(tenant, "update tenant set moving_until = now() + interval '60 seconds' where tenant_id = $1")
            .await;
        let commands = tenant.count("command").await;
        outcome::record(&worker, &messages[0], &gone).await.expect("an outcome");
        assert_eq!(tenant.count("command").await, commands, "the copy has no such row");
        change(tenant, "update tenant set moving_until = null where tenant_id = $1").await;
        outcome::record(&worker, &messages[1], &gone).await.expect("an outcome");
        let seen = tenant.get(&made.path("")).await.ok();
        assert_eq!((&seen["active"], &seen["disabled_reason"]), (&json!(false), &json!("gone")));
    });
}

#[test]
fn deliveries_end_with_their_endpoint() {
    with_tenant(async |tenant| {
        let made = endpoint(tenant, URL).await;
        let id = category(tenant, "ONE").await;
        rename(tenant, &id, "One").await;
        let under_way = take_one(tenant).await;
        tenant.delete(&made.path("")).await.expect(204);
        reject(&under_way).await;
        let seen = deliveries(tenant, &made).await;
        let states: Vec<&Value> = seen.iter().map(|row| &row["status"]).collect();
        assert_eq!(states, ["dead", "dead"]);
        let path = format!("/v1/webhook-deliveries/{}", under_way.delivery_id);
        assert_eq!(tenant.get(&path).await.ok()["log"][0]["response_status"], 400);
        tenant.post(&made.path("/test"), &json!({})).await.refused(404, "not_found");
        tenant.post(&format!("{path}/retry"), &json!({})).await.refused(404, "not_found");
    });
}

#[test]
fn at_most_a_thousand_deliveries_wait() {
    with_tenant(async |tenant| {
        let made = endpoint(tenant, URL).await;
        category(tenant, "ONE").await;
        accept(&take_one(tenant).await).await;
        let done = delivery(tenant, &made, |row| row["status"] == "delivered").await;
        let retry = format!("/v1/webhook-deliveries/{}/retry", text(&done["id"]));
        let added = change(
            tenant,
            "insert into webhook_delivery (tenant_id, id, endpoint_id, event_id, kind, document_kind, document_id, position, \
                 written, occurred_at, recorded_at, next_at, created_at, updated_at) \
             select tenant_id, gen_random_uuid(), endpoint_id, event_id, kind, document_kind, document_id, position, written, \
                 occurred_at, recorded_at, next_at, created_at, updated_at \
             from webhook_delivery cross join generate_series(1, 1000) where tenant_id = $1",
        )
        .await;
        assert_eq!(added, 1_000);
        for path in [made.path("/test"), retry.clone()] {
            tenant.post(&path, &json!({})).await.refused(409, "invalid_state_transition");
        }
        let end = "update webhook_delivery set status = 'dead' where tenant_id = $1 and id in ( \
                       select id from webhook_delivery where tenant_id = $1 and status = 'pending' limit 1)";
        change(tenant, end).await;
        tenant.post(&retry, &json!({})).await.ok();
        tenant.post(&retry, &json!({})).await.ok();
        tenant.post(&made.path("/test"), &json!({})).await.refused(409, "invalid_state_transition");
        category(tenant, "TWO").await;
        // A turn takes up to 250 events.
        let most = "update webhook_delivery set status = 'dead' where tenant_id = $1 and id in ( \
                        select id from webhook_delivery where tenant_id = $1 and status = 'pending' limit 249)";
        change(tenant, most).await;
        take(tenant).await;
        assert_eq!(tenant.count("webhook_delivery").await, 1_001, "751 wait, so the event waits in the feed");
        change(tenant, end).await;
        take(tenant).await;
        assert_eq!(tenant.count("webhook_delivery").await, 1_002);
    });
}

#[test]
fn an_endpoint_that_is_off_asks_for_no_turn() {
    with_tenant(async |tenant| {
        let made = endpoint(tenant, URL).await;
        category(tenant, "ONE").await;
        let message = take_one(tenant).await;
        give_back(tenant, &message).await;
        tenant.patch(&made.path(""), &json!({ "active": false })).await.ok();
        let turn = take(tenant).await;
        assert_eq!((turn.messages.len(), turn.look_again, turn.is_waiting), (0, None, false));
        tenant.post(&made.path("/test"), &json!({})).await.ok();
        let ping = take_one(tenant).await;
        assert!(ping.is_test());
        tenant.patch(&made.path(""), &json!({ "active": true })).await.ok();
        assert_eq!(take_one(tenant).await.event.id, message.event.id);
    });
}

#[test]
fn a_delivery_that_waits_for_another_asks_for_no_turn() {
    with_tenant(async |tenant| {
        let minute = Some(TimeDelta::seconds(60));
        endpoint(tenant, URL).await;
        let id = category(tenant, "ONE").await;
        rename(tenant, &id, "One").await;
        reject(&take_one(tenant).await).await;
        let turn = take(tenant).await;
        assert_eq!((turn.messages.len(), turn.look_again), (0, minute), "the second waits for the first");
        // An endpoint that fails has one message at a time.
        category(tenant, "TWO").await;
        category(tenant, "THREE").await;
        let turn = take(tenant).await;
        assert_eq!((turn.messages.len(), turn.look_again), (1, minute), "the third waits for a place");
    });
}

#[test]
fn events_stay_in_the_feed_while_an_endpoint_has_no_attempt_left() {
    with_tenant(async |tenant| {
        let made = endpoint(tenant, URL).await;
        for number in 0..6 {
            category(tenant, &format!("C{number}")).await;
        }
        let messages = take(tenant).await.messages;
        assert_eq!((messages.len(), tenant.count("webhook_delivery").await), (4, 6));
        for number in 6..20 {
            category(tenant, &format!("C{number}")).await;
        }
        let turn = take(tenant).await;
        assert_eq!((turn.messages.len(), turn.has_more), (0, false));
        assert!(turn.is_waiting, "the end of an attempt brings the next turn");
        assert_eq!(tenant.count("webhook_delivery").await, 6);
        reject(&messages[0]).await;
        for message in &messages[1..] {
            accept(message).await;
        }
        let mut sent = 4;
        loop {
            let messages = take(tenant).await.messages;
            if messages.is_empty() {
                break;
            }
            sent += messages.len();
            for message in &messages {
                accept(message).await;
            }
        }
        assert_eq!(sent, 20);
        let waiting = deliveries(tenant, &made).await;
        assert_eq!(
            waiting.iter().filter(|row| row["status"] == "pending").count(),
            1,
            "the one that was rejected"
        );
    });
}
