//! Reorder settings, and the report that uses them.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Reply, Tenant, with_tenant};

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
        assert_eq!(unset["reorder_point"], Value::Null);
        assert_eq!(unset["locations"], json!([]));
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
        // The threshold applies to products without settings of their own.
        assert_eq!(low(tenant, "?threshold=20&product=CUP").await, [row("CUP", "MAIN", "20", "0")]);
        tenant.put(&path, &json!({ "reorder_point": "1" })).await.ok();
        assert_eq!(low(tenant, "?threshold=20").await, [row("CUP", "MAIN", "20", "0")]);
        let query = "{ lowStock { rows { sku reorderPoint reorderQuantity } } }";
        tenant.put(&path, &json!({ "reorder_point": "20", "reorder_quantity": "5" })).await.ok();
        let answer = tenant.post("/graphql", &json!({ "query": query })).await.ok();
        let rows = answer["data"]["lowStock"]["rows"].as_array().expect("rows").clone();
        assert_eq!(rows.len(), 2, "{answer}");
        assert_eq!(rows[0]["reorderPoint"], "20");
        assert_eq!(rows[0]["reorderQuantity"], "5");
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

const IMPORT: &str = "/v1/products/import";

async fn import(tenant: &Tenant, path: &str, text: &str) -> Reply {
    tenant.call(Method::POST, path).body("text/csv", text).send().await
}

/// Returns the counts of an import: created, updated, unchanged, rejected.
fn counts(report: &Value) -> [i64; 4] {
    ["created", "updated", "unchanged", "refused"].map(|name| report[name].as_i64().expect("a number"))
}

async fn settings(tenant: &Tenant, id: &str) -> Value {
    let mut settings = tenant.get(&format!("/v1/products/{id}/reorder")).await.ok();
    settings.as_object_mut().expect("an object").retain(|name, _| name != "id" && name != "object");
    settings
}

#[test]
fn a_file_states_when_products_are_ordered_again() {
    with_tenant(async |tenant| {
        let mug = tenant.stocked("MUG", "10.00", ("20", "2.00")).await;
        let file = "sku,name,reorder_point,reorder_quantity,reorder_at\r\n\
                    MUG,Mug,20,48,SHOP=8@12|MAIN=19.5\r\nCUP,Cup,,6,\r\nJUG,Jug,,,\r\n";
        assert_eq!(counts(&import(tenant, IMPORT, file).await.ok()), [2, 1, 0, 0]);
        assert_eq!(
            counts(&import(tenant, IMPORT, file).await.ok()),
            [0, 0, 3, 0],
            "a second time nothing changes"
        );
        let at = |id: &str, point: &str, quantity: Value| json!({ "location_id": id, "reorder_point": point, "reorder_quantity": quantity });
        let stated = settings(tenant, &mug.id.to_string()).await;
        assert_eq!(stated["reorder_point"], "20");
        assert_eq!(stated["reorder_quantity"], "48");
        let locations = stated["locations"].as_array().expect("locations");
        for row in [at(&tenant.shop, "8", json!("12")), at(&tenant.main, "19.5", Value::Null)] {
            assert!(locations.contains(&row), "{row}");
        }
        let exported = tenant.get("/v1/products/export").await.text;
        let line =
            |sku: &str| exported.lines().find(|line| line.starts_with(sku)).expect("the row").to_owned();
        assert!(line("sku").ends_with("reorder_point,reorder_quantity,reorder_at"), "{exported}");
        assert!(line("MUG").ends_with(",20,48,MAIN=19.5|SHOP=8@12"), "{exported}");
        assert!(line("CUP").ends_with(",,6,") && line("JUG").ends_with(",,,"), "{exported}");
        assert_eq!(counts(&import(tenant, IMPORT, &exported).await.ok()), [0, 0, 3, 0]);
        // A missing column changes nothing; an empty cell clears the value.
        assert_eq!(counts(&import(tenant, IMPORT, "sku,name\nMUG,Mug\n").await.ok()), [0, 0, 1, 0]);
        let cleared = "sku,reorder_quantity,reorder_at\nMUG,,\n";
        assert_eq!(counts(&import(tenant, IMPORT, cleared).await.ok()), [0, 1, 0, 0]);
        let left = json!({ "reorder_point": "20", "reorder_quantity": null, "locations": [] });
        assert_eq!(settings(tenant, &mug.id.to_string()).await, left);
        assert_eq!(low(tenant, "?product=MUG").await, [row("MUG", "MAIN", "20", "0")]);
        let dry = tenant.call(Method::POST, IMPORT).header("prefer", "dry-run");
        let dry = dry.body("text/csv", "sku,reorder_point\nMUG,1\n").send().await.ok();
        assert_eq!(dry["updated"], 1);
        assert_eq!(settings(tenant, &mug.id.to_string()).await, left, "a dry run writes nothing");
    });
}

#[test]
fn items_state_when_products_are_ordered_again() {
    with_tenant(async |tenant| {
        let mug = tenant.product("MUG", "10.00").await;
        let post = async |item: Value| tenant.post(IMPORT, &json!({ "items": [item] })).await;
        let id = mug.id.to_string();
        let whole = json!({ "reorder_point": "20", "reorder_quantity": "48",
            "locations": [{ "location_id": tenant.shop, "reorder_point": "8" }] });
        assert_eq!(counts(&post(json!({ "sku": "MUG", "reorder": whole })).await.ok()), [0, 1, 0, 0]);
        assert_eq!(counts(&post(json!({ "sku": "MUG", "reorder": whole })).await.ok()), [0, 0, 1, 0]);
        post(json!({ "sku": "MUG", "reorder": { "reorder_quantity": null, "reorder_point": "5" } }))
            .await
            .ok();
        let stated = settings(tenant, &id).await;
        assert_eq!(stated["reorder_point"], "5");
        assert_eq!(stated["reorder_quantity"], Value::Null);
        assert_eq!(stated["locations"].as_array().map(Vec::len), Some(1), "what is not named stays");
        post(json!({ "sku": "MUG", "reorder": null })).await.ok();
        let nothing = json!({ "reorder_point": null, "reorder_quantity": null, "locations": [] });
        assert_eq!(settings(tenant, &id).await, nothing);
        let wrong = json!({ "sku": "MUG", "reorder": { "reorder_point": "-1",
            "locations": [{ "location_id": "loc_01h455vb4pex5vsknk084sn02q", "reorder_point": "1" }] } });
        let wrong = post(wrong).await.refused(422, "validation_failed");
        wrong.names(&["#/items/0/reorder/reorder_point", "#/items/0/reorder/locations/0/location_id"]);
        for reorder in [json!("soon"), json!({ "point": "1" }), json!({ "reorder_point": 1 })] {
            post(json!({ "sku": "MUG", "reorder": reorder })).await.refused(422, "validation_failed");
        }
    });
}

#[test]
fn a_wrong_reorder_cell_spoils_its_row_only() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let file = "sku,name,kind,reorder_point,reorder_quantity,reorder_at\n\
                    A,Good,,3,,\n\
                    B,Below zero,,-1,0,\n\
                    C,No number,,few,\"1,5\",\n\
                    D,Nowhere,,1,,NOWHERE=1\n\
                    E,Twice,,1,,MAIN=1|MAIN=2\n\
                    F,Not kept,service,1,,\n\
                    MUG,Mug,,7,,SHOP=-1@0\n\
                    G,Not kept and not ordered,service,,,\n";
        let report = import(tenant, &format!("{IMPORT}?mode=partial"), file).await.ok();
        assert_eq!(counts(&report), [2, 0, 0, 6]);
        let errors: Vec<(i64, &str)> = report["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|error| (error["row"].as_i64().expect("a row"), error["column"].as_str().expect("a column")))
            .collect();
        let expected = [
            (3, "reorder_point"),
            (3, "reorder_quantity"),
            (4, "reorder_point"),
            (4, "reorder_quantity"),
            (5, "reorder_at"),
            (6, "reorder_at"),
            (7, "reorder_point"),
            (8, "reorder_at"),
            (8, "reorder_at"),
        ];
        assert_eq!(errors, expected);
        assert_eq!(tenant.count("reorder_setting").await, 1);
        import(tenant, IMPORT, file).await.refused(422, "validation_failed");
        assert_eq!(tenant.count("product").await, 3, "all or nothing");
    });
}
