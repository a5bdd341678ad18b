//! Payments on card terminals. The test plays the provider: it signs the reports.

mod refund;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{Duration, TimeDelta};
use domain::id::PaymentProviderId;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use tests::{Client, Reply, Tenant, Till, environment, lines, with_tenant, with_tenants};
use uuid::Uuid;

use crate::platform::auth::key_with;

const SALES: &str = "/v1/pos/sales";
const INTENTS: &str = "/v1/payment-intents";
const PROVIDERS: &str = "/v1/payment-providers";

/// A provider of card terminals.
struct Provider {
    id: String,
    secret: String,
}

/// The signed parts of a message.
struct Message<'a> {
    id: &'a str,
    /// Distance of its time from now.
    late: TimeDelta,
    body: &'a Value,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

async fn provider(tenant: &Tenant) -> Provider {
    let made = tenant.post(PROVIDERS, &json!({ "name": "Terminals" })).await.created();
    Provider { id: text(&made["payment_provider"]["id"]), secret: text(&made["secret"]) }
}

impl Provider {
    async fn send(&self, client: &Client, message: &Message<'_>) -> Reply {
        let at = (environment().now().await - message.late).timestamp();
        let (id, body) = (message.id, message.body.to_string());
        let key = self.secret.strip_prefix("whsec_").and_then(|key| BASE64_STANDARD.decode(key).ok());
        let mut mac = Hmac::<Sha256>::new_from_slice(&key.expect("a secret")).expect("a key");
        mac.update(format!("{id}.{at}.{body}").as_bytes());
        let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
        let path = format!("{PROVIDERS}/{}/events", self.id);
        let call = client.anonymous().call(Method::POST, &path).header("webhook-id", id);
        let call = call.header("webhook-timestamp", &at.to_string());
        call.header("webhook-signature", &format!("v1,{signature}")).raw(body).send().await
    }

    /// Reports on an intent with a message of its own.
    async fn report(&self, tenant: &Tenant, intent: &Value, kind: &str, amount: Option<&str>) -> Reply {
        let body = json!({ "type": kind, "payment_intent_id": intent["id"], "amount": amount,
            "card": { "brand": "visa", "last_four": "0042", "authorisation_code": "A1B2C3", "terminal_id": "T-7" } });
        let id = format!("{kind}_{}", text(&intent["id"]));
        self.send(tenant, &Message { id: &id, late: TimeDelta::zero(), body: &body }).await
    }

    async fn intent(&self, tenant: &Tenant, till: &Till, amount: &str) -> Value {
        let asked = json!({ "provider_id": self.id, "register_id": till.register_id, "amount": amount });
        tenant.post(INTENTS, &asked).await.created()
    }
}

/// Returns a sale of one mug, which comes to 12.00, by the card of an intent.
fn by_card(till: &Till, intent: &Value) -> Value {
    json!({ "register_id": till.register_id, "lines": lines(&[("MUG", "1")]),
        "tenders": [{ "kind": "card", "payment_intent_id": intent["id"] }] })
}

async fn shop(tenant: &Tenant) -> (Provider, Till) {
    tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
    (provider(tenant).await, tenant.till().await)
}

async fn read(tenant: &Tenant, intent: &Value) -> Value {
    tenant.get(&format!("{INTENTS}/{}", text(&intent["id"]))).await.ok()
}

#[test]
fn a_card_pays_a_sale_once_and_to_the_cent() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let intent = provider.intent(tenant, &till, "12.00").await;
        assert_eq!((&intent["status"], &intent["amount"]), (&json!("created"), &json!("12.00")));
        let early = tenant.post(SALES, &by_card(&till, &intent)).await;
        early.refused(409, "invalid_state_transition").names(&["#/tenders/0/payment_intent_id"]);
        provider.report(tenant, &intent, "authorised", Some("12.00")).await.expect(204);
        let mut two = by_card(&till, &intent);
        two["lines"][0]["quantity"] = json!("2");
        let wrong = tenant.post(SALES, &two).await;
        wrong.refused(422, "tender_mismatch").names(&["#/tenders/0/amount"]);
        let other = tenant.till().await;
        let elsewhere = tenant.post(SALES, &by_card(&other, &intent)).await;
        elsewhere.refused(422, "validation_failed").names(&["#/tenders/0/payment_intent_id"]);
        let sold = tenant.post(SALES, &by_card(&till, &intent)).await.created();
        assert_eq!(sold["tenders"][0]["payment_intent_id"], intent["id"]);
        let again = tenant.get(&format!("{SALES}/{}", text(&sold["id"]))).await.ok();
        assert_eq!(again["tenders"], sold["tenders"]);
        provider.report(tenant, &intent, "captured", Some("12.00")).await.expect(204);
        let paid = read(tenant, &intent).await;
        let facts = ["status", "captured_amount", "card_brand", "card_last_four", "sale_id"];
        let expected = [json!("captured"), json!("12.00"), json!("visa"), json!("0042"), sold["id"].clone()];
        assert_eq!(facts.map(|name| paid[name].clone()), expected);
        let twice = tenant.post(SALES, &by_card(&till, &intent)).await;
        twice.refused(409, "invalid_state_transition").names(&["#/tenders/0/payment_intent_id"]);
        let captured = tenant.events("type=payment_intent.captured").await;
        assert_eq!(captured.len(), 1);
        assert_eq!(captured[0]["data"]["object"]["id"], intent["id"]);
    });
}

#[test]
fn two_sales_at_once_share_no_payment() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let intent = provider.intent(tenant, &till, "12.00").await;
        provider.report(tenant, &intent, "captured", Some("12.00")).await.expect(204);
        let body = by_card(&till, &intent);
        let sales = futures_util::future::join_all((0..6).map(|_| tenant.post(SALES, &body))).await;
        assert_eq!(sales.iter().filter(|reply| reply.status == 201).count(), 1);
        for reply in sales.iter().filter(|reply| reply.status != 201) {
            reply.refused(409, "invalid_state_transition");
        }
        assert_eq!(tenant.count("tender_payment_intent").await, 1);
    });
}

#[test]
fn only_a_message_that_the_provider_signed_lately_counts() {
    with_tenants(async |tenant, other| {
        let (provider, till) = shop(tenant).await;
        let intent = provider.intent(tenant, &till, "12.00").await;
        let body = json!({ "type": "captured", "payment_intent_id": intent["id"], "amount": "12.00" });
        for late in [Duration::seconds(320), Duration::seconds(-320)] {
            let old = Message { id: "msg_1", late, body: &body };
            provider.send(tenant, &old).await.refused(401, "invalid_token");
        }
        let message = Message { id: "msg_1", late: TimeDelta::zero(), body: &body };
        // The provider of another tenant signs with its own secret, and knows no intent of this one.
        let theirs = self::provider(other).await;
        theirs.send(tenant, &message).await.refused(404, "not_found").names(&["#/payment_intent_id"]);
        let forged = Provider { id: provider.id.clone(), secret: theirs.secret.clone() };
        forged.send(tenant, &message).await.refused(401, "invalid_token");
        let unknown = Provider { id: "ppr_01h455vb4pex5vsknk084sn02q".to_owned(), secret: theirs.secret };
        unknown.send(tenant, &message).await.refused(401, "invalid_token");
        assert_eq!(read(tenant, &intent).await["status"], "created");
        for _ in 0..2 {
            provider.send(tenant, &message).await.expect(204);
        }
        assert_eq!(tenant.events("type=payment_intent.captured").await.len(), 1);
        assert_eq!(tenant.count("payment_provider_event").await, 1);
        // A late report takes nothing back.
        provider.report(tenant, &intent, "cancelled", None).await.expect(204);
        assert_eq!(read(tenant, &intent).await["status"], "captured");
        tenant.delete(&format!("{PROVIDERS}/{}", provider.id)).await.expect(204);
        let after = Message { id: "msg_2", ..message };
        provider.send(tenant, &after).await.refused(401, "invalid_token");
    });
}

#[test]
fn a_report_without_an_amount_or_with_a_card_number_is_rejected() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let intent = provider.intent(tenant, &till, "12.00").await;
        let nothing = provider.report(tenant, &intent, "captured", None).await;
        nothing.refused(422, "validation_failed").names(&["#/amount"]);
        let body = json!({ "type": "captured", "payment_intent_id": intent["id"], "amount": "12.00",
            "card": { "terminal_id": "4111 1111 1111 1111" } });
        let message = Message { id: "msg_1", late: TimeDelta::zero(), body: &body };
        let card = provider.send(tenant, &message).await;
        card.refused(422, "validation_failed").names(&["#/card/terminal_id"]);
        // A rejected message is not remembered: the provider sends it again.
        assert_eq!(tenant.count("payment_provider_event").await, 0);
    });
}

#[test]
fn a_message_without_a_signature_or_with_a_long_body_is_rejected() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let intent = provider.intent(tenant, &till, "12.00").await;
        let body = json!({ "type": "captured", "payment_intent_id": intent["id"], "amount": "12.00" });
        let path = format!("{PROVIDERS}/{}/events", provider.id);
        let unsigned = tenant.anonymous().call(Method::POST, &path).raw(body.to_string()).send().await;
        unsigned.refused(401, "invalid_token");
        // A key of the tenant is no signature.
        let with_key = tenant.call(Method::POST, &path).raw(body.to_string()).send().await;
        with_key.refused(401, "invalid_token");
        let long = json!({ "type": "captured", "payment_intent_id": intent["id"], "amount": "12.00",
            "card": { "brand": "v".repeat(8 * 1024) } });
        let message = Message { id: "msg_1", late: TimeDelta::zero(), body: &long };
        provider.send(tenant, &message).await.refused(413, "payload_too_large");
        for id in ["", "msg.1", "msg 1"] {
            let message = Message { id, late: TimeDelta::zero(), body: &body };
            provider.send(tenant, &message).await.refused(401, "invalid_token");
        }
        assert_eq!(read(tenant, &intent).await["status"], "created");
    });
}

#[test]
fn a_provider_has_the_limits_of_a_key() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let second = self::provider(tenant).await;
        let node = environment().node_with(|config| config.rates.rate_minute = 3).await;
        let client = tenant.at(&node.base_url);
        for sender in [&provider, &second] {
            let intent = sender.intent(tenant, &till, "12.00").await;
            let body = json!({ "type": "authorised", "payment_intent_id": intent["id"], "amount": "12.00" });
            for id in ["msg_1", "msg_2", "msg_3"] {
                let message = Message { id, late: TimeDelta::zero(), body: &body };
                sender.send(&client, &message).await.expect(204);
            }
            let more = Message { id: "msg_4", late: TimeDelta::zero(), body: &body };
            sender.send(&client, &more).await.refused(429, "rate_limited");
        }
        assert_eq!(tenant.count("payment_provider_event").await, 6);
    });
}

#[test]
fn a_rotated_secret_works_beside_the_new_one() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let intent = provider.intent(tenant, &till, "12.00").await;
        let path = format!("{PROVIDERS}/{}/rotate-secret", provider.id);
        let rotated = tenant.post(&path, &json!({})).await.created();
        let new = Provider { id: provider.id.clone(), secret: text(&rotated["secret"]) };
        provider.report(tenant, &intent, "authorised", Some("12.00")).await.expect(204);
        new.report(tenant, &intent, "captured", Some("12.00")).await.expect(204);
        let rotated = tenant.post(&path, &json!({ "overlap_seconds": 0 })).await.created();
        assert_eq!(rotated["payment_provider"]["previous_secret_until"], Value::Null);
        new.report(tenant, &intent, "failed", None).await.refused(401, "invalid_token");
    });
}

#[test]
fn a_terminal_with_an_old_secret_does_not_block_others() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let other = self::provider(tenant).await;
        let client = tenant.at(&environment().own_node().await.base_url);
        let path = format!("{PROVIDERS}/{}/rotate-secret", provider.id);
        let rotated = tenant.post(&path, &json!({ "overlap_seconds": 0 })).await.created();
        let present = Provider { id: provider.id.clone(), secret: text(&rotated["secret"]) };
        let intent = provider.intent(tenant, &till, "12.00").await;
        let body = json!({ "type": "captured", "payment_intent_id": intent["id"], "amount": "12.00" });
        let message = |id: &'static str| Message { id, late: TimeDelta::zero(), body: &body };
        for _ in 0..100 {
            provider.send(&client, &message("msg_1")).await.refused(401, "invalid_token");
        }
        let limited = provider.send(&client, &message("msg_1")).await;
        limited.refused(429, "rate_limited");
        assert!(limited.header("retry-after").is_some());
        // Another terminal of the provider has the present secret, and a replayed message is late.
        present.send(&client, &message("msg_2")).await.expect(204);
        let late = Message { late: TimeDelta::minutes(6), ..message("msg_3") };
        present.send(&client, &late).await.refused(401, "invalid_token");
        assert_eq!(read(tenant, &intent).await["status"], "captured");
        let theirs = other.intent(tenant, &till, "12.00").await;
        let body = json!({ "type": "captured", "payment_intent_id": theirs["id"], "amount": "12.00" });
        other.send(&client, &Message { id: "msg_1", late: TimeDelta::zero(), body: &body }).await.expect(204);
    });
}

#[test]
fn unknown_provider_ids_use_up_only_their_own_limit() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let fresh = self::provider(tenant).await;
        let client = tenant.at(&environment().own_node().await.base_url);
        let intent = provider.intent(tenant, &till, "12.00").await;
        let body = json!({ "type": "authorised", "payment_intent_id": intent["id"], "amount": "12.00" });
        let message = |id: &'static str| Message { id, late: TimeDelta::zero(), body: &body };
        provider.send(&client, &message("msg_1")).await.expect(204);
        let invented = |number: u128| {
            let id = PaymentProviderId(Uuid::from_u128(number)).to_string();
            Provider { id, secret: provider.secret.clone() }
        };
        // One that is repeated counts once.
        for number in (0..100).chain([0, 0, 0]) {
            invented(number).send(&client, &message("msg_2")).await.refused(401, "invalid_token");
        }
        invented(100).send(&client, &message("msg_2")).await.refused(429, "rate_limited");
        fresh.send(&client, &message("msg_2")).await.refused(429, "rate_limited");
        provider.send(&client, &message("msg_3")).await.expect(204);
    });
}

#[test]
fn an_intent_is_cancelled_before_the_card_pays() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let intent = provider.intent(tenant, &till, "12.00").await;
        let path = format!("{INTENTS}/{}/cancel", text(&intent["id"]));
        assert_eq!(tenant.post(&path, &json!({})).await.ok()["status"], "cancelled");
        tenant.post(&path, &json!({})).await.refused(409, "invalid_state_transition");
        let expired = provider.intent(tenant, &till, "12.00").await;
        let past = "update payment_intent set expires_at = now() - interval '1 second' where tenant_id = $1 and status = 'created'";
        sea_orm::sqlx::query(past).bind(tenant.id.0).execute(&environment().root).await.expect("a change");
        assert_eq!(read(tenant, &expired).await["status"], "expired");
        let reported = provider.intent(tenant, &till, "12.00").await;
        provider.report(tenant, &reported, "expired", None).await.expect(204);
        let open = provider.intent(tenant, &till, "12.00").await;
        for (status, expected) in
            [("expired", vec![&reported, &expired]), ("created", vec![&open]), ("cancelled", vec![&intent])]
        {
            let listed = tenant.get(&format!("{INTENTS}?status={status}")).await.ok();
            let found: Vec<&Value> =
                listed["data"].as_array().expect("intents").iter().map(|intent| &intent["id"]).collect();
            let expected: Vec<&Value> = expected.into_iter().map(|intent| &intent["id"]).collect();
            assert_eq!(found, expected, "{status}");
        }
        for (amount, seconds, field) in
            [("0", 900, "#/amount"), ("1.001", 900, "#/amount"), ("1", 59, "#/expires_in")]
        {
            let asked = json!({ "provider_id": provider.id, "register_id": till.register_id, "amount": amount,
                "expires_in": seconds });
            tenant.post(INTENTS, &asked).await.refused(422, "validation_failed").names(&[field]);
        }
    });
}

#[test]
fn a_forced_sale_is_recorded_without_a_payment_that_does_not_fit() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let intent = provider.intent(tenant, &till, "13.00").await;
        provider.report(tenant, &intent, "captured", Some("13.00")).await.expect(204);
        let mut body = by_card(&till, &intent);
        body["forced"] = json!(true);
        body["occurred_at"] = json!(environment().now().await);
        body["tenders"][0]["amount"] = json!("12.00");
        let sold = tenant.post(SALES, &body).await.created();
        assert_eq!(sold["exceptions"], json!(["card_payment"]));
        assert_eq!(sold["tenders"][0]["payment_intent_id"], Value::Null);
        let unused = tenant.get(&format!("{INTENTS}?status=captured&used=false")).await.ok();
        assert_eq!(unused["data"][0]["id"], intent["id"]);
        let period = environment().now().await.with_timezone(&chrono_tz::Europe::London).format("%Y-%m");
        let close = tenant.get(&format!("/v1/close/{period}")).await.ok();
        let items = close["items"].as_array().expect("items");
        let found = items.iter().find(|item| item["item"] == "card_money_without_sale");
        assert_eq!(found.expect("an item")["count"], 1);
    });
}

#[test]
fn only_the_card_of_a_sale_names_a_payment() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let intent = provider.intent(tenant, &till, "12.00").await;
        let mut body = by_card(&till, &intent);
        body["tenders"][0]["kind"] = json!("cash");
        let cash = tenant.post(SALES, &body).await;
        cash.refused(422, "validation_failed").names(&["#/tenders/0/payment_intent_id"]);
        body["tenders"][0] = json!({ "kind": "card", "payment_intent_id": "pin_01h455vb4pex5vsknk084sn02q" });
        let unknown = tenant.post(SALES, &body).await;
        unknown.refused(404, "not_found").names(&["#/tenders/0/payment_intent_id"]);
        provider.report(tenant, &intent, "captured", Some("12.00")).await.expect(204);
        let sold = tenant.post(SALES, &by_card(&till, &intent)).await.created();
        // The payment itself pays nothing back.
        let refund = json!({ "register_id": till.register_id, "original_id": sold["id"],
            "tenders": [{ "kind": "card", "payment_intent_id": intent["id"] }] });
        let back = tenant.post("/v1/pos/refunds", &refund).await;
        back.refused(422, "validation_failed").names(&["#/tenders/0/payment_intent_id"]);
    });
}

#[test]
fn a_capture_of_another_amount_is_found() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let intent = provider.intent(tenant, &till, "12.00").await;
        provider.report(tenant, &intent, "authorised", Some("12.00")).await.expect(204);
        tenant.post(SALES, &by_card(&till, &intent)).await.created();
        provider.report(tenant, &intent, "captured", Some("11.99")).await.expect(204);
        let body = json!({ "type": "captured", "payment_intent_id": intent["id"], "amount": "12.00" });
        let second = Message { id: "second", late: TimeDelta::zero(), body: &body };
        provider.send(tenant, &second).await.expect(204);
        assert_eq!(read(tenant, &intent).await["captured_amount"], "11.99", "the first amount is kept");
        let differing = tenant.get(&format!("{INTENTS}?differs=true")).await.ok();
        assert_eq!(differing["data"][0]["id"], intent["id"]);
        let period = environment().now().await.with_timezone(&chrono_tz::Europe::London).format("%Y-%m");
        let close = tenant.get(&format!("/v1/close/{period}")).await.ok();
        let items = close["items"].as_array().expect("items");
        let found = items.iter().find(|item| item["item"] == "card_sales_without_money");
        assert_eq!(found.expect("an item")["count"], 1);
    });
}

#[test]
fn a_sale_whose_money_does_not_come_is_found() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let intent = provider.intent(tenant, &till, "12.00").await;
        provider.report(tenant, &intent, "authorised", Some("12.00")).await.expect(204);
        tenant.post(SALES, &by_card(&till, &intent)).await.created();
        let found = async |differs: bool| {
            let listed = tenant.get(&format!("{INTENTS}?differs={differs}")).await.ok();
            listed["data"].as_array().map(Vec::len)
        };
        assert_eq!((found(true).await, found(false).await), (Some(0), Some(1)));
        provider.report(tenant, &intent, "failed", None).await.expect(204);
        assert_eq!((found(true).await, found(false).await), (Some(1), Some(0)));
        let aged = "update payment_intent set status = 'authorised', authorised_at = now() - interval '25 hours' \
                    where tenant_id = $1";
        sea_orm::sqlx::query(aged).bind(tenant.id.0).execute(&environment().root).await.expect("a change");
        let period = environment().now().await.with_timezone(&chrono_tz::Europe::London).format("%Y-%m");
        let close = tenant.get(&format!("/v1/close/{period}")).await.ok();
        let items = close["items"].as_array().expect("items");
        let held = items.iter().find(|item| item["item"] == "card_holds_not_captured");
        assert_eq!(held.expect("an item")["count"], 1);
    });
}

#[test]
fn a_key_asks_only_for_what_it_may_sell() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let asked = |amount: &str| json!({ "provider_id": provider.id, "register_id": till.register_id, "amount": amount });
        let made = provider.intent(tenant, &till, "12.00").await;
        let cancel = format!("{INTENTS}/{}/cancel", text(&made["id"]));
        for (mut bounds, bound) in [
            (json!({ "amount_max": "11.99" }), "amount_max"),
            (json!({ "channels": ["wholesale"] }), "channels"),
            (json!({ "locations": [tenant.shop] }), "locations"),
        ] {
            bounds["scopes"] = json!(["pos:read", "pos:write"]);
            let cashier = tenant.with_key(&key_with(tenant, bounds).await.1);
            let mut rejected = vec![cashier.post(INTENTS, &asked("12.00")).await];
            if bound != "amount_max" {
                rejected.push(cashier.post(&cancel, &json!({})).await);
            }
            for reply in rejected {
                let problem = reply.refused(403, "bound_exceeded").0;
                let named = problem["errors"][0]["params"]["bound"].as_str().or(problem["bound"].as_str());
                assert_eq!(named, Some(bound), "{problem}");
            }
        }
        let bounds =
            json!({ "scopes": ["pos:read", "pos:write"], "amount_max": "12.00", "channels": ["retail"] });
        let cashier = tenant.with_key(&key_with(tenant, bounds).await.1);
        cashier.post(INTENTS, &asked("12.00")).await.created();
        cashier.post(&cancel, &json!({})).await.ok();
    });
}
