//! A document shows what it was issued with, whatever its product and its customer are called later.

use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Tenant, Till, environment, with_tenant};

/// Documents of both channels, by their paths.
async fn documents(tenant: &Tenant, till: &Till, customer: &str) -> Vec<String> {
    let id = |document: &Value| document["id"].as_str().expect("an id").to_owned();
    let stock = tenant.open_stock(&[("BOLT", "100", "1.00")]).await;
    let order = tenant.order(customer, &[("BOLT", "3")], "invoiced").await.created();
    let invoice = order["invoices"][0].clone();
    let back = json!({ "customer_id": customer, "original_id": invoice["id"], "reason": "Too long" });
    let note = tenant.post("/v1/returns", &back).await.created();
    let sold = json!({ "register_id": till.register_id, "customer_id": customer,
        "lines": [{ "sku": "BOLT", "quantity": "2" }], "tenders": [{ "kind": "cash" }] });
    let sale = tenant.post("/v1/pos/sales", &sold).await.created();
    let back = json!({ "register_id": till.register_id, "original_id": sale["id"],
        "original_lines": [{ "line_no": 1, "quantity": "1" }] });
    let refund = tenant.post("/v1/pos/refunds", &back).await.created();
    vec![
        format!("/v1/stock/documents/{}", id(&stock)),
        format!("/v1/orders/{}", id(&order)),
        format!("/v1/shipments/{}", id(&order["shipments"][0])),
        format!("/v1/invoices/{}", id(&invoice)),
        format!("/v1/invoices/{}", id(&note)),
        format!("/v1/pos/sales/{}", id(&sale)),
        format!("/v1/pos/sales/{}", id(&refund)),
    ]
}

async fn read(tenant: &Tenant, paths: &[String]) -> Vec<Value> {
    let mut read = Vec::new();
    for path in paths {
        read.push(tenant.get(path).await.ok());
    }
    read
}

/// Renames everything that a document prints, once by a merge patch and once by an import.
async fn rename(tenant: &Tenant, product: &str, customer: &str) {
    let class = tenant.make("/v1/tax-classes", json!({ "code": "books", "name": "Books" })).await;
    let change = json!({ "sku": "SCREW", "name": "Screw M8", "tax_class_id": class });
    tenant.patch(&format!("/v1/products/{product}"), &change).await.ok();
    let change = json!({ "name": "Hansa Foods", "number": "H-1", "tax_number": "DE999999999" });
    tenant.patch(&format!("/v1/customers/{customer}"), &change).await.ok();
    let csv = "sku,name\nSCREW,Screw M8 by import\n";
    let import =
        tenant.call(reqwest::Method::POST, "/v1/products/import").key("import").body("text/csv", csv);
    import.send().await.ok();
}

#[test]
fn a_document_shows_what_it_was_issued_with() {
    with_tenant(async |tenant| {
        let product = tenant.product("BOLT", "2.50").await.id;
        let named = json!({ "number": "N-1", "tax_number": "DE123456789" });
        let customer = tenant.customer_with("Nordwind Supply", named).await;
        let till = tenant.till().await;
        let paths = documents(tenant, &till, &customer).await;
        let before = read(tenant, &paths).await;
        for document in &before[1..] {
            let line = &document["lines"][0];
            assert_eq!((&line["sku"], &line["name"]), (&json!("BOLT"), &json!("Product BOLT")), "{document}");
        }
        for document in before.iter().filter(|document| document["object"] != "stock_document") {
            if document["object"] != "shipment" {
                let printed =
                    json!({ "number": "N-1", "name": "Nordwind Supply", "tax_number": "DE123456789" });
                assert_eq!(document["customer"], printed, "{document}");
                assert_eq!(document["lines"][0]["tax_name"], "Standard rate", "{document}");
            }
        }
        rename(tenant, &product, &customer).await;
        for (path, (before, after)) in paths.iter().zip(before.iter().zip(read(tenant, &paths).await)) {
            assert_eq!(*before, after, "{path}");
        }
        let sale = tenant.sell(&till, &[("SCREW", "1")]).await.created();
        let line = &sale["lines"][0];
        assert_eq!((&line["sku"], &line["name"]), (&json!("SCREW"), &json!("Screw M8 by import")));
        assert_eq!(line["tax_name"], "Books");
        let order = tenant.order(&customer, &[("SCREW", "1")], "draft").await.created();
        assert_eq!(
            order["customer"],
            json!({ "number": "H-1", "name": "Hansa Foods", "tax_number": "DE999999999" })
        );
    });
}

#[test]
fn what_follows_from_a_document_says_what_it_said() {
    with_tenant(async |tenant| {
        let product = tenant.stocked("BOLT", "2.50", ("100", "1.00")).await.id;
        let customer = tenant.customer("Nordwind Supply").await;
        let till = tenant.till().await;
        let order = tenant.order(&customer, &[("BOLT", "4")], "confirmed").await.created();
        let sale = tenant.sell(&till, &[("BOLT", "2")]).await.created();
        rename(tenant, &product, &customer).await;
        let id = order["id"].as_str().expect("an id");
        tenant.step(id, "ship").await.ok();
        let billed = tenant.step(id, "invoice").await.ok();
        assert_eq!(billed["customer"]["name"], "Nordwind Supply", "the order was confirmed in this name");
        let invoice = &billed["invoices"][0];
        assert_eq!(invoice["customer"]["name"], "Hansa Foods", "it has the name of its own day");
        assert_eq!(
            (&invoice["lines"][0]["sku"], &invoice["lines"][0]["name"]),
            (&json!("BOLT"), &json!("Product BOLT"))
        );
        let back = json!({ "register_id": till.register_id, "original_id": sale["id"] });
        let refund = tenant.post("/v1/pos/refunds", &back).await.created();
        assert_eq!(refund["lines"][0]["sku"], "BOLT");
        let path = format!("/v1/pos/sales/{}", refund["id"].as_str().expect("an id"));
        assert_eq!(tenant.get(&path).await.ok()["lines"], refund["lines"]);
    });
}

#[test]
fn a_document_without_versions_shows_the_oldest_names_known() {
    with_tenant(async |tenant| {
        let product = tenant.product("BOLT", "2.50").await.id;
        let customer = tenant.customer("Nordwind Supply").await;
        let till = tenant.till().await;
        let paths = documents(tenant, &till, &customer).await;
        let before = read(tenant, &paths).await;
        // As a server of the version before writes them.
        for statement in [
            "update sales_line set product_version = null where tenant_id = $1",
            "update sales_order_line set product_version = null where tenant_id = $1",
            "update sales_order set customer_version = null where tenant_id = $1",
            "update invoice set customer_version = null where tenant_id = $1",
            "update pos_sale set customer_version = null where tenant_id = $1",
        ] {
            let done = sqlx::query(statement).bind(tenant.id.0).execute(&environment().root).await;
            done.expect("the versions are removed");
        }
        rename(tenant, &product, &customer).await;
        assert_eq!(read(tenant, &paths).await, before);
    });
}
