//! The database of the service: how a read, a report, a job and a write open their transaction, and the time that each may take.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::id::{IdSequence, TenantId};
use rand::RngExt;
use sea_orm::sqlx::postgres::{PgArguments, PgRow};
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Postgres};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};

use super::connections::Connections;
use super::moves::{Move, Moves};
use super::options::PoolOptions;
use super::shares::Work;
use super::{Tx, now, pause_before_retry};
use crate::notifier::Notifier;
use crate::timing::on_database;
use crate::{Caller, Error};

/// Time that each line adds to that of a write: a document of 2,000 lines is no fault of the database.
const LINE_TIME: Duration = Duration::from_millis(1);
/// Time that each further record of a batch adds.
const RECORD_TIME: Duration = Duration::from_millis(10);
/// Time of an import or a job.
const JOB_TIME: Duration = Duration::from_secs(600);
/// Longest time of a read, of all its statements together. The server that would end a statement may itself be the one
/// that does not respond.
const READ_TIME: Duration = Duration::from_secs(8);
/// Longest time of a report or an export, once it has begun.
const REPORT_TIME: Duration = Duration::from_secs(65);
/// The name of a transaction that only reads, in `pg_stat_activity`.
pub(crate) const READER: &str = "stockwell reader";
/// Settings of a transaction over many rows. Without parallel workers it uses one processor. A statement whose client is gone
/// ends.
pub(super) const MANY_ROWS: &str = "set local plan_cache_mode = force_custom_plan; set local work_mem = '64MB'; set local jit = off; \
     set local max_parallel_workers_per_gather = 0; set local client_connection_check_interval = '500ms'";
/// Longest time of one statement of a report.
pub(super) const REPORT_STATEMENT: &str = "set local statement_timeout = '60s'";
/// Finds the tenant if it is moving to another database, or was moved.
const PAUSED: &str =
    "select from tenant where tenant_id = $1 and (moved_at is not null or moving_until > now())";
/// Most attempts of a write that loses a race (40001, 40P01).
const ATTEMPTS_MAX: u32 = 3;

/// The database of the service.
#[derive(Debug, Clone)]
pub struct Db {
    connections: Connections,
    statements: Arc<AtomicU64>,
    /// Notified after every commit.
    pub(crate) notifier: Notifier,
    /// Share of the connections that commands use.
    write_share: Work,
    /// Time of a write.
    write_time: WriteTime,
    /// Tenants whose writes are rejected.
    moves: Moves,
}

/// The time of a write, by its parts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WriteTime {
    /// Longest wait for a turn.
    pub queue: Duration,
    /// Longest time from the turn to the commit.
    pub work: Duration,
    /// Longest time of the commit.
    pub commit: Duration,
}

impl WriteTime {
    fn of(in_all: Duration) -> Self {
        WriteTime { queue: in_all * 3 / 10, work: in_all / 2, commit: in_all / 5 }
    }

    /// Returns the time from the turn to the commit of documents with so many lines.
    pub(crate) fn work_on(self, lines: usize) -> Duration {
        self.work + LINE_TIME * u32::try_from(lines).unwrap_or(u32::MAX)
    }
}

impl Db {
    /// Connects as the role of `url`, which must be behind the tenant wall (`stockwell_app`).
    pub async fn connect(url: &str, options: &PoolOptions) -> Result<Self, Error> {
        let connections = Connections::open(url, options).await?;
        Ok(Db {
            connections,
            statements: Arc::new(AtomicU64::new(0)),
            notifier: Notifier::default(),
            write_share: Work::Write,
            write_time: WriteTime::of(Duration::from_millis(options.write_ms)),
            moves: Moves::default(),
        })
    }

    /// States that this process reads again and again which tenants are moving to another database. Until it has read that, and when its
    /// last reading is old, each write asks the database.
    pub fn follow_moves(&self) {
        self.moves.follow();
    }

    /// Takes over which tenants are moving to another database, or were moved, as asked for at the instant `asked_at`.
    pub(crate) fn set_moves(&self, moves: HashMap<TenantId, Move>, asked_at: Instant) {
        self.moves.set(moves, asked_at);
    }

    /// Notes that a tenant is moving to another database, or was moved.
    pub(crate) fn note_move(&self, tenant_id: TenantId, state: Move) {
        self.moves.note(tenant_id, state);
    }

    /// Returns the state of a tenant's move to another database, as far as this process knows it.
    pub(crate) fn move_of(&self, tenant_id: TenantId) -> Option<Move> {
        self.moves.of(tenant_id)
    }

    /// Returns the same database for an import, whose long transactions use the share of the jobs.
    pub fn for_imports(&self) -> Self {
        Db { write_share: Work::Job, write_time: WriteTime::of(JOB_TIME), ..self.clone() }
    }

    /// Returns the same database for what no request asks for. Its statements are counted apart, and its commits wake no stream.
    pub fn for_server(&self) -> Self {
        Db { statements: Arc::default(), notifier: Notifier::default(), ..self.clone() }
    }

    /// Returns the same database for a transaction of so many records, which may take longer.
    pub fn for_records(&self, records: usize) -> Self {
        let more = RECORD_TIME * u32::try_from(records.saturating_sub(1)).unwrap_or(u32::MAX);
        let write_time = WriteTime { work: self.write_time.work + more, ..self.write_time };
        Db { write_time, ..self.clone() }
    }

    /// Returns the time of a write.
    pub(crate) fn write_time(&self) -> WriteTime {
        self.write_time
    }

    /// Returns the number of statements sent, including `begin` and `commit`.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Runs `work` on one read-only snapshot of a tenant.
    pub async fn read<T>(
        &self,
        tenant_id: TenantId,
        work: impl AsyncFnOnce(&Tx) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let read = async {
            let tx = self.begin_read(tenant_id).await?;
            let answer = work(&tx).await?;
            tx.rollback().await?;
            Ok(answer)
        };
        on_database(timeout(READ_TIME, read)).await.unwrap_or(Err(Error::Deadline))
    }

    /// Like [`read`](Db::read), with the memory and the time that a report over many rows needs.
    pub async fn report<T>(
        &self,
        tenant_id: TenantId,
        work: impl AsyncFnOnce(&Tx) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.read_many(Work::Report, tenant_id, work).await
    }

    /// Like [`report`](Db::report), for rows that are sent while they are read. It uses the share of the exports, because it waits for
    /// its client.
    pub async fn export<T>(
        &self,
        tenant_id: TenantId,
        work: impl AsyncFnOnce(&Tx) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.read_many(Work::Export, tenant_id, work).await
    }

    async fn read_many<T>(
        &self,
        share: Work,
        tenant_id: TenantId,
        work: impl AsyncFnOnce(&Tx) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let opening = format!(
            "begin isolation level repeatable read read only; set local application_name = '{READER}'; {MANY_ROWS}; \
             {REPORT_STATEMENT}"
        );
        let tx = on_database(self.open(&opening, share, tenant_id)).await?;
        let report = async {
            let answer = work(&tx).await?;
            tx.rollback().await?;
            Ok(answer)
        };
        on_database(timeout(REPORT_TIME, report)).await.unwrap_or(Err(Error::Deadline))
    }

    /// Runs a background job in one transaction and commits it, with the memory and the time that many rows need. Rejects a tenant that
    /// is moving to another database, or was moved: a worker may have listed it before.
    pub async fn job<T>(
        &self,
        tenant_id: TenantId,
        work: impl AsyncFnOnce(&Tx) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.moves.check_write(tenant_id)?;
        let tx = self.open_job(tenant_id).await?;
        require_trading(&tx).await?;
        let answer = work(&tx).await?;
        tx.commit().await?;
        Ok(answer)
    }

    /// Runs a job that writes only rows which a move does not compare with their copies, also for a tenant that is moving.
    pub(crate) async fn job_beside_moves<T>(
        &self,
        tenant_id: TenantId,
        work: impl AsyncFnOnce(&Tx) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let tx = self.open_job(tenant_id).await?;
        let answer = work(&tx).await?;
        tx.commit().await?;
        Ok(answer)
    }

    async fn open_job(&self, tenant_id: TenantId) -> Result<Tx, Error> {
        let opening = format!("begin; {MANY_ROWS}; set local statement_timeout = '300s'");
        self.open(&opening, Work::Job, tenant_id).await
    }

    /// Runs `work` in one transaction of the caller's tenant and commits it. Tries again after a lost race.
    pub async fn write<T>(
        &self,
        caller: &Caller,
        work: impl AsyncFn(&Tx) -> Result<T, Error>,
    ) -> Result<T, Error> {
        on_database(self.write_again(caller, work)).await
    }

    /// Runs `work` like [`write`](Db::write), and rolls it back. Nothing is written, so a late end is no unknown outcome.
    pub(crate) async fn try_write<T>(
        &self,
        caller: &Caller,
        work: impl AsyncFnOnce(&Tx) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let tried = async {
            let tx = self.begin(caller.tenant_id).await?;
            let answer = work(&tx).await?;
            tx.rollback().await?;
            Ok(answer)
        };
        on_database(timeout(self.write_time.work, tried)).await.unwrap_or(Err(Error::Deadline))
    }

    async fn write_again<T>(
        &self,
        caller: &Caller,
        work: impl AsyncFn(&Tx) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let until = Instant::now() + self.write_time.work;
        let mut attempt = 1;
        loop {
            let worked = async {
                let tx = self.begin(caller.tenant_id).await?;
                let answer = work(&tx).await?;
                Ok((tx, answer))
            };
            let outcome = match timeout_at(until, worked).await.unwrap_or(Err(Error::Deadline)) {
                Ok((tx, answer)) => tx.commit().await.map(|()| answer),
                Err(error) => Err(error),
            };
            match outcome {
                Err(error) if error.is_retryable() && attempt < ATTEMPTS_MAX => {
                    pause_before_retry(&error).await
                }
                other => return other,
            }
            attempt += 1;
        }
    }

    /// Opens a transaction for a write. Writes only look up rows by key. So each statement is planned once per
    /// connection and by index, even if the statistics of a young table still say that it is small.
    pub(crate) async fn begin(&self, tenant_id: TenantId) -> Result<Tx, Error> {
        let opening = "begin; set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off; \
             set local jit = off";
        self.open_write(opening, tenant_id).await
    }

    /// Opens a transaction for a write like [`begin`](Db::begin), of statements that change many rows each. They are planned each time,
    /// for their number of rows and the present sizes of the tables. A plan that was made while a table was nearly empty may read all rows
    /// of the tenant, and a connection would keep it until the table is analyzed. Foreign keys are checked row by row, and each check is
    /// planned too: the rows must be in tables without them.
    pub(crate) async fn begin_bulk(&self, tenant_id: TenantId) -> Result<Tx, Error> {
        let opening = "begin; set local plan_cache_mode = force_custom_plan; set local enable_seqscan = off; \
             set local jit = off";
        self.open_write(opening, tenant_id).await
    }

    async fn open_write(&self, opening: &str, tenant_id: TenantId) -> Result<Tx, Error> {
        self.moves.check_write(tenant_id)?;
        let tx = self.open(opening, self.write_share, tenant_id).await?;
        self.check_move(&tx).await?;
        Ok(tx)
    }

    /// Rejects a write of a tenant that is moving. The move may have begun while the write waited for its connection. From now on the move
    /// sees the open transaction, and waits for it.
    async fn check_move(&self, tx: &Tx) -> Result<(), Error> {
        self.moves.check_write(tx.tenant_id)?;
        if !self.moves.is_outdated() {
            return Ok(());
        }
        require_trading(tx).await
    }

    /// Opens a transaction for the log of requests. It has connections of its own, and no commit of it waits for the disk: what
    /// waits to be logged is lost in a crash anyway.
    pub(crate) async fn begin_log(&self, tenant_id: TenantId) -> Result<Tx, Error> {
        let opening = "begin; set local synchronous_commit = off; set local plan_cache_mode = force_generic_plan; \
             set local enable_seqscan = off; set local jit = off";
        self.open(opening, Work::Log, tenant_id).await
    }

    /// Opens a read-only snapshot.
    pub(crate) async fn begin_read(&self, tenant_id: TenantId) -> Result<Tx, Error> {
        let opening = format!(
            "begin isolation level repeatable read read only; set local application_name = '{READER}'; \
             set local plan_cache_mode = auto"
        );
        self.open(&opening, Work::Read, tenant_id).await
    }

    /// Returns the newest step of the schema. Fails if the database can't be reached.
    pub async fn schema_step(&self) -> Result<String, Error> {
        use sqlx::Row;
        let row = self.ask(|| sqlx::query("select max(name) from schema_migration")).await?;
        Ok(row.ok_or_else(|| Error::invariant("an aggregate returns one row"))?.try_get(0)?)
    }

    /// Runs a query outside a transaction, where no tenant is known. Only the functions of the `auth` schema and the list
    /// of schema steps return rows there.
    /// A connection that its server closed meanwhile is discarded, and the next one is asked: nothing was written.
    pub(crate) async fn ask<'q>(
        &self,
        query: impl Fn() -> Query<'q, Postgres, PgArguments>,
    ) -> Result<Option<PgRow>, Error> {
        let asked = async {
            loop {
                self.statements.fetch_add(1, Ordering::Relaxed);
                let lent = self.connections.lend(Work::Lookup, None).await?;
                let is_new = lent.is_new();
                match lent.ask(query()).await {
                    Err(Error::Unreachable(_)) if !is_new => {}
                    other => return other,
                }
            }
        };
        timeout(self.write_time.work, asked).await.unwrap_or(Err(Error::Deadline))
    }

    async fn open(&self, opening: &str, work: Work, tenant_id: TenantId) -> Result<Tx, Error> {
        // The only value that is ever formatted into SQL: a parsed UUID.
        let statement = format!("{opening}; set local app.tenant_id = '{}'", tenant_id.0);
        self.statements.fetch_add(1, Ordering::Relaxed);
        let connection = self.connections.begin(&statement, work, tenant_id).await?;
        let now = now();
        Ok(Tx {
            connection: Mutex::new(connection),
            statements: Arc::clone(&self.statements),
            notifier: self.notifier.clone(),
            commit_time: self.write_time.commit,
            tenant_id,
            now,
            ids: std::sync::Mutex::new(IdSequence::new(now, rand::rng().random())),
            named_command: std::sync::Mutex::default(),
        })
    }
}

/// Asks the database whether the tenant is moving to another one, or was moved, and rejects it then.
pub(crate) async fn require_trading(tx: &Tx) -> Result<(), Error> {
    match tx.row(sqlx::query(PAUSED).bind(tx.tenant_id.0)).await? {
        None => Ok(()),
        Some(_) => Err(Error::TenantMoving),
    }
}
