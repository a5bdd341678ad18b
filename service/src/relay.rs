//! The worker's access to the database: it hands events to consumers, and deletes old stored responses, refusals, requests of
//! the log and credentials.
//!
//! A worker serves every tenant. Its role sees only the feed and its cursors, and runs functions of the schema `auth`,
//! and one that ends sessions of BI tools. It opens no [`Tx`](crate::Tx).

mod consumer;
mod presence;

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::id::TenantId;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

pub use consumer::{Batch, Consumer, SHARE_MAX, WITH_EVENTS};
pub use presence::{Presence, Present};

use crate::Error;

/// Time that a response is stored for a repeat of its request.
pub const ANSWERS_KEPT: chrono::Duration = chrono::Duration::days(7);
/// Time that a refused request is kept.
pub const REFUSALS_KEPT: chrono::Duration = chrono::Duration::days(90);
/// Time that a request is kept in the log of requests.
pub const REQUESTS_KEPT: chrono::Duration = chrono::Duration::days(7);
/// Longest transaction of a BI tool. A session can lift the time limits of its role, but not this one.
pub const BI_TRANSACTION_MAX: Duration = Duration::from_secs(120);
/// Time that a refresh token or a link for a new password is kept after it has ended. A token lasts 30 days, so one that was
/// used is kept until it would have expired: if it comes again before that, its whole family ends.
pub const CREDENTIALS_KEPT: chrono::Duration = chrono::Duration::days(30);
/// Longest time of a statement of the worker's role. Several tasks share its connection, so one that waits for a lock holds them all
/// up.
pub const STATEMENT_TIME: Duration = Duration::from_secs(30);
/// Most rows that one statement deletes.
const FORGOTTEN_AT_ONCE: i32 = 500;
/// Most requests that one statement deletes from the log.
const REQUESTS_AT_ONCE: i32 = 5_000;

/// The events of all tenants.
#[derive(Debug, Clone)]
pub struct Outbox {
    pool: PgPool,
    options: PgConnectOptions,
}

impl Outbox {
    /// Connects as the role of `url`, which is the worker's (`stockwell_relay`). A statement takes at most [`STATEMENT_TIME`].
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Outbox::connect_with(url, STATEMENT_TIME).await
    }

    /// Connects like [`connect`](Outbox::connect), with another longest time of a statement. One that takes longer fails as
    /// [`Error::StatementTimeout`].
    pub async fn connect_with(url: &str, statement_time: Duration) -> Result<Self, Error> {
        let options = url.parse::<PgConnectOptions>()?.application_name("stockwell-worker");
        let options = options.options([("statement_timeout", statement_time.as_millis().to_string())]);
        Outbox::connect_as(options).await
    }

    /// Returns the same over a connection of its own, for a task that must not wait for the statements of others.
    pub async fn apart(&self) -> Result<Self, Error> {
        Outbox::connect_as(self.options.clone()).await
    }

    async fn connect_as(options: PgConnectOptions) -> Result<Self, Error> {
        let pool = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        Ok(Outbox { pool, options })
    }

    /// Returns the consumer of this name. It reads the feed of every tenant over its own connection, with leases of
    /// this length.
    pub fn consumer(&self, name: &str, lease: Duration) -> Consumer {
        Consumer::new(self.options.clone(), name, lease)
    }

    /// Returns the presence of a worker, over a connection of its own. It begins with its first [`show`](Presence::show).
    pub fn presence(&self) -> Presence {
        Presence::new(self.options.clone())
    }

    /// Returns all tenants.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, Error> {
        tenants(&self.pool).await
    }

    /// Returns the tenants that have endpoints of webhooks.
    pub async fn webhook_tenants(&self) -> Result<Vec<TenantId>, Error> {
        let rows = sqlx::query("select * from auth.webhook_tenants()").fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok(TenantId(row.try_get(0)?))).collect()
    }

    /// Returns the tenants that may have written events from the position `since` on, all tenants if it is absent, and the
    /// next `since`.
    pub async fn writers(&self, since: Option<i64>) -> Result<(Vec<TenantId>, i64), Error> {
        let until = sqlx::query_scalar(crate::event::HORIZON).fetch_one(&self.pool).await?;
        let Some(since) = since else { return Ok((self.tenants().await?, until)) };
        let rows = sqlx::query(WRITERS).bind(since).fetch_all(&self.pool).await?;
        let tenants = rows.iter().map(|row| Ok(TenantId(row.try_get("tenant_id")?)));
        Ok((tenants.collect::<Result<_, Error>>()?, until))
    }

    /// Returns the age of the oldest event that was not handed on to a consumer, over all tenants; zero if there is none.
    pub async fn lag(&self, consumer: &str) -> Result<Duration, Error> {
        let row = sqlx::query(LAG).bind(consumer).fetch_one(&self.pool).await?;
        Ok(Duration::from_millis(row.try_get::<i64, _>("lag_ms")?.max(0).unsigned_abs()))
    }

    /// Deletes the stored responses of requests from `since` on that are older than [`ANSWERS_KEPT`]. Their idempotency
    /// keys become free; the audit record stays. Returns the end of the time that it has covered, which is the next
    /// `since`, and the number of deleted responses. A tenant that is moving is left out, so the next call covers the time again.
    pub async fn forget_answers(&self, since: Option<DateTime<Utc>>) -> Result<(DateTime<Utc>, i64), Error> {
        let until = crate::tx::now() - ANSWERS_KEPT;
        let begun = since.unwrap_or_default();
        let (after, before) = (first_id(begun), first_id(until));
        let was_one_moving = self.is_one_moving().await?;
        let mut forgotten = 0;
        for tenant_id in self.tenants().await? {
            forgotten += self.forget_answers_of(tenant_id, after, before).await?;
        }
        let is_complete = !was_one_moving && !self.is_one_moving().await?;
        Ok((if is_complete { until } else { begun }, forgotten))
    }

    /// Whether a tenant is moving to another database.
    async fn is_one_moving(&self) -> Result<bool, Error> {
        let row = sqlx::query("select auth.is_moving() as moving").fetch_one(&self.pool).await?;
        Ok(row.try_get("moving")?)
    }

    /// Deletes refused requests that are older than [`REFUSALS_KEPT`], and returns their number.
    pub async fn forget_refusals(&self) -> Result<i64, Error> {
        let before = crate::tx::now() - REFUSALS_KEPT;
        let mut forgotten = 0;
        for tenant_id in self.tenants().await? {
            loop {
                let query = sqlx::query("select auth.forget_refusals($1, $2, $3) as forgotten");
                let query = query.bind(tenant_id.0).bind(before).bind(FORGOTTEN_AT_ONCE);
                let at_once: i64 = query.fetch_one(&self.pool).await?.try_get("forgotten")?;
                forgotten += at_once;
                if at_once < i64::from(FORGOTTEN_AT_ONCE) {
                    break;
                }
            }
        }
        Ok(forgotten)
    }

    /// Deletes requests from the log that are older than [`REQUESTS_KEPT`], and returns their number.
    pub async fn forget_requests(&self) -> Result<i64, Error> {
        let before = first_id(crate::tx::now() - REQUESTS_KEPT);
        let mut forgotten = 0;
        for tenant_id in self.tenants().await? {
            loop {
                let query = sqlx::query("select auth.forget_requests($1, $2, $3) as forgotten");
                let query = query.bind(tenant_id.0).bind(before).bind(REQUESTS_AT_ONCE);
                let at_once: i64 = query.fetch_one(&self.pool).await?.try_get("forgotten")?;
                forgotten += at_once;
                if at_once < i64::from(REQUESTS_AT_ONCE) {
                    break;
                }
            }
        }
        Ok(forgotten)
    }

    /// Ends sessions of BI tools whose transaction began before [`BI_TRANSACTION_MAX`] ago, and those of logins that have expired.
    /// Returns their number; none if the database has no functions for BI tools.
    pub async fn end_bi_sessions(&self) -> Result<i64, Error> {
        let query = sqlx::query("select bi_role.end_sessions(make_interval(secs => $1)) as ended");
        match query.bind(BI_TRANSACTION_MAX.as_secs_f64()).fetch_one(&self.pool).await {
            Ok(row) => Ok(row.try_get("ended")?),
            // 3F000: a superuser has not made the schema.
            Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == "3F000") => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes refresh tokens, links for a new password, invitations and customer sessions that ended more than [`CREDENTIALS_KEPT`] ago, and returns
    /// their number.
    pub async fn forget_credentials(&self) -> Result<i64, Error> {
        let before = crate::tx::now() - CREDENTIALS_KEPT;
        let mut forgotten = 0;
        for tenant_id in self.tenants().await? {
            for statement in [
                "select auth.forget_refresh_tokens($1, $2, $3, $4) as forgotten",
                "select auth.forget_password_links($1, $2, $3, $4) as forgotten",
                "select auth.forget_invitations($1, $2, $3, $4) as forgotten",
                "select auth.forget_customer_sessions($1, $2, $3, $4) as forgotten",
            ] {
                loop {
                    let query = sqlx::query(statement).bind(tenant_id.0).bind(before).bind(first_id(before));
                    let row = query.bind(FORGOTTEN_AT_ONCE).fetch_one(&self.pool).await?;
                    let at_once: i64 = row.try_get("forgotten")?;
                    forgotten += at_once;
                    if at_once < i64::from(FORGOTTEN_AT_ONCE) {
                        break;
                    }
                }
            }
        }
        Ok(forgotten)
    }

    async fn forget_answers_of(&self, tenant_id: TenantId, since: Uuid, before: Uuid) -> Result<i64, Error> {
        let (mut after, mut forgotten) = (since, 0);
        loop {
            let query = sqlx::query("select * from auth.forget_answers($1, $2, $3, $4)");
            let query = query.bind(tenant_id.0).bind(after).bind(before).bind(FORGOTTEN_AT_ONCE);
            let Some(row) = query.fetch_optional(&self.pool).await? else { return Ok(forgotten) };
            forgotten += row.try_get::<i64, _>("forgotten")?;
            after = row.try_get("last_id")?;
        }
    }
}

/// Reads the first event after each cursor of a consumer.
const LAG: &str = "select coalesce(max(extract(epoch from now() - e.occurred_at) * 1000), 0)::bigint as lag_ms \
     from event_cursor c cross join lateral ( \
         select e.occurred_at from event e \
         where e.tenant_id = c.tenant_id \
           and (e.position, e.written, e.id) > (c.position, c.written, c.event_id) \
         order by e.position, e.written, e.id limit 1) e \
     where c.consumer = $1";

/// The index of positions finds the last pages of the table.
const WRITERS: &str = "select distinct tenant_id from event where position >= $1";

async fn tenants(pool: &PgPool) -> Result<Vec<TenantId>, Error> {
    let rows = sqlx::query("select * from auth.tenants()").fetch_all(pool).await?;
    rows.iter().map(|row| Ok(TenantId(row.try_get(0)?))).collect()
}

/// Returns an id below every id from this instant on. Ids begin with the millisecond in which their rows were
/// written.
pub(crate) fn first_id(at: DateTime<Utc>) -> Uuid {
    Uuid::from_u128(u128::from(at.timestamp_millis().max(0).unsigned_abs()) << 80)
}
