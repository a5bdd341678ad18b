//! Serial numbers that were sold long ago are not read again.

use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, PgConnection, Row};
use serde_json::{Value, json};
use service::posting::LOCK_LEVELS;
use tests::{Reply, Tenant, Till, environment, with_tenant};
use uuid::Uuid;

use crate::lot::{lots_of, pairs, posted, sale_of, tracked};

/// Number of units sold.
const SOLD: i64 = 8_000;
/// A page has fewer levels than this.
const LEVELS_OF_A_PAGE: i64 = 60;

/// Finds the levels with stock by reading all of them.
const LOOK_AT_ALL: &str = "select l.lot_id from stock_level l \
     join unnest($2, $3) as wanted (location_id, product_id) \
       on l.location_id = wanted.location_id and l.product_id = wanted.product_id \
     where l.tenant_id = $1 and l.on_hand <> 0 order by l.lot_id for update of l";

/// Makes a product with one unit left in the warehouse, and the levels and lots of sold units, there and in transit.
async fn stock(tenant: &Tenant) -> Uuid {
    tracked(tenant, "DRILL", "serial").await;
    posted(tenant, "receipt", ("DRILL", "1"), json!([{ "code": "LAST" }])).await.created();
    let root = &environment().root;
    let product =
        sqlx::query("select id from product where tenant_id = $1 and sku = 'DRILL'").bind(tenant.id.0);
    let product: Uuid = product.fetch_one(root).await.expect("the product").get(0);
    for statement in [
        "insert into lot (tenant_id, id, product_id, code, received_at, status, version, updated_at, command_id) \
         select $1, gen_random_uuid(), $2, 'S-' || n, now(), 'open', 1, now(), gen_random_uuid() \
         from generate_series(1, $3) n",
        "insert into stock_level (tenant_id, location_id, product_id, lot_id, moved_at) \
         select $1, o.id, $2, t.id, now() from lot t join location o on o.tenant_id = $1 \
         where t.tenant_id = $1 and t.product_id = $2 and t.code <> 'LAST' and o.code in ('MAIN', 'TRANSIT') \
           and $3 > 0",
    ] {
        let insert = sqlx::query(statement).bind(tenant.id.0).bind(product).bind(SOLD);
        insert.execute(root).await.expect("the levels of what was sold");
    }
    // Autovacuum does the same after a table has grown so much: the choice of an index depends on the statistics.
    root.execute("analyze stock_level").await.expect("statistics");
    product
}

/// Returns the number of pages that a statement on the levels of a product reads, planned as posting plans it.
async fn pages(tenant: &Tenant, statement: &str, (place, product): (&str, Uuid)) -> i64 {
    let mut app = PgConnection::connect(&environment().database_url()).await.expect("the app connects");
    let begin = format!(
        "begin; set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off; set local jit = off; \
         set local app.tenant_id = '{}'; \
         prepare levels (uuid, uuid[], uuid[], timestamptz, uuid[], uuid[], uuid[], timestamptz) as {statement}",
        tenant.id.0
    );
    app.execute(AssertSqlSafe(begin)).await.expect("begun");
    let locations: Vec<Uuid> = sqlx::query("select id from location where tenant_id = $1 and code = any($2)")
        .bind(tenant.id.0)
        .bind(vec![place, "TRANSIT"])
        .fetch_all(&mut app)
        .await
        .expect("the places")
        .iter()
        .map(|row| row.get(0))
        .collect();
    let texts = |ids: &[Uuid]| {
        let ids: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
        format!("array[{}]::uuid[]", ids.join(", "))
    };
    let explain = format!(
        "explain (analyze, buffers, format json) execute levels ('{}', {}, {}, now(), {}, '{{}}', '{{}}', null)",
        tenant.id.0,
        texts(&locations),
        texts(&vec![product; locations.len()]),
        texts(&locations),
    );
    let plan: Value = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_one(&mut app).await.expect("a plan").get(0);
    let read = |name: &str| plan[0]["Plan"][name].as_i64().expect("a number");
    read("Shared Hit Blocks") + read("Shared Read Blocks")
}

/// Sells a unit.
async fn sell(tenant: &Tenant, till: &Till, code: &str) -> Reply {
    tenant.post("/v1/pos/sales", &sale_of(till, "DRILL", "1", json!([{ "code": code }]))).await
}

#[test]
fn what_was_sold_before_is_not_looked_at_again() {
    with_tenant(async |tenant| {
        let product = stock(tenant).await;
        let live = pages(tenant, LOCK_LEVELS, ("MAIN", product)).await;
        let all = pages(tenant, LOOK_AT_ALL, ("MAIN", product)).await;
        assert!(all > SOLD / LEVELS_OF_A_PAGE, "a scan of all levels reads {all} pages");
        assert!(live < 60, "with {SOLD} pieces sold, a sale reads {live} pages of levels, not {all}");

        let till = tenant.till().await;
        posted(tenant, "receipt", ("DRILL", "1"), json!([{ "code": "NEXT" }])).await.created();
        let sold = sell(tenant, &till, "LAST").await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("LAST", "1")]));
        sell(tenant, &till, "S-1").await.refused(409, "insufficient_stock");
        let send = json!({ "to_location_id": tenant.shop,
            "lines": [{ "sku": "DRILL", "quantity": "1", "lots": [{ "code": "NEXT" }] }] });
        let sent = tenant.post("/v1/stock/transfers", &send).await.created();
        let path = format!("/v1/stock/transfers/{}/receive", sent["id"].as_str().expect("an id"));
        tenant.post(&path, &json!({})).await.ok();
        sell(tenant, &till, "NEXT").await.refused(409, "insufficient_stock");
        assert_eq!(crate::lot::lot(tenant, "NEXT").await["on_hand"], "1", "it is in the shop");
    });
}

#[test]
fn a_piece_that_comes_back_is_there_again() {
    with_tenant(async |tenant| {
        tracked(tenant, "DRILL", "serial").await;
        posted(tenant, "receipt", ("DRILL", "1"), json!([{ "code": "S-1" }])).await.created();
        let till = tenant.till().await;
        let used_up = async || {
            let statement = "select used_up from stock_level where tenant_id = $1 \
                             and lot_id <> '00000000-0000-0000-0000-000000000000'";
            let row = sqlx::query(statement).bind(tenant.id.0).fetch_one(&environment().root).await;
            row.expect("the level of the piece").get::<bool, _>(0)
        };
        assert!(!used_up().await);
        for _ in 0..2 {
            let sold = sell(tenant, &till, "S-1").await.created();
            assert!(used_up().await);
            let back = json!({ "register_id": till.register_id, "original_id": sold["id"],
                "original_lines": [{ "line_no": 1, "quantity": "1" }], "tenders": [{ "kind": "cash" }] });
            tenant.post("/v1/pos/refunds", &back).await.created();
            assert!(!used_up().await);
        }
        let customer = tenant.customer("Nordwind Supply").await;
        let kept = tenant.order(&customer, &[("DRILL", "1")], "confirmed").await.created();
        sell(tenant, &till, "S-1").await.refused(409, "insufficient_stock");
        tenant.step(kept["id"].as_str().expect("an id"), "ship").await.ok();
        assert!(used_up().await);
    });
}
