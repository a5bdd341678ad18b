//! Invitations: who may invite whom, and tokens that work once, for 7 days.

use futures_util::future::join_all;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Client, Reply, Tenant, environment, with_tenant, with_tenants};

const PASSWORD: &str = "correct horse battery staple";
const PATH: &str = "/v1/invitations";
const INVITED: &str = "invited@shop.example";

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

async fn login(tenant: &Tenant, email: &str) -> Reply {
    let login = json!({ "tenant": tenant.slug, "email": email, "password": PASSWORD });
    tenant.anonymous().post("/v1/auth/login", &login).await
}

/// Makes a user with a role. Returns its id and a client of it.
async fn person(tenant: &Tenant, role: &str) -> (String, Client) {
    let email = format!("{role}@shop.example");
    let body = json!({ "email": email, "name": role, "role": role, "password": PASSWORD });
    let id = tenant.make("/v1/users", body).await;
    let tokens = login(tenant, &email).await.ok();
    (id, tenant.with_key(text(&tokens["access_token"])))
}

async fn invite(client: &Client, email: &str, role: &str) -> Reply {
    client.post(PATH, &json!({ "email": email, "name": "Shop Manager", "role": role })).await
}

async fn accept(client: &Client, invitation: &Value) -> Reply {
    let body = json!({ "token": invitation["token"], "password": PASSWORD });
    client.anonymous().post("/v1/auth/invitation", &body).await
}

/// Checks that an invitation can't be accepted.
async fn is_spent(tenant: &Tenant, invitation: &Value) {
    accept(tenant, invitation).await.refused(422, "validation_failed").names(&["#/token"]);
}

/// Returns the ids of the invitations in a state.
async fn listed(tenant: &Tenant, status: &str) -> Vec<Value> {
    let list = tenant.get(&format!("{PATH}?status={status}")).await.ok();
    list["data"].as_array().expect("a list").iter().map(|invitation| invitation["id"].clone()).collect()
}

#[test]
fn an_invited_person_has_the_custom_role_of_the_invitation() {
    with_tenant(async |tenant| {
        let role = |name: &str| json!({ "name": name, "base": "buyer", "scopes": ["stock:read"] });
        let kept = tenant.make("/v1/custom-roles", role("Stock")).await;
        let deleted = tenant.make("/v1/custom-roles", role("Deleted")).await;
        let body = |email: &str, role: &str, custom_role: &str| {
            json!({ "email": email, "name": "Guest", "role": role,
            "custom_role_id": custom_role })
        };
        let wrong = tenant.post(PATH, &body(INVITED, "cashier", &kept)).await;
        wrong.refused(422, "validation_failed").names(&["#/custom_role_id"]);
        let invitation = tenant.post(PATH, &body(INVITED, "buyer", &kept)).await.created();
        let other = tenant.post(PATH, &body("other@shop.example", "buyer", &deleted)).await.created();
        // The scopes are those of the acceptance.
        let wider = json!({ "scopes": ["catalog:read", "stock:read"] });
        tenant.patch(&format!("/v1/custom-roles/{kept}"), &wider).await.ok();
        accept(tenant, &invitation).await.expect(204);
        let tokens = login(tenant, INVITED).await.ok();
        let me = tenant.with_key(text(&tokens["access_token"])).get("/v1/me").await.ok();
        assert_eq!(me["scopes"], json!(["catalog:read", "stock:read"]));
        let accepted = tenant.get(&format!("{PATH}/{}", text(&invitation["id"]))).await.ok();
        assert_eq!(accepted["custom_role_id"], json!(kept));
        let user = tenant.get(&format!("/v1/users/{}", text(&accepted["user_id"]))).await.ok();
        assert_eq!((&user["role"], &user["custom_role_id"]), (&json!("buyer"), &json!(kept)));
        // The person of the other one would have all scopes of the base.
        assert_eq!(tenant.delete(&format!("/v1/custom-roles/{deleted}")).await.status, 204);
        is_spent(tenant, &other).await;
    });
}

#[test]
fn an_invited_person_becomes_a_user_once() {
    with_tenant(async |tenant| {
        let body = json!({ "email": " Invited@Shop.example ", "name": "Shop Manager", "role": "manager", "url": "https://shop.example/hi" });
        let made = tenant.post_as(PATH, "invite-1", &body).await;
        let invitation = made.created();
        let link = format!("https://shop.example/hi#token={}", text(&invitation["token"]));
        assert_eq!(invitation["link"], json!(link));
        let path = format!("{PATH}/{}", text(&invitation["id"]));
        assert_eq!(made.header("location"), Some(path.as_str()));
        let again = tenant.post_as(PATH, "invite-1", &body).await;
        assert!(again.is_replayed() && again.created()["token"] == Value::Null, "{}", again.text);
        let open = tenant.get(&path).await.ok();
        assert_eq!((&open["email"], &open["role"]), (&json!(INVITED), &json!("manager")));
        assert_eq!((&open["status"], &open["user_id"]), (&json!("open"), &Value::Null));
        assert!(!open.to_string().contains("swi_"), "{open}");
        assert_eq!(listed(tenant, "open").await, [invitation["id"].clone()]);
        login(tenant, INVITED).await.refused(401, "invalid_credentials");

        let short = json!({ "token": invitation["token"], "password": "short" });
        let refused = tenant.anonymous().post("/v1/auth/invitation", &short).await;
        refused.refused(422, "validation_failed").names(&["#/password"]);
        accept(tenant, &invitation).await.expect(204);
        is_spent(tenant, &invitation).await;
        let tokens = login(tenant, INVITED).await.ok();
        let me = tenant.with_key(text(&tokens["access_token"])).get("/v1/me").await.ok();
        assert_eq!(me["actor_name"], "Shop Manager");
        let accepted = tenant.get(&path).await.ok();
        assert_eq!(accepted["status"], "accepted");
        let user = tenant.get(&format!("/v1/users/{}", text(&accepted["user_id"]))).await.ok();
        assert_eq!((&user["email"], &user["role"]), (&json!(INVITED), &json!("manager")));
        assert_eq!(listed(tenant, "open").await, Vec::<Value>::new());
        assert_eq!(listed(tenant, "accepted").await, [invitation["id"].clone()]);
        for name in ["invitation.created", "invitation.accepted", "user.created"] {
            let log = tenant.get(&format!("/v1/commands?name={name}")).await.ok();
            assert_eq!(log["data"].as_array().map(Vec::len), Some(1), "{log}");
        }
        tenant.delete(&path).await.refused(409, "invalid_state_transition");
        invite(tenant, INVITED, "cashier").await.refused(409, "already_exists").names(&["#/email"]);
    });
}

#[test]
fn of_many_acceptances_at_once_one_counts() {
    with_tenant(async |tenant| {
        let invitation = invite(tenant, INVITED, "cashier").await.created();
        let replies = join_all((0..5).map(|_| accept(tenant, &invitation))).await;
        let accepted = replies.iter().filter(|reply| reply.status == 204).count();
        assert_eq!(accepted, 1, "{replies:?}");
        for reply in replies.iter().filter(|reply| reply.status != 204) {
            reply.refused(422, "validation_failed").names(&["#/token"]);
        }
        let users = tenant.get("/v1/users").await.ok();
        assert_eq!(users["data"].as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn an_invitation_ends_when_it_is_revoked_replaced_or_old() {
    with_tenant(async |tenant| {
        let first = invite(tenant, INVITED, "cashier").await.created();
        let second = invite(tenant, "INVITED@shop.example", "buyer").await.created();
        is_spent(tenant, &first).await;
        assert_eq!(listed(tenant, "revoked").await, [first["id"].clone()]);
        let path = format!("{PATH}/{}", text(&second["id"]));
        tenant.delete(&path).await.expect(204);
        tenant.delete(&path).await.expect(204);
        is_spent(tenant, &second).await;

        let third = invite(tenant, INVITED, "cashier").await.created();
        let age = "update invitation set expires_at = now() - interval '1 second' where tenant_id = $1";
        let aged = sqlx::query(age).bind(tenant.id.0).execute(&environment().root).await;
        aged.expect("the invitation is old");
        is_spent(tenant, &third).await;
        assert_eq!(listed(tenant, "expired").await, [third["id"].clone()]);
        assert_eq!(listed(tenant, "open").await, Vec::<Value>::new());
        let fourth = invite(tenant, INVITED, "cashier").await.created();
        let body =
            json!({ "email": INVITED, "name": "Shop Manager", "role": "cashier", "password": PASSWORD });
        tenant.post("/v1/users", &body).await.created();
        accept(tenant, &fourth).await.refused(409, "already_exists").names(&["#/token"]);
        for token in ["", "swi_x", "swp_01h455vb4pex5vsknk084sn02q_x"] {
            is_spent(tenant, &json!({ "token": token })).await;
        }
    });
}

#[test]
fn no_caller_invites_a_person_with_more_powers() {
    with_tenant(async |tenant| {
        let (owner, admin) = (person(tenant, "owner").await.1, person(tenant, "admin").await);
        let (manager, cashier) = (person(tenant, "manager").await.1, person(tenant, "cashier").await.1);
        invite(&admin.1, INVITED, "owner").await.refused(403, "insufficient_scope");
        invite(&manager, INVITED, "cashier").await.refused(403, "insufficient_scope");
        invite(&cashier, INVITED, "cashier").await.refused(403, "insufficient_scope");
        let of_owner = invite(&owner, INVITED, "owner").await.created();
        let path = format!("{PATH}/{}", text(&of_owner["id"]));
        admin.1.delete(&path).await.refused(403, "insufficient_scope");
        // The next invitation to an address ends the one before, so it takes the same powers.
        invite(&admin.1, INVITED, "cashier").await.refused(403, "insufficient_scope");
        manager.get(PATH).await.ok();
        cashier.get(PATH).await.refused(403, "insufficient_scope");
        let (_, secret) = super::auth::key_with(tenant, json!({ "scopes": ["users:write"] })).await;
        invite(&tenant.with_key(&secret), INVITED, "cashier").await.refused(403, "insufficient_scope");

        // The maker needs the powers still when the invitation is accepted.
        let by_admin = invite(&admin.1, "deputy@shop.example", "admin").await.created();
        let user = format!("/v1/users/{}", admin.0);
        tenant.patch(&user, &json!({ "role": "cashier" })).await.ok();
        is_spent(tenant, &by_admin).await;
        tenant.patch(&user, &json!({ "role": "admin" })).await.ok();
        tenant.post(&format!("{user}/disable"), &json!({})).await.ok();
        is_spent(tenant, &by_admin).await;
        tenant.post(&format!("{user}/enable"), &json!({})).await.ok();
        accept(tenant, &by_admin).await.expect(204);
        accept(tenant, &of_owner).await.expect(204);
    });
}

#[test]
fn an_invitation_by_a_key_ends_with_the_key() {
    with_tenants(async |tenant, stranger| {
        let scopes = tenant.get("/v1/me").await.ok()["scopes"].clone();
        let (id, secret) = super::auth::key_with(tenant, json!({ "scopes": scopes })).await;
        let invitation = invite(&tenant.with_key(&secret), INVITED, "cashier").await.created();
        let path = format!("{PATH}/{}", text(&invitation["id"]));
        stranger.get(&path).await.refused(404, "not_found");
        stranger.delete(&path).await.refused(404, "not_found");
        tenant.delete(&format!("/v1/api-keys/{id}")).await.expect(204);
        is_spent(tenant, &invitation).await;
    });
}

#[test]
fn bad_input_names_its_field() {
    with_tenant(async |tenant| {
        for (field, value) in [("email", "nowhere"), ("name", ""), ("url", "http://shop.example")] {
            let mut body = json!({ "email": INVITED, "name": "Shop Manager", "role": "cashier" });
            body[field] = json!(value);
            let pointer = format!("#/{field}");
            tenant.post(PATH, &body).await.refused(422, "validation_failed").names(&[pointer.as_str()]);
        }
        let unknown = json!({ "email": INVITED, "name": "Shop Manager", "role": "king" });
        assert!(matches!(tenant.post(PATH, &unknown).await.status, 400 | 422));
        tenant.get(&format!("{PATH}?status=lost")).await.refused(400, "invalid_parameter");
        assert_eq!(tenant.get(PATH).await.ok()["data"], json!([]));
    });
}
