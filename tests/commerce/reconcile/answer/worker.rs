//! Runs that the worker makes, and runs beside other work.

use std::time::Instant;

use futures_util::future::join;
use serde_json::json;
use service::Db;
use service::reconcile::run::due::{self, Due};
use service::reconcile::run::{RunInput, compute};
use service::tx::PoolOptions;
use tests::{Tenant, environment, pool_options, with_tenant, with_tenants};

use super::super::ingest;
use super::{BASE, quiet, rows, text};

/// A file of one event.
const FILE: &str = "external_id,type,external_sku,external_location,quantity,occurred_at\n\
                    A-1,sale,0001,S,-1,2026-01-05T12:00:00Z\n";

async fn is_due(tenant: &Tenant) -> Due {
    due::is_due(&environment().db, tenant.id).await.expect("it is known")
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
