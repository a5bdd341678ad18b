//! Setup by a superuser, once per server: the roles and the database.

use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection, Executor, Row};

use crate::{Doing, Error, connect, connect_to};

/// The passwords of the roles that log in.
#[derive(Debug, Clone)]
pub struct Passwords {
    /// Password of `stockwell_migrator`, which changes the schema and sees every tenant. Only for migrations and
    /// `verify`.
    pub migrator: String,
    /// Password of `stockwell_app`: the service, under row-level security.
    pub app: String,
    /// Password of `stockwell_relay`, which sees only the feed of events and its cursors.
    pub relay: String,
}

/// Creates missing roles and the database, and sets their parameters. Safe to repeat.
pub async fn bootstrap(admin_url: &str, database: &str, passwords: &Passwords) -> Result<(), Error> {
    let mut admin = connect(admin_url).await?;
    for (role, attributes) in [
        ("stockwell_owner", "nologin nobypassrls".to_owned()),
        ("stockwell_lookup", "nologin bypassrls".to_owned()),
        ("stockwell_bi", "nologin nobypassrls".to_owned()),
        ("stockwell_migrator", login("bypassrls", &passwords.migrator)),
        ("stockwell_app", login("nobypassrls", &passwords.app)),
        ("stockwell_relay", login("nobypassrls", &passwords.relay)),
    ] {
        let known = sqlx::query("select 1 from pg_roles where rolname = $1")
            .bind(role)
            .fetch_optional(&mut admin)
            .await
            .doing("looking for the roles")?;
        let verb = if known.is_some() { "alter" } else { "create" };
        let statement =
            format!("{verb} role {role} {attributes} nosuperuser nocreatedb nocreaterole noreplication");
        admin.execute(sqlx::AssertSqlSafe(statement)).await.doing(format!("creating {role}"))?;
    }
    admin.execute(ROLE_SETTINGS).await.doing("stating the roles' settings")?;
    let known = sqlx::query("select count(*) from pg_database where datname = $1")
        .bind(database)
        .fetch_one(&mut admin)
        .await
        .doing("looking for the database")?;
    let known: i64 = known.try_get(0).doing("looking for the database")?;
    if known == 0 {
        let statement = format!("create database {} owner stockwell_owner", quoted(database));
        admin.execute(sqlx::AssertSqlSafe(statement)).await.doing("creating the database")?;
    }
    let statement = format!(
        "revoke temporary, connect on database {0} from public; \
         grant connect on database {0} to stockwell_migrator, stockwell_app, stockwell_relay, stockwell_bi",
        quoted(database)
    );
    admin.execute(sqlx::AssertSqlSafe(statement)).await.doing("closing the database to others")?;
    for other in ["postgres", "template1"] {
        close_to_public(&mut admin, other).await?;
    }
    admin.close().await.doing("closing the connection")?;
    let mut inside = connect_to(admin_url, Some(database)).await?;
    inside.execute(BI_ROLE).await.doing("stating the functions for roles of BI tools")?;
    inside.close().await.doing("closing the connection")
}

/// Takes the rights to connect and to make temporary tables in a database of PostgreSQL from the role public, which roles of BI
/// tools would have: what they make there keeps them from being dropped. Other roles that log in keep them. Warns if the role of
/// `admin` may not do this.
async fn close_to_public(admin: &mut PgConnection, database: &str) -> Result<(), Error> {
    let doing = format!("closing {database} to the roles of BI tools");
    let is_open = "select coalesce(bool_or(has_database_privilege('public', oid, 'connect') \
                   or has_database_privilege('public', oid, 'temporary')), false) from pg_database where datname = $1";
    let ask = async |admin: &mut PgConnection| -> Result<bool, sqlx::Error> {
        sqlx::query(is_open).bind(database).fetch_one(admin).await?.try_get(0)
    };
    if !ask(&mut *admin).await.doing(doing.as_str())? {
        return Ok(());
    }
    let close = format!(
        "do $$ declare member text; begin \
         for member in select rolname from pg_roles where rolcanlogin and not rolsuper \
             and rolname !~ '^stockwell_' and not pg_has_role(oid, 'stockwell_bi', 'member') loop \
             execute format('grant connect, temporary on database {0} to %I', member); \
         end loop; \
         revoke connect, temporary on database {0} from public; \
         exception when insufficient_privilege then null; end $$",
        quoted(database)
    );
    admin.execute(sqlx::AssertSqlSafe(close)).await.doing(doing.as_str())?;
    if ask(admin).await.doing(doing.as_str())? {
        tracing::warn!(
            "roles of BI tools can connect to the database {database}: close it to them in pg_hba.conf, because what they make \
             there keeps them from being dropped"
        );
    }
    Ok(())
}

/// Functions and rights within the database that only a superuser can state.
const BI_ROLE: &str = include_str!("../bootstrap/bi_role.sql");

/// Short statements use cached generic plans; a report sets `auto` in its own transaction.
const ROLE_SETTINGS: &str = "
    grant stockwell_owner, stockwell_lookup to stockwell_migrator;
    grant stockwell_lookup to stockwell_owner;
    alter role stockwell_app set plan_cache_mode = force_generic_plan;
    alter role stockwell_app set lock_timeout = '1500ms';
    alter role stockwell_app set statement_timeout = '15s';
    alter role stockwell_app set idle_in_transaction_session_timeout = '30s';
    alter role stockwell_relay set lock_timeout = '1500ms';
    alter role stockwell_relay set statement_timeout = '15s';
";

fn login(attributes: &str, password: &str) -> String {
    format!("login {attributes} password '{}'", password.replace('\'', "''"))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
