//! Real servers: start them, reach them over TCP and the socket, kill them, take them over.

#![expect(clippy::print_stdout, reason = "the parent process reads it")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, Statement};

use crate::{LocalError, Postgres, PostgresOptions, Redis};

/// The ways in which clients prove their passwords.
const METHODS: &str = "select string_agg(distinct auth_method, ' ') from pg_hba_file_rules";
/// Names the folder for [`hold`] in a child process.
const HOLD: &str = "STOCKWELL_TEST_HOLD";

/// Returns a folder with a space in its name, in the temporary directory.
fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("stockwell unit {name} {}", std::process::id()))
}

async fn connect(url: &str) -> DatabaseConnection {
    Database::connect(url).await.expect("the server takes the connection")
}

async fn text(db: &DatabaseConnection, sql: &str) -> String {
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .expect("the query runs")
        .expect("it returns a row");
    row.try_get_by_index(0).expect("its first column is text")
}

fn wait_until(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "{what} did not happen within 20 s");
        sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn temporary_server_answers_and_leaves_nothing() {
    let server = Postgres::start_temporary().await.expect("a temporary server starts");
    let home = server.home().to_path_buf();
    let db = connect(&server.admin_url()).await;
    assert_eq!(text(&db, "show fsync").await, "off");
    assert_eq!(text(&db, "show listen_addresses").await, "127.0.0.1");
    assert_eq!(text(&db, "show server_encoding").await, "UTF8");
    assert_eq!(text(&db, METHODS).await, "password");
    assert_eq!(text(&db, "show jit").await, "off");
    let socket = connect(&server.socket_url("postgres", "postgres")).await;
    assert_eq!(text(&socket, "select coalesce(inet_server_addr()::text, 'socket')").await, "socket");
    let wrong = server.admin_url().replace(server.password(), "wrong");
    assert!(Database::connect(&wrong).await.is_err(), "a wrong password must be rejected");
    server.stop().await;
    assert!(!home.exists());
}

#[tokio::test]
async fn cluster_is_kept_and_locked_and_erased() {
    let data_dir = folder("kept");
    let server = Postgres::start(PostgresOptions::durable(&data_dir)).await.expect("the server starts");
    let db = connect(&server.admin_url()).await;
    assert_eq!(text(&db, "show fsync").await, "on");
    assert_eq!(text(&db, METHODS).await, "scram-sha-256");
    db.execute_unprepared("create table kept (note text); insert into kept values ('still here')")
        .await
        .expect("a table is made");
    let second = Postgres::start(PostgresOptions::durable(&data_dir)).await;
    assert!(matches!(second, Err(LocalError::InUse(_))));
    drop(server);
    let server = Postgres::start(PostgresOptions::for_tests(&data_dir)).await.expect("the server starts");
    let db = connect(&server.admin_url()).await;
    assert_eq!(text(&db, "select note from kept").await, "still here");
    server.stop().await;
    Postgres::erase(data_dir.clone()).await.expect("the cluster is erased");
    assert!(!data_dir.exists());
}

#[tokio::test]
async fn foreign_folder_and_taken_port_are_refused() {
    let data_dir = folder("foreign");
    std::fs::create_dir(&data_dir).expect("the folder is new");
    std::fs::write(data_dir.join("letter.txt"), "mine").expect("the letter is written");
    let refused = Postgres::start(PostgresOptions::for_tests(&data_dir)).await;
    assert!(matches!(refused, Err(LocalError::NotOurs(_))));
    std::fs::remove_dir_all(&data_dir).expect("the folder goes");

    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port is taken");
    let port = taken.local_addr().expect("an address").port();
    let options = PostgresOptions { port: Some(port), ..PostgresOptions::for_tests(&data_dir) };
    let refused = Postgres::start(options).await;
    assert!(matches!(refused, Err(LocalError::PortTaken(busy)) if busy == port));
    Postgres::erase(data_dir).await.expect("the cluster is erased");
}

/// Not a test: the body of the process that the next test kills.
#[tokio::test]
async fn hold() {
    let Some(data_dir) = std::env::var_os(HOLD) else {
        return;
    };
    let server = Postgres::start(PostgresOptions::for_tests(data_dir)).await.expect("the server starts");
    println!("\nholding {}", server.home().display());
    sleep(Duration::from_secs(60));
}

#[tokio::test]
async fn server_ends_with_a_killed_process_and_starts_again() {
    let data_dir = folder("killed");
    for _ in 0..2 {
        let mut holder = Command::new(std::env::current_exe().expect("the test program has a path"));
        holder.args(["tests::hold", "--exact", "--nocapture"]).env(HOLD, &data_dir).stdout(Stdio::piped());
        let mut holder = holder.spawn().expect("the test program starts again");
        let lines =
            BufReader::new(holder.stdout.take().expect("its output is piped")).lines().map_while(Result::ok);
        let home = lines.into_iter().find_map(|line| line.strip_prefix("holding ").map(PathBuf::from));
        let home = home.expect("it says where its server is");
        let pid_file = std::fs::read_to_string(home.join("data/postmaster.pid"))
            .expect("a server that runs has a pid file");
        let pid: u32 =
            pid_file.lines().next().and_then(|line| line.parse().ok()).expect("the pid comes first");
        holder.kill().expect("it is killed");
        holder.wait().expect("it has ended");
        // At once, while the old server may still be stopping.
        let server = Postgres::start(PostgresOptions::for_tests(&data_dir)).await.expect("the server starts");
        assert_eq!(text(&connect(&server.admin_url()).await, "select 'ok'").await, "ok");
        let process = Path::new("/proc").join(pid.to_string());
        wait_until("the end of the orphan", || !process.join("cwd").exists());
        server.stop().await;
    }
    Postgres::erase(data_dir).await.expect("the cluster is erased");
}

#[tokio::test]
async fn stale_pid_file_of_another_process_is_no_obstacle() {
    let data_dir = folder("stale");
    let server = Postgres::start(PostgresOptions::for_tests(&data_dir)).await.expect("the server starts");
    let home = server.home().to_path_buf();
    server.stop().await;
    let stale = format!(
        "{}\n{}\n0\n5432\n/tmp\n127.0.0.1\n0 0\nready\n",
        std::process::id(),
        home.join("data").display()
    );
    std::fs::write(home.join("data/postmaster.pid"), stale).expect("the pid file is written");
    let server = Postgres::start(PostgresOptions::for_tests(&data_dir)).await.expect("the server starts");
    server.stop().await;
    Postgres::erase(data_dir).await.expect("the cluster is erased");
}

#[tokio::test]
async fn redis_answers_when_it_is_installed() {
    let Some(server) = Redis::start().await.expect("a server that is installed starts") else {
        return;
    };
    let client = redis::Client::open(server.url()).expect("its URL is one of Redis");
    let mut connection = client.get_multiplexed_async_connection().await.expect("it takes the connection");
    let pong: String = redis::cmd("PING").query_async(&mut connection).await.expect("it responds");
    assert_eq!(pong, "PONG");
    server.stop().await;
}
