//! Payments of wholesale customers, and the invoices that they settle.

use serde_json::{Value, json};
use tests::{Tenant, lines, with_tenant};

mod bank;
mod foreign;
mod open_item;
mod trail;

const PAYMENTS: &str = "/v1/payments";

/// Makes an invoice of this many pounds with tax. Returns its id.
async fn invoice(tenant: &Tenant, customer: &str, pounds: u32) -> String {
    let lines = json!([{ "sku": "WORK", "quantity": "1", "unit_price": pounds.to_string() }]);
    let body = json!({ "customer_id": customer, "lines": lines, "advance_to": "invoiced" });
    let order = tenant.post("/v1/orders", &body).await.created();
    order["invoices"][0]["id"].as_str().expect("an invoice").to_owned()
}

async fn worker(tenant: &Tenant) -> String {
    let zero = tenant.get("/v1/tax-classes").await.ok();
    let classes = zero["data"].as_array().expect("tax classes");
    let zero = classes.iter().find(|class| class["code"] == "zero").expect("the zero rate");
    tenant.product_with("WORK", json!({ "kind": "service", "tax_class_id": zero["id"] })).await;
    tenant.customer("Nordwind Supply").await
}

fn paid(customer: &str, amount: &str) -> Value {
    json!({ "customer_id": customer, "method": "bank", "amount": amount })
}

#[test]
fn a_payment_settles_the_oldest_invoices_and_keeps_the_rest() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let first = invoice(tenant, &customer, 100).await;
        let second = invoice(tenant, &customer, 50).await;
        let payment = tenant.post(PAYMENTS, &paid(&customer, "120.50")).await.created();
        let parts =
            json!([{ "invoice_id": first, "amount": "100.00" }, { "invoice_id": second, "amount": "20.50" }]);
        assert_eq!(payment["allocations"], parts);
        assert_eq!(payment["unapplied"], "0.00");
        let payment = tenant.post(PAYMENTS, &paid(&customer, "40")).await.created();
        assert_eq!(payment["allocations"], json!([{ "invoice_id": second, "amount": "29.50" }]));
        assert_eq!(payment["unapplied"], "10.50");
        assert_eq!(tenant.balance("1100").await, "-10.50");
        assert_eq!(tenant.balance("1010").await, "160.50");
        let account = tenant.get(&format!("/v1/customers/{customer}/account")).await.ok();
        assert_eq!(account["receivable"], "0.00");
        assert_eq!(account["unapplied"], "10.50");
        let advance = tenant.post(PAYMENTS, &paid(&customer, "5")).await.created();
        assert_eq!(advance["allocations"], json!([]));
        assert_eq!(advance["unapplied"], "5.00");
    });
}

#[test]
fn a_payment_settles_the_invoices_it_names() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let first = invoice(tenant, &customer, 100).await;
        let second = invoice(tenant, &customer, 50).await;
        let mut body = paid(&customer, "60");
        body["method"] = json!("card");
        body["allocations"] = json!([{ "invoice_id": second, "amount": "50" }]);
        let payment = tenant.post(PAYMENTS, &body).await.created();
        assert_eq!(payment["unapplied"], "10.00");
        assert_eq!(tenant.balance("1020").await, "60.00");
        let problem = tenant.post(PAYMENTS, &body).await.refused(422, "validation_failed");
        problem.names(&["#/allocations/0/amount"]);
        body["allocations"] =
            json!([{ "invoice_id": first, "amount": "30" }, { "invoice_id": first, "amount": "30" }]);
        let problem = tenant.post(PAYMENTS, &body).await.refused(422, "validation_failed");
        problem.names(&["#/allocations/1/invoice_id"]);
        body["allocations"] = json!([{ "invoice_id": first, "amount": "60.01" }]);
        tenant.post(PAYMENTS, &body).await.refused(422, "validation_failed").names(&["#/allocations"]);
        for amount in ["0", "-1", "0.001"] {
            body["allocations"] = json!([{ "invoice_id": first, "amount": amount }]);
            let problem = tenant.post(PAYMENTS, &body).await.refused(422, "validation_failed");
            problem.names(&["#/allocations/0/amount"]);
        }
        body["allocations"] = json!([]);
        assert_eq!(tenant.post(PAYMENTS, &body).await.created()["unapplied"], "60.00");
    });
}

#[test]
fn a_payment_names_invoices_of_the_same_customer() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let theirs = invoice(tenant, &customer, 100).await;
        let other = tenant.customer("Kontor Vorkasse").await;
        let mut body = paid(&other, "60");
        for invoice in [theirs.as_str(), "inv_01h455vb4pex5vsknk084sn02q"] {
            body["allocations"] = json!([{ "invoice_id": invoice, "amount": "1" }]);
            let problem = tenant.post(PAYMENTS, &body).await.refused(404, "not_found");
            problem.names(&["#/allocations/0/invoice_id"]);
        }
        let unknown = paid("cus_01h455vb4pex5vsknk084sn02q", "1");
        tenant.post(PAYMENTS, &unknown).await.refused(404, "not_found").names(&["#/customer_id"]);
    });
}

#[test]
fn an_amount_is_above_zero_and_has_the_decimals_of_the_currency() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        for amount in ["0", "-1", "0.001", "1.005"] {
            let problem =
                tenant.post(PAYMENTS, &paid(&customer, amount)).await.refused(422, "validation_failed");
            problem.names(&["#/amount"]);
        }
        let mut early = paid(&customer, "1");
        early["occurred_at"] = json!("2999-01-01T00:00:00Z");
        tenant.post(PAYMENTS, &early).await.refused(422, "validation_failed").names(&["#/occurred_at"]);
    });
}

#[test]
fn a_blocked_customer_can_still_pay() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        invoice(tenant, &customer, 100).await;
        tenant.patch(&format!("/v1/customers/{customer}"), &json!({ "status": "blocked" })).await.ok();
        tenant.post(PAYMENTS, &paid(&customer, "100")).await.created();
        assert_eq!(tenant.balance("1100").await, "0.00");
    });
}

#[test]
fn two_payments_of_one_invoice_at_once_do_not_pay_it_twice() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        invoice(tenant, &customer, 100).await;
        let body = paid(&customer, "30");
        let payments = futures_util::future::join_all((0..8).map(|_| tenant.post(PAYMENTS, &body))).await;
        for payment in payments {
            payment.created();
        }
        let account = tenant.get(&format!("/v1/customers/{customer}/account")).await.ok();
        assert_eq!(account["receivable"], "0.00");
        assert_eq!(account["unapplied"], "140.00");
    });
}

#[test]
fn what_was_shipped_and_what_is_invoiced_come_to_the_same_cent() {
    with_tenant(async |tenant| {
        tenant.stocked("SCREW", "0.166667", ("50", "0.01")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let mut body =
            json!({ "customer_id": customer, "lines": lines(&[("SCREW", "3")]), "advance_to": "confirmed" });
        body["discount"] = json!({ "amount": "0.10" });
        let order = tenant.post("/v1/orders", &body).await.created();
        let path = format!("/v1/orders/{}", order["id"].as_str().expect("an id"));
        for _ in 0..3 {
            let one = json!({ "lines": [{ "line_no": 1, "quantity": "1" }] });
            tenant.post(&format!("{path}/ship"), &one).await.ok();
            tenant.post(&format!("{path}/invoice"), &json!({})).await.ok();
        }
        assert_eq!(tenant.get(&path).await.ok()["status"], "invoiced");
        assert_eq!(tenant.balance("1100").await, order["total"].as_str().expect("a total"));
    });
}
