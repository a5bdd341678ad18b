//! A written record can be read at the address that the response names, with the same content.

use serde_json::{Value, json};
use tests::{Tenant, lines, sale, with_tenant};

use super::isolation::world::world;

const ENTRIES: &str = "/v1/journal-entries";

/// Collects the members that only one of the two has, or that they have with different values.
fn differences(path: &str, written: &Value, read: &Value, found: &mut Vec<String>) {
    match (written, read) {
        (Value::Object(written), Value::Object(read)) => {
            for (name, value) in written {
                differences(&format!("{path}/{name}"), value, read.get(name).unwrap_or(&Value::Null), found);
            }
            let only_read = read.keys().filter(|name| !written.contains_key(*name));
            found.extend(only_read.map(|name| format!("{path}/{name}: only read")));
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

/// Collects the members that `one` has and `other` lacks. The first item of a list stands for all.
fn lacking(path: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            for (name, value) in one {
                let path = format!("{path}/{name}");
                match other.get(name) {
                    Some(other) => lacking(&path, value, other, found),
                    None => found.push(path),
                }
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            if let (Some(one), Some(other)) = (one.first(), other.first()) {
                lacking(&format!("{path}/0"), one, other, found);
            }
        }
        _ => {}
    }
}

/// Compares the members of a response to a write with those of a read. `secrets` are the paths of those that only the write shows.
fn same_fields(path: &str, written: &Value, read: &Value, secrets: &[&str]) {
    let (mut only_written, mut only_read) = (Vec::new(), Vec::new());
    lacking("", written, read, &mut only_written);
    lacking("", read, written, &mut only_read);
    only_written.sort();
    assert_eq!(only_written, secrets, "{path}: only written");
    assert!(only_read.is_empty(), "{path}: only read: {only_read:?}");
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
        write_and_read(tenant, ENTRIES, manual).await;
    });
}

#[test]
fn every_kind_has_the_same_fields_when_it_is_written_and_read() {
    with_tenant(async |tenant| {
        let world = world(tenant).await;
        for (path, written) in &world.made {
            let id = written["id"].as_str().expect("an id");
            let read = match path.as_str() {
                // These have no address of their own.
                "/v1/reason-codes" | "/v1/pos/cash-moves" => {
                    let page = tenant.get(&format!("{path}?limit=200")).await.ok();
                    let all = page["data"].as_array().expect("records");
                    all.iter().find(|record| record["id"] == written["id"]).expect("the record").clone()
                }
                _ => tenant.get(&format!("{path}/{id}")).await.ok(),
            };
            // A secret is shown once, by the write.
            let secrets: &[&str] = match path.as_str() {
                "/v1/customer-sessions" => &["/token"],
                "/v1/invitations" => &["/link", "/token"],
                _ => &[],
            };
            same_fields(path, written, &read, secrets);
        }
    });
}

#[test]
fn documents_that_follow_others_have_the_same_fields_when_they_are_written_and_read() {
    with_tenant(async |tenant| {
        let write = async |path: &str, body: Value| {
            let reply = tenant.post(path, &body).await;
            let written = reply.created();
            let read = tenant.get(reply.header("location").expect("a Location")).await.ok();
            same_fields(path, &written, &read, &[]);
            written["id"].as_str().expect("an id").to_owned()
        };
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let worth = json!({ "reason": "write_down", "lines": [{ "sku": "MUG", "unit_cost": "3" }] });
        write("/v1/stock/revaluations", worth).await;
        tenant.sell(&till, &[("MUG", "2")]).await.created();
        write("/v1/pos/refunds", sale(&till, &[("MUG", "1")])).await;
        let credit = json!({ "customer_id": customer, "lines": lines(&[("MUG", "1")]) });
        write("/v1/returns", credit).await;
        let paid = json!({ "customer_id": customer, "method": "bank", "amount": "50" });
        let payment = write("/v1/payments", paid).await;
        write("/v1/payouts", json!({ "customer_id": customer, "method": "bank", "amount": "5" })).await;
        let order = tenant.order(&customer, &[("MUG", "1")], "invoiced").await.created();
        let part =
            json!([{ "payment_id": payment, "invoice_id": order["invoices"][0]["id"], "amount": "1" }]);
        write("/v1/applications", json!({ "customer_id": customer, "lines": part })).await;
        write("/v1/applications", json!({ "customer_id": customer, "kind": "unapply", "lines": part })).await;
        let second = json!({ "customer_id": customer, "method": "bank", "amount": "7" });
        let second = write("/v1/payments", second).await;
        write(&format!("/v1/payments/{second}/reverse"), json!({ "reason": "Bounced" })).await;
    });
}

#[test]
fn every_operation_that_posts_an_entry_returns_it_as_it_is_read() {
    with_tenant(async |tenant| {
        let customer = tenant.customer("Nordwind Supply").await;
        let entry = |day: &str| {
            json!({ "memo": "Bad debts", "occurred_on": day, "lines": [
                { "account": "6100", "debit": "1", "channel": "wholesale" },
                { "account": "1010", "credit": "1", "customer_id": customer }] })
        };
        let made = write_and_read(tenant, ENTRIES, entry("2024-06-30")).await;
        assert_eq!(made["document_id"], made["id"]);
        assert_eq!((&made["document_kind"], &made["posted_on"]), (&json!("manual"), &json!("2024-06-30")));
        assert_eq!(made["lines"].as_array().map(Vec::len), Some(2), "{made}");
        assert!(made["lines"][0]["account_name"].as_str().is_some_and(|name| !name.is_empty()), "{made}");
        let reverse = format!("{ENTRIES}/{}/reverse", made["id"].as_str().expect("an id"));
        let reversal = write_and_read(tenant, &reverse, json!({ "memo": "Paid after all" })).await;
        assert_eq!((&reversal["reverses"], &reversal["document_id"]), (&made["id"], &made["id"]));
        let opened = json!({ "occurred_on": "2024-01-31", "lines": [
            { "account": "1010", "debit": "5" }, { "account": "3100", "credit": "5" }] });
        write_and_read(tenant, "/v1/opening-balances", opened).await;
        tenant.post(ENTRIES, &entry("2023-07-31")).await.created();
        write_and_read(tenant, "/v1/year-close/2023", json!({})).await;

        // A valuation is posted with its reversal. A repeat has the first one.
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "MILL", "name": "Mill" })).await;
        let rate = json!({ "currency": "USD", "valid_from": "2025-06-30", "rate": "0.9" });
        tenant.post("/v1/exchange-rates", &rate).await.created();
        let bill = json!({ "supplier_id": supplier, "supplier_number": "1", "dated": "2025-06-30", "currency": "USD",
            "exchange_rate": "0.8", "lines": [{ "account": "5300", "unit_cost": "10" }] });
        tenant.post("/v1/bills", &bill).await.created();
        let valued = write_and_read(tenant, "/v1/foreign-valuations/2025-06-30", json!({})).await;
        assert!(valued["reversed_by"].is_string(), "{valued}");
        let again = write_and_read(tenant, "/v1/foreign-valuations/2025-06-30", json!({})).await;
        assert_eq!(again, valued);

        // The books are closed: the entry is posted on the first open day.
        let lock = json!({ "locked_through": "2024-12-31", "reason": "Year closed" });
        tenant.post("/v1/period-locks", &lock).await.created();
        let late = write_and_read(tenant, ENTRIES, entry("2024-06-30")).await;
        assert_eq!((&late["occurred_on"], &late["posted_on"]), (&json!("2024-06-30"), &json!("2025-01-01")));
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
