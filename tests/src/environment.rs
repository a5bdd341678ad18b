//! What all tests share: the database server, the API server, and the runtimes that they work on.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use actix_web::web::Data;
use api::App;
use api::config::Config;
use chrono::{DateTime, Utc};
use clap::Parser;
use local::Postgres;
use migration::Passwords;
use sea_orm::sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sea_orm::sqlx::{self, Connection};
use service::Db;
use service::auth::SigningKey;
use service::tx::PoolOptions;
use stockwell::log;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Mutex, OnceCell};

/// The database that the tests share.
pub(crate) const DATABASE: &str = "stockwell";

/// Starts once: where that fails, every test fails at once.
static ENVIRONMENT: LazyLock<Environment> = LazyLock::new(start);

/// What all tests of a run share. It ends with the process: so does the database server, whose folder vanishes.
pub struct Environment {
    /// The database server.
    pub postgres: Postgres,
    /// The runtime of the tests' own work.
    pub runtime: Runtime,
    /// Connections of the superuser, who sees every tenant: for checks from outside.
    pub root: PgPool,
    /// Connections of the application, to make tenants.
    pub db: Db,
    /// The HTTP client.
    pub http: reqwest::Client,
    /// The server that the tests share.
    pub node: Node,
    /// The key that signs access tokens.
    pub signing_key_file: PathBuf,
    /// Held by a test while workers hand events on to its Redis. Workers share the events of the database, so those of
    /// another test would take some to another Redis.
    pub relays: Mutex<()>,
    other_node: OnceCell<Node>,
    servers: Runtime,
}

/// A server at work.
pub struct Node {
    /// Where it is.
    pub base_url: String,
    /// Its state.
    pub app: Data<App>,
}

/// The shared environment, which the first test starts.
pub fn environment() -> &'static Environment {
    &ENVIRONMENT
}

fn start() -> Environment {
    // The servers' log is of interest only to who asks for it.
    if std::env::var_os("STOCKWELL_LOG").is_some() {
        log::start(log::PERSON);
    }
    let runtime = |name: &str| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).thread_name(name).enable_all().build().expect("a runtime starts")
    };
    let (tests, servers) = (runtime("tests"), runtime("servers"));
    let (postgres, root, db, http) = tests.block_on(async {
        let postgres = Postgres::start_temporary().await.expect("PostgreSQL starts");
        let migrator_url = prepare(&postgres, DATABASE).await;
        migration::up(&migrator_url).await.expect("the schema is applied");
        let root = PgPoolOptions::new().max_connections(8);
        let root = root.connect(&postgres.url("postgres", DATABASE)).await.expect("the superuser connects");
        let options = PoolOptions { connections_max: 4, ..PoolOptions::default() };
        let db =
            Db::connect(&postgres.url("stockwell_app", DATABASE), &options).await.expect("the app connects");
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        (postgres, root, db, http.build().expect("an HTTP client"))
    });
    let signing_key_file = postgres.home().join("signing-key.pem");
    SigningKey::load_or_create(&signing_key_file).expect("a signing key");
    let config = config(&postgres.url("stockwell_app", DATABASE), "127.0.0.1:0", &signing_key_file);
    let node = serve(&servers, &config);
    Environment {
        postgres,
        runtime: tests,
        root,
        db,
        http,
        node,
        signing_key_file,
        relays: Mutex::new(()),
        other_node: OnceCell::new(),
        servers,
    }
}

/// Makes the roles and `database`; answers the URL of the migrator.
pub(crate) async fn prepare(postgres: &Postgres, database: &str) -> String {
    let password = || postgres.password().to_owned();
    let passwords = Passwords { migrator: password(), app: password(), relay: password() };
    migration::bootstrap(&postgres.admin_url(), database, &passwords)
        .await
        .expect("roles and database are made");
    postgres.url("stockwell_migrator", database)
}

impl Environment {
    /// The URL of the shared database for the application's role.
    pub fn database_url(&self) -> String {
        self.postgres.url("stockwell_app", DATABASE)
    }

    /// A connection of the superuser for a test that holds a transaction open. [`root`](Environment::root) has few, and a
    /// test that keeps one of them while it asks for another may wait for a test that does the same.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.postgres.url("postgres", DATABASE)).await.expect("the superuser connects")
    }

    /// The instant, as the database's clock shows it.
    pub async fn now(&self) -> DateTime<Utc> {
        sqlx::query_scalar("select clock_timestamp()").fetch_one(&self.root).await.expect("a clock")
    }

    /// Deadlocks in the shared database since the tests began.
    pub async fn deadlocks(&self) -> i64 {
        let query = "select deadlocks from pg_stat_database where datname = current_database()";
        sqlx::query_scalar(query).fetch_one(&self.root).await.expect("deadlocks are counted")
    }

    /// The URL of the shared database for the relay's role.
    pub fn relay_database_url(&self) -> String {
        self.postgres.url("stockwell_relay", DATABASE)
    }

    /// A second server over the shared database, as another machine would run it. Tests share it as well.
    pub async fn other_node(&'static self) -> &'static Node {
        self.other_node.get_or_init(|| self.own_node()).await
    }

    /// A server that nobody else talks to.
    pub async fn own_node(&'static self) -> Node {
        self.node_with(|_| {}).await
    }

    /// A server with other settings that nobody else talks to.
    pub async fn node_with(&'static self, settings: impl FnOnce(&mut Config)) -> Node {
        let mut config = config(&self.database_url(), "127.0.0.1:0", &self.signing_key_file);
        settings(&mut config);
        let started = tokio::task::spawn_blocking(move || serve(&self.servers, &config));
        started.await.expect("a server starts")
    }

    /// A further database without any schema; answers the migrator's URL to it.
    pub async fn empty_database(&self, name: &str) -> String {
        // The roles belong to the server: two that state them at once are refused.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
        let _turn = ONE_AT_A_TIME.lock().await;
        prepare(&self.postgres, name).await
    }
}

/// Serves on the runtime of the servers. Called outside of any runtime.
fn serve(servers: &Runtime, config: &Config) -> Node {
    let running = servers.block_on(stockwell::serve(config)).expect("the server starts");
    Node { base_url: format!("http://{}", running.addr), app: running.app.clone() }
}

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    config: Config,
}

/// The configuration of a server, as its command line would say it: what is not named has its default.
pub fn config(database_url: &str, addr: &str, signing_key_file: &Path) -> Config {
    addr.parse::<SocketAddr>().expect("an address");
    let key_file = signing_key_file.to_str().expect("a path in UTF-8");
    let arguments =
        ["stockwell", "--database-url", database_url, "--addr", addr, "--signing-key-file", key_file];
    Cli::parse_from(arguments).config
}
