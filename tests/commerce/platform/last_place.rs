//! Limits of the records of a tenant hold when two callers take the last free place at once.

use std::time::Duration;

use futures_util::future::{join, join_all};
use sea_orm::sqlx::{self, AssertSqlSafe};
use serde_json::json;
use service::auth::{ApiKeyCreate, KeyMode, make_key};
use service::bi_login;
use service::scope::Scope;
use strum::IntoEnumIterator;
use tests::{Client, Reply, Tenant, environment, with_tenant};
use tokio::time::sleep;

use crate::platform::auth::outside;

/// Time for which the writes are held up. It is shorter than they wait for a lock.
const HELD: Duration = Duration::from_millis(400);

/// Returns clients with keys of their own. Writes of one key wait for each other anyway.
async fn two(tenant: &Tenant) -> Vec<Client> {
    let mut clients = Vec::new();
    for name in ["First", "Second"] {
        let wanted = ApiKeyCreate::unbounded(name, KeyMode::Test, Scope::iter().collect());
        let made = make_key(&environment().db, &service::tenant::operator(tenant.id), &wanted).await;
        clients.push(tenant.with_key(made.expect("a key").reveal()));
    }
    clients
}

/// Carries out `work` while another transaction has run `statement`, which holds the writes up after they have counted.
async fn held_up<T>(statement: String, work: impl Future<Output = T>) -> T {
    let mut held = environment().root.begin().await.expect("a transaction");
    sqlx::query(AssertSqlSafe(statement)).execute(&mut *held).await.expect("a lock");
    let release = async {
        sleep(HELD).await;
        held.rollback().await.expect("the lock ends");
    };
    join(work, release).await.0
}

/// Checks that one of two writes has the last place.
fn one_is_made(replies: &[Reply], detail: &str) {
    let made = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(made, 1, "{replies:?}");
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        reply.refused(409, "invalid_state_transition");
        assert!(reply.text.contains(detail), "{}", reply.text);
    }
}

async fn invite(client: &Client, email: &str, custom_role: &str) -> Reply {
    let body = json!({ "email": email, "name": "Guest", "role": "buyer", "custom_role_id": custom_role });
    client.post("/v1/invitations", &body).await
}

#[test]
fn one_of_two_invitations_at_once_has_the_last_place() {
    with_tenant(async |tenant| {
        let clients = two(tenant).await;
        let role = json!({ "name": "Stock", "base": "buyer", "scopes": ["stock:read"] });
        let role = tenant.make("/v1/custom-roles", role).await;
        let lock = format!("select from custom_role where tenant_id = '{}' for update", tenant.id.0);

        // Of two to one address, the later one ends the earlier one.
        let same = join_all(clients.iter().map(|client| invite(client, "same@shop.example", &role)));
        for reply in held_up(lock.clone(), same).await {
            reply.created();
        }
        let open = tenant.get("/v1/invitations?status=open").await.ok();
        assert_eq!(open["data"].as_array().map(Vec::len), Some(1), "{open}");

        outside(
            tenant,
            "insert into invitation (tenant_id, id, email, name, role, hash, actor_kind, actor_id, created_at, expires_at) \
             select $1, gen_random_uuid(), n || '@shop.example', 'Guest', 'buyer', sha256(n::text::bytea), 'operator', \
                 '00000000-0000-0000-0000-000000000000', now(), now() + interval '7 days' from generate_series(1, 198) n",
        )
        .await;
        let emails = ["one@shop.example", "other@shop.example"];
        let both = join_all(clients.iter().zip(emails).map(|(client, email)| invite(client, email, &role)));
        one_is_made(&held_up(lock, both).await, "At most 200 invitations may be open");
    });
}

#[test]
fn one_of_two_categories_at_once_has_the_last_place() {
    with_tenant(async |tenant| {
        let clients = two(tenant).await;
        let first = tenant.make("/v1/categories", json!({ "code": "FIRST", "name": "First" })).await;
        outside(
            tenant,
            "insert into category (tenant_id, id, code, name, lineage, created_at, updated_at) \
             select $1, n.id, 'C-' || n.number, 'Category', array[n.id], now(), now() \
             from (select gen_random_uuid() as id, number from generate_series(1, 4998) number) n",
        )
        .await;
        let bodies = [
            json!({ "code": "ROOT", "name": "At the root" }),
            json!({ "code": "BELOW", "name": "Below", "parent_id": first }),
        ];
        let both =
            join_all(clients.iter().zip(&bodies).map(|(client, body)| client.post("/v1/categories", body)));
        let lock = "lock table category in share mode".to_owned();
        one_is_made(&held_up(lock, both).await, "The tree has at most 5000 categories.");
    });
}

#[test]
fn one_of_two_bi_logins_at_once_has_the_last_place() {
    with_tenant(async |tenant| {
        outside(
            tenant,
            "insert into bi_login (tenant_id, id, name, role_name, created_at, updated_at) \
             select $1, gen_random_uuid(), 'Tool', 'bi_' || repeat(chr(97 + n), 26), now(), now() from generate_series(1, 19) n",
        )
        .await;
        let grant = async |letter: &str| {
            let role = format!("bi_{}", letter.repeat(26));
            bi_login::grant(&environment().db, tenant.id, "Tool", &role, None).await
        };
        let lock = "lock table bi_login in share mode".to_owned();
        let (one, other) = held_up(lock, join(grant("x"), grant("y"))).await;
        let (made, rejected) = if one.is_ok() { (one, other) } else { (other, one) };
        made.expect("one is granted");
        let rejected = rejected.expect_err("the other one finds no place");
        assert!(rejected.to_string().contains("at most 20 BI logins that work"), "{rejected}");
    });
}
