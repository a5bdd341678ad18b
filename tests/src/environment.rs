//! The environment of all tests: the database server, the API server, and their runtimes.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use actix_web::web::Data;
use api::App;
use api::config::Config;
use api::rate::RateLimits;
use chrono::{DateTime, Utc};
use clap::Parser;
use local::Postgres;
use migration::Passwords;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor};
use service::Db;
use service::auth::SigningKey;
use service::tx::PoolOptions;
use stockwell::log;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Mutex, OnceCell};

/// The database that the tests share.
pub(crate) const DATABASE: &str = "stockwell";

/// The database of which [`Environment::migrated_database`] makes copies.
const PATTERN: &str = "pattern";

/// A rate that no test reaches: wrong bodies count more than others, and tests send many.
const UNLIMITED: u32 = 100_000_000;

/// Longest wait for a connection that checks books. Tests with many rows take long to check.
const CHECK_PATIENCE: Duration = Duration::from_secs(300);

/// Starts once. If it fails, every test fails at once.
static ENVIRONMENT: LazyLock<Environment> = LazyLock::new(start);

/// The environment of all tests of a run. It ends with the process, as does the database server, whose folder is removed.
pub struct Environment {
    /// The database server.
    pub postgres: Postgres,
    /// Runtime of the tests.
    pub runtime: Runtime,
    /// Connections of the superuser, who sees every tenant, for checks from outside.
    pub root: PgPool,
    /// Connections of the superuser that only check books.
    pub(crate) checker: PgPool,
    /// Connections of the application, to create tenants.
    pub db: Db,
    /// The HTTP client.
    pub http: reqwest::Client,
    /// Server that the tests share.
    pub node: Node,
    /// Key that signs access tokens.
    pub signing_key_file: PathBuf,
    /// Held by a test while it has a worker on the shared database, or does what a worker does there. Workers share the events of the
    /// database, so those of another test would take some to another Redis. They delete the old rows of all tenants when they start.
    pub relays: Mutex<()>,
    other_node: OnceCell<Node>,
    servers: Runtime,
}

/// A running server.
pub struct Node {
    /// Its URL.
    pub base_url: String,
    /// URL of its metrics, if it has an address for them.
    pub metrics_url: Option<String>,
    /// Its state.
    pub app: Data<App>,
}

/// Returns the shared environment, which the first test starts.
pub fn environment() -> &'static Environment {
    &ENVIRONMENT
}

fn start() -> Environment {
    // The log of the servers is off unless the environment asks for it.
    if std::env::var_os("STOCKWELL_LOG").is_some() {
        log::start(log::PERSON);
    }
    let runtime = |name: &str| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).thread_name(name).enable_all().build().expect("a runtime starts")
    };
    let (tests, servers) = (runtime("tests"), runtime("servers"));
    let (postgres, root, checker, db, http) = tests.block_on(async {
        let postgres = Postgres::start_temporary().await.expect("PostgreSQL starts");
        let migrator_url = prepare(&postgres, DATABASE).await;
        migration::up(&migrator_url).await.expect("the schema is applied");
        let root_url = postgres.url("postgres", DATABASE);
        let root = PgPoolOptions::new().max_connections(8);
        let root = root.connect(&root_url).await.expect("the superuser connects");
        // Each connection plans the check of books once, so there are few.
        let checker = PgPoolOptions::new().max_connections(2).acquire_timeout(CHECK_PATIENCE);
        let checker = checker.connect_with(checker_options(&root_url)).await.expect("the superuser connects");
        let db = Db::connect(&postgres.url("stockwell_app", DATABASE), &pool_options())
            .await
            .expect("the app connects");
        // The server closes a connection that never sent a request after 10 seconds, and an idle one after 75. A request
        // that is sent at that moment fails.
        let http = reqwest::Client::builder().no_proxy().pool_idle_timeout(Duration::from_secs(5));
        let http = http.redirect(reqwest::redirect::Policy::none());
        (postgres, root, checker, db, http.build().expect("an HTTP client"))
    });
    let signing_key_file = postgres.home().join("signing-key.pem");
    SigningKey::load_or_create(&signing_key_file).expect("a signing key");
    let config = config(&postgres.url("stockwell_app", DATABASE), "127.0.0.1:0", &signing_key_file);
    let node = serve(&servers, &config);
    Environment {
        postgres,
        runtime: tests,
        root,
        checker,
        db,
        http,
        node,
        signing_key_file,
        relays: Mutex::new(()),
        other_node: OnceCell::new(),
        servers,
    }
}

/// Creates the roles and `database`. Returns the URL of the migrator.
pub(crate) async fn prepare(postgres: &Postgres, database: &str) -> String {
    let password = || postgres.password().to_owned();
    let passwords = Passwords { migrator: password(), app: password(), relay: password() };
    migration::bootstrap(&postgres.admin_url(), database, &passwords)
        .await
        .expect("roles and database are made");
    postgres.url("stockwell_migrator", database)
}

impl Environment {
    /// Returns the URL of the shared database for the application's role.
    pub fn database_url(&self) -> String {
        self.postgres.url("stockwell_app", DATABASE)
    }

    /// Connects as superuser, for a test that holds a transaction open. [`root`](Environment::root) has few connections,
    /// and a test that keeps one of them while it asks for another may wait for a test that does the same.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.postgres.url("postgres", DATABASE)).await.expect("the superuser connects")
    }

    /// Returns the time of the database's clock.
    pub async fn now(&self) -> DateTime<Utc> {
        sqlx::query_scalar("select clock_timestamp()").fetch_one(&self.root).await.expect("a clock")
    }

    /// Returns the number of deadlocks in the shared database since the tests began.
    pub async fn deadlocks(&self) -> i64 {
        let query = "select deadlocks from pg_stat_database where datname = current_database()";
        sqlx::query_scalar(query).fetch_one(&self.root).await.expect("deadlocks are counted")
    }

    /// Returns the URL of the shared database for the worker's role.
    pub fn relay_database_url(&self) -> String {
        self.postgres.url("stockwell_relay", DATABASE)
    }

    /// Returns a second server on the shared database, as another machine would run it. Tests share it as well.
    pub async fn other_node(&'static self) -> &'static Node {
        self.other_node.get_or_init(|| self.own_node()).await
    }

    /// Starts a server for one test alone.
    pub async fn own_node(&'static self) -> Node {
        self.node_with(|_| {}).await
    }

    /// Starts a server with other settings for one test alone.
    pub async fn node_with(&'static self, settings: impl FnOnce(&mut Config)) -> Node {
        let mut config = config(&self.database_url(), "127.0.0.1:0", &self.signing_key_file);
        settings(&mut config);
        let started = tokio::task::spawn_blocking(move || serve(&self.servers, &config));
        started.await.expect("a server starts")
    }

    /// Creates a further database without any schema. Returns the migrator's URL to it.
    pub async fn empty_database(&self, name: &str) -> String {
        // Roles belong to the server: two tests that create them at once fail.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
        let _turn = ONE_AT_A_TIME.lock().await;
        prepare(&self.postgres, name).await
    }

    /// Creates a further database with the schema. Returns the migrator's URL to it. Only the first one of a run is migrated; the
    /// others are copies of it.
    pub async fn migrated_database(&self, name: &str) -> String {
        static MIGRATED: OnceCell<()> = OnceCell::const_new();
        MIGRATED.get_or_init(|| self.migrate_pattern()).await;
        let admin = PgConnection::connect(&self.postgres.admin_url()).await;
        let copy = format!("create database \"{name}\" template {PATTERN} owner stockwell_owner");
        let copied = admin.expect("the superuser connects").execute(AssertSqlSafe(copy)).await;
        copied.expect("a database is copied");
        // The rights to connect are not copied.
        self.empty_database(name).await
    }

    async fn migrate_pattern(&self) {
        let url = self.empty_database(PATTERN).await;
        migration::up(&url).await.expect("the schema is applied");
    }
}

/// Serves on the runtime of the servers. Must be called outside of any runtime.
fn serve(servers: &Runtime, config: &Config) -> Node {
    let running = servers.block_on(stockwell::serve(config)).expect("the server starts");
    let metrics_url = running.metrics.as_ref().map(|endpoint| format!("http://{}/metrics", endpoint.addr));
    Node { base_url: format!("http://{}", running.addr), metrics_url, app: running.app.clone() }
}

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    config: Config,
}

/// Returns options with a long wait and long deadlines. The machine that runs the tests may be busy, and no test depends on how fast a
/// connection is free.
pub fn pool_options() -> PoolOptions {
    PoolOptions { wait_ms: 10_000, write_ms: 300_000, ..PoolOptions::default() }
}

/// Returns the options of the connections that check books. They keep each plan.
fn checker_options(url: &str) -> PgConnectOptions {
    let options: PgConnectOptions = url.parse().expect("a URL");
    options.options([("plan_cache_mode", "force_generic_plan"), ("jit", "off")])
}

/// Returns the configuration of a server. What is not named has its default, as on the command line.
pub fn config(database_url: &str, addr: &str, signing_key_file: &Path) -> Config {
    addr.parse::<SocketAddr>().expect("an address");
    let key_file = signing_key_file.to_str().expect("a path in UTF-8");
    let arguments =
        ["stockwell", "--database-url", database_url, "--addr", addr, "--signing-key-file", key_file];
    let mut config = Cli::parse_from(arguments).config;
    config.db_wait_ms = pool_options().wait_ms;
    config.db_write_ms = pool_options().write_ms;
    // All tests come from one address.
    config.connections.connections_per_address = config.connections.connections_max;
    config.reports_max = Some(3);
    config.rates = RateLimits {
        rate_burst: UNLIMITED,
        rate_minute: UNLIMITED,
        rate_tenant: UNLIMITED,
        rate_reports: UNLIMITED,
        rate_unknown_keys: UNLIMITED,
        // All tests come from one address.
        rate_failures: UNLIMITED,
        rate_unreadable: UNLIMITED,
    };
    config
}
