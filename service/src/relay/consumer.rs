//! Hands events on to consumers outside this database: each event at least once, those of a tenant in the order of the
//! feed.
//!
//! Each consumer has a cursor for each tenant: the place of the last event handed on. A relay takes the next events of
//! a tenant under a lease on the cursor, hands them on, and moves the cursor. If it fails in between, the lease runs
//! out and another relay takes the same events. Receivers recognise a repeat by its id. Several relays may run side by
//! side.
//!
//! A relay stays below the horizon, as every reader of the feed does, so no event is added behind its cursor. It finds
//! the tenants with new events at the end of the event table. Each further statement concerns one tenant. No write
//! waits for a relay, and an event is never changed.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::time::Duration;

use domain::id::{EventId, TenantId};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::Error;
use crate::event::{FeedPosition, HORIZON};

/// Most events of one tenant that are taken at once, so that a busy tenant does not delay the others.
pub const SHARE_MAX: usize = 50;
/// Number of events after which a round ends.
const ROUND_EVENTS: usize = 500;
/// Number of tenants after which a round ends if some of them had events.
const ROUND_TENANTS: usize = 500;

/// The feed of every tenant, as one consumer reads it.
#[derive(Debug)]
pub struct Consumer {
    pool: PgPool,
    name: String,
    lease_ms: i64,
    /// Identifies this relay in its leases.
    id: Uuid,
    /// Tenants that may have events after their cursor.
    behind: BTreeSet<TenantId>,
    /// The tenant that was asked last. The next round begins after it.
    last: Option<TenantId>,
    /// Every event below this position is handed on, or its tenant is in `behind`. `None` until the tenants are listed.
    seen: Option<i64>,
}

/// The next events of a tenant, under a lease.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The tenant of the events.
    pub tenant_id: TenantId,
    /// Ids of the events, in the order of the feed.
    pub events: Vec<EventId>,
    /// The place of the last of them.
    end: FeedPosition,
    /// The horizon when they were read. Whether the tenant is behind is known only below it.
    horizon: i64,
}

impl Consumer {
    pub(super) fn new(options: PgConnectOptions, name: &str, lease: Duration) -> Self {
        // Cursor moves don't wait for the write-ahead log. If the database fails, it may lose the last moves; those
        // events are then handed on again.
        let options = options.options([("synchronous_commit", "off")]);
        let pool = PgPoolOptions::new().max_connections(1).test_before_acquire(false);
        Consumer {
            pool: pool.connect_lazy_with(options),
            name: name.to_owned(),
            lease_ms: i64::try_from(lease.as_millis()).unwrap_or(i64::MAX),
            id: Uuid::new_v4(),
            behind: BTreeSet::new(),
            last: None,
            seen: None,
        }
    }

    /// Takes the next events of some tenants. Until their leases run out, no other relay takes events of these tenants.
    pub async fn take(&mut self) -> Result<Vec<Batch>, Error> {
        let horizon = self.look().await?;
        let (mut batches, mut events) = (Vec::new(), 0);
        for (asked, tenant_id) in self.turns().into_iter().enumerate() {
            if events >= ROUND_EVENTS || (asked >= ROUND_TENANTS && events > 0) {
                break;
            }
            self.last = Some(tenant_id);
            match self.take_of(tenant_id, horizon).await? {
                Some(batch) => {
                    events += batch.events.len();
                    batches.push(batch);
                }
                // Another relay may have the lease: ask this tenant again until that relay has moved the cursor.
                None if self.is_behind(tenant_id, horizon).await? => {}
                None => _ = self.behind.remove(&tenant_id),
            }
        }
        Ok(batches)
    }

    /// Moves the cursor behind events that were handed on. Returns whether it moved: if the lease ran out and another
    /// relay has taken the events, that relay moves it. A batch that was taken before another one of its tenant never
    /// moves the cursor back. Events that a later `take` saw beyond a batch stay to be taken.
    pub async fn advance(&mut self, batch: &Batch) -> Result<bool, Error> {
        let FeedPosition(position, written, event_id) = batch.end;
        let query = sqlx::query(ADVANCE).bind(batch.tenant_id.0).bind(&self.name).bind(self.id);
        let done = query.bind(position).bind(written).bind(event_id).execute(&self.pool).await?;
        let has_moved = done.rows_affected() > 0;
        if has_moved && batch.events.len() < SHARE_MAX && self.seen == Some(batch.horizon) {
            self.behind.remove(&batch.tenant_id);
        }
        Ok(has_moved)
    }

    /// Asks every tenant again, after a failure. This relay takes again at once what it took and did not hand on.
    pub fn start_over(&mut self) {
        self.seen = None;
    }

    /// Finds the tenants with new events. Returns the position below which the feed is complete.
    async fn look(&mut self) -> Result<i64, Error> {
        let horizon: i64 = sqlx::query(HORIZON).fetch_one(&self.pool).await?.try_get(0)?;
        match self.seen {
            None => self.behind = super::tenants(&self.pool).await?.into_iter().collect(),
            Some(seen) if seen < horizon => {
                let query = sqlx::query(WITH_EVENTS).bind(seen).bind(horizon);
                for row in query.fetch_all(&self.pool).await? {
                    self.behind.insert(TenantId(row.try_get(0)?));
                }
            }
            Some(_) => {}
        }
        self.seen = Some(horizon);
        Ok(horizon)
    }

    /// Returns the tenants that are behind, starting after the one that was asked last.
    fn turns(&self) -> Vec<TenantId> {
        let Some(last) = self.last else { return self.behind.iter().copied().collect() };
        let after = self.behind.range((Bound::Excluded(last), Bound::Unbounded));
        after.chain(self.behind.range(..=last)).copied().collect()
    }

    async fn take_of(&self, tenant_id: TenantId, horizon: i64) -> Result<Option<Batch>, Error> {
        let query = sqlx::query(TAKE).bind(tenant_id.0).bind(&self.name).bind(self.id).bind(self.lease_ms);
        let rows = query.bind(horizon).bind(SHARE_MAX as i64).fetch_all(&self.pool).await?;
        let Some(last) = rows.last() else { return Ok(None) };
        let end = FeedPosition::read(last)?;
        let ids = rows.iter().map(|row| Ok(EventId(row.try_get("id")?)));
        Ok(Some(Batch { tenant_id, events: ids.collect::<Result<_, Error>>()?, end, horizon }))
    }

    /// Whether there are events after the cursor. A tenant without a cursor gets one, at the beginning of its feed.
    async fn is_behind(&self, tenant_id: TenantId, horizon: i64) -> Result<bool, Error> {
        let query = sqlx::query(IS_BEHIND).bind(tenant_id.0).bind(&self.name).bind(horizon);
        if let Some(row) = query.fetch_optional(&self.pool).await? {
            return Ok(row.try_get(0)?);
        }
        sqlx::query(BEGIN).bind(tenant_id.0).bind(&self.name).execute(&self.pool).await?;
        Ok(true)
    }
}

/// Selects the tenants that have events between two positions. With the lag, it is the only statement about more than one
/// tenant. Its index is a summary of the pages into which events were written.
pub const WITH_EVENTS: &str = "select distinct tenant_id from event where position >= $1 and position < $2";

/// Takes a lease and returns the events after the cursor, if there are some and no other relay has the lease.
const TAKE: &str = "with taken as ( \
         update event_cursor c set leased_by = $3, lease_until = now() + $4 * interval '1 millisecond' \
         where c.tenant_id = $1 and c.consumer = $2 \
           and (c.leased_by is null or c.leased_by = $3 or c.lease_until <= now()) \
           and exists (select 1 from event e where e.tenant_id = $1 \
                       and (e.position, e.written, e.id) > (c.position, c.written, c.event_id) and e.position < $5) \
         returning c.position, c.written, c.event_id \
     ) \
     select e.position, e.written, e.id from taken t cross join lateral ( \
         select e.position, e.written, e.id from event e \
         where e.tenant_id = $1 and (e.position, e.written, e.id) > (t.position, t.written, t.event_id) \
           and e.position < $5 \
         order by e.position, e.written, e.id limit $6) e \
     order by e.position, e.written, e.id";

const ADVANCE: &str = "update event_cursor \
     set position = $4, written = $5, event_id = $6, leased_by = null, lease_until = null \
     where tenant_id = $1 and consumer = $2 and leased_by = $3 \
       and (position, written, event_id) < ($4, $5, $6)";

const IS_BEHIND: &str = "select exists ( \
         select 1 from event e where e.tenant_id = $1 \
           and (e.position, e.written, e.id) > (c.position, c.written, c.event_id) and e.position < $3) \
     from event_cursor c where c.tenant_id = $1 and c.consumer = $2";

const BEGIN: &str = "insert into event_cursor (tenant_id, consumer) values ($1, $2) on conflict do nothing";
