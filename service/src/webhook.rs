//! Webhooks: the worker sends events to addresses of other systems, as Standard Webhooks 1.0 describes.
//!
//! Each endpoint has a cursor on the feed, so its events are sent in the order of the feed and none is lost. A [`turn`] takes the
//! events after the cursor as deliveries, and leases those that are due. The worker sends them, and records each [`outcome`].
//! [`outbound`](crate::outbound) decides which addresses may be reached.

mod cursor;
pub mod delivery;
pub mod endpoint;
pub mod holder;
pub mod inbound;
mod intake;
mod object;
pub mod old;
pub mod outcome;
pub mod pace;
pub mod schedule;
pub mod secret;
pub mod together;
pub mod turn;
mod window;

use domain::id::TenantId;
use uuid::Uuid;

use self::secret::Vault;
use crate::Caller;
use crate::caller::ActorKind;
use crate::outbound::Reach;
use crate::scope::Scopes;

/// Version of the API in which messages are written.
pub const API_VERSION: &str = "v1";
/// Type of the message that tests an endpoint.
pub const TEST: &str = "ping";
/// Connections of a worker, of which half are for writes ([`PoolOptions`](crate::tx::PoolOptions)). A tenant may use half of these at a
/// time: for a turn, for successes, and for failures.
pub const CONNECTIONS_MAX: u32 = 12;
/// Most deliveries that wait for an endpoint. Further events wait in the feed.
pub const WAITING_MAX: i64 = 1_000;

/// Settings of an installation.
#[derive(Debug)]
pub struct Settings {
    /// Seals the secrets.
    pub vault: Vault,
    /// Addresses that may be reached.
    pub reach: Reach,
}

/// Returns the worker as a caller of a tenant.
fn worker(tenant_id: TenantId) -> Caller {
    Caller::new(tenant_id, ActorKind::Worker, Uuid::nil(), Scopes::all())
}
