//! Deletes all rows of a tenant.

use std::collections::HashSet;
use std::time::Duration;

use domain::id::TenantId;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, Row};

use super::catalogue::{self, Table};
use super::{ArchiveError, find};
use crate::Error;

/// Most times that all tables are gone through.
const PASSES_MAX: u32 = 10;
/// Pause before the next pass. Servers accept a credential that is deleted for at most 5 seconds, and write the log of requests a second
/// later.
const PAUSE: Duration = Duration::from_secs(7);
/// The rows that one transaction deletes. The feed and the roll-ups of all tenants wait for the oldest transaction that writes.
const NEXT: &str = "fetch 5000 from doomed";
/// Deleted rows from which a table is vacuumed. Otherwise each reference to a deleted row is looked for among them.
const VACUUM_FROM: u64 = 10_000;
/// Finds a tenant whose writes pause until its import ends.
const IMPORTING: &str = "select from tenant where tenant_id = $1 and moving_until = 'infinity' for update";
/// Longest wait for the last commit of an import whose response was lost. A statement that it had begun goes on for a while.
pub(super) const COMMIT_ENDS_WITHIN: Duration = Duration::from_secs(60);
/// The time limit of the next statements, in milliseconds.
const LIMIT: &str = "select set_config('statement_timeout', $1, false)";
/// Tables of credentials. They are deleted first, with the tables that refer to them.
const CREDENTIALS: [&str; 3] = ["api_key", "bi_login", "app_user"];

/// The end of a table's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// Name of the table.
    pub table: String,
    /// Number of rows that were deleted.
    pub deleted: u64,
    /// Number of rows of the tenant that are left, counted after the last deletion: zero.
    pub left: u64,
}

/// Returns the roles of BI tools that the tenant with this slug has, to be ended before it is deleted.
pub async fn bi_roles(url: &str, slug: &str) -> Result<Vec<String>, ArchiveError> {
    let mut connection = super::connect(url).await?;
    let tenant_id = find(&mut connection, slug).await?;
    let query =
        sqlx::query("select role_name from bi_login where tenant_id = $1 order by id").bind(tenant_id.0);
    let rows = query.fetch_all(&mut connection).await?;
    connection.close().await?;
    rows.iter().map(|row| Ok(row.try_get("role_name")?)).collect()
}

/// Deletes every row of the tenant with this slug, and returns each table with its number of rows before and after.
///
/// The service's role can't do this: rows of the past are append-only for it. The migrator's role owns them. Each part of a table has a
/// transaction of its own, credentials first and the tenant's own row last. So a deletion that was interrupted has ended the tenant's
/// access, and is finished by a repeat. It takes at least 7 seconds.
pub async fn delete(url: &str, slug: &str) -> Result<Vec<Deleted>, ArchiveError> {
    let mut connection = super::connect(url).await?;
    connection.execute("set statement_timeout = 0").await?;
    let tenant_id = find(&mut connection, slug).await?;
    let tables = last_first(catalogue::tables(&mut connection).await?);
    let mut gone: Vec<Deleted> = tables.iter().map(|table| none_of(&table.name)).collect();
    for pass in 1..=PASSES_MAX {
        for (table, gone) in tables.iter().zip(&mut gone) {
            // The row of the tenant stays in the first pass, so that a repeat finds its slug.
            if pass == 1 && table.name == "tenant" {
                continue;
            }
            gone.deleted += delete_from(&mut connection, table, tenant_id).await?;
        }
        for (table, gone) in tables.iter().zip(&mut gone) {
            gone.left = catalogue::count(&mut connection, table, tenant_id).await?;
        }
        // The first pass ends the credentials. The next one deletes what was written with them meanwhile.
        if gone.iter().all(|table| table.left == 0) {
            connection.close().await?;
            return Ok(gone);
        }
        if pass < PASSES_MAX {
            tokio::time::sleep(PAUSE).await;
        }
    }
    let left: Vec<&str> =
        gone.iter().filter(|table| table.left > 0).map(|table| table.table.as_str()).collect();
    Err(ArchiveError::Rejected(format!(
        "rows of the tenant are written while they are deleted: {}. Run it again",
        left.join(", ")
    )))
}

/// Deletes all rows of a tenant whose import failed. Its writes paused, so only servers have written rows of it. Rejects a tenant that
/// trades: the response to the last commit of its import was lost. If that commit does not end `within` a time, nothing is deleted.
pub async fn take_back(url: &str, tenant_id: TenantId, within: Duration) -> Result<(), ArchiveError> {
    let mut connection = super::connect(url).await?;
    if !is_importing(&mut connection, tenant_id, within).await? {
        let problem =
            "the import ended and the tenant trades, so nothing is deleted: compare it with the archive";
        return Err(ArchiveError::Rejected(problem.to_owned()));
    }
    connection.execute("set statement_timeout = 0").await?;
    let tables = last_first(catalogue::tables(&mut connection).await?);
    for _ in 0..PASSES_MAX {
        let mut deleted = 0;
        for table in &tables {
            deleted = delete_from(&mut connection, table, tenant_id).await?;
        }
        // The last table is that of the tenants.
        if deleted > 0 {
            connection.close().await?;
            return Ok(());
        }
    }
    Err(ArchiveError::Rejected("rows of the tenant are written while they are deleted".to_owned()))
}

/// Whether the import of the tenant has not ended. Waits for a commit whose response was lost: it keeps the tenant's row locked.
async fn is_importing(
    connection: &mut PgConnection,
    tenant_id: TenantId,
    within: Duration,
) -> Result<bool, ArchiveError> {
    sqlx::query(LIMIT).bind(within.as_millis().to_string()).execute(&mut *connection).await?;
    let found = sqlx::query(IMPORTING).bind(tenant_id.0).fetch_optional(&mut *connection).await;
    match found.map_err(Error::from) {
        Ok(found) => Ok(found.is_some()),
        Err(Error::StatementTimeout) => Err(ArchiveError::Rejected(format!(
            "a transaction of the import did not end within {within:?}, so nothing is deleted: if the tenant trades later, compare it \
             with the archive; otherwise delete it"
        ))),
        Err(error) => Err(error.into()),
    }
}

fn none_of(table: &str) -> Deleted {
    Deleted { table: table.to_owned(), deleted: 0, left: 0 }
}

/// Puts each table before those that it refers to, credentials first. A row that refers to a user, such as an invitation, would
/// otherwise keep all users until the next pass.
fn last_first(tables: Vec<Table>) -> Vec<Table> {
    let mut first: HashSet<String> = HashSet::new();
    for table in &tables {
        let is_credential = CREDENTIALS.contains(&table.name.as_str());
        if is_credential || table.needs.iter().any(|name| first.contains(name)) {
            first.insert(table.name.clone());
        }
    }
    let mut tables: Vec<Table> = tables.into_iter().rev().collect();
    tables.sort_by_key(|table| !first.contains(&table.name));
    tables
}

/// Deletes the tenant's rows of one table, part by part, and returns their number: fewer than there are if rows that were written
/// meanwhile refer to them.
async fn delete_from(
    connection: &mut PgConnection,
    table: &Table,
    tenant_id: TenantId,
) -> Result<u64, ArchiveError> {
    let (any_table, id) = (table.quoted(), tenant_id.0);
    // It keeps the places of the rows and no transaction, the latest first: most rows refer to earlier ones. A place that was freed may
    // have another tenant's row by now.
    let declare = format!(
        "declare doomed cursor with hold for select ctid::text as place from {any_table} where tenant_id = '{id}' order by ctid desc"
    );
    let part = format!("delete from {any_table} where tenant_id = $1 and ctid = any($2::text[]::tid[])");
    connection.execute(AssertSqlSafe(declare)).await?;
    let mut deleted = 0;
    loop {
        let rows = sqlx::query(NEXT).persistent(false).fetch_all(&mut *connection).await?;
        let places = rows.iter().map(|row| row.try_get::<String, _>("place"));
        let places: Vec<String> = places.collect::<Result<_, sqlx::Error>>()?;
        if places.is_empty() {
            break;
        }
        let query = sqlx::query(AssertSqlSafe(part.clone())).persistent(false).bind(id).bind(places);
        match query.execute(&mut *connection).await {
            Ok(done) => deleted += done.rows_affected(),
            // A row of the next part refers to one of this.
            Err(error) if breaks_reference(&error) => {
                deleted += delete_rest(connection, table, tenant_id).await?;
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    connection.execute("close doomed").await?;
    if deleted >= VACUUM_FROM {
        connection.execute(AssertSqlSafe(format!("vacuum {any_table}"))).await?;
    }
    Ok(deleted)
}

/// Deletes the tenant's rows of one table at once and returns their number: none if rows that were written meanwhile refer to them.
async fn delete_rest(
    connection: &mut PgConnection,
    table: &Table,
    tenant_id: TenantId,
) -> Result<u64, ArchiveError> {
    let any_table = table.quoted();
    let statement = format!("delete from {any_table} where tenant_id = $1");
    let query = sqlx::query(AssertSqlSafe(statement)).persistent(false).bind(tenant_id.0);
    match query.execute(connection).await {
        Ok(done) => Ok(done.rows_affected()),
        Err(error) if breaks_reference(&error) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// 23503: a row refers to one that is not there, or that is deleted.
pub(super) fn breaks_reference(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "23503")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, needs: &[&str]) -> Table {
        let needs = needs.iter().map(|name| (*name).to_owned()).collect();
        Table { name: name.to_owned(), needs, ..Table::default() }
    }

    #[test]
    fn credentials_go_first_with_all_that_refers_to_them() {
        let tables = vec![
            table("tenant", &[]),
            table("app_user", &["tenant"]),
            table("product", &["tenant"]),
            table("api_key", &["app_user", "tenant"]),
            table("invitation", &["app_user", "tenant"]),
            table("price", &["product", "tenant"]),
        ];
        let ordered = last_first(tables);
        let names: Vec<&str> = ordered.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["invitation", "api_key", "app_user", "price", "product", "tenant"]);
    }
}
