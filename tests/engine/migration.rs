//! A migration beside a server that goes on serving.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{Connection, Executor, PgConnection, Row};
use serde_json::json;
use stockwell::bi;
use tests::{Tenant, environment, lines};

/// Number of migrations.
const MIGRATIONS: usize = 6;
/// Makes the noted definitions and the walls of four tables differ. Each statement locks one table, for a moment.
const TAMPER: [&str; 8] = [
    "set role stockwell_owner",
    "delete from schema_replaceable",
    "alter policy tenant_wall on pos_sale rename to other_wall",
    "alter policy tenant_wall on stock_level rename to other_wall",
    "grant delete on journal_line to stockwell_app",
    "revoke update (unapplied) on payment from stockwell_app",
    "grant execute on function auth.find_tenant(text) to public",
    "reset role",
];

/// Sells, orders and asks for reports until `over`. Returns the number of requests and the longest time of one.
async fn trade(tenant: &Tenant, over: &AtomicBool) -> (u64, Duration) {
    tenant.stocked("MUG", "10.00", ("1000000", "4.00")).await;
    let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
    let order = json!({ "customer_id": customer, "lines": lines(&[("MUG", "1")]), "advance_to": "invoiced" });
    let report = "/v1/reports/revenue?from=2025-01-01&to=2029-01-01&group_by=product";
    let clients = join_all((0..4).map(async |kind| {
        let (mut requests, mut longest) = (0, Duration::ZERO);
        while !over.load(Ordering::Relaxed) {
            let started = Instant::now();
            match kind {
                0 | 1 => _ = tenant.sell(&till, &[("MUG", "1")]).await.created(),
                2 => _ = tenant.post("/v1/orders", &order).await.created(),
                _ => _ = tenant.get(report).await.ok(),
            }
            longest = longest.max(started.elapsed());
            requests += 1;
        }
        (requests, longest)
    }));
    let sum = |(requests, longest): (u64, Duration), (more, time): (u64, Duration)| {
        (requests + more, longest.max(time))
    };
    clients.await.into_iter().fold((0, Duration::ZERO), sum)
}

/// States every definition again and repairs the walls of four tables, so many times.
async fn migrate(url: &str, over: &AtomicBool) -> Duration {
    let mut migrator = PgConnection::connect(url).await.expect("the migrator connects");
    let mut longest = Duration::ZERO;
    for _ in 0..MIGRATIONS {
        tokio::time::sleep(Duration::from_millis(200)).await;
        for statement in TAMPER {
            migrator.execute(statement).await.expect("the walls differ");
        }
        let started = Instant::now();
        assert_eq!(migration::up(url).await.expect("the migration succeeds"), Vec::<&str>::new());
        longest = longest.max(started.elapsed());
    }
    over.store(true, Ordering::Relaxed);
    let other = "select count(*) from pg_policy where polname = 'other_wall'";
    let other = migrator.fetch_one(other).await.expect("a count").get::<i64, _>(0);
    assert_eq!(other, 0, "every table has its own wall");
    let open = "select has_function_privilege('public', 'auth.find_tenant(text)', 'execute')";
    assert!(
        !migrator.fetch_one(open).await.expect("an answer").get::<bool, _>(0),
        "the function is closed again"
    );
    let broken = tests::broken_rules(&mut migrator).await;
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    longest
}

#[test]
fn a_migration_fails_no_request_and_a_request_fails_no_migration() {
    environment().runtime.block_on(async {
        let apart = environment().tenant_apart(|_| {}).await;
        let over = AtomicBool::new(false);
        let ((requests, longest), migration) =
            join(trade(&apart.tenant, &over), migrate(&apart.migrator_url(), &over)).await;
        println!(
            "{requests} requests, the longest took {longest:?}; the longest migration took {migration:?}"
        );
        assert!(requests > 20, "{requests} requests ran beside the migrations");
    });
}

/// A BI tool reads in a transaction that it does not end, and connects again when its session ends.
#[test]
fn a_bi_tool_is_not_in_the_way_of_a_migration() {
    environment().runtime.block_on(async {
        let apart = environment().tenant_apart(|_| {}).await;
        let url = apart.migrator_url();
        let made = bi::grant(&apart.node.app.db, &url, apart.tenant.id, "Metabase", None).await;
        let made = made.expect("a login is granted");
        let options: PgConnectOptions = url.parse().expect("a URL");
        let options = options.username(&made.login.role_name).password(&made.password);
        let mut session = PgConnection::connect_with(&options).await.expect("the login connects");
        session.execute("begin; select count(*) from bi.products").await.expect("the view is read");
        let mut migrator = PgConnection::connect(&url).await.expect("the migrator connects");
        migrator.execute("delete from schema_replaceable").await.expect("the definitions differ");
        migration::up(&url).await.expect("the migration succeeds");
        assert!(session.execute("select 1").await.is_err(), "the session that was in the way goes on");
        PgConnection::connect_with(&options).await.expect("the login connects again");
    });
}

#[test]
fn no_bi_login_is_made_while_the_functions_that_stop_the_service_are_open() {
    environment().runtime.block_on(async {
        let apart = environment().tenant_apart(|_| {}).await;
        let url = apart.migrator_url();
        let mut root = PgConnection::connect(&url.replace("stockwell_migrator", "postgres"))
            .await
            .expect("the superuser connects");
        let grant = async || bi::grant(&apart.node.app.db, &url, apart.tenant.id, "Metabase", None).await;
        root.execute("grant execute on function pg_current_xact_id() to public").await.expect("it is open");
        let refused = grant().await.expect_err("a login is granted").to_string();
        assert!(refused.contains("every role may call pg_current_xact_id()"), "{refused}");
        root.execute("revoke execute on function pg_current_xact_id() from public")
            .await
            .expect("it is closed");
        grant().await.expect("a login is granted");
        let roles = "select count(*) from pg_roles where rolname ~ '^bi_'";
        let roles = root.fetch_one(roles).await.expect("a count").get::<i64, _>(0);
        assert_eq!(roles, 1, "the role of a login that was refused is left");
    });
}
