//! Values that can't be stored are rejected and harm nothing: figures that are too large, texts with null characters.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Tenant, lines, sale, with_tenant};

const SALES: &str = "/v1/pos/sales";
const DOCUMENTS: &str = "/v1/stock/documents";
/// The largest number that the format allows.
const HUGE: &str = "999999999999";

async fn too_large(tenant: &Tenant, path: &str, body: &Value) {
    tenant.post(path, body).await.refused(422, "validation_failed");
}

#[test]
fn a_receipt_that_no_book_can_hold_is_refused() {
    with_tenant(async |tenant| {
        let units = json!([{ "uom": "XPX", "factor": HUGE }]);
        tenant.product_with("BOLT", json!({ "list_price": "2.00", "units": units })).await;
        for (quantity, unit_cost) in [
            (HUGE, HUGE),
            ("1000000000000", "1"),
            ("99999999999999999999999999999999", "1"),
            ("1", "1000000000000"),
        ] {
            let lines = json!([{ "sku": "BOLT", "quantity": quantity, "unit_cost": unit_cost }]);
            too_large(tenant, DOCUMENTS, &json!({ "kind": "receipt", "lines": lines })).await;
        }
        let lines = json!([{ "sku": "BOLT", "uom": "XPX", "quantity": HUGE, "unit_cost": "1" }]);
        too_large(tenant, DOCUMENTS, &json!({ "kind": "receipt", "lines": lines })).await;
        let found = json!([{ "sku": "BOLT", "uom": "XPX", "quantity": HUGE }]);
        too_large(tenant, DOCUMENTS, &json!({ "kind": "adjustment", "reason": "found", "lines": found }))
            .await;
    });
}

#[test]
fn a_sale_that_no_book_can_hold_is_refused_and_the_till_goes_on() {
    with_tenant(async |tenant| {
        let units = json!([{ "uom": "XPX", "factor": HUGE }]);
        let galaxy = json!({ "kind": "service", "list_price": HUGE, "units": units });
        tenant.product_with("GALAXY", galaxy).await;
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let line = json!({ "sku": "GALAXY", "uom": "XPX", "quantity": HUGE });
        let absurd =
            json!({ "register_id": till.register_id, "lines": [line], "tenders": [{ "kind": "cash" }] });
        for _ in 0..4 {
            too_large(tenant, SALES, &absurd).await;
        }
        too_large(tenant, SALES, &sale(&till, &[("GALAXY", HUGE)])).await;
        let discounted = json!({ "register_id": till.register_id, "lines": lines(&[("GALAXY", HUGE), ("GALAXY", HUGE)]),
            "discount": { "percent": "50" }, "tenders": [{ "kind": "cash" }] });
        too_large(tenant, SALES, &discounted).await;
        too_large(tenant, "/v1/orders", &json!({ "customer_id": customer, "lines": [line] })).await;
        too_large(tenant, "/v1/returns", &json!({ "customer_id": customer, "lines": [line] })).await;
        let many: Vec<(&str, &str)> = vec![("GALAXY", "0.000001"); 2001];
        let problem = tenant.sell(&till, &many).await.refused(422, "validation_failed");
        problem.names(&["#/lines"]);
        tenant.sell(&till, &[("MUG", "1")]).await.created();
    });
}

#[test]
fn a_bundle_with_next_to_nothing_or_far_too_much_of_a_component_is_refused() {
    with_tenant(async |tenant| {
        tenant.product_with("SALT", json!({ "list_price": "0.01", "stock_decimals": 6 })).await;
        tenant.product_with("GALAXY", json!({ "kind": "service", "list_price": HUGE })).await;
        tenant.open_stock(&[("SALT", "90", "1.00")]).await;
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let bundle = async |sku: &str, components: Value| {
            let more = json!({ "kind": "bundle", "list_price": "0.50", "stock_decimals": 6 });
            let set = tenant.product_with(sku, more).await;
            let path = format!("/v1/products/{}/components", set.id);
            tenant.put(&path, &json!({ "components": components })).await.ok();
        };
        bundle("CRUMB", json!([{ "sku": "SALT", "quantity": "0.000001" }])).await;
        bundle("COSMOS", json!([{ "sku": "GALAXY", "quantity": HUGE }, { "sku": "MUG", "quantity": "1" }]))
            .await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        for (sku, quantity) in [("CRUMB", "0.4"), ("CRUMB", "0.000001"), ("COSMOS", "1")] {
            let lines = lines(&[(sku, quantity)]);
            let reply = tenant.post(SALES, &sale(&till, &[(sku, quantity)])).await;
            reply.refused(422, "validation_failed").names(&["#/lines/0/quantity"]);
            let order = json!({ "customer_id": customer, "lines": lines, "advance_to": "invoiced" });
            let reply = tenant.post("/v1/orders", &order).await;
            reply.refused(422, "validation_failed").names(&["#/lines/0/quantity"]);
        }
        tenant.sell(&till, &[("MUG", "1"), ("CRUMB", "1")]).await.created();
    });
}

#[test]
fn a_level_that_becomes_too_large_is_refused() {
    with_tenant(async |tenant| {
        tenant.product_with("DUST", json!({ "list_price": "1.00", "stock_decimals": 6 })).await;
        let lines: Vec<Value> =
            vec![json!({ "sku": "DUST", "quantity": "1000000000", "unit_cost": "1" }); 1000];
        let receipt = json!({ "kind": "receipt", "lines": lines });
        too_large(tenant, DOCUMENTS, &receipt).await;
        let lines = json!([{ "sku": "DUST", "quantity": "0.000001", "unit_cost": "1000" }]);
        tenant.post(DOCUMENTS, &json!({ "kind": "receipt", "lines": lines })).await.created();
        let lines = json!([{ "sku": "DUST", "value": "1000000000" }]);
        too_large(tenant, "/v1/stock/revaluations", &json!({ "lines": lines })).await;
    });
}

#[test]
fn an_absurd_request_does_not_spoil_those_beside_it() {
    with_tenant(async |tenant| {
        let units = json!([{ "uom": "XPX", "factor": HUGE }]);
        tenant.product_with("GALAXY", json!({ "kind": "service", "list_price": HUGE, "units": units })).await;
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let till = tenant.till().await;
        let line = json!({ "sku": "GALAXY", "uom": "XPX", "quantity": HUGE });
        let absurd =
            json!({ "register_id": till.register_id, "lines": [line], "tenders": [{ "kind": "cash" }] });
        let sound = sale(&till, &[("MUG", "1")]);
        let replies = join_all((0..30).map(async |number: usize| {
            let body = if number.is_multiple_of(3) { &absurd } else { &sound };
            (number, tenant.post(SALES, body).await)
        }));
        for (number, reply) in replies.await {
            assert_eq!(reply.status, if number.is_multiple_of(3) { 422 } else { 201 }, "{}", reply.text);
        }
        let item = |key: usize, body: &Value| json!({ "idempotency_key": key.to_string(), "body": body });
        let items = json!({ "items": [item(1, &sound), item(2, &absurd), item(3, &sound)] });
        let answer = tenant.call(Method::POST, "/v1/pos/sales/batch").json(&items).send().await.expect(207);
        let statuses: Vec<&Value> =
            answer["results"].as_array().expect("results").iter().map(|one| &one["status"]).collect();
        assert_eq!(statuses, [201, 422, 201]);
    });
}

#[test]
fn a_text_with_a_null_character_is_refused() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let nul = "a\u{0}b";
        let with = |mut body: Value, pointer: &str| {
            *body.pointer_mut(pointer).expect("a field") = json!(nul);
            body
        };
        let mut sale = sale(&till, &[("MUG", "1")]);
        for (field, pointer) in
            [("description", "/lines/0/description"), ("price_reason", "/lines/0/price_reason")]
        {
            sale["lines"][0][field] = json!("");
            let reply = tenant.post(SALES, &with(sale.clone(), pointer)).await;
            reply.refused(422, "validation_failed");
            sale["lines"][0].as_object_mut().expect("a line").remove(field);
        }
        let reply = tenant.post(SALES, &with(sale.clone(), "/lines/0/sku")).await;
        assert!(matches!(reply.status, 404 | 422), "{}", reply.text);
        let order = json!({ "customer_id": customer, "lines": lines(&[("MUG", "1")]), "reference": "", "external_ref": "x" });
        for pointer in ["/reference", "/external_ref"] {
            tenant.post("/v1/orders", &with(order.clone(), pointer)).await.refused(422, "validation_failed");
        }
        let receipt = json!({ "kind": "receipt", "reference": "", "lines": [{ "sku": "MUG", "quantity": "1", "unit_cost": "1" }] });
        tenant.post(DOCUMENTS, &with(receipt, "/reference")).await.refused(422, "validation_failed");
        let product = json!({ "sku": "CUP", "name": "Cup", "description": "" });
        for pointer in ["/sku", "/name", "/description"] {
            tenant
                .post("/v1/products", &with(product.clone(), pointer))
                .await
                .refused(422, "validation_failed");
        }
    });
}

#[test]
fn a_null_character_in_an_address_is_no_fault() {
    with_tenant(async |tenant| {
        for path in [
            "/v1/products?sku=%00",
            "/v1/products?q=%00",
            "/v1/customers?number=a%00b",
            "/v1/barcodes/%00",
            "/v1/categories?code=%00",
            "/v1/locations?code=%00",
            "/v1/registers?code=%00",
            "/v1/price-lists?code=%00",
            "/v1/products?external_ref=%00",
            "/v1/products/%00",
            "/v1/%00",
        ] {
            let reply = tenant.get(path).await;
            assert!(matches!(reply.status, 200 | 400 | 404 | 422), "{path}: {} {}", reply.status, reply.text);
        }
    });
}

#[test]
fn a_body_that_is_too_long_or_too_deep_is_refused() {
    with_tenant(async |tenant| {
        let long =
            format!("{{\"kind\":\"receipt\",\"reference\":\"{}\",\"lines\":[]}}", "x".repeat(300 * 1024));
        let reply = tenant.call(Method::POST, DOCUMENTS).key("a").raw(long).send().await;
        reply.refused(413, "payload_too_large");
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let reply = tenant.call(Method::POST, DOCUMENTS).key("a").raw(deep).send().await;
        assert!(matches!(reply.status, 400 | 422), "{}", reply.text);
        let items: Vec<Value> = (0..501)
            .map(|number: i32| json!({ "idempotency_key": number.to_string(), "body": {} }))
            .collect();
        let reply =
            tenant.call(Method::POST, "/v1/pos/sales/batch").json(&json!({ "items": items })).send().await;
        reply.refused(422, "validation_failed").names(&["#/items"]);
        let reply =
            tenant.call(Method::POST, "/v1/pos/sales/batch").json(&json!({ "items": [] })).send().await;
        reply.refused(422, "validation_failed").names(&["#/items"]);
    });
}

#[test]
fn an_import_of_few_rows_has_few_bytes() {
    with_tenant(async |tenant| {
        // As many records as 32 MiB would hold take several times as much memory.
        for path in ["/v1/exchange-rates/import", "/v1/accounts/import"] {
            let long = vec![b' '; 5 * 1024 * 1024 + 1];
            let reply = tenant.call(Method::POST, path).body("application/json", long).send().await;
            reply.refused(413, "payload_too_large");
        }
    });
}
