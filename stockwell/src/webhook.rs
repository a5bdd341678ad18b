//! Webhooks in the worker: finds the tenants with work, makes their turns, and sends the messages.
//!
//! No turn and no message waits for a receiver of another endpoint: messages are tasks of their own, and an endpoint has few of
//! them at a time.

pub mod send;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use domain::id::TenantId;
use ipnet::IpNet;
use secrecy::ExposeSecret;
use service::auth::SigningKey;
use service::relay::Outbox;
use service::tx::PoolOptions;
use service::webhook::address::Reach;
use service::webhook::secret::Vault;
use service::webhook::turn::{self, Message, Turn};
use service::webhook::{Settings, outcome};
use service::{Db, Error};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::send::Sender;

/// Pause between two looks for tenants that wrote events.
const POLL: Duration = Duration::from_millis(200);
/// Pause between two lists of the tenants with endpoints.
const TENANTS_LISTED: Duration = Duration::from_secs(1);
/// Pause between two deletions of old deliveries.
const HOUSEKEEPING: Duration = Duration::from_secs(3600);
/// Time after which a tenant gets a turn although it is not known to have work: another worker may have died.
const EVERY_TENANT: Duration = Duration::from_secs(60);
/// Most turns at a time.
const TURNS_MAX: usize = 4;
/// Most messages at a time.
const MESSAGES_MAX: usize = 256;
/// Most connections to the database.
const CONNECTIONS_MAX: u32 = 8;
/// Time that a turn or an outcome waits for a connection.
const CONNECTION_WAIT_MS: u64 = 10_000;
/// Pause after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// Attempts to record an outcome. After that the lease ends, and the message is sent again.
const RECORDED_IN: u32 = 3;

/// Arguments of the worker that concern webhooks.
#[derive(Debug, Clone, Default, Args)]
pub struct WebhookConfig {
    /// The PEM file of the key that signs access tokens, the same as of the servers. It opens the secrets of webhooks. Without it,
    /// or without STOCKWELL_DATABASE_URL, the worker sends no webhooks.
    #[arg(long, env = "STOCKWELL_SIGNING_KEY_FILE")]
    pub signing_key_file: Option<PathBuf>,
    /// Networks that webhooks may reach although they are not public, the same as of the servers.
    #[arg(long, env = "STOCKWELL_WEBHOOK_NETWORKS", value_delimiter = ',')]
    pub webhook_networks: Vec<IpNet>,
    /// Seconds that a receiver has for its response. 15 if absent.
    #[arg(long, env = "STOCKWELL_WEBHOOK_TIMEOUT_SECONDS", value_parser = clap::value_parser!(u32).range(1..=30))]
    pub webhook_timeout_seconds: Option<u32>,
}

/// Sends webhooks.
pub(crate) struct Deliverer {
    outbox: Outbox,
    db: Db,
    settings: Arc<Settings>,
    sender: Arc<Sender>,
    room: Arc<Semaphore>,
    /// Tenants with endpoints.
    tenants: BTreeSet<TenantId>,
    listed_at: Option<Instant>,
    /// The next position of the feed that is not looked at.
    since: Option<i64>,
    /// When tenants get their next turn.
    due: BTreeMap<TenantId, Instant>,
    /// Tenants whose turn is under way.
    busy: BTreeSet<TenantId>,
    tasks: JoinSet<Done>,
}

/// A task that ended.
enum Done {
    Turn(TenantId, Result<Turn, Error>),
    Sent(TenantId),
}

impl Deliverer {
    /// Connects as the service's role. Returns nothing if the worker has no key to open the secrets with.
    pub(crate) async fn start(
        config: &WebhookConfig,
        database_url: &secrecy::SecretString,
        outbox: &Outbox,
    ) -> Result<Option<Self>, Error> {
        let Some(file) = &config.signing_key_file else {
            tracing::info!("no signing key: no webhooks are sent");
            return Ok(None);
        };
        let key = SigningKey::load(file).map_err(|error| Error::Input(error.into()))?;
        let options = PoolOptions {
            connections_max: CONNECTIONS_MAX,
            wait_ms: CONNECTION_WAIT_MS,
            ..PoolOptions::default()
        };
        let db = Db::connect(database_url.expose_secret(), &options).await?;
        let reach = Reach::with(config.webhook_networks.clone());
        let timeout = config.webhook_timeout_seconds.map(|seconds| Duration::from_secs(u64::from(seconds)));
        let sender = Sender::new(reach.clone(), timeout).map_err(|error| Error::Input(error.into()))?;
        Ok(Some(Deliverer {
            outbox: outbox.clone(),
            db,
            settings: Arc::new(Settings { vault: Vault::new(&key), reach }),
            sender: Arc::new(sender),
            room: Arc::new(Semaphore::new(MESSAGES_MAX)),
            tenants: BTreeSet::new(),
            listed_at: None,
            since: None,
            due: BTreeMap::new(),
            busy: BTreeSet::new(),
            tasks: JoinSet::new(),
        }))
    }

    /// Sends messages until the worker stops, then waits for those under way.
    pub(crate) async fn run(mut self, mut stopping: watch::Receiver<bool>) {
        while !*stopping.borrow() {
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "the tenants with webhooks could not be listed; trying again");
            }
            self.begin_turns();
            let until = Instant::now() + POLL;
            loop {
                tokio::select! {
                    Some(done) = self.tasks.join_next() => {
                        self.note(done);
                        self.begin_turns();
                    }
                    () = tokio::time::sleep_until(until) => break,
                    () = stopped(&mut stopping) => break,
                }
            }
        }
        while let Some(done) = self.tasks.join_next().await {
            self.note(done);
        }
    }

    /// Finds the tenants with endpoints, and those of them that wrote events.
    async fn look(&mut self) -> Result<(), Error> {
        if self.listed_at.is_none_or(|at| at.elapsed() >= TENANTS_LISTED) {
            self.tenants = self.outbox.webhook_tenants().await?.into_iter().collect();
            self.listed_at = Some(Instant::now());
            self.due.retain(|tenant_id, _| self.tenants.contains(tenant_id));
            for tenant_id in &self.tenants {
                self.due.entry(*tenant_id).or_insert_with(Instant::now);
            }
        }
        let (writers, until) = self.outbox.writers(self.since).await?;
        self.since = Some(until);
        for tenant_id in writers.iter().filter(|tenant_id| self.tenants.contains(tenant_id)) {
            self.due.insert(*tenant_id, Instant::now());
        }
        Ok(())
    }

    /// Begins the turns that are due, the oldest first.
    fn begin_turns(&mut self) {
        let now = Instant::now();
        let mut due: Vec<(Instant, TenantId)> = self
            .due
            .iter()
            .filter(|(tenant_id, at)| **at <= now && !self.busy.contains(tenant_id))
            .map(|(tenant_id, at)| (*at, *tenant_id))
            .collect();
        due.sort();
        for (_, tenant_id) in due.into_iter().take(TURNS_MAX.saturating_sub(self.busy.len())) {
            self.due.insert(tenant_id, now + EVERY_TENANT);
            self.busy.insert(tenant_id);
            let (db, settings) = (self.db.clone(), Arc::clone(&self.settings));
            self.tasks
                .spawn(async move { Done::Turn(tenant_id, turn::take(&db, &settings, tenant_id).await) });
        }
    }

    fn note(&mut self, done: Result<Done, tokio::task::JoinError>) {
        let (tenant_id, next) = match done {
            Ok(Done::Turn(tenant_id, Ok(turn))) => {
                self.busy.remove(&tenant_id);
                for message in turn.messages {
                    self.send(message);
                }
                let wait = turn.look_again.and_then(|wait| wait.to_std().ok());
                (tenant_id, if turn.has_more { Some(Duration::ZERO) } else { wait })
            }
            Ok(Done::Turn(tenant_id, Err(error))) => {
                self.busy.remove(&tenant_id);
                tracing::warn!(%error, %tenant_id, "a turn of webhooks failed; trying again");
                (tenant_id, Some(PAUSE))
            }
            Ok(Done::Sent(tenant_id)) => (tenant_id, Some(Duration::ZERO)),
            Err(error) => {
                tracing::error!(%error, "a task of webhooks failed");
                // It may have been a turn: its tenant is not known.
                self.busy.clear();
                return;
            }
        };
        let (Some(next), Some(due)) = (next, self.due.get_mut(&tenant_id)) else { return };
        *due = (*due).min(Instant::now() + next);
    }

    fn send(&mut self, message: Message) {
        let (db, sender, room) = (self.db.clone(), Arc::clone(&self.sender), Arc::clone(&self.room));
        self.tasks.spawn(async move {
            let _place = room.acquire().await;
            let outcome = sender.send(&message).await;
            let kind = outcome.error.unwrap_or("delivered");
            metrics::counter!("stockwell_webhook_attempts_total", "outcome" => kind).increment(1);
            for attempt in 1..=RECORDED_IN {
                match outcome::record(&db, &message, &outcome).await {
                    Ok(()) => break,
                    Err(error) => {
                        tracing::warn!(%error, tenant_id = %message.tenant_id, attempt, "an outcome was not recorded");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
            Done::Sent(message.tenant_id)
        });
    }
}

/// Waits until the worker stops.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that the worker is gone.
    _ = stopping.wait_for(|stopping| *stopping).await;
}

/// Deletes old deliveries, now and every hour.
pub(crate) async fn keep_house(outbox: Outbox, db: Db, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        match outbox.webhook_tenants().await {
            Ok(tenants) => {
                for tenant_id in tenants {
                    if let Err(error) = turn::forget(&db, tenant_id).await {
                        tracing::warn!(%error, %tenant_id, "old deliveries were not deleted; trying again");
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the tenants with webhooks could not be listed; trying again")
            }
        }
        // Both results are fine: the loop checks whether the worker stops.
        _ = tokio::time::timeout(HOUSEKEEPING, stopping.wait_for(|stopping| *stopping)).await;
    }
}

impl Deliverer {
    /// Returns the connections to the database.
    pub(crate) fn db(&self) -> Db {
        self.db.clone()
    }
}
