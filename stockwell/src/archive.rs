//! `stockwell tenant export`, `import`, `delete` and `reset`: an archive is a folder, or one file that ends in `.tar.gz`.

pub mod relocation;
mod tar;

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use domain::id::TenantId;
use domain::text::plain_line;
use migration::bi_role;
use service::archive::{self, ArchiveError, Deleted, Manifest};
use service::auth::{ApiKeyCreate, KeyMode, make_key};
use service::scope::Scope;
use service::store::Store;
use service::tenant::{self, NewTenant};
use service::{Db, Error};
use strum::IntoEnumIterator;

/// Ending of an archive that is one file.
const PACKED: &str = ".tar.gz";

/// A tenant could not be deleted, or made again.
#[derive(Debug, thiserror::Error)]
pub enum DeleteError {
    /// The confirmation is another text.
    #[error("--confirm is {confirmed}, and the tenant is {slug}: repeat the slug to delete everything of it")]
    NotConfirmed {
        /// The slug of the tenant.
        slug: String,
        /// The text that was given.
        confirmed: String,
    },
    /// The rows could not be deleted.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The role of a BI tool could not be ended. Nothing was deleted.
    #[error(transparent)]
    Role(#[from] migration::Error),
    /// The archive is that of another tenant.
    #[error("the archive is of the tenant {}, not of {slug}", plain_line(.found))]
    OtherTenant {
        /// The slug of the tenant.
        slug: String,
        /// The slug in the archive.
        found: String,
    },
    /// The tenant could not be made again.
    #[error(transparent)]
    Remade(#[from] Error),
}

/// A folder that is removed at the end, also after a failure.
#[derive(Debug)]
struct Unpacked(PathBuf);

impl Unpacked {
    /// Names the folder beside an archive. It must not be there: another command may be using it.
    fn beside(packed: &Path) -> Result<Self, ArchiveError> {
        let mut name = packed.as_os_str().to_owned();
        name.push(".unpacked");
        let folder = PathBuf::from(name);
        DirBuilder::new().mode(0o700).create(&folder).map_err(|error| ArchiveError::file(&folder, error))?;
        Ok(Unpacked(folder))
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!("{}: {error}", self.0.display());
        }
    }
}

/// An archive that is read.
#[derive(Debug)]
enum Opened {
    /// A folder that stays.
    Folder(PathBuf),
    /// The unpacked files of a `.tar.gz`.
    Packed(Unpacked),
}

impl Opened {
    fn of(from: &Path) -> Result<Self, ArchiveError> {
        if !is_packed(from) {
            return Ok(Opened::Folder(from.to_owned()));
        }
        let folder = Unpacked::beside(from)?;
        tar::unpack(from, &folder.0)?;
        Ok(Opened::Packed(folder))
    }

    fn folder(&self) -> &Path {
        match self {
            Opened::Folder(folder) | Opened::Packed(Unpacked(folder)) => folder,
        }
    }
}

fn is_packed(path: &Path) -> bool {
    path.to_string_lossy().ends_with(PACKED)
}

/// Writes all rows of the tenant with this slug to a new or empty folder, or to a new file whose name ends in `.tar.gz`. The file needs
/// room for the unpacked rows beside it until it is written.
pub async fn export(
    migrator_url: &str,
    slug: &str,
    to: &Path,
    store: Option<&Store>,
) -> Result<Manifest, ArchiveError> {
    if !is_packed(to) {
        return archive::export(migrator_url, slug, to, store).await;
    }
    if to.exists() {
        return Err(ArchiveError::file(to, io::ErrorKind::AlreadyExists.into()));
    }
    let folder = Unpacked::beside(to)?;
    let manifest = archive::export(migrator_url, slug, &folder.0, store).await?;
    tar::pack(&folder.0, &manifest.files(), to)?;
    Ok(manifest)
}

/// Checks an archive, and writes its rows to a database of the same schema that does not have the tenant.
pub async fn import(migrator_url: &str, from: &Path) -> Result<Manifest, ArchiveError> {
    archive::import(migrator_url, Opened::of(from)?.folder()).await
}

/// Ends the logins of BI tools of the tenant with this slug, and deletes all its rows and its objects in the store. Returns each table with
/// its rows before and after, and the objects at the end.
pub async fn delete(
    migrator_url: &str,
    slug: &str,
    confirmed: &str,
    store: Option<&Store>,
) -> Result<Vec<Deleted>, DeleteError> {
    if confirmed != slug {
        let (slug, confirmed) = (slug.to_owned(), confirmed.to_owned());
        return Err(DeleteError::NotConfirmed { slug, confirmed });
    }
    let tenant_id = archive::tenant_of(migrator_url, slug, store).await?;
    for role in archive::bi_roles(migrator_url, slug).await? {
        match bi_role::remove(migrator_url, &role).await {
            // It can't log in any more, and without a record it sees nothing.
            Err(error @ migration::Error::BiRoleLeft { .. }) => tracing::warn!("{error}"),
            removed => removed?,
        }
    }
    let Some(store) = store else { return Ok(archive::delete(migrator_url, slug).await?) };
    // While the rows are there, a deletion that failed can be repeated.
    let first = archive::delete_objects(store, tenant_id).await?;
    let mut gone = archive::delete(migrator_url, slug).await?;
    // An upload that named its object before may still send it, until its request ends.
    tokio::time::sleep(store.timeout()).await;
    let last = archive::delete_objects(store, tenant_id).await?;
    gone.push(Deleted { deleted: first.deleted + last.deleted, ..last });
    Ok(gone)
}

/// Deletes everything of a tenant for trials, and makes it again with a new key: with the settings of a new tenant, or as an archive of it
/// has it. Rejects a tenant that has live keys. An archive that is damaged, or of another version, is rejected before anything is
/// deleted.
pub async fn reset(
    db: &Db,
    migrator_url: &str,
    slug: &str,
    confirmed: &str,
    from: Option<&Path>,
    store: Option<&Store>,
) -> Result<NewTenant, DeleteError> {
    let wanted = archive::test_tenant(migrator_url, slug).await?;
    let Some(from) = from else {
        delete(migrator_url, slug, confirmed, store).await?;
        return Ok(tenant::create(db, &wanted).await?);
    };
    let opened = Opened::of(from)?;
    let manifest = archive::verify(migrator_url, opened.folder()).await?;
    if manifest.slug != slug {
        return Err(DeleteError::OtherTenant { slug: slug.to_owned(), found: manifest.slug });
    }
    delete(migrator_url, slug, confirmed, store).await?;
    let id = TenantId(archive::import(migrator_url, opened.folder()).await?.tenant_id);
    let key = ApiKeyCreate::unbounded("Owner", KeyMode::Test, Scope::iter().collect());
    let key = make_key(db, &tenant::operator(id), &key).await?;
    Ok(NewTenant { id, key })
}
