//! The open connections to the database.
//!
//! The connection that was used last is lent first: a quiet server works on a few connections, whose statements are
//! prepared and whose caches are warm. A connection that comes back costs no round trip.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{Manager, Metrics, Object, Pool, PoolError, QueueMode, RecycleResult};
use domain::id::TenantId;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _};
use tokio::runtime::Handle;

use super::PoolOptions;
use super::shares::{Place, Shares, Work};
use crate::Error;

/// Prepared statements that a connection keeps.
const STATEMENTS_CACHED: usize = 500;
/// A connection that was idle for longer is asked whether its server is still there before it is lent.
const TRUSTED_FOR: Duration = Duration::from_secs(5);

/// Time that opening a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

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
            .create_timeout(Some(CONNECT_TIMEOUT))
            .recycle_timeout(Some(CONNECT_TIMEOUT))
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
            Ok(connection) => {
                Ok(Lent { connection: Some(connection), in_transaction: false, place: Some(place) })
            }
            Err(PoolError::Backend(error)) => Err(error.into()),
            Err(PoolError::Timeout(_)) => Err(Error::Busy),
            Err(
                error @ (PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_)),
            ) => Err(Error::invariant(error.to_string())),
        }
    }

    /// Lends a connection on which a transaction has just begun. A connection that its server closed meanwhile is thrown
    /// away, and the next one is taken: nothing was done on it.
    pub(super) async fn begin(&self, opening: &str, work: Work, tenant_id: TenantId) -> Result<Lent, Error> {
        loop {
            let mut connection = self.lend(work, Some(tenant_id)).await?;
            let is_new = connection.is_new();
            match sqlx::raw_sql(AssertSqlSafe(opening)).execute(&mut *connection).await {
                Ok(_) => {
                    connection.in_transaction = true;
                    return Ok(connection);
                }
                Err(error) => {
                    connection.discard();
                    if is_new {
                        return Err(error.into());
                    }
                }
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
        if metrics.last_used() > TRUSTED_FOR {
            connection.ping().await?;
        }
        Ok(())
    }
}

/// A connection that is lent until this is dropped. A transaction that is still open then is rolled back before the
/// connection is lent again.
#[derive(Debug)]
pub(super) struct Lent {
    /// There until it is dropped.
    connection: Option<Object<Connector>>,
    in_transaction: bool,
    /// Left after the connection is back in the pool.
    place: Option<Place>,
}

impl Lent {
    /// Ends the transaction. A connection on which that fails is closed.
    pub(super) async fn end(mut self, statement: &'static str) -> Result<(), Error> {
        let ended = sqlx::raw_sql(statement).execute(&mut *self).await;
        self.in_transaction = false;
        match ended {
            Ok(_) => Ok(()),
            Err(error) => {
                self.discard();
                Err(error.into())
            }
        }
    }

    /// Closes the connection.
    pub(super) fn discard(mut self) {
        self.in_transaction = false;
        drop(self.connection.take().map(Object::take));
    }

    fn is_new(&self) -> bool {
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
        if !self.in_transaction {
            return;
        }
        self.in_transaction = false;
        let lent =
            Lent { connection: self.connection.take(), in_transaction: false, place: self.place.take() };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move { lent.end("rollback").await })),
            // The server rolls back what a closed connection has left open.
            Err(_) => lent.discard(),
        }
    }
}
