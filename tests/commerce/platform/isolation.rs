//! Tenants can't see, guess, block or change one another, and a key can do only what its scopes allow. Every operation
//! of the API's own description is tried, so a new one is covered at once.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Reply, with_tenant, with_tenants};

mod kinds;
pub mod operation;
mod own;
mod wall;
pub mod world;

use operation::{Operation, operations};
use world::{MARK, World, world};

/// Operations without authentication.
const PUBLIC: [&str; 18] = [
    "auth_accept_invitation",
    "auth_change_password",
    "auth_set_password",
    "auth_jwks",
    "auth_login",
    "auth_logout",
    "auth_oidc_callback",
    "auth_oidc_exchange",
    "auth_oidc_providers",
    "auth_oidc_start",
    "auth_refresh",
    "auth_second_factor",
    "errors_get",
    "errors_list",
    "health_live",
    "health_ready",
    "openapi_get",
    "payment_providers_report",
];

/// Operations whose response has no end. Their own tests cover them.
pub const ENDLESS: [&str; 1] = ["stream_get"];

/// A key with the right form and checksum that does not exist.
const NOBODYS_KEY: &str = "sw_live_sk_abcdefghijklmnopqrstuvwxyz0123452ZtbCx";

/// Calls an operation with everything that it needs besides a credential.
pub async fn call(client: &Client, operation: &Operation, path: &str, body: &Value) -> Reply {
    let method = Method::from_bytes(operation.method.to_uppercase().as_bytes()).expect("a method");
    let mut call = client.call(method, path).header("if-match", "*");
    if operation.has_body {
        call = call.json(body);
    }
    if operation.takes_key {
        call = call.key(&uuid::Uuid::new_v4().to_string());
    }
    call.send().await
}

#[test]
fn the_public_operations_are_these() {
    let public: BTreeSet<String> = operations()
        .into_iter()
        .filter(|operation| operation.scopes.is_none())
        .map(|operation| operation.id)
        .collect();
    assert_eq!(public, PUBLIC.map(str::to_owned).into());
}

#[test]
fn nobody_gets_in_without_a_key() {
    with_tenant(async |tenant| {
        let (anonymous, wrong) = (tenant.anonymous(), tenant.with_key(NOBODYS_KEY));
        for operation in operations().iter().filter(|operation| operation.scopes.is_some()) {
            let path = operation.path_with(operation::unknown);
            let reply = call(&anonymous, operation, &path, &json!({})).await;
            reply.refused(401, "authentication_required");
            assert!(reply.header("www-authenticate").is_some(), "{}", operation.id);
            call(&wrong, operation, &path, &json!({})).await.refused(401, "invalid_api_key");
        }
    });
}

#[test]
fn every_operation_asks_for_its_scope() {
    with_tenant(async |tenant| {
        let all: BTreeSet<String> = tenant.get("/v1/me").await.ok()["scopes"]
            .as_array()
            .expect("scopes")
            .iter()
            .map(|scope| scope.as_str().expect("a scope").to_owned())
            .collect();
        let mut without: BTreeMap<String, Client> = BTreeMap::new();
        let operations = operations();
        for scope in operations.iter().filter_map(|operation| operation.scopes.as_ref()).flatten() {
            if !without.contains_key(scope) {
                assert!(all.contains(scope), "{scope} is a scope that the owner has");
                let others: Vec<&str> =
                    all.iter().filter(|other| *other != scope).map(String::as_str).collect();
                let key = crate::platform::auth::key(tenant, &others).await;
                without.insert(scope.clone(), tenant.with_key(&key));
            }
        }
        for operation in &operations {
            let scopes = operation.scopes.clone().unwrap_or_default();
            let refusals: Vec<Reply> = join_all(scopes.iter().map(async |scope| {
                let path = operation.path_with(operation::unknown);
                call(&without[scope], operation, &path, &json!({})).await
            }))
            .await;
            // If one of several scopes suffices, a caller with the other one gets in.
            let refused = refusals.iter().filter(|reply| reply.status == 403).count();
            assert!(
                refused == scopes.len() || ((scopes.len() > 1 || operation.has_alternative) && refused == 0),
                "{}: {refusals:?}",
                operation.id
            );
            for (reply, scope) in refusals.iter().zip(&scopes).filter(|(reply, _)| reply.status == 403) {
                let problem = reply.refused(403, "insufficient_scope");
                assert_eq!(problem.0["required_scope"], json!(scope), "{}", operation.id);
                let challenge = reply.header("www-authenticate").unwrap_or_default();
                assert!(challenge.contains("insufficient_scope"), "{}: {challenge}", operation.id);
            }
        }
    });
}

#[test]
fn one_of_several_scopes_is_not_none() {
    with_tenant(async |tenant| {
        let none = tenant.with_key(&crate::platform::auth::key(tenant, &["users:read"]).await);
        for operation in operations()
            .iter()
            .filter(|operation| operation.scopes.as_ref().is_some_and(|scopes| scopes.len() > 1))
        {
            let path = operation.path_with(operation::unknown);
            call(&none, operation, &path, &json!({})).await.refused(403, "insufficient_scope");
        }
    });
}

/// Returns a response without what may differ between two requests: their ids, the requested id, and the instant until which a list
/// is complete, which is found again every second.
pub fn comparable(reply: &Reply, id: &str) -> (u16, Value) {
    let mut body: Value = serde_json::from_str(&reply.text.replace(id, "ID")).unwrap_or_default();
    if let Some(problem) = body.as_object_mut() {
        problem.remove("request_id");
    }
    if let Some(page) = body.pointer_mut("/page").and_then(Value::as_object_mut) {
        page.remove("synced_until");
    }
    (reply.status, body)
}

#[test]
fn a_record_of_others_looks_like_one_that_is_not_there() {
    with_tenants(async |owner, stranger| {
        let world = world(owner).await;
        let own = own::own_records(stranger).await;
        let before = owner.footprint().await;
        let mut tried = BTreeSet::new();
        for operation in
            operations().iter().filter(|operation| !operation.kinds.is_empty() && operation.scopes.is_some())
        {
            let Some(body) = own::body(&operation.id, &own) else { continue };
            let id = |kind: &str| {
                world
                    .ids
                    .get(kind)
                    .unwrap_or_else(|| panic!("{}: make a {kind} in world.rs", operation.id))
                    .clone()
            };
            let (theirs, nobodys) = (operation.path_with(id), operation.path_with(operation::unknown));
            let seen = call(stranger, operation, &theirs, &body).await;
            let missing = call(stranger, operation, &nobodys, &body).await;
            let last = |path: &str| path.split('/').find(|part| part.contains('_')).unwrap_or("-").to_owned();
            let (seen, missing) = (comparable(&seen, &last(&theirs)), comparable(&missing, &last(&nobodys)));
            assert_eq!(seen, missing, "{}", operation.id);
            // A session that does not exist looks like one that was closed: only the open one is read.
            let status = if operation.id == "pos_sessions_close" { 409 } else { 404 };
            assert_eq!(seen.0, status, "{}: say in world.rs what body it takes: {}", operation.id, seen.1);
            tried.insert(operation.id.clone());
        }
        assert_eq!(owner.footprint().await, before, "a stranger changes nothing");
        assert!(tried.len() > 40, "only {tried:?} were tried");
        for (operation, path) in operation::reads(&world) {
            let reply = owner.get(&path).await;
            assert_eq!(reply.status, 200, "{operation}: the owner sees the record: {}", reply.text);
        }
    });
}

#[test]
fn lists_show_nothing_of_another_tenant() {
    with_tenants(async |owner, stranger| {
        let world = world(owner).await;
        for operation in
            operations().iter().filter(|operation| operation.method == "get" && operation.scopes.is_some())
        {
            if ENDLESS.contains(&operation.id.as_str()) {
                continue;
            }
            let paths: Vec<String> = match operation.kinds.as_slice() {
                [] => vec![operation.path.clone()],
                [kind] if kind == "name" => {
                    world::REPORTS.iter().map(|name| format!("/v1/reports/{name}")).collect()
                }
                _ => continue,
            };
            for path in paths {
                let reply = stranger.get(&path).await;
                assert!(reply.status < 500, "{path}: {}", reply.text);
                nothing_of(&world, &path, &reply);
            }
        }
        let query = json!({ "query": "{ productPerformance { rows { sku } } customerValue { rows { customerName } } \
            stockPosition { rows { sku } } stockValuation { rows { sku } } lowStock(threshold: \"999\") { rows { sku } } \
            stockAgeing { rows { sku } } slowStock { rows { sku } } abc { rows { sku } } \
            shrinkage { rows { reasonName } } revenueReport(groupBy: [PRODUCT]) { rows { sku } } }" });
        let reply = stranger.call(Method::POST, "/graphql").json(&query).send().await;
        assert!(reply.json()["data"].is_object(), "{}", reply.text);
        nothing_of(&world, "/graphql", &reply);
        let lots = json!({ "query": "{ lotExpiry { rows { sku lotCode } } }" });
        nothing_of(&world, "/graphql", &stranger.call(Method::POST, "/graphql").json(&lots).send().await);
        let reply = owner.call(Method::POST, "/graphql").json(&query).send().await;
        assert!(reply.text.contains(MARK), "the owner sees them: {}", reply.text);
    });
}

#[track_caller]
fn nothing_of(world: &World, path: &str, reply: &Reply) {
    assert!(!reply.text.contains(MARK), "{path} shows another tenant's record: {}", reply.text);
    for id in world.ids.values() {
        assert!(!reply.text.contains(id.as_str()), "{path} shows {id} of another tenant");
    }
}

#[test]
fn ids_of_others_in_a_body_look_like_ones_that_are_not_there() {
    with_tenants(async |owner, stranger| {
        let world = world(owner).await;
        let own = own::own_records(stranger).await;
        for (path, field, kind, body) in own::references(&own) {
            let with = |id: &str| {
                let mut body = body.clone();
                *body.pointer_mut(field).unwrap_or_else(|| panic!("{path} has {field}")) = json!(id);
                body
            };
            let (theirs, nobodys) = (world.ids[kind].clone(), operation::unknown(kind));
            let seen = stranger.post(path, &with(&theirs)).await;
            let missing = stranger.post(path, &with(&nobodys)).await;
            let (seen, missing) = (comparable(&seen, &theirs), comparable(&missing, &nobodys));
            assert_eq!(seen, missing, "{path} {field}");
            assert!(matches!(seen.0, 404 | 422), "{path} {field}: {}", seen.1);
        }
    });
}

#[test]
fn a_cursor_is_good_for_its_own_tenant_and_list() {
    with_tenants(async |owner, stranger| {
        for tenant in [owner, stranger] {
            for sku in ["A", "B", "C"] {
                tenant.product(sku, "1.00").await;
            }
        }
        let page = owner.get("/v1/products?limit=1").await.ok();
        let cursor = page["page"]["next_cursor"].as_str().expect("a cursor");
        owner.get(&format!("/v1/products?limit=1&cursor={cursor}")).await.ok();
        for (tenant, path) in [
            (stranger, format!("/v1/products?limit=1&cursor={cursor}")),
            (owner, format!("/v1/customers?limit=1&cursor={cursor}")),
            (owner, format!("/v1/products?limit=1&q=prod&cursor={cursor}")),
        ] {
            tenant.get(&path).await.refused(400, "invalid_cursor");
        }
    });
}

#[test]
fn a_credential_counts_and_nothing_else_says_which_tenant() {
    with_tenants(async |owner, stranger| {
        world(owner).await;
        let call = stranger.call(Method::GET, "/v1/products").header("stockwell-tenant", &owner.slug);
        let reply = call.header("x-tenant-id", &owner.id.to_string()).send().await;
        assert_eq!(reply.ok()["data"], json!([]));
        let body = json!({ "sku": "MINE", "name": "Mine", "tenant_id": owner.id.to_string() });
        stranger.post("/v1/products", &body).await.refused(400, "unknown_field");
    });
}
