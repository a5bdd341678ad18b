//! Units whose factor is a fraction: nothing is lost between units, documents, lists and files.

use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Level, Tenant, environment, sale, with_tenant};

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

/// The statements of a server of the version before, which knows no denominators: it deletes the units of a changed product, and
/// writes them again.
#[test]
fn a_change_by_the_version_before_keeps_a_fraction() {
    with_tenant(async |tenant| {
        let egg = eggs(tenant).await;
        let path = format!("/v1/products/{}", egg["id"].as_str().expect("an id"));
        // That version changes no product with a factor of more decimals than its quantities have.
        tenant.patch(&path, &json!({ "stock_decimals": 6 })).await.ok();
        let root = &environment().root;
        let product_id: uuid::Uuid =
            sqlx::query_scalar("select id from product where tenant_id = $1 and sku = 'EGG'")
                .bind(tenant.id.0)
                .fetch_one(root)
                .await
                .expect("the product");
        let mut before = root.begin().await.expect("a transaction");
        let read = "select uom, factor from product_unit where tenant_id = $1 and product_id = $2";
        let query =
            sqlx::query_as::<_, (String, rust_decimal::Decimal)>(read).bind(tenant.id.0).bind(product_id);
        let units = query.fetch_all(&mut *before).await.expect("the units");
        for statement in [
            "delete from product_unit where tenant_id = $1 and product_id = $2",
            "update product set name = 'Egg', version = version + 1, updated_at = now() where tenant_id = $1 and id = $2",
        ] {
            let done = sqlx::query(statement).bind(tenant.id.0).bind(product_id);
            done.execute(&mut *before).await.expect("the product is changed");
        }
        for (uom, factor) in &units {
            let insert = "insert into product_unit (tenant_id, product_id, uom, factor, list_price) \
                 values ($1, $2, $3, $4, null)";
            let done = sqlx::query(insert).bind(tenant.id.0).bind(product_id).bind(uom).bind(factor);
            done.execute(&mut *before).await.expect("the unit is written");
        }
        // A unit that the version before adds has no fraction.
        let insert =
            "insert into product_unit (tenant_id, product_id, uom, factor) values ($1, $2, 'XBX', 0.083333)";
        let done = sqlx::query(insert).bind(tenant.id.0).bind(product_id);
        done.execute(&mut *before).await.expect("the unit is written");
        before.commit().await.expect("the change");
        let kept = tenant.get(&path).await.ok();
        assert_eq!(
            (&kept["units"][0]["factor"], &kept["units"][1]["factor"]),
            (&json!("1/12"), &json!("0.083333")),
            "{kept}"
        );
        let renamed = tenant.patch(&path, &json!({ "name": "Eggs" })).await.ok();
        assert_eq!(renamed["units"], kept["units"], "this version writes both as they are");
        // A decimal that this version writes is one.
        let units = json!([{ "uom": "C62", "factor": "0.083333" }]);
        let changed = tenant.patch(&path, &json!({ "units": units })).await.ok();
        assert_eq!(changed["units"][0]["factor"], "0.083333");
        assert_eq!(tenant.get(&path).await.ok()["units"][0]["factor"], "0.083333");
    });
}

#[test]
fn the_version_before_loads_a_sale_of_a_fraction() {
    with_tenant(async |tenant| {
        eggs(tenant).await;
        let units = json!([{ "uom": "XCS", "factor": "12" }]);
        tenant.product_with("MUG", json!({ "list_price": "1", "units": units })).await;
        let loaded = "select (u).uom, (u).factor from load_sales_2($1, now(), '{}', '{}', '{}', '{}', array['EGG', 'MUG'], \
             '{}', true, '{}', 0) l, unnest(l.units) u order by 1";
        let query = sqlx::query_as::<_, (String, rust_decimal::Decimal)>(loaded).bind(tenant.id.0);
        let units = query.fetch_all(&environment().root).await.expect("the units");
        let units: Vec<(&str, String)> =
            units.iter().map(|(uom, factor)| (uom.as_str(), factor.normalize().to_string())).collect();
        assert_eq!(units, [("C62", "0.083333".to_owned()), ("XCS", "12".to_owned())]);
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
