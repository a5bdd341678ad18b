//! Logins beside the end of all logins: one that began before does not last after.

use std::time::Duration;

use domain::id::UserId;
use futures_util::join;
use reqwest::Method;
use sea_orm::sqlx::{self, PgConnection};
use serde_json::{Value, json};
use service::relay::Outbox;
use tests::{Client, Node, Reply, Tenant, environment, process_of, until_waiting_for, with_tenant};
use tokio::sync::OnceCell;
use tokio::time::sleep;

const PASSWORD: &str = "correct horse battery staple";
const NEXT: &str = "eight brown bottles of ink";
const OTHER: &str = "nine green bottles of glue";
const EMAIL: &str = "carl@shop.example";

async fn cashier(tenant: &Tenant) -> String {
    let body = json!({ "email": EMAIL, "name": "Carl", "role": "cashier", "password": PASSWORD });
    tenant.make("/v1/users", body).await
}

async fn login(tenant: &Tenant, password: &str) -> Reply {
    login_at(tenant, &tenant.slug, password).await
}

async fn login_at(client: &Client, slug: &str, password: &str) -> Reply {
    let login = json!({ "tenant": slug, "email": EMAIL, "password": password });
    client.anonymous().post("/v1/auth/login", &login).await
}

async fn change_at(client: &Client, slug: &str, (present, next): (&str, &str)) -> Reply {
    let body = json!({ "tenant": slug, "email": EMAIL, "password": present, "new_password": next });
    client.anonymous().post("/v1/auth/change-password", &body).await
}

async fn refresh(tenant: &Tenant, tokens: &Value) -> Reply {
    refresh_at(tenant, tokens).await
}

async fn refresh_at(client: &Client, tokens: &Value) -> Reply {
    let body = json!({ "refresh_token": tokens["refresh_token"] });
    client.anonymous().post("/v1/auth/refresh", &body).await
}

/// Holds the row of a user, so that those who want it wait in the order in which they come.
struct Held {
    connection: PgConnection,
    pid: i32,
}

impl Held {
    async fn user(tenant: &Tenant, strength: &'static str) -> Self {
        let mut connection = environment().connect().await;
        sqlx::query("begin").execute(&mut connection).await.expect("a transaction");
        let held = sqlx::query(strength).bind(tenant.id.0).fetch_all(&mut connection).await;
        assert_eq!(held.expect("the row is held").len(), 1);
        let pid = process_of(&mut connection).await;
        Held { connection, pid }
    }

    /// Releases the row once so many wait for it, or for each other.
    async fn release_for(self, waiting: i64) {
        until_so_many_wait(self.pid, waiting).await;
        self.release().await;
    }

    async fn release(mut self) {
        sqlx::query("commit").execute(&mut self.connection).await.expect("it ends");
    }
}

/// Waits until so many wait for a process, or for each other.
pub(super) async fn until_so_many_wait(pid: i32, sessions: i64) {
    until_waiting_for(&mut environment().connect().await, pid, sessions).await;
}

/// Returns a client of a server whose requests wait for a lock for a minute, so that a busy machine has time for all that must wait.
/// Tests share the server.
pub(super) async fn patient(tenant: &Tenant) -> Client {
    static NODE: OnceCell<Node> = OnceCell::const_new();
    let start = || {
        let url = format!("{}?options=-c%20lock_timeout%3D60s", environment().database_url());
        environment().node_with(|config| config.database_url = url.into())
    };
    tenant.at(&NODE.get_or_init(start).await.base_url)
}

/// The lock of who changes a user, without the change.
const AS_CHANGED: &str = "select id from app_user where tenant_id = $1 for no key update";
/// A lock that also stops inserts that refer to the user.
const AS_DELETED: &str = "select id from app_user where tenant_id = $1 for update";

#[test]
fn a_login_that_began_before_a_new_password_is_rejected() {
    with_tenant(async |tenant| {
        cashier(tenant).await;
        let client = patient(tenant).await;
        let held = Held::user(tenant, AS_CHANGED).await;
        let pid = held.pid;
        let changed = change_at(&client, &tenant.slug, (PASSWORD, NEXT));
        let logged_in = async {
            until_so_many_wait(pid, 1).await;
            login_at(&client, &tenant.slug, PASSWORD).await
        };
        let (changed, logged_in, ()) = join!(changed, logged_in, held.release_for(2));
        logged_in.refused(401, "invalid_credentials");
        refresh(tenant, &changed.ok()).await.ok();
        login(tenant, NEXT).await.ok();
    });
}

#[test]
fn of_two_new_passwords_at_once_one_is_rejected() {
    with_tenant(async |tenant| {
        cashier(tenant).await;
        let client = patient(tenant).await;
        let held = Held::user(tenant, AS_CHANGED).await;
        let pid = held.pid;
        let first = change_at(&client, &tenant.slug, (PASSWORD, NEXT));
        let second = async {
            until_so_many_wait(pid, 1).await;
            change_at(&client, &tenant.slug, (PASSWORD, OTHER)).await
        };
        let (first, second, ()) = join!(first, second, held.release_for(2));
        first.ok();
        second.refused(401, "invalid_credentials");
        login(tenant, NEXT).await.ok();
    });
}

#[test]
fn a_disabled_user_sets_no_password_and_gets_no_tokens() {
    with_tenant(async |tenant| {
        let path = format!("/v1/users/{}", cashier(tenant).await);
        let client = patient(tenant).await;
        let held = Held::user(tenant, AS_CHANGED).await;
        let pid = held.pid;
        let (disable_path, nothing) = (format!("{path}/disable"), json!({}));
        let disabled = client.post(&disable_path, &nothing);
        let changed = async {
            until_so_many_wait(pid, 1).await;
            change_at(&client, &tenant.slug, (PASSWORD, NEXT)).await
        };
        let (disabled, changed, ()) = join!(disabled, changed, held.release_for(2));
        disabled.ok();
        changed.refused(401, "invalid_credentials");
        tenant.post(&format!("{path}/enable"), &json!({})).await.ok();
        login(tenant, PASSWORD).await.ok();
    });
}

#[test]
fn a_refresh_under_way_ends_with_the_logins() {
    with_tenant(async |tenant| {
        cashier(tenant).await;
        let tokens = login(tenant, PASSWORD).await.ok();
        let client = patient(tenant).await;
        let held = Held::user(tenant, AS_DELETED).await;
        let pid = held.pid;
        let (refreshed, tenant_id) = (refresh_at(&client, &tokens), tenant.id);
        let ended = async {
            until_so_many_wait(pid, 1).await;
            let end = tokio::spawn(async move {
                let end =
                    "update refresh_token set revoked_at = now() where tenant_id = $1 and revoked_at is null";
                let ended = sqlx::query(end).bind(tenant_id.0).execute(&environment().root);
                ended.await.expect("the tokens end");
            });
            // It waits for the token, if the refresh holds that.
            sleep(Duration::from_millis(200)).await;
            held.release().await;
            end.await.expect("the tokens end");
        };
        let (refreshed, ()) = join!(refreshed, ended);
        if refreshed.status == 200 {
            refresh(tenant, &refreshed.json()).await.refused(401, "invalid_token");
        }
        refresh(tenant, &tokens).await.refused(401, "invalid_token");
    });
}

#[test]
fn tokens_of_before_stay_ended_when_a_user_is_enabled_again() {
    with_tenant(async |tenant| {
        let path = format!("/v1/users/{}", cashier(tenant).await);
        for ended in ["disable", "patch"] {
            let tokens = login(tenant, PASSWORD).await.ok();
            let client = tenant.with_key(tokens["access_token"].as_str().expect("a token"));
            client.get("/v1/me").await.ok();
            match ended {
                "disable" => tenant.post(&format!("{path}/disable"), &json!({})).await.ok(),
                _ => tenant.patch(&path, &json!({ "status": "disabled" })).await.ok(),
            };
            tenant.post(&format!("{path}/enable"), &json!({})).await.ok();
            client.get("/v1/me").await.refused(401, "invalid_token");
            refresh(tenant, &tokens).await.refused(401, "invalid_token");
        }
    });
}

/// Returns a client with the access token of a login.
fn with_tokens(tenant: &Tenant, tokens: &Value) -> Client {
    tenant.with_key(tokens["access_token"].as_str().expect("a token"))
}

#[test]
fn a_user_sees_the_own_sessions_and_ends_one() {
    with_tenant(async |tenant| {
        cashier(tenant).await;
        let body = json!({ "tenant": tenant.slug, "email": EMAIL, "password": PASSWORD });
        let call = tenant.anonymous().call(Method::POST, "/v1/auth/login").header("user-agent", "Phone/1");
        let phone = call.json(&body).send().await.ok();
        let till = login(tenant, PASSWORD).await.ok();
        let here = with_tokens(tenant, &till);
        let sessions = here.get("/v1/me/sessions").await.ok()["data"].as_array().expect("sessions").clone();
        let of =
            |member: &str| -> Vec<Value> { sessions.iter().map(|session| session[member].clone()).collect() };
        assert_eq!(of("is_current"), [json!(true), json!(false)], "{sessions:?}");
        assert_eq!(of("user_agent"), [json!(null), json!("Phone/1")], "{sessions:?}");
        assert!(of("network").iter().all(|network| network == "127.0.0.1/32"), "{sessions:?}");

        let next = refresh(tenant, &phone).await.ok();
        let there = with_tokens(tenant, &next);
        let again = there.get("/v1/me/sessions").await.ok()["data"].clone();
        assert_eq!(again[0]["id"], sessions[1]["id"], "the session that was used last comes first");
        assert_eq!(again[0]["created_at"], sessions[1]["created_at"]);
        assert_eq!((&again[0]["user_agent"], &again[0]["is_current"]), (&json!("Phone/1"), &json!(true)));

        let path = format!("/v1/me/sessions/{}", sessions[1]["id"].as_str().expect("an id"));
        assert_eq!(here.delete(&path).await.status, 204);
        there.get("/v1/me").await.refused(401, "invalid_token");
        refresh(tenant, &next).await.refused(401, "invalid_token");
        here.delete(&path).await.refused(404, "not_found");
        assert_eq!(here.get("/v1/me/sessions").await.ok()["data"].as_array().map(Vec::len), Some(1));
        let log = tenant.get("/v1/commands?name=user.session_ended").await.ok();
        assert_eq!(log["data"].as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn a_user_ends_all_other_sessions() {
    with_tenant(async |tenant| {
        cashier(tenant).await;
        let other =
            json!({ "email": "dora@shop.example", "name": "Dora", "role": "cashier", "password": PASSWORD });
        tenant.make("/v1/users", other).await;
        let body = json!({ "tenant": tenant.slug, "email": "dora@shop.example", "password": PASSWORD });
        let dora = tenant.anonymous().post("/v1/auth/login", &body).await.ok();
        let mut logins = Vec::new();
        for _ in 0..3 {
            logins.push(login(tenant, PASSWORD).await.ok());
        }
        let here = with_tokens(tenant, &logins[1]);
        assert_eq!(here.delete("/v1/me/sessions").await.status, 204);
        for ended in [0, 2] {
            with_tokens(tenant, &logins[ended]).get("/v1/me").await.refused(401, "invalid_token");
            refresh(tenant, &logins[ended]).await.refused(401, "invalid_token");
        }
        here.get("/v1/me").await.ok();
        refresh(tenant, &logins[1]).await.ok();
        with_tokens(tenant, &dora).get("/v1/me").await.ok();
        assert_eq!(tenant.get("/v1/me/sessions").await.ok()["data"], json!([]), "a key has none");
        tenant.delete("/v1/me/sessions").await.refused(409, "invalid_state_transition");
    });
}

#[test]
fn the_end_of_a_login_ends_its_access_token() {
    with_tenant(async |tenant| {
        cashier(tenant).await;
        let tokens = login(tenant, PASSWORD).await.ok();
        let client = with_tokens(tenant, &tokens);
        // From now on the server has the access token in its cache.
        client.get("/v1/me").await.ok();
        let body = json!({ "refresh_token": tokens["refresh_token"] });
        assert_eq!(tenant.anonymous().post("/v1/auth/logout", &body).await.status, 204);
        client.get("/v1/me").await.refused(401, "invalid_token");
        assert_eq!(tenant.anonymous().post("/v1/auth/logout", &body).await.status, 204);
    });
}

#[test]
fn a_second_use_of_a_refresh_token_ends_the_access_tokens_of_the_login() {
    with_tenant(async |tenant| {
        cashier(tenant).await;
        let stolen = login(tenant, PASSWORD).await.ok();
        let next = refresh(tenant, &stolen).await.ok();
        let other = with_tokens(tenant, &login(tenant, PASSWORD).await.ok());
        let clients = [with_tokens(tenant, &stolen), with_tokens(tenant, &next)];
        for client in &clients {
            client.get("/v1/me").await.ok();
        }
        refresh(tenant, &stolen).await.refused(401, "invalid_token");
        for client in &clients {
            client.get("/v1/me").await.refused(401, "invalid_token");
        }
        other.get("/v1/me").await.ok();
    });
}

/// Writes refresh tokens, links and invitations of a user that were made and ended so many days ago. A link has no other end.
const ENDED: &str = "
    with past as (
        select
            (lpad(to_hex((extract(epoch from now() - made * interval '1 day') * 1000)::bigint), 12, '0')
                || left(md5(random()::text), 20))::uuid as id,
            now() - made * interval '1 day' as made_at, now() - used * interval '1 day' as used_at,
            now() - revoked * interval '1 day' as revoked_at, sha256(random()::text::bytea) as hash
        from (
            values (61, null, null), (59, null, null), (32, 31, null), (32, 29, null), (40, null, 35), (40, 39, 2)
            union all
            select 70, 69, null::int from generate_series(1, 1200)
        ) v (made, used, revoked)
    ), tokens as (
        insert into refresh_token (tenant_id, id, family_id, user_id, hash, expires_at, used_at, revoked_at, created_at)
        select $1, id, id, $2, hash, made_at + interval '30 days', used_at, revoked_at, made_at from past
    ), guests as (
        insert into invitation (tenant_id, id, email, name, role, hash, actor_kind, actor_id, created_at, expires_at,
            accepted_at, revoked_at)
        select $1, id, 'guest@shop.example', 'Guest', 'cashier', hash, 'user', $2, made_at, made_at + interval '7 days',
            used_at, revoked_at
        from past
    )
    insert into password_link (tenant_id, id, user_id, hash, role, created_at, expires_at, ended_at)
    select $1, id, $2, hash, 'cashier', made_at, made_at + interval '1 day', used_at from past";

#[test]
fn credentials_are_deleted_thirty_days_after_they_ended() {
    with_tenant(async |tenant| {
        let _turn = environment().relays.lock().await;
        let user = cashier(tenant).await;
        let tokens = login(tenant, PASSWORD).await.ok();
        let user: UserId = user.parse().expect("an id");
        sqlx::query(ENDED)
            .bind(tenant.id.0)
            .bind(user.0)
            .execute(&environment().root)
            .await
            .expect("old credentials");
        let outbox = Outbox::connect(&environment().relay_database_url()).await.expect("the relay connects");
        assert!(outbox.forget_credentials().await.expect("old credentials are deleted") >= 3_600);
        // Of the tokens: one that expired 29 days ago, one that was used 29 days ago, and that of the login.
        assert_eq!(tenant.count("refresh_token").await, 3);
        // All links had expired before that.
        assert_eq!(tenant.count("password_link").await, 0);
        // One was accepted 29 days ago.
        assert_eq!(tenant.count("invitation").await, 1);
        assert_eq!(outbox.forget_credentials().await.expect("nothing is left"), 0);
        refresh(tenant, &tokens).await.ok();
    });
}
