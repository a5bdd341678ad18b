//! An import whose last commit lost its response. A tenant that trades is not deleted.

use std::time::Duration;

use domain::id::TenantId;
use sea_orm::sqlx::{self, Postgres, Transaction};
use service::archive::take_back;
use service::auth::KeyMode;
use tests::environment;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{made, migrator_url};

/// Longest wait for a commit that ends.
const LONG: Duration = Duration::from_secs(60);

async fn is_there(id: TenantId) -> bool {
    let query = sqlx::query_scalar("select exists (select from tenant where tenant_id = $1)").bind(id.0);
    query.fetch_one(&environment().root).await.expect("a tenant is looked for")
}

/// Returns the last transaction of an import, which has let the tenant trade and is not committed.
async fn last_of_import(id: TenantId) -> Transaction<'static, Postgres> {
    let root = &environment().root;
    let pause = sqlx::query("update tenant set moving_until = 'infinity' where tenant_id = $1").bind(id.0);
    pause.execute(root).await.expect("its writes pause");
    let mut last = root.begin().await.expect("a transaction");
    let resume = sqlx::query("update tenant set moving_until = null where tenant_id = $1").bind(id.0);
    resume.execute(&mut *last).await.expect("it would trade");
    last
}

#[test]
fn an_import_takes_back_a_tenant_unless_it_trades() {
    environment().runtime.block_on(async {
        let (slug, _) = made(KeyMode::Test).await;
        let id = sqlx::query_scalar("select tenant_id from tenant where slug = $1").bind(&slug);
        let id: Uuid = id.fetch_one(&environment().root).await.expect("the tenant");
        let (id, url) = (TenantId(id), migrator_url());

        let last = last_of_import(id).await;
        let begun = Instant::now();
        let limit = Duration::from_millis(200);
        let error = take_back(&url, id, limit).await.expect_err("the commit has not ended");
        assert!(error.to_string().contains("did not end within 200ms"), "{error}");
        assert!(begun.elapsed() >= limit, "it waits");
        assert!(is_there(id).await);

        let ends = async {
            sleep(limit).await;
            last.commit().await.expect("a commit");
        };
        let (taken, ()) = tokio::join!(take_back(&url, id, LONG), ends);
        let error = taken.expect_err("the tenant trades");
        assert!(error.to_string().contains("the tenant trades"), "{error}");
        assert!(is_there(id).await);

        let last = last_of_import(id).await;
        let ends = async {
            sleep(limit).await;
            last.rollback().await.expect("the connection ends");
        };
        let (taken, ()) = tokio::join!(take_back(&url, id, LONG), ends);
        taken.expect("it is deleted");
        assert!(!is_there(id).await);
    });
}
