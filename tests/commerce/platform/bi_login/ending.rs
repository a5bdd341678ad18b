//! A login ends although its sessions resist.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join;

use super::*;

/// Returns options of the superuser for a database.
fn root_of(database: &str) -> PgConnectOptions {
    let shared: PgConnectOptions = environment().database_url().parse().expect("a URL");
    shared.username("postgres").database(database)
}

async fn as_root(database: &str, statement: String) {
    let mut root = PgConnection::connect_with(&root_of(database)).await.expect("the superuser connects");
    root.execute(AssertSqlSafe(statement.clone()))
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
}

async fn role_id(name: &str) -> Option<i64> {
    let query = "select oid::bigint from pg_roles where rolname = $1";
    sqlx::query_scalar(query).bind(name).fetch_optional(&environment().root).await.expect("a role")
}

async fn sessions_of(role_id: i64) -> i64 {
    let query = "select count(*) from pg_stat_activity where usesysid::bigint = $1";
    sqlx::query_scalar(query).bind(role_id).fetch_one(&environment().root).await.expect("a number")
}

/// Lets the worker look for sessions to end, until the role has none.
async fn let_the_worker_end(role_id: i64) {
    let outbox = Outbox::connect(&environment().relay_database_url()).await.expect("the worker connects");
    for _ in 0..1_200 {
        outbox.end_bi_sessions().await.expect("sessions are ended");
        if sessions_of(role_id).await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a session goes on");
}

/// A client that connects again as soon as its session ends has no session of a role that is gone.
#[test]
fn a_client_that_connects_again_is_out_all_the_same() {
    with_tenant(async |tenant| {
        let _sessions = SESSIONS.read().await;
        let login = grant(tenant, "Metabase").await;
        let id = role_id(&login.login.role_name).await.expect("the role");
        let (over, connected) = (AtomicBool::new(false), AtomicUsize::new(0));
        let client = async {
            let again = async || {
                while !over.load(Ordering::Relaxed) {
                    let Ok(mut session) = connect(&login).await else { continue };
                    connected.fetch_add(1, Ordering::Relaxed);
                    while session.execute("select 1").await.is_ok() && !over.load(Ordering::Relaxed) {}
                    // A session that the server has not ended is kept: it must not end because its client is gone.
                    if over.load(Ordering::Relaxed) {
                        return Some(session);
                    }
                }
                None
            };
            futures_util::future::join_all((0..4).map(async |_| again().await)).await
        };
        let end = async {
            while connected.load(Ordering::Relaxed) < 4 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let revoked = bi::revoke(&environment().db, &migrator_url(), tenant.id, login.login.id).await;
            let left = sessions_of(id).await;
            over.store(true, Ordering::Relaxed);
            revoked.expect("the login is revoked");
            left
        };
        let (_kept, left) = join(client, end).await;
        assert_eq!(left, 0, "sessions of the role go on");
        assert_eq!(role_id(&login.login.role_name).await, None, "the role is there");
    });
}

#[test]
fn the_worker_ends_sessions_of_a_role_that_was_dropped() {
    with_tenant(async |tenant| {
        // A worker would end the session before it is counted.
        let _turn = environment().relays.lock().await;
        let _sessions = SESSIONS.read().await;
        let login = grant(tenant, "Metabase").await;
        let id = role_id(&login.login.role_name).await.expect("the role");
        let mut session = connect(&login).await.expect("the login connects");
        let name = &login.login.role_name;
        as_root("stockwell", format!("drop owned by {name}; drop role {name}")).await;
        assert_eq!(sessions_of(id).await, 1);
        let_the_worker_end(id).await;
        assert!(session.execute("select 1").await.is_err());
    });
}

/// A session can give its transaction a number by a change of its own role. The feed of every tenant would wait for it.
#[test]
fn the_worker_ends_a_transaction_with_a_number() {
    with_tenant(async |tenant| {
        let _sessions = SESSIONS.read().await;
        let login = grant(tenant, "Metabase").await;
        let id = role_id(&login.login.role_name).await.expect("the role");
        let mut session = connect(&login).await.expect("the login connects");
        let number = format!(
            "begin read write; alter role {} set work_mem = '5MB'; set idle_in_transaction_session_timeout = 0",
            login.login.role_name
        );
        session.execute(AssertSqlSafe(number)).await.expect("a transaction with a number");
        let_the_worker_end(id).await;
        assert!(session.execute("commit").await.is_err(), "the transaction goes on");
    });
}

/// A role that owns an object of another database can't be dropped. It is closed all the same, and a rotation shows the new
/// password.
#[test]
fn a_role_that_can_not_be_dropped_is_closed() {
    with_tenant(async |tenant| {
        let _sessions = SESSIONS.read().await;
        let (db, url) = (&environment().db, migrator_url());
        let mut last = grant(tenant, "Metabase").await;
        for ending in ["rotate", "revoke"] {
            let name = last.login.role_name.clone();
            let elsewhere = options(&last).database("postgres");
            let error =
                PgConnection::connect_with(&elsewhere).await.expect_err("the login connects elsewhere");
            assert_eq!(code(&error), LACKS_RIGHT, "{error}");
            as_root("postgres", format!("grant connect on database postgres to {name}")).await;
            let mut session = PgConnection::connect_with(&elsewhere).await.expect("the login connects");
            let own =
                "begin read write; alter default privileges revoke execute on functions from public; commit";
            session.execute(own).await.expect("a default of its own");
            let id = role_id(&name).await.expect("the role");
            let old = last.login.id;
            match ending {
                "rotate" => {
                    let rotated = bi::rotate(db, &url, tenant.id, old, 0).await;
                    let new = rotated.expect("the new login is shown");
                    assert!(connect(&last).await.is_err(), "the old login connects");
                    connect(&new).await.expect("the new login connects");
                    last = new;
                }
                _ => {
                    bi::revoke(db, &url, tenant.id, old).await.expect("the login is revoked");
                    assert!(connect(&last).await.is_err(), "the revoked login connects");
                }
            }
            assert_eq!(role_id(&name).await, Some(id), "the role is there until it owns nothing");
            let_the_worker_end(id).await;
            as_root(
                "postgres",
                format!("drop owned by {name}; revoke connect on database postgres from {name}"),
            )
            .await;
            bi::revoke(db, &url, tenant.id, old).await.expect("revoking again drops the role");
            assert_eq!(role_id(&name).await, None, "the role is dropped");
        }
    });
}

#[test]
fn a_rotation_makes_no_login_above_the_limit() {
    with_tenant(async |tenant| {
        let _sessions = SESSIONS.read().await;
        let (db, url) = (&environment().db, migrator_url());
        let first = grant(tenant, "Metabase").await;
        for _ in 1..service::bi_login::LOGINS_MAX {
            grant(tenant, "Another").await;
        }
        let more = bi::rotate(db, &url, tenant.id, first.login.id, 3600).await.expect_err("one too many");
        assert!(more.to_string().contains("at most 20 BI logins that work"), "{more}");
        bi::rotate(db, &url, tenant.id, first.login.id, 0).await.expect("one takes the place of the other");
        let made = sqlx::query_scalar("select count(*) from bi_login where tenant_id = $1").bind(tenant.id.0);
        let made: i64 = made.fetch_one(&environment().root).await.expect("a number");
        assert_eq!(made, 21);
    });
}
