//! Until when a list of records is complete (ADR 21).

use std::convert::Infallible;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use sea_orm::sqlx::{self, Row};

use crate::recent::Recent;
use crate::{Db, Error};

/// The most by which the clocks of servers and of PostgreSQL may differ.
const CLOCKS_DIFFER_MAX: Duration = Duration::seconds(1);

/// The instant that was found last, or why none was.
#[derive(Debug, Default)]
pub struct Synced(Recent<Result<DateTime<Utc>, Arc<Error>>>);

impl Synced {
    /// Returns an instant such that every change that began before it is visible to a snapshot that is taken from now on, or never
    /// will be. An instant that was found before holds as well: it is only earlier than it could be.
    pub async fn until(&self, db: &Db) -> Result<DateTime<Utc>, Arc<Error>> {
        // If no connection is left, the next request must not wait for one too: requests that wait share a failure.
        let until = async |before: Option<Result<DateTime<Utc>, Arc<Error>>>| {
            let found = match (find(db).await, before) {
                (Err(_), Some(Ok(before))) => Ok(before),
                (found, _) => found.map_err(Arc::new),
            };
            Ok::<_, Infallible>(found)
        };
        let Ok(found) = self.0.get(until).await;
        found
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
