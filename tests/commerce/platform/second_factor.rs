//! The second factor: codes of an authenticator app, which the test computes as an app does, and recovery codes.

mod challenges;
mod powers;

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use hmac::{Hmac, KeyInit, Mac};
use sea_orm::sqlx;
use serde_json::{Value, json};
use sha1::Sha1;
use tests::{Client, Reply, Tenant, environment, with_tenant};

const PASSWORD: &str = "correct horse battery staple";
const NEXT: &str = "eight brown bottles of ink";
const HERE: &str = "/v1/me/second-factor";

struct Person {
    id: String,
    email: String,
    client: Client,
}

/// Makes a user who is logged in.
async fn person(tenant: &Tenant, role: &str) -> Person {
    let email = format!("{role}@shop.example");
    let body = json!({ "email": email, "name": role, "role": role, "password": PASSWORD });
    let id = tenant.make("/v1/users", body).await;
    let tokens = login(tenant, &email).await.ok();
    Person { id, email, client: with_tokens(tenant, &tokens) }
}

fn with_tokens(tenant: &Tenant, tokens: &Value) -> Client {
    tenant.with_key(tokens["access_token"].as_str().expect("a token"))
}

async fn login(client: &Tenant, email: &str) -> Reply {
    login_at(&client.anonymous(), &client.slug, email).await
}

async fn login_at(stranger: &Client, slug: &str, email: &str) -> Reply {
    let login = json!({ "tenant": slug, "email": email, "password": PASSWORD });
    stranger.post("/v1/auth/login", &login).await
}

/// Logs in with a password that is right. Returns the challenge.
async fn challenge(tenant: &Tenant, email: &str) -> Value {
    let problem = login(tenant, email).await.refused(401, "mfa_required").0;
    assert!(problem["challenge"].as_str().is_some_and(|text| text.starts_with("swm_")), "{problem}");
    problem["challenge"].clone()
}

async fn complete(client: &Client, challenge: &Value, code: &str) -> Reply {
    let body = json!({ "challenge": challenge, "code": code });
    client.anonymous().post("/v1/auth/second-factor", &body).await
}

/// Decodes base32 without padding.
fn decode(secret: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_usize, 0_u32);
    for letter in secret.chars() {
        held = (held << 5) | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).expect("base32");
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    bytes
}

/// Computes the code that is shown so many steps after the present one.
fn code(secret: &str, steps: i64) -> String {
    let now: DateTime<Utc> = SystemTime::now().into();
    let mut mac = Hmac::<Sha1>::new_from_slice(&decode(secret)).expect("a key");
    mac.update(&(now.timestamp() / 30 + steps).to_be_bytes());
    let signed = mac.finalize().into_bytes();
    let from = usize::from(signed[19] & 15);
    let word = u32::from_be_bytes([signed[from], signed[from + 1], signed[from + 2], signed[from + 3]]);
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// Returns the codes of all steps around the present one.
fn near(secret: &str) -> Vec<String> {
    (-3..=3).map(|steps| code(secret, steps)).collect()
}

/// Returns a code that is wrong in all steps around the present one.
fn wrong_code(secret: &str) -> String {
    let near = near(secret);
    let codes = (0..8).map(|number| format!("{number:06}"));
    codes.into_iter().find(|code| !near.contains(code)).expect("one of eight is wrong")
}

async fn begin(client: &Client) -> String {
    let begun = client.post(HERE, &json!({ "password": PASSWORD })).await.created();
    begun["secret"].as_str().expect("a secret").to_owned()
}

/// Sets a second factor up. Returns its secret and its recovery codes. The code of the present step is used then.
async fn enrol(person: &Person) -> (String, Vec<String>) {
    let secret = begin(&person.client).await;
    let confirmed = confirm(&person.client, &code(&secret, 0)).await.created();
    let codes = confirmed["recovery_codes"].as_array().expect("codes").iter();
    (secret, codes.map(|code| code.as_str().expect("a code").to_owned()).collect())
}

async fn confirm(client: &Client, code: &str) -> Reply {
    client.post(&format!("{HERE}/confirm"), &json!({ "code": code })).await
}

async fn remove(client: &Client, code: &str) -> Reply {
    client.post(&format!("{HERE}/remove"), &json!({ "code": code })).await
}

/// Makes codes that were used work again, so that the test need not wait for the next ones.
async fn forget_used_codes(tenant: &Tenant) {
    let forget = "update app_user set second_factor_step = null where tenant_id = $1";
    let forgotten = sqlx::query(forget).bind(tenant.id.0).execute(&environment().root).await;
    forgotten.expect("codes work again");
}

/// Ends the counts of failures that all servers share.
async fn end_counts(tenant: &Tenant) {
    let end = "update failed_attempt set ends_at = now() - interval '1 second' where tenant_id = $1";
    sqlx::query(end).bind(tenant.id.0).execute(&environment().root).await.expect("the counts end");
}

#[test]
fn a_login_asks_for_the_code_of_the_app() {
    with_tenant(async |tenant| {
        let carl = person(tenant, "cashier").await;
        let none = carl.client.get(HERE).await.ok();
        assert_eq!((&none["confirmed_at"], &none["recovery_codes_left"]), (&Value::Null, &json!(0)));
        let made = carl.client.post_as(HERE, "begin-1", &json!({ "password": PASSWORD })).await;
        let begun = made.created();
        let secret = begun["secret"].as_str().expect("a secret");
        assert_eq!(decode(secret).len(), 20);
        let url = begun["url"].as_str().expect("a URL");
        let label =
            format!("otpauth://totp/Stockwell%20{}:cashier%40shop.example?secret={secret}&", tenant.slug);
        assert!(url.starts_with(&label) && url.ends_with("&algorithm=SHA1&digits=6&period=30"), "{url}");
        let again = carl.client.post_as(HERE, "begin-1", &json!({ "password": PASSWORD })).await;
        assert!(again.is_replayed() && again.created()["secret"] == Value::Null, "{}", again.text);
        // It counts once a code has shown that the app has it.
        login(tenant, &carl.email).await.ok();
        confirm(&carl.client, &wrong_code(secret)).await.refused(422, "validation_failed").names(&["#/code"]);
        let confirmed = confirm(&carl.client, &code(secret, 0)).await.created();
        assert_eq!(confirmed["recovery_codes"].as_array().map(Vec::len), Some(10));
        let shown = carl.client.get(HERE).await.ok();
        assert_eq!((&shown["secret"], &shown["recovery_codes"]), (&Value::Null, &Value::Null));
        assert_eq!(
            (&shown["confirmed_at"], &shown["recovery_codes_left"]),
            (&confirmed["confirmed_at"], &json!(10))
        );
        let user = tenant.get(&format!("/v1/users/{}", carl.id)).await.ok();
        assert_eq!(user["second_factor_since"], confirmed["confirmed_at"]);

        let challenge = challenge(tenant, &carl.email).await;
        complete(tenant, &challenge, &wrong_code(secret))
            .await
            .refused(422, "validation_failed")
            .names(&["#/code"]);
        let tokens = complete(tenant, &challenge, &code(secret, 1)).await.ok();
        with_tokens(tenant, &tokens).get("/v1/me").await.ok();
        let sessions = carl.client.get("/v1/me/sessions").await.ok();
        assert_eq!(sessions["data"].as_array().map(Vec::len), Some(3), "sessions go on");
        for name in ["user.second_factor_begun", "user.second_factor_confirmed"] {
            let log = tenant.get(&format!("/v1/commands?name={name}")).await.ok();
            assert_eq!(log["data"].as_array().map(Vec::len), Some(1), "{log}");
        }
    });
}

#[test]
fn a_code_works_once_and_near_its_time() {
    with_tenant(async |tenant| {
        let carl = person(tenant, "cashier").await;
        let secret = begin(&carl.client).await;
        let present = code(&secret, 0);
        confirm(&carl.client, &present).await.created();
        let challenge = challenge(tenant, &carl.email).await;
        let refused = async |code: &str| {
            complete(tenant, &challenge, code).await.refused(422, "validation_failed").names(&["#/code"]);
        };
        refused(&present).await;
        let next = code(&secret, 1);
        complete(tenant, &challenge, &next).await.ok();
        refused(&next).await;
        refused(&code(&secret, -1)).await;
        forget_used_codes(tenant).await;
        // A code of another time is now and then that of a step near the present one as well.
        let near = near(&secret);
        for direction in [-1, 1] {
            let mut far = (4..).map(|steps| code(&secret, direction * steps));
            refused(&far.find(|code| !near.contains(code)).expect("a code of another time")).await;
        }
        for odd in ["", "12345", "+12345", "1234567", "swc_abcd-efgh-ijkl-mnop"] {
            refused(odd).await;
        }
        let spaced = code(&secret, 0);
        complete(tenant, &challenge, &format!(" {} {} ", &spaced[..3], &spaced[3..])).await.ok();
    });
}

#[test]
fn of_many_logins_with_one_code_at_once_one_counts() {
    with_tenant(async |tenant| {
        let carl = person(tenant, "cashier").await;
        let (secret, codes) = enrol(&carl).await;
        let challenge = challenge(tenant, &carl.email).await;
        for code in [code(&secret, 1), codes[0].clone()] {
            let replies = join_all((0..5).map(|_| complete(tenant, &challenge, &code))).await;
            let opened = replies.iter().filter(|reply| reply.status == 200).count();
            assert_eq!(opened, 1, "{replies:?}");
            for reply in replies.iter().filter(|reply| reply.status != 200) {
                reply.refused(422, "validation_failed").names(&["#/code"]);
            }
        }
    });
}

#[test]
fn each_recovery_code_works_once() {
    with_tenant(async |tenant| {
        let carl = person(tenant, "cashier").await;
        let (_, codes) = enrol(&carl).await;
        let challenge = challenge(tenant, &carl.email).await;
        complete(tenant, &challenge, &codes[3]).await.ok();
        complete(tenant, &challenge, &codes[3]).await.refused(422, "validation_failed").names(&["#/code"]);
        complete(tenant, &challenge, &codes[4].to_uppercase().replace('-', "")).await.ok();
        assert_eq!(carl.client.get(HERE).await.ok()["recovery_codes_left"], json!(8));
        let log = tenant.get("/v1/commands?name=user.recovery_code_used").await.ok();
        assert_eq!(log["data"].as_array().map(Vec::len), Some(2), "{log}");
        remove(&carl.client, &codes[5]).await.expect(204);
        login(tenant, &carl.email).await.ok();
        complete(tenant, &challenge, &codes[6])
            .await
            .refused(422, "validation_failed")
            .names(&["#/challenge"]);
        let (_, next) = enrol(&carl).await;
        remove(&carl.client, &codes[6]).await.refused(422, "validation_failed").names(&["#/code"]);
        remove(&carl.client, &next[6]).await.expect(204);
    });
}

#[test]
fn a_second_factor_is_removed_with_a_code_or_by_a_caller_with_the_powers() {
    with_tenant(async |tenant| {
        let (admin, manager) = (person(tenant, "admin").await, person(tenant, "manager").await);
        let carl = person(tenant, "cashier").await;
        let path = format!("/v1/users/{}/second-factor", carl.id);
        tenant.delete(&path).await.refused(404, "not_found");
        let (secret, _) = enrol(&carl).await;
        remove(&carl.client, &wrong_code(&secret)).await.refused(422, "validation_failed").names(&["#/code"]);
        remove(&carl.client, &code(&secret, 1)).await.expect(204);
        assert_eq!(carl.client.get(HERE).await.ok()["confirmed_at"], Value::Null);
        login(tenant, &carl.email).await.ok();
        remove(&carl.client, &code(&secret, 1)).await.refused(409, "invalid_state_transition");

        enrol(&carl).await;
        manager.client.delete(&path).await.refused(403, "insufficient_scope");
        assert_eq!(admin.client.delete(&path).await.status, 204);
        login(tenant, &carl.email).await.ok();
        let log = tenant.get("/v1/commands?name=user.second_factor_removed").await.ok();
        assert_eq!(log["data"].as_array().map(Vec::len), Some(2), "{log}");

        let own = format!("/v1/users/{}/second-factor", admin.id);
        let (secret, _) = enrol(&admin).await;
        admin.client.delete(&own).await.refused(409, "invalid_state_transition");
        let owner = person(tenant, "owner").await;
        let (_, codes) = enrol(&owner).await;
        let of_owner = format!("/v1/users/{}/second-factor", owner.id);
        admin.client.delete(&of_owner).await.refused(403, "insufficient_scope");
        challenge(tenant, &owner.email).await;
        remove(&admin.client, &codes[0]).await.refused(422, "validation_failed").names(&["#/code"]);
        remove(&admin.client, &code(&secret, 1)).await.expect(204);
    });
}

#[test]
fn wrong_codes_are_counted() {
    with_tenant(async |tenant| {
        let carl = person(tenant, "cashier").await;
        let (secret, codes) = enrol(&carl).await;
        let node = environment().own_node().await;
        let here = tenant.anonymous().at(&node.base_url);
        let problem = login_at(&here, &tenant.slug, &carl.email).await.refused(401, "mfa_required").0;
        let challenge = &problem["challenge"];
        for number in 0..10 {
            let wrong = wrong_code(&secret);
            if number % 2 == 0 {
                complete(&here, challenge, &wrong).await.refused(422, "validation_failed");
            } else {
                remove(&carl.client.at(&node.base_url), &wrong).await.refused(422, "validation_failed");
            }
        }
        let rejected = complete(&here, challenge, &codes[0]).await;
        rejected.refused(429, "rate_limited");
        assert!(rejected.header("retry-after").is_some());
        let own = carl.client.at(&node.base_url);
        remove(&own, &codes[0]).await.refused(429, "rate_limited");
        own.post(HERE, &json!({ "password": PASSWORD })).await.refused(429, "rate_limited");
        // All servers count together. Passwords count apart.
        complete(tenant, challenge, &codes[0]).await.refused(429, "rate_limited");
        login_at(&here, &tenant.slug, &carl.email).await.refused(401, "mfa_required");
        end_counts(tenant).await;
        complete(tenant, challenge, &codes[0]).await.ok();
        assert_eq!(tenant.count("failed_attempt").await, 0, "a right code ends the count");
    });
}

#[test]
fn a_new_password_takes_a_code_too() {
    with_tenant(async |tenant| {
        let carl = person(tenant, "cashier").await;
        let (secret, codes) = enrol(&carl).await;
        let old = challenge(tenant, &carl.email).await;
        let body = |code: Value| json!({ "tenant": tenant.slug, "email": carl.email, "password": PASSWORD, "new_password": NEXT, "code": code });
        let change =
            async |code: Value| tenant.anonymous().post("/v1/auth/change-password", &body(code)).await;
        let asked = change(Value::Null).await.refused(401, "mfa_required").0;
        assert_eq!(asked.get("challenge"), None);
        change(json!(wrong_code(&secret))).await.refused(422, "validation_failed").names(&["#/code"]);
        change(json!("1".repeat(65))).await.refused(422, "validation_failed").names(&["#/code"]);
        login(tenant, &carl.email).await.refused(401, "mfa_required");
        let tokens = change(json!(code(&secret, 1))).await.ok();
        with_tokens(tenant, &tokens).get("/v1/me").await.ok();
        // The challenge was made for the password of before.
        complete(tenant, &old, &codes[0]).await.refused(422, "validation_failed").names(&["#/challenge"]);
        // A link sets a password and logs no one in.
        let link = tenant.post(&format!("/v1/users/{}/password-link", carl.id), &json!({})).await.created();
        let redeem = json!({ "token": link["token"], "password": PASSWORD });
        assert_eq!(tenant.anonymous().post("/v1/auth/password", &redeem).await.status, 204);
        let challenge = challenge(tenant, &carl.email).await;
        complete(tenant, &challenge, &codes[0]).await.ok();
        tenant.post(&format!("/v1/users/{}/disable", carl.id), &json!({})).await.ok();
        complete(tenant, &challenge, &codes[1])
            .await
            .refused(422, "validation_failed")
            .names(&["#/challenge"]);
    });
}

#[test]
fn a_second_factor_is_set_up_by_its_user_alone() {
    with_tenant(async |tenant| {
        let carl = person(tenant, "cashier").await;
        let wrong = json!({ "password": NEXT });
        carl.client.post(HERE, &wrong).await.refused(422, "validation_failed").names(&["#/password"]);
        let right = json!({ "password": PASSWORD });
        tenant.post(HERE, &right).await.refused(409, "invalid_state_transition");
        confirm(tenant, "000000").await.refused(409, "invalid_state_transition");
        assert_eq!(tenant.get(HERE).await.ok()["confirmed_at"], Value::Null, "a key has none");
        confirm(&carl.client, "000000").await.refused(409, "invalid_state_transition");
        let shown = carl.client.dry_run(HERE, &right).await;
        assert!(!shown.text.contains("otpauth"), "{}", shown.text);
        confirm(&carl.client, "000000").await.refused(409, "invalid_state_transition");

        let (mut first, mut second) = (begin(&carl.client).await, begin(&carl.client).await);
        // Two secrets now and then have the same code.
        while near(&second).contains(&code(&first, 0)) {
            (first, second) = (second, begin(&carl.client).await);
        }
        confirm(&carl.client, &code(&first, 0)).await.refused(422, "validation_failed").names(&["#/code"]);
        confirm(&carl.client, &code(&second, 0)).await.created();
        carl.client.post(HERE, &right).await.refused(409, "invalid_state_transition");
        confirm(&carl.client, &code(&second, 1)).await.refused(409, "invalid_state_transition");
        let challenge = challenge(tenant, &carl.email).await;
        let text = challenge.as_str().expect("a challenge");
        let forged = format!("{}{}", &text[..20], text[20..].to_uppercase());
        for odd in ["", "swm_", "swm_x", forged.as_str(), &text[..60]] {
            let reply = complete(tenant, &json!(odd), &code(&second, 1)).await;
            reply.refused(422, "validation_failed").names(&["#/challenge"]);
        }
        complete(tenant, &challenge, &code(&second, 1)).await.ok();
    });
}

#[test]
fn a_right_password_forgives_no_wrong_code() {
    with_tenant(async |tenant| {
        let carl = person(tenant, "cashier").await;
        let (secret, codes) = enrol(&carl).await;
        let node = environment().own_node().await;
        let own = carl.client.at(&node.base_url);
        for _ in 0..9 {
            remove(&own, &wrong_code(&secret)).await.refused(422, "validation_failed").names(&["#/code"]);
        }
        // The password is right, and the user has a second factor already.
        let right = json!({ "password": PASSWORD });
        own.post(HERE, &right).await.refused(409, "invalid_state_transition");
        remove(&own, &wrong_code(&secret)).await.refused(422, "validation_failed").names(&["#/code"]);
        remove(&own, &codes[0]).await.refused(429, "rate_limited");
    });
}

#[test]
fn wrong_passwords_count_on_all_servers() {
    with_tenant(async |tenant| {
        let carl = person(tenant, "cashier").await;
        let node = environment().own_node().await;
        let here = tenant.anonymous();
        let there = here.at(&node.base_url);
        let wrong = json!({ "tenant": tenant.slug, "email": carl.email, "password": NEXT });
        for number in 0..10 {
            let stranger = if number % 2 == 0 { &here } else { &there };
            stranger.post("/v1/auth/login", &wrong).await.refused(401, "invalid_credentials");
        }
        for stranger in [&here, &there] {
            login_at(stranger, &tenant.slug, &carl.email).await.refused(429, "rate_limited");
        }
        end_counts(tenant).await;
        login_at(&there, &tenant.slug, &carl.email).await.ok();
    });
}
