//! Takes events as deliveries. Those that are sent now are written with their lease.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::id::{WebhookDeliveryId, WebhookEndpointId};
use sea_orm::sqlx::Row;
use uuid::Uuid;

use super::cursor::{self, EVENTS_MAX, Endpoint};
use super::window::Windows;
use crate::columns::Columns;
use crate::event::{Event, FeedPosition};
use crate::{Error, Tx};

/// Least events that a turn takes for an endpoint, if there are so many. Some may wait for an earlier one about the same document.
const EVENTS_MIN: usize = 8;

/// A lease of deliveries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lease {
    pub id: Uuid,
    pub until: DateTime<Utc>,
    /// When a delivery that was never sent before is given up.
    pub expires_at: DateTime<Utc>,
}

/// The events that a turn took.
#[derive(Debug, Default)]
pub(super) struct Intake {
    /// Those to send now.
    pub leased: Vec<Taken>,
    /// Whether more can be taken at once.
    pub has_more: bool,
    /// Whether events may be left for which an endpoint has no attempt.
    pub has_rest: bool,
}

/// An event that was taken for an endpoint.
#[derive(Debug)]
pub(super) struct Taken {
    /// The place of the endpoint among those of the turn.
    pub endpoint: usize,
    pub delivery_id: WebhookDeliveryId,
    pub event: Event,
    /// Whether it is the first event about its document, and an attempt is left for it.
    may_go: bool,
}

/// Takes the next events of each endpoint that has attempts left, and moves its cursor behind them. An event is leased unless an earlier one
/// about its document waits.
pub(super) async fn take(tx: &Tx, endpoints: &mut [Endpoint], lease: Lease) -> Result<Intake, Error> {
    let is_held = endpoints.iter().any(|endpoint| endpoint.is_open() && !endpoint.may_take());
    let mut order: Vec<usize> = (0..endpoints.len()).filter(|at| endpoints[*at].may_take()).collect();
    // Endpoints that are near each other share a part of the feed.
    order.sort_by_key(|at| endpoints[*at].place);
    let (mut windows, mut taken) = (Windows::default(), Vec::new());
    let mut moved: Vec<(WebhookEndpointId, FeedPosition)> = Vec::new();
    let mut unfinished = Vec::new();
    for at in order {
        let endpoint = &endpoints[at];
        let most = usize::try_from(endpoint.free()).unwrap_or(EVENTS_MAX).clamp(EVENTS_MIN, EVENTS_MAX);
        let part = windows.next(tx, &endpoint.filter, endpoint.place, most).await?;
        add(tx, at, endpoint, part.events, &mut taken);
        // It also moves over events of other types, so that no turn reads them again.
        if part.end > endpoint.place {
            moved.push((endpoint.id, part.end));
        }
        if part.has_more {
            unfinished.push(at);
        }
    }
    // Locks are taken in the order of the endpoints.
    taken.sort_by_key(|taken: &Taken| taken.endpoint);
    let leased = insert(tx, endpoints, &taken, lease).await?;
    cursor::move_to(tx, &moved).await?;
    for taken in &taken {
        endpoints[taken.endpoint].waiting += 1;
    }
    taken.retain(|taken| leased.contains(&taken.delivery_id.0));
    for taken in &taken {
        endpoints[taken.endpoint].note_leased(1, lease.until);
    }
    let has_more = unfinished.iter().any(|at| endpoints[*at].may_take());
    Ok(Intake { leased: taken, has_more, has_rest: is_held || !unfinished.is_empty() })
}

/// Adds events that are taken for an endpoint.
fn add(tx: &Tx, at: usize, endpoint: &Endpoint, events: &[Event], taken: &mut Vec<Taken>) {
    let (mut free, mut documents) = (endpoint.free(), HashSet::new());
    for event in events {
        let may_go = free > 0 && documents.insert(event.document_id);
        free -= i64::from(may_go);
        let delivery_id = WebhookDeliveryId(tx.next_id());
        taken.push(Taken { endpoint: at, delivery_id, event: event.clone(), may_go });
    }
}

const INSERT: &str = "with made as ( \
         insert into webhook_delivery (tenant_id, next_at, created_at, updated_at, id, endpoint_id, event_id, kind, command_id, \
             document_kind, document_id, position, written, occurred_at, recorded_at, attempts, tries, leased_by, lease_until, \
             expires_at) \
         select $1, $2, $2, $2, v.id, v.endpoint_id, v.event_id, v.kind, v.command_id, v.document_kind, v.document_id, v.position, \
             v.written, v.occurred_at, v.recorded_at, l.is_leased::integer, l.is_leased::integer, \
             case when l.is_leased then $3::uuid end, case when l.is_leased then $4::timestamptz end, \
             case when l.is_leased then $5::timestamptz end \
         from unnest($6::uuid[], $7::uuid[], $8::uuid[], $9::text[], $10::uuid[], $11::text[], $12::uuid[], $13::bigint[], \
             $14::bigint[], $15::timestamptz[], $16::timestamptz[], $17::boolean[]) \
             as v (id, endpoint_id, event_id, kind, command_id, document_kind, document_id, position, written, occurred_at, \
                 recorded_at, may_go) \
         cross join lateral ( \
             select v.may_go and not exists ( \
                 select from webhook_delivery p \
                 where p.tenant_id = $1 and p.endpoint_id = v.endpoint_id and p.status = 'pending' \
                   and p.document_id = v.document_id) as is_leased offset 0) l \
         returning id, leased_by) \
     select id from made where leased_by is not null";

/// Writes deliveries. Returns the ids of those that are leased.
async fn insert(
    tx: &Tx,
    endpoints: &[Endpoint],
    taken: &[Taken],
    lease: Lease,
) -> Result<HashSet<Uuid>, Error> {
    if taken.is_empty() {
        return Ok(HashSet::new());
    }
    let statement = Columns::of(INSERT)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .bind(lease.id)
        .bind(lease.until)
        .bind(lease.expires_at)
        .column("id", taken, |taken| taken.delivery_id.0)
        .column("endpoint_id", taken, |taken| endpoints[taken.endpoint].id.0)
        .column("event_id", taken, |taken| taken.event.id.0)
        .column("kind", taken, |taken| taken.event.kind.clone())
        .column("command_id", taken, |taken| taken.event.command_id.0)
        .column("document_kind", taken, |taken| taken.event.document_kind.clone())
        .column("document_id", taken, |taken| taken.event.document_id)
        .column("position", taken, |taken| taken.event.place.0)
        .column("written", taken, |taken| taken.event.place.1)
        .column("occurred_at", taken, |taken| taken.event.occurred_at)
        .column("recorded_at", taken, |taken| taken.event.recorded_at)
        .column("may_go", taken, |taken| taken.may_go);
    let rows = statement.rows(tx).await?;
    rows.iter().map(|row| Ok(row.try_get("id")?)).collect()
}
