//! Connections that are lent again after their user gave up.

use std::time::Duration;

use futures_util::future::poll_immediate;
use sea_orm::sqlx;
use service::posting::Poster;
use service::{Caller, Error, Tx};
use tests::{environment, with_tenant};
use tokio::time::{sleep, timeout};

use crate::statements::{own_db, request};

/// Polls a future so many times, then drops it.
async fn give_up<T>(after: u32, work: impl Future<Output = T>) {
    let mut work = Box::pin(work);
    for _ in 0..after {
        if poll_immediate(&mut work).await.is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn work_that_is_given_up_leaves_no_transaction_behind() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("1000", "4.00")).await;
        let till = tenant.till().await;
        let db = own_db().await;
        let poster = Poster::new(db.clone());
        let operator: Caller = service::tenant::operator(tenant.id);
        let pause = async |tx: &Tx| -> Result<(), Error> {
            tx.rows(sqlx::query("select pg_sleep(0.002)")).await.map(drop)
        };
        for after in 1..8 {
            give_up(after, db.read(tenant.id, pause)).await;
            give_up(after, db.report(tenant.id, pause)).await;
            give_up(after, db.write(&operator, pause)).await;
            give_up(after, db.schema_step()).await;
            let sale = request(tenant, &till, &["MUG"], &format!("after {after}"));
            let answer = poster.post(sale).await.expect("the connection is sound");
            assert_eq!(answer.status, 201, "{}", answer.body);
        }
    });
}

#[test]
fn the_statement_of_a_report_ends_with_its_client() {
    with_tenant(async |tenant| {
        let db = own_db().await;
        let slow = async |tx: &Tx| -> Result<(), Error> {
            tx.rows(sqlx::query("select pg_sleep(50) as of_a_client_that_goes")).await.map(drop)
        };
        assert!(timeout(Duration::from_millis(500), db.report(tenant.id, slow)).await.is_err());
        let runs = "select exists (select from pg_stat_activity where state = 'active' \
             and pid <> pg_backend_pid() and query like 'select pg_sleep(50)%')";
        // Its connection is closed once the rollback has waited for 5 seconds.
        let ended = async {
            let root = &environment().root;
            while sqlx::query_scalar::<_, bool>(runs).fetch_one(root).await.expect("a row") {
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(Duration::from_secs(20), ended).await.expect("PostgreSQL ends the statement");
    });
}
