//! A tenant has one lane, and a second one beside a slow batch.

use std::time::Duration;

use futures_util::future::join;
use sea_orm::sqlx::{self, Connection};
use tests::{environment, with_tenant};

#[test]
fn a_sale_does_not_wait_for_a_slow_batch() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        tenant.stocked("LOCKED", "3.00", ("5", "1.00")).await;
        tenant.stocked("FREE", "3.00", ("5", "1.00")).await;
        let mut connection = environment().connect().await;
        let mut lock = connection.begin().await.expect("a transaction");
        let level = "select 1 from stock_level where tenant_id = $1 \
             and product_id = (select id from product where tenant_id = $1 and sku = 'LOCKED') for update";
        sqlx::query(level).bind(tenant.id.0).fetch_one(&mut *lock).await.expect("the level");
        let second = async {
            let waits = "select exists (select from pg_stat_activity where pg_backend_pid() = any (pg_blocking_pids(pid)))";
            while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut *lock).await.expect("a row") {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            tenant.sell(&till, &[("FREE", "1")]).await.created();
            lock.rollback().await.expect("it ends");
        };
        join(tenant.sell(&till, &[("LOCKED", "1")]), second).await;
    });
}
