//! The only way to the database: a transaction that knows its tenant and its one clock reading.
//!
//! Opening costs one round trip: `begin` and the tenant travel in one message. The pool can't run SQL: only
//! [`Db::schema_step`] and `Db::ask` read without a tenant. This is the only file that reads the clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Timelike, Utc};
use domain::id::{CommandId, IdSequence, TenantId};
use futures_util::TryStreamExt;
use rand::RngExt;
use sea_orm::sea_query::{Alias, Expr, ExprTrait};
use sea_orm::sqlx::postgres::{PgArguments, PgRow};
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Postgres};
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, ExecResult, QueryFilter, QueryResult, RuntimeErr, Select,
    Statement,
};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;

use self::connections::Lent;
use self::db::{MANY_ROWS, REPORT_STATEMENT};
use crate::Error;
use crate::notifier::Notifier;

mod connections;
mod db;
mod moves;
mod options;
pub(crate) mod shares;

pub use db::Db;
pub(crate) use db::{READER, require_trading};
pub use moves::Move;
pub use options::PoolOptions;

/// Returns the number of processors of this machine.
pub(crate) fn processors() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(u32::MAX))
}

/// Reads the clock, in microseconds as the database stores them.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(crate) fn now() -> DateTime<Utc> {
    let now = Utc::now();
    now.with_nanosecond(now.nanosecond() / 1_000 * 1_000).unwrap_or(now)
}

pub(crate) async fn pause_before_retry(error: &Error) {
    tracing::warn!(%error, "a write lost a race and is tried again");
    metrics::counter!("stockwell_retries_total").increment(1);
    let pause_ms = rand::rng().random_range(1..20);
    tokio::time::sleep(Duration::from_millis(pause_ms)).await;
}

/// An open transaction of one tenant.
#[derive(Debug)]
pub struct Tx {
    connection: Mutex<Lent>,
    statements: Arc<AtomicU64>,
    notifier: Notifier,
    ids: std::sync::Mutex<IdSequence>,
    /// The id that rows have named as that of the command, which is written after them.
    named_command: std::sync::Mutex<Option<CommandId>>,
    commit_time: Duration,
    /// The tenant whose rows it sees.
    pub tenant_id: TenantId,
    /// The time of everything that it writes.
    pub now: DateTime<Utc>,
}

impl Tx {
    /// Returns a new id.
    pub fn next_id(&self) -> uuid::Uuid {
        self.ids.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next_id()
    }

    /// Returns a sequence of new ids for the domain.
    pub fn id_sequence(&self) -> IdSequence {
        IdSequence::new(self.now, rand::rng().random())
    }

    /// Returns the id of the next command: the one that rows have named, or a new one.
    pub fn command_id(&self) -> CommandId {
        self.named_command().take().unwrap_or_else(|| CommandId(self.next_id()))
    }

    /// Returns the id that the next command will have, so that rows can name the command that writes them.
    pub fn next_command_id(&self) -> CommandId {
        *self.named_command().get_or_insert_with(|| CommandId(self.next_id()))
    }

    fn named_command(&self) -> std::sync::MutexGuard<'_, Option<CommandId>> {
        self.named_command.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Selects rows of `E` of the tenant. Row-level security would hide the others; the predicate makes it fast.
    pub fn select<E: EntityTrait>(&self) -> Select<E> {
        E::find().filter(Expr::col((E::default(), Alias::new("tenant_id"))).eq(self.tenant_id.0))
    }

    /// Plans and times the next statements as those of a report. So a write can compute what a report shows.
    pub(crate) async fn plan_as_report(&self) -> Result<(), Error> {
        let settings = format!("{MANY_ROWS}; {REPORT_STATEMENT}; set local enable_seqscan = on");
        self.execute_unprepared(&settings).await?;
        Ok(())
    }

    /// Returns all rows of a literal query.
    pub async fn rows(&self, query: Query<'_, Postgres, PgArguments>) -> Result<Vec<PgRow>, Error> {
        Ok(query.fetch_all(&mut **self.connection().await).await?)
    }

    /// Takes the rows of a literal query one by one. They are not in memory at once, so one of them may be large.
    pub async fn each_row(
        &self,
        query: Query<'_, Postgres, PgArguments>,
        mut take: impl FnMut(&PgRow) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut connection = self.connection().await;
        let mut rows = query.fetch(&mut **connection);
        while let Some(row) = rows.try_next().await? {
            take(&row)?;
        }
        Ok(())
    }

    /// Returns at most one row of a literal query.
    pub async fn row(&self, query: Query<'_, Postgres, PgArguments>) -> Result<Option<PgRow>, Error> {
        Ok(query.fetch_optional(&mut **self.connection().await).await?)
    }

    /// Runs a literal statement. Returns the number of rows that it changed.
    pub async fn execute(&self, query: Query<'_, Postgres, PgArguments>) -> Result<u64, Error> {
        Ok(query.execute(&mut **self.connection().await).await?.rows_affected())
    }

    pub(crate) async fn commit(self) -> Result<(), Error> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let commit = self.connection.into_inner().end("commit");
        let ended = timeout(self.commit_time, commit).await.unwrap_or(Err(Error::OutcomeUnknown(None)));
        ended.map_err(Error::of_commit)?;
        self.notifier.notify(self.tenant_id);
        Ok(())
    }

    pub(crate) async fn rollback(self) -> Result<(), Error> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        self.connection.into_inner().end("rollback").await
    }

    async fn connection(&self) -> MutexGuard<'_, Lent> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        self.connection.lock().await
    }
}

fn exec_error(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(error)))
}

fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}

/// Turns sea-orm's statement into SQL and values for sqlx.
fn prepared(statement: Statement) -> (sqlx::AssertSqlSafe<String>, SqlxValues) {
    let values = statement.values.unwrap_or_else(|| sea_orm::sea_query::Values(Vec::new()));
    (sqlx::AssertSqlSafe(statement.sql), SqlxValues(values))
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let (sql, values) = prepared(statement);
        let query = sqlx::query_with(sql, values);
        query.execute(&mut **self.connection().await).await.map(Into::into).map_err(exec_error)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let query = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
        query.execute(&mut **self.connection().await).await.map(Into::into).map_err(exec_error)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let (sql, values) = prepared(statement);
        let query = sqlx::query_with(sql, values);
        let row = query.fetch_optional(&mut **self.connection().await).await.map_err(query_error)?;
        Ok(row.map(Into::into))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let (sql, values) = prepared(statement);
        let query = sqlx::query_with(sql, values);
        let rows = query.fetch_all(&mut **self.connection().await).await.map_err(query_error)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}
