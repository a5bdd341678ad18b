//! `stockwell worker`: sends events on to the servers and to webhooks, deletes old stored responses and credentials, folds sales lines
//! into roll-ups, makes stock checkpoints and runs of the reconciliation, packs movements, and posts recurring entries.

mod reconciliation;
mod recurring;
mod store;
mod writers;

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::time::Duration;

use api::broadcast::EVENTS_CHANNEL;
use api::config::{StoreArgs, secret};
use api::metrics::Endpoint;
use chrono::{DateTime, Utc};
use clap::Args;
use domain::id::TenantId;
use redis::aio::MultiplexedConnection;
use secrecy::{ExposeSecret, SecretString};
use service::relay::{Batch, Consumer, Outbox};
use service::rollup;
use service::stock::{checkpoint, pack};
use service::tx::PoolOptions;
use service::{Db, Error};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::stopping::rest;
use crate::webhook::{self, Deliverer, WebhookConfig};
use writers::{Listed, Writers};

/// The name of the servers that listen on [`EVENTS_CHANNEL`], as one consumer of the feed.
pub const SERVERS: &str = "servers";
/// Time after which another relay may take over the events that a relay has taken of a tenant.
const LEASE: Duration = Duration::from_secs(30);
/// Pause between two reads of the feed while there are no events.
const POLL: Duration = Duration::from_millis(200);
/// Pause after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// Pause between two deletions of old stored responses.
const HOUSEKEEPING: Duration = Duration::from_secs(3600);
/// Pause between two runs of the stock checkpoints and of the packs of movements.
const CHECKPOINTS: Duration = Duration::from_secs(24 * 3600);
/// Pause between two measurements of the lag.
const LAG_MEASURED: Duration = Duration::from_secs(5);
/// Pause between two folds of sales lines.
const FOLDS: Duration = Duration::from_secs(5);
/// Time after which a tenant that is moving to another database is looked at again: the lease of a move that was killed.
const MOVES: Duration = Duration::from_secs(60);
/// Time after which tenants that wrote nothing are folded too. Otherwise their reports would read what others wrote since.
const QUIET_FOLDS: Duration = Duration::from_secs(3600);

/// Pause between two looks for sessions of BI tools that run too long.
const BI_SESSIONS: Duration = Duration::from_secs(10);

/// Arguments of `worker`.
#[derive(Debug, Clone, Args)]
pub struct WorkerConfig {
    /// The database, as the worker's role (stockwell_relay).
    #[arg(long, env = "STOCKWELL_RELAY_DATABASE_URL", hide_env_values = true, value_parser = secret)]
    pub relay_database_url: SecretString,
    /// The database, as the service's role (stockwell_app). With it, the worker folds new sales lines into the roll-ups of the
    /// reports every 5 seconds, makes a run of the reconciliation when new input has been quiet for a minute, posts the
    /// recurring entries that are due, and makes the stock checkpoints and packs the movements that are due, for every tenant, when it starts and once a day. Without it, run `stockwell rollup` often and `stockwell checkpoint` once a day.
    #[arg(long, env = "STOCKWELL_DATABASE_URL", hide_env_values = true, value_parser = secret)]
    pub database_url: Option<SecretString>,
    /// The address of /metrics, which Prometheus reads; port 0 takes a free one. Off if absent. It asks for no credential:
    /// let only the operator reach it.
    #[arg(long, env = "STOCKWELL_METRICS_ADDR")]
    pub metrics_addr: Option<SocketAddr>,
    /// Redis, through which the worker tells the servers of events. Without it, each server polls the database.
    #[arg(long, env = "STOCKWELL_REDIS_URL", hide_env_values = true, value_parser = secret)]
    pub redis_url: Option<SecretString>,
    /// The store of the contents of files. With it and the database of the service, the worker deletes objects that no file has.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Webhooks.
    #[command(flatten)]
    pub webhooks: WebhookConfig,
}

/// A running worker. Dropping it aborts its tasks at once.
#[derive(Debug)]
pub struct Worker {
    /// The endpoint of its metrics, if it has an address for them.
    pub metrics: Option<Endpoint>,
    stopping: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Worker {
    /// Starts a worker on the current runtime.
    pub async fn start(config: &WorkerConfig) -> Result<Self, Error> {
        Worker::start_with(config, LEASE).await
    }

    /// Starts a worker with leases of another length.
    pub async fn start_with(config: &WorkerConfig, lease: Duration) -> Result<Self, Error> {
        let store = config.store.read().map_err(|faults| Error::Input(faults.into()))?;
        let outbox = Outbox::connect(config.relay_database_url.expose_secret()).await?;
        let metrics = config.metrics_addr.map(|addr| Endpoint::start(addr, None)).transpose();
        let metrics = metrics.map_err(|error| Error::Input(error.into()))?;
        let stopping = watch::Sender::new(false);
        let mut tasks = vec![
            tokio::spawn(keep_house(outbox.clone(), stopping.subscribe())),
            tokio::spawn(watch_bi_tools(outbox.clone(), stopping.subscribe())),
        ];
        if let Some(url) = &config.database_url {
            // Each has a connection of its own: a long checkpoint holds up no fold.
            let options = PoolOptions { connections_max: 1, ..PoolOptions::default() };
            // Each run finds a connection of every kind at once. They are opened when they are needed.
            let of_runs =
                PoolOptions { reports_max: u32::from(reconciliation::AT_ONCE), ..PoolOptions::default() };
            let (folds, checkpoints, runs, entries) = tokio::try_join!(
                Db::connect(url.expose_secret(), &options),
                Db::connect(url.expose_secret(), &options),
                Db::connect(url.expose_secret(), &of_runs),
                Db::connect(url.expose_secret(), &options)
            )?;
            // A tenant may have been listed before its move began, so each of their writes asks whether it moves.
            for db in [&folds, &checkpoints, &runs, &entries] {
                db.follow_moves();
            }
            tasks.push(tokio::spawn(reconciliation::keep(outbox.clone(), runs, stopping.subscribe())));
            tasks.push(tokio::spawn(recurring::keep(outbox.clone(), entries, stopping.subscribe())));
            tasks.push(tokio::spawn(keep_rollups(outbox.clone(), folds, stopping.subscribe())));
            tasks.push(tokio::spawn(keep_checkpoints(outbox.clone(), checkpoints, stopping.subscribe())));
            if let Some(store) = store {
                let db = Db::connect(url.expose_secret(), &options).await?;
                tasks.push(tokio::spawn(store::keep(outbox.clone(), db, store, stopping.subscribe())));
            }
            if let Some(deliverer) = Deliverer::start(&config.webhooks, url, &outbox).await? {
                let (db, outbox) = (deliverer.db(), outbox.clone());
                tasks.push(tokio::spawn(webhook::keep_house(outbox, db, stopping.subscribe())));
                tasks.push(tokio::spawn(deliverer.run(stopping.subscribe())));
            }
        }
        match &config.redis_url {
            Some(url) => {
                tasks.push(tokio::spawn(watch_lag(outbox.clone(), stopping.subscribe())));
                tasks.push(tokio::spawn(relay(outbox, url.clone(), lease, stopping.subscribe())));
            }
            None => tracing::info!("no Redis: the servers poll the database for events"),
        }
        Ok(Worker { metrics, stopping, tasks })
    }

    /// Stops the worker after it has finished what it has begun, but for runs of the reconciliation: the next worker makes them.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        if let Some(metrics) = self.metrics.take() {
            metrics.stop().await;
        }
        for task in std::mem::take(&mut self.tasks) {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the worker failed");
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

/// Sends events on until the worker stops. Starts over after a failure.
async fn relay(outbox: Outbox, url: SecretString, lease: Duration, mut stopping: watch::Receiver<bool>) {
    let mut servers = outbox.consumer(SERVERS, lease);
    while !*stopping.borrow() {
        if let Err(error) = hand_on(&mut servers, &url, &mut stopping).await {
            tracing::warn!(%error, "events are not sent on; trying again");
            servers.start_over();
            rest(&mut stopping, PAUSE).await;
        }
    }
}

/// Sending events on failed.
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
    tracing::info!("sending events on");
    while !*stopping.borrow() {
        let batches = servers.take().await?;
        if batches.is_empty() {
            rest(stopping, POLL).await;
            continue;
        }
        publish(&mut redis, &batches).await?;
        let events = batches.iter().map(|batch| batch.events.len() as u64).sum();
        metrics::counter!("stockwell_events_handed_on_total", "consumer" => SERVERS).increment(events);
        for batch in &batches {
            if !servers.advance(batch).await? {
                tracing::warn!(tenant_id = %batch.tenant_id, "a lease ran out; another relay repeats the events");
            }
        }
    }
    Ok(())
}

/// Measures how far the servers are behind, until the worker stops.
async fn watch_lag(outbox: Outbox, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        match outbox.lag(SERVERS).await {
            Ok(lag) => {
                metrics::gauge!("stockwell_event_lag_seconds", "consumer" => SERVERS).set(lag.as_secs_f64())
            }
            Err(error) => tracing::warn!(%error, "the lag of events is not known"),
        }
        rest(&mut stopping, LAG_MEASURED).await;
    }
}

/// Publishes the id of each event on its tenant's channel.
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

/// Deletes stored responses, refused requests, logged requests and ended credentials that are too old, now and every hour.
async fn keep_house(outbox: Outbox, mut stopping: watch::Receiver<bool>) {
    let mut since: Option<DateTime<Utc>> = None;
    while !*stopping.borrow() {
        let pause = match outbox.forget_answers(since).await {
            Ok((until, forgotten)) => {
                tracing::info!(forgotten, "old stored responses were deleted");
                since = Some(until);
                HOUSEKEEPING
            }
            Err(error) => {
                tracing::warn!(%error, "old stored responses were not deleted; trying again");
                PAUSE
            }
        };
        match outbox.forget_refusals().await {
            Ok(forgotten) => tracing::info!(forgotten, "old refused requests were deleted"),
            Err(error) => tracing::warn!(%error, "old refused requests were not deleted; trying again"),
        }
        match outbox.forget_requests().await {
            Ok(forgotten) => tracing::info!(forgotten, "old logged requests were deleted"),
            Err(error) => tracing::warn!(%error, "old logged requests were not deleted; trying again"),
        }
        match outbox.forget_credentials().await {
            Ok(forgotten) => tracing::info!(forgotten, "old refresh tokens and links were deleted"),
            Err(error) => {
                tracing::warn!(%error, "old refresh tokens and links were not deleted; trying again")
            }
        }
        rest(&mut stopping, pause).await;
    }
}

/// Ends sessions of BI tools that run too long, every 10 seconds.
async fn watch_bi_tools(outbox: Outbox, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        match outbox.end_bi_sessions().await {
            Ok(0) => {}
            Ok(ended) => {
                tracing::info!(ended, "sessions of BI tools were ended: they ran too long or had expired")
            }
            Err(error) => tracing::warn!(%error, "sessions of BI tools were not looked at; trying again"),
        }
        rest(&mut stopping, BI_SESSIONS).await;
    }
}

/// Folds sales lines into the roll-ups: those of tenants that wrote something, and once an hour those of every tenant.
async fn keep_rollups(outbox: Outbox, db: Db, mut stopping: watch::Receiver<bool>) {
    let mut writers = Writers::new(outbox, QUIET_FOLDS);
    let mut behind = BTreeMap::new();
    while !*stopping.borrow() {
        if let Some(Listed { tenants, is_every_tenant }) = writers.next().await {
            if is_every_tenant {
                let listed: HashSet<&TenantId> = tenants.iter().collect();
                behind.retain(|tenant_id, _| listed.contains(tenant_id));
            }
            for tenant_id in tenants {
                behind.entry(tenant_id).or_insert(Instant::now());
            }
        }
        let is_unfinished = fold(&db, &mut behind, &stopping).await;
        rest(&mut stopping, if is_unfinished { Duration::ZERO } else { FOLDS }).await;
    }
}

/// Folds one step of sales lines of each tenant that is due, and keeps the tenants of which lines are left. One whose fold
/// failed is due again after [`FOLDS`]. Returns whether the next step should follow at once.
async fn fold(db: &Db, behind: &mut BTreeMap<TenantId, Instant>, stopping: &watch::Receiver<bool>) -> bool {
    let mut is_unfinished = false;
    let now = Instant::now();
    let due: Vec<TenantId> =
        behind.iter().filter(|(_, at)| **at <= now).map(|(tenant_id, _)| *tenant_id).collect();
    for tenant_id in due {
        if *stopping.borrow() {
            return false;
        }
        match rollup::run(db, tenant_id).await {
            Ok(run) => {
                metrics::counter!("stockwell_lines_folded_total").increment(run.lines.unsigned_abs());
                is_unfinished |= run.unfinished;
                if !run.unfinished {
                    behind.remove(&tenant_id);
                }
            }
            Err(Error::TenantMoving) => {
                tracing::info!(%tenant_id, "sales lines of a tenant that moves are not folded");
                behind.insert(tenant_id, Instant::now() + MOVES);
            }
            Err(error) => {
                tracing::warn!(%error, %tenant_id, "sales lines were not folded; trying again");
                behind.insert(tenant_id, Instant::now() + FOLDS);
            }
        }
    }
    is_unfinished
}

/// Makes the stock checkpoints and packs the movements that are due, now and once a day.
async fn keep_checkpoints(outbox: Outbox, db: Db, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        let pause = match outbox.tenants().await {
            Ok(tenants) => {
                sum_up(&db, tenants, &stopping).await;
                CHECKPOINTS
            }
            Err(error) => {
                tracing::warn!(%error, "the tenants could not be listed; trying again");
                PAUSE
            }
        };
        rest(&mut stopping, pause).await;
    }
}

/// Makes the checkpoints of each tenant and packs its movements. A failure for one tenant does not stop the others. If two workers run for
/// one tenant, the second one makes no checkpoints and goes on.
async fn sum_up(db: &Db, tenants: Vec<TenantId>, stopping: &watch::Receiver<bool>) {
    for tenant_id in tenants {
        if *stopping.borrow() {
            return;
        }
        match checkpoint::run(db, tenant_id).await {
            Ok(Some(run)) => tracing::info!(%tenant_id, made = run.made.len(), "checkpoints were made"),
            Ok(None) => {}
            Err(Error::TenantMoving) => tracing::info!(%tenant_id, "a tenant that moves gets no checkpoints"),
            Err(error) => tracing::warn!(%error, %tenant_id, "no checkpoints were made"),
        }
        match pack::run(db, tenant_id).await {
            Ok(packed) if packed.is_empty() => {}
            Ok(packed) => tracing::info!(%tenant_id, quarters = packed.len(), "movements were packed"),
            Err(Error::TenantMoving) => {
                tracing::info!(%tenant_id, "movements of a tenant that moves are not packed");
            }
            Err(error) => tracing::warn!(%error, %tenant_id, "movements were not packed"),
        }
    }
}
