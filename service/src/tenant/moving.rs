//! The state of a tenant that the operator moves to another database.
//!
//! A lease rejects the writes of the tenant. The move renews it; after a kill it lapses within a minute, and the tenant trades on. Servers
//! read the state every 10 seconds, and with each credential that they look up. A server whose last reading is older asks with each write. The
//! copy is paused too, so that no worker changes it before it was compared.

use std::time::Duration;

use domain::id::TenantId;
use domain::refusal::Refusal;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, ConnectOptions, Connection, Row};

use crate::Error;

/// Time after which each server rejects the writes of a tenant whose move has begun.
pub const SETTLE: Duration = Duration::from_secs(15);
/// Time after which the lease is renewed.
const RENEW_EVERY: Duration = Duration::from_secs(10);
/// Time after which the writers that had begun are looked for again.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Longest time that the writers that had begun are waited for: an import may take 10 minutes.
pub(crate) const WRITERS_END_WITHIN: Duration = Duration::from_secs(660);

const BEGIN: &str = "update tenant set moving_until = now() + interval '60 seconds' \
                     where slug = $1 and status = 'active' and moved_at is null \
                         and (moving_until is null or moving_until <= now())";
const RENEW: &str = "update tenant set moving_until = now() + interval '60 seconds' \
                     where slug = $1 and moved_at is null and moving_until > now()";
const GIVE_UP: &str = "update tenant set moving_until = null where slug = $1 and moved_at is null";
/// Each open transaction locks its own virtual id. One that only reads says so, if this role may see it.
const OPEN: &str = "select coalesce(array_agg(l.virtualxid), '{}') as open \
                    from pg_locks l join pg_stat_activity a on a.pid = l.pid \
                    where l.locktype = 'virtualxid' and l.mode = 'ExclusiveLock' and a.usename = 'stockwell_app' \
                        and a.datname = current_database() and coalesce(a.application_name, '') <> 'stockwell reader'";
const STILL_OPEN: &str = "select count(*) as open from pg_locks l \
                          where l.locktype = 'virtualxid' and l.mode = 'ExclusiveLock' and l.virtualxid = any($1)";
const PAUSE: &str = "update tenant set moving_until = 'infinity' where tenant_id = $1";
const RESUME: &str = "update tenant set moving_until = null where tenant_id = $1";
const ARRIVE: &str = "update tenant set moving_until = null where slug = $1 and moved_at is null";
const IS_MOVED: &str = "select moved_at is not null as moved from tenant where slug = $1";
const FINISH: &str = "update tenant set moved_at = now(), moving_until = null \
                      where slug = $1 and moved_at is null and moving_until > now()";

/// Rejects the writes of a tenant from now on, for a minute. Rejects a tenant that is moving, was moved or is suspended.
pub async fn begin(url: &str, slug: &str) -> Result<(), Error> {
    let detail = "There is no active tenant with this slug, or it is moving already, or it was moved.";
    change(url, slug, BEGIN, detail).await
}

/// Renews the lease until that fails, and returns why.
pub async fn keep(url: &str, slug: &str) -> Error {
    loop {
        tokio::time::sleep(RENEW_EVERY).await;
        if let Err(error) = change(url, slug, RENEW, LAPSED).await {
            return error;
        }
    }
}

/// Waits until the transactions of servers that had begun have ended.
pub async fn await_writers(url: &str) -> Result<(), Error> {
    let wait = async {
        let mut connection = connect(url).await?;
        let row = sqlx::query(OPEN).fetch_one(&mut connection).await?;
        let open: Vec<String> = row.try_get("open")?;
        loop {
            let row = sqlx::query(STILL_OPEN).bind(&open).fetch_one(&mut connection).await?;
            if row.try_get::<i64, _>("open")? == 0 {
                connection.close().await?;
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(WRITERS_END_WITHIN, wait).await.unwrap_or(Err(Error::Deadline))
}

/// Lets the tenant trade on.
pub async fn give_up(url: &str, slug: &str) -> Result<(), Error> {
    change(url, slug, GIVE_UP, "There is no tenant with this slug, or it was moved.").await
}

/// Keeps workers and writes from a copy that is not complete, or not compared yet. It has no lease: the pause lasts until [`resume`] or
/// [`arrive`].
pub(crate) async fn pause(connection: &mut PgConnection, tenant_id: TenantId) -> Result<(), Error> {
    sqlx::query(PAUSE).bind(tenant_id.0).execute(connection).await?;
    Ok(())
}

/// Lets a tenant trade that was imported.
pub(crate) async fn resume(connection: &mut PgConnection, tenant_id: TenantId) -> Result<(), Error> {
    sqlx::query(RESUME).bind(tenant_id.0).execute(connection).await?;
    Ok(())
}

/// Lets the copy trade, in the database that the tenant goes to.
pub async fn arrive(url: &str, slug: &str) -> Result<(), Error> {
    change(url, slug, ARRIVE, "The copy is not in the other database any more.").await
}

/// Whether the tenant was moved from here.
pub async fn is_moved(url: &str, slug: &str) -> Result<bool, Error> {
    let mut connection = connect(url).await?;
    let row = sqlx::query(IS_MOVED).bind(slug).fetch_optional(&mut connection).await?;
    connection.close().await?;
    Ok(row.map(|row| row.try_get("moved")).transpose()?.unwrap_or(false))
}

/// Ends the tenant here: all its requests are rejected. Fails if its writes were not rejected all the time.
pub async fn finish(url: &str, slug: &str) -> Result<(), Error> {
    change(url, slug, FINISH, LAPSED).await
}

const LAPSED: &str =
    "The move took a pause of more than a minute, so the tenant trades on here. Move it again.";

async fn change(url: &str, slug: &str, statement: &'static str, otherwise: &str) -> Result<(), Error> {
    let mut connection = connect(url).await?;
    let changed = sqlx::query(statement).bind(slug).execute(&mut connection).await?.rows_affected();
    connection.close().await?;
    if changed == 0 { Err(Refusal::state(otherwise).into()) } else { Ok(()) }
}

async fn connect(url: &str) -> Result<PgConnection, Error> {
    let options: PgConnectOptions = url.parse::<PgConnectOptions>()?;
    Ok(options.application_name("stockwell-archive").disable_statement_logging().connect().await?)
}
