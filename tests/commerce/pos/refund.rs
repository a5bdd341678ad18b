//! Refunds at the till.

use serde_json::{Value, json};
use tests::{Level, Tenant, Till, lines, sale, with_tenant};

mod money;

const REFUNDS: &str = "/v1/pos/refunds";

fn against(till: &Till, original: &Value, wanted: &[(i32, &str)]) -> Value {
    let lines: Vec<Value> = wanted
        .iter()
        .map(|(line_no, quantity)| json!({ "line_no": line_no, "quantity": quantity }))
        .collect();
    json!({ "register_id": till.register_id, "original_id": original["id"], "original_lines": lines,
        "tenders": [{ "kind": "cash" }] })
}

async fn pay_in(tenant: &Tenant, till: &Till, amount: &str) {
    let body =
        json!({ "register_id": till.register_id, "kind": "paid_in", "amount": amount, "reason": "Change" });
    tenant.post("/v1/pos/cash-moves", &body).await.created();
}

async fn sold(tenant: &Tenant, till: &Till) -> Value {
    tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
    tenant.stocked("CUP", "3.33", ("10", "1.00")).await;
    let mut body = sale(till, &[("MUG", "3"), ("CUP", "3")]);
    body["discount"] = json!({ "amount": "1.00" });
    tenant.post("/v1/pos/sales", &body).await.created()
}

#[test]
fn a_refund_in_steps_gives_back_exactly_what_was_paid() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let original = sold(tenant, &till).await;
        let mut back = Vec::new();
        for wanted in [[(1, "1")], [(2, "2")], [(1, "2")], [(2, "1")]] {
            let refund = tenant.post(REFUNDS, &against(&till, &original, &wanted)).await.created();
            assert_eq!(refund["kind"], "refund");
            assert_eq!(refund["original_id"], original["id"]);
            back.push(refund["total"].as_str().expect("a total").to_owned());
        }
        let pennies = |text: &str| text.replace('.', "").parse::<i64>().expect("an amount");
        let total: i64 = back.iter().map(|total| pennies(total)).sum();
        assert_eq!(-total, pennies(original["total"].as_str().expect("a total")), "{back:?}");
        assert_eq!(tenant.level("MUG").await, Level::of("10", "0", "40"));
        assert_eq!(tenant.level("CUP").await, Level::of("10", "0", "10"));
        for account in ["1000", "2200", "4200", "5010"] {
            assert_eq!(tenant.balance(account).await, "0.00", "account {account}");
        }
    });
}

#[test]
fn never_more_than_was_sold_comes_back() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let original = sold(tenant, &till).await;
        let all = against(&till, &original, &[]);
        tenant.post(REFUNDS, &against(&till, &original, &[(1, "1")])).await.created();
        let problem = tenant.post(REFUNDS, &against(&till, &original, &[(1, "2.5")])).await;
        problem.refused(422, "return_exceeds_sale").names(&["#/original_lines/0/quantity"]);
        assert_eq!(tenant.post(REFUNDS, &all).await.created()["lines"].as_array().map(Vec::len), Some(2));
        tenant.post(REFUNDS, &all).await.refused(422, "return_exceeds_sale");
        let problem = tenant.post(REFUNDS, &against(&till, &original, &[(1, "1")])).await;
        problem.refused(422, "return_exceeds_sale");
    });
}

#[test]
fn a_refund_names_lines_of_a_sale_of_this_shop() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let original = sold(tenant, &till).await;
        let problem = tenant.post(REFUNDS, &against(&till, &original, &[(3, "1")])).await;
        problem.refused(404, "not_found").names(&["#/original_lines/0/line_no"]);
        let twice = tenant.post(REFUNDS, &against(&till, &original, &[(1, "1"), (1, "1")])).await;
        twice.refused(422, "validation_failed").names(&["#/original_lines/1/line_no"]);
        for quantity in ["0", "-1"] {
            let problem = tenant.post(REFUNDS, &against(&till, &original, &[(1, quantity)])).await;
            assert_eq!(problem.status, 422, "{}", problem.text);
        }
        let unknown = json!({ "id": "sal_01h455vb4pex5vsknk084sn02q" });
        let problem = tenant.post(REFUNDS, &against(&till, &unknown, &[])).await;
        problem.refused(404, "not_found").names(&["#/original_id"]);
        let refund = tenant.post(REFUNDS, &against(&till, &original, &[(1, "1")])).await.created();
        let problem = tenant.post(REFUNDS, &against(&till, &refund, &[])).await;
        problem.refused(404, "not_found").names(&["#/original_id"]);
    });
}

#[test]
fn named_tenders_pay_back_exactly_what_was_paid() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let original = sold(tenant, &till).await;
        let mut body = against(&till, &original, &[(1, "1")]);
        for tenders in [
            json!([{ "kind": "cash", "amount": "100" }]),
            json!([{ "kind": "card", "amount": "100" }]),
            json!([{ "kind": "cash", "amount": "1" }]),
            json!([{ "kind": "card", "amount": "1.00" }, { "kind": "cash" }]),
        ] {
            body["tenders"] = tenders;
            tenant.post(REFUNDS, &body).await.refused(422, "tender_mismatch").names(&["#/tenders"]);
        }
        body["tenders"] = json!([{ "kind": "cash", "amount": "5" }, { "kind": "cash" }]);
        let refund = tenant.post(REFUNDS, &body).await.created();
        assert_eq!(refund["tenders"][0]["amount"], "-5.00");
        assert_eq!(refund["tenders"].as_array().map(Vec::len), Some(2));
    });
}

#[test]
fn goods_come_back_at_the_cost_they_left_with() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("2", "4.00")).await;
        let till = tenant.till().await;
        let original = tenant.sell(&till, &[("MUG", "2")]).await.created();
        tenant.open_stock(&[("MUG", "1", "7.00")]).await;
        tenant.post(REFUNDS, &against(&till, &original, &[(1, "1")])).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("2", "0", "11"));
        assert_eq!(tenant.balance("5010").await, "4.00");
    });
}

#[test]
fn a_refund_without_a_sale_needs_its_scope_and_takes_todays_price_and_cost() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("2", "4.00")).await;
        let till = tenant.till().await;
        let body = json!({ "register_id": till.register_id, "lines": lines(&[("MUG", "1")]), "tenders": [{ "kind": "cash" }] });
        pay_in(tenant, &till, "12").await;
        let key = crate::platform::auth::key(tenant, &["pos:write", "prices:override"]).await;
        let problem = tenant.with_key(&key).post(REFUNDS, &body).await.refused(403, "insufficient_scope");
        assert_eq!(problem.0["required_scope"], "pos:blind_refund");
        let refund = tenant.post(REFUNDS, &body).await.created();
        assert_eq!(refund["total"], "-12.00");
        assert_eq!(refund["original_id"], Value::Null);
        assert_eq!(tenant.level("MUG").await, Level::of("3", "0", "12"));
        let nothing = json!({ "register_id": till.register_id, "tenders": [] });
        tenant.post(REFUNDS, &nothing).await.refused(422, "validation_failed").names(&["#/lines"]);
    });
}

#[test]
fn a_refund_keeps_the_country_and_customer_of_its_sale() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("2", "4.00")).await;
        let till = tenant.till().await;
        let customer = tenant.customer_with("Alpenhandel", json!({ "country": "AT" })).await;
        let mut body = sale(&till, &[("MUG", "2")]);
        body["customer_id"] = json!(customer);
        body["country"] = json!("AT");
        let original = tenant.post("/v1/pos/sales", &body).await.created();
        assert_eq!(original["country"], "AT");
        let elsewhere = with_country(against(&till, &original, &[(1, "1")]), "GB");
        tenant.post(REFUNDS, &elsewhere).await.refused(422, "validation_failed").names(&["#/country"]);
        let refund = tenant.post(REFUNDS, &against(&till, &original, &[(1, "1")])).await.created();
        assert_eq!(refund["customer_id"], json!(customer));
        assert_eq!(refund["country"], "AT", "revenue by country must go down where it went up");
        let same = with_country(against(&till, &original, &[(1, "1")]), "AT");
        tenant.post(REFUNDS, &same).await.created();
    });
}

fn with_country(mut body: Value, country: &str) -> Value {
    body["country"] = json!(country);
    body
}

#[test]
fn a_sale_and_what_comes_back_are_of_the_country_whose_taxes_they_have() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("9", "4.00")).await;
        let till = tenant.till().await;
        let customer = tenant.customer_with("Alpenhandel", json!({ "country": "AT" })).await;
        let mut body = sale(&till, &[("MUG", "2")]);
        body["customer_id"] = json!(customer);
        let original = tenant.post("/v1/pos/sales", &body).await.created();
        assert_eq!((&original["country"], &original["tax"]), (&json!("GB"), &json!("4.00")));
        let order = json!({ "customer_id": customer, "country": "GB", "lines": lines(&[("MUG", "3")]), "advance_to": "invoiced" });
        let order = tenant.post("/v1/orders", &order).await.created();
        let back = json!({ "customer_id": customer, "original_id": order["invoices"][0]["id"],
            "original_lines": [{ "line_no": 1, "quantity": "1" }] });
        let elsewhere = with_country(back.clone(), "AT");
        tenant.post("/v1/returns", &elsewhere).await.refused(422, "validation_failed").names(&["#/country"]);
        assert_eq!(tenant.post("/v1/returns", &back).await.created()["country"], "GB");
        let table = tenant.get("/v1/reports/tax_summary?group_by=country").await.ok();
        let row = |row: &Value| ["country", "tax_rate", "tax"].map(|name| row[name].clone());
        let rows: Vec<[Value; 3]> = table["rows"].as_array().expect("rows").iter().map(row).collect();
        assert_eq!(rows, [[json!("GB"), json!("20"), json!("8.00")]]);
    });
}

#[test]
fn a_refund_of_a_rounded_cash_sale_is_rounded_the_same_way() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.02", ("5", "4.00")).await;
        let till = tenant.till_with(json!({ "cash_rounding": "0.05" })).await;
        let original = tenant.sell(&till, &[("MUG", "1")]).await.created();
        let refund = tenant.post(REFUNDS, &against(&till, &original, &[])).await.created();
        assert_eq!(refund["total"], "-12.00");
        assert_eq!(refund["rounding"], "0.02");
        assert_eq!(tenant.balance("6010").await, "0.00");
        assert_eq!(tenant.balance("1000").await, "0.00");
    });
}
