//! A server as a separate process: this program, started again with [`ADDR`] set, so that it always is the code under test.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;

use api::config::Config;
use rand::RngExt;
use tests::environment;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// Address of the child process. Set for the child alone.
const ADDR: &str = "STOCKWELL_TEST_ADDR";
/// The database of the child process.
const DATABASE_URL: &str = "STOCKWELL_TEST_DATABASE_URL";
/// The signing key of the child process.
const SIGNING_KEY: &str = "STOCKWELL_TEST_SIGNING_KEY";
/// Connections of the child process to the database.
const CONNECTIONS: &str = "STOCKWELL_TEST_CONNECTIONS";

/// The server. It ends with this process, or when this is dropped.
pub struct Server {
    process: Child,
    /// The test harness in it says after a minute that it runs. It would end if no one could read that.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts a server with so many connections to the shared database.
    pub async fn start(addr: &str, connections: u32) -> Self {
        let program = std::env::current_exe().expect("this program has a file");
        let mut command = Command::new(program);
        command.args(["process::server", "--exact", "--nocapture"]).env(ADDR, addr);
        command
            .env(CONNECTIONS, connections.to_string())
            .env(DATABASE_URL, environment().database_url())
            .env(SIGNING_KEY, &environment().signing_key_file);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().expect("the server starts");
        let mut output = BufReader::new(process.stdout.take().expect("its output")).lines();
        while let Some(line) = output.next_line().await.expect("its output is text") {
            if line.starts_with("serving") {
                return Server { process, _output: output };
            }
        }
        panic!("the server ended before it served");
    }

    /// Returns its process id.
    pub fn id(&self) -> u32 {
        self.process.id().expect("it runs")
    }

    /// Ends it by SIGKILL.
    pub async fn kill(mut self) {
        self.process.kill().await.expect("the server is killed");
    }
}

/// Not a test: the body of the process.
#[test]
fn server() {
    let Ok(addr) = std::env::var(ADDR) else { return };
    let setting = |name: &str| std::env::var(name).expect("the parent sets it");
    let config = tests::config(&setting(DATABASE_URL), &addr, &PathBuf::from(setting(SIGNING_KEY)));
    let config = Config { db_connections: setting(CONNECTIONS).parse().expect("a number"), ..config };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime starts").block_on(async {
        let _running = stockwell::serve(&config).await.expect("the server starts");
        println!("\nserving");
        // The parent never writes: its end closes the pipe.
        let ended = tokio::task::spawn_blocking(|| std::io::read_to_string(std::io::stdin()));
        ended.await.expect("the pipe is read").expect("the pipe is text");
        std::process::exit(0);
    });
}

/// Returns a free port below those that connections start from, so that no client takes it while the server is down.
pub fn quiet_addr() -> String {
    loop {
        let addr = format!("127.0.0.1:{}", rand::rng().random_range(15_000..30_000));
        if TcpListener::bind(&addr).is_ok() {
            return addr;
        }
    }
}
