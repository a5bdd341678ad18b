//! Other systems' codes of a product: mappings with factor and validity, and the queue of unmapped codes.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Tenant, with_tenant};

const MAPPINGS: &str = "/v1/sku-mappings";
const RESOLVE: &str = "/v1/sku-mappings/resolve";

fn reference(sku: &str, location: Option<&str>) -> Value {
    json!({ "system": "shop", "external_sku": sku, "external_location": location })
}

/// Returns the SKU and the factor of each code at an instant; `None` if it has no mapping.
async fn resolved(tenant: &Tenant, at: Option<&str>, references: &[Value]) -> Vec<Option<(String, String)>> {
    let answer = tenant.post(RESOLVE, &json!({ "references": references, "at": at })).await.ok();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let results = answer["results"].as_array().expect("results").iter();
    results
        .map(|result| {
            let product = &result["product"];
            product.is_object().then(|| (text(&product["sku"]), text(&product["factor"])))
        })
        .collect()
}

fn stands_for(sku: &str, factor: &str) -> Option<(String, String)> {
    Some((sku.to_owned(), factor.to_owned()))
}

/// Returns the codes in the queue, oldest first, with the number of times each was missed.
async fn queue(tenant: &Tenant, status: &str) -> Vec<(String, i64)> {
    let page = tenant.get(&format!("/v1/unmapped-skus?sort=created_at&status={status}")).await.ok();
    let rows = page["data"].as_array().expect("data").iter();
    rows.map(|row| {
        (row["external_sku"].as_str().expect("a SKU").to_owned(), row["misses"].as_i64().expect("a count"))
    })
    .collect()
}

#[test]
fn a_name_stands_for_a_product_and_a_factor() {
    with_tenant(async |tenant| {
        let mug = tenant.product("MUG", "1").await;
        tenant.product("CUP", "1").await;
        let pack = json!({ "system": "shop", "external_sku": "M-6", "product_id": mug.id, "factor": "6" });
        let made = tenant.post(MAPPINGS, &pack).await;
        assert!(made.header("location").is_some_and(|path| path.starts_with("/v1/sku-mappings/skm_")));
        let outlet =
            json!({ "system": "shop", "external_sku": "M-6", "external_location": "outlet", "sku": "CUP" });
        tenant.post(MAPPINGS, &outlet).await.created();
        let names = [
            reference("M-6", None),
            reference("M-6", Some("outlet")),
            reference("M-6", Some("elsewhere")),
            reference("m-6", None),
            json!({ "system": "till", "external_sku": "M-6" }),
        ];
        let pack_of_mugs = stands_for("MUG", "6");
        let expected = [pack_of_mugs.clone(), stands_for("CUP", "1"), pack_of_mugs, None, None];
        assert_eq!(resolved(tenant, None, &names).await, expected);
    });
}

#[test]
fn a_name_may_stand_for_another_product_later() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "1").await;
        tenant.product("CUP", "1").await;
        let mapping = |sku: &str, from: Option<&str>, until: Option<&str>| json!({ "system": "shop", "external_sku": "1", "sku": sku, "valid_from": from, "valid_until": until });
        // An end date is inclusive: the mapping ends at midnight in London.
        let first = tenant.make(MAPPINGS, mapping("MUG", None, Some("2026-06-30"))).await;
        for overlapping in [
            mapping("CUP", Some("2026-06-30"), None),
            mapping("CUP", Some("2020-01-01"), Some("2020-01-01")),
            mapping("CUP", None, None),
        ] {
            let reply = tenant.post(MAPPINGS, &overlapping).await;
            reply.refused(409, "already_exists").names(&["#/valid_from"]);
        }
        tenant.post(MAPPINGS, &mapping("CUP", Some("2026-07-01"), None)).await.created();
        for (at, sku) in [
            ("1999-01-01T00:00:00Z", "MUG"),
            ("2026-06-30T22:59:59Z", "MUG"),
            ("2026-06-30T23:00:00Z", "CUP"),
            ("2030-01-01T00:00:00Z", "CUP"),
        ] {
            let found = resolved(tenant, Some(at), &[reference("1", None)]).await;
            assert_eq!(found, [stands_for(sku, "1")], "{at}");
        }
        let path = format!("{MAPPINGS}/{first}");
        let longer = tenant.patch(&path, &json!({ "valid_until": "2026-07-01" })).await;
        longer.refused(409, "already_exists");
        tenant.patch(&path, &json!({ "valid_until": "2026-05-31", "factor": "3" })).await.ok();
        let june = Some("2026-06-15T00:00:00Z");
        assert_eq!(resolved(tenant, june, &[reference("1", None)]).await, [None]);
    });
}

#[test]
fn what_stands_for_nothing_is_kept_until_it_is_mapped() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "1").await;
        let (a, b) = (reference("A", None), reference("B", Some("outlet")));
        resolved(tenant, Some("2026-03-01T00:00:00Z"), &[a.clone(), b.clone(), a.clone()]).await;
        resolved(tenant, Some("2026-02-01T00:00:00Z"), std::slice::from_ref(&a)).await;
        let counted = |sku: &str, misses: i64| (sku.to_owned(), misses);
        assert_eq!(queue(tenant, "open").await, [counted("A", 3), counted("B", 1)]);
        let page = tenant.get("/v1/unmapped-skus?system=shop&sort=created_at").await.ok();
        let first = &page["data"][0];
        assert_eq!(first["missed_for"], "2026-03-01T00:00:00Z", "the latest instant, in any order");
        assert!(first["first_missed_at"].as_str() < first["last_missed_at"].as_str());
        assert_eq!(page["data"][1]["external_location"], "outlet");
        assert_eq!(tenant.get("/v1/unmapped-skus?system=till").await.ok()["data"], json!([]));

        // A mapping that begins after the missed request leaves the code in the queue.
        let map = |sku: &str, from: &str| json!({ "system": "shop", "external_sku": sku, "sku": "MUG", "valid_from": from });
        let late = tenant.make(MAPPINGS, map("A", "2026-03-02")).await;
        tenant.post(MAPPINGS, &map("B", "2026-01-01")).await.created();
        assert_eq!(queue(tenant, "open").await, [counted("A", 3)]);
        assert_eq!(
            queue(tenant, "mapped").await,
            [counted("B", 1)],
            "a mapping for everywhere covers an outlet"
        );
        let path = format!("{MAPPINGS}/{late}");
        tenant.patch(&path, &json!({ "valid_from": "2026-01-01" })).await.ok();
        assert_eq!(queue(tenant, "open").await, []);

        // Without its mapping the code is back in the queue, with its history.
        tenant.delete(&path).await.expect(204);
        assert_eq!(queue(tenant, "open").await, [counted("A", 3)]);
        tenant.delete(&path).await.refused(404, "not_found");
    });
}

#[test]
fn a_retry_and_a_dry_run_count_nothing() {
    with_tenant(async |tenant| {
        let body = json!({ "references": [reference("A", None)] });
        tenant.dry_run(RESOLVE, &body).await.ok();
        assert_eq!(tenant.count("unmapped_sku").await, 0);
        for _ in 0..3 {
            tenant.post_as(RESOLVE, "same", &body).await.ok();
        }
        assert_eq!(queue(tenant, "open").await, [("A".to_owned(), 1)]);
    });
}

#[test]
fn a_wrong_mapping_is_told_field_by_field() {
    with_tenant(async |tenant| {
        tenant.product_with("OLD", json!({ "status": "archived" })).await;
        let mug = tenant.product("MUG", "1").await;
        let wrong = json!({ "system": "", "external_sku": " x", "external_location": "", "sku": "NONE",
            "factor": "0", "valid_from": "2026-02-01", "valid_until": "2026-01-01" });
        let problem = tenant.post(MAPPINGS, &wrong).await.refused(422, "validation_failed");
        problem.names(&[
            "#/external_location",
            "#/system",
            "#/external_sku",
            "#/valid_until",
            "#/sku",
            "#/factor",
        ]);
        let with = |more: Value| {
            let mut body = json!({ "system": "shop", "external_sku": "1" });
            body.as_object_mut().expect("a body").extend(more.as_object().expect("more").clone());
            body
        };
        for (more, pointer) in [
            (json!({}), "#/product_id"),
            (json!({ "sku": "OLD" }), "#/sku"),
            (json!({ "sku": "MUG", "product_id": mug.id }), "#/sku"),
        ] {
            let reply = tenant.post(MAPPINGS, &with(more)).await;
            reply.refused(422, "validation_failed").names(&[pointer]);
        }
        tenant.post(RESOLVE, &json!({ "references": [] })).await.refused(422, "validation_failed");
        let many: Vec<Value> = (0..1_001).map(|number| reference(&format!("N{number}"), None)).collect();
        tenant.post(RESOLVE, &json!({ "references": many })).await.refused(422, "validation_failed");
        assert_eq!(resolved(tenant, None, &many[..1_000]).await.len(), 1_000);
        assert_eq!(tenant.count("unmapped_sku").await, 1_000);
    });
}

#[test]
fn a_mapping_keeps_its_product_and_is_changed_by_version() {
    with_tenant(async |tenant| {
        let mug = tenant.product("MUG", "1").await;
        let cup = tenant.product("CUP", "1").await;
        let body = json!({ "system": "shop", "external_sku": "1", "sku": "MUG" });
        let path = format!("{MAPPINGS}/{}", tenant.make(MAPPINGS, body).await);
        // An archived product keeps its codes: past sales under them are still looked up.
        tenant.patch(&format!("/v1/products/{}", mug.id), &json!({ "status": "archived" })).await.ok();
        assert_eq!(resolved(tenant, None, &[reference("1", None)]).await, [stands_for("MUG", "1")]);
        tenant.patch(&path, &json!({ "factor": "2" })).await.ok();
        let late =
            tenant.call(Method::PATCH, &path).header("if-match", "\"1\"").json(&json!({ "factor": "3" }));
        late.send().await.refused(412, "version_mismatch");
        let changed = tenant.patch(&path, &json!({ "sku": "CUP" })).await.ok();
        assert_eq!(changed["product_id"], json!(cup.id));
        assert_eq!(changed["version"], 3);
        let listed =
            tenant.get(&format!("{MAPPINGS}?product_id={}&system=shop&external_sku=1", cup.id)).await.ok();
        assert_eq!(listed["data"][0], tenant.get(&path).await.ok());
    });
}

#[test]
fn a_batch_maps_what_can_be_mapped() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "1").await;
        resolved(tenant, None, &[reference("A", None), reference("B", None), reference("C", None)]).await;
        let mapping = |name: &str, sku: &str, from: Option<&str>, until: Option<&str>| json!({ "system": "shop", "external_sku": name, "sku": sku, "valid_from": from, "valid_until": until });
        let items = json!({ "items": [
            mapping("A", "MUG", None, Some("2020-12-31")),
            mapping("A", "MUG", Some("2021-01-01"), None),
            mapping("A", "MUG", Some("2020-12-31"), None),
            mapping("B", "NONE", None, None),
            { "system": "shop" },
            mapping("C", "MUG", None, None),
        ]});
        let answer = tenant.post(&format!("{MAPPINGS}/batch"), &items).await.expect(207);
        let statuses: Vec<&Value> =
            answer["results"].as_array().expect("results").iter().map(|one| &one["status"]).collect();
        assert_eq!(statuses, [201, 201, 409, 404, 422, 201]);
        assert_eq!(tenant.count("sku_mapping").await, 3);
        assert_eq!(queue(tenant, "open").await, [("B".to_owned(), 1)]);
    });
}

#[test]
fn two_mappings_at_once_do_not_overlap() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "1").await;
        let body = json!({ "system": "shop", "external_sku": "1", "sku": "MUG" });
        let replies = futures_util::future::join_all((0..8).map(|_| tenant.post(MAPPINGS, &body))).await;
        let made = replies.iter().filter(|reply| reply.status == 201).count();
        assert_eq!(made, 1, "{replies:?}");
        assert_eq!(tenant.count("sku_mapping").await, 1);
    });
}
