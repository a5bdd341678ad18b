//! Until when a list of records is complete (ADR 21).

use std::time::Instant;

use chrono::{DateTime, Duration, Utc};
use sea_orm::sqlx::{self, Row};
use tokio::sync::Mutex;

use crate::{Db, Error};

/// The most by which the clocks of servers and of PostgreSQL may differ.
const CLOCKS_DIFFER_MAX: Duration = Duration::seconds(1);
/// Time for which an instant is used again. The connection that finds it is one of those that find the callers of all tenants: lists
/// of one tenant must not take it often.
const KEPT_FOR: std::time::Duration = std::time::Duration::from_secs(1);

/// The instant that was found last, and when.
#[derive(Debug, Default)]
pub struct Synced(Mutex<Option<(Instant, DateTime<Utc>)>>);

impl Synced {
    /// Returns an instant such that every change that began before it is visible to a snapshot that is taken from now on, or never
    /// will be. Requests that ask together share one question to the database. An instant that was found before holds as well: it
    /// is only earlier than it could be.
    pub async fn until(&self, db: &Db) -> Result<DateTime<Utc>, Error> {
        let mut known = self.0.lock().await;
        if let Some((asked_at, until)) = *known
            && asked_at.elapsed() < KEPT_FOR
        {
            return Ok(until);
        }
        let asked_at = Instant::now();
        let until = match (find(db).await, *known) {
            (Ok(until), _) => until,
            // No connection is left: the next request must not wait for one too.
            (Err(_), Some((_, until))) => until,
            (Err(error), None) => return Err(error),
        };
        *known = Some((asked_at, until));
        Ok(until)
    }
}

/// Returns the earliest begin of a transaction that is open, less what clocks may differ. A transaction reads its clock after its
/// begin, and one that begins from now on is later.
async fn find(db: &Db) -> Result<DateTime<Utc>, Error> {
    let statement = "select least(clock_timestamp(), min(xact_start)) from pg_stat_activity \
                     where datname = current_database() and usename = current_user and pid <> pg_backend_pid() \
                       and xact_start is not null and application_name <> $1";
    let row = db.ask(|| sqlx::query(statement).bind(crate::tx::READER)).await?;
    let earliest: DateTime<Utc> =
        row.ok_or_else(|| Error::invariant("an aggregate returns one row"))?.try_get(0)?;
    Ok(earliest - CLOCKS_DIFFER_MAX)
}
