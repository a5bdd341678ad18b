//! `stockwell tenant move`: a tenant goes to another database. Its writes pause, reads go on.
//!
//! The copy is compared row by row with the source, which is read once more at the end. Only then is the tenant ended here. A move that
//! fails or is killed leaves it trading.

use std::path::Path;
use std::time::Duration;

use domain::id::TenantId;
use service::archive::{self, ArchiveError, Manifest, OF_SERVERS};
use service::store::Store;
use service::tenant::moving;
use service::{Db, integrity};
use tokio::time::Instant;

use super::Unpacked;

/// A tenant to move.
#[derive(Debug)]
pub struct Relocation<'a> {
    /// The tenant's slug.
    pub slug: &'a str,
    /// The database that it leaves, as the migrator.
    pub from_url: &'a str,
    /// The database that it goes to, as the migrator.
    pub to_url: &'a str,
    /// The database that it goes to, as the service.
    pub to: &'a Db,
    /// Name of a new folder for the rows, which is removed at the end.
    pub work: &'a Path,
    /// Time in which all servers learn that writes pause.
    pub settle: Duration,
    /// The store that has contents of files here. The copy has them in its database.
    pub store: Option<&'a Store>,
}

/// A tenant that was moved.
#[derive(Debug)]
pub struct Relocated {
    /// The rows that it had.
    pub manifest: Manifest,
    /// Time in which its writes were rejected.
    pub paused: Duration,
}

/// Moves a tenant. If it fails, the tenant trades on where it was, and the copy is deleted.
pub async fn relocate(wanted: &Relocation<'_>) -> Result<Relocated, ArchiveError> {
    let Relocation { slug, from_url, .. } = *wanted;
    let folder = Unpacked::beside(wanted.work)?;
    let begun = Instant::now();
    moving::begin(from_url, slug).await?;
    let mut is_imported = false;
    let copied = tokio::select! {
        copied = copy(wanted, &folder.0, &mut is_imported) => copied,
        lost = moving::keep(from_url, slug) => Err(lost.into()),
    };
    let moved = match copied {
        Ok(manifest) => end(wanted).await.map(|()| manifest),
        Err(error) => Err(error),
    };
    match moved {
        Ok(manifest) => Ok(Relocated { manifest, paused: begun.elapsed() }),
        Err(error) => {
            take_back(wanted, is_imported).await;
            Err(error)
        }
    }
}

/// Lets the copy trade, and ends the tenant where it was.
async fn end(wanted: &Relocation<'_>) -> Result<(), ArchiveError> {
    let Relocation { slug, from_url, to_url, .. } = *wanted;
    moving::arrive(to_url, slug).await?;
    let Err(error) = moving::finish(from_url, slug).await else { return Ok(()) };
    // The end may have been committed although its response was lost.
    match moving::is_moved(from_url, slug).await {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(error.into()),
    }
}

/// Lets the tenant trade on, and deletes the copy. The copy stays if it is not certain that the tenant trades where it was.
async fn take_back(wanted: &Relocation<'_>, is_imported: bool) {
    let Relocation { slug, from_url, to_url, .. } = *wanted;
    if let Err(error) = moving::give_up(from_url, slug).await {
        tracing::error!(
            %error,
            "the state of the tenant is not known: it trades on within a minute, unless its calls get tenant_moved. \
             If it trades on, delete a copy in the other database before the next move. Else keep the copy"
        );
        return;
    }
    if is_imported && let Err(error) = archive::delete(to_url, slug).await {
        tracing::error!(%error, "the copy is left in the other database: delete it there before the next move");
    }
}

/// Copies the tenant, and compares the copy with the source.
async fn copy(
    wanted: &Relocation<'_>,
    folder: &Path,
    is_imported: &mut bool,
) -> Result<Manifest, ArchiveError> {
    let Relocation { slug, from_url, to_url, store, .. } = *wanted;
    tokio::time::sleep(wanted.settle).await;
    moving::await_writers(from_url).await?;
    let first = folder.join("first");
    let manifest = archive::export(from_url, slug, &first, store).await?;
    archive::import_paused(to_url, &first, is_imported).await?;
    let there = archive::export(to_url, slug, &folder.join("there"), None).await?;
    check_same(&manifest, &there, "the copy differs from the source")?;
    let facts = integrity::check(wanted.to, TenantId(manifest.tenant_id)).await?.facts;
    let broken = facts.iter().filter(|fact| fact.differences != 0).count();
    if broken > 0 {
        let problem = format!(
            "{broken} of the nine facts do not hold in the copy: see GET /v1/integrity of the tenant"
        );
        return Err(ArchiveError::Rejected(problem));
    }
    let last = archive::export(from_url, slug, &folder.join("last"), store).await?;
    check_same(&manifest, &last, "the source changed while it was copied: move the tenant again")?;
    Ok(manifest)
}

/// Rejects manifests whose tables have other rows, but for those that servers write for themselves.
fn check_same(one: &Manifest, other: &Manifest, problem: &str) -> Result<(), ArchiveError> {
    for table in one.tables.iter().filter(|table| !OF_SERVERS.contains(&table.table.as_str())) {
        if !other.tables.contains(table) {
            return Err(ArchiveError::Rejected(format!("{}: {problem}", table.table)));
        }
    }
    Ok(())
}
