//! A tenant moves to another database while it trades.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::sqlx;
use sea_orm::sqlx::postgres::PgPool;
use serde_json::json;
use service::auth::{ApiKeyCreate, KeyMode, make_key};
use service::reconcile::run::due;
use service::scope::Scope;
use service::stock::checkpoint;
use service::tenant::moving;
use service::{Db, Error, rollup};
use stockwell::archive::relocation::{Relocation, relocate};
use tests::{Tenant, Till, environment, pool_options, with_tenant};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{Other, counts, migrator_url, place, trade};
use crate::platform::auth::outside;

/// Time in which the servers of the tests learn that writes pause: they read it every 10 seconds.
const SETTLE: Duration = Duration::from_secs(11);

/// The sales of one writer.
#[derive(Debug, Default)]
struct Written {
    /// Ids of the sales that were acknowledged.
    sold: Vec<String>,
    /// Number of sales that were rejected because of the move.
    refused: usize,
}

/// Sells until it is stopped.
async fn sell(tenant: &Tenant, till: &Till, is_over: &AtomicBool) -> Written {
    let mut written = Written::default();
    while !is_over.load(Ordering::Relaxed) {
        let reply = tenant.sell(till, &[("MUG", "1")]).await;
        match reply.status {
            201 => written.sold.push(reply.created()["id"].as_str().expect("an id").to_owned()),
            503 => {
                reply.refused(503, "tenant_moving");
                assert_eq!(reply.header("retry-after"), Some("10"));
                written.refused += 1;
                let read = tenant.get("/v1/products").await;
                assert!(matches!(read.status, 200 | 403), "reads go on: {}", read.text);
            }
            _ => _ = reply.refused(403, "tenant_moved"),
        }
        sleep(Duration::from_millis(250)).await;
    }
    written
}

#[test]
fn a_tenant_moves_while_it_trades_and_no_sale_is_lost() {
    with_tenant(async |tenant| {
        let till = trade(tenant).await;
        let other = Other::start().await;
        let (from_url, to_url, work) = (migrator_url(), other.migrator_url(), place(tenant, "-move"));
        let wanted = Relocation {
            slug: &tenant.slug,
            from_url: &from_url,
            to_url: &to_url,
            to: &other.node.app.db,
            work: &work,
            settle: SETTLE,
            store: None,
        };
        let is_over = AtomicBool::new(false);
        let relocated = async {
            let relocated = relocate(&wanted).await;
            is_over.store(true, Ordering::Relaxed);
            relocated
        };
        let (relocated, one, two) =
            tokio::join!(relocated, sell(tenant, &till, &is_over), sell(tenant, &till, &is_over));
        let relocated = relocated.expect("it is moved");
        assert!(relocated.paused >= SETTLE);
        let sold: Vec<&String> = one.sold.iter().chain(&two.sold).collect();
        assert!(!sold.is_empty() && one.refused + two.refused > 0, "{one:?} {two:?}");
        let moved = other.client(tenant).await;
        for id in sold {
            moved.get(&format!("/v1/pos/sales/{id}")).await.ok();
        }
        let sales = async |root: &PgPool| {
            let counts = counts(root, tenant).await;
            counts.into_iter().find(|(table, _)| table == "pos_sale").expect("sales").1
        };
        assert_eq!(sales(&other.root).await, sales(&environment().root).await);
        tenant.check_rows_in(&other.root).await;
        moved.check_integrity().await;
        moved.post("/v1/pos/sales", &tests::sale(&till, &[("CUP", "1")])).await.created();
        let begun = Instant::now();
        while tenant.get("/v1/me").await.status != 403 {
            assert!(begun.elapsed() < Duration::from_secs(10), "a cached key works on");
            sleep(Duration::from_millis(200)).await;
        }
        tenant.get("/v1/me").await.refused(403, "tenant_moved");
        let again = relocate(&wanted).await.expect_err("it was moved");
        assert!(again.to_string().contains("no active tenant"), "{again}");
        outside(tenant, "update tenant set moved_at = null where tenant_id = $1").await;
    });
}

#[test]
fn a_move_that_fails_or_is_killed_leaves_the_tenant_trading() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let till = tenant.till().await;
        let (url, work) = (migrator_url(), place(tenant, "-failed"));
        let wanted = Relocation {
            slug: &tenant.slug,
            from_url: &url,
            to_url: &url,
            to: &environment().db,
            work: &work,
            settle: Duration::ZERO,
            store: None,
        };
        let failed = relocate(&wanted).await.expect_err("the tenant is there");
        assert!(failed.to_string().contains("an import changes no tenant"), "{failed}");
        sells_within(tenant, &till, Duration::from_secs(60)).await;

        moving::begin(&url, &tenant.slug).await.expect("a move begins");
        let again = moving::begin(&url, &tenant.slug).await.expect_err("one at a time");
        assert!(again.to_string().contains("moving already"), "{again}");
        // A killed move does not renew its lease.
        let lapse = "update tenant set moving_until = now() where tenant_id = $1";
        let lapsed = sqlx::query(lapse).bind(tenant.id.0).execute(&environment().root).await;
        lapsed.expect("the lease lapses");
        let finished = moving::finish(&url, &tenant.slug).await.expect_err("too late");
        assert!(finished.to_string().contains("trades on here"), "{finished}");
        sells_within(tenant, &till, Duration::from_secs(60)).await;
    });
}

#[test]
fn a_copy_waits_until_it_is_compared_and_stays_if_the_tenant_was_ended() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let other = Other::start().await;
        let (from_url, to_url, work) = (migrator_url(), other.migrator_url(), place(tenant, "-ended"));
        let wanted = Relocation {
            slug: &tenant.slug,
            from_url: &from_url,
            to_url: &to_url,
            to: &other.node.app.db,
            work: &work,
            settle: Duration::ZERO,
            store: None,
        };
        let worked = async || {
            let statement = "select (select count(*) from auth.tenants() w where w = $1) from tenant where tenant_id = $1";
            let found = sqlx::query_scalar(statement).bind(tenant.id.0).fetch_optional(&other.root).await;
            let found: Option<i64> = found.expect("the query runs");
            found
        };
        let watched = async {
            let first = loop {
                if let Some(found) = worked().await {
                    break found;
                }
                sleep(Duration::from_millis(2)).await;
            };
            // The end of the tenant is committed, and the command does not see it.
            outside(tenant, "update tenant set moved_at = now() where tenant_id = $1").await;
            first
        };
        let (relocated, first) = tokio::join!(relocate(&wanted), watched);
        // On a slow machine the renewal of the lease finds the end first.
        if let Err(error) = relocated {
            assert!(error.to_string().contains("trades on here"), "{error}");
        }
        assert_eq!(first, 0, "no worker takes a copy that is not compared");
        assert!(worked().await.is_some(), "the copy stays");
        outside(tenant, "update tenant set moved_at = null where tenant_id = $1").await;
    });
}

#[test]
fn a_server_that_has_not_read_the_moves_asks_the_database() {
    with_tenant(async |tenant| {
        let db = Db::connect(&environment().database_url(), &pool_options()).await.expect("the app connects");
        db.follow_moves();
        let key = ApiKeyCreate::unbounded("Meanwhile", KeyMode::Test, vec![Scope::CatalogRead]);
        let operator = service::tenant::operator(tenant.id);
        let url = migrator_url();
        moving::begin(&url, &tenant.slug).await.expect("a move begins");
        let refused = make_key(&db, &operator, &key).await;
        assert!(matches!(refused, Err(Error::TenantMoving)), "{refused:?}");
        moving::give_up(&url, &tenant.slug).await.expect("the tenant trades on");
        make_key(&db, &operator, &key).await.expect("a key");
    });
}

#[test]
fn a_worker_that_listed_a_tenant_before_its_move_leaves_it_alone() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let body = json!({ "sku": "CUP", "name": "Cup" });
        tenant.post_as("/v1/products", "once", &body).await.created();
        let worker = Db::connect(&environment().database_url(), &pool_options()).await.expect("a worker");
        let url = migrator_url();
        let forgotten = async || {
            let statement =
                "select coalesce(sum(forgotten), -1)::bigint from auth.forget_answers($1, $2, $3, 1000)";
            let walk = sqlx::query_scalar::<_, i64>(statement).bind(tenant.id.0);
            let walk = walk.bind(Uuid::nil()).bind(Uuid::max()).fetch_one(&environment().root).await;
            walk.expect("a step of the walk")
        };
        moving::begin(&url, &tenant.slug).await.expect("a move begins");
        let folded = rollup::run_all(&worker, tenant.id).await;
        assert!(matches!(folded, Err(Error::TenantMoving)), "{folded:?}");
        let made = checkpoint::run(&worker, tenant.id).await;
        assert!(matches!(made, Err(Error::TenantMoving)), "{made:?}");
        let run = due::make(&worker, tenant.id).await;
        assert!(matches!(run, Err(Error::TenantMoving)), "no run of the reconciliation is computed");
        assert_eq!(forgotten().await, -1, "no step is done");
        moving::give_up(&url, &tenant.slug).await.expect("the tenant trades on");
        rollup::run_all(&worker, tenant.id).await.expect("it is folded");
        checkpoint::run(&worker, tenant.id).await.expect("it is looked at");
        assert!(forgotten().await > 0, "stored responses are deleted again");
    });
}

/// Fails unless a sale succeeds within this time.
async fn sells_within(tenant: &Tenant, till: &Till, most: Duration) {
    let begun = Instant::now();
    loop {
        let reply = tenant.sell(till, &[("MUG", "1")]).await;
        if reply.status == 201 {
            return;
        }
        reply.refused(503, "tenant_moving");
        assert!(begun.elapsed() < most, "the tenant trades on");
        sleep(Duration::from_millis(200)).await;
    }
}
