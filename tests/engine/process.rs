//! A server or a worker as a separate process: this program, started again with settings in its environment, so that it always is the
//! code under test.

use std::collections::BTreeSet;
use std::fs::File;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Mutex;

use api::config::{Config, StoreArgs};
use rand::RngExt;
use secrecy::SecretString;
use stockwell::log;
use stockwell::webhook::WebhookConfig;
use stockwell::worker::{Worker, WorkerConfig};
use tests::{Apart, environment};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// Address of a server. Set for it alone.
const ADDR: &str = "STOCKWELL_TEST_ADDR";
/// The database as the worker's role. Set for a worker alone.
const RELAY_DATABASE_URL: &str = "STOCKWELL_TEST_RELAY_DATABASE_URL";
/// The database of the child process.
const DATABASE_URL: &str = "STOCKWELL_TEST_DATABASE_URL";
/// The signing key of the child process.
const SIGNING_KEY: &str = "STOCKWELL_TEST_SIGNING_KEY";
/// The collector of spans.
const COLLECTOR: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// Set for a server that writes a log.
const LOGGED: &str = "STOCKWELL_TEST_LOGGED";
/// Connections of a server to the database.
const CONNECTIONS: &str = "STOCKWELL_TEST_CONNECTIONS";
/// The line by which the child process says that it works.
const STARTED: &str = "started";

/// A process. It ends with this process, or when this is dropped.
pub struct Process {
    process: Child,
    /// The test harness in it says after a minute that it runs. It would end if no one could read that.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts a server with so many connections to the shared database.
    pub async fn server(addr: &str, connections: u32) -> Self {
        let (connections, url) = (connections.to_string(), environment().database_url());
        let settings = [(ADDR, addr), (CONNECTIONS, &connections), (DATABASE_URL, &url)];
        Process::start("process::server", &settings).await
    }

    /// Starts a server that sends its spans to a collector, as the service `shop`.
    pub async fn traced(addr: &str, collector: &str) -> Self {
        let url = environment().database_url();
        let settings = [
            (ADDR, addr),
            (CONNECTIONS, "16"),
            (DATABASE_URL, &url),
            (COLLECTOR, collector),
            ("OTEL_SERVICE_NAME", "shop"),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"),
            ("NO_PROXY", "127.0.0.1"),
        ];
        Process::start("process::server", &settings).await
    }

    /// Starts a server whose log, with its statements, goes to a file.
    pub async fn logged(addr: &str, file: File) -> Self {
        let url = environment().database_url();
        let settings = [
            (ADDR, addr),
            (CONNECTIONS, "16"),
            (DATABASE_URL, &url),
            (LOGGED, "yes"),
            ("STOCKWELL_LOG", "info,service::timing=debug,sqlx=debug"),
        ];
        Process::start_with("process::server", &settings, file.into()).await
    }

    /// Starts a worker that sends webhooks of a database server, also to loopback.
    pub async fn worker(apart: &Apart) -> Self {
        let (relay, url) = (apart.relay_database_url(), apart.database_url());
        Process::start("process::worker", &[(RELAY_DATABASE_URL, &relay), (DATABASE_URL, &url)]).await
    }

    async fn start(body: &str, settings: &[(&str, &str)]) -> Self {
        Process::start_with(body, settings, Stdio::inherit()).await
    }

    async fn start_with(body: &str, settings: &[(&str, &str)], errors: Stdio) -> Self {
        let program = std::env::current_exe().expect("this program has a file");
        let mut command = Command::new(program);
        command.args([body, "--exact", "--nocapture"]).envs(settings.iter().copied());
        command.env(SIGNING_KEY, &environment().signing_key_file);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors).kill_on_drop(true);
        let mut process = command.spawn().expect("the process starts");
        let mut output = BufReader::new(process.stdout.take().expect("its output")).lines();
        while let Some(line) = output.next_line().await.expect("its output is text") {
            if line.starts_with(STARTED) {
                return Process { process, _output: output };
            }
        }
        panic!("the process ended before it worked");
    }

    /// Returns its process id.
    pub fn id(&self) -> u32 {
        self.process.id().expect("it runs")
    }

    /// Ends it by SIGKILL.
    pub async fn kill(mut self) {
        self.process.kill().await.expect("the process is killed");
    }
}

fn setting(name: &str) -> String {
    std::env::var(name).expect("the parent sets it")
}

/// Not a test: the body of a server's process.
#[test]
fn server() {
    let Ok(addr) = std::env::var(ADDR) else { return };
    let config = tests::config(&setting(DATABASE_URL), &addr, &PathBuf::from(setting(SIGNING_KEY)));
    let config = Config { db_connections: setting(CONNECTIONS).parse().expect("a number"), ..config };
    let is_logged = [COLLECTOR, LOGGED].iter().any(|name| std::env::var_os(name).is_some());
    let _spans = is_logged.then(|| log::start(log::PERSON)).flatten();
    live(async { stockwell::serve(&config).await.expect("the server starts") });
}

/// Not a test: the body of a worker's process.
#[test]
fn worker() {
    let Ok(relay_database_url) = std::env::var(RELAY_DATABASE_URL) else { return };
    let config = WorkerConfig {
        relay_database_url: SecretString::from(relay_database_url),
        database_url: Some(SecretString::from(setting(DATABASE_URL))),
        metrics_addr: None,
        redis_url: None,
        store: StoreArgs::default(),
        webhooks: WebhookConfig {
            signing_key_file: Some(PathBuf::from(setting(SIGNING_KEY))),
            webhook_networks: vec!["127.0.0.0/8".parse().expect("a network")],
            webhook_timeout_seconds: None,
        },
    };
    live(async { Worker::start(&config).await.expect("the worker starts") });
}

/// Starts the body of a process, and keeps it until the parent ends.
fn live<T>(start: impl Future<Output = T>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime starts").block_on(async {
        let _running = start.await;
        println!("\n{STARTED}");
        // The parent never writes: its end closes the pipe.
        let ended = tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin()));
        ended.await.expect("the pipe is read").expect("the pipe is text");
        std::process::exit(0);
    });
}

/// Returns a free port below those that connections start from, so that no client takes it while the server is down. No other test
/// gets it.
pub fn quiet_addr() -> String {
    static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let port = rand::rng().random_range(15_000..30_000);
        let addr = format!("127.0.0.1:{port}");
        if TcpListener::bind(&addr).is_ok() && TAKEN.lock().expect("the ports").insert(port) {
            return addr;
        }
    }
}
