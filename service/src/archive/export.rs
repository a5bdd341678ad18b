//! Writes the rows of a tenant to files.

use std::fs::{self, DirBuilder};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use domain::id::TenantId;
use futures_util::TryStreamExt;
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, Row};

use super::catalogue::{self, Table, quoted};
use super::lines::{LineWriter, create_private};
use super::objects::{CONTENTS, with_content};
use super::{ArchiveError, FORMAT, MANIFEST, Manifest, SESSION, TableFile, has_column, has_rows, left_out};
use crate::store::Store;

/// Writes all rows of the tenant with this slug to `folder`, which is made or is empty, from one snapshot. Rows are written as they
/// are read, one at a time, and contents of files with them, which `store` may have. The manifest is written last, so a folder without one
/// is not complete.
pub async fn export(
    url: &str,
    slug: &str,
    folder: &Path,
    store: Option<&Store>,
) -> Result<Manifest, ArchiveError> {
    make_empty(folder)?;
    let mut connection = super::connect(url).await?;
    connection.execute("begin transaction isolation level repeatable read, read only").await?;
    connection.execute(SESSION).await?;
    let tenant_id = super::find(&mut connection, slug).await?;
    let row = sqlx::query("select now() as exported_at").fetch_one(&mut connection).await?;
    let mut manifest = Manifest {
        format: FORMAT,
        tenant_id: tenant_id.0,
        slug: slug.to_owned(),
        exported_at: row.try_get("exported_at")?,
        schema: catalogue::schema(&mut connection).await?,
        tables: Vec::new(),
        left_out: left_out(),
    };
    for table in catalogue::tables(&mut connection).await? {
        if has_rows(&table.name) {
            manifest.tables.push(write_table(&mut connection, tenant_id, &table, folder, store).await?);
        }
    }
    connection.execute("rollback").await?;
    connection.close().await?;
    write_manifest(&manifest, folder)?;
    Ok(manifest)
}

fn make_empty(folder: &Path) -> Result<(), ArchiveError> {
    // Only the user who runs the export reads it.
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| ArchiveError::file(folder, error))?;
    let mut entries = fs::read_dir(folder).map_err(|error| ArchiveError::file(folder, error))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => {
            Err(ArchiveError::Rejected(format!("{} is not empty: name a new folder", folder.display())))
        }
    }
}

async fn write_table(
    connection: &mut PgConnection,
    tenant_id: TenantId,
    table: &Table,
    folder: &Path,
    store: Option<&Store>,
) -> Result<TableFile, ArchiveError> {
    let columns = quoted(table.columns.iter().filter(|column| has_column(&table.name, column)));
    let statement = format!(
        "select row_to_json(r)::text as line from (select {columns} from {} where tenant_id = $1 order by {}) r",
        table.quoted(),
        quoted(table.key.iter())
    );
    let mut writer = LineWriter::create(folder, &table.name)?;
    let query = sqlx::query(AssertSqlSafe(statement)).persistent(false).bind(tenant_id.0);
    let mut rows = query.fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let line: &str = row.try_get("line")?;
        match table.name.as_str() {
            CONTENTS => writer.write(&with_content(line, store, tenant_id).await?)?,
            _ => writer.write(line)?,
        }
    }
    writer.finish()
}

fn write_manifest(manifest: &Manifest, folder: &Path) -> Result<(), ArchiveError> {
    let path = folder.join(MANIFEST);
    let text = serde_json::to_string_pretty(manifest)
        .map_err(|error| ArchiveError::Rejected(format!("{MANIFEST}: {error}")))?;
    let written = create_private(&path)?.write_all(format!("{text}\n").as_bytes());
    written.map_err(|error| ArchiveError::file(&path, error))
}
