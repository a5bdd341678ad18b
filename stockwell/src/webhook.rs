//! Webhooks in the worker: finds the tenants with work, makes their turns, and sends the messages.
//!
//! No turn and no message waits for a receiver of another endpoint: messages are tasks of their own, and an endpoint has few of
//! them at a time. Outcomes of a tenant that end while others are recorded are recorded together. Successes do not wait for failures.

mod living;
mod room;
pub mod send;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use domain::id::{TenantId, WebhookDeliveryId};
use ipnet::IpNet;
use secrecy::ExposeSecret;
use service::auth::SigningKey;
use service::outbound::Reach;
use service::relay::Outbox;
use service::tx::PoolOptions;
use service::webhook::pace::Paces;
use service::webhook::secret::Vault;
use service::webhook::together::{self, Ended};
use service::webhook::turn::{self, Message, Turn};
use service::webhook::{CONNECTIONS_MAX, Settings, holder, old};
use service::{Db, Error};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use self::living::Living;
use self::room::Room;
use self::send::Sender;
use crate::stopping::{rest, stopped};

/// Pause between two looks for tenants that wrote events.
const POLL: Duration = Duration::from_millis(200);
/// Longest look for them.
const LOOK_MAX: Duration = Duration::from_secs(5);
/// Pause between two lists of the tenants with endpoints.
const TENANTS_LISTED: Duration = Duration::from_secs(1);
/// Pause between two deletions of old deliveries.
const HOUSEKEEPING: Duration = Duration::from_secs(3600);
/// Time after which a tenant gets a turn although it is not known to have work.
const EVERY_TENANT: Duration = Duration::from_secs(60);
/// Time from a record of successes to the next turn, if nothing is known to wait for them. Another worker may have left something.
const UNSEEN: Duration = Duration::from_millis(250);
/// Most turns at a time.
const TURNS_MAX: usize = 4;
/// Longest time from the beginning of a turn to that of its attempts. An attempt then ends within the lease.
const PLACE_WAIT: Duration = Duration::from_secs(15);
/// Wait for a place after which a message is checked again before it is sent, because its endpoint may have been switched off or deleted.
/// Also the longest time of that check.
const WAITED: Duration = Duration::from_secs(1);
/// Wait for a place after which an endpoint gets fewer messages at a time. It is so short that few messages wait for [`WAITED`].
const LONG_WAIT: Duration = Duration::from_millis(500);
/// Longest time that a receiver may get for its response.
const TIMEOUT_SECONDS_MAX: u32 = 30;
/// Time that a turn or an outcome waits for a connection.
const CONNECTION_WAIT_MS: u64 = 8_000;
/// Most tasks whose ends are noted before the next look for turns that are due.
const NOTED_MAX: usize = 256;
/// Pause after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// Most attempts to record outcomes. After them the leases end, and the messages are sent again.
const RECORDED_IN: u32 = 2;

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
    #[arg(long, env = "STOCKWELL_WEBHOOK_TIMEOUT_SECONDS", value_parser = clap::value_parser!(u32).range(1..=i64::from(TIMEOUT_SECONDS_MAX)))]
    pub webhook_timeout_seconds: Option<u32>,
}

/// Sends webhooks.
pub(crate) struct Deliverer {
    outbox: Outbox,
    db: Db,
    settings: Arc<Settings>,
    sender: Arc<Sender>,
    room: Arc<Room>,
    paces: Arc<Paces>,
    living: Living,
    /// Tenants with endpoints.
    tenants: BTreeSet<TenantId>,
    listed_at: Option<Instant>,
    /// The next position of the feed that is not looked at.
    since: Option<i64>,
    /// When tenants get their next turn.
    due: BTreeMap<TenantId, Instant>,
    /// Tenants whose turn is under way.
    busy: BTreeSet<TenantId>,
    /// Tenants whose last turn left something that waits for the end of an attempt.
    waiting: BTreeSet<TenantId>,
    /// Attempts under way, and those that wait for a place.
    attempts: Attempts,
    /// Outcomes that are not recorded yet.
    ended: BTreeMap<Queue, Vec<Ended>>,
    /// Queues of which outcomes are being recorded.
    recording: BTreeSet<Queue>,
    /// Messages that were not sent and are not given back yet.
    unsent: BTreeMap<TenantId, Vec<Message>>,
    /// Tenants of which messages are being given back.
    giving_back: BTreeSet<TenantId>,
    tasks: JoinSet<Done>,
}

/// A task that ended.
enum Done {
    /// A turn that began at an instant.
    Turn(TenantId, Instant, Result<Turn, Error>),
    /// A message was sent.
    Sent(TenantId, Attempt, Box<Sent>),
    /// A message was not sent. It is given back, unless its lease is gone.
    Unsent(TenantId, Attempt, Option<Box<Message>>),
    /// Outcomes of a queue were recorded.
    Recorded(Queue),
    /// Messages of a tenant were given back.
    GivenBack(TenantId),
}

/// Outcomes of a tenant that are recorded one part after the other. Failures have a queue of their own: each waits for a turn that holds the
/// cursor of its endpoint, and successes do not wait for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Queue {
    tenant_id: TenantId,
    /// Whether it has the successes that are recorded together.
    is_plain: bool,
}

/// A message that was sent.
struct Sent {
    ended: Ended,
    /// Time that it waited for a place.
    waited: Duration,
}

/// An attempt of this worker to send a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Attempt {
    delivery_id: WebhookDeliveryId,
    number: u64,
}

/// The last attempt of each delivery, with the channel whose end says that the delivery is sent again.
#[derive(Debug, Default)]
struct Attempts {
    last: HashMap<WebhookDeliveryId, (Attempt, oneshot::Sender<()>)>,
    begun: u64,
}

impl Attempts {
    /// Begins an attempt. One of the same delivery that is under way ends: its lease is gone, and it would keep its place for nothing.
    /// Returns the attempt, and the channel that ends when the next one begins.
    fn begin(&mut self, delivery_id: WebhookDeliveryId) -> (Attempt, oneshot::Receiver<()>) {
        let (open, ends) = oneshot::channel();
        self.begun += 1;
        let attempt = Attempt { delivery_id, number: self.begun };
        self.last.insert(delivery_id, (attempt, open));
        (attempt, ends)
    }

    /// Notes that an attempt has ended.
    fn end(&mut self, attempt: Attempt) {
        if self.last.get(&attempt.delivery_id).is_some_and(|(last, _)| *last == attempt) {
            self.last.remove(&attempt.delivery_id);
        }
    }
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
            // Clean-up of other tasks may take long, and no message is sent while the tenants with work are listed.
            outbox: outbox.apart().await?,
            db,
            settings: Arc::new(Settings { vault: Vault::new(&key), reach }),
            sender: Arc::new(sender),
            room: Arc::default(),
            paces: Arc::default(),
            living: Living::start(outbox.presence()).await?,
            tenants: BTreeSet::new(),
            listed_at: None,
            since: None,
            due: BTreeMap::new(),
            busy: BTreeSet::new(),
            waiting: BTreeSet::new(),
            attempts: Attempts::default(),
            ended: BTreeMap::new(),
            recording: BTreeSet::new(),
            unsent: BTreeMap::new(),
            giving_back: BTreeSet::new(),
            tasks: JoinSet::new(),
        }))
    }

    /// Sends messages until the worker stops, then waits for those under way.
    pub(crate) async fn run(mut self, mut stopping: watch::Receiver<bool>) {
        while !*stopping.borrow() {
            // While it waits, no message of a turn is sent.
            let looked = timeout(LOOK_MAX, self.look()).await.unwrap_or(Err(Error::Deadline));
            if let Err(error) = looked {
                tracing::warn!(%error, "the tenants with webhooks could not be listed; trying again");
            }
            self.make_turns_due();
            self.begin_turns();
            let until = Instant::now() + POLL;
            loop {
                tokio::select! {
                    Some(done) = self.tasks.join_next() => {
                        self.note(done);
                        for _ in 0..NOTED_MAX {
                            let Some(done) = self.tasks.try_join_next() else { break };
                            self.note(done);
                        }
                        self.begin_turns();
                    }
                    () = tokio::time::sleep_until(until) => break,
                    () = stopped(&mut stopping) => break,
                }
            }
        }
        // Messages that wait for a place are given back.
        self.room.close();
        while let Some(done) = self.tasks.join_next().await {
            self.note(done);
        }
    }

    /// Returns the connections to the database.
    pub(crate) fn db(&self) -> Db {
        self.db.clone()
    }

    /// Finds the tenants with endpoints, and those of them that wrote events.
    async fn look(&mut self) -> Result<(), Error> {
        if self.listed_at.is_none_or(|at| at.elapsed() >= TENANTS_LISTED) {
            self.tenants = self.outbox.webhook_tenants().await?.into_iter().collect();
            self.listed_at = Some(Instant::now());
            self.due.retain(|tenant_id, _| self.tenants.contains(tenant_id));
            self.waiting.retain(|tenant_id| self.tenants.contains(tenant_id));
            self.living.retain(&self.tenants);
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

    /// Makes a turn of every tenant due if a worker has ended, because that worker may have leased messages of any tenant.
    fn make_turns_due(&mut self) {
        let now = Instant::now();
        if self.living.has_one_ended(now) {
            for due in self.due.values_mut() {
                *due = (*due).min(now);
            }
        }
    }

    /// Begins the turns that are due, the oldest first. While no message can be sent, none begins: it would take leases in vain.
    fn begin_turns(&mut self) {
        if self.room.is_full() {
            return;
        }
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
            let (db, settings, paces) =
                (self.db.clone(), Arc::clone(&self.settings), Arc::clone(&self.paces));
            let (worker, takes_over) = (self.living.holder(), self.living.should_take_over(tenant_id, now));
            self.tasks.spawn(async move {
                let turn = async {
                    if takes_over && holder::take_over(&db, tenant_id).await? > 0 {
                        tracing::info!(%tenant_id, "messages of a worker that has ended are sent again");
                    }
                    turn::take(&db, &settings, &paces, worker, tenant_id).await
                };
                Done::Turn(tenant_id, now, turn.await)
            });
        }
    }

    fn note(&mut self, done: Result<Done, tokio::task::JoinError>) {
        let (tenant_id, next) = match done {
            Ok(Done::Turn(tenant_id, begun, Ok(turn))) => {
                self.busy.remove(&tenant_id);
                match turn.is_waiting {
                    true => self.waiting.insert(tenant_id),
                    false => self.waiting.remove(&tenant_id),
                };
                for message in turn.messages {
                    self.send(message, begun + PLACE_WAIT);
                }
                let wait = turn.look_again.and_then(|wait| wait.to_std().ok());
                (tenant_id, if turn.has_more { Some(Duration::ZERO) } else { wait })
            }
            Ok(Done::Turn(tenant_id, _, Err(error))) => {
                self.busy.remove(&tenant_id);
                self.living.forget(tenant_id);
                tracing::warn!(%error, %tenant_id, "a turn of webhooks failed; trying again");
                (tenant_id, Some(PAUSE))
            }
            Ok(Done::Sent(tenant_id, attempt, sent)) => {
                self.attempts.end(attempt);
                self.note_pace(&sent);
                let queue = Queue { tenant_id, is_plain: sent.ended.is_plain() };
                self.ended.entry(queue).or_default().push(sent.ended);
                // Its record brings the next turn.
                self.record(queue);
                return;
            }
            Ok(Done::Unsent(tenant_id, attempt, unsent)) => {
                self.attempts.end(attempt);
                if let Some(message) = unsent {
                    self.unsent.entry(tenant_id).or_default().push(*message);
                    self.give_back(tenant_id);
                    return;
                }
                (tenant_id, Some(Duration::ZERO))
            }
            Ok(Done::Recorded(queue)) => {
                self.recording.remove(&queue);
                self.record(queue);
                let is_waiting = !queue.is_plain || self.waiting.contains(&queue.tenant_id);
                (queue.tenant_id, Some(if is_waiting { Duration::ZERO } else { UNSEEN }))
            }
            Ok(Done::GivenBack(tenant_id)) => {
                self.giving_back.remove(&tenant_id);
                self.give_back(tenant_id);
                (tenant_id, Some(Duration::ZERO))
            }
            Err(error) => {
                tracing::error!(%error, "a task of webhooks failed");
                // It may have been a turn, a record or a return: its tenant is not known.
                self.busy.clear();
                self.recording.clear();
                self.giving_back.clear();
                return;
            }
        };
        let (Some(next), Some(due)) = (next, self.due.get_mut(&tenant_id)) else { return };
        *due = (*due).min(Instant::now() + next);
    }

    /// Notes how fast the receiver of a message responded, and whether the message waited long for a place.
    fn note_pace(&self, sent: &Sent) {
        let (id, outcome) = (sent.ended.message.endpoint_id, &sent.ended.outcome);
        self.paces.note(id, outcome.error.is_none(), outcome.duration_ms);
        if sent.waited >= LONG_WAIT {
            self.paces.note_wait(id);
        }
    }

    /// Records the outcomes of a queue that wait, unless others of it are being recorded.
    fn record(&mut self, queue: Queue) {
        if self.recording.contains(&queue) {
            return;
        }
        let Some(mut rest) = self.ended.remove(&queue) else { return };
        let ended = together::take_next(&mut rest);
        if !rest.is_empty() {
            self.ended.insert(queue, rest);
        }
        self.recording.insert(queue);
        let db = self.db.clone();
        self.tasks.spawn(async move {
            record(&db, queue.tenant_id, &ended).await;
            Done::Recorded(queue)
        });
    }

    /// Gives messages of a tenant back that were not sent, unless others of it are being given back.
    fn give_back(&mut self, tenant_id: TenantId) {
        if self.giving_back.contains(&tenant_id) {
            return;
        }
        let Some(unsent) = self.unsent.remove(&tenant_id) else { return };
        self.giving_back.insert(tenant_id);
        let db = self.db.clone();
        self.tasks.spawn(async move {
            give_back(&db, tenant_id, &unsent).await;
            Done::GivenBack(tenant_id)
        });
    }

    /// Sends a message. It is not sent if no place is free until an instant, or if it is no longer wanted then.
    fn send(&mut self, message: Message, until: Instant) {
        let (db, sender, room) = (self.db.clone(), Arc::clone(&self.sender), Arc::clone(&self.room));
        let (attempt, mut sent_again) = self.attempts.begin(message.delivery_id);
        self.tasks.spawn(async move {
            let (tenant_id, waits) = (message.tenant_id, Instant::now());
            let entered = tokio::select! {
                entered = room.enter(tenant_id, message.endpoint_id, until) => entered,
                // Its lease is gone, so there is nothing to give back.
                _ = &mut sent_again => return Done::Unsent(tenant_id, attempt, None),
            };
            let waited = waits.elapsed();
            let place = match entered {
                Some(place) => {
                    let is_wanted = waited < WAITED || is_wanted(&db, &message).await;
                    is_wanted.then_some(place)
                }
                None => None,
            };
            match place {
                Some(_place) => {
                    let ended = deliver(&sender, message, sent_again).await;
                    Done::Sent(tenant_id, attempt, Box::new(Sent { ended, waited }))
                }
                None => Done::Unsent(tenant_id, attempt, Some(Box::new(message))),
            }
        });
    }
}

/// Sends a message. Once the delivery is sent again, it waits for no response.
async fn deliver(sender: &Sender, message: Message, sent_again: oneshot::Receiver<()>) -> Ended {
    let sent_again = async {
        // The channel carries no value: it ends.
        _ = sent_again.await;
    };
    let outcome = sender.send(&message, sent_again).await;
    let kind = outcome.error.unwrap_or("delivered");
    metrics::counter!("stockwell_webhook_attempts_total", "outcome" => kind).increment(1);
    Ended { message, outcome }
}

/// Records outcomes of a tenant.
async fn record(db: &Db, tenant_id: TenantId, ended: &[Ended]) {
    for attempt in 1..=RECORDED_IN {
        match together::record(db, tenant_id, ended).await {
            Ok(()) => break,
            Err(error) => {
                let outcomes = ended.len();
                tracing::warn!(%error, %tenant_id, attempt, outcomes, "outcomes were not recorded");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Returns whether a message that waited for a place is still to be sent.
async fn is_wanted(db: &Db, message: &Message) -> bool {
    let looked = timeout(WAITED, turn::is_wanted(db, message)).await.unwrap_or(Err(Error::Deadline));
    looked.unwrap_or_else(|error| {
        tracing::warn!(%error, tenant_id = %message.tenant_id, "a message that waited could not be looked at");
        false
    })
}

/// Gives messages of a tenant back that were not sent.
async fn give_back(db: &Db, tenant_id: TenantId, unsent: &[Message]) {
    if let Err(error) = turn::give_back(db, tenant_id, unsent).await {
        let messages = unsent.len();
        tracing::warn!(%error, %tenant_id, messages, "messages wait for the end of their leases");
    }
}

/// Deletes old deliveries of every tenant, now and every hour. Also tenants whose endpoints are all deleted have some.
pub(crate) async fn keep_house(outbox: Outbox, db: Db, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        match outbox.tenants().await {
            Ok(tenants) => forget_old(&db, tenants, &stopping).await,
            Err(error) => tracing::warn!(%error, "the tenants could not be listed; trying again"),
        }
        rest(&mut stopping, HOUSEKEEPING).await;
    }
}

/// Deletes old deliveries of tenants, unless the worker stops. A failure for one tenant does not stop the others.
async fn forget_old(db: &Db, tenants: Vec<TenantId>, stopping: &watch::Receiver<bool>) {
    for tenant_id in tenants {
        loop {
            if *stopping.borrow() {
                return;
            }
            match old::forget(db, tenant_id).await {
                Ok(old::AT_ONCE) => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, %tenant_id, "old deliveries were not deleted; trying again");
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot::error::TryRecvError;

    use super::*;

    #[test]
    fn an_attempt_ends_within_its_lease() {
        let write_ms = PoolOptions::default().write_ms;
        let recorded = Duration::from_millis(CONNECTION_WAIT_MS + write_ms) + PAUSE;
        // Others of the tenant may be recorded before.
        let attempt = PLACE_WAIT
            + WAITED
            + Duration::from_secs(u64::from(TIMEOUT_SECONDS_MAX))
            + recorded * RECORDED_IN * 2;
        assert!(attempt < turn::LEASE.to_std().expect("a lease"), "{attempt:?}");
    }

    #[test]
    fn the_next_attempt_of_a_delivery_ends_the_one_before() {
        let delivery = |number| WebhookDeliveryId(uuid::Uuid::from_u128(number));
        let mut attempts = Attempts::default();
        let (first, mut first_ends) = attempts.begin(delivery(1));
        let (other, mut other_ends) = attempts.begin(delivery(2));
        let is_open = |ends: &mut oneshot::Receiver<()>| ends.try_recv() == Err(TryRecvError::Empty);
        assert!(is_open(&mut first_ends) && is_open(&mut other_ends));
        let (second, mut second_ends) = attempts.begin(delivery(1));
        assert!(!is_open(&mut first_ends) && is_open(&mut second_ends) && is_open(&mut other_ends));
        attempts.end(first);
        assert!(is_open(&mut second_ends), "the end of the first is not that of the second");
        attempts.end(second);
        attempts.end(other);
        assert!(attempts.last.is_empty());
    }
}
