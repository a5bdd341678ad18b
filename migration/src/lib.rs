//! The schema as plain SQL, and the runner that applies it.
//!
//! `sql/NNNN_area.up.sql` are steps. Each runs once, in a transaction, under one lock. Its `lock_timeout` keeps a
//! step that waits for a long report from stalling the writers behind it. `replaceable/` has definitions that can be
//! repeated at any time (roles, row-level security, functions, views) and runs after every change.

use std::time::Duration;

use rand::RngExt;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, ConnectOptions, Connection, Executor, Row};

mod bootstrap;

pub use bootstrap::{Passwords, bootstrap};

/// Longest wait of a step for a lock, before it rolls back and retries.
const LOCK_TIMEOUT_MS: u32 = 200;
/// Most attempts of a step before the migration fails.
const ATTEMPTS_MAX: u32 = 50;

/// One step of the schema's history.
#[derive(Debug)]
pub struct Step {
    /// File name without its ending, such as `0001_tenant`.
    pub name: &'static str,
    pub up: &'static str,
    pub down: &'static str,
}

macro_rules! step {
    ($name:literal) => {
        Step {
            name: $name,
            up: include_str!(concat!("../sql/", $name, ".up.sql")),
            down: include_str!(concat!("../sql/", $name, ".down.sql")),
        }
    };
}

/// All steps, oldest first.
pub const STEPS: &[Step] = &[
    step!("0001_tenant"),
    step!("0002_auth"),
    step!("0003_catalog"),
    step!("0004_customer"),
    step!("0005_stock"),
    step!("0006_order"),
    step!("0007_pos"),
    step!("0008_ledger"),
    step!("0009_supply"),
    step!("0010_assortment"),
    step!("0011_event"),
    step!("0012_checkpoint"),
    step!("0013_bundle"),
    step!("0014_lot"),
    step!("0015_count"),
    step!("0016_promise"),
    step!("0017_costing"),
    step!("0018_hold_reference"),
    step!("0019_lot_count"),
    step!("0022_draw"),
    step!("0023_hold_expiry"),
    step!("0024_allotment"),
    step!("0025_rows"),
    step!("0030_one_policy"),
    step!("0031_event_cursor"),
    step!("0035_transfer_movements"),
    step!("0036_load"),
    step!("0037_sale_checks"),
    step!("0040_key_bounds"),
    step!("0041_key_market"),
    step!("0042_access_refusal"),
];

/// Run after every change, in this order.
const REPLACEABLE: &[&str] = &[
    include_str!("../replaceable/10_roles.sql"),
    include_str!("../replaceable/20_wall.sql"),
    include_str!("../replaceable/30_auth.sql"),
    include_str!("../replaceable/31_search.sql"),
    include_str!("../replaceable/35_housekeeping.sql"),
    include_str!("../replaceable/36_post.sql"),
    include_str!("../replaceable/40_bi.sql"),
    include_str!("../replaceable/42_bi_stock.sql"),
    include_str!("../replaceable/49_bi_comments.sql"),
];

/// The reason why a migration failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database reported an error.
    #[error("{doing}: {source}")]
    Database {
        /// The action that failed.
        doing: String,
        source: sqlx::Error,
    },
    /// The database has steps that this program does not know.
    #[error("the database has step {0}, which this version does not know: use the newer version")]
    Unknown(String),
}

trait Doing<T> {
    fn doing(self, what: impl Into<String>) -> Result<T, Error>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, what: impl Into<String>) -> Result<T, Error> {
        self.map_err(|source| Error::Database { doing: what.into(), source })
    }
}

/// Opens a connection for a migration: notices are not logged.
async fn connect(url: &str) -> Result<PgConnection, Error> {
    let options: PgConnectOptions =
        url.parse::<PgConnectOptions>().doing("reading the migrator's database URL")?;
    options.disable_statement_logging().connect().await.doing("connecting to the database")
}

/// Brings the schema up to date and returns the names of the applied steps.
pub async fn up(migrator_url: &str) -> Result<Vec<&'static str>, Error> {
    let mut connection = connect(migrator_url).await?;
    let mut applied = Vec::new();
    for attempt in 1.. {
        match run_pending(&mut connection).await {
            Ok(mut names) => {
                applied.append(&mut names);
                break;
            }
            Err(error) if attempt < ATTEMPTS_MAX && is_lock_timeout(&error) => {
                tracing::warn!(attempt, "the schema is in use; trying the step again");
                let pause_ms = rand::rng().random_range(50..250);
                tokio::time::sleep(Duration::from_millis(pause_ms)).await;
            }
            Err(error) => return Err(error),
        }
    }
    raise_positions(&mut connection).await?;
    connection.close().await.doing("closing the connection")?;
    Ok(applied)
}

/// Makes new events come after the old ones if the database was loaded from a dump. A server counts its transactions
/// from its own beginning, and that count determines the position of an event. Otherwise it changes nothing.
async fn raise_positions(connection: &mut PgConnection) -> Result<(), Error> {
    let doing = "putting new events behind the old ones";
    let row = sqlx::query(
        "select max(position) from event \
         where position >= event_base() + pg_snapshot_xmax(pg_current_snapshot())::text::bigint",
    );
    let row = row.fetch_one(&mut *connection).await.doing(doing)?;
    let Some(last) = row.try_get::<Option<i64>, _>(0).doing(doing)? else { return Ok(()) };
    tracing::warn!(last, "the events are ahead of this server's transactions: it was loaded from a dump");
    let statement = format!(
        "create or replace function event_base() returns bigint language sql immutable parallel safe return {last}::bigint"
    );
    connection.execute(sqlx::AssertSqlSafe(statement)).await.doing(doing)?;
    Ok(())
}

/// Reverts the newest step and returns its name, or `None` if there is nothing to revert.
pub async fn down(migrator_url: &str) -> Result<Option<&'static str>, Error> {
    let mut connection = connect(migrator_url).await?;
    begin(&mut connection).await?;
    let done = done(&mut connection).await?;
    let Some(step) = STEPS.iter().rev().find(|step| done.iter().any(|name| name == step.name)) else {
        return Ok(None);
    };
    for statement in ["drop schema if exists bi cascade", "drop schema if exists auth cascade", step.down] {
        connection
            .execute(sqlx::AssertSqlSafe(statement))
            .await
            .doing(format!("taking {} back", step.name))?;
    }
    sqlx::query("delete from schema_migration where name = $1")
        .bind(step.name)
        .execute(&mut connection)
        .await
        .doing("noting the step")?;
    connection.execute("commit").await.doing("committing")?;
    connection.close().await.doing("closing the connection")?;
    Ok(Some(step.name))
}

/// Returns the names of the steps that the database has.
pub async fn applied(url: &str) -> Result<Vec<String>, Error> {
    let mut connection = connect(url).await?;
    done(&mut connection).await
}

async fn run_pending(connection: &mut PgConnection) -> Result<Vec<&'static str>, Error> {
    begin(connection).await?;
    let outcome = apply(connection).await;
    let end = if outcome.is_ok() { "commit" } else { "rollback" };
    connection.execute(end).await.doing("ending the migration")?;
    outcome
}

async fn begin(connection: &mut PgConnection) -> Result<(), Error> {
    let opening = format!(
        "begin; set local client_min_messages = warning; set local lock_timeout = {LOCK_TIMEOUT_MS}; set local role stockwell_owner; \
         create table if not exists public.schema_migration ( \
             name text primary key, applied_at timestamptz not null default now()); \
         grant select on public.schema_migration to stockwell_app; \
         lock table public.schema_migration in exclusive mode"
    );
    connection.execute(sqlx::AssertSqlSafe(opening)).await.doing("taking the migration lock")?;
    Ok(())
}

async fn done(connection: &mut PgConnection) -> Result<Vec<String>, Error> {
    let rows = sqlx::query("select name from public.schema_migration order by name")
        .fetch_all(connection)
        .await
        .doing("reading the schema's history")?;
    rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().doing("reading the schema's history")
}

async fn apply(connection: &mut PgConnection) -> Result<Vec<&'static str>, Error> {
    let done = done(connection).await?;
    if let Some(unknown) = done.iter().find(|name| !STEPS.iter().any(|step| step.name == *name)) {
        return Err(Error::Unknown(unknown.clone()));
    }
    let mut applied = Vec::new();
    for step in STEPS.iter().filter(|step| !done.iter().any(|name| name == step.name)) {
        connection.execute(step.up).await.doing(format!("applying {}", step.name))?;
        sqlx::query("insert into public.schema_migration (name) values ($1)")
            .bind(step.name)
            .execute(&mut *connection)
            .await
            .doing("noting the step")?;
        applied.push(step.name);
    }
    for text in REPLACEABLE {
        connection.execute(*text).await.doing("stating roles, walls and functions")?;
    }
    Ok(applied)
}

/// 55P03: another transaction held the lock for too long.
fn is_lock_timeout(error: &Error) -> bool {
    let Error::Database { source, .. } = error else { return false };
    source.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "55P03")
}
