//! A record that is read alone has its version as its ETag, and a digest of its body if that shows more.

use reqwest::Method;
use serde_json::{Value, json};
use tests::with_tenant;

use super::isolation::operation::{Operation, operations, resolve};
use super::isolation::world::world;

/// Whether records of this schema have a version.
fn has_version(document: &Value, schema: &Value) -> bool {
    let schema = resolve(document, schema);
    let parts = ["allOf", "anyOf", "oneOf"].iter().filter_map(|whole| schema[whole].as_array()).flatten();
    schema["properties"].get("version").is_some() || parts.into_iter().any(|part| has_version(document, part))
}

/// Returns the operations that read one record with a version.
fn reads_of_versions(document: &Value) -> Vec<Operation> {
    let is_one = |operation: &Operation| {
        let response = &document["paths"][&operation.path]["get"]["responses"]["200"];
        operation.method == "get"
            && operation.scopes.is_some()
            && has_version(document, &response["content"]["application/json"]["schema"])
    };
    operations().into_iter().filter(is_one).collect()
}

#[test]
fn a_record_has_its_version_as_its_etag() {
    with_tenant(async |tenant| {
        let world = world(tenant).await;
        let document = stockwell::routes().document();
        let reads = reads_of_versions(document);
        for id in ["api_keys_get", "counts_get", "transfers_get", "users_get", "vouchers_get"] {
            assert!(reads.iter().any(|operation| operation.id == id), "{id} is found");
        }
        for operation in &reads {
            let responses = &document["paths"][&operation.path]["get"]["responses"];
            let headers = &responses["200"]["headers"];
            assert!(headers.get("ETag").is_some(), "{} declares no ETag", operation.id);
            assert!(responses.get("304").is_some(), "{} declares no 304", operation.id);
            let known = |kind: &str| {
                let id = world.ids.get(kind);
                id.unwrap_or_else(|| panic!("{}: no {kind} is known", operation.id)).clone()
            };
            let path = operation.path_with(known);
            let first = tenant.get(&path).await;
            let version = first.ok()["version"].clone();
            let tag = first.header("etag").unwrap_or_else(|| panic!("{path} has no ETag"));
            let (alone, with_digest) = (format!("\"{version}\""), format!("\"{version}-"));
            assert!(tag == alone || tag.starts_with(&with_digest), "{path}: {tag} of version {version}");
            let same = tenant.call(Method::GET, &path).header("if-none-match", tag).send().await;
            assert_eq!(
                (same.status, same.text.as_str(), same.header("etag")),
                (304, "", Some(tag)),
                "{path}"
            );
        }
    });
}

#[test]
fn a_user_and_a_key_that_were_changed_since_stay_as_they_are() {
    with_tenant(async |tenant| {
        let user = json!({ "email": "till-3@shop.example", "name": "Till 3", "role": "cashier",
            "password": "correct horse battery staple" });
        let path = format!("/v1/users/{}", tenant.make("/v1/users", user).await);
        let first = tenant.get(&path).await;
        let tag = first.header("etag").expect("an ETag");
        let change = async |name: &str| {
            let call = tenant.call(Method::PATCH, &path).header("if-match", tag);
            call.json(&json!({ "name": name })).send().await
        };
        assert_eq!(change("Till 4").await.ok()["version"], 2);
        change("Till 5").await.refused(412, "version_mismatch");
        let next = tenant.call(Method::GET, &path).header("if-none-match", tag).send().await;
        assert_eq!((next.ok()["name"].clone(), next.header("etag")), (json!("Till 4"), Some("\"2\"")));

        let made = tenant.post("/v1/api-keys", &json!({ "name": "Shop", "scopes": ["catalog:read"] })).await;
        assert_eq!(made.header("etag"), None, "the record is beside its secret");
        let path = format!("/v1/api-keys/{}", made.created()["api_key"]["id"].as_str().expect("an id"));
        let first = tenant.get(&path).await;
        let tag = first.header("etag").expect("an ETag");
        let revoke =
            async |tag: &str| tenant.call(Method::DELETE, &path).header("if-match", tag).send().await;
        revoke("\"7\"").await.refused(412, "version_mismatch");
        assert_eq!(tenant.get(&path).await.ok()["revoked_at"], json!(null));
        assert_eq!(revoke(tag).await.status, 204);
        revoke(tag).await.refused(412, "version_mismatch");
    });
}

#[test]
fn an_order_that_shows_something_new_is_sent_again() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "10.00", ("100", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = tenant.order(&customer, &[("BOLT", "5")], "invoiced").await.created();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let path = format!("/v1/orders/{}", text(&order["id"]));
        let mut before = tenant.get(&path).await;
        let invoice = text(&order["invoices"][0]["id"]);
        let paid = json!({ "customer_id": customer, "method": "bank", "amount": "3.00",
            "allocations": [{ "invoice_id": invoice, "amount": "3.00" }] });
        let parcel = format!("/v1/shipments/{}", text(&order["shipments"][0]["id"]));
        // Neither is a change of the order's version.
        for change in ["payment", "parcel"] {
            match change {
                "payment" => _ = tenant.post("/v1/payments", &paid).await.created(),
                _ => _ = tenant.patch(&parcel, &json!({ "tracking_number": "1Z-1" })).await.ok(),
            }
            let known = before.header("etag").expect("an ETag");
            let after = tenant.call(Method::GET, &path).header("if-none-match", known).send().await;
            let (first, next) = (before.json(), after.ok());
            assert_eq!(first["version"], next["version"], "{change}");
            assert_ne!(first, next, "{change}");
            before = after;
        }
        // The version alone is compared by a change.
        let known = before.header("etag").expect("an ETag");
        let tagged = json!({ "tags": ["paid"] });
        tenant.call(Method::PATCH, &path).header("if-match", known).json(&tagged).send().await.ok();
    });
}
