//! A role as the database knows it, for `stockwell doctor`. Nothing is changed.

use sea_orm::sqlx::{self, Connection, Row};

use crate::{Doing, Error, connect};

/// The work of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The service's role.
    Service,
    /// The worker's role.
    Worker,
    /// The migrator.
    Migrator,
}

/// A role that has connected.
#[derive(Debug, Clone)]
pub struct Inspected {
    /// Its name.
    pub role: String,
    /// Whether row-level security does not apply to it.
    pub passes_wall: bool,
    /// Rights that its work needs and that it lacks.
    pub lacks: Vec<String>,
    /// Time of the database, in milliseconds since 1970.
    pub clock_ms: i64,
}

/// Connects to the database at `url`, and returns what its role is and may do.
pub async fn inspect(url: &str, purpose: Purpose) -> Result<Inspected, Error> {
    let doing = "looking at the role";
    let mut connection = connect(url).await?;
    let lacking = sqlx::query(lacking(purpose)).fetch_all(&mut connection).await.doing(doing)?;
    let lacks = lacking.iter().map(|row| row.try_get("name")).collect::<Result<_, sqlx::Error>>();
    let lacks = lacks.doing(doing)?;
    let row = sqlx::query(ROLE).fetch_one(&mut connection).await.doing(doing)?;
    let inspected = Inspected {
        role: row.try_get("role").doing(doing)?,
        passes_wall: row.try_get("passes_wall").doing(doing)?,
        lacks,
        clock_ms: row.try_get("clock_ms").doing(doing)?,
    };
    connection.close().await.doing("closing the connection")?;
    Ok(inspected)
}

const ROLE: &str = "
    select rolname::text as role, rolsuper or rolbypassrls as passes_wall,
        (extract(epoch from clock_timestamp()) * 1000)::bigint as clock_ms
    from pg_roles where rolname = current_user";

/// Returns the statement that lists what a role may not do. Each right is that of one table or function of its work.
fn lacking(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Service => {
            "select name from (values
                 ('read products', has_table_privilege(to_regclass('public.product')::oid, 'select')),
                 ('write the audit log', has_table_privilege(to_regclass('public.command')::oid, 'insert')),
                 ('read the steps of the schema', has_table_privilege(to_regclass('public.schema_migration')::oid, 'select')),
                 ('find API keys', has_function_privilege(to_regprocedure('auth.find_key_chain(bytea)')::oid, 'execute'))
             ) v (name, is_allowed) where not coalesce(is_allowed, false)"
        }
        Purpose::Worker => {
            "select name from (values
                 ('read events', has_table_privilege(to_regclass('public.event')::oid, 'select')),
                 ('move cursors of events', has_table_privilege(to_regclass('public.event_cursor')::oid, 'update')),
                 ('list the tenants', has_function_privilege(to_regprocedure('auth.tenants()')::oid, 'execute'))
             ) v (name, is_allowed) where not coalesce(is_allowed, false)"
        }
        Purpose::Migrator => {
            "select name from (values
                 ('act as stockwell_owner', pg_has_role(to_regrole('stockwell_owner')::oid, 'member'))
             ) v (name, is_allowed) where not coalesce(is_allowed, false)"
        }
    }
}
