//! The lock on closed periods: what happened in one is kept with its time, and posted on the first open day.

use std::cell::Cell;
use std::time::Duration;

use futures_util::join;
use sea_orm::sqlx::{self, Connection, Row};
use serde_json::{Value, json};
use service::period_lock::{self, PeriodLockInput};
use tests::{Tenant, environment, lines, sale, with_tenant};
use tokio::sync::oneshot;

const LOCKS: &str = "/v1/period-locks";

async fn lock(tenant: &Tenant, through: Value) -> Value {
    let body = json!({ "locked_through": through, "reason": "Month reported" });
    tenant.post(LOCKS, &body).await.created()
}

/// Checks that one of the newest entries happened on a day and was posted on another. What a late document leaves to cost
/// variance is an entry of its own.
async fn check_days(tenant: &Tenant, occurred_on: &str, posted_on: &str) {
    let page = tenant.get("/v1/journal-entries?limit=3").await.ok();
    let entries = page["data"].as_array().expect("entries").iter();
    let newest = entries.clone().find(|entry| entry["occurred_on"] == occurred_on);
    let newest = newest.unwrap_or_else(|| panic!("no entry of {occurred_on}: {page}"));
    assert_eq!(newest["posted_on"], posted_on, "{page}");
}

#[test]
fn a_late_document_keeps_its_time_and_is_posted_on_the_first_open_day() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let mut late = sale(&till, &[("MUG", "1")]);
        late["occurred_at"] = json!("2019-05-04T10:00:00Z");
        tenant.post("/v1/pos/sales", &late).await.created();
        check_days(tenant, "2019-05-04", "2019-05-04").await;
        lock(tenant, json!("2026-03-31")).await;
        let sold = tenant.post("/v1/pos/sales", &late).await.created();
        assert_eq!(sold["occurred_at"], "2019-05-04T10:00:00Z");
        check_days(tenant, "2019-05-04", "2026-04-01").await;
        let receipt = json!({ "kind": "receipt", "occurred_at": "2026-03-31T12:00:00Z",
            "lines": [{ "sku": "MUG", "quantity": "1", "unit_cost": "4" }] });
        tenant.post("/v1/stock/documents", &receipt).await.created();
        check_days(tenant, "2026-03-31", "2026-04-01").await;
        let order = json!({ "customer_id": customer, "occurred_at": "2026-02-01T12:00:00Z",
            "lines": lines(&[("MUG", "1")]), "advance_to": "invoiced" });
        tenant.post("/v1/orders", &order).await.created();
        check_days(tenant, "2026-02-01", "2026-04-01").await;
        let payment = json!({ "customer_id": customer, "method": "bank", "amount": "1", "occurred_at": "2026-01-01T12:00:00Z" });
        tenant.post("/v1/payments", &payment).await.created();
        check_days(tenant, "2026-01-01", "2026-04-01").await;
        let entry = json!({ "memo": "Rent", "occurred_on": "2026-01-31", "lines": [
            { "account": "6100", "debit": "1" }, { "account": "1010", "credit": "1" }] });
        tenant.post("/v1/journal-entries", &entry).await.created();
        check_days(tenant, "2026-01-31", "2026-04-01").await;
        let open = json!({ "memo": "Rent", "occurred_on": "2026-04-02", "lines": entry["lines"] });
        tenant.post("/v1/journal-entries", &open).await.created();
        check_days(tenant, "2026-04-02", "2026-04-02").await;
        let items = json!([{ "idempotency_key": format!("late-{}", tenant.id.0), "body": late }]);
        let done = tenant.post("/v1/pos/sales/batch", &json!({ "items": items })).await.json();
        assert_eq!(done["accepted"], 1, "{done}");
        check_days(tenant, "2019-05-04", "2026-04-01").await;
        let closed = tenant.get("/v1/trial-balance?to=2026-04-01").await.ok();
        let later = tenant.get("/v1/trial-balance?to=2026-04-02").await.ok();
        let cash = |balance: &Value| {
            let accounts = balance["accounts"].as_array().expect("accounts").iter();
            let cash = accounts.clone().find(|account| account["account"] == "1000").expect("the cash");
            cash["closing"].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!(cash(&closed), "12.00", "what was posted before the lock stays in its period: {closed}");
        assert_eq!(cash(&later), "36.00", "{later}");
    });
}

#[test]
fn the_lock_is_moved_back_and_every_move_is_kept() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let till = tenant.till().await;
        let first = lock(tenant, json!("2026-03-31")).await;
        let second = lock(tenant, json!("2026-01-31")).await;
        let mut late = sale(&till, &[("MUG", "1")]);
        late["occurred_at"] = json!("2026-02-10T10:00:00Z");
        tenant.post("/v1/pos/sales", &late).await.created();
        check_days(tenant, "2026-02-10", "2026-02-10").await;
        lock(tenant, Value::Null).await;
        late["occurred_at"] = json!("2019-05-04T10:00:00Z");
        tenant.post("/v1/pos/sales", &late).await.created();
        check_days(tenant, "2019-05-04", "2019-05-04").await;
        let moves = tenant.get(LOCKS).await.ok();
        let through: Vec<&Value> =
            moves["data"].as_array().expect("moves").iter().map(|one| &one["locked_through"]).collect();
        assert_eq!(through, [&Value::Null, &json!("2026-01-31"), &json!("2026-03-31")]);
        assert_eq!(
            tenant.get(&format!("{LOCKS}/{}", first["id"].as_str().expect("an id"))).await.ok(),
            first
        );
        let commands = tenant.get("/v1/commands?name=period_lock.moved").await.ok();
        assert_eq!(commands["data"].as_array().map(Vec::len), Some(3));
        assert_eq!(commands["data"][1]["document_id"], second["id"]);
    });
}

#[test]
fn only_its_scope_moves_the_lock_and_not_into_today() {
    with_tenant(async |tenant| {
        let body = json!({ "locked_through": "2026-01-31", "reason": "January" });
        let key = crate::platform::auth::key(tenant, &["ledger:write", "ledger:read", "pos:write"]).await;
        let problem = tenant.with_key(&key).post(LOCKS, &body).await.refused(403, "insufficient_scope");
        assert_eq!(problem.0["required_scope"], "periods:lock");
        let key = crate::platform::auth::key(tenant, &["periods:lock"]).await;
        tenant.with_key(&key).post(LOCKS, &body).await.created();
        let today = environment().today(&chrono_tz::Europe::London).await;
        for day in [today, today + chrono::Days::new(400)] {
            let body = json!({ "locked_through": day.to_string(), "reason": "Too early" });
            tenant.post(LOCKS, &body).await.refused(422, "validation_failed").names(&["#/locked_through"]);
        }
        let empty = json!({ "locked_through": "2026-01-31", "reason": " " });
        tenant.post(LOCKS, &empty).await.refused(422, "validation_failed").names(&["#/reason"]);
    });
}

#[test]
fn sales_at_the_moment_of_the_lock_are_posted_before_or_after_it() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let till = tenant.till().await;
        let mut late = sale(&till, &[("MUG", "1")]);
        late["occurred_at"] = json!("2026-02-10T10:00:00Z");
        let sales = futures_util::future::join_all((0..12).map(|_| tenant.post("/v1/pos/sales", &late)));
        let (sales, _) = join!(sales, lock(tenant, json!("2026-03-31")));
        for reply in sales {
            reply.created();
        }
        tenant.post("/v1/pos/sales", &late).await.created();
        check_days(tenant, "2026-02-10", "2026-04-01").await;
    });
}

/// Ids follow the begin of a transaction, and moves of the lock follow each other.
#[test]
fn the_move_that_waited_holds() {
    with_tenant(async |tenant| {
        let input = json!({ "locked_through": "2026-03-31", "reason": "Month reported" });
        let input: PeriodLockInput = serde_json::from_value(input).expect("a move");
        let waited = environment().db.job(tenant.id, async |tx| {
            tokio::time::sleep(Duration::from_millis(5)).await;
            lock(tenant, json!("2026-01-31")).await;
            period_lock::create(tx, &input).await
        });
        let made = waited.await.expect("a move");
        let newest = tenant.get(&format!("{LOCKS}?limit=1")).await.ok();
        assert_eq!(newest["data"][0]["id"], made.id.to_string());
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let mut late = sale(&tenant.till().await, &[("MUG", "1")]);
        late["occurred_at"] = json!("2026-03-04T10:00:00Z");
        tenant.post("/v1/pos/sales", &late).await.created();
        check_days(tenant, "2026-03-04", "2026-04-01").await;
    });
}

/// Waits until a connection tries to take the lock, or waits for it.
async fn until_tried(pid: i32) {
    let query = "select count(*) from pg_stat_activity \
                 where pid = $1 and query like '%advisory_xact_lock(hashtextextended(%period_lock%'";
    loop {
        let tried: i64 = sqlx::query_scalar(query)
            .bind(pid)
            .fetch_one(&environment().root)
            .await
            .expect("the activity is read");
        if tried > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A move waits for a posting under way. If it stood in the queue for the lock, each later posting would stand behind it.
#[test]
fn a_sale_does_not_queue_behind_a_move_that_waits() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let till = tenant.till().await;
        let input = json!({ "locked_through": "2026-03-31", "reason": "Month reported" });
        let input: PeriodLockInput = serde_json::from_value(input).expect("a move");
        let mut connection = environment().connect().await;
        let mut posting = connection.begin().await.expect("a transaction");
        let shared = "select pg_advisory_xact_lock_shared(hashtextextended('period_lock ' || $1::uuid, 0))";
        sqlx::query(shared).bind(tenant.id.0).execute(&mut *posting).await.expect("the lock of a posting");
        let (begun, has_begun) = oneshot::channel();
        let moved = environment().db.job(tenant.id, async |tx| {
            let row = tx.row(sqlx::query("select pg_backend_pid() as pid")).await?.expect("a row");
            begun.send(row.try_get::<i32, _>("pid")?).expect("the test waits");
            period_lock::create(tx, &input).await
        });
        let meanwhile = async {
            until_tried(has_begun.await.expect("the move begins")).await;
            tenant.sell(&till, &[("MUG", "1")]).await.created();
            posting.rollback().await.expect("the posting ends");
        };
        let (moved, ()) = join!(moved, meanwhile);
        assert_eq!(moved.expect("a move").locked_through, "2026-03-31".parse().ok());
        assert_eq!(lock(tenant, json!("2026-04-30")).await["locked_through"], "2026-04-30");
    });
}

/// Shares the lock as postings do, 40 milliseconds each, one after the other until the move is done.
async fn post_on(tenant: &Tenant, after: Duration, is_done: &Cell<bool>) {
    let mut connection = environment().connect().await;
    tokio::time::sleep(after).await;
    let take = "select pg_advisory_lock_shared(hashtextextended('period_lock ' || $1::uuid, 0))";
    let free = "select pg_advisory_unlock_shared(hashtextextended('period_lock ' || $1::uuid, 0))";
    while !is_done.get() {
        sqlx::query(take).bind(tenant.id.0).execute(&mut connection).await.expect("the lock of a posting");
        tokio::time::sleep(Duration::from_millis(40)).await;
        sqlx::query(free).bind(tenant.id.0).execute(&mut connection).await.expect("the posting ends");
    }
}

/// The postings of a busy tenant overlap, so the lock is never free when it is tried.
#[test]
fn a_move_gets_its_turn_between_postings_that_overlap() {
    with_tenant(async |tenant| {
        let input = json!({ "locked_through": "2026-03-31", "reason": "Month reported" });
        let input: PeriodLockInput = serde_json::from_value(input).expect("a move");
        let is_done = Cell::new(false);
        let moving = async {
            tokio::time::sleep(Duration::from_millis(60)).await;
            let moved =
                environment().db.job(tenant.id, async |tx| period_lock::create(tx, &input).await).await;
            is_done.set(true);
            moved.expect("a move")
        };
        let after = |millis: u64| post_on(tenant, Duration::from_millis(millis), &is_done);
        let (moved, (), (), ()) = join!(moving, after(0), after(13), after(27));
        assert_eq!(moved.locked_through, "2026-03-31".parse().ok());
    });
}
