//! Challenges: they end, and an old one locks no user out.

use std::time::SystemTime;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use service::auth::SigningKey;
use sha2::Sha256;
use tests::{environment, with_tenant};

use super::{challenge, complete, enrol, person};

/// Signs a challenge again, with another end: so many seconds from now.
fn ending_in(challenge: &Value, seconds: i64) -> Value {
    let text = challenge.as_str().expect("a challenge").trim_start_matches("swm_");
    let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64");
    bytes.truncate(48);
    let now: DateTime<Utc> = SystemTime::now().into();
    bytes[32..40].copy_from_slice(&(now.timestamp() + seconds).to_be_bytes());
    let key = SigningKey::load(&environment().signing_key_file).expect("the key of the servers");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.derive("login challenges")).expect("a key");
    mac.update(&bytes);
    bytes.extend_from_slice(&mac.finalize().into_bytes());
    json!(format!("swm_{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
}

#[test]
fn a_challenge_ends() {
    with_tenant(async |tenant| {
        let carl = person(tenant, "cashier").await;
        let (_, codes) = enrol(&carl).await;
        let challenge = challenge(tenant, &carl.email).await;
        for (seconds, status) in [(-1, 422), (60, 200)] {
            let reply = complete(tenant, &ending_in(&challenge, seconds), &codes[0]).await;
            assert_eq!(reply.status, status, "{}", reply.text);
        }
    });
}

#[test]
fn an_old_challenge_does_not_lock_its_user_out() {
    with_tenant(async |tenant| {
        let carl = person(tenant, "cashier").await;
        let (_, codes) = enrol(&carl).await;
        let challenge = challenge(tenant, &carl.email).await;
        let node = environment().own_node().await;
        let here = tenant.anonymous().at(&node.base_url);
        for _ in 0..11 {
            let reply = complete(&here, &ending_in(&challenge, -1), &codes[0]).await;
            reply.refused(422, "validation_failed").names(&["#/challenge"]);
        }
        complete(&here, &challenge, &codes[0]).await.ok();
    });
}
