//! Sales that had happened before they were sent, by barcodes and in units that changed since.

use chrono::{DateTime, Utc};
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Product, Tenant, Till, environment, with_tenant};

use super::SALES;

const MUG: &str = "4006381333931";
const BOX: &str = "4012345678901";

async fn now() -> DateTime<Utc> {
    environment().now().await
}

async fn change(tenant: &Tenant, product: &Product, fields: &Value) {
    tenant.patch(&format!("/v1/products/{}", product.id), fields).await.ok();
}

fn sold_at(till: &Till, at: DateTime<Utc>, line: &Value) -> Value {
    let mut line = line.clone();
    line["quantity"] = json!("1");
    let tenders = json!([{ "kind": "cash" }]);
    json!({ "register_id": till.register_id, "forced": true, "occurred_at": at, "lines": [line], "tenders": tenders })
}

/// Returns SKU, unit, stock units, total and exceptions of a sale of one unit.
async fn sold(tenant: &Tenant, body: &Value) -> [String; 5] {
    let sale = tenant.post(SALES, body).await.created();
    let line = &sale["lines"][0];
    let shown = [&line["sku"], &line["uom"], &line["stock_quantity"], &sale["total"]];
    let [sku, uom, units, total] = shown.map(|value| value.as_str().unwrap_or("-").to_owned());
    [sku, uom, units, total, sale["exceptions"].to_string()]
}

const CHANGED: &str = r#"["barcode_changed"]"#;

#[test]
fn a_barcode_names_the_product_that_had_it_at_the_time_of_the_sale() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let mug = tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let cup = tenant.stocked("CUP", "5.00", ("50", "2.00")).await;
        change(tenant, &mug, &json!({ "barcodes": [MUG] })).await;
        let of_mug = now().await;
        let by_code = |at: DateTime<Utc>| sold_at(&till, at, &json!({ "barcode": MUG }));
        assert_eq!(sold(tenant, &by_code(of_mug)).await, ["MUG", "C62", "1", "12.00", "[]"]);
        // It was removed.
        change(tenant, &mug, &json!({ "barcodes": [] })).await;
        let of_none = now().await;
        for at in [of_mug, of_none] {
            assert_eq!(sold(tenant, &by_code(at)).await, ["MUG", "C62", "1", "12.00", CHANGED]);
        }
        // It was moved to another product, in a form with another number of leading zeros.
        change(tenant, &cup, &json!({ "barcodes": [format!("0{MUG}")] })).await;
        for (at, sku, total, exceptions) in [
            (of_mug, "MUG", "12.00", CHANGED),
            (of_none, "MUG", "12.00", CHANGED),
            (now().await, "CUP", "6.00", "[]"),
        ] {
            assert_eq!(sold(tenant, &by_code(at)).await, [sku, "C62", "1", total, exceptions]);
        }
        let sku = json!({ "barcode": MUG, "sku": "CUP" });
        assert_eq!(
            sold(tenant, &sold_at(&till, of_mug, &sku)).await,
            ["CUP", "C62", "1", "6.00", CHANGED],
            "the product that the line names beside it counts"
        );
        let id = json!({ "barcode": MUG, "product_id": mug.id });
        assert_eq!(sold(tenant, &sold_at(&till, of_mug, &id)).await, ["MUG", "C62", "1", "12.00", CHANGED]);
        let of_none = json!({ "barcode": "9780306406157", "sku": "CUP" });
        assert_eq!(
            sold(tenant, &sold_at(&till, of_mug, &of_none)).await,
            ["CUP", "C62", "1", "6.00", CHANGED],
            "the barcode is that of no product"
        );
        assert_eq!(tenant.level("MUG").await.on_hand, "44");
        assert_eq!(tenant.level("CUP").await.on_hand, "47");
        // Only a sale that has happened may name the product twice, and sees the past.
        let mut present = sold_at(&till, of_mug, &sku);
        present["forced"] = json!(false);
        present["occurred_at"] = json!(null);
        tenant.post(SALES, &present).await.refused(422, "validation_failed");
        let unknown = json!({ "barcode": "9780306406157" });
        tenant.post(SALES, &sold_at(&till, of_mug, &unknown)).await.refused(404, "not_found");
    });
}

/// A server of the version before keeps no history. It writes these statements with the service's role.
#[test]
fn a_barcode_that_the_version_before_removed_or_moved_names_what_it_was() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let mug = tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let units = json!([{ "uom": "XBX", "factor": "6" }]);
        change(tenant, &mug, &json!({ "barcodes": [MUG, BOX], "units": units })).await;
        let then = now().await;
        let mut before = environment().root.begin().await.expect("a transaction");
        let id = sqlx::query("select set_config('app.tenant_id', $1, true)").bind(tenant.id.0.to_string());
        id.execute(&mut *before).await.expect("the tenant is set");
        sqlx::query("set local role stockwell_app").execute(&mut *before).await.expect("the service's role");
        for (statement, code) in [
            ("delete from barcode where tenant_id = $1 and code = $2", MUG),
            ("update barcode set uom = 'XBX' where tenant_id = $1 and code = $2", BOX),
        ] {
            let done = sqlx::query(statement).bind(tenant.id.0).bind(code);
            assert_eq!(done.execute(&mut *before).await.expect("it is changed").rows_affected(), 1);
        }
        before.commit().await.expect("the change");
        for code in [MUG, BOX] {
            let late = sold_at(&till, then, &json!({ "barcode": code }));
            assert_eq!(sold(tenant, &late).await, ["MUG", "C62", "1", "12.00", CHANGED], "{code}");
        }
        let since = sold_at(&till, now().await, &json!({ "barcode": BOX }));
        assert_eq!(sold(tenant, &since).await[1..3], ["XBX", "6"]);
    });
}

#[test]
fn a_batch_of_offline_sales_names_two_products_by_one_barcode() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let mug = tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let cup = tenant.stocked("CUP", "5.00", ("50", "2.00")).await;
        change(tenant, &mug, &json!({ "barcodes": [MUG] })).await;
        let before = now().await;
        change(tenant, &mug, &json!({ "barcodes": [] })).await;
        change(tenant, &cup, &json!({ "barcodes": [MUG] })).await;
        let bodies = [before, now().await].map(|at| sold_at(&till, at, &json!({ "barcode": MUG })));
        let item = |(key, body): (usize, Value)| json!({ "idempotency_key": key.to_string(), "body": body });
        let batch = json!({ "items": bodies.into_iter().enumerate().map(item).collect::<Vec<Value>>() });
        let done = tenant.call(reqwest::Method::POST, "/v1/pos/sales/batch").json(&batch).send().await;
        assert_eq!(done.expect(207)["accepted"], 2);
        for sku in ["MUG", "CUP"] {
            assert_eq!(tenant.level(sku).await.on_hand, "49", "{sku}");
        }
    });
}

#[test]
fn a_unit_has_the_factor_that_it_had_at_the_time_of_the_sale() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let mug = tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let boxed = |factor: &str| {
            let unit = json!({ "uom": "XBX", "factor": factor, "list_price": "90.00", "barcodes": [BOX] });
            json!({ "units": [unit] })
        };
        change(tenant, &mug, &boxed("10")).await;
        let of_ten = now().await;
        let in_box = |at: DateTime<Utc>| sold_at(&till, at, &json!({ "sku": "MUG", "uom": "XBX" }));
        let by_code = |at: DateTime<Utc>| sold_at(&till, at, &json!({ "barcode": BOX }));
        let beside = |at: DateTime<Utc>| sold_at(&till, at, &json!({ "sku": "MUG", "barcode": BOX }));
        for body in [in_box(of_ten), by_code(of_ten), beside(of_ten)] {
            assert_eq!(sold(tenant, &body).await, ["MUG", "XBX", "10", "108.00", "[]"]);
        }
        change(tenant, &mug, &boxed("12")).await;
        let of_twelve = now().await;
        let unit = r#"["unit_changed"]"#;
        assert_eq!(sold(tenant, &in_box(of_ten)).await, ["MUG", "XBX", "10", "108.00", unit]);
        assert_eq!(sold(tenant, &in_box(of_twelve)).await, ["MUG", "XBX", "12", "108.00", "[]"]);
        change(tenant, &mug, &json!({ "units": [] })).await;
        let of_none = now().await;
        for (at, units) in [(of_ten, "10"), (of_twelve, "12"), (of_none, "12")] {
            assert_eq!(sold(tenant, &in_box(at)).await, ["MUG", "XBX", units, "108.00", unit]);
        }
        let both = r#"["barcode_changed","unit_changed"]"#;
        assert_eq!(sold(tenant, &by_code(of_ten)).await, ["MUG", "XBX", "10", "108.00", both]);
        assert_eq!(tenant.level("MUG").await.on_hand, "4");
        let never = sold_at(&till, of_ten, &json!({ "sku": "MUG", "uom": "XPK" }));
        tenant.post(SALES, &never).await.refused(422, "validation_failed");
    });
}
