//! Products of suppliers: units, quantities and prices, and the one supplier that a product is usually bought from.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Tenant, with_tenant};

async fn supplier(tenant: &Tenant, code: &str) -> String {
    super::supplier(tenant, code, json!({})).await
}

fn path(supplier: &str, product: &str) -> String {
    format!("/v1/suppliers/{supplier}/products/{product}")
}

/// Returns the codes of the suppliers that a product is usually bought from.
async fn preferred(tenant: &Tenant, product: &str) -> Vec<String> {
    let page = tenant.get(&format!("/v1/suppliers?product_id={product}&sort=code")).await.ok();
    let mut codes = Vec::new();
    for supplier in page["data"].as_array().expect("suppliers") {
        let stated = tenant.get(&path(supplier["id"].as_str().expect("an id"), product)).await.ok();
        if stated["preferred"] == true {
            codes.push(supplier["code"].as_str().expect("a code").to_owned());
        }
    }
    codes
}

#[test]
fn a_product_of_a_supplier_is_replaced_as_a_whole() {
    with_tenant(async |tenant| {
        let units = json!([{ "uom": "XBX", "factor": "100" }]);
        let bolt = tenant.product_with("BOLT", json!({ "units": units })).await;
        let nordbolt = supplier(tenant, "NORDBOLT").await;
        let path = path(&nordbolt, &bolt.id);
        tenant.get(&path).await.refused(404, "not_found");
        let prices = json!([{ "min_quantity": "0", "unit_cost": "95.00", "valid_from": null, "valid_until": null },
            { "min_quantity": "50", "unit_cost": "90.125", "valid_from": "2026-01-01", "valid_until": "2026-12-31" }]);
        let stated = json!({ "supplier_sku": "NB-0840", "uom": "XBX", "min_order_quantity": "5", "order_multiple": "5",
            "preferred": true, "prices": prices });
        let made = tenant.put(&path, &stated).await.ok();
        for field in ["supplier_sku", "uom", "min_order_quantity", "order_multiple", "preferred", "prices"] {
            assert_eq!(made[field], stated[field], "{field}");
        }
        assert_eq!((&made["sku"], &made["version"]), (&json!("BOLT"), &json!(1)));
        assert_eq!(tenant.get(&path).await.ok(), made);
        let listed = tenant.get(&format!("/v1/suppliers/{nordbolt}/products")).await.ok();
        assert_eq!(listed["data"], json!([made]));

        let replaced = tenant.put(&path, &json!({ "prices": [{ "unit_cost": "1" }] })).await.ok();
        assert_eq!(
            (&replaced["supplier_sku"], &replaced["uom"], &replaced["preferred"], &replaced["version"]),
            (&Value::Null, &json!("C62"), &json!(false), &json!(2))
        );
        let stale = tenant.call(Method::DELETE, &path).header("if-match", "\"1\"").send().await;
        stale.refused(412, "version_mismatch");
        tenant.delete(&path).await.expect(204);
        tenant.delete(&path).await.refused(404, "not_found");
        let kinds: Vec<Value> = tenant
            .events("type=supplier.product_*")
            .await
            .iter()
            .map(|event| event["type"].clone())
            .collect();
        let stated = "supplier.product_stated";
        assert_eq!(kinds, [stated, stated, "supplier.product_removed"]);
    });
}

#[test]
fn what_a_supplier_can_not_sell_is_refused() {
    with_tenant(async |tenant| {
        let mug = tenant.product("MUG", "10.00").await.id;
        let help = tenant.product_with("HELP", json!({ "kind": "service" })).await.id;
        let nordbolt = supplier(tenant, "NORDBOLT").await;
        for (wrong, pointer) in [
            (json!({ "uom": "XBX" }), "#/uom"),
            (json!({ "uom": "box" }), "#/uom"),
            (json!({ "min_order_quantity": "-1" }), "#/min_order_quantity"),
            (json!({ "order_multiple": "0" }), "#/order_multiple"),
            (json!({ "prices": [{ "unit_cost": "-0.01" }] }), "#/prices/0/unit_cost"),
            (
                json!({ "prices": [{ "unit_cost": "1", "valid_from": "2026-02-01", "valid_until": "2026-01-31" }] }),
                "#/prices/0/valid_until",
            ),
            (json!({ "prices": [{ "unit_cost": "1" }, { "unit_cost": "2" }] }), "#/prices/1/min_quantity"),
        ] {
            let refused = tenant.put(&path(&nordbolt, &mug), &wrong).await;
            let problem = refused.refused(422, "validation_failed");
            assert!(problem.pointers().contains(&pointer), "{pointer}: {}", refused.text);
        }
        let many = vec![json!({ "unit_cost": "1" }); 101];
        let refused = tenant.put(&path(&nordbolt, &mug), &json!({ "prices": many })).await;
        refused.refused(422, "validation_failed").names(&["#/prices"]);
        tenant.put(&path(&nordbolt, &help), &json!({})).await.refused(409, "invalid_state_transition");
        let unknown = "prd_01h455vb4pex5vsknk084sn02q";
        tenant.put(&path(&nordbolt, unknown), &json!({})).await.refused(404, "not_found");
        let nowhere = "sup_01h455vb4pex5vsknk084sn02q";
        tenant.put(&path(nowhere, &mug), &json!({})).await.refused(404, "not_found");
        tenant.get(&format!("/v1/suppliers/{nowhere}/products")).await.refused(404, "not_found");
        tenant.get(&path(&nordbolt, "MUG")).await.refused(400, "invalid_id");
        let none = tenant.get(&format!("/v1/suppliers/{nordbolt}/products")).await.ok();
        assert_eq!(none["data"], json!([]));
    });
}

#[test]
fn a_product_has_one_preferred_supplier() {
    with_tenant(async |tenant| {
        let mug = tenant.product("MUG", "10.00").await.id;
        let (first, second) = (supplier(tenant, "FIRST").await, supplier(tenant, "SECOND").await);
        tenant.put(&path(&first, &mug), &json!({ "preferred": true })).await.ok();
        assert_eq!(preferred(tenant, &mug).await, ["FIRST"]);
        tenant.put(&path(&second, &mug), &json!({ "preferred": true })).await.ok();
        assert_eq!(preferred(tenant, &mug).await, ["SECOND"]);
        assert_eq!(tenant.get(&path(&first, &mug)).await.ok()["version"], 2, "the one before changed too");
        let stated = tenant.events("type=supplier.product_stated").await;
        let about: Vec<&Value> = stated.iter().map(|event| &event["data"]["object"]["id"]).collect();
        assert_eq!(about, [&first, &second, &first], "the supplier that lost the mark has an event too");
        assert_eq!(stated[1]["command_id"], stated[2]["command_id"], "of the same command");
        tenant.put(&path(&second, &mug), &json!({ "preferred": true, "supplier_sku": "S-1" })).await.ok();
        assert_eq!(tenant.events("type=supplier.product_stated").await.len(), 4, "and none without a change");
        let only = tenant.get(&format!("/v1/suppliers/{first}/products?preferred=true")).await.ok();
        assert_eq!(only["data"], json!([]));
        tenant.delete(&path(&second, &mug)).await.expect(204);
        assert_eq!(preferred(tenant, &mug).await, [""; 0]);
    });
}

#[test]
fn many_who_prefer_another_supplier_at_once_leave_one() {
    with_tenant(async |tenant| {
        let mug = tenant.product("MUG", "10.00").await.id;
        let mut suppliers = Vec::new();
        for number in 0..6 {
            suppliers.push(supplier(tenant, &format!("S{number}")).await);
        }
        let prefer = json!({ "preferred": true });
        let sent = suppliers.iter().map(async |supplier| tenant.put(&path(supplier, &mug), &prefer).await);
        let replies = join_all(sent).await;
        assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
        assert_eq!(preferred(tenant, &mug).await.len(), 1);
    });
}

#[test]
fn prices_of_a_supplier_are_costs() {
    with_tenant(async |tenant| {
        let mug = tenant.product("MUG", "10.00").await.id;
        let nordbolt = supplier(tenant, "NORDBOLT").await;
        tenant.put(&path(&nordbolt, &mug), &json!({ "prices": [{ "unit_cost": "7.31" }] })).await.ok();
        let blind = crate::platform::auth::key(tenant, &["purchasing:read", "purchasing:write"]).await;
        let blind = tenant.with_key(&blind);
        let stated = json!({ "prices": [{ "unit_cost": "7.31" }] });
        for prefer in ["dry-run", "return=representation"] {
            let put = |client: &Client| {
                client
                    .call(Method::PUT, &path(&nordbolt, &mug))
                    .key("stated")
                    .header("prefer", prefer)
                    .json(&stated)
            };
            for reply in [put(&blind).send().await, put(&blind).send().await] {
                assert_eq!(reply.ok()["prices"][0]["unit_cost"], Value::Null, "{}", reply.text);
                assert!(!reply.text.contains("7.31"), "{}", reply.text);
            }
        }
        let seen = tenant.put(&path(&nordbolt, &mug), &stated).await.ok();
        assert_eq!(seen["prices"][0]["unit_cost"], "7.31");
        for path in [path(&nordbolt, &mug), format!("/v1/suppliers/{nordbolt}/products")] {
            let seen = blind.get(&path).await;
            assert_eq!(seen.status, 200);
            assert!(seen.text.contains("\"unit_cost\":null") && !seen.text.contains("7.31"), "{}", seen.text);
        }
    });
}
