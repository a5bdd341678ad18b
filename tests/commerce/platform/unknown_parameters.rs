//! A parameter that an operation does not have is refused by every operation, before anything is written.

use reqwest::Method;
use serde_json::json;
use tests::with_tenant;

use super::auth::key;
use super::isolation::call;
use super::isolation::operation::{operations, unknown};

/// Operations to which providers of sign-ins and of card terminals may add parameters of their own.
const OPEN: [&str; 2] = ["auth_oidc_callback", "payment_providers_report"];

#[test]
fn every_operation_refuses_a_parameter_that_it_does_not_have() {
    with_tenant(async |tenant| {
        let (before, mut seen) = (tenant.footprint().await, 0);
        for operation in operations().iter().filter(|operation| operation.path.starts_with("/v1/")) {
            let path = format!("{}?unknown_parameter=1", operation.path_with(unknown));
            let reply = call(tenant, operation, &path, &json!({})).await;
            if OPEN.contains(&operation.id.as_str()) {
                assert_ne!(reply.json()["code"], "unknown_field", "{}", operation.id);
                continue;
            }
            let problem = reply.refused(400, "unknown_field").0;
            assert_eq!(problem["errors"][0]["parameter"], "unknown_parameter", "{}", operation.id);
            seen += 1;
        }
        assert!(seen > 350, "{seen} operations");
        assert_eq!(tenant.footprint().await, before, "nothing is written");
    });
}

#[test]
fn a_dry_run_in_the_query_is_refused_and_writes_nothing() {
    with_tenant(async |tenant| {
        let categories = tenant.count("category").await;
        let category = json!({ "code": "TOOLS", "name": "Tools" });
        for path in
            ["/v1/categories?dry_run=true", "/v1/stock/documents?dry-run=1", "/v1/customers/batch?dryRun"]
        {
            let problem = tenant.post(path, &category).await.refused(400, "unknown_field").0;
            let detail = problem["errors"][0]["detail"].as_str().expect("a detail");
            assert!(detail.contains("`Prefer: dry-run`"), "{path}: {detail}");
        }
        assert_eq!(tenant.count("category").await, categories);
        let none = tenant.patch("/v1/settings?x=1", &json!({})).await.refused(400, "unknown_field").0;
        assert!(none["detail"].as_str().is_some_and(|detail| detail.contains("takes none")), "{none}");
        let known = tenant.get("/v1/products?limits=3&sort=x").await.refused(400, "unknown_field").0;
        let named = known["errors"].as_array().expect("errors").iter().map(|error| &error["parameter"]);
        assert_eq!(named.collect::<Vec<_>>(), [&json!("limits"), &json!("sort")], "{known}");
        assert!(known["errors"][0]["detail"].as_str().is_some_and(|detail| detail.contains("`limit`")));
    });
}

/// Operations that change nothing, although their requests have a body.
pub const READS: [&str; 4] =
    ["graphql_execute", "prices_resolve", "replenishment_backtest", "stock_availability_query"];

#[test]
fn a_write_without_a_dry_run_refuses_one_and_writes_nothing() {
    with_tenant(async |tenant| {
        let (before, mut seen) = (tenant.footprint().await, 0);
        let writes = operations();
        for operation in writes.iter().filter(|one| one.method != "get" && !one.takes_preference) {
            let method = Method::from_bytes(operation.method.to_uppercase().as_bytes()).expect("a method");
            let path = operation.path_with(unknown);
            for wish in ["dry-run", "return=minimal, dry-run", "dryrun"] {
                let call = tenant.call(method.clone(), &path).header("prefer", wish).json(&json!({}));
                let reply = call.send().await;
                if READS.contains(&operation.id.as_str()) {
                    assert!(!reply.text.contains("no dry run"), "{}: {}", operation.id, reply.text);
                    continue;
                }
                let problem = reply.refused(400, "invalid_parameter").0;
                assert_eq!(problem["errors"][0]["header"], "Prefer", "{}: {problem}", operation.id);
                assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("dry")), "{problem}");
                seen += 1;
            }
        }
        assert!(seen >= 45, "{seen} requests");
        assert_eq!(tenant.footprint().await, before, "nothing is written");
        let ticket = tenant.call(Method::POST, "/v1/stream-tickets/").header("prefer", "dry-run");
        ticket.send().await.refused(400, "invalid_parameter");
        let other = tenant.call(Method::POST, "/v1/stream-tickets").header("prefer", "return=minimal");
        other.send().await.created();
        let anonymous = tenant.anonymous();
        let ticket = anonymous.call(Method::POST, "/v1/stream-tickets").header("prefer", "dry-run");
        ticket.send().await.refused(401, "authentication_required");
    });
}

#[test]
fn the_credential_and_the_path_are_checked_before_the_parameters() {
    with_tenant(async |tenant| {
        tenant.anonymous().get("/v1/settings?x=1").await.refused(401, "authentication_required");
        let reader = tenant.with_key(&key(tenant, &["stock:read"]).await);
        reader.get("/v1/orders?x=1").await.refused(403, "insufficient_scope");
        tenant.get("/v1/nothing?x=1").await.refused(404, "route_not_found");
        tenant.call(Method::DELETE, "/v1/settings?x=1").send().await.refused(405, "method_not_allowed");
        let gone = "/v1/products/prd_01h455vb4pex5vsknk084sn02q";
        tenant.get(&format!("{gone}?x=1")).await.refused(400, "unknown_field");
        tenant.get(gone).await.refused(404, "not_found");
        let slash = tenant.get("/v1/me/?x=1").await;
        slash.refused(400, "unknown_field");
        assert_eq!(tenant.call(Method::HEAD, "/v1/me?x=1").open().await.status(), 400);
        // Pages, their files and what is not of the API stay as they are.
        for path in ["/openapi.json?v=1", "/livez?x=1", "/errors?x=1"] {
            tenant.get(path).await.ok();
        }
    });
}
