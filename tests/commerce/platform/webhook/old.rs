//! Old deliveries are deleted with their logs, also those of endpoints that were deleted. Webhooks do not wait for that.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::IdSequence;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection};
use service::webhook::old;
use stockwell::worker::Worker;
use tests::{Receiver, Tenant, environment, with_tenant};
use uuid::Uuid;

use super::turns::{accept, take};
use super::{category, delivery, endpoint, house, text, with_receivers, worker_config};

/// Copies the last delivery of a tenant with another id, as if it had come to a status so many days ago. The copy has a log.
const COPY: &str = "with made as ( \
         insert into webhook_delivery (tenant_id, id, endpoint_id, event_id, kind, document_kind, document_id, position, written, \
             occurred_at, recorded_at, status, next_at, created_at, updated_at) \
         select tenant_id, $2::uuid, endpoint_id, event_id, kind, document_kind, document_id, position, written, occurred_at, \
             recorded_at, $3::text, next_at, created_at, now() - make_interval(days => $4) \
         from webhook_delivery where tenant_id = $1 order by id desc limit 1 \
         returning tenant_id, id) \
     insert into webhook_attempt (tenant_id, delivery_id, number, attempted_at, duration_ms, request, is_cut) \
     select tenant_id, id, 1, now(), 1, '', false from made";

/// Returns an id that was made 40 days before `now`.
fn old_id(now: DateTime<Utc>, random: u128) -> Uuid {
    IdSequence::new(now - TimeDelta::days(40), random).next_id()
}

async fn ids(tenant: &Tenant) -> Vec<Uuid> {
    let query = sqlx::query_scalar("select id from webhook_delivery where tenant_id = $1 order by id");
    query.bind(tenant.id.0).fetch_all(&environment().root).await.expect("ids")
}

#[test]
fn deliveries_that_ended_long_ago_are_deleted() {
    with_tenant(async |tenant| {
        // A worker of another test would delete them first.
        let _turn = environment().relays.lock().await;
        endpoint(tenant, "https://hooks.invalid/").await;
        category(tenant, "ONE").await;
        accept(&take(tenant).await.messages[0]).await;
        let fresh = ids(tenant).await;
        let now = environment().now().await;
        let made = [("delivered", 31), ("dead", 31), ("delivered", 29), ("pending", 31)];
        let mut old = Vec::new();
        for (number, (status, days)) in (1_u128..).zip(made) {
            let id = old_id(now, number << 40);
            old.push(id);
            let copy = sqlx::query(COPY).bind(tenant.id.0).bind(id).bind(status).bind(days);
            copy.execute(&environment().root).await.expect("a copy");
        }
        assert_eq!(old::forget(&environment().db, tenant.id).await.expect("old ones are deleted"), 2);
        assert_eq!(ids(tenant).await, [&old[2..], &fresh[..]].concat());
        assert_eq!(tenant.count("webhook_attempt").await, 3);
        // A version before deletes an endpoint without ending its deliveries.
        let deleted =
            "update webhook_endpoint set deleted_at = now() - interval '31 days' where tenant_id = $1";
        sqlx::query(deleted).bind(tenant.id.0).execute(&environment().root).await.expect("an update");
        assert_eq!(old::forget(&environment().db, tenant.id).await.expect("old ones are deleted"), 2);
        assert_eq!(ids(tenant).await, fresh);
    });
}

#[test]
fn an_old_delivery_that_another_transaction_changes_keeps_its_log() {
    with_tenant(async |tenant| {
        // A worker of another test would delete it first.
        let _turn = environment().relays.lock().await;
        endpoint(tenant, "https://hooks.invalid/").await;
        category(tenant, "ONE").await;
        accept(&take(tenant).await.messages[0]).await;
        let id = old_id(environment().now().await, 1 << 40);
        let copy = sqlx::query(COPY).bind(tenant.id.0).bind(id).bind("dead").bind(31);
        copy.execute(&environment().root).await.expect("a copy");
        let mut other = environment().root.begin().await.expect("a transaction");
        let again = "update webhook_delivery set status = 'pending' where tenant_id = $1 and id = $2";
        sqlx::query(again).bind(tenant.id.0).bind(id).execute(&mut *other).await.expect("an update");
        assert_eq!(old::forget(&environment().db, tenant.id).await.expect("it is left"), 0);
        other.commit().await.expect("it is sent again");
        assert_eq!(old::forget(&environment().db, tenant.id).await.expect("it waits"), 0);
        assert_eq!(tenant.count("webhook_attempt").await, 2);
    });
}

/// Counts the sessions of workers.
const SESSIONS: &str = "select count(*) from pg_stat_activity \
                        where datname = current_database() and usename = 'stockwell_relay'";

#[test]
fn webhooks_do_not_share_the_connection_of_the_clean_up() {
    environment().runtime.block_on(async {
        let apart = environment().tenant_apart(|_| {}).await;
        let worker = Worker::start(&worker_config(&apart)).await.expect("the worker starts");
        let mut migrator = PgConnection::connect(&apart.migrator_url()).await.expect("the migrator connects");
        let sessions: i64 = sqlx::query_scalar(SESSIONS).fetch_one(&mut migrator).await.expect("sessions");
        assert_eq!(
            sessions, 3,
            "the clean-up, the list of tenants with new events, and the lock of the worker"
        );
        worker.stop().await;
    });
}

#[test]
fn the_worker_deletes_deliveries_of_a_tenant_without_endpoints() {
    with_receivers(async |tenant| {
        let receiver = Receiver::good().await;
        let made = endpoint(tenant, &receiver.url).await;
        category(tenant, "ONE").await;
        let done = delivery(tenant, &made, |row| row["status"] == "delivered").await;
        tenant.delete(&made.path("")).await.expect(204);
        let apart = house().await;
        let mut migrator = PgConnection::connect(&apart.migrator_url()).await.expect("the migrator connects");
        let id = old_id(environment().now().await, 1 << 40);
        let copy = sqlx::query(COPY).bind(tenant.id.0).bind(id).bind("delivered").bind(31);
        let copied = copy.execute(&mut migrator).await.expect("a copy");
        assert_eq!(copied.rows_affected(), 1);
        let path = format!("/v1/webhook-deliveries?endpoint_id={}", made.id);
        // It deletes when it starts, and every hour. The worker of the other tests may have started a moment ago and delete the copy.
        let worker = Worker::start(&worker_config(apart)).await.expect("the worker starts");
        until_listed(tenant, &path, 1).await;
        worker.stop().await;
        let left = tenant.get(&path).await.ok();
        assert_eq!(text(&left["data"][0]["id"]), text(&done["id"]));
    });
}

/// Waits until a list has so many rows.
async fn until_listed(tenant: &Tenant, path: &str, count: usize) {
    for _ in 0..600 {
        if tenant.get(path).await.ok()["data"].as_array().map(Vec::len) == Some(count) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("other deliveries: {}", tenant.get(path).await.text);
}
