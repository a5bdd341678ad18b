//! Publishable keys: a short list of routes and fields, bound to the pages of some origins.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Tenant, with_tenant};

use super::auth::key_with;

/// Operations that are open to publishable keys.
const OPEN: [&str; 15] = [
    "attachments_get",
    "attachments_get_content",
    "attachments_list",
    "barcodes_get",
    "categories_get",
    "categories_list",
    "categories_tree",
    "me_get",
    "prices_resolve",
    "product_groups_get",
    "product_groups_list",
    "products_get",
    "products_list",
    "stock_availability_get",
    "stock_availability_query",
];

/// Fields of a product as a visitor gets it. Five of them are empty.
const SEEN_OF_PRODUCT: [&str; 27] = [
    "attachments",
    "barcodes",
    "category_id",
    "costing_method",
    "created_at",
    "description",
    "external_ref",
    "group_id",
    "id",
    "image_files",
    "images",
    "kind",
    "list_price",
    "metadata",
    "name",
    "object",
    "options",
    "sku",
    "status",
    "stock_decimals",
    "stock_uom",
    "tags",
    "tax_class_id",
    "tracking",
    "units",
    "updated_at",
    "version",
];

async fn visitor(tenant: &Tenant, origins: Value) -> Client {
    let key =
        json!({ "kind": "pk", "scopes": ["catalog:read", "prices:read", "stock:read"], "origins": origins });
    tenant.with_key(&key_with(tenant, key).await.1)
}

#[test]
fn a_publishable_key_opens_these_routes_and_no_others() {
    with_tenant(async |tenant| {
        let client = visitor(tenant, json!(["*"])).await;
        let document = stockwell::routes().document();
        let mut open = BTreeSet::new();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                let id = operation["operationId"].as_str().expect("an id");
                if operation["x-publishable"] == true {
                    open.insert(id.to_owned());
                    continue;
                }
                let is_public = operation["security"].as_array().is_some_and(Vec::is_empty);
                if is_public || path == "/graphql" {
                    continue;
                }
                let path = path.replace("{", "").replace("}", "");
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
                let reply = client.call(method, &path).key("a").json(&json!({})).send().await;
                assert_eq!(reply.json()["code"], "not_publishable", "{id}: {}", reply.text);
            }
        }
        assert_eq!(open, OPEN.map(str::to_owned).into());
        for path in [
            "/v1/stock/levels",
            "/v1/stock/holds",
            "/v1/lots",
            "/v1/price-lists",
            "/v1/price-tiers",
            "/v1/locations",
        ] {
            client.get(path).await.refused(403, "not_publishable");
        }
        // Whole lists have few places of a tenant, and any visitor could take them.
        for path in ["/v1/products", "/v1/categories", "/v1/product-groups"] {
            client.get(path).await.ok();
            for form in ["application/x-ndjson", "text/csv"] {
                let reply = client.call(Method::GET, path).header("accept", form).send().await;
                reply.refused(403, "not_publishable");
            }
        }
    });
}

#[test]
fn a_visitor_sees_no_negotiated_price_and_no_lots() {
    with_tenant(async |tenant| {
        let more = json!({ "list_price": "10.00", "external_ref": "erp-secret", "metadata": { "margin": "much" },
                "tags": ["drop-next-year"], "images": [{ "url": "https://cdn.example/mug.jpg" }],
                "attachments": [{ "url": "https://files.example/supplier-contract.pdf" }] });
        let product = tenant.product_with("MUG", more).await;
        tenant.open_stock(&[("MUG", "5", "4")]).await;
        let old = tenant.product("OLD", "1.00").await;
        tenant.patch(&format!("/v1/products/{}", old.id), &json!({ "status": "archived" })).await.ok();
        let customer = tenant.customer("Hotel").await;
        let client = visitor(tenant, json!(["*"])).await;

        let seen = client.get(&format!("/v1/products/{}", product.id)).await.ok();
        assert_eq!((&seen["external_ref"], &seen["metadata"]), (&Value::Null, &json!({})));
        assert_eq!((&seen["tags"], &seen["attachments"]), (&json!([]), &json!([])));
        assert_eq!(seen["images"][0]["url"], "https://cdn.example/mug.jpg");
        let members: BTreeSet<&str> =
            seen.as_object().expect("a product").keys().map(String::as_str).collect();
        assert_eq!(members, SEEN_OF_PRODUCT.into(), "a new field is for visitors only if this list says so");
        let list = client.get("/v1/products").await;
        for hidden in ["erp-secret", "OLD", "drop-next-year", "supplier-contract"] {
            assert!(!list.text.contains(hidden), "{hidden}: {}", list.text);
        }
        client.get(&format!("/v1/products/{}", old.id)).await.refused(404, "not_found");
        client.get("/v1/products?external_ref=erp-secret").await.refused(403, "not_publishable");
        client.get("/v1/products?tag=drop-next-year").await.refused(403, "not_publishable");
        client.get("/v1/products?status=archived").await.refused(403, "not_publishable");
        client.get("/v1/products?status=active").await.ok();

        let basket = json!({ "channel": "retail", "lines": [{ "sku": "MUG", "quantity": "1" }] });
        let prices = client.post("/v1/prices/resolve", &basket).await.ok();
        assert_eq!(prices["lines"][0]["unit_price"], "10.00");
        assert_eq!(prices["lines"][0]["trace"], Value::Null);
        for (field, value) in [("customer_id", json!(customer)), ("at", json!("2089-01-01T00:00:00Z"))] {
            let mut asked = basket.clone();
            asked[field] = value;
            client
                .post("/v1/prices/resolve", &asked)
                .await
                .refused(403, "not_publishable")
                .names(&[&format!("#/{field}")]);
        }

        let reply = client.get("/v1/stock/availability?sku=MUG").await;
        assert_eq!(reply.ok()["data"][0]["available"], "5");
        let members: Vec<String> = reply.json()["data"][0]["locations"][0]
            .as_object()
            .expect("a location")
            .keys()
            .cloned()
            .collect();
        assert_eq!(members, ["available", "location_code", "location_id"]);
        client.get("/v1/stock/availability?sku=MUG&steps=true").await.refused(403, "not_publishable");
        let body = json!({ "skus": ["MUG"], "steps": true });
        client.post("/v1/stock/availability", &body).await.refused(403, "not_publishable");
    });
}

#[test]
fn a_page_of_another_origin_is_refused() {
    with_tenant(async |tenant| {
        let client = visitor(tenant, json!(["https://shop.example", "http://localhost:3000"])).await;
        let from = async |client: &Client, origin: &str| {
            client.call(Method::GET, "/v1/products").header("origin", origin).send().await
        };
        for origin in ["https://shop.example", "http://localhost:3000"] {
            let reply = from(&client, origin).await;
            reply.ok();
            assert_eq!(reply.header("access-control-allow-origin"), Some(origin));
            let vary: Vec<&str> =
                reply.headers.get_all("vary").iter().filter_map(|value| value.to_str().ok()).collect();
            assert!(vary.contains(&"Origin"), "{vary:?}");
        }
        for origin in
            ["https://evil.example", "http://shop.example", "https://shop.example.evil.example", "null"]
        {
            from(&client, origin).await.refused(403, "origin_not_allowed");
        }
        client.get("/v1/products").await.ok();
        let everywhere = visitor(tenant, json!(["*"])).await;
        let reply = from(&everywhere, "https://evil.example").await;
        reply.ok();
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        from(tenant, "https://evil.example").await.ok();

        for origins in [
            json!([]),
            json!(["shop.example"]),
            json!(["https://a.example:99999"]),
            json!(["https://a..example"]),
            json!(["*", "https://a.example"]),
        ] {
            let body = json!({ "name": "Window", "kind": "pk", "mode": "test", "scopes": ["catalog:read"], "origins": origins });
            tenant.post("/v1/api-keys", &body).await.refused(422, "validation_failed");
        }
        for (origin, sent) in [
            ("https://shop.example/", "https://shop.example"),
            ("https://shop.example:443", "https://shop.example"),
            ("http://x.example:80", "http://x.example"),
        ] {
            let body = json!({ "name": "Window", "kind": "pk", "mode": "test", "scopes": ["catalog:read"], "origins": [origin] });
            let refused = tenant.post("/v1/api-keys", &body).await.refused(422, "validation_failed");
            let detail = format!("Browsers send this origin as {sent}: send it in that form.");
            assert_eq!(refused.names(&["#/origins/0"]).0["errors"][0]["detail"], detail);
        }
        let server =
            json!({ "name": "Server", "mode": "test", "scopes": ["catalog:read"], "origins": ["*"] });
        tenant.post("/v1/api-keys", &server).await.refused(422, "validation_failed").names(&["#/origins"]);
    });
}
