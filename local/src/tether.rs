//! A child server that can't outlive this process, even if the process is killed with SIGKILL.
//!
//! A small shell stands between us and the server and holds the reading end of a pipe. When the writing end closes (we
//! drop it, or the kernel closes it because we died), the shell signals the server, waits for it and clears up.
//! `PR_SET_PDEATHSIG` would need `unsafe`, follows the thread instead of the process, and exists on Linux only.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::LocalError;
use crate::process::User;

/// Arguments: `$1` is the signal that stops the server, `$2` a folder to remove afterwards (or empty), then the
/// server's command line. If the server ends without our signal, the folder stays: it holds the log that says why.
const SCRIPT: &str = r#"
signal=$1 trash=$2
shift 2
exec 3<&0
"$@" 3<&- </dev/null & server=$!
( read -r _ <&3; trap '' TERM; kill -s "$signal" "$server" 2>/dev/null; exit 0 ) & watch=$!
exec 3<&- </dev/null
wait "$server"
status=$?
kill "$watch" 2>/dev/null
wait "$watch" && [ -n "$trash" ] && rm -rf -- "$trash"
exit "$status"
"#;

/// Options of a server on a tether.
pub struct Leash<'a> {
    /// Signal that asks the server for a fast, clean stop: `INT` for PostgreSQL, `TERM` for Redis.
    pub signal: &'static str,
    /// Folder of this run alone. It is removed when the server has stopped.
    pub trash: Option<&'a Path>,
    /// The user that runs the server; `None` for the user of this process.
    pub user: Option<User>,
    /// Working directory. The user must be able to enter it.
    pub cwd: &'a Path,
    /// File to which the server's output is appended.
    pub log: &'a Path,
}

/// A running server and the pipe that keeps it alive. Dropping it stops the server and waits for its end.
pub struct Tether {
    child: Child,
    pipe: Option<ChildStdin>,
}

impl Tether {
    /// Starts `program args…` in a process group of its own, so that Ctrl-C in the terminal reaches only us.
    pub fn spawn(leash: &Leash, program: &Path, args: &[String]) -> Result<Self, LocalError> {
        let log = File::options()
            .append(true)
            .create(true)
            .open(leash.log)
            .map_err(LocalError::io("open", leash.log))?;
        let log_twin = log.try_clone().map_err(LocalError::io("open", leash.log))?;
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", SCRIPT, "tether", leash.signal]).arg(leash.trash.unwrap_or(Path::new("")));
        shell.arg(program).args(args).stdin(Stdio::piped()).stdout(log).stderr(log_twin);
        shell.current_dir(leash.cwd).process_group(0);
        if let Some(user) = leash.user {
            shell.uid(user.uid).gid(user.gid);
        }
        let mut child = shell.spawn().map_err(LocalError::io("start", program))?;
        let pipe = child.stdin.take();
        Ok(Self { child, pipe })
    }

    /// Whether the server runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks the server to stop and waits at most `limit`. Returns whether it has stopped.
    pub fn stop(&mut self, limit: Duration) -> bool {
        self.pipe = None;
        let deadline = Instant::now() + limit;
        while self.is_alive() {
            if Instant::now() > deadline {
                return false;
            }
            sleep(Duration::from_millis(5));
        }
        true
    }
}

impl Drop for Tether {
    fn drop(&mut self) {
        self.stop(Duration::from_secs(60));
    }
}
