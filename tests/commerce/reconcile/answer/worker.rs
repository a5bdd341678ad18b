//! Runs that the worker makes, and runs beside other work.

use std::time::{Duration, Instant};

use futures_util::future::join;
use sea_orm::sqlx::{self, Connection};
use service::Db;
use service::reconcile::run::due::{self, Due};
use service::reconcile::run::{RunInput, compute};
use service::tx::PoolOptions;
use tests::{Tenant, environment, pool_options, with_tenant, with_tenants};

use super::super::ingest;
use super::{BASE, quiet, rows, run, text};

/// A file of one event.
const FILE: &str = "external_id,type,external_sku,external_location,quantity,occurred_at\n\
                    A-1,sale,0001,S,-1,2026-01-05T12:00:00Z\n";

async fn is_due(tenant: &Tenant) -> Due {
    due::is_due(&environment().db, tenant.id).await.expect("it is known")
}

/// The transaction of the input begins before the run, and ends after it.
#[test]
fn input_that_a_run_could_not_see_is_due() {
    with_tenant(async |tenant| {
        ingest::till(tenant).await;
        run(tenant).await;
        assert_eq!(is_due(tenant).await, Due::No);
        let mut connection = environment().connect().await;
        let mut held = connection.begin().await.expect("a transaction");
        let lock = "select from reconcile_input where tenant_id = $1 for update";
        sqlx::query(lock).bind(tenant.id.0).fetch_one(&mut *held).await.expect("the row");
        let meanwhile = async {
            let waits = "select exists (select from pg_locks where not granted and pg_backend_pid() = any (pg_blocking_pids(pid)))";
            while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut *held).await.expect("a row") {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            run(tenant).await;
            held.rollback().await.expect("it ends");
        };
        let path = format!("{BASE}/events?system=till");
        let (sent, ()) = join(ingest::send(tenant, &path, FILE), meanwhile).await;
        assert_eq!(ingest::counts(&sent.ok()), [1, 1, 0, 0]);
        assert_eq!(is_due(tenant).await, Due::Soon, "the run before does not have it");
        run(tenant).await;
        assert_eq!(is_due(tenant).await, Due::No);
    });
}

#[test]
fn two_workers_make_one_run() {
    with_tenant(async |tenant| {
        ingest::till(tenant).await;
        let db = &environment().db;
        assert_eq!(is_due(tenant).await, Due::Soon);
        let (one, other) = join(due::make(db, tenant.id), due::make(db, tenant.id)).await;
        let made = [one.expect("a run"), other.expect("a run")];
        let made: Vec<String> = made.into_iter().flatten().map(|run| run.id.to_string()).collect();
        let listed: Vec<String> =
            rows(tenant, "runs").await.iter().map(|run| text(run, "id").to_owned()).collect();
        assert_eq!((made.len(), &listed), (1, &made));
        assert_eq!(is_due(tenant).await, Due::No);
        let path = format!("{BASE}/events?system=till");
        assert_eq!(ingest::counts(&ingest::send(tenant, &path, FILE).await.ok()), [1, 1, 0, 0]);
        assert!(due::make(db, tenant.id).await.expect("a run").is_some(), "of other input");
        assert_eq!(rows(tenant, "runs").await.len(), 2);
    });
}

/// There is room for one report. The run leaves it when it has read, so a report that waits ends before the engine.
#[test]
fn a_run_holds_no_connection_while_it_computes() {
    with_tenants(async |tenant, other| {
        quiet::register(tenant).await;
        let items: Vec<String> = (0..100).map(|number| format!("ITEM-{number}")).collect();
        let items: Vec<&str> = items.iter().map(String::as_str).collect();
        for system in ["erp", "shop"] {
            quiet::days(tenant, system, &items).await;
        }
        let options = PoolOptions { connections_max: 1, ..pool_options() };
        let db = Db::connect(&environment().database_url(), &options).await.expect("the app connects");
        let made = async {
            compute(&db, tenant.id, &RunInput::default()).await.expect("a run");
            Instant::now()
        };
        let reported = async {
            db.report(other.id, async |_| Ok(())).await.expect("a report");
            Instant::now()
        };
        let (made, reported) = join(made, reported).await;
        assert!(reported < made, "the report waited for the engine");
    });
}
