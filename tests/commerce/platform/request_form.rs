//! The form of a request is the one that the description states: methods, headers, and lengths of parameters.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Reply, with_tenant};

use super::isolation::operation::{Operation, operations, resolve, unknown};

/// Returns the parameters of an operation in one place of the request.
fn parameters(operation: &Operation, place: &str) -> Vec<Value> {
    let document = stockwell::routes().document();
    let own = document["paths"][&operation.path][&operation.method]["parameters"].as_array();
    let all = own.into_iter().flatten().map(|parameter| resolve(document, parameter));
    all.filter(|parameter| parameter["in"] == place).cloned().collect()
}

fn takes(operation: &Operation, header: &str) -> bool {
    parameters(operation, "header").iter().any(|parameter| parameter["name"] == header)
}

fn method(operation: &Operation) -> Method {
    operation.method.to_uppercase().parse().expect("a method")
}

/// Returns the header that a rejection names.
#[track_caller]
fn refused_header(reply: &Reply, code: &str) -> String {
    reply.refused(400, code);
    reply.json()["errors"][0]["header"].as_str().expect("a header").to_owned()
}

#[test]
fn a_method_that_a_path_does_not_have_is_not_allowed() {
    with_tenant(async |tenant| {
        let document = stockwell::routes().document();
        for (path, item) in document["paths"].as_object().expect("paths") {
            // A path with an id in it is tried with one that does not exist.
            let Some(one) = operations().into_iter().find(|operation| operation.path == *path) else {
                continue;
            };
            let sent = one.path_with(unknown);
            let declared = |method: &str| item.get(method.to_lowercase()).is_some();
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"] {
                if declared(method) {
                    continue;
                }
                let reply = tenant.call(method.parse().expect("a method"), &sent).send().await;
                reply.refused(405, "method_not_allowed");
                let allowed: Vec<&str> = reply.header("allow").expect("Allow").split(", ").collect();
                for other in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                    assert_eq!(allowed.contains(&other), declared(other), "{method} {path}: {allowed:?}");
                }
            }
            let reply = tenant.call(Method::OPTIONS, &sent).send().await;
            reply.expect(204);
            let allowed = reply.header("allow").expect("Allow").to_owned();
            assert_eq!(allowed.contains("PATCH"), declared("PATCH"), "{path}: {allowed}");
        }
    });
}

#[test]
fn a_long_prefer_is_refused_by_every_write() {
    with_tenant(async |tenant| {
        let mut seen = 0;
        for operation in operations().iter().filter(|operation| takes(operation, "Prefer")) {
            let path = operation.path_with(unknown);
            let call = || tenant.call(method(operation), &path).json(&json!({}));
            let reply = call().header("prefer", &"x".repeat(101)).send().await;
            assert_eq!(refused_header(&reply, "invalid_parameter"), "Prefer", "{}", operation.id);
            // An unknown preference is ignored (RFC 7240).
            let reply = call().header("prefer", &"x".repeat(100)).send().await;
            let problem: Value = serde_json::from_str(&reply.text).unwrap_or_default();
            let named = problem["errors"][0]["header"].clone();
            assert_ne!(named, json!("Prefer"), "{}: {}", operation.id, reply.text);
            seen += 1;
        }
        assert!(seen > 90, "{seen} operations take Prefer");
    });
}

#[test]
fn an_idempotency_key_has_the_described_form() {
    with_tenant(async |tenant| {
        let body = |code: &str| json!({ "code": code, "name": "Tools" });
        let post = async |key: &str, code: &str| {
            let call = tenant.call(Method::POST, "/v1/categories").header("idempotency-key", key);
            call.json(&body(code)).send().await
        };
        for (key, code) in [("a:b.c_d-1", "one"), ("\"a-2\"", "two"), (&"k".repeat(255), "three")] {
            post(key, code).await.created();
        }
        for key in ["a b", "a/b", "\"a", &"k".repeat(256)] {
            let reply = post(key, "four").await;
            assert_eq!(refused_header(&reply, "idempotency_key_invalid"), "Idempotency-Key", "{key}");
        }
        for operation in operations().iter().filter(|operation| takes(operation, "Idempotency-Key")) {
            let headers = parameters(operation, "header");
            let key = headers.iter().find(|header| header["name"] == "Idempotency-Key").expect("the key");
            assert!(key["schema"]["pattern"].is_string(), "{}", operation.id);
        }
    });
}

#[test]
fn a_change_that_needs_if_match_is_refused_without_it() {
    with_tenant(async |tenant| {
        for operation in operations() {
            let required = |header: &Value| header["name"] == "If-Match" && header["required"] == true;
            if !parameters(&operation, "header").iter().any(required) {
                continue;
            }
            let path = operation.path_with(unknown);
            let call = tenant.call(method(&operation), &path).json(&json!({ "name": "Dealers" }));
            call.send().await.refused(428, "precondition_required");
        }
    });
}

#[test]
fn a_long_value_in_a_query_is_refused_by_every_read() {
    with_tenant(async |tenant| {
        let document = stockwell::routes().document();
        let mut seen = 0;
        for operation in operations().iter().filter(|operation| operation.method == "get") {
            // A stream has no end, and the editor of GraphQL reads its parameters later.
            if matches!(operation.id.as_str(), "stream_get" | "graphql_get") {
                continue;
            }
            let path = operation.path_with(unknown);
            let mut refused = async |name: &str, value: &str| {
                let reply = tenant.get(&format!("{path}?{name}={value}")).await;
                assert_eq!(reply.status, 400, "{} with a long {name}: {}", operation.id, reply.text);
                assert_eq!(reply.json()["errors"][0]["parameter"], name, "{}: {}", operation.id, reply.text);
                seen += 1;
            };
            for parameter in parameters(operation, "query") {
                let name = parameter["name"].as_str().expect("a name");
                let schema = resolve(document, &parameter["schema"]);
                let item = resolve(document, &schema["items"]);
                let most =
                    |schema: &Value| schema["maxLength"].as_u64().and_then(|most| usize::try_from(most).ok());
                if let Some(most) = most(schema).or_else(|| most(item)).filter(|most| *most < 2_000) {
                    refused(name, &"x".repeat(most + 1)).await;
                }
                if let Some(most) = schema["maximum"].as_i64() {
                    refused(name, &(most + 1).to_string()).await;
                }
            }
        }
        assert!(seen > 200, "{seen} parameters have a limit");
        let tags = "\"7\", ".repeat(201);
        let reply = tenant.call(Method::GET, "/v1/products").header("if-none-match", &tags).send().await;
        assert_eq!(refused_header(&reply, "invalid_parameter"), "If-None-Match");
    });
}

#[test]
fn fields_name_the_members_of_a_row() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "1").await;
        let document = stockwell::routes().document();
        for operation in operations() {
            let query = parameters(&operation, "query");
            let Some(fields) = query.iter().find(|parameter| parameter["name"] == "fields") else { continue };
            let named = fields["schema"]["items"]["enum"].as_array().expect("the members").clone();
            assert!(!named.is_empty(), "{}", operation.id);
            let page =
                &document["paths"][&operation.path]["get"]["responses"]["200"]["content"]["application/json"];
            let page = resolve(document, &page["schema"]);
            let row = resolve(document, &page["properties"]["data"]["items"]);
            for member in row["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()) {
                assert!(named.contains(&json!(member)), "{}: {member}", operation.id);
            }
        }
        let rows = tenant.get("/v1/products?fields=sku").await.ok()["data"].clone();
        assert_eq!(rows, json!([{ "sku": "MUG" }]));
        tenant.get("/v1/products?fields=").await.refused(400, "invalid_parameter");
    });
}
