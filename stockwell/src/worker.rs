//! `stockwell worker`: hands events on to the other processes, and keeps the house.

use std::time::Duration;

use api::broadcast::EVENTS_CHANNEL;
use chrono::{DateTime, Utc};
use clap::Args;
use domain::id::TenantId;
use redis::aio::MultiplexedConnection;
use secrecy::{ExposeSecret, SecretString};
use service::relay::{Batch, Consumer, Outbox};
use service::stock::checkpoint;
use service::tx::PoolOptions;
use service::{Db, Error};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The servers that listen on [`EVENTS_CHANNEL`], as a consumer of the feed.
pub const SERVERS: &str = "servers";
/// How long the next events of a tenant are their relay's before another one takes them over.
const LEASE: Duration = Duration::from_secs(30);
/// How often the feed is looked into while nothing happens.
const POLL: Duration = Duration::from_millis(200);
/// How long to wait after something failed.
const PAUSE: Duration = Duration::from_secs(1);
/// How often the house is put in order.
const HOUSEKEEPING: Duration = Duration::from_secs(3600);
/// How often the stock checkpoints that are due are made.
const CHECKPOINTS: Duration = Duration::from_secs(24 * 3600);
/// Connections for making them.
const CHECKPOINT_CONNECTIONS: u32 = 1;

/// How to work.
#[derive(Debug, Clone, Args)]
pub struct WorkerConfig {
    /// The database, as the outbox relay's role (stockwell_relay).
    #[arg(long, env = "STOCKWELL_RELAY_DATABASE_URL", hide_env_values = true)]
    pub relay_database_url: SecretString,
    /// The database, as the service's role (stockwell_app): with it, the worker makes the stock checkpoints that are due,
    /// for every tenant, when it starts and once a day. Without it, run `stockwell checkpoint` once a day.
    #[arg(long, env = "STOCKWELL_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<SecretString>,
    /// Redis, through which the servers hear of events. Without it, each looks into the database by itself.
    #[arg(long, env = "STOCKWELL_REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<SecretString>,
}

/// A worker at work. Dropping it ends it at once, wherever it is.
#[derive(Debug)]
pub struct Worker {
    stopping: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Worker {
    /// Starts a worker on the current runtime.
    pub async fn start(config: &WorkerConfig) -> Result<Self, Error> {
        Worker::start_with(config, LEASE).await
    }

    /// Like [`start`](Worker::start), with leases of another length.
    pub async fn start_with(config: &WorkerConfig, lease: Duration) -> Result<Self, Error> {
        let outbox = Outbox::connect(config.relay_database_url.expose_secret()).await?;
        let stopping = watch::Sender::new(false);
        let mut tasks = vec![tokio::spawn(keep_house(outbox.clone(), stopping.subscribe()))];
        if let Some(url) = &config.database_url {
            let options = PoolOptions { connections_max: CHECKPOINT_CONNECTIONS, ..PoolOptions::default() };
            let db = Db::connect(url.expose_secret(), &options).await?;
            tasks.push(tokio::spawn(keep_checkpoints(outbox.clone(), db, stopping.subscribe())));
        }
        match &config.redis_url {
            Some(url) => tasks.push(tokio::spawn(relay(outbox, url.clone(), lease, stopping.subscribe()))),
            None => tracing::info!("no Redis: events are not handed on, servers find them by themselves"),
        }
        Ok(Worker { stopping, tasks })
    }

    /// Ends when what is under way is done.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        for task in std::mem::take(&mut self.tasks) {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the worker did not end well");
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Hands events on until the worker stops; after a failure, starts over.
async fn relay(outbox: Outbox, url: SecretString, lease: Duration, mut stopping: watch::Receiver<bool>) {
    let mut servers = outbox.consumer(SERVERS, lease);
    while !*stopping.borrow() {
        if let Err(error) = hand_on(&mut servers, &url, &mut stopping).await {
            tracing::warn!(%error, "events are not handed on; trying again");
            servers.start_over();
            rest(&mut stopping, PAUSE).await;
        }
    }
}

/// Why events could not be handed on.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Database(#[from] Error),
    #[error("Redis: {0}")]
    Redis(#[from] redis::RedisError),
}

async fn hand_on(
    servers: &mut Consumer,
    url: &SecretString,
    stopping: &mut watch::Receiver<bool>,
) -> Result<(), Failed> {
    let client = redis::Client::open(url.expose_secret())?;
    let mut redis = client.get_multiplexed_async_connection().await?;
    tracing::info!("handing events on");
    while !*stopping.borrow() {
        let batches = servers.take().await?;
        if batches.is_empty() {
            rest(stopping, POLL).await;
            continue;
        }
        publish(&mut redis, &batches).await?;
        for batch in &batches {
            if !servers.advance(batch).await? {
                tracing::warn!(tenant_id = %batch.tenant_id, "a lease ran out; another relay repeats the events");
            }
        }
    }
    Ok(())
}

/// Tells each event by its id on its tenant's channel.
async fn publish(redis: &mut MultiplexedConnection, batches: &[Batch]) -> Result<(), redis::RedisError> {
    let mut pipeline = redis::pipe();
    for batch in batches {
        let channel = format!("{EVENTS_CHANNEL}{}", batch.tenant_id);
        for event in &batch.events {
            pipeline.cmd("PUBLISH").arg(&channel).arg(event.to_string()).ignore();
        }
    }
    pipeline.exec_async(redis).await
}

/// Puts away what has had its time, now and every hour.
async fn keep_house(outbox: Outbox, mut stopping: watch::Receiver<bool>) {
    let mut since: Option<DateTime<Utc>> = None;
    while !*stopping.borrow() {
        let pause = match outbox.forget_answers(since).await {
            Ok((until, forgotten)) => {
                tracing::info!(forgotten, "answers to old requests were put away");
                since = Some(until);
                HOUSEKEEPING
            }
            Err(error) => {
                tracing::warn!(%error, "answers to old requests were not put away; trying again");
                PAUSE
            }
        };
        rest(&mut stopping, pause).await;
    }
}

/// Makes the stock checkpoints that are due, now and every day.
async fn keep_checkpoints(outbox: Outbox, db: Db, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        let pause = match outbox.tenants().await {
            Ok(tenants) => {
                make_checkpoints(&db, tenants, &stopping).await;
                CHECKPOINTS
            }
            Err(error) => {
                tracing::warn!(%error, "the tenants are not known; trying again");
                PAUSE
            }
        };
        rest(&mut stopping, pause).await;
    }
}

/// What fails for one tenant does not keep the others waiting. Of two workers at one tenant, one does the work.
async fn make_checkpoints(db: &Db, tenants: Vec<TenantId>, stopping: &watch::Receiver<bool>) {
    for tenant_id in tenants {
        if *stopping.borrow() {
            return;
        }
        match checkpoint::run(db, tenant_id).await {
            Ok(Some(run)) => tracing::info!(%tenant_id, made = run.made.len(), "checkpoints were made"),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, %tenant_id, "no checkpoints were made"),
        }
    }
}

/// Waits, but not once the worker stops.
async fn rest(stopping: &mut watch::Receiver<bool>, pause: Duration) {
    // Either the time is over or the worker stops: the caller looks which.
    _ = tokio::time::timeout(pause, stopping.wait_for(|stopping| *stopping)).await;
}
