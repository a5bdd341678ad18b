//! Folders for the files of a private server.
//!
//! The user that runs the server can't enter every folder (`/root/…`). Then the files go to a private folder under the
//! temporary directory, named after the wanted path.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::LocalError;
use crate::process::{User, output, run_as};

/// Marks a folder as made here. The owning process keeps it locked.
pub const LOCK: &str = "owner.lock";
/// A unix socket's path has at most 107 bytes; `/.s.PGSQL.65535` takes 15 of them.
const SOCKET_FOLDER_MAX: usize = 107 - 15;

/// Returns the folder that stands for `wanted`: `wanted` itself if the server's user can work in it, else a private one
/// named after its path. Makes it if need be, with mode 0700, and owned by the server's user.
pub fn home(wanted: &Path, user: Option<User>) -> Result<PathBuf, LocalError> {
    let wanted = std::path::absolute(wanted).map_err(LocalError::io("resolve", wanted))?;
    if !is_ours_or_empty(&wanted)? {
        return Err(LocalError::NotOurs(wanted));
    }
    let existed = wanted.exists();
    fs::create_dir_all(&wanted).map_err(LocalError::io("make", &wanted))?;
    let Some(user) = user else {
        own(&wanted, None)?;
        return Ok(wanted);
    };
    if can_enter(wanted.parent().unwrap_or(&wanted), user) {
        own(&wanted, Some(user))?;
        return Ok(wanted);
    }
    if !existed {
        // Best effort: an unused empty folder does no harm.
        let _ = fs::remove_dir(&wanted);
    }
    let used = private(&format!("stockwell-{}", key(&wanted)), user)?;
    tracing::warn!(wanted = %wanted.display(), used = %used.display(), "the database's user can't enter the wanted folder; another one is used");
    Ok(used)
}

/// Makes a folder `<temporary directory>/<prefix>-<random>`, mode 0700, owned by the server's user, short enough for
/// sockets.
pub fn scratch(prefix: &str, user: Option<User>) -> Result<PathBuf, LocalError> {
    let random = uuid::Uuid::new_v4().simple().to_string();
    let name = format!("{prefix}-{}", &random[..12]);
    let folder = roots(user)
        .into_iter()
        .map(|root| root.join(&name))
        .find(|path| path.as_os_str().len() <= SOCKET_FOLDER_MAX);
    let folder = folder.unwrap_or_else(|| Path::new("/tmp").join(&name));
    fs::create_dir(&folder).map_err(LocalError::io("make", &folder))?;
    own(&folder, user)?;
    Ok(folder)
}

/// Writes `text` with mode 0600 for the server's user.
pub fn write_secret(path: &Path, text: &str, user: Option<User>) -> Result<(), LocalError> {
    fs::write(path, "").map_err(LocalError::io("write", path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(LocalError::io("protect", path))?;
    fs::write(path, text).map_err(LocalError::io("write", path))?;
    user.map_or(Ok(()), |user| chown(path, Some(user.uid), Some(user.gid)))
        .map_err(LocalError::io("hand over", path))
}

/// Whether the folder can be used: it does not exist, is empty, or has our mark.
fn is_ours_or_empty(folder: &Path) -> Result<bool, LocalError> {
    if !folder.exists() || folder.join(LOCK).exists() {
        return Ok(true);
    }
    Ok(fs::read_dir(folder).map_err(LocalError::io("read", folder))?.next().is_none())
}

/// Sets mode 0700 and, as root, gives the folder to the server's user.
fn own(folder: &Path, user: Option<User>) -> Result<(), LocalError> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
        .map_err(LocalError::io("protect", folder))?;
    user.map_or(Ok(()), |user| chown(folder, Some(user.uid), Some(user.gid)))
        .map_err(LocalError::io("hand over", folder))
}

/// Whether `user` can change into `folder`.
fn can_enter(folder: &Path, user: User) -> bool {
    let mut shell = run_as(Some(user), Path::new("/bin/sh"), Path::new("/"));
    shell.args(["-c", "cd -- \"$1\"", "probe"]).arg(folder);
    matches!(output(&mut shell), Ok(Ok(_)))
}

/// Returns the temporary directories that the server's user can enter.
fn roots(user: Option<User>) -> Vec<PathBuf> {
    let all = [std::env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")];
    all.into_iter().filter(|root| root.is_dir() && user.is_none_or(|user| can_enter(root, user))).collect()
}

/// Makes the folder `name` under a temporary directory. Fails if another user made it.
fn private(name: &str, user: User) -> Result<PathBuf, LocalError> {
    let mut roots = roots(Some(user));
    roots.sort_by_key(|root| root.as_path() != Path::new("/var/tmp")); // survives a restart, so it comes first
    let folder = roots.first().map_or_else(|| Path::new("/var/tmp").join(name), |root| root.join(name));
    match fs::symlink_metadata(&folder) {
        Ok(found) if found.is_dir() && found.uid() == user.uid => Ok(folder),
        Ok(_) => Err(LocalError::NotOurs(folder)),
        Err(_) => {
            fs::create_dir(&folder).map_err(LocalError::io("make", &folder))?;
            own(&folder, Some(user))?;
            Ok(folder)
        }
    }
}

/// Returns 16 hexadecimal digits that stand for a path.
fn key(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
