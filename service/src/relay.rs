//! The worker's half of the outbox: events that were committed are handed on, at least once each.
//!
//! An event is leased, handed on, and marked. Who dies in between leaves a lease behind that runs out, and another relay
//! hands the event on again: receivers tell a repeat by its id. Any number of relays work side by side.
//!
//! A relay serves every tenant, so it has a role of its own that sees the outbox and nothing else, and no [`Tx`](crate::Tx).

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::id::{EventId, TenantId};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::Error;

/// The most events that are leased at once.
const BATCH_MAX: i32 = 500;
/// The most of them that are of one tenant, so that a busy one does not keep the others waiting.
const SHARE_MAX: i32 = 50;
/// Connections of a worker.
const CONNECTIONS_MAX: u32 = 2;
/// How long an answer is kept for a repeat of its request.
pub const ANSWERS_KEPT: chrono::Duration = chrono::Duration::days(7);
/// How many answers one statement forgets.
const FORGOTTEN_AT_ONCE: i32 = 500;

/// The outbox of all tenants.
#[derive(Debug, Clone)]
pub struct Outbox {
    pool: PgPool,
}

/// An event that is to be handed on.
#[derive(Debug, Clone)]
pub struct Leased {
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Its id.
    pub id: EventId,
    /// How often it was leased, this time included.
    pub attempts: i32,
    position: i64,
}

impl Outbox {
    /// Connects as the role of `url`: the relay's (`stockwell_relay`).
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let options = url.parse::<PgConnectOptions>()?.application_name("stockwell-worker");
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS_MAX).connect_with(options).await?;
        Ok(Outbox { pool })
    }

    /// Leases events that nobody has handed on, oldest first and some of each tenant. They are this caller's until
    /// `lease` is over.
    pub async fn lease(&self, lease: Duration) -> Result<Vec<Leased>, Error> {
        let milliseconds = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
        let query = sqlx::query(LEASE).bind(SHARE_MAX).bind(BATCH_MAX).bind(milliseconds);
        let rows = query.fetch_all(&self.pool).await?;
        let leased = rows.iter().map(|row| {
            Ok(Leased {
                tenant_id: TenantId(row.try_get("tenant_id")?),
                position: row.try_get("position")?,
                id: EventId(row.try_get("id")?),
                attempts: row.try_get("attempts")?,
            })
        });
        leased.collect()
    }

    /// Says that these events were handed on.
    pub async fn mark(&self, events: &[Leased]) -> Result<(), Error> {
        let tenants: Vec<Uuid> = events.iter().map(|event| event.tenant_id.0).collect();
        let positions: Vec<i64> = events.iter().map(|event| event.position).collect();
        let ids: Vec<Uuid> = events.iter().map(|event| event.id.0).collect();
        let query = sqlx::query(
            "update event e set sent_at = now() \
             from unnest($1::uuid[], $2::bigint[], $3::uuid[]) as v (tenant_id, position, id) \
             where e.tenant_id = v.tenant_id and e.position = v.position and e.id = v.id",
        );
        query.bind(tenants).bind(positions).bind(ids).execute(&self.pool).await?;
        Ok(())
    }

    /// Every tenant.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, Error> {
        let rows = sqlx::query("select * from auth.tenants()").fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok(TenantId(row.try_get(0)?))).collect()
    }

    /// Forgets the answers of requests from `since` on that are older than [`ANSWERS_KEPT`], whose keys may be used
    /// anew from then on; the audit record stays. Answers until when it has forgotten, which is the next `since`, and
    /// how many.
    pub async fn forget_answers(&self, since: Option<DateTime<Utc>>) -> Result<(DateTime<Utc>, i64), Error> {
        let until = crate::tx::now() - ANSWERS_KEPT;
        let (since, before) = (first_id(since.unwrap_or_default()), first_id(until));
        let (mut tenant_id, mut id) = (Uuid::nil(), Uuid::nil());
        let mut forgotten = 0;
        loop {
            let query = sqlx::query("select * from auth.forget_answers($1, $2, $3, $4, $5)");
            let query = query.bind(since).bind(before).bind(tenant_id).bind(id).bind(FORGOTTEN_AT_ONCE);
            let Some(row) = query.fetch_optional(&self.pool).await? else { return Ok((until, forgotten)) };
            forgotten += row.try_get::<i64, _>("forgotten")?;
            (tenant_id, id) = (row.try_get("last_tenant_id")?, row.try_get("last_id")?);
        }
    }
}

/// The tenants that have something to hand on are found one by one along the index, each with its oldest events.
const LEASE: &str = "with recursive tenants as ( \
         (select tenant_id from event where sent_at is null order by tenant_id limit 1) \
         union all \
         select (select e.tenant_id from event e where e.sent_at is null and e.tenant_id > t.tenant_id \
                 order by e.tenant_id limit 1) \
         from tenants t where t.tenant_id is not null \
     ), due as ( \
         select e.tenant_id, e.position, e.id from tenants t cross join lateral ( \
             select e.tenant_id, e.position, e.id from event e \
             where e.tenant_id = t.tenant_id and e.sent_at is null \
               and (e.lease_until is null or e.lease_until < now()) \
             order by e.tenant_id, e.position, e.id limit $1 for update skip locked) e \
         where t.tenant_id is not null limit $2 \
     ) \
     update event e set lease_until = now() + $3 * interval '1 millisecond', attempts = e.attempts + 1 \
     from due where e.tenant_id = due.tenant_id and e.position = due.position and e.id = due.id \
     returning e.tenant_id, e.position, e.id, e.attempts";

/// The lowest id of an instant: ids of commands begin with the millisecond in which they were written.
fn first_id(at: DateTime<Utc>) -> Uuid {
    Uuid::from_u128(u128::from(at.timestamp_millis().max(0).unsigned_abs()) << 80)
}
