//! A patch that changes nothing leaves the record at its version. It has no event and no entry in the audit log.

use reqwest::Method;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Tenant, environment, with_tenant};

use super::auth::key;
use super::isolation::operation::{Operation, operations};
use super::isolation::world::world;

/// Returns the numbers of events and commands of changes, and that of stored responses to requests that changed nothing.
async fn changes(tenant: &Tenant) -> (i64, i64, i64) {
    let query = "select (select count(*) from event where tenant_id = $1 and kind like '%.updated'), \
                        (select count(*) from command where tenant_id = $1 and name like '%.updated'), \
                        (select count(*) from command where tenant_id = $1 and name = 'unchanged')";
    sqlx::query_as(query).bind(tenant.id.0).fetch_one(&environment().root).await.expect("the counts")
}

#[test]
fn an_empty_patch_changes_no_record() {
    with_tenant(async |tenant| {
        let world = world(tenant).await;
        let all = operations().into_iter().filter(|operation| operation.method == "patch");
        let patches: Vec<Operation> = all.collect();
        assert!(patches.len() >= 20, "the operations are found");
        let before = changes(tenant).await;
        for operation in &patches {
            let path = operation.path_with(|kind| world.ids[kind].clone());
            let empty = async || {
                let call = tenant.call(Method::PATCH, &path).header("if-match", "*");
                call.json(&json!({})).send().await
            };
            let (first, second) = (empty().await, empty().await);
            assert_eq!(first.ok(), second.ok(), "{}", operation.id);
            assert!(first.header("etag").is_some(), "{}", operation.id);
            assert_eq!(first.header("etag"), second.header("etag"), "{}", operation.id);
            assert_eq!(changes(tenant).await, before, "{}", operation.id);
        }
        // The present secret can't be compared with the stated one.
        let path = format!("/v1/identity-providers/{}", world.ids["idp"]);
        let same_secret = json!({ "client_secret": "secret of a client" });
        assert_eq!(tenant.patch(&path, &same_secret).await.ok()["version"], 2);
    });
}

#[test]
fn present_values_change_nothing_and_the_request_is_checked() {
    with_tenant(async |tenant| {
        let mug = json!({ "sku": "MUG", "name": "Mug", "list_price": "12.50", "tags": ["blue"] });
        let path = format!("/v1/products/{}", tenant.make("/v1/products", mug).await);
        let read = tenant.get(&path).await;
        let send = async |key: &str, version: &str, body: &Value| {
            let call = tenant.call(Method::PATCH, &path).key(key).header("if-match", version);
            call.json(body).send().await
        };
        let (events, commands, kept) = changes(tenant).await;
        let present = json!({ "name": "Mug", "list_price": "12.5", "tags": ["blue"], "barcodes": [],
            "stock_decimals": read.ok()["stock_decimals"] });
        let same = send("same", "\"1\"", &present).await;
        for member in ["version", "updated_at", "name", "list_price"] {
            assert_eq!(same.ok()[member], read.ok()[member], "{member}");
        }
        assert_eq!(same.header("etag"), read.header("etag"));
        send("stale", "\"7\"", &present).await.refused(412, "version_mismatch");
        assert_eq!(send("null", "\"1\"", &json!({ "name": null })).await.status, 422);
        assert_eq!(changes(tenant).await, (events, commands, kept + 1), "the response is kept");
        // A repeat returns the kept response, and changes nothing that was changed since.
        assert_eq!(tenant.patch(&path, &json!({ "name": "Cup" })).await.ok()["version"], 2);
        let again = send("same", "\"1\"", &present).await;
        assert!(again.is_replayed());
        assert_eq!((again.ok(), again.header("etag")), (same.ok(), same.header("etag")));
        assert_eq!(tenant.get(&path).await.ok()["name"], "Cup");
        send("same", "\"1\"", &json!({ "name": "Jug" })).await.refused(422, "idempotency_key_reused");
        let mapping = json!({ "system": "shop", "external_sku": "1", "sku": "MUG" });
        let mapping = format!("/v1/sku-mappings/{}", tenant.make("/v1/sku-mappings", mapping).await);
        assert_eq!(tenant.patch(&mapping, &json!({ "sku": "MUG" })).await.ok()["version"], 1);
        let log = tenant.get("/v1/commands?limit=100").await.ok();
        let names: Vec<&Value> =
            log["data"].as_array().expect("commands").iter().map(|command| &command["name"]).collect();
        assert!(!names.contains(&&json!("unchanged")), "{names:?}");
    });
}

#[test]
fn an_empty_patch_needs_the_rights_of_a_change() {
    with_tenant(async |tenant| {
        let full = json!({ "url": "https://hooks.invalid/", "payload": "full" });
        let made = tenant.post("/v1/webhook-endpoints", &full).await.created();
        let id = made["webhook_endpoint"]["id"].as_str().expect("an id");
        let weak = tenant.with_key(&key(tenant, &["webhooks:write", "events:read"]).await);
        let path = format!("/v1/webhook-endpoints/{id}");
        weak.patch(&path, &json!({})).await.refused(403, "insufficient_scope");
        let user = json!({ "email": "owner-2@shop.example", "name": "Second owner", "role": "owner",
            "password": "correct horse battery staple" });
        let user = tenant.make("/v1/users", user).await;
        let weak = tenant.with_key(&key(tenant, &["users:write"]).await);
        weak.patch(&format!("/v1/users/{user}"), &json!({})).await.refused(403, "insufficient_scope");
    });
}

#[test]
fn a_present_value_in_another_form_changes_nothing() {
    with_tenant(async |tenant| {
        let user = json!({ "email": "Till-3@Shop.example", "name": "Till 3", "role": "cashier",
            "password": "correct horse battery staple" });
        let role = json!({ "name": "Counter", "base": "buyer", "scopes": ["stock:read", "catalog:read"] });
        let provider = json!({ "name": "Company account", "issuer": "https://login.invalid", "client_id": "stockwell",
            "client_secret": "secret of a client", "redirect_url": "https://shop.example/v1/auth/oidc/callback",
            "email_domains": ["Shop.example"] });
        for (path, body, present, other) in [
            (
                "/v1/users",
                user,
                json!({ "email": " TILL-3@shop.Example " }),
                json!({ "email": "TILL-4@shop.example" }),
            ),
            (
                "/v1/custom-roles",
                role,
                json!({ "scopes": ["stock:read", "catalog:read", "stock:read"] }),
                json!({ "scopes": ["stock:read"] }),
            ),
            (
                "/v1/identity-providers",
                provider,
                json!({ "email_domains": ["SHOP.example"] }),
                json!({ "email_domains": ["STORE.example"] }),
            ),
        ] {
            let at = format!("{path}/{}", tenant.make(path, body).await);
            let version = tenant.get(&at).await.ok()["version"].clone();
            let (events, commands, _) = changes(tenant).await;
            for present in [&present, &json!({})] {
                assert_eq!(tenant.patch(&at, present).await.ok()["version"], version, "{path}");
            }
            let (events_after, commands_after, _) = changes(tenant).await;
            assert_eq!((events_after, commands_after), (events, commands), "{path}");
            assert_ne!(tenant.patch(&at, &other).await.ok()["version"], version, "{path}");
        }
    });
}

#[test]
fn a_set_in_another_order_is_no_change() {
    with_tenant(async |tenant| {
        let uses = |uses: [&str; 2]| {
            let address = json!({ "line1": "1 Mill Lane", "city": "Leeds", "country": "GB" });
            json!({ "addresses": [{ "code": "office", "uses": uses, "address": address }] })
        };
        let (three, two) = (json!({ "percent": "3", "days": 10 }), json!({ "percent": "2", "days": 30 }));
        let mut customer = uses(["billing", "shipping"]);
        (customer["kind"], customer["name"]) = (json!("wholesale"), json!("Nordwind Supply"));
        for (path, body, same, other) in [
            (
                "/v1/locations",
                json!({ "code": "DEPOT", "name": "Depot", "kind": "warehouse", "channels": ["wholesale", "retail"] }),
                json!({ "channels": ["retail", "wholesale"] }),
                json!({ "channels": ["retail"] }),
            ),
            (
                "/v1/suppliers",
                json!({ "code": "POTTERY", "name": "Pottery", "discounts": [three, two] }),
                json!({ "discounts": [two, three] }),
                json!({ "discounts": [two] }),
            ),
            ("/v1/customers", customer, uses(["shipping", "billing"]), json!({ "addresses": [] })),
        ] {
            let at = format!("{path}/{}", tenant.make(path, body).await);
            let (events, commands, _) = changes(tenant).await;
            assert_eq!(tenant.patch(&at, &same).await.ok()["version"], 1, "{path}");
            let (events_after, commands_after, _) = changes(tenant).await;
            assert_eq!((events_after, commands_after), (events, commands), "{path}");
            assert_eq!(tenant.patch(&at, &other).await.ok()["version"], 2, "{path}");
        }
    });
}
