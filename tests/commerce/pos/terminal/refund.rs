//! Refunds on card terminals: a till asks, the terminal pays back, and the refund names it.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Client, Tenant, Till, environment, lines, with_tenant};

use super::{INTENTS, Provider, SALES, read, shop, text};
use crate::platform::auth::{key, key_with};

const REFUNDS: &str = "/v1/pos/refunds";

/// Sells mugs of 12.00 each by a card that has paid. Returns the payment intent and the sale.
async fn sell_by_card(
    tenant: &Tenant,
    provider: &Provider,
    till: &Till,
    (mugs, amount): (&str, &str),
) -> (Value, Value) {
    let intent = provider.intent(tenant, till, amount).await;
    provider.report(tenant, &intent, "captured", Some(amount)).await.expect(204);
    let body = json!({ "register_id": till.register_id, "lines": lines(&[("MUG", mugs)]),
        "tenders": [{ "kind": "card", "payment_intent_id": intent["id"] }] });
    let sale = tenant.post(SALES, &body).await.created();
    (intent, sale)
}

/// Asks a terminal to pay back a part of a payment.
async fn ask(
    client: &Client,
    provider: &Provider,
    till: &Till,
    (payment, amount): (&Value, &str),
) -> tests::Reply {
    let asked = json!({ "provider_id": provider.id, "register_id": till.register_id, "amount": amount,
        "original_id": payment["id"] });
    client.post(INTENTS, &asked).await
}

/// Returns a refund of mugs that names a payment intent.
fn back(till: &Till, sale: &Value, mugs: &str, intent: &Value) -> Value {
    json!({ "register_id": till.register_id, "original_id": sale["id"],
        "original_lines": [{ "line_no": 1, "quantity": mugs }],
        "tenders": [{ "kind": "card", "payment_intent_id": intent["id"] }] })
}

/// Returns the number of open records of an item of this month's checklist.
async fn open(tenant: &Tenant, item: &str) -> Value {
    let period = environment().now().await.with_timezone(&chrono_tz::Europe::London).format("%Y-%m");
    let close = tenant.get(&format!("/v1/close/{period}")).await.ok();
    let items = close["items"].as_array().expect("items");
    items.iter().find(|found| found["item"] == item).expect("an item")["count"].clone()
}

#[test]
fn a_refund_names_what_its_terminal_paid_back() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let (payment, sale) = sell_by_card(tenant, &provider, &till, ("2", "24.00")).await;
        let intent = ask(tenant, &provider, &till, (&payment, "12.00")).await.created();
        let facts = ["kind", "original_id", "status", "amount", "sale_id"].map(|name| intent[name].clone());
        let expected =
            [json!("refund"), payment["id"].clone(), json!("created"), json!("12.00"), Value::Null];
        assert_eq!(facts, expected);
        let body = back(&till, &sale, "1", &intent);
        // The terminal has not paid back, or has only accepted it.
        tenant.post(REFUNDS, &body).await.refused(409, "invalid_state_transition");
        provider.report(tenant, &intent, "authorised", Some("12.00")).await.expect(204);
        let early = tenant.post(REFUNDS, &body).await;
        early.refused(409, "invalid_state_transition").names(&["#/tenders/0/payment_intent_id"]);
        provider.report(tenant, &intent, "captured", Some("12.00")).await.expect(204);
        assert_eq!(open(tenant, "card_money_without_sale").await, 1);
        let other_amount = tenant.post(REFUNDS, &back(&till, &sale, "2", &intent)).await;
        other_amount.refused(422, "tender_mismatch").names(&["#/tenders/0/amount"]);
        tenant.dry_run(REFUNDS, &body).await.ok();
        assert_eq!(tenant.count("tender_payment_intent").await, 1, "a dry run uses nothing");
        let refund = tenant.post_as(REFUNDS, "refund-1", &body).await.created();
        assert_eq!(tenant.post_as(REFUNDS, "refund-1", &body).await.created()["id"], refund["id"]);
        let tender = &refund["tenders"][0];
        assert_eq!((&tender["amount"], &tender["payment_intent_id"]), (&json!("-12.00"), &intent["id"]));
        let shown = tenant.get(&format!("{SALES}/{}", text(&refund["id"]))).await.ok();
        assert_eq!(shown["tenders"], refund["tenders"]);
        assert_eq!(read(tenant, &intent).await["sale_id"], refund["id"]);
        let twice = tenant.post(REFUNDS, &body).await;
        twice.refused(409, "invalid_state_transition").names(&["#/tenders/0/payment_intent_id"]);
        for item in ["card_money_without_sale", "card_sales_without_money"] {
            assert_eq!(open(tenant, item).await, 0, "{item}");
        }
        for (query, expected) in [
            ("kind=refund".to_owned(), &intent),
            (format!("original_id={}", text(&payment["id"])), &intent),
            ("kind=payment".to_owned(), &payment),
        ] {
            let listed = tenant.get(&format!("{INTENTS}?{query}")).await.ok();
            assert_eq!(listed["data"].as_array().map(Vec::len), Some(1), "{query}");
            assert_eq!(listed["data"][0]["id"], expected["id"], "{query}");
        }
        assert_eq!(tenant.balance("1020").await, "12.00", "one mug is paid by card");
        let counted = json!({ "register_id": till.register_id, "counted": "0.00" });
        let closed = tenant.post(&format!("/v1/pos/sessions/{}/close", till.session_id), &counted).await.ok();
        assert_eq!((&closed["expected"], &closed["difference"]), (&json!("0.00"), &json!("0.00")));
    });
}

#[test]
fn two_tills_at_once_ask_for_no_more_than_the_card_paid() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let other = tenant.till().await;
        let (payment, sale) = sell_by_card(tenant, &provider, &till, ("1", "12.00")).await;
        let tills = [&till, &other, &till, &other, &till, &other];
        let asked = tills.map(|till| ask(tenant, &provider, till, (&payment, "12.00")));
        let asked = join_all(asked).await;
        let made: Vec<Value> =
            asked.iter().filter(|reply| reply.status == 201).map(tests::Reply::created).collect();
        assert_eq!(made.len(), 1);
        for reply in asked.iter().filter(|reply| reply.status != 201) {
            reply.refused(422, "tender_mismatch").names(&["#/amount"]);
        }
        // One that ends without money leaves its amount to others, here at the other till.
        tenant.post(&format!("{INTENTS}/{}/cancel", text(&made[0]["id"])), &json!({})).await.ok();
        let second = ask(tenant, &provider, &other, (&payment, "12.00")).await.created();
        provider.report(tenant, &second, "captured", Some("12.00")).await.expect(204);
        let elsewhere = tenant.post(REFUNDS, &back(&till, &sale, "1", &second)).await;
        elsewhere.refused(422, "validation_failed").names(&["#/tenders/0/payment_intent_id"]);
        let body = back(&other, &sale, "1", &second);
        let refunds = join_all((0..6).map(|_| tenant.post(REFUNDS, &body))).await;
        assert_eq!(refunds.iter().filter(|reply| reply.status == 201).count(), 1);
        let none_left = ask(tenant, &provider, &till, (&payment, "0.01")).await;
        none_left.refused(422, "tender_mismatch").names(&["#/amount"]);
        // The terminal paid the cancelled one back too: the close shows money that no refund names.
        provider.report(tenant, &made[0], "captured", Some("12.00")).await.expect(204);
        assert_eq!(open(tenant, "card_money_without_sale").await, 1);
    });
}

#[test]
fn a_refund_without_a_payment_intent_leaves_less_to_ask_for() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let (payment, sale) = sell_by_card(tenant, &provider, &till, ("2", "24.00")).await;
        let by_hand = json!({ "register_id": till.register_id, "original_id": sale["id"],
            "original_lines": [{ "line_no": 1, "quantity": "1" }],
            "tenders": [{ "kind": "card", "reference": "slip 7" }] });
        tenant.post(REFUNDS, &by_hand).await.created();
        let more = ask(tenant, &provider, &till, (&payment, "12.01")).await;
        more.refused(422, "tender_mismatch").names(&["#/amount"]);
        let intent = ask(tenant, &provider, &till, (&payment, "12.00")).await.created();
        provider.report(tenant, &intent, "captured", Some("12.00")).await.expect(204);
        tenant.post(REFUNDS, &back(&till, &sale, "1", &intent)).await.created();
        assert_eq!(tenant.balance("1020").await, "0.00");
    });
}

#[test]
fn a_refund_by_voucher_leaves_less_to_ask_for() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let (payment, sale) = sell_by_card(tenant, &provider, &till, ("2", "24.00")).await;
        let by_voucher = json!({ "register_id": till.register_id, "original_id": sale["id"],
            "original_lines": [{ "line_no": 1, "quantity": "1" }], "tenders": [{ "kind": "voucher" }] });
        tenant.post(REFUNDS, &by_voucher).await.created();
        let more = ask(tenant, &provider, &till, (&payment, "12.01")).await;
        more.refused(422, "tender_mismatch").names(&["#/amount"]);
        let intent = ask(tenant, &provider, &till, (&payment, "12.00")).await.created();
        // Until the intent has ended, no other tender pays back the amount that the terminal was asked for.
        let mut by_hand = by_voucher.clone();
        by_hand["tenders"] = json!([{ "kind": "card", "reference": "slip 7" }]);
        for body in [&by_voucher, &by_hand] {
            tenant.post(REFUNDS, body).await.refused(422, "tender_mismatch").names(&["#/tenders"]);
        }
        tenant.post(&format!("{INTENTS}/{}/cancel", text(&intent["id"])), &json!({})).await.ok();
        tenant.post(REFUNDS, &by_hand).await.created();
    });
}

#[test]
fn one_refund_pays_back_no_more_of_a_payment_by_two_intents() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let payment = provider.intent(tenant, &till, "12.00").await;
        provider.report(tenant, &payment, "captured", Some("12.00")).await.expect(204);
        let body = json!({ "register_id": till.register_id, "lines": lines(&[("MUG", "2")]), "tenders": [
            { "kind": "card", "amount": "12.00", "payment_intent_id": payment["id"] },
            { "kind": "card", "reference": "slip 9" }] });
        let sale = tenant.post(SALES, &body).await.created();
        // The terminal pays back the first one although it was cancelled here.
        let first = ask(tenant, &provider, &till, (&payment, "12.00")).await.created();
        tenant.post(&format!("{INTENTS}/{}/cancel", text(&first["id"])), &json!({})).await.ok();
        let second = ask(tenant, &provider, &till, (&payment, "12.00")).await.created();
        for intent in [&first, &second] {
            provider.report(tenant, intent, "captured", Some("12.00")).await.expect(204);
        }
        let mut refund = back(&till, &sale, "2", &first);
        refund["tenders"] = json!([
            { "kind": "card", "amount": "12.00", "payment_intent_id": first["id"] },
            { "kind": "card", "amount": "12.00", "payment_intent_id": second["id"] }]);
        let twice = tenant.post(REFUNDS, &refund).await;
        twice.refused(422, "tender_mismatch").names(&["#/tenders/1/amount"]);
        refund["forced"] = json!(true);
        refund["occurred_at"] = json!(environment().now().await);
        let recorded = tenant.post(REFUNDS, &refund).await.created();
        assert_eq!(recorded["exceptions"], json!(["card_payment"]));
        let named = [0, 1].map(|index| recorded["tenders"][index]["payment_intent_id"].clone());
        assert_eq!(named, [first["id"].clone(), Value::Null]);
    });
}

#[test]
fn only_a_captured_payment_of_a_sale_is_paid_back() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let unpaid = provider.intent(tenant, &till, "12.00").await;
        let unused = provider.intent(tenant, &till, "12.00").await;
        provider.report(tenant, &unused, "captured", Some("12.00")).await.expect(204);
        let (payment, sale) = sell_by_card(tenant, &provider, &till, ("1", "12.00")).await;
        let refund = ask(tenant, &provider, &till, (&payment, "12.00")).await.created();
        for original in [&unpaid, &unused, &refund] {
            let reply = ask(tenant, &provider, &till, (original, "1.00")).await;
            reply.refused(409, "invalid_state_transition").names(&["#/original_id"]);
        }
        let unknown = json!({ "id": "pin_01h455vb4pex5vsknk084sn02q" });
        ask(tenant, &provider, &till, (&unknown, "1.00"))
            .await
            .refused(404, "not_found")
            .names(&["#/original_id"]);
        provider.report(tenant, &refund, "captured", Some("12.00")).await.expect(204);
        // It pays no sale, no refund of another sale, and none without a sale.
        let body = json!({ "register_id": till.register_id, "lines": lines(&[("MUG", "1")]),
            "tenders": [{ "kind": "card", "payment_intent_id": refund["id"] }] });
        let field = ["#/tenders/0/payment_intent_id"];
        tenant.post(SALES, &body).await.refused(422, "validation_failed").names(&field);
        tenant.post(REFUNDS, &body).await.refused(422, "validation_failed").names(&field);
        let (_, other) = sell_by_card(tenant, &provider, &till, ("1", "12.00")).await;
        let of_other = tenant.post(REFUNDS, &back(&till, &other, "1", &refund)).await;
        of_other.refused(422, "validation_failed").names(&field);
        tenant.post(REFUNDS, &back(&till, &sale, "1", &refund)).await.created();
    });
}

#[test]
fn a_forced_refund_is_recorded_without_a_payment_intent_that_does_not_fit() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let (payment, sale) = sell_by_card(tenant, &provider, &till, ("2", "24.00")).await;
        let intent = ask(tenant, &provider, &till, (&payment, "11.00")).await.created();
        provider.report(tenant, &intent, "captured", Some("11.00")).await.expect(204);
        let mut body = back(&till, &sale, "1", &intent);
        tenant.post(REFUNDS, &body).await.refused(422, "tender_mismatch").names(&["#/tenders/0/amount"]);
        body["forced"] = json!(true);
        tenant.post(REFUNDS, &body).await.refused(422, "validation_failed").names(&["#/occurred_at"]);
        body["occurred_at"] = json!(environment().now().await);
        let cashier = tenant.with_key(&key(tenant, &["pos:read", "pos:write"]).await);
        cashier.post(REFUNDS, &body).await.refused(403, "insufficient_scope");
        let refund = tenant.post(REFUNDS, &body).await.created();
        assert_eq!(refund["exceptions"], json!(["card_payment"]));
        assert_eq!(refund["tenders"][0]["payment_intent_id"], Value::Null);
        let noted = tenant.get(&format!("/v1/pos/exceptions?sale_id={}", text(&refund["id"]))).await.ok();
        assert_eq!(
            (&noted["data"][0]["reason"], &noted["data"][0]["stated"]),
            (&json!("card_payment"), &json!("-12.00"))
        );
        assert_eq!(open(tenant, "card_money_without_sale").await, 1);
        // One that fits is used, also by a forced refund.
        let rest = ask(tenant, &provider, &till, (&payment, "1.00")).await.created();
        provider.report(tenant, &rest, "captured", Some("1.00")).await.expect(204);
        let mut second = back(&till, &sale, "1", &rest);
        second["forced"] = json!(true);
        second["occurred_at"] = json!(environment().now().await);
        second["tenders"][0]["amount"] = json!("1.00");
        second["tenders"]
            .as_array_mut()
            .expect("tenders")
            .push(json!({ "kind": "card", "reference": "slip 8" }));
        let refund = tenant.post(REFUNDS, &second).await.created();
        assert_eq!(refund["exceptions"], json!([]));
        assert_eq!(refund["tenders"][0]["payment_intent_id"], rest["id"]);
    });
}

#[test]
fn a_key_asks_only_for_what_it_may_refund() {
    with_tenant(async |tenant| {
        let (provider, till) = shop(tenant).await;
        let (payment, _) = sell_by_card(tenant, &provider, &till, ("1", "12.00")).await;
        for (mut bounds, bound) in [
            (json!({ "amount_max": "11.99" }), "amount_max"),
            (json!({ "channels": ["wholesale"] }), "channels"),
            (json!({ "locations": [tenant.shop] }), "locations"),
        ] {
            bounds["scopes"] = json!(["pos:read", "pos:write"]);
            let cashier = tenant.with_key(&key_with(tenant, bounds).await.1);
            let reply = ask(&cashier, &provider, &till, (&payment, "12.00")).await;
            let problem = reply.refused(403, "bound_exceeded").0;
            let named = problem["errors"][0]["params"]["bound"].as_str().or(problem["bound"].as_str());
            assert_eq!(named, Some(bound), "{problem}");
        }
        let reader = tenant.with_key(&key(tenant, &["pos:read"]).await);
        ask(&reader, &provider, &till, (&payment, "12.00")).await.refused(403, "insufficient_scope");
        let cashier =
            key_with(tenant, json!({ "scopes": ["pos:read", "pos:write"], "amount_max": "12.00" })).await.1;
        ask(&tenant.with_key(&cashier), &provider, &till, (&payment, "12.00")).await.created();
    });
}
