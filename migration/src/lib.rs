//! The schema as plain SQL, and the runner that applies it.
//!
//! `sql/NNNN_area.up.sql` are steps. Each runs once, in a transaction of its own. `replaceable/` has definitions that can be
//! repeated at any time (roles, functions, views), which are stated when their text has changed, and the query that finds
//! the tables without their wall.

use std::time::Duration;

use rand::RngExt;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sea_orm::sqlx::{self, ConnectOptions, Connection, Executor, Row};
use sha2::{Digest, Sha256};

pub mod bi_role;
mod bootstrap;
pub mod inspect;
mod steps;

pub use bootstrap::{Passwords, bootstrap};
pub use steps::{STEPS, Step};

/// Longest wait of a change for a lock, before it rolls back and tries again.
const LOCK_TIMEOUT_MS: u32 = 100;
/// Most attempts of a change before the migration fails: about 30 seconds.
const ATTEMPTS_MAX: u32 = 120;
/// Attempts of a change after which it ends sessions of BI tools that may be in the way: about 3 seconds.
const ATTEMPTS_BESIDE_BI: u32 = 12;
/// Pause of a migration that waits for another one to end.
const TURN_PAUSE: Duration = Duration::from_millis(200);
/// Key of the advisory lock that only one migration holds.
const MIGRATION_LOCK: i64 = 0x5343_4845_4d41;

/// The name under which the digest of the catalog is noted.
const CATALOG: &str = "catalog";
/// A restore without rights, or a statement by hand, changes what the texts of the definitions do not show.
const CATALOG_STATE: &str = "
    select encode(sha256(convert_to(coalesce(string_agg(o.one, ' ' order by o.one), ''), 'UTF8')), 'hex') as state
    from (
        select row (p.oid::regprocedure, p.proowner::regrole, p.proacl, p.prosecdef, p.proconfig, p.prosrc)::text as one
        from pg_proc p
        where p.pronamespace in (to_regnamespace('public'), to_regnamespace('auth'), to_regnamespace('bi'))
        union all
        select row (c.oid::regclass, c.relowner::regrole, c.relacl, c.reloptions, pg_get_viewdef(c.oid))::text
        from pg_class c where c.relnamespace = to_regnamespace('bi') and c.relkind = 'v'
        union all
        select row (c.oid::regclass, a.privilege_type)::text
        from pg_class c cross join aclexplode(c.relacl) a
        where c.relnamespace = to_regnamespace('public') and a.grantee = 'stockwell_lookup'::regrole
    ) o";

/// The beginning of a step that runs outside a transaction.
const OUTSIDE: &str = "-- Outside a transaction";

const HISTORY: &str = "
    create table if not exists public.schema_migration (
        name text primary key, applied_at timestamptz not null default now());
    create table if not exists public.schema_replaceable (name text primary key, digest text not null);
    grant select on public.schema_migration to stockwell_app;
";

/// Definitions that can be repeated at any time. They are stated when their text differs from the one that the database
/// noted.
struct Replaceable {
    name: &'static str,
    texts: &'static [&'static str],
}

/// In this order.
const REPLACEABLE: &[Replaceable] = &[
    Replaceable { name: "roles", texts: &[include_str!("../replaceable/10_roles.sql")] },
    Replaceable { name: "time", texts: &[include_str!("../replaceable/25_time.sql")] },
    Replaceable { name: "currency", texts: &[include_str!("../replaceable/26_currency.sql")] },
    Replaceable { name: "auth", texts: &[include_str!("../replaceable/30_auth.sql")] },
    Replaceable { name: "search", texts: &[include_str!("../replaceable/31_search.sql")] },
    Replaceable { name: "housekeeping", texts: &[include_str!("../replaceable/35_housekeeping.sql")] },
    Replaceable { name: "post", texts: &[include_str!("../replaceable/36_post.sql")] },
    Replaceable { name: "printed", texts: &[include_str!("../replaceable/37_printed.sql")] },
    Replaceable { name: "erase", texts: &[include_str!("../replaceable/38_erase.sql")] },
    Replaceable {
        name: "bi",
        texts: &[
            include_str!("../replaceable/40_bi.sql"),
            include_str!("../replaceable/42_bi_stock.sql"),
            include_str!("../replaceable/43_bi_reconcile.sql"),
            include_str!("../replaceable/44_bi_ledger.sql"),
            include_str!("../replaceable/49_bi_comments.sql"),
        ],
    },
];

/// Returns the statements for each table whose wall differs from what is wanted.
const WALL: &str = include_str!("../replaceable/20_wall.sql");
/// Returns the statements for what differs in the rights of BI tools.
const BI_WALL: &str = include_str!("../replaceable/21_bi_wall.sql");

/// The reason why a migration failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database reported an error.
    #[error("{doing}: {source}")]
    Database {
        /// The action that failed.
        doing: String,
        source: sqlx::Error,
    },
    /// The database has steps that this program does not know.
    #[error("the database has step {0}, which this version does not know: use the newer version")]
    Unknown(String),
    /// A superuser has not stated the functions of the schema `bi_role`.
    #[error(
        "the database can't make roles of BI tools yet: run `stockwell migrate` once with STOCKWELL_ADMIN_DATABASE_URL, \
         as with a new database"
    )]
    NoBiRoles,
    /// The role of a BI tool is closed, but could not be dropped.
    #[error(
        "the role {role} can't log in any more, but is not dropped ({source}): end its sessions, run `drop owned by {role}` in \
         each database in which it has made something, such as `postgres`, and revoke the login again"
    )]
    BiRoleLeft {
        /// Its name.
        role: String,
        source: sqlx::Error,
    },
}

trait Doing<T> {
    fn doing(self, what: impl Into<String>) -> Result<T, Error>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, what: impl Into<String>) -> Result<T, Error> {
        self.map_err(|source| Error::Database { doing: what.into(), source })
    }
}

/// Opens a connection for a migration: notices are not logged.
async fn connect(url: &str) -> Result<PgConnection, Error> {
    connect_to(url, None).await
}

/// Opens a connection as [`connect`] does, to `database` if it is named.
async fn connect_to(url: &str, database: Option<&str>) -> Result<PgConnection, Error> {
    let mut options: PgConnectOptions =
        url.parse::<PgConnectOptions>().doing("reading the migrator's database URL")?;
    if let Some(database) = database {
        options = options.database(database);
    }
    options.disable_statement_logging().connect().await.doing("connecting to the database")
}

/// Brings the schema up to date and returns the names of the applied steps. Servers of this version and of the one before
/// go on serving.
///
/// Each step, each changed definition and the wall of each table that differs has a short transaction of its own. One that
/// meets a lock waits for at most 100 ms, because all who come after it wait with it. Then it tries again.
pub async fn up(migrator_url: &str) -> Result<Vec<&'static str>, Error> {
    let mut connection = connect(migrator_url).await?;
    take_turn(&mut connection).await?;
    let done = done(&mut connection).await?;
    if let Some(unknown) = done.iter().find(|name| !STEPS.iter().any(|step| step.name == *name)) {
        return Err(Error::Unknown(unknown.clone()));
    }
    let drifted = noted(&mut connection, CATALOG).await? != Some(catalog(&mut connection).await?);
    let mut applied = Vec::new();
    for step in STEPS.iter().filter(|step| !done.iter().any(|name| name == step.name)) {
        let note = format!("insert into public.schema_migration (name) values ('{}')", step.name);
        let doing = format!("applying {}", step.name);
        if step.up.starts_with(OUTSIDE) {
            change_outside(&mut connection, &doing, step.up).await?;
            change(&mut connection, &doing, &[&note]).await?;
        } else {
            change(&mut connection, &doing, &[step.up, &note]).await?;
        }
        applied.push(step.name);
    }
    for definition in REPLACEABLE {
        state(&mut connection, definition, drifted).await?;
    }
    for wall in [WALL, BI_WALL] {
        for (table, statements) in differing_walls(&mut connection, wall).await? {
            change(&mut connection, &format!("stating the wall of {table}"), &[&statements]).await?;
        }
    }
    let catalog = catalog(&mut connection).await?;
    change(&mut connection, "noting the catalog", &[&note(CATALOG, &catalog)]).await?;
    raise_positions(&mut connection).await?;
    connection.close().await.doing("closing the connection")?;
    Ok(applied)
}

/// States a definition whose text has changed, or any if the catalog has `drifted` from the one that was noted.
async fn state(connection: &mut PgConnection, definition: &Replaceable, drifted: bool) -> Result<(), Error> {
    let Replaceable { name, texts } = definition;
    let digest = Sha256::digest(texts.concat());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    if !drifted && noted(connection, name).await?.is_some_and(|noted| noted == digest) {
        return Ok(());
    }
    let note = note(name, &digest);
    let texts = [*texts, &[note.as_str()]].concat();
    change(connection, &format!("stating the definitions of {name}"), &texts).await
}

async fn noted(connection: &mut PgConnection, name: &str) -> Result<Option<String>, Error> {
    let doing = "reading the noted definitions";
    let noted = sqlx::query("select digest from public.schema_replaceable where name = $1").bind(name);
    let noted = noted.fetch_optional(connection).await.doing(doing)?;
    noted.map(|row| row.try_get("digest")).transpose().doing(doing)
}

fn note(name: &str, digest: &str) -> String {
    format!(
        "insert into public.schema_replaceable (name, digest) values ('{name}', '{digest}') \
         on conflict (name) do update set digest = excluded.digest"
    )
}

/// Returns a digest of the functions and views with their owners and rights, as the database has them.
async fn catalog(connection: &mut PgConnection) -> Result<String, Error> {
    let doing = "comparing the catalog";
    sqlx::query(CATALOG_STATE).fetch_one(connection).await.and_then(|row| row.try_get("state")).doing(doing)
}

async fn differing_walls(
    connection: &mut PgConnection,
    wall: &'static str,
) -> Result<Vec<(String, String)>, Error> {
    let doing = "comparing the walls";
    let rows = sqlx::query(wall).fetch_all(connection).await.doing(doing)?;
    let read = |row: &PgRow| Ok((row.try_get("name")?, row.try_get("statements")?));
    rows.iter().map(read).collect::<Result<_, sqlx::Error>>().doing(doing)
}

/// Runs `texts` in a transaction of their own. If a lock is not free in time, rolls back and tries again.
async fn change(connection: &mut PgConnection, doing: &str, texts: &[&str]) -> Result<(), Error> {
    for attempt in 1.. {
        let outcome = change_once(connection, texts).await;
        let end = if outcome.is_ok() { "commit" } else { "rollback" };
        connection.execute(end).await.doing(doing)?;
        match outcome {
            Ok(()) => break,
            Err(error) if attempt < ATTEMPTS_MAX && is_lock_timeout(&error) => {
                tracing::warn!(attempt, "{doing}: the schema is in use; trying again");
                if attempt >= ATTEMPTS_BESIDE_BI {
                    // A report of a BI tool may take a minute. It is read again sooner than a migration is.
                    bi_role::end_sessions(connection, Duration::ZERO).await.doing(doing)?;
                }
                let pause_ms = rand::rng().random_range(50..250);
                tokio::time::sleep(Duration::from_millis(pause_ms)).await;
            }
            Err(error) => return Err(error).doing(doing),
        }
    }
    Ok(())
}

async fn change_once(connection: &mut PgConnection, texts: &[&str]) -> Result<(), sqlx::Error> {
    let opening = format!(
        "begin; set local client_min_messages = warning; set local lock_timeout = {LOCK_TIMEOUT_MS}; \
         set local role stockwell_owner"
    );
    connection.execute(sqlx::AssertSqlSafe(opening)).await?;
    for text in texts {
        connection.execute(sqlx::AssertSqlSafe(*text)).await?;
    }
    Ok(())
}

/// Runs each statement of a step in a transaction of its own, as `create index concurrently` needs it. It takes no lock that
/// a write waits for. A step that failed is run again from its first statement.
async fn change_outside(connection: &mut PgConnection, doing: &str, text: &str) -> Result<(), Error> {
    connection.execute("set role stockwell_owner").await.doing(doing)?;
    for statement in text.split_inclusive(";\n") {
        connection.execute(sqlx::AssertSqlSafe(statement)).await.doing(doing)?;
    }
    connection.execute("reset role").await.doing(doing)?;
    Ok(())
}

/// Waits until no other migration runs, and makes the tables of the schema's history.
async fn take_turn(connection: &mut PgConnection) -> Result<(), Error> {
    let doing = "waiting for another migration to end";
    // A statement that waits has a snapshot, for which the other migration's `create index concurrently` would wait.
    loop {
        let query = sqlx::query("select pg_try_advisory_lock($1)").bind(MIGRATION_LOCK);
        if query.fetch_one(&mut *connection).await.doing(doing)?.try_get(0).doing(doing)? {
            break;
        }
        tokio::time::sleep(TURN_PAUSE).await;
    }
    change(connection, "making the schema's history", &[HISTORY]).await
}

/// Makes new events, sales lines and journal lines come after the old ones if the database was loaded from a dump. A server
/// counts its transactions from its own beginning, and that count determines the position of an event and of a line. No line
/// may come before the position of its tenant's roll-ups. Otherwise it changes nothing.
async fn raise_positions(connection: &mut PgConnection) -> Result<(), Error> {
    let doing = "putting new events behind the old ones";
    let row = sqlx::query(
        "select max(position) from ( \
             select position from event union all select greatest(position, next_position) - 1 from sales_fold \
             union all select greatest(position, next_position) - 1 from sales_rollup \
             union all select greatest(position, next_position) - 1 from ledger_rollup) last \
         where position >= event_base() + pg_snapshot_xmax(pg_current_snapshot())::text::bigint",
    );
    let row = row.fetch_one(&mut *connection).await.doing(doing)?;
    let Some(last) = row.try_get::<Option<i64>, _>(0).doing(doing)? else { return Ok(()) };
    tracing::warn!(
        last,
        "the events or roll-ups are ahead of this server's transactions: it was loaded from a dump"
    );
    let statement = format!(
        "create or replace function event_base() returns bigint language sql immutable parallel safe return {last}::bigint"
    );
    connection.execute(sqlx::AssertSqlSafe(statement)).await.doing(doing)?;
    Ok(())
}

/// Reverts the newest step and returns its name, or `None` if there is nothing to revert. The next [`up`], of this version
/// or of the one before, states all definitions again.
pub async fn down(migrator_url: &str) -> Result<Option<&'static str>, Error> {
    let mut connection = connect(migrator_url).await?;
    take_turn(&mut connection).await?;
    let done = done(&mut connection).await?;
    let Some(step) = STEPS.iter().rev().find(|step| done.iter().any(|name| name == step.name)) else {
        return Ok(None);
    };
    let forget = format!(
        "delete from public.schema_migration where name = '{}'; drop table public.schema_replaceable",
        step.name
    );
    let texts = ["drop schema if exists bi cascade; drop schema if exists auth cascade", step.down, &forget];
    change(&mut connection, &format!("reverting {}", step.name), &texts).await?;
    connection.close().await.doing("closing the connection")?;
    Ok(Some(step.name))
}

/// Returns the names of the steps that the database has.
pub async fn applied(url: &str) -> Result<Vec<String>, Error> {
    let mut connection = connect(url).await?;
    done(&mut connection).await
}

async fn done(connection: &mut PgConnection) -> Result<Vec<String>, Error> {
    let rows = sqlx::query("select name from public.schema_migration order by name")
        .fetch_all(connection)
        .await
        .doing("reading the schema's history")?;
    rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().doing("reading the schema's history")
}

/// 55P03: another transaction held the lock for too long.
fn is_lock_timeout(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "55P03")
}
