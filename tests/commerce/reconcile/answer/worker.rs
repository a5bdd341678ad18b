//! Runs that the worker makes, and runs beside other work.

use std::time::{Duration, Instant};

use api::config::StoreArgs;
use chrono::{DateTime, Utc};
use futures_util::future::join;
use sea_orm::sqlx::{self, Connection, PgConnection};
use secrecy::SecretString;
use serde_json::json;
use service::Db;
use service::reconcile::ingest::note_change;
use service::reconcile::run::due::{self, Due};
use service::reconcile::run::{RunInput, prepare};
use service::tx::PoolOptions;
use stockwell::webhook::WebhookConfig;
use stockwell::worker::{Worker, WorkerConfig};
use tests::{Tenant, environment, pool_options, with_tenant, with_tenants};
use tokio::time::sleep;

use super::super::ingest;
use super::{BASE, quiet, rows, text};

/// A file of one event.
const FILE: &str = "external_id,type,external_sku,external_location,quantity,occurred_at\n\
                    A-1,sale,0001,S,-1,2026-01-05T12:00:00Z\n";

async fn is_due(tenant: &Tenant) -> Due {
    due::need(&environment().db, tenant.id).await.expect("it is known").due
}

/// Connects to the database of the tests with connections of its own, as another process does.
async fn another_process() -> Db {
    Db::connect(&environment().database_url(), &pool_options()).await.expect("the app connects")
}

/// Keeps runs of a tenant from being stored until the connection is dropped.
async fn hold(mut connection: PgConnection, tenant: &Tenant) -> PgConnection {
    let lock = "select pg_advisory_lock(hashtextextended('reconcile_run ' || $1::uuid, 0))";
    sqlx::query(lock).bind(tenant.id.0).execute(&mut connection).await.expect("the lock is held");
    connection
}

/// Waits until a run waits for the lock that a connection holds.
async fn until_held(connection: &mut PgConnection) {
    let query = "select exists (select from pg_locks w join pg_locks h using (locktype, classid, objid, objsubid) \
                     where w.locktype = 'advisory' and not w.granted and h.pid = pg_backend_pid())";
    for _ in 0..1_200 {
        if sqlx::query_scalar(query).fetch_one(&mut *connection).await.expect("locks are read") {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("no run waits");
}

/// A run up to an earlier instant is not the run of new input.
#[test]
fn a_run_over_the_past_leaves_new_input_due() {
    with_tenant(async |tenant| {
        ingest::till(tenant).await;
        let body = json!({ "through": "2026-01-04T00:00:00Z" });
        tenant.post(&format!("{BASE}/runs"), &body).await.created();
        assert_eq!(is_due(tenant).await, Due::Soon);
        due::make(&environment().db, tenant.id).await.expect("a run").expect("a run of the input");
        assert_eq!(is_due(tenant).await, Due::No);
        tenant.post(&format!("{BASE}/runs"), &body).await.created();
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

/// There is room for one report. The run leaves it when it has read: it computes while a report of another tenant has it.
#[test]
fn a_run_holds_no_connection_while_it_computes() {
    with_tenants(async |tenant, other| {
        quiet::register(tenant).await;
        for system in ["erp", "shop"] {
            quiet::days(tenant, system, &["ITEM"]).await;
        }
        let options = PoolOptions { connections_max: 1, ..pool_options() };
        let db = Db::connect(&environment().database_url(), &options).await.expect("the app connects");
        let prepared = prepare(&db, tenant.id, &RunInput::default()).await.expect("the input of a run");
        let computed = db.report(other.id, async |_| prepared.compute().await).await.expect("a run");
        assert!(computed.answer.inputs.iter().any(|seen| seen.rows > 0), "{:?}", computed.answer.inputs);
    });
}

/// The run has read its input and is not stored yet when more arrives through the API.
#[test]
fn input_that_arrives_during_a_run_stays_due() {
    with_tenant(async |tenant| {
        ingest::till(tenant).await;
        let mut held = hold(environment().connect().await, tenant).await;
        let db = another_process().await;
        let meanwhile = async {
            until_held(&mut held).await;
            let path = format!("{BASE}/events?system=till");
            assert_eq!(ingest::counts(&ingest::send(tenant, &path, FILE).await.ok()), [1, 1, 0, 0]);
            held.close().await.expect("the lock is free");
        };
        let (made, ()) = join(due::make(&db, tenant.id), meanwhile).await;
        assert!(made.expect("a run").is_some());
        assert_eq!(is_due(tenant).await, Due::Soon, "the run has not seen the event");
        due::make(&db, tenant.id).await.expect("a run").expect("a run of the event");
        assert_eq!(is_due(tenant).await, Due::No);
    });
}

/// The instant of a change is that of its transaction, unless a later one is noted already.
#[test]
fn a_change_stays_due_although_its_transaction_began_before_the_run() {
    with_tenant(async |tenant| {
        let db = another_process().await;
        let changed = db.job(tenant.id, async |tx| {
            ingest::till(tenant).await;
            due::make(&environment().db, tenant.id).await.expect("a run").expect("a run of the system");
            assert_eq!(is_due(tenant).await, Due::No);
            note_change(tx).await
        });
        changed.await.expect("the change is noted");
        assert_eq!(is_due(tenant).await, Due::Soon);
    });
}

/// The lease stands for a run of a process that is not here.
#[test]
fn a_run_waits_for_that_of_another_process() {
    with_tenant(async |tenant| {
        ingest::till(tenant).await;
        let lease = "insert into reconcile_lease (tenant_id, leased_by, lease_until) \
                     values ($1, gen_random_uuid(), now() + interval '2 seconds') returning lease_until";
        let root = &environment().root;
        let until: DateTime<Utc> =
            sqlx::query_scalar(lease).bind(tenant.id.0).fetch_one(root).await.expect("a lease");
        let made = tenant.post(&format!("{BASE}/runs"), &json!({})).await.created();
        assert!(
            made["created_at"]
                .as_str()
                .is_some_and(|at| at.parse::<DateTime<Utc>>().is_ok_and(|at| at > until))
        );
        let is_held = "select lease_until > clock_timestamp() from reconcile_lease where tenant_id = $1";
        let is_held: bool =
            sqlx::query_scalar(is_held).bind(tenant.id.0).fetch_one(root).await.expect("the lease");
        assert!(!is_held, "the run has given its lease back");
    });
}

#[test]
fn a_worker_stops_although_a_run_waits() {
    environment().runtime.block_on(async {
        let apart = environment().tenant_apart(|_| {}).await;
        let tenant = &apart.tenant;
        ingest::till(tenant).await;
        let migrator = PgConnection::connect(&apart.migrator_url()).await.expect("the migrator connects");
        let mut held = hold(migrator, tenant).await;
        let quiet =
            "update reconcile_input set changed_at = changed_at - interval '2 minutes' where tenant_id = $1";
        sqlx::query(quiet).bind(tenant.id.0).execute(&mut held).await.expect("the input was quiet");
        let config = WorkerConfig {
            relay_database_url: SecretString::from(apart.relay_database_url()),
            database_url: Some(SecretString::from(apart.database_url())),
            metrics_addr: None,
            redis_url: None,
            store: StoreArgs::default(),
            webhooks: WebhookConfig::default(),
        };
        let worker = Worker::start(&config).await.expect("the worker starts");
        until_held(&mut held).await;
        let begun = Instant::now();
        worker.stop().await;
        // The run waits for the lock for 30 seconds.
        assert!(begun.elapsed() < Duration::from_secs(25), "it waited for the run: {:?}", begun.elapsed());
        assert_eq!(rows(tenant, "runs").await.len(), 0);
        held.close().await.expect("the lock is free");
    });
}
