//! Publishes revocations of credentials to the other nodes through Redis, and receives theirs. Receives from the worker
//! which tenants have new events.
//!
//! No request waits for it. Without Redis, a revocation reaches the other nodes when their cached credential expires,
//! and streams poll the database every second. Revocations that were made without a link are published once it is back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::web::Data;
use domain::id::TenantId;
use futures_util::StreamExt;
use service::auth::Auth;
use service::live::Live;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

/// Prefix of the channel of a tenant's events. The tenant's id follows. The worker publishes the id of each event
/// there.
pub const EVENTS_CHANNEL: &str = "stockwell:events:";
/// Channel of revocations. A message has the tenant's id, or is [`ALL_TENANTS`].
const REVOCATIONS_CHANNEL: &str = "stockwell:revoked";
/// Message that concerns the credentials of every tenant. A server of the version before sends no other.
const ALL_TENANTS: &str = "";
/// Pause before the next attempt to reach Redis.
const PAUSE: Duration = Duration::from_secs(1);

/// The link to the other nodes.
#[derive(Debug)]
pub struct Broadcast {
    connected: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Broadcast {
    /// Keeps a connection to the Redis at `url` until it is dropped.
    pub fn start(url: String, auth: Data<Auth>, live: Live) -> Self {
        let connected = Arc::new(AtomicBool::new(false));
        let state = Arc::clone(&connected);
        let mut unsent = Unsent { revocations: auth.revocations(), first: None };
        let task = tokio::spawn(async move {
            loop {
                let ended = link(&url, &auth, (&live, &state), &mut unsent).await;
                if state.swap(false, Ordering::Relaxed) {
                    tracing::warn!(error = ?ended.err(), "the link to Redis was lost");
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        Broadcast { connected, task }
    }

    /// Whether revocations reach the other nodes at once.
    pub fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }
}

impl Drop for Broadcast {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Revocations of this process that are still to be published.
struct Unsent {
    revocations: Receiver<TenantId>,
    /// The message that comes first, if its publication may have failed.
    first: Option<String>,
}

impl Unsent {
    /// Waits for the next message. It comes again until [`sent`](Unsent::sent) is called.
    async fn next(&mut self) -> Option<&str> {
        if self.first.is_none() {
            self.first = Some(match self.revocations.recv().await {
                Ok(tenant_id) => tenant_id.to_string(),
                Err(RecvError::Lagged(_)) => ALL_TENANTS.to_owned(),
                Err(RecvError::Closed) => return None,
            });
        }
        self.first.as_deref()
    }

    fn sent(&mut self) {
        self.first = None;
    }
}

async fn link(
    url: &str,
    auth: &Auth,
    (live, connected): (&Live, &AtomicBool),
    unsent: &mut Unsent,
) -> Result<(), redis::RedisError> {
    let client = redis::Client::open(url)?;
    let mut publisher = client.get_multiplexed_async_connection().await?;
    let mut subscriber = client.get_async_pubsub().await?;
    subscriber.subscribe(REVOCATIONS_CHANNEL).await?;
    subscriber.psubscribe(format!("{}*", EVENTS_CHANNEL)).await?;
    // Revocations may have been missed without a connection.
    auth.forget();
    connected.store(true, Ordering::Relaxed);
    tracing::info!("linked to Redis");
    let mut messages = subscriber.on_message();
    loop {
        tokio::select! {
            message = messages.next() => match message {
                Some(message) => match message.get_channel_name().strip_prefix(EVENTS_CHANNEL) {
                    Some(tenant_id) => _ = tenant_id.parse().map(|tenant_id| live.notify(tenant_id)),
                    None => match message.get_payload::<String>().ok().and_then(|text| text.parse().ok()) {
                        Some(tenant_id) => auth.forget_tenant(tenant_id),
                        None => auth.forget(),
                    },
                },
                None => return Ok(()),
            },
            message = unsent.next() => {
                let Some(message) = message else { return Ok(()) };
                redis::cmd("PUBLISH").arg(REVOCATIONS_CHANNEL).arg(message).exec_async(&mut publisher).await?;
                unsent.sent();
            },
        }
    }
}
