//! No space is left, for the tables or for the log of the database. Nothing acknowledged is lost, and the server works again
//! without a restart.
//!
//! The part of the cluster that gets full lies on a small file system in memory. Only root can make one: elsewhere these
//! tests say so and pass.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use api::config::Config;
use futures_util::future::join_all;
use local::{Postgres, PostgresOptions};
use reqwest::Method;
use sea_orm::sqlx;
use serde_json::Value;
use service::tx::PoolOptions;
use tests::{Reply, Tenant, Till, environment, sale, signal_server, superuser};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// Size of the file system. The tables of an empty product need a third of it, the log of its migrations less.
const DISK_MIB: u32 = 160;
/// Sellers at once.
const SELLERS: usize = 8;
/// Sales of a seller before the disk gets full.
const ROUNDS_BEFORE: usize = 5;
/// Most sales of a seller before the disk has to be full.
const SALES_MAX: usize = 2_000;
/// Longest wait of a request for a connection, in milliseconds.
const WAIT_MS: u64 = 3_000;
/// Time in which a request must end, and in which the server must work again.
const PATIENCE: Duration = Duration::from_secs(60);

/// A small file system, until this is dropped.
struct Disk(PathBuf);

impl Disk {
    /// Makes the file system. Returns nothing where this process may not.
    fn mount() -> Option<Self> {
        let at = std::env::temp_dir().join(format!("stockwell-disk-{}", Uuid::new_v4().simple()));
        std::fs::create_dir(&at).expect("a folder is made");
        let size = format!("size={DISK_MIB}m,mode=0755");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&at).output();
        let disk = Disk(at);
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(disk);
        }
        println!("skipped: only root can make the small file system that this test fills");
        None
    }

    /// Moves a folder of a stopped cluster here.
    fn take(&self, home: &Path, folder: &str) {
        let (from, to) = (home.join("data").join(folder), self.0.join(folder));
        let copied = Command::new("cp").arg("-a").arg(&from).arg(&to).status().expect("cp runs");
        assert!(copied.success(), "{} is copied", from.display());
        std::fs::remove_dir_all(&from).expect("the original is removed");
        std::os::unix::fs::symlink(&to, &from).expect("a link is made");
    }

    /// Leaves no byte free.
    fn fill(&self) {
        let mut ballast = File::create(self.0.join("ballast")).expect("a file is made");
        let zeros = vec![0; 4096];
        while ballast.write_all(&zeros).is_ok() {}
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("ballast")).expect("the ballast is removed");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(&self.0).output();
        if unmounted.is_ok_and(|output| output.status.success()) {
            _ = std::fs::remove_dir(&self.0);
        }
    }
}

/// A database server with one folder on a small disk. Its own folder is removed when this is dropped.
struct Cluster {
    postgres: Option<Postgres>,
    options: PostgresOptions,
    home: PathBuf,
    disk: Disk,
}

impl Cluster {
    /// Starts a server whose `folder` is on the disk.
    async fn start(disk: Disk, folder: &str) -> Self {
        let wanted = std::env::temp_dir().join(format!("stockwell-test-{}", Uuid::new_v4().simple()));
        let durable = PostgresOptions::durable(wanted);
        let options = PostgresOptions { shared_buffers_mb: 64, hashes_passwords: false, ..durable };
        let made = Postgres::start(options.clone()).await.expect("PostgreSQL starts");
        let home = made.home().to_path_buf();
        made.stop().await;
        disk.take(&home, folder);
        let postgres = Postgres::start(options.clone()).await.expect("PostgreSQL starts");
        let options = PostgresOptions { port: Some(postgres.port()), ..options };
        Cluster { postgres: Some(postgres), options, home, disk }
    }

    fn postgres(&self) -> &Postgres {
        self.postgres.as_ref().expect("a server runs")
    }

    /// Starts the database server again, as its supervisor would. The address stays. A server that is in recovery may not
    /// end when it is asked to, so it is killed.
    async fn restart(&mut self) {
        if self.home.join("data/postmaster.pid").exists() {
            signal_server(&self.home, "-KILL");
        }
        if let Some(postgres) = self.postgres.take() {
            postgres.stop().await;
        }
        let started = Postgres::start(self.options.clone()).await;
        self.postgres = Some(started.expect("PostgreSQL starts again"));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.postgres.take());
        _ = std::fs::remove_dir_all(&self.home);
    }
}

/// Sales that were sent, each with its key.
#[derive(Debug, Default)]
struct Sent {
    /// Keys and ids of those that were acknowledged.
    acknowledged: Vec<(String, Value)>,
    /// Keys of those that were not.
    open: Vec<String>,
}

async fn sell(tenant: &Tenant, till: &Till, key: &str) -> Reply {
    let call = tenant.call(Method::POST, "/v1/pos/sales").key(key).json(&sale(till, &[("MUG", "1")]));
    let reply = timeout(PATIENCE, call.send()).await.expect("the request has an end");
    if reply.status != 201 {
        assert_eq!(reply.status, 503, "{}", reply.text);
        assert!(reply.header("retry-after").is_some(), "{:?}", reply.headers);
    }
    reply
}

/// Sells until the database takes no more, and some more times then. The disk gets full after the first sales.
async fn sell_until_full(tenant: &Tenant, till: &Till, disk: &Disk, each: impl AsyncFn(usize)) -> Sent {
    let mut sent = Sent::default();
    for round in 0..SALES_MAX {
        if round == ROUNDS_BEFORE {
            assert!(sent.open.is_empty(), "there is space");
            disk.fill();
        }
        let keys: Vec<String> = (0..SELLERS).map(|_| Uuid::new_v4().to_string()).collect();
        let replies = join_all(keys.iter().map(|key| sell(tenant, till, key))).await;
        for (key, reply) in keys.into_iter().zip(replies) {
            match reply.status {
                201 => sent.acknowledged.push((key, reply.json()["id"].clone())),
                _ => sent.open.push(key),
            }
        }
        if sent.open.len() >= 5 * SELLERS {
            return sent;
        }
        each(round).await;
    }
    panic!("{} sales, and the disk is not full", sent.acknowledged.len());
}

/// Sends what is open again until it is done, and what was acknowledged once more. Checks that each was done once.
async fn settle(tenant: &Tenant, till: &Till, sent: &Sent, postgres: &Postgres) {
    for key in &sent.open {
        let again = async {
            while sell(tenant, till, key).await.status != 201 {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, again).await.expect("the server works again");
    }
    for (key, id) in sent.acknowledged.iter().rev().take(50) {
        let reply = sell(tenant, till, key).await;
        assert!(reply.is_replayed(), "{key} was acknowledged: {}", reply.text);
        assert_eq!(&reply.json()["id"], id, "{key}");
    }
    let root = superuser(postgres).await;
    let sales = sqlx::query_scalar("select count(*) from pos_sale where tenant_id = $1").bind(tenant.id.0);
    let sales: i64 = sales.fetch_one(&root).await.expect("sales are counted");
    let sold = sent.acknowledged.len() + sent.open.len();
    assert_eq!(usize::try_from(sales), Ok(sold), "one sale for each key");
    let levels = tenant.get("/v1/stock/levels").await.ok();
    assert_eq!(levels["data"][0]["on_hand"], (1_000_000 - sold).to_string());
    tenant.check_books_in(&root).await;
    println!(
        "{} sales acknowledged before, {} rejected while the disk was full",
        sent.acknowledged.len(),
        sent.open.len()
    );
}

/// Sets the deadline of a server in service. A connection may come later than there: before the disk is full, the machine may be busy.
fn in_service(config: &mut Config) {
    config.db_wait_ms = WAIT_MS;
    config.db_write_ms = PoolOptions::default().write_ms;
}

#[test]
fn a_full_disk_of_the_tables_rejects_writes_until_it_has_space() {
    let Some(disk) = Disk::mount() else { return };
    environment().runtime.block_on(async {
        let cluster = Cluster::start(disk, "base").await;
        let (tenant, _node) = environment().tenant_on(cluster.postgres(), in_service).await;
        tenant.stocked("MUG", "10.00", ("1000000", "4.00")).await;
        let till = tenant.till().await;
        let sent = sell_until_full(&tenant, &till, &cluster.disk, async |_| {}).await;
        tenant.get("/v1/products").await.ok();
        cluster.disk.free();
        settle(&tenant, &till, &sent, cluster.postgres()).await;
    });
}

#[test]
fn a_full_disk_of_the_log_stops_the_database_and_loses_nothing() {
    let Some(disk) = Disk::mount() else { return };
    environment().runtime.block_on(async {
        let mut cluster = Cluster::start(disk, "pg_wal").await;
        let (tenant, _node) = environment().tenant_on(cluster.postgres(), in_service).await;
        tenant.stocked("MUG", "10.00", ("1000000", "4.00")).await;
        let till = tenant.till().await;
        let root = superuser(cluster.postgres()).await;
        // The log is used up faster. Where no file can be made for it, the database server ends all its processes.
        let use_up = async |round: usize| {
            if round > ROUNDS_BEFORE && round.is_multiple_of(10) {
                _ = sqlx::query("select pg_switch_wal()").execute(&root).await;
            }
        };
        let sent = sell_until_full(&tenant, &till, &cluster.disk, use_up).await;
        cluster.disk.free();
        cluster.restart().await;
        settle(&tenant, &till, &sent, cluster.postgres()).await;
    });
}
