//! The register of vouchers and store credit.

use serde_json::{Value, json};
use tests::{Reply, Tenant, Till, lines, sale, with_tenant};

const VOUCHERS: &str = "/v1/vouchers";
const SALES: &str = "/v1/pos/sales";
const REFUNDS: &str = "/v1/pos/refunds";

async fn issue(tenant: &Tenant, code: &str, amount: &str) -> Value {
    let body = json!({ "code": code, "amount": amount, "method": "bank" });
    tenant.post(VOUCHERS, &body).await.created()
}

async fn redeem(tenant: &Tenant, till: &Till, code: &str, amount: Option<&str>) -> Reply {
    let mut body = sale(till, &[("MUG", "1")]);
    body["tenders"] = json!([{ "kind": "voucher", "reference": code, "amount": amount }]);
    if amount.is_some() {
        body["tenders"].as_array_mut().expect("tenders").push(json!({ "kind": "cash" }));
    }
    tenant.post(SALES, &body).await
}

/// Returns what was issued and redeemed of a voucher, and its balance.
async fn state(tenant: &Tenant, code: &str) -> [String; 3] {
    let page = tenant.get(&format!("{VOUCHERS}?code={code}")).await.ok();
    ["issued", "redeemed", "balance"]
        .map(|field| page["data"][0][field].as_str().expect("an amount").to_owned())
}

#[test]
fn a_voucher_that_was_not_issued_pays_nothing() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let till = tenant.till().await;
        for _ in 0..2 {
            redeem(tenant, &till, "GIFT-1", None)
                .await
                .refused(404, "not_found")
                .names(&["#/tenders/0/reference"]);
        }
        let mut body = sale(&till, &[("MUG", "1")]);
        body["tenders"] = json!([{ "kind": "voucher" }]);
        tenant.post(SALES, &body).await.refused(422, "validation_failed").names(&["#/tenders/0/reference"]);
        let items: Vec<Value> = ["a", "b"]
            .iter()
            .map(|key| {
                let mut body = body.clone();
                body["tenders"][0]["reference"] = json!("GIFT-1");
                json!({ "idempotency_key": format!("{key}-{}", tenant.id.0), "body": body })
            })
            .collect();
        let done = tenant.post("/v1/pos/sales/batch", &json!({ "items": items })).await.json();
        assert_eq!(done["refused"], 2, "{done}");
        assert_eq!(tenant.balance("2300").await, "0.00");
    });
}

#[test]
fn a_voucher_pays_up_to_its_balance() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let till = tenant.till().await;
        let voucher = issue(tenant, "GIFT-1", "20").await;
        assert_eq!(voucher["balance"], "20.00");
        assert_eq!(tenant.balance("2300").await, "-20.00");
        redeem(tenant, &till, "GIFT-1", None).await.created();
        assert_eq!(state(tenant, "GIFT-1").await, ["20.00", "12.00", "8.00"]);
        redeem(tenant, &till, "GIFT-1", None)
            .await
            .refused(409, "insufficient_balance")
            .names(&["#/tenders/0/amount"]);
        let mut body = sale(&till, &[("MUG", "1")]);
        body["tenders"] = json!([
            { "kind": "voucher", "reference": "GIFT-1", "amount": "5" },
            { "kind": "voucher", "reference": "GIFT-1", "amount": "3.01" },
            { "kind": "card" },
        ]);
        tenant.post(SALES, &body).await.refused(409, "insufficient_balance").names(&["#/tenders/0/amount"]);
        body["tenders"][1]["amount"] = json!("3");
        tenant.post(SALES, &body).await.created();
        assert_eq!(state(tenant, "GIFT-1").await, ["20.00", "20.00", "0.00"]);
        redeem(tenant, &till, "GIFT-1", Some("0.01")).await.refused(409, "insufficient_balance");
        assert_eq!(tenant.balance("2300").await, "0.00");
        let known = tenant.get(&format!("{VOUCHERS}/{}", voucher["id"].as_str().expect("an id"))).await.ok();
        let amounts: Vec<&Value> =
            known["moves"].as_array().expect("moves").iter().map(|one| &one["amount"]).collect();
        assert_eq!(amounts, ["-8.00", "-12.00", "20.00"]);
    });
}

#[test]
fn two_tills_at_once_do_not_redeem_more_than_there_is() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let (one, other) = (tenant.till().await, tenant.till().await);
        issue(tenant, "GIFT-1", "30").await;
        let tills = (0..10).map(|turn| if turn % 2 == 0 { &one } else { &other });
        let sales =
            futures_util::future::join_all(tills.map(|till| redeem(tenant, till, "GIFT-1", None))).await;
        assert_eq!(sales.iter().filter(|reply| reply.status == 201).count(), 2);
        for reply in sales.iter().filter(|reply| reply.status != 201) {
            reply.refused(409, "insufficient_balance");
        }
        assert_eq!(state(tenant, "GIFT-1").await, ["30.00", "24.00", "6.00"]);
    });
}

#[test]
fn a_refund_goes_back_into_the_voucher() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let till = tenant.till().await;
        issue(tenant, "GIFT-1", "20").await;
        let sold = redeem(tenant, &till, "GIFT-1", Some("9")).await.created();
        let refund = json!({ "register_id": till.register_id, "original_id": sold["id"] });
        let back = tenant.post(REFUNDS, &refund).await.created();
        assert_eq!(
            (&back["tenders"][0]["reference"], &back["tenders"][0]["amount"]),
            (&json!("GIFT-1"), &json!("-9.00"))
        );
        assert_eq!(back["tenders"][1]["amount"], "-3.00");
        assert_eq!(state(tenant, "GIFT-1").await, ["20.00", "0.00", "20.00"]);
        redeem(tenant, &till, "GIFT-1", None).await.created();
    });
}

#[test]
fn store_credit_comes_of_a_refund_and_pays() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let till = tenant.till().await;
        let mut codes = Vec::new();
        for _ in 0..2 {
            let sold = tenant.sell(&till, &[("MUG", "1")]).await.created();
            let refund = json!({ "register_id": till.register_id, "original_id": sold["id"], "tenders": [{ "kind": "voucher" }] });
            let back = tenant.post(REFUNDS, &refund).await.created();
            codes.push(back["tenders"][0]["reference"].as_str().expect("a code").to_owned());
        }
        assert_ne!(codes[0], codes[1]);
        let blind = json!({ "register_id": till.register_id, "lines": lines(&[("MUG", "1")]),
            "tenders": [{ "kind": "voucher", "reference": codes[0] }] });
        tenant.post(REFUNDS, &blind).await.created();
        assert_eq!(state(tenant, &codes[0]).await, ["24.00", "0.00", "24.00"]);
        assert_eq!(tenant.balance("2300").await, "-36.00");
        redeem(tenant, &till, &codes[1], None).await.created();
        assert_eq!(tenant.balance("1000").await, "24.00", "store credit leaves the cash in the drawer");
    });
}

#[test]
fn a_voucher_is_issued_once_for_money_or_against_an_account() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let made = tenant.post(VOUCHERS, &json!({ "amount": "10", "method": "card" })).await.created();
        assert_eq!(made["code"].as_str().map(str::len), Some(19));
        issue(tenant, "GIFT-1", "20").await;
        let again = json!({ "code": "GIFT-1", "amount": "5", "method": "bank" });
        tenant.post(VOUCHERS, &again).await.refused(409, "already_exists").names(&["#/code"]);
        let at_once = json!({ "code": "GIFT-2", "amount": "5", "method": "bank" });
        let both = futures_util::future::join_all((0..6).map(|_| tenant.post(VOUCHERS, &at_once))).await;
        assert_eq!(both.iter().filter(|reply| reply.status == 201).count(), 1);
        let cash = json!({ "amount": "7", "method": "cash", "register_id": till.register_id });
        tenant.post(VOUCHERS, &cash).await.created();
        assert_eq!(tenant.balance("1000").await, "7.00");
        let earlier = json!({ "amount": "30", "account_code": "3000" });
        tenant.post(VOUCHERS, &earlier).await.created();
        assert_eq!(tenant.balance("3000").await, "30.00");
        let key = crate::platform::auth::key(tenant, &["pos:write"]).await;
        tenant.with_key(&key).post(VOUCHERS, &earlier).await.refused(403, "insufficient_scope");
        for (body, pointer) in [
            (json!({ "amount": "1" }), "#/method"),
            (json!({ "amount": "1", "method": "bank", "account_code": "3000" }), "#/method"),
            (json!({ "amount": "1", "method": "cash" }), "#/register_id"),
            (json!({ "amount": "1", "account_code": "1000" }), "#/account_code"),
            (json!({ "amount": "0", "method": "bank" }), "#/amount"),
            (json!({ "amount": "0.001", "method": "bank" }), "#/amount"),
            (json!({ "amount": "1", "method": "bank", "expires_on": "2020-01-01" }), "#/expires_on"),
            (json!({ "amount": "1", "method": "bank", "code": "" }), "#/code"),
        ] {
            tenant.post(VOUCHERS, &body).await.refused(422, "validation_failed").names(&[pointer]);
        }
        let close = json!({ "register_id": till.register_id, "counted": "7" });
        let closed = tenant.post(&format!("/v1/pos/sessions/{}/close", till.session_id), &close).await.ok();
        assert_eq!(closed["difference"], "0.00");
        let by_hand = json!({ "memo": "Vouchers", "lines": [
            { "account": "2300", "debit": "1" }, { "account": "1010", "credit": "1" }] });
        tenant
            .post("/v1/journal-entries", &by_hand)
            .await
            .refused(422, "validation_failed")
            .names(&["#/lines/0/account"]);
    });
}

#[test]
fn a_forced_sale_keeps_what_its_voucher_paid() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let till = tenant.till().await;
        issue(tenant, "GIFT-1", "5").await;
        for code in ["GIFT-1", "UNKNOWN"] {
            let mut body = sale(&till, &[("MUG", "1")]);
            body["forced"] = json!(true);
            body["occurred_at"] = json!("2026-01-02T10:00:00Z");
            body["tenders"] = json!([{ "kind": "voucher", "reference": code }]);
            tenant.post(SALES, &body).await.created();
        }
        assert_eq!(state(tenant, "GIFT-1").await, ["5.00", "12.00", "-7.00"]);
        assert_eq!(state(tenant, "UNKNOWN").await, ["0.00", "12.00", "-12.00"]);
        assert_eq!(tenant.balance("2300").await, "19.00");
        let events = tenant.get("/v1/events?type=voucher.overdrawn").await.ok();
        assert_eq!(events["data"].as_array().map(Vec::len), Some(2));
        redeem(tenant, &till, "UNKNOWN", None).await.refused(409, "insufficient_balance");
    });
}

#[test]
fn a_voucher_looks_the_same_when_it_is_issued_and_when_it_is_read() {
    with_tenant(async |tenant| {
        let body =
            json!({ "amount": "25.00", "account_code": "3000", "occurred_at": "2026-03-01T10:00:00Z" });
        let issued = tenant.post(VOUCHERS, &body).await.created();
        assert_eq!(issued["occurred_at"], "2026-03-01T10:00:00Z");
        assert_eq!(issued["moves"].as_array().map(Vec::len), Some(1), "{issued}");
        assert_eq!(issued["moves"][0]["amount"], "25.00");
        let path = format!("{VOUCHERS}/{}", issued["id"].as_str().expect("an id"));
        assert_eq!(tenant.get(&path).await.ok(), issued);
        let listed = tenant.get(VOUCHERS).await.ok()["data"][0].clone();
        for (name, value) in listed.as_object().expect("a voucher") {
            assert_eq!(*value, issued[name], "{name}");
        }
    });
}
