//! The transfers that may be a bank line are found by their amount.

use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, Row};
use service::bank::matched::RECORDED;
use tests::environment;

const TENANT: &str = "00000000-0000-0000-0000-000000000042";

/// Makes twenty tenants with two thousand transfers of each kind in 15 days, in a new database. Each has an amount of its own.
const TRANSFERS: &str = "
    set session_replication_role = replica;
    insert into payment (tenant_id, id, number, customer_id, method, amount, unapplied, occurred_at, recorded_at, command_id)
    select ('00000000-0000-0000-0000-0000000000' || (30 + tenant))::uuid, md5(tenant || '-' || number)::uuid,
           'PAY-' || number, gen_random_uuid(), 'bank', number, 0, now() - number * interval '10 minutes', now(), gen_random_uuid()
    from generate_series(0, 19) tenant, generate_series(1, 2000) number;
    insert into supplier_payment (tenant_id, id, number, kind, supplier_id, amount, occurred_at, recorded_at, command_id)
    select ('00000000-0000-0000-0000-0000000000' || (30 + tenant))::uuid, md5(tenant || '-' || number)::uuid,
           'SP-' || number, 'payment', gen_random_uuid(), number, now() - number * interval '10 minutes', now(), gen_random_uuid()
    from generate_series(0, 19) tenant, generate_series(1, 2000) number;
    reset session_replication_role";

#[test]
fn transfers_are_found_by_their_amount() {
    environment().runtime.block_on(async {
        let url = environment().migrated_database("transfers").await;
        let connect = async |role: &str| {
            PgConnection::connect(&url.replace("stockwell_migrator", role)).await.expect("the role connects")
        };
        let (mut root, mut app) = (connect("postgres").await, connect("stockwell_app").await);
        root.execute(TRANSFERS).await.expect("transfers");
        root.execute("vacuum analyze payment, supplier_payment").await.expect("statistics");
        let begin = format!(
            "begin; set local app.tenant_id = '{TENANT}'; \
             prepare recorded (uuid, uuid[], numeric[], timestamptz[], timestamptz[], timestamptz[]) as {RECORDED}"
        );
        app.execute(AssertSqlSafe(begin)).await.expect("begun");
        let (one, two) = (TENANT, "00000000-0000-0000-0000-000000000043");
        let found = format!(
            "execute recorded ('{TENANT}', array['{one}', '{two}']::uuid[], array[7, -8], \
             array_fill(now(), array[2]), array_fill(now() - interval '7 days', array[2]), \
             array_fill(now() + interval '8 days', array[2]))"
        );
        let rows = sqlx::raw_sql(AssertSqlSafe(found)).fetch_all(&mut app).await.expect("transfers");
        let numbers: Vec<String> = rows.iter().map(|row| row.get("number")).collect();
        assert_eq!(numbers, ["PAY-7", "SP-8"]);
        // What was read is counted before the next statement begins.
        app.execute("select pg_stat_force_next_flush()").await.expect("counted at the end");
        app.execute("commit").await.expect("the end");
        app.execute("select 1").await.expect("the counts are written");
        let read = "select min(idx_tup_read), max(idx_tup_read) from pg_stat_user_indexes \
                    where indexrelname in ('payment_by_amount', 'supplier_payment_by_amount')";
        let read = sqlx::query(read).fetch_one(&mut root).await.expect("counts");
        let (least, most): (i64, i64) = (read.get(0), read.get(1));
        assert!(least >= 1 && most < 10, "{least} to {most} transfers of 2,000 are read");
    });
}
