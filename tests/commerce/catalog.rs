//! Products, categories, customers and other records: create, change, list.

mod attachment;
mod attachment_store;
mod bundle;
mod csv;
mod divided;
mod fraction;
mod group;
mod identity;
mod import;
mod people;
mod reorder;
mod search;
mod sku_map;

use reqwest::Method;
use serde_json::{Value, json};
use tests::with_tenant;

#[test]
fn a_sku_is_used_once_and_its_letters_count() {
    with_tenant(async |tenant| {
        let product = json!({ "sku": "MUG", "name": "Mug", "external_ref": "erp-1" });
        let reply = tenant.post("/v1/products", &product).await;
        let made = reply.created();
        assert_eq!(made["kind"], "stocked");
        assert_eq!(made["stock_uom"], "C62");
        assert_eq!(made["list_price"], Value::Null);
        assert_eq!(reply.header("etag"), Some("\"1\""));
        let problem = tenant.post("/v1/products", &json!({ "sku": "MUG", "name": "Again" })).await;
        problem.refused(409, "already_exists").names(&["#/sku"]);
        tenant.product("mug", "1.00").await;
        let problem = tenant
            .post("/v1/products", &json!({ "sku": "CUP", "name": "Cup", "external_ref": "erp-1" }))
            .await;
        problem.refused(409, "duplicate_external_ref").names(&["#/external_ref"]);
    });
}

#[test]
fn a_barcode_has_the_right_check_digit_and_stands_for_one_unit() {
    with_tenant(async |tenant| {
        let with = |sku: &str, barcode: &str| json!({ "sku": sku, "name": sku, "barcodes": [barcode] });
        for wrong in ["4006381333932", "10614141000416", "96385075", "036000291453"] {
            let problem = tenant.post("/v1/products", &with("WRONG", wrong)).await;
            problem.refused(422, "validation_failed").names(&["#/barcodes/0"]);
        }
        for (number, right) in
            ["4006381333931", "10614141000415", "96385074", "036000291452", "ABC-123"].iter().enumerate()
        {
            tenant.post("/v1/products", &with(&format!("SKU-{number}"), right)).await.created();
            assert_eq!(
                tenant.get(&format!("/v1/barcodes/{right}")).await.ok()["product"]["sku"],
                format!("SKU-{number}")
            );
        }
        tenant
            .post("/v1/products", &with("NEW", "4006381333931"))
            .await
            .refused(409, "already_exists")
            .names(&["#/barcodes/0"]);
        tenant.get("/v1/barcodes/nothing").await.refused(404, "not_found");
    });
}

#[test]
fn a_unit_holds_no_fraction_of_a_piece() {
    with_tenant(async |tenant| {
        let with = |sku: &str, uom: &str, decimals: Option<u8>, factor: &str| {
            json!({ "sku": sku, "name": sku, "stock_uom": uom, "stock_decimals": decimals,
                "units": [{ "uom": "ZZ", "factor": factor }] })
        };
        for (uom, decimals, factor) in [("C62", None, "0.5"), ("XBX", None, "1.5"), ("KGM", Some(2), "0.125")]
        {
            let reply = tenant.post("/v1/products", &with("A", uom, decimals, factor)).await;
            reply.refused(422, "validation_failed").names(&["#/units/0/factor"]);
        }
        let reply = tenant.post("/v1/products", &with("A", "KGM", Some(7), "1")).await;
        reply.refused(422, "validation_failed").names(&["#/stock_decimals"]);
        for (sku, uom, decimals, factor, kept) in [
            ("A", "C62", None, "12", 0),
            ("B", "C62", Some(1), "0.5", 1),
            ("C", "KGM", None, "0.001", 6),
            ("D", "KGM", Some(3), "0.125", 3),
        ] {
            let made = tenant.post("/v1/products", &with(sku, uom, decimals, factor)).await.created();
            assert_eq!(made["stock_decimals"], kept);
        }
        let product = tenant.product("MUG", "1").await;
        let path = format!("/v1/products/{}", product.id);
        let weighed = tenant.patch(&path, &json!({ "stock_uom": "KGM" })).await.ok();
        assert_eq!(weighed["stock_decimals"], 6, "it follows the unit unless it is set");
        tenant.open_stock(&[("MUG", "0.5", "1")]).await;
        let coarser = tenant.patch(&path, &json!({ "stock_decimals": 0 })).await;
        coarser.refused(409, "invalid_state_transition").names(&["#/stock_decimals"]);
        let mapping = json!({ "system": "shop", "external_sku": "1", "sku": "A", "factor": "0.5" });
        let reply = tenant.post("/v1/sku-mappings", &mapping).await;
        reply.refused(422, "validation_failed").names(&["#/factor"]);
    });
}

#[test]
fn every_wrong_field_of_a_product_is_named() {
    with_tenant(async |tenant| {
        let body = json!({ "sku": " ", "name": "", "stock_uom": "piece", "list_price": "-1",
            "category_id": "cat_01h455vb4pex5vsknk084sn02q", "tax_class_id": "txc_01h455vb4pex5vsknk084sn02q",
            "units": [{ "uom": "XCS", "factor": "0" }, { "uom": "XCS", "factor": "1" }] });
        let problem = tenant.post("/v1/products", &body).await;
        assert_eq!(problem.status, 422, "{}", problem.text);
        let problem = problem.json();
        let mut pointers: Vec<&str> = problem["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|error| error["pointer"].as_str())
            .collect();
        pointers.sort_unstable();
        let expected = [
            "#/category_id",
            "#/list_price",
            "#/name",
            "#/sku",
            "#/stock_uom",
            "#/tax_class_id",
            "#/units/0/factor",
            "#/units/1/uom",
        ];
        assert_eq!(pointers, expected);
    });
}

#[test]
fn a_change_is_a_merge_patch_of_the_version_that_was_read() {
    with_tenant(async |tenant| {
        let product =
            tenant.product_with("MUG", json!({ "list_price": "10.00", "description": "Blue" })).await;
        let path = format!("/v1/products/{}", product.id);
        let read = tenant.get(&path).await;
        assert_eq!(read.header("etag"), Some("\"1\""));
        let seen = tenant.call(Method::GET, &path).header("if-none-match", "\"1\"").send().await;
        assert_eq!(seen.status, 304);
        assert_eq!(seen.text.as_str(), "");
        let changed = tenant
            .call(Method::PATCH, &path)
            .header("if-match", "\"1\"")
            .json(&json!({ "list_price": "11", "description": null }));
        let changed = changed.send().await.ok();
        assert_eq!(changed["list_price"], "11.00");
        assert_eq!(changed["description"], "");
        assert_eq!(changed["version"], 2);
        assert_eq!(changed["name"], "Product MUG", "what is not named stays");
        let late = tenant
            .call(Method::PATCH, &path)
            .header("if-match", "\"1\"")
            .json(&json!({ "name": "Other" }))
            .send()
            .await;
        let problem = late.refused(412, "version_mismatch");
        assert_eq!(problem.0["current_version"], "2");
        let price = tenant.patch(&path, &json!({ "list_price": null })).await.ok();
        assert_eq!(price["list_price"], Value::Null);
        tenant.patch(&path, &json!({ "label": "x" })).await.refused(400, "unknown_field").names(&["#/label"]);
        tenant.patch(&path, &json!({ "sku": null })).await.refused(422, "validation_failed");
        tenant
            .patch("/v1/products/prd_01h455vb4pex5vsknk084sn02q", &json!({}))
            .await
            .refused(404, "not_found");
    });
}

#[test]
fn what_stock_depends_on_does_not_change_once_there_is_stock() {
    with_tenant(async |tenant| {
        let product = tenant.product("MUG", "10.00").await;
        let path = format!("/v1/products/{}", product.id);
        tenant.patch(&path, &json!({ "stock_uom": "KGM" })).await.ok();
        tenant.open_stock(&[("MUG", "1", "1")]).await;
        for change in
            [json!({ "stock_uom": "C62" }), json!({ "kind": "service" }), json!({ "tracking": "lot" })]
        {
            tenant.patch(&path, &change).await.refused(409, "invalid_state_transition");
        }
    });
}

#[test]
fn a_batch_makes_what_can_be_made() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "1.00").await;
        let items = json!({ "items": [
            { "sku": "CUP", "name": "Cup" }, { "sku": "MUG", "name": "Mug" }, { "sku": "CUP", "name": "Cup again" },
            { "sku": "JUG" }, { "sku": "POT", "name": "Pot", "colour": "red" }, { "sku": "PAN", "name": "Pan" },
        ]});
        let answer = tenant.post("/v1/products/batch", &items).await.expect(207);
        let statuses: Vec<&Value> =
            answer["results"].as_array().expect("results").iter().map(|one| &one["status"]).collect();
        assert_eq!(statuses, [201, 409, 409, 422, 400, 201]);
        assert_eq!(tenant.count("product").await, 3);
    });
}

#[test]
fn the_tree_of_categories_has_no_loops() {
    with_tenant(async |tenant| {
        let mut ids: Vec<String> = Vec::new();
        for level in 0..10 {
            let mut body = json!({ "code": format!("level-{level}"), "name": "Level" });
            if let Some(parent) = ids.last() {
                body["parent_id"] = json!(parent);
            }
            ids.push(tenant.make("/v1/categories", body).await);
        }
        let deepest = tenant.get(&format!("/v1/categories/{}", ids[9])).await.ok();
        assert_eq!(deepest["lineage"].as_array().map(Vec::len), Some(10));
        let too_deep = json!({ "code": "level-10", "name": "Level", "parent_id": ids[9] });
        tenant
            .post("/v1/categories", &too_deep)
            .await
            .refused(422, "validation_failed")
            .names(&["#/parent_id"]);
        let below_itself =
            tenant.patch(&format!("/v1/categories/{}", ids[0]), &json!({ "parent_id": ids[3] })).await;
        below_itself.refused(422, "validation_failed").names(&["#/parent_id"]);
        let moved =
            tenant.patch(&format!("/v1/categories/{}", ids[5]), &json!({ "parent_id": ids[0] })).await.ok();
        assert_eq!(moved["lineage"].as_array().map(Vec::len), Some(2));
        let below = tenant.get(&format!("/v1/categories/{}", ids[9])).await.ok();
        assert_eq!(below["lineage"].as_array().map(Vec::len), Some(6), "what is below moves along");
    });
}

#[test]
fn the_tree_of_categories_shows_what_is_below_what() {
    with_tenant(async |tenant| {
        let category = async |code: &str, parent: Option<&String>| {
            tenant.make("/v1/categories", json!({ "code": code, "name": code, "parent_id": parent })).await
        };
        let tools = category("tools", None).await;
        let hand = category("hand", Some(&tools)).await;
        let saws = category("saws", Some(&hand)).await;
        category("axes", Some(&hand)).await;
        category("mugs", None).await;
        tenant.product_with("SAW", json!({ "category_id": saws })).await;
        tenant.product_with("OLD-SAW", json!({ "category_id": saws, "status": "archived" })).await;
        /// Returns the codes of a tree, with children in brackets.
        fn outline(nodes: &Value) -> String {
            let nodes = nodes.as_array().expect("nodes").iter();
            let outline = |node: &Value| {
                let (code, products) = (node["code"].as_str().expect("a code"), &node["products"]);
                format!("{code}{products}[{}]", outline(&node["children"]))
            };
            nodes.map(outline).collect::<Vec<_>>().join(" ")
        }
        let tree = tenant.get("/v1/categories/tree").await.ok();
        assert_eq!(outline(&tree["categories"]), "mugs0[] tools0[hand0[axes0[] saws1[]]]");
        tenant.patch(&format!("/v1/categories/{saws}"), &json!({ "parent_id": null })).await.ok();
        let tree = tenant.get(&format!("/v1/categories/tree?root_id={hand}")).await.ok();
        assert_eq!(outline(&tree["categories"]), "hand0[axes0[]]");
        let tree = tenant.get("/v1/categories/tree").await.ok();
        assert_eq!(outline(&tree["categories"]), "mugs0[] saws1[] tools0[hand0[axes0[]]]");
        let unknown = "/v1/categories/tree?root_id=cat_01h455vb4pex5vsknk084sn02q";
        tenant.get(unknown).await.refused(404, "not_found");
    });
}

#[test]
fn a_list_is_read_page_by_page() {
    with_tenant(async |tenant| {
        for number in 0..7 {
            tenant.product(&format!("SKU-{number}"), "1.00").await;
        }
        let mut seen = Vec::new();
        let mut path = "/v1/products?limit=3&sort=updated_at".to_owned();
        loop {
            let reply = tenant.get(&path).await;
            let page = reply.ok();
            seen.extend(page["data"].as_array().expect("data").iter().map(|product| product["sku"].clone()));
            tenant.product(&format!("LATE-{}", seen.len()), "1.00").await;
            let Some(cursor) = page["page"]["next_cursor"].as_str() else {
                assert_eq!(page["page"]["has_more"], false);
                break;
            };
            assert!(reply.header("link").is_some_and(|link| link.contains("rel=\"next\"")));
            path = format!("/v1/products?limit=3&sort=updated_at&cursor={cursor}");
            if seen.len() > 30 {
                break;
            }
        }
        for number in 0..7 {
            let times = seen.iter().filter(|sku| **sku == format!("SKU-{number}")).count();
            assert_eq!(times, 1, "SKU-{number} in {seen:?}");
        }
    });
}

#[test]
fn a_list_knows_its_parameters() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "1.00").await;
        for path in ["/v1/products?lmit=3", "/v1/products?colour=red", "/v1/me?x=1"] {
            tenant.get(path).await.refused(400, "unknown_field");
        }
        for path in [
            "/v1/products?limit=0",
            "/v1/products?limit=201",
            "/v1/products?limit=x",
            "/v1/products?status=gone",
        ] {
            let reply = tenant.get(path).await;
            assert_eq!(reply.status, 400, "{path}: {}", reply.text);
        }
        tenant.get("/v1/products?cursor=x").await.refused(400, "invalid_cursor");
        assert_eq!(tenant.get("/v1/products?sku=mug").await.ok()["data"], json!([]));
        assert_eq!(tenant.get("/v1/products?q=prod").await.ok()["data"][0]["sku"], "MUG");
    });
}

#[test]
fn a_customer_gets_a_number_and_terms() {
    with_tenant(async |tenant| {
        let wholesale = tenant
            .post("/v1/customers", &json!({ "kind": "wholesale", "name": "Nordwind Supply" }))
            .await
            .created();
        let retail = tenant
            .post("/v1/customers", &json!({ "kind": "retail", "name": "Kontor Mitte" }))
            .await
            .created();
        assert_ne!(wholesale["number"], retail["number"]);
        assert_eq!(wholesale["payment_terms"], "net");
        assert_eq!(wholesale["payment_days"], 30);
        assert_eq!(retail["payment_terms"], "prepaid");
        assert_eq!(retail["payment_days"], 0);
        assert_eq!(wholesale["country"], "GB");
        assert_eq!(wholesale["currency"], "GBP");
        for (body, pointer) in [
            (json!({ "kind": "wholesale", "name": "x", "country": "Germany" }), "#/country"),
            (json!({ "kind": "wholesale", "name": "x", "currency": "EUR" }), "#/currency"),
            (json!({ "kind": "wholesale", "name": "x", "credit_limit": "-1" }), "#/credit_limit"),
            (json!({ "kind": "wholesale", "name": "x", "payment_days": 366 }), "#/payment_days"),
            (json!({ "kind": "wholesale", "name": "x", "email": "nowhere" }), "#/email"),
            (json!({ "kind": "wholesale", "name": "4111 1111 1111 1111" }), "#/name"),
            (
                json!({ "kind": "wholesale", "name": "x", "metadata": { "card": "4111111111111111" } }),
                "#/metadata/card",
            ),
        ] {
            let reply = tenant.post("/v1/customers", &body).await;
            reply.refused(422, "validation_failed").names(&[pointer]);
        }
    });
}

#[test]
fn a_path_or_method_that_is_not_there_is_a_problem_too() {
    with_tenant(async |tenant| {
        tenant.get("/v1/nothing").await.refused(404, "route_not_found");
        let reply = tenant.call(Method::DELETE, "/v1/products").send().await;
        reply.refused(405, "method_not_allowed");
        assert_eq!(reply.header("allow"), Some("GET, HEAD, OPTIONS, POST"));
        tenant.get("/v1/products/prd_1").await.refused(400, "invalid_id");
        tenant.get("/v1/products/cus_01h455vb4pex5vsknk084sn02q").await.refused(400, "invalid_id");
    });
}

#[test]
fn tax_follows_the_customers_country_and_the_day() {
    with_tenant(async |tenant| {
        let classes = tenant.get("/v1/tax-classes").await.ok();
        let standard =
            classes["data"].as_array().expect("classes").iter().find(|class| class["code"] == "standard");
        let standard = standard.expect("a standard class")["id"].clone();
        let rate =
            json!({ "tax_class_id": standard, "zone": "DE", "rate": "19", "valid_from": "2007-01-01" });
        tenant.post("/v1/tax-rates", &rate).await.created();
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let german = tenant.customer_with("Nordwind Supply", json!({ "country": "DE" })).await;
        let exempt =
            tenant.customer_with("Kontor Mitte", json!({ "country": "DE", "tax_exempt": true })).await;
        let british = tenant.customer("Alpenhandel").await;
        for (customer, tax) in [(&german, "1.90"), (&exempt, "0.00"), (&british, "2.00")] {
            let order = tenant.order(customer, &[("MUG", "1")], "draft").await.created();
            assert_eq!(order["tax"], tax);
        }
        let body = json!({ "customer_id": german, "occurred_at": "2006-12-31T12:00:00Z",
            "lines": [{ "sku": "MUG", "quantity": "1" }] });
        assert_eq!(
            tenant.post("/v1/orders", &body).await.created()["tax"],
            "2.00",
            "before there was a rate of its own"
        );
        let again = tenant.post("/v1/tax-rates", &rate).await;
        assert_eq!(again.status, 409, "{}", again.text);
    });
}
