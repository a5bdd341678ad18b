//! Reorder settings, and the report that goes by them.

use serde_json::{Value, json};
use tests::{Tenant, with_tenant};

async fn low(tenant: &Tenant, query: &str) -> Vec<(String, String, String, String)> {
    let table = tenant.get(&format!("/v1/reports/low_stock{query}")).await.ok();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or("null").to_owned();
    let rows = table["rows"].as_array().expect("rows");
    rows.iter()
        .map(|row| {
            (
                text(row, "sku"),
                text(row, "location_code"),
                text(row, "reorder_point"),
                text(row, "reorder_quantity"),
            )
        })
        .collect()
}

fn row(sku: &str, place: &str, point: &str, quantity: &str) -> (String, String, String, String) {
    (sku.to_owned(), place.to_owned(), point.to_owned(), quantity.to_owned())
}

#[test]
fn low_is_what_reaches_its_own_reorder_point() {
    with_tenant(async |tenant| {
        let mug = tenant.stocked("MUG", "10.00", ("20", "2.00")).await;
        tenant.stocked("CUP", "10.00", ("20", "2.00")).await;
        let shop = json!({ "kind": "opening", "location_id": tenant.shop,
            "lines": [{ "sku": "MUG", "quantity": "8", "unit_cost": "2" }] });
        tenant.post("/v1/stock/documents", &shop).await.created();
        let path = format!("/v1/products/{}/reorder", mug.id);
        let unset = tenant.get(&path).await.ok();
        assert_eq!((&unset["reorder_point"], &unset["locations"]), (&Value::Null, &json!([])));
        assert_eq!(low(tenant, "").await, []);
        let settings = json!({ "reorder_point": "19", "reorder_quantity": "48",
            "locations": [{ "location_id": tenant.shop, "reorder_point": "8", "reorder_quantity": "12" }] });
        let stated = tenant.put(&path, &settings).await.ok();
        assert_eq!(stated["reorder_point"], "19");
        assert_eq!(tenant.get(&path).await.ok(), stated);
        assert_eq!(low(tenant, "").await, [row("MUG", "SHOP", "8", "12")]);
        let more = json!({ "reorder_point": "20.5" });
        tenant.put(&path, &more).await.ok();
        assert_eq!(low(tenant, "").await, [row("MUG", "SHOP", "20.5", "0"), row("MUG", "MAIN", "20.5", "0")]);
        // The threshold is for what has no settings of its own.
        assert_eq!(low(tenant, "?threshold=20&product=CUP").await, [row("CUP", "MAIN", "20", "0")]);
        tenant.put(&path, &json!({ "reorder_point": "1" })).await.ok();
        assert_eq!(low(tenant, "?threshold=20").await, [row("CUP", "MAIN", "20", "0")]);
        let query = "{ lowStock { rows { sku reorderPoint reorderQuantity } } }";
        tenant.put(&path, &json!({ "reorder_point": "20", "reorder_quantity": "5" })).await.ok();
        let answer = tenant.post("/graphql", &json!({ "query": query })).await.ok();
        let rows = answer["data"]["lowStock"]["rows"].as_array().expect("rows").clone();
        assert_eq!(rows.len(), 2, "{answer}");
        assert_eq!((&rows[0]["reorderPoint"], &rows[0]["reorderQuantity"]), (&json!("20"), &json!("5")));
    });
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    with_tenant(async |tenant| {
        let mug = tenant.product("MUG", "10.00").await;
        let gift = tenant.product_with("GIFT", json!({ "list_price": "1", "kind": "service" })).await;
        let path = format!("/v1/products/{}/reorder", mug.id);
        let wrong = json!({ "reorder_point": "-1", "reorder_quantity": "0", "locations": [
            { "location_id": tenant.shop, "reorder_point": "1" },
            { "location_id": tenant.shop, "reorder_point": "-1", "reorder_quantity": "0" }] });
        tenant.put(&path, &wrong).await.refused(422, "validation_failed").names(&[
            "#/reorder_point",
            "#/reorder_quantity",
            "#/locations/1/location_id",
            "#/locations/1/reorder_point",
            "#/locations/1/reorder_quantity",
        ]);
        let nowhere = json!({ "locations": [{ "location_id": "loc_01h455vb4pex5vsknk084sn02q", "reorder_point": "1" }] });
        tenant.put(&path, &nowhere).await.refused(404, "not_found").names(&["#/locations/0/location_id"]);
        let path = format!("/v1/products/{}/reorder", gift.id);
        tenant.put(&path, &json!({ "reorder_point": "1" })).await.refused(409, "invalid_state_transition");
    });
}
