//! The feed and the roll-ups of all tenants wait for the oldest transaction that writes. So a tenant comes and goes in short ones.

use std::fs;
use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::{self, AssertSqlSafe, Postgres, Transaction};
use serde_json::{Value, json};
use service::archive::Manifest;
use service::auth::KeyMode;
use stockwell::archive;
use tests::{environment, with_tenant};
use tokio::time::{Instant, sleep};

use super::{Other, forge, forged, made, migrator_url, place, trade};
use crate::platform::auth::outside;

/// Makes 2,200 categories. In the order of an archive, the 1,100th refers to the 2,150th.
const CATEGORIES: &str = "
    with made as (select gen_random_uuid() as id from generate_series(1, 2200)),
    placed as (select id, row_number() over (order by id) as place from made)
    insert into category (tenant_id, id, code, name, parent_id, lineage, created_at, updated_at)
    select $1, c.id, 'C-' || c.place, 'Category', p.id, array_remove(array[p.id, c.id], null), now(), now()
    from placed c left join placed p on c.place = 1100 and p.place = 2150";

/// Returns when an import waits for a lock on a table.
async fn until_an_import_waits(other: &Other, mode: &str) {
    let waits = "select exists (select from pg_stat_activity a join pg_locks l on l.pid = a.pid \
                 where a.application_name = 'stockwell-archive' and l.mode = $1 and not l.granted)";
    let begun = Instant::now();
    loop {
        let waits = sqlx::query_scalar(waits).bind(mode).fetch_one(&other.root).await;
        let waits: bool = waits.expect("sessions are listed");
        if waits {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "no import waits for {mode}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Raises the position of the first event of an archive.
fn raise(folder: &Path, manifest: &mut Manifest, position: i64) {
    let rows = fs::read_to_string(folder.join("event.ndjson")).expect("rows");
    let (first, rest) = rows.split_once('\n').expect("an event");
    let mut event: Value = serde_json::from_str(first).expect("JSON");
    event["position"] = json!(position);
    forge(folder, manifest, "event", &format!("{event}\n{rest}"));
}

/// Gives the tenant of an archive rate limits of its own, and room for files without end.
fn claim_limits(folder: &Path, manifest: &mut Manifest) {
    let rows = fs::read_to_string(folder.join("attachment_usage.ndjson")).expect("rows");
    let mut usage: Value = serde_json::from_str(rows.trim_end()).expect("JSON");
    assert_eq!(usage["stored_bytes"], 5);
    assert!(usage.get("quota_bytes").is_none(), "an archive has no quota");
    (usage["stored_bytes"], usage["quota_bytes"]) = (json!(-1_000_000_000), json!(i64::MAX));
    forge(folder, manifest, "attachment_usage", &format!("{usage}\n"));
    let rows = fs::read_to_string(folder.join("tenant.ndjson")).expect("rows");
    let mut tenant: Value = serde_json::from_str(rows.trim_end()).expect("JSON");
    for column in ["rate_burst", "rate_minute", "rate_tenant", "rate_reports"] {
        assert!(tenant.get(column).is_none(), "an archive has no {column}");
        tenant[column] = json!(i32::MAX);
    }
    forge(folder, manifest, "tenant", &format!("{tenant}\n"));
}

/// Returns a transaction that has locked the table of events.
async fn locked(other: &Other, mode: &str) -> Transaction<'static, Postgres> {
    let mut held = other.root.begin().await.expect("a transaction");
    let lock = format!("lock table event in {mode} mode");
    sqlx::query(AssertSqlSafe(lock)).execute(&mut *held).await.expect("a lock");
    held
}

/// An import of a server that is ahead needs an instant without writers.
#[test]
fn writers_go_on_while_two_imports_wait_for_them() {
    with_tenant(async |tenant| {
        let mug = tenant.product("MUG", "10.00").await;
        let file = json!({ "record_id": mug.id, "filename": "a.txt", "content_type": "text/plain", "content": "aGVsbG8=" });
        tenant.post("/v1/attachments", &file).await.created();
        let (folder, far, near) = (place(tenant, "-ahead-of"), place(tenant, "-far"), place(tenant, "-near"));
        let mut one =
            archive::export(&migrator_url(), &tenant.slug, &folder, None).await.expect("an archive");
        forged(&folder, &far, &mut one);
        let mut two = one.clone();
        forged(&far, &near, &mut two);
        raise(&far, &mut one, 2_000_000_000);
        raise(&near, &mut two, 1_000_000_000);
        claim_limits(&near, &mut two);

        let other = Other::start().await;
        let (vacuum, held) =
            (locked(&other, "share update exclusive").await, locked(&other, "row exclusive").await);
        let traded = async {
            // A vacuum of the table goes on, and no writer queues behind an import that waits for it.
            until_an_import_waits(&other, "ShareUpdateExclusiveLock").await;
            vacuum.rollback().await.expect("the vacuum ends");
            until_an_import_waits(&other, "ShareRowExclusiveLock").await;
            for number in 0..15 {
                other.tenant.product(&format!("CUP-{number}"), "1.00").await;
                sleep(Duration::from_millis(200)).await;
            }
            held.rollback().await.expect("the writer ends");
        };
        let url = other.migrator_url();
        let (one, two, ()) = tokio::join!(archive::import(&url, &far), archive::import(&url, &near), traded);
        one.expect("it is imported");
        two.expect("it is imported");
        let base = sqlx::query_scalar("select event_base()").fetch_one(&other.root).await;
        let base: i64 = base.expect("the base of positions");
        assert!(base >= 2_000_000_000, "{base} is not behind both archives");
        let own = "select count(*) from tenant where coalesce(rate_burst, rate_minute, rate_tenant, rate_reports) is not null";
        let own: i64 = sqlx::query_scalar(own).fetch_one(&other.root).await.expect("tenants are counted");
        assert_eq!(own, 0, "only the operator gives a tenant limits of its own");
        let odd = "select count(*) from attachment_usage where stored_bytes <> 5 or quota_bytes is not null";
        let odd: i64 = sqlx::query_scalar(odd).fetch_one(&other.root).await.expect("rows are counted");
        assert_eq!(odd, 0, "files count with their bytes");
    });
}

/// Kills an import in the middle of its rows. Then deletes the part of the tenant that is left.
async fn killed(other: &Other, slug: &str, folder: &Path) {
    let url = other.migrator_url();
    let mut held = other.root.begin().await.expect("a transaction");
    let lock = sqlx::query("lock table pos_sale in share mode").execute(&mut *held).await;
    lock.expect("a lock");
    tokio::select! {
        imported = archive::import(&url, folder) => panic!("{imported:?}"),
        () = until_an_import_waits(other, "RowExclusiveLock") => {}
    }
    held.rollback().await.expect("the lock ends");
    let left =
        "select (select count(*) from auth.tenants() w where w = t.tenant_id) from tenant t where slug = $1";
    let left = sqlx::query_scalar(left).bind(slug).fetch_one(&other.root).await;
    let left: i64 = left.expect("the row of the tenant is left");
    assert_eq!(left, 0, "no worker takes a part of a tenant");
    let error = archive::import(&url, folder).await.expect_err("a part is there");
    assert!(error.to_string().contains("an import changes no tenant"), "{error}");
    archive::delete(&url, slug, slug, None).await.expect("it is deleted");
}

#[test]
fn the_feed_of_others_goes_on_while_a_tenant_is_imported() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        outside(tenant, CATEGORIES).await;
        let folder = place(tenant, "-feed");
        archive::export(&migrator_url(), &tenant.slug, &folder, None).await.expect("an archive");
        let other = Other::start().await;
        killed(&other, &tenant.slug, &folder).await;
        // The import waits in the middle of its rows.
        let mut held = other.root.begin().await.expect("a transaction");
        let lock = sqlx::query("lock table pos_sale in share mode").execute(&mut *held).await;
        lock.expect("a lock");
        let watched = async {
            until_an_import_waits(&other, "RowExclusiveLock").await;
            other.tenant.product("LATER", "1.00").await;
            let begun = Instant::now();
            let mut is_seen = false;
            while !is_seen && begun.elapsed() < Duration::from_secs(30) {
                is_seen = other
                    .tenant
                    .get("/v1/events?type=product.created")
                    .await
                    .text
                    .contains("product.created");
                sleep(Duration::from_millis(20)).await;
            }
            held.rollback().await.expect("the lock ends");
            is_seen
        };
        let url = other.migrator_url();
        let (imported, is_seen) = tokio::join!(archive::import(&url, &folder), watched);
        imported.expect("it is imported");
        assert!(is_seen, "the event of the other tenant waits for the import");
        let parts = "select count(*) || ' rows, ' || count(distinct xmin::text) || ' parts' from category where tenant_id = $1";
        let parts = sqlx::query_scalar(parts).bind(tenant.id.0).fetch_one(&other.root).await;
        let parts: String = parts.expect("rows are counted");
        assert_eq!(
            parts, "2200 rows, 2 parts",
            "the first part, and the rest with a row that refers to a later one"
        );
        other.client(tenant).await.get("/v1/products").await.ok();
    });
}

#[test]
fn a_large_table_is_deleted_in_parts() {
    environment().runtime.block_on(async {
        let (slug, _) = made(KeyMode::Test).await;
        let root = &environment().root;
        let rows = "insert into unmapped_sku (tenant_id, id, system, external_sku, misses, first_missed_at, last_missed_at, missed_for) \
                    select t.tenant_id, gen_random_uuid(), 'SHOP', 'SKU-' || n, 1, now(), now(), now() \
                    from tenant t cross join generate_series(1, 12000) n where t.slug = $1";
        sqlx::query(rows).bind(&slug).execute(root).await.expect("rows");
        let first = "select from unmapped_sku s join tenant t on t.tenant_id = s.tenant_id where t.slug = $1 \
                    order by s.ctid limit 1 for update of s";
        let mut held = root.begin().await.expect("a transaction");
        sqlx::query(first).bind(&slug).execute(&mut *held).await.expect("a lock on the first row");
        let left = async {
            let begun = Instant::now();
            let count = "select count(*) from unmapped_sku where tenant_id = (select tenant_id from tenant where slug = $1)";
            loop {
                let left = sqlx::query_scalar(count).bind(&slug).fetch_one(root).await;
                let left: i64 = left.expect("rows are counted");
                if left <= 2_000 || begun.elapsed() > Duration::from_secs(60) {
                    held.rollback().await.expect("the lock ends");
                    return left;
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        let url = migrator_url();
        let (deleted, left) = tokio::join!(archive::delete(&url, &slug, &slug, None), left);
        deleted.expect("it is deleted");
        assert_eq!(left, 2_000, "the rows behind the locked one are deleted, without it");
    });
}
