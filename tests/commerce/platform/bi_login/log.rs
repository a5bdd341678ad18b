//! A login writes nothing of its own choice to the log of PostgreSQL.

use super::*;

/// The functions for roles of BI tools, as `stockwell migrate` states them.
const FUNCTIONS: &str = include_str!("../../../../migration/bootstrap/bi_role.sql");

/// Statements with a text that PostgreSQL logs by default, or after a setting that every role may change. MARK stands for the text. Each has
/// a session of its own, which some of them end.
const LOGGED: [&str; 7] = [
    "select 1 as MARK from missing",
    "do $$ begin raise log 'MARK'; end $$",
    "do $$ begin raise warning 'MARK'; end $$",
    "do $$ begin raise exception 'MARK'; end $$",
    "set debug_print_parse = on; set debug_print_plan = on; select 1 as MARK",
    "set log_parameter_max_length_on_error = -1; select 'MARK'::int",
    // The message that ends a session has the statement as its context.
    "do $$ begin execute 'select pg_terminate_backend(pg_backend_pid()), pg_sleep(1) as MARK'; end $$",
];

fn log() -> String {
    let path = environment().postgres.home().join("server.log");
    String::from_utf8_lossy(&std::fs::read(path).expect("the log of PostgreSQL")).into_owned()
}

async fn settings(role: &str) -> Vec<String> {
    let query = "select coalesce(rolconfig, '{}') from pg_roles where rolname = $1";
    sqlx::query_scalar(query).bind(role).fetch_one(&environment().root).await.expect("settings")
}

#[test]
fn a_login_writes_no_text_of_its_own_to_the_log() {
    with_tenant(async |tenant| {
        let _sessions = SESSIONS.read().await;
        let login = grant(tenant, "Metabase").await;
        let role = &login.login.role_name;
        let before = settings(role).await;
        let mut session = connect(&login).await.expect("the login connects");
        // The first setting counts from the next transaction on.
        let off = "set default_transaction_read_only = off";
        for statement in [off.to_owned(), format!("alter role {role} reset all")] {
            session.execute(AssertSqlSafe(statement)).await.expect("a role may reset its settings");
        }
        drop(session);
        let after = settings(role).await;
        assert!(after.len() < before.len(), "{after:?}");
        for (number, statement) in LOGGED.iter().enumerate() {
            let statement = statement.replace("MARK", &format!("{role}_{number}"));
            let mut session = connect(&login).await.expect("the login connects");
            _ = session.execute(AssertSqlSafe(statement)).await;
        }
        let control = format!("do $$ begin raise log '{role}_root'; end $$");
        environment().root.execute(AssertSqlSafe(control)).await.expect("the superuser writes to the log");
        let log = log();
        assert!(log.contains(&format!("{role}_root")), "the log has no line of the superuser");
        for (number, statement) in LOGGED.iter().enumerate() {
            assert!(!log.contains(&format!("{role}_{number}")), "{statement}");
        }
    });
}

/// A role of a version before gets the limits by `stockwell migrate`.
#[test]
fn an_older_login_gets_the_limits_of_the_log() {
    with_tenant(async |tenant| {
        let _sessions = SESSIONS.write().await;
        let login = grant(tenant, "Metabase").await;
        let role = &login.login.role_name;
        let wanted = settings(role).await;
        for name in ["log_min_messages", "log_min_error_statement", "log_error_verbosity"] {
            let reset = format!("alter role {role} reset {name}");
            environment().root.execute(AssertSqlSafe(reset)).await.expect("the superuser resets it");
        }
        assert!(settings(role).await.iter().all(|setting| !setting.starts_with("log_")));
        environment().root.execute(FUNCTIONS).await.expect("the functions are stated");
        assert_eq!(sorted(settings(role).await), sorted(wanted));
    });
}

fn sorted(mut settings: Vec<String>) -> Vec<String> {
    settings.sort();
    settings
}
