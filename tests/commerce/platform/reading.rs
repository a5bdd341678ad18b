//! A written record can be read at the address that the response names, with the same content.

use serde_json::{Value, json};
use tests::{Tenant, lines, sale, with_tenant};

/// Collects the members of `written` that `read` lacks, or has with another value.
fn differences(path: &str, written: &Value, read: &Value, found: &mut Vec<String>) {
    match (written, read) {
        (Value::Object(written), Value::Object(read)) => {
            for (name, value) in written {
                differences(&format!("{path}/{name}"), value, read.get(name).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(written), Value::Array(read)) if written.len() == read.len() => {
            for (index, (written, read)) in written.iter().zip(read).enumerate() {
                differences(&format!("{path}/{index}"), written, read, found);
            }
        }
        _ if written == read => {}
        _ => found.push(format!("{path}: written {written}, read {read}")),
    }
}

/// Writes a record, then reads it at the Location of the response.
async fn write_and_read(tenant: &Tenant, path: &str, body: Value) -> Value {
    let reply = tenant.post(path, &body).await;
    let written = reply.created();
    let location = reply.header("location").unwrap_or_else(|| panic!("{path} names no Location"));
    let read = tenant.get(location).await.ok();
    let mut found = Vec::new();
    differences("", &written, &read, &mut found);
    assert!(found.is_empty(), "{path} and {location} differ:\n{}", found.join("\n"));
    written
}

#[test]
fn every_document_is_read_as_it_was_written() {
    with_tenant(async |tenant| {
        let units = json!([{ "uom": "XCS", "factor": "12" }]);
        tenant.product_with("MUG", json!({ "list_price": "10.00", "units": units })).await;
        let opening = json!({ "kind": "opening", "reference": "Count of 2011", "lines": [
            { "sku": "MUG", "uom": "XCS", "quantity": "5", "unit_cost": "48" }] });
        write_and_read(tenant, "/v1/stock/documents", opening).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let mut sold = sale(&till, &[("MUG", "2"), ("MUG", "1")]);
        sold["discount"] = json!({ "percent": "10" });
        sold["tenders"] = json!([{ "kind": "card", "amount": "5", "reference": "auth-1" }, { "kind": "cash", "amount": "50" }]);
        sold["customer_id"] = json!(customer);
        let sold = write_and_read(tenant, "/v1/pos/sales", sold).await;
        let refund = json!({ "register_id": till.register_id, "original_id": sold["id"], "tenders": [{ "kind": "cash" }],
            "original_lines": [{ "line_no": 1, "quantity": "1" }] });
        write_and_read(tenant, "/v1/pos/refunds", refund).await;
        let order = json!({ "customer_id": customer, "reference": "PO 4711", "external_ref": "shop-1", "requested_on": "2031-01-01",
            "lines": [{ "sku": "MUG", "uom": "XCS", "quantity": "1", "discount": { "amount": "1" }, "description": "A case" }],
            "advance_to": "invoiced" });
        let order = write_and_read(tenant, "/v1/orders", order).await;
        for advance_to in ["draft", "confirmed", "shipped"] {
            let order =
                json!({ "customer_id": customer, "lines": lines(&[("MUG", "1")]), "advance_to": advance_to });
            write_and_read(tenant, "/v1/orders", order).await;
        }
        let invoice = &order["invoices"][0];
        let read = tenant.get(&format!("/v1/invoices/{}", invoice["id"].as_str().expect("an id"))).await.ok();
        let mut found = Vec::new();
        differences("", invoice, &read, &mut found);
        assert!(found.is_empty(), "the invoice differs:\n{}", found.join("\n"));
        let back = json!({ "customer_id": customer, "original_id": invoice["id"], "reason": "Too many",
            "original_lines": [{ "line_no": 1, "quantity": "3" }] });
        write_and_read(tenant, "/v1/returns", back).await;
        let payment =
            json!({ "customer_id": customer, "method": "bank", "amount": "5", "reference": "transfer 1" });
        write_and_read(tenant, "/v1/payments", payment).await;
        let manual = json!({ "memo": "Bank charge", "lines": [{ "account": "6000", "debit": "1" }, { "account": "1010", "credit": "1" }] });
        let manual = tenant.post("/v1/journal-entries", &manual).await;
        tenant.get(manual.header("location").expect("a Location")).await.ok();
    });
}

#[test]
fn a_session_is_read_with_what_it_explains() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let register = json!({ "code": "OTHER", "name": "Other", "location_id": tenant.shop });
        let register = tenant.make("/v1/registers", register).await;
        write_and_read(tenant, "/v1/pos/sessions", json!({ "register_id": register, "opening_float": "20" }))
            .await;
        let sessions = tenant.get("/v1/pos/sessions").await.ok();
        assert_eq!(sessions["data"].as_array().map(Vec::len), Some(2));
        let moves = tenant.get("/v1/pos/cash-moves").await.ok();
        assert_eq!(moves["data"][0]["amount"], "20.00");
        tenant.get(&format!("/v1/pos/sessions/{}", till.session_id)).await.ok();
    });
}

#[test]
fn stock_is_read_as_it_is() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        tenant.order(&customer, &[("MUG", "4")], "confirmed").await.created();
        let levels = tenant.get("/v1/stock/levels").await.ok();
        let level = &levels["data"][0];
        let figures = ["on_hand", "reserved", "available"].map(|name| level[name].clone());
        assert_eq!(figures, ["50", "4", "46"].map(Value::from), "{level}");
        let availability = tenant.get("/v1/stock/availability?sku=MUG").await;
        assert!(availability.ok().to_string().contains("\"46\""), "{}", availability.text);
        let movements = tenant.get("/v1/stock/movements").await.ok();
        assert_eq!(movements["data"].as_array().map(Vec::len), Some(1), "a reservation moves nothing");
        let few = tenant.with_key(&crate::platform::auth::key(tenant, &["stock:read"]).await);
        let seen = few.get("/v1/stock/levels").await;
        println!("{}", seen.text);
        seen.ok();
    });
}
