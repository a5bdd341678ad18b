//! A tenant on its own database server.

use std::path::Path;
use std::process::Command;

use api::config::Config;
use local::Postgres;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sea_orm::sqlx::{self, Connection};

use crate::environment::{DATABASE, prepare};
use crate::{Environment, Node, Tenant};

/// A tenant on its own database server, which ends with it.
pub struct Apart {
    /// The tenant.
    pub tenant: Tenant,
    /// The server that serves it.
    pub node: Node,
    postgres: Postgres,
}

impl Apart {
    /// Returns the folder of the database server.
    pub fn home(&self) -> &Path {
        self.postgres.home()
    }

    /// Returns the URL of its database for migrations.
    pub fn migrator_url(&self) -> String {
        self.postgres.url("stockwell_migrator", DATABASE)
    }

    /// Returns the URL of its database for the application's role.
    pub fn database_url(&self) -> String {
        self.postgres.url("stockwell_app", DATABASE)
    }

    /// Returns the URL of its database for the worker's role.
    pub fn relay_database_url(&self) -> String {
        self.postgres.url("stockwell_relay", DATABASE)
    }

    /// Connects to its database as superuser.
    pub async fn superuser(&self) -> PgPool {
        superuser(&self.postgres).await
    }

    /// Makes another tenant on the same server.
    pub async fn another_tenant(&self) -> Tenant {
        Tenant::on(&self.postgres, &self.node.app.db, &self.node.base_url, |_| {}).await
    }

    /// Ends all connections of the server, as a failover does.
    pub async fn end_connections(&self) {
        let mut root =
            PgConnection::connect(&self.postgres.admin_url()).await.expect("the superuser connects");
        let end =
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity where usename = 'stockwell_app'";
        sqlx::query(end).execute(&mut root).await.expect("connections end");
    }
}

impl Environment {
    /// Makes a tenant on its own database server, for tests that would delay all others.
    pub async fn tenant_apart(&'static self, settings: impl FnOnce(&mut Config)) -> Apart {
        let postgres = Postgres::start_temporary().await.expect("PostgreSQL starts");
        let (tenant, node) = self.tenant_on(&postgres, settings).await;
        Apart { tenant, node, postgres }
    }

    /// Makes a tenant on a new database server, with a server of its own.
    pub async fn tenant_on(
        &'static self,
        postgres: &Postgres,
        settings: impl FnOnce(&mut Config),
    ) -> (Tenant, Node) {
        let migrator_url = prepare(postgres, DATABASE).await;
        migration::up(&migrator_url).await.expect("the schema is applied");
        let database_url = postgres.url("stockwell_app", DATABASE);
        let set = |config: &mut Config| {
            config.database_url = database_url.into();
            settings(config);
        };
        let node = self.node_with(set).await;
        let tenant = Tenant::on(postgres, &node.app.db, &node.base_url, |_| {}).await;
        (tenant, node)
    }
}

/// Connects to the database of a server of a test, as superuser.
pub async fn superuser(postgres: &Postgres) -> PgPool {
    let options: PgConnectOptions = postgres.url("postgres", DATABASE).parse().expect("a URL");
    // With many rows, PostgreSQL would compile the statement that checks books for half a minute.
    PgPool::connect_with(options.options([("jit", "off")])).await.expect("the superuser connects")
}

/// Sends a signal to the database server in `home` and to all its processes. Returns the processes.
pub fn signal_server(home: &Path, signal: &str) -> Vec<String> {
    let file = std::fs::read_to_string(home.join("data/postmaster.pid")).expect("a server runs");
    let main = file.lines().next().expect("a process").to_owned();
    // A stopped server starts no more processes.
    send_signal("-STOP", std::slice::from_ref(&main));
    let children = Command::new("ps").args(["-o", "pid=", "--ppid", &main]).output().expect("ps runs");
    let children = String::from_utf8(children.stdout).expect("text");
    let mut all: Vec<String> = children.split_whitespace().map(str::to_owned).collect();
    all.insert(0, main);
    send_signal(signal, &all);
    all
}

/// Sends a signal to processes.
pub fn send_signal(signal: &str, processes: &[String]) {
    Command::new("kill").arg(signal).args(processes).status().expect("kill runs");
}
