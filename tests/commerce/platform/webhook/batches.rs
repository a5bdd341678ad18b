//! Messages, outcomes and endpoints of a tenant that cost statements together.

use sea_orm::sqlx;
use serde_json::{Value, json};
use service::webhook::outcome::Outcome;
use service::webhook::pace::Paces;
use service::webhook::together::{self, Ended};
use service::webhook::turn::{self, Message};
use tests::{environment, with_tenant};

use super::turns::{URL, accept, accepted, deliveries, reject, take, take_fast, take_one, take_with};
use super::{category, delivery, endpoint, endpoint_with, rename};

#[test]
fn outcomes_of_a_tenant_are_recorded_together() {
    with_tenant(async |tenant| {
        let made = endpoint(tenant, URL).await;
        for code in ["ONE", "TWO", "THREE", "FOUR"] {
            category(tenant, code).await;
        }
        let mut messages = take(tenant).await.messages;
        assert_eq!(messages.len(), 4);
        // A message that is sent again meanwhile has another lease: only the log shows its outcome.
        let again = messages[3].delivery_id;
        tenant.post(&format!("/v1/webhook-deliveries/{again}/retry"), &json!({})).await.ok();
        let last = messages.pop().map(accepted);
        let ended: Vec<Ended> = messages.into_iter().map(accepted).chain(last).collect();
        let db = environment().db.for_server();
        together::record(&db, tenant.id, &ended).await.expect("outcomes");
        assert!(db.statements() < 8, "{} statements", db.statements());
        // A repeat changes nothing.
        together::record(&db, tenant.id, &ended).await.expect("outcomes");
        let seen = deliveries(tenant, &made).await;
        let delivered = seen.iter().filter(|row| row["status"] == "delivered");
        assert!(
            delivered.clone().all(|row| row["response_status"] == 204 && row["version"] == 2),
            "{seen:?}"
        );
        assert_eq!(delivered.count(), 3);
        assert_eq!(tenant.count("webhook_attempt").await, 4);
        assert_eq!(take_one(tenant).await.delivery_id, again);
    });
}

#[test]
fn an_accepted_message_is_recorded_while_a_turn_holds_the_cursor() {
    with_tenant(async |tenant| {
        let made = endpoint(tenant, URL).await;
        category(tenant, "ONE").await;
        let message = take_one(tenant).await;
        let mut turn = environment().root.begin().await.expect("a transaction");
        let lock = "select from webhook_cursor where tenant_id = $1 for update";
        sqlx::query(lock).bind(tenant.id.0).execute(&mut *turn).await.expect("the cursor is locked");
        together::record(&environment().db, tenant.id, &[accepted(message)]).await.expect("an outcome");
        turn.rollback().await.expect("the lock ends");
        let seen = delivery(tenant, &made, |row| row["status"] == "delivered").await;
        assert_eq!(seen["attempts"], 1);
    });
}

#[test]
fn failures_do_not_delay_successes() {
    with_tenant(async |tenant| {
        let made = endpoint(tenant, URL).await;
        let body = json!({ "url": URL, "event_types": ["category.*"], "payload": "full" });
        let whole = endpoint_with(tenant, body).await;
        for number in 0..40 {
            category(tenant, &format!("C{number}")).await;
        }
        let paces = Paces::default();
        let id = made.id.parse().expect("an id");
        let whole = whole.id.parse().expect("an id");
        (0..40).for_each(|_| [id, whole].iter().for_each(|id| paces.note(*id, true, 1)));
        let failed = Outcome { error: Some("timeout"), ..Outcome::default() };
        let messages = take_fast(tenant, &paces).await.messages;
        let (messages, of_whole): (Vec<Message>, Vec<Message>) =
            messages.into_iter().partition(|message| message.endpoint_id == id);
        assert_eq!((messages.len(), of_whole.len()), (40, 16), "whole objects take memory");
        let mut ended: Vec<Ended> =
            messages.into_iter().map(|message| Ended { message, outcome: failed.clone() }).collect();
        ended[39].outcome = Outcome { status: Some(204), ..Outcome::default() };
        let accepted = ended[39].message.delivery_id;
        let mut parts = Vec::new();
        while !ended.is_empty() {
            parts.push(together::take_next(&mut ended));
        }
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [17, 16, 7]);
        assert_eq!(parts[0][16].message.delivery_id, accepted, "it is recorded in the first part");
    });
}

#[test]
fn a_success_among_others_ends_the_failures_of_its_endpoint() {
    with_tenant(async |tenant| {
        let made = endpoint(tenant, URL).await;
        for code in ["ONE", "TWO", "THREE"] {
            category(tenant, code).await;
        }
        let mut messages = take(tenant).await.messages;
        reject(&messages.remove(0)).await;
        let ended: Vec<Ended> = messages.into_iter().map(accepted).collect();
        together::record(&environment().db, tenant.id, &ended).await.expect("outcomes");
        assert_eq!(tenant.get(&made.path("")).await.ok()["failures"], 0);
        let seen = deliveries(tenant, &made).await;
        assert_eq!(seen.iter().filter(|row| row["status"] == "delivered").count(), 2);
    });
}

#[test]
fn records_of_several_messages_are_read_together() {
    with_tenant(async |tenant| {
        let wanted = json!({ "url": URL, "event_types": ["category.*"], "payload": "full" });
        endpoint_with(tenant, wanted).await;
        // It counts its statements apart.
        let db = environment().db.for_server();
        category(tenant, "ONE").await;
        let turn = take_with(&db, tenant).await;
        let for_one = db.statements();
        accept(&turn.messages[0]).await;
        for code in ["TWO", "THREE", "FOUR", "FIVE"] {
            category(tenant, code).await;
        }
        let turn = take_with(&db, tenant).await;
        let codes: Vec<Value> = turn
            .messages
            .iter()
            .map(|message| message.object.as_ref().expect("a whole record")["code"].clone())
            .collect();
        assert_eq!(codes, ["TWO", "THREE", "FOUR", "FIVE"]);
        assert_eq!(db.statements() - for_one, for_one);
    });
}

#[test]
fn a_turn_serves_all_endpoints_together() {
    with_tenant(async |tenant| {
        endpoint(tenant, URL).await;
        let id = category(tenant, "ONE").await;
        // It counts its statements apart.
        let db = environment().db.for_server();
        let first = take_with(&db, tenant).await.messages;
        let for_one = db.statements();
        assert_eq!(first.len(), 1);
        accept(&first[0]).await;
        for _ in 0..3 {
            endpoint(tenant, URL).await;
        }
        rename(tenant, &id, "One").await;
        category(tenant, "TWO").await;
        let turn = take_with(&db, tenant).await;
        assert_eq!(db.statements() - for_one, for_one, "four endpoints cost no more statements");
        assert_eq!(turn.messages.len(), 8, "both events for each endpoint");
        assert!(turn.messages.iter().all(|message| message.attempt == 1));
        assert!(!turn.is_waiting, "nothing is left");
        rename(tenant, &id, "Uno").await;
        let next = take(tenant).await;
        assert_eq!((next.messages.len(), next.is_waiting), (0, true), "it waits for the one before");
        for message in &turn.messages {
            accept(message).await;
        }
        let last = take(tenant).await.messages;
        assert_eq!(last.len(), 4);
        assert!(last.iter().all(|message| message.event.kind == "category.updated" && message.attempt == 1));
    });
}

#[test]
fn messages_that_were_not_sent_are_given_back_together() {
    with_tenant(async |tenant| {
        endpoint(tenant, URL).await;
        endpoint(tenant, URL).await;
        category(tenant, "ONE").await;
        category(tenant, "TWO").await;
        let mut messages = take(tenant).await.messages;
        assert_eq!(messages.len(), 4);
        // This one is sent again meanwhile, by another lease.
        let again = messages[3].delivery_id;
        tenant.post(&format!("/v1/webhook-deliveries/{again}/retry"), &json!({})).await.ok();
        let renewed = take_one(tenant).await;
        assert_eq!((renewed.delivery_id, renewed.attempt), (again, 2));
        let db = environment().db.for_server();
        turn::give_back(&db, tenant.id, &messages).await.expect("they are given back");
        assert!(db.statements() < 6, "{} statements", db.statements());
        messages.pop();
        let mut taken = take(tenant).await.messages;
        let id = |message: &Message| message.delivery_id;
        taken.sort_by_key(id);
        messages.sort_by_key(id);
        assert_eq!(taken.iter().map(id).collect::<Vec<_>>(), messages.iter().map(id).collect::<Vec<_>>());
        assert!(taken.iter().all(|message| message.attempt == 1), "the attempts are not counted");
    });
}
