//! A tenant has one lane, and a second one beside a slow batch.

use futures_util::future::join;
use sea_orm::sqlx::{self, Connection};
use tests::{environment, until_waiting, with_tenant};

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
            until_waiting(&mut lock, 1).await;
            tenant.sell(&till, &[("FREE", "1")]).await.created();
            lock.rollback().await.expect("it ends");
        };
        join(tenant.sell(&till, &[("LOCKED", "1")]), second).await;
    });
}
