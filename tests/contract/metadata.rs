//! The schema keeps its rules, and the tests of these rules find what breaks them.

use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, Row};
use tests::{SCHEMA_RULES, broken_rules, environment};

#[test]
fn the_schema_keeps_its_rules() {
    environment().runtime.block_on(async {
        let mut connection = environment().root.acquire().await.expect("a connection");
        let broken = broken_rules(&mut connection).await;
        assert!(broken.is_empty(), "the schema breaks its rules:\n{}", broken.join("\n"));
    });
}

async fn connect(role: &str) -> PgConnection {
    let url = environment().database_url().replace("stockwell_app", role);
    PgConnection::connect(&url).await.expect("the role connects")
}

/// Returns the error of a statement that must fail.
async fn refused(connection: &mut PgConnection, statement: &'static str) -> String {
    let outcome = connection.execute(statement).await;
    outcome.err().unwrap_or_else(|| panic!("{statement} must be rejected")).to_string()
}

#[test]
fn without_a_tenant_nothing_is_answered() {
    environment().runtime.block_on(async {
        let mut app = connect("stockwell_app").await;
        let error = refused(&mut app, "select * from product").await;
        assert!(error.contains("unrecognized configuration parameter"), "{error}");
        app.execute(
            "begin; set local app.tenant_id = '01890000-0000-7000-8000-000000000000'; \
                     select * from product; commit",
        )
        .await
        .expect("with a tenant it is");
        let error = refused(&mut app, "select * from product").await;
        assert!(error.contains("invalid input syntax for type uuid"), "afterwards it is not: {error}");
        for view in ["bi.margin_lines", "bi.stock_positions", "bi.journal_lines", "bi.customers"] {
            let statement = format!("select * from {view}");
            app.execute(AssertSqlSafe(statement)).await.expect_err("a view is behind the wall");
        }
    });
}

#[test]
fn the_application_can_not_step_over_the_wall() {
    environment().runtime.block_on(async {
        let mut app = connect("stockwell_app").await;
        for (statement, reason) in [
            ("truncate product", "permission denied"),
            ("create table public.mine (a int)", "permission denied"),
            ("create temporary table mine (a int)", "permission denied"),
            ("alter table product disable row level security", "must be owner"),
            ("drop table product", "must be owner"),
            ("set role stockwell_owner", "permission denied"),
            ("set role stockwell_migrator", "permission denied"),
            ("set row_security = off; begin; set local app.tenant_id = '01890000-0000-7000-8000-000000000000'; \
              select * from product", "row-level security"),
        ] {
            let error = refused(&mut app, statement).await;
            assert!(error.contains(reason), "{statement}: {error}");
            let _ = app.execute("rollback; reset row_security").await;
        }
        let mut relay = connect("stockwell_relay").await;
        relay.execute("select * from event").await.expect("the relay sees every event");
        let error = refused(&mut relay, "select * from product").await;
        assert!(error.contains("permission denied"), "{error}");
        let error = refused(&mut relay, "update event set data = '{}'").await;
        assert!(error.contains("permission denied"), "{error}");
    });
}

#[test]
fn a_row_of_another_tenant_can_not_be_written_or_referred_to() {
    environment().runtime.block_on(async {
        let mut app = connect("stockwell_app").await;
        let error = refused(
            &mut app,
            "begin; set local app.tenant_id = '01890000-0000-7000-8000-000000000000'; \
             insert into number_series (tenant_id, series) values ('01890000-0000-7000-8000-000000000001', 'X')",
        );
        let error = error.await;
        assert!(error.contains("violates row-level security policy for table \"number_series\""), "{error}");
    });
}

#[test]
fn every_step_can_be_taken_back_and_applied_again() {
    environment().runtime.block_on(async {
        let url = environment().empty_database("updown").await;
        let applied = migration::up(&url).await.expect("up");
        assert_eq!(applied.len(), migration::STEPS.len());
        assert_eq!(migration::up(&url).await.expect("up again"), Vec::<&str>::new());
        let whole = shape(&url).await;
        for step in migration::STEPS.iter().rev() {
            assert_eq!(migration::down(&url).await.expect("down"), Some(step.name));
        }
        assert_eq!(migration::down(&url).await.expect("down to nothing"), None);
        assert_eq!(shape(&url).await, ["r schema_migration", "r schema_replaceable"], "nothing is left");
        migration::up(&url).await.expect("up from nothing");
        assert_eq!(shape(&url).await, whole);
        let mut connection = PgConnection::connect(&url).await.expect("the migrator connects");
        let broken = broken_rules(&mut connection).await;
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    });
}

/// Returns every relation of the schemas.
async fn shape(url: &str) -> Vec<String> {
    let mut connection = PgConnection::connect(url).await.expect("the migrator connects");
    let rows = sqlx::query(
        "select c.relkind::text || ' ' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace \
         where n.nspname in ('public', 'bi', 'auth') and c.relkind in ('r', 'v', 'm', 'S') order by 1",
    );
    rows.fetch_all(&mut connection).await.expect("relations").iter().map(|row| row.get(0)).collect()
}

/// A migration that breaks every rule, one with each statement.
const MISTAKES: &str = "
    create table bare (tenant_id uuid not null);
    create table open_table (tenant_id uuid not null, id uuid not null, constraint open_table_pkey primary key (tenant_id, id));
    create type colour as enum ('red');
    create table careless (id serial, tenant_id uuid, shade colour, amount double precision, price numeric, parent uuid,
        constraint careless_pkey primary key (id), check (price > 0));
    create index careless_price on careless (tenant_id, price);
    create index careless_parent on careless (parent);
    create index careless_lower on careless (tenant_id, lower(parent::text));
    alter table careless add constraint careless_parent_fkey foreign key (id) references careless (id) on delete cascade;
    create view bi.naked as select tenant_id from careless;
    create view bi.setless as select tenant_id from careless where tenant_id = current_setting('app.tenant_id')::uuid;
    create materialized view stale as select tenant_id from careless;
    create function auth.peek() returns bigint language sql security definer as 'select count(*) from public.careless';
    create function bi_role.peek() returns bigint language sql security definer as 'select count(*) from public.careless';
    grant execute on function pg_advisory_lock(bigint) to stockwell_bi;
    create function public.touch() returns trigger language plpgsql as 'begin return new; end';
    create trigger touched before update on careless for each row execute function public.touch();
    grant update, truncate on careless, journal_line to stockwell_app;
    grant delete on invoice to stockwell_app;
    grant update (total) on invoice to stockwell_app;
    grant select on product to stockwell_relay;
    grant create on schema public to stockwell_app;
    grant usage on schema bi to public;
    create policy shared on product for select to stockwell_app using (true);
    create policy peeking on customer for select to stockwell_relay using (true);
    create index product_price on product (tenant_id, list_price);
    alter table customer no force row level security;
    alter table location owner to stockwell_app;
";

#[test]
fn the_rules_see_what_breaks_them() {
    environment().runtime.block_on(async {
        let url = environment().migrated_database("mistakes").await;
        let mut root = PgConnection::connect(&url.replace("stockwell_migrator", "postgres"))
            .await
            .expect("the superuser connects");
        root.execute(MISTAKES).await.expect("mistakes can be made");
        let broken = broken_rules(&mut root).await.join("\n");
        let roles = ["only the migrator", "the application and the relay are members"];
        for (rule, _) in
            SCHEMA_RULES.iter().filter(|(rule, _)| !roles.iter().any(|role| rule.starts_with(role)))
        {
            assert!(broken.contains(rule), "nothing is seen to break the rule that {rule}:\n{broken}");
        }
    });
}
