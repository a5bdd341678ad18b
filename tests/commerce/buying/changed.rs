//! A step of a purchase order writes the lines that it changes.

use sea_orm::sqlx;
use serde_json::json;
use tests::{Tenant, environment, with_tenant};

use super::{order, step, supplier};

/// Returns the transaction that last wrote each line.
async fn written(tenant: &Tenant) -> Vec<String> {
    let query =
        "select xmin::text from purchase_order_line where tenant_id = $1 order by purchase_order_id, line_no";
    let query = sqlx::query_scalar(query).bind(tenant.id.0);
    query.fetch_all(&environment().root).await.expect("the lines are read")
}

#[test]
fn a_receipt_writes_the_lines_that_came_and_no_other() {
    with_tenant(async |tenant| {
        for sku in ["MUG", "JUG", "CUP"] {
            tenant.product(sku, "10.00").await;
        }
        let nordbolt = supplier(tenant, "NORDBOLT", json!({})).await;
        let lines =
            ["MUG", "JUG", "CUP"].map(|sku| json!({ "sku": sku, "quantity": "10", "unit_cost": "4.00" }));
        let body = json!({ "supplier_id": nordbolt, "lines": lines });
        let order = order(tenant, body, &["send"]).await;
        let before = written(tenant).await;
        let came = json!({ "lines": [{ "line_no": 2, "quantity": "4" }] });
        let received = step(tenant, &order, "receive", came).await.ok();
        assert_eq!(super::of_lines(&received, "received"), [json!("0"), json!("4"), json!("0")]);
        let after = written(tenant).await;
        let is_new: Vec<bool> = before.iter().zip(&after).map(|(before, after)| before != after).collect();
        assert_eq!(is_new, [false, true, false]);

        step(tenant, &order, "close", json!({})).await.ok();
        let closed = written(tenant).await;
        assert!(after.iter().zip(&closed).all(|(before, after)| before != after), "each line had a rest");
    });
}
