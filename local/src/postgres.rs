//! A private PostgreSQL cluster: make it, start it, find it again, stop it, erase it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::folder::{self, LOCK};
use crate::process::{self, User, output};
use crate::tether::{Leash, Tether};
use crate::{LocalError, binaries, blocking, free_port, is_free, log_end};

mod standby;

/// Time in which the server must start. Replaying the log after a crash can take minutes.
const START_LIMIT: Duration = Duration::from_secs(300);
/// Time that a clean stop may take before the server is stopped at once.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// Options of a server.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Folder of the cluster, which is kept between runs. Empty or absent at first.
    pub data_dir: PathBuf,
    /// True: every commit reaches the disk. False: nothing is flushed, and no statement is compiled, for tests.
    pub durable: bool,
    /// True: a client proves its password by SCRAM, which hashes it 4,096 times. False: it sends the password, for tests. Without
    /// optimisation, the hashes take half a second of processor time. A cluster keeps what it was made with.
    pub hashes_passwords: bool,
    /// TCP port on 127.0.0.1; `None` takes a free one.
    pub port: Option<u16>,
    /// Most connections at a time.
    pub max_connections: u32,
    /// Size of the buffer cache in MiB.
    pub shared_buffers_mb: u32,
}

impl PostgresOptions {
    /// Options for the demo and the bench: durable, with a buffer cache of 1 GiB or a quarter of the memory, if that is
    /// less.
    #[must_use]
    pub fn durable(data_dir: impl Into<PathBuf>) -> Self {
        let quarter_mb = memory_mb() / 4;
        Self {
            data_dir: data_dir.into(),
            durable: true,
            hashes_passwords: true,
            port: None,
            max_connections: 100,
            shared_buffers_mb: quarter_mb.clamp(128, 1024),
        }
    }

    /// Options for tests: not durable, small, quick to connect to.
    #[must_use]
    pub fn for_tests(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            durable: false,
            hashes_passwords: false,
            port: None,
            max_connections: 200,
            shared_buffers_mb: 256,
        }
    }
}

/// A running private server. Dropping it stops the server. So does the end of this process, even by SIGKILL.
///
/// Its folder holds `data/`, `password`, `server.log` and `owner.lock`. The lock is held while this value lives.
pub struct Postgres {
    /// First, so that the server stops before the lock is released.
    tether: Tether,
    _lock: File,
    bin: PathBuf,
    home: PathBuf,
    sockets: PathBuf,
    user: Option<User>,
    port: u16,
    password: String,
}

impl Postgres {
    /// Starts a server on `options.data_dir` and waits until it takes connections. Makes the cluster if there is none.
    ///
    /// Stops a server left over from a dead process first. The cluster then recovers automatically.
    ///
    /// # Errors
    /// [`LocalError`]; each message says what to do. [`LocalError::InUse`] if another live process has the folder.
    pub async fn start(options: PostgresOptions) -> Result<Self, LocalError> {
        blocking(move || {
            let user = process::server_user()?;
            let home = folder::home(&options.data_dir, user)?;
            Self::open(home, user, &options, false)
        })
        .await
    }

    /// Starts a server for tests on a new cluster in the temporary directory, which is removed when the server stops.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub async fn start_temporary() -> Result<Self, LocalError> {
        blocking(|| {
            let user = process::server_user()?;
            let home = folder::scratch("stockwell-test", user)?;
            let opened = Self::open(home.clone(), user, &PostgresOptions::for_tests(&home), true);
            opened.inspect_err(|_| remove(&home))
        })
        .await
    }

    /// Removes the cluster of `data_dir` with everything in it. Does nothing if there is none.
    ///
    /// # Errors
    /// [`LocalError::InUse`] if a live process runs it, [`LocalError::NotOurs`] if the folder holds something else.
    pub async fn erase(data_dir: PathBuf) -> Result<(), LocalError> {
        blocking(move || {
            let user = process::server_user()?;
            let home = folder::home(&data_dir, user)?;
            let _lock = lock(&home)?;
            if let Ok(Some(version)) = read_line(&home.join("data/PG_VERSION")) {
                let bin = binaries::postgres(&home, Some(&version), user)?;
                stop_leftover(&bin, &home, user)?;
            }
            fs::remove_dir_all(&home).map_err(LocalError::io("remove", &home))
        })
        .await
    }

    /// Returns the connection URL of the superuser `postgres` to the database `postgres`.
    #[must_use]
    pub fn admin_url(&self) -> String {
        self.url("postgres", "postgres")
    }

    /// Returns the connection URL over TCP for `user`, with [`Postgres::password`]: give a login role that password
    /// when you make it.
    #[must_use]
    pub fn url(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    /// Returns the same as [`Postgres::url`] over the unix socket, which costs less CPU a statement.
    #[must_use]
    pub fn socket_url(&self, user: &str, database: &str) -> String {
        let folder = self.sockets.display().to_string().replace('%', "%25").replace(' ', "%20");
        format!("postgres://{user}:{}@localhost:{}/{database}?host={folder}", self.password, self.port)
    }

    /// Returns the cluster's random password: 64 hexadecimal digits, safe to quote in SQL.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Returns the TCP port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the folder in use: `data_dir`, or its substitute if the server's user can't enter `data_dir`.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Returns the path of a program of this server's version: `psql`, `pgbench`, `pg_dump`.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// Returns the last lines of the server's log, or nothing if there is none.
    #[must_use]
    pub fn log_end(&self) -> String {
        log_end(&self.home.join("server.log"))
    }

    /// Stops the server and waits for its end. Closes open connections. Dropping does the same, blocking.
    pub async fn stop(self) {
        // This fails only while the runtime shuts down, and then the value is dropped as well.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }

    /// Does everything after the folder is known.
    fn open(
        home: PathBuf,
        user: Option<User>,
        options: &PostgresOptions,
        temporary: bool,
    ) -> Result<Self, LocalError> {
        let lock = lock(&home)?;
        let version = read_line(&home.join("data/PG_VERSION"))?;
        let bin = binaries::postgres(&home, version.as_deref(), user)?;
        if version.is_some() {
            stop_leftover(&bin, &home, user)?;
        } else {
            make_cluster(&bin, &home, user, options.hashes_passwords)?;
        }
        let password_file = home.join("password");
        let password = read_line(&password_file)?.ok_or_else(|| LocalError::NotOurs(home.clone()))?;
        let sockets = if temporary { home.clone() } else { folder::scratch("sw", user)? };
        let launched = launch(&bin, &home, &sockets, user, options);
        let (tether, port) = launched.inspect_err(|_| remove(&sockets))?;
        Ok(Self { tether, _lock: lock, bin, home, sockets, user, port, password })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if !self.tether.stop(STOP_LIMIT) {
            // If this fails as well, the tether waits once more and gives up.
            let _ = pg_ctl_stop(&self.bin, &self.home, self.user, "immediate");
        }
        remove(&self.sockets);
    }
}

/// Locks the folder for this process. The kernel releases the lock when the process ends.
fn lock(home: &Path) -> Result<File, LocalError> {
    let path = home.join(LOCK);
    let file =
        File::options().create(true).append(true).open(&path).map_err(LocalError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LocalError::InUse(home.to_path_buf())),
        Err(TryLockError::Error(source)) => Err(LocalError::Io { what: "lock", path, source }),
    }
}

/// Makes `data/` and `password`. It builds under another name first, so that an interrupted attempt leaves no half
/// cluster.
fn make_cluster(
    bin: &Path,
    home: &Path,
    user: Option<User>,
    hashes_passwords: bool,
) -> Result<(), LocalError> {
    let method = if hashes_passwords { "scram-sha-256" } else { "password" };
    let (password, built, data) = (home.join("password"), home.join("data.new"), home.join("data"));
    let secret = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    folder::write_secret(&password, &secret, user)?;
    let mut failure = String::new();
    for locale in ["C.UTF-8", "C"] {
        if built.exists() {
            fs::remove_dir_all(&built).map_err(LocalError::io("remove", &built))?;
        }
        let mut initdb = process::run_as(user, &bin.join("initdb"), home);
        initdb.args(["-U", "postgres", "-E", "UTF8", "-A", method, "--no-sync"]);
        initdb.arg(format!("--locale={locale}")).arg("--pwfile").arg(&password).arg("-D").arg(&built);
        match output(&mut initdb).map_err(LocalError::io("run initdb of", bin))? {
            Ok(_) => return fs::rename(&built, &data).map_err(LocalError::io("rename", &built)),
            Err(text) => failure = text,
        }
    }
    Err(LocalError::Initdb(failure))
}

/// Starts the server on the port that the caller names, or on free ones until one works.
fn launch(
    bin: &Path,
    home: &Path,
    sockets: &Path,
    user: Option<User>,
    options: &PostgresOptions,
) -> Result<(Tether, u16), LocalError> {
    let log = home.join("server.log");
    // The old log says nothing that a new start does not show again.
    let _ = fs::remove_file(&log);
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let port = match options.port {
            Some(port) if is_free(port) => port,
            Some(port) => return Err(LocalError::PortTaken(port)),
            None => free_port()?,
        };
        let leash = Leash { signal: "INT", trash: Some(sockets), user, cwd: home, log: &log };
        let mut tether =
            Tether::spawn(&leash, &bin.join("postgres"), &arguments(home, sockets, port, options))?;
        match wait_ready(&mut tether, home, port) {
            Ok(()) => return Ok((tether, port)),
            Err(LocalError::Start { log, .. }) if Instant::now() < deadline && may_pass(&log) => {
                sleep(Duration::from_millis(300))
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether another attempt may succeed: a port was taken meanwhile, or backends of a killed server are still ending.
fn may_pass(log: &str) -> bool {
    log.contains("could not bind") || log.contains("still in use")
}

/// Returns the server's arguments. Nothing is written into the cluster's configuration files.
fn arguments(home: &Path, sockets: &Path, port: u16, options: &PostgresOptions) -> Vec<String> {
    let flush = if options.durable { "on" } else { "off" };
    let mut settings = vec![
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        format!("unix_socket_directories={}", sockets.display()),
        format!("fsync={flush}"),
        format!("synchronous_commit={flush}"),
        format!("full_page_writes={flush}"),
        format!("max_connections={}", options.max_connections),
        format!("shared_buffers={}MB", options.shared_buffers_mb),
        "timezone=UTC".to_owned(),
        "log_timezone=UTC".to_owned(),
        "logging_collector=off".to_owned(),
        // A new database grows from nothing to a million rows in minutes: its statistics must keep up.
        "autovacuum_naptime=10s".to_owned(),
    ];
    // PostgreSQL would compile a statement of many parts for up to half a minute once a table has many rows.
    let setting = if options.durable { "max_wal_size=4GB" } else { "jit=off" };
    settings.push(setting.to_owned());
    let data = home.join("data").display().to_string();
    ["-D".to_owned(), data]
        .into_iter()
        .chain(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]))
        .collect()
}

/// Waits for the line `ready` or, of a standby, `standby` in `postmaster.pid`, which the server writes when it takes
/// connections.
fn wait_ready(tether: &mut Tether, home: &Path, port: u16) -> Result<(), LocalError> {
    let deadline = Instant::now() + START_LIMIT;
    let port = port.to_string();
    loop {
        let lines = pid_file(home);
        if lines.get(7).is_some_and(|status| status == "ready" || status == "standby")
            && lines.get(3) == Some(&port)
        {
            return Ok(());
        }
        if !tether.is_alive() || Instant::now() > deadline {
            return Err(LocalError::Start { server: "PostgreSQL", log: log_end(&home.join("server.log")) });
        }
        sleep(Duration::from_millis(10));
    }
}

/// Stops a server that a dead process left behind on this cluster. Clears a `postmaster.pid` whose process id now
/// belongs to another process. A `postmaster.pid` of a dead process is left to PostgreSQL, which uses it.
fn stop_leftover(bin: &Path, home: &Path, user: Option<User>) -> Result<(), LocalError> {
    let file = home.join("data/postmaster.pid");
    let Some(pid) = pid_file(home).into_iter().next() else {
        return Ok(());
    };
    if Path::new("/proc/self").exists() {
        let process = Path::new("/proc").join(&pid);
        if !process.exists() {
            return Ok(());
        }
        // A postmaster works in its data folder. An unreadable link belongs to another user, so it is not our server.
        let data = home.join("data").canonicalize().map_err(LocalError::io("resolve", home))?;
        if fs::read_link(process.join("cwd")).ok() != Some(data) {
            return fs::remove_file(&file).map_err(LocalError::io("remove", &file));
        }
    }
    if pg_ctl_stop(bin, home, user, "fast").is_err() && file.exists() {
        pg_ctl_stop(bin, home, user, "immediate")?;
    }
    Ok(())
}

/// Runs `pg_ctl stop` in the given mode and waits for the end.
fn pg_ctl_stop(bin: &Path, home: &Path, user: Option<User>, mode: &str) -> Result<(), LocalError> {
    let mut pg_ctl = process::run_as(user, &bin.join("pg_ctl"), home);
    pg_ctl.args(["stop", "-w", "-t", "60", "-m", mode, "-D"]).arg(home.join("data"));
    let answer = output(&mut pg_ctl).map_err(LocalError::io("run pg_ctl of", bin))?;
    answer.map(drop).map_err(|log| LocalError::Start { server: "PostgreSQL", log })
}

/// Removes a folder of one run if it still exists: the tether does so too. If it can't be removed, it does no harm.
fn remove(folder: &Path) {
    let _ = fs::remove_dir_all(folder);
}

/// Returns the lines of `postmaster.pid`, trimmed; none if there is no such file.
fn pid_file(home: &Path) -> Vec<String> {
    let text = fs::read_to_string(home.join("data/postmaster.pid")).unwrap_or_default();
    text.lines().map(|line| line.trim().to_owned()).collect()
}

/// Returns the first line of a small file, trimmed; `None` if there is no such file.
fn read_line(path: &Path) -> Result<Option<String>, LocalError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(LocalError::Io { what: "read", path: path.to_path_buf(), source }),
    }
}

/// Returns the machine's memory in MiB; 512 if the system does not say.
fn memory_mb() -> u32 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kb = total.and_then(|rest| rest.split_whitespace().next()).and_then(|word| word.parse::<u64>().ok());
    kb.and_then(|kb| u32::try_from(kb / 1024).ok()).unwrap_or(512)
}
