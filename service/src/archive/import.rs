//! Reads the rows of a tenant from files into a database.

use std::collections::BTreeSet;
use std::fs;
use std::mem;
use std::path::Path;

use domain::id::TenantId;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, Row};

use super::catalogue::{self, Table, quoted};
use super::lines::Lines;
use super::{ArchiveError, FORMAT, MANIFEST, Manifest, SESSION, TableFile, filled, has_rows};
use crate::tenant::moving;

/// Most rows that one statement brings in.
const ROWS_AT_ONCE: usize = 1_000;
/// Bytes from which a statement brings in what it has.
const BYTES_AT_ONCE: usize = 4 * 1024 * 1024;
/// The lines of one table. One statement turns them into rows, because a row may refer to a later one of its table.
const INCOMING: &str = "create temporary table incoming (line json not null) on commit drop";
/// The newest position of the tenant, if it is ahead of this server's transactions.
const AHEAD: &str = "
    select max(position) as last from (
        select position from event where tenant_id = $1
        union all select position from sales_line where tenant_id = $1
        union all select position from journal_line where tenant_id = $1
        union all select greatest(position, next_position) - 1 from sales_fold where tenant_id = $1
        union all select greatest(position, next_position) - 1 from sales_rollup where tenant_id = $1
        union all select greatest(position, next_position) - 1 from ledger_rollup where tenant_id = $1) p
    where position >= event_base() + pg_snapshot_xmax(pg_current_snapshot())::text::bigint";
/// Largest position of an archive. It leaves room for more transactions than a server ever has: the positions of all its tenants go on
/// from there.
const POSITION_MAX: i64 = 1 << 62;
/// Writers that have begun end first. So none writes below a position that readers have passed.
const NO_WRITERS: &str = "set local lock_timeout = '10s'; \
                          lock table event, sales_line, journal_line in share row exclusive mode";

/// Reads the whole archive in `folder`, and returns its manifest. Rejects a file that was changed or cut, with its line, and an archive
/// of another schema than the database has.
pub async fn verify(url: &str, folder: &Path) -> Result<Manifest, ArchiveError> {
    let manifest = read(folder)?;
    let mut connection = super::connect(url).await?;
    let tables = catalogue::tables(&mut connection).await?;
    check_schema(&mut connection, &manifest, &tables).await?;
    connection.close().await?;
    Ok(manifest)
}

fn read(folder: &Path) -> Result<Manifest, ArchiveError> {
    let path = folder.join(MANIFEST);
    let text = fs::read_to_string(&path).map_err(|error| ArchiveError::file(&path, error))?;
    let manifest: Manifest = serde_json::from_str(&text).map_err(|error| ArchiveError::Line {
        file: MANIFEST.to_owned(),
        line: u64::try_from(error.line()).unwrap_or_default(),
        problem: error.to_string(),
    })?;
    if manifest.format != FORMAT {
        let problem = format!("{MANIFEST}: format {} is unknown, expected {FORMAT}", manifest.format);
        return Err(ArchiveError::Rejected(problem));
    }
    for table in &manifest.tables {
        let is_name = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_';
        if table.table.is_empty() || !table.table.bytes().all(is_name) {
            return Err(ArchiveError::Rejected(format!("{MANIFEST}: {:?} is no table", table.table)));
        }
        let mut lines = Lines::open(folder, table)?;
        while lines.next_line()?.is_some() {}
    }
    Ok(manifest)
}

/// Writes the rows of the archive in `folder` to a database of the same schema, in one transaction, and returns the manifest. Rejects an
/// archive that [`verify`] rejects, and a tenant whose id or slug is there. Each table has as many rows afterwards as in the manifest.
///
/// A row has the position of the server that it comes from. If that is ahead, this server's positions are raised, for which writers
/// of all tenants wait until the commit.
pub async fn import(url: &str, folder: &Path) -> Result<Manifest, ArchiveError> {
    write(url, folder, false).await
}

/// Like [`import`], for a tenant that is moving: its writes pause until the copy was compared with the source.
pub async fn import_paused(url: &str, folder: &Path) -> Result<Manifest, ArchiveError> {
    write(url, folder, true).await
}

async fn write(url: &str, folder: &Path, is_paused: bool) -> Result<Manifest, ArchiveError> {
    let manifest = read(folder)?;
    let mut connection = super::connect(url).await?;
    let tables = catalogue::tables(&mut connection).await?;
    check_schema(&mut connection, &manifest, &tables).await?;
    let tenant_id = TenantId(manifest.tenant_id);
    connection.execute("begin").await?;
    connection.execute(SESSION).await?;
    check_absent(&mut connection, &manifest).await?;
    connection.execute(INCOMING).await?;
    for table in &tables {
        if let Some(file) = manifest.tables.iter().find(|file| file.table == table.name) {
            load(&mut connection, folder, tenant_id, (table, file)).await?;
        }
    }
    check_slug(&mut connection, &manifest).await?;
    if is_paused {
        moving::pause(&mut connection, tenant_id).await?;
    }
    put_behind(&mut connection, tenant_id).await?;
    connection.execute("commit").await?;
    connection.close().await?;
    Ok(manifest)
}

async fn check_schema(
    connection: &mut PgConnection,
    manifest: &Manifest,
    tables: &[Table],
) -> Result<(), ArchiveError> {
    let here = catalogue::schema(connection).await?;
    if here != manifest.schema {
        return Err(ArchiveError::Rejected(format!(
            "the archive has the schema of step {} ({} steps), this database that of {} ({} steps): use the same version of Stockwell",
            manifest.schema.newest_step, manifest.schema.steps, here.newest_step, here.steps
        )));
    }
    // The archive does not decide which tables are left out: one with logins of BI tools would name roles of this server.
    let known: BTreeSet<&str> = manifest.tables.iter().map(|file| file.table.as_str()).collect();
    let wanted: BTreeSet<&str> =
        tables.iter().map(|table| table.name.as_str()).filter(|name| has_rows(name)).collect();
    match known.symmetric_difference(&wanted).next() {
        None => Ok(()),
        Some(table) => Err(ArchiveError::Rejected(format!(
            "the table {table} is not in both, the archive and those that an archive of this database has: use the same version of \
             Stockwell"
        ))),
    }
}

async fn check_absent(connection: &mut PgConnection, manifest: &Manifest) -> Result<(), ArchiveError> {
    let query = sqlx::query("select slug from tenant where tenant_id = $1 or slug = $2");
    let found = query.bind(manifest.tenant_id).bind(&manifest.slug).fetch_optional(connection).await?;
    match found {
        None => Ok(()),
        Some(row) => {
            let slug: String = row.try_get("slug")?;
            Err(ArchiveError::Rejected(format!(
                "the tenant {slug} is in this database, with the id or the slug of the archive: an import changes no tenant"
            )))
        }
    }
}

/// Rejects an archive whose tenant has another slug than the manifest says, which names the tenant to the operator.
async fn check_slug(connection: &mut PgConnection, manifest: &Manifest) -> Result<(), ArchiveError> {
    let query = sqlx::query("select from tenant where tenant_id = $1 and slug = $2");
    let found = query.bind(manifest.tenant_id).bind(&manifest.slug).fetch_optional(connection).await?;
    if found.is_some() {
        return Ok(());
    }
    let problem = format!("tenant.ndjson: its slug is not {}, as in the manifest", manifest.slug);
    Err(ArchiveError::Rejected(problem))
}

/// Writes the rows of one table.
async fn load(
    connection: &mut PgConnection,
    folder: &Path,
    tenant_id: TenantId,
    (table, file): (&Table, &TableFile),
) -> Result<(), ArchiveError> {
    let mut lines = Lines::open(folder, file)?;
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while let Some(line) = lines.next_line()? {
        bytes += line.len();
        rows.push(line);
        if rows.len() >= ROWS_AT_ONCE || bytes >= BYTES_AT_ONCE {
            bring_in(connection, mem::take(&mut rows)).await?;
            bytes = 0;
        }
    }
    bring_in(connection, rows).await?;
    let statement = insert_statement(table);
    let query = sqlx::query(AssertSqlSafe(statement)).persistent(false).bind(tenant_id.0);
    let written = query.execute(&mut *connection).await?.rows_affected();
    let rows = catalogue::count(connection, table, tenant_id).await?;
    if written != file.rows || rows != file.rows {
        return Err(ArchiveError::Rejected(format!(
            "{}: {} rows in the manifest, {written} of its tenant in the file, {rows} in the database",
            file.table, file.rows
        )));
    }
    connection.execute("truncate incoming").await?;
    Ok(())
}

async fn bring_in(connection: &mut PgConnection, rows: Vec<String>) -> Result<(), ArchiveError> {
    if !rows.is_empty() {
        let query = sqlx::query("insert into incoming (line) select l::json from unnest($1::text[]) l");
        query.bind(rows).execute(connection).await?;
    }
    Ok(())
}

/// Returns the statement that turns the lines into rows. A row of another tenant than that of the manifest gets none.
fn insert_statement(table: &Table) -> String {
    let value = |column: &String| match filled(&table.name, column) {
        Some(expression) => expression,
        None if column == "tenant_id" => "$1::uuid".to_owned(),
        None => format!("r.\"{column}\""),
    };
    let values: Vec<String> = table.columns.iter().map(value).collect();
    let (any_table, columns, values) = (table.quoted(), quoted(table.columns.iter()), values.join(", "));
    format!(
        "insert into {any_table} ({columns}) \
         select {values} from incoming i cross join lateral json_populate_record(null::{any_table}, i.line) r \
         where r.tenant_id = $1::uuid"
    )
}

/// Makes new events, sales lines and journal lines come after those of the archive, as a migration does after a restore.
async fn put_behind(connection: &mut PgConnection, tenant_id: TenantId) -> Result<(), ArchiveError> {
    let row = sqlx::query(AHEAD).bind(tenant_id.0).fetch_one(&mut *connection).await?;
    let Some(last) = row.try_get::<Option<i64>, _>("last")? else { return Ok(()) };
    if last > POSITION_MAX {
        let problem = format!("the archive has the position {last}, expected at most {POSITION_MAX}");
        return Err(ArchiveError::Rejected(problem));
    }
    connection.execute(NO_WRITERS).await?;
    let statement = format!(
        "create or replace function event_base() returns bigint language sql immutable parallel safe return {last}::bigint"
    );
    connection.execute(AssertSqlSafe(statement)).await?;
    Ok(())
}
