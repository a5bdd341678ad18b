//! Row-level security in the database: no role reads or writes a row of another tenant, in any table. The test of the
//! schema sees a policy that would allow it.

use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, Row};
use tests::{Tenant, broken_rules, environment, with_tenants};

use super::world;

/// A table, and its columns that can be written.
struct Table {
    name: String,
    columns: String,
}

/// Returns all tables of tenants.
async fn tables() -> Vec<Table> {
    let rows = sqlx::query(
        "select c.relname::text, string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_class c \
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' \
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname not in ('schema_migration', 'schema_replaceable') \
         group by c.relname order by c.relname",
    );
    let rows = rows.fetch_all(&environment().root).await.expect("the tables");
    rows.iter().map(|row| Table { name: row.get(0), columns: row.get(1) }).collect()
}

async fn count(connection: &mut PgConnection, query: String) -> i64 {
    let outcome = sqlx::query(AssertSqlSafe(query.clone())).fetch_one(connection).await;
    outcome.unwrap_or_else(|error| panic!("{query}: {error}")).get(0)
}

/// Returns a row of the tenant as JSON, if there is one.
async fn a_row(tenant: &Tenant, table: &str) -> Option<String> {
    let query = format!("select to_jsonb(t)::text from public.{table} t where tenant_id = $1 limit 1");
    let row = sqlx::query(AssertSqlSafe(query)).bind(tenant.id.0).fetch_optional(&environment().root).await;
    row.expect("a row").map(|row| row.get(0))
}

/// Fails unless a statement changes no row, or is not allowed.
async fn changes_nothing(connection: &mut PgConnection, statement: String) {
    connection.execute("savepoint before").await.expect("a savepoint");
    match connection.execute(AssertSqlSafe(statement.clone())).await {
        Ok(done) => assert_eq!(done.rows_affected(), 0, "{statement}"),
        Err(error) => assert!(error.to_string().contains("permission denied"), "{statement}: {error}"),
    }
    connection.execute("rollback to savepoint before").await.expect("taken back");
}

#[test]
fn no_table_shows_or_takes_a_row_of_another_tenant() {
    with_tenants(async |owner, stranger| {
        world::world(owner).await;
        let mut app = PgConnection::connect(&environment().database_url()).await.expect("the app connects");
        let begin = format!("begin; set local app.tenant_id = '{}'", stranger.id.0);
        app.execute(AssertSqlSafe(begin)).await.expect("a transaction");
        let mut tried = 0;
        for Table { name, columns } in tables().await {
            let (theirs, own) = (owner.id.0, stranger.id.0);
            let query = format!("select count(*) from public.{name} where tenant_id <> '{own}'");
            assert_eq!(count(&mut app, query).await, 0, "{name} shows another tenant's row");
            let Some(row) = a_row(owner, &name).await else { continue };
            tried += 1;
            let update =
                format!("update public.{name} set tenant_id = tenant_id where tenant_id = '{theirs}'");
            changes_nothing(&mut app, update).await;
            changes_nothing(&mut app, format!("delete from public.{name} where tenant_id = '{theirs}'"))
                .await;
            app.execute("savepoint before").await.expect("a savepoint");
            let insert = format!(
                "insert into public.{name} ({columns}) \
                 select {columns} from jsonb_populate_record(null::public.{name}, $1::jsonb)"
            );
            let refused = sqlx::query(AssertSqlSafe(insert)).bind(row).execute(&mut app).await;
            let refused = refused.expect_err("another tenant's row is written").to_string();
            assert!(refused.contains("violates row-level security policy"), "{name}: {refused}");
            app.execute("rollback to savepoint before").await.expect("taken back");
        }
        assert!(tried > 45, "only {tried} tables have a row of the owner");
    });
}

/// The owner of the tables has no policy, and the relay sees only the feed.
#[test]
fn no_other_role_that_serves_sees_the_tables() {
    environment().runtime.block_on(async {
        let mut root = environment().root.acquire().await.expect("a connection");
        for Table { name, .. } in tables().await {
            root.execute("begin; set local role stockwell_owner").await.expect("the owner");
            let query = format!("select count(*) from public.{name}");
            assert_eq!(count(&mut root, query).await, 0, "the owner sees {name}");
            root.execute("rollback").await.expect("the end");
        }
    });
}

/// One row for each of two tenants.
const ROWS: &str = "insert into number_series (tenant_id, series) values \
    ('01890000-0000-7000-8000-000000000001', 'S'), ('01890000-0000-7000-8000-000000000002', 'S')";

/// Reads what the application sees as one of them.
const LOOK: &str = "set local role stockwell_app; \
    set local app.tenant_id = '01890000-0000-7000-8000-000000000001'";

/// Ways to weaken the policies of `number_series`, and the number of the two rows that the application then sees.
const WAYS: [(&str, i64); 12] = [
    ("create policy shared on number_series for select to stockwell_app using (true)", 2),
    ("create policy shared on number_series for all to stockwell_app using (true) with check (true)", 2),
    ("create policy shared on number_series for select to public using (true)", 2),
    ("create policy shared on number_series for select to stockwell_app, stockwell_relay using (true)", 2),
    ("create policy shared on number_series for insert to stockwell_app with check (true)", 1),
    (
        "create policy shared on number_series for select to stockwell_app \
         using (tenant_id = current_setting('app.tenant_id')::uuid)",
        1,
    ),
    (
        "create policy narrow on number_series as restrictive for all to stockwell_app \
         using (tenant_id = current_setting('app.tenant_id')::uuid)",
        1,
    ),
    // On plain PostgreSQL these two protect. On an engine without restrictive policies they don't.
    (
        "create policy tenant_access on number_series for all to stockwell_app using (true) with check (true); \
         drop policy tenant_wall on number_series; \
         create policy tenant_wall on number_series as restrictive for all to stockwell_app \
         using (tenant_id = current_setting('app.tenant_id')::uuid) \
         with check (tenant_id = current_setting('app.tenant_id')::uuid)",
        1,
    ),
    (
        "alter policy tenant_wall on number_series \
         using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)",
        1,
    ),
    ("alter policy tenant_wall on number_series with check (true)", 1),
    ("alter policy tenant_wall on number_series to public", 1),
    ("drop policy tenant_wall on number_series", 0),
];

#[test]
fn a_second_policy_is_seen_by_the_gate_and_goes_with_the_next_migration() {
    environment().runtime.block_on(async {
        let url = environment().migrated_database("second_policy").await;
        let admin = url.replace("stockwell_migrator", "postgres");
        let mut root = PgConnection::connect(&admin).await.expect("the superuser connects");
        root.execute(ROWS).await.expect("two rows");
        for (way, seen) in WAYS {
            root.execute("begin").await.expect("begun");
            root.execute(way).await.expect("a policy can be made");
            let broken = broken_rules(&mut root).await;
            assert!(
                broken.iter().any(|broken| broken.ends_with(" number_series")
                    && broken.contains("exactly one policy for the application")),
                "{way}: {broken:?}"
            );
            root.execute(LOOK).await.expect("the application looks");
            assert_eq!(
                count(&mut root, "select count(*) from number_series".to_owned()).await,
                seen,
                "{way}"
            );
            root.execute("rollback").await.expect("taken back");
        }
        root.execute(WAYS[0].0).await.expect("a policy stays");
        migration::up(&url).await.expect("up again");
        assert_eq!(broken_rules(&mut root).await, Vec::<String>::new());
    });
}

/// Returns how many tables lack one of the two policies of earlier steps, and the number of tables.
const TWO_POLICIES: &str = "select count(*) filter (where p.polname = 'tenant_wall' and not p.polpermissive \
        and pg_get_expr(p.polqual, p.polrelid) like '%app.tenant_id%') \
        - count(*) filter (where p.polname = 'tenant_access' and p.polpermissive), count(distinct p.polrelid) \
    from pg_policy p where p.polroles = array['stockwell_app'::regrole::oid]";

#[test]
fn a_database_with_two_policies_is_moved_to_one_and_back() {
    environment().runtime.block_on(async {
        let url = environment().migrated_database("two_policies").await;
        let mut root =
            PgConnection::connect(&url.replace("stockwell_migrator", "postgres")).await.expect("connected");
        root.execute(ROWS).await.expect("two rows");
        while migration::down(&url).await.expect("down") != Some("0030_one_policy") {}
        let row = sqlx::query(TWO_POLICIES).fetch_one(&mut root).await.expect("the policies");
        let (unpaired, tables): (i64, i64) = (row.get(0), row.get(1));
        assert!(unpaired == 0 && tables > 50, "{unpaired} of {tables} tables are without their pair");
        for step in ["none", "0030_one_policy"] {
            root.execute("begin").await.expect("begun");
            if step != "none" {
                let step = migration::STEPS.iter().find(|known| known.name == step).expect("the step");
                root.execute(step.up).await.expect("the step alone");
            }
            root.execute(LOOK).await.expect("the application looks");
            assert_eq!(count(&mut root, "select count(*) from number_series".to_owned()).await, 1, "{step}");
            root.execute("rollback").await.expect("taken back");
        }
        migration::up(&url).await.expect("up again");
        assert_eq!(broken_rules(&mut root).await, Vec::<String>::new());
    });
}
