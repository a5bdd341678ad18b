//! A standby: a copy of a server that follows it, and can take its place.

use crate::folder;
use crate::postgres::{Postgres, PostgresOptions};
use crate::process::{self, output};
use crate::{LocalError, blocking};

impl Postgres {
    /// Copies this server into `options.data_dir`, which must be empty, and starts the copy as its standby. The standby
    /// reaches this server by `port`, its own one or one that leads to it.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub async fn start_standby(&self, options: PostgresOptions, port: u16) -> Result<Self, LocalError> {
        let program = self.program("pg_basebackup");
        let password = self.password().to_owned();
        blocking(move || {
            let user = process::server_user()?;
            let home = folder::home(&options.data_dir, user)?;
            folder::write_secret(&home.join("password"), &password, user)?;
            let mut copy = process::run_as(user, &program, &home);
            copy.args(["-h", "127.0.0.1", "-U", "postgres", "-p", &port.to_string()]);
            copy.args(["--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf", "--no-sync"]);
            copy.arg("-D").arg(home.join("data")).env("PGPASSWORD", &password);
            let copied = output(&mut copy).map_err(LocalError::io("run", &program))?;
            copied.map_err(|log| LocalError::Start { server: "the standby", log })?;
            Self::open(home, user, &options, false)
        })
        .await
    }

    /// Makes a standby a server of its own, which takes writes.
    ///
    /// # Errors
    /// [`LocalError::Start`] if it is no standby.
    pub async fn promote(&self) -> Result<(), LocalError> {
        let (program, home) = (self.program("pg_ctl"), self.home().to_path_buf());
        blocking(move || {
            let mut pg_ctl = process::run_as(process::server_user()?, &program, &home);
            pg_ctl.args(["promote", "-w", "-t", "60", "-D"]).arg(home.join("data"));
            let promoted = output(&mut pg_ctl).map_err(LocalError::io("run", &program))?;
            promoted.map(drop).map_err(|log| LocalError::Start { server: "the standby", log })
        })
        .await
    }
}
