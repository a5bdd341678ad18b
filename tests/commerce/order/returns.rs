//! Wholesale returns: one transaction restocks them and credits the customer.

use serde_json::{Value, json};
use tests::{Level, Tenant, lines, with_tenant};

const RETURNS: &str = "/v1/returns";

struct Sold {
    customer: String,
    invoice: String,
}

/// Sells ten bolts at 9.99 that cost 4.00 each, and three nuts.
async fn sold(tenant: &Tenant) -> Sold {
    tenant.stocked("BOLT", "9.99", ("10", "4.00")).await;
    tenant.stocked("NUT", "1.00", ("10", "0.333333")).await;
    let customer = tenant.customer("Nordwind Supply").await;
    let lines = lines(&[("BOLT", "10"), ("NUT", "3")]);
    let body = json!({ "customer_id": customer, "lines": lines, "advance_to": "invoiced", "discount": { "amount": "0.10" } });
    let order = tenant.post("/v1/orders", &body).await.created();
    let invoice = order["invoices"][0]["id"].as_str().expect("an invoice").to_owned();
    Sold { customer, invoice }
}

fn back(sold: &Sold, wanted: &[(i32, &str)]) -> Value {
    let lines: Vec<Value> = wanted
        .iter()
        .map(|(line_no, quantity)| json!({ "line_no": line_no, "quantity": quantity }))
        .collect();
    json!({ "customer_id": sold.customer, "original_id": sold.invoice, "original_lines": lines })
}

#[test]
fn a_return_in_steps_undoes_the_sale_to_the_penny() {
    with_tenant(async |tenant| {
        let sold = sold(tenant).await;
        tenant.open_stock(&[("BOLT", "1", "99.00")]).await;
        let note = tenant.post(RETURNS, &back(&sold, &[(1, "3"), (2, "1")])).await.created();
        assert_eq!(note["object"], "credit_note");
        assert_eq!(note["original_id"], json!(sold.invoice));
        assert!(note["number"].as_str().is_some_and(|number| number.starts_with("CN-")), "{note}");
        assert_eq!(tenant.level("BOLT").await, Level::of("4", "0", "111"), "at the cost they left with");
        tenant.post(RETURNS, &back(&sold, &[(1, "4")])).await.created();
        tenant.post(RETURNS, &back(&sold, &[])).await.created();
        for account in ["1100", "2200", "4200", "5000"] {
            assert_eq!(tenant.balance(account).await, "0.00", "account {account}");
        }
        assert_eq!(tenant.level("NUT").await, Level::of("10", "0", "3.33"));
        tenant.post(RETURNS, &back(&sold, &[])).await.refused(422, "return_exceeds_sale");
    });
}

#[test]
fn damaged_goods_are_credited_but_not_restocked() {
    with_tenant(async |tenant| {
        let sold = sold(tenant).await;
        let mut body = back(&sold, &[(1, "2")]);
        body["condition"] = json!("damaged");
        body["reason"] = json!("Wet on arrival");
        let note = tenant.post(RETURNS, &body).await.created();
        assert_eq!(note["reason"], "Wet on arrival");
        assert_eq!(tenant.level("BOLT").await, Level::of("0", "0", "0"));
        assert_eq!(tenant.balance("5100").await, "8.00");
        let again = tenant.post(RETURNS, &back(&sold, &[(1, "9")])).await;
        again.refused(422, "return_exceeds_sale").names(&["#/original_lines/0/quantity"]);
    });
}

#[test]
fn a_return_names_an_invoice_of_the_same_customer() {
    with_tenant(async |tenant| {
        let sold = sold(tenant).await;
        let other = tenant.customer("Kontor Vorkasse").await;
        let mut body = back(&sold, &[]);
        body["customer_id"] = json!(other);
        tenant.post(RETURNS, &body).await.refused(404, "not_found").names(&["#/original_id"]);
        body = back(&sold, &[(9, "1")]);
        tenant.post(RETURNS, &body).await.refused(404, "not_found").names(&["#/original_lines/0/line_no"]);
        let note = tenant.post(RETURNS, &back(&sold, &[(2, "1")])).await.created();
        body = back(&sold, &[]);
        body["original_id"] = note["id"].clone();
        tenant.post(RETURNS, &body).await.refused(404, "not_found").names(&["#/original_id"]);
        let till = tenant.till().await;
        let sale = tenant.sell(&till, &[("NUT", "1")]).await.created();
        let foreign = sale["id"].as_str().expect("an id").replace("sal_", "inv_");
        body["original_id"] = json!(foreign);
        tenant.post(RETURNS, &body).await.refused(404, "not_found").names(&["#/original_id"]);
    });
}

#[test]
fn a_return_without_an_invoice_takes_todays_price_and_the_current_cost() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "9.99", ("10", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let body = json!({ "customer_id": customer, "lines": lines(&[("BOLT", "2")]), "occurred_at": "2011-12-01T08:26:00Z" });
        let note = tenant.post(RETURNS, &body).await.created();
        assert_eq!(note["net"], "-19.98");
        assert_eq!(note["tax"], "-4.00");
        assert_eq!(note["open"], "-23.98");
        assert_eq!(note["lines"][0]["quantity"], "-2");
        assert_eq!(tenant.level("BOLT").await, Level::of("12", "0", "48"));
        assert_eq!(tenant.balance("4100").await, "19.98");
        let named = json!({ "customer_id": customer, "lines": [{ "sku": "BOLT", "quantity": "1", "unit_price": "5.00" }] });
        assert_eq!(tenant.post(RETURNS, &named).await.created()["net"], "-5.00");
        let key = crate::platform::auth::key(tenant, &["orders:write", "pos:blind_refund"]).await;
        let problem = tenant.with_key(&key).post(RETURNS, &named).await.refused(403, "insufficient_scope");
        problem.names(&["#/lines/0/unit_price"]);
        let nothing = json!({ "customer_id": customer });
        tenant.post(RETURNS, &nothing).await.refused(422, "validation_failed").names(&["#/lines"]);
    });
}

#[test]
fn a_blocked_customer_can_still_give_back() {
    with_tenant(async |tenant| {
        let sold = sold(tenant).await;
        tenant.patch(&format!("/v1/customers/{}", sold.customer), &json!({ "status": "blocked" })).await.ok();
        tenant.post(RETURNS, &back(&sold, &[(1, "1")])).await.created();
    });
}

#[test]
fn an_archived_product_can_still_come_back() {
    with_tenant(async |tenant| {
        let sold = sold(tenant).await;
        let bolt = tenant.get("/v1/products?sku=BOLT").await.ok();
        let bolt = bolt["data"][0]["id"].as_str().expect("a product");
        tenant.patch(&format!("/v1/products/{bolt}"), &json!({ "status": "archived" })).await.ok();
        tenant.post(RETURNS, &back(&sold, &[(1, "1")])).await.created();
        let body = json!({ "customer_id": sold.customer, "lines": lines(&[("BOLT", "1")]) });
        tenant.post(RETURNS, &body).await.created();
    });
}

#[test]
fn a_return_names_lines_of_its_original_or_goods_never_both() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let sold = tenant.sell(&till, &[("MUG", "1")]).await.created();
        let tenders = json!([{ "kind": "cash" }]);
        let both = json!({ "register_id": till.register_id, "original_id": sold["id"], "tenders": tenders,
            "lines": [{ "sku": "MUG", "quantity": "1" }] });
        tenant.post("/v1/pos/refunds", &both).await.refused(422, "validation_failed").names(&["#/lines"]);
        let neither = json!({ "customer_id": customer, "lines": [{ "sku": "MUG", "quantity": "1" }],
            "original_lines": [{ "line_no": 1 }] });
        let refused = tenant.post("/v1/returns", &neither).await;
        refused.refused(422, "validation_failed").names(&["#/original_lines"]);
    });
}
