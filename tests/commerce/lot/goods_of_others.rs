//! Returns of units that the customer never got, and lot codes of another product.

use serde_json::{Value, json};
use tests::{Tenant, Till, sale, with_tenant};

use super::{posted, tracked};

const REFUNDS: &str = "/v1/pos/refunds";
const RETURNS: &str = "/v1/returns";

fn line(sku: &str, quantity: &str, lot: &str) -> Value {
    json!([{ "sku": sku, "quantity": quantity, "lots": [{ "code": lot }] }])
}

fn blind_refund(till: &Till, lines: Value) -> Value {
    json!({ "register_id": till.register_id, "lines": lines, "tenders": [{ "kind": "card" }] })
}

/// Sells units of a lot to a wholesale customer. Returns the invoice.
async fn invoiced(tenant: &Tenant, customer: &str, lines: Value) -> String {
    let body = json!({ "customer_id": customer, "lines": lines, "advance_to": "invoiced" });
    let order = tenant.post("/v1/orders", &body).await.created();
    order["invoices"][0]["id"].as_str().expect("an invoice").to_owned()
}

#[test]
fn a_serial_number_comes_back_from_its_buyer_only() {
    with_tenant(async |tenant| {
        tracked(tenant, "PHONE", "serial").await;
        for code in ["S-1", "S-2"] {
            posted(tenant, "receipt", ("PHONE", "1"), json!([{ "code": code }])).await.created();
        }
        let till = tenant.till().await;
        let (one, other) = (tenant.customer("Hansa Foods").await, tenant.customer("Kontor Mitte").await);
        let first = invoiced(tenant, &one, line("PHONE", "1", "S-1")).await;
        let blind = |customer: &str, code: &str| json!({ "customer_id": customer, "lines": line("PHONE", "1", code) });
        let at = ["#/lines/0/lots"];
        tenant.post(RETURNS, &blind(&other, "S-1")).await.refused(422, "return_exceeds_sale").names(&at);
        let stolen = tenant.post(REFUNDS, &blind_refund(&till, line("PHONE", "1", "S-1"))).await;
        stolen.refused(422, "return_exceeds_sale").names(&at);
        tenant.post(RETURNS, &blind(&one, "S-2")).await.refused(409, "already_exists");
        tenant.post(RETURNS, &blind(&one, "S-1")).await.created();
        // It is sold to another customer: the first one has nothing left to return, also with the invoice.
        let second = invoiced(tenant, &other, line("PHONE", "1", "S-1")).await;
        let named =
            |customer: &str, invoice: &str| json!({ "customer_id": customer, "original_id": invoice });
        tenant.post(RETURNS, &named(&one, &first)).await.refused(422, "return_exceeds_sale");
        tenant.post(RETURNS, &named(&other, &second)).await.created();

        // At a till, a customer without a name.
        let mut sold = sale(&till, &[]);
        sold["lines"] = line("PHONE", "1", "S-2");
        tenant.post("/v1/pos/sales", &sold).await.created();
        tenant.post(RETURNS, &blind(&one, "S-2")).await.refused(422, "return_exceeds_sale").names(&at);
        tenant.post(REFUNDS, &blind_refund(&till, line("PHONE", "1", "S-2"))).await.created();
        // And one with a name: only with the sale.
        sold["customer_id"] = json!(one);
        let sold = tenant.post("/v1/pos/sales", &sold).await.created();
        let unnamed = tenant.post(REFUNDS, &blind_refund(&till, line("PHONE", "1", "S-2"))).await;
        unnamed.refused(422, "return_exceeds_sale").names(&at);
        let with = json!({ "register_id": till.register_id, "original_id": sold["id"], "tenders": [{ "kind": "cash" }] });
        tenant.post(REFUNDS, &with).await.created();
    });
}

#[test]
fn no_more_of_a_lot_comes_back_than_the_customer_has() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        posted(tenant, "receipt", ("MILK", "20"), json!([{ "code": "A" }])).await.created();
        let (one, other) = (tenant.customer("Hansa Foods").await, tenant.customer("Kontor Mitte").await);
        let invoice = invoiced(tenant, &one, line("MILK", "5", "A")).await;
        let blind = |customer: &str, quantity: &str| json!({ "customer_id": customer, "lines": line("MILK", quantity, "A") });
        let at = ["#/lines/0/lots"];
        tenant.post(RETURNS, &blind(&other, "1")).await.refused(422, "return_exceeds_sale").names(&at);
        tenant.post(RETURNS, &blind(&one, "6")).await.refused(422, "return_exceeds_sale").names(&at);
        let mut twice = blind(&one, "3");
        let again = twice["lines"][0].clone();
        twice["lines"].as_array_mut().expect("lines").push(again);
        tenant.post(RETURNS, &twice).await.refused(422, "return_exceeds_sale").names(&["#/lines/1/lots"]);
        tenant.post(RETURNS, &blind(&one, "2")).await.created();
        let named = |quantity: &str| {
            json!({ "customer_id": one, "original_id": invoice,
                "original_lines": [{ "line_no": 1, "quantity": quantity }] })
        };
        let beyond = tenant.post(RETURNS, &named("4")).await;
        beyond.refused(422, "return_exceeds_sale").names(&["#/original_lines/0/lots"]);
        // In one batch each return counts for the next one.
        let items = [named("2"), blind(&one, "2"), blind(&one, "1")];
        let item = |(key, body): (usize, &Value)| json!({ "idempotency_key": key.to_string(), "body": body });
        let batch = json!({ "items": items.iter().enumerate().map(item).collect::<Vec<Value>>() });
        let results = tenant.post("/v1/returns/batch", &batch).await.expect(207)["results"].clone();
        let statuses: Vec<Option<u64>> = (0..3).map(|at| results[at]["status"].as_u64()).collect();
        assert_eq!(statuses, [Some(201), Some(422), Some(201)], "{results}");
    });
}

#[test]
fn a_count_or_a_find_with_the_code_of_another_product_makes_no_lot() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        tracked(tenant, "CREAM", "lot").await;
        posted(tenant, "receipt", ("MILK", "20"), json!([{ "code": "A" }])).await.created();
        let sheet = tenant.make("/v1/counts", json!({ "blind": false })).await;
        let entries = format!("/v1/counts/{sheet}/entries");
        let entry =
            |sku: &str, code: &str| json!({ "entries": [{ "sku": sku, "quantity": "3", "lot_code": code }] });
        let wrong = tenant.post(&entries, &entry("CREAM", "A")).await;
        assert!(wrong.text.contains("it is a lot of MILK"), "{}", wrong.text);
        wrong.refused(422, "validation_failed").names(&["#/entries/0/lot_code"]);
        tenant.post(&entries, &entry("MILK", "A")).await.ok();
        // A code that no product has may be a lot that was never received.
        tenant.post(&entries, &entry("CREAM", "NEW")).await.ok();
        let found = posted(tenant, "adjustment", ("CREAM", "1"), json!([{ "code": "A" }])).await;
        found.refused(422, "validation_failed").names(&["#/lines/0/lots/0/code"]);
        assert_eq!(tenant.count("lot").await, 1);
        // Suppliers may use one code for two products: what is received says so.
        posted(tenant, "receipt", ("CREAM", "1"), json!([{ "code": "A" }])).await.created();
        tenant.post(&entries, &entry("CREAM", "A")).await.ok();
        posted(tenant, "adjustment", ("CREAM", "1"), json!([{ "code": "A" }])).await.created();
    });
}
