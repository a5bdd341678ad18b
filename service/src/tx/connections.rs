//! The open connections to the database.
//!
//! The connection that was used last is lent first: a quiet server works on a few connections, whose statements are
//! prepared and whose caches are warm. A connection that comes back costs no round trip.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{Manager, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult};
use domain::id::TenantId;
use sea_orm::sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow};
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _, Postgres};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::options::PoolOptions;
use super::shares::{Place, Shares, Work};
use crate::Error;

/// Prepared statements that a connection keeps.
const STATEMENTS_CACHED: usize = 500;
/// A connection that was idle for longer is asked whether its server is still there before it is lent.
const TRUSTED_FOR: Duration = Duration::from_secs(5);
/// Least time that opening a connection may take; if work may wait for longer for its place, it is that time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Time that the ping of an idle connection may take.
const PING_TIMEOUT: Duration = Duration::from_secs(1);
/// Time that the rollback of an abandoned transaction may take.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(5);
/// Time that the begin of a transaction may take. A server that takes longer does not respond.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest life of a connection: after a failover, one may lead to a server that only reads.
const LIFE_MAX: Duration = Duration::from_secs(30 * 60);

/// The pool, with the shares of its connections.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    pool: Pool<Connector>,
    shares: Arc<Shares>,
}

impl Connections {
    /// Opens the first connection, so that a wrong URL is noticed at once.
    pub(super) async fn open(url: &str, options: &PoolOptions) -> Result<Self, Error> {
        let connect: PgConnectOptions = url.parse()?;
        let connect = connect.statement_cache_capacity(STATEMENTS_CACHED).application_name("stockwell");
        let shares = Shares::new(options);
        let pool = Pool::builder(Connector { options: connect, runtime: Handle::current() })
            .max_size(shares.connections())
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .create_timeout(Some(CONNECT_TIMEOUT.max(Duration::from_millis(options.wait_ms))))
            .recycle_timeout(Some(PING_TIMEOUT))
            .build()
            .map_err(|error| Error::invariant(error.to_string()))?;
        let connections = Connections { pool, shares: Arc::new(shares) };
        drop(connections.lend(Work::Lookup, None).await?);
        Ok(connections)
    }

    /// Lends a connection, after a wait for a place in the share of `work`.
    pub(super) async fn lend(&self, work: Work, tenant_id: Option<TenantId>) -> Result<Lent, Error> {
        let place = self.shares.enter(work, tenant_id).await?;
        match self.pool.get().await {
            Ok(connection) => Ok(Lent {
                connection: Some(connection),
                state: State::Idle,
                place: Some(place),
                runtime: self.pool.manager().runtime.clone(),
            }),
            Err(PoolError::Backend(error)) => Err(error.into()),
            Err(PoolError::Timeout(_)) => Err(Error::Busy),
            Err(
                error @ (PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_)),
            ) => Err(Error::invariant(error.to_string())),
        }
    }

    /// Lends a connection on which a transaction has just begun. A connection that its server closed meanwhile is
    /// discarded, and the next one is taken: nothing was done on it.
    pub(super) async fn begin(&self, opening: &str, work: Work, tenant_id: TenantId) -> Result<Lent, Error> {
        loop {
            let mut lent = self.lend(work, Some(tenant_id)).await?;
            let is_new = lent.is_new();
            let begin = lent.run(AssertSqlSafe(opening), State::InTransaction);
            match timeout(BEGIN_TIMEOUT, begin).await {
                Ok(Ok(())) => return Ok(lent),
                Ok(Err(error)) if is_new => return Err(error),
                Ok(Err(_)) => {}
                Err(_) => return Err(Error::Deadline),
            }
        }
    }
}

/// Opens connections, and decides whether one may be lent again.
#[derive(Debug)]
struct Connector {
    options: PgConnectOptions,
    /// Connections are opened on the runtime on which batches are posted: its threads receive what the database sends.
    runtime: Handle,
}

impl Manager for Connector {
    type Type = PgConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<PgConnection, sqlx::Error> {
        let options = self.options.clone();
        let connecting = self.runtime.spawn(async move { PgConnection::connect_with(&options).await });
        connecting.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }

    async fn recycle(&self, connection: &mut PgConnection, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if metrics.age() > LIFE_MAX {
            return Err(RecycleError::message("the connection is old"));
        }
        if metrics.last_used() > TRUSTED_FOR {
            connection.ping().await?;
        }
        Ok(())
    }
}

/// The state of a lent connection, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No transaction is open.
    Idle,
    /// A transaction is open.
    InTransaction,
    /// A statement was sent that opens or ends a transaction, or that runs outside one, and its end was not seen.
    Unknown,
}

/// A connection that is lent until this is dropped. A transaction that is still open then is rolled back before the
/// connection is lent again. A connection in an unknown state is closed.
#[derive(Debug)]
pub(super) struct Lent {
    /// There until it is dropped.
    connection: Option<Object<Connector>>,
    state: State,
    /// Left after the connection is back in the pool.
    place: Option<Place>,
    /// Rolls back. The runtime on which this is dropped may end first.
    runtime: Handle,
}

impl Lent {
    /// Ends the transaction.
    pub(super) async fn end(mut self, statement: &'static str) -> Result<(), Error> {
        self.run(AssertSqlSafe(statement), State::Idle).await
    }

    /// Runs a query outside a transaction.
    pub(super) async fn ask(
        mut self,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<Option<PgRow>, Error> {
        // Set before the first byte is sent: the future may be dropped at any time.
        self.state = State::Unknown;
        let row = query.fetch_optional(&mut *self).await?;
        self.state = State::Idle;
        Ok(row)
    }

    /// Runs a statement after which the connection is in the state `then`.
    async fn run(&mut self, statement: AssertSqlSafe<&str>, then: State) -> Result<(), Error> {
        self.state = State::Unknown;
        sqlx::raw_sql(statement).execute(&mut **self).await?;
        self.state = then;
        Ok(())
    }

    pub(super) fn is_new(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| Object::metrics(connection).recycle_count == 0)
    }
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.connection.as_ref().expect("a connection is there until it is dropped")
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect("a connection is there until it is dropped")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        match self.state {
            State::Idle => {}
            State::Unknown => drop(self.connection.take().map(Object::take)),
            State::InTransaction => {
                // Closed if the task is dropped before it has rolled back.
                let mut lent = Lent {
                    connection: self.connection.take(),
                    state: State::Unknown,
                    place: self.place.take(),
                    runtime: self.runtime.clone(),
                };
                self.runtime.spawn(async move {
                    let rollback = lent.run(AssertSqlSafe("rollback"), State::Idle);
                    if timeout(ROLLBACK_TIMEOUT, rollback).await.is_err() {
                        tracing::warn!("a rollback took too long, and its connection is closed");
                    }
                });
            }
        }
    }
}
