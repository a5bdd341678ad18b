//! Product groups with options: unique combinations, and missing variants.

use serde_json::{Value, json};
use tests::{Tenant, with_tenant};

const GROUPS: &str = "/v1/product-groups";

fn shirt() -> Value {
    json!({ "code": "SHIRT", "name": "Work shirt", "options": [
        { "name": "Size", "values": ["S", "M"] }, { "name": "Colour", "values": ["Red", "Blue"] } ] })
}

fn skus(products: &Value) -> Vec<&str> {
    let products = products.as_array().expect("products").iter();
    products.map(|product| product["sku"].as_str().expect("a SKU")).collect()
}

async fn group(tenant: &Tenant) -> (String, String) {
    let id = tenant.make(GROUPS, shirt()).await;
    let path = format!("{GROUPS}/{id}");
    (id, path)
}

#[test]
fn a_group_is_read_with_its_variants() {
    with_tenant(async |tenant| {
        let (id, path) = group(tenant).await;
        let options = json!({ "Size": "M", "Colour": "Red" });
        let body = json!({ "sku": "SHIRT-MR", "name": "Shirt", "group_id": id, "options": options });
        let variant = tenant.post("/v1/products", &body).await.created();
        assert_eq!(variant["group_id"], json!(id));
        assert_eq!(variant["options"], options);
        let read = tenant.get(&path).await.ok();
        assert_eq!(read["variants"][0], variant);
        assert_eq!(read["options"], shirt()["options"]);
        let listed = tenant.get(&format!("{GROUPS}?code=SHIRT")).await.ok();
        assert_eq!(listed["data"][0]["id"], json!(id));
        assert_eq!(listed["data"][0].get("variants"), None);
        let by_group = tenant.get(&format!("/v1/products?group_id={id}")).await.ok();
        assert_eq!(skus(&by_group["data"]), ["SHIRT-MR"]);
        tenant.post(GROUPS, &shirt()).await.refused(409, "already_exists").names(&["#/code"]);
    });
}

#[test]
fn a_combination_stands_once_in_its_group() {
    with_tenant(async |tenant| {
        let (id, _) = group(tenant).await;
        let with = |sku: &str, options: Value| json!({ "sku": sku, "name": sku, "group_id": id, "options": options });
        let red = || json!({ "Size": "M", "Colour": "Red" });
        let first = tenant.make("/v1/products", with("A", red())).await;
        tenant
            .post("/v1/products", &with("B", red()))
            .await
            .refused(409, "already_exists")
            .names(&["#/options"]);
        let wrong = tenant.post("/v1/products", &with("B", json!({ "Size": "XL", "Weight": "1" }))).await;
        wrong.refused(422, "validation_failed").names(&[
            "#/options/Size",
            "#/options/Colour",
            "#/options/Weight",
        ]);
        let lonely = json!({ "sku": "B", "name": "B", "options": red() });
        tenant.post("/v1/products", &lonely).await.refused(422, "validation_failed").names(&["#/options"]);

        let second = tenant.make("/v1/products", with("B", json!({ "Size": "M", "Colour": "Blue" }))).await;
        let path = format!("/v1/products/{second}");
        tenant.patch(&path, &json!({ "options": { "Colour": "Red" } })).await.refused(409, "already_exists");
        let left = tenant
            .patch(&format!("/v1/products/{first}"), &json!({ "group_id": null, "options": null }))
            .await;
        assert_eq!(left.ok()["options"], json!({}));
        tenant.patch(&path, &json!({ "options": { "Colour": "Red" } })).await.ok();
        let batch =
            json!({ "items": [with("C", red()), with("D", json!({ "Size": "S", "Colour": "Red" }))] });
        let answer = tenant.post("/v1/products/batch", &batch).await.expect(207);
        assert_eq!(answer["results"][0]["status"], 409);
        assert_eq!(answer["results"][1]["status"], 201);
    });
}

#[test]
fn the_missing_variants_are_made_in_one_call() {
    with_tenant(async |tenant| {
        let (id, path) = group(tenant).await;
        let own = json!({ "sku": "OWN", "name": "Own", "group_id": id, "options": { "Size": "S", "Colour": "Blue" } });
        tenant.post("/v1/products", &own).await.created();
        let wanted = json!({ "sku_pattern": "SH-{Colour}-{Size}", "product": { "list_price": "20", "stock_uom": "C62" } });
        let path = format!("{path}/variants");
        let would = tenant.dry_run(&path, &wanted).await.ok();
        assert_eq!(skus(&would["created"]).len(), 3);
        assert_eq!(tenant.count("product").await, 1);
        let made = tenant.post(&path, &wanted).await.ok();
        assert_eq!(skus(&made["created"]), ["SH-Red-S", "SH-Red-M", "SH-Blue-M"]);
        let first = &made["created"][0];
        assert_eq!(first["name"], "Work shirt S Red");
        assert_eq!(first["list_price"], "20.00");
        let again = tenant.post(&path, &wanted).await.ok();
        assert_eq!(again["created"], json!([]));
        assert_eq!(again["existing"], 4);
    });
}

#[test]
fn variants_are_made_all_or_none() {
    with_tenant(async |tenant| {
        let (_, path) = group(tenant).await;
        let path = format!("{path}/variants");
        tenant.product("SHIRT-M-Red", "1").await;
        let taken = tenant.post(&path, &json!({})).await.refused(409, "already_exists");
        taken.names(&["#/sku_pattern"]);
        let same = tenant.post(&path, &json!({ "sku_pattern": "SH-{Size}" })).await;
        same.refused(409, "already_exists").names(&["#/sku_pattern", "#/sku_pattern"]);
        let wrong = json!({ "sku_pattern": "S-{Size}-{Colour}", "product": { "list_price": "-1", "stock_uom": "piece" } });
        let problem = tenant.post(&path, &wrong).await.refused(422, "validation_failed");
        problem.names(&["#/product/stock_uom", "#/product/list_price"]);
        assert_eq!(tenant.count("product").await, 1);
    });
}

#[test]
fn options_change_as_long_as_they_allow_what_is_there() {
    with_tenant(async |tenant| {
        let (id, path) = group(tenant).await;
        let with = |options: Value| json!({ "options": options });
        let sizes = |values: &[&str]| json!({ "name": "Size", "values": values });
        tenant.patch(&path, &with(json!([sizes(&["S", "M", "L"])]))).await.ok();
        let body = json!({ "sku": "A", "name": "A", "group_id": id, "options": { "Size": "M" } });
        tenant.post("/v1/products", &body).await.created();
        for options in [
            json!([sizes(&["S", "L"])]),
            json!([{ "name": "Width", "values": ["M"] }]),
            json!([sizes(&["M"]), { "name": "Colour", "values": ["Red"] }]),
            json!([]),
            json!([sizes(&["M"]), sizes(&["M"])]),
        ] {
            tenant.patch(&path, &with(options)).await.refused(422, "validation_failed");
        }
        let changed = tenant.patch(&path, &with(json!([sizes(&["M", "XL"])]))).await.ok();
        assert_eq!(changed["options"][0]["values"], json!(["M", "XL"]));
        assert_eq!(changed["version"], 3);
    });
}

#[test]
fn variants_come_and_go_by_csv() {
    with_tenant(async |tenant| {
        group(tenant).await;
        let send = async |file: &str| {
            let call = tenant.call(reqwest::Method::POST, "/v1/products/import");
            call.body("text/csv", file).send().await
        };
        let file = "sku,name,group,options\nA,A,SHIRT,Size=S|Colour=Red\nB,B,SHIRT,Size=M|Colour=Red\n";
        assert_eq!(send(file).await.ok()["created"], 2);
        let exported = tenant.get("/v1/products/export").await.text;
        assert!(exported.contains(",SHIRT,Colour=Red|Size=S,"), "{exported}");
        assert_eq!(send(&exported).await.ok()["unchanged"], 2);
        // Each variant takes the combination that the one before it left.
        let moved = "sku,options\nA,Size=S|Colour=Blue\nB,Size=S|Colour=Red\n";
        assert_eq!(send(moved).await.ok()["updated"], 2);
        send("sku,options\nA,Size=S|Colour=Red\n").await.refused(422, "validation_failed");
        send("sku,group\nA,HAT\n").await.refused(422, "validation_failed");
    });
}
