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
fn a_voucher_never_gains_what_other_tenders_pay_too_much() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let till = tenant.till().await;
        issue(tenant, "GIFT-1", "20").await;
        let voucher = || json!({ "kind": "voucher", "reference": "GIFT-1" });
        let mut body = sale(&till, &[("MUG", "1")]);
        for (tenders, pointer) in [
            (json!([voucher(), { "kind": "card", "amount": "20" }]), "#/tenders/0"),
            (json!([{ "kind": "cash", "amount": "20" }, voucher()]), "#/tenders/1"),
            (json!([{ "kind": "card", "amount": "20" }, { "kind": "card" }]), "#/tenders/1"),
            (json!([{ "kind": "cash", "amount": "20" }, { "kind": "cash" }]), "#/tenders/1"),
        ] {
            body["tenders"] = tenders;
            tenant.post(SALES, &body).await.refused(422, "tender_mismatch").names(&[pointer]);
        }
        body["tenders"] = json!([voucher(), { "kind": "card", "amount": "20" }]);
        let item = json!({ "idempotency_key": format!("a-{}", tenant.id.0), "body": body });
        let done = tenant.post("/v1/pos/sales/batch", &json!({ "items": [item] })).await.json();
        assert_eq!(done["refused"], 1, "{done}");
        assert_eq!(state(tenant, "GIFT-1").await, ["20.00", "0.00", "20.00"]);
        assert_eq!(tenant.balance("2300").await, "-20.00");
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
        let earlier = json!({ "amount": "30", "account": "3000" });
        tenant.post(VOUCHERS, &earlier).await.created();
        assert_eq!(tenant.balance("3000").await, "30.00");
        let key = crate::platform::auth::key(tenant, &["pos:write"]).await;
        tenant.with_key(&key).post(VOUCHERS, &earlier).await.refused(403, "insufficient_scope");
        for (body, pointer) in [
            (json!({ "amount": "1" }), "#/method"),
            (json!({ "amount": "1", "method": "bank", "account": "3000" }), "#/method"),
            (json!({ "amount": "1", "method": "cash" }), "#/register_id"),
            (json!({ "amount": "1", "account": "1000" }), "#/account"),
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
        assert_eq!(tenant.events("type=voucher.overdrawn").await.len(), 2);
        redeem(tenant, &till, "UNKNOWN", None).await.refused(409, "insufficient_balance");
    });
}

#[test]
fn a_voucher_looks_the_same_when_it_is_issued_and_when_it_is_read() {
    with_tenant(async |tenant| {
        let body = json!({ "amount": "25.00", "account": "3000", "occurred_at": "2026-03-01T10:00:00Z" });
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

/// Opens stock on 1 January 2026 and a till.
async fn opened(tenant: &Tenant) -> Till {
    tenant.product("MUG", "10.00").await;
    let line = json!({ "sku": "MUG", "quantity": "50", "unit_cost": "4.00" });
    let body = json!({ "kind": "opening", "occurred_at": "2026-01-01T10:00:00Z", "lines": [line] });
    tenant.post("/v1/stock/documents", &body).await.created();
    tenant.till().await
}

fn at(day: u32) -> String {
    format!("2026-01-{day:02}T10:00:00Z")
}

/// Returns a sale of one mug on a day of January 2026, paid with a voucher.
fn on(till: &Till, day: u32, code: &str) -> Value {
    let mut body = sale(till, &[("MUG", "1")]);
    body["occurred_at"] = json!(at(day));
    body["tenders"] = json!([{ "kind": "voucher", "reference": code }]);
    body
}

#[test]
fn a_voucher_pays_nothing_before_it_was_issued() {
    with_tenant(async |tenant| {
        let till = opened(tenant).await;
        for code in ["GIFT-1", "GIFT-2"] {
            let body = json!({ "code": code, "amount": "20", "method": "bank", "occurred_at": at(20) });
            tenant.post(VOUCHERS, &body).await.created();
        }
        let early = tenant.post(SALES, &on(&till, 10, "GIFT-1")).await;
        early.refused(422, "validation_failed").names(&["#/tenders/0/reference"]);
        assert!(early.text.contains("2026-01-20T10:00:00Z"), "{}", early.text);
        let item =
            json!({ "idempotency_key": format!("early-{}", tenant.id.0), "body": on(&till, 10, "GIFT-1") });
        let done = tenant.post("/v1/pos/sales/batch", &json!({ "items": [item] })).await.json();
        assert_eq!(done["refused"], 1, "{done}");
        let sold = tenant.post(SALES, &on(&till, 25, "GIFT-1")).await.created();
        // The refund of the 27th is not there on the 26th.
        let refund =
            json!({ "register_id": till.register_id, "original_id": sold["id"], "occurred_at": at(27) });
        tenant.post(REFUNDS, &refund).await.created();
        let between = tenant.post(SALES, &on(&till, 26, "GIFT-1")).await;
        between.refused(409, "insufficient_balance").names(&["#/tenders/0/amount"]);
        tenant.post(SALES, &on(&till, 27, "GIFT-1")).await.created();

        let mut forced = on(&till, 10, "GIFT-2");
        forced["forced"] = json!(true);
        tenant.post(SALES, &forced).await.created();
        let exceptions = tenant.get("/v1/pos/exceptions?reason=voucher_overdrawn").await.ok();
        let noted = &exceptions["data"][0];
        assert_eq!((&noted["expected"], &noted["stated"]), (&json!("0.00"), &json!("12.00")), "{exceptions}");
        assert_eq!(state(tenant, "GIFT-2").await, ["20.00", "12.00", "8.00"]);

        // Store credit of the 15th pays from the 15th on.
        let mut bought = sale(&till, &[("MUG", "1")]);
        bought["occurred_at"] = json!(at(14));
        let bought = tenant.post(SALES, &bought).await.created();
        let credit = json!({ "register_id": till.register_id, "original_id": bought["id"], "occurred_at": at(15),
            "tenders": [{ "kind": "voucher" }] });
        let credit = tenant.post(REFUNDS, &credit).await.created();
        let code = credit["tenders"][0]["reference"].as_str().expect("a code");
        let early = tenant.post(SALES, &on(&till, 12, code)).await;
        early.refused(422, "validation_failed").names(&["#/tenders/0/reference"]);
        tenant.post(SALES, &on(&till, 15, code)).await.created();
        for (day, balance) in [("2026-01-09", "0.00"), ("2026-01-15", "12.00"), ("2026-01-31", "-16.00")] {
            assert_eq!(tenant.balance_on("2300", day).await, balance, "{day}: what was forced alone");
        }
    });
}

#[test]
fn a_code_that_a_forced_sale_redeemed_is_issued_once() {
    with_tenant(async |tenant| {
        let till = opened(tenant).await;
        for code in ["OFFLINE-7", "OFFLINE-8"] {
            let mut forced = on(&till, 10, code);
            forced["forced"] = json!(true);
            tenant.post(SALES, &forced).await.created();
            assert_eq!(state(tenant, code).await, ["0.00", "12.00", "-12.00"]);
        }
        let exceptions = tenant.get("/v1/pos/exceptions?reason=voucher_overdrawn").await.ok();
        let detail = exceptions["data"][0]["detail"].as_str().expect("a sentence");
        assert!(detail.contains("POST /v1/vouchers"), "{detail}");
        let known = tenant.get(&format!("{VOUCHERS}?code=OFFLINE-7")).await.ok()["data"][0].clone();
        let customer = tenant.customer("Nordwind Supply").await;
        let mut body = json!({ "code": "OFFLINE-7", "amount": "20", "method": "bank", "customer_id": customer,
            "expires_on": "2099-12-31", "occurred_at": at(5), "id": "vch_01h455vb4pex5vsknk084sn02q" });
        tenant.post(VOUCHERS, &body).await.refused(409, "already_exists").names(&["#/id"]);
        body.as_object_mut().expect("a voucher").remove("id");
        let issued = tenant.post(VOUCHERS, &body).await.created();
        assert_eq!((&issued["id"], &issued["balance"]), (&known["id"], &json!("8.00")));
        let path = format!("{VOUCHERS}/{}", issued["id"].as_str().expect("an id"));
        let read = tenant.get(&path).await.ok();
        for (name, value) in read.as_object().expect("a voucher").iter().filter(|(name, _)| *name != "moves")
        {
            assert_eq!(*value, issued[name], "{name}");
        }
        assert_eq!(read["moves"].as_array().map(Vec::len), Some(2));
        assert_eq!(
            tenant.balance("2300").await,
            "4.00",
            "8.00 are left of one, and 12.00 too much of the other"
        );
        assert_eq!(tenant.balance("1010").await, "20.00");
        tenant.post(VOUCHERS, &body).await.refused(409, "already_exists").names(&["#/code"]);

        let less =
            json!({ "code": "OFFLINE-8", "amount": "5", "account_code": "3000", "occurred_at": at(5) });
        let item = json!({ "idempotency_key": format!("less-{}", tenant.id.0), "body": less });
        let done = tenant.post(&format!("{VOUCHERS}/batch"), &json!({ "items": [item] })).await.json();
        assert_eq!(done["refused"], 0, "{done}");
        assert_eq!(state(tenant, "OFFLINE-8").await, ["5.00", "12.00", "-7.00"]);
        redeem(tenant, &till, "OFFLINE-7", Some("8")).await.created();
        assert_eq!(state(tenant, "OFFLINE-7").await, ["20.00", "20.00", "0.00"]);
        assert_eq!(tenant.balance("2300").await, "7.00");
    });
}
