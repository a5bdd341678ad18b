//! Open lines of purchase orders are found by an index of their own.

use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, Row};
use service::stock::incoming::FIND_SUPPLIES;
use tests::environment;

const TENANT: &str = "00000000-0000-0000-0000-000000000042";
const PRODUCT: &str = "00000000-0000-0000-0000-000000000007";

/// Makes twenty tenants with two thousand orders each in a new database, of which two in a hundred have not come.
const ORDERS: &str = "
    set session_replication_role = replica;
    insert into purchase_order (tenant_id, id, number, supplier_id, status, over_receipt_percent, value, recorded_at,
                                updated_at, version, command_id)
    select ('00000000-0000-0000-0000-0000000000' || (30 + tenant))::uuid, md5(tenant || '-' || number)::uuid,
           'PO-' || number, gen_random_uuid(), 'confirmed', 0, 1, now(), now(), 1, gen_random_uuid()
    from generate_series(0, 19) tenant, generate_series(1, 2000) number;
    insert into purchase_order_line (tenant_id, purchase_order_id, line_no, product_id, location_id, uom, factor,
                                     factor_denominator, entered, unit_cost, value, quantity, received, expected_on)
    select ('00000000-0000-0000-0000-0000000000' || (30 + tenant))::uuid, md5(tenant || '-' || number)::uuid, 1,
           ('00000000-0000-0000-0000-00000000000' || number % 10)::uuid, gen_random_uuid(), 'C62', 1, 1, 1, 1, 1, 1,
           case when number % 49 = 0 then 0 else 1 end, current_date
    from generate_series(0, 19) tenant, generate_series(1, 2000) number;
    reset session_replication_role";

#[test]
fn open_lines_are_found_by_their_index() {
    environment().runtime.block_on(async {
        let url = environment().migrated_database("open_lines").await;
        let connect = async |role: &str| {
            PgConnection::connect(&url.replace("stockwell_migrator", role)).await.expect("the role connects")
        };
        let (mut root, mut app) = (connect("postgres").await, connect("stockwell_app").await);
        root.execute(ORDERS).await.expect("orders");
        root.execute("vacuum analyze purchase_order, purchase_order_line").await.expect("statistics");
        let begin = format!(
            "begin; set local app.tenant_id = '{TENANT}'; set local plan_cache_mode = force_generic_plan; \
             set local enable_seqscan = off; \
             prepare supplies (uuid, uuid[], uuid) as {FIND_SUPPLIES}"
        );
        app.execute(AssertSqlSafe(begin)).await.expect("begun");
        let explain = format!("explain execute supplies ('{TENANT}', array['{PRODUCT}']::uuid[], null)");
        let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut app).await.expect("a plan");
        let plan = rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n");
        assert!(plan.contains("purchase_order_line_open"), "{plan}");
    });
}
