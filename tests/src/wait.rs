//! Time that passes, days that must not turn, and sessions that wait for each other.

use std::time::{Duration, Instant};

use chrono::{NaiveDate, TimeDelta, TimeZone};
use sea_orm::sqlx;
use sea_orm::sqlx::postgres::PgConnection;
use tokio::time::sleep;

use crate::{Environment, Tenant, environment};

/// Longest wait for sessions that have to wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// Minutes that a day has left for a test that names it.
const MINUTES_LEFT: i64 = 2;

impl Environment {
    /// Returns the present day of a time zone. In the last minutes of a day it waits for the next one, so that the day does not turn
    /// while the test runs.
    pub async fn today<Z: TimeZone>(&self, zone: &Z) -> NaiveDate {
        loop {
            let now = self.now().await;
            let day = now.with_timezone(zone).date_naive();
            if (now + TimeDelta::minutes(MINUTES_LEFT)).with_timezone(zone).date_naive() == day {
                return day;
            }
            sleep(Duration::from_secs(1)).await;
        }
    }
}

impl Tenant {
    /// Moves the ends of all holds back, as if so much time had passed. A hold that really ends after a second may end before
    /// the requests that need it, if the machine is busy.
    pub async fn age_holds(&self, by: TimeDelta) {
        let statement = "with passed as (select $2::bigint * interval '1 microsecond' as time), \
             held as (update hold set expires_at = expires_at - time from passed where tenant_id = $1), \
             reserved as (update reservation set expires_at = expires_at - time from passed where tenant_id = $1) \
             update stock_level set next_expiry = next_expiry - time from passed where tenant_id = $1";
        let by = by.num_microseconds().expect("a span of microseconds");
        let aged = sqlx::query(statement).bind(self.id.0).bind(by).execute(&environment().root).await;
        aged.expect("the holds are older");
    }
}

/// Returns the process of the server that a connection has.
pub async fn process_of(connection: &mut PgConnection) -> i32 {
    let query = sqlx::query_scalar("select pg_backend_pid()");
    query.fetch_one(connection).await.expect("a process")
}

/// Returns the number of sessions that wait for the transaction of a process, or for a session that does. It reads `pg_locks`, because
/// `pg_stat_activity` shows a transaction no session that connects after its first look.
pub async fn waiting_for(connection: &mut PgConnection, process: i32) -> i64 {
    let query = "with recursive waiting (pid) as ( \
             select l.pid from pg_locks l where not l.granted and $1 = any (pg_blocking_pids(l.pid)) \
             union \
             select l.pid from waiting w join pg_locks l on not l.granted and w.pid = any (pg_blocking_pids(l.pid))) \
         select count(*) from waiting";
    sqlx::query_scalar(query).bind(process).fetch_one(connection).await.expect("locks are read")
}

/// Waits until so many sessions wait for the transaction of a connection, or for a session that does.
pub async fn until_waiting(connection: &mut PgConnection, sessions: i64) {
    let process = process_of(connection).await;
    until_waiting_for(connection, process, sessions).await;
}

/// Waits until so many sessions wait for the transaction of a process, or for a session that does.
pub async fn until_waiting_for(connection: &mut PgConnection, process: i32, sessions: i64) {
    let end = Instant::now() + PATIENCE;
    loop {
        let waiting = waiting_for(connection, process).await;
        if waiting >= sessions {
            return;
        }
        assert!(Instant::now() < end, "{waiting} of {sessions} sessions wait");
        sleep(Duration::from_millis(10)).await;
    }
}
