//! Units whose factor is a fraction: nothing is lost between units, documents, lists and files.

use serde_json::{Value, json};
use tests::{Level, Tenant, sale, with_tenant};

/// Eggs are counted in dozens, and sold by the piece too: 30 dozens at 2.00, at 6.00 a dozen.
async fn eggs(tenant: &Tenant) -> Value {
    let units = json!([{ "uom": "C62", "factor": "2/24", "barcodes": ["EGG-1"] }]);
    tenant.product_with("EGG", json!({ "list_price": "6.00", "stock_uom": "DZN", "units": units })).await;
    tenant.open_stock(&[("EGG", "30", "2.00")]).await;
    tenant.get("/v1/products?sku=EGG").await.ok()["data"][0].clone()
}

fn pieces(quantity: &str) -> Value {
    json!([{ "sku": "EGG", "uom": "C62", "quantity": quantity }])
}

#[test]
fn as_many_pieces_as_fill_dozens_are_dozens() {
    with_tenant(async |tenant| {
        let egg = eggs(tenant).await;
        assert_eq!(egg["units"][0]["factor"], "1/12");
        assert_eq!(tenant.get("/v1/barcodes/EGG-1").await.ok()["factor"], "1/12");
        let till = tenant.till().await;
        let mut body = sale(&till, &[("EGG", "1")]);
        for item in [json!({ "sku": "EGG", "uom": "C62" }), json!({ "barcode": "EGG-1" })] {
            body["lines"] = json!([item]);
            body["lines"][0]["quantity"] = json!("24");
            let sold = tenant.post("/v1/pos/sales", &body).await.created();
            let line = &sold["lines"][0];
            assert_eq!((&line["unit_price"], &line["net"]), (&json!("0.50"), &json!("12.00")));
            assert_eq!((&line["quantity"], &line["stock_quantity"]), (&json!("24"), &json!("2")));
            let back = json!({ "register_id": till.register_id, "original_id": sold["id"],
                "original_lines": [{ "line_no": 1, "quantity": "1" }] });
            let back = tenant.post("/v1/pos/refunds", &back).await.created();
            assert_eq!(
                (&back["lines"][0]["quantity"], &back["lines"][0]["net"]),
                (&json!("-12"), &json!("-6.00"))
            );
        }
        assert_eq!(tenant.level("EGG").await, Level::of("28", "0", "56"));
        body["lines"][0]["quantity"] = json!("25");
        let part = tenant.post("/v1/pos/sales", &body).await;
        part.refused(422, "validation_failed").names(&["#/lines/0/quantity"]);
        let asked = json!({ "channel": "retail", "lines": pieces("12") });
        assert_eq!(tenant.post("/v1/prices/resolve", &asked).await.ok()["lines"][0]["factor"], "1/12");
    });
}

#[test]
fn orders_counts_and_stock_documents_take_fractions() {
    with_tenant(async |tenant| {
        eggs(tenant).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = json!({ "customer_id": customer, "lines": pieces("36"), "advance_to": "confirmed" });
        let order = tenant.post("/v1/orders", &order).await.created();
        let id = order["id"].as_str().expect("an id");
        let one = json!({ "lines": [{ "line_no": 1, "quantity": "1" }] });
        tenant.post(&format!("/v1/orders/{id}/ship"), &one).await.ok();
        let invoiced = tenant.step(id, "invoice").await.ok();
        let line = &invoiced["invoices"][0]["lines"][0];
        assert_eq!((&line["quantity"], &line["stock_quantity"]), (&json!("12"), &json!("1")));
        let mut receipt = json!({ "kind": "receipt", "lines": pieces("6") });
        receipt["lines"][0]["unit_cost"] = json!("0.20");
        let part = tenant.post("/v1/stock/documents", &receipt).await;
        part.refused(422, "validation_failed").names(&["#/lines/0/quantity"]);
        receipt["lines"][0]["quantity"] = json!("60");
        tenant.post("/v1/stock/documents", &receipt).await.created();
        assert_eq!(tenant.level("EGG").await.on_hand, "34");
    });
}

#[test]
fn a_fraction_is_kept_by_changes_and_files() {
    with_tenant(async |tenant| {
        let egg = eggs(tenant).await;
        let path = format!("/v1/products/{}", egg["id"].as_str().expect("an id"));
        let renamed = tenant.patch(&path, &json!({ "name": "Eggs" })).await.ok();
        assert_eq!(renamed["units"], egg["units"]);
        let units = json!([{ "uom": "C62", "factor": "1/12" }, { "uom": "XBX", "factor": "5/2" }]);
        tenant.patch(&path, &json!({ "units": units })).await.ok();
        let file = tenant.get("/v1/products/export").await;
        assert!(file.text.contains("C62=1/12|XBX=5/2"), "{}", file.text);
        for factor in ["1/0", "0/2", "1/10001", "-1/2", "1.5/2", "1/"] {
            let body = json!({ "units": [{ "uom": "C62", "factor": factor }] });
            let refused = tenant.patch(&path, &body).await;
            refused.refused(422, "validation_failed").names(&["#/units/0/factor"]);
        }
    });
}
