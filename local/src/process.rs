//! Runs programs to their end, and finds the user that runs a server.
//!
//! PostgreSQL does not run as root, so root steps down to an unprivileged user, such as `postgres`.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::LocalError;

/// A user that runs a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

/// Returns the user for the server: `None` if this process is not root and runs it itself, else the user to step down
/// to.
pub fn server_user() -> Result<Option<User>, LocalError> {
    if id("-u", None) != Some(0) {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let (Some(uid), Some(gid)) = (id("-u", Some(name)), id("-g", Some(name))) {
            return Ok(Some(User { uid, gid }));
        }
    }
    Err(LocalError::NoServerUser)
}

/// Makes a command that runs `program` as the server's user, in a folder that this user can enter.
pub fn run_as(user: Option<User>, program: &Path, cwd: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(cwd).env("LC_ALL", "C");
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    command
}

/// Runs `command` to its end. Returns its output as text: as the value if it succeeds, else as the error.
pub fn output(command: &mut Command) -> io::Result<Result<String, String>> {
    let output = command.stdin(Stdio::null()).output()?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(Ok(text));
    }
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok(Err(text))
}

/// Runs `id -u [name]` and the like. Returns `None` if there is no such user.
fn id(flag: &str, name: Option<&str>) -> Option<u32> {
    output(Command::new("id").arg(flag).args(name)).ok()?.ok()?.trim().parse().ok()
}
