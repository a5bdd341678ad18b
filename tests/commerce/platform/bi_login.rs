//! Logins of BI tools: each sees the views of one tenant, and no way leads out of it.

use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection, Executor, Row};
use service::relay::Outbox;
use stockwell::bi::{self, NewLogin};
use tests::{Tenant, environment, with_tenant, with_tenants};
use tokio::sync::RwLock;

mod ending;
mod estimates;
mod log;

/// Held shared by tests with sessions, and alone by the one that ends every session of a BI tool.
static SESSIONS: RwLock<()> = RwLock::const_new(());

/// Returns the URL of the shared database for the operator.
fn migrator_url() -> String {
    environment().database_url().replace("stockwell_app:", "stockwell_migrator:")
}

async fn grant(tenant: &Tenant, name: &str) -> NewLogin {
    let granted = bi::grant(&environment().db, &migrator_url(), tenant.id, name, None).await;
    granted.expect("a login is granted")
}

fn options(made: &NewLogin) -> PgConnectOptions {
    let shared: PgConnectOptions = environment().database_url().parse().expect("a URL");
    shared.username(&made.login.role_name).password(&made.password)
}

async fn connect(made: &NewLogin) -> Result<PgConnection, sqlx::Error> {
    PgConnection::connect_with(&options(made)).await
}

async fn text(connection: &mut PgConnection, query: &str) -> Result<String, String> {
    let row = sqlx::query(AssertSqlSafe(query.to_owned())).fetch_one(connection).await;
    row.map(|row| row.try_get::<Option<String>, _>(0).expect("a text").unwrap_or_default())
        .map_err(|error| error.to_string())
}

/// SQLSTATE of a statement for which the role lacks a right.
const LACKS_RIGHT: &str = "42501";

/// Returns the SQLSTATE of an error.
fn code(error: &sqlx::Error) -> String {
    let code = error.as_database_error().and_then(|error| error.code());
    code.map(|code| code.into_owned()).unwrap_or_default()
}

async fn sell(tenant: &Tenant, sku: &str) {
    tenant.stocked(sku, "10.00", ("50", "4.00")).await;
    let till = tenant.till().await;
    tenant.sell(&till, &[(sku, "3")]).await.created();
}

/// Returns the views of the schema bi.
async fn views() -> Vec<String> {
    let query = "select relname::text from pg_class where relnamespace = 'bi'::regnamespace and relkind = 'v' order by 1";
    let rows = sqlx::query(query).fetch_all(&environment().root).await.expect("the views");
    rows.iter().map(|row| row.get(0)).collect()
}

/// Statements that lead a session to rights or rows that it must not have. Each fails for want of a right, in a session that has lifted
/// `default_transaction_read_only`. OTHER stands for the other tenant's id, LOGIN for its login, SELF for the own one.
const FORBIDDEN: [&str; 52] = [
    "set session authorization stockwell_app",
    "set session authorization 'OTHER_LOGIN'",
    "set role stockwell_app",
    "set role stockwell_owner",
    "set role stockwell_lookup",
    "set role stockwell_migrator",
    "set role 'OTHER_LOGIN'",
    "set row_security = off; select count(*)::text from bi.sales_fact",
    "select count(*)::text from public.sales_line",
    "select count(*)::text from public.tenant",
    "select count(*)::text from public.bi_login",
    "select count(*)::text from public.api_key",
    "select auth.bi_tenant()::text",
    "select auth.find_tenant('OTHER_SLUG')::text",
    "select bi_role.make('bi_aaaaaaaaaaaaaaaaaaaaaaaaaa', 'x', null)::text",
    "select bi_role.remove('OTHER_LOGIN')::text",
    "select rolpassword from pg_authid",
    "select passwd from pg_shadow",
    "select pg_read_file('PG_VERSION')",
    "select pg_ls_dir('.')::text",
    "copy bi.sales_fact to program 'cat'",
    "copy (select 1) to '/tmp/out'",
    "select lo_create(0)::text",
    "select lo_from_bytea(0, 'x')::text",
    "select pg_logical_emit_message(false, 'x', 'x')::text",
    "select pg_advisory_lock(91599190609217)::text",
    "select pg_current_xact_id()::text",
    "select txid_current()::text",
    "select pg_export_snapshot()",
    "select pg_notify('x', 'y')::text",
    "create temp table own (id int)",
    "create table bi.own (id int)",
    "create schema own",
    "create view bi.own as select 1",
    "create function bi.tenant2() returns uuid language sql as 'select null::uuid'",
    "create or replace function bi.tenant() returns uuid language sql as 'select null::uuid'",
    "create role bi_other",
    "grant stockwell_app to SELF",
    "alter role SELF bypassrls",
    "alter role SELF connection limit 100",
    "alter role SELF valid until 'infinity'",
    "alter role SELF set temp_file_limit = -1",
    "set temp_file_limit = -1",
    "set log_min_messages = debug5",
    "set log_min_error_statement = error",
    "set log_error_verbosity = verbose",
    "alter role SELF reset log_min_messages",
    "alter role OTHER_LOGIN password 'x'",
    "drop policy bi_wall on public.sales_line",
    "delete from bi.sales_fact",
    "select pg_terminate_backend(pid)::text from pg_stat_activity where usename = 'OTHER_LOGIN'",
    "select query_to_xml('select * from public.tenant', true, false, '')::text",
];

/// Statements that succeed and show nothing of the other tenant: each returns a text.
const FRUITLESS: [&str; 12] = [
    "set app.tenant_id = 'OTHER'; select string_agg(sku, ',') from bi.sales_fact join bi.products using (product_id)",
    "set app.tenant_id = 'OTHER'; select string_agg(x::text, ',') from bi.revenue_by_product x",
    "select set_config('app.tenant_id', 'OTHER', false); select string_agg(x::text, ',') from bi.products x",
    "set app.tenant_id = 'OTHER'; set role stockwell_bi; select string_agg(x::text, ',') from bi.products x",
    "set search_path = public, auth, bi; select string_agg(x::text, ',') from bi.products x",
    "reset all; select string_agg(x::text, ',') from bi.products x",
    "set local role none; select string_agg(x::text, ',') from bi.stock_level x",
    "select string_agg(rolname || coalesce(rolconfig::text, ''), ',') from pg_roles",
    "select string_agg(s::text, ',') from pg_db_role_setting s",
    "select string_agg(a::text, ',') from pg_stat_activity a",
    "select string_agg(s::text, ',') from pg_stats s where s.schemaname in ('public', 'bi')",
    "select string_agg(coalesce(shobj_description(oid, 'pg_authid'), ''), ',') from pg_roles",
];

#[test]
fn a_login_sees_its_tenant_and_no_way_leads_out() {
    with_tenants(async |own, other| {
        let _sessions = SESSIONS.read().await;
        sell(own, "OWN-MUG").await;
        sell(other, "OTHER-MUG").await;
        let (login, others) = (grant(own, "Metabase").await, grant(other, "Their secret tool").await);
        let mut theirs = connect(&others).await.expect("the other tenant's login connects");
        assert_eq!(text(&mut theirs, "select sku from bi.products").await.expect("a product"), "OTHER-MUG");
        let mut session = connect(&login).await.expect("the login connects");
        for view in views().await {
            let query = format!("select coalesce(string_agg(v::text, ','), '') from bi.{view} v");
            let shown = text(&mut session, &query).await.unwrap_or_else(|error| panic!("{view}: {error}"));
            assert!(
                !shown.contains("OTHER-MUG") && !shown.contains(&other.id.0.to_string()),
                "{view}: {shown}"
            );
        }
        let units = "select (units = 3)::text from bi.revenue_by_product where sku = 'OWN-MUG'";
        assert_eq!(text(&mut session, units).await.expect("units"), "true");

        let other_id = other.id.0.to_string();
        let fill = |statement: &str| {
            let statement =
                statement.replace("OTHER_LOGIN", &others.login.role_name).replace("OTHER_SLUG", &other.slug);
            statement.replace("OTHER", &other_id).replace("SELF", &login.login.role_name)
        };
        for statement in FORBIDDEN {
            let statement = format!("set transaction read write; {}", fill(statement));
            let mut session = session.begin().await.expect("a transaction");
            let done = session.execute(AssertSqlSafe(statement.clone())).await;
            let error = done.map(|_| ()).expect_err(&statement);
            assert_eq!(code(&error), LACKS_RIGHT, "{statement}: {error}");
            session.rollback().await.expect("taken back");
        }
        for statement in FRUITLESS {
            let statement = fill(statement);
            let mut session = connect(&login).await.expect("the login connects");
            let (before, query) = statement.rsplit_once("; ").unwrap_or(("", &statement));
            if !before.is_empty() {
                let done = session.execute(AssertSqlSafe(before.to_owned())).await;
                done.unwrap_or_else(|error| panic!("{before}: {error}"));
            }
            let shown = text(&mut session, query).await.unwrap_or_else(|error| panic!("{query}: {error}"));
            for secret in ["OTHER-MUG", &other.slug, &other_id, "Their secret tool", "SCRAM"] {
                assert!(!shown.contains(secret), "{statement} shows {secret}: {shown}");
            }
        }
    });
}

#[test]
fn a_session_reads_only_and_has_limits() {
    with_tenant(async |tenant| {
        let _sessions = SESSIONS.write().await;
        let login = grant(tenant, "Metabase").await;
        let mut session = connect(&login).await.expect("the login connects");
        for (setting, value) in [
            ("default_transaction_read_only", "on"),
            ("statement_timeout", "1min"),
            ("lock_timeout", "2s"),
            ("idle_in_transaction_session_timeout", "1min"),
            ("temp_file_limit", "2GB"),
            ("log_min_messages", "fatal"),
            ("log_min_error_statement", "panic"),
            ("log_error_verbosity", "terse"),
        ] {
            let shown = text(&mut session, &format!("select current_setting('{setting}')")).await;
            assert_eq!(shown.expect("a setting"), value, "{setting}");
        }
        let mut others = Vec::new();
        for _ in 0..4 {
            others.push(connect(&login).await.expect("5 sessions connect"));
        }
        let error = connect(&login).await.expect_err("a sixth session connects").to_string();
        assert!(error.contains("too many connections for role"), "{error}");
        drop(others);

        // A session that has lifted its own limit is ended by the worker.
        session.execute("set statement_timeout = 0; begin").await.expect("the limit is lifted");
        let pid: i32 =
            sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut session).await.expect("an id");
        let mut relay =
            PgConnection::connect(&environment().relay_database_url()).await.expect("the worker connects");
        let end = "select bi_role.end_sessions(interval '0')";
        assert!(sqlx::query_scalar::<_, i64>(end).fetch_one(&mut relay).await.expect("sessions end") >= 1);
        let lives = "select count(*) from pg_stat_activity where pid = $1";
        for _ in 0..1_200 {
            let living: i64 =
                sqlx::query_scalar(lives).bind(pid).fetch_one(&environment().root).await.expect("a number");
            if living == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the session goes on");
    });
}

#[test]
fn the_worker_leaves_short_sessions_alone() {
    with_tenant(async |tenant| {
        let _sessions = SESSIONS.read().await;
        let login = grant(tenant, "Metabase").await;
        let mut session = connect(&login).await.expect("the login connects");
        session.execute("begin").await.expect("a transaction");
        let outbox = Outbox::connect(&environment().relay_database_url()).await.expect("the worker connects");
        outbox.end_bi_sessions().await.expect("sessions are looked at");
        assert_eq!(text(&mut session, "select 'alive'").await.expect("a session"), "alive");
    });
}

#[test]
fn a_login_is_rotated_and_revoked_like_a_key() {
    with_tenant(async |tenant| {
        let _sessions = SESSIONS.read().await;
        let (db, url) = (&environment().db, migrator_url());
        let first = grant(tenant, "Metabase").await;
        let mut old = connect(&first).await.expect("the login connects");
        let second =
            bi::rotate(db, &url, tenant.id, first.login.id, 3600).await.expect("the login is rotated");
        assert_ne!(second.login.role_name, first.login.role_name);
        let own = "select bi.tenant()::text";
        assert_eq!(text(&mut old, own).await.expect("the old one still works"), tenant.id.0.to_string());
        let mut new = connect(&second).await.expect("the new login connects");
        assert_eq!(text(&mut new, own).await.expect("the new one works"), tenant.id.0.to_string());
        let again =
            bi::rotate(db, &url, tenant.id, first.login.id, 0).await.expect_err("it is rotated twice");
        assert!(again.to_string().contains("rotated before"), "{again}");

        bi::revoke(db, &url, tenant.id, second.login.id).await.expect("the login is revoked");
        bi::revoke(db, &url, tenant.id, second.login.id).await.expect("revoking again changes nothing");
        assert!(text(&mut new, own).await.is_err(), "a session of a revoked login goes on");
        assert!(connect(&second).await.is_err(), "a revoked login connects");

        let listed = tenant.get("/v1/bi-logins?sort=created_at").await.ok();
        assert_eq!(listed["data"][0]["id"], first.login.id.to_string());
        assert_eq!(listed["data"][0]["rotated_to"], second.login.id.to_string());
        assert!(listed["data"][1]["revoked_at"].is_string(), "{listed}");
        assert!(!listed.to_string().contains(&first.password));
        let shown = tenant.get(&format!("/v1/bi-logins/{}", second.login.id)).await.ok();
        assert_eq!(shown["role_name"], second.login.role_name);
        let commands = tenant.get("/v1/commands?limit=200").await.ok().to_string();
        for name in ["bi_login.granted", "bi_login.rotated", "bi_login.revoked"] {
            assert_eq!(commands.matches(name).count(), 1, "{name}");
        }
    });
}

/// A session that keeps a transaction open, as old as it likes, sees nothing once its login has ended.
#[test]
fn an_expired_login_sees_nothing() {
    with_tenant(async |tenant| {
        // A worker would end the session of a login that has expired.
        let _turn = environment().relays.lock().await;
        let _sessions = SESSIONS.read().await;
        let login = grant(tenant, "Metabase").await;
        let mut session = connect(&login).await.expect("the login connects");
        session.execute("begin").await.expect("a transaction");
        assert!(text(&mut session, "select bi.tenant()::text").await.is_ok());
        sqlx::query("update bi_login set expires_at = clock_timestamp() where tenant_id = $1")
            .bind(tenant.id.0)
            .execute(&environment().root)
            .await
            .expect("the login expires");
        let error =
            text(&mut session, "select count(*)::text from bi.products").await.expect_err("it sees rows");
        assert!(error.contains("it was revoked, or it has expired"), "{error}");
    });
}

#[test]
fn wrong_input_names_the_field() {
    with_tenant(async |tenant| {
        let db = &environment().db;
        let past = environment().now().await - chrono::TimeDelta::days(1);
        let refused =
            bi::grant(db, &migrator_url(), tenant.id, "", Some(past)).await.expect_err("it is granted");
        let stockwell::bi::BiError::Record(service::Error::Refused(refusal)) = refused else {
            panic!("{refused}");
        };
        let pointers: Vec<&str> = refusal.problems.iter().map(|problem| problem.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/expires_at"]);
        let left = "select count(*) from pg_roles r where r.rolname ~ '^bi_' and not exists ( \
                        select from bi_login l where l.role_name = r.rolname) and r.rolvaliduntil < now()";
        let left: i64 = sqlx::query_scalar(left).fetch_one(&environment().root).await.expect("a number");
        assert_eq!(left, 0, "the role of a rejected login is left");
    });
}

/// The server's role has no way to make a login.
#[test]
fn a_server_makes_no_login() {
    with_tenant(async |_| {
        let mut app = PgConnection::connect(&environment().database_url()).await.expect("the app connects");
        for statement in
            ["select bi_role.make('bi_aaaaaaaaaaaaaaaaaaaaaaaaaa', 'x', null)", "create role bi_own login"]
        {
            let error = app.execute(statement).await.expect_err("it is allowed").to_string();
            assert!(error.contains("permission denied"), "{statement}: {error}");
        }
    });
}
