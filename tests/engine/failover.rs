//! The database server is lost, and its standby takes over. With synchronous replication, nothing acknowledged is lost.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use local::{Postgres, PostgresOptions};
use sea_orm::sqlx::{self, Row};
use serde_json::Value;
use tests::{Reply, Route, Tenant, Till, environment, sale, signal_server, superuser};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// Sellers at once.
const SELLERS: usize = 6;
/// Sales that are acknowledged before the standby is cut off, and again after the failover.
const SALES: usize = 150;
/// Time for which the standby is cut off before its server is lost. It is longer than the time limit of a statement.
const CUT_OFF: Duration = Duration::from_secs(3);
/// Time in which a sale must be acknowledged, the failover included.
const PATIENCE: Duration = Duration::from_secs(90);

/// A folder that is removed at the end.
pub struct Folder(PathBuf);

impl Folder {
    /// Names a folder that does not exist yet.
    pub fn new() -> Self {
        Folder(std::env::temp_dir().join(format!("stockwell-test-{}", Uuid::new_v4().simple())))
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the options of a database server in it.
    pub fn options(&self) -> PostgresOptions {
        PostgresOptions {
            shared_buffers_mb: 64,
            hashes_passwords: false,
            ..PostgresOptions::durable(&self.0)
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The state that the sellers share.
#[derive(Debug, Default)]
struct Trade {
    over: AtomicBool,
    acknowledged: AtomicUsize,
    /// Attempts of each seller that were rejected.
    unavailable: [AtomicUsize; SELLERS],
}

impl Trade {
    fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::Relaxed)
    }

    async fn reaches(&self, sales: usize) {
        let reached = async {
            while self.acknowledged() < sales {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, reached).await.expect("sales are acknowledged");
    }

    fn unavailable(&self) -> [usize; SELLERS] {
        self.unavailable.each_ref().map(|attempts| attempts.load(Ordering::Relaxed))
    }

    /// Waits until each seller had two more attempts rejected. The first may have begun before this. After the second, no
    /// acknowledgement of before is on its way.
    async fn stands_still(&self) {
        let before = self.unavailable();
        let still = async {
            while self.unavailable().iter().zip(before).any(|(now, before)| *now < before + 2) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, still).await.expect("sales are rejected");
    }

    /// Sells until the trade is over. Returns each key with the id of its sale.
    async fn sell(&self, tenant: &Tenant, till: &Till, seller: usize) -> Vec<(String, Value)> {
        let mut sold = Vec::new();
        while !self.over.load(Ordering::Relaxed) {
            let key = Uuid::new_v4().to_string();
            let reply = self.until_acknowledged(tenant, till, (seller, key.as_str())).await;
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
            sold.push((key, reply.json()["id"].clone()));
        }
        sold
    }

    async fn until_acknowledged(&self, tenant: &Tenant, till: &Till, (seller, key): (usize, &str)) -> Reply {
        let begun = Instant::now();
        loop {
            let reply = tenant.post_as("/v1/pos/sales", key, &sale(till, &[("MUG", "1")])).await;
            if reply.status == 201 {
                return reply;
            }
            assert_eq!(reply.status, 503, "{}", reply.text);
            assert!(reply.header("retry-after").is_some());
            assert!(begun.elapsed() < PATIENCE, "{key} is not acknowledged: {}", reply.text);
            self.unavailable[seller].fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Makes the primary wait for its standby with each commit. The limit of a statement is shorter than the wait, which it must
/// not end.
async fn replicate_synchronously(primary: &Postgres) {
    let root = superuser(primary).await;
    for statement in [
        "alter role stockwell_app set statement_timeout = '1s'",
        "alter system set synchronous_standby_names = '*'",
        "select pg_reload_conf()",
        // The limit of time is that of new sessions.
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity where usename = 'stockwell_app'",
    ] {
        sqlx::query(statement).execute(&root).await.expect(statement);
    }
    let is_set = async {
        let query = "select count(*) > 0 as is_set from pg_stat_replication where sync_state = 'sync'";
        while !sqlx::query(query).fetch_one(&root).await.expect("a row").get::<bool, _>("is_set") {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, is_set).await.expect("the standby is synchronous");
}

/// Loses the primary while the standby is cut off from it, and lets the standby take over.
async fn fail_over(trade: &Trade, (primary, standby): (&Postgres, &Postgres), log: &Route, address: &Route) {
    trade.reaches(SALES).await;
    log.lead(None);
    // Commits that the standby had confirmed may still be on their way.
    trade.stands_still().await;
    let before = trade.acknowledged();
    sleep(CUT_OFF).await;
    assert_eq!(trade.acknowledged(), before, "a sale was acknowledged that only one server has");
    signal_server(primary.home(), "-KILL");
    sleep(Duration::from_millis(300)).await;
    standby.promote().await.expect("the standby takes over");
    address.lead(Some(standby.port()));
    trade.reaches(before + SALES).await;
    trade.over.store(true, Ordering::Relaxed);
}

#[test]
fn a_standby_takes_over_with_everything_that_was_acknowledged() {
    environment().runtime.block_on(async {
        let (home, copy) = (Folder::new(), Folder::new());
        let primary = Postgres::start(home.options()).await.expect("PostgreSQL starts");
        if !primary.program("pg_basebackup").is_file() {
            println!("skipped: this PostgreSQL has no pg_basebackup");
            return;
        }
        let (address, log) = (Route::to(primary.port()).await, Route::to(primary.port()).await);
        let settings = |config: &mut api::config::Config| {
            let port = |port: u16| format!(":{port}/");
            let url = primary
                .url("stockwell_app", "stockwell")
                .replace(&port(primary.port()), &port(address.port()));
            config.database_url = url.into();
            // 2 seconds for a commit.
            config.db_write_ms = 10_000;
        };
        let (tenant, _node) = environment().tenant_on(&primary, settings).await;
        tenant.stocked("MUG", "10.00", ("1000000", "4.00")).await;
        let till = tenant.till().await;
        let standby = primary.start_standby(copy.options(), log.port()).await.expect("a standby starts");
        replicate_synchronously(&primary).await;
        let trade = Trade::default();
        let sellers = join_all((0..SELLERS).map(|seller| trade.sell(&tenant, &till, seller)));
        let (sold, ()) = join(sellers, fail_over(&trade, (&primary, &standby), &log, &address)).await;
        let sold: Vec<(String, Value)> = sold.into_iter().flatten().collect();
        println!(
            "{} sales, {} attempts while no server took them",
            sold.len(),
            trade.unavailable().iter().sum::<usize>()
        );
        for (key, id) in sold.iter().take(SALES) {
            let reply = tenant.post_as("/v1/pos/sales", key, &sale(&till, &[("MUG", "1")])).await;
            assert!(reply.is_replayed(), "{key} was acknowledged: {}", reply.text);
            assert_eq!(&reply.json()["id"], id, "{key}");
        }
        let root = superuser(&standby).await;
        let sales =
            sqlx::query_scalar("select count(*) from pos_sale where tenant_id = $1").bind(tenant.id.0);
        let sales: i64 = sales.fetch_one(&root).await.expect("sales are counted");
        assert_eq!(usize::try_from(sales), Ok(sold.len()), "one sale for each key");
        let levels = tenant.get("/v1/stock/levels").await.ok();
        assert_eq!(levels["data"][0]["on_hand"], (1_000_000 - sold.len()).to_string());
        tenant.check_books_in(&root).await;
    });
}
