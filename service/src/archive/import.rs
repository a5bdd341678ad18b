//! Reads the rows of a tenant from files into a database.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use domain::id::TenantId;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, Row};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use super::bounds::{Ceiling, within_bounds};
use super::catalogue::{self, Table, quoted};
use super::lines::{Lines, open};
use super::{
    ArchiveError, COUNTED, FORMAT, MANIFEST, Manifest, SESSION, TableFile, delete, filled, has_rows,
};
use crate::Error;
use crate::tenant::moving;

/// Most bytes of a manifest. It has some hundred for each table.
const MANIFEST_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Another tenant than that of an archive, with its id.
const OTHER: &str = "select slug from tenant where tenant_id = $1 and slug <> $2";
/// Most rows that one statement brings in.
const ROWS_AT_ONCE: usize = 1_000;
/// Bytes from which a statement brings in what it has.
const BYTES_AT_ONCE: usize = 4 * 1024 * 1024;
/// The lines of rows that refer to later ones of their table. One statement turns them into rows.
const INCOMING: &str = "create temporary table incoming (line json not null) on commit delete rows";
/// Tables that servers and workers write for a tenant whose writes pause, once it has users or events. They are loaded before these.
pub const OF_SERVERS: [&str; 3] = ["access_refusal", "event_cursor", "request_log"];
/// The lines of a part of a table.
const PART: &str = "unnest($2::text[]) i (line)";
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
/// Whether a position is ahead of this server's transactions.
const IS_AHEAD: &str =
    "select $1::bigint >= event_base() + pg_snapshot_xmax(pg_current_snapshot())::text::bigint as is_ahead";
/// Writers that have begun end first. So none writes below a position that readers have passed. Writers of all tenants queue behind the
/// second lock, so an attempt to get it is short. They pass the first one, which waits for another import and for a vacuum. An automatic
/// vacuum ends if a lock waits for it for a second.
const NO_WRITERS: &str = "set local lock_timeout = '10s'; \
                          lock table event, sales_line, journal_line in share update exclusive mode; \
                          set local lock_timeout = '200ms'; \
                          lock table event, sales_line, journal_line in share row exclusive mode";
/// Pause before the next attempt.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads the whole archive in `folder`, and returns its manifest. Rejects a file that was changed or cut, with its line, an archive
/// of another schema than the database has, and one whose id a tenant with another slug has.
pub async fn verify(url: &str, folder: &Path) -> Result<Manifest, ArchiveError> {
    let manifest = read(folder, &Ceiling::of(url).await?).await?;
    let mut connection = super::connect(url).await?;
    let tables = catalogue::tables(&mut connection).await?;
    check_schema(&mut connection, &manifest, &tables).await?;
    let other = sqlx::query(OTHER).bind(manifest.tenant_id).bind(&manifest.slug);
    if let Some(row) = other.fetch_optional(&mut connection).await? {
        return Err(is_there(row.try_get("slug")?));
    }
    connection.close().await?;
    Ok(manifest)
}

/// Reads the whole archive. Other work of the command goes on between the parts of a file, such as the renewal of a move's lease.
async fn read(folder: &Path, ceiling: &Ceiling) -> Result<Manifest, ArchiveError> {
    let path = folder.join(MANIFEST);
    let mut text = String::new();
    let read = open(&path)?.take(MANIFEST_BYTES_MAX + 1).read_to_string(&mut text);
    let bytes = read.map_err(|error| ArchiveError::file(&path, error))?;
    if bytes as u64 > MANIFEST_BYTES_MAX {
        let problem = format!("{MANIFEST}: it has more than {MANIFEST_BYTES_MAX} bytes");
        return Err(ArchiveError::Rejected(problem));
    }
    let manifest: Manifest = serde_json::from_str(&text).map_err(|error| ArchiveError::Line {
        file: MANIFEST.to_owned(),
        line: u64::try_from(error.line()).unwrap_or_default(),
        problem: error.to_string(),
    })?;
    if manifest.format != FORMAT {
        let problem = format!("{MANIFEST}: format {} is unknown, expected {FORMAT}", manifest.format);
        return Err(ArchiveError::Rejected(problem));
    }
    check_names(&manifest)?;
    for table in &manifest.tables {
        read_table(folder, table, ceiling).await?;
    }
    Ok(manifest)
}

/// Reads the rows of a table. Rejects one that was changed, and one whose position is too large.
async fn read_table(folder: &Path, file: &TableFile, ceiling: &Ceiling) -> Result<(), ArchiveError> {
    let mut lines = Lines::open(folder, file)?;
    let has_positions = ceiling.concerns(&file.table);
    let mut bytes = 0;
    while let Some(line) = lines.next_line()? {
        if has_positions {
            ceiling.check(&line).map_err(|problem| lines.broken(&problem))?;
        }
        bytes += line.len();
        if bytes >= BYTES_AT_ONCE {
            bytes = 0;
            yield_now().await;
        }
    }
    yield_now().await;
    Ok(())
}

/// Rejects a name that is no table's, and a table that is named twice: its files would be read again and again.
fn check_names(manifest: &Manifest) -> Result<(), ArchiveError> {
    let is_letter = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_';
    let mut known = BTreeSet::new();
    for TableFile { table, .. } in &manifest.tables {
        if table.is_empty() || !table.bytes().all(is_letter) {
            return Err(ArchiveError::Rejected(format!("{MANIFEST}: {table:?} is no table")));
        }
        if !known.insert(table) {
            return Err(ArchiveError::Rejected(format!("{MANIFEST}: the table {table} is named twice")));
        }
    }
    Ok(())
}

/// Writes the rows of the archive in `folder` to a database of the same schema, and returns the manifest. Rejects an archive that
/// [`verify`] rejects, and a tenant whose id or slug is there. Each table has as many rows afterwards as in the manifest. If the import
/// fails, what it wrote is deleted.
///
/// The feed and the roll-ups of all tenants wait for the oldest transaction that writes, so rows are written in parts. The writes of the
/// tenant pause until it has all, so no worker and no caller takes a part of it for the whole.
///
/// A row has the position of the server that it comes from. If that is ahead, this server's positions are raised, for which writers
/// of all tenants wait until the commit.
pub async fn import(url: &str, folder: &Path) -> Result<Manifest, ArchiveError> {
    let mut is_begun = false;
    write(url, folder, false, &mut is_begun).await
}

/// Like [`import`], for a tenant that is moving: its writes pause until the copy was compared with the source. `is_begun` says whether the
/// copy, or a part of it, is in the database, also if the import is given up.
pub async fn import_paused(url: &str, folder: &Path, is_begun: &mut bool) -> Result<Manifest, ArchiveError> {
    write(url, folder, true, is_begun).await
}

async fn write(
    url: &str,
    folder: &Path,
    is_paused: bool,
    is_begun: &mut bool,
) -> Result<Manifest, ArchiveError> {
    let manifest = read(folder, &Ceiling::of(url).await?).await?;
    let mut connection = super::connect(url).await?;
    let tables = catalogue::tables(&mut connection).await?;
    check_schema(&mut connection, &manifest, &tables).await?;
    connection.execute(SESSION).await?;
    connection.execute(INCOMING).await?;
    let tenant_id = TenantId(manifest.tenant_id);
    let (first, rest) = loads(&manifest, &tables);
    write_tenant(&mut connection, folder, &manifest, first).await?;
    *is_begun = true;
    let Err(error) = write_rest(&mut connection, folder, tenant_id, rest, is_paused).await else {
        connection.close().await?;
        return Ok(manifest);
    };
    // It may be in a transaction.
    drop(connection);
    match delete::take_back(url, tenant_id, delete::COMMIT_ENDS_WITHIN).await {
        Ok(()) => *is_begun = false,
        Err(left) => {
            tracing::error!(error = %left, "rows of the tenant {} are left: see `stockwell tenant delete`", manifest.slug);
        }
    }
    Err(error)
}

/// A table and its files.
type Load<'a> = (&'a Table, &'a TableFile);

/// Returns the table of the tenant, and the others in the order in which they are written: each after those that it refers to.
fn loads<'a>(manifest: &'a Manifest, tables: &'a [Table]) -> (Vec<Load<'a>>, Vec<Load<'a>>) {
    let load = |table: &'a Table| {
        let file = manifest.tables.iter().find(|file| file.table == table.name)?;
        Some((table, file))
    };
    let is_tenant = |(table, _): &Load<'a>| table.name == "tenant";
    let (tenant, mut rest): (Vec<Load<'a>>, Vec<Load<'a>>) =
        tables.iter().filter_map(load).partition(is_tenant);
    rest.sort_by_key(|(table, _)| {
        let name = table.name.as_str();
        (name == COUNTED, !OF_SERVERS.contains(&name))
    });
    (tenant, rest)
}

/// Writes the row of the tenant, whose writes pause.
async fn write_tenant(
    connection: &mut PgConnection,
    folder: &Path,
    manifest: &Manifest,
    loads: Vec<Load<'_>>,
) -> Result<(), ArchiveError> {
    let tenant_id = TenantId(manifest.tenant_id);
    connection.execute("begin").await?;
    check_absent(connection, manifest).await?;
    for load in loads {
        load_table(connection, folder, tenant_id, load).await?;
    }
    check_slug(connection, manifest).await?;
    moving::pause(connection, tenant_id).await?;
    connection.execute("commit").await?;
    Ok(())
}

/// Writes all other rows. Then the tenant trades unless it is paused.
async fn write_rest(
    connection: &mut PgConnection,
    folder: &Path,
    tenant_id: TenantId,
    loads: Vec<Load<'_>>,
    is_paused: bool,
) -> Result<(), ArchiveError> {
    for load in loads {
        load_table(connection, folder, tenant_id, load).await?;
    }
    let begun = Instant::now();
    loop {
        match end(connection, tenant_id, is_paused).await {
            Err(ArchiveError::Database(Error::LockTimeout))
                if begun.elapsed() < moving::WRITERS_END_WITHIN =>
            {
                connection.execute("rollback").await?;
                sleep(PAUSE).await;
            }
            ended => return ended,
        }
    }
}

/// Makes new positions come after those of the archive, and lets the tenant trade unless it is paused.
async fn end(
    connection: &mut PgConnection,
    tenant_id: TenantId,
    is_paused: bool,
) -> Result<(), ArchiveError> {
    connection.execute("begin").await?;
    put_behind(connection, tenant_id).await?;
    if !is_paused {
        moving::resume(connection, tenant_id).await?;
    }
    connection.execute("commit").await?;
    Ok(())
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
        Some(row) => Err(is_there(row.try_get("slug")?)),
    }
}

/// Returns the error of an archive whose tenant can't be written beside the one with this slug.
fn is_there(slug: &str) -> ArchiveError {
    ArchiveError::Rejected(format!(
        "the tenant {slug} is in this database, with the id or the slug of the archive: an import changes no tenant"
    ))
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
async fn load_table(
    connection: &mut PgConnection,
    folder: &Path,
    tenant_id: TenantId,
    (table, file): Load<'_>,
) -> Result<(), ArchiveError> {
    let mut lines = Lines::open(folder, file)?;
    let written = load_parts(connection, &mut lines, table, tenant_id).await?;
    let rows = catalogue::count(connection, table, tenant_id).await?;
    if written != file.rows || rows != file.rows {
        return Err(ArchiveError::Rejected(format!(
            "{}: {} rows in the manifest, {written} of its tenant in the file that have no time after the year 10000, {rows} in the database",
            file.table, file.rows
        )));
    }
    Ok(())
}

/// Writes rows, each part in a transaction of its own unless one is open. Returns their number.
async fn load_parts(
    connection: &mut PgConnection,
    lines: &mut Lines<'_>,
    table: &Table,
    tenant_id: TenantId,
) -> Result<u64, ArchiveError> {
    let statement = insert_statement(table, PART);
    let mut written = 0;
    loop {
        let part = next_part(lines)?;
        if part.is_empty() {
            return Ok(written);
        }
        let query = sqlx::query(AssertSqlSafe(statement.clone())).persistent(false);
        match query.bind(tenant_id.0).bind(&part).execute(&mut *connection).await {
            Ok(done) => written += done.rows_affected(),
            // A row of this part refers to one of a later part.
            Err(error) if table.needs_itself && delete::breaks_reference(&error) => {
                return Ok(written + load_rest(connection, (part, lines), table, tenant_id).await?);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Writes a part and all rows after it in one transaction. Returns their number.
async fn load_rest(
    connection: &mut PgConnection,
    (mut part, lines): (Vec<String>, &mut Lines<'_>),
    table: &Table,
    tenant_id: TenantId,
) -> Result<u64, ArchiveError> {
    connection.execute("begin").await?;
    while !part.is_empty() {
        let query = sqlx::query("insert into incoming (line) select l::json from unnest($1::text[]) l");
        query.bind(part).execute(&mut *connection).await?;
        part = next_part(lines)?;
    }
    let statement = insert_statement(table, "incoming i");
    let query = sqlx::query(AssertSqlSafe(statement)).persistent(false).bind(tenant_id.0);
    let written = query.execute(&mut *connection).await?.rows_affected();
    connection.execute("commit").await?;
    Ok(written)
}

/// Returns the next rows of a file: none after the last.
fn next_part(lines: &mut Lines<'_>) -> Result<Vec<String>, ArchiveError> {
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while rows.len() < ROWS_AT_ONCE && bytes < BYTES_AT_ONCE {
        let Some(line) = lines.next_line()? else { break };
        bytes += line.len();
        rows.push(line);
    }
    Ok(rows)
}

/// Returns the statement that turns `lines` into rows. A row of another tenant than that of the manifest gets none, nor does one whose times are
/// out of bounds.
fn insert_statement(table: &Table, lines: &str) -> String {
    let value = |column: &String| match filled(&table.name, column) {
        Some(expression) => expression,
        None if column == "tenant_id" => "$1::uuid".to_owned(),
        None => format!("r.\"{column}\""),
    };
    let values: Vec<String> = table.columns.iter().map(value).collect();
    let (any_table, columns, values) = (table.quoted(), quoted(table.columns.iter()), values.join(", "));
    let is_within_bounds = within_bounds(table);
    format!(
        "insert into {any_table} ({columns}) \
         select {values} from {lines} cross join lateral json_populate_record(null::{any_table}, i.line::json) r \
         where r.tenant_id = $1::uuid{is_within_bounds}"
    )
}

/// Makes new events, sales lines and journal lines come after those of the archive, as a migration does after a restore.
async fn put_behind(connection: &mut PgConnection, tenant_id: TenantId) -> Result<(), ArchiveError> {
    let Some(last) = ahead(connection, tenant_id).await? else { return Ok(()) };
    connection.execute(NO_WRITERS).await?;
    // Another import may have raised the positions meanwhile, even further. The rows are not read again, because writers wait.
    let query = sqlx::query(IS_AHEAD).persistent(false).bind(last);
    if !query.fetch_one(&mut *connection).await?.try_get::<bool, _>("is_ahead")? {
        return Ok(());
    }
    let statement = format!(
        "create or replace function event_base() returns bigint language sql immutable parallel safe return {last}::bigint"
    );
    connection.execute(AssertSqlSafe(statement)).await?;
    Ok(())
}

/// Returns the newest position of the tenant, if it is ahead of this server's transactions.
async fn ahead(connection: &mut PgConnection, tenant_id: TenantId) -> Result<Option<i64>, ArchiveError> {
    let row = sqlx::query(AHEAD).persistent(false).bind(tenant_id.0).fetch_one(connection).await?;
    Ok(row.try_get("last")?)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::{env, fs, process};

    use chrono::DateTime;
    use uuid::Uuid;

    use super::super::Schema;
    use super::super::lines::LineWriter;
    use super::*;

    /// A move renews its lease while it reads an archive of any size.
    #[tokio::test]
    async fn other_work_goes_on_while_an_archive_is_read() {
        let folder = env::temp_dir().join(format!("stockwell-import-{}", process::id()));
        fs::create_dir(&folder).expect("a folder");
        let mut writer = LineWriter::create(&folder, "product").expect("files");
        writer.write("{}").expect("a row");
        let manifest = Manifest {
            format: FORMAT,
            tenant_id: Uuid::nil(),
            slug: "acorn".to_owned(),
            exported_at: DateTime::UNIX_EPOCH,
            schema: Schema { newest_step: String::new(), steps: 0 },
            tables: vec![writer.finish().expect("a table")],
            left_out: Vec::new(),
        };
        fs::write(folder.join(MANIFEST), serde_json::to_string(&manifest).expect("JSON")).expect("a file");

        let is_read = Cell::new(false);
        let reads = async {
            let found = read(&folder, &Ceiling::default()).await;
            is_read.set(true);
            found
        };
        let (found, was_read) = tokio::join!(reads, async { is_read.get() });
        fs::remove_dir_all(&folder).expect("the folder is there");
        assert_eq!(found.expect("an archive"), manifest);
        assert!(!was_read, "the archive was read at once");
    }
}
