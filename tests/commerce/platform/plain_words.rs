//! Texts of rejections say what is so and what to do, and one thing has one name.

use serde_json::{Value, json};
use tests::{Reply, lines, sale, with_tenant};

fn detail(reply: &Reply) -> String {
    reply.json()["detail"].as_str().expect("a detail").to_owned()
}

#[test]
fn a_refund_of_a_refund_is_told_from_an_unknown_sale() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("9", "4.00")).await;
        let till = tenant.till().await;
        let sold = tenant.sell(&till, &[("MUG", "2")]).await.created();
        let refund = |original: &Value| json!({ "register_id": till.register_id, "original_id": original, "tenders": [{ "kind": "cash" }] });
        let refunded = tenant.post("/v1/pos/refunds", &refund(&sold["id"])).await.created();
        let again = tenant.post("/v1/pos/refunds", &refund(&refunded["id"])).await;
        again.refused(404, "not_found").names(&["#/original_id"]);
        assert!(detail(&again).contains("a refund can't be refunded"), "{}", again.text);
    });
}

#[test]
fn a_step_that_was_taken_is_not_called_impossible() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("9", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = tenant.order(&customer, &[("MUG", "2")], "shipped").await.created();
        let id = order["id"].as_str().expect("an id");
        let again = tenant.step(id, "ship").await;
        again.refused(409, "invalid_state_transition");
        assert!(detail(&again).ends_with("is shipped already."), "{}", again.text);
        let cancelled = tenant.step(id, "cancel").await;
        let expected = "is shipped. Only one that is draft or on hold or confirmed can be cancelled.";
        assert!(detail(&cancelled).ends_with(expected), "{}", cancelled.text);
        let hold = json!({ "lines": lines(&[("MUG", "1")]), "kind": "quarantine" });
        let hold = tenant.make("/v1/stock/holds", hold).await;
        let release = format!("/v1/stock/holds/{hold}/release");
        tenant.post(&release, &json!({})).await.ok();
        assert!(detail(&tenant.post(&release, &json!({})).await).contains("is released already."));
    });
}

#[test]
fn a_session_is_closed_by_its_path() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let path = format!("/v1/pos/sessions/{}/close", till.session_id);
        let closed = tenant.post(&path, &json!({ "counted": "0" })).await.ok();
        assert_eq!(closed["register_id"], till.register_id);
        tenant
            .post("/v1/pos/sessions/ses_01h455vb4pex5vsknk084sn02q/close", &json!({ "counted": "0" }))
            .await
            .refused(404, "not_found");
        let other = tenant.till().await;
        let wrong = json!({ "counted": "0", "register_id": till.register_id });
        let path = format!("/v1/pos/sessions/{}/close", other.session_id);
        assert!(tenant.post(&path, &wrong).await.status >= 400);
    });
}

#[test]
fn a_rate_without_a_first_day_shows_no_made_up_day() {
    with_tenant(async |tenant| {
        let class = tenant.make("/v1/tax-classes", json!({ "code": "books", "name": "Books" })).await;
        let rate = json!({ "tax_class_id": class, "rate": "5" });
        tenant.post("/v1/tax-rates", &rate).await.created();
        let again = tenant.post("/v1/tax-rates", &rate).await;
        again.refused(409, "already_exists").names(&["#/valid_from"]);
        assert!(
            !again.text.contains("0001-01-01") && again.text.contains("Send valid_from"),
            "{}",
            again.text
        );
        let dated = json!({ "tax_class_id": class, "rate": "5", "valid_from": "2027-01-01" });
        tenant.post("/v1/tax-rates", &dated).await.created();
        let again = tenant.post("/v1/tax-rates", &dated).await;
        assert!(detail(&again).contains("2027-01-01"), "{}", again.text);
        assert!(!tenant.get("/v1/tax-rates?limit=200").await.text.contains("0001-01-01"));
    });
}

#[test]
fn availability_is_net_of_ones_own_hold_and_a_service_has_none() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("9", "4.00")).await;
        tenant.product_with("WRAP", json!({ "kind": "service", "list_price": "1" })).await;
        let hold = json!({ "lines": lines(&[("MUG", "4")]), "kind": "quarantine" });
        let hold = tenant.make("/v1/stock/holds", hold).await;
        let available = async |query: &str| {
            tenant.get(&format!("/v1/stock/availability?sku=MUG,WRAP{query}")).await.ok()["data"].clone()
        };
        let all = available("").await;
        assert_eq!((&all[0]["available"], &all[1]["available"]), (&json!("5"), &Value::Null));
        let own = available(&format!("&hold_id={hold}")).await;
        assert_eq!((&own[0]["available"], &own[0]["locations"][0]["reserved"]), (&json!("9"), &json!("0")));
        let asked = json!({ "skus": ["MUG"], "hold_id": hold, "steps": true });
        let asked = tenant.post("/v1/stock/availability", &asked).await.ok();
        assert_eq!(asked["data"][0]["available"], "9");
        let unknown =
            tenant.get("/v1/stock/availability?sku=MUG&hold_id=hld_01h455vb4pex5vsknk084sn02q").await;
        unknown.refused(404, "not_found");
        tenant.post(&format!("/v1/stock/holds/{hold}/release"), &json!({})).await.ok();
        assert_eq!(available(&format!("&hold_id={hold}")).await[0]["available"], "9");
    });
}

#[test]
fn a_receipt_says_what_can_still_come_back() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("9", "4.00")).await;
        let till = tenant.till().await;
        let sold = tenant.post("/v1/pos/sales", &sale(&till, &[("MUG", "3")])).await.created();
        assert_eq!(sold["lines"][0]["returnable"], "3");
        let refund = json!({ "register_id": till.register_id, "original_id": sold["id"],
            "original_lines": [{ "line_no": 1, "quantity": "1" }], "tenders": [{ "kind": "cash" }] });
        let refunded = tenant.post("/v1/pos/refunds", &refund).await.created();
        let read = async |id: &Value| {
            tenant.get(&format!("/v1/pos/sales/{}", id.as_str().expect("an id"))).await.ok()
        };
        assert_eq!(read(&sold["id"]).await["lines"][0]["returnable"], "2");
        assert_eq!(read(&refunded["id"]).await["lines"][0]["returnable"], Value::Null);
    });
}

#[test]
fn one_thing_has_one_name() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("9", "4.00")).await;
        let entry = tenant.get("/v1/journal-entries?limit=1").await.ok()["data"][0].clone();
        assert!(entry["created_at"].is_string() && entry["created_at"] == entry["recorded_at"], "{entry}");
        for name in ["account", "account_code"] {
            let reason = json!({ "code": format!("by-{name}"), "name": "Display", name: "5100" });
            let made = tenant.post("/v1/reason-codes", &reason).await.created();
            assert_eq!((&made["account"], &made["account_code"]), (&json!("5100"), &json!("5100")));
            tenant.post("/v1/vouchers", &json!({ "amount": "1", name: "3000" })).await.created();
        }
    });
}

#[test]
fn the_last_day_of_the_calendar_is_a_day() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("9", "4.00")).await;
        for path in [
            "stock_valuation?as_of=9999-12-31",
            "revenue?to=9999-12-31",
            "lot_expiry?expires_before=9999-12-31",
            "revenue?to=9999-12-31T23:59:59Z",
        ] {
            tenant.get(&format!("/v1/reports/{path}")).await.ok();
        }
        for path in [
            "/v1/lots?expires_on[lt]=9999-12-31",
            "/v1/journal-entries?to=9999-12-31",
            "/v1/orders?created_at[lt]=9999-12-31T00:00:00Z",
        ] {
            tenant.get(path).await.ok();
        }
        let expected = json!({ "expected_on": "9999-12-31", "lines": lines(&[("MUG", "1")]) });
        let made = tenant.post("/v1/stock/expected-receipts", &expected).await.created();
        assert_eq!(made["expected_on"], "9999-12-31");
    });
}
